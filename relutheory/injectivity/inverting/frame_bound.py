"""Square roots and smallest singular values between rationals that are proved to bound them."""

from __future__ import annotations

import math
from fractions import Fraction

from flint import arb, arb_mat, ctx, fmpq_mat

from relutheory.core.exact import nearest_float

_BITS = 64  # relative precision of a square root
_PRECISIONS = tuple(128 << k for k in range(8))  # bits of the balls; the last ones serve condition numbers of 1e4000
_SMALL = 40  # up to this size more squarings cost nothing
_SQUARINGS = (20, 10)  # k squarings: the bound is below the value by a factor of n^(1/2^(k+1)) at most


def root_below(value: Fraction) -> Fraction:
    """A rational just below the square root of value >= 0, and at it where the root is a short binary fraction.

    >>> root_below(Fraction(9, 4)), root_below(Fraction(2)) ** 2 < 2
    (Fraction(3, 2), True)
    """
    scaled, unit = _scaled(value)
    return Fraction(math.isqrt(scaled.numerator // scaled.denominator)) * unit


def root_above(value: Fraction) -> Fraction:
    """A rational just above the square root of value >= 0, and at it where the root is a short binary fraction.

    >>> root_above(Fraction(9, 4)), root_above(Fraction(2)) ** 2 > 2
    (Fraction(3, 2), True)
    """
    scaled, unit = _scaled(value)
    ceiling = -(-scaled.numerator // scaled.denominator)
    root = math.isqrt(ceiling)
    return Fraction(root if root * root == ceiling else root + 1) * unit


def _scaled(value: Fraction) -> tuple[Fraction, Fraction]:
    """value / unit^2, of at least 2 * _BITS bits, and the power of two `unit`."""
    size = value.numerator.bit_length() - value.denominator.bit_length()
    unit = Fraction(2) ** (size // 2 - _BITS)
    return value / unit**2, unit


def rounded_up(value: Fraction) -> float:
    """The least float64 >= value; infinite beyond its range.

    >>> rounded_up(Fraction(1, 3)) > Fraction(1, 3), rounded_up(Fraction(1, 2))
    (True, 0.5)
    """
    nearest = nearest_float(value)
    return nearest if nearest >= value else math.nextafter(nearest, math.inf)


def smallest_singular_below(gram: fmpq_mat) -> Fraction | None:
    """A positive lower bound of the smallest singular value of a matrix W, from its Gram matrix W^T W, or None.

    gram : n x n rationals, positive semi-definite.  None: singular, or too nearly so for 16000 bits.

    Proof: for B = (W^T W)^-1, lambda_max(B)^p <= trace(B^p), p = 2^k, and sigma_n(W) = lambda_max(B)^(-1/2).  The
    inverse and the powers are enclosed in balls; the traces of B^2, B^4, ... are divided out as they come.

    >>> bound = smallest_singular_below(fmpq_mat(2, 2, [4, 0, 0, 9]))
    >>> 1.999 < bound <= 2
    True
    """
    for bits in _PRECISIONS:
        with ctx.workprec(bits):
            bound = _singular_below(gram)
        if bound is not None:
            return bound
    return None


def _singular_below(gram: fmpq_mat) -> Fraction | None:
    try:
        power = arb_mat(gram).inv()
    except ZeroDivisionError:
        return None
    largest = power.trace()
    if not largest > 0:
        return None
    power = power * (1 / largest)
    for k in range(1, _SQUARINGS[gram.nrows() > _SMALL] + 1):
        power = power * power
        trace = power.trace()
        if not trace > 0:
            return None
        largest *= trace.root(2**k)
        power = power * (1 / trace)
    sigma = (1 / largest).sqrt()
    if not sigma > 0 or sigma.rel_accuracy_bits() < 20:
        return None
    return below(sigma)


def below(ball: arb) -> Fraction:
    """The rational at the lower end of a ball."""
    mantissa, exponent = ball.lower().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
