"""inj.normalisation: batch normalisation as a positive multiple of a row, and enclosures of irrational biases.

A row's sign, and with it injectivity, does not change where the row and its bias are divided by a positive number; so
each normalised row is one of weight sgn(gamma) w, and what is left of it is its bias.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(sign: int = 1, kept: bool = False) -> list[Step]:
    """The steps of the proof.  sign : of the row where gamma > 0.  kept : leave the shift as it is."""
    return [*folding(sign, kept), *scaling(), *enclosing()]


def folding(sign: int, kept: bool) -> list[Step]:
    """gamma (v - mu) / sigma + beta is a positive multiple of the folded row, for both signs of gamma."""
    g, sigma = sp.symbols("g sigma", positive=True)
    v, mu, beta = sp.symbols("v mu beta", real=True)
    steps = []
    for gamma, side, text in ((g, sign, "> 0"), (-g, -1, "< 0")):
        factor = g / sigma
        shift = beta if kept else beta * sigma / g
        row = side * (v - mu) + shift
        steps.append(
            Step(
                f"gamma {text}: the normalised row is |gamma| / sigma times the folded one",
                equal(gamma * (v - mu) / sigma + beta, factor * row) and bool(factor.is_positive),
            )
        )
    steps.append(
        Step("gamma = 0: the normalised row is beta, it moves with no input", equal(0 * (v - mu) + beta, beta))
    )
    return steps


def scaling() -> list[Step]:
    """ReLU(s r) = s ReLU(r), s > 0: the outputs determine each other."""
    s = sp.Symbol("s", positive=True)
    p = sp.Symbol("p", nonnegative=True)
    return [Step(f"ReLU(s r) = s ReLU(r) at r = {r}", equal(sp.Max(s * r, 0), s * sp.Max(r, 0))) for r in (p, -p)]


def enclosing() -> list[Step]:
    """A layer between two others in its biases: active rows stay active upwards, collisions downwards."""
    r, low, high, b, u, t = sp.symbols("r low high b u t", real=True)
    f = sp.Symbol("f", nonnegative=True)
    d, q = sp.symbols("d q", positive=True)
    root = f / d
    return [
        Step("r + low >= 0 and low <= b give r + b >= 0", follows(r + b, [(1, r + low), (1, b - low)])),
        Step("r + high <= 0 and b <= high give r + b <= 0", follows(-(r + b), [(1, -(r + high)), (1, high - b)])),
        Step("a row that a collision of the upper layer does not move keeps its value", equal(r + t * 0 + b, r + b)),
        Step(
            "f = isqrt(p q 4^k): f^2 <= p q 4^k gives (f / d)^2 <= p / q, d = q 2^k",
            follows(u - root**2, [(1 / d**2, u * d**2 - f**2)]),
        ),
        Step(
            "and p q 4^k <= (f + 1)^2 gives p / q <= ((f + 1) / d)^2",
            follows(((f + 1) / d) ** 2 - u, [(1 / d**2, (f + 1) ** 2 - u * d**2)]),
        ),
        Step("a positive coefficient keeps the order of the ends", follows(q * b - q * low, [(q, b - low)])),
    ]
