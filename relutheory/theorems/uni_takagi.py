"""Sums of t^k g(psi^k), among them Takagi's function: errors fall by |t| with each layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from relutheory.theorems.instances import texts
from relutheory.theorems.parts import all_hold, exact_error
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem

if TYPE_CHECKING:
    from relutheory.univariate.cpwl import CPwL

_ORBIT = 400  # points of an orbit that are looked at for a repetition
Graph = tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True, kw_only=True)
class Series:
    """n terms of sum t^k g(psi^k) at x; g, psi : points of graphs over [0, 1], linear between."""

    n: int
    t: Fraction
    x: Fraction
    g: Graph
    psi: Graph

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        graphs = {name: [texts(p) for p in graph] for name, graph in (("g", self.g), ("psi", self.psi))}
        return {"n": self.n, "t": str(self.t), "x": str(self.x)} | graphs


def graph(*points: tuple[Any, Any]) -> Graph:
    return tuple((Fraction(x), Fraction(y)) for x, y in points)


LINE, HAT = graph((0, 0), (1, 1)), graph((0, 0), ("1/2", 1), (1, 0))


def series(n: int, t: Any, x: Any, g: Graph = LINE, psi: Graph = HAT) -> Series:
    return Series(n=n, t=Fraction(t), x=Fraction(x), g=g, psi=psi)


def value(points: Graph, x: Fraction) -> Fraction:
    """The interpolant at x."""
    for (a, u), (b, v) in pairwise(points):
        if a <= x <= b:
            return u + (v - u) * (x - a) / (b - a)
    raise AssertionError(f"{x} is not in [0, 1]")


def kinks(points: Graph) -> list[Fraction]:
    """Where the slope changes, in (0, 1)."""
    slopes = [(v - u) / (b - a) for (a, u), (b, v) in pairwise(points)]
    return [x for (x, _), before, after in zip(points[1:], slopes, slopes[1:], strict=False) if before != after]


def sums(instance: Series) -> tuple[list[Fraction], Fraction | None]:
    """The partial sums up to an N > n; and the limit, where the orbit of x is found to repeat."""
    total, y, power = Fraction(0), instance.x, Fraction(1)
    seen: dict[Fraction, int] = {}
    partial = [total]
    for k in range(1, max(_ORBIT, instance.n + 20)):
        y, power = value(instance.psi, y), power * instance.t
        if y in seen and k > instance.n + 1:
            # from here on the sum repeats itself times t^period
            first = seen[y]
            before = partial[first - 1]
            shrink = instance.t ** (k - first)
            return partial, before + (partial[k - 1] - before) / (1 - shrink)
        seen.setdefault(y, k)
        total += power * value(instance.g, y)
        partial.append(total)
        if y.denominator.bit_length() > 4000:
            break
    return partial, None


Bound = Callable[[Fraction, Fraction, int], Fraction]


def bound(size: Fraction, t: Fraction, n: int) -> Fraction:
    """max |g| |t|^(n + 1) / (1 - |t|)."""
    return size * abs(t) ** (n + 1) / (1 - abs(t))


def two_thirds(n: int) -> Fraction:
    return Fraction(2, 3) / 2**n


def self_similar(most: Bound = bound, takagi: Callable[[int], Fraction] = two_thirds) -> Claim:
    """The claim that the network adds the series with an error of at most `most`; `takagi`, for Takagi's function."""

    def claim(instance: Series) -> Evidence:
        from relutheory.univariate.constructions import takagi_network

        n = instance.n
        plain = instance.psi == HAT and instance.g == LINE
        g, psi = (None, None) if plain else (_function(instance.g), _function(instance.psi))
        made = takagi_network(n, instance.t, g, psi)
        partial, limit = sums(instance)
        size = max(abs(v) for _, v in instance.g)
        least = most(size, instance.t, n)
        error = max(
            abs((partial[-1] if limit is None else limit) - partial[n]), *(abs(v - partial[n]) for v in partial[n:])
        )
        bends = len({*kinks(instance.g), *kinks(instance.psi)})
        parts = {
            "the sum": made(instance.x) == partial[n],
            "the bound": error <= least,
            "the error said": error <= exact_error(made) <= bound(size, instance.t, n),
            "width and depth": made.width <= bends + 2 and made.depth == n + bool(kinks(instance.g)),
        }
        slack = int(error != least)
        expected = f"at most {_short(least)}"
        if plain and instance.t == Fraction(1, 2):
            sharp = takagi(n)
            at_two_thirds = sum((Fraction(2, 3) / 2**k for k in range(n + 1, n + 60)), Fraction(2, 3) / 2 ** (n + 59))
            parts["Takagi's function"] = error <= sharp == made.error == at_two_thirds
            slack, expected = int(error != sharp), f"at most {_short(min(least, sharp))}"
        measured = f"{'the limit' if limit is not None else 'later sums'} within {_short(error)}"
        return all_hold(parts, measured, expected, instance.described() | {"error": str(error)}, slack)

    return claim


