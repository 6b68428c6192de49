"""The activation regions in a space of any dimension, from their vertices and rays.

Each region is kept as a cone with generators (see `cones`), in floats with proven error bounds, and cut by the neurons
one after the other: a neuron cuts it exactly where it takes both signs on the generators.  A sign that floats do not
prove is decided in integers, from the rows that are tight on the generator.

A cone has as many generators as the region has vertices and unbounded edges.  In general position these grow fast with
the dimension: the engine is meant for up to eight or so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from time import monotonic

import numpy as np
from flint import fmpz_mat

from relutheory._kernels import rays as ray_kernel
from relutheory._kernels import space as kernel
from relutheory.core.exact import RationalArray, nearest_float, primitive
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch, pack
from relutheory.polyhedra.cones import INFINITY, Cone, cone_over
from relutheory.polyhedra.exact_tree import NeuronForms, exact_regions

_WHOLE = 2**53  # integers below are exact floats
_SECONDS = 0.15  # between two batches, about
_CACHED = 100_000  # exact rows and rays that are kept for the next question

Vector = tuple[int, ...]


def space_regions(
    layers: Sequence[ReLULayer],
    domain: Polyhedron | None = None,
    *,
    listed: bool = True,
    facets: bool = False,
    batch: int = 65536,
) -> Iterator[RegionBatch]:
    """The activation regions of a chain of ReLU layers with any number of inputs, each once.

    domain : None for the whole space.  listed : whether to give more than counts; facets : whether to give these too;
    batch : the most regions at a time.  Yields batches of regions, empty ones where it has worked for a while without a
    result.  Raises InputError where the domain has no interior.

    >>> cube = ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], [0, 0, 0, -1])
    >>> sum(part.count for part in space_regions((cube,), listed=False))
    15
    """
    columns = _independent_columns(layers[0], domain)
    if not columns:
        yield from _single(layers, domain, listed, facets)
        return
    restricted = domain
    if len(columns) < layers[0].n:
        cone_over(domain, layers[0].n)  # complains in terms of the domain that was given
        if domain is not None:
            restricted = Polyhedron(_taken(domain.A, columns=columns), domain.b.fractions())
    yield from _Walk(layers, columns, restricted, listed, facets, batch).batches()


def _single(
    layers: Sequence[ReLULayer], domain: Polyhedron | None, listed: bool, facets: bool
) -> Iterator[RegionBatch]:
    """The only region, all of space, of a network on which nothing changes."""
    neurons, n = sum(layer.m for layer in layers), layers[0].n
    for region in exact_regions(layers, domain):
        if not listed:
            yield RegionBatch(1)
            continue
        none = pack(np.zeros((1, neurons)), neurons) if facets else None
        yield RegionBatch(1, pack([region.bits], neurons), np.zeros((1, n)), np.zeros(1, np.bool_), none)


def _independent_columns(layer: ReLULayer, domain: Polyhedron | None) -> list[int]:
    """Columns that are a basis of the column space of the weights and the walls together.

    Along the common kernel of both nothing changes, and the span of these unit vectors is a complement of it.
    """
    matrix = layer.weight.fractions() + ([] if domain is None else domain.A.fractions())
    if not matrix:
        return []
    rows = fmpz_mat([primitive(row) for row in matrix])
    echelon, _, rank = rows.rref()
    return [next(j for j in range(rows.ncols()) if echelon[i, j]) for i in range(rank)]


def _taken(array: RationalArray, rows: Sequence[int] | None = None, columns: Sequence[int] | None = None) -> np.ndarray:
    """Some rows or columns, floats where these are exact."""
    values = array.floats if array.floats_exact else np.array(array.fractions(), dtype=object).reshape(array.shape)
    values = values if rows is None else values[list(rows)]
    return values if columns is None else values[:, list(columns)]


class _Walk:
    """The depth-first walk through the regions of one network.

    Neurons of the first layer that cut the lines of the domain come first (`order`), the others in their order.
    """

    def __init__(
        self,
        layers: Sequence[ReLULayer],
        columns: list[int],
        domain: Polyhedron | None,
        listed: bool,
        facets: bool,
        batch: int,
    ) -> None:
        self.columns, self.inputs = columns, layers[0].n
        self.n = len(columns)
        self.cone = cone_over(domain, self.n)
        walls = [] if domain is None else domain.halfspaces()
        self.walls = [tuple(primitive([*(-v for v in a), c])) for a, c in walls]
        first = ReLULayer(_taken(layers[0].weight, columns=columns), layers[0].bias)
        self.starters = _starters(self.cone, [tuple(form) for form in NeuronForms((first,)).forms(())])
        order = [*self.starters, *(j for j in range(first.m) if j not in set(self.starters))]
        self.layers = [ReLULayer(_taken(first.weight, rows=order), _taken(first.bias, rows=order))]
        self.layers += [ReLULayer(_taken(layer.weight, columns=order), layer.bias) for layer in layers[1:2]]
        self.layers += layers[2:]
        self.neurons = sum(layer.m for layer in layers)
        self.order = np.array([*order, *range(first.m, self.neurons)])
        self.exact = _Exact(self.layers, self.walls)
        self.net, self.state = self._arrays()
        size = batch if listed else 0
        self.out = kernel.Out(
            np.zeros((size, self.neurons), np.uint8),
            np.zeros((size, self.n)),
            np.zeros(batch, np.bool_),
            np.zeros((size if facets else 0, self.neurons), np.uint8),
            listed,
            listed and facets,
        )
        self.exact_points: dict[int, tuple[Fraction, ...]] = {}

    def _arrays(self) -> tuple[kernel.Net, kernel.State]:
        layers, d = self.layers, self.n + 1
        depth, most = len(layers), max(layer.m for layer in layers)
        first = 1 + len(self.walls)
        rows = first + self.neurons
        words = rows // 64 + 1
        net = kernel.Net(
            weights=np.zeros((depth, most, most)),
            biases=np.zeros((depth, most)),
            inexact=np.zeros(depth),
            widths=np.array([layer.m for layer in layers]),
            starts=np.cumsum([0, *(layer.m for layer in layers)]),
            whole=np.zeros(depth, np.bool_),
            kind=np.full(self.neurons, kernel.NORMAL),
            other=np.zeros(self.neurons, np.int64),
            row_of=first + np.arange(self.neurons),
            first=first,
        )
        state = kernel.State(
            table=ray_kernel.Table(np.zeros((rows, d)), np.zeros((rows, 2)), np.zeros(rows, np.bool_)),
            pool=ray_kernel.Pool(
                np.zeros((256, d)), np.zeros(256), np.zeros((256, words), np.uint64), np.zeros(256, np.int8)
            ),
            forms=np.zeros((depth, most, d)),
            form_errors=np.zeros((depth, most, 2)),
            bits=np.zeros(self.neurons, np.uint8),
            frames=np.zeros((self.neurons + 2, 4), np.int64),
            edges=np.zeros((64, 2), np.int64),
            registers=np.zeros(8, np.int64),
            shared=np.zeros(words, np.uint64),
            every=np.zeros(words, np.uint64),
            counts=np.zeros(rows, np.int64),
            scratch=ray_kernel.Scratch(
                matrix=np.zeros((d, d)),
                inverse=np.zeros((d, d)),
                vectors=np.zeros((3, d)),
                order=np.zeros(d, np.int64),
                chosen=np.zeros(rows, np.int64),
                candidates=np.zeros((rows, d)),
            ),
        )
        self._fill_layers(net, state)
        self._fill_kinds(net)
        infinity = (*(0,) * self.n, 1)
        for row, form in enumerate([infinity, *self.walls, *self.exact.forms(0, b"")]):
            ray_kernel.make_row(state.table, row, *_floats(form))
        return net, state

    def _fill_layers(self, net: kernel.Net, state: kernel.State) -> None:
        """The weights, each layer times a positive number: the one that makes it integer, or of size about one."""
        scale, whole = Fraction(1), True
        for i, layer in enumerate(self.layers):
            weights = np.array(layer.weight.fractions(), dtype=object).reshape(layer.m, layer.n)
            biases = np.array([b * scale for b in layer.bias.fractions()], dtype=object)
            entries = [*weights.ravel().tolist(), *biases.tolist()]
            largest = max((abs(v) for v in entries), default=Fraction(0))
            factor = Fraction(math.lcm(*(v.denominator for v in entries)))
            whole = whole and largest * factor < 2**40
            if not whole:
                factor = _power_of_two_above(largest)
            floats, error = _nearest([v * factor for v in entries])
            split = len(entries) - layer.m
            net.whole[i], net.inexact[i] = whole, error
            if i == 0:
                state.forms[0, : layer.m, : self.n] = floats[:split].reshape(layer.m, layer.n)
                state.forms[0, : layer.m, self.n] = floats[split:]
                if error:
                    below = 2.0**-800
                    state.form_errors[0, : layer.m, 0] = (
                        error * np.abs(state.forms[0, : layer.m, :-1]).max(axis=1) + below
                    )
                    state.form_errors[0, : layer.m, 1] = error * np.abs(floats[split:]) + below
            else:
                net.weights[i, : layer.m, : layer.n] = floats[:split].reshape(layer.m, layer.n)
                net.biases[i, : layer.m] = floats[split:]
            scale *= factor

    def _fill_kinds(self, net: kernel.Net) -> None:
        """Which neurons of the first layer are constant, or vanish on the hyperplane of a wall or an earlier neuron."""
        known: dict[Vector, tuple[int, int]] = {}  # form: (row, its sign there)
        for row, form in enumerate([*self.walls, *self.exact.forms(0, b"")], start=1):
            j = row - net.first
            if not any(form[:-1]):
                if j >= 0:
                    net.kind[j], net.other[j], net.row_of[j] = kernel.FIXED, form[-1] > 0, -1
                continue
            if form not in known:
                known[form], known[tuple(-v for v in form)] = (row, 1), (row, -1)
            elif j >= 0:
                other, sign = known[form]
                net.row_of[j] = other
                if other < net.first:
                    net.kind[j], net.other[j] = kernel.FIXED, sign > 0
                else:
                    net.kind[j], net.other[j] = kernel.SAME, 2 * (other - net.first) + (sign < 0)

    def batches(self) -> Iterator[RegionBatch]:
        """The regions."""
        registers = self.state.registers
        begun = monotonic()
        for bits, cone in _start_cones(
            self.cone, [self.exact.forms(0, b"")[j] for j in range(len(self.starters))], 1 + len(self.walls)
        ):
            self._begin(bits, cone)
            while True:
                code = kernel.walk(self.net, self.state, self.out)
                if code == kernel.UNDECIDED:
                    self._decide()
                elif code == kernel.FULL:
                    self._grow()
                elif code == kernel.NO_POINT:
                    self._find_point()
                    continue  # the region is not counted yet
                if registers[kernel.COUNT] == len(self.out.bounded) or monotonic() > begun + _SECONDS:
                    yield self._batch()
                    begun = monotonic()
                if code == kernel.DONE:
                    break
        if registers[kernel.COUNT]:
            yield self._batch()

    def _begin(self, bits: tuple[int, ...], cone: Cone) -> None:
        state = self.state
        if len(cone.rays) > len(state.pool.rays):
            state.registers[kernel.RAYS_WANTED] = len(cone.rays)
            self._grow()
            state = self.state
        state.bits[: len(bits)] = bits
        for i, (ray, tight) in enumerate(zip(cone.rays, cone.tight, strict=True)):
            state.pool.rays[i], state.pool.errors[i] = _ray_floats(ray)
            state.pool.masks[i] = _words(tight, state.pool.masks.shape[1])
        state.frames[0] = 0, len(cone.rays), len(bits), 0
        state.registers[kernel.DEPTH] = 1
        state.registers[kernel.SIGNS_KNOWN] = 0

    def _grow(self) -> None:
        state, wanted = self.state, self.state.registers
        rays = max(len(state.pool.rays), 2 * int(wanted[kernel.RAYS_WANTED]))
        edges = max(len(state.edges), 2 * int(wanted[kernel.EDGES_WANTED]))
        pool = ray_kernel.Pool(*(_longer(array, rays) for array in state.pool))
        self.state = state._replace(pool=pool, edges=_longer(state.edges, edges))

    def _decide(self) -> None:
        """Find the signs that the kernel asks for."""
        state = self.state
        start, end, j, _ = state.frames[state.registers[kernel.DEPTH] - 1].tolist()
        bits = state.bits.tobytes()
        form = self.exact.row(self.net.first + j, bits)
        rows = int.from_bytes(np.bitwise_or.reduce(state.pool.masks[start:end]).tobytes(), "little")
        for i in range(start, end):
            if state.pool.signs[i] == ray_kernel.ASK:
                ray = self.exact.ray(state.pool.masks[i], rows, bits)
                state.pool.rays[i], state.pool.errors[i] = _ray_floats(ray)
                value = sum(a * b for a, b in zip(form, ray, strict=True))
                state.pool.signs[i] = (value > 0) - (value < 0)

    def _find_point(self) -> None:
        """Find an interior point of the region at hand in rationals."""
        state, k = self.state, int(self.state.registers[kernel.COUNT])
        start, end, _, _ = state.frames[state.registers[kernel.DEPTH] - 1].tolist()
        bits = state.bits.tobytes()
        rows = int.from_bytes(np.bitwise_or.reduce(state.pool.masks[start:end]).tobytes(), "little")
        rays = [self.exact.ray(state.pool.masks[i], rows, bits) for i in range(start, end)]
        x = Cone((), tuple(rays), (), 0).interior_point()
        floats = [nearest_float(v) for v in x]
        if self._contains(floats, rows, rays, bits):
            self.out.points[k] = floats
        else:
            self.out.points[k] = np.nan
            self.exact_points[k] = tuple(
                dict(zip(self.columns, x, strict=True)).get(j, Fraction(0)) for j in range(self.inputs)
            )
        state.registers[kernel.POINT_KNOWN] = 1

    def _contains(self, floats: list[float], rows: int, rays: list[Vector], bits: bytes) -> bool:
        """Whether a point is in the interior of the cone with these rows and rays."""
        if not all(map(math.isfinite, floats)):
            return False
        x = [*map(Fraction, floats), Fraction(1)]
        for row in range(1, rows.bit_length()):
            form = self.exact.row(row, bits)
            sign = self.exact.orientation(row, bits)
            if rows >> row & 1 and any(_dot(form, ray) for ray in rays) and sign * _dot(form, x) <= 0:
                return False
        return True

    def _batch(self) -> RegionBatch:
        registers, out = self.state.registers, self.out
        k = int(registers[kernel.COUNT])
        registers[kernel.COUNT] = 0
        if not out.listed:
            return RegionBatch(k)
        points = np.zeros((k, self.inputs))
        points[:, self.columns] = out.points[:k]
        found = RegionBatch(
            k,
            self._packed(out.bits[:k]),
            points,
            out.bounded[:k] & (self.n == self.inputs),
            self._packed(out.facets[:k]) if out.wanted else None,
            self.exact_points or None,
        )
        if self.exact_points:
            points[list(self.exact_points)] = np.nan
        self.exact_points = {}
        return found

    def _packed(self, bits: np.ndarray) -> np.ndarray:
        given = np.empty_like(bits)
        given[:, self.order] = bits
        return pack(given, self.neurons)


class _Exact:
    """Rows and rays in integers."""

    def __init__(self, layers: Sequence[ReLULayer], walls: Sequence[Vector]) -> None:
        self.maps = NeuronForms(layers)
        self.walls = walls
        self.starts = self.maps.starts
        self.n = layers[0].n
        self.known: dict[tuple[int, bytes], list[Vector]] = {}
        self.rays: dict[tuple[bytes, bytes], Vector] = {}

    def forms(self, layer: int, bits: bytes) -> list[Vector]:
        """The forms of a layer where the neurons before it have these bits."""
        key = layer, bits[: self.starts[layer]]
        if key not in self.known:
            if len(self.known) > _CACHED // self.maps.layers[0].m:
                self.known.clear()
            self.known[key] = [tuple(form) for form in self.maps.forms(tuple(key[1]))]
        return self.known[key]

    def row(self, row: int, bits: bytes) -> Vector:
        """A row by its number."""
        if row == INFINITY:
            return (*(0,) * self.n, 1)
        if row <= len(self.walls):
            return self.walls[row - 1]
        j = row - 1 - len(self.walls)
        layer = next(i for i, end in enumerate(self.starts[1:]) if j < end)
        return self.forms(layer, bits)[j - self.starts[layer]]

    def orientation(self, row: int, bits: bytes) -> int:
        """The sign of the row on the cone at hand."""
        j = row - 1 - len(self.walls)
        return 1 if j < 0 or bits[j] else -1

    def ray(self, mask: np.ndarray, rows: int, bits: bytes) -> Vector:
        """The ray on which the rows of a mask are tight, turned to where the others in `rows` say."""
        tight = int.from_bytes(mask.tobytes(), "little")
        neurons = max(0, tight.bit_length() - 1 - len(self.walls))  # those up to the last that is tight
        key = mask.tobytes(), bits[:neurons]
        if key not in self.rays:
            if len(self.rays) > _CACHED:
                self.rays.clear()
            matrix = [self.row(r, bits) for r in range(tight.bit_length()) if tight >> r & 1]
            kernel_of, nullity = fmpz_mat(matrix).nullspace()
            assert nullity == 1
            self.rays[key] = tuple(primitive([int(kernel_of[i, 0]) for i in range(self.n + 1)]))
        ray = self.rays[key]  # or its negative: both may be rays of regions
        others = rows & ~tight
        values = ((r, _dot(self.row(r, bits), ray)) for r in range(rows.bit_length()) if others >> r & 1)
        r, value = next((r, value) for r, value in values if value)
        return ray if (value > 0) == (self.orientation(r, bits) > 0) else tuple(-v for v in ray)


def _dot(form: Sequence[int], vector: Sequence[int | Fraction]) -> int | Fraction:
    return sum(a * b for a, b in zip(form, vector, strict=True))


def _starters(cone: Cone, forms: Sequence[Vector]) -> list[int]:
    """Neurons that cut the lines of the domain, one after the other, until none is left."""
    chosen: list[int] = []
    for j, form in enumerate(forms):
        if not cone.lines:
            break
        if any(_dot(form, line) for line in cone.lines):
            cone, _ = cone.split(form, 1)
            chosen.append(j)
    return chosen


def _start_cones(cone: Cone, forms: Sequence[Vector], row: int) -> Iterator[tuple[tuple[int, ...], Cone]]:
    """The cones that the starters make of the domain, with their bits."""
    if not forms:
        yield (), cone
        return
    for bit, half in enumerate(cone.split(forms[0], row)):
        for bits, part in _start_cones(half, forms[1:], row + 1):
            yield (bit, *bits), part


def _power_of_two_above(value: Fraction) -> Fraction:
    """A power of two by which a number becomes one of size about one."""
    if not value:
        return Fraction(1)
    return Fraction(2) ** (value.denominator.bit_length() - value.numerator.bit_length())


def _nearest(values: Sequence[Fraction]) -> tuple[np.ndarray, float]:
    """The nearest floats, and a bound of their relative error; below 2^-900 only the signs are right."""
    floats = [nearest_float(v) for v in values]
    exact = all(f == v for f, v in zip(floats, values, strict=True))
    small = kernel.SMALLEST
    floats = [math.copysign(small, v) if v and abs(f) < small else f for f, v in zip(floats, values, strict=True)]
    return np.array(floats), 0.0 if exact and all(abs(f) != small for f in floats) else 2.0**-53


def _floats(form: Vector) -> tuple[np.ndarray, float, float, bool]:
    """A form as floats, the errors of both parts, and whether these are its integers."""
    largest = max(map(abs, form))
    if largest < _WHOLE:
        return np.array(form, dtype=np.float64), 0.0, 0.0, True
    factor = _power_of_two_above(Fraction(largest))
    floats = [nearest_float(v * factor) for v in form]
    exact = all(f == v * factor for f, v in zip(floats, form, strict=True))
    error = 0.0 if exact else 2.0**-52
    return np.array(floats), error, error, False


def _ray_floats(ray: Vector) -> tuple[list[float], float]:
    """A ray as the kernel keeps it, and its error."""
    largest = max(map(abs, ray))
    if largest < _WHOLE:
        return [float(v) for v in ray], 0.0
    floats = [nearest_float(Fraction(v, largest)) for v in ray]
    return [0.0 if abs(f) < 2.0**-400 else f for f in floats], 2.0**-53


def _words(mask: int, words: int) -> np.ndarray:
    return np.frombuffer(mask.to_bytes(8 * words, "little"), np.uint64)


def _longer(array: np.ndarray, length: int) -> np.ndarray:
    out = np.zeros((length, *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    return out
