"""Sums over i > n of terms c i^p (+-1)^i and c r^i, in closed form: Hurwitz zeta and digamma functions, enclosed."""

from __future__ import annotations

from typing import Any

from flint import arb, fmpq

from relutheory.deep_limit.balls import constant_ball, to_arb
from relutheory.deep_limit.limits.shapes import Term, terms


def tail_sum(expression: Any, n: Any, after: int) -> arb | None:
    """A ball around f(after+1) + f(after+2) + ..., a convergent series, or None where no closed form is known.

    >>> import sympy
    >>> n = sympy.Symbol("n", positive=True)
    >>> round(float(tail_sum((-1) ** n / n, n, 0)), 12)  # -log 2
    -0.69314718056
    """
    parts = terms(expression, n)
    if parts is None:
        return None
    total = arb(0)
    for t in parts:
        one = _closed(t, after + 1)
        if one is None or not one.is_finite():
            return None
        total += constant_ball(t.c) * one
    return total


def _closed(t: Term, first: int) -> arb | None:
    """The sum of i^p r^i over i >= first."""
    if t.k != 0:
        return None
    if abs(t.r) < 1 and t.p == 0:
        r = to_arb(t.r)
        return r**first / (1 - r)
    s = to_arb(-t.p)
    if t.r == 1 and t.p < -1:
        return s.zeta(arb(first))
    if t.r == -1 and t.p < 0:
        # (-1)^first sum_m (-1)^m (first + m)^-s: the even m less the odd m
        even, odd = arb(fmpq(first, 2)), arb(fmpq(first + 1, 2))
        zeta = t.p != -1
        value = (s.zeta(even) - s.zeta(odd)) / arb(2) ** s if zeta else (odd.digamma() - even.digamma()) / 2
        return value if first % 2 == 0 else -value
    return None
