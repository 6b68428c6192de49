"""gau.euler: from the generating polynomial to single Krawtchouk numbers, and their exponential rate.

K_k(x; m) = [z^k] (1 - z)^x (1 + z)^(m-x).  With l = n - j the kinematic formula 2 sum_{j odd} v_{m-n+j} becomes
2^(1-m) sum over l = n-1, n-3, ... of C(m, l) K_{n-1}(l-1; m-1) (l = 0: the sum of C(m, i) over i < n).  For v = n/m <
(2 - sqrt 2)/4 and l <= n all terms are positive; by the saddle point method K has the rate (1-x) ln(1+z) + x ln(1-z) -
v ln z at the lesser root z of (1-x)/(1+z) - x/(1-z) = v/z, with x = l/m, and the greatest term is at l = n - 1.
"""

from __future__ import annotations

from math import comb

import sympy as sp

from proofs_check.steps import Step, equal


def krawtchouk(k: int, x: int, m: int) -> int:
    """[z^k] (1 - z)^x (1 + z)^(m-x)."""
    return sum((-1) ** j * comb(x, j) * comb(m - x, k - j) for j in range(min(k, x) + 1))


def check(parity: int = 1) -> list[Step]:
    """The steps of the proof.  parity : 1, the first j of the kinematic formula."""
    return [*polynomial(), *closed_form(parity), *rate(), *decreasing()]


def polynomial() -> list[Step]:
    """Identities between Krawtchouk numbers, for all m <= 7."""
    sizes = [(m, k, i) for m in range(8) for k in range(m + 1) for i in range(m + 1)]
    mirror = all((-1) ** i * krawtchouk(k, i, m) == krawtchouk(m - k, i, m) for m, k, i in sizes)
    swap = all(comb(m, i) * krawtchouk(k, i, m) == comb(m, k) * krawtchouk(i, k, m) for m, k, i in sizes)
    sums = all(
        sum(krawtchouk(i, x, m) for i in range(k + 1)) == krawtchouk(k, x - 1, m - 1)
        for m, k, x in sizes
        if x and k < m
    )
    return [
        Step("[s^k] (1+s)^(m-i) (s-1)^i = (-1)^i K_k(i) = K_{m-k}(i)", mirror),
        Step("C(m, i) K_k(i) = C(m, k) K_i(k)", swap),
        Step("sum_{i<=k} K_i(x; m) = K_k(x-1; m-1) for x >= 1", sums),
    ]


def closed_form(parity: int) -> list[Step]:
    """The generating polynomial gives the closed form; at n = 1 the probability 2^(1-m)."""
    s = sp.Symbol("s")
    ok = True
    for m in range(1, 7):
        for n in range(1, m + 1):
            whole = sum(comb(m, i) * (1 + s) ** (m - i) * (s - 1) ** i for i in range(n))
            v = sp.Poly(sp.expand(whole), s)
            left = sum(v.coeff_monomial(s ** (m - n + j)) for j in range(parity, n + 1, 2))
            right = sum(
                comb(m, l) * krawtchouk(n - 1, l - 1, m - 1) if l else sum(comb(m, i) for i in range(n))
                for l in range(n - 1, -1, -2)
            )
            ok = ok and left == right
    m = sp.Symbol("m", positive=True, integer=True)
    one = 2 * sp.Rational(1, 1) / 2**m
    return [
        Step("2^m sum_{j odd} v_{m-n+j} = sum_l C(m, l) K_{n-1}(l-1; m-1), for all n <= m <= 6", ok),
        Step("n = 1: 2 v_m = 2^(1-m)", equal(one, 2 ** (1 - m))),
    ]


def rate() -> list[Step]:
    """The saddle point at l = n: a quadratic equation, real for v <= (2 - sqrt 2)/4, that is c >= 4 + 2 sqrt 2."""
    z, v = sp.symbols("z v", positive=True)
    exponent = (1 - v) * sp.log(1 + z) + v * sp.log(1 - z) - v * sp.log(z)
    saddle = sp.together(sp.diff(exponent, z))
    quadratic = (1 - v) * z**2 - (1 - 2 * v) * z + v
    steps = [Step("the saddle: (1-v) z^2 - (1-2v) z + v = 0", equal(saddle * z * (1 - z**2), -quadratic))]
    discriminant = sp.discriminant(quadratic, z)
    steps.append(Step("its discriminant is 1 - 8 v (1-v)", equal(discriminant, 1 - 8 * v * (1 - v))))
    edge = (2 - sp.sqrt(2)) / 4
    steps.append(Step("which vanishes at v = (2 - sqrt 2)/4", sp.simplify(discriminant.subs(v, edge)) == 0))
    steps.append(Step("1/v is 4 + 2 sqrt 2 there", sp.simplify(1 / edge - 4 - 2 * sp.sqrt(2)) == 0))
    root = 2 * v / ((1 - 2 * v) + sp.sqrt(discriminant))
    steps.append(
        Step("the lesser root is 2 v/(1 - 2v + sqrt(discriminant))", sp.simplify(quadratic.subs(z, root)) == 0)
    )
    return steps


def decreasing() -> list[Step]:
    """The rate grows with x and with v: it decreases with c = 1/v, and the last term is the greatest."""
    z, v, x = sp.symbols("z v x", positive=True)
    entropy = -x * sp.log(x) - (1 - x) * sp.log(1 - x)
    whole = entropy + (1 - x) * sp.log(1 + z) + x * sp.log(1 - z) - v * sp.log(z)
    along = sp.diff(whole, x) - sp.log(1 - x) + sp.log(x) - sp.log(1 - z) + sp.log(1 + z)
    steps = [
        Step("derivative by x (the saddle moves without effect): ln((1-x)(1-z)/(x(1+z)))", sp.simplify(along) == 0)
    ]
    gap = (1 - x) * (1 - z) - x * (1 + z)
    saddle = ((1 - x) / (1 + z) - x / (1 - z)) * (1 - z**2)
    steps.append(
        Step("(1-x)(1-z) - x(1+z) = v (1-z^2)/z > 0 at the saddle, so that it is positive", equal(gap, saddle))
    )
    steps.append(Step("derivative by v: -ln z > 0 for z < 1", equal(sp.diff(whole, v), -sp.log(z))))
    return steps
