"""The largest absolute value of a function on intervals, enclosed by bisection: the most promising interval first."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from relutheory.univariate.jets import Jet, NotRealError

_GUARD = 40  # bits of the balls beyond twice those asked for: a maximum is as flat as the square of an interval
_NARROWEST = 100  # bits, or twice those asked for: on such a part of an interval no better bound is looked for
_LARGEST = 10**7  # bits: numbers beyond would fill the memory


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


@dataclass
class SupSearch:
    """Encloses the largest |F - line| over parts.

    jet : (ball, order) to the values of F, F', F'' there, as in `jets`.  spread : None; where F is known at
    points only (jet takes rationals, order 0), spread(r) bounds how far F goes within a distance r.
    lower : a proved lower bound, upper : a proved upper bound once `run` is through.
    """

    jet: Callable[[Any, int], Jet]
    spread: Callable[[fmpq], arb] | None = None
    lower: arb = field(default_factory=lambda: arb(0))
    done: arb = field(default_factory=lambda: arb(0))  # bounds the intervals that are closed
    seen: int = 0

    def run(self, parts: Iterable[Part], bits: int, scale: Fraction, evaluations: int) -> tuple[Fraction, Fraction]:
        """Both bounds, when they differ by at most 2^-bits of the lower one, or when the evaluations are used up.

        scale : the size of the functions; bounds below 2^-bits of it count as equal.
        """
        before = ctx.prec
        ctx.prec = 2 * bits + _GUARD
        try:
            return self._run(list(parts), bits, arb(fmpq(scale.numerator, scale.denominator)), evaluations)
        finally:
            ctx.prec = before

    def _run(self, parts: list[Part], bits: int, scale: arb, evaluations: int) -> tuple[Fraction, Fraction]:
        unit, narrowest = arb(fmpq(1, 2**bits)), fmpq(1, 2 ** max(_NARROWEST, 2 * bits))
        for part in parts:
            self._point(part, part.low)
        self._point(parts[-1], parts[-1].high)
        # the top has the largest bound; of equal ones, infinities too, the newest, which is the narrowest
        heap: list[tuple[float, int, arb, Part, fmpq]] = []
        for part in parts:
            self._push(heap, part, part.high - part.low)
        while heap:
            # the heap compares bounds rounded to floats: each interval is looked at itself before it is closed
            _, _, bound, part, whole = heapq.heappop(heap)
            if bound - self.lower <= unit * self.lower or bound <= unit * unit * scale:
                self.done = self.done.max(bound).upper()
                continue
            narrow = part.high - part.low < whole * narrowest
            if narrow or self.seen >= evaluations:
                if not bound.is_finite():
                    raise UnboundedError(part.low)
                # at a jump: the radius of a ball has 30 bits, so that a ball of two far values bounds no better
                self.done = self.done.max(bound).upper()
                continue
            middle = (part.low + part.high) / 2
            for low, high in ((part.low, middle), (middle, part.high)):
                self._push(heap, Part(low, high, part.point, part.value, part.slope), whole)
        top = self.done.max(self.lower).upper()
        if top > arb(2) ** _LARGEST:
            raise UnboundedError(parts[0].low)
        return _exact(self.lower, below=True), _exact(top, below=False)

    def _push(self, heap: list[tuple[float, int, arb, Part, fmpq]], part: Part, whole: fmpq) -> None:
        bound, closed = self._bound(part)
        if closed:
            self.done = self.done.max(bound).upper()
        elif not bound <= self.lower:
            size = float(bound) if bound.is_finite() else float("inf")
            heapq.heappush(heap, (-size, -self.seen, bound, part, whole))

    def _bound(self, part: Part) -> tuple[arb, bool]:
        """An upper bound on the part, and whether it is the largest value at an end, so that nothing lies between."""
        middle = (part.low + part.high) / 2
        radius = arb((part.high - part.low) / 2)
        value = self._point(part, middle)
        if self.spread is not None:
            return (abs(value) + self.spread((part.high - part.low) / 2) + abs(arb(part.slope)) * radius).upper(), False
        ball = arb(part.low).union(arb(part.high))
        try:
            values = self.jet(ball, 2)
        except NotRealError:
            raise UnboundedError(part.low) from None
        bounds = [(values[0] - part.value - arb(part.slope) * (ball - part.point)).abs_upper()]
        slope, curvature = values[1] - part.slope, values[2]
        if slope.is_finite():
            if slope >= 0 or slope <= 0:
                ends = [abs(self._point(part, end)) for end in (part.low, part.high)]
                bound = ends[0].max(ends[1]).upper()
                if bound.is_finite():
                    return bound, True
            bounds.append((abs(value) + abs(slope) * radius).upper())
            if curvature.is_finite():
                at_middle = self.jet(arb(middle), 1)[1] - part.slope
                bounds.append((abs(value) + (abs(at_middle) + abs(curvature) * radius / 2) * radius).upper())
        finite = [bound for bound in bounds if bound.is_finite()]
        return (min(finite, key=float) if finite else arb("inf")), False

    def _point(self, part: Part, x: fmpq) -> arb:
        """The difference at a point, which may raise the lower bound."""
        self.seen += 1
        try:
            value = self.jet(arb(x) if self.spread is None else x, 0)[0]
        except NotRealError:
            raise UnboundedError(x) from None
        difference = value - (part.value + part.slope * (x - part.point))
        if difference.is_finite():
            self.lower = self.lower.max(difference.abs_lower()).lower()
        return difference


def _exact(end: arb, *, below: bool) -> Fraction:
    """A ball that is one number >= 0, as a Fraction; one that is too small to be written out is rounded."""
    mantissa, exponent = end.man_exp()
    if exponent < -2 * _LARGEST:
        return Fraction(0) if below else Fraction(1, 2**_LARGEST)
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
