"""The activation regions of one layer in general position: cells of a simple arrangement, by its vertices.

The rows w_i x + b_i are linear functions of (x, t), or of x alone where all hyperplanes meet in one point.  Take the
last of them, where it is positive, for the constant 1: the others become M = m - 1 affine functions on a space of d
dimensions, and their cells, with the mirror images of these under (x, t) -> -(x, t), are those of the linear functions.

A hyperplane F through no vertex cuts some of the cells, in the cells of the arrangement that is left on F.  Each of the
others has exactly one vertex that is nearest to F, and each vertex is nearest for exactly one cell: the one that lies
on the side of v away from F along every line through v.  So the cells are those of the vertices, of the vertices of the
arrangement on F, and so on down a flag of flats: one for every set of at most d rows.  (A cell that F does not cut has
a nearest vertex, since it has no lines, the M functions being of rank d; general position makes it unique if F is
generic, which is proved with the rest.)

Where all hyperplanes meet in one point any flag will do, and the regions are the cells and their mirror images.
Otherwise the first F is t = 0.  A cell that it does not cut is one region, or its mirror image is, where t > 0: these
are the bounded ones, as no direction (x, 0) lies in their closed cones, which t = 0 cannot touch without cutting.  A
cut cell and its mirror image have one part each where t > 0: the unbounded ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from random import Random
from typing import NoReturn, cast

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

from relutheory._kernels.cells import carry_back, list_cells, prove_simple, scratch, surely_inside
from relutheory._kernels.filters import TINY, UNIT
from relutheory._kernels.lanes import LANES
from relutheory.core.errors import InputError, UnsupportedError
from relutheory.core.exact import integer_rows, nearest_float, rational
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch, pack, unpack

_FLAGS = 4  # to try: the first along the coordinates, the others at random
_RANDOM = 1 << 30  # size of the random coefficients
_WORK = 1 << 24  # of the proof between pauses, in signs
_DOUBTFUL = 256  # vertices to decide exactly, between pauses
_EXACT_POINTS = 32  # of a batch
_HELD = 1 << 25  # bytes of cells held back until all are known; of more, general position is proved beforehand


class NotInGeneralPosition(InputError):
    """The hyperplanes of the layer are not in general position, or that could not be shown."""


class _BadFlag(Exception):
    """A flat of the flag meets the arrangement where it must not."""


def cell_regions(
    layers: tuple[ReLULayer, ...],
    domain: Polyhedron | None = None,
    *,
    listed: bool = True,
    facets: bool = False,
    points: bool = True,
    batch: int = 65536,
) -> Iterator[RegionBatch]:
    """The activation regions of one layer in general position, in batches; before the first ones, empty batches.

    layers : one ReLULayer.  domain : None.  listed : whether patterns, points and bounded flags are wanted, or counts
    alone.  points : without them listing is about five times as fast.
    Raises UnsupportedError for other layers, domains and for `facets`, and NotInGeneralPosition where that is so,
    both before any region was yielded.

    >>> layer = ReLULayer([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    >>> sum(regions.count for regions in cell_regions((layer,)))
    7
    """
    if len(layers) != 1 or domain is not None or facets:
        raise UnsupportedError("cell_regions: lists one layer on the whole space, without facets")
    arrangement = _Arrangement(layers[0])
    for attempt in range(_FLAGS):
        chart = _Chart(arrangement, attempt)
        held = []
        try:
            if listed and arrangement.count * (arrangement.m // 8 + 2 + 8 * arrangement.layer.n * points) <= _HELD:
                for regions in _cells(chart, points, batch):
                    held.append(regions)
                    yield RegionBatch(0)
            else:
                for _ in _proof(chart):
                    yield RegionBatch(0)
        except _BadFlag:
            continue
        if held:
            yield from held
        elif listed:
            yield from _cells(chart, points, batch)
        else:
            yield RegionBatch(arrangement.count)
        return
    raise NotInGeneralPosition("layer: no flag of flats in general position was found")


def in_simple_position(layer: ReLULayer) -> bool:
    """Whether the hyperplanes of the layer are in general position, as far as their rank allows.

    That is: of the m rows (w_i, b_i), and with them (0, 1) unless all hyperplanes have a common point, any k are
    linearly independent, where k is the rank of all.  Decided exactly.

    >>> in_simple_position(ReLULayer([[1, 0], [0, 1], [1, 1]])), in_simple_position(ReLULayer([[1, 0], [2, 0], [0, 1]]))
    (True, False)
    """
    try:
        for _ in cell_regions((layer,), listed=False):
            pass
    except NotInGeneralPosition:
        return False
    return True


class _Arrangement:
    """The rows of a layer as linear functions, of full rank, on a space of d + 1 dimensions.

    forms : (m, d + 1) rationals.  affine : whether the last coordinate is t; else all hyperplanes meet in `centre`.
    columns : the coordinates x_j that matter, a basis of the column space.
    """

    def __init__(self, layer: ReLULayer) -> None:
        self.layer, self.m = layer, layer.m
        reduced, rank = layer.weight.fmpq.rref()
        self.columns = [next(j for j in range(layer.n) if reduced[i, j]) for i in range(rank)]
        rows = [[row[j] for j in self.columns] for row in layer.weight.fmpq.tolist()]
        if not rows or not all(map(any, rows)):
            raise NotInGeneralPosition("layer: has a zero row, or none")
        extended = [[*row, c] for row, c in zip(rows, layer.bias.fmpq.entries(), strict=True)]
        solution, full = fmpq_mat(extended).rref()
        self.affine = full > rank
        self.centre = [fmpq(0) if self.affine else -solution[i, rank] for i in range(rank)]
        self.forms = fmpq_mat(extended if self.affine else rows)
        self.d = self.forms.ncols() - 1

    @property
    def count(self) -> int:
        """The number of cells in general position."""
        if self.affine:
            return sum(math.comb(self.m, k) for k in range(self.d + 1))
        return 2 * sum(math.comb(self.m - 1, k) for k in range(self.d + 1))


class _Chart:
    """An arrangement where its last function is the constant 1, with a flag: M = m - 1 affine functions on R^d.

    back : the matrix that takes (y, 1) to the coordinates of the arrangement.
    rows : the functions (a | c) times a positive number, as integers.
    """

    def __init__(self, arrangement: _Arrangement, attempt: int = 0) -> None:
        self.arrangement = arrangement
        self.m, self.d, self.affine = arrangement.m, arrangement.d, arrangement.affine
        d, last = self.d, arrangement.forms.tolist()[-1]
        unit = max(range(d + 1 - self.affine), key=lambda j: abs(last[j]))
        others = [j for j in range(d + 1) if j != unit]
        self.back = fmpq_mat(d + 1, d + 1)
        for k, j in enumerate(others):
            self.back[j, k] = fmpq(1)
            self.back[unit, k] = -last[j] / last[unit]
        self.back[unit, d] = 1 / last[unit]
        if attempt:
            self.back = self.back * _shear(d, d - self.affine, Random(attempt))
        self.rows = [[int(v) for v in row] for row in (arrangement.forms * self.back).numer_denom()[0].tolist()[:-1]]

    @cached_property
    def scaled(self) -> tuple[np.ndarray, float, list[int]]:
        """The rows and columns times powers of two, so that the largest entries are about one, as floats.

        Returns the floats, a bound of their relative errors, and the exponents by which columns were divided.
        """
        return _scaled(self.rows)

    @cached_property
    def flats(self) -> list[fmpz_mat]:
        """The functions on the flats F_0, F_1, .. of the flag."""
        return [fmpz_mat([[*row[:k], row[-1]] for row in self.rows]) for k in range(self.d + 1)]

    def scratch(self, located: bool) -> tuple[np.ndarray, ...]:
        """The working arrays of the kernels, at their start."""
        floats, error, _ = self.scaled
        arrays = scratch(self.m, self.d, located)
        tables, errors, sizes = arrays[:3]
        tables[0, :, : self.m - 1] = floats.T
        sizes[0] = np.abs(tables[0]).max(axis=1)
        errors[0] = error * sizes[0] + (TINY if error else 0.0)
        return arrays

    def vertex(self, rows: Sequence[int]) -> tuple[list[int], fmpq_mat]:
        """The signs (numbers that have them) of the M functions on the cell of the vertex of k rows in F_k, exactly.

        Also the vectors of F_k along which one row grows by one, and the vertex, as the columns of a matrix.
        Raises NotInGeneralPosition or _BadFlag where something is zero that must not be.
        """
        k = len(rows)
        if self.m == 1:
            return [], fmpq_mat(0, 1)
        if k == 0:
            values = [row[-1] for row in self.rows]
            if not all(values):
                self._fail(k)
            return values, fmpq_mat(0, 1)
        target = [[*(int(i == j) for j in range(k)), -self.rows[s][-1]] for i, s in enumerate(rows)]
        try:
            solution = cast(fmpq_mat, fmpz_mat([self.rows[s][:k] for s in rows]).solve(fmpz_mat(target)))
        except ZeroDivisionError:
            self._fail(k)
        numerators, scale = solution.numer_denom()
        point = fmpz_mat(k + 1, 1, [*(numerators[i, k] for i in range(k)), scale])
        values = [int(v) for v in (self.flats[k] * point).entries()]
        for j, s in enumerate(rows):
            values[s] = int(numerators[k - 1, j] * numerators[k - 1, k])
        if not all(values):
            self._fail(k)
        return values, solution

    def _fail(self, k: int) -> NoReturn:
        if k >= self.d - self.affine:
            raise NotInGeneralPosition("layer: the hyperplanes are not in general position")
        raise _BadFlag

    def bits(self, rows: Sequence[int]) -> list[int]:
        """The pattern of the region that the cell of a vertex is, or one of the two; of the other all bits differ."""
        values, solution = self.vertex(rows)
        k = len(rows)
        below = self.affine and k == self.d and solution[k - 1, k] < 0
        return [int((v > 0) != below) for v in (*values, 1)]

    def point(self, rows: Sequence[int], mirrored: bool) -> tuple[Fraction, ...]:
        """A point of the region that the cell of a vertex is, or of the other one that it makes, exactly."""
        values, solution = self.vertex(rows)
        k = len(rows)
        place = [fmpq(0)] * self.d
        if k:
            edges = [[-v if values[s] < 0 else v for v, s in zip(row, rows, strict=False)] for row in solution.tolist()]
            along = [sum(row, fmpq(0)) for row in edges]
            at = [solution[i, k] for i in range(k)]
            step = self._step(at, along, rows)
            place[:k] = [x + step * v for x, v in zip(at, along, strict=True)]
        if self.affine and k < self.d:
            up = [fmpq(int(i == self.d - 1)) for i in range(self.d)]
            step = min(self._step(place, up), self._step(place, [-v for v in up]))
            place[-1] = -step if mirrored else step
        x = (self.back * fmpq_mat(self.d + 1, 1, [*place, fmpq(1)])).entries()
        if self.affine:
            x = [v / x[-1] for v in x[:-1]]
        elif mirrored:
            x = [-v for v in x]
        point = [Fraction(0)] * self.arrangement.layer.n
        for j, v, centre in zip(self.arrangement.columns, x, self.arrangement.centre, strict=True):
            point[j] = rational(v + centre)
        return tuple(point)

    def _step(self, at: list[fmpq], along: list[fmpq], rows: Sequence[int] = ()) -> fmpq:
        """A step along a vector in which no function but those of `rows` changes its sign."""
        k = len(at)
        ends = fmpq_mat([[x, v] for x, v in zip([*at, fmpq(1)], [*along, fmpq(0)], strict=True)])
        pairs = (fmpq_mat(self.flats[k]) * ends).tolist()
        ratios = [-v / x for i, (x, v) in enumerate(pairs) if i not in rows]
        return 1 / (1 + 2 * max([fmpq(0), *ratios]))


def _proof(chart: _Chart) -> Iterator[None]:
    """Prove that all minors are non-zero which the cells of a chart are read from; yields now and then.

    Raises NotInGeneralPosition or _BadFlag where one is zero.
    """
    chart.vertex(())
    if chart.d == 0:
        return
    arrays = chart.scratch(False)
    doubtful = np.zeros((max(_DOUBTFUL, chart.m), chart.d + 2), np.int64)
    done = False
    while not done:
        doubts, done = prove_simple(*arrays, chart.m, _WORK // chart.m**2 + 1, doubtful)
        for entry in doubtful[:doubts].tolist():
            chart.vertex(entry[2 : 2 + entry[1]])
        yield


def _cells(chart: _Chart, located: bool, batch: int) -> Iterator[RegionBatch]:
    """The cells of a chart in general position; raises as `_proof` does where it is not, and then not all are right."""
    m, d = chart.m, chart.d
    batch = max(batch, 2 * m)
    row_bytes = (m + 7) // 8
    pointed = len(chart.arrangement.columns) == chart.arrangement.layer.n  # no region has lines
    patterns = np.zeros(batch * row_bytes + 8, np.uint8)
    bounded = np.zeros(batch, bool)
    homogeneous = np.zeros((batch if located else 0, d + 1))
    vertices = np.full((batch if located else 0, d), -1, np.int32)
    doubtful = np.zeros((max(_DOUBTFUL, m), d + 2), np.int64)
    locate = _Locator(chart) if located else None
    count, doubts, done = 2, 1, d == 0  # first the cell of no row
    doubtful[0, :2] = 0
    arrays = () if done else chart.scratch(located)
    while True:
        rows = patterns[: count * row_bytes].reshape(count, row_bytes).copy()
        for index, k, *vertex in doubtful[:doubts].tolist():
            bits = chart.bits(vertex[:k])
            rows[index] = pack([bits], m)[0]
            if not (chart.affine and k == d):
                rows[index + 1] = pack([[1 - bit for bit in bits]], m)[0]
        if locate is not None:
            yield from locate(homogeneous[:count], rows, bounded[:count] & pointed, vertices)
        else:
            yield RegionBatch(count, rows, None, bounded[:count] & pointed)
        if done:
            return
        count, doubts, done = list_cells(*arrays, m, chart.affine, patterns, bounded, homogeneous, vertices, doubtful)


class _Locator:
    """Points of cells: floats where a filter proves them right, else rationals."""

    def __init__(self, chart: _Chart) -> None:
        self.chart = chart
        self.layer = layer = chart.arrangement.layer
        _, _, exponents = chart.scaled if chart.d else (None, None, [0])
        scales = [fmpq(1) / (1 << e) if e > 0 else fmpq(1 << -e) for e in exponents]
        back = [[v * scale for v, scale in zip(row, scales, strict=True)] for row in chart.back.tolist()]
        largest = max(abs(v) for row in back for v in row)
        self.back = np.array([[nearest_float(rational(v / largest)) for v in row] for row in back])
        self.columns = np.array(chart.arrangement.columns)
        self.centre = np.array([nearest_float(rational(v)) for v in chart.arrangement.centre])
        floats, self.error = _by_rows(integer_rows(layer.weight, layer.bias))
        rows = -(-layer.m // LANES) * LANES
        self.weight = np.zeros((layer.n + 1, rows))
        self.weight[:, : layer.m] = floats.T

    def __call__(
        self, homogeneous: np.ndarray, patterns: np.ndarray, bounded: np.ndarray, vertices: np.ndarray
    ) -> Iterator[RegionBatch]:
        """The cells as batches with points: few cells in each, where floats are not enough."""
        points = np.zeros((len(patterns), self.layer.n))
        carry_back(homogeneous, self.back, self.centre, self.chart.affine, self.columns, points)
        inside = np.zeros(len(points), bool)
        surely_inside(points, self.weight, patterns, self.layer.m, self.error, inside)
        doubtful = np.flatnonzero(~inside)
        start = 0
        for end in [*doubtful[_EXACT_POINTS::_EXACT_POINTS].tolist(), len(points)]:
            exact = {}
            for index in doubtful[(doubtful >= start) & (doubtful < end)].tolist():
                point = self._decide(points[index], patterns[index : index + 1], vertices[index].tolist())
                if point is not None:
                    exact[index - start] = point
            part = slice(start, end)
            yield RegionBatch(end - start, patterns[part], points[part], bounded[part], None, exact or None)
            start = end

    def _decide(self, point: np.ndarray, pattern: np.ndarray, vertex: list[int]) -> tuple[Fraction, ...] | None:
        """Write a point of the cell into `point`; where it cannot be in floats, NaN, and return it."""
        bits = unpack(pattern, self.layer.m)[0].tolist()
        rows = [s for s in vertex if s >= 0]
        single = self.chart.affine and len(rows) == self.chart.d
        exact = self.chart.point(rows, not single and not bits[-1])
        point[:] = [nearest_float(v) for v in exact]
        if self._holds(point.tolist(), bits):
            return None
        point[:] = np.nan
        return exact

    def _holds(self, point: list[float], bits: list[int]) -> bool:
        if not all(map(math.isfinite, point)):
            return False
        values = self.layer.preactivation_exact(point)
        return all(v > 0 if bit else v < 0 for v, bit in zip(values, bits, strict=True))


def _shear(d: int, free: int, random: Random) -> fmpq_mat:
    """A random matrix that (a | c) is multiplied by: columns of the free coordinates are mixed, and added to others."""
    rows = [[int(i == j) for j in range(d + 1)] for i in range(d + 1)]
    for i in range(free):
        rows[i] = [random.randrange(-_RANDOM, _RANDOM) for _ in range(d + 1)]
    return fmpq_mat(rows)


def _by_rows(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, float]:
    """The rows divided by powers of two, so that their largest entries are about one, as floats; the relative error."""
    floats, error, _ = _scaled(rows, axes=(1,))
    return floats, error


def _scaled(rows: Sequence[Sequence[int]], axes: tuple[int, ...] = (1, 0, 1)) -> tuple[np.ndarray, float, list[int]]:
    bits = np.array([[v.bit_length() for v in row] for row in rows], dtype=np.float64)
    bits[bits == 0] = -np.inf
    shift = np.zeros((2, *bits.shape))  # by rows and by columns
    for axis in axes:
        largest = (bits - shift.sum(axis=0)).max(axis=axis, keepdims=True)
        shift[1 - axis] += np.where(np.isfinite(largest), largest, 0.0)
    by = shift.sum(axis=0)
    floats = [
        [v / (1 << e) if e >= 0 else float(v << -e) for v, e in zip(row, exponents, strict=True)]
        for row, exponents in zip(rows, by.astype(np.int64).tolist(), strict=True)
    ]
    short = all(v.bit_length() - (v & -v).bit_length() < 53 for row in rows for v in row)
    exact = short and (bits - by)[np.isfinite(bits)].min(initial=0.0) > -1000
    return np.array(floats), 0.0 if exact else 2.0 * UNIT, shift[1, 0].astype(np.int64).tolist()
