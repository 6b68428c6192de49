"""The arrays of the search tree over cells: made, and made larger."""

from __future__ import annotations

import numpy as np

from relutheory._kernels import weighing as kernels
from relutheory._kernels.filters import dependency_scratch
from relutheory._kernels.weighing import Weigher

POOL = 64  # circuits that there is room for at first
_ENTRIES = 1 << 22  # float matrix entries of all levels that there is room for at first
_FEWEST_LEVELS = 4


def mark(mask: np.ndarray, k: int) -> None:
    """Set bit k."""
    mask[k >> 6] |= np.uint64(1) << np.uint64(k & 63)


def has(mask: np.ndarray, k: int) -> bool:
    """Whether bit k is set."""
    return bool(int(mask[k >> 6]) >> (k & 63) & 1)


def new_tree(rows: np.ndarray, g: int, n: int) -> Weigher:
    """A tree at its root.  rows : as in `Weigher`, of g groups, their opposites and walls; n : size of the matrices."""
    many, d = rows.shape
    w = (many + 63) // 64
    levels = min(n + 12, max(_ENTRIES // (n * n + (2 * d + 2) * d), _FEWEST_LEVELS))
    lengths = np.sqrt((rows * rows).sum(axis=1))
    matrices, vectors, order = dependency_scratch(d)
    tree = Weigher(
        rows=rows,
        columns=np.ascontiguousarray(-(rows / lengths[:, None]).T),
        vectors_of=np.zeros((g, n)),
        above=np.zeros((g, g), np.bool_),
        matrix=np.zeros((levels, n, n)),
        size_of=np.zeros((levels, n)),
        bound=np.zeros(n),
        terms=np.zeros(1),
        near=np.zeros(n),
        closure=np.zeros((levels, w), np.uint64),
        negative=np.zeros((levels, w), np.uint64),
        branch=np.zeros((levels, d + 1), np.int64),
        degree=np.zeros(levels, np.int64),
        position=np.zeros(levels, np.int64),
        weight=np.ones(levels),
        state=np.zeros((levels, 2 * d + 2, d)),
        active=np.zeros((levels, d), np.int64),
        count=np.zeros(levels, np.int64),
        closed=np.zeros(1),
        scratch_state=np.zeros((2 * d + 2, d)),
        scratch_active=np.zeros(d, np.int64),
        pool=np.zeros((w, POOL), np.uint64),
        supports=np.zeros((POOL, d + 1), np.int64),
        sizes=np.zeros(POOL, np.int64),
        names=np.zeros(POOL, np.int64),
        support=np.zeros(d + 1, np.int64),
        point=np.zeros(d),
        lists=np.zeros((1, d + 1), np.int64),
        matrices=matrices,
        vectors=vectors,
        order=order,
        keys=np.zeros(POOL, np.uint64),
        floor=np.zeros(many),
        slack=np.zeros(many),
        scratch=np.zeros((3, d)),
        forbidden=np.zeros(w, np.uint64),
        factor=np.zeros((n, n)),
        counter=np.zeros(13, np.int64),
        archive=np.zeros((0, d + 2), np.int64),
    )
    tree.counter[kernels.FRESH] = 1
    return tree


def _doubled(tree: Weigher, *fields: str) -> Weigher:
    arrays = {field: getattr(tree, field) for field in fields}
    return tree._replace(**{field: np.concatenate([a, np.zeros_like(a)]) for field, a in arrays.items()})


def with_larger_pool(tree: Weigher) -> Weigher:
    """The same tree with room for twice as many circuits."""
    tree = _doubled(tree, "supports", "sizes", "names", "keys")
    return tree._replace(pool=np.hstack([tree.pool, np.zeros_like(tree.pool)]))


def with_more_levels(tree: Weigher) -> Weigher:
    """The same tree with room for twice the depth."""
    per_level = ("matrix", "size_of", "closure", "negative", "branch", "degree", "position", "weight", "state")
    return _doubled(tree, *per_level, "active", "count")
