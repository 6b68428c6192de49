"""The wedges into which the rows of a bias-free layer cut the plane: computed exactly, drawn in floats."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.exact import Number, primitive, rational
from relutheory.networks import ReLULayer
from relutheory.plotting.style import ALERT, INK, count_colour

Direction = tuple[int, int]
Point = tuple[Fraction, Fraction]

_ARROW = 0.47  # lengths in the picture, whose disc has radius 1
_COUNT = 0.87
_LINE = 1.07


@dataclass(frozen=True)
class Wedge:
    """The directions from `start` counter-clockwise to `end`, between two neighbouring hyperplanes.

    start, end : primitive integer vectors; where they are equal the wedge is the whole plane.  active : how many rows
    are positive inside.  rank : the rank of these rows; below 2, the layer loses information here.
    """

    start: Direction
    end: Direction
    active: int
    rank: int

    @property
    def degrees(self) -> tuple[float, float]:
        """The angle of `start`, in (-180, 180], and how far from there to `end`, in (0, 360]."""
        first = math.degrees(math.atan2(*reversed(_unit(self.start))))
        if self.start == self.end:
            return first, 360.0
        # from the exact cross and dot product, so that no rounding turns a thin wedge inside out
        turn = math.atan2(*_unit((_cross(self.start, self.end), _dot(self.start, self.end))))
        return first, math.degrees(turn)


def find_wedges(layer: ReLULayer) -> list[Wedge]:
    """The wedges of a layer of two inputs without bias, counter-clockwise, exactly.

    layer : (m, 2) weights, any m; parallel, duplicate and zero rows may occur.  Returns one wedge for the whole plane
    where all rows are zero, and two for each line w^⊥ otherwise.  Raises InputError for another number of inputs or a
    bias that is not zero.

    Source: the layer is injective iff every wedge has rank 2 (puthawala2022, Theorem 2; it is enough to look at
    the open wedges, because a row active in a wedge is active on its border too).

    >>> [(w.active, w.rank) for w in find_wedges(ReLULayer([[1, 0], [0, 1], [-1, -1]]))]
    [(2, 2), (1, 1), (2, 2), (1, 1), (2, 2), (1, 1)]
    """
    _check_planar(layer)
    rows = [row for row in _directions(layer) if row != (0, 0)]
    rays = sorted({ray for a, b in rows for ray in ((-b, a), (b, -a))}, key=functools.cmp_to_key(_before))
    if not rays:
        return [Wedge((1, 0), (1, 0), 0, 0)]
    return [_wedge(start, end, rows) for start, end in pairwise([*rays, rays[0]])]


def _wedge(start: Direction, end: Direction, rows: Sequence[Direction]) -> Wedge:
    inside = (start[0] + end[0], start[1] + end[1])
    if inside == (0, 0):  # a half-plane
        inside = (-start[1], start[0])
    active = [row for row in rows if _dot(row, inside) > 0]
    rank = 2 if any(_cross(active[0], row) for row in active) else min(len(active), 1)
    return Wedge(start, end, len(active), rank)


def constant_segment(
    layer: ReLULayer, x: Sequence[Number], y: Sequence[Number], radius: Number = "3/5"
) -> tuple[Point, Point]:
    """The longest segment through a collision on which the layer is constant, scaled to a picture, exactly.

    layer : as for `find_wedges`.  x, y : two different points with equal outputs, two numbers each.  radius : a
    positive number; the farther end of the segment is about that far from the origin.  The scale is a positive
    rational: ReLU(W t x) = t ReLU(W x), so the segment stays one on which the layer is constant.  A side on which
    the segment would never end stays as it was given.
    Returns the two ends.  Raises InputError where x, y are not such points.

    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    >>> constant_segment(layer, [3, -2], [3, -1], 1)[0]
    (Fraction(12, 17), Fraction(-12, 17))
    """
    _check_planar(layer)
    size = rational(radius, "radius")
    if size <= 0:
        reject("radius", radius, "must be positive")
    first, second = _point(x, "x"), _point(y, "y")
    if first == second or layer.forward_exact(first) != layer.forward_exact(second):
        reject("y", tuple(map(str, second)), "must differ from x and have the same output")
    lo, hi = _reach(layer, first, second)
    ends = [tuple(a + s * (b - a) for a, b in zip(first, second, strict=True)) for s in (lo, hi)]
    largest = max(abs(v) for end in ends for v in end)
    norm = max(math.hypot(*(float(v / largest) for v in end)) for end in ends)
    scale = size / largest / Fraction(norm).limit_denominator(12)  # any positive rational would be exact
    (a, b), (c, d) = ends
    return (scale * a, scale * b), (scale * c, scale * d)


def _reach(layer: ReLULayer, x: Point, y: Point) -> tuple[Fraction, Fraction]:
    """The largest range of s in which x + s (y - x) has the output of x and y."""
    lo, hi = Fraction(0), Fraction(1)
    stops = []
    for here, there in zip(layer.preactivation_exact(x), layer.preactivation_exact(y), strict=True):
        if here != there:  # the row is not positive at both points, and must not become so
            stops.append(here / (here - there))
    return max((s for s in stops if s <= 0), default=lo), min((s for s in stops if s >= 1), default=hi)


def draw_wedges(
    ax: Any,
    wedges: Sequence[Wedge],
    rows: Mapping[str, Sequence[Number]],
    segment: tuple[Point, Point] | None = None,
    *,
    most: int | None = None,
) -> None:
    """Draw wedges on `ax`, each with its number of active rows; hatched where the active rows do not span the plane.

    ax : matplotlib axes.  wedges : from `find_wedges`.  rows : label -> the two weights; an arrow shows the direction,
    a zero row has none.  segment : two points, drawn as a collision.  most : the count with the darkest colour
    (default: the largest).
    """
    from matplotlib.patches import Wedge as Sector

    darkest = max((w.active for w in wedges), default=1) if most is None else most
    for wedge in wedges:
        first, sweep = wedge.degrees
        colour = count_colour(wedge.active, darkest)
        ax.add_patch(Sector((0, 0), 1, first, first + sweep, facecolor=colour, linewidth=0))
        if wedge.rank < 2:
            hatch: Any = {
                "facecolor": "none",
                "edgecolor": ALERT,
                "hatch": "////",
                "alpha": 0.45,
                "linewidth": 0,
            }
            ax.add_patch(Sector((0, 0), 1, first, first + sweep, **hatch))
    for wedge in wedges:
        if wedge.start != wedge.end:
            u, v = _unit(wedge.start)
            ax.plot([0, _LINE * u], [0, _LINE * v], color=INK, linewidth=0.8)
        middle = math.radians(wedge.degrees[0] + wedge.degrees[1] / 2)
        place = (_COUNT * math.cos(middle), _COUNT * math.sin(middle))
        _write(ax, place, str(wedge.active), ALERT if wedge.rank < 2 else INK)
    _draw_rows(ax, rows)
    if segment is not None:
        _draw_segment(ax, segment)
    ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
    ax.set_axis_off()


def wedge_legend(wedges: Sequence[Wedge], *, collision: bool = False, most: int | None = None) -> list[Any]:
    """What the colours and lines of `draw_wedges` mean, as handles for `legend(handles=...)`.

    wedges : of all the pictures that share the legend.  collision : whether one of them shows a collision.
    most : as given to `draw_wedges`.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    counts = sorted({w.active for w in wedges})
    darkest = max(counts, default=1) if most is None else most
    handles: list[Any] = [
        Patch(
            facecolor=count_colour(k, darkest),
            edgecolor=INK,
            linewidth=0.4,
            label=f"{k} active row{'' if k == 1 else 's'}",
        )
        for k in counts
    ]
    if any(w.rank < 2 for w in wedges):
        label = r"active rows do not span $\mathbb{R}^2$"
        handles.append(Patch(facecolor="none", edgecolor=ALERT, hatch="////", linewidth=0.4, label=label))
    if collision:
        handles.append(Line2D([], [], color=ALERT, marker="o", markersize=4, linewidth=2))
        handles[-1].set_label("the layer is constant here")
    if any(w.start != w.end for w in wedges):
        handles.append(Line2D([], [], color=INK, linewidth=0.8, label=r"hyperplanes $w_i^\perp$"))
        handles.append(Line2D([], [], color=INK, marker=r"$\rightarrow$", markersize=12, linestyle="none"))
        handles[-1].set_label(r"rows $w_i$ (directions)")
    return handles


