"""Residual networks converge where the products of their blocks' norms are summable, whatever the activation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.networks import AffineMap
from relutheory.theorems.depth import (
    ACTIVATIONS,
    NORMS,
    distance,
    matrix_norm,
    random_fractions,
    short,
    spread,
    vector_norm,
)
from relutheory.theorems.instances import describe, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

LIPSCHITZ = {name: Fraction(2 if name == "twice ReLU" else 1) for name in ACTIVATIONS}
Block = tuple[AffineMap, AffineMap]


@dataclass(frozen=True, kw_only=True)
class Residual:
    """Blocks x -> x + V sigma(U x + a) + c, an input, and sigma (a key of ACTIVATIONS)."""

    blocks: tuple[Block, ...]
    x: tuple[Fraction, ...]
    activation: str = "ReLU"

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        blocks = [{"inner": describe(inner), "outer": describe(outer)} for inner, outer in self.blocks]
        return {"blocks": blocks, "x": texts(self.x), "activation": self.activation}


def residual(blocks: Iterable[Any], x: Sequence[Any], activation: str = "ReLU") -> Residual:
    """The instance of blocks (U, a, V, c)."""
    made = tuple((AffineMap(U, a), AffineMap(V, c)) for U, a, V, c in blocks)
    return Residual(blocks=made, x=tuple(Fraction(v) for v in x), activation=activation)


def states(instance: Residual, outer_relu: bool = False) -> list[list[Fraction]]:
    """x_0, x_1, ...; outer_relu : apply ReLU after each block."""
    sigma, found = ACTIVATIONS[instance.activation], [list(instance.x)]
    for inner, outer in instance.blocks:
        hidden = [sigma(v) for v in inner.forward_exact(found[-1])]
        x = [v + step for v, step in zip(found[-1], outer.forward_exact(hidden), strict=True)]
        found.append([max(v, Fraction(0)) for v in x] if outer_relu else x)
    return found


Sizes = Callable[[Residual, Block, str], tuple[Fraction, Fraction]]


def products(instance: Residual, block: Block, norm: str) -> tuple[Fraction, Fraction]:
    """p = L |V| |U| and beta = L |V| |a| + |c|."""
    return _products(block, norm, LIPSCHITZ[instance.activation])


def _products(block: Block, norm: str, L: Fraction) -> tuple[Fraction, Fraction]:
    (U, a), (V, c) = ((part.weight.fractions(), part.bias.fractions()) for part in block)
    factor = L * matrix_norm(V, norm)
    return factor * matrix_norm(U, norm), factor * vector_norm(a, norm) + vector_norm(c, norm)


def without_L(instance: Residual, block: Block, norm: str) -> tuple[Fraction, Fraction]:
    return _products(block, norm, Fraction(1))


def larger_norm(instance: Residual, block: Block, norm: str) -> tuple[Fraction, Fraction]:
    """The larger of |U| and |V| in place of their product."""
    U, V = (matrix_norm(part.weight.fractions(), norm) for part in block)
    return max(U, V), products(instance, block, norm)[1]


def bias_alone(instance: Residual, block: Block, norm: str) -> tuple[Fraction, Fraction]:
    """|a| + |c| in place of |V| |a| + |c|."""
    inner, outer = (vector_norm(part.bias.fractions(), norm) for part in block)
    return products(instance, block, norm)[0], inner + outer


def converges(of: Sizes = products, *, outer_relu: bool = False) -> Claim:
    """The claim of the bound, with p and beta from `of`, for all 0 <= n <= N."""

    def claim(instance: Residual) -> Evidence:
        points, slack, deepest = states(instance, outer_relu), 1, len(instance.blocks)
        for norm in NORMS:
            pairs = [of(instance, block, norm) for block in instance.blocks]
            p, beta = [a for a, _ in pairs], [b for _, b in pairs]
            for n in range(deepest):
                for N in range(n + 1, deepest + 1):
                    moved = distance(points[N], points[n], norm)
                    allowed = spread(vector_norm(points[n], norm), p[n:N], beta[n:N])
                    if moved > allowed:
                        data = instance.described() | {"n": n, "N": N, "norm": norm, "bound": str(allowed)}
                        return compare(False, f"|x_{N} - x_{n}| = {short(moved)}", f"at most {short(allowed)}", data)
                    if (n, N) == (0, deepest) and moved == allowed:
                        slack = 0
        moved = distance(points[-1], points[0], "inf")
        return compare(True, f"|x_{deepest} - x_0| = {short(moved)}", "within the bound", {}, slack)

    return claim


def random(rng: np.random.Generator) -> Residual:
    """Blocks with V = B / n^2 and an inner width of 1 to 3."""
    m, depth = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    blocks = []
    for n in range(1, depth + 1):
        k = int(rng.integers(1, 4))
        inner = random_fractions(rng, (k, m)), random_fractions(rng, k)
        outer = random_fractions(rng, (m, k), over=n**2), random_fractions(rng, m, most=1, over=n**2)
        blocks.append((*inner, *outer))
    names = list(ACTIVATIONS)
    activation = names[int(rng.integers(len(names)))] if rng.random() < 0.5 else "ReLU"
    return residual(blocks, random_fractions(rng, m, most=3, over=2), activation)


def chain(*blocks: tuple[Any, Any, Any, Any], x: Any = 1, activation: str = "ReLU") -> Residual:
    """Width 1 with inner width 1: blocks (u, a, v, c)."""
    return residual([([[u]], [a], [[v]], [c]) for u, a, v, c in blocks], [x], activation)


THEOREM = Theorem(
    id="deep.residual",
    title="Residual networks with summable blocks converge",
    statement=(
        r"Let $x_n = x_{n-1} + V_n \sigma(U_n x_{n-1} + a_n) + c_n$ for $n \geq 1$, where $\sigma$ acts on each "
        r"entry, $\sigma(0) = 0$ and $|\sigma(u) - \sigma(v)| \leq L |u - v|$. With $p_k = L |V_k| |U_k|$ and "
        r"$\beta_k = L |V_k| |a_k| + |c_k|$, for all $0 \leq n \leq N$: $|x_N - x_n| \leq (\prod_{k=n+1}^{N} (1 + "
        r"p_k) - 1)\,|x_n| + \sum_{k=n+1}^{N} \beta_k \prod_{j=k+1}^{N} (1 + p_j)$. So $\sum |V_k| |U_k| < \infty$ "
        r"and $\sum \beta_k < \infty$ make $x_n$ converge, for any such $\sigma$: the skip connection takes the "
        r"place of $\sigma \circ \sigma = \sigma$."
    ),
    cite=Cite(key="huang2022resnets", locator="locator unverified; a form derived here"),
    hypotheses={},
    claim=converges(),
    tight=(
        Case(name="width 1, all positive", instance=chain((1, 1, "1/2", 1), (2, 0, "1/4", "1/3"))),
        Case(name="twice ReLU", instance=chain((1, 1, "1/2", 1), (1, 0, "1/4", 0), activation="twice ReLU")),
        Case(name="leaky ReLU", instance=chain((1, 1, "1/2", 1), activation="leaky ReLU, slope 1/2")),
        Case(name="only c", instance=chain((0, 0, 0, 1), (0, 0, 0, "1/4"))),
        Case(name="1e300 times 1e-300", instance=chain((1e300, 0, 1e-300, 0))),
    ),
    edge=(
        Case(name="no blocks", instance=residual([], [1])),
        Case(name="blocks that are never active", instance=chain((-1, -1, 5, 0), (-1, -1, 5, 0))),
        Case(name="a large inner map and no outer one", instance=chain((1000, 1000, 0, 0))),
        Case(name="zero blocks and a negative input", instance=chain((0, 0, 0, 0), x=-1)),
        Case(name="a negative input", instance=chain((1, 0, 1, 0), (-1, 0, 1, 0), x=-1)),
        Case(
            name="inner width 2 on one input: |x|",
            instance=residual([([[1], [-1]], [0, 0], [["1/2", "1/2"]], [0])], [-3]),
        ),
    ),
    random=random,
    mutants=(
        Mutant(name="without L", change="p and beta without L", claim=converges(without_L)),
        Mutant(name="the larger norm", change="p_k = max(|U_k|, |V_k|)", claim=converges(larger_norm)),
        Mutant(name="the biases alone", change="beta_k = |a_k| + |c_k|", claim=converges(bias_alone)),
        Mutant(
            name="ReLU after the sum",
            change="ReLU also after each block, for inputs of any sign",
            claim=converges(outer_relu=True),
        ),
    ),
    proof="deep_residual",
    provenance=(
        "That such papers exist is remembered: residual networks (arXiv 2205.06571), and general activations with "
        "pooling (arXiv 2205.06570). Their theorems were not at hand and are NOT verified here. This form is ours, "
        "derived in proofs_check/deep_residual.py and checked on exact states in the norms 1 and infinity."
    ),
)
