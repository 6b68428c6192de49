"""Instances on which statements are checked: small exact layers and networks, seeded generators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from relutheory.networks import AffineMap, ReLULayer, ReLUNetwork


@dataclass(frozen=True, kw_only=True)
class NetworkAtPoint:
    """A network and a point of its input space."""

    network: ReLUNetwork
    x: tuple[Fraction, ...]


def at_point(network: ReLUNetwork, x: Iterable[int | str | Fraction]) -> NetworkAtPoint:
    """The network at the point with these coordinates."""
    return NetworkAtPoint(network=network, x=tuple(Fraction(v) for v in x))


def describe(instance: Any) -> dict[str, Any]:
    """An instance as JSON-able data; every number is a string "p" or "p/q".

    >>> describe(ReLULayer([[1], ["-1/2"]]))
    {'W': [['1'], ['-1/2']], 'b': ['0', '0']}
    """
    if isinstance(instance, NetworkAtPoint):
        return {**describe(instance.network), "x": texts(instance.x)}
    if isinstance(instance, ReLUNetwork):
        readout = {} if instance.readout is None else {"readout": describe(instance.readout)}
        return {"layers": [describe(layer) for layer in instance.layers], **readout}
    if isinstance(instance, (ReLULayer, AffineMap)):
        return {
            "W": [texts(row) for row in instance.weight.fractions()],
            "b": texts(instance.bias.fractions()),
        }
    if hasattr(instance, "described"):  # instances of one theorem say what they are
        data: dict[str, Any] = instance.described()
        return data
    raise TypeError(f"no description of a {type(instance).__name__}")


def texts(values: Iterable[Any]) -> list[str]:
    """The values as text: rationals as "p" or "p/q"."""
    return [str(v) for v in values]


def shown_point(values: Iterable[Any]) -> str:
    """A point as text, (p/q, ...)."""
    return f"({', '.join(texts(values))})"


def identity(n: int) -> list[list[int]]:
    """The n x n identity matrix as integers."""
    return [[int(i == j) for j in range(n)] for i in range(n)]


def paired(B: Sequence[Sequence[Any]], D: Sequence[Any], M: Sequence[Sequence[Any]] = ()) -> ReLULayer:
    """The layer with W = [B; -DB; M] and no bias.

    >>> paired([[1]], [2], [[5]]).weight.fractions() == [[1], [-2], [5]]
    True
    """
    second = [[-Fraction(d) * Fraction(v) for v in row] for d, row in zip(D, B, strict=True)]
    return ReLULayer([*B, *second, *M])


def random_layer(
    rng: np.random.Generator, *, n_max: int = 3, m_max: int = 6, bias: bool = False, extra: bool = True
) -> ReLULayer:
    """A small integer layer, often injective, often not, with zero, parallel and duplicate rows among them.

    Half of the time the rows are [B; -DB] with further rows where there is room and `extra` allows it, in
    random order, and then half of the time one entry is changed; otherwise all entries are drawn from -2..2.
    """
    n = int(rng.integers(1, n_max + 1))
    m = int(rng.integers(max(1, 2 * n - 1), m_max + 1 if extra else 2 * n + 1))
    W = rng.integers(-2, 3, size=(m, n))
    if m >= 2 * n and rng.random() < 0.5:
        W[n : 2 * n] = -rng.integers(1, 4, size=(n, 1)) * W[:n]
        if rng.random() < 0.5:
            W[rng.integers(m), rng.integers(n)] += 1
    return ReLULayer(rng.permutation(W), rng.integers(-2, 3, size=m) if bias else None)


def random_network_at_point(rng: np.random.Generator, *, neurons: int = 6) -> NetworkAtPoint:
    """A small integer network of at most this many neurons and a half-integer point; ties at 0 are common.

    Half of the networks have the same width everywhere, and half have a read-out.
    """
    depth = int(rng.integers(1, 4))
    n = int(rng.integers(1, 4))
    fixed = rng.random() < 0.5 and n * depth <= neurons
    widths = [n] * (depth + 1) if fixed else [n, *(int(v) for v in rng.integers(1, neurons // depth + 1, size=depth))]
    layers = [
        ReLULayer(rng.integers(-2, 3, size=(after, before)), rng.integers(-2, 3, size=after))
        for before, after in pairwise(widths)
    ]
    readout = AffineMap(rng.integers(-2, 3, size=(2, widths[-1])), rng.integers(-2, 3, size=2))
    x = [Fraction(int(v), 2) for v in rng.integers(-4, 5, size=n)]
    return at_point(ReLUNetwork(layers, readout=readout if rng.random() < 0.5 else None), x)
