"""One picture for a layer and its verdict, whatever the number of inputs."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import integer_rows
from relutheory.core.sets import Ball, Polyhedron
from relutheory.networks import ReLULayer
from relutheory.plotting.active_counts import counts_along, counts_legend, draw_counts
from relutheory.plotting.arrangement2d import constant_segment, draw_wedges, find_wedges, wedge_legend
from relutheory.plotting.cells import BeyondFloats, Cell, collision_inside, find_cells, find_sphere_cells, inner_point
from relutheory.plotting.sphere import VIEW, draw_sphere
from relutheory.plotting.style import INK, paper_style
from relutheory.plotting.viewpoints import path_points, view_box
from relutheory.plotting.wedges import cell_legend, draw_plane_cells

if TYPE_CHECKING:
    from relutheory.injectivity import InjectivityResult

PICTURES = (".pdf", ".png", ".svg")
_NAMED = 12  # rows up to which each is labelled
_ROWS = 60  # rows up to which cells are drawn; with more of them, nothing could be seen
_LEGEND: Any = {"loc": "outside lower center", "frameon": False, "columnspacing": 1.4}

Segment = tuple[tuple[Fraction, ...], tuple[Fraction, ...]]


def plot_layer(layer: ReLULayer, result: InjectivityResult, path: str | os.PathLike[str]) -> Path:
    """Draw `layer_figure` into a file; it is there as a whole or not at all.

    layer, result : as for `layer_figure`.  path : a name that ends in .pdf, .png or .svg.  Returns the path.  Raises
    InputError for another ending or a file that cannot be written.
    """
    target = Path(path)
    if target.suffix not in PICTURES:
        reject("path", str(path), f"must end in {', '.join(PICTURES)}")
    figure = layer_figure(layer, result)
    part = target.with_name(f".{target.name}.{os.getpid()}.part{target.suffix}")
    try:
        with paper_style():
            figure.savefig(part)
        part.replace(target)
    except OSError as error:
        reject("path", str(path), f"cannot be written: {error.strerror}")
    finally:
        part.unlink(missing_ok=True)
    return target


def layer_figure(layer: ReLULayer, result: InjectivityResult) -> Any:
    """A figure that shows why a layer is injective, or where it is not.

    layer : any m x n weights and biases.  result : of `decide_injectivity` for this layer, on any domain.

    Two inputs: the cells of the arrangement, coloured by their number of active rows, hatched where these do not span
    the plane, with a segment on which the layer is constant.  Three inputs without bias: the same on the sphere.  Else,
    and with very many rows: the number of active rows along a path, through the collision where there is one; the path
    is a random one and shows only what lies on it, the verdict in the title is about the whole domain.

    Returns a matplotlib Figure (not one of pyplot's).  Raises InputError where the two do not belong together.

    >>> from relutheory import decide_injectivity
    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    >>> layer_figure(layer, decide_injectivity(layer)).axes[0].get_title()
    'not injective'
    """
    from relutheory.injectivity import InjectivityResult

    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if not isinstance(result, InjectivityResult) or result.problem.layer != layer:
        reject("result", result, "must be the decision of this layer")
    with paper_style():
        try:
            figure = _cells_figure(layer, result) if layer.m <= _ROWS else None
        except BeyondFloats:
            figure = None
        if figure is None:
            figure = _single(_draw_path, (6.4, 3.4), layer, result)
        verdict = result.status.value.replace("-", " ")
        if len(figure.axes) == 1:
            figure.axes[0].set_title(verdict)
        else:
            figure.suptitle(verdict, fontsize=10)
    return figure


def _cells_figure(layer: ReLULayer, result: InjectivityResult) -> Any:
    """The cells in the plane or on the sphere; None where they are neither."""
    from matplotlib.figure import Figure

    bias = any(row[-1] for row in integer_rows(layer.weight, layer.bias))
    central = not bias and result.problem.domain is None
    if layer.n == 2:
        return _single(_draw_wheel if central else _draw_plane, (4.6, 4.9), layer, result)
    if layer.n == 3 and central:
        figure = Figure(figsize=(6.4, 4.1), dpi=200, layout="constrained")
        _draw_globe(figure, list(figure.subplots(1, 2)), layer)
        return figure
    return None


def _single(draw: Callable[..., None], size: tuple[float, float], layer: ReLULayer, result: InjectivityResult) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=200, layout="constrained")
    draw(figure, figure.subplots(), layer, result)
    return figure


def _draw_wheel(figure: Any, ax: Any, layer: ReLULayer, result: InjectivityResult) -> None:
    wedges = find_wedges(layer)
    pair = result.witness
    segment = None if pair is None else constant_segment(layer, pair.x, pair.y)
    draw_wedges(ax, wedges, _labelled(layer), segment)
    figure.legend(handles=wedge_legend(wedges, collision=segment is not None), ncols=2, **_LEGEND)


def _draw_plane(figure: Any, ax: Any, layer: ReLULayer, result: InjectivityResult) -> None:
    shown = view_box(layer, result)
    cells = find_cells(layer, shown)
    ball, pair = result.problem.ball, result.witness
    given = None if pair is None else (pair.x, pair.y)
    segment = _collision(layer, cells, shown) if ball is None else given
    few = layer.m <= _NAMED
    rows = {name: (row, layer.bias[i]) for i, (name, row) in enumerate(_labelled(layer).items())} if few else {}
    draw_plane_cells(ax, cells, 2, segment, rows=rows)
    if ball is not None:
        _cut_to_ball(ax, ball)
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    seen = [cell for cell in cells if cell.rank == 2] if result.proved else cells  # the others are outside the ball
    handles = cell_legend(seen, 2, collision=segment is not None, arrows=few)
    figure.legend(handles=handles, ncols=2, **_LEGEND)


def _cut_to_ball(ax: Any, ball: Ball) -> None:
    """Show the cells inside the ball only."""
    from matplotlib.patches import Circle

    x, y = ball.center
    centre = (float(x), float(y))
    rim = Circle(centre, float(ball.radius), facecolor="none", edgecolor=INK, linewidth=1.1)
    ax.add_patch(rim)
    for cells in ax.collections:
        cells.set_clip_path(rim)
    for text in list(ax.texts):
        if text.get_text().isdigit() and math.dist(text.xy, centre) > float(ball.radius):
            text.remove()


def _draw_globe(figure: Any, axes: Sequence[Any], layer: ReLULayer) -> None:
    view: Sequence[Any] = VIEW
    cells = find_sphere_cells(layer)
    segment = _collision(layer, cells, None)
    if segment is not None:  # looked at from where information is lost
        view = [a + b for a, b in zip(*segment, strict=True)]
        cells = find_sphere_cells(layer, view)
    rows = {name: row for name, row in _labelled(layer).items() if any(row)}
    draw_sphere(axes, cells, rows, segment, view=view)
    figure.legend(handles=cell_legend(cells, 3, collision=segment is not None), ncols=3, **_LEGEND)


def _draw_path(figure: Any, ax: Any, layer: ReLULayer, result: InjectivityResult) -> None:
    points = path_points(layer, result)
    counts = counts_along(layer, points)
    if layer.n == 1:
        (low,), (high,) = points
        ends: Sequence[Any] = [low + (high - low) * t for t in counts.ends]
        marks, label = None, "$x$"
    else:
        hit = result.witness is not None
        ends = counts.ends
        names = ["$p_1$", "$z$", "$p_2$", "$p_3$"] if hit else [f"$p_{k}$" for k in range(1, 5)]
        marks = {float(k): name for k, name in enumerate(names[: len(points)])}
        label = f"a path from point to point{', through $z$ between $x$ and $y$ with equal outputs' if hit else ''}"
    draw_counts(ax, ends, counts.active, counts.spans, layer.n, marks=marks)
    ax.set(ylabel=f"active rows of {layer.m}")
    ax.set_xlabel(label, labelpad=4 if layer.n == 1 else 16)
    figure.legend(handles=counts_legend(layer.n, lost=not all(counts.spans)), ncols=3, **_LEGEND)


def _labelled(layer: ReLULayer) -> dict[str, Any]:
    """The rows by their labels: numbered where they are few, else spaces, which cannot be seen."""
    few = layer.m <= _NAMED
    return {f"$w_{{{i + 1}}}$" if few else " " * (i + 1): row for i, row in enumerate(layer.weight.fractions())}


def _collision(layer: ReLULayer, cells: Sequence[Cell], shown: Polyhedron | None) -> Segment | None:
    """A segment on which the layer is constant, in the largest of the cells whose rows do not span."""
    lost = [cell for cell in cells if cell.rank < layer.n]
    for cell in sorted(lost, key=_width, reverse=True):
        z = inner_point(cell)
        try:
            if z is not None:
                return collision_inside(layer, z, shown)
        except InputError:  # the point was rounded out of a thin cell
            continue
    return None


def _width(cell: Cell) -> float:
    return max(float(np.ptp(piece, axis=0).min()) for piece in cell.pieces)
