"""Self-similar functions that fixed-width networks approximate exponentially well: Takagi's and its relatives."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from relutheory.plotting import colours as palette
from relutheory.plotting.univariate import draw_graph, legend_below
from relutheory.univariate.constructions import takagi_network
from relutheory.univariate.cpwl import CPwL

PAPER = "daubechies2022"
NUMBER = "after its figures of Takagi's and other self-similar functions; their numbers unverified"
CAPTION = (
    "Sums of t^k g(psi^k) over k = 1, ..., n, psi^k being psi composed k times with itself: (a) Takagi's function, "
    "t = 1/2, psi the hat, g(x) = x, with n = 1, 2, 4, 9; the last is 2/3 2^-9 below it at most. (b) t = 2/3 and t "
    "= -1/2, n = 9. (c) t = 1/2 and a map psi with three pieces, g(x) = x, n = 5. Each is a network of fixed "
    "width, whose depth grows with n while the error falls as t^n."
)
SEED = 0
SIZE = (6.6, 2.3)

PSI = CPwL([0, "1/3", "2/3", 1], [0, 1, 0, 1])
GRAPHS: dict[tuple[str, str], tuple[int, Any, Any]] = {
    **{("a", f"n = {n}"): (n, Fraction(1, 2), None) for n in (1, 2, 4, 9)},
    ("b", "t = 2/3"): (9, Fraction(2, 3), None),
    ("b", "t = -1/2"): (9, Fraction(-1, 2), None),
    ("c", "three pieces"): (5, Fraction(1, 2), PSI),
}


def rows() -> list[dict[str, Any]]:
    """One line per breakpoint of each graph: panel, name, x and y."""
    lines = []
    for (panel, name), (terms, t, psi) in GRAPHS.items():
        f = takagi_network(terms, t, psi=psi).function
        for x, y in zip(f.breakpoints, f.values, strict=True):
            lines.append({"panel": panel, "name": name, "x": f"{float(x):.7g}", "y": f"{float(y) + 0.0:.7g}"})
    return lines


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Three panels; rows : the lines of the CSV."""
    axes = figure.subplots(1, 3)
    colours = (palette.LAYERS[4], palette.LAYERS[2], palette.LAYERS[3], palette.LAYERS[1])
    for ax, panel in zip(axes, "abc", strict=True):
        names = list(dict.fromkeys(line["name"] for line in rows if line["panel"] == panel))
        for name, colour in zip(names, colours[-len(names) :], strict=True):
            points = [(float(r["x"]), float(r["y"])) for r in rows if (r["panel"], r["name"]) == (panel, name)]
            draw_graph(ax, *zip(*points, strict=True), color=colour, linewidth=0.8, label=f"${name}$")
        ax.set(xlabel="$x$", xticks=[0, 0.5, 1], xticklabels=["0", "1/2", "1"])
        if len(names) > 1:
            legend_below(ax)
    axes[0].set_title("(a) Takagi's function")
    axes[1].set_title("(b) other $t$")
    axes[2].set_title("(c) another map $\\psi$")
