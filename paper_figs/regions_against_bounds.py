"""How many activation regions networks on the plane have, against depth and width, beside what bounds allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from relutheory import ReLULayer, ReLUNetwork
from relutheory.plotting import colours, style
from relutheory.polyhedra.bounds import montufar_lower, montufar_upper, serra, zaslavsky
from relutheory.polyhedra.regions import count_regions

PAPER = "serra2018"
NUMBER = "no figure of the paper: its bound beside counts of our own"
CAPTION = (
    "Exact numbers of activation regions on the whole plane, (a) of networks with 8 neurons a layer, (b) of networks "
    "with three layers. Dots: random Gaussian networks, ten for each size, with their median. Diamonds: networks that "
    "fold the plane onto itself and so have at least the number of Montúfar et al. (2014). No network has more than "
    "Montúfar (2017) and Serra et al. (2018) allow. Dashed: the most that a single layer with as many neurons can "
    "have. Depth can give exponentially many regions; these random networks have about as many as a single layer."
)
SEED = 7
SIZE = (6.4, 3.5)

INPUTS = 2
WIDTH, DEPTHS = 8, (1, 2, 3, 4, 5, 6)
DEPTH, WIDTHS = 3, (2, 4, 6, 8, 10, 12, 16)
NETWORKS = 10  # random ones of each size
FOLDED = 200_000  # regions: folding networks are counted where the lower bound is less

BOUNDS = {"montufar_upper": montufar_upper, "serra": serra}


def rows() -> list[dict[str, Any]]:
    """One line per random network (number), folding network, and bound; all are exact."""
    shapes = [("a", [WIDTH] * depth) for depth in DEPTHS] + [("b", [width] * DEPTH) for width in WIDTHS]
    return [line for panel, widths in shapes for line in _shape_rows(panel, widths)]


def _shape_rows(panel: str, widths: list[int]) -> Iterator[dict[str, Any]]:
    for number in range(NETWORKS):
        yield _line(panel, widths, "random", number, _count(random_network(widths, number)))
    least = montufar_lower(widths, INPUTS)
    yield _line(panel, widths, "montufar_lower", "", least)
    if least < FOLDED:
        yield _line(panel, widths, "folding", "", _count(folding_network(widths)))
    for name, bound in BOUNDS.items():
        yield _line(panel, widths, name, "", bound(widths, INPUTS))
    yield _line(panel, widths, "one_layer", "", zaslavsky(sum(widths), INPUTS))


def _count(net: ReLUNetwork) -> int:
    result = count_regions(net)
    if not result.complete:
        raise RuntimeError(f"{net} is not counted")
    return result.activation_regions


def _line(panel: str, widths: list[int], item: str, number: Any, regions: int) -> dict[str, Any]:
    head = {"panel": panel, "depth": len(widths), "width": widths[0]}
    return {**head, "item": item, "number": number, "regions": regions}


def random_network(widths: Sequence[int], number: int) -> ReLUNetwork:
    """Gaussian weights of variance 2 / inputs, standard Gaussian biases; multiples of 2^-20."""
    rng = np.random.default_rng([SEED, number, *widths])
    layers, n = [], INPUTS
    for m in widths:
        W, b = rng.standard_normal((m, n)) * (2 / n) ** 0.5, rng.standard_normal(m)
        layers.append(ReLULayer(np.round(W * 2**20) / 2**20, np.round(b * 2**20) / 2**20))
        n = m
    return ReLUNetwork(layers)


def folding_network(widths: Sequence[int]) -> ReLUNetwork:
    """A network with at least `montufar_lower` regions in the unit square.

    Each layer but the last folds both sides of the square p = floor(width / 2) times, by the zigzag relu(pt) -
    2 relu(pt - 1) + 2 relu(pt - 2) - ...; the last cuts the square by tangents of a parabola: no three of them meet,
    and every two do so inside the square.
    """
    layers, gather = [], np.eye(INPUTS, dtype=int)  # gather : the coordinates from the neurons of the last layer
    for m in widths[:-1]:
        p = m // INPUTS
        used, steps = INPUTS * p, np.arange(p)
        W, b = np.zeros((m, gather.shape[1]), dtype=int), np.zeros(m, dtype=int)  # neurons left over are always off
        W[:used], b[:used] = np.repeat(p * gather, p, axis=0), -np.tile(steps, INPUTS)
        layers.append((W, b))
        gather = np.zeros((INPUTS, m), dtype=int)
        gather[:, :used] = np.kron(np.eye(INPUTS, dtype=int), (-1) ** steps * np.minimum(steps + 1, 2))
    m = widths[-1]
    k = 2 * np.arange(m) + 1 - m
    # y - 1/2 = 2 t (x - 1/2) - t^2 with t = k / 2m, times 4 m^2
    lines = np.stack([-4 * m * k, np.full(m, 4 * m * m)], axis=1)
    return ReLUNetwork([*layers, (lines @ gather, k * k + 2 * m * k - 2 * m * m)], relu_output=True)


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels side by side, with one legend below; rows : the lines of the CSV."""
    left, right = figure.subplots(1, 2)
    for ax, panel, across in ((left, "a", "depth"), (right, "b", "width")):
        lines = [line for line in rows if line["panel"] == panel]
        _draw_panel(ax, lines, across)
    left.set(xlabel="number of layers, 8 neurons each", ylabel="activation regions on the plane", title="(a) depth")
    right.set(xlabel="neurons in each of three layers", title="(b) width")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, columnspacing=1.4)


def _draw_panel(ax: Any, lines: list[dict[str, str]], across: str) -> None:
    green, orange, blue = colours.LAYERS[2], colours.LAYERS[4], colours.LAYERS[1]
    looks: dict[str, dict[str, Any]] = {
        "serra": {"color": style.ALERT, "label": "at most: Serra et al. 2018"},
        "montufar_upper": {
            "color": orange,
            "linestyle": (0, (1, 2)),
            "linewidth": 2,
            "label": "at most: Montúfar 2017",
        },
        "montufar_lower": {"color": green, "linestyle": ":", "label": "possible: Montúfar et al. 2014"},
        "folding": {"color": green, "linestyle": "", "marker": "D", "markersize": 4, "label": "folding networks"},
        "one_layer": {"color": style.INK, "linestyle": "--", "zorder": 3, "label": "a single layer, at most"},
    }
    for item, look in looks.items():
        points = [(int(line[across]), int(line["regions"])) for line in lines if line["item"] == item]
        ax.plot(*zip(*points, strict=True), **{"linewidth": 1.2, **look})
    counts: dict[int, list[int]] = {}
    for line in lines:
        if line["item"] == "random":
            counts.setdefault(int(line[across]), []).append(int(line["regions"]))
    dots = [(place, value) for place, values in counts.items() for value in values]
    ax.plot(*zip(*dots, strict=True), "o", color=blue, markersize=2.5, alpha=0.6, markeredgewidth=0)
    middle = [float(np.median(values)) for values in counts.values()]
    ax.plot(list(counts), middle, "-", color=blue, linewidth=1.4, label="random networks, median")
    ax.set(yscale="log", xticks=sorted(counts))
    ax.grid(axis="y", linewidth=0.3)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
