"""Networks for polynomials and analytic functions: quadratic ones at width 3, others by products at width 7."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from relutheory.core.errors import InputError
from relutheory.univariate.constructions.building import Builder
from relutheory.univariate.constructions.hats import sawtooth, sawtooth_neurons
from relutheory.univariate.constructions.result import EXACT, Construction, checked_count
from relutheory.univariate.targets import Target

_DEGREE = 12  # of the polynomials for which networks are made
_DEEPEST = 400  # layers
_SMALL = Fraction(1, 10**6)  # errors from here on are worth a network by polynomials


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


def networks(target: Target) -> Iterator[Construction]:
    """Networks for a polynomial, of growing size and falling error; none for other targets."""
    coefficients = polynomial_coefficients(target)
    if coefficients is None or len(coefficients) < 3:
        return
    if len(coefficients) == 3:
        c, b, a = coefficients
        for depth in range(1, _DEEPEST):
            yield quadratic_network(a, b, c, depth)
        return
    from relutheory.univariate.constructions.polynomials import polynomial_network

    for k in range(1, _DEEPEST):
        yield polynomial_network(coefficients, Fraction(1, 2**k))


def series_for_parameters(target: Target, budget: int) -> list[Construction]:
    """The last of the networks for a polynomial with at most so many parameters, in a list."""
    best: list[Construction] = []
    for made in networks(target):
        if made.parameters > budget:
            break
        best = [made]
    return best


def series_for_error(target: Target, goal: Fraction) -> list[Construction]:
    """The first of the networks for a polynomial whose error is at most the goal, in a list.

    For other expressions and small goals a network by Chebyshev polynomials, where the function is proved analytic.
    """
    if target.expression is not None and goal <= _SMALL and polynomial_coefficients(target) is None:
        from relutheory.univariate.constructions.polynomials import analytic_network

        try:
            return [analytic_network(target.expression, goal)]
        except InputError:
            return []  # it is not analytic near [0, 1], or not known to be
    for made in networks(target):
        error = made.error if isinstance(made.error, Fraction) else made.error.hi
        if error <= goal:
            return [made]
    return []
