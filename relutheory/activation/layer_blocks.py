"""Where the layers of a deep network come from: a family, a list, or a function that makes blocks of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.errors import InputError, reject
from relutheory.networks.layers import ReLULayer, ReLUNetwork

_ENTRIES = 1 << 18  # weights in a block: 2 MB, so that they are still in the cache when they are used


@dataclass(frozen=True)
class Block:
    """Consecutive layers of one shape: W : (B, m, n), b : (B, m) float64.

    first : the number of the first one, counted from 1.  exact : whether the floats are the numbers meant; else each is
    within 2u |w| + 2^-1074 of it, u = 2^-53.
    """

    first: int
    W: np.ndarray
    b: np.ndarray
    exact: bool


class LayerSource:
    """Layers 1, 2, ... of a deep network, in float64 blocks or exact, one after the other.

    layers : a family, that is an object with `layer(n)` and `floats(n)`, n = 1, 2, ...; a ReLULayer or a ReLUNetwork
    without read-out; a list of ReLULayer objects or (W, b) pairs; or a function (first, count) -> (W, b) that gives
    1 <= B <= count layers from number `first` on, W : (B, m, n) and b : (B, m) finite float64.
    length : how many there are, None for no end.
    """

    length: int | None = None

    def __init__(self, layers: Any) -> None:
        self._family: Any = None
        self._make: Callable[[int, int], tuple[Any, Any]] | None = None
        self._list: Sequence[Any] = ()
        if hasattr(layers, "floats") and hasattr(layers, "layer"):
            self._family = layers
            self._make = getattr(layers, "float_block", None)
        elif isinstance(layers, (ReLULayer, ReLUNetwork)):
            if isinstance(layers, ReLUNetwork) and layers.readout is not None:
                reject("layers", layers, "must have no read-out; give net.layers")
            self._list = (layers,) if isinstance(layers, ReLULayer) else layers.layers
            self.length = len(self._list)
        elif callable(layers):
            self._make = layers
        elif isinstance(layers, Sequence) and not isinstance(layers, (str, bytes)):
            self._list = layers
            self.length = len(layers)
        else:
            reject("layers", layers, "must be a family, a list of layers, or a function (first, count) -> (W, b)")

    @property
    def input_dim(self) -> int | None:
        """Dimension of the input space, None where only the input tells."""
        if self._family is not None:
            return getattr(self._family, "input_dim", None)
        return self.layer(1).n if self._list else None

    def inputs_of(self, x: Any) -> int:
        """Dimension of the input space: that of the first layer, or where only the input x tells, that of x."""
        d = self.input_dim
        if d is not None:
            return d
        try:
            shape = np.shape(x)
        except ValueError:
            reject("x", x, "must be one point (d,) or k points (k, d)")
        return shape[-1] if shape else 1

    def check_depth(self, depth: Any, start: int = 0) -> int:
        """`depth` as the number of the last layer wanted; None is the last one there is."""
        if depth is None and self.length is not None:
            depth = self.length
        if isinstance(depth, bool) or not isinstance(depth, (int, np.integer)) or depth < start:
            reject("depth", depth, f"must be an integer >= {start}")
        if self.length is not None and depth > self.length:
            reject("depth", depth, f"must be at most {self.length}, the number of layers")
        return int(depth)

    def layer(self, number: int) -> ReLULayer:
        """The layer of this number, exactly."""
        if self._family is not None:
            layer: ReLULayer = self._family.layer(number)
            return layer
        if self._make is not None:
            W, b = self._block(number, 1, np.asarray)
            return ReLULayer(W[0], b[0])
        entry = self._list[number - 1]
        if isinstance(entry, ReLULayer):
            return entry
        if not isinstance(entry, (tuple, list)) or len(entry) != 2:
            reject(f"layers[{number - 1}]", entry, "must be a ReLULayer or a pair (W, b)")
        try:
            return ReLULayer(*entry)
        except InputError as error:
            raise InputError(f"{error} (layer {number})") from None

    def blocks(self, start: int, depth: int, n: int) -> Iterator[Block]:
        """The layers start + 1, ..., depth in float64; the first has n inputs."""
        pieces = self._made(start + 1, depth, n) if self._make is not None else self._stacked(start + 1, depth)
        for block in pieces:
            count, m, columns = block.W.shape
            if columns != n or (count > 1 and m != n):
                reject("W", f"array of shape {(m, columns)}", f"must have {n} columns (layer {block.first})")
            yield block
            n = m

    def _made(self, first: int, depth: int, n: int) -> Iterator[Block]:
        """The blocks that the function gives."""
        while first <= depth:
            count = max(1, min(depth + 1 - first, _ENTRIES // max(1, n * n)))
            W, b = self._block(first, count, _for_kernels)
            yield Block(first, W, b, self._family is None or self._floats_exact)
            first, n = first + len(W), W.shape[1]

    def _block(self, first: int, count: int, as_array: Callable[[Any], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """What the function gives from layer `first` on, as arrays of shapes that fit each other."""
        assert self._make is not None
        given = self._make(first, count)
        rule = f"must be (B, m, n) and (B, m) with 1 <= B <= {count} (layer {first})"
        try:
            W, b = map(as_array, given)
        except (TypeError, ValueError):
            reject("W, b", given, f"{rule} of numbers")
        if W.ndim != 3 or not 1 <= len(W) <= count or W.shape[:2] != b.shape:
            reject("W, b", f"arrays of shapes {W.shape} and {b.shape}", rule)
        return W, b

    @property
    def _floats_exact(self) -> bool:
        return bool(getattr(self._family, "floats_exact", False))

    def _stacked(self, first: int, depth: int) -> Iterator[Block]:
        """Single layers, put together while they have one square shape."""
        waiting: list[tuple[np.ndarray, np.ndarray, bool]] = []
        for number in range(first, depth + 1):
            W, b, exact = self._floats(number)
            shape, alike = W.shape, waiting and waiting[0][0].shape == W.shape and waiting[0][2] == exact
            if waiting and (not alike or (len(waiting) + 1) * W.size > _ENTRIES or shape[0] != shape[1]):
                yield _joined(number - len(waiting), waiting)
                waiting = []
            waiting.append((W, b, exact))
        if waiting:
            yield _joined(depth + 1 - len(waiting), waiting)

    def _floats(self, number: int) -> tuple[np.ndarray, np.ndarray, bool]:
        """One layer in float64, and whether it is exactly that."""
        if self._family is not None:
            W, b = self._family.floats(number)
            return W, b, self._floats_exact
        layer = self.layer(number)
        exact = layer.weight.floats_exact and layer.bias.floats_exact
        return layer.W, layer.b, exact


def chosen_depths(every: Any, start: int, last: int) -> tuple[int, ...]:
    """The depths at which something is kept, of start + 1, ..., last: `every` as in the passes along depth."""
    if every is None:
        return (last,) if last > start else ()
    if isinstance(every, (int, np.integer)) and not isinstance(every, bool):
        if every < 1:
            reject("every", every, "must be a positive integer, a list of depths, or None")
        return tuple(sorted({*range(start - start % int(every) + int(every), last + 1, int(every)), last} - {start}))
    try:
        depths = {int(n) for n in every if n == int(n)}
        odd = len(depths) != len(list(every)) or not all(start < n <= last for n in depths)
    except (TypeError, ValueError):
        odd = True
    if odd:
        reject("every", every, f"must be a positive integer, None, or a list of depths from {start + 1} to {last}")
    return tuple(sorted(depths))


def _for_kernels(given: Any) -> np.ndarray:
    return np.require(given, np.float64, ["C", "W"])  # kernels take no read-only arrays


def _joined(first: int, layers: Sequence[tuple[np.ndarray, np.ndarray, bool]]) -> Block:
    W, b = np.stack([W for W, _, _ in layers]), np.stack([b for _, b, _ in layers])
    return Block(first, W, b, layers[0][2])
