"""Rationals modulo a prime, in the form the kernels use."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from flint import fmpz

from relutheory.core.exact import RationalArray, integer_rows

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
        values = residues_of_floats(weight.floats, p)
    else:
        rows = [[v % p for v in row] for row in integer_rows(weight)]
        values = np.array(rows, dtype=np.float64).reshape(weight.shape)
    return np.ascontiguousarray(values.T)


def residues_of_floats(floats: np.ndarray, p: int) -> np.ndarray:
    """The floats, as the fractions they are, modulo p: float64 integers from 0 to p - 1, of the same shape.

    floats : finite float64.  p : an odd prime below 2^25, so that every number here is an integer below 2^53.

    >>> residues_of_floats(np.array([3.0, -1.0, 0.5]), 7).tolist()
    [3.0, 6.0, 4.0]
    """
    mantissa, exponent = np.frexp(floats)
    high = np.floor(mantissa * 2.0**26)
    low = mantissa * 2.0**53 - high * 2.0**27
    value = _reduced(high * float(2**27 % p) + low, p)
    lowest, highest = int(exponent.min(initial=0)), int(exponent.max(initial=0))
    powers = np.array([pow(2, e - 53, p) for e in range(lowest, highest + 1)], dtype=np.float64)
    return _reduced(value * powers[exponent - lowest], p)


def _reduced(integers: np.ndarray, p: int) -> np.ndarray:
    """Float64 integers below 2^53 modulo p; the float quotient may be off by one."""
    rest = integers - p * np.floor(integers * (1.0 / p))
    rest += p * (rest < 0)
    rest -= p * (rest >= p)
    return rest
