"""Deciding injectivity on a ball: polytopes around it, and collisions inside it.

The layer fails on the ball iff for some u != 0 the *gap* of u, the open polyhedron on which all rows with <w_i, u> !=
0 are negative, meets the open ball: iff the gap is not empty and its nearest point to the center is less than the
radius away.  A layer that is injective on a polytope around the ball is injective on the ball (the sufficient part).
A collision in the polytope gives a gap; either the ball meets it, and there is a collision in the ball (the necessary
part), or a half-space that contains the ball cuts the whole gap off the polytope, and the next polytope is asked.
There are finitely many gaps, so this ends.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from fractions import Fraction

from relutheory.core.exact import primitive
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.lp import solve_system
from relutheory.core.nearest import Nearest, OutOfTime, nearest_point
from relutheory.core.progress import Report
from relutheory.core.roots import root
from relutheory.core.sets import Ball, Polyhedron
from relutheory.injectivity.decide import InjectivityResult, Stats, Status, decide_injectivity
from relutheory.injectivity.domains.ball_descent import flats_near_the_bottom
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.witness import Collision, collision_at
from relutheory.networks import ReLULayer

Wall = tuple[list[Fraction], Fraction]  # (a, c) for <a, x> <= c

OUTER, INNER = "outer polytope", "inner collision"
_LARGE = 13  # dimensions from which a descent in the ball is tried first
_SECONDS = 5.0  # for the exact looks at what the descent proposes
_SHORT = (16, 53)  # bits to which the multipliers of a cut are rounded, before they are taken as they are
_ROUNDED = tuple(2**k for k in range(2, 12))  # bits to which a point in the ball is rounded


def decide_on_ball(
    layer: ReLULayer,
    ball: Ball,
    *,
    time_limit: float | None = None,
    node_limit: int | None = None,
    executor: Executor | None = None,
    progress: bool | Report = False,
) -> InjectivityResult:
    """Decide whether the layer is injective on the ball, exactly: `decide_injectivity` with a Ball as domain.

    Arguments and limits as there; the limits are for all polytopes together.  Returns an `InjectivityResult` whose
    `ball` is the ball and whose `outer` is the last polytope around it.  method : "outer polytope" where the layer is
    injective on `outer`, "inner collision" where two points of the ball collide.
    """
    started = time.perf_counter()
    deadline = None if time_limit is None else started + time_limit
    walls = ball.bounding_box().halfspaces()
    total = Stats()
    if layer.n >= _LARGE:
        problem = Problem(layer, ball.bounding_box(), ball)
        collision = _found_by_descent(problem, ball, deadline)
        if collision is not None:
            seconds = time.perf_counter() - started
            return InjectivityResult(Status.NOT_INJECTIVE, INNER, Stats(seconds=seconds), collision, problem, 0)
    while True:
        outer = Polyhedron([a for a, _ in walls], [c for _, c in walls])
        result = decide_injectivity(
            layer,
            domain=outer,
            time_limit=None if deadline is None else max(deadline - time.perf_counter(), 0.0),
            node_limit=None if node_limit is None else node_limit - total.nodes,
            executor=executor,
            progress=progress,
        )
        total = Stats(
            total.nodes + result.stats.nodes,
            total.circuits + result.stats.circuits,
            result.stats.closed,
            time.perf_counter() - started,
        )
        problem = result.problem
        problem.ball = ball
        answer = replace(result, method=OUTER, stats=total, witness=None)
        if result.witness is None:
            return answer
        try:
            gap = _nearest_gap(problem, ball, result.witness, deadline)
        except OutOfTime:
            return replace(answer, status=Status.UNDECIDED)
        if gap.nearest.squared < ball.radius**2:
            return replace(answer, method=INNER, witness=_collision(problem, ball, gap))
        walls.append(cut(ball, gap))


def _found_by_descent(problem: Problem, ball: Ball, deadline: float | None) -> Collision | None:
    """A collision in the ball where floats lead to one: an exact look at the gaps they propose."""
    clock = time.perf_counter() + _SECONDS if deadline is None else min(deadline, time.perf_counter() + _SECONDS)
    try:
        for u in flats_near_the_bottom(problem, ball):
            rows = _gap_rows(problem, u)
            nearest = nearest_point(rows, ball.center, clock)
            if nearest is not None and nearest.squared < ball.radius**2:
                inside = solve_system([(row[:-1], row[-1]) for row in rows], [], problem.n).point
                if inside is not None:
                    return _collision(problem, ball, Gap(rows, list(inside), nearest))
    except OutOfTime:
        pass
    return None


def _gap_rows(problem: Problem, u: Sequence[int]) -> list[list[int]]:
    """(w | -b) for the rows with <w, u> != 0."""
    rows = (problem.rows[i] for i in problem.candidates())
    return [[*row[:-1], -row[-1]] for row in rows if sum(a * v for a, v in zip(row[:-1], u, strict=True))]


@dataclass(frozen=True)
class Gap:
    """The gap of some u: its rows (w | -b) for <w, x> <= -b, a point in it, and its point nearest to the center."""

    rows: list[list[int]]
    inside: list[Fraction]
    nearest: Nearest


def _nearest_gap(problem: Problem, ball: Ball, collision: Collision, deadline: float | None) -> Gap:
    """A gap around the collision's midpoint, made larger until the ball meets it or no other row can be let go.

    If the rows orthogonal to u do not span a hyperplane yet, there is room for one more, and the row that keeps the
    nearest point away from the center most strongly is let go first.
    """
    u = primitive([a - b for a, b in zip(collision.x, collision.y, strict=True)])
    inside = [(a + b) / 2 for a, b in zip(collision.x, collision.y, strict=True)]
    free = [problem.rows[i][:-1] for i in problem.candidates()]
    while True:
        rows = _gap_rows(problem, u)
        nearest = nearest_point(rows, ball.center, deadline)
        assert nearest is not None, "the midpoint is in the gap"
        if nearest.squared < ball.radius**2:
            return Gap(rows, inside, nearest)
        heaviest = max(nearest.multipliers, key=lambda k: nearest.multipliers[k] * max(map(abs, rows[k][:-1])))
        on = [row for row in free if not sum(a * v for a, v in zip(row, u, strict=True))]
        turned = orthogonal_vector([*on, rows[heaviest][:-1]], problem.n)
        if turned is None:
            return Gap(rows, inside, nearest)
        u = turned


def _collision(problem: Problem, ball: Ball, gap: Gap) -> Collision:
    """A collision in the ball, around a point of the gap in the open ball."""
    t, near = Fraction(1), gap.nearest.point
    while True:
        point = [p + t * (v - p) for p, v in zip(near, gap.inside, strict=True)]
        if ball.distance_squared(point) < ball.radius**2:
            break
        t /= 2
    found = collision_at(problem, _rounded(ball, gap, point))
    assert found is not None, "few rows are active in a gap"
    center = [(a + b) / 2 for a, b in zip(found.x, found.y, strict=True)]
    step = [(a - b) / 2 for a, b in zip(found.x, found.y, strict=True)]
    while True:
        x, y = ([c + s * d for c, d in zip(center, step, strict=True)] for s in (1, -1))
        if ball.contains(x) and ball.contains(y):
            return Collision(tuple(x), tuple(y))
        step = [d / 2 for d in step]


def _rounded(ball: Ball, gap: Gap, point: list[Fraction]) -> list[Fraction]:
    """A point of the gap in the open ball with short coordinates."""
    for bits in _ROUNDED:
        unit = Fraction(2) ** (ball.radius.numerator.bit_length() - ball.radius.denominator.bit_length() - bits)
        short = [round(v / unit) * unit for v in point]
        if ball.distance_squared(short) < ball.radius**2 and all(
            sum(a * v for a, v in zip(row[:-1], short, strict=True)) < row[-1] for row in gap.rows
        ):
            return short
    return point


def cut(ball: Ball, gap: Gap) -> Wall:
    """A half-space that contains the ball and whose interior misses the gap.

    With y = x - center, the gap lies in {g_i y <= k_i}, hence, for weights l_i >= 0, in {<d, y> >= s} with d = -sum
    l_i g_i and s = -sum l_i k_i.  The ball lies in {<d, y> <= radius |d|}.  For the multipliers of the nearest point
    s = |d|^2 >= radius |d|; short weights near them mostly do as well.
    """
    rows = [gap.rows[i] for i in gap.nearest.multipliers]
    exact = list(gap.nearest.multipliers.values())
    largest = max(exact)
    for weights in (*([Fraction(round(v / largest * 2**bits)) for v in exact] for bits in _SHORT), exact):
        d = [-sum((v * a for v, a in zip(weights, column, strict=True)), Fraction(0)) for column in _columns(rows)]
        reach, shift = d.pop(), sum((a * c for a, c in zip(d, ball.center, strict=True)), Fraction(0))
        s = reach - shift
        length = ball.radius**2 * sum((v * v for v in d), Fraction(0))
        if s > 0 and s * s >= length > 0:
            return d, min(s, root(length).hi) + shift
    raise ArithmeticError("the nearest point of a gap gives no cut: please report this layer")


def _columns(rows: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    return list(zip(*rows, strict=True))
