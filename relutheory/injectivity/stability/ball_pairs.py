"""Pairs of points of a ball whose outputs are close."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.exact import nearest_float
from relutheory.core.sets import Ball
from relutheory.injectivity.stability.cells import Cell, Cells
from relutheory.injectivity.stability.pairs import Descent, Pair, pair_in_cell

_STEPS = 100
_FAR = 1e150  # a ball so large is no constraint
_BACK = (0, 48, 40, 30, 20, 10, 4, 1)  # a pair outside the ball moves towards its center by 2^-k


def pair_in_cell_and_ball(cells: Cells, cell: Cell, vector: Sequence[int], ball: Ball) -> Pair:
    """As `pair_in_cell`, for a cell whose point is in the open ball."""
    pair = pair_in_cell(cells, cell, vector)
    x, y = pair.x, pair.y
    while not (ball.contains(x) and ball.contains(y)):
        x, y = (tuple((a + c) / 2 for a, c in zip(end, cell.point, strict=True)) for end in (x, y))
    return Pair(x, y, pair.ratio_squared)  # f is linear on the cell


class BallDescent(Descent):
    """The search in a ball; `cells` are those of its bounding box."""

    def __init__(self, cells: Cells, vector: Sequence[int], seed: int, ball: Ball) -> None:
        super().__init__(cells, vector, seed)
        self.ball = ball
        self.center = np.array([nearest_float(v) for v in ball.center])
        self.radius = nearest_float(ball.radius)

    def _starts(self, count: int, deadline: float | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for pair in super()._starts(count, deadline):
            x, y = (self._pulled(point) for point in pair)
            yield x, y

    def _pulled(self, point: np.ndarray) -> np.ndarray:
        """The point, or the one of the ball that is nearest to it."""
        with np.errstate(all="ignore"):
            step = point - self.center
            return self.center + step * min(1.0, self.radius / max(float(np.linalg.norm(step)), 5e-324))

    def _method(self, size: float) -> dict[str, Any]:
        n, center, square = len(self.center), self.center / size, min(self.radius / size, _FAR) ** 2

        def room(p: np.ndarray) -> np.ndarray:
            steps = p.reshape(2, n) - center
            return square - (steps * steps).sum(axis=1)

        def slopes(p: np.ndarray) -> np.ndarray:
            steps = p.reshape(2, n) - center
            return -2.0 * np.block([[steps[:1], np.zeros((1, n))], [np.zeros((1, n)), steps[1:]]])

        constraint = {"type": "ineq", "fun": room, "jac": slopes}
        return {"method": "SLSQP", "constraints": [constraint], "options": {"maxiter": _STEPS}}

    def _inside(self, x: list[Fraction], y: list[Fraction]) -> tuple[list[Fraction], list[Fraction]] | None:
        for k in _BACK:
            share = Fraction(1, 2**k) if k else Fraction(0)
            moved = [[a + share * (c - a) for a, c in zip(point, self.ball.center, strict=True)] for point in (x, y)]
            if all(self.ball.contains(point) for point in moved):
                return moved[0], moved[1]
        return None
