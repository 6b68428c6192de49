"""The piecewise linear cosines C_k and sines S_k, a Riesz basis made by networks of width 2."""

from __future__ import annotations

from typing import Any

from relutheory.plotting import colours as palette
from relutheory.plotting.univariate import draw_graph
from relutheory.univariate.constructions import fourier_like

PAPER = "daubechies2022"
NUMBER = "after its figure of C, S, C_k and S_k; its number unverified"
CAPTION = (
    "The functions C_k(x) = C(kx) and S_k(x) = S(kx) on [0, 1], with C(x) = |4 {x} - 2| - 1 and S(x) = C(x - 1/4), for "
    "k = 1, 2, 3, 5. Each is a network of width 2 and depth at most 2 + log2(k + 1). All together, and the constant, "
    "are a Riesz basis of L^2[0, 1]."
)
SEED = 0
SIZE = (6.6, 2.4)

FREQUENCIES = (1, 2, 3, 5)


def rows() -> list[dict[str, Any]]:
    """One line per breakpoint: name C or S, k, x and y."""
    lines = []
    for k in FREQUENCIES:
        for name, made in zip("CS", fourier_like(k), strict=True):
            f = made.function
            for x, y in zip(f.breakpoints, f.values, strict=True):
                lines.append({"name": name, "k": k, "x": f"{float(x):.7g}", "y": f"{float(y) + 0.0:.7g}"})
    return lines


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """A panel for each k, with C_k and S_k; rows : the lines of the CSV."""
    numbers = sorted({int(line["k"]) for line in rows})
    axes = figure.subplots(1, len(numbers), sharey=True, squeeze=False)[0]
    for ax, k in zip(axes, numbers, strict=True):
        for name, colour in (("C", palette.LAYERS[1]), ("S", palette.LAYERS[4])):
            points = [(float(r["x"]), float(r["y"])) for r in rows if (r["name"], r["k"]) == (name, str(k))]
            draw_graph(ax, *zip(*points, strict=True), color=colour, label=f"${name}_k$", linewidth=1.1)
        ax.axhline(0, color="0.7", linewidth=0.5, zorder=0)
        ax.set(title=f"$k = {k}$", xlabel="$x$", xticks=[0, 0.5, 1], xticklabels=["0", "1/2", "1"], yticks=[-1, 0, 1])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
