"""Graphs of piecewise linear functions, added, composed, clipped and inverted, each in one sweep over all pieces."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from relutheory.core.errors import reject
from relutheory.univariate.rationals import Rationals, joined, placed, scalar, union

_MOST = 2**25  # points of a composition: more would fill the memory


class Graph(NamedTuple):
    """Values y at increasing points x, (k,) each, k >= 1, and the slopes left and right of them, (1,) each."""

    x: Rationals
    y: Rationals
    left: Rationals
    right: Rationals

    @property
    def slopes(self) -> Rationals:
        """The slopes of all k + 1 pieces."""
        return joined(self.left, self.steps(), self.right)

    def steps(self) -> Rationals:
        """The slopes of the k - 1 pieces between the points."""
        return (self.y[1:] - self.y[:-1]) / (self.x[1:] - self.x[:-1])


def values_at(f: Graph, points: Rationals) -> Rationals:
    """The values at points, in any order."""
    piece = f.x.below(points)
    anchor = np.maximum(piece - 1, 0)
    slopes = _slopes_of(f, piece) if len(points) < len(f.x) else f.slopes[piece]
    return f.y[anchor] + slopes * (points - f.x[anchor])


def _slopes_of(f: Graph, piece: np.ndarray) -> Rationals:
    """The slopes of some pieces."""
    inner = np.flatnonzero((piece > 0) & (piece < len(f.x)))
    at = piece[inner]
    steps = (f.y[at] - f.y[at - 1]) / (f.x[at] - f.x[at - 1])
    return placed(
        len(piece), (inner, steps), (np.flatnonzero(piece == 0), f.left), (np.flatnonzero(piece == len(f.x)), f.right)
    )


def between(f: Graph, low: Fraction, high: Fraction) -> Graph:
    """The part between low < high, with both as points; the slopes beyond are those of the pieces there."""
    ends = joined(scalar(low), scalar(high))
    first, last = int(f.x.below(ends[:1])[0]), int(f.x.below(ends[1:], strictly=True)[0])
    values = values_at(f, ends)
    x = joined(ends[:1], f.x[first:last], ends[1:])
    y = joined(values[:1], f.y[first:last], values[1:])
    slopes = f.slopes
    before = int(f.x.below(ends[:1], strictly=True)[0])
    after = int(f.x.below(ends[1:])[0])
    return Graph(x, y, slopes[before : before + 1], slopes[after : after + 1])


def scaled(f: Graph, factor: Rationals) -> Graph:
    """A multiple."""
    return Graph(f.x, f.y * factor, f.left * factor, f.right * factor)


def added(f: Graph, g: Graph) -> Graph:
    """The sum, with the points of both."""
    if len(f.x) == len(g.x) and not (f.x - g.x).signs().any():
        return Graph(f.x, f.y + g.y, f.left + g.left, f.right + g.right)
    x = union(f.x, g.x)
    return Graph(x, values_at(f, x) + values_at(g, x), f.left + g.left, f.right + g.right)


def simplified(f: Graph) -> Graph:
    """The same function without the points at which it is linear; a line keeps the point 0."""
    slopes = f.slopes
    kinks = (slopes[1:] - slopes[:-1]).signs() != 0
    if not kinks.any():
        zero = scalar(0)
        return Graph(zero, values_at(f, zero), f.left, f.right)
    return f if kinks.all() else f._replace(x=f.x[kinks], y=f.y[kinks])


def with_zeros(f: Graph) -> Graph:
    """The same function with all places at which it changes sign among its points."""
    signs = f.y.signs()
    xs, ys = [f.x], [f.y]
    # where an outer piece goes through 0
    if signs[0] * f.left.signs()[0] > 0:
        xs, ys = [f.x[:1] - f.y[:1] / f.left, *xs], [scalar(0), *ys]
    if signs[-1] * f.right.signs()[0] < 0:
        xs, ys = [*xs, f.x[-1:] - f.y[-1:] / f.right], [*ys, scalar(0)]
    x, y = joined(*xs), joined(*ys)
    signs = y.signs()
    cut = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    if not len(cut):
        return Graph(x, y, f.left, f.right)
    rise = y[cut + 1] - y[cut]
    zeros = x[cut] - y[cut] * ((x[cut + 1] - x[cut]) / rise)
    size = len(x) + len(cut)
    new = cut + 1 + np.arange(len(cut))
    old = np.delete(np.arange(size), new)
    nothing = Rationals(np.zeros(len(cut), np.int64))
    return Graph(placed(size, (old, x), (new, zeros)), placed(size, (old, y), (new, nothing)), f.left, f.right)


def positive_part(f: Graph) -> Graph:
    """The larger of the function and 0."""
    f = with_zeros(f)
    signs = f.y.signs()
    zero = scalar(0)
    # after the zeros were added, an outer piece lies on one side of 0: that of its point, or of its slope
    left = f.left if signs[0] > 0 or (signs[0] == 0 and f.left.signs()[0] < 0) else zero
    right = f.right if signs[-1] > 0 or (signs[-1] == 0 and f.right.signs()[0] > 0) else zero
    return Graph(f.x, f.y.with_zeros(signs < 0), left, right)


def composed(f: Graph, g: Graph) -> Graph:
    """The function x -> f(g(x)), with the points of g and those that it maps to points of f."""
    count = len(g.x)
    # pieces 0, ..., count of g; in piece i the points of f strictly between the values at its ends
    at_most, under = f.x.below(g.y), f.x.below(g.y, strictly=True)
    rises = joined(-g.left, g.y[1:] - g.y[:-1], g.right).signs()  # seen from the point on the right for piece 0
    first, last = np.empty(count + 1, np.int64), np.empty(count + 1, np.int64)
    first[1:-1] = np.minimum(at_most[:-1], at_most[1:])
    last[1:-1] = np.maximum(under[:-1], under[1:])
    for outer, point in ((0, 0), (count, count - 1)):
        first[outer] = at_most[point] if rises[outer] > 0 else 0
        last[outer] = len(f.x) if rises[outer] > 0 else under[point] if rises[outer] < 0 else 0
    new = np.maximum(last - first, 0)
    new[rises == 0] = 0
    total = int(new.sum())
    if count + total > _MOST:
        reject("inner", f"{count} breakpoints", f"makes {count + total} breakpoints, and must make at most {_MOST}")
    starts = np.cumsum(new) - new
    piece = np.repeat(np.arange(count + 1), new)
    rank = np.arange(total) - starts[piece]
    # from left to right these points of f come in increasing order where g rises
    forward = np.where(np.arange(count + 1) == 0, -rises, rises) > 0
    source = np.where(forward[piece], first[piece] + rank, last[piece] - 1 - rank)
    runs = _inverse_slopes(g, rises)
    anchor = np.maximum(piece - 1, 0)
    x = g.x[anchor] + (f.x[source] - g.y[anchor]) * runs[piece]
    old_places = np.arange(count) + np.cumsum(new)[:-1]
    new_places = np.arange(total) + piece
    size = count + total
    values = values_at(f, g.y)
    slopes = f.slopes
    ends = np.where(rises[[0, -1]] > 0, len(f.x), 0)  # the piece of f that g ends in
    left, right = g.left * slopes[ends[:1]], g.right * slopes[ends[1:]]
    return Graph(
        placed(size, (old_places, g.x), (new_places, x)),
        placed(size, (old_places, values), (new_places, f.y[source])),
        left,
        right,
    )


def _inverse_slopes(g: Graph, rises: np.ndarray) -> Rationals:
    """The inverses of the slopes of all pieces, 0 where a slope is 0."""
    inner = rises != 0
    inner[[0, -1]] = False
    sloped = np.flatnonzero(inner)
    parts = [(np.flatnonzero(~inner), scalar(0))]
    parts.append((sloped, (g.x[sloped] - g.x[sloped - 1]) / (g.y[sloped] - g.y[sloped - 1])))
    for place, slope in ((0, g.left), (len(g.x), g.right)):
        if slope.signs()[0]:
            parts.append((np.array([place]), scalar(1) / slope))
    return placed(len(g.x) + 1, *parts)


def inverse(f: Graph) -> Graph:
    """The inverse function of one that is strictly monotone between its points.  Raises InputError for others."""
    signs = joined(f.left, f.y[1:] - f.y[:-1], f.right).signs()
    inner = signs[1:-1] if len(f.x) > 1 else signs[signs != 0][:1]
    sign = int(inner[0]) if len(inner) else 0
    if sign == 0 or (inner != sign).any() or (signs[[0, -1]] == -sign).any():
        reject("self", f"function with {len(f.x)} breakpoints", "must be strictly monotone to have an inverse")
    zero = scalar(0)
    left, right = (scalar(1) / s if s.signs()[0] else zero for s in (f.left, f.right))
    if sign > 0:
        return Graph(f.y, f.x, left, right)
    return Graph(f.y[::-1], f.x[::-1], right, left)
