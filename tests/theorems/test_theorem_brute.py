"""The two exact decisions for small layers, against exhaustive routes, degenerate rows included."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise, product

import numpy as np
import pytest

from relutheory.core.sets import Box
from relutheory.networks import AffineMap, ReLULayer, ReLUNetwork
from relutheory.theorems.brute import collision, faces, layer_collision, layer_faces, rank
from relutheory.theorems.inj_layer_criterion import failing_face
from relutheory.theorems.instances import at_point, describe, random_layer, random_network_at_point


def signs_on_a_line(rows: tuple) -> set:
    """The sign vectors of rows (w | b) on R: at every kink, and beside each of them."""
    kinks = sorted({Fraction(-b, w) for w, b in rows if w})
    ends = [min(kinks) - 1, max(kinks) + 1] if kinks else [Fraction(0)]
    points = [*kinks, *ends, *((p + q) / 2 for p, q in pairwise(kinks))]
    return {tuple((w * x + b > 0) - (w * x + b < 0) for w, b in rows) for x in points}


@pytest.mark.parametrize("seed", range(20))
def test_faces_on_a_line(seed: int) -> None:
    rng = np.random.default_rng([20, seed])
    rows = tuple(map(tuple, rng.integers(-2, 3, size=(seed % 6, 2)).tolist()))
    found = faces(rows, 1)
    assert {face.signs for face in found} == signs_on_a_line(rows)
    assert len(found) == len({face.signs for face in found})


@pytest.mark.parametrize("m", range(1, 6))
def test_faces_in_general_position(m: int) -> None:
    lines = tuple((1, t, t * t) for t in range(1, m + 1))  # tangents of a parabola: no two parallel, no three meet
    dimensions = [sum(sign == 0 for sign in face.signs) for face in faces(lines, 2)]
    pairs = len(list(combinations(range(m), 2)))
    assert [dimensions.count(k) for k in (0, 1, 2)] == [1 + m + pairs, m * m, pairs]


def test_the_points_of_faces_have_their_signs() -> None:
    layer = ReLULayer([[1, 2], [0, 0], [1, 2], [-2, 1]], ["1/3", 0, "1/3", 5])
    for face in layer_faces(layer):
        values = layer.preactivation_exact(face.point)
        assert tuple((v > 0) - (v < 0) for v in values) == face.signs


def injective_on_a_line(rows: tuple) -> bool:
    """On each piece between kinks some row must be strictly active and not constant."""
    open_signs = [s for s in signs_on_a_line(rows) if all(v or not rows[i][0] for i, v in enumerate(s))]
    return all(any(v > 0 and rows[i][0] for i, v in enumerate(s)) for s in open_signs)


def test_collisions_on_a_line_exhaustively() -> None:
    entries = list(product((-2, -1, 0, 1), (-1, 0, 1)))
    for rows in product(entries, repeat=2):
        assert (collision(rows, 1) is None) == injective_on_a_line(rows), rows


@pytest.mark.parametrize("seed", range(30))
def test_collisions_and_faces_agree_on_degenerate_layers(seed: int) -> None:
    rng = np.random.default_rng([21, seed])
    n = 1 + seed % 2
    W = rng.integers(-1, 2, size=(int(rng.integers(1, 6)), n))
    layer = ReLULayer(W, rng.integers(-1, 2, size=len(W)) if seed % 3 else None)
    points = layer_collision(layer)
    assert (points is None) == (failing_face(layer) is None)
    if points is not None:
        assert points[0] != points[1]
        assert layer.forward_exact(points[0]) == layer.forward_exact(points[1])


def test_a_layer_without_neurons() -> None:
    layer = ReLULayer(np.zeros((0, 2)))
    assert layer_collision(layer) is not None
    assert [face.signs for face in layer_faces(layer)] == [()]


def test_extreme_scales_change_nothing() -> None:
    W = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    for scale in (1e300, 1e-300):
        assert layer_collision(ReLULayer(W * scale)) is None
        assert layer_collision(ReLULayer(W[:3] * scale)) is not None


def test_rank_is_exact() -> None:
    big = 10**40
    assert rank([[big, 1], [big + 1, 1]]) == 2
    assert rank([[big, 1], [2 * big, 2]]) == 1
    assert rank([[0, 0]]) == 0


def test_random_layers_are_of_both_kinds_and_degenerate_ones_occur() -> None:
    layers = [random_layer(np.random.default_rng([22, k])) for k in range(60)]
    injective = sum(layer_collision(layer) is None for layer in layers)
    assert 10 <= injective <= 50
    assert any(not any(row) for layer in layers for row in layer.weight.fractions())


def test_random_networks_meet_hyperplanes() -> None:
    instances = [random_network_at_point(np.random.default_rng([23, k])) for k in range(40)]
    first = [instance.network.layers[0].preactivation_exact(instance.x) for instance in instances]
    assert any(v == 0 for values in first for v in values)
    assert all(sum(instance.network.widths) <= 6 for instance in instances)


def test_descriptions_are_exact_and_complete() -> None:
    network = ReLUNetwork([ReLULayer([["1/3"]], [0.5])], readout=AffineMap([[2]]))
    assert describe(at_point(network, ["2/7"])) == {
        "layers": [{"W": [["1/3"]], "b": ["1/2"]}],
        "readout": {"W": [["2"]], "b": ["0"]},
        "x": ["2/7"],
    }
    with pytest.raises(TypeError, match="Box"):
        describe(Box([0], [1]))
