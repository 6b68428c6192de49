"""Check a certificate about products J W of any depth, from nothing but its data.

Only the standard library, and none of the code that finds certificates: this file is meant to be read in one sitting.
W runs over the matrices of the certificate, J over all diagonal matrices with entries 0 and 1.  Numbers are strings
"p" or "p/q", nothing else.

Upper bound: a norm in which every J W is at most rho.

* "weighted-inf", max |x_i| / v_i: v > 0 and |W| v <= rho v entry by entry; |J W| <= |W| does the rest.
* "weighted-1", sum u_i |x_i|: u > 0 and u |W| <= rho u.
* "diagonal", sum q_i x_i^2: q > 0 and rho^2 Q - W^T Q W is positive semidefinite; J Q J <= Q does the rest.
* "quadratic", x^T Q x: Q is positive definite and rho^2 Q - (J W)^T Q (J W) is semidefinite for each of the 2^m J.

Lower bound: the product P of k factors J W has an eigenvalue of modulus at least lower^k, so no norm makes all factors
smaller than lower.  Shown by Schur and Cohn's test: a polynomial with leading coefficient 1 has all its roots in the
open unit disc if and only if |p(0)| < 1 and (p - p(0) p*) / x has, p* being p read backwards.

"contractive" is "holds" where rho < 1, "violated" where lower >= 1, else "undecided".
"""

from __future__ import annotations

import itertools
import re
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_NUMBER = re.compile(r"-?[0-9]{1,100000}(/[0-9]{1,100000})?", re.ASCII)
_WIDEST = 12  # of a quadratic certificate: 2^m conditions
_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

Matrix = list[list[Fraction]]


class Invalid(Exception):
    """The certificate does not prove its claim; the message says why."""


@dataclass(frozen=True)
class Report:
    """The outcome of a check: `valid`, and one line of `text` saying what is proved or what is wrong."""

    valid: bool
    text: str

    def __bool__(self) -> bool:
        raise TypeError("ask .valid")


def check(data: Any) -> Report:
    """Check a certificate given as the data of its JSON.

    >>> check({}).text
    'INVALID: not a relutheory depth certificate of version 1'
    """
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)  # exact numbers may be longer than Python reads by default
    try:
        return Report(True, "VALID: " + _proved(data))
    except Invalid as reason:
        return Report(False, f"INVALID: {reason}")
    except _MALFORMED as error:
        return Report(False, f"INVALID: the certificate is malformed ({type(error).__name__}: {error})")
    finally:
        sys.set_int_max_str_digits(limit)


def _proved(data: Any) -> str:
    if (
        not isinstance(data, dict)
        or (data.get("format"), data.get("version")) != ("relutheory depth certificate", 1)
        or data["version"] is True
    ):
        raise Invalid("not a relutheory depth certificate of version 1")
    matrices = [_matrix(W) for W in data["matrices"]]
    if not matrices or not matrices[0] or any(len(W) != len(matrices[0]) for W in matrices):
        raise Invalid("the matrices must be square and of one size")
    rho, lower = _number(data["rho"]), _number(data["lower"])
    _check_upper(data, matrices, rho)
    _check_lower(data["factors"], matrices, lower)
    verdict = "holds" if rho < 1 else "violated" if lower >= 1 else "undecided"
    if data["contractive"] != verdict:
        raise Invalid(f"contractive is {data['contractive']!r}, and the bounds say {verdict!r}")
    return f"{lower} <= growth per layer <= {rho} in the {data['norm']} norm: contractive {verdict}"


def _number(text: Any) -> Fraction:
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise Invalid(f"not a number: {str(text)[:40]!r}")
    return Fraction(text)


def _matrix(rows: Any) -> Matrix:
    matrix = [[_number(v) for v in row] for row in rows]
    if any(len(row) != len(matrix) for row in matrix):
        raise Invalid("a matrix is not square")
    return matrix


