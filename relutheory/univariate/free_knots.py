"""The best continuous piecewise linear functions with free knots, found in floats on a grid that is refined."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.grids import Floats, check_count, finite_values

_BASE = 2**11 + 1  # points of the first grid
_PER_PIECE = 24  # points that a piece gets in each round
_ROUNDS = 8
_LARGEST_GRID = 50_000  # points; beyond it grids are not added to
_SETTLED = 1e-3  # relative change of the error at which the grid is fine enough
_BISECTED = 1e-4  # relative width at which the search for the smallest tube ends
_ROUNDING = 1e-15  # part of the largest value, below which errors mean nothing
_CLOSEST = 2.0**-1000  # points; so that slopes stay finite
_MOST = 10**5


@dataclass(frozen=True, kw_only=True)
class FreeKnotSpline:
    """The best continuous piecewise linear function on [0, 1] with n pieces, found in floats.

    spline : a `CPwL`; its breakpoints and values are floats, the values times a power of 2.  grid_error : the largest
    error on the grid, which no function with as many pieces undercuts on it by more than the search's relative width of
    1e-4.  grid : (N,) the grid.  pieces : of the spline on [0, 1], at most what was asked for.
    """

    spline: CPwL
    grid_error: float
    grid: np.ndarray
    pieces: int

    @property
    def parameters(self) -> int:
        """Inner knots and values: 2 pieces."""
        return 2 * self.pieces


def free_knot_spline(f: Floats, pieces: int, *, knots: Any = ()) -> FreeKnotSpline:
    """The best uniform approximation of f on [0, 1] by continuous piecewise linear functions with free knots.

    f : function of (k,) float64 arrays in [0, 1], finite there.  pieces : >= 1.  knots : (j,) points that the grid must
    contain, as the kinks of f.
    A tube of radius e around f is crossed by the polygon with fewest corners, which is found in one sweep (dynamic
    programming over the lines that reach farthest); e is bisected.  The grid is refined near the knots found, until the
    error settles and is that at the knots, too.
    Raises InputError where f is not finite, and for pieces that are not an integer from 1 to 100000.
    Source: imai1988 (fewest corners in a tube).

    >>> best = free_knot_spline(lambda x: x**2, 4)
    >>> best.pieces, round(best.grid_error * 8 * 4**2, 3)
    (4, 1.0)
    """
    check_count("pieces", pieces, 1)
    coarse = x = _first_grid(knots)
    unit, error = _unit(finite_values(f, x)), 0.0
    for _ in range(_ROUNDS):
        y = np.ldexp(finite_values(f, x), -unit)
        before, (error, polygon) = error, _smallest_tube(x, y, pieces, error)
        corners, values = polygon
        # corners between points of the grid may leave the tube
        at_corners = np.abs(np.ldexp(finite_values(f, corners), -unit) - values).max()
        if max(at_corners, abs(error - before) + error) <= error * (1 + _SETTLED):
            break
        x = _refined(x if len(x) < _LARGEST_GRID else coarse, corners)
    return _spline(x, polygon, error, unit)


def spline_within(f: Floats, error: float, *, knots: Any = (), most: int = _MOST) -> FreeKnotSpline | None:
    """The continuous piecewise linear function with fewest pieces that is within `error` of f on a grid.

    f, knots : as in `free_knot_spline`.  error : > 0.  most : pieces; None is returned where more are needed.

    >>> spline_within(lambda x: x**2, 1 / 128.001).pieces
    5
    """
    if not error > 0:
        reject("error", error, "must be positive")
    coarse = x = _first_grid(knots)
    unit, count = _unit(finite_values(f, x)), 0
    with np.errstate(over="ignore"):
        radius = min(float(np.ldexp(float(error), -unit)), 1.0)  # a constant is as close
    for _ in range(_ROUNDS):
        y = np.ldexp(finite_values(f, x), -unit)
        polygon = _polygon(x, y, radius, most)
        if polygon is None:
            return None
        before, count = count, len(polygon[0]) - 1
        found = _spline(x, polygon, radius, unit)
        if count == before:
            break
        x = _refined(coarse, polygon[0])
    return found


def _unit(y: np.ndarray) -> int:
    """The exponent of the largest |y|: functions are divided by that power of 2, so that no slope overflows."""
    return int(np.frexp(np.abs(y).max())[1])


def _spline(x: np.ndarray, polygon: tuple[np.ndarray, np.ndarray], error: float, unit: int) -> FreeKnotSpline:
    spline = CPwL(*polygon) * Fraction(2) ** unit
    return FreeKnotSpline(spline=spline, grid_error=float(np.ldexp(error, unit)), grid=x, pieces=len(polygon[0]) - 1)


def _first_grid(knots: Any) -> np.ndarray:
    """Equispaced points, points that accumulate at both ends, at 0 as far as floats do, and the given ones."""
    near_ends = 2.0 ** -np.arange(12, 43)
    near_0 = 2.0 ** -np.arange(44, 1000, 4)
    given = np.asarray(knots, dtype=np.float64)
    parts = [np.linspace(0, 1, _BASE), near_ends, near_0, 1 - near_ends, given[(given >= 0) & (given <= 1)]]
    return np.asarray(_apart(np.concatenate(parts)))


def _apart(x: np.ndarray) -> np.ndarray:
    """Different numbers in increasing order, so far apart that slopes are not rounding; both ends are kept."""
    x = np.unique(x)
    keep = np.diff(x, prepend=-1.0) > np.maximum(1e-13 * x, _CLOSEST)
    x = x[keep]
    x[-1] = 1.0
    return x


def _refined(x: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The grid with points in each piece, denser at its ends."""
    shares = (1 - np.cos(np.pi * np.arange(_PER_PIECE + 1) / _PER_PIECE)) / 2
    inner = corners[:-1, None] + np.diff(corners)[:, None] * shares
    return _apart(np.concatenate([x, inner.ravel()]))


