"""The partition of the plane by the first layers of two infinitely deep networks: one freezes, one refines for ever."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Any

import numpy as np

from relutheory import Box, ReLULayer, ReLUNetwork
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.plotting import colours, find_partition, style
from relutheory.polyhedra.regions import count_regions

PAPER = "xuzhang2024"
NUMBER = "no figure of the paper: its activation domains in the plane, on layers of our own"
CAPTION = (
    "Activation regions in the square [-1, 1]^2 of the first n layers, n = 1, ..., 6, with W_n = I + A/2^(n-1) and "
    "b_n = c/2^(n-1) for n > 1; exact numbers of regions on top. Grey: boundaries of earlier layers, blue: those "
    "that layer n adds. Upper row: layers 5 to 10 cut no region. Lower row: layers 2 to 10 all add regions, thinner "
    "and thinner. Both networks converge uniformly on the square."
)
SEED = 0
SIZE = (6.4, 2.75)

DEPTH, CHECKED = 6, 10
DOMAIN = Box([-1, -1], [1, 1])
ROWS = {"freezes": (5, 4), "refines": (4, 1)}  # width, number of the draw


def family(panel: str) -> DeepFamily:
    """W_1, b_1, A and c with entries k/8, k from -8 to 8 (b_1: -4 to 4)."""
    m, number = ROWS[panel]
    rng = np.random.default_rng([m, number])
    A, c = rng.integers(-8, 9, size=(m, m)) / 8, rng.integers(-8, 9, size=m) / 8
    first = rng.integers(-8, 9, size=(m, 2)) / 8, rng.integers(-4, 5, size=m) / 8
    formulas = "I + A/2**(n-1)", "c/2**(n-1)"
    return DeepFamily.from_symbolic(*formulas, constants={"A": A, "c": c}, first=first)


def region_count(layers: list[ReLULayer]) -> int:
    """The exact number of activation regions of these layers."""
    found = count_regions(ReLUNetwork(layers), DOMAIN)
    if not found.complete:
        raise RuntimeError(f"depth {len(layers)}: not counted")
    return found.activation_regions


def rows() -> list[dict[str, Any]]:
    """One line per row and depth (number of regions) and per segment: the layer, and x y x y to six digits."""
    lines = []
    for panel in ROWS:
        layers = [family(panel).layer(n) for n in range(1, CHECKED + 1)]
        counts = [region_count(layers[:n]) for n in range(1, CHECKED + 1)]
        settled = [before == after for before, after in pairwise(counts)]
        if settled != [panel == "freezes" and n >= 5 for n in range(2, CHECKED + 1)]:
            raise RuntimeError(f"the caption is wrong about {panel}: {counts}")
        lines += [
            {"row": panel, "item": "regions", "layer": n, "value": str(count)}
            for n, count in enumerate(counts[:DEPTH], 1)
        ]
        segments = find_partition(ReLUNetwork(layers[:DEPTH]), DOMAIN).boundaries()
        for n, ends in segments.items():
            texts = [" ".join(f"{v + 0.0:.6g}" for point in sorted(map(tuple, pair)) for v in point) for pair in ends]
            lines += [{"row": panel, "item": "segment", "layer": n, "value": text} for text in sorted(texts)]
    return lines


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """A row of panels for each network; rows : the lines of the CSV."""
    names = list(dict.fromkeys(line["row"] for line in rows))
    depths = sorted({int(line["layer"]) for line in rows if line["item"] == "regions"})
    grid = figure.subplots(len(names), len(depths), squeeze=False)
    for axes, name in zip(grid, names, strict=True):
        lines = [line for line in rows if line["row"] == name]
        counts = {int(line["layer"]): line["value"] for line in lines if line["item"] == "regions"}
        for ax, n in zip(axes, depths, strict=True):
            old, new = _segments(lines, range(1, n)), _segments(lines, [n])
            ax.plot(*old.T, color=style.INK, alpha=0.45, linewidth=0.6)
            ax.plot(*new.T, color=colours.LAYERS[1], linewidth=0.9)
            depth = f"$n={n}$: " if name == names[0] else ""
            ax.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[], aspect="equal")
            ax.set_title(f"{depth}{counts.get(n, '')}", fontsize=8.5)


def _segments(lines: list[dict[str, str]], layers: Collection[int]) -> np.ndarray:
    """The segments of these layers as one line with gaps, (k, 2)."""
    texts = [line["value"] for line in lines if line["item"] == "segment" and int(line["layer"]) in layers]
    ends = np.array([text.split() for text in texts], dtype=np.float64).reshape(-1, 2, 2)
    return np.concatenate([ends, np.full((len(ends), 1, 2), np.nan)], axis=1).reshape(-1, 2)
