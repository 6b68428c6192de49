"""Sums of the norms of a matrix given by formulas, over all layers after the n-th: proved bounds, proved divergence.

The layers up to some N are summed one by one in balls.  Beyond it every entry is a sum of scales c(n) n^-p r^n
(log n)^k (`asymptotics`); the largest scale bounds them all, and its sum is a zeta function, a geometric series or an
integral (`monomials`).  The sum is infinite where that of the largest scale is, and one of its coefficients is not 0.
These are sums of absolute values; what sums of signed sequences do is in `limits.bias_sums`, by exact shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from flint import arb, arb_mat, fmpq, fmpq_mat

from relutheory.deep_limit.families.asymptotics import NoExpansion, leading, span
from relutheory.deep_limit.families.expanding import alternates, expand
from relutheory.deep_limit.families.expressions import (
    Constant,
    Expression,
    Index,
    Power,
)
from relutheory.deep_limit.families.monomials import Monomial
from relutheory.deep_limit.families.norms import norm_upper
from relutheory.deep_limit.families.quotients import Quotient, add_quotients, from_quotient, quotient
from relutheory.deep_limit.families.rational_powers import Undefined
from relutheory.deep_limit.families.rules import Tail
from relutheory.deep_limit.families.separated import Separated

STARTS = (128, 512, 2048, 8192, 32768)  # the N that are tried
_MOST_WORK = 2 * 10**6  # entries of matrices that are summed one by one
_MUCH = 1000  # entries of one layer from which on fewer layers are summed one by one

Pieces = dict[Monomial, "fmpq_mat | arb_mat"]


class MatrixSum:
    """The sums over i > n of the norms of a matrix M(i).

    at : what to call for enclosures of M(i), so that an undefined layer is reported with its index.
    """

    def __init__(self, matrix: Separated, at: Callable[[int], arb_mat]) -> None:
        self.terms = [(f, M) for f, M in _normal(matrix).terms if fmpq_mat(*matrix.shape) != M]
        several = len(self.terms) > 1
        self._work = matrix.shape[0] * matrix.shape[1] * len(self.terms) if several else 4  # for each layer summed
        self.at = at
        self._partial: dict[tuple[int, str], list[arb]] = {}
        self._norms: dict[str, arb] = {}

    def tail(self, n: int, norm: str) -> Tail:
        """What is proved of the sum over i > n, in one of the three norms."""
        if not self.terms:
            return Tail.finite(arb(0), "finite", "every term is zero")
        if len(self.terms) > 1 and 32 * self._work > _MOST_WORK:
            return self._one_by_one(n, norm)
        reason = ""
        for start in STARTS if self._work < _MUCH else (32, *STARTS):
            N = max(start, n + 1)
            if (N - n) * self._work > _MOST_WORK:
                break
            try:
                return self._from(N, n, norm)
            except ArithmeticError as error:
                reason = str(error)
            if n + 1 >= STARTS[-1]:
                break
        return Tail.unknown(f"no rule bounds the terms: {reason}")

    def _one_by_one(self, n: int, norm: str) -> Tail:
        """The triangle inequality, term by term, for large matrices."""
        total, how = arb(0), set()
        for f, M in self.terms:
            part = MatrixSum(_scalar(f), _scalar(f).balls).tail(n, norm)
            if not part.upper.is_finite():
                return Tail.unknown(f"one of several terms is not seen to be summable: {part.reason}")
            total += part.upper * norm_upper(M, norm)
            how.add(part.how)
        return Tail.finite(total, "geometric" if how == {"geometric"} else "integral")

    def _from(self, N: int, n: int, norm: str) -> Tail:
        """The layers up to N - 1 in balls, those from N on by scales.  Raises ArithmeticError where that fails."""
        single = len(self.terms) == 1
        terms = [(self.terms[0][0], fmpq_mat([[1]]))] if single else self.terms
        split = any(alternates(f) for f, _ in terms)
        total, scales = arb(0), []
        for parity in (0, 1) if split else (None,):
            pieces = _pieces(terms, N, parity)
            if not pieces:
                continue
            first, step = (N, 1) if parity is None else (N + (N - parity) % 2, 2)
            scale, coefficient = leading(pieces)
            scales.append(scale)
            try:
                beyond = scale.sum_from(first, step)
            except OverflowError:
                if not _separated(coefficient):
                    raise NoExpansion("a leading coefficient that is not separated from zero") from None
                return Tail.infinite("integral", f"an entry is of the order of {scale} as n grows")
            if beyond is None:
                raise NoExpansion("no bound of the sum of the largest scale")
            total += norm_upper(_envelope(pieces, scale, N), norm) * beyond
        if single:
            total *= norm_upper(self.terms[0][1], norm)
        total += self._between(n, N, norm)
        if not scales:
            return Tail.finite(total, "finite", f"every term from layer {N} on is zero")
        largest = leading({scale: fmpq(1) for scale in scales})[0]
        how = "integral" if largest.base.is_one else "geometric"
        return Tail.finite(total, how, f"entries of the order of {largest}")

    def _between(self, n: int, N: int, norm: str) -> arb:
        """The sum over n < i < N."""
        if n + 1 >= N:
            return arb(0)
        sums = self._partial.setdefault((N, norm), [arb(0)])
        while len(sums) < N - n:
            sums.append((sums[-1] + self._norm(N - len(sums), norm)).upper())
        return sums[N - n - 1]

    def _norm(self, i: int, norm: str) -> arb:
        """An upper bound of the norm of M(i)."""
        if len(self.terms) > 1:
            return norm_upper(self.at(i), norm)
        f, M = self.terms[0]
        try:
            factor = _scalar(f).balls(i)[0, 0]
        except Undefined:
            self.at(i)  # says where
            raise
        if norm not in self._norms:
            self._norms[norm] = norm_upper(M, norm)
        return abs(factor) * self._norms[norm]


def _scalar(f: Expression) -> Separated:
    return Separated((1, 1), ((f, fmpq_mat([[1]])),))


def _pieces(terms: Iterable[tuple[Expression, fmpq_mat]], N: int, parity: int | None) -> Pieces:
    """The matrix as a sum of scales with matrices as coefficients, for n >= N; those that vanish are left out."""
    parts: dict[Monomial, list[tuple[Any, fmpq_mat]]] = {}
    for f, M in terms:
        for scale, c in expand(f, N, parity).terms.items():
            parts.setdefault(scale, []).append((c, M))
    pieces: Pieces = {}
    for scale, products in parts.items():
        exact = all(isinstance(c, fmpq) for c, _ in products)
        values: list[Any] = [M * c if exact else arb_mat(M) * arb(c) for c, M in products]
        value = sum(values[1:], values[0])
        if not exact or any(v != 0 for v in value.entries()):
            pieces[scale] = value
    return pieces


def _envelope(pieces: Pieces, largest: Monomial, N: int) -> arb_mat:
    """A matrix of balls: each entry divided by the largest scale, for all n >= N."""
    value: arb_mat | None = None
    for scale, coefficient in pieces.items():
        part = arb_mat(coefficient) * span(scale.times(largest, -1), N)
        value = part if value is None else value + part
    assert value is not None
    return value


def _separated(coefficient: fmpq_mat | arb_mat) -> bool:
    """Whether some entry is certainly not 0."""
    return any(not c.contains(0) if isinstance(c, arb) else c != 0 for c in coefficient.entries())


def _normal(matrix: Separated) -> Separated:
    """The same matrix, the quotients in each entry brought to one denominator, so that what cancels goes.

    Powers of n need no such care, and it is not taken for large matrices of many terms.
    """
    quotients = [(quotient(f), f, M) for f, M in matrix.terms]
    fractions = [(q, f, M) for q, f, M in quotients if q is not None]
    rows, columns = matrix.shape
    if all(_is_power(f) for _, f, _ in fractions) or rows * columns * len(fractions) > 4096:
        return matrix
    entries = []
    for i in range(rows):
        entries.append([from_quotient(_entry(fractions, i, j)) for j in range(columns)])
    others = Separated.of(matrix.shape, ((f, M) for q, f, M in quotients if q is None))
    return Separated.of_entries(entries).plus(others)


def _entry(fractions: list[tuple[Quotient, Expression, fmpq_mat]], i: int, j: int) -> Quotient:
    total = quotient(Constant(Fraction(0)))
    assert total is not None
    for q, _, M in fractions:
        if M[i, j] != 0:
            total = add_quotients(total, (q[0] * M[i, j], q[1]))
    return total


def _is_power(f: Expression) -> bool:
    return isinstance(f, (Constant, Index)) or (isinstance(f, Power) and isinstance(f.base, Index))
