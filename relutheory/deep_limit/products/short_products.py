"""Lower bounds for products J W of any length: the spectral radius of a short one, proved exactly.

If a product P of k factors J W has an eigenvalue of modulus r, its powers show that no norm makes every factor smaller
than r^(1/k).  Floats find the product; the test of Schur and Cohn proves the bound.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.core.exact import to_fmpq
from relutheory.deep_limit.products.balancing import Balanced
from relutheory.deep_limit.products.semidefinite import inside

Bits = tuple[int, ...]
Factor = tuple[int, Bits]  # which W, and the diagonal of J
_ALL = 7  # up to this width every J is a factor
_EXACT, _EXACT_SHORT = 12, 40  # widest block whose eigenvalues are bounded exactly; of numbers of at most 8 bits
_BEAM, _WIDEST = 48, 4000  # products that are prolonged, and that are looked at, for one length
_SIMPLE = (1, 12, 1000)  # denominators of simple rationals that are tried first


@dataclass(frozen=True, kw_only=True)
class ShortProduct:
    """A product of factors J W, the first one applied first, whose eigenvalues reach modulus lower^(number of factors).

    factors : pairs (index of W, diagonal of J); empty where no lower bound above 0 was found.
    """

    lower: Fraction
    factors: tuple[Factor, ...]


def strongest(exact: Sequence[fmpq_mat], balanced: Balanced, length: int, deadline: float) -> ShortProduct:
    """The best lower bound found among products of at most `length` factors.

    exact : the matrices W.  balanced : the same as floats.  deadline : time.monotonic() after which no more are tried.
    """
    widest = _EXACT_SHORT if all(_short(W) for W in exact) else _EXACT
    found = _found(balanced.floats, length, widest, deadline)
    candidates = sorted(found, key=lambda c: (-float(f"{c[0]:.9g}"), len(c[1])))  # of equals, the shortest
    best = ShortProduct(lower=Fraction(0), factors=())
    for radius, factors in candidates[:8]:
        guess = Fraction(radius) * balanced.unit
        if guess * (1 + Fraction(1, 10**6)) < best.lower:
            break
        lower = proved(exact, factors, guess)
        if lower > best.lower:
            best = ShortProduct(lower=lower, factors=factors)
        if time.monotonic() > deadline:
            break
    return best


def proved(exact: Sequence[fmpq_mat], factors: Sequence[Factor], guess: Fraction) -> Fraction:
    """A rational r near the guess such that the product has an eigenvalue of modulus at least r^(number of factors)."""
    kept = [i for i, bit in enumerate(factors[-1][1]) if bit]  # the other rows of the product are zero
    if guess <= 0 or not kept:
        return Fraction(0)
    rows = multiplied(exact, factors).tolist()
    block = fmpq_mat([[rows[i][j] for j in kept] for i in kept])
    tried = {guess * (1 - Fraction(1, 2**bits)) for bits in (44, 34, 24, 16, 8, 4)}
    tried |= {simple for simple in map(guess.limit_denominator, _SIMPLE) if abs(simple - guess) * 10**6 < guess}
    for r in sorted(tried, reverse=True):
        if not inside(block, to_fmpq(r ** len(factors))):
            return r
    return Fraction(0)


def multiplied(exact: Sequence[fmpq_mat], factors: Iterable[Factor]) -> fmpq_mat:
    """The product of the factors J W, later ones on the left."""
    m = exact[0].nrows()
    total = fmpq_mat([[fmpq(int(i == j)) for j in range(m)] for i in range(m)])
    for index, bits in factors:
        rows = (exact[index] * total).tolist()
        total = fmpq_mat([[bit * v for v in row] for bit, row in zip(bits, rows, strict=True)])
    return total


def _short(W: fmpq_mat) -> bool:
    return all(max(abs(int(v.p)), int(v.q)).bit_length() <= 8 for v in W.entries())


def _diagonals(floats: np.ndarray) -> list[Bits]:
    """All 0/1 vectors other than 0; for wide matrices all ones, all but one, one or two ones, and the heaviest rows."""
    m = floats.shape[1]
    if m <= _ALL:
        return [bits for bits in itertools.product((1, 0), repeat=m) if any(bits)]
    chosen = [(1,) * m]
    chosen += [tuple(int(j != i) for j in range(m)) for i in range(m)]
    chosen += [tuple(int(j == i) for j in range(m)) for i in range(m)]
    if m <= 24:
        chosen += [tuple(int(j in pair) for j in range(m)) for pair in itertools.combinations(range(m), 2)]
    for W in np.abs(floats):
        order = np.argsort(-W.sum(axis=0) * W.sum(axis=1), kind="stable").tolist()
        chosen += [tuple(int(j in order[:k]) for j in range(m)) for k in range(3, min(_EXACT, m) + 1)]
    return list(dict.fromkeys(chosen))


def _found(floats: np.ndarray, length: int, widest: int, deadline: float) -> list[tuple[float, tuple[Factor, ...]]]:
    """(r, factors) with r near the spectral radius to the power 1 / number of factors, the best few of each length.

    widest : the last J of a product has at most so many ones.
    """
    factors = [(index, bits) for bits in _diagonals(floats) for index in range(len(floats))]
    provable = np.array([sum(bits) <= widest for _, bits in factors])
    steps = np.array([np.array(bits)[:, None] * floats[index] for index, bits in factors])
    products = steps
    names: list[tuple[Factor, ...]] = [(factor,) for factor in factors]
    found: list[tuple[float, tuple[Factor, ...]]] = []
    for k in range(1, length + 1):
        if k > 1:
            products, names = _prolonged(products, names, steps, factors)
        radii = np.abs(np.linalg.eigvals(products)).max(axis=1) ** (1 / k)
        radii[~np.tile(provable, len(radii) // len(factors))] = 0.0
        for i in np.argsort(-radii, kind="stable")[:4]:
            found.append((float(radii[i]), names[i]))
        if time.monotonic() > deadline:
            break
    return found


def _prolonged(
    products: np.ndarray, names: list[tuple[Factor, ...]], steps: np.ndarray, factors: list[Factor]
) -> tuple[np.ndarray, list[tuple[Factor, ...]]]:
    """One more factor on the left of the largest products, as many as are looked at."""
    largest = np.argsort(-np.linalg.norm(products, axis=(1, 2)), kind="stable")
    most = _WIDEST * 8**3 // max(8, steps.shape[1]) ** 3
    largest = largest[: max(1, min(_BEAM, most // len(steps)))]
    longer = np.einsum("eij,bjk->beik", steps, products[largest]).reshape(-1, *steps.shape[1:])
    return longer, [(*names[b], factor) for b in largest for factor in factors]
