"""deep.growing-width: the norms of a Toeplitz matrix of a mask, and zero extension."""

from __future__ import annotations

import sympy as sp

from proofs_check.deep_summable import by_products, induction, one_layer
from proofs_check.steps import Step, equal, follows


def check(*, unit: int = 0, front: bool = False) -> list[Step]:
    """The steps of the proof.  unit : the place of the 1 of the unit mask.  front : zeros in front of the vector."""
    return [
        *(norms(s, m) for s, m in ((0, 2), (1, 1), (1, 3), (2, 1), (2, 2), (3, 4))),
        *(extension(s, m, unit, front) for s, m in ((0, 2), (1, 1), (1, 3), (2, 2))),
        between_norms(),
        *one_layer(),
        *(by_products(depth, reverse=False) for depth in (1, 2, 3)),
        induction(),
    ]


def toeplitz(w: list[sp.Expr], m: int) -> sp.Matrix:
    s = len(w) - 1
    return sp.Matrix(m + s, m, lambda i, j: w[i - j] if 0 <= i - j <= s else 0)


def norms(s: int, m: int) -> Step:
    """Each column holds each entry of the mask once, each row at most once."""
    w = list(sp.symbols(f"w0:{s + 1}"))
    T = toeplitz(w, m)
    columns = [sorted((v for v in T.col(j) if v != 0), key=str) for j in range(m)]
    rows = [[v for v in T.row(i) if v != 0] for i in range(m + s)]
    ok = all(column == sorted(w, key=str) for column in columns) and all(len(set(row)) == len(row) for row in rows)
    return Step(f"|T|_1 = |w|_1 and |T|_inf <= |w|_1, s = {s}, m = {m}", ok)


def extension(s: int, m: int, unit: int, front: bool) -> Step:
    """The unit mask's matrix continues a vector by zeros, which ReLU leaves alone."""
    x = sp.Matrix(sp.symbols(f"x0:{m}", positive=True))
    w = [sp.Integer(int(k == unit)) for k in range(s + 1)]
    zeros = [sp.Integer(0)] * s
    continued = sp.Matrix([*zeros, *x] if front else [*x, *zeros])
    value = toeplitz(w, m) * x
    ok = all(equal(sp.Max(a, 0), b) for a, b in zip(value, continued, strict=True))
    return Step(f"ReLU(T(delta) x) is x and s zeros, s = {s}, m = {m}", ok)


def between_norms() -> Step:
    """|T|_2^2 <= |T|_1 |T|_inf, by Schur's test: |(Tx)_i|^2 <= (sum_j |T_ij|) (sum_j |T_ij| x_j^2), for two columns."""
    a, b = sp.symbols("a b", nonnegative=True)
    x, y = sp.symbols("x y", real=True)
    left = (a + b) * (a * x**2 + b * y**2) - (a * x + b * y) ** 2
    return Step("(a x + b y)^2 <= (a + b) (a x^2 + b y^2)", follows(left, [(a * b, (x - y) ** 2)]))
