"""The expected number of cells in which a Gaussian layer collapses, and the ratio 9.09 from which it vanishes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import arb

from relutheory.networks import ReLULayer
from relutheory.theorems.gaussian import (
    Ratio,
    active_counts,
    apart,
    around,
    at,
    general_layer,
    injective_reorientations,
    open_cells,
    random_ratio,
    reorientations,
    sign_change,
)
from relutheory.theorems.inj_general_position import general
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

THRESHOLD = "9.088606827956"
Instance = Ratio | ReLULayer
Expectation = Callable[[int, int], Fraction]


def expected(m: int, n: int) -> Fraction:
    """What the theorem says."""
    # loads python-flint: only when a check runs
    from relutheory.injectivity.gaussian.finite import expected_collapsing_cells

    return expected_collapsing_cells(m, n)


def counting_n(m: int, n: int) -> Fraction:
    """The false claim that counts cells with n active rows as well."""
    from math import comb

    from relutheory.injectivity.gaussian.finite import general_cells

    return Fraction(general_cells(m, n) * sum(comb(m, k) for k in range(n + 1)), 2**m)


def affine_cells(m: int, n: int) -> Fraction:
    """The false claim with the cells of hyperplanes that do not pass through 0."""
    from math import comb

    return Fraction(sum(comb(m, j) for j in range(n + 1)) * sum(comb(m, k) for k in range(n)), 2**m)


def exponent(c: arb) -> arb:
    """2 h(1/c) - ln 2."""
    v = 1 / c
    return -2 * (v * v.log() + (1 - v) * (1 - v).log()) - arb(2).log()


def with_copy(layer: ReLULayer) -> ReLULayer:
    """The layer with a second copy of its first row."""
    rows = layer.weight.fractions()
    return ReLULayer([*rows, *rows[:1]]) if rows else layer


def unchanged(layer: ReLULayer) -> ReLULayer:
    return layer


def counted(
    expectation: Expectation = expected,
    threshold: str = THRESHOLD,
    change: Callable[[ReLULayer], ReLULayer] = unchanged,
) -> Claim:
    """The claim that the mean over all reorientations is the expectation, and bounds the share that collapses."""

    def claim(instance: Instance) -> Evidence:
        # loads python-flint: only when a check runs
        from relutheory.injectivity.gaussian.roots import sign_at

        if isinstance(instance, Ratio):
            signs = {"2 h(1/c) - ln 2": sign_at(exponent, instance.c)}
            return sign_change(instance, threshold, signs, growing=False)
        layer = change(instance)
        m, n = layer.m, layer.n
        cells = open_cells(layer)
        lows = [sum(k < n for k in active_counts(cells, signs)) for signs, _ in reorientations(layer)]
        mean, share = Fraction(sum(lows), 2**m), Fraction(sum(low > 0 for low in lows), 2**m)
        bound = expectation(m, n)
        decided = 1 - Fraction(injective_reorientations(layer), 2**m) if m <= 5 else share
        return compare(
            mean == bound and share <= bound and decided == share,
            f"mean {mean}; {decided} are not injective",
            f"mean {bound}",
            describe(layer) | {"mean": str(mean), "not injective": str(decided), "expected": str(bound)},
            0 if share == bound else 1,
        )

    return claim


def random(rng: np.random.Generator) -> Instance:
    """A ratio, or a small integer layer in general position."""
    if rng.random() < 0.6:
        return random_ratio(rng, 2, 30)
    n = int(rng.integers(1, 4))
    return general_layer(rng, int(rng.integers(0, 5)), n)


THEOREM = Theorem(
    id="gau.first-moment",
    title="The expected number of collapsing cells",
    statement=(
        r"Let any $n$ rows of the random matrix $W \in \mathbb{R}^{m \times n}$ be independent almost surely, and let "
        r"its law not change when rows are replaced by their opposites, as for Gaussian rows. The expected number of "
        r"cells with fewer than $n$ active rows is $E = \sum_{k<n} \binom{m}{k} \, 2^{1-m} \sum_{j<n} \binom{m-1}{j}$ "
        r"(for $m \geq 1$), and the layer is not injective with probability at most $E$. With $m/n \to c$, $E$ grows "
        r"exponentially for $2 < c < c_+$ and tends to $0$ exponentially for $c > c_+ = 9.088606\ldots$, where "
        r"$2 H_2(1/c_+) = 1$, $H_2$ the binary entropy."
    ),
    cite=Cite(key="maillard2023", locator="locator unverified"),
    hypotheses={
        "c > 1, and told from c_+ by 12 decimal places": apart(THRESHOLD),
        "no bias, any n rows independent": lambda i: (
            isinstance(i, Ratio) or (not any(i.bias.fractions()) and general(i))
        ),
    },
    claim=counted(),
    tight=(
        *around(THRESHOLD),
        *(Case(name=f"n = 1, m = {m}", instance=ReLULayer([[k + 1] for k in range(m)])) for m in (1, 2, 5)),
    ),
    edge=(
        at(2),
        at("9.0886"),
        at("9.0887"),
        at(10**9),
        Case(name="no neurons", instance=ReLULayer(np.zeros((0, 2)))),
        Case(name="one row in the plane", instance=ReLULayer([[1, 2]])),
        Case(name="five rows in the plane", instance=ReLULayer([[1, 0], [1, 1], [0, 1], [-1, 2], [2, -1]])),
        Case(name="four rows in space", instance=ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])),
        Case(name="five rows in space", instance=ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [1, 2, 4]])),
    ),
    random=random,
    mutants=(
        Mutant(name="n active rows", change="cells with n active rows are counted too", claim=counted(counting_n)),
        Mutant(name="affine cells", change="the cells of an affine arrangement", claim=counted(affine_cells)),
        Mutant(name="9.1", change="the threshold is 9.1", claim=counted(threshold="9.1")),
        Mutant(
            name="general position dropped",
            change="the same with a second copy of the first row",
            claim=counted(change=with_copy),
        ),
    ),
    proof="gaussian_first_moment",
    provenance=(
        "Derived for this project; the number 9.09 is remembered from the literature. Cells are listed by brute force, "
        "every reorientation of small layers is decided by the package, and signs are proved in ball arithmetic."
    ),
)
