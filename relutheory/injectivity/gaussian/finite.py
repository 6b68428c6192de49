"""Exact finite-size counts for layers with Gaussian rows and no bias: expectations, bounds and probabilities.

They hold for every distribution under which any n rows are almost surely independent and each row may be replaced by
its opposite independently of the others.  Such a layer is injective if and only if at least n rows are active in every
cell of its arrangement.
"""

from __future__ import annotations

import math
from fractions import Fraction
from math import comb
from numbers import Integral
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.verdict import Enclosure, Rigor


def size(name: str, value: Any, least: int) -> int:
    """A whole number >= least; anything else is an InputError.

    >>> size("n", 0, 1)
    Traceback (most recent call last):
    relutheory.core.errors.InputError: n = 0: must be an integer, at least 1
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        reject(name, value, f"must be an integer, at least {least}")
    return int(value)


def rows_for(ratio: float, n: int) -> int:
    """The least m with m/n >= ratio, a decimal number: 2.1 times 10 is 21.

    >>> rows_for(2.1, 10), rows_for(2.5, 3)
    (21, 8)
    """
    return math.ceil(ratio * n - 1e-9)


def _sizes(m: Any, n: Any) -> tuple[int, int]:
    return size("m", m, 0), size("n", n, 1)


def general_cells(m: int, n: int) -> int:
    """The number of cells into which m hyperplanes through 0, in general position, cut R^n: 2 sum_{j<n} C(m-1, j).

    >>> general_cells(4, 2), general_cells(0, 3)
    (8, 1)
    """
    m, n = _sizes(m, n)
    return 2 * sum(comb(m - 1, j) for j in range(n)) if m else 1


def expected_collapsing_cells(m: int, n: int) -> Fraction:
    """The expected number of cells with fewer than n active rows, for a Gaussian m x n layer without bias.

    m : rows, >= 0.  n : inputs, >= 1.  Returns sum_{k<n} C(m, k) 2^(1-m) sum_{j<n} C(m-1, j), exactly: the number of
    cells times the probability that fewer than n of m fair signs are +.  The layer is not injective with at most this
    probability (first moment).  Raises InputError for other sizes.

    Source: linearity of expectation and the count of Schläfli and Zaslavsky [zaslavsky1975].

    >>> expected_collapsing_cells(5, 1), expected_collapsing_cells(8, 2)
    (Fraction(1, 16), Fraction(9, 16))
    """
    m, n = _sizes(m, n)
    return Fraction(general_cells(m, n) * sum(comb(m, k) for k in range(n)), 2**m)


def half_space_probability(m: int, n: int) -> Fraction:
    """The probability that m Gaussian vectors in R^n lie in one open half-space: 2^(1-m) sum_{j<n} C(m-1, j).

    Source: [wendel1962].

    >>> half_space_probability(3, 2)
    Fraction(3, 4)
    """
    m, n = _sizes(m, n)
    return min(Fraction(general_cells(m, n), 2**m), Fraction(1))


def union_bound(m: int, n: int) -> Fraction:
    """A bound for the probability that a Gaussian m x n layer without bias is not injective.

    One event for each set of n - 1 rows: all others lie in an open half-space.  m : rows, >= n - 1.  n : inputs, >= 1.
    Returns C(m, n-1) times `half_space_probability`(m - n + 1, n), which may exceed 1.  Raises InputError otherwise.

    Source: the route of [puthawala2022] to its upper bound 10.5, with exact counts.

    >>> union_bound(5, 1), float(union_bound(40, 3)) < 1e-4
    (Fraction(1, 16), True)
    """
    n = size("n", n, 1)
    m = size("m", m, n - 1)
    return comb(m, n - 1) * half_space_probability(m - n + 1, n)


def planar_depth_probability(m: int, r: int) -> Fraction:
    """The probability that some direction of the plane has at most r active rows, of m Gaussian rows.

    m : rows, >= 1.  r : >= 0.  Returns 2^(1-m) d sum_{k>=0} C(m, r - k d) with d = m - 2 r, exactly (1 for d <= 0):
    the k-th term belongs to the arrangements at which the number of active rows changes between r and m - r, on a full
    turn, 2 (2 k + 1) times.  Raises InputError for other sizes.

    >>> planar_depth_probability(5, 0), planar_depth_probability(5, 1), planar_depth_probability(5, 2)
    (Fraction(5, 16), Fraction(15, 16), Fraction(1, 1))
    """
    m, r = size("m", m, 1), size("r", r, 0)
    d = m - 2 * r
    if d <= 0:
        return Fraction(1)
    return Fraction(d * sum(comb(m, i) for i in range(r, -1, -d)), 2 ** (m - 1))


def injective_probability(m: int, n: int) -> Enclosure:
    """The probability that x -> ReLU(Wx) is injective, for a Gaussian m x n matrix W.

    m : rows, >= 0.  n : inputs, >= 1.  Returns an Enclosure: a single rational for n = 1 (1 - 2^(1-m)), for n = 2
    (1 - m (m - 2) 2^(1-m) from m = 4 on) and for m <= 3 n - 2 (0); else from below by the first moment and the union
    bound, from above by the probability that all rows lie in one half-space.  Raises InputError for other sizes.

    >>> injective_probability(10, 1).lo, injective_probability(8, 2).lo, injective_probability(7, 3).hi
    (Fraction(511, 512), Fraction(5, 8), Fraction(0, 1))
    >>> round(float(injective_probability(30, 3).lo), 5), round(float(injective_probability(30, 3).hi), 8)
    (0.99962, 0.99999919)
    """
    m, n = _sizes(m, n)
    if m <= 3 * n - 2:
        return Enclosure.exact(0)
    if n == 1:
        return Enclosure.exact(1 - half_space_probability(m, 1))
    if n == 2:
        return Enclosure.exact(1 - planar_depth_probability(m, 1))
    least = 1 - min(expected_collapsing_cells(m, n), union_bound(m, n), Fraction(1))
    return Enclosure(lo=least, hi=1 - half_space_probability(m, n), rigor=Rigor.ENCLOSED)
