"""The plane engine against exact arithmetic on every region, published counts, and formulas."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from relutheory.activation import activation_domain, activation_pattern
from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron
from relutheory.networks.layers import ReLULayer, ReLUNetwork
from relutheory.polyhedra.batch import unpack
from relutheory.polyhedra.exact_tree import exact_regions
from relutheory.polyhedra.plane import _Search, plane_polygons, plane_regions

SQUARE = Box([-1, -1], [1, 1])


def gaussian(widths, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(m, n) for n, m in zip([2, *widths], widths, strict=False)]
    return tuple(ReLULayer(rng.standard_normal(shape), rng.standard_normal(shape[0])) for shape in shapes)


def integer(widths, seed, size=2, bias=1):
    rng = np.random.default_rng(seed)
    shapes = [(m, n) for n, m in zip([2, *widths], widths, strict=False)]
    return tuple(
        ReLULayer(rng.integers(-size, size + 1, shape), rng.integers(-bias, bias + 1, shape[0])) for shape in shapes
    )


def count(layers, domain=None, **options):
    return sum(batch.count for batch in plane_regions(layers, domain, **options))


def regions(layers, domain=None, **options):
    """{bits: (bounded, facets)} of the engine, each region checked to come once, its point to be inside."""
    neurons = sum(layer.m for layer in layers)
    found = {}
    for batch in plane_regions(layers, domain, facets=True, **options):
        assert batch.count == len(batch.patterns) == len(batch.points)
        bits, facets = unpack(batch.patterns, neurons), unpack(batch.facets, neurons)
        for i in range(batch.count):
            key = tuple(bits[i].tolist())
            assert key not in found
            found[key] = bool(batch.bounded[i]), tuple(np.flatnonzero(facets[i]).tolist())
            point = batch.points[i].tolist()
            if np.isnan(point).any():
                point = batch.exact_points[i]
            assert_inside(layers, domain, key, point)
    return found


def assert_inside(layers, domain, bits, point):
    """That the point is in the interior of the region, by rational arithmetic along the layers."""
    value = [Fraction(x) for x in point]
    for a, c in [] if domain is None else domain.halfspaces():
        assert not any(a) or sum(p * q for p, q in zip(a, value, strict=True)) < c
    jacobian = [[Fraction(int(i == j)) for j in range(2)] for i in range(2)]
    start = 0
    for layer in layers:
        here = bits[start : start + layer.m]
        start += layer.m
        value = layer.preactivation_exact(value)
        rows = layer.weight.fractions()
        jacobian = [[sum(w * g[t] for w, g in zip(row, jacobian, strict=True)) for t in range(2)] for row in rows]
        for bit, v, gradient in zip(here, value, jacobian, strict=True):
            assert v > 0 if bit else v < 0 or (v == 0 and not any(gradient))
        value = [max(v, Fraction(0)) for v in value]
        jacobian = [g if bit else [Fraction(0)] * 2 for bit, g in zip(here, jacobian, strict=True)]


def reference(layers, domain=None):
    return {r.bits: (r.bounded, tuple(sorted(r.facets()))) for r in exact_regions(layers, domain)}


@pytest.mark.parametrize(
    ("widths", "box", "plane"),
    [((10, 10, 10), 115, 382), ((32, 32), 558, 1984), ((64, 64, 64), 5572, 15663)],
)
def test_published_counts(widths, box, plane):
    layers = gaussian(widths)
    assert count(layers, SQUARE) == count(layers, SQUARE, listed=False) == box
    assert count(layers) == count(layers, batch=1000) == plane


@pytest.mark.slow
def test_published_count_of_a_wide_network():
    assert count(gaussian((256, 256, 256)), SQUARE) == 93023


DOMAINS = [
    None,
    SQUARE,
    Box(["1/3", -1], [1, "1/2"]),
    Box([0, float("-inf")], [1, float("inf")]),  # a strip
    Box([0, float("-inf")], [float("inf"), float("inf")]),  # a half-plane
    Polyhedron([[1, 1], [1, 1], [-1, 0], [0, -1], [0, 0]], [1, 1, 0, 0, 5]),  # a triangle, one wall twice
    Polyhedron([[-1, 1], [-1, -1]], [0, 0]),  # a wedge
]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("widths", [(4,), (1, 3), (3, 2, 3), (3, 1, 2), (2, 5, 2)])
def test_against_the_exact_tree(widths, domain):
    for layers in (gaussian(widths, 1), integer(widths, 2), integer(widths, 3, size=1), integer(widths, 4, bias=0)):
        assert regions(layers, domain) == reference(layers, domain)


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_small_batches(batch):
    layers = integer((4, 3), 0)
    assert regions(layers, SQUARE, batch=batch) == reference(layers, SQUARE)
    assert all(b.count <= batch for b in plane_regions(layers, SQUARE, batch=batch))


def third(layers):
    """The same weights divided by three: floats do not hold them."""
    return tuple(
        ReLULayer([[v / 3 for v in row] for row in layer.weight.fractions()], [v / 7 for v in layer.bias.fractions()])
        for layer in layers
    )


def scaled(layers, *powers):
    """Layer l times 2^powers[l]: the same directions at sizes that floats barely hold."""
    return tuple(ReLULayer(np.ldexp(layer.W, p), np.ldexp(layer.b, p)) for layer, p in zip(layers, powers, strict=True))


CASES = {
    "thirds": third(integer((4, 3), 5)),
    "thirds of floats": third(gaussian((4, 3), 5)),
    "tiny": scaled(gaussian((3, 3), 6), -1000, -1000),
    "tiny, then huge": scaled(gaussian((3, 3), 6), -1000, 1000),
    "huge": scaled(integer((3, 3), 7), 1000, 1000),
    "beyond the floats": (ReLULayer([[10**400, 1], [1, Fraction(1, 10**400)]], [1, -1]),),
    "all sizes": (ReLULayer([[1e300, 1e-300], [1e-300, 1.0], [1.0, 1e300]], [1.0, -1e300, 1e-300]),),
    "zero rows": (ReLULayer([[0, 0], [1, 0], [0, 0]], [1, 0, -1]), ReLULayer([[1, 1, 1], [0, 0, 0]], [-2, 0])),
    "parallel": (ReLULayer([[1, 2], [2, 4], [-1, -2], [1, 2]], [0, 1, 1, 0]), ReLULayer([[1, -1, 1, -1]], [0])),
    "duplicates": (ReLULayer([[1, 2], [1, 2], [-2, -4], [0.1, 0.2]], [1, 1, -2, 0.1]),),
    "dead layer": (ReLULayer(np.eye(2), [0, 0]), ReLULayer(-np.ones((3, 2)), [0, -1, 0]), ReLULayer(np.eye(3), None)),
    "constants alive": (ReLULayer([[0, 0]], [1]), ReLULayer([[1], [-1]], [0, 0])),
    "identically zero": (ReLULayer([[1, 0], [2, 0], [0, 1]], None), ReLULayer([[2, -1, 0], [0, 0, 1]], None)),
    "grid": (
        ReLULayer([[1, 0]] * 5 + [[0, 1]] * 5 + [[1, 1]] * 3, [-2, -1, 0, 1, 2] * 2 + [-1, 0, 1]),
        ReLULayer(np.ones((2, 13)), [-3, -5]),
    ),
    "near ties": (ReLULayer([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 1.0 + 2**-52]], [0, 0, 0, 2.0**-60]),),
    "no neurons at the end": (ReLULayer(np.eye(2), None), ReLULayer(np.zeros((0, 2)), [])),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("domain", DOMAINS[:3])
def test_degenerate_networks(name, domain):
    assert regions(CASES[name], domain) == reference(CASES[name], domain)


@pytest.mark.parametrize("seed", range(3))
def test_brute_force_over_all_patterns(seed):
    layers = integer((3, 3), seed)
    net = ReLUNetwork(layers)
    patterns = product((0, 1), repeat=6)
    expected = {p for p in patterns if activation_domain(net, [list(p[:3]), list(p[3:])]).has_interior()}
    assert set(regions(layers)) == expected


def circle(k):
    """k directions, as floats."""
    angles = np.arange(k) * (2 * np.pi / k)
    return np.column_stack([np.cos(angles), np.sin(angles)])


@pytest.mark.parametrize("domain", [SQUARE, Polyhedron(circle(40), np.ones(40))])
def test_many_edges(domain):
    layers = (ReLULayer(circle(24), np.full(24, -0.95)),)
    expected = reference(layers, domain)
    assert regions(layers, domain) == expected
    found = list(polygons(layers, domain, batch=1))
    assert {bits for bits, _, _ in found} == set(expected)
    assert max(len(v) for _, v, _ in found) == 24


def test_floats_decide_generic_signs():
    for domain in (None, SQUARE):
        search = _Search(gaussian((32, 32)), domain, 1)
        while not search.done:
            search.advance()
        assert search.asked == 0


def test_lines_that_almost_coincide():
    """Lines that differ in the last bits: floats do not tell on which side their crossings lie."""
    W = np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 6.0], [-0.1, -0.2]])
    W[1, 0], W[2, 1] = np.nextafter(W[1, 0], 2), np.nextafter(W[2, 1], 0)
    layers = (ReLULayer(W, [0.1, 0.1, 0.3, -0.01]), ReLULayer([[1.0, -1.0, 1.0, 0.3]] * 2, [0.1, np.nextafter(0.1, 1)]))
    for domain in (None, SQUARE):
        assert regions(layers, domain) == reference(layers, domain)


def test_lines_through_the_origin():
    rng = np.random.default_rng(0)
    W = rng.standard_normal((30, 2))
    assert count((ReLULayer(W),)) == count((ReLULayer(W),), SQUARE) == 60
    layers = tuple(ReLULayer(rng.standard_normal((8, n))) for n in (2, 8, 8))
    assert regions(layers) == reference(layers)


def test_general_position():
    for m in (1, 2, 20):
        assert count(gaussian((m,))) == 1 + m + m * (m - 1) // 2


def test_parallel_lines_only():
    layers = (ReLULayer(np.ones((9, 2)), np.arange(9)), ReLULayer(np.ones((1, 9)), [-1.5]))
    found = regions(layers)
    assert found == reference(layers)
    assert not any(bounded for bounded, _ in found.values())


def test_patterns_at_random_points():
    layers = gaussian((12, 12), 3)
    found = regions(layers, SQUARE)
    points = np.random.default_rng(1).uniform(-1, 1, (200, 2))
    patterns = np.hstack(activation_pattern(ReLUNetwork(layers), points))
    assert {tuple(p) for p in patterns.astype(int).tolist()} <= set(found)


def polygons(layers, domain, **options):
    """(bits, vertices, edges) of every region."""
    neurons = sum(layer.m for layer in layers)
    for batch in plane_polygons(layers, domain, **options):
        assert batch.offsets[0] == 0 and batch.offsets[-1] == len(batch.vertices) == len(batch.edges)
        for k, bits in enumerate(unpack(batch.patterns, neurons)):
            i, j = batch.offsets[k : k + 2]
            yield tuple(bits.tolist()), batch.vertices[i:j], batch.edges[i:j]


def area(v):
    return (v[:, 0] * np.roll(v[:, 1], -1) - v[:, 1] * np.roll(v[:, 0], -1)).sum() / 2


@pytest.mark.parametrize("layers", [gaussian((16, 16)), integer((6, 4), 1), CASES["grid"], CASES["near ties"]])
@pytest.mark.parametrize("batch", [5, 65536])
def test_polygons_fill_the_square(layers, batch):
    found = list(polygons(layers, SQUARE, batch=batch))
    assert {bits for bits, _, _ in found} == set(reference(layers, SQUARE))
    areas = [area(v) for _, v, _ in found]
    assert min(areas) >= 0 and sum(areas) == pytest.approx(4, rel=1e-12)


def test_polygons_make_a_plane_graph():
    """Euler: V - E + F = 1 without the outer face; in general position every vertex has its own floats."""
    found = list(polygons(gaussian((16, 16)), SQUARE))
    vertices = {tuple(v) for _, polygon, _ in found for v in polygon.round(9).tolist()}
    edges = set()
    for _, polygon, _ in found:
        ends = [tuple(v) for v in polygon.round(9).tolist()]
        edges |= {frozenset(edge) for edge in zip(ends, ends[1:] + ends[:1], strict=True)}
    # the line of a deeper neuron bends where it meets that of an earlier one, and goes on: no edge is split on one side
    assert len(vertices) - len(edges) + len(found) == 1


def test_edges_name_what_carries_them():
    layers = gaussian((8, 8), 2)
    starts = np.cumsum([0, 8])
    halfspaces = SQUARE.halfspaces()
    for bits, vertices, edges in polygons(layers, SQUARE):
        for k, label in enumerate(edges.tolist()):
            middle = (vertices[k] + vertices[(k + 1) % len(vertices)]) / 2
            if label < 0:
                a, c = halfspaces[-1 - label]
                assert float(a[0]) * middle[0] + float(a[1]) * middle[1] == pytest.approx(float(c), abs=1e-9)
            else:
                first = layers[0].W @ middle + layers[0].b
                second = layers[1].W @ (first * bits[:8]) + layers[1].b
                layer = int(label >= 8)
                assert abs((first, second)[layer][label - starts[layer]]) < 1e-9


def test_what_is_refused():
    layers = gaussian((3,))
    with pytest.raises(InputError, match="interior"):
        next(plane_regions(layers, Box([0, 0], [0, 1])))
    with pytest.raises(InputError, match="bounded"):
        next(plane_polygons(layers, Box([0, 0], [1, float("inf")])))


def test_values_that_overflow_decide_nothing():
    wall = Polyhedron([[87381175449619, -7131551229651]], [-11577473013539])
    numbers = [
        ["-0x1.401fbb0292be3p+479", "-0x1.0a78429fb61b5p+480", "0x1.fd99bcefbbe4fp+479"],
        ["0x1.e3a125b691859p+496", "-0x1.71b7676ee1cd4p+497", "0x1.799b11f1ef971p+497"],
    ]
    rows = [[float.fromhex(v) for v in row] for row in numbers]
    layers = (ReLULayer([row[:2] for row in rows], [row[2] for row in rows]),)
    assert regions(layers, wall) == reference(layers, wall)
    assert len(regions(layers, wall)) == 4
