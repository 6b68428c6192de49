"""uni.riesz: Fourier coefficients, Gram entries, a tensor product of Toeplitz matrices, and an Euler product.

g = gcd(k, l); chi(n) = 1 for n = 1 mod 4 and -1 for n = 3 mod 4; r = p^-2 for an odd prime p.
"""

from __future__ import annotations

from itertools import product

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, norm: str = "1/3", primes_from: int = 3) -> list[Step]:
    """The steps of the proof.  norm : |C_k|^2.  primes_from : the least prime of the Euler product."""
    square = sp.Rational(norm)
    return [*fourier(), *entries(square), *characters(), *tensor(), *symbol(), *best(), *bounds(square, primes_from)]


def fourier() -> list[Step]:
    """C = sum over odd j of 8 / (pi j)^2 cos(2 pi j x), and S = sum of 8 chi(j) / (pi j)^2 sin(2 pi j x)."""
    x, A = sp.symbols("x A", real=True)
    j, n = sp.symbols("j n", integer=True, positive=True)
    w = 2 * sp.pi * j
    # C is even about 0 and about 1/2: twice the integral over the half where it is 1 - 4x
    primitive = (1 - 4 * x) * sp.sin(w * x) / w - 4 * sp.cos(w * x) / w**2
    coefficient = 4 * (primitive.subs(x, sp.Rational(1, 2)) - primitive.subs(x, 0))
    quarter = sp.pi / 2
    falls, rises = 1 - 4 * x, 4 * x - 3  # C on [0, 1/2] and on [1/2, 1]
    return [
        Step("|4x - 2| - 1 for x <= 1/2 and x >= 1/2", equal(2 - 4 * x - 1, falls) and equal(4 * x - 2 - 1, rises)),
        Step("C(1 - x) = C(x): C is even", equal(rises.subs(x, 1 - x), falls)),
        Step("C(x + 1/2) = -C(x): S(-x) = C(x + 1/4) = -S(x), and <C_k, S_l> = 0", _half_a_period(rises, falls, x)),
        Step(
            "a primitive of (1 - 4x) cos(2 pi j x)",
            sp.expand(sp.diff(primitive, x) - (1 - 4 * x) * sp.cos(w * x)) == 0,
        ),
        Step(
            "coefficients 8 / (pi j)^2 for odd j", equal(coefficient.subs(j, 2 * n - 1), 8 / (sp.pi * (2 * n - 1)) ** 2)
        ),
        Step("coefficients 0 for even j", equal(coefficient.subs(j, 2 * n), 0)),
        Step(
            "2 pi j / 4 is pi / 2 for j = 4n + 1, up to periods",
            equal(sp.pi * (4 * n + 1) / 2 - 2 * sp.pi * n, quarter),
        ),
        Step("and 3 pi / 2 for j = 4n + 3", equal(sp.pi * (4 * n + 3) / 2 - 2 * sp.pi * n, 3 * quarter)),
        Step("cos(A - pi / 2) = sin A and cos(A - 3 pi / 2) = -sin A", _quarter_turns(A)),
    ]


def _half_a_period(rises: sp.Expr, falls: sp.Expr, x: sp.Symbol) -> bool:
    return equal(rises.subs(x, x + sp.Rational(1, 2)), -falls)


def _quarter_turns(A: sp.Expr) -> bool:
    return bool(sp.cos(A - sp.pi / 2) == sp.sin(A)) and bool(sp.expand_trig(sp.cos(A - 3 * sp.pi / 2)) == -sp.sin(A))


def entries(norm: sp.Rational) -> list[Step]:
    """cos(2 pi j k x) and cos(2 pi i l x) meet where j k = i l: j = r l / g, i = r k / g; all of them odd."""
    k, l, g, r = sp.symbols("k l g r", positive=True)
    j, i = r * l / g, r * k / g
    odd = sp.zeta(4) * (1 - sp.Rational(1, 16))
    product_of_two = sp.Rational(1, 2) * (8 / (sp.pi * j) ** 2) * (8 / (sp.pi * i) ** 2)
    return [
        Step("j k = i l", equal(j * k, i * l)),
        Step("the sum of r^-4 over odd r is pi^4 / 96", sp.simplify(odd - sp.pi**4 / 96) == 0),
        Step(
            "1/2 * 64 / pi^4 * g^4 / (k l)^2 * pi^4 / 96 = g^4 / 3 (k l)^2",
            sp.simplify(product_of_two * r**4 * odd - norm * g**4 / (k * l) ** 2) == 0,
        ),
        Step("k / g and l / g are both odd exactly where the powers of 2 agree", _parities()),
        Step("int_0^1 (1 - 4x)^2 on half a period, twice, is 1/3", _norm() == norm),
    ]


def _parities() -> bool:
    """k = 2^a, l = 2^b, g = 2^min(a, b): the odd parts play no role."""
    pairs = [(a, b, 2 ** (a - min(a, b)) % 2, 2 ** (b - min(a, b)) % 2) for a, b in product(range(5), range(5))]
    return all((p == q == 1) == (a == b) for a, b, p, q in pairs)


def _norm() -> sp.Expr:
    x = sp.Symbol("x", real=True)
    return 2 * sp.integrate((1 - 4 * x) ** 2, (x, 0, sp.Rational(1, 2)))


