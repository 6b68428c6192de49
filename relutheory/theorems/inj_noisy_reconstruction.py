"""Least squares on the rows that are surely active: how far the estimate can be from the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.core.exact import to_fmpq
from relutheory.networks import ReLULayer
from relutheory.theorems.inj_reconstruction import least_squares, spanning
from relutheory.theorems.instances import describe, random_layer, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare


@dataclass(frozen=True, kw_only=True)
class NoisyOutput:
    """A layer, an input, an error e of its output, and a bound on the length of e."""

    layer: ReLULayer
    x: tuple[Fraction, ...]
    e: tuple[Fraction, ...]
    noise: Fraction

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return describe(self.layer) | {"x": texts(self.x), "e": texts(self.e), "noise": str(self.noise)}

    @property
    def y(self) -> list[Fraction]:
        return [v + d for v, d in zip(self.layer.forward_exact(self.x), self.e, strict=True)]


def noisy(W: Any, b: Any, x: Sequence[Any], e: Sequence[Any], noise: Any) -> NoisyOutput:
    point, error = (tuple(Fraction(v) for v in values) for values in (x, e))
    return NoisyOutput(layer=ReLULayer(W, b), x=point, e=error, noise=Fraction(noise))


def square(values: Sequence[Fraction]) -> Fraction:
    return sum((v * v for v in values), Fraction(0))


def sure(instance: NoisyOutput) -> list[int]:
    """The rows with y_i > noise."""
    return [i for i, v in enumerate(instance.y) if v > instance.noise]


def gram_minus(layer: ReLULayer, chosen: Sequence[int], c: Fraction) -> fmpq_mat:
    W = fmpq_mat([[to_fmpq(v) for v in layer.weight.row(i)] for i in chosen])
    shift = fmpq_mat([[to_fmpq(c) if j == k else fmpq(0) for j in range(layer.n)] for k in range(layer.n)])
    return W.transpose() * W - shift


def positive_definite(matrix: fmpq_mat) -> bool:
    """Sylvester's criterion: all leading minors are positive."""
    entries = matrix.tolist()
    return all(fmpq_mat([row[:k] for row in entries[:k]]).det() > 0 for k in range(1, matrix.nrows() + 1))


def error_bound(
    rows: Callable[[NoisyOutput], list[int]] = sure, *, factor: Fraction = Fraction(1), stretch: bool = True
) -> Claim:
    """The claim |x' - x|^2 sigma^2 <= (factor * noise)^2 - |r|^2, x' and r of least squares on `rows`.

    sigma is the smallest singular value of these rows; stretch : False to leave it out.  Decided in rationals: with
    c = bound / |x' - x|^2, sigma^2 <= c exactly where W_S^T W_S - c I is not positive definite.
    """

    def claim(instance: NoisyOutput) -> Evidence:
        layer, chosen, y = instance.layer, rows(instance), instance.y
        fitted = least_squares(layer, y, chosen)
        r = [layer.preactivation_exact(fitted)[i] - y[i] for i in chosen]
        off = square([p - q for p, q in zip(fitted, instance.x, strict=True)])
        bound = (factor * instance.noise) ** 2 - square(r)
        if not stretch:
            holds, attained = off <= bound, off == bound
        elif off == 0:
            holds, attained = bound >= 0, bound == 0
        else:
            matrix = gram_minus(layer, chosen, bound / off)
            holds, attained = not positive_definite(matrix), matrix.det() == 0
        counterexample = instance.described() | {"rows": chosen, "estimate": texts(fitted)}
        measured = f"|x' - x|^2 = {off}, |r|^2 = {square(r)} on rows {chosen}"
        return compare(holds, measured, f"<= ({bound}) / sigma^2", counterexample, 0 if attained else None)

    return claim


def above_zero(instance: NoisyOutput) -> list[int]:
    return [i for i, v in enumerate(instance.y) if v > 0]


def random(rng: np.random.Generator) -> NoisyOutput:
    while True:
        layer = random_layer(rng, n_max=3, m_max=7, bias=True)
        x = tuple(Fraction(int(v), 2) for v in rng.integers(-6, 7, size=layer.n))
        e = tuple(Fraction(int(v), 16) for v in rng.integers(-3, 4, size=layer.m))
        noise = sum((abs(v) for v in e), Fraction(0))
        instance = NoisyOutput(layer=layer, x=x, e=e, noise=noise)
        if spanning(layer, sure(instance)):
            return instance


BOUNDED, SPAN = "|e| <= noise", "the rows with y_i > noise span R^n"

THEOREM = Theorem(
    id="inj.noisy-reconstruction",
    title="The error of least squares on the rows that are surely active",
    statement=(
        r"Let $y = \mathrm{ReLU}(Wx + b) + e$ with $|e|_2 \leq \delta$, and let the rows of $S = \{i : y_i > \delta\}$ "
        r"span $\mathbb{R}^n$. Let $\hat x$ be the least squares solution of $W_S x = y_S - b_S$ and $r = W_S \hat x + "
        r"b_S - y_S$. Then $|\hat x - x|_2 \leq \sqrt{\delta^2 - |r|_2^2} \, / \, \sigma_n(W_S)$, with the smallest "
        r"singular value of $W_S$."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={
        BOUNDED: lambda instance: square(instance.e) <= instance.noise**2,
        SPAN: lambda instance: spanning(instance.layer, sure(instance)),
    },
    claim=error_bound(),
    tight=(
        Case(name="one row", instance=noisy([[2]], [0], [3], [1], 1)),
        Case(
            name="along the weakest direction", instance=noisy([[4, 0], [0, "1/2"]], [0, 0], [1, 4], [0, "1/8"], "1/8")
        ),
        Case(name="two parallel rows", instance=noisy([[3], [4]], [0, 0], [2], ["3/5", "4/5"], 1)),
        Case(name="an error that is all residual", instance=noisy([[3], [4]], [0, 0], [2], ["-4/5", "3/5"], 1)),
        Case(name="no noise", instance=noisy([[1, 2], [3, 4]], [0, 0], [1, 1], [0, 0], 0)),
    ),
    edge=(
        Case(name="inactive rows with noise", instance=noisy([[1], [-1]], [0, 0], [2], [0, "1/2"], "1/2")),
        Case(name="negative outputs", instance=noisy([[1], [-1]], [0, 0], [2], [0, "-1/2"], "1/2")),
        Case(name="scales 2^900", instance=noisy([[2.0**900, 0], [0, 2.0**-900]], [0, 0], [1, 2.0**910], [0, 1], 1)),
        Case(name="a bound that is too large", instance=noisy([[1], [2]], [0, 0], [5], ["1/9", 0], 2)),
    ),
    random=random,
    mutants=(
        Mutant(
            name="y_i > 0 is enough",
            change="S = {i : y_i > 0}: noise makes inactive rows look active",
            claim=error_bound(above_zero),
        ),
        Mutant(name="half the noise", change="delta / 2", claim=error_bound(factor=Fraction(1, 2))),
        Mutant(name="without sigma", change="|x' - x| <= sqrt(delta^2 - |r|^2)", claim=error_bound(stretch=False)),
    ),
    proof="reconstruction",
    provenance=(
        "Derived here (proofs_check/reconstruction.py): the textbook bound for least squares, sharpened by the "
        "residual, on rows that noise cannot have switched on. The paper has the inversion, the bound is ours."
    ),
)
