"""How the activation domains of a family refine along depth: how many there are, which are split, what a picture needs.

The domains of the first k layers are unions of those of the first K >= k layers, cut by their boundaries; so each
domain of k layers with an interior holds one of K layers with an interior, and the bits of the first k layers of all
domains of K layers give all domains of k layers.  One exact enumeration therefore answers for every depth up to K.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.errors import check_limit, reject
from relutheory.core.sets import Polyhedron
from relutheory.core.verdict import NotABool, Rigor
from relutheory.deep_limit.families.layer_sequence import check_exact_layers
from relutheory.networks.layers import ReLUNetwork
from relutheory.polyhedra.batch import unpack
from relutheory.polyhedra.engines import batches, checked_layers

_LIMIT = 10**6  # domains


@dataclass(frozen=True)
class DomainsAlongDepth(NotABool):
    """The activation domains of the first 1, 2, ... layers, made by `domains_along_depth`.

    depth : the layers asked for.  complete : those up to which all domains were found; what follows is about these.
    counts[k - 1] : how many domains k layers have.  split[k - 1] : how many of them layer k + 1 splits; one entry
    fewer.  changed[k - 1] : how many domains of k layers have other bits in layer k than in layer k - 1 (a shorter
    pattern continued by zeros; all of them for k = 1).  parents[k - 1] : (counts[k - 1],) the number of the domain of
    k - 1 layers that holds each.  patterns[k - 1] : (counts[k - 1], m_k) uint8, their bits in layer k.
    at_least : where complete < depth, the pair (k, domains of k layers found so far); else None.
    seconds : how long it took.
    """

    depth: int
    complete: int
    counts: tuple[int, ...]
    split: tuple[int, ...]
    changed: tuple[int, ...]
    parents: tuple[np.ndarray, ...]
    patterns: tuple[np.ndarray, ...]
    at_least: tuple[int, int] | None
    seconds: float
    rigor: Rigor = Rigor.EXACT

    @property
    def frozen_from(self) -> int | None:
        """The least k such that no domain of k or more layers is split, as far as was looked; None if that was nowhere.

        Nothing is said of later layers.
        """
        k = self.complete
        while k > 1 and not self.split[k - 2]:
            k -= 1
        return k or None

    @property
    def patterns_frozen_from(self) -> int | None:
        """The least k such that all domains of k layers keep their bits, unsplit, as far as was looked."""
        kept = [k for k, changed in enumerate(self.changed, 1) if changed]
        return max(self.frozen_from or 1, *kept) if kept else self.frozen_from

    def ancestors(self, k: int, j: int) -> np.ndarray:
        """For each domain of k layers the number of the domain of the first j <= k layers that holds it."""
        if not 1 <= j <= k <= self.complete:
            reject("j, k", (j, k), f"must be 1 <= j <= k <= {self.complete}")
        index = np.arange(self.counts[k - 1])
        for step in range(k, j, -1):
            index = self.parents[step - 1][index]
        return index


@dataclass(frozen=True)
class DepthPolygons:
    """The domains of the first `depth` layers in a bounded part of the plane, as k convex polygons.

    bits : (k, N) uint8, of all N neurons, layer after layer.  vertices : (v, 2) float64, rounded, counter-clockwise.
    offsets : (k + 1,); polygon i has the vertices offsets[i] : offsets[i + 1].  layers : (v,), for each vertex the
    layer, from 1, whose neuron carries the edge to the next one; 0 on the boundary of the part.
    """

    depth: int
    bits: np.ndarray
    vertices: np.ndarray
    offsets: np.ndarray
    layers: np.ndarray

    @property
    def count(self) -> int:
        """k."""
        return len(self.bits)

    def polygons(self) -> list[np.ndarray]:
        """The vertices of each polygon."""
        return np.split(self.vertices, self.offsets[1:-1])


def first_layers(family: Any, k: int) -> ReLUNetwork:
    """The first k layers as a network, exactly.  Raises InputError where a layer has entries that are not rational."""
    check_exact_layers(family)
    return ReLUNetwork([family.layer(n) for n in range(1, k + 1)])


def domains_along_depth(
    family: Any,
    depth: int,
    domain: Polyhedron | None = None,
    *,
    limit: int = _LIMIT,
    time_limit: float | None = None,
) -> DomainsAlongDepth:
    """The activation domains of the first 1, 2, ..., `depth` layers of a family: how many, and how they refine.

    family : DeepFamily, or anything with exact `layer(n)`.  domain : a Box or Polyhedron in the input space to whose
    interior everything is cut; None is all of it.  limit : domains, and time_limit : seconds, after which the search
    stops; depths are tried by doubling, so that what is complete is known for the smaller ones.
    Only domains with an interior count; a neuron that vanishes identically on one has bit 0 and is no constraint.
    Returns a `DomainsAlongDepth`.  Raises InputError for bad arguments.

    >>> from relutheory import Box
    >>> from relutheory.deep_limit.families.family import DeepFamily
    >>> family = DeepFamily.from_layers([([[1], [-1]], [0, 0]), ([[1, 0], [1, 1]], [-1, -2])])
    >>> found = domains_along_depth(family, 4, Box([-3], [3]))
    >>> found.counts, found.split, found.frozen_from
    ((2, 5, 5, 5), (2, 0, 0), 2)
    """
    check_exact_layers(family)
    last = _positive("depth", depth)
    most = check_limit("limit", limit, integer=True)
    seconds = check_limit("time_limit", time_limit)
    started = time.monotonic()
    deadline = None if seconds is None else started + seconds
    complete, bits, at_least, at = 0, np.zeros((0, 0), np.uint8), None, 1
    while complete < last and (at_least is None or at_least[0] > complete + 1):
        net = first_layers(family, at)
        found, done = _all_bits(net, domain, most, deadline)
        if done:
            complete, bits = at, found
        else:
            at_least = at, len(found)
            if deadline is not None and time.monotonic() > deadline:
                break
        at = min(2 * complete, last) if at_least is None else (complete + at_least[0]) // 2
    widths = [family.layer(n).m for n in range(1, complete + 1)]
    steps = list(_refinement(bits, widths))
    return DomainsAlongDepth(
        depth=last,
        complete=complete,
        counts=tuple(len(parents) for parents, _ in steps),
        split=tuple(int((np.bincount(parents) > 1).sum()) for parents, _ in steps[1:]),
        changed=tuple(_changes(steps)),
        parents=tuple(parents for parents, _ in steps),
        patterns=tuple(patterns for _, patterns in steps),
        at_least=at_least,
        seconds=time.monotonic() - started,
    )


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        reject(name, value, "must be a positive integer")
    return int(value)


def _all_bits(
    net: ReLUNetwork, domain: Polyhedron | None, most: float | None, deadline: float | None
) -> tuple[np.ndarray, bool]:
    """The packed patterns of the domains of a network, and whether these are all."""
    layers = checked_layers(net, domain, None)
    found, count = [np.zeros((0, (sum(net.widths) + 7) // 8), np.uint8)], 0
    for _, batch in batches(layers, domain, points=False):
        if batch.patterns is not None:
            found.append(batch.patterns)
        count += batch.count
        if (most is not None and count > most) or (deadline is not None and time.monotonic() > deadline):
            return np.concatenate(found), False
    return np.concatenate(found), True


def _refinement(packed: np.ndarray, widths: Sequence[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each layer the domains so far: (the number of the domain that each comes from, its bits in the layer)."""
    number, start = np.zeros(len(packed), dtype=np.int64), 0
    for m in widths:
        first, last = start // 8, (start + m + 7) // 8
        bits = np.unpackbits(packed[:, first:last], axis=1, bitorder="little")[:, start - 8 * first :][:, :m]
        start += m
        key = np.column_stack([number.astype(">u4").view(np.uint8).reshape(-1, 4), np.packbits(bits, axis=1)])
        _, index, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
        yield number[index], bits[index]
        number = inverse.reshape(-1)


