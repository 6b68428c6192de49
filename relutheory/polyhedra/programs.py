"""Activation regions by small linear programs: for inputs so many that a region has too many corners to keep.

The tree goes neuron by neuron.  Each region has a point in its interior, so that one side of a neuron's hyperplane
costs nothing; the other side is looked for by a ray, then by a linear program that starts from an ancestor's solution
(see `_kernels.programs`).  Floats find and, with proved bounds, decide; what they leave open is decided exactly, one
question at a time, and only where a region has no float point at all its subtree is (see `exact_programs`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq_mat, fmpz, fmpz_mat

from relutheory._kernels.filters import dependency_scratch
from relutheory._kernels.integers import SHORT
from relutheory._kernels.programs import (
    ASKED,
    DONE,
    FOUND,
    LEVEL,
    OWN,
    SIDE,
    SIZE,
    UNKNOWN,
    YES,
    Tree,
    answer,
    backtrack,
    keep,
    run,
)
from relutheory.core.errors import reject
from relutheory.core.exact import integer_rows, nearest_float, primitive
from relutheory.core.lp import Row, solve_system
from relutheory.core.scaling import balanced, mantissas, scaled_rows
from relutheory.core.sets import Box, Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch, pack
from relutheory.polyhedra.exact_programs import (
    Node,
    batch_of_nodes,
    bounded,
    exact_leaves,
    facets_of,
    holds,
    is_bounded,
    middle,
    sides,
)
from relutheory.polyhedra.exact_tree import NeuronForms

_Wall = tuple[int, list[int]]  # a neuron's number (-1: the domain), and integers (a | c), negative inside

_BATCH = 1024  # regions between two yields
_SECONDS = 0.2  # time between two yields, about
_WORK = 2e6  # coefficients of the programs in one run of the kernel, about
_STATES = 1e7  # numbers in the finder's states up to which every node keeps its own


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
    search = _Search(layers, domain, listed, facets, min(batch, _BATCH))
    if search.walk is None:
        yield from search.exactly(search.root, NeuronForms(layers).forms(()) if search.total else [])
        return
    stack, last = [search.walk], time.perf_counter()
    while stack:
        walk = stack[-1]
        outcome = walk.advance()
        if walk.found and walk.is_last:
            yield walk.batch()
            last = time.perf_counter()
        if outcome == DONE:
            stack.pop()
        elif outcome == ASKED and not walk.resolve():
            yield from search.exactly(walk.node(), walk.open_forms())
            backtrack(walk.tree)
        if walk.found and not walk.is_last:
            stack.append(walk.below())
        if time.perf_counter() - last > _SECONDS:
            yield RegionBatch(0)
            last = time.perf_counter()


class _Search:
    """What all regions of a network share: its layers in integers, the scaling of the coordinates, what is wanted.

    The coordinates of the kernel are x_t 2^units[t].
    """

    def __init__(
        self, layers: Sequence[ReLULayer], domain: Polyhedron | None, listed: bool, facets: bool, batch: int
    ) -> None:
        self.layers, self.n, self.total = layers, layers[0].n, sum(layer.m for layer in layers)
        self.batch, self.listed, self.facets = batch, listed, listed and facets
        halfspaces = [] if domain is None else integer_rows(domain.A, domain.b)
        inside: list[Row] = [(a, c) for *a, c in halfspaces if any(a)]
        impossible = any(not any(a) and c < 0 for *a, c in halfspaces)
        start = middle(domain) if isinstance(domain, Box) else solve_system(inside, [], self.n).point
        if start is None or impossible:
            reject("domain", domain, "must have a non-empty interior")
        self.root: Node = ((), tuple((-1, row) for row in inside), start)
        self.closed = self.listed and domain is not None and is_bounded(domain)
        self.integer = [_integer_matrix(layer) for layer in layers]
        self.walk = self._first([(-1, [*a, -c]) for *a, c in halfspaces if any(a)]) if self.total else None

    def _first(self, walls: list[_Wall]) -> _Walk | None:
        """The walk through the first layer; None where the floats have no point to start from."""
        forms = self.integer[0]
        infinity = [0] * self.n + [-1]
        rows = [infinity, *(row for _, row in walls), *map(forms.row, range(self.layers[0].m))]
        floats, self.columns = balanced(*mantissas(rows, self.n + 1))
        self.units = np.array(self.columns[:-1]) - self.columns[-1]
        point = self.floats_of(self.root[2])
        if point is None or not holds(self.root[1], self.point_of(point)):
            return None
        whole, many = _short(rows), len(walls) + 1
        none = np.zeros((len(rows), 0))
        parts = [_Coordinates(floats[part], none[part], whole[part]) for part in (slice(many), slice(many, None))]
        return _Walk(self, 0, (), walls, parts[0], forms, parts[1], point)

    def floats_of(self, x: Sequence[Fraction]) -> np.ndarray | None:
        """A point in the kernel's coordinates, rounded; None where it is too far."""
        scaled = [nearest_float(v * Fraction(2) ** k) for v, k in zip(x, self.units.tolist(), strict=True)]
        return np.array(scaled) if np.isfinite(scaled).all() else None

    def point_of(self, scaled: np.ndarray) -> tuple[Fraction, ...]:
        """A point from the kernel's coordinates, exactly."""
        return tuple(Fraction(v) / Fraction(2) ** k for v, k in zip(scaled.tolist(), self.units.tolist(), strict=True))

    def exactly(self, node: Node, forms: list[list[int]]) -> Iterator[RegionBatch]:
        """The regions within a node where floats do not suffice.  forms : of the rest of the node's layer."""
        for leaf in exact_leaves(self.layers, node, forms):
            if leaf is None or not self.listed:
                yield RegionBatch(int(leaf is not None))
            else:
                yield batch_of_nodes([leaf], self.n, always_bounded=self.closed, facets=self.facets)


