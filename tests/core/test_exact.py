"""Exact numbers: the rationals that were given, whatever the format, against Python's Fractions."""

from __future__ import annotations

import math
import pickle
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat, fmpz
from hypothesis import given, settings
from hypothesis import strategies as st

from relutheory.core.errors import InputError
from relutheory.core.exact import (
    RationalArray,
    allow_digits,
    integer_rows,
    nearest_float,
    odd_parts,
    primitive,
    rational,
    to_fmpq,
)
from relutheory.injectivity import Collision
from relutheory.injectivity.statements import texts

QUIET = settings(max_examples=200, deadline=None, derandomize=True, database=None)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@QUIET
@given(FLOATS)
def test_a_float_is_the_binary_fraction_it_stores(value: float) -> None:
    assert rational(value) == Fraction(value)
    assert float(rational(np.float64(value))) == value
    k, e = odd_parts(np.array([value]))
    assert Fraction(int(k[0])) * Fraction(2) ** int(e[0]) == Fraction(value)
    assert int(k[0]) % 2 == 1 or (value == 0 and int(k[0]) == int(e[0]) == 0)


@QUIET
@given(st.fractions())
def test_every_form_of_a_rational_is_the_same_number(value: Fraction) -> None:
    assert rational(str(value)) == rational(to_fmpq(value)) == rational(value) == value
    assert nearest_float(value) == float(value)
    whole = value.numerator
    assert rational(fmpz(whole)) == rational(whole) == whole


def test_other_forms() -> None:
    assert rational("0.1") == Fraction(1, 10) != rational(0.1)
    assert rational(" -3/6 ") == Fraction(-1, 2)
    assert rational("1e-400") == Fraction(1, 10**400)
    assert rational(np.float32(0.1)) == Fraction(float(np.float32(0.1)))
    assert rational(np.int64(-(2**63))) == -(2**63)
    assert rational(5e-324) == Fraction(1, 2**1074)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, np.True_, None, "x", "1/0", "nan", 1j, [1]])
def test_what_is_not_a_rational_gets_one_line(value: Any) -> None:
    with pytest.raises(InputError, match=r"^weight = .*: must be [^\n]*$"):
        rational(value, "weight")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(10) ** 400, math.inf),
        (-(Fraction(10) ** 400), -math.inf),
        (Fraction(1, 10**400), 0.0),
        (Fraction(2**53 + 1), 2.0**53),
        (Fraction(2**53 + 3), 2.0**53 + 4),
        (Fraction(1, 3), 1 / 3),
        (Fraction(1, 2**1074), 5e-324),
    ],
)
def test_the_nearest_float_is_rounded_to_even_and_may_overflow(value: Fraction, expected: float) -> None:
    assert nearest_float(value) == expected


@QUIET
@given(st.lists(st.fractions(max_denominator=1000), max_size=5), st.fractions("1/7", 7))
def test_primitive_rows_are_integers_in_the_same_direction(row: list[Fraction], factor: Fraction) -> None:
    found = primitive(row)
    assert found == primitive([factor * v for v in row])
    assert math.gcd(*found) == (1 if any(row) else 0)
    for v, w in zip(row, found, strict=True):
        assert (v > 0) - (v < 0) == (w > 0) - (w < 0)
        assert all(v * y == w * x for x, y in zip(row, found, strict=True))


MATRICES: list[Any] = [
    np.array([[1e300, -1e-300, 0.0], [5e-324, 0.0, 0.0], [0.0, 0.0, 0.0], [0.5, 3.0, -0.75]]),
    [["1/3", 0.5, 0], [Fraction(10) ** 400, -1, "1/7"], [0, 0, 0], [2, 4, 6]],
    [[10**30, 1, 0], [0, -(10**30), 3], [0, 0, 0], [2**60, 2**61, 2**62]],
    np.array([[1, -2, 3], [2**62, 5, -(2**62)], [0, 0, 0], [4, 4, 4]]),
]


@pytest.mark.parametrize("values", MATRICES)
@pytest.mark.parametrize("bias", [[0.0, 1e-300, -1.0, 1e300], ["1/9", -5, 0, 10**400]])
def test_integer_rows_are_positive_multiples_of_the_given_rows(values: Any, bias: list[Any]) -> None:
    W, b = RationalArray(values, "W", ndim=2), RationalArray(bias, "b", ndim=1)
    for i, row in enumerate(integer_rows(W, b)):
        given_row = [*W.row(i), b[i]]
        assert primitive(row) == primitive(given_row)
        assert all(isinstance(v, int) for v in row)


