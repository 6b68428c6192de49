"""Free-knot splines by networks of fixed width: exact at every knot and everywhere, and of the depth of the theorem."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.theorems.uni_free_knot import THEOREM, even
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.fixed_width import parameter_count
from relutheory.univariate.splines import (
    Knots,
    hats,
    padded,
    shallow_network,
    special_spline_network,
    spline_depth,
    spline_network,
)


def spline(seed: int, n: int, *, cluster: Fraction = Fraction(1)) -> CPwL:
    """n kinks in (0, 1), in an interval of length `cluster`; slopes alternate in sign or do not."""
    rng = np.random.default_rng([41, seed, n])
    drawn = np.sort(rng.choice(np.arange(1, 10**6), size=n, replace=False)).tolist()
    x = [Fraction(0), *(cluster * Fraction(k, 10**6) for k in drawn), Fraction(1)]
    y = [Fraction(int(a), int(b)) for a, b in zip(rng.integers(-99, 99, n + 2), rng.integers(1, 9, n + 2), strict=True)]
    return CPwL(x, y)


def kinks(f: CPwL) -> list[Fraction]:
    """The breakpoints in (0, 1) at which the slope changes, by hand."""
    x, y = f.breakpoints, f.values
    slopes = [(b - a) / (q - p) for p, q, a, b in zip(x, x[1:], y, y[1:], strict=False)]
    changes = zip(x[1:-1], slopes, slopes[1:], strict=False)
    return [p for p, before, after in changes if before != after and 0 < p < 1]


@pytest.mark.parametrize("W", [4, 5, 7, 8, 9, 13, 14, 20, 26, 32])
@pytest.mark.parametrize("n", [0, 1, 6, 7, 25, 60])
def test_the_network_is_the_spline(W: int, n: int) -> None:
    f = spline(W, n)
    net = spline_network(f, W)
    assert net.function == f.restricted(0, 1)
    q, last = (W - 2) // 6, max(len(kinks(f)), 1)
    assert net.depth == (2 * -(-last // (q * (W - 2))) if W >= 8 else -(-last // (W - 2)))
    assert net.width == W
    if W >= 8:
        assert net.parameters == parameter_count(W, net.depth) <= 34 * last + 2 * W * (W + 1)
    points = f.breakpoints[:: 1 + n // 5]
    assert [net.network.forward_exact([x])[0] for x in points] == [f(x) for x in points]


@pytest.mark.parametrize("W", [4, 8, 14, 20])
def test_two_engines_agree_on_the_function_of_the_network(W: int) -> None:
    f = spline(5, 50)
    net = spline_network(f, W).network
    assert CPwL.from_network(net, 0, 1) == f.restricted(0, 1)


def test_at_every_knot_and_between_by_the_layers_alone() -> None:
    f = spline(3, 40)
    for W in (5, 8, 14):
        net = spline_network(f, W).network
        between = [(a + b) / 2 for a, b in zip(f.breakpoints, f.breakpoints[1:], strict=False)]
        for x in (*f.breakpoints, *between):
            assert net.forward_exact([x]) == [f(x)]


@pytest.mark.parametrize("W", [4, 8, 14, 26])
@pytest.mark.parametrize("cluster", [Fraction(1, 2**300), Fraction(1, 10**12), 1 - Fraction(1, 10**40)])
def test_clustered_knots(W: int, cluster: Fraction) -> None:
    f = spline(7, 33, cluster=cluster)
    assert spline_network(f, W).function == f.restricted(0, 1)


@pytest.mark.parametrize("W", [4, 7, 8, 14])
def test_knots_next_to_both_ends_and_numbers_of_any_size(W: int) -> None:
    tiny, huge = Fraction(1, 2**1074), 2**1023
    f = CPwL([0, tiny, 2 * tiny, Fraction(1, 2), 1 - tiny, 1], [huge, -huge, tiny, 0, huge, -tiny])
    assert spline_network(f, W).function == f
    g = CPwL([0.1, 0.2, 0.3], [5e-324, 1.7e308, -1.7e308], left_slope=0.1, right_slope=-0.3)
    assert spline_network(g, W).function == g.restricted(0, 1)


def test_what_is_beyond_the_interval_does_not_count() -> None:
    f = CPwL([-3, -1, 0, "1/2", 1, 2, 3], [9, -9, 0, 1, 0, 7, -7], left_slope=5)
    net = spline_network(f, 8)
    assert net.depth == 2
    assert net.function == CPwL([0, "1/2", 1], [0, 1, 0])
    assert spline_network(CPwL([2, 3], [0, 1]), 8).function == CPwL([0], [0])
    assert spline_network(CPwL.affine("1/3", 2), 4).function == CPwL([0, 1], [2, "7/3"])


def test_breakpoints_without_a_kink_take_no_depth() -> None:
    x = [Fraction(k, 100) for k in range(101)]
    f = CPwL(x, [abs(v - Fraction(1, 2)) for v in x])
    assert spline_network(f, 8).depth == 2
    assert spline_network(f, 4).depth == 1


@pytest.mark.parametrize("n", [999])
def test_depth_in_the_hundreds(n: int) -> None:
    f = spline(11, n)
    net = spline_network(f, 8)
    assert net.depth == spline_depth(len(kinks(f)), 8) >= 330
    assert net.function == f
    x = f.breakpoints[n // 2]
    assert net(x) == f(x)


@pytest.mark.slow
@pytest.mark.parametrize("W", [4, 8, 14, 32, 80])
def test_ten_thousand_knots(W: int) -> None:
    f = spline(13, 10**4)
    net = spline_network(f, W)
    assert net.depth == spline_depth(len(kinks(f)), W)
    assert net.function == f


def test_a_layer_for_every_few_knots_at_any_width() -> None:
    f = spline(2, 50)
    for W in (8, 13, 20):
        net = spline_network(f, W, one_layer=True)
        assert (net.width, net.depth) == (W, -(-len(kinks(f)) // (W - 2)))
        assert net.function == f


@pytest.mark.parametrize("n", [0, 1, 2, 9, 40])
def test_one_layer_has_a_neuron_for_each_kink_and_one_for_the_slope(n: int) -> None:
    f = spline(29, n)
    net = shallow_network(f)
    assert (net.width, net.depth) == (len(kinks(f)) + 1, 1)
    assert net.function == CPwL.from_network(net.network, 0, 1) == f
    assert shallow_network(f, net.width + 3).function == f
    with pytest.raises(InputError, match=f"width = {n}: must be an integer >= {n + 1}"):
        shallow_network(f, n)


def test_depths_of_the_theorem() -> None:
    table = {(1, 4): 1, (5, 4): 3, (10, 7): 2, (6, 8): 2, (7, 8): 4, (11, 13): 2, (24, 14): 2, (25, 14): 4, (1, 80): 2}
    assert {key: spline_depth(*key) for key in table} == table


def test_padding_knots_are_new_and_inside() -> None:
    for more in (1, 2, 3, 4, 7, 100):
        x = padded([Fraction(0), Fraction(1, 3), Fraction(1)], more)
        assert x == sorted(set(x))
        assert len(x) == 3 + more
        assert all(Fraction(1, 3) < v < 1 for v in x[2:-1])
    assert padded([Fraction(0), Fraction(1)], 0) == [0, 1]


def test_the_hats_of_a_block_are_hats_and_add_up() -> None:
    f, q, count = spline(17, 24), 2, 12
    knots = Knots.of(f, q * count)
    found = hats(knots, 0, q, count)
    for x in [*knots.x, *((a + b) / 2 for a, b in zip(knots.x, knots.x[1:], strict=False))]:
        total = Fraction(0)
        for hat in found:
            top = knots.x[hat.j * q]
            if hat.left < x <= top:
                total += hat.height * (x - hat.left) / (top - hat.left)
            elif top < x < hat.right:
                total += hat.height * (hat.right - x) / (hat.right - top)
        assert total + knots.slope * x + knots.offset == f(x)


def test_the_partial_sums_stay_in_the_range_of_the_function() -> None:
    """No constant is larger than it must be, so that float64 does not lose digits in deep networks."""
    f = spline(19, 300)
    net = special_spline_network(f, 8)
    low = min(Knots.of(f, 6).y)
    for layer in net.network.layers[1:]:
        assert abs(layer.bias[7]) <= -low


def test_in_float_the_network_is_close() -> None:
    x = np.sort(np.random.default_rng(5).random(500))
    f = CPwL([0, *(Fraction(k, 64) for k in range(1, 64)), 1], [Fraction((7 * k * k) % 13, 13) for k in range(65)])
    for W in (4, 8, 20):
        values = spline_network(f, W).network.forward(x[:, None])[:, 0]
        assert np.abs(values - np.array(f.values_at(x), dtype=float)).max() < 1e-12


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda f: spline_network(f, 3), "width = 3: must be an integer >= 4"),
        (lambda f: spline_network(f, 8.0), "width = 8.0: must be an integer"),
        (lambda f: spline_network(f, True), "width = True: must be an integer"),
        (lambda f: spline_network(f, 10**6), "width = 1000000: .*weights and biases, and must make at most"),
        (lambda f: special_spline_network(f, 10**30, one_layer=True), "width = 1000.*weights and biases"),
        (lambda f: shallow_network(f, 10**9), "width = 1000000000: .*weights and biases"),
        (lambda f: shallow_network([0, 1]), "cpwl = .* must be a CPwL function"),
        (lambda f: spline_network([0, 1], 8), "cpwl = .* must be a CPwL function"),
        (lambda f: spline_depth(-1, 8), "n = -1: must be an integer >= 0"),
        (lambda f: spline_depth(3, 2), "width = 2"),
        (lambda f: spline_network(CPwL([0, 0, 1], [0, 1, 1]), 8), "jump"),
        (lambda f: spline_network(CPwL([0, "1/2", "1/3"], [0, 1, 1]), 8), "increase"),
        (lambda f: spline_network(CPwL([0, 1], [0, float("inf")]), 8), "finite"),
    ],
)
def test_bad_input_is_refused(call: Any, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        call(CPwL([0, 1], [0, 1]))


def test_mutants_of_the_theorem_fail_where_they_must_and_hold_where_they_may() -> None:
    mutants = {mutant.name: mutant for mutant in THEOREM.mutants}
    less = mutants["one layer less"]
    assert THEOREM.check_mutant(less, even(14, 24)).refuted
    assert THEOREM.check_mutant(less, even(8, 6)).proved, "for q = 1 one layer for every W - 2 knots is enough"
    assert THEOREM.check_mutant(mutants["hats closer together"], even(8, 2)).proved
    assert THEOREM.check(even(3, 2)).failed == ("W >= 4",)
