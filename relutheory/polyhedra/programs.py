"""Activation regions by linear programs: for many inputs, where a region has too many corners to keep.

The tree goes neuron by neuron.  Each region has a point in its interior, so that one side of a neuron's hyperplane
costs nothing; whether the other side is empty is decided by an exact linear program (`core.lp`): a point in it, or
multipliers that prove there is none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import nearest_float
from relutheory.core.lp import Row, solve_system
from relutheory.core.sets import Box, Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch, pack
from relutheory.polyhedra.exact_tree import NeuronForms

_BATCH, _SECONDS = 64, 0.2  # regions, and time, between two yields: this engine takes its time

Point = tuple[Fraction, ...]
# bits so far, the strict inequalities <a, x> < c that hold (a neuron's number, or -1 for a wall, with each), a point
_Node = tuple[tuple[int, ...], tuple[tuple[int, Row], ...], Point]


def program_regions(
    layers: Sequence[ReLULayer],
    domain: Polyhedron | None = None,
    *,
    listed: bool = True,
    facets: bool = False,
    batch: int = 65536,
) -> Iterator[RegionBatch]:
    """The activation regions of a chain of ReLU layers with any number of inputs, in batches.

    layers, domain, listed, facets : as for the other engines.  Raises InputError where the domain has no interior.

    >>> layer = ReLULayer([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    >>> sum(regions.count for regions in program_regions((layer,)))
    7
    """
    n = layers[0].n
    some: list[_Node] = []
    size = min(batch, _BATCH)
    always_bounded = listed and domain is not None and _is_bounded(domain)
    for node in _leaves(layers, domain):
        if node is not None:
            some.append(node)
        if node is None or len(some) == size:
            if not some:
                yield RegionBatch(0)
                continue
            yield _batch_of(some, n, always_bounded, facets) if listed else RegionBatch(len(some))
            some = []
    if some:
        yield _batch_of(some, n, always_bounded, facets) if listed else RegionBatch(len(some))


def _leaves(layers: Sequence[ReLULayer], domain: Polyhedron | None) -> Iterator[_Node | None]:
    """The regions, and None where a while has passed without one."""
    n, total = layers[0].n, sum(layer.m for layer in layers)
    walls: list[Row] = [] if domain is None else [(tuple(a), c) for a, c in domain.halfspaces() if any(a)]
    impossible = domain is not None and any(not any(a) and c < 0 for a, c in domain.halfspaces())
    start = _middle(domain) if isinstance(domain, Box) else solve_system(walls, [], n).point
    if start is None or impossible:
        reject("domain", domain, "must have a non-empty interior")
    stack: list[tuple[_Node, list[list[int]]]] = [(((), tuple((-1, wall) for wall in walls), start), [])]
    maps, last = NeuronForms(layers), time.perf_counter()
    while stack:
        (bits, rows, point), forms = stack.pop()
        while len(bits) < total:
            if not forms:
                forms = maps.forms(bits)
            (*a, c), *forms = forms
            below, above = _sides(a, c, rows, point, n)
            if below is not None and above is not None:
                j = len(bits)
                low: tuple[int, Row] = (j, (tuple(a), -c))
                high: tuple[int, Row] = (j, (tuple(-v for v in a), c))
                stack.append((((*bits, 1), (*rows, high), above), forms))
                bits, rows, point = (*bits, 0), (*rows, low), below
            else:
                bits = (*bits, int(above is not None and (any(a) or c > 0)))
            if time.perf_counter() - last > _SECONDS:
                yield None
                last = time.perf_counter()
        yield bits, rows, point


def _middle(box: Box) -> Point | None:
    """A point of the interior of a box; None where it has none."""
    if any(low == high for low, high in zip(box.lo, box.hi, strict=True)):
        return None
    return tuple(_between(low, high) for low, high in zip(box.lo, box.hi, strict=True))


def _between(low: Fraction | float, high: Fraction | float) -> Fraction:
    if isinstance(low, Fraction):
        return (low + high) / 2 if isinstance(high, Fraction) else low + 1
    return high - 1 if isinstance(high, Fraction) else Fraction(0)


def _is_bounded(domain: Polyhedron) -> bool:
    if isinstance(domain, Box):
        return all(isinstance(end, Fraction) for end in (*domain.lo, *domain.hi))
    return _bounded([(tuple(a), c) for a, c in domain.halfspaces()], domain.n)


def _sides(
    a: Sequence[int], c: int, rows: Sequence[tuple[int, Row]], point: Point, n: int
) -> tuple[Point | None, Point | None]:
    """A point of the region where <a, x> + c is negative, and one where it is positive; None where there is none.

    A form without a has one sign, or vanishes: the region's point then stands for that side.
    """
    value = sum((p * q for p, q in zip(a, point, strict=True)), Fraction(c))
    if not any(a):
        return (None, point) if value > 0 else (point, None)
    inside = [row for _, row in rows]
    below = point if value < 0 else solve_system([*inside, (tuple(a), -c)], [], n).point
    above = point if value > 0 else solve_system([*inside, (tuple(-v for v in a), c)], [], n).point
    return below, above


def _batch_of(nodes: Sequence[_Node], n: int, always_bounded: bool, facets: bool) -> RegionBatch:
    total = len(nodes[0][0])
    points, exact_points = np.full((len(nodes), n), np.nan), {}
    bounded = np.ones(len(nodes), dtype=bool)
    on_facets = np.zeros((len(nodes), total), dtype=np.uint8)
    for i, (_, rows, point) in enumerate(nodes):
        rounded = [nearest_float(v) for v in point]
        if np.isfinite(rounded).all() and _holds(rows, [Fraction(v) for v in rounded]):
            points[i] = rounded
        else:
            exact_points[i] = point
        bounded[i] = always_bounded or _bounded([row for _, row in rows], n)
        if facets:
            on_facets[i, _facets(rows, n)] = 1
    return RegionBatch(
        count=len(nodes),
        patterns=pack([bits for bits, _, _ in nodes], total),
        points=points,
        bounded=bounded,
        facets=pack(on_facets, total) if facets else None,
        exact_points=exact_points,
    )


def _holds(rows: Sequence[tuple[int, Row]], x: Sequence[Fraction]) -> bool:
    return all(sum(p * q for p, q in zip(a, x, strict=True)) < c for _, (a, c) in rows)


def _bounded(rows: Sequence[Row], n: int) -> bool:
    """Whether <a, x> <= c, for all rows, is bounded: no direction d has <a, d> <= 0 for all of them."""
    weak: list[Row] = [(a, 0) for a, _ in rows]
    units = (tuple(sign * int(i == j) for j in range(n)) for i in range(n) for sign in (1, -1))
    return all(solve_system([(unit, 0)], weak, n).point is None for unit in units)


def _facets(rows: Sequence[tuple[int, Row]], n: int) -> list[int]:
    """The neurons without whose inequality there is more: points on its other side that satisfy all others."""
    found = []
    for k, (j, (a, c)) in enumerate(rows):
        others = [row for i, (_, row) in enumerate(rows) if i != k]
        if j >= 0 and solve_system([*others, (tuple(-v for v in a), -c)], [], n).point is not None:
            found.append(j)
    return found
