"""Few rows that make a layer injective when they are appended.

Where the domain has no line in it, rows exist that are active everywhere: v = -sum r_j a_j with r_j > 0 is bounded
below by the walls <a_j, x> <= c_j.  If k is the largest number of dimensions that the active rows miss at some point,
k such rows in general position suffice, and fewer rows of any kind do not.

Elsewhere, R^n included, rows are appended that make lines two-sided: -w_i beside w_i, with the same kink, so that one
of the two is active everywhere.  One row alone is tried first, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from flint import fmpq_mat, fmpz_mat

from relutheory.core.exact import integer_rows, nearest_float, primitive, to_fmpq
from relutheory.core.lp import solve_system
from relutheory.injectivity.constructions import with_rows
from relutheory.injectivity.decide import InjectivityResult
from relutheory.injectivity.repair.raised_bias import Task
from relutheory.injectivity.witness import Collision
from relutheory.networks import ReLULayer

_SINGLE = 200  # collisions after which the search for one row that meets them all is given up
_LOOKS = 256  # points at which missing dimensions are counted for the lower bound
_WEIGHTS = 9  # walls are combined with weights from 1 to this, doubled at every failure

Row = tuple[list[Fraction], Fraction]


@dataclass
class Appended:
    """Rows appended so far, the decision that shows they suffice (or None), and a lower bound on their number."""

    rows: list[Row] = field(default_factory=list)
    result: InjectivityResult | None = None
    at_least: int = 1


def append_rows(task: Task, before: InjectivityResult) -> Appended:
    """Rows that repair the layer, which `before` shows not to be injective."""
    walls = [] if task.domain is None else [(a, c) for a, c in task.domain.halfspaces() if any(a)]
    if walls and _rank([a for a, _ in walls]) == task.layer.n:
        return _always_active(task, before, walls)
    assert before.witness is not None
    least = max(1, _missing(task.layer, _middle(before.witness)))
    if task.domain is None:
        least = max(least, _missing_both_ways(task.layer, _middle(before.witness)))
    found = Appended(at_least=least)
    if least == 1:
        single = _single(task, before, found)
        if single.result is not None:
            return single
    return _two_sided(task, before, found)


def _decide(task: Task, rows: list[Row]) -> InjectivityResult:
    extended = Task(with_rows(task.layer, rows), task.domain, task.deadline)
    return extended.decide([])


def _rank(vectors: Sequence[Sequence[Fraction]]) -> int:
    return int(fmpq_mat([[to_fmpq(v) for v in row] for row in vectors]).rank()) if vectors else 0


def _middle(collision: Collision) -> list[Fraction]:
    return [(p + q) / 2 for p, q in zip(collision.x, collision.y, strict=True)]


def _missing(layer: ReLULayer, z: Sequence[Fraction]) -> int:
    """How many dimensions the rows active at z miss: so many appended rows have to be active there."""
    values = layer.preactivation_exact(z)
    return layer.n - _rank([layer.weight.row(i) for i, v in enumerate(values) if v >= 0])


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
        found.at_least = max(found.at_least, _missing(task.layer, _middle(result.witness)))
        found.rows = []
        for _ in range(found.at_least):
            r = [int(v) for v in rng.integers(1, weights + 1, size=len(walls))]
            v = [-sum((k * a[j] for k, (a, _) in zip(r, walls, strict=True)), Fraction(0)) for j in range(n)]
            found.rows.append((v, sum((k * c for k, (_, c) in zip(r, walls, strict=True)), Fraction(0))))
        weights *= 2
        if task.late:
            return found
        result = _decide(task, found.rows)


def _missing_both_ways(layer: ReLULayer, start: Sequence[Fraction]) -> int:
    """On R^n: the most dimensions that the rows without biases miss at some z and at -z together, among a few z.

    An injective layer stays so without its biases.  At a z off all hyperplanes, also those of the appended rows, each
    appended row is active at z or at -z, not at both.
    """
    rng = np.random.default_rng(0)
    integers = [row[:-1] for row in integer_rows(layer.weight, layer.bias)]
    W = np.array([[nearest_float(Fraction(v, max(map(abs, row)) or 1)) for v in row] for row in integers])
    looks = rng.standard_normal((_LOOKS, layer.n))
    top = max(map(abs, start)) or Fraction(1)
    looks[: _LOOKS // 2] = 1e-4 * looks[: _LOOKS // 2] + [nearest_float(v / top) for v in start]
    counts = (looks @ W.T > 0).sum(axis=1) if len(W) else np.zeros(_LOOKS, dtype=int)
    most = 0
    for k in np.argsort(np.minimum(counts, layer.m - counts), kind="stable")[:32]:
        z = fmpz_mat([[int(v * 2**30)] for v in looks[k].tolist()])
        values = [int(v) for v in (fmpz_mat(integers) * z).entries()] if integers else []
        if all(v != 0 or not any(row) for v, row in zip(values, integers, strict=True)):
            here, there = ([row for v, row in zip(values, integers, strict=True) if s * v > 0] for s in (1, -1))
            ranks = [int(fmpz_mat(side).rank()) if side else 0 for side in (here, there)]
            most = max(most, 2 * layer.n - sum(ranks))
    return most


def _single(task: Task, before: InjectivityResult, found: Appended) -> Appended:
    """One row, or a proof that one is not enough: it has to be positive at every collision met and change along it.

    Around a collision's middle z all points fail, so that the row has to be active about z, and not constantly zero.
    """
    result, rows = before, list[Row]()
    points: list[list[Fraction]] = []
    across: list[list[Fraction]] = []
    while result.witness is not None and len(points) < _SINGLE and not task.late:
        points.append(_middle(result.witness))
        across.append([p - q for p, q in zip(result.witness.x, result.witness.y, strict=True)])
        strict = [([*(-v for v in z), Fraction(-1)], Fraction(0)) for z in points]
        answer = solve_system(strict, [], task.layer.n + 1)
        if answer.point is None:
            found.at_least = 2  # the multipliers combine the points (z, 1) to zero: no row is positive at all of them
            return Appended(at_least=2)
        rows = [_changing(list(answer.point), points, across)]
        result = _decide(task, rows)
    return Appended(rows, result, 1) if result.proved else Appended(at_least=found.at_least)


def _changing(row: list[Fraction], points: list[list[Fraction]], across: list[list[Fraction]]) -> Row:
    """A row near (w | b) that is still positive at the points and changes along all the directions."""
    rng = np.random.default_rng(len(points))
    n = len(row) - 1
    largest = max(map(abs, row)) or Fraction(1)
    scale = 1
    while True:
        noise = [Fraction(int(v)) * largest / (32 * scale) for v in rng.integers(-9, 10, size=n)]
        w = [v + d for v, d in zip(row[:n], noise, strict=True)]
        positive = all(_dot(w, z) + row[n] > 0 for z in points)
        if positive and all(_dot(w, u) for u in across):
            *integers, bias = (Fraction(v) for v in primitive([*w, row[n]]))
            return integers, bias
        scale *= 2


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
    k = max(range(layer.n), key=lambda k: abs(u[k]))
    unit = [Fraction(int(j == k)) for j in range(layer.n)]
    return [(unit, Fraction(0)), ([-v for v in unit], Fraction(0))]
