"""Layers read off from trajectories: exact, enclosed, along depth, and what is not determined."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

from proofs_check import deep_necessary, deep_products
from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.recover import recover_along_depth, recover_layer
from relutheory.networks import ReLULayer

Point = list[Fraction]


def simplex(m: int) -> list[Point]:
    """m + 1 affinely independent points with positive coordinates."""
    return [[Fraction(1 + (i == j)) for j in range(m)] for i in range(-1, m)]


def random_layer(seed: int, m: int) -> ReLULayer:
    rng = np.random.default_rng([5, seed])
    return ReLULayer((rng.integers(-4, 5, size=(m, m)) / 4).tolist(), (rng.integers(4, 30, size=m) / 8).tolist())


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_a_layer_with_positive_outputs_is_recovered_exactly(m: int) -> None:
    for seed in range(5):
        layer = random_layer(seed, m)
        rng = np.random.default_rng(seed)
        before = [[Fraction(int(v), 7) for v in row] for row in rng.integers(0, 20, size=(3 * m + 3, m))]
        after = [layer.forward_exact(x) for x in before]
        found = recover_layer(before, after)
        for row in found.rows:
            live = [k for k, y in enumerate(after) if y[row.j] > 0]
            X = sp.Matrix([[*before[k], 1] for k in live])
            assert row.used == tuple(live)
            assert row.known == (X.rows > 0 and X.rank() == m + 1)
            if row.known:
                assert [v.lo for v in row.weights] == [v.hi for v in row.weights] == layer.weight.row(row.j)
                assert row.bias is not None and row.bias.lo == layer.bias[row.j]
                assert row.distance is not None and row.distance.rigor is Rigor.EXACT
                away = [w - (i == row.j) for i, w in enumerate(layer.weight.row(row.j))] + [layer.bias[row.j]]
                assert row.distance.lo == max(map(abs, away))


def test_the_system_has_the_solution_that_sympy_finds() -> None:
    before, after = [[1, 2], [2, 1], ["1/3", 5]], [["1/2", 1], [3, "7/5"], [1, 1]]
    found = recover_layer(before, after)
    X = sp.Matrix([[*(sp.Rational(str(v)) for v in x), 1] for x in before])
    for row in found.rows:
        z = X.LUsolve(sp.Matrix([sp.Rational(str(y[row.j])) for y in after]))
        assert [sp.Rational(v.lo.numerator, v.lo.denominator) for v in (*row.weights, row.bias)] == list(z)


def test_dead_and_few_and_dependent_trajectories_determine_nothing() -> None:
    dead = recover_layer([[0], [1], [2]], [[0], [0], [0]])
    assert not dead.rows[0].known and dead.rows[0].weights == () and dead.distance is None
    assert dead.rows[0].reason.startswith("no trajectory with coordinate 0 positive")
    assert not recover_layer([[1]], [[1]]).complete
    line = recover_layer([[0, 0], [1, 1], [2, 2], [3, 3]], [[1, 1], [2, 1], [3, 1], [4, 1]])
    assert not line.complete and line.rows[0].reason.startswith("4 trajectories, whose points span too little")
    merged = recover_layer([[3], [3], [3]], [[3], [3], [3]])  # W = 0, b = 3 or the identity: both fit
    assert not merged.complete
    with pytest.raises(TypeError, match="not a bool"):
        bool(merged)


def test_only_the_rows_that_are_alive_are_known() -> None:
    layer = ReLULayer([[1, 1], [-1, 0]], [0, 0])
    found = recover_layer(simplex(2), [layer.forward_exact(x) for x in simplex(2)])
    assert [row.known for row in found.rows] == [True, False]
    assert not found.complete
    assert found.distance is not None and found.distance.hi == 1


def test_the_trajectories_must_fit_one_layer() -> None:
    before = [[0], [1], [2], [-3]]
    assert recover_layer(before, [[1], [2], [3], [0]]).rows[0].distance.hi == 1  # type: ignore[union-attr]
    for wrong, where in (([[1], [2], [4], [0]], r"after\[2,0\] = '4': must be 3"), ([[1], [2], [3], [1]], r"after")):
        with pytest.raises(InputError, match=where):
            recover_layer(before, wrong)
    with pytest.raises(InputError):  # a step too early: x_n paired with x_n
        recover_layer([[1], [2], [3]], [[1], [2], [5]])


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("error", [1e-12, 1e-6, Fraction(1, 10**40)])
def test_from_floats_the_true_layer_is_enclosed(m: int, error: Any) -> None:
    for seed in range(4):
        layer = random_layer(seed, m)
        rng = np.random.default_rng([seed, m])
        noise = Fraction(error)

        def shaken(points: list[Point], rng: np.random.Generator = rng, noise: Fraction = noise) -> list[Point]:
            return [[v + int(rng.choice([-1, 1])) * noise for v in x] for x in points]  # at the ends of what is allowed

        before = simplex(m)
        after = [layer.forward_exact(x) for x in before]
        found = recover_layer(shaken(before), shaken(after), error=error)
        for row in found.rows:
            if min(y[row.j] for y in after) > 2 * noise:
                assert row.known and row.bias is not None and row.distance is not None
                assert all(w in v for v, w in zip(row.weights, layer.weight.row(row.j), strict=True))
                assert layer.bias[row.j] in row.bias and row.bias.rigor is Rigor.ENCLOSED
                assert row.bias.width < 1000 * noise
                away = [w - (i == row.j) for i, w in enumerate(layer.weight.row(row.j))] + [layer.bias[row.j]]
                assert max(map(abs, away)) in row.distance


def test_the_bound_of_the_floats_is_needed() -> None:
    """Half of the true error as `error`: the enclosure misses the layer."""
    noise = Fraction(1, 1000)
    before, after = [[1 + noise], [2 - noise]], [[1 - noise], [2 + noise]]
    assert 1 in recover_layer(before, after, error=noise).rows[0].weights[0]
    assert 1 not in recover_layer(before, after, error=noise / 2).rows[0].weights[0]


def test_an_error_that_hides_the_simplex_leaves_the_row_open() -> None:
    found = recover_layer([[1.0], [1.001]], [[5.0], [5.0]], error=0.01)
    assert not found.rows[0].known and "within the error" in found.rows[0].reason
    near_zero = recover_layer([[1.0], [2.0]], [[0.005], [5.0]], error=0.01)
    assert not near_zero.rows[0].known and near_zero.rows[0].used == (1,)


def test_along_depth_rows_tend_to_the_unit_vectors() -> None:
    A, c = [[1, -1], [1, 1]], [1, 2]
    family = DeepFamily.from_symbolic(
        "I + A/n**2", "c/n**2", constants={"A": A, "c": c}, first=([[1, 0], [0, 1]], [5, 5])
    )
    depths = [2, 3, 7, 20]
    found = recover_along_depth(family, [[0, 0], [1, 0], [0, 1]], depths)
    assert [layer.n for layer in found] == depths
    for layer, n in zip(found, depths, strict=True):
        assert layer.complete and layer.distance is not None
        assert layer.distance.lo == layer.distance.hi == Fraction(2, n * n)


def test_trajectories_that_merge_show_layers_that_stay_away() -> None:
    """W = I/2, b = 1 converges, to one point from everywhere: the limits are no simplex and nothing tends to I."""
    family = DeepFamily.from_layers([([["1/2"]], [1])] * 12)
    found = recover_along_depth(family, [[0], [8]], [2, 6, 12])
    assert [layer.distance.hi for layer in found if layer.distance is not None] == [1, 1, 1]
    constant = DeepFamily.from_layers([([[0]], [3])] * 5)
    assert [layer.complete for layer in recover_along_depth(constant, [[0], [8]], [2, 5])] == [False, False]


@pytest.mark.parametrize(
    "perturbed",
    [
        lambda: deep_necessary.check(constant=1),
        lambda: deep_necessary.check(live=False),
        lambda: deep_products.check(mask_bias=False),
    ],
)
def test_the_replayed_proofs_hold_and_perturbed_ones_do_not(perturbed: Any) -> None:
    for module in (deep_necessary, deep_products):
        assert [step.text for step in module.check() if not step.ok] == []
    assert {step.ok for step in perturbed()} == {True, False}


def test_no_depth_no_layers() -> None:
    assert recover_along_depth(DeepFamily.from_layers([([[1]], [0])]), [[0], [1]], []) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: recover_layer([[1], [2]], [[1]]),
            "after = 'array of shape (1, 1)': must have one row per trajectory, 2",
        ),
        (lambda: recover_layer([[float("nan")]], [[1]]), "before[0,0] = nan: must be finite"),
        (lambda: recover_layer([[1]], [[1]], error=-1), "error = -1: must not be negative"),
        (
            lambda: recover_along_depth(DeepFamily.from_layers([([[1]], [0])]), [], [2]),
            "points = []: must not be empty",
        ),
        (
            lambda: recover_along_depth(DeepFamily.from_layers([([[1]], [0])]), [[1]], [1]),
            "depths = [1]: must be integers",
        ),
        (
            lambda: recover_along_depth(DeepFamily.from_layers([([[1]], [0])]), [[1]], [3, 2]),
            "depths = [3, 2]: must be",
        ),
        (
            lambda: recover_along_depth(DeepFamily.from_layers([([[1]], [0])]), [[1, 2]], [2]),
            "points: have 2 coordinates",
        ),
        (lambda: recover_layer([[0], [1]], [[1], [-2]]), "after[1,0] = '-2': must not be negative"),
        (lambda: recover_layer([[0]], [[-1]], error="1/2"), "after[0,0] = '-1': must not be negative"),
        (lambda: recover_along_depth(None, [[0], [1]], [2]), "family = None: must be a DeepFamily"),
        (lambda: recover_along_depth(DeepFamily.from_layers([([[1]], [0])]), 5, [2]), "points = 5: must be"),
        (lambda: recover_along_depth(DeepFamily.from_layers([([[1]], [0])]), [5], [2]), "points[0] = 5: must be"),
        (lambda: recover_along_depth(DeepFamily.from_layers([([[1]], [0])]), [[1]], 2), "depths = 2: must be"),
    ],
)
def test_bad_input_is_refused_in_one_line(call: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
