"""Where to look at a layer: the part of the plane where its lines cross, and a path through the input space."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from relutheory.core.exact import integer_rows, nearest_float
from relutheory.core.sets import Box, Polyhedron
from relutheory.networks import ReLULayer

if TYPE_CHECKING:
    from relutheory.injectivity import InjectivityResult

Point = Sequence[Fraction]

_FAR = 1e60  # what is farther away is left out of pictures
_SEED = 0
_LEGS = 3
_LONG = 64  # inputs from which the path has one leg to the collision and one back only


def view_box(layer: ReLULayer, result: InjectivityResult) -> Polyhedron:
    """The part of the plane to draw: the domain where it is bounded, else its part where most lines cross.

    layer : two inputs.  result : its decision; a collision, and a point of the domain, are in the picture.
    """
    from relutheory.polyhedra.cones import cone_over

    domain = result.problem.domain
    if domain is not None and cone_over(domain, 2).bounded:
        return domain
    points = _crossings(layer)
    if len(points):
        low, high = np.percentile(points, [3, 97], axis=0)
    else:
        low, high = np.zeros(2), np.zeros(2)
    seen = [] if domain is None else [result.problem.inside]
    if result.witness is not None:
        seen.append(_middle(result.witness.x, result.witness.y))
    for point in seen:
        place = np.clip([nearest_float(v) for v in point], -_FAR, _FAR)
        low, high = np.minimum(low, place), np.maximum(high, place)
    half = 0.65 * float((high - low).max()) or max(0.75 * float(np.abs(low).max()), 1.0)
    middle = (low + high) / 2
    unit = Fraction(2) ** (int(np.frexp(half)[1]) - 5)
    low_end, high_end = ([round(Fraction(float(v + s * half)) / unit) * unit for v in middle] for s in (-1, 1))
    walls = [*Box(low_end, high_end).halfspaces(), *([] if domain is None else domain.halfspaces())]
    return Polyhedron(np.array([a for a, _ in walls], dtype=object), [c for _, c in walls])


def _crossings(layer: ReLULayer) -> np.ndarray:
    """Points where two lines of the layer meet; where no two do, the points of the lines next to the origin."""
    forms = np.array([_floats(row) for row in integer_rows(layer.weight, layer.bias) if any(row[:-1])]).reshape(-1, 3)
    with np.errstate(all="ignore"):
        i, j = np.triu_indices(len(forms), 1)
        meet = np.cross(forms[i], forms[j])
        points = meet[:, :2] / meet[:, 2:]
        points = points[np.isfinite(points).all(axis=1) & (np.abs(points) < _FAR).all(axis=1)]
        if len(points) == 0:
            points = -forms[:, 2:] * forms[:, :2] / (forms[:, :2] ** 2).sum(axis=1, keepdims=True)
            points = points[np.isfinite(points).all(axis=1) & (np.abs(points) < _FAR).all(axis=1)]
    return points


def _floats(row: Sequence[int]) -> list[float]:
    """Integers, not all but the last 0, divided by the largest of these; rounded."""
    largest = max(abs(v) for v in row[:-1])
    return [nearest_float(Fraction(v, largest)) for v in row]


def path_points(layer: ReLULayer, result: InjectivityResult) -> list[list[Fraction]]:
    """The corners of a path through the input space, in the interior of the domain; the same at every call.

    layer : any m x n weights and biases; with one input, the path is an interval with all breakpoints.  result : its
    decision; the path goes through the middle of a collision, at position 1.
    """
    problem = result.problem
    centre = list(problem.inside if problem.ball is None else problem.ball.center)
    if result.witness is not None:
        centre = _middle(result.witness.x, result.witness.y)
        if not problem.affine and any(centre):  # every multiple will do
            largest = max(map(abs, centre))
            centre = [v / largest for v in centre]
    if layer.n == 1:
        return _interval(layer, problem.domain, centre)
    size = _size(layer, centre) if problem.affine else Fraction(1)
    rng = np.random.default_rng(_SEED)
    legs = _LEGS if layer.n <= _LONG else 2
    points: list[list[Fraction]] = []
    while len(points) <= legs:
        if len(points) == 1 and result.witness is not None:
            points.append(centre)
            continue
        step = [size * int(v) / 8 for v in rng.integers(-12, 13, layer.n)]
        point = _inside(problem.walls, centre, step)
        while problem.ball is not None and not problem.ball.contains(point):
            point = _middle(centre, point)
        if point != centre and (not points or point != points[-1]):
            points.append(point)
    return points


def _middle(x: Point, y: Point) -> list[Fraction]:
    return [(a + b) / 2 for a, b in zip(x, y, strict=True)]


def _size(layer: ReLULayer, centre: Point) -> Fraction:
    """A length that leads from a point across many of the hyperplanes: about twice their median distance."""
    distances = []
    for row in integer_rows(layer.weight, layer.bias):
        if any(row[:-1]):
            w = np.array(_floats(row)[:-1])
            value = sum(a * v for a, v in zip(row, [*centre, Fraction(1)], strict=True))
            distance = nearest_float(Fraction(value) / max(abs(v) for v in row[:-1])) / float(np.linalg.norm(w))
            if 0 < abs(distance) < _FAR:
                distances.append(abs(distance))
    return Fraction(f"{2 * float(np.median(distances)):.2g}") if distances else Fraction(1)


def _inside(walls: Sequence[tuple[Point, Fraction]], centre: Point, step: Point) -> list[Fraction]:
    """centre + step, or less of the step: at most half of the way to a wall."""
    share = Fraction(1)
    for a, c in walls:
        slope = sum((u * v for u, v in zip(a, step, strict=True)), Fraction(0))
        if slope > 0:
            room = c - sum(u * v for u, v in zip(a, centre, strict=True))
            share = min(share, room / slope / 2)
    return [v + share * d for v, d in zip(centre, step, strict=True)]


def _interval(layer: ReLULayer, domain: Polyhedron | None, centre: Point) -> list[list[Fraction]]:
    """Two points of the line, around all breakpoints and the centre, not beyond the domain."""
    rows = [(row[0], layer.bias[i]) for i, row in enumerate(layer.weight.fractions())]
    places = [centre[0], *(-b / w for w, b in rows if w)]
    low, high = min(places), max(places)
    room = (high - low) / 4 or max(abs(low) / 2, Fraction(1))
    low, high = low - room, high + room
    for (a,), c in [] if domain is None else domain.halfspaces():
        if a > 0:
            high = min(high, c / a)
        elif a < 0:
            low = max(low, c / a)
    return [[low], [high]]
