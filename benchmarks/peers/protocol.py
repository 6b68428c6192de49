"""What a script in a peer's own environment does: read a matrix, decide, print one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

MARGIN = 1e-4  # an inactive row must stay this far below zero: above the solvers' tolerances, or z = 0 would do


def main(decide: Callable[[np.ndarray, float], bool | None]) -> None:
    """Run `decide(W, limit)` on the arguments MATRIX.npy LIMIT; None: out of time."""
    W, limit = np.load(sys.argv[1]), float(sys.argv[2])
    start = time.perf_counter()
    injective = decide(W, limit)
    print(json.dumps({"injective": injective, "seconds": time.perf_counter() - start}))


def unit_rows(W: np.ndarray) -> np.ndarray:
    """The rows of `W` divided by their 1-norms: |<w, z>| <= 1 on the box [-1, 1]^n, so 1 is a valid big M."""
    return W / np.abs(W).sum(axis=1, keepdims=True)
