"""The state is a maximum of partial sums, as in a queue: biases whose sum converges are enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.depth import ACTIVATIONS, distance, eye, matrix_norm, random_fractions, short, vector_norm
from relutheory.theorems.instances import texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Values = Sequence[Fraction]
Formula = Callable[[Fraction, Values], Fraction]


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A start x_0, biases b_1, b_2, ..., and matrices P_1, P_2, ... (None: all zero): one queue per coordinate."""

    x: tuple[Fraction, ...]
    biases: tuple[tuple[Fraction, ...], ...]
    perturbations: tuple[Any, ...] | None = None

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        data: dict[str, Any] = {"x": texts(self.x), "b": [texts(b) for b in self.biases]}
        if self.perturbations is not None:
            data["P"] = [[texts(row) for row in P] for P in self.perturbations]
        return data

    @property
    def sizes(self) -> list[Fraction]:
        """|P_1|, |P_2|, ... in the norm infinity."""
        return [matrix_norm(P, "inf") for P in self.perturbations or ()] or [Fraction(0)] * len(self.biases)


def queue(x: Sequence[Any], biases: Sequence[Sequence[Any]], perturbations: Sequence[Any] | None = None) -> Queue:
    exact = tuple(tuple(Fraction(v) for v in b) for b in biases)
    P = None if perturbations is None else tuple([[Fraction(v) for v in row] for row in P] for P in perturbations)
    return Queue(x=tuple(Fraction(v) for v in x), biases=exact, perturbations=P)


def line(x: Any, *biases: Any, P: Sequence[Any] | None = None) -> Queue:
    """Width 1."""
    return queue([x], [[b] for b in biases], None if P is None else [[[p]] for p in P])


def by_layers(instance: Queue, activation: str = "ReLU") -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """x_0, x_1, ... by exact layers with W_n = I + P_n; and the steps d_n = P_n x_{n-1} + b_n."""
    x, function, m = list(instance.x), ACTIVATIONS[activation], len(instance.x)
    found, steps = [x], []
    zero = [[Fraction(0)] * m] * m
    for n, b in enumerate(instance.biases):
        P = zero if instance.perturbations is None else instance.perturbations[n]
        layer = ReLULayer(eye(m) + np.array(P, dtype=object).reshape(m, m), b)
        inside = layer.preactivation_exact(x)
        steps.append([v - old for v, old in zip(inside, x, strict=True)])
        x = [function(v) for v in inside]
        found.append(x)
    return found, steps


def maximum(x: Fraction, sums: Values) -> Fraction:
    """max(x_0 + S_n, max_{1 <= k <= n} (S_n - S_k)); sums : S_1, ..., S_n."""
    return max(x + sums[-1], *(sums[-1] - s for s in sums))


def without_the_last(x: Fraction, sums: Values) -> Fraction:
    return max([x + sums[-1], *(sums[-1] - s for s in sums[:-1])])


def from_zero(x: Fraction, sums: Values) -> Fraction:
    return max(maximum(x, sums), sums[-1])


def free(x: Fraction, sums: Values) -> Fraction:
    return max(x + sums[-1], Fraction(0))


def oscillation(sums: Values) -> Fraction:
    """The largest |S_j - S_i|; sums : S_n, ..., S_N."""
    return max(sums) - min(sums)


def net_change(sums: Values) -> Fraction:
    return abs(sums[-1] - sums[0])


Growth = Callable[[Fraction, Fraction, Values], Fraction]


def growth(size: Fraction, omega: Fraction, p: Values) -> Fraction:
    """(|x_n| + omega) prod (1 + p_k) - |x_n|."""
    return (size + omega) * prod((1 + v for v in p), start=Fraction(1)) - size


def omega_apart(size: Fraction, omega: Fraction, p: Values) -> Fraction:
    return growth(size, Fraction(0), p) + omega


def no_growth(size: Fraction, omega: Fraction, p: Values) -> Fraction:
    return omega + size * sum(p, Fraction(0))


def lindley(
    formula: Formula = maximum,
    moved: Callable[[Values], Fraction] = oscillation,
    activation: str = "ReLU",
    bound: Growth = growth,
) -> Claim:
    """The claim of the formula and of both bounds: by `moved` of the sums, and by `bound`."""

    def claim(instance: Queue) -> Evidence:
        states, steps = by_layers(instance, activation)
        depth = len(instance.biases)
        for j, x in enumerate(instance.x):
            sums = [Fraction(0), *accumulate(d[j] for d in steps)]
            for n in range(1, depth + 1):
                value, expected = states[n][j], formula(x, sums[1 : n + 1])
                if value != expected:
                    return _wrong(instance, j, n, f"x_{n} = {short(value)}", f"the formula gives {short(expected)}")
                for N in range(n + 1, depth + 1):
                    step, most = abs(states[N][j] - value), moved(sums[n : N + 1])
                    if step > most:
                        return _wrong(instance, j, n, f"|x_{N} - x_{n}| = {short(step)}", f"at most {short(most)}")
        biases = [[Fraction(0), *accumulate(b[j] for b in instance.biases)] for j in range(len(instance.x))]
        for n in range(1, depth + 1):
            for N in range(n + 1, depth + 1):
                omega = max((moved(sums[n : N + 1]) for sums in biases), default=Fraction(0))
                step = distance(states[N], states[n], "inf")
                most = bound(vector_norm(states[n], "inf"), omega, instance.sizes[n:N])
                if step > most:
                    return _wrong(instance, None, n, f"|x_{N} - x_{n}| = {short(step)}", f"at most {short(most)}")
        last = f"x_{depth} = ({', '.join(short(v) for v in states[-1])})"
        return compare(True, last, "the maximum of the partial sums", {}, 0)

    return claim


