"""Looking for points of a ball with few active rows by annealed descent: floats propose hyperplanes for gaps."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from relutheory.core.exact import nearest_float
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.sets import Ball
from relutheory.injectivity.problem import Problem

_ROUNDS, _STARTS, _STEPS = 3, 16, 150
_WARM, _COLD = 0.5, 0.02  # temperatures, in units of a typical value of a unit row at a point of the unit ball
_RATE, _MOMENTUM = 0.05, 0.9
_KEPT = 3  # points of a round that are worth an exact look


def flats_near_the_bottom(problem: Problem, ball: Ball) -> Iterator[list[int]]:
    """Vectors u for which few of the rows outside u^perp are active somewhere in the ball, as floats see it.

    At a point with few active rows, u is orthogonal to the n - 1 rows of the largest values there.
    """
    candidates = problem.candidates()
    rows = [problem.rows[i] for i in candidates]
    if len(rows) < problem.n:
        return
    slopes, values = _in_the_unit_ball(rows, ball)
    if not (np.isfinite(slopes).all() and np.isfinite(values).all()):
        return
    rng = np.random.default_rng(0)
    for _ in range(_ROUNDS):
        points = _anneal(slopes, values, rng)
        heights = slopes @ points + values[:, None]
        for k in np.argsort((heights >= 0.0).sum(axis=0), kind="stable")[:_KEPT]:
            highest = np.argsort(-heights[:, k], kind="stable")[: problem.n - 1]
            u = orthogonal_vector([rows[i][:-1] for i in highest], problem.n)
            if u is not None:
                yield u


def _in_the_unit_ball(rows: list[list[int]], ball: Ball) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors a and numbers d with <a, y> + d = (<w, x> + b) / (radius |w|) at x = center + radius y."""
    slopes, values = [], []
    for row in rows:
        unit = 1 << max(v.bit_length() for v in row[:-1])
        slope = np.array([v / unit for v in row[:-1]])
        at_center = sum((v * c for v, c in zip(row[:-1], ball.center, strict=True)), Fraction(row[-1]))
        length = float(np.linalg.norm(slope))
        slopes.append(slope / length)
        values.append(nearest_float(at_center / (unit * ball.radius)) / length)
    return np.array(slopes), np.array(values)


def _anneal(slopes: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points of the unit ball, one per column, at which few rows are positive: descent on a smoothed count."""
    n = slopes.shape[1]
    points = rng.standard_normal((n, _STARTS))
    points *= rng.random(_STARTS) ** (1.0 / n) / np.linalg.norm(points, axis=0)
    velocity = np.zeros_like(points)
    for step in range(_STEPS):
        temperature = _WARM * (_COLD / _WARM) ** (step / (_STEPS - 1)) / np.sqrt(n)
        heights = (slopes @ points + values[:, None]) / (2.0 * temperature)
        gradient = slopes.T @ (1.0 / np.cosh(np.clip(heights, -300.0, 300.0)) ** 2)
        gradient /= np.maximum(np.linalg.norm(gradient, axis=0), 1e-300)
        velocity = _MOMENTUM * velocity - _RATE * gradient
        points = points + velocity
        points /= np.maximum(np.linalg.norm(points, axis=0), 1.0)
    return points
