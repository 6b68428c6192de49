"""Bounds from the widths: sums written out, relations between them, networks that attain or must respect them."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from proofs_check import hanin_rolnick as proof_of_the_mean
from proofs_check import montufar as proof_of_folding
from proofs_check import serra as proof_of_the_sum
from proofs_check import zaslavsky as proof_of_the_cells
from relutheory.core.errors import InputError
from relutheory.networks import ReLULayer, ReLUNetwork
from relutheory.polyhedra.arrangement import count_bounded_cells, count_cells, in_general_position
from relutheory.polyhedra.bounds import (
    hanin_rolnick,
    montufar_lower,
    montufar_upper,
    serra,
    zaslavsky,
    zaslavsky_central,
)
from relutheory.polyhedra.exact_tree import exact_regions
from relutheory.theorems.reg_hanin_rolnick import neurons, pieces, sawtooth
from relutheory.theorems.reg_montufar import folding_network, regions_in_cube
from relutheory.theorems.reg_serra import THEOREM as SERRA
from relutheory.theorems.reg_serra import as_one_layer, count_regions
from relutheory.theorems.reg_zaslavsky import have_common_point, is_simple, moment_curve, through_origin

WIDTHS = [widths for L in (1, 2, 3) for widths in product(range(5), repeat=L)]


def test_published_counts_of_cells() -> None:
    # counts of regions by independent programs
    affine = {(50, 2): 1276, (30, 4): 31931, (20, 6): 60460, (12, 6): 2510}
    central = {(20, 4): 2320, (40, 4): 19840, (30, 5): 55682, (16, 8): 32768, (24, 6): 89104}
    assert {key: zaslavsky(*key) for key in affine} == affine
    assert {key: zaslavsky_central(*key) for key in central} == central


@pytest.mark.parametrize(("m", "n"), [(m, n) for m in range(6) for n in range(1, 4)])
def test_layers_on_the_moment_curve_attain_the_bounds(m: int, n: int) -> None:
    if m == 0:
        assert zaslavsky(0, n) == zaslavsky_central(0, n) == 1
        return
    layer = moment_curve(m, n)
    assert in_general_position(layer.weight, layer.bias)
    assert sum(1 for _ in exact_regions([layer])) == zaslavsky(m, n) == count_cells(layer.weight, layer.bias)
    assert sum(1 for _ in exact_regions([through_origin(layer)])) == zaslavsky_central(m, n)
    assert count_bounded_cells(layer.weight, layer.bias) == math.comb(m - 1, n)


@pytest.mark.parametrize(
    ("W", "b", "simple", "common"),
    [
        ([[1, 0], [0, 1], [1, 1]], [0, 0, 1], True, False),
        ([[1, 0], [0, 1], [1, 1]], [1, 1, 2], True, True),
        ([[1, 0], [0, 1], [0, 0]], [1, 1, 1], False, False),
        ([[1, 0], [0, 1], [-2, 0]], [1, 1, -2], False, False),
        ([[1, 0], [1, 0]], [0, 1], False, False),
        ([[2], [3]], [1, 1], True, False),
        ([[1, 0, 0], [0, 1, 0], [1, 1, 0]], [0, 0, 1], False, False),
    ],
)
def test_simple_layers(W: list, b: list, simple: bool, common: bool) -> None:
    layer = ReLULayer(W, b)
    assert (is_simple(layer), have_common_point(layer)) == (simple, common)
    assert (count_cells(W, b) == zaslavsky(layer.m, layer.n)) == (simple and not common)


def test_few_hyperplanes_have_all_patterns() -> None:
    for n in range(1, 6):
        for m in range(1, n + 1):
            assert zaslavsky(m, n) == zaslavsky_central(m, n) == 2**m


def serra_over_tuples(widths: tuple[int, ...], n: int) -> int:
    """The sum over all tuples (j_1, ..., j_L) that lie in J."""
    total = 0
    for js in product(*(range(width + 1) for width in widths)):
        inactive = [n, *(width - j for width, j in zip(widths, js, strict=True))]
        if all(j <= min(inactive[: k + 1]) for k, j in enumerate(js)):
            total += math.prod(math.comb(width, j) for width, j in zip(widths, js, strict=True))
    return total


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_sum_over_tuples(n: int) -> None:
    for widths in WIDTHS:
        assert serra(widths, n) == serra_over_tuples(widths, n), widths


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_order_of_the_bounds(n: int) -> None:
    for widths in WIDTHS:
        bounds = [serra(widths, n), montufar_upper(widths, n), 2 ** sum(widths)]
        assert bounds == sorted(bounds), widths
        if all(width >= n for width in widths[:-1]):
            assert montufar_lower(widths, n) <= bounds[0], widths
        if all(width >= 2 * n for width in widths):
            assert serra(widths, n) == montufar_upper(widths, n) >= zaslavsky(sum(widths), n)


def test_one_layer() -> None:
    for m, n in product(range(6), range(1, 5)):
        assert serra([m], n) == montufar_upper([m], n) == montufar_lower([m], n) == zaslavsky(m, n)


def test_the_bounds_grow_as_the_products_say() -> None:
    assert serra([64] * 20, 1) == montufar_upper([64] * 20, 1) == 65**20
    assert montufar_lower([64] * 20, 1) == 64**19 * 65
    assert serra([1] * 50, 10) == 51  # a chain of single neurons


@pytest.mark.parametrize(("widths", "n"), [((3, 2, 2), 1), ((5, 3), 2), ((2, 2, 1), 2), ((6, 1), 3), ((4, 0), 2)])
def test_folding_networks_have_the_regions_that_they_should(widths: tuple[int, ...], n: int) -> None:
    network = folding_network(widths, n)
    assert network.widths == widths and network.input_dim == n
    assert regions_in_cube(network) == montufar_lower(widths, n)
    assert montufar_lower(widths, n) <= count_regions(network) <= serra(widths, n)


def test_folding_maps_the_cube_onto_itself() -> None:
    network = folding_network((3, 1), 1)  # the last neuron is 2 h(x) - 1 - 1/2 with h folding (0, 1) three times
    last = network.layers[1]
    values = [last.preactivation_exact(network.layers[0].forward_exact([Fraction(k, 12)]))[0] for k in range(13)]
    heights = [(v - values[0]) / (values[4] - values[0]) for v in values]
    assert heights == [Fraction(k, 4) for k in (0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3, 4)]


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_respect_the_bound(seed: int) -> None:
    rng = np.random.default_rng([11, seed])
    sizes = [int(v) for v in rng.integers(1, 5, size=int(rng.integers(2, 4)))]
    layers = [ReLULayer(rng.standard_normal((k, j)), rng.standard_normal(k)) for j, k in pairwise(sizes)]
    assert count_regions(ReLUNetwork(layers)) <= serra(sizes[1:], sizes[0])


def test_depth_beats_one_layer_of_all_neurons() -> None:
    (zigzag,) = [case.instance for case in SERRA.tight if "zigzag" in case.name]
    assert count_regions(zigzag) == serra((3, 3), 1) == 16 > as_one_layer((3, 3), 1) == zaslavsky(6, 1) == 7


def test_the_mean_bound_dominates_the_sum_over_faces() -> None:
    for n, N, u in product(range(1, 5), range(1, 12), (1, Fraction(3, 2), 10)):
        faces = 2**n * sum(math.comb(n, k) * math.comb(N, k) * u**k for k in range(n + 1))
        if n <= N:
            assert faces <= hanin_rolnick([N], n, T=4 * u)
            assert hanin_rolnick([N - 1, 1], n, 4) == Fraction(4 * N) ** n / math.factorial(n)
        else:
            assert hanin_rolnick([N], n) == 2**N


def test_kinks_of_a_sawtooth_by_counting_crossings() -> None:
    for neuron in neurons(sawtooth(2)):
        for shift in (Fraction(-2, 7), Fraction(1, 7), Fraction(2, 5)):
            ends = [(neuron.value(x) + shift, neuron.value(y) + shift) for x, y in neuron.intervals]
            assert neuron.kinks(shift) == sum(p * q < 0 for p, q in ends)
        shares = neuron.shares(Fraction(1))
        assert sum(share for share, _ in shares) == 1
        assert sum(share * kinks for share, kinks in shares) == max(neuron.slopes())


def test_pieces_of_the_interval() -> None:
    assert pieces([]) == [(0, 1)]
    assert pieces([ReLULayer([[1], [1], [1]], ["-1/3", -1, 5])]) == [(0, Fraction(1, 3)), (Fraction(1, 3), 1)]


PROOFS = {
    "cells": (proof_of_the_cells.check, {"lost": 2}),
    "folding": (proof_of_folding.check, {"weight": 3}),
    "sum": (proof_of_the_sum.check, {"off": 1}),
    "mean, more regions at a vertex": (proof_of_the_mean.check, {"regions_at_a_vertex": 3}),
    "mean, a smaller constant": (proof_of_the_mean.check, {"T": 3}),
}


@pytest.mark.parametrize("name", PROOFS)
def test_all_steps_hold_and_a_perturbed_identity_fails(name: str) -> None:
    check, changed = PROOFS[name]
    assert [step.text for step in check() if step.ok is not True] == []
    assert len(check()) >= 5
    steps = check(**changed)
    assert any(not step.ok for step in steps)
    assert any(step.ok for step in steps)


def test_the_proofs_import_nothing_that_found_the_results() -> None:
    for module in (proof_of_the_cells, proof_of_folding, proof_of_the_sum, proof_of_the_mean):
        lines = Path(str(module.__file__)).read_text(encoding="utf-8").splitlines()
        imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import", "from"))}
        assert imported <= {"__future__", "sympy", "proofs_check"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: zaslavsky(-1, 2), "m = -1: must be a non-negative integer"),
        (lambda: zaslavsky(2, 1.5), "n = 1.5: must be a non-negative integer"),
        (lambda: serra([3], 0), "n = 0: must be a positive integer"),
        (lambda: serra([], 1), r"widths = \[\]: must not be empty"),
        (lambda: serra("33", 1), "widths = '33': must be a sequence"),
        (lambda: serra([3, True], 1), r"widths\[1\] = True: must be a non-negative integer"),
        (lambda: montufar_lower([1, 3], 2), r"widths = \[1, 3\]: must be at least n = 2 before the last"),
        (lambda: hanin_rolnick([3], 1, T=0), "T = 0: must be positive"),
    ],
)
def test_bad_arguments_are_named(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
