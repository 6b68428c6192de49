"""inj.layer-criterion: the kernel of its proof, row by row.

Write s, t for the values of a row at x and y, and r for its value at z = (1 - lam) x + lam y with 0 < lam <
1.

(=>) Let x != y have equal outputs.  Every row with r >= 0 has s = t, so the active rows at z vanish on x - y
!= 0.  (<=) Let the active rows at z vanish on u != 0.  Then z + eps u and z - eps u have equal outputs for
small eps > 0.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def inner_point() -> sp.Expr:
    """Any lam with 0 < lam < 1, written as q / (1 + q) with q > 0."""
    q = sp.Symbol("q", positive=True)
    return q / (1 + q)


def check(lam: sp.Expr | None = None) -> list[Step]:
    """The steps of the proof.  lam : the position of z between x and y, by default any inner one."""
    return [*collision_to_rows(inner_point() if lam is None else sp.sympify(lam)), *rows_to_collision()]


def collision_to_rows(lam: sp.Expr) -> list[Step]:
    """(=>): what ReLU(s) = ReLU(t) and r >= 0 say, by the signs of s and t."""
    p, q = sp.symbols("p q", nonnegative=True)
    s, t = sp.symbols("s t", real=True)
    w1, w2, b, x1, x2, y1, y2 = sp.symbols("w1 w2 b x1 x2 y1 y2", real=True)
    at_x, at_y = w1 * x1 + w2 * x2 + b, w1 * y1 + w2 * y2 + b
    at_z = w1 * ((1 - lam) * x1 + lam * y1) + w2 * ((1 - lam) * x2 + lam * y2) + b
    r = (1 - lam) * s + lam * t
    return [
        Step("the value at z is r = (1 - lam) s + lam t", equal(at_z, (1 - lam) * at_x + lam * at_y)),
        Step("s = p >= 0, t = q >= 0: ReLU(s) - ReLU(t) = s - t", equal(sp.Max(p, 0) - sp.Max(q, 0), p - q)),
        Step("s = p >= 0, t = -q <= 0: ReLU(s) - ReLU(t) = s, so s = 0", equal(sp.Max(p, 0) - sp.Max(-q, 0), p)),
        Step("lam > 0 and 1 - lam > 0", bool(sp.factor(lam).is_positive and sp.factor(1 - lam).is_positive)),
        Step("s <= 0, r >= 0: lam t = r + (1 - lam)(-s) >= 0", follows(lam * t, [(1, r), (1 - lam, -s)])),
        Step("t <= 0, r >= 0: (1 - lam) s = r + lam (-t) >= 0", follows((1 - lam) * s, [(1, r), (lam, -t)])),
    ]


def rows_to_collision() -> list[Step]:
    """(<=): what happens to the value of a row along u."""
    v, eps = sp.symbols("v epsilon", real=True)
    p, c, h = (
        sp.Symbol("p", positive=True),
        sp.Symbol("c", nonnegative=True),
        sp.Symbol("h", nonnegative=True),
    )
    small = p / ((1 + c) * (1 + h))
    u = sp.Symbol("u", nonzero=True)
    return [
        Step("an active row has <w,u> = 0 and keeps its value", equal(v + eps * 0, v)),
        Step(
            "a row of value -p < 0 with |<w,u>| = c stays <= 0 for every eps up to p / (1 + c)",
            follows(p - small * c, [(1 - c / ((1 + c) * (1 + h)), p)]) and follows(p + small * c, [(1, p), (small, c)]),
        ),
        Step("the two points differ by 2 eps u != 0", bool((2 * small * u).is_nonzero)),
    ]
