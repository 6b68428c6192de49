"""Layers x -> ReLU(Wx + b), affine read-outs, and the networks made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from flint import fmpq_mat

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import Number, RationalArray, rational, to_fmpq


def _exact(values: Any, name: str, ndim: int) -> RationalArray:
    """`values` as exact numbers; a RationalArray of the right dimension is taken as it is."""
    if isinstance(values, RationalArray) and len(values.shape) == ndim:
        return values
    return RationalArray(values.fractions() if isinstance(values, RationalArray) else values, name, ndim=ndim)


@dataclass(frozen=True, init=False, eq=False, repr=False)
class _Affine:
    """What a layer and a read-out share: exact weight and bias, and the value Wx + b."""

    weight: RationalArray
    bias: RationalArray

    def __init__(self, W: Any, b: Any = None) -> None:
        weight = _exact(W, "W", 2)
        m, n = weight.shape
        if n == 0:
            reject("W", f"array of shape {weight.shape}", "must have at least one column")
        bias = _exact(np.zeros(m) if b is None else b, "b", 1)
        if bias.shape != (m,):
            reject("b", f"array of length {bias.shape[0]}", f"must have one entry per row of W, {m}")
        object.__setattr__(self, "weight", weight)
        object.__setattr__(self, "bias", bias)

    @property
    def W(self) -> np.ndarray:
        """The weights as a read-only float64 array, (m, n)."""
        return self.weight.floats

    @property
    def b(self) -> np.ndarray:
        """The biases as a read-only float64 array, (m,)."""
        return self.bias.floats

    @property
    def m(self) -> int:
        """Number of rows (neurons)."""
        return self.weight.shape[0]

    @property
    def n(self) -> int:
        """Number of inputs."""
        return self.weight.shape[1]

    def preactivation(self, x: Any) -> np.ndarray:
        """Wx + b in float64.  x : (n,) or (k, n) finite numbers; returns (m,) or (k, m)."""
        return self._preactivation(_points(x, self.n))

    def _preactivation(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):  # beyond float64's range the answer is an infinity or NaN, not a warning
            value: np.ndarray = x @ self.W.T + self.b
        return value

    def preactivation_exact(self, x: Iterable[Number]) -> list[Fraction]:
        """Wx + b in rationals.  x : n numbers; returns m Fractions."""
        point = [to_fmpq(v) for v in _exact_point(x, self.n)]
        products = (self.weight.fmpq * fmpq_mat(self.n, 1, point)).entries()
        return [rational(p) + self.bias[i] for i, p in enumerate(products)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Affine) or type(self) is not type(other):
            return NotImplemented
        return self.weight == other.weight and self.bias == other.bias

    def __repr__(self) -> str:
        return f"{type(self).__name__}(m={self.m}, n={self.n})"


class AffineMap(_Affine):
    """The map x -> Wx + b, frozen: the read-out of a network.

    W : (m, n) numbers, n >= 1; b : (m,) numbers, or None for zeros.  Both are kept exactly (see
    `RationalArray`): `weight` and `bias` are the exact arrays, `W` and `b` their float64 views.  Two maps are
    equal when their numbers are.
    Raises InputError for NaN, infinities and shapes that do not fit.

    >>> AffineMap([["1/3", 1]], [2]).forward_exact([3, 1])
    [Fraction(4, 1)]
    """

    def forward(self, x: Any) -> np.ndarray:
        """The map in float64.  x : (n,) or (k, n) finite numbers; returns (m,) or (k, m)."""
        return self.preactivation(x)

    def forward_exact(self, x: Iterable[Number]) -> list[Fraction]:
        """The map in rationals.  x : n numbers; returns m Fractions."""
        return self.preactivation_exact(x)


class ReLULayer(_Affine):
    """The layer x -> ReLU(Wx + b), frozen; rows of W are neurons.

    W : (m, n) numbers, n >= 1; b : (m,) numbers, or None for zeros.  Both are kept exactly (see
    `RationalArray`): `weight` and `bias` are the exact arrays, `W` and `b` their float64 views.  Two layers
    are equal when their numbers are.  Raises InputError for NaN, infinities and shapes that do not fit.

    >>> layer = ReLULayer([[1.0], [-1.0]], ["-1", "1/3"])
    >>> layer.forward_exact(["1/4"])
    [Fraction(0, 1), Fraction(1, 12)]
    >>> layer.forward([[2.0], [0.0]]).round(3).tolist()
    [[1.0, 0.0], [0.0, 0.333]]
    """

    def forward(self, x: Any) -> np.ndarray:
        """The layer in float64.  x : (n,) or (k, n) finite numbers; returns (m,) or (k, m)."""
        return np.maximum(self.preactivation(x), 0.0)

    def forward_exact(self, x: Iterable[Number]) -> list[Fraction]:
        """The layer in rationals.  x : n numbers; returns m Fractions."""
        return [max(value, Fraction(0)) for value in self.preactivation_exact(x)]


@dataclass(frozen=True, init=False)
class ReLUNetwork:
    """ReLU layers, one after the other, and an affine read-out.

    layers : (W, b) pairs or ReLULayer objects, not both kinds; b may be None.  readout : an AffineMap or a
    (W, b) pair.

    * Pairs alone: the last pair is the read-out; with `relu_output=True` it is a ReLU layer like the others.
    * ReLULayer objects, or pairs together with `readout`: every entry of `layers` is a ReLU layer.

    The attribute `layers` is the tuple of ReLULayer, `readout` an AffineMap or None.  Networks are equal when
    their numbers are.  Raises InputError where the width of one layer is not the number of inputs of the
    next.

    >>> net = ReLUNetwork([([[1], [-1]], None), ([[1, 1]], [-2])])
    >>> net, net.forward_exact([-5])
    (ReLUNetwork(1 -> 2 -> read-out 1), [Fraction(3, 1)])
    >>> ReLUNetwork([([[1], [-1]], None), ([[1, 1]], [-2])], relu_output=True).widths
    (2, 1)
    """

    layers: tuple[ReLULayer, ...]
    readout: AffineMap | None

    def __init__(self, layers: Iterable[Any], readout: Any = None, *, relu_output: bool = False) -> None:
        if isinstance(layers, _Affine) or not isinstance(layers, Iterable):
            reject("layers", layers, "must be a list of (W, b) pairs or of ReLULayer objects")
        given = list(layers)
        if readout is not None and relu_output:
            reject("relu_output", True, "must be False where a read-out is given")
        kinds = {isinstance(entry, ReLULayer) for entry in given}
        if len(kinds) > 1:
            reject("layers", given, "must be all (W, b) pairs or all ReLULayer objects (with readout=)")
        if readout is None and kinds == {False} and not relu_output:
            *given, readout = given
        hidden = tuple(_made(ReLULayer, entry, f"layers[{i}]") for i, entry in enumerate(given))
        last = None if readout is None else _made(AffineMap, readout, "readout")
        if not hidden and last is None:
            reject("layers", given, "must not be empty")
        _check_chain([*hidden, last] if last is not None else hidden)
        object.__setattr__(self, "layers", hidden)
        object.__setattr__(self, "readout", last)

    @property
    def input_dim(self) -> int:
        """Dimension of the input space."""
        return self._maps[0].n

    @property
    def output_dim(self) -> int:
        """Dimension of the output space."""
        return self._maps[-1].m

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers of neurons of the ReLU layers."""
        return tuple(layer.m for layer in self.layers)

    @property
    def _maps(self) -> tuple[ReLULayer | AffineMap, ...]:
        return self.layers if self.readout is None else (*self.layers, self.readout)

    def forward(self, x: Any) -> np.ndarray:
        """The network in float64.  x : (n,) or (k, n) numbers; returns (output_dim,) or (k, output_dim)."""
        value = _points(x, self.input_dim)
        for layer in self.layers:
            value = np.maximum(layer._preactivation(value), 0.0)
        return value if self.readout is None else self.readout._preactivation(value)

    def forward_exact(self, x: Iterable[Number]) -> list[Fraction]:
        """The network in rationals.  x : n numbers; returns output_dim Fractions."""
        value = _exact_point(x, self.input_dim)
        for layer in self._maps:
            value = layer.forward_exact(value)
        return value

    def __repr__(self) -> str:
        parts = [str(width) for width in (self.input_dim, *self.widths)]
        return f"ReLUNetwork({' -> '.join(parts)}{f' -> read-out {self.readout.m}' if self.readout else ''})"


