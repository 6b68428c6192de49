"""The compiled code of the search, made ready before any clock runs and before workers start."""

from __future__ import annotations

import sys

from relutheory.cli.arguments import on_terminal

_WAIT = "loading compiled code (the first time it is compiled, which takes half a minute) ..."


def load_kernels() -> None:
    """Compile the search's kernels, or read them from the disk, by deciding a small layer.

    Without this the first run would spend its time limit on compiling, and each worker would compile for itself.
    """
    import numpy as np

    from relutheory.injectivity import decide_injectivity
    from relutheory.networks import ReLULayer

    if on_terminal():
        print(_WAIT, end="", file=sys.stderr, flush=True)
    decide_injectivity(ReLULayer(np.random.default_rng(0).integers(-9, 10, size=(24, 4))))
    if on_terminal():
        print(f"\r{' ' * len(_WAIT)}\r", end="", file=sys.stderr, flush=True)
