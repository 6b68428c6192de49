"""Raising biases keeps a layer injective, and no bias helps a layer that is not injective without one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import layer_collision, rank, rows_of
from relutheory.theorems.inj_layer_criterion import slack
from relutheory.theorems.instances import describe, random_layer, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare


@dataclass(frozen=True, kw_only=True)
class Raised:
    """A layer and a change t of its biases."""

    layer: ReLULayer
    t: tuple[Fraction, ...]

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return describe(self.layer) | {"t": texts(self.t)}


def raised(W: list, b: list, t: Iterable[Any]) -> Raised:
    return Raised(layer=ReLULayer(W, b), t=tuple(Fraction(v) for v in t))


def with_biases(layer: ReLULayer, biases: Iterable[Fraction]) -> ReLULayer:
    return ReLULayer(layer.weight, list(biases))


def maps(instance: Raised) -> dict[str, ReLULayer]:
    """L, its biases raised by t (T) or lowered by t (D), no biases (Z), the negative ones set to zero (P)."""
    layer, b = instance.layer, instance.layer.bias.fractions()
    return {
        "L": layer,
        "T": with_biases(layer, [p + q for p, q in zip(b, instance.t, strict=True)]),
        "D": with_biases(layer, [p - q for p, q in zip(b, instance.t, strict=True)]),
        "Z": with_biases(layer, [Fraction(0)] * layer.m),
        "P": with_biases(layer, [max(p, Fraction(0)) for p in b]),
    }


TRUE = (("L", "T"), ("L", "Z"), ("T", "Z"), ("Z", "P"))


def lemma(implications: Iterable[tuple[str, str]], *, full_rank: bool = False) -> Claim:
    """The claim that each implication between injective maps holds; injectivity is decided from its definition.

    full_rank : the premise of all of them is that W has rank n instead.
    """
    implications = tuple(implications)

    def claim(instance: Raised) -> Evidence:
        collisions = {name: layer_collision(layer) for name, layer in maps(instance).items()}
        injective = {name: points is None for name, points in collisions.items()}
        spans = rank(row[:-1] for row in rows_of(instance.layer)) == instance.layer.n
        broken = [f"{a} => {c}" for a, c in implications if (spans if full_rank else injective[a]) and not injective[c]]
        counterexample: dict[str, Any] = instance.described() | {"broken": broken}
        for name, points in collisions.items():
            if points is not None:
                counterexample[f"collision of {name}"] = [texts(p) for p in points]
        measured = ", ".join(f"{name} {'is' if ok else 'is not'} injective" for name, ok in injective.items())
        expected = "no implication broken" if not broken else "broken: " + ", ".join(broken)
        return compare(
            not broken, measured, expected, counterexample, slack(instance.layer) if injective["L"] else None
        )

    return claim


def random(rng: np.random.Generator) -> Raised:
    layer = random_layer(rng, n_max=2, m_max=5, bias=True)
    return Raised(layer=layer, t=tuple(Fraction(int(v), 2) for v in rng.integers(0, 4, size=layer.m)))


THEOREM = Theorem(
    id="inj.raised-bias",
    title="Raising biases never hurts, and where it helps",
    statement=(
        r"Let $L(x) = \mathrm{ReLU}(Wx + b)$ and $t \geq 0$. If $L$ is injective on $\mathbb{R}^n$, then so is "
        r"$T(x) = \mathrm{ReLU}(Wx + b + t)$. Some bias makes $\mathrm{ReLU}(Wx + b)$ injective on $\mathbb{R}^n$ "
        r"if and only if $Z(x) = \mathrm{ReLU}(Wx)$ is injective, and then $P(x) = \mathrm{ReLU}(Wx + \max(b, 0))$ "
        r"is."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={"no bias is lowered": lambda instance: min(instance.t, default=Fraction(0)) >= 0},
    claim=lemma(TRUE),
    tight=(
        Case(name="the kinks coincide", instance=raised([[1], [-1]], [-1, 1], [0, 1])),
        Case(name="[I; -I]", instance=raised([[1, 0], [0, 1], [-1, 0], [0, -1]], [0, 0, 0, 0], [1, 0, 0, 2])),
        Case(name="1e300 and 1e-300", instance=raised([[1e300], [-1e-300]], [-1e300, 1e-300], [1, 0])),
    ),
    edge=(
        Case(name="no neurons", instance=Raised(layer=ReLULayer(np.zeros((0, 1))), t=())),
        Case(name="nothing is raised", instance=raised([[1], [-1]], [-1, 0], [0, 0])),
        Case(name="raised until the gap closes", instance=raised([[1], [-1]], [-2, 1], [1, 0])),
        Case(name="raised, but not enough", instance=raised([[1], [-1]], [-2, 1], ["99/100", 0])),
        Case(name="no bias helps", instance=raised([[1], [2]], [-1, -1], [9, 9])),
        Case(name="zero rows", instance=raised([[0], [0]], [-1, 1], [5, 5])),
        Case(name="rank 1 in the plane", instance=raised([[1, 1], [-1, -1]], [0, 0], [3, 3])),
    ),
    random=random,
    mutants=(
        Mutant(name="lowering too", change="biases lowered by t", claim=lemma([("L", "D")])),
        Mutant(name="T => L", change="the first implication reversed", claim=lemma([("T", "L")])),
        Mutant(name="Z => L", change="an injective Z makes L injective for every b", claim=lemma([("Z", "L")])),
        Mutant(
            name="rank n => P",
            change="biases >= 0 are enough where W has rank n, as on a bounded domain with large biases",
            claim=lemma([("", "P")], full_rank=True),
        ),
    ),
    proof="raised_bias",
    provenance=(
        "Derived here from the criterion (proofs_check/raised_bias.py); both implications between L and Z are those of "
        "inj.bias. Checked from the definition of injectivity."
    ),
)
