"""Convergence does not force the layers towards the identity: counterexamples."""

from __future__ import annotations

from relutheory.theorems.depth import short
from relutheory.theorems.depth_families import (
    Known,
    confirm,
    contracting,
    dying,
    random_convergent,
)
from relutheory.theorems.theorem import REFUTED, Case, Cite, Evidence, Theorem, compare


def claim(known: Known) -> Evidence:
    """The false claim that the layers of a convergent family tend to the identity without bias."""
    x = confirm(known)
    data = known.described() | {"|W_n - I| + |b_n| at least": str(known.gap), f"x_{len(x)}": [str(v) for v in x[-1]]}
    measured = f"|W_n - I| + |b_n| >= {known.gap} for every n" if known.gap else "W_n -> I and b_n -> 0"
    return compare(known.gap == 0, measured, f"0 in the limit, as x_n converges to about {short(x[-1][0])}", data)


THEOREM = Theorem(
    id="deep.converse",
    title="Convergence does not force the layers towards the identity",
    statement=(
        r"FALSE: if $x_n = \mathrm{ReLU}(W_n x_{n-1} + b_n)$ converges for every input, then $W_n \to I$ and $b_n \to "
        r"0$. Any layer that contracts, used again and again, converges: $W_n = I/2$ with $b_n = 1$, or $W_n = 0$ with "
        r"$b_n = c$. The products of $J_i W_i$ then converge for all 0/1 diagonal matrices $J_i$, to $0$. What is true "
        r"needs limits that do not lie in a hyperplane."
    ),
    cite=Cite(
        key="xuzhang2024",
        locator="locator unverified; the abstract states this necessary condition without its hypotheses",
    ),
    status=REFUTED,
    corrected_by="deep.necessary",
    hypotheses={"x_n converges": lambda known: known.converges},
    claim=claim,
    counterexamples=(
        Case(name="W = I/2, b = 1", instance=contracting([["1/2", 0], [0, "1/2"]], [1, 1], [5, 0])),
        Case(name="W = I/2, b = 0", instance=contracting([["1/2", 0], [0, "1/2"]], [0, 0], [5, 1])),
        Case(name="W = 0, b = c", instance=contracting([[0, 0], [0, 0]], [1, 3], [7, 7])),
        Case(
            name="a rotation that shrinks",
            instance=contracting([["1/3", "-1/3"], ["1/3", "1/3"]], [1, 1], [2, 0]),
        ),
        Case(name="W = -3, dying", instance=dying([[-3]], [-1], [1])),
    ),
    random=random_convergent,
    proof="deep_families",
    provenance=(
        "The abstract of the source announces the necessary condition; under which hypotheses was not at hand. "
        "Without any it fails: counterexamples found by hand; what holds at all depths is proved in "
        "proofs_check/deep_families.py and checked exactly at the first layers."
    ),
)
