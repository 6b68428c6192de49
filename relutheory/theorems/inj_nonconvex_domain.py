"""Active rows that span at every point of a set that is not convex do not make a layer injective on it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.inj_domains import PROVENANCE, TWO_POINTS, LayerOn, at, on_points
from relutheory.theorems.theorem import REFUTED, Case, Cite, Evidence, Theorem


def spanning_points(case: LayerOn) -> Evidence:
    """The claim that outputs differ on a set of points at each of which the rows with <w_i, x> + b_i >= 0 span."""
    evidence = on_points(case, strict=False)
    if evidence.counterexample is not None and isinstance(case.domain, tuple):
        values = [case.layer.preactivation_exact(x) for x in case.domain]
        evidence.counterexample["preactivations"] = [[str(v) for v in value] for value in values]
    return evidence


def random(rng: np.random.Generator) -> LayerOn:
    """Two rows on a line, p <w, x> + b >= 0 at one of two points each; often both are zero there."""
    x, y = (Fraction(int(v)) for v in rng.choice(np.arange(-4, 5), size=2, replace=False))
    sign, extra = (1 if x > y else -1), (0 if rng.random() < 0.7 else 1)
    scale = int(rng.integers(1, 4))
    layer = ReLULayer([[sign * scale], [-sign * scale]], [-sign * scale * x + extra, sign * scale * y])
    return LayerOn(layer=layer, domain=((x,), (y,)))


THEOREM = Theorem(
    id="inj.nonconvex-domain",
    title="The criterion on sets that are not convex",
    statement=(
        r"FALSE: for any set $K \subset \mathbb{R}^n$, the layer $x \mapsto \mathrm{ReLU}(Wx + b)$ is injective on "
        r"$K$ if, for every $x \in K$, the rows $w_i$ with $\langle w_i, x\rangle + b_i \geq 0$ span $\mathbb{R}^n$. "
        r"This needs the points between two points of $K$: it holds for convex $K$, and with $>$ for $\geq$."
    ),
    cite=Cite(key="haider2023", locator="not claimed there: the criterion on the ball, read without convexity"),
    status=REFUTED,
    corrected_by="inj.domains",
    hypotheses={},
    claim=spanning_points,
    counterexamples=(
        TWO_POINTS,
        Case(
            name="two points of the plane",
            instance=at([[1, 0], [0, 1], [-1, 0], [0, -1]], [0, 0, -1, -1], [0, 0], [-1, -1]),
        ),
        Case(name="a third of the way", instance=at([[3], ["-1/3"]], [1, "-1/3"], ["-1/3"], [-1])),
    ),
    random=random,
    proof="domains",
    provenance=PROVENANCE,
)
