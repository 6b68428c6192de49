"""Convex sets on which a question is asked: boxes, polyhedra and balls, with exact data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import Number, RationalArray, allow_digits, is_scalar_array, rational

_MOST = 10**6  # coordinates that one number may stand for


def _coordinates(values: Any, name: str, n: int | None) -> list[Any]:
    """The entries of a sequence, or n times one number."""
    if n is not None and (isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= _MOST):
        reject("n", n, f"must be an integer from 1 to {_MOST}")
    if not isinstance(values, (str, bytes)) and isinstance(values, Iterable) and not is_scalar_array(values):
        return list(values)
    if n is None:
        reject(name, values, "must be a sequence, or a number together with n")
    return [values] * int(n)


class Polyhedron:
    """The set {x : A x <= b}.

    A : (k, n) numbers, n >= 1; b : (k,) numbers; both exact (see `RationalArray`).  Half-spaces may repeat; k may
    be 0 where A is an array of shape (0, n).  Raises InputError for NaN, infinities and shapes that do not fit.

    >>> Polyhedron([[1, 0], [0, 1]], [1, 1]).contains([1, "1/2"])
    True
    """

    def __init__(self, A: Any, b: Any) -> None:
        self.A = RationalArray(A, "A", ndim=2)
        self.b = RationalArray(b, "b", ndim=1)
        if self.A.shape[0] != self.b.shape[0]:
            reject("b", f"array of length {self.b.shape[0]}", f"must have one entry per row of A, {self.A.shape[0]}")
        if self.A.shape[1] == 0:
            reject("A", f"array of shape {self.A.shape}", "must have at least one column")

    @property
    def n(self) -> int:
        """Dimension of the space."""
        return self.A.shape[1]

    def halfspaces(self) -> list[tuple[list[Fraction], Fraction]]:
        """The pairs (a, c) of the inequalities <a, x> <= c."""
        return [(self.A.row(i), self.b[i]) for i in range(self.A.shape[0])]

    def contains(self, x: Iterable[Number]) -> bool:
        """Whether A x <= b, decided exactly.  x : n numbers.  Raises InputError where x is not such a point."""
        point = [rational(v, "x") for v in x]
        if len(point) != self.n:
            reject("x", f"point with {len(point)} coordinates", f"must have {self.n}")
        return all(sum(p * q for p, q in zip(a, point, strict=True)) <= c for a, c in self.halfspaces())

    def __repr__(self) -> str:
        return f"Polyhedron({self.A.shape[0]} half-spaces in R^{self.n})"


class Box(Polyhedron):
    """The set {x : lo <= x <= hi}; an infinite end means no bound on that side.

    lo, hi : n numbers each, or one number for every coordinate together with `n`.  Raises InputError for NaN, where lo
    and hi differ in length, and where lo > hi.

    >>> Box([0, 0], [1, float("inf")]).halfspaces()[-1]
    ([Fraction(0, 1), Fraction(-1, 1)], Fraction(0, 1))
    """

    def __init__(self, lo: Any, hi: Any, n: int | None = None) -> None:
        ends = [self._ends(lo, "lo", n), self._ends(hi, "hi", n)]
        if len(ends[0]) != len(ends[1]):
            reject("hi", f"{len(ends[1])} ends", f"must be as many as in lo, {len(ends[0])}")
        self.lo, self.hi = (tuple(side) for side in ends)
        size = len(self.lo)
        rows, bounds = [], []
        for i, (low, high) in enumerate(zip(self.lo, self.hi, strict=True)):
            allow_digits(*(end for end in (low, high) if isinstance(end, Fraction)))
            if low == math.inf or high == -math.inf or low > high:
                reject(f"box side {i}", (str(low), str(high)), "must have lo <= hi")
            for sign, end in ((1, high), (-1, low)):
                if isinstance(end, Fraction):
                    rows.append((i, sign))
                    bounds.append(sign * end)
        normals = np.zeros((len(rows), size))
        for k, (i, sign) in enumerate(rows):
            normals[k, i] = sign
        super().__init__(normals, bounds)

    @staticmethod
    def _ends(values: Any, name: str, n: int | None) -> list[Fraction | float]:
        values = _coordinates(values, name, n)
        if n is not None and len(values) != n:
            reject(name, f"{len(values)} ends", f"must be {n}, one per coordinate")
        if not values:
            reject(name, values, "must not be empty")
        return [v if isinstance(v, float) and math.isinf(v) else rational(v, name) for v in values]

    def __repr__(self) -> str:
        return f"Box in R^{self.n}"


class Ball:
    """The closed Euclidean ball {x : |x - center| <= radius}.

    center : n numbers, or one number for every coordinate together with `n`; radius : a number > 0; all are kept as
    exact rationals, as tuples of Fractions and a Fraction.  Raises InputError for NaN, infinities and a radius <= 0.

    >>> Ball([0, 0], 5).contains([3, 4]), Ball(0, "1/3", n=2).contains(["1/4", "1/4"])
    (True, False)
    """

    def __init__(self, center: Any, radius: Number, n: int | None = None) -> None:
        self.center = tuple(rational(v, "center") for v in _coordinates(center, "center", n))
        if not self.center:
            reject("center", list(center), "must not be empty")
        if n is not None and len(self.center) != n:
            reject("center", f"{len(self.center)} coordinates", f"must be {n}")
        self.radius = rational(radius, "radius")
        allow_digits(self.radius, *self.center)
        if self.radius <= 0:
            reject("radius", radius, "must be positive")

    @property
    def n(self) -> int:
        """Dimension of the space."""
        return len(self.center)

    def contains(self, x: Iterable[Number]) -> bool:
        """Whether |x - center| <= radius, decided exactly.  x : n numbers.  Raises InputError for other points."""
        point = [rational(v, "x") for v in x]
        if len(point) != self.n:
            reject("x", f"point with {len(point)} coordinates", f"must have {self.n}")
        return self.distance_squared(point) <= self.radius**2

    def distance_squared(self, point: Sequence[Fraction]) -> Fraction:
        """The squared distance of a point, n Fractions, from the center."""
        return sum(((v - c) ** 2 for v, c in zip(point, self.center, strict=True)), Fraction(0))

    def bounding_box(self) -> Box:
        """The smallest box around the ball."""
        return Box([c - self.radius for c in self.center], [c + self.radius for c in self.center])

    def __repr__(self) -> str:
        return f"Ball in R^{self.n}"
