"""Systems of linear equations over the rationals: all solutions, or a combination that contradicts itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from flint import fmpq_mat, fmpz_mat

from relutheory.core.exact import primitive
from relutheory.core.lifting import solve_integer
from relutheory.core.residues import primes

_LIFTED = 60  # unknowns from which p-adic lifting beats the general solver


@dataclass(frozen=True, kw_only=True)
class Solved:
    """The answer of `solve_equations`: `point` plus the span of `directions`, or a contradiction.

    point : n Fractions, or None where there is no solution.  directions : integer vectors, a basis of the solutions of
    the homogeneous system.  independent : rows that form a basis of the left-hand sides.  contradiction : by row,
    multipliers (of any sign) with sum of (a | c) equal to (0 | something else than 0).
    """

    point: list[Fraction] | None = None
    directions: list[list[int]] = field(default_factory=list)
    independent: list[int] = field(default_factory=list)
    contradiction: dict[int, Fraction] = field(default_factory=dict)


def solve_equations(rows: Sequence[Sequence[int]], n: int) -> Solved:
    """All x with <a, x> = c for every row.

    rows : integer vectors (a | c) of length n + 1, any number of them.  Returns a `Solved`; every answer is checked in
    integers (the independent rows come from a prime, and independence modulo a prime is a proof).

    >>> solve_equations([[1, 1, 2], [2, 2, 4]], 2)
    Solved(point=[Fraction(2, 1), Fraction(0, 1)], directions=[[1, -1]], independent=[0], contradiction={})
    >>> solve_equations([[1, 2], [2, 5]], 1).contradiction
    {0: Fraction(2, 1), 1: Fraction(-1, 1)}
    """
    if not rows:
        return Solved(point=[Fraction(0)] * n, directions=[[int(i == j) for j in range(n)] for i in range(n)])
    matrix = fmpz_mat([list(row) for row in rows])
    for p in primes():
        independent, columns = _independent(rows, n, p)
        square = [[rows[i][k] for k in columns] for i in independent]
        point = [Fraction(0)] * n
        for k, v in zip(columns, _solve(square, [rows[i][n] for i in independent]), strict=True):
            point[k] = v
        wrong = _first_violated(matrix, point)
        if wrong is not None:
            contradiction = _combination(rows, wrong, independent, columns, n)
            if contradiction is not None:
                return Solved(contradiction=contradiction)
            continue  # the prime hides a row that is independent
        directions = _directions([rows[i] for i in independent], n)
        if not directions or _orthogonal(rows, directions):
            return Solved(point=point, directions=directions, independent=independent)
    raise AssertionError("only finitely many primes divide a determinant")


def _independent(rows: Sequence[Sequence[int]], n: int, p: int) -> tuple[list[int], list[int]]:
    """Rows and columns of a maximal square submatrix of the left-hand side that is non-singular modulo p."""
    from relutheory._kernels.modular import echelon

    values = np.array([[v % p for v in row[:n]] for row in rows], dtype=np.float64)
    order = np.empty(min(values.shape), dtype=np.int64)
    count = echelon(values.copy(), n, p, order)
    columns = order[:count].tolist()
    count = echelon(np.ascontiguousarray(values[:, columns].T), len(rows), p, order)
    return order[:count].tolist(), columns


def _solve(square: list[list[int]], right: list[int]) -> list[Fraction]:
    """The solution of a non-singular square system."""
    if not square:
        return []
    if len(square) >= _LIFTED:
        found = solve_integer(square, right)
        if found is not None:
            numerators, common = found
            values = [Fraction(v, common) for v in numerators]
            if _first_violated(fmpz_mat([[*row, c] for row, c in zip(square, right, strict=True)]), values) is None:
                return values
    column = fmpq_mat(fmpz_mat([[v] for v in right]))
    solved = fmpq_mat(fmpz_mat(square)).solve(column).entries()
    return [Fraction(int(v.p), int(v.q)) for v in solved]


def _first_violated(matrix: fmpz_mat, point: Sequence[Fraction]) -> int | None:
    """The first row (a | c) with <a, point> != c."""
    *scaled, one = primitive([*point, Fraction(1)])
    values = (matrix * fmpz_mat([[v] for v in [*scaled, -one]])).entries()
    return next((i for i, v in enumerate(values) if v != 0), None)


def _combination(
    rows: Sequence[Sequence[int]], wrong: int, independent: list[int], columns: list[int], n: int
) -> dict[int, Fraction] | None:
    """Multipliers that write the left-hand side of row `wrong` by the independent rows, itself with -1; or None."""
    transposed = [[rows[i][k] for i in independent] for k in columns]
    weights = _solve(transposed, [rows[wrong][k] for k in columns])
    # the last weight is that of the row itself: the combination has to vanish
    used = fmpz_mat([list(rows[i][:n]) for i in [*independent, wrong]])
    if any((fmpz_mat([primitive([*weights, Fraction(-1)])]) * used).entries()):
        return None
    return {i: v for i, v in zip(independent, weights, strict=True) if v} | {wrong: Fraction(-1)}


def _directions(rows: list[Sequence[int]], n: int) -> list[list[int]]:
    """A basis of the vectors orthogonal to independent rows."""
    if len(rows) == n:
        return []
    if not rows:
        return [[int(i == j) for j in range(n)] for i in range(n)]
    basis, nullity = fmpz_mat([list(row[:n]) for row in rows]).nullspace()
    return [primitive([int(basis[i, j]) for i in range(n)]) for j in range(nullity)]


def _orthogonal(rows: Sequence[Sequence[int]], directions: list[list[int]]) -> bool:
    n = len(directions[0])
    product = fmpz_mat([list(row[:n]) for row in rows]) * fmpz_mat(directions).transpose()
    return not any(product.entries())
