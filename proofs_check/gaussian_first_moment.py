"""gau.first-moment: every sign vector is equally likely, the binomial sums, and why 2 h(1/c) - ln 2 decreases.

Replacing rows by their opposites changes neither the law of W nor the number of cells, and in a given cell makes all
2^m sign vectors equally likely.  So the expected number of cells with fewer than n active rows is the number of cells
times P(fewer than n of m fair signs are +).  h is the entropy in nats.
"""

from __future__ import annotations

from math import comb

import sympy as sp

from proofs_check.steps import Step


def cells(m: int, n: int) -> int:
    """2 sum_{j<n} C(m - 1, j)."""
    return 2 * sum(comb(m - 1, j) for j in range(n))


def check(active: int = 0) -> list[Step]:
    """The steps of the proof.  active : 0; 1 counts cells with n active rows as well."""
    sizes = [(m, n) for n in range(2, 6) for m in range(2, 9)]
    steps = [
        Step(
            "one hyperplane: 2 cells; in R^1 always 2", cells(1, 3) == 2 and all(cells(m, 1) == 2 for m in range(1, 9))
        ),
        Step(
            "a further hyperplane cuts as many cells as the others cut out of it: N(m, n) = N(m-1, n) + N(m-1, n-1)",
            all(cells(m, n) == cells(m - 1, n) + cells(m - 1, n - 1) for m, n in sizes),
        ),
        Step(
            "n = 1: the expectation is 2 * 2^(-m), the probability that all rows point one way",
            all(
                sp.Rational(cells(m, 1) * sum(comb(m, k) for k in range(1 + active)), 2**m) == sp.Rational(2, 2**m)
                for m in range(1, 9)
            ),
        ),
    ]
    v, k, m = sp.symbols("v k m", positive=True)
    log_ratio = (k - v * m) * sp.log(v) + (v * m - k) * sp.log(1 - v)  # of v^k (1-v)^(m-k) to exp(-m h(v))
    steps.append(
        Step(
            "sum_{k <= v m} C(m, k) <= exp(m h(v)) for v <= 1/2: v^k (1-v)^(m-k) = exp(-m h(v)) ((1-v)/v)^(v m - k)",
            sp.simplify(log_ratio - (v * m - k) * (sp.log(1 - v) - sp.log(v))) == 0,
        )
    )
    c = sp.Symbol("c", positive=True)
    h = -v * sp.log(v) - (1 - v) * sp.log(1 - v)
    slope = sp.diff(h, v)
    steps.append(Step("h'(v) = ln((1-v)/v) > 0 for v < 1/2", sp.simplify(slope - sp.log(1 - v) + sp.log(v)) == 0))
    steps.append(
        Step("2 h - ln 2 = ln 2 > 0 at c = 2", sp.simplify((2 * h).subs(v, sp.Rational(1, 2)) - 2 * sp.log(2)) == 0)
    )
    steps.append(
        Step("2 h - ln 2 -> -ln 2 < 0 for c -> infinity", sp.limit(2 * h - sp.log(2), v, 0, "+") == -sp.log(2))
    )
    equation = sp.log(c) - (c - 1) / c * sp.log(c - 1)
    steps.append(
        Step(
            "h(1/c) = ln c - (c-1)/c ln(c-1)",
            sp.simplify(
                sp.expand_log(h.subs(v, 1 / c) - equation, force=True).subs(
                    sp.log(1 - 1 / c), sp.log(c - 1) - sp.log(c)
                )
            )
            == 0,
        )
    )
    return steps
