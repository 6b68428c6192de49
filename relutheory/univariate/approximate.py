"""One call from a function to a network: which construction, how large, how close, and why that one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import nearest_float, rational
from relutheory.core.verdict import Enclosure, NotABool, Rigor
from relutheory.networks.layers import ReLULayer, ReLUNetwork
from relutheory.univariate.candidates import Candidate, for_error, for_parameters
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.deadlines import Deadline
from relutheory.univariate.decimals import described
from relutheory.univariate.exact_values import exact_values, one_layer_function
from relutheory.univariate.grids import check_count
from relutheory.univariate.inputs import sequence
from relutheory.univariate.rates import DEEP
from relutheory.univariate.rounding import most_moved, rounded_network
from relutheory.univariate.splines import LEAST_WIDTH
from relutheory.univariate.targets import Target, as_target

LEAST_FLOAT_ERROR = Fraction(1, 2**40)  # of networks with float64 weights, relative to the size of f
_MOST = 10**5  # parameters
_FINE, _COARSE = 2000, 200  # steps of graphs, in floats and in rationals
_RATIONAL = "the rational route has no such limit: float_weights=False, or no --save on the command line"
_MOST_LISTED = 16  # layers of networks made for f, whose pieces may double with every layer


@dataclass(frozen=True, kw_only=True)
class Approximation(NotABool):
    """A network for a function of one variable.

    network : ReLUNetwork with exact weights, one input in [lo, hi], one output.  error : an `Enclosure` of the largest
    |f - network| on [lo, hi], proved where its rigor says EXACT or ENCLOSED (of a callable without further knowledge:
    SAMPLED).  construction : its name.  reason : why this one.  considered : the best candidate of each construction,
    best first.  complete : False where a time limit ended the search.
    `width`, `depth`, `parameters` : of the network.  `function` : the network's function on [lo, hi] as a `CPwL`.
    """

    network: ReLUNetwork
    error: Enclosure
    construction: str
    reason: str
    considered: tuple[Candidate, ...]
    target: Target
    complete: bool = True
    _hint = "look at its error"

    def __repr__(self) -> str:
        size = f"width {self.width}, depth {self.depth}, {self.parameters} parameters"
        lines = f"Approximation({size}, error {described(self.error)};", f"  {self.construction}: {self.reason})"
        return "\n".join(lines)

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
        """The network's function on [lo, hi], exactly.

        Raises InputError where it has too many pieces to list them; values at points are exact all the same.
        """
        if self.depth == 1:
            return one_layer_function(self.network, self.target.lo, self.target.hi)
        if self.construction == DEEP and self.depth > _MOST_LISTED:
            rule = (
                f"has too many pieces to list, and must have depth at most {_MOST_LISTED}; values_at(points) is exact"
            )
            reject("network", self.network, rule)
        return CPwL.from_network(self.network, self.target.lo, self.target.hi)

    def values_at(self, points: Any) -> list[Fraction]:
        """The network at a sequence of numbers, exactly.

        >>> approximate("x**2", error="1e-9").values_at(["1/4", 1])
        [Fraction(1, 16), Fraction(1, 1)]
        """
        return exact_values(self.network, [rational(x, "points") for x in sequence(points, "points")])

    def graph(self) -> CPwL:
        """What a picture shows: the function, or where its pieces may be many its values at points, in floats.

        >>> approximate("x**2", error="1e-9").graph().pieces, approximate("x**2", error="1e-30").graph().pieces
        (16386, 2002)
        """
        if self.depth <= _MOST_LISTED:
            return self.function
        lo, hi = self.target.lo, self.target.hi
        points = [lo + (hi - lo) * Fraction(i, _FINE) for i in range(_FINE + 1)]
        values = self.network.forward(np.array([[nearest_float(x)] for x in points]))[:, 0]
        if np.isfinite(values).all():
            return CPwL(points, values)
        points = points[:: _FINE // _COARSE]
        return CPwL(points, exact_values(self.network, points))

    def with_float_weights(self) -> Approximation:
        """The network with its weights rounded to float64, as files hold them, and the error of that network.

        The error is that before, wider at both ends by a proved bound of what rounding changes.
        Raises InputError for weights beyond the range of float64.

        >>> rounded = approximate("x**2", parameters=40).with_float_weights()
        >>> rounded.network.layers[0].weight.floats_exact
        True
        """
        network = rounded_network(self.network)
        if network.layers == self.network.layers and network.readout == self.network.readout:
            return self
        moved = most_moved(self.network, network, self.target.lo, self.target.hi)
        rigor = Rigor.ENCLOSED if self.error.rigor.proves else self.error.rigor
        error = Enclosure(lo=max(self.error.lo - moved, Fraction(0)), hi=self.error.hi + moved, rigor=rigor)
        return replace(self, network=network, error=error, reason=self.reason + "; weights rounded to float64")


def approximate(
    f: Any,
    *,
    error: Any = None,
    parameters: int | None = None,
    lo: Any = 0,
    hi: Any = 1,
    width: int | None = None,
    float_weights: bool = False,
    time_limit: float | None = 60.0,
) -> Approximation:
    """A ReLU network close to f on [lo, hi]: the closest one found with so many parameters, or the smallest so close.

    f : a formula in x such as "sqrt(x)", a name of `examples.NAMED`, a sympy expression in one symbol, a `CPwL`, a pair
    (x, y) of samples, or a function of float arrays, whose error can only be seen and not proved.
    error : > 0, the largest |f - network| wanted; or parameters : the most weights and biases.  Give one of them.
    lo, hi : numbers, lo < hi.  width : of the hidden layers, >= 4; None tries several, and one hidden layer.
    float_weights : round the weights to float64, and prove the error of the rounded network.
    time_limit : seconds, None for no limit; then the best network so far is returned, and its reason says so.  What is
    begun is ended: small networks are tried in any case.

    Tried are networks made for f (piecewise linear functions exactly, polynomials, analytic functions, Takagi's
    function), and best free-knot splines, realised exactly with the widths allowed.
    Raises InputError for other arguments, where f is not finite on [lo, hi], and where the goal cannot be met.
    Source: daubechies2022.

    >>> result = approximate("x**2", error="1/10000")
    >>> result.construction, result.parameters, result.error.hi <= Fraction(1, 10000)
    ('network made for f', 70, True)
    """
    deadline = Deadline(time_limit)
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
    if goal is None:
        found = for_parameters(target, int(parameters or 0), width, deadline)
    else:
        found = for_error(target, goal, width, deadline)
    best = found[0]
    result = Approximation(
        network=_on_interval(best.make(), target.lo, target.hi),
        error=best.error,
        construction=best.construction,
        reason=_reason(found, goal) + (f"; {deadline.note}: the best so far" if deadline.missed else ""),
        considered=tuple(found),
        target=target,
        complete=not deadline.missed,
    )
    if not float_weights:
        return result
    rounded = result.with_float_weights()
    if goal is not None and rounded.error.hi > goal and rounded.error.rigor.proves:
        reject(
            "error",
            error,
            f"is not proved to hold after rounding to float64; {_RATIONAL}",
        )
    return rounded


def _check_float_goal(target: Target, goal: Fraction) -> None:
    size = Fraction(float(np.abs(target.floats(np.linspace(0, 1, 101))).max()))
    least = LEAST_FLOAT_ERROR * max(size, Fraction(1, 2**1000))
    if goal < least:
        rule = f"is below {float(least):.1e}, what float64 weights reach; {_RATIONAL}"
        reject("error", float(goal), rule)


def _reason(found: list[Candidate], goal: Fraction | None) -> str:
    if len(found) == 1:
        return found[0].why
    second = found[1]
    compared = f"error {described(second.error)}" if goal is None else f"{second.parameters} parameters"
    return f"{found[0].why}; {second.construction}: {compared}"


def _on_interval(network: ReLUNetwork, lo: Fraction, hi: Fraction) -> ReLUNetwork:
    """The network of t = (x - lo) / (hi - lo) as one of x."""
    return network if (lo, hi) == (0, 1) else _with_input(network, 1 / (hi - lo), -lo / (hi - lo))


def _with_input(network: ReLUNetwork, slope: Fraction, offset: Fraction) -> ReLUNetwork:
    first, *others = network.layers
    weights, biases = first.weight.fractions(), first.bias.fractions()
    moved = [[row[0] * slope] for row in weights], [b + row[0] * offset for row, b in zip(weights, biases, strict=True)]
    return ReLUNetwork([ReLULayer(*moved), *others], readout=network.readout)
