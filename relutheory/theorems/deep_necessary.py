"""When convergence does force the layers towards the identity: enough limits, in general position, with a live row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat

from relutheory.core.exact import primitive, rational, to_fmpq
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import rank
from relutheory.theorems.depth import distance, eye, matrix_norm, random_fractions, short
from relutheory.theorems.instances import describe, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Points = list[list[Fraction]]


@dataclass(frozen=True, kw_only=True)
class Trajectories:
    """The first layers of a network and several inputs."""

    layers: tuple[ReLULayer, ...]
    inputs: tuple[tuple[Fraction, ...], ...]

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"layers": [describe(layer) for layer in self.layers], "inputs": [texts(x) for x in self.inputs]}

    def points(self) -> list[Points]:
        """The points x_1, then x_2, ..., of all trajectories."""
        found, x = [], [list(point) for point in self.inputs]
        for layer in self.layers:
            x = [layer.forward_exact(point) for point in x]
            found.append(x)
        return found


def through(layers: Iterable[Any], *inputs: Iterable[Any]) -> Trajectories:
    """The trajectories of these inputs through the layers, pairs (W, b)."""
    made = tuple(layer if isinstance(layer, ReLULayer) else ReLULayer(*layer) for layer in layers)
    return Trajectories(layers=made, inputs=tuple(tuple(Fraction(v) for v in x) for x in inputs))


def independent(points: Points, among: Sequence[int], most: int) -> list[int]:
    """The first of the trajectories `among` whose points are affinely independent, at most `most`."""
    chosen: list[int] = []
    for k in among:
        rows = [primitive([*points[i], Fraction(1)]) for i in (*chosen, k)]
        if len(chosen) < most and rank(rows) == len(rows):
            chosen.append(k)
    return chosen


def deviation(layer: ReLULayer, j: int) -> list[Fraction]:
    """The row (w_j - e_j, b_j)."""
    return [w - int(i == j) for i, w in enumerate(layer.weight.row(j))] + [layer.bias[j]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One coordinate of one layer: its row, and the trajectories from which it follows."""

    n: int
    j: int
    chosen: list[int]
    row: list[Fraction]
    increments: list[Fraction]
    inverse: list[list[Fraction]]

    def recovered(self) -> list[Fraction]:
        """X^-1 times the increments of coordinate j."""
        return [sum((a * d for a, d in zip(row, self.increments, strict=True)), Fraction(0)) for row in self.inverse]

    def bound(self) -> Fraction:
        """|X^-1| max |increment|, norms for the largest modulus."""
        return matrix_norm(self.inverse, "inf") * max(abs(d) for d in self.increments)

    def size(self) -> Fraction:
        """The largest modulus of the entries of (w_j - e_j, b_j)."""
        return max(abs(v) for v in self.row)


def steps(instance: Trajectories, live: Callable[[Fraction], bool]) -> list[Step]:
    """Every row that m + 1 trajectories determine; `live` says which values of its coordinate count as positive."""
    points, found = instance.points(), []
    for n in range(1, len(points)):
        before, after, layer = points[n - 1], points[n], instance.layers[n]
        for j in range(layer.m):
            chosen = independent(before, [k for k, x in enumerate(after) if live(x[j])], layer.n + 1)
            if len(chosen) == layer.n + 1:
                X = fmpq_mat([[*map(to_fmpq, before[k]), 1] for k in chosen])
                inverse = [[rational(v) for v in row] for row in X.inv().tolist()]
                increments = [after[k][j] - before[k][j] for k in chosen]
                row = deviation(layer, j)
                found.append(Step(n=n, j=j, chosen=chosen, row=row, increments=increments, inverse=inverse))
    return found


def necessary(live: Callable[[Fraction], bool] = lambda v: v > 0, share: Fraction | None = Fraction(1)) -> Claim:
    """The claim that every such row is (e_j, 0) + X^-1 (increments), hence near (e_j, 0) where they are small.

    live : which outputs count as positive.  share : the factor of |X^-1| max |increment| that bounds the deviation;
    None for max |increment| alone.
    """

    def claim(instance: Trajectories) -> Evidence:
        found, slack = steps(instance, live), 1
        measured, expected, wrong = "no row is determined", "nothing is claimed", None
        for step in found:
            bound = max(map(abs, step.increments)) if share is None else share * step.bound()
            measured = f"row {step.j} of layer {step.n + 1} is {short(step.size())} away from (e_j, 0)"
            expected = f"at most {short(bound)}, and the row is X^-1 (increments)"
            slack = 0 if step.size() == bound else slack
            if step.recovered() != step.row or step.size() > bound:
                wrong = step
                break
        holds = wrong is None and near_limits(instance, found) and by_package(instance, found, live)
        counterexample = instance.described() | (
            {}
            if wrong is None
            else {
                "layer": wrong.n + 1,
                "row": wrong.j,
                "trajectories": wrong.chosen,
                "deviation": texts(wrong.row),
                "X^-1 increments": texts(wrong.recovered()),
                "increments": texts(wrong.increments),
            }
        )
        return compare(holds, measured, expected, counterexample, slack)

    return claim


