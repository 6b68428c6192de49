"""Active rows along a path: what an injective layer never loses, and where others lose it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.injectivity import Status, decide_injectivity
from relutheory.injectivity.general_position import alternating_moment_layer
from relutheory.networks import ReLULayer
from relutheory.plotting.active_counts import counts_along, counts_legend, draw_counts

PAPER = "puthawala2022"
NUMBER = "no figure of the paper: its statement on minimal expansivity, and what general position needs"
CAPTION = (
    "The number of active rows of four layers on R^8 along a path through random points p_i; in (b) and (d) it also "
    "passes z, the middle of a segment on which the layer is constant. (a) W = [B; -DB] with 2n rows: at every generic "
    "point exactly n rows are active, and they span. (b) The same after a small change of every entry: some region has "
    "fewer. (c) Rows in general position need at least 3n - 1 = 23: these are on an alternating moment curve. "
    "(d) 23 Gaussian rows. The verdicts are exact and about all of R^8; a path alone can only refute."
)
SEED = 11
SIZE = (6.4, 5.0)

N = 8
GRID = 64  # entries are multiples of 1/64


def layers() -> dict[str, tuple[str, ReLULayer]]:
    """Title and layer of each panel."""
    rng = np.random.default_rng(SEED)
    B = np.round(GRID * rng.standard_normal((N, N))) / GRID
    D = 2.0 ** rng.integers(-1, 2, (N, 1))
    paired = np.vstack([B, -D * B])
    moved = paired + rng.integers(-6, 7, paired.shape) / GRID
    gaussian = np.round(GRID * rng.standard_normal((3 * N - 1, N))) / GRID
    return {
        "a": ("[B; -DB], m = 2n", ReLULayer(paired)),
        "b": ("the same, perturbed", ReLULayer(moved)),
        "c": ("alternating moment curve, m = 3n - 1", alternating_moment_layer(N, basis="chebyshev")),
        "d": ("Gaussian rows, m = 3n - 1", ReLULayer(gaussian)),
    }


def rows() -> list[dict[str, Any]]:
    """One line per layer (its verdict), corner of a path, and piece between `start` and `end`; counts are exact.

    start, end : positions on the path, 1 for each leg, rounded to six digits.
    """
    return [line for panel, (title, layer) in layers().items() for line in _panel_rows(panel, title, layer)]


def _panel_rows(panel: str, title: str, layer: ReLULayer) -> list[dict[str, Any]]:
    result = decide_injectivity(layer)
    if result.status is Status.UNDECIDED:
        raise RuntimeError(f"layer ({panel}) is undecided")
    rng = np.random.default_rng([SEED, 1])
    path = [[Fraction(v, 8) for v in rng.integers(-8, 9, N).tolist()] for _ in range(4)]
    names = ["p_1", "p_2", "p_3", "p_4"]
    if result.witness is not None:
        middle = [(a + b) / 2 for a, b in zip(result.witness.x, result.witness.y, strict=True)]
        size = max(map(abs, middle))
        path.insert(2, [v / size for v in middle])  # the layer has no bias: every multiple will do
        names.insert(2, "z")
    counts = counts_along(layer, path)
    lines = [_line(panel, "layer", f"{title}: {result.status.value.replace('-', ' ')}")]
    lines += [_line(panel, "corner", name, place) for place, name in enumerate(names)]
    for start, end, active, spans in zip(counts.ends, counts.ends[1:], counts.active, counts.spans, strict=False):
        lines.append(_line(panel, "piece", "spans" if spans else "", _rounded(start), _rounded(end), active))
    return lines


def _rounded(position: Fraction) -> str:
    return f"{float(position):.6g}"


def _line(panel: str, item: str, label: str, start: Any = "", end: Any = "", active: Any = "") -> dict[str, Any]:
    return {"panel": panel, "item": item, "label": label, "start": start, "end": end, "active": active, "n": N}


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Four panels and one legend; rows : the lines of the CSV."""
    n = int(rows[0]["n"])
    most = max(int(line["active"]) for line in rows if line["item"] == "piece")
    axes = figure.subplots(2, 2, sharey=True)
    for ax, panel in zip(axes.flat, "abcd", strict=True):
        pieces = _items(rows, panel, "piece")
        ends = [float(pieces[0]["start"]), *(float(line["end"]) for line in pieces)]
        active, spans = [int(line["active"]) for line in pieces], [line["label"] == "spans" for line in pieces]
        marks = {float(line["start"]): f"${line['label']}$" for line in _items(rows, panel, "corner")}
        draw_counts(ax, ends, active, spans, n, marks=marks, most=most)
        (title,) = (line["label"] for line in _items(rows, panel, "layer"))
        ax.set_title(f"({panel}) {title.replace(' - ', ' − ').replace('; -', '; −')}")
    for ax in axes[:, 0]:
        ax.set_ylabel("active rows")
    for ax in axes[1]:
        ax.set_xlabel("a path from point to point", labelpad=14)
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)
    handles = counts_legend(n, lost=any(line["item"] == "piece" and not line["label"] for line in rows))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, columnspacing=1.4)


def _items(rows: list[dict[str, str]], panel: str, item: str) -> list[dict[str, str]]:
    return [line for line in rows if (line["panel"], line["item"]) == (panel, item)]
