"""Distances against hand calculations, dense sampling in 50 digits and quadrature."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction as F

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb, fmpq

from relutheory.core.errors import InputError
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.expression_distances import distance_to
from relutheory.univariate.expressions import jets_of
from relutheory.univariate.polynomial_distances import lp_distance_power_to_polynomial, sup_distance_to_polynomial

X = sympy.Symbol("x")
HAT = CPwL([0, F(1, 2), 1], [0, 1, 0])
LINE = CPwL.affine(1)


def chords(function, points) -> CPwL:
    """The interpolating spline, with values rounded to floats; 0 for 0 log 0."""
    values = [float(function(mpmath.mpf(p.numerator) / p.denominator)) for p in points]
    return CPwL(points, [0 if math.isnan(v) else v for v in values])


def test_sup_distance_by_hand():
    assert HAT.sup_distance(LINE) == 1  # at 1
    assert HAT.sup_distance(LINE, 0, F(3, 4)) == F(1, 2)  # at 1/2
    assert HAT.sup_distance(LINE, F(1, 4), F(1, 3)) == F(1, 3)
    assert HAT.sup_distance(CPwL.affine(0), 5, 6) == 0
    assert HAT.sup_distance(CPwL.affine(0), -1, F(1, 10**40)) == F(2, 10**40)
    far = CPwL([0, 1], [0, 0], right_slope=10**50)
    assert far.sup_distance(CPwL.affine(0), 0, 2) == 10**50


def power_integral(u: F, v: F, p: int) -> F:
    """The integral of |u (1 - t) + v t|^p over [0, 1], term by term of the binomial: Euler's beta integrals."""
    if u * v < 0:
        t = u / (u - v)
        return t * power_integral(u, F(0), p) + (1 - t) * power_integral(F(0), v, p)
    beta = [F(math.factorial(k) * math.factorial(p - k), math.factorial(p + 1)) for k in range(p + 1)]
    return abs(sum(math.comb(p, k) * u ** (p - k) * v**k * beta[k] for k in range(p + 1)))


@pytest.mark.parametrize("p", [1, 2, 3, 4, 7])
def test_lp_distance_against_beta_integrals(p):
    rng = np.random.default_rng(p)
    for _ in range(10):
        x = sorted({F(int(v), 7) for v in rng.integers(0, 15, 5)})
        f = CPwL(x, [F(int(v), 3) for v in rng.integers(-5, 6, len(x))])
        g = CPwL([0, 1], [F(int(v), 2) for v in rng.integers(-3, 4, 2)], right_slope=1)
        ends = sorted({F(0), F(2), *(v for v in (*x, F(1)) if 0 < v < 2)})
        gaps = [(b - a, f(a) - g(a), f(b) - g(b)) for a, b in itertools.pairwise(ends)]
        assert f.lp_distance_power(g, p, 0, 2) == sum(h * power_integral(u, v, p) for h, u, v in gaps)


def test_chord_of_the_square():
    # on n equal pieces the interpolant of x^2 is off by 1 / (4 n^2), attained in the middle of each
    for n in (1, 2, 3, 7, 1000):
        f = CPwL([F(i, n) for i in range(n + 1)], [F(i * i, n * n) for i in range(n + 1)])
        found = sup_distance_to_polynomial(f, [0, 0, 1])
        assert found == Enclosure.exact(F(1, 4 * n * n))
        assert distance_to(f, X**2) == found
        # integral of (h^2/4 - t^2)^2 over each of the n pieces: h^5 / 30
        assert lp_distance_power_to_polynomial(f, [0, 0, 1], 2) == n * F(1, n) ** 5 / 30


def test_truncated_series_of_hats_is_off_by_a_quarter_power():
    # x - x^2 = sum of 4^-k H^k: after m terms the error is 4^-(m+1), attained
    partial, power = LINE, HAT
    for m in range(1, 13):
        partial = partial - power / 4**m
        power = HAT.compose(power)
        assert sup_distance_to_polynomial(partial, [0, 0, 1]) == Enclosure.exact(F(1, 4 ** (m + 1)))


def test_quadratic_turning_points_at_and_beyond_the_ends():
    assert sup_distance_to_polynomial(CPwL.affine(0), [0, -1, 1], 0, 1).lo == F(1, 4)
    assert sup_distance_to_polynomial(CPwL.affine(0), [0, -1, 1], 0, F(1, 2)).lo == F(1, 4)
    assert sup_distance_to_polynomial(CPwL.affine(0), [0, -1, 1], 0, F(1, 3)).lo == F(2, 9)
    assert sup_distance_to_polynomial(CPwL.affine(0), [0, 5], 0, 2).lo == 10
    assert sup_distance_to_polynomial(CPwL.affine(0), [], 0, 2).lo == 0
    big = 10**30
    assert sup_distance_to_polynomial(CPwL.affine(0), [0, 0, big], -1, F(1, big)).lo == big


