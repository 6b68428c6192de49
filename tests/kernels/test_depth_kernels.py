"""The kernels of passes along depth against exact arithmetic and plain numpy."""

from fractions import Fraction

import numpy as np
import pytest

from relutheory._kernels import depth as kernels


def exact_layer(W, b, x):
    """ReLU(W x + b) of one point in rationals, and its bits."""
    values = [
        sum(Fraction(w) * v for w, v in zip(row, x, strict=True)) + Fraction(s) for row, s in zip(W, b, strict=True)
    ]
    return [max(v, Fraction(0)) for v in values], [v > 0 for v in values]


def certified(W, b, x, exact=True, e=None):
    """One block, everything kept: points, errors, proved bits, and the last layer with all bits proved."""
    W, b, x = (np.array(a, dtype=float) for a in (W, b, x))
    depth, m, _ = W.shape
    k = x.shape[1]
    through, changed = np.zeros(k, np.int64), np.zeros(k, np.int64)
    kept = np.empty((depth, m, k)), np.empty((depth, m, k)), np.empty((depth, m, k), bool)
    e = np.zeros_like(x) if e is None else e
    *_, bad = kernels.certified_block(W, b, exact, x, e, 1, changed, through, np.arange(depth), *kept)
    assert bad == kernels.FINE
    return *kept, through


@pytest.mark.parametrize("scale", [1.0, 1e150, 1e-150, 2.0**-1060])
@pytest.mark.parametrize("seed", range(3))
def test_error_bounds_hold_and_proved_bits_are_right(seed, scale):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((5, 7, 7)) / 2
    b = rng.standard_normal((5, 7)) * scale
    x = rng.standard_normal((7, 3)) * scale
    points, errors, sure, through = certified(W, b, x)
    for p in range(3):
        value = [Fraction(v) for v in x[:, p].tolist()]
        for i in range(5):
            value, bits = exact_layer(W[i].tolist(), b[i].tolist(), value)
            for r in range(7):
                assert abs(value[r] - Fraction(points[i, r, p])) <= Fraction(errors[i, r, p])
                assert not sure[i, r, p] or bits[r] == (points[i, r, p] > 0)
    if scale > 1e-200:  # the bounds are of use: all bits are proved, and few units of 2^-53 are lost per layer
        assert sure.all() and (through == 5).all()
        assert (errors <= 1e-13 * scale * np.maximum(1, np.abs(points).max() / scale)).all()


def test_at_ties_bits_stay_open_or_are_right():
    rng = np.random.default_rng(5)
    ties = open_ = 0
    for _ in range(200):
        W, b, x = (rng.integers(-2, 3, s).astype(float) for s in ((3, 4, 4), (3, 4), (4, 2)))
        points, _, sure, _ = certified(W, b, x)
        for p in range(2):
            value = [Fraction(v) for v in x[:, p].tolist()]
            for i in range(3):
                sums = [
                    sum(w * v for w, v in zip(row, value, strict=True)) + s for row, s in zip(W[i], b[i], strict=True)
                ]
                value, bits = exact_layer(W[i].tolist(), b[i].tolist(), value)
                assert points[i, :, p].tolist() == value and all((points[i, :, p] > 0) == bits)  # floats are exact here
                ties += sum(v == 0 for v in sums)
                open_ += int((~sure[i, :, p]).sum())
    assert 0 < open_ <= ties  # only sums that are 0 stay open, and of these not those of zeros alone


def test_a_sum_that_floats_get_wrong_is_not_proved():
    W, b = [[[1.0, 1.0, -1.0]]], [[0.0]]
    points, errors, sure, through = certified(W, b, [[2.0**60], [1.0], [2.0**60]])
    assert points[0, 0, 0] == 0.0  # the exact value is 1
    assert errors[0, 0, 0] >= 1.0 and not sure[0, 0, 0] and through[0] == 0


def test_sums_of_zeros_are_proved_only_where_the_layer_is_exact():
    W, b, x = [[[1.0, 0.0], [0.0, 1.0]]] * 2, [[0.0, 0.0]] * 2, [[0.0], [3.0]]
    assert certified(W, b, x)[2].all()
    assert not certified(W, b, x, exact=False)[2][:, 0].any()


def test_an_error_of_the_input_is_carried_along():
    W, b = [[[1.0, -2.0], [3.0, 1.0]]], [[0.5, 0.0]]
    points, errors, sure, _ = certified(W, b, [[1.0], [0.0]], e=np.array([[0.5], [0.25]]))
    assert errors[0, :, 0] == pytest.approx([1.0, 1.75]) and (errors[0, :, 0] >= [1.0, 1.75]).all()
    assert points[0, :, 0].tolist() == [1.5, 3.0] and sure[0, :, 0].tolist() == [True, True]


def test_after_an_overflow_nothing_is_proved():
    W, b = [[[1e200, 0.0], [-1e200, 1.0]]] * 3, [[0.0, 0.0]] * 3
    _, errors, sure, through = certified(W, b, [[1e100], [1.0]])
    assert sure[0].all() and not sure[1].any() and not sure[2].any() and through[0] == 1
    assert np.isinf(errors[1, 0, 0])


