"""How close n linear pieces come to a quadratic polynomial, exactly; and that depth comes closer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from relutheory.theorems.instances import texts
from relutheory.theorems.parts import all_hold
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem
from relutheory.univariate.cpwl import CPwL

_BUILT = 60  # up to so many pieces the network of width 8 is built


@dataclass(frozen=True, kw_only=True)
class Fit:
    """f(x) = a x^2 + b x + c and a continuous piecewise linear S: its knots, from 0 to 1, and its values there.

    depth : None, or the depth of the network of width 3 for f that S is.
    """

    a: Fraction
    b: Fraction
    c: Fraction
    knots: tuple[Fraction, ...]
    values: tuple[Fraction, ...]
    depth: int | None = None

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        data: dict[str, Any] = {"a": str(self.a), "b": str(self.b), "c": str(self.c), "depth": self.depth}
        return data | {"knots": texts(self.knots), "values": texts(self.values)}

    @property
    def pieces(self) -> int:
        """The number of linear pieces on [0, 1]: neighbours with one slope count once."""
        slopes = [(q - p) / (v - u) for (u, v), (p, q) in zip(pairwise(self.knots), pairwise(self.values), strict=True)]
        return 1 + sum(s != t for s, t in pairwise(slopes))

    @property
    def parameters(self) -> int:
        """Of a network that is S: n(3, L) for its depth L, or that of one hidden layer."""
        return 3 * self.pieces + 1 if self.depth is None else 12 * self.depth - 2

    def __call__(self, x: Fraction) -> Fraction:
        return (self.a * x + self.b) * x + self.c

    def error(self) -> Fraction:
        """sup |f - S| on [0, 1]: at a knot, or where the slope of f is that of S."""
        found = max(abs(self(x) - y) for x, y in zip(self.knots, self.values, strict=True))
        for (u, v), (p, q) in zip(pairwise(self.knots), pairwise(self.values), strict=True):
            slope = (q - p) / (v - u)
            top = (slope - self.b) / (2 * self.a)
            if u < top < v:
                found = max(found, abs(self(top) - (p + slope * (top - u))))
        return found


def fit(a: Any, b: Any, c: Any, knots: Any, values: Any) -> Fit:
    exact = [tuple(Fraction(v) for v in numbers) for numbers in (knots, values)]
    return Fit(a=Fraction(a), b=Fraction(b), c=Fraction(c), knots=exact[0], values=exact[1])


def best(a: Any, b: Any, c: Any, n: int) -> Fit:
    """Equispaced chords, moved by half of their error."""
    f = fit(a, b, c, [], [])
    knots = [Fraction(i, n) for i in range(n + 1)]
    return fit(a, b, c, knots, [f(x) - f.a / (8 * n**2) for x in knots])


def network(a: Any, b: Any, c: Any, depth: int) -> Fit:
    """The network of width 3 that adds the first terms of the sum of 4^-k H^k."""
    from relutheory.univariate.series import quadratic_network

    made = quadratic_network(a, b, c, depth)
    found: CPwL = made.function
    plain = fit(a, b, c, found.breakpoints, found.values)
    return Fit(a=plain.a, b=plain.b, c=plain.c, knots=plain.knots, values=plain.values, depth=depth)


def by_pieces(f: Fit) -> Fraction:
    """|a| / (8 n^2) for n pieces."""
    return abs(f.a) / (8 * f.pieces**2)


def at_least(bound: Callable[[Fit], Fraction] = by_pieces, depth_error: int = 1) -> Claim:
    """The claim that the error is at least `bound`, and that of depth L is |a| 4^-(L + depth_error)."""

    def claim(instance: Fit) -> Evidence:
        from relutheory.univariate.series import quadratic_network
        from relutheory.univariate.splines import spline_network

        error, least, n = instance.error(), bound(instance), instance.pieces
        parts, said = {"the bound": error >= least}, f"at least {least}"
        if instance.depth is not None:
            L = instance.depth
            made = quadratic_network(instance.a, instance.b, instance.c, L)
            exact = abs(instance.a) * Fraction(1, 4 ** (L + depth_error))
            said = f"{said}, and {exact} at depth {L}"
            parts["the error of depth L"] = error == exact == made.error
            f = made.function
            parts["the network"] = (f.breakpoints, f.values) == (instance.knots, instance.values)
            parts["width and depth"] = (made.width, made.depth) == (3, L)
            parts["parameters and pieces"] = (made.parameters, n) == (instance.parameters, 2**L)
        elif n <= _BUILT:
            spline = spline_network(CPwL(instance.knots, instance.values), 8)
            same = all(spline(x) == y for x, y in zip(instance.knots, instance.values, strict=True))
            parts["a network of width 8"] = same and spline.depth == 2 * max(-(-(n - 1) // 6), 1)
        shown = f"error {error} with {n} pieces, {instance.parameters} parameters"
        data = instance.described() | {"error": str(error), "bound": str(least)}
        return all_hold(parts, shown, said, data, int(error != least))

    return claim


def random(rng: np.random.Generator) -> Fit:
    """Random knots with values near f, or the best function, or a network."""
    a = Fraction(int(rng.integers(1, 9)) * int(rng.choice([-1, 1])), int(rng.integers(1, 5)))
    b, c = (Fraction(int(v), 3) for v in rng.integers(-6, 7, size=2))
    kind = rng.random()
    if kind < 0.25:
        return network(a, b, c, int(rng.integers(1, 6)))
    n = int(rng.integers(1, 12))
    if kind < 0.5:
        return best(a, b, c, n)
    inner = np.unique(rng.integers(1, 1000, size=n - 1))
    knots = [Fraction(0), *(Fraction(int(v), 1000) for v in inner), Fraction(1)]
    f = fit(a, b, c, [], [])
    noise = [Fraction(int(v), 200 * n**2) for v in rng.integers(-9, 10, size=len(knots))]
    return fit(a, b, c, knots, [f(x) + e for x, e in zip(knots, noise, strict=True)])


def is_function(f: Fit) -> bool:
    return len(f.knots) > 1 and len(f.knots) == len(f.values) and all(u < v for u, v in pairwise(f.knots))


THEOREM = Theorem(
    id="uni.rates",
    title="Rates: linear pieces against depth, on quadratic polynomials",
    statement=(
        r"Let $f(x) = a x^2 + b x + c$ with $a \neq 0$. Every continuous piecewise linear $S$ with $n$ pieces on "
        r"$[0, 1]$ has $\sup_{[0,1]} |f - S| \geq |a| / (8 n^2)$, whatever its knots, with equality for equispaced "
        r"chords moved by $a / (8 n^2)$. Every $S$ is the function of a network of width $8$ and depth "
        r"$2 \max(\lceil (n - 1) / 6 \rceil, 1)$: networks of fixed width do no worse than free knots. One with one "
        r"hidden layer of width $W$ has $P = 3W + 1$ parameters and at most $W + 1$ pieces: its error is of the order "
        r"$P^{-2}$ at best. The network of width $3$ and depth $L$ that adds the first $L$ terms of $x - x^2 = \sum_k "
        r"4^{-k} H^k(x)$ has $P = 12 L - 2$ parameters, $2^L$ pieces and the error $|a|\, 4^{-(L+1)} = "
        r"|a|\, 2^{-(P+14)/6}$."
    ),
    cite=Cite(key="daubechies2022", locator="locator unverified"),
    hypotheses={
        "a is not 0": lambda f: f.a != 0,
        "S is given on [0, 1] by values at increasing knots": lambda f: (
            is_function(f) and f.knots[0] == 0 and f.knots[-1] == 1
        ),
    },
    claim=at_least(),
    tight=(
        Case(name="one piece", instance=best(1, 0, 0, 1)),
        Case(name="two pieces", instance=best(1, 0, 0, 2)),
        Case(name="seven pieces, a < 0", instance=best("-3/2", 1, "1/3", 7)),
        Case(name="1000 pieces", instance=best(1, 0, 0, 1000)),
        Case(name="a = 1e-300", instance=best(1e-300, 0, 0, 3)),
    ),
    edge=(
        Case(name="a constant", instance=fit(1, 0, 0, [0, 1], ["1/2", "1/2"])),
        Case(
            name="breakpoints without kinks",
            instance=fit(1, 0, 0, [0, "1/3", "1/2", 1], ["-1/8", "5/24", "3/8", "7/8"]),
        ),
        Case(name="clustered knots", instance=fit(1, 0, 0, [0, 1e-300, 2e-300, 1], [0, 1, 0, 1])),
        Case(name="depth 1", instance=network(1, 0, 0, 1)),
        Case(name="depth 9", instance=network(1, 0, 0, 9)),
        Case(name="depth 5, a < 0", instance=network(-2, 3, "1/7", 5)),
    ),
    random=random,
    mutants=(
        Mutant(
            name="interpolation",
            change="|a| / (4 n^2), the error of equispaced interpolants",
            claim=at_least(lambda f: abs(f.a) / (4 * f.pieces**2)),
        ),
        Mutant(
            name="n knots inside",
            change="|a| / (8 (n - 1)^2) for n >= 2 pieces",
            claim=at_least(lambda f: abs(f.a) / (8 * max(f.pieces - 1, 1) ** 2)),
        ),
        Mutant(
            name="parameters in place of pieces",
            change="|a| / (8 P^2) for networks of any depth with P parameters",
            claim=at_least(lambda f: abs(f.a) / (8 * f.parameters**2)),
        ),
        Mutant(name="depth 4^-(L + 2)", change="the error at depth L is |a| 4^-(L + 2)", claim=at_least(depth_error=2)),
    ),
    proof="univariate_rates",
    provenance=(
        "That depth is exponentially better on x^2 is remembered from the paper, its place there is not verified; the "
        "exact lower bound for n pieces is classical, derived again in proofs_check/univariate_rates.py. Checked on "
        "exact piecewise linear functions, the error taken on every piece."
    ),
)
