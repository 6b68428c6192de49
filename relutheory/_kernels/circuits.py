"""The search tree that decides injectivity: branch on positive dependencies, prune by packing them.

A *circuit* is a positive dependency among the rows; at every point at least one of its rows is active.  A node of the
tree is a set F of rows taken as active and a set N taken as negative.  Branching on a circuit makes one child for each
of its rows outside N: that row joins F, the rows before it join N.  A node is closed when, for some circuits, every
choice of one row outside N from each, together with F, spans the space: the active rows span, whatever they are.
Independence is shown modulo a prime (see `modular`), circuits by a filter (see `filters`) or by the caller exactly.

The tree lives in arrays (`Tree`), so that a run can stop after any number of nodes and go on later.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from relutheory._kernels._jit import bare_kernel
from relutheory._kernels.bits import popcount
from relutheory._kernels.filters import positive_dependency
from relutheory._kernels.modular import eliminate, transversals_independent
from relutheory._kernels.separation import DEPENDENT, SEPARATED, separate

# what `run` stopped for
CLOSED, PAUSED, POINT, CIRCUIT, HELP, LOG_FULL, DEEPER = range(7)

# rows of Tree.counter
DEPTH, FRESH, NODES, LPS, POOL, FOUND, PLAIN, SUPPORT, SIZE, NEW, FIXED, LOG, LOGGING = range(13)

# q: dimensions still missing at the root; M: rows (walls included, they are never active); d: their dimension;
# D: levels there is room for; w: words of a bit mask; C: circuits in the pool (the first FIXED ones stay for good)
Tree = namedtuple(
    "Tree",
    [
        "rows",  # (M, d) float64, scaled by powers of two: for the filter
        "columns",  # (d, M) float64, minus the rows at unit length: for the finder
        "prime",  # (1,) float64
        "residues",  # (D, q, M) float64: rows modulo F, level by level
        "closure",  # (D, w) uint64: rows in the span of F
        "negative",  # (D, w) uint64: rows in N
        "branch",  # (D, d + 1) int64: rows to branch on
        "degree",  # (D,) int64: how many
        "position",  # (D,) int64: the next child
        "weight",  # (D,) float64: share of the tree below the node
        "state",  # (D, 2 d + 2, d) float64: finder's states for N
        "active",  # (D, d) int64
        "count",  # (D,) int64: active constraints, -1 where the state is not made yet
        "closed",  # (1,) float64: share of the tree that is closed
        "scratch_state",  # (2 d + 2, d) float64
        "scratch_active",  # (d,) int64
        "pool",  # (w, C) uint64: one column a circuit
        "supports",  # (C, d + 1) int64
        "sizes",  # (C,) int64
        "names",  # (C,) int64: the number under which the log knows the circuit
        "support",  # (d + 1,) int64: the circuit in question when `run` stops
        "point",  # (d,) float64: the point in question when `run` stops
        "lists",  # (K, d + 1) int64: rows outside N of the circuits of a packing, K at most
        "lengths",  # (K,) int64
        "work",  # scratch of `transversals_independent`: three arrays
        "pairs",
        "ends",
        "chosen",  # (K,) int64: names of the circuits
        "matrices",  # scratch of `positive_dependency`: three arrays
        "vectors",
        "order",
        "keys",  # (C,) uint64: scratch
        "floor",  # (M,) float64: scratch
        "slack",  # (M,) float64: scratch
        "scratch",  # (3, d) float64
        "forbidden",  # (w,) uint64: scratch
        "counter",  # (13,) int64
        "log",  # (L,) int64: the closed tree in preorder, when LOGGING: number of circuits (0: a branch), names
        "archive",  # (A, d + 2) int64: size and rows of every circuit named so far, when LOGGING
    ],
)

_ONE = np.uint64(1)
_HIGH, _LOW = np.uint64(32), np.uint64((1 << 32) - 1)  # the halves of a word
_BLOCKED = np.uint64(1 << 63)


@bare_kernel
def _copy(source, target):
    for i in range(len(source)):
        target[i] = source[i]


@bare_kernel
def _copy_rows(source, target):
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@bare_kernel
def _clear(target):
    for i in range(len(target)):
        target[i] = 0


@bare_kernel
def _has(mask, i):
    return (mask[i >> 6] >> np.uint64(i & 63)) & _ONE != 0


@bare_kernel
def _add(mask, i):
    mask[i >> 6] |= _ONE << np.uint64(i & 63)


@bare_kernel
def _best_circuit(pool, size, negative, closure, forbidden, keys):
    """The pool's circuit with fewest rows outside N, none of them in the closure or forbidden; -1 if there is none.

    Its key is the least: number of rows in the high half, circuit in the low half, so that all loops are branch-free.
    """
    for c in range(size):
        keys[c] = c
    for w in range(len(negative)):
        words, outside, blocked = pool[w], ~negative[w], closure[w] | forbidden[w]
        for c in range(size):
            x = words[c] & outside
            keys[c] += popcount(x) << _HIGH
            keys[c] |= _BLOCKED if x & blocked != 0 else np.uint64(0)
    best = _BLOCKED
    for c in range(size):
        if keys[c] < best:
            best = keys[c]
    if best == _BLOCKED:
        return -1, 0
    return np.int64(best & _LOW), np.int64(best >> _HIGH)


@bare_kernel
def remember(tree, support, size, fixed):
    """Put a verified circuit into the pool, in place of the oldest where it is full; returns its slot."""
    counter = tree.counter
    capacity = len(tree.sizes)
    if fixed:
        slot = counter[FIXED]
        if slot < counter[POOL]:  # the ring's first entry moves to the end, or is forgotten
            if counter[POOL] < capacity:
                _copy_slot(tree, slot, counter[POOL])
                counter[POOL] += 1
        else:
            counter[POOL] += 1
        counter[FIXED] += 1
    elif counter[POOL] < capacity:
        slot = counter[POOL]
        counter[POOL] += 1
    else:
        slot = counter[FIXED] + counter[NEW] % (capacity - counter[FIXED])
    counter[NEW] += 1
    for w in range(len(tree.pool)):
        tree.pool[w, slot] = 0
    for i in range(size):
        _add(tree.pool[:, slot], support[i])
        tree.supports[slot, i] = support[i]
    tree.sizes[slot] = size
    tree.names[slot] = counter[FOUND]
    if counter[LOGGING] != 0:
        tree.archive[counter[FOUND], 0] = size
        for i in range(size):
            tree.archive[counter[FOUND], 1 + i] = support[i]
    counter[FOUND] += 1
    return slot


@bare_kernel
def _copy_slot(tree, source, target):
    for w in range(len(tree.pool)):
        tree.pool[w, target] = tree.pool[w, source]
    _copy(tree.supports[source], tree.supports[target])
    tree.sizes[target] = tree.sizes[source]
    tree.names[target] = tree.names[source]


@bare_kernel
def _search_circuit(tree, depth):
    """A circuit avoiding closure and forbidden rows, or a point that separates: (outcome, size of support).

    First the rows of N alone (their state is kept: children start from it), then all rows that may take part, so that
    few rows outside N enter.
    """
    counter, floor = tree.counter, tree.floor
    counter[LPS] += 1
    many, d = tree.rows.shape
    base = depth
    while tree.count[base] < 0:
        base -= 1
    state, active = tree.scratch_state, tree.scratch_active
    negative, closure, forbidden = tree.negative[depth], tree.closure[depth], tree.forbidden
    _copy_rows(tree.state[base], state)
    _copy(tree.active[base], active)
    count = tree.count[base]
    if base < depth:
        for i in range(many):
            floor[i] = -1.0 if _has(negative, i) else np.inf
        outcome, count, size = separate(
            tree.columns, floor, state, active, count, tree.support, tree.slack, tree.scratch
        )
        if outcome != SEPARATED:
            return outcome, size
        _copy_rows(state, tree.state[depth])
        _copy(active, tree.active[depth])
        tree.count[depth] = count
    for i in range(many):
        floor[i] = -1.0 if _has(negative, i) or not (_has(closure, i) or _has(forbidden, i)) else np.inf
    outcome, count, size = separate(tree.columns, floor, state, active, count, tree.support, tree.slack, tree.scratch)
    if outcome == SEPARATED:
        for t in range(d):
            tree.point[t] = state[2 * d + 1, t]
    return outcome, size


@bare_kernel
def _list_rows(support, size_of_support, negative, rows):
    """Write the circuit's rows outside N to `rows`; returns how many."""
    size = 0
    for i in range(size_of_support):
        row = support[i]
        if not _has(negative, row):
            rows[size] = row
            size += 1
    return size


