"""Signs, limits and sums of sequences given by formulas, against values and known series."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy
from flint import ctx

from relutheory.deep_limit.balls import constant_ball
from relutheory.deep_limit.limits.bias_sums import Sum, absolute_tail, decreasing_from, excursion, power_tail, sum_kind
from relutheory.deep_limit.limits.closed_sums import tail_sum
from relutheory.deep_limit.limits.sequences import alternating_parts, eventual_sign, limit_of
from relutheory.deep_limit.limits.shapes import ratio, terms

n = sympy.Symbol("n", integer=True, positive=True)
log, sqrt, exp = sympy.log, sympy.sqrt, sympy.exp
SIGN = sympy.Integer(-1) ** n

SUMS = {
    "0": (sympy.Integer(0), Sum.ABSOLUTE),
    "1/n^2": (1 / n**2, Sum.ABSOLUTE),
    "1/n": (1 / n, Sum.PLUS),
    "-1/sqrt(n)": (-1 / sqrt(n), Sum.MINUS),
    "cancels to 1/n^2": (1 / n - 1 / (n + 1), Sum.ABSOLUTE),
    "(n - 100)/n^2": ((n - 100) / n**2, Sum.PLUS),
    "(100 - n)/n^2": ((100 - n) / n**2, Sum.MINUS),
    "n^-3/2": (n ** sympy.Rational(-3, 2), Sum.ABSOLUTE),
    "1/(n log n)": (1 / (n * log(n)), Sum.PLUS),
    "1/(n log^2 n)": (1 / (n * log(n) ** 2), Sum.ABSOLUTE),
    "log n / n^2": (log(n) / n**2, Sum.ABSOLUTE),
    "(-1)^n/n": (SIGN / n, Sum.CONDITIONAL),
    "(-1)^n/sqrt(n)": (SIGN / sqrt(n), Sum.CONDITIONAL),
    "(-1)^n/n^2": (SIGN / n**2, Sum.ABSOLUTE),
    "(-1)^n": (SIGN, Sum.UNKNOWN),
    "(-1)^n n": (SIGN * n, Sum.UNKNOWN),
    "(-1)^n/(2 n + 1)": (SIGN / (2 * n + 1), Sum.CONDITIONAL),
    "(-1)^n/n + 1/n": (SIGN / n + 1 / n, Sum.PLUS),
    "(-1)^n/sqrt(n) - 1/n": (SIGN / sqrt(n) - 1 / n, Sum.MINUS),
    "(-1)^n/(n+1) + 1/n^2": (SIGN / (n + 1) + 1 / n**2, Sum.CONDITIONAL),
    "1/n - 1/sqrt(n)": (1 / n - 1 / sqrt(n), Sum.MINUS),
    "2^-n": (sympy.Rational(1, 2) ** n, Sum.ABSOLUTE),
    "n^5 2^-n": (n**5 * sympy.Rational(1, 2) ** n, Sum.ABSOLUTE),
    "(-3/4)^n": (sympy.Rational(-3, 4) ** n, Sum.ABSOLUTE),
    "2^n/n^9": (sympy.Integer(2) ** n / n**9, Sum.PLUS),
    "(-2)^n": (sympy.Integer(-2) ** n, Sum.UNKNOWN),
    "sin(n)": (sympy.sin(n), Sum.UNKNOWN),
}


@pytest.mark.parametrize("name", SUMS)
def test_what_sums_do(name: str) -> None:
    f, kind = SUMS[name]
    assert sum_kind(f, n) is kind


@pytest.mark.parametrize(
    ("f", "value"),
    [
        ((3 * n**2 - n) / (2 * n**2 + 1), sympy.Rational(3, 2)),
        (n / 7, None),
        (1 / n, 0),
        (SIGN, None),
        (SIGN / n + 4, 4),
        (SIGN / (n + 1) + n / (n + 1), 1),
        (sqrt(2) + 1 / sqrt(n), sqrt(2)),
        (log(n), None),
        (1 / log(n), 0),
        (sympy.Rational(1, 3) ** n * n**4, 0),
        (sympy.sin(n), None),
        (sympy.Integer(2) ** n, None),
    ],
)
def test_limits(f: sympy.Expr, value: object) -> None:
    found = limit_of(f, n)
    assert found is None if value is None else found == value


@pytest.mark.parametrize(
    ("f", "sign"),
    [
        ((n - 50) / n**4, 1),
        ((50 - n) * (n - 3) / (n**2 - 7 * n + 90), -1),
        (1 / sqrt(n) + 3 * log(n) / n, 1),
        (-exp(-n) * sqrt(2), -1),
        (log(n + 1) / n, 1),
        (1 / n - 1 / n, 0),
    ],
)
def test_eventual_signs_hold_from_the_layer_that_is_named(f: sympy.Expr, sign: int) -> None:
    found = eventual_sign(f, n)
    assert found is not None
    assert found[0] == sign
    for at in [*range(found[1], found[1] + 40), 10**6]:
        assert sympy.sign(f.subs(n, at)) == sign
    before = eventual_sign(f, n, start=500)
    assert before is not None and before[1] >= 500


@pytest.mark.parametrize("f", [SIGN / n, sympy.sin(n), 1 / n - 1 / sqrt(n)])
def test_signs_that_are_not_shown_are_none(f: sympy.Expr) -> None:
    assert eventual_sign(f, n) is None


@pytest.mark.parametrize("after", [2, 10, 1000])
@pytest.mark.parametrize(
    ("f", "sharp"),
    [
        (1 / n**2, 1.2),
        ((n + 5) / (n**3 - n + 1), 6),
        (n ** sympy.Rational(-3, 2), 1.2),
        (1 / (n**2 * log(n)), 1.7),
        (sympy.Rational(-1, 3) ** n / n, 1.5),
        (2 / n**2 - sqrt(2) / n**3, 1.8),
    ],
)
def test_absolute_tails_bound_the_sum_sharply(f: sympy.Expr, sharp: float, after: int) -> None:
    bound = absolute_tail(f, n, after)
    assert bound is not None
    value = sympy.lambdify(n, f, "mpmath")
    count = 3000
    partial = mpmath.fsum(abs(value(mpmath.mpf(i))) for i in range(after + 1, after + count))
    geometric = f.has(sympy.Rational(-1, 3))
    rest = 0 if geometric else mpmath.quad(lambda t: abs(value(t)), [after + count - 0.5, mpmath.inf])
    total = float(partial + rest)
    assert total * (1 - 1e-6) <= float(bound) <= sharp * total


def test_power_tails_against_zeta() -> None:
    with mpmath.workdps(30):
        for p in (2, 3, 10):
            for after in (1, 7, 500):
                exact = mpmath.zeta(p, after + 1)
                assert exact <= mpmath.mpf(power_tail(p, after).str(25, radius=False)) * (1 + mpmath.mpf(10) ** -14)


@pytest.mark.parametrize("f", [SIGN / sqrt(n), SIGN / (2 * n + 1), SIGN / n + 1 / n**2, SIGN / log(n)])
def test_excursions_bound_every_partial_sum(f: sympy.Expr) -> None:
    for after in (3, 20):
        bound = excursion(f, n, after)
        assert bound is not None
        value = sympy.lambdify(n, f, "math")
        sums, largest = [0.0], 0.0
        for i in range(after + 1, after + 400):
            sums.append(sums[-1] + value(i))
        low = high = sums[0]
        for s in sums:
            largest = max(largest, s - low, high - s)
            low, high = min(low, s), max(high, s)
        assert largest <= float(bound) * (1 + 1e-12)
        assert float(bound) < 3 * largest


@pytest.mark.parametrize("f", [1 / n, SIGN, SIGN * n / (n + 1), sympy.sin(n)])
def test_no_excursion_bound_where_the_sums_do_not_settle(f: sympy.Expr) -> None:
    assert excursion(f, n, 10) is None


@pytest.mark.parametrize("after", [0, 5, 6])
@pytest.mark.parametrize(
    "f",
    [
        SIGN / sqrt(n),
        3 * SIGN / n,
        -sqrt(2) * SIGN / n**3,
        n ** sympy.Rational(-7, 2),
        sympy.Rational(-1, 3) ** n,
    ],
)
def test_closed_sums_against_summation(f: sympy.Expr, after: int) -> None:
    value = tail_sum(f, n, after)
    assert value is not None
    term = sympy.lambdify(n, f, "mpmath")
    reference = mpmath.nsum(lambda i: term(int(i)), [after + 1, mpmath.inf])
    extrapolated = f.has(sympy.Rational(-7, 2))  # in powers of 1/N, where powers of N^(-1/2) would be right
    assert float(value) == pytest.approx(float(reference), rel=1e-6 if extrapolated else 1e-10)
    assert float(value.rad()) < 1e-12


@pytest.mark.parametrize("f", [1 / n, SIGN, log(n) / n**2, 1 / (n + 1) ** 2, sympy.Integer(2) ** n])
def test_no_closed_sum(f: sympy.Expr) -> None:
    assert tail_sum(f, n, 3) is None


def test_decreasing_from() -> None:
    f = (n - 10) / n**2  # rises to n = 20, then falls
    start = decreasing_from(f, n, 1)
    assert start is not None and start >= 20
    values = [abs(f.subs(n, i)) for i in range(start, start + 50)]
    assert values == sorted(values, reverse=True)
    assert decreasing_from(n / (n + 1), n, 1) is None


def test_alternating_parts() -> None:
    g, h = alternating_parts((-1) ** (n + 1) / n + 5 / n**2, n)
    assert sympy.simplify(g + 1 / n) == 0 and sympy.simplify(h - 5 / n**2) == 0


def test_terms() -> None:
    found = terms(3 * sympy.Rational(1, 2) ** (n + 1) * n**2 - log(n) / sqrt(n), n)
    assert {(str(t.c), str(t.p), str(t.r), t.k) for t in found or ()} == {
        ("3/2", "2", "1/2", 0),
        ("-1", "-1/2", "1", 1),
    }
    assert terms(sympy.sin(n), n) is None


def test_constants_in_balls() -> None:
    for c in (sqrt(2) / 3, exp(-2) + log(5), sympy.pi**2, sympy.E, sympy.Rational(-7, 3)):
        before = ctx.prec
        try:
            ctx.prec = 200
            ball = constant_ball(c)
        finally:
            ctx.prec = before
        assert abs(mpmath.mpf(sympy.N(c, 50)) - mpmath.mpf(ball.str(45, radius=False))) < 1e-14
        assert float(ball.rad()) < 1e-50


def test_a_sum_is_the_quotient_that_computer_algebra_makes_of_it() -> None:
    """Summand by summand against one common denominator of the whole."""
    functions = [1 / n, n / (n + 1), 1 / (n + 1) ** 2, (n**2 - 1) / (n - sympy.Rational(1, 2)), n, sympy.Integer(1)]
    rng = np.random.default_rng(0)
    for _ in range(40):
        whole = sympy.Add(
            *(sympy.Rational(int(c), 6) * f for c, f in zip(rng.integers(-9, 9, 6), functions, strict=True))
        )
        found, (top, bottom) = ratio(whole, n), sympy.fraction(sympy.cancel(sympy.together(whole)))
        p, q = (sympy.Poly(part, n) for part in (top, bottom))
        assert found is not None and (found.num.degree(), found.den.degree()) == (
            (-1, 0) if p.is_zero else (p.degree(), q.degree())
        )
        for k in (3, 10, 77):
            value = found.num(k) / found.den(k)
            assert sympy.Rational(int(value.p), int(value.q)) == whole.subs(n, k)


@pytest.mark.parametrize(
    ("f", "value"),
    [
        (n**2 / (n + 1) - n, -1),  # no summand has a limit
        (sqrt(n) + 3 / n - sqrt(n) / 2 - sqrt(n) / 2 + 5, 5),
        (n + log(n), None),
        (SIGN / n + n**2 / (n**2 + 1), 1),
        (SIGN + 1 / n, None),
        (log(6) - log(2) - log(3) + 1 / n, 0),
    ],
)
def test_limits_of_sums(f: sympy.Expr, value: int | None) -> None:
    assert limit_of(f, n) == value
