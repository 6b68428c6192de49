"""Activation patterns of points, decided exactly, and their matrices.

Bit 1 of a neuron means that its pre-activation is > 0, bit 0 that it is <= 0 (Xu and Zhang,
arXiv:2107.12530).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from fractions import Fraction
from typing import Any, TypeAlias, overload

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import RationalArray
from relutheory.networks.layers import ReLULayer, ReLUNetwork

Net: TypeAlias = ReLUNetwork | ReLULayer
Pattern: TypeAlias = np.ndarray | tuple[np.ndarray, ...]

_CHUNK = 2048  # points handled at a time: bounds the memory for batches of any size
_NORMAL = float(np.finfo(np.float64).smallest_normal)


def layers_of(net: Net) -> tuple[ReLULayer, ...]:
    """The ReLU layers of a network; a layer counts as a network of one."""
    if isinstance(net, ReLULayer):
        return (net,)
    if not isinstance(net, ReLUNetwork):
        reject("net", net, "must be a ReLULayer or a ReLUNetwork")
    return net.layers


def input_dim(net: Net) -> int:
    """Dimension of the input space."""
    return net.n if isinstance(net, ReLULayer) else net.input_dim


@overload
def activation_pattern(net: ReLULayer, x: Any) -> np.ndarray: ...
@overload
def activation_pattern(net: ReLUNetwork, x: Any) -> tuple[np.ndarray, ...]: ...
def activation_pattern(net: Net, x: Any) -> Pattern:
    """Which neurons are active at x, decided exactly.

    net : ReLUNetwork or ReLULayer.  x : (n,) or (k, n) finite numbers; floats are read as the rationals they
    are.  Returns a tuple with one uint8 array per ReLU layer, (m,) or (k, m); for a single layer its array
    alone.  Raises InputError for NaN, infinities and shapes that do not fit.

    Points given in float64 pass a filter first.  Let u = 2^-53 and t = 2^-1075, the largest error of a
    product that underflows.  The weights w, b are known as w^, b^ with relative error at most u, the input x
    as x^ +- e (e = 0 in layer 1).  Put M = sum |w^||x^| + |b^| and R = sum |w^| e, and let k count the
    products that are not trivially zero; gamma_k = ku / (1 - ku).  The float value p^ of p = <w,x> + b has

        |p^ - p| <= gamma_{k+1} M + 2kt  (rounding)  +  u (M + R)  (weights)  +  R  (inputs),

    since <w,x> - <w^,x^> = <w - w^, x> + <w^, x - x^>.  The computed M and R are at least 1 - gamma_{k+1}
    times the true ones, less an underflow of at most 2kt each.  The filter computes
    bound = 4(k+4)u (M + R) + R + 8kt from them: for k < 2^40 its multiple of M is more than the needed
    gamma_{k+1} + u, that of R more than 1 + u, and of the 8kt no more than 6kt are used, the roundings of the
    bound itself included.  For k = 0 the value p^ = b^ has the sign of b and the bound is 16u |b^|.
    Where p^ > bound the neuron is active, where p^ <= -bound it is not, and the bound is the error e of the
    next layer.  A point with any other neuron is decided in rational arithmetic.
    Source of the rounding term: Higham, Accuracy and Stability of Numerical Algorithms, section 3.1.

    >>> activation_pattern(ReLULayer([[1, 0], [0, 1], [1, -1]], [0, 0, 0]), [0.5, 0.5]).tolist()
    [1, 1, 0]
    """
    layers = layers_of(net)
    points = as_points(x, input_dim(net))
    single = len(points.shape) == 1
    k = 1 if single else points.shape[0]
    bits = [np.zeros((k, layer.m), dtype=np.uint8) for layer in layers]
    if points.floats_exact and all(map(_filterable, layers)):
        values = points.floats.reshape(k, input_dim(net))
        for start in range(0, k, _CHUNK):
            part = [b[start : start + _CHUNK] for b in bits]
            _filtered(layers, values[start : start + _CHUNK], part)
    else:
        _exact(layers, points.fmpq if single else points.fmpq.transpose(), bits, np.arange(k))
    found = tuple(b[0] for b in bits) if single else tuple(bits)
    return found[0] if isinstance(net, ReLULayer) else found


def as_points(x: Any, n: int, *, batch: bool = False) -> RationalArray:
    """x as exact numbers of shape (n,) or (k, n), only the latter where `batch` is set."""
    rule = f"must have shape (k, {n})" if batch else f"must have shape ({n},) or (k, {n})"
    if isinstance(x, RationalArray):
        points = x
    else:
        if isinstance(x, (str, bytes, Mapping, Set)) or not hasattr(x, "__len__"):
            reject("x", x, rule)
        points = RationalArray(x, "x", ndim=_ndim(x, rule))
    if points.shape[-1] != n or (batch and len(points.shape) == 1):
        reject("x", f"array of shape {points.shape}", rule)
    return points


def _ndim(x: Any, rule: str) -> int:
    """1 for a point, 2 for an array of points."""
    if not hasattr(x, "ndim"):
        return 2 if len(x) and hasattr(x[0], "__len__") and not isinstance(x[0], str) else 1
    if x.ndim not in (1, 2):
        reject("x", f"array of shape {x.shape}", rule)
    return int(x.ndim)


def _filterable(layer: ReLULayer) -> bool:
    """Whether the float weights and biases are within relative error 2^-53 of the exact ones."""
    for array in (layer.weight, layer.bias):
        if not array.floats_exact:
            size = np.abs(array.floats)
            small = np.argwhere(size < _NORMAL)
            if not np.isfinite(size).all() or any(array[tuple(i)] != 0 for i in small):
                return False
    return True


def _filtered(layers: Sequence[ReLULayer], x: np.ndarray, bits: list[np.ndarray]) -> None:
    """Write the patterns of the float points x, (k, n): filter first, exact where it stays open."""
    from relutheory._kernels.activation import filter_layer

    undecided = np.zeros(len(x), dtype=np.bool_)
    value: np.ndarray = np.ascontiguousarray(x)
    error: np.ndarray = np.zeros(x.shape)
    for layer, found in zip(layers, bits, strict=True):
        out, spread = np.empty((len(x), layer.m)), np.empty((len(x), layer.m))
        filter_layer(np.ascontiguousarray(layer.W.T), layer.b, value, error, found, out, spread, undecided)
        value, error = out, spread
    where = np.flatnonzero(undecided)
    if len(where):
        _exact(layers, RationalArray(x[where], "x", ndim=2).fmpq.transpose(), bits, where)


def _exact(layers: Sequence[ReLULayer], value: fmpq_mat, bits: list[np.ndarray], where: np.ndarray) -> None:
    """Write the patterns of the columns of `value` to the rows `where` of bits, in rational arithmetic."""
    zero = fmpq(0)
    for layer, found in zip(layers, bits, strict=True):
        shift = layer.bias.fmpq.entries()
        rows = (layer.weight.fmpq * value).tolist()
        rows = [[max(v + b, zero) for v in row] for row, b in zip(rows, shift, strict=True)]
        value = fmpq_mat(layer.m, len(where), [v for row in rows for v in row])
        for i, row in enumerate(rows):
            found[where, i] = [v > 0 for v in row]


def checked_pattern(net: Net, pattern: Any) -> tuple[np.ndarray, ...]:
    """`pattern` as one uint8 array per layer of `net`; InputError where its shape or a value is wrong."""
    widths = [layer.m for layer in layers_of(net)]
    given = [pattern] if isinstance(net, ReLULayer) else _sequence(pattern, "pattern")
    if len(given) != len(widths):
        reject("pattern", pattern, f"must have one sequence of bits per ReLU layer, {len(widths)}")
    names = ["pattern"] if isinstance(net, ReLULayer) else [f"pattern[{i}]" for i in range(len(widths))]
    return tuple(_bits(bits, name, m) for bits, name, m in zip(given, names, widths, strict=True))


def _sequence(values: Any, name: str) -> list[Any]:
    try:
        return list(values)
    except TypeError:
        raise InputError(f"{name} = {values!r}: must be a sequence of bits") from None


def _bits(values: Any, name: str, m: int | None = None) -> np.ndarray:
    bits = _sequence(values, name)
    if m is not None and len(bits) != m:
        reject(name, values, f"must have {m} bits, one per neuron")
    for i, bit in enumerate(bits):
        if not isinstance(bit, (bool, int, float, Fraction, np.generic)) or bit not in (0, 1):
            reject(f"{name}[{i}]", bit, "must be 0 or 1")
    return np.array(bits, dtype=np.uint8)


def activation_matrices(pattern: Any) -> Pattern:
    """The activation matrices J of a pattern: diagonal, 1 where a neuron is active.

    pattern : a sequence of bits per layer; or the bits of a single layer.  Returns a tuple of (m, m) uint8
    arrays, or the one array of a single layer.  Raises InputError for anything but 0 and 1.

    >>> [J.tolist() for J in activation_matrices([[1, 0], [1]])]
    [[[1, 0], [0, 0]], [[1]]]
    """
    given = _sequence(pattern, "pattern")
    if given and not hasattr(given[0], "__len__"):
        return np.diag(_bits(given, "pattern"))
    return tuple(np.diag(_bits(bits, f"pattern[{i}]")) for i, bits in enumerate(given))
