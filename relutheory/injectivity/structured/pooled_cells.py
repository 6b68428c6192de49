"""Exact decision of max and average pooling: the pooled layer is affine on cells, and cells are compared in pairs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from relutheory.core.exact import primitive
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.lp import Row, solve_system
from relutheory.injectivity.witness import Collision
from relutheory.networks import ReLULayer
from relutheory.polyhedra import enumerate_regions

_CELLS = 20_000  # that are kept in memory

Form = list[Fraction]  # (w | b), the function <w, x> + b


@dataclass(frozen=True)
class CellsOutcome:
    """Whether all pairs of cells were compared, a collision where one was found, and how many pairs were compared."""

    complete: bool
    collision: Collision | None
    pairs: int


@dataclass(frozen=True)
class _Cell:
    """A cell: a point inside, its closure as rows of (a, c) with <a, x> <= c, and the outputs as functions on it."""

    point: tuple[Fraction, ...]
    walls: list[Row]
    outputs: list[Form]


def compare_cells(
    single: Sequence[Form],
    mixed: Sequence[Sequence[Form]],
    kind: str,
    n: int,
    deadline: float | None,
    pair_limit: float | None,
) -> CellsOutcome:
    """Look for two points with equal outputs, in each cell and in each pair of cells.

    single : rows (w | b) that are not pooled; mixed : the rows of the groups; kind : "max" or "average".  The cells are
    those of all rows and, for "max", of the differences of the rows of each group: there the outputs are affine.

    >>> one = [Fraction(1), Fraction(0)]
    >>> compare_cells([one], [[one, [Fraction(-2), Fraction(0)]]], "max", 1, None, None).complete
    True
    """
    forms = [form for form in _hyperplanes(single, mixed, kind) if any(form[:-1])]
    cells: list[_Cell] = []
    for point in _points(forms, n):
        cell = _cell(point, forms, single, mixed, kind, n)
        collision = _inside(cell, forms, n)
        if collision is not None:
            return CellsOutcome(False, collision, 0)
        cells.append(cell)
        if len(cells) > _CELLS or (deadline is not None and time.perf_counter() > deadline):
            return CellsOutcome(False, None, 0)
    pairs = 0
    for first, second in combinations(cells, 2):
        if (pair_limit is not None and pairs >= pair_limit) or (
            deadline is not None and time.perf_counter() > deadline
        ):
            return CellsOutcome(False, None, pairs)
        pairs += 1
        collision = _between(first, second, n)
        if collision is not None:
            return CellsOutcome(False, collision, pairs)
    return CellsOutcome(True, None, pairs)


def _hyperplanes(single: Sequence[Form], mixed: Sequence[Sequence[Form]], kind: str) -> Iterator[Form]:
    yield from single
    for group in mixed:
        yield from group
        if kind == "max":
            for one, other in combinations(group, 2):
                yield [a - b for a, b in zip(one, other, strict=True)]


def _points(forms: list[Form], n: int) -> Iterator[tuple[Fraction, ...]]:
    """A point inside each cell."""
    layer = ReLULayer([form[:-1] for form in forms], [form[-1] for form in forms])
    for batch in enumerate_regions(layer, batch=256):
        yield from (batch.point(i) for i in range(batch.count))


def _cell(
    point: tuple[Fraction, ...],
    forms: list[Form],
    single: Sequence[Form],
    mixed: Sequence[Sequence[Form]],
    kind: str,
    n: int,
) -> _Cell:
    walls: list[Row] = []
    for form in forms:
        sign = -1 if _value(form, point) > 0 else 1
        walls.append(([sign * v for v in form[:-1]], -sign * form[-1]))
    zero = [Fraction(0)] * (n + 1)
    outputs = [form if _value(form, point) > 0 else zero for form in single]
    for group in mixed:
        if kind == "max":
            outputs.append(max([zero, *group], key=lambda form: _value(form, point)))
        else:
            active = [form for form in group if _value(form, point) > 0]
            outputs.append([sum(column, Fraction(0)) / len(group) for column in zip(zero, *active, strict=True)])
    return _Cell(point, walls, outputs)


def _inside(cell: _Cell, forms: list[Form], n: int) -> Collision | None:
    """Two points of one cell, along a vector on which no output depends."""
    u = orthogonal_vector([primitive(form[:-1]) for form in cell.outputs], n)
    if u is None:
        return None
    step = Fraction(1)
    for form in forms:
        slope = abs(sum((a * v for a, v in zip(form[:-1], u, strict=True)), Fraction(0)))
        if slope:
            step = min(step, abs(_value(form, cell.point)) / slope)
    x = tuple(v + step * d for v, d in zip(cell.point, u, strict=True))
    return Collision(x, tuple(v - step * d for v, d in zip(cell.point, u, strict=True)))


def _between(first: _Cell, second: _Cell, n: int) -> Collision | None:
    """Two different points of the closed cells with equal outputs."""
    none = [Fraction(0)] * n
    weak: list[Row] = []
    weak.extend(([*a, *none], c) for a, c in first.walls)
    weak.extend(([*none, *a], c) for a, c in second.walls)
    for f, g in zip(first.outputs, second.outputs, strict=True):
        ahead, behind = [*f[:-1], *(-v for v in g[:-1])], [*(-v for v in f[:-1]), *g[:-1]]
        if any(ahead) or f[-1] != g[-1]:
            weak.extend([(ahead, g[-1] - f[-1]), (behind, f[-1] - g[-1])])
    if not solve_system([], weak, 2 * n).feasible:
        return None
    for k in range(n):
        for sign in (1, -1):
            differ = [sign * (int(j == n + k) - int(j == k)) for j in range(2 * n)]
            point = solve_system([(differ, 0)], weak, 2 * n).point
            if point is not None:
                return Collision(point[:n], point[n:])
    return None


def _value(form: Form, point: Sequence[Fraction]) -> Fraction:
    return sum((a * v for a, v in zip(form[:-1], point, strict=True)), form[-1])
