"""Polytope bias estimation: facets and bounds against brute force, the layers decided again, published frames."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from scipy.optimize import nnls

from relutheory.core.errors import InputError
from relutheory.core.sets import Ball
from relutheory.core.verdict import Rigor
from relutheory.injectivity import decide_injectivity
from relutheory.injectivity.domains.bias_bounds import MaximalBias, maximal_bias
from relutheory.injectivity.domains.hull import Hull, all_facets
from relutheory.networks import ReLULayer

MERCEDES = np.array([[0.0, 1.0], [-math.sqrt(3) / 2, -0.5], [math.sqrt(3) / 2, -0.5]])


def dot(a: Any, b: Any) -> Any:
    return sum(p * q for p, q in zip(a, b, strict=True))


def facets_by_brute_force(points: Any) -> set[tuple[int, ...]]:
    """n points at a time; the others on one side of their hyperplane."""
    n, found = len(points[0]), set()
    rows = [[fmpq(Fraction(v).numerator, Fraction(v).denominator) for v in p] for p in points]
    for chosen in combinations(range(len(points)), n):
        square = fmpq_mat([rows[i] for i in chosen])
        if square.det() != 0:
            heights = (fmpq_mat(rows) * square.solve(fmpq_mat(n, 1, [1] * n))).entries()
            if max(heights) <= 1:
                found.add(tuple(i for i, v in enumerate(heights) if v == 1))
    return found


def least_value(W: np.ndarray, i: int, facet: Any, radius: float) -> float:
    """min <w_i, x> over x in the cone of the facet and the ball, in floats, and never above a sampled value."""
    cone = W[list(facet)].T
    coefficients, _ = nnls(cone, -W[i])
    least = -radius * float(np.linalg.norm(cone @ coefficients))
    points = cone @ np.random.default_rng(i).dirichlet(np.full(len(facet), 0.5), 200).T
    sampled = radius * (W[i] @ points) / np.linalg.norm(points, axis=0)
    assert sampled.min() > least - 1e-9 * (1 + abs(least))
    return least


def confirm(found: MaximalBias) -> None:
    """The planes support the facets, and the layer at the bounds, decided, is injective on the ball."""
    rows = found.weight.fractions()
    points = [[f * v for v in row] for f, row in zip(found.factors, rows, strict=True)]
    for plane in found.facets:
        heights = [dot(plane.normal, p) for p in points]
        assert [i for i, h in enumerate(heights) if h == 1] == list(plane.rows)
        assert max(heights) == 1
    lengths = [dot(p, p) for p in points if any(p)]
    assert (len(set(lengths)) == 1) == found.unit
    assert max(lengths) < (1 + Fraction(1, 2**30)) * min(lengths)
    for bound, square in zip(found.alpha, found.squared, strict=True):
        assert (bound is None) == (square is None)
        if bound is not None and square is not None:
            assert bound.lo <= bound.hi <= 0 and bound.hi**2 <= square <= bound.lo**2
            assert bound.rigor is (Rigor.EXACT if bound.lo == bound.hi else Rigor.ENCLOSED)
    ball = Ball(0, found.radius, n=len(rows[0]))
    assert decide_injectivity(found.layer, domain=ball).proved
    assert [-b for b in found.layer.bias.fractions()] == [0 if a is None else a.lo for a in found.alpha]


@pytest.mark.parametrize("seed", range(3))
def test_facets_of_integer_polytopes_agree_with_brute_force(seed: int) -> None:
    flat = 0
    for k in range(25):
        rng = np.random.default_rng([seed, k])
        n = int(rng.integers(1, 5))
        points = [list(p) for p in {tuple(p) for p in rng.integers(-2, 3, (int(rng.integers(n + 2, 11)), n)).tolist()}]
        points += [
            p
            for p in [[3 * (-1) ** s * int(j == k) for j in range(n)] for s in (0, 1) for k in range(n)]
            if p not in points
        ]
        expected = facets_by_brute_force(points)
        for planes in (all_facets(points), Hull(points).facets()):
            assert {plane.rows for plane in planes} == expected and len(planes) == len(expected)
            for plane in planes:
                heights = [dot(plane.normal, p) for p in points]
                assert max(heights) == 1 and tuple(i for i, h in enumerate(heights) if h == 1) == plane.rows
        flat += any(len(facet) > n for facet in expected)
    assert flat > 4


REGULAR = {
    "cube": (list(product((-1, 1), repeat=3)), 6, 4),
    "cube in R^4": (list(product((-1, 1), repeat=4)), 8, 8),
    "cross-polytope in R^5": ([[s * int(j == k) for j in range(5)] for k in range(5) for s in (1, -1)], 32, 5),
    "24-cell": ([p for p in product((-1, 0, 1), repeat=4) if p.count(0) == 2], 24, 6),
}


@pytest.mark.parametrize("name", REGULAR)
def test_facets_of_regular_polytopes_are_merged(name: str) -> None:
    points, count, size = REGULAR[name]
    planes = all_facets([list(p) for p in points])
    assert len(planes) == count and {len(plane.rows) for plane in planes} == {size}
    bound = maximal_bias(points)
    assert bound.unit and len(bound.facets) == count
    confirm(bound)


def test_the_mercedes_benz_frame() -> None:
    for radius in (1, 2, Fraction(1, 3)):
        found = maximal_bias(MERCEDES, radius)
        for bound in found.alpha:
            assert bound is not None and abs(float(bound.lo) + radius / 2) < 1e-12 and bound.width < 1e-20
        confirm(found)
    ball = Ball([0, 0], 2)
    assert decide_injectivity(ReLULayer(MERCEDES, np.full(3, 1 + 1e-12)), domain=ball).proved
    # a larger alpha is not enough, and the published script's -1/4 far from it: one row is active at 2 w_2
    for alpha in (-1 + 1e-9, -0.25):
        layer = ReLULayer(MERCEDES, np.full(3, -alpha))
        result = decide_injectivity(layer, domain=ball)
        assert result.refuted and result.witness is not None
    assert sum(layer.preactivation(2 * MERCEDES[1]) >= 0) == 1


@pytest.mark.parametrize("seed", range(8))
def test_bounds_are_the_minima_over_the_cones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 1 + seed % 4
    W = rng.standard_normal((3 * n + 1, n)) * rng.uniform(0.2, 5.0, (3 * n + 1, 1))
    if seed % 2:
        W = np.vstack([W, 2 * W[:1], np.zeros((1, n))])
    radius = [1, 0.5, 3][seed % 3]
    try:
        found = maximal_bias(W, radius)
    except InputError:
        W = np.vstack([W, -W])
        found = maximal_bias(W, radius)
    confirm(found)
    covered = {i for plane in found.facets for i in plane.rows}
    for i, bound in enumerate(found.alpha):
        assert (bound is None) == (i not in covered)
        if bound is not None:
            least = min(least_value(W, i, plane.rows, radius) for plane in found.facets if i in plane.rows)
            assert abs(float(bound.lo) - least) < 1e-9 * (1 + abs(least))


def test_smaller_alpha_are_injective_and_lengths_and_radius_scale_the_bound() -> None:
    rng = np.random.default_rng(3)
    W = [*rng.integers(-4, 5, (6, 3)).tolist(), [-3, -1, -1], [1, -3, 0], [0, 1, -4], [2, 1, 3]]
    one = maximal_bias(W)
    scales = [Fraction(int(v), 3) for v in rng.integers(1, 10, len(W))]
    other = maximal_bias([[s * v for v in row] for s, row in zip(scales, W, strict=True)], "7/2")
    for a, b, s in zip(one.squared, other.squared, scales, strict=True):
        assert (a is None) == (b is None)
        assert a is None or b == a * (s * Fraction(7, 2)) ** 2
    ball = Ball(0, 1, n=3)
    for _ in range(5):
        worse = [b + Fraction(int(v), 4) for b, v in zip(one.bias, rng.integers(0, 9, len(W)), strict=True)]
        assert decide_injectivity(ReLULayer(W, worse), domain=ball).proved


def test_one_input() -> None:
    found = maximal_bias([[2], [0], [-3], [5]], 7)
    assert [a if a is None else (a.lo, a.hi) for a in found.alpha] == [(0, 0), None, (0, 0), (0, 0)]
    assert [plane.rows for plane in found.facets] == [(0, 3), (2,)]
    confirm(found)


def test_rows_that_point_one_way_are_in_one_facet() -> None:
    found = maximal_bias([[1, 0], [5, 0], [0, 2], [-1, -1], ["1/3", 0]])
    assert [plane.rows for plane in found.facets] == [(0, 1, 2, 4), (0, 1, 3, 4), (2, 3)]
    assert found.squared[1] == 25 * found.squared[0] and found.squared[4] == found.squared[0] / 9
    confirm(found)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_scales(scale: float) -> None:
    W = MERCEDES * np.array([[scale], [1.0], [1 / scale]])
    confirm(maximal_bias(W, 2))
    confirm(maximal_bias(MERCEDES, scale))


def test_the_planes_say_how_they_were_found() -> None:
    rng = np.random.default_rng(0)
    W = rng.standard_normal((25, 5))
    found = maximal_bias(W)
    assert {plane.known for plane in found.facets} == {"proposed by floats, verified exactly"}
    confirm(found)
    assert {plane.known for plane in Hull([[1, 0], [0, 1], [-1, -1]]).facets()} == {"found by exact wrapping"}


@pytest.mark.slow
def test_forty_rows_in_dimension_eight() -> None:
    found = maximal_bias(np.random.default_rng(0).standard_normal((40, 8)), 1.5)
    assert found.complete and len(found.facets) > 5000
    assert decide_injectivity(found.layer, domain=Ball(0, 1.5, n=8)).proved


def test_out_of_time_the_bounds_are_wider_and_right() -> None:
    W = np.random.default_rng(1).standard_normal((30, 6))
    full, stopped = maximal_bias(W, 2), maximal_bias(W, 2, time_limit=0.0)
    assert full.complete and not stopped.complete and stopped.facets == ()
    for row, a, b in zip(W, full.alpha, stopped.alpha, strict=True):
        assert b is not None and abs(float(b.lo) + 2 * np.linalg.norm(row)) < 1e-12
        assert a is None or (b.lo <= a.lo and a.hi <= b.hi)
    assert decide_injectivity(stopped.layer, domain=Ball(0, 2, n=6)).proved


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((3, 0)),), "W = 'array of shape (3, 0)': must have at least one column"),
        (([[1], [-1]], 0), "radius = 0: must be positive"),
        (([[1], [-1]], math.inf), "radius = inf: must be finite"),
        (([[1], [math.nan]],), "W[1,0] = nan: must be finite"),
    ],
)
def test_bad_input_gets_one_line(arguments: Any, message: str) -> None:
    with pytest.raises(InputError) as error:
        maximal_bias(*arguments)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "W",
    [[[1, 0], [0, 1]], [[1, 0], [-1, 0]], [[1, 0], [-1, 0], [0, 1]], [[1]], np.zeros((0, 2)), np.zeros((3, 2))],
)
def test_rows_in_a_half_space_are_refused(W: Any) -> None:
    with pytest.raises(
        InputError, match=r"^W = 'matrix .*': must have 0 in the interior of the convex hull of its rows$"
    ):
        maximal_bias(W)


def test_a_row_missing_by_one_ulp_of_a_half_plane() -> None:
    W = [[1.0, 0.0], [-1.0, 2.0**-1000], [0.0, 1.0]]
    with pytest.raises(InputError, match="0 in the interior"):
        maximal_bias(W)
    W[1][1] = -(2.0**-1000)
    found = maximal_bias(W)
    confirm(found)
    assert json.dumps([str(b) for b in found.bias])
