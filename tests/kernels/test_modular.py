"""Arithmetic modulo a prime in float64, against integers, flint and brute-force determinants."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from flint import nmod_mat

from relutheory._kernels.modular import echelon, eliminate, reduce, transversal_scratch, transversals_independent
from relutheory.core.residues import PRIMES

SMALL = (2, 3, 5, 7, 101)


def flint(matrix: np.ndarray, p: int) -> nmod_mat:
    rows, columns = matrix.shape
    return nmod_mat(rows, columns, [int(v) % p for v in matrix.ravel()], p)


def reduced(x: int, p: int) -> int:
    """What `reduce` makes of x, modulo p; zero itself only for multiples of p."""
    rest = int(reduce(float(x), float(p), 1.0 / p))
    assert 2 * abs(rest) <= p + 1
    assert (rest == 0) == (x % p == 0)
    return rest % p


def random_residues(rng: np.random.Generator, q: int, k: int, p: int) -> np.ndarray:
    """Columns with many zeros, copies and combinations of each other."""
    values = rng.integers(0, p, (q, k)) * (rng.random((q, k)) < 0.6)
    for _ in range(k // 3):
        i, j, t = rng.integers(0, k, 3)
        values[:, t] = (values[:, i] * int(rng.integers(0, p)) + values[:, j]) % p
    return values.astype(np.float64)


@pytest.mark.parametrize("p", PRIMES)
def test_reduce_is_right_around_the_multiples_of_p_up_to_the_ends_of_its_range(p: int) -> None:
    rng = np.random.default_rng(p)
    quotients = {
        0,
        1,
        2,
        3,
        p - 1,
        p,
        p + 1,
        2 * p,
        3 * p - 2,
        3 * p - 1,
        *rng.integers(0, 3 * p, 200).tolist(),
    }
    for quotient, rest, sign in product(quotients, (0, 1, 2, p // 2, p - 2, p - 1), (1, -1)):
        x = sign * (quotient * p + rest)
        assert abs(x) < 3 * p * p
        assert reduced(x, p) == x % p


@pytest.mark.parametrize("p", SMALL)
def test_reduce_is_right_on_its_whole_range_for_small_primes(p: int) -> None:
    for x in range(-3 * p * p + 1, 3 * p * p):
        assert reduced(x, p) == x % p


@pytest.mark.parametrize("p", [3, 101, PRIMES[0], PRIMES[-1]])
def test_echelon_finds_the_rank_and_the_columns_modulo_the_pivots(p: int) -> None:
    for k in range(60):
        rng = np.random.default_rng([p, k])
        q, many = (int(v) for v in rng.integers(1, 8, 2))
        pivots = int(rng.integers(0, many + 1))
        given = random_residues(rng, q, many, p)
        work, order = given.copy(), np.empty(max(min(q, pivots), 1), dtype=np.int64)
        found = echelon(work, pivots, p, order)
        chosen = order[:found].tolist()
        assert found == (flint(given[:, :pivots], p).rank() if pivots else 0)
        assert found == 0 or flint(given[:, chosen], p).rank() == found
        rest = work[found:]
        for size in (1, 2):  # independence modulo the pivots is independence of what is left
            some = rng.integers(0, many, size).tolist()
            together = flint(given[:, chosen + some], p).rank()
            assert (flint(rest[:, some], p).rank() if len(rest) else 0) == together - found
        assert np.all((np.abs(work) < p) & (work == np.floor(work)))


@pytest.mark.parametrize("p", [3, 101, PRIMES[0], PRIMES[-1]])
def test_eliminate_projects_along_the_pivot(p: int) -> None:
    for k in range(60):
        rng = np.random.default_rng([p, k, 1])
        q, many = int(rng.integers(1, 7)), int(rng.integers(1, 9))
        given = random_residues(rng, q, many, p)
        pivot, out = int(rng.integers(many)), np.full((q, many), -1.0)
        done = eliminate(given, q, pivot, p, out)
        assert done == given[:, pivot].any()
        if done and q > 1:
            some = rng.integers(0, many, int(rng.integers(1, 4))).tolist()
            together = flint(given[:, [pivot, *some]], p).rank()
            assert flint(out[: q - 1][:, some], p).rank() == together - 1
            assert not out[: q - 1, pivot].any()


def transversals(residues: np.ndarray, lists: list[list[int]], p: int) -> bool:
    """Brute force: every choice has a non-zero determinant."""
    return all(flint(residues[:, list(choice)], p).det() != 0 for choice in product(*lists))


def kernel_answer(residues: np.ndarray, lists: list[list[int]], p: int) -> bool:
    q, longest = len(lists), max(map(len, lists)) + 2
    padded = np.full((q + 1, longest), -7, dtype=np.int64)  # what lies beyond the lists must not be read
    for row, chosen in zip(padded, lists, strict=False):
        row[: len(chosen)] = chosen
    sizes = np.array([*map(len, lists), 99], dtype=np.int64)
    work, pairs, ends = transversal_scratch(q, longest)
    work[:], pairs[:], ends[:] = np.nan, np.nan, -7
    return bool(transversals_independent(residues, q, padded, sizes, float(p), work, pairs, ends))


@pytest.mark.parametrize("q", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("p", [PRIMES[0], PRIMES[-1]])
def test_generic_transversals_are_independent_and_one_planted_combination_is_found(q: int, p: int) -> None:
    for k in range(30):
        rng = np.random.default_rng([q, k])
        sizes = rng.integers(1, 4, q)
        ends = np.cumsum(sizes)
        lists = [list(range(end - size, end)) for end, size in zip(ends.tolist(), sizes.tolist(), strict=True)]
        residues = rng.integers(1, p, (q, int(ends[-1]))).astype(np.float64)
        assert transversals(residues, lists, p)
        assert kernel_answer(residues, lists, p)
        choice = [int(rng.choice(one)) for one in lists]
        target = int(rng.integers(q))
        weights = rng.integers(1, p, q).tolist()
        planted = [
            sum(w * int(row[c]) for t, (w, c) in enumerate(zip(weights, choice, strict=True)) if t != target) % p
            for row in residues
        ]
        residues[:, choice[target]] = planted
        assert not transversals(residues, lists, p)
        assert not kernel_answer(residues, lists, p)


@pytest.mark.parametrize("q", [2, 3, 4, 5])
@pytest.mark.parametrize("p", [5, 101])
def test_transversals_agree_with_all_determinants_where_both_answers_are_common(q: int, p: int) -> None:
    seen = set()
    for k in range(120):
        rng = np.random.default_rng([q, p, k])
        residues = rng.integers(0, p, (q, 2 * q + 3)).astype(np.float64)
        many = 1 + k % 2
        lists = [rng.integers(0, residues.shape[1], int(rng.integers(1, many + 1))).tolist() for _ in range(q)]
        expected = transversals(residues, lists, p)
        assert kernel_answer(residues, lists, p) == expected
        seen.add(expected)
    assert seen == {True, False}
