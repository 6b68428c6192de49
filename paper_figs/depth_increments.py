"""How far the layers of random deep networks move the state, for four speeds at which they tend to the identity."""

from __future__ import annotations

from typing import Any

import numpy as np

from relutheory.deep_limit.experiments import spaced_depths, trajectory
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.plotting.deep_limit import draw_decays

PAPER = "xuzhang2024"
NUMBER = "no figure of the paper: data-free, layers of our own"
CAPTION = (
    "Layers x_n = ReLU((I + P_n) x_{n-1} + b_n) of width 8 with random P_n and b_n, |P_n| and |b_n| at most n^-p. "
    "Lines: the largest entry of x_n - x_{n-1}, in float64. Dashed, for p > 1: a bound of how far all later layers "
    "together can move the state, (e^s - 1) |x_n| + e^s t, where s and t are the sums of n^-p that are left. For p = "
    "1/2 and 1 those sums are infinite, and there is no bound."
)
SEED = 0
SIZE = (5.2, 3.4)

WIDTH, DEPTH, PLACES = 8, 1000, 28
POWERS = ("1/2", "1", "3/2", "2")


def rows() -> list[dict[str, Any]]:
    """One line per power and depth; bound is empty where there is none; to three digits."""
    lines = []
    for power in POWERS:
        family = DeepFamily.random(WIDTH, power=power, seed=SEED)
        found = trajectory(family, np.full(WIDTH, 0.5), spaced_depths(DEPTH, PLACES)[1:])
        for n, moved, bound in zip(found.depths, found.increments, found.bounds, strict=True):
            written = f"{bound:.3g}" if np.isfinite(bound) else ""
            lines.append({"power": power, "depth": int(n), "increment": f"{moved:.3g}", "bound": written})
    return lines


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """One panel with a legend beside it; rows : the lines of the CSV."""
    ax = figure.subplots()
    series: dict[str, list[float]] = {}
    bounds: dict[str, list[float]] = {}
    depths = sorted({int(line["depth"]) for line in rows})
    for power in dict.fromkeys(line["power"] for line in rows):
        by_depth = {int(line["depth"]): line for line in rows if line["power"] == power}
        label = f"$p = {power}$"
        series[label] = [float(by_depth[n]["increment"]) if n in by_depth else np.nan for n in depths]
        written = [by_depth[n]["bound"] if n in by_depth else "" for n in depths]
        if any(written):
            bounds[label] = [float(text) if text else np.nan for text in written]
    draw_decays(ax, depths, series, bounds)
    ax.set(xlabel="depth $n$", ylabel=r"$|x_n - x_{n-1}|_\infty$;  dashed: bound of what is to come")
    ax.legend(frameon=False, loc="lower left")
