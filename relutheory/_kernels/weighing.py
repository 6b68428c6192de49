"""Bounds of Gram matrices over the cells of an arrangement: a search tree, and a proof for many cells at once.

The matrix of a set C of rows is M(C) = B + sum over C of v_i v_i^T.  It only grows (in the order of quadratic forms)
with C, so that M(C) >= F proves M >= F for all cells at which the rows of C, and more, are active.  The tree branches
on positive dependencies as in `circuits`; each row occurs a second time with the opposite sign, negative where the row
is active, so that nodes which contain no cell are closed as well.

Columns of the v_i are scaled by powers of two, and F is a diagonal matrix scaled likewise: the order is unchanged.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from relutheory._kernels._jit import bare_kernel
from relutheory._kernels.circuits import (
    _add,
    _best_circuit,
    _clear,
    _copy,
    _copy_rows,
    _has,
    _list_rows,
    _next_parent,
    _search_circuit,
    remember,
)
from relutheory._kernels.filters import TINY, gamma, positive_dependency
from relutheory._kernels.separation import DEPENDENT, SEPARATED

# what `weigh` stopped for
CLOSED, PAUSED, POINT, CIRCUIT, HELP, NEAR, DEEPER, LOG_FULL = range(8)

BY_MATRIX = -1  # in the log: the node is closed by its matrix, not by a circuit

# rows of Weigher.counter, numbered as in `circuits` where that module uses them
DEPTH, FRESH, NODES, LPS, POOL, FOUND, PLAIN, SETTLED, SIZE, NEW, FIXED, LOG, LOGGING = range(13)

# g rows, their opposites, walls: M vectors of dimension d; n: size of the matrices; D: levels; w: words; C: pool
Weigher = namedtuple(
    "Weigher",
    [
        "rows",  # (M, d) float64: for the filter
        "columns",  # (d, M) float64, minus the rows at unit length: for the finder
        "vectors_of",  # (g, n) float64: the v_i
        "above",  # (g, g) bool: [i, j] where row j is active wherever row i is
        "matrix",  # (D, n, n) float64: M(C), F not yet subtracted
        "size_of",  # (D, n) float64: diagonal of the sum of the sizes of its terms
        "bound",  # (n,) float64: minus the diagonal of F, rounded down
        "terms",  # (1,) float64: at least as many as an entry of M(C) is the sum of
        "near",  # (n,) float64: what is added to it for a bound that is only nearly reached
        "closure",  # (D, w) uint64: rows of C, and the opposites of the others
        "negative",  # (D, w) uint64: rows known to be negative
        "branch",  # (D, d + 1) int64
        "degree",  # (D,) int64
        "position",  # (D,) int64
        "weight",  # (D,) float64
        "state",  # (D, 2 d + 2, d) float64
        "active",  # (D, d) int64
        "count",  # (D,) int64
        "closed",  # (1,) float64
        "scratch_state",
        "scratch_active",
        "pool",  # (w, C) uint64
        "supports",  # (C, d + 1) int64
        "sizes",  # (C,) int64
        "names",  # (C,) int64
        "support",  # (d + 1,) int64
        "point",  # (d,) float64
        "lists",  # (1, d + 1) int64
        "matrices",  # scratch of `positive_dependency`: three arrays
        "vectors",
        "order",
        "keys",  # (C,) uint64
        "floor",  # (M,) float64
        "slack",  # (M,) float64
        "scratch",  # (3, d) float64
        "forbidden",  # (w,) uint64, zero
        "factor",  # (n, n) float64: scratch
        "counter",  # (13,) int64
        "chosen",  # (1,) int64: what the log says of the node: BY_MATRIX, or the name of a circuit
        "log",  # (L,) int64: the closed tree in preorder, one entry for each node, when LOGGING
        "archive",  # (A, d + 2) int64: size and rows of every circuit named so far, when LOGGING
    ],
)


@bare_kernel
def surely_semidefinite(matrix, shift, size, terms, factor):
    """Prove that M + diag(shift) is positive semidefinite; False is no answer.

    matrix : (n, n) float64, entries computed as sums of at most `terms` products of numbers within 8 u, relatively,
    plus 2^-1000 of exact ones of size at most one.  size : (n,) the diagonal of the same sums with all terms taken
    positive, shift included.  factor : (n, n), overwritten.

    Proof.  By Cauchy and Schwarz the sum of the sizes of the terms of entry (i, j) is at most sqrt(s_i s_j), so that
    the matrix is off by E with |E| <= gamma_{terms + 20} sqrt(s_i s_j), apart from underflow, and |x^T E x| <=
    n gamma sum s_i x_i^2.  If Cholesky's method runs through on a float matrix A, then A + E' is positive semidefinite
    with |E'_ij| <= gamma_{n + 1} / (1 - gamma_{n + 1}) sqrt(a_ii a_jj) (Higham, Accuracy and stability of numerical
    algorithms, 10.1), and again |x^T E' x| <= n gamma sum s_i x_i^2.  So both are subtracted from the diagonal first.
    """
    n = len(shift)
    relative = 1.01 * n * (gamma(terms + 20.0) + gamma(n + 4.0))
    absolute = 4.0 * n * (terms + n) * TINY
    for j in range(n):
        x = matrix[j, j] + shift[j] - relative * size[j] - absolute
        for k in range(j):
            x -= factor[j, k] * factor[j, k]
        if not x > 0.0:
            return False
        x = np.sqrt(x)
        factor[j, j] = x
        for i in range(j + 1, n):
            y = matrix[i, j]
            for k in range(j):
                y -= factor[i, k] * factor[j, k]
            factor[i, j] = y / x
    return True


@bare_kernel
def prove_many(matrices, sizes, shift, terms, factor, proved):
    """`surely_semidefinite` for many matrices.  matrices : (k, n, n); sizes : (k, n); proved : (k,) bool, output."""
    for c in range(len(matrices)):
        proved[c] = surely_semidefinite(matrices[c], shift, sizes[c], terms, factor)


@bare_kernel
def _examine(tree, depth, lean):
    """Close the node, or choose a circuit to branch on; returns (what happened, size of the circuit)."""
    counter = tree.counter
    tree.chosen[0] = BY_MATRIX
    if counter[SETTLED] != 0:
        return CLOSED, 0
    terms = tree.terms[0]
    size, matrix = tree.size_of[depth], tree.matrix[depth]
    if surely_semidefinite(matrix, tree.bound, size, terms, tree.factor):
        return CLOSED, 0
    if counter[PLAIN] & 1 == 0:
        for j in range(len(tree.bound)):
            tree.scratch[0, j] = tree.bound[j] + tree.near[j]
        if surely_semidefinite(matrix, tree.scratch[0, : len(tree.bound)], size, terms, tree.factor):
            return NEAR, 0
    negative, closure = tree.negative[depth], tree.closure[depth]
    c, rows = _best_circuit(tree.pool, counter[POOL], negative, closure, tree.forbidden, tree.keys)
    if c < 0 or (rows > lean and counter[PLAIN] & 2 == 0):
        outcome, length = _search_circuit(tree, depth)
        if outcome == DEPENDENT:
            fresh = 0
            for i in range(length):
                fresh += not _has(negative, tree.support[i])
            if c < 0 or fresh < rows:
                if not positive_dependency(tree.rows, tree.support[:length], tree.matrices, tree.vectors, tree.order):
                    return CIRCUIT, length
                c = remember(tree, tree.support, length, False)
        elif c < 0:
            return (POINT if outcome == SEPARATED else HELP), 0
    tree.chosen[0] = tree.names[c]
    found = _list_rows(tree.supports[c], tree.sizes[c], negative, tree.lists[0])
    return (CLOSED if found == 0 else PAUSED), found


@bare_kernel
def _take(tree, depth, row):
    """Make a row, and all that are active with it, active at the node."""
    g = len(tree.vectors_of)
    closure, matrix, size = tree.closure[depth], tree.matrix[depth], tree.size_of[depth]
    n = len(size)
    for i in range(g):
        if (i == row or tree.above[row, i]) and not _has(closure, i):
            _add(closure, i)
            closure[(g + i) >> 6] &= ~(np.uint64(1) << np.uint64((g + i) & 63))
            _add(tree.negative[depth], g + i)
            v = tree.vectors_of[i]
            for j in range(n):
                size[j] += v[j] * v[j]
                for k in range(n):
                    matrix[j, k] += v[j] * v[k]


@bare_kernel
def _exclude(tree, depth, row):
    """Make a row, and all that are active only with it, negative at the node."""
    for i in range(len(tree.vectors_of)):
        if i == row or tree.above[i, row]:
            _add(tree.negative[depth], i)


@bare_kernel
def _descend(tree, depth):
    """Make the next child of the node at `depth`."""
    k = tree.position[depth]
    if k > 0:
        _exclude(tree, depth, tree.branch[depth, k - 1])
    tree.position[depth] += 1
    _copy(tree.closure[depth], tree.closure[depth + 1])
    _copy(tree.negative[depth], tree.negative[depth + 1])
    _copy_rows(tree.matrix[depth], tree.matrix[depth + 1])
    _copy(tree.size_of[depth], tree.size_of[depth + 1])
    _take(tree, depth + 1, tree.branch[depth, k])
    tree.weight[depth + 1] = tree.weight[depth] / tree.degree[depth]
    tree.count[depth + 1] = -1


@bare_kernel
def weigh(tree, lean, budget):
    """Work on the tree for at most `budget` nodes; `lean`: branch without a search on circuits of so few rows.

    Returns CLOSED when the tree is closed: the bound holds on all cells.  PAUSED when the budget is used up, DEEPER
    when levels must be added, LOG_FULL when log or archive must grow, else what the caller settles before going on:
    POINT (at tree.point no row outside C seems active), CIRCUIT (tree.support[:counter[SIZE]] seems to be one), HELP
    (the finder is stuck), NEAR (the bound is reached up to rounding).  It goes on with counter[SETTLED] = 1 where the
    node is closed; bit 0 of counter[PLAIN] says that NEAR was answered, bit 1 that the pool has a circuit to branch on.
    """
    counter = tree.counter
    _clear(tree.forbidden)
    depth = counter[DEPTH]
    used = 0
    while depth >= 0:
        if counter[FRESH] != 0:
            if counter[LOGGING] != 0 and (counter[LOG] + 1 > len(tree.log) or counter[FOUND] + 1 > len(tree.archive)):
                return LOG_FULL
            if used >= budget:
                return PAUSED
            outcome, size = _examine(tree, depth, lean)
            if outcome != CLOSED and outcome != PAUSED:
                counter[SIZE] = size
                return outcome
            used += 1
            counter[NODES] += 1
            counter[PLAIN] = counter[SETTLED] = counter[FRESH] = 0
            if counter[LOGGING] != 0:
                tree.log[counter[LOG]] = tree.chosen[0]
                counter[LOG] += 1
            if outcome == CLOSED:
                tree.closed[0] += tree.weight[depth]
                tree.degree[depth] = 0
            else:
                tree.degree[depth] = size
                _copy(tree.lists[0], tree.branch[depth])
            tree.position[depth] = 0
        depth = _next_parent(tree.position, tree.degree, depth)
        counter[DEPTH] = depth
        if depth < 0:
            break
        if depth + 1 == len(tree.degree):
            return DEEPER
        _descend(tree, depth)
        depth += 1
        counter[DEPTH] = depth
        counter[FRESH] = 1
    return CLOSED
