"""Points at which few rows are active, found by counting rather than by search."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

import numpy as np
from flint import fmpq_mat, fmpz_mat

from relutheory._kernels.separation import SEPARATED, separate
from relutheory.core.exact import primitive
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.witness import Collision, collision_at, roundings

_TRIES = 8
_EXACT = 64  # dimensions up to which a linear system is worth solving in rationals
_FINDER_SIZE = 2_000_000  # coefficients up to which the finder is worth its time


def half_space_collision(problem: Problem, free: list[int], missing: int) -> Collision | None:
    """A collision of a layer with at most 2k rows outside the span of the forced lines, k dimensions missing there.

    free : those rows (no two on the same side of one line); missing : k.  None where the argument does not apply.

    Of z and -z one has at most half of the free rows active.  With fewer than 2k rows that is fewer than k.  With 2k
    rows, either the halves are unequal, or crossing one row's hyperplane makes them so; the active rows, together with
    the forced lines, then miss a dimension.  With a bias the same holds far out in the direction z.
    """
    if problem.domain is not None or len(free) > 2 * missing:
        return None
    collision = _all_negative(problem, free)
    if collision is not None:
        return collision
    rng = np.random.default_rng(0)
    for _ in range(_TRIES):
        start = [int(v) for v in rng.integers(-9, 10, problem.n)]
        z = _unbalanced(problem, free, start, rng)
        if z is not None:
            collision = collision_at(problem, _far_out(problem, free, z))
            if collision is not None:
                return collision
    return None


def general_position_collision(
    problem: Problem, free: list[int], missing: int, deadline: float | None = None
) -> Collision | None:
    """A collision of a layer with at most n + 2k - 2 free rows, k dimensions missing outside the forced lines.

    In general position, n - 1 of the free rows vanish on a line.  Of its two directions one has at most half of the
    other free rows active; tilted a little, it makes the n - 1 rows negative, and fewer than k free rows are active.
    One linear system, in floats first; the collision is exact.  Without general position there may be none here.
    deadline : of `time.perf_counter`, after which nothing new is tried.
    """
    if problem.domain is not None or not problem.n - 1 <= len(free) <= problem.n + 2 * missing - 2:
        return None
    if _late(deadline):
        return None
    for z in chain(_tilted(problem, free), _tilted_exactly(problem, free)):
        slopes = _slopes(problem, free, z)
        if all(slopes) and sum(v > 0 for v in slopes) < missing:
            return collision_at(problem, _far_out(problem, free, z) if problem.affine else z)
        if _late(deadline):
            return None
    return None


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.perf_counter() > deadline


def _tilted(problem: Problem, free: list[int]) -> Iterator[list[Fraction]]:
    """Directions, found in floats, that make n - 1 of the rows just negative, and at most half of the others positive.

    A few times with other rows, and each time with more and more digits.
    """
    n = problem.n
    scaled, exponents = problem.scaled(free + ([-1] if problem.affine else []))
    scaled = scaled[: len(free), :n]
    lengths = np.sqrt((scaled * scaled).sum(axis=1))
    if not (lengths > 0.0).all():
        return
    rng = np.random.default_rng(0)
    for _ in range(_TRIES):
        rows = rng.permutation(scaled / lengths[:, None])
        line, others = rows[: n - 1], rows[n - 1 :]
        along = np.linalg.svd(line)[2][-1] if n > 1 else np.ones(1)
        try:
            tilt = np.linalg.solve(np.vstack([line, along]), np.append(np.full(n - 1, -1.0), 0.0))
        except np.linalg.LinAlgError:
            continue
        values, rates = others @ along, others @ tilt
        if 2 * int((values > 0.0).sum()) > len(values):
            values, along = -values, -along
        with np.errstate(all="ignore"):
            room = np.abs(values / rates)
        point = along + 0.5 * float(np.min(room[rates != 0.0], initial=1.0)) * tilt
        if np.isfinite(point).all():
            yield from roundings(n, point, exponents)


def _tilted_exactly(problem: Problem, free: list[int]) -> Iterator[list[Fraction]]:
    """The same for the first n - 1 rows, in rationals: for rows that floats see as dependent."""
    n = problem.n
    if n > _EXACT:
        return
    line, others = free[: n - 1], free[n - 1 :]
    along = orthogonal_vector([problem.rows[i][:-1] for i in line], n)
    system = fmpq_mat(fmpz_mat([*(problem.rows[i][:-1] for i in line), along or [0] * n]))
    try:
        solved = system.solve(fmpq_mat(n, 1, [-1] * (n - 1) + [0])).entries()
    except ZeroDivisionError:
        return  # dependent rows
    z, tilt = [Fraction(v) for v in along or []], [Fraction(int(v.p), int(v.q)) for v in solved]
    values, rates = _slopes(problem, others, z), _slopes(problem, others, tilt)
    if 2 * sum(v > 0 for v in values) > len(values):
        z, values = [-v for v in z], [-v for v in values]
    step = min((abs(v / r) / 2 for v, r in zip(values, rates, strict=True) if r), default=Fraction(1))
    yield [v + step * t for v, t in zip(z, tilt, strict=True)]


def _all_negative(problem: Problem, free: list[int]) -> Collision | None:
    """A point at which no free row is active, where the finder sees one: it makes for the simplest collisions."""
    d = problem.n + 1 if problem.affine else problem.n
    if not free or len(free) * d > _FINDER_SIZE:
        return None
    rows, exponents = problem.scaled(free + ([-1] if problem.affine else []))
    columns = np.ascontiguousarray(-(rows / np.sqrt((rows * rows).sum(axis=1))[:, None]).T)
    many = columns.shape[1]
    state, active = np.zeros((2 * d + 2, d)), np.zeros(d, np.int64)
    support, slack, scratch = np.zeros(d + 1, np.int64), np.zeros(many), np.zeros((3, d))
    outcome, _, _ = separate(columns, np.full(many, -1.0), state, active, 0, support, slack, scratch)
    if outcome != SEPARATED:
        return None
    for z in roundings(problem.n, state[2 * d + 1], exponents):
        values = problem.values(z)
        if all(values[i] < 0 for i in free):
            return collision_at(problem, z)
    return None


def _slopes(problem: Problem, rows: list[int], z: list[Fraction]) -> list[Fraction]:
    """<w_i, z> for the rows, scaled as in `problem.rows`."""
    *numerators, denominator = primitive([*z, Fraction(1)])
    products = (problem.matrix * fmpz_mat([[v] for v in [*numerators, 0]])).entries()
    return [Fraction(int(products[i]), denominator) for i in rows]


def _unbalanced(problem: Problem, free: list[int], start: list[int], rng: np.random.Generator) -> list[Fraction] | None:
    """A direction, near `start` or its opposite, with fewer than half of the free rows positive and none zero."""
    z = [Fraction(v) for v in start]
    slopes = _slopes(problem, free, z)
    if not all(slopes):
        return None
    positive = sum(v > 0 for v in slopes)
    if 2 * positive == len(free):
        z = _across_one(problem, free, z, slopes, rng)
        slopes = _slopes(problem, free, z)
        positive = sum(v > 0 for v in slopes)
    if 2 * positive == len(free) or not all(slopes):
        return None
    return z if 2 * positive < len(free) else [-v for v in z]


def _across_one(
    problem: Problem, free: list[int], z: list[Fraction], slopes: list[Fraction], rng: np.random.Generator
) -> list[Fraction]:
    """Go from z in a random direction just across the first row's hyperplane."""
    v = [Fraction(int(k)) for k in rng.integers(-9, 10, problem.n)]
    rates = _slopes(problem, free, v)
    times = sorted({-s / r for s, r in zip(slopes, rates, strict=True) if r and s / r < 0})
    if not times:
        return z
    t = (times[0] + times[1]) / 2 if len(times) > 1 else 2 * times[0]
    return [a + t * b for a, b in zip(z, v, strict=True)]


def _far_out(problem: Problem, free: list[int], z: list[Fraction]) -> list[Fraction]:
    """A multiple of z so large that the biases do not change the sign of any free row."""
    needed = Fraction(1)
    for i, slope in zip(free, _slopes(problem, free, z), strict=True):
        needed = max(needed, 2 * abs(Fraction(problem.rows[i][-1]) / slope))
    factor = 1
    while factor < needed:
        factor *= 2
    return [factor * v for v in z]
