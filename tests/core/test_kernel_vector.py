"""The orthogonal vector against flint's null space."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flint import fmpz_mat

from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.residues import PRIMES

FACTORS = (1, PRIMES[0], 10**30, PRIMES[0] * PRIMES[1], math.prod(PRIMES))


def check(rows: list[list[int]], n: int) -> bool:
    """Whether a vector is found, after comparing with the exact rank."""
    u = orthogonal_vector(rows, n)
    assert (u is None) == (bool(rows) and fmpz_mat(rows).rank() == n)
    if u is None:
        return False
    assert any(u)
    assert math.gcd(*u) == 1
    assert all(isinstance(v, int) for v in u)
    assert not any(sum(a * v for a, v in zip(row, u, strict=True)) for row in rows)
    return True


@pytest.mark.parametrize("factor", FACTORS)
def test_a_vector_is_found_exactly_where_the_rank_is_not_full(factor: int) -> None:
    found = []
    for k in range(120):
        rng = np.random.default_rng([k, factor % 1000])
        n = int(rng.integers(1, 7))
        rows = rng.integers(-3, 4, (int(rng.integers(0, n + 3)), n)).astype(object)
        rows[:, -1] *= factor
        for _ in range(int(rng.integers(0, 2)) if len(rows) else 0):
            rows[rng.integers(len(rows))] = 2 * rows[rng.integers(len(rows))]
        found.append(check([[int(v) for v in row] for row in rows], n))
    assert 20 < sum(found) < 110


def test_rank_that_is_lost_modulo_every_prime_is_still_seen() -> None:
    p = math.prod(PRIMES)
    for rows in ([[1, 0], [1, p]], [[p, p], [p, 0]], [[p, 2 * p, 0], [0, 1, p], [1, 0, 0]]):
        assert not check(rows, len(rows))
    assert check([[1, p, 0], [1, 0, 0]], 3)
    assert check([[p, 2 * p]], 2)


def test_no_rows_zero_rows_and_huge_entries() -> None:
    assert check([], 3)
    assert check([[0, 0]], 2)
    assert check([[10**500, 1], [2 * 10**500, 2]], 2)
    assert not check([[10**500, 1], [10**500, 2]], 2)
    assert check([[0]], 1)
    assert not check([[5]], 1)
