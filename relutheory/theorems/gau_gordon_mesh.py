"""The equation of the bound by a union over subspaces: its inner minimum, and its one root."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import arb, ctx

from relutheory.theorems.gaussian import Ratio, apart, around, at, random_ratio, sign_change
from relutheory.theorems.theorem import Cite, Claim, Evidence, Mutant, Theorem

THRESHOLD = "23.539582583512"
Entropy = Callable[[arb], arb]


def nats(c: arb) -> arb:
    """c h(1/c), h in nats."""
    return c * c.log() - (c - 1) * (c - 1).log()


def bits(c: arb) -> arb:
    """The false claim with the entropy in bits."""
    return nats(c) / arb(2).log()


def spread(t: arb) -> arb:
    """ln((1 + (1 - t)^(-1/2))/2)."""
    return ((1 + 1 / (1 - t).sqrt()) / 2).log()


def met(entropy: Entropy = nats, threshold: str = THRESHOLD, at_half: bool = False) -> Claim:
    """The claim that c/2 - 1 >= min_t (2/t)(c h(1/c) + spread(t)) if and only if c is above the threshold.

    at_half : the false claim that the minimum is at t = 1/2.
    """

    def claim(instance: Ratio) -> Evidence:
        sign = margin_sign(instance.c, entropy, at_half)
        return sign_change(
            instance, threshold, {"max_t t (c-2)/4 - ln((1+(1-t)^(-1/2))/2) - c h(1/c)": sign}, growing=True
        )

    return claim


def margin_sign(c: Fraction, entropy: Entropy, at_half: bool) -> int:
    """The sign of the maximum over t in [0, 1): concave in t, so that a tangent bounds it from above.

    With g(t0) and g'(t0) at a rational t0 near the maximum, g(t0) <= max <= g(t0) + |g'(t0)|.
    """
    # loads python-flint: only when a check runs
    from relutheory.injectivity.gaussian.roots import ball

    for precision in (128, 256, 512, 1024):
        with ctx.workprec(precision):
            value = ball(c)
            t = arb(1) / 2 if at_half else steepest(value)
            g = t * (value - 2) / 4 - spread(t) - entropy(value)
            u = 1 / (1 - t).sqrt()
            error = arb(0) if at_half else abs((value - 2) / 4 - u**3 / (2 * (1 + u)))
            if g > 0:
                return 1
            if g + error < 0:
                return -1
    raise ArithmeticError(f"no sign at c = {c}")


def steepest(c: arb) -> arb:
    """A number in [0, 1) near which t (c - 2)/4 - spread(t) is greatest, by bisection."""
    low, high = arb(0), arb(1)
    for _ in range(ctx.prec // 2):
        middle = ((low + high) / 2).mid()
        u = 1 / (1 - middle).sqrt()
        if (c - 2) / 4 > u**3 / (2 * (1 + u)):
            low = middle
        else:
            high = middle
    return low


def random(rng: np.random.Generator) -> Ratio:
    """A ratio between 2 and 60."""
    return random_ratio(rng, 2.001, 60)


THEOREM = Theorem(
    id="gau.gordon-mesh",
    title="The mesh bound has one root",
    statement=(
        r"For $c > 2$ with $h$ the entropy in nats, $c/2 - 1 \geq \min_{0 < t < 1} (2/t) \, (c \, h(1/c) + \ln((1 + "
        r"(1 - t)^{-1/2})/2))$ if and only if $c$ is at least $23.539582\ldots$: with $u = (1 - t)^{-1/2}$ the minimum "
        r"at the threshold is at $c = 2 + 2u^3/(1 + u)$, and there $u(u - 1)/2 - \ln((1 + u)/2) = c \, h(1/c)$."
    ),
    cite=Cite(key="maillard2023", locator="locator unverified; the equation is in the authors' code"),
    hypotheses={
        "c > 2, and told from the threshold by 12 decimal places": lambda i: i.c > 2 and apart(THRESHOLD)(i),
    },
    claim=met(),
    tight=around(THRESHOLD),
    edge=(at("2.0001"), at(3), at("23.5395"), at("23.5396"), at(10**4)),
    random=random,
    mutants=(
        Mutant(name="bits", change="the entropy in bits", claim=met(bits)),
        Mutant(name="t = 1/2", change="the minimum is at t = 1/2", claim=met(at_half=True)),
        Mutant(name="23.54", change="the threshold is 23.54", claim=met(threshold="23.54")),
    ),
    proof="gaussian_mesh",
    provenance=(
        "The equation and the value 23.539582748 are from the authors' code; the root was solved again in ball "
        "arithmetic and is 23.539582583. That the bound follows from Gordon's inequality is not checked."
    ),
)
