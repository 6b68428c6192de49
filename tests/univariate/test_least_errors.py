"""Lower bounds for splines against brute force in rationals, splines at infinite slopes, and what proves nothing."""

from __future__ import annotations

import itertools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

from relutheory.core.errors import InputError
from relutheory.univariate.best_splines import best_spline
from relutheory.univariate.continuity import check_continuous
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.hoelder import hoelder_constant
from relutheory.univariate.least_errors import least_error
from relutheory.univariate.targets import as_target

X = sympy.Symbol("x")
THIRD = sympy.Rational(1, 3)


def error_of_a_line(points) -> Fraction:
    """Half of the largest distance of a point from the chord of two others, one on each side."""
    far = [abs(u + (w - u) * (b - a) / (c - a) - v) for (a, u), (b, v), (c, w) in itertools.combinations(points, 3)]
    return max(far, default=Fraction(0)) / 2


def error_of_lines(points, pieces: int) -> Fraction:
    """The least error of so many lines that need not meet and change at given points: n continuous ones may be worse.

    The error of lines that change anywhere is not larger.
    """
    count = len(points)
    one = {(i, j): error_of_a_line(points[i : j + 1]) for i, j in itertools.combinations(range(count), 2)}
    best = {0: Fraction(0)} | {j: one[0, j] for j in range(1, count)}
    for _ in range(pieces - 1):
        best = {j: min([best[j], *(max(best[i], one[i, j]) for i in range(1, j))]) for j in range(count)}
    return best[count - 1]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [1, 3])
def test_lines_that_need_not_meet_are_not_closer_than_the_bound(seed, n):
    rng = np.random.default_rng(seed)
    x = [Fraction(int(v), 64) for v in (0, *np.sort(rng.choice(np.arange(1, 64), 6, replace=False)), 64)]
    f = CPwL(x, [Fraction(int(v), 8) for v in rng.integers(-20, 20, len(x))])
    between = [a + (b - a) * Fraction(k, 2) for a, b in itertools.pairwise(x) for k in range(2)]
    points = [(p, f(p)) for p in (*between, Fraction(1))]
    best = best_spline(as_target(f), n)
    found = best.target.distance(best.spline).hi
    assert best.least_error <= error_of_lines(points, n)
    assert best.least_error <= found
    if n == 1:
        assert found <= best.least_error * (1 + Fraction(1, 1000))


@pytest.mark.parametrize(
    "triples",
    [
        [[0, 0.5, 1], [0, 0.5, 1]],
        [[0.5, 0, 1]],
        [[1, 0.5, 0]],
        [[0, 0, 0]],
        [[0, 0.5, 2]],
        [[-1, 0.5, 1]],
        [[0, np.nan, 1]],
        [[0, 1]],
        [0, 0.5, 1],
    ],
)
def test_points_that_prove_nothing_are_refused(triples):
    with pytest.raises(InputError, match=r"^triples"):
        least_error(as_target("x**2"), np.array(triples, dtype=float))


def test_the_least_bound_counts():
    # intervals may have common ends and gaps between them; chords of x^2 on [a, b] are (b - a)^2 / 4 from it
    triples = np.array([[0, 0.125, 0.25], [0.25, 0.5, 0.75], [0.875, 0.9375, 1]])
    assert least_error(as_target("x**2"), triples) == Fraction(1, 8 * 64)
    assert least_error(as_target("x**2"), np.empty((0, 3))) == 0


def test_a_function_that_is_real_in_floats_only():
    tenth = sympy.Rational(1, 10)
    f = as_target(sympy.sqrt(sympy.Max(X, tenth) - tenth - sympy.Rational(1, 10**20)))
    with pytest.raises(InputError, match=r"^f = .* must be real"):
        assert best_spline(f, 3).least_error


@pytest.mark.parametrize(("power", "n"), [(0.05, 30), (0.01, 10), (0.01, 100)])
def test_knots_go_as_near_to_an_infinite_slope_as_it_takes(power, n):
    best = best_spline(as_target(f"x**{power}"), n)
    x = np.concatenate([[0.0], np.geomspace(1e-320, 1, 100_000)])
    error = np.abs(best.target.floats(x) - best.spline.evaluate(x)).max()
    assert error <= 1.2 * float(best.least_error)


def test_cases_need_not_meet():
    jump = sympy.Piecewise((X, X < THIRD), (X + sympy.Rational(1, 1000), True))
    for f in (jump, sympy.Max(jump, X / 2), X + sympy.floor(3 * X) / 1000, X + sympy.sign(X - THIRD) / 1000):
        assert hoelder_constant(as_target(f)) is None
    M, alpha = hoelder_constant(as_target(sympy.Abs(X - THIRD) + sympy.Max(X, 1 - 2 * X)))
    assert alpha == 1 and 3 <= M <= 3 * (1 + Fraction(1, 100))


def test_a_function_too_steep_for_floats_is_not_said_to_jump():
    with pytest.raises(InputError, match="continuous as far as floats tell"):
        as_target("x**(1/1000)")
    check_continuous("f", lambda x: x**0.02, np.linspace(0, 1, 99), None)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sin(x) ** 2 + np.cos(x) ** 2,  # 1, but for rounding
        lambda x: 1e10 + 1e-6 * x,  # less than a unit in the last place
        lambda x: 1.7e308 * np.sin(9 * x),  # the range of values overflows
        lambda x: x + 0j,
    ],
)
def test_rounding_and_huge_values_are_no_jumps(f):
    values = as_target(f).floats(np.array([0.0, 0.5, 1.0]))
    assert values.dtype == np.float64 and (values == f(np.array([0.0, 0.5, 1.0]))).all()


def test_jumps_of_huge_functions_are_seen():
    with pytest.raises(InputError, match="must be continuous"):
        as_target(lambda x: np.where(x > 1 / 3, 1.7e308, -1.7e308))


@pytest.mark.parametrize("f", [lambda x: 1 / 0, lambda x: np.emath.sqrt(x - 0.5), lambda x: x + 1e-300j, lambda x: "a"])
def test_functions_that_fail_or_are_not_real(f):
    with pytest.raises(InputError, match="must map float arrays to real ones"):
        as_target(f)


def test_values_that_no_rational_of_bearable_length_bounds_are_taken_for_0():
    f = as_target("x**2+exp(-(10**5*(x-1/3))**2)/1000")
    low, high = f.enclosed(Fraction(9, 10))
    assert low <= Fraction(81, 100) <= high and high - low < Fraction(1, 10**50)
    low, high = as_target("exp(-10**9*x)").enclosed(Fraction(1))
    assert low <= 0 < high < Fraction(1, 2**1999)
    bound = best_spline(f, 4).least_error  # that of x^2 is 1/128, and f is at most 1/1000 from it
    assert Fraction(1, 128) - Fraction(1, 1000) < bound <= Fraction(1, 128) + Fraction(1, 1000)


def test_values_of_large_functions_are_enclosed_to_more_than_the_digits_of_floats():
    low, high = as_target("10**12+exp(x)/3").enclosed(Fraction(1))
    assert high - low < Fraction(1, 10**40)
    with mpmath.workdps(60):
        exact = 10**12 + mpmath.e / 3
        assert mpmath.mpf(low.numerator) / low.denominator <= exact <= mpmath.mpf(high.numerator) / high.denominator


def test_functions_that_only_scipy_has_in_floats():
    f = as_target(sympy.erf(3 * X))
    assert f.floats(np.array([0.5])).tolist() == pytest.approx([0.9661051464753108], abs=1e-14)
