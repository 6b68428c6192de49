"""inj.reconstruction and inj.noisy-reconstruction: equations of active rows, and the error of least squares.

d = x' - x for the estimate x', A = W_S^T W_S (positive definite where the rows span), e the error on S.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(sure: sp.Expr | int = 1) -> list[Step]:
    """The steps of the proof.  sure : rows count as active where y_i > sure * delta."""
    return [*equations(), *directions(), *switched_on(sp.sympify(sure)), *pythagoras(), *smallest_singular_value()]


def equations() -> list[Step]:
    """A second preimage solves the same equations; two rows of R^2 stand for rows that span."""
    p = sp.Symbol("p", positive=True)
    v = sp.Symbol("v", real=True)
    u = sp.Matrix(sp.symbols("u1 u2", real=True))
    W = sp.Matrix(2, 2, sp.symbols("a b c d", real=True))
    return [
        Step(
            "ReLU(v) = p > 0: v <= 0 is impossible, since ReLU(-h) = 0",
            equal(sp.Max(-sp.Symbol("h", nonnegative=True), 0), 0),
        ),
        Step("so v > 0 and v = p", equal(sp.Max(p, 0), p)),
        Step("W_S x = W_S x' is W_S (x' - x) = 0, which a span allows for x' = x only", _kernel_is_zero(W, u)),
        Step("the residual is zero at x, the least value a sum of squares has", follows(v**2, [(1, v**2)])),
    ]


def directions() -> list[Step]:
    """A second preimage x' gives u = x' - x; and a u of the statement gives x' = x + eps u for small eps > 0."""
    here, there, b, y = sp.symbols("here there b y", real=True)  # <w_i, x>, <w_i, x'>, b_i, y_i
    both = sp.solve([here + b - y, there + b - y], [here, there])
    q, c = sp.symbols("q c", positive=True)
    h, d = sp.symbols("h d", nonnegative=True)
    eps = c / ((1 + d) * (1 + h))
    return [
        Step("y_i > 0: <w_i, x> + b_i = y_i = <w_i, x'> + b_i give <w_i, u> = 0", equal(both[there] - both[here], 0)),
        Step(
            "<w_i, x> + b_i = 0: the pre-activation of x' is <w_i, u>", equal((there + b).subs(b, -here), there - here)
        ),
        Step("back: y_i > 0 and <w_i, u> = 0 keep y_i", equal(q + eps * 0, q)),
        Step("back: a row that vanishes at x has -eps d <= 0 at x'", follows(-(-eps * d), [(1, eps * d)])),
        Step("back: a row -c < 0 at x stays < 0 for eps <= c / (1 + |<w_i, u>|)", follows(c - eps * d, _left(c, d, h))),
    ]


def _left(c: sp.Expr, d: sp.Expr, h: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """c - eps d as multiples of c."""
    return [((1 + h + d * h) / ((1 + d) * (1 + h)), c)]


def _kernel_is_zero(W: sp.Matrix, u: sp.Matrix) -> bool:
    """adj(W) W u = det(W) u: where W u = 0 and det(W) != 0, u = 0."""
    product = W.adjugate() * (W * u)
    return all(equal(left, right) for left, right in zip(product, W.det() * u, strict=True))


def switched_on(sure: sp.Expr) -> list[Step]:
    """y_i > delta >= |e| >= |e_i|: the output y_i - e_i is positive."""
    delta, rest, gap = sp.symbols("delta rest gap", nonnegative=True)
    over = sp.Symbol("over", positive=True)
    e = delta - gap  # at most delta, with the other entries of e below
    y = sure * delta + over
    return [
        Step("e_i^2 <= |e|^2 = e_i^2 + rest", follows((e**2 + rest) - e**2, [(1, rest)])),
        Step("y_i - e_i > 0", follows(y - e - over, [(1, gap)])),
    ]


def pythagoras() -> list[Step]:
    """|e|^2 = |W_S d|^2 + |r|^2 where the residual r is orthogonal to the columns; three rows in R^2."""
    W = sp.Matrix(3, 2, sp.symbols("w1:7", real=True))
    d = sp.Matrix(sp.symbols("d1 d2", real=True))
    # r orthogonal to both columns: a multiple of their cross product
    s = sp.Symbol("s", real=True)
    r = s * W.col(0).cross(W.col(1))
    e = W * d - r  # y_S = W_S x + b_S + e and r = W_S x' + b_S - y_S give e = W_S d - r
    square = (e.T * e)[0]
    parts = ((W * d).T * (W * d))[0] + (r.T * r)[0]
    return [
        Step("the columns are orthogonal to r", all(equal(v, 0) for v in W.T * r)),
        Step("|e|^2 = |W_S d|^2 + |r|^2", equal(square, parts)),
    ]


def smallest_singular_value() -> list[Step]:
    """|W_S d|^2 >= sigma^2 |d|^2 in the eigenvectors of A; and the quadratic inequality for any estimate."""
    l1 = sp.Symbol("l1", positive=True)
    more, delta, g = sp.symbols("more delta g", nonnegative=True)
    a, b = sp.symbols("a b", real=True)
    size, s, r = sp.symbols("D s r", nonnegative=True)
    upper = (g + sp.sqrt(g**2 + s**2 * (delta**2 - r**2))) / s**2
    value = s**2 * size**2 - 2 * g * size + r**2 - delta**2
    return [
        Step(
            "eigenvalues l1 <= l1 + more: l1 a^2 + (l1 + more) b^2 >= l1 (a^2 + b^2)",
            follows(l1 * a**2 + (l1 + more) * b**2 - l1 * (a**2 + b**2), [(more, b**2)]),
        ),
        Step("s^2 D^2 - 2 g D + r^2 - delta^2 vanishes at the bound", equal(value.subs(size, upper), 0)),
        Step("with g = 0 the bound is sqrt(delta^2 - r^2) / s", _plain_bound()),
    ]


def _plain_bound() -> bool:
    s, r, more = sp.symbols("s r more", positive=True)
    delta_squared = r**2 + more
    return equal(sp.sqrt(s**2 * (delta_squared - r**2)) / s**2, sp.sqrt(more) / s)
