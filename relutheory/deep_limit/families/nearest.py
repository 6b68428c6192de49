"""The float64 numbers nearest to the entries of f_1(n) M_1 + f_2(n) M_2 + ...

Computed in extended precision with a bound of the error; the entries that this does not decide, exactly or in balls.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import arb, ctx, fmpq, fmpq_mat

from relutheory.core.exact import nearest_float

_EPS = float(np.finfo(np.longdouble).eps)
_WIDE = bool(np.finfo(np.longdouble).maxexp > 10_000)  # extended precision with its own range of exponents
_SMALL = 7000 if _WIDE else 400  # factors from 2^-_SMALL to 2^_SMALL are used
_TAME = (1e-280, 1e280) if _WIDE else (1e-140, 1e140)  # sizes of constants that are used
_LONGEST = 4096  # bits of precision at which the search in balls gives up


class Halves:
    """A constant rational matrix in extended precision, each entry with a relative error of at most 2 eps."""

    def __init__(self, M: fmpq_mat) -> None:
        high = nearest_floats(M)
        self.tame = bool(np.all((high == 0) | ((abs(high) > _TAME[0]) & (abs(high) < _TAME[1]))))
        if self.tame:
            low = [float(_fraction(v) - Fraction(h)) for v, h in zip(M.entries(), high.flat, strict=True)]
            self.value = high.astype(np.longdouble) + np.array(low).reshape(high.shape)


def nearest_sums(
    factors: list[arb], matrices: list[Halves], exactly: Callable[[int, int], float], shape: tuple[int, int]
) -> np.ndarray:
    """The float64 nearest to each entry of the sum of factors[k] times matrices[k].

    factors : balls that hold the true factors, with at least 80 bits.  exactly : gives the float64 nearest to one
    entry, for those that extended precision leaves open.

    A factor and an entry are rounded with a relative error of at most 2 eps each, their product with eps, and adding
    K terms brings K eps of the sum of their sizes: below, (K + 6) eps of it is more than all of that together.  Factors
    that are too small to be used go into the error.
    """
    value, size, error = (np.zeros(shape, np.longdouble) for _ in range(3))
    for ball, M in zip(factors, matrices, strict=True):
        found = _extended(ball) if M.tame else None
        if found is None:
            return np.array([[exactly(i, j) for j in range(shape[1])] for i in range(shape[0])], float).reshape(shape)
        factor, missed = found
        part = M.value * factor
        value += part
        size += abs(part)
        error += abs(M.value) * missed
    error += size * ((len(factors) + 6) * _EPS)
    with np.errstate(over="ignore", under="ignore"):  # beyond the range of float64 the nearest is an infinity or 0
        low, high = (value - error).astype(np.float64), (value + error).astype(np.float64)
    for i, j in np.argwhere(low != high):
        low[i, j] = exactly(int(i), int(j))
    return low


def _extended(ball: arb) -> tuple[np.longdouble, np.longdouble] | None:
    """A factor in extended precision and a bound of its error beyond rounding; None where it is too large for that."""
    nothing = np.longdouble(0)
    if ball.is_zero():
        return nothing, nothing
    least = arb(2) ** -_SMALL
    if abs(ball) < least:
        return nothing, np.ldexp(np.longdouble(1), -_SMALL)
    if not (abs(ball) > least and abs(ball) < 1 / least) or ball.rel_accuracy_bits() < 70:
        return None
    mantissa, exponent = (int(v) for v in ball.mid().man_exp())
    shift = max(0, abs(mantissa).bit_length() - 100)
    mantissa >>= shift
    high = float(mantissa)
    whole = np.longdouble(high) + np.longdouble(float(mantissa - int(high)))
    return np.ldexp(whole, exponent + shift), nothing


def nearest_floats(M: fmpq_mat) -> np.ndarray:
    """The float64 nearest to each entry."""
    values = [nearest_float(_fraction(v)) for v in M.entries()]
    return np.array(values, dtype=np.float64).reshape(M.nrows(), M.ncols())


def nearest_in_balls(ball: Callable[[], arb]) -> float | None:
    """The float64 nearest to a number of which `ball` gives enclosures at the precision of flint's context.

    None where 4096 bits do not tell, as where the number is half way between two of them.
    """
    bits = 128
    while bits <= _LONGEST:
        with ctx.workprec(bits):
            value = ball()
            low, high = _end(value.lower()), _end(value.upper())
        if low == high:
            return low
        bits *= 4
    return None


def _end(end: arb) -> float:
    """The float64 nearest to an exact dyadic number."""
    mantissa, exponent = end.man_exp()
    m, e = int(mantissa), int(exponent)
    if abs(m).bit_length() + e < -1100:
        return 0.0
    if abs(m).bit_length() + e > 1100:
        return math.copysign(math.inf, m)
    return nearest_float(Fraction(m) * Fraction(2) ** e)


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))
