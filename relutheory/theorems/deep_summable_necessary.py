"""Summability is not necessary for convergence: counterexamples."""

from __future__ import annotations

from relutheory.theorems.depth import short
from relutheory.theorems.depth_families import (
    Known,
    alternating,
    confirm,
    contracting,
    dying,
    random_convergent,
    shrinking,
)
from relutheory.theorems.theorem import REFUTED, Case, Cite, Evidence, Theorem, compare


def claim(known: Known) -> Evidence:
    """The false claim that the sums of a convergent family are finite."""
    x = confirm(known)
    data = known.described() | {
        "sum of |W_i - I| + |b_i| over n < i <= 2n at least": str(known.mass),
        f"x_{len(x)}": [str(v) for v in x[-1]],
    }
    measured = f"each n < i <= 2n adds {known.mass} or more" if known.mass else "the sums are finite"
    return compare(known.mass == 0, measured, f"finite sums, as x_n converges to about {short(x[-1][0])}", data)


THEOREM = Theorem(
    id="deep.summable-necessary",
    title="Summability is not necessary for convergence",
    statement=(
        r"FALSE: if $x_n = \mathrm{ReLU}(W_n x_{n-1} + b_n)$ converges for every input, then $\sum |W_n - I| < \infty$ "
        r"and $\sum |b_n| < \infty$. It converges for $W_n = I/2$, $b_n = 1$ (to $2$); for $W_n = 1$ and $b_n = "
        r"(-1)^n/n$, a sum that is finite but not absolutely so; and for $W_n = (1 - 1/(n+1))\,I$, $b_n = 0$ (to $0$)."
    ),
    cite=Cite(key="xuzhang2024", locator="locator unverified; a reading that the paper does not claim"),
    status=REFUTED,
    corrected_by="deep.summable",
    hypotheses={"x_n converges": lambda known: known.converges},
    claim=claim,
    counterexamples=(
        Case(name="W = 1/2, b = 1", instance=contracting([["1/2"]], [1], [5])),
        Case(name="b_n = (-1)^n / n", instance=alternating([1], [0])),
        Case(name="alternating in the plane", instance=alternating([1, -3], [0, 1])),
        Case(name="W_n = 1 - 1/(n+1)", instance=shrinking([1])),
        Case(name="W = 0, b = 3", instance=contracting([[0]], [3], [0])),
        Case(name="W = -2, dying", instance=dying([[-2]], [0], [1])),
    ),
    random=random_convergent,
    proof="deep_families",
    provenance=(
        "Found by hand; what holds at all depths is proved in proofs_check/deep_families.py and checked exactly at the "
        "first layers."
    ),
)