@bare_kernel
def _examine(tree, depth, missing, lean):
    """Close the node, or choose the circuit to branch on.

    Returns (CLOSED, number of circuits that close it), (PAUSED, 0) for a branch on tree.lists[0], or what the
    caller has to settle: (POINT, 0), (CIRCUIT, size), (HELP, 0).
    """
    counter = tree.counter
    _clear(tree.forbidden)
    negative, closure, forbidden = tree.negative[depth], tree.closure[depth], tree.forbidden
    wanted = missing if missing <= len(tree.lists) and counter[PLAIN] == 0 else 1
    packed = 0
    while packed < wanted:
        c, rows = _best_circuit(tree.pool, counter[POOL], negative, closure, forbidden, tree.keys)
        if c < 0 or (packed == 0 and missing > 1 and rows > lean and counter[PLAIN] == 0):
            outcome, size = _search_circuit(tree, depth)
            if outcome != DEPENDENT:
                if packed > 0:
                    break  # no further disjoint circuit: branch on the first
                if c < 0:
                    return (POINT if outcome == SEPARATED else HELP), 0
            else:
                fresh = 0
                for i in range(size):
                    fresh += not _has(negative, tree.support[i])
                if c < 0 or fresh < rows:
                    support = tree.support[:size]
                    if not positive_dependency(tree.rows, support, tree.matrices, tree.vectors, tree.order):
                        return CIRCUIT, size
                    c, rows = remember(tree, tree.support, size, False), fresh
        # names and rows are copied at once: a slot of the pool may be used again at any time
        if rows == 0:
            tree.chosen[0] = tree.names[c]
            return CLOSED, 1
        tree.chosen[packed] = tree.names[c]
        rows_here = tree.lists[packed]
        tree.lengths[packed] = _list_rows(tree.supports[c], tree.sizes[c], negative, rows_here)
        for i in range(tree.lengths[packed]):
            _add(forbidden, rows_here[i])
        packed += 1
    if packed == missing and (
        missing == 1
        or transversals_independent(
            tree.residues[depth], missing, tree.lists, tree.lengths, tree.prime[0], tree.work, tree.pairs, tree.ends
        )
    ):
        return CLOSED, packed
    return PAUSED, 0


