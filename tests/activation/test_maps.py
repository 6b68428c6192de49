"""Affine maps on domains, against the printed sum of products and the network itself."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from relutheory.activation import activation_pattern, affine_map, affine_maps
from relutheory.activation import maps as module
from relutheory.core.errors import InputError
from relutheory.networks.layers import ReLULayer, ReLUNetwork

Matrix = list[list[Fraction]]


def times(p: Matrix, q: Matrix) -> Matrix:
    columns = list(zip(*q, strict=True))
    return [[sum((u * v for u, v in zip(r, c, strict=True)), Fraction(0)) for c in columns] for r in p]


def printed(net: ReLUNetwork, pattern: Any) -> tuple[Matrix, list[Fraction]]:
    """A = J_L W_L ... J_1 W_1 and c = sum_i (J_L W_L ... J_{i+1} W_{i+1}) J_i b_i, then the read-out."""
    factors = [
        ([[v * bit for v in row] for row, bit in zip(layer.weight.fractions(), bits, strict=True)],
         [[v * bit] for v, bit in zip(layer.bias.fractions(), bits, strict=True)])
        for layer, bits in zip(net.layers, pattern, strict=True)
    ]  # fmt: skip
    if net.readout is not None:
        factors.append((net.readout.weight.fractions(), [[v] for v in net.readout.bias.fractions()]))
    A: Matrix = [[Fraction(int(i == j)) for j in range(net.input_dim)] for i in range(net.input_dim)]
    for W, _ in factors:
        A = times(W, A)
    c = [Fraction(0)] * len(A)
    for i, (_, shift) in enumerate(factors):
        for W, _ in factors[i + 1 :]:
            shift = times(W, shift)
        c = [u + v[0] for u, v in zip(c, shift, strict=True)]
    return A, c


def small(readout: bool) -> ReLUNetwork:
    rng = np.random.default_rng(11)
    shapes = [(3, 2), (2, 3), (2, 2)]
    return ReLUNetwork([(rng.integers(-3, 4, s), rng.integers(-3, 4, s[0])) for s in shapes], relu_output=not readout)


@pytest.mark.parametrize("readout", [True, False])
def test_every_pattern_gives_the_printed_expression(readout: bool) -> None:
    net = small(readout)
    choices = [list(product((0, 1), repeat=m)) for m in net.widths]
    for pattern in product(*choices):
        found = affine_map(net, pattern)
        assert (found.weight.fractions(), found.bias.fractions()) == printed(net, pattern)


@pytest.mark.parametrize("readout", [True, False])
def test_the_map_is_the_network_at_the_point(readout: bool) -> None:
    net = small(readout)
    for x in product([Fraction(k, 3) for k in range(-6, 7, 2)], repeat=2):
        assert affine_map(net, activation_pattern(net, x)).forward_exact(x) == net.forward_exact(x)


def test_huge_and_tiny_weights_stay_exact() -> None:
    net = ReLUNetwork([([[1e300]], [1e-300]), ([[1e300]], None)])
    assert affine_map(net, [[1]]).weight[0, 0] == Fraction(1e300) ** 2
    assert affine_map(net, [[0]]).weight[0, 0] == 0


def test_a_layer_a_readout_alone_and_no_neurons() -> None:
    layer = ReLULayer([[1, 2], [3, 4]], [5, 6])
    assert affine_map(layer, [1, 0]).bias.fractions() == [5, 0]
    assert affine_map(ReLUNetwork([([[1, 2]], [3])]), []).weight.fractions() == [[1, 2]]
    assert affine_map(ReLULayer(np.zeros((0, 2))), []).weight.shape == (0, 2)


@pytest.mark.parametrize("readout", [True, False])
def test_the_batch_agrees_with_the_exact_maps(readout: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ENTRIES", 40)  # several parts
    net = small(readout)
    points = np.random.default_rng(1).integers(-3, 4, (50, 2)).astype(float)
    A, c = affine_maps(net, points)
    assert A.shape == (50, net.output_dim, 2) and c.shape == (50, net.output_dim)
    for k, x in enumerate(points):
        exact = affine_map(net, activation_pattern(net, x))
        assert np.array_equal(A[k], exact.W) and np.array_equal(c[k], exact.b)  # small integers: no rounding


def test_the_batch_for_layers_and_empty_batches() -> None:
    A, c = affine_maps(ReLULayer([[1, 2], [10**400, 0]], [5, 6]), [[1, 1], [-9, 0]])
    assert A.tolist() == [[[1, 2], [np.inf, 0]], [[0, 0], [0, 0]]]
    assert c.tolist() == [[5, 6], [0, 0]]
    A, c = affine_maps(small(True), np.zeros((0, 2)))
    assert A.shape == (0, 2, 2) and c.shape == (0, 2)
    A, c = affine_maps(ReLUNetwork([([[1, 2]], [3])]), [[0, 0]])
    assert A.tolist() == [[[1, 2]]] and c.tolist() == [[3]]


@pytest.mark.parametrize("points", [[1, 2], [[1]], [[float("nan"), 1]], "x"])
def test_wrong_points_are_refused(points: Any) -> None:
    with pytest.raises(InputError):
        affine_maps(small(True), points)
