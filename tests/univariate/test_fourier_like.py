"""The waves C_k, S_k: against their definition, Fourier series, and spectra by numpy."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import gcd

import mpmath
import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.univariate.constructions import (
    fourier_like,
    fourier_like_sum,
    gram_matrix,
    gram_spectrum,
    inner_products,
    riesz_bounds,
)


def C(x: Fraction) -> Fraction:
    return abs(4 * (x % 1) - 2) - 1


@pytest.mark.parametrize("k", [1, 2, 3, 4, 7, 8, 100, 12345, 10**25])
def test_they_are_the_waves(k: int) -> None:
    cosine, sine = fourier_like(k)
    for i in range(33):
        for x in (Fraction(i, 32), Fraction(i, 32 * k) % 1, Fraction(i, 37)):
            assert cosine(x) == C(k * x)
            assert sine(x) == C(k * x - Fraction(1, 4))
    assert cosine.width == sine.width == 2


def test_depths() -> None:
    assert [fourier_like(k)[0].depth for k in (1, 2, 3, 4, 5, 8, 9)] == [1, 2, 3, 3, 4, 4, 5]
    assert [fourier_like(k)[1].depth for k in (1, 2, 3, 4, 5, 7, 8)] == [2, 3, 3, 4, 4, 4, 5]


def test_sums() -> None:
    made = fourier_like_sum({1: "1/3", 6: -2}, {3: 5, 2: 0, 1: "1/7"}, "-1/2")
    assert (made.width, made.error) == (4, 0)
    assert made.depth == sum(fourier_like(k)[0].depth for k in (1, 6)) + sum(fourier_like(k)[1].depth for k in (3, 1))
    for i in range(61):
        x = Fraction(i, 60)
        value = C(x) / 3 - 2 * C(6 * x) + 5 * C(3 * x - Fraction(1, 4)) + C(x - Fraction(1, 4)) / 7 - Fraction(1, 2)
        assert made(x) == value


def test_an_empty_sum_is_its_constant() -> None:
    made = fourier_like_sum({}, {5: 0}, 3)
    assert made("1/3") == 3 and made.parameters == 2


@pytest.mark.parametrize(("k", "l"), [(1, 1), (3, 9), (5, 15), (6, 10), (3, 7), (1, 2), (12, 20), (45, 75)])
def test_inner_products_are_those_of_the_fourier_series(k: int, l: int) -> None:
    # C_k = sum over odd j of 8 / (pi j)^2 cos(2 pi j k x), S_k with chi(j) sin(2 pi j k x)
    g = gcd(k, l)
    steps = [(l // g * r, k // g * r) for r in range(1, 4001)]
    common = [(j, i) for j, i in steps if j % 2 and i % 2]
    chi = {1: 1, 3: -1}
    with mpmath.workdps(30):
        unit = 32 / mpmath.pi**4
        cosines = unit * mpmath.fsum(mpmath.mpf(1) / (j * i) ** 2 for j, i in common)
        sines = unit * mpmath.fsum(mpmath.mpf(chi[j % 4] * chi[i % 4]) / (j * i) ** 2 for j, i in common)
    for series, exact in zip((cosines, sines), inner_products(k, l), strict=True):
        assert abs(float(series) - float(exact)) < 1e-10


def test_both_gram_matrices_have_one_spectrum() -> None:
    ks = [1, 2, 3, 5, 6, 9, 15]
    cosines = np.array([[float(inner_products(k, l)[0]) for l in ks] for k in ks])
    sines = np.array([[float(inner_products(k, l)[1]) for l in ks] for k in ks])
    assert not np.array_equal(cosines, sines)
    assert np.allclose(np.linalg.eigvalsh(cosines), np.linalg.eigvalsh(sines), atol=1e-14)


@pytest.mark.parametrize("indices", [[1], [7, 21], list(range(1, 31)), [3**i for i in range(20)], [2, 6, 18, 4, 12]])
def test_spectra_are_those_of_numpy_and_within_the_bounds(indices: list[int]) -> None:
    least, largest = gram_spectrum(indices)
    values = np.linalg.eigvalsh(np.array([[float(v) for v in row] for row in gram_matrix(indices)]))
    assert float(least.lo) - 1e-12 <= values[0] <= float(least.hi) + 1e-12
    assert float(largest.lo) - 1e-12 <= values[-1] <= float(largest.hi) + 1e-12
    A, B = riesz_bounds()
    assert A < least.lo <= largest.hi < B


def test_more_waves_widen_the_spectrum() -> None:
    ends = [gram_spectrum(range(1, K + 1)) for K in (1, 3, 9, 27, 81)]
    for (low, high), (lower, higher) in pairwise(ends):
        assert lower.lo <= low.hi and high.lo <= higher.hi
        assert lower.hi < low.lo and high.hi < higher.lo


def test_products_of_powers_come_near_the_bounds() -> None:
    # eigenvalues of a tensor product multiply; r = p^-2, and long Toeplitz matrices
    low = high = 1 / 3
    for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47):
        T = np.array([[float(p) ** (-2 * abs(i - j)) for j in range(60)] for i in range(60)])
        values = np.linalg.eigvalsh(T)
        low, high = low * values[0], high * values[-1]
    assert 2 / 9 < low < 0.2245 and 0.495 < high < 1 / 2


@pytest.mark.slow
def test_the_published_prototype_of_1200_waves() -> None:
    odd = [[float(v) for v in row] for row in gram_matrix(range(1, 1201, 2))]
    values = np.linalg.eigvalsh(np.array(odd))
    assert (round(values[0], 4), round(values[-1], 4)) == (0.2550, 0.4317)


def test_the_bounds_are_the_euler_products() -> None:
    with mpmath.workdps(30):
        product = mpmath.zeta(4) / mpmath.zeta(2) ** 2 / (mpmath.mpf(3) / 5)
        A, B = riesz_bounds()
        assert abs(product / 3 - mpmath.mpf(A.numerator) / A.denominator) < mpmath.mpf(10) ** -28
        assert abs(1 / (3 * product) - mpmath.mpf(B.numerator) / B.denominator) < mpmath.mpf(10) ** -28


@pytest.mark.parametrize(
    "call",
    [
        lambda: fourier_like(0),
        lambda: fourier_like(1.5),  # type: ignore[arg-type]
        lambda: fourier_like_sum({0: 1}),
        lambda: fourier_like_sum({1: float("inf")}),
        lambda: gram_spectrum([]),
        lambda: gram_spectrum([1, 1]),
        lambda: gram_matrix([-3]),
        lambda: inner_products(1, 0),
        lambda: inner_products(np.array([1, 3]), 1),  # type: ignore[arg-type]
        lambda: fourier_like_sum([1, 2]),  # type: ignore[arg-type]
        lambda: fourier_like_sum({1: 1}, 0.5),  # type: ignore[arg-type]
        lambda: fourier_like_sum({1: 1}, np.array([1, 2])),  # type: ignore[arg-type]
        lambda: gram_matrix(3),  # type: ignore[arg-type]
        lambda: gram_matrix(np.array([[1, 3]])),  # type: ignore[arg-type]
    ],
)
def test_bad_input(call: object) -> None:
    with pytest.raises(InputError) as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
