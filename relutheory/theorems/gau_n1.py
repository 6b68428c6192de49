"""One input: m Gaussian weights make an injective layer unless they all have one sign."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.gaussian import active_counts, injective_reorientations, open_cells, reorientations
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

MOST = 9  # rows: 2^m decisions


def probability(m: int) -> Fraction:
    """What the theorem says of P(not injective)."""
    return Fraction(2, 2**m) if m else Fraction(1)


def one_sided(m: int) -> Fraction:
    """The false claim that only one of the two signs does harm."""
    return Fraction(1, 2**m)


def more_than_one(m: int) -> Fraction:
    """The false claim that an injective layer needs more than n active rows."""
    return Fraction(min(2 * (m + 1), 2**m), 2**m) if m > 1 else Fraction(1)


def shared(value: Callable[[int], Fraction] = probability) -> Claim:
    """The claim that this share of the reorientations is not injective."""

    def claim(layer: ReLULayer) -> Evidence:
        m = layer.m
        decided = 1 - Fraction(injective_reorientations(layer), 2**m)
        cells = open_cells(layer)
        counted = sum(min(active_counts(cells, signs)) < 1 for signs, _ in reorientations(layer))
        expected = value(m)
        return compare(
            {decided, Fraction(counted, 2**m)} == {expected},
            f"{decided} are not injective",
            str(expected),
            describe(layer) | {"not injective": str(decided), "claimed": str(expected)},
            0,
        )

    return claim


def random(rng: np.random.Generator) -> ReLULayer:
    """Up to 7 non-zero weights."""
    m = int(rng.integers(1, 8))
    return ReLULayer(rng.integers(1, 10, size=(m, 1)) * rng.choice([-1, 1], size=(m, 1)))


THEOREM = Theorem(
    id="gau.n1",
    title="Gaussian layers with one input",
    statement=(
        r"For $n = 1$, $m \geq 1$ independent Gaussian weights and no bias, $x \mapsto \mathrm{ReLU}(Wx)$ is not "
        r"injective with probability $2^{1-m}$: when all weights have one sign."
    ),
    cite=Cite(key="wendel1962", locator="locator unverified; a special case"),
    hypotheses={
        "one input, no bias": lambda i: i.n == 1 and not any(i.bias.fractions()),
        "no weight is 0, at most 9 rows": lambda i: i.m <= MOST and all(row[0] for row in i.weight.fractions()),
    },
    claim=shared(),
    tight=tuple(
        Case(name=f"m = {m}", instance=ReLULayer([[(-1) ** k * (k + 1)] for k in range(m)])) for m in (1, 2, 3, 5, 8)
    ),
    edge=(
        Case(name="no neurons", instance=ReLULayer(np.zeros((0, 1)))),
        Case(name="scales 1e300 and 1e-300", instance=ReLULayer([[1e300], [-1e-300], [5e-324]])),
    ),
    random=random,
    mutants=(
        Mutant(name="2^-m", change="all weights positive", claim=shared(one_sided)),
        Mutant(name="> n for >= n", change="more than n active rows are needed", claim=shared(more_than_one)),
    ),
    proof="gaussian_line",
    provenance="Derived for this project. Every reorientation is decided by the package, and its cells are counted.",
)
