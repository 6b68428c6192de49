"""Weights rounded to float64, and how far that moves a network: proved without a list of its pieces."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb, ctx, fmpq

from relutheory.core.errors import reject
from relutheory.core.exact import to_fmpq
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.constructions.sampling import upper

_BITS = 100  # of balls


def rounded_network(network: ReLUNetwork) -> ReLUNetwork:
    """The network with weights and biases rounded to float64.  Raises InputError for one beyond its range."""
    for one in _maps(network):
        if not (np.isfinite(one.weight.floats).all() and np.isfinite(one.bias.floats).all()):
            reject("float_weights", True, "must be False: a weight is beyond the range of float64")
    layers = [ReLULayer(one.weight.floats, one.bias.floats) for one in network.layers]
    last = network.readout
    return ReLUNetwork(layers, readout=None if last is None else AffineMap(last.weight.floats, last.bias.floats))


def most_moved(network: ReLUNetwork, other: ReLUNetwork, lo: Fraction, hi: Fraction) -> Fraction:
    """A bound of |network(x) - other(x)| for x in [lo, hi]; both of one input and one output, and of equal widths.

    Neurons that differ by at most d, and are at most a, make the next ones differ by at most |V| d + |V - W| a +
    |c - b|, entry by entry, where W, b and V, c are weights and biases: a ReLU brings nothing further apart.

    >>> net = ReLUNetwork([ReLULayer([[1], ["1/3"]])], readout=AffineMap([[1, 1]]))
    >>> 0 < most_moved(net, rounded_network(net), Fraction(0), Fraction(1)) < Fraction(1, 10**16)
    True
    """
    with ctx.workprec(_BITS):
        values, moved = [arb(to_fmpq(lo)).union(arb(to_fmpq(hi)))], [arb(0)]
        for this, that in zip(_maps(network), _maps(other), strict=True):
            sizes = [value.abs_upper() for value in values]
            made = []
            for (row, bias), (other_row, other_bias) in zip(_neurons(this), _neurons(that), strict=True):
                value, gap = arb(bias), abs(arb(other_bias - bias))
                for w, v, x, size, far in zip(row, other_row, values, sizes, moved, strict=True):
                    value += x * w
                    gap += far * abs(v) + size * abs(v - w)
                made.append((value, gap.upper()))
            relu = isinstance(this, ReLULayer)
            values, moved = [v.max(arb(0)) if relu else v for v, _ in made], [gap for _, gap in made]
        return upper(moved[0])


def _maps(network: ReLUNetwork) -> list[ReLULayer | AffineMap]:
    return [*network.layers, *([] if network.readout is None else [network.readout])]


def _neurons(one: ReLULayer | AffineMap) -> list[tuple[list[fmpq], fmpq]]:
    """Weights and bias of each neuron."""
    return list(zip(one.weight.fmpq.table(), map(to_fmpq, one.bias.fractions()), strict=True))
