"""Where a layer loses injectivity, and how far the biases must rise before it no longer does.

A layer fails on the interior of K exactly when some u != 0 and z have all rows with <w_i, u> != 0 negative at z.  For
rows R = {i : <w_i, u> != 0} let gap(R) be the largest s such that all w_i z + b_i <= -s for some z in K: if all biases
of R rise by gap(R), no z is left for this u, and if they rise by less, one is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb

from flint import fmpz_mat

from relutheory.core.exact import integer_rows, primitive
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.lp import solve_system
from relutheory.core.sets import Polyhedron
from relutheory.injectivity.witness import Collision
from relutheory.networks import ReLULayer

Row = tuple[list[Fraction], Fraction]  # (w, b) of a neuron, or (a, c) of a wall <a, x> <= c


@dataclass(frozen=True)
class Circuit:
    """Multipliers l >= 0 of rows and u >= 0 of walls with sum l_i w_i + sum u_j a_j = 0 and some l_i > 0.

    With biases b + t the rows are not all negative at one point of K if sum l_i t_i >= need, where
    need = sum u_j c_j - sum l_i b_i.
    """

    rows: dict[int, Fraction]
    need: Fraction

    def satisfied(self, t: Sequence[Fraction]) -> bool:
        """Whether biases raised by t meet the inequality."""
        return sum((v * t[i] for i, v in self.rows.items()), Fraction(0)) >= self.need


@dataclass(frozen=True)
class Escape:
    """Why no bias helps: u is orthogonal to all rows with <w_i, d> >= 0, and K goes on in the direction d for ever."""

    d: tuple[Fraction, ...]
    u: tuple[int, ...]


class Gaps:
    """The gaps of a layer on a closed convex domain with interior points."""

    def __init__(self, layer: ReLULayer, domain: Polyhedron | None) -> None:
        self.n, self.m = layer.n, layer.m
        self.rows: list[Row] = list(zip(layer.weight.fractions(), layer.bias.fractions(), strict=True))
        self.walls: list[Row] = [] if domain is None else [(a, c) for a, c in domain.halfspaces() if any(a)]
        self.integers = [row[:-1] for row in integer_rows(layer.weight, layer.bias)]

    def moving(self, collision: Collision, t: Sequence[Fraction]) -> tuple[tuple[int, ...], list[int]]:
        """(R, u): the rows that change along some u, all of them negative (with biases b + t) where the collision is.

        As many rows as possible are kept from changing, the highest ones first, which makes the gap large.
        """
        z = [(p + q) / 2 for p, q in zip(collision.x, collision.y, strict=True)]
        u = primitive([p - q for p, q in zip(collision.x, collision.y, strict=True)])
        slopes = self._slopes(u)
        still = [self.integers[i] for i, v in enumerate(slopes) if not v]
        heights = {i: self.value(i, z) + t[i] for i, v in enumerate(slopes) if v}
        for i in sorted(heights, key=lambda i: -heights[i]):
            tried = orthogonal_vector([*still, self.integers[i]], self.n)
            if tried is not None:
                still.append(self.integers[i])
                u = tried
        return tuple(i for i, v in enumerate(self._slopes(u)) if v), u

    def value(self, i: int, z: Sequence[Fraction]) -> Fraction:
        """<w_i, z> + b_i."""
        w, b = self.rows[i]
        return sum((p * q for p, q in zip(w, z, strict=True)), b)

    def _slopes(self, u: Sequence[int]) -> list[int]:
        if not self.m:
            return []
        return [int(v) for v in (fmpz_mat(self.integers) * fmpz_mat([[v] for v in u])).entries()]

    def largest(self, rows: Sequence[int]) -> tuple[Circuit, list[Fraction]] | list[Fraction]:
        """(a circuit that proves the gap of these rows, a z where it is attained), or a direction without end.

        The gap is need / sum of the circuit's multipliers.  The direction d: <w_i, d> <= -1 for the rows, and K has
        x + s d for all its x and s >= 0, so that the gap is infinite.
        """
        outwards: list[Row] = [(a, Fraction(0)) for a, _ in self.walls]
        answer = solve_system([], [*((self.rows[i][0], Fraction(-1)) for i in rows), *outwards], self.n)
        if answer.point is not None:
            return list(answer.point)
        while True:
            circuit = self._circuit(rows, answer.mu)
            level = circuit.need / sum(circuit.rows.values())
            system = [(self.rows[i][0], -self.rows[i][1] - level) for i in rows]
            answer = solve_system([], [*system, *self.walls], self.n)
            if answer.point is not None:  # so that the gap is no smaller than the circuit says
                return circuit, list(answer.point)

    def _circuit(self, rows: Sequence[int], multipliers: Sequence[Fraction]) -> Circuit:
        neurons = {i: v for i, v in zip(rows, multipliers, strict=False) if v}
        walls = zip(self.walls, multipliers[len(rows) :], strict=True)
        need = sum((v * c for (_, c), v in walls), Fraction(0)) - sum(v * self.rows[i][1] for i, v in neurons.items())
        return Circuit(neurons, need)

    def count(self, rows: Sequence[int]) -> int:
        """How many sets of rows and walls `circuits` has to look at."""
        total = len(rows) + len(self.walls)
        return sum(comb(total, k) for k in range(1, self.n + 2))

    def circuits(self, rows: Sequence[int]) -> Iterator[Circuit]:
        """All circuits on these rows and the walls: the rows leave no z exactly where one of them is satisfied."""
        vectors = [self.rows[i][0] for i in rows] + [a for a, _ in self.walls]
        for size in range(2, self.n + 2):
            for chosen in combinations(range(len(vectors)), size):
                if chosen[0] >= len(rows):
                    break  # walls alone
                values = _positive_dependency([vectors[k] for k in chosen])
                if values is not None:
                    full = [Fraction(0)] * len(vectors)
                    for k, v in zip(chosen, values, strict=True):
                        full[k] = v
                    yield self._circuit(rows, full)


def _positive_dependency(vectors: list[list[Fraction]]) -> list[Fraction] | None:
    """The dependency of the vectors, if there is one up to scaling, on all of them and positive."""
    scaled = [primitive(v) for v in vectors]
    basis, nullity = fmpz_mat(scaled).transpose().nullspace()
    if nullity != 1:
        return None
    values = [int(basis[k, 0]) for k in range(len(vectors))]
    if values[0] < 0:
        values = [-v for v in values]
    if min(values) <= 0:
        return None
    scales = [
        next(Fraction(p) / q for p, q in zip(s, v, strict=True) if q) for s, v in zip(scaled, vectors, strict=True)
    ]
    return [v * s for v, s in zip(values, scales, strict=True)]
