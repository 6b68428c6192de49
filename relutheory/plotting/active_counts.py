"""How many rows of a layer are active along a path: the exact pieces of the path, drawn as bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import Number, RationalArray, integer_rows
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.networks import ReLULayer
from relutheory.plotting.style import ALERT, INK, count_colour


@dataclass(frozen=True)
class ActiveCounts:
    """The pieces into which the hyperplanes of a layer cut a path, made by `counts_along`.

    ends : k + 1 Fractions, from 0 to the number of legs; position s + t is the point p_s + t (p_{s+1} - p_s).
    active : for each piece, how many rows are positive inside (or vanish on all of it).  spans : whether these rows
    span R^n; where they do not, the layer loses information.
    """

    ends: tuple[Fraction, ...]
    active: tuple[int, ...]
    spans: tuple[bool, ...]


def counts_along(layer: ReLULayer, points: Sequence[Sequence[Number]]) -> ActiveCounts:
    """Count the active rows along the path from point to point, exactly.

    layer : any m x n weights and biases.  points : (k + 1, n) numbers, k >= 1, neighbours different.  A row of zeros
    without bias is never counted.  Returns `ActiveCounts`; its ends are the exact positions at which a row becomes
    active or stops to be, and the corners of the path.  Raises InputError for points that do not fit.

    Source: by puthawala2022, Theorem 2, a piece whose rows do not span shows that the layer is not injective (with bias
    too); a path without one shows nothing about the rest of the space.

    >>> counts = counts_along(ReLULayer([[1, 0], [0, 1], [-1, -1]]), [[2, 1], [-1, 1], [-1, -2]])
    >>> [str(end) for end in counts.ends], counts.active, counts.spans
    (['0', '2/3', '1', '4/3', '2'], (2, 1, 2, 1), (True, False, True, False))
    """
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    path = RationalArray(points, "points", ndim=2)
    if path.shape[0] < 2 or path.shape[1] != layer.n:
        reject("points", f"array of shape {path.shape}", f"must be two points at least, of {layer.n} coordinates each")
    corners = path.fractions()
    for k, (p, q) in enumerate(pairwise(corners)):
        if p == q:
            reject("points", k, "a point must differ from the one before it")
    spanning = _Spanning(layer)
    pieces = [piece for leg, pair in enumerate(pairwise(corners)) for piece in _leg(layer, spanning, leg, *pair)]
    ends, active, spans = zip(*pieces, strict=True)
    return ActiveCounts((Fraction(0), *ends), active, spans)


class _Spanning:
    """Whether rows of a layer span R^n, exactly."""

    def __init__(self, layer: ReLULayer) -> None:
        self.rows = integer_rows(layer.weight)
        self.n = layer.n
        self.known: set[int] | None = None  # rows that span, found last

    def of(self, active: set[int]) -> bool:
        if len(active) < self.n:
            return False
        if self.known is not None and self.known <= active:  # a row more on the path: still true
            return True
        spans = orthogonal_vector([self.rows[i] for i in sorted(active)], self.n) is None
        if spans:
            self.known = set(active)
        return spans


def _leg(
    layer: ReLULayer, spanning: _Spanning, leg: int, p: Sequence[Fraction], q: Sequence[Fraction]
) -> Iterator[tuple[Fraction, int, bool]]:
    """(end, number, whether they span) for the pieces of the leg from p to q."""
    before, after = layer.preactivation_exact(p), layer.preactivation_exact(q)
    active = set()
    crossings = []
    for i, (u, v) in enumerate(zip(before, after, strict=True)):
        still = u == v == 0 and any(spanning.rows[i])
        if u > 0 or (u == 0 and v > 0) or still:
            active.add(i)
        if u * v < 0:
            crossings.append((u / (u - v), i))
    crossings.sort()
    for t, together in groupby(crossings, key=lambda crossing: crossing[0]):
        yield leg + t, len(active), spanning.of(active)
        active ^= {i for _, i in together}
    yield Fraction(leg + 1), len(active), spanning.of(active)


def draw_counts(
    ax: Any,
    ends: Sequence[Number],
    active: Sequence[int],
    spans: Sequence[bool],
    n: int,
    *,
    marks: dict[float, str] | None = None,
    most: int | None = None,
) -> None:
    """Draw the counts of active rows along a path as bars, with the line at n, below which a layer loses information.

    ax : matplotlib axes.  ends, active, spans : as in `ActiveCounts`.  n : number of inputs.  marks : position ->
    label, points of the path that are named below it.  most : the count with the darkest colour (default: the largest).
    """
    from matplotlib.collections import PolyCollection

    x = np.array([float(end) for end in ends])
    darkest = max(max(active), n) if most is None else most
    pieces = list(zip(x, x[1:], active, spans, strict=False))
    bars = [_bar(low, high, count) for low, high, count, _ in pieces]
    lost = [_bar(low, high, max(count, n)) for low, high, count, full in pieces if not full]  # an empty bar is not seen
    colours = [count_colour(count, darkest) for count in active]
    ax.add_collection(PolyCollection(bars, facecolors=colours, edgecolors=colours, linewidths=0.2))
    hatch: Any = {"facecolor": "none", "edgecolor": ALERT, "hatch": "////", "alpha": 0.6, "linewidth": 0}
    ax.add_collection(PolyCollection(lost, **hatch))
    ax.stairs(active, x, color=INK, linewidth=0.9, baseline=None)
    ax.axhline(n, color=ALERT, linewidth=1.2, linestyle=(0, (5, 2)))
    for place, label in (marks or {}).items():
        ax.axvline(place, color=INK, linewidth=0.5, linestyle=":")
        ax.annotate(label, (place, 0), (0, -4), ("data", "axes fraction"), "offset points", ha="center", va="top")
    ax.set(xlim=(x[0], x[-1]), ylim=(0, 1.08 * max(darkest, n)))
    ax.yaxis.get_major_locator().set_params(integer=True)
    if marks is not None:
        ax.set_xticks([])
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def _bar(low: float, high: float, height: float) -> list[tuple[float, float]]:
    return [(low, 0.0), (high, 0.0), (high, height), (low, height)]


def counts_legend(n: int, *, lost: bool = True) -> list[Any]:
    """What the lines and hatches of `draw_counts` mean, as handles for `legend(handles=...)`."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=INK, linewidth=0.9, label="active rows"),
        Line2D([], [], color=ALERT, linewidth=1.2, linestyle=(0, (5, 2)), label=f"n = {n} are needed to span"),
    ]
    if lost:
        label = rf"active rows do not span $\mathbb{{R}}^{{{n}}}$"
        handles.append(Patch(facecolor="none", edgecolor=ALERT, hatch="////", linewidth=0.4, label=label))
    return handles
