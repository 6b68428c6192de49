"""Layers that contract and converge: every input has the same limit, the fixed point of the limit layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from flint import fmpq_mat

from relutheory.core.exact import rational, to_fmpq
from relutheory.networks import ReLULayer
from relutheory.theorems.depth import (
    NORMS,
    Vector,
    distance,
    matrix_norm,
    random_fractions,
    short,
    vector_norm,
)
from relutheory.theorems.instances import describe, identity, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare


@dataclass(frozen=True, kw_only=True)
class Contracting:
    """Layers, the layer that they tend to, an input, and the slopes of the activation below and above 0."""

    layers: tuple[ReLULayer, ...]
    limit: ReLULayer
    x: tuple[Fraction, ...]
    slopes: tuple[Fraction, Fraction] = (Fraction(0), Fraction(1))

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {
            "layers": [describe(layer) for layer in self.layers],
            "limit": describe(self.limit),
            "x": texts(self.x),
            "slopes": texts(self.slopes),
        }

    def sigma(self, v: Fraction) -> Fraction:
        return self.slopes[int(v > 0)] * v

    @property
    def lipschitz(self) -> Fraction:
        """The Lipschitz constant L of the activation."""
        return max(abs(slope) for slope in self.slopes)


def contracting(layers: Sequence[Any], limit: Any, x: Sequence[Any], slopes: tuple[Any, Any] = (0, 1)) -> Contracting:
    """The instance of (W, b) pairs."""
    return Contracting(
        layers=tuple(ReLULayer(*layer) for layer in layers),
        limit=ReLULayer(*limit),
        x=tuple(Fraction(v) for v in x),
        slopes=(Fraction(slopes[0]), Fraction(slopes[1])),
    )


def fixed_points(instance: Contracting) -> list[list[Fraction]]:
    """All fixed points of x -> sigma(Wx + b), one linear system per activation pattern; W must contract."""
    W, b, m = instance.limit.weight.fmpq, instance.limit.bias.fmpq, instance.limit.m
    found: list[list[Fraction]] = []
    for bits in product((0, 1), repeat=m):
        slopes = [to_fmpq(instance.slopes[bit]) for bit in bits]
        D = fmpq_mat([[slopes[i] * v for v in row] for i, row in enumerate(identity(m))])
        point = [rational(v) for v in (fmpq_mat(identity(m)) - D * W).solve(D * b).entries()]
        if point not in found and image(instance, instance.limit, point) == point:
            found.append(point)
    return found


def image(instance: Contracting, layer: ReLULayer, x: Vector) -> list[Fraction]:
    return [instance.sigma(v) for v in layer.preactivation_exact(x)]


Rate = Callable[[Contracting, str], Fraction]


def rate(instance: Contracting, norm: str) -> Fraction:
    """rho: the largest L |W_k| of the layers after the first, and of the limit."""
    return instance.lipschitz * weights(instance, norm)


def weights(instance: Contracting, norm: str) -> Fraction:
    return max(matrix_norm(k.weight.fractions(), norm) for k in (*instance.layers[1:], instance.limit))


def largest_eigenvalue(instance: Contracting, norm: str) -> Fraction:
    """L times the largest eigenvalue of the matrices, which are triangular."""
    entries = [abs(k.weight[i, i]) for k in (*instance.layers[1:], instance.limit) for i in range(k.m)]
    return instance.lipschitz * max(entries)


def contraction(of: Rate = rate, *, early: int = 0, bias: bool = True) -> Claim:
    """The claim that there is one fixed point, and the bound of the distance to it with rho = `of`.

    early : how much larger the exponents of rho are than stated.  bias : whether d_k has the term of the biases.
    """

    def claim(instance: Contracting) -> Evidence:
        points = fixed_points(instance)
        if len(points) != 1:
            data = instance.described() | {"fixed points": [texts(p) for p in points]}
            return compare(False, f"{len(points)} fixed points", "one", data)
        (star,), x, slack = points, image(instance, instance.layers[0], instance.x), 1
        W, b = instance.limit.weight.fractions(), instance.limit.bias.fractions()
        for norm in (norm for norm in NORMS if rate(instance, norm) < 1):
            rho, here = of(instance, norm), x
            allowed = rho**early * distance(x, star, norm)
            for n, layer in enumerate(instance.layers[1:], 2):
                change = [
                    [p - q for p, q in zip(*rows, strict=True)]
                    for rows in zip(layer.weight.fractions(), W, strict=True)
                ]
                shift = distance(layer.bias.fractions(), b, norm) if bias else Fraction(0)
                d = instance.lipschitz * (matrix_norm(change, norm) * vector_norm(star, norm) + shift)
                here, allowed = image(instance, layer, here), rho * allowed + rho**early * d
                apart = distance(here, star, norm)
                if apart > allowed:
                    data = instance.described() | {"fixed point": texts(star), "n": n, "norm": norm}
                    return compare(
                        False,
                        f"|x_{n} - x*| = {short(apart)}",
                        f"at most {short(allowed)}",
                        data | {"x_n": texts(here)},
                    )
                if n == len(instance.layers) and apart == allowed:
                    slack = 0
        return compare(True, f"x* = {shown_point(star)} is the only fixed point", "one, within the bound", {}, slack)

    return claim


def contracts(instance: Contracting) -> bool:
    return any(rate(instance, norm) < 1 for norm in NORMS)


def triangular(instance: Contracting) -> bool:
    return all(not k.weight[i, j] for k in (*instance.layers[1:], instance.limit) for i in range(k.m) for j in range(i))


def random(rng: np.random.Generator) -> Contracting:
    """Layers W + A_n / 16^n, b + c_n / 2^n with |W| at most 3/4, and ReLU, leaky ReLU or another slope."""
    m, d, depth = int(rng.integers(1, 4)), int(rng.integers(1, 3)), int(rng.integers(1, 6))
    slopes = ((0, 1), (Fraction(1, 2), 1), (-1, 1), (Fraction(1, 3), Fraction(1, 2)))[int(rng.integers(0, 4))]
    W, b = random_fractions(rng, (m, m), most=1, over=4), random_fractions(rng, m, most=3)
    layers = [(random_fractions(rng, (m, d)), random_fractions(rng, m))]
    for n in range(2, depth + 1):
        A = random_fractions(rng, (m, m), most=1, over=16**n)
        layers.append((W + A, b + random_fractions(rng, m, over=2**n)))
    return contracting(layers, (W, b), random_fractions(rng, d, most=3), slopes)


HALF, ONE, LEFT = [["1/2"]], [[1]], [["3/5", "3/10"], ["3/5", "3/10"]]

THEOREM = Theorem(
    id="deep.contraction",
    title="Contracting layers forget the input",
    statement=(
        r"Let $\sigma$ act on each entry with $|\sigma(u) - \sigma(v)| \leq L |u - v|$, let $x_n = \sigma(W_n "
        r"x_{n-1} + b_n)$ with square $W_n$ for $n \geq 2$ and $L |W_n| \leq \rho < 1$ in an induced norm, $W_n \to "
        r"W$ and $b_n \to b$. Then $x \mapsto \sigma(Wx + b)$ has exactly one fixed point $x^*$, and $|x_n - x^*| "
        r"\leq \rho^{n-1} |x_1 - x^*| + \sum_{k=2}^{n} \rho^{n-k} d_k$ with $d_k = L\,(|W_k - W|\,|x^*| + |b_k - "
        r"b|)$. So $x_n \to x^*$ for every input: the limit is constant, and $W_n$ need not tend to $I$."
    ),
    cite=Cite(key="xuzhang2024lipschitz", locator="locator unverified; a form derived here"),
    hypotheses={"L |W_n| < 1 in the norm 1 or infinity": contracts},
    claim=contraction(),
    tight=(
        Case(
            name="W = 1/2, b = 1 from above", instance=contracting([(ONE, [0]), *[(HALF, [1])] * 4], (HALF, [1]), [5])
        ),
        Case(
            name="biases from above",
            instance=contracting([(ONE, [0]), (HALF, ["5/4"]), (HALF, ["9/8"])], (HALF, [1]), [2]),
        ),
        Case(
            name="twice ReLU and W = 1/3",
            instance=contracting([(ONE, [0]), *[([["1/3"]], [1])] * 3], ([["1/3"]], [1]), [9], (0, 2)),
        ),
        Case(name="constant layers", instance=contracting([([[0]], [0]), ([[0]], [3])], ([[0]], [3]), [1])),
    ),
    edge=(
        Case(name="one layer", instance=contracting([([[1, 1]], [0])], (HALF, [0]), [1, 2])),
        Case(name="zero matrices", instance=contracting([(ONE, [0]), ([[0]], [-1])], ([[0]], [-1]), [1])),
        Case(
            name="a negative factor",
            instance=contracting([(ONE, [0]), *[([["-1/2"]], [1])] * 3], ([["-1/2"]], [1]), [4]),
        ),
        Case(
            name="a shear",
            instance=contracting(
                [([[1, 0], [0, 1]], [0, 0]), *[([[0, "3/4"], [0, 0]], [1, 1])] * 3],
                ([[0, "3/4"], [0, 0]], [1, 1]),
                [1, 9],
            ),
        ),
        Case(
            name="contracting in one of the norms",
            instance=contracting([([[1], [1]], [0, 0]), *[(LEFT, [1, -2])] * 3], (LEFT, [1, -2]), [3]),
        ),
        Case(
            name="a fixed point on the kink", instance=contracting([(ONE, [0]), *[(HALF, [0])] * 3], (HALF, [0]), [1])
        ),
        Case(name="1e300 away", instance=contracting([([[1e300]], [0]), (HALF, [1e-300])], (HALF, [0]), [1])),
    ),
    random=random,
    mutants=(
        Mutant(name="one power more", change="rho^n in place of rho^(n-1), and so on", claim=contraction(early=1)),
        Mutant(name="without L", change="rho bounds |W_n| alone", claim=contraction(weights)),
        Mutant(name="without the biases", change="d_k = L |W_k - W| |x*|", claim=contraction(bias=False)),
        Mutant(
            name="eigenvalues",
            change="rho bounds the eigenvalues of L W_n",
            claim=contraction(largest_eigenvalue),
            needs={"the matrices are triangular": triangular},
        ),
    ),
    proof="deep_contraction",
    provenance=(
        "The source treats Lipschitz activations and variable widths; its theorems were not at hand, this safe form "
        "is derived in proofs_check/deep_contraction.py. Fixed points are found pattern by pattern, exactly; "
        "distances are checked in the norms 1 and infinity."
    ),
)