class _Walk:
    """The walk through one layer inside one region of the layers before it.

    bits : of these layers.  walls : of the region, the domain's first.  rows : the wall at infinity and these.  forms :
    the layer's; values : these as well.  point : of the region, in the kernel's coordinates.
    """

    def __init__(
        self,
        search: _Search,
        depth: int,
        bits: tuple[int, ...],
        walls: list[_Wall],
        rows: _Coordinates,
        forms: _Forms,
        values: _Coordinates,
        point: np.ndarray,
    ) -> None:
        self.search, self.depth, self.bits, self.walls, self.forms = search, depth, bits, walls, forms
        self.is_last = depth == len(search.layers) - 1
        self.tree = _tree(rows, values, forms.constant())
        self.tree.points[0] = point
        self.tree.counter[OWN] = 1 + sum(j < 0 for j, _ in walls)
        many, m, n = (search.batch if self.is_last else 1), len(self.tree.bits), search.n
        flags = many if self.is_last and search.listed and not search.closed else 0
        self.out_bits, self.out_split = np.zeros((2, many, m), np.uint8)
        self.out_points, self.out_bounded = np.zeros((many, n)), np.zeros(flags, np.uint8)
        self.out_facets = np.zeros((many if self.is_last and search.facets else 0, len(self.tree.rows)), np.uint8)
        self.most = max(1, int(_WORK / self.tree.columns.size))

    def advance(self) -> int:
        """Run the kernel until it stops; see there."""
        out = (self.out_bits, self.out_split, self.out_points, self.out_bounded, self.out_facets)
        return int(run(self.tree, *out, self.most))

    @property
    def found(self) -> int:
        """The number of regions that the last run found."""
        return int(self.tree.counter[FOUND])

    def below(self) -> _Walk:
        """The walk through the next layer inside the region just found."""
        search, depth, bits, split = self.search, self.depth + 1, self.out_bits[0], self.out_split[0]
        forms = search.integer[depth].after(self.forms, bits.tolist())
        cut, old = np.flatnonzero(split), len(self.walls) + 1
        sign = np.where(bits, -1, 1)[cut, None]
        layer = search.layers[depth]
        if bits.sum() < search.n and layer.weight.floats_exact and layer.bias.floats_exact:
            inner = _inner(layer, old, cut, bits)
        else:  # no better than the input's coordinates, or only near the numbers given
            inner = np.zeros((old + len(cut), 0)), np.zeros((layer.m, 0))
        tree = self.tree
        rows = _Coordinates(
            np.vstack([tree.rows[:old], sign * tree.forms[cut]]),
            inner[0],
            np.vstack([tree.whole[:old], sign * tree.whole_forms[cut]]),
        )
        values = _Coordinates(forms.floats(search.columns), inner[1], forms.whole())
        before = (*self.bits, *bits.tolist())
        return _Walk(search, depth, before, self._walls(bits, split), rows, forms, values, self.out_points[0].copy())

    def _walls(self, bits: np.ndarray, split: np.ndarray) -> list[_Wall]:
        """The walls and those of this layer's neurons that cut, each with the sign that it has inside."""
        start = len(self.bits)
        return self.walls + [(start + j, self._oriented(j, bits[j])) for j in np.flatnonzero(split).tolist()]

    def _oriented(self, j: int, bit: int) -> list[int]:
        return [-v for v in self.forms.row(j)] if bit else self.forms.row(j)

    def node(self) -> Node:
        """The node that the kernel stands at, exactly."""
        tree, j = self.tree, int(self.tree.counter[LEVEL])
        walls = self._walls(tree.bits[:j], tree.split[:j])
        return (*self.bits, *tree.bits[:j].tolist()), _as_rows(walls), self.search.point_of(tree.points[j])

    def open_forms(self) -> list[list[int]]:
        """The forms of the neurons that the node has not come to."""
        return [self.forms.row(j) for j in range(int(self.tree.counter[LEVEL]), len(self.tree.bits))]

    def resolve(self) -> bool:
        """Answer the kernel's question exactly; False where the other side has no float point."""
        j, asked = int(self.tree.counter[LEVEL]), int(self.tree.counter[SIDE])
        if self._excluded(j, asked):
            keep(self.tree, j, 1 - asked)
            return True
        *a, c = self.forms.row(j)
        _, rows, point = self.node()
        below, above = sides(a, c, rows, point, self.search.n)
        if below is None or above is None:
            keep(self.tree, j, int(above is not None))
            return True
        ends = [self.search.floats_of(below), self.search.floats_of(above)]
        for end, sign in zip(ends, (1, -1), strict=True):
            side: Row = (tuple(sign * v for v in a), -sign * c)
            if end is None or not holds([*rows, (-1, side)], self.search.point_of(end)):
                return False
        answer(self.tree, ends[0], ends[1], 0)
        return True

    def _excluded(self, j: int, bit: int) -> bool:
        """Whether the walls that the kernel named exclude this bit: they have a positive dependency."""
        named = self.tree.support[: self.tree.counter[SIZE]].tolist()
        first, rows = len(self.walls) + 1, []
        for i in named:
            if i >= first:
                k = i - first
                rows.append(self._oriented(k, bit if k == j else self.tree.bits[k]))
            else:
                rows.append(self.walls[i - 1][1] if i else [0] * self.search.n + [-1])
        if not rows:
            return False
        basis, nullity = fmpz_mat(rows).transpose().nullspace()
        signs = [int(basis[i, 0]) for i in range(len(rows))]
        return nullity == 1 and (min(signs) >= 0 or max(signs) <= 0)

    def batch(self) -> RegionBatch:
        """The regions that the last run found."""
        search, k = self.search, self.found
        if not search.listed:
            return RegionBatch(k)
        before = np.broadcast_to(np.array(self.bits, np.uint8), (k, len(self.bits)))
        bits, split = self.out_bits[:k], self.out_split[:k]
        points = np.ldexp(self.out_points[:k], -search.units)
        inexact = np.flatnonzero((np.ldexp(points, search.units) != self.out_points[:k]).any(axis=1)).tolist()
        points[inexact] = np.nan
        closed = np.ones(k, dtype=bool)
        if len(self.out_bounded):
            closed = self.out_bounded[:k] == YES
            for i in np.flatnonzero(self.out_bounded[:k] == UNKNOWN):
                closed[i] = bounded([row for _, row in _as_rows(self._walls(bits[i], split[i]))], search.n)
        return RegionBatch(
            count=k,
            patterns=pack(np.hstack([before, bits]), search.total),
            points=points,
            bounded=closed,
            facets=pack(self._facets(k), search.total) if search.facets else None,
            exact_points={i: search.point_of(self.out_points[i]) for i in inexact},
        )

    def _facets(self, k: int) -> np.ndarray:
        """(k, N) uint8: which neurons carry facets."""
        start = len(self.bits)
        neurons = np.array([-1, *(j for j, _ in self.walls), *range(start, start + len(self.tree.bits))])
        on_facets, own = np.zeros((k, self.search.total), np.uint8), neurons >= 0
        on_facets[:, neurons[own]] = self.out_facets[:k, own] == YES
        for i in np.flatnonzero((self.out_facets[:k] == UNKNOWN).any(axis=1)):
            on_facets[i] = 0
            on_facets[i, facets_of(_as_rows(self._walls(self.out_bits[i], self.out_split[i])), self.search.n)] = 1
        return on_facets


