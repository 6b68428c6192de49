"""Exact measurement of a norm: the rho that weights, or a quadratic form, prove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.core.exact import nearest_float, rational, to_fmpq
from relutheory.deep_limit.products.semidefinite import is_definite, is_semidefinite

Vector = Sequence[Fraction]
Form = Sequence[Sequence[Fraction]]


def weighted_rho(weights: Vector, matrices: Sequence[fmpq_mat], *, transposed: bool) -> Fraction:
    """The largest (|W| v)_i / v_i over the matrices and i; with `transposed`, of the transposed matrices.

    >>> weighted_rho([Fraction(1), Fraction(2)], [fmpq_mat(2, 2, [0, -1, 1, 0])], transposed=False)
    Fraction(2, 1)
    """
    v = [to_fmpq(w) for w in weights]
    largest = fmpq(0)
    for W in matrices:
        rows = (W.transpose() if transposed else W).tolist()
        for i, row in enumerate(rows):
            largest = max(largest, sum((abs(a) * b for a, b in zip(row, v, strict=True)), fmpq(0)) / v[i])
    return rational(largest)


def definite(Q: Form) -> bool:
    """Whether Q is positive definite, exactly."""
    return is_definite([[to_fmpq(v) for v in row] for row in Q])


def form_rho(
    weights: Vector | None, Q: Form | None, matrices: Sequence[fmpq_mat], worse: Fraction | None = None
) -> Fraction:
    """A rational rho with (J W)^T Q (J W) <= rho^2 Q for all W and J, little larger than need be.

    weights : the diagonal of Q; or Q : the form, definite.  worse : where floats say that rho is larger than this, what
    they say is returned, unproved: larger numbers than `worse` are of no use to the caller.

    >>> form_rho([Fraction(1), Fraction(1)], None, [fmpq_mat(2, 2, [0, -1, 1, 0])])
    Fraction(1, 1)
    """
    if weights is not None:
        form = [[to_fmpq(w) if i == j else fmpq(0) for j in range(len(weights))] for i, w in enumerate(weights)]
        masks = [(1,) * len(weights)]
    elif Q is not None:
        form = [[to_fmpq(v) for v in row] for row in Q]
        masks = [bits for bits in product((1, 0), repeat=len(Q)) if any(bits)]
    else:
        raise ValueError("a form has weights or a matrix")
    pulled = [_pulled(form, W, bits) for W in matrices for bits in masks]
    guess = _guess(form, pulled)
    if worse is not None and guess > worse * (1 + Fraction(1, 2**20)):
        return guess
    for rho in _above(guess):
        if all(at_most(form, P, rho) for P in pulled):
            return rho
    raise AssertionError("no bound for the norm")


def _pulled(form: list[list[fmpq]], W: fmpq_mat, bits: Sequence[int]) -> list[list[fmpq]]:
    """(J W)^T Q (J W)."""
    kept = [i for i, bit in enumerate(bits) if bit]
    rows = W.tolist()
    A = fmpq_mat([rows[i] for i in kept])
    pulled: list[list[fmpq]] = (A.transpose() * fmpq_mat([[form[i][j] for j in kept] for i in kept]) * A).tolist()
    return pulled


def at_most(form: list[list[fmpq]], pulled: list[list[fmpq]], rho: Fraction) -> bool:
    """Whether rho^2 Q - (J W)^T Q (J W) is positive semidefinite, exactly."""
    square = to_fmpq(rho * rho)
    return is_semidefinite(
        [[square * a - b for a, b in zip(*rows, strict=True)] for rows in zip(form, pulled, strict=True)]
    )


def _guess(form: list[list[fmpq]], pulled: list[list[list[fmpq]]]) -> Fraction:
    """A float near the least rho, 0 where floats fail; rows and columns are scaled by powers of two first."""
    from scipy.linalg import LinAlgError, eigh

    half = [Fraction(2) ** (-_exponent(rational(form[i][i])) // 2) for i in range(len(form))]
    scale = [[to_fmpq(a * b) for b in half] for a in half]

    def floats(matrix: list[list[fmpq]], unit: fmpq) -> np.ndarray:
        return np.array([[nearest_float(rational(v * s * unit)) for v, s in zip(*rows, strict=True)]
                         for rows in zip(matrix, scale, strict=True)])  # fmt: skip

    size = max((abs(v * s) for P in pulled for rows in zip(P, scale, strict=True) for v, s in zip(*rows, strict=True)),
               default=fmpq(0))  # fmt: skip
    if size == 0:
        return Fraction(0)
    exponent = _exponent(rational(size)) // 2
    unit = to_fmpq(Fraction(4) ** -exponent)
    base = floats(form, fmpq(1))
    try:
        largest = max(float(eigh(floats(P, unit), base, eigvals_only=True)[-1]) for P in pulled)
    except (LinAlgError, ValueError):
        return Fraction(0)
    return Fraction(float(np.sqrt(max(largest, 0.0)))) * Fraction(2) ** exponent


def _exponent(value: Fraction) -> int:
    return abs(value.numerator).bit_length() - value.denominator.bit_length()


def _above(guess: Fraction) -> Iterator[Fraction]:
    """Rationals from about the guess upwards, simple ones among them."""
    near = {guess * (1 + Fraction(1, 2**bits)) for bits in (44, 34, 24, 16, 8, 4, 1)}
    near |= {s for s in map(guess.limit_denominator, (1, 12, 1000)) if abs(s - guess) * 10**6 <= guess}
    yield from sorted(near)
    for power in range(-2000, 6000, 2):  # floats failed: any power of two that holds
        yield guess + Fraction(2) ** power


def spread(weights: Vector | None, Q: Form | None) -> Fraction:
    """An upper bound for the condition number (largest by smallest eigenvalue) of the form, proved."""
    if weights is not None:
        return max(weights) / min(weights)
    if Q is None:
        raise ValueError("a form has weights or a matrix")
    rows = [[to_fmpq(v) for v in row] for row in Q]
    above = max(sum((abs(v) for v in row), fmpq(0)) for row in rows)
    below = above
    while not is_semidefinite([[v - below * int(i == j) for j, v in enumerate(row)] for i, row in enumerate(rows)]):
        below = below * fmpq(15, 16)
    return rational(above / below)
