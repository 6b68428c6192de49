"""gau.lower: the chance that a row is active at x = -(w_1 + ... + w_m), and why c Phi(-1/sqrt(c)) grows.

<w_i, x> = -|w_i|^2 - <w_i, s> with s the sum of the other rows, independent of w_i and N(0, (m - 1) I).  Given w_i it
is Gaussian with mean -|w_i|^2 and variance (m - 1) |w_i|^2, so that P(<w_i, x> >= 0 | w_i) = Phi(-|w_i|/sqrt(m - 1)),
and |w_i|^2/n -> 1.  Given two rows the two events differ from independent ones by <w_i, w_j>/n, which tends to 0: the
number of active rows, over n, tends to c Phi(-1/sqrt(c)) in probability.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal


def check(rows: sp.Expr | None = None) -> list[Step]:
    """The steps of the proof.  rows : m as an expression in the symbols c and n, by default c n."""
    c, n, w, s = sp.symbols("c n w s", positive=True)
    m = c * n if rows is None else sp.sympify(rows).subs({sp.Symbol("c"): c, sp.Symbol("n"): n})
    g = sp.Symbol("g", real=True)
    square = sp.expand(w * (-w - s * g))  # |w| times the value along w/|w|; s: standard deviation of the others
    steps = [
        Step("mean -|w|^2", equal(sp.expand(square).coeff(g, 0), -(w**2))),
        Step("standard deviation s |w|", equal(square.coeff(g, 1), -s * w)),
        Step("so P = Phi(-|w|/s): the value is >= 0 where -g >= |w|/s", equal(square.subs(g, -w / s), 0)),
    ]
    limit = sp.limit(sp.sqrt(n) / sp.sqrt(m - 1), n, sp.oo)
    steps.append(
        Step("|w|/s -> 1/sqrt(c) at |w|^2 = n, s^2 = m - 1, m = c n", sp.simplify(limit - 1 / sp.sqrt(c)) == 0)
    )
    tail = sp.erfc(1 / sp.sqrt(2 * c)) / 2
    slope = sp.diff(c * tail, c) - tail
    expected = sp.exp(-1 / (2 * c)) / sp.sqrt(8 * sp.pi * c)
    steps.append(
        Step("derivative of c Phi(-1/sqrt(c)): Phi + exp(-1/(2c))/sqrt(8 pi c) > 0", sp.simplify(slope - expected) == 0)
    )
    for value, sign in ((sp.Rational(3402816, 10**6), -1), (sp.Rational(3402817, 10**6), 1)):
        here = sp.N((c * tail - 1).subs(c, value), 30)
        steps.append(Step(f"sign of c Phi(-1/sqrt(c)) - 1 at {value}: {sign}", bool(here * sign > 0)))
    return steps