def _smallest_tube(
    x: np.ndarray, y: np.ndarray, pieces: int, guess: float
) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """The smallest radius (and the polygon) at which `pieces` lines cross the tube around y; guess : one, or 0.

    Radii below the rounding of y are not tried, so that high / low is finite and each step takes its root at least.
    """
    low, high = _ROUNDING * float(np.abs(y).max()), float(y.max() - y.min()) / 2
    middle = float(y.max() + y.min()) / 2
    found = np.array([0.0, 1.0]), np.array([middle, middle])
    tries = [guess * 1.02, guess * 0.98]
    while high > low * (1 + _BISECTED):
        # the first steps go by orders of magnitude
        radius = float(np.sqrt(low * high)) if high > 4 * low else (low + high) / 2
        if tries and low < tries[0] < high:
            radius = tries[0]
        tries = tries[1:]
        polygon = _polygon(x, y, radius, pieces)
        if polygon is None:
            low = radius
        else:
            high, found = radius, polygon
    return high, found


def _polygon(x: np.ndarray, y: np.ndarray, radius: float, most: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Corners and values of the function with fewest pieces in the tube; None where more than `most` are needed."""
    from relutheory._kernels.stabbing import fewest_lines

    lines, ends = np.empty((most, 3)), np.empty((most, 2), np.int64)
    count = fewest_lines(x, y - radius, y + radius, most, lines, ends)
    if count > most:
        return None
    lines, ends = lines[:count], ends[:count]
    reference, value, slope = lines.T
    touch, missed = ends[:-1].T
    rise = slope[:-1] - slope[1:]
    at = np.zeros(count - 1)
    sloped = rise != 0
    gap = value[1:] - slope[1:] * (reference[1:] - reference[:-1]) - value[:-1]
    at[sloped] = (gap / np.where(sloped, rise, 1.0))[sloped]
    corners = np.clip(reference[:-1] + at, x[touch], x[missed])
    corners = np.concatenate([[0.0], corners, [1.0]])
    left = np.concatenate([value + slope * (corners[:-1] - reference), [value[-1] + slope[-1] * (1 - reference[-1])]])
    keep = np.concatenate([[True], np.diff(corners) > 0])
    keep[-1] = True
    if len(corners) > 2 and corners[-2] >= 1.0:
        keep[corners >= 1.0] = False
        keep[-1] = True
    return corners[keep], left[keep]
