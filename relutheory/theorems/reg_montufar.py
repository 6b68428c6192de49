"""Deep networks can have exponentially many regions: layers that fold a cube onto itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import comb, prod

import numpy as np

from relutheory.networks import ReLULayer, ReLUNetwork
from relutheory.theorems.instances import describe
from relutheory.theorems.reg_serra import ZIGZAG, ZIGZAG_SUM, count_regions
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Bound = Callable[[Sequence[int], int], int]


def folding_network(widths: Sequence[int], n: int) -> ReLUNetwork:
    """A network of these widths that folds the cube (0,1)^n layer after layer and then cuts it.

    A layer of width w folds each coordinate p = floor(w / n) times, to and fro, with the neurons p x, p x - 1, ...,
    p x - (p - 1); neurons left over are zero.  The last layer cuts the cube by hyperplanes in general position all of
    whose vertices lie in it.  Every width but the last must be at least n.
    """
    layers = []
    unfold, shift = _identity(n), [Fraction(0)] * n  # from the outputs of the layer before to the coordinates
    for width in widths[:-1]:
        p = width // n
        rows = [[p * v for v in unfold[c]] for c in range(n) for _ in range(p)]
        spare = [[Fraction(0)] * len(unfold[0])] * (width - n * p)
        layers.append(ReLULayer(rows + spare, [-k for _ in range(n) for k in range(p)] + [0] * len(spare)))
        unfold = [[Fraction(0)] * width for _ in range(n)]
        for c in range(n):
            for k in range(p):
                unfold[c][c * p + k] = Fraction(2 * (-1) ** k if k else 1)
    cuts, offsets = _cuts(widths[-1], n)
    last = [
        [sum((a * row[j] for a, row in zip(cut, unfold, strict=True)), shift[0]) for j in range(len(unfold[0]))]
        for cut in cuts
    ]
    return ReLUNetwork([*layers, ReLULayer(np.array(last, dtype=object).reshape(len(cuts), len(unfold[0])), offsets)])


def _cuts(m: int, n: int) -> tuple[list[list[Fraction]], list[Fraction]]:
    """m hyperplanes in general position that cut the open cube (0,1)^n as they cut the whole space.

    The polynomials with root t, t = 1, ..., m: their vertices, polynomials with n of these roots, have coefficients
    below R = (1 + max(m, n))^n, so that x = R (2 y - 1) brings them into the cube.
    """
    R = (1 + max(m, n)) ** n
    cuts = [[Fraction(t**k) for k in range(n)] for t in range(1, m + 1)]
    offsets = [Fraction(t**n, R) - sum(cut) for t, cut in enumerate(cuts, start=1)]
    return [[2 * v for v in cut] for cut in cuts], offsets


def _identity(n: int) -> list[list[Fraction]]:
    return [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]


def regions_in_cube(network: ReLUNetwork) -> int:
    """The number of full-dimensional activation regions in the cube (0,1)^n, visited one by one."""
    from relutheory.core.sets import Box
    from relutheory.polyhedra.exact_tree import exact_regions

    return sum(1 for _ in exact_regions(network.layers, Box(0, 1, n=network.input_dim)))


def folds(widths: Sequence[int], n: int, *, power: int | None = None, up: bool = False, last: int | None = None) -> int:
    """The product of floor(n_l / n)^n and the sum of C(n_L, j); or, changed: another power, rounding up, more terms."""
    product = sum(comb(widths[-1], j) for j in range((n if last is None else last) + 1))
    for width in widths[:-1]:
        product *= (-(-width // n) if up else width // n) ** (n if power is None else power)
    return product


def published(widths: Sequence[int], n: int) -> int:
    """The package's bound."""
    from relutheory.polyhedra import bounds

    return bounds.montufar_lower(widths, n)


def one_more_power(widths: Sequence[int], n: int) -> int:
    return folds(widths, n, power=n + 1)


def rounded_up(widths: Sequence[int], n: int) -> int:
    return folds(widths, n, up=True)


def all_patterns_last(widths: Sequence[int], n: int) -> int:
    return folds(widths, n, last=max(n, widths[-1]))


def published_upper(widths: Sequence[int], n: int) -> int:
    """The product in the statement; the package's bound must be the same."""
    from relutheory.polyhedra import bounds

    product = prod(sum(comb(width, j) for j in range(n + 1)) for width in widths)
    if (ours := bounds.montufar_upper(widths, n)) != product:
        raise AssertionError(f"the upper bound for widths {widths} in R^{n} is {product}, not {ours}")
    return product


