"""x_n along depth, exactly or in balls, and everything later enclosed by the sums of what is left.

With p_i = ||P_i||, beta_i = ||b_i||, S = sum_{i>n} p_i, B = sum_{i>n} beta_i, and x_i = ReLU(x_i) for i >= 1,

    ||x_i - x_{i-1}|| = ||ReLU((E + P_i) x_{i-1} + b_i) - ReLU(E x_{i-1})|| <= p_i ||x_{i-1}|| + beta_i,

so that d_i = ||x_i - x_n|| satisfies d_i <= (1 + p_i) d_{i-1} + p_i ||x_n|| + beta_i, hence for every i >= n

    ||x_i - x_n|| <= (prod (1 + p) - 1) ||x_n|| + prod (1 + p) B <= (e^S - 1) ||x_n|| + e^S B.

This is at most M_n S + B with M_n = e^S (||x_n|| + B), the form of the papers, and it is attained in the limit of small
S by W_i = 1 + p_i, b_i = 0 in one dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flint import arb, arb_mat, fmpq, fmpq_mat

from relutheory.core.errors import reject
from relutheory.core.exact import rational, to_fmpq
from relutheory.core.verdict import Verdict
from relutheory.deep_limit.balls import NORMS, column, relu, to_arb, vector_norm, widened

_EXACT_BITS = 400  # of the rationals of a pass before it goes on in balls
_EXACT_ENTRIES = 20_000  # of weights that are looked at as rationals before that


def exact_input(family: Any, x: Any) -> list[Fraction]:
    """The input as rationals, one per input of the family."""
    if isinstance(x, (str, bytes)) or not hasattr(x, "__iter__"):
        reject("x", x, "must be a sequence of numbers")
    point = [rational(v, f"x[{i}]") for i, v in enumerate(x)]
    if len(point) != family.input_dim:
        reject("x", f"point with {len(point)} coordinates", f"must have {family.input_dim}, the inputs of layer 1")
    return point


@dataclass
class Pass:
    """The pass of one input: `depth`, and x at that depth, exact while that is cheap, then in balls of `bits` bits.

    Ball arithmetic uses the precision that is set while `advance` runs; set it to `bits`.
    """

    family: Any
    x: Sequence[Fraction]
    bits: int
    exact_bits: int = _EXACT_BITS
    exact_entries: float = _EXACT_ENTRIES
    depth: int = 0
    exact: fmpq_mat | None = field(init=False)
    balls: arb_mat | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.exact = fmpq_mat(len(self.x), 1, [to_fmpq(v) for v in self.x])

    def advance(self) -> None:
        """One layer further."""
        self.depth += 1
        if self.exact is not None:
            layer = self._rational_layer()
            if layer is None:
                self._to_balls()
            else:
                weight, bias = layer
                zero = fmpq(0)
                rows = (weight * self.exact + bias).entries()
                self.exact = fmpq_mat(len(rows), 1, [max(v, zero) for v in rows])
                self.exact_entries -= weight.nrows() * weight.ncols()
                longest = max((int(v.q).bit_length() for v in rows), default=0)
                if longest > self.exact_bits or self.exact_entries <= 0:
                    self._to_balls()
                return
        W, b = self.family.balls(self.depth, self.bits)
        self.balls = column([relu(v) for v in (W * self.balls + b).entries()])

    def _rational_layer(self) -> tuple[fmpq_mat, fmpq_mat] | None:
        try:
            layer = self.family.layer(self.depth)
        except ValueError:  # entries that are not rational: only balls are there (which name what is wrong)
            return None
        return layer.weight.fmpq, layer.bias.fmpq

    def _to_balls(self) -> None:
        assert self.exact is not None
        self.balls = arb_mat(self.exact)
        self.exact = None

    def point(self) -> list[arb]:
        """x_n in balls; a ball of radius 0 at 0 is a zero that is proved."""
        if self.exact is None:
            assert self.balls is not None
            return list(self.balls.entries())
        return [to_arb(v) for v in self.exact.entries()]

    def fractions(self) -> list[Fraction] | None:
        """x_n in rationals while the pass is exact, else None."""
        return None if self.exact is None else [rational(v) for v in self.exact.entries()]

    def rounding(self) -> arb:
        """The largest radius of a coordinate."""
        return max((v.rad() for v in self.point()), default=arb(0))


def proved_sum(tail: Any) -> arb | None:
    """The upper bound of a tail that is proved finite, else None."""
    return to_arb(tail.upper).abs_upper() if tail.status is Verdict.HOLDS and tail.upper is not None else None


def later_radius(point: Sequence[arb], weights: arb, biases: arb, norm: str) -> arb:
    """(e^S - 1) ||x_n|| + e^S B, rounded up: every later x_i is within this of x_n, coordinate by coordinate too.

    point : x_n in balls.  weights, biases : upper bounds of S and B in `norm` ("inf", "1" or "2").

    >>> from flint import arb
    >>> float(later_radius([arb(1)], arb(0), arb(2), "inf"))
    2.0
    """
    growth = weights.expm1()
    return (growth * vector_norm(point, norm) + (1 + growth) * biases).upper()


def tail_radius(family: Any, n: int, point: Sequence[arb]) -> tuple[arb, str] | None:
    """The smallest of `later_radius` over the norms in which the sums are proved finite, and that norm."""
    best: tuple[arb, str] | None = None
    for norm in NORMS:
        weights, biases = (proved_sum(t) for t in (family.tail_weights(n, norm), family.tail_bias(n, norm)))
        if weights is None or biases is None:
            continue
        radius = later_radius(point, weights, biases, norm)
        if radius.is_finite() and (best is None or radius < best[0]):
            best = radius, norm
    return best


def later_box(point: Sequence[arb], radii: Sequence[arb]) -> list[arb]:
    """Balls that hold every later x_i: within `radii` of x_n and never negative."""
    return [relu(widened(v, r)) for v, r in zip(point, radii, strict=True)]
