"""Real numbers enclosed by Arb balls: conversions, norms and the ReLU, all rounded outwards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq

from relutheory.core.exact import rational
from relutheory.core.verdict import Enclosure, Rigor

_LONGEST = 10**6  # binary exponent of a number that is written as a rational
NORMS = ("inf", "1", "2")


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Ball arithmetic with this many bits inside the block."""
    before = ctx.prec
    ctx.prec = max(int(bits), 2)
    try:
        yield
    finally:
        ctx.prec = before


def to_arb(value: Any) -> arb:
    """A ball around a rational, or the ball that is given."""
    if isinstance(value, arb):
        return value
    if isinstance(value, fmpq):
        return arb(value)
    value = rational(value)
    return arb(fmpq(value.numerator, value.denominator))


def exact_end(end: arb) -> Fraction:
    """The dyadic rational that an exact ball is (an end or the middle of a ball)."""
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def upper(ball: arb) -> arb:
    """The upper end of the absolute value, as an exact ball."""
    return ball.abs_upper()


def relu(ball: arb) -> arb:
    """Encloses max(t, 0) for every t in the ball; exactly 0 where no t is positive."""
    if ball >= 0:
        return ball
    if ball <= 0:
        return arb(0)
    return arb(0).union(ball.upper())


def column(values: Sequence[Any]) -> arb_mat:
    """The balls as a matrix of one column."""
    return arb_mat(len(values), 1, [to_arb(v) for v in values])


def vector_norm(values: Sequence[arb], norm: str) -> arb:
    """An upper bound of the norm "inf", "1" or "2" of a vector of balls, as an exact ball."""
    sizes = [v.abs_upper() for v in values]
    if norm == "inf":
        return max(sizes, default=arb(0))
    if norm == "1":
        return sum(sizes, arb(0)).upper()
    return sum((s * s for s in sizes), arb(0)).sqrt().upper()


def widened(ball: arb, radius: arb) -> arb:
    """Everything within `radius` (an upper bound, >= 0) of the ball."""
    r = radius.abs_upper()
    return ball + arb(0, r) if r.is_finite() else arb("nan")


def writable(ball: arb) -> bool:
    """Whether a ball is finite and its ends are rationals of a reasonable length: e^(10^12) would fill the memory."""
    ends = (ball.mid(), ball.rad())
    return ball.is_finite() and all(end == 0 or abs(int(end.man_exp()[1])) < _LONGEST for end in ends)


def enclosure(ball: arb, *, positive: bool = True) -> Enclosure:
    """The ends of a finite ball as rationals; `positive`: of a number known to be >= 0."""
    lo, hi = exact_end(ball.lower()), exact_end(ball.upper())
    if positive:
        lo, hi = max(lo, Fraction(0)), max(hi, Fraction(0))
    return Enclosure(lo=lo, hi=hi, rigor=Rigor.EXACT if lo == hi else Rigor.ENCLOSED)


def constant_ball(c: Any) -> arb:
    """A ball around a real sympy number made of rationals, powers, exp and log."""
    import sympy

    if c.is_Rational:
        return arb(fmpq(int(c.p), int(c.q)))
    if c.is_Add:
        return sum((constant_ball(a) for a in c.args), arb(0))
    if c.is_Mul:
        out = arb(1)
        for a in c.args:
            out = out * constant_ball(a)
        return out
    if isinstance(c, sympy.exp):
        return constant_ball(c.args[0]).exp()
    if isinstance(c, sympy.log):
        return constant_ball(c.args[0]).log()
    if c.is_Pow:
        return constant_ball(c.base) ** constant_ball(c.exp)
    if c == sympy.E:
        return arb(1).exp()
    if c == sympy.pi:
        return arb.pi()
    return arb("nan")


def constant_sign(c: Any) -> int:
    """The sign of a real sympy number, 0 where the ball around it does not tell (or it is 0)."""
    ball = constant_ball(c)
    return 1 if ball > 0 else -1 if ball < 0 else 0


def float_below(value: Fraction) -> float:
    """The largest float64 <= value (up to one step)."""
    return _outward(value, -math.inf)


def float_above(value: Fraction) -> float:
    """The smallest float64 >= value (up to one step)."""
    return _outward(value, math.inf)


def _outward(value: Fraction, towards: float) -> float:
    try:
        nearest = value.numerator / value.denominator
    except OverflowError:
        nearest = math.inf if value > 0 else -math.inf
    if math.isinf(nearest):
        return nearest if nearest == towards else math.copysign(float(np.finfo(float).max), nearest)
    exact = Fraction(nearest)
    right = exact <= value if towards < 0 else exact >= value
    return nearest if right else float(np.nextafter(nearest, towards))
