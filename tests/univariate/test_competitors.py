"""Competitors against closed forms, and the search for few pieces against brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import linprog

from relutheory.core.errors import InputError
from relutheory.univariate import free_knots
from relutheory.univariate.competitors import (
    chebyshev_polynomial,
    equispaced_spline,
    free_knot_spline,
    rational_function,
    spline_within,
)
from relutheory.univariate.grids import seen_error


@pytest.mark.parametrize("n", [1, 2, 5, 30])
def test_quadratic_functions_have_known_best_errors(n):
    found = free_knot_spline(lambda x: 3 * x**2 - x, n)
    assert found.pieces == n and found.parameters == 2 * n
    assert found.grid_error == pytest.approx(3 / (8 * n**2), rel=0.02)  # |a| / (8 n^2)
    assert seen_error(lambda x: 3 * x**2 - x, found.spline.evaluate) < 1.1 * 3 / (8 * n**2)


def test_the_square_root_has_the_known_rate():
    # the best n pieces: n^-2 (integral of |f''|^(1/2))^2 / 16 in the limit, which is n^-2 / 4 for the square root
    found = free_knot_spline(np.sqrt, 100)
    assert found.grid_error * 100**2 == pytest.approx(1 / 4, rel=0.05)


def test_one_piece_is_the_best_line():
    # exp on [0, 1]: slope e - 1, and half of the largest distance from the chord
    s = math.e - 1
    error = (1 + s * math.log(s) - s) / 2
    assert free_knot_spline(np.exp, 1).grid_error == pytest.approx(error, rel=1e-3)


def test_kinks_are_found():
    found = free_knot_spline(lambda x: np.abs(x - 1 / 3), 2)
    assert found.grid_error < 1e-12 and float(found.spline.breakpoints[1]) == pytest.approx(1 / 3, abs=1e-12)


def test_a_constant_and_a_line_need_one_piece():
    assert free_knot_spline(lambda x: 0 * x + 2, 5).grid_error == 0
    assert free_knot_spline(lambda x: 2 * x - 1, 5).grid_error < 1e-14


def test_huge_and_tiny_values():
    for size in (1e-200, 1e200):
        assert free_knot_spline(lambda x, s=size: s * x**2, 3).grid_error / size == pytest.approx(1 / 72, rel=0.02)


def least_radius(x, y, knots) -> float:
    """The best error on points among continuous functions with the given knots: a linear program in hats."""
    places = np.array([x[0], *knots, x[-1]])
    hats = np.column_stack([np.interp(x, places, row) for row in np.eye(len(places))])
    one = np.ones((len(x), 1))
    A = np.vstack([np.hstack([hats, -one]), np.hstack([-hats, -one])])
    found = linprog(
        [0.0] * len(places) + [1.0], A_ub=A, b_ub=np.concatenate([y, -y]), bounds=[(None, None)] * (len(places) + 1)
    )
    return float(found.fun)


def count_pieces(x, y, radius) -> int:
    from relutheory._kernels.stabbing import fewest_lines

    return int(fewest_lines(x, y - radius, y + radius, 20, np.empty((20, 3)), np.empty((20, 2), np.int64)))


@pytest.mark.parametrize("seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(5, 12))])
def test_fewest_pieces_against_linear_programs(seed):
    rng = np.random.default_rng(seed)
    x = np.arange(9.0)
    y = rng.integers(-4, 5, size=9).astype(float)
    # with knots on a fine grid the best radius for n pieces is a little above that for free knots
    places = np.arange(0.25, 8, 0.25)
    best = {1: least_radius(x, y, [])}
    best[2] = min(least_radius(x, y, [k]) for k in places)
    best[3] = min(least_radius(x, y, ks) for ks in itertools.combinations(places[::2], 2))
    for n, radius in best.items():
        assert count_pieces(x, y, radius + 1e-9) <= n
    # and no fewer where the program says that one line is not enough
    if best[1] > 0.01:
        assert count_pieces(x, y, best[1] - 1e-6) >= 2
        assert count_pieces(x, y, best[1] + 1e-6) == 1


def test_within_an_error():
    found = spline_within(lambda x: x**2, 1 / (8 * 6.5**2))
    assert found.pieces == 7
    assert spline_within(lambda x: x**2, 1e-9, most=10) is None


def test_equispaced_and_chebyshev_and_rational():
    assert seen_error(lambda x: x**2, equispaced_spline(lambda x: x**2, 4).evaluate) == pytest.approx(1 / 64, rel=1e-3)
    assert seen_error(np.exp, chebyshev_polynomial(np.exp, 12)) < 1e-13
    known = np.polynomial.Chebyshev.interpolate(lambda x: np.abs(x - 0.3), 40, domain=[0, 1])
    assert np.abs(chebyshev_polynomial(lambda x: np.abs(x - 0.3), 40).coef - known.coef).max() < 1e-15
    # a matrix of so many columns would fill the memory
    assert chebyshev_polynomial(np.sqrt, 10**5).degree() == 10**5
    assert seen_error(lambda x: 1 / (1 + 25 * x), rational_function(lambda x: 1 / (1 + 25 * x), 3)) < 1e-12


@pytest.mark.parametrize(
    ("f", "n", "rule"),
    [
        (lambda x: 1 / x, 3, "must be finite"),
        (lambda x: x, 0, "pieces = 0: must be an integer from 1"),
        (lambda x: x, True, "pieces = True"),
        (lambda x: x[:3], 3, "must be as many as the points"),
        (lambda x: "a", 3, "must map float arrays"),
    ],
)
def test_bad_input(f, n, rule):
    with pytest.raises(InputError, match=rule):
        free_knot_spline(f, n)


@pytest.mark.parametrize(
    ("f", "pieces"),
    [
        (lambda x: 0.1 + 0.3 * x, 4),
        (lambda x: np.interp(x, [0, 0.1, 0.2, 1], [0, 1, -1, 2]), 3),
        (lambda x: 1e6 + np.abs(x - 1 / 3), 2),
        (lambda x: 1e308 * np.abs(x - 1 / 3), 3),
        (lambda x: 1.7e308 * np.sin(7 * x), 3),
    ],
)
def test_the_bisection_ends_by_itself(f, pieces, monkeypatch):
    # where pieces are enough for an error of 0, the mean of a radius and its floor can be that radius again
    radii = []
    polygon = free_knots._polygon

    def counted(x, y, radius, most):
        radii.append(radius)
        assert len(radii) < 400
        return polygon(x, y, radius, most)

    monkeypatch.setattr(free_knots, "_polygon", counted)
    assert np.isfinite(free_knot_spline(f, pieces).grid_error)


def test_the_smallest_and_the_largest_floats():
    sizes = {s: free_knot_spline(lambda x, s=s: s * x**2, 3).grid_error / s for s in (1e-310, 1e308)}
    assert all(size == pytest.approx(1 / 72, rel=0.02) for size in sizes.values())
    assert spline_within(lambda x: 5e-324 * np.round(x), 1.0).pieces == 1


def test_many_pieces_err_at_their_knots_no_more_than_between():
    found = free_knot_spline(lambda x: x**2, 200)
    assert seen_error(lambda x: x**2, found.spline.evaluate, np.linspace(0, 1, 100_001)) < 1.06 / (8 * 200**2)
