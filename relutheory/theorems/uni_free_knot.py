"""Networks of fixed width realise free-knot splines, with depth in proportion to the number of knots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from relutheory.theorems.instances import texts
from relutheory.theorems.parts import all_hold, few_pieces
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem

if TYPE_CHECKING:
    from relutheory.univariate.cpwl import CPwL
    from relutheory.univariate.special import SpecialNetwork


@dataclass(frozen=True, kw_only=True)
class Spline:
    """Breakpoints 0 = x_0 < x_1 < ... < x_{n+1} = 1 with values, linear between, and the width of a network."""

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]
    W: int

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"breakpoints": texts(self.x), "values": texts(self.y), "W": self.W}

    @property
    def cpwl(self) -> CPwL:
        from relutheory.univariate.cpwl import CPwL

        return CPwL(self.x, self.y)

    @property
    def n(self) -> int:
        """The number of kinks in (0, 1), from the slopes."""
        slopes = [(b - a) / (q - p) for (p, a), (q, b) in pairwise(zip(self.x, self.y, strict=True))]
        return sum(before != after for before, after in pairwise(slopes))


def spline(W: int, x: Sequence[Any], y: Sequence[Any]) -> Spline:
    return Spline(x=tuple(map(Fraction, x)), y=tuple(map(Fraction, y)), W=W)


def zigzag(W: int, inner: Sequence[Any]) -> Spline:
    """Values 0, 2, -1, 1, -2, 3, 0, ... : kinks of both signs."""
    x = [0, *inner, 1]
    heights = (0, 2, -1, 1, -2, 3)
    return spline(W, x, [heights[i % 6] for i in range(len(x))])


def even(W: int, n: int) -> Spline:
    return zigzag(W, [Fraction(i, n + 1) for i in range(1, n + 1)])


def quadratic(W: int, n: int) -> Spline:
    """Equal steps, values k^2 mod 5: kinks of either sign at places of every class."""
    return spline(W, [Fraction(k, n + 1) for k in range(n + 2)], [4 * k * k % 5 for k in range(n + 2)])


def capacity(W: int) -> tuple[int, int]:
    """The knots and the layers of a block."""
    return ((W - 2) // 6 * (W - 2), 2) if W >= 8 else (W - 2, 1)


def depth(s: Spline) -> int:
    knots, layers = capacity(s.W)
    return layers * -(-max(s.n, 1) // knots)


Build = Callable[[Spline], "SpecialNetwork"]


def published(s: Spline) -> SpecialNetwork:
    from relutheory.univariate.splines import special_spline_network

    return special_spline_network(s.cpwl, s.W)


def varied(q: Callable[[int], int] = lambda W: (W - 2) // 6, *, spacing: int = 3, signed: bool = True) -> Build:
    """The construction of two layers with another q, or other classes of hats."""

    def build(s: Spline) -> SpecialNetwork:
        from relutheory.univariate.splines import Knots, from_blocks, hat_block

        size = q(s.W) * (s.W - 2)
        knots = Knots.of(s.cpwl, size)
        starts = range(0, len(knots.x) - 2, size)
        made = [hat_block(knots, k, q(s.W), s.W - 2, spacing=spacing, signed=signed) for k in starts]
        return from_blocks(made, knots, s.W - 2)

    return build


def one_layer_less(s: Spline) -> Evidence:
    """The claim that some network of width W has a layer less."""
    return few_pieces(s.n + 1, s.W, depth(s) - 1, s.described())


def realised(build: Build = published, layers: Callable[[Spline], int] = depth) -> Claim:
    """The claim that the network built has width W and this depth, and is the function on [0, 1]."""

    def claim(s: Spline) -> Evidence:
        special, f = build(s), s.cpwl
        net = special.to_network()
        shape, expected = (net.width, net.depth), (s.W, layers(s))
        wrong = different_at(net, f)
        data = s.described() | {"width and depth": list(shape), "expected": list(expected)}
        if wrong is not None:
            data |= {"x": str(wrong), "network": str(net(wrong)), "function": str(f(wrong))}
        held = "the function" if wrong is None else f"not the function at x = {wrong}"
        slack = capacity(s.W)[0] * (depth(s) // capacity(s.W)[1]) - s.n
        parts = {"the function": wrong is None, "width and depth": shape == expected}
        return all_hold(parts, f"{held}, width and depth {shape}", f"width and depth {expected}", data, slack)

    return claim


def different_at(net: Any, f: CPwL) -> Fraction | None:
    """A point of [0, 1] where the network is not f; None where both are equal on [0, 1].

    The whole function of the network is compared, and its layers are evaluated at some points.
    """
    points = f.breakpoints
    for x in points[:: max(1, len(points) // 8)]:
        if net(x) != f(x):
            return x
    gap = net.function - f
    corners = zip(gap.breakpoints, gap.values, strict=True)
    return next((x for x, v in corners if v != 0 and 0 <= x <= 1), None)


def random(rng: np.random.Generator) -> Spline:
    """Up to 40 breakpoints, in a third of the cases in a cluster, values with zeros and repeats among them."""
    W, n = int(rng.integers(4, 22)), int(rng.integers(0, 41))
    drawn = np.sort(rng.choice(np.arange(1, 1000), size=n, replace=False)).tolist()
    scale = Fraction(1, 10**9) if rng.random() < 1 / 3 else Fraction(1, 1000)
    over = rng.integers(1, 4, n + 2).tolist()
    values = [Fraction(a, b) for a, b in zip(rng.integers(-3, 4, n + 2).tolist(), over, strict=True)]
    return spline(W, [0, *(k * scale for k in drawn), 1], values)


TINY, HUGE = Fraction(1, 2**200), 2**200

THEOREM = Theorem(
    id="uni.free-knot",
    title="Free-knot splines by networks of fixed width",
    statement=(
        r"Let $S$ be continuous and piecewise linear on $[0, 1]$ with at most $n \geq 1$ breakpoints in $(0, 1)$. Then "
        r"$S$ is the function of a special network of width $W$ (a source and a collation channel without ReLU, and "
        r"$W - 2$ neurons), and so of a ReLU network of width $W$, with $L$ layers, where $L = 2 \lceil n / N \rceil$, "
        r"$N = \lfloor (W - 2) / 6 \rfloor (W - 2)$ for $W \geq 8$, and $L = \lceil n / (W - 2) \rceil$ for "
        r"$4 \leq W \leq 7$."
    ),
    cite=Cite(key="daubechies2022", locator="Theorem 3.1, locator unverified"),
    hypotheses={"W >= 4": lambda s: s.W >= 4},
    claim=realised(),
    tight=(
        Case(name="W = 8, a full block", instance=even(8, 6)),
        Case(name="W = 8, three full blocks", instance=even(8, 18)),
        Case(name="W = 14, q = 2, a full block", instance=even(14, 24)),
        Case(name="W = 14, q = 2, two full blocks", instance=even(14, 48)),
        Case(name="W = 12, many classes of hats", instance=quadratic(12, 20)),
        Case(name="W = 20, q = 3", instance=even(20, 54)),
        Case(name="W = 32, q = 5", instance=quadratic(32, 150)),
        Case(name="W = 4, two knots in a layer", instance=even(4, 6)),
        Case(name="W = 7", instance=even(7, 10)),
    ),
    edge=(
        Case(name="linear, no breakpoint", instance=spline(8, [0, 1], [2, "1/3"])),
        Case(name="constant 0", instance=spline(8, [0, 1], [0, 0])),
        Case(name="one breakpoint, W = 8", instance=even(8, 1)),
        Case(name="one breakpoint, W = 26", instance=even(26, 1)),
        Case(name="fewer than a block, W = 20", instance=even(20, 10)),
        Case(name="one more than a block", instance=even(9, 8)),
        Case(name="breakpoints without a kink", instance=spline(8, [0, "1/4", "1/2", "3/4", 1], [0, 1, 2, 3, 4])),
        Case(name="next to both ends", instance=zigzag(8, [TINY, 2 * TINY, 3 * TINY, 1 - 2 * TINY, 1 - TINY])),
        Case(name="a cluster inside", instance=zigzag(14, [Fraction(1, 3) + k * TINY for k in range(30)])),
        Case(name="huge and tiny values", instance=spline(10, [0, "1/5", "1/4", "1/2", 1], [HUGE, TINY, 0, -HUGE, 1])),
        Case(name="binary fractions of 0.1, 0.2, 0.3", instance=zigzag(13, [0.1, 0.2, 0.3])),
        Case(name="W = 5", instance=even(5, 7)),
    ),
    random=random,
    mutants=(
        Mutant(
            name="one layer less",
            change="a network of width W and depth L - 1",
            claim=one_layer_less,
        ),
        Mutant(
            name="q = floor(W / 6)",
            change="the construction with blocks of floor(W / 6) (W - 2) knots",
            claim=realised(varied(lambda W: W // 6), lambda s: 2 * -(-max(s.n, 1) // (s.W // 6 * (s.W - 2)))),
            needs={"W >= 8": lambda s: s.W >= 8},
        ),
        Mutant(
            name="hats closer together",
            change="the construction with hats of a class 2q apart in place of 3q",
            claim=realised(varied(spacing=2)),
            needs={"W >= 8": lambda s: s.W >= 8},
        ),
        Mutant(
            name="both signs in a class",
            change="the construction with hats of both signs in one positive part",
            claim=realised(varied(signed=False)),
            needs={"W >= 8": lambda s: s.W >= 8},
        ),
    ),
    proof="univariate_splines",
    provenance=(
        "The theorem and the formula of L are recalled from the paper, their place there is not verified; the "
        "construction is derived again in proofs_check/univariate_splines.py and compared with the function exactly. "
        "For W <= 13, where q = 1, one layer for every W - 2 breakpoints is enough: there L is not the least depth."
    ),
)
