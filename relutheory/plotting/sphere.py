"""The cells of a layer of three inputs on the sphere: two hemispheres, each drawn true to area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.exact import Number
from relutheory.plotting.cells import Cell, exact_frame
from relutheory.plotting.style import ALERT, INK, count_colour
from relutheory.plotting.wedges import HATCH, darkest_count, draw_collision, free_place, write

VIEW = (2, -4, 3)  # where one looks from, by default
_STEPS = 24  # points on a side of a cell
_RIM = 2**0.5  # radius of a hemisphere in the projection; its area is 2 pi, as on the sphere
_SMALLEST = 0.05  # area of a cell, 4 pi being all of the sphere, for its number to be written


def draw_sphere(
    axes: Sequence[Any],
    cells: Sequence[Cell],
    rows: Mapping[str, Sequence[Number]],
    segment: Any = None,
    *,
    view: Sequence[Number] = VIEW,
    most: int | None = None,
) -> None:
    """Draw the cells of a layer on the sphere, each with its number of active rows, hatched where they do not span R^3.

    axes : two matplotlib axes, for the hemisphere towards `view` and the back; side by side they touch in a point, and
    going on through it one comes from one to the other.  cells : from `find_sphere_cells`, with the same view.  rows :
    label -> the three weights, none of them zero; the great circle of w^⊥ is drawn, and a dot at the direction of w.
    segment : two points, a collision; the directions between them are drawn.  most : the count with the darkest colour
    (default: the largest).
    """
    front = _unit_frame(view)
    for ax, frame in zip(axes, (front, front * np.array([[-1], [-1], [1]])), strict=True):
        dots = _draw_rows(ax, rows, frame)
        line = np.zeros((0, 2)) if segment is None else _draw_directions(ax, segment, frame)
        _draw_cells(ax, cells, frame, darkest_count(cells, most), np.concatenate([dots, line]))
        ax.set(xlim=(-1.03 * _RIM, 1.03 * _RIM), ylim=(-1.03 * _RIM, 1.03 * _RIM), aspect="equal")
        ax.set_axis_off()


def _draw_rows(ax: Any, rows: Mapping[str, Sequence[Number]], frame: np.ndarray) -> np.ndarray:
    """The great circles of the rows, and their directions as dots with labels; where these are, (k, 2)."""
    taken = []
    for label, row in rows.items():
        direction = _unit([Fraction(v) for v in row])
        ax.plot(*_project(_great_circle(direction, frame), frame).T, color=INK, linewidth=0.8, zorder=2)
        if direction @ frame[0] >= -1e-12:  # on the rim it is seen from both sides
            (place,) = _project(direction[None, :], frame)
            ax.plot(*place, "o", color=INK, markersize=2.5, zorder=3)
            write(ax, place, label, INK, (0, 6))
            taken += [place, place + np.array([0.0, 0.1])]
    return np.array(taken).reshape(-1, 2)


def _draw_cells(ax: Any, cells: Sequence[Cell], frame: np.ndarray, darkest: int, occupied: np.ndarray) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Circle

    fills: list[tuple[np.ndarray, Any]] = []
    lost: list[np.ndarray] = []
    for cell in cells:
        pieces = [piece for piece in cell.pieces if piece.sum(axis=0) @ frame[0] > 0]
        if not pieces:
            continue
        shapes = [_project(_with_arcs(piece), frame) for piece in pieces]
        fills += [(shape, count_colour(cell.active, darkest)) for shape in shapes]
        lost += shapes if cell.rank < 3 else []
        if sum(map(_area, shapes)) > _SMALLEST:
            middle = np.sum([_moment(piece) for piece in pieces], axis=0)
            (centre,) = _project((middle / np.linalg.norm(middle))[None, :], frame)
            place = free_place(centre, max(shapes, key=_area), occupied, 0.12)
            write(ax, place, str(cell.active), ALERT if cell.rank < 3 else INK)
    every, colours = zip(*fills, strict=True)
    ax.add_collection(PolyCollection(every, facecolors=colours, edgecolors=colours, linewidths=0.3))
    ax.add_collection(PolyCollection(lost, **HATCH))
    ax.add_patch(Circle((0, 0), _RIM, facecolor="none", edgecolor=INK, linewidth=1.1, linestyle="-", zorder=2))


def _draw_directions(ax: Any, segment: Any, frame: np.ndarray) -> np.ndarray:
    """The directions between two points, as far as they lie on this hemisphere; where they are, (k, 2)."""
    largest = max(abs(Fraction(v)) for end in segment for v in end)
    first, last = (np.array([float(Fraction(v) / largest) for v in end]) for end in segment)
    points = first + np.linspace(0, 1, 8 * _STEPS)[:, None] * (last - first)
    sizes = np.linalg.norm(points, axis=1, keepdims=True)
    points = points[sizes[:, 0] > 0] / sizes[sizes[:, 0] > 0]
    seen = points @ frame[0] >= -1e-12
    if seen.all():
        draw_collision(ax, _project(points, frame))
    elif seen.any():
        ends = {"$x$": 0, "$y$": -1}
        shown = np.where(seen[:, None], points, np.nan)
        ax.plot(*_project(shown, frame).T, color=ALERT, linewidth=2, zorder=3)
        for name, k in ends.items():
            if seen[k]:
                (place,) = _project(points[k : k + 1 or None], frame)
                ax.plot(*place, "o", color=ALERT, markersize=4, zorder=3)
                write(ax, place, name, ALERT, (7, 7))
    return _project(points[seen], frame)


def _unit(vector: Sequence[Fraction]) -> np.ndarray:
    largest = max(abs(v) for v in vector)
    floats = np.array([float(v / largest) for v in vector])
    unit: np.ndarray = floats / np.linalg.norm(floats)
    return unit


def _unit_frame(view: Sequence[Number]) -> np.ndarray:
    """The axes towards the viewer, to the right and upwards, as rows of length 1."""
    return np.array([_unit(axis) for axis in exact_frame(view)])


def _project(points: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Lambert's equal-area projection around the first axis of a frame: unit vectors (k, 3) to (k, 2)."""
    towards, right, up = frame @ points.T
    scale = np.sqrt(2 / (1 + np.maximum(towards, 0)))
    flat: np.ndarray = (scale * np.stack([right, up])).T
    return flat


