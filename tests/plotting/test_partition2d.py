"""Partitions against the exact engine and the network itself; drawing against the data it was given."""

from __future__ import annotations

from itertools import combinations, pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from relutheory import Box, InputError, Polyhedron, ReLULayer, ReLUNetwork, activation_pattern, affine_map
from relutheory.plotting import (
    class_colours,
    draw_partition,
    draw_relief_key,
    find_decision,
    find_partition,
    partition_figure,
    partition_legend,
    partition_maps,
    ranks,
    relief_colours,
)
from relutheory.plotting.colours import CLASSES, LAYERS
from relutheory.polyhedra.exact_tree import exact_regions

BOX = Box([-2, -1], [1, "3/2"])
TRIANGLE = Polyhedron([[-1, 0], [0, -1], [1, 1]], [1, 1, "1/3"])


def random_net(seed: int, *sizes: int, integers: bool = False) -> ReLUNetwork:
    rng = np.random.default_rng([2, seed])
    make = (lambda shape: rng.integers(-2, 3, shape)) if integers else rng.standard_normal
    return ReLUNetwork([(make((m, n)), make(m)) for n, m in pairwise(sizes)])


NETS = {
    "random": random_net(0, 2, 6, 5, 3),
    "three layers": random_net(1, 2, 4, 4, 4, 2),
    "integers": random_net(2, 2, 5, 4, 3, integers=True),
    "integers, deeper": random_net(3, 2, 4, 3, 3, 1, integers=True),
    "one layer": ReLULayer([[1, 0], [0, 1], [1, 1], [2, 2], [-1, -1], [0, 0]], [0, 0, 0, 0, 0, 1]),
    "dead": ReLUNetwork([([[1, 0], [0, 1]], [-9, -9]), ([[1, 1], [1, -1]], [0, 0]), ([[1, 1]], [0])]),
    "no ReLU": ReLUNetwork([], readout=([[1, 2], [3, 4]], [5, 6])),
    "thirds": ReLUNetwork([([["1/3", 1], [1, "1/7"]], ["1/3", 0]), ([[1, "-1/3"]], ["1/9"])]),
}
each_net = pytest.mark.parametrize("net", NETS.values(), ids=NETS)


def area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def layers_of(net):
    return (net,) if isinstance(net, ReLULayer) else net.layers


@each_net
@pytest.mark.parametrize("domain", [BOX, TRIANGLE])
def test_polygons_are_those_of_the_exact_engine(net, domain):
    partition = find_partition(net, domain)
    layers = layers_of(net) or (ReLULayer(np.zeros((0, 2))),)
    expected = {region.bits: region.cone.vertices() for region in exact_regions(layers, domain)}
    assert {tuple(bits) for bits in partition.bits.tolist()} == set(expected) and partition.count == len(expected)
    for bits, polygon in zip(partition.bits.tolist(), partition.polygons(), strict=True):
        corners = np.array([[float(v) for v in point] for point in expected[tuple(bits)]])
        assert len(corners) == len(polygon) and area(polygon) > 0
        assert np.abs(polygon[:, None] - corners).sum(axis=2).min(axis=1).max() < 1e-12


@each_net
def test_boundaries_lie_where_neurons_vanish_and_are_all_there(net):
    partition = find_partition(net, BOX)
    boundaries = partition.boundaries()
    for layer, segments in boundaries.items():
        for middle in segments.mean(axis=1):
            value = middle
            for before in layers_of(net)[: layer - 1]:
                value = before.forward(value)
            assert np.abs(layers_of(net)[layer - 1].preactivation(value)).min() < 1e-12
    drawn = sum(np.hypot(*(segments[:, 1] - segments[:, 0]).T).sum() for segments in boundaries.values())
    around = sum(np.hypot(*(p - np.roll(p, -1, axis=0)).T).sum() for p in partition.polygons())
    assert 2 * drawn + 11 == pytest.approx(around)  # each has a region on both sides; the box's sides add up to 11