@bare_kernel
def _write_log(tree, circuits):
    counter = tree.counter
    tree.log[counter[LOG]] = circuits
    for k in range(max(circuits, 1)):
        tree.log[counter[LOG] + 1 + k] = tree.chosen[k]
    counter[LOG] += 1 + max(circuits, 1)


@bare_kernel
def _next_parent(position, degree, depth):
    """The deepest node, from `depth` upwards, that has a child left; -1 where the tree is done."""
    while depth >= 0 and position[depth] == degree[depth]:
        depth -= 1
    return depth


@bare_kernel
def _descend(tree, depth, q):
    """Make the next child of the node at `depth`."""
    k = tree.position[depth]
    if k > 0:
        _add(tree.negative[depth], tree.branch[depth, k - 1])
    tree.position[depth] += 1
    row = tree.branch[depth, k]
    missing = q - depth
    eliminate(tree.residues[depth], missing, row, tree.prime[0], tree.residues[depth + 1])
    below = tree.residues[depth + 1]
    closure, size = tree.closure[depth + 1], tree.slack
    _copy(tree.closure[depth], closure)
    _copy(tree.negative[depth], tree.negative[depth + 1])
    _clear(size)
    for t in range(missing - 1):
        for i in range(len(size)):
            size[i] += abs(below[t, i])
    for i in range(len(size)):
        if size[i] == 0.0:
            _add(closure, i)
    tree.weight[depth + 1] = tree.weight[depth] / tree.degree[depth]
    tree.count[depth + 1] = -1


@bare_kernel
def run(tree, lean, budget):
    """Work on the tree for at most `budget` nodes; `lean`: branch without a search on circuits of so few rows.

    Returns CLOSED when the tree is closed, PAUSED when the budget is used up, LOG_FULL when log or archive must grow,
    DEEPER when levels must be added, else what the caller settles before going on: POINT (tree.point seems negative on
    all rows outside the closure of F), CIRCUIT (tree.support[:counter[SIZE]] seems to be one), HELP (the finder is
    stuck).
    """
    counter = tree.counter
    q = tree.residues.shape[1]
    depth = counter[DEPTH]
    used = 0
    while depth >= 0:
        if counter[FRESH] != 0:
            if counter[LOGGING] != 0 and (
                counter[LOG] + 2 + len(tree.lists) > len(tree.log)
                or counter[FOUND] + 2 + len(tree.lists) > len(tree.archive)
            ):
                return LOG_FULL
            if used >= budget:
                return PAUSED
            outcome, size = _examine(tree, depth, q - depth, lean)
            if outcome != CLOSED and outcome != PAUSED:
                counter[SIZE] = size
                return outcome
            used += 1
            counter[NODES] += 1
            counter[PLAIN] = 0
            counter[FRESH] = 0
            if counter[LOGGING] != 0:
                _write_log(tree, size)
            if outcome == CLOSED:
                tree.closed[0] += tree.weight[depth]
                tree.degree[depth] = 0
            else:
                tree.degree[depth] = tree.lengths[0]
                _copy(tree.lists[0], tree.branch[depth])
            tree.position[depth] = 0
        depth = _next_parent(tree.position, tree.degree, depth)
        counter[DEPTH] = depth
        if depth < 0:
            break
        if depth + 1 == len(tree.degree):
            return DEEPER
        _descend(tree, depth, q)
        depth += 1
        counter[DEPTH] = depth
        counter[FRESH] = 1
    return CLOSED
