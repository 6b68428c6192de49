"""Which neurons keep their sign for ever, proved for families whose entries are rational functions of n or n^(1/q).

From depth n on every x_i lies in a box X (see `enclosing`).  Coordinate j
* stays active where X_j > 0, or where x_{n,j} > 0 and for all i > n and x in X the increment (P_i x + b_i)_j is
  >= 0, or W_i[j, j] > 0 and the rest of the pre-activation is >= 0;
* stays inactive where x_{n,j} = 0 and the increment is <= 0 for all i > n and all x in X: then x_{i,j} = 0 for ever,
  by induction on i, for all such coordinates at once (so that X_j = {0} may be used for them).
The sign for all i > n: with i^(1/q) = s + t, s at most (n + 1)^(1/q), and a common denominator of the row, the
numerator is a polynomial in t whose coefficients are linear in x; they are enclosed over X, and one sign of all of them
is one sign for all t >= 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, fmpq, fmpq_poly, fmpz

from relutheory.deep_limit.balls import to_arb
from relutheory.deep_limit.limits.sequences import shifted_sign
from relutheory.deep_limit.limits.shapes import Ratio, ratio

_ROOTS = 6  # the largest q
_DEGREE = 200  # the largest degree


@dataclass(frozen=True)
class RationalFamily:
    """P_n = W_n - I and b_n for n >= 2 as quotients of polynomials in s = n^(1/q), q >= 1 an integer."""

    P: list[list[Ratio]]
    b: list[Ratio]
    q: int = 1

    @property
    def m(self) -> int:
        """The width."""
        return len(self.b)


def rational_family(family: Any) -> RationalFamily | None:
    """The family with entries as quotients of polynomials in n^(1/q), or None where they are not."""
    if family.length is not None:
        return None
    given = family.rational_in_n
    if given is None:
        return _fractional_powers(family)
    if max(p.degree() for row in (*given.W, given.b) for pair in row for p in pair) > _DEGREE:
        return None
    rows = [
        [Ratio(num - den if i == j else num, den) for j, (num, den) in enumerate(row)] for i, row in enumerate(given.W)
    ]
    return RationalFamily(rows, [Ratio(*pair) for pair in given.b])


def _fractional_powers(family: Any) -> RationalFamily | None:
    """Entries with powers n^(p/q), in s = n^(1/q)."""
    if family.symbolic is None:
        return None
    import sympy

    W, b, n = formulas(family)
    entries = [*W, *b]
    powers = {power.exp for entry in entries for power in entry.atoms(sympy.Pow) if power.base == n}
    if not all(power.is_Rational for power in powers):
        return None
    q = math.lcm(*(int(power.q) for power in powers))
    if not 2 <= q <= _ROOTS:
        return None
    s = sympy.Symbol("s", positive=True)
    found = [ratio(sympy.powsimp(sympy.expand(entry.subs(n, s**q))), s) for entry in entries]
    if any(f is None for f in found):
        return None
    known = [f for f in found if f is not None]
    m = len(b)
    rows = [
        [Ratio(f.num - f.den if i == j else f.num, f.den) for j, f in enumerate(known[m * i : m * (i + 1)])]
        for i in range(m)
    ]
    return RationalFamily(rows, known[m * m :], q)


def formulas(family: Any) -> tuple[Any, Any, Any]:
    """(W, b, n) of a symbolic family: sympy matrices of the layers n >= 2, and the symbol."""
    given = family.symbolic
    return given.W, given.b, given.n


def increment_sign(row: Sequence[Ratio], bias: Ratio, box: Sequence[arb], start: fmpq | int) -> int | None:
    """The sign of sum_k row_k(s) x_k + bias(s), all s >= start, x in the box: 1 (>= 0), 0 (= 0), -1 (<= 0) or None.

    The sign is found from some `start` on whenever the leading terms show it.
    """
    den = fmpq_poly([1])
    for f in (*row, bias):
        den = den * (f.den / den.gcd(f.den))
    if shifted_sign(den, start) in (None, 0):
        return None
    flip = -1 if den.leading_coefficient() < 0 else 1
    shift = fmpq_poly([start, 1])
    low: list[arb] = []
    high: list[arb] = []
    for f, value in zip((*row, bias), (*box, arb(1)), strict=True):
        least, most = value.lower(), value.upper()
        least = arb(0) if least < 0 else least  # outputs of ReLU: a ball around [0, u] may reach below 0
        if f.num.degree() < 0 or most == 0:
            continue
        coefficients = (f.num * (den / f.den))(shift).coeffs()
        low += [arb(0)] * (len(coefficients) - len(low))
        high += [arb(0)] * (len(coefficients) - len(high))
        for l, c in enumerate(coefficients):
            ball = to_arb(flip * c)
            ends = (ball * least, ball * most) if ball >= 0 else (ball * most, ball * least)
            low[l], high[l] = low[l] + ends[0], high[l] + ends[1]
    rising, falling = all(c >= 0 for c in low), all(c <= 0 for c in high)
    if rising and falling:
        return 0
    return 1 if rising else -1 if falling else None


def root_below(n: int, q: int) -> fmpq:
    """A rational number that is at most n^(1/q), and close; n itself for q = 1."""
    if q == 1:
        return fmpq(n)
    scale = 1 << 20
    return fmpq(int(fmpz(n * scale**q).root(q)), scale)


def frozen_pattern(rational: RationalFamily, n: int, point: Sequence[arb], box: Sequence[arb]) -> list[bool] | None:
    """The bits that every x_i, i > n, has for ever, or None where that is not proved at this depth.

    point : x_n in balls.  box : balls that hold every later x_i.
    """
    m, start = rational.m, root_below(n + 1, rational.q)
    inactive = {j for j in range(m) if point[j] == 0}
    while True:
        narrowed = [arb(0) if j in inactive else box[j] for j in range(m)]
        signs = {j: increment_sign(rational.P[j], rational.b[j], narrowed, start) for j in inactive}
        moved = {j for j, sign in signs.items() if sign not in (0, -1)}
        if not moved:
            break
        inactive -= moved
    for j in range(m):
        if j in inactive or narrowed[j] > 0:
            continue
        if not (point[j] > 0 and _stays_positive(rational, j, narrowed, start)):
            return None
    return [j not in inactive for j in range(m)]


def _stays_positive(rational: RationalFamily, j: int, box: Sequence[arb], start: fmpq) -> bool:
    """Whether a positive coordinate j is proved to stay positive by the signs of its row."""
    row, bias = rational.P[j], rational.b[j]
    if increment_sign(row, bias, box, start) in (0, 1):
        return True
    own = row[j].num + row[j].den, row[j].den  # W_jj
    signs = [shifted_sign(p, start) for p in own]
    if None in signs or 0 in signs or signs[0] != signs[1]:
        return False
    others = [*box[:j], arb(0), *box[j + 1 :]]
    return increment_sign(row, bias, others, start) in (0, 1)
