"""Every activation region in exact arithmetic: the slow engine that is right on any input.

The tree goes neuron by neuron: a neuron whose form takes both signs on the region at hand cuts it in two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import numpy as np
from flint import fmpq_mat

from relutheory.core.exact import nearest_float, primitive, rational
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch, pack
from relutheory.polyhedra.cones import Cone, cone_over

_BATCH = 256  # regions between two yields: this engine takes its time


def exact_batches(
    layers: Sequence[ReLULayer],
    domain: Polyhedron | None = None,
    *,
    listed: bool = True,
    facets: bool = False,
    batch: int = 65536,
    prefix: Sequence[int] = (),
) -> Iterator[RegionBatch]:
    """The regions of `exact_regions` in batches, as the other engines yield them."""
    regions = exact_regions(layers, domain, prefix)
    while some := list(islice(regions, min(batch, _BATCH))):
        yield batch_of(some, facets=facets) if listed else RegionBatch(len(some))


def batch_of(regions: Sequence[ExactRegion], *, facets: bool = False) -> RegionBatch:
    """Exact regions as a batch."""
    total, n = len(regions[0].bits), regions[0].cone.n
    points, exact_points = np.full((len(regions), n), np.nan), {}
    for i, region in enumerate(regions):
        inside = region.interior_point()
        rounded = [nearest_float(v) for v in inside]
        if all(map(math.isfinite, rounded)) and region.cone.has_inside(rounded):
            points[i] = rounded
        else:
            exact_points[i] = inside
    on_facets = np.zeros((len(regions), total), dtype=np.uint8)
    if facets:
        for row, region in zip(on_facets, regions, strict=True):
            row[region.facets()] = 1
    return RegionBatch(
        count=len(regions),
        patterns=pack([region.bits for region in regions], total),
        points=points,
        bounded=np.array([region.bounded for region in regions]),
        facets=pack(on_facets, total) if facets else None,
        exact_points=exact_points,
    )


@dataclass(frozen=True)
class ExactRegion:
    """One activation region: bits (0 or 1 for every neuron, layer after layer) and its closure as a cone.

    Row k of the cone is wall k - 1 of the domain where k <= walls, else neuron k - walls - 1.
    """

    bits: tuple[int, ...]
    cone: Cone
    walls: int

    def interior_point(self) -> tuple[Fraction, ...]:
        """A point of the interior."""
        return self.cone.interior_point()

    @property
    def bounded(self) -> bool:
        """Whether the region is bounded."""
        return self.cone.bounded

    def facets(self) -> list[int]:
        """The neurons whose hyperplanes carry facets; walls of the domain are left out.

        Of neurons that vanish on the same hyperplane the first is named.
        """
        return [row - self.walls - 1 for row in self.cone.facets() if row > self.walls]


def exact_regions(
    layers: Sequence[ReLULayer], domain: Polyhedron | None = None, prefix: Sequence[int] = ()
) -> Iterator[ExactRegion]:
    """The activation regions of a chain of ReLU layers, one after the other, each once.

    prefix : bits of the first neurons, layer after layer; only the regions with these bits are visited.  Raises
    InputError where the domain has no interior.
    """
    walls = 0 if domain is None else len(domain.halfspaces())
    total = sum(layer.m for layer in layers)
    stack: list[tuple[Cone, tuple[int, ...], list[list[int]]]] = [(cone_over(domain, layers[0].n), (), [])]
    maps = NeuronForms(layers)
    while stack:
        cone, bits, forms = stack.pop()
        while len(bits) < total:
            if not forms:
                forms = maps.forms(bits)
            form, *forms = forms
            bit = prefix[len(bits)] if len(bits) < len(prefix) else None
            side = cone.side(form)
            if side is None:
                halves = cone.split(form, walls + 1 + len(bits))
                if bit is None:
                    stack.append((halves[1], (*bits, 1), forms))
                cone, bits = halves[bit or 0], (*bits, bit or 0)
            elif bit is None or bit == (side > 0):
                bits = (*bits, int(side > 0))
            else:
                break
        else:
            yield ExactRegion(bits, cone, walls)


class NeuronForms:
    """The forms of the neurons of a layer, where the layers before it have given bits."""

    def __init__(self, layers: Sequence[ReLULayer]) -> None:
        self.layers = layers
        self.starts = np.cumsum([0, *(layer.m for layer in layers)]).tolist()
        first = np.hstack([_array(layers[0].weight.fmpq), _array(layers[0].bias.fmpq)])
        self.known: list[tuple[tuple[int, ...], np.ndarray]] = [((), first)]  # per layer: bits before it, its forms

    def forms(self, bits: tuple[int, ...]) -> list[list[int]]:
        """Integer multiples of (a | c) for the neurons of the layer that comes after `bits`."""
        return [
            primitive([rational(v) for v in row]) for row in self._forms(self.starts.index(len(bits)), bits).tolist()
        ]

    def _forms(self, layer: int, bits: tuple[int, ...]) -> np.ndarray:
        known = 1
        while known < len(self.known) and self.known[known][0] == bits[: self.starts[known]]:
            known += 1
        del self.known[known:]
        for k in range(known, layer + 1):
            active = np.array(bits[self.starts[k - 1] : self.starts[k]], dtype=bool)
            values = np.where(active[:, None], self.known[k - 1][1], 0)
            rows, columns = values.shape
            forms = _array(self.layers[k].weight.fmpq * fmpq_mat(rows, columns, values.ravel().tolist()))
            forms[:, -1] += _array(self.layers[k].bias.fmpq)[:, 0]
            self.known.append((bits[: self.starts[k]], forms))
        return self.known[layer][1]


def _array(matrix: fmpq_mat) -> np.ndarray:
    return np.array(matrix.tolist(), dtype=object).reshape(matrix.nrows(), matrix.ncols())
