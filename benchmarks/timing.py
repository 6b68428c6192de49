"""Processor time of runs that take turns, in one thread."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable

ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "MKL", "OMP", "BLIS", "NUMBA")}


def one_thread() -> None:
    """Start the script again where the variables, which libraries read when they are loaded, allow more threads."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)


def least_times(runs: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Seconds of processor time of each, the least of `repeat` rounds in each of which every run has its turn."""
    best = dict.fromkeys(runs, math.inf)
    for _ in range(repeat):
        for name, run in runs.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - start)
    return best
