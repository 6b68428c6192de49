"""Cells and faces of one layer: published counts, formulas, and engines that visit every cell or face."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.networks import ReLULayer
from relutheory.polyhedra import arrangement
from relutheory.polyhedra.arrangement import (
    PRIME,
    characteristic_polynomial,
    count_bounded_cells,
    count_cells,
    face_counts,
    in_general_position,
)
from relutheory.polyhedra.bounds import zaslavsky, zaslavsky_central
from relutheory.polyhedra.exact_tree import exact_regions
from relutheory.theorems.brute import layer_faces, rank


def braid(n: int) -> list[list[int]]:
    """x_i = x_j."""
    return [[int(k == i) - int(k == j) for k in range(n)] for i in range(n) for j in range(i)]


def type_b(n: int) -> list[list[int]]:
    """x_i = x_j, x_i = -x_j, x_i = 0."""
    return braid(n) + [[abs(v) for v in row] for row in braid(n)] + np.eye(n, dtype=int).tolist()


def resonance(n: int) -> list[tuple[int, ...]]:
    """All non-zero 0/1 rows."""
    return [row for row in product((0, 1), repeat=n) if any(row)]


def threshold(n: int) -> list[tuple[int, ...]]:
    """One row (1, v) for each vertex v of the cube: the cells are the threshold functions of n variables."""
    return [(1, *row) for row in product((-1, 1), repeat=n)]


def grid(q: int, d: int) -> tuple[np.ndarray, list[int]]:
    """q hyperplanes across each axis."""
    return np.repeat(np.eye(d, dtype=int), q, axis=0), list(range(q)) * d


def small_layer(*key: int, n_max: int = 3, m_max: int = 6) -> ReLULayer:
    """A layer of small integers: zero, parallel, repeated rows and common points are frequent."""
    rng = np.random.default_rng(key)
    n, m = int(rng.integers(1, n_max + 1)), int(rng.integers(0, m_max + 1))
    return ReLULayer(rng.integers(-2, 3, size=(m, n)), rng.integers(-2, 3, size=m) if rng.integers(3) else None)


def visited(layer: ReLULayer) -> tuple[int, int]:
    """The number of regions and of bounded ones, by the engine that visits them."""
    bounded = [region.bounded for region in exact_regions([layer])]
    return len(bounded), sum(bounded)


@pytest.mark.parametrize("n", range(2, 8))
def test_braid_arrangements(n: int) -> None:
    roots = np.polynomial.polynomial.polyfromroots(range(n)).round().astype(int)  # t (t - 1) ... (t - n + 1)
    assert characteristic_polynomial(braid(n)) == tuple(roots.tolist())
    assert count_cells(braid(n)) == math.factorial(n)
    assert count_bounded_cells(braid(n)) == 0


@pytest.mark.parametrize("n", range(1, 6))
def test_type_b(n: int) -> None:
    assert count_cells(type_b(n)) == 2**n * math.factorial(n)


def test_faces_of_type_b() -> None:
    assert face_counts(type_b(3)) == (1, 26, 72, 48)  # barycentric subdivision of the cube: 8 + 12 + 6 vertices


@pytest.mark.parametrize(("n", "cells"), [(1, 2), (2, 6), (3, 32), (4, 370), (5, 11292)])
def test_resonance_arrangements(n: int, cells: int) -> None:
    assert count_cells(resonance(n)) == cells  # OEIS A034997


@pytest.mark.slow
def test_the_sixth_resonance_arrangement() -> None:
    assert count_cells(resonance(6)) == 1066044


@pytest.mark.parametrize(("n", "cells"), [(1, 4), (2, 14), (3, 104), (4, 1882)])
def test_threshold_functions(n: int, cells: int) -> None:
    assert count_cells(threshold(n)) == cells  # OEIS A000609


@pytest.mark.parametrize(("q", "d"), [(9, 1), (9, 2), (4, 3), (5, 4)])
def test_grids(q: int, d: int) -> None:
    W, b = grid(q, d)
    assert count_cells(W, b) == (q + 1) ** d
    assert count_bounded_cells(W, b) == (q - 1) ** d
    assert face_counts(W, b) == tuple(math.comb(d, k) * q ** (d - k) * (q + 1) ** k for k in range(d + 1))


@pytest.mark.parametrize(("m", "n"), [(20, 4), (7, 3), (12, 2), (3, 5), (4, 4), (5, 1)])
def test_gaussian_rows_through_the_origin(m: int, n: int) -> None:
    W = np.random.default_rng([1, m, n]).standard_normal((m, n))
    assert in_general_position(W)
    assert count_cells(W) == 2 * sum(math.comb(m - 1, i) for i in range(n))
    assert sum((-1) ** k * v for k, v in enumerate(face_counts(W))) == (-1) ** n  # Euler


@pytest.mark.parametrize(("m", "n"), [(50, 2), (15, 4), (12, 6), (3, 5), (4, 4), (5, 1)])
def test_gaussian_rows_with_bias(m: int, n: int) -> None:
    rng = np.random.default_rng([2, m, n])
    W, b = rng.standard_normal((m, n)), rng.standard_normal(m)
    assert in_general_position(W, b)
    assert count_cells(W, b) == sum(math.comb(m, i) for i in range(n + 1))
    assert count_bounded_cells(W, b) == math.comb(m - 1, n)
    assert sum((-1) ** k * v for k, v in enumerate(face_counts(W, b))) == (-1) ** n


@pytest.mark.parametrize("b", [None, range(-5, 5)])
def test_both_routes_to_the_polynomial_agree(monkeypatch: pytest.MonkeyPatch, b: range | None) -> None:
    W = np.random.default_rng(3).standard_normal((10, 4))
    closed = characteristic_polynomial(W, b), face_counts(W, b)
    monkeypatch.setattr(arrangement, "FEW", -1)
    assert (characteristic_polynomial(W, b), face_counts(W, b)) == closed


def test_multiples_and_zero_rows_are_no_further_hyperplanes() -> None:
    rng = np.random.default_rng(4)
    W, b = rng.standard_normal((6, 3)), rng.standard_normal(6)
    once = characteristic_polynomial(W, b), face_counts(W, b)
    W, b = np.vstack([W, 2 * W, -W, np.zeros((2, 3))]), np.concatenate([b, 2 * b, -b, [0, 1]])
    assert (characteristic_polynomial(W, b), face_counts(W, b)) == once
    assert count_cells(W) == 2 * (1 + 5 + 10)


@pytest.mark.parametrize("step", [1e-4, 1e-6, 1e-10, 1e-300])
def test_rows_that_almost_coincide(step: float) -> None:
    rng = np.random.default_rng(5)
    W = rng.integers(-9, 10, size=(8, 3)) + rng.integers(1, 5, size=(8, 3)) / 8
    close = [
        [Fraction(v) + Fraction(step) * int(e) for v, e in zip(row, rng.integers(1, 99, 3), strict=True)] for row in W
    ]
    assert count_cells([*W.tolist(), *close]) == 242


def test_lines_of_the_space_are_in_every_face() -> None:
    assert characteristic_polynomial(np.zeros((2, 3)), [0, 1]) == (0, 0, 0, 1)
    assert face_counts(np.zeros((0, 2))) == (0, 0, 1)
    assert (count_cells(np.zeros((0, 2))), count_bounded_cells(np.zeros((0, 2)))) == (1, 0)
    strip = [[1, 1], [2, 2]], [0, 1]
    assert face_counts(*strip) == (0, 2, 3)
    assert (count_cells(*strip), count_bounded_cells(*strip)) == (3, 0)


def test_scales_do_not_matter() -> None:
    W = [[1e300, 0], [0, 1e-300], ["1/3", "-1/7"]]
    assert (count_cells(W), count_cells(W, [1, 1, 1])) == (6, 7)
    assert count_cells([[1], [1], [1]], [1e-300, -1e-300, 0]) == 4
    assert count_cells([[1, 0], [0, 1], [1, 1]], ["1/3", "1/3", "2/3"]) == 6  # three lines through a point


@pytest.mark.parametrize("seed", range(60))
def test_random_layers_against_the_engine_that_visits_cells(seed: int) -> None:
    layer = small_layer(6, seed)
    assert (count_cells(layer.weight, layer.bias), count_bounded_cells(layer.weight, layer.bias)) == visited(layer)


def test_larger_degenerate_layers_against_the_engine() -> None:
    for seed in range(3):
        rng = np.random.default_rng([7, seed])
        layer = ReLULayer(rng.integers(-1, 2, size=(9, 4)), rng.integers(-1, 2, size=9))
        assert (count_cells(layer.weight, layer.bias), count_bounded_cells(layer.weight, layer.bias)) == visited(layer)


@pytest.mark.parametrize("seed", range(30))
def test_faces_of_random_layers_against_brute_force(seed: int) -> None:
    layer = small_layer(8, seed, m_max=5)
    rows = layer.weight.fractions()
    dimensions = [
        layer.n - rank([[int(v) for v in row] for row, sign in zip(rows, face.signs, strict=True) if not sign])
        for face in layer_faces(layer)
    ]
    expected = tuple(dimensions.count(k) for k in range(layer.n + 1))
    assert face_counts(layer.weight, layer.bias) == expected
    assert expected[-1] == count_cells(layer.weight, layer.bias)


def simple_by_definition(layer: ReLULayer) -> bool:
    """General position, from the definition."""
    W = [[int(v) for v in row] for row in layer.weight.fractions()]
    b = [int(v) for v in layer.bias.fractions()]
    n = layer.n
    normals = all(rank(some) == len(some) for k in range(n + 1) for some in combinations(W, k))
    if not any(b):
        return normals
    rows = [[*w, c] for w, c in zip(W, b, strict=True)]
    return normals and all(rank(some) > rank([row[:-1] for row in some]) for some in combinations(rows, n + 1))


@pytest.mark.parametrize("size", [3, 8])
def test_general_position_against_the_definition(size: int) -> None:
    found = []
    for seed in range(60):
        rng = np.random.default_rng([9, size, seed])
        n, m = int(rng.integers(1, 4)), int(rng.integers(0, 7))
        layer = ReLULayer(
            rng.integers(-size, size + 1, size=(m, n)), rng.integers(-size, size + 1, size=m) * (seed % 3 > 0)
        )
        found.append(in_general_position(layer.weight, layer.bias))
        assert found[-1] == simple_by_definition(layer), layer.weight.fractions()
    assert 0 < sum(found) < 60


@pytest.mark.parametrize("central", [False, True])
def test_general_position_is_where_the_most_cells_are(central: bool) -> None:
    attained = []
    for seed in range(40):
        rng = np.random.default_rng([10, seed])
        n, m = int(rng.integers(2, 4)), int(rng.integers(1, 5))
        W, b = rng.integers(-2, 3, size=(m, n)), rng.integers(-2, 3, size=m) * (not central)
        most = zaslavsky(m, n) if any(b) else zaslavsky_central(m, n)
        attained.append(visited(ReLULayer(W, b))[0] == most)
        assert in_general_position(W, b) == attained[-1], (W, b)
    assert 0 < sum(attained) < 40


def test_dependence_modulo_the_prime_is_not_dependence() -> None:
    curve = [[1, t, t * t] for t in range(1, 7)]
    assert in_general_position([[1, 0], [0, 1], [1, PRIME]])
    assert in_general_position([[PRIME * v for v in curve[0]], *curve[1:]])
    assert in_general_position([curve[0], [v + PRIME * (k == 1) for k, v in enumerate(curve[0])], *curve[1:]])
    assert not in_general_position([[PRIME * v for v in curve[0]], *curve])
    assert not in_general_position([[PRIME * v for v in curve[0]], *curve[1:], [0, 0, 1], [0, 0, 2]])


def test_many_points_of_a_line() -> None:
    points = [Fraction(k * k, 7) for k in range(1500)]
    assert in_general_position([[1]] * 1500, points)
    assert not in_general_position([[1]] * 1501, [*points, points[3]])
    assert count_cells([[1]] * 1501, [*points, points[3]]) == 1501


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="b = 'array of length 1': must have one entry per row of W, 2"):
        count_cells([[1], [2]], [1])
    with pytest.raises(InputError, match=r"W\[0,1\] = nan: must be finite"):
        in_general_position([[1.0, math.nan]])
