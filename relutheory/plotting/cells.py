"""The cells of a layer's arrangement, each with the number and the rank of its active rows; found exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpz_mat

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import Number, integer_rows, nearest_float, rational
from relutheory.core.sets import Polyhedron
from relutheory.networks import ReLULayer
from relutheory.plotting.partition2d import Partition, find_partition

_WIDEST = 1e75  # coordinates in a picture: their powers are floats too

Point = tuple[Fraction, ...]


class BeyondFloats(InputError):
    """A layer that floats cannot show."""


@dataclass(frozen=True)
class Cell:
    """A cell of a layer's arrangement, as far as a picture shows it.

    active : how many rows are positive inside.  rank : the rank of these rows; below n, the number of inputs, the layer
    loses information here.  pieces : convex polygons that make up the cell, (k, 2) float64, counter-clockwise; on the
    sphere (k, 3) unit vectors, counter-clockwise seen from outside, joined by arcs of at most 90 degrees.
    """

    active: int
    rank: int
    pieces: tuple[np.ndarray, ...]


def find_cells(layer: ReLULayer, domain: Polyhedron, flat: Any = None) -> list[Cell]:
    """The cells of a layer in a bounded part of the plane, with or without bias.

    layer : two inputs, or any number together with `flat`.  domain : a bounded Box or Polyhedron in the plane with
    interior points.  flat : three points of R^n, (3, n) numbers; the cells are then cut by the plane through them, in
    the coordinates of `relutheory.restrict`, and counts and ranks are still those of the whole layer.  Counts and ranks
    are exact, coordinates rounded.  Raises InputError for other layers, domains and points.

    Source: the layer is injective on a convex set iff the active rows have rank n in each cell that meets its interior
    (puthawala2022, Theorem 2 for b = 0; the midpoint argument is the same with bias).

    >>> from relutheory import Box
    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, -1]], [0, 0, 1])
    >>> sorted((cell.active, cell.rank) for cell in find_cells(layer, Box([-2, -2], [2, 2])))
    [(1, 1), (1, 1), (1, 1), (2, 2), (2, 2), (2, 2), (3, 2)]
    """
    from relutheory.polyhedra import restrict

    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if flat is None and layer.n != 2:
        reject("layer", layer, "must have two inputs to be drawn in the plane; give three points of `flat` for others")
    seen = layer if flat is None else restrict(layer, flat)
    seen = _moderate(seen)
    partition = find_partition(seen, domain)
    vertices = _vertices(seen, domain, partition)
    if not (np.abs(vertices).max() < _WIDEST and np.ptp(vertices, axis=0).min() > 1 / _WIDEST):
        raise BeyondFloats(f"layer = {layer!r}: must have lines within the range of float64 to be drawn")
    still = _vanishing(seen) & ~_vanishing(layer)  # on all of the plane: active there, in the sense of >=
    counts = _Counts(layer)
    cells = []
    for bits, polygon in zip(partition.bits, np.split(vertices, partition.offsets[1:-1]), strict=True):
        cells.append(Cell(*counts.of(bits.astype(bool) | still), (polygon,)))
    return cells


def find_sphere_cells(layer: ReLULayer, view: Sequence[Number] = (2, -4, 3)) -> list[Cell]:
    """The cells of a layer of three inputs without bias, as spherical polygons; each once.

    layer : (m, 3) weights, any m.  view : a direction; its hemisphere and the opposite one share no piece.  Counts and
    ranks are exact, coordinates rounded.  The cells of m rows in general position are m (m - 1) + 2.  Raises
    InputError for another number of inputs, a bias that is not zero, and a view of length zero.

    >>> cells = find_sphere_cells(ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    >>> sorted((cell.active, cell.rank) for cell in cells)
    [(0, 0), (1, 1), (1, 1), (1, 1), (2, 2), (2, 2), (2, 2), (3, 3)]
    """
    from relutheory.polyhedra.exact_tree import exact_regions

    check_sphere(layer)
    # three rows more, at right angles: every piece then lies in an octant, and has corners and short sides
    frame = [list(axis) for axis in exact_frame(view)]
    extended = ReLULayer([*layer.weight.fractions(), *frame])
    counts = _Counts(layer)
    pieces: dict[tuple[int, ...], list[np.ndarray]] = {}
    for region in exact_regions((extended,)):
        corners = np.array([_unit(ray[:-1]) for ray in region.cone.rays if ray[-1] == 0])
        pieces.setdefault(region.bits[: layer.m], []).append(_around(corners))
    return [Cell(*counts.of(np.array(bits, dtype=bool)), tuple(pieces[bits])) for bits in sorted(pieces)]


def check_sphere(layer: ReLULayer) -> None:
    """Raise InputError unless the layer can be drawn on the sphere: three inputs, no bias."""
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if layer.n != 3:
        reject("layer", layer, "must have three inputs to be drawn on the sphere")
    if any(layer.bias[i] != 0 for i in range(layer.m)):
        reject("layer", layer, "must have no bias: with one, the cells are no cones")


def exact_frame(view: Sequence[Number]) -> list[Point]:
    """Three orthogonal vectors: `view`, then to the right and upwards for who looks from there at the origin."""
    towards = [rational(v, "view") for v in view]
    if len(towards) != 3 or not any(towards):
        reject("view", tuple(view), "must be three numbers, not all zero")
    x, y, z = towards
    right = (-y, x, Fraction(0)) if x or y else (Fraction(1), Fraction(0), Fraction(0))
    up = (y * right[2] - z * right[1], z * right[0] - x * right[2], x * right[1] - y * right[0])
    return [(x, y, z), right, up]


def collision_inside(layer: ReLULayer, z: Iterable[Number], domain: Polyhedron | None = None) -> tuple[Point, Point]:
    """The longest segment through z on which the layer is constant, exactly.

    layer : any m x n weights and biases.  z : n numbers, a point at which the rows with <w_i, z> + b_i >= 0 do not
    span R^n.  domain : a Box or Polyhedron with z in its interior, in which the segment is to stay; None is R^n.  On a
    side on which it would never end it is cut off somewhere.  Returns its two ends, two points with equal outputs.
    Raises InputError for another z.

    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    >>> x, y = collision_inside(layer, [-1, -1])
    >>> [[str(v) for v in end] for end in (x, y)], layer.forward_exact(x) == layer.forward_exact(y)
    ([['-2', '0'], ['0', '-2']], True)
    """
    from relutheory.injectivity.problem import Problem
    from relutheory.injectivity.witness import collision_at

    point = [rational(v, "z") for v in z]
    if len(point) != layer.n:
        reject("z", f"point with {len(point)} coordinates", f"must have {layer.n}")
    problem = Problem(layer, domain)
    collision = collision_at(problem, point)
    if collision is None:
        reject("z", [str(v) for v in point], "must be a point inside the domain where the active rows do not span")
    scale = Fraction(1)
    if not problem.affine and any(point):  # the collision was found at a multiple of z
        k = next(k for k, v in enumerate(point) if v)
        scale = 2 * point[k] / (collision.x[k] + collision.y[k])
    first, last = _longest(problem, collision.x, collision.y)
    return tuple(scale * v for v in first), tuple(scale * v for v in last)


def _longest(problem: Any, x: Point, y: Point) -> tuple[Point, Point]:
    """The segment from x to y, extended as far as no row and no wall that is not positive there becomes positive."""
    ends = [[*point, Fraction(1)] for point in (x, y)]
    stops = []
    for row in problem.rows:
        here, there = (sum(a * v for a, v in zip(row, end, strict=True)) for end in ends)
        if here != there:
            stops.append(here / (here - there))
    low = max((s for s in stops if s <= 0), default=Fraction(0))
    high = min((s for s in stops if s >= 1), default=Fraction(1))
    first, last = (tuple(a + s * (b - a) for a, b in zip(x, y, strict=True)) for s in (low, high))
    return first, last


class _Counts:
    """Number and exact rank of the active rows of a layer."""

    def __init__(self, layer: ReLULayer) -> None:
        self.rows = integer_rows(layer.weight)

    def of(self, active: np.ndarray) -> tuple[int, int]:
        """active : (m,) bool."""
        rows = [self.rows[i] for i in np.flatnonzero(active)]
        return len(rows), int(fmpz_mat(rows).rank()) if rows else 0


def _vertices(layer: ReLULayer, domain: Polyhedron, partition: Partition) -> np.ndarray:
    """The vertices of a partition; where two lines are too close to each other for floats, from exact forms."""
    vertices, starts = partition.vertices.copy(), partition.offsets
    for k in np.flatnonzero(~np.isfinite(vertices).all(axis=1)).tolist():
        polygon = int(np.searchsorted(starts, k, side="right"))
        before = k - 1 if k > starts[polygon - 1] else starts[polygon] - 1
        (a, b, c), (d, e, f) = (_form(layer, domain, int(partition.edges[i])) for i in (before, k))
        across = a * e - b * d
        if across:
            vertices[k] = nearest_float((b * f - c * e) / across), nearest_float((c * d - a * f) / across)
    return vertices


def _form(layer: ReLULayer, domain: Polyhedron, carrier: int) -> Sequence[Fraction]:
    """The form a x + b y + c that vanishes on what carries an edge."""
    if carrier >= 0:
        return [*layer.weight.row(carrier), layer.bias[carrier]]
    a, c = domain.halfspaces()[-1 - carrier]
    return [*a, -c]


def _moderate(layer: ReLULayer) -> ReLULayer:
    """The layer with each row (w | b) times the power of two that brings w next to 1: its cells stay the same."""
    rows = []
    for row in integer_rows(layer.weight, layer.bias):
        size = max((abs(v) for v in row[:-1]), default=0) or 1
        rows.append([Fraction(v) / 2 ** size.bit_length() for v in row])
    values = np.array(rows, dtype=object).reshape(layer.m, layer.n + 1)
    return ReLULayer(values[:, :-1], values[:, -1])


def _vanishing(layer: ReLULayer) -> np.ndarray:
    """(m,) bool, the rows that are 0 everywhere."""
    return np.array([not any(row) for row in integer_rows(layer.weight, layer.bias)], dtype=bool)


def _unit(ray: Sequence[int]) -> np.ndarray:
    """The float vector of length 1 in the direction of integers, however large they are."""
    largest = max(abs(v) for v in ray)
    vector = np.array([v / largest for v in ray])
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit


def _around(corners: np.ndarray) -> np.ndarray:
    """The corners of a spherical polygon in their order, counter-clockwise seen from outside."""
    middle = corners.sum(axis=0)
    first = corners[0] - middle * (corners[0] @ middle) / (middle @ middle)
    second = np.cross(middle, first)
    angles = np.arctan2(corners @ second / np.linalg.norm(middle), corners @ first)
    ordered: np.ndarray = corners[np.argsort(angles)]
    return ordered


def inner_point(cell: Cell, bits: int = 8) -> Point | None:
    """A point of short rationals about in the middle of a cell's largest piece; None where floats know none."""
    largest = max(cell.pieces, key=lambda piece: float(np.ptp(piece, axis=0).min()))
    middle = largest.mean(axis=0)
    scale = float(np.ptp(largest, axis=0).max())
    if not (np.isfinite(scale) and scale > 0):
        return None
    unit = Fraction(2) ** (int(np.frexp(scale)[1]) - bits)
    return tuple(round(Fraction(float(v)) / unit) * unit for v in middle)
