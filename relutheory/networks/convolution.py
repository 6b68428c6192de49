"""Convolution layers as the dense layers that they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from numbers import Integral
from typing import Any

import numpy as np

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import RationalArray, is_scalar_array
from relutheory.networks.layers import ReLULayer

PADDINGS = ("valid", "same", "full", "circular")
MOST_ENTRIES = 2 * 10**7  # entries of a dense matrix that are written out
LARGEST = 2**60  # sizes, strides and windows: their sums fit int64


@dataclass(frozen=True)
class Axis:
    """One axis of a convolution: `size` inputs, kernels of length `width`, a stride and a padding."""

    size: int
    width: int
    stride: int
    padding: str

    @property
    def left(self) -> int:
        """How far before input 0 the first kernel begins; of an even width's padding the right side has one more."""
        return {"valid": 0, "full": self.width - 1}.get(self.padding, (self.width - 1) // 2)

    @property
    def count(self) -> int:
        """The number of positions of the kernel, which begins at stride t - left, t = 0, 1, ..."""
        if self.padding == "valid":
            return (self.size - self.width) // self.stride + 1
        if self.padding == "full":
            return (self.size + self.width - 2) // self.stride + 1
        return -(-self.size // self.stride)

    def inputs(self, j: int) -> tuple[np.ndarray, np.ndarray]:
        """The positions t at which entry j of the kernel meets an input, and the inputs that it meets."""
        positions = np.arange(self.count)
        inputs = self.stride * positions - self.left + j
        if self.padding == "circular":
            return positions, inputs % self.size
        inside = (inputs >= 0) & (inputs < self.size)
        return positions[inside], inputs[inside]


def conv_layer(
    kernels: Any, input_shape: Any, padding: str = "valid", stride: int | Sequence[int] = 1, bias: Any = None
) -> ReLULayer:
    """The layer x -> ReLU(kernels * x + bias) of a convolution in one or two dimensions, as a dense `ReLULayer`.

    kernels : (q, c, k) or (q, c, k1, k2) numbers, exact as in `ReLULayer`; (q, k) is read as (q, 1, k).
    input_shape : (c, N) or (c, N1, N2); c may be left out where it is 1.  stride : a positive integer, or one for
    each axis.  bias : q numbers, one per kernel, or None.

    As in deep learning frameworks this is a cross-correlation: output t of kernel o is the ReLU of
    bias[o] + sum of kernels[o, i, j] x[i, stride t + j - left] over channels i and entries j.  padding :

    * "valid": left = 0, and only kernels that lie inside of the input;
    * "same": zeros outside, left = (k - 1) // 2 (of an even kernel's padding the right side has one more, as torch has
      it), positions t with 0 <= stride t < N;
    * "circular": as "same", with indices modulo N;
    * "full": zeros outside, left = k - 1, every kernel that meets the input.

    Neurons and inputs are numbered channel by channel, each in row-major order.  Returns a `ReLULayer` with one row
    for each kernel and position.  Raises InputError for bad arguments, and where the dense matrix would not fit.

    >>> conv_layer([[1, 2]], 3).W.tolist()
    [[1.0, 2.0, 0.0], [0.0, 1.0, 2.0]]
    >>> conv_layer([[1, 2]], 3, "circular").W.tolist()
    [[1.0, 2.0, 0.0], [0.0, 1.0, 2.0], [2.0, 0.0, 1.0]]
    >>> conv_layer([[[1, 0]], [["1/3", 1]]], (1, 4), "full", stride=2, bias=[0, 5])
    ReLULayer(m=6, n=4)
    """
    array = checked_kernels(kernels)
    q, c, *widths = array.shape
    sizes = checked_sizes(input_shape, c, len(widths))
    axes = checked_axes(widths, sizes, padding, stride)
    counts = tuple(axis.count for axis in axes)
    if q * math.prod(counts) * c * math.prod(sizes) > MOST_ENTRIES:
        reject("input_shape", input_shape, f"must give a dense matrix of at most {MOST_ENTRIES} entries")
    offsets = RationalArray(np.zeros(q) if bias is None else bias, "bias", ndim=1)
    if offsets.shape != (q,):
        reject("bias", f"array of length {offsets.shape[0]}", f"must have one entry per kernel, {q}")
    dense = _dense(array, axes)
    every = np.repeat(np.arange(q), math.prod(counts)).tolist()
    constant = offsets.floats[every] if offsets.floats_exact else [offsets[o] for o in every]
    return ReLULayer(dense, constant)


def checked_kernels(kernels: Any) -> RationalArray:
    """The kernels as exact numbers of shape (q, c, k, ...)."""
    if isinstance(kernels, RationalArray) and len(kernels.shape) in (3, 4):
        return kernels
    if hasattr(kernels, "detach"):  # a torch tensor, without importing torch
        kernels = kernels.detach().cpu().numpy()
    try:
        array = kernels if isinstance(kernels, np.ndarray) else np.array(kernels, dtype=object)
    except ValueError:
        raise InputError("kernels: must all have the same shape") from None
    if array.ndim == 2:
        array = array[:, None, :]
    if array.ndim not in (3, 4):
        reject("kernels", f"array of shape {array.shape}", "must have the shape (q, k), (q, c, k) or (q, c, k1, k2)")
    if 0 in array.shape[1:]:
        reject("kernels", f"array of shape {array.shape}", "must have a channel and entries")
    return RationalArray(array, "kernels", ndim=array.ndim)


def checked_axes(widths: Sequence[int], sizes: Sequence[int], padding: Any, stride: Any) -> tuple[Axis, ...]:
    """The axes of a convolution; raises InputError where padding, stride or a size is bad."""
    if not isinstance(padding, str) or padding not in PADDINGS:
        reject("padding", padding, f"must be one of {', '.join(PADDINGS)}")
    strides = checked_strides(stride, len(widths))
    axes = tuple(Axis(n, k, s, padding) for n, k, s in zip(sizes, widths, strides, strict=True))
    if padding == "valid" and any(axis.size < axis.width for axis in axes):
        reject("input_shape", tuple(sizes), f"must be at least the kernels' {tuple(widths)} where padding is 'valid'")
    return axes


def checked_strides(stride: Any, axes: int) -> tuple[int, ...]:
    """One stride per axis."""
    return positive_integers(stride, "stride", axes)


def checked_sizes(shape: Any, c: int, axes: int) -> tuple[int, ...]:
    """N, or N1 and N2, of the shape (c, N, ...) of an input; raises InputError for other shapes."""
    shape = _item(shape)
    given = positive_integers([shape] if isinstance(shape, Integral) else shape, "input_shape", None)
    if len(given) == axes and c == 1:
        return given
    if len(given) != axes + 1:
        reject("input_shape", shape, f"must be the channels and {axes} size{'s' if axes > 1 else ''}")
    if given[0] != c:
        reject("input_shape", shape, f"must have the kernels' {c} channel{'s' if c > 1 else ''}")
    return given[1:]


def positive_integers(value: Any, name: str, length: int | None) -> tuple[int, ...]:
    """`value` as positive integers, one standing for `length` of them; None is any length.  Raises InputError."""
    rule = "must be a positive integer" if length == 1 else "must be positive integers"
    value = _item(value)
    if isinstance(value, Integral) and length is not None:
        value = [value] * length
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
        reject(name, value, rule)
    if any(not isinstance(v, Integral) or isinstance(v, bool) or v < 1 for v in value):
        reject(name, value, rule)
    if length is not None and len(value) != length:
        reject(name, value, f"must be one number or {length}, one for each axis")
    if any(int(v) > LARGEST for v in value):
        reject(name, value, f"must be at most {LARGEST}")
    return tuple(int(v) for v in value)


def _item(value: Any) -> Any:
    """The number in an array without dimensions; anything else as it is."""
    return value.item() if is_scalar_array(value) else value


def _dense(kernels: RationalArray, axes: tuple[Axis, ...]) -> np.ndarray:
    """The matrix of the convolution: (q times positions, c times inputs), floats where they are exact."""
    q, c, *widths = kernels.shape
    counts, sizes = [axis.count for axis in axes], [axis.size for axis in axes]
    # a kernel that wraps around more than once meets an input twice: the sum is then exact in Fractions only
    wraps = any(axis.padding == "circular" and axis.width > axis.size for axis in axes)
    floats = kernels.floats_exact and not wraps
    entries = np.moveaxis(kernels.floats if floats else _fractions(kernels), (0, 1), (-2, -1))
    dense = np.zeros((math.prod(counts), math.prod(sizes), q, c), dtype=np.float64 if floats else object)
    if not floats:
        dense[...] = Fraction(0)
    for entry in product(*map(range, widths)):
        pairs = [axis.inputs(j) for axis, j in zip(axes, entry, strict=True)]
        rows, columns = (
            np.ravel_multi_index(np.ix_(*(pair[side] for pair in pairs)), shape).ravel()
            for side, shape in ((0, counts), (1, sizes))
        )
        dense[rows, columns] += entries[entry]
    return dense.transpose(2, 0, 3, 1).reshape(q * math.prod(counts), c * math.prod(sizes))


def _fractions(kernels: RationalArray) -> np.ndarray:
    """The kernels as an object array of Fractions."""
    array = np.empty(kernels.shape, dtype=object)
    for index in np.ndindex(*kernels.shape):
        array[index] = kernels[index]
    return array
