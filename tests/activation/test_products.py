"""Passes along depth against the network itself, the printed sums of products, and closed forms."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest

from relutheory.activation import activation_pattern, affine_map
from relutheory.activation.exact_passes import exact_forward_along_depth, exact_products_along_depth
from relutheory.activation.products import forward_along_depth, products_along_depth
from relutheory.core.errors import InputError
from relutheory.networks.layers import ReLULayer, ReLUNetwork

WIDTHS = (3, 5, 5, 5, 2, 4, 4, 1)


def layers(seed: int, widths: tuple[int, ...] = WIDTHS, *, third: bool = False) -> list[ReLULayer]:
    rng = np.random.default_rng(seed)
    out = []
    for n, m in pairwise(widths):
        W, b = rng.integers(-4, 5, (m, n)), rng.integers(-3, 8, m)
        out.append(ReLULayer([[Fraction(int(w), 3) for w in row] for row in W] if third else W / 4, b))
    return out


def family(source: list[ReLULayer], **more: Any) -> Any:
    """Layers in the form of an infinite family, without its exact formulas."""
    return SimpleNamespace(
        layer=lambda n: source[n - 1],
        floats=lambda n: (source[n - 1].W, source[n - 1].b),
        input_dim=source[0].n,
        **more,
    )


@pytest.mark.parametrize("third", [False, True])
def test_the_exact_pass_is_the_network(third: bool) -> None:
    source = layers(0, third=third)
    net = ReLUNetwork(source)
    points = [["1/3", 2, -1], [0, 0, 0], [5, "-7/2", 1]]
    found = exact_forward_along_depth(source, points, every=1)
    for p, x in enumerate(points):
        pattern = activation_pattern(net, x)
        assert all(np.array_equal(bits[p], own) for bits, own in zip(found.patterns, pattern, strict=True))
        for depth, kept in zip(found.depths, found.points, strict=True):
            assert list(kept[p]) == ReLUNetwork(source[:depth]).forward_exact(x)
        alone = exact_forward_along_depth(net, x, every=[2, 7])
        assert alone.depths == (2, 7) and alone.points == (found.points[1][p], found.points[6][p])
        assert alone.changed == found.changed[p]


@pytest.mark.parametrize("third", [False, True])
def test_exact_products_are_the_maps_of_the_domains(third: bool) -> None:
    source, x = layers(1, third=third), [1, "1/2", -2]
    patterns = activation_pattern(ReLUNetwork(source), x)
    for found in (
        exact_products_along_depth(source, x, every=1),
        exact_products_along_depth(source, patterns=patterns, every=1),
    ):
        for depth, map_ in enumerate(found, 1):
            assert map_ == affine_map(ReLUNetwork(source[:depth]), patterns[:depth])
    dead = [np.zeros(m, int) for m in WIDTHS[1:]]
    assert exact_products_along_depth(source, patterns=dead)[0] == affine_map(ReLUNetwork(source), dead)


@pytest.mark.parametrize("certify", [False, True])
@pytest.mark.parametrize("make", [list, ReLUNetwork, family])
def test_the_float_pass_stays_near_the_exact_one(make: Any, certify: bool) -> None:
    source = layers(2, third=True)
    points = np.random.default_rng(0).integers(-8, 9, (20, 3)) / 2
    found = forward_along_depth(make(source), points, 7, every=1, certify=certify)
    exact = exact_forward_along_depth(source, points, every=1)
    assert found.depths == exact.depths == tuple(range(1, 8))
    for n in range(7):
        rational = np.array(exact.points[n], dtype=object)
        gap = np.abs(rational - np.vectorize(Fraction, otypes=[object])(found.points[n]))
        assert (gap <= Fraction(1, 10**10)).all()
        if certify:
            assert found.errors is not None and found.sure is not None
            assert (gap <= np.vectorize(Fraction, otypes=[object])(found.errors[n])).all()
            assert (found.errors[n] <= 1e-10).all()
            assert np.array_equal(found.patterns[n][found.sure[n]], exact.patterns[n][found.sure[n]])
            assert found.sure[n].mean() > 0.6  # dead layers of thirds stay open
    if certify:
        assert found.sure_through is not None and found.sure is not None
        sure = np.array([bits.all(axis=1) for bits in found.sure])
        assert found.sure_through.tolist() == np.cumprod(sure, axis=0).sum(axis=0).tolist()
    else:
        assert found.errors is None and found.sure is None and found.sure_through is None


def test_products_are_the_maps_of_the_domains() -> None:
    source = layers(3)
    points = np.random.default_rng(1).integers(-8, 9, (15, 3)) / 2
    found = products_along_depth(source, points, every=1)
    exact = exact_forward_along_depth(source, points, every=1)
    for n in range(7):
        history = [tuple(tuple(bits[p]) for bits in exact.patterns[: n + 1]) for p in range(15)]
        assert found.groups[n].tolist() == [history.index(h) for h in history]
        for p in range(15):
            map_ = affine_map(ReLUNetwork(source[: n + 1]), [bits[p] for bits in exact.patterns[: n + 1]])
            np.testing.assert_allclose(found.matrices[n][p], map_.W, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(found.shifts[n][p], map_.b, rtol=1e-12, atol=1e-12)
    assert len(set(found.groups[-1].tolist())) > 2


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_a_pass_goes_on_where_it_stopped(cut: int) -> None:
    source = layers(4)
    points = np.random.default_rng(2).standard_normal((6, 3))
    for options in ({}, {"certify": True}):
        whole = forward_along_depth(source, points, every=1, **options)
        first = forward_along_depth(source, points, cut, **options)
        rest = forward_along_depth(source, first.state, every=1, **options)
        assert rest.depths == whole.depths[cut:] and np.array_equal(rest.changed, whole.changed)
        for name in ("points", "errors", "sure"):
            parts = getattr(rest, name), getattr(whole, name)
            assert parts == (None, None) or all(map(np.array_equal, parts[0], parts[1][cut:]))
        again = forward_along_depth(source, first.state, every=1, **options)  # the state has not been written to
        assert np.array_equal(again.points[-1], rest.points[-1])
    both = products_along_depth(source, points, every=1)
    rest_of_maps = products_along_depth(source, products_along_depth(source, points, cut).state, every=1)
    for name in ("points", "matrices", "shifts", "groups"):
        assert all(map(np.array_equal, getattr(rest_of_maps, name), getattr(both, name)[cut:]))


def test_one_point_is_a_row_of_the_batch() -> None:
    source, points = layers(5), np.random.default_rng(3).standard_normal((4, 3))
    batch, alone = (forward_along_depth(source, x, every=3, certify=True) for x in (points, points[2]))
    assert batch.depths == (3, 6, 7)
    for a, b in zip(alone.points, batch.points, strict=True):
        np.testing.assert_allclose(a, b[2], rtol=1e-14, atol=1e-14)
    assert alone.changed.shape == () and alone.changed == batch.changed[2]
    maps = products_along_depth(source, points[2])
    assert maps.matrices[0].shape == (1, 3) and maps.shifts[0].shape == (1,)


def test_the_last_change_of_the_pattern() -> None:
    for seed in range(6):
        source = layers(seed, (3, 4, 4, 4, 6, 6, 2, 2, 2))
        points = np.random.default_rng(seed).integers(-5, 6, (12, 3))
        exact, found = exact_forward_along_depth(source, points), forward_along_depth(source, points)
        padded = [np.pad(bits, ((0, 0), (0, 6 - bits.shape[1]))) for bits in exact.patterns]
        for p in range(12):
            rows = [tuple(bits[p]) for bits in padded]
            last = max([1, *(n for n in range(2, 9) if rows[n - 1] != rows[n - 2])])
            assert exact.changed[p] == found.changed[p] == last


def basel(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """W_n = I, b_n = (n^-2, -1): x_n = (x + H_n, 0) with H_n the sum of i^-2 up to n."""
    n = np.arange(first, first + count, dtype=float)
    return np.broadcast_to(np.eye(2), (count, 2, 2)), np.column_stack([n**-2, -np.ones(count)])


def test_a_hundred_thousand_layers_with_a_closed_form() -> None:
    found = forward_along_depth(basel, [[0.5, 0.0], [0.0, 2.5]], 10**5, every=50_000, certify=True)
    assert found.depths == (50_000, 100_000) and found.changed.tolist() == [1, 3]
    with mpmath.workdps(50):
        for n, x, e in zip(found.depths, found.points, found.errors or (), strict=True):
            value = mpmath.zeta(2) - mpmath.zeta(2, n + 1)
            for p, start in enumerate((0.5, 0.0)):
                # the layers meant here are the floats; their n^-2 is within 2^-53 of itself
                assert abs(value + start - mpmath.mpf(x[p, 0])) <= e[p, 0] + value * 2.0**-53
            assert (x[:, 1] == 0).all() and (e[:, 1] == 0).all() and (e < 1e-9).all()
    assert (found.sure_through == 10**5).all()


def test_memory_does_not_grow_with_depth() -> None:
    rng = np.random.default_rng(0)
    m = 16

    def blocks(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        return np.eye(m) + rng.standard_normal((count, m, m)) * 1e-6, rng.standard_normal((count, m)) * 1e-6

    forward_along_depth(blocks, np.ones((2, m)), 2)
    tracemalloc.start()
    forward_along_depth(blocks, np.ones((2, m)), 8000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**24 < 8000 * m * m * 8 * 1.1  # all layers together are 16 MB; a block is 2 MB, and numpy's copies


def test_a_function_may_give_fewer_layers_than_asked_for() -> None:
    source = layers(6, (4, 4, 4, 4, 4, 4))
    stacks = np.stack([layer.W for layer in source]), np.stack([layer.b for layer in source])
    calls = []

    def two(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        calls.append((first, count))
        return tuple(stack[first - 1 : first + min(count, 2) - 1] for stack in stacks)  # type: ignore[return-value]

    points = np.random.default_rng(0).standard_normal((3, 4))
    whole, parts = forward_along_depth(source, points, every=1), forward_along_depth(two, points, 5, every=1)
    assert all(map(np.array_equal, whole.points, parts.points)) and calls == [(1, 5), (3, 3), (5, 1)]
    rational = exact_forward_along_depth(two, points[0], 5)
    np.testing.assert_allclose([float(v) for v in rational.points[0]], whole.points[-1][0], atol=1e-12)


def test_blocks_of_a_family_and_its_word_that_floats_are_exact() -> None:
    eye = ReLULayer(np.eye(2), [0, 0])
    plain = family([eye] * 9)
    blocks = family([eye] * 9, floats_exact=True, float_block=lambda first, count: basel(first, count))
    assert not forward_along_depth(plain, [0, 0], 9, certify=True).sure_through
    assert forward_along_depth(blocks, [0, 0], 9, certify=True).sure_through == 9


def test_no_points_no_neurons_no_layers() -> None:
    source = layers(7)
    assert forward_along_depth(source, np.zeros((0, 3))).points[0].shape == (0, 1)
    assert forward_along_depth(source, [1, 2, 3], 0).points == ()
    empty = [ReLULayer(np.zeros((0, 2)))]
    for certify in (False, True):
        assert forward_along_depth(empty, [[1, 2]], certify=certify).points[0].shape == (1, 0)
    assert products_along_depth(empty, [1, 2]).matrices[0].shape == (0, 2)
    assert exact_forward_along_depth(empty, [1, 2]).points == ((),)
    assert exact_products_along_depth(empty, [1, 2])[0].weight.shape == (0, 2)


@pytest.mark.parametrize("x", [[1, 2], [[1, 2], [3, 4], [5, 6]]])
def test_a_chain_of_no_layers_is_the_identity(x: Any) -> None:
    float_pass, exact_pass = forward_along_depth([], x), exact_forward_along_depth([], x)
    assert float_pass.depths == exact_pass.depths == () and float_pass.points == exact_pass.points == ()
    assert float_pass.state.x.T.tolist() == np.atleast_2d(x).tolist() and exact_pass.patterns == ()
    assert products_along_depth([], x).matrices == () and exact_products_along_depth([], x) == ()


def test_functions_that_give_no_blocks_are_refused() -> None:
    for given in (None, 5, ([[1]], [0]), ([[[1]]], [[0, 0]])):
        for run in (forward_along_depth, products_along_depth, exact_forward_along_depth):
            with pytest.raises(InputError, match=r"W, b = .*\(layer 1\)"):
                run(lambda first, count, given=given: given, [1], 1)
    for patterns in (3, "10", {0: [1]}):
        with pytest.raises(InputError, match="patterns = "):
            exact_products_along_depth([([[1]], [0])], patterns=patterns)


def test_beyond_the_range_of_floats() -> None:
    layer = ([[1e300]], [0.0])
    assert np.isinf(forward_along_depth([layer] * 3, [1.0]).points[0][0])
    found = forward_along_depth([layer] * 3, [1.0], certify=True)
    assert found.sure_through == 1 and np.isinf((found.errors or ())[0][0])
    assert exact_forward_along_depth([layer] * 3, [1]).points == ((Fraction(1e300) ** 3,),)
    with pytest.raises(InputError, match="range of float64"):
        forward_along_depth([layer], [10**400])


@pytest.mark.parametrize("run", [forward_along_depth, products_along_depth, exact_forward_along_depth])
@pytest.mark.parametrize(
    ("source", "x", "depth", "every", "message"),
    [
        (3, [1], 1, None, "layers = 3: must be a family"),
        ([], [[1, 2], [3]], 0, None, "x = "),
        ("ab", [1], 1, None, "layers = 'ab'"),
        ([([[1, 2]], None), ([[1, 2]], None)], [1, 1], 2, None, r"W = .*must have 1 columns \(layer 2\)"),
        ([([[1]], None), ([[float("nan")]], None)], [1], 2, None, r"nan.*\(layer 2\)"),
        ([([[1]], None), 5], [1], 2, None, r"layers\[1\] = 5: must be a ReLULayer or a pair"),
        ([([[1]], None)], [1], 2, None, "depth = 2: must be at most 1"),
        ([([[1]], None)], [1], -1, None, "depth = -1"),
        ([([[1]], None)], [1], True, None, "depth = True"),
        (basel, [1, 1], None, None, "depth = None"),
        ([([[1]], None)], [1, 2], 1, None, "x = 'array of shape"),
        ([([[1]], None)], [float("nan")], 1, None, "must be finite"),
        ([([[1]], None)], [1], 1, 0, "every = 0"),
        ([([[1]], None)], [1], 1, [2], r"every = \[2\]: .* from 1 to 1"),
        ([([[1]], None)], [1], 1, [0.5], r"every = \[0.5\]"),
        ([([[1]], None)], [1], 1, "ab", "every = 'ab'"),
    ],
)
def test_bad_arguments(run: Any, source: Any, x: Any, depth: Any, every: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(source, x, depth, every=every)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_block_that_is_not_finite_names_its_layer(value: float) -> None:
    def blocks(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        W, b = (np.array(a) for a in basel(first, count))
        W[first <= 1000 < first + count and 1000 - first, 1, 0] = value if first <= 1000 < first + count else 0.0
        return W, b

    for run in (forward_along_depth, products_along_depth):
        with pytest.raises(InputError, match=rf"W = {value}: must be finite \(layer 1000\)"):
            run(blocks, [1.0, 1.0], 3000)


def test_blocks_of_wrong_shapes_and_states_of_other_passes() -> None:
    with pytest.raises(InputError, match=r"W, b = 'arrays of shapes .* \(layer 1\)"):
        forward_along_depth(lambda first, count: (np.eye(2), np.zeros(2)), [1, 1], 5)
    with pytest.raises(InputError, match="x = 'state of a pass of another kind'"):
        products_along_depth(basel, forward_along_depth(basel, [1, 1], 5).state, 9)
    with pytest.raises(InputError, match="another kind"):
        forward_along_depth(basel, forward_along_depth(basel, [1, 1], 5).state, 9, certify=True)
    with pytest.raises(InputError, match="no read-out"):
        forward_along_depth(ReLUNetwork([([[1]], None), ([[1]], None)]), [1])
    for options in ({}, {"x": [1], "patterns": [[1]]}):
        with pytest.raises(InputError, match="patterns = "):
            exact_products_along_depth([([[1]], None)], **options)
    with pytest.raises(InputError, match=r"patterns\[0\]"):
        exact_products_along_depth([([[1]], None)], patterns=[[2]])
    with pytest.raises(InputError, match="must be one point"):
        exact_products_along_depth([([[1]], None)], [[1], [2]])
