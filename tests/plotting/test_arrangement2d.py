"""Wedges against brute force over directions and against the decision; drawing against the data it was given."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Wedge as Sector

from relutheory.core.errors import InputError
from relutheory.injectivity import Status, decide_injectivity
from relutheory.networks import ReLULayer
from relutheory.plotting import Wedge, constant_segment, draw_wedges, find_wedges, wedge_legend

# Parallel, opposite, duplicate and zero rows; one line; none at all.
DEGENERATE = [
    np.zeros((0, 2)),
    [[0, 0]],
    [[1, 2]],
    [[1, 2], [-2, -4]],
    [[1, 2], [2, 4], [1, 2]],
    [[1, 0], [0, 1], [-1, 0], [0, -1]],
    [[1, 0], [0, 1], [-3, 0], [0, -2], [0, 0], [1, 0]],
    [[0, 1], [0, -1], [5, 0], [2, 0]],
]
RANDOM = [np.random.default_rng([1, case]).integers(-2, 3, size=(1 + case % 6, 2)) for case in range(40)]
# "1/3" and 1/3 differ by less than an ulp; so do the others by one.
TINY_ANGLES = [
    [["1/3", 1], [1 / 3, 1], ["-1/3", -1]],
    [[1.0, 1.0], [-1.0, -np.nextafter(1.0, 2.0)], [1e-300, -1e-300]],
    [[1e300, 1e-300], [-1e300, 1e-300], [1e-300, -1e300], [5e-324, 5e-324]],
    [[10**400, 1], [-(10**400), 1], ["1/3", "-1/7"]],
]
LAYERS = [*DEGENERATE, *RANDOM, *TINY_ANGLES]


def contains(wedge: Wedge, z: tuple[int, int]) -> bool:
    """Whether z is in the open wedge, from signs of linear forms alone."""
    (a, b), (c, d) = wedge.start, wedge.end
    if wedge.start == wedge.end:
        return True
    left_of_start, right_of_end = a * z[1] - b * z[0] > 0, z[0] * d - z[1] * c > 0
    return left_of_start and right_of_end if (a, b) != (-c, -d) else left_of_start


@pytest.mark.parametrize("weights", [*DEGENERATE, *RANDOM])
def test_each_direction_lies_in_one_wedge_with_its_count(weights):
    layer = ReLULayer(weights)
    wedges = find_wedges(layer)
    rows = [[int(v) for v in row] for row in layer.weight.fractions()]
    for z in product(range(-7, 8), repeat=2):
        values = [row[0] * z[0] + row[1] * z[1] for row in rows if any(row)]
        if 0 in values or z == (0, 0):
            continue
        (wedge,) = [w for w in wedges if contains(w, z)]
        active = [row for row in rows if row[0] * z[0] + row[1] * z[1] > 0]
        assert wedge.active == len(active)
        assert wedge.rank == (np.linalg.matrix_rank(np.array(active)) if active else 0)


@pytest.mark.parametrize("weights", LAYERS)
def test_wedges_go_once_round_and_end_on_every_line(weights):
    layer = ReLULayer(weights)
    wedges = find_wedges(layer)
    rows = [row for row in layer.weight.fractions() if any(row)]
    lines = {(1, row[1] / row[0]) if row[0] else (0, 1) for row in rows}
    assert len(wedges) == max(2 * len(lines), 1)
    assert [w.end for w in wedges] == [w.start for w in [*wedges[1:], wedges[0]]]
    assert math.isclose(sum(w.degrees[1] for w in wedges), 360.0, rel_tol=1e-9)
    assert all(w.degrees[1] >= 0 for w in wedges)


@pytest.mark.parametrize("weights", LAYERS)
def test_injective_exactly_where_every_wedge_has_rank_two(weights):
    layer = ReLULayer(weights)
    result = decide_injectivity(layer)
    full = all(wedge.rank == 2 for wedge in find_wedges(layer))
    assert result.status is (Status.INJECTIVE if full else Status.NOT_INJECTIVE)
    if not full:
        x, y = constant_segment(layer, result.witness.x, result.witness.y, radius=3)
        assert x != y
        assert all(layer.forward_exact(p) == layer.forward_exact(x) for p in (y, midpoint(x, y)))
        p, q = constant_segment(layer, x, y, radius=3)  # already the longest: nothing is added
        assert layer.forward_exact(p) == layer.forward_exact(q)
        assert 2.5 < max(math.hypot(*map(float, p)) for p in (x, y)) < 3.5


def midpoint(x, y):
    return [(a + b) / 2 for a, b in zip(x, y, strict=True)]


def test_segment_is_the_longest():
    layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    x, y = constant_segment(layer, [-4, -6], [-5, -5], 1)
    assert {0} == {x[1] * x[0], y[0] * y[1]} and x[0] + x[1] == y[0] + y[1]  # from one axis to the other
    farther = [a + Fraction(1, 10**9) * (a - b) for a, b in zip(x, y, strict=True)]
    assert layer.forward_exact(farther) != layer.forward_exact(x)


def test_segment_without_an_end_stays():
    layer = ReLULayer([[1, 0]])
    (a, b), (c, d) = constant_segment(layer, [1, 2], [1, 4], 1)
    assert (a / c, b / a, d / c) == (1, 2, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: find_wedges([[1, 0]]), "layer = .*must be a ReLULayer"),
        (lambda: find_wedges(ReLULayer([[1, 0, 0]])), "must have two inputs"),
        (lambda: find_wedges(ReLULayer([[1, 0]], [5e-324])), "must have no bias"),
        (lambda: constant_segment(ReLULayer([[1, 0]]), [1, 0], [2, 0]), "y = .*must differ from x"),
        (lambda: constant_segment(ReLULayer([[1, 0]]), [1, 0], [1, 0]), "y = .*must differ from x"),
        (lambda: constant_segment(ReLULayer([[1, 0]]), [1, 0, 0], [1, 0]), "x = .*two coordinates"),
        (lambda: constant_segment(ReLULayer([[1, 0]]), [1, math.nan], [1, 0]), "x = nan: must be finite"),
        (lambda: constant_segment(ReLULayer([[1, 0]]), [1, 0], [1, 1], 0), "radius = 0: must be positive"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("weights", [*DEGENERATE, *RANDOM[:6], *TINY_ANGLES])
def test_drawing_shows_the_data_and_changes_no_settings(weights):
    layer = ReLULayer(weights)
    wedges, before = find_wedges(layer), dict(matplotlib.rcParams)
    figure = Figure(figsize=(2, 2))
    ax = figure.add_subplot()
    rows = {f"r{i}": row for i, row in enumerate(layer.weight.fractions())}
    draw_wedges(ax, wedges, rows)
    figure.legend(handles=wedge_legend(wedges))
    figure.canvas.draw()
    texts = [text.get_text() for text in ax.texts]
    assert sorted(t for t in texts if t.isdigit()) == sorted(str(w.active) for w in wedges)
    assert sorted(label for t in texts if t.startswith("r") for label in t.split(", ")) == sorted(
        label for label, row in rows.items() if any(row)
    )
    sectors = [patch for patch in ax.patches if isinstance(patch, Sector)]
    assert sum(bool(patch.get_hatch()) for patch in sectors) == sum(w.rank < 2 for w in wedges)
    assert dict(matplotlib.rcParams) == before
