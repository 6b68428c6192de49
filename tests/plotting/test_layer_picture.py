"""One picture for any layer and verdict: the right kind, with the collision where there is one, in a whole file."""

from __future__ import annotations

import math
from fractions import Fraction

import matplotlib
import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from relutheory import Box, InputError, Polyhedron, ReLULayer, decide_injectivity
from relutheory.core.sets import Ball
from relutheory.injectivity import Status
from relutheory.plotting.layer_picture import layer_figure, plot_layer
from relutheory.plotting.style import ALERT
from relutheory.plotting.viewpoints import path_points, view_box
from relutheory.polyhedra.cones import cone_over

RNG = np.random.default_rng(9)
EYE = np.eye(2, dtype=int)
QUADRANT = Box(0, math.inf, n=2)
CASES = {
    "wheel, lost": ("cells", ReLULayer([[1, 0], [0, 1], [-1, -1]]), None),
    "wheel": ("cells", ReLULayer(np.vstack([EYE, -EYE])), None),
    "lines, lost": ("cells", ReLULayer(RNG.integers(-4, 5, (6, 2)), RNG.integers(-4, 5, 6)), None),
    "lines": ("cells", ReLULayer(np.vstack([EYE, -EYE]), [0, 1, 2, 0]), None),
    "box": ("cells", ReLULayer(np.vstack([EYE, -EYE, [[1, 1]]])), Box([-1, 2], [7, 3])),
    "quadrant": ("cells", ReLULayer(EYE, [0, 1]), QUADRANT),
    "far quadrant, lost": ("cells", ReLULayer(EYE, [-100, 1]), QUADRANT),
    "ball": ("cells", ReLULayer(EYE, ["5/4", "5/4"]), Ball([0, 0], "5/4")),
    "ball without corners": ("cells", ReLULayer([[1, 1], [1, 0], [0, 1]], [3, 2, 2]), Ball([0, 0], 2)),
    "ball, lost": ("cells", ReLULayer(EYE, [1, 1]), Ball([0, "1/2"], "3/2")),
    "ball in space, lost": ("path", ReLULayer(np.eye(3)), Ball([0, 1, 2], 4)),
    "no rows": ("cells", ReLULayer(np.zeros((0, 2))), None),
    "zero row": ("cells", ReLULayer([[0, 0]], [1]), None),
    "sphere, lost": ("sphere", ReLULayer(RNG.integers(-4, 5, (7, 3))), None),
    "sphere": ("sphere", ReLULayer(np.vstack([np.eye(3), -np.eye(3)])), None),
    "sphere of no rows": ("sphere", ReLULayer(np.zeros((0, 3))), None),
    "space": ("path", ReLULayer(np.vstack([np.eye(3), -np.eye(3)]), np.ones(6)), None),
    "space, lost": ("path", ReLULayer(RNG.integers(-4, 5, (7, 3)), RNG.integers(-4, 5, 7)), None),
    "space box": ("path", ReLULayer(np.eye(3)), Box(0, 1, n=3)),
    "line": ("path", ReLULayer([[1], [-1]], [-1, 2]), None),
    "line, lost": ("path", ReLULayer([[1]], [-1]), None),
    "interval, lost": ("path", ReLULayer([[1]], [-1]), Box([0], ["1/2"])),
    "many rows": ("path", ReLULayer(RNG.standard_normal((90, 2)), RNG.standard_normal(90)), None),
    "many inputs, lost": ("path", ReLULayer(RNG.standard_normal((120, 80))), None),
    "huge": ("cells", ReLULayer([[1e300, 0], [0, 5e-324], [-1, 1]], [10**200, -(10**200), 0]), None),
    "huge box": ("path", ReLULayer([[1, 0], [0, 1]]), Box(-(10**200), 1, n=2)),
}
each_case = pytest.mark.parametrize(("kind", "layer", "domain"), CASES.values(), ids=CASES)


@each_case
def test_picture_of_any_layer(kind, layer, domain):
    result, before = decide_injectivity(layer, domain=domain), dict(matplotlib.rcParams)
    figure = layer_figure(layer, result)
    figure.canvas.draw()
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    title = figure.get_suptitle() if kind == "sphere" else figure.axes[0].get_title()
    assert title == result.status.value.replace("-", " ")
    assert len(figure.axes) == (2 if kind == "sphere" else 1)
    assert figure.axes[0].get_ylabel().startswith("active rows of") == (kind == "path")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert any("do not span" in text for text in legend) == result.refuted
    if kind == "path":
        assert ("$z$" in texts) == (result.refuted and layer.n > 1)
    else:
        assert ("$x$" in texts) == ("$y$" in texts) == ("the layer is constant here" in legend) == result.refuted
    assert dict(matplotlib.rcParams) == before


