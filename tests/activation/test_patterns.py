"""Patterns of points: the filtered route against plain Fractions, ties and extreme scales included."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from relutheory.activation import activation_matrices, activation_pattern
from relutheory.activation.patterns import _exact, checked_pattern
from relutheory.core.errors import InputError
from relutheory.core.exact import RationalArray
from relutheory.networks.layers import ReLULayer, ReLUNetwork


def brute(net: ReLUNetwork, x: Iterable[Any]) -> list[list[int]]:
    """The pattern by its definition, in Fractions."""
    value = [Fraction(v) for v in x]
    pattern = []
    for layer in net.layers:
        rows, shift = layer.weight.fractions(), layer.bias.fractions()
        before = [sum((p * q for p, q in zip(w, value, strict=True)), b) for w, b in zip(rows, shift, strict=True)]
        pattern.append([int(v > 0) for v in before])
        value = [max(v, Fraction(0)) for v in before]
    return pattern


def agree(net: ReLUNetwork, points: np.ndarray) -> bool:
    """Whether a batch, single points and the exact route alone give the patterns of the definition."""
    batch = activation_pattern(net, points)
    for k, x in enumerate(points.tolist()):
        expected = brute(net, x)
        exact = [np.zeros((1, layer.m), np.uint8) for layer in net.layers]
        _exact(net.layers, RationalArray(x, ndim=1).fmpq, exact, np.arange(1))
        routes = [[b[k] for b in batch], activation_pattern(net, x), [bits[0] for bits in exact]]
        if any([bits.tolist() for bits in route] != expected for route in routes):
            return False
    return True


def network(rng: np.random.Generator, widths: list[int], *, scale: float = 1.0, integer: bool = False) -> ReLUNetwork:
    def numbers(*shape: int) -> np.ndarray:
        drawn = rng.integers(-2, 3, shape).astype(float) if integer else rng.standard_normal(shape)
        return drawn * scale

    return ReLUNetwork([(numbers(m, n), numbers(m)) for n, m in pairwise(widths)], relu_output=True)


@pytest.mark.parametrize("integer", [True, False])
@pytest.mark.parametrize("widths", [[1, 1], [1, 3, 2], [2, 4, 3, 2], [5, 6, 6]])
def test_random_networks(widths: list[int], integer: bool) -> None:
    rng = np.random.default_rng(len(widths))
    net = network(rng, widths, integer=integer)
    points = rng.integers(-3, 4, (40, widths[0])).astype(float) if integer else rng.standard_normal((40, widths[0]))
    assert agree(net, points)


@pytest.mark.parametrize("scale", [1e300, 1e-300, 5e-324, 1e150, 1e-160])
@pytest.mark.parametrize("size", [1.0, 1e300, 1e-300, 5e-324])
def test_extreme_scales(scale: float, size: float) -> None:
    rng = np.random.default_rng(2)
    net = network(rng, [2, 3, 2], scale=scale, integer=True)
    assert agree(net, rng.integers(-2, 3, (15, 2)) * size)


def test_overflow_to_minus_infinity_is_not_believed() -> None:
    layer = ReLULayer([[-1e308, -1e308, 1e308, 1e308, 1e308]])
    for size in (
        1.0,
        10.0,
    ):  # the float value is minus infinity, then not a number; the exact one is positive
        assert activation_pattern(layer, [size] * 5).tolist() == [1]
        assert activation_pattern(layer, [[size] * 5]).tolist() == [[1]]


def test_underflow_is_not_believed() -> None:
    # every product rounds to zero, and the sum of the exact ones is positive
    assert activation_pattern(ReLULayer([[1e-200, 1e-200]]), [1e-200, 1e-200]).tolist() == [1]
    assert activation_pattern(ReLULayer([[1e-200, -1e-200]]), [1e-200, 2e-200]).tolist() == [0]


def test_cancellation_below_rounding() -> None:
    layer = ReLULayer([[1.0, 1.0, 1.0]])
    assert activation_pattern(layer, [1e16, 1.0, -1e16]).tolist() == [1]
    assert activation_pattern(layer, [1e16, -0.5, -1e16]).tolist() == [0]
    assert activation_pattern(layer, [1e16, 0.0, -1e16]).tolist() == [0]


def test_weights_that_no_float_holds() -> None:
    third = Fraction(1, 3)
    layer = ReLULayer([["1/3", "-1"], [Fraction(1, 10**400), 0], [10**400, -1], [Fraction(1, 10**320), 0]])
    assert activation_pattern(layer, [3, 1]).tolist() == [0, 1, 1, 1]
    assert activation_pattern(layer, [3.0, np.nextafter(1.0, 0.0)]).tolist() == [1, 1, 1, 1]
    assert activation_pattern(ReLULayer([[third, -1.0]]), [[3.0, 1.0], [1.0, 1 / 3]]).tolist() == [[0], [1]]


def test_a_weight_rounded_to_a_subnormal_is_not_believed() -> None:
    least = Fraction(2) ** -1074
    layer = ReLULayer([[least * 7 / 5, least * 2**1000 * -6 / 5]])  # 7/5 is rounded to 1
    assert activation_pattern(layer, [2.0**1000, 1.0]).tolist() == [1]


def test_a_tie_of_the_first_layer_seen_only_in_the_second() -> None:
    # the second layer subtracts 1/3 rounded to float64 from 1/3: positive by 2^-54 / 3
    net = ReLUNetwork([([["1/3"]], None), ([[1.0], [-1.0]], [-1 / 3, 1 / 3])], relu_output=True)
    assert [b.tolist() for b in activation_pattern(net, [1.0])] == [[1], [1, 0]]


def test_dead_and_zero_neurons_are_decided_by_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    net = ReLUNetwork(
        [([[1, 2], [0, 0], [0, 0]], [-100, 0, 1]), ([[5, 7, 0], [0, 0, 0], [0, 0, 2]], None)],
        relu_output=True,
    )
    expected = [[0, 0, 1], [0, 0, 1]]
    monkeypatch.setattr("relutheory.activation.patterns._exact", None)  # not to be reached
    assert [b.tolist() for b in activation_pattern(net, [1.0, 1.0])] == expected
    assert brute(net, [1, 1]) == expected


def test_a_batch_of_a_hundred_thousand_with_planted_ties() -> None:
    rng = np.random.default_rng(7)
    net = network(rng, [4, 8, 6], integer=True)
    points = rng.standard_normal((100_000, 4))
    planted = rng.choice(len(points), 400, replace=False)
    W, b = net.layers[0].W, net.layers[0].b
    for count, p in enumerate(planted.tolist()):
        i = next(i for i in range(count % 8, 16) if W[i % 8].any()) % 8
        j = int(np.flatnonzero(W[i])[0])
        x = rng.integers(-8, 9, 4).astype(float) * 2.0
        x[j] = 0.0
        x[j] = -(W[i] @ x + b[i]) / W[i, j]  # a multiple of 1/2: on the hyperplane exactly
        points[p] = np.nextafter(x, rng.choice([-np.inf, 0.0, np.inf])) if count % 2 else x
    found = activation_pattern(net, points)
    assert [f.shape for f in found] == [(100_000, 8), (100_000, 6)]
    assert all(f.dtype == np.uint8 for f in found)
    ties = 0
    for p in [*planted.tolist(), *range(0, 100_000, 500)]:
        assert [f[p].tolist() for f in found] == brute(net, points[p].tolist())
        ties += 0 in net.layers[0].preactivation_exact(points[p].tolist())
    assert ties >= 200


def test_kernel_and_python_agree() -> None:
    from relutheory._kernels.activation import filter_layer

    rng = np.random.default_rng(4)
    args = (
        rng.standard_normal((3, 5)),
        rng.standard_normal(5),
        rng.standard_normal((6, 3)),
        rng.random((6, 3)) * 0.1,
    )
    results: list[list[np.ndarray]] = []
    for function in (filter_layer, getattr(filter_layer, "py_func", filter_layer)):
        written: list[np.ndarray] = [
            np.zeros((6, 5), np.uint8),
            np.zeros((6, 5)),
            np.zeros((6, 5)),
            np.zeros(6, np.bool_),
        ]
        function(*args, *written)
        results.append(written)
    assert results[0][3].any() and not results[0][3].all()
    assert all(np.array_equal(p, q) for p, q in zip(*results, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_floats(data: st.DataObject) -> None:
    floats = st.floats(allow_nan=False, allow_infinity=False)
    n, m = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    rows = [data.draw(st.lists(floats, min_size=n, max_size=n)) for _ in range(m)]
    net = ReLUNetwork(
        [(rows, data.draw(st.lists(floats, min_size=m, max_size=m))), ([[1.0] * m], [-1.0])], relu_output=True
    )
    points = [data.draw(st.lists(floats, min_size=n, max_size=n)) for _ in range(2)]
    assert agree(net, np.array(points))


def test_shapes_and_kinds_of_points() -> None:
    layer = ReLULayer([[1, -1]], [0])
    for x in (
        [1, 0],
        ["1/2", "1/3"],
        (1.0, 0),
        np.array([2, 1]),
        [fmpq(1, 2), fmpq(1, 3)],
        np.array([1, 0], dtype=np.float32),
    ):
        assert activation_pattern(layer, x).tolist() == [1]
    assert activation_pattern(layer, [["1/2", "1/3"], [0, 1]]).tolist() == [[1], [0]]
    assert activation_pattern(layer, np.zeros((0, 2))).shape == (0, 1)
    assert activation_pattern(ReLULayer(np.zeros((0, 2))), [1, 2]).shape == (0,)
    assert activation_pattern(ReLUNetwork([([[1, 2]], None)]), [1, 2]) == ()


@pytest.mark.parametrize(
    "x",
    [
        [1],
        [[1, 2, 3]],
        [float("nan"), 0],
        [float("inf"), 0],
        "12",
        3,
        [],
        [[]],
        np.zeros((1, 1, 2)),
        [True, 1],
        [[1, 2], [3]],
        {1: 2},
        {1, 2},
    ],
)
def test_wrong_points_are_refused(x: Any) -> None:
    with pytest.raises(InputError) as caught:
        activation_pattern(ReLULayer([[1, -1]], [0]), x)
    assert "\n" not in str(caught.value)


def test_matrices() -> None:
    assert np.array_equal(activation_matrices([1, 0, 1]), np.diag([1, 0, 1]))
    nested = activation_matrices(activation_pattern(ReLUNetwork([([[1], [-1]], None), ([[1, 1]], None)]), [3]))
    assert isinstance(nested, tuple) and len(nested) == 1
    assert nested[0].tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize(
    "pattern", [[[1, 0]], [[1, 0, 1], [1]], [[1, 2], [1]], [[1, 0], [0.5]], [1, 0], 7, [[1, 0], ["1"]]]
)
def test_wrong_patterns_are_refused(pattern: Any) -> None:
    net = ReLUNetwork([([[1], [-1]], None), ([[1, 1]], None)], relu_output=True)
    with pytest.raises(InputError) as caught:
        checked_pattern(net, pattern)
    assert "\n" not in str(caught.value)
