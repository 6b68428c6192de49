"""The inputs of a layer from many outputs at once, in floats, each with its own proved error bound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import RationalArray, is_scalar_array, rational
from relutheory.core.verdict import NotABool, Rigor
from relutheory.injectivity.inverting.frame_bound import rounded_up
from relutheory.networks import ReLULayer

RECOVERED, SHORT, OUTSIDE, INVALID = 0, 1, 2, 3
_NAMES = ("recovered", "short", "not-in-range", "invalid")


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchReconstruction(NotABool):
    """What `reconstruct_batch` found for k outputs.

    x : (k, n) float64, the least squares estimates, NaN where there is none.
    error : (k,) float64, upper bounds of |x' - x|_2 over all x' with |ReLU(Wx' + b) - y|_2 <= noise; infinite where
    nothing is proved.
    residual : (k,) float64, upper bounds of |ReLU(Wx + b) - y|_2 at the estimate; NaN where there is none.
    state : (k,) int8, index into `names`: "recovered"; "short" (the rows that are surely active do not span, or float64
    cannot tell: ask `reconstruct`); "not-in-range" (proved: no input has an output within the noise); "invalid" (NaN or
    infinite entries).
    """

    x: np.ndarray
    error: np.ndarray
    residual: np.ndarray
    state: np.ndarray

    names = _NAMES
    rigor = Rigor.ENCLOSED

    def where(self, name: str) -> np.ndarray:
        """The indices of the outputs in a state.  name : one of `names`."""
        if name not in _NAMES:
            reject("name", name, f"must be one of {', '.join(_NAMES)}")
        return np.flatnonzero(self.state == _NAMES.index(name))


def reconstruct_batch(layer: ReLULayer, Y: Any, *, noise: Any = 0.0) -> BatchReconstruction:
    """The inputs of a layer from many outputs, by compiled least squares with proved error bounds.

    layer : m x n; its numbers must fit float64 exactly.  Y : (k, m) numbers, k >= 0, rounded to float64; rows with NaN
    or infinite entries are marked.  noise : a bound on |y - ReLU(Wx + b)|_2, one number or k of them, rounded up to
    float64; 0 where the outputs are exact.  (Outputs computed in float64 are not: they are off by about
    1e-16 n (|W||x| + |b|).)

    Returns a `BatchReconstruction`.  Raises InputError for bad arguments.

    Source: the rows with y_i > noise are active, and with sigma their smallest singular value and r the residual of the
    estimate on them, |x' - x| <= (noise + |r|) / sigma; every rounding is accounted for.

    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])
    >>> batch = reconstruct_batch(layer, [[1, 0, 0, 2], [0, 0, 0, 1], [1, 2, 1, 0]], noise=1e-9)
    >>> batch.x[0].round(6).tolist(), bool(batch.error[0] < 3e-9), [batch.names[s] for s in batch.state]
    ([1.0, -2.0], True, ['recovered', 'short', 'not-in-range'])
    """
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if not (layer.weight.floats_exact and layer.bias.floats_exact):
        reject("layer", layer, "must have weights and biases that float64 holds exactly; or use reconstruct")
    outputs = _outputs(Y, layer.m)
    levels = _levels(noise, len(outputs))
    k, n = len(outputs), layer.n
    x = np.full((k, n), np.nan)
    error, residual = np.full(k, np.inf), np.full(k, np.nan)
    state = np.full(k, RECOVERED, dtype=np.int8)
    valid = np.isfinite(outputs).all(axis=1)
    state[~valid] = INVALID
    rows = np.flatnonzero(valid)
    if len(rows):
        _run(layer, outputs, levels, rows, (x, error, residual, state))
    return BatchReconstruction(x=x, error=error, residual=residual, state=state)


def _outputs(Y: Any, m: int) -> np.ndarray:
    rule = "must be a (k, m) array of numbers within the range of float64"
    try:
        given = np.asarray(Y)
        if given.dtype.kind not in "fiuO" or any(isinstance(v, (str, bytes, bool)) for v in _objects(given)):
            reject("Y", Y, rule)
        array = given.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        reject("Y", Y, rule)
    if array.shape == (0,):
        array = array.reshape(0, m)
    if array.ndim != 2 or array.shape[1] != m:
        reject("Y", f"array of shape {array.shape}", f"must have shape (k, {m})")
    return array


def _objects(array: np.ndarray) -> list[Any]:
    return array.ravel().tolist() if array.dtype.kind == "O" else []


def _levels(noise: Any, k: int) -> np.ndarray:
    """One float64 per output, none smaller than the number given."""
    single = isinstance(noise, (str, bytes)) or is_scalar_array(noise) or not isinstance(noise, Iterable)
    if single:
        levels = np.array([_rounded_up(rational(noise, "noise"))])
    else:
        given = RationalArray(noise, "noise", ndim=1)
        levels = given.floats if given.floats_exact else np.array([_rounded_up(v) for v in given.fractions()])
        if len(levels) != k:
            reject("noise", f"array of length {len(levels)}", f"must be one number or have shape ({k},)")
    if not (np.isfinite(levels).all() and (levels >= 0).all()):
        reject("noise", noise, "must be finite and non-negative, within the range of float64")
    return np.full(k, levels[0]) if single else levels


def _rounded_up(value: Fraction) -> float:
    return rounded_up(value) if value >= 0 else -1.0  # a tiny negative number must not become zero


def _run(
    layer: ReLULayer, outputs: np.ndarray, levels: np.ndarray, rows: np.ndarray, found: tuple[np.ndarray, ...]
) -> None:
    """Run the kernel on the valid rows; numbers are brought near 1 by powers of two where that is exact."""
    from relutheory._kernels.inverting import invert

    x, error, residual, state = found
    few = outputs[rows]
    left = _exponent(layer.W)
    right = _exponent(layer.b, few, levels[rows])
    W, exact = _shifted(layer.W, left)
    if not exact:
        left, W = 0, layer.W
    shifted = [_shifted(a, right) for a in (layer.b, few, levels[rows])]
    if not all(ok for _, ok in shifted):
        right, shifted = 0, [(a, True) for a in (layer.b, few, levels[rows])]
    b, Y, noise = (np.array(a, order="C") for a, _ in shifted)  # of one kind: read-only arrays are compiled for anew
    part = (np.full((len(rows), layer.n), np.nan), np.full(len(rows), np.inf), np.full(len(rows), np.nan))
    codes = np.zeros(len(rows), dtype=np.int8)
    invert(np.array(W, order="C"), b, Y, noise, _by_pattern(noise[:, None] < Y), *part, codes)
    with np.errstate(over="ignore", under="ignore"):
        # Wx + b = y reads (2^-left W)(2^(left - right) x) + 2^-right b = 2^-right y
        x[rows] = np.ldexp(part[0], right - left)
        error[rows] = np.nextafter(np.ldexp(part[1], right - left), np.inf)
        residual[rows] = np.nextafter(np.ldexp(part[2], right), np.inf)
    state[rows] = codes
    # an estimate that left float64's normal range is none
    magnitude = np.abs(x[rows])
    lost = ~np.isfinite(x[rows]).all(axis=1) | ((magnitude < 1e-300) & (part[0] != 0)).any(axis=1)
    gone = rows[lost]
    x[gone], error[gone], residual[gone] = np.nan, np.inf, np.nan
    state[rows[lost & (codes == RECOVERED)]] = SHORT


def _exponent(*arrays: np.ndarray) -> int:
    """The binary exponent of the largest entry."""
    return int(np.frexp(max(float(np.abs(a).max(initial=0.0)) for a in arrays))[1])


def _shifted(array: np.ndarray, exponent: int) -> tuple[np.ndarray, bool]:
    """array * 2^-exponent, and whether that is exact."""
    with np.errstate(all="ignore"):
        moved = np.ldexp(array, -exponent)
        return moved, bool(np.array_equal(np.ldexp(moved, exponent), array))


def _by_pattern(bits: np.ndarray) -> np.ndarray:
    """An order of the rows in which equal ones are neighbours."""
    if bits.shape[1] == 0:
        return np.arange(len(bits))
    packed = np.ascontiguousarray(np.packbits(bits, axis=1))
    return np.argsort(packed.view(f"V{packed.shape[1]}").ravel(), kind="stable")
