"""Few rows that make a layer injective when they are appended.

Where the domain has no line in it, rows exist that are active everywhere: v = -sum r_j a_j with r_j > 0 is bounded
below by the walls <a_j, x> <= c_j.  If k is the largest number of dimensions that the active rows miss at some point,
k such rows in general position suffice, and fewer rows of any kind do not.

Elsewhere, R^n included, rows are appended that make lines two-sided: -w_i beside w_i, with the same kink, so that one
of the two is active everywhere.  One row alone is tried first, exactly.

On every domain the opposites of rank W independent rows, and two opposite rows for each dimension that W misses, are a
repair: where time runs out, it is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from flint import nmod_mat

from relutheory.core.exact import primitive
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.lp import solve_system
from relutheory.core.residues import primes
from relutheory.injectivity.constructions import with_rows
from relutheory.injectivity.decide import InjectivityResult
from relutheory.injectivity.repair.gaps import Gaps
from relutheory.injectivity.repair.missing import missing_at, missing_both_ways, rank
from relutheory.injectivity.repair.raised_bias import Task
from relutheory.injectivity.witness import Collision
from relutheory.networks import ReLULayer

_SINGLE = 24  # collisions for each unknown, after which the search for one row that meets them all is given up
_WEIGHTS = 9  # walls are combined with weights from 1 to this, doubled at every failure
_BITS = (4, 12, 26, 53, 106, 212)  # to which the coordinates of a point are rounded where that is possible

Row = tuple[list[Fraction], Fraction]


@dataclass
class Appended:
    """Rows appended so far, the decision that shows they suffice (or None), and a lower bound on their number."""

    rows: list[Row] = field(default_factory=list)
    result: InjectivityResult | None = None
    at_least: int = 1


def append_rows(task: Task, before: InjectivityResult) -> Appended:
    """Rows that repair the layer, which `before` shows not to be injective."""
    found = _searched(task, before)
    if found.result is None or len(found.rows) > task.layer.n:
        paired = paired_rows(task, found.at_least)
        if found.result is None or (paired.result is not None and len(paired.rows) < len(found.rows)):
            return paired
    return found


def paired_rows(task: Task, at_least: int) -> Appended:
    """The repair that needs no search: opposites of independent rows, two opposite rows for a dimension missed."""
    layer, integers = task.layer, task.gaps.integers
    units = [[int(j == k) for j in range(layer.n)] for k in range(layer.n)]
    rows: list[Row] = []
    for i in _spanning([*integers, *units]):
        if i < layer.m:
            rows.append(([-v for v in layer.weight.row(i)], -layer.bias[i]))
        else:
            rows += _axis(i - layer.m, layer.n)
    answer = Task(with_rows(layer, rows), task.domain).decide([])  # the pairs decide it, without a search
    return Appended(rows, answer if answer.proved else None, at_least)


def _spanning(rows: list[list[int]]) -> list[int]:
    """The numbers of n rows that span the space, the first ones where possible.

    Modulo a prime, so that in rare cases a later row is taken, which spans as well.
    """
    p = next(iter(primes()))
    reduced, many = nmod_mat([[v % p for v in row] for row in rows], p).transpose().rref()
    return [next(j for j in range(len(rows)) if reduced[k, j]) for k in range(many)]


def _axis(k: int, n: int) -> list[Row]:
    unit = [Fraction(int(j == k)) for j in range(n)]
    return [(unit, Fraction(0)), ([-v for v in unit], Fraction(0))]


def _searched(task: Task, before: InjectivityResult) -> Appended:
    walls = [] if task.domain is None else [(a, c) for a, c in task.domain.halfspaces() if any(a)]
    normals = [a for a, _ in walls]
    if walls and rank(normals) == task.layer.n:
        return _always_active(task, before, walls)
    assert before.witness is not None
    middle = _middle(before.witness)
    least = max(1, missing_at(task.layer, middle), missing_both_ways(task.layer, normals, middle, lambda: task.late))
    found = Appended(at_least=least)
    if least == 1:
        single = _single(task, before, found)
        if single.result is not None:
            return single
    return _two_sided(task, before, found)


def _decide(task: Task, rows: list[Row]) -> InjectivityResult:
    extended = Task(with_rows(task.layer, rows), task.domain, task.deadline)
    return extended.decide([])


def _middle(collision: Collision) -> list[Fraction]:
    return [(p + q) / 2 for p, q in zip(collision.x, collision.y, strict=True)]


def _simple(task: Task, rows: list[Row], collision: Collision) -> tuple[list[Fraction], list[Fraction]]:
    """(z, u) with few digits such that z + s u and z - s u collide for small s, with these rows appended too.

    z is the collision's middle, rounded as far as the rows active there do not span and it stays inside of the domain.
    """
    z = _middle(collision)
    gaps = Gaps(with_rows(task.layer, rows), task.domain)
    for bits in _BITS:
        near = [_rounded(v, bits) for v in z]
        if all(_dot(a, near) < c for a, c in gaps.walls):
            u = orthogonal_vector([w for i, w in enumerate(gaps.integers) if gaps.value(i, near) >= 0], gaps.n)
            if u is not None:
                return near, [Fraction(v) for v in u]
    return z, [p - q for p, q in zip(collision.x, collision.y, strict=True)]


def _rounded(value: Fraction, bits: int) -> Fraction:
    """The value to so many significant bits, about."""
    shift = value.denominator.bit_length() - value.numerator.bit_length() + bits
    unit = Fraction(2) ** -shift
    return round(value / unit) * unit


def _always_active(task: Task, before: InjectivityResult, walls: list[Row]) -> Appended:
    """Rows in general position that are active on the whole domain; a failure raises their number or the weights."""
    n, weights = task.layer.n, _WEIGHTS
    rng = np.random.default_rng(0)
    found = Appended()
    result = before
    while True:
        if result.witness is None:
            found.result = result if result.proved else None
            return found
        found.at_least = max(found.at_least, missing_at(task.layer, _middle(result.witness)))
        found.rows = []
        for _ in range(found.at_least):
            r = [int(v) for v in rng.integers(1, weights + 1, size=len(walls))]
            v = [-sum((k * a[j] for k, (a, _) in zip(r, walls, strict=True)), Fraction(0)) for j in range(n)]
            found.rows.append((v, sum((k * c for k, (_, c) in zip(r, walls, strict=True)), Fraction(0))))
        weights *= 2
        if task.late:
            return found
        result = _decide(task, found.rows)


def _single(task: Task, before: InjectivityResult, found: Appended) -> Appended:
    """One row, or a proof that one is not enough: it has to be positive at every collision met and change along it.

    Around a collision's middle z all points fail, so that the row has to be active about z, and not constantly zero.
    """
    result, rows = before, list[Row]()
    points: list[list[Fraction]] = []
    across: list[list[Fraction]] = []
    while result.witness is not None and len(points) < _SINGLE * (task.layer.n + 1) and not task.late:
        z, u = _simple(task, rows, result.witness)
        points.append(z)
        across.append(u)
        strict = [([*(-v for v in z), Fraction(-1)], Fraction(0)) for z in points]
        answer = solve_system(strict, [], task.layer.n + 1)
        if answer.point is None:
            found.at_least = 2  # the multipliers combine the points (z, 1) to zero: no row is positive at all of them
            return Appended(at_least=2)
        rows = [_changing(list(answer.point), points, across)]
        result = _decide(task, rows)
    return Appended(rows, result, 1) if result.proved else Appended(at_least=found.at_least)


def _changing(row: list[Fraction], points: list[list[Fraction]], across: list[list[Fraction]]) -> Row:
    """A row of few digits near (w | b) that is still positive at the points and changes along all the directions."""
    rng = np.random.default_rng(len(points))
    unit = (max(map(abs, row)) or Fraction(1)) / 32
    while True:
        noise = [*rng.integers(-9, 10, size=len(row) - 1).tolist(), 0]
        *w, bias = (
            Fraction(v) for v in primitive([Fraction(round(v / unit) + d) for v, d in zip(row, noise, strict=True)])
        )
        if all(_dot(w, z) + bias > 0 for z in points) and all(_dot(w, u) for u in across):
            return w, bias
        unit /= 4


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0))


def _two_sided(task: Task, before: InjectivityResult, found: Appended) -> Appended:
    """Lines made two-sided, one for each collision met; then rows that are not needed are left out again."""
    rows: list[Row] = []
    result = before
    while result.witness is not None and not task.late:
        rows += _pair(task.layer, result.witness)
        result = _decide(task, rows)
    if not result.proved:
        return Appended(at_least=found.at_least)
    for row in rows[:-1]:
        if len(rows) == found.at_least or task.late:
            break
        fewer = [other for other in rows if other is not row]
        answer = _decide(task, fewer)
        if answer.proved:
            rows, result = fewer, answer
    return Appended(rows, result, found.at_least)


def _pair(layer: ReLULayer, collision: Collision) -> list[Row]:
    """The opposite of a row that is negative at the collision and changes along it; or both of two opposite rows."""
    z = _middle(collision)
    u = [p - q for p, q in zip(collision.x, collision.y, strict=True)]
    values = layer.preactivation_exact(z)
    slopes = [_dot(layer.weight.row(i), u) for i in range(layer.m)]
    steep = [i for i, v in enumerate(slopes) if v]
    if steep:
        # the row that meets the collision at the steepest angle: its line is far from the span of the active rows
        i = max(steep, key=lambda i: slopes[i] ** 2 / _dot(layer.weight.row(i), layer.weight.row(i)))
        assert values[i] < 0
        return [([-v for v in layer.weight.row(i)], -layer.bias[i])]
    return _axis(max(range(layer.n), key=lambda k: abs(u[k])), layer.n)
