"""Two inputs: the exact law of the least number of active rows of a Gaussian layer, and of its injectivity."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.gaussian import (
    active_counts,
    general_layer,
    injective_reorientations,
    open_cells,
    reorientations,
)
from relutheory.theorems.inj_general_position import general
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

MOST = 8  # rows: 2^m reorientations
Law = Callable[[int, int], Fraction]


def law(m: int, r: int) -> Fraction:
    """What the theorem says: P(some cell has at most r active rows)."""
    # loads python-flint: only when a check runs
    from relutheory.injectivity.gaussian.finite import planar_depth_probability

    return planar_depth_probability(m, r)


def first_term(m: int, r: int) -> Fraction:
    """The false claim without the terms k >= 1, which matter for m <= 3r."""
    d = m - 2 * r
    return Fraction(d * comb(m, r), 2 ** (m - 1)) if d > 0 else Fraction(1)


def alternating(m: int, r: int) -> Fraction:
    """The false claim with alternating signs, as in the law of a maximum."""
    d = m - 2 * r
    if d <= 0:
        return Fraction(1)
    terms = enumerate(range(r, -1, -d))
    return Fraction(d * sum((-1) ** k * comb(m, i) for k, i in terms), 2 ** (m - 1))


def one_more(m: int, r: int) -> Fraction:
    """The false claim of a reader who counts > n instead of >= n."""
    return law(m, r + 1)


def distributed(probability: Law = law) -> Claim:
    """The claim for every r; for r = 1 the reorientations are decided as well."""

    def claim(layer: ReLULayer) -> Evidence:
        m, cells = layer.m, open_cells(layer)
        least = [min(active_counts(cells, signs)) for signs, _ in reorientations(layer)]
        found = [Fraction(sum(count <= r for count in least), 2**m) for r in range(m + 1)]
        decided = 1 - Fraction(injective_reorientations(layer), 2**m) if m <= 6 else found[1]
        expected = [probability(m, r) for r in range(m + 1)]
        wrong = [r for r in range(m + 1) if found[r] != expected[r]]
        return compare(
            not wrong and decided == expected[1],
            f"{decided} are not injective; P(least <= r) = {', '.join(map(str, found))}",
            f"{expected[1]}; {', '.join(map(str, expected))}",
            describe(layer) | {"not injective": str(decided), "claimed": str(expected[1]), "wrong at r": wrong},
            0,
        )

    return claim


def spread(m: int) -> ReLULayer:
    """m rows in the plane, no two on a line."""
    return ReLULayer([[k, k * k + 1] for k in range(m)])


def random(rng: np.random.Generator) -> ReLULayer:
    """A layer with up to 5 rows in the plane, no two on a line."""
    return general_layer(rng, int(rng.integers(1, 6)), 2)


THEOREM = Theorem(
    id="gau.n2",
    title="Gaussian layers with two inputs",
    statement=(
        r"Let $n = 2$, and let $W$ have $m \geq 1$ independent Gaussian rows and no bias. For $d = m - 2r > 0$ some "
        r"$x \neq 0$ has at most $r$ active rows with probability $2^{1-m} d \sum_{k \geq 0} \binom{m}{r - kd}$. So "
        r"the layer is not injective with probability $m (m - 2) \, 2^{1-m}$, for $m \geq 4$."
    ),
    cite=Cite(key="wendel1962", locator="not there, except r = 0"),
    hypotheses={
        "two inputs, no bias": lambda i: i.n == 2 and not any(i.bias.fractions()),
        "no two rows on a line, 1 to 8 rows": lambda i: 1 <= i.m <= MOST and general(i),
    },
    claim=distributed(),
    tight=tuple(Case(name=f"m = {m}", instance=spread(m)) for m in (4, 5, 6, 7)),
    edge=(
        Case(name="one row", instance=spread(1)),
        Case(name="two rows", instance=spread(2)),
        Case(name="three rows", instance=spread(3)),
        Case(name="nearly on one line", instance=ReLULayer([[1, 0], [1, 1e-300], [1, -1e-300], [-1, 2e-300], [0, 1]])),
    ),
    random=random,
    mutants=(
        Mutant(name="first term only", change="the terms k >= 1 are left out", claim=distributed(first_term)),
        Mutant(name="alternating signs", change="the terms alternate in sign", claim=distributed(alternating)),
        Mutant(name="> n for >= n", change="more than n active rows are needed", claim=distributed(one_more)),
    ),
    proof="gaussian_planar",
    provenance=(
        "Derived for this project (proofs_check/gaussian_planar.py). Cells are found by brute force for every "
        "instance, and up to 6 rows every reorientation is decided by the package."
    ),
    pictures=(Case(name="m = 5: not injective, as 30 of the 32 reorientations", instance=spread(5)),),
)