def near_limits(instance: Trajectories, found: Sequence[Step]) -> bool:
    """Whether points within eps of m + 1 limits bound the deviation by 2 k eps / (1 - k m eps), k = |X_limit^-1|.

    The last points stand for the limits; eps then runs through the distances of the earlier ones from them.
    """
    points = instance.points()
    limits = points[-1]
    for step in found:
        if len(independent(limits, step.chosen, len(step.row))) < len(step.row):
            continue
        X = fmpq_mat([[*map(to_fmpq, limits[k]), 1] for k in step.chosen])
        k = matrix_norm([[rational(v) for v in row] for row in X.inv().tolist()], "inf")
        eps = max(distance(x[i], limits[i], "inf") for x in points[step.n - 1 : step.n + 1] for i in step.chosen)
        left = 1 - k * (len(step.row) - 1) * eps
        if left > 0 and step.size() > 2 * k * eps / left:
            return False
    return True


def by_package(instance: Trajectories, found: Sequence[Step], live: Callable[[Fraction], bool]) -> bool:
    """Whether `relutheory.deep_limit.recover` finds the same rows, and no others."""
    if live(Fraction(0)):
        return True  # a changed rule is not that of the package
    from relutheory.deep_limit.recover import recover_layer

    points = instance.points()
    known = {(step.n, step.j) for step in found}
    for n in range(1, len(points)):
        layer = instance.layers[n]
        for row in recover_layer(points[n - 1], points[n]).rows:
            true = [*layer.weight.row(row.j), layer.bias[row.j]]
            read = [entry.lo for entry in row.weights] + ([] if row.bias is None else [row.bias.lo])
            if row.known != ((n, row.j) in known) or (row.known and read != true):
                return False
    return True


def standing_still(few: bool) -> Claim:
    """The false claim that a layer which moves no trajectory is the identity without bias.

    few : whether m trajectories in general position, with positive coordinates, are asked for; else any will do.
    """

    def claim(instance: Trajectories) -> Evidence:
        points = instance.points()
        for n in range(1, len(points)):
            before, after, layer = points[n - 1], points[n], instance.layers[n]
            still = [k for k, x in enumerate(after) if x == before[k] and (not few or min(x) > 0)]
            enough = len(independent(before, still, layer.n)) == layer.n if few else len(still) == len(after)
            wrong = [j for j in range(layer.m) if any(deviation(layer, j))]
            if enough and wrong:
                counterexample = instance.described() | {"layer": n + 1, "row": wrong[0], "unmoved": still}
                return compare(False, f"layer {n + 1} moves nothing", "so it is the identity", counterexample)
        return compare(True, "no such layer", "it would be the identity", {})

    return claim


def resting_products(instance: Trajectories) -> Evidence:
    """The false claim that W_{n+1} = I where W_{n+1} W_n ... W_1 = W_n ... W_1."""
    product = instance.layers[0].weight.fmpq
    for n, layer in enumerate(instance.layers[1:], start=2):
        longer = layer.weight.fmpq * product
        identity = fmpq_mat([[int(i == j) for j in range(layer.n)] for i in range(layer.m)])
        if longer == product and layer.weight.fmpq != identity:
            data = instance.described() | {"layer": n, "product": [texts(row) for row in product.tolist()]}
            return compare(False, f"the products rest at layer {n}", "so W_n = I", data)
        product = longer
    return compare(True, "the products do not rest, or W_n = I", "W_n = I where they rest", {})


def is_square(instance: Trajectories) -> bool:
    return all(layer.m == layer.n for layer in instance.layers[1:])


def random(rng: np.random.Generator) -> Trajectories:
    """Layers I + A_n / n^2 or contractions, biases mostly positive, m + 2 inputs of which some may be equal."""
    m, depth = int(rng.integers(1, 4)), int(rng.integers(2, 5))
    layers = [ReLULayer(eye(m) + random_fractions(rng, (m, m), over=4), random_fractions(rng, m, over=2) + 2)]
    contracting = rng.random() < 0.3
    for n in range(2, depth + 1):
        W = (
            random_fractions(rng, (m, m), over=3 * m)
            if contracting
            else eye(m) + random_fractions(rng, (m, m), over=n**2)
        )
        layers.append(ReLULayer(W, random_fractions(rng, m, over=n**2) + int(contracting)))
    inputs = random_fractions(rng, (m + 2, m), most=4, over=2)
    return through(layers, *inputs.tolist())


