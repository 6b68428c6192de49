"""Boxes and polyhedra: exact membership, ends at infinity, bad input."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron

INF = math.inf


def test_membership_is_exact_at_one_ulp_and_for_rationals() -> None:
    box = Box([0, "-1/3"], [1.0, INF])
    assert box.contains([1, "-1/3"])
    assert not box.contains([np.nextafter(1.0, 2.0), 0])
    assert not box.contains([0, np.nextafter(-1 / 3, -1.0)])
    assert box.contains([0, -1 / 3])  # the float is a little above the fraction
    assert box.contains([0, 10**400])
    simplex = Polyhedron([["1/3", "1/3"], [-1, 0], [0, -1]], [1, 0, 0])
    assert simplex.contains([1, 2]) and simplex.contains([3, 0])
    assert not simplex.contains([1, np.nextafter(2.0, 3.0)])


def test_a_box_is_the_intersection_of_its_sides() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(200):
        n = int(rng.integers(1, 4))
        lo = rng.choice([-INF, -1.0, 0.0, 1e-300], n)
        hi = rng.choice([1e-300, 1.0, INF], n)
        box, point = Box(lo, hi), rng.choice([-2.0, -1.0, 0.0, 1e-300, 0.5, 1.0, 1e300], n)
        expected = bool(np.all((lo <= point) & (point <= hi)))
        assert box.contains(point) == expected
        assert len(box.halfspaces()) == np.isfinite(lo).sum() + np.isfinite(hi).sum()
        assert all(
            (sum(p * q for p, q in zip(a, map(Fraction, point), strict=True)) <= c) or not expected
            for a, c in box.halfspaces()
        )
        assert box.n == n
        inside += expected
    assert 20 < inside < 180


def test_the_whole_space_and_one_number_for_all_ends() -> None:
    assert Box(-INF, INF, n=3).halfspaces() == []
    assert Box(-INF, INF, n=3).contains([10**400, 0, -1])
    assert Box(0, [1, 2], n=2).lo == (0, 0)
    assert Box(0, 1, n=2).halfspaces() == Box([0, 0], [1, 1]).halfspaces()
    assert Polyhedron(np.zeros((0, 2)), []).contains([5, 5])
    assert repr(Box(0, 1, n=2)) == "Box in R^2"
    assert repr(Polyhedron([[1, 0]], [1])) == "Polyhedron(1 half-spaces in R^2)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1], [0]), r"^box side 0 = \('1', '0'\): must have lo <= hi$"),
        (([0, INF], [1, INF]), r"^box side 1 = \('inf', 'inf'\): must have lo <= hi$"),
        (([-INF], [-INF]), r"^box side 0 = \('-inf', '-inf'\): must have lo <= hi$"),
        (([0], [1, 1]), r"^hi = '2 ends': must be as many as in lo, 1$"),
        (([0, 0], [1, 1], 3), r"^lo = '2 ends': must be 3, one per coordinate$"),
        ((0, 1), r"^lo = 0: must be a sequence, or a number together with n$"),
        (("01", "23"), r"^lo = '01': must be a sequence, or a number together with n$"),
        (([math.nan], [1]), r"^lo = nan: must be finite$"),
        (([0], [math.nan]), r"^hi = nan: must be finite$"),
        (([], []), r"^lo = \[\]: must not be empty$"),
        (([True], [2]), r"^lo = True: must be a number, not a boolean$"),
    ],
)
def test_bad_boxes_get_one_line(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Box(*arguments)


@pytest.mark.parametrize(
    ("A", "b", "message"),
    [
        ([[1, 2]], [1, 2], r"^b = 'array of length 2': must have one entry per row of A, 1$"),
        ([[]], [1], r"^A = 'array of shape \(1, 0\)': must have at least one column$"),
        ([[1, math.inf]], [1], r"^A\[0,1\] = inf: must be finite$"),
        ([[1, 2]], [math.nan], r"^b\[0\] = nan: must be finite$"),
    ],
)
def test_bad_polyhedra_get_one_line(A: Any, b: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Polyhedron(A, b)


def test_a_point_of_another_dimension_gets_one_line() -> None:
    with pytest.raises(InputError, match=r"^x = 'point with 1 coordinates': must have 2$"):
        Box(0, 1, n=2).contains([0])
    with pytest.raises(InputError, match=r"^x = nan: must be finite$"):
        Box(0, 1, n=1).contains([math.nan])
