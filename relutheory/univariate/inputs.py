"""Arguments in numbers: sequences, intervals, whole numbers; what is none of these is refused in one line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np
from flint import arb

from relutheory.core.errors import reject
from relutheory.core.exact import Number, nearest_float, rational, to_fmpq
from relutheory.univariate.rationals import Rationals

_SHORT = 10**15  # numerators and denominators up to it are written out in messages


def sequence(values: Any, name: str, what: str = "numbers") -> Any:
    """An array as it is, anything else in an order as a list; InputError for the rest."""
    if isinstance(values, np.ndarray) and values.ndim:
        return values
    unordered = (str, bytes, Mapping, Set, np.ndarray)
    if isinstance(values, unordered) or not isinstance(values, Iterable):
        reject(name, values, f"must be a sequence of {what}")
    return list(values)


def vector(values: Any, name: str) -> Rationals:
    """A sequence of numbers as the rationals they are."""
    return Rationals.of(sequence(values, name), name)


def check_increasing(x: Rationals, y: Rationals) -> None:
    """InputError where breakpoints x do not increase; y : the values there, which tell a jump from a repetition."""
    steps = (x[1:] - x[:-1]).signs()
    if steps.min(initial=1) > 0:
        return
    i = int(np.argmax(steps <= 0))
    name, point = f"breakpoints[{i + 1}]", short(x.at(i + 1))
    if steps[i] < 0:
        reject(name, point, f"must be greater than breakpoints[{i}] = {short(x.at(i))}: they must increase")
    if y.at(i) == y.at(i + 1):
        reject(name, point, f"must not repeat breakpoints[{i}]")
    jump = f"the values {short(y.at(i))} and {short(y.at(i + 1))} there are a jump, and the function must be continuous"
    reject(name, point, f"must not repeat breakpoints[{i}]: {jump}")


def interval(lo: Number, hi: Number) -> tuple[Fraction, Fraction]:
    """The ends as rationals.  Raises InputError where lo >= hi."""
    low, high = rational(lo, "lo"), rational(hi, "hi")
    if not low < high:
        reject("hi", hi, f"must be greater than lo = {short(low)}")
    return low, high


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """An integer between the two as an int; InputError for anything else."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least or (most and int(value) > most):
        reject(name, value, f"must be an integer >= {least}" + (f" and <= {most}" if most else ""))
    return int(value)


def about(value: Fraction) -> str:
    """A number to six digits, however large or small it is.

    >>> about(Fraction(2, 3)), about(Fraction(10) ** 5000)
    ('0.666667', '1.00000e+5000')
    """
    near = nearest_float(value)
    if math.isinf(near) or (near == 0 and value):
        return arb(to_fmpq(value)).str(6, radius=False)
    return f"{near:.6g}"


def short(value: Fraction) -> str:
    """A number for a message: exactly where that is short.

    >>> short(Fraction(2, 3)), short(Fraction(10) ** 5000)
    ('2/3', 'about 1.00000e+5000')
    """
    exact = max(abs(value.numerator), value.denominator) < _SHORT
    return str(value) if exact else f"about {about(value)}"
