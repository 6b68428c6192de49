"""The error bounds that the search in the plane carries along, against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from relutheory._kernels import plane as kernels
from relutheory.core.sets import Box
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.plane import _Search


def network(widths, seed, third=False):
    rng = np.random.default_rng(seed)
    layers = []
    for n, m in zip((2, *widths), widths, strict=False):
        W, b = rng.standard_normal((m, n)).tolist(), rng.standard_normal(m).tolist()
        if third:
            W, b = [[Fraction(w) / 3 for w in row] for row in W], [Fraction(v) / 3 for v in b]
        layers.append(ReLULayer(W, b))
    return layers


def exact_edge(search, label, bits):
    """The form that the floats of an edge stand for, without the positive factor of the integers."""
    (p, _) = search.exact.form(label, bits)
    factor = 1 if label < 0 else search.exact.known[int(np.searchsorted(search.exact.ends, label, side="right"))][2]
    return [Fraction(x, factor) for x in p]


def cross(p, q):
    return [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]]


def within(floats, exact, bound, size):
    """Whether the floats are as close to the exact numbers as they claim; how far off they are, in bounds."""
    off = max(abs(Fraction(x) - y) for x, y in zip(floats, exact, strict=True))
    assert off <= Fraction(bound) and max(map(abs, floats)) <= size
    return float(off) / bound if bound else 0.0


@pytest.mark.parametrize("third", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_bounds_of_edges_and_vertices(seed, third):
    search = _Search(network((9, 9, 9, 9), seed, third), Box([-1, -1], [1, 1]), 1)
    seen = 0
    while not search.done:
        search.work.state[2] = 1  # one polygon
        reason = kernels.search(search.net, search.stack, search.work, search.out)
        if reason == kernels.GROW:
            search._grow()
        assert reason in (kernels.GROW, kernels.PAUSED, kernels.DONE)
        f = int(search.work.state[0])
        seen += 1
        if f < 0 or seen % 7:
            continue
        bits = np.unpackbits(search.stack.bits[f], bitorder="little")
        polygon = search.stack.polygons[f, : search.stack.size[f]].tolist()
        edges = [exact_edge(search, int(row[kernels.LABEL]), bits) for row in polygon]
        for i, row in enumerate(polygon):
            within(row[kernels.A : kernels.A + 3], edges[i], row[kernels.E], row[kernels.G])
            if max(row[kernels.LABEL], polygon[i - 1][kernels.LABEL]) >= 0:  # corners of the box have another factor
                within(row[:3], cross(edges[i - 1], edges[i]), row[kernels.D], row[kernels.S])
    assert seen > 100


@pytest.mark.parametrize("third", [False, True])
def test_bounds_of_the_forms_of_a_layer(third):
    """The forms of all neurons of the last layer, each time that it is entered."""
    layers = network((7, 7, 7), 5, third)
    search = _Search(layers, Box([-1, -1], [1, 1]), 1)
    seen = 0
    while not search.done:
        search.work.state[2] = 1
        if kernels.search(search.net, search.stack, search.work, search.out) == kernels.GROW:
            search._grow()
        f = int(search.work.state[0])
        if f >= 0 and search.stack.layer[f] == 2 and search.stack.neurons[f] < 0:
            exact = search.exact.layer(2, np.unpackbits(search.stack.bits[f], bitorder="little"))
            factor = search.exact.known[2][2]
            for j, form in enumerate(exact):
                floats = search.work.forms[2, :, j].tolist()
                within(floats, [Fraction(x, factor) for x in form], search.work.errors[2], search.work.sizes[2])
            seen += 1
    assert seen > 10
