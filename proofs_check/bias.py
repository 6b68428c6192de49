"""inj.bias and inj.bias-as-printed: the exact criterion, the three implications, the counterexample.

Each implication turns a point z where the active rows of the conclusion's map vanish on some u != 0 into such
a point of the premise's map; `layer_criterion` turns these points into collisions and back, with or without
bias.
"""

from __future__ import annotations

import sympy as sp

from proofs_check import layer_criterion
from proofs_check.steps import Step, equal, follows


def check(second_bias: sp.Expr | int = 2) -> list[Step]:
    """The steps of the proof.  second_bias : the 2 of the counterexample W = (1, -1), b = (-1, 2)."""
    return [
        *layer_criterion.check(),
        *restricted_to_layer(),
        *layer_to_unbiased(),
        *layer_to_restricted(),
        *counterexample(sp.sympify(second_bias)),
    ]


def restricted_to_layer() -> list[Step]:
    """If L fails at z then R fails at z: rows active for R there are active for L."""
    v, b = sp.symbols("v b", real=True)
    return [Step("R => L: <w,z> >= 0 and b_i >= 0 give <w,z> + b_i >= 0", follows(v + b, [(1, v), (1, b)]))]


def layer_to_unbiased() -> list[Step]:
    """If Z fails at z then L fails at T z for large T: rows inactive for Z at z are inactive for L at T z."""
    p, T = sp.symbols("p T", positive=True)
    c, h = sp.symbols("c h", nonnegative=True)
    b = sp.Symbol("b", real=True)
    far = (c + 1 + h) / p
    return [
        Step("L => Z: T <w,z> + b_i tends to -oo where <w,z> = -p < 0", sp.limit(b - p * T, T, sp.oo) == -sp.oo),
        Step("and is below 0 from T = (|b_i| + 1) / p on, b_i >= 0", follows(far * p - c - 1, [(1, h)])),
        Step("and is below 0 from T = (|b_i| + 1) / p on, b_i <= 0", follows(far * p + c - 1, [(2, c), (1, h)])),
    ]


def layer_to_restricted() -> list[Step]:
    """If b <= 0 and R fails at z then L fails at eps z for small eps > 0; R keeps rows with b_i = 0."""
    c, q = sp.symbols("c q", positive=True)
    d, h = sp.symbols("d h", nonnegative=True)
    v = sp.Symbol("v", real=True)
    near = slack = c / ((1 + d) * (1 + h))
    return [
        Step(
            "L => R, b <= 0: a row with b_i = -c < 0 has eps <w,z> + b_i < 0 for eps up to c / (1 + |<w,z>|)",
            follows(c - near * d - slack, [(1 - 1 / (1 + h), c)]) and follows(c + near * d - slack, _grown(c, d, h)),
        ),
        Step("a row with b_i = 0 has the sign of <w,z> at eps z", equal(sp.sign(q * v), sp.sign(v))),
    ]


def _grown(c: sp.Expr, d: sp.Expr, h: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """c + eps d - c / ((1 + d)(1 + h)) as multiples of c and d."""
    return [(1 - 1 / ((1 + d) * (1 + h)), c), (c / ((1 + d) * (1 + h)), d)]


def counterexample(second_bias: sp.Expr) -> list[Step]:
    """(ReLU(x - 1), ReLU(2 - x)) has the left inverse 1 + u where u > 0, else 2 - v; ReLU(-x) has none."""
    g, h = sp.Symbol("g", positive=True), sp.Symbol("h", nonnegative=True)
    right, left = 1 + g, 1 - h
    return [
        Step("x = 1 + g > 1: u = ReLU(x - 1) = g > 0 and 1 + u = x", equal(1 + sp.Max(right - 1, 0), right)),
        Step("x = 1 - h <= 1: u = ReLU(x - 1) = 0", equal(sp.Max(left - 1, 0), 0)),
        Step(
            "x = 1 - h <= 1: b_2 - ReLU(b_2 - x) = x",
            equal(second_bias - sp.Max(second_bias - left, 0), left),
        ),
        Step("R(x) = ReLU(-x) has R(1) = R(2)", equal(sp.Max(sp.Integer(-1), 0) - sp.Max(sp.Integer(-2), 0), 0)),
    ]
