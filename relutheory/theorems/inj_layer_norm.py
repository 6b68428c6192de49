"""Layer normalisation forgets exactly the mean and, without an epsilon, the scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from relutheory.networks import ReLULayer, ReLUNetwork
from relutheory.theorems.instances import NetworkAtPoint, at_point, describe, identity, shown_point
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Vector = Sequence[Fraction]
Relation = Callable[[Vector, Vector], bool]


def values(instance: NetworkAtPoint) -> tuple[Vector, Vector]:
    """The two vectors that are compared: v, the point, and u, the pre-activation of the layer there."""
    return instance.x, instance.network.layers[0].preactivation_exact(instance.x)


def centred(v: Vector) -> list[Fraction]:
    mean = sum(v, Fraction(0)) / len(v)
    return [t - mean for t in v]


def same_normalisation(u: Vector, v: Vector, eps: Fraction) -> bool:
    """Whether (u - mean) / sqrt(var + eps) is equal for two vectors: signs and squares are compared."""
    squares = []
    for w in (u, v):
        c = centred(w)
        spread = sum((t * t for t in c), Fraction(0)) / len(c) + eps
        squares.append([t * abs(t) / spread for t in c])
    return squares[0] == squares[1]


def shifted(u: Vector, v: Vector) -> bool:
    """Whether u = v + c 1."""
    return len({s - t for s, t in zip(u, v, strict=True)}) == 1


def scaled(u: Vector, v: Vector, *, negative: bool = False) -> bool:
    """Whether u = a v + c 1 with a > 0, or with a != 0 where `negative`."""
    k = next(k for k in range(len(v)) if v[k] != v[0])
    a = (u[k] - u[0]) / (v[k] - v[0])
    return (a > 0 or (negative and a < 0)) and all(s - a * t == u[0] - a * v[0] for s, t in zip(u, v, strict=True))


def forgets(without: Relation, with_eps: Relation) -> Claim:
    """The claim that u and v have equal normalisations exactly where these relations hold, for eps = 0 and eps > 0."""

    def claim(instance: NetworkAtPoint) -> Evidence:
        v, u = values(instance)
        broken = []
        for eps, relation in ((0, without), (1, with_eps), (Fraction(1, 10**5), with_eps)):
            if same_normalisation(u, v, Fraction(eps)) != relation(u, v):
                broken.append(f"the claim fails for eps = {eps}")
        measured = f"u = {shown_point(u)}, v = {shown_point(v)}"
        counterexample = describe(instance) | {"broken": broken}
        collide = u != list(v) and same_normalisation(u, v, Fraction(0))
        return compare(not broken, measured, "; ".join(broken) or "as claimed", counterexample, 0 if collide else None)

    return claim


def has_spread(instance: NetworkAtPoint) -> bool:
    """Whether neither vector has all numbers equal: without eps, the normalisation would be 0/0."""
    return all(len(set(v)) > 1 for v in values(instance))


def affine(a: int, c: int, v: Sequence[int | str | Fraction]) -> NetworkAtPoint:
    """The pair of v and a v + c 1."""
    n = len(v)
    W = [[a * entry for entry in row] for row in identity(n)]
    return at_point(ReLUNetwork([ReLULayer(W, [c] * n)], relu_output=True), v)


def random(rng: np.random.Generator) -> NetworkAtPoint:
    """u = a v + c 1, one entry changed now and then."""
    while True:
        n = int(rng.integers(2, 6))
        W = int(rng.choice([-1, 1, 1, 2, 3])) * np.eye(n, dtype=int)
        if rng.random() < 0.3:
            W[rng.integers(n), rng.integers(n)] += 1
        b = np.full(n, rng.integers(-3, 4))
        v = [Fraction(int(t), 2) for t in rng.integers(-5, 6, size=n)]
        instance = at_point(ReLUNetwork([ReLULayer(W, b)], relu_output=True), v)
        if has_spread(instance):
            return instance


THEOREM = Theorem(
    id="inj.layer-norm",
    title="Layer normalisation is not injective",
    statement=(
        r"Let $N_\epsilon(v) = (v - \bar v 1)/\sqrt{\mathrm{var}(v) + \epsilon}$ on $\mathbb{R}^n$, $\bar v$ the mean. "
        r"For vectors that are not constant, $N_0(u) = N_0(v)$ if and only if $u = a v + c 1$ with $a > 0$; for "
        r"$\epsilon > 0$, $N_\epsilon(u) = N_\epsilon(v)$ if and only if $u = v + c 1$. So layer normalisation, and "
        r"instance normalisation channel by channel, are not injective on $\mathbb{R}^n$, whatever scale, shift and "
        r"activation follow."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={"neither vector is constant": has_spread},
    claim=forgets(scaled, shifted),
    tight=(
        Case(name="v and v + 1", instance=affine(1, 1, [0, 1])),
        Case(name="v and 2v", instance=affine(2, 0, [0, 1, 5])),
        Case(name="v and 3v - 2", instance=affine(3, -2, ["1/3", 1, -4, 0])),
    ),
    edge=(
        Case(name="v itself", instance=affine(1, 0, [3, -1])),
        Case(name="v and -v", instance=affine(-1, 0, [0, 1])),
        Case(name="two numbers have one normalisation or its negative", instance=affine(7, 3, [-2, 9])),
        Case(name="1e300", instance=affine(1, 1, [Fraction(1e300), Fraction(-1e-300), 0])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="scale is lost with an epsilon too",
            change="for eps > 0 also u = a v + c 1",
            claim=forgets(scaled, scaled),
        ),
        Mutant(
            name="scale is never lost",
            change="for eps = 0 only u = v + c 1",
            claim=forgets(shifted, shifted),
        ),
        Mutant(
            name="injective",
            change="equal normalisations only for u = v",
            claim=forgets(lambda u, v: list(u) == list(v), lambda u, v: list(u) == list(v)),
        ),
        Mutant(
            name="a of any sign",
            change="u = a v + c 1 with a != 0",
            claim=forgets(lambda u, v: scaled(u, v, negative=True), shifted),
        ),
    ),
    proof="layer_norm",
    provenance="Reconstructed: that the mean and the scale are lost is remembered; both directions were derived again.",
)
