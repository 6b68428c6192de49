"""Square roots of rationals, enclosed by rationals."""

from __future__ import annotations

import math
from fractions import Fraction

from relutheory.core.verdict import Enclosure, Rigor


def root(square: Fraction, bits: int = 80) -> Enclosure:
    """The square root of a rational >= 0: exact where it is rational, else two rationals with the root between them.

    square : Fraction.  bits : the ends differ by less than 2^(1 - bits) times the root.

    >>> root(Fraction(9, 4)).lo, root(Fraction(2), 10).width < Fraction(1, 500)
    (Fraction(3, 2), True)
    >>> root(Fraction(2)).lo ** 2 < 2 < root(Fraction(2)).hi ** 2
    True
    """
    p, q = math.isqrt(square.numerator), math.isqrt(square.denominator)
    if p * p == square.numerator and q * q == square.denominator:
        return Enclosure.exact(Fraction(p, q))
    shift = bits + 1 - (square.numerator.bit_length() - square.denominator.bit_length()) // 2
    unit = Fraction(2) ** -shift
    below = math.isqrt(math.floor(square / unit**2))
    return Enclosure(lo=below * unit, hi=(below + 1) * unit, rigor=Rigor.ENCLOSED)
