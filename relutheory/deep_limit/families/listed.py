"""Families given by a list of layers, or by a function of n."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from flint import arb, fmpq_mat

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import rational, to_fmpq
from relutheory.deep_limit.families.norms import norm_upper
from relutheory.deep_limit.families.rules import WEIGHTS, Rule, Tail
from relutheory.deep_limit.families.separated import identity
from relutheory.networks.layers import ReLULayer

_CHECKED = 64  # layers of a function that are looked at before any question about all of them
_ENTRIES = 2 * 10**7  # weights of these layers, after which no more are looked at


def made_layer(given: Any, n: int) -> ReLULayer:
    """`given` as layer n: a ReLULayer, or the pair (W, b) of one.  Raises InputError that names the layer."""
    if isinstance(given, ReLULayer):
        return given
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise InputError(f"layers: must be ReLULayer objects or pairs (W, b), not {type(given).__name__} (layer {n})")
    try:
        layer = ReLULayer(*given)
    except InputError as error:
        raise InputError(f"{error} (layer {n})") from None
    if layer.m == 0:
        raise InputError(f"W: must have at least one row (layer {n})")
    return layer


class ListRule(Rule):
    """The layers of a list; after the last one the identity with zero bias."""

    def __init__(self, layers: Iterable[Any]) -> None:
        self.layers = [made_layer(given, n) for n, given in enumerate(layers, 1)]
        if not self.layers:
            reject("layers", [], "must not be empty")
        for n, (before, after) in enumerate(zip(self.layers, self.layers[1:], strict=False), 2):
            if after.n != before.m:
                reject("W", after, f"must have {before.m} columns, the width of the layer before (layer {n})")
        self.length = len(self.layers)
        self._norms: dict[tuple[str, str], list[arb]] = {}

    def width(self, n: int) -> int:
        return self.layers[0].n if n == 0 else self.layers[min(n, len(self.layers)) - 1].m

    def given(self, n: int) -> ReLULayer | None:
        """The n-th layer of the list, None after its end."""
        return self.layers[n - 1] if n <= len(self.layers) else None

    def exact(self, n: int) -> tuple[fmpq_mat, fmpq_mat]:
        layer = self.given(n)
        if layer is None:
            m = self.width(n)
            return identity(m, m), fmpq_mat(m, 1)
        return layer.weight.fmpq, layer.bias.fmpq

    def floats(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        layer = self.given(n)
        if layer is None:
            m = self.width(n)
            return np.eye(m), np.zeros(m)
        return layer.W, layer.b

    def tail(self, what: str, n: int, norm: str) -> Tail:
        if what == WEIGHTS:
            for i in range(len(self.layers), max(n, 1), -1):
                if self.width(i) < self.width(i - 1):
                    return Tail.unknown(
                        f"layer {i} is narrower than the one before: there is no embedding to compare with"
                    )
        norms = self._norms.get((what, norm))
        if norms is None:  # sums over i > n, for n = 0, 1, ..., from the end
            norms = [arb(0)]
            for i in range(len(self.layers), 0, -1):
                W, b = self.exact(i)
                if what == WEIGHTS:
                    value = norm_upper(W - identity(W.nrows(), W.ncols()), norm) if i > 1 else arb(0)
                else:
                    value = norm_upper(b, norm)
                norms.append((norms[-1] + value).upper())
            norms.reverse()
            self._norms[what, norm] = norms
        return Tail.finite(norms[min(n, len(self.layers))], "finite", f"the list ends with layer {len(self.layers)}")


class CallableRule(Rule):
    """Layers by a function of n; tails as declared by whoever gives it."""

    def __init__(
        self, layer: Callable[[int], Any], width: int | Callable[[int], int], input_dim: int | None, tails: Any
    ) -> None:
        self._layer, self._width, self._tails = layer, width, tails
        self._inputs = input_dim
        self._last: tuple[int, ReLULayer] | None = None

    def width(self, n: int) -> int:
        if n == 0:
            return self._inputs if self._inputs is not None else self.given(1).n
        if not callable(self._width):
            return self._width
        m = self._width(n)
        if isinstance(m, bool) or not isinstance(m, (int, np.integer)) or m < 1:
            reject("width", m, f"must be a positive integer (layer {n})")
        return int(m)

    def given(self, n: int) -> ReLULayer:
        """Layer n as the function gives it."""
        if self._last is None or self._last[0] != n:
            self._last = (n, made_layer(self._layer(n), n))
        return self._last[1]

    def exact(self, n: int) -> tuple[fmpq_mat, fmpq_mat]:
        layer = self._checked(n)
        return layer.weight.fmpq, layer.bias.fmpq

    def floats(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        layer = self._checked(n)
        return layer.W, layer.b

    def _checked(self, n: int) -> ReLULayer:
        layer = self.given(n)
        shape = (self.width(n), self.width(n - 1) if n > 1 else layer.n if self._inputs is None else self._inputs)
        if layer.weight.shape != shape:
            reject("W", f"array of shape {layer.weight.shape}", f"must have shape {shape} (layer {n})")
        return layer

    def check_first(self) -> None:
        left = _ENTRIES
        for n in range(1, _CHECKED + 1):
            rows, columns = self._checked(n).weight.shape
            left -= rows * columns
            if left < 0:
                return

    def tail(self, what: str, n: int, norm: str) -> Tail:
        if self._tails is None:
            return Tail.unknown("the layers are given by a function, and no tails were declared with it")
        declared = self._tails(n, norm)
        if not isinstance(declared, (tuple, list)) or len(declared) != 2:
            reject("tails", declared, f"must give a pair of bounds, of weights and of biases (n = {n})")
        value = declared[what != WEIGHTS]
        if value is None:
            return Tail.unknown("no such tail was declared")
        bound = value.upper() if isinstance(value, arb) else arb(to_fmpq(rational(value, "tails"))).upper()
        if not bound >= 0:
            reject("tails", value, f"must not be negative (n = {n})")
        i = max(n + 1, 2 if what == WEIGHTS else 1)
        W, b = self.exact(i)
        following = norm_upper(W - identity(W.nrows(), W.ncols()) if what == WEIGHTS else b, norm, upper=False)
        if following > bound:
            reject("tails", value, f"must be at least the norm of the {what} of the next layer (layer {i})")
        return Tail.finite(bound, "declared", "as declared with the family")
