"""The wedges of two layers on the plane: five lines, and one row whose sign decides whether information is lost."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from relutheory.injectivity import Status, decide_injectivity
from relutheory.networks import ReLULayer
from relutheory.plotting import Wedge, constant_segment, draw_wedges, find_wedges, wedge_legend

PAPER = "puthawala2022"
NUMBER = "after Figure 2, with weights of our own"
CAPTION = (
    "The wedges into which the rows of two 5 x 2 weight matrices cut the plane, each with its number of active rows. "
    "(a) Two independent rows are active in every wedge, so x -> ReLU(Wx) is injective. (b) The same lines, with row "
    "w_1 turned round: W still has rank 2, but in two wedges (hatched) a single row is active, and the layer is "
    "constant on the segment from x to y. The arrows show the directions of the rows."
)
SEED = None
SIZE = (6.0, 3.6)

ROWS = {"w_1": (3, 1), "w_2": (0, 3), "w_3": (-3, 1), "w_4": (-2, -3), "w_5": (2, -3)}
TURNED = {"-w_1": (-3, -1), **{label: row for label, row in ROWS.items() if label != "w_1"}}
PANELS = {"a": ROWS, "b": TURNED}


def rows() -> list[dict[str, Any]]:
    """One line per layer (its verdict), row of W, wedge, and collision; numbers are exact.

    x1, y1, x2, y2 : the weights of a row; the rays that bound a wedge; the two points of a collision.
    """
    return [line for panel, weights in PANELS.items() for line in _panel_rows(panel, weights)]


def _panel_rows(panel: str, weights: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    layer = ReLULayer(list(weights.values()))
    result = decide_injectivity(layer)
    if result.status is Status.UNDECIDED:
        raise RuntimeError(f"layer ({panel}) is undecided")
    lines = [_line(panel, "layer", result.status.value)]
    lines += [_line(panel, "row", label, row) for label, row in weights.items()]
    for wedge in find_wedges(layer):
        counts = {"active": wedge.active, "rank": wedge.rank}
        lines.append(_line(panel, "wedge", "", wedge.start, wedge.end) | counts)
    if result.witness is not None:
        ends = constant_segment(layer, result.witness.x, result.witness.y)
        lines.append(_line(panel, "collision", "", *ends))
    return lines


def _line(panel: str, item: str, label: str, first: Any = ("", ""), second: Any = ("", "")) -> dict[str, Any]:
    (x1, y1), (x2, y2) = first, second
    return {
        **{"panel": panel, "item": item, "label": label},
        **{"x1": x1, "y1": y1, "x2": x2, "y2": y2, "active": "", "rank": ""},
    }


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels side by side and one legend below; rows : the lines of the CSV."""
    panels = sorted({line["panel"] for line in rows})
    wedges = {panel: [_wedge(line) for line in _items(rows, panel, "wedge")] for panel in panels}
    every = [wedge for panel in panels for wedge in wedges[panel]]
    most = max(wedge.active for wedge in every)
    for ax, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        arrows = {f"${line['label']}$": (line["x1"], line["y1"]) for line in _items(rows, panel, "row")}
        segments = [_segment(line) for line in _items(rows, panel, "collision")]
        draw_wedges(ax, wedges[panel], arrows, *segments, most=most)
        (verdict,) = (line["label"] for line in _items(rows, panel, "layer"))
        ax.set_title(f"({panel}) {verdict.replace('-', ' ')}")
    collision = any(line["item"] == "collision" for line in rows)
    handles = wedge_legend(every, collision=collision, most=most)
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, columnspacing=1.4)


def _items(rows: list[dict[str, str]], panel: str, item: str) -> list[dict[str, str]]:
    return [line for line in rows if (line["panel"], line["item"]) == (panel, item)]


def _wedge(line: dict[str, str]) -> Wedge:
    x1, y1, x2, y2, active, rank = (int(line[k]) for k in ("x1", "y1", "x2", "y2", "active", "rank"))
    return Wedge((x1, y1), (x2, y2), active, rank)


def _segment(line: dict[str, str]) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
    x1, y1, x2, y2 = (Fraction(line[k]) for k in ("x1", "y1", "x2", "y2"))
    return (x1, y1), (x2, y2)
