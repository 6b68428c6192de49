"""inj.raised-bias: raised biases keep rows active, and only bias-free injective layers can be repaired by a bias.

A map fails at z where the rows with <w_i, z> + b_i >= 0 do not span (layer_criterion).  So it suffices that each
implication's conclusion has, at every z, at least the active rows that the premise has at some point.
"""

from __future__ import annotations

import sympy as sp

from proofs_check import bias
from proofs_check.steps import Step, equal, follows


def check(t: sp.Expr | None = None) -> list[Step]:
    """The steps of the proof.  t : the change of one bias, a symbol that is known to be >= 0."""
    if t is None:
        t = sp.Symbol("t", nonnegative=True)
    return [*raised(t), *without_negative_biases(), *bias.layer_to_unbiased(), *one_row_each_way()]


def raised(t: sp.Expr) -> list[Step]:
    """L => T: rows active for L at z are active for T at z."""
    v, b = sp.symbols("v b", real=True)
    return [
        Step("<w,z> + b >= 0 and t >= 0 give <w,z> + b + t >= 0", follows(v + b + t, [(1, v + b), (t, sp.Integer(1))])),
    ]


def without_negative_biases() -> list[Step]:
    """Z => P: rows with <w,z> >= 0 are active for P at z, whose biases are max(b, 0)."""
    v, c = sp.Symbol("v", real=True), sp.Symbol("c", nonnegative=True)
    return [
        Step(
            "b = c >= 0: max(b, 0) = c, and <w,z> >= 0 gives <w,z> + c >= 0",
            follows(v + sp.Max(c, 0), [(1, v), (1, c)]),
        ),
        Step("b = -c <= 0: max(b, 0) = 0, and <w,z> >= 0 is what is to be shown", equal(sp.Max(-c, 0), 0)),
    ]


def one_row_each_way() -> list[Step]:
    """The counterexample to "T => L": (ReLU(x - 1), ReLU(-x)) is zero between 0 and 1; b = (0, 0) has no gap."""
    half = sp.Rational(1, 2)
    outputs = [[sp.Max(x - 1, 0), sp.Max(-x, 0)] for x in (half, half / 2)]
    return [
        Step("L(1/2) = L(1/4) = 0", outputs[0] == outputs[1] == [0, 0]),
        Step("raised by t = (1, 0): x = ReLU(x) - ReLU(-x), x >= 0", _rebuilt(sp.Symbol("g", nonnegative=True))),
        Step("raised by t = (1, 0): x = ReLU(x) - ReLU(-x), x <= 0", _rebuilt(-sp.Symbol("h", nonnegative=True))),
    ]


def _rebuilt(x: sp.Expr) -> bool:
    return equal(sp.Max(x, 0) - sp.Max(-x, 0), x)
