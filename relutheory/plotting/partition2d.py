"""The activation regions of a network on the plane: found exactly, drawn in floats.

The boundaries are the bent hyperplanes of the layers; for a classifier also the lines where the top class changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.activation.patterns import Net, input_dim, layers_of
from relutheory.core.errors import reject
from relutheory.core.sets import Polyhedron
from relutheory.networks import ReLULayer
from relutheory.plotting.colours import CLASSES, LAYERS, class_colours, ranks, relief_colours
from relutheory.plotting.style import ALERT, INK, paper_style

_CHUNK = 4096  # regions whose maps are worked on at a time
_FEW = 400  # regions up to which lines have their full width
_LONGEST = 4.0  # ratio of the sides up to which both axes have one scale
_NO_SEGMENTS = np.zeros((0, 2, 2))


@dataclass(frozen=True)
class Partition:
    """The activation regions in a bounded part of the plane, as k convex polygons.

    widths : the numbers of neurons of the layers, N together.  bits : (k, N) uint8, the patterns.  vertices : (v, 2)
    float64, each polygon's counter-clockwise.  offsets : (k + 1,); polygon i has the vertices offsets[i] :
    offsets[i + 1].  edges : (v,), for each vertex what carries the edge to the next one: a neuron, counted through all
    layers, or -1 - (wall of the domain).
    """

    widths: tuple[int, ...]
    bits: np.ndarray
    vertices: np.ndarray
    offsets: np.ndarray
    edges: np.ndarray

    @property
    def count(self) -> int:
        """Number of regions."""
        return len(self.bits)

    def polygons(self) -> list[np.ndarray]:
        """The vertices of each region, (k_i, 2)."""
        return np.split(self.vertices, self.offsets[1:-1])

    def boundaries(self) -> dict[int, np.ndarray]:
        """The bent hyperplanes: for each layer, from 1, the segments of its neurons, (s, 2, 2).

        Each segment is there once, from the region in which its neuron is active.
        """
        following = np.arange(1, len(self.vertices) + 1)
        following[self.offsets[1:] - 1] = self.offsets[:-1]
        owner = np.repeat(np.arange(self.count), np.diff(self.offsets))
        kept = np.flatnonzero(self.edges >= 0)
        kept = kept[self.bits[owner[kept], self.edges[kept]] == 1]
        layer = np.searchsorted(np.cumsum(self.widths), self.edges[kept], side="right") + 1
        segments = np.stack([self.vertices[kept], self.vertices[following[kept]]], axis=1)
        return {number: segments[layer == number] for number in range(1, len(self.widths) + 1)}


def find_partition(net: Net, domain: Polyhedron) -> Partition:
    """The activation regions of a network of two inputs on a bounded domain.

    net : ReLUNetwork or ReLULayer, n = 2.  domain : a bounded Box or Polyhedron with interior points.  Every region and
    its pattern are exact, the coordinates of the vertices rounded.  Raises InputError for other networks and domains.

    >>> from relutheory import Box
    >>> partition = find_partition(ReLULayer([[1, 0], [0, 1], [1, 1]]), Box([-1, -1], [1, 1]))
    >>> partition.count, len(partition.boundaries()[1])
    (6, 6)
    """
    from relutheory.polyhedra.plane import plane_polygons

    layers = layers_of(net) or (ReLULayer(np.zeros((0, 2))),)
    if input_dim(net) != 2:
        reject("net", net, "must have two inputs to be drawn in the plane; restrict() cuts others down to a plane")
    if not isinstance(domain, Polyhedron) or domain.n != 2:
        reject("domain", domain, "must be a bounded Box or Polyhedron in the plane")
    widths = tuple(layer.m for layer in layers)
    found = list(plane_polygons(layers, domain))
    bits = [np.unpackbits(batch.patterns, axis=1, count=sum(widths), bitorder="little") for batch in found]
    sizes = np.concatenate([np.diff(batch.offsets) for batch in found])
    return Partition(
        widths,
        np.concatenate(bits),
        np.concatenate([batch.vertices for batch in found]),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate([batch.edges for batch in found]),
    )


def rounded_from_least(polygon: np.ndarray) -> list[tuple[float, ...]]:
    """The vertices, rounded, from the least on: the same however the polygon was found."""
    corners = [tuple(float(f"{v:.6g}") for v in point) for point in polygon]
    start = corners.index(min(corners))
    return corners[start:] + corners[:start]


def partition_maps(net: Net, partition: Partition) -> tuple[np.ndarray, np.ndarray]:
    """The affine maps x -> A[i] x + c[i] of the network on its regions, in float64: (k, out, 2) and (k, out).

    Raises InputError where they are beyond the range of float64.

    >>> from relutheory import Box
    >>> layer = ReLULayer([[1, 2]], [3])
    >>> [a.tolist() for a in partition_maps(layer, find_partition(layer, Box([0, 0], [1, 1])))]
    [[[[1.0, 2.0]]], [[3.0]]]
    """
    with np.errstate(all="ignore"):
        maps = [_float_maps(net, partition, start) for start in range(0, partition.count, _CHUNK)]
    A, c = np.concatenate([A for A, _ in maps]), np.concatenate([c for _, c in maps])
    if not (np.isfinite(A).all() and np.isfinite(c).all()):
        reject("net", net, "must have slopes within the range of float64 to be drawn")
    return A, c


def _float_maps(net: Net, partition: Partition, start: int) -> tuple[np.ndarray, np.ndarray]:
    bits = partition.bits[start : start + _CHUNK]
    A, c = np.broadcast_to(np.eye(2), (len(bits), 2, 2)), np.zeros((len(bits), 2))
    for layer, active in zip(layers_of(net), np.split(bits, np.cumsum(partition.widths)[:-1], axis=1), strict=False):
        A = np.where(active[:, :, None] == 1, layer.W @ A, 0.0)
        c = np.where(active == 1, c @ layer.W.T + layer.b, 0.0)
    readout = None if isinstance(net, ReLULayer) else net.readout
    return (A, c) if readout is None else (readout.W @ A, c @ readout.W.T + readout.b)


@dataclass(frozen=True)
class Decision:
    """Where a classifier decides for which class.

    polygons : the regions, cut where the top class changes inside one.  classes : the top class of each.  steepness :
    for each, how fast the lead of its class over the next one changes, the norm of a gradient.  boundary : (s, 2, 2),
    the segments of the cuts.
    """

    polygons: list[np.ndarray]
    classes: np.ndarray
    steepness: np.ndarray
    boundary: np.ndarray


def find_decision(partition: Partition, A: np.ndarray, c: np.ndarray) -> Decision:
    """The decision regions of the classifier argmax_i (Ax + c)_i; with a single output f, class 1 is f > 0.

    partition : from `find_partition`.  A, c : from `partition_maps`.  Each region is cut by the lines on which its two
    highest outputs agree: no grid is sampled, so that nothing is too thin to be seen.  Of equal outputs the first
    counts.  A change of class along the border between two regions shows in their classes and is no cut.
    """
    if A.shape[1] == 1:
        A = np.concatenate([np.zeros_like(A), A], axis=1)
        c = np.concatenate([np.zeros_like(c), c], axis=1)
    every = partition.polygons()
    owner = np.repeat(np.arange(partition.count), np.diff(partition.offsets))
    values = np.einsum("vod,vd->vo", A[owner], partition.vertices) + c[owner]
    starts = partition.offsets[:-1]
    middles = np.add.reduceat(values, starts) / np.diff(partition.offsets)[:, None]
    tops = middles.argmax(axis=1)
    leads = values[np.arange(len(values)), tops[owner]] - values.max(axis=1)
    whole = np.minimum.reduceat(leads, starts) >= 0
    pieces = [(every[i], int(tops[i]), i) for i in np.flatnonzero(whole)]
    boundary = []
    for i in np.flatnonzero(~whole):
        found, cuts = _pieces(every[i], A[i], c[i])
        pieces += [(piece, top, i) for piece, top in found]
        boundary += cuts
    polygons = [piece for piece, _, _ in pieces]
    classes, region = np.array([[top, i] for _, top, i in pieces]).T
    centres = np.array([piece.mean(axis=0) for piece in polygons])
    segments = np.concatenate(boundary) if boundary else _NO_SEGMENTS
    return Decision(polygons, classes, _steepness(A[region], c[region], classes, centres), segments)


def _pieces(
    vertices: np.ndarray, A: np.ndarray, c: np.ndarray
) -> tuple[list[tuple[np.ndarray, int]], list[np.ndarray]]:
    """The parts of a polygon with their top classes, and the segments between them, each once."""
    pieces, boundary = [], []
    rivals = _undominated(vertices @ A.T + c)
    for i in rivals:
        piece, cuts = vertices, np.full(len(vertices), -1)
        for j in rivals:
            if j != i:
                piece, cuts = _clipped(piece, cuts, piece @ (A[i] - A[j]) + (c[i] - c[j]), j)
        if len(piece) > 2:
            pieces.append((piece, i))
            ends = np.stack([piece, np.roll(piece, -1, axis=0)], axis=1)
            boundary.append(ends[cuts > i])
    return pieces, boundary


def _undominated(values: np.ndarray) -> list[int]:
    """The outputs that may be the highest somewhere between the points; values : (points, outputs)."""
    rivals = []
    for i in range(values.shape[1]):
        above = np.all(values >= values[:, i : i + 1], axis=0)
        later = np.arange(len(above)) >= i
        equal = np.all(values == values[:, i : i + 1], axis=0)
        if not np.any(above & ~(equal & later)):  # of equal outputs the first stays
            rivals.append(i)
    return rivals


def _steepness(A: np.ndarray, c: np.ndarray, classes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The norms of the gradients of the top output minus the next one at each point."""
    each = np.arange(len(points))
    values = np.einsum("kod,kd->ko", A, points) + c
    values[each, classes] = -np.inf
    difference = A[each, classes] - A[each, values.argmax(axis=1)]
    norms: np.ndarray = np.hypot(difference[:, 0], difference[:, 1])
    return norms