def _great_circle(normal: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """The half of the great circle at right angles to a unit vector that lies on the hemisphere of a frame."""
    across = np.cross(normal, frame[0])
    if np.linalg.norm(across) < 1e-9:  # the rim itself
        across = frame[1]
    across = across / np.linalg.norm(across)
    top = np.cross(across, normal)
    angles = np.linspace(0, np.pi, 4 * _STEPS)[:, None]
    points: np.ndarray = np.cos(angles) * across + np.sin(angles) * top * np.sign(top @ frame[0] or 1.0)
    return points


def _with_arcs(piece: np.ndarray) -> np.ndarray:
    """The boundary of a spherical polygon, its sides as arcs of great circles."""
    share = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    sides = [a + share * (b - a) for a, b in zip(piece, np.roll(piece, -1, axis=0), strict=True)]
    points = np.concatenate(sides)
    boundary: np.ndarray = points / np.linalg.norm(points, axis=1, keepdims=True)
    return boundary


def _area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _moment(piece: np.ndarray) -> np.ndarray:
    """The integral of the position over a spherical polygon; its direction lies inside the polygon.

    By Stokes' theorem it is half the sum of the angles of the sides times their normals.
    """
    following = np.roll(piece, -1, axis=0)
    normals = np.cross(piece, following)
    sines = np.linalg.norm(normals, axis=1)
    angles = np.arctan2(sines, np.einsum("ij,ij->i", piece, following))
    moment: np.ndarray = (angles / np.maximum(sines, 1e-300)) @ normals / 2
    return moment
