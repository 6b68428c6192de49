"""What a function of n is for all n >= N: a finite sum of scales with coefficients in balls.

An `Asymptotic` is a sum of c(n) n^-p r^n (log n)^k over finitely many scales.  A coefficient is a rational number, or
a ball, and then stands for some function of n with values in that ball for every n >= N.  Sums and products keep
this meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from flint import arb, fmpq

from relutheory.deep_limit.families.monomials import Base, Monomial

ORDER = 6  # powers of 1/n after the first that are kept; what follows goes into a remainder
Coefficient = fmpq | arb
T = TypeVar("T")


class NoExpansion(ArithmeticError):
    """No rule applies to the expression for these n, or N is too small."""


@dataclass(frozen=True)
class Asymptotic:
    """A function of n >= N as a sum of scales with coefficients; scales with the coefficient 0 are left out."""

    terms: dict[Monomial, Coefficient]
    N: int

    def plus(self, other: Asymptotic) -> Asymptotic:
        """The sum."""
        return collected([*self.terms.items(), *other.terms.items()], self.N)

    def times(self, other: Asymptotic) -> Asymptotic:
        """The product."""
        pairs = ((a.times(b), c * d) for a, c in self.terms.items() for b, d in other.terms.items())
        return collected(pairs, self.N)

    def scaled(self, factor: Coefficient) -> Asymptotic:
        """A coefficient times the function."""
        return collected([(m, c * factor) for m, c in self.terms.items()], self.N)

    def leading(self) -> tuple[Monomial, Coefficient]:
        """The scale that all others are small against, and its coefficient."""
        return leading(self.terms)

    def range(self) -> arb:
        """A ball that holds the function for all n >= N.  Raises NoExpansion where it is not seen to be bounded."""
        return sum((arb(c) * span(m, self.N) for m, c in self.terms.items()), arb(0))


def leading(terms: Mapping[Monomial, T]) -> tuple[Monomial, T]:
    """The largest scale as n grows, with what stands beside it."""
    items = iter(terms.items())
    best = next(items, None)
    if best is None:
        raise NoExpansion("the function is zero")
    for item in items:
        if item[0].times(best[0], -1).direction() > 0:
            best = item
    return best


def span(scale: Monomial, N: int) -> arb:
    """A ball that holds the scale for all n >= N."""
    if scale.is_one:
        return arb(1)
    if not scale.falls_from(N):
        raise NoExpansion("a scale that grows")
    half = scale.at(N).upper() / 2
    return arb(half, half.upper())


def collected(pairs: Iterable[tuple[Monomial, Coefficient]], N: int) -> Asymptotic:
    """The sum of these terms; far behind the first of their kind they are put into one remainder."""
    terms: dict[Monomial, Coefficient] = {}
    for scale, c in pairs:
        terms[scale] = terms[scale] + c if scale in terms else c
    terms = {scale: c for scale, c in terms.items() if not (c.is_zero() if isinstance(c, arb) else c == 0)}
    kinds: dict[tuple[Base, Fraction, Fraction], Fraction] = {}
    for scale in terms:
        kind = (scale.base, scale.k, scale.p % 1)
        kinds[kind] = min(kinds.get(kind, scale.p), scale.p)
    kept: dict[Monomial, Coefficient] = {}
    for scale, c in terms.items():
        last = kinds[scale.base, scale.k, scale.p % 1] + ORDER
        if scale.p > last:
            c = arb(c) * span(Monomial(p=scale.p - last), N)
            scale = Monomial(scale.base, last, scale.k)
        kept[scale] = kept[scale] + c if scale in kept else c
    return Asymptotic(kept, N)


def constant(c: Coefficient, N: int) -> Asymptotic:
    """A function that does not depend on n, or that stays in a ball."""
    return collected([(Monomial(), c)], N)


def bounded(value: arb) -> arb:
    """The ball itself, if it is finite."""
    if not value.is_finite():
        raise NoExpansion("a number that is not finite")
    return value
