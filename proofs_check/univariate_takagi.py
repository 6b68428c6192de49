"""uni.takagi: geometric tails, and the supremum 2/3 of Takagi's function by pairs of terms."""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, pair: str = "1/2", ratio: str = "1/2") -> list[Step]:
    """The steps of the proof.  pair : bound of two terms of Takagi's series.  ratio : its t."""
    bound, t = sp.Rational(pair), sp.Rational(ratio)
    return [*tails(), *pairs(bound, t), *attained(t), *parabola()]


def tails() -> list[Step]:
    """s^(n + 1) + ... + s^N <= s^(n + 1) / (1 - s) for s = |t|."""
    s = sp.Symbol("s", nonnegative=True)
    n = sp.Symbol("n", integer=True, positive=True)
    steps = []
    for count in (1, 2, 3, 6):
        terms = sum(s**k for k in range(count))
        steps.append(Step(f"(1 - s) times {count} powers is 1 - s^{count}", equal((1 - s) * terms, 1 - s**count)))
    u, a, g = sp.symbols("u a g", nonnegative=True)
    steps += [
        Step("s^n (1 - s^j) / (1 - s) <= s^n / (1 - s), u = s^j", follows(1 - (1 - u), [(1, u)])),
        Step("|t^k g| <= |t|^k max |g|, max |g| = g + a", follows(u * (g + a) - u * g, [(u, a)])),
        Step("the first n terms and the others: s^n s = s^(n + 1)", equal(sp.powsimp(s**n * s) - s ** (n + 1), 0)),
    ]
    return steps


def pairs(pair: sp.Rational, ratio: sp.Rational) -> list[Step]:
    """y / 2 + H(y) / 4 <= 1/2 for 0 <= y <= 1; Takagi's series is a sum of such pairs with factors 4^-j."""
    below = sp.Symbol("below", nonnegative=True)
    y = sp.Symbol("y", real=True)
    rising = (sp.Rational(1, 2) - below) * ratio + 2 * (sp.Rational(1, 2) - below) * ratio**2
    falling = y * ratio + (2 - 2 * y) * ratio**2
    return [
        Step("y = 1/2 - below: y / 2 + 2y / 4 <= 1/2", follows(pair - rising, [(ratio + 2 * ratio**2, below)])),
        Step("y >= 1/2: y / 2 + (2 - 2y) / 4 = 1/2", equal(falling, pair)),
        Step("1/2 (1 + 1/4 + 1/16 + ...) = 2/3", equal(pair / (1 - ratio**2), sp.Rational(2, 3))),
    ]


def attained(ratio: sp.Rational) -> list[Step]:
    """H(2/3) = 2/3."""
    x = sp.Rational(2, 3)
    return [
        Step("2/3 >= 1/2 and H(2/3) = 2 - 4/3 = 2/3", equal(2 - 2 * x, x)),
        Step("the sum of 2/3 2^-k is 2/3", equal(x * ratio / (1 - ratio), sp.Rational(2, 3))),
        Step("after n terms: 2^-n times the same sum", equal(x * ratio**4 / (1 - ratio), ratio**3 * sp.Rational(2, 3))),
    ]


def parabola() -> list[Step]:
    """t = 1/4: f(x) = H(x) / 4 + f(H(x)) / 4 has the solution x - x^2."""
    x = sp.Symbol("x", real=True)
    steps = []
    for name, hat in (("x <= 1/2", 2 * x), ("x >= 1/2", 2 - 2 * x)):
        steps.append(Step(f"x - x^2 solves the equation, {name}", equal(x - x**2, hat / 4 + (hat - hat**2) / 4)))
    return steps