def test_a_sum_that_overflows_is_not_proved_though_its_bound_is_finite():
    points, errors, sure, _ = certified([[[1e300]]], [[0.0]], [[1e9]])
    assert np.isinf(points[0, 0, 0]) and np.isinf(errors[0, 0, 0]) and not sure[0, 0, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["W", "b"])
def test_the_layer_that_is_not_finite_is_found(value, where):
    W, b, x = np.ones((4, 3, 3)), np.ones((4, 3)), np.ones((3, 2))
    (W if where == "W" else b)[2, 1] = value
    wanted, group = np.full(4, -1), np.zeros(2, np.int64)
    nothing, pairs = np.empty((0, 3, 2)), np.zeros((2, 3, 4))
    assert kernels.forward_block(W, b, x, 1, group.copy(), wanted, nothing)[1] == 2
    more = nothing, np.empty((0, 3, 2), bool)
    assert kernels.certified_block(W, b, True, x, 0 * x, 1, group.copy(), group.copy(), wanted, nothing, *more)[2] == 2
    kept = nothing, np.empty((0, 2, 3, 4)), np.empty((0, 2), np.int64)
    assert kernels.products_block(W, b, x, pairs, group.copy(), 1, group.copy(), wanted, *kept)[2] == 2


def test_points_beyond_the_range_of_floats_are_no_fault_of_the_layer():
    W, b, x = np.full((4, 1, 1), 1e200), np.zeros((4, 1)), np.ones((1, 1))
    y, bad = kernels.forward_block(W, b, x, 1, np.zeros(1, np.int64), np.full(4, -1), np.empty((0, 1, 1)))
    assert bad == kernels.FINE and np.isinf(y[0, 0]) and x[0, 0] == 1.0


@pytest.mark.parametrize(("m", "n"), [(4, 4), (6, 4), (3, 4)])
def test_changes_of_the_pattern_with_any_widths(m, n):
    rng = np.random.default_rng(m)
    for layer in (1, 7):
        W, b, x = rng.standard_normal((1, m, n)), rng.standard_normal((1, m)) + 1, np.abs(rng.standard_normal((n, 40)))
        x[rng.uniform(size=x.shape) < 0.2] = 0.0
        changed = np.full(40, -5)
        y, _ = kernels.forward_block(W, b, x, layer, changed, np.array([-1]), np.empty((0, m, 40)))
        for p in range(40):
            old, new = ([*(v[:, p] > 0), *[False] * (6 - len(v))] for v in (x, y))
            assert changed[p] == (layer if layer == 1 or old != new else -5)


@pytest.mark.parametrize(
    ("x", "b", "flips"), [(1.0, -2.0, True), (0.0, 1.0, True), (1.0, 1.0, False), (0.0, -1.0, False)]
)
def test_a_neuron_that_goes_on_or_off_is_a_change(x, b, flips):
    changed = np.zeros(1, np.int64)
    arguments = np.array([[x]]), 5, changed, np.array([-1]), np.empty((0, 1, 1))
    kernels.forward_block(np.ones((1, 1, 1)), np.array([[b]]), *arguments)
    assert changed[0] == (5 if flips else 0)


def test_groups_are_the_points_with_equal_histories():
    rng = np.random.default_rng(2)
    k, m = 60, 3
    group, heads, following = np.zeros(k, np.int64), np.empty(k, np.int64), np.empty(k, np.int64)
    histories = [() for _ in range(k)]
    for _ in range(6):
        y = np.where(rng.uniform(size=(m, k)) < 0.8, 1.0, 0.0)
        kernels._split_groups(y, group, heads, following)
        histories = [(*h, *y[:, p]) for p, h in enumerate(histories)]
        assert group.tolist() == [histories.index(h) for h in histories]


@pytest.mark.parametrize("active", [1.0, 0.5, 0.0])
def test_products_are_those_of_the_masked_matrices(active):
    rng = np.random.default_rng(4)
    depth, m, k = 6, 5, 8
    W, b = rng.standard_normal((depth, m, m)), rng.standard_normal((depth, m))
    b += {1.0: 50.0, 0.5: 0.0, 0.0: -50.0}[active]
    x = rng.standard_normal((m, k))
    pairs = np.repeat(np.hstack([np.eye(m), np.zeros((m, 1))])[None], k, axis=0)
    group, changed, wanted = np.zeros(k, np.int64), np.zeros(k, np.int64), np.arange(depth)
    kept = np.empty((depth, m, k)), np.empty((depth, k, m, m + 1)), np.empty((depth, k), np.int64)
    kernels.products_block(W, b, x, pairs, group, 1, changed, wanted, *kept)
    for p in range(k):
        value, M, c = x[:, p], np.eye(m), np.zeros(m)
        for i in range(depth):
            before = W[i] @ value + b[i]
            J = np.diag((before > 0).astype(float))
            value, M, c = J @ before, J @ W[i] @ M, J @ (W[i] @ c + b[i])
            found = kept[1][i, kept[2][i, p]]
            np.testing.assert_allclose(kept[0][i, :, p], value, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(found, np.column_stack([M, c]), rtol=1e-11, atol=1e-11)
