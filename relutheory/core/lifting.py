"""Exact solutions of square integer systems by p-adic lifting (Dixon 1982), for entries of machine size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from flint import fmpz, fmpz_poly

from relutheory.core.residues import PRIMES

_ENTRY_BITS = 29 * 4 - 2  # entries of up to four limbs
_LARGEST = 511  # sums of so many products of a limb and a digit fit 64 bits


def solve_integer(matrix: Sequence[Sequence[int]], right: Sequence[int]) -> tuple[list[int], int] | None:
    """Numerators and the common denominator d > 0 of the solution of matrix x = right, or None where this cannot say.

    matrix : n x n integers; right : n integers.  None: singular modulo the prime, entries too long, n too large, or a
    denominator that was missed.  The caller checks the answer exactly.

    >>> solve_integer([[2, 1], [0, 3]], [1, 1])
    ([1, 1], 3)
    """
    from relutheory._kernels.lifting import BITS, inverse_modulo, lift

    n, p = len(right), PRIMES[0]
    longest = max(v.bit_length() for row in (*matrix, right) for v in row)
    if n > _LARGEST or longest > _ENTRY_BITS:
        return None
    entries, last = np.array(matrix, dtype=object), np.array(right, dtype=object)
    inverse = inverse_modulo((entries % p).astype(np.float64), p)
    if len(inverse) < n:
        return None
    depth = (longest + 1) // BITS + 1
    limbs = _limbs(entries, depth, BITS).astype(np.int32)
    rest = _limbs(last, depth + 1, BITS)
    # numerators and denominator are minors of (matrix | right): Hadamard's inequality bounds them
    bits = sum(_norm_bits((*row, v)) for row, v in zip(matrix, right, strict=True))
    digits = np.empty((math.ceil((2 * bits + 2) / math.log2(p)) + 1, n), dtype=np.int32)
    lift(limbs, (inverse % p).astype(np.int32), rest, p, digits)
    modulus = fmpz(p) ** len(digits)
    solution = [fmpz_poly(column.tolist())(fmpz(p)) for column in digits.T]
    return _common_fraction(solution, modulus, fmpz(2) ** math.ceil(bits))


def _limbs(values: np.ndarray, count: int, bits: int) -> np.ndarray:
    """Signed digits of integers (an object array) in base 2^bits, the lowest first: int64, (count, *shape)."""
    half, mask, out = 1 << (bits - 1), (1 << bits) - 1, []
    for _ in range(count):
        low = ((values + half) & mask) - half
        out.append(low.astype(np.int64))
        values = (values - low) >> bits
    return np.array(out)


def _norm_bits(row: Sequence[int]) -> float:
    """The binary logarithm of the row's length, rounded up."""
    return (sum(v * v for v in row).bit_length() + 1) / 2


def _common_fraction(solution: list[fmpz], modulus: fmpz, bound: fmpz) -> tuple[list[int], int]:
    """Numerators and denominator of residues that stand for fractions with one denominator, both below `bound`."""
    half, denominator = modulus // 2, fmpz(1)
    for v in solution:
        numerator = (v * denominator + half) % modulus - half
        if abs(numerator) > bound:  # this fraction has a factor below that the ones before lack
            denominator *= _denominator(v * denominator % modulus, modulus)
    numerators = [(v * denominator + half) % modulus - half for v in solution]
    return [int(v) for v in numerators], int(denominator)


def _denominator(residue: fmpz, modulus: fmpz) -> fmpz:
    """The denominator of the fraction with small terms that the residue stands for: half of Euclid's algorithm."""
    bound = fmpz(math.isqrt(int(modulus) // 2))
    a, b, s, t = modulus, residue, fmpz(0), fmpz(1)
    while b > bound:
        q, r = divmod(a, b)
        a, b, s, t = b, r, t, s - q * t
    return abs(t)
