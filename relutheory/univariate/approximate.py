"""One call from a function to a network: which construction, how large, how close, and why that one."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import rational
from relutheory.core.verdict import Enclosure, NotABool
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.candidates import Candidate, for_error, for_parameters
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.grids import check_count
from relutheory.univariate.splines import LEAST_WIDTH
from relutheory.univariate.targets import Target, as_target

LEAST_FLOAT_ERROR = Fraction(1, 2**40)  # of networks with float64 weights, relative to the size of f
_MOST = 10**5  # parameters


@dataclass(frozen=True, kw_only=True)
class Approximation(NotABool):
    """A network for a function of one variable.

    network : ReLUNetwork with exact weights, one input in [lo, hi], one output.  error : an `Enclosure` of the largest
    |f - network| on [lo, hi], proved where its rigor says EXACT or ENCLOSED (of a callable without further knowledge:
    SAMPLED).  construction : its name.  reason : why this one.  considered : all candidates, best first.
    `width`, `depth`, `parameters` : of the network.  `function` : the network's function on [lo, hi] as a `CPwL`.
    """

    network: ReLUNetwork
    error: Enclosure
    construction: str
    reason: str
    considered: tuple[Candidate, ...]
    target: Target = field(repr=False)
    _hint = "look at its error"

    @property
    def width(self) -> int:
        """The width of the hidden layers."""
        return max(self.network.widths)

    @property
    def depth(self) -> int:
        """The number of hidden layers."""
        return len(self.network.layers)

    @property
    def parameters(self) -> int:
        """Weights and biases, zeros included."""
        maps = (*self.network.layers, self.network.readout)
        return sum(one.m * (one.n + 1) for one in maps if one is not None)

    @cached_property
    def function(self) -> CPwL:
        """The network's function on [lo, hi], exactly."""
        return CPwL.from_network(self.network, self.target.lo, self.target.hi)

    def with_float_weights(self) -> Approximation:
        """The network with its weights rounded to float64, as files hold them, and the error of that network.

        Raises InputError for weights beyond the range of float64.

        >>> rounded = approximate("x**2", parameters=40).with_float_weights()
        >>> rounded.network.layers[0].weight.floats_exact
        True
        """
        network = _rounded(self.network)
        if network.layers == self.network.layers and network.readout == self.network.readout:
            return self
        moved = _on_unit_interval(network, self.target.lo, self.target.hi)
        error = self.target.distance(CPwL.from_network(moved))
        return Approximation(
            network=network,
            error=error,
            construction=self.construction,
            reason=self.reason + "; weights rounded to float64",
            considered=self.considered,
            target=self.target,
        )


def approximate(
    f: Any,
    *,
    error: Any = None,
    parameters: int | None = None,
    lo: Any = 0,
    hi: Any = 1,
    width: int | None = None,
    float_weights: bool = False,
) -> Approximation:
    """A ReLU network close to f on [lo, hi]: the closest one found with so many parameters, or the smallest so close.

    f : a formula in x such as "sqrt(x)", a name of `examples.NAMED`, a sympy expression in one symbol, a `CPwL`, a pair
    (x, y) of samples, or a function of float arrays, whose error can only be seen and not proved.
    error : > 0, the largest |f - network| wanted; or parameters : the most weights and biases.  Give one of them.
    lo, hi : numbers, lo < hi.  width : of the hidden layers, >= 4; None tries several, and one hidden layer.
    float_weights : round the weights to float64, and prove the error of the rounded network.

    Tried are networks made for f (piecewise linear functions exactly, polynomials, Takagi's function), and best
    free-knot splines, realised exactly with the widths allowed.
    Raises InputError for other arguments, where f is not finite on [lo, hi], and where the goal cannot be met.
    Source: daubechies2022.

    >>> result = approximate("x**2", error="1/10000")
    >>> result.construction, result.parameters, result.error.hi <= Fraction(1, 10000)
    ('network made for f', 70, True)
    """
    if (error is None) == (parameters is None):
        reject("error", error, "must be given, or parameters, but not both")
    if width is not None:
        check_count("width", width, LEAST_WIDTH, 10**4)
    goal = None if error is None else rational(error, "error")
    if goal is not None and goal <= 0:
        reject("error", error, "must be positive")
    if parameters is not None:
        check_count("parameters", parameters, 4, _MOST)
    target = as_target(f, lo, hi)
    if goal is not None and float_weights:
        _check_float_goal(target, goal)
    found = for_parameters(target, int(parameters or 0), width) if goal is None else for_error(target, goal, width)
    best = found[0]
    result = Approximation(
        network=_on_interval(best.make(), target.lo, target.hi),
        error=best.error,
        construction=best.construction,
        reason=_reason(found, goal),
        considered=tuple(found),
        target=target,
    )
    if not float_weights:
        return result
    rounded = result.with_float_weights()
    if goal is not None and rounded.error.hi > goal and rounded.error.rigor.proves:
        reject("error", error, "is missed after rounding to float64; give float_weights=False, the rational route")
    return rounded


def _check_float_goal(target: Target, goal: Fraction) -> None:
    size = Fraction(float(np.abs(target.floats(np.linspace(0, 1, 101))).max()))
    least = LEAST_FLOAT_ERROR * max(size, Fraction(1, 2**1000))
    if goal < least:
        rule = f"is below {float(least):.1e}, what float64 weights reach; give float_weights=False, the rational route"
        reject("error", float(goal), rule)


def _reason(found: list[Candidate], goal: Fraction | None) -> str:
    best, others = found[0], found[1:]
    start = best.why
    rivals = [c for c in others if c.construction != best.construction]
    if not rivals:
        return start
    next_best = rivals[0]
    if goal is None:
        return f"{start}; {next_best.construction}: error {float(next_best.error.hi):.2e}"
    return f"{start}; {next_best.construction}: {next_best.parameters} parameters"


def _on_interval(network: ReLUNetwork, lo: Fraction, hi: Fraction) -> ReLUNetwork:
    """The network of t = (x - lo) / (hi - lo) as one of x."""
    return network if (lo, hi) == (0, 1) else _with_input(network, 1 / (hi - lo), -lo / (hi - lo))


def _on_unit_interval(network: ReLUNetwork, lo: Fraction, hi: Fraction) -> ReLUNetwork:
    """The network of x = lo + (hi - lo) t as one of t."""
    return network if (lo, hi) == (0, 1) else _with_input(network, hi - lo, lo)


def _with_input(network: ReLUNetwork, slope: Fraction, offset: Fraction) -> ReLUNetwork:
    first, *others = network.layers
    weights, biases = first.weight.fractions(), first.bias.fractions()
    moved = [[row[0] * slope] for row in weights], [b + row[0] * offset for row, b in zip(weights, biases, strict=True)]
    return ReLUNetwork([ReLULayer(*moved), *others], readout=network.readout)


def _rounded(network: ReLUNetwork) -> ReLUNetwork:
    maps = [one for one in (*network.layers, network.readout) if one is not None]
    for one in maps:
        if not (np.isfinite(one.weight.floats).all() and np.isfinite(one.bias.floats).all()):
            reject("float_weights", True, "must be False: a weight is beyond the range of float64")
    layers = [ReLULayer(one.weight.floats, one.bias.floats) for one in network.layers]
    last = network.readout
    return ReLUNetwork(layers, readout=None if last is None else AffineMap(last.weight.floats, last.bias.floats))
