"""Bounds over the cells of a layer by looking at all of them, or at a sample."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from math import comb

import numpy as np

from relutheory._kernels.weighing import prove_many
from relutheory.core.exact import nearest_float
from relutheory.core.lp import solve_system
from relutheory.injectivity.stability.cells import Cell, Cells
from relutheory.injectivity.stability.clock import OutOfTime, check, late
from relutheory.polyhedra.regions import enumerate_regions

_MOST_INPUTS, _FEWEST_ROWS, _MOST_CELLS = 4, 100, 300_000
_ENTRIES = 1 << 21  # float matrix entries held at once
_CHAINS, _ROUNDS, _POLISHED = 256, 24, 4
_SHARE = 0.3  # of the time for random points
_FEWEST_CHAINS, _WORK = 4, 3e7  # chains times n^3 at most: fewer of them where matrices are large


def most_cells(cells: Cells) -> int:
    """At least the number of cells: what so many hyperplanes in general position have."""
    m, n = len(cells.live), cells.weights.n
    if cells.problem.affine:
        return sum(comb(m, k) for k in range(n + 1))
    return 2 * sum(comb(m - 1, k) for k in range(n)) if m else 1


def worth_scanning(cells: Cells) -> bool:
    """Whether looking at all cells is quicker than a search tree: many rows in few dimensions."""
    many = len(cells.live) >= _FEWEST_ROWS and cells.weights.n <= _MOST_INPUTS
    return many and most_cells(cells) <= _MOST_CELLS


def scan(cells: Cells, deadline: float | None, report: Callable[[float, int], None] | None = None) -> tuple[bool, int]:
    """Look at every cell: (whether all were seen before the deadline, how many were).

    Where it was all of them, no cell has an eigenvalue beyond `cells.bound`.
    """
    n, m = cells.weights.n, cells.layer.m
    size = max(_ENTRIES // max(n * n, m, 1), 1)
    seen, every = 0, most_cells(cells)
    live = np.zeros(m, dtype=bool)
    live[cells.live] = True
    for batch in enumerate_regions(cells.layer, cells.domain, points=False, batch=size):
        if late(deadline):
            return False, seen
        _look(cells, (batch.bits(m) != 0) & live)
        seen += batch.count
        if report is not None:
            report(min(seen / every, 1.0), seen)
    _find_point(cells)
    return True, seen


def _look(cells: Cells, active: np.ndarray) -> None:
    """Prove the bound for these cells, or improve it by them.  active : (k, m) bool."""
    if cells.bound is None:
        _exactly(cells, active[[int(np.argmin(cells.estimates(active)))]])
    left = active[~_proved(cells, active)]
    if not len(left):
        return
    order = np.argsort(cells.estimates(left), kind="stable")
    before = cells.bound
    _exactly(cells, left[order[:1]])
    left = left[order[1:]]
    if cells.bound != before:
        left = left[~_proved(cells, left)]
    _exactly(cells, left)


def _exactly(cells: Cells, active: np.ndarray) -> None:
    for row in active:
        cells.look(tuple(np.flatnonzero(row).tolist()), None)


def _proved(cells: Cells, active: np.ndarray) -> np.ndarray:
    """For which of the cells floats prove the bound."""
    n = cells.weights.n
    rows = cells.scaled[0]
    assert cells.bound is not None
    shift = cells.shift(cells.bound)
    chosen = active.astype(np.float64)
    outers = (rows[:, :, None] * rows[:, None, :]).reshape(len(rows), n * n)
    matrices = cells.sign * (chosen @ outers).reshape(-1, n, n)
    sizes = chosen @ (rows * rows) + np.abs(shift)
    proved = np.zeros(len(active), dtype=bool)
    prove_many(matrices, sizes, shift, float(len(rows) + 8), np.zeros((n, n)), proved)
    return proved


def _find_point(cells: Cells) -> None:
    """A point in the best cell, where none is known."""
    cell = cells.cell
    if cell is None or cell.point:
        return
    active, live, problem = set(cell.active), set(cells.live), cells.problem
    strict = []
    for i, row in enumerate(problem.rows):
        if i >= problem.m or i in live:
            positive = i < problem.m and (i in active) == (cells.sign > 0)
            sign = -1 if positive else 1
            strict.append(([sign * a for a in row[:-1]], -sign * row[-1]))
    point = solve_system(strict, [], problem.n).point
    if point is None:
        raise ArithmeticError("a region that was listed is empty: please report this layer")
    cells.cell = Cell(cell.active, point)


def sample(cells: Cells, seed: int, deadline: float | None = None) -> None:
    """Look at some good cells: random points of the domain, the best of them moved to better cells nearby.

    After the deadline one cell has been glanced at, at least.
    """
    if deadline is not None:
        first = cells.cell_at(cells.problem.inside)
        assert first is not None
        cells.glance(first.active, first.point)
    with suppress(OutOfTime):
        _sample(cells, seed, deadline)


def _sample(cells: Cells, seed: int, deadline: float | None) -> None:
    check(deadline)
    if not cells.live:
        cells.consider(cells.problem.inside)
        return
    rng = np.random.default_rng(seed)
    rows, fence, exponents = _scaled(cells)
    now = time.perf_counter()
    until = None if deadline is None else now + _SHARE * (deadline - now)
    chains = int(min(max(_WORK // cells.weights.n**3, _FEWEST_CHAINS), _CHAINS))
    points = _spread(cells, fence, exponents, rng, chains, until)
    values = _values(cells, rows, points, until)
    spread = 1.0
    for _ in range(_ROUNDS):
        if late(until):
            break
        sizes = np.abs(points).max(axis=1, keepdims=True)
        trial = points + spread * sizes * rng.standard_normal(points.shape)
        found = np.where((trial @ fence.T < 0.0).all(axis=1), _values(cells, rows, trial, until), np.inf)
        better = found < values
        points[better], values[better] = trial[better], found[better]
        best = np.argsort(values, kind="stable")[: chains // 4]
        points, values = np.concatenate([points, points[best]]), np.concatenate([values, values[best]])
        keep = np.argsort(values, kind="stable")[:chains]
        points, values = points[keep], values[keep]
        spread *= 0.85
    cells.consider(cells.problem.inside)
    for k in range(min(_POLISHED, len(points))):
        check(deadline)
        cells.rounded(points[k], exponents)


def _values(cells: Cells, rows: np.ndarray, points: np.ndarray, deadline: float | None) -> np.ndarray:
    marked = points @ rows.T > 0.0
    active = np.zeros((len(points), cells.layer.m), dtype=bool)
    active[:, cells.live] = marked if cells.sign > 0 else ~marked
    return cells.estimates(active, deadline)


def spread_points(cells: Cells, count: int, rng: np.random.Generator, deadline: float | None = None) -> np.ndarray:
    """Random points of the domain, (count, n) float64; without a bias and a domain their scale means nothing."""
    _, fence, exponents = _scaled(cells)
    points = _spread(cells, fence, exponents, rng, count, deadline)
    n = cells.weights.n
    with np.errstate(all="ignore"):
        tail = points[:, n:] if points.shape[1] > n else np.ones((count, 1))
        last = exponents[n] if points.shape[1] > n else 0
        return np.ldexp(points[:, :n] / tail, last - np.array(exponents[:n]))


def _scaled(cells: Cells) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The live rows, the walls, the exponents of the variables: see `Problem.scaled`."""
    problem = cells.problem
    walls = list(range(problem.m, len(problem.rows))) + ([-1] if problem.affine else [])
    scaled, exponents = problem.scaled(cells.live + walls)
    return scaled[: len(cells.live)], scaled[len(cells.live) :], exponents


