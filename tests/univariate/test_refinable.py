"""Refinable functions: B-splines by their pieces, Daubechies' function by published values, cascades by convolution."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from relutheory.core.errors import InputError
from relutheory.univariate.constructions import b_spline_coefficients, daubechies4_coefficients, refinable_network
from relutheory.univariate.constructions.cascade import Cascade, cascade_of
from relutheory.univariate.cpwl import CPwL


def b_spline(N: int, x: Fraction) -> Fraction:
    """By the truncated powers: sum of (-1)^j C(N, j) (x - j)_+^(N - 1) / (N - 1)!."""
    total = sum((-1) ** j * int(sp.binomial(N, j)) * max(x - j, Fraction(0)) ** (N - 1) for j in range(N + 1))
    return Fraction(total) / int(sp.factorial(N - 1))


@pytest.mark.parametrize(("N", "n"), [(2, 1), (2, 8), (3, 1), (3, 6), (4, 5), (5, 4)])
def test_b_splines(N: int, n: int) -> None:
    made = refinable_network(b_spline_coefficients(N), n)
    assert (made.width, made.domain) == (6 * N + 9, (0, N))
    for x in [Fraction(i * N, 23) for i in range(24)] + [Fraction(i, 2**n) for i in range(0, N * 2**n, 2**n // 2 + 1)]:
        assert abs(made(x) - b_spline(N, x)) <= made.error


def test_beside_dyadic_points_the_middle_value_is_right() -> None:
    made = refinable_network(b_spline_coefficients(3), 4)
    tiny = [Fraction(s, 2**e) for e in (7, 10, 13, 16, 20, 24, 28, 32, 36, 60) for s in (-3, -1, 1)]
    for i in (1, 8, 16, 24, 33):
        for step in tiny:
            x = Fraction(i, 16) + step
            assert abs(made(x) - b_spline(3, x)) <= made.error


def test_it_is_the_iterate_up_to_the_ramps_everywhere() -> None:
    n, cascade = 2, Cascade(b_spline_coefficients(3))
    made = refinable_network(cascade.coefficients, n)
    values = cascade.dyadic_values(n)
    iterate = CPwL([Fraction(i, 2**n) for i in range(len(values))], values)
    assert made.function.sup_distance(iterate, 0, 3) <= made.error - cascade.error(n)


# phi of four coefficients with two vanishing moments, at the halves: Daubechies (1992)
ROOT = float(np.sqrt(3))
PUBLISHED = {"1/2": (2 + ROOT) / 4, "1": (1 + ROOT) / 2, "3/2": 0, "2": (1 - ROOT) / 2, "5/2": (2 - ROOT) / 4}


@pytest.mark.parametrize("x", PUBLISHED)
def test_daubechies_at_the_halves(x: str) -> None:
    made = refinable_network(daubechies4_coefficients(), 8)
    assert abs(float(made(x)) - PUBLISHED[x]) < 1e-8


def test_daubechies_everywhere_within_the_bound() -> None:
    r = np.sqrt(3)
    c = np.array([1 + r, 3 + r, 3 - r, 1 - r]) / 4
    # 12 levels by convolution, from the values at the integers
    values = np.array([0, (1 + r) / 2, (1 - r) / 2, 0])
    for level in range(12):
        kernel = np.zeros(3 * 2**level + 1)
        kernel[:: 2**level] = c
        values = np.convolve(values, kernel)[: 3 * 2 ** (level + 1) + 1]
    for n in (2, 10):
        made = refinable_network(daubechies4_coefficients(), n)
        for i in range(0, 3 * 2**12, 511):
            assert abs(float(made(Fraction(i, 2**12))) - values[i]) <= float(made.error) + 1e-12


def test_dyadic_values_by_convolution() -> None:
    cascade = Cascade(tuple(map(Fraction, ("3/5", "5/4", "2/5", "-1/4"))))
    values = np.array([float(v) for v in cascade.start])
    c = np.array([float(v) for v in cascade.coefficients])
    for level in range(5):
        kernel = np.zeros(3 * 2**level + 1)
        kernel[:: 2**level] = c
        values = np.convolve(values, kernel)[: 3 * 2 ** (level + 1) + 1]
    assert np.allclose([float(v) for v in cascade.dyadic_values(5)], values, atol=1e-13)


def test_the_bound_falls_at_the_rate() -> None:
    cascade = cascade_of(daubechies4_coefficients(), 80)
    assert 0.683 < cascade.rate < 0.74  # the joint spectral radius is (1 + sqrt 3) / 4 = 0.683
    errors = [cascade.error(n) for n in (0, 8, 16, 24, 32)]
    assert all(later <= cascade.contraction[1] * now for now, later in pairwise(errors))
    # and it is a bound: what two levels far apart differ by
    fine, coarse = cascade.dyadic_values(7), cascade.dyadic_values(3)
    between = [
        abs(fine[i] - (coarse[i // 16] * (16 - i % 16) + coarse[min(i // 16 + 1, 24)] * (i % 16)) / 16)
        for i in range(len(fine))
    ]
    assert max(between) <= cascade.error(3)


def test_rounded_coefficients_keep_the_sum_rules_and_the_limit() -> None:
    rough, fine = cascade_of(daubechies4_coefficients(), 30), cascade_of(daubechies4_coefficients(), 120)
    assert sum(rough.coefficients[::2]) == sum(rough.coefficients[1::2]) == 1
    moved = max(abs(a - b) for a, b in zip(rough.dyadic_values(5), fine.dyadic_values(5), strict=True))
    assert 0 < moved <= rough.rounding_error() + fine.rounding_error() < Fraction(1, 10**5)


def test_depth_is_linear_in_n() -> None:
    depths = [refinable_network(b_spline_coefficients(2), n).depth for n in (1, 11, 21)]
    assert depths[2] - depths[1] == depths[1] - depths[0] == 20


@pytest.mark.parametrize(
    ("c", "text"),
    [
        ([1, 1], "from 3 to 40"),
        (["1/2", 1, "1/3"], "add up to 1"),
        ([1, 1, 0, 0], "one solution"),
        ([2, "1/2", -1, "1/2"], "converge"),
        ([sp.sqrt(2), 1, 1 - sp.sqrt(3)], "add up to 1"),
        (["x", 1, 1], "decimal"),
        # with a symbol read as 0 these would be the hat's
        ([sp.Rational(1, 2) + sp.Symbol("a"), 1, sp.Rational(1, 2) - sp.Symbol("a")], r"coefficients\[0\] = a \+ 1/2"),
        ([1, sp.I, 0, 1 - sp.I], r"coefficients\[1\] = I: must be a real number"),
        ([sp.oo, 1, 1], r"coefficients\[0\] = oo"),
        ([sp.sqrt(2), "one", 1], r"coefficients\[1\]"),
        (3, "must be a sequence"),
        (np.array(3), "must be a sequence"),
    ],
)
def test_bad_coefficients(c: list, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        refinable_network(c, 2)
    assert "\n" not in str(caught.value)


def test_too_few_bits_are_refused() -> None:
    with pytest.raises(InputError, match="bits"):
        refinable_network(daubechies4_coefficients(), 3, bits=8)
