"""Affine maps and ReLUs in the order in which a file applies them, made into a network without rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import RationalArray
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork


class Chain:
    """Collects x -> Wx, x -> x + c and ReLU; consecutive affine maps are composed in rationals.

    n : dimension of the input.

    >>> chain = Chain(1)
    >>> for step in (chain.shift([1]), chain.linear([[2], [3]]), chain.relu()):
    ...     pass
    >>> chain.network().layers[0].b.tolist()
    [2.0, 3.0]
    """

    def __init__(self, n: int) -> None:
        self.width = n
        self._layers: list[ReLULayer] = []
        self._weight: RationalArray | None = None  # the affine map since the last ReLU; None: identity
        self._bias: RationalArray | None = None  # None: zero

    def linear(self, W: Any) -> None:
        """Apply x -> Wx.  W : (m, width) numbers."""
        weight = RationalArray(W, "weight", ndim=2)
        if weight.shape[1] != self.width:
            reject(
                "weight",
                f"array of shape {weight.shape}",
                f"must have {self.width} columns, the width before it",
            )
        if self._bias is not None:
            self._bias = RationalArray((weight.fmpq * self._bias.fmpq).entries(), "bias", ndim=1)
        if self._weight is None:
            self._weight = weight
        else:
            self._weight = RationalArray(weight.fmpq * self._weight.fmpq, "weight", ndim=2)
        self.width = weight.shape[0]

    def shift(self, c: Any) -> None:
        """Apply x -> x + c.  c : (width,) numbers."""
        bias = RationalArray(c, "bias", ndim=1)
        if bias.shape != (self.width,):
            reject(
                "bias",
                f"array of length {bias.shape[0]}",
                f"must have {self.width} entries, the width before it",
            )
        if self._bias is not None:
            pairs = zip(self._bias.fractions(), bias.fractions(), strict=True)
            bias = RationalArray([p + q for p, q in pairs], "bias", ndim=1)
        self._bias = bias if any(bias.fractions()) else None

    def relu(self) -> None:
        """Apply ReLU."""
        if self._weight is None and self._bias is None and self._layers:
            return  # ReLU(ReLU(x)) = ReLU(x)
        self._layers.append(ReLULayer(self._matrix(), self._bias))
        self._weight = self._bias = None

    def network(self) -> ReLUNetwork:
        """The network; affine maps after the last ReLU are its read-out."""
        if self._weight is None and self._bias is None and self._layers:
            return ReLUNetwork(self._layers)
        return ReLUNetwork(self._layers, readout=AffineMap(self._matrix(), self._bias))

    def _matrix(self) -> Any:
        return np.eye(self.width) if self._weight is None else self._weight
