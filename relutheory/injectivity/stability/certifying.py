"""Certificates of Lipschitz bounds: what `proofs_check/stability_certificates.py` checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flint import fmpz_mat

from relutheory.core.certificate import Certificate
from relutheory.core.errors import InputError
from relutheory.core.exact import primitive
from relutheory.core.lp import solve_system
from relutheory.injectivity.stability.cells import Cells
from relutheory.injectivity.stability.half_spaces import half_spaces, opposite_pairs
from relutheory.injectivity.stability.recording import RecordedTree
from relutheory.injectivity.statements import domain_statement, layer_statement, texts, walls_statement

if TYPE_CHECKING:
    from relutheory.injectivity.stability.result import Evidence, LipschitzResult

_CLAIMS = {1: "lower-lipschitz", -1: "upper-lipschitz"}


def certify(result: LipschitzResult) -> Certificate:
    """The certificate of the end that rests on `evidence`; raises InputError where there is nothing to prove."""
    evidence = result.evidence
    if evidence.sign > 0 and evidence.bound == 0:
        if result.squared.hi == 0:
            raise InputError("certificate: the constant is 0; decide_injectivity(...).certificate shows the collision")
        raise InputError("certificate: no positive lower bound is proved; give more time_limit")
    cells = Cells(evidence.layer, evidence.domain, evidence.sign)
    return Certificate(_CLAIMS[evidence.sign], _statement(evidence, cells), _Proof(evidence, cells).data())


def _statement(evidence: Evidence, cells: Cells) -> dict[str, Any]:
    domain = domain_statement(cells.problem, evidence.ball)
    return {"layer": layer_statement(evidence.layer), "domain": domain, "bound": texts([evidence.bound])[0]}


class _Proof:
    """The numbers of a proof; circuits are numbered as they are needed."""

    def __init__(self, evidence: Evidence, cells: Cells) -> None:
        self.evidence, self.cells = evidence, cells
        self.circuits: list[dict[str, Any]] = []
        self.numbers: dict[tuple[tuple[int, int], ...], int] = {}
        # as the checker has them: each row times its least common denominator, those of the problem have no other sign
        problem = cells.problem
        given = [[*problem.layer.weight.row(i), problem.layer.bias[i]] for i in range(problem.m)]
        self.vectors = [_integers(row) for row in [*given, *([*a, -c] for a, c in problem.walls)]]

    def data(self) -> dict[str, Any]:
        """The proof, ready for JSON."""
        evidence = self.evidence
        groups = half_spaces(self.cells)
        rows = [(groups[i].rows[0], groups[j].rows[0]) for i, j in opposite_pairs(groups)]
        pairs = [self._number([(i, 1), (j, 1)]) for i, j in rows]
        proof: dict[str, Any] = {"kind": "pairs" if evidence.by_pairs else "cells"}
        if not evidence.by_pairs:
            proof["tree"] = self._tree()
            if evidence.sign > 0:
                proof["always"] = [self._always(i) for i in evidence.always]
                proof["always_least"] = texts([evidence.always_least])[0]
        proof |= {"pairs": pairs, "circuits": self.circuits}
        if evidence.ball is not None:
            proof["outer"] = walls_statement(self.cells.problem)
        return proof

    def _tree(self) -> list[int]:
        """The recorded tree, in the numbers of the circuits here."""
        evidence, cells = self.evidence, self.cells
        if (evidence.sign > 0 and evidence.cells <= 0) or not cells.live:
            return [-1]
        value = evidence.cells if evidence.sign > 0 else evidence.bound
        tree = RecordedTree(cells, value / cells.weights.square)
        tree.run(None)
        numbers = {-1: -1}
        for name in tree.log:
            if name not in numbers:
                numbers[name] = self._number([(i, sign) for i, sign in tree.circuit(name) if i >= 0])
        return [numbers[name] for name in tree.log]

    def _always(self, row: int) -> int:
        """The number of a circuit which shows that the row is active on all of the domain."""
        return self._number([(row, 1), *((j, 1) for j in range(self.cells.problem.m, len(self.vectors)))])

    def _number(self, literals: list[tuple[int, int]]) -> int:
        """The number of the circuit on these rows (number, 1) and opposite rows (number, -1), in this order."""
        key = tuple(literals)
        if key not in self.numbers:
            self.numbers[key] = len(self.circuits)
            self.circuits.append(self._circuit(literals))
        return self.numbers[key]

    def _circuit(self, literals: list[tuple[int, int]]) -> dict[str, Any]:
        vectors = [[sign * v for v in self.vectors[i]] for i, sign in literals]
        m = self.cells.problem.m
        kept = [
            (i, sign * v)
            for (i, sign), v in zip(literals, primitive(_multipliers(vectors)), strict=True)
            if v or (sign > 0 and i < m)  # the tree branches on all rows, whatever their multipliers
        ]
        return {"rows": [i for i, _ in kept], "multipliers": texts([v for _, v in kept])}


def _integers(row: Sequence[Fraction]) -> list[int]:
    """The row times its least common denominator."""
    common = math.lcm(*(v.denominator for v in row))
    return [v.numerator * (common // v.denominator) for v in row]


def _multipliers(vectors: list[list[int]]) -> list[Fraction]:
    """Multipliers >= 0, not all 0, of vectors (w | b) with a sum of (0 | something >= 0)."""
    columns = fmpz_mat([vector[:-1] for vector in vectors]).transpose()
    if len(vectors) <= columns.nrows() + 1:
        basis, nullity = columns.nullspace()
        values = [int(basis[k, 0]) for k in range(len(vectors))]
        if max(values) <= 0:
            values = [-v for v in values]
        shift = sum(v * vector[-1] for v, vector in zip(values, vectors, strict=True))
        if nullity == 1 and min(values) >= 0 and shift >= 0:
            return [Fraction(v) for v in values]
    answer = solve_system([(vector[:-1], -vector[-1]) for vector in vectors], [], len(vectors[0]) - 1)
    if answer.point is not None:
        raise ArithmeticError("a verified circuit is not one: please report this layer")
    return list(answer.lam)
