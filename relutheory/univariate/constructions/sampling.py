"""Values of a function on a grid of rationals, exact or with a proved bound of their error; and rational powers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpz

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import rational, to_fmpq
from relutheory.core.verdict import Enclosure
from relutheory.univariate.cpwl import CPwL

_MOST_BITS = 2**14
_POWER_BITS = 80


def sampled(f: Any, count: int, error: Fraction) -> tuple[list[Fraction], Fraction]:
    """Numbers within a bound of f(0), f(1 / count), ..., f(1); and the bound, 0 or at most `error`.

    f : CPwL, sympy expression, or callable of Fractions that returns numbers or `Enclosure`s.
    """
    points = [Fraction(i, count) for i in range(count + 1)]
    if isinstance(f, CPwL):
        return list(f.values_at(points)), Fraction(0)
    if callable(f) and not hasattr(f, "free_symbols"):
        found = [_called(f, x) for x in points]
    elif hasattr(f, "free_symbols"):
        from relutheory.univariate.constructions.balls import ball_function, enclosed

        function = ball_function(f)
        found = [enclosed(function, x, error) for x in points]
    else:
        reject("f", f, "must be a CPwL, a sympy expression or a callable")
    spread = max(e.width / 2 for e in found)
    if spread > error:
        reject("f", f, f"must be known to within {error.numerator / error.denominator:.1e} at the points of the grid")
    return [(e.lo + e.hi) / 2 for e in found], spread


def _called(f: Callable[[Fraction], Any], x: Fraction) -> Enclosure:
    value = f(x)
    if isinstance(value, Enclosure):
        return value
    try:
        return Enclosure.exact(rational(value, f"f({x})"))
    except InputError:
        reject(f"f({x})", value, "must be a finite number or an Enclosure")


def power_upper(base: Fraction, exponent: Fraction) -> Fraction:
    """A rational number >= base^exponent, at most a little larger; equal where the exponent is 1 or the base 0."""
    if exponent == 1 or base == 0:
        return base
    with ctx.workprec(_POWER_BITS + (1 / exponent).numerator.bit_length()):  # near 1 where the exponent is small
        return upper(arb(to_fmpq(base)) ** arb(to_fmpq(exponent)))


def upper(ball: Any) -> Fraction:
    """A rational number >= every number of the ball."""
    mantissa, power = ball.upper().man_exp()
    return _dyadic(mantissa, power)


def lower(ball: Any) -> Fraction:
    """A rational number <= every number of the ball."""
    mantissa, power = ball.lower().man_exp()
    return _dyadic(mantissa, power)


def _dyadic(mantissa: fmpz, power: fmpz) -> Fraction:
    return Fraction(int(mantissa)) * Fraction(2) ** int(power)
