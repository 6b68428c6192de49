"""deep.identity-limit, deep.summable-necessary and deep.converse: what holds at all depths in their families."""

from __future__ import annotations

import sympy as sp

from proofs_check.deep_lindley import limits
from proofs_check.steps import Step, equal, follows

N = sp.Symbol("n", integer=True, positive=True)


def check(*, harmonic: sp.Expr | int = 1) -> list[Step]:
    """The steps of the proofs.  harmonic : the power of n in the biases 1/n that grow without bound."""
    return [
        *doubling(sp.sympify(harmonic)),
        *rising(),
        *sawtooth(),
        *shrinking(),
        *alternating(),
        *summable(),
        *contracting(),
        *dying(),
    ]


def _positive(expression: sp.Expr) -> bool:
    """Whether a rational expression of n is >= 0 for n = 1, 2, ...: with n = 1 + k all coefficients are."""
    k = sp.Symbol("k", nonnegative=True)
    top, bottom = sp.fraction(sp.together(expression.subs(N, 1 + k)))
    polynomials = (sp.Poly(top, k), sp.Poly(bottom, k))
    return all(c >= 0 for polynomial in polynomials for c in polynomial.all_coeffs()) and bottom != 0


def doubling(power: sp.Expr) -> list[Step]:
    """1/(n+1) + ... + 1/(2n) >= n / (2n) = 1/2: each of the n terms is at least the last."""
    k = sp.Symbol("k", integer=True, nonnegative=True)
    return [
        Step("1/(2n - k) >= 1/(2n) for 0 <= k < n", equal(1 / (2 * N - k) - 1 / (2 * N), k / (2 * N * (2 * N - k)))),
        Step("n terms of 1/(2n)^power add up to 1/2 or more", _positive(N / (2 * N) ** power - sp.Rational(1, 2))),
    ]


def rising() -> list[Step]:
    """x_n >= x_1 for W_n = 1 + a/n, and x_{2n} - x_n >= x_1 a / 2; in closed form for a = 1."""
    a, x, first = sp.symbols("a x x1", positive=True)
    return [
        Step("x_n - x_{n-1} = (a/n) x_{n-1}", equal((1 + a / N) * x - x, a / N * x)),
        Step("(a/n) x >= (a/n) x_1 for x >= x_1", follows(a / N * (x - first), [(a / N, x - first)])),
        Step("a = 1: x_n = x_1 (n + 1) / 2", equal((1 + 1 / N) * first * N / 2, first * (N + 1) / 2)),
        Step("a = 1: x_1 is right", equal((first * (N + 1) / 2).subs(N, 1), first)),
    ]


def sawtooth() -> list[Step]:
    """Tooth k: k times + 1/k and k times - 1/k."""
    k, j = sp.symbols("k j", integer=True, positive=True)
    return [
        Step("up by 1, down by 1", equal(k * (1 / k), 1) and equal(k * (1 / k) - k * (1 / k), 0)),
        Step("the first k teeth have k (k + 1) steps", equal(k * (k - 1) + 2 * k, k * (k + 1))),
        Step("the next tooth starts there", equal((k + 1) * ((k + 1) - 1), k * (k + 1))),
        Step("in between 0 <= j/k <= 1 for j <= k", equal(1 - j / k, (k - j) / k)),
    ]


def shrinking() -> list[Step]:
    """W_n = n/(n+1): the product telescopes, the sum of 1/(n+1) does not stop."""
    x = sp.Symbol("x1", positive=True)
    return [
        Step("x_n = 2 x_1 / (n+1)", equal(N / (N + 1) * (2 * x / N), 2 * x / (N + 1))),
        Step("x_1 is right", equal((2 * x / (N + 1)).subs(N, 1), x)),
        Step("W_n = 1 - 1/(n+1)", equal(N / (N + 1), 1 - 1 / (N + 1))),
        Step("n terms of 1/(2n+1) add up to 1/3 or more", _positive(N / (2 * N + 1) - sp.Rational(1, 3))),
    ]


def alternating() -> list[Step]:
    """b_n = c (-1)^n / n: |S_j - S_i| <= |b_{i+1}|, then deep.lindley; the sum of |b_n| as for 1/n."""
    return [
        *limits(),
        Step("1/n decreases", _positive(1 / N - 1 / (N + 1))),
        Step("n terms of 1/(2n) add up to 1/2", equal(N / (2 * N), sp.Rational(1, 2))),
    ]


def summable() -> list[Step]:
    """sum_{k > n} 1/k^2 <= 1/n, and e^s <= 1/(1 - s)."""
    s = sp.Symbol("s", nonnegative=True)
    return [
        Step("1/k^2 <= 1/(k-1) - 1/k, which telescopes", _positive((1 / N - 1 / (N + 1)) - 1 / (N + 1) ** 2)),
        Step("(1 - s) e^s is 1 at 0", ((1 - s) * sp.exp(s)).subs(s, 0) == 1),
        Step("and does not rise: its slope is -s e^s", sp.expand(sp.diff((1 - s) * sp.exp(s), s) + s * sp.exp(s)) == 0),
    ]


def contracting() -> list[Step]:
    """|x_{k} - x_n| <= (rho^(n-1) + ... + rho^(k-2)) |x_2 - x_1| <= rho^(n-1) |x_2 - x_1| / (1 - rho)."""
    rho = sp.Symbol("rho", positive=True)
    steps = [
        Step(
            f"1 + ... + rho^{k - 1} = (1 - rho^{k}) / (1 - rho)",
            equal(sum(rho**i for i in range(k)) * (1 - rho), 1 - rho**k),
        )
        for k in (1, 2, 3, 4)
    ]
    x = sp.Symbol("x", nonnegative=True)
    steps.append(Step("W = 1/2, b = 1: 2 is fixed", equal((x / 2 + 1).subs(x, 2), 2)))
    steps.append(Step("the distance to 2 halves", equal((x / 2 + 1) - 2, (x - 2) / 2)))
    return steps


def dying() -> list[Step]:
    """W <= 0, b <= 0 and x >= 0 give W x + b <= 0."""
    w, b, x = sp.symbols("w b x", nonnegative=True)
    return [
        Step("-w x - b <= 0", follows(w * x + b, [(w, x), (1, b)])),
        Step("ReLU of it is 0", equal(sp.Max(-(w * x + b), 0), 0)),
    ]
