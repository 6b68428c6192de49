"""Progress of long work: a bar on a terminal, plain lines elsewhere, both on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from relutheory.core.errors import reject

Report = Callable[[float, int], None]
_LINE_SECONDS = 10.0  # between two plain lines


@contextmanager
def reporter(progress: bool | Report, label: str = "search") -> Iterator[Report | None]:
    """A function of (share done, steps), or None for silence.

    progress : False for none, True for a bar or lines on stderr, or a function that is used as it is.
    """
    if progress is False or progress is None:
        yield None
    elif callable(progress):
        yield progress
    elif progress is not True:
        reject("progress", progress, "must be True, False or a function")
    elif sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(total=1.0, desc=label, bar_format="{desc} {percentage:6.2f}% |{bar}| {elapsed}{postfix}") as bar:
            yield lambda share, steps: _advance(bar, share, steps)
    else:
        yield _line_writer(label)


def _advance(bar: Any, share: float, steps: int) -> None:
    bar.n = min(share, 1.0)
    bar.set_postfix_str(f"{steps} nodes")


def _line_writer(label: str) -> Report:
    last = time.monotonic()

    def write(share: float, steps: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_SECONDS:
            last = time.monotonic()
            print(f"{label}: {100 * share:.2f}% of the tree closed, {steps} nodes", file=sys.stderr, flush=True)

    return write
