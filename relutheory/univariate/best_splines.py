"""The best free-knot splines of a target, and how close any others can be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from relutheory.univariate.convex import balanced_spline
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.free_knots import FreeKnotSpline, free_knot_spline
from relutheory.univariate.least_errors import far_triples, least_error
from relutheory.univariate.sizes import inner_kinks
from relutheory.univariate.targets import Target


@dataclass(frozen=True, kw_only=True, eq=False)
class BestSpline:
    """The best continuous piecewise linear function with at most n pieces that was found for a target.

    spline : a `CPwL`.  pieces : n.  convex : (n, 3) points that prove how good it is, where f is convex or concave.
    """

    target: Target
    spline: CPwL
    pieces: int
    found: FreeKnotSpline | None = None
    convex: np.ndarray | None = None

    @cached_property
    def least_error(self) -> Fraction | None:
        """A proved lower bound of the error of all functions with n pieces; None where f is known by floats only."""
        if self.found is None:
            return Fraction(0)
        points = self.convex
        if points is None:
            points = far_triples(self.target.floats, self.found.grid, self.pieces, 1.1 * self.found.grid_error)
        return least_error(self.target, points)


def best_spline(target: Target, pieces: int) -> BestSpline:
    """The best free-knot spline: the target itself where it has so few pieces; for convex and concave ones the best but
    for rounding; for others the best on a grid.

    >>> from relutheory.univariate.targets import as_target
    >>> best = best_spline(as_target("x**2"), 5)
    >>> error = best.target.distance(best.spline)
    >>> best.least_error <= Fraction(1, 200) <= error.hi, float(error.hi / best.least_error) < 1 + 1e-9
    (True, True)
    """
    exact = target.exact
    if exact is not None and inner_kinks(exact) < pieces:
        return BestSpline(target=target, spline=exact, pieces=pieces)
    found = free_knot_spline(target.floats, pieces, knots=target.kinks)
    if found.pieces == pieces:
        knots = np.array([float(x) for x in found.spline.breakpoints])
        balanced = balanced_spline(target.floats, knots, found.grid)
        if balanced is not None:
            spline, points = balanced
            return BestSpline(target=target, spline=spline, pieces=pieces, found=found, convex=points)
    return BestSpline(target=target, spline=found.spline, pieces=pieces, found=found)
