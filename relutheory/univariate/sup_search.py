"""The largest absolute value of a function on intervals, enclosed by bisection: the most promising interval first."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from flint import arb, ctx, fmpq

from relutheory.univariate.jets import Jet, NotRealError

_GUARD = 40  # bits of the balls beyond twice those asked for: a maximum is as flat as the square of an interval
_NARROWEST = 100  # bits, or twice those asked for: on such a part of an interval no better bound is looked for
_LARGEST = 10**7  # bits: numbers beyond would fill the memory
_SHARE = 16  # what may close less of the gap between the bounds, which is there to stay, is left alone
_AT_JUMPS = 2.0**-24  # of the lower bound: next to a jump as little is looked at only once
_ORDER = 24  # bits of bounds by which parts are ordered


class UnboundedError(Exception):
    """The function is not known to be real and bounded near the point `where`."""

    def __init__(self, where: fmpq) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True)
class Part:
    """An interval [low, high] and the line slope (x - point) + value that is taken from the function there."""

    low: fmpq
    high: fmpq
    point: fmpq
    value: fmpq
    slope: fmpq


class _Origin(NamedTuple):
    """What the parts of one of the given intervals have from it: its length, and the bits of the balls."""

    length: fmpq
    precision: int


_Entry = tuple[float, float, int, arb, Part, _Origin]  # what they are ordered by, then bound, interval and origin


@dataclass
class SupSearch:
    """Encloses the largest |F - line| over parts.

    jet : (ball, order) to the values of F, F', F'' there, as in `jets`.  spread : None; where F is known at
    points only (jet takes rationals, order 0), spread(r) bounds how far F goes within a distance r.
    lower : a proved lower bound, upper : a proved upper bound once `run` is through.  seen : evaluations so far.
    """

    jet: Callable[[Any, int], Jet]
    spread: Callable[[fmpq], arb] | None = None
    lower: arb = field(default_factory=lambda: arb(0))
    done: arb = field(default_factory=lambda: arb(0))  # bounds the intervals that are closed
    seen: int = 0

    def run(self, parts: Iterable[Part], bits: int, scale: Fraction, evaluations: int) -> tuple[Fraction, Fraction]:
        """Both bounds, when they differ by at most 2^-bits of the lower one, or when the evaluations are used up.

        scale : the size of the functions; bounds below 2^-bits of it count as equal.  evaluations : besides the two
        to five on each part.
        """
        before = ctx.prec
        try:
            return self._run(list(parts), bits, arb(fmpq(scale.numerator, scale.denominator)), evaluations)
        finally:
            ctx.prec = before

    def _run(self, parts: list[Part], bits: int, scale: arb, evaluations: int) -> tuple[Fraction, Fraction]:
        precision = 2 * bits + _GUARD
        ctx.prec = precision
        self._relative, self._absolute, self._at_jumps = arb(fmpq(1, 2**bits)), scale / 4**bits, arb(0)
        narrowest = fmpq(1, 2 ** max(_NARROWEST, 2 * bits))
        # the top has the largest bound; of those that are about equal the newest, which is the narrowest
        heap: list[_Entry] = []
        for part in parts:
            self._push(heap, part, _Origin(part.high - part.low, precision + _bits_in_common(part)))
        last = self.seen + evaluations
        while heap:
            # the heap compares rounded bounds: each interval is looked at itself before it is closed
            *_, bound, part, origin = heapq.heappop(heap)
            if self._close_enough(bound):
                self.done = self.done.max(bound).upper()
                continue
            if part.high - part.low == origin.length:
                ctx.prec = origin.precision
                for end in (part.low, part.high):
                    self._value(part, end)
            narrow = part.high - part.low < origin.length * narrowest
            if narrow or self.seen >= last:
                if not bound.is_finite():
                    raise UnboundedError(part.low)
                # at a jump: the radius of a ball has 30 bits, so that a ball of two far values bounds no better
                if bound - self.lower <= self.lower * _AT_JUMPS:
                    self._at_jumps = self._at_jumps.max(2 * (bound - self.lower)).upper()
                self.done = self.done.max(bound).upper()
                continue
            middle = (part.low + part.high) / 2
            for low, high in ((part.low, middle), (middle, part.high)):
                self._push(heap, Part(low, high, part.point, part.value, part.slope), origin)
        top = self.done.max(self.lower).upper()
        if top > arb(2) ** _LARGEST:
            raise UnboundedError(parts[0].low)
        return _exact(self.lower, below=True), _exact(top, below=False)

    def _close_enough(self, bound: arb) -> bool:
        """Whether a part with this bound is not worth a closer look: what is closed may be bounded no better."""
        rest = bound - self.lower
        enough = (self._relative * self.lower).max(self._at_jumps).max((self.done - self.lower) / _SHARE)
        return bool(rest <= enough or bound <= self._absolute)

    def _push(self, heap: list[_Entry], part: Part, origin: _Origin) -> None:
        ctx.prec = origin.precision
        bound, closed = self._bound(part)
        if closed:
            self.done = self.done.max(bound).upper()
        elif not bound <= self.lower:
            order = 0.0
            if not bound.is_finite():  # a pole is where values are large
                height = abs(self._value(part, (part.low + part.high) / 2))
                order = float(height) if height.is_finite() else math.inf
            heapq.heappush(heap, (-_rounded(bound), -order, -self.seen, bound, part, origin))

    def _bound(self, part: Part) -> tuple[arb, bool]:
        """An upper bound on the part, and whether it is the largest value at an end, so that nothing lies between."""
        middle, radius = (part.low + part.high) / 2, (part.high - part.low) / 2
        if self.spread is not None:
            value = abs(self._value(part, middle))
            return (value + self.spread(radius) + abs(arb(part.slope)) * arb(radius)).upper(), False
        ball = arb(part.low).union(arb(part.high))
        values = self._difference(part, ball, part.low, 2)
        bounds = [values[0].abs_upper()]
        if bounds[0] <= self.lower:
            return bounds[0], False
        slope, curvature = values[1:]
        if slope >= 0 or slope <= 0:
            ends = [abs(self._value(part, end)) for end in (part.low, part.high)]
            bound = ends[0].max(ends[1]).upper()
            if bound.is_finite():
                return bound, True
        value, *at_middle = self._difference(part, arb(middle), middle, 1 if slope.is_finite() else 0)
        self._raise_lower(value)
        if at_middle:
            bounds.append((abs(value) + abs(slope) * radius).upper())
            up, down = (_highest(s * value, s * at_middle[0], s * curvature, radius) for s in (1, -1))
            bounds.append(up.max(down))
        finite = [bound for bound in bounds if bound.is_finite()]
        return (min(finite) if finite else arb("inf")), False

    def _difference(self, part: Part, x: Any, near: fmpq, order: int) -> Jet:
        """F minus the line, and derivatives.  Raises UnboundedError(near) where F is not real."""
        self.seen += 1
        try:
            values = self.jet(x, order)
        except NotRealError:
            raise UnboundedError(near) from None
        line = [part.value + part.slope * (x - part.point), part.slope, 0]
        return [value - other for value, other in zip(values, line, strict=False)]

    def _value(self, part: Part, x: fmpq) -> arb:
        """The difference at a point, which may raise the lower bound."""
        value = self._difference(part, arb(x) if self.spread is None else x, x, 0)[0]
        self._raise_lower(value)
        return value

    def _raise_lower(self, difference: arb) -> None:
        if difference.is_finite():
            self.lower = self.lower.max(difference.abs_lower()).lower()


def _rounded(bound: arb) -> float:
    mantissa, exponent = math.frexp(float(bound))
    return math.ldexp(round(mantissa * 2**_ORDER), exponent - _ORDER) if math.isfinite(mantissa) else math.inf


def _highest(value: arb, slope: arb, curvature: arb, radius: fmpq) -> arb:
    """An upper bound of value + slope t + curvature t^2/2 over |t| <= radius, for all that are in the balls."""
    ends = value + (abs(slope) + abs(curvature) * radius / 2) * radius
    return (ends.min(value - slope * slope / (2 * curvature)) if curvature < 0 else ends).upper()


def _bits_in_common(part: Part) -> int:
    """The leading bits that all points of an interval share: as many more are needed to tell them apart."""
    furthest = max(abs(part.low), abs(part.high)) / (part.high - part.low)
    return min(max(int(furthest.p).bit_length() - int(furthest.q).bit_length(), 0), _LARGEST)


def _exact(end: arb, *, below: bool) -> Fraction:
    """A ball that is one number >= 0, as a Fraction; one that is too small to be written out is rounded."""
    mantissa, exponent = end.man_exp()
    if exponent < -2 * _LARGEST:
        return Fraction(0) if below else Fraction(1, 2**_LARGEST)
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
