"""Cells with their counts against signs at sampled points, areas, and the decision; drawing against its data."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from relutheory import Box, InputError, Polyhedron, ReLULayer, decide_injectivity
from relutheory.injectivity import Status
from relutheory.plotting.cells import collision_inside, find_cells, find_sphere_cells, inner_point
from relutheory.plotting.sphere import draw_sphere
from relutheory.plotting.wedges import cell_legend, draw_plane_cells

BOX = Box([-2, -1], [2, 2])
PLANAR = {
    "none": ReLULayer(np.zeros((0, 2))),
    "one line": ReLULayer([[1, 2]], [1]),
    "outside": ReLULayer([[1, 0], [0, 1]], [-5, 7]),
    "parallel": ReLULayer([[1, 1], [2, 2], [-1, -1], [0, 0], [0, 0]], [0, -1, 3, 2, -1]),
    "opposite": ReLULayer([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 1, -1]),
    "thirds": ReLULayer([["1/3", 1], [1 / 3, 1], ["-1/3", -1]], ["1/7", 0, 0]),
    "huge": ReLULayer([[1e300, 1e-300], [-1e300, 1], [3, -1e300], [5e-324, 0]], [1e300, 1, -1, 0]),
} | {
    f"random {case}": ReLULayer(
        np.random.default_rng([2, case]).integers(-3, 4, (2 + case, 2)),
        np.random.default_rng([3, case]).integers(-3, 4, 2 + case),
    )
    for case in range(8)
}
SPATIAL = {
    "none": ReLULayer(np.zeros((0, 3))),
    "zeros": ReLULayer([[0, 0, 0], [0, 0, 0]]),
    "one plane": ReLULayer([[1, 2, 0]]),
    "lune": ReLULayer([[1, 2, 0], [0, -1, 0], [-2, -4, 0]]),
    "pencil": ReLULayer([[1, 0, 0], [0, 1, 0], [1, 1, 0], [-1, 2, 0]]),
    "axes": ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]]),
    "dependent": ReLULayer([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1], [-1, -1, -3], [0, -2, -1]]),
    "huge": ReLULayer([[1e300, 1, 0], [0, 1e-300, 1e300], [-1e300, 1e300, 5e-324], ["1/3", 1, -1]]),
    "moment curve": ReLULayer([[(-1) ** i * t**k for k in range(3)] for i, t in enumerate(range(-4, 4))]),
} | {f"random {case}": ReLULayer(np.random.default_rng([4, case]).integers(-3, 4, (3 + case, 3))) for case in range(6)}

each_planar = pytest.mark.parametrize("layer", PLANAR.values(), ids=PLANAR)
each_spatial = pytest.mark.parametrize("layer", SPATIAL.values(), ids=SPATIAL)


def counts_at(layer, z):
    """(number, rank) of the positive rows at z; None on a hyperplane.  Ranks by elimination in Fractions."""
    values = layer.preactivation_exact(z)
    rows = layer.weight.fractions()
    if any(v == 0 and any(row) for v, row in zip(values, rows, strict=True)):
        return None
    active = [row for v, row in zip(values, rows, strict=True) if v > 0]
    return len(active), rank(active)


def rank(rows):
    rows, found = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((k for k in range(found, len(rows)) if rows[k][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for k in range(found + 1, len(rows)):
            factor = rows[k][column] / rows[found][column]
            rows[k] = [a - factor * b for a, b in zip(rows[k], rows[found], strict=True)]
        found += 1
    return found


def turned_left(polygon, point):
    """How far a point lies to the left of each side of a polygon."""
    sides, gaps = np.roll(polygon, -1, axis=0) - polygon, point - polygon
    return sides[:, 0] * gaps[:, 1] - sides[:, 1] * gaps[:, 0]


def area(polygon):
    x, y = polygon.T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@each_planar
def test_each_point_of_the_box_lies_in_a_cell_with_its_counts(layer):
    cells = find_cells(layer, BOX)
    assert math.isclose(sum(area(cell.pieces[0]) for cell in cells), 12.0, rel_tol=1e-9)
    seen = 0
    for i, j in product(range(1, 16), range(1, 12)):
        z = (Fraction(4 * i, 16) - 2 + Fraction(1, 97), Fraction(3 * j, 12) - 1 + Fraction(1, 89))
        expected = counts_at(layer, z)
        near = np.array([float(v) for v in z])
        inside = [cell for cell in cells if (turned_left(cell.pieces[0], near) > 1e-9).all()]
        assert len(inside) <= 1
        if expected is not None and inside:
            assert (inside[0].active, inside[0].rank) == expected
            seen += 1
    assert seen > 100


@each_planar
def test_in_a_box_injective_exactly_where_every_cell_has_full_rank(layer):
    result = decide_injectivity(layer, domain=BOX)
    cells = find_cells(layer, BOX)
    assert result.proved == all(cell.rank == 2 for cell in cells)
    assert result.refuted == any(cell.rank < 2 for cell in cells)


@pytest.mark.parametrize("case", range(6))
def test_a_flat_has_the_counts_and_ranks_of_the_whole_layer(case):
    rng = np.random.default_rng([5, case])
    n = 3 + case % 3
    layer = ReLULayer(rng.integers(-3, 4, (2 * n, n)), rng.integers(-3, 4, 2 * n))
    flat = rng.integers(-4, 5, (3, n))
    flat[1:] += 9 * np.eye(3, n, dtype=int)[:2]
    cells = find_cells(layer, BOX, flat)
    seen = 0
    for cell in cells:
        t = inner_point(cell)
        z = [int(p) + t[0] * int(q - p) + t[1] * int(r - p) for p, q, r in zip(*flat, strict=True)]
        expected = counts_at(layer, z)
        if expected is not None and (turned_left(cell.pieces[0], np.array(t, dtype=float)) > 1e-6).all():
            assert (cell.active, cell.rank) == expected
            seen += 1
    assert seen > len(cells) / 2


def test_a_row_that_vanishes_on_the_flat_is_active_on_it():
    layer = ReLULayer([[0, 0, 1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 0]])
    cells = find_cells(layer, BOX, [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    assert [(cell.active, cell.rank) for cell in cells] == [(3, 3)] * 4


def solid_angle(piece):
    """Of a convex spherical polygon, in triangles (Van Oosterom and Strackee 1983)."""
    total, a = 0.0, piece[0]
    for b, c in pairwise(piece[1:]):
        total += 2 * math.atan2(a @ np.cross(b, c), 1 + a @ b + b @ c + c @ a)
    return total


@each_spatial
def test_each_direction_lies_in_a_cell_with_its_counts(layer):
    cells = find_sphere_cells(layer)
    whole = sum(solid_angle(piece) for cell in cells for piece in cell.pieces)
    assert math.isclose(whole, 4 * math.pi, rel_tol=1e-6)
    sides = [(cell, np.cross(piece, np.roll(piece, -1, axis=0))) for cell in cells for piece in cell.pieces]
    seen = 0
    for z in product(range(-2, 3), repeat=3):
        z = tuple(97 * v + k for v, k in zip(z, (5, -3, 2), strict=True))
        expected = counts_at(layer, z)
        near = np.array(z) / np.linalg.norm(z)
        inside = [cell for cell, normals in sides if (normals @ near).min() > 1e-9]
        assert len(inside) <= 1
        if expected is not None and inside:
            assert (inside[0].active, inside[0].rank) == expected
            seen += 1
    assert seen > 90


@each_spatial
def test_on_the_sphere_injective_exactly_where_every_cell_has_full_rank(layer):
    result = decide_injectivity(layer)
    cells = find_sphere_cells(layer, (1, 2, -1))
    assert result.proved == all(cell.rank == 3 for cell in cells)
    assert result.refuted == any(cell.rank < 3 for cell in cells)
    for cell in cells:
        z = inner_point(cell)
        if cell.rank < 3 and z is not None and counts_at(layer, z) == (cell.active, cell.rank):
            x, y = collision_inside(layer, z)
            assert x != y and layer.forward_exact(x) == layer.forward_exact(y)


def test_numbers_of_cells_in_general_position():
    for m in (3, 5, 8):
        layer = ReLULayer(np.random.default_rng(m).standard_normal((m, 3)))
        assert len(find_sphere_cells(layer)) == m * (m - 1) + 2
        affine = ReLULayer(layer.W[:, :2], layer.W[:, 2])
        assert len(find_cells(affine, Box([-1000, -1000], [1000, 1000]))) == 1 + m + m * (m - 1) // 2


def test_an_opposite_view_has_the_same_cells():
    layer = SPATIAL["random 5"]
    for view in ((2, -4, 3), (0, 0, -7), ("1/3", 0, 0)):
        found = find_sphere_cells(layer, view)
        assert sorted((c.active, c.rank) for c in found) == sorted(
            (c.active, c.rank) for c in find_sphere_cells(layer, [-Fraction(v) for v in view])
        )
        axis = np.array([float(Fraction(v)) for v in view])
        for piece in (piece for cell in found for piece in cell.pieces):  # none on both sides
            assert (piece @ axis > -1e-9).all() or (piece @ axis < 1e-9).all()


@pytest.mark.parametrize("case", range(12))
def test_a_collision_is_constant_and_the_longest(case):
    rng = np.random.default_rng([6, case])
    n = 1 + case % 4
    layer = ReLULayer(rng.integers(-3, 4, (2 * n - 1, n)), rng.integers(-3, 4, 2 * n - 1) * (case % 2))
    box = None if case % 3 else Box(-25, 25, n=n)
    result = decide_injectivity(layer, domain=box)
    assert result.status is Status.NOT_INJECTIVE  # fewer than 2n rows
    z = [(a + b) / 2 for a, b in zip(result.witness.x, result.witness.y, strict=True)]
    x, y = collision_inside(layer, z, box)
    assert x != y and layer.forward_exact(x) == layer.forward_exact(y) == layer.forward_exact(z)
    assert rank([[a - b for a, b in zip(x, z, strict=True)], [a - b for a, b in zip(y, z, strict=True)]]) == 1
    for end, other in ((x, y), (y, x)):
        farther = [a + (a - b) / 10**9 for a, b in zip(end, other, strict=True)]
        values, before = layer.preactivation_exact(farther), layer.preactivation_exact(end)
        stopped = layer.forward_exact(farther) != layer.forward_exact(z) or (box and not box.contains(farther))
        endless = all(v <= 0 and v <= u for u, v in zip(before, values, strict=True) if u != v)
        assert stopped or (box is None and endless)
        assert box is None or box.contains(end)


def test_far_outside_float_range():
    tiny = Fraction(1, 10**400)
    layer = ReLULayer([[tiny, 0], [0, 10**400]], [tiny / 2, 0])
    assert len(find_cells(layer, Box([-1, -1], [1, 1]))) == 4  # rows are scaled
    with pytest.raises(InputError, match="must have lines within the range of float64"):
        find_cells(layer, Box([-(10**200), -1], [10**200, 1]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: find_cells([[1, 0]], BOX), "layer = .*must be a ReLULayer"),
        (lambda: find_cells(ReLULayer([[1, 0, 0]]), BOX), "layer = .*must have two inputs"),
        (lambda: find_cells(ReLULayer([[1, 0, 0]]), BOX, [[0, 0, 0], [1, 0, 0]]), "domain|net|points"),
        (lambda: find_cells(ReLULayer([[1, 0, 0]]), BOX, [[0, 0, 0], [1, 0, 0], [2, 0, 0]]), "affinely independent"),
        (lambda: find_cells(ReLULayer([[1, 0]]), Box(0, math.inf, n=2)), "domain = .*must be bounded"),
        (lambda: find_cells(ReLULayer([[1, 0]]), Box([0, 0], [1, 0])), "domain = .*non-empty interior"),
        (lambda: find_sphere_cells(ReLULayer([[1, 0]])), "layer = .*must have three inputs"),
        (lambda: find_sphere_cells(ReLULayer([[1, 0, 0]], [5e-324])), "layer = .*must have no bias"),
        (lambda: find_sphere_cells(ReLULayer([[1, 0, 0]]), (0, 0, 0)), "view = .*not all zero"),
        (lambda: find_sphere_cells(ReLULayer([[1, 0, 0]]), (1, math.nan, 0)), "view = nan"),
        (lambda: collision_inside(ReLULayer([[1, 0]]), [1]), "z = .*must have 2"),
        (lambda: collision_inside(ReLULayer([[1], [-1]]), [1]), "z = .*do not span"),
        (lambda: collision_inside(ReLULayer([[1]]), [-3], Box([0], [1])), "z = .*inside the domain"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def hatched(ax):
    return sum(len(c.get_paths()) for c in ax.collections if isinstance(c, PolyCollection) and c.get_hatch())


@each_planar
def test_drawing_in_the_plane_shows_the_data(layer):
    cells, before = find_cells(layer, BOX), dict(matplotlib.rcParams)
    figure = Figure()
    ax = figure.subplots()
    rows = {f"r{i}": (row, layer.bias[i]) for i, row in enumerate(layer.weight.fractions())}
    lost = [cell for cell in cells if cell.rank < 2]
    draw_plane_cells(ax, cells, 2, ((0, 0), (1, 1)) if lost else None, rows=rows)
    figure.legend(handles=cell_legend(cells, 2, collision=bool(lost), arrows=True))
    figure.canvas.draw()
    texts = [text.get_text() for text in ax.texts]
    large = [cell for cell in cells if area(cell.pieces[0]) > 0.02 * 12]
    numbers = [int(t) for t in texts if t.isdigit()]
    assert len(numbers) >= len(large) and set(numbers) <= {cell.active for cell in cells}
    assert hatched(ax) == len(lost) and ("$x$" in texts) == bool(lost)
    crossing = [  # lines that pass through the box are named
        f"r{i}"
        for i, row in enumerate(layer.weight.fractions())
        if any(row) and len({sign(layer, i, corner) for corner in product((-2, 2), (-1, 2))}) > 1
    ]
    assert sorted(t for t in texts if t.startswith("r")) == crossing
    assert dict(matplotlib.rcParams) == before


def sign(layer, i, corner):
    value = layer.preactivation_exact(corner)[i]
    return (value > 0) - (value < 0)


@each_spatial
def test_drawing_of_the_sphere_shows_the_data(layer):
    view = (1, 0, 1)
    cells = find_sphere_cells(layer, view)
    figure = Figure()
    axes = figure.subplots(1, 2)
    rows = {f"r{i}": row for i, row in enumerate(layer.weight.fractions()) if any(row)}
    draw_sphere(axes, cells, rows, ((1, 2, 3), (3, 2, -1)), view=view)
    figure.canvas.draw()
    named = [text.get_text() for ax in axes for text in ax.texts]
    # a direction on the rim is seen from both sides
    rim = [name for name, row in rows.items() if row[0] + row[2] == 0]
    assert sorted(t for t in named if t.startswith("r")) == sorted([*rows, *rim])
    assert {int(t) for t in named if t.isdigit()} <= {cell.active for cell in cells}
    assert named.count("$x$") == named.count("$y$") == 1
    for ax, side in zip(axes, (1, -1), strict=True):
        here = [c for c in cells for p in c.pieces if (p.sum(axis=0) @ view) * side > 0]
        assert hatched(ax) == sum(c.rank < 3 for c in here)
        drawn = [c for c in ax.collections if isinstance(c, PolyCollection) and not c.get_hatch()]
        shapes = [path.vertices[:-1] for c in drawn for path in c.get_paths()]
        assert math.isclose(sum(abs(area(shape)) for shape in shapes), 2 * math.pi, rel_tol=5e-3)  # true to area


def test_numbers_keep_away_from_the_collision():
    layer = ReLULayer([[1, 0], [0, 1]], [1, 1])
    cells = find_cells(layer, Box([-3, -3], [1, 1]))
    ax = Figure().subplots()
    draw_plane_cells(ax, cells, 2, ((-3, -2), (-1, -2)))
    (place,) = (np.array(t.xy) for t in ax.texts if t.get_text() == "0")
    assert -3 < place[0] < -1 and 0.1 < abs(place[1] + 2) < 1


def test_another_polyhedron_than_a_box():
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    cells = find_cells(ReLULayer([[1, -1]], [0]), triangle)
    assert sorted(cell.active for cell in cells) == [0, 1]
    assert math.isclose(sum(area(cell.pieces[0]) for cell in cells), 0.5)
