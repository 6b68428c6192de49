"""Pairs of points whose outputs are close: a search by descent in floats, exact ratios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.exact import allow_digits, nearest_float, primitive
from relutheory.core.sets import Box, Polyhedron
from relutheory.injectivity.stability.cell_scan import spread_points
from relutheory.injectivity.stability.cells import Cell, Cells
from relutheory.injectivity.stability.clock import late
from relutheory.injectivity.stability.half_spaces import harmonic_pair
from relutheory.networks import ReLULayer

_STEPS = 800  # evaluations in one descent
_BITS = (1, 2, 4, 8, 16, 32, 53)  # of the coordinates of a rational pair
_FAR = 2.0**40  # times the size of the kinks: so far out a bias hardly matters
_POLISHED = 3
_BACK = (0, 48, 40, 30, 20, 10, 4, 1)  # a pair outside the domain moves towards its middle by 2^-k


@dataclass(frozen=True)
class Pair:
    """Two different points, and the square of |f(x) - f(y)| / |x - y|, all exact.

    >>> Pair.of(ReLULayer([[1], [-1]]), [Fraction(1)], [Fraction(-1)]).ratio_squared
    Fraction(1, 2)
    """

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]
    ratio_squared: Fraction

    def __post_init__(self) -> None:
        allow_digits(*self.x, *self.y, self.ratio_squared)

    @classmethod
    def of(cls, layer: ReLULayer, x: Sequence[Fraction], y: Sequence[Fraction]) -> Pair:
        """The pair, its ratio computed from the layer itself."""
        outputs = zip(layer.forward_exact(x), layer.forward_exact(y), strict=True)
        above = sum(((a - b) ** 2 for a, b in outputs), Fraction(0))
        below = sum(((a - b) ** 2 for a, b in zip(x, y, strict=True)), Fraction(0))
        return cls(tuple(x), tuple(y), above / below)


def pair_in_cell(cells: Cells, cell: Cell, vector: Sequence[int]) -> Pair:
    """A pair inside a cell, one point from the other in the direction of the vector."""
    direction = primitive(list(vector))
    step = Fraction(2) ** cells.room(cell.point, cells.problem.values(list(cell.point)), cells.slopes(direction))
    x = [a + step * v for a, v in zip(cell.point, direction, strict=True)]
    y = [a - step * v for a, v in zip(cell.point, direction, strict=True)]
    return Pair.of(cells.layer, x, y)


class Descent:
    """The search: descents of the ratio from many starts, in units in which the weights are about one."""

    def __init__(self, cells: Cells, vector: Sequence[int], seed: int) -> None:
        self.cells, self.layer, self.domain = cells, cells.layer, cells.domain
        self.rng = np.random.default_rng(seed)
        largest = max(float(np.abs(self.layer.W).max(initial=0.0)), 5e-324)
        unit = int(np.frexp(largest)[1])
        with np.errstate(all="ignore"):
            self.W, self.b = np.ldexp(self.layer.W, -unit), np.ldexp(self.layer.b, -unit)
        self.finite = bool(np.isfinite(self.W).all() and np.isfinite(self.b).all())
        with np.errstate(all="ignore"):
            norms = np.linalg.norm(self.W, axis=1)
            kinks = np.abs(self.b[norms > 0]) / norms[norms > 0]
        self.size = float(kinks.max(initial=0.0)) or 1.0
        size = max(abs(v) for v in vector)
        self.vector = np.array([nearest_float(Fraction(v, size)) for v in vector])

    def run(self, starts: int, deadline: float | None) -> Iterator[Pair]:
        """Pairs, found by descents from so many starts, until the deadline of `time.perf_counter`."""
        if not self.finite or not self.layer.m or late(deadline):
            return
        found = []
        for x, y in self._starts(starts, deadline):
            if late(deadline):
                break
            x, y, value = self._descended(x, y)
            if np.isfinite(value):
                found.append((value, x, y))
        found.sort(key=lambda entry: entry[0])
        for _, x, y in found[:_POLISHED]:
            for pair in self._roundings(x, y):
                yield pair
                if late(deadline):
                    return

    def _starts(self, count: int, deadline: float | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """From the best cell along its vector, shorter and longer; then random pairs, every other one opposite."""
        centre = np.array([nearest_float(v) for v in (self.cells.cell or Cell((), ())).point])
        slopes, values = np.abs(self.W @ self.vector), np.abs(self.W @ centre + self.b)
        with np.errstate(all="ignore"):
            room = np.where(slopes > 0, values / slopes, np.inf).min(initial=np.inf)
        room = float(room) if np.isfinite(room) and room > 0 else self.size
        for k, length in enumerate((1.5, 4.0, 16.0, 100.0)[: (count + 1) // 2]):
            left, right = ((1.0, 1.0), (2.0, 0.1), (0.1, 2.0), (1.0, 1.0))[k]
            yield centre + left * length * room * self.vector, centre - right * length * room * self.vector
        opposite = harmonic_pair(self.cells) if count else None
        if opposite is not None and self.domain is None:
            for scale in {self.size, self.size * (_FAR if self.cells.problem.affine else 1.0)}:
                with np.errstate(all="ignore"):
                    ends = opposite[0] * scale, opposite[1] * scale
                yield ends
        points = spread_points(self.cells, 2 * count, self.rng, deadline)
        for k in range(count):
            x, y = points[2 * k], points[2 * k + 1]
            if not self.cells.problem.affine:
                x, y = x * self.size, y * self.size
            if k % 2 and self.domain is None:
                y = -x * float(np.exp(self.rng.standard_normal()))
            if k % 4 == 3 and self.domain is None and self.cells.problem.affine:
                x, y = x * _FAR, y * _FAR
            yield x, y

    def _descended(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """The end of a descent; coordinates are divided by their size meanwhile."""
        from scipy.optimize import minimize

        size = float(np.abs(np.concatenate([x, y])).max(initial=0.0))
        if not (0.0 < size < 1e150) or np.array_equal(x, y):
            return x, y, np.inf
        start = np.concatenate([x, y]) / size
        with np.errstate(all="ignore"):
            answer = minimize(self._ratio, start, args=(self.b / size,), jac=True, **self._method(size))
        x, y = np.split(answer.x * size, 2)
        return x, y, float(answer.fun) if np.isfinite(answer.x).all() else np.inf

    def _method(self, size: float) -> dict[str, Any]:
        """The method for the domain, and its constraints.

        A truncated Newton method where bounds are all there is: for a few variables it is faster than methods that
        call a linear algebra library in each step.
        """
        if self.domain is None:
            return {"method": "TNC", "options": {"maxfun": _STEPS}}
        if isinstance(self.domain, Box):
            ends = [(float(lo) / size, float(hi) / size) for lo, hi in zip(self.domain.lo, self.domain.hi, strict=True)]
            return {"method": "TNC", "options": {"maxfun": _STEPS}, "bounds": ends * 2}
        A, b = self.domain.A.floats, self.domain.b.floats / size
        zero = np.zeros_like(A)
        both = np.block([[A, zero], [zero, A]])
        constraint = {"type": "ineq", "fun": lambda p: np.tile(b, 2) - both @ p, "jac": lambda p: -both}
        return {"method": "SLSQP", "constraints": [constraint], "options": {"maxiter": _STEPS // 8}}

    def _ratio(self, p: np.ndarray, b: np.ndarray) -> tuple[float, np.ndarray]:
        """The squared ratio and its gradient."""
        x, y = np.split(p, 2)
        left, right = self.W @ x + b, self.W @ y + b
        apart = np.maximum(left, 0.0) - np.maximum(right, 0.0)
        step = x - y
        below = float(step @ step)
        if below == 0.0:
            return 1e300, np.zeros_like(p)
        value = float(apart @ apart) / below
        gradient = np.concatenate([self.W.T @ (apart * (left > 0)), -(self.W.T @ (apart * (right > 0)))])
        return value, 2.0 / below * (gradient - value * np.concatenate([step, -step]))

    def _roundings(self, x: np.ndarray, y: np.ndarray) -> Iterator[Pair]:
        """Rational pairs near a float one, in the domain."""
        largest = float(np.abs(np.concatenate([x, y])).max())
        top = int(np.frexp(largest)[1])
        for bits in _BITS:
            unit = Fraction(2) ** (top - bits)
            ends = [[round(Fraction(float(v)) / unit) * unit for v in point] for point in (x, y)]
            moved = self._inside(*ends)
            if moved is not None and moved[0] != moved[1]:
                yield Pair.of(self.layer, *moved)

    def _inside(self, x: list[Fraction], y: list[Fraction]) -> tuple[list[Fraction], list[Fraction]] | None:
        """The pair, moved towards a point inside the domain where it has to be."""
        domain: Polyhedron | None = self.domain
        if domain is None:
            return x, y
        middle = self.cells.problem.inside
        for k in _BACK:
            share = Fraction(1, 2**k) if k else Fraction(0)
            moved = [[a + share * (c - a) for a, c in zip(point, middle, strict=True)] for point in (x, y)]
            if all(domain.contains(point) for point in moved):
                return moved[0], moved[1]
        return None
