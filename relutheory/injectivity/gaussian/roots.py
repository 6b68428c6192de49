"""Roots of scalar equations, proved: a change of sign between two rationals, in ball arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from flint import arb, ctx, fmpq

from relutheory.core.verdict import Enclosure, Rigor

Function = Callable[[arb], arb]

_MOST_BITS = 200_000  # no sign at this precision: the function vanishes there
_NARROW = Fraction(1, 100)  # from here on the secant is tried


def ball(value: Fraction) -> arb:
    """A rational as a ball, at the current precision.

    >>> ball(Fraction(1, 4))
    0.250000000000000
    """
    return arb(fmpq(value.numerator, value.denominator))


def rational_end(exact: arb) -> Fraction:
    """An end of a ball (a ball of radius 0) as the rational it is.

    >>> rational_end(arb(3) / 4)
    Fraction(3, 4)
    """
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def sign_at(function: Function, point: Fraction, bits: int = 64) -> int:
    """The sign of a function at a rational: 1 or -1, proved; the precision grows until it is seen.

    Raises ArithmeticError where it is not seen at all, as at a root.

    >>> sign_at(lambda x: x * x - 2, Fraction("1.414213562373095048801688724209698078569671875376"))
    -1
    """
    while bits <= _MOST_BITS:
        with ctx.workprec(bits):
            value = function(ball(point))
            if value > 0:
                return 1
            if value < 0:
                return -1
        bits *= 2
    raise ArithmeticError(f"the sign at {point} is not seen with {_MOST_BITS} bits")


def enclose_root(function: Function, lo: Fraction | int, hi: Fraction | int, width: Fraction) -> Enclosure:
    """An enclosure of a root between lo and hi, at whose ends the function has proved different signs.

    function : continuous on [lo, hi], evaluated on balls.  lo, hi : rationals where its signs differ.  width : the
    greatest width of the result, > 0.  Raises ArithmeticError where the signs at lo and hi are the same.  That there is
    no other root between lo and hi is for the caller to know.

    >>> found = enclose_root(lambda x: x * x - 2, 1, 2, Fraction(1, 10**30))
    >>> found.lo**2 < 2 < found.hi**2, found.width <= Fraction(1, 10**30)
    (True, True)
    """
    lo, hi = Fraction(lo), Fraction(hi)
    left = sign_at(function, lo)
    if left == sign_at(function, hi):
        raise ArithmeticError(f"no change of sign between {lo} and {hi}")
    while hi - lo > width:
        closer = _around_secant(function, lo, hi, left) if hi - lo < _NARROW else None
        if closer is None:
            middle = (lo + hi) / 2
            bits = 64 + 2 * middle.denominator.bit_length()
            closer = (middle, hi) if sign_at(function, middle, bits) == left else (lo, middle)
        lo, hi = closer
    return Enclosure(lo=lo, hi=hi, rigor=Rigor.ENCLOSED)


def _around_secant(function: Function, lo: Fraction, hi: Fraction, left: int) -> tuple[Fraction, Fraction] | None:
    """Ends with proved signs around the root of the secant, (hi - lo)^2 away from it; None where that fails."""
    apart = hi - lo
    digits = 16 + 2 * (apart.denominator.bit_length() - apart.numerator.bit_length())
    with ctx.workprec(64 + 2 * digits):
        below, above = function(ball(lo)), function(ball(hi))
        guess = rational_end((ball(lo) - below * ball(apart) / (above - below)).mid())
    guess = Fraction(round(guess * 2**digits), 2**digits)  # short numbers keep the next steps short
    new = max(lo, guess - apart**2), min(hi, guess + apart**2)
    if not lo <= new[0] < new[1] <= hi:
        return None
    bits = 64 + 2 * digits
    return new if sign_at(function, new[0], bits) == left != sign_at(function, new[1], bits) else None


def enclose_image(function: Function, argument: Enclosure, bits: int) -> Enclosure:
    """An enclosure of the values of an increasing function on an enclosure.

    >>> enclose_image(lambda x: x * x, Enclosure(lo=Fraction(1, 3), hi=Fraction(1, 2), rigor=Rigor.ENCLOSED), 64).hi
    Fraction(1, 4)
    """
    with ctx.workprec(bits):
        lo, hi = (function(ball(end)) for end in (argument.lo, argument.hi))
        return Enclosure(lo=rational_end(lo.lower()), hi=rational_end(hi.upper()), rigor=Rigor.ENCLOSED)
