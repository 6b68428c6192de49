"""x^2 and products by sums of sawtooths: the error 4^-(L + 1) is attained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from relutheory.theorems.parts import all_hold
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem
from relutheory.theorems.uni_hat_powers import composed, hat

_LISTED = 8  # up to this depth the error is taken on every piece


@dataclass(frozen=True, kw_only=True)
class Point:
    """The depth L >= 1, and points x and z in [0, 1]."""

    L: int
    x: Fraction
    z: Fraction

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {"L": self.L, "x": str(self.x), "z": str(self.z)}


def at(L: int, x: Any, z: Any = 0) -> Point:
    return Point(L=L, x=Fraction(x), z=Fraction(z))


def series(x: Fraction, terms: int, base: int = 4) -> Fraction:
    """x minus the sum of base^-k H^k(x), k = 1, ..., terms."""
    total, y = x, x
    for k in range(1, terms + 1):
        y = hat(y)
        total -= y / Fraction(base) ** k
    return total


def squares(error: Callable[[int], Fraction], base: int = 4, product: Callable[[int], Fraction] | None = None) -> Claim:
    """The claim that the network adds the series, that x^2 is met up to `error`, with equality in the middles, and
    products up to `product`."""
    product_error = product or (lambda L: Fraction(1, 4**L))

    def claim(instance: Point) -> Evidence:
        from relutheory.univariate.constructions import product_network, square_network

        L, x, z = instance.L, instance.x, instance.z
        square, product = square_network(L), product_network(L)
        off = square(x) - x**2
        rest = composed(x, L)
        most, most_of_products = error(L), product_error(L)
        middle = square(Fraction(1, 2 ** (L + 1))) - Fraction(1, 4 ** (L + 1))
        products_off = max(abs(product(u, v) - u * v) for u, v in ((x, z), (-x, z), (x, -z), (-x, -z)))
        corner = Fraction(1, 2**L)  # |x + z| / 2 is the first middle of L - 1 terms, and x = z
        corner_off = product(corner, corner) - corner**2
        parts = {
            "the series": square(x) == series(x, L, base),
            "the rest": off == (rest - rest**2) / 4**L,
            "the error of squares": 0 <= off <= most and middle == most == square.error,
            "the error of products": products_off <= most_of_products
            and corner_off == most_of_products == product.error,
            "products with 0": product(x, 0) == product(0, z) == 0,
            "width and depth": (square.width, square.depth, product.depth) == (3, L, L) and product.width <= 5,
        }
        if L <= _LISTED:
            parts["the largest error of squares"] = _largest(square.function) == most
        measured = f"{off} at {x}, {middle} in the first middle; products {corner_off} at ({corner}, {corner})"
        expected = f"at most {most}; {most_of_products}"
        return all_hold(parts, measured, expected, instance.described() | {"off": str(off)}, int(off != most))

    return claim


def _largest(f: Any) -> Fraction:
    """The largest f - x^2 on [0, 1]: on each piece a parabola, whose top is where the slope is 2x."""
    found = Fraction(0)
    points = sorted({Fraction(0), Fraction(1), *(p for p in f.breakpoints if 0 < p < 1)})
    for a, b in pairwise(points):
        slope = (f(b) - f(a)) / (b - a)
        top = min(max(slope / 2, a), b)
        found = max(found, f(a) + slope * (top - a) - top**2)
    return found


def random(rng: np.random.Generator) -> Point:
    x, z = (Fraction(int(v), 10**6) for v in rng.integers(0, 10**6 + 1, size=2))
    return Point(L=int(rng.integers(1, 13)), x=x, z=z)


def quarter(L: int) -> Fraction:
    return Fraction(1, 4 ** (L + 1))


THEOREM = Theorem(
    id="uni.square",
    title="Squares and products by sums of sawtooths",
    statement=(
        r"With $H^k$ the powers of the hat function $x - x^2 = \sum_{k \geq 1} 4^{-k} H^k(x)$ on $[0, 1]$, and after "
        r"$L$ terms the rest is $4^{-L} (y - y^2)$, $y = H^L(x)$. So a network of width $3$ and depth $L \geq 1$ "
        r"approximates $x^2$ from above with the supremum error $4^{-(L+1)}$, which is attained at the odd multiples "
        r"of $2^{-(L+1)}$. By $xz = \frac{1}{4} (x + z)^2 - \frac{1}{4} (x - z)^2$ a network of width at most $5$ and "
        r"depth $L$ approximates products on $[-1, 1]^2$ with the supremum error $4^{-L}$, which is attained at "
        r"$x = z = 2^{-L}$, and products with $0$ exactly."
    ),
    cite=Cite(key="daubechies2022", locator="locator unverified"),
    hypotheses={
        "L >= 1": lambda i: i.L >= 1,
        "x and z lie in [0, 1]": lambda i: 0 <= i.x <= 1 and 0 <= i.z <= 1,
    },
    claim=squares(quarter),
    tight=(
        Case(name="L = 1 in a middle", instance=at(1, "1/4")),
        Case(name="L = 5 in the last middle", instance=at(5, Fraction(63, 64), "1/3")),
        Case(name="L = 10 near 1/2", instance=at(10, Fraction(1023, 2048), 1)),
        Case(name="L = 100", instance=at(100, Fraction(1, 2**101))),
    ),
    edge=(
        Case(name="x = 0", instance=at(2, 0, 0)),
        Case(name="x = 1", instance=at(2, 1, 1)),
        Case(name="a kink", instance=at(3, "3/8", "5/8")),
        Case(name="1e-300", instance=at(7, 1e-300, 1e-300)),
        Case(name="L = 40 at 1/3", instance=at(40, "1/3", "2/3")),
    ),
    random=random,
    mutants=(
        Mutant(
            name="4^-(L + 2)", change="an error four times smaller", claim=squares(lambda L: Fraction(1, 4 ** (L + 2)))
        ),
        Mutant(name="4^-L", change="the error 4^-L is attained", claim=squares(lambda L: Fraction(1, 4**L))),
        Mutant(
            name="weights 2^-k",
            change="the sum of 2^-k H^k, which is Takagi's function",
            claim=squares(quarter, base=2),
        ),
        Mutant(
            name="products as good as squares",
            change="the error 4^-(L + 1) for products of width 5 and depth L",
            claim=squares(quarter, product=quarter),
        ),
    ),
    proof="univariate_squares",
    provenance=(
        "The wording is ours, its place in the paper is not verified. The error is the maximum over all pieces of the "
        "network, taken exactly; the telescoping sum is replayed in proofs_check/univariate_squares.py."
    ),
)
