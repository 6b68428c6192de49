"""An upper bound on the regions of a deep network that knows that inactive neurons cost dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import comb

import numpy as np

from relutheory.networks import ReLULayer, ReLUNetwork
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Bound = Callable[[Sequence[int], int], int]


def count_regions(network: ReLUNetwork) -> int:
    """The number of full-dimensional activation regions, visited one by one in exact arithmetic."""
    from relutheory.polyhedra.exact_tree import exact_regions

    return sum(1 for _ in exact_regions(network.layers))


def as_published(widths: Sequence[int], n: int) -> int:
    """The sum over J, written as a sum: one tuple (j_1, ..., j_L) after the other."""

    def over(l: int, room: int) -> int:
        if l == len(widths):
            return 1
        terms = range(min(room, widths[l]) + 1)
        return sum(comb(widths[l], j) * over(l + 1, min(room, widths[l] - j)) for j in terms)

    return over(0, n)


def serra(widths: Sequence[int], n: int) -> int:
    """The package's bound, which must be the sum as published."""
    from relutheory.polyhedra import bounds

    ours = bounds.serra(widths, n)
    if ours != as_published(widths, n):
        raise AssertionError(f"the bound for widths {widths} in R^{n} is {as_published(widths, n)}, not {ours}")
    return ours


def product_bound(widths: Sequence[int], n: int) -> int:
    from relutheory.polyhedra import bounds

    return bounds.montufar_upper(widths, n)


def without_last_layer(widths: Sequence[int], n: int) -> int:
    return as_published(widths[:-1], n)


def one_dimension_less(widths: Sequence[int], n: int) -> int:
    return as_published(widths, n - 1)


def active_cost_dimensions(widths: Sequence[int], n: int) -> int:
    """The sum in which j_l bounds what follows where n_l - j_l should."""
    if not widths:
        return 1
    return sum(comb(widths[0], j) * active_cost_dimensions(widths[1:], min(n, j)) for j in range(min(n, widths[0]) + 1))


def as_one_layer(widths: Sequence[int], n: int) -> int:
    """The most cells of one layer with as many neurons."""
    return as_published([sum(widths)], n)


def at_most(bound: Bound) -> Claim:
    """The claim that a network has at most `bound` regions, and that `bound` <= product bound <= 2^N."""

    def claim(network: ReLUNetwork) -> Evidence:
        regions, limit = count_regions(network), bound(network.widths, network.input_dim)
        product = product_bound(network.widths, network.input_dim)
        holds = regions <= limit <= product <= 2 ** sum(network.widths)
        counterexample = describe(network) | {"regions": regions, "bound": limit, "product bound": product}
        return compare(
            holds, f"{regions} regions", f"at most {limit} <= {product}", counterexample, max(limit - regions, 0)
        )

    return claim


def network(*layers: tuple[Sequence, Sequence | None]) -> ReLUNetwork:
    return ReLUNetwork([ReLULayer(W, b) for W, b in layers])


def random(rng: np.random.Generator) -> ReLUNetwork:
    """A small integer network of at most 8 neurons; dead, narrow and rank-deficient layers occur."""
    n, depth = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    sizes = [n, *(int(v) for v in rng.integers(1, 8 // depth + 1, size=depth))]
    layers = [
        ReLULayer(rng.integers(-2, 3, size=(after, before)), rng.integers(-2, 3, size=after))
        for before, after in pairwise(sizes)
    ]
    return ReLUNetwork(layers)


# -ReLU(3 - x) - 2 ReLU(x) + 3/2 ReLU(x - 1) is a zigzag: values -3, -4, -3 at 0, 1, 3 and -infinity at both ends
ZIGZAG = ReLULayer([[-1], [1], [1]], [3, 0, -1])
ZIGZAG_SUM = [-1, -2, "3/2"]
DIAGONALS = ReLULayer([[1, 0], [0, 1], [1, 1]], [0, 0, -1])

THEOREM = Theorem(
    id="reg.serra",
    title="Inactive neurons cost dimensions: an upper bound for deep networks",
    statement=(
        r"A network of ReLU layers of widths $n_1, \ldots, n_L$ on $\mathbb{R}^n$ has at most $\sum_{(j_1, "
        r"\ldots, j_L) \in J} \prod_{l=1}^{L} \binom{n_l}{j_l}$ full-dimensional activation regions, where $J$ "
        r"is the set of tuples of integers with $0 \leq j_l \leq \min(n, n_1 - j_1, \ldots, n_{l-1} - "
        r"j_{l-1}, n_l)$ for all $l$. This is at most $\prod_{l=1}^{L} \sum_{j=0}^{d_l} \binom{n_l}{j}$ with "
        r"$d_l = \min(n, n_1, \ldots, n_{l-1})$, which is at most $2^{n_1 + \cdots + n_L}$."
    ),
    cite=Cite(key="serra2018", locator="Theorem 1; locator unverified"),
    hypotheses={},
    claim=at_most(serra),
    tight=(
        Case(name="one neuron", instance=network(([[1]], [1]))),
        Case(name="one layer in general position", instance=ReLUNetwork([ReLULayer(DIAGONALS.weight, DIAGONALS.bias)])),
        Case(name="a chain of single neurons", instance=network(([[1, 1]], [0]), ([[1]], [-1]), ([[1]], [-1]))),
        Case(
            name="a zigzag met twelve times",
            instance=ReLUNetwork([ZIGZAG, ReLULayer([ZIGZAG_SUM] * 3, ["13/4", "7/2", "15/4"])]),
        ),
        Case(name="two in, two on, one cut", instance=network(([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [-1]))),
    ),
    edge=(
        Case(name="no neurons", instance=ReLUNetwork([ReLULayer(np.zeros((0, 1)))])),
        Case(name="a zero row", instance=network(([[0]], [1]))),
        Case(name="a dead layer", instance=network(([[0, 0], [0, 0]], [-1, -1]), ([[1, 0], [0, 1]], [0, 1]))),
        Case(name="a dead layer, then zero bias", instance=network(([[1], [-1]], [0, 0]), ([[1, 1]], [0]))),
        Case(
            name="parallel and repeated rows",
            instance=network(([[1, 0], [1, 0], [-2, 0]], [0, 1, 0]), ([[1, 1, 1]], [-2])),
        ),
        Case(name="layers of one neuron in R^3", instance=network(([[1, 1, 1]], None), ([[-1]], [1]))),
        Case(name="a second layer of rank 1", instance=network(([[1, 0], [0, 1]], None), ([[1, 1], [2, 2]], [-1, -3]))),
    ),
    random=random,
    mutants=(
        Mutant(
            name="a layer dropped", change="the sum over the layers before the last", claim=at_most(without_last_layer)
        ),
        Mutant(name="one dimension less", change="n - 1 in place of n", claim=at_most(one_dimension_less)),
        Mutant(
            name="j_l in place of n_l - j_l",
            change="active neurons cost dimensions, not inactive ones",
            claim=at_most(active_cost_dimensions),
        ),
        Mutant(
            name="as if one layer",
            change="the sum of C(n_1 + ... + n_L, j) over j <= n",
            claim=at_most(as_one_layer),
        ),
    ),
    proof="serra",
    provenance=(
        "The bound is from memory, its place in the paper is not verified; the product bound is ascribed to "
        "montufar2017. Both were derived again (proofs_check/serra.py), for full-dimensional activation regions, of "
        "which there are at least as many as linear regions. The bound of one layer with all the neurons, the sum of "
        "C(n_1 + ... + n_L, j), is no bound for deep networks: a mutant."
    ),
)
