"""Polyhedra as cones with exact generators, cut by hyperplanes: the double description method.

A polyhedron P in R^n is the cone over P x {1} in R^(n+1), with the row t >= 0 for what lies at infinity.  It is kept
by its generators: a basis of its lines, and its extreme rays modulo them, each with the rows that are tight there.
Everything is in integers, so that a form takes both signs on P exactly where it does so on the generators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress, product

from flint import fmpz_mat

from relutheory.core.errors import reject
from relutheory.core.exact import primitive
from relutheory.core.sets import Polyhedron

Vector = tuple[int, ...]
INFINITY = 0  # the number of the row t >= 0


def _dot(form: Sequence[int], vector: Vector) -> int:
    return sum(a * b for a, b in zip(form, vector, strict=True))


def _combination(a: int, v: Vector, b: int, w: Vector) -> Vector:
    return tuple(primitive([a * x + b * y for x, y in zip(v, w, strict=True)]))


@dataclass(frozen=True)
class Cone:
    """A full-dimensional polyhedron in R^n, homogenised.

    lines : basis of the lineality space; rays : extreme rays modulo the lines, all vectors of n + 1 integers.
    tight : for each ray the set of rows that vanish on it, as bits.  rows : the rows that cut the cone, as bits.
    cuts : their forms, positive in the interior.
    """

    lines: tuple[Vector, ...]
    rays: tuple[Vector, ...]
    tight: tuple[int, ...]
    rows: int
    cuts: tuple[Vector, ...] = ()

    @property
    def n(self) -> int:
        """Dimension of the polyhedron."""
        return len(self.rays[0]) - 1

    def side(self, form: Sequence[int]) -> int | None:
        """The sign of the form <a, x> + c t on the interior; 0 where it vanishes, None where it has both signs."""
        if any(_dot(form, line) for line in self.lines):
            return None
        values = [_dot(form, ray) for ray in self.rays]
        above, below = any(v > 0 for v in values), any(v < 0 for v in values)
        return None if above and below else int(above) - int(below)

    def split(self, form: Sequence[int], row: int) -> tuple[Cone, Cone]:
        """The parts where the form is <= 0 and >= 0; `row` is the number under which the cut is known."""
        bit = 1 << row
        for k, line in enumerate(self.lines):
            v = _dot(form, line)
            if v:
                return self._split_along(k, line if v > 0 else tuple(-x for x in line), abs(v), form, bit)
        values = [_dot(form, ray) for ray in self.rays]
        new, tight = self._edges_cut(values, bit)
        on = [(ray, t | bit) for ray, t, v in zip(self.rays, self.tight, values, strict=True) if v == 0]
        halves = []
        for sign in (-1, 1):
            kept = [v * sign > 0 for v in values]
            rays = [*compress(self.rays, kept), *(ray for ray, _ in on), *new]
            masks = [*compress(self.tight, kept), *(t for _, t in on), *tight]
            halves.append(Cone(self.lines, tuple(rays), tuple(masks), self.rows | bit, self._cuts(sign, form)))
        return halves[0], halves[1]

    def _split_along(self, k: int, line: Vector, v: int, form: Sequence[int], bit: int) -> tuple[Cone, Cone]:
        """Split where the form has the value v > 0 on `line`, a line of the cone: all else is moved along it."""
        lines = tuple(_combination(v, w, -_dot(form, w), line) for i, w in enumerate(self.lines) if i != k)
        rays = tuple(_combination(v, r, -_dot(form, r), line) for r in self.rays)
        tight = tuple(t | bit for t in self.tight)
        low, high = (
            Cone(lines, (*rays, tuple(sign * x for x in line)), (*tight, self.rows), self.rows | bit, cuts)
            for sign, cuts in ((-1, self._cuts(-1, form)), (1, self._cuts(1, form)))
        )
        return low, high

    def _cuts(self, sign: int, form: Sequence[int]) -> tuple[Vector, ...]:
        return (*self.cuts, tuple(sign * v for v in form))

    def _edges_cut(self, values: Sequence[int], bit: int) -> tuple[list[Vector], list[int]]:
        """The points in which the hyperplane meets the edges, and the rows tight there."""
        above = [i for i, v in enumerate(values) if v > 0]
        below = [i for i, v in enumerate(values) if v < 0]
        least = self.n - 1 - len(self.lines)  # rows that are tight on an edge, at least
        new, tight = [], []
        for i, j in product(above, below):
            common = self.tight[i] & self.tight[j]
            if common.bit_count() < least:
                continue
            if any(common & ~t == 0 for k, t in enumerate(self.tight) if k not in (i, j)):
                continue
            new.append(_combination(values[i], self.rays[j], -values[j], self.rays[i]))
            tight.append(common | bit)
        return new, tight

    @property
    def bounded(self) -> bool:
        """Whether the polyhedron is bounded."""
        return not self.lines and all(ray[-1] > 0 for ray in self.rays)

    def vertices(self) -> list[tuple[Fraction, ...]]:
        """The vertices, where the polyhedron has no lines."""
        return [tuple(Fraction(x, ray[-1]) for x in ray[:-1]) for ray in self.rays if ray[-1] > 0]

    def interior_point(self) -> tuple[Fraction, ...]:
        """A point of the interior."""
        points = self.vertices()
        total = [sum(column) / len(points) for column in zip(*points, strict=True)]
        far = [ray for ray in self.rays if ray[-1] == 0]
        return tuple(x + sum(ray[k] for ray in far) for k, x in enumerate(total))

    def has_inside(self, x: Sequence[Fraction | float]) -> bool:
        """Whether x, n finite numbers, lies in the interior."""
        point = [*(Fraction(v) for v in x), Fraction(1)]
        return all(sum(a * v for a, v in zip(form, point, strict=True)) > 0 for form in self.cuts)

    def facets(self) -> list[int]:
        """The rows whose hyperplanes carry facets of the polyhedron, the row at infinity left out."""
        size = self.n - len(self.lines)
        rows = (r for r in range(1, self.rows.bit_length()) if self.rows >> r & 1)
        return [r for r in rows if self._rank_on(r) == size]

    def _rank_on(self, row: int) -> int:
        on = [ray for ray, t in zip(self.rays, self.tight, strict=True) if t >> row & 1]
        return int(fmpz_mat([list(ray) for ray in on]).rank()) if on else 0


def whole_space(n: int) -> Cone:
    """R^n."""
    units = tuple(tuple(int(i == j) for j in range(n + 1)) for i in range(n + 1))
    return Cone(units[:n], (units[n],), (0,), 1 << INFINITY)


def cone_over(domain: Polyhedron | None, n: int) -> Cone:
    """The domain, its walls numbered from 1; None is all of R^n.  Raises InputError where it has no interior."""
    cone = whole_space(n)
    for k, (a, c) in enumerate([] if domain is None else domain.halfspaces()):
        form = primitive([*(-v for v in a), c])
        side = cone.side(form)
        if side is None:
            _, cone = cone.split(form, k + 1)
        elif side < 0 or (side == 0 and any(form)):
            reject("domain", domain, "must have a non-empty interior")
    return cone
