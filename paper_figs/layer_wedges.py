"""The cells of three layers: on the plane and in space, counting active rows shows whether information is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.exact import primitive
from relutheory.injectivity import Status, decide_injectivity
from relutheory.networks import ReLULayer
from relutheory.plotting import Wedge, draw_wedges, find_wedges, style
from relutheory.plotting.cells import Cell, collision_inside, find_sphere_cells, inner_point
from relutheory.plotting.partition2d import rounded_from_least
from relutheory.plotting.sphere import draw_sphere
from relutheory.plotting.wedges import cell_legend

PAPER = "puthawala2022"
NUMBER = "after Figure 2, with weights of our own"
CAPTION = (
    "The cells into which the rows of weight matrices cut the input space, each with its number of active rows. "
    "(a) W has rank 2, but in two wedges (hatched) a single row is active: x -> ReLU(Wx) is constant on the segment "
    "from x to y. (b) The same lines, with row w_1 turned round: two independent rows are active in every wedge, and "
    "the layer is injective. (c) Eight rows in space, each cell shown by its directions on the sphere, seen from two "
    "opposite sides, true to area. In one of the hatched cells two rows are active, in the other three rows that lie "
    "in a plane. Arrows and dots show the directions of the rows; below each collision the two inputs and their common "
    "output."
)
SEED = None
SIZE = (6.0, 7.4)

PLANE = {
    "a": {"-w_1": (-3, -1), "w_2": (0, 3), "w_3": (-3, 1), "w_4": (-2, -3), "w_5": (2, -3)},
    "b": {"w_1": (3, 1), "w_2": (0, 3), "w_3": (-3, 1), "w_4": (-2, -3), "w_5": (2, -3)},
}
SPACE = (
    *((3, 0, -1), (0, -3, 0), (-3, 0, -3), (0, -2, 3)),
    *((-2, 2, 2), (1, 2, 1), (2, -1, 0), (-3, 3, -3)),
)


def rows() -> list[dict[str, Any]]:
    """One line per layer (its verdict), row of W, view, cell, and collision; all but the points of (c) are exact.

    x1, y1, z1, x2, y2, z2 : the weights of a row; the direction of a view; the rays that bound a wedge; the two points
    of a collision, whose label is their common output.  points : the corners of the pieces of a cell on the sphere.
    """
    lines = [line for panel, weights in PLANE.items() for line in _plane_rows(panel, weights)]
    return [*lines, *_space_rows("c")]


def _plane_rows(panel: str, weights: dict[str, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    layer = ReLULayer(list(weights.values()))
    yield _verdict(panel, layer)
    for label, row in weights.items():
        yield _line(panel, "row", label, row)
    wedges = find_wedges(layer)
    for wedge in wedges:
        yield _line(panel, "wedge", "", wedge.start, wedge.end, wedge)
    lost = [wedge for wedge in wedges if wedge.rank < 2]
    if lost:
        yield _collision(panel, layer, [a + b for a, b in zip(lost[-1].start, lost[-1].end, strict=True)])


def _space_rows(panel: str) -> Iterator[dict[str, Any]]:
    layer = ReLULayer(list(SPACE))
    yield _verdict(panel, layer)
    for number, row in enumerate(SPACE, 1):
        yield _line(panel, "row", f"w_{number}", row)
    lost = [cell for cell in find_sphere_cells(layer) if cell.rank < 3]
    z = inner_point(max(lost, key=lambda cell: cell.active), bits=3)
    if z is None:
        raise RuntimeError("no point is known inside a cell")
    collision = _collision(panel, layer, z)
    view = [collision[f"{axis}1"] + collision[f"{axis}2"] for axis in "xyz"]
    yield _line(panel, "view", "", view)
    for cell in find_sphere_cells(layer, view):
        pieces = sorted(rounded_from_least(piece) for piece in cell.pieces)
        points = "; ".join(" ".join(f"{v + 0.0:.6g}" for corner in piece for v in corner) for piece in pieces)
        yield _line(panel, "cell", "", (), (), cell, points)
    yield collision


def _verdict(panel: str, layer: ReLULayer) -> dict[str, Any]:
    status = decide_injectivity(layer).status
    if status is Status.UNDECIDED:
        raise RuntimeError(f"layer ({panel}) is undecided")
    return _line(panel, "layer", status.value)


def _collision(panel: str, layer: ReLULayer, z: Sequence[Any]) -> dict[str, Any]:
    """The longest collision around z, times the number that makes it integer."""
    x, y = collision_inside(layer, z)
    numbers = primitive([*x, *y])
    first, last = numbers[: layer.n], numbers[layer.n :]
    output = layer.forward_exact(first)
    if first == last or layer.forward_exact(last) != output:
        raise RuntimeError(f"no collision of layer ({panel})")
    return _line(panel, "collision", " ".join(map(str, output)), first, last)


def _line(
    panel: str,
    item: str,
    label: str,
    first: Sequence[int] = (),
    second: Sequence[int] = (),
    counts: Wedge | Cell | None = None,
    points: str = "",
) -> dict[str, Any]:
    line: dict[str, Any] = {"panel": panel, "item": item, "label": label}
    for number, values in (("1", first), ("2", second)):
        line |= dict(zip(("x" + number, "y" + number, "z" + number), [*values, *[""] * (3 - len(values))], strict=True))
    known = ("", "") if counts is None else (counts.active, counts.rank)
    return line | {"active": known[0], "rank": known[1], "points": points}


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """The two planes above, the two sides of the sphere below, and one legend; rows : the lines of the CSV."""
    plane, sphere = figure.subplots(2, 2)
    wedges = {panel: [_wedge(line) for line in _items(rows, panel, "wedge")] for panel in ("a", "b")}
    cells = [_cell(line) for line in _items(rows, "c", "cell")]
    every = [*(Cell(w.active, w.rank, ()) for panel in wedges for w in wedges[panel]), *cells]
    most = max(cell.active for cell in every)
    for ax, panel in zip(plane, wedges, strict=True):
        arrows = {f"${line['label']}$": _numbers(line, "1") for line in _items(rows, panel, "row")}
        segments = [_segment(line) for line in _items(rows, panel, "collision")]
        draw_wedges(ax, wedges[panel], arrows, *map(_scaled, segments), most=most)
    labels = {f"${line['label']}$": _numbers(line, "1") for line in _items(rows, "c", "row")}
    (view,) = (_numbers(line, "1") for line in _items(rows, "c", "view"))
    collisions = [_segment(line) for line in _items(rows, "c", "collision")]
    draw_sphere(sphere, cells, labels, *collisions, view=view, most=most)
    for ax, panel, more in (*zip(plane, "ab", ("", ""), strict=True), (sphere[0], "c", ": in space, one side ...")):
        (verdict,) = (line["label"] for line in _items(rows, panel, "layer"))
        ax.set_title(f"({panel}) {verdict.replace('-', ' ')}{more}")
        for line in _items(rows, panel, "collision"):
            ax.text(0.5, -0.02, _told(line), transform=ax.transAxes, ha="center", va="top", color=style.ALERT)
    sphere[1].set_title("... and the other")
    handles = cell_legend(every, 3, collision=True, most=most)
    handles[-2].set_label("active rows do not span")
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, columnspacing=1.4)


def _items(rows: list[dict[str, str]], panel: str, item: str) -> list[dict[str, str]]:
    return [line for line in rows if (line["panel"], line["item"]) == (panel, item)]


def _numbers(line: dict[str, str], number: str) -> tuple[int, ...]:
    return tuple(int(line[axis + number]) for axis in "xyz" if line[axis + number])


def _wedge(line: dict[str, str]) -> Wedge:
    (x1, y1), (x2, y2) = _numbers(line, "1"), _numbers(line, "2")
    return Wedge((x1, y1), (x2, y2), int(line["active"]), int(line["rank"]))


def _cell(line: dict[str, str]) -> Cell:
    pieces = tuple(np.array(piece.split(), dtype=np.float64).reshape(-1, 3) for piece in line["points"].split(";"))
    return Cell(int(line["active"]), int(line["rank"]), pieces)


def _segment(line: dict[str, str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return _numbers(line, "1"), _numbers(line, "2")


def _scaled(segment: tuple[tuple[int, ...], tuple[int, ...]]) -> Any:
    """A collision in the disc of radius 1; a positive multiple of it is one too."""
    size = Fraction(float(np.linalg.norm(segment, axis=1).max())) / Fraction(3, 5)
    return tuple(tuple(Fraction(v) / size for v in end) for end in segment)


def _told(line: dict[str, str]) -> str:
    """The collision in numbers."""
    x, y, output = (_vector(values) for values in (_numbers(line, "1"), _numbers(line, "2"), line["label"].split()))
    return f"$x = {x}$, $y = {y}$:\nboth have the output ${output}$"


def _vector(numbers: Sequence[Any]) -> str:
    return "(" + ", ".join(f"{{{v}}}" for v in numbers) + ")"  # in braces, a minus keeps to its number
