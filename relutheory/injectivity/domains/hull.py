"""The facets of a polytope around the origin, in integers: floats propose them, exact arithmetic finds the rest.

Two facets meet in each ridge.  Facets that were proposed are verified; across every ridge with one known facet the
polytope is wrapped until there is none left.  Facets are connected through ridges, so these are all.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq_mat, fmpz_mat

from relutheory.core.exact import primitive
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.nearest import OutOfTime

Rows = tuple[int, ...]
Ridge = frozenset[int]

PROPOSED, WRAPPED = "proposed by floats, verified exactly", "found by exact wrapping"


@dataclass(frozen=True)
class Plane:
    """{x : <normal, x> = 1}: the points `rows` lie on it, all others below; `known` says how it was found."""

    rows: Rows
    normal: tuple[Fraction, ...]
    known: str


class Hull:
    """The facets of conv{points}: integer vectors, no two equal, with the origin in the interior of the hull.

    deadline : of `time.perf_counter`.  Raises OutOfTime.
    """

    def __init__(self, points: Sequence[Sequence[int]], deadline: float | None = None) -> None:
        self.points = [list(p) for p in points]
        self.n = len(self.points[0])
        self.matrix = fmpz_mat(self.points)
        self.deadline = deadline
        self.planes: dict[Rows, Plane] = {}
        self.ridges: dict[Ridge, list[Rows]] = {}

    def facets(self, proposals: Iterable[Sequence[int]] = ()) -> list[Plane]:
        """All facets, sorted by their rows.  proposals : sets of n points that may span facets."""
        if self.n == 1:
            values = [p[0] for p in self.points]
            ends = [(values.index(v), v) for v in (min(values), max(values))]
            return sorted((Plane((k,), (Fraction(1, v),), WRAPPED) for k, v in ends), key=lambda plane: plane.rows)
        for rows in proposals:
            self._keep_time()
            self._through(rows)
        if not self.planes:
            self._first()
        waiting = list(self.planes.values())
        while waiting:
            for plane in waiting:
                self._keep_time()
                for ridge in self._ridges(plane):
                    self.ridges.setdefault(ridge, []).append(plane.rows)
            waiting = []
            for ridge, beside in self.ridges.items():
                if len(beside) == 1:
                    self._keep_time()
                    known = len(self.planes)
                    plane = self._beyond(ridge, self.planes[beside[0]])
                    if len(self.planes) > known:
                        waiting.append(plane)
        return [self.planes[rows] for rows in sorted(self.planes)]

    def _keep_time(self) -> None:
        if self.deadline is not None and time.perf_counter() > self.deadline:
            raise OutOfTime

    def _through(self, rows: Sequence[int]) -> None:
        """Keep the plane through n points if it is a facet's."""
        try:
            normal = fmpq_mat(fmpz_mat([self.points[i] for i in rows])).solve(fmpq_mat(self.n, 1, [1] * self.n))
        except ZeroDivisionError:
            return
        numerators, denominator = normal.numer_denom()
        values = (self.matrix * numerators).entries()
        if max(values) <= denominator:
            tight = tuple(i for i, v in enumerate(values) if v == denominator)
            if tight not in self.planes:
                entries = tuple(Fraction(int(v.p), int(v.q)) for v in normal.entries())
                self.planes[tight] = Plane(tight, entries, PROPOSED)

    def _first(self) -> None:
        """A facet: from 0, raise a normal along directions that keep the points already on the plane there."""
        normal: list[Fraction] = [Fraction(0)] * self.n
        tight: Rows = ()
        while (along := orthogonal_vector([self.points[i] for i in tight], self.n)) is not None:
            normal, tight = self._raised(normal, along)
        self.planes[tight] = Plane(tight, tuple(normal), WRAPPED)

    def _beyond(self, ridge: Ridge, plane: Plane) -> Plane:
        """The other facet at a ridge."""
        along = orthogonal_vector([self.points[i] for i in ridge], self.n)
        assert along is not None, "the points of a ridge span a hyperplane"
        other = next(i for i in plane.rows if i not in ridge)
        if sum(a * v for a, v in zip(self.points[other], along, strict=True)) > 0:
            along = [-v for v in along]
        normal, tight = self._raised(list(plane.normal), along)
        return self.planes.setdefault(tight, Plane(tight, tuple(normal), WRAPPED))

    def _raised(self, normal: list[Fraction], along: list[int]) -> tuple[list[Fraction], Rows]:
        """normal + t along for the largest t that keeps all points below the plane; the points on it."""
        *scaled, one = primitive([*normal, Fraction(1)])
        rooms = [one - int(v) for v in (self.matrix * fmpz_mat([[v] for v in scaled])).entries()]
        rates = [int(v) for v in (self.matrix * fmpz_mat([[v] for v in along])).entries()]
        t = min(Fraction(room, one * rate) for room, rate in zip(rooms, rates, strict=True) if rate > 0)
        tight = (i for i, (room, rate) in enumerate(zip(rooms, rates, strict=True)) if room == one * rate * t)
        return [v + t * a for v, a in zip(normal, along, strict=True)], tuple(tight)

    def _ridges(self, plane: Plane) -> list[Ridge]:
        """The ridges of a facet: without one point each for a simplex, else the facets of the facet itself."""
        rows = plane.rows
        if len(rows) == self.n:
            return [frozenset(rows[:k] + rows[k + 1 :]) for k in range(self.n)]
        drop = next(k for k, v in enumerate(plane.normal) if v)  # the other coordinates tell the points apart
        flat = [[v for k, v in enumerate(self.points[i]) if k != drop] for i in rows]
        total = [sum(column) for column in zip(*flat, strict=True)]
        centred = [[len(rows) * v - s for v, s in zip(point, total, strict=True)] for point in flat]
        return [frozenset(rows[k] for k in face.rows) for face in Hull(centred, self.deadline).facets(())]


def all_facets(points: Sequence[Sequence[int]], deadline: float | None = None) -> list[Plane]:
    """The facets of conv{points}, integer vectors around the origin, exactly; floats propose them.

    >>> [plane.rows for plane in all_facets([[1, 0], [0, 1], [-1, -1]])]
    [(0, 1), (0, 2), (1, 2)]
    """
    return Hull(points, deadline).facets(_proposals(points) if len(points[0]) > 1 else ())


def _proposals(points: Sequence[Sequence[int]]) -> list[list[int]]:
    """Simplices that qhull sees on the hull; none where it fails."""
    from scipy.spatial import ConvexHull, QhullError

    unit = 1 << max(v.bit_length() for point in points for v in point)
    try:
        simplices: list[list[int]] = ConvexHull(np.array([[v / unit for v in p] for p in points])).simplices.tolist()
    except (QhullError, ValueError):
        return []
    return simplices
