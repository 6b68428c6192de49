"""The limit of a frozen recursion, far more exactly than its tail: a polynomial gauge in n^(-1/q).

Once the pattern is frozen at depth n, the active coordinates with a 1 below them, v = (u, 1), follow the linear
recursion v_k = (I + Pi(k)) v_{k-1}, k > n.  Let Pi be a rational function of w = k^(-1/q) and O(w^(q+1)); for entries
rational in n, q = 1.  For matrices Q_1, ..., Q_K put

    Q(w) = I + Q_1 w + ... + Q_K w^K,   y_k = Q(w_k) v_k,   y_k - y_{k-1} = R(w_k) v_{k-1},
    R(w) = Q(w) (I + Pi(w)) - Q(w (1 - w^q)^(-1/q)),          since (k - 1)^(-1/q) = w (1 - w^q)^(-1/q).

Q(0) = I and v is bounded, so lim v_k = lim y_k = Q(w_n) v_n + sum_{k>n} R(w_k) v_{k-1}: true for *any* Q.  The Q_i are
chosen so that R(w) = O(w^(K+q+1)).  With (1 - t)^-a = sum_l c(a, l) t^l, comparing the coefficients of w^(i+q):

    (i/q) Q_i = sum_{j<i} Q_j Pi_{i+q-j} - sum_{1<=j<i, q | i-j} c(j/q, 1 + (i-j)/q) Q_j.

Then they are rounded to dyadic rationals, and what is proved is about those: with Pi = A(w) / E(w), E(0) = 1,

    R(w) = N(w) / E(w) - T(w),   N = Q A - E sum_i Q_i sum_{0<l<L} c(i/q, l) w^(i+ql),
    T = sum_i Q_i w^i sum_{l>=L} c(i/q, l) w^(ql),   where c(a, l+1) / c(a, l) = (a+l) / (l+1) <= max(1, (a+L) / (L+1)).

The coefficients of N are enclosed and *all* of them count (the low ones are zero up to that rounding), with integrals
for sum_{k>n} k^(-l/q) and E bounded below.  So a wrong Q could only make the enclosure wide, never false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from flint import arb, arb_mat, fmpq, fmpq_mat, fmpq_poly

from relutheory.deep_limit.balls import column, to_arb
from relutheory.deep_limit.limits.bias_sums import power_tail
from relutheory.deep_limit.limits.frozen import RationalFamily

_MORE = 4  # terms of (1 - t)^-a beyond those that the order needs


@dataclass(frozen=True)
class Recursion:
    """Pi = A(w) / E(w), w = k^(-1/q): the A_l (exact, size m + 1, l > q), and E with E_0 = 1 as a list of rationals."""

    A: dict[int, fmpq_mat]
    E: list[fmpq]
    q: int = 1

    @property
    def size(self) -> int:
        """Active coordinates and one more."""
        return int(next(iter(self.A.values())).nrows())


def recursion(rational: RationalFamily, bits: Sequence[bool]) -> Recursion | None:
    """The recursion of the active coordinates with a last entry 1, or None where an entry is not O(n^(-1-1/q))."""
    active = [j for j, bit in enumerate(bits) if bit]
    table = [[rational.P[i][j] for j in active] + [rational.b[i]] for i in active]
    if any(f.decay <= rational.q for row in table for f in row):
        return None
    den = fmpq_poly([1])
    for row in table:
        for f in row:
            den = den * (f.den / den.gcd(f.den))
    den = den / den.leading_coefficient()
    d, size = den.degree(), len(active) + 1
    entries: dict[int, list[fmpq]] = {rational.q + 1: [fmpq(0)] * size**2}
    for i, row in enumerate(table):
        for j, f in enumerate(row):
            for power, c in enumerate((f.num * (den / f.den)).coeffs()):
                if c != 0:
                    entries.setdefault(d - power, [fmpq(0)] * size**2)[i * size + j] = c
    A = {l: fmpq_mat(size, size, e) for l, e in sorted(entries.items())}
    return Recursion(A, list(reversed(den.coeffs())), rational.q)


@cache
def binomial(a: Fraction, l: int) -> Fraction:
    """The coefficient of t^l in (1 - t)^-a.

    >>> binomial(Fraction(1, 2), 2), binomial(Fraction(3), 2)
    (Fraction(3, 8), Fraction(6, 1))
    """
    return Fraction(1) if l == 0 else binomial(a, l - 1) * (a + l - 1) / l


def series(rec: Recursion, order: int) -> list[arb_mat]:
    """Pi_0, ..., Pi_order of the power series of Pi in w, in balls."""
    size = rec.size
    A = {l: arb_mat(a) for l, a in rec.A.items()}
    E = [to_arb(e) for e in rec.E]
    out: list[arb_mat] = []
    for l in range(order + 1):
        value = A.get(l, arb_mat(size, size))
        for j in range(1, min(l, len(E) - 1) + 1):
            if rec.E[j] != 0:
                value = value - out[l - j] * E[j]
        out.append(value)
    return out


@dataclass(frozen=True)
class Gauge:
    """Q_0 = I, Q_1, ..., Q_K (exact dyadic matrices), and N: the coefficients of N(w) in balls, with L terms each."""

    rec: Recursion
    Q: list[arb_mat]
    N: list[arb_mat]
    L: int

    @property
    def order(self) -> int:
        """K."""
        return len(self.Q) - 1


def gauge(rec: Recursion, order: int) -> Gauge:
    """The gauge of this order, at the precision that is set."""
    q, size = rec.q, rec.size
    Pi = series(rec, order + q)
    zero = [all(v == 0 for v in matrix.entries()) for matrix in Pi]
    Q = [arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])]
    for i in range(1, order + 1):
        value = arb_mat(size, size)
        for j in range(i):
            if not zero[i + q - j]:
                value = value + Q[j] * Pi[i + q - j]
            if j and (i - j) % q == 0:
                value = value - Q[j] * to_arb(binomial(Fraction(j, q), 1 + (i - j) // q))
        Q.append((value * to_arb(Fraction(q, i))).mid())
    L = -(-order // q) + 1 + _MORE
    return Gauge(rec, Q, numerator(rec, Q, L), L)


def numerator(rec: Recursion, Q: Sequence[arb_mat], L: int) -> list[arb_mat]:
    """The coefficients of N(w) = Q A - E sum_i Q_i sum_{0<l<L} c(i/q, l) w^(i+ql), enclosed."""
    order, size, q = len(Q) - 1, rec.size, rec.q
    E = [(j, to_arb(e)) for j, e in enumerate(rec.E) if e != 0]
    inner: dict[int, arb_mat] = {}
    for i in range(1, order + 1):
        for l in range(1, L):
            term = Q[i] * to_arb(-binomial(Fraction(i, q), l))
            inner[i + q * l] = inner[i + q * l] + term if i + q * l in inner else term
    top = max([order + l for l in rec.A] + [len(rec.E) - 1 + l for l in inner])
    out = [arb_mat(size, size) for _ in range(top + 1)]
    for l, a in rec.A.items():
        balls = arb_mat(a)
        for i in range(order + 1):
            out[i + l] = out[i + l] + Q[i] * balls
    for j, e in E:
        for l, value in inner.items():
            out[l + j] = out[l + j] + value * e
    return out


def remainder(gauge: Gauge, n: int, largest: Sequence[arb]) -> list[arb] | None:
    """Upper bounds of |sum_{k>n} R(w_k) v_{k-1}|, entry by entry, or None where n is too small for the bound.

    n : depth >= 1.  largest : upper bounds of |v_k| for all k >= n, entry by entry (the last one is 1).
    """
    q, L = gauge.rec.q, gauge.L
    t = arb(1) / (n + 1)
    w = t ** to_arb(Fraction(1, q))
    least = 1 - sum((abs(to_arb(e)) * w**j for j, e in enumerate(gauge.rec.E) if j and e != 0), arb(0))
    if not least > 0:
        return None
    total = [arb(0)] * gauge.rec.size
    for l, matrix in enumerate(gauge.N):
        if l > q:  # the lower ones are zero: A_l has l > q, and i + ql > q
            _add(total, matrix, largest, power_tail(Fraction(l, q), n) / least.lower())
    for i, Q in enumerate(gauge.Q[1:], start=1):
        a = Fraction(i, q)
        room = 1 - t * to_arb(max(Fraction(1), (a + L) / (L + 1)))
        if not room > 0:
            return None
        _add(total, Q, largest, to_arb(binomial(a, L)) * power_tail(a + L, n) / room.lower())
    return [value.upper() for value in total]


def _add(total: list[arb], matrix: arb_mat, largest: Sequence[arb], weight: arb) -> None:
    """total += |matrix| largest * weight."""
    for i, row in enumerate(matrix.tolist()):
        size = sum((a.abs_upper() * v for a, v in zip(row, largest, strict=True)), arb(0))
        total[i] = total[i] + size * weight


def limit_by_gauge(gauge: Gauge, n: int, active: Sequence[arb], largest: Sequence[arb]) -> list[arb] | None:
    """Balls around the limits of the active coordinates, or None where n is too small for this bound.

    active : (k,) balls, the active coordinates of x_n.  largest : upper bounds of them for all later depths.
    """
    bounds = remainder(gauge, n, [*largest, arb(1)])
    if bounds is None:
        return None
    v = column([*active, arb(1)])
    y, w = gauge.Q[-1] * v, arb(n) ** to_arb(Fraction(-1, gauge.rec.q))
    for Q in reversed(gauge.Q[:-1]):
        y = y * w + Q * v
    return [value + arb(0, bound) for value, bound in zip(y.entries()[:-1], bounds[:-1], strict=True)]