def _made(kind: type[Any], entry: Any, name: str) -> Any:
    """`entry` as a `kind`: already one, or the pair (W, b) of one."""
    if isinstance(entry, kind):
        return entry
    if not isinstance(entry, (tuple, list)) or len(entry) != 2:
        reject(name, entry, f"must be a (W, b) pair or a {kind.__name__}")
    try:
        return kind(*entry)
    except InputError as error:
        raise type(error)(f"{name}: {error}") from None


def _check_chain(maps: Sequence[_Affine]) -> None:
    for i, (before, after) in enumerate(pairwise(maps)):
        if after.n != before.m:
            name = "readout" if isinstance(after, AffineMap) else f"layers[{i + 1}]"
            reject(name, after, f"must have n = {before.m}, the width of layers[{i}]")


def _points(x: Any, n: int) -> np.ndarray:
    """`x` as a float64 array of shape (n,) or (k, n)."""
    try:
        array = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        reject("x", x, "must be an array of numbers within the range of float64")
    if array.ndim not in (1, 2) or array.shape[-1] != n:
        reject("x", f"array of shape {array.shape}", f"must have shape ({n},) or (k, {n})")
    if not np.isfinite(array).all():
        reject("x", float(array[~np.isfinite(array)][0]), "must be finite")
    return array


def _exact_point(x: Iterable[Number], n: int) -> list[Fraction]:
    """`x` as n Fractions."""
    if isinstance(x, (str, bytes)) or not isinstance(x, Iterable):
        reject("x", x, "must be a sequence of numbers")
    point = [rational(v, f"x[{i}]") for i, v in enumerate(x)]
    if len(point) != n:
        reject("x", f"point with {len(point)} coordinates", f"must have {n}")
    return point
