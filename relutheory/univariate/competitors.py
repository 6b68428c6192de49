"""What networks compete with: best free-knot splines, equispaced splines, Chebyshev polynomials, rational functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.univariate.cpwl import CPwL

Floats = Callable[[np.ndarray], np.ndarray]

_BASE = 2**11 + 1  # points of the first grid
_PER_PIECE = 24  # points that a piece gets in each round
_ROUNDS = 6
_SETTLED = 1e-3  # relative change of the error at which the grid is fine enough
_BISECTIONS = 100  # at most
_BISECTED = 1e-4  # relative width at which the search for the smallest tube ends
_SEEN = 4001  # points of the grid on which errors of float competitors are measured
_MOST = 10**5


@dataclass(frozen=True, kw_only=True)
class FreeKnotSpline:
    """The best continuous piecewise linear function on [0, 1] with n pieces, found in floats.

    spline : a `CPwL` with exact (float) breakpoints and values.  grid_error : the largest error on the grid, which no
    function with as many pieces undercuts on it by more than the search's relative width of 1e-4.
    grid : (N,) the grid.  pieces : of the spline on [0, 1], at most what was asked for.
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
    error settles.  Raises InputError where f is not finite, and for pieces that are not an integer from 1 to 100000.
    Source: imai1988 (fewest corners in a tube).

    >>> best = free_knot_spline(lambda x: x**2, 4)
    >>> best.pieces, round(best.grid_error * 8 * 4**2, 3)
    (4, 1.0)
    """
    check_count("pieces", pieces, 1)
    coarse = x = _first_grid(knots)
    error = 0.0
    for _ in range(_ROUNDS):
        y = finite_values(f, x)
        before, (error, polygon) = error, _smallest_tube(x, y, pieces, error)
        if abs(error - before) <= before * _SETTLED:
            break
        x = _refined(coarse, polygon[0])
    return _spline(x, polygon, error)


def spline_within(f: Floats, error: float, *, knots: Any = (), most: int = _MOST) -> FreeKnotSpline | None:
    """The continuous piecewise linear function with fewest pieces that is within `error` of f on a grid.

    f, knots : as in `free_knot_spline`.  error : > 0.  most : pieces; None is returned where more are needed.

    >>> spline_within(lambda x: x**2, 1 / 128.001).pieces
    5
    """
    if not error > 0:
        reject("error", error, "must be positive")
    coarse = x = _first_grid(knots)
    count = 0
    for _ in range(_ROUNDS):
        y = finite_values(f, x)
        polygon = _polygon(x, y, error, most)
        if polygon is None:
            return None
        before, count = count, len(polygon[0]) - 1
        found = _spline(x, polygon, error)
        if count == before:
            break
        x = _refined(coarse, polygon[0])
    return found


def _spline(x: np.ndarray, polygon: tuple[np.ndarray, np.ndarray], error: float) -> FreeKnotSpline:
    return FreeKnotSpline(spline=CPwL(*polygon), grid_error=error, grid=x, pieces=len(polygon[0]) - 1)


def _first_grid(knots: Any) -> np.ndarray:
    """Equispaced points, points that accumulate at both ends, and the given ones."""
    near_ends = 2.0 ** -np.arange(12, 43)
    given = np.asarray(knots, dtype=np.float64)
    parts = [np.linspace(0, 1, _BASE), near_ends, 1 - near_ends, given[(given >= 0) & (given <= 1)]]
    return np.asarray(_apart(np.concatenate(parts)))


def _apart(x: np.ndarray) -> np.ndarray:
    """Different numbers in increasing order, so far apart that slopes stay finite; both ends are kept."""
    x = np.unique(x)
    keep = np.diff(x, prepend=-1.0) > 1e-13
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
    """The smallest radius (and the polygon) at which `pieces` lines cross the tube around y; guess : one, or 0."""
    spread = float(y.max() - y.min())
    middle = float(y.max() + y.min()) / 2
    low, high, found = 0.0, spread / 2, (np.array([0.0, 1.0]), np.array([middle, middle]))
    floor = max(1e-15 * max(spread, float(np.abs(y).max())), 1e-300)
    tries = [] if not guess else [guess * 1.02, guess * 0.98]
    for _ in range(_BISECTIONS):
        if high <= low * (1 + _BISECTED) or high <= floor:
            break
        # the first steps go by orders of magnitude
        between = float(np.sqrt(max(low, floor)) * np.sqrt(high)) if high > 4 * low else (low + high) / 2
        radius = tries.pop(0) if tries else between
        polygon = _polygon(x, y, radius, pieces)
        if polygon is None:
            low = max(low, radius)
        elif radius < high:
            high, found = radius, polygon
        if radius <= floor:
            break
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


def equispaced_spline(f: Floats, pieces: int) -> CPwL:
    """The piecewise linear interpolant of f at pieces + 1 equispaced points of [0, 1]; pieces + 1 parameters.

    >>> equispaced_spline(lambda x: x**2, 2)("1/4")
    Fraction(1, 8)
    """
    check_count("pieces", pieces, 1)
    x = np.arange(pieces + 1) / pieces
    return CPwL(x, finite_values(f, x))


def chebyshev_polynomial(f: Floats, degree: int) -> Any:
    """The polynomial that interpolates f at the degree + 1 Chebyshev points of [0, 1]: degree + 1 parameters.

    Its error is at most 2 + (2/pi) log(degree + 1) times that of the best polynomial.
    Returns a callable `numpy.polynomial.Chebyshev`.

    >>> round(float(chebyshev_polynomial(lambda x: x**3, 3)(0.5)), 12)
    0.125
    """
    check_count("degree", degree, 0)
    return np.polynomial.Chebyshev.interpolate(lambda x: finite_values(f, x), degree, domain=[0, 1])


def rational_function(f: Floats, supports: int) -> Any:
    """The rational function of type (supports - 1, supports - 1) that the AAA algorithm finds on [0, 1].

    f : as above.  supports : >= 1 support points; the function has 2 supports - 1 free parameters.
    Returns a callable `scipy.interpolate.AAA`.  Poles inside [0, 1] may occur: they show as a large error.
    Source: nakatsukasa2018.

    >>> r = rational_function(lambda x: 1 / (1 + x), 3)
    >>> bool(abs(r(0.3) - 1 / 1.3) < 1e-11)
    True
    """
    import warnings

    from scipy.interpolate import AAA

    check_count("supports", supports, 1)
    found = []
    # points close together cancel digits, and where f is singular there is no other way: both are tried
    for x in (_cosine_grid(), _clustered_grid()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a tolerance not reached: what is asked for is the number of parameters
            found.append(AAA(x, finite_values(f, x), max_terms=supports, rtol=1e-15, clean_up=False))
    return min(found, key=lambda r: seen_error(f, r))


def _cosine_grid() -> np.ndarray:
    """Points of [0, 1], denser at the ends."""
    return np.asarray((1 - np.cos(np.pi * np.arange(801) / 800)) / 2)


def _clustered_grid() -> np.ndarray:
    """Equispaced points, and all of the measuring grid near the ends."""
    grid = measuring_grid()
    return np.union1d(np.linspace(0, 1, 401), grid[(grid < 1 / 400) | (grid > 1 - 1 / 400)])


def measuring_grid(knots: Any = ()) -> np.ndarray:
    """Points of [0, 1], equispaced ones, ones that accumulate at the ends, and the given ones."""
    near_ends = 10.0 ** -np.linspace(3, 14, 200)
    given = np.asarray(knots, dtype=np.float64)
    return np.unique(np.concatenate([np.linspace(0, 1, _SEEN), near_ends, 1 - near_ends, given]))


def seen_error(f: Floats, g: Floats, grid: np.ndarray | None = None) -> float:
    """The largest |f - g| on a grid, in floats: below the true one, and not proved.

    >>> seen_error(lambda x: x, lambda x: 0 * x)
    1.0
    """
    x = measuring_grid() if grid is None else grid
    with np.errstate(all="ignore"):
        error = np.abs(finite_values(f, x) - np.asarray(g(x), dtype=np.float64)).max()
    return float(error) if np.isfinite(error) else float("inf")


def finite_values(f: Floats, x: np.ndarray) -> np.ndarray:
    """The values of f at x as float64.  Raises InputError where f is no function of arrays or not finite."""
    with np.errstate(all="ignore"):
        try:
            y = np.asarray(f(x), dtype=np.float64)
        except (TypeError, ValueError) as error:
            reject("f", f, f"must map float arrays to real ones of the same shape ({error})")
    if y.shape == ():
        y = np.full(x.shape, float(y))
    if y.shape != x.shape:
        reject("f", f"values of shape {y.shape}", f"must be as many as the points, {x.shape}")
    bad = ~np.isfinite(y)
    if bad.any():
        reject("f", f"f({float(x[bad][0]):g}) = {float(y[bad][0])}", "must be finite on [0, 1]")
    return y


def check_count(name: str, value: Any, least: int, most: int = _MOST) -> int:
    """An integer from `least` to `most`; anything else is an `InputError`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= most:
        reject(name, value, f"must be an integer from {least} to {most}")
    return int(value)