def characters() -> list[Step]:
    """chi(r l' / g') chi(r k' / g') = chi(k') chi(l') for odd r and g'."""
    chi = {1: 1, 3: -1}
    odd = (1, 3)
    return [
        Step("chi is multiplicative", all(chi[a * b % 4] == chi[a] * chi[b] for a, b in product(odd, odd))),
        Step("chi(r)^2 = chi(g')^2 = 1", all(chi[a] ** 2 == 1 for a in odd)),
        Step("chi(a / g') = chi(a) chi(g')", all(chi[a] == chi[a * g % 4] * chi[g] for a, g in product(odd, odd))),
    ]


def tensor() -> list[Step]:
    """For k = prod p^a, l = prod p^b the entry gcd^4 / (k l)^2 is the product of p^(-2 |a - b|)."""
    p, q = sp.symbols("p q", positive=True)
    a, d = sp.symbols("a d", integer=True, nonnegative=True)
    small, large = p**a, p ** (a + d)
    b, e = sp.symbols("b e", integer=True, nonnegative=True)
    two = (small * q**b) ** 4 / ((large * q**b) * (small * q ** (b + e))) ** 2
    return [
        Step("p^4a / (p^a p^(a + d))^2 = p^(-2d)", sp.simplify(small**4 / (small * large) ** 2 - p ** (-2 * d)) == 0),
        Step("primes multiply", sp.simplify(two - p ** (-2 * d) * q ** (-2 * e)) == 0),
        Step("powers of 2: the identity in the place of a Toeplitz matrix", sp.eye(3) == sp.Matrix(3, 3, _same)),
    ]


def _same(i: int, j: int) -> int:
    return int(i == j)


def symbol() -> list[Step]:
    """<c, T c> is the mean of f(theta) |sum c_j e^(i j theta)|^2 with f = sum of r^|n| e^(i n theta)."""
    r = sp.Symbol("r", positive=True)
    z, up, down = sp.Symbol("z"), sp.Symbol("up", nonnegative=True), sp.Symbol("down", nonnegative=True)
    f = 1 / (1 - r * z) + r / z / (1 - r / z)
    c = sp.Symbol("c", real=True)
    closed = (1 - r**2) / (1 - 2 * r * c + r**2)
    low, high = (1 - r) / (1 + r), (1 + r) / (1 - r)
    denominator = 1 - 2 * r * c + r**2
    return [
        Step(
            "both geometric series add up to (1 - r^2) / (1 - 2 r cos + r^2), cos = (z + 1/z) / 2",
            equal(f, closed.subs(c, (z + 1 / z) / 2)),
        ),
        Step(
            "f - (1 - r) / (1 + r) = 2 r (1 + cos) (1 - r) / ((1 + r) ...)",
            equal((closed - low) * denominator * (1 + r), 2 * r * (1 - r) * (1 + c)),
        ),
        Step(
            "(1 + r) / (1 - r) - f = 2 r (1 - cos) (1 + r) / ((1 - r) ...)",
            equal((high - closed) * denominator * (1 - r), 2 * r * (1 + r) * (1 - c)),
        ),
        Step(
            "1 - 2 r cos + r^2 = (1 - r)^2 + 2 r (1 - cos) > 0",
            follows(denominator.subs(c, 1 - up), [(1, (1 - r) ** 2), (2 * r, up)]),
        ),
        Step(
            "at cos = -1 and cos = 1 the ends are met",
            equal(closed.subs(c, -1), low) and equal(closed.subs(c, 1), high),
        ),
        Step("1 + cos >= 0, cos = -1 + down", follows(1 + (-1 + down), [(1, down)])),
    ]


def best() -> list[Step]:
    """The vectors with entries 1, and +-1 by turns, come as near to the ends as one likes."""
    r = sp.Symbol("r", positive=True)
    steps = []
    for sign, name in ((1, "1"), (-1, "+-1")):
        s = sign * r
        for N in (1, 2, 5, 8):
            quotient = 1 + 2 * sum((1 - sp.Rational(m, N)) * s**m for m in range(1, N))
            limit = (1 + s) / (1 - s)
            rest = -2 * s * (1 - s**N) / (N * (1 - s) ** 2)
            steps.append(
                Step(f"entries {name}, N = {N}: the end and a rest of the order 1 / N", equal(quotient, limit + rest))
            )
    return steps


def bounds(norm: sp.Rational, primes_from: int) -> list[Step]:
    """The product of (1 - p^-2) / (1 + p^-2) over odd primes, by zeta(2) and zeta(4)."""
    q = sp.Symbol("q", positive=True)  # p^-2
    every = sp.zeta(4) / sp.zeta(2) ** 2
    at_two = sp.Rational(3, 5) if primes_from == 3 else sp.Integer(1)
    odd = every / at_two
    return [
        Step("(1 - q) / (1 + q) = (1 - q)^2 / (1 - q^2)", equal((1 - q) / (1 + q), (1 - q) ** 2 / (1 - q**2))),
        Step("over all primes: zeta(4) / zeta(2)^2 = 2/5", sp.simplify(every - sp.Rational(2, 5)) == 0),
        Step("p = 2: (1 - 1/4) / (1 + 1/4) = 3/5", equal(sp.Rational(3, 4) / sp.Rational(5, 4), sp.Rational(3, 5))),
        Step("A = 2/9", sp.simplify(norm * odd - sp.Rational(2, 9)) == 0),
        Step("B = 1/2", sp.simplify(norm / odd - sp.Rational(1, 2)) == 0),
    ]
