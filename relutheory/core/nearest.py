"""The point of a polyhedron nearest to a given one, in rationals.

Floats guess the walls on which it lies; an exact dual active-set method starts from that guess, or from none, and
ends at a point and multipliers that satisfy the optimality conditions exactly.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

_GUESSED = 150  # coefficients from which a float solver is worth its start


class OutOfTime(Exception):
    """The deadline of an exact computation has passed."""


@dataclass(frozen=True)
class Nearest:
    """The nearest point, its squared distance, and multipliers > 0 by row: center - point = sum lam_i a_i.

    Rows with a multiplier hold with equality at the point.
    """

    point: tuple[Fraction, ...]
    squared: Fraction
    multipliers: dict[int, Fraction]


def nearest_point(
    rows: Sequence[Sequence[int]], center: Sequence[Fraction], deadline: float | None = None
) -> Nearest | None:
    """The point of {x : <a, x> <= c for all rows (a | c)} nearest to `center`; None where the set is empty.

    rows : integer vectors of n + 1 numbers.  center : n Fractions.  deadline : of `time.perf_counter`.  Exact.
    Raises OutOfTime.  Source: the dual method of Goldfarb and Idnani (Math. Programming 27, 1983).

    >>> found = nearest_point([[-1, -1, -2]], [Fraction(0), Fraction(0)])
    >>> found.point, found.squared, found.multipliers
    ((Fraction(1, 1), Fraction(1, 1)), Fraction(2, 1), {0: Fraction(1, 1)})
    """
    return _Dual(rows, center).solve(deadline)


class _Dual:
    """minimise |y|^2 subject to G y <= k, for y = x - center; `active` rows are independent and have multipliers >= 0.

    k = ends / common, integers.
    """

    def __init__(self, rows: Sequence[Sequence[int]], center: Sequence[Fraction]) -> None:
        self.center = center
        self.common = math.lcm(*(v.denominator for v in center))
        shift = [v.numerator * (self.common // v.denominator) for v in center]
        self.vectors = [list(row[:-1]) for row in rows]
        self.ends = [row[-1] * self.common - sum(a * v for a, v in zip(row[:-1], shift, strict=True)) for row in rows]
        self.matrix = fmpz_mat(self.vectors) if rows else fmpz_mat(0, len(center))
        self.sizes = [1 << max(v.bit_length() for v in vector) for vector in self.vectors]
        self.active: list[int] = []
        self.weights: list[fmpq] = []

    def solve(self, deadline: float | None) -> Nearest | None:
        if len(self.vectors) * len(self.center) > _GUESSED:
            self._start(_guess(self.vectors, self.ends, self.common))
        while True:
            _keep(deadline)
            y = self._point()
            worst = self._most_violated(y)
            if worst is None:
                return self._answer(y)
            if not self._add(worst, y, deadline):
                return None

    def _point(self) -> fmpq_mat:
        """y = -sum of weights times active rows, as a column."""
        n = len(self.center)
        if not self.active:
            return fmpq_mat(n, 1)
        return fmpq_mat(self._rows().transpose()) * fmpq_mat(len(self.active), 1, [-v for v in self.weights])

    def _rows(self) -> fmpz_mat:
        return fmpz_mat([self.vectors[i] for i in self.active])

    def _most_violated(self, y: fmpq_mat) -> int | None:
        """The row with G y > k by most, relative to its size; None where there is none."""
        numerators, denominator = y.numer_denom()
        values = (self.matrix * numerators).entries()
        excess = [v * self.common - end * denominator for v, end in zip(values, self.ends, strict=True)]
        violated = [i for i, v in enumerate(excess) if v > 0]
        return max(violated, key=lambda i: fmpq(excess[i], self.sizes[i]), default=None)

    def _add(self, i: int, y: fmpq_mat, deadline: float | None) -> bool:
        """Make row i hold with equality, dropping active rows whose multipliers reach zero; False where none can."""
        row = fmpq_mat(fmpz_mat([self.vectors[i]]))
        weight = fmpq(0)
        while True:
            _keep(deadline)
            rates, direction = self._projected(row)
            length = (direction.transpose() * direction)[0, 0]
            steps = [(w / r, j) for j, (w, r) in enumerate(zip(self.weights, rates, strict=True)) if r > 0]
            if length != 0:  # after this step the row holds with equality; j = -1 comes first among equals
                steps.append((((row * y)[0, 0] - fmpq(self.ends[i], self.common)) / length, -1))
            if not steps:
                return False
            step, j = min(steps)
            y = y - step * direction
            self.weights = [w - step * r for w, r in zip(self.weights, rates, strict=True)]
            weight += step
            if j < 0:
                self.active.append(i)
                self.weights.append(weight)
                return True
            del self.active[j], self.weights[j]

    def _projected(self, row: fmpq_mat) -> tuple[list[fmpq], fmpq_mat]:
        """The row as a combination of active rows, and a vector (a column) orthogonal to them."""
        if not self.active:
            return [], row.transpose()
        rows = fmpq_mat(self._rows())
        rates = (rows * rows.transpose()).solve(rows * row.transpose())
        return rates.entries(), row.transpose() - rows.transpose() * rates

    def _start(self, guess: list[int]) -> None:
        """Begin with these rows active if, by themselves, they have multipliers > 0."""
        if not guess:
            return
        rows = fmpz_mat([self.vectors[i] for i in guess])
        try:
            solved = fmpq_mat(rows * rows.transpose()).solve(
                fmpq_mat(len(guess), 1, [fmpq(-self.ends[i], self.common) for i in guess])
            )
        except ZeroDivisionError:  # dependent rows
            return
        if min(solved.entries()) > 0:
            self.active, self.weights = guess, solved.entries()

    def _answer(self, y: fmpq_mat) -> Nearest:
        """The optimum; the conditions that make it one are checked here once more, from the given rows."""
        moves = [_fraction(v) for v in y.entries()]
        used = [i for i, w in zip(self.active, self.weights, strict=True) if w != 0]
        weights = {i: _fraction(w) for i, w in zip(self.active, self.weights, strict=True) if w != 0}
        numerators, denominator = y.numer_denom()
        values = (self.matrix * numerators).entries()
        tight = all(values[i] * self.common == self.ends[i] * denominator for i in used)
        if not tight or min(weights.values(), default=Fraction(1)) < 0:
            raise ArithmeticError("the exact active-set method returned a wrong point: please report this system")
        point = tuple(c + v for c, v in zip(self.center, moves, strict=True))
        return Nearest(point, _fraction((y.transpose() * y)[0, 0]), weights)


def _keep(deadline: float | None) -> None:
    if deadline is not None and time.perf_counter() > deadline:
        raise OutOfTime


def _guess(vectors: list[list[int]], ends: list[int], common: int) -> list[int]:
    """Rows that floats see active at the nearest point, by non-negative least squares (Lawson and Hanson)."""
    from scipy.optimize import nnls

    units = [1 << max(v.bit_length() for v in vector) for vector in vectors]
    try:
        scaled = np.array([[v / u for v in vector] for vector, u in zip(vectors, units, strict=True)])
        right = np.array([e / (u * common) for e, u in zip(ends, units, strict=True)])
        lengths = np.linalg.norm(scaled, axis=1)
        with np.errstate(all="ignore"):
            largest = float(np.abs(right / lengths).max())
        if not (lengths.min() > 0.0 and 0.0 < largest < math.inf):
            return []
        columns = -np.vstack([scaled.T / lengths, right / lengths / largest])
        weights, _ = nnls(columns, np.append(np.zeros(len(columns) - 1), 1.0))
    except (OverflowError, RuntimeError, ValueError, FloatingPointError):
        return []
    return [int(i) for i in np.flatnonzero(weights > 1e-12 * weights.max(initial=0.0))]


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))
