"""Neighbouring regions, and the linear regions that they merge to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpz
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from relutheory.activation.maps import affine_map
from relutheory.activation.patterns import Net, layers_of
from relutheory.core.errors import reject
from relutheory.core.exact import RationalArray, odd_parts
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import pack, unpack
from relutheory.polyhedra.cones import cone_over
from relutheory.polyhedra.engines import MOST, batches, checked_layers
from relutheory.polyhedra.exact_tree import ExactRegion, exact_regions

_LARGEST = 1048573  # a prime < 2^20: sums of _BLOCK products of residues are exact in float64, whatever their order
_BLOCK = 2**12
_CHUNK = 2048  # regions whose maps are worked on at a time


def dual_graph(
    net: Net, domain: Polyhedron | None = None, *, engine: str | None = None
) -> tuple[np.ndarray, csr_array]:
    """The activation regions and which of them share a facet.

    net : ReLUNetwork or ReLULayer with N neurons; domain, engine : as in `enumerate_regions`.  Returns (patterns,
    graph): the bits, (k, N) uint8, a row for each of k regions, and a symmetric (k, k) scipy sparse matrix with ones
    where two regions have a common facet (networkx.from_scipy_sparse_array makes a graph of it).

    >>> from relutheory import ReLULayer
    >>> patterns, graph = dual_graph(ReLULayer([[1, 0], [0, 1]]))
    >>> len(patterns), int(graph.sum()) // 2
    (4, 4)
    """
    layers = checked_layers(net, domain, engine)
    total = sum(layer.m for layer in layers)
    if layers[0].n > MOST:
        reject("net", net, f"must have at most {MOST} inputs for neighbours and linear regions")
    if total == 0:
        cone_over(domain, layers[0].n)  # refuses a domain without interior
        return np.zeros((1, 0), dtype=np.uint8), csr_array((1, 1), dtype=np.int8)
    found = [batch for _, batch in batches(layers, domain, engine, facets=True) if batch.count]
    packed = np.concatenate([batch.patterns for batch in found if batch.patterns is not None])
    facets = unpack(np.concatenate([batch.facets for batch in found if batch.facets is not None]), total)
    left, right = _neighbours(layers, domain, packed, facets)
    ones = np.ones(2 * len(left), dtype=np.int8)
    pairs = (np.concatenate([left, right]), np.concatenate([right, left]))
    graph = csr_array(coo_array((ones, pairs), shape=(len(packed), len(packed))))
    graph.data[:] = 1
    return unpack(packed, total), graph


def _neighbours(
    layers: Sequence[ReLULayer], domain: Polyhedron | None, packed: np.ndarray, facets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of regions with a common facet.

    Let P be the pattern of a region, B that across its facet of neuron j, C equal to P but for bit j.  If C has a
    region, it is B: otherwise let k be the first neuron in which B and C differ.  The neurons before k have the same
    bits in both, so k has the same form there, and on the facet it has the values it has in P; bits of k on the two
    sides differ between P and B, so these are zero, and the form is a multiple of j's.  Then k has one sign on the side
    of the facet where both B and C lie, and does not differ.  Where C has no region, B is found by stepping over the
    facet in exact arithmetic.
    """
    total = facets.shape[1]
    keys = {row.tobytes(): k for k, row in enumerate(packed)}
    left, right = [], []
    regions: dict[int, ExactRegion] = {}  # the last one alone: a region's facets come one after the other
    for k, j in np.argwhere(facets).tolist():
        other = packed[k].copy()
        other[j // 8] ^= 1 << (j % 8)
        neighbour = keys.get(other.tobytes())
        if neighbour is None:
            if k not in regions:
                [region] = exact_regions(layers, domain, unpack(packed[k : k + 1], total)[0].tolist())
                regions = {k: region}
            neighbour = keys.get(pack([_across(layers, regions[k], j)], total).tobytes())
        if neighbour is not None:  # None: on the other side of a wall of the domain
            left.append(k)
            right.append(neighbour)
    return np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)


def _across(layers: Sequence[ReLULayer], region: ExactRegion, j: int) -> list[int]:
    """The pattern behind the region's facet that neuron j carries."""
    row = region.walls + 1 + j
    on = [ray for ray, t in zip(region.cone.rays, region.cone.tight, strict=True) if t >> row & 1]
    finite = [ray for ray in on if ray[-1] > 0]
    far = [ray for ray in on if ray[-1] == 0]
    point = [
        sum((Fraction(ray[i], ray[-1]) for ray in finite), Fraction(0)) / len(finite) + sum(ray[i] for ray in far)
        for i in range(region.cone.n)
    ]
    inside = region.interior_point()
    return _pattern_towards(layers, point, [p - q for p, q in zip(point, inside, strict=True)])


