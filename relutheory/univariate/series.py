"""Polynomials: the coefficients of a target that is one, and the networks of width 3 for those of degree 2."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from relutheory.univariate.constructions.building import Builder
from relutheory.univariate.constructions.hats import sawtooth, sawtooth_neurons
from relutheory.univariate.constructions.result import EXACT, Construction, checked_count
from relutheory.univariate.targets import Target

_DEGREE = 12  # of the polynomials for which networks are made


def quadratic_network(a: Any, b: Any, c: Any, depth: int) -> Construction:
    """a x^2 + b x + c on [0, 1] up to |a| 4^-(L + 1), L = depth, at width 3.

    With the hat function H, x - x^2 is the sum of 4^-k H^k(x) over k >= 1; the network starts with (a + b) x + c and
    takes a times the first L terms away.  Its values are those of the polynomial at i / 2^L.
    Source: daubechies2022 (for x^2).

    >>> made = quadratic_network(1, -1, "1/4", 2)
    >>> made.width, made.depth, made.error, made("1/2")
    (3, 2, Fraction(1, 64), Fraction(0, 1))
    """
    L = checked_count(depth, "depth")
    a, b, c = (Fraction(v) for v in (a, b, c))
    builder = Builder()
    (x,) = builder.inputs
    low = c + min(b, Fraction(0)) + min(a, Fraction(0))
    y, collected = x, (a + b) * x + c
    for k in range(1, L + 1):
        neurons, (collected,) = builder.relu(sawtooth_neurons(y), [(collected, low)])
        y = sawtooth(neurons)
        collected = collected - a * Fraction(1, 4**k) * y
    return Construction(
        network=builder.network(collected),
        target="a quadratic polynomial by powers of the hat",
        error=abs(a) * Fraction(1, 4 ** (L + 1)),
        error_kind=EXACT,
    )


def quadratic_depth(a: Fraction, error: Fraction) -> int:
    """The least depth L >= 1 with |a| 4^-(L + 1) <= error, both positive.

    >>> [quadratic_depth(Fraction(1), Fraction(v)) for v in ("1/16", "1/17", "1/64", "9")]
    [1, 2, 2, 1]
    """
    ratio = -(-abs(a) // error)  # 4^(L + 1) is at least the ratio where it is at least the next integer
    return max(((ratio - 1).bit_length() + 1) // 2 - 1, 1)


def polynomial_coefficients(target: Target) -> list[Fraction] | None:
    """The coefficients from degree 0 on of a target that is a polynomial with rational coefficients, else None."""
    if target.expression is None:
        return None
    import sympy

    symbol = sympy.Symbol("x", real=True)
    if not target.expression.is_polynomial(symbol):
        return None
    coefficients = sympy.Poly(target.expression, symbol).all_coeffs()[::-1]
    if len(coefficients) > _DEGREE + 1 or not all(v.is_Rational for v in coefficients):
        return None
    return [Fraction(int(v.p), int(v.q)) for v in coefficients]
