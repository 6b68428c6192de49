"""The largest product over all activation choices, against the plain maximum over every choice."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor
from relutheory.deep_limit.products.joint import largest_product
from relutheory.deep_limit.products.largest_spectral import _surely_at_most, at_most, squared_norm
from relutheory.networks import ReLULayer

Matrix = list[list[Fraction]]


def fractions(W: Any) -> Matrix:
    return [[Fraction(v) for v in row] for row in W]


def multiplied(layers: Sequence[Matrix], patterns: Sequence[Sequence[int]]) -> Matrix:
    """J_L W_L ... J_1 W_1 by its definition."""
    n = len(layers[0][0])
    total = [[Fraction(i == j) for j in range(n)] for i in range(n)]
    for W, bits in zip(layers, patterns, strict=True):
        total = [
            [bit * sum((w * total[k][j] for k, w in enumerate(row)), Fraction(0)) for j in range(n)]
            for bit, row in zip(bits, W, strict=True)
        ]
    return total


def norm_of(M: Matrix, norm: str) -> Any:
    if norm == "2":
        return float(np.linalg.norm(np.array(M, dtype=float), 2))
    lines = M if norm == "inf" else list(zip(*M, strict=True))
    return max(sum(map(abs, line), Fraction(0)) for line in lines)


def every_choice(layers: Sequence[Matrix], norm: str) -> Any:
    choices = product(*(product((0, 1), repeat=len(W)) for W in layers))
    return max(norm_of(multiplied(layers, patterns), norm) for patterns in choices)


def random_layers(seed: int, most: int = 8) -> list[Matrix]:
    """Up to four small integer or rational layers of varying width, with at most this many neurons."""
    rng = np.random.default_rng([2024, seed])
    while True:
        widths = [int(v) for v in rng.integers(1, 5, size=rng.integers(2, 6))]
        if sum(widths[1:]) <= most:
            break
    over = int(rng.integers(1, 4))
    pairs = zip(widths[1:], widths, strict=False)
    return [[[Fraction(int(v), over) for v in row] for row in rng.integers(-3, 4, size=shape)] for shape in pairs]


@pytest.mark.parametrize("norm", ["1", "inf"])
@pytest.mark.parametrize("seed", range(25))
def test_the_value_is_the_maximum_over_every_choice(seed: int, norm: str) -> None:
    layers = random_layers(seed)
    found = largest_product(layers, norm)
    assert found.value.lo == found.value.hi == every_choice(layers, norm)
    assert found.finished and found.value.rigor is Rigor.EXACT
    assert norm_of(multiplied(layers, found.patterns), norm) == found.value.lo


@pytest.mark.parametrize("seed", range(20))
def test_the_spectral_norm_is_enclosed(seed: int) -> None:
    layers = random_layers(seed, most=8)
    found = largest_product(layers, "2")
    expected = every_choice(layers, "2")
    assert float(found.value.lo) * (1 - 1e-13) <= expected <= float(found.value.hi) * (1 + 1e-13)
    assert found.value.hi <= found.value.lo * (1 + Fraction(1, 10**12)) and found.finished
    assert norm_of(multiplied(layers, found.patterns), "2") == pytest.approx(float(found.value.lo), rel=1e-12)


def test_a_row_switched_off_can_enlarge_the_product() -> None:
    layers = [fractions([[1, 1], [-1, -1]]), fractions([[1, 1]])]
    assert norm_of(multiplied(layers, [(1, 1), (1,)]), "inf") == 0
    for norm, value in (("inf", 2), ("1", 1)):
        assert largest_product(layers, norm).value.hi == value
    assert largest_product(layers, "2").value.lo ** 2 < 2 < largest_product(layers, "2").value.hi ** 2


@pytest.mark.parametrize("norm", ["1", "2", "inf"])
def test_the_order_of_the_layers_matters(norm: str) -> None:
    layers = [fractions([[0, 1], [0, 0]]), fractions([[1, 0], [0, 3]])]
    assert largest_product(layers, norm).value.lo == 1
    assert largest_product(layers[::-1], norm).value.lo == 3


@pytest.mark.parametrize("norm", ["1", "2", "inf"])
def test_rational_values_of_plain_matrices_are_exact(norm: str) -> None:
    turn = [["3/5", "-4/5"], ["4/5", "3/5"]]
    for layers, value in (
        ([[["-7/3"]]], Fraction(7, 3)),
        ([[[0, 0], [0, 0]], [[1, 1], [1, 1]]], 0),
        ([[[1e300]], [[1e-300]], [[2]]], 2 * Fraction(1e300) * Fraction(1e-300)),
        ([np.eye(3)] * 5, 1),
    ):
        found = largest_product(layers, norm).value
        assert found.lo <= value <= found.hi
        assert found.width <= value * Fraction(1, 10**12)
    assert (largest_product([turn], norm).value.lo == 1) == (norm == "2")


def test_layers_count_with_their_weights_alone() -> None:
    layer = ReLULayer([[1.5, -2]], [7])
    assert largest_product([layer]).value.lo == Fraction(7, 2)


@pytest.mark.parametrize("norm", ["1", "2", "inf"])
def test_out_of_time_the_bounds_hold(norm: str) -> None:
    rng = np.random.default_rng(3)
    layers = [rng.integers(-3, 4, size=(4, 4)).tolist() for _ in range(4)]
    hurried, exact = largest_product(layers, norm, time_limit=0), largest_product(layers, norm)
    assert not hurried.finished and exact.finished
    assert hurried.value.lo <= exact.value.lo <= exact.value.hi <= hurried.value.hi
    assert hurried.value.lo < hurried.value.hi
    reached = norm_of(multiplied([fractions(W) for W in layers], hurried.patterns), norm)
    assert reached == pytest.approx(float(hurried.value.lo), rel=1e-12)


def test_deep_chains_of_narrow_layers_are_finished() -> None:
    rng = np.random.default_rng(0)
    layers = [rng.standard_normal((2, 2)) for _ in range(14)]
    found = largest_product(layers)
    assert found.finished
    reached = norm_of(multiplied([fractions(W) for W in layers], found.patterns), "inf")
    assert reached == found.value.lo
    assert found.value.hi <= prod(norm_of(fractions(W), "inf") for W in layers)
    flips = (*found.patterns[:5], (1 - found.patterns[5][0], found.patterns[5][1]), *found.patterns[6:])
    assert norm_of(multiplied([fractions(W) for W in layers], flips), "inf") <= found.value.hi


def test_a_result_is_not_a_bool() -> None:
    with pytest.raises(TypeError, match="not a bool"):
        bool(largest_product([[[1]]]))


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        ([], {}, "layers = []: must not be empty"),
        ("abc", {}, "layers = 'abc': must be a list"),
        ([[[1, float("nan")]]], {}, "layers[0][0,1] = nan: must be finite"),
        ([[[1, 2]], [[1, 2]]], {}, "layers[1] = 'array of shape (1, 2)': must have 1 columns"),
        ([np.zeros((0, 2))], {}, "layers[0] = 'array of shape (0, 2)': must have at least one row"),
        ([[[1]]], {"norm": "3"}, "norm = '3': must be one of 1, 2, inf"),
        ([[[1]]], {"time_limit": -1}, "time_limit = -1: must be a non-negative"),
    ],
)
def test_bad_input_is_refused_in_one_line(layers: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        largest_product(layers, **options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_the_float_filter_claims_nothing_false() -> None:
    """Squared norms a little above t: no float proof; a little below: one, or none, but the exact test decides."""
    rng = np.random.default_rng(8)
    for trial in range(60):
        n, k = (int(v) for v in rng.integers(1, 7, size=2))
        rows = fmpq_mat(rng.integers(-50, 51, size=(k, n)).tolist()).tolist()
        low, high = squared_norm(rows)
        if high > 0:
            floats = np.array([[float(int(v.p)) for v in row] for row in rows])
            below, above = (float(int(v.p) / int(v.q)) for v in (low, high))
            assert not _surely_at_most(floats, below * (1 - 1e-15))
            assert _surely_at_most(floats, above * (1 + 1e-10 * (n + k)))
            assert at_most(rows, high) and not at_most(rows, low * fmpq(10**15 - 1, 10**15)), trial
