"""Bounds on the number of activation regions from the widths alone, as exact integers and rationals.

`widths` are the numbers of neurons n_1, ..., n_L of the layers, and n is the dimension of the input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from math import comb
from numbers import Integral

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational


def zaslavsky(m: int, n: int) -> int:
    """The most cells that m hyperplanes cut R^n into: sum of C(m, j) over j <= n.

    m, n : non-negative integers.  Returns the number, attained exactly in general position.  Raises InputError for
    anything else.  Source: Zaslavsky (1975); Schläfli and Buck before him.

    >>> zaslavsky(30, 4)
    31931
    """
    m, n = _natural("m", m), _natural("n", n)
    return sum(comb(m, j) for j in range(n + 1))


def zaslavsky_central(m: int, n: int) -> int:
    """The most cells that m hyperplanes through the origin cut R^n into: twice the sum of C(m - 1, j) over j < n.

    m, n : non-negative integers.  Returns the number, attained where any n of the normals are independent; 1 where
    there is no hyperplane.  Raises InputError for anything else.  Source: Schläfli; Cover (1965).

    >>> zaslavsky_central(40, 4)
    19840
    """
    m, n = _natural("m", m), _natural("n", n)
    return 2 * zaslavsky(m - 1, n - 1) if m and n else 1


def montufar_lower(widths: Sequence[int], n: int) -> int:
    """A number of activation regions that some network of these widths has.

    widths : L >= 1 integers, all but the last at least n.  n : positive integer.  Returns the product of
    floor(n_l / n)^n over the layers before the last, times the sum of C(n_L, j) over j <= n: regions inside a cube
    that those layers fold.  Raises InputError for anything else.  Source: montufar2014.

    >>> montufar_lower([4, 4, 4], 2)
    176
    """
    sizes, n = _widths(widths), _natural("n", n, least=1)
    for width in sizes[:-1]:
        if width < n:
            reject("widths", list(sizes), f"must be at least n = {n} before the last")
    return math.prod((width // n) ** n for width in sizes[:-1]) * zaslavsky(sizes[-1], n)


def montufar_upper(widths: Sequence[int], n: int) -> int:
    """At least the number of activation regions of every network of these widths: a product over the layers.

    widths : L >= 1 non-negative integers.  n : positive integer.  Returns the product of the sums of C(n_l, j) over
    j <= d_l, where d_l = min(n, n_1, ..., n_(l-1)).  Raises InputError for anything else.  Source: montufar2017.

    >>> montufar_upper([4, 4, 4], 2)
    1331
    """
    product, d = 1, _natural("n", n, least=1)
    for width in _widths(widths):
        product *= zaslavsky(width, d)
        d = min(d, width)
    return product


def serra(widths: Sequence[int], n: int) -> int:
    """At least the number of activation regions of every network of these widths, and at most `montufar_upper`.

    widths : L >= 1 non-negative integers.  n : positive integer.  Returns the sum over (j_1, ..., j_L) of the products
    of C(n_l, j_l), where 0 <= j_l <= min(n, n_1 - j_1, ..., n_(l-1) - j_(l-1), n_l).  Raises InputError for anything
    else.  Source: serra2018.

    >>> serra([3, 3, 3], 2), montufar_upper([3, 3, 3], 2)
    (208, 343)
    """
    n = _natural("n", n, least=1)
    most = [1] * (n + 1)  # entry d: the bound for the layers to come, on a piece whose image has dimension d
    for width in reversed(_widths(widths)):
        # j neurons off leave an image of dimension at most width - j
        most = [sum(comb(width, j) * most[min(d, width - j)] for j in range(min(d, width) + 1)) for d in range(n + 1)]
    return most[n]


def hanin_rolnick(widths: Sequence[int], n: int, T: Number = 1) -> Fraction:
    """At least the mean number of activation regions per unit of volume, for random biases.

    widths : L >= 1 non-negative integers, N their sum.  n : positive integer.  T : positive number, which depends on
    the law of the weights and biases, not on the widths.  Returns (T N)^n / n! where N >= n: no less than the mean
    number of regions that meet a cube of side s >= s_0, divided by s^n.  Where N < n, returns 2^N, no less than the
    number itself.  Raises InputError for anything else.

    Where the biases are independent of each other and of the weights, with densities at most C, and the gradients of
    the neurons have norms at most G whatever the biases, T = 4 G C and s_0 = 1 / (G C) will do (derived in
    proofs_check/hanin_rolnick.py).  The published theorem has moments of gradients in place of G and, as far as
    remembered, T = 32 G C; its place and its constant are not verified.  Source: hanin2019.

    >>> hanin_rolnick([10, 10], 2, T=4)
    Fraction(3200, 1)
    """
    total, n = sum(_widths(widths)), _natural("n", n, least=1)
    constant = rational(T, "T")
    if constant <= 0:
        reject("T", T, "must be positive")
    return (constant * total) ** n / math.factorial(n) if total >= n else Fraction(2**total)


def _natural(name: str, value: int, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        reject(name, value, "must be a positive integer" if least else "must be a non-negative integer")
    return int(value)


def _widths(widths: Sequence[int]) -> list[int]:
    if isinstance(widths, (str, bytes)) or not hasattr(widths, "__iter__"):
        reject("widths", widths, "must be a sequence of non-negative integers")
    sizes = [_natural(f"widths[{k}]", width) for k, width in enumerate(widths)]
    if not sizes:
        reject("widths", sizes, "must not be empty")
    return sizes
