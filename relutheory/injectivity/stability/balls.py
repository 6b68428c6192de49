"""The cells of a layer that meet a ball: proofs on a polytope around it, cells and their points inside it.

Every half-space of the polytope contains the ball.  It begins with the bounding box and the rows that do not change
their sign on the ball; then cells of the polytope that miss the ball, and are better than all that are known to meet
it, are cut off, until the best cell is one that meets the ball, or so many rounds are over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from relutheory.core import nearest
from relutheory.core.exact import nearest_float
from relutheory.core.lp import solve_system
from relutheory.core.sets import Ball, Polyhedron
from relutheory.injectivity.domains.balls import Gap, Wall, cut
from relutheory.injectivity.stability.cell_bounds import Work, prove
from relutheory.injectivity.stability.cells import Cell, Cells
from relutheory.injectivity.stability.clock import OutOfTime, check
from relutheory.injectivity.stability.half_spaces import Group, half_spaces
from relutheory.networks import ReLULayer

_ROUNDS = 40
_CUTS = 8  # in one round
_SAMPLED, _TRIED = 512, 4  # random points of the ball, and how many of their cells are looked at


@dataclass(frozen=True)
class Looked:
    """What is proved of all cells of `cells`, and `inside`: the best cell found that meets the domain itself."""

    cells: Cells
    work: Work
    inside: Cells


def look_at_cells(
    layer: ReLULayer,
    domain: Polyhedron | Ball | None,
    sign: int,
    seed: int,
    deadline: float | None,
    report: Callable[[float, int], None] | None,
    outer: Polyhedron | None = None,
) -> Looked:
    """Bound the eigenvalue over all cells of a layer that meet the domain; arguments as in `Cells` and `prove`.

    outer : a polytope around a ball to begin with.
    """
    if isinstance(domain, Ball):
        return _look_at_ball(layer, domain, outer or domain.bounding_box(), sign, seed, deadline, report)
    cells = Cells(layer, domain, sign)
    return Looked(cells, prove(cells, seed, deadline, report), cells)


def cell_in_ball(cells: Cells, ball: Ball, z: Sequence[Fraction]) -> Cell | None:
    """A cell next to z, and a point of it in the open ball; z lies there as well.  None where there is none."""
    cell = cells.cell_at(z)
    if cell is None:
        return None
    point = list(cell.point)
    while ball.distance_squared(point) >= ball.radius**2:
        point = [(a + b) / 2 for a, b in zip(point, z, strict=True)]  # no row changes its sign on the way to z
    return Cell(cell.active, tuple(point))


def _look_at_ball(
    layer: ReLULayer,
    ball: Ball,
    outer: Polyhedron,
    sign: int,
    seed: int,
    deadline: float | None,
    report: Callable[[float, int], None] | None,
) -> Looked:
    inside = Cells(layer, ball.bounding_box(), sign)
    inside.deadline = deadline
    with suppress(OutOfTime):
        _sample(inside, ball, seed, deadline)
    walls = outer.halfspaces() + _constant_rows(inside, ball)
    best, nodes, complete = None, 0, False
    for _ in range(_ROUNDS):
        cells = Cells(layer, Polyhedron([a for a, _ in walls], [c for _, c in walls]), sign)
        work = prove(cells, seed, deadline, report, inside.cell)
        nodes += work.nodes
        if best is None or sign * (work.proved - best.work.proved) >= 0:
            best = Looked(cells, work, inside)
        if not work.complete:
            break
        try:
            cuts = _cuts(cells, inside, ball, deadline)
        except (OutOfTime, nearest.OutOfTime):
            break
        if not cuts:
            complete = True
            break
        walls = walls + cuts
    assert best is not None
    return replace(best, work=replace(best.work, complete=complete, nodes=nodes))


def _constant_rows(cells: Cells, ball: Ball) -> list[Wall]:
    """The half-spaces of the rows whose hyperplanes miss the open ball, but not the bounding box."""
    walls = []
    weights, biases = cells.layer.weight, cells.layer.bias
    for group in half_spaces(cells):
        i = group.rows[0]
        row = weights.row(i)
        value = sum((a * c for a, c in zip(row, ball.center, strict=True)), biases[i])
        reaches = abs(value) < ball.radius * sum(abs(a) for a in row)
        if reaches and value * value >= ball.radius**2 * sum(a * a for a in row):
            s = -1 if value > 0 else 1
            walls.append(([s * a for a in row], -s * biases[i]))
    return walls


def _sample(inside: Cells, ball: Ball, seed: int, deadline: float | None) -> None:
    """Look at the cell at the center, and at the best ones of random points of the ball."""
    first = cell_in_ball(inside, ball, ball.center)
    assert first is not None
    inside.glance(first.active, first.point)
    check(deadline)
    inside.look(first.active, first.point)
    layer, n = inside.layer, inside.layer.n
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((_SAMPLED, n))
    steps *= rng.random((_SAMPLED, 1)) ** (1 / n) / np.linalg.norm(steps, axis=1, keepdims=True) * (1 - 2.0**-20)
    with np.errstate(all="ignore"):
        middle = np.array([nearest_float(v) for v in ball.center])
        values = (steps * nearest_float(ball.radius)) @ layer.W.T + (layer.W @ middle + layer.b)
    active = np.zeros((_SAMPLED, layer.m), dtype=bool)
    active[:, inside.live] = values[:, inside.live] > 0
    order = np.argsort(inside.estimates(active, deadline), kind="stable")
    for k in order[:_TRIED]:
        point = [c + ball.radius * Fraction(float(v)) for c, v in zip(ball.center, steps[k], strict=True)]
        if ball.distance_squared(point) < ball.radius**2:
            cell = cell_in_ball(inside, ball, point)
            if cell is not None:
                inside.look(cell.active, cell.point)


def _cuts(cells: Cells, inside: Cells, ball: Ball, deadline: float | None) -> list[Wall]:
    """Half-spaces around the ball that cut off cells better than the best one inside; none where that is the best.

    Cells that turn out to meet the ball are looked at inside.
    """
    cuts: list[Wall] = []
    sign, groups = cells.sign, half_spaces(cells)
    for active, found in sorted(cells.known.items(), key=lambda item: sign * item[1].inner):
        if len(cuts) == _CUTS or (inside.best is not None and sign * (found.inner - inside.best.inner) >= 0):
            break
        rows = _closure(cells, groups, set(active))
        near = nearest.nearest_point(rows, ball.center, deadline)
        assert near is not None, "cells are not empty"
        if near.squared < ball.radius**2:
            inside.look(active, _point(cells, rows, near, ball))
        else:
            cuts.append(cut(ball, Gap(rows, [], near)))
    return cuts


def _closure(cells: Cells, groups: list[Group], active: set[int]) -> list[list[int]]:
    """The rows (a | c), <a, x> <= c, of the closure of a cell of the layer."""
    rows = []
    for group in groups:
        i = group.rows[0]
        row = cells.problem.rows[i]
        s = -1 if (i in active) == (cells.sign > 0) else 1
        rows.append([*(s * a for a in row[:-1]), -s * row[-1]])
    return rows


def _point(cells: Cells, rows: list[list[int]], near: nearest.Nearest, ball: Ball) -> tuple[Fraction, ...]:
    """A point of the open cell with these rows in the open ball."""
    middle = solve_system([(row[:-1], row[-1]) for row in rows], [], cells.problem.n).point
    assert middle is not None, "cells are not empty"
    point = list(middle)
    while ball.distance_squared(point) >= ball.radius**2:
        point = [(a + b) / 2 for a, b in zip(point, near.point, strict=True)]
    return tuple(point)
