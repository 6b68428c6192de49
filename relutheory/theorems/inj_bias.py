"""Injectivity of a ReLU layer with bias: the exact criterion, and what the bias lemma says correctly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import layer_collision
from relutheory.theorems.inj_layer_criterion import failing_face, slack
from relutheory.theorems.instances import describe, random_layer, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare


def restricted(layer: ReLULayer) -> ReLULayer:
    """The bias-free layer of W with the rows of negative bias replaced by zero."""
    rows = [w if b >= 0 else [0] * layer.n for w, b in _rows(layer)]
    return ReLULayer(rows)


def unbiased(layer: ReLULayer) -> ReLULayer:
    """The bias-free layer of W."""
    return ReLULayer([w for w, _ in _rows(layer)])


def _rows(layer: ReLULayer) -> list[tuple[list[Fraction], Fraction]]:
    return list(zip(layer.weight.fractions(), layer.bias.fractions(), strict=True))


def no_positive_bias(layer: ReLULayer) -> bool:
    """Whether b <= 0 componentwise."""
    return all(b <= 0 for b in layer.bias.fractions())


def always(layer: ReLULayer) -> bool:
    """Whether True, for implications without a condition."""
    return True


@dataclass(frozen=True)
class Implication:
    """premise => conclusion, between the injectivity of R, L and Z, for layers that satisfy `when`."""

    premise: str
    conclusion: str
    when: Callable[[ReLULayer], bool] = always


R_L, L_Z, L_R = Implication("R", "L"), Implication("L", "Z"), Implication("L", "R", no_positive_bias)


def lemma(implications: Iterable[Implication], *, criterion: bool = True, strict: bool = False) -> Claim:
    """The claim that the implications hold, together with the exact criterion for L unless it is left out.

    L: the layer itself; R: bias dropped, rows with negative bias zeroed; Z: bias dropped.  Each is decided
    from the definition of injectivity.  strict : count a row as active where it is > 0 instead of >= 0.
    """
    implications = tuple(implications)

    def claim(layer: ReLULayer) -> Evidence:
        maps = {"L": layer, "R": restricted(layer), "Z": unbiased(layer)}
        collisions = {name: layer_collision(map) for name, map in maps.items()}
        injective = {name: points is None for name, points in collisions.items()}
        broken = [
            f"{i.premise} is injective and {i.conclusion} is not"
            for i in implications
            if i.when(layer) and injective[i.premise] and not injective[i.conclusion]
        ]
        counterexample = describe(layer)
        face = failing_face(layer, strict=strict) if criterion else None
        if criterion and (face is None) != injective["L"]:
            broken.append("the criterion and the definition disagree about L")
        if face is not None:
            counterexample |= {"z": texts(face.point), "active": face.active(strict=strict)}
        for name, points in collisions.items():
            if points is not None:
                counterexample |= {f"collision of {name}": [texts(p) for p in points]}
        measured = ", ".join(f"{name} {'is' if ok else 'is not'} injective" for name, ok in injective.items())
        if criterion:
            measured += "; active rows span everywhere" if face is None else f"; fail at z = {shown_point(face.point)}"
        expected = "no implication broken" if not broken else "; ".join(broken)
        spare = slack(layer) if injective["L"] else None
        return compare(not broken, measured, expected, counterexample | {"broken": broken}, spare)

    return claim


def random(rng: np.random.Generator) -> ReLULayer:
    return random_layer(rng, n_max=2, m_max=5, bias=True)


def layer(W: list, b: list) -> ReLULayer:
    return ReLULayer(W, b)


PRINTED_COUNTEREXAMPLE = Case(name="W = (1, -1), b = (-1, 2)", instance=layer([[1], [-1]], [-1, 2]))
IN_THE_PLANE = Case(
    name="the same in each coordinate", instance=layer([[1, 0], [-1, 0], [0, 1], [0, -1]], [-1, 2, -1, 2])
)
PROVENANCE = (
    "The wording of the lemma is from memory, its place in the paper is not verified. The mathematics was "
    "derived again (proofs_check/bias.py) and is checked here from the definition of injectivity."
)

THEOREM = Theorem(
    id="inj.bias",
    title="Layers with bias: an exact criterion and three implications",
    statement=(
        r"Let $L(x) = \mathrm{ReLU}(Wx + b)$, $Z(x) = \mathrm{ReLU}(Wx)$, and let $R(x) = "
        r"\mathrm{ReLU}(W_R x)$, where $W_R$ is $W$ with the rows of negative bias, $b_i < 0$, replaced by "
        r"zero. Then $L$ is injective on $\mathbb{R}^n$ if and only if, for every $z \in \mathbb{R}^n$, "
        r"the rows $w_i$ with $\langle w_i, z\rangle + b_i \geq 0$ span $\mathbb{R}^n$. If $R$ is "
        r"injective, then $L$ is; if $L$ is injective, then $Z$ is; and if $b \leq 0$ and $L$ is "
        r"injective, then $R$ is."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={},
    claim=lemma((R_L, L_Z, L_R)),
    tight=(
        PRINTED_COUNTEREXAMPLE,
        IN_THE_PLANE,
        Case(name="the kinks coincide", instance=layer([[1], [-1]], ["-1/3", "1/3"])),
        Case(name="1e300 and 1e-300", instance=layer([[1e300], [-1e-300]], [-1e300, 1e-300])),
    ),
    edge=(
        Case(name="one row", instance=layer([[1]], [5])),
        Case(name="a gap between the kinks", instance=layer([[1], [-1]], [-2, 1])),
        Case(name="a gap of 1 ulp", instance=layer([[1], [-1]], [-1, 1 - 2**-53])),
        Case(name="all biases negative", instance=layer([[1], [-1]], [-1, -1])),
        Case(name="no bias", instance=layer([[1], [-1]], [0, 0])),
        Case(name="a zero row with bias", instance=layer([[0], [1], [-1]], [7, 1, 1])),
        Case(name="a third row closes the gap", instance=layer([[1], [-1], [2]], [-2, 1, -2])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="R => L reversed",
            change="the last implication for every b (the lemma as printed)",
            claim=lemma([Implication("L", "R")], criterion=False),
        ),
        Mutant(name="L => Z reversed", change="Z => L", claim=lemma([Implication("Z", "L")], criterion=False)),
        Mutant(name="Z => R", change="bias never matters", claim=lemma([Implication("Z", "R")], criterion=False)),
        Mutant(
            name="> for >=",
            change="only rows with <w_i, z> + b_i > 0 count as active",
            claim=lemma((), strict=True),
        ),
    ),
    proof="bias",
    provenance=PROVENANCE,
    pictures=(
        Case(name="b = (-1, 2, -1, 2): injective", instance=IN_THE_PLANE.instance),
        Case(name="b = (-2, 1, -1, 2): not", instance=layer([[1, 0], [-1, 0], [0, 1], [0, -1]], [-2, 1, -1, 2])),
    ),
)
