"""Cells in the plane, coloured by their number of active rows, with a collision; and the legend of such pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.exact import Number, nearest_float
from relutheory.plotting.cells import Cell
from relutheory.plotting.style import ALERT, INK, count_colour

HATCH: Any = {"facecolor": "none", "edgecolor": ALERT, "hatch": "////", "alpha": 0.45, "linewidth": 0}
_PLACES = np.array([0.06, 0.94, 0.13, 0.87, 0.2, 0.8, 0.3])  # of the arrows, as shares of a line
_LONGEST = 4.0  # ratio of the sides up to which both axes have one scale
_SMALLEST = 0.012  # share of the picture that a cell must have for its number to be written


def draw_plane_cells(
    ax: Any,
    cells: Sequence[Cell],
    n: int,
    segment: Any = None,
    *,
    rows: Mapping[str, tuple[Sequence[Number], Number]] | None = None,
    most: int | None = None,
) -> None:
    """Draw cells in the plane, each with its number of active rows; hatched where these rows do not span R^n.

    ax : matplotlib axes.  cells : from `find_cells`.  n : number of inputs of the layer.  segment : two points of the
    plane, drawn as a collision.  rows : label -> (w, b); on each line <w, x> + b = 0 an arrow shows its positive side.
    most : the count with the darkest colour (default: the largest).
    """
    from matplotlib.collections import PolyCollection

    darkest = darkest_count(cells, most)
    corners = np.concatenate([cell.pieces[0] for cell in cells])
    (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
    occupied = []  # what numbers are to keep away from
    if segment is not None:
        ends = np.array([[float(v) for v in end] for end in segment])
        draw_collision(ax, ends)
        occupied += list(ends[0] + np.linspace(0, 1, 40)[:, None] * (ends[1] - ends[0]))
    for label, (w, b) in (rows or {}).items():
        occupied += _draw_side(ax, *_unit_form(w, b), (left, right), (low, high), label, occupied)
    taken = np.array(occupied).reshape(-1, 2)
    colours = [count_colour(cell.active, darkest) for cell in cells]
    shapes = [cell.pieces[0] for cell in cells]
    ax.add_collection(PolyCollection(shapes, facecolors=colours, edgecolors=INK, linewidths=0.7))
    ax.add_collection(PolyCollection([cell.pieces[0] for cell in cells if cell.rank < n], **HATCH))
    for cell in cells:
        area, centre = _centroid(cell.pieces[0])
        if area > _SMALLEST * (right - left) * (high - low):
            place = free_place(centre, cell.pieces[0], taken, 0.05 * (right - left))
            write(ax, place, str(cell.active), ALERT if cell.rank < n else INK)
    one_scale = (right - left) / _LONGEST <= high - low <= _LONGEST * (right - left)
    ax.set(xlim=(left, right), ylim=(low, high), aspect="equal" if one_scale else "auto")


def _centroid(polygon: np.ndarray) -> tuple[float, np.ndarray]:
    """Area and centre of gravity of a polygon given counter-clockwise."""
    origin = polygon.mean(axis=0)
    a, b = polygon - origin, np.roll(polygon, -1, axis=0) - origin
    cross = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    area = float(cross.sum()) / 2
    return area, origin if area <= 0 else origin + cross @ (a + b) / (6 * area)


def _unit_form(w: Sequence[Number], b: Number) -> tuple[np.ndarray, float]:
    """(w, b) divided by the length of w, in floats; zeros where w is zero."""
    exact = [Fraction(v) for v in w]
    largest = max(map(abs, exact))
    if largest == 0:
        return np.zeros(2), 0.0
    floats = np.array([float(v / largest) for v in exact])
    length = float(np.hypot(*floats))
    return floats / length, nearest_float(Fraction(b) / largest) / length


def _draw_side(
    ax: Any,
    w: np.ndarray,
    b: float,
    across: tuple[float, float],
    upwards: tuple[float, float],
    label: str,
    occupied: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """An arrow from the line <w, x> + b = 0 to its positive side, near an end of it and away from what is occupied.

    Returns where arrow and label are; nothing where the line is not in the picture.
    """
    ends = []
    for k, sides, others in ((0, across, upwards), (1, upwards, across)):
        for side in sides:
            if abs(w[1 - k]) > 1e-100 and others[0] <= (other := (-b - w[k] * side) / w[1 - k]) <= others[1]:
                ends.append((side, other) if k == 0 else (other, side))
    if not ends:
        return []
    first, last = np.array(min(ends)), np.array(max(ends))
    corner, sizes = np.array([across[0], upwards[0]]), np.array([across[1] - across[0], upwards[1] - upwards[0]])
    reach = 0.07 * sizes.max() * w
    places = first + _PLACES[:, None] * (last - first)
    shares = (places + 1.6 * reach - corner) / sizes
    inside = ((shares > 0.02) & (shares < 0.98)).all(axis=1)
    gaps = (places + 1.2 * reach)[:, None] - np.array(occupied).reshape(1, -1, 2)
    room = np.hypot(*(gaps / sizes).transpose(2, 0, 1)).min(axis=1, initial=0.12)
    at = places[np.argmax(inside + room)]
    ax.annotate("", at + reach, at, arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 0, "shrinkB": 0})
    write(ax, at + 1.5 * reach, label, INK)
    return [at + share * reach for share in (0.0, 0.5, 1.0, 1.5)]


def draw_collision(ax: Any, points: np.ndarray) -> None:
    """A line through points in the plane, (k, 2) float64, its ends marked x and y."""
    ax.plot(*points.T, "-", color=ALERT, linewidth=2, zorder=3, solid_capstyle="round")
    ax.plot(*points[[0, -1]].T, "o", color=ALERT, markersize=4, zorder=3)
    along = (points[-1] - points[0]) / max(float(np.hypot(*(points[-1] - points[0]))), 1e-300)
    beside = np.array([-along[1], along[0]])
    write(ax, points[0], "$x$", ALERT, 8 * beside + 2 * along)
    write(ax, points[-1], "$y$", ALERT, 8 * beside - 2 * along)


def write(ax: Any, place: Any, text: str, colour: str, offset: Any = (0, 0)) -> None:
    """Text centred at a place, moved by `offset` points; a white rim keeps it readable over lines and hatches."""
    from matplotlib.patheffects import withStroke

    rim = [withStroke(linewidth=2, foreground="white", alpha=0.8)]
    ax.annotate(
        text,
        tuple(place),
        tuple(offset),
        textcoords="offset points",
        color=colour,
        ha="center",
        va="center",
        path_effects=rim,
        zorder=4,
        in_layout=False,
    )


def free_place(centre: np.ndarray, polygon: np.ndarray, occupied: np.ndarray, step: float) -> np.ndarray:
    """A place for a number in a polygon: the centre, or near it where the centre is too close to something drawn.

    occupied : (k, 2) points that are to stay visible.  step : how close is too close.
    """
    from matplotlib.path import Path

    def room(place: np.ndarray) -> float:
        return float(np.hypot(*(occupied - place).T).min(initial=np.inf))

    if room(centre) >= step:
        return centre
    angles = np.arange(16) * np.pi / 8
    around = np.concatenate([centre + r * step * np.stack([np.cos(angles), np.sin(angles)], axis=1) for r in (1, 1.6)])
    inside = around[Path(polygon).contains_points(around)]
    best: np.ndarray = max([centre, *inside], key=lambda place: min(room(place), 1.2 * step))
    return best


def darkest_count(cells: Sequence[Cell], most: int | None = None) -> int:
    """The count that gets the darkest colour."""
    return max((cell.active for cell in cells), default=1) if most is None else most


def cell_legend(
    cells: Sequence[Cell], n: int, *, collision: bool = False, arrows: bool = False, most: int | None = None
) -> list[Any]:
    """What colours, hatches and lines mean, as handles for `legend(handles=...)`; at most eight counts are named.

    cells : of all the pictures that share the legend.  n : number of inputs.  collision, arrows : whether one of them
    shows a collision, or arrows in the plane.  most : as given to the drawing.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    counts = np.array(sorted({cell.active for cell in cells}))
    if len(counts) > 8:
        counts = counts[np.linspace(0, len(counts) - 1, 8).round().astype(int)]
    look: Any = {"edgecolor": INK, "linewidth": 0.4}
    handles: list[Any] = [
        Patch(facecolor=count_colour(k, darkest_count(cells, most)), label=f"{k} active row{'s' * (k != 1)}", **look)
        for k in counts.tolist()
    ]
    if any(cell.rank < n for cell in cells):
        label = rf"active rows do not span $\mathbb{{R}}^{{{n}}}$"
        handles.append(Patch(facecolor="none", edgecolor=ALERT, hatch="////", linewidth=0.4, label=label))
    if collision:
        handles.append(Line2D([], [], color=ALERT, marker="o", markersize=4, linewidth=2))
        handles[-1].set_label("the layer is constant here")
    if arrows:
        handles.append(Line2D([], [], color=INK, marker=r"$\rightarrow$", markersize=12, linestyle="none"))
        handles[-1].set_label("to where $w_i$ is active")
    return handles