def _wrong(instance: Queue, j: int | None, n: int, measured: str, expected: str) -> Evidence:
    data = instance.described() | {"coordinate": j, "n": n, "found": measured, "expected": expected}
    return compare(False, measured, expected, data)


def random(rng: np.random.Generator) -> Queue:
    """Small random biases, in a third of the cases alternating c (-1)^n / n."""
    m, depth = int(rng.integers(1, 4)), int(rng.integers(1, 9))
    drawn = random_fractions(rng, (depth, m), most=4, over=3)
    if rng.random() < 1 / 3:
        drawn = [[Fraction((-1) ** n * (j + 1), n) for j in range(m)] for n in range(1, depth + 1)]
    P = None
    if rng.random() < 1 / 2:
        P = [random_fractions(rng, (m, m), over=2 * n**2) for n in range(1, depth + 1)]
    return queue(random_fractions(rng, m, most=4, over=3), drawn, P)


ALTERNATING = [Fraction((-1) ** n, n) for n in range(1, 25)]

THEOREM = Theorem(
    id="deep.lindley",
    title="Lindley's formula, and biases whose sum converges",
    statement=(
        r"Let $x_n = \mathrm{ReLU}((I + P_n)\,x_{n-1} + b_n)$ for $n \geq 1$, $d_n = P_n x_{n-1} + b_n$ and $S_n = "
        r"d_1 + \cdots + d_n$. In each coordinate $x_n = \max(x_0 + S_n, \max_{1 \leq k \leq n} (S_n - S_k))$ and "
        r"$|x_N - x_n| \leq \max_{n \leq i, j \leq N} |S_j - S_i|$ for $1 \leq n \leq N$. With $p_k = |P_k|_\infty$ "
        r"and $\omega$ the largest entry of any $|b_{i+1} + \cdots + b_j|$, $n \leq i \leq j \leq N$: $|x_N - "
        r"x_n|_\infty \leq (|x_n|_\infty + \omega) \prod_{k=n+1}^{N} (1 + p_k) - |x_n|_\infty$. So $\sum |P_n| < "
        r"\infty$ and a convergent $\sum b_n$ make $x_n$ converge, even if $\sum |b_n| = \infty$; for $P_n = 0$ to "
        r"$\max(x_0 + S, S - \inf_{k \geq 1} S_k)$."
    ),
    cite=Cite(key="lindley1952", locator="locator unverified"),
    hypotheses={"there is a layer": lambda i: len(i.biases) > 0},
    claim=lindley(),
    tight=(
        Case(name="growing", instance=line(0, 1, "1/2", "1/3")),
        Case(name="falling to 0 and staying", instance=line(1, "-2/3", "-2/3", "-2/3")),
        Case(name="down and up", instance=line(0, -1, 1, -1, 1)),
        Case(name="(-1)^n / n", instance=line(0, *ALTERNATING)),
        Case(name="growing by weights too", instance=line(1, "1/2", "1/4", "1/8", P=[0, "1/4", "1/9"])),
        Case(name="two coordinates", instance=queue([0, -1], [[1, -1], [-2, 3], [1, -1]])),
    ),
    edge=(
        Case(name="one layer", instance=line("1/3", "-1/3")),
        Case(name="no bias", instance=line(2, 0, 0)),
        Case(name="a negative start", instance=line(-5, 1, 1)),
        Case(name="a negative start that does not matter", instance=line(-5, 7)),
        Case(name="weights that swap", instance=queue([1, 2], [[0, 1], [1, -3]], [[[-1, 1], [1, -1]]] * 2)),
        Case(name="weights that switch off", instance=line(1, 1, 1, P=[-1, -9])),
        Case(name="1e300 and 1e-300", instance=line(0, 1e300, -1e300, 1e-300)),
    ),
    random=random,
    mutants=(
        Mutant(name="k < n", change="the maximum over 1 <= k < n", claim=lindley(without_the_last)),
        Mutant(name="k from 0", change="the maximum over 0 <= k <= n with S_0 = 0", claim=lindley(from_zero)),
        Mutant(name="no reflection on the way", change="max(x_0 + S_n, 0)", claim=lindley(free)),
        Mutant(
            name="the net change",
            change="|x_N - x_n| <= |S_N - S_n|",
            claim=lindley(moved=net_change),
        ),
        Mutant(
            name="omega does not grow",
            change="|x_n| (prod (1 + p_k) - 1) + omega",
            claim=lindley(bound=omega_apart),
        ),
        Mutant(name="nothing grows", change="|x_n| sum p_k + omega", claim=lindley(bound=no_growth)),
        Mutant(name="leaky ReLU", change="slope 1/2 below 0", claim=lindley(activation="leaky ReLU, slope 1/2")),
    ),
    proof="deep_lindley",
    provenance=(
        "The recursion of waiting times of a queue; the formula is classical, its place in the source is not "
        "verified; weights and the bounds are ours. Derived in proofs_check/deep_lindley.py; compared with exact "
        "layers."
    ),
)
