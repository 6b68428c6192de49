"""Residues: each row is, modulo p, a non-zero multiple of the given rationals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import nmod_mat

from relutheory.core.exact import RationalArray
from relutheory.core.residues import PRIMES, residues, residues_of_floats


def is_prime(p: int) -> bool:
    return p > 1 and all(p % k for k in range(2, int(p**0.5) + 1))


def test_the_primes_are_the_largest_below_2_to_the_25() -> None:
    found, p = [], 2**25
    while len(found) < len(PRIMES):
        p -= 1
        if is_prime(p):
            found.append(p)
    assert tuple(found) == PRIMES


EXAMPLES: list[Any] = [
    np.random.default_rng(0).standard_normal((5, 3)),
    np.array([[1e300, -1e-300, 5e-324], [0.0, 0.0, 0.0], [2.0**1000, 3.0, 1.5], [1.0, 0.0, -0.0]]),
    [["1/3", "-2/7", 5], [10**400, Fraction(1, 10**30), 0], [0, 0, 0]],
    [[PRIMES[0], 1, -1], [2 * PRIMES[0], 2, 5], [1, PRIMES[1], 7]],
    np.array([[1, -1, 2**40], [3, 0, -(2**62)]]),
]


@pytest.mark.parametrize("values", EXAMPLES)
@pytest.mark.parametrize("p", [PRIMES[0], PRIMES[1], PRIMES[-1]])
def test_rows_are_proportional_to_the_rationals_modulo_p(values: Any, p: int) -> None:
    weight = RationalArray(values, ndim=2)
    found = residues(weight, p)
    assert found.shape == weight.shape[::-1]
    assert found.dtype == np.float64 and found.flags.c_contiguous
    assert np.all((found >= 0) & (found < p) & (found == np.floor(found)))
    for i, row in enumerate(weight.fractions()):
        exact = [v.numerator * pow(v.denominator, -1, p) % p for v in row]
        assert nmod_mat(2, len(row), [*exact, *(int(v) for v in found[:, i])], p).rank() <= 1
        assert any(exact) == bool(found[:, i].any())


def test_floats_and_the_same_rationals_have_proportional_residues() -> None:
    values = np.random.default_rng(1).standard_normal((6, 4)) * 10.0 ** np.arange(-30, 30, 10)[:, None]
    p = PRIMES[0]
    one = residues(RationalArray(values, ndim=2), p)
    other = residues(RationalArray([[Fraction(v) / 3 for v in row] for row in values.tolist()], ndim=2), p)
    for i in range(6):
        assert nmod_mat(2, 4, [int(v) for v in (*one[:, i], *other[:, i])], p).rank() == 1


def test_no_rows() -> None:
    assert residues(RationalArray(np.zeros((0, 3)), ndim=2), PRIMES[0]).shape == (3, 0)


@pytest.mark.parametrize("p", [3, 101, PRIMES[0], PRIMES[-1]])
def test_floats_modulo_p_are_the_fractions_they_are(p: int) -> None:
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.integers(-300, 300, 200)
    extremes = [5e-324, -5e-324, np.finfo(float).max, 0.0, -0.0, 1.0, 2.0**53 - 1]
    floats = np.concatenate([rng.standard_normal(200), rng.standard_normal(200) * scales, extremes])
    expected = [f.numerator * pow(f.denominator, -1, p) % p for f in map(Fraction, floats)]
    assert residues_of_floats(floats, p).tolist() == expected