HALF = [["1/2", 0], [0, "1/2"]]
ONE, ZERO = ([[1]], [0]), [[0, 0], [0, 0]]
TRIANGLE = ([1, 1], [2, 1], [1, 2])

THEOREM = Theorem(
    id="deep.necessary",
    title="When convergence forces the layers towards the identity",
    statement=(
        r"Let $x_{n+1} = \mathrm{ReLU}(W_{n+1} x_n + b_{n+1})$ in $\mathbb{R}^m$ along $m + 1$ trajectories whose "
        r"points $x_n$ are affinely independent, and let coordinate $j$ of $x_{n+1}$ be positive on each. Let $X$ have "
        r"the rows $(x_n, 1)$, and $\delta$ the increments $(x_{n+1} - x_n)_j$. Then row $j$ satisfies $(w_j - e_j, "
        r"(b_{n+1})_j) = X^{-1} \delta$, so its entries are at most $|X^{-1}|_\infty |\delta|_\infty$. Hence: if $m + "
        r"1$ trajectories converge to affinely independent limits with a positive coordinate $j$, then row $j$ of "
        r"$W_n$ tends to $e_j$ and $(b_n)_j \to 0$; for all $j$ together, $W_n \to I$ and $b_n \to 0$. Explicitly: "
        r"points within $\varepsilon$ of the limits give at most $2 \kappa \varepsilon / (1 - \kappa m \varepsilon)$, "
        r"where $\kappa = |X^{-1}|_\infty$ at the limits and $\kappa m \varepsilon < 1$."
    ),
    cite=Cite(key="xuzhang2024", locator="locator unverified; the hypotheses are ours"),
    hypotheses={"all layers but the first are square": is_square},
    claim=necessary(),
    tight=(
        Case(name="width 1, increments of opposite sign", instance=through([ONE, ([["3/4"]], ["3/8"])], [1], [2])),
        Case(name="the identity", instance=through([ONE, ONE], [1], [2])),
        Case(
            name="a triangle that stands still",
            instance=through([([[1, 0], [0, 1]], [0, 0]), ([[1, 0], [0, 1]], [0, 0])], *TRIANGLE),
        ),
        Case(
            name="1e-300 away",
            instance=through([ONE, ([[1 - Fraction(1, 10**300)]], [Fraction(3, 2 * 10**300)])], [1], [2]),
        ),
    ),
    edge=(
        Case(name="half of x, plus 1", instance=through([ONE, ([["1/2"]], [1]), ([["1/2"]], [1])], [2], [1], [5])),
        Case(name="constant layers", instance=through([(HALF, [0, 0]), (ZERO, [1, 3]), (ZERO, [1, 3])], *TRIANGLE)),
        Case(name="half of x in the plane", instance=through([(HALF, [1, 1]), (HALF, [1, 1])], *TRIANGLE, [2, 2])),
        Case(name="one coordinate is dead", instance=through([ONE, ([[-1]], [3])], [1], [2], [4])),
        Case(
            name="one row of two is alive", instance=through([(HALF, [1, 1]), ([[1, 1], [-1, 0]], [0, 0])], *TRIANGLE)
        ),
        Case(name="too few trajectories", instance=through([ONE, ([["1/2"]], [1])], [2])),
        Case(name="one layer", instance=through([ONE], [1], [2])),
        Case(name="from three inputs", instance=through([([[1, 1, 1]], [0]), ([[2]], [1])], [1, 0, 0], [0, 2, 0])),
        Case(name="scale 1e300", instance=through([([[1e300]], [0]), ([[1]], [1])], [1], [2])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="the naive reading",
            change="any trajectories that stand still will do, in general position or not",
            claim=standing_still(few=False),
        ),
        Mutant(name="m points", change="m trajectories in place of m + 1", claim=standing_still(few=True)),
        Mutant(
            name="products in place of points",
            change="where the products W_n ... W_1 stand still, W_n = I",
            claim=resting_products,
        ),
        Mutant(
            name="a coordinate that is 0",
            change="coordinate j is >= 0, not positive",
            claim=necessary(live=lambda v: v >= 0),
        ),
        Mutant(name="half of the bound", change="|X^-1| |delta| / 2", claim=necessary(share=Fraction(1, 2))),
        Mutant(name="without X", change="the deviation is at most |delta|", claim=necessary(share=None)),
    ),
    proof="deep_necessary",
    provenance=(
        "The abstract of the source announces that W_n -> I and b_n -> 0 are necessary; its hypotheses were not at "
        "hand and without any the claim fails (deep.converse). Hypotheses, identity and bound are ours, derived in "
        "proofs_check/deep_necessary.py; every row of every layer is solved for on exact trajectories, twice."
    ),
)