def _pattern_towards(layers: Sequence[ReLULayer], point: Sequence[Fraction], step: Sequence[Fraction]) -> list[int]:
    """The pattern at point + t step for all small t > 0: values and slopes are carried through the layers."""
    bits: list[int] = []
    value, slope = list(point), list(step)
    for layer in layers:
        before = layer.preactivation_exact(value)
        rate = ReLULayer(layer.weight).preactivation_exact(slope)
        active = [v > 0 or (v == 0 and s > 0) for v, s in zip(before, rate, strict=True)]
        bits += map(int, active)
        value = [v if on else Fraction(0) for v, on in zip(before, active, strict=True)]
        slope = [s if on else Fraction(0) for s, on in zip(rate, active, strict=True)]
    return bits


def merged_regions(net: Net, domain: Polyhedron | None = None, engine: str | None = None) -> tuple[int, np.ndarray]:
    """The linear regions: maximal sets, connected through facets, on which the network is one affine map.

    Returns (number of linear regions, labels): labels[k] is the linear region of row k of `dual_graph`'s patterns.
    """
    patterns, graph = dual_graph(net, domain, engine=engine)
    keys = np.concatenate([*_map_residues(net, patterns)])
    pairs = coo_array(graph)
    same = (keys[pairs.row] == keys[pairs.col]).all(axis=1)
    edges = [(i, j) for i, j in zip(pairs.row[same].tolist(), pairs.col[same].tolist(), strict=True) if i < j]
    maps = {k: affine_map(net, _by_layer(net, patterns[k])) for k in {k for edge in edges for k in edge}}
    equal = np.array([edge for edge in edges if maps[edge[0]] == maps[edge[1]]], dtype=np.int64).reshape(-1, 2)
    shape = (len(patterns), len(patterns))
    joined = coo_array((np.ones(len(equal), dtype=np.int8), (equal[:, 0], equal[:, 1])), shape=shape)
    count, labels = connected_components(joined, directed=False)
    return int(count), labels


def _by_layer(net: Net, bits: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
    if isinstance(net, ReLULayer):
        return bits
    ends = np.cumsum([layer.m for layer in net.layers])[:-1]
    return tuple(np.split(bits, ends))


def _map_residues(net: Net, patterns: np.ndarray) -> Iterator[np.ndarray]:
    """The affine maps modulo a prime, a row of numbers for each pattern: different rows, different maps."""
    layers = layers_of(net)
    readout = None if isinstance(net, ReLULayer) else net.readout
    maps = [*layers] if readout is None else [*layers, readout]
    p = _prime([array for layer in maps for array in (layer.weight, layer.bias)])
    known = [(_residues(layer.weight, p), _residues(layer.bias, p)) for layer in maps]
    n = maps[0].n
    for start in range(0, len(patterns), _CHUNK):
        bits = patterns[start : start + _CHUNK]
        state = np.zeros((len(bits), n, n + 1))
        state[:, range(n), range(n)] = 1.0
        first = 0
        for i, (weight, bias) in enumerate(known):
            state = _product(weight, state, p)
            state[:, :, -1] = np.mod(state[:, :, -1] + bias, p)
            if i < len(layers):
                state *= bits[:, first : first + len(bias), None]
                first += len(bias)
        yield state.reshape(len(bits), -1).astype(np.int64)


def _product(weight: np.ndarray, state: np.ndarray, p: int) -> np.ndarray:
    """The product modulo p, columns of the weight taken in blocks whose sums stay below 2^53."""
    total = np.zeros((len(state), len(weight), state.shape[2]))
    for start in range(0, weight.shape[1], _BLOCK):
        block = slice(start, start + _BLOCK)
        total = np.mod(total + weight[:, block] @ state[:, block], p)
    return total


def _prime(arrays: Sequence[RationalArray]) -> int:
    """A prime below 2^20 that divides no denominator."""
    given = [array for array in arrays if not array.floats_exact]
    denominators = {int(v.q) for array in given for v in array.fmpq.entries()}
    return next(p for p in range(_LARGEST, 2, -2) if fmpz(p).is_prime() and all(d % p for d in denominators))


def _residues(array: RationalArray, p: int) -> np.ndarray:
    """The numbers themselves modulo p, as floats."""
    if array.floats_exact:
        k, e = odd_parts(array.floats)
        exponents, where = np.unique(e, return_inverse=True)
        powers = np.array([pow(2, x, p) for x in exponents.tolist()], dtype=np.int64)
        return (np.mod(k, p) * powers[where.reshape(e.shape)] % p).astype(np.float64)
    found = [int(v.p) * pow(int(v.q), -1, p) % p for v in array.fmpq.entries()]
    return np.array(found, dtype=np.float64).reshape(array.shape)
