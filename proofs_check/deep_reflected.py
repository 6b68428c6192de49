"""deep.reflected: Lindley's formula with the increments (P_k x_{k-1})_j + b_{k,j}, and the growth of what P adds.

For n <= i <= N let A_i = sum_{n<k<=i} p_k |x_{k-1}|, so that |sum_{i<k<=l} (P_k x_{k-1})_j| <= A_N for i <= l.
Lindley's formula itself is in proofs_check/deep_lindley.py.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.deep_lindley import induction as formula
from proofs_check.steps import Step, equal, follows


def check(*, last: bool = True, biased: bool = True) -> list[Step]:
    """The steps of the proof.  last : Lindley's formula has the term k = N.  biased : |U| counts in the growth."""
    return [
        *formula(last),
        *one_coordinate(),
        *(by_products(depth, biased=biased) for depth in (1, 2, 3, 4, 5)),
        layer_more(),
        rising(),
        *limits(),
    ]


def one_coordinate() -> list[Step]:
    """x_N = max(x_n + C_N - C_n, max_k (C_N - C_k)), each C_l - C_i the sum of a part of P, |a| <= A, and of S."""
    x, A, U, D = sp.symbols("x A U D", nonnegative=True)
    a, s, e, t = sp.symbols("a s e t", real=True)  # C_N - C_n = a + s; C_N - C_k = e + t
    return [
        Step("x_n + C_N - C_n <= x_n + A + U", follows((x + A + U) - (x + a + s), [(1, A - a), (1, U - s)])),
        Step("C_N - C_k <= A + U <= x_n + A + U", follows((x + A + U) - (e + t), [(1, A - e), (1, U - t), (1, x)])),
        Step("x_N >= x_n + C_N - C_n >= x_n - A - D", follows((x + a + s) - (x - A - D), [(1, A + a), (1, D + s)])),
    ]


def by_products(depth: int, *, biased: bool) -> Step:
    """|x_i| <= |x_n| + |U| + A_i makes |x_i| <= y_i = (|x_n| + |U|) prod (1 + p_k), and A_N <= g."""
    p = sp.symbols(f"p1:{depth + 1}", nonnegative=True)
    r, u = sp.symbols("r u", nonnegative=True)
    y, A = r + u, sp.Integer(0)
    for q in p:
        A = A + q * y
        y = r + u + A
    g = (sp.prod(1 + q for q in p) - 1) * (r + u if biased else r)
    return Step(f"A_N = (prod (1 + p_k) - 1)(|x_n| + |U|) where all are equal, N - n = {depth}", equal(A, g))


def layer_more() -> Step:
    """What is bounded stays bounded: |x_n| + |U| + A + p |x| <= (1 + p) y where |x| <= y = |x_n| + |U| + A."""
    p, y = sp.symbols("p y", nonnegative=True)
    x = sp.Symbol("x", nonnegative=True)
    return Step("y + p |x| <= (1 + p) y", follows((1 + p) * y - (y + p * x), [(p, y - x)]))


def rising() -> Step:
    """x_N >= x_n + a + s with |a| <= P X, x_n >= 0 and x_N <= X: s <= (1 + P) X."""
    X, P, x = sp.symbols("X P x", nonnegative=True)
    a, s, new = sp.symbols("a s new", real=True)
    parts = [(1, X - new), (1, new - x - a - s), (1, x), (1, P * X + a)]
    return Step("S_N - S_n <= (1 + sum p_k) max |x_i|", follows((1 + P) * X - s, parts))


def limits() -> list[Step]:
    """A coordinate whose sums fall to -infinity: x_N <= max(x_n + A + s, A + U), s -> -infinity, U = 0 for b <= 0."""
    A, x, b = sp.symbols("A x b", nonnegative=True)
    s = sp.Symbol("s", real=True)
    return [
        Step("b <= 0: S_k - S_i <= 0, so U = 0", equal(sp.Max(0, -b), 0)),
        Step("s <= -x_n: the first term is at most A", follows(A - (x + A + s), [(1, -x - s)])),
        Step("e^0 - 1 = 0: A tends to 0 with the sum of the p_k", equal(sp.exp(0) - 1, 0)),
    ]
