"""Verdicts, how surely they are known, and two-sided values."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn


class NotABool:
    """Mixin: the truth value of a verdict is ambiguous (three outcomes), so asking for it is an error.

    A class without verdicts says in `_hint` what to ask instead.
    """

    _hint = "compare it with `is`, or ask .proved / .refuted"

    def __bool__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not a bool: {self._hint}")


class Verdict(NotABool, enum.Enum):
    """The outcome of checking a statement on an instance: compare it with `is`.

    >>> Verdict.HOLDS.value
    'holds'
    >>> bool(Verdict.UNDECIDED)
    Traceback (most recent call last):
    TypeError: a Verdict is not a bool: compare it with `is`, or ask .proved / .refuted
    """

    HOLDS = "holds"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not-applicable"


@functools.total_ordering
class Rigor(enum.Enum):
    """How a result is known, in increasing order; only the last two may be called proved.

    >>> Rigor.FLOAT < Rigor.ENCLOSED, Rigor.FLOAT.proves, Rigor.EXACT.proves
    (True, False, True)
    """

    SAMPLED = "sampled"
    FLOAT = "float"
    ENCLOSED = "enclosed"
    EXACT = "exact"

    @property
    def proves(self) -> bool:
        """Whether a result known in this way may be called proved."""
        return self >= Rigor.ENCLOSED

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Rigor):
            return NotImplemented
        order = list(Rigor)
        return order.index(self) < order.index(other)


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """A number known from both sides, lo <= value <= hi.

    lo, hi : rationals (exact ends).  rigor : how the ends are known.  Raises ValueError where lo > hi.

    >>> Enclosure.exact(Fraction(1, 3)).width
    Fraction(0, 1)
    """

    lo: Fraction
    hi: Fraction
    rigor: Rigor

    def __post_init__(self) -> None:
        if not self.lo <= self.hi:
            raise ValueError(f"an enclosure needs lo <= hi, got [{self.lo}, {self.hi}]")

    @classmethod
    def exact(cls, value: Fraction | int) -> Enclosure:
        """The enclosure of a rational number that is known: both ends are `value`."""
        return cls(lo=Fraction(value), hi=Fraction(value), rigor=Rigor.EXACT)

    @property
    def width(self) -> Fraction:
        """The distance hi - lo of the ends."""
        return self.hi - self.lo

    def __contains__(self, value: Fraction | int | float) -> bool:
        return self.lo <= value <= self.hi

    def __float__(self) -> float:
        """The float64 nearest to the middle; what is proved is in the ends."""
        return float((self.lo + self.hi) / 2)

    def __bool__(self) -> NoReturn:
        raise TypeError("an Enclosure is not a bool: compare its ends")


class EnclosedFloat(float):
    """A float64 to calculate with, near the middle of an enclosure, which it keeps: lo <= the number meant <= hi.

    enclosure : the `Enclosure`; its `lo`, `hi` and `rigor` are attributes here too.

    >>> third = EnclosedFloat(Enclosure.exact(Fraction(1, 3)))
    >>> third * 3, third.lo
    (1.0, Fraction(1, 3))
    """

    enclosure: Enclosure

    def __new__(cls, enclosure: Enclosure) -> EnclosedFloat:
        number = super().__new__(cls, float(enclosure))
        number.enclosure = enclosure
        return number

    def __getnewargs__(self) -> tuple[Enclosure]:  # type: ignore[override]  # a float's is a float
        return (self.enclosure,)

    @property
    def lo(self) -> Fraction:
        """The proved lower end."""
        return self.enclosure.lo

    @property
    def hi(self) -> Fraction:
        """The proved upper end."""
        return self.enclosure.hi

    @property
    def rigor(self) -> Rigor:
        """How the ends are known."""
        return self.enclosure.rigor
