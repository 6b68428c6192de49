"""The picture of Lipschitz bounds against its data, and the data of the figure against closed forms."""

from __future__ import annotations

import csv
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from relutheory.plotting.stability import draw_stability, stability_legend


def test_drawing_shows_the_data():
    bounds = {"m0": [1.0, 2.0], "printed": [0.25, 0.5]}
    figure = Figure()
    ax = figure.subplots()
    draw_stability(ax, [3, 5], [0.5, 1.0], [0.75, 1.5], bounds)
    drawn = {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in ax.lines}
    handles = stability_legend(list(bounds))
    labels = [handle.get_label() for handle in handles]
    assert drawn[labels[0]] == [1.0, 2.0] and drawn[labels[1]] == [0.25, 0.5]
    assert drawn["closest pair found"] == [0.75, 1.5] and "closest pair found" in labels
    (bars,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    assert [np.array(bar).tolist() for bar in bars.get_segments()] == [[[3, 0.5], [3, 0.75]], [[5, 1.0], [5, 1.5]]]
    assert ax.get_ylim()[0] == 0
    figure.legend(handles=handles)
    figure.canvas.draw()


def test_the_figure_agrees_with_closed_forms():
    path = Path(__file__).parents[2] / "paper_figs" / "stability_bounds.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        low, high = float(row["lower"]), float(row["upper"])
        if row["panel"] == "b":  # x and -s x on one axis: kappa^2 = s^2 / (1 + s^2), m0 = min(1, s)
            s = float(Fraction(row["place"]))
            kappa = s / math.hypot(1, s) / min(1, s)
            assert low - 1e-4 < kappa < high + 1e-4
            assert abs(float(row["printed"]) - 1 / math.sqrt(8)) < 1e-4
        else:
            m = int(row["place"])
            assert abs(float(row["printed"]) - 1 / math.sqrt(2 * m)) < 1e-4
            if (
                m % 2 == 0
            ):  # |f(x) - f(-x)|^2 = sum <w_i, x>^2 = (m / 2) |x|^2 and m0^2 = m / 4, so that the ratio is 1/2
                assert low - 1e-4 < 1 / math.sqrt(2) < high + 1e-4
            assert 1 / math.sqrt(2) - 1e-4 < high < 1
    assert {row["panel"] for row in rows} == {"a", "b"}
