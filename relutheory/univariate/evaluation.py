"""Values of a piecewise linear function in float64."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import nearest_float
from relutheory.univariate.inputs import short

if TYPE_CHECKING:
    from relutheory.univariate.cpwl import CPwL

_PER_PIECE = 4  # buckets for each breakpoint
_FEWEST, _MOST = 1024, 2**22


class Table(NamedTuple):
    """What the kernel takes: see `relutheory._kernels.piecewise.evaluate`."""

    x: np.ndarray
    pieces: np.ndarray
    low: float
    scale: float
    start: np.ndarray


def table(f: CPwL) -> Table:
    """The rounded breakpoints, values and slopes of a function, and the buckets of its breakpoints."""
    from relutheory._kernels import piecewise

    graph = f._graph
    x, y, slopes = graph.x.floats(), graph.y.floats(), graph.slopes.floats()
    anchors = np.maximum(np.arange(len(x) + 1) - 1, 0)
    pieces = np.vstack([np.column_stack([x[anchors], y[anchors], slopes]), np.full(3, np.nan)])
    within = x[np.isfinite(x)]
    low, high = (float(within[0]), float(within[-1])) if len(within) else (0.0, 0.0)
    count = min(_MOST, max(_FEWEST, _PER_PIECE * len(x)))
    with np.errstate(all="ignore"):
        scale = float(np.float64(count) / (np.float64(high) - np.float64(low)))
    if not (np.isfinite(scale) and scale > 0.0):
        scale = 1.0
    start = np.empty(count + 2, np.int32)
    piecewise.fill_buckets(x, low, scale, start)
    return Table(np.concatenate([x, [np.inf, np.nan]]), pieces, low, scale, start)


def evaluate(f: CPwL, points: Any) -> np.ndarray:
    """The values at an array of points; what the floats cannot hold on the way is computed exactly and rounded."""
    from relutheory._kernels import piecewise

    array = _floats(points)
    flat = np.ascontiguousarray(array).reshape(-1)
    out = np.empty_like(flat)
    if not piecewise.evaluate(flat, *f._table, out):
        if not np.isfinite(flat).all():
            reject("points", float(flat[~np.isfinite(flat)][0]), "must be finite")
        for i in np.flatnonzero(~np.isfinite(out)).tolist():
            out[i] = nearest_float(f(float(flat[i])))
    return out.reshape(array.shape)


def evaluate_within(f: CPwL, points: Any, lo: Fraction, hi: Fraction) -> np.ndarray:
    """The same, for points between lo and hi; others are an InputError."""
    array = _floats(points)
    outside = ~((array >= nearest_float(lo)) & (array <= nearest_float(hi)))
    if outside.any():
        reject("points", float(array[outside][0]), f"must be in [{short(lo)}, {short(hi)}]")
    return evaluate(f, array)


def _floats(points: Any) -> np.ndarray:
    try:
        return np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        reject("points", points, "must be an array of numbers within the range of float64")
