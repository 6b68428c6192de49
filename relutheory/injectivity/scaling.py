"""Rows of numbers of any size as floats near one: scaling rows and columns by powers of two."""

from __future__ import annotations

import math

import numpy as np

_NOTHING = -(10**9)  # the exponent of a zero


def mantissas(rows: list[list[int]], d: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers of any length as m * 2^e: float64 mantissas with |m| in [1/2, 1) or zero, int64 exponents.

    >>> mantissas([[3, -(2**5000)]], 2)
    (array([[ 0.75, -0.5 ]]), array([[   2, 5001]]))
    """
    m, e = np.zeros((len(rows), d)), np.zeros((len(rows), d), dtype=np.int64)
    for i, row in enumerate(rows):
        for j, v in enumerate(row):
            bits = max(v.bit_length() - 1000, 0)
            m[i, j], exponent = math.frexp(v >> bits)
            e[i, j] = exponent + bits
    return m, e


def balanced(m: np.ndarray, e: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Scale the rows and columns of m * 2^e by powers of two towards largest entries about 1.

    Returns the scaled floats and the exponents c by which the columns were divided, 2^c.

    >>> balanced(np.array([[0.5, 0.5]]), np.array([[1001, -2000]]))
    (array([[0.5, 0.5]]), [0, -3001])
    """
    sizes = np.where(m == 0, _NOTHING, e)
    columns = np.zeros(m.shape[1], dtype=np.int64)
    for axis in (1, 0, 1, 0, 1):
        largest = sizes.max(axis=axis, initial=_NOTHING, keepdims=True)
        largest[largest == _NOTHING] = 0
        if axis == 0:
            columns += largest[0]
        sizes = np.where(m == 0, _NOTHING, sizes - largest)
    return np.ldexp(m, np.where(m == 0, 0, sizes).astype(np.int32)), columns.tolist()
