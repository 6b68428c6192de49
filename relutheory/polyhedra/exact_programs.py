"""Activation regions by exact linear programs: what the engine `programs` does where floats do not tell.

The tree goes neuron by neuron.  Each region has a point in its interior, so that one side of a neuron's hyperplane
costs nothing; whether the other side is empty is decided by an exact linear program (`core.lp`): a point in it, or
multipliers that prove there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from relutheory.core.exact import nearest_float
from relutheory.core.lp import Row, solve_system
from relutheory.core.sets import Box, Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch, pack
from relutheory.polyhedra.exact_tree import NeuronForms

Point = tuple[Fraction, ...]
Walls = Sequence[tuple[int, Row]]  # strict inequalities <a, x> < c, each with its neuron's number, -1 for the domain
Node = tuple[tuple[int, ...], Walls, Point]  # bits so far, walls, a point of the interior


def exact_leaves(layers: Sequence[ReLULayer], node: Node, forms: list[list[int]]) -> Iterator[Node | None]:
    """The regions within a node, each once, in exact arithmetic; None after each question, for the caller to stop at.

    forms : integer multiples of (a | c) for the neurons of the node's layer that come after its bits.
    """
    n, total = layers[0].n, sum(layer.m for layer in layers)
    stack = [(node, forms)]
    maps = NeuronForms(layers)
    while stack:
        (bits, rows, point), forms = stack.pop()
        while len(bits) < total:
            if not forms:
                forms = maps.forms(bits)
            (*a, c), *forms = forms
            below, above = sides(a, c, rows, point, n)
            if below is not None and above is not None:
                j = len(bits)
                low: tuple[int, Row] = (j, (tuple(a), -c))
                high: tuple[int, Row] = (j, (tuple(-v for v in a), c))
                stack.append((((*bits, 1), (*rows, high), above), forms))
                bits, rows, point = (*bits, 0), (*rows, low), below
            else:
                bits = (*bits, int(above is not None and (any(a) or c > 0)))
            yield None
        yield bits, rows, point


def middle(box: Box) -> Point | None:
    """A point of the interior of a box; None where it has none."""
    if any(low == high for low, high in zip(box.lo, box.hi, strict=True)):
        return None
    return tuple(_between(low, high) for low, high in zip(box.lo, box.hi, strict=True))


def _between(low: Fraction | float, high: Fraction | float) -> Fraction:
    if isinstance(low, Fraction):
        return (low + high) / 2 if isinstance(high, Fraction) else low + 1
    return high - 1 if isinstance(high, Fraction) else Fraction(0)


def is_bounded(domain: Polyhedron) -> bool:
    """Whether a domain is bounded, exactly."""
    if isinstance(domain, Box):
        return all(isinstance(end, Fraction) for end in (*domain.lo, *domain.hi))
    return bounded([(tuple(a), c) for a, c in domain.halfspaces()], domain.n)


def sides(a: Sequence[int], c: int, rows: Walls, point: Point, n: int) -> tuple[Point | None, Point | None]:
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


def batch_of_nodes(nodes: Sequence[Node], n: int, *, always_bounded: bool, facets: bool) -> RegionBatch:
    """Exact regions as a batch."""
    total = len(nodes[0][0])
    points, exact_points = np.full((len(nodes), n), np.nan), {}
    is_closed = np.ones(len(nodes), dtype=bool)
    on_facets = np.zeros((len(nodes), total), dtype=np.uint8)
    for i, (_, rows, point) in enumerate(nodes):
        rounded = [nearest_float(v) for v in point]
        if np.isfinite(rounded).all() and holds(rows, [Fraction(v) for v in rounded]):
            points[i] = rounded
        else:
            exact_points[i] = point
        is_closed[i] = always_bounded or bounded([row for _, row in rows], n)
        if facets:
            on_facets[i, facets_of(rows, n)] = 1
    return RegionBatch(
        count=len(nodes),
        patterns=pack([bits for bits, _, _ in nodes], total),
        points=points,
        bounded=is_closed,
        facets=pack(on_facets, total) if facets else None,
        exact_points=exact_points,
    )


def holds(rows: Walls, x: Sequence[Fraction]) -> bool:
    """Whether x satisfies all inequalities, exactly."""
    common = math.lcm(*(v.denominator for v in x))
    scaled = [v.numerator * (common // v.denominator) for v in x]
    return all(sum(p * q for p, q in zip(a, scaled, strict=True) if p) < c * common for _, (a, c) in rows)


def bounded(rows: Sequence[Row], n: int) -> bool:
    """Whether <a, x> <= c, for all rows, is bounded: no direction d has <a, d> <= 0 for all of them."""
    weak: list[Row] = [(a, 0) for a, _ in rows]
    units = (tuple(sign * int(i == j) for j in range(n)) for i in range(n) for sign in (1, -1))
    return all(solve_system([(unit, 0)], weak, n).point is None for unit in units)


def facets_of(rows: Walls, n: int) -> list[int]:
    """The neurons without whose inequality there is more: points on its other side that satisfy all others."""
    found = []
    for k, (j, (a, c)) in enumerate(rows):
        others = [row for i, (_, row) in enumerate(rows) if i != k]
        if j >= 0 and solve_system([*others, (tuple(-v for v in a), -c)], [], n).point is not None:
            found.append(j)
    return found
