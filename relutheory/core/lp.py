"""Systems of strict and weak linear inequalities over the rationals: a point or a proof that there is none.

Floats find: one linear program in float64 (the largest common slack) proposes a point, or the rows of a
contradiction.  Exact arithmetic decides: the proposal is checked in integers, and where it fails an exact
simplex method decides alone, starting from the rows the floats point at.  Both answers are verified before
they are returned.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from relutheory.core.errors import reject
from relutheory.core.exact import primitive

Row: TypeAlias = tuple[Sequence[Fraction | int], Fraction | int]

_EXACT_SIZE = 150  # up to this many coefficients the exact method alone is faster than starting a float solver
_HUGE = 1e18  # right-hand sides handed to the float solver are cut here; it reads 1e20 as infinite
_SUPPORT = 1e-9  # float multipliers below this part of the largest one are taken for zero (a guess, checked later)


@dataclass(frozen=True, kw_only=True)
class SystemAnswer:
    """The answer of `solve_system`: `point` solves the system, or `lam`, `mu` prove that nothing does.

    point : n Fractions, or None.  lam, mu : one multiplier >= 0 per strict and per weak row (empty when there
    is a point); sum lam*a + sum mu*a' = 0, and s = sum lam*c + sum mu*c' is negative, or zero with some lam
    positive.
    """

    point: tuple[Fraction, ...] | None = None
    lam: tuple[Fraction, ...] = ()
    mu: tuple[Fraction, ...] = ()

    @property
    def feasible(self) -> bool:
        return self.point is not None


def solve_system(strict: Iterable[Row], weak: Iterable[Row], n: int) -> SystemAnswer:
    """A rational point with <a,x> < c for the strict and <a,x> <= c for the weak rows, or a proof of none.

    strict, weak : pairs (a, c) of n + 1 ints or Fractions; any number of rows, zero vectors a allowed.
    n : the dimension, at least 1.  Returns a `SystemAnswer`, exact and verified.  Raises InputError for a row
    that has not n coefficients.  Source: Motzkin's transposition theorem (exactly one of the two answers
    exists).

    >>> solve_system([([1], 1)], [([-1], -1)], 1).lam
    (Fraction(1, 1),)
    >>> solve_system([([1], 1)], [([-1], 0)], 1).feasible
    True
    """
    if n < 1:
        reject("n", n, "must be at least 1")
    strict, weak = list(strict), list(weak)
    given = strict + weak
    for a, _ in given:
        if len(a) != n:
            reject("row", list(a), f"must have {n} coefficients")
    rows = [primitive([*a, c]) for a, c in given]
    system = _System(rows, [i < len(strict) for i in range(len(rows))], n)
    point, multipliers = system.solve()
    if point is not None:
        return SystemAnswer(point=point)
    scaled = [v * _scale(row, a, c) if v else v for v, row, (a, c) in zip(multipliers, rows, given, strict=True)]
    return SystemAnswer(lam=tuple(scaled[: len(strict)]), mu=tuple(scaled[len(strict) :]))


def _scale(row: list[int], a: Sequence[Fraction | int], c: Fraction | int) -> Fraction:
    """The positive number that took (a, c) to the integer row."""
    return next((Fraction(p) / Fraction(v) for p, v in zip(row, [*a, c], strict=True) if v), Fraction(1))


class _System:
    """G x < h for the strict rows, G x <= h for the others; integers, one row of (G | h) per inequality."""

    def __init__(self, rows: list[list[int]], strict: list[bool], n: int) -> None:
        self.rows, self.strict, self.n = rows, strict, n

    def solve(self) -> tuple[tuple[Fraction, ...] | None, list[Fraction]]:
        """(a point, []) or (None, multipliers), verified."""
        for i, row in enumerate(self.rows):
            if not any(row[:-1]) and (row[-1] < 0 or (row[-1] == 0 and self.strict[i])):
                return None, [Fraction(int(i == k)) for k in range(len(self.rows))]  # 0 < 0, or 0 <= -1
        real = [i for i, row in enumerate(self.rows) if any(row[:-1])]
        if len(real) * self.n <= _EXACT_SIZE:
            return self._decided(self._exactly(real))
        guess = self._guess(real)
        if guess is None:
            return self._decided(self._exactly(real))
        point, core, order = guess
        if point is not None and self.solved_by(point):
            return point, []
        if core:
            found = self._exactly(core)
            if found[0] is None:
                return self._decided(found)
        return self._decided(self._exactly(order))

    def _decided(
        self, answer: tuple[tuple[Fraction, ...] | None, list[Fraction]]
    ) -> tuple[tuple[Fraction, ...] | None, list[Fraction]]:
        point, multipliers = answer
        if not (self.refuted_by(multipliers) if point is None else self.solved_by(point)):
            raise ArithmeticError("the exact simplex method returned a wrong answer: please report this system")
        return answer

    def solved_by(self, point: Sequence[Fraction]) -> bool:
        """Whether the point satisfies every row, exactly."""
        if not self.rows:
            return True
        common = math.lcm(*(v.denominator for v in point))
        column = [-v.numerator * (common // v.denominator) for v in point] + [common]
        slacks = (fmpz_mat(self.rows) * fmpz_mat([[v] for v in column])).entries()
        return all(s > 0 if strict else s >= 0 for s, strict in zip(slacks, self.strict, strict=True))

    def refuted_by(self, multipliers: list[Fraction]) -> bool:
        """Whether the multipliers are a contradiction in the sense of Motzkin, exactly."""
        used = [i for i, v in enumerate(multipliers) if v]
        if not used or min(multipliers) < 0:
            return False
        weights = fmpz_mat([primitive([multipliers[i] for i in used])])
        *zero, total = (weights * fmpz_mat([self.rows[i] for i in used])).entries()
        return not any(zero) and (total < 0 or (total == 0 and any(self.strict[i] for i in used)))

    def _guess(self, real: list[int]) -> tuple[tuple[Fraction, ...] | None, list[int], list[int]] | None:
        """Float proposals: a point, the rows of a contradiction, and the rows, the most binding first.

        The linear program is max s subject to <g,x> + s <= h for every row and s <= 1, rows scaled by powers
        of two.  Its dual multipliers form a contradiction when s < 0, or s = 0 and a strict row has one.
        """
        from scipy.optimize import linprog

        scaled = np.array([_floats(self.rows[i]) for i in real])
        lhs = np.column_stack([scaled[:, :-1], np.ones(len(real))])
        objective = np.zeros(self.n + 1)
        objective[-1] = -1.0
        bounds = [(None, None)] * self.n + [(None, 1.0)]
        result = linprog(objective, A_ub=lhs, b_ub=scaled[:, -1], bounds=bounds, method="highs")
        if result.status != 0 or not np.all(np.isfinite(result.x)):
            return None
        multipliers = np.abs(result.ineqlin.marginals)
        slacks = np.abs(result.slack)
        order = np.lexsort((slacks, -multipliers))
        point = tuple(Fraction(v) for v in result.x[:-1].tolist()) if result.x[-1] > 0 else None
        core = np.flatnonzero(multipliers > _SUPPORT * multipliers.max()) if point is None else np.empty(0, int)
        return point, [real[i] for i in core], [real[i] for i in order]

    def _exactly(self, order: list[int]) -> tuple[tuple[Fraction, ...] | None, list[Fraction]]:
        """The exact answer for the rows named in `order`; the first ones are tried first as tight rows."""
        rows = [self.rows[i] for i in order]
        point, multipliers = _simplex(rows, [self.strict[i] for i in order], self.n)
        if point is not None:
            return point, []
        full = [Fraction(0)] * len(self.rows)
        for i, v in multipliers.items():
            full[order[i]] = v
        return None, full


def _floats(row: list[int]) -> list[float]:
    """A float copy of the row (g | h), scaled by the power of two that brings max |g| into [1/2, 1)."""
    unit = 1 << max(v.bit_length() for v in row[:-1])
    limit = int(_HUGE) * unit
    return [v / unit for v in row[:-1]] + [max(-limit, min(limit, row[-1])) / unit]


def _simplex(
    rows: list[list[int]], strict: list[bool], n: int
) -> tuple[tuple[Fraction, ...] | None, dict[int, Fraction]]:
    """A point, or the positive multipliers of a contradiction by row: an exact simplex method.

    The slacks are y = h - d*strict - G x with an infinitesimal d > 0, and y >= 0 is asked for (a strict
    inequality is a weak one moved by d).  A basis of the row space, the rows `tight`, expresses each slack as
    its value at y_tight = 0 plus a combination of y_tight.  A negative slack has to grow, through a tight
    slack with a positive coefficient; where there is none, its row is a contradiction.  The most negative
    slack grows through the largest coefficient; after `patience` exchanges the least indices are taken
    (Bland's rule), which makes the method end.  Every exchange solves its r equations anew: on entries of
    hundreds of bits that beats updating a table.
    Source: Dutertre and de Moura, CAV 2006 (the general simplex with infinitesimals).
    """
    tight, columns = _bases(rows, n)
    r = len(tight)
    if r == 0:
        return (Fraction(0),) * n, {}
    left = [[row[k] for k in columns] for row in rows]
    right = [[row[-1], -int(s)] for row, s in zip(rows, strict, strict=True)]
    matrix, ends = fmpz_mat(left), fmpz_mat(right)
    sizes = [1 << max(v.bit_length() for v in row) for row in rows]
    patience = _patience(rows, n)
    while True:
        basis = fmpq_mat([left[i] for i in tight])
        corner, common = basis.solve(fmpq_mat([right[i] for i in tight])).numer_denom()
        slacks = (ends * common - matrix * corner).tolist()
        negative = [i for i, (v, w) in enumerate(slacks) if v < 0 or (v == 0 and w < 0)]
        if not negative:
            return _point(slacks, corner, common, columns, n), {}
        bland = patience <= 0
        bad = negative[0] if bland else min(negative, key=lambda i: fmpq(slacks[i][0], sizes[i]))
        weights = basis.transpose().solve(fmpq_mat(r, 1, left[bad])).entries()
        growing = [j for j in range(r) if weights[j] > 0]
        if not growing:
            return None, {bad: Fraction(1)} | {i: _fraction(-w) for i, w in zip(tight, weights, strict=True) if w}
        j = min(growing, key=lambda k: tight[k]) if bland else max(growing, key=lambda k: weights[k] * sizes[tight[k]])
        tight[j] = bad
        patience -= 1


def _patience(rows: list[list[int]], n: int) -> int:
    """Exchanges by size before Bland's rule takes over: it is slower, but cannot cycle."""
    return 2 * (len(rows) + n)


def _bases(rows: list[list[int]], n: int) -> tuple[list[int], list[int]]:
    """The first rows that form a basis of the row space, and columns on which these rows stay independent."""
    tight = _pivots([[row[k] for row in rows] for k in range(n)]) if rows else []
    return tight, _pivots([rows[i][:-1] for i in tight]) if tight else []


def _pivots(lines: list[list[int]]) -> list[int]:
    """The pivot columns of the reduced echelon form."""
    reduced = fmpz_mat(lines).rref()[0].tolist()
    return [next(k for k, v in enumerate(line) if v) for line in reduced if any(line)]


def _point(
    slacks: list[list[fmpz]], corner: fmpz_mat, common: fmpz, columns: list[int], n: int
) -> tuple[Fraction, ...]:
    """The corner at which the tight slacks vanish, for a d > 0 small enough for all the other slacks."""
    d = min((fmpq(v, -w) for v, w in slacks if w < 0), default=fmpq(1))
    d = min(d, fmpq(1))
    point = [Fraction(0)] * n
    for k, (value, move) in zip(columns, corner.tolist(), strict=True):
        point[k] = _fraction((value + d * move) / common)
    return tuple(point)


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))
