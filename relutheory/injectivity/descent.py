"""Looking for a point with few active rows by annealed descent: floats find, the collision is exact."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from relutheory._kernels.separation import SEPARATED, separate
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.witness import Collision, collision_at, roundings

_ROUNDS, _STARTS, _STEPS = 6, 16, 120
_WARM, _COLD = 0.5, 0.02  # temperatures, in units of a typical value of a unit row at a unit point
_RATE, _MOMENTUM = 0.05, 0.9
_WALL = 20.0  # a wall of the domain counts as so many neurons
_POLISHED = 3  # points of a round that are worth the finder's time


def descend(problem: Problem, free: list[int], missing: int, deadline: float | None = None) -> Collision | None:
    """A collision at a point where fewer than `missing` of the free rows are active, or None if none was found.

    free : the neurons outside the span of the forced lines; missing : the dimensions outside it.
    deadline : of `time.perf_counter`.
    """
    walls = list(range(problem.m, len(problem.rows))) + ([-1] if problem.affine else [])
    scaled, exponents = problem.scaled(free + walls)
    rows = scaled / np.sqrt((scaled * scaled).sum(axis=1))[:, None]
    for point in low_points(rows, len(free), missing, deadline):
        for z in roundings(problem.n, point, exponents):
            collision = collision_at(problem, z)
            if collision is not None:
                return collision
    return None


def low_points(rows: np.ndarray, neurons: int, missing: int, deadline: float | None = None) -> Iterator[np.ndarray]:
    """Points, (d,) float64, at which fewer than `missing` neurons seem to be active.

    rows : (M, d) float64 of length 1, walls after the neurons.  deadline : of `time.perf_counter`.
    """
    weights = np.ones(len(rows))
    weights[neurons:] = _WALL
    rng = np.random.default_rng(0)
    for _ in range(_ROUNDS):
        points = _anneal(rows, weights, rng)
        counts = weights @ (rows @ points >= 0.0)
        for k in np.argsort(counts, kind="stable")[:_POLISHED]:
            if deadline is not None and time.perf_counter() > deadline:
                return
            point = _polish(rows, neurons, missing, points[:, k])
            if point is not None:
                yield point


def _anneal(rows: np.ndarray, weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Unit points, one per column, at which few rows are positive: descent on a smoothed count."""
    d = rows.shape[1]
    points = rng.standard_normal((d, _STARTS))
    points /= np.linalg.norm(points, axis=0)
    velocity = np.zeros_like(points)
    for step in range(_STEPS):
        temperature = _WARM * (_COLD / _WARM) ** (step / (_STEPS - 1)) / np.sqrt(d)
        slope = 1.0 / np.cosh(np.clip(rows @ points / (2.0 * temperature), -300.0, 300.0)) ** 2
        gradient = rows.T @ (weights[:, None] * slope)
        gradient /= np.maximum(np.linalg.norm(gradient, axis=0), 1e-300)
        velocity = _MOMENTUM * velocity - _RATE * gradient
        points = points + velocity
        points /= np.linalg.norm(points, axis=0)
    return points


def _polish(rows: np.ndarray, neurons: int, missing: int, point: np.ndarray) -> np.ndarray | None:
    """Make more rows negative, one after the other, until fewer than `missing` neurons are active."""
    d = rows.shape[1]
    columns = np.ascontiguousarray(-rows.T)
    values = rows @ point
    floor = np.where(values < 0.0, -1.0, np.inf)
    floor[neurons:] = -1.0
    state, active, count = np.zeros((2 * d + 2, d)), np.zeros(d, np.int64), 0
    support, slack, scratch = np.zeros(d + 1, np.int64), np.zeros(len(rows)), np.zeros((3, d))
    outcome, count, _ = separate(columns, floor, state, active, count, support, slack, scratch)
    if outcome != SEPARATED:
        return None
    for k in np.argsort(values[:neurons], kind="stable"):
        if floor[k] < 0.0:
            continue
        still_active = int((rows[:neurons] @ state[-1] >= 0.0).sum())
        if still_active < missing:
            break
        trial, trial_active = state.copy(), active.copy()
        floor[k] = -1.0
        outcome, trial_count, _ = separate(columns, floor, trial, trial_active, count, support, slack, scratch)
        if outcome == SEPARATED:
            state, active, count = trial, trial_active, trial_count
        else:
            floor[k] = np.inf
    return state[-1] if int((rows[:neurons] @ state[-1] >= 0.0).sum()) < missing else None
