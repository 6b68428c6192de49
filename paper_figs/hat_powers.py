"""The hat function composed with itself: 2^(k - 1) teeth from k layers of two neurons, and x^2 as a sum of them."""

from __future__ import annotations

from typing import Any

from relutheory.plotting import colours as palette
from relutheory.plotting.univariate import draw_graph, legend_below
from relutheory.univariate.constructions import hat_power, square_network

PAPER = "daubechies2022"
NUMBER = "after its figures of the hat function's powers; numbers of its figures unverified"
CAPTION = (
    "(a) The hat function H composed k times with itself, k = 1, 2, 3, by networks of width 2 and depth k. (b) "
    "x - x^2 is the sum of 4^-k H^k(x) over all k: its first terms, and (c) the errors of the networks of width 3 "
    "and depth L = 1, 2, 3 that add the first L, which are 4^-(L + 1) exactly."
)
SEED = 0
SIZE = (6.6, 2.3)

POWERS = (1, 2, 3)
DEPTHS = (1, 2, 3)
SAMPLES = 256  # points of an error: a multiple of 2^(L + 1), where it is largest


def rows() -> list[dict[str, Any]]:
    """One line per breakpoint of each graph: panel, k or L, x and y as they are."""
    lines = [_line("a", k, x, y) for k in POWERS for x, y in _points(hat_power(k).function)]
    lines += [_line("b", k, x, y / 4**k) for k in DEPTHS for x, y in _points(hat_power(k).function)]
    for L in DEPTHS:
        made = square_network(L)  # between breakpoints its error is a parabola
        lines += [_line("c", L, i / SAMPLES, float(made(i / SAMPLES)) - (i / SAMPLES) ** 2) for i in range(SAMPLES + 1)]
    return lines


def _points(f: Any) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in zip(f.breakpoints, f.values, strict=True)]


def _line(panel: str, k: int, x: float, y: float) -> dict[str, Any]:
    return {"panel": panel, "k": k, "x": f"{x:.7g}", "y": f"{y + 0.0:.7g}"}


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Three panels; rows : the lines of the CSV."""
    axes = figure.subplots(1, 3)
    for ax, panel in zip(axes, "abc", strict=True):
        for k in sorted({int(line["k"]) for line in rows if line["panel"] == panel}):
            points = [(float(r["x"]), float(r["y"])) for r in rows if (r["panel"], r["k"]) == (panel, str(k))]
            name = f"$L = {k}$" if panel == "c" else f"$k = {k}$"
            draw_graph(ax, *zip(*points, strict=True), color=palette.LAYERS[k], label=name, linewidth=1.0)
        ax.set(xlabel="$x$", xticks=[0, 0.5, 1], xticklabels=["0", "1/2", "1"])
        legend_below(ax)
    axes[0].set(title="(a) $H^{\\circ k}(x)$", yticks=[0, 1])
    axes[1].set(title="(b) $4^{-k} H^{\\circ k}(x)$", yticks=[0, 1 / 16, 1 / 4], yticklabels=["0", "1/16", "1/4"])
    axes[2].set(title="(c) network $-\\;x^2$", yticks=[0, 1 / 64, 1 / 16], yticklabels=["0", "1/64", "1/16"])
