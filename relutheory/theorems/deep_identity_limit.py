"""W_n -> I and b_n -> 0 do not make an infinitely deep network converge: counterexamples."""

from __future__ import annotations

from relutheory.theorems.depth import short
from relutheory.theorems.depth_families import (
    Known,
    confirm,
    harmonic,
    random_tame,
    rising,
    sawtooth,
)
from relutheory.theorems.theorem import REFUTED, Case, Cite, Evidence, Theorem, compare

HEIGHTS = (2, 3, 4)  # heights for which the first state above them is searched among the first layers
DEEPEST = 120


def claim(known: Known) -> Evidence:
    """The false claim that the states converge."""
    x = confirm(known)
    if known.converges or known.turns is None:
        return compare(True, f"x_{len(x)} = {short(x[-1][0])}, ...", "converges", {})
    i, j = known.turns(8)
    deep = known.states(max(j, DEEPEST))
    above = {str(K): next((n for n, v in enumerate(deep, 1) if max(v) > K), None) for K in HEIGHTS}
    data = known.described() | {
        "depths": [i, j],
        "states": [str(max(deep[i - 1])), str(max(deep[j - 1]))],
        "apart at least, again and again": str(known.jump),
        "first depth with a state above": {K: n for K, n in above.items() if n is not None},
    }
    measured = f"x_{i} = {short(max(deep[i - 1]))}, x_{j} = {short(max(deep[j - 1]))}"
    return compare(False, measured, "a limit", data)


THEOREM = Theorem(
    id="deep.identity-limit",
    title="Layers that tend to the identity need not converge",
    statement=(
        r"FALSE: if $W_n \to I$ and $b_n \to 0$, then $x_n = \mathrm{ReLU}(W_n x_{n-1} + b_n)$ converges. With $W_n "
        r"= 1$ and $b_n = 1/n$ the state is $1 + 1/2 + \cdots + 1/n$ for $x_1 = 1$, above $K$ from $n = 4^K$ on at "
        r"the latest; with $W_n = 1 + 1/n$ and $b_n = 0$ it is $x_n = x_1 (n + 1)/2$; and with biases $1, -1, 1/2, "
        r"1/2, -1/2, -1/2, 1/3, \ldots$ the state goes between $0$ and $1$ for ever."
    ),
    cite=Cite(key="xuzhang2024", locator="locator unverified; a reading that the paper does not claim"),
    status=REFUTED,
    corrected_by="deep.summable",
    hypotheses={"W_n tends to I and b_n to 0": lambda known: known.near is not None},
    claim=claim,
    counterexamples=(
        Case(name="b_n = 1/n", instance=harmonic(1, [1])),
        Case(name="b_n = 1/n in three dimensions", instance=harmonic(1, [0, 1, 2])),
        Case(name="W_n = 1 + 1/n", instance=rising(1, [1])),
        Case(name="W_n = (1 + 1/(2n)) I", instance=rising("1/2", [1, 3])),
        Case(name="up and down for ever", instance=sawtooth()),
    ),
    random=random_tame,
    proof="deep_families",
    provenance=(
        "Known counterexamples; what holds at all depths is proved in proofs_check/deep_families.py and checked "
        "exactly at the first layers."
    ),
)
