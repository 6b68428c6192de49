"""Rationals modulo a prime, in the form the kernels use."""

from __future__ import annotations

import numpy as np

from relutheory.core.exact import RationalArray, integer_rows, odd_parts

# the largest primes below 2^25; the later ones serve where a determinant happens to vanish modulo the first
PRIMES = (33554393, 33554383, 33554371, 33554347, 33554341, 33554317, 33554291, 33554273)


def residues(weight: RationalArray, p: int) -> np.ndarray:
    """The rows of a matrix, each times a positive number, modulo p: (n, m) float64, column i for row i.

    weight : (m, n).

    >>> residues(RationalArray([[1, -1], ["1/3", 3]], ndim=2), 33554393).tolist()
    [[1.0, 1.0], [33554392.0, 9.0]]
    """
    if weight.floats_exact:
        k, e = odd_parts(weight.floats)
        lowest = int(e.min(initial=0))
        powers = np.array(
            [pow(2, exponent, p) for exponent in range(lowest, int(e.max(initial=0)) + 1)], dtype=np.int64
        )
        values = np.mod(k, p) * powers[e - lowest] % p
    else:
        rows = [[v % p for v in row] for row in integer_rows(weight)]
        values = np.array(rows, dtype=np.int64).reshape(weight.shape)
    return np.ascontiguousarray(values.T, dtype=np.float64)
