"""gau.gordon-mesh: the inner minimum in closed form, and why the equation has one root.

With S(c) = c ln c - (c-1) ln(c-1) = c h(1/c) and L(t) = ln((1 + (1-t)^(-1/2))/2): c/2 - 1 >= (2/t)(S + L(t)) for some t
in (0, 1) if and only if G(c) = max_t (t (c-2)/4 - L(t)) - S(c) >= 0.  G is a maximum of affine functions of c plus the
convex -S: convex.  It is negative at c = 2 and unbounded, so that it has exactly one root above 2.  That the bound
follows from Gordon's inequality is not replayed: the equation is the one of the source.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal


def check(exponent: sp.Expr | None = None) -> list[Step]:
    """The steps of the proof.  exponent : of u in c - 2 = 2 u^3/(1 + u), by default 3."""
    u = sp.Symbol("u", positive=True)
    c = sp.Symbol("c", positive=True)
    power = sp.Integer(3) if exponent is None else exponent
    spread = sp.log((1 + u) / 2)  # L at u = (1-t)^(-1/2)
    time = 1 - 1 / u**2
    slope = sp.diff(spread, u) / sp.diff(time, u)  # dL/dt
    steps = [Step("L'(t) = u^3/(2 (1 + u)), u = (1-t)^(-1/2)", equal(slope, u**3 / (2 * (1 + u))))]
    bend = sp.factor(sp.diff(slope, u) / sp.diff(time, u))
    steps.append(Step("L is convex: its second derivative is positive", bool(bend.is_positive)))
    ratio = 2 + 2 * u**power / (1 + u)
    steps.append(Step("t (c-2)/4 - L(t) is stationary at c = 2 + 2 u^3/(1+u)", equal((ratio - 2) / 4, slope)))
    steps.append(Step("which grows with u", bool(sp.factor(sp.diff(ratio, u)).is_positive)))
    top = time * (ratio - 2) / 4
    steps.append(Step("the maximum is u (u-1)/2 - ln((1+u)/2)", equal(top, u * (u - 1) / 2)))
    bound = c * sp.log(c) - (c - 1) * sp.log(c - 1)
    second = sp.diff(bound, c, 2)
    steps.append(Step("S'' = 1/c - 1/(c-1) < 0: -S is convex", equal(second, 1 / c - 1 / (c - 1))))
    steps.append(
        Step(
            "at c = 2 the maximum is 0, at t = 0: G(2) = -2 ln 2 < 0",
            sp.simplify(bound.subs(c, 2) - 2 * sp.log(2)) == 0,
        )
    )
    w = sp.Symbol("w", positive=True)
    growth = sp.limit((w / 2 - sp.log(w)), w, sp.oo)
    steps.append(Step("at t = 1/2 it grows like c/8, S like ln c: G is unbounded", growth == sp.oo))
    return steps
