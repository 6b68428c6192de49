"""Rows of numbers of any size as floats near one: scaling rows and columns by powers of two."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

_NOTHING = -(10**9)  # the exponent of a zero


def mantissas(rows: list[list[int]], d: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers of any length as m * 2^e: float64 mantissas with |m| in [1/2, 1) or zero, int64 exponents.

    >>> mantissas([[3, -(2**5000)]], 2)
    (array([[ 0.75, -0.5 ]]), array([[   2, 5001]]))
    """
    try:
        m, short = np.frexp(np.array(rows, dtype=np.float64).reshape(len(rows), d))
        return m, short.astype(np.int64)
    except OverflowError:  # too long for a float64
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


def scaled_rows(m: np.ndarray, e: np.ndarray, columns: Sequence[int]) -> np.ndarray:
    """The rows m * 2^e, columns divided by the given powers of two, then each row's largest entry brought to about 1.

    >>> scaled_rows(np.array([[0.5, 0.75]]), np.array([[1001, -2000]]), [0, -3001])
    array([[0.5 , 0.75]])
    """
    sizes = np.where(m == 0, _NOTHING, e - np.asarray(columns, dtype=np.int64))
    largest = sizes.max(axis=1, initial=_NOTHING, keepdims=True)
    shifts = np.where(m == 0, 0, np.maximum(sizes - largest, -2000))
    return np.ldexp(m, shifts.astype(np.int32))
