"""The filter against exact arithmetic: what it calls proved holds for all data within its error bound."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from relutheory._kernels.filters import UNIT, dependency_scratch, gamma, positive_dependency


def coefficients(rows: list[list[Fraction]]) -> list[Fraction] | None:
    """x with sum x_k rows[k] + rows[d] = 0, exactly; None where the first d rows are dependent."""
    d = len(rows[0])

    def entry(v: Fraction) -> fmpq:
        return fmpq(v.numerator, v.denominator)

    matrix = fmpq_mat(d, d, [entry(rows[k][t]) for t in range(d) for k in range(d)])
    if matrix.rank() < d:
        return None
    right = fmpq_mat(d, 1, [entry(-v) for v in rows[d]])
    return [Fraction(int(v.p), int(v.q)) for v in matrix.solve(right).entries()]


def is_positive_dependency(rows: list[list[Fraction]]) -> bool:
    x = coefficients(rows)
    return x is not None and min(x) > 0


def fractions(rows: np.ndarray) -> list[list[Fraction]]:
    return [[Fraction(v) for v in row] for row in rows.tolist()]


def accepted(rows: np.ndarray) -> bool:
    return proved(rows, list(range(len(rows))))


def proved(rows: np.ndarray, support: Sequence[int]) -> bool:
    scratch = dependency_scratch(rows.shape[1])
    for array in scratch:
        array[:] = -7  # what was there before must not be read
    return bool(positive_dependency(rows, np.array(support, dtype=np.int64), *scratch))


def holds_nearby(rng: np.random.Generator, rows: np.ndarray, trials: int) -> bool:
    """Whether the data at the corners of the allowed error have a positive dependency too."""
    for _ in range(trials):
        moved = [
            [v + int(rng.choice([-1, 1])) * (abs(v) / 2**53 + Fraction(1, 2**1000)) for v in row]
            for row in fractions(rows)
        ]
        if not is_positive_dependency(moved):
            return False
    return True


def balanced(rows: np.ndarray) -> np.ndarray:
    """Rows times powers of two, their largest entries in [1/2, 1)."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return np.ldexp(rows, -np.frexp(np.where(largest == 0, 1, largest))[1])


def test_gamma_is_rounded_up() -> None:
    for k in (1, 2, 10, 10**6, 2**40):
        exact = Fraction(k, 2**53) / (1 - Fraction(k, 2**53))
        assert exact <= Fraction(gamma(float(k))) <= exact * (1 + Fraction(1, 500))


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 20])
def test_generic_positive_dependencies_pass_and_others_do_not(d: int) -> None:
    for k in range(20):
        rng = np.random.default_rng([d, k])
        rows = rng.standard_normal((d + 1, d))
        rows[d] = -(rng.random(d) + 0.5) @ rows[:d]
        rows = balanced(rows)
        assert accepted(rows)
        assert is_positive_dependency(fractions(rows))
        assert accepted(rows[rng.permutation(d + 1)])
        rows[d] *= -1
        assert not accepted(rows)


def test_any_other_number_of_vectors_is_refused() -> None:
    rows = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    for support in ([0, 1], [0], [0, 1, 2, 3], []):
        assert not proved(rows, support)


def near_degenerate(rng: np.random.Generator) -> np.ndarray:
    """A dependency with a coefficient that is zero, or a few ulps from it; or nearly dependent vectors."""
    d = int(rng.integers(1, 6))
    rows = rng.integers(-3, 4, (d + 1, d)).astype(float) if rng.random() < 0.5 else rng.standard_normal((d + 1, d))
    x = rng.random(d) + 0.1
    x[rng.integers(d)] = rng.choice([0.0, 1.0, -1.0]) * 2.0 ** rng.integers(-56, -44)
    if d > 1 and rng.random() < 0.3:
        i, j = rng.permutation(d)[:2]
        rows[i] = rows[j] + rng.integers(-3, 4, d) * 2.0 ** rng.integers(-53, -20)
    rows[d] = -x @ rows[:d]
    for _ in range(int(rng.integers(0, 3))):
        i, t = rng.integers(d + 1), rng.integers(d)
        if rows[i, t]:
            rows[i, t] = np.nextafter(rows[i, t], rng.choice([-9.0, 9.0]))
    return balanced(rows)[rng.permutation(d + 1)]


def check_near_degenerate(count: int, seed: int) -> None:
    outcomes = {(True, True): 0, (False, True): 0, (False, False): 0}
    for k in range(count):
        rng = np.random.default_rng([seed, k])
        rows = near_degenerate(rng)
        found, truth = accepted(rows), is_positive_dependency(fractions(rows))
        assert truth or not found, rows.tolist()
        assert not found or holds_nearby(rng, rows, 2), rows.tolist()
        outcomes[found, truth] += 1
    assert min(outcomes.values()) > count // 100  # the cases are on both sides of the edge, and close to it


def test_near_degenerate_supports_are_never_proved_wrongly() -> None:
    check_near_degenerate(1500, 1)


@pytest.mark.slow
def test_near_degenerate_supports_are_never_proved_wrongly_at_length() -> None:
    check_near_degenerate(40_000, 2)


def test_a_coefficient_below_the_error_of_the_data_is_not_proved() -> None:
    """x = (1, t) solves the floats exactly; the data allow t - 2u."""
    for exponent in range(-60, -40):
        t = 2.0**exponent
        rows = np.array([[1.0, 1.0], [0.0, 1.0], [-1.0, -1.0 - t]])
        if rows[2, 1] == -1.0:
            assert not accepted(rows)
        elif accepted(rows):
            assert t > 2 * UNIT
            assert holds_nearby(np.random.default_rng(0), rows, 16)
    assert accepted(np.array([[1.0, 1.0], [0.0, 1.0], [-1.0, -1.0 - 2.0**-40]]))


def check_tiny_entries(rows: np.ndarray) -> None:
    found = 0
    for support in permutations(range(len(rows)), 3):
        if proved(rows, support):
            assert is_positive_dependency(fractions(rows[list(support)])), rows[list(support)].tolist()
            found += 1
    assert found > 0


def test_entries_whose_products_underflow() -> None:
    tiny = 2.0**-600
    check_tiny_entries(
        np.array(
            [
                [1, tiny],
                [1, 0],
                [1, -tiny],
                [-1, tiny],
                [-1, -tiny],
                [-1, 0],
                [0.5, 0.5],
                [-0.5, 0.5],
                [0, -1],
            ]
        )
    )


def test_inverses_that_overflow() -> None:
    tiny, least = 1e-310, 5e-324
    check_tiny_entries(
        np.array(
            [
                [1, tiny],
                [1, 0],
                [1, -least],
                [-1, tiny],
                [-1, least],
                [-1, 0],
                [0.5, 0.5],
                [-0.5, 0.5],
                [0, -1],
            ]
        )
    )