def _clipped(vertices: np.ndarray, cuts: np.ndarray, values: np.ndarray, label: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of a convex polygon where an affine function with these values at the vertices is not negative.

    cuts : a label of each edge from a vertex to the next; the new edge has the label given.
    """
    kept, labels = [], []
    for i in range(len(vertices)):
        j = (i + 1) % len(vertices)
        if values[i] >= 0:
            kept.append(vertices[i])
            labels.append(cuts[i] if values[j] >= 0 or values[i] > 0 else label)
        if values[i] * values[j] < 0:
            share = values[i] / (values[i] - values[j])
            kept.append(vertices[i] + share * (vertices[j] - vertices[i]))
            labels.append(label if values[i] > 0 else cuts[i])
    return np.array(kept).reshape(-1, 2), np.array(labels, dtype=int)


def draw_partition(
    ax: Any,
    polygons: Sequence[np.ndarray],
    colours: np.ndarray,
    boundaries: Mapping[int, np.ndarray],
    decision: np.ndarray = _NO_SEGMENTS,
) -> None:
    """Draw regions and what bounds them on `ax`.

    ax : matplotlib axes.  polygons : (k_i, 2) vertices of each.  colours : (k, 3), from `relief_colours` or
    `class_colours`.  boundaries : layer, from 1 -> its segments, (s, 2, 2).  decision : those of a decision
    boundary.  With many regions the lines get thinner.
    """
    from matplotlib.collections import PolyCollection

    thin = min(1.0, (_FEW / max(len(polygons), 1)) ** 0.5)
    # drawn with edges of the same colour, so that no white hairlines show between them
    ax.add_collection(PolyCollection(list(polygons), facecolors=colours, edgecolors="face", linewidths=0.25))
    for layer in sorted(boundaries, reverse=True):  # the first layer on top: the later ones break at it
        style = layer_style(layer)
        _draw_segments(ax, boundaries[layer], style["color"], style["linewidth"] * thin, 2)
    _draw_segments(ax, decision, "white", 3.4, 3)
    _draw_segments(ax, decision, ALERT, 1.8, 3)
    everything = np.concatenate(list(polygons))
    (left, low), (right, high) = everything.min(axis=0), everything.max(axis=0)
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.set_aspect("equal" if _has_one_scale(right - left, high - low) else "auto")


def _has_one_scale(width: float, height: float) -> bool:
    return width <= _LONGEST * height and height <= _LONGEST * width


def _draw_segments(ax: Any, segments: np.ndarray, colour: str, width: float, order: int) -> None:
    """All segments as one line with gaps: thousands of them are drawn in one go."""
    gaps = np.full((len(segments), 1, 2), np.nan)
    x, y = np.concatenate([segments, gaps], axis=1).reshape(-1, 2).T
    ax.plot(x, y, color=colour, linewidth=width, solid_capstyle="round", zorder=order)


def layer_style(layer: int) -> dict[str, Any]:
    """How the lines of a layer, counted from 1, are drawn: later layers thinner; after six the colours repeat."""
    return {"color": LAYERS[(layer - 1) % len(LAYERS)], "linewidth": max(1.3 * 0.8 ** (layer - 1), 0.5)}


def partition_legend(layers: Sequence[int], *, classes: Sequence[int] = (), decision: bool = False) -> list[Any]:
    """What the lines and colours of `draw_partition` mean, as handles for `legend(handles=...)`.

    layers : the layers drawn, from 1.  classes : those shown.  decision : whether a decision boundary is drawn.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Line2D([], [], label=f"layer {layer}", **layer_style(layer)) for layer in layers]
    if decision:
        handles.append(Line2D([], [], color=ALERT, linewidth=1.8, label="decision boundary"))
    for i in classes:
        (colour,) = class_colours([i], [1.0])
        handles.append(Patch(facecolor=colour, edgecolor=INK, linewidth=0.4, label=f"class {i}"))
    return handles


