"""Layers and networks: both views of the same numbers, shapes, equality, errors."""

from __future__ import annotations

import copy
import dataclasses
import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.networks import AffineMap, ReLULayer, ReLUNetwork

RNG = np.random.default_rng(7)
NOT_LISTS: list[Any] = [ReLULayer([[1]]), 3]


def by_hand(pairs, x, relu_last):
    """The network by sums of Fractions, one entry at a time."""
    value = [Fraction(v) for v in x]
    for i, (W, b) in enumerate(pairs):
        value = [
            sum((Fraction(w) * v for w, v in zip(row, value, strict=True)), Fraction(c))
            for row, c in zip(W, b, strict=True)
        ]
        if relu_last or i < len(pairs) - 1:
            value = [max(v, Fraction(0)) for v in value]
    return value


def integer_pairs(*widths):
    return [(RNG.integers(-3, 4, (m, n)).tolist(), RNG.integers(-3, 4, m).tolist()) for n, m in pairwise(widths)]


@pytest.mark.parametrize("widths", [(1, 1), (2, 3, 1), (3, 1, 4, 2), (4, 6, 6, 6, 3)])
@pytest.mark.parametrize("relu_output", [False, True])
def test_forward_exact_and_float_agree_with_sums_by_hand(widths, relu_output):
    pairs = integer_pairs(*widths)
    net = ReLUNetwork(pairs, relu_output=relu_output)
    points = RNG.integers(-4, 5, (6, widths[0]))
    batch = net.forward(points)
    for x, y in zip(points.tolist(), batch, strict=True):
        expected = by_hand(pairs, x, relu_output)
        assert net.forward_exact(x) == expected
        assert y.tolist() == expected  # small integers: float64 makes no error
        assert net.forward(x).tolist() == expected


def test_the_last_pair_is_the_read_out_unless_told_otherwise():
    pairs = integer_pairs(2, 3, 4)
    net = ReLUNetwork(pairs)
    assert net.widths == (3,) and net.readout == AffineMap(*pairs[1]) and net.output_dim == 4
    relu = ReLUNetwork(pairs, relu_output=True)
    assert relu.widths == (3, 4) and relu.readout is None and relu.output_dim == 4
    layers = [ReLULayer(*pair) for pair in pairs]
    assert ReLUNetwork(layers) == relu
    assert ReLUNetwork(layers[:1], readout=AffineMap(*pairs[1])) == net
    assert ReLUNetwork(pairs[:1], readout=pairs[1]) == net
    assert net != relu and net.input_dim == 2


def test_one_pair_is_an_affine_network():
    net = ReLUNetwork([([[1, 2]], [3])])
    assert net.layers == () and net.forward_exact([-5, 0]) == [-2]
    assert ReLUNetwork([], readout=AffineMap([[1, 2]], [3])) == net


def test_equality_is_of_numbers_not_of_their_form():
    assert ReLULayer([[0.5, 1]]) == ReLULayer(np.array([["1/2", "1"]], dtype=object), [0])
    assert ReLULayer([[0.5]]) != ReLULayer([[0.5]], [1])
    assert ReLULayer([[0.5]]) != AffineMap([[0.5]])
    assert ReLULayer([["1/3"]]) != ReLULayer([[1 / 3]])
    assert ReLULayer([[-0.0]]) == ReLULayer([[0.0]])


def test_exact_arrays_are_taken_over():
    layer = ReLULayer([["1/3", 2]], ["1/7"])
    again = ReLULayer(layer.weight, layer.bias)
    assert again == layer and again.weight is layer.weight
    with pytest.raises(InputError, match=r"W = .*must have 2 dimensions"):
        ReLULayer(layer.bias)


