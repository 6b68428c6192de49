"""What `deep_limit` answers, and the question it passes on to its rules."""

from __future__ import annotations

import enum
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.exact import allow_digits
from relutheory.core.verdict import Enclosure, NotABool, Rigor
from relutheory.deep_limit.balls import float_above, float_below


class LimitStatus(NotABool, enum.Enum):
    """What is proved about lim N_n(x): compare it with `is`, or ask `.value`."""

    CONVERGES = "converges"
    DIVERGES = "diverges"
    NOT_APPLICABLE = "not-applicable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, eq=False)
class DeepLimit(NotABool):
    """lim N_n(x) of an infinitely deep network at one input.

    status : `LimitStatus`.  CONVERGES and DIVERGES are proved; NOT_APPLICABLE: a hypothesis of every criterion fails
    (`failed_hypotheses` names them) and nothing is claimed; UNDECIDED: not even that is proved.
    enclosure : one `Enclosure` per coordinate (rational ends) where the limit exists, else None.
    lower, upper : float64 arrays, the ends rounded outwards ([0, inf] where nothing is known: ReLU is >= 0).
    reached : whether every enclosure is at most `tol` wide.  depth : of the pass that was used (0: none was needed).
    theorem : catalogue id of what proves it, or "".  method : "exact", "tail", "gauge", "fixed point", ...
    rigor : EXACT or ENCLOSED for what is proved.  reason : one sentence.  pattern : bits of the active coordinates for
    ever from `depth` on, where that is proved, else None.  bits : precision of the balls.
    """

    status: LimitStatus
    enclosure: tuple[Enclosure, ...] | None
    width: int
    depth: int
    reached: bool
    theorem: str
    method: str
    reason: str
    rigor: Rigor
    failed_hypotheses: tuple[str, ...] = ()
    pattern: tuple[bool, ...] | None = None
    bits: int = 0

    def __post_init__(self) -> None:
        allow_digits(*(end for e in self.enclosure or () for end in (e.lo, e.hi)))

    @property
    def lower(self) -> np.ndarray:
        """Lower ends, (width,) float64, rounded down."""
        if self.enclosure is None:
            return np.zeros(self.width)
        return np.array([float_below(e.lo) for e in self.enclosure])

    @property
    def upper(self) -> np.ndarray:
        """Upper ends, (width,) float64, rounded up."""
        if self.enclosure is None:
            return np.full(self.width, np.inf)
        return np.array([float_above(e.hi) for e in self.enclosure])

    @property
    def error(self) -> float:
        """The width of the widest enclosure, rounded up; inf where there is none."""
        if self.enclosure is None:
            return float("inf")
        return float_above(max((e.width for e in self.enclosure), default=Fraction(0)))


@dataclass(frozen=True)
class Problem:
    """One question to `deep_limit`, its arguments checked."""

    family: Any
    x: Sequence[Fraction]
    tol: Fraction
    max_depth: int
    deadline: float
    notes: list[str] = field(default_factory=list)

    @property
    def out_of_time(self) -> bool:
        """Whether the time limit has passed."""
        return time.monotonic() > self.deadline

    @property
    def bits(self) -> int:
        """The precision to start with: far below tol."""
        size = self.tol.denominator.bit_length() - self.tol.numerator.bit_length()
        return 96 + max(size, 0)


def converges(
    problem: Problem,
    ends: Sequence[Enclosure],
    *,
    depth: int,
    theorem: str,
    method: str,
    reason: str = "",
    pattern: Sequence[bool] | None = None,
    bits: int = 0,
) -> DeepLimit:
    """The answer for a limit that exists, with its enclosures."""
    width = max((e.width for e in ends), default=Fraction(0))
    return DeepLimit(
        status=LimitStatus.CONVERGES,
        enclosure=tuple(ends),
        width=len(ends),
        depth=depth,
        reached=width <= problem.tol,
        theorem=theorem,
        method=method,
        reason=reason,
        rigor=min((e.rigor for e in ends), default=Rigor.EXACT),
        pattern=None if pattern is None else tuple(pattern),
        bits=bits,
    )


def no_limit(
    problem: Problem,
    status: LimitStatus,
    *,
    reason: str,
    theorem: str = "",
    method: str = "",
    depth: int = 0,
    failed: Sequence[str] = (),
) -> DeepLimit:
    """The answer where no limit exists or none is proved to."""
    proved = status in (LimitStatus.DIVERGES, LimitStatus.NOT_APPLICABLE)
    return DeepLimit(
        status=status,
        enclosure=None,
        width=problem.family.width(max(depth, 1)),
        depth=depth,
        reached=False,
        theorem=theorem,
        method=method,
        reason=reason,
        rigor=Rigor.EXACT if proved else Rigor.FLOAT,
        failed_hypotheses=tuple(failed),
    )