def _draw_rows(ax: Any, rows: Mapping[str, Sequence[Number]]) -> None:
    """An arrow for each direction; rows of one direction share it."""
    together: dict[Direction, list[str]] = {}
    for label, row in rows.items():
        a, b = primitive(_point(row, label))
        if (a, b) != (0, 0):
            together.setdefault((a, b), []).append(label)
    for direction, labels in together.items():
        u, v = _unit(direction)
        arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xy=(_ARROW * u, _ARROW * v), xytext=(0, 0), arrowprops=arrow)
        side = "center" if abs(u) < 0.5 else "left" if u > 0 else "right"  # long labels grow away from the arrow
        gap = _ARROW + (0.11 if side == "center" else 0.05)
        _write(ax, (gap * u, gap * v), ", ".join(labels), INK, side)


def _draw_segment(ax: Any, segment: tuple[Point, Point]) -> None:
    (a, b), (c, d) = [tuple(map(float, end)) for end in segment]
    ax.plot([a, c], [b, d], "o-", color=ALERT, markersize=4, linewidth=2, zorder=3)
    length = math.hypot(c - a, d - b)
    for name, (p, q), sign in (("$x$", (a, b), -1), ("$y$", (c, d), 1)):
        away = 0.08 * sign / length
        _write(ax, (p + away * (c - a), q + away * (d - b)), name, ALERT)


