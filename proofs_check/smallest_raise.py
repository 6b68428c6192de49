"""inj.smallest-raise: a set of rows can be negative together exactly until one dependency forbids it.

For fixed u the rows R = R(u) are all negative at some z, with biases b + s, or they are not; by Motzkin's theorem the
latter holds exactly where some l >= 0, l != 0, has sum l_i w_i = 0 and sum l_i (b_i + s) >= 0.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, contradicts, equal, follows


def check(excess: sp.Expr | int = 0) -> list[Step]:
    """The steps of the proof.  excess : by how much more than the level s is raised, >= 0."""
    return [*forbids(sp.sympify(excess)), *level(), *minimal_dependencies(), *smaller_sets()]


def forbids(excess: sp.Expr) -> list[Step]:
    """Two rows and their dependency: at the level they are not both negative; n = 1, w_1 = p, w_2 = -q."""
    p, q, slack1, slack2 = sp.symbols("p q slack1 slack2", positive=True)
    z, b1, b2 = sp.symbols("z b1 b2", real=True)
    l1, l2 = 1 / p, 1 / q
    s = -(l1 * b1 + l2 * b2) / (l1 + l2) + excess
    first, second = p * z + b1 + s, -q * z + b2 + s
    total = l1 * first + l2 * second
    weights, loss = l1 + l2, l1 * slack1 + l2 * slack2
    return [
        Step("the dependency cancels z", equal(sp.diff(total, z), 0)),
        Step("the combination of the values is excess times the weights", equal(total, excess * weights)),
        Step(
            "both negative, first = -slack1 and second = -slack2, contradicts excess >= 0",
            contradicts([(1 / loss, -loss - excess * weights), (excess * weights / loss, sp.Integer(1))]),
        ),
    ]


def level() -> list[Step]:
    """sum l_i (b_i + s) >= 0 is s >= -sum l_i b_i / sum l_i."""
    l1, l2 = sp.symbols("l1 l2", positive=True)
    b1, b2 = sp.symbols("b1 b2", real=True)
    h = sp.Symbol("h", nonnegative=True)
    s = -(l1 * b1 + l2 * b2) / (l1 + l2) + h
    return [
        Step("s = level + h, h >= 0: the sum is h sum l_i", equal(l1 * (b1 + s) + l2 * (b2 + s), h * (l1 + l2))),
        Step("which is >= 0", follows(h * (l1 + l2), [(l1 + l2, h)])),
    ]


def minimal_dependencies() -> list[Step]:
    """A dependency is a sum of minimal ones; if its value is >= 0, so is that of one of them."""
    l, k = sp.symbols("l k", positive=True)
    loss1, loss2 = sp.symbols("loss1 loss2", positive=True)
    return [
        Step(
            "values -loss1 and -loss2 of the parts give a value < 0 of the whole", (-l * loss1 - k * loss2).is_negative
        ),
        Step("values are additive", equal((l + k) * loss1, l * loss1 + k * loss1)),
    ]


def smaller_sets() -> list[Step]:
    """Any u is orthogonal to fewer rows than some u' orthogonal to n - 1 independent ones: R(u') is part of R(u)."""
    a, b, p, q, r = sp.symbols("a b p q r", real=True)
    u = sp.Matrix([p, q, r])
    first = sp.Matrix([a, b, 0])  # any row, in coordinates where its third entry is 0
    turned = first.cross(u)
    return [
        Step("the vector product of u with a row is orthogonal to that row", equal(first.dot(turned), 0)),
        Step("and to u, so that u can be turned about a row until it meets another one", equal(u.dot(turned), 0)),
    ]