def test_layers_and_networks_are_frozen():
    net = ReLUNetwork(integer_pairs(2, 2, 1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        net.layers = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        net.layers[0].weight = None
    with pytest.raises(ValueError, match="read-only"):
        net.layers[0].W[0, 0] = 1.0
    assert copy.deepcopy(net) == net


def test_a_layer_does_not_follow_later_changes_of_the_given_array():
    W = np.ones((2, 2))
    layer = ReLULayer(W)
    W[0, 0] = 5.0
    assert layer.W.tolist() == [[1, 1], [1, 1]]


def test_the_read_only_view_has_the_given_floats():
    W = RNG.standard_normal((3, 2)).astype(np.float32)
    layer = ReLULayer(W)
    assert layer.W.dtype == np.float64 and (layer.W == W).all() and layer.b.tolist() == [0, 0, 0]
    assert (layer.m, layer.n) == (3, 2)


@pytest.mark.parametrize("scale", [1e-300, 1e300, 5e-324])
def test_extreme_weights_stay_exact_and_floats_raise_no_warning(scale):
    layer = ReLULayer([[scale, scale], [scale, -scale]])
    assert layer.forward_exact([3, 1]) == [4 * Fraction(scale), 2 * Fraction(scale)]
    net = ReLUNetwork([layer] * 3)
    value = net.forward([[3.0, 1.0], [1e300, -1e300]])
    assert value.shape == (2, 2)
    assert net.forward_exact([3, 1]) == [8 * Fraction(scale) ** 3, 4 * Fraction(scale) ** 3]


def test_rationals_beyond_float64_have_an_infinite_float_view():
    layer = ReLULayer(np.array([[10**400]], dtype=object))
    assert layer.forward_exact(["1/10"]) == [10**399]
    assert math.isinf(layer.forward([1.0])[0])


def test_a_layer_without_rows_and_empty_batches():
    layer = ReLULayer(np.zeros((0, 3)))
    assert layer.forward([1, 2, 3]).shape == (0,) and layer.forward_exact([1, 2, 3]) == []
    assert layer.forward(np.zeros((5, 3))).shape == (5, 0)
    assert ReLULayer(np.ones((2, 3))).forward(np.zeros((0, 3))).shape == (0, 2)
    assert ReLUNetwork([layer]).output_dim == 0


def test_preactivations_keep_the_sign_that_relu_drops():
    layer = ReLULayer([[2], [-1]], ["1/2", 0])
    assert layer.preactivation_exact(["1/4"]) == [1, Fraction(-1, 4)]
    assert layer.preactivation([0.25]).tolist() == [1, -0.25]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ReLULayer([[1.0, math.nan]]), r"W\[0,1\] = nan: must be finite"),
        (lambda: ReLULayer([[1.0], [-math.inf]]), r"W\[1,0\] = -inf: must be finite"),
        (lambda: ReLULayer([1.0]), r"W = .*must have 2 dimensions"),
        (lambda: ReLULayer([[1], [2, 3]]), "W"),
        (lambda: ReLULayer(np.zeros((2, 0))), "W = .*must have at least one column"),
        (lambda: ReLULayer([[1.0]], [1.0, 2.0]), "b = .*must have one entry per row of W, 1"),
        (lambda: AffineMap([[1.0]], [math.nan]), r"b\[0\] = nan: must be finite"),
        (lambda: ReLUNetwork([]), r"layers = \[\]: must not be empty"),
        (lambda: ReLUNetwork(NOT_LISTS[0]), "layers = .*must be a list"),
        (lambda: ReLUNetwork(NOT_LISTS[1]), "layers = 3: must be a list"),
        (lambda: ReLUNetwork([np.eye(2), np.eye(2)]), r"layers\[0\] = .*must be a \(W, b\) pair"),
        (lambda: ReLUNetwork([ReLULayer([[1]]), ([[1]], [0])]), "layers = .*must be all"),
        (
            lambda: ReLUNetwork([(np.ones((3, 2)), None), (np.ones((4, 2)), None)], relu_output=True),
            r"layers\[1\] = ReLULayer\(m=4, n=2\): must have n = 3, the width of layers\[0\]",
        ),
        (
            lambda: ReLUNetwork([(np.ones((3, 2)), None), (np.ones((4, 2)), None)]),
            r"readout = AffineMap\(m=4, n=2\): must have n = 3, the width of layers\[0\]",
        ),
        (lambda: ReLUNetwork([([[math.nan]], None)], relu_output=True), r"layers\[0\]: W\[0,0\] = nan"),
        (lambda: ReLUNetwork([ReLULayer([[1]])], readout=ReLULayer([[1]])), "readout = .*must be a"),
        (
            lambda: ReLUNetwork([ReLULayer([[1]])], readout=AffineMap([[1]]), relu_output=True),
            "relu_output = True: must be False",
        ),
    ],
)
def test_bad_layers_are_one_line_that_names_the_argument(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0], r"x = .*must have shape \(2,\) or \(k, 2\)"),
        (np.zeros((2, 2, 2)), "must have shape"),
        (1.0, "must have shape"),
        ([1.0, math.nan], "x = nan: must be finite"),
        (["a", "b"], "must be an array of numbers"),
        ([[1.0, 2.0], [3.0]], "must be an array of numbers"),
        ([10**400, 0], "must be an array of numbers"),
    ],
)
def test_bad_points_are_refused(x, message):
    for map_ in (ReLULayer(np.eye(2)), ReLUNetwork([(np.eye(2), None)])):
        with pytest.raises(InputError, match=message):
            map_.forward(x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1], "x = .*must have 2"),
        ("12", "must be a sequence"),
        (5, "must be a sequence"),
        ([1, math.nan], r"x\[1\] = nan"),
        ([1, "1/0"], r"x\[1\] = '1/0'"),
    ],
)
def test_bad_exact_points_are_refused(x, message):
    for map_ in (ReLULayer(np.eye(2)), ReLUNetwork([(np.eye(2), None)])):
        with pytest.raises(InputError, match=message):
            map_.forward_exact(x)
