"""The largest spectral norm of J_L W_L ... J_1 W_1 over all 0/1 diagonal matrices: branch and bound.

Read from the first layer up.  With M = J_{k-1} W_{k-1} ... J_1 W_1, a bit 0 of J_k removes a row of W_k M, which never
raises the norm; so |rows of W_k M not yet removed| times the largest norm of the layers above bounds what can follow.
Squared norms are compared with rationals exactly: |M|^2 <= t if and only if t I - M^T M is positive semidefinite.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.core.exact import rational, to_fmpq
from relutheory.deep_limit.products.semidefinite import is_semidefinite

Bits = tuple[int, ...]
Rows = list[list[fmpq]]


@dataclass(frozen=True, kw_only=True)
class LargestNorm:
    """lower <= the largest squared norm <= upper; the product of the choice `bits`, J_1, J_2, ..., reaches `lower`."""

    lower: fmpq
    upper: fmpq
    bits: tuple[Bits, ...]
    finished: bool


@dataclass(frozen=True)
class _Node:
    """Layer k, the rows of W_k M kept so far, exactly and in floats, how many of its bits are chosen, those below.

    guess : a float near |rows|^2.
    """

    guess: float
    k: int
    rows: Rows
    floats: np.ndarray
    chosen: Bits
    below: tuple[Bits, ...]


def largest_norm(layers: Sequence[fmpq_mat], deadline: float) -> LargestNorm:
    """The largest squared spectral norm of W_L J_{L-1} ... J_1 W_1.

    layers : W_1, ..., W_L, which fit.  deadline : time.monotonic() after which the search stops with its bounds.
    Returns a `LargestNorm` with bits for J_1, ..., J_{L-1}.

    >>> turn = fmpq_mat(2, 2, [0, -1, 2, 0])
    >>> largest_norm([turn, turn, turn], float("inf")).upper
    16
    """
    scaled, unit = [], fmpq(1)
    for W in layers:  # entries near 1, for the floats
        power = _power_of_two(max(abs(v) for v in W.entries()))
        scaled.append(W / power)
        unit *= power * power
    above = [fmpq(1)]  # above[i]: a bound for the last i layers
    result = LargestNorm(lower=fmpq(1), upper=fmpq(1), bits=(), finished=True)
    for i in range(1, len(scaled) + 1):
        result = _largest(scaled[-i:], above[::-1], deadline)
        above.append(result.upper)
    return LargestNorm(lower=result.lower * unit, upper=result.upper * unit, bits=result.bits, finished=result.finished)


def _power_of_two(size: fmpq) -> fmpq:
    return fmpq(2) ** (int(size.p).bit_length() - int(size.q).bit_length()) if size else fmpq(1)


def _largest(layers: Sequence[fmpq_mat], above: list[fmpq], deadline: float) -> LargestNorm:
    """The same for the layers given; above[k] bounds the squared norm of what follows layer k."""
    lower, upper = fmpq(-1), fmpq(-1)
    bits: tuple[Bits, ...] = ()
    last = len(layers) - 1
    most: list[fmpq] = []  # most[k]: rows of layer k with squared norm at most this lead to nothing better
    first = layers[0].tolist()
    stack = [_Node(_squared(_floats(first)), 0, first, _floats(first), (), ())]
    while stack:
        node = stack.pop()
        if most and _hopeless(node, most[node.k]):
            continue
        if node.k == last:  # J_L = I is best
            low, high = squared_norm(node.rows)
            if low > lower:
                lower, bits = low, node.below
            upper = max(upper, high)
            most = [upper / v if v else upper for v in above]
        elif len(node.chosen) == layers[node.k].nrows():
            rows = (layers[node.k + 1] * fmpq_mat(node.rows)).tolist()
            floats = _floats(rows)
            stack.append(_Node(_squared(floats), node.k + 1, rows, floats, (), (*node.below, node.chosen)))
        else:
            stack += _children(node)
        if lower >= 0 and stack and time.monotonic() > deadline:
            bounds = (_cheap(left.rows) * above[left.k] for left in stack)
            return LargestNorm(lower=lower, upper=max(upper, *bounds), bits=bits, finished=False)
    return LargestNorm(lower=lower, upper=upper, bits=bits, finished=True)


def _children(node: _Node) -> list[_Node]:
    """The next bit of J_k: 0 first on the stack, so that 1 is followed first; a zero row is removed."""
    j = len(node.chosen)
    zero = [[fmpq(0)] * len(row) if i == j else row for i, row in enumerate(node.rows)]
    floats = node.floats.copy()
    floats[j] = 0.0
    children = [_Node(_squared(floats), node.k, zero, floats, (*node.chosen, 0), node.below)]
    if any(v != 0 for v in node.rows[j]):
        children.append(_Node(node.guess, node.k, node.rows, node.floats, (*node.chosen, 1), node.below))
    return children


def _floats(rows: Rows) -> np.ndarray:
    return np.array([[int(v.p) / int(v.q) for v in row] for row in rows])


def _squared(floats: np.ndarray) -> float:
    """The squared spectral norm, in floats."""
    return float(np.linalg.eigvalsh(floats.T @ floats)[-1])


def _cheap(rows: Rows) -> fmpq:
    """A bound for the squared norm: the smaller of sum of squares and |M|_1 |M|_inf."""
    sizes = [[abs(v) for v in row] for row in rows]
    zero = fmpq(0)
    frobenius = sum((v * v for row in sizes for v in row), zero)
    largest_row = max((sum(row, zero) for row in sizes), default=zero)
    largest_column = max((sum(column, zero) for column in zip(*sizes, strict=True)), default=zero)
    return min(frobenius, largest_row * largest_column)


def _hopeless(node: _Node, t: fmpq) -> bool:
    """Whether the squared norm of the node's rows is proved to be at most t."""
    bound = int(t.p) / int(t.q)
    if node.guess > bound * (1 + 1e-9):
        return False  # not worth a test
    return _surely_at_most(node.floats, bound) or at_most(node.rows, t)


