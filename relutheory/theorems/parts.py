"""Evidence for a claim of several parts, and for what a network of some width and depth can be at all."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from relutheory.theorems.theorem import Evidence, compare


def all_hold(
    parts: Mapping[str, bool], measured: str, expected: str, counterexample: dict[str, Any], slack: int | None = None
) -> Evidence:
    """The exact evidence for a claim of several parts; those that fail are named.

    >>> all_hold({"the value": True, "the depth": False}, "2 layers", "1 layer", {"x": "1/2"}).measured
    '2 layers; wrong: the depth'
    """
    failing = [name for name, holds in parts.items() if not holds]
    if failing:
        measured = f"{measured}; wrong: {', '.join(failing)}"
    return compare(not failing, measured, expected, counterexample | {"wrong": failing}, slack)


def exact_error(made: Any) -> Fraction:
    """The error that a construction says, where it is a number and no enclosure."""
    if not isinstance(made.error, Fraction):
        raise AssertionError(f"the error of {made!r} is not a number")
    return made.error


def few_pieces(pieces: int, W: int, L: int, counterexample: dict[str, Any]) -> Evidence:
    """The claim that a function with so many pieces on [0, 1] is one of a network of width W and depth L.

    A layer of W neurons cuts every piece at most W times: no such network has more than (W + 1)^L pieces.

    >>> few_pieces(4, 2, 1, {"k": 2}).counterexample
    {'k': 2, 'pieces': 4, 'at most': 3}
    """
    most: int = (W + 1) ** L
    data = counterexample | {"pieces": pieces, "at most": most}
    return compare(pieces <= most, f"{pieces} pieces", f"at most {most}", data, most - pieces)