def _changes(steps: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[int]:
    """How many domains have other bits than the one they come from has in the layer before."""
    before: np.ndarray | None = None
    for parents, bits in steps:
        if before is None:
            yield len(bits)
        else:
            m = max(before.shape[1], bits.shape[1])
            old, new = (np.pad(p, ((0, 0), (0, m - p.shape[1]))) for p in (before[parents], bits))
            yield int((old != new).any(axis=1).sum())
        before = bits


def polygons_along_depth(family: Any, depths: Sequence[int], domain: Polyhedron) -> Iterator[DepthPolygons]:
    """The activation domains of the first k layers of a family with two inputs as polygons, for each k in `depths`.

    domain : a bounded Box or Polyhedron in the plane.  Domains and bits are exact, vertices rounded.  Yields one
    `DepthPolygons` for each depth.  Raises InputError for bad arguments.

    >>> from relutheory import Box
    >>> from relutheory.deep_limit.families.family import DeepFamily
    >>> family = DeepFamily.from_layers([([[1, 0], [0, 1]], [0, 0]), ([[1, -1]], [0])])
    >>> [(found.count, sorted(set(found.layers.tolist()))) for found in polygons_along_depth(
    ...     family, [1, 2], Box([-1, -1], [1, 1]))]
    [(4, [0, 1]), (5, [0, 1, 2])]
    """
    from relutheory.polyhedra.plane import plane_polygons

    check_exact_layers(family)
    if not isinstance(depths, Iterable):
        reject("depths", depths, "must be a list of positive integers")
    wanted = [_positive("depths", k) for k in depths]
    if not isinstance(domain, Polyhedron) or domain.n != 2:
        reject("domain", domain, "must be a bounded Box or Polyhedron in the plane")
    for k in wanted:
        net = first_layers(family, k)
        if net.input_dim != 2:
            reject("family", family, "must have two inputs")
        ends = np.cumsum(net.widths)
        found = list(plane_polygons(net.layers, domain))
        edges = np.concatenate([batch.edges for batch in found])
        sizes = np.concatenate([np.diff(batch.offsets) for batch in found])
        yield DepthPolygons(
            depth=k,
            bits=np.concatenate([unpack(batch.patterns, int(ends[-1])) for batch in found]),
            vertices=np.concatenate([batch.vertices for batch in found]),
            offsets=np.concatenate([[0], np.cumsum(sizes)]),
            layers=np.where(edges < 0, 0, np.searchsorted(ends, edges, side="right") + 1),
        )