@each_net
def test_maps_are_those_of_the_patterns(net):
    partition = find_partition(net, BOX)
    A, c = partition_maps(net, partition)
    ends = np.cumsum(partition.widths)[:-1]
    for bits, slope, offset in zip(partition.bits, A, c, strict=True):
        pattern = bits if isinstance(net, ReLULayer) else tuple(np.split(bits, ends))
        exact = affine_map(net, pattern) if layers_of(net) else net.readout
        np.testing.assert_allclose(slope, exact.W, atol=1e-12)
        np.testing.assert_allclose(offset, exact.b, atol=1e-12)


@each_net
def test_decision_pieces_fill_the_box_with_the_right_class(net):
    partition = find_partition(net, BOX)
    decision = find_decision(partition, *partition_maps(net, partition))
    assert sum(map(area, decision.polygons)) == pytest.approx(7.5) and all(area(p) > -1e-12 for p in decision.polygons)
    for polygon, number, steepness in zip(decision.polygons, decision.classes, decision.steepness, strict=True):
        values = net.forward(polygon.mean(axis=0))
        values = np.array([0.0, values[0]]) if len(values) == 1 else values
        assert values[number] >= values.max() - 1e-12 and steepness >= 0
    for middle in decision.boundary.mean(axis=1):
        values = np.sort(net.forward(middle))
        assert abs(values[-1] - (values[-2] if len(values) > 1 else 0)) < 1e-12


def test_decision_boundary_by_hand():
    net = ReLUNetwork([], readout=([[1, 0], [-1, 0], [0, 0], [1, 0]], [0, 0, "1/2", 0]))
    partition = find_partition(net, Box([-1, -1], [1, 1]))
    decision = find_decision(partition, *partition_maps(net, partition))
    assert sorted(decision.classes) == [0, 1, 2]  # 2 is the highest at no corner; 3 is equal to 0
    assert sorted(decision.boundary[:, :, 0].ravel().tolist()) == [-0.5, -0.5, 0.5, 0.5]
    assert sorted(map(area, decision.polygons)) == pytest.approx([1, 1, 2])


def test_single_output_has_two_classes_and_zero_is_the_first():
    net = ReLUNetwork([([[1, 0]], [0]), ([[1]], [0])])  # 0 on a half-plane
    partition = find_partition(net, Box([-1, -1], [1, 1]))
    decision = find_decision(partition, *partition_maps(net, partition))
    assert sorted(decision.classes) == [0, 1] and len(decision.boundary) == 0


@pytest.mark.parametrize("seed", range(4))
def test_points_lie_in_pieces_of_their_class(seed):
    net = random_net(10 + seed, 2, 7, 5, 4)
    partition = find_partition(net, BOX)
    decision = find_decision(partition, *partition_maps(net, partition))
    points = np.random.default_rng(seed).uniform([-2, -1], [1, 1.5], (300, 2))
    owner = np.full(len(points), -1)
    for polygon, number in zip(decision.polygons, decision.classes, strict=True):
        steps = np.roll(polygon, -1, axis=0) - polygon
        away = points[:, None] - polygon
        owner[(steps[:, 0] * away[..., 1] > steps[:, 1] * away[..., 0]).all(axis=1)] = number
    assert (owner == net.forward(points).argmax(axis=1)).all()


def test_pattern_at_random_points_is_that_of_the_polygon_around():
    net = NETS["three layers"]
    partition = find_partition(net, BOX)
    centres = np.array([polygon.mean(axis=0) for polygon in partition.polygons() if area(polygon) > 1e-6])
    big = [area(polygon) > 1e-6 for polygon in partition.polygons()]
    assert (np.concatenate(activation_pattern(net, centres), axis=1) == partition.bits[big]).all()


# Machado, Oliveira and Fernandes (2009): what red-blind and green-blind readers see, in linear RGB
VISION = {
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
}


