"""How negative the bias of an injective layer may be on a ball: polytope bias estimation, in exact numbers."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpz_mat

from relutheory.core.errors import check_limit, reject
from relutheory.core.exact import Number, RationalArray, integer_rows, primitive, rational
from relutheory.core.lp import solve_system
from relutheory.core.nearest import OutOfTime, nearest_point
from relutheory.core.roots import root
from relutheory.core.verdict import Enclosure, NotABool, Rigor
from relutheory.injectivity.domains.hull import Plane, all_facets
from relutheory.networks import ReLULayer

_NORM_BITS = 40  # of the factors that bring rows of incommensurable lengths near the unit sphere


@dataclass(frozen=True)
class MaximalBias(NotABool):
    """The bounds of polytope bias estimation: x -> ReLU(Wx - a) is injective on the ball for a <= alpha.

    alpha : one `Enclosure` per row, or None for a row that is in no facet and may have any bias.  squared : the exact
    squares of the bounds (they are <= 0), None where there is no bound or time ran out.  facets : of the convex hull
    of the points factors_i w_i (factors > 0; 0 for a zero row), of equal length, or nearly so where not `unit`; exact,
    each with its plane, <normal, factors_i w_i> = 1 on it and < 1 elsewhere; `Plane.known` says how it was found.
    complete : whether all facets are known; if not, the lower ends are those at which no row is ever inactive.

    >>> found = maximal_bias([[1, 0], [0, 1], [-1, -1]], radius=2)
    >>> [str(v) for v in found.squared], [plane.rows for plane in found.facets]
    (['2', '2', '4'], [(0, 1), (0, 2), (1, 2)])
    >>> found.alpha[2].lo, float(found.bias[0])
    (Fraction(-2, 1), 1.4142135623730951)
    """

    alpha: tuple[Enclosure | None, ...]
    squared: tuple[Fraction | None, ...]
    facets: tuple[Plane, ...]
    factors: tuple[Fraction, ...]
    radius: Fraction
    unit: bool
    complete: bool
    weight: RationalArray = field(repr=False)

    @property
    def bias(self) -> tuple[Fraction, ...]:
        """Rational biases b = -alpha, from the lower ends: with these, or larger ones, the layer is injective."""
        return tuple(Fraction(0) if a is None else -a.lo for a in self.alpha)

    @property
    def layer(self) -> ReLULayer:
        """The layer x -> ReLU(Wx + bias): injective on the ball."""
        return ReLULayer(self.weight, list(self.bias))


def maximal_bias(W: Any, radius: Number = 1, *, time_limit: float | None = None) -> MaximalBias:
    """Bounds alpha_i such that x -> ReLU(Wx - alpha) is injective on the ball |x| <= radius for every alpha <= them.

    W : (m, n) numbers, or a ReLULayer, of which the weights count; 0 must be in the interior of the convex hull of the
    rows.  radius : a number > 0.  time_limit : seconds, beyond which the enclosures are wider, and still right.

    Returns a `MaximalBias`.  Raises InputError for bad arguments, and where 0 is not in the interior.

    Every x lies in the cone of some facet F; the rows of F span, and alpha_i is the minimum of <w_i, x> over these
    cones, for F with i, and the ball: -radius times the largest length of a projection of -w_i to a cone of a facet.
    The squared lengths are rational.  The factors that bring the rows to one length are rational too; where lengths
    are incommensurable they are rounded, which is as good: the bound holds for the facets of any positive multiples.
    Larger alpha may do as well: the name is the literature's.

    Source: haider2023 (the estimate; here with lengths of rows and radius in their places).

    >>> found = maximal_bias([[2, 0], [0, 3], [-1, -1]])
    >>> found.squared[:2], float(found.alpha[1].lo) <= -3 / 2**0.5 <= float(found.alpha[1].hi)
    ((Fraction(2, 1), Fraction(9, 2)), True)
    """
    weight = W.weight if isinstance(W, ReLULayer) else RationalArray(W, "W", ndim=2)
    if weight.shape[1] == 0:
        reject("W", f"array of shape {weight.shape}", "must have at least one column")
    size = rational(radius, "radius")
    if size <= 0:
        reject("radius", radius, "must be positive")
    limit = check_limit("time_limit", time_limit)
    deadline = None if limit is None else time.perf_counter() + limit
    directions = [tuple(primitive(row)) for row in integer_rows(weight)]
    rays = sorted({d for d in directions if any(d)})
    if not _surrounds(rays, weight.shape[1]):
        reject("W", f"matrix of shape {weight.shape}", "must have 0 in the interior of the convex hull of its rows")
    factors, unit = _on_sphere(rays)
    common = math.lcm(*(f.denominator for f in factors))
    try:
        planes = all_facets(
            [[v * int(f * common) for v in ray] for ray, f in zip(rays, factors, strict=True)], deadline
        )
        incidence = np.zeros((len(planes), len(rays)), dtype=bool)
        for k, plane in enumerate(planes):
            incidence[k, list(plane.rows)] = True
        lengths = [_Ray(rays, k, incidence).longest(deadline) for k in range(len(rays))]
        complete = True
    except OutOfTime:
        planes, complete = [], False
        lengths = [_Range(Fraction(0), sum((Fraction(v * v) for v in ray), Fraction(0))) for ray in rays]
    number = {ray: k for k, ray in enumerate(rays)}
    alpha, squared, multiples = [], [], []
    rows: list[list[int]] = [[] for _ in rays]
    for i, direction in enumerate(directions):
        k = number.get(direction, -1)  # -1 for a zero row
        found = lengths[k] if k >= 0 else None
        multiple = _quotient(weight.row(i), direction)
        alpha.append(None if found is None else _bound(found, size * multiple))
        squared.append(None if found is None or found.low != found.high else (size * multiple) ** 2 * found.low)
        multiples.append(factors[k] / multiple if k >= 0 else Fraction(0))
        if k >= 0:
            rows[k].append(i)
    facets = tuple(
        Plane(tuple(sorted(i for k in p.rows for i in rows[k])), tuple(v * common for v in p.normal), p.known)
        for p in planes
    )
    facets = tuple(sorted(facets, key=lambda plane: plane.rows))
    return MaximalBias(tuple(alpha), tuple(squared), facets, tuple(multiples), size, unit, complete, weight)


@dataclass(frozen=True)
class _Range:
    """The squared length of a projection, low <= it <= high."""

    low: Fraction
    high: Fraction


def _surrounds(rays: list[tuple[int, ...]], n: int) -> bool:
    """Whether 0 is in the interior of the hull: the rays span, and no half-space contains them all."""
    if not rays or fmpz_mat([list(r) for r in rays]).rank() < n:
        return False
    total = [sum(column) for column in zip(*rays, strict=True)]
    return solve_system([(total, 0)], [(ray, 0) for ray in rays], n).point is None


def _on_sphere(rays: list[tuple[int, ...]]) -> tuple[list[Fraction], bool]:
    """Factors > 0 that bring the rays to equal length, or nearly so; and whether they do so exactly."""
    squares = [Fraction(sum(v * v for v in ray)) for ray in rays]
    factors = [root(squares[0] / s, _NORM_BITS) for s in squares]
    unit = all(f.rigor is Rigor.EXACT for f in factors)
    if not unit:
        factors = [root(1 / s, _NORM_BITS) for s in squares]
    return [f.lo for f in factors], unit


def _quotient(row: list[Fraction], direction: tuple[int, ...]) -> Fraction:
    """The number > 0 that takes the direction to the row (0 for a zero row)."""
    return next((v / d for v, d in zip(row, direction, strict=True) if v), Fraction(0))


def _bound(length: _Range, scale: Fraction) -> Enclosure:
    """-scale times the root of the squared length."""
    ends = root(length.low), root(length.high)
    exact = all(end.rigor is Rigor.EXACT for end in ends) and length.low == length.high
    return Enclosure(lo=-scale * ends[1].hi, hi=-scale * ends[0].lo, rigor=Rigor.EXACT if exact else Rigor.ENCLOSED)


class _Ray:
    """Ray u, the facets it is in, and the longest projection of -u to their cones.

    -u = (projection to the cone of F) + y, where y is the point nearest to -u of the polar cone {y : <w_j, y> <= 0, j
    in F}.  For any point y of the polar cone |u + y| is at least as long as the projection to the cone: a y found for
    one facet bounds the projections to all the cones in whose polar it is.
    """

    def __init__(self, rays: list[tuple[int, ...]], k: int, incidence: np.ndarray) -> None:
        self.rays, self.matrix = rays, fmpz_mat([list(ray) for ray in rays])
        self.back = [Fraction(-v) for v in rays[k]]
        self.facets = incidence[incidence[:, k]]
        lengths = np.array([root(Fraction(sum(v * v for v in ray)), 53).hi for ray in rays], dtype=object)
        products = (self.matrix * fmpz_mat([[v] for v in rays[k]])).entries()
        self.cosines = np.array([float(int(p) / (s * lengths[k])) for p, s in zip(products, lengths, strict=True)])

    def longest(self, deadline: float | None) -> _Range | None:
        """The squared length of the longest projection, exactly; None for a ray in no facet.  Raises OutOfTime."""
        if not len(self.facets):
            return None
        longest = Fraction(0)
        waiting = self._outside(self.facets, self.back)
        while len(waiting):
            lowest = np.where(waiting, self.cosines, 1.0).min(axis=1)
            facet = np.flatnonzero(waiting[int(lowest.argmin())]).tolist()
            nearest = nearest_point([[*self.rays[j], 0] for j in facet], self.back, deadline)
            assert nearest is not None, "0 is in the polar cone"
            longest = max(longest, nearest.squared)
            waiting = self._outside(waiting, list(nearest.point))
        return _Range(longest, longest)

    def _outside(self, facets: np.ndarray, y: list[Fraction]) -> np.ndarray:
        """The facets in whose polar cone y is not."""
        products = (self.matrix * fmpz_mat([[v] for v in primitive(y)])).entries()
        positive = np.array([p > 0 for p in products])
        kept: np.ndarray = facets[(facets & positive).any(axis=1)]
        return kept
