"""Polynomials, and analytic functions by them: every product of the recurrence by two squares."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.networks.layers import ReLUNetwork
from relutheory.univariate.constructions.building import Builder
from relutheory.univariate.constructions.result import BOUND, EXACT, Construction
from relutheory.univariate.constructions.squares import signed_halves, square_difference


def polynomial_network(coefficients: Sequence[Number], error: Number, basis: str = "monomial") -> Construction:
    """A polynomial on [0, 1] up to `error`, at width 7.

    p = sum a_j x^j by Horner's rule, b_k = a_k + x b_{k+1}; or p = sum a_j T_j(t), t = 2x - 1, by Clenshaw's, b_k =
    a_k + 2 t b_{k+1} - b_{k+2} (with t b_1 once for k = 0).  A product that is off by e in step k makes this the exact
    step for a_k + e: errors do not grow, they add up.

    coefficients : a_0, a_1, ...  error : positive.  basis : "monomial" or "chebyshev" (T_j, shifted to [0, 1]).
    Returns a `Construction` with a proved bound <= error, of depth about (degree - 1) log4(1 / error).  Raises
    InputError for other arguments.

    Source: Yarotsky (2017), for polynomials by products; the bookkeeping of errors is this package's own.

    >>> cubic = polynomial_network([1, 0, -2, 1], "1/1000")
    >>> cubic.width, cubic.depth, cubic.error <= Fraction(1, 1000)
    (7, 15, True)
    >>> abs(cubic("1/3") - Fraction(22, 27)) <= cubic.error
    True
    """
    given = [rational(v, f"coefficients[{i}]") for i, v in enumerate(coefficients)]
    goal = rational(error, "error")
    if not given:
        reject("coefficients", coefficients, "must be at least one")
    if goal <= 0:
        reject("error", error, "must be positive")
    if basis not in ("monomial", "chebyshev"):
        reject("basis", basis, 'must be "monomial" or "chebyshev"')
    while len(given) > 1 and not given[-1]:
        given.pop()
    network, found = _recurrence(given, goal, chebyshev=basis == "chebyshev")
    return Construction(
        network=network,
        target=f"a polynomial of degree {len(given) - 1}",
        error=found,
        error_kind=BOUND if found else EXACT,
    )


def _recurrence(a: Sequence[Fraction], goal: Fraction, *, chebyshev: bool) -> tuple[ReLUNetwork, Fraction]:
    """The network of Horner's or Clenshaw's rule, and the sum of the errors of its products."""
    builder = Builder()
    _, (x,) = builder.relu([], [(builder.inputs[0], 0)])
    degree = len(a) - 1
    t = 2 * x - 1 if chebyshev else x
    now, before, total = 0 * x + a[degree], 0 * x, Fraction(0)
    if degree >= 1:
        factor = 2 if chebyshev and degree > 1 else 1
        now, before = factor * a[degree] * t + a[degree - 1], now
    share = goal / max(degree - 1, 1)
    for k in range(degree - 2, -1, -1):
        size, older = _bound(a, k + 1, share, chebyshev), _bound(a, k + 2, share, chebyshev)
        scale = size * (2 if chebyshev and k else 1)
        terms = _terms(scale, share)
        total += scale / 4 ** (terms + 1)
        fresh = a[k] - before if chebyshev else 0 * before + a[k]
        low = a[k] - (older if chebyshev else 0)
        halves, (fresh, x, now) = builder.relu(
            signed_halves(t, now * (1 / size), Fraction(1)), [(fresh, low), (x, 0), (now, -size)]
        )
        after, (x, now) = square_difference(
            builder, halves, terms, fresh, low - scale, scale, [(x, Fraction(0)), (now, -size)]
        )
        now, before = after, now
        t = 2 * x - 1 if chebyshev else x
    return builder.network(now), total


def _bound(a: Sequence[Fraction], k: int, share: Fraction, chebyshev: bool) -> Fraction:
    """A power of 2 that bounds b_k = sum_{j >= k} a_j U_{j-k}(t), or a_j t^(j-k), for coefficients within `share`."""
    total = sum(((abs(v) + share) * (i + 1 if chebyshev else 1) for i, v in enumerate(a[k:])), Fraction(0))
    power = Fraction(1)
    while power < total:
        power *= 2
    while power / 2 >= total > 0:
        power /= 2
    return power


def _terms(scale: Fraction, share: Fraction) -> int:
    """The least m >= 0 with scale * 4^-(m + 1) <= share."""
    m = 0
    while scale > share * 4 ** (m + 1):
        m += 1
    return m


def analytic_network(f: Any, error: Number) -> Construction:
    """A function analytic near [0, 1] up to `error`, at width 7 and depth of the order of log(1 / error)^2.

    f : sympy expression in one variable.  error : positive.  Bernstein ellipses around [0, 1], the images of |z| <= r
    under (z + 1/z) / 2, are covered by boxes on which f is enclosed in complex ball arithmetic: this proves that f is
    analytic there and bounds it by M.  The Chebyshev interpolant of degree n is then off by at most
    4 M r^-n / (r - 1); its coefficients are enclosed and rounded, and Clenshaw's rule is realised as in
    `polynomial_network`.

    Returns a `Construction` with a proved bound <= error.  Raises InputError where no ellipse is found, among others
    for functions that are not analytic on [0, 1], and for other arguments.

    Source: E and Wang (2018), for the rate exp(-c sqrt(depth)); Trefethen (2013), for the interpolant.

    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> exponential = analytic_network(sympy.exp(x), "1e-6")
    >>> exponential.width, exponential.error <= Fraction("1e-6"), exponential("1/2") - Fraction("1.6487212707") < 1e-6
    (7, True, True)
    """
    from relutheory.univariate.constructions.analytic import interpolant

    goal = rational(error, "error")
    if goal <= 0:
        reject("error", error, "must be positive")
    coefficients, off = interpolant(f, goal / 2)
    made = polynomial_network(coefficients, goal - off, basis="chebyshev")
    return Construction(network=made.network, target=str(f), error=off + _number(made), error_kind=BOUND)


def _number(made: Construction) -> Fraction:
    if not isinstance(made.error, Fraction):
        raise TypeError("a polynomial's error is a number")
    return made.error
