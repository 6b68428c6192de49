"""inj.convolution and inj.convolution-converse: windows cover inputs, and how many kernels that takes.

The layer acts on the input continued by zeros or periodically (or not at all): row t of a kernel begins at s t - a,
where a >= 0 is the padding on the left.  Equal outputs of two inputs give equal outputs of Z_P on every stretch of P
numbers under T consecutive rows, and so the continued inputs agree on the union of these stretches.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, contradicts, equal, follows


def check(directions: str | None = None, length: str | None = None, factor: int = 2) -> list[Step]:
    """The steps of the proof.

    directions : the bound q' <= 2c + 1 that is refuted, as text with c.  length : of the window, as text with O, s, T.
    factor : the 2 of the counterexample (1, 2), (-1, -2).
    """
    c, O, s, T = names = sp.symbols("c O s T")
    known = {str(name): name for name in names}
    bound = 2 * c + 1 if directions is None else sp.sympify(directions, locals=known)
    size = O + s * (T - 1) if length is None else sp.sympify(length, locals=known)
    return [*windows(size), *sizes(), *counting(bound), *converse(factor)]


def windows(size: sp.Expr) -> list[Step]:
    """T consecutive rows are the window layer, and neighbouring windows leave no gap."""
    O, s, T, a, t, i, j = sp.symbols("O s T a t i j")
    h = sp.Symbol("h", nonnegative=True)
    start = s * t - a
    end = s * (t + T - 1) - a + O
    after = s * (t + 1) - a
    return [
        Step(
            "entry j of row t + i meets the number s i + j of the stretch that begins at s t - a",
            equal(s * (t + i) - a + j, start + s * i + j),
        ),
        Step("the stretch under rows t to t + T - 1 has the window's length P", equal(end - start, size)),
        Step("P >= s: the next stretch begins where this one ends, or before", follows(end - after, [(1, size - s)])),
        Step(
            "T >= 2: Z_P has no zero column, so rows leave no gap, s <= O, and P - s = O + s (T - 2) >= O > 0",
            equal(O + s * (2 + h - 1) - s, O + s * h),
        ),
    ]


def sizes() -> list[Step]:
    """Stride 1, N >= P: enough positions for each padding."""
    N, P, O = sp.symbols("N P O", real=True)
    T = P - O + 1
    facts = N - P
    return [
        Step("valid: N - O + 1 >= T", follows(N - O + 1 - T, [(1, facts)])),
        Step("same and circular: N >= T as O >= 1", follows(N - T, [(1, facts), (1, O - 1)])),
        Step("full: N + O - 1 >= T as O >= 1", follows(N + O - 1 - T, [(1, facts), (2, O - 1)])),
    ]


def counting(bound: sp.Expr) -> list[Step]:
    """x_t = a lam^t: a kernel has one sign at all positions, so for x or -x at most half of the kernels are active."""
    lam = sp.Symbol("lambda", positive=True)
    s, t = sp.symbols("s t", integer=True)
    k = sp.symbols("k0:3", real=True)
    row = sum((v * lam ** (s * t + j) for j, v in enumerate(k)), sp.Integer(0))
    value = sum((v * lam**j for j, v in enumerate(k)), sp.Integer(0))
    c, n, r = sp.symbols("c n r", positive=True)  # n = P - O + 1 translates, P = n + r with r = O - 1 > 0
    half, q = sp.symbols("half q", real=True)
    spare = half * n - c * (n + r)
    most = bound.subs(sp.Symbol("c"), c)
    whole = sp.Symbol("c", integer=True)
    return [
        Step("row t of a kernel has the value lam^(s t) k(lam)", equal(sp.expand(row / lam ** (s * t)), value)),
        Step(
            "q' <= 2c + 1 gives floor(q'/2) <= c + 1/2",
            follows(c + sp.Rational(1, 2) - half, [(sp.Rational(1, 2), q - 2 * half), (sp.Rational(1, 2), most - q)]),
        ),
        Step("and so, being an integer, floor(q'/2) <= c", sp.floor(whole + sp.Rational(1, 2)) == whole),
        Step(
            "floor(q'/2) <= c contradicts floor(q'/2) (P - O + 1) >= c P where O > 1",
            contradicts([(1 / (c * r), spare), (n / (c * r), c - half)]),
        ),
        Step(
            "floor(q'/2) <= q'/2: the count of directions implies the count of rows, q' T >= 2 c P",
            follows(q * n - 2 * c * (n + r), [(2, spare), (n, q - 2 * half)]),
        ),
    ]


def converse(factor: int) -> list[Step]:
    """The kernels (1, 2) and (-1, -2): injective with full padding, though a window has fewer rows than numbers."""
    x = sp.symbols("x0:4", real=True)
    padded = [*x, sp.Integer(0)]
    outputs = [factor * padded[0], *(padded[i] + factor * padded[i + 1] for i in range(3)), padded[3]]
    g = sp.Symbol("g", nonnegative=True)
    recovered = [outputs[4]]
    for i in (3, 2, 1):
        recovered.insert(0, outputs[i] - 2 * recovered[0])
    return [
        Step("ReLU(y) - ReLU(-y) = y", equal(sp.Max(g, 0) - sp.Max(-g, 0), g)),
        *(
            Step(f"full padding: x_{i} is y_{i + 1} less 2 x_{i + 1}, from the last one down", equal(value, x[i]))
            for i, value in enumerate(recovered)
        ),
        Step("one translate fewer than numbers: P - 1 < P", contradicts([(1, sp.Symbol("P") - 1 - sp.Symbol("P"))])),
    ]
