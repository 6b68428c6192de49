"""inj.minimal-expansivity: the counting arguments, and the left inverse of [B; -DB].

Let z avoid the hyperplane of every non-zero row; p rows are then positive and q negative at z, with p + q <=
m, and by inj.layer-criterion both numbers are >= n.  For (ii) let z lie on the hyperplane of one line of rows
only; p and q rows of that line point the two ways, a other rows are positive at z and c negative, and the
cells beside z and -z have a + p, a + q, c + p, c + q active rows.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, contradicts, equal, follows


def check(most_rows: sp.Expr | None = None, d: sp.Expr | None = None) -> list[Step]:
    """The steps of the proof.

    most_rows : the bound m <= 2n - 1 of (i), as an expression in the symbol n.  d : an entry of D, by default
    positive.
    """
    n = sp.Symbol("n", positive=True)
    bound = 2 * n - 1 if most_rows is None else sp.sympify(most_rows).subs(sp.Symbol("n"), n)
    return [
        *too_few_rows(n, bound),
        *pairing(n),
        *left_inverse(sp.Symbol("d", positive=True) if d is None else d),
    ]


def too_few_rows(n: sp.Expr, bound: sp.Expr) -> list[Step]:
    """(i): p >= n, q >= n, p + q <= m and m <= 2n - 1 cannot all hold."""
    p, q, m = sp.symbols("p q m", real=True)
    facts = [(1, p - n), (1, q - n), (1, m - p - q), (1, bound - m)]
    return [
        Step(
            "(i) (p - n) + (q - n) + (m - p - q) + (2n - 1 - m) = -1 is a sum of non-negative terms",
            contradicts(facts),
        )
    ]


def pairing(n: sp.Expr) -> list[Step]:
    """(ii), necessity: every line carries one row each way."""
    a, c, p, q = sp.symbols("a c p q", real=True)
    room = 2 * n - a - c - p - q
    exactly = [(a + p, c + q), (a + q, c + p)]
    steps = [
        Step(
            f"(ii) a cell with {cell} active rows has n: n - ({cell}) = (2n - a - c - p - q) + ({other} - n)",
            follows(n - cell, [(1, room), (1, other - n)]),
        )
        for pair in exactly
        for cell, other in (pair, pair[::-1])
    ]
    steps.append(Step("so p <= q", follows(q - p, [(1, a + q - n), (1, n - (a + p))])))
    steps.append(Step("and q <= p", follows(p - q, [(1, a + p - n), (1, n - (a + q))])))
    allowed = [k for k in (0, 1) if k + k >= 1]
    steps.append(
        Step(
            "n active rows that span are independent, so p <= 1; p = q and p + q >= 1 give p = q = 1",
            allowed == [1],
        )
    )
    return steps


def left_inverse(d: sp.Expr) -> list[Step]:
    """(ii) and (iii), sufficiency: y = Bx is found from the outputs of the rows of B and -DB, and then x."""
    g = sp.Symbol("g", nonnegative=True)
    steps = [
        Step(f"ReLU(y) - ReLU(-d y)/d = y at y = {y}", equal(sp.Max(y, 0) - sp.Max(-d * y, 0) / d, y)) for y in (g, -g)
    ]
    for n in (1, 2):
        B = sp.Matrix(n, n, sp.symbols(f"b1:{n * n + 1}"))
        product = B.adjugate() * B - B.det() * sp.eye(n)
        steps.append(Step(f"adj(B) B = det(B) I for n = {n}: y = Bx determines x", all(equal(v, 0) for v in product)))
    return steps
