"""Rationals modulo a prime, in the form the kernels use."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from flint import fmpz

from relutheory.core.exact import RationalArray, integer_rows, odd_parts

_LIMIT = 2**25  # what the kernels' float arithmetic can carry


def primes() -> Iterator[int]:
    """The primes below 2^25, the largest first; the later ones serve where a determinant vanishes modulo the first.

    >>> next(primes())
    33554393
    """
    return (p for p in range(_LIMIT - 1, 2, -2) if fmpz(p).is_prime())


PRIMES = tuple(islice(primes(), 8))


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
