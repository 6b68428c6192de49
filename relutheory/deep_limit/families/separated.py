"""Matrices that depend on n, written as f_1(n) M_1 + f_2(n) M_2 + ... with constant rational matrices M_k."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat, fmpq_poly

from relutheory.core.exact import nearest_float, to_fmpq
from relutheory.deep_limit.families.expressions import (
    ONE,
    Constant,
    Expression,
    add,
    multiply,
    scale,
    split,
    total,
)
from relutheory.deep_limit.families.nearest import Halves, nearest_in_balls, nearest_sums
from relutheory.deep_limit.families.quotients import Quotient, add_quotients, quotient
from relutheory.deep_limit.families.rational_powers import Irrational, Undefined
from relutheory.deep_limit.families.values import ball, exact_value, to_sympy

_MOST_BITS = 2**31  # of the entries of an exact matrix


@dataclass(frozen=True, eq=False)
class Separated:
    """The matrix sum_k f_k(n) M_k of a fixed shape.

    shape : (rows, columns).  terms : pairs (f_k, M_k) of an `Expression` and an `fmpq_mat`; no f_k comes twice.
    """

    shape: tuple[int, int]
    terms: tuple[tuple[Expression, fmpq_mat], ...]

    @classmethod
    def of(cls, shape: tuple[int, int], terms: Iterable[tuple[Expression, fmpq_mat]]) -> Separated:
        """The sum of these terms, like ones collected and zero matrices left out."""
        collected: dict[Expression, fmpq_mat] = {}
        zero = fmpq_mat(*shape)
        for f, M in terms:
            c, core = split(f)
            M = M * to_fmpq(c)
            collected[core] = collected[core] + M if core in collected else M
        return cls(shape, tuple((f, M) for f, M in collected.items() if zero != M or not total(f)))

    @classmethod
    def constant(cls, M: fmpq_mat) -> Separated:
        """A matrix that does not depend on n."""
        return cls.of((M.nrows(), M.ncols()), [(ONE, M)])

    @classmethod
    def of_entries(cls, rows: Sequence[Sequence[Expression]]) -> Separated:
        """The matrix with these entries, all rows of one length."""
        shape = (len(rows), len(rows[0]))
        collected: dict[Expression, dict[tuple[int, int], Fraction]] = {}
        for i, row in enumerate(rows):
            for j, entry in enumerate(row):
                for term in getattr(add([entry]), "terms", (entry,)):
                    c, core = split(term)
                    places = collected.setdefault(core, {})
                    places[i, j] = places.get((i, j), Fraction(0)) + c
        return cls.of(shape, [(f, _filled(shape, places)) for f, places in collected.items()])

    def plus(self, other: Separated) -> Separated:
        """The sum of two matrices of one shape."""
        return Separated.of(self.shape, (*self.terms, *other.terms))

    def times(self, f: Expression) -> Separated:
        """f(n) times the matrix."""
        return Separated.of(self.shape, ((multiply([f, g]), M) for g, M in self.terms))

    def matmul(self, other: Separated) -> Separated:
        """The matrix product."""
        products = ((multiply([f, g]), M * L) for f, M in self.terms for g, L in other.terms)
        return Separated.of((self.shape[0], other.shape[1]), products)

    def entry(self, i: int, j: int) -> Expression:
        """The expression of one entry."""
        return add(scale(_fraction(M[i, j]), f) for f, M in self.terms if M[i, j] != 0)

    def exact(self, n: int) -> fmpq_mat:
        """The rational matrix at n.  Raises Irrational or Undefined where there is none."""
        value = fmpq_mat(*self.shape)
        factors = [exact_value(f, n) for f, _ in self.terms]
        digits = sum(f.numerator.bit_length() + f.denominator.bit_length() for f in factors)
        if digits * self.shape[0] * self.shape[1] > _MOST_BITS:
            raise Undefined(f"entries of more than {_MOST_BITS} bits in all; ask for balls")
        for factor, (_, M) in zip(factors, self.terms, strict=True):
            value += M * to_fmpq(factor)
        return value

    def balls(self, n: int) -> arb_mat:
        """Enclosures of the entries at n, at the precision of flint's context.  Raises Undefined."""
        value = arb_mat(*self.shape)
        for f, M in self.terms:
            factor = _finite(f, n)
            value += arb_mat(M) * factor
        return value

    def floats(self, n: int) -> np.ndarray:
        """The float64 nearest to each entry at n.  Raises Undefined."""
        with ctx.workprec(96):
            factors = [_finite(f, n) for f, _ in self.terms]
        return nearest_sums(factors, self._halves, lambda i, j: self._nearest(n, i, j), self.shape)

    @cached_property
    def _halves(self) -> list[Halves]:
        return [Halves(M) for _, M in self.terms]

    def _nearest(self, n: int, i: int, j: int) -> float:
        """The float64 nearest to one entry."""
        terms = [(f, M[i, j]) for f, M in self.terms if M[i, j] != 0]
        found = nearest_in_balls(lambda: sum((_finite(f, n) * c for f, c in terms), arb(0)))
        if found is not None:
            return found
        try:  # half way between two floats, or equal to one of them in a way that balls do not show
            return nearest_float(sum((exact_value(f, n) * _fraction(c) for f, c in terms), Fraction(0)))
        except Irrational:
            return float(sum((_finite(f, n) * c for f, c in terms), arb(0)).mid())

    def quotients(self) -> tuple[tuple[Quotient, ...], ...] | None:
        """The rows of entries as quotients of polynomials in n, or None where a term is not recognised as one."""
        terms = [(quotient(f), M) for f, M in self.terms]
        known = [(q, M) for q, M in terms if q is not None]
        if len(known) < len(terms):
            return None

        def entry(i: int, j: int) -> Quotient:
            value = fmpq_poly([0]), fmpq_poly([1])
            for (top, bottom), M in known:
                if M[i, j] != 0:
                    value = add_quotients(value, (top * M[i, j], bottom))
            return value

        rows, columns = self.shape
        return tuple(tuple(entry(i, j) for j in range(columns)) for i in range(rows))

    def sympy(self, n: Any) -> Any:
        """The matrix in sympy, with `n` as the symbol."""
        import sympy

        functions = [to_sympy(f, n) for f, _ in self.terms]
        matrices = [M for _, M in self.terms]

        def entry(i: int, j: int) -> Any:
            values = ((f, M[int(i), int(j)]) for f, M in zip(functions, matrices, strict=True))
            return sympy.Add(*(f * sympy.Rational(int(c.p), int(c.q)) for f, c in values if c != 0))

        return sympy.ImmutableMatrix(*self.shape, entry)


def identity(rows: int, columns: int) -> fmpq_mat:
    """Ones on the diagonal: the identity, or the embedding that appends zeros."""
    eye = fmpq_mat(rows, columns)
    for i in range(min(rows, columns)):
        eye[i, i] = 1
    return eye


def _finite(f: Expression, n: int) -> arb:
    """An enclosure of f(n), by more precision where the context's is too little."""
    if isinstance(f, Constant):
        return ball(f, n)
    bits = ctx.prec
    while True:
        with ctx.workprec(bits):
            value = ball(f, n)
        if value.is_finite():
            return value
        if bits > 16 * max(ctx.prec, 64):
            exact_value(f, n)  # says what is undefined
            raise Undefined("no real value was found")
        bits *= 2


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _filled(shape: tuple[int, int], places: dict[tuple[int, int], Fraction]) -> fmpq_mat:
    matrix = fmpq_mat(*shape)
    for place, c in places.items():
        matrix[place] = to_fmpq(c)
    return matrix
