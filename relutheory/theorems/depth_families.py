"""Families of layers whose behaviour at all depths is known in closed form, checked exactly at the first of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.depth import (
    distance,
    eye,
    matrix_norm,
    perturbation,
    random_fractions,
    vector_norm,
)
from relutheory.theorems.instances import texts

HORIZON = 24  # layers at which what is said about all layers is checked


@dataclass(frozen=True, kw_only=True)
class Known:
    """Layers n = 2, 3, ... after a state x_1 >= 0, and what is known about them; proved in proofs_check.deep_families.

    family : the formula.  data : its numbers, as text.  rate : a bound of |x_k - x_n| for k >= n that tends to 0,
    given n and x_n; None where x_n does not converge.  turns : for n, two depths from n on whose states differ by at
    least `jump` > 0; None where x_n converges.  mass : at most the sum of |P_i| + |b_i| over n < i <= 2n for every n;
    0 where the sum over all i is finite.  near : (|P_n| + |b_n|)^2 n is at most that; None where W_n does not
    tend to I or b_n not to 0, and then `gap` > 0 is at most |P_n| + |b_n| for every n.  Norms are maxima of rows.
    """

    family: str
    data: dict[str, Any]
    layer: Callable[[int], ReLULayer] = field(compare=False)
    first: tuple[Fraction, ...]
    rate: Callable[[int, Sequence[Fraction]], Fraction] | None = field(default=None, compare=False)
    turns: Callable[[int], tuple[int, int]] | None = field(default=None, compare=False)
    jump: Fraction = Fraction(0)
    mass: Fraction = Fraction(0)
    near: Fraction | None = None
    gap: Fraction = Fraction(0)

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"family": self.family, **self.data, "x_1": texts(self.first)}

    @property
    def converges(self) -> bool:
        return self.rate is not None

    def states(self, depth: int = HORIZON) -> list[list[Fraction]]:
        """x_1, ..., x_depth, exactly."""
        found = [list(self.first)]
        for n in range(2, depth + 1):
            found.append(self.layer(n).forward_exact(found[-1]))
        return found


def confirm(known: Known) -> list[list[Fraction]]:
    """The first states, after checking all that is known on them; an AssertionError where something is wrong."""
    x = known.states()
    sizes = [Fraction(0), Fraction(0)]  # |P_n| + |b_n| from n = 0 on
    for n in range(2, HORIZON + 1):
        layer = known.layer(n)
        sizes.append(matrix_norm(perturbation(layer), "inf") + vector_norm(layer.bias.fractions(), "inf"))
    wrong = []
    if (known.rate is None) == (known.turns is None) or (known.near is None) == (known.gap == 0):
        wrong.append("either it converges or not, either the layers tend to the identity or not")
    if known.rate is not None:
        moved = ((n, k, distance(x[k - 1], x[n - 1], "inf")) for n in range(1, HORIZON) for k in range(n, HORIZON + 1))
        wrong += [f"rate at {n}, {k}" for n, k, d in moved if d > known.rate(n, x[n - 1])]
    if known.turns is not None:
        for n in range(1, HORIZON // 4):
            i, j = known.turns(n)
            deeper = x if max(i, j) <= HORIZON else known.states(max(i, j))
            if min(i, j) < n or not 0 < known.jump <= distance(deeper[i - 1], deeper[j - 1], "inf"):
                wrong.append(f"jump at {n}")
    blocks = [sum(sizes[n + 1 : 2 * n + 1], Fraction(0)) for n in range(1, HORIZON // 2)]
    wrong += [f"mass at {n}" for n, block in enumerate(blocks, 1) if block < known.mass]
    for n in range(2, HORIZON + 1):
        if sizes[n] < known.gap or (known.near is not None and sizes[n] ** 2 * n > known.near):
            wrong.append(f"distance from the identity at {n}")
    if wrong:
        raise AssertionError(f"{known.described()}: {wrong[0]}")
    return x


def _repeated(family: str, W: Any, b: Any, x: Any, rate: Callable[[Any, Any], Any]) -> Known:
    """The same layer again and again; rate : made from the layer and x_1."""
    layer, first = ReLULayer(W, b), tuple(Fraction(v) for v in x)
    away = matrix_norm(perturbation(layer), "inf") + vector_norm(layer.bias.fractions(), "inf")
    return Known(
        family=family,
        data={"W": [texts(row) for row in layer.weight.fractions()], "b": texts(layer.bias.fractions())},
        layer=lambda n: layer,
        first=first,
        rate=rate(layer, first),
        mass=away,
        gap=away,
    )


def contracting(W: Any, b: Any, x: Any) -> Known:
    """The same layer again and again, with |W| = rho < 1."""

    def rate(layer: ReLULayer, first: Sequence[Fraction]) -> Callable[[int, Any], Fraction]:
        rho, step = matrix_norm(layer.weight.fractions(), "inf"), distance(layer.forward_exact(first), first, "inf")
        return lambda n, x_n: rho ** (n - 1) * step / (1 - rho)

    return _repeated("W_n = W, b_n = b", W, b, x, rate)


def dying(W: Any, b: Any, x: Any) -> Known:
    """W <= 0 and b <= 0: all states but the first are 0."""
    return _repeated("W_n = W <= 0, b_n = b <= 0", W, b, x, lambda *_: lambda n, x_n: vector_norm(x_n, "inf"))


def alternating(c: Any, x: Any) -> Known:
    """W_n = I, b_n = c (-1)^n / n: summable, but not absolutely."""
    exact, first = [Fraction(v) for v in c], tuple(Fraction(v) for v in x)
    size = vector_norm(exact, "inf")
    return Known(
        family="W_n = I, b_n = c (-1)^n / n",
        data={"c": texts(exact)},
        layer=lambda n: ReLULayer(eye(len(exact)), [(-1) ** n * v / n for v in exact]),
        first=first,
        rate=lambda n, x_n: size / (n + 1),
        mass=size / 2,
        near=size**2,
    )


def shrinking(x: Any) -> Known:
    """W_n = n/(n+1) I, b_n = 0: x_n = 2 x_1 / (n + 1)."""
    first = tuple(Fraction(v) for v in x)
    return Known(
        family="W_n = (1 - 1/(n+1)) I, b_n = 0",
        data={},
        layer=lambda n: ReLULayer(eye(len(first)) * Fraction(n, n + 1)),
        first=first,
        rate=lambda n, x_n: 2 * vector_norm(first, "inf") / (n + 1),
        mass=Fraction(1, 3),
        near=Fraction(1),
    )


def summable(A: Any, c: Any, x: Any) -> Known:
    """W_n = I + A / n^2, b_n = c / n^2 with |A| <= 1/2."""
    bias, first = [Fraction(v) for v in c], tuple(Fraction(v) for v in x)
    matrix = np.array([[Fraction(v) for v in row] for row in A], dtype=object)
    p, beta = matrix_norm(matrix.tolist(), "inf"), vector_norm(bias, "inf")

    def rate(n: int, x_n: Sequence[Fraction]) -> Fraction:
        growth = 1 / (1 - p / n)  # exp(s) <= 1 / (1 - s) for s = p sum_{k > n} 1/k^2 <= p / n
        return (growth - 1) * vector_norm(x_n, "inf") + growth * beta / n

    return Known(
        family="W_n = I + A/n^2, b_n = c/n^2",
        data={"A": [texts(row) for row in matrix.tolist()], "c": texts(bias)},
        layer=lambda n: ReLULayer(eye(len(first)) + matrix / n**2, [v / n**2 for v in bias]),
        first=first,
        rate=rate,
        near=(p + beta) ** 2,
    )


def harmonic(c: Any, x: Any) -> Known:
    """W_n = I, b_n = c / n, c > 0: x_{2n} - x_n >= c/2 without end."""
    step, first = Fraction(c), tuple(Fraction(v) for v in x)
    return Known(
        family="W_n = I, b_n = c/n (1, ..., 1)",
        data={"c": str(step)},
        layer=lambda n: ReLULayer(eye(len(first)), [step / n] * len(first)),
        first=first,
        turns=lambda n: (n, 2 * n),
        jump=step / 2,
        mass=step / 2,
        near=step**2,
    )


def rising(a: Any, x: Any) -> Known:
    """W_n = (1 + a/n) I, b_n = 0, a > 0, x_1 not 0."""
    share, first = Fraction(a), tuple(Fraction(v) for v in x)
    return Known(
        family="W_n = (1 + a/n) I, b_n = 0",
        data={"a": str(share)},
        layer=lambda n: ReLULayer(eye(len(first)) * (1 + share / n)),
        first=first,
        turns=lambda n: (n, 2 * n),
        jump=share / 2 * vector_norm(first, "inf"),
        mass=share / 2,
        near=share**2,
    )


def sawtooth() -> Known:
    """W_n = 1 and b = 1, -1, 1/2, 1/2, -1/2, -1/2, 1/3, ...: from 0 to 1 and back for ever, more and more slowly."""

    def block(n: int) -> tuple[int, int]:
        """The tooth k and the place in it of step n - 1 = 1, 2, ...; the first k teeth have k (k + 1) steps."""
        k = (1 + isqrt(4 * (n - 1) - 3)) // 2
        return k, n - 1 - k * (k - 1)

    def layer(n: int) -> ReLULayer:
        k, place = block(n)
        return ReLULayer([[1]], [Fraction(1 if place <= k else -1, k)])

    def turns(n: int) -> tuple[int, int]:
        k = block(n + 1)[0] + 1  # the next tooth begins at depth 1 + k (k - 1) and has its top k steps later
        return 1 + k * (k - 1), 1 + k * k

    return Known(
        family="W_n = 1, b = 1, -1, 1/2, 1/2, -1/2, -1/2, 1/3, ...",
        data={},
        layer=layer,
        first=(Fraction(0),),
        turns=turns,
        jump=Fraction(1),
        mass=Fraction(1, 2),
        near=Fraction(4),
    )


def random_convergent(rng: np.random.Generator) -> Known:
    """A convergent family: contracting, dying, alternating, shrinking or summable."""
    m = int(rng.integers(1, 4))
    x = np.abs(random_fractions(rng, m, most=3))
    kind = int(rng.integers(0, 5))
    if kind == 0:
        return contracting(random_fractions(rng, (m, m), most=1, over=4), random_fractions(rng, m), x)
    if kind == 1:
        return dying(-np.abs(random_fractions(rng, (m, m))), -np.abs(random_fractions(rng, m)), x)
    if kind == 2:
        return alternating(random_fractions(rng, m), x)
    if kind == 3:
        return shrinking(x)
    return summable(random_fractions(rng, (m, m), most=1, over=2 * m), random_fractions(rng, m), x)


def random_tame(rng: np.random.Generator) -> Known:
    """A family with W_n -> I and b_n -> 0, convergent or not."""
    m = int(rng.integers(1, 4))
    x = np.abs(random_fractions(rng, m, most=3)) + 1
    kind = int(rng.integers(0, 5))
    if kind == 0:
        return harmonic(Fraction(int(rng.integers(1, 5)), 3), x)
    if kind == 1:
        return rising(Fraction(int(rng.integers(1, 5)), 3), x)
    if kind == 2:
        return alternating(random_fractions(rng, m), x)
    if kind == 3:
        return shrinking(x)
    return summable(random_fractions(rng, (m, m), most=1, over=2 * m), random_fractions(rng, m), x)
