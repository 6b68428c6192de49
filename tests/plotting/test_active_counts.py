"""Counts along a path against the breakpoints of the layer on each leg, and against signs at points of each piece."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from matplotlib.figure import Figure

from relutheory import Box, InputError, ReLULayer, breakpoints, restrict
from relutheory.plotting.active_counts import counts_along, counts_legend, draw_counts

RNG = np.random.default_rng(8)
CASES = {
    "no rows": (ReLULayer(np.zeros((0, 2))), [[0, 1], [1, 0]]),
    "one input": (ReLULayer([[1], [-2], [0]], [-1, 3, 0]), [[-4], [4]]),
    "zero rows": (ReLULayer([[0, 0], [0, 0], [0, 0], [1, 0]], [1, 0, -1, 0]), [[-1, 0], [1, 2], [1, 1]]),
    "along a hyperplane": (ReLULayer([[0, 1], [1, 0], [-1, 0]]), [[-1, 0], [1, 0], [1, 1], [1, 0]]),
    "all at once": (ReLULayer([[1, 0], [2, 1], [-1, 3], [0, -1]]), [[-1, -1], [1, 1]]),
    "duplicates": (ReLULayer([[1, 1, 0], [1, 1, 0], [2, 2, 0], [-1, 0, 1]]), [[1, 1, 1], [-2, 1, 0], [0, 0, -1]]),
    "tiny": (ReLULayer([["1/3", 1], [1 / 3, 1], [1e-300, -1e300]], [0, 5e-324, 1]), [[-3, 1], [3, "-2/3"], [1, 1]]),
} | {
    f"random {n}": (ReLULayer(RNG.integers(-4, 5, (3 * n, n)), RNG.integers(-3, 4, 3 * n)), RNG.integers(-5, 6, (4, n)))
    for n in (2, 3, 5, 7)
}
each_case = pytest.mark.parametrize(("layer", "points"), CASES.values(), ids=CASES)


def legs(points):
    return list(pairwise([[Fraction(v if isinstance(v, str) else int(v)) for v in point] for point in points]))


@each_case
def test_the_ends_are_the_breakpoints_of_the_layer_on_each_leg(layer, points):
    counts = counts_along(layer, points)
    for leg, (p, q) in enumerate(legs(points)):
        found = breakpoints(restrict(layer, [p, q]), Box([0], [1]))
        expected = [found.exact(i) for i in range(len(found))]
        assert [end - leg for end in counts.ends if leg < end < leg + 1] == expected
    assert counts.ends[0] == 0 and counts.ends[-1] == len(points) - 1
    assert all(a < b for a, b in pairwise(counts.ends))
    assert len(counts.active) == len(counts.spans) == len(counts.ends) - 1


@each_case
def test_in_each_piece_the_rows_that_are_positive_are_counted(layer, points):
    counts = counts_along(layer, points)
    walks = legs(points)
    for start, end, active, spans in zip(counts.ends, counts.ends[1:], counts.active, counts.spans, strict=False):
        place = start + (end - start) / 3
        p, q = walks[int(place)]
        z = [a + (place % 1) * (b - a) for a, b in zip(p, q, strict=True)]
        rows = [
            row
            for row, value in zip(layer.weight.fractions(), layer.preactivation_exact(z), strict=True)
            if value > 0 or (value == 0 and any(row))
        ]
        assert active == len(rows)
        entries = [fmpq(v.numerator, v.denominator) for row in rows for v in row]
        assert spans == (bool(rows) and fmpq_mat(len(rows), layer.n, entries).rank() == layer.n)


def test_one_of_a_pair_is_active_everywhere():
    B = RNG.integers(-4, 5, (4, 4)) + 9 * np.eye(4, dtype=int)
    layer = ReLULayer(np.vstack([B, -B * [[1], [2], [1], [3]]]))
    counts = counts_along(layer, RNG.integers(-9, 10, (5, 4)))
    assert set(counts.active) == {4} and all(counts.spans) and len(counts.active) > 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: counts_along([[1]], [[0], [1]]), "layer = .*must be a ReLULayer"),
        (lambda: counts_along(ReLULayer([[1, 0]]), [[0, 1]]), "points = .*two points at least"),
        (lambda: counts_along(ReLULayer([[1, 0]]), [[0], [1]]), "points = .*2 coordinates"),
        (lambda: counts_along(ReLULayer([[1, 0]]), [[0, 1], [0, float("nan")]]), "points.* = nan"),
        (lambda: counts_along(ReLULayer([[1]]), [[0], [1], ["2/2"]]), "points = 1: a point must differ"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@each_case
def test_drawing_shows_the_data(layer, points):
    counts, before = counts_along(layer, points), dict(matplotlib.rcParams)
    figure = Figure()
    ax = figure.subplots()
    draw_counts(ax, counts.ends, counts.active, counts.spans, layer.n, marks={0.0: "start", 1.0: "one"})
    figure.legend(handles=counts_legend(layer.n))
    figure.canvas.draw()
    (stairs,) = [patch for patch in ax.patches if hasattr(patch, "get_data")]
    assert stairs.get_data().values.tolist() == list(counts.active)
    assert stairs.get_data().edges.tolist() == [float(end) for end in counts.ends]
    (hatches,) = [c for c in ax.collections if c.get_hatch()]
    assert len(hatches.get_paths()) == counts.spans.count(False)
    assert [t.get_text() for t in ax.texts] == ["start", "one"]
    assert any(line.get_ydata() == [layer.n, layer.n] for line in ax.lines if len(line.get_ydata()) == 2)
    low, high = ax.get_ylim()
    assert low == 0 and high > max(*counts.active, layer.n)
    assert dict(matplotlib.rcParams) == before
