"""Pictures of functions of one variable against their data, and the figures' numbers against closed forms."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from relutheory.plotting.figures import figure_module
from relutheory.plotting.univariate import (
    LOOKS,
    approximation_figure,
    draw_rates,
    draw_special_network,
    rates_figure,
    rates_legend,
)
from relutheory.univariate.approximate import approximate
from relutheory.univariate.rates import METHODS, compare_rates

FOLDER = Path(__file__).parents[2] / "paper_figs"


def committed(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_method_has_a_look():
    assert set(LOOKS) == set(METHODS)
    assert [handle.get_label() for handle in rates_legend(list(METHODS))] == list(METHODS)


def test_rates_show_the_data():
    ax = Figure().subplots()
    draw_rates(ax, {"free-knot spline": [(10, 0.5), (100, 1e-30), (200, 0), (400, 0)], "rational, AAA": []})
    drawn = [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in ax.lines if len(line.get_xdata())]
    assert drawn == [([10], [0.5]), ([200], [0])]  # the zero on the axis
    assert ax.get_xscale() == ax.get_yscale() == "log" and ax.get_ylim()[0] < 0.5 < ax.get_ylim()[1]


def test_a_special_network_has_its_nodes():
    ax = Figure().subplots()
    draw_special_network(ax, 3, 4)
    marks = [len(line.get_xdata()) for line in ax.lines if line.get_marker() in ("o", "s")]
    assert sum(marks) == 4 * 5  # depth times width
    assert len([line for line in ax.lines if line.get_marker() == "None"]) == 3 * (3 * 2 + 9) + 2 + 4 + 5


def test_the_picture_of_a_comparison():
    table = compare_rates("takagi", [20, 60], methods=["free-knot spline", "network made for f"])
    figure = rates_figure(table)
    (ax,) = figure.axes
    drawn = {line.get_label(): list(zip(*line.get_data(), strict=True)) for line in ax.lines}
    # the n-th network, of 12 n - 2 parameters, is 2 / (3 2^n) from Takagi's function
    assert drawn["network made for f"] == [(10, pytest.approx(1 / 3)), (58, pytest.approx(2 / 3 / 2**5))]
    assert drawn["free-knot spline"] == [(row.parameters, row.upper) for row in table.of("free-knot spline")]
    assert ax.get_title() == "the Takagi function" and len(figure.legends[0].get_texts()) == 2


@pytest.mark.parametrize("f", ["sqrt(x)", "x**2"])
def test_the_picture_of_an_approximation(f):
    result = approximate(f, parameters=40, hi=2)
    figure = approximation_figure(result)
    _, below = figure.axes
    x, difference = below.lines[0].get_data()
    assert x.min() == 0 and x.max() == 2
    assert np.abs(difference).max() <= float(result.error.hi) * (1 + 1e-9)
    assert np.abs(difference).max() >= 0.5 * float(result.error.lo)
    assert {line.get_ydata()[0] for line in below.lines[1:]} == {float(result.error.hi), -float(result.error.hi)}
    figure.canvas.draw()


def test_hat_powers_are_sawtooths_and_errors_are_attained():
    rows = committed("hat_powers")
    for row in rows:
        x, y, k = Fraction(row["x"]), float(row["y"]), int(row["k"])
        saw = 2 * abs(2 ** (k - 1) * x - round(2 ** (k - 1) * x))
        if row["panel"] != "c":
            assert y == pytest.approx(float(saw) / (4**k if row["panel"] == "b" else 1), abs=1e-6)
    for L in (1, 2, 3):
        errors = [float(row["y"]) for row in rows if (row["panel"], row["k"]) == ("c", str(L))]
        assert max(errors) == pytest.approx(4.0 ** -(L + 1), abs=1e-7) and min(errors) >= 0


def test_the_sawtooth_costs_what_formulas_say():
    for row in committed("sawtooth_depth_width"):
        teeth, count = float(row["x"]), float(row["y"])
        if row["name"] == "deep":
            assert count == 6 * (np.log2(teeth) + 1) + 1  # n(2, k)
        if row["name"] == "shallow":
            assert count == 3 * 2 * teeth + 1  # n(2^k, 1)


def test_waves_are_shifted_copies():
    rows = committed("fourier_like_system")
    for row in rows:
        u = int(row["k"]) * Fraction(row["x"]) - (Fraction(1, 4) if row["name"] == "S" else 0)
        assert float(row["y"]) == pytest.approx(float(abs(4 * (u - u // 1) - 2) - 1), abs=1e-5)


def test_takagi_lies_below_two_thirds():
    rows = [row for row in committed("takagi_family") if (row["panel"], row["name"]) == ("a", "n = 9")]
    assert 2 / 3 - 2 / 3 * 2**-9 - 1e-6 <= max(float(row["y"]) for row in rows) <= 2 / 3


def test_rates_have_the_known_orders():
    rows = committed("rates_of_methods")

    def errors(function: str, method: str) -> dict[int, float]:
        chosen = [row for row in rows if (row["function"], row["method"]) == (function, method)]
        return {int(row["parameters"]): float(row["error"]) for row in chosen if not row["error"].startswith(">")}

    root = errors("square-root", "free-knot spline")
    assert root[200] == pytest.approx(1 / (4 * 100**2), rel=0.2)
    assert all(e == 0 for e in errors("sawtooth", "network made for f").values())
    takagi = errors("takagi", "network made for f")
    assert all(e == pytest.approx(2 / 3 * 2.0 ** -((n + 2) // 12), rel=0.05) for n, e in takagi.items())


def test_all_rates_are_inside_the_axes_and_named_in_one_order():
    figure = Figure(figsize=(6.6, 4.6), layout="constrained")
    rows = committed("rates_of_methods")
    figure_module("rates_of_methods").draw(figure, rows)
    figure.canvas.draw()
    assert figure.axes[0].get_title() == "$\\sqrt{x}$"
    drawn = 0
    for ax in figure.axes:
        left, right = ax.get_xlim()
        for line in ax.lines:
            x = np.asarray(line.get_xdata())
            assert (x >= left).all() and (x <= right).all()
            drawn += len(x)
    zeros = {(row["function"], row["method"]) for row in rows if row["error"] == "0"}
    shown = [row for row in rows if not row["error"].startswith(">") and row["error"] != "0"]
    assert drawn == len(shown) + len(zeros)
    (legend,), methods = figure.legends, {row["method"] for row in rows}
    assert [text.get_text() for text in legend.get_texts()] == [name for name in LOOKS if name in methods]


def test_rates_of_some_functions_are_those_that_are_committed(monkeypatch):
    module = figure_module("rates_of_methods")
    monkeypatch.setattr(module, "FUNCTIONS", ("square-root", "sawtooth", "random-walk"))
    found = [{key: str(value) for key, value in line.items()} for line in module.rows()]
    assert found == [line for line in committed("rates_of_methods") if line["function"] in module.FUNCTIONS]
