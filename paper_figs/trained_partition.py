"""The activation regions of a small classifier on the plane before and after training, with its decision boundary."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from relutheory import Box, ReLUNetwork
from relutheory.plotting import (
    class_colours,
    draw_partition,
    find_decision,
    find_partition,
    partition_legend,
    partition_maps,
    ranks,
)
from relutheory.plotting.partition2d import rounded_from_least

PAPER = "hanin2019"
NUMBER = "no figure of the paper: a network of our own"
CAPTION = (
    "The activation regions of a network with two hidden layers of 10 neurons, (a) at its random initialisation and "
    "(b) trained to tell two half-moons of points apart. Black: lines of the first layer; blue: bent lines of the "
    "second; red: the decision boundary. The darker a region, the steeper the network's output on it. Training makes "
    "the output steep where the classes meet; there are no more regions than before."
)
SEED = 0
SIZE = (6.4, 3.0)

SIZES = (2, 10, 10, 1)
DOMAIN = Box([-2, "-3/2"], [3, 2])
POINTS = 50  # of each class
NOISE = 0.2

WEIGHTS = {  # (a) initial, (b) trained; in units of 1/64: the rows of W, then b, for each map
    "a": (
        "4 26 19 3 9 6 4 39 -7 -39 13 -37 -6 -43 35 30 42 25 -11 33 43 27 -3 25 -35 13 -32 40 2 -8 -17 -10 5 -24 33 "
        "-13 -13 12 -4 16 19 -4 -4 -27 -2 -6 12 -16 24 0 -3 14 34 11 33 -31 -26 16 14 32 5 -31 -28 -25 7 13 15 32 -14 "
        "10 -34 12 -20 -21 17 5 -15 -18 22 -5 8 12 -24 -9 -32 -16 -22 5 -7 7 8 -20 11 23 -15 2 6 6 27 -34 8 -26 -17 "
        "-28 -27 -28 -34 5 6 -14 31 -13 -2 24 -14 5 23 -19 27 11 13 -10 -18 -28 -27 30 -35 32 13 -15 8 -5 -26 -14 5 6 "
        "5 11 11 -5 37 -13 -6 37 29 19 -38 40 20 47 -33"
    ),
    "b": (
        "-42 77 50 -56 60 15 -41 88 0 0 32 -49 0 0 57 0 189 10 -92 96 141 38 -7 89 -35 54 -32 73 -4 -38 39 33 -36 13 "
        "0 35 0 41 -86 -196 10 -6 -4 -6 0 -8 0 -16 12 0 54 -30 52 65 0 -73 0 32 51 142 34 -8 -60 -26 0 41 0 54 -49 "
        "-116 -132 47 107 -193 0 -13 0 12 115 0 23 37 -51 -16 0 12 0 37 -51 -71 52 -45 28 61 0 -23 0 3 38 25 0 -29 0 "
        "-35 0 -3 0 0 0 -15 18 -3 -15 8 0 20 0 -17 31 5 15 13 -19 -48 0 54 0 53 6 -63 43 -9 18 9 -99 26 31 2 7 11 206 "
        "0 -61 105 188 96 -80 28 -8 76 -53"
    ),
}


def train() -> dict[str, list[int]]:
    """How WEIGHTS was made, with scikit-learn 1.9.1; another version may find others: it is not called here."""
    from sklearn.neural_network import MLPClassifier

    data = half_moons()
    inputs, classes = [point for _, point in data], [number for number, _ in data]
    settings: dict[str, Any] = {"hidden_layer_sizes": SIZES[1:-1], "random_state": SEED, "n_iter_no_change": 600}
    made = {}
    for panel, iterations, rate in (("a", 1, 1e-9), ("b", 600, 0.01)):
        model = MLPClassifier(max_iter=iterations, learning_rate_init=rate, **settings).fit(inputs, classes)
        numbers = [[*W.T.ravel(), *b] for W, b in zip(model.coefs_, model.intercepts_, strict=True)]
        made[panel] = [round(64 * v) for layer in numbers for v in layer]
    return made


def half_moons() -> list[tuple[int, tuple[float, float]]]:
    """Noisy points on two half-circles, (class, point), to two decimals."""
    rng = np.random.default_rng(SEED)
    points = []
    for k in range(POINTS):
        angle = math.pi * k / (POINTS - 1)
        for number, (x, y) in enumerate(((0.0, 0.0), (1.0, 0.5))):
            sign = 1 - 2 * number
            u, v = NOISE * rng.standard_normal(2)
            point = (round(x + sign * math.cos(angle) + u, 2), round(y + sign * math.sin(angle) + v, 2))
            points.append((number, point))
    return points


def network(weights: str) -> ReLUNetwork:
    """The network of a list of weights in units of 1/64."""
    numbers, maps = np.array(weights.split(), dtype=np.float64) / 64, []
    for n, m in pairwise(SIZES):
        W, b, numbers = numbers[: m * n].reshape(m, n), numbers[m * n : m * n + m], numbers[m * n + m :]
        maps.append((W, b))
    return ReLUNetwork(maps)


def rows() -> list[dict[str, Any]]:
    """One line per panel (number of regions), piece of a region, segment of a boundary, and training point.

    label : the class of a piece or a point, the layer of a segment, 0 for the decision boundary.  value : the
    number of regions; the steepness of a piece.  points : x y x y ..., rounded to six digits.
    """
    return sorted(
        (line for panel in WEIGHTS for line in _panel_rows(panel)),
        key=lambda line: [str(line[k]) for k in ("panel", "item", "label", "points")],
    )


def _panel_rows(panel: str) -> Iterator[dict[str, Any]]:
    net = network(WEIGHTS[panel])
    partition = find_partition(net, DOMAIN)
    decision = find_decision(partition, *partition_maps(net, partition))
    yield _line(panel, "regions", "", partition.count, [])
    pieces = zip(decision.polygons, decision.classes, decision.steepness, strict=True)
    for polygon, number, steepness in pieces:
        yield _line(panel, "piece", number, f"{steepness:.6g}", rounded_from_least(polygon))
    for layer, segments in {**partition.boundaries(), 0: decision.boundary}.items():
        for segment in segments:
            yield _line(panel, "segment", layer, "", segment)
    for number, point in half_moons():
        yield _line(panel, "training", number, "", [point])


def _line(panel: str, item: str, label: Any, value: Any, points: Any) -> dict[str, Any]:
    written = " ".join(f"{v + 0.0:.6g}" for v in np.ravel(points))
    return {"panel": panel, "item": item, "label": label, "value": value, "points": written}


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels side by side and one legend below; rows : the lines of the CSV."""
    panels = sorted({line["panel"] for line in rows})
    for ax, panel in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels, strict=True):
        pieces = _items(rows, panel, "piece")
        colours = class_colours(
            [int(line["label"]) for line in pieces], ranks([float(line["value"]) for line in pieces])
        )
        segments = [(int(line["label"]), _points(line)) for line in _items(rows, panel, "segment")]
        lines = {k: np.array([ends for layer, ends in segments if layer == k]) for k in {k for k, _ in segments}}
        decision = lines.pop(0, np.zeros((0, 2, 2)))
        draw_partition(ax, [_points(line) for line in pieces], colours, lines, decision)
        for number, marker in (("0", "o"), ("1", "^")):
            data = [_points(line)[0] for line in _items(rows, panel, "training") if line["label"] == number]
            (colour,) = class_colours([int(number)], [2.0])
            ax.plot(*np.array(data).T, marker, color=colour, markeredgecolor="white", markersize=4, markeredgewidth=0.5)
        (count,) = (line["value"] for line in _items(rows, panel, "regions"))
        ax.set_title(f"({panel}) {'initial' if panel == 'a' else 'trained'}: {count} regions")
        ax.set_xlabel("$x_1$")
        ax.label_outer()
        if panel == panels[0]:
            ax.set_ylabel("$x_2$")
    handles = partition_legend([1, 2], classes=[0, 1], decision=True)
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False, columnspacing=1.4)


def _items(rows: list[dict[str, str]], panel: str, item: str) -> list[dict[str, str]]:
    return [line for line in rows if (line["panel"], line["item"]) == (panel, item)]


def _points(line: dict[str, str]) -> np.ndarray:
    return np.array(line["points"].split(), dtype=np.float64).reshape(-1, 2)
