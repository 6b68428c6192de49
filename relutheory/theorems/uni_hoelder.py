"""Hoelder functions by networks of width 13 at the rate (depth)^(-2 alpha), twice that of splines: bit extraction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb, ctx

from relutheory.core.exact import to_fmpq
from relutheory.core.verdict import Verdict
from relutheory.theorems.instances import texts
from relutheory.theorems.parts import all_hold, exact_error
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem

if TYPE_CHECKING:
    from relutheory.univariate.cpwl import CPwL

_LISTED = 3  # up to so many steps in a block, and as many blocks, the error is taken on every piece of the network
_BITS = 200  # of powers that are irrational


@dataclass(frozen=True, kw_only=True)
class Rough:
    """A function by values at breakpoints from 0 to 1, linear between; M and alpha; K blocks of m steps."""

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]
    M: Fraction
    alpha: Fraction
    K: int
    m: int

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        data: dict[str, Any] = {"breakpoints": texts(self.x), "values": texts(self.y)}
        return data | {"M": str(self.M), "alpha": str(self.alpha), "K": self.K, "m": self.m}

    @property
    def cpwl(self) -> CPwL:
        from relutheory.univariate.cpwl import CPwL

        return CPwL(self.x, self.y)

    @property
    def h(self) -> Fraction:
        """The length of a step."""
        return Fraction(1, self.K * self.m)


def rough(x: Sequence[Any], y: Sequence[Any], K: int, m: int, M: Any = 1, alpha: Any = 1) -> Rough:
    points = tuple(map(Fraction, x)), tuple(map(Fraction, y))
    return Rough(x=points[0], y=points[1], M=Fraction(M), alpha=Fraction(alpha), K=K, m=m)


def is_hoelder(f: Rough) -> bool:
    """|f(x) - f(y)| <= M |x - y|^alpha.

    For x in one piece and y in another the difference is affine and |x - y|^alpha concave, so that breakpoints decide.
    """
    p, q = f.alpha.numerator, f.alpha.denominator
    corners = list(zip(f.x, f.y, strict=True))
    return all(abs(u - v) ** q <= f.M**q * abs(a - b) ** p for (a, u), (b, v) in combinations(corners, 2))


def depth(K: int, m: int) -> int:
    """ceil(log2 K) + 1 layers for the number of the block, 2 (K - 1) kinks, 7 in a layer, m digits, and two to end."""
    return (K - 1).bit_length() + 1 - (-2 * (K - 1) // 7) + m + 2


def points(f: Rough) -> list[Fraction]:
    """Corners of f; points of the grid, and between them; points upon and beside the ramps before ends of blocks."""
    count = f.K * f.m
    grid = [Fraction(i, count) for i in range(0, count, max(1, count // 8))]
    ramps = [Fraction(j, f.K) - f.h / 2**e for j in {1, f.K // 2, f.K - 1} - {0} for e in (1, 5, 6, 7, 11)]
    return sorted({*f.x[:: max(1, len(f.x) // 8)], *grid, *(u + f.h / 3 for u in grid), *ramps, Fraction(1)})


@dataclass(frozen=True, kw_only=True)
class Bound:
    """M h^(speed alpha) (rounding + chord 2^-alpha)."""

    rounding: Fraction = Fraction(1, 2)
    chord: int = 1
    speed: int = 1

    def exceeded(self, f: Rough, error: Fraction) -> bool | None:
        """Whether the error is larger; None where both are too near to each other to say."""
        if f.alpha == 1:
            return error > f.M * f.h**self.speed * (self.rounding + Fraction(self.chord, 2))
        with ctx.workprec(_BITS):
            excess = arb(to_fmpq(error)) - self.ball(f)
        return True if excess > 0 else False if excess < 0 else None

    def ball(self, f: Rough) -> arb:
        """The bound, enclosed."""
        with ctx.workprec(_BITS):
            rest = to_fmpq(self.rounding) + self.chord * arb(to_fmpq(Fraction(1, 2))) ** arb(to_fmpq(f.alpha))
            return to_fmpq(f.M) * arb(to_fmpq(f.h)) ** (self.speed * arb(to_fmpq(f.alpha))) * rest


def at_rate(bound: Bound = Bound(), exactly: bool = True) -> Claim:
    """The claim of the bound and of the size, the network evaluated exactly or in floats."""

    def claim(f: Rough) -> Evidence:
        from relutheory.univariate.constructions import lipschitz_network

        function = f.cpwl
        made = lipschitz_network(function, f.M, f.m, f.K, alpha=f.alpha)
        if max(f.m, f.K) <= _LISTED and exactly:
            error, where = made.function.sup_distance(function, 0, 1), "the worst point"
        else:
            error, where = max((abs(_value(made, x, exactly) - function(x)), str(x)) for x in points(f))
        exceeded, said = bound.exceeded(f, error), exact_error(made)
        measured = f"error {float(error):.6g} at {where}, width {made.width}, {made.depth} layers"
        expected = f"at most {float(bound.ball(f)):.6g}, width 13 or less, {depth(f.K, f.m)} layers"
        if exceeded is None:
            return Evidence(verdict=Verdict.UNDECIDED, measured=measured, expected=expected)
        parts = {
            "the bound": not exceeded,
            "the error said": error <= said or not exactly,
            "width and depth": made.width <= 13 and made.depth == depth(f.K, f.m),
            "at most 3 m + 5 layers": made.depth <= 3 * f.m + 5 or (7 * f.m + 1) // 2 < f.K,
        }
        return all_hold(parts, measured, expected, f.described() | {"error": str(error)}, int(error != said))

    return claim


def _value(made: Any, x: Fraction, exactly: bool) -> Fraction:
    return made(x) if exactly else Fraction(float(made.network.forward([[float(x)]])[0, 0]))


def random(rng: np.random.Generator) -> Rough:
    """Zigzags with the least M that is a multiple of 1/4."""
    n = int(rng.integers(1, 7))
    inner = sorted(rng.choice(np.arange(1, 30), size=n, replace=False).tolist())
    y = [Fraction(int(v), 12) for v in rng.integers(-6, 7, size=n + 2)]
    K, m = (int(v) for v in rng.integers(1, 6, size=2))
    alpha = Fraction(int(rng.integers(1, 5)), 4)
    f = rough([0, *(Fraction(v, 30) for v in inner), 1], y, K, m, Fraction(1, 4), alpha)
    while not is_hoelder(f):
        f = replace(f, M=f.M + Fraction(1, 4))
    return f


ZIGZAG = [0, "1/5", "1/2", "8/15", 1], [0, "1/5", "-1/10", "-2/15", "1/3"]
ROOT = [Fraction(k * k, 64) for k in range(9)], [Fraction(k, 8) for k in range(9)]

THEOREM = Theorem(
    id="uni.hoelder",
    title="Hoelder functions at twice the rate of splines, by bit extraction",
    statement=(
        r"Let $|f(x) - f(y)| \leq M |x - y|^{\alpha}$ on $[0, 1]$ with $M > 0$ and $0 < \alpha \leq 1$, let $K, m "
        r"\geq 1$ and $h = 1 / (K m)$. There is a network of width at most $13$ and depth $L = \lceil \log_2 K \rceil "
        r"+ \lceil 2 (K - 1) / 7 \rceil + m + 3$ with the error at most $M h^{\alpha} (\frac{1}{2} + 2^{-\alpha})$ at "
        r"every point of $[0, 1]$. For $K = \lceil 7 m / 2 \rceil$ this is $L \leq 3 m + 5 \leq 8 m$ and $h \leq "
        r"\frac{128}{7} L^{-2}$: the rate $L^{-2 \alpha}$, where splines with as many parameters have $L^{-\alpha}$. "
        r"The longest weights grow like $3^m$: double precision loses them."
    ),
    cite=Cite(key="daubechies2022", locator="locator unverified"),
    hypotheses={
        "M > 0": lambda f: f.M > 0,
        "0 < alpha <= 1": lambda f: 0 < f.alpha <= 1,
        "K, m >= 1": lambda f: min(f.K, f.m) >= 1,
        "|f(x) - f(y)| <= M |x - y|^alpha": is_hoelder,
    },
    claim=at_rate(),
    tight=(
        Case(name="one step, a valley in its middle", instance=rough([0, "1/2", 1], [0, "-1/2", 0], 1, 1)),
        Case(name="2 blocks of 2 steps", instance=rough([0, "1/8", "1/4", 1], [0, "-1/8", 0, 0], 2, 2)),
        Case(name="M = 10^6", instance=rough([0, "1/12", "1/6", 1], [0, "-250000/3", 0, 0], 2, 3, M=10**6)),
    ),
    edge=(
        Case(name="0, M = 10^-300", instance=rough([0, 1], [0, 0], 2, 3, M=Fraction(1, 10**300))),
        Case(name="a constant", instance=rough([0, 1], ["1/7", "1/7"], 3, 1)),
        Case(name="M used up everywhere", instance=rough([0, 1], [0, 3], 3, 3, M=3)),
        Case(name="square root, alpha = 1/2", instance=rough(*ROOT, 3, 3, alpha="1/2")),
        Case(name="square root, 14 blocks of 4 steps", instance=rough(*ROOT, 14, 4, alpha="1/2")),
        Case(name="one block", instance=rough(*ZIGZAG, 1, 7)),
        Case(name="blocks of one step", instance=rough(*ZIGZAG, 9, 1)),
        Case(name="the rate, m = 6", instance=rough(*ZIGZAG, 21, 6)),
        Case(name="48 steps, weights beyond float64", instance=rough(*ZIGZAG, 6, 48)),
        Case(name="alpha = 1/10", instance=rough(*ZIGZAG, 2, 3, alpha="1/10")),
    ),
    random=random,
    mutants=(
        Mutant(
            name="values without rounding",
            change="M h^alpha 2^-alpha, the error of chords",
            claim=at_rate(Bound(rounding=Fraction(0))),
        ),
        Mutant(name="rounding only", change="M h^alpha / 2", claim=at_rate(Bound(chord=0))),
        Mutant(
            name="four times the rate", change="h^(2 alpha), as for depth^(-4 alpha)", claim=at_rate(Bound(speed=2))
        ),
        Mutant(
            name="in floats",
            change="the network evaluated in double precision, with twice the bound",
            claim=at_rate(Bound(rounding=Fraction(1), chord=2), exactly=False),
        ),
    ),
    proof="univariate_hoelder",
    provenance=(
        "The rate is remembered from the paper, its place there is not verified; the idea is Yarotsky's (2018). "
        "The network of width 13, without an excluded set, and the constants are ours, derived in "
        "proofs_check/univariate_hoelder.py; for few pieces the error is the maximum over all of them."
    ),
)