def _function(points: Graph) -> CPwL:
    from relutheory.univariate.cpwl import CPwL

    return CPwL([x for x, _ in points], [y for _, y in points])


def _short(number: Fraction) -> str:
    text = str(number)
    return text if len(text) < 30 else f"{float(number):.6g}"


def random(rng: np.random.Generator) -> Series:
    t = Fraction(int(rng.integers(-9, 10)), 10)
    x = Fraction(int(rng.integers(0, 101)), 100)
    if rng.random() < 0.3:
        return series(int(rng.integers(1, 12)), "1/2", x)
    return series(int(rng.integers(1, 12)), t, x, _random_graph(rng, -3, 4), _random_graph(rng, 0, 9, over=8))


def _random_graph(rng: np.random.Generator, low: int, high: int, over: int = 1) -> Graph:
    count = int(rng.integers(0, 4))
    inner = sorted(rng.choice(np.arange(1, 12), size=count, replace=False).tolist())
    heights: Sequence[int] = rng.integers(low, high, size=count + 2).tolist()
    xs = [Fraction(0), *(Fraction(v, 12) for v in inner), Fraction(1)]
    return tuple((x, Fraction(v, over)) for x, v in zip(xs, heights, strict=True))


PEAK = graph((0, -1), ("2/3", 2), (1, 0))
CONSTANT = graph((0, "1/7"), (1, "1/7"))

THEOREM = Theorem(
    id="uni.takagi",
    title="Self-similar functions, nowhere differentiable ones among them",
    statement=(
        r"Let $|t| < 1$, and let $\psi: [0, 1] \to [0, 1]$ and $g: [0, 1] \to \mathbb{R}$ be continuous and piecewise "
        r"linear, with kinks at $q$ places in $(0, 1)$. A network of width $q + 2$ adds the first $n$ terms of "
        r"$f = \sum_{k \geq 1} t^k g(\psi^k)$ with a layer per term, and one more where $g$ has kinks, and "
        r"$|f - f_n| \leq \max |g| \, |t|^{n+1} / (1 - |t|)$. For Takagi's function, $t = 1/2$, $g(x) = x$ and $\psi$ "
        r"the hat function, the supremum of the error is $\frac{2}{3} 2^{-n}$, attained at $x = 2/3$."
    ),
    cite=Cite(key="daubechies2022", locator="locator unverified"),
    hypotheses={
        "n >= 1": lambda i: i.n >= 1,
        "|t| < 1": lambda i: abs(i.t) < 1,
        "0 <= x <= 1": lambda i: 0 <= i.x <= 1,
        "psi maps [0, 1] to itself": lambda i: all(0 <= y <= 1 for _, y in i.psi),
    },
    claim=self_similar(),
    tight=(
        Case(name="Takagi at 2/3", instance=series(6, "1/2", "2/3")),
        Case(name="Takagi after 300 terms", instance=series(300, "1/2", "2/3")),
        Case(name="g constant", instance=series(4, "3/4", "1/5", CONSTANT)),
        Case(name="g largest at the fixed point", instance=series(3, "1/3", "2/3", PEAK)),
        Case(name="psi constant", instance=series(2, "9/10", "1/2", LINE, graph((0, 1), (1, 1)))),
    ),
    edge=(
        Case(name="Takagi at 0", instance=series(3, "1/2", 0)),
        Case(name="x (1 - x)", instance=series(5, "1/4", "1/2")),
        Case(name="t = 0", instance=series(2, 0, "1/3")),
        Case(name="t < 0", instance=series(5, "-1/2", "1/3", PEAK)),
        Case(name="t = 99/100", instance=series(5, "99/100", "2/5", PEAK)),
        Case(name="psi the identity", instance=series(4, "1/2", "1/3", PEAK, LINE)),
        Case(name="one term, g with a kink", instance=series(1, "1/2", "1/4", PEAK)),
    ),
    random=random,
    mutants=(
        Mutant(
            name="one power more",
            change="max |g| |t|^(n + 2) / (1 - |t|)",
            claim=self_similar(lambda size, t, n: bound(size, t, n + 1)),
        ),
        Mutant(
            name="the first term only",
            change="max |g| |t|^(n + 1)",
            claim=self_similar(lambda size, t, n: size * abs(t) ** (n + 1)),
        ),
        Mutant(
            name="2^-n / 2",
            change="Takagi's error is largest at 1/2",
            claim=self_similar(takagi=lambda n: Fraction(1, 2 ** (n + 1))),
        ),
    ),
    proof="univariate_takagi",
    provenance=(
        "The wording is ours, its place in the paper is not verified. Limits at rational points are exact where the "
        "orbit repeats; the supremum 2/3 is derived in proofs_check/univariate_takagi.py."
    ),
)
