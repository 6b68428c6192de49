"""Many decisions of injectivity, and many least numbers of active rows, without leaving the kernel.

Rows are exact in float64.  What the kernel cannot settle alone (rows that are not in general position, mostly) is left
to the caller.
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import bare_kernel
from relutheory._kernels.circuits import (
    CLOSED,
    DEPTH,
    FIXED,
    FOUND,
    FRESH,
    LPS,
    NEW,
    NODES,
    PAUSED,
    PLAIN,
    POINT,
    POOL,
    _add,
    _best_circuit,
    _clear,
    _copy,
    _has,
    _list_rows,
    _next_parent,
    _search_circuit,
    remember,
    run,
)
from relutheory._kernels.filters import TINY, gamma, positive_dependency
from relutheory._kernels.separation import DEPENDENT, SEPARATED

INJECTIVE, COLLISION, OPEN, SPENT = range(4)


@bare_kernel
def decide_many(tree, weights, residues, neurons, lean, budget, answers, points, nodes):
    """Decide layer after layer, each with at most `budget` nodes.

    tree : a `Tree` for M rows in R^d with n + 1 levels, overwritten.  weights : (k, M, d) float64, rows whose largest
    entries are about 1: the first `neurons` are (w | b), or w for layers without bias, the others are walls, negative
    wherever one looks.  residues : (k, n, M) float64, the rows w times positive numbers modulo the tree's prime.
    answers : (k,) uint8 and nodes : (k,) int64, output: INJECTIVE, COLLISION, OPEN (not settled) or SPENT (nodes).
    points : (k, d) float64, output where OPEN: perhaps too few independent rows are active there, else nan.
    """
    n = residues.shape[1]
    for k in range(len(weights)):
        _load(tree, weights[k], n, neurons)
        target, source = tree.residues[0], residues[k]
        for t in range(source.shape[0]):
            for i in range(source.shape[1]):
                target[t, i] = source[t, i]
        code = run(tree, lean, budget)
        nodes[k] = tree.counter[NODES]
        if code == CLOSED:
            answers[k] = INJECTIVE
        elif code == POINT and _most_active(tree, weights[k], neurons) < n:
            answers[k] = COLLISION
        else:
            answers[k] = SPENT if code == PAUSED else OPEN
            for t in range(weights.shape[2]):
                points[k, t] = tree.point[t] if code == POINT else np.nan


@bare_kernel
def _load(tree, rows, n, neurons):
    """Start the tree afresh with these rows; those that are 0 in the first n places are never of use."""
    m, d = rows.shape
    for w in range(tree.closure.shape[1]):
        tree.closure[0, w] = tree.negative[0, w] = 0
    for i in range(m):
        length, size = 0.0, 0.0
        for t in range(d):
            length += rows[i, t] * rows[i, t]
            size += abs(rows[i, t]) if t < n else 0.0
        scale = -1.0 / np.sqrt(length) if length > 0.0 else 0.0
        for t in range(d):
            tree.rows[i, t] = rows[i, t]
            tree.columns[t, i] = scale * rows[i, t]
        if i >= neurons:
            _add(tree.negative[0], i)
        elif size == 0.0:
            _add(tree.closure[0], i)
    for t in range(d):
        tree.state[0, 2 * d + 1, t] = 0.0
    tree.count[0] = 0
    tree.weight[0], tree.closed[0] = 1.0, 0.0
    counter = tree.counter
    counter[DEPTH] = counter[NODES] = counter[LPS] = counter[POOL] = counter[FOUND] = 0
    counter[PLAIN] = counter[NEW] = counter[FIXED] = 0
    counter[FRESH] = 1


@bare_kernel
def _most_active(tree, rows, neurons):
    """At least the number of neurons that are active at tree.point, or all rows where a wall is not proved negative.

    The rows are exact, so that a float product is off by at most gamma_d sum |w_t z_t|, and d TINY for underflow.
    """
    m, d = rows.shape
    count = 0
    for i in range(m):
        if _has(tree.closure[0], i):
            continue
        value, size = 0.0, 0.0
        for t in range(d):
            product = rows[i, t] * tree.point[t]
            value += product
            size += abs(product)
        if not value < -(gamma(d + 1.0) * size + d * TINY):
            if i >= neurons:
                return m
            count += 1
    return count


@bare_kernel
def count_many(tree, weights, budget, least, nodes):
    """The least number of active rows, over all open cells, of layer after layer.

    tree : as for `decide_many`, with m + 1 levels and lists for packings.  least : (k,) int64, output: the number, or
    -1 where it is not settled within `budget` nodes or not by floats.
    """
    for k in range(len(weights)):
        _load(tree, weights[k], weights.shape[2], weights.shape[1])
        least[k] = _least_active(tree, weights[k], budget)
        nodes[k] = tree.counter[NODES]


@bare_kernel
def _least_active(tree, rows, budget):
    """Branch and bound: at a node the rows of F are active; every circuit disjoint from them makes one more active."""
    counter = tree.counter
    m, n = rows.shape
    for t in range(n):  # of a direction and its opposite, one has at most half of the rows active
        tree.point[t] = rows[0, t]
    best = min(_most_active(tree, rows, m), m)
    for t in range(n):
        tree.point[t] = -rows[0, t]
    best = min(_most_active(tree, rows, m), best)
    depth = 0
    while depth >= 0:
        if counter[FRESH] != 0:
            if counter[NODES] >= budget:
                return -1
            counter[NODES] += 1
            counter[FRESH] = 0
            lower, branches = _more_active(tree, depth, best - depth)
            if lower < 0:
                return -1
            tree.degree[depth] = tree.position[depth] = 0
            if branches > 0:
                tree.degree[depth] = branches
                _copy(tree.lists[0], tree.branch[depth])
            elif lower < best - depth:  # no circuit is left: at the finder's point only rows of F are active
                active = _most_active(tree, rows, m)
                if active > depth:
                    return -1
                best = active
        depth = _next_parent(tree.position, tree.degree, depth)
        if depth < 0:
            break
        k = tree.position[depth]
        if k > 0:
            _add(tree.negative[depth], tree.branch[depth, k - 1])
        tree.position[depth] += 1
        _copy(tree.closure[depth], tree.closure[depth + 1])
        _add(tree.closure[depth + 1], tree.branch[depth, k])
        _copy(tree.negative[depth], tree.negative[depth + 1])
        tree.count[depth + 1] = -1
        depth += 1
        counter[FRESH] = 1
    return best


@bare_kernel
def _more_active(tree, depth, wanted):
    """Rows outside F that must be active: (at least so many, rows of a circuit to branch on); (-1, 0) is no answer.

    With no circuit to branch on, either as many as `wanted` must be active, or none: then tree.point shows it.
    """
    _clear(tree.forbidden)
    negative, closure, forbidden = tree.negative[depth], tree.closure[depth], tree.forbidden
    packed = 0
    while packed < min(wanted, len(tree.lists)):
        c, _ = _best_circuit(tree.pool, tree.counter[POOL], negative, closure, forbidden, tree.keys)
        if c < 0:
            outcome, size = _search_circuit(tree, depth)
            if outcome == SEPARATED:
                break
            support = tree.support[:size]
            if outcome != DEPENDENT or not positive_dependency(
                tree.rows, support, tree.matrices, tree.vectors, tree.order
            ):
                return -1, 0
            c = remember(tree, tree.support, size, False)
        tree.lengths[packed] = _list_rows(tree.supports[c], tree.sizes[c], negative, tree.lists[packed])
        if tree.lengths[packed] == 0:
            return wanted, 0  # no cell at all
        for i in range(tree.lengths[packed]):
            _add(forbidden, tree.lists[packed, i])
        packed += 1
    if packed == wanted or packed == 0:
        return packed, 0
    return packed, tree.lengths[0]