def _write(ax: Any, place: tuple[float, float], text: str, colour: str, side: str = "center") -> None:
    """Text with its centre, left or right end at a place; a white rim keeps it readable over lines and hatches."""
    from matplotlib.patheffects import withStroke

    rim = [withStroke(linewidth=2, foreground="white", alpha=0.8)]
    ax.text(*place, text, color=colour, ha=side, va="center", path_effects=rim, zorder=4)


def _check_planar(layer: ReLULayer) -> None:
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if layer.n != 2:
        reject("layer", layer, "must have two inputs to be drawn in the plane")
    if any(layer.bias[i] != 0 for i in range(layer.m)):
        reject("layer", layer, "must have no bias: with one, the pieces are no wedges")


def _point(values: Sequence[Number], name: str) -> Point:
    numbers = [rational(v, name) for v in values]
    if len(numbers) != 2:
        reject(name, values, "must have two coordinates")
    return numbers[0], numbers[1]


def _directions(layer: ReLULayer) -> list[Direction]:
    return [(a, b) for a, b in (primitive(row) for row in layer.weight.fractions())]


def _cross(u: Direction, v: Direction) -> int:
    return u[0] * v[1] - u[1] * v[0]


def _dot(u: Direction, v: Direction) -> int:
    return u[0] * v[0] + u[1] * v[1]


def _before(u: Direction, v: Direction) -> int:
    """Negative where the angle of u, in [0, 360), is less than that of v; 0 where the rays are equal."""
    if _is_lower(u) != _is_lower(v):
        return -1 if _is_lower(v) else 1
    cross = _cross(u, v)
    return (cross < 0) - (cross > 0)


def _is_lower(v: Direction) -> bool:
    """Whether the angle of v is in [180, 360)."""
    return v[1] < 0 or (v[1] == 0 and v[0] < 0)


def _unit(v: Direction) -> tuple[float, float]:
    """The float vector of length 1 in the direction of v, however large its integers are."""
    largest = max(abs(v[0]), abs(v[1]))
    a, b = v[0] / largest, v[1] / largest  # Python divides long integers correctly rounded
    length = math.hypot(a, b)
    return a / length, b / length
