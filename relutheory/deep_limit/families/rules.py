"""What a family of layers is made of: a rule that gives layer n, and proved bounds of what comes after it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import arb, arb_mat, fmpq_mat

from relutheory.core.exact import to_fmpq
from relutheory.core.verdict import NotABool, Verdict
from relutheory.deep_limit.families.nearest import nearest_floats
from relutheory.deep_limit.families.quotients import Quotient

NORMS = ("1", "2", "inf")
WEIGHTS, BIASES = "weights", "biases"


@dataclass(frozen=True, kw_only=True)
class Tail(NotABool):
    """What is known of a sum of norms over all layers after the n-th.

    status : HOLDS where the sum is proved finite, VIOLATED where it is proved infinite, else UNDECIDED.
    upper : exact flint arb (no radius), not less than the sum; infinite unless the status is HOLDS.
    how : "finite", "geometric", "integral", "declared", ... : the rule that proved it.  reason : one sentence.
    """

    status: Verdict
    upper: arb
    how: str = ""
    reason: str = ""

    @property
    def upper_float(self) -> float:
        """A float64 that is not less than the sum."""
        return math.nextafter(float(self.upper), math.inf) if self.upper != 0 else 0.0

    @classmethod
    def finite(cls, upper: Any, how: str, reason: str = "") -> Tail:
        """A sum that is at most `upper` (an arb, whose upper end counts, or an exact number)."""
        if isinstance(upper, Fraction):
            upper = arb(to_fmpq(upper))
        end = arb(upper).upper()
        if not end.is_finite():
            return cls.unknown("the bound is beyond what can be written")
        return cls(status=Verdict.HOLDS, upper=end, how=how, reason=reason)

    @classmethod
    def infinite(cls, how: str, reason: str) -> Tail:
        """A sum that is proved infinite."""
        return cls(status=Verdict.VIOLATED, upper=arb.pos_inf(), how=how, reason=reason)

    @classmethod
    def unknown(cls, reason: str) -> Tail:
        """A sum of which nothing is proved."""
        return cls(status=Verdict.UNDECIDED, upper=arb.pos_inf(), reason=reason)


class Symbolic(NamedTuple):
    """The formulas of a family in sympy: W_n and b_n for all n >= start."""

    W: Any
    b: Any
    n: Any
    start: int


class RationalInN(NamedTuple):
    """Entries as quotients of polynomials in n, (numerator, denominator) without common factor, for all n >= start.

    W : rows of pairs of flint fmpq_poly.  b : a tuple of such pairs.  The denominators are monic.
    """

    W: tuple[tuple[Quotient, ...], ...]
    b: tuple[Quotient, ...]
    start: int


class Rule(ABC):
    """Gives the layers n = 1, 2, ... of a family.  Arguments have been checked before."""

    length: int | None = None
    symbolic: Symbolic | None = None
    rational_in_n: RationalInN | None = None

    def check_first(self) -> None:  # noqa: B027 (most rules check every layer when they are made)
        """Raise InputError, naming the layer, where one of the first layers is not what it must be."""

    @abstractmethod
    def width(self, n: int) -> int:
        """The width of layer n; for n = 0, the number of inputs."""

    @abstractmethod
    def exact(self, n: int) -> tuple[fmpq_mat, fmpq_mat]:
        """W_n and b_n (a column).  Raises InputError, naming the layer, where they are not rational or not there."""

    def balls(self, n: int) -> tuple[arb_mat, arb_mat]:
        """Enclosures of W_n and b_n at the precision of flint's context."""
        W, b = self.exact(n)
        return arb_mat(W), arb_mat(b)

    def floats(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The float64 nearest to each entry of W_n and b_n, shapes (m, k) and (m,)."""
        W, b = self.exact(n)
        return nearest_floats(W), nearest_floats(b)[:, 0]

    @abstractmethod
    def tail(self, what: str, n: int, norm: str) -> Tail:
        """The sum of the norms of P_i (WEIGHTS, i >= 2) or b_i (BIASES) over i > n."""
