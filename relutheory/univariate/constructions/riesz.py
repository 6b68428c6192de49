"""The waves C_k, S_k as a Riesz basis: inner products, the exact bounds, and the spectra of finite parts.

For sums over finitely many k >= 1, A (sum a_k^2 + b_k^2) <= |sum a_k C_k + b_k S_k|^2 <= B (sum a_k^2 + b_k^2) in
L^2(0, 1) with A = 2/9 and B = 1/2, which are best possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd
from typing import Any

from flint import arb, ctx

from relutheory.core.errors import reject
from relutheory.core.exact import to_fmpq
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.constructions.result import checked_count
from relutheory.univariate.inputs import sequence

_LARGEST = 10**15
_BITS = 160


def riesz_bounds() -> tuple[Fraction, Fraction]:
    """The best constants A = 2/9 and B = 1/2 for the C_k and S_k together.

    A and B are 1/3 times the products of (1 - p^-2) / (1 + p^-2) and of its inverse over the odd primes p; the product
    over all primes is zeta(4) / zeta(2)^2 = 2/5, and p = 2 has the share 3/5.

    Source: that it is a Riesz basis: Daubechies, DeVore, Foucart, Hanin, Petrova (2022); the exact constants are
    derived in proofs_check/univariate_riesz.py.

    >>> riesz_bounds()
    (Fraction(2, 9), Fraction(1, 2))
    """
    # 1/3 times (2/5) / (3/5), and 1/3 times the inverse
    product = Fraction(2, 5) / Fraction(3, 5)
    return product / 3, 1 / (3 * product)


def inner_products(k: int, l: int) -> tuple[Fraction, Fraction]:
    """<C_k, C_l> and <S_k, S_l> in L^2(0, 1); <C_k, S_l> is 0.

    The first is gcd(k, l)^4 / (3 k^2 l^2) where k and l have the same power of 2, else 0; the second has the sign of
    chi(k') chi(l'), k' and l' the odd parts, chi(n) = 1 for n = 1 mod 4 and -1 for n = 3 mod 4.

    >>> inner_products(3, 7), inner_products(2, 6), inner_products(1, 2)[0]
    ((Fraction(1, 1323), Fraction(1, 1323)), (Fraction(1, 27), Fraction(-1, 27)), Fraction(0, 1))
    """
    k, l = checked_count(k, "k", most=_LARGEST), checked_count(l, "l", most=_LARGEST)
    if k & -k != l & -l:
        return Fraction(0), Fraction(0)
    cosines = Fraction(gcd(k, l) ** 4, 3 * (k * l) ** 2)
    return cosines, cosines if _odd(k) % 4 == _odd(l) % 4 else -cosines


def gram_matrix(indices: Iterable[int]) -> list[list[Fraction]]:
    """The matrix of <C_k, C_l> for these k, l; with signs of rows and columns changed, that of <S_k, S_l>.

    >>> [[str(v) for v in row] for row in gram_matrix([1, 3])]
    [['1/3', '1/27'], ['1/27', '1/3']]
    """
    chosen = _indices(indices)
    return [[inner_products(k, l)[0] for l in chosen] for k in chosen]


def gram_spectrum(indices: Iterable[int]) -> tuple[Enclosure, Enclosure]:
    """The least and the largest eigenvalue of the Gram matrix of the C_k, and so of the S_k, for these k.

    indices : different integers k >= 1; parts with the same power of 2 are orthogonal to the others and may have some
    hundred members.  Returns two `Enclosure`s about 1e-9 wide: quotients of float eigenvectors, taken exactly, are one
    end, and the other is where the shifted matrix is proved to be definite by its pivots in ball arithmetic.
    Raises InputError for other indices.

    >>> least, largest = gram_spectrum(range(1, 41))
    >>> least.lo > Fraction(2, 9), largest.hi < Fraction(1, 2), round(float(least), 4), round(float(largest), 4)
    (True, True, 0.2729, 0.403)
    """
    parts: dict[int, list[int]] = {}
    for k in _indices(indices):
        parts.setdefault(k & -k, []).append(k)
    ends = [_extremes([[inner_products(k, l)[0] for l in part] for k in part]) for part in parts.values()]
    least, largest = [low for low, _ in ends], [high for _, high in ends]
    return (
        _enclosure(min(e.lo for e in least), min(e.hi for e in least)),
        _enclosure(max(e.lo for e in largest), max(e.hi for e in largest)),
    )


def _indices(indices: Iterable[int]) -> list[int]:
    given = enumerate(sequence(indices, "indices", "integers"))
    chosen = [checked_count(k, f"indices[{i}]", most=_LARGEST) for i, k in given]
    if not chosen or len(set(chosen)) < len(chosen):
        reject("indices", chosen, "must be at least one, all different")
    return chosen


def _odd(k: int) -> int:
    return k // (k & -k)


def _extremes(G: Sequence[Sequence[Fraction]]) -> tuple[Enclosure, Enclosure]:
    import numpy as np

    _, vectors = np.linalg.eigh(np.array([[float(v) for v in row] for row in G]))
    high, low = quotient(G, vectors[:, 0].tolist()), quotient(G, vectors[:, -1].tolist())
    return (
        _enclosure(_shifted(G, high, -1), high),
        _enclosure(low, _shifted(G, low, 1)),
    )


def quotient(G: Sequence[Sequence[Fraction]], vector: Sequence[float]) -> Fraction:
    """<c, G c> / <c, c> for these floats as rationals of 40 bits."""
    c = [Fraction(round(v * 2**40), 2**40) for v in vector]
    image = [sum((g * v for g, v in zip(row, c, strict=True) if v), Fraction(0)) for row in G]
    return sum((a * b for a, b in zip(c, image, strict=True)), Fraction(0)) / sum((v * v for v in c), Fraction(0))


def _shifted(G: Sequence[Sequence[Fraction]], end: Fraction, sign: int) -> Fraction:
    """A number beyond `end` in the direction `sign` with sign * (number - G) proved to be positive definite."""
    margin = Fraction(1, 10**9)
    while margin < 1:
        if definite(G, end + sign * margin, sign):
            return end + sign * margin
        margin *= 10
    raise AssertionError("the eigenvalues of a Gram matrix of these functions are below 1")


def definite(G: Sequence[Sequence[Fraction]], shift: Fraction, sign: int) -> bool:
    """Whether sign * (shift I - G) is proved to be positive definite: all pivots are positive balls."""
    with ctx.workprec(_BITS):
        rows: list[list[Any]] = [
            [sign * (arb(to_fmpq(shift)) * int(i == j) - arb(to_fmpq(v))) for j, v in enumerate(row)]
            for i, row in enumerate(G)
        ]
        for i, row in enumerate(rows):
            pivot = row[i]
            if not pivot > 0:
                return False
            for j in range(i + 1, len(rows)):
                if not rows[j][i].is_zero():
                    factor = rows[j][i] / pivot
                    rows[j] = [
                        *rows[j][: i + 1],
                        *(a - factor * b for a, b in zip(rows[j][i + 1 :], row[i + 1 :], strict=True)),
                    ]
    return True


def _enclosure(lo: Fraction, hi: Fraction) -> Enclosure:
    return Enclosure(lo=lo, hi=hi, rigor=Rigor.ENCLOSED)
