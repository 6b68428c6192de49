"""Powers, logarithms and exponentials of functions 1 + u(n) with u small for all n >= N.

Where u is a series in 1/n, by Taylor's formula with Lagrange's remainder in a ball; else by the mean value theorem.
"""

from __future__ import annotations

import math
from fractions import Fraction

from flint import arb, fmpq

from relutheory.core.exact import to_fmpq
from relutheory.deep_limit.families.asymptotics import (
    ORDER,
    Asymptotic,
    Coefficient,
    NoExpansion,
    bounded,
    collected,
    constant,
    span,
)
from relutheory.deep_limit.families.monomials import Monomial


def of_unit(u: Asymptotic, kind: str, q: Fraction) -> Asymptotic:
    """(1 + u) ** q, log(1 + u) or exp(u) for a small u."""
    start = constant(fmpq(kind != "log"), u.N)
    if not u.terms:
        return start
    if all(m.base.is_one and m.k == 0 for m in u.terms):
        return _taylor(u, kind, q)
    at = u.range()
    if kind != "exp" and not 1 + at > 0:
        raise NoExpansion("N is too small")
    if kind == "exp":
        slope = at.union(arb(0)).exp()
    else:
        one = (1 + at).union(arb(1))
        slope = 1 / one if kind == "log" else arb(to_fmpq(q)) * (arb(to_fmpq(q - 1)) * one.log()).exp()
    return start.plus(u.scaled(bounded(slope)))


def _taylor(u: Asymptotic, kind: str, q: Fraction) -> Asymptotic:
    """The same where u is a series in t = n^(-1/d): coefficients, then the remainder over t in [0, N^(-1/d)]."""
    d = math.lcm(*(m.p.denominator for m in u.terms))
    order = ORDER * d
    if order > 8 * ORDER:
        raise NoExpansion("fractional powers with too large denominators")
    a: list[Coefficient] = [fmpq(kind != "exp")]
    a += [fmpq(0)] * (order + ORDER * d)
    for m, c in u.terms.items():
        place = int(m.p * d)
        if place >= len(a):  # far behind: its largest size goes into the last place
            c, place = arb(c) * span(Monomial(p=m.p - Fraction(len(a) - 1, d)), u.N), len(a) - 1
        a[place] = a[place] + c
    b = _coefficients(a, kind, to_fmpq(q), order)
    terms = [(Monomial(p=Fraction(j, d)), c) for j, c in enumerate(b)]
    terms.append((Monomial(p=Fraction(order, d)), _remainder(a, kind, q, order, u.N, d)))
    return collected(terms, u.N)


def _coefficients(a: list[Coefficient], kind: str, q: fmpq, count: int) -> list[Coefficient]:
    """The first coefficients of a^q, log a or exp a for a power series a, by the equation of its derivative."""
    b: list[Coefficient] = [_start(a[0], kind, q)]
    for j in range(1, count):
        if kind == "exp":
            value = sum((i * a[i] * b[j - i] for i in range(1, j + 1)), fmpq(0))
        elif kind == "log":
            value = (j * a[j] - sum((i * b[i] * a[j - i] for i in range(1, j)), fmpq(0))) / a[0]
        else:
            value = sum((((q + 1) * i - j) * a[i] * b[j - i] for i in range(1, j + 1)), fmpq(0)) / a[0]
        b.append(value / j)
    return b


def _start(c: Coefficient, kind: str, q: fmpq) -> Coefficient:
    """The constant term, exact where that of the series is 0 (exp) or 1."""
    if isinstance(c, fmpq):
        return fmpq(kind != "log")
    if kind == "exp":
        return c.exp()
    return c.log() if kind == "log" else (c.log() * arb(q)).exp()


def _remainder(a: list[Coefficient], kind: str, q: Fraction, order: int, N: int, d: int) -> arb:
    """A ball with the Taylor coefficient of that order around every t in [0, N^(-1/d)]."""
    half = (arb(N) ** (-arb(1) / d)).upper() / 2
    t = arb(half, half.upper())
    moved: list[Coefficient] = []
    for j in range(order + 1):
        value = arb(0)
        for i in range(len(a) - 1, j - 1, -1):
            value = value * t + arb(a[i]) * math.comb(i, j)
        moved.append(value)
    if kind != "exp" and not moved[0] > 0:
        raise NoExpansion("N is too small")
    return bounded(arb(_coefficients(moved, kind, to_fmpq(q), order + 1)[order]))
