"""The function of a network of one input at many points, exactly; and of one hidden layer everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat

from relutheory.core.exact import rational, to_fmpq
from relutheory.networks.layers import ReLULayer, ReLUNetwork
from relutheory.univariate.cpwl import CPwL

_ZERO = fmpq(0)


def exact_values(network: ReLUNetwork, points: Sequence[Fraction]) -> list[Fraction]:
    """The values of a network of one input and one output at these points.

    >>> net = ReLUNetwork([ReLULayer([[1], [-1]])], readout=([[1, 1]], [-2]))
    >>> exact_values(net, [Fraction(-5), Fraction(1, 3)])
    [Fraction(3, 1), Fraction(-5, 3)]
    """
    values = fmpq_mat(1, len(points), [to_fmpq(x) for x in points])
    for one in (*network.layers, network.readout):
        if one is None:
            continue
        biases = [to_fmpq(b) for b in one.bias.fractions()]
        sums = [v + b for row, b in zip((one.weight.fmpq * values).table(), biases, strict=True) for v in row]
        relu = isinstance(one, ReLULayer)
        values = fmpq_mat(one.m, len(points), [v if v > 0 or not relu else _ZERO for v in sums])
    return [rational(v) for v in values.entries()]


def one_layer_function(network: ReLUNetwork, lo: Fraction, hi: Fraction) -> CPwL:
    """The function on [lo, hi] of a network of one input, one hidden layer and a read-out of one number.

    Each neuron changes the slope at its zero: the kinks are sorted once.

    >>> net = ReLUNetwork([ReLULayer([[1], [-2]], [0, 1])], readout=([[1, 1]], [0]))
    >>> one_layer_function(net, Fraction(0), Fraction(1)).breakpoints
    (Fraction(0, 1), Fraction(1, 2), Fraction(1, 1))
    """
    (layer,), last = network.layers, network.readout
    weights = [row[0] for row in layer.weight.fractions()]
    outer = last.weight.fractions()[0] if last is not None else [Fraction(1)]
    value = last.bias.fractions()[0] if last is not None else Fraction(0)
    slope = Fraction(0)
    bends: dict[Fraction, Fraction] = {}
    for w, b, c in zip(weights, layer.bias.fractions(), outer, strict=True):
        at = lo * w + b
        if at > 0 or (at == 0 and w > 0):
            value, slope = value + c * at, slope + c * w
        if w and lo < -b / w < hi:
            bends[-b / w] = bends.get(-b / w, Fraction(0)) + c * abs(w)
    x, y = [lo], [value]
    for kink in sorted(bends):
        y.append(y[-1] + slope * (kink - x[-1]))
        x.append(kink)
        slope += bends[kink]
    return CPwL([*x, hi], [*y, y[-1] + slope * (hi - x[-1])])