@pytest.mark.parametrize("matrix", [*VISION.values(), np.eye(3)], ids=[*VISION, "full"])
def test_colours_differ_for_every_kind_of_vision(matrix):
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    directions = relief_colours(100 * np.stack([np.cos(turn), np.sin(turn)], axis=1), 1.0)
    palettes = [class_colours(range(len(CLASSES)), np.ones(len(CLASSES))), directions]
    palettes.append(np.array([matplotlib.colors.to_rgb(colour) for colour in LAYERS]))
    for palette in palettes:
        seen = np.clip(palette**2.2 @ np.array(matrix).T, 0, 1) ** (1 / 2.2)
        assert min(np.abs(a - b).max() for a, b in combinations(seen, 2)) > 0.05


def test_colours_are_colours_for_any_gradient():
    gradients = [[0, 0], [5e-324, 0], [1e308, -1e308], [1, 2], [-1e-300, 3]]
    for typical in (None, 1.0):
        colours = relief_colours(gradients, typical)
        assert colours.shape == (5, 3) and ((colours >= 0) & (colours <= 1)).all()
    assert relief_colours(np.zeros((0, 2))).shape == (0, 3)
    assert (ranks([3.0, 3.0]) == 0).all() and ranks([]).shape == (0,)


@each_net
@pytest.mark.parametrize("classifier", [False, True])
def test_figure_of_any_network(net, classifier):
    before = dict(matplotlib.rcParams)
    figure = partition_figure(net, BOX, classifier=classifier, labels=("u", "v"))
    figure.canvas.draw()
    ax = figure.axes[0]
    count = find_partition(net, BOX).count
    assert ax.get_title() == f"{count} activation region{'s' * (count > 1)}" and ax.get_xlabel() == "u"
    assert ax.get_xlim() == (-2, 1) and ax.get_ylim() == (-1, 1.5)
    assert dict(matplotlib.rcParams) == before


def test_drawing_shows_each_polygon_and_segment_in_its_colour():
    partition = find_partition(NETS["random"], BOX)
    colours = relief_colours(partition_maps(NETS["random"], partition)[0].mean(axis=1))
    ax = Figure().add_subplot()
    draw_partition(ax, partition.polygons(), colours, partition.boundaries(), np.array([[[0, 0], [1, 1]]]))
    (regions,) = ax.collections
    assert len(regions.get_paths()) == partition.count
    np.testing.assert_allclose(regions.get_facecolors()[:, :3], colours)
    second, first, rim, decision = ax.lines
    for line, layer in ((first, 1), (second, 2)):
        assert np.isnan(line.get_xdata()).sum() == len(partition.boundaries()[layer])
    assert first.get_color() != second.get_color() and first.get_linewidth() > second.get_linewidth()
    assert rim.get_linewidth() > decision.get_linewidth() and decision.get_xdata()[:2].tolist() == [0, 1]
    labels = [handle.get_label() for handle in partition_legend([1, 2], classes=[3], decision=True)]
    assert labels == ["layer 1", "layer 2", "decision boundary", "class 3"]
    draw_relief_key(ax)


def test_long_boxes_get_two_scales():
    layer = ReLULayer([[1, 1]])
    aspects = [partition_figure(layer, Box([0, 0], [1, side])).axes[0].get_aspect() for side in (2, 1000, "1/1000")]
    assert aspects == [1.0, "auto", "auto"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: find_partition(ReLULayer([[1, 0, 0]]), BOX), "net = .*must have two inputs"),
        (lambda: find_partition([[1, 0]], BOX), "net = .*must be a ReLULayer or a ReLUNetwork"),
        (lambda: find_partition(ReLULayer([[1, 0]]), Box(0, 1, n=3)), "domain = .*in the plane"),
        (lambda: find_partition(ReLULayer([[1, 0]]), None), "domain = None: must be a bounded Box"),
        (lambda: find_partition(ReLULayer([[1, 0]]), Box([0, 0], [1, np.inf])), "domain = .*must be bounded"),
        (lambda: partition_figure(ReLULayer([[1, 0]]), Box([0, 0], [0, 1])), "domain = .*non-empty interior"),
        (lambda: partition_figure(ReLUNetwork([([[1e200, 1]], [0]), ([[1e200]], [0])]), BOX), "range of float64"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
