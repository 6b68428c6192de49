"""The hat function composed with itself: 2^(k - 1) teeth from 2 neurons in each of k layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.theorems.parts import all_hold, few_pieces
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem

_COUNTED = 8  # up to this power the pieces of the network are listed


@dataclass(frozen=True, kw_only=True)
class Power:
    """The power k >= 1, the width W >= 2 of a network, and a point x in [0, 1]."""

    k: int
    x: Fraction
    W: int = 2

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"k": self.k, "x": str(self.x), "W": self.W}


def power(k: int, x: Any, W: int = 2) -> Power:
    return Power(k=k, x=Fraction(x), W=W)


def hat(x: Fraction) -> Fraction:
    """H(x) = 1 - |2x - 1|."""
    return 1 - abs(2 * x - 1)


def composed(x: Fraction, k: int) -> Fraction:
    for _ in range(k):
        x = hat(x)
    return x


def distance_formula(k: int, x: Fraction) -> Fraction:
    """Twice the distance of 2^(k - 1) x from the integers."""
    y = 2 ** (k - 1) * x
    return 2 * abs(y - round(y))


def without_factor(k: int, x: Fraction) -> Fraction:
    return distance_formula(k, x) / 2


def doubled(k: int, x: Fraction) -> Fraction:
    return distance_formula(k + 1, x)


def depth(k: int, W: int) -> int:
    """ceil(k / floor(log2 W))."""
    return -(-k // (W.bit_length() - 1))


def powers(
    formula: Callable[[int, Fraction], Fraction] = distance_formula,
    pieces: Callable[[int], int] = lambda k: 2**k,
) -> Claim:
    """The claim of the formula, of the number of pieces, and of the network's size."""

    def claim(instance: Power) -> Evidence:
        from relutheory.univariate.constructions import hat_power

        k, x, W = instance.k, instance.x, instance.W
        made = hat_power(k, W)
        value, network = composed(x, k), made(x)
        found = [f"H^{k}({x}) = {value}", f"by the network {network}", f"{made.depth} layers"]
        parts = {
            "the formula": value == formula(k, x),
            "the network": value == network,
            "width and depth": made.depth == depth(k, W) and made.width <= W,
        }
        if k <= _COUNTED:
            f = made.function.simplified()
            inner = [p for p in f.breakpoints if 0 < p < 1]
            found.append(f"{len(inner) + 1} pieces")
            count = pieces(k)
            heights = [f(Fraction(i, 2**k)) for i in range(2**k + 1)]
            parts["the pieces"] = len(inner) + 1 == count
            parts["0 and 1 by turns"] = heights == [i % 2 for i in range(2**k + 1)]
        expected = f"{formula(k, x)}, {depth(k, W)} layers, {pieces(k) if k <= _COUNTED else f'2^{k}'} pieces"
        return all_hold(parts, ", ".join(found), expected, instance.described() | {"found": found}, 0)

    return claim


def a_layer_less(instance: Power) -> Evidence:
    """The claim that H^k is a network's of width W with one layer less."""
    return few_pieces(2**instance.k, instance.W, depth(instance.k, instance.W) - 1, instance.described())


def random(rng: np.random.Generator) -> Power:
    k = int(rng.integers(1, 12 if rng.random() < 0.5 else 40))
    return power(k, Fraction(int(rng.integers(0, 10**6 + 1)), 10**6), int(rng.integers(2, 9)))


THEOREM = Theorem(
    id="uni.hat-powers",
    title="Powers of the hat function",
    statement=(
        r"Let $H(x) = 1 - |2x - 1|$ and $k \geq 1$. The $k$-fold composition $H^k$ is, on $[0, 1]$, twice the "
        r"distance of $2^{k-1} x$ from the integers: it is $0$ and $1$ by turns at $i / 2^k$, $0 \leq i \leq 2^k$, "
        r"and linear between, with $2^{k-1}$ teeth. A network of width $2$ and depth $k$ realises it, and one of "
        r"width $W \geq 2$ and depth $\lceil k / q \rceil$, $q = \lfloor \log_2 W \rfloor$."
    ),
    cite=Cite(key="daubechies2022", locator="locator unverified"),
    hypotheses={
        "k >= 1": lambda i: i.k >= 1,
        "W >= 2": lambda i: i.W >= 2,
        "0 <= x <= 1": lambda i: 0 <= i.x <= 1,
    },
    claim=powers(),
    tight=(
        Case(name="k = 1 at the top", instance=power(1, "1/2")),
        Case(name="k = 2, more pieces than a layer of two neurons has", instance=power(2, "3/8")),
        Case(name="k = 10", instance=power(10, "1/3")),
        Case(name="the point 2/3, which H leaves fixed", instance=power(5, "2/3")),
        Case(name="width 8, three compositions in a layer", instance=power(10, "1/7", 8)),
    ),
    edge=(
        Case(name="x = 0", instance=power(3, 0)),
        Case(name="x = 1", instance=power(3, 1)),
        Case(name="k = 300", instance=power(300, "1/3")),
        Case(name="k = 200, the first tooth", instance=power(200, Fraction(1, 2**200))),
        Case(name="more width than is used", instance=power(2, "1/5", 31)),
    ),
    random=random,
    mutants=(
        Mutant(name="half the height", change="the distance, not twice it", claim=powers(without_factor)),
        Mutant(name="2^k teeth", change="twice the distance of 2^k x from the integers", claim=powers(doubled)),
        Mutant(name="2^(k - 1) pieces", change="half as many pieces", claim=powers(pieces=lambda k: 2 ** (k - 1))),
        Mutant(name="a layer less", change="a network of width W and depth ceil(k / q) - 1", claim=a_layer_less),
    ),
    proof="univariate_squares",
    provenance=(
        "The wording is ours, its place in the paper is not verified. Composition by hand is compared with the "
        "formula and with the exact pieces of the network; the identity behind it is replayed in "
        "proofs_check/univariate_squares.py."
    ),
)
