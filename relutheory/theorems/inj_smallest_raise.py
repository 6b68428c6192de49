"""The smallest number by which all biases have to rise before a layer is injective."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations
from statistics import mean

import numpy as np
from flint import fmpz_mat

from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import Rows, layer_collision, rank, rows_of
from relutheory.theorems.instances import describe, random_layer, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

_BELOW = Fraction(1, 1000)  # how far below the claimed value the layer is looked at again


def moving_sets(rows: Rows, n: int) -> set[tuple[int, ...]]:
    """R(u) = {i : <w_i, u> != 0} for every u orthogonal to n - 1 independent rows: the smallest ones."""
    found = set()
    for chosen in combinations(rows, n - 1):
        if rank(row[:-1] for row in chosen) == n - 1:
            u = orthogonal_vector([row[:-1] for row in chosen], n)
            assert u is not None
            found.add(tuple(i for i, row in enumerate(rows) if sum(p * q for p, q in zip(row, u, strict=False))))
    return found


def levels(layer: ReLULayer, chosen: tuple[int, ...]) -> Iterator[Fraction]:
    """-sum l_i b_i / sum l_i for the minimal positive dependencies sum l_i w_i = 0 among the chosen rows."""
    weight, bias = layer.weight.fractions(), layer.bias.fractions()
    rows = rows_of(layer)
    for size in range(2, layer.n + 2):
        for support in combinations(chosen, size):
            basis, nullity = fmpz_mat([list(rows[i][:-1]) for i in support]).transpose().nullspace()
            values = [int(basis[k, 0]) for k in range(size)] if nullity == 1 else [0]
            if min(values) > 0 or max(values) < 0:
                # multipliers of the rows as given, not of the integer ones
                scales = [next(Fraction(p) / q for p, q in zip(rows[i], weight[i], strict=False) if q) for i in support]
                multipliers = [abs(v) * s for v, s in zip(values, scales, strict=True)]
                needed = -sum((v * bias[i] for v, i in zip(multipliers, support, strict=True)), Fraction(0))
                yield needed / sum(multipliers)


Choice = Callable[..., Fraction]


def smallest(layer: ReLULayer, per_set: Choice = min, overall: Choice = max) -> Fraction:
    """max over R of the least level of R, or 0 where that is negative."""
    sets = moving_sets(rows_of(layer), layer.n)
    return max(overall([per_set(levels(layer, chosen)) for chosen in sets]), Fraction(0))


def raised(layer: ReLULayer, s: Fraction) -> ReLULayer:
    return ReLULayer(layer.weight, [b + s for b in layer.bias.fractions()])


def attained(per_set: Choice = min, overall: Choice = max, *, factor: Fraction = Fraction(1)) -> Claim:
    """The claim that raising by `factor` times the smallest value repairs, and that raising by less does not."""

    def claim(layer: ReLULayer) -> Evidence:
        s = factor * smallest(layer, per_set, overall)
        at, below = layer_collision(raised(layer, s)), layer_collision(raised(layer, s - s * _BELOW))
        counterexample = describe(layer) | {"s": str(s)}
        if at is not None:
            counterexample["collision at s"] = [texts(p) for p in at]
        measured = f"raised by {s}: {'injective' if at is None else 'not injective'}"
        if s > 0:
            measured += f"; by 1/1000 less: {'not injective' if below is not None else 'injective'}"
        holds = at is None and (s == 0 or below is not None)
        return compare(holds, measured, f"{s} is the smallest", counterexample, 0 if s > 0 else None)

    return claim


def repairable(layer: ReLULayer) -> bool:
    """Whether x -> ReLU(Wx) is injective."""
    return layer_collision(ReLULayer(layer.weight)) is None


def random(rng: np.random.Generator) -> ReLULayer:
    while True:
        layer = random_layer(rng, n_max=2, m_max=6, bias=True)
        if repairable(layer):
            return ReLULayer(layer.weight, [b - 1 for b in layer.bias.fractions()])


def layer(W: list, b: list) -> ReLULayer:
    return ReLULayer(W, b)


PAIRS = [[1, 0], [0, 1], [-1, 0], [0, -1]]

THEOREM = Theorem(
    id="inj.smallest-raise",
    title="How far the biases of a layer have to rise",
    statement=(
        r"Let $\mathrm{ReLU}(Wx)$ be injective on $\mathbb{R}^n$. For $u \neq 0$ orthogonal to $n - 1$ independent "
        r"rows let $R(u) = \{i : \langle w_i, u\rangle \neq 0\}$, and let $C(u)$ be the minimal positive dependencies "
        r"of these rows, $\sum_i \lambda_i w_i = 0$ with $\lambda \geq 0$. Then $x \mapsto \mathrm{ReLU}(Wx + b + s)$ "
        r"with $s \geq 0$ is injective if and only if $s \geq \max_u \min_{\lambda \in C(u)} \, "
        r"-\sum_i \lambda_i b_i / \sum_i \lambda_i$."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={"the layer without its biases is injective": repairable},
    claim=attained(),
    tight=(
        Case(name="a gap on the line", instance=layer([[1], [-1]], [-1, -1])),
        Case(name="rows of unequal length", instance=layer([[3], [-7]], [-1, -2])),
        Case(name="two gaps in the plane", instance=layer(PAIRS, [-1, 0, -1, -5])),
        Case(name="five rows", instance=layer([[1, 0], [-1, 1], [-1, -1], [0, 1], [0, -1], [1, 1]], [-1] * 6)),
        Case(name="scales 1e300 and 1e-300", instance=layer([[1e300], [-1e-300]], [-1e300, -1e-300])),
    ),
    edge=(
        Case(name="injective already", instance=layer([[1], [-1]], [1, 1])),
        Case(name="the kinks coincide", instance=layer([[1], [-1]], [-1, 1])),
        Case(name="a zero row", instance=layer([[1], [-1], [0]], [-1, -1, -9])),
        Case(name="the same row twice, one lower", instance=layer([[1], [1], [-1]], [-1, -5, -1])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="the dearest dependency",
            change="the maximum over C(u) for the minimum",
            claim=attained(per_set=max),
        ),
        Mutant(
            name="the cheapest u",
            change="the minimum over u for the maximum",
            claim=attained(overall=min),
        ),
        Mutant(name="two thirds", change="two thirds of that number", claim=attained(factor=Fraction(2, 3))),
        Mutant(
            name="no minimality",
            change="the mean over C(u) for the minimum",
            claim=attained(per_set=lambda found: mean(list(found))),
        ),
    ),
    proof="smallest_raise",
    provenance=(
        "Derived here from the criterion and Motzkin's theorem (proofs_check/smallest_raise.py); no source is claimed. "
        "Both sides are checked from the definition of injectivity."
    ),
)
