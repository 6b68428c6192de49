"""Parameters that a sawtooth costs, in depth and in width."""

from __future__ import annotations

from typing import Any

from relutheory.plotting import colours as palette
from relutheory.plotting.univariate import draw_graph
from relutheory.univariate.constructions import hat_power
from relutheory.univariate.fixed_width import parameter_count
from relutheory.univariate.splines import spline_depth

PAPER = "daubechies2022"
NUMBER = "no figure of the paper: depth beside width on a sawtooth"
CAPTION = (
    "(a) A sawtooth of 16 teeth. (b) Weights and biases of networks that are a sawtooth of 2^(k - 1) teeth "
    "exactly: the composition of k hats by k layers of two neurons; a free-knot spline network of width 8; one "
    "hidden layer. Depth pays once for each doubling, the others for each tooth."
)
SEED = 0
SIZE = (6.2, 2.5)

MOST = 12
WIDTH = 8


def rows() -> list[dict[str, Any]]:
    """The breakpoints of the sawtooth, and one line for each k and network with its parameters."""
    teeth = hat_power(5).function
    lines = [_line("a", "teeth", float(x), float(y)) for x, y in zip(teeth.breakpoints, teeth.values, strict=True)]
    for k in range(1, MOST + 1):
        kinks = 2**k - 1
        sizes = {
            "deep": hat_power(k).parameters,
            "spline": parameter_count(WIDTH, spline_depth(kinks, WIDTH)),
            "shallow": parameter_count(kinks + 1, 1),
        }
        lines += [_line("b", name, 2 ** (k - 1), size) for name, size in sizes.items()]
    return lines


def _line(panel: str, name: str, x: float, y: float) -> dict[str, Any]:
    return {"panel": panel, "name": name, "x": f"{x:g}", "y": f"{y:g}"}


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels; rows : the lines of the CSV."""
    left, right = figure.subplots(1, 2)
    looks = {"deep": (palette.LAYERS[1], "o"), "spline": (palette.LAYERS[2], "s"), "shallow": (palette.LAYERS[4], "^")}
    labels = {"deep": "width 2, depth $k$", "spline": "width 8, spline network", "shallow": "one hidden layer"}
    draw_graph(left, *_points(rows, "teeth"), color=palette.LAYERS[1])
    left.set(
        title="(a) $H^{\\circ 5}$: 16 teeth",
        xlabel="$x$",
        xticks=[0, 0.5, 1],
        xticklabels=["0", "1/2", "1"],
        yticks=[0, 1],
    )
    for name, (colour, marker) in looks.items():
        draw_graph(right, *_points(rows, name), color=colour, marker=marker, markersize=3, label=labels[name])
    right.set(title="(b) parameters", xlabel="teeth", xscale="log", yscale="log")
    right.minorticks_off()
    right.grid(linewidth=0.3, alpha=0.6)
    right.legend(frameon=False, loc="upper left")


def _points(rows: list[dict[str, str]], name: str) -> tuple[list[float], list[float]]:
    chosen = [line for line in rows if line["name"] == name]
    return [float(line["x"]) for line in chosen], [float(line["y"]) for line in chosen]
