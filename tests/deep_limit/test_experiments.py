"""What is measured along depth, against exact runs, closed forms and plain recursions."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.deep_limit.experiments import (
    errors_against_bounds,
    initialisation,
    remaining,
    spaced_depths,
    trajectory,
)
from relutheory.deep_limit.families.family import DeepFamily

PRODUCT = DeepFamily.from_symbolic("1 + 1/n**2")  # x_n = x prod_{k <= n} (1 + 1/k^2), the limit is x sinh(pi) / pi


def sinh_limit() -> Enclosure:
    with mpmath.workdps(60):
        middle = Fraction(str(mpmath.nstr(mpmath.sinh(mpmath.pi) / mpmath.pi, 50)))
    margin = Fraction(1, 10**45)
    return Enclosure(lo=middle - margin, hi=middle + margin, rigor=Rigor.ENCLOSED)


def test_depths_are_spread_over_the_scales() -> None:
    assert spaced_depths(1) == [1] and spaced_depths(3) == [1, 2, 3]
    depths = spaced_depths(10_000, 25)
    assert depths[0] == 1 and depths[-1] == 10_000 and len(depths) <= 25 and depths == sorted(set(depths))
    for arguments in ((0,), (5, 0), (True,), (2.5,)):
        with pytest.raises(InputError):
            spaced_depths(*arguments)


def test_trajectories_follow_exact_layers() -> None:
    family = DeepFamily.random(3, power=1, seed=5, input_dim=2)
    found = trajectory(family, [0.5, 0.25], [1, 2, 7])
    state, exact = [Fraction(1, 2), Fraction(1, 4)], []
    for n in range(1, 8):
        exact.append(family.layer(n).forward_exact(state))
        state = exact[-1]
    for n, point, moved in zip(found.depths, found.points, found.increments, strict=True):
        assert np.allclose(point, [float(v) for v in exact[n - 1]], rtol=1e-14, atol=0)
        if n > 1:
            step = max(abs(a - b) for a, b in zip(exact[n - 1], exact[n - 2], strict=True))
            assert math.isclose(moved, float(step), rel_tol=1e-10)
    assert math.isnan(found.increments[0]), "two inputs and three neurons cannot be compared"
    assert np.isinf(found.bounds).all() and found.rigor is Rigor.FLOAT


def test_the_bound_holds_for_a_limit_in_closed_form_and_half_of_it_does_not() -> None:
    limit = float(sinh_limit().lo)
    found = trajectory(PRODUCT, [1.0], [1, 10, 100, 1000])
    for point, bound in zip(found.points, found.bounds, strict=True):
        rest = limit - point[0]
        assert 0 < rest <= bound * (1 + 1e-9)
        assert rest > bound / 2
    assert found.bounds[-1] < 4e-3


def test_growing_widths_are_continued_by_zeros() -> None:
    layers = [([[1], [2]], None), ([[1, 0], [0, 1], [0, "1/2"]], None)]
    found = trajectory(DeepFamily.from_layers(layers), [1.0], [1, 2])
    assert [p.tolist() for p in found.points] == [[1.0, 2.0], [1.0, 2.0, 1.0]]
    assert found.increments[1] == 1.0


def test_no_bound_without_finite_sums() -> None:
    assert remaining(DeepFamily.from_symbolic("1", "1/n"), 5, np.array([1.0])) == math.inf
    assert remaining(DeepFamily.from_symbolic("1 + 1/2**n"), 50, np.array([1.0])) < 1e-14
    huge = DeepFamily.from_symbolic("1 + k/n**2", constants={"k": 10**9})
    assert remaining(huge, 1, np.array([1.0])) == math.inf, "beyond float64, and no exception"


def test_errors_from_both_sides() -> None:
    rows = errors_against_bounds(PRODUCT, [1], [1, 4, 16], [sinh_limit()])
    with mpmath.workdps(40):
        for row in rows:
            state = mpmath.fprod(1 + mpmath.mpf(1) / k**2 for k in range(1, row["depth"] + 1))
            true = mpmath.sinh(mpmath.pi) / mpmath.pi - state
            low, high = row["error"]
            assert low <= true <= high and high - low < 1e-14
            assert true <= row["bound"]
    assert [row["depth"] for row in rows] == [1, 4, 16]
    inside = errors_against_bounds(PRODUCT, [0], [3], [Enclosure(lo=Fraction(0), hi=Fraction(1), rigor=Rigor.EXACT)])
    assert inside[0]["error"][0] <= 0.0 and inside[0]["error"][1] >= 1.0


@pytest.mark.parametrize("power", [None, 0.5, 2.0])
def test_initialisation_against_a_plain_recursion(power: float | None) -> None:
    m, depth = 6, 12
    found = initialisation(m, [1, depth], power=power, seed=3)
    rng = np.random.default_rng(3)
    x = np.abs(rng.standard_normal(m))
    weights = []
    for n in range(1, depth + 1):
        G = rng.standard_normal((m, m))
        weights.append(G * math.sqrt(2 / m) if power is None else np.eye(m) + G / (math.sqrt(m) * n**power))

    def output(start: np.ndarray, last: int) -> np.ndarray:
        for W in weights[:last]:
            start = np.maximum(W @ start, 0)
        return start

    for place, last in enumerate((1, depth)):
        size = np.linalg.norm(output(x, last)) / np.linalg.norm(x)
        assert math.isclose(10 ** found.outputs[place], size, rel_tol=1e-10)
        h = 1e-7
        slopes = np.array([(output(x + h * e, last) - output(x - h * e, last)) / (2 * h) for e in np.eye(m)])
        rms = math.sqrt((slopes**2).sum() / m)
        assert math.isclose(10 ** found.gradients[place], rms, rel_tol=1e-5)


def test_sizes_whose_squares_are_beyond_float64() -> None:
    found = initialisation(2, [1, 400], power=None, seed=0)
    assert not np.isnan(found.outputs).any(), "minus infinity where the network is dead"
    steep = initialisation(4, [200], power=0.0, scale=20.0, seed=1)
    assert steep.outputs[0] > 155 or steep.outputs[0] == -math.inf


@pytest.mark.parametrize(
    "call",
    [
        lambda: trajectory(PRODUCT, [1.0], []),
        lambda: trajectory(PRODUCT, [1.0], [0]),
        lambda: trajectory(PRODUCT, [1.0, 2.0], [1]),
        lambda: trajectory(PRODUCT, [math.nan], [1]),
        lambda: initialisation(0, [1]),
        lambda: initialisation(2, [1], power=-1.0),
        lambda: initialisation(2, [1], power=math.nan),
        lambda: initialisation(2, [1], seed=-1),
    ],
)
def test_bad_input_is_one_line(call) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert "\n" not in str(caught.value)
