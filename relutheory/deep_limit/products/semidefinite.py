"""Two exact tests for matrices of rationals: positive semidefinite, and all eigenvalues inside a circle."""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, ctx, fmpq, fmpq_mat

_BALLS, _BITS = 5, 192  # from this size on balls of so many bits are tried first: rationals grow with every step


def is_semidefinite(rows: Sequence[Sequence[fmpq]]) -> bool:
    """Whether a symmetric matrix of rationals is positive semidefinite, by elimination without pivoting.

    rows : (n, n) flint rationals, symmetric.  A zero pivot is allowed only with a zero row beside it.

    >>> is_semidefinite([[fmpq(1), fmpq(1)], [fmpq(1), fmpq(1)]])
    True
    >>> is_semidefinite([[fmpq(0), fmpq(1)], [fmpq(1), fmpq(5)]])
    False
    """
    sign = _sign_by_balls(rows) if len(rows) >= _BALLS else None
    return _eliminated(rows, strict=False) if sign is None else sign


def is_definite(rows: Sequence[Sequence[fmpq]]) -> bool:
    """Whether a symmetric matrix of rationals is positive definite.

    >>> is_definite([[fmpq(1), fmpq(1)], [fmpq(1), fmpq(1)]]), is_definite([[fmpq(2), fmpq(1)], [fmpq(1), fmpq(1)]])
    (False, True)
    """
    return _eliminated(rows, strict=True)


def _sign_by_balls(rows: Sequence[Sequence[fmpq]]) -> bool | None:
    """True: positive definite.  False: not semidefinite.  None: a pivot is too close to 0 to say."""
    with ctx.workprec(_BITS):
        left = [[arb(v) for v in row] for row in rows]
        n = len(left)
        for k in range(n):
            pivot = left[k][k]
            if not pivot > 0:
                return False if pivot < 0 else None
            for i in range(k + 1, n):
                factor = left[i][k] / pivot
                for j in range(k + 1, n):
                    left[i][j] -= factor * left[k][j]
    return True


def _eliminated(rows: Sequence[Sequence[fmpq]], *, strict: bool) -> bool:
    left = [list(row) for row in rows]
    n = len(left)
    for k in range(n):
        pivot = left[k][k]
        if pivot < 0 or (strict and pivot == 0):
            return False
        if pivot == 0:
            if any(v != 0 for v in left[k][k + 1 :]):
                return False
            continue
        for i in range(k + 1, n):
            if left[i][k] != 0:
                factor = left[i][k] / pivot
                for j in range(k + 1, n):
                    left[i][j] -= factor * left[k][j]
    return True


def inside(matrix: fmpq_mat, radius: fmpq) -> bool:
    """Whether every eigenvalue has modulus < radius, by the test of Schur and Cohn on the characteristic polynomial.

    matrix : square, of rationals.  radius : rational > 0.

    The polynomial p with leading coefficient 1 has all its roots in the open unit disc if and only if |p(0)| < 1 and
    (p - p(0) p*) / x has, p* being p with its coefficients in reverse order.

    >>> turn = fmpq_mat(2, 2, [0, -1, 1, 0])
    >>> inside(turn, fmpq(1)), inside(turn, fmpq(1001, 1000))
    (False, True)
    """
    p = matrix.charpoly().coeffs()
    n = len(p) - 1
    p = [v / radius ** (n - i) for i, v in enumerate(p)]  # the roots divided by the radius
    while len(p) > 1:
        last = p[0]
        if abs(last) >= 1:
            return False
        scale = 1 - last * last
        p = [(a - last * b) / scale for a, b in zip(p[1:], p[-2::-1], strict=True)]
    return True