def reached(bound: Bound, upper: Bound = published_upper) -> Claim:
    """The claim that the folding network, of the widths of the given one, has exactly `bound` regions in the cube.

    The given network must not have more regions in the whole space than `upper`, and nor must the bound exceed it.
    """

    def claim(network: ReLUNetwork) -> Evidence:
        widths, n = network.widths, network.input_dim
        folding = folding_network(widths, n)
        regions, own = regions_in_cube(folding), count_regions(network)
        least, most = bound(widths, n), upper(widths, n)
        holds = least == regions and max(least, own) <= most
        counterexample = {"folding": describe(folding), "regions in the cube": regions, "bound": least}
        counterexample |= {"given": describe(network), "regions in the space": own, "upper bound": most}
        measured = f"{regions} regions in the cube; {own} of the given network in the space"
        return compare(holds, measured, f"exactly {least}; at most {most}", counterexample, regions - least)

    return claim


def wide_enough(network: ReLUNetwork) -> bool:
    return all(width >= network.input_dim for width in network.widths[:-1])


def random(rng: np.random.Generator) -> ReLUNetwork:
    """A small integer network whose hidden widths are at least n."""
    n = int(rng.integers(1, 3))
    depth = int(rng.integers(1, 4 if n == 1 else 3))
    sizes = [n, *(int(v) for v in rng.integers(n, n + 4, size=depth))]
    layers = [
        ReLULayer(rng.integers(-2, 3, size=(after, before)), rng.integers(-2, 3, size=after))
        for before, after in pairwise(sizes)
    ]
    return ReLUNetwork(layers)


def case(name: str, widths: Sequence[int], n: int) -> Case:
    return Case(name=name, instance=folding_network(widths, n))


THEOREM = Theorem(
    id="reg.montufar",
    title="Folding: deep networks with exponentially many regions",
    statement=(
        r"Let $n_1, \ldots, n_L$ be widths with $n_l \geq n$ for $l < L$. Some network of ReLU layers of these "
        r"widths on $\mathbb{R}^n$ has at least $\left( \prod_{l=1}^{L-1} \lfloor n_l / n \rfloor^n \right) "
        r"\sum_{j=0}^{n} \binom{n_L}{j}$ full-dimensional activation regions: exactly as many inside a cube. No "
        r"network of these widths has more than $\prod_{l=1}^{L} \sum_{j=0}^{n} \binom{n_l}{j}$."
    ),
    cite=Cite(key="montufar2014", locator="locator unverified"),
    hypotheses={"every layer but the last has at least n neurons": wide_enough},
    claim=reached(published),
    tight=(
        case("one fold of the line, one cut", (2, 1), 1),
        case("three folds of an interval", (3, 2, 2), 1),
        case("four folds by two, a sawtooth", (2, 2, 2, 2, 1), 1),
        case("the square folded 2 x 2", (4, 3), 2),
        case("the square, a neuron left over", (5, 2), 2),
        case("the square folded twice", (4, 4, 2), 2),
        case("the cube folded 2 x 2 x 2", (6, 2), 3),
        case("one layer", (5,), 2),
    ),
    edge=(
        case("no folds: as many neurons as inputs", (2, 2, 2), 2),
        case("the last layer empty", (2, 0), 1),
        case("fewer cuts than dimensions", (3, 1), 3),
        Case(name="a dead layer", instance=ReLUNetwork([ReLULayer([[0], [0]], [-1, 0]), ReLULayer([[1, 1]], [0])])),
        Case(
            name="repeated rows",
            instance=ReLUNetwork([ReLULayer([[1], [1], [-2]], ["-1/2", 0, 1]), ReLULayer([[1, 1, 1]], [-1])]),
        ),
        Case(
            name="a zigzag met twelve times: the upper bound attained",
            instance=ReLUNetwork([ZIGZAG, ReLULayer([ZIGZAG_SUM] * 3, ["13/4", "7/2", "15/4"])]),
        ),
    ),
    random=random,
    mutants=(
        Mutant(name="rounded up", change="n_l / n rounded up", claim=reached(rounded_up)),
        Mutant(name="one more power", change="the power n + 1 in place of n", claim=reached(one_more_power)),
        Mutant(
            name="all patterns of the last layer",
            change="2^n_L in place of the sum of C(n_L, j) over j <= n",
            claim=reached(all_patterns_last),
        ),
        Mutant(
            name="nothing beats folding",
            change="the lower bound as upper bound",
            claim=reached(published, upper=published),
        ),
    ),
    proof="montufar",
    provenance=(
        "The construction is from memory, its place in the paper is not verified; the paper counts linear regions. It "
        "was derived again (proofs_check/montufar.py). Counted one by one are the regions of the folding networks in "
        "the cube, and those of the given networks in the whole space, which the upper bound, part of reg.serra, must "
        "cover."
    ),
)
