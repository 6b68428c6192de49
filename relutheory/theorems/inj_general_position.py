"""In general position an injective bias-free layer has at least 3n - 1 rows, and so many are enough."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import layer_collision, rank, rows_of
from relutheory.theorems.inj_minimal_expansivity import collides
from relutheory.theorems.instances import describe, identity, paired, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

SMALL = 8  # up to this many rows, in dimension <= 3, injectivity is decided from its definition as well


def general(layer: ReLULayer) -> bool:
    """Whether any min(m, n) rows are independent, one minor after the other."""
    rows, size = [row[:-1] for row in rows_of(layer)], min(layer.m, layer.n)
    return all(rank(rows[i] for i in subset) == size for subset in combinations(range(layer.m), size))


def curve(n: int, m: int, nodes: list[int] | None = None, *, alternating: bool = True) -> ReLULayer:
    """The rows (+-1)^i (1, t_i, ..., t_i^(n-1)) for increasing t_i, by default 1, ..., m."""
    values = list(range(1, m + 1)) if nodes is None else nodes
    signs = [(-1) ** i if alternating else 1 for i in range(m)]
    return ReLULayer([[s * t**k for k in range(n)] for s, t in zip(signs, values, strict=True)])


def on_curve(layer: ReLULayer) -> bool:
    """Whether the layer is an alternating moment curve, its rows in order."""
    rows = layer.weight.fractions()
    n = layer.n
    nodes = [(-1) ** i * (row[1] if n > 1 else i) for i, row in enumerate(rows)]
    powers = [[(-1) ** i * t**k for k in range(n)] for i, t in enumerate(nodes)]
    return powers == rows and (n == 1 or all(s < t for s, t in pairwise(nodes)))


def predicted(layer: ReLULayer) -> bool:
    """What the theorem says: not injective with m <= 3n - 2; the curve with m >= 3n - 1 is injective."""
    return layer.m >= 3 * layer.n - 1


def predicted_one_row_less(layer: ReLULayer) -> bool:
    """The false claim that 3n - 2 rows on the curve suffice."""
    return layer.m >= 3 * layer.n - 2 if on_curve(layer) else predicted(layer)


def expansivity(
    predict: Callable[[ReLULayer], bool] = predicted, change: Callable[[ReLULayer], ReLULayer] = lambda layer: layer
) -> Claim:
    """The claim that `predict` says whether the layer, changed first, is injective.

    The truth is the package's decision, whose collisions are run here, and for small layers the definition.
    """

    def claim(given: ReLULayer) -> Evidence:
        # loads compiled kernels: only when a check runs
        from relutheory.injectivity import decide_injectivity
        from relutheory.injectivity.general_position import in_general_position

        layer = change(given)
        if in_general_position(layer).proved != general(layer):
            raise AssertionError(f"the test of general position is wrong for {describe(layer)}")
        result = decide_injectivity(layer)
        truths = {result.proved}
        counterexample = describe(layer) | {"predicted injective": predict(layer), "decided": result.status.value}
        if result.witness is not None:
            truths.add(not collides(layer, result.witness.x, result.witness.y))
            counterexample |= {"collision": [texts(result.witness.x), texts(result.witness.y)]}
        measured = result.status.value
        if layer.m <= SMALL and layer.n <= 3:
            points = layer_collision(layer)
            truths.add(points is None)
            if points is not None:
                measured += f" (definition: {' and '.join(map(shown_point, points))} collide)"
        expected = "predicted injective" if predict(layer) else "predicted not injective"
        slack = layer.m - (3 * layer.n - 1) if result.proved else None
        return compare(truths == {predict(layer)}, measured, expected, counterexample, slack)

    return claim


def doubled(layer: ReLULayer) -> ReLULayer:
    """[B; -B] for the first n rows B (the identity where there are fewer): m = 2n, and not in general position."""
    rows = layer.weight.fractions()
    return paired(rows[: layer.n] if layer.m >= layer.n else identity(layer.n), [1] * layer.n)


def with_signs_dropped(layer: ReLULayer) -> ReLULayer:
    """The same rows on the curve without alternating signs; other layers as they are."""
    if not on_curve(layer):
        return layer
    return ReLULayer([[(-1) ** i * v for v in row] for i, row in enumerate(layer.weight.fractions())])


def random(rng: np.random.Generator) -> ReLULayer:
    """An alternating moment curve with random nodes, or a layer in general position with m <= 3n - 2."""
    n = int(rng.integers(1, 5))
    if rng.random() < 0.5:
        m = 3 * n - 1 + int(rng.integers(0, 3))
        return curve(n, m, sorted(rng.choice(np.arange(-9, 20), size=m, replace=False).tolist()))
    while True:
        m = int(rng.integers(0, 3 * n - 1))
        layer = ReLULayer(rng.integers(-9, 10, size=(m, n)))
        if general(layer):
            return layer


THEOREM = Theorem(
    id="inj.general-position",
    title="In general position the factor is three",
    statement=(
        r"Let any $n$ rows of $W \in \mathbb{R}^{m \times n}$ be linearly independent (all rows, where $m < n$). If $m "
        r"\leq 3n - 2$, then $x \mapsto \mathrm{ReLU}(Wx)$ is not injective on $\mathbb{R}^n$. The rows $w_i = (-1)^i "
        r"(1, t_i, \ldots, t_i^{n-1})$ with $t_1 < \cdots < t_m$ are in general position, and with $m \geq 3n - 1$ "
        r"their layer is injective. So an injective layer with fewer than $3n - 1$ rows, such as $[B; -DB]$ for $n "
        r"\geq 2$, has $n$ dependent rows."
    ),
    cite=Cite(key="puthawala2022", locator="not in the paper, whose factor two it sharpens"),
    hypotheses={
        "any n rows are independent": general,
        "m <= 3n - 2, or an alternating moment curve": lambda layer: layer.m <= 3 * layer.n - 2 or on_curve(layer),
    },
    claim=expansivity(),
    tight=tuple(
        Case(name=f"alternating moment curve, n = {n}, m = {3 * n - 1}", instance=curve(n, 3 * n - 1))
        for n in range(1, 7)
    ),
    edge=(
        *(Case(name=f"one row less, n = {n}, m = {3 * n - 2}", instance=curve(n, 3 * n - 2)) for n in range(1, 7)),
        Case(name="three rows more than enough", instance=curve(3, 11)),
        Case(name="no rows", instance=ReLULayer(np.zeros((0, 2)))),
        Case(name="fewer rows than inputs", instance=ReLULayer([[1, 2, 3], [1, 1, 1]])),
        Case(name="signs that do not alternate, m = 3n - 2", instance=curve(3, 7, alternating=False)),
        Case(name="nodes far apart", instance=curve(2, 5, [-(10**9), -1, 0, 1, 10**9])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="3n - 2 suffices",
            change="the curve with m = 3n - 2 is injective",
            claim=expansivity(predicted_one_row_less),
        ),
        Mutant(
            name="general position dropped",
            change="m <= 3n - 2 is too few for [B; -B] as well",
            claim=expansivity(change=doubled),
        ),
        Mutant(
            name="signs dropped",
            change="the moment curve without alternating signs",
            claim=expansivity(change=with_signs_dropped),
        ),
    ),
    proof="general_position",
    provenance=(
        "Derived for this project (proofs_check/general_position.py). The general position of every instance is "
        "tested minor by minor; small layers are decided from the definition of injectivity as well."
    ),
    pictures=(
        Case(name="n = 2, m = 5: injective", instance=curve(2, 5, [-2, -1, 0, 1, 2])),
        Case(name="n = 2, m = 4: not", instance=curve(2, 4, [-2, -1, 1, 2])),
    ),
)
