"""inj.domains and inj.nonconvex-domain: from K to its interior and back, strict rows on any set, the counterexample.

(=>) by inj.layer-criterion a collision in K gives z in K and u != 0 such that the rows active at z vanish on u; a
point of the interior near z has no other active rows.  (<=) z + eps u and z - eps u stay in K for z inside it.
"""

from __future__ import annotations

import sympy as sp

from proofs_check import layer_criterion
from proofs_check.steps import Step, equal, follows


def check(second: sp.Expr | int = -1) -> list[Step]:
    """The steps of the proof.  second : the point -1 of the counterexample K = {0, -1}."""
    return [*layer_criterion.check(), *into_the_interior(), *staying_inside(), *strict_rows(), *counterexample(second)]


def into_the_interior() -> list[Step]:
    """A row of value -p < 0 at z and c at an inner point k is negative at (1 - t) z + t k for small t > 0."""
    p = sp.Symbol("p", positive=True)
    c, h = sp.symbols("c h", nonnegative=True)
    t = p / (2 * (p + c) * (1 + h))
    value = (1 - t) * (-p) + t * c
    z, k, w, b = sp.symbols("z k w b", real=True)
    s = sp.Symbol("s", real=True)
    on_segment = w * ((1 - s) * z + s * k) + b
    return [
        Step(
            "the value at (1 - t) z + t k is (1 - t) v(z) + t v(k)",
            equal(on_segment, (1 - s) * (w * z + b) + s * (w * k + b)),
        ),
        Step(
            "0 < t < 1: such a point is in the interior of K",
            bool(sp.factor(t).is_positive) and follows(1 - t, _rest(p, c, h)),
        ),
        Step(
            "its value is at most -p/2 for t up to p / (2 (p + c))",
            follows(-value - p / 2, [(p * h / (2 * (1 + h)), sp.Integer(1))]),
        ),
    ]


def _rest(p: sp.Expr, c: sp.Expr, h: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """1 - t as a sum of non-negative terms."""
    whole = 2 * (p + c) * (1 + h)
    return [((p + 2 * c + 2 * p * h + 2 * c * h) / whole, sp.Integer(1))]


def staying_inside() -> list[Step]:
    """A wall with slack g > 0 at z keeps z + eps u and z - eps u in K for eps up to g / (1 + |<a, u>|)."""
    g = sp.Symbol("g", positive=True)
    d, h = sp.symbols("d h", nonnegative=True)
    eps = g / ((1 + d) * (1 + h))
    return [
        Step("slack g - eps <a, u> >= 0", follows(g - eps * d, [(1 - d / ((1 + d) * (1 + h)), g)])),
        Step("slack g + eps <a, u> >= 0", follows(g + eps * d, [(1, g), (eps, d)])),
    ]


def strict_rows() -> list[Step]:
    """ReLU(s) = ReLU(t) with s = p > 0 leaves t = p only."""
    p, r = sp.symbols("p r", positive=True)
    q = sp.Symbol("q", nonnegative=True)
    return [
        Step("s = p > 0, t = -q <= 0: ReLU(s) - ReLU(t) = p is not 0", equal(sp.Max(p, 0) - sp.Max(-q, 0), p)),
        Step("s = p > 0, t = r > 0: ReLU(s) - ReLU(t) = s - t", equal(sp.Max(p, 0) - sp.Max(r, 0), p - r)),
    ]


def counterexample(second: sp.Expr | int) -> list[Step]:
    """K = {0, -1}, W = (1, -1), b = (0, -1): one row has the value 0 at each point, the other one is negative."""
    x, y = sp.Integer(0), sp.sympify(second)
    first_row, second_row = (lambda t: t), (lambda t: -t - 1)
    return [
        Step("at 0 the first row has the value 0: it is active, and spans", equal(first_row(x), 0)),
        Step("at -1 the second row has the value 0: it is active, and spans", equal(second_row(y), 0)),
        Step(
            "both outputs are (0, 0)",
            all(equal(sp.Max(row(t), 0), 0) for row in (first_row, second_row) for t in (x, y)),
        ),
        Step(
            "with > no row is active at either point",
            not any(row(t) > 0 for row in (first_row, second_row) for t in (x, y)),
        ),
    ]
