"""Dixon's p-adic lifting in 64-bit integers: the digits of the solution of an integer system."""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import kernel
from relutheory._kernels.modular import reduce

BITS = 29  # of a limb; limbs times digits, summed over a row, must stay below 2^62
_LIMB = np.int64(1 << BITS)
_HALF = np.int64(1 << (BITS - 1))


@kernel
def inverse_modulo(matrix, p):
    """The inverse modulo p < 2^25 of a square float64 matrix of residues, by Gauss-Jordan; (0, 0) where singular."""
    n = len(matrix)
    quotient = 1.0 / p
    a = np.zeros((n, 2 * n))
    a[:, :n] = matrix
    for i in range(n):
        a[i, n + i] = 1.0
    for c in range(n):
        pivot = c
        while pivot < n and a[pivot, c] == 0.0:
            pivot += 1
        if pivot == n:
            return np.zeros((0, 0))
        for j in range(2 * n):
            a[c, j], a[pivot, j] = a[pivot, j], a[c, j]
        scale = _inverse(a[c, c], p)
        for j in range(2 * n):
            a[c, j] = reduce(a[c, j] * scale, p, quotient)
        for i in range(n):
            f = a[i, c]
            if i != c and f != 0.0:
                for j in range(c, 2 * n):
                    a[i, j] = reduce(a[i, j] - f * a[c, j], p, quotient)
    return a[:, n:].copy()


@kernel
def _inverse(value, p):
    """value^(p - 2) modulo p: Fermat's inverse."""
    quotient = 1.0 / p
    base, result, exponent = value, 1.0, np.int64(p) - 2
    while exponent > 0:
        if exponent & 1:
            result = reduce(result * base, p, quotient)
        base = reduce(base * base, p, quotient)
        exponent >>= 1
    return result


@kernel
def lift(limbs, inverse, right, p, digits):
    """The first digits x_0, x_1, ... in base p of the solution of A x = b.

    limbs : (L, n, n) int32, A = sum_l limbs[l] 2^(29 l), limbs of absolute value at most 2^28; inverse : (n, n) int32,
    of A modulo p < 2^25; right : (L + 1, n) int64 limbs of b, overwritten by the remainder; digits : (K, n) int32,
    output.  n < 512.
    """
    depth, n, _ = limbs.shape
    start, sums = np.empty(n, np.int64), np.empty((depth + 1, n), np.int64)
    for k in range(len(digits)):
        for i in range(n):
            value = np.int64(0)
            for level in range(depth, -1, -1):
                value = (value * _LIMB + right[level, i]) % p
            start[i] = value
        for i in range(n):
            total = np.int64(0)
            for j in range(n):
                total += np.int64(inverse[i, j]) * start[j]
            digits[k, i] = total % p
        for level in range(depth):
            for i in range(n):
                total = np.int64(0)
                for j in range(n):
                    total += np.int64(limbs[level, i, j]) * np.int64(digits[k, j])
                sums[level, i] = total
        for i in range(n):
            sums[depth, i] = 0
            _step(right, sums, i, p)


@kernel
def _step(right, sums, i, p):
    """right = (right - sums) / p in column i: an exact division, limb by limb from the top."""
    top = len(right)
    rest = np.int64(0)
    for level in range(top - 1, -1, -1):
        value = rest * _LIMB + right[level, i] - sums[level, i]
        right[level, i] = value // p
        rest = value - right[level, i] * p
    for level in range(top - 1):
        carry = (right[level, i] + _HALF) // _LIMB
        right[level, i] -= carry * _LIMB
        right[level + 1, i] += carry
