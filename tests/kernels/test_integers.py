"""Dependencies with coefficients >= 0 of short integer vectors, against rational null spaces."""

from __future__ import annotations

import numpy as np
import pytest
from flint import fmpz_mat

from relutheory._kernels.integers import SHORT, integer_dependency


def proved(rows: np.ndarray) -> bool:
    size, d = rows.shape
    return bool(integer_dependency(rows, np.arange(size), np.zeros((d, d + 1), np.int64)))


def expected(rows: np.ndarray) -> bool:
    basis, nullity = fmpz_mat(rows.tolist()).transpose().nullspace()
    signs = [int(basis[i, 0]) for i in range(len(rows))] if nullity == 1 else []
    return nullity == 1 and (min(signs) >= 0 or max(signs) <= 0)


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8])
def test_small_entries_are_decided(d: int) -> None:
    rng = np.random.default_rng(d)
    answers = []
    for _ in range(300):
        rows = rng.integers(-2, 3, (int(rng.integers(1, d + 2)), d))
        if rng.random() < 0.5:  # a dependency with positive coefficients, often
            rows[0] = -(rng.integers(1, 3, (1, len(rows) - 1)) @ rows[1:])
        if not rows.any(axis=1).all():
            assert not proved(rows)
            continue
        answers.append(expected(rows))
        assert proved(rows) == answers[-1]
    assert True in answers
    assert False in answers


def test_long_numbers_are_never_proved_wrongly() -> None:
    rng = np.random.default_rng(0)
    for _ in range(2000):
        d = int(rng.integers(2, 7))
        rows = rng.integers(1 - SHORT, SHORT, (d + 1, d))
        assert not proved(rows) or expected(rows)
