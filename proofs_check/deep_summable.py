"""deep.summable: one layer moves its input little, and the movements add up to a bound by products.

sigma is idempotent, does not expand and is 0 at 0; r stands for |x_{k-1}|, p and beta for |P_k| and |b_k|.
"""

from __future__ import annotations

from itertools import product

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, reverse: bool = False, slope: sp.Expr | int = 0) -> list[Step]:
    """The steps of the proof.  reverse : b_k with the factors before k.  slope : of the activation below 0."""
    return [
        *relu(sp.sympify(slope)),
        *other_activations(),
        *one_layer(),
        *(by_products(depth, reverse=reverse) for depth in (1, 2, 3, 4, 5)),
        induction(),
        *exponentials(),
    ]


def _at(v: sp.Expr, positive: bool, slope: sp.Expr) -> sp.Expr:
    """The activation at v, whose sign is known."""
    return v if positive else slope * v


def relu(slope: sp.Expr) -> list[Step]:
    """What is used of ReLU: three properties, in each case of the signs."""
    p, q = sp.symbols("p q", positive=True)
    h, g = sp.symbols("h g", nonnegative=True)
    steps = [
        Step("sigma(sigma(v)) = sigma(v) for v > 0", equal(_at(p, True, slope), p)),
        # for slopes >= 0 the value at -h is not positive again
        Step("sigma(sigma(v)) = sigma(v) for v = -h <= 0", equal(slope * (slope * -h), slope * -h)),
        Step("sigma(0) = 0", equal(slope * 0, 0)),
        Step("|sigma(u) - sigma(v)| <= |u - v|: u > 0 >= v", follows((p + h) - (p + slope * h), [(1 - slope, h)])),
        Step("|sigma(u) - sigma(v)| <= |u - v|: both <= 0", follows((1 - slope) * h, [(1 - slope, h)])),
        Step("|sigma(u) - sigma(v)| <= |u - v|: both > 0", equal((p + q) - p, q)),
        Step("the same for u, v exchanged, as both sides are even", equal(abs(g - h), abs(h - g))),
    ]
    return steps


def other_activations() -> list[Step]:
    """Clipping to [-1, 1] and the absolute value have the three properties as well."""
    h, g = sp.symbols("h g", nonnegative=True)
    inside = sp.Symbol("v", real=True)
    return [
        Step("clip: what is beyond 1 goes to 1, which stays", equal(sp.Min(1 + h, 1), 1)),
        Step("clip: the distance of 1 + h and a point 1 - g inside shrinks by h", follows((h + g) - g, [(1, h)])),
        Step("| |v| | = |v|", equal(abs(abs(inside)), abs(inside))),
        Step("| |h| - |-g| | <= h + g: from above", follows((h + g) - (h - g), [(2, g)])),
        Step("| |h| - |-g| | <= h + g: from below", follows((h + g) - (g - h), [(2, h)])),
    ]


def one_layer() -> list[Step]:
    """|x_k - x_{k-1}| <= p r + beta: since x_{k-1} = sigma(x_{k-1}) for k >= 2."""
    m = sp.Symbol("m", integer=True, positive=True)
    x, b = sp.MatrixSymbol("x", m, 1), sp.MatrixSymbol("b", m, 1)
    P = sp.MatrixSymbol("P", m, m)
    inside = (sp.Identity(m) + P) * x + b - x
    p, beta, r = sp.symbols("p beta r", nonnegative=True)
    d1, d2 = sp.symbols("d1 d2", nonnegative=True)  # p r - |P x| and beta - |b|, which the norms make >= 0
    new, old, moved, u = sp.symbols("new old moved u", nonnegative=True)
    return [
        Step("W x + b - x = P x + b", sp.expand(inside) == sp.expand(P * x + b)),
        Step(
            "|P x + b| <= |P x| + |b| <= p r + beta",
            follows(p * r + beta - ((p * r - d1) + (beta - d2)), [(1, d1), (1, d2)]),
        ),
        Step(
            "|x_k| <= |x_{k-1}| + |x_k - x_{k-1}| <= (1 + p) r + beta",
            follows((1 + p) * old + beta - new, [(1, old + moved - new), (1, p * old + beta - moved)]),
        ),
        Step("with |x_{k-1}| <= u, |x_k| <= (1 + p) u + beta", follows((1 + p) * (u - old), [(1 + p, u - old)])),
        Step("what a layer moves is at most what u grows by", equal(((1 + p) * u + beta) - u, p * u + beta)),
    ]


def by_products(depth: int, *, reverse: bool) -> Step:
    """u_N - u_n is the bound of the statement: the sum of all that u grows by."""
    p, beta = sp.symbols(f"p1:{depth + 1}"), sp.symbols(f"beta1:{depth + 1}")
    start = sp.Symbol("r")
    u = start
    for a, b in zip(p, beta, strict=True):
        u = (1 + a) * u + b
    bound = (sp.prod(1 + a for a in p) - 1) * start
    for k in range(depth):
        bound += beta[k] * sp.prod(1 + a for a in (p[:k] if reverse else p[k + 1 :]))
    return Step(f"u_N - u_n is the bound, N - n = {depth}", equal(u - start, bound))


def induction() -> Step:
    """The bound for one layer more: G for the product, B for the sum."""
    G, B, p, beta, r = sp.symbols("G B p beta r")
    before, after = G * r + B, ((1 + p) * G) * r + ((1 + p) * B + beta)
    return Step("a layer more multiplies product and sum by 1 + p and adds beta", equal((1 + p) * before + beta, after))


def exponentials() -> list[Step]:
    """1 + p <= e^p, and the weaker form of the bound."""
    s, t, r = sp.symbols("s t r", nonnegative=True)
    first, second = sp.exp(s) - 1 - s, s * sp.exp(s) - sp.exp(s) + 1
    steps = []
    for text, function, slope in (
        ("e^s - 1 - s is 0 at 0 and does not fall", first, sp.exp(s) - 1),
        ("s e^s - e^s + 1 is 0 at 0 and does not fall", second, s * sp.exp(s)),
    ):
        steps.append(Step(text, function.subs(s, 0) == 0 and sp.expand(sp.diff(function, s) - slope) == 0))
    left = s * sp.exp(s) * (r + t) + t - ((sp.exp(s) - 1) * r + sp.exp(s) * t)
    steps.append(Step("(e^s - 1) r + e^s t <= s e^s (r + t) + t", sp.expand(left - second * (r + t)) == 0))
    bounds = list(product((0, 1), repeat=2))
    steps.append(
        Step(
            "exp(p_1) exp(p_2) = exp(p_1 + p_2)",
            all(sp.exp(sp.Integer(a)) * sp.exp(sp.Integer(b)) == sp.exp(sp.Integer(a + b)) for a, b in bounds),
        )
    )
    return steps
