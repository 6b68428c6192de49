"""Rationals in a few digits, rounded outward: what is printed as a bound is one."""

from __future__ import annotations

import decimal
import math
from fractions import Fraction

from relutheory.core.exact import nearest_float
from relutheory.core.verdict import Enclosure


def rounded_up(value: Fraction, digits: int = 4) -> decimal.Decimal:
    """The least decimal number of so many digits that is >= value.

    >>> print(rounded_up(Fraction(1, 3)), rounded_up(Fraction(1, 2) ** 9999, 2))
    0.3334 1.1E-3010
    """
    return _rounded(value, digits, decimal.ROUND_CEILING)


def rounded_down(value: Fraction, digits: int = 4) -> decimal.Decimal:
    """The largest decimal number of so many digits that is <= value.

    >>> print(rounded_down(Fraction(2, 3)), rounded_down(Fraction(1, 4)))
    0.6666 0.25
    """
    return _rounded(value, digits, decimal.ROUND_FLOOR)


def rounded_near(value: Fraction, digits: int = 4) -> decimal.Decimal:
    """The decimal number of so many digits that is nearest to a value, of which nothing is proved."""
    return _rounded(value, digits, decimal.ROUND_HALF_EVEN)


def _rounded(value: Fraction, digits: int, rounding: str) -> decimal.Decimal:
    context = decimal.Context(prec=digits, rounding=rounding, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)
    # numerators and denominators are whole however long they are: the quotient is rounded once
    quotient = context.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator))
    return quotient.normalize(context)


def float_above(value: Fraction) -> float:
    """The least float64 that is >= value.

    >>> float_above(Fraction(1, 3)) > Fraction(1, 3), float_above(Fraction(1, 10**400))
    (True, 5e-324)
    """
    near = nearest_float(value)
    if math.isinf(near):
        return near if near > 0 else -1.7976931348623157e308
    return near if near >= value else math.nextafter(near, math.inf)


def described(error: Enclosure) -> str:
    """A largest error in words, with four digits and how it is known.

    >>> described(Enclosure.exact(Fraction(1, 3)))
    '0.3334, exact but for rounding up'
    """
    if not error.rigor.proves:
        return f"{rounded_near(error.hi):.4g}, the largest seen, not proved"
    hi = f"{rounded_up(error.hi):.4g}"
    if error.width == 0:
        return f"{hi}, exact but for rounding up" if error.hi else "0, exact"
    return f"between {rounded_down(error.lo):.4g} and {hi}, proved"
