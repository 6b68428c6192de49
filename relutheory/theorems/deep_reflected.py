"""Summable perturbations of the identity and biases whose sums settle: in each coordinate a reflected walk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate
from math import prod

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.deep_summable import is_square, scalars
from relutheory.theorems.depth import NORMS, Deep, deep, eye, random_fractions, short, sizes, states, vector_norm
from relutheory.theorems.instances import texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Values = Sequence[Fraction]
Rise = Callable[[Values], Fraction]
Growth = Callable[[Values, Fraction, Fraction], Fraction]


def rise(sums: Values) -> Fraction:
    """max_{i <= k} (S_k - S_i); sums : S_n, ..., S_N."""
    return max(high - low for low, high in zip(accumulate(sums, min), sums, strict=True))


def net_rise(sums: Values) -> Fraction:
    return max(sums[-1] - sums[0], Fraction(0))


def growth(p: Values, size: Fraction, up: Fraction) -> Fraction:
    """(prod (1 + p_k) - 1)(|x_n| + |U|)."""
    return (prod((1 + q for q in p), start=Fraction(1)) - 1) * (size + up)


def without_the_biases(p: Values, size: Fraction, up: Fraction) -> Fraction:
    return growth(p, size, Fraction(0))


def no_growth(p: Values, size: Fraction, up: Fraction) -> Fraction:
    return sum(p, Fraction(0)) * (size + up)


def reflected(
    up: Rise = rise,
    grown: Growth = growth,
    *,
    activation: str | None = None,
    start: int = 1,
    share: Fraction | int = 1,
) -> Claim:
    """The two bounds of what a coordinate moves by, and that of the rise of S, for all start <= n < N.

    share : of the sum of the p_k in the bound of the rise.
    """

    def claim(instance: Deep) -> Evidence:
        points = [list(instance.x), *states(instance, activation)]
        biases = [layer.bias.fractions() for layer in instance.layers]
        m, slack, last = len(points[-1]), 1, f"x_{len(points) - 1} = ({', '.join(map(short, points[-1]))})"
        for norm in NORMS:
            p, _ = sizes(instance.layers[start:], norm)
            for n in range(start, len(points) - 1):
                for N in range(n + 1, len(points)):
                    between = p[n - start : N - start]
                    S = [[Fraction(0), *accumulate(b[j] for b in biases[n:N])] for j in range(m)]
                    ups, downs = [up(s) for s in S], [up([-v for v in s]) for s in S]
                    g = grown(between, vector_norm(points[n], norm), vector_norm(ups, norm))
                    largest = max(vector_norm(x, norm) for x in points[n : N + 1])
                    room = (1 + share * sum(between, Fraction(0))) * largest
                    for j in range(m):
                        moved = points[N][j] - points[n][j]
                        if not -g - downs[j] <= moved <= g + ups[j]:
                            return _wrong(instance, points, norm, f"x_{N} - x_{n} = {short(moved)} in coordinate {j}")
                        if S[j][-1] > room:
                            rose = f"S_{N} - S_{n} = {short(S[j][-1])} in coordinate {j}"
                            return _wrong(instance, points, norm, rose)
                        if (n, N) == (start, len(points) - 1) and moved in (g + ups[j], -g - downs[j]):
                            slack = 0
        return compare(True, last, "within the bounds", {}, slack)

    return claim


def _wrong(instance: Deep, points: Sequence[Values], norm: str, measured: str) -> Evidence:
    data = instance.described() | {"norm": norm, "found": measured, "states": [texts(x) for x in points[1:]]}
    return compare(False, measured, f"within the bounds, in the norm {norm}", data)


def random(rng: np.random.Generator) -> Deep:
    """Layers I + A_n / n^2 of small random A_n, biases that alternate or fall like 1/n, or are random."""
    m, depth, kind = int(rng.integers(1, 4)), int(rng.integers(2, 7)), int(rng.integers(0, 3))
    size = random_fractions(rng, m, most=3)
    layers = [ReLULayer(random_fractions(rng, (m, m)), random_fractions(rng, m))]
    for n in range(2, depth + 1):
        W = eye(m) + random_fractions(rng, (m, m), over=n**2)
        drawn = random_fractions(rng, m, most=3, over=n)
        b = [size * Fraction((-1) ** n, n), -abs(size) * Fraction(1, n), drawn][kind]
        layers.append(ReLULayer(W, b))
    return deep(layers, random_fractions(rng, m, most=3, over=2))


ALTERNATING = [("1", f"{(-1) ** n}/{n}") for n in range(2, 12)]

THEOREM = Theorem(
    id="deep.reflected",
    title="Summable perturbations of the identity and biases whose sums settle",
    statement=(
        r"Let $x_n = \mathrm{ReLU}((I + P_n) x_{n-1} + b_n)$ for $n \geq 2$, $p_k = |P_k|$ in the norm $1$, $2$ or "
        r"$\infty$, and $S_n = b_1 + \cdots + b_n$. For $1 \leq n \leq N$ put $U_j = \max_{n \leq i \leq k \leq N} "
        r"(S_k - S_i)_j$, $D_j = \max_{n \leq i \leq k \leq N} (S_i - S_k)_j$ and $g = (\prod_{k=n+1}^{N} (1 + p_k) - "
        r"1)(|x_n| + |U|)$. Then $-g - D_j \leq x_{N,j} - x_{n,j} \leq g + U_j$ for each coordinate $j$, and $(S_N - "
        r"S_n)_j \leq (1 + \sum_{k=n+1}^{N} p_k) \max_{n \leq i \leq N} |x_i|$. So where $\sum p_k < \infty$: if for "
        r"each $j$ the sums $S_{n,j}$ converge, or $b_{n,j} \leq 0$ from some $n$ on, then $x_n$ converges, and its "
        r"coordinates with $S_{n,j} \to -\infty$ tend to $0$; if one $S_{n,j}$ has no upper bound, $x_n$ is unbounded "
        r"for every input."
    ),
    cite=Cite(key="lindley1952", locator="locator unverified"),
    hypotheses={"all layers but the first are square": is_square},
    claim=reflected(),
    tight=(
        Case(name="weights alone", instance=scalars(("5/4", "0"), ("10/9", "0"))),
        Case(name="falling", instance=scalars(("1", "-1/4"), ("1", "-1/9"))),
        Case(name="rising biases alone", instance=scalars(*ALTERNATING[::2])),
        Case(name="down to 0 and up", instance=scalars(("1", "-7"), ("1", "1/9"), ("1", "1/16"), x="0")),
        Case(name="a bias first, then a weight", instance=scalars(("1", "1"), ("2", "0"))),
        Case(name="1e300", instance=scalars(("1", "1e300"), ("2", "0"))),
    ),
    edge=(
        Case(name="one layer", instance=deep([([[2, -1]], [1])], [3, 4])),
        Case(name="identities", instance=scalars(("1", "0"), ("1", "0"), x="-1")),
        Case(name="up and down", instance=scalars(("1", "1/4"), ("1", "-1/9"), ("1", "-1/4"), x="0")),
        Case(name="alternating", instance=scalars(*ALTERNATING)),
        Case(name="life after death", instance=scalars(("1", "-7"), ("2", "3"), ("1/2", "-1"))),
        Case(name="weights that hold the state down", instance=scalars(("1", "4"), ("0", "4"), ("0", "4"), x="4")),
        Case(
            name="coupled",
            instance=deep(
                [(eye(2), [0, 0]), ([[1, -1], [1, 1]], [1, -1]), ([["3/4", 0], [0, "3/2"]], [-1, 1])], ["1/2", 2]
            ),
        ),
    ),
    random=random,
    mutants=(
        Mutant(name="the net change", change="U and D from S_N - S_n alone", claim=reflected(net_rise)),
        Mutant(name="no bias in g", change="|x_n| in place of |x_n| + |U|", claim=reflected(grown=without_the_biases)),
        Mutant(name="no growth", change="the sum of the p_k in place of the product", claim=reflected(grown=no_growth)),
        Mutant(name="the rise alone", change="S_N - S_n <= max |x_i|", claim=reflected(share=0)),
        Mutant(
            name="from the input on",
            change="n = 0 is allowed",
            claim=reflected(start=0),
            needs={"W_1 is square": lambda i: i.layers[0].m == i.layers[0].n},
        ),
        Mutant(
            name="leaky ReLU",
            change="slope 1/2 below 0",
            claim=reflected(activation="leaky ReLU, slope 1/2"),
        ),
    ),
    proof="deep_reflected",
    provenance=(
        "Ours: Lindley's formula with the increments P_n x_{n-1} + b_n, derived in proofs_check/deep_reflected.py. "
        "Checked on exact states in the norms 1 and infinity, every pair n < N."
    ),
)
