"""Summable weights, biases whose sums need not converge absolutely: a reflected random walk in each coordinate.

Coordinate j of x_i = ReLU((I + P_i) x_{i-1} + b_i) is x_i = max(0, x_{i-1} + c_i), c_i = (P_i x_{i-1})_j + b_{i,j}, so
(Lindley) x_k = max(x_n + C_k - C_n, max_{n<l<=k} (C_k - C_l)), C the partial sums of the c_i.  Let sum ||P_i|| be
finite.

* If for every j the partial sums of b_j converge, or b_{i,j} <= 0 from some i on, then x_n converges: x is bounded
  (only upward excursions of the sums of b lift it), so sum ||P_i x_{i-1}|| converges and c has the same kind of sums
  as b; a coordinate whose sums tend to -infinity tends to 0.
* If the partial sums of b_j tend to +infinity for one j, then x_n has no limit, whatever the input: if x were bounded,
  sum ||P_i x_{i-1}|| would converge and x_{k,j} >= C_k - C_n would not be bounded.

From depth n on, with T_j >= |b_{a+1,j} + ... + b_{c,j}| over all n <= a <= c (0 for the second kind, where only sums
above 0 count) and g = (e^S - 1)(||x_n|| + ||T||): |x_{k,j} - x_{n,j}| <= g + T_j for the first kind and
0 <= x_{k,j} <= x_{n,j} + g for the second.  With P = 0 this is the Lindley case; with T = sum |b_i| the
plain tail bound.  For a row with P = 0 the term g is not needed, and where such a coordinate stays positive its limit
is x_{n,j} + sum_{i>n} b_{i,j}, for which `closed_sums` may know a closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb

from relutheory.core.verdict import Verdict
from relutheory.deep_limit.balls import NORMS, relu, vector_norm, widened
from relutheory.deep_limit.limits.approach import Later
from relutheory.deep_limit.limits.bias_sums import Sum, excursion, sum_kind
from relutheory.deep_limit.limits.closed_sums import tail_sum
from relutheory.deep_limit.limits.enclosing import later_box, proved_sum
from relutheory.deep_limit.limits.frozen import formulas
from relutheory.deep_limit.limits.sequences import eventual_sign


def bias_kinds(family: Any) -> list[Sum] | None:
    """What the partial sums of each coordinate of b_n do, or None for families without formulas."""
    if family.length is not None or family.symbolic is None:
        return None
    W, b, n = formulas(family)
    return None if W.shape[0] != W.shape[1] else [sum_kind(entry, n) for entry in b]


def falls_from(entry: Any, n: Any) -> int | None:
    """An N with b_{i,j} <= 0 for all i >= N, or None."""
    sign = eventual_sign(entry, n)
    return None if sign is None or sign[0] > 0 else sign[1]


def settles(kind: Sum, entry: Any, n: Any) -> bool:
    """Whether a coordinate of the biases is of one of the two kinds."""
    return kind in (Sum.ABSOLUTE, Sum.CONDITIONAL) or falls_from(entry, n) is not None


def weights_summable(family: Any) -> bool:
    """Whether sum ||P_i|| is proved finite."""
    return any(family.tail_weights(1, norm).status is Verdict.HOLDS for norm in NORMS)


def reflected_bounds(family: Any) -> Later | None:
    """The bound of the later x_i and of the limit for biases of the kinds above, or None where they are not."""
    kinds = bias_kinds(family)
    if kinds is None or not weights_summable(family):
        return None
    W, b, n = formulas(family)
    quiet: dict[int, int] = {}
    for j, kind in enumerate(kinds):
        if kind in (Sum.ABSOLUTE, Sum.CONDITIONAL):
            continue
        start = falls_from(b[j], n)
        if start is None:
            return None
        quiet[j] = start
    m = W.shape[0]
    alone = {j for j in range(m) if all(W[j, k] == int(j == k) for k in range(m))}
    return _Reflected(family, b, n, kinds, quiet, alone).later


@dataclass(frozen=True)
class _Reflected:
    """Formulas b in n; kinds of their sums; quiet: coordinates with b <= 0 from a layer on; alone: rows with P = 0."""

    family: Any
    b: Any
    n: Any
    kinds: list[Sum]
    quiet: dict[int, int]
    alone: set[int]

    def later(self, depth: int, point: Sequence[arb]) -> tuple[list[arb], list[arb]] | None:
        """Balls for every later x_i and for the limit, from x_n at a depth n; None where no bound holds there."""
        sizes = self._excursions(depth)
        growth = None if sizes is None else self._growth(depth, point, sizes)
        if sizes is None or growth is None:
            return None
        own = [arb(0) if j in self.alone else growth for j in range(len(point))]
        box = later_box(point, [g + s for g, s in zip(own, sizes, strict=True)])
        limit = list(box)
        for j, value in enumerate(point):
            if j in self.quiet:
                box[j] = arb(0).union(relu(widened(value, own[j])).upper())
                limit[j] = arb(0) if self.kinds[j] is Sum.MINUS else box[j]
            elif j in self.alone and box[j] > 0:  # active for ever: x_n plus the sum of all later biases
                rest = tail_sum(self.b[j], self.n, depth)
                limit[j] = box[j] if rest is None else value + rest
        return box, limit

    def _excursions(self, depth: int) -> list[arb] | None:
        """T_j for each coordinate."""
        sizes: list[arb] = []
        for j, entry in enumerate(self.b):
            if j in self.quiet:
                if depth + 1 < self.quiet[j]:
                    return None
                sizes.append(arb(0))
                continue
            size = excursion(entry, self.n, depth)
            if size is None or not size.is_finite():
                return None
            sizes.append(size)
        return sizes

    def _growth(self, depth: int, point: Sequence[arb], sizes: Sequence[arb]) -> arb | None:
        """(e^S - 1)(||x_n|| + ||T||), the smallest over the norms."""
        values = []
        for norm in NORMS:
            weights = proved_sum(self.family.tail_weights(depth, norm))
            if weights is not None:
                values.append((weights.expm1() * (vector_norm(point, norm) + vector_norm(sizes, norm))).upper())
        return min((v for v in values if v.is_finite()), default=None)
