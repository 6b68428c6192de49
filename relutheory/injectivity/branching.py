"""The arrays of a tree that branches on circuits: made, marked, made larger."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from relutheory._kernels import circuits as kernels
from relutheory._kernels.circuits import Tree
from relutheory._kernels.filters import dependency_scratch
from relutheory._kernels.weighing import Weigher

AnyTree = TypeVar("AnyTree", Tree, Weigher)

POOL = 64  # circuits kept at first; a longer list costs more to look through than it saves
_PER_LEVEL = ("closure", "negative", "branch", "degree", "position", "weight", "state", "active", "count")


def mark(mask: np.ndarray, k: int) -> None:
    """Set bit k."""
    mask[k >> 6] |= np.uint64(1) << np.uint64(k & 63)


def has(mask: np.ndarray, k: int) -> bool:
    """Whether bit k is set."""
    return bool(int(mask[k >> 6]) >> (k & 63) & 1)


def branching_arrays(rows: np.ndarray, levels: int, packed: int) -> dict[str, np.ndarray]:
    """What every tree that branches on circuits has, by name, before it begins.

    rows : (M, d) float64, their largest entries about 1.  levels : that there is room for.  packed : circuits in a
    packing, at most.
    """
    many, d = rows.shape
    w = (many + 63) // 64
    lengths = np.sqrt((rows * rows).sum(axis=1))
    matrices, vectors, order = dependency_scratch(d)
    arrays = {
        "rows": rows,
        "columns": np.ascontiguousarray(-(rows / lengths[:, None]).T),
        "closure": np.zeros((levels, w), np.uint64),
        "negative": np.zeros((levels, w), np.uint64),
        "branch": np.zeros((levels, d + 1), np.int64),
        "degree": np.zeros(levels, np.int64),
        "position": np.zeros(levels, np.int64),
        "weight": np.ones(levels),
        "state": np.zeros((levels, 2 * d + 2, d)),
        "active": np.zeros((levels, d), np.int64),
        "count": np.zeros(levels, np.int64),
        "closed": np.zeros(1),
        "scratch_state": np.zeros((2 * d + 2, d)),
        "scratch_active": np.zeros(d, np.int64),
        "pool": np.zeros((w, POOL), np.uint64),
        "supports": np.zeros((POOL, d + 1), np.int64),
        "sizes": np.zeros(POOL, np.int64),
        "names": np.zeros(POOL, np.int64),
        "support": np.zeros(d + 1, np.int64),
        "point": np.zeros(d),
        "lists": np.zeros((packed, d + 1), np.int64),
        "matrices": matrices,
        "vectors": vectors,
        "order": order,
        "keys": np.zeros(POOL, np.uint64),
        "floor": np.zeros(many),
        "slack": np.zeros(many),
        "scratch": np.zeros((3, d)),
        "forbidden": np.zeros(w, np.uint64),
        "counter": np.zeros(13, np.int64),
        "archive": np.zeros((0, d + 2), np.int64),
    }
    arrays["counter"][kernels.FRESH] = 1
    return arrays


def pool_is_full(tree: AnyTree) -> bool:
    """Whether the circuits that stay for good leave too little room for the others."""
    return bool(tree.counter[kernels.FIXED] + POOL // 2 >= len(tree.sizes))


def with_larger_pool(tree: AnyTree) -> AnyTree:
    """The same tree with room for twice as many circuits."""
    tree = _doubled(tree, "supports", "sizes", "names", "keys")
    return tree._replace(pool=np.hstack([tree.pool, np.zeros_like(tree.pool)]))


def with_larger_log(tree: AnyTree) -> AnyTree:
    """The same tree with room for a longer record and more circuits in its archive."""
    log = np.concatenate([tree.log, np.zeros(len(tree.log) + 4096, dtype=np.int64)])
    more = np.zeros((len(tree.archive) + 1024, tree.archive.shape[1]), dtype=np.int64)
    return tree._replace(log=log, archive=np.vstack([tree.archive, more]))


def with_more_levels(tree: AnyTree, *fields: str) -> AnyTree:
    """The same tree with room for twice the depth.  fields : what this kind of tree has per level beside the others."""
    return _doubled(tree, *_PER_LEVEL, *fields)


def _doubled(tree: AnyTree, *fields: str) -> AnyTree:
    arrays = {field: getattr(tree, field) for field in fields}
    return tree._replace(**{field: np.concatenate([a, np.zeros_like(a)]) for field, a in arrays.items()})
