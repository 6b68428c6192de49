"""Expressions that are bounded near a point where a part of them is not: against closed forms and 60 digits."""

from __future__ import annotations

import functools
from fractions import Fraction as F

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb, ctx, fmpq
from sympy import Abs, Rational, acos, asin, atan, cos, erf, exp, log, pi, sin, sinh, sqrt, tan

from relutheory.core.errors import InputError
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.expressions import jets_of
from relutheory.univariate.log_products import power_times_log
from relutheory.univariate.sup_search import Part, SupSearch, UnboundedError

X = sympy.Symbol("x")
ZERO, ONE = CPwL.affine(0), CPwL.affine(0, 1)
H = Rational(1, 2)


def to_mpf(value: F) -> mpmath.mpf:
    return mpmath.mpf(value.numerator) / value.denominator


def ball_of(low: F, high: F) -> arb:
    return arb(fmpq(low.numerator, low.denominator)).union(arb(fmpq(high.numerator, high.denominator)))


def holds(ball: arb, value: mpmath.mpf, slack: mpmath.mpf) -> bool:
    low, high = (mpmath.ldexp(int(m), int(e)) for m, e in (ball.lower().man_exp(), ball.upper().man_exp()))
    return bool(low - slack <= value <= high + slack)


E = mpmath.e
CLOSED_FORMS = [
    # expression, interval, function taken away, largest difference
    (X * log(2 * X), (0, 1), ZERO, lambda: mpmath.log(2)),
    (X * log(2 * X), (0, F(1, 2)), ZERO, lambda: 1 / (2 * E)),
    (2 * X * log(2 * X), (0, F(1, 2)), ZERO, lambda: 1 / E),
    (X**2 * log(X) ** 2, (0, 1), ZERO, lambda: E**-2),
    (X**2 * log(X**2), (-1, 1), ZERO, lambda: 1 / E),
    (X * log(Abs(X)), (-1, 1), ZERO, lambda: 1 / E),
    (sqrt(1 - X) * log(3 - 3 * X), (F(2, 3), 1), ZERO, lambda: 2 / (E * mpmath.sqrt(3))),
    (X * log(1 / X), (0, 1), ZERO, lambda: 1 / E),
    (-X * log(-4 * X), (F(-1, 4), 0), ZERO, lambda: 1 / (4 * E)),
    (X**10 * log(X) ** 10, (0, 1), ZERO, lambda: E**-10),
    (X**X, (0, 1), ONE, lambda: 1 - mpmath.exp(-1 / E)),
    (X ** (X + H), (0, 1), ZERO, lambda: 1),
    (sin(X) / X, (0, 1), ONE, lambda: 1 - mpmath.sin(1)),
    (sin(X) / X, (-1, 1), ZERO, lambda: 1),
    (sin(1 - 2 * X) / (2 * X - 1), (0, 1), ZERO, lambda: 1),
    ((exp(X) - 1) / X, (0, 1), ZERO, lambda: E - 1),
    ((1 - cos(X)) / X**2, (-1, 1), ZERO, lambda: mpmath.mpf(1) / 2),
    ((X - sin(X)) / X**3, (0, 1), ZERO, lambda: mpmath.mpf(1) / 6),
    (X / sin(X), (0, 1), ZERO, lambda: 1 / mpmath.sin(1)),
    (sin(X) / sqrt(X), (0, 1), ZERO, lambda: mpmath.sin(1)),
    (sin(1 - X) / sqrt(1 - X), (0, 1), ZERO, lambda: mpmath.sin(1)),
    # seven powers of x cancel, and seven times the bits
    ((sin(X) - X + X**3 / 6 - X**5 / 120) / X**7, (0, 1), ZERO, lambda: mpmath.mpf(1) / 5040),
    (log(X) / (1 - X), (F(1, 2), 2), ZERO, lambda: 2 * mpmath.log(2)),
    ((X**20 - 1) / (X - 1), (0, 1), ZERO, lambda: 20),
    (log(X) * log(1 - X), (0, 1), ZERO, lambda: mpmath.log(2) ** 2),
    (sin(pi * X) / (X * (1 - X)), (0, 1), ZERO, lambda: 4),
]


@pytest.mark.parametrize(("expression", "interval", "f", "largest"), CLOSED_FORMS)
def test_largest_values_in_closed_form(expression, interval, f, largest):
    found = f.distance_to(expression, *interval)
    with mpmath.workdps(60):
        value = largest()
        assert to_mpf(found.lo) <= value * (1 + mpmath.mpf(10) ** -50)
        assert value <= to_mpf(found.hi) * (1 + mpmath.mpf(10) ** -50)
    assert found.width <= found.lo / 2**53


ZEROS = [sin(X), exp(2 * X) - 1, 1 - cos(X), X - sin(X), log(1 + X), tan(X), atan(3 * X), erf(X), asin(X), sinh(X)]
ZEROS += [sqrt(1 + X) - 1, acos(X) - pi / 2, 2**X - 1, X**2 * exp(X)]
PRODUCTS = [zero / X for zero in ZEROS] + [X**3 / zero for zero in ZEROS]
PRODUCTS += [zero * log(3 * X) for zero in ZEROS] + [zero * log(X**2) ** 2 for zero in ZEROS[:4]]
PRODUCTS += [X ** Rational(2, 3) * log(X / 5) ** 3, Abs(X) * log(X**2), X * log(Abs(X)), X**2 * log(Abs(2 * X)) ** 3]
PRODUCTS += [
    Abs(X) ** X,
    X ** sin(X),
    X ** (X + H),
    sqrt(X) * log(sqrt(X)),
    -(X**3) * log(-X),
    sin(X) / X ** Rational(3, 2),
]


