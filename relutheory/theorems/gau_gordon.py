"""Above 7.65 rows per input Gaussian layers are injective: Gordon's inequality, and the replica-symmetric energy."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import arb

from relutheory.theorems.gaussian import Ratio, apart, around, at, random_ratio, sign_change
from relutheory.theorems.theorem import Cite, Claim, Evidence, Mutant, Theorem

THRESHOLD = "7.647694935435"
Slack = Callable[[arb, arb], arb]  # of t and c


def slack(t: arb, c: arb) -> arb:
    """1/2 - 2/c - t density(t): positive where a random subspace misses the cone."""
    return arb(1) / 2 - 2 / c - t * _density(t)


def slack_without_width(t: arb, c: arb) -> arb:
    """The false claim without the term t density(t) of the Gaussian width."""
    return arb(1) / 2 - 2 / c


def slack_of_dimension(t: arb, c: arb) -> arb:
    """The false claim that compares the width with the root of m, not of m - n."""
    return arb(1) / 2 - 1 / c - t * _density(t)


def _density(t: arb) -> arb:
    return (-t * t / 2).exp() / (2 * arb.pi()).sqrt()


def same_sign(condition: Slack = slack, threshold: str = THRESHOLD) -> Claim:
    """The claim that Gordon's condition and the replica-symmetric energy above 1 both say c > threshold."""

    def claim(instance: Ratio) -> Evidence:
        signs = {"1/2 - 2/c - t density(t)": condition_sign(instance.c, condition), "e - 1": energy_sign(instance.c)}
        return sign_change(instance, threshold, signs, growing=True)

    return claim


def condition_sign(c: Fraction, condition: Slack) -> int:
    """The sign of the condition at t with P(g > t) = 1/c, from an enclosure of t."""
    # loads python-flint: only when a check runs
    from relutheory.injectivity.gaussian.roots import ball, enclose_root

    top = Fraction(1)
    while top * top < 2 * c:  # P(g > t) < exp(-t^2/2)/2, and exp(-c) < 1/c
        top *= 2
    bits = 128
    while bits < 10_000:
        t = enclose_root(lambda s: ball(c) * (s / arb(2).sqrt()).erfc() / 2 - 1, Fraction(0), top, Fraction(1, 2**bits))
        value = condition(ball(t.lo).union(ball(t.hi)), ball(c))
        if value > 0 or value < 0:
            return 1 if value > 0 else -1
        bits *= 2
    raise ArithmeticError(f"no sign at c = {c}")


def energy_sign(c: Fraction) -> int:
    """The sign of e - 1, e the replica-symmetric energy."""
    # loads python-flint: only when a check runs
    from relutheory.injectivity.gaussian.replica import replica_symmetric

    digits = 20
    while digits < 2000:
        energy = replica_symmetric(c, digits=digits).energy
        if not energy.lo <= 1 <= energy.hi:
            return 1 if energy.lo > 1 else -1
        digits *= 2
    raise ArithmeticError(f"no sign at c = {c}")


def random(rng: np.random.Generator) -> Ratio:
    """A ratio between 2 and 20."""
    return random_ratio(rng, 2.001, 20)


THEOREM = Theorem(
    id="gau.gordon",
    title="Gordon's inequality and the replica-symmetric energy give one threshold",
    statement=(
        r"For $c > 2$ let $P(g > t) = 1/c$ for a standard Gaussian $g$ with density $\varphi$. If $t \varphi(t) < 1/2 "
        r"- 2/c$, Gaussian layers with $m/n \to c$ are injective with probability tending to $1$: a random subspace of "
        r"dimension $n$ misses $\{y : \#\{y_i > 0\} \leq n\}$, by Gordon's inequality. The condition says that the "
        r"replica-symmetric energy $e = (c/2) \, \mathrm{erfc}(s)$, $c \, (\mathrm{erf}(s)/2 - s e^{-s^2}/\sqrt{\pi}) "
        r"= 1$, is above $1$; both hold if and only if $c$ is above $7.647694\ldots$, where $2 \Phi(t) - 3/2 = t "
        r"\varphi(t)$."
    ),
    cite=Cite(
        key="maillard2023", locator="locator unverified; the abstract says that Gordon's theorem gives the bound"
    ),
    hypotheses={
        "c > 2, and told from the threshold by 12 decimal places": lambda i: i.c > 2 and apart(THRESHOLD)(i),
    },
    claim=same_sign(),
    tight=around(THRESHOLD),
    edge=(at("2.0001"), at("7.6476949"), at("7.647695"), at(8), at(1000), at(10**6)),
    random=random,
    mutants=(
        Mutant(name="no width", change="the term t density(t) is left out", claim=same_sign(slack_without_width)),
        Mutant(name="m for m - n", change="1/2 - 1/c for 1/2 - 2/c", claim=same_sign(slack_of_dimension)),
        Mutant(name="7.65", change="the threshold is 7.65", claim=same_sign(threshold="7.65")),
        Mutant(
            name="6.7157",
            change="the threshold is that of one step of replica symmetry breaking",
            claim=same_sign(threshold="6.7157"),
        ),
    ),
    proof="gaussian_gordon",
    provenance=(
        "That the two thresholds agree is in the abstract of the source; the identity was derived again "
        "(proofs_check/gaussian_gordon.py). Both signs are proved in ball arithmetic, by different equations. That the "
        "condition implies injectivity rests on Gordon's theorem, which is not checked here."
    ),
)
