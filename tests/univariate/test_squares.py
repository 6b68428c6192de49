"""x^2, products, polynomials and analytic functions: exact errors, and values against 50 digits."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

from relutheory.core.errors import InputError
from relutheory.univariate.constructions import (
    Construction,
    analytic_network,
    polynomial_network,
    product_network,
    square_network,
)
from relutheory.univariate.constructions.analytic import bound_on_ellipse, interpolant
from relutheory.univariate.constructions.balls import ball_function
from relutheory.univariate.constructions.polynomials import _terms

X = sp.Symbol("x")


@pytest.mark.parametrize("L", [1, 2, 3, 8])
def test_the_square_is_the_interpolant_at_dyadic_points(L: int) -> None:
    made, h = square_network(L), Fraction(1, 2**L)
    assert (made.width, made.depth, made.error) == (3, L, Fraction(1, 4 ** (L + 1)))
    f = made.function
    for i in range(2**L + 1):
        assert f(i * h) == (i * h) ** 2
        assert (
            f((i + Fraction(1, 3)) * h) == (Fraction(2, 3) * i**2 + Fraction(1, 3) * (i + 1) ** 2) * h**2 or i == 2**L
        )
    middles = [f((2 * i + 1) * h / 2) - ((2 * i + 1) * h / 2) ** 2 for i in range(2**L)]
    assert set(middles) == {made.error}


def test_the_pieces_of_deep_squares_are_listed_by_64_bit_integers() -> None:
    f, h = square_network(18).function, Fraction(1, 2**18)
    assert f.pieces == 2**18 + 2
    for i in (0, 1, 2, 12345, 2**17, 2**18 - 1):
        assert f(i * h) == (i * h) ** 2
        assert f((i + Fraction(1, 2)) * h) == (i * h) ** 2 + i * h**2 + h**2 / 2
    assert not f._graph.y.wide  # 40 times as slow where it is


@pytest.mark.parametrize("L", [19, 20, 21, 22, 45])
def test_where_the_sum_is_no_longer_doubled(L: int) -> None:
    made = square_network(L)
    for x in (Fraction(1, 3), Fraction(5, 7), Fraction(1), Fraction(3, 2 ** (L + 1))):
        y = x * 2**L % 1
        assert made(x) - x**2 == y * (1 - y) / Fraction(4) ** L
    assert abs(made.network.forward([0.3])[0] - 0.09) < 4.0 ** -min(L, 25)


def test_a_square_of_depth_300_is_exact_in_rationals() -> None:
    made, x = square_network(300), Fraction(1, 3)
    y = x * 2**300 % 1
    assert made(x) - x**2 == y * (1 - y) / Fraction(4) ** 300
    # float64 has no room for the error, 1e-181, but none for a wrong answer either
    assert abs(made.network.forward([1 / 3])[0] - 1 / 9) < 1e-15


@pytest.mark.parametrize(("L", "M"), [(1, 1), (2, 1), (5, 1), (4, 3), (3, Fraction(1, 7)), (6, 10**9)])
def test_products(L: int, M: Fraction) -> None:
    made, M = product_network(L, M), Fraction(M)
    assert (made.width if L > 1 else 5, made.depth, made.error) == (5, L, M**2 / 4**L)
    worst = Fraction(0)
    grid = [M * Fraction(i, 2**L) for i in range(-(2**L), 2**L + 1, max(1, 2**L // 4))] + [M / 2**L, M / 3]
    for x in grid:
        for y in grid:
            off = made(x, y) - x * y
            worst = max(worst, abs(off))
            assert abs(off) <= made.error
        assert made(x, 0) == made(0, x) == 0
    assert worst == made.error


@pytest.mark.parametrize(
    ("coefficients", "basis"),
    [
        ([3], "monomial"),
        ([1, -2], "monomial"),
        ([0, 0, 1], "monomial"),
        ([1, 0, -2, 1], "monomial"),
        ([Fraction(1, 3), -5, 0, 0, 7, 1], "monomial"),
        ([0] * 12 + [1], "chebyshev"),
        ([1, 1, 1, 1], "chebyshev"),
        ([1e-8, 1e8, -1e8], "monomial"),
    ],
)
def test_polynomials(coefficients: list, basis: str) -> None:
    error = Fraction(1, 10**5)
    made = polynomial_network(coefficients, error, basis)
    c = [Fraction(v) for v in coefficients]
    assert made.error <= error
    for i in range(0, 41, 4):
        x = Fraction(i, 40)
        if basis == "monomial":
            value = sum(v * x**k for k, v in enumerate(c))
        else:
            value = sum(v * Fraction(str(sp.chebyshevt(k, sp.Rational(2 * i - 40, 40)))) for k, v in enumerate(c))
        assert abs(made(x) - value) <= made.error
    assert made.width <= 7


def test_the_bound_of_a_polynomial_is_not_far_off() -> None:
    made = polynomial_network([0, 0, 0, 1], "1/1000")
    f = made.function
    points = sorted({*(x for x in f.breakpoints), *(Fraction(i, 512) for i in range(513))})
    worst = max(abs(f(x) - x**3) for x in points)
    assert made.error / 30 < worst <= made.error


@pytest.mark.parametrize(
    ("f", "error"),
    [
        (sp.exp(X), "1e-3"),
        (sp.exp(X), "1e-17"),
        (sp.sin(9 * X), "1e-6"),
        (sp.log(1 + X), "1e-9"),
        (1 / (1 + 4 * X**2), "1e-6"),
        (sp.sqrt(X + sp.Rational(1, 4)), "1e-6"),
        (X**4 - X, "1e-8"),
        (sp.Integer(2), "1e-3"),
        (sp.asinh(X), "1e-5"),
        (sp.atan(2 * X), "1e-4"),
        (sp.acos(X / 3) + sp.asin(X / 2), "1e-5"),
        (sp.atanh(X / 2), "1e-4"),
    ],
)
def test_analytic_functions(f: sp.Expr, error: str) -> None:
    made = analytic_network(f, error)
    assert made.error <= Fraction(error)
    g = sp.lambdify(X, f, "mpmath")
    with mpmath.workdps(50):
        for i in range(0, 21, 7):
            value = made(Fraction(i, 20))
            off = abs(mpmath.mpf(value.numerator) / value.denominator - g(mpmath.mpf(i) / 20))
            bound = Fraction(made.error) if isinstance(made.error, Fraction) else made.error.hi
            assert off <= mpmath.mpf(bound.numerator) / bound.denominator


def test_the_depth_of_an_analytic_function_grows_like_the_square_of_the_digits() -> None:
    depths = [analytic_network(sp.log(2 + X), Fraction(1, 10**k)).depth for k in (4, 8, 16)]
    assert depths[1] < 5 * depths[0] and depths[2] < 5 * depths[1]


@pytest.mark.parametrize(("scale", "share"), [(1, 4), (4, 1), (5, 1), (16, 1), (17, 1), (2**40, 3), (1, 10**40)])
def test_squares_have_as_few_terms_as_their_share_allows(scale: int, share: int) -> None:
    m = _terms(Fraction(scale), Fraction(1, share))
    assert scale * Fraction(1, 4 ** (m + 1)) <= Fraction(1, share)
    assert m == 0 or scale * Fraction(1, 4**m) > Fraction(1, share)


def test_errors_of_any_size_are_shown() -> None:
    small = square_network(1).network
    for error, text in (
        (3 * Fraction(1, 10**5000), "3e-5000"),
        (Fraction(10**6000, 7), "1.43e5999"),
        (Fraction(1, 8), "1/8"),
    ):
        made = Construction(network=small, target="x^2", error=error, error_kind="exact")
        assert repr(made).endswith(f"error {text}, exact)")
    assert repr(analytic_network(sp.Integer(0), 1)).endswith("error 0, exact)")


def test_ellipses() -> None:
    # on the ellipse of radius r around [0, 1], exp is largest at its right end
    bound = bound_on_ellipse(ball_function(sp.exp(X)), Fraction(2))
    top = np.exp(0.5 + (2 + 0.5) / 4)
    assert bound is not None and top <= bound < 1.5 * top
    # 1 / (x - a) has its pole outside up to a radius, and no farther
    pole = 1 / (X + sp.Rational(1, 8))
    assert bound_on_ellipse(ball_function(pole), Fraction("1.9")) is not None
    assert bound_on_ellipse(ball_function(pole), Fraction("2.1")) is None
    # the cut of the square root counts like a pole, although the values near it are finite
    assert bound_on_ellipse(ball_function(sp.sqrt(X + sp.Rational(1, 8))), Fraction("2.1")) is None


def test_the_interpolant_is_that_of_numpy() -> None:
    c, off = interpolant(sp.exp(X), Fraction(1, 10**10))
    assert off <= Fraction(1, 10**10)
    fitted = np.polynomial.Chebyshev.interpolate(lambda x: np.exp(x), 25, domain=[0, 1]).coef
    assert np.allclose([float(v) for v in c], fitted[: len(c)], atol=1e-10)


@pytest.mark.parametrize(
    "f",
    [
        sp.sqrt(X),
        sp.asin(X),
        sp.atanh(X + 1),
        sp.Abs(X - sp.Rational(1, 2)),
        1 / (X - sp.Rational(1, 3)),
        sp.log(X),
    ],
)
def test_functions_that_are_not_analytic_are_refused(f: sp.Expr) -> None:
    with pytest.raises(InputError, match="analytic"):
        analytic_network(f, "1e-3")


@pytest.mark.parametrize(
    "call",
    [
        lambda: square_network(0),
        lambda: square_network(10**5),
        lambda: polynomial_network(3, 1),
        lambda: polynomial_network("123", 1),
        lambda: polynomial_network([1], 1, np.array(["monomial", "chebyshev"])),
        lambda: polynomial_network([1] * 4, Fraction(1, 10**9999)),
        lambda: analytic_network("x", 1),
        lambda: analytic_network("exp(", 1),
        lambda: analytic_network("__import__('os').getcwd()", 1),
        lambda: analytic_network(object(), 1),
        lambda: analytic_network(lambda x: x, 1),
        lambda: product_network(2, 0),
        lambda: product_network(2, float("nan")),
        lambda: polynomial_network([], 1),
        lambda: polynomial_network([1, 2], 0),
        lambda: polynomial_network([1], 1, "b"),
        lambda: analytic_network(sp.exp(X), -1),
        lambda: analytic_network(sp.gamma(X), 1),
        lambda: analytic_network(sp.exp(X) + sp.Symbol("y"), 1),
    ],
)
def test_bad_input(call: object) -> None:
    with pytest.raises(InputError) as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
