"""Pictures of planar cases, drawn in floats: pieces of the plane, coloured by number of active neurons."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np

from relutheory.networks import ReLULayer, ReLUNetwork
from relutheory.theorems.brute import layer_collision
from relutheory.theorems.instances import NetworkAtPoint
from relutheory.theorems.theorem import Theorem

Polygon = np.ndarray  # (k, 2) corners
HALF_SIDE = 4.0


def draw(theorem: Theorem) -> str:
    """The pictures that a theorem asks for, side by side, as one SVG; "" when it asks for none."""
    if not theorem.pictures:
        return ""
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(theorem.pictures), 3.6), layout="constrained")
    with matplotlib.rc_context({"svg.hashsalt": theorem.id}):
        axes = figure.subplots(1, len(theorem.pictures), squeeze=False)[0]
        for ax, case in zip(axes, theorem.pictures, strict=True):
            _draw_case(ax, case.instance)
            ax.set_title(case.name, fontsize=9)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    svg = stream.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)


def pieces(network: ReLUNetwork, half_side: float = HALF_SIDE) -> list[tuple[Polygon, int]]:
    """The pieces of the square [-half_side, half_side]^2, each with its number of active neurons.

    >>> [active for _, active in pieces(ReLUNetwork([ReLULayer([[1, 0], [0, 1]])]))]
    [0, 1, 1, 2]
    """
    square = half_side * np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    found = [(square, np.eye(2), np.zeros(2), 0)]
    for layer in network.layers:
        found = [piece for polygon, A, c, active in found for piece in _cut(polygon, A, c, active, layer)]
    return [(polygon, active) for polygon, _, _, active in found]


def _cut(polygon: Polygon, A: np.ndarray, c: np.ndarray, active: int, layer: ReLULayer) -> list[tuple]:
    """A piece on which the network so far is Ax + c, cut by the neurons of the next layer."""
    forms, offsets = layer.W @ A, layer.W @ c + layer.b
    parts: list[tuple[Polygon, list[int]]] = [(polygon, [])]
    for a, b in zip(forms, offsets, strict=True):
        if not a.any():  # constant: nothing to cut
            parts = [(corners, [*bits, int(b > 0)]) for corners, bits in parts]
            continue
        sides = ((corners, bits, sign) for corners, bits in parts for sign in (-1, 1))
        clipped = ((_clip(corners, sign * a, sign * b), [*bits, int(sign > 0)]) for corners, bits, sign in sides)
        parts = [(corners, bits) for corners, bits in clipped if _area(corners) > 1e-9]
    return [(corners, np.diag(bits) @ forms, bits * offsets, active + sum(bits)) for corners, bits in parts]


def _clip(polygon: Polygon, a: np.ndarray, b: float) -> Polygon:
    """The part of a convex polygon where <a,x> + b >= 0."""
    values = polygon @ a + b
    corners = []
    for k in range(len(polygon)):
        here, after = values[k - 1], values[k]
        if (here < 0) != (after < 0):
            corners.append(polygon[k - 1] + here / (here - after) * (polygon[k] - polygon[k - 1]))
        if after >= 0:
            corners.append(polygon[k])
    return np.array(corners).reshape(-1, 2)


def _area(polygon: Polygon) -> float:
    x, y = polygon[:, 0], polygon[:, 1]
    return 0.5 * abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1)))


def _draw_case(ax: Any, instance: ReLULayer | NetworkAtPoint) -> None:
    """Pieces, labels, and a collision or the point of the case."""
    network = ReLUNetwork([instance]) if isinstance(instance, ReLULayer) else instance.network
    found = pieces(network)
    most = max(sum(network.widths), 1)
    import matplotlib

    colours = matplotlib.colormaps["YlGnBu"]
    for polygon, active in found:
        ax.fill(*polygon.T, facecolor=colours(0.1 + 0.6 * active / most), edgecolor="black", linewidth=0.8)
        ax.text(*polygon.mean(axis=0), str(active), ha="center", va="center", fontsize=9)
    points = layer_collision(instance) if isinstance(instance, ReLULayer) else (instance.x,)
    if points is not None:
        xy = np.array([[float(v) for v in p] for p in points])
        xy = xy if len(xy) == 1 else xy * min(1.0, 0.9 * HALF_SIDE / max(np.abs(xy).max(), 1e-300))
        ax.plot(*xy.T, "o-", color="crimson", markersize=5, linewidth=2)
    ax.set(xlim=(-HALF_SIDE, HALF_SIDE), ylim=(-HALF_SIDE, HALF_SIDE), aspect="equal", xticks=[], yticks=[])
