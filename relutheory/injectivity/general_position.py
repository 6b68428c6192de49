"""Rows in general position: the exact test, and the layers for which the factor three is attained."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from flint import fmpz_mat, nmod_mat

from relutheory.core.certificate import Certificate
from relutheory.core.errors import check_limit, reject
from relutheory.core.exact import RationalArray, integer_rows
from relutheory.core.residues import primes, residues
from relutheory.core.verdict import NotABool, Verdict
from relutheory.networks import ReLULayer

_BLOCK = 20_000_000  # subsets that one call of the kernel looks at, at most: about 0.1 s
_ENTRIES = 250_000  # of a layer of the moment curve, exact numbers of hundreds of digits
_SUSPECTS = 4096  # subsets dependent modulo a prime that are kept before they are looked at exactly

Subset = tuple[int, ...]


@dataclass(frozen=True)
class GeneralPosition(NotABool):
    """Whether any n rows are independent: `verdict`, and a `dependent` set of at most n rows where not.

    verdict : HOLDS, VIOLATED or UNDECIDED (out of time), exact.  dependent : row numbers, or None.  layer : the rows;
    without bias if none was given.  certificate : made on request; it saves to a file that `relutheory check` verifies.

    >>> found = in_general_position([[1, 0], [0, 1], [2, 0]])
    >>> found.verdict.value, found.dependent, found.certificate.proof
    ('violated', (0, 2), {'rows': [0, 2], 'multipliers': ['-2', '1']})
    """

    verdict: Verdict
    dependent: Subset | None = None
    layer: ReLULayer | None = field(default=None, repr=False, compare=False)

    @property
    def proved(self) -> bool:
        """Whether the rows are proved to be in general position."""
        return self.verdict is Verdict.HOLDS

    @property
    def refuted(self) -> bool:
        """Whether the rows are proved not to be in general position."""
        return self.verdict is Verdict.VIOLATED

    @cached_property
    def certificate(self) -> Certificate:
        """The proof as a `Certificate`: the multipliers of dependent rows, or that all subsets have to be looked at.

        Raises InputError where nothing was decided, and where the subsets are more than the checker looks at.
        """
        from relutheory.injectivity.position_certificate import certify

        return certify(self)


def in_general_position(W: Any, *, time_limit: float | None = None) -> GeneralPosition:
    """Decide whether any min(m, n) rows of W are linearly independent, exactly.

    W : (m, n) numbers, or a ReLULayer, of which the weights count.  time_limit : seconds, beyond which the verdict is
    UNDECIDED.  Returns a `GeneralPosition`.  Raises InputError for bad arguments.

    All C(m, n) subsets are looked at modulo a prime, sharing eliminations, or, where m - n < n, the complements among
    the rows of a dual matrix; what is dependent modulo the prime is decided in integers.

    >>> in_general_position(alternating_moment_layer(3)).verdict.value
    'holds'
    """
    layer = W if isinstance(W, ReLULayer) else ReLULayer(W)
    limit = check_limit("time_limit", time_limit)
    verdict, dependent = _decided(layer.weight, None if limit is None else time.perf_counter() + limit)
    return GeneralPosition(verdict, dependent, layer)


def _decided(weight: RationalArray, deadline: float | None) -> tuple[Verdict, Subset | None]:
    m, n = weight.shape
    rows = integer_rows(weight)
    if m <= n or _rank(rows) < n:
        return _judged(m == 0 or _rank(rows) == m, tuple(range(min(m, n))))
    for p in primes():
        suspects, finished = _suspects(weight, p, deadline)
        for subset in suspects:
            if _rank([rows[i] for i in subset]) < len(subset):
                return _judged(False, subset)
        if finished:
            return _judged(True, ())
        if deadline is not None and time.perf_counter() > deadline:
            break
    return Verdict.UNDECIDED, None


def _judged(holds: bool, dependent: Subset) -> tuple[Verdict, Subset | None]:
    return (Verdict.HOLDS, None) if holds else (Verdict.VIOLATED, dependent)


def _rank(rows: list[list[int]]) -> int:
    return int(fmpz_mat(rows).rank()) if rows else 0


def _suspects(weight: RationalArray, p: int, deadline: float | None) -> tuple[list[Subset], bool]:
    """Sets of at most n rows dependent modulo p, and whether these are all: not if there are many, or time is up."""
    m, n = weight.shape
    columns = residues(weight, p)
    dual = m - n < n
    if dual:
        kernel = _dual(columns, p)
        if kernel is None:
            return [], False  # of lower rank modulo p: another prime
        columns = kernel
    found: list[Subset] = []
    for prefix, block, first in _blocks(columns, p, (), 0):
        if deadline is not None and time.perf_counter() > deadline:
            return found, False
        found += [(*prefix, *(first + j for j in subset)) for subset in _dependent(block, p, _SUSPECTS - len(found))]
        if len(found) >= _SUSPECTS:
            return [_complement(s, m, n) if dual else s for s in found], False
    return [_complement(s, m, n) if dual else s for s in found], True


def _dual(columns: np.ndarray, p: int) -> np.ndarray | None:
    """A basis of the dependencies of the rows, modulo p: n of the rows are independent iff the others are in it.

    columns : (n, m).  Returns (m - n, m), or None where the rank modulo p is below n.
    """
    n, m = columns.shape
    reduced, rank = nmod_mat(n, m, [int(v) for v in columns.ravel()], p).rref()
    if rank < n:
        return None
    table = np.array([[int(v) for v in row] for row in reduced.tolist()], dtype=np.float64)
    pivots = [int(np.flatnonzero(row)[0]) for row in table]
    others = sorted(set(range(m)) - set(pivots))
    basis = np.zeros((m - n, m))
    basis[:, pivots] = (p - table[:, others].T) % p
    basis[:, others] = np.eye(m - n)
    return basis


def _complement(subset: Subset, m: int, n: int) -> Subset:
    """n of the m rows, outside the subset."""
    return tuple(islice((i for i in range(m) if i not in subset), n))


def _blocks(columns: np.ndarray, p: int, prefix: Subset, first: int) -> Iterator[tuple[Subset, np.ndarray, int]]:
    """Parts of the work: (columns chosen, the later columns modulo these, the number of the first of them)."""
    q, k = columns.shape
    if q <= 2 or math.comb(k, q) <= _BLOCK:
        yield prefix, columns, first
        return
    for c in range(k - q + 1):
        pivot = int(np.argmax(columns[:, c] != 0))
        if columns[pivot, c] == 0:
            yield prefix, columns[:, c : c + 1], first + c  # the column itself is dependent on the prefix
            continue
        inverse = pow(int(columns[pivot, c]), -1, p)
        factors = columns[:, c].astype(np.int64) * inverse % p
        later = columns[:, c + 1 :].astype(np.int64)
        rest = np.delete((later - factors[:, None] * later[pivot] % p) % p, pivot, axis=0).astype(np.float64)
        yield from _blocks(rest, p, (*prefix, first + c), first + c + 1)


def _dependent(columns: np.ndarray, p: int, most: int) -> list[Subset]:
    """Subsets of the columns that make q of them dependent modulo p, at most `most`."""
    from relutheory._kernels.minors import dependent_subsets

    q, k = columns.shape
    zero: list[Subset] = [(int(j),) for j in np.flatnonzero(~columns.any(axis=0))]
    if zero or q == 1:
        return zero[:most]
    if k < q:
        return []
    found = np.empty((most, q), dtype=np.int64)
    columns = np.ascontiguousarray(columns)
    many = dependent_subsets(columns, float(p), np.empty((q, q, k)), np.empty(q, dtype=np.int64), found)
    return [tuple(int(j) for j in row if j >= 0) for row in found[:many]]


def alternating_moment_layer(n: int, m: int | None = None, *, basis: str = "monomial") -> ReLULayer:
    """The layer of the alternating moment curve, w_i = (-1)^i (1, t_i, ..., t_i^(n-1)) with t_1 < ... < t_m; no bias.

    n : inputs, >= 1; m : neurons, by default 3n - 1.  basis : "monomial" with integers t_i around 0, or "chebyshev":
    T_0, ..., T_(n-1) at rationals near Chebyshev's nodes, entries in [-1, 1].  All entries are exact.
    Returns a `ReLULayer` in general position.  Raises InputError for bad arguments, and for more than 250 000 entries.

    With m >= 3n - 1 it is injective: for a polynomial p of degree < n the signs of (-1)^i p(t_i) leave their
    alternation at most n - 1 times, so at least (m - n + 1) / 2, rounded down, of them are positive.

    >>> from relutheory.injectivity import decide_injectivity
    >>> layer = alternating_moment_layer(3)
    >>> layer.m, layer.weight.fractions()[0] == [1, -4, 16], decide_injectivity(layer).status.value
    (8, True, 'injective')
    """
    n = _size("n", n)
    m = 3 * n - 1 if m is None else _size("m", m)
    if m * n > _ENTRIES:
        reject("m", m, f"must give at most {_ENTRIES} entries, n = {n} times m")
    if basis == "monomial":
        values = [[t**k for k in range(n)] for t in range(-(m // 2), m - m // 2)]
    elif basis == "chebyshev":
        values = [_chebyshev(t, n) for t in _nodes(m)]
    else:
        reject("basis", basis, 'must be "monomial" or "chebyshev"')
    return ReLULayer([[(-1) ** i * v for v in row] for i, row in enumerate(values)])


def _size(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        reject(name, value, "must be an integer, at least 1")
    if value > _ENTRIES:
        reject(name, value, f"must be at most {_ENTRIES}")
    return int(value)


def _nodes(m: int) -> list[Fraction]:
    """Rationals near cos((2k - 1) pi / (2m)), increasing and distinct: neighbours are 1 / m^2 apart or more."""
    unit = 1 << (2 * m.bit_length() + 4)
    return [Fraction(round(-math.cos((2 * k + 1) * math.pi / (2 * m)) * unit), unit) for k in range(m)]


def _chebyshev(t: Fraction, n: int) -> list[Fraction]:
    """T_0(t), ..., T_(n-1)(t)."""
    values = [Fraction(1), t]
    while len(values) < n:
        values.append(2 * t * values[-1] - values[-2])
    return values[:n]
