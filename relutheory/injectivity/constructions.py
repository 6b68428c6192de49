"""Injective layers with as few rows as there can be, and more where wanted."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import RationalArray, integer_rows, rational
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.networks import ReLULayer


def injective_layer(B: Any, D: Any = None, M: Any = None) -> ReLULayer:
    """The layer with rows [B; -DB; M] and no bias, which is injective on R^n.

    B : n x n numbers, invertible (decided exactly).  D : n positive numbers, the diagonal of D, or one for all rows;
    None is 1.  M : any k x n numbers, k >= 0; None is no further rows.  Entries as in `ReLULayer`; products are exact,
    and where float64 cannot hold one the layer keeps a Fraction.

    Returns a `ReLULayer` with 2n + k rows.  Raises InputError for bad arguments, with a vector that a singular B maps
    to zero.

    Source: puthawala2022 (minimal expansivity): at every point one of the two rows of each pair is active, and such
    rows span; with m = 2n rows there are no others.

    >>> injective_layer([[2, 1], [1, 1]], D=["1/3", 7]).weight.fractions()[2:] == [
    ...     [Fraction(-2, 3), Fraction(-1, 3)], [-7, -7]]
    True
    """
    square = RationalArray(B, "B", ndim=2)
    n = square.shape[0]
    if square.shape[1] != n or n == 0:
        reject("B", f"array of shape {square.shape}", "must be square, n x n with n >= 1")
    scales = _diagonal(D, n)
    further = None if M is None else RationalArray(M, "M", ndim=2)
    if further is not None and further.shape[1] != n and further.shape[0]:
        reject("M", f"array of shape {further.shape}", f"must have {n} columns, as B has")
    kernel = orthogonal_vector(integer_rows(square), n)
    if kernel is not None:
        vector = [f"{v}" for v in kernel[:4]] + (["..."] if n > 4 else [])
        raise InputError(f"B: must be invertible; B u = 0 for u = ({', '.join(vector)})")
    if scales is None and square.floats_exact and (further is None or further.floats_exact):
        blocks = [square.floats, 0.0 - square.floats]
        return ReLULayer(np.vstack(blocks if further is None or not further.shape[0] else [*blocks, further.floats]))
    rows = square.fractions()
    second = [[-d * v for v in row] for d, row in zip(scales or [Fraction(1)] * n, rows, strict=True)]
    return ReLULayer([*rows, *second, *(further.fractions() if further is not None else [])])


def _diagonal(D: Any, n: int) -> list[Fraction] | None:
    if D is None:
        return None
    if isinstance(D, Iterable) and not isinstance(D, str):
        scales: list[Fraction] = RationalArray(D, "D", ndim=1).fractions()
    else:
        scales = [rational(D, "D")] * n
    if len(scales) != n:
        reject("D", f"array of length {len(scales)}", f"must have one entry per row of B, {n}")
    for i, v in enumerate(scales):
        if v <= 0:
            reject(f"D[{i}]", str(v), "must be positive")
    return scales


def with_bias(layer: ReLULayer, increase: list[Fraction]) -> ReLULayer:
    """The layer with its biases raised (or lowered) by these numbers.

    >>> with_bias(ReLULayer([[1], [-1]], [0.5, 0]), [Fraction(1), Fraction(0)]).bias.fractions()
    [Fraction(3, 2), Fraction(0, 1)]
    """
    return ReLULayer(layer.weight, [b + t for b, t in zip(layer.bias.fractions(), increase, strict=True)])


def with_rows(layer: ReLULayer, rows: list[tuple[list[Fraction], Fraction]]) -> ReLULayer:
    """The layer with these rows (w, b) appended.

    >>> with_rows(ReLULayer([[1]]), [([Fraction(-1)], Fraction(2))])
    ReLULayer(m=2, n=1)
    """
    if not rows:
        return layer
    weights = [*layer.weight.fractions(), *(w for w, _ in rows)]
    return ReLULayer(weights, [*layer.bias.fractions(), *(b for _, b in rows)])
