"""Polynomials, and analytic functions by them: every product of the recurrence by two squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.networks.layers import ReLUNetwork
from relutheory.univariate.constructions.building import Builder
from relutheory.univariate.constructions.result import BOUND, EXACT, Construction
from relutheory.univariate.constructions.squares import signed_halves, square_difference
from relutheory.univariate.fixed_width import checked_numbers

_DEEPEST = 20_000  # layers: more take minutes to make


def polynomial_network(coefficients: Sequence[Number], error: Number, basis: str = "monomial") -> Construction:
    """A polynomial on [0, 1] up to `error`, at width 7.

    p = sum a_j x^j by Horner's rule, b_k = a_k + x b_{k+1}; or p = sum a_j T_j(t), t = 2x - 1, by Clenshaw's, b_k =
    a_k + 2 t b_{k+1} - b_{k+2} (with t b_1 once for k = 0).  A product that is off by e in step k makes this the exact
    step for a_k + e: errors do not grow, they add up.

    coefficients : a_0, a_1, ...  error : positive.  basis : "monomial" or "chebyshev" (T_j, shifted to [0, 1]).
    Returns a `Construction` with a proved bound <= error, of depth about (degree - 1) log4(1 / error).  Raises
    InputError for other arguments, and where it would take more than 20000 layers.

    Source: Yarotsky (2017), for polynomials by products; the bookkeeping of errors is this package's own.

    >>> cubic = polynomial_network([1, 0, -2, 1], "1/1000")
    >>> cubic.width, cubic.depth, cubic.error <= Fraction(1, 1000)
    (7, 15, True)
    >>> abs(cubic("1/3") - Fraction(22, 27)) <= cubic.error
    True
    """
    given = checked_numbers("coefficients", coefficients)
    goal = rational(error, "error")
    if not given:
        reject("coefficients", coefficients, "must be at least one")
    if goal <= 0:
        reject("error", error, "must be positive")
    if not isinstance(basis, str) or basis not in ("monomial", "chebyshev"):
        reject("basis", basis, 'must be "monomial" or "chebyshev"')
    while len(given) > 1 and not given[-1]:
        given.pop()
    steps = _plan(given, goal, chebyshev=basis == "chebyshev")
    depth = 1 + sum(step.terms + 1 for step in steps)
    if depth > _DEEPEST:
        reject("error", error, f"takes {depth} layers at this degree, and must take at most {_DEEPEST}")
    network, found = _recurrence(given, steps, chebyshev=basis == "chebyshev")
    return Construction(
        network=network,
        target=f"a polynomial of degree {len(given) - 1}",
        error=found,
        error_kind=BOUND if found else EXACT,
    )


@dataclass(frozen=True)
class _Step:
    """The product in step k: of a number within `size`, times `scale / size`, by squares of so many terms.

    older : a bound of what the step before that had.
    """

    k: int
    size: Fraction
    older: Fraction
    scale: Fraction
    terms: int


def _plan(a: Sequence[Fraction], goal: Fraction, *, chebyshev: bool) -> list[_Step]:
    """The products of Horner's or Clenshaw's rule, with equal shares of the error."""
    degree = len(a) - 1
    share = goal / max(degree - 1, 1)
    # |b_k| <= sum_{j >= k} |a_j U_{j-k}(t)|, or |a_j t^(j-k)|, for coefficients within `share`
    bounds, plain, total = [Fraction(0)] * (degree + 2), Fraction(0), Fraction(0)
    for k in range(degree, -1, -1):
        plain += abs(a[k]) + share
        total = total + plain if chebyshev else plain
        bounds[k] = _power_above(total)
    steps = []
    for k in range(degree - 2, -1, -1):
        scale = bounds[k + 1] * (2 if chebyshev and k else 1)
        steps.append(_Step(k, bounds[k + 1], bounds[k + 2], scale, _terms(scale, share)))
    return steps


def _recurrence(a: Sequence[Fraction], steps: Sequence[_Step], *, chebyshev: bool) -> tuple[ReLUNetwork, Fraction]:
    """The network of Horner's or Clenshaw's rule, and the sum of the errors of its products."""
    builder = Builder()
    _, (x,) = builder.relu([], [(builder.inputs[0], 0)])
    degree = len(a) - 1
    t = 2 * x - 1 if chebyshev else x
    now, before, total = 0 * x + a[degree], 0 * x, Fraction(0)
    if degree >= 1:
        factor = 2 if chebyshev and degree > 1 else 1
        now, before = factor * a[degree] * t + a[degree - 1], now
    for step in steps:
        k, size, scale = step.k, step.size, step.scale
        total += scale / 4 ** (step.terms + 1)
        fresh = a[k] - before if chebyshev else 0 * before + a[k]
        low = a[k] - (step.older if chebyshev else 0)
        halves, (fresh, x, now) = builder.relu(
            signed_halves(t, now * (1 / size), Fraction(1)), [(fresh, low), (x, 0), (now, -size)]
        )
        after, (x, now) = square_difference(
            builder, halves, step.terms, fresh, low - scale, scale, [(x, Fraction(0)), (now, -size)]
        )
        now, before = after, now
        t = 2 * x - 1 if chebyshev else x
    return builder.network(now), total


def _power_above(value: Fraction) -> Fraction:
    """The least power of 2 that is >= a positive number."""
    power = value.numerator.bit_length() - value.denominator.bit_length()  # 2^(power - 1) < value < 2^(power + 1)
    found = Fraction(2) ** (power - 1)
    while found < value:
        found *= 2
    return found


def _terms(scale: Fraction, share: Fraction) -> int:
    """The least m >= 0 with scale * 4^-(m + 1) <= share."""
    ratio = -(-scale // share)  # 4^(m + 1) >= ratio where 2 (m + 1) is at least the bits of ratio - 1
    return max(0, ((ratio - 1).bit_length() - 1) // 2)


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
    found = off + _number(made)
    return Construction(network=made.network, target=str(f), error=found, error_kind=BOUND if found else EXACT)


def _number(made: Construction) -> Fraction:
    if not isinstance(made.error, Fraction):
        raise TypeError("a polynomial's error is a number")
    return made.error
