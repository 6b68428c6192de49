"""Formulas in n: what is read, what it is worth, what is refused and how that is said."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import ctx

from relutheory.core.errors import InputError
from relutheory.deep_limit.families.expressions import (
    Constant,
    Expression,
    N,
    add,
    multiply,
    raise_to,
)
from relutheory.deep_limit.families.parsing import Reader, Value, Vector, constant_values
from relutheory.deep_limit.families.quotients import from_quotient, quotient
from relutheory.deep_limit.families.rational_powers import Irrational, Undefined
from relutheory.deep_limit.families.values import ball, exact_value

CONSTANTS = {"A": [[1, 2], [3, 4]], "B": [[0, "1/3"], [1, 0]], "c": [1, "1/3"], "r": "1/2", "k": 0.1}


def read(text: str, size: int | None = 2) -> Value:
    return Reader("W", constant_values(CONSTANTS), size).read(text)


def entries(text: str, n: int) -> list[list[Fraction]]:
    value = read(text)
    if isinstance(value, Expression):
        return [[exact_value(value, n)]]
    matrix = (value.column if isinstance(value, Vector) else value).exact(n)
    return [[Fraction(int(v.p), int(v.q)) for v in row] for row in matrix.tolist()]


def plain(text: str, n: int) -> list[list[Fraction]]:
    """The same by Python itself, in Fractions, with numpy's object arrays for matrices."""
    known = {
        name: np.array([[Fraction(v) for v in row] for row in value], dtype=object)
        for name, value in CONSTANTS.items()
        if name in "AB"
    }
    known |= {"c": np.array([[Fraction(1)], [Fraction(1, 3)]], dtype=object), "r": Fraction(1, 2)}
    known |= {"I": np.array([[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]], dtype=object)}
    value = eval(text.replace("A*B", "A@B").replace("A*c", "A@c"), {}, known | {"n": Fraction(n)})
    return value.tolist() if isinstance(value, np.ndarray) else [[value]]


@pytest.mark.parametrize(
    "text",
    [
        "I + A/n**2",
        "c*r**n",
        "A*(-1)**n/n**3",
        "(n**2 + 1)/n**2*I - A*B/(n + 1)",
        "A*c/n - 3*c",
        "-(n - 7)**2/(2*n + 1)",
        "2**-n*I + n**-2*A",
        "(1 + 1/n)**5",
        "+r - -n",
        "(-r)**n + n/3",
    ],
)
def test_values_agree_with_pythons_own_arithmetic(text: str) -> None:
    for n in (1, 2, 3, 10):
        assert entries(text, n) == plain(text, n)


def test_decimals_are_the_numbers_that_are_written_and_float_constants_are_binary() -> None:
    assert entries("0.1*n", 3) == [[Fraction(3, 10)]]
    assert entries("1.5e-3", 1) == [[Fraction(3, 2000)]]
    assert entries("k*n", 1) == [[Fraction(0.1)]] != [[Fraction(1, 10)]]


def test_lists_are_vectors_and_matrices() -> None:
    assert entries("[1, 1/n]", 4) == [[1], [Fraction(1, 4)]]
    assert entries("[[1, 1/n], (0, r)]", 4) == [[1, Fraction(1, 4)], [0, Fraction(1, 2)]]
    assert entries("A**3", 1) == entries("A*A*A", 1) == [[37, 54], [81, 118]]
    assert entries("A**0", 1) == [[1, 0], [0, 1]]


def test_roots_and_logarithms_are_exact_where_they_are_rational() -> None:
    assert exact_value(read("sqrt(n)"), 49) == 7
    assert exact_value(read("(n/8)**(1/3)"), 27) == Fraction(3, 2)
    assert exact_value(read("log(n) + exp(n - 1)"), 1) == 1
    with pytest.raises(Irrational):
        exact_value(read("sqrt(n)"), 50)
    assert read("sqrt(2)**2 - 2") == Constant(Fraction(0))
    assert read("sqrt(2)*sqrt(2)*n/n") == Constant(Fraction(2))


IRRATIONAL = ["sqrt(n)/3", "exp(-n) + 2", "log(n + 1)*n**-1.5", "n**sqrt(2)", "(1/3)**(n/2)", "exp(1)"]


