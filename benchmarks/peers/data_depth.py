"""data-depth: the exact halfspace depth of the origin among the rows; injective if at least n / m.

The package imports torch, which this question does not need: its compiled routine is called here with the
arguments of `halfspace(zero, W, exact=True, method="line")`, the fastest of its three exact methods.
"""

from __future__ import annotations

import ctypes
import sysconfig
from pathlib import Path

import numpy as np
from protocol import main

LINE = 3  # the number of the method
LIBRARY = ctypes.CDLL(str(next(Path(sysconfig.get_path("platlib")).glob("ddalpha*.so"))))


def doubles(values: np.ndarray) -> ctypes.Array[ctypes.c_double]:
    """A C array of the entries, row by row."""
    return (ctypes.c_double * values.size)(*values.ravel())


def decide(W: np.ndarray, limit: float) -> bool | None:
    """The routine knows no time limit: the caller ends the process."""
    m, n = W.shape
    depth = (ctypes.c_double * 1)()
    counts = [ctypes.byref(ctypes.c_int(v)) for v in (m, 1, n, LINE)]
    LIBRARY.HDepthEx(doubles(W), doubles(np.zeros(n)), *counts, depth)
    return round(m * depth[0]) >= n


main(decide)
