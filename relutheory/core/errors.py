"""Errors that a user can cause, and the functions that raise them."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, NoReturn

_SHOWN = 60  # characters of a value that an error message repeats


class InputError(ValueError):
    """Bad input: one line that names the argument, its value and the rule.

    >>> try:
    ...     reject("time_limit", -1, "must be positive")
    ... except InputError as error:
    ...     print(error)
    time_limit = -1: must be positive
    """


class UnsupportedError(InputError):
    """A file or a model that is well formed but uses something relutheory does not model."""


def shown(value: Any) -> str:
    """`value` in at most one short line.

    >>> shown("a\\nb")
    "'a\\\\nb'"
    """
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an integer of more digits than Python prints
        text = f"{type(value).__name__} of thousands of digits"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def reject(name: str, value: Any, rule: str) -> NoReturn:
    """Raise the one-line error for argument `name`.

    >>> reject("time_limit", -1, "must be positive")
    Traceback (most recent call last):
    relutheory.core.errors.InputError: time_limit = -1: must be positive
    """
    raise InputError(f"{name} = {shown(value)}: {rule}")


def check_executor(executor: Any) -> None:
    """An executor or None; anything else is an `InputError`."""
    if executor is not None and not callable(getattr(executor, "submit", None)):
        reject("executor", executor, "must be a concurrent.futures.Executor or None")


def check_limit(name: str, value: float | None, *, integer: bool = False) -> float | int | None:
    """A budget: None (no limit) or a non-negative number; anything else is an `InputError`."""
    if value is None:
        return None
    number = isinstance(value, Real) and not isinstance(value, bool)
    try:
        size = float(value) if number else math.nan
    except OverflowError:
        size = math.inf if value > 0 else -math.inf
    if math.isnan(size) or size < 0:
        reject(name, value, "must be a non-negative number or None")
    if not integer:
        return size
    if not isinstance(value, Integral) and (math.isinf(size) or size != int(size)):
        reject(name, value, "must be a non-negative integer or None")
    return int(value)
