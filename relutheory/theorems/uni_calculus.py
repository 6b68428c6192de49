"""The calculus of networks of fixed width: compositions, sums, maxima, and what width and depth they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from relutheory.networks import AffineMap, ReLULayer, ReLUNetwork
from relutheory.theorems.instances import describe
from relutheory.theorems.parts import few_pieces
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

if TYPE_CHECKING:
    from relutheory.univariate.cpwl import CPwL
    from relutheory.univariate.fixed_width import FixedWidthNetwork


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two networks of one input and one output, all layers of which have the same width."""

    S: ReLUNetwork
    T: ReLUNetwork

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"S": describe(self.S), "T": describe(self.T)}

    @property
    def width(self) -> int:
        return self.S.widths[0]


def function(net: ReLUNetwork) -> CPwL:
    """The function on [0, 1], constant beyond."""
    from relutheory.univariate.cpwl import CPwL

    return CPwL.from_network(net, 0, 1)


def fixed(net: ReLUNetwork) -> FixedWidthNetwork:
    from relutheory.univariate.fixed_width import FixedWidthNetwork

    return FixedWidthNetwork(net)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A result: what is built from S and T, of which width and depth, and the function it is said to be."""

    name: str
    build: Callable[[FixedWidthNetwork, FixedWidthNetwork], Any]
    width: Callable[[int], int]
    depth: Callable[[int, int], int]
    function: Callable[[CPwL, CPwL], CPwL]


def rules() -> list[Rule]:
    from relutheory.univariate import calculus as c
    from relutheory.univariate import cpwl

    def same(W: int) -> int:
        return W

    def two_more(W: int) -> int:
        return W + 2

    def both(L1: int, L2: int) -> int:
        return L1 + L2

    def one_more(L1: int, L2: int) -> int:
        return L1 + L2 + 1

    def special_sum(S: FixedWidthNetwork, T: FixedWidthNetwork) -> Any:
        return c.add(c.with_channels(S), c.with_channels(T))

    half, third = Fraction(1, 2), Fraction(1, 3)
    return [
        Rule(name="S o T", build=c.compose, width=same, depth=both, function=lambda f, g: f.compose(g)),
        Rule(
            name="T o T o T",
            build=lambda S, T: c.self_compose(T, 3),
            width=same,
            depth=lambda L1, L2: 3 * L2,
            function=lambda f, g: g.compose(g).compose(g),
        ),
        Rule(name="S + T, special", build=special_sum, width=two_more, depth=both, function=lambda f, g: f + g),
        Rule(
            name="S / 2 - T / 3 + S",
            build=lambda S, T: c.linear_combination([S, T, S], [half, -third, 1]),
            width=two_more,
            depth=lambda L1, L2: 2 * L1 + L2,
            function=lambda f, g: f * half - g * third + f,
        ),
        Rule(
            name="T / 2 - T o T / 3",
            build=lambda S, T: c.sum_of_iterates(T, [half, -third]),
            width=two_more,
            depth=lambda L1, L2: 2 * L2,
            function=lambda f, g: g * half - g.compose(g) * third,
        ),
        Rule(
            name="S_+",
            build=lambda S, T: c.positive_part(S),
            width=same,
            depth=lambda L1, L2: L1 + 1,
            function=lambda f, g: f.positive_part(),
        ),
        Rule(name="max(S, T)", build=c.maximum, width=two_more, depth=one_more, function=cpwl.maximum),
        Rule(name="min(S, T)", build=c.minimum, width=two_more, depth=one_more, function=cpwl.minimum),
    ]


def calculus(pair: Pair) -> Evidence:
    """The claim that every rule gives a network of its width and depth, with its function on [0, 1]."""
    S, T = fixed(pair.S), fixed(pair.T)
    f, g = function(pair.S), function(pair.T)
    for rule in rules():
        made = rule.build(S, T)
        shape = (made.width, made.depth)
        expected = (rule.width(S.width), rule.depth(S.depth, T.depth))
        evidence = same_function(pair, rule.name, made.network, rule.function(f, g), shape, expected)
        if evidence is not None:
            return evidence
    return compare(True, f"all {len(rules())} networks are as they should be", "the function, width and depth", {}, 0)


def same_function(
    pair: Pair, name: str, net: ReLUNetwork, f: CPwL, shape: Any = (), expected: Any = ()
) -> Evidence | None:
    """The evidence that a network is not f on [0, 1] or has another shape; None where all is well."""
    gap = function(net) - f.restricted(0, 1)
    x = next((x for x, v in zip(gap.breakpoints, gap.values, strict=True) if v != 0 and 0 <= x <= 1), None)
    if x is None and shape == expected:
        return None
    data = pair.described() | {"rule": name, "x": str(x), "shape": list(shape), "expected": list(expected)}
    if x is None:
        return compare(False, f"{name} has width and depth {shape}", f"{expected}", data)
    value = net.forward_exact([x])[0]
    data |= {"network": str(value), "function": str(f(x))}
    return compare(False, f"{name}: the network is {value} at {x}", f"the function is {f(x)}", data)


def built(name: str, build: Callable[[Pair], ReLUNetwork], f: Callable[[CPwL, CPwL], CPwL]) -> Claim:
    """The claim that a network built from S and T is this function of both."""

    def claim(pair: Pair) -> Evidence:
        wrong = same_function(pair, name, build(pair), f(function(pair.S), function(pair.T)))
        return compare(True, name, "the function", {}, 0) if wrong is None else wrong

    return claim


def in_class(name: str, f: Callable[[CPwL, CPwL], CPwL], depth: Callable[[int, int], int]) -> Claim:
    """The claim that a function of S and T is that of a network of width W and this depth."""

    def claim(pair: Pair) -> Evidence:
        L = depth(len(pair.S.layers), len(pair.T.layers))
        found = f(function(pair.S), function(pair.T)).restricted(0, 1).simplified()
        pieces = 1 + sum(0 < x < 1 for x in found.breakpoints)
        return few_pieces(pieces, pair.width, L, pair.described() | {"function": name, "depth": L})

    return claim


def without_constants(pair: Pair) -> ReLUNetwork:
    """S + T where the collation channel is clipped at 0."""
    from relutheory.univariate.calculus import add, with_channels

    special = add(with_channels(fixed(pair.S)), with_channels(fixed(pair.T)))
    layers = []
    for layer in special.network.layers:
        bias = [*layer.bias.fractions()[:-1], 0]
        layers.append(ReLULayer(layer.weight, bias))
    readout = [special.slope, *special.readout, 1]
    return ReLUNetwork(layers, readout=AffineMap([readout], [special.offset]))


def joined(pair: Pair) -> ReLUNetwork:
    """The layers of S and then those of T, wherever S goes."""
    from relutheory.univariate.inclusions import joint_layer

    joint = joint_layer(fixed(pair.T), fixed(pair.S))
    return ReLUNetwork([*pair.S.layers, joint, *pair.T.layers[1:]], readout=pair.T.readout)


def into_unit_interval(pair: Pair) -> bool:
    low, high = function(pair.T).range(0, 1)
    return low >= 0 and high <= 1


def net(*layers: tuple[Any, Any], out: Sequence[Any], shift: Any = 0) -> ReLUNetwork:
    """Layers (W, b) and the read-out <out, z> + shift."""
    return ReLUNetwork([ReLULayer(W, b) for W, b in layers], readout=AffineMap([out], [shift]))


def random(rng: np.random.Generator) -> Pair:
    """Small rational weights, width up to 4 and depth up to 2; the range of T brought into [0, 1]."""
    W = int(rng.integers(1, 5))
    S, T = (random_network(rng, W, int(rng.integers(1, 3))) for _ in range(2))
    low, high = function(T).range(0, 1)
    readout = T.readout
    if readout is None:
        raise AssertionError("a random network has a read-out")
    scale = 1 / (high - low) if high > low else Fraction(1)
    row = [scale * w for w in readout.weight.row(0)]
    return Pair(S=S, T=ReLUNetwork(T.layers, readout=AffineMap([row], [scale * (readout.bias[0] - low)])))


def random_network(rng: np.random.Generator, W: int, L: int) -> ReLUNetwork:
    def numbers(*shape: int) -> Any:
        return (rng.integers(-4, 5, size=shape) / 2).tolist()

    layers = [ReLULayer(numbers(W, 1 if i == 0 else W), numbers(W)) for i in range(L)]
    return ReLUNetwork(layers, readout=AffineMap(numbers(1, W), numbers(1)))


TENT = net(([[1], [1]], [0, "-1/2"]), out=[2, -4])
DOWN = net(([[1], [1]], [0, 0]), out=[-3, 1], shift=-1)  # negative everywhere
SAW = net(([[1], [1]], [0, "-1/2"]), ([[2, -4], [2, -4]], [0, "-1/2"]), out=[2, -4])
ZIGZAG = net(([[1], [1], [1]], ["-1/5", "-2/5", "-4/5"]), out=["5/2", -5, "15/2"], shift="-1/4")
TEETH = net(([[1], [1], [1]], ["-1/6", "-1/2", "-2/3"]), out=[3, -6, "9/2"])
DEAD = net(([[0], [0]], [-1, 0]), out=[1, 1], shift="1/3")
FINE = net(([[2**60], [2**60]], [-1, -2]), out=[1, -1])  # a step of width 2^-60

THEOREM = Theorem(
    id="uni.calculus",
    title="The calculus of networks of fixed width",
    statement=(
        r"Let $S$ and $T$ be the functions on $[0, 1]$ of networks of width $W$ and depths $L_1$, $L_2$. If $T$ maps "
        r"$[0, 1]$ into itself, $S \circ T$ is one of width $W$ and depth $L_1 + L_2$, and the $k$-fold composition "
        r"$T^{\circ k}$ of depth $k L_2$. The positive part $S_+$ is one of width $W$ and depth $L_1 + 1$. Every "
        r"linear combination of $S$ and $T$ is one of a special network of width $W + 2$ and depth $L_1 + L_2$, and so "
        r"is that of $n$ such functions, with the sum of the depths; of $T, \ldots, T^{\circ n}$ with depth $n L_2$. "
        r"Sums of special networks need no more width. The functions $\max(S, T) = S + (T - S)_+$ and $\min(S, T)$ are "
        r"of width $W + 2$ and depth $L_1 + L_2 + 1$. The functions of width $W$ and depth $1$ are no linear space."
    ),
    cite=Cite(key="daubechies2022", locator="locator unverified"),
    hypotheses={
        "one width": lambda p: len({*p.S.widths, *p.T.widths}) == 1,
        "T maps [0, 1] into itself": into_unit_interval,
    },
    claim=calculus,
    tight=(
        Case(name="two hats", instance=Pair(S=TENT, T=TENT)),
        Case(name="a negative function and a hat", instance=Pair(S=DOWN, T=TENT)),
        Case(name="a sawtooth of depth 2", instance=Pair(S=SAW, T=TENT)),
        Case(name="three kinks above and below 0", instance=Pair(S=ZIGZAG, T=TEETH)),
    ),
    edge=(
        Case(name="dead neurons: a constant", instance=Pair(S=DEAD, T=DEAD)),
        Case(name="a step of width 2^-60", instance=Pair(S=SAW, T=FINE)),
        Case(name="S = T", instance=Pair(S=SAW, T=SAW)),
        Case(name="width 1", instance=Pair(S=net(([[1]], ["-1/2"]), out=[-1]), T=net(([[-1]], ["2/3"]), out=[1]))),
    ),
    random=random,
    mutants=(
        Mutant(
            name="the inner function may leave [0, 1]",
            change="T o S is the network of S followed by that of T, for every S",
            claim=built("T o S", joined, lambda f, g: g.compose(f)),
        ),
        Mutant(
            name="no constant",
            change="the collation channel is clipped at 0, with no constant added",
            claim=built("S + T", without_constants, lambda f, g: f + g),
        ),
        Mutant(
            name="a linear space",
            change="S + T is of width W and depth max(L_1, L_2)",
            claim=in_class("S + T", lambda f, g: f + g, max),
        ),
        Mutant(
            name="composition for nothing",
            change="S o T is of width W and depth max(L_1, L_2)",
            claim=in_class("S o T", lambda f, g: f.compose(g), max),
        ),
        Mutant(
            name="a positive part for nothing",
            change="S_+ is of width W and depth L_1",
            claim=in_class("S_+", lambda f, g: f.positive_part(), lambda L1, L2: L1),
        ),
    ),
    proof="univariate_calculus",
    provenance=(
        "The rules are recalled from the paper, their wording and place there are not verified; width and depth of the "
        "maximum are ours. Derived again in proofs_check/univariate_calculus.py; networks are compared with the "
        "operations on piecewise linear functions, exactly."
    ),
)
