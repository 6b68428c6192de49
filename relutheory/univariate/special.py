"""Special networks: a source channel that carries x, computing nodes, and a collation channel that adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational, to_fmpq
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.evaluation import evaluate_within
from relutheory.univariate.fixed_width import FixedWidthNetwork, checked_numbers, parameter_count
from relutheory.univariate.inputs import sequence
from relutheory.univariate.nodes import IDENTITY, ZERO, Kinked, combined, positive_part

Vector = tuple[Fraction, ...]
_ZERO = Fraction(0)
_KINKS = 2 * 10**4  # of all nodes: up to so many their functions are found in any case


@dataclass(frozen=True)
class SpecialLayer:
    """One layer of a special network with k computing nodes z, from x and the nodes of the layer before.

    source : (k,) weights of x.  bias : (k,).  nodes : (k, k), row i the weights in node i of the nodes before, or ()
    for none: z = ReLU(source x + nodes z_before + bias).  collect : (k,) weights with which the collation channel takes
    up the nodes before, y = y_before + <collect, z_before>, or () for none.  All are Fractions once read.
    Raises InputError for NaN, infinities and lengths that do not fit.
    """

    source: Vector
    bias: Vector
    nodes: tuple[Vector, ...] = ()
    collect: Vector = ()

    def __init__(self, source: Any, bias: Any, nodes: Any = (), collect: Any = ()) -> None:
        weights = _vector(source, "source")
        k = len(weights)
        if k == 0:
            reject("source", source, "must have at least one entry")
        taken = _vector(collect, "collect")
        rows = tuple(_vector(row, f"nodes[{i}]", k) for i, row in enumerate(sequence(nodes, "nodes", "rows, or ()")))
        if rows and len(rows) != k:
            reject("nodes", f"{len(rows)} rows", f"must be one for each node, {k}, or none")
        object.__setattr__(self, "source", weights)
        object.__setattr__(self, "bias", _vector(bias, "bias", k))
        object.__setattr__(self, "nodes", rows)
        object.__setattr__(self, "collect", _vector(taken, "collect", k) if taken else ())


@dataclass(frozen=True, eq=False)
class SpecialNetwork:
    """A special network: S(x) = y_L + <readout, z_L> + slope x + offset after L layers of W - 2 computing nodes.

    layers : SpecialLayers of the same size; the first takes nothing from nodes before it.  readout : (W - 2,) numbers.
    slope, offset : numbers.  The source channel hands on x and the collation channel the sum y_l of what was collected
    so far, both without a ReLU; y_1 = 0.  On [0, 1] `to_network` is the same function with a ReLU in every node.
    `width` is W, `depth` L, `parameters` n(W, L), `function` the function on [0, 1], exactly.
    Raises InputError where sizes do not fit.  Source: daubechies2022.

    >>> first = SpecialLayer([1, 1], ["-1/4", "-1/2"])
    >>> second = SpecialLayer([1, 0], ["-3/4", 0], collect=[2, -2])
    >>> step = SpecialNetwork([first, second], [2, 0])
    >>> step.width, step.depth, step.to_network()
    (4, 2, FixedWidthNetwork(width=4, depth=2))
    >>> step.function == CPwL([0, "1/4", "1/2", "3/4", 1], [0, 0, "1/2", "1/2", 1])
    True
    """

    layers: tuple[SpecialLayer, ...]
    readout: Vector
    slope: Fraction = _ZERO
    offset: Fraction = _ZERO

    def __init__(
        self, layers: Iterable[SpecialLayer], readout: Sequence[Number], slope: Number = 0, offset: Number = 0
    ) -> None:
        chain = tuple(sequence(layers, "layers", "SpecialLayers"))
        if not chain or not all(isinstance(layer, SpecialLayer) for layer in chain):
            reject("layers", chain, "must be one or more SpecialLayer")
        k = len(chain[0].source)
        for i, layer in enumerate(chain):
            if len(layer.source) != k:
                reject(f"layers[{i}]", f"{len(layer.source)} nodes", f"must have as many as layers[0], {k}")
        if chain[0].nodes or chain[0].collect:
            reject("layers[0]", chain[0], "must take nothing from nodes before it")
        object.__setattr__(self, "layers", chain)
        object.__setattr__(self, "readout", _vector(readout, "readout", k))
        object.__setattr__(self, "slope", rational(slope, "slope"))
        object.__setattr__(self, "offset", rational(offset, "offset"))

    @property
    def width(self) -> int:
        """The width W: the computing nodes and the two channels."""
        return len(self.readout) + 2

    @property
    def depth(self) -> int:
        """The number L of layers."""
        return len(self.layers)

    @property
    def parameters(self) -> int:
        """The number n(W, L) of weights and biases of `to_network`."""
        return parameter_count(self.width, self.depth)

    @property
    def network(self) -> ReLUNetwork:
        """The same function on [0, 1] as a ReLUNetwork."""
        return self.to_network().network

    @cached_property
    def _run(self) -> tuple[tuple[fmpq, ...], Kinked] | None:
        """Lower bounds of the collation channel in the layers, and the function; None where it has too many kinks."""
        collected, nodes, floors = Kinked.of(ZERO, ZERO), [IDENTITY] * len(self.readout), []
        most, seen = max(_KINKS, 4 * self.parameters), 0
        for layer in self.layers:
            if layer.collect:
                collected = combined([(fmpq(1), collected), *_terms(layer.collect, nodes)])
            if collected.floor is None:
                collected = collected.with_floor()
            floors.append(collected.floor or ZERO)
            found = []
            for i, (weight, bias) in enumerate(zip(layer.source, layer.bias, strict=True)):
                terms = _terms(layer.nodes[i], nodes) if layer.nodes else []
                found.append(positive_part(combined([(to_fmpq(weight), IDENTITY), *terms], to_fmpq(bias))))
            nodes = found
            seen += sum(len(node.points) for node in nodes)
            if seen > most:
                return None
        terms = [(fmpq(1), collected), *_terms(self.readout, nodes), (to_fmpq(self.slope), IDENTITY)]
        return tuple(floors), combined(terms, to_fmpq(self.offset))

    @cached_property
    def function(self) -> CPwL:
        """The function on [0, 1], exactly; constant beyond.  Raises InputError where it has too many pieces."""
        return self.to_network().function if self._run is None else self._run[1].cpwl()

    def _floors(self) -> list[Fraction]:
        """Lower bounds of the collation channel in the layers: exact ones, or from intervals for all nodes."""
        if self._run is not None:
            return [Fraction(rational(floor)) for floor in self._run[0]]
        low = high = (_ZERO,) * len(self.readout)
        floors, floor = [], _ZERO
        for layer in self.layers:
            floor += _least(layer.collect, low, high)
            floors.append(floor)
            rows = layer.nodes or ((),) * len(low)
            ends = [
                (b + min(w, _ZERO) + _least(row, low, high), b + max(w, _ZERO) + _least(row, high, low))
                for w, b, row in zip(layer.source, layer.bias, rows, strict=True)
            ]
            low = tuple(max(least, _ZERO) for least, _ in ends)
            high = tuple(max(most, _ZERO) for _, most in ends)
        return floors

    @cached_property
    def _network(self) -> FixedWidthNetwork:
        k = len(self.readout)
        # the collation channel holds y + shift >= 0
        shifts = [max(-floor, _ZERO) for floor in self._floors()]
        first = self.layers[0]
        layers = [ReLULayer([[1], *([w] for w in first.source), [0]], [0, *first.bias, shifts[0]])]
        nothing = (_ZERO,) * k
        for i, layer in enumerate(self.layers[1:], start=1):
            rows = [[1, *nothing, 0]]
            rows += [[w, *(layer.nodes[j] if layer.nodes else nothing), 0] for j, w in enumerate(layer.source)]
            rows += [[0, *(layer.collect or nothing), 1]]
            layers.append(ReLULayer(rows, [0, *layer.bias, shifts[i] - shifts[i - 1]]))
        readout = AffineMap([[self.slope, *self.readout, 1]], [self.offset - shifts[-1]])
        return FixedWidthNetwork(ReLUNetwork(layers, readout=readout))

    def to_network(self) -> FixedWidthNetwork:
        """The same function on [0, 1] with a ReLU in every node: x = ReLU(x), and a constant keeps the sums above 0."""
        return self._network

    def __call__(self, x: Number) -> Fraction:
        """The value at a number, exactly, without a ReLU in the channels: the same as to_network on [0, 1]."""
        point = rational(x, "x")
        total, nodes = self.offset + self.slope * point, (_ZERO,) * len(self.readout)
        for layer in self.layers:
            total += _dot(layer.collect, nodes)
            rows = layer.nodes or ((),) * len(nodes)
            sums = (w * point + b for w, b in zip(layer.source, layer.bias, strict=True))
            nodes = tuple(max(value + _dot(row, nodes), _ZERO) for value, row in zip(sums, rows, strict=True))
        return total + _dot(self.readout, nodes)

    def evaluate(self, points: Any) -> np.ndarray:
        """The values at an array of points in [0, 1], float64: of `function`, so that no rounding grows with depth."""
        return evaluate_within(self.function, points, _ZERO, Fraction(1))

    def __repr__(self) -> str:
        return f"SpecialNetwork(width={self.width}, depth={self.depth})"


def _vector(values: Any, name: str, length: int | None = None) -> Vector:
    found = tuple(checked_numbers(name, values))
    if length is not None and len(found) != length:
        reject(name, f"{len(found)} entries", f"must have {length}")
    return found


def _terms(weights: Vector, nodes: Sequence[Kinked]) -> list[tuple[fmpq, Kinked]]:
    return [(to_fmpq(w), f) for w, f in zip(weights, nodes, strict=True) if w]


def _least(weights: Vector, low: Vector, high: Vector) -> Fraction:
    """The least scalar product with values between low and high; with the two exchanged the greatest."""
    return _dot(weights, tuple(a if w > 0 else b for w, a, b in zip(weights, low, high, strict=False)))


def _dot(weights: Vector, values: Vector) -> Fraction:
    """The scalar product; 0 where no weights are given."""
    return sum((w * v for w, v in zip(weights, values, strict=False) if w), _ZERO)