def _spread(
    cells: Cells,
    fence: np.ndarray,
    exponents: list[int],
    rng: np.random.Generator,
    count: int,
    deadline: float | None,
) -> np.ndarray:
    """Points spread over the cone of the walls, in scaled variables: random chords from the point inside.

    After the deadline they are spread less.
    """
    d = len(exponents)
    if not len(fence):
        return rng.standard_normal((count, d))
    # homogeneous: the last variable is 2^-exponent, and everything is divided by it
    units = [Fraction(2) ** (e - exponents[-1]) for e in exponents[:-1]]
    start = [nearest_float(v * unit) for v, unit in zip(cells.problem.inside, units, strict=True)]
    points = np.tile(np.clip([*start, 1.0], -1e200, 1e200), (count, 1))
    for _ in range(2 * d):
        if late(deadline):
            break
        directions = rng.standard_normal(points.shape)
        slack, slope = -(points @ fence.T), directions @ fence.T
        with np.errstate(all="ignore"):
            steps = slack / slope
        high = np.where(slope > 0, steps, np.inf).min(axis=1)
        low = np.where(slope < 0, steps, -np.inf).max(axis=1)
        reach = 4.0 * (1.0 + np.abs(points).max(axis=1))
        low, high = np.maximum(low, -reach), np.minimum(high, reach)
        move = low + (high - low) * rng.random(len(points))
        points = points + np.where(np.isfinite(move), move, 0.0)[:, None] * directions
    return points
