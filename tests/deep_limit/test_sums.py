"""Tails: never less than the sum (mpmath, closed forms), hardly more, and infinite only where it is proved."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb, arb_mat, ctx, fmpq

from relutheory.core.verdict import Verdict
from relutheory.deep_limit.families.asymptotics import NoExpansion
from relutheory.deep_limit.families.expanding import alternates, expand
from relutheory.deep_limit.families.expressions import (
    Expression,
)
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.families.monomials import Base, Monomial
from relutheory.deep_limit.families.norms import norm_upper
from relutheory.deep_limit.families.parsing import Reader
from relutheory.deep_limit.families.rules import Tail
from relutheory.deep_limit.families.sums import STARTS

NAMES = {"sqrt": mpmath.sqrt, "exp": mpmath.exp, "log": mpmath.log}


def big(value: arb) -> mpmath.mpf:
    """An arb without radius as an mpmath number, exactly at high precision."""
    mantissa, exponent = value.man_exp()
    return mpmath.ldexp(mpmath.mpf(int(mantissa)), int(exponent))


def value(text: str, n: int) -> mpmath.mpf:
    """A formula by Python and mpmath."""
    return mpmath.mpf(eval(text, {}, NAMES | {"n": mpmath.mpf(n)}))


def tail(text: str, n: int, norm: str = "inf") -> Tail:
    """The tail of the biases of a family of width 1."""
    return DeepFamily.from_symbolic("1", text, first=([[1]], [0])).tail_bias(n, norm)


@pytest.mark.parametrize(
    ("text", "exact", "excess"),
    [
        ("1/n**2", lambda n: mpmath.zeta(2, n + 1), 1e-12),
        ("-3/n**2", lambda n: 3 * mpmath.zeta(2, n + 1), 1e-12),
        ("n**-1.5", lambda n: mpmath.zeta(mpmath.mpf(3) / 2, n + 1), 1e-12),
        ("(-1)**n/n**2", lambda n: mpmath.zeta(2, n + 1), 1e-12),
        ("1/n**2 - 1/n**3", lambda n: mpmath.zeta(2, n + 1) - mpmath.zeta(3, n + 1), 1e-2),
        ("1/(n*(n + 1))", lambda n: 1 / mpmath.mpf(n + 1), 1e-2),
        ("1/(n + 0.5)**2", lambda n: mpmath.zeta(2, n + mpmath.mpf(3) / 2), 1e-2),
        ("1/(n**2 + 1)", lambda n: mpmath.im(mpmath.digamma(mpmath.mpc(n + 1, 1))), 1e-2),
        ("(1/2)**n", lambda n: mpmath.mpf(2) ** -n, 1e-12),
        ("7*(-1/3)**n", lambda n: mpmath.mpf(7) / 2 * mpmath.mpf(3) ** -n, 1e-12),
        ("0.999**n", lambda n: 999 * mpmath.mpf("0.999") ** n, 1e-12),
        ("exp(-n)", lambda n: mpmath.exp(-n) / (mpmath.e - 1), 1e-12),
        ("2**(-n/2)", lambda n: mpmath.mpf(2) ** (-mpmath.mpf(n) / 2) / (mpmath.sqrt(2) - 1), 1e-12),
        ("n*(1/2)**n", lambda n: (n + 2) * mpmath.mpf(2) ** -n, 2e-2),
        ("n*0.999**n", lambda n: 999 * mpmath.mpf("0.999") ** n * (n + 1000), 2e-3),
        ("(1/2)**n/n", lambda n: mpmath.nsum(lambda i: mpmath.mpf(2) ** -i / i, [n + 1, mpmath.inf]), 2e-2),
        ("log(n)/n**2", lambda n: -mpmath.zeta(2, n + 1, 1), 1e-2),
        ("sqrt(n + 1) - sqrt(n) - 1/(2*sqrt(n))", (mpmath.mpf(1) / 8, mpmath.mpf(3) / 2), 2e-2),
        ("exp(1/n**2) - 1", (1, 2), 2e-2),
        ("1/(n**2 + sqrt(n))", (1, 2), 2e-2),
    ],
)
@pytest.mark.parametrize("n", [1, 100, 3000])
def test_bounds_of_sums_are_valid_and_sharp(text: str, exact: Any, excess: float, n: int) -> None:
    with mpmath.workdps(50):
        error = mpmath.mpf(10) ** -25
        if callable(exact):
            true = exact(n)
        else:  # (a, p): the terms are a n^-p (1 + at most 2/sqrt(n)^3), after the first thousand
            a, p = exact
            true = mpmath.fsum(abs(value(text, i)) for i in range(n + 1, n + 1001)) + a * mpmath.zeta(p, n + 1001)
            error = mpmath.mpf(10) ** -3
        for norm in ("1", "2", "inf"):
            found = tail(text, n, norm)
            assert found.status is Verdict.HOLDS
            bound = big(found.upper)
            assert true * (1 - error) <= bound <= true * (1 + mpmath.mpf(excess))


def test_the_slowest_sums() -> None:
    """1/(n log(n)^2): the integral of the function, which lies between the sums from n + 1 and from n, is known."""
    for n in (2, 100, 5000):
        bound = float(tail("1/(n*log(n)**2)", n).upper)
        assert 1 / np.log(n + 1) < bound < 1 / np.log(n)
    assert tail("1/(n*log(n))", 1).status is Verdict.VIOLATED
    assert tail("1/(n*log(n + 1))", 1).status is Verdict.VIOLATED
    assert tail("1/(n*log(n)**1.01)", 1).status is Verdict.HOLDS
    assert tail("1/(n*log(n)**0.99)", 1).status is Verdict.VIOLATED


@pytest.mark.parametrize(
    "text",
    [
        "1/n",
        "n**-1",
        "-2/(3*n + 5)",
        "1/sqrt(n)",
        "(-1)**n/n",
        "(-1)**n",
        "(1 + (-1)**n)/n",
        "(-2)**n",
        "2**n",
        "1.0001**n",
        "n**0.001/n",
        "log(n)/n",
        "exp(1/n) - 1",
        "log(1 + 1/n)",
        "2**(1/n) - 1",
        "n**(1/n) - 1",
        "sqrt(n + 1) - sqrt(n)",
        "1/(n + (-1)**n/2)",
        "1/(n + log(n))",
        "1/n + 10**6/n**2",
        "1/n + 0.5**n",
        "(1 + 1/n)**n - 2.7",
        "n/(n + 1)",
        "exp(n)/(exp(n) + 1)",
        "sqrt(2)",
        "10**-300",
    ],
)
def test_infinite_sums_are_proved_infinite(text: str) -> None:
    found = tail(text, 5)
    assert found.status is Verdict.VIOLATED and found.upper == arb.pos_inf() and found.reason


@pytest.mark.parametrize(
    "text",
    [
        "exp(-sqrt(n))",
        "exp(-n**2)",
        "n**-n",
        "2**-n/(1 + 2**-n)",
        "sqrt(1 + 2**-n) - 1",
        "log(1 + (-1/2)**n)",
        "n**-1000",
        "(-1)**n/(n**2 + (-1)**n)",
        "1/(n*log(n + 1)**3)",
        "n**-(2 + 1/n)",
        "exp(-n*log(2))",
        "n**5*0.9**n",
        "exp(-log(n)**2)",
        "0.5**(n**2)",
        "(-1)**(n**2)/n**2",
    ],
)
def test_finite_sums_of_other_kinds(text: str) -> None:
    with mpmath.workdps(40):
        partial = mpmath.fsum(abs(value(text.replace("(-1)**(n**2)", "(-1)**(n)"), i)) for i in range(11, 400))
        found = tail(text, 10)
        assert found.status is Verdict.HOLDS
        assert partial <= big(found.upper) <= 3 * partial + mpmath.mpf(10) ** -3


UNCOVERED = [
    "log(log(n + 2))/n**2",
    "exp(sqrt(n))",
    "exp(-n)*n**n*n**-n",
    "(-1)**(n*(n + 1)/2)/n**2",
    "n**sqrt(2)/n**4",
]


@pytest.mark.parametrize("text", UNCOVERED)
def test_what_no_rule_covers_is_undecided(text: str) -> None:
    found = tail(text, 50)
    assert found.status is Verdict.UNDECIDED and not found.upper.is_finite() and "no rule" in found.reason


def test_what_cancels_is_seen() -> None:
    for W in ("(n**2 + 1)/n**2", "1 + 1/n**2", "n/(n + 1) + 1/(n + 1) + 1/n**2", "1/(1 - 1/(n**2 + 1))"):
        found = DeepFamily.from_symbolic(W, first=([[1]], [0])).tail_weights(10)
        assert abs(found.upper / power_tail(2, 10) - 1) < 1e-6
    for W in ("n/n", "n/(n + 1) + 1/(n + 1)", "(n**2 - 1)/(n + 1)/(n - 1)", "I", "(1 + 1/n)**2 - 2/n - 1/n**2"):
        found = DeepFamily.from_symbolic(W, width=1, first=([[1]], [0])).tail_weights(0)
        assert found.status is Verdict.HOLDS and found.upper == 0 and found.how == "finite"
    assert tail("sqrt(2)**2/n - 2/n", 1).upper == 0
    assert tail("1/n - 1/(n + 1)", 1).status is Verdict.HOLDS
    assert tail("1/n - 1.001/(n + 1)", 1).status is Verdict.VIOLATED


def power_tail(p: int, n: int) -> arb:
    return arb(p).zeta(arb(n + 1))


@pytest.mark.parametrize("text", ["(exp(log(9)/2) - 3)/n", "((1 + 1/n)**n - exp(1))/n"])
def test_what_is_not_separated_from_zero_is_undecided_rather_than_infinite(text: str) -> None:
    """That exp(log(9)/2) is 3 is seen in balls only; the second sum is finite for such a reason."""
    assert tail(text, 1).status is Verdict.UNDECIDED


def test_matrices_are_bounded_entry_by_entry() -> None:
    constants = {"A": [[1, 2], [0, -4]], "B": [[0, 0], [3, 0]]}
    family = DeepFamily.from_symbolic("I + A/n**2 + B/n**3", "[1/n**2, 1/(n + 1)**2]", constants=constants)
    with mpmath.workdps(40):
        for n in (10, 100):
            for norm in ("1", "2", "inf"):
                true = {"weights": mpmath.mpf(0), "bias": mpmath.mpf(0)}
                for i in range(n + 1, n + 2000):
                    P = np.array([[1 / i**2, 2 / i**2], [3 / i**3, -4 / i**2]])
                    b = np.array([1 / i**2, 1 / (i + 1) ** 2])
                    order: object = {"1": 1, "2": 2, "inf": np.inf}[norm]
                    true["weights"] += np.linalg.norm(P, order)  # type: ignore[call-overload]
                    true["bias"] += np.linalg.norm(b, order)  # type: ignore[call-overload]
                last = n + 1999 + 0.5
                true["weights"] += {"1": 6, "2": 4.49, "inf": 4}[norm] / last
                true["bias"] += {"1": 2, "2": 2**0.5, "inf": 1}[norm] / last
                for what, found in (("weights", family.tail_weights(n, norm)), ("bias", family.tail_bias(n, norm))):
                    slack = 1.08 if norm == "2" else 1.02  # the 2-norm is bounded by other norms
                    assert true[what] * 0.999 <= big(found.upper) <= true[what] * slack


def test_the_tail_is_attained_by_a_product_of_numbers_above_one() -> None:
    """x_n = prod (1 + 1/i^2): the increments are at least p_i, so half of the bound is violated."""
    family = DeepFamily.from_symbolic("1 + 1/n**2")
    x, values = Fraction(1), [Fraction(1)]
    for n in range(1, 60):
        x *= 1 + Fraction(1, n**2)
        values.append(x)
    limit = (arb.pi().sinh() / arb.pi()).lower()
    for n in (2, 20, 59):
        bound = family.tail_weights(n).upper
        ratio = limit / arb(fmpq(values[n].numerator, values[n].denominator))
        assert ratio <= bound.exp() and not ratio <= (bound / 2).exp()


def test_norms_are_upper_bounds_of_the_true_ones() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        M = rng.integers(-9, 10, size=(3, 4))
        exact = arb_mat(3, 4, M.ravel().tolist())
        assert float(norm_upper(exact, "1")) == np.linalg.norm(M, 1)
        assert float(norm_upper(exact, "inf")) == np.linalg.norm(M, np.inf)
        two = np.linalg.norm(M, 2)
        assert (
            float(norm_upper(exact, "2", upper=False))
            <= two * (1 + 1e-12)
            <= float(norm_upper(exact, "2")) * (1 + 2e-12)
        )
    assert norm_upper(arb_mat(2, 2), "2") == 0 == norm_upper(arb_mat(2, 2), "2", upper=False)


GRAMMAR = [
    "n",
    "(n + 1)",
    "(2*n - 3)",
    "n**2",
    "sqrt(n)",
    "log(n)",
    "log(n + 2)",
    "exp(-n)",
    "(1/2)**n",
    "exp(1/n)",
    "3",
]


def test_expansions_hold_the_values_that_mpmath_gives() -> None:
    """Random formulas, evaluated by an unrelated route at N and far beyond it."""
    rng = np.random.default_rng(2024)
    expanded = 0
    for _ in range(90):
        parts = [str(rng.choice(GRAMMAR)) for _ in range(int(rng.integers(2, 5)))]
        text = parts[0]
        for part in parts[1:]:
            text = f"({text} {rng.choice(['+', '-', '*', '/'])} {part})"
        if rng.random() < 0.3:
            text = f"{rng.choice(['sqrt', 'log'])}(1 + ({text})**2)"
        expression = Reader("W", {}, None).read(text)
        assert isinstance(expression, Expression)
        N = int(rng.choice(STARTS[:3]))
        with ctx.workprec(160):
            try:
                found = expand(expression, N)
            except ArithmeticError:
                continue
            expanded += 1
            for n in (N, N + 1, 3 * N, 1000 * N):
                total = sum((arb(c) * scale.at(n) for scale, c in found.terms.items()), arb(0))
                with mpmath.workdps(150 if "exp(-n)" in text or "**n" in text else 60):
                    names = NAMES | {"n": mpmath.mpf(n)}
                    true = mpmath.mpf(eval(text.replace("1/2", "0.5"), {}, names))
                    low, high = big(total.lower()), big(total.upper())
                    room = mpmath.mpf(10) ** -30 * (abs(true) + mpmath.mpf(10) ** -30)
                    assert low - room <= true <= high + room, (text, n)
    assert expanded > 60


def test_expansions_by_parity() -> None:
    expression = Reader("W", {}, None).read("(-1)**n/(n + (-1)**n)")
    assert isinstance(expression, Expression) and alternates(expression)
    with pytest.raises(NoExpansion):
        expand(expression, 128)
    for parity, sign in ((0, 1), (1, -1)):
        scale, c = expand(expression, 128, parity).leading()
        assert scale == Monomial(p=Fraction(1)) and c == sign


@pytest.mark.parametrize(("first", "step"), [(2, 1), (9, 2), (100, 1), (1001, 2)])
def test_sums_of_scales(first: int, step: int) -> None:
    half, e = Base(Fraction(1, 2)), Base(a=Fraction(-1, 100))
    for scale in (
        Monomial(p=Fraction(2)),
        Monomial(p=Fraction(101)),
        Monomial(p=Fraction(3, 2), k=Fraction(2)),
        Monomial(p=Fraction(2), k=Fraction(-1)),
        Monomial(half),
        Monomial(half, Fraction(-3)),
        Monomial(e, Fraction(-5, 2)),
        Monomial(e, Fraction(1), Fraction(3)),
        Monomial(e, Fraction(-1), Fraction(-2)),
        Monomial(Base.power(Fraction(9, 10), Fraction(1, 2)), Fraction(1, 3), Fraction(1, 2)),
    ):
        bound = scale.sum_from(first, step)
        if bound is None:
            assert first < 9  # the rules that need a larger first term
            continue
        with mpmath.workdps(30):
            base = mpmath.exp(mpmath.mpf(scale.base.log().mid().str(30, radius=False)))

            def term(n: int, scale: Monomial = scale, base: mpmath.mpf = base) -> mpmath.mpf:
                p, k = (mpmath.mpf(v.numerator) / v.denominator for v in (scale.p, scale.k))
                return base**n * mpmath.mpf(n) ** -p * mpmath.log(n) ** k

            partial = mpmath.fsum(term(n) for n in range(first, first + 700 * step, step))
            assert partial * (1 - mpmath.mpf(10) ** -12) <= big(bound.upper())
            if not scale.base.is_one and first >= 100:
                assert big(bound.upper()) <= 2 * partial + 2 * max(term(n) for n in range(first, first + 1000, step))
    for scale in (
        Monomial(),
        Monomial(p=Fraction(1)),
        Monomial(Base(Fraction(2)), Fraction(9)),
        Monomial(p=Fraction(1, 2), k=Fraction(-9)),
    ):
        with pytest.raises(OverflowError):
            scale.sum_from(first, step)


def test_bases_are_equal_only_if_their_numbers_are() -> None:
    assert Base.power(Fraction(4), Fraction(1, 2)) == Base(Fraction(2))
    assert Base.power(Fraction(8, 27), Fraction(5, 6)) == Base.power(Fraction(2, 3), Fraction(5, 2))
    assert Base.power(Fraction(2), Fraction(1, 2)).times(Base.power(Fraction(2), Fraction(1, 2))) == Base(Fraction(2))
    assert Base.power(Fraction(2), Fraction(1, 2)).times(Base.power(Fraction(2), Fraction(1, 2)), -1).is_one
    assert Base(a=Fraction(-1)).sign() == -1 and Base(Fraction(3), 1, Fraction(-1)).sign() == 1
    assert Base(Fraction(3), 1, Fraction(-2)).sign() == -1


def test_a_scale_falls_from_where_it_says() -> None:
    scale = Monomial(Base(Fraction(9, 10)), Fraction(-5), Fraction(1))
    first = next(n for n in range(2, 1000) if scale.falls_from(n))
    values = [float(scale.at(n)) for n in range(2, 400)]
    assert np.argmax(values) + 2 <= first <= np.argmax(values) + 4
    assert not Monomial(p=Fraction(-1)).falls_from(10) and Monomial().falls_from(2)


def test_large_matrices_are_bounded_term_by_term() -> None:
    rng = np.random.default_rng(0)
    A = rng.integers(-3, 4, size=(180, 180)).tolist()
    B = rng.integers(-3, 4, size=(180, 180)).tolist()
    found = DeepFamily.from_symbolic("I + A/n**2 + B/2**n", constants={"A": A, "B": B}).tail_weights(10, "inf")
    size_a, size_b = (max(sum(map(abs, row)) for row in M) for M in (A, B))
    assert abs(found.upper / (size_a * power_tail(2, 10) + size_b * arb(2) ** -10) - 1) < 1e-9
    mixed = DeepFamily.from_symbolic("I + A/n**2 + B/n", constants={"A": A, "B": B}).tail_weights(10, "inf")
    assert mixed.status is not Verdict.HOLDS


def test_numbers_too_long_to_be_written() -> None:
    tail = DeepFamily.from_symbolic("I", "c/2**(1000000*n)", constants={"c": [1]}).tail_bias(1)
    assert tail.status is Verdict.HOLDS and "2^-1000000" in tail.reason
    steep = DeepFamily.from_symbolic("I + A/(n+2)**3000", constants={"A": [[1]]}).tail_weights(1)
    assert steep.status is Verdict.HOLDS and steep.upper < arb(4) ** -2999 and steep.upper > arb(4) ** -3001
