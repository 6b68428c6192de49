"""The piecewise linear waves C_k and S_k are a Riesz basis, with the best bounds 2/9 and 1/2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, pairwise, product
from math import gcd, isqrt, prod
from typing import Any

import numpy as np
from flint import fmpq

from relutheory.core.exact import to_fmpq
from relutheory.core.verdict import Verdict
from relutheory.theorems.instances import texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Matrix = list[list[Fraction]]
Products = Callable[[int, int], tuple[Fraction, Fraction]]


@dataclass(frozen=True, kw_only=True)
class Waves:
    """The frequencies k of waves; `powers` : they are all products of p^0, ..., p^(n - 1) for these pairs (p, n)."""

    k: tuple[int, ...]
    powers: tuple[tuple[int, int], ...] = ()

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"powers": [list(pair) for pair in self.powers]} if self.powers else {"k": list(self.k)}


def waves(*k: int) -> Waves:
    return Waves(k=k)


def grid(*powers: tuple[int, int]) -> Waves:
    """All products of powers: their Gram matrix is a tensor product."""
    ranges = [[p**i for i in range(n)] for p, n in powers]
    return Waves(k=tuple(prod(choice) for choice in product(*ranges)), powers=powers)


def integral(k: int, a: int, l: int, b: int) -> Fraction:
    """The integral of C(kx - a/4) C(lx - b/4) over [0, 1]: by Simpson's rule between all kinks, exactly.

    x = t / 16kl, so that kinks, the middles between them, and values times 16l and 16k are integers.
    """
    unit = 16 * k * l
    kinks = {*range(4 * l * a, unit, 8 * l), *range(4 * k * b, unit, 8 * k), 0, unit}

    def at(t: int) -> int:
        first = abs(4 * ((t - 4 * l * a) % (16 * l)) - 32 * l) - 16 * l
        second = abs(4 * ((t - 4 * k * b) % (16 * k)) - 32 * k) - 16 * k
        return first * second

    total = sum((q - p) * (at(p) + 4 * at((p + q) // 2) + at(q)) for p, q in pairwise(sorted(kinks)))
    return Fraction(total, 6 * unit * 16 * k * 16 * l)


def inner_products(k: int, l: int) -> tuple[Fraction, Fraction]:
    """<C_k, C_l> and <S_k, S_l> by the formula."""
    if k & -k != l & -l:
        return Fraction(0), Fraction(0)
    cosines = Fraction(gcd(k, l) ** 4, 3 * (k * l) ** 2)
    odd = [n // (n & -n) % 4 for n in (k, l)]
    return cosines, cosines if odd[0] == odd[1] else -cosines


def without_signs(k: int, l: int) -> tuple[Fraction, Fraction]:
    value, _ = inner_products(k, l)
    return value, value


def whatever_the_power_of_2(k: int, l: int) -> tuple[Fraction, Fraction]:
    value = Fraction(gcd(k, l) ** 4, 3 * (k * l) ** 2)
    return value, inner_products(k, l)[1]


def squared(k: int, l: int) -> tuple[Fraction, Fraction]:
    cosines, sines = inner_products(k, l)
    factor = Fraction(k * l, gcd(k, l) ** 2)
    return cosines * factor, sines * factor


def wrong_product(k: Sequence[int], products: Products) -> str | None:
    """The first inner product that is not as claimed."""
    for i, p in enumerate(k):
        for q in k[: i + 1]:
            cosines, sines = products(p, q)
            found = integral(p, 0, q, 0), integral(p, 1, q, 1), integral(p, 0, q, 1)
            if found != (cosines, sines, 0) or integral(p, 1, q, 0) != 0:
                return f"<C_{p}, C_{q}>, <S_{p}, S_{q}>, <C_{p}, S_{q}> = {', '.join(texts(found))}"
    return None


def definite(G: Matrix) -> bool:
    """Whether all pivots of the symmetric matrix are positive, in rationals."""
    rows = [[to_fmpq(v) for v in row] for row in G]
    for i, row in enumerate(rows):
        if row[i] <= 0:
            return False
        for below in rows[i + 1 :]:
            if below[i] != 0:
                factor = below[i] / row[i]
                for j in range(i + 1, len(rows)):
                    below[j] -= factor * row[j]
    return True


def extremes(G: Matrix) -> list[tuple[Fraction, list[Fraction]]]:
    """Quotients <c, Gc> / <c, c> near the least and the largest eigenvalue, exactly, with their vectors."""
    _, vectors = np.linalg.eigh(np.array([[float(v) for v in row] for row in G]))
    found = []
    for column in (vectors[:, 0], vectors[:, -1]):
        c = [Fraction(round(v * 2**20)) for v in column.tolist()]
        image = [
            sum((fmpq(g.numerator, g.denominator) * int(v) for g, v in zip(row, c, strict=True)), fmpq(0)) for row in G
        ]
        top = sum((Fraction(int(v.p), int(v.q)) * w for v, w in zip(image, c, strict=True)), Fraction(0))
        found.append((top / sum(v * v for v in c), c))
    return found


def toeplitz(p: int, n: int) -> Matrix:
    """p^(-2 |i - j|); 3 <C_k, C_l> of k = p^i, l = p^j is this, or the identity for p = 2."""
    return [
        [Fraction(int(i == j)) if p == 2 else Fraction(1, p ** (2 * abs(i - j))) for j in range(n)] for i in range(n)
    ]


def riesz(A: Fraction = Fraction(2, 9), B: Fraction = Fraction(1, 2), products: Products = inner_products) -> Claim:
    """The claim of the inner products and of A < eigenvalues < B."""

    def claim(instance: Waves) -> Evidence:
        k, data = instance.k, instance.described()
        if instance.powers:
            return _tensor(instance, A, B, products)
        wrong = wrong_product(k, products)
        if wrong is not None:
            return compare(False, wrong, "the formula", data | {"found": wrong})
        G = [[products(p, q)[0] for q in k] for p in k]
        (low, c), (high, d) = extremes(G)
        measured = f"{len(k)} waves, eigenvalues near {float(low):.6f} and {float(high):.6f}"
        return _judged((low, high), (A, B), measured, data | {"c": texts(c), "d": texts(d)}, lambda: _between(G, A, B))

    return claim


def _tensor(instance: Waves, A: Fraction, B: Fraction, products: Products) -> Evidence:
    """The same for a tensor product: extreme eigenvalues multiply."""
    k, data, factors = instance.k, instance.described(), [toeplitz(p, n) for p, n in instance.powers]
    places = list(product(*(range(n) for _, n in instance.powers)))
    for (p, at), (q, other) in combinations_with_replacement(list(zip(k, places, strict=True)), 2):
        if 3 * products(p, q)[0] != prod(T[i][j] for T, i, j in zip(factors, at, other, strict=True)):
            return compare(False, f"<C_{p}, C_{q}> = {products(p, q)[0]}", "a tensor product", data | {"at": [p, q]})
    pairs = [extremes(T) for T in factors]
    low, high = (prod((pair[end][0] for pair in pairs), start=Fraction(1, 3)) for end in (0, 1))
    data["vectors"] = [[texts(c) for _, c in pair] for pair in pairs]
    measured = f"{len(k)} waves, eigenvalues near {float(low):.6f} and {float(high):.6f}"

    def proved() -> bool:
        """Each factor lies between the ends of its symbol (1 - r) / (1 + r) and (1 + r) / (1 - r), r = p^-2."""
        ends = [Fraction(1) if p == 2 else Fraction(p * p - 1, p * p + 1) for p, _ in instance.powers]
        margins = [Fraction(1) if p != 2 else Fraction(1, 2) for p, _ in instance.powers]
        held = all(_between(T, m * e, 1 / (m * e)) for T, e, m in zip(factors, ends, margins, strict=True))
        return held and prod(ends) / 3 >= A and 1 / (3 * prod(ends)) <= B

    return _judged((low, high), (A, B), measured, data, proved)


def _between(G: Matrix, low: Fraction, high: Fraction) -> bool:
    lower = [[v - low * int(i == j) for j, v in enumerate(row)] for i, row in enumerate(G)]
    upper = [[high * int(i == j) - v for j, v in enumerate(row)] for i, row in enumerate(G)]
    return definite(lower) and definite(upper)


def _judged(
    found: tuple[Fraction, Fraction],
    bounds: tuple[Fraction, Fraction],
    measured: str,
    data: dict[str, Any],
    proved: Callable[[], bool],
) -> Evidence:
    """Violated where a vector shows it, proved where all eigenvalues are enclosed."""
    expected = f"between {bounds[0]} and {bounds[1]}"
    if found[0] < bounds[0] or found[1] > bounds[1]:
        return compare(False, measured, expected, data | {"quotients": texts(found)})
    if proved():
        return compare(True, measured, expected, {}, 0)
    return Evidence(verdict=Verdict.UNDECIDED, measured=measured, expected=expected)


def random(rng: np.random.Generator) -> Waves:
    if rng.random() < 0.3:
        primes = rng.choice([2, 3, 5, 7, 11, 13], size=int(rng.integers(1, 4)), replace=False).tolist()
        return grid(*((int(p), int(rng.integers(1, 6))) for p in primes))
    count = int(rng.integers(1, 6))
    return waves(*sorted(int(v) for v in rng.choice(np.arange(1, 25), size=count, replace=False)))


THEOREM = Theorem(
    id="uni.riesz",
    title="A Riesz basis of piecewise linear waves",
    statement=(
        r"Let $C(x) = |4 \{x\} - 2| - 1$, $S(x) = C(x - 1/4)$, $C_k(x) = C(kx)$ and $S_k(x) = S(kx)$. In $L^2[0, 1]$, "
        r"$\langle C_k, C_l \rangle = \gcd(k, l)^4 / (3 k^2 l^2)$ where $k$ and $l$ have the same power of $2$, else "
        r"$0$; $\langle S_k, S_l \rangle$ is the same up to the sign $\chi(k') \chi(l')$, with $k'$, $l'$ the odd "
        r"parts and $\chi(n) = \pm 1$ for $n = \pm 1$ modulo $4$; $\langle C_k, S_l \rangle = 0$. For all finite sums "
        r"$A \sum (a_k^2 + b_k^2) \leq \| \sum a_k C_k + b_k S_k \|^2 \leq B \sum (a_k^2 + b_k^2)$ with $A = 2/9$ and "
        r"$B = 1/2$, which are the best constants."
    ),
    cite=Cite(key="daubechies2022", locator="locator unverified"),
    hypotheses={
        "the frequencies differ and are >= 1": lambda i: len(set(i.k)) == len(i.k) > 0 and min(i.k) >= 1,
        "powers are of primes": lambda i: all(p % d for p, _ in i.powers for d in range(2, isqrt(p) + 1)),
    },
    claim=riesz(),
    tight=(
        Case(name="one wave", instance=waves(1)),
        Case(name="1 and 3", instance=waves(1, 3)),
        Case(name="1, ..., 8", instance=waves(*range(1, 9))),
        Case(name="odd ones", instance=waves(1, 3, 5, 7, 9, 15, 21, 45)),
        Case(name="powers of 3", instance=grid((3, 12))),
        Case(name="160 products of 3, 5, 7, 11", instance=grid((3, 8), (5, 5), (7, 2), (11, 2))),
    ),
    edge=(
        Case(name="one wave, k = 12", instance=waves(12)),
        Case(name="powers of 2 are orthogonal", instance=waves(1, 2, 4, 8, 16)),
        Case(name="powers of 2 and 3", instance=grid((2, 3), (3, 4))),
        Case(name="2 and 6, opposite signs", instance=waves(2, 6)),
        Case(name="one large prime", instance=grid((10007, 3))),
    ),
    random=random,
    mutants=(
        Mutant(name="A = 0.25", change="the lower bound 1/4", claim=riesz(A=Fraction(1, 4))),
        Mutant(name="B = 0.45", change="the upper bound 9/20", claim=riesz(B=Fraction(9, 20))),
        Mutant(name="no signs", change="<S_k, S_l> = <C_k, C_l>", claim=riesz(products=without_signs)),
        Mutant(name="the square", change="gcd(k, l)^2 / (3 k l)", claim=riesz(products=squared)),
        Mutant(
            name="all powers of 2",
            change="the formula for the cosines whatever the powers of 2",
            claim=riesz(products=whatever_the_power_of_2),
        ),
    ),
    proof="univariate_riesz",
    provenance=(
        "That this is a Riesz basis is the paper's, its place there is not verified; the exact constants are ours and "
        "derived in proofs_check/univariate_riesz.py. Inner products are integrals taken exactly, bounds are proved "
        "by pivots and refuted by vectors, both in rationals."
    ),
)
