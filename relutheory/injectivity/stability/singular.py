"""Extreme singular values of exact matrices: floats find a vector, rational arithmetic encloses the value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from relutheory.core.exact import RationalArray, odd_parts, primitive
from relutheory.injectivity.stability.clock import check
from relutheory.injectivity.stability.semidefinite import beyond, shifted

_BITS = 40  # an enclosure's relative width is at most 2^-40, unless that much cannot be proved
_VECTOR_BITS = (64, 256, 1024, 4096)
_ROUNDS = 12
_SOLVING = 3e-7  # seconds times n^3 that an exact linear system takes at least; it cannot be stopped half-way


@dataclass(frozen=True)
class Eigenvalue:
    """The least or the largest eigenvalue of a Gram matrix G, enclosed.

    inner : the Rayleigh quotient of `vector`, attained by it.  outer : proved, on the other side.  vector : integers.
    The eigenvalue lies between the two; they are equal where it is rational.
    """

    inner: Fraction
    outer: Fraction
    vector: tuple[int, ...]


class Weights:
    """The rows of a layer as integers over one denominator, and the Gram matrices of some of them.

    >>> weights = Weights(RationalArray([["1/2", 0], [0, 1]], ndim=2))
    >>> weights.gram([0, 1]), weights.square
    ([1, 0]
    [0, 4], Fraction(1, 4))
    """

    def __init__(self, weight: RationalArray) -> None:
        entries, common = _integers(weight)
        content = math.gcd(*entries) or 1
        self.m, self.n = weight.shape
        self.rows = [[v // content for v in entries[i * self.n : (i + 1) * self.n]] for i in range(self.m)]
        self.square = (content / common) ** 2  # what a Gram matrix of `rows` is to be multiplied by

    def gram(self, active: Sequence[int]) -> fmpz_mat:
        """Sum of w w^T over the rows named, of the integer rows."""
        if not active:
            return fmpz_mat(self.n, self.n)
        chosen = fmpz_mat([self.rows[i] for i in active])
        return chosen.transpose() * chosen

    def eigenvalue(self, active: Sequence[int], sign: int, deadline: float | None = None) -> Eigenvalue:
        """The least (sign 1) or largest (sign -1) eigenvalue of the Gram matrix of the integer rows named.

        Raises `OutOfTime` where that takes until after the deadline of `time.perf_counter`.
        """
        check(deadline)
        return extreme_eigenvalue(self.gram(active), sign, self.square, deadline)

    def quotient(self, active: Sequence[int], vector: Sequence[int]) -> Fraction:
        """<u, G u> / <u, u> for the Gram matrix G of the integer rows named, which is not computed."""
        if not active:
            return Fraction(0)
        products = (fmpz_mat([self.rows[i] for i in active]) * fmpz_mat([[v] for v in vector])).entries()
        return Fraction(sum(int(v) ** 2 for v in products), sum(v * v for v in vector))


def _integers(weight: RationalArray) -> tuple[list[int], Fraction]:
    """The entries times one positive number that makes them integers, row by row, and that number."""
    if weight.floats_exact:
        k, e = odd_parts(weight.floats)
        e[k == 0] = lowest = int(e[k != 0].min(initial=0))
        shifted_by = (e - lowest).ravel().tolist()
        return [v << s for v, s in zip(k.ravel().tolist(), shifted_by, strict=True)], Fraction(2) ** -lowest
    numerators, common = weight.fmpq.numer_denom()
    return [int(v) for v in numerators.entries()], Fraction(int(common))


def extreme_eigenvalue(
    gram: fmpz_mat, sign: int, unit: Fraction = Fraction(1), deadline: float | None = None
) -> Eigenvalue:
    """The least (sign 1) or largest (sign -1) eigenvalue of an integer Gram matrix.

    A rational eigenvalue of an integer matrix is an integer: the one that, times `unit`, is the simplest fraction is
    tried.  Raises `OutOfTime` where it takes until after the deadline of `time.perf_counter`.

    >>> extreme_eigenvalue(fmpz_mat([[2, 1], [1, 2]]), 1)
    Eigenvalue(inner=Fraction(1, 1), outer=Fraction(1, 1), vector=(1, -1))
    """
    n = gram.nrows()
    entries = [int(v) for v in gram.entries()]
    if all(not any(entries[i * n + i + 1 : (i + 1) * n]) for i in range(n)):
        return _of_diagonal(entries[:: n + 1], sign)
    content = math.gcd(*entries)
    if content > 1:
        found = extreme_eigenvalue(fmpz_mat(n, n, [v // content for v in entries]), sign, unit * content, deadline)
        return Eigenvalue(found.inner * content, found.outer * content, found.vector)
    check(deadline)
    if sign > 0 and gram.rank() < n:
        return Eigenvalue(Fraction(0), Fraction(0), _kernel(gram))
    vector = _float_vector(gram, sign)
    for bits in (0, *_VECTOR_BITS):  # kept of each coordinate: the more, the worse the condition; 0: as floats find it
        if bits:
            vector = _iterated(gram, vector, sign, bits, deadline)
        inner = rayleigh(gram, vector)
        if beyond(gram, inner * (1 - sign * Fraction(1, 2**_BITS)), sign, deadline):
            outer = inner * (1 - sign * Fraction(1, 2**_BITS))
            break
    else:
        outer = _outer(gram, inner, sign, deadline)
    whole = simplest(*sorted((inner * unit, outer * unit))) / unit
    if whole.denominator == 1:
        check(deadline)
        singular = shifted(gram, whole, 1)
        if singular.rank() < n and beyond(gram, whole, sign, deadline):
            return Eigenvalue(whole, whole, _kernel(singular))
    return Eigenvalue(inner, outer, tuple(vector))


def _of_diagonal(entries: list[int], sign: int) -> Eigenvalue:
    """The extreme eigenvalue of a diagonal matrix with these entries, attained by a unit vector."""
    value = min(entries) if sign > 0 else max(entries)
    k = entries.index(value)
    return Eigenvalue(Fraction(value), Fraction(value), tuple(int(i == k) for i in range(len(entries))))


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of the least denominator with 0 <= low <= fraction <= high.

    >>> simplest(Fraction(31, 100), Fraction(34, 100))
    Fraction(1, 3)
    """
    whole = math.ceil(low)
    if whole <= high:
        return Fraction(whole)
    whole -= 1
    return whole + 1 / simplest(1 / (high - whole), 1 / (low - whole))


