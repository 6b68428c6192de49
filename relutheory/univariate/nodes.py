"""The function of every node of a network of one input, on [0, 1]: exact, at the cost of the kinks that the node has.

Followed piece by piece, a network of depth L with n pieces costs n L steps for each neuron, too much where the depth
itself is of order n, as in a network of fixed width that realises a spline.  There most nodes have few kinks, and a
channel that adds up what earlier layers found has many but changes in few places: both are used here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flint import fmpq

from relutheory.core.exact import rational, to_fmpq
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.cpwl import CPwL

ZERO, ONE = fmpq(0), fmpq(1)
_LOCAL = 8  # a sum is looked at near the kinks of the other terms where one term has this many times more


@dataclass(frozen=True)
class Kinked:
    """The function start + slope x + sum of changes[i] (x - points[i])_+ on [0, 1].

    points : increasing, inside (0, 1).  changes : the changes of slope there, none 0.  end, last : value and slope at
    1.  floor : a proved lower bound on [0, 1], or None.
    """

    start: fmpq
    slope: fmpq
    points: Sequence[fmpq]
    changes: Sequence[fmpq]
    end: fmpq
    last: fmpq
    floor: fmpq | None = None

    @classmethod
    def of(cls, start: fmpq, slope: fmpq, kinks: Iterable[tuple[fmpq, fmpq]] = ()) -> Kinked:
        """The function with these kinks (point, change), in any order; equal points are added up."""
        points: list[fmpq] = []
        changes: list[fmpq] = []
        for point, change in sorted(kinks, key=lambda kink: kink[0]):
            if points and points[-1] == point:
                changes[-1] += change
            else:
                points.append(point)
                changes.append(change)
        if not all(changes):
            kept = [(p, c) for p, c in zip(points, changes, strict=True) if c]
            points, changes = [p for p, _ in kept], [c for _, c in kept]
        end, last = start + slope, slope
        for point, change in zip(points, changes, strict=True):
            end += change * (1 - point)
            last += change
        return cls(start, slope, points, changes, end, last)

    def corners(self) -> list[tuple[fmpq, fmpq]]:
        """The points 0, the kinks and 1, each with the value there."""
        value, slope, before = self.start, self.slope, ZERO
        found = [(before, value)]
        for point, change in zip(self.points, self.changes, strict=True):
            value += slope * (point - before)
            slope += change
            before = point
            found.append((point, value))
        return [*found, (ONE, self.end)]

    def least(self) -> fmpq:
        """The least value on [0, 1]."""
        return min(value for _, value in self.corners())

    def with_floor(self) -> Kinked:
        """The same, with its least value as the lower bound."""
        return replace(self, floor=self.least())

    def cpwl(self) -> CPwL:
        """The same as a CPwL function, constant beyond [0, 1]."""
        corners = self.corners()
        return CPwL([rational(point) for point, _ in corners], [rational(value) for _, value in corners])


IDENTITY = Kinked.of(ZERO, ONE)


def combined(terms: Iterable[tuple[fmpq, Kinked]], bias: fmpq = ZERO) -> Kinked:
    """The sum of weight times function over the terms, plus the bias."""
    used = [(w, f) for w, f in terms if w]
    if not used:
        return Kinked.of(bias, ZERO)
    largest = max(range(len(used)), key=lambda i: len(used[i][1].points))
    weight, base = used.pop(largest)
    rest = Kinked.of(
        sum((w * f.start for w, f in used), bias),
        sum((w * f.slope for w, f in used), ZERO),
        [(p, w * c) for w, f in used for p, c in zip(f.points, f.changes, strict=True)],
    )
    if weight != 1:
        floor = weight * base.floor if base.floor is not None and weight.p > 0 else None
        scaled = [weight * c for c in base.changes]
        base = Kinked(
            weight * base.start, weight * base.slope, base.points, scaled, weight * base.end, weight * base.last, floor
        )
    return _added(base, rest)


def _added(base: Kinked, rest: Kinked) -> Kinked:
    """The sum of two functions, the first with the more kinks."""
    start, slope = base.start + rest.start, base.slope + rest.slope
    if len(base.points) < _LOCAL * len(rest.points) + 1:
        kinks = [*zip(base.points, base.changes, strict=True), *zip(rest.points, rest.changes, strict=True)]
        return Kinked.of(start, slope, kinks)
    points, changes = list(base.points), list(base.changes)
    for point, change in zip(rest.points, rest.changes, strict=True):
        i = bisect_left(points, point)
        if i < len(points) and points[i] == point:
            changes[i] += change
            if not changes[i]:
                del points[i], changes[i]
        else:
            points.insert(i, point)
            changes.insert(i, change)
    found = Kinked(start, slope, points, changes, base.end + rest.end, base.last + rest.last)
    return replace(found, floor=_floor(base, rest, found))


def _floor(base: Kinked, rest: Kinked, both: Kinked) -> fmpq | None:
    """A lower bound of base + rest from one of base: where rest is constant, on the left or the right of its kinks.

    Elsewhere the values of the sum at its corners are reckoned from the nearer end of [0, 1].
    """
    if base.floor is None or (rest.slope and rest.last):
        return None
    if not rest.points:
        return base.floor + rest.start
    points = both.points
    outside = [base.floor + value for value, slope in ((rest.start, rest.slope), (rest.end, rest.last)) if not slope]
    low, high = ZERO if rest.slope else rest.points[0], ONE if rest.last else rest.points[-1]
    # the corners there, and the next one on each side: those numbered first, ..., last, and 0 and 1
    first, last = bisect_left(points, low) - 1, bisect_right(points, high)
    inside = [both.start] if first < 0 else []
    inside += [both.end] if last >= len(points) else []
    if first < len(points) - last:
        value, slope, before = both.start, both.slope, ZERO
        for i in range(min(last + 1, len(points))):
            value += slope * (points[i] - before)
            slope += both.changes[i]
            before = points[i]
            if i >= first:
                inside.append(value)
    else:
        value, slope, before = both.end, both.last, ONE
        for i in range(len(points) - 1, max(first, 0) - 1, -1):
            value -= slope * (before - points[i])
            slope -= both.changes[i]
            before = points[i]
            if i <= last:
                inside.append(value)
    return min(*outside, *inside)


def positive_part(f: Kinked) -> Kinked:
    """The function max(f, 0), with a lower bound that is attained or 0."""
    if f.floor is not None and f.floor.p >= 0:
        return f
    corners = f.corners()
    floor = min(value for _, value in corners)
    if floor.p >= 0:
        return Kinked(f.start, f.slope, f.points, f.changes, f.end, f.last, floor)
    kinks: list[tuple[fmpq, fmpq]] = []
    first: fmpq | None = None  # the slope at 0
    before = ZERO  # the slope so far
    slope = f.slope
    for i, (point, value) in enumerate(corners[:-1]):
        after, next_value = corners[i + 1]
        slope = (next_value - value) / (after - point)
        if value.p >= 0 and next_value.p >= 0:
            parts = [(point, slope)]
        elif value.p <= 0 and next_value.p <= 0:
            parts = [(point, ZERO)]
        else:
            zero = point - value / slope
            parts = [(point, slope), (zero, ZERO)] if value.p > 0 else [(point, ZERO), (zero, slope)]
        for place, new in parts:
            if first is None:
                first = new
            elif new != before:
                kinks.append((place, new - before))
            before = new
    start = f.start if f.start.p > 0 else ZERO
    end = f.end if f.end.p > 0 else ZERO
    points, changes = [p for p, _ in kinks], [c for _, c in kinks]
    return Kinked(start, ZERO if first is None else first, points, changes, end, before, ZERO)


def after_layer(layer: ReLULayer | AffineMap, inputs: Sequence[Kinked]) -> list[Kinked]:
    """The functions of the rows of a layer before its ReLU (of a read-out: its outputs)."""
    found = []
    for i in range(layer.m):
        terms = [(to_fmpq(w), f) for w, f in zip(layer.weight.row(i), inputs, strict=True) if w]
        found.append(combined(terms, to_fmpq(layer.bias[i])))
    return found


def network_function(net: ReLUNetwork, *, most: int | None = None) -> CPwL | None:
    """The function of a network of one input and one output on [0, 1], node by node, constant beyond.

    net : ReLUNetwork with a read-out.  most : give up, and return None, where more kinks than this were looked at;
    None for no limit.

    >>> tent = ReLUNetwork([([[1], [1]], [0, "-1/2"]), ([[2, -4]], [0])])
    >>> network_function(tent).breakpoints
    (Fraction(0, 1), Fraction(1, 2), Fraction(1, 1))
    """
    inputs, seen = [IDENTITY], 0
    for layer in net.layers:
        before = after_layer(layer, inputs)
        inputs = [positive_part(f) for f in before]
        seen += sum(len(f.points) for f, g in zip(before, inputs, strict=True) if f is not g)
        if most is not None and seen > most:
            return None
    if net.readout is not None:
        inputs = after_layer(net.readout, inputs)
    return inputs[0].cpwl()
