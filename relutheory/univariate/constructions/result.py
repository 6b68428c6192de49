"""What a construction gives: a network, its size, and how far it is from the function it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.verdict import Enclosure
from relutheory.networks.layers import ReLUNetwork
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.evaluation import evaluate_within
from relutheory.univariate.inputs import about, whole

EXACT, ENCLOSED, BOUND = "exact", "enclosure", "upper bound"
_SHORT = 10**12  # numerators and denominators up to it are written out
_MOST_KINKS = 2 * 10**4  # about as many with long numbers as are listed in some seconds


@dataclass(frozen=True, kw_only=True)
class Construction:
    """A ReLU network made for a function, all layers of one width.

    network : ReLUNetwork with exact weights.  target : the function, in words.  error : its distance from the network's
    function in the supremum norm on `domain`: with `error_kind` "exact" this number (a Fraction), "upper bound" a
    proved bound (a Fraction), "enclosure" an `Enclosure`.  domain : the ends of the interval, of each input.

    `width`, `depth` : of the ReLU layers.  `parameters` : of a fully connected network of this size,
    W (W + 1) L - (W - 1)^2 + 2 for one input.  `function` : the network's function as a `CPwL`, exactly.
    `weight_bits` : the bits of the longest weight or bias.  hidden_kinks : about how many kinks its neurons have where
    that is known to be far more than the function has; listing the function takes them all.
    """

    network: ReLUNetwork
    target: str
    error: Fraction | Enclosure
    error_kind: str
    domain: tuple[Fraction, Fraction] = (Fraction(0), Fraction(1))
    hidden_kinks: Fraction = Fraction(0)

    @property
    def width(self) -> int:
        """Neurons in a layer."""
        return max(self.network.widths, default=0)

    @property
    def depth(self) -> int:
        """Number of ReLU layers."""
        return len(self.network.layers)

    @property
    def parameters(self) -> int:
        """Weights and biases, zeros included."""
        sizes = [self.network.input_dim, *self.network.widths, self.network.output_dim]
        return sum(m * (n + 1) for n, m in pairwise(sizes))

    @property
    def bits_per_layer(self) -> tuple[int, ...]:
        """For each layer and the read-out, the bits of numerator and denominator of its longest number."""
        maps: list[Any] = [*self.network.layers]
        if self.network.readout is not None:
            maps.append(self.network.readout)
        return tuple(max(map(_bits, _numbers(one)), default=0) for one in maps)

    @property
    def weight_bits(self) -> int:
        """The bits of numerator and denominator of the longest weight or bias."""
        return max(self.bits_per_layer, default=0)

    @cached_property
    def function(self) -> CPwL:
        """The network's function on the domain.

        Raises InputError where the network has two inputs, and where its neurons have too many kinks to list them all:
        the value at a point, by a call, is exact all the same.
        """
        if self.network.input_dim != 1:
            reject("network", self.network, "must have one input to be a function of one variable")
        if self.hidden_kinks > _MOST_KINKS:
            rule = f"its neurons have about {about(self.hidden_kinks)} kinks, and must have at most {_MOST_KINKS}"
            reject("network", self.network, f"{rule}; values at single points are exact at any size")
        return CPwL.from_network(self.network, *self.domain)

    def __call__(self, *x: Any) -> Fraction:
        """The network's value at an exact point."""
        return self.network.forward_exact(x)[0]

    def evaluate(self, points: Any) -> np.ndarray:
        """The values at an array of points of the domain, float64: of `function`, so that no rounding grows with depth.

        >>> from relutheory import square_network
        >>> square_network(10).evaluate([[0.5, 0.625]]).tolist()
        [[0.25, 0.390625]]
        """
        return evaluate_within(self.function, points, *self.domain)

    def __repr__(self) -> str:
        size = f"width {self.width}, depth {self.depth}, {self.parameters} parameters"
        return f"Construction({self.target}: {size}, error {_shown(self.error)}, {self.error_kind})"


def _numbers(one: Any) -> list[Fraction]:
    return [v for row in one.weight.fractions() for v in row] + list(one.bias.fractions())


def _bits(value: Fraction) -> int:
    return abs(value.numerator).bit_length() + value.denominator.bit_length() - 1


def _shown(error: Fraction | Enclosure) -> str:
    """Short: as it is where it is short, else to three digits."""
    if isinstance(error, Enclosure):
        return f"in [{_shown(error.lo)}, {_shown(error.hi)}]"
    if max(abs(error.numerator), error.denominator) < _SHORT and len(str(error)) <= 12:
        return str(error)
    power = math.floor(math.log10(abs(error.numerator)) - math.log10(error.denominator))
    scaled = error / Fraction(10) ** power
    return f"{scaled.numerator / scaled.denominator:.3g}e{power}"


def checked_count(value: Any, name: str, least: int = 1, most: int = 10**5) -> int:
    """`value` as an int from `least` to `most`; else an `InputError`."""
    return whole(name, value, least, most)