def rayleigh(gram: fmpz_mat, vector: Sequence[int]) -> Fraction:
    """<u, G u> / <u, u>."""
    column = fmpz_mat([[v] for v in vector])
    return Fraction(int((column.transpose() * gram * column)[0, 0]), sum(v * v for v in vector))


def _kernel(gram: fmpz_mat) -> tuple[int, ...]:
    basis, _ = gram.nullspace()
    vector = primitive([int(basis[i, 0]) for i in range(gram.nrows())])
    return tuple(vector) if next(v for v in vector if v) > 0 else tuple(-v for v in vector)


def _float_vector(gram: fmpz_mat, sign: int) -> list[int]:
    """An eigenvector of the matrix in floats; a start, no more."""
    n = gram.nrows()
    entries = [int(v) for v in gram.entries()]
    drop = max(max(v.bit_length() for v in entries) - 60, 0)
    values, vectors = np.linalg.eigh(np.array([float(v >> drop) for v in entries]).reshape(n, n))
    vector = vectors[:, 0 if sign > 0 else -1]
    return rounded_vector(vector) if np.isfinite(values).all() else [1] * n


def rounded_vector(vector: np.ndarray) -> list[int]:
    """Integers close to a multiple of a float vector."""
    return _rounded([Fraction(float(v)) for v in vector], 64)


def _rounded(vector: Sequence[Fraction], bits: int) -> list[int]:
    """Integers close to a multiple of the vector, each to the same number of bits."""
    short = []
    for v in vector:
        # v = p / q: the first bits of p 2^k / q, as many as are kept
        k = bits + v.denominator.bit_length() - v.numerator.bit_length()
        mantissa = (v.numerator << k) // v.denominator if k >= 0 else v.numerator // (v.denominator << -k)
        short.append(Fraction(mantissa) / Fraction(2) ** k)
    largest = max(abs(v) for v in short)
    return primitive([v if abs(v) * 2**6000 >= largest else Fraction(0) for v in short])


def _iterated(gram: fmpz_mat, vector: list[int], sign: int, bits: int, deadline: float | None) -> list[int]:
    """Inverse iteration for the least eigenvalue, powers for the largest, in exact arithmetic."""
    best = rayleigh(gram, vector)
    for _ in range(_ROUNDS):
        check(deadline, _SOLVING * gram.nrows() ** 3 if sign > 0 else 0.0)
        column = fmpz_mat([[v] for v in vector])
        if sign > 0:
            solved = gram.solve(column).entries()
            following = _rounded([Fraction(int(v.p), int(v.q)) for v in solved], bits)
        else:
            product = [int(v) for v in (gram * column).entries()]
            if not any(product):  # G = 0
                return vector
            following = _rounded([Fraction(v) for v in product], bits)
        value = rayleigh(gram, following)
        gain = (best - value) * sign
        if gain <= 0:
            break
        vector, best = following, value
        if gain * 2 ** (_BITS + 5) < value:
            break
    return vector


def _outer(gram: fmpz_mat, inner: Fraction, sign: int, deadline: float | None) -> Fraction:
    """A proved bound on the other side of the eigenvalue, as close as some powers of two allow."""
    for bits in (30, 20, 10, 4, 2, 1):
        value = inner * (1 - sign * Fraction(1, 2**bits))
        if beyond(gram, value, sign, deadline):
            return value
    bits = 2
    while sign > 0 and bits < 2**16:
        if beyond(gram, inner / 2**bits, sign, deadline):
            return inner / 2**bits
        bits *= 2
    return Fraction(0) if sign > 0 else Fraction(sum(int(gram[i, i]) for i in range(gram.nrows())))


def outward(value: Fraction, *, up: bool) -> float:
    """The nearest float on the given side of a rational >= 0.

    >>> outward(Fraction(1, 2), up=True), outward(Fraction(10) ** 400, up=False)
    (0.5, 1.7976931348623157e+308)
    """
    try:
        near = value.numerator / value.denominator
    except OverflowError:
        return math.inf if up else math.nextafter(math.inf, 0.0)
    if up:
        return near if Fraction(near) >= value else math.nextafter(near, math.inf)
    return near if Fraction(near) <= value else math.nextafter(near, -math.inf)