def at_most(rows: Rows, t: fmpq) -> bool:
    """Whether the squared spectral norm is at most t, exactly."""
    gram = _gram(rows)
    return is_semidefinite([[t * int(i == j) - v for j, v in enumerate(row)] for i, row in enumerate(gram)])


def _surely_at_most(floats: np.ndarray, t: float) -> bool:
    """A proof in floats that rows rounded to these floats have a squared norm of at most t; False proves nothing.

    Cholesky's method runs through for (t - margin) I - F^T F.  With u = 2^-53, k rows and n columns, the errors are at
    most 4nu t from the rounding of the rows and of t, (k + 1)u |F|_F^2 <= (k + 1)nu t from F^T F, and (n + 2)nu t from
    the method, whatever the order of its operations (Rump 2006); the margin is larger than their sum.
    """
    k, n = floats.shape
    if not 1e-200 < t < 1e200:
        return False
    gram = floats.T @ floats
    if np.trace(gram) > n * t:
        return False
    try:
        np.linalg.cholesky(np.eye(n) * (t * (1 - 1e-14 * (n + k) ** 2)) - gram)
    except np.linalg.LinAlgError:
        return False
    return True


def _gram(rows: Rows) -> Rows:
    matrix = fmpq_mat(rows)
    small = matrix * matrix.transpose() if matrix.nrows() < matrix.ncols() else matrix.transpose() * matrix
    gram: Rows = small.tolist()
    return gram


def squared_norm(rows: Rows) -> tuple[fmpq, fmpq]:
    """Rationals around the squared spectral norm, equal where it is rational with a small denominator.

    >>> squared_norm([[fmpq(3), fmpq(4)]])
    (25, 25)
    """
    gram = _gram(rows)
    size = max((abs(v) for row in gram for v in row), default=fmpq(0))
    if size == 0:
        return fmpq(0), fmpq(0)
    floats = np.array([[float(rational(v / size)) for v in row] for row in gram])
    guess = Fraction(float(np.linalg.eigvalsh(floats)[-1])) * rational(size)
    near = to_fmpq(guess.limit_denominator(10**4))
    if at_most(rows, near) and _shifted(gram, near).det() == 0:
        return near, near
    high = next(t for t in _steps(guess, 1) if at_most(rows, t))
    low = next((t for t in _steps(guess, -1) if not at_most(rows, t)), fmpq(0))
    return low, high


def _shifted(gram: Rows, t: fmpq) -> fmpq_mat:
    return fmpq_mat([[t * int(i == j) - v for j, v in enumerate(row)] for i, row in enumerate(gram)])


def _steps(guess: Fraction, sign: int):  # type: ignore[no-untyped-def]
    """Rationals further and further from the guess, rounded to 64 bits."""
    for bits in (46, 40, 30, 20, 10, 2):
        yield to_fmpq(guess * (1 + sign * Fraction(1, 2**bits)))
    for factor in (4, 64, 2**20) if sign > 0 else (Fraction(1, 4), Fraction(1, 2**20)):
        yield to_fmpq(guess * factor)
