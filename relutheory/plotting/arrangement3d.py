"""The regions of a network in a box of three dimensions: their faces found exactly, drawn in floats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import numpy as np

from relutheory.activation.patterns import Net, input_dim, layers_of
from relutheory.core.errors import reject
from relutheory.core.sets import Polyhedron
from relutheory.networks import ReLULayer
from relutheory.plotting.colours import CLASSES
from relutheory.plotting.style import INK, count_colour, paper_style

_ELEVATION, _AZIMUTH = 34.0, -63.0  # degrees; planes with entries 0, 1 and -1 are not seen edge-on
_EYE = np.array(  # towards the viewer
    [
        math.cos(math.radians(_ELEVATION)) * math.cos(math.radians(_AZIMUTH)),
        math.cos(math.radians(_ELEVATION)) * math.sin(math.radians(_AZIMUTH)),
        math.sin(math.radians(_ELEVATION)),
    ]
)
_LIGHT = np.array([0.55, -0.45, 0.7])  # towards the light
_GAP = 0.28  # how far the cells are moved apart, in shares of their distance from the middle


@dataclass(frozen=True)
class Face:
    """A side of a region: a convex polygon in space.

    vertices : (k, 3) float64, in order around it.  carrier : the neuron whose plane it lies on, counted through all
    layers, or -1 - (wall of the domain).  region : the number of the region.  bits : its pattern.
    """

    vertices: np.ndarray
    carrier: int
    region: int
    bits: tuple[int, ...]


def find_faces(net: Net, domain: Polyhedron) -> list[Face]:
    """The faces of all activation regions of a network of three inputs on a bounded domain.

    net : ReLUNetwork or ReLULayer, n = 3.  domain : a bounded Box or Polyhedron with interior points.  A face between
    two regions is there twice, once for each.  Found in exact arithmetic, so for some hundred regions at most; the
    coordinates are rounded.  Raises InputError for other networks and domains.

    >>> from relutheory import Box
    >>> len(find_faces(ReLULayer([[1, 0, 0]]), Box(-1, 1, n=3)))
    12
    """
    from relutheory.polyhedra.exact_tree import exact_regions

    if input_dim(net) != 3:
        reject("net", net, "must have three inputs to be drawn in space; restrict() cuts others down to a flat")
    if not isinstance(domain, Polyhedron) or domain.n != 3:
        reject("domain", domain, "must be a bounded Box or Polyhedron in space")
    layers = layers_of(net) or (ReLULayer(np.zeros((0, 3))),)
    faces = []
    for number, region in enumerate(exact_regions(layers, domain)):
        if not region.bounded:
            reject("domain", domain, "must be bounded")
        points = np.array([[float(v) for v in vertex] for vertex in region.cone.vertices()])
        for row in region.cone.facets():
            on = np.array([tight >> row & 1 for tight in region.cone.tight], dtype=bool)
            carrier = row - 1 - region.walls if row > region.walls else -row
            faces.append(Face(_around(points[on]), carrier, number, region.bits))
    return faces


def _around(points: np.ndarray) -> np.ndarray:
    """The corners of a plane convex polygon in their order around it."""
    spread = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(spread, full_matrices=False)
    x, y = axes[:2] @ spread.T
    ordered: np.ndarray = points[np.argsort(np.arctan2(y, x))]
    return ordered


def draw_planes(ax: Any, faces: Sequence[Face]) -> None:
    """Draw the pieces of the neurons' planes inside the domain, translucent, one colour for each neuron.

    ax : matplotlib 3-D axes.  faces : from `find_faces`.  The planes are drawn in the pieces into which they cut each
    other, so that what is behind is drawn first.
    """
    place = _drawing_order(faces)
    for face, behind, _ in _inner_faces(faces):
        _draw_polygon(ax, face.vertices, _rgba(plane_colour(face.carrier), 0.5), 2 + place[behind])
    _draw_outline(ax, faces, 3 + len(place))
    _set_view(ax, faces)


def _inner_faces(faces: Sequence[Face]) -> list[tuple[Face, int, int]]:
    """The faces between two regions, each once, with the numbers of the regions behind and before it."""
    centres = {cell[0].region: _middle(cell) for cell in _by_region(faces)}
    once: dict[frozenset[tuple[float, ...]], Face] = {}
    found = []
    for face in (face for face in faces if face.carrier >= 0):
        corners = frozenset(map(tuple, face.vertices.tolist()))  # those of its twin, rounded from the same rationals
        twin = once.setdefault(corners, face)
        if twin.region != face.region:
            outwards = float(_normal(face, centres[face.region]) @ _EYE) > 0
            found.append((face, face.region, twin.region) if outwards else (face, twin.region, face.region))
    return found


def _drawing_order(faces: Sequence[Face]) -> dict[int, int]:
    """The place of each region in an order in which none hides a later one.

    Along a line of sight the regions follow each other through their common faces.  That has no cycles, because the
    regions are those of a regular subdivision: each neuron's |pre-activation| is convex on the regions of those before
    it, and small multiples of it bend a convex function that has these regions further.
    """
    sorter: TopologicalSorter[int] = TopologicalSorter({face.region: [] for face in faces})
    for _, behind, before in _inner_faces(faces):
        sorter.add(before, behind)
    return {region: place for place, region in enumerate(sorter.static_order())}


def plane_colour(neuron: int) -> str:
    """The colour of the plane of a neuron; after eight the colours repeat."""
    return CLASSES[neuron % len(CLASSES)]


def draw_cells(ax: Any, faces: Sequence[Face], *, gap: float = _GAP) -> None:
    """Draw the regions as solids moved apart, coloured by the number of active neurons: the more, the darker.

    ax : matplotlib 3-D axes.  faces : from `find_faces`.  gap : how far apart, 0 leaves them where they are.
    """
    everything = np.concatenate([face.vertices for face in faces])
    middle = (everything.min(axis=0) + everything.max(axis=0)) / 2
    most = max(sum(face.bits) for face in faces)
    place, moved = _drawing_order(faces), []
    for cell in _by_region(faces):
        centre = _middle(cell)
        for face in cell:
            normal = _normal(face, centre)
            if normal @ _EYE > 0:
                colour = (0.8 + 0.2 * float(normal @ _LIGHT)) * np.array(count_colour(sum(face.bits), most))
                vertices = face.vertices + gap * (centre - middle)
                _draw_polygon(ax, vertices, np.clip(colour, 0, 1), 2 + place[face.region])
                moved.append(Face(vertices, face.carrier, face.region, face.bits))
    _set_view(ax, moved)


def _draw_polygon(ax: Any, vertices: np.ndarray, colour: Any, place: int) -> None:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    polygon = Poly3DCollection([vertices], facecolors=[colour], edgecolors=INK, linewidths=0.5, zorder=place)
    polygon.set_joinstyle("round")
    ax.add_collection3d(polygon)


def _by_region(faces: Sequence[Face]) -> list[list[Face]]:
    together: dict[int, list[Face]] = {}
    for face in faces:
        together.setdefault(face.region, []).append(face)
    return list(together.values())


def _middle(cell: Sequence[Face]) -> np.ndarray:
    """A point inside a region."""
    middle: np.ndarray = np.concatenate([face.vertices for face in cell]).mean(axis=0)
    return middle


def _normal(face: Face, inside: np.ndarray) -> np.ndarray:
    """The unit normal of a face that looks away from a point inside the region."""
    middle = face.vertices.mean(axis=0)
    _, _, axes = np.linalg.svd(face.vertices - middle)
    normal: np.ndarray = axes[2] * np.sign(axes[2] @ (middle - inside))
    return normal


def _draw_outline(ax: Any, faces: Sequence[Face], last: int) -> None:
    """The edges of the domain: the sides that two faces on different walls share; those at the back are drawn first."""
    walls: dict[frozenset[tuple[float, ...]], dict[int, bool]] = {}
    for cell in _by_region(faces):
        centre = _middle(cell)
        for face in (face for face in cell if face.carrier < 0):
            corners = [tuple(vertex) for vertex in face.vertices.tolist()]
            seen = bool(_normal(face, centre) @ _EYE > 0)
            for pair in zip(corners, [*corners[1:], corners[0]], strict=True):
                walls.setdefault(frozenset(pair), {})[face.carrier] = seen
    for ends, carriers in walls.items():
        if len(carriers) > 1:
            front = any(carriers.values())
            x, y, z = zip(*sorted(ends), strict=True)
            ax.plot(x, y, z, color=INK, linewidth=0.8 if front else 0.4, zorder=last if front else 1)


def _set_view(ax: Any, faces: Sequence[Face]) -> None:
    everything = np.concatenate([face.vertices for face in faces])
    low, high = everything.min(axis=0), everything.max(axis=0)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    ax.computed_zorder = False  # the order is known: see `_drawing_order`
    ax.set_proj_type("ortho")
    ax.set_box_aspect(high - low, zoom=0.95)
    ax.view_init(elev=_ELEVATION, azim=_AZIMUTH)
    ax.set_axis_off()


def _rgba(colour: str, alpha: float) -> tuple[float, float, float, float]:
    from matplotlib.colors import to_rgba

    return to_rgba(colour, alpha)


def arrangement_figure(net: Net, domain: Polyhedron, *, title: str | None = None) -> Any:
    """A figure of the regions of a network of three inputs: its planes in the domain, and beside them the cells.

    net : ReLUNetwork or ReLULayer, n = 3.  domain : a bounded Box or Polyhedron with interior points.  title : None
    gives the number of regions.  Returns a matplotlib Figure.  Raises InputError for other networks and domains.

    >>> from relutheory import Box
    >>> figure = arrangement_figure(ReLULayer([[1, 0, 0], [0, 1, 1]]), Box(-1, 1, n=3))
    >>> figure.axes[1].get_title()
    '4 activation regions'
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    faces = find_faces(net, domain)
    count = 1 + max(face.region for face in faces)
    totals = sorted({sum(face.bits) for face in faces})
    neurons = sorted({face.carrier for face in faces if face.carrier >= 0})
    with paper_style():
        figure = Figure(figsize=(6.4, 3.4), dpi=200, layout="constrained")
        left, right = (figure.add_subplot(1, 2, k, projection="3d") for k in (1, 2))
        draw_planes(left, faces)
        draw_cells(right, faces)
        left.set_title("hyperplanes" if len(layers_of(net)) < 2 else "bent hyperplanes")
        right.set_title(f"{count} activation region{'' if count == 1 else 's'}" if title is None else title)
        planes = [Patch(facecolor=plane_colour(i), alpha=0.6, label=f"neuron {i}") for i in neurons[: len(CLASSES)]]
        cells = [Patch(facecolor=count_colour(k, totals[-1]), label=f"{k} active") for k in totals]
        left.legend(handles=planes, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=3, frameon=False)
        right.legend(handles=cells, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=3, frameon=False)
    return figure
