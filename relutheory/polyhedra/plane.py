"""The activation regions in the plane: polygons, cut by the lines of one neuron after the other.

A region is kept as a polygon with its edges.  A neuron cuts it iff its values at the vertices have both signs, so no
linear program is solved.  Where floats do not know a sign, it is that of the determinant of three exact forms.

An unbounded domain is cut off by a box |x|, |y| <= 1/eps, where eps is smaller than any number: a box so large that it
meets every region and has all points inside in which lines meet.  Its walls are forms p + eps q, and the signs of
polynomials in eps are those of their first non-zero coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from time import monotonic

import numpy as np
from flint import fmpq_mat, fmpz_mat

from relutheory._kernels import plane as kernels
from relutheory._kernels.filters import TINY, UNIT, gamma
from relutheory.core.errors import reject
from relutheory.core.exact import nearest_float, primitive
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch
from relutheory.polyhedra.cones import cone_over, whole_space

Vector = tuple[int, int, int]
Form = tuple[Vector, Vector]  # p + eps q
_ZERO: Vector = (0, 0, 0)
_WORK = 5 * 10**7  # of one call of the kernel: at most about a tenth of a second
_SECONDS = 0.1  # of exact work between two batches


def plane_regions(
    layers: Sequence[ReLULayer],
    domain: Polyhedron | None = None,
    *,
    listed: bool = True,
    facets: bool = False,
    batch: int = 65536,
) -> Iterator[RegionBatch]:
    """The activation regions of a chain of ReLU layers with two inputs, each once.

    domain : a set in the plane with an interior; None is all of it.  listed : patterns, points and whether they are
    bounded, else only counts.  facets : the neurons on the boundary of each region.  batch : regions in one batch, at
    most.  Raises InputError where the domain has no interior.

    >>> from relutheory.networks.layers import ReLULayer
    >>> sum(b.count for b in plane_regions((ReLULayer([[1, 0], [0, 1]], [0, 0]), ReLULayer([[1, 1]], [-1]))))
    7
    """
    search = _Search(layers, domain, batch, listed=listed, facets=facets)
    out = search.out
    while not search.done:
        k, _ = search.advance()
        if not listed:
            yield RegionBatch(k)
        else:
            yield RegionBatch(
                k,
                out.patterns[:k].copy(),
                out.points[:k].copy(),
                out.bounded[:k].copy(),
                out.carriers[:k].copy() if facets else None,
                search.rational_points or None,
            )


@dataclass(frozen=True)
class PolygonBatch:
    """Some activation regions of a bounded part of the plane as polygons, vertices counterclockwise.

    patterns : (k, ceil(N/8)) uint8 packed as in `RegionBatch`.  vertices : (total, 2) float64, rounded (NaN
    where numbers are too large for that).  offsets :
    (k + 1,) int64, polygon i has vertices offsets[i] : offsets[i + 1].  edges : (total,) int32, for each vertex what
    carries the edge to the next one: a neuron, counted through all layers, or -1 - (wall of the domain).
    """

    patterns: np.ndarray
    vertices: np.ndarray
    offsets: np.ndarray
    edges: np.ndarray


def plane_polygons(layers: Sequence[ReLULayer], domain: Polyhedron, *, batch: int = 65536) -> Iterator[PolygonBatch]:
    """The activation regions in a bounded domain of the plane as polygons, for pictures.

    domain : its walls are numbered as by `domain.halfspaces()`.  Raises InputError where it has no interior or is
    unbounded.

    >>> from relutheory.core.sets import Box
    >>> from relutheory.networks.layers import ReLULayer
    >>> polygons = next(plane_polygons((ReLULayer([[1, 0]], [0]),), Box([-1, -1], [1, 1])))
    >>> polygons.patterns.ravel().tolist(), polygons.offsets.tolist(), polygons.edges.tolist()
    ([1, 0], [0, 4, 8], [-4, -1, -3, 0, -3, -2, -4, 0])
    """
    search = _Search(layers, domain, batch, polygons=True)
    if search.unbounded:
        reject("domain", domain, "must be bounded")
    out = search.out
    while not search.done:
        k, total = search.advance()
        offsets = np.concatenate([[0], out.ends[:k]])
        yield PolygonBatch(out.patterns[:k].copy(), out.corners[:total].copy(), offsets, out.owners[:total].copy())


class _Search:
    """The search with its memory: what the kernel asks for is answered here."""

    def __init__(
        self,
        layers: Sequence[ReLULayer],
        domain: Polyhedron | None,
        batch: int,
        *,
        listed: bool = False,
        facets: bool = False,
        polygons: bool = False,
    ) -> None:
        cone_over(domain, 2)  # raises where the domain has no interior
        self.exact = _ExactForms(layers, domain)
        walls = self.exact.domain_walls()
        self.unbounded = any(self.exact.is_infinite(label) for label in walls)
        self.net = _net(layers, -1 - self.exact.walls)
        self.stack = _new_stack(self.net, 8, max(16, 2 * len(walls)))
        self.work = _new_work(self.net, self.stack)
        self._start(layers[0], walls)
        rows = max(1, batch) if listed or polygons else 0
        width = self.stack.bits.shape[1]
        corners = 8 * rows + len(walls) + int(self.net.widths.sum()) if polygons else 0  # one polygon fits, at least
        self.out = kernels.Output(
            counts=np.zeros(2, np.int64),
            patterns=np.zeros((rows, width), np.uint8),
            points=np.zeros((rows, 2)),
            bounded=np.zeros(rows, np.bool_),
            carriers=np.zeros((rows if facets else 0, width), np.uint8),
            corners=np.zeros((corners, 2)),
            owners=np.zeros(corners, np.int32),
            ends=np.zeros(rows, np.int64),
            listed=listed,
            facets=facets,
            polygons=polygons,
        )
        self.rational_points: dict[int, tuple[Fraction, ...]] = {}
        self.asked = 0  # how often exact signs were asked for

    @property
    def done(self) -> bool:
        return bool(self.work.state[0] < 0)

    def _start(self, layer: ReLULayer, walls: Sequence[int]) -> None:
        """Put the domain on the stack, its edges given by their labels, before all neurons of the first layer."""
        forms = [self.exact.form(label, np.zeros(0, np.uint8)) for label in walls]
        corners = [_corner(forms[i - 1], forms[i]) for i in range(len(forms))]
        stack, m = self.stack, layer.m
        stack.size[0], stack.neurons[0] = len(walls), -1
        stack.polygons[0, : len(walls)] = [
            [*_floats(next(v for v in corner if any(v))), *_floats(form), label]
            for corner, (form, _), label in zip(corners, forms, walls, strict=True)
        ]
        first = self.work.forms[0]
        first[:2, :m], first[2, :m] = layer.W.T, layer.b
        self.work.sizes[0] = size = np.abs(first).max(initial=0.0)
        self.work.errors[0] = 0.0 if _floats_exact(layer) else 4 * UNIT * size + TINY
        if len(self.net.widths) > 1:
            net = self.net
            kernels.start_maps(net.biases, net.starts, net.widths, 1, stack.maps[0])
        self.work.state[0] = 0

    def advance(self) -> tuple[int, int]:
        """Find more regions, a batch at most, for some time at most: their number, and that of their vertices."""
        self.out.counts[:] = 0
        self.rational_points = {}
        self.work.state[2] = _WORK
        end = monotonic() + _SECONDS
        while True:
            reason = kernels.search(self.net, self.stack, self.work, self.out)
            if reason == kernels.GROW:
                self._grow()
            elif reason == kernels.ASK:
                self._answer()
            elif reason == kernels.POINT:
                self._find_point()
            if reason in (kernels.DONE, kernels.PAUSED, kernels.FULL) or monotonic() > end:
                regions, vertices = self.out.counts.tolist()
                return regions, vertices

    def _grow(self) -> None:
        depth, corners, _ = self.stack.polygons.shape
        top = int(self.work.state[0])
        if top + 2 > depth:
            depth *= 2
        if self.stack.size[top] + 2 > corners:
            corners *= 2
        old, old_work = self.stack, self.work
        self.stack = _new_stack(self.net, depth, corners)
        self.work = _new_work(self.net, self.stack)
        for new, array in [*zip(self.stack, old, strict=True), *zip(self.work, old_work, strict=True)]:
            new[tuple(slice(size) for size in array.shape)] = array

    def _polygon(self, f: int) -> tuple[np.ndarray, list[Form]]:
        """The bits decided on polygon f, and the forms of its edges."""
        bits = np.unpackbits(self.stack.bits[f], bitorder="little")
        labels = self.stack.polygons[f, : self.stack.size[f], kernels.LABEL].astype(int).tolist()
        return bits, [self.exact.form(label, bits) for label in labels]

    def _answer(self) -> None:
        """Put exact signs where the kernel asks for them."""
        f, stack, signs = int(self.work.state[0]), self.stack, self.work.signs
        bits, edges = self._polygon(f)
        l, size, neurons = int(stack.layer[f]), int(stack.size[f]), int(stack.neurons[f])
        names = range(self.net.widths[l]) if neurons < 0 else stack.undecided[f, :neurons].tolist()
        forms = self.exact.layer(l, bits)
        corners: dict[int, list[Vector]] = {}
        for k, i in np.argwhere(signs[: len(names), :size] == 2).tolist():
            if i not in corners:
                corners[i] = _corner(edges[i - 1], edges[i])
            signs[k, i] = _sign(corners[i], forms[names[k]])
        self.work.state[1] = 1
        self.asked += 1

    def _find_point(self) -> None:
        """A point in the interior of the last region: floats where they do, else rationals."""
        _, edges = self._polygon(int(self.work.state[0]) + 1)
        forms = [p for p, q in edges if not any(q)]
        cone = whole_space(2)
        for row, form in enumerate(forms):
            if cone.side(form) is None:
                _, cone = cone.split(form, row + 1)
        point = cone.interior_point()
        rounded = [nearest_float(x) for x in point]
        row = int(self.out.counts[0]) - 1
        if np.isfinite(rounded).all() and all(_value(form, [Fraction(x) for x in rounded]) > 0 for form in forms):
            self.out.points[row] = rounded
        else:
            self.rational_points[row] = point


class _ExactForms:
    """The walls and the neurons as integer forms, positive multiples of the given ones.

    Labels: j >= 0 is a neuron, counted through all layers; -1 - k is wall k of the domain, where k < walls, and beyond
    them are the four walls at infinity.
    """

    def __init__(self, layers: Sequence[ReLULayer], domain: Polyhedron | None) -> None:
        halfspaces = [] if domain is None else domain.halfspaces()
        self.walls = len(halfspaces)
        rows = [primitive([*(-v for v in a), c]) for a, c in halfspaces]
        self.wall_forms: list[Form] = [((x, y, z), _ZERO) for x, y, z in rows]
        self.wall_forms += [((0, 0, 1), q) for q in ((0, 1, 0), (-1, 0, 0), (0, -1, 0), (1, 0, 0))]
        self.ends = np.cumsum([layer.m for layer in layers]).tolist()
        self.layers = layers
        # per layer: the bits before it, its forms times a positive number, and that number
        self.known: list[tuple[bytes, list[Vector], int]] = []

    @cached_property
    def _matrices(self) -> list[tuple[fmpz_mat, int]]:
        return [_integer_matrix(layer) for layer in self.layers]

    def is_infinite(self, label: int) -> bool:
        return label < -self.walls

    def form(self, label: int, bits: np.ndarray) -> Form:
        """The form of an edge, positive inside the polygon on which the neurons have these bits."""
        if label < 0:
            return self.wall_forms[-1 - label]
        l = int(np.searchsorted(self.ends, label, side="right"))
        x, y, z = self.layer(l, bits)[label - (self.ends[l - 1] if l else 0)]
        return ((x, y, z) if bits[label] else (-x, -y, -z)), _ZERO

    def layer(self, l: int, bits: np.ndarray) -> list[Vector]:
        """The forms of layer l where the layers before it have these bits."""
        start = self.ends[l - 1] if l else 0
        key = bits[:start].tobytes()
        if l < len(self.known) and self.known[l][0] == key:
            return self.known[l][1]
        matrix, factor = self._matrices[l]
        if l:
            before = self.layer(l - 1, bits)
            active = bits[start - len(before) : start].tolist()
            rows = [form if bit else _ZERO for form, bit in zip(before, active, strict=True)]
            scale = self.known[l - 1][2]
            matrix = matrix * fmpz_mat([*rows, (0, 0, scale)])
            factor *= scale
        forms = [(int(x), int(y), int(z)) for x, y, z in matrix.tolist()]
        self.known[l:] = [(key, forms, factor)]
        return forms

    def domain_walls(self) -> list[int]:
        """The edges of the domain, counterclockwise, as labels."""
        edges = [-1 - k for k in range(self.walls, self.walls + 4)]
        for k in range(self.walls):
            form = self.wall_forms[k][0]
            around = [self.wall_forms[-1 - label] for label in edges]
            signs = [_sign(_corner(around[i - 1], around[i]), form) for i in range(len(edges))]
            if min(signs) < 0:
                first = next(i for i, s in enumerate(signs) if s > 0 and signs[i - 1] <= 0)
                inside = [edges[(first + i) % len(edges)] for i in range(sum(s > 0 for s in signs))]
                edges = [edges[first - 1], *inside, -1 - k]
        return edges


def _integer_matrix(layer: ReLULayer) -> tuple[fmpz_mat, int]:
    """The matrix (W | b) times a positive integer, and that integer."""
    weights, biases = layer.weight.fmpq.tolist(), layer.bias.fmpq.entries()
    entries = [v for row, b in zip(weights, biases, strict=True) for v in (*row, b)]
    matrix, factor = fmpq_mat(layer.m, layer.n + 1, entries).numer_denom()
    return matrix, int(factor)


def _cross(p: Vector, q: Vector) -> Vector:
    return p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]


def _corner(before: Form, after: Form) -> list[Vector]:
    """Where two edges meet: the coefficients of 1, eps, eps^2."""
    (p, p1), (q, q1) = before, after
    a, b, c = _cross(p1, q)
    x, y, z = _cross(p, q1)
    return [_cross(p, q), (a + x, b + y, c + z), _cross(p1, q1)]


def _sign(corner: Sequence[Vector], form: Vector) -> int:
    """The sign of the form at the point, for eps small enough."""
    a, b, c = form
    value = next((v for x, y, w in corner if (v := a * x + b * y + c * w)), 0)
    return (value > 0) - (value < 0)


def _value(form: Vector, point: Sequence[Fraction]) -> Fraction:
    return form[0] * point[0] + form[1] * point[1] + form[2]


def _floats(vector: Vector) -> list[float]:
    """Three floats close to a positive multiple of the vector, how far they are off at most, the largest of them."""
    size = max(map(abs, vector))
    if size <= 2**53:
        return [*map(float, vector), 0.0, float(size)]
    return [*(nearest_float(Fraction(x, size)) for x in vector), UNIT + TINY, 1.0]


def _floats_exact(layer: ReLULayer) -> bool:
    return layer.weight.floats_exact and layer.bias.floats_exact


def _net(layers: Sequence[ReLULayer], infinite: int) -> kernels.Net:
    """The layers as the kernel takes them."""
    widths = np.array([layer.m for layer in layers], dtype=np.int64)
    weights = [np.zeros(0), *(layer.W.T.ravel() for layer in layers[1:])]
    with np.errstate(all="ignore"):  # numbers beyond the floats are infinities: all signs are then asked for
        rows = [float(np.abs(layer.W).sum(axis=1).max(initial=0.0)) for layer in layers]
        numbers = [array for layer in layers for array in (layer.W, layer.b)]
        whole = all(map(_floats_exact, layers)) and all(np.array_equal(array, np.rint(array)) for array in numbers)
    # sums of absolute values are rounded too; floats that round a rational are off by 2^-1075 where they underflow
    return kernels.Net(
        widths=widths,
        starts=np.cumsum([0, *widths[:-1]]),
        weights=np.concatenate(weights),
        offsets=np.cumsum([0, *(array.size for array in weights[:-1])]),
        biases=np.concatenate([layer.b for layer in layers]),
        row_sizes=np.array([r * 1.001 + layer.n * TINY for r, layer in zip(rows, layers, strict=True)]),
        bias_sizes=np.array([float(np.abs(layer.b).max(initial=0.0)) + TINY for layer in layers]),
        rounding=np.array([gamma(layer.n + 2.0) + (0.0 if _floats_exact(layer) else 8 * UNIT) for layer in layers]),
        infinite=infinite,
        whole=whole,
    )


def _new_stack(net: kernels.Net, depth: int, corners: int) -> kernels.Stack:
    """Room for polygons: their number, their vertices."""
    widest = max(1, int(net.widths.max()))
    maps = max([1, *net.widths[1:].tolist()])
    return kernels.Stack(
        layer=np.zeros(depth, np.int64),
        neurons=np.zeros(depth, np.int64),
        undecided=np.zeros((depth, widest), np.int32),
        bits=np.zeros((depth, -(-int(net.widths.sum()) // 8)), np.uint8),
        size=np.zeros(depth, np.int64),
        polygons=np.zeros((depth, corners, kernels.COLUMNS)),
        maps=np.zeros((depth, 3, maps)),
    )


def _new_work(net: kernels.Net, stack: kernels.Stack) -> kernels.Work:
    widest, corners = stack.undecided.shape[1], stack.polygons.shape[1]
    return kernels.Work(
        state=np.zeros(3, np.int64),
        forms=np.zeros((len(net.widths), 3, widest)),
        errors=np.zeros(len(net.widths)),
        sizes=np.zeros(len(net.widths)),
        signs=np.zeros((widest, corners), np.int8),
        kinds=np.zeros(widest, np.int8),
        ranges=np.zeros((3, widest)),
        bounds=np.zeros(corners),
        cut=np.zeros(corners, np.int8),
        active=np.zeros(widest, np.int32),
        polygon=np.zeros((corners, kernels.COLUMNS)),
    )
