"""The decision of injectivity as a combinatorial problem: which rows matter, which are forced, which are walls."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpz_mat

from relutheory.core.errors import reject
from relutheory.core.exact import integer_rows, primitive
from relutheory.core.lp import solve_system
from relutheory.core.sets import Polyhedron
from relutheory.networks import ReLULayer


@dataclass(frozen=True, eq=False)
class Line:
    """The rows on one line through the origin: the row most often active in each of the two directions."""

    forward: int
    backward: int | None = None


@dataclass(eq=False)
class Problem:
    """A layer, a domain, and what the search needs of them.

    The rows are those of (W | b), then of the domain's (a | -c), all scaled to integers by positive factors: row i is
    *active* at z where <w_i, z> + b_i >= 0; the walls of the domain are negative in its interior.
    """

    layer: ReLULayer
    domain: Polyhedron | None = None
    lines: list[Line] = field(init=False)

    def __post_init__(self) -> None:
        if self.domain is not None and self.domain.n != self.layer.n:
            reject("domain", self.domain, f"must lie in the layer's input space, R^{self.layer.n}")
        self.inside = self._interior_point()
        self.lines = _lines(self)

    def __getstate__(self) -> dict[str, Any]:
        # flint matrices cannot be pickled; `matrix` is made again where it is needed
        return {name: value for name, value in self.__dict__.items() if name != "matrix"}

    @property
    def m(self) -> int:
        return self.layer.m

    @property
    def n(self) -> int:
        return self.layer.n

    @cached_property
    def rows(self) -> list[list[int]]:
        """(w_i | b_i) for the neurons, then (a_j | -c_j) for the walls of the domain; integers."""
        rows = integer_rows(self.layer.weight, self.layer.bias)
        return rows + [primitive([*a, -c]) for a, c in self.walls]

    @cached_property
    def walls(self) -> list[tuple[list[Fraction], Fraction]]:
        """The half-spaces <a, x> <= c of the domain that are not the whole space."""
        return [] if self.domain is None else [(a, c) for a, c in self.domain.halfspaces() if any(a)]

    @cached_property
    def affine(self) -> bool:
        """Whether a bias or a wall makes the arrangement affine; otherwise points may be scaled."""
        return len(self.rows) > self.m or any(row[-1] for row in self.rows)

    @cached_property
    def matrix(self) -> fmpz_mat:
        return fmpz_mat(self.rows) if self.rows else fmpz_mat(0, self.n + 1)

    def values(self, z: list[Fraction]) -> list[int]:
        """The values of all rows at z, times one positive number: exact signs."""
        *scaled, one = primitive([*z, Fraction(1)])
        column = fmpz_mat([[v] for v in [*scaled, one]])
        return [int(v) for v in (self.matrix * column).entries()]

    def candidates(self) -> list[int]:
        """The neurons that the search needs: one per line and direction."""
        return sorted(i for line in self.lines for i in (line.forward, line.backward) if i is not None)

    @cached_property
    def forced(self) -> list[Line]:
        """Lines on which some neuron is active wherever one looks."""
        return [line for line in self.lines if line.backward is not None and self._no_gap(line)]

    def _no_gap(self, line: Line) -> bool:
        """Two opposite neurons leave no slab between them on which both are negative."""
        assert line.backward is not None
        one, other = self.rows[line.forward], self.rows[line.backward]
        p = next(k for k, v in enumerate(one) if v)
        return one[-1] * abs(other[p]) + other[-1] * abs(one[p]) >= 0

    def _interior_point(self) -> list[Fraction]:
        if self.domain is None:
            return [Fraction(0)] * self.n
        empty = next((c for a, c in self.domain.halfspaces() if not any(a) and c < 0), None)
        answer = solve_system(self.walls, [], self.n)
        if answer.point is None or empty is not None:
            reject("domain", self.domain, "must have a non-empty interior")
        return list(answer.point)

    def scaled(self, rows: list[int]) -> tuple[np.ndarray, list[int]]:
        """The given rows for the float kernels, the constant column only where the arrangement is affine.

        Returns (k, d) float64, rows and columns scaled by powers of two towards entries about 1, each entry within
        2^-52 of itself, relatively, plus 2^-1000, of the exact one; and exponents e: column j stands for the
        variable z_j 2^e_j.  Row -1 is the wall at infinity of an affine arrangement, (0, ..., 0 | -1).
        """
        infinite = [0] * self.n + [-1]
        d = self.n + 1 if self.affine else self.n
        return _balanced([(self.rows[i] if i >= 0 else infinite)[:d] for i in rows], d)


def _lines(problem: Problem) -> list[Line]:
    """Group the non-zero rows of W by lines, exactly; of rows in one direction keep the one that is active most."""
    groups: dict[tuple[int, ...], dict[bool, int]] = {}
    for i, direction in enumerate(_directions(problem)):
        if direction is None:
            continue
        key, positive = direction
        sides = groups.setdefault(key, {})
        best = sides.get(positive)
        if best is None or _more_active(problem.rows[i], problem.rows[best]):
            sides[positive] = i
    return [Line(*sides.values()) for sides in groups.values()]


def _more_active(row: list[int], other: list[int]) -> bool:
    """Whether b/|w| is larger for `row`: rows in the same direction."""
    p = next(k for k, v in enumerate(row) if v)
    return row[-1] * abs(other[p]) > other[-1] * abs(row[p])


def _directions(problem: Problem) -> list[tuple[tuple[int, ...], bool] | None]:
    """For each neuron a key of its line and its direction on it; None for a zero row.

    Rows alone on their line, as nearly all are, get a key from a cheap hash that parallel rows share: the quotient,
    modulo a large prime, of a fixed linear form by the first non-zero entry.
    """
    prime = 2**61 - 1
    form = [pow(3, k + 1, prime) for k in range(problem.n)]
    found: list[tuple[tuple[int, ...], bool] | None] = []
    buckets: dict[tuple[int, int], list[int]] = {}
    for i, row in enumerate(problem.rows[: problem.m]):
        p = next((k for k, v in enumerate(row[:-1]) if v), None)
        if p is None:
            found.append(None)
            continue
        value = sum(a * v for a, v in zip(form, row, strict=False)) % prime
        pivot = row[p] % prime
        key = (p, value * pow(pivot, -1, prime) % prime if pivot else prime)
        buckets.setdefault(key, []).append(i)
        found.append(((*key, i), row[p] > 0))
    for (p, _), members in buckets.items():
        first: list[int] = []
        for i in members if len(members) > 1 else []:
            same = next((k for k in first if _parallel(problem.rows[k], problem.rows[i], p)), None)
            if same is None:
                first.append(i)
            else:
                found[i] = (found[same][0], problem.rows[i][p] > 0)  # type: ignore[index]
    return found


def _parallel(row: list[int], other: list[int], p: int) -> bool:
    """Whether two rows, bias aside, lie on one line; p is the first non-zero place of both."""
    a, b = row[p], other[p]
    return all(a * y == b * x for x, y in zip(row[:-1], other[:-1], strict=True))


def _balanced(rows: list[list[int]], d: int) -> tuple[np.ndarray, list[int]]:
    """Scale integer rows and columns by powers of two: mantissas and exponents first, floats at the end."""
    mantissas, exponents = np.zeros((len(rows), d)), np.zeros((len(rows), d), dtype=np.int64)
    for i, row in enumerate(rows):
        for j, v in enumerate(row):
            bits = max(v.bit_length() - 1000, 0)
            mantissas[i, j], exponent = math.frexp(v >> bits)
            exponents[i, j] = exponent + bits
    far = -(10**9)
    sizes = np.where(mantissas == 0, far, exponents)
    columns = np.zeros(d, dtype=np.int64)
    for _ in range(3):
        by_row = sizes.max(axis=1, initial=far, keepdims=True)
        by_row[by_row == far] = 0
        sizes = np.where(sizes == far, far, sizes - by_row)
        by_column = sizes.max(axis=0, initial=far, keepdims=True)
        by_column[by_column == far] = 0
        columns += by_column[0]
        sizes = np.where(sizes == far, far, sizes - by_column)
    by_row = sizes.max(axis=1, initial=far, keepdims=True)
    sizes = np.where(mantissas == 0, 0, sizes - by_row)
    return np.ldexp(mantissas, sizes.astype(np.int32)), [int(c) for c in columns]
