"""One exact vector in the kernel of an integer matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
        for solver in (solve_integer, _solve_slowly) if len(columns) >= _LIFTED else (_solve_slowly,):
            u = _solve(rows, independent, columns, n, solver)
            if u is not None and _orthogonal(rows, u):
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


def _orthogonal(rows: Sequence[Sequence[int]], u: list[int]) -> bool:
    product = fmpz_mat([list(row) for row in rows]) * fmpz_mat([[v] for v in u])
    return not any(product.entries())


Solver = Callable[[list[list[int]], list[int]], tuple[list[int], int] | None]


def _solve(
    rows: Sequence[Sequence[int]], independent: list[int], columns: list[int], n: int, solver: Solver
) -> list[int] | None:
    """The vector orthogonal to the independent rows, supported on their pivot columns and the first other one."""
    free = next(k for k in range(n) if k not in set(columns))
    u = [0] * n
    u[free] = 1
    if columns:
        square = [[rows[i][k] for k in columns] for i in independent]
        solution = solver(square, [-rows[i][free] for i in independent])
        if solution is None:
            return None
        numerators, u[free] = solution
        for k, v in zip(columns, numerators, strict=True):
            u[k] = v
    return primitive(u)


def _solve_slowly(square: list[list[int]], right: list[int]) -> tuple[list[int], int]:
    column = fmpq_mat(fmpz_mat([[v] for v in right]))
    solved = fmpq_mat(fmpz_mat(square)).solve(column, algorithm="dixon")  # type: ignore[call-arg]  # not in its stubs
    values = solved.entries()
    common = fmpz(1)
    for v in values:
        common = common.lcm(v.q)
    return [int(v.p * (common // v.q)) for v in values], int(common)
