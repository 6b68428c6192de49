"""The compiled code, made ready before any clock runs and before workers start."""

from __future__ import annotations

import sys
from collections.abc import Callable

from relutheory.cli.arguments import on_terminal

_WAIT = "loading compiled code (the first time it is compiled, which takes half a minute) ..."


def load_kernels(task: Callable[[], object]) -> None:
    """Compile kernels, or read them from the disk, by a small task that uses them.

    Without this the first run would spend its time limit on compiling, and each worker would compile for itself.
    """
    if on_terminal():
        print(_WAIT, end="", file=sys.stderr, flush=True)
    task()
    if on_terminal():
        print(f"\r{' ' * len(_WAIT)}\r", end="", file=sys.stderr, flush=True)


def small_decision() -> None:
    """Use the kernels of the injectivity search."""
    import numpy as np

    from relutheory.injectivity import decide_injectivity
    from relutheory.networks import ReLULayer

    decide_injectivity(ReLULayer(np.random.default_rng(0).integers(-9, 10, size=(24, 4))))
