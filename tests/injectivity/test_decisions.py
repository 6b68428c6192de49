"""Many decisions at once: against one by one, against the cells of the arrangement, where floats do not settle them."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from flint import fmpz_mat

from relutheory.core.errors import InputError
from relutheory.injectivity import Status, decide_injectivity
from relutheory.injectivity.gaussian.decisions import OutOfTime, TooManyCells, decide_layers, least_active
from relutheory.networks import ReLULayer
from relutheory.polyhedra import enumerate_regions

RNG = np.random.default_rng


def cases() -> dict[str, np.ndarray]:
    rng, k = RNG(1), 25
    sparse = rng.standard_normal((k, 16, 4)) * (rng.random((k, 16, 4)) < 0.3)
    half = rng.standard_normal((k, 7, 3))
    return {
        "Gaussian": rng.standard_normal((k, 16, 4)),
        "signs": rng.choice([-1.0, 1.0], (k, 12, 3)),
        "small integers, zero rows among them": rng.integers(-1, 2, (k, 11, 3)).astype(float),
        "sparse": sparse,
        "without full rank": np.concatenate([rng.integers(-1, 2, (k, 9, 2)), np.zeros((k, 9, 1))], axis=2),
        "pairs": np.concatenate([half, -half[:, :2], -3.0 * half[:, :1]], axis=1),
        "one input": rng.integers(-1, 2, (k, 4, 1)).astype(float),
        "fewer rows than inputs": rng.standard_normal((k, 2, 3)),
        "all zero": np.zeros((3, 4, 2)),
    }


def spans(rows: np.ndarray) -> bool:
    """Whether integer rows, or floats made so, span the space."""
    exact = [[Fraction(float(v)) for v in row] for row in rows]
    integers = [[int(v * 2**1100) for v in row] for row in exact]
    return bool(len(rows)) and fmpz_mat(integers).rank() == rows.shape[1]


def injective_by_cells(weights: np.ndarray) -> bool:
    """By definition: in every cell of the arrangement the active rows span the space."""
    patterns = [batch.bits(len(weights)) for batch in enumerate_regions(ReLULayer(weights))]
    return all(spans(weights[bits.astype(bool)]) for bits in np.concatenate(patterns))


@pytest.mark.parametrize("name", cases())
def test_they_agree_with_the_cells(name: str) -> None:
    weights = cases()[name]
    assert decide_layers(weights).tolist() == [injective_by_cells(w) for w in weights]


@pytest.mark.parametrize("name", cases())
def test_the_least_number_of_active_rows_is_that_over_all_cells(name: str) -> None:
    weights = cases()[name]
    counts = []
    for w in weights:
        bits = np.concatenate([batch.bits(w.shape[0]) for batch in enumerate_regions(ReLULayer(w))])
        counts.append(int(bits.sum(axis=1).min()))
    assert least_active(weights).tolist() == counts


def test_gaussian_layers_are_injective_where_n_rows_are_active_everywhere() -> None:
    weights = RNG(2).standard_normal((300, 19, 4))
    injective, least = decide_layers(weights), least_active(weights)
    assert injective.tolist() == (least >= 4).tolist()
    assert injective.tolist() != (least > 4).tolist()  # the count that matters is n, not n + 1
    assert 0.2 < injective.mean() < 0.8


@pytest.mark.parametrize("kind", ["floats", "integers", "zero"])
def test_layers_with_biases_agree_with_one_by_one(kind: str) -> None:
    rng = RNG(3)
    weights, biases = rng.standard_normal((40, 15, 3)), rng.standard_normal((40, 15)) + 1.0
    if kind == "integers":
        weights, biases = np.round(weights), np.round(biases)
    if kind == "zero":
        biases = np.zeros_like(biases)
    expected = [
        decide_injectivity(ReLULayer(w, b)).status is Status.INJECTIVE for w, b in zip(weights, biases, strict=True)
    ]
    assert decide_layers(weights, biases).tolist() == expected
    assert True in expected and (False in expected or kind == "floats")


def test_half_lines_on_the_line() -> None:
    """n = 1 with biases: injective where the closed half-lines w x + b >= 0, w != 0, cover the line."""
    entries = [(w, b) for w in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)]
    layers = list(product(entries, repeat=3))
    weights = np.array([[[w] for w, _ in layer] for layer in layers])
    biases = np.array([[b for _, b in layer] for layer in layers])
    points = [Fraction(k, 2) for k in range(-6, 7)]
    expected = [all(any(w and w * x + b >= 0 for w, b in layer) for x in points) for layer in layers]
    assert decide_layers(weights, biases).tolist() == expected


def test_entries_beyond_all_scales() -> None:
    rng = RNG(4)
    weights = rng.standard_normal((12, 10, 2)) * 10.0 ** rng.integers(-300, 300, (12, 10, 2))
    expected = []
    for w in weights:  # in the plane: on both sides of every line through 0 two independent rows are active
        directions = [(Fraction(-float(y)), Fraction(float(x))) for x, y in w]
        exact = [[Fraction(float(v)) for v in row] for row in w]
        good = True
        for d, sign in product(directions, (1, -1)):
            values = [sign * (a * d[0] + b * d[1]) for a, b in exact]
            for side in (1, -1):  # just beside the line
                turned = (-side * d[1], side * d[0])
                active = [
                    r
                    for r, v in zip(exact, values, strict=True)
                    if v > 0 or (v == 0 and r[0] * turned[0] + r[1] * turned[1] > 0)
                ]
                good &= any(a[0] * b[1] != a[1] * b[0] for a, b in combinations(active, 2))
        expected.append(good)
    assert decide_layers(weights).tolist() == expected


def test_no_layers_and_no_rows() -> None:
    assert decide_layers(np.zeros((0, 4, 2))).tolist() == []
    assert decide_layers(np.zeros((2, 0, 3))).tolist() == [False, False]
    assert least_active(np.zeros((0, 4, 2))).tolist() == []
    assert least_active(np.zeros((2, 0, 3))).tolist() == [0, 0]


def test_a_deadline_ends_the_search() -> None:
    started = time.perf_counter()
    with pytest.raises(OutOfTime):
        decide_layers(RNG(0).standard_normal((1, 120, 16)), deadline=started + 0.1)


BAD_WEIGHTS = [
    [[[np.inf, 0.0], [0.0, 1.0], [-1.0, 0.0]]],
    [[[np.nan], [1.0]]],
    [[1.0, 2.0], [3.0, 4.0]],
    [[[], []]],
]


@pytest.mark.parametrize("decide", [decide_layers, least_active])
@pytest.mark.parametrize("weights", [*map(np.array, BAD_WEIGHTS), np.ones((1, 2, 1), np.int64), [[[1.0]]], None])
def test_other_arrays_are_refused(decide: Any, weights: Any) -> None:
    with pytest.raises(InputError, match=r"weights = .*: must be \(k, m, n\) finite float64 numbers"):
        decide(weights)


def test_biases_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"biases = \(1, 3\): must be \(1, 2\)"):
        decide_layers(np.ones((1, 2, 1)), np.ones((1, 3)))


def test_counting_active_rows_ends_at_a_deadline() -> None:
    rows = 2.0 * RNG(0).integers(0, 2, (3, 42, 7)) - 1.0
    started = time.perf_counter()
    with pytest.raises(OutOfTime):
        least_active(rows, deadline=started + 0.1)
    with pytest.raises(TooManyCells):
        least_active(2.0 * RNG(0).integers(0, 2, (1, 84, 14)) - 1.0)
