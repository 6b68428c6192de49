"""Bent hyperplanes: the lines of each layer, bent where they cross those of the layers before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from relutheory import Box, ReLUNetwork
from relutheory.plotting import (
    draw_partition,
    draw_relief_key,
    find_partition,
    partition_legend,
    partition_maps,
    relief_colours,
)
from relutheory.plotting.partition2d import rounded_from_least

PAPER = "hanin2019"
NUMBER = "no figure of the paper: a network of our own"
CAPTION = (
    "The activation regions of the first one, two and three layers of a random network with 8 neurons a layer, with "
    "their numbers in the square. A neuron of the first layer vanishes on a line; one of a later layer on a line that "
    "is bent wherever it crosses one of the layers before. The colours show the gradient of the mean of the outputs "
    "of the last layer shown."
)
SEED = 41
SIZE = (6.6, 2.2)

SIZES = (2, 8, 8, 8)
DOMAIN = Box([-2, -2], [2, 2])


def network(depth: int) -> ReLUNetwork:
    """The first layers of the network; all weights are multiples of 1/64."""
    rng = np.random.default_rng(SEED)
    numbers = [np.round(64 * rng.standard_normal((m, n + 1))) / 64 for n, m in pairwise(SIZES)]
    return ReLUNetwork([(row[:, :-1], row[:, -1]) for row in numbers[:depth]], relu_output=True)


def rows() -> list[dict[str, Any]]:
    """One line per panel (number of regions), region and segment of a bent hyperplane.

    layer : of a segment.  value : the number of regions; the gradient on a region.  points : x y x y ..., rounded to
    six digits.
    """
    return sorted(
        (line for depth in range(1, len(SIZES)) for line in _panel_rows(depth)),
        key=lambda line: [str(line[k]) for k in ("panel", "item", "layer", "points")],
    )


def _panel_rows(depth: int) -> Iterator[dict[str, Any]]:
    net = network(depth)
    partition = find_partition(net, DOMAIN)
    gradients = partition_maps(net, partition)[0].mean(axis=1)
    yield _line(depth, "regions", "", [partition.count], [])
    for polygon, gradient in zip(partition.polygons(), gradients, strict=True):
        yield _line(depth, "region", "", gradient, rounded_from_least(polygon))
    for layer, segments in partition.boundaries().items():
        for segment in segments:
            yield _line(depth, "segment", layer, [], segment)


def _line(panel: int, item: str, layer: Any, value: Any, points: Any) -> dict[str, Any]:
    return {"panel": panel, "item": item, "layer": layer, "value": _written(value), "points": _written(points)}


def _written(numbers: Any) -> str:
    return " ".join(f"{v + 0.0:.6g}" for v in np.ravel(numbers))


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """A panel for each number of layers, with one legend below; rows : the lines of the CSV."""
    panels = sorted({line["panel"] for line in rows})
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, panel, letter in zip(axes, panels, "abcdefgh", strict=False):
        regions = _items(rows, panel, "region")
        segments = [(int(line["layer"]), _points(line)) for line in _items(rows, panel, "segment")]
        lines = {k: np.array([ends for layer, ends in segments if layer == k]) for k in {k for k, _ in segments}}
        colours = relief_colours([[float(v) for v in line["value"].split()] for line in regions])
        draw_partition(ax, [_points(line) for line in regions], colours, lines)
        (count,) = (line["value"] for line in _items(rows, panel, "regions"))
        ax.set_title(f"({letter}) {panel} layer{'' if panel == '1' else 's'}: {count} regions")
        ax.set(xticks=[], yticks=[])
    key = axes[-1].inset_axes((1.06, 0.0, 0.36, 0.36))
    draw_relief_key(key)
    handles = partition_legend(sorted({int(line["layer"]) for line in rows if line["layer"]}))
    axes[-1].legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.02), frameon=False)


def _items(rows: list[dict[str, str]], panel: str, item: str) -> list[dict[str, str]]:
    return [line for line in rows if (line["panel"], line["item"]) == (panel, item)]


def _points(line: dict[str, str]) -> np.ndarray:
    return np.array(line["points"].split(), dtype=np.float64).reshape(-1, 2)