@pytest.mark.parametrize("values", MATRICES)
def test_both_views_are_of_the_same_numbers(values: Any) -> None:
    array = RationalArray(values, "W", ndim=2)
    expected = [[rational(v) for v in row] for row in (values.tolist() if hasattr(values, "tolist") else values)]
    assert array.fractions() == expected == [array.row(i) for i in range(4)]
    assert array.floats.tolist() == [[nearest_float(v) for v in row] for row in expected]
    pairs = zip(array.floats.flat, (v for row in expected for v in row), strict=True)
    exact = all(math.isfinite(f) and Fraction(f) == v for f, v in pairs)
    assert array.floats_exact == exact
    assert [[Fraction(int(v.p), int(v.q)) for v in row] for row in array.fmpq.tolist()] == expected
    with pytest.raises(ValueError, match="read-only"):
        array.floats[0, 0] = 1.0
    copy = pickle.loads(pickle.dumps(array))
    assert copy == array
    assert not copy.floats.flags.writeable


def test_an_array_is_not_changed_by_what_happens_to_its_source() -> None:
    for source in (np.array([[1.0, 2.0]]), np.array([[1, 2]]), np.array([["1/3", 2]], dtype=object)):
        array = RationalArray(source, ndim=2)
        before = array.fractions()
        source[0, 0] = 7
        assert array.fractions() == before


def test_other_containers_and_precisions() -> None:
    assert RationalArray(fmpq_mat(1, 2, [fmpq(1, 3), fmpq(2)]), ndim=2).fractions() == [[Fraction(1, 3), Fraction(2)]]
    halves = np.array([0.1, -2.5], dtype=np.float16)
    assert RationalArray(halves, ndim=1).fractions() == [Fraction(float(v)) for v in halves]
    assert RationalArray(np.array([1, 2], dtype=np.uint8), ndim=1).fractions() == [1, 2]
    assert RationalArray([], ndim=1).shape == (0,)
    if np.finfo(np.longdouble).nmant > 52:
        with pytest.raises(InputError, match="must fit float64"):
            RationalArray(np.array([1, 3], dtype=np.longdouble) / 3, "W", ndim=1)


@pytest.mark.parametrize(
    ("values", "ndim", "message"),
    [
        ([[1.0, math.nan]], 2, r"^W\[0,1\] = nan: must be finite$"),
        (np.array([[1.0, 2.0], [-np.inf, 3.0]]), 2, r"^W\[1,0\] = -inf: must be finite$"),
        ([[1, 2], [3]], 2, r"^W: rows must all have the same length$"),
        ([1, 2], 2, r"^W = 'array of shape \(2,\)': must have 2 dimensions$"),
        ([[1]], 1, r"^W = 'array of shape \(1, 1\)': must have 1 dimension$"),
        (np.array([[True]]), 2, r"^W = 'bool': must be an array of numbers$"),
        (np.array([[1j]]), 2, r"^W = 'complex128': must be an array of numbers$"),
        ([[1, True]], 2, r"^W\[0,1\] = True: must be a number, not a boolean$"),
        ([["a"]], 2, r"^W\[0,0\] = 'a': must be a rational like \"p/q\" or a decimal$"),
        ("12", 1, r"^W = '12': must be an array or nested sequences of numbers$"),
        (3, 1, r"^W = 3: must be an array or nested sequences of numbers$"),
        (None, 2, r"^W = None: must be an array or nested sequences of numbers$"),
    ],
)
def test_bad_arrays_get_one_line(values: Any, ndim: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        RationalArray(values, "W", ndim=ndim)


@pytest.mark.parametrize("digits", [4301, 5000, 20_000])
def test_long_numbers_can_be_written_and_read_once_they_are_allowed(digits: int) -> None:
    limit = sys.get_int_max_str_digits()
    try:
        for number in (Fraction(10**digits - 1), Fraction(-1, 10 ** (digits - 1)), Fraction(10 ** (digits - 1) + 1, 3)):
            sys.set_int_max_str_digits(4300)
            allow_digits(Fraction(1, 3))
            with pytest.raises(ValueError, match="4300 digits"):
                str(number)
            allow_digits(Fraction(1, 3), number)
            assert Fraction(str(number)) == number
            pickled = pickle.dumps(Collision(x=(number,), y=(Fraction(0),)))
            sys.set_int_max_str_digits(4300)
            assert Fraction(str(pickle.loads(pickled).x[0])) == number
            sys.set_int_max_str_digits(4300)
            assert [Fraction(text) for text in texts([number])] == [number]
    finally:
        sys.set_int_max_str_digits(limit)