@functools.cache
def values_of(expression):
    return sympy.lambdify(X, expression, "mpmath")


def real_value(expression, x):
    """The value, None where a part of the expression is not real or not defined."""
    try:
        value = values_of(expression)(x)
    except (ZeroDivisionError, ValueError):
        return None
    return value if isinstance(value, mpmath.mpf) and mpmath.isfinite(value) else None


@pytest.mark.parametrize("number", range(len(PRODUCTS)))
def test_balls_hold_values_and_slopes(number):
    expression, a = PRODUCTS[number], F(number % 2, 3)
    moved = expression.subs(X, X - Rational(a.numerator, a.denominator))
    node, rng = jets_of(moved), np.random.default_rng(0)
    with mpmath.workdps(120), ctx.workprec(120):
        for size in (F(1, 2), F(1, 10**9)):
            for start, length in ((0, 1), (-1, 2), (F(1, 7), 0), (F(1, 7), F(1, 5)), (F(-1, 3), F(1, 4))):
                low, high = a + start * size, a + (start + length) * size
                points = [low + (high - low) * F(int(i), 100) for i in rng.integers(0, 101, 3)]
                values = [real_value(moved, to_mpf(x)) for x in points]
                if all(value is None for value in values):
                    continue
                jet = node(ball_of(low, high), 2)
                for x, value in zip(points, values, strict=True):
                    if value is None:
                        continue
                    assert not jet[0].is_finite() or holds(jet[0], value, mpmath.mpf(10) ** -80)
                    h = to_mpf(size) * mpmath.mpf(10) ** -40
                    beside = [real_value(moved, to_mpf(x) + s * h) for s in (-1, 1)]
                    if None not in beside and jet[1].is_finite():
                        slope = (beside[1] - beside[0]) / (2 * h)
                        assert holds(jet[1], slope, (1 + abs(slope)) * mpmath.mpf(10) ** -20)


def test_balls_on_both_sides_of_the_point_are_finite():
    for expression in (*(zero / X for zero in ZEROS), X * log(X**2), X**2 * log(Abs(X)) ** 3, Abs(X) ** X):
        assert jets_of(expression)(ball_of(F(-1, 10), F(1, 10)), 0)[0].is_finite(), expression
    # one derivative more of the factor is one derivative more of the quotient
    assert all(d.is_finite() for d in jets_of(sin(X) / X)(ball_of(F(-1, 10), F(1, 10)), 2))


def test_powers_times_logarithms_turn_where_they_should():
    with ctx.workprec(100):
        for p, k in ((fmpq(1), 1), (fmpq(1, 2), 2), (fmpq(3), 3), (fmpq(1, 7), 2)):
            turn = (arb(-k) / arb(p)).exp()
            for top in (turn / 2, turn * 2, arb(3)):
                values = power_times_log(p, k, None, arb(0).union(top), 0)[0]
                at_top, at_turn = (u ** arb(p) * u.log() ** k for u in (top, turn))
                assert values.contains(at_top) and values.contains(0)
                assert values.contains(at_turn) is not bool(top < turn)


UNBOUNDED = [cos(X) / X, sin(X) / X**2, log(X) * (1 + X), (exp(X) - 1 - X**2) / X**2, X / (1 - cos(X)), log(X) / X]
UNBOUNDED += [Abs(X) / X**2, sin(X) * log(X) / X, X ** (X - H), sqrt(1 - cos(X)) / X**2, X * log(-(X**2))]


@pytest.mark.parametrize("expression", UNBOUNDED)
def test_what_has_no_limit_is_refused(expression):
    with pytest.raises(InputError, match="must be real and bounded") as caught:
        ZERO.distance_to(expression)
    assert "\n" not in str(caught.value)


def test_sides_of_a_root_are_told_apart():
    # real where x >= 0 and x <= 0 only, or nowhere: no formula from the other side may stand in
    with pytest.raises(InputError, match="must be real"):
        ZERO.distance_to(sqrt(sin(X)) * sqrt(sin(2 * X)) / X, -1, 1)
    # |x| / x: the root of a square has no sign
    with pytest.raises(InputError, match="must be real and bounded"):
        ZERO.distance_to(sqrt(1 - cos(X)) / X, -1, 1)
    # sin(10 x) > 0 and sin(20 x) > 0 on (-0.55, -0.5), where sqrt(sin(10 x) sin(20 x)) / x is negative
    node = jets_of(sqrt(sin(10 * X)) * sqrt(sin(20 * X)) / X)
    with mpmath.workdps(50):
        x = mpmath.mpf(-21) / 40
        value = mpmath.sqrt(mpmath.sin(10 * x) * mpmath.sin(20 * x)) / x
        for low, high in ((F(-21, 40), F(-21, 40)), (F(-11, 20), F(-1, 2)), (F(-11, 20), F(-1, 10)), (F(-1), F(1))):
            ball = node(ball_of(low, high), 0)[0]
            assert not ball.is_finite() or holds(ball, value, mpmath.mpf(10) ** -40)


def test_poles_are_found_without_a_search():
    # balls of 1 - cos(x) hold 0 not only at 0, but wherever they are wider than x^2
    for expression in (X / (1 - cos(X)), 1 / (1 - cos(X)), X / (1 - cos(X)) ** 2):
        search = SupSearch(jets_of(expression))
        with pytest.raises(UnboundedError):
            search.run([Part(*map(fmpq, (0, 1, 0, 0, 0)))], 53, F(1), 200_000)
        assert search.seen < 2_000
