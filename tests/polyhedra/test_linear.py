"""Neighbours and linear regions: formulas, hand-made functions, and functions of one variable."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import comb

import numpy as np
import pytest

from relutheory import Box, ReLULayer, ReLUNetwork
from relutheory.polyhedra import count_regions, dual_graph, merged_regions
from relutheory.polyhedra.linear import _product


@pytest.mark.parametrize(("m", "n"), [(5, 1), (6, 2), (9, 2), (5, 3), (6, 3)])
def test_facets_of_a_general_arrangement(m: int, n: int) -> None:
    rng = np.random.default_rng([m, n])
    patterns, graph = dual_graph(ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m)))
    assert len(patterns) == sum(comb(m, i) for i in range(n + 1))
    assert graph.sum() // 2 == m * sum(comb(m - 1, i) for i in range(n))
    assert (graph != graph.T).nnz == 0
    for i, j in zip(*graph.nonzero(), strict=True):
        assert (patterns[i] != patterns[j]).sum() == 1


def test_neighbours_across_a_hyperplane_of_several_neurons() -> None:
    layer = ReLULayer([[1, 0], [2, 0], [-3, 0], [0, 1]], [0, 0, 0, 0])
    patterns, graph = dual_graph(layer)
    assert sorted(map(tuple, patterns.tolist())) == [(0, 0, 1, 0), (0, 0, 1, 1), (1, 1, 0, 0), (1, 1, 0, 1)]
    assert graph.sum() // 2 == 4


def test_neighbours_where_a_deeper_neuron_bends_on_the_same_line() -> None:
    # second layer: ReLU(x) - ReLU(-x) = x vanishes where the first layer's neurons do
    net = ReLUNetwork([([[1, 0], [-1, 0]], None), ([[1, -1], [1, 1]], [0, -1]), ([[1, 1]], None)])
    patterns, graph = dual_graph(net)
    assert sorted(map(tuple, patterns.tolist())) == [(0, 1, 0, 0), (0, 1, 0, 1), (1, 0, 1, 0), (1, 0, 1, 1)]
    assert graph.sum() // 2 == 3


@pytest.mark.parametrize(
    ("layers", "readout", "regions"),
    [
        ([([[1], [1], [1]], [0, -1, -2])], ([[1, -2, 1]], [0]), 4),  # 0, x, 2 - x, 0: twice zero, but apart
        ([([[1], [1]], [0, 0])], ([[1, -1]], [0]), 1),
        ([([[1], [-1]], [0, 0])], ([[1, -1]], [0]), 1),  # the identity
        ([([[1], [-1]], [0, 0])], ([[1, 1]], [0]), 2),
        ([([[1], [-1]], [0, 0])], ([[1, 0], [0, 1]], [0, 0]), 2),
        ([([[1, 0], [0, 1]], [0, 0])], ([[1, 0]], [0]), 2),
        ([([["1/3", 0], [0, "1/1048573"]], [0, 0])], ([["1/7", 1]], ["2/3"]), 4),
    ],
)
def test_linear_regions_of_known_functions(layers: list, readout: tuple, regions: int) -> None:  # type: ignore[type-arg]
    assert count_regions(ReLUNetwork([*layers, readout]), linear=True).linear_regions == regions


@pytest.mark.parametrize("seed", range(6))
def test_linear_regions_of_one_variable_are_the_pieces(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [(rng.integers(-2, 3, (m, k)), rng.integers(-2, 3, m)) for m, k in ((4, 1), (3, 4), (1, 3))]
    net, box = ReLUNetwork(pairs), Box([-5], [5])
    # all breakpoints of these networks are multiples of 1/d, d a product of slopes
    step = Fraction(1, 720)
    values = [net.forward_exact([-5 + k * step])[0] for k in range(0, 7201)]
    slopes = [b - a for a, b in pairwise(values)]
    corners = sum(a != b for a, b in pairwise(slopes))
    found, labels = merged_regions(net, box)
    assert len(labels) == count_regions(net, box).activation_regions
    assert found <= corners + 1
    if all((p * 720).denominator == 1 for p in _corners(net)):
        assert found == corners + 1


def _corners(net: ReLUNetwork) -> list[Fraction]:
    """Where the neurons of a network of one input vanish, by following every piece in rationals."""
    from relutheory.polyhedra.exact_tree import exact_regions

    return [v for region in exact_regions(net.layers, Box([-5], [5])) for (v,) in region.cone.vertices()]


@pytest.mark.slow
def test_maps_of_wide_layers_are_told_apart_and_together_exactly() -> None:
    # ReLU(z) - ReLU(-z) = z, z a sum over many neurons that are always active
    rng = np.random.default_rng(0)
    weights, biases, sums = (np.abs(rng.standard_normal(60_000)) for _ in range(3))
    middle = -float(sums @ (weights / 2 + biases))
    layers = [ReLULayer(weights[:, None], biases), ReLULayer(np.vstack([sums, -sums]), [middle, -middle])]
    count = count_regions(ReLUNetwork(layers, readout=([[1, -1]], [0])), Box([0], [1]), linear=True)
    assert (count.activation_regions, count.linear_regions) == (2, 1)


def test_residues_are_exact_for_any_width() -> None:
    values = np.random.default_rng(0).integers(1048000, 1048573, (2, 100_000))  # large and odd: sums pass 2^53
    exact = sum(v * w for v, w in zip(*values.tolist(), strict=True))
    weight, state = values[:1].astype(float), values[1][None, :, None].astype(float)
    assert int((weight @ state).item()) != exact
    assert _product(weight, state, 1048573).item() == exact % 1048573
