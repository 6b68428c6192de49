"""Time limits: when one is over, what was found so far is what there is."""

from __future__ import annotations

import math
import time
from typing import Any

from relutheory.core.errors import check_limit


class Deadline:
    """A time limit that began when it was made.

    limit : seconds >= 0, or None for no limit.  `missed` : whether it has stopped something.
    Raises InputError for other limits.

    >>> Deadline(None).left, Deadline(0).allows(0.1)
    (inf, False)
    """

    def __init__(self, limit: Any = None) -> None:
        seconds = check_limit("time_limit", limit)
        self.limit = math.inf if seconds is None else float(seconds)
        self.missed = False
        self._started = time.perf_counter()

    @property
    def left(self) -> float:
        """Seconds that are left, 0 when it is over."""
        return max(self.limit - (time.perf_counter() - self._started), 0.0)

    def allows(self, seconds: float = 0.0) -> bool:
        """Whether something that takes so long ends in time; if not, that it was left out is noted."""
        fits = seconds < self.left
        self.missed |= not fits
        return fits

    @property
    def note(self) -> str:
        """What a reader is told where it has stopped something."""
        return f"the time limit of {self.limit:g} s was reached"