def draw_relief_key(ax: Any) -> None:
    """A disc that says which colour stands for which gradient: direction from the centre, size as the distance."""
    side = np.linspace(-1, 1, 201)
    x, y = np.meshgrid(side, side)
    size = np.hypot(x, y)
    inside = size < 0.98
    steep = np.where(inside, size / np.sqrt(1 - np.minimum(size, 0.98) ** 2), 0) / np.maximum(size, 1e-9)
    image = np.ones((*x.shape, 4))
    image[..., :3] = relief_colours(np.stack([x * steep, y * steep], axis=-1).reshape(-1, 2), 1.0).reshape(*x.shape, 3)
    image[..., 3] = inside
    ax.imshow(image, origin="lower", extent=(-1, 1, -1, 1), interpolation="bilinear")
    ax.annotate("", (0.62, 0.62), (0, 0), arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 0, "shrinkB": 0})
    ax.set_title("direction of\nsteepest ascent", fontsize="small")
    ax.set_axis_off()


def partition_figure(
    net: Net,
    domain: Polyhedron,
    *,
    title: str | None = None,
    labels: tuple[str, str] = ("$x_1$", "$x_2$"),
    classifier: bool = False,
) -> Any:
    """A figure of the activation regions of a network of two inputs, with its legend.

    net : ReLUNetwork or ReLULayer, n = 2.  domain : a bounded Box or Polyhedron with interior points.  title : None
    gives the number of regions.  labels : of the axes.  classifier : colour the regions by the class with the highest
    output and draw the decision boundary; otherwise the colours show the gradient of the mean of the outputs.

    Returns a matplotlib Figure (not one of pyplot's).  Raises InputError for other networks and domains.

    >>> from relutheory import Box
    >>> figure = partition_figure(ReLULayer([[1, 0], [0, 1]]), Box([-1, -1], [1, 1]))
    >>> figure.axes[0].get_title()
    '4 activation regions'
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    partition = find_partition(net, domain)
    A, c = partition_maps(net, partition)
    layers = [layer for layer, width in enumerate(partition.widths, 1) if width]
    with paper_style():
        width, height = np.ptp(partition.vertices, axis=0)
        ratio = height / width if _has_one_scale(width, height) else 1.0
        size = (5.8, min(max(0.6 + 3.8 * ratio, 2.6), 7.0))
        figure = Figure(figsize=size, dpi=200, layout=ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.08))
        grid = figure.add_gridspec(2, 2, width_ratios=(4.2, 1.25), height_ratios=(2, 1))
        ax, side, below = (figure.add_subplot(part) for part in (grid[:, 0], grid[0, 1], grid[1, 1]))
        if classifier:
            decision = find_decision(partition, A, c)
            colours = class_colours(decision.classes, ranks(decision.steepness))
            draw_partition(ax, decision.polygons, colours, partition.boundaries(), decision.boundary)
            classes = sorted(set(decision.classes.tolist()))[: len(CLASSES)]
            handles = partition_legend(layers, classes=classes, decision=len(decision.boundary) > 0)
            below.set_axis_off()
        else:
            draw_partition(ax, partition.polygons(), relief_colours(A.mean(axis=1)), partition.boundaries())
            handles = partition_legend(layers)
            draw_relief_key(below)
        ax.set(xlabel=labels[0], ylabel=labels[1])
        plural = "" if partition.count == 1 else "s"
        ax.set_title(f"{partition.count} activation region{plural}" if title is None else title)
        side.set_axis_off()
        side.legend(handles=handles, loc="upper left", frameon=False, borderaxespad=0)
    return figure
