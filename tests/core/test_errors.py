"""Errors are one line, and budgets are checked."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from typing import Any

import pytest

from relutheory.core.errors import InputError, UnsupportedError, check_limit, reject, shown


def test_an_error_is_one_line_with_name_value_and_rule() -> None:
    for value in ("a\nb\tc", "x" * 10_000, list(range(10_000)), {"a": "\n"}):
        with pytest.raises(InputError) as error:
            reject("argument", value, "must be short")
        text = str(error.value)
        assert text.startswith("argument = ") and text.endswith(": must be short")
        assert len(text.splitlines()) == 1 and len(text) < 100


def test_short_values_are_shown_in_full() -> None:
    assert shown("x" * 58) == repr("x" * 58)
    assert shown("x" * 59) == "'" + "x" * 56 + "..."
    assert shown([1, 2]) == "[1, 2]"


def test_user_errors_are_value_errors() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(UnsupportedError, InputError)


@pytest.mark.parametrize("value", [None, 0, 0.0, 3, 2.5, 1e300])
def test_limits_come_back_unchanged(value: Any) -> None:
    assert check_limit("limit", value) == value


def test_whole_limits_come_back_as_integers() -> None:
    for value in (5, 5.0, 0):
        limit = check_limit("limit", value, integer=True)
        assert limit == value and isinstance(limit, int)
    assert check_limit("limit", None, integer=True) is None
    assert check_limit("limit", math.inf) == math.inf


@pytest.mark.parametrize("value", [-1, -1e-300, math.nan, -math.inf, True, "3", [1], 1j])
def test_bad_limits_get_one_line(value: Any) -> None:
    for integer in (False, True):
        with pytest.raises(InputError, match=r"^limit = .*: must be a non-negative number or None$"):
            check_limit("limit", value, integer=integer)


@pytest.mark.parametrize("value", [0.5, math.inf, 2.25])
def test_limits_that_must_be_whole(value: float) -> None:
    with pytest.raises(InputError, match=r"^limit = .*: must be a non-negative integer or None$"):
        check_limit("limit", value, integer=True)


@pytest.mark.parametrize("huge", [10**400, Fraction(10**400, 3)])
def test_a_limit_beyond_the_floats_is_no_limit_at_all(huge: Any) -> None:
    assert check_limit("time_limit", huge) == math.inf
    with pytest.raises(InputError, match="must be a non-negative number or None"):
        check_limit("time_limit", -huge)


def test_integer_limits_are_exact_however_large() -> None:
    assert check_limit("node_limit", 10**400, integer=True) == 10**400
    with pytest.raises(InputError, match="must be a non-negative integer or None"):
        check_limit("node_limit", Fraction(10**400, 3), integer=True)


def test_numbers_too_long_to_print_are_named_without_a_traceback() -> None:
    before = sys.get_int_max_str_digits()  # exact results raise it for the whole process
    sys.set_int_max_str_digits(4300)
    try:
        _too_long()
    finally:
        sys.set_int_max_str_digits(before)


def _too_long() -> None:
    with pytest.raises(InputError, match=r"^node_limit = int of thousands of digits: must be a non-negative number"):
        check_limit("node_limit", -(10**5000), integer=True)
