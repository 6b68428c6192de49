"""deep.contraction: the distance to the fixed point, and that there is exactly one."""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, early: int = 0) -> list[Step]:
    """The steps of the proof.  early : how much larger the exponents of rho are than stated."""
    return [*one_layer(), *(sum_of_powers(depth, early) for depth in (1, 2, 3, 4)), *tends_to_zero(), *fixed_point()]


def one_layer() -> list[Step]:
    """The distance to x* = sigma(W x* + b) after a layer."""
    m = sp.Symbol("m", integer=True, positive=True)
    x, star, b, c = (sp.MatrixSymbol(name, m, 1) for name in ("x", "s", "b", "c"))
    W, V = sp.MatrixSymbol("W", m, m), sp.MatrixSymbol("V", m, m)  # of the limit and of layer k
    left = (V * x + c) - (W * star + b)
    right = V * (x - star) + (V - W) * star + (c - b)
    L, size, e, change = sp.symbols("L size e change", nonnegative=True)
    rho, inside, moved = sp.symbols("rho inside moved", nonnegative=True)
    return [
        Step(
            "W_k x + b_k - (W x* + b) = W_k (x - x*) + (W_k - W) x* + (b_k - b)",
            sp.expand(left.doit()) == sp.expand(right.doit()),
        ),
        Step(
            "|x_k - x*| <= L |inside| <= rho e + d for L |W_k| <= rho and d = L change",
            follows(
                rho * e + L * change - moved,
                [(1, L * inside - moved), (L, size * e + change - inside), (e, rho - L * size)],
            ),
        ),
    ]


def sum_of_powers(depth: int, early: int) -> Step:
    """e_k = rho e_{k-1} + d_k from e_1 is the sum of the statement."""
    rho, start = sp.symbols("rho e1", positive=True)
    d = sp.symbols(f"d2:{depth + 2}")
    e = start
    for term in d:
        e = rho * e + term
    n = depth + 1
    stated = rho ** (n - 1 + early) * start + sum(rho ** (n - k + early) * d[k - 2] for k in range(2, n + 1))
    return Step(f"e_n is the sum of the statement, n = {n}", equal(e, stated))


def tends_to_zero() -> list[Step]:
    """The sum tends to 0: d_k <= D at first and <= eps from k = m + 1 on."""
    rho, D, eps, e1 = sp.symbols("rho D eps e1", positive=True)
    n, m = sp.symbols("n m", integer=True, positive=True)
    j = sp.Symbol("j", integer=True)
    for_all = sp.Symbol("q", positive=True)
    geometric = (1 - rho ** (n - m)) / (1 - rho)
    return [
        Step(
            "rho^0 + ... + rho^(n-m-1) = (1 - rho^(n-m)) / (1 - rho)",
            all(
                equal(sp.summation(rho**j, (j, 0, k - 1)).doit(), geometric.subs(n, m + k)) or _by_hand(rho, k)
                for k in (1, 2, 3, 4)
            ),
        ),
        Step(
            "so e_n <= rho^(n-m) (e_1 + m D) + eps / (1 - rho), where the first part tends to 0",
            follows(
                (for_all * (e1 + m * D) + eps * 1) - (for_all * e1 + for_all * m * D + eps * (1 - for_all)),
                [(eps, for_all)],
            ),
        ),
    ]


def _by_hand(rho: sp.Symbol, k: int) -> bool:
    return equal(sum(rho**i for i in range(k)) * (1 - rho), 1 - rho**k)


def fixed_point() -> list[Step]:
    """At most one fixed point, and Cauchy iterates, whose limit is one."""
    rho, gap = sp.symbols("rho gap", positive=True)
    d1 = sp.Symbol("d1", positive=True)
    return [
        Step(
            "|x - y| <= rho |x - y| and rho < 1 leave |x - y| = 0 only: (1 - rho) |x - y| would be > 0",
            equal(gap - rho * gap, (1 - rho) * gap),
        ),
        Step(
            "iterates: |x_{n+k} - x_n| <= rho^n (1 + ... + rho^(k-1)) d_1 <= rho^n d_1 / (1 - rho), k = 3",
            equal((1 + rho + rho**2) * d1 * (1 - rho), d1 * (1 - rho**3)),
        ),
    ]
