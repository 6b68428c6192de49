"""The tree's own bookkeeping: the pool of circuits, the choice among them, and stopping at any node."""

from __future__ import annotations

import numpy as np
import pytest

from relutheory._kernels import circuits as kernels
from relutheory._kernels._jit import kernel
from relutheory._kernels.bits import popcount
from relutheory._kernels.circuits import Tree, remember
from relutheory.core.residues import PRIMES
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.search import Search
from relutheory.networks import ReLULayer


def search_of(m: int = 30, n: int = 5, seed: int = 0) -> Search:
    W = np.random.default_rng(seed).standard_normal((m, n))
    return Search(Problem(ReLULayer(W)), PRIMES[0])


def tree_of(m: int, capacity: int) -> Tree:
    tree = search_of(m).tree
    return tree._replace(
        pool=np.zeros((len(tree.pool), capacity), np.uint64),
        keys=np.zeros(capacity, np.uint64),
        supports=np.zeros((capacity, tree.supports.shape[1]), np.int64),
        sizes=np.zeros(capacity, np.int64),
        names=np.zeros(capacity, np.int64),
    )


def in_pool(tree: Tree) -> set[tuple[int, ...]]:
    found = set()
    for slot in range(int(tree.counter[kernels.POOL])):
        support = tree.supports[slot, : tree.sizes[slot]].tolist()
        bits = {k for k in range(64 * len(tree.pool)) if int(tree.pool[k // 64, slot]) >> (k % 64) & 1}
        assert bits == set(support)
        found.add(tuple(support))
    return found


@pytest.mark.parametrize("m", [20, 64, 65, 130])
def test_the_pool_forgets_the_oldest_and_keeps_what_is_fixed(m: int) -> None:
    capacity = 6
    tree = tree_of(m, capacity)
    rng = np.random.default_rng(m)
    fixed: list[tuple[int, ...]] = []
    latest: list[tuple[int, ...]] = []
    for k in range(40):
        support = tuple(rng.choice(m, int(rng.integers(1, 7)), replace=False).tolist())
        keep = k % 9 == 4 and len(fixed) < capacity - 2
        slot = remember(tree, np.array(support), len(support), keep)
        assert tuple(tree.supports[slot, : len(support)].tolist()) == support
        assert tree.names[slot] == k
        (fixed if keep else latest).append(support)
        pool = in_pool(tree)
        assert set(fixed) <= pool
        assert latest == [] or latest[-1] in pool or keep
        assert tree.counter[kernels.POOL] <= capacity
        assert pool <= set(fixed) | set(latest)
    assert tree.counter[kernels.FOUND] == 40


@pytest.mark.parametrize("m", [20, 64, 65, 130])
def test_the_best_circuit_has_fewest_rows_outside_n_and_none_that_is_excluded(m: int) -> None:
    answers = set()
    for k in range(100):
        rng = np.random.default_rng([m, k])
        tree = tree_of(m, 128)
        supports = [set(rng.choice(m, int(rng.integers(1, 7)), replace=False).tolist()) for _ in range(1 + k % 12)]
        for support in supports:
            remember(tree, np.array(sorted(support)), len(support), False)
        sets = [set(np.flatnonzero(rng.random(m) < share).tolist()) for share in (0.2, 0.1, 0.1)]
        masks = [np.zeros(len(tree.pool), np.uint64) for _ in sets]
        for mask, rows in zip(masks, sets, strict=True):
            for row in rows:
                mask[row // 64] |= np.uint64(1 << (row % 64))
        negative, closure, forbidden = sets
        outside = [support - negative for support in supports]
        usable = [len(rows) for rows in outside if not rows & (closure | forbidden)]
        best, rows = kernels._best_circuit(tree.pool, len(supports), *masks, tree.keys)
        assert (rows == min(usable) == len(outside[best])) if usable else best == -1
        assert not usable or not outside[best] & (closure | forbidden)
        answers.add(bool(usable))
    assert answers == {True, False}


def run_to_the_end(search: Search, budget: int) -> tuple[int, list[float]]:
    shares, code = [0.0], kernels.PAUSED
    while code != kernels.CLOSED:
        code = kernels.run(search.tree, 3, budget)
        shares.append(float(search.tree.closed[0]))
        if code == kernels.DEEPER:
            search.tree = _deeper(search.tree)
        assert code in (kernels.CLOSED, kernels.PAUSED, kernels.DEEPER)
    return int(search.tree.counter[kernels.NODES]), shares


def _deeper(tree: Tree) -> Tree:
    from relutheory.injectivity.search import _with_more_levels

    return _with_more_levels(tree)


def test_the_tree_can_stop_after_any_number_of_nodes() -> None:
    expected, _ = run_to_the_end(search_of(44, 6, 1), 10**6)
    assert expected > 5
    for budget in (1, 2, 7):
        nodes, shares = run_to_the_end(search_of(44, 6, 1), budget)
        assert nodes == expected
        assert shares == sorted(shares)
        assert shares[-1] == pytest.approx(1.0)
    assert kernels.run(search_of(44, 6, 1).tree, 3, 0) == kernels.PAUSED


def test_counting_bits() -> None:
    count = kernel(lambda word: popcount(word))
    for value in (0, 1, 2**63, 2**64 - 1, 0x5555555555555555, 0x123456789ABCDEF0):
        assert count(np.uint64(value)) == value.bit_count()
