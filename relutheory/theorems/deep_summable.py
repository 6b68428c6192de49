"""Infinitely deep networks converge where the layers' distances from the identity and the biases are summable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import factorial
from typing import Any

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.depth import (
    NORMS,
    Deep,
    deep,
    distance,
    eye,
    random_fractions,
    short,
    sizes,
    spread,
    states,
    vector_norm,
)
from relutheory.theorems.instances import texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Bound = Callable[[Fraction, Sequence[Fraction], Sequence[Fraction]], Fraction]
IDEMPOTENT = ("ReLU", "clip to [-1, 1]", "absolute value")


def summable(bound: Bound = spread, *, activation: str | None = None, start: int = 1) -> Claim:
    """The claim that |x_N - x_n| is at most the bound for all start <= n <= N, in the norms 1 and infinity.

    activation : None for the instance's.  start : 1, or 0 to compare with the input as well.
    """

    def claim(instance: Deep) -> Evidence:
        points = [list(instance.x), *states(instance, activation)]
        deepest, slack = len(instance.layers), 1
        worst, measured, expected = Fraction(0), "nothing moves", "nothing moves"
        at: dict[str, Any] = {}
        for norm in NORMS:
            p, beta = sizes(instance.layers[start:], norm)
            for n in range(start, deepest):
                for last in range(n + 1, deepest + 1):
                    part = slice(n - start, last - start)
                    moved = distance(points[last], points[n], norm)
                    allowed = bound(vector_norm(points[n], norm), p[part], beta[part])
                    weaker = exponential(vector_norm(points[n], norm), p[part], beta[part])
                    if bound is spread and allowed > weaker:
                        raise AssertionError(f"the product exceeds the exponential: {allowed} > {weaker}")
                    if (n, last) == (start, deepest) and moved == allowed:
                        slack = 0
                    if not at or moved - allowed > worst:
                        worst = moved - allowed
                        measured = f"|x_{last} - x_{n}| = {short(moved)} in the norm {norm}"
                        expected = f"at most {short(allowed)}"
                        at = {"n": n, "N": last, "norm": norm, "distance": str(moved), "bound": str(allowed)}
        counterexample = instance.described() | at | {"states": [texts(point) for point in points[1:]]}
        return compare(worst <= 0, measured, expected, counterexample, slack)

    return claim


def exponential(size: Fraction, p: Sequence[Fraction], beta: Sequence[Fraction]) -> Fraction:
    """(E - 1) size + E sum beta, where E, the first terms of the series of exp(sum p), is at most that."""
    total = sum(p, Fraction(0))
    E = sum((total**j / factorial(j) for j in range(len(p) + 1)), Fraction(0))
    return (E - 1) * size + E * sum(beta, Fraction(0))


def halved(size: Fraction, p: Sequence[Fraction], beta: Sequence[Fraction]) -> Fraction:
    return spread(size, p, beta) / 2


def without_the_first(size: Fraction, p: Sequence[Fraction], beta: Sequence[Fraction]) -> Fraction:
    return spread(size, p[1:], beta[1:])


def earlier_factors(size: Fraction, p: Sequence[Fraction], beta: Sequence[Fraction]) -> Fraction:
    """The sum with the factors before layer k in place of those after it."""
    return spread(size, p[::-1], beta[::-1])


def no_growth(size: Fraction, p: Sequence[Fraction], beta: Sequence[Fraction]) -> Fraction:
    return sum(p, Fraction(0)) * size + sum(beta, Fraction(0))


def is_square(instance: Deep) -> bool:
    m = instance.layers[0].m
    return all(layer.weight.shape == (m, m) for layer in instance.layers[1:])


def random(rng: np.random.Generator) -> Deep:
    """Layers I + A_n / n^2 of small random A_n, biases c_n / n^2, sometimes no bias and other activations."""
    m, d, depth = int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 6))
    bias = int(rng.integers(0, 3))
    layers = [ReLULayer(random_fractions(rng, (m, d)), random_fractions(rng, m))]
    for n in range(2, depth + 1):
        W = eye(m) + random_fractions(rng, (m, m), over=n**2)
        layers.append(ReLULayer(W, random_fractions(rng, m, most=bias, over=n**2)))
    activation = "ReLU" if rng.random() < 0.6 else IDEMPOTENT[int(rng.integers(1, 3))]
    return deep(layers, random_fractions(rng, d, most=3, over=2), activation)


def scalars(*pairs: tuple[str, str], x: str = "1", activation: str = "ReLU") -> Deep:
    """Width 1: the pairs (W_n, b_n) for n >= 2 after a first layer that is the identity."""
    return deep([([[1]], [0]), *(([[w]], [b]) for w, b in pairs)], [x], activation)


UPPER, LOWER = [[1, "1/2"], [0, 1]], [[1, 0], ["1/2", 1]]

THEOREM = Theorem(
    id="deep.summable",
    title="Summable perturbations of the identity converge",
    statement=(
        r"Let $x_n = \sigma(W_n x_{n-1} + b_n)$ with $W_n = I + P_n$ for $n \geq 2$, where $\sigma$ is ReLU or any "
        r"function applied to each entry with $\sigma \circ \sigma = \sigma$, $\sigma(0) = 0$ and $|\sigma(u) - "
        r"\sigma(v)| \leq |u - v|$. In the norms $1$, $2$ and $\infty$, with $p_k = |P_k|$ and $\beta_k = |b_k|$, for "
        r"all $1 \leq n \leq N$: $|x_N - x_n| \leq (\prod_{k=n+1}^{N} (1 + p_k) - 1)\,|x_n| + \sum_{k=n+1}^{N} \beta_k "
        r"\prod_{j=k+1}^{N} (1 + p_j)$. With $s = \sum_{k>n} p_k$ and $t = \sum_{k>n} \beta_k$ this is at most "
        r"$(e^s - 1)\,|x_n| + e^s t$. So $\sum p_k < \infty$ and $\sum \beta_k < \infty$ make $x_n$ converge, "
        r"uniformly for inputs in a bounded set."
    ),
    cite=Cite(key="xuzhang2024", locator="locator unverified"),
    hypotheses={
        "all layers but the first are square": is_square,
        "the activation is idempotent, 0 at 0 and does not expand": lambda i: i.activation in IDEMPOTENT,
    },
    claim=summable(),
    tight=(
        Case(name="width 1, all positive", instance=scalars(("5/4", "1/4"), ("10/9", "1/9"), ("17/16", "0"))),
        Case(name="weights alone", instance=scalars(("5/4", "0"), ("10/9", "0"))),
        Case(name="biases alone", instance=scalars(("1", "1/4"), ("1", "1/9"), ("1", "1/16"))),
        Case(name="a bias first, then a weight", instance=scalars(("1", "1"), ("2", "0"))),
        Case(name="1e300", instance=scalars(("1", "1e300"), ("2", "1e-300"))),
        Case(
            name="all ones in the plane",
            instance=deep([(eye(2), [0, 0]), ([["5/4", "1/4"], ["1/4", "5/4"]], ["1/4", "1/4"])], [1, 1]),
        ),
        Case(name="absolute value", instance=scalars(("2", "1"), x="-1", activation="absolute value")),
    ),
    edge=(
        Case(name="one layer", instance=deep([([[2, -1]], [1])], [3, 4])),
        Case(name="identities", instance=scalars(("1", "0"), ("1", "0"), x="-1")),
        Case(name="from three inputs to one neuron", instance=deep([([[1, 1, 1]], [0]), ([[1]], [-1])], [1, 2, 3])),
        Case(name="a dead layer, and life after it", instance=scalars(("1", "-7"), ("1", "1/9"), ("1", "0"))),
        Case(
            name="matrices that do not commute", instance=deep([(eye(2), [0, 0]), (UPPER, None), (LOWER, None)], [1, 1])
        ),
        Case(name="a clipped state", instance=scalars(("2", "1/2"), ("2", "0"), activation="clip to [-1, 1]")),
        Case(name="negative input of the first layer", instance=scalars(("1", "1/4"), x="-1")),
    ),
    random=random,
    mutants=(
        Mutant(name="half of the bound", change="half of the right-hand side", claim=summable(halved)),
        Mutant(
            name="the sum starts one later",
            change="the products and sums start at n + 2",
            claim=summable(without_the_first),
        ),
        Mutant(
            name="order of the product reversed",
            change="b_k with the factors of the layers before k",
            claim=summable(earlier_factors),
        ),
        Mutant(name="no growth", change="s |x_n| + t in place of the products", claim=summable(no_growth)),
        Mutant(
            name="from the input on",
            change="n = 0 is allowed",
            claim=summable(start=0),
            needs={"W_1 is square": lambda i: i.layers[0].m == i.layers[0].n},
        ),
        Mutant(
            name="leaky ReLU",
            change="an activation that is not idempotent",
            claim=summable(activation="leaky ReLU, slope 1/2"),
        ),
        Mutant(name="twice ReLU", change="2 ReLU in place of ReLU", claim=summable(activation="twice ReLU")),
    ),
    proof="deep_summable",
    provenance=(
        "That summable P_n and b_n suffice is remembered from the paper, its place there is not verified. The bound by "
        "products and the general sigma are ours, derived in proofs_check/deep_summable.py. Checked on exact states "
        "in the norms 1 and infinity; every pair n < N."
    ),
)
