"""The calculus of networks of fixed width, against the definitions at many points."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from relutheory import ReLUNetwork
from relutheory.core.errors import InputError
from relutheory.networks import AffineMap, ReLULayer
from relutheory.univariate import calculus as c
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.fixed_width import FixedWidthNetwork
from relutheory.univariate.inclusions import deepened, widened, widened_special
from relutheory.univariate.special import SpecialLayer, SpecialNetwork
from relutheory.univariate.splines import special_spline_network, spline_network

GRID = [Fraction(k, 60) for k in range(61)]
TENT = spline_network(CPwL([0, "1/2", 1], [0, 1, 0]), 4)
BELOW = spline_network(CPwL([0, "1/3", 1], [-5, -7, -1]), 4)


def network(seed: int, W: int, L: int) -> FixedWidthNetwork:
    rng = np.random.default_rng([31, seed])
    layers = [ReLULayer(rng.integers(-3, 4, (W, 1 if i == 0 else W)) / 2, rng.integers(-3, 4, W) / 4) for i in range(L)]
    readout = AffineMap(rng.integers(-3, 4, (1, W)) / 4, rng.integers(-3, 4, 1) / 4)
    return FixedWidthNetwork(ReLUNetwork(layers, readout=readout))


def into_unit_interval(net: FixedWidthNetwork) -> FixedWidthNetwork:
    """The same network with its values on [0, 1] brought into [0, 1]."""
    low, high = net.range()
    scale = 1 / (high - low) if high > low else Fraction(1)
    readout = net.network.readout
    assert readout is not None
    row = [scale * w for w in readout.weight.row(0)]
    last = AffineMap([row], [scale * (readout.bias[0] - low)])
    return FixedWidthNetwork(ReLUNetwork(net.network.layers, readout=last))


CASES = [(seed, 1 + seed % 4, 1 + seed % 3, 1 + seed % 2) for seed in range(8)]


@pytest.mark.parametrize(("seed", "W", "L1", "L2"), CASES)
def test_results_are_the_definitions_at_points(seed: int, W: int, L1: int, L2: int) -> None:
    S, T = network(seed, W, L1), into_unit_interval(network(seed + 100, W, L2))
    s, t = [S(x) for x in GRID], [T(x) for x in GRID]
    third = Fraction(1, 3)
    found: dict[str, tuple[Any, list[Fraction], int, int]] = {
        "compose": (c.compose(S, T), [S(v) for v in t], W, L1 + L2),
        "self": (c.self_compose(T, 3), [T(T(v)) for v in t], W, 3 * L2),
        "sum": (c.linear_combination([S, T]), [a + b for a, b in zip(s, t, strict=True)], W + 2, L1 + L2),
        "combination": (
            c.linear_combination([T, S, T], [third, -2, 5]),
            [third * b - 2 * a + 5 * b for a, b in zip(s, t, strict=True)],
            W + 2,
            L1 + 2 * L2,
        ),
        "iterates": (
            c.sum_of_iterates(T, [third, 0, -1]),
            [third * b - T(T(b)) for b in t],
            W + 2,
            3 * L2,
        ),
        "positive part": (c.positive_part(S), [max(a, Fraction(0)) for a in s], W, L1 + 1),
        "maximum": (c.maximum(S, T), [max(a, b) for a, b in zip(s, t, strict=True)], W + 2, L1 + L2 + 1),
        "minimum": (c.minimum(S, T), [min(a, b) for a, b in zip(s, t, strict=True)], W + 2, L1 + L2 + 1),
        "channels": (c.with_channels(S), s, W + 2, L1),
        "wider": (widened(S, W + 3), s, W + 3, L1),
        "deeper": (deepened(S, L1 + 3), s, W, L1 + 3),
    }
    for name, (net, expected, width, depth) in found.items():
        assert (net.width, net.depth) == (width, depth), name
        assert [net.network.forward_exact([x])[0] for x in GRID] == expected, name


def test_special_networks_add_up_without_more_width() -> None:
    first = SpecialNetwork(
        [SpecialLayer([1, -1], [0, "1/2"]), SpecialLayer([0, 0], [1, 2], collect=[-3, 1])], [1, 1], 2, 1
    )
    second = SpecialNetwork([SpecialLayer([1], ["-1/4"])], [7], -1, "1/3")
    both = c.add(first, second)
    assert (both.width, both.depth) == (4, 3)
    assert [both(x) for x in GRID] == [first(x) + second(x) for x in GRID]
    assert [both.to_network()(x) for x in GRID] == [first(x) + second(x) for x in GRID]
    assert widened_special(second, 3) is second


def test_sums_of_sums_and_of_negative_functions() -> None:
    inner = c.linear_combination([BELOW, TENT], [2, 1])
    outer = c.linear_combination([inner, inner, TENT], [1, "-1/2", 3])
    assert (outer.width, outer.depth) == (6, 5)
    assert outer.function == CPwL.from_network(outer.network, 0, 1)
    assert all(outer(x) == (2 * BELOW(x) + TENT(x)) / 2 + 3 * TENT(x) for x in GRID)


def test_two_hundred_terms_take_depth_and_not_width() -> None:
    total = c.linear_combination([TENT, BELOW] * 100, [1, -1] * 100)
    assert (total.width, total.depth) == (6, 200)
    assert total.to_network().function == (TENT.function - BELOW.function) * 100


def test_the_series_of_x_minus_x_squared() -> None:
    partial = c.sum_of_iterates(TENT, [Fraction(1, 4**k) for k in range(1, 9)])
    assert (partial.width, partial.depth) == (6, 8)
    for k in range(2**8 + 1):  # exact at multiples of 2^-8, and off by 4^-9 halfway between
        x = Fraction(k, 2**8)
        assert partial.function(x) == x - x**2
    x = Fraction(1, 2**9)
    assert x - x**2 - partial.function(x) == Fraction(1, 4**9)


def test_many_teeth_by_composition() -> None:
    saw = c.self_compose(TENT, 12)
    assert (saw.width, saw.depth) == (4, 12)
    assert saw.function.pieces == 2**12 + 2
    assert saw("3/4096") == 1


def test_networks_of_different_width_meet_at_the_larger_one() -> None:
    wide = spline_network(CPwL([0, "1/5", 1], [0, 1, "1/2"]), 7)
    assert c.compose(TENT, wide).width == 7
    assert c.maximum(wide, TENT).width == 9
    assert c.maximum(c.with_channels(TENT), TENT).width == 8, "a special network of width 6 counts as one of width 6"


def test_in_float_they_are_close() -> None:
    x = np.linspace(0, 1, 1001)[:, None]
    total = c.linear_combination([BELOW, TENT], [3, 1])
    exact = (BELOW.function * 3 + TENT.function).values_at(x[:, 0])
    np.testing.assert_allclose(total.network.forward(x)[:, 0], np.array(exact, dtype=float), atol=1e-13)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: c.compose(TENT, BELOW), r"inner = .*\[-7, -1\].* must map \[0, 1\] into \[0, 1\]"),
        (lambda: c.self_compose(BELOW, 2), "net = .* must map"),
        (lambda: c.self_compose(TENT, 0), "times = 0: must be an integer >= 1"),
        (lambda: c.sum_of_iterates(TENT, []), "coefficients = .* must be one or more"),
        (lambda: c.sum_of_iterates(BELOW, [1, 1]), "net = .* must map"),
        (lambda: c.linear_combination([]), "networks = .* must be one or more"),
        (lambda: c.linear_combination([TENT], [1, 2]), "coefficients = .2 numbers.: must be one for each network, 1"),
        (lambda: c.linear_combination([TENT], [float("inf")]), r"coefficients\[0\] = inf: must be finite"),
        (lambda: c.linear_combination([CPwL([0], [1])]), r"networks\[0\] = .* must be a FixedWidthNetwork"),
        (lambda: c.maximum(TENT, 3), "second = 3: must be a FixedWidthNetwork"),
        (lambda: c.add(TENT, TENT), "first = .* must be a SpecialNetwork"),
        (lambda: c.linear_combination(TENT), "networks = .* must be a sequence of networks"),
        (lambda: c.linear_combination([TENT], 3), "coefficients = 3: must be a sequence"),
        (lambda: c.linear_combination([TENT], "3"), "coefficients = '3': must be a sequence"),
        (lambda: c.sum_of_iterates(TENT, 0.5), "coefficients = 0.5: must be a sequence"),
        (lambda: c.sum_of_iterates(TENT, np.array(3)), "coefficients = .* must be a sequence"),
        (lambda: c.self_compose(TENT, 10**30), "times = 1000.*weights and biases, and must make at most"),
        (lambda: widened(3, 4), "net = 3: must be a FixedWidthNetwork"),
        (lambda: widened_special(TENT, 5), "net = .* must be a SpecialNetwork"),
        (lambda: widened(TENT, 10**7), "width = 10000000: .*weights and biases, and must make at most"),
        (lambda: deepened(TENT, 10**30), "depth = 1000.*weights and biases, and must make at most"),
        (
            lambda: widened_special(special_spline_network(CPwL([0, 1], [0, 1]), 4), 10**7),
            "width = 10000000: .*weights and biases",
        ),
        (lambda: widened(TENT, 3), "width = 3: must be an integer >= 4"),
        (lambda: deepened(TENT, 0), "depth = 0: must be an integer >= 1"),
    ],
)
def test_bad_input_is_refused(call: Any, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        call()


def test_one_iterate_may_go_anywhere() -> None:
    assert c.self_compose(BELOW, 1).function == BELOW.function
    assert c.sum_of_iterates(BELOW, [2]).function == BELOW.function * 2
