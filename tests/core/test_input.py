"""Numbers and sets that are refused, each in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.core.exact import RationalArray, rational
from relutheory.core.sets import Ball, Box


@pytest.mark.parametrize("value", ["1e999999999", "-2E+1000000", "1e-" + "9" * 5000, np.array([1.0, 2.0]), b"1", None])
def test_numbers_that_are_refused(value: Any) -> None:
    with pytest.raises(InputError, match=r"^x = .{1,300}: must ") as error:
        rational(value, "x")
    assert "\n" not in str(error.value)


def test_exponents_of_ordinary_length_and_scalar_arrays_are_numbers() -> None:
    assert rational("1e99999") == 10**99999
    assert rational("1.5e-0003") == rational("3/2000")
    assert rational(np.array(0.5)) == rational("1/2")
    assert Box(np.array(0.0), np.array(1.0), n=2).hi == Box([0, 0], [1, 1]).hi
    assert Ball(np.array(3.0), 1, n=np.int64(2)).center == Ball([3, 3], 1).center


@pytest.mark.parametrize("n", [1.5, "x", float("nan"), [1], 10**400, True, 0, -1])
def test_dimensions_that_are_refused(n: Any) -> None:
    for make in (lambda: Box(0, 1, n=n), lambda: Ball(0, 1, n=n)):
        with pytest.raises(InputError, match=r"^n = .*must be an integer from 1"):
            make()


def test_an_array_without_dimensions_is_no_matrix() -> None:
    with pytest.raises(InputError, match=r"^W"):
        RationalArray(np.array(3, dtype=object), "W", ndim=2)