def test_polynomials_of_higher_degree():
    # |x - x^3| is largest at 1 / sqrt(3): 2 / (3 sqrt(3))
    found = sup_distance_to_polynomial(LINE, [0, 0, 0, 1], bits=90)
    with mpmath.workdps(50):
        value = 2 / (3 * mpmath.sqrt(3))
        assert mpmath.mpf(found.lo.numerator) / found.lo.denominator <= value
        assert value <= mpmath.mpf(found.hi.numerator) / found.hi.denominator
    assert 0 < found.width <= found.lo / 2**90 and found.rigor is Rigor.ENCLOSED
    # Chebyshev's polynomial of degree 7 stays within 1, and attains it
    chebyshev = [F(int(c)) for c in reversed(sympy.Poly(sympy.chebyshevt(7, X), X).all_coeffs())]
    found = sup_distance_to_polynomial(CPwL.affine(0), chebyshev, -1, 1)
    assert 1 in found and found.width < F(1, 2**50)
    # a quartic integral, term by term: (x - x^3)^4 = x^4 - 4 x^6 + 6 x^8 - 4 x^10 + x^12
    quartic = F(1, 5) - F(4, 7) + F(6, 9) - F(4, 11) + F(1, 13)
    assert lp_distance_power_to_polynomial(LINE, [0, 0, 0, 1], 4) == quartic