class _Forms:
    """The forms (a | c) of a layer's neurons on one region, as integers over a common positive denominator."""

    def __init__(self, matrix: fmpz_mat, scale: fmpz) -> None:
        self.matrix, self.scale = matrix, scale
        self._rows = matrix.tolist()
        self._primitive: dict[int, list[int]] = {}

    def row(self, j: int) -> list[int]:
        """A positive multiple of (a | c), primitive."""
        if j not in self._primitive:
            self._primitive[j] = primitive([int(v) for v in self._rows[j]])
        return self._primitive[j]

    def after(self, before: _Forms, bits: Sequence[int]) -> _Forms:
        """These forms, of the layer's own inputs, as forms of the network's input: the layer before has these bits."""
        zero = [0] * before.matrix.ncols()
        active = fmpz_mat([row if bit else zero for row, bit in zip(before._rows, bits, strict=True)])
        weights = fmpz_mat([row[:-1] for row in self._rows])
        offsets = fmpz_mat([[*zero[:-1], row[-1] * before.scale] for row in self._rows])
        return _Forms(weights * active + offsets, self.scale * before.scale)

    def whole(self) -> np.ndarray:
        """The forms as primitive integers, zeros where these are long."""
        if self.scale.bit_length() > 2 * SHORT.bit_length():
            return np.zeros((len(self._rows), self.matrix.ncols()), dtype=np.int64)
        return _short([self.row(j) for j in range(len(self._rows))])

    def constant(self) -> np.ndarray:
        """(m,) int64: the bits of neurons whose form has no linear part, -1 for the others."""
        return np.array([-1 if any(row[:-1]) else int(row[-1] > 0) for row in self._rows], dtype=np.int64)

    def floats(self, columns: Sequence[int]) -> np.ndarray:
        """The forms in the kernel's coordinates, each with its largest entry about 1."""
        m, e = mantissas([[int(v) for v in row] for row in self._rows], self.matrix.ncols())
        return scaled_rows(m, e, columns)


