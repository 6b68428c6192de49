"""inj.ball-bias: projections to cones give the minima, and a frame of three vectors attains them.

Every x lies in the cone of a facet, for the ray through x leaves the polytope through one.  Its rows span R^n and are
active at x, as <w_i, x> >= alpha_i >= a_i, so inj.domains applies.  For -w = p + y, p the projection of -w to the cone
C and y the rest: <p, y> = 0, and <y, x> <= 0 for x in C.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(alpha: sp.Expr | int = -1) -> list[Step]:
    """The steps of the proof.  alpha : the bound of the frame of three vectors, for radius 2."""
    return [*lower_bound(), *attained(), *scaling(), *three_vectors(sp.sympify(alpha))]


def lower_bound() -> list[Step]:
    """<w, x> >= -|p| |x| on the cone."""
    p1, p2, p3, x1, x2, x3 = sp.symbols("p1:4 x1:4", real=True)
    y = sp.symbols("y1:4", real=True)
    p, x = (p1, p2, p3), (x1, x2, x3)
    product = sum(a * b for a, b in zip(p, x, strict=True))
    wx = -sum((a + b) * c for a, b, c in zip(p, y, x, strict=True))
    yx = sum(a * b for a, b in zip(y, x, strict=True))
    gap = sum(a * a for a in p) * sum(a * a for a in x) - product**2
    squares = (p1 * x2 - p2 * x1) ** 2 + (p1 * x3 - p3 * x1) ** 2 + (p2 * x3 - p3 * x2) ** 2
    return [
        Step("<w, x> = -<p, x> - <y, x>, and -<y, x> >= 0 on the cone", follows(wx + product, [(1, -yx)])),
        Step("|p|^2 |x|^2 - <p, x>^2 is a sum of squares: <p, x> <= |p| |x|", equal(gap, squares)),
    ]


def attained() -> list[Step]:
    """At x = r p / |p|, in the cone and on the sphere, <w, x> = -r |p|, since <p, y> = 0: axes along p and y."""
    length, r = sp.symbols("length r", positive=True)
    rest = sp.Symbol("y2", real=True)
    p, y, x = sp.Matrix([length, 0]), sp.Matrix([0, rest]), sp.Matrix([r, 0])
    return [
        Step("p = (|p|, 0) and y = (0, y_2) are orthogonal", equal(p.dot(y), 0)),
        Step("<w, r p/|p|> = -r |p| for -w = p + y", equal(-(p + y).dot(x), -r * length)),
    ]


def scaling() -> list[Step]:
    """The projection of -c w is c times that of -w: the bound grows with |w| and with r."""
    c, r, length = sp.symbols("c r length", positive=True)
    bound = -r * length
    return [
        Step("w times c: the bound times c", equal(-r * (c * length), c * bound)),
        Step("r times c: the bound times c", equal(-(c * r) * length, c * bound)),
    ]


def three_vectors(alpha: sp.Expr) -> list[Step]:
    """Unit vectors at 120 degrees, r = 2: alpha = -1, and at 2 w_2 the other two are active only for a <= -1."""
    half, root = sp.Rational(1, 2), sp.sqrt(3) / 2
    w = [sp.Matrix([0, 1]), sp.Matrix([-root, -half]), sp.Matrix([root, -half])]
    products = [w[i].dot(w[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    s = sp.Symbol("s", nonnegative=True)
    t = sp.Symbol("t", nonnegative=True)
    x = s * w[0] + t * w[1]
    rest = -w[0] - half * w[1]
    return [
        Step("the vectors have products -1/2", all(equal(v, -half) for v in products)),
        Step(
            "the projection of -w_1 to the cone of w_1, w_2 is w_2/2: the rest is orthogonal to it",
            equal(rest.dot(w[1]), 0),
        ),
        Step(
            "and has no positive product with the cone", follows(-rest.dot(x), [(s * sp.Rational(3, 4), sp.Integer(1))])
        ),
        Step("so alpha = -2 |w_2/2|", equal(alpha, -2 * half)),
        Step("at 2 w_2 the rows 1 and 3 have the value alpha", all(equal(2 * w[k].dot(w[1]), alpha) for k in (0, 2))),
    ]
