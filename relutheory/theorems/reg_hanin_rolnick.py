"""Random biases give few regions on average, however deep the network: what a neuron adds along a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil

import numpy as np

from relutheory.networks import ReLULayer, ReLUNetwork
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Piece = tuple[Fraction, Fraction]
Share = tuple[Fraction, int]  # a part of the shifts of a bias, and the number of kinks there
Average = Callable[[Sequence[Share]], Fraction]


def pieces(layers: Sequence[ReLULayer]) -> list[Piece]:
    """The activation regions of these layers in [0, 1], as intervals in order; the whole interval for no layers."""
    from relutheory.core.sets import Box
    from relutheory.polyhedra.exact_tree import exact_regions

    if not layers:
        return [(Fraction(0), Fraction(1))]
    regions = exact_regions(layers, Box([0], [1]))
    ends = [sorted(vertex[0] for vertex in region.cone.vertices()) for region in regions]
    return sorted((low, high) for low, high in ends)


@dataclass(frozen=True)
class Neuron:
    """Neuron i of a layer that comes after others; `intervals` are the pieces of [0, 1] which these make."""

    before: tuple[ReLULayer, ...]
    layer: ReLULayer
    i: int
    intervals: Sequence[Piece]

    def value(self, x: Fraction) -> Fraction:
        """The pre-activation at a point of the line."""
        point = [x]
        for layer in self.before:
            point = layer.forward_exact(point)
        return self.layer.preactivation_exact(point)[self.i]

    def slopes(self) -> list[Fraction]:
        """The |slope| of the pre-activation on each piece."""
        return [abs(self.value(high) - self.value(low)) / (high - low) for low, high in self.intervals]

    def kinks(self, shift: Fraction) -> int:
        """How many regions the neuron adds where its bias is shifted."""
        shifted = ReLULayer([self.layer.weight.row(self.i)], [self.layer.bias[self.i] + shift])
        return len(pieces([*self.before, shifted])) - len(self.intervals)

    def shares(self, width: Fraction) -> list[Share]:
        """The numbers of kinks, where the shift fills [-width/2, width/2].

        They change only where the neuron vanishes at an end of a piece, and are counted between these shifts.
        """
        half = width / 2
        critical = {-self.value(x) for piece in self.intervals for x in piece}
        steps = sorted({-half, half, *(t for t in critical if abs(t) < half)})
        return [((high - low) / width, self.kinks((low + high) / 2)) for low, high in pairwise(steps)]


def neurons(network: ReLUNetwork) -> list[Neuron]:
    """The neurons of a network, layer after layer."""
    found = []
    for k, layer in enumerate(network.layers):
        intervals = pieces(network.layers[:k])
        found += [Neuron(network.layers[:k], layer, i, intervals) for i in range(layer.m)]
    return found


def mean(shares: Sequence[Share]) -> Fraction:
    return sum((share * kinks for share, kinks in shares), Fraction(0))


def worst(shares: Sequence[Share]) -> Fraction:
    return Fraction(max(kinks for _, kinks in shares))


def few_kinks(*, average: Average = mean, steepest: bool = True, width: Fraction | int = 1) -> Claim:
    """The claim that every neuron has on average at most as many kinks in [0, 1] as the slope it may have.

    average : what is compared, of the numbers of kinks by shares of the shifts.  steepest : whether the largest slope
    counts, or that at 0.  width : of the interval that the shifts fill.
    """

    def claim(network: ReLUNetwork) -> Evidence:
        found = []
        for neuron in neurons(network):
            slopes = neuron.slopes()
            found.append((average(neuron.shares(Fraction(width))), max(slopes) if steepest else slopes[0]))
        total, bound = (sum((pair[side] for pair in found), Fraction(0)) for side in (0, 1))
        more = [j for j, (kinks, limit) in enumerate(found) if kinks > limit]
        counterexample = describe(network) | {
            "neurons": more,
            "kinks": [str(found[j][0]) for j in more],
            "bounds": [str(found[j][1]) for j in more],
        }
        return compare(not more, f"{total} kinks", f"at most {bound}", counterexample, max(ceil(bound - total), 0))

    return claim


def sawtooth(depth: int) -> ReLUNetwork:
    """Layers that fold [0, 1] in two, and a neuron; shifted biases stay in the range of every neuron."""
    layers = [ReLULayer([["1/2"], [1]], [0, "-1/2"])]
    for _ in range(depth - 1):
        layers.append(ReLULayer([[2, -2], [4, -4]], [0, "-1/2"]))
    return ReLUNetwork([*layers, ReLULayer([[4, -4]], ["-1/2"])])


def random(rng: np.random.Generator) -> ReLUNetwork:
    """A small network on the line with quarters as weights and biases."""
    depth = int(rng.integers(1, 4))
    sizes = [1, *(int(v) for v in rng.integers(1, 3, size=depth))]
    layers = []
    for before, after in pairwise(sizes):
        W, b = rng.integers(-8, 9, size=(after, before)), rng.integers(-4, 5, size=after)
        layers.append(ReLULayer(W / 4, b / 4))
    return ReLUNetwork(layers)


THEOREM = Theorem(
    id="reg.hanin-rolnick",
    title="Few regions on average: kinks along a line",
    statement=(
        r"Let the biases of a ReLU network on the line be independent, with densities at most $C$, and independent of "
        r"the weights. If a neuron has slopes of at most $G$ on an interval $I$, whatever the biases, then its "
        r"pre-activation changes sign on average at most $G C |I|$ times there; so $N$ neurons have at most $1 + N G C "
        r"|I|$ activation regions in $I$ on average, however deep the network. On $\mathbb{R}^n$, $n \leq N$, a cube "
        r"of side $s \geq 1 / (G C)$ meets at most $(4 G C s N)^n / n!$ regions on average, where $G$ bounds the norms "
        r"of the gradients."
    ),
    cite=Cite(key="hanin2019", locator="locator unverified"),
    hypotheses={"the input is a number": lambda network: network.input_dim == 1},
    claim=few_kinks(),
    tight=(
        Case(name="one neuron", instance=ReLUNetwork([ReLULayer([[1]], ["-1/2"])])),
        Case(name="three neurons", instance=ReLUNetwork([ReLULayer([[1], [-1], ["1/3"]], ["-1/2", "1/2", 0])])),
        Case(name="a fold", instance=sawtooth(1)),
        Case(name="a sawtooth of two folds", instance=sawtooth(2)),
    ),
    edge=(
        Case(name="no neurons", instance=ReLUNetwork([ReLULayer(np.zeros((0, 1)))])),
        Case(name="a zero row", instance=ReLUNetwork([ReLULayer([[0]], [0])])),
        Case(name="a kink at the end", instance=ReLUNetwork([ReLULayer([[1], [1]], [0, -1])])),
        Case(
            name="flat, then steep",
            instance=ReLUNetwork([ReLULayer([[1]], ["-1/2"]), ReLULayer([[4]], [-1])]),
        ),
        Case(name="a dead layer", instance=ReLUNetwork([ReLULayer([[1], [1]], [-1, -2]), ReLULayer([[1, 1]], [0])])),
        Case(
            name="duplicate neurons",
            instance=ReLUNetwork([ReLULayer([[1], [1]], ["-1/2"] * 2), ReLULayer([[1, -1]], [0])]),
        ),
        Case(name="steep: the range beyond the shifts", instance=ReLUNetwork([ReLULayer([[1000]], [-500])])),
    ),
    random=random,
    mutants=(
        Mutant(name="every bias", change="the most kinks for some shift, not the mean", claim=few_kinks(average=worst)),
        Mutant(
            name="slope at one point", change="the slope at 0 in place of the largest", claim=few_kinks(steepest=False)
        ),
        Mutant(
            name="denser biases",
            change="biases of density 2, with the bound for density 1",
            claim=few_kinks(width=Fraction(1, 2)),
        ),
    ),
    proof="hanin_rolnick",
    provenance=(
        "The published theorem, from memory, bounds the mean number of regions per unit of volume by (T N)^n / n! "
        "under conditions on moments of gradients and densities of biases; its place and constants are not verified. "
        "The version here was derived from scratch (proofs_check/hanin_rolnick.py). Checked exactly, for each neuron: "
        "the mean over its bias, uniform on an interval of length 1, of its kinks in [0, 1], other biases as given. "
        "The statement on R^n is derived only, not checked on instances."
    ),
)
