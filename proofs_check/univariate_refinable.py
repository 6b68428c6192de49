"""uni.refinable: the matrices of a refinement equation, the rate of the cascade, and the parts of the network."""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows

SIZES = (2, 3, 4, 5)


def check(*, digit: int = 1, odd_sum: sp.Expr | int = 1) -> list[Step]:
    """The steps of the proof.  digit : (T_b)_ij = c_{2i + digit b - j}.  odd_sum : of the coefficients of odd index."""
    return [*refines(digit), *columns(digit, sp.sympify(odd_sum)), *coordinates(), *first_step(), *tail(), *network()]


def refines(digit: int) -> list[Step]:
    """phi(x + i) = sum_k c_k phi(2x + 2i - k), and 2x = y + b: phi(y + j) has the coefficient k = 2i + b - j."""
    steps = []
    for N in SIZES:
        same = True
        for b in (0, 1):
            for i in range(N):
                # phi(y + j) is 0 on [0, 1) unless 0 <= j < N
                wanted = {2 * i + b - k: k for k in range(N + 1) if 0 <= 2 * i + b - k < N}
                used = {j: 2 * i + digit * b - j for j in range(N) if 0 <= 2 * i + digit * b - j <= N}
                same = same and wanted == used
        steps.append(Step(f"the rows of T_0 and T_1, N = {N}", same))
    return steps


def columns(digit: int, odd_sum: sp.Expr) -> list[Step]:
    """With both sum rules all columns add up to 1: sums of vectors stay, and sum 0 stays 0."""
    steps = []
    for N in SIZES:
        c = list(sp.symbols(f"c0:{N + 1}", real=True))
        for parity, total in ((0, sp.Integer(1)), (1, odd_sum)):
            last = max(k for k in range(N + 1) if k % 2 == parity)
            c[last] = total - sum(c[k] for k in range(parity, last, 2))
        right = True
        for b in (0, 1):
            for j in range(N):
                entries = [2 * i + digit * b - j for i in range(N)]
                right = right and equal(sum(c[k] for k in entries if 0 <= k <= N), 1)
        steps.append(Step(f"columns of T_0 and T_1 add up to 1, N = {N}", right))
    return steps


def coordinates() -> list[Step]:
    """v of sum 0 has the coordinates s_k = v_0 + ... + v_k in the basis e_k - e_{k+1}."""
    v = list(sp.symbols("v0:3", real=True))
    v.append(-sum(v))
    s = [sum(v[: k + 1]) for k in range(3)]
    rebuilt = [s[0], s[1] - s[0], s[2] - s[1], -s[2]]
    m, p, q = sp.symbols("m p q", nonnegative=True)  # s_k = m - p and s_{k-1} = -(m - q): |s| <= m
    return [
        Step("v = sum s_k (e_k - e_{k+1})", all(equal(a, b) for a, b in zip(v, rebuilt, strict=True))),
        Step("|s_k - s_{k-1}| <= 2 max |s|", follows(2 * m - ((m - p) + (m - q)), [(1, p), (1, q)])),
    ]


def first_step() -> list[Step]:
    """V psi - psi for the interpolant psi of phi at the integers."""
    y = sp.Symbol("y", real=True)
    a, b, h = sp.symbols("a b h", real=True)  # phi at i, i + 1 and i + 1/2
    psi = a + (b - a) * y
    refined = a + (h - a) * 2 * y  # V psi on [i, i + 1/2]: it interpolates phi at the halves
    halves = refined - psi
    c, x = sp.symbols("c x", real=True)
    return [
        Step("V psi = phi at i and i + 1/2, linear between: the difference vanishes at i", equal(halves.subs(y, 0), 0)),
        Step("and is linear, largest at i + 1/2", sp.diff(halves, y, 2) == 0),
        Step(
            "there it is phi(i + 1/2) - (phi(i) + phi(i + 1)) / 2",
            equal(halves.subs(y, sp.Rational(1, 2)), h - (a + b) / 2),
        ),
        Step("phi(0) = c_0 phi(0) is 0 where c_0 != 1", sp.solve(sp.Eq(x, c * x), x) == [0]),
        Step("V^(n + 1) psi - V^n psi = V^n (V psi - psi): V is linear", equal(c * (a + b), c * a + c * b)),
    ]


def tail() -> list[Step]:
    """Norms a_m <= r^floor(m / l) a_(m mod l) add up from m = n = q l + e on; here l = 3."""
    r = sp.Symbol("r", positive=True)
    a = sp.symbols("a0:3", nonnegative=True)
    steps = []
    for start in (0, 1, 2):
        for blocks in (1, 3):
            finite = sum(r ** (m // 3) * a[m % 3] for m in range(start, 3 * (blocks + 1)))
            full = sum(a[start:], sp.Integer(0)) + sum(a) * r * (1 - r**blocks) / (1 - r)
            steps.append(Step(f"from m = {start} through {blocks} more blocks of 3", equal(finite, full)))
    u = sp.Symbol("u", nonnegative=True)
    steps.append(Step("1 - r^j <= 1", follows(1 - (1 - u), [(1, u)])))
    return steps


def network() -> list[Step]:
    """Digits, choices and the middle of three."""
    M, below, above, gap = sp.symbols("M below above gap", nonnegative=True)
    m = sp.Symbol("m", real=True)
    rest = sp.Symbol("rest", nonnegative=True)
    size, quarter = sp.Symbol("size", positive=True), sp.Rational(1, 4)
    chosen = sp.Max(-above, 0)  # z + M - 2M with z = M - above
    return [
        Step("b = 1: ReLU(z + M) - M = z for z = below - M", equal(sp.Max(below, 0) - M, below - M)),
        Step("b = 0: ReLU(z - M) = 0 for z = M - above", equal(chosen, 0)),
        Step(
            "digit 1: code = top + rest gives 2 ReLU(rest + 3/4) - 2 ReLU(rest + 1/4) = 1",
            equal(2 * sp.Max(rest + 3 * quarter, 0) - 2 * sp.Max(rest + quarter, 0), 1),
        ),
        Step(
            "digit 0: code = top - 1 - rest gives 0",
            equal(sp.Max(-rest - quarter, 0) - sp.Max(-rest - 3 * quarter, 0), 0),
        ),
        Step("c below both of m <= m + gap: the middle is m", _clipped(m, gap, m - size) == m),
        Step("c between: the middle is c", equal(_clipped(m, size + gap, m + size), m + size)),
        Step("c above both: the middle is m + gap", equal(_clipped(m, gap, m + gap + size), m + gap)),
        Step(
            "two points eta apart do not both lie in (0, eta): p > 0 gives p + eta > eta",
            equal((size + gap) - gap, size) and bool(size > 0),
        ),
    ]


def _clipped(m: sp.Expr, gap: sp.Expr, c: sp.Expr) -> sp.Expr:
    """m + ReLU(c - m) - ReLU(c - M) with M = m + gap."""
    return sp.simplify(m + sp.Max(sp.expand(c - m), 0) - sp.Max(sp.expand(c - m - gap), 0))
