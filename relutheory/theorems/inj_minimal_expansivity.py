"""An injective bias-free layer has m >= 2n rows, and with m = 2n it is [B; -DB]."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from relutheory.core.exact import Number, primitive, rational
from relutheory.core.verdict import Verdict
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import layer_collision, rank
from relutheory.theorems.instances import describe, identity, paired, random_layer, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Direction = tuple[int, ...]
SMALL = 8  # up to this many rows, in dimension <= 3, injectivity is decided from its definition as well


def directions(layer: ReLULayer) -> list[Direction]:
    """The non-zero rows as primitive integer vectors; parallel rows of one orientation become equal."""
    return [tuple(primitive(row)) for row in layer.weight.fractions() if any(row)]


def opposite(direction: Direction) -> Direction:
    return tuple(-v for v in direction)


def lines(layer: ReLULayer, *, both_ways: bool) -> list[Direction]:
    """One direction of each line with two or more rows; where `both_ways`, not all pointing one way."""
    rows = directions(layer)
    kept = []
    for d in sorted(set(rows)):
        antiparallel = opposite(d) in rows
        if (d > opposite(d) and antiparallel) or (not antiparallel and not both_ways and rows.count(d) > 1):
            kept.append(d)
    return kept


def contains_pairs(layer: ReLULayer) -> bool:
    """Whether some rows of W form [B; -DB], B invertible and D positive diagonal."""
    return rank(lines(layer, both_ways=True)) == layer.n


def predicted(layer: ReLULayer) -> bool:
    """What the theorem says: W contains [B; -DB], or m <= 2n and the layer is not injective."""
    return contains_pairs(layer)


def predicted_one_row_short(layer: ReLULayer) -> bool:
    """The false claim that one row of the second block may be left out."""
    return rank(lines(layer, both_ways=True)) >= layer.n - 1 and rank(directions(layer)) == layer.n


def predicted_by_rank(layer: ReLULayer) -> bool:
    """The false claim that full rank is enough for m = 2n."""
    return rank(directions(layer)) == layer.n if layer.m == 2 * layer.n else predicted(layer)


def predicted_by_lines(layer: ReLULayer) -> bool:
    """The false claim that D may have negative entries: pairs on a line count, whatever their orientation."""
    return rank(lines(layer, both_ways=False)) == layer.n


def expansivity(predict: Callable[[ReLULayer], bool]) -> Claim:
    """The claim that `predict` says whether a layer is injective.

    The truth comes from the package's decision, whose collisions are run exactly here; for small layers from
    the definition of injectivity as well.
    """

    def claim(layer: ReLULayer) -> Evidence:
        # loads compiled kernels: only when a check runs
        from relutheory.injectivity import decide_injectivity

        result = decide_injectivity(layer)
        status = result.status.value
        if status == "undecided":
            return Evidence(verdict=Verdict.UNDECIDED, measured=status)
        truths = {"decision": status == "injective"}
        counterexample = describe(layer) | {"predicted injective": predict(layer), "decided": status}
        if status == "not-injective":
            pair = result.witness
            truths["witness"] = pair is None or not collides(layer, pair.x, pair.y)
        if layer.m <= SMALL and layer.n <= 3:
            points = layer_collision(layer)
            truths["definition"] = points is None
            if points is not None:
                counterexample |= {"collision": [texts(p) for p in points]}
                status += f" (definition: {' and '.join(map(shown_point, points))} collide)"
        expected = "injective" if predict(layer) else "not injective"
        slack = layer.m - 2 * layer.n if truths["decision"] else None
        return compare(set(truths.values()) == {predict(layer)}, status, f"predicted {expected}", counterexample, slack)

    return claim


def collides(layer: ReLULayer, x: Sequence[Number], y: Sequence[Number]) -> bool:
    """Whether two points differ and have equal outputs."""
    different = [rational(v) for v in x] != [rational(v) for v in y]
    return different and layer.forward_exact(x) == layer.forward_exact(y)


def random(rng: np.random.Generator) -> ReLULayer:
    """A small layer with m <= 2n, or with more rows of which some form [B; -DB]."""
    while True:
        layer = random_layer(rng, n_max=3, m_max=7, extra=rng.random() < 0.5)
        if applies(layer):
            return layer


def applies(layer: ReLULayer) -> bool:
    return layer.m <= 2 * layer.n or contains_pairs(layer)


def large(n: int, seed: int) -> ReLULayer:
    """[B; -DB] with a random integer B, which is invertible for the seeds used here."""
    rng = np.random.default_rng(seed)
    return paired(rng.integers(-9, 10, size=(n, n)).tolist(), rng.integers(1, 9, size=n).tolist())


def without_row(layer: ReLULayer, i: int) -> ReLULayer:
    """The layer without one of its rows (and without bias)."""
    return ReLULayer([row for k, row in enumerate(layer.weight.fractions()) if k != i])


THEOREM = Theorem(
    id="inj.minimal-expansivity",
    title="Minimal expansivity: twice as many rows as inputs",
    statement=(
        r"Let $W \in \mathbb{R}^{m \times n}$. (i) If $m < 2n$, then $x \mapsto \mathrm{ReLU}(Wx)$ is not "
        r"injective on $\mathbb{R}^n$. (ii) If $m = 2n$, it is injective if and only if, after a "
        r"permutation of the rows, $W = [B; -DB]$ with $B \in \mathrm{GL}_n(\mathbb{R})$ and $D$ diagonal "
        r"with positive entries. (iii) If some rows of $W$ form such a $[B; -DB]$, then it is injective, "
        r"whatever the other rows are."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={
        "the layer has no bias": lambda layer: not any(layer.bias.fractions()),
        "m <= 2n, or W contains [B; -DB]": applies,
    },
    claim=expansivity(predicted),
    tight=(
        Case(name="[1; -1]", instance=ReLULayer([[1], [-1]])),
        Case(name="[I; -I] in the plane", instance=paired(identity(2), [1, 1])),
        Case(name="[B; -DB] with unequal D", instance=paired([[2, 1], [1, 1]], ["1/3", 7])),
        Case(name="[B; -DB] with scales 1e300 and 1e-300", instance=paired([[1e300, 0], [1, 1e-300]], [2, 3])),
        Case(name="[I; -I], n = 3", instance=paired(identity(3), [1, 1, 1])),
        Case(name="[B; -DB], n = 8", instance=large(8, 0)),
        Case(name="[B; -DB], n = 20", instance=large(20, 1)),
    ),
    edge=(
        Case(name="no neurons", instance=ReLULayer(np.zeros((0, 1)))),
        Case(name="one row", instance=ReLULayer([[1]])),
        Case(name="the same row twice", instance=ReLULayer([[1], [1]])),
        Case(name="[I; -I] short of one row", instance=ReLULayer([[1, 0], [0, 1], [-1, 0]])),
        Case(name="[B; -DB], n = 8, short of one row", instance=without_row(large(8, 0), 3)),
        Case(name="D with a negative entry", instance=ReLULayer([[1, 0], [0, 1], [-1, 0], [0, 1]])),
        Case(name="B singular", instance=paired([[1, 2], [2, 4]], [1, 1])),
        Case(name="antiparallel up to 1 ulp", instance=ReLULayer([[1, 0], [0, 1], [-1, 2**-53], [0, -1]])),
        Case(name="pairs and a zero row", instance=paired([[1]], [1], [[0]])),
        Case(name="pairs and a parallel row", instance=paired(identity(2), [1, 1], [[3, 0]])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="2n - 1 rows suffice",
            change="one row of the second block may be left out",
            claim=expansivity(predicted_one_row_short),
        ),
        Mutant(
            name="full rank suffices",
            change="any W of full rank with m = 2n",
            claim=expansivity(predicted_by_rank),
        ),
        Mutant(name="D of any sign", change="D may have negative entries", claim=expansivity(predicted_by_lines)),
    ),
    proof="minimal_expansivity",
    provenance=(
        "The statement is from memory, its place in the paper is not verified. The mathematics was derived "
        "again (proofs_check/minimal_expansivity.py); small cases are checked from the definition of "
        "injectivity."
    ),
    pictures=(
        Case(name="[B; -DB]: injective", instance=paired([[2, 1], [1, 1]], ["1/3", 7])),
        Case(name="D with a negative entry: not", instance=ReLULayer([[1, 0], [0, 1], [-1, 0], [0, 1]])),
    ),
)
