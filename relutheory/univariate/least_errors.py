"""How close any function with n linear pieces can be: bounds from three values of f in each of n intervals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from relutheory.core.errors import reject
from relutheory.univariate.grids import Floats, finite_values
from relutheory.univariate.jets import NotRealError
from relutheory.univariate.targets import Target

_BISECTED = 1e-5  # relative width at which the search for the largest radius ends
_ROUNDING = 1e-14  # part of the largest value, below which it is not sought


def least_error(target: Target, triples: np.ndarray) -> Fraction | None:
    """A proved lower bound of sup |f - s| on [0, 1] for all s with n linear pieces, continuous or not.

    target : f.  triples : (n, 3) points p <= q <= r, p < r, of [0, 1], each p at or beyond the r before it.  None is
    returned where nothing is known of f but floats.  Raises InputError for other points, which prove nothing, and where
    f is not real, though it is in floats.

    A line within e of f leaves |chord(q) - f(q)| <= 2 e, where the chord joins (p, f(p)) and (r, f(r)).  One of n
    pieces covers one of the n intervals [p, r], so that e is at least half of the smallest of these n values.

    >>> from relutheory.univariate.targets import as_target
    >>> least_error(as_target("x**2"), np.array([[0, 0.25, 0.5], [0.5, 0.75, 1]]))
    Fraction(1, 32)
    """
    _check_order(triples)
    bounds = []
    for triple in triples:
        p, q, r = (Fraction(float(point)) for point in triple)
        try:
            values = [target.enclosed(point) for point in (p, q, r)]
        except NotRealError:
            reject("f", target.name, f"must be real, and is not between x = {float(p):.6g} and {float(r):.6g}")
        if any(value is None for value in values):
            return None
        (low_p, high_p), (low, high), (low_r, high_r) = (value for value in values if value is not None)
        share = (q - p) / (r - p)
        chord_low, chord_high = low_p + share * (low_r - low_p), high_p + share * (high_r - high_p)
        bounds.append(max(chord_low - high, low - chord_high, Fraction(0)) / 2)
    return min(bounds, default=Fraction(0))


def _check_order(triples: np.ndarray) -> None:
    if triples.ndim != 2 or triples.shape[1] != 3:
        reject("triples", f"points of shape {triples.shape}", "must be (n, 3)")
    points = np.concatenate([[0.0], triples.ravel(), [1.0]])
    if not ((np.diff(points) >= 0).all() and (triples[:, 0] < triples[:, 2]).all()):
        reject("triples", triples.tolist(), "must be points of [0, 1] in increasing order, of intervals that are apart")


def far_triples(f: Floats, x: np.ndarray, pieces: int, radius: float) -> np.ndarray:
    """Points for `least_error` that give a bound as large as possible on a grid.

    f : function of float arrays.  x : (N,) the grid.  pieces : n >= 1.  radius : at least the bound.
    Returns (n, 3) points, or (0, 3) where none give a bound above rounding.

    >>> triples = far_triples(lambda x: x**2, np.linspace(0, 1, 999), 2, 1.0)
    >>> triples.shape, triples[0].round(2).tolist()
    ((2, 3), [0.0, 0.25, 0.5])
    """
    y = finite_values(f, x)
    unit = int(np.frexp(np.abs(y).max())[1])
    y = np.ldexp(y, -unit)
    low, high, found = _ROUNDING, float(np.ldexp(radius, -unit)) * (1 + _BISECTED), np.empty((0, 3))
    while high > low * (1 + _BISECTED):
        middle = float(np.sqrt(low * high))
        triples = _missed(x, y, pieces, middle)
        if len(triples) == pieces:
            low, found = middle, triples
        else:
            high = middle
    return found


def _missed(x: np.ndarray, y: np.ndarray, pieces: int, radius: float) -> np.ndarray:
    """Triples of intervals, each as short as it can be without a line within the radius; `pieces` of them at most."""
    from relutheory._kernels.stabbing import fewest_lines

    line, ends = np.empty((1, 3)), np.empty((1, 2), np.int64)
    low, high, start = y - radius, y + radius, 0
    found: list[tuple[int, int, int]] = []
    while len(found) < pieces and fewest_lines(x[start:], low[start:], high[start:], 1, line, ends) > 1:
        q, r = start + int(ends[0, 0]), start + int(ends[0, 1])
        share = (x[q] - x[start:q]) / (x[r] - x[start:q])
        chord = y[start:q] + share * (y[r] - y[start:q])
        found.append((start + int(np.argmax(np.abs(chord - y[q]))), q, r))
        start = r
    return x[np.array(found, dtype=np.int64).reshape(-1, 3)]
