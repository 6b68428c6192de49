"""How the time per region grows with depth, width and the number of inputs: a table and a picture."""

from __future__ import annotations

import csv
import itertools
import time
from pathlib import Path

import numpy as np

from relutheory import Box, ReLULayer, ReLUNetwork, count_regions

HERE = Path(__file__).resolve().parent
# name of the axis: (value on the axis, inputs and widths)
SWEEPS = {
    "depth": [(depth, (2, *[32] * depth)) for depth in (1, 2, 3, 4, 6, 8)],
    "width": [(width, (2, width, width)) for width in (8, 16, 32, 64, 128, 256)],
    "inputs": [(n, (n, 10, 10)) for n in (1, 2, 3, 4, 5, 6)],
}
FIELDS = ["axis", "value", "sizes", "regions", "seconds"]


def growth_rows(quick: bool) -> list[dict[str, object]]:
    """One row for each network, on the box [-1, 1]^n."""
    rows: list[dict[str, object]] = []
    for axis, cases in SWEEPS.items():
        for value, sizes in cases[: 3 if quick else None]:
            rng = np.random.default_rng(0)
            layers = [
                ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m)) for n, m in itertools.pairwise(sizes)
            ]
            net, box, least = ReLUNetwork(layers), Box(-1, 1, n=sizes[0]), float("inf")
            for _ in range(4):
                start = time.perf_counter()
                found = count_regions(net, box).activation_regions
                least = min(least, time.perf_counter() - start)
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
                    axis, "inputs (10, 10 neurons)"
                )
            )
            ax.set_yscale("log")
            if axis == "width":
                ax.set_xscale("log", base=2)
            ax.grid(alpha=0.3, which="both", linewidth=0.4)
        figure.axes[0].set_ylabel("microseconds per region")
        figure.savefig(HERE / "growth.png", dpi=200)
