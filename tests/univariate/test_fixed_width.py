"""Networks of fixed width and special networks: counts, conversion, and their functions by two unrelated routes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from flint import fmpq

from relutheory import ReLUNetwork
from relutheory.core.errors import InputError
from relutheory.networks import AffineMap, ReLULayer
from relutheory.univariate.calculus import sum_of_iterates
from relutheory.univariate.constructions import takagi_network
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.fixed_width import FixedWidthNetwork, parameter_count
from relutheory.univariate.nodes import Kinked, combined, network_function, positive_part
from relutheory.univariate.special import SpecialLayer, SpecialNetwork

TENT = ReLUNetwork([([[1], [1]], [0, "-1/2"]), ([[2, -4]], [0])])


def random_network(seed: int, W: int, L: int, *, most: int = 3) -> ReLUNetwork:
    """A network with rational weights, many of them 0 or equal."""
    rng = np.random.default_rng([17, seed])

    def numbers(*shape: int) -> Any:
        over = rng.choice([1, 2, 3, 8], size=shape)
        found = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            found[index] = Fraction(int(rng.integers(-most, most + 1)), int(over[index]))
        return found

    layers = [ReLULayer(numbers(W, 1 if i == 0 else W), numbers(W)) for i in range(L)]
    return ReLUNetwork(layers, readout=AffineMap(numbers(1, W), numbers(1)))


def by_hand(net: ReLUNetwork, x: Fraction) -> Fraction:
    """The definition: layer after layer, in Fractions."""
    z = [x]
    for layer in net.layers:
        rows, bias = layer.weight.fractions(), layer.bias.fractions()
        sums = [sum((w * v for w, v in zip(row, z, strict=True)), b) for row, b in zip(rows, bias, strict=True)]
        z = [max(s, Fraction(0)) for s in sums]
    assert net.readout is not None
    return sum((w * v for w, v in zip(net.readout.weight.row(0), z, strict=True)), net.readout.bias[0])


@pytest.mark.parametrize("W", [1, 2, 5, 13])
@pytest.mark.parametrize("L", [1, 2, 7])
def test_parameters_are_the_entries_of_the_arrays(W: int, L: int) -> None:
    net = FixedWidthNetwork(random_network(0, W, L))
    entries = sum(layer.W.size + layer.b.size for layer in net.network.layers)
    assert net.network.readout is not None
    entries += net.network.readout.W.size + net.network.readout.b.size
    assert net.parameters == parameter_count(W, L) == entries
    assert (net.width, net.depth) == (W, L)


def test_the_count_as_recalled_from_the_paper() -> None:
    assert parameter_count(13, 4) == 586
    assert parameter_count(np.int64(8), np.int64(1)) == 2 * 8 + 9
    W, L = sp.symbols("W L")
    polynomial = sp.Poly(W * (W + 1) * L - (W - 1) ** 2 + 2, W, L)
    assert all(parameter_count(w, n) == polynomial.eval({W: w, L: n}) for w in range(1, 9) for n in range(1, 9))


@pytest.mark.parametrize("bad", [0, -1, True, 2.0, "3", None])
def test_widths_and_depths_are_positive_integers(bad: Any) -> None:
    with pytest.raises(InputError, match=r"W = .* must be an integer >= 1"):
        parameter_count(bad, 1)
    with pytest.raises(InputError, match=r"L = .* must be an integer >= 1"):
        parameter_count(1, bad)


@pytest.mark.parametrize(
    ("net", "rule"),
    [
        (ReLUNetwork([ReLULayer([[1]])]), "read-out"),
        (ReLUNetwork([], readout=([[1]], [0])), "hidden layer"),
        (ReLUNetwork([([[1, 1]], None), ([[1]], None)]), "one input"),
        (ReLUNetwork([([[1]], None), ([[1], [1]], None)]), "one output"),
        (ReLUNetwork([([[1]], None), ([[1], [1]], None), ([[1, 1]], None)]), "same width"),
        ([1, 2], "must be a ReLUNetwork"),
    ],
)
def test_other_networks_are_refused(net: Any, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        FixedWidthNetwork(net)


@pytest.mark.parametrize("seed", range(6))
def test_many_points_are_evaluated_as_one(seed: int) -> None:
    plain = FixedWidthNetwork(random_network(seed, 3, 3))
    special = SpecialNetwork(
        [SpecialLayer([2, -1], [-1, "1/3"]), SpecialLayer([1, 1], [0, "-1/2"], collect=[1, -3])], [2, 1]
    )
    made = takagi_network(5, "1/3")
    points = np.append(np.random.default_rng(seed).random((9, 2)), [[0.0, 1.0]], axis=0)
    for net, network in ((plain, plain.network), (special, special.to_network().network), (made, made.network)):
        found = net.evaluate(points)
        assert found.shape == points.shape
        for x, value in zip(points.ravel().tolist(), found.ravel().tolist(), strict=True):
            assert value == pytest.approx(float(by_hand(network, Fraction(x))), rel=1e-13, abs=1e-13)
        for outside in (-(2.0**-60), 1 + 2.0**-52, float("nan"), float("inf")):
            with pytest.raises(InputError, match=r"points = .*: must be in \[0, 1\]"):
                net.evaluate([0.5, outside])


@pytest.mark.parametrize("seed", range(30))
def test_the_function_is_found_node_by_node_as_piece_by_piece(seed: int) -> None:
    net = random_network(seed, 1 + seed % 5, 1 + seed % 4)
    f = network_function(net)
    assert f is not None
    assert f == CPwL.from_network(net, 0, 1) == FixedWidthNetwork(net).function
    corners = [*f.breakpoints, *((a + b) / 2 for a, b in zip(f.breakpoints, f.breakpoints[1:], strict=False))]
    assert all(f(x) == by_hand(net, x) for x in corners)


def test_with_too_many_kinks_it_is_followed_piece_by_piece() -> None:
    deep = [ReLULayer([[1], [1]], [0, "-1/2"])] + [ReLULayer([[2, -4], [2, -4]], [0, "-1/2"])] * 13
    net = FixedWidthNetwork(ReLUNetwork(deep, readout=([[2, -4]], [0])))
    assert network_function(net.network, most=5000) is None
    assert net.function.pieces == 2**14 + 2
    assert [net.function(Fraction(k, 2**14)) for k in range(5)] == [0, 1, 0, 1, 0]


def test_a_network_is_called_and_has_a_range() -> None:
    tent = FixedWidthNetwork(TENT)
    assert tent("1/3") == Fraction(2, 3)
    assert tent(2) == -2, "beyond [0, 1] the layers decide, not the function on [0, 1]"
    assert tent.function(2) == 0
    assert tent.range() == (0, 1)


def kinked(rng: np.random.Generator) -> Kinked:
    def number() -> fmpq:
        return fmpq(int(rng.integers(-6, 7)), int(rng.integers(1, 5)))

    points = rng.choice(np.arange(1, 48), size=int(rng.integers(0, 25)), replace=False)
    return Kinked.of(number(), number(), [(fmpq(int(p), 48), number()) for p in points])


def values(f: Kinked) -> list[fmpq]:
    """The definition at all multiples of 1/96."""
    found = []
    for k in range(97):
        x = fmpq(k, 96)
        kinks = zip(f.points, f.changes, strict=True)
        found.append(f.start + f.slope * x + sum((c * (x - p) for p, c in kinks if p < x), fmpq(0)))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_sums_and_positive_parts_of_nodes_and_their_lower_bounds(seed: int) -> None:
    rng = np.random.default_rng([23, seed])
    large, small = kinked(rng).with_floor(), kinked(rng)
    if seed % 2:  # few kinks, constant on one side: the sum is looked at near them only
        few = [(p, c) for p, c in zip(small.points, small.changes, strict=True)][:2]
        small = Kinked.of(small.start, fmpq(0) if seed % 4 == 1 else -sum((c for _, c in few), fmpq(0)), few)
    weights = fmpq(int(rng.integers(1, 4)), 2), fmpq(int(rng.integers(-3, 4)), 2)
    both = combined([(weights[0], large), (weights[1], small)], fmpq(1, 3))
    expected = [weights[0] * a + weights[1] * b + fmpq(1, 3) for a, b in zip(values(large), values(small), strict=True)]
    assert values(both) == expected
    assert (both.end, both.least()) == (expected[-1], min(expected))
    assert both.floor is None or both.floor <= min(expected)
    assert sorted(both.points) == list(both.points)
    assert all(both.changes)
    clipped = positive_part(both)
    assert values(clipped) == [max(v, fmpq(0)) for v in expected]
    assert clipped.floor is not None and 0 <= clipped.floor <= min(values(clipped))


def special(seed: int, k: int, L: int) -> SpecialNetwork:
    rng = np.random.default_rng([29, seed])

    def vector(n: int) -> list[Fraction]:
        return [Fraction(int(v), 4) for v in rng.integers(-5, 6, size=n)]

    layers = [SpecialLayer(vector(k), vector(k))]
    for _ in range(L - 1):
        layers.append(SpecialLayer(vector(k), vector(k), [vector(k) for _ in range(k)], vector(k)))
    return SpecialNetwork(layers, vector(k), *vector(2))


@pytest.mark.parametrize("seed", range(20))
def test_a_special_network_is_the_same_with_a_relu_in_every_node(seed: int) -> None:
    net = special(seed, 1 + seed % 4, 1 + seed % 5)
    plain = net.to_network()
    assert (plain.width, plain.depth, plain.parameters) == (net.width, net.depth, net.parameters)
    grid = [Fraction(k, 24) for k in range(25)]
    assert [net(x) for x in grid] == [by_hand(plain.network, x) for x in grid]
    assert net.function == CPwL.from_network(plain.network, 0, 1)
    assert [net.function(x) for x in grid] == [net(x) for x in grid]


def test_the_collation_channel_may_be_far_below_zero() -> None:
    first = SpecialLayer([1], [0])
    net = SpecialNetwork([first, SpecialLayer([0], [0], collect=[-(10**30)])], [0], 0, "1/3")
    assert net.to_network().function == CPwL([0, 1], [Fraction(1, 3), Fraction(1, 3) - 10**30])


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: SpecialLayer([], []), "at least one entry"),
        (lambda: SpecialLayer([1, 1], [0]), r"bias = .1 entries.: must have 2"),
        (lambda: SpecialLayer([1], [float("nan")]), r"bias\[0\] = nan: must be finite"),
        (lambda: SpecialLayer([1, 1], [0, 0], [[1, 1]]), "one for each node, 2"),
        (lambda: SpecialLayer([1, 1], [0, 0], [[1, 1], [1]]), r"nodes\[1\] = .1 entries"),
        (lambda: SpecialLayer([1], [0], (), [1, 2]), "collect = .2 entries"),
        (lambda: SpecialLayer([1], [0], 7), "nodes = 7: must be a sequence of rows"),
        (lambda: SpecialLayer(np.array(3), [0]), "source = .* must be a sequence"),
        (lambda: SpecialNetwork(3, []), "layers = 3: must be a sequence"),
        (lambda: SpecialLayer([1], [0], (), 7), "collect = 7: must be a sequence"),
        (lambda: SpecialNetwork([], []), "one or more SpecialLayer"),
        (lambda: SpecialNetwork([SpecialLayer([1], [0], [[1]])], [1]), "nothing from nodes before"),
        (lambda: SpecialNetwork([SpecialLayer([1], [0])], [1, 1]), "readout = .2 entries"),
        (lambda: SpecialNetwork([SpecialLayer([1], [0]), SpecialLayer([1, 1], [0, 0])], [1]), r"layers\[1\]"),
        (lambda: SpecialNetwork([SpecialLayer([1], [0])], [1], float("inf")), "slope = inf"),
    ],
)
def test_special_networks_that_do_not_fit_are_refused(make: Any, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        make()


def test_deep_special_networks_convert_without_their_function() -> None:
    # the sum of 40 powers of the hat, alternating, has 2^40 kinks
    depth = 40
    weights = [Fraction(-1, 2) ** k for k in range(depth)]
    special = sum_of_iterates(FixedWidthNetwork(TENT), weights)
    plain = special.to_network()
    assert (plain.width, plain.depth) == (4, depth)
    for x in (Fraction(0), Fraction(1, 3), Fraction(5, 2**20), Fraction(123, 1000), Fraction(1)):
        y, total = x, Fraction(0)
        for weight in weights:
            y = 1 - abs(2 * y - 1)
            total += weight * y
        assert plain(x) == special(x) == total


def test_bounds_from_intervals_keep_the_collation_channel_above_0() -> None:
    rng = np.random.default_rng(77)

    def drawn(*shape: int) -> Any:
        numerators, denominators = rng.integers(-4, 5, shape).ravel(), rng.integers(1, 5, shape).ravel()
        entries = [Fraction(int(a), int(b)) for a, b in zip(numerators, denominators, strict=True)]
        return np.array(entries, dtype=object).reshape(shape)

    for k, depth in ((1, 1), (1, 4), (2, 3), (3, 5), (4, 2)):
        layers = [SpecialLayer(drawn(k), drawn(k))]
        layers += [SpecialLayer(drawn(k), drawn(k), drawn(k, k), drawn(k)) for _ in range(depth - 1)]
        given = SpecialNetwork(layers, drawn(k), "1/3", -1)
        given.__dict__["_run"] = None  # as where the function has too many kinks
        for i in range(13):
            assert given.to_network()(Fraction(i, 12)) == given(Fraction(i, 12)) == given.function(Fraction(i, 12))
