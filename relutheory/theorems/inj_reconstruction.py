"""When an output has one input only, and how the rows with positive output give it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat

from relutheory.core.exact import rational, to_fmpq
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.core.lp import solve_system
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import rank, rows_of
from relutheory.theorems.instances import describe, random_layer, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare


@dataclass(frozen=True, kw_only=True)
class LayerAtPoint:
    """A layer and an input."""

    layer: ReLULayer
    x: tuple[Fraction, ...]

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return describe(self.layer) | {"x": texts(self.x)}


def at(W: Any, b: Any, x: Sequence[Any]) -> LayerAtPoint:
    return LayerAtPoint(layer=ReLULayer(W, b), x=tuple(Fraction(v) for v in x))


def positive(instance: LayerAtPoint) -> list[int]:
    """The rows with y_i > 0."""
    return [i for i, v in enumerate(instance.layer.forward_exact(instance.x)) if v > 0]


def spanning(layer: ReLULayer, chosen: Sequence[int]) -> bool:
    rows = rows_of(layer)
    return rank(rows[i][:-1] for i in chosen) == layer.n


def other_preimage(layer: ReLULayer, x: Sequence[Fraction]) -> tuple[Fraction, ...] | None:
    """An input other than x with the same output, from the definition of ReLU; None where there is none."""
    y, n = layer.forward_exact(x), layer.n
    weak = []
    for i, v in enumerate(y):
        w, b = layer.weight.row(i), layer.bias[i]
        weak.append((w, v - b))
        if v > 0:
            weak.append(([-p for p in w], b - v))
    for k in range(n):
        for sign in (1, -1):
            strict = [([sign * int(j == k) for j in range(n)], sign * x[k])]
            point = solve_system(strict, weak, n).point
            if point is not None:
                if layer.forward_exact(point) != y or list(point) == list(x):
                    raise AssertionError(f"{point} is no second preimage")
                return point
    return None


def least_squares(layer: ReLULayer, y: Sequence[Fraction], chosen: Sequence[int]) -> list[Fraction]:
    """The minimiser of sum (<w_i, x> + b_i - y_i)^2 over the chosen rows, which span."""
    W = fmpq_mat([[to_fmpq(v) for v in layer.weight.row(i)] for i in chosen])
    right = fmpq_mat(len(chosen), 1, [to_fmpq(y[i] - layer.bias[i]) for i in chosen])
    return [rational(v) for v in (W.transpose() * W).solve(W.transpose() * right).entries()]


Criterion = Callable[[LayerAtPoint], tuple[Fraction, ...] | None]


def direction(instance: LayerAtPoint) -> tuple[Fraction, ...] | None:
    """A u != 0 with <w_i, u> = 0 where y_i > 0 and <w_i, u> <= 0 where <w_i, x> + b_i = 0; None: there is none."""
    layer, n = instance.layer, instance.layer.n
    weak = []
    for i, v in enumerate(layer.preactivation_exact(instance.x)):
        w = layer.weight.row(i)
        if v >= 0:
            weak.append((w, Fraction(0)))
        if v > 0:
            weak.append(([-p for p in w], Fraction(0)))
    for k in range(n):
        for sign in (1, -1):
            point = solve_system([([sign * int(j == k) for j in range(n)], Fraction(0))], weak, n).point
            if point is not None:
                return point
    return None


def orthogonal_to(rows: Callable[[LayerAtPoint], list[int]]) -> Criterion:
    """The criterion that some u != 0 is orthogonal to these rows."""

    def criterion(instance: LayerAtPoint) -> tuple[Fraction, ...] | None:
        vector = orthogonal_vector([rows_of(instance.layer)[i][:-1] for i in rows(instance)], instance.layer.n)
        return None if vector is None else tuple(Fraction(v) for v in vector)

    return criterion


def uniqueness(criterion: Criterion, fit: Callable[[LayerAtPoint], list[int]] = positive) -> Claim:
    """The claim that x has no companion exactly where the criterion finds no u, and that least squares on `fit`
    gives x where the rows with y_i > 0 span."""

    def claim(instance: LayerAtPoint) -> Evidence:
        layer, x = instance.layer, instance.x
        other, u = other_preimage(layer, x), criterion(instance)
        counterexample = instance.described() | {
            "other": None if other is None else texts(other),
            "u": None if u is None else texts(u),
        }
        measured = f"{shown_point(x)} is the only preimage" if other is None else f"{shown_point(other)} is another"
        expected = "predicted to be the only one" if u is None else f"predicted: another along {shown_point(u)}"
        holds, slack = (u is None) == (other is None), None
        if spanning(layer, positive(instance)):
            fitted = least_squares(layer, layer.forward_exact(x), fit(instance))
            counterexample["fitted"] = texts(fitted)
            measured += f"; least squares gives {shown_point(fitted)}"
            holds, slack = holds and other is None and fitted == list(x), len(positive(instance)) - layer.n
        return compare(holds, measured, expected, counterexample, slack)

    return claim


def every_row(instance: LayerAtPoint) -> list[int]:
    return list(range(instance.layer.m))


def active(instance: LayerAtPoint) -> list[int]:
    """The rows with <w_i, x> + b_i >= 0."""
    return [i for i, v in enumerate(instance.layer.preactivation_exact(instance.x)) if v >= 0]


def random(rng: np.random.Generator) -> LayerAtPoint:
    layer = random_layer(rng, n_max=3, m_max=7, bias=bool(rng.random() < 0.5))
    return LayerAtPoint(layer=layer, x=tuple(Fraction(int(v), 2) for v in rng.integers(-3, 4, size=layer.n)))


IDENTITY = [[1, 0], [0, 1]]

THEOREM = Theorem(
    id="inj.reconstruction",
    title="When an output has one input only",
    statement=(
        r"Let $y = \mathrm{ReLU}(Wx + b)$ and $S = \{i : y_i > 0\}$. Then $x$ is the only input with the output $y$ if "
        r"and only if no $u \neq 0$ has $\langle w_i, u\rangle = 0$ for all $i \in S$ and $\langle w_i, u\rangle \leq "
        r"0$ for all $i$ with $\langle w_i, x\rangle + b_i = 0$. In particular it is where the rows of $S$ span "
        r"$\mathbb{R}^n$, and then $x$ is the least squares solution of $W_S x = y_S - b_S$."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={},
    claim=uniqueness(direction),
    tight=(
        Case(name="the identity inside the quadrant", instance=at(IDENTITY, [0, 0], [1, 2])),
        Case(name="[B; -DB]", instance=at([[2, 1], [1, 1], [-4, -2], [-1, -1]], [0] * 4, [1, -3])),
        Case(name="n = 1", instance=at([[3]], ["1/7"], ["2/3"])),
        Case(name="scales 1e300 and 1e-300", instance=at([[1e300, 0], [0, 1e-300]], [0, 0], [1, 1])),
    ),
    edge=(
        Case(name="a row more than needed", instance=at([[1, 0], [0, 1], [1, 1]], [0, 0, 0], [1, 2])),
        Case(name="the same row twice", instance=at([[1], [1]], [0, 0], [2])),
        Case(name="zero rows", instance=at([[0], [0], [1]], [1, -1, 0], [2])),
        Case(name="rows that vanish at x", instance=at([[1, 0], [0, 1], [1, -1]], [0, 0, 0], [1, 1])),
        Case(name="pinned by inequalities", instance=at([[1, 0], [0, 1], [0, -1]], [0, 0, 0], [1, 0])),
        Case(name="an inequality on one side only", instance=at([[1, 0], [0, 1]], [0, 0], [1, 0])),
        Case(name="three inequalities in the plane", instance=at([[1, 0], [0, 1], [-1, -1]], [0, 0, 0], [0, 0])),
        Case(name="nothing is active", instance=at([[1], [2]], [-1, -1], [0])),
        Case(name="no neurons", instance=LayerAtPoint(layer=ReLULayer(np.zeros((0, 1))), x=(Fraction(2),))),
        Case(name="nearly parallel rows", instance=at([[1, 1], [1, 1 + 2**-52]], [0, 0], [1, 1])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="full rank suffices",
            change="x is the only preimage where W has rank n",
            claim=uniqueness(orthogonal_to(every_row)),
        ),
        Mutant(
            name="active rows suffice",
            change="rows that vanish at x count as equations",
            claim=uniqueness(orthogonal_to(active)),
        ),
        Mutant(
            name="only the rows with y_i > 0",
            change="rows that vanish at x are left out",
            claim=uniqueness(orthogonal_to(positive)),
        ),
        Mutant(
            name="least squares over all rows",
            change="rows with y_i = 0 are taken for equations as well",
            claim=uniqueness(direction, fit=every_row),
        ),
    ),
    proof="reconstruction",
    provenance=(
        "The paper inverts layers in this way; the wording is ours, its place there is not verified. Derived again in "
        "proofs_check/reconstruction.py; second preimages are sought from the definition of ReLU."
    ),
)