def _check_upper(data: dict[str, Any], matrices: list[Matrix], rho: Fraction) -> None:
    m, norm = len(matrices[0]), data["norm"]
    if rho < 0:
        raise Invalid("rho is negative")
    if norm == "quadratic":
        Q = _matrix(data["Q"])
        if len(Q) != m or any(Q[i][j] != Q[j][i] for i in range(m) for j in range(m)):
            raise Invalid("Q is not a symmetric matrix of the right size")
        if m > _WIDEST:
            raise Invalid(f"the quadratic norm is checked up to {_WIDEST} rows")
        if not _semidefinite(Q, strict=True):
            raise Invalid("Q is not positive definite")
        _check_forms(Q, matrices, rho, list(itertools.product((0, 1), repeat=m)))
        return
    weights = [_number(v) for v in data["weights"]]
    if len(weights) != m or min(weights) <= 0:
        raise Invalid("the weights are not m positive numbers")
    if norm == "diagonal":
        Q = [[w if i == j else Fraction(0) for j in range(m)] for i, w in enumerate(weights)]
        _check_forms(Q, matrices, rho, [(1,) * m])
    elif norm in ("weighted-inf", "weighted-1"):
        for index, W in enumerate(matrices):
            rows = W if norm == "weighted-inf" else [list(column) for column in zip(*W, strict=True)]
            for i, row in enumerate(rows):
                if sum(abs(a) * w for a, w in zip(row, weights, strict=True)) > rho * weights[i]:
                    raise Invalid(f"matrix {index}, line {i}: larger than rho times the weight")
    else:
        raise Invalid(f"unknown norm {norm!r}")


def _check_forms(Q: Matrix, matrices: list[Matrix], rho: Fraction, masks: list[tuple[int, ...]]) -> None:
    m = len(Q)
    for index, W in enumerate(matrices):
        for mask in masks:
            JW = _masked(W, mask)
            pulled = _times(_times([list(column) for column in zip(*JW, strict=True)], Q), JW)
            left = [[rho * rho * Q[i][j] - pulled[i][j] for j in range(m)] for i in range(m)]
            if not _semidefinite(left, strict=False):
                raise Invalid(f"matrix {index}, J = {mask}: rho^2 Q - (JW)^T Q (JW) is not semidefinite")


def _semidefinite(matrix: Matrix, *, strict: bool) -> bool:
    """Symmetric elimination: every pivot >= 0 (> 0 where strict), and beside a zero pivot only zeros."""
    left = [list(row) for row in matrix]
    n = len(left)
    for k in range(n):
        pivot = left[k][k]
        if pivot < 0 or (strict and pivot == 0) or (pivot == 0 and any(left[k][k + 1 :])):
            return False
        for i in range(k + 1, n):
            if left[i][k]:
                factor = left[i][k] / pivot
                for j in range(k + 1, n):
                    left[i][j] -= factor * left[k][j]
    return True


def _check_lower(factors: Any, matrices: list[Matrix], lower: Fraction) -> None:
    if lower < 0 or (lower > 0 and not factors):
        raise Invalid("the lower bound has no product to show it")
    if lower == 0:
        return
    m = len(matrices[0])
    product = [[Fraction(i == j) for j in range(m)] for i in range(m)]
    for index, mask in factors:
        if type(index) is not int or not 0 <= index < len(matrices):
            raise Invalid(f"there is no matrix {index!r}")
        if len(mask) != m or any(type(bit) is not int or bit not in (0, 1) for bit in mask):
            raise Invalid(f"not the diagonal of a 0/1 matrix: {mask!r}")
        product = _masked(_times(matrices[index], product), mask)
    if _inside(_characteristic(product), lower ** len(factors)):
        raise Invalid("all eigenvalues of the product are smaller than the lower bound says")


def _masked(W: Matrix, mask: Any) -> Matrix:
    return [[bit * v for v in row] for bit, row in zip(mask, W, strict=True)]


def _times(A: Matrix, B: Matrix) -> Matrix:
    columns = list(zip(*B, strict=True))
    return [[sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in columns] for row in A]


def _characteristic(A: Matrix) -> list[Fraction]:
    """The coefficients of det(x I - A), constant term first, by the method of Faddeev and LeVerrier."""
    n = len(A)
    coefficients = [Fraction(1)]
    M = [[Fraction(i == j) for j in range(n)] for i in range(n)]
    for k in range(1, n + 1):
        AM = _times(A, M)
        c = -sum((AM[i][i] for i in range(n)), Fraction(0)) / k
        coefficients.append(c)
        M = [[v + c * (i == j) for j, v in enumerate(row)] for i, row in enumerate(AM)]
    return coefficients[::-1]


def _inside(p: list[Fraction], radius: Fraction) -> bool:
    """Whether all roots of p (leading coefficient 1) have modulus < radius."""
    n = len(p) - 1
    p = [v / radius ** (n - i) for i, v in enumerate(p)]
    while len(p) > 1:
        last = p[0]
        if abs(last) >= 1:
            return False
        backwards = p[::-1]
        p = [(a - last * b) / (1 - last * last) for a, b in zip(p[1:], backwards[1:], strict=True)]
    return True