@pytest.mark.parametrize("text", IRRATIONAL)
def test_balls_hold_the_value_that_mpmath_gives(text: str) -> None:
    value = read(text)
    assert isinstance(value, Expression)
    with mpmath.workdps(60):
        for n in (1, 2, 17):
            names = {"n": mpmath.mpf(n), "sqrt": mpmath.sqrt, "exp": mpmath.exp, "log": mpmath.log}
            expected = eval(text.replace("1/3", "mpf(1)/3"), {"mpf": mpmath.mpf}, names)
            with ctx.workprec(150):
                found = ball(value, n)
            assert abs(mpmath.mpf(found.mid().str(50, radius=False)) - expected) < mpmath.mpf(10) ** -40
            assert found.rel_accuracy_bits() > 120


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1 + A", "must not add a scalar and a 2 x 2 matrix"),
        ("c + A", "must not add a vector of 2 entries and a 2 x 2 matrix"),
        ("[1, 2, 3] + c", "shapes differ"),
        ("A/A", "must not divide by a matrix"),
        ("1/c", "must not divide by a matrix or a vector"),
        ("A**n", "whole number from 0 to 64"),
        ("A**0.5", "whole number from 0 to 64"),
        ("A**-1", "whole number from 0 to 64"),
        ("n**A", "as an exponent"),
        ("c*c", "must not multiply"),
        ("c*A", "must not multiply"),
        ("exp(A)", "must not take exp of a 2 x 2 matrix"),
        ("I + A/t**2", "unknown name 't'"),
        ("x + 1", "unknown name 'x'; known here: n, I, A, B, c, r, k"),
        ("sin(n)", "functions are sqrt"),
        ("sqrt(n, 2)", "functions are sqrt"),
        ("n.real", "must not contain"),
        ("A[0]", "must not contain"),
        ("__import__('os')", "functions are sqrt"),
        ("(lambda: n)()", "functions are sqrt"),
        ("[n for n in A]", "must not contain"),
        ("n if n else 1", "must not contain"),
        ("n // 2", "must use + - * / ** only"),
        ("n % 2", "must use + - * / ** only"),
        ("n < 2", "must not contain"),
        ("'n'", "must not contain"),
        ("True", "must not contain True"),
        ("2j", "must not contain"),
        ("1e999999", "exponent of at most 5 digits"),
        ("", "must be a formula in n"),
        ("((((", "must be a formula in n"),
        ("n = 3", "must be a formula in n"),
        ("[]", "empty list"),
        ("[[1, 2], [3]]", "all of one length"),
        ("[1, [2]]", "all of one length"),
        ("1/0", "division by zero (every layer)"),
        ("1/(r - r)", "division by zero (every layer)"),
        ("sqrt(-1)", "a root of a negative number (every layer)"),
        ("log(0)", "the logarithm of a number <= 0 (every layer)"),
        ("2**2**2**2**2**2", "a number of more than"),
        ("-" * 5000 + "n", "must"),
        ("n" * 20000, "at most 10000 characters"),
    ],
)
def test_what_is_refused_is_named_in_one_line(text: str, rule: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert rule in str(caught.value) and str(caught.value).startswith("W = ") and "\n" not in str(caught.value)


def test_the_identity_needs_a_size() -> None:
    with pytest.raises(InputError, match="the width must be given"):
        read("I + 1", size=None)


@pytest.mark.parametrize(
    "constants",
    [
        {"n": 1},
        {"I": 1},
        {"exp": 1},
        {"a b": 1},
        {3: 1},
        [1],
        {"A": [[1, float("nan")]]},
        {"A": []},
        {"c": np.zeros((1, 1, 1))},
    ],
)
def test_bad_constants_are_refused(constants: object) -> None:
    with pytest.raises(InputError):
        constant_values(constants)  # type: ignore[arg-type]


def test_a_division_that_may_be_by_zero_does_not_cancel() -> None:
    value = read("(n - 7)/(n - 7)")
    assert isinstance(value, Expression)
    assert exact_value(value, 6) == 1
    with pytest.raises(Undefined):
        exact_value(value, 7)
    with pytest.raises(Undefined):
        exact_value(read("0*(1/(n - 7))"), 7)


def test_quotients_of_polynomials_are_reduced() -> None:
    value = quotient(read("(n**2 - 1)/(2*n - 2)"))  # type: ignore[arg-type]
    assert value is not None
    assert [str(part) for part in value] == ["1/2*x + 1/2", "1"]
    assert exact_value(from_quotient(value), 5) == 3
    assert quotient(raise_to(N, Constant(Fraction(1, 2)))) is None
    assert quotient(read("exp(n)")) is None  # type: ignore[arg-type]


def test_like_terms_are_collected() -> None:
    assert add([N, multiply([Constant(Fraction(-1)), N])]) == Constant(Fraction(0))
    assert multiply([raise_to(N, Constant(Fraction(-2))), N, N]) == Constant(Fraction(1))
