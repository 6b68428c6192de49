"""What can be done with functions of networks of fixed width, and what width and depth it takes.

All networks are of [0, 1]; a SpecialNetwork may be given wherever a FixedWidthNetwork may, and counts as its
`to_network`.  Networks of different widths are first widened to the larger width W.  Source: daubechies2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.exact import Number
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.fixed_width import FixedWidthNetwork, checked_integer, checked_numbers, checked_size
from relutheory.univariate.inclusions import (
    Net,
    checked,
    computing_layers,
    joint_layer,
    of_one_width,
    plain_network,
    readout_of,
    widened_special,
    with_channels,
)
from relutheory.univariate.inputs import sequence
from relutheory.univariate.special import SpecialLayer, SpecialNetwork

_ZERO = Fraction(0)


def compose(outer: Net, inner: Net) -> FixedWidthNetwork:
    """The network of x -> outer(inner(x)): width W, depth the sum of the depths.

    Raises InputError where inner leaves [0, 1] for an input in [0, 1].

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> tent = spline_network(CPwL([0, "1/2", 1], [0, 1, 0]), 4)
    >>> compose(tent, tent), compose(tent, tent).function.pieces
    (FixedWidthNetwork(width=4, depth=2), 6)
    """
    first, second = of_one_width({"inner": inner, "outer": outer})
    _check_range("inner", first)
    return checked(_after(second, first), first.width, first.depth + second.depth)


def self_compose(net: Net, times: int) -> FixedWidthNetwork:
    """The network of the function applied `times` >= 1 times: width W, depth times L.

    Raises InputError where the function leaves [0, 1], for times < 1, and for networks that fill the memory.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> tent = spline_network(CPwL([0, "1/2", 1], [0, 1, 0]), 4)
    >>> self_compose(tent, 5), self_compose(tent, 5)("1/64")
    (FixedWidthNetwork(width=4, depth=5), Fraction(1, 2))
    """
    (plain,) = of_one_width({"net": net})
    times = checked_integer("times", times, 1)
    checked_size("times", times, plain.width, times * plain.depth)
    if times > 1:
        _check_range("net", plain)
    joint, inner, outer = joint_layer(plain, plain), plain.network.layers, plain.network.layers[1:]
    layers = [*inner, *[joint, *outer] * (times - 1)]
    found = FixedWidthNetwork(ReLUNetwork(layers, readout=plain.network.readout))
    return checked(found, plain.width, times * plain.depth)


def add(first: SpecialNetwork, second: SpecialNetwork) -> SpecialNetwork:
    """The sum of two special networks: width W, depth the sum of the depths.

    >>> hat = SpecialNetwork([SpecialLayer([1, 1], [0, "-1/2"])], [2, -4])
    >>> add(hat, hat), add(hat, hat)("1/4")
    (SpecialNetwork(width=4, depth=2), Fraction(1, 1))
    """
    for name, net in (("first", first), ("second", second)):
        if not isinstance(net, SpecialNetwork):
            reject(name, net, "must be a SpecialNetwork; with_channels makes one, linear_combination adds others")
    width = max(first.width, second.width)
    a, b = widened_special(first, width), widened_special(second, width)
    # the collation channel takes up the first sum one layer later
    joint = SpecialLayer(b.layers[0].source, b.layers[0].bias, collect=a.readout)
    found = SpecialNetwork([*a.layers, joint, *b.layers[1:]], b.readout, a.slope + b.slope, a.offset + b.offset)
    return checked(found, width, first.depth + second.depth)


def linear_combination(networks: Sequence[Net], coefficients: Sequence[Number] | None = None) -> SpecialNetwork:
    """The sum of coefficient times function: a special network of depth the sum of the depths.

    networks : one or more, each of width W - 2 or a SpecialNetwork of width W.  coefficients : as many numbers, or None
    for 1 each.  The width is W: the number of terms takes depth, not width.
    Raises InputError where the lengths differ and for no networks.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> tent = spline_network(CPwL([0, "1/2", 1], [0, 1, 0]), 4)
    >>> total = linear_combination([tent, self_compose(tent, 2), self_compose(tent, 3)], ["1/4", "1/16", "1/64"])
    >>> total, total("1/2")
    (SpecialNetwork(width=6, depth=6), Fraction(1, 4))
    """
    given = list(sequence(networks, "networks", "networks"))
    if not given:
        reject("networks", networks, "must be one or more networks")
    factors = checked_numbers("coefficients", [1] * len(given) if coefficients is None else coefficients)
    if len(factors) != len(given):
        reject("coefficients", f"{len(factors)} numbers", f"must be one for each network, {len(given)}")
    terms = [
        net if isinstance(net, SpecialNetwork) else with_channels(plain_network(f"networks[{i}]", net))
        for i, net in enumerate(given)
    ]
    width = max(term.width for term in terms)
    found = _scaled(widened_special(terms[0], width), factors[0])
    layers, readout, slope, offset = list(found.layers), found.readout, found.slope, found.offset
    for term, factor in zip(terms[1:], factors[1:], strict=True):
        part = _scaled(widened_special(term, width), factor)
        layers.append(SpecialLayer(part.layers[0].source, part.layers[0].bias, collect=readout))
        layers += part.layers[1:]
        readout, slope, offset = part.readout, slope + part.slope, offset + part.offset
    return checked(SpecialNetwork(layers, readout, slope, offset), width, sum(term.depth for term in terms))


def sum_of_iterates(net: Net, coefficients: Sequence[Number]) -> SpecialNetwork:
    """The sum of coefficients[k - 1] times the k-fold composition, k = 1, ..., n: width W + 2, depth n L.

    Every iterate goes on where the one before stopped, so that n terms take n L layers.
    Raises InputError where the function leaves [0, 1], and for no coefficients.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> tent = spline_network(CPwL([0, "1/2", 1], [0, 1, 0]), 4)
    >>> square = sum_of_iterates(tent, ["1/4", "1/16", "1/64"])  # x - x^2 up to 4^-4
    >>> square, square("3/8")
    (SpecialNetwork(width=6, depth=3), Fraction(15, 64))
    """
    (plain,) = of_one_width({"net": net})
    factors = checked_numbers("coefficients", coefficients)
    if not factors:
        reject("coefficients", coefficients, "must be one or more numbers")
    if len(factors) > 1:
        _check_range("net", plain)
    readout = readout_of(plain).weight.row(0)
    layers = computing_layers(plain, None)
    for factor in factors[:-1]:
        joint, *others = computing_layers(plain, plain)
        layers.append(SpecialLayer(joint.source, joint.bias, joint.nodes, [factor * w for w in readout]))
        layers += others
    last = [factors[-1] * w for w in readout]
    found = SpecialNetwork(layers, last, 0, sum(factors) * readout_of(plain).bias[0])
    return checked(found, plain.width + 2, len(factors) * plain.depth)


def positive_part(net: Net) -> FixedWidthNetwork:
    """The network of max(f, 0): width W, depth L + 1.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> positive_part(spline_network(CPwL([0, 1], [-1, 1]), 4))("1/4")
    Fraction(0, 1)
    """
    (plain,) = of_one_width({"net": net})
    readout, W = readout_of(plain), plain.width
    rows = [readout.weight.row(0), *[[_ZERO] * W] * (W - 1)]
    layer = ReLULayer(rows, [readout.bias[0], *[_ZERO] * (W - 1)])
    found = FixedWidthNetwork(ReLUNetwork([*plain.network.layers, layer], readout=([[1] + [0] * (W - 1)], [0])))
    return checked(found, W, plain.depth + 1)


def maximum(first: Net, second: Net) -> FixedWidthNetwork:
    """The network of the larger of two functions, S + (T - S)_+: width W + 2, depth L_1 + L_2 + 1.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> up, down = (spline_network(CPwL([0, 1], v), 4) for v in ([0, 1], [1, 0]))
    >>> maximum(up, down), maximum(up, down)("1/4")
    (FixedWidthNetwork(width=6, depth=3), Fraction(3, 4))
    """
    return _larger(first, second, 1)


def minimum(first: Net, second: Net) -> FixedWidthNetwork:
    """The network of the smaller of two functions, S - (S - T)_+: width W + 2, depth L_1 + L_2 + 1.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> up, down = (spline_network(CPwL([0, 1], v), 4) for v in ([0, 1], [1, 0]))
    >>> minimum(up, down)("1/4")
    Fraction(1, 4)
    """
    return _larger(first, second, -1)


def _larger(first: Net, second: Net, sign: int) -> FixedWidthNetwork:
    """S + sign (sign (T - S))_+, with S in the collation channel while T is computed."""
    S, T = of_one_width({"first": first, "second": second})
    W, shift = S.width, -min(S.range()[0], _ZERO)
    layers = list(with_channels(S).to_network().network.layers)
    a, b = readout_of(S), readout_of(T)
    zeros = [_ZERO] * W
    rows: list[list[Any]]
    for i, layer in enumerate(T.network.layers):
        if i == 0:  # x from the source channel; S + shift into the collation channel
            rows = [[layer.weight[j, 0], *zeros, 0] for j in range(W)]
            collect = [_ZERO, *a.weight.row(0), 0]
        else:
            rows = [[_ZERO, *layer.weight.row(j), 0] for j in range(W)]
            collect = [_ZERO, *zeros, 1]
        bias = [_ZERO, *layer.bias.fractions(), a.bias[0] + shift if i == 0 else _ZERO]
        layers.append(ReLULayer([[1, *zeros, 0], *rows, collect], bias))
    # one node has sign (T - S), which reads both; the collation channel keeps S + shift
    difference = [_ZERO, *(sign * w for w in b.weight.row(0)), -sign]
    nothing = [_ZERO] * (W + 2)
    rows = [nothing, difference, *[nothing] * (W - 1), [*nothing[1:], Fraction(1)]]
    bias = [_ZERO, sign * (b.bias[0] + shift), *[_ZERO] * W]
    layers.append(ReLULayer(rows, bias))
    readout = AffineMap([[0, sign, *[0] * (W - 1), 1]], [-shift])
    found = FixedWidthNetwork(ReLUNetwork(layers, readout=readout))
    return checked(found, W + 2, S.depth + T.depth + 1)


def _check_range(name: str, net: FixedWidthNetwork) -> None:
    low, high = net.range()
    if low < 0 or high > 1:
        reject(name, f"function with the values [{low}, {high}]", "must map [0, 1] into [0, 1]")


def _after(outer: FixedWidthNetwork, inner: FixedWidthNetwork) -> FixedWidthNetwork:
    layers = [*inner.network.layers, joint_layer(outer, inner), *outer.network.layers[1:]]
    return FixedWidthNetwork(ReLUNetwork(layers, readout=outer.network.readout))


def _scaled(net: SpecialNetwork, factor: Fraction) -> SpecialNetwork:
    layers = []
    for layer in net.layers:
        collect = [factor * w for w in layer.collect]
        layers.append(SpecialLayer(layer.source, layer.bias, layer.nodes, collect))
    return SpecialNetwork(layers, [factor * w for w in net.readout], factor * net.slope, factor * net.offset)
