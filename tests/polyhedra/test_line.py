"""The line engine against the exact tree, formulas, and plain evaluation in rationals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from relutheory._kernels.filters import gamma
from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.polyhedra import line
from relutheory.polyhedra.batch import unpack
from relutheory.polyhedra.exact_tree import exact_regions
from relutheory.polyhedra.line import breakpoints, line_regions

Layers = tuple[ReLULayer, ...]
Region = tuple[tuple[int, ...], bool, tuple[int, ...]]  # bits, bounded, facets


def chain(widths: Iterable[int], draw: object) -> Layers:
    """Layers of these widths; draw : gives an array of the shape it is called with."""
    widths = list(widths)
    return tuple(ReLULayer(draw((m, n)), draw((m,))) for n, m in pairwise(widths))  # type: ignore[operator]


def tents(depth: int) -> Layers:
    """The depth-fold tent x -> min(2x, 2 - 2x), each a layer of two neurons."""
    first = ReLULayer([[2.0], [4.0]], [0.0, -2.0])
    return (first, *[ReLULayer([[2.0, -2.0], [4.0, -4.0]], [0.0, -2.0])] * (depth - 1))


def bits_at(layers: Layers, x: Fraction) -> tuple[int, ...]:
    """The bits at a point, by plain evaluation."""
    value, bits = [x], []
    for layer in layers:
        value = layer.preactivation_exact(value)
        bits += [int(v > 0) for v in value]
        value = [max(v, Fraction(0)) for v in value]
    return tuple(bits)


def found_regions(layers: Layers, domain: Polyhedron | None = None, batch: int = 7) -> list[Region]:
    """What the engine finds, from left to right, its interior points checked by plain evaluation."""
    neurons = sum(layer.m for layer in layers)
    found, before = [], -math.inf
    for part in line_regions(layers, domain, facets=True, batch=batch):
        assert part.count == len(part.patterns) == len(part.points) <= batch
        bits, facets = unpack(part.patterns, neurons).tolist(), unpack(part.facets, neurons)
        for i in range(part.count):
            bad = np.isnan(part.points[i, 0])
            assert bad == (i in (part.exact_points or {}))
            x = part.exact_points[i][0] if bad else Fraction(part.points[i, 0])
            assert before < x and (domain is None or domain.contains([x]))
            assert bits_at(layers, x) == tuple(bits[i])
            before = x
            found.append((tuple(bits[i]), bool(part.bounded[i]), tuple(np.flatnonzero(facets[i]).tolist())))
    assert sum(part.count for part in line_regions(layers, domain, listed=False, batch=batch)) == len(found)
    return found


def tree_regions(layers: Layers, domain: Polyhedron | None = None) -> list[Region]:
    regions = sorted(exact_regions(layers, domain), key=lambda region: region.interior_point())
    return [(region.bits, region.bounded, tuple(region.facets())) for region in regions]


def agree(layers: Layers, domain: Polyhedron | None = None) -> int:
    found = found_regions(layers, domain)
    assert found == tree_regions(layers, domain)
    return len(found)


DOMAINS = [None, Box([-1], [1]), Polyhedron([[1]], [0]), Polyhedron([[-3]], [1]), Box(["-1/3"], ["2/7"])]


@pytest.mark.parametrize("seed", range(12))
def test_small_integers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    widths = [1, *rng.integers(1, 6, size=rng.integers(1, 4))]
    layers = chain(widths, lambda shape: rng.integers(-2, 3, size=shape))
    for domain in DOMAINS:
        agree(layers, domain)


@pytest.mark.parametrize("seed", range(6))
def test_dyadic_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = chain([1, 5, 6, 4], lambda shape: rng.integers(-8, 9, size=shape) / 4.0)
    agree(layers)
    agree(layers, Box([-0.5], [1.25]))


@pytest.mark.parametrize("seed", range(6))
def test_floats(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = chain([1, 8, 8, 8], lambda shape: rng.standard_normal(shape))
    for domain in DOMAINS[:3]:
        agree(layers, domain)


@pytest.mark.parametrize("seed", range(4))
def test_numbers_that_floats_do_not_hold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    third = np.vectorize(lambda v: Fraction(int(v), 3), otypes=[object])
    layers = chain([1, 4, 5, 3], lambda shape: third(rng.integers(-4, 5, size=shape)))
    agree(layers)
    agree(layers, Box(["-1/3"], ["1/3"]))


@pytest.mark.parametrize("seed", range(4))
def test_without_biases_all_breakpoints_are_0(seed: int) -> None:
    rng = np.random.default_rng(seed)
    draws = [rng.standard_normal(shape) for shape in [(4, 1), (5, 4), (3, 5)]]
    layers = tuple(ReLULayer(W) for W in draws)
    assert agree(layers) == 2
    agree(layers, Box([0], [1]))
    agree(layers, Box([-1], [1]))


@pytest.mark.parametrize("seed", range(4))
def test_multiples_of_one_neuron(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def repeated(layer: ReLULayer) -> ReLULayer:
        factors = [1, 2, -1, -0.75]
        return ReLULayer(
            np.vstack([factor * layer.W[:2] for factor in factors]), np.hstack([f * layer.b[:2] for f in factors])
        )

    first, second, third = chain([1, 4, 8, 8], lambda shape: rng.integers(-9, 10, size=shape) / 7.0)
    second = ReLULayer(np.hstack([second.W, second.W]), second.b)
    agree((repeated(first), repeated(second), repeated(third)))


def test_dead_layers() -> None:
    dead = ReLULayer([[-1.0, -2.0], [0.0, 0.0]], [-1.0, 0.0])
    last = ReLULayer([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]], [0.5, 0.0, -1.0])
    first = ReLULayer([[1.0], [-1.0]], [0.3, 0.7])
    assert agree((first, dead, last)) == 3
    assert agree((ReLULayer([[0.0], [0.0]], [1.0, 0.0]), dead, last)) == 1
    assert agree((ReLULayer([[0.0]], [0.0]),), Box([0], [1])) == 1


def test_neurons_that_vanish_on_a_piece() -> None:
    # |x| - x = 0 for x > 0, and twice it
    layers = (ReLULayer([[1.0], [-1.0]]), ReLULayer([[0.1, 0.3], [1, 1]]), ReLULayer([[1, -0.1], [0.0, 1]], [0, -1.5]))
    agree(layers)
    for third in (0.1, "1/3"):
        layers = (ReLULayer([[third], [third]], [0, 0]), ReLULayer([[1, -1], [1, 1]], [0, -1]))
        assert agree(layers) == 3


def test_pieces_shorter_than_floats_can_tell() -> None:
    tiny = Fraction(1, 10**40)
    biases = [Fraction(-1), -1 - tiny, -1 - 2 * tiny, -1 + tiny, 0, -tiny]
    layer = ReLULayer([[1]] * 6, biases)
    assert agree((layer, ReLULayer([[1, -2, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]], [0, -1]))) >= 7
    assert agree((layer,), Box([-(tiny**2)], [tiny])) == 2
    neighbours = ReLULayer([[1.0], [1.0]], [-1.0, -float(np.nextafter(1.0, 2.0))])
    assert agree((neighbours,)) == 3


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e30, 1e300])
def test_weights_of_any_size(size: float) -> None:
    first = ReLULayer([[size], [-1.0], [3.0]], [1.0, size, -2.0])
    second = ReLULayer([[1.0, 1 / size, -1.0], [size, 1.0, -size]], [-1.0, size])
    agree((first, second))
    agree((first, second), Box([-2 * size], [3 * size]))
    agree((ReLULayer([[1.0]], [-size]), ReLULayer([[1.0], [2.0]], [-size, 1.0])))


def test_beyond_the_range_of_floats() -> None:
    huge = Fraction(10) ** 400
    layers = (ReLULayer([[1], [1 / huge], [huge]], [huge, -1, 1]), ReLULayer([[1, 0, -1], [1, 1, 1]], [-huge, 0]))
    agree(layers)
    # small factors, one after the other
    small = ReLULayer([[2.0**-150, 0.0], [0.0, 2.0**-150]])
    fork = ReLULayer([[1.0], [-1.0]], [-1.0, 0.5])
    agree((fork, small, small, ReLULayer([[2.0**150, -(2.0**151)]], [2.0**-170])))


@pytest.mark.parametrize("depth", [1, 2, 5, 12])
def test_tents(depth: int) -> None:
    points = breakpoints(ReLUNetwork(tents(depth), readout=AffineMap([[1, -1]])), Box([0], [1]))
    teeth = 2**depth
    assert points.floats.tolist() == [k / teeth for k in range(1, teeth)]
    assert not points.error.any()
    for k in {0, 1, teeth // 2, teeth - 1} & set(range(teeth)):
        slope, offset = points.piece(k)
        assert slope == [(-1) ** k * teeth] and offset == [-k if k % 2 == 0 else k + 1]
    assert sum(part.count for part in line_regions(tents(depth), Box([0], [1]), listed=False)) == teeth


def test_a_hundred_thousand_pieces() -> None:
    """Tents whose slopes are no floats' quotients, behind a random layer."""
    rng = np.random.default_rng(5)
    first = ReLULayer([[1.9], [3.9]], [0.0, -1.95])
    rest = ReLULayer([[1.9, -1.9], [3.9, -3.9]], [0.01, -1.95])
    layers = (first, *[rest] * 17, ReLULayer(rng.standard_normal((12, 2)), 0.3 * rng.standard_normal(12)))
    neurons = sum(layer.m for layer in layers)
    total, seen = 0, set()
    for part in line_regions(layers, Box([0], [1])):
        total += part.count
        bits = unpack(part.patterns, neurons)
        seen |= {row.tobytes() for row in part.patterns}
        for i in rng.integers(part.count, size=1 + part.count // 2000).tolist():
            bad = np.isnan(part.points[i, 0])
            x = part.exact_points[i][0] if bad else Fraction(part.points[i, 0])
            assert bits_at(layers, x) == tuple(bits[i].tolist())
    assert total == len(seen) > 100_000  # each once
    points = breakpoints(ReLUNetwork(layers), Box([0], [1]))
    assert len(points) == total - 1
    for i in rng.integers(1, total - 2, size=20).tolist():
        x, before, after = points.exact(i), points.exact(i - 1), points.exact(i + 1)
        assert before < x < after and abs(x - Fraction(points.floats[i])) <= Fraction(points.error[i])
        sides = bits_at(layers, (before + x) / 2), bits_at(layers, (x + after) / 2)
        assert sides[0] != sides[1]
        middle = (2 * x + after) / 3
        slope, offset = points.piece(i + 1)
        value = [middle]
        for layer in layers:
            value = layer.forward_exact(value)
        assert value == [a * middle + c for a, c in zip(slope, offset, strict=True)]


def test_breakpoints_of_a_random_network() -> None:
    rng = np.random.default_rng(0)
    layers = chain([1, 12, 12, 12], lambda shape: rng.standard_normal(shape))
    points = breakpoints(ReLUNetwork(layers, readout=AffineMap(rng.standard_normal((2, 12)))))
    exact = [points.exact(i) for i in range(len(points))]
    ends = sorted({max(region.cone.vertices())[0] for region in exact_regions(layers) if region.cone.vertices()})
    assert exact[1:] == ends[1:] and exact == sorted(exact)
    assert all(
        abs(x - Fraction(f)) <= Fraction(e)
        for x, f, e in zip(exact, points.floats.tolist(), points.error.tolist(), strict=True)
    )


def test_more_breakpoints_than_the_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    net = ReLUNetwork(tents(10), readout=AffineMap([[1, -1]]))
    monkeypatch.setattr("relutheory.polyhedra.line._MOST", 2**10 - 1)
    assert len(breakpoints(net, Box([0], [1]))) == 2**10 - 1
    monkeypatch.setattr("relutheory.polyhedra.line._MOST", 2**10 - 2)
    with pytest.raises(InputError, match=r"^net = .*: has more than 1022 breakpoints there: ask about a shorter"):
        breakpoints(net, Box([0], [1]))


def test_affine_networks_have_no_breakpoints() -> None:
    points = breakpoints(ReLUNetwork([([[2], [3]], [1, "1/3"])]))
    assert len(points) == 0 and points.piece(0) == ([2, 3], [1, Fraction(1, 3)])
    assert len(breakpoints(ReLULayer([[0]], [1]))) == 0
    with pytest.raises(IndexError):
        points.exact(0)


@pytest.mark.parametrize("factor", [1e9, 1e13, 1e30])
def test_wider_bounds_change_nothing(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that leave most signs open: twice the precision and exact forms take over."""
    rng = np.random.default_rng(3)
    for draw in (lambda shape: rng.standard_normal(shape), lambda shape: rng.integers(-3, 4, size=shape) / 5.0):
        layers = chain([1, 6, 7, 6, 5], draw)
        for domain in DOMAINS[:3]:
            expected = found_regions(layers, domain)
            with monkeypatch.context() as patch:
                patch.setattr(line, "gamma", lambda k: factor * gamma(k))
                assert found_regions(layers, domain) == expected


def test_deep_networks_stay_exact() -> None:
    """Where the bounds grow with the depth until they say nothing."""
    rng = np.random.default_rng(1)
    layers = chain([1, *[24] * 16], lambda shape: rng.standard_normal(shape) * math.sqrt(2 / shape[-1]))
    found = [part for part in line_regions(layers)]
    bits = unpack(np.concatenate([part.patterns for part in found]), 24 * 16)
    points = breakpoints(ReLUNetwork(layers))
    assert len({row.tobytes() for row in bits}) == len(bits) == len(points) + 1 > 100
    for i in range(5, len(points) - 1, 40):
        low, high = points.exact(i), points.exact(i + 1)
        assert low < high
        for x in (low + (high - low) / 10**9, high - (high - low) / 10**9):
            assert bits_at(layers, x) == tuple(bits[i + 1].tolist())


def test_bad_input() -> None:
    layer = ReLULayer([[1.0]])
    for domain in (Box([1], [1]), Polyhedron([[1], [-1]], [0, -1])):
        with pytest.raises(InputError, match="must have a non-empty interior"):
            next(iter(line_regions((layer,), domain)))
        with pytest.raises(InputError, match="must have a non-empty interior"):
            breakpoints(layer, domain)
    with pytest.raises(InputError, match="one input"):
        breakpoints(ReLULayer([[1.0, 2.0]]))
