"""The half points of random layers: names of lines stand beside the points, not upon them."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from relutheory.plotting.threshold import draw_half_points, draw_lines


@pytest.mark.parametrize("sizes", [(2, 3, 5), (4,), (20, 50)])
def test_names_of_lines_cover_no_bar(sizes):
    figure = Figure(figsize=(3.2, 3.3), layout="constrained")
    ax = figure.subplots()
    draw_half_points(ax, [(n, 4.0, (3.0, 5.0)) for n in sizes], {})
    draw_lines(ax, {"lower": (3.4, "lower bound")}, across=True)
    figure.canvas.draw()
    (name,) = ax.texts
    box = name.get_window_extent()
    for n in sizes:
        at, _ = ax.transData.transform((1 / n, 3.4))
        assert at < box.x0
    left, _ = ax.get_xlim()
    assert left < 0  # the limit of many inputs is on the axis of the numbers, and seen


def test_no_half_point_at_all():
    ax = Figure().subplots()
    draw_half_points(ax, [], {})
    assert ax.get_xlim()[1] > 0.5
