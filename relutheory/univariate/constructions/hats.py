"""Compositions of the hat function with itself: sawtooths, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from relutheory.core.errors import reject
from relutheory.univariate.constructions.building import Builder, Form
from relutheory.univariate.constructions.result import EXACT, Construction, checked_count
from relutheory.univariate.fixed_width import checked_size

HALF = Fraction(1, 2)


def hat_power(k: int, width: int = 2) -> Construction:
    """The k-fold composition of H(x) = 1 - |2x - 1| with itself: 2^(k - 1) teeth on [0, 1].

    k : from 1 on.  width : at least 2; with q = floor(log2 width), each layer realises q compositions by 2^q neurons,
    so that the depth is ceil(k / q).  Returns a `Construction` without error, of width 2^min(q, k).  Raises InputError
    for other k and widths, and where the network fills the memory.

    Source: Daubechies, DeVore, Foucart, Hanin, Petrova (2022); the sawtooth goes back to Telgarsky (2016).

    >>> teeth = hat_power(3)
    >>> teeth.width, teeth.depth, teeth("1/8"), teeth("1/4")
    (2, 3, Fraction(1, 1), Fraction(0, 1))
    """
    left = checked_count(k, "k")
    if checked_count(width, "width") < 2:
        reject("width", width, "must be at least 2: one neuron has one kink")
    most = int(width).bit_length() - 1
    checked_size("width", width, 2 ** min(most, left), -(-left // most))
    builder = Builder()
    (y,) = builder.inputs
    while left:
        q = min(most, left)
        y = sawtooth(builder.relu(sawtooth_neurons(y, q))[0])
        left -= q
    return made(builder, y, f"the hat function composed {k} times")


def sawtooth_neurons(y: Form, q: int = 1) -> list[Form]:
    """What 2^q neurons apply ReLU to, for the q-th power of the hat at y in [0, 1]."""
    return [y - Fraction(i, 2**q) for i in range(2**q)]


def sawtooth(neurons: list[Form]) -> Form:
    """The power of the hat from these neurons: slopes +-2^q by turns."""
    slope = len(neurons)
    first, *others = neurons
    total = slope * first
    for i, neuron in enumerate(others):
        total = total + (-1) ** (i + 1) * 2 * slope * neuron
    return total


def hat_chain(builder: Builder, y: Form, k: int) -> Form:
    """The k-th power of the hat at a form in [0, 1], by k layers of two neurons."""
    for _ in range(k):
        y = sawtooth(builder.relu(sawtooth_neurons(y))[0])
    return y


def made(builder: Builder, output: Form, target: str, **more: Any) -> Construction:
    """The construction without error whose output is this form."""
    return Construction(network=builder.network(output), target=target, error=Fraction(0), error_kind=EXACT, **more)
