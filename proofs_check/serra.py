"""reg.serra: which cells of a layer leave how many dimensions, and the two bounds that follow.

Let R_l(d) be the most regions that layers l, l+1, ... cut a piece into whose image has dimension d; it grows with d.
On the piece, layer l is an arrangement of rank at most d of n neurons, so its cells are at most the sum of C(n, j) over
j <= d (reg.zaslavsky).  Let c_a of them have a active neurons; their images have dimension at most min(d, a), and c_a
<= C(n, a), as different cells have different patterns.  The most that the sum of c_a R(min(d, a)) can be is attained by
filling the cells with the most active neurons first: C(n, j) cells with j = 0, 1, ..., d inactive ones.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows

SIZES = [(n, d) for n in range(1, 5) for d in range(1, 4)]


def check(off: int = 0) -> list[Step]:
    """The steps of the proof.  off : by how many the cells with the most active neurons are overcounted."""
    return [*filling(off), *monotone(), *product(), *patterns()]


def filling(off: int = 0) -> list[Step]:
    """The sum of c_a f(a) is at most the sum of C(n, j) f(n - j) over j <= d, for f = f_0 + u_1 + ... + u_a growing."""
    steps = []
    for n, d in SIZES:
        f = sp.symbols(f"u0:{n + 1}", nonnegative=True)  # f(a) = u_0 + ... + u_a
        c = sp.symbols(f"c0:{n + 1}", real=True)
        value = [sum(f[: a + 1]) for a in range(n + 1)]
        cells = sum(sp.binomial(n, j) for j in range(d + 1))
        best = sum(sp.binomial(n, j) * value[n - j] for j in range(min(d, n) + 1))
        # from a = k on: at most all cells, and at most the patterns with n - a <= n - k inactive neurons
        facts = []
        for k in range(n + 1):
            patterns = sum(sp.binomial(n, j) for j in range(n - k + 1))
            at_most = [cells - sum(c[k:]), sum((sp.binomial(n, a) - c[a] for a in range(k, n + 1)), sp.Integer(0))]
            facts.append((f[k], at_most[0] if cells <= patterns else at_most[1]))
        claim = best - off * value[n] - sum(c[a] * value[a] for a in range(n + 1))
        steps.append(Step(f"{n} neurons, d = {d}: the most active neurons first", follows(claim, facts)))
    return steps


def monotone() -> list[Step]:
    """R_l grows with d: with f growing, one more dimension adds a term and enlarges the others."""
    steps = []
    for n, d in SIZES:
        u = sp.symbols(f"u0:{max(n, d) + 2}", nonnegative=True)
        value = [sum(u[: a + 1]) for a in range(max(n, d) + 2)]
        total = [sum(sp.binomial(n, j) * value[min(e, n - j)] for j in range(min(e, n) + 1)) for e in (d, d + 1)]
        difference = sp.Poly(sp.expand(total[1] - total[0]), *u)
        steps.append(Step(f"{n} neurons: R({d}) <= R({d + 1})", all(v >= 0 for v in difference.coeffs())))
    return steps


def product() -> list[Step]:
    """n - j <= n: replacing R(min(d, n - j)) by R(min(d, n)) gives the product over the layers, and no less."""
    steps = []
    for n, d in SIZES:
        u = sp.symbols(f"u0:{max(n, d) + 1}", nonnegative=True)
        value = [sum(u[: a + 1]) for a in range(max(n, d) + 1)]
        ours = sum(sp.binomial(n, j) * value[min(d, n - j)] for j in range(min(d, n) + 1))
        larger = sum(sp.binomial(n, j) for j in range(min(d, n) + 1)) * value[min(d, n)]
        difference = sp.Poly(sp.expand(larger - ours), *u)
        steps.append(Step(f"{n} neurons, d = {d}: at most the product", all(v >= 0 for v in difference.coeffs())))
    return steps


def patterns() -> list[Step]:
    """All terms of the sum over j <= d are terms of the sum over j <= n, which is 2^n."""
    return [
        Step(f"the C({n}, j) sum to 2^{n}", equal(sum(sp.binomial(n, j) for j in range(n + 1)), 2**n))
        for n in range(1, 7)
    ]
