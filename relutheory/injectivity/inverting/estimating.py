"""Least squares estimates of the input of a layer from a noisy output, with proved error bounds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.core.exact import nearest_float, rational, to_fmpq
from relutheory.injectivity.inverting.frame_bound import root_above, root_below, smallest_singular_below
from relutheory.networks import ReLULayer

_EXACT = 64  # inputs up to which the normal equations are solved exactly where float64 overflows
_STEPS = 60  # of the descent on the convex surrogate


def estimate(layer: ReLULayer, y: Sequence[Fraction], rows: list[int]) -> list[Fraction] | None:
    """A point x with ReLU(Wx + b) about y: the least squares solution of the given rows where they span.

    Else a minimum of the sum of (<w_i, x> + b_i - y_i)^2 where y_i > 0 and ReLU(<w_i, x> + b_i)^2 elsewhere, a convex
    function that is zero exactly on the preimage of an output.
    A guess in floats: what is proved about it is proved afterwards.  None where float64 overflows and n is large.
    """
    targets = np.array([nearest_float(v - c) for v, c in zip(y, layer.bias.fractions(), strict=True)])
    active = np.array([v > 0 for v in y], dtype=bool)
    chosen = np.zeros(layer.m, dtype=bool)
    chosen[rows] = True
    with np.errstate(all="ignore"):
        x = _solve(layer.W[chosen], targets[chosen])
        if x is not None and np.linalg.matrix_rank(layer.W[chosen]) == layer.n:
            return _refined(layer, y, rows, [Fraction(v) for v in x.tolist()])
        if x is not None:
            x = _descend(layer.W, targets, active, x)
    if x is not None:
        return [Fraction(v) for v in x.tolist()]
    return _exactly(layer, y, rows) if layer.n <= _EXACT else None


def _refined(layer: ReLULayer, y: Sequence[Fraction], rows: list[int], x: list[Fraction]) -> list[Fraction]:
    """x plus the least squares solution for what x leaves over, which is computed exactly."""
    values = layer.preactivation_exact(x)
    rest = np.array([nearest_float(y[i] - values[i]) for i in rows])
    step = _solve(layer.W[rows], rest)
    return x if step is None else [p + Fraction(v) for p, v in zip(x, step.tolist(), strict=True)]


def _solve(W: np.ndarray, targets: np.ndarray) -> np.ndarray | None:
    """The shortest least squares solution; columns are brought to length about 1 first, by powers of two."""
    if not (np.isfinite(W).all() and np.isfinite(targets).all()):
        return None
    if not len(W):
        return np.zeros(W.shape[1])
    scale = np.exp2(-np.frexp(np.abs(W).max(axis=0))[1].astype(float))
    try:
        x: np.ndarray = np.linalg.lstsq(W * scale, targets, rcond=None)[0] * scale
    except np.linalg.LinAlgError:
        return None
    return x if np.isfinite(x).all() else None


def _descend(W: np.ndarray, targets: np.ndarray, active: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Newton's method on the surrogate: least squares on the rows that count at the point before."""
    best, lowest = x, np.inf
    for _ in range(_STEPS):
        excess = W @ x - targets
        counting = active | (excess > 0)
        value = float((excess[counting] ** 2).sum())
        if not value < lowest:
            break
        best, lowest = x, value
        moved = _solve(W[counting], -excess[counting])
        if moved is None:
            break
        x = x + moved
    return best


def _exactly(layer: ReLULayer, y: Sequence[Fraction], rows: list[int]) -> list[Fraction] | None:
    """The least squares solution of the rows in rationals; None where they do not span."""
    W = fmpq_mat([[to_fmpq(v) for v in layer.weight.row(i)] for i in rows]) if rows else fmpq_mat(0, layer.n)
    right = fmpq_mat(len(rows), 1, [to_fmpq(y[i] - layer.bias[i]) for i in rows])
    try:
        return [rational(v) for v in (W.transpose() * W).solve(W.transpose() * right).entries()]
    except ZeroDivisionError:
        return None


def distance_above(layer: ReLULayer, y: Sequence[Fraction], x: Sequence[Fraction]) -> Fraction:
    """An upper bound of |y - ReLU(Wx + b)|, and its value where that is a short binary fraction."""
    output = layer.forward_exact(x)
    return root_above(sum(((p - q) ** 2 for p, q in zip(output, y, strict=True)), Fraction(0)))


def error_by_frame(
    layer: ReLULayer, y: Sequence[Fraction], x: Sequence[Fraction], noise: Fraction
) -> tuple[Fraction | None, bool]:
    """A bound of |x - x'| over all x' with |ReLU(Wx' + b) - y| <= noise, and whether there can be such x' at all.

    The bound is None where the rows that are surely active do not span.

    The rows S with y_i > noise are active at x', so that W_S x' + b_S = y_S + e with |e| <= noise.  With d = x' - x,
    r = W_S x + b_S - y_S and g = W_S^T r: noise^2 >= |e|^2 = |W_S d + r|^2 >= s^2 |d|^2 - 2 |g||d| + |r|^2 for every
    s <= sigma_n(W_S): a quadratic inequality for |d|, which may have no solution.
    """
    frame = _frame(layer, y, x, noise)
    if frame is None:
        return None, True
    s, g, r = frame
    inside = g + s**2 * (noise**2 - r)
    if inside < 0:
        return None, False
    return (root_above(g) + root_above(inside)) / s**2, True


def distance_by_frame(layer: ReLULayer, y: Sequence[Fraction], x: Sequence[Fraction], away: Fraction) -> Fraction:
    """A lower bound of the distance between y and the range, which is known to be <= away; 0 where nothing is proved.

    An output within `away` of y has the rows S with y_i > away active, and in the notation of `error_by_frame`
    |W_S d + r|^2 >= s^2 |d|^2 - 2 |g||d| + |r|^2 >= |r|^2 - |g|^2 / s^2 for every d.
    """
    frame = _frame(layer, y, x, away)
    if frame is None:
        return Fraction(0)
    s, g, r = frame
    return root_below(max(r - g / s**2, Fraction(0)))


def _frame(
    layer: ReLULayer, y: Sequence[Fraction], x: Sequence[Fraction], level: Fraction
) -> tuple[Fraction, Fraction, Fraction] | None:
    """(s, |g|^2, |r|^2) for the rows with y_i > level, or None where these do not span."""
    rows = [i for i, v in enumerate(y) if v > level]
    if len(rows) < layer.n:
        return None
    W = fmpq_mat([[to_fmpq(v) for v in layer.weight.row(i)] for i in rows])
    s = smallest_singular_below(W.transpose() * W)
    if s is None:
        return None
    shift = fmpq_mat(len(rows), 1, [to_fmpq(layer.bias[i] - y[i]) for i in rows])
    r = W * fmpq_mat(layer.n, 1, [to_fmpq(v) for v in x]) + shift
    return s, _square(W.transpose() * r), _square(r)


def _square(column: fmpq_mat) -> Fraction:
    return rational(sum((v * v for v in column.entries()), fmpq(0)))
