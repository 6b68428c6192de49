from fractions import Fraction
from math import comb

import numpy as np
import pytest

from relutheory.activation import activation_pattern
from relutheory.core.errors import UnsupportedError
from relutheory.core.sets import Box
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra import cells
from relutheory.polyhedra.batch import unpack
from relutheory.polyhedra.cells import NotInGeneralPosition, cell_regions, in_simple_position
from relutheory.polyhedra.exact_tree import exact_regions

SHAPES = [(1, 1), (2, 1), (5, 1), (2, 2), (3, 2), (6, 2), (6, 3), (8, 3), (3, 5), (7, 4), (8, 5), (6, 6)]


def gaussian(m: int, n: int, affine: bool, seed: int = 0) -> ReLULayer:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(m, n))
    return ReLULayer(W, rng.normal(size=m) if affine else None)


def regions(layer: ReLULayer, **options) -> list[tuple[tuple[int, ...], bool]]:
    """Bits and boundedness of the listed regions, in order; points are checked exactly."""
    found: list[tuple[tuple[int, ...], bool]] = []
    for batch in cell_regions((layer,), **options):
        if not batch.count:
            continue
        bits = unpack(batch.patterns, layer.m)
        assert bits.shape == (batch.count, layer.m) and batch.bounded.shape == (batch.count,)
        if batch.points is not None:
            known = ~np.isnan(batch.points).any(axis=1)
            for i in np.flatnonzero(~known).tolist():
                values = layer.preactivation_exact(batch.exact_points[i])
                assert [int(v > 0) for v in values] == bits[i].tolist() and all(values)
            if known.any():
                for layer_or_negative, expected in ((layer, bits), (negative(layer), 1 - bits)):
                    pattern = activation_pattern(layer_or_negative, batch.points[known])
                    assert np.array_equal(pattern, expected[known])
        found += zip(map(tuple, bits.tolist()), batch.bounded.tolist(), strict=True)
    return found


def negative(layer: ReLULayer) -> ReLULayer:
    return ReLULayer([[-v for v in row] for row in layer.weight.fractions()], [-v for v in layer.bias.fractions()])


def by_tree(layer: ReLULayer) -> list[tuple[tuple[int, ...], bool]]:
    return sorted((region.bits, region.bounded) for region in exact_regions([layer]))


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_the_regions_are_those_of_the_exact_tree(m, n, affine):
    layer = gaussian(m, n, affine)
    expected = by_tree(layer)
    assert sorted(regions(layer)) == expected
    assert sorted(regions(layer, points=False)) == expected
    assert sum(batch.count for batch in cell_regions((layer,), listed=False)) == len(expected)


@pytest.mark.parametrize("seed", range(12))
def test_integer_layers_are_listed_right_or_refused_rightly(seed):
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 8)), int(rng.integers(1, 5))
    layer = ReLULayer(rng.integers(-4, 5, size=(m, n)), rng.integers(-4, 5, size=m) if seed % 2 else None)
    expected = by_tree(layer)
    if in_simple_position(layer):
        assert sorted(regions(layer)) == expected
    else:
        with pytest.raises(NotInGeneralPosition):
            regions(layer)


@pytest.mark.parametrize(
    ("m", "n"), [(20, 2), (12, 5), (30, 3), (24, 6), (14, 10), (66, 3), (130, 2), (65, 2), (64, 3)]
)
def test_counts_of_zaslavsky(m, n):
    central, affine = regions(gaussian(m, n, False), points=False), regions(gaussian(m, n, True), points=False)
    assert len(set(central)) == len(central) == 2 * sum(comb(m - 1, k) for k in range(n))
    assert not any(bounded for _, bounded in central)
    assert len({bits for bits, _ in affine}) == len(affine) == sum(comb(m, k) for k in range(n + 1))
    assert sum(bounded for _, bounded in affine) == comb(m - 1, n)


@pytest.mark.parametrize(("m", "n", "affine"), [(9, 4, True), (70, 2, True), (12, 6, False)])
def test_every_pattern_of_a_random_point_is_listed(m, n, affine):
    layer = gaussian(m, n, affine)
    listed = {bits for bits, _ in regions(layer, points=False)}
    points = np.random.default_rng(1).normal(size=(4000, n)) * np.logspace(-2, 2, 4000)[:, None]
    assert set(map(tuple, activation_pattern(layer, points).tolist())) <= listed


def test_small_batches_give_the_same_regions():
    layer = gaussian(15, 4, True)
    batches = [batch.count for batch in cell_regions((layer,), batch=1) if batch.count]
    assert max(batches) <= 30 and len(batches) > 50
    assert regions(layer, batch=1) == regions(layer)


def test_many_regions_are_listed_after_a_proof(monkeypatch):
    layer = gaussian(16, 5, True)
    expected = regions(layer)
    monkeypatch.setattr(cells, "_HELD", 0)
    monkeypatch.setattr(cells, "_WORK", 1 << 14)
    assert regions(layer) == expected
    assert [batch.count for batch in cell_regions((layer,), points=False)][:3] == [0, 0, 0]


