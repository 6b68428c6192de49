"""Balls, square roots and nearest points: exact membership, enclosures, optimality conditions, bad input."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from relutheory.core.errors import InputError
from relutheory.core.nearest import OutOfTime, nearest_point
from relutheory.core.roots import root
from relutheory.core.sets import Ball
from relutheory.core.verdict import Rigor


def test_membership_is_exact_at_one_ulp() -> None:
    ball = Ball([0, 0], 5)
    assert ball.contains([3, 4]) and ball.contains([-5, 0])
    assert not ball.contains([np.nextafter(3.0, 4.0), 4])
    assert not Ball([1, 1], "1/3").contains([1, 1 + 1 / 3 + 2**-53])
    assert Ball([10**12, 0], 1).contains([10**12 + 1, 0])
    assert not Ball([10**12, 0], 1).contains([10**12 + 1, Fraction(1, 10**40)])
    assert Ball(0, 1e300, n=2).contains([1e299, -1e299]) and Ball(0, 1e-300, n=1).contains([1e-301])


def test_the_box_around_a_ball_touches_it() -> None:
    ball = Ball(["1/3", -2, 7], "5/2")
    box = ball.bounding_box()
    for k in range(3):
        for sign, end in ((1, box.hi), (-1, box.lo)):
            point = list(ball.center)
            point[k] += sign * ball.radius
            assert end[k] == point[k] and ball.contains(point) and box.contains(point)
    assert ball.n == 3 and repr(ball) == "Ball in R^3" and ball.radius == Fraction(5, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], 0), r"^radius = 0: must be positive$"),
        (([0], -1.5), r"^radius = -1.5: must be positive$"),
        (([0], math.inf), r"^radius = inf: must be finite$"),
        (([0], "one"), r"^radius = 'one': must be a rational"),
        (([math.nan], 1), r"^center = nan: must be finite$"),
        (([], 1), r"^center = \[\]: must not be empty$"),
        ((0, 1), r"^center = 0: must be a sequence, or a number together with n$"),
        (([0, 0], 1, 3), r"^center = '2 coordinates': must be 3$"),
        ((0, 1, 0), r"^n = 0: must be an integer from 1 to 1000000$"),
        (("00", 1), r"^center = '00': must be a sequence, or a number together with n$"),
    ],
)
def test_bad_balls_get_one_line(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Ball(*arguments)


def test_points_of_another_space_are_refused() -> None:
    with pytest.raises(InputError, match=r"^x = 'point with 3 coordinates': must have 2$"):
        Ball([0, 0], 1).contains([0, 0, 0])


@pytest.mark.parametrize("square", [0, 1, Fraction(9, 4), 10**600, Fraction(1, 10**600)])
def test_rational_roots_are_exact(square: Any) -> None:
    found = root(Fraction(square))
    assert found.lo == found.hi and found.lo**2 == square and found.rigor is Rigor.EXACT


@pytest.mark.parametrize(
    "square", [2, Fraction(1, 3), 10**601, Fraction(7, 10**601), 2**4001, Fraction(10**40 + 1, 10**40)]
)
@pytest.mark.parametrize("bits", [2, 30, 80, 300])
def test_other_roots_lie_strictly_between_the_ends(square: Any, bits: int) -> None:
    found = root(Fraction(square), bits)
    assert found.lo > 0 and found.lo**2 < square < found.hi**2 and found.rigor is Rigor.ENCLOSED
    assert found.width < found.hi / 2 ** (bits - 1)


def nearest_by_faces(rows: list[list[int]], center: list[Fraction]) -> Fraction | None:
    """The least squared distance of a feasible projection to the intersection of at most n bounding hyperplanes."""
    n = len(center)
    best = None
    for size in range(n + 1):
        for face in combinations(rows, size):
            if size:
                A = fmpq_mat(size, n, [v for row in face for v in row[:-1]])
                gram = A * A.transpose()
                if gram.det() == 0:
                    continue
                right = [row[-1] - sum(a * c for a, c in zip(row[:-1], center, strict=True)) for row in face]
                weights = gram.solve(fmpq_mat(size, 1, [fmpq(v.numerator, v.denominator) for v in right]))
                move = [Fraction(int(v.p), int(v.q)) for v in (A.transpose() * weights).entries()]
            else:
                move = [Fraction(0)] * n
            point = [c + v for c, v in zip(center, move, strict=True)]
            if all(sum(a * v for a, v in zip(row[:-1], point, strict=True)) <= row[-1] for row in rows):
                squared = sum((v * v for v in move), Fraction(0))
                best = squared if best is None else min(best, squared)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_nearest_points_agree_with_brute_force_and_satisfy_the_optimality_conditions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    empty = 0
    for _ in range(60):
        n, m = int(rng.integers(1, 4)), int(rng.integers(0, 8))
        rows = [row for row in rng.integers(-3, 4, (m, n + 1)).tolist() if any(row[:-1])]
        center = [Fraction(int(v), 3) for v in rng.integers(-9, 10, n)]
        found, expected = nearest_point(rows, center), nearest_by_faces(rows, center)
        if found is None or expected is None:
            assert found is expected
            empty += 1
            continue
        assert found.squared == expected
        assert all(sum(a * v for a, v in zip(row[:-1], found.point, strict=True)) <= row[-1] for row in rows)
        assert all(weight > 0 for weight in found.multipliers.values())
        for k in range(n):
            assert center[k] - found.point[k] == sum(w * rows[i][k] for i, w in found.multipliers.items())
    assert 5 < empty < 55


def test_nearest_points_in_higher_dimension_and_at_extreme_scales() -> None:
    rng = np.random.default_rng(1)
    for n, m, scale in ((10, 60, 1), (10, 60, 10**300), (20, 100, 1)):
        inside = rng.integers(-5, 6, n)
        A = rng.integers(-9, 10, (m, n))
        c = A @ inside
        rows = [[*map(int, a), scale * int(v)] for a, v in zip(A, c, strict=True)]
        found = nearest_point(rows, [Fraction(scale)] * n)
        assert found is not None
        assert all(sum(a * v for a, v in zip(row[:-1], found.point, strict=True)) <= row[-1] for row in rows)
        for k in range(n):
            assert scale - found.point[k] == sum(w * rows[i][k] for i, w in found.multipliers.items())
        for i, weight in found.multipliers.items():
            assert weight > 0
            assert sum(a * v for a, v in zip(rows[i][:-1], found.point, strict=True)) == rows[i][-1]


def test_a_deadline_ends_the_search() -> None:
    rng = np.random.default_rng(2)
    rows = [[*map(int, a), -50] for a in rng.integers(-9, 10, (8, 6))]
    with pytest.raises(OutOfTime):
        nearest_point(rows, [Fraction(0)] * 6, time.perf_counter() - 1.0)
