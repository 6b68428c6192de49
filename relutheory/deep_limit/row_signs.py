"""Signs of rows for all later layers: is sum_l W_i[j, l] x_l + b_i[j] <= 0 for every i > n and every x in a box?

Here the diagonal, l = j, is left out.  Families with formulas in n are written as sum_k f_k(i) (M_k x + c_k) with
constant M_k, c_k.  For quotients of polynomials one sign of all coefficients in t, i = n + 1 + t, is a proof; for
others each f_k is expanded into scales i^-p r^i (log i)^q with coefficients that hold for all i > n, and the largest
scale must outweigh the others at i = n + 1, where their quotients are largest.

`limits.frozen` asks the same of quotients of polynomials in n^(1/q) only, over boxes with both ends, and its sign is
used here where it is found; it makes the exact numbers that the gauge of `limits.expansion` goes on with.  Here boxes
may have no upper end, the diagonal is left out, and logarithms and powers r^i are allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import arb

from relutheory.deep_limit.balls import to_arb
from relutheory.deep_limit.families.asymptotics import Asymptotic, NoExpansion, collected, leading
from relutheory.deep_limit.families.expanding import alternates, expand
from relutheory.deep_limit.families.monomials import Monomial
from relutheory.deep_limit.families.separated import Separated
from relutheory.deep_limit.limits.frozen import increment_sign
from relutheory.deep_limit.limits.sequences import shifted_sign
from relutheory.deep_limit.limits.shapes import Ratio

_FIRST = 8  # the least n for expansions


class RowSigns:
    """Signs that rows of W_i and b_i have for all i > n; made by `row_signs`.

    Every answer True is a proof at the precision that is set; False is no answer.
    """

    def __init__(self, family: Any) -> None:
        self.weights: Separated = family.rule.W
        self.bias: Separated = family.rule.b
        self.rational = family.rational_in_n
        self._expanded: dict[tuple[Any, int, int | None], Asymptotic] = {}

    def proves(self, n: int, j: int, sign: int, lower: Sequence[Fraction], upper: Sequence[Fraction | None]) -> bool:
        """Whether sum_{l != j} W_i[j, l] x_l + b_i[j] is <= 0 (sign -1) or >= 0 (sign 1) for all i > n, x in the box.

        The sum is largest at one corner of the box for all i > n where each W_i[j, l] has one sign for all i > n.
        An upper end None is no bound.
        """
        ends: dict[int, arb] = {}
        for l in range(len(lower)):
            if l != j:
                way = self._entry_sign(n, j, l)
                if way == 0:
                    continue
                low, high = lower[l], upper[l]
                if way == sign:
                    ends[l] = to_arb(low)
                elif high is None:
                    return False
                else:
                    ends[l] = to_arb(high) if way == -sign else to_arb(low).union(to_arb(high))
        if self.rational is not None and n + 1 >= self.rational.start:
            row = [Ratio(*self.rational.W[j][l]) for l in ends]
            found = increment_sign(row, Ratio(*self.rational.b[j]), list(ends.values()), n + 1)
            if found is not None:
                return found in (0, sign)
        forms = [(f, sum((arb(M[j, l]) * x for l, x in ends.items()), arb(0))) for f, M in self.weights.terms]
        return self._has_sign([*forms, *((f, arb(c[j, 0])) for f, c in self.bias.terms)], n, sign, strict=False)

    def _entry_sign(self, n: int, j: int, l: int) -> int | None:
        """s with s W_i[j, l] >= 0 for all i > n, 0 where that is 0, or None."""
        forms = [(f, arb(M[j, l])) for f, M in self.weights.terms if M[j, l] != 0]
        if not forms:
            return 0
        if self.rational is not None and n + 1 >= self.rational.start:
            top, bottom = (shifted_sign(part, n + 1) for part in self.rational.W[j][l])
            if top is not None and bottom is not None:
                return top * bottom
        return next((s for s in (1, -1) if self._has_sign(forms, n, s, strict=False)), None)

    def diagonal_is_positive(self, n: int, j: int) -> bool:
        """Whether W_i[j, j] > 0 for all i > n."""
        if self.rational is not None and n + 1 >= self.rational.start:
            top, bottom = (shifted_sign(part, n + 1) for part in self.rational.W[j][j])
            if top is not None and bottom is not None:
                return top * bottom > 0
        return self._has_sign([(f, arb(M[j, j])) for f, M in self.weights.terms], n, 1, strict=True)

    def _has_sign(self, forms: Sequence[tuple[Any, arb]], n: int, sign: int, *, strict: bool) -> bool:
        """Whether sum_k f_k(i) v_k has the sign for all i > n; strict : and is not 0."""
        values = [(f, value) for f, value in forms if not value.is_zero()]
        if not values:
            return not strict
        if n + 1 < _FIRST:
            return False
        parities: tuple[int | None, ...] = (0, 1) if any(alternates(f) for f, _ in values) else (None,)
        try:
            return all(_outweighs(self._sum(values, n + 1, parity), sign, strict) for parity in parities)
        except (NoExpansion, ArithmeticError):
            return False

    def _sum(self, values: Sequence[tuple[Any, arb]], start: int, parity: int | None) -> Asymptotic:
        pairs = [(scale, value * c) for f, value in values for scale, c in self._expand(f, start, parity).terms.items()]
        return collected(pairs, start)

    def _expand(self, f: Any, start: int, parity: int | None) -> Asymptotic:
        key = (f, start, parity)
        if key not in self._expanded:
            self._expanded[key] = expand(f, start, parity)
        return self._expanded[key]


def _outweighs(total: Asymptotic, sign: int, strict: bool) -> bool:
    """Whether the sum has this sign for all n >= N: the largest scale does, more than all others together."""
    if not total.terms:
        return not strict
    largest, c = leading(total.terms)
    rest = arb(0)
    for scale, value in total.terms.items():
        if scale != largest:
            against = (-sign * arb(value)).upper()
            if against > 0:
                rest += against * _most(scale.times(largest, -1), total.N)
    return bool(sign * arb(c) > rest) if strict or rest != 0 else bool(sign * arb(c) >= 0)


def _most(quotient: Monomial, N: int) -> arb:
    """The largest value of a scale for n >= N."""
    if not quotient.falls_from(N):
        raise NoExpansion("a scale that still grows")
    return quotient.at(N).upper()


def row_signs(family: Any) -> RowSigns | None:
    """The signs of a family with formulas in n, or None for other families."""
    rule = getattr(family, "rule", None)
    weights, bias = getattr(rule, "W", None), getattr(rule, "b", None)
    if not isinstance(weights, Separated) or not isinstance(bias, Separated) or weights.shape[0] != weights.shape[1]:
        return None
    return RowSigns(family)
