"""The arrays of a tree over cells, made."""

from __future__ import annotations

import numpy as np

from relutheory._kernels.weighing import Weigher
from relutheory.injectivity.branching import branching_arrays

_ENTRIES = 1 << 22  # float matrix entries of all levels that there is room for at first
_FEWEST_LEVELS = 4


def new_tree(rows: np.ndarray, g: int, n: int) -> Weigher:
    """A tree at its root.  rows : as in `Weigher`, of g groups, their opposites and walls; n : size of the matrices."""
    d = rows.shape[1]
    levels = min(n + 12, max(_ENTRIES // (n * n + (2 * d + 2) * d), _FEWEST_LEVELS))
    return Weigher(
        **branching_arrays(rows, levels, 1),
        vectors_of=np.zeros((g, n)),
        above=np.zeros((g, g), np.bool_),
        matrix=np.zeros((levels, n, n)),
        size_of=np.zeros((levels, n)),
        bound=np.zeros(n),
        terms=np.zeros(1),
        near=np.zeros(n),
        factor=np.zeros((n, n)),
        chosen=np.zeros(1, np.int64),
        log=np.zeros(0, np.int64),
    )
