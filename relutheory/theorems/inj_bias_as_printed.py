"""The bias lemma as printed is false in one direction: kept with its counterexample."""

from __future__ import annotations

from relutheory.theorems.inj_bias import (
    IN_THE_PLANE,
    PRINTED_COUNTEREXAMPLE,
    PROVENANCE,
    R_L,
    Implication,
    lemma,
    random,
    restricted,
)
from relutheory.theorems.theorem import REFUTED, Case, Cite, Theorem

THEOREM = Theorem(
    id="inj.bias-as-printed",
    title="The bias lemma as printed",
    statement=(
        r"FALSE: $x \mapsto \mathrm{ReLU}(Wx + b)$ is injective on $\mathbb{R}^n$ if and only if $x "
        r"\mapsto \mathrm{ReLU}(W_R x)$ is, where $W_R$ is $W$ with the rows of negative bias, $b_i < 0$, "
        r"replaced by zero. The direction 'only if' fails: rows with $b_i > 0$ are active near 0 whatever "
        r"the direction of $x$."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    status=REFUTED,
    corrected_by="inj.bias",
    hypotheses={},
    claim=lemma((R_L, Implication("L", "R")), criterion=False),
    counterexamples=(PRINTED_COUNTEREXAMPLE, IN_THE_PLANE),
    random=random,
    proof="bias",
    provenance=PROVENANCE,
    pictures=(
        Case(name="ReLU(Wx + b): injective", instance=IN_THE_PLANE.instance),
        Case(name="the layer of W_R: not", instance=restricted(IN_THE_PLANE.instance)),
    ),
)
