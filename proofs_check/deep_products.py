"""deep.products: the coefficients along depth, the bound they give, the way back from d + 1 points, and its limits.

On one domain x_n = M_n x + c_n with M_{n+1} = J W M_n and c_{n+1} = J (W c_n + b).
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, mask_bias: bool = True) -> list[Step]:
    """The steps of the proof.  mask_bias : whether b carries its activation matrix in the recursion of c_n."""
    return [
        *(recursion(m, mask_bias) for m in (1, 2)),
        *(bounded(d) for d in (1, 2)),
        *(step for d in (1, 2) for step in way_back(d)),
        *no_interior(),
        *not_every_sequence(),
    ]


def _entries(letter: str, rows: int, columns: int) -> sp.Matrix:
    return sp.Matrix(rows, columns, sp.symbols(f"{letter}1:{rows * columns + 1}", real=True))


def recursion(m: int, mask_bias: bool) -> Step:
    """J (W (M x + c) + b) = (J W M) x + (J W c + J b), entry by entry."""
    W, M, J = _entries("w", m, m), _entries("M", m, m), sp.diag(*sp.symbols(f"j1:{m + 1}"))
    c, b, x = _entries("c", m, 1), _entries("b", m, 1), _entries("x", m, 1)
    moved = J * W * M * x + J * W * c + (J * b if mask_bias else b)
    ok = all(equal(u, v) for u, v in zip(J * (W * (M * x + c) + b), moved, strict=True))
    return Step(f"m = {m}: M_n+1 = J W M_n and c_n+1 = J (W c_n + b)", ok)


def bounded(d: int) -> Step:
    """|<a, x> + c| <= sum |a_i| max |x_i| + |c|, for either sign: with |a| - a = 2p, |a| + a = 2q and so on."""
    p, q = (sp.symbols(f"{letter}1:{d + 1}", nonnegative=True) for letter in "pq")
    u, v = sp.symbols("u v", nonnegative=True)  # |c| - c = 2u, |c| + c = 2v
    size = sp.Symbol("size", nonnegative=True)
    terms: list[tuple[sp.Expr, sp.Expr]] = []
    upper, value = u + v, v - u
    for i in range(d):
        a, x = q[i] - p[i], sp.Symbol(f"x{i + 1}", real=True)
        upper, value = upper + (p[i] + q[i]) * size, value + a * x
        terms += [(p[i], size + x), (q[i], size - x)]
    return Step(f"d = {d}: |<a, x> + c| <= |a|_1 max|x| + |c|", follows(upper - value, [*terms, (2, u)]))


def way_back(d: int) -> list[Step]:
    """The increments at d + 1 points are X (a, c): X^-1 gives the increments (a, c) of the coefficients back."""
    x = _entries("x", d + 1, d)
    X = x.row_join(sp.ones(d + 1, 1))
    unknown = _entries("a", d + 1, 1)
    values = X * unknown
    back = X.adjugate() * values
    ok = all(equal(u, v) for u, v in zip(back, X.det() * unknown, strict=True))
    on_a_line = X.subs({x[d, i]: (x[0, i] + x[d - 1, i]) / 2 if d > 1 else x[0, i] for i in range(d)})
    return [
        Step(f"d = {d}: adj(X) (increments) = det(X) (a, c)", ok),
        Step(f"d = {d}: det(X) = 0 for dependent points, where nothing follows", equal(on_a_line.det(), 0)),
    ]


def no_interior() -> list[Step]:
    """On the line x = 0, the values of k (y - x + 1) + (1 - k) (y + x + 1) do not depend on k; its coefficient does."""
    x, y, k = sp.symbols("x y k", real=True)
    value = sp.expand(k * (y - x + 1) + (1 - k) * (y + x + 1))
    h = sp.Symbol("h", positive=True)
    return [
        Step("its value on the line is y + 1 for every k", equal(value.subs(x, 0), y + 1)),
        Step("its coefficient of x is 1 - 2k, without limit as k grows", equal(value.coeff(x), 1 - 2 * k)),
        Step("off the line one of the neurons x, -x is on", equal(sp.Max(h, 0) + sp.Max(-h, 0), h)),
    ]


def not_every_sequence() -> list[Step]:
    """W = -1: every output is 0 from the second layer on, while the products for J = 1 are (-1)^n."""
    x = sp.Symbol("x", nonnegative=True)
    n = sp.Symbol("n", integer=True)
    return [
        Step("ReLU(-x) = 0 for x >= 0", equal(sp.Max(-x, 0), 0)),
        Step("(-1)^(n+1) - (-1)^n is 2 in modulus", equal((((-1) ** (n + 1) - (-1) ** n) ** 2).simplify(), 4)),
    ]
