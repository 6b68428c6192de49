"""inj.pooling and inj.pooling-argmax: the output of a group of parallel rows as a function of t = <d, x>.

Rows s_i t + b_i with s_i > 0 vanish under the ReLU up to t_i = -b_i / s_i.  The pooled output is constant up to the
least of these points, t_0, and strictly increasing from there on, so that it determines ReLU(t - t_0) and is determined
by it.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(slope: sp.Expr | int | None = None) -> list[Step]:
    """The steps of the proof.  slope : of the rows, by default positive."""
    s = sp.Symbol("s", positive=True) if slope is None else sp.sympify(slope)
    return [*one_row(s), *pooled(), *absolute_value()]


def one_row(s: sp.Expr) -> list[Step]:
    """A row is active from t_i on, and grows."""
    t, b = sp.symbols("t b", real=True)
    h, g, m = sp.Symbol("h", positive=True), sp.Symbol("g", nonnegative=True), sp.Symbol("m", nonnegative=True)
    start = -b / s
    return [
        Step("s t_i + b = 0", equal(s * start + b, 0)),
        Step("s (t_i - g) + b <= 0: the ReLU is 0 before", follows(-(s * (start - g) + b), [(s, g)])),
        Step("s (t + h) + b > s t + b: it grows after", bool(sp.factor(s * (t + h) - s * t).is_positive)),
        Step("a row exceeds the constant m from (m - b) / s on", equal(s * ((m - b) / s) + b, m)),
    ]


def pooled() -> list[Step]:
    """Strictly increasing in one argument that grows and the others that do not fall: average, l^p, maximum."""
    y, z, d, e = sp.symbols("y z d e", positive=True)
    p = sp.Symbol("p", positive=True, integer=True)
    k = sp.Symbol("k", positive=True)
    return [
        Step("average: (y + d + z + e - y - z) / k > 0", bool(sp.factor((y + d + z + e - y - z) / k).is_positive)),
        Step("l^p: y^p grows with y > 0", bool(sp.diff(y**p, y).is_positive)),
        Step("maximum: max(y + d, z + e) >= max(y, z) + min(d, e)", all(_maximum(order) for order in (True, False))),
    ]


def _maximum(first: bool) -> bool:
    """max(y + d, z + e) - max(y, z) - min(d, e) >= 0 where y >= z (first), or the other way round; d >= e."""
    z, gap, e, more = sp.symbols("z gap e more", nonnegative=True)
    d = e + more
    if first:  # y = z + gap: y + d is one of the arguments, and y + d - y - e = more
        return follows((z + gap + d) - (z + gap) - e, [(1, more)])
    return equal((z + gap + e) - (z + gap) - e, 0)  # z the larger one: z + e - z - e


def absolute_value() -> list[Step]:
    """{x, -x}: the maximum, twice the average, and the l^p norm are all |x|."""
    g = sp.Symbol("g", positive=True)
    up, down = sp.Max(g, 0), sp.Max(-g, 0)
    return [
        Step(
            "the maximum at x and at -x", equal(sp.Max(up, down) - sp.Max(down, up), 0) and equal(sp.Max(up, down), g)
        ),
        Step("the sum at x and at -x", equal(up + down, g)),
        Step("the row that attains the maximum is x or -x: it spans R", all(v != 0 for v in (1, -1))),
    ]
