"""The cascade of a refinement equation: its matrices, its values at dyadic points, and a proved rate.

phi = sum_j c_j phi(2 x - j), j = 0, ..., N, with sums of c_j over even and over odd j equal to 1.  For the vector
v(x) = (phi(x), phi(x + 1), ..., phi(x + N - 1)), 0 <= x <= 1, the equation says v(x) = T_b v(2x - b), where b is the
first binary digit of x and (T_b)_ij = c_{2i + b - j}.  Columns of T_b add up to 1; so both matrices map the vectors
with sum 0 to themselves, and where products of them shrink these vectors, the cascade converges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from math import lcm
from operator import mul
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.exact import rational, to_fmpq
from relutheory.univariate.inputs import sequence

Matrix = list[list[Fraction]]
Vector = list[Fraction]
_LONGEST = 8  # factors in the products whose norms are tried


@dataclass(frozen=True)
class Cascade:
    """The refinement equation with rational coefficients c_0, ..., c_N, each within `rounding` of those meant."""

    coefficients: tuple[Fraction, ...]
    rounding: Fraction = Fraction(0)

    @property
    def N(self) -> int:
        """The support of phi is [0, N]."""
        return len(self.coefficients) - 1

    def matrix(self, b: int) -> Matrix:
        """T_b, N x N."""
        c, N = self.coefficients, self.N
        return [[c[2 * i + b - j] if 0 <= 2 * i + b - j <= N else Fraction(0) for j in range(N)] for i in range(N)]

    @cached_property
    def start(self) -> Vector:
        """phi(0), ..., phi(N): the fixed vector of T_0, with sum 1, and a 0; psi interpolates it linearly."""
        from flint import fmpq, fmpq_mat

        T, N = self.matrix(0), self.N
        rows = [[to_fmpq(v) - int(i == j) for j, v in enumerate(row)] for i, row in enumerate(T)]
        # the rows add up to 0: one of them gives its place to the condition on the sum
        rows[-1] = [fmpq(1)] * N
        right = fmpq_mat(N, 1, [fmpq(int(i == N - 1)) for i in range(N)])
        try:
            solution = fmpq_mat(rows).solve(right)
        except ZeroDivisionError:
            reject(
                "coefficients",
                ", ".join(map(str, self.coefficients)),
                "must have one solution phi up to factors at the integers",
            )
        return [*(rational(v) for v in solution.entries()), Fraction(0)]

    def dyadic_values(self, n: int) -> Vector:
        """phi(i / 2^n), i = 0, ..., N 2^n: the values of the n-th iterate V^n psi, which is linear between."""
        values, c = self.start, self.coefficients
        for level in range(n):
            shift = 2**level  # V f (i / 2^(level + 1)) = sum c_j f(i / 2^level - j)
            total = [Fraction(0)] * (2 * len(values) - 1)
            for j, factor in enumerate(c):
                for i, v in enumerate(values):
                    if i + j * shift < len(total):
                        total[i + j * shift] += factor * v
            values = total
        return values

    @cached_property
    def _reduced(self) -> tuple[Matrix, Matrix]:
        """T_0, T_1 on the vectors of sum 0, in the coordinates s_k = v_0 + ... + v_k, k < N - 1."""
        return self._summed(self.matrix(0)), self._summed(self.matrix(1))

    def _summed(self, T: Matrix) -> Matrix:
        columns = []
        for k in range(self.N - 1):  # e_k - e_{k+1} has the coordinate s_k = 1
            columns.append(list(accumulate(row[k] - row[k + 1] for row in T))[:-1])
        return [list(row) for row in zip(*columns, strict=True)]

    @cached_property
    def norms(self) -> Vector:
        """a_0, a_1, ...: the largest norm (greatest row sum) of a product of so many of the reduced matrices."""
        den = lcm(*(v.denominator for v in self.coefficients))
        pair = [[[int(v * den) for v in row] for row in T] for T in self._reduced]
        products = [[[int(i == j) for j in range(self.N - 1)] for i in range(self.N - 1)]]
        found = [Fraction(1)]
        for length in range(1, _LONGEST + 1):
            products = [_times(T, P) for P in products for T in pair]
            largest = max(sum(map(abs, row)) for P in products for row in P)
            found.append(_short(Fraction(largest, den**length)))
        return found

    @cached_property
    def contraction(self) -> tuple[int, Fraction]:
        """l and r < 1: products of l reduced matrices have norm at most r, with r^(1 / l) least among the l tried."""
        small = [(length, v) for length, v in enumerate(self.norms) if length and v < 1]
        if not small:
            reject(
                "coefficients",
                ", ".join(map(str, self.coefficients)),
                f"must make the cascade converge: no products of up to {_LONGEST} matrices contract",
            )
        return min(small, key=lambda pair: float(pair[1]) ** (1 / pair[0]))

    @property
    def rate(self) -> float:
        """lambda with |phi - V^n psi| <= C lambda^n."""
        length, r = self.contraction
        return float(r) ** (1 / length)

    def tail(self, n: int) -> Fraction:
        """A bound of a_n + a_{n+1} + ..."""
        length, r = self.contraction
        blocks, rest = divmod(n, length)
        head = self.norms[:length]
        return sum(head[rest:], Fraction(0)) * r**blocks + sum(head, Fraction(0)) * r ** (blocks + 1) / (1 - r)

    @cached_property
    def _first_move(self) -> Fraction:
        """The largest coordinate s_k of V psi - psi: it vanishes at integers, and is linear up to the halves."""
        halves = self.dyadic_values(1)[1::2]
        moved = [v - (a + b) / 2 for v, a, b in zip(halves, self.start, self.start[1:], strict=False)]
        return max(map(abs, accumulate(moved)), default=Fraction(0))

    def error(self, n: int) -> Fraction:
        """A bound of |phi - V^n psi|: |v| <= 2 max |s_k| turns the coordinates back."""
        return 2 * _short(self._first_move) * self.tail(n)

    @property
    def size(self) -> Fraction:
        """A bound of all |V^n psi| and of |phi|."""
        return _short(max(map(abs, self.start)) + self.error(0), 2**4)

    def rounding_error(self) -> Fraction:
        """A bound of the distance between phi and the solution for the coefficients that are meant.

        With w that solution's vector and D_b the difference of the matrices, w - v satisfies w - v = T_b (w - v) + D_b
        w, all with sum 0; the entries of D_b w are at most N e |w|, its s_k at most N^2 e |w|.
        """
        if not self.rounding:
            return Fraction(0)
        length, r = self.contraction
        change = 2 * self.N**2 * self.rounding
        per_factor = max(self.norms[1], Fraction(1))
        share = change * self.tail(0)
        if share >= Fraction(1, 2) or r + (per_factor + change) ** length - per_factor**length >= 1:
            reject("bits", "too few", "must be more: the rounded coefficients say nothing about those meant")
        return share * self.size / (1 - share)


def cascade_of(coefficients: Sequence[Any], bits: int) -> Cascade:
    """The cascade of numbers, or of sympy numbers rounded to `bits` bits so that the sum rules stay exact."""
    given = list(sequence(coefficients, "coefficients"))
    if not 3 <= len(given) <= 40:
        reject("coefficients", f"{len(given)} numbers", "must be from 3 to 40: phi must be continuous")
    for i, v in enumerate(given):
        if not hasattr(v, "free_symbols"):
            given[i] = rational(v, f"coefficients[{i}]")
        elif v.free_symbols or not v.is_real:
            reject(f"coefficients[{i}]", v, "must be a real number")
        elif v.is_Rational:
            given[i] = Fraction(int(v.p), int(v.q))
    if all(isinstance(v, Fraction) for v in given):
        c = given
        if sum(c[::2]) != 1 or sum(c[1::2]) != 1:
            reject("coefficients", ", ".join(map(str, c)), "must add up to 1 over even and over odd indices")
        return Cascade(tuple(c))
    import sympy

    for parity in (0, 1):
        if sympy.simplify(sum(map(sympy.sympify, given[parity::2])) - 1) != 0:
            reject("coefficients", given, "must add up to 1 over even and over odd indices")
    from relutheory.univariate.constructions.balls import ball_function, enclosed

    unit = Fraction(1, 2**bits)
    values = [enclosed(ball_function(sympy.sympify(v)), Fraction(0), unit / 4) for v in given]
    c = [Fraction(round((v.lo + v.hi) / 2 / unit)) * unit for v in values]
    for last in (len(c) - 1, len(c) - 2):
        c[last] = 1 - sum(c[last % 2 : last : 2], Fraction(0))
    return Cascade(tuple(c), rounding=len(c) * unit)  # each within a unit, the last ones by what the others add up to


def _times(A: list[list[int]], B: list[list[int]]) -> list[list[int]]:
    columns = list(zip(*B, strict=True))
    return [[sum(map(mul, row, column)) for column in columns] for row in A]


def _short(value: Fraction, den: int = 2**40) -> Fraction:
    """The least multiple of 1 / den that is >= value: bounds may be rounded up."""
    return Fraction(-(-value.numerator * den // value.denominator), den)
