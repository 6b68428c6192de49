"""The pictures of depth against their data, and the data of the figures against what is known."""

from __future__ import annotations

import csv
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from relutheory.plotting.deep_limit import (
    draw_coordinates,
    draw_decays,
    draw_error,
    draw_sizes,
    trajectory_figure,
)

FOLDER = Path(__file__).parents[2] / "paper_figs"


def lines_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_decays_show_what_a_logarithmic_axis_can() -> None:
    figure = Figure()
    ax = figure.subplots()
    draw_decays(ax, [1, 2, 4], {"a": [1.0, 0.0, 0.25], "b": [3.0, 2.0, 1.0]}, {"b": [math.inf, 5.0, 4.0]})
    drawn = [np.asarray(line.get_ydata()).tolist() for line in ax.lines]
    assert drawn[0][0::2] == [1.0, 0.25] and math.isnan(drawn[0][1])
    assert drawn[1] == [3.0, 2.0, 1.0]
    assert math.isnan(drawn[2][0]) and drawn[2][1:] == [5.0, 4.0]
    assert (ax.lines[1].get_color(), ax.lines[1].get_linestyle()) == (ax.lines[2].get_color(), "-")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    figure.canvas.draw()


def test_errors_and_bounds() -> None:
    figure = Figure()
    ax = figure.subplots()
    draw_error(ax, [1, 2], [0.5, 0.1], [0.6, 0.2], [1.0, 0.7])
    drawn = {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in ax.lines}
    assert drawn == {"bound": [1.0, 0.7], "error": [0.6, 0.2]}
    band = ax.collections[0].get_paths()[0].vertices
    assert {0.5, 0.1, 0.6, 0.2} <= {round(float(v), 9) for v in band[:, 1]}
    figure.canvas.draw()


def test_sizes_leave_out_what_vanished() -> None:
    figure = Figure()
    ax = figure.subplots()
    draw_sizes(ax, [1, 10, 100], {"a": [0.0, -5.0, -math.inf]})
    values = np.asarray(ax.lines[0].get_ydata())
    assert values[:2].tolist() == [0.0, -5.0] and math.isnan(values[2])
    figure.canvas.draw()


def test_coordinates_and_where_they_go() -> None:
    ax = Figure().subplots()
    points = [np.array([1.0]), np.array([0.5, 2.0]), np.array([0.25, 2.5])]
    draw_coordinates(ax, [1, 2, 4], points, (np.array([0.0, 3.0]), np.array([0.5, 3.0])))
    lines, marks = ax.lines[0::2], ax.lines[1::2]
    assert lines[0].get_ydata().tolist() == [1.0, 0.5, 0.25]
    assert math.isnan(lines[1].get_ydata()[0]) and lines[1].get_ydata()[1:].tolist() == [2.0, 2.5]
    assert [np.asarray(mark.get_ydata()).tolist() for mark in marks] == [[0.25], [3.0]]
    many = Figure().subplots()
    draw_coordinates(many, [1, 2], [np.arange(20.0)] * 2)
    assert len(many.lines) == 20 and many.get_legend_handles_labels()[0] == []


def test_the_figure_of_a_trajectory_draws_with_and_without_bounds() -> None:
    points = [np.array([0.0, 1.0]), np.array([0.0, 1.5])]
    for bounds in ([1.0, 0.5], [math.inf, math.inf]):
        figure = trajectory_figure([1, 2], points, [math.nan, 0.5], bounds, title="W = $5")
        figure.canvas.draw()
        labels = figure.axes[1].get_legend_handles_labels()[1]
        assert len(labels) == 1 + math.isfinite(bounds[0])


def test_increments_fall_as_declared_and_stay_below_the_bound() -> None:
    rows = lines_of("depth_increments")
    for power in ("1/2", "1", "3/2", "2"):
        mine = [row for row in rows if row["power"] == power]
        assert all(bool(row["bound"]) == (power in ("3/2", "2")) for row in mine)
        ends = [float(row["increment"]) for row in (mine[0], mine[-1])]
        slope = math.log(ends[1] / ends[0]) / math.log(int(mine[-1]["depth"]) / int(mine[0]["depth"]))
        assert abs(slope + float(Fraction(power))) < 0.25
        later = 0.0
        for row in reversed(mine):  # what is to come moves the state at least as far as one of the increments drawn
            if row["bound"]:
                assert later <= 2 * float(row["bound"])
            later = max(later, float(row["increment"]))


def test_errors_lie_below_their_bounds_and_attain_them_where_all_is_positive() -> None:
    rows = lines_of("depth_error_bound")
    for row in rows:
        assert 0 < float(row["lower"]) <= float(row["upper"]) <= 1.001 * float(row["bound"])
    ratios = [float(row["upper"]) / float(row["bound"]) for row in rows if row["panel"] == "a"]
    assert ratios == sorted(ratios) or max(np.diff(ratios) * -1) < 0.01
    assert ratios[-1] > 0.99
    assert {row["panel"] for row in rows} == {"a", "b", "c"}


def test_initialisation_he_vanishes_and_summable_layers_do_not() -> None:
    rows = lines_of("depth_initialisation")
    last = max(int(row["depth"]) for row in rows)
    assert last == 10_000
    ends = {row["power"]: (float(row["output"]), float(row["gradient"])) for row in rows if int(row["depth"]) == last}
    assert max(ends["He"]) < -50
    assert all(abs(v) < 1 for power in ("1", "3/2", "2") for v in ends[power])


def test_partitions_freeze_or_refine() -> None:
    rows = lines_of("depth_partitions")
    counts = {
        name: [int(row["value"]) for row in rows if row["row"] == name and row["item"] == "regions"]
        for name in ("freezes", "refines")
    }
    assert counts == {"freezes": [12, 30, 39, 43, 43, 43], "refines": [6, 13, 25, 38, 50, 60]}
    for name in counts:
        segments = [row for row in rows if row["row"] == name and row["item"] == "segment"]
        assert {int(row["layer"]) for row in segments} == ({1, 2, 3, 4} if name == "freezes" else set(range(1, 7)))
        points = np.array([row["value"].split() for row in segments], dtype=np.float64)
        assert np.abs(points).max() <= 1
