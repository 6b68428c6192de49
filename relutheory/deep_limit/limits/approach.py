"""Closing in on a limit that exists: pass to a depth, enclose what is left, go deeper until it is narrow enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import arb

from relutheory.core.verdict import Enclosure, Rigor
from relutheory.deep_limit.balls import enclosure, working_precision, writable
from relutheory.deep_limit.limits.enclosing import Pass
from relutheory.deep_limit.limits.expansion import Gauge, gauge, limit_by_gauge, recursion
from relutheory.deep_limit.limits.frozen import RationalFamily, frozen_pattern, rational_family
from relutheory.deep_limit.limits.outcome import DeepLimit, Problem, converges

_ORDERS = (4, 8, 16, 32, 64)  # of the gauges that are tried
_FIRST = 8  # depth at which the enclosure is looked at first; then at each doubling
_MOST_BITS = 1 << 15
# (n, x_n) -> (box of every later x_i, enclosure of the limit), or None where there is no bound at this depth
Later = Callable[[int, Sequence[arb]], tuple[list[arb], list[arb]] | None]


def approach(problem: Problem, later: Later, theorem: str) -> DeepLimit:
    """The enclosure of the limit, whose existence `theorem` proves, as narrow as tol and the budget allow."""
    bits = problem.bits
    while True:
        search = _Search(problem, later, theorem, bits)
        answer = search.run()
        if answer is not None:
            return answer
        bits *= 2


class _Search:
    """One pass with one precision."""

    def __init__(self, problem: Problem, later: Later, theorem: str, bits: int) -> None:
        self.problem, self.later, self.theorem, self.bits = problem, later, theorem, bits
        self.best: list[tuple[Fraction, Fraction]] = []
        self.method = "tail"
        self.pattern: list[bool] | None = None
        self.rational: RationalFamily | None = rational_family(problem.family)
        self.gauges: dict[tuple[tuple[bool, ...], int], Gauge | None] = {}

    def run(self) -> DeepLimit | None:
        """The answer; None where rounding is what is too wide, and more bits are affordable."""
        with working_precision(self.bits):
            walk = Pass(self.problem.family, self.problem.x, self.bits)
            look = _FIRST
            while True:
                walk.advance()
                last = walk.depth >= self.problem.max_depth
                out = self.problem.out_of_time
                if walk.depth < look and not last and not out:
                    continue
                look = 2 * walk.depth
                point = walk.point()
                if not all(map(writable, point)):
                    return self._answer(walk.depth, "the numbers are too large to be written")
                self._look(walk.depth, point)
                if self._width() <= self.problem.tol:
                    return self._answer(walk.depth, "")
                rounding = max((enclosure(v).width for v in point), default=Fraction(0))
                if rounding > self.problem.tol / 16 and self.bits < _MOST_BITS and not (last or out):
                    return None
                if last or out:
                    limit = "time_limit" if out else "max_depth"
                    return self._answer(walk.depth, f"{limit} was reached before the enclosure was as narrow as tol")

    def _width(self) -> Fraction:
        return max((hi - lo for lo, hi in self.best), default=Fraction(10) ** 30)

    def _look(self, n: int, point: list[arb]) -> None:
        found = self.later(n, point)
        if found is None:
            return
        box, limit = found
        self._narrow(limit)
        if self.rational is None or self._width() <= self.problem.tol:
            return
        bits = frozen_pattern(self.rational, n, point, box)
        if bits is not None:
            self.pattern = bits
            self._by_gauge(n, point, box, bits)

    def _by_gauge(self, n: int, point: list[arb], box: list[arb], bits: list[bool]) -> None:
        on = [j for j, bit in enumerate(bits) if bit]
        active, largest = [point[j] for j in on], [box[j].abs_upper() for j in on]
        previous = None
        for order in _ORDERS:
            if 2 * order > n or (self.problem.out_of_time and self.best):
                return
            with working_precision(self.bits + 6 * order):
                made = self._gauge(bits, order)
                values = None if made is None else limit_by_gauge(made, n, active, largest)
            if values is None:
                return
            limit = [arb(0)] * len(bits)
            for j, value in zip(on, values, strict=True):
                limit[j] = value
            if self._narrow(limit):
                self.method = "gauge"
            width = max((v.rad() for v in values), default=arb(0))
            if self._width() <= self.problem.tol or (previous is not None and not width < previous):
                return
            previous = width

    def _gauge(self, bits: list[bool], order: int) -> Gauge | None:
        key = tuple(bits), order
        if key not in self.gauges:
            assert self.rational is not None
            rec = recursion(self.rational, bits)
            self.gauges[key] = None if rec is None else gauge(rec, order)
        return self.gauges[key]

    def _narrow(self, limit: Sequence[arb]) -> bool:
        """Intersect with what is known; whether that made it narrower."""
        before = self._width()
        ends = [enclosure(v) for v in limit if writable(v)]
        if len(ends) < len(limit):
            return False
        known = self.best + [(e.lo, e.hi) for e in ends[len(self.best) :]]
        self.best = [(max(lo, e.lo), min(hi, e.hi)) for (lo, hi), e in zip(known, ends, strict=True)]
        return self._width() < before

    def _answer(self, depth: int, reason: str) -> DeepLimit:
        if not self.best:
            width = self.problem.family.width(depth)
            reason = reason + "; the limit exists, no bound was found at this depth"
            return _unbounded(self.problem, width, depth, self.theorem, reason.lstrip("; "), self.bits)
        ends = [Enclosure(lo=lo, hi=hi, rigor=Rigor.EXACT if lo == hi else Rigor.ENCLOSED) for lo, hi in self.best]
        return converges(
            self.problem,
            ends,
            depth=depth,
            theorem=self.theorem,
            method=self.method,
            reason=reason,
            pattern=self.pattern,
            bits=self.bits,
        )


def _unbounded(problem: Problem, width: int, depth: int, theorem: str, reason: str, bits: int) -> DeepLimit:
    """A limit that exists and of which no bound is known."""
    from relutheory.deep_limit.limits.outcome import LimitStatus

    return DeepLimit(
        status=LimitStatus.CONVERGES,
        enclosure=None,
        width=width,
        depth=depth,
        reached=False,
        theorem=theorem,
        method="tail",
        reason=reason,
        rigor=Rigor.ENCLOSED,
        bits=bits,
    )
