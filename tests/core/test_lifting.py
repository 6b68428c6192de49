"""p-adic lifting against flint's rational solver."""

from __future__ import annotations

import random

import pytest
from flint import fmpq_mat, fmpz_mat

from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.lifting import solve_integer
from relutheory.core.residues import PRIMES


def random_system(n: int, bits: int, seed: int) -> tuple[list[list[int]], list[int]]:
    rng = random.Random(seed)
    matrix = [[rng.randint(-(2**bits), 2**bits) for _ in range(n)] for _ in range(n)]
    return matrix, [rng.randint(-(2**bits), 2**bits) for _ in range(n)]


@pytest.mark.parametrize(
    ("n", "bits"), [(1, 1), (1, 100), (2, 3), (3, 62), (5, 2), (8, 28), (8, 29), (20, 113), (64, 53)]
)
@pytest.mark.parametrize("seed", range(4))
def test_the_solution_is_that_of_rational_elimination(n: int, bits: int, seed: int) -> None:
    matrix, right = random_system(n, bits, seed)
    if fmpz_mat(matrix).det() == 0:
        matrix = [[v + 2 ** (bits + 2) * (i == k) for k, v in enumerate(row)] for i, row in enumerate(matrix)]
    expected = fmpq_mat(fmpz_mat(matrix)).solve(fmpq_mat(fmpz_mat([[v] for v in right]))).entries()
    answer = solve_integer(matrix, right)
    assert answer is not None
    numerators, denominator = answer
    assert denominator > 0
    assert all(v.p * denominator == k * v.q for v, k in zip(expected, numerators, strict=True))


def test_a_denominator_whose_factors_hide_in_single_entries_is_found() -> None:
    matrix = [[2 * 3, 0, 0], [0, 5, 0], [0, 0, 7 * 2]]
    assert solve_integer(matrix, [3, 1, 1]) == ([35, 14, 5], 70)


def test_what_cannot_be_lifted_is_left_to_others() -> None:
    assert solve_integer([[PRIMES[0]]], [1]) is None  # singular modulo the prime
    assert solve_integer([[2**200]], [1]) is None
    assert solve_integer([[0]], [1]) is None


@pytest.mark.parametrize("n", [60, 90])
def test_large_kernels_are_orthogonal_and_primitive(n: int) -> None:
    matrix, right = random_system(n, 40, n)
    rows = [[*row, v] for row, v in zip(matrix, right, strict=True)]
    u = orthogonal_vector(rows, n + 1)
    assert u is not None and any(u)
    assert all(sum(a * b for a, b in zip(row, u, strict=True)) == 0 for row in rows)
    assert orthogonal_vector([*rows, [1] + [0] * n], n + 1) is None
