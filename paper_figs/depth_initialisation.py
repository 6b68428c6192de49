"""Outputs and gradients of random networks along depth: He initialisation, and layers that tend to the identity."""

from __future__ import annotations

from typing import Any

from relutheory.deep_limit.experiments import initialisation, spaced_depths
from relutheory.plotting.deep_limit import draw_sizes

PAPER = "xuzhang2024"
NUMBER = "no figure of the paper: what its abstract says of initialisation, on networks of our own"
CAPTION = (
    "Random networks of width 32 without biases, down to layer 10000, in float64. He initialisation: W_n = G "
    "sqrt(2/32); the others: W_n = I + G / (sqrt(32) n^p), G with independent standard normal entries, drawn anew "
    "for each layer. (a) |x_n| / |x_0|. (b) The root mean square of the gradients of the neurons of layer n with "
    "respect to the input. One run each; the vertical axis is compressed below 1/10. He initialisation keeps squares "
    "in the mean over many networks; a single deep network loses them all the same. For p > 1 deep.summable proves "
    "that outputs converge where the norms of G stay bounded; random signs help for p <= 1 too."
)
SEED = 5
SIZE = (6.4, 3.2)

WIDTH, DEPTH, PLACES = 32, 10_000, 25
POWERS = {"He": None, "1/2": 0.5, "1": 1.0, "3/2": 1.5, "2": 2.0}


def rows() -> list[dict[str, Any]]:
    """One line per initialisation and depth: decimal logarithms of both sizes, to two decimals."""
    lines = []
    for name, power in POWERS.items():
        found = initialisation(WIDTH, spaced_depths(DEPTH, PLACES), power=power, seed=SEED)
        for n, output, gradient in zip(found.depths, found.outputs, found.gradients, strict=True):
            sizes = {"output": f"{output + 0.0:.2f}", "gradient": f"{gradient + 0.0:.2f}"}
            lines.append({"power": name, "depth": int(n), **sizes})
    return lines


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels, and one legend below; rows : the lines of the CSV."""
    names = list(dict.fromkeys(line["power"] for line in rows))
    depths = sorted({int(line["depth"]) for line in rows})
    left, right = figure.subplots(1, 2, sharey=True)
    for ax, column in ((left, "output"), (right, "gradient")):
        series = {}
        for name in names:
            by_depth = {int(line["depth"]): float(line[column]) for line in rows if line["power"] == name}
            label = "He initialisation" if name == "He" else f"$p = {name}$"
            series[label] = [by_depth.get(n, float("nan")) for n in depths]
        draw_sizes(ax, depths, series)
        ax.set_yscale("symlog", linthresh=1, linscale=1.5)
        ax.set(xlabel="depth $n$", yticks=[1, 0.5, 0, -1, -10, -100])
        ax.set_yticklabels(["10", "3", "1", "$10^{-1}$", "$10^{-10}$", "$10^{-100}$"])
        ax.minorticks_off()
    left.set(title="(a) outputs", ylabel="size")
    right.set(title="(b) gradients")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(names), frameon=False, columnspacing=1.2)
