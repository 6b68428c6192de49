"""Matrices of any size as floats near one: one power of two for all, and a diagonal similarity by powers of two.

D^-1 W D has the eigenvalues of W, and D commutes with every 0/1 diagonal matrix J: so D^-1 (J W) D = J (D^-1 W D).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

_ROUNDS = 6


@dataclass(frozen=True, kw_only=True)
class Balanced:
    """floats : (s, m, m), near D^-1 W D / 2^exponent; D = diag(2^d), d integers.  Floats to search with, no more."""

    floats: np.ndarray
    d: tuple[int, ...]
    exponent: int

    @property
    def unit(self) -> Fraction:
        """2^exponent, by which norms and eigenvalues of `floats` are multiplied."""
        return Fraction(2) ** self.exponent

    def diagonal(self) -> list[Fraction]:
        """The diagonal of D."""
        return [Fraction(2) ** d for d in self.d]


def balance(matrices: Sequence[Sequence[Sequence[Fraction]]]) -> Balanced:
    """Balance square matrices of the same size together.

    >>> big, small = Fraction(2) ** 1000, Fraction(1, 2**1000)
    >>> balance([[[Fraction(0), big], [small, Fraction(0)]]]).floats.tolist()
    [[[0.0, 1.0], [1.0, 0.0]]]
    """
    m = len(matrices[0])
    sizes = np.full((m, m), -math.inf)  # log2 of the largest |entry|
    for rows in matrices:
        for i, row in enumerate(rows):
            for j, v in enumerate(row):
                if v:
                    sizes[i, j] = max(sizes[i, j], _exponent(v))
    off = sizes.copy()
    np.fill_diagonal(off, -math.inf)
    d = np.zeros(m)
    for _ in range(_ROUNDS):
        for i in range(m):
            row, column = (off[i] + d - d[i]).max(), (off[:, i] - d + d[i]).max()
            if math.isfinite(row) and math.isfinite(column):
                d[i] += math.floor((row - column) / 2)
    shift = [int(v) for v in d]
    scaled = sizes + d[None, :] - d[:, None]
    exponent = int(scaled.max()) if math.isfinite(scaled.max()) else 0
    floats = [[[_scaled(v, shift[j] - shift[i] - exponent) for j, v in enumerate(row)] for i, row in enumerate(rows)]
              for rows in matrices]  # fmt: skip
    return Balanced(floats=np.array(floats), d=tuple(shift), exponent=exponent)


def _exponent(value: Fraction) -> int:
    return abs(value.numerator).bit_length() - value.denominator.bit_length()


def _scaled(value: Fraction, shift: int) -> float:
    """value * 2^shift as a float; 0 below the range."""
    if not value or _exponent(value) + shift < -1060:
        return 0.0
    return float(value * Fraction(2) ** shift)
