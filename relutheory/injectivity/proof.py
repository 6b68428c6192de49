"""Certificates of injectivity decisions."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Any

from flint import fmpz_mat

from relutheory.core.certificate import Certificate
from relutheory.core.errors import InputError
from relutheory.core.exact import primitive
from relutheory.core.lp import solve_system
from relutheory.core.residues import primes
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.search import BadPrime, Budget, Search
from relutheory.injectivity.statements import domain_statement, layer_statement, texts, walls_statement

if TYPE_CHECKING:
    from relutheory.injectivity.decide import InjectivityResult

_PACKED = 4  # smaller packings make more nodes, larger ones are slow for a checker without a compiler


def certify(result: InjectivityResult) -> Certificate:
    """The certificate of a decided layer; raises InputError where nothing was decided."""
    problem = result.problem
    if result.witness is not None:
        proof: dict[str, Any] = {"x": texts(result.witness.x), "y": texts(result.witness.y)}
    elif result.proved:
        proof = _Recorder(problem).proof(result.prime)
    else:
        raise InputError("certificate: the layer is undecided, nothing is proved; give more time_limit or node_limit")
    if problem.ball is not None:
        proof["outer"] = walls_statement(problem)
    statement = {"layer": layer_statement(problem.layer), "domain": domain_statement(problem, problem.ball)}
    return Certificate(claim=result.status.value, statement=statement, proof=proof)


class _Recorder:
    """Runs the search again, with its log on, and turns log and circuits into the numbers of a proof."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.circuits: list[dict[str, Any]] = []
        self.numbers: dict[tuple[int, ...], int] = {}
        self.scales = _row_scales(problem)

    def proof(self, prime: int) -> dict[str, Any]:
        for p in chain([prime], primes()):
            search = Search(self.problem, p, packed=_PACKED)
            if search.missing == 0:
                break
            search.record()
            try:
                search.run(Budget())
                break
            except BadPrime:
                continue
        forced = []
        for line in self.problem.forced:
            if line.forward in search.base and line.backward is not None:
                forced.append(self._number([line.forward, line.backward]))
        names: dict[int, int] = {}
        tree: list[int] = []
        log = iter(search.log if search.missing else [])
        for count in log:
            tree.append(count)
            for _ in range(max(count, 1)):
                name = next(log)
                if name not in names:
                    names[name] = self._number([row for row in search.circuit_rows(name) if row >= 0])
                tree.append(names[name])
        return {"circuits": self.circuits, "forced": forced, "tree": tree}

    def _number(self, rows: list[int]) -> int:
        """The number of the circuit on these rows in the certificate; rows on walls are those of the domain."""
        key = tuple(rows)
        if key not in self.numbers:
            self.numbers[key] = len(self.circuits)
            multipliers = [v * self.scales[row] for v, row in zip(self._dependency(rows), rows, strict=True)]
            self.circuits.append({"rows": rows, "multipliers": texts(primitive(multipliers))})
        return self.numbers[key]

    def _dependency(self, rows: list[int]) -> list[Fraction]:
        """Multipliers >= 0 of the integer rows with sum of (w | b) equal to (0 | something >= 0)."""
        vectors = [self.problem.rows[row] for row in rows]
        basis, nullity = fmpz_mat([vector[:-1] for vector in vectors]).transpose().nullspace()
        if nullity == 1:
            values = [int(basis[i, 0]) for i in range(len(rows))]
            if all(v <= 0 for v in values):
                values = [-v for v in values]
            if (
                all(v >= 0 for v in values)
                and sum(v * vector[-1] for v, vector in zip(values, vectors, strict=True)) >= 0
            ):
                return [Fraction(v) for v in values]
        answer = solve_system([(vector[:-1], -vector[-1]) for vector in vectors], [], self.problem.n)
        assert answer.point is None, "a verified circuit is a dependency"
        return list(answer.lam)


def _row_scales(problem: Problem) -> list[Fraction]:
    """For each row of the problem, its quotient by the given row times that row's least common denominator."""
    given = [[*problem.layer.weight.row(i), problem.layer.bias[i]] for i in range(problem.m)]
    given += [[*a, -c] for a, c in problem.walls]
    scales = []
    for row, original in zip(problem.rows, given, strict=True):
        common = math.lcm(*(v.denominator for v in original))
        scales.append(next((v / (g * common) for v, g in zip(row, original, strict=True) if g), Fraction(1)))
    return scales
