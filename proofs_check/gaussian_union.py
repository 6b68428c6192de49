"""gau.union: the events, the simplified exponent c ln c - (c-2) ln(c-2) - (c-1) ln 2, and why both exponents decrease.

If fewer than n rows are active at x, some n - 1 rows contain them all, and the other m - n + 1 rows lie in an open
half-space (any n rows are independent: x may be moved off their hyperplanes).  Wendel's theorem is the count of cells
in gau.first-moment: a given sign vector occurs with probability (number of cells)/2^N.
"""

from __future__ import annotations

from math import comb, factorial

import sympy as sp

from proofs_check.steps import Step


def check(base: int = 2) -> list[Step]:
    """The steps of the proof.  base : 2, the number of signs."""
    c = sp.Symbol("c", positive=True)

    def h(v: sp.Expr) -> sp.Expr:
        return -v * sp.log(v) - (1 - v) * sp.log(1 - v)

    entropies = c * h(1 / c) + (c - 1) * (h(1 / (c - 1)) - sp.log(2))
    logs = {sp.log(1 - 1 / c): sp.log(c - 1) - sp.log(c), sp.log(1 - 1 / (c - 1)): sp.log(c - 2) - sp.log(c - 1)}
    simple = c * sp.log(c) - (c - 2) * sp.log(c - 2) - (c - 1) * sp.log(base)
    expanded = sp.expand_log(entropies, force=True).subs(logs)
    steps = [
        Step(
            "c h(1/c) + (c-1)(h(1/(c-1)) - ln 2) = c ln c - (c-2) ln(c-2) - (c-1) ln 2",
            sp.simplify(expanded - simple) == 0,
        ),
        Step(
            "its derivative is ln(c/(2(c-2)))",
            sp.simplify(sp.diff(simple, c) - sp.log(c) + sp.log(c - 2) + sp.log(2)) == 0,
        ),
    ]
    d = sp.Symbol("d", nonnegative=True)  # c = 4 + d
    steps.append(
        Step("which is <= 0 for c >= 4: 2(c-2) - c = c - 4 >= 0", bool(sp.expand(2 * (2 + d) - (4 + d)).is_nonnegative))
    )
    stirling = 2 + sp.log(c) + sp.log(c - 1) - (c - 1) * sp.log(base)
    steps.append(
        Step(
            "derivative with (em/k)^k: 1/c + 1/(c-1) - ln 2",
            sp.simplify(sp.diff(stirling, c) - 1 / c - 1 / (c - 1) + sp.log(2)) == 0,
        )
    )
    steps.append(Step("which is < 0 for c >= 4: 1/4 + 1/3 = 7/12 < ln 2", bool(sp.Rational(7, 12) < sp.log(2))))
    steps.append(
        Step(
            "C(m, k) <= (e m/k)^k: m^k/k! and k! >= (k/e)^k, as e^k >= k^k/k!",
            all(comb(m, k) * factorial(k) <= m**k for m in range(1, 12) for k in range(1, m + 1)),
        )
    )
    steps.append(
        Step("both exponents are positive at c = 4", bool(simple.subs(c, 4) > 0) and bool(stirling.subs(c, 4) > 0))
    )
    return steps
