"""gau.gordon: the width of the cone, the replica-symmetric stationary point, and that both give one equation.

K = {y in R^m : at most n of the y_i are > 0} (closed; injective layers have range(W) meeting it in 0 only, up to n for
n - 1, which does not matter in the limit).  For a Gaussian g the supremum of <g, y> over unit vectors of K is the norm
of the negative parts of g together with its n greatest positive ones, and its square over m tends to 1/2 + E[g^2; g >
t] with P(g > t) = 1/alpha.  By Gordon's theorem a random subspace of dimension n misses K once this is < 1 - 1/alpha.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step


def check(codimension: int = 1) -> list[Step]:
    """The steps of the proof.  codimension : 1, the number of n's subtracted from m."""
    t, s, chi, alpha, g = sp.symbols("t s chi alpha g", positive=True)
    gauss = sp.exp(-(g**2) / 2) / sp.sqrt(2 * sp.pi)
    at = gauss.subs(g, t)
    tail = sp.erfc(t / sp.sqrt(2)) / 2
    primitive = sp.erf(g / sp.sqrt(2)) / 2 - g * gauss  # of g^2 density(g)
    second = sp.Rational(1, 2) - primitive.subs(g, t)
    steps = [
        Step(
            "g^2 density(g) has the primitive P(0 < g' < g) - g density(g)", zero(sp.diff(primitive, g) - g**2 * gauss)
        ),
        Step("which tends to 1/2: E[g^2; g > t] = t density(t) + P(g > t)", zero(second - t * at - tail)),
    ]
    escape = (1 - codimension / alpha) - sp.Rational(1, 2) - t * at - 1 / alpha  # > 0 where the subspace misses K
    steps.append(
        Step("the condition is t density(t) < 1/2 - 2/alpha", zero(escape - (sp.Rational(1, 2) - 2 / alpha - t * at)))
    )
    root = escape.subs(alpha, 1 / tail)
    slope = sp.diff(root, t)
    steps.append(Step("its left side grows with t: derivative (1 + t^2) density(t)", zero(slope - (1 + t**2) * at)))
    steps.append(
        Step(
            "it is -1/2 at t = 0 and 1/2 for t -> infinity",
            root.subs(t, 0) == -sp.Rational(1, 2) and sp.limit(root, t, sp.oo) == sp.Rational(1, 2),
        )
    )
    steps.append(
        Step("alpha = 1/P(g > t) grows with t: the derivative of P(g > t) is -density(t)", zero(sp.diff(tail, t) + at))
    )

    inside = primitive.subs(g, sp.sqrt(2 * chi))  # E[g^2; 0 < g < sqrt(2 chi)], the primitive being 0 at 0
    mean = inside / (2 * chi) + sp.erfc(sp.sqrt(chi)) / 2  # E min(1, max(g, 0)^2/(2 chi))
    value = -1 / (2 * chi) + alpha * mean
    gap = sp.erf(sp.sqrt(chi)) / 2 - sp.exp(-chi) * sp.sqrt(chi / sp.pi)
    steps.append(
        Step(
            "replica symmetry: the value is stationary where alpha (erf(sqrt chi)/2 - exp(-chi) sqrt(chi/pi)) = 1",
            zero(2 * chi**2 * sp.diff(value, chi) - (1 - alpha * gap)),
        )
    )
    energy = alpha * sp.erfc(sp.sqrt(chi)) / 2
    steps.append(Step("there the value is alpha erfc(sqrt chi)/2", zero((value - energy).subs(alpha, 1 / gap))))
    here = {chi: s**2}
    growth = sp.diff(gap.subs(here), s)
    steps.append(
        Step(
            "the gap grows: derivative 2 s^2 exp(-s^2)/sqrt(pi), s^2 = chi",
            zero(growth - 2 * s**2 * sp.exp(-(s**2)) / sp.sqrt(sp.pi)),
        )
    )
    together = (1 - gap.subs(here) * 2 / sp.erfc(s)) * sp.erfc(s) / 2  # energy 1: alpha = 2/erfc(s)
    gordon = root.subs(t, sp.sqrt(2) * s)
    steps.append(Step("at energy 1, with t = sqrt(2) s, the equation is Gordon's", zero(sp.expand(together + gordon))))
    return steps


def zero(expression: sp.Expr) -> bool:
    """Whether an expression with erf, erfc and exp is 0: expanded if that is enough, else simplified."""
    expanded = sp.powsimp(sp.expand(expression.rewrite(sp.erf)))
    return bool(expanded == 0 or sp.simplify(expanded) == 0)
