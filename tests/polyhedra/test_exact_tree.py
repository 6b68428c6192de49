"""The exact engine against brute force over all patterns, known counts, and its own geometry."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest

from relutheory import Box, InputError, Polyhedron, ReLULayer, ReLUNetwork, activation_domain, activation_pattern
from relutheory.core.lp import solve_system
from relutheory.polyhedra.batch import unpack
from relutheory.polyhedra.cones import cone_over, whole_space
from relutheory.polyhedra.exact_tree import exact_batches, exact_regions


def small_network(rng: np.random.Generator, n: int, widths: list[int]) -> list[ReLULayer]:
    layers, before = [], n
    for m in widths:
        W, b = rng.integers(-2, 3, (m, before)), rng.integers(-1, 2, m)
        layers.append(ReLULayer(W, b * rng.integers(0, 2)))
        before = m
    return layers


def brute(layers: list[ReLULayer], domain: Polyhedron | None) -> set[tuple[int, ...]]:
    """All patterns whose domain has an interior that meets the domain's, by exact linear programming."""
    net, found = ReLUNetwork(layers), set()
    walls = [] if domain is None else [(tuple(a), c) for a, c in domain.halfspaces()]
    ends = np.cumsum([layer.m for layer in layers])[:-1]
    for bits in product((0, 1), repeat=sum(layer.m for layer in layers)):
        here = activation_domain(net, [part.tolist() for part in np.split(np.array(bits), ends)])
        if not here.has_interior():
            continue
        rows = [q.row() for q in here.inequalities if not q.trivial]
        if solve_system([*rows, *walls], [], layers[0].n).point is not None:
            found.add(bits)
    return found


@pytest.mark.parametrize("seed", range(24))
def test_regions_are_the_patterns_with_interior(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 1 + seed % 3
    widths = [int(w) for w in rng.integers(1, 4, 1 + seed % 2 + (seed % 4 == 3))]
    layers = small_network(rng, n, widths)
    domain = [None, Box(-1, 2, n=n), Polyhedron([[1] * n], ["1/3"])][seed % 3 if seed % 5 else 0]
    found = [region.bits for region in exact_regions(layers, domain)]
    assert len(found) == len(set(found))
    assert set(found) == brute(layers, domain)


@pytest.mark.parametrize(("m", "n"), [(5, 2), (6, 3), (7, 2), (4, 4), (3, 5)])
def test_general_position_counts(m: int, n: int) -> None:
    rng = np.random.default_rng([m, n])
    layer = ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m))
    regions = list(exact_regions([layer]))
    assert len(regions) == sum(comb(m, i) for i in range(n + 1))
    assert sum(region.bounded for region in regions) == comb(m - 1, n)


def test_known_arrangements() -> None:
    grid = ReLULayer([[1, 0]] * 4 + [[0, 1]] * 4, [0, 1, 2, 3] * 2)
    braid = ReLULayer([[1, -1, 0, 0], [1, 0, -1, 0], [1, 0, 0, -1], [0, 1, -1, 0], [0, 1, 0, -1], [0, 0, 1, -1]])
    signs = [[a, b, 0] for a, b in product((1,), (1, -1))]
    b3 = ReLULayer(
        [[1, 0, 0], [0, 1, 0], [0, 0, 1], *signs, *[[a, 0, b] for a, b, _ in signs], *[[0, a, b] for a, b, _ in signs]]
    )
    assert [len(list(exact_regions([layer]))) for layer in (grid, braid, b3)] == [25, 24, 48]


@pytest.mark.parametrize("seed", range(10))
def test_points_lie_inside_and_facets_lead_to_neighbours(seed: int) -> None:
    rng = np.random.default_rng([1, seed])
    n = 2 + seed % 2
    layers = [
        ReLULayer(rng.standard_normal((4, n)), rng.standard_normal(4)),
        ReLULayer(rng.standard_normal((3, 4)), rng.standard_normal(3)),
    ]
    [batch] = exact_batches(layers, Box(-2, 2, n=n), facets=True)
    net, bits = ReLUNetwork(layers), batch.bits(7)
    assert not np.isnan(batch.points).any()
    assert np.array_equal(np.hstack(activation_pattern(net, batch.points)), bits)
    known = {row.tobytes() for row in bits}
    for row, facets in zip(bits, unpack(batch.facets, 7), strict=True):
        for j in np.flatnonzero(facets):
            other = row.copy()
            other[j] ^= 1
            assert other.tobytes() in known
    assert batch.bounded.all()


def test_a_neuron_that_vanishes_on_a_region_is_no_constraint() -> None:
    dead = [ReLULayer([[1], [-1]], [-1, -1]), ReLULayer([[1, 1], [1, -1]])]  # 0 on [-1, 1]
    assert {region.bits for region in exact_regions(dead)} == {(1, 0, 1, 1), (0, 1, 1, 0), (0, 0, 0, 0)}


def test_a_region_too_small_for_floats_gets_a_rational_point() -> None:
    layer = ReLULayer([[1], [1]], [-1, Fraction(-1) - Fraction(1, 10**30)])
    [batch] = exact_batches([layer])
    assert batch.count == 3
    thin = next(i for i in range(3) if batch.bits(2)[i].tolist() == [1, 0])
    assert np.isnan(batch.points[thin]).all()
    assert 1 < batch.point(thin)[0] < 1 + Fraction(1, 10**30)


def test_a_domain_without_interior_is_refused() -> None:
    for domain in (Box([0, 0], [0, 1]), Polyhedron([[1, 0], [-1, 0]], [0, -1]), Polyhedron([[0, 0]], [-1])):
        with pytest.raises(InputError, match="must have a non-empty interior"):
            cone_over(domain, 2)
    assert cone_over(Polyhedron([[0, 0]], [0]), 2) == whole_space(2)
