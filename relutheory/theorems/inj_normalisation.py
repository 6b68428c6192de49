"""Batch normalisation and positive scaling: what they do to the injectivity of a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import layer_collision
from relutheory.theorems.inj_bias import restricted, unbiased
from relutheory.theorems.inj_layer_criterion import failing_face, slack
from relutheory.theorems.instances import describe, random_layer, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Fold = Callable[["Normalised"], ReLULayer]


class Normalised(ReLULayer):
    """x -> ReLU(gamma (v - mu) / sigma + beta) with v = Wx + b, as the layer that it is.

    given : the layer of W and b.  gamma, beta, mean, sigma : one rational per row, sigma positive.
    """

    given: ReLULayer
    gamma: list[Fraction]
    beta: list[Fraction]
    mean: list[Fraction]
    sigma: list[Fraction]

    def __init__(self, W: Any, b: Any, gamma: Sequence[Any], beta: Any = None, mean: Any = None, sigma: Any = None):
        given = ReLULayer(W, b)
        values = {
            "gamma": [Fraction(v) for v in gamma],
            "beta": [Fraction(v) for v in beta or [0] * given.m],
            "mean": [Fraction(v) for v in mean or [0] * given.m],
            "sigma": [Fraction(v) for v in sigma or [1] * given.m],
        }
        scale = [g / s for g, s in zip(values["gamma"], values["sigma"], strict=True)]
        rows = [[f * v for v in given.weight.row(i)] for i, f in enumerate(scale)]
        bias = [f * (given.bias[i] - values["mean"][i]) + values["beta"][i] for i, f in enumerate(scale)]
        super().__init__(rows, bias)
        for name, value in {"given": given, **values}.items():
            object.__setattr__(self, name, value)


def sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)


def folded(case: Normalised, *, flip: bool = True, zero: bool = True, spread: bool = True) -> ReLULayer:
    """The layer of sign(gamma_i) w_i and sign(gamma_i) (b_i - mu_i) + beta_i sigma_i / |gamma_i|.

    False variants: flip=False forgets the sign, zero=False takes gamma_i = 0 for 1, spread=False forgets the factor
    sigma_i / |gamma_i|.
    """
    rows, bias = [], []
    for i, (g, shift, centre, sigma) in enumerate(zip(case.gamma, case.beta, case.mean, case.sigma, strict=True)):
        g = g if g or zero else Fraction(1)
        side = sign(g) if flip else abs(sign(g))
        factor = sigma / abs(g) if g and spread else Fraction(1)
        rows.append([side * v for v in case.given.weight.row(i)])
        bias.append(side * (case.given.bias[i] - centre) + shift * factor)
    return ReLULayer(rows, bias)


def criterion(fold: Fold) -> Claim:
    """The claim that active rows of `fold` span everywhere exactly where the normalised layer is injective.

    The truth about the normalised layer comes from the definition of injectivity.
    """

    def claim(case: Normalised) -> Evidence:
        points = layer_collision(case)
        predicted = failing_face(fold(case)) is None
        counterexample = describe(case) | {
            "given": describe(case.given),
            "gamma": texts(case.gamma),
            "beta": texts(case.beta),
            "mean": texts(case.mean),
            "sigma": texts(case.sigma),
        }
        if points is not None:
            counterexample |= {"collision": [texts(p) for p in points]}
        measured = "injective" if points is None else "not injective"
        expected = f"predicted {'injective' if predicted else 'not injective'}"
        spare = slack(case) if points is None else None
        return compare(predicted == (points is None), measured, expected, counterexample, spare)

    return claim


def scaling(case: Normalised) -> ReLULayer:
    """The false claim that shifts do not matter: the given layer."""
    return case.given


def random(rng: np.random.Generator) -> Normalised:
    """A small layer, half of the time with all gamma positive, and then half of the time without shifts."""
    layer = random_layer(rng, n_max=2, m_max=5, bias=bool(rng.integers(2)))
    m = layer.m
    gamma = rng.integers(1, 4, size=m) if rng.random() < 0.5 else rng.integers(-2, 3, size=m)
    beta, mean = rng.integers(-2, 3, size=(2, m)) * int(rng.integers(2))
    sigma = rng.integers(1, 4, size=m)
    return Normalised(
        layer.weight.fractions(),
        layer.bias.fractions(),
        *([int(v) for v in values] for values in (gamma, beta, mean, sigma)),
    )


THEOREM = Theorem(
    id="inj.normalisation",
    title="Scaling and batch normalisation",
    statement=(
        r"Let $v = Wx + b$ and let $\sigma_i > 0$. The layer $x \mapsto \mathrm{ReLU}(\gamma_i (v_i - \mu_i)/\sigma_i "
        r"+ \beta_i)_i$ (batch normalisation at use, $\sigma_i^2$ the variance plus $\epsilon$) is injective if and "
        r"only if, for every $z$, those of the rows $\mathrm{sgn}(\gamma_i) w_i$ span $\mathbb{R}^n$ for which "
        r"$\mathrm{sgn}(\gamma_i)(\langle w_i, z\rangle + b_i - \mu_i) + \beta_i \sigma_i / |\gamma_i| \geq 0$ and "
        r"$\gamma_i \neq 0$. In particular, multiplying each row and its bias by a positive number neither makes nor "
        r"breaks injectivity."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={},
    claim=criterion(folded),
    tight=(
        Case(name="rows scaled", instance=Normalised([[1], [-1]], [0, 0], ["1/3", 7])),
        Case(name="rows and biases scaled", instance=Normalised([[1], [-1]], [-1, 2], ["1/3", 1])),
        Case(name="both signs turned", instance=Normalised([[1], [-1]], [0, 0], [-1, -2])),
        Case(
            name="a mean and a shift that cancel", instance=Normalised([[1], [-1]], [3, -3], [2, 2], [1, -1], [2, -2])
        ),
    ),
    edge=(
        Case(name="one sign turned", instance=Normalised([[1], [-1]], [0, 0], [1, -2])),
        Case(name="one gamma zero", instance=Normalised([[1], [-1]], [0, 0], [1, 0], [0, 5])),
        Case(name="shifts open a gap", instance=Normalised([[1], [-1]], [0, 0], [1, 1], [-1, 0])),
        Case(name="the bias lemma's counterexample", instance=Normalised([[1], [-1]], [0, 0], [1, 1], [-1, 2])),
        Case(name="deviations open a gap", instance=Normalised([[1], [-1]], [0, 0], [1, 1], [-1, 2], None, [3, 1])),
        Case(name="deviations close a gap", instance=Normalised([[1], [-1]], [0, 0], [1, 1], [-2, 1], None, [1, 2])),
        Case(name="a zero row", instance=Normalised([[1], [-1], [0]], [0, 0, 0], [1, 1, -1], [0, 0, 3])),
        Case(name="gamma 1e-300", instance=Normalised([[1], [-1]], [0, 0], [Fraction(1e-300), 1], [1, 0])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="gamma of any sign",
            change="the rows keep their direction where gamma is negative",
            claim=criterion(lambda case: folded(case, flip=False)),
        ),
        Mutant(
            name="gamma zero",
            change="a row with gamma = 0 counts",
            claim=criterion(lambda case: folded(case, zero=False)),
        ),
        Mutant(
            name="the bias lemma as printed",
            change="the shifted layer is judged by its rows with bias >= 0, biases dropped",
            claim=criterion(lambda case: restricted(folded(case))),
        ),
        Mutant(
            name="shifts do not matter",
            change="the biases of the folded layer are dropped",
            claim=criterion(lambda case: unbiased(folded(case))),
        ),
        Mutant(
            name="rows scaled, shifts kept",
            change="beta is not multiplied by sigma / |gamma|",
            claim=criterion(lambda case: folded(case, spread=False)),
        ),
        Mutant(
            name="normalisation keeps injectivity",
            change="the normalised layer is injective exactly when the given one is",
            claim=criterion(scaling),
        ),
    ),
    proof="normalisation",
    provenance=(
        "That scaling keeps directed spanning sets is remembered from the paper; the criterion with gamma, shifts and "
        "deviations was derived again (proofs_check/normalisation.py) and is checked from the definition."
    ),
)
