"""The expected Euler characteristic of the directions in which a Gaussian layer collapses, exactly.

The set is {x on the unit sphere of R^n : at most n - 1 of the numbers <w_i, x> are > 0}; it is empty, almost surely, if
and only if the layer is injective.  Its Euler characteristic may vanish without that, and may be expected to be large
although the set is empty with high probability.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

from relutheory.injectivity.gaussian.finite import size


def signed_intrinsic_volumes(m: int, n: int) -> list[Fraction]:
    """The numbers v_0, ..., v_m with sum v_k s^k = [t^0 + ... + t^(n-1)] ((1 + s)/2 + t (s - 1)/2)^m.

    m, n : integers, m >= n >= 1.  They belong to the union of orthants {y in R^m : fewer than n y_i > 0}.

    >>> signed_intrinsic_volumes(2, 1)
    [Fraction(1, 4), Fraction(1, 2), Fraction(1, 4)]
    """
    n = size("n", n, 1)
    m = size("m", m, n)
    return [Fraction(value, 2**m) for value in _scaled(m, n)]


def _scaled(m: int, n: int) -> list[int]:
    """2^m v_k: the coefficients of sum_{i<n} C(m, i) (1 + s)^(m-i) (s - 1)^i."""
    from flint import fmpz_poly

    total, plus, minus = fmpz_poly([]), fmpz_poly([1, 1]), fmpz_poly([-1, 1])
    for i in range(n):
        total += comb(m, i) * plus ** (m - i) * minus**i
    return [int(total[k]) for k in range(m + 1)]


def expected_euler_characteristic(m: int, n: int) -> Fraction:
    """The expected Euler characteristic of the collapsing directions of a Gaussian m x n layer without bias.

    m, n : integers, m >= n >= 1.  Returns 2 (v_{m-n+1} + v_{m-n+3} + ...), exactly.  Raises InputError for other sizes.

    Source: [maillard2023] quotes a threshold of about 8.34; the formula was derived again, from the conic kinematic
    formula.

    >>> [float(expected_euler_characteristic(m, 2)) for m in (3, 4, 5, 6, 8)]
    [1.5, 1.5, 1.25, 0.9375, 0.4375]
    """
    n = size("n", n, 1)
    m = size("m", m, n)
    total = comb(m, 0) * sum(comb(m, i) for i in range(n)) if n % 2 else 0
    for l in range(n - 1, 0, -2):
        total += comb(m, l) * _krawtchouk(n - 1, l - 1, m - 1)
    return Fraction(total, 2 ** (m - 1))


def _krawtchouk(k: int, x: int, m: int) -> int:
    """[z^k] (1 - z)^x (1 + z)^(m-x)."""
    return sum((-1) ** j * comb(x, j) * comb(m - x, k - j) for j in range(min(k, x) + 1))


def euler_by_faces(m: int, n: int) -> Fraction:
    """The same expectation by another route: faces of the arrangement, each with its chance to belong to the set.

    m hyperplanes in general position have 2 C(m, j) sum_{i<n-j} C(m-j-1, i) faces on exactly j of them; such a face
    is in the set where fewer than n of m - j fair signs are +.

    >>> euler_by_faces(6, 2)
    Fraction(15, 16)
    """
    n = size("n", n, 1)
    m = size("m", m, n)
    total = Fraction(0)
    for j in range(n):
        faces = 2 * comb(m, j) * sum(comb(m - j - 1, i) for i in range(n - j)) if j < m else 0
        total += (-1) ** (n - 1 - j) * faces * Fraction(sum(comb(m - j, k) for k in range(n)), 2 ** (m - j))
    return total
