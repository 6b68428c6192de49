"""Networks of fixed width as networks of other kinds: wider, deeper, with channels, one after the other."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeVar

from flint import fmpq_mat

from relutheory.core.errors import reject
from relutheory.core.exact import to_fmpq
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.fixed_width import FixedWidthNetwork, checked_integer, checked_size
from relutheory.univariate.special import SpecialLayer, SpecialNetwork

_ZERO = Fraction(0)
Net = FixedWidthNetwork | SpecialNetwork
Kind = TypeVar("Kind", FixedWidthNetwork, SpecialNetwork)


def with_channels(net: Net) -> SpecialNetwork:
    """The same function as a special network, of width W + 2 and the same depth.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> with_channels(spline_network(CPwL([0, 1], [0, 1]), 4))
    SpecialNetwork(width=6, depth=1)
    """
    (plain,) = of_one_width({"net": net})
    layers, readout = computing_layers(plain, None), readout_of(plain)
    found = SpecialNetwork(layers, readout.weight.row(0), 0, readout.bias[0])
    return checked(found, plain.width + 2, plain.depth)


def widened_special(net: SpecialNetwork, width: int) -> SpecialNetwork:
    """The same special network with computing nodes that are 0, of the given width >= W; less is an InputError.

    >>> widened_special(SpecialNetwork([SpecialLayer([1], [0])], [1]), 5)
    SpecialNetwork(width=5, depth=1)
    """
    if not isinstance(net, SpecialNetwork):
        reject("net", net, "must be a SpecialNetwork")
    width = checked_integer("width", width, net.width)
    checked_size("width", width, width, net.depth)
    more = width - net.width
    if more == 0:
        return net
    spare = (_ZERO,) * more
    layers = []
    for layer in net.layers:
        k = len(layer.source) + more
        rows = [(*row, *spare) for row in layer.nodes] + [(_ZERO,) * k] * more if layer.nodes else ()
        collect = (*layer.collect, *spare) if layer.collect else ()
        layers.append(SpecialLayer((*layer.source, *spare), (*layer.bias, *spare), rows, collect))
    return SpecialNetwork(layers, (*net.readout, *spare), net.slope, net.offset)


def widened(net: Net, width: int) -> FixedWidthNetwork:
    """The same function with nodes that are 0: a network of the given width >= W, of the same depth.

    Raises InputError for a smaller width, and for one that would fill the memory.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> widened(spline_network(CPwL([0, 1], [0, 1]), 4), 9)
    FixedWidthNetwork(width=9, depth=1)
    """
    plain = plain_network("net", net)
    width = checked_integer("width", width, plain.width)
    checked_size("width", width, width, plain.depth)
    more = width - plain.width
    if more == 0:
        return plain
    layers = []
    for i, layer in enumerate(plain.network.layers):
        wide = [_ZERO] * (more if i else 0)
        rows = [[*layer.weight.row(j), *wide] for j in range(layer.m)]
        zero = [[_ZERO] * len(rows[0])] * more
        layers.append(ReLULayer(rows + zero, [*layer.bias.fractions(), *[_ZERO] * more]))
    readout = readout_of(plain)
    last = AffineMap([[*readout.weight.row(0), *[_ZERO] * more]], readout.bias)
    return checked(FixedWidthNetwork(ReLUNetwork(layers, readout=last)), width, plain.depth)


def deepened(net: Net, depth: int) -> FixedWidthNetwork:
    """The same function on [0, 1] handed on by further layers: a network of the given depth >= L, of the same width.

    Raises InputError for a smaller depth, and for one that would fill the memory.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> from relutheory.univariate.splines import spline_network
    >>> deepened(spline_network(CPwL([0, 1], [-1, 1]), 4), 3)(0)
    Fraction(-1, 1)
    """
    (plain,) = of_one_width({"net": net})
    depth = checked_integer("depth", depth, plain.depth)
    checked_size("depth", depth, plain.width, depth)
    more = depth - plain.depth
    if more == 0:
        return plain
    W, shift = plain.width, -min(plain.range()[0], _ZERO)
    readout = readout_of(plain)
    spare = [_ZERO] * (W - 1)
    first = ReLULayer([readout.weight.row(0), *[[_ZERO] * W] * (W - 1)], [readout.bias[0] + shift, *spare])
    onward = ReLULayer([[1, *spare], *[[_ZERO] * W] * (W - 1)], [_ZERO] * W)
    layers = [*plain.network.layers, first, *[onward] * (more - 1)]
    return checked(FixedWidthNetwork(ReLUNetwork(layers, readout=([[1, *spare]], [-shift]))), W, depth)


def plain_network(name: str, net: Any) -> FixedWidthNetwork:
    """The network, without channels; what is none is an InputError."""
    if not isinstance(net, (FixedWidthNetwork, SpecialNetwork)):
        reject(name, net, "must be a FixedWidthNetwork or a SpecialNetwork")
    return net.to_network() if isinstance(net, SpecialNetwork) else net


def of_one_width(networks: dict[str, Any]) -> list[FixedWidthNetwork]:
    """The networks by argument name, without channels, widened to the largest width."""
    plain = [plain_network(name, net) for name, net in networks.items()]
    width = max(net.width for net in plain)
    return [widened(net, width) for net in plain]


def readout_of(net: FixedWidthNetwork) -> AffineMap:
    readout = net.network.readout
    if readout is None:
        raise AssertionError("a network of fixed width has a read-out")
    return readout


def checked(net: Kind, width: int, depth: int) -> Kind:
    """The network, if it has the width and depth that are claimed for it."""
    if (net.width, net.depth) != (width, depth):
        raise AssertionError(f"the width and depth are {net.width} and {net.depth}, not {width} and {depth}")
    return net


def computing_layers(net: FixedWidthNetwork, before: FixedWidthNetwork | None) -> list[SpecialLayer]:
    """The layers as computing nodes that begin with the source, or where the network before stopped."""
    first, *others = net.network.layers
    if before is None:
        found = [SpecialLayer([first.weight[j, 0] for j in range(first.m)], first.bias.fractions())]
    else:
        joint = joint_layer(net, before)
        found = [SpecialLayer([_ZERO] * joint.m, joint.bias.fractions(), joint.weight.fractions())]
    none = [_ZERO] * net.width
    return found + [SpecialLayer(none, layer.bias.fractions(), layer.weight.fractions()) for layer in others]


def joint_layer(outer: FixedWidthNetwork, inner: FixedWidthNetwork) -> ReLULayer:
    """The first layer of outer after the read-out of inner: from the nodes of inner's last layer."""
    layer, readout = outer.network.layers[0], readout_of(inner)
    weight = layer.weight.fmpq * readout.weight.fmpq
    bias = layer.weight.fmpq * fmpq_mat(1, 1, [to_fmpq(readout.bias[0])]) + layer.bias.fmpq
    return ReLULayer(weight, bias.entries())
