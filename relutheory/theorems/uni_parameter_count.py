"""How many weights a network of fixed width has, and how many a free-knot spline takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.theorems.parts import all_hold
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem


@dataclass(frozen=True, kw_only=True)
class Size:
    """A width and a number of breakpoints."""

    W: int
    n: int

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"W": self.W, "n": self.n}


def size(W: int, n: int) -> Size:
    return Size(W=W, n=n)


def depth(s: Size) -> int:
    """2 ceil(n / N), N = q (W - 2) and q = floor((W - 2) / 6)."""
    N = (s.W - 2) // 6 * (s.W - 2)
    return 2 * ((s.n + N - 1) // N)


def entries(W: int, L: int) -> int:
    """The entries of all matrices and vectors, layer after layer."""
    shapes = [(W, 1)] + [(W, W)] * (L - 1) + [(1, W)]
    return sum(m * n + m for m, n in shapes)


def formula(W: int, L: int) -> int:
    """n(W, L), the package's count."""
    from relutheory.univariate.fixed_width import parameter_count

    return parameter_count(W, L)


def without_biases(W: int, L: int) -> int:
    return sum(m * n for m, n in [(W, 1)] + [(W, W)] * (L - 1) + [(1, W)])


def sharp(s: Size) -> Fraction:
    return Fraction(364, 11) * (s.n - 1) + s.W**2 + 4 * s.W + 1


def counted(bound: Callable[[Size], Fraction | int] = sharp, count: Callable[[int, int], int] = formula) -> Claim:
    """The claim that `count` is the number of entries, and at most `bound` at the depth of free-knot splines."""

    def claim(s: Size) -> Evidence:
        from relutheory.univariate.splines import spline_depth

        L = depth(s)
        if spline_depth(s.n, s.W) != L:
            raise AssertionError(f"the depth at {s} is {L}, not {spline_depth(s.n, s.W)}")
        found, said, most = entries(s.W, L), count(s.W, L), Fraction(bound(s))
        data = s.described() | {"L": L, "entries": found, "formula": said, "bound": str(most)}
        slack = int((most - found) * 11)  # an integer for the bound of the statement
        parts = {
            "the formula": found == said,
            "the bound": found <= most,
            "the bound below 34 n + 2 W (W + 1)": sharp(s) < 34 * s.n + 2 * s.W * (s.W + 1),
        }
        return all_hold(parts, f"{found} entries", f"{said}, at most {most}", data, slack)

    return claim


def random(rng: np.random.Generator) -> Size:
    return size(int(rng.integers(8, 100)), int(rng.integers(1, 5000)))


THEOREM = Theorem(
    id="uni.parameter-count",
    title="Parameters of networks of fixed width, and of free-knot splines",
    statement=(
        r"A network of one input, one output and $L \geq 1$ hidden layers of width $W$ has $n(W, L) = W (W + 1) L - "
        r"(W - 1)^2 + 2$ weights and biases. Let $W \geq 8$, $N = \lfloor (W - 2) / 6 \rfloor (W - 2)$ and $n \geq 1$. "
        r"Then $n(W, 2 \lceil n / N \rceil) \leq \frac{364}{11} (n - 1) + W^2 + 4 W + 1 < 34 n + 2 W (W + 1)$. With "
        r"$W = 13$ the first bound is attained where $n - 1$ is a multiple of $11$."
    ),
    cite=Cite(key="daubechies2022", locator="locator unverified"),
    hypotheses={"W >= 8": lambda s: s.W >= 8, "n >= 1": lambda s: s.n >= 1},
    claim=counted(),
    tight=(
        Case(name="W = 13, n = 12: 586 parameters", instance=size(13, 12)),
        Case(name="W = 13, n = 11 * 10^6 + 1", instance=size(13, 11 * 10**6 + 1)),
        Case(name="W = 8, n = 1", instance=size(8, 1)),
        Case(name="W = 80, n = 1", instance=size(80, 1)),
    ),
    edge=(
        Case(name="a full block", instance=size(8, 6)),
        Case(name="one more than a block", instance=size(8, 7)),
        Case(name="W = 13, just before q = 2", instance=size(13, 11)),
        Case(name="W = 14, q = 2", instance=size(14, 25)),
        Case(name="W = 79", instance=size(79, 10**9)),
        Case(name="W = 10^4, a huge block", instance=size(10**4, 10**7)),
    ),
    random=random,
    mutants=(
        Mutant(
            name="34 n",
            change="n(W, L) <= 34 n, without a term in W alone",
            claim=counted(lambda s: 34 * s.n),
        ),
        Mutant(
            name="33 (n - 1)",
            change="33 in place of 364 / 11",
            claim=counted(lambda s: 33 * (s.n - 1) + s.W**2 + 4 * s.W + 1),
        ),
        Mutant(
            name="one less",
            change="W^2 + 4 W in place of W^2 + 4 W + 1",
            claim=counted(lambda s: sharp(s) - 1),
        ),
        Mutant(
            name="34 n + W (W + 1)",
            change="half the term in W alone",
            claim=counted(lambda s: 34 * s.n + s.W * (s.W + 1)),
        ),
        Mutant(name="no biases", change="biases are not counted", claim=counted(count=without_biases)),
        Mutant(
            name="(W - 1)^2 + 1",
            change="n(W, L) = W (W + 1) L - (W - 1)^2 + 1",
            claim=counted(count=lambda W, L: formula(W, L) - 1),
        ),
    ),
    proof="univariate_splines",
    provenance=(
        "The count and the bound 34 n + 2 W (W + 1) are recalled from the paper, their place there is not verified; "
        "the sharp bound is derived in proofs_check/univariate_splines.py. The bound 34 n alone is false, at W = 13 "
        "and n = 12."
    ),
)
