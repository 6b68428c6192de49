"""Writing a network layer by layer: forms in the neurons of one layer are what the next layer applies ReLU to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relutheory.core.exact import nearest_float
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork

Scalar = Fraction | int


@dataclass(frozen=True, eq=False)
class Form:
    """An affine form in the neurons of layer `layer` (0: in the inputs): constant + sum of terms[i] * neuron i."""

    layer: int
    terms: dict[int, Fraction]
    constant: Fraction

    def __add__(self, other: Form | Scalar) -> Form:
        if not isinstance(other, Form):
            return Form(self.layer, self.terms, self.constant + other)
        if other.layer != self.layer:
            raise ValueError(f"forms in layers {self.layer} and {other.layer} have no sum")
        terms = dict(self.terms)
        for i, v in other.terms.items():
            terms[i] = terms.get(i, Fraction(0)) + v
        return Form(self.layer, terms, self.constant + other.constant)

    def __mul__(self, factor: Scalar) -> Form:
        return Form(self.layer, {i: v * factor for i, v in self.terms.items()}, self.constant * factor)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Form:
        return self * -1

    def __sub__(self, other: Form | Scalar) -> Form:
        return self + -other

    def __rsub__(self, other: Scalar) -> Form:
        return -self + other


class Builder:
    """A network in the making.  `inputs` : its inputs as forms; `relu` adds a layer, `network` ends it.

    >>> builder = Builder()
    >>> (x,) = builder.inputs
    >>> (a, b), _ = builder.relu([x, x - Fraction(1, 2)])
    >>> builder.network(2 * a - 4 * b).forward_exact(["3/4"])
    [Fraction(1, 2)]
    """

    def __init__(self, inputs: int = 1) -> None:
        self.inputs = [self._neuron(0, i) for i in range(inputs)]
        self._rows: list[list[Form]] = []

    @staticmethod
    def _neuron(layer: int, i: int) -> Form:
        return Form(layer, {i: Fraction(1)}, Fraction(0))

    @property
    def depth(self) -> int:
        """Layers so far."""
        return len(self._rows)

    def relu(self, forms: Iterable[Form], carry: Iterable[tuple[Form, Scalar]] = ()) -> tuple[list[Form], list[Form]]:
        """A new layer.  Returns ReLU of the forms; and, unchanged, the carried ones, each given with a lower bound."""
        computed, kept = list(forms), list(carry)
        rows = [*computed, *(form - low for form, low in kept)]
        for form in rows:
            if form.layer != len(self._rows):
                raise ValueError(f"layer {len(self._rows) + 1} takes forms in layer {len(self._rows)} only")
        self._rows.append(rows)
        made = [self._neuron(len(self._rows), i) for i in range(len(rows))]
        lifted = [neuron + low for neuron, (_, low) in zip(made[len(computed) :], kept, strict=True)]
        return made[: len(computed)], lifted

    def network(self, *outputs: Form) -> ReLUNetwork:
        """The network with these forms in its last layer as outputs; layers are filled up to one width by zeros."""
        width = max((len(rows) for rows in self._rows), default=0)
        zero = Form(0, {}, Fraction(0))
        inputs, layers = len(self.inputs), []
        for rows in self._rows:
            layers.append(ReLULayer(*_matrix([*rows, *[zero] * (width - len(rows))], inputs)))
            inputs = width
        return ReLUNetwork(layers, readout=AffineMap(*_matrix(outputs, inputs)))


def _matrix(rows: Sequence[Form], inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases: floats where all of them are floats, which is quicker, else Fractions."""
    weight, bias = np.zeros((len(rows), inputs)), np.zeros(len(rows))
    for i, row in enumerate(rows):
        bias[i] = nearest_float(row.constant)
        for j, v in row.terms.items():
            weight[i, j] = nearest_float(v)
    return (
        _exactly(weight, (((i, j), v) for i, row in enumerate(rows) for j, v in row.terms.items())),
        _exactly(bias, (((i,), row.constant) for i, row in enumerate(rows))),
    )


def _exactly(floats: np.ndarray, entries: Iterable[tuple[tuple[int, ...], Fraction]]) -> np.ndarray:
    given = list(entries)
    if all(math.isfinite(floats[index]) and floats[index] == v for index, v in given):
        return floats
    exact = np.full(floats.shape, Fraction(0), dtype=object)
    for index, v in given:
        exact[index] = v
    return exact


def median(builder: Builder, a: Form, b: Form, c: Form, low: Scalar) -> Form:
    """The middle one of three numbers >= low, in two layers: c clipped to the interval between a and b."""
    (gap,), (a, b, c) = builder.relu([a - b], [(a, low), (b, low), (c, low)])
    least, most = a - gap, b + gap
    (above, beyond), (least,) = builder.relu([c - least, c - most], [(least, low)])
    return least + above - beyond


def step(form: Form, at: Scalar, ramp: Scalar) -> list[Form]:
    """The two neurons whose difference, over `ramp`, is 0 up to at - ramp and 1 from `at` on."""
    return [form - (at - ramp), form - at]


def digit(code: Form, top: int) -> list[Form]:
    """The two neurons whose difference, doubled, is 0 for integers below `top` and 1 from it on.

    The ramp lies between the integers, so that rounding errors below 1/4 do not matter.
    """
    return step(code, top - Fraction(1, 4), Fraction(1, 2))
