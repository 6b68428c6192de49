"""Refinable functions by the cascade, as products of two matrices, and by networks at the cascade's rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import comb
from typing import Any

import numpy as np

from relutheory.theorems.instances import texts
from relutheory.theorems.parts import all_hold, exact_error
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem

Vector = list[Fraction]


@dataclass(frozen=True, kw_only=True)
class Refinement:
    """Coefficients c_0, ..., c_N, the number n of steps, and a dyadic point x in [0, N)."""

    c: tuple[Fraction, ...]
    n: int
    x: Fraction

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"c": texts(self.c), "n": self.n, "x": str(self.x)}

    @property
    def N(self) -> int:
        return len(self.c) - 1


def refinement(c: Sequence[Any], n: int, x: Any) -> Refinement:
    return Refinement(c=tuple(map(Fraction, c)), n=n, x=Fraction(x))


def b_spline(N: int) -> list[Fraction]:
    return [Fraction(comb(N, j), 2 ** (N - 1)) for j in range(N + 1)]


def daubechies(root: Any) -> list[Fraction]:
    """The four coefficients with `root` in the place of the square root of 3."""
    r = Fraction(root)
    return [(1 + r) / 4, (3 + r) / 4, (3 - r) / 4, (1 - r) / 4]


def iterate(instance: Refinement, x: Fraction, n: int, start: Callable[[Fraction], Fraction]) -> Fraction:
    """V^n psi (x) from the definition, V f(x) = sum c_j f(2x - j)."""
    if not 0 < x < instance.N:
        return Fraction(0)
    if n == 0:
        return start(x)
    return sum((c * iterate(instance, 2 * x - j, n - 1, start) for j, c in enumerate(instance.c)), Fraction(0))


def linear(values: Sequence[Fraction]) -> Callable[[Fraction], Fraction]:
    """The linear interpolant at the integers 0, ..., N."""

    def psi(x: Fraction) -> Fraction:
        i = min(int(x // 1), len(values) - 2)
        return values[i] + (values[i + 1] - values[i]) * (x - i)

    return psi


Index = Callable[[int, int, int], int]


def index(i: int, j: int, b: int) -> int:
    """(T_b)_ij = c_{2i + b - j}."""
    return 2 * i + b - j


def other_digit(i: int, j: int, b: int) -> int:
    return 2 * i - b - j


def transposed(i: int, j: int, b: int) -> int:
    return index(j, i, b)


def by_matrices(instance: Refinement, values: Sequence[Fraction], at: Index, backwards: bool) -> Vector:
    """T_{b_1} ... T_{b_n} applied to psi at the rest of x; entry i belongs to x + i."""
    N, y, digits = instance.N, instance.x % 1, []
    for _ in range(instance.n):
        digits.append(int(2 * y >= 1))
        y = 2 * y - digits[-1]
    v = [(1 - y) * values[i] + y * values[i + 1] for i in range(N)]
    for b in digits if backwards else reversed(digits):
        v = applied(matrix(instance, at, b), v)
    return v


def matrix(instance: Refinement, at: Index, b: int) -> list[Vector]:
    c, rows = instance.c, range(instance.N)
    return [[c[at(i, j, b)] if 0 <= at(i, j, b) < len(c) else Fraction(0) for j in rows] for i in rows]


def applied(T: list[Vector], v: Vector) -> Vector:
    return [sum((p * q for p, q in zip(row, v, strict=True)), Fraction(0)) for row in T]


def cascade(at: Index = index, backwards: bool = False, agrees: Callable[[int], int] = lambda n: n) -> Claim:
    """The claim of the matrices, of the interpolation at i / 2^agrees(n), and of both error bounds."""

    def claim(instance: Refinement) -> Evidence:
        from relutheory.univariate.constructions import refinable_network
        from relutheory.univariate.constructions.cascade import Cascade

        n, x, known = instance.n, instance.x, Cascade(instance.c)
        values = known.start
        psi = linear(values)
        direct = iterate(instance, x, n, psi)
        vector = by_matrices(instance, values, at, backwards)
        level = max(x.denominator.bit_length() - 1, n)
        limit = iterate(instance, x, level, psi)  # phi itself: x is an integer over 2^level
        entry, most = vector[int(x // 1)], known.error(n)
        factors, r = known.contraction
        network = refinable_network(instance.c, n)
        value, room = network(x), exact_error(network) - most  # of the network beside V^n psi
        parts = {
            "the matrices": entry == direct,
            "a sum of 1": sum(vector) == 1,
            "the cascade's error": abs(limit - direct) <= most,
            "its rate": r < 1 and known.error(n + factors) <= r * most and shrunk(instance, factors, at) <= r,
            "phi at i / 2^n": direct == limit or 2 ** agrees(n) % x.denominator != 0,
            "the network": abs(value - direct) <= room <= max(most, Fraction(1, 2**n)) / 2**19,
            "width and depth": size(network) == (6 * instance.N + 9, 2 * (n + instance.N.bit_length()) + 4),
        }
        measured = f"V^{n} psi = {_short(entry)} by matrices, {_short(direct)} directly, phi = {_short(limit)}"
        expected = f"phi within {float(most):.2e}, the network within {float(network.error):.2e}"
        return all_hold(parts, measured, expected, instance.described() | {"network": str(value)}, 0)

    return claim


def size(made: Any) -> tuple[int, int]:
    return made.width, made.depth


def shrunk(instance: Refinement, factors: int, at: Index) -> Fraction:
    """How long vectors e_k - e_{k+1} are, at most together, after so many matrices, by the digits of x, then 0s.

    The length of a vector of sum 0 is the largest of its partial sums in size.
    """
    N, y, T = instance.N, instance.x % 1, [matrix(instance, at, b) for b in (0, 1)]
    columns = [[Fraction(int(i == k) - int(i == k + 1)) for i in range(N)] for k in range(N - 1)]
    for _ in range(factors):
        b = int(2 * y >= 1)
        y = 2 * y - b
        columns = [applied(T[b], v) for v in columns]
    sums = zip(*(accumulate(v) for v in columns), strict=True)
    return max(sum(map(abs, row), Fraction(0)) for row in sums)


def _short(number: Fraction) -> str:
    text = str(number)
    return text if len(text) < 20 else f"{float(number):.9g}"


def converges(instance: Refinement) -> bool:
    """Whether products of at most 8 of the matrices on vectors of sum 0 contract."""
    from relutheory.univariate.constructions.cascade import Cascade

    return min(Cascade(instance.c).norms[1:]) < 1


def sum_rules(instance: Refinement) -> bool:
    return sum(instance.c[::2]) == sum(instance.c[1::2]) == 1


def random(rng: np.random.Generator) -> Refinement:
    kind = int(rng.integers(0, 3))
    if kind == 0:
        c = b_spline(int(rng.integers(2, 4)))
    elif kind == 1:
        c = daubechies(Fraction(int(rng.integers(11, 19)), 10))
    else:
        a, b = (Fraction(int(v), 16) for v in rng.integers(2, 13, size=2))
        c = [a, b, 1 - a, 1 - b]
    n = int(rng.integers(1, 4))
    return refinement(c, n, Fraction(int(rng.integers(0, (len(c) - 1) * 64)), 64))


THEOREM = Theorem(
    id="uni.refinable",
    title="Refinable functions by the cascade",
    statement=(
        r"Let $\phi = \sum_{j=0}^{N} c_j \phi(2 \cdot - j)$, with $\sum c_{2j} = \sum c_{2j+1} = 1$, $V f = \sum_j "
        r"c_j f(2 \cdot - j)$, and $(T_b)_{ij} = c_{2i+b-j}$ for $0 \leq i, j < N$. For $x \in [0, 1)$ with the "
        r"digits $b_1, b_2, \ldots$ and $y$ the fractional part of $2^n x$, the vector of the $V^n \psi(x + i)$ is "
        r"$T_{b_1} \cdots T_{b_n}$ applied to that of the $\psi(y + i)$. If products of these matrices contract "
        r"vectors of sum $0$ at the rate $\lambda < 1$, then $|\phi - V^n \psi| \leq C \lambda^n$ for the linear "
        r"interpolant $\psi$ of $\phi$ at the integers; $V^n \psi$ meets $\phi$ at $i / 2^n$; and networks of "
        r"width $6N + 9$ and depth $2 (n + d) + 4$, $d$ the number of binary digits of $N$, approximate $\phi$ with a "
        r"bound as near to that as one likes."
    ),
    cite=Cite(key="daubechies2023", locator="locator unverified"),
    hypotheses={
        "even and odd coefficients add up to 1": sum_rules,
        "there are at least 3 coefficients": lambda i: i.N >= 2,
        "n >= 1": lambda i: i.n >= 1,
        "x is dyadic, in [0, N)": lambda i: 0 <= i.x < i.N and i.x.denominator & (i.x.denominator - 1) == 0,
        "the cascade is seen to contract": converges,
    },
    claim=cascade(),
    tight=(
        Case(name="the hat function", instance=refinement(b_spline(2), 4, "5/8")),
        Case(name="the quadratic B-spline", instance=refinement(b_spline(3), 3, "21/16")),
        Case(name="the cubic B-spline", instance=refinement(b_spline(4), 2, "27/8")),
        Case(name="nearly Daubechies' D4", instance=refinement(daubechies("97/56"), 4, "71/64")),
    ),
    edge=(
        Case(name="x = 0", instance=refinement(b_spline(3), 2, 0)),
        Case(name="one step", instance=refinement(b_spline(3), 1, "5/4")),
        Case(name="a digit 1 and nothing after it", instance=refinement(daubechies("7/4"), 3, "3/2")),
        Case(name="12 steps", instance=refinement(b_spline(2), 12, Fraction(4097, 4096))),
        Case(name="c_0 = 0: a shift", instance=refinement([0, "1/2", 1, "1/2"], 3, "7/4")),
        Case(name="a point left of the support's end", instance=refinement(daubechies("5/3"), 3, Fraction(191, 64))),
    ),
    random=random,
    mutants=(
        Mutant(name="the last digit first", change="T_{b_n} ... T_{b_1}", claim=cascade(backwards=True)),
        Mutant(name="the digit subtracted", change="(T_b)_ij = c_{2i - b - j}", claim=cascade(at=other_digit)),
        Mutant(name="the transposes", change="(T_b)_ij = c_{2j + b - i}", claim=cascade(at=transposed)),
        Mutant(
            name="a level more",
            change="V^n psi meets phi at i / 2^(n + 1)",
            claim=cascade(agrees=lambda n: n + 1),
        ),
    ),
    proof="univariate_refinable",
    provenance=(
        "From the abstract of the paper; formulas and bounds are ours. The cascade is evaluated from its definition "
        "and compared with the matrices; the steps are replayed in proofs_check/univariate_refinable.py."
    ),
)