@dataclass(frozen=True)
class _Coordinates:
    """Some rows (a | c) as the kernel has them: `floats`, `inner` and `whole`; see there."""

    floats: np.ndarray
    inner: np.ndarray
    whole: np.ndarray


def _inner(layer: ReLULayer, old: int, cut: np.ndarray, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walls and a layer's forms in the values of the active neurons before it, and 1.

    old : number of walls that are not of these neurons; cut : the neurons that are walls.
    """
    active = np.flatnonzero(bits)
    walls = np.full((old + len(cut), len(active) + 1), np.nan)
    walls[0] = [0] * len(active) + [-1]
    for i, j in enumerate(cut, start=old):
        if bits[j]:  # the wall is where the neuron's own value is zero
            walls[i] = [*(-1.0 * (active == j)), 0]
    m, e = np.frexp(np.hstack([layer.W[:, active], layer.b[:, None]]))
    return walls, np.ascontiguousarray(scaled_rows(m, e.astype(np.int64), [0] * (len(active) + 1)))


def _short(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Rows of integers as int64, zeros instead of those with long entries."""
    return np.array([row if max(map(abs, row)) < SHORT else [0] * len(row) for row in rows], dtype=np.int64)


def _integer_matrix(layer: ReLULayer) -> _Forms:
    entries = [
        v for row, c in zip(layer.weight.fmpq.tolist(), layer.bias.fmpq.entries(), strict=True) for v in (*row, c)
    ]
    return _Forms(*fmpq_mat(layer.m, layer.n + 1, entries).numer_denom())


def _as_rows(walls: Sequence[_Wall]) -> tuple[tuple[int, Row], ...]:
    """Walls as the strict inequalities <a, x> < c."""
    return tuple((j, (tuple(row[:-1]), -row[-1])) for j, row in walls)


def _tree(rows: _Coordinates, forms: _Coordinates, fixed: np.ndarray) -> Tree:
    """A fresh tree of the kernel for walls and forms."""
    (m, d), walls = forms.floats.shape, len(rows.floats)
    n, many = d - 1, walls + m
    kept = m + 1 if (m + 2) * (2 * d + 2) * d <= _STATES else 1
    matrices, vectors, order = dependency_scratch(d)
    tree = Tree(
        rows=np.vstack([rows.floats, forms.floats]),
        inner=np.vstack([rows.inner, forms.inner]),
        whole=np.vstack([rows.whole, forms.whole]),
        inner_forms=forms.inner,
        whole_forms=forms.whole,
        columns=np.zeros((d, many)),
        directions=np.zeros((n, many)),
        floor=np.concatenate([np.full(walls, -1.0), np.full(m, np.inf)]),
        forms=forms.floats,
        units=_unit(forms.floats),
        slopes=_unit(forms.floats[:, :n]),
        fixed=fixed,
        bits=np.zeros(m, np.uint8),
        split=np.zeros(m, np.uint8),
        pending=np.zeros(m, np.uint8),
        points=np.zeros((m + 1, n)),
        others=np.zeros((m, n)),
        spare=np.zeros(n),
        slot=np.zeros(m + 1, np.int64),
        other_slot=np.zeros(m, np.int64),
        states=np.zeros((kept + 1, 2 * d + 2, d)),
        active=np.zeros((kept + 1, d), np.int64),
        count=np.zeros(kept + 1, np.int64),
        support=np.zeros(d + 1, np.int64),
        slack=np.zeros(many),
        scratch=np.zeros((3, d)),
        matrices=matrices,
        vectors=vectors,
        order=order,
        table=np.zeros((d, d + 1), np.int64),
        counter=np.zeros(6, np.int64),
    )
    tree.columns[:, :walls] = -_unit(rows.floats).T
    tree.directions[:, :walls] = -_unit(rows.floats[:, :n]).T
    return tree


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows at unit length; zero rows stay zero."""
    with np.errstate(all="ignore"):
        length = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
        return np.where(length > 0, rows / length, 0.0)
