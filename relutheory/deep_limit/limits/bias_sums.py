"""Sums of sequences given by a formula in n: what the partial sums do, and proved bounds of what is left of them.

`families.sums` bounds sums too: of *norms*, for all formulas that can be expanded, which needs remainders in balls.
Here the *signs* count: what the partial sums of one coordinate do (they may tend to an infinity, or converge without
converging absolutely), and how far any stretch of them goes.  That is read off exact shapes with nothing left over, of
fewer formulas; where they do not apply, nothing is said.
"""

from __future__ import annotations

import enum
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from relutheory.deep_limit.balls import constant_ball, constant_sign, to_arb
from relutheory.deep_limit.limits.sequences import FARTHEST, alternating_parts, shifted_sign
from relutheory.deep_limit.limits.shapes import Ratio, Term, ratio, terms


class Sum(enum.Enum):
    """What the partial sums of a sequence do."""

    ABSOLUTE = "converges absolutely"
    CONDITIONAL = "converges"
    PLUS = "tends to +infinity"
    MINUS = "tends to -infinity"
    UNKNOWN = "is not decided"


def sum_kind(expression: Any, n: Any) -> Sum:
    """What the partial sums of f(1) + f(2) + ... do, proved; UNKNOWN where no rule applies.

    >>> import sympy
    >>> n = sympy.Symbol("n", positive=True)
    >>> [sum_kind(f, n).name for f in (1 / n**2, -1 / n, (-1) ** n / sympy.sqrt(n))]
    ['ABSOLUTE', 'MINUS', 'CONDITIONAL']
    """
    f = ratio(expression, n)
    if f is not None:
        if f.decay >= 2:
            return Sum.ABSOLUTE
        return Sum.PLUS if f.leading() > 0 else Sum.MINUS
    parts = terms(expression, n)
    if parts is not None:
        return _sum_of_terms(parts)
    split = alternating_parts(expression, n)
    if split is None or split[0] == 0:
        return Sum.UNKNOWN
    g, h = split
    if decreasing_from(g, n, 1) is None:
        return Sum.UNKNOWN
    rest = sum_kind(h, n)
    if rest is Sum.ABSOLUTE and sum_kind(g, n) is Sum.ABSOLUTE:
        return Sum.ABSOLUTE
    return Sum.CONDITIONAL if rest is Sum.ABSOLUTE else rest


def _sum_of_terms(parts: list[Term]) -> Sum:
    rest = [t for t in parts if not t.summable()]
    if not rest:
        return Sum.ABSOLUTE
    divergent = [t for t in rest if not (t.r == -1 and t.vanishes())]  # the others alternate: their sums converge
    if not divergent:
        return Sum.CONDITIONAL
    top = max(divergent, key=lambda t: t.growth)
    if top.r > 0 and all(t.growth < top.growth for t in divergent if t is not top):
        return Sum.PLUS if constant_sign(top.c) > 0 else Sum.MINUS
    return Sum.UNKNOWN


def decreasing_from(expression: Any, n: Any, start: int) -> int | None:
    """An N >= start from which |f(n)| decreases to 0 (not increasing), or None."""
    f = ratio(expression, n)
    if f is not None:
        if f.num.degree() < 0:
            return start
        if f.decay < 1:
            return None
        slope = f.num.derivative() * f.den - f.num * f.den.derivative()
        at = max(start, 1)
        while at <= FARTHEST:
            signs = [shifted_sign(p, at) for p in (f.num, f.den, slope)]
            if all(s is not None for s in signs):
                return at  # |f| has the slope -|f|': f tends to 0 and is monotone
            at *= 2
        return None
    parts = terms(expression, n)
    if not parts:
        return None
    simple = all(0 < t.r <= 1 and t.p <= 0 and t.k <= 0 and t.vanishes() for t in parts)
    same = len({constant_sign(t.c) for t in parts}) == 1
    return max(start, 2) if simple and same else None


def absolute_tail(expression: Any, n: Any, after: int) -> arb | None:
    """An upper bound of sum_{i > after} |f(i)|, rounded upwards, or None where no rule applies."""
    f = ratio(expression, n)
    if f is not None:
        return ratio_tail(f, after)
    parts = terms(expression, n)
    if parts is None:
        return None
    total = arb(0)
    for t in parts:
        one = _term_tail(t, after)
        if one is None:
            return None
        total += one
    return total.upper()


def ratio_tail(f: Ratio, after: int) -> arb | None:
    """sum_{i > after} |f(i)| <= this, by |f(i)| <= C i^-p and an integral from after + 1/2 (convexity)."""
    if f.num.degree() < 0:
        return arb(0)
    if f.decay < 2 or after < 1:
        return None
    first = arb(after + 1)
    a, b = f.num.coeffs(), f.den.coeffs()
    size = sum((abs(to_arb(c)) * first ** (j - len(a) + 1) for j, c in enumerate(a)), arb(0))
    rest = sum((abs(to_arb(c)) * first ** (j - len(b) + 1) for j, c in enumerate(b[:-1])), arb(0))
    least = abs(to_arb(b[-1])) - rest
    if not least > 0:
        return None
    return (size / least * power_tail(f.decay, after)).upper()


def power_tail(p: int | Fraction, after: int) -> arb:
    """An upper bound of sum_{i > after} i^-p for p > 1."""
    p = Fraction(p)
    half = arb(after) + arb(fmpq(1, 2))
    return (half ** to_arb(1 - p) / to_arb(p - 1)).upper()


def _term_tail(t: Term, after: int) -> arb | None:
    size = constant_ball(t.c).abs_upper()
    if abs(t.r) == 1 and t.p < -1 and t.k <= 0 and after >= 2:
        return (size * arb(after + 1).log() ** t.k * power_tail(-t.p, after)).upper()
    if abs(t.r) < 1 and t.p <= 0 and t.k <= 0 and after >= 2:
        r = to_arb(abs(t.r))
        first = r ** (after + 1) * arb(after + 1) ** to_arb(t.p) * arb(after + 1).log() ** t.k
        return (size * first / (1 - r)).upper()
    return None


def excursion(expression: Any, n: Any, after: int) -> arb | None:
    """An upper bound of |f(a+1) + ... + f(c)| over all after <= a <= c, or None where no rule applies."""
    plain = absolute_tail(expression, n, after)
    if plain is not None:
        return plain
    split = alternating_parts(expression, n)
    if split is None:
        return None
    g, h = split
    start = decreasing_from(g, n, after + 1)
    rest = absolute_tail(h, n, after)
    if start is None or start > after + 1 or rest is None:
        return None
    first = value_ball(g, n, after + 1)
    return (first.abs_upper() + rest).upper()


def value_ball(expression: Any, n: Any, at: int) -> arb:
    """A ball around f(at)."""
    return constant_ball(expression.subs(n, at))
