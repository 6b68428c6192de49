"""One exact vector in the kernel of an integer matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import fmpq_mat, fmpz, fmpz_mat

from relutheory.core.exact import primitive
from relutheory.core.lifting import solve_integer
from relutheory.core.residues import PRIMES

_LIFTED = 60  # unknowns from which our lifting beats the general solver


def orthogonal_vector(rows: Sequence[Sequence[int]], n: int) -> list[int] | None:
    """A primitive integer vector u != 0 with <row, u> = 0 for all rows, or None where the rows span the space.

    rows : integer vectors of length n.  Exact both ways: full rank is proved modulo a prime, u is checked.

    >>> orthogonal_vector([[1, 2, 0], [2, 4, 0]], 3)
    [-2, 1, 0]
    >>> orthogonal_vector([[1, 2], [3, 4]], 2) is None
    True
    """
    if not rows:
        return [1] + [0] * (n - 1)
    for p in PRIMES:
        independent, columns = _echelon(rows, p)
        if len(columns) == n:
            return None
        u = _solve(rows, independent, columns, n)
        product = fmpz_mat([list(row) for row in rows]) * fmpz_mat([[v] for v in u])
        if not any(product.entries()):
            return u
    basis, nullity = fmpz_mat([list(row) for row in rows]).nullspace()
    return primitive([int(basis[i, 0]) for i in range(n)]) if nullity else None


def _echelon(rows: Sequence[Sequence[int]], p: int) -> tuple[list[int], list[int]]:
    """Rows and columns of a maximal square submatrix that is non-singular modulo p."""
    from relutheory._kernels.modular import echelon

    values = np.array([[v % p for v in row] for row in rows], dtype=np.float64)
    order = np.empty(min(values.shape), dtype=np.int64)
    count = echelon(values.copy(), values.shape[1], p, order)
    columns = order[:count].tolist()
    count = echelon(np.ascontiguousarray(values[:, columns].T), len(rows), p, order)
    return order[:count].tolist(), columns


def _solve(rows: Sequence[Sequence[int]], independent: list[int], columns: list[int], n: int) -> list[int]:
    """The vector orthogonal to the independent rows, supported on their pivot columns and the first other one."""
    free = next(k for k in range(n) if k not in set(columns))
    u = [0] * n
    if not columns:
        u[free] = 1
        return u
    square = [[rows[i][k] for k in columns] for i in independent]
    right = [-rows[i][free] for i in independent]
    solution = solve_integer(square, right) if len(right) >= _LIFTED else None
    if solution is None or not _solves(square, solution, right):
        solution = _solve_slowly(square, right)
    numerators, u[free] = solution
    for k, v in zip(columns, numerators, strict=True):
        u[k] = v
    return primitive(u)


def _solves(square: list[list[int]], solution: tuple[list[int], int], right: list[int]) -> bool:
    numerators, denominator = solution
    product = (fmpz_mat(square) * fmpz_mat([[v] for v in numerators])).entries()
    return all(v == denominator * w for v, w in zip(product, right, strict=True))


def _solve_slowly(square: list[list[int]], right: list[int]) -> tuple[list[int], int]:
    column = fmpq_mat(fmpz_mat([[v] for v in right]))
    solved = fmpq_mat(fmpz_mat(square)).solve(column, algorithm="dixon")  # type: ignore[call-arg]  # not in its stubs
    values = solved.entries()
    common = fmpz(1)
    for v in values:
        common = common.lcm(v.q)
    return [int(v.p * (common // v.q)) for v in values], int(common)
