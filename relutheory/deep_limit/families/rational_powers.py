"""Rational powers of rationals, where they are rational."""

from __future__ import annotations

from fractions import Fraction

from flint import fmpz

from relutheory.core.roots import root

_MOST_BITS = 2**27  # of a number that an entry may stand for


class Undefined(ArithmeticError):
    """An expression has no real value at this n (a division by zero, the logarithm of a negative number)."""


class Irrational(ArithmeticError):
    """An expression has no rational value at this n, or none that was recognised."""


def rational_power(base: Fraction, exponent: Fraction) -> Fraction:
    """base ** exponent.  Raises Irrational where it is not rational, Undefined where it is not real or too long."""
    if base == 0 and exponent <= 0:
        if exponent == 0:
            return Fraction(1)
        raise Undefined("division by zero")
    if base == 0:
        return Fraction(0)
    k, q = exponent.numerator, exponent.denominator
    if base < 0 and q != 1:
        raise Undefined("a root of a negative number")
    if abs(k) * max(abs(base.numerator).bit_length() - 1, base.denominator.bit_length() - 1) > _MOST_BITS:
        raise Undefined(f"a number of more than {_MOST_BITS} bits")
    if q == 1:
        return base**k
    if q == 2:
        square = root(base)
        if square.lo == square.hi:
            return square.lo**k
    else:
        top, exact = fmpz(base.numerator).root(q), fmpz(base.denominator).root(q)
        if int(top) ** q == base.numerator and int(exact) ** q == base.denominator:
            return Fraction(int(top), int(exact)) ** k
    raise Irrational
