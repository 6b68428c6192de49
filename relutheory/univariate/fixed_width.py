"""The classes of networks of fixed width: one input, one output, and layers that all have the same width."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.networks.layers import ReLUNetwork
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.evaluation import evaluate_within
from relutheory.univariate.inputs import sequence

_KINKS = 5000  # up to so many the function is found node by node in any case
_MOST = 10**7  # weights and biases of a network that is made: more would fill the memory


def parameter_count(W: int, L: int) -> int:
    """The number n(W, L) of weights and biases of a network of width W and depth L: W (W + 1) L - (W - 1)^2 + 2.

    W : width, integer >= 1.  L : depth (number of hidden layers), integer >= 1.  Counted are all entries of the
    matrices and vectors, zero or not: 2 W for the first layer, W^2 + W for each of the others, W + 1 for the read-out.
    Raises InputError for other W and L.  Source: daubechies2022.

    >>> parameter_count(3, 1), parameter_count(8, 4)
    (10, 241)
    """
    W, L = checked_integer("W", W, 1), checked_integer("L", L, 1)
    return W * (W + 1) * L - (W - 1) ** 2 + 2


def checked_integer(name: str, value: Any, least: int) -> int:
    """An integer of at least this size as an int; anything else is an InputError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        reject(name, value, f"must be an integer >= {least}")
    return int(value)


def checked_size(name: str, value: Any, W: int, L: int) -> None:
    """Refuse the argument that asks for a network too large for the memory, before it is made."""
    count = parameter_count(W, L)
    if count > _MOST:
        reject(name, value, f"makes a network of {count} weights and biases, and must make at most {_MOST}")


def checked_numbers(name: str, values: Any) -> list[Fraction]:
    """The numbers of a sequence, exactly; what is no sequence of numbers is an InputError."""
    given = enumerate(sequence(values, name))
    return [v if type(v) is Fraction else rational(v, f"{name}[{i}]") for i, v in given]


@dataclass(frozen=True, eq=False)
class FixedWidthNetwork:
    """A network of one input, one output and L >= 1 hidden layers of width W each: a function of the class of W and L.

    network : ReLUNetwork with a read-out.  `width` and `depth` are W and L, `parameters` is n(W, L), `function` is the
    function on [0, 1] as a CPwL, exactly and constant beyond.  f(x) is the network at one number, exactly, also for x
    outside [0, 1].  Raises InputError for networks of other shapes.

    >>> from relutheory import ReLUNetwork
    >>> tent = FixedWidthNetwork(ReLUNetwork([([[1], [1]], [0, "-1/2"]), ([[2, -4]], [0])]))
    >>> tent.width, tent.depth, tent.parameters, tent("1/4")
    (2, 1, 7, Fraction(1, 2))
    >>> tent.function == CPwL([0, "1/2", 1], [0, 1, 0])
    True
    """

    network: ReLUNetwork

    def __post_init__(self) -> None:
        net = self.network
        if not isinstance(net, ReLUNetwork):
            reject("network", net, "must be a ReLUNetwork")
        if net.readout is None or not net.layers:
            reject("network", net, "must have a hidden layer and a read-out")
        if net.input_dim != 1 or net.output_dim != 1:
            reject("network", net, "must have one input and one output")
        if len(set(net.widths)) != 1 or net.widths[0] == 0:
            reject("network", net, "must have hidden layers of the same width, at least 1")

    @property
    def width(self) -> int:
        """The width W of all hidden layers."""
        return self.network.widths[0]

    @property
    def depth(self) -> int:
        """The number L of hidden layers."""
        return len(self.network.layers)

    @property
    def parameters(self) -> int:
        """The number n(W, L) of weights and biases."""
        return parameter_count(self.width, self.depth)

    @cached_property
    def function(self) -> CPwL:
        """The function on [0, 1], exactly; constant beyond."""
        from relutheory.univariate.nodes import network_function

        # a spline has fewer kinks in all nodes together than parameters; a sawtooth has many more
        found = network_function(self.network, most=max(_KINKS, 4 * self.parameters))
        return CPwL.from_network(self.network, 0, 1) if found is None else found

    def range(self) -> tuple[Fraction, Fraction]:
        """The least and the greatest value on [0, 1]."""
        return self.function.range(0, 1)

    def __call__(self, x: Number) -> Fraction:
        """The value at a number, exactly."""
        return self.network.forward_exact([x])[0]

    def evaluate(self, points: Any) -> np.ndarray:
        """The values at an array of points in [0, 1], float64: of `function`, so that no rounding grows with depth.

        >>> from relutheory import CPwL, spline_network
        >>> spline_network(CPwL([0, "1/3", 1], [0, 1, 0])).evaluate([0, 0.5, 1]).tolist()
        [0.0, 0.75, 0.0]
        """
        return evaluate_within(self.function, points, Fraction(0), Fraction(1))

    def __repr__(self) -> str:
        return f"FixedWidthNetwork(width={self.width}, depth={self.depth})"
