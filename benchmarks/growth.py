"""How the time per region grows with depth, width and the number of inputs: a table and a picture."""

from __future__ import annotations

import csv
import itertools
import time
from pathlib import Path

import numpy as np

from relutheory import Box, ReLULayer, ReLUNetwork, count_regions

HERE = Path(__file__).resolve().parent
REPEATS, ENOUGH = 4, 2.0  # a call of more seconds than that is not repeated
# name of the axis: (value on the axis, inputs and widths); in the box [-1, 1]^2, but for "inputs" all of R^n
SWEEPS = {
    "depth": [(depth, (2, *[32] * depth)) for depth in (1, 2, 3, 4, 6, 8)],
    "width": [(width, (2, width, width)) for width in (8, 16, 32, 64, 128, 256)],
    "inputs": [(n, (n, 12, 12)) for n in (1, 2, 3, 4, 5, 6)],
}
FIELDS = ["axis", "value", "sizes", "regions", "seconds"]


def growth_rows(quick: bool) -> list[dict[str, object]]:
    """One row for each network."""
    rows: list[dict[str, object]] = []
    for axis, cases in SWEEPS.items():
        for value, sizes in cases[: 3 if quick else None]:
            rng = np.random.default_rng(0)
            layers = [
                ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m)) for n, m in itertools.pairwise(sizes)
            ]
            net, least = ReLUNetwork(layers), float("inf")
            domain = None if axis == "inputs" else Box(-1, 1, n=2)
            for _ in range(REPEATS):
                start = time.perf_counter()
                found = count_regions(net, domain).activation_regions
                least = min(least, time.perf_counter() - start)
                if least > ENOUGH:
                    break
            rows.append(dict(zip(FIELDS, (axis, value, "-".join(map(str, sizes)), found, f"{least:.6f}"), strict=True)))
            print(*rows[-1].values(), flush=True)
    return rows


def write_growth(rows: list[dict[str, object]]) -> None:
    """growth.csv and growth.png beside this file."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib.figure import Figure

    from relutheory.plotting import paper_style

    with (HERE / "growth.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    with paper_style():
        figure = Figure(figsize=(7.0, 2.4), layout="constrained")
        for ax, axis in zip(figure.subplots(1, len(SWEEPS), sharey=True), SWEEPS, strict=True):
            here = [row for row in rows if row["axis"] == axis]
            x = [row["value"] for row in here]
            y = [1e6 * float(str(row["seconds"])) / int(str(row["regions"])) for row in here]
            ax.plot(x, y, "o-", color="#0b5394", markersize=4)
            ax.set(
                xlabel={"depth": "depth (2 inputs, width 32)", "width": "width (2 inputs, depth 2)"}.get(
                    axis, "inputs (all of $\\mathbb{R}^n$; 12, 12 neurons)"
                )
            )
            ax.set_yscale("log")
            if axis == "width":
                ax.set_xscale("log", base=2)
            ax.grid(alpha=0.3, which="both", linewidth=0.4)
        figure.axes[0].set_ylabel("microseconds per region")
        figure.savefig(HERE / "growth.png", dpi=200)
