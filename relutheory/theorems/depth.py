"""What the statements about infinite depth share: exact passes, norms of rationals, and the bound by products."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.instances import describe, texts

NORMS = ("1", "inf")  # the induced norms that are rational
Vector = Sequence[Fraction]
Activation = Callable[[Fraction], Fraction]

ACTIVATIONS: dict[str, Activation] = {
    "ReLU": lambda v: max(v, Fraction(0)),
    "clip to [-1, 1]": lambda v: max(min(v, Fraction(1)), Fraction(-1)),
    "absolute value": abs,
    "leaky ReLU, slope 1/2": lambda v: max(v, v / 2),
    "twice ReLU": lambda v: max(2 * v, Fraction(0)),
}


@dataclass(frozen=True, kw_only=True)
class Deep:
    """The first layers of a network, an input, and the activation function (a key of ACTIVATIONS)."""

    layers: tuple[ReLULayer, ...]
    x: tuple[Fraction, ...]
    activation: str = "ReLU"

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        data = {"layers": [describe(layer) for layer in self.layers], "x": texts(self.x)}
        return data if self.activation == "ReLU" else data | {"activation": self.activation}


def deep(layers: Iterable[Any], x: Iterable[Any], activation: str = "ReLU") -> Deep:
    """The instance with these layers, (W, b) pairs, and this input."""
    made = tuple(layer if isinstance(layer, ReLULayer) else ReLULayer(*layer) for layer in layers)
    return Deep(layers=made, x=tuple(Fraction(v) for v in x), activation=activation)


def states(instance: Deep, activation: str | None = None) -> list[list[Fraction]]:
    """x_1, x_2, ...: the input through one layer, two layers, ..., exactly."""
    function = ACTIVATIONS[instance.activation if activation is None else activation]
    found: list[list[Fraction]] = []
    x: Iterable[Fraction] = instance.x
    for layer in instance.layers:
        found.append([function(v) for v in layer.preactivation_exact(x)])
        x = found[-1]
    return found


def vector_norm(v: Iterable[Fraction], norm: str) -> Fraction:
    """The norm "1" or "inf" of a vector; 0 for the empty one.

    >>> vector_norm([Fraction(1), Fraction(-2)], "1")
    Fraction(3, 1)
    """
    sizes = [abs(entry) for entry in v]
    return sum(sizes, Fraction(0)) if norm == "1" else max(sizes, default=Fraction(0))


def matrix_norm(M: Sequence[Vector], norm: str) -> Fraction:
    """The induced norm "1" (largest column sum) or "inf" (largest row sum) of a matrix.

    >>> matrix_norm([[Fraction(1), Fraction(-2)]], "1"), matrix_norm([[Fraction(1), Fraction(-2)]], "inf")
    (Fraction(2, 1), Fraction(3, 1))
    """
    lines = list(zip(*M, strict=True)) if norm == "1" else M
    return max((vector_norm(line, "1") for line in lines), default=Fraction(0))


def perturbation(layer: ReLULayer) -> list[list[Fraction]]:
    """W - E, where E has ones on the diagonal: the identity, or the zero extension where W has more rows."""
    return [[w - int(i == j) for j, w in enumerate(row)] for i, row in enumerate(layer.weight.fractions())]


def sizes(layers: Iterable[ReLULayer], norm: str) -> tuple[list[Fraction], list[Fraction]]:
    """|P_k| and |b_k| of the layers."""
    pairs = [(matrix_norm(perturbation(k), norm), vector_norm(k.bias.fractions(), norm)) for k in layers]
    return [p for p, _ in pairs], [b for _, b in pairs]


def spread(size: Fraction, p: Sequence[Fraction], beta: Sequence[Fraction]) -> Fraction:
    """(prod (1 + p_k) - 1) size + sum_k beta_k prod_{j > k} (1 + p_j), the bound on the distance travelled.

    >>> spread(Fraction(1), [Fraction(1), Fraction(1)], [Fraction(0), Fraction(1)])
    Fraction(4, 1)
    """
    later = [prod((1 + q for q in p[k + 1 :]), start=Fraction(1)) for k in range(len(p))]
    growth = prod((1 + q for q in p), start=Fraction(1))
    return (growth - 1) * size + sum((b * factor for b, factor in zip(beta, later, strict=True)), Fraction(0))


def distance(x: Vector, y: Vector, norm: str) -> Fraction:
    """|x - y|, the shorter vector continued by zeros."""
    length = max(len(x), len(y))
    long, short = ([*v, *[Fraction(0)] * (length - len(v))] for v in (x, y))
    return vector_norm((a - b for a, b in zip(long, short, strict=True)), norm)


def short(value: Fraction) -> str:
    """A rational as text: exact where that is short, else to six digits."""
    text = str(value) if max(value.numerator.bit_length(), value.denominator.bit_length()) < 60 else ""
    return text if text and len(text) <= 24 else f"~{float(value):.6g}"


def random_fractions(rng: np.random.Generator, shape: Any, *, most: int = 2, over: int = 1) -> Any:
    """An object array of integers from -most to most, divided by `over`."""
    drawn = rng.integers(-most, most + 1, size=shape)
    return np.vectorize(lambda v: Fraction(int(v), over), otypes=[object])(drawn)


def eye(m: int) -> Any:
    """The identity as an object array of Fractions."""
    return np.vectorize(Fraction, otypes=[object])(np.eye(m, dtype=int))
