"""Factors of a product as powers c b^p, to recognise those with the same base b: (2 - 2 x)^3 = -8 (x - 1)^3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import fmpq


@dataclass(frozen=True)
class Factor:
    """The factor content * base^power of a product, equal to `whole`, all of them sympy expressions.

    power : rational, 1 for what is no power.  base : without rational content; of b and -b one that is always the same,
    where the power is an integer.
    """

    whole: Any
    content: Any
    base: Any
    power: Any

    @classmethod
    def of(cls, whole: Any) -> Factor:
        """The factor `whole`, a sympy expression."""
        import sympy

        if whole.is_number:
            return cls(whole, whole, sympy.Integer(1), sympy.Integer(1))
        outer, rest = whole.as_coeff_Mul(rational=True)
        base, power = rest.as_base_exp()
        if not power.is_Rational:
            base, power = rest, sympy.Integer(1)
        inner, base = base.primitive()
        if power.is_Integer and base.could_extract_minus_sign():
            inner, base = -inner, -base
        return cls(whole, outer * inner**power, base, power)


def zero_of(base: Any, symbol: Any) -> fmpq | None:
    """Where a sympy expression is 0, if it is linear in the symbol with rational coefficients."""
    constant, linear = base.as_independent(symbol, as_Add=True)
    slope, rest = linear.as_coeff_Mul()
    if rest != symbol or not constant.is_Rational or not slope.is_Rational:
        return None
    return to_rational(-constant / slope)


def to_rational(value: Any) -> fmpq:
    """A sympy Rational as fmpq."""
    return fmpq(int(value.p), int(value.q))