EXPRESSIONS = {
    "sqrt": sympy.sqrt(X),
    "runge": 1 / (1 + 25 * X**2),
    "sin": sympy.sin(7 * X) + sympy.cos(X * sympy.pi),
    "exp": sympy.exp(-X) * (1 + X) ** sympy.Rational(1, 3),
    "abs": sympy.Abs(X - sympy.Rational(1, 3)) ** sympy.Rational(3, 2),
    "kink": sympy.Abs(sympy.sin(10 * X)),
    "max": sympy.Max(X**3, sympy.Rational(1, 5) - X, sympy.Min(X, sympy.Rational(1, 2))),
    "log": sympy.log(1 + X) * sympy.atan(3 * X) - sympy.tanh(X) + sympy.erf(X),
    "tan": sympy.tan(X) + sympy.cosh(X) - sympy.sinh(2 * X),
    "arc": sympy.asin(X) + sympy.acos(X / 2),
    "power": (1 + X) ** (X - sympy.EulerGamma),
    "weierstrass": sum(sympy.Rational(1, 2**n) * sympy.cos(3**n * sympy.pi * X) for n in range(6)),
    "pieces": sympy.Piecewise((X**2, 2 * X < 1), (1 - X, X <= 1), (0, True)),
    "teeth": sympy.frac(4 * X + sympy.Rational(1, 2)) * sympy.Float(0.1) + sympy.floor(2 * X) + sympy.ceiling(X * 5),
    "root at the right": sympy.sqrt(1 - X),
    "entropy": -X * sympy.log(X) - (1 - X) * sympy.log(1 - X),
    "root times log": 3 * sympy.sqrt(X) * sympy.log(X) + X,
    "number": sympy.sqrt(2) * X / X,
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_distance_to_expressions_against_sampling(name):
    expression = EXPRESSIONS[name]
    value = sympy.lambdify(X, expression, "mpmath")
    with mpmath.workdps(40):
        f = chords(value, [F(i, 9) for i in range(10)])
        # not up to 1, where jumps of several parts meet, which balls do not see as one
        end = 31 / 32 if name == "teeth" else 1
        found = distance_to(f, expression, 0, end, bits=40)
        lo = mpmath.mpf(found.lo.numerator) / found.lo.denominator
        hi = mpmath.mpf(found.hi.numerator) / found.hi.denominator

        corners = [mpmath.mpf(y.numerator) / y.denominator for y in f.values]

        def gap(t):
            t = mpmath.mpf(t)
            i = min(int(9 * t), 8)
            return abs(value(t) - corners[i] - (corners[i + 1] - corners[i]) * (9 * t - i))

        points = (np.arange(600) * (end / 600) + 1e-4).tolist()
        best = max(points, key=gap)
        # around the best of them, a hundred times as close
        near = max(gap(t) for t in np.clip(best + np.linspace(-2e-3, 2e-3, 201), 0, end).tolist())
        assert max(gap(best), near) <= hi * (1 + mpmath.mpf(10) ** -35)
        jumps = name in ("teeth", "pieces")
        assert jumps or abs(near - lo) <= 2e-3 * lo
    # next to a jump, balls are as wide as their 30 bits of radius say
    assert found.width <= (F(1, 2**27) if jumps else found.lo / 2**40)


def test_known_distances():
    quarter = distance_to(LINE, sympy.sqrt(X), bits=100)
    assert F(1, 4) in quarter and quarter.width < F(1, 2**100)
    # the best line of slope 1 through the ends of exp: derivative of exp(x) - 1 - (e - 1) x vanishes at log(e - 1)
    with mpmath.workdps(50):
        e = mpmath.e
        value = (e - 1) * mpmath.log(e - 1) - (e - 2)
        found = distance_to(CPwL([0, 1], [1, 2]), sympy.exp(X) - (sympy.E - 2) * X, bits=60)
        assert abs(mpmath.mpf(found.lo.numerator) / found.lo.denominator - value) < mpmath.mpf(2) ** -58
    assert distance_to(HAT, LINE) == Enclosure.exact(F(1))
    assert distance_to(CPwL.affine(0, 2), sympy.Integer(2)) == Enclosure.exact(F(0))


def test_equal_functions_are_close_to_zero():
    f = CPwL([0, F(1, 3), 1], [F(1, 3), 0, F(2, 3)])
    found = distance_to(f, sympy.Abs(X - sympy.Rational(1, 3)))
    assert found.lo == 0 and found.hi < F(1, 2**100)


def test_functions_with_a_modulus():
    found = distance_to(LINE, lambda x: x * x, modulus=2, bits=5)
    assert found.lo == F(1, 4) and found.width <= F(1, 2**7)
    root = distance_to(LINE, lambda x: arb(fmpq(x.numerator, x.denominator)).sqrt(), modulus=(1, "1/2"), bits=2)
    assert F(1, 4) in root and root.width <= F(1, 2**4)
    vague = Enclosure(lo=F(0), hi=F(1), rigor=Rigor.ENCLOSED)
    bounded = distance_to(CPwL.affine(0), lambda x: vague, modulus=lambda r: r, evaluations=100)
    assert bounded.hi >= 1 and bounded.lo == 0  # it may be 1, and it may be 0
    few = distance_to(LINE, lambda x: x * x, modulus=2, bits=40, evaluations=200)
    assert F(1, 4) in few and few.width > F(1, 10**6)  # used up, and still proved


def test_ten_thousand_pieces():
    n = 10**4
    f = CPwL(np.arange(n + 1) / n, np.sqrt(np.arange(n + 1) / n))
    found = distance_to(f, sympy.sqrt(X), bits=20)
    # on the first piece sqrt(x) - x sqrt(n) is largest at 1 / (4 n)
    assert found.lo <= F(1, 4 * 100) * (1 + F(1, 10**9)) and found.hi >= F(1, 400) * (1 - F(1, 10**9))


def test_input_is_checked():
    for bad in (sympy.log(X), 1 / X, sympy.sqrt(X - 1), 1 / (X - sympy.Rational(1, 3)), sympy.log(X - 3)):
        with pytest.raises(InputError, match="must be real and bounded"):
            distance_to(LINE, bad)
    with pytest.raises(InputError, match="has a part gamma"):
        distance_to(LINE, sympy.gamma(X + 1))
    with pytest.raises(InputError, match="must have one symbol"):
        distance_to(LINE, X + sympy.Symbol("y"))
    with pytest.raises(InputError, match="modulus"):
        distance_to(LINE, lambda x: x)
    with pytest.raises(InputError, match="condition"):
        jets_of(sympy.Piecewise((0, sympy.Eq(X, 0)), (1, True)))
    for call in (
        lambda: distance_to(LINE, "sqrt(x)"),
        lambda: distance_to(LINE, X, bits=0),
        lambda: distance_to(LINE, X, evaluations=0),
        lambda: distance_to(LINE, X, 1, 0),
        lambda: distance_to(LINE, lambda x: x, modulus=-1),
        lambda: distance_to(LINE, lambda x: x, modulus=(1, 2)),
        lambda: distance_to(LINE, lambda x: float("nan"), modulus=1),
        lambda: LINE.lp_distance_power(HAT, 0),
        lambda: LINE.lp_distance_power(HAT, 1.5),
        lambda: lp_distance_power_to_polynomial(LINE, [1], 3),
        lambda: sup_distance_to_polynomial(LINE, 3),
        lambda: LINE.sup_distance(3),
    ):
        with pytest.raises(InputError):
            call()


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_derivatives_are_limits_of_differences(name):
    node = jets_of(EXPRESSIONS[name])
    value = sympy.lambdify(X, EXPRESSIONS[name], "mpmath")
    with mpmath.workdps(60):
        h = mpmath.mpf(10) ** -15
        for t in (F(3, 16), F(11, 16)):
            p = mpmath.mpf(t.numerator) / t.denominator
            low, middle, high = (value(p + k * h) for k in (-1, 0, 1))
            expected = (middle, (high - low) / (2 * h), (high - 2 * middle + low) / h**2)
            for ball, number in zip(node(arb(fmpq(t.numerator, t.denominator)), 2), expected, strict=True):
                assert abs(float(ball.mid()) - number) <= float(ball.rad()) + 1e-9 * (1 + abs(number))
