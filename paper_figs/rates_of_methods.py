"""Error against number of parameters: networks and the best classical methods, on six functions."""

from __future__ import annotations

from typing import Any

from relutheory.plotting.univariate import draw_rates, rates_legend
from relutheory.univariate.rates import RATIONAL, compare_rates

PAPER = "daubechies2022"
NUMBER = "no figure of the paper: its comparison of rates, computed"
CAPTION = (
    "Largest error on [0, 1] against the number of parameters: networks with one hidden layer and of width 4 that "
    "are best free-knot splines, networks made for the function (Takagi; the sawtooth, exactly), free-knot and "
    "equispaced splines, Chebyshev polynomials and rational functions by AAA. A mark on the axis: no error. Full "
    "and dashed lines: upper ends of proved enclosures; dotted: the largest error seen on a grid in floats, drawn "
    "at 1e-10 where it is smaller. Rational functions have up to 100 parameters; those with an error above 0.6, as by "
    "poles in [0, 1], are left out."
)
SEED = 0
SIZE = (6.6, 4.6)

FUNCTIONS = ("square-root", "runge", "takagi", "weierstrass", "sawtooth", "random-walk")
BUDGETS = (12, 25, 50, 100, 200)
LARGEST = 0.6  # of rational functions that are drawn: those with a pole in [0, 1] are not


def rows() -> list[dict[str, Any]]:
    """One line per function, method and budget: parameters and error; float competitors to two digits."""
    lines = []
    for name in FUNCTIONS:
        for row in compare_rates(name, BUDGETS).rows:
            # the last digits of errors near rounding, and of what AAA finds, depend on the machine
            error = f"{row.upper:.2g}" if row.proved else f"{max(row.upper, 1e-10):.1g}"
            shown = f">{LARGEST}" if row.method == RATIONAL and row.upper > LARGEST else error
            lines.append({"function": name, "method": row.method, "parameters": row.parameters, "error": shown})
    return sorted(lines, key=lambda line: not line["error"].startswith(">"))  # what is left out of the picture first


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """A panel for each function, with one legend below; rows : the lines of the CSV."""
    titles = {
        "square-root": "$\\sqrt{x}$",
        "runge": "$1/(1 + 25 (2x - 1)^2)$",
        "takagi": "Takagi's function",
        "weierstrass": "a Weierstrass function",
        "sawtooth": "a sawtooth of 32 teeth",
        "random-walk": "a random walk",
    }
    methods = {line["method"] for line in rows}
    axes = figure.subplots(2, 3).ravel()
    for ax, (name, title) in zip(axes, titles.items(), strict=True):
        chosen = [line for line in rows if line["function"] == name and not line["error"].startswith(">")]
        series = {
            method: [(float(r["parameters"]), float(r["error"])) for r in chosen if r["method"] == method]
            for method in methods
        }
        draw_rates(ax, series)
        ax.set(title=title, xlim=(0.8 * min(float(r["parameters"]) for r in chosen), 280))
    for ax in axes[3:]:
        ax.set_xlabel("parameters")
    for ax in axes[::3]:
        ax.set_ylabel("largest error")
    figure.legend(handles=rates_legend(methods), loc="outside lower center", ncols=4, frameon=False)
