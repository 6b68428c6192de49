"""A layer read off from trajectories: what convergence at m + 1 points says about W_n and b_n.

Where coordinate j of x_{n+1} = ReLU(W x_n + b) is positive on m + 1 trajectories whose points x_n are affinely
independent, row j solves the linear system <w, x_n> + beta = (x_{n+1})_j.  With X the matrix of rows (x_n, 1) and e_j
the unit vector, X (w - e_j, beta) = (x_{n+1} - x_n)_j: so trajectories that converge to affinely independent limits
with a positive coordinate j force w -> e_j and beta -> 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq_mat

from relutheory.core.errors import InputError, reject
from relutheory.core.exact import Number, RationalArray, rational, to_fmpq
from relutheory.core.verdict import Enclosure, NotABool, Rigor
from relutheory.deep_limit.families.layer_sequence import check_exact_layers

_BITS = 256  # of the balls that floats are solved in
Vector = tuple[Fraction, ...]


@dataclass(frozen=True, kw_only=True)
class RecoveredRow(NotABool):
    """Row j of a layer, as far as trajectories show it.

    j : the coordinate.  known : whether the row is determined; `reason` says why not.  weights, bias : the row of W and
    the entry of b as `Enclosure`s (exact for exact trajectories); empty and None where unknown.  distance : the largest
    deviation of the weights from the unit vector e_j (the j-th of the inputs of the layer) and of the bias from 0, as
    an Enclosure, or None.  used : the trajectories whose coordinate j is positive.
    """

    j: int
    known: bool
    weights: tuple[Enclosure, ...] = ()
    bias: Enclosure | None = None
    distance: Enclosure | None = None
    used: tuple[int, ...] = ()
    reason: str = ""

    _hint = "ask .known"


@dataclass(frozen=True, kw_only=True)
class RecoveredLayer(NotABool):
    """The rows of one layer, each known or not.  n : the depth of the layer, where it came from a family, else None."""

    rows: tuple[RecoveredRow, ...]
    n: int | None = None

    _hint = "ask .complete"

    @property
    def complete(self) -> bool:
        """Whether every row is determined."""
        return all(row.known for row in self.rows)

    @property
    def distance(self) -> Enclosure | None:
        """The largest deviation of the known rows from those of (I, 0); None where no row is known."""
        known = [row.distance for row in self.rows if row.distance is not None]
        if not known:
            return None
        lo, hi = max(d.lo for d in known), max(d.hi for d in known)
        return Enclosure(lo=lo, hi=hi, rigor=min(d.rigor for d in known))


def recover_layer(before: Any, after: Any, *, error: Number = 0) -> RecoveredLayer:
    """The rows of (W, b) that trajectories x_{n+1} = ReLU(W x_n + b) determine, exactly or enclosed.

    before : (k, m) numbers, the points x_n of k trajectories.  after : (k, l) numbers, their points x_{n+1}.
    error : how far each given coordinate may be from the true one; 0 for exact trajectories.  Row j is known where
    at least m + 1 trajectories have coordinate j of `after` positive for certain (larger than `error`), and their
    points of `before` are affinely independent for certain.  Returns a `RecoveredLayer`.  Raises InputError for NaN,
    shapes that do not fit, a negative error, outputs below -error, and exact trajectories that no layer has (the
    coordinates concerned are named).

    >>> rows = recover_layer([[0], [1]], [[1], ["3/2"]]).rows  # x -> ReLU(x / 2 + 1)
    >>> rows[0].weights[0].lo, rows[0].bias.lo, rows[0].distance.hi
    (Fraction(1, 2), Fraction(1, 1), Fraction(1, 1))
    """
    X, Y = RationalArray(before, "before", ndim=2), RationalArray(after, "after", ndim=2)
    if X.shape[0] != Y.shape[0]:
        reject("after", f"array of shape {Y.shape}", f"must have one row per trajectory, {X.shape[0]}")
    slack = rational(error, "error")
    if slack < 0:
        reject("error", error, "must not be negative")
    for k, j in np.ndindex(*Y.shape):
        if Y[k, j] < -slack:
            reject(f"after[{k},{j}]", str(Y[k, j]), "must not be negative by more than the error: x_{n+1} is a ReLU")
    points = [[*X.row(k), Fraction(1)] for k in range(X.shape[0])]
    values = [Y.row(k) for k in range(Y.shape[0])]
    return RecoveredLayer(rows=tuple(_row(points, [v[j] for v in values], j, slack) for j in range(Y.shape[1])))


def _row(points: list[list[Fraction]], values: list[Fraction], j: int, slack: Fraction) -> RecoveredRow:
    used = [k for k, v in enumerate(values) if v > slack]
    size = len(points[0])
    chosen = _independent([points[k] for k in used], size)
    if len(chosen) < size:
        some = "no trajectory" if not used else f"{len(used)} trajectories, whose points span too little,"
        reason = f"{some} with coordinate {j} positive; {size} affinely independent ones are needed"
        return RecoveredRow(j=j, known=False, used=tuple(used), reason=reason)
    basis = [used[i] for i in chosen]
    if slack == 0:
        solution = _solved([points[k] for k in basis], [values[k] for k in basis])
        _check_consistent(points, values, solution, j)
        entries = [Enclosure.exact(v) for v in solution]
    else:
        balls = _solved_in_balls([points[k] for k in basis], [values[k] for k in basis], slack)
        if balls is None:
            reason = "the points may be affinely dependent within the error"
            return RecoveredRow(j=j, known=False, used=tuple(used), reason=reason)
        entries = balls
    distance = _largest([_away(v, Fraction(int(i == j))) for i, v in enumerate(entries[:-1])] + [_away(entries[-1])])
    return RecoveredRow(
        j=j, known=True, weights=tuple(entries[:-1]), bias=entries[-1], distance=distance, used=tuple(used)
    )


def _independent(rows: Sequence[Sequence[Fraction]], size: int) -> list[int]:
    """Indices of linearly independent rows, as many as there are, up to `size`; earlier ones are preferred."""
    echelon: list[tuple[int, list[Fraction]]] = []
    chosen: list[int] = []
    for index, row in enumerate(rows):
        left = list(row)
        for pivot, known in echelon:
            if left[pivot]:
                factor = left[pivot] / known[pivot]
                left = [a - factor * b for a, b in zip(left, known, strict=True)]
        pivot = next((i for i, v in enumerate(left) if v), None)  # type: ignore[assignment]
        if pivot is not None:
            echelon.append((pivot, left))
            chosen.append(index)
        if len(chosen) == size:
            break
    return chosen


def _solved(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    A = fmpq_mat([[to_fmpq(v) for v in row] for row in rows])
    return [rational(v) for v in A.solve(fmpq_mat(len(right), 1, [to_fmpq(v) for v in right])).entries()]


def _check_consistent(
    points: Sequence[Sequence[Fraction]], values: Sequence[Fraction], row: Sequence[Fraction], j: int
) -> None:
    for k, (point, value) in enumerate(zip(points, values, strict=True)):
        expected = max(sum((a * b for a, b in zip(row, point, strict=True)), Fraction(0)), Fraction(0))
        if expected != value:
            reject(f"after[{k},{j}]", str(value), f"must be {expected}: the other trajectories determine row {j}")


def _solved_in_balls(
    rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction], slack: Fraction
) -> list[Enclosure] | None:
    """Every solution of a system whose entries are off by at most `slack` (the ones in the last column are exact)."""
    with ctx.workprec(_BITS):

        def ball(value: Fraction, radius: Fraction) -> arb:
            return arb(to_fmpq(value)) + arb(0, arb(to_fmpq(radius)).upper())

        A = arb_mat([[*(ball(v, slack) for v in row[:-1]), arb(1)] for row in rows])
        try:
            solution = A.solve(arb_mat([[ball(v, slack)] for v in right])).entries()
        except ZeroDivisionError:
            return None
        if not all(v.is_finite() for v in solution):
            return None
        return [Enclosure(lo=_end(v.lower()), hi=_end(v.upper()), rigor=Rigor.ENCLOSED) for v in solution]


def _end(value: arb) -> Fraction:
    """The rational that an exact ball is."""
    mantissa, exponent = value.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _away(value: Enclosure, center: Fraction = Fraction(0)) -> Enclosure:
    """The modulus of value - center."""
    low, high = value.lo - center, value.hi - center
    least = Fraction(0) if low <= 0 <= high else min(abs(low), abs(high))
    return Enclosure(lo=least, hi=max(abs(low), abs(high)), rigor=value.rigor)


def _largest(values: Sequence[Enclosure]) -> Enclosure:
    return Enclosure(lo=max(v.lo for v in values), hi=max(v.hi for v in values), rigor=min(v.rigor for v in values))


def recover_along_depth(family: Any, points: Iterable[Iterable[Number]], depths: Iterable[int]) -> list[RecoveredLayer]:
    """The layers of a family at some depths, recovered from exact trajectories of the points.

    family : a `DeepFamily` with rational layers (anything whose `layer(n)` is a `ReLULayer`).  points : m + 1 inputs or
    more, exact numbers.  depths : layer numbers n >= 2, in increasing order.  Returns one `RecoveredLayer` for each
    depth, with its `n`; its rows tend to those of (I, 0) where the trajectories converge to affinely independent limits
    with positive coordinates (`.distance` says how far they are).  Raises InputError for other depths.

    >>> from relutheory.networks import ReLULayer
    >>> class Family:
    ...     def layer(self, n):
    ...         return ReLULayer([[1 if n == 1 else 1 + Fraction(1, n * n)]], [1 if n == 1 else 0])
    >>> [float(layer.distance.hi) for layer in recover_along_depth(Family(), [[0], [1]], [2, 10])]
    [0.25, 0.01]
    """
    check_exact_layers(family)
    if not isinstance(points, Iterable) or isinstance(points, (str, bytes)):
        reject("points", points, "must be a list of points")
    if not isinstance(depths, Iterable):
        reject("depths", depths, "must be integers >= 2, in increasing order")
    points = list(points)
    for i, point in enumerate(points):
        if not isinstance(point, Iterable) or isinstance(point, (str, bytes)):
            reject(f"points[{i}]", point, "must be a list of numbers")
    x = [[rational(v, f"points[{i}][{j}]") for j, v in enumerate(point)] for i, point in enumerate(points)]
    if not x:
        reject("points", [], "must not be empty")
    wanted = list(depths)
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 2 for n in wanted) or wanted != sorted(set(wanted)):
        reject("depths", wanted, "must be integers >= 2, in increasing order")
    found = []
    for n in range(1, wanted[-1] + 1 if wanted else 1):
        layer = family.layer(n)
        if len(x[0]) != layer.n:
            raise InputError(f"points: have {len(x[0])} coordinates, and layer {n} takes {layer.n}")
        after = [layer.forward_exact(point) for point in x]
        if n in wanted:
            found.append(RecoveredLayer(rows=recover_layer(x, after).rows, n=n))
        x = after
    return found
