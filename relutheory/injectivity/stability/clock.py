"""The time that is left: a step that would be late raises, and its caller keeps what is known so far."""

from __future__ import annotations

import time


class OutOfTime(Exception):
    """The deadline is over, or too near for the next step."""


def late(deadline: float | None, ahead: float = 0.0) -> bool:
    """Whether the deadline of `time.perf_counter` is over in `ahead` seconds; None is no deadline."""
    return deadline is not None and time.perf_counter() + ahead >= deadline


def check(deadline: float | None, ahead: float = 0.0) -> None:
    """Raise `OutOfTime` where it is `late`."""
    if late(deadline, ahead):
        raise OutOfTime
