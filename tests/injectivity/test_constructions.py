"""[B; -DB; M], decided by the package and by brute force."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import oracle
import pytest

from relutheory.core.errors import InputError
from relutheory.injectivity import Status, decide_injectivity
from relutheory.injectivity.constructions import injective_layer
from relutheory.networks import ReLULayer


@pytest.mark.parametrize("seed", range(12))
def test_layers_are_injective_and_one_row_fewer_are_not(seed: int) -> None:
    rng = np.random.default_rng([80, seed])
    n = 1 + seed % 3
    B = rng.integers(-3, 4, size=(n, n)) + 8 * np.eye(n, dtype=int)
    D = [Fraction(int(v), 3) for v in rng.integers(1, 9, size=n)]
    M = rng.integers(-2, 3, size=(seed % 2, n))
    layer = injective_layer(B, D, M)
    assert (layer.m, layer.n) == (2 * n + seed % 2, n)
    rows = layer.weight.fractions()
    assert rows[n : 2 * n] == [[-d * int(v) for v in row] for d, row in zip(D, B, strict=True)]
    assert not any(layer.bias.fractions())
    assert oracle.injective_by_cells(rows) and decide_injectivity(layer).proved
    if not len(M):
        for i in range(2 * n):
            assert not oracle.injective_by_flats([row for k, row in enumerate(rows) if k != i])


def test_a_singular_matrix_is_refused_with_its_kernel() -> None:
    with pytest.raises(InputError, match=r"B: must be invertible; B u = 0 for u = \(2, -1\)|u = \(-2, 1\)"):
        injective_layer([[1, 2], [2, 4]])
    injective_layer([[1, 2], [2, 4 + 2**-50]])
    with pytest.raises(InputError, match="must be invertible"):
        injective_layer([["1/3", 1], [1, 3]])
    injective_layer([[1 / 3, 1], [1, 3]])  # the float is not 1/3
    with pytest.raises(InputError, match=r"\.\.\."):
        injective_layer(np.ones((6, 6)))


def test_numbers_stay_exact_at_any_scale() -> None:
    layer = injective_layer([[1e300, 0], [1, 1e-300]], D=["1/3", 7])
    assert layer.weight[2, 0] == -Fraction(1e300) / 3
    assert decide_injectivity(layer).proved
    floats = injective_layer(np.diag([1e-310, 3.0]))
    assert floats.weight.floats_exact and not np.signbit(floats.W[2:][floats.W[2:] == 0]).any()
    assert injective_layer([[2]], D=0.5).weight.fractions() == [[2], [-1]]


def test_large_layers() -> None:
    rng = np.random.default_rng(81)
    result = decide_injectivity(injective_layer(rng.standard_normal((100, 100)), M=rng.standard_normal((5, 100))))
    assert result.status is Status.INJECTIVE
    assert isinstance(injective_layer([[1]], M=np.zeros((0, 1))), ReLULayer)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1, 2]],), "B = 'array of shape (1, 2)': must be square"),
        ((np.zeros((0, 0)),), "must be square, n x n with n >= 1"),
        (([[1]], [0]), "D[0] = '0': must be positive"),
        (([[1]], [-1]), "must be positive"),
        (([[1]], [1, 2]), "D = 'array of length 2': must have one entry per row of B, 1"),
        (([[1]], "x"), "D = 'x'"),
        (([[1]], None, [[1, 2]]), "M = 'array of shape (1, 2)': must have 1 columns"),
        (([[float("nan")]],), "must be finite"),
    ],
)
def test_bad_arguments(arguments: tuple, words: str) -> None:
    with pytest.raises(InputError) as error:
        injective_layer(*arguments)
    assert words in str(error.value)
