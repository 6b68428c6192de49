"""The best piecewise linear functions for convex and concave ones: their pieces err equally, and so are found."""

from __future__ import annotations

import numpy as np

from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.grids import Floats, finite_values

_NEWTON = 40  # steps, at most
_GOLDEN = 45  # steps of the search in a piece: 0.618^45 of it is left
_BALANCED = 1e-9  # relative difference of the pieces' errors that counts as none
_NEARLY = 1e-5  # what is taken where rounding hides smaller ones
_NUDGE = 1e-5  # of a piece, for differences


def balanced_spline(f: Floats, knots: np.ndarray, grid: np.ndarray) -> tuple[CPwL, np.ndarray] | None:
    """The best continuous piecewise linear function for a convex or concave f on [0, 1], to the last digits of floats.

    f : function of float arrays.  knots : (n + 1,) increasing, from 0 to 1, near the best ones.
    grid : (N,) increasing, on which it is seen whether f is convex.
    Returns the spline, and (n, 3) points that prove how close it is to the best one (`least_errors.least_error`); None
    where f looks neither convex nor concave, or where the search fails.

    On [a, b] a line is at least half as far from f as the chord is.  Of n pieces one covers one of the n parts of any
    other division, so that chords which are all equally far from f, say 2 e, show that no n pieces come closer than e;
    the chords' ends, moved by e, are a continuous function that is so close.

    >>> best, triples = balanced_spline(lambda x: x**2, np.array([0, 0.2, 0.6, 1]), np.linspace(0, 1, 99))
    >>> [round(float(x), 9) for x in best.breakpoints], round(float(best(0)) * 72, 9)
    ([0.0, 0.333333333, 0.666666667, 1.0], -1.0)
    """
    sign = _bending(f, grid)
    if sign == 0:
        return None
    found = _balanced(lambda x: sign * finite_values(f, x), knots)
    if found is None:
        return None
    t, gaps, farthest = found
    return CPwL(t, finite_values(f, t) - sign * gaps.max() / 2), np.column_stack([t[:-1], farthest, t[1:]])


def _bending(f: Floats, x: np.ndarray) -> int:
    """1 where f seems convex on a grid, -1 where it seems concave, 0 where it seems neither, or a line."""
    y = finite_values(f, x)
    steps = np.diff(x)
    with np.errstate(all="ignore"):  # slopes beyond the range of floats are neither
        turns = np.diff(np.diff(y) / steps)
        noise = 1e-14 * np.abs(y).max() / np.minimum(steps[1:], steps[:-1])
    return int((turns > -noise).all()) - int((turns < noise).all())


def _balanced(f: Floats, knots: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Knots between which the chords of a convex f are equally far from it, how far, and where: by Newton's method."""
    from scipy.linalg import solve_banded

    t, n = np.array(knots), len(knots) - 1
    least, found = np.inf, None
    with np.errstate(all="ignore"):
        gaps, farthest = _gaps(f, t[:-1], t[1:])
        for _ in range(_NEWTON):
            if not gaps.min() > 0:
                break
            spread = gaps.max() / gaps.min() - 1
            if spread >= least and least <= _NEARLY:
                break
            if spread < least:
                least, found = spread, (t, gaps, farthest)
            if least <= _BALANCED:
                break
            nudge = _NUDGE * np.diff(t)
            left = np.log(_gaps(f, t[:-1] + nudge, t[1:])[0] / gaps) / nudge
            right = np.log(_gaps(f, t[:-1], t[1:] - nudge)[0] / gaps) / -nudge
            bands = np.zeros((3, n - 1))
            bands[0, 1:], bands[1], bands[2, :-1] = -right[1:-1], right[:-1] - left[1:], left[1:-1]
            wanted = np.diff(np.log(gaps))
            if not (np.isfinite(bands).all() and np.isfinite(wanted).all() and bands[1].all()):
                break
            step = np.concatenate([[0.0], solve_banded((1, 1), bands, wanted), [0.0]])
            # a piece keeps a third of its length at least
            t = t + step * min(1.0, float(1 / np.max(-np.diff(step) / np.diff(t) * 1.5, initial=1.0)))
            gaps, farthest = _gaps(f, t[:-1], t[1:])
    return found if least <= _NEARLY else None


def _gaps(f: Floats, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest distance of the chord from f on each [a, b], f convex, and where it is, by golden sections."""
    y, slope = f(a), (f(b) - f(a)) / (b - a)
    low, high, share = a, b, (np.sqrt(5) - 1) / 2
    for _ in range(_GOLDEN):
        one, two = high - share * (high - low), low + share * (high - low)
        rising = slope * (two - one) > f(two) - f(one)
        low, high = np.where(rising, one, low), np.where(rising, high, two)
    middle = (low + high) / 2
    return y + slope * (middle - a) - f(middle), middle