@each_case
def test_every_path_stays_in_the_domain_and_meets_the_collision(kind, layer, domain):
    result = decide_injectivity(layer, domain=domain)
    points = path_points(layer, result)
    assert points == path_points(layer, result) and len(points) >= 2
    assert domain is None or all(domain.contains(point) for point in points)
    if result.refuted and layer.n > 1:
        values = layer.preactivation_exact(points[1])
        active = [row for row, v in zip(layer.weight.fractions(), values, strict=True) if v >= 0]
        entries = [fmpq(v.numerator, v.denominator) for row in active for v in row]
        assert fmpq_mat(len(active), layer.n, entries).rank() < layer.n


@pytest.mark.parametrize("case", range(10))
def test_the_box_shows_crossings_and_a_collision(case):
    rng = np.random.default_rng([9, case])
    layer = ReLULayer(rng.integers(-4, 5, (4, 2)), rng.integers(-40, 41, 4))
    result = decide_injectivity(layer)
    box = view_box(layer, result)
    cone = cone_over(box, 2)
    assert cone.bounded
    if result.refuted:
        assert box.contains([(a + b) / 2 for a, b in zip(result.witness.x, result.witness.y, strict=True)])
    forms = [(*row, layer.bias[i]) for i, row in enumerate(layer.weight.fractions())]
    meet = [
        ((b * f - c * e) / det, (c * d - a * f) / det)
        for k, (a, b, c) in enumerate(forms)
        for d, e, f in forms[:k]
        if (det := a * e - b * d)
    ]
    assert sum(box.contains(point) for point in meet) >= len(meet) / 2


def test_a_bounded_domain_is_shown_as_it_is():
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    layer = ReLULayer([[1, 0], [0, 1]], ["-1/3", 0])
    result = decide_injectivity(layer, domain=triangle)
    assert view_box(layer, result) is triangle
    ax = layer_figure(layer, result).axes[0]
    assert (ax.get_xlim(), ax.get_ylim()) == ((0.0, 1.0), (0.0, 1.0))


def test_what_is_drawn_as_a_collision_is_one():
    layer = ReLULayer([[1, 0], [0, 1], [-1, -1], [2, 1]], [0, -1, 1, 3])
    result = decide_injectivity(layer)
    ax = layer_figure(layer, result).axes[0]
    (line,) = [line for line in ax.lines if line.get_color() == ALERT and line.get_linestyle() == "-"]
    x, y = ([Fraction(float(v)).limit_denominator(10**6) for v in point] for point in line.get_xydata())
    assert x != y and np.allclose(layer.forward(np.array(x, float)), layer.forward(np.array(y, float)))


def test_undecided_layers_are_drawn_too():
    layer = ReLULayer(RNG.standard_normal((60, 12)))
    result = decide_injectivity(layer, node_limit=0, time_limit=0)
    assert result.status is Status.UNDECIDED
    assert layer_figure(layer, result).axes[0].get_title() == "undecided"


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_the_file_is_there_as_a_whole(tmp_path, suffix):
    layer = ReLULayer([[1, 0], [0, 1]])
    path = plot_layer(layer, decide_injectivity(layer), tmp_path / f"layer{suffix}")
    assert [p.name for p in tmp_path.iterdir()] == [f"layer{suffix}"] and path.stat().st_size > 3000


def test_bad_input(tmp_path):
    layer, other = ReLULayer([[1, 0], [0, 1]]), ReLULayer([[1, 0]])
    result = decide_injectivity(layer)
    for call, message in [
        (lambda: plot_layer(layer, result, tmp_path / "layer.jpeg"), r"path = .*must end in \.pdf, \.png, \.svg"),
        (lambda: plot_layer(layer, result, tmp_path / "none" / "a.png"), "path = .*cannot be written: No such file"),
        (lambda: layer_figure([[1, 0]], result), "layer = .*must be a ReLULayer"),
        (lambda: layer_figure(other, result), "result = .*must be the decision of this layer"),
        (lambda: layer_figure(layer, "injective"), "result = .*must be the decision of this layer"),
    ]:
        with pytest.raises(InputError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
