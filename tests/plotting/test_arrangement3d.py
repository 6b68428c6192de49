"""Faces in space: each region is closed, each inner face has a twin, and nothing is drawn before what it hides."""

from __future__ import annotations

from collections import Counter

import matplotlib
import numpy as np
import pytest

from relutheory import Box, InputError, Polyhedron, ReLULayer, ReLUNetwork, activation_pattern
from relutheory.plotting import arrangement_figure, find_faces
from relutheory.plotting.arrangement3d import _EYE, _drawing_order, _inner_faces
from relutheory.polyhedra.exact_tree import exact_regions

BOX = Box([-1, -1, -1], [1, 1, 2])
RNG = np.random.default_rng(5)
NETS = {
    "random": ReLULayer(RNG.standard_normal((5, 3)), RNG.standard_normal(5) / 3),
    "three meet": ReLULayer([[1, 0, 0], [0, 1, 0], [1, 1, 0], [2, 2, 0], [-1, -1, 0], [0, 0, 0]]),
    "deep": ReLUNetwork(
        [(RNG.standard_normal((3, 3)), RNG.standard_normal(3) / 3), (RNG.standard_normal((3, 3)), [0.1, 0.2, 0.3])],
        relu_output=True,
    ),
    "deep, integers": ReLUNetwork(
        [([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 0]), ([[1, -1, 0], [1, 1, -1], [1, 1, 1]], [0, 0, -1])],
        relu_output=True,
    ),
    "no neuron": ReLUNetwork([], readout=([[1, 1, 1]], [0])),
}
each_net = pytest.mark.parametrize("net", NETS.values(), ids=NETS)


def sides(face):
    corners = [tuple(vertex) for vertex in face.vertices.tolist()]
    return [frozenset(pair) for pair in zip(corners, [*corners[1:], corners[0]], strict=True)]


@each_net
def test_each_region_is_a_closed_polyhedron(net):
    faces = find_faces(net, BOX)
    layers = (net,) if isinstance(net, ReLULayer) else net.layers or (ReLULayer(np.zeros((0, 3))),)
    assert {face.bits for face in faces} == {region.bits for region in exact_regions(layers, BOX)}
    for number in {face.region for face in faces}:
        own = [face for face in faces if face.region == number]
        edges = Counter(side for face in own for side in sides(face))
        corners = {corner for side in edges for corner in side}
        assert set(edges.values()) == {2} and len(corners) - len(edges) + len(own) == 2


@each_net
def test_each_inner_face_has_a_twin_and_lies_on_its_carrier(net):
    faces = find_faces(net, BOX)
    inner = [face for face in faces if face.carrier >= 0]
    assert 2 * len(_inner_faces(faces)) == len(inner)
    for face in inner:
        value, numbers = face.vertices, []
        for layer in (net,) if isinstance(net, ReLULayer) else net.layers:
            numbers.append(layer.preactivation(value))
            value = layer.forward(value)
        assert np.abs(np.concatenate(numbers, axis=1)[:, face.carrier]).max() < 1e-12


@each_net
def test_along_lines_of_sight_regions_come_in_the_order_of_drawing(net):
    faces = find_faces(net, BOX)
    place, number = _drawing_order(faces), {face.bits: face.region for face in faces}
    assert sorted(place.values()) == list(range(len(number)))
    rng = np.random.default_rng(0)
    for start in rng.uniform([-1, -1, -1], [1, 1, 2], (60, 3)):
        line = start + np.linspace(-3, 3, 400)[:, None] * _EYE
        inside = line[((line > [-1, -1, -1]) & (line < [1, 1, 2])).all(axis=1)]
        if isinstance(net, ReLULayer) or net.layers:
            bits = activation_pattern(net, inside)
            bits = bits if isinstance(net, ReLULayer) else np.concatenate(bits, axis=1)
            places = [place[number[tuple(row)]] for row in bits.tolist() if tuple(row) in number]
            assert places == sorted(places)


@each_net
def test_figure_of_any_network(net):
    before = dict(matplotlib.rcParams)
    figure = arrangement_figure(net, BOX)
    figure.canvas.draw()
    faces = find_faces(net, BOX)
    left, right = figure.axes
    count = len({face.region for face in faces})
    assert right.get_title() == f"{count} activation region{'s' * (count > 1)}"
    assert len(left.collections) == len(_inner_faces(faces)) and len(right.collections) >= count
    assert dict(matplotlib.rcParams) == before


def test_another_domain_than_a_box():
    simplex = Polyhedron([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1]], [0, 0, 0, 1])
    faces = find_faces(ReLULayer([[1, -1, 0]]), simplex)
    assert Counter(face.region for face in faces) == {0: 4, 1: 4}
    assert sorted(face.carrier for face in faces) == [-4, -4, -3, -3, -2, -1, 0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: find_faces(ReLULayer([[1, 0]]), BOX), "net = .*must have three inputs"),
        (lambda: find_faces(ReLULayer([[1, 0, 0]]), Box([0, 0], [1, 1])), "domain = .*in space"),
        (lambda: find_faces(ReLULayer([[1, 0, 0]]), Box(0, np.inf, n=3)), "domain = .*must be bounded"),
        (lambda: arrangement_figure(ReLULayer([[1, 0, 0]]), Box([0, 0, 0], [1, 1, 0])), "non-empty interior"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