DEGENERATE = {
    "no row": (np.zeros((0, 2)), None),
    "zero row": ([[1, 0], [0, 0], [0, 1]], [0, 0, 0]),
    "zero row with bias": ([[1, 0], [0, 0], [0, 1]], [0, 1, 0]),
    "parallel": ([[1, 0], [1, 0], [0, 1]], [0, 1, 0]),
    "antiparallel": ([[1, 0], [-1, 0], [0, 1]], None),
    "duplicate": ([[1, 2], [1, 2], [0, 1]], [1, 1, 0]),
    "three concurrent lines": ([[1, 0], [0, 1], [1, 1], [1, -1]], [0, 0, 0, 1]),
    "three vectors in a plane": ([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]], None),
    "two lines parallel, all concurrent but one": ([[1, 0], [0, 1], [1, 1], [2, 2]], [0, 0, 0, 1]),
    "the same point": ([[1], [2], [3]], [1, 2, 5]),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_layers_are_refused_before_any_region(name):
    layer = ReLULayer(*DEGENERATE[name])
    for options in ({}, {"listed": False}, {"points": False}):
        counts = []
        with pytest.raises(NotInGeneralPosition):
            counts += [batch.count for batch in cell_regions((layer,), **options)]
        assert not any(counts)
    assert not in_simple_position(layer)


def test_a_degenerate_subset_late_in_the_walk_is_found():
    rng = np.random.default_rng(5)
    W = rng.integers(-50, 50, size=(18, 4)).astype(float)
    W[15] = W[16] + W[17] - 3 * W[14]
    for b in (None, W @ [1.0, 2.0, 3.0, 4.0] + np.r_[np.arange(1.0, 15.0) ** 2, 0, 0, 0, 0]):
        assert not in_simple_position(ReLULayer(W, b))


@pytest.mark.parametrize("size", [1e-6, 1e-10, 1e-13])
@pytest.mark.parametrize("name", list(DEGENERATE)[1:])
def test_near_degenerate_layers(name, size):
    W, b = (np.array(v if v is not None else 0.0, dtype=float) for v in DEGENERATE[name])
    rng = np.random.default_rng(7)
    layer = ReLULayer(W + size * rng.normal(size=W.shape), (b + size * rng.normal(size=len(W))))
    assert in_simple_position(layer)
    assert sorted(regions(layer)) == by_tree(layer)


def test_near_duplicates_of_many_rows():
    rng = np.random.default_rng(3)
    W = rng.normal(size=(10, 3))
    layer = ReLULayer(np.vstack([W, W + 1e-10 * rng.normal(size=W.shape)]))
    assert len(set(regions(layer))) == 2 * sum(comb(19, k) for k in range(3))


def test_nearly_concurrent_hyperplanes():
    W = np.random.default_rng(4).normal(size=(9, 3))
    layer = ReLULayer(W, -(W @ [0.3, 0.1, -0.7]))  # concurrent but for rounding
    assert sorted(regions(layer)) == by_tree(layer)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_all_hyperplanes_through_one_point(n):
    W = np.random.default_rng(6).integers(-999, 999, size=(7, n))
    layer = ReLULayer(W, W @ np.arange(1, n + 1))
    found = regions(layer)
    assert sorted(found) == by_tree(layer)
    assert len(found) == 2 * sum(comb(6, k) for k in range(n))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("affine", [False, True])
def test_weights_of_low_rank(rank, affine):
    rng = np.random.default_rng(rank)
    W = rng.integers(-99, 99, size=(6, rank)) @ rng.integers(-99, 99, size=(rank, 4))
    layer = ReLULayer(W, rng.integers(-99, 99, size=6) if affine else None)
    assert in_simple_position(layer)
    assert sorted(regions(layer)) == by_tree(layer)
    assert sorted(regions(layer, points=False)) == by_tree(layer)


@pytest.mark.parametrize("exponents", [(-300, 300), (-12, 12)])
@pytest.mark.parametrize("affine", [False, True])
def test_scales(exponents, affine):
    rng = np.random.default_rng(8)
    W = rng.normal(size=(7, 3)) * 10.0 ** rng.integers(*exponents, size=(7, 3))
    b = rng.normal(size=7) * 10.0 ** rng.integers(*exponents, size=7) if affine else None
    layer = ReLULayer(W, b)
    assert sorted(regions(layer)) == by_tree(layer)


def test_rationals_that_floats_do_not_hold():
    rng = np.random.default_rng(9)
    thirds = [[Fraction(int(v), 3) for v in row] for row in rng.integers(-40, 40, size=(7, 3))]
    huge = [Fraction(int(v), 7) * 10**400 for v in rng.integers(-40, 40, size=7)]
    layer = ReLULayer(thirds, huge)
    assert not layer.weight.floats_exact
    assert sorted(regions(layer)) == by_tree(layer)
    nearly = ReLULayer([[1, 0], [0, 1], [1, 1]], [0, 0, Fraction(1, 10**400)])
    assert len(regions(nearly)) == 7


def test_weights_with_zeros_need_another_flag():
    layer = ReLULayer(np.vstack([np.eye(4), np.ones(4)]), [0, 0, 0, 0, -1])
    assert sorted(regions(layer)) == by_tree(layer)
    assert len(regions(ReLULayer(np.eye(7)))) == 2**7


def test_what_is_not_supported():
    layer = gaussian(4, 2, True)
    for layers, domain, facets in (
        ((layer, gaussian(2, 4, True)), None, False),
        ((layer,), Box([-1, -1], [1, 1]), False),
        ((layer,), None, True),
    ):
        with pytest.raises(UnsupportedError):
            next(cell_regions(layers, domain, facets=facets))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("m", "n", "affine", "count"),
    [(40, 6, False, 1335856), (24, 6, False, 89104), (16, 8, False, 32768), (30, 4, True, 31931), (20, 6, True, 60460)],
)
def test_published_counts(m, n, affine, count):
    layer = gaussian(m, n, affine)
    packed = [batch.patterns for batch in cell_regions((layer,)) if batch.count]
    assert len(np.unique(np.vstack(packed), axis=0)) == count
