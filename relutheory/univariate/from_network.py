"""The function of a network of one input and one output, swept out layer by layer.

Known after each layer are the points between which all neurons so far are linear, and their values there.  A neuron
whose values at two neighbouring points have opposite signs adds the zero between them.  Points left and right of which
a whole layer vanishes are dropped: nothing after it depends on them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import RationalArray, nearest_float
from relutheory.core.sets import Box
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.combining import Graph
from relutheory.univariate.inputs import short
from relutheory.univariate.rationals import Rationals, joined, placed, scalar

_CHUNK = 2**14  # points at a time in float arithmetic: what a cache holds
_MOST = 2**25  # values of neurons at points: more would fill the memory
_MOST_WIDE = 2**22  # of them where they are flint's rationals


def exact_graph(net: Any, low: Fraction, high: Fraction) -> Graph:
    """The graph on [low, high], constant beyond; its points are the two ends and the kinks."""
    maps = _maps(net)
    x = joined(scalar(low), scalar(high))
    values = x.reshaped((2, 1))
    for this in maps:
        values = _affine(values, this)
        if isinstance(this, ReLULayer):
            x, values = _with_zeros(x, values)
            values = values.with_zeros(values.signs() < 0).reduced()
            x, values = _without_dead(x, values)
    return _kinks(x, values.reshaped((len(x),)))


def float_graph(net: Any, low: Fraction, high: Fraction) -> Graph:
    """The same with breakpoints rounded to float64 and the values of the network there in float arithmetic."""
    from relutheory.polyhedra.line import breakpoints

    maps = _maps(net)
    network = net if isinstance(net, ReLUNetwork) else ReLUNetwork([net])
    ends = np.array([nearest_float(low), nearest_float(high)])
    if not np.isfinite(ends).all():
        end, value = ("hi", high) if np.isfinite(ends[0]) else ("lo", low)
        reject(end, short(value), "must be within the range of float64; use the exact route")
    found = breakpoints(network, Box([low], [high])).floats if len(maps) > 1 or network.layers else ends[:0]
    points = np.unique(np.concatenate([ends[:1], np.clip(found, *ends), ends[1:]]))
    if len(points) < 2:
        reject("hi", short(high), f"must differ from lo = {short(low)} in float64; use the exact route")
    chunks = [network.forward(points[i : i + _CHUNK, None])[:, 0] for i in range(0, len(points), _CHUNK)]
    values = np.concatenate(chunks)
    if not np.isfinite(values).all():
        reject("net", net, "must have values within the range of float64; use the exact route")
    zero = scalar(0)
    return Graph(Rationals.of(points), Rationals.of(values), zero, zero)


def _maps(net: Any) -> list[ReLULayer | AffineMap]:
    """The layers and the read-out of a network of one input and one output."""
    if isinstance(net, ReLULayer):
        net = ReLUNetwork([net])
    if not isinstance(net, ReLUNetwork):
        reject("net", net, "must be a ReLUNetwork or a ReLULayer")
    if net.input_dim != 1 or net.output_dim != 1:
        reject("net", net, "must have one input and one output")
    return [*net.layers, *([net.readout] if net.readout is not None else [])]


def _matrix(array: RationalArray) -> Rationals:
    """The entries of a matrix, in its shape."""
    entries = [v for row in array.fractions() for v in row]
    return Rationals.of_fractions(entries).reshaped(array.shape)


def _affine(values: Rationals, this: ReLULayer | AffineMap) -> Rationals:
    """The values of the affine map W v + b: (k, n) to (k, m)."""
    weight = _matrix(this.weight)
    product = values.times_matrix(weight, this.weight.fmpq)
    return product + Rationals.of_fractions(this.bias.fractions())


def _with_zeros(x: Rationals, values: Rationals) -> tuple[Rationals, Rationals]:
    """The points and values with all places between at which a neuron changes sign."""
    signs = values.signs()
    piece, neuron = np.nonzero(signs[1:] * signs[:-1] < 0)
    if not len(piece):
        return x, values
    start, end = values[piece, neuron], values[piece + 1, neuron]
    zeros = x[piece] + (x[piece + 1] - x[piece]) * (start / (start - end))
    if (piece[1:] == piece[:-1]).any():  # several neurons in one piece: in the order of their zeros, each place once
        order = zeros.order()
        zeros, piece = zeros[order], piece[order]
        keep = np.ones(len(piece), dtype=bool)
        keep[1:] = (zeros[1:] - zeros[:-1]).signs() > 0
        zeros, piece = zeros[keep], piece[keep]
    part = ((zeros - x[piece]) / (x[piece + 1] - x[piece])).reshaped((len(piece), 1))
    size = len(x) + len(piece)
    _check_size(size, values)
    inside = values[piece] + (values[piece + 1] - values[piece]) * part
    new = piece + 1 + np.arange(len(piece))
    old = np.delete(np.arange(size), new)
    return placed(size, (old, x), (new, zeros)), placed(size, (old, values), (new, inside))


def _check_size(points: int, values: Rationals) -> None:
    """Refuse more points than the memory holds, whose number may double with every layer."""
    neurons = values.num.shape[1]
    most = (_MOST_WIDE if values.wide else _MOST) // neurons
    if points > most:
        rule = f"must have at most {most} pieces with {neurons} neurons in a layer; take a smaller part of [lo, hi]"
        reject("net", f"network with {points} pieces or more", rule)


def _without_dead(x: Rationals, values: Rationals) -> tuple[Rationals, Rationals]:
    """The points and values without those at which, as at both neighbours, all neurons are 0."""
    dead: np.ndarray = np.all(values.signs() == 0, axis=1)
    drop = dead[1:-1] & dead[:-2] & dead[2:]
    if not drop.any():
        return x, values
    keep = np.concatenate([[True], ~drop, [True]])
    return x[keep], values[keep]


def _kinks(x: Rationals, y: Rationals) -> Graph:
    """The graph with its two ends and the points at which it is not linear."""
    zero = scalar(0)
    slopes = (y[1:] - y[:-1]) / (x[1:] - x[:-1])
    keep = np.concatenate([[True], (slopes[1:] - slopes[:-1]).signs() != 0, [True]])
    return Graph(x, y, zero, zero) if keep.all() else Graph(x[keep], y[keep], zero, zero)
