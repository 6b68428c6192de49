"""inj.inverse-lipschitz: the weight 2 min(t, 1 - t) along a segment, row by row, and why 1/sqrt(2) is the best.

Let z_t = (1 - t) x + t y, u = x - y, and let row i have the value v_i(t) = (1 - t) p + t q at z_t, with p - q =
<w_i, u>.  Its output changes by c_i <w_i, u> in size, where c_i = 1 if it is active at both ends, c_i = s if it is
active on [0, s) only, c_i = 1 - s if it is active on (s, 1] only, c_i = 0 if nowhere.  For a weight g >= 0 on [0, 1]
with integral of g over the active part <= c_i^2, whatever the row, |f(x) - f(y)|^2 >= integral of g(t) |W_S(t) u|^2 dt
>= m0^2 |u|^2 integral of g: almost every z_t lies in an open cell, or on hyperplanes that contain the whole segment,
where the closed active set contains that of a cell beside it.  The best g is 2 min(t, 1 - t).
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(weight: sp.Expr | None = None, constant: sp.Expr | None = None) -> list[Step]:
    """The steps of the proof.

    weight : g on [0, 1/2], an expression in t; g(1 - t) = g(t).  constant : what its integral is to reach, 1/2.
    """
    t = sp.Symbol("t", nonnegative=True)
    left = 2 * t if weight is None else sp.sympify(weight).subs(sp.Symbol("t"), t)
    goal = sp.Rational(1, 2) if constant is None else constant
    return [*total(t, left, goal), *row_by_row(t, left), *best(t), *attained(), *looser()]


def total(t: sp.Symbol, left: sp.Expr, goal: sp.Expr) -> list[Step]:
    """The integral of g, which multiplies m0^2 |u|^2."""
    half = sp.integrate(left, (t, 0, sp.Rational(1, 2)))
    right = sp.integrate(left.subs(t, 1 - t), (t, sp.Rational(1, 2), 1))
    return [Step("the integral of 2 min(t, 1 - t) over [0, 1] is 1/2", equal(half + right, goal))]


def row_by_row(t: sp.Symbol, left: sp.Expr) -> list[Step]:
    """The integral of g over the part of the segment on which a row is active is at most c^2."""
    p, q = sp.symbols("p q", positive=True)
    s = p / (p + q)  # the value goes from p > 0 at x to -q < 0 at y
    steps = [Step("the row vanishes at s = p / (p + q)", equal((1 - s) * p - s * q, 0))]
    change = p**2 - s**2 * (p + q) ** 2
    steps.append(Step("its output changes by p = s (p + q), so that c = s", equal(change, 0)))
    r = sp.Symbol("r", nonnegative=True)  # s = 1 / (2 (1 + r)) runs over (0, 1/2]; s = 1 - that over [1/2, 1)
    early = 1 / (2 * (1 + r))
    first = sp.integrate(left, (t, 0, early))
    steps.append(Step("s <= 1/2: the integral over [0, s] is s^2 at most", _nonnegative(early**2 - first)))
    late = 1 - early
    rest = sp.integrate(left, (t, 0, sp.Rational(1, 2))) + sp.integrate(
        left.subs(t, 1 - t), (t, sp.Rational(1, 2), late)
    )
    gap = late**2 - rest
    steps.append(Step("s >= 1/2: the integral over [0, s] is s^2 at most", _nonnegative(gap)))
    if equal(left, 2 * t):
        steps.append(Step("s >= 1/2: s^2 - (2 s - s^2 - 1/2) = (1 - 2 s)^2 / 2", equal(gap, (1 - 2 * late) ** 2 / 2)))
    steps.append(Step("active at both ends: 1/2 <= 1", _nonnegative(1 - 2 * first.subs(r, 0))))
    return steps


def best(t: sp.Symbol) -> list[Step]:
    """No weight has a larger integral: rows that vanish at the middle allow 1/4 on each half."""
    first, second = sp.symbols("first second", real=True)
    quarter = sp.Rational(1, 2) ** 2
    ok = follows(2 * quarter - first - second, [(1, quarter - first), (1, quarter - second)])
    return [Step("integral = first half + second half <= 1/4 + 1/4", ok)]


def attained() -> list[Step]:
    """[I; -I] at x = e_1, y = -e_1: the ratio is 1/sqrt(2), and m0 = 1."""
    n = 3
    rows = sp.eye(n).col_join(-sp.eye(n))
    x = sp.Matrix([1] + [0] * (n - 1))
    output = (rows * x).applyfunc(lambda v: sp.Max(v, 0)) - (-rows * x).applyfunc(lambda v: sp.Max(v, 0))
    ratio = output.dot(output) / (2 * x).dot(2 * x)
    steps = [Step("[I; -I]: |f(x) - f(-x)|^2 / |2x|^2 = 1/2 at x = e_1", equal(ratio, sp.Rational(1, 2)))]
    active = sp.diag(*sp.symbols("s1:4"))  # in each cell one of e_i, -e_i: a diagonal of signs
    gram = (active.T * active).applyfunc(lambda v: v.subs({symbol: 1 for symbol in v.free_symbols}))
    steps.append(Step("[I; -I]: the Gram matrix of the active rows is I in every cell, m0 = 1", gram == sp.eye(n)))
    a, c, p, q = sp.symbols("a c p q", positive=True)
    least = p * q / (p + q) * (a + c) ** 2
    square = p * a**2 + q * c**2 - least
    steps.append(
        Step(
            "opposite rows: p a^2 + q c^2 - p q (a + c)^2 / (p + q) = (p a - q c)^2 / (p + q)",
            equal(square, (p * a - q * c) ** 2 / (p + q)),
        )
    )
    return steps


def looser() -> list[Step]:
    """The constants of the papers are smaller: 1/sqrt(2m) <= 1/2 < 1/sqrt(2) for m >= 2."""
    k = sp.Symbol("k", nonnegative=True)  # m = 2 + k: an injective layer has at least two rows
    steps = [Step("1/(2m) <= 1/4 for m >= 2", _nonnegative(sp.Rational(1, 4) - 1 / (2 * (2 + k))))]
    steps.append(
        Step(
            "1/4 < 1/2: the middle point alone gives every active row a quarter",
            bool(sp.Rational(1, 2) ** 2 < sp.Rational(1, 2)),
        )
    )
    return steps


def _nonnegative(expression: sp.Expr) -> bool:
    """Whether a rational expression in non-negative symbols is visibly >= 0."""
    return bool(sp.factor(sp.together(sp.expand(expression))).is_nonnegative)
