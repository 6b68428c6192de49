"""Vectors as 64-bit numerators over one denominator, where they fit: what `Rationals` does without flint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from relutheory.core.exact import nearest_float, odd_parts

ROOM = 2**62  # of two numbers below it the sum fits 64 bits
WHOLE = 2**53  # integers up to it are floats
Narrow = tuple[np.ndarray, int]  # numerators, int64, and their denominator


def largest(num: np.ndarray) -> int:
    """The largest absolute value among numerators, 0 where there are none."""
    return max(abs(int(num.min())), abs(int(num.max()))) if num.size else 0


def of_fractions(values: Sequence[Fraction]) -> Narrow | None:
    """These numbers, None where they do not fit."""
    den = 1
    for v in values:
        den = math.lcm(den, v.denominator)
        if den >= ROOM:
            return None
    numerators = [v.numerator * (den // v.denominator) for v in values]
    if max(map(abs, numerators), default=0) >= ROOM:
        return None
    return np.array(numerators, dtype=np.int64), den


def of_floats(values: np.ndarray) -> Narrow | None:
    """These finite numbers, None where they do not fit."""
    odd, exponent = odd_parts(values)
    used = exponent[odd != 0]
    if not len(used):
        return np.zeros(len(values), np.int64), 1
    low, high = min(int(used.min()), 0), int(used.max())
    if low <= -62 or high - low >= 62:
        return None
    shift = np.where(odd == 0, 0, exponent - low)
    # in floats, which are off by less than a unit of what is compared
    if (np.abs(odd.astype(np.float64)) * 2.0**shift).max() >= ROOM / 2:
        return None
    return odd << shift, 2**-low


def floats(num: np.ndarray, den: int) -> np.ndarray:
    """The float64 nearest to each."""
    if largest(num) <= WHOLE and den <= WHOLE:
        return num / np.float64(den)
    if den & (den - 1) == 0 and den < 2**900:  # one rounding, then a shift
        return num.astype(np.float64) / float(den)
    return np.array([nearest_float(Fraction(v, den)) for v in num.tolist()], dtype=np.float64)


def reduced(num: np.ndarray, den: int) -> Narrow:
    """The same over the least denominator."""
    if not largest(num):
        return num, 1
    divisor = math.gcd(int(np.gcd.reduce(num, axis=None)), den)
    return (num, den) if divisor == 1 else (num // divisor, den // divisor)


def quotients(a: Narrow, b: Narrow) -> Narrow | None:
    """a / b entry by entry over the least common multiple of the divisors, None where they do not fit."""
    (num, den), (by, by_den) = a, b
    divisors, signs = np.abs(by), np.sign(by)
    common = np.gcd(num, divisors)
    divisors = divisors // common
    multiple = int(divisors[0]) if len(divisors) else 1
    if (divisors != multiple).any():
        # may overflow: a positive number that every divisor divides is a common multiple all the same
        multiple = int(np.lcm.reduce(divisors))
    if not 0 < multiple < ROOM or (multiple % divisors).any():
        return None
    parts, factors = num // common * signs, multiple // divisors
    if not largest(parts):
        return parts, 1
    unit = Fraction(by_den, den * multiple)
    if largest(parts) * largest(factors) * unit.numerator >= ROOM:
        return None
    return parts * factors * unit.numerator, unit.denominator
