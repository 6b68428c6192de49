"""Rounded networks and values at points against lists of all pieces."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor
from relutheory.networks.layers import ReLULayer, ReLUNetwork
from relutheory.univariate.approximate import approximate
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.exact_values import exact_values, one_layer_function
from relutheory.univariate.rounding import most_moved, rounded_network


def random_network(rng: np.random.Generator, widths: tuple[int, ...]) -> ReLUNetwork:
    """Weights in thirds and sevenths, zeros among them."""
    sizes, pairs = [1, *widths, 1], []
    for n, m in pairwise(sizes):
        W = [[Fraction(int(v), int(rng.choice([1, 3, 7]))) for v in rng.integers(-4, 5, n)] for _ in range(m)]
        pairs.append((W, [Fraction(int(v), 3) for v in rng.integers(-3, 4, m)]))
    return ReLUNetwork(pairs)


@pytest.mark.parametrize("widths", [(1,), (5,), (3, 3), (4, 2, 4)])
def test_networks_move_no_further_than_the_bound(widths):
    rng = np.random.default_rng(len(widths))
    lo, hi = Fraction(-2, 3), Fraction(5, 2)
    for _ in range(20):
        net = random_network(rng, widths)
        near = rounded_network(net)
        # far more than rounding: the weights of one layer by a sixteenth
        layers = [ReLULayer((16 * net.layers[0].W).round() / 16, net.layers[0].b), *net.layers[1:]]
        for other in (near, ReLUNetwork(layers, readout=net.readout)):
            f, g = CPwL.from_network(net, lo, hi), CPwL.from_network(other, lo, hi)
            assert f.sup_distance(g, lo, hi) <= most_moved(net, other, lo, hi)
        assert most_moved(net, near, lo, hi) < Fraction(1, 10**11)


def test_values_at_points_and_everywhere():
    rng = np.random.default_rng(5)
    points = [Fraction(int(v), 21) for v in rng.integers(-30, 50, 40)]
    for widths in [(1,), (6,), (3, 4, 2)]:
        for _ in range(15):
            net = random_network(rng, widths)
            assert exact_values(net, points) == [net.forward_exact([x])[0] for x in points]
            if len(widths) == 1:
                for lo, hi in [(Fraction(0), Fraction(1)), (Fraction(-1), Fraction(1, 3))]:
                    assert one_layer_function(net, lo, hi) == CPwL.from_network(net, lo, hi)


@pytest.mark.parametrize(
    ("f", "goal"),
    [
        ("sqrt(x)", {"parameters": 100, "width": 8}),
        ("sqrt(x)", {"parameters": 90, "lo": "1/3", "hi": 3}),
        ("sin(9*x)", {"parameters": 200, "width": 4}),
        ("x**2/3 - x", {"error": "1e-5"}),
        ("x**2", {"error": "1e-3", "lo": 0, "hi": 3}),
        ("abs(x - 1/3)", {"parameters": 60}),
    ],
)
def test_rounded_errors_hold(f, goal):
    found = approximate(f, **goal)
    rounded = found.with_float_weights()
    assert rounded.network != found.network and rounded.error.rigor is Rigor.ENCLOSED
    target = found.target
    moved = rounded.function.compose(CPwL([0, 1], [target.lo, target.hi]))
    true = target.distance(moved.restricted(0, 1))
    assert rounded.error.lo <= true.hi and true.lo <= rounded.error.hi
    assert rounded.error.hi - found.error.hi < Fraction(1, 10**9)


def test_many_neurons_in_one_layer_are_listed():
    f = CPwL([Fraction(i, 2001) for i in range(2002)], [i % 2 for i in range(2002)])
    found = approximate(f, parameters=6100)
    assert found.depth == 1 and found.width == 2001
    assert found.function == f
    rounded = found.with_float_weights()
    assert rounded.error.hi < Fraction(1, 10**9) and rounded.function.sup_distance(f) <= rounded.error.hi


def test_deep_networks_are_drawn_but_not_listed():
    found = approximate("exp(x)", error="1e-9", float_weights=True)
    assert found.depth > 60 and found.error.hi <= Fraction("1e-9")
    with pytest.raises(InputError, match="too many pieces to list"):
        _ = found.function
    graph = found.graph()
    x = np.linspace(0, 1, 2001)
    assert np.abs(graph.evaluate(x) - np.exp(x)).max() <= float(found.error.hi) * (1 + 1e-6)
    x = [Fraction(i, 7) for i in range(8)]
    assert found.values_at(x) == exact_values(found.network, x)


def test_weights_beyond_float64():
    found = approximate("1e300*x**2", parameters=60)
    assert found.graph().pieces > 5
    steep = approximate(([0, Fraction(1, 10**320), 1], [0, 1, 1]), error="1e-9")
    with pytest.raises(InputError, match="beyond the range of float64"):
        steep.with_float_weights()
