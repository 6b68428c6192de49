"""The activation regions of one layer inside a polyhedron, by small linear programs: depth first, neuron by neuron.

A node of the tree is a region of the neurons so far, with a point in it.  The point lies on one side of the next
neuron's hyperplane.  Whether there is more on the other side is asked in two ways: a ray from the point across the
hyperplane that ends before the other walls; else the finder, which starts from the state it reached for an ancestor
(see `separation`).  A point counts once all signs at it are proved, "nothing there" once a positive dependency of the
walls is (see `filters`): where neither can be, the caller is asked.

Coordinates: a wall is a row (a | c) of length d = n + 1, negative at (x, 1) for the x of the region; row 0 is the wall
at infinity, (0, ..., 0 | -1).  A region is bounded where the parts a of its walls have a positive dependency that
spans.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from relutheory._kernels._jit import bare_kernel
from relutheory._kernels.filters import TINY, UNIT, gamma, positive_dependency
from relutheory._kernels.integers import integer_dependency
from relutheory._kernels.separation import DEPENDENT, SEPARATED, separate

DONE, PAUSED, FULL, ASKED = range(4)  # what `run` stopped for
NO, YES, UNKNOWN = range(3)

# rows of Tree.counter; the first OWN walls carry no facets that are asked for
LEVEL, FOUND, PROGRAMS, SIZE, SIDE, OWN = range(6)

# K: walls; m: neurons; S: m + 1 states, or 1 where they are too large to keep: every program then starts afresh
Tree = namedtuple(
    "Tree",
    [
        "rows",  # (K + m, d) float64, largest entries about 1: the walls, then the neurons' forms as they stand
        "inner",  # (K + m, k + 1) float64: the rows in other coordinates, see `_program`; NaN where they have none
        "whole",  # (K + m, d) int64: the rows as primitive integers where these are short, else zeros
        "columns",  # (d, K + m) float64: minus the rows at unit length
        "directions",  # (n, K + m) float64: minus the rows' parts a at unit length
        "floor",  # (K + m,) float64: -1 for the walls of the node, inf for the other rows
        "forms",  # (m, d) float64
        "units",  # (m, d) float64: the forms at unit length
        "slopes",  # (m, n) float64: their parts a at unit length
        "inner_forms",  # (m, k + 1) float64
        "whole_forms",  # (m, d) int64
        "fixed",  # (m,) int64: the bit of a form that is constant, else -1
        "bits",  # (m,) uint8
        "split",  # (m,) uint8: whether the form takes both signs on the node that it came to
        "pending",  # (m,) uint8: whether the other side is still to be visited
        "points",  # (m + 1, n) float64: of the node before neuron j
        "others",  # (m, n) float64: on the other side of neuron j
        "spare",  # (n,) float64: scratch
        "slot",  # (m + 1,) int64: where the finder's state for the node before neuron j is
        "other_slot",  # (m,) int64: where the one to start from is on the other side of neuron j
        "states",  # (S + 1, 2 d + 2, d) float64, the last one for questions about leaves
        "active",  # (S + 1, d) int64
        "count",  # (S + 1,) int64
        "support",  # (d + 1,) int64
        "slack",  # (K + m,) float64
        "scratch",  # (3, d) float64
        "matrices",  # scratch of `positive_dependency`: three arrays
        "vectors",
        "order",
        "table",  # (d, d + 1) int64: scratch of `integer_dependency`
        "counter",  # (6,) int64
    ],
)


@bare_kernel
def run(tree, bits, split, points, bounded, facets, most):
    """Go on with the tree until DONE, the output is FULL, the caller is ASKED, or after `most` programs (PAUSED).

    bits, split : (k, m) uint8 and points : (k, n) float64, output: the regions found; their number is counter[FOUND].
    bounded : (k,) uint8, facets : (k, K + m) uint8, output where not of length 0: NO, YES or UNKNOWN.
    ASKED: on which sides of neuron counter[LEVEL] there is something, see `answer`; support[:counter[SIZE]] then names
    walls that seem to exclude the bit counter[SIDE], not the one of the node's point (none where counter[SIZE] is 0).
    """
    counter, m = tree.counter, len(tree.bits)
    counter[FOUND] = counter[PROGRAMS] = 0
    while True:
        j = counter[LEVEL]
        if j < 0:
            return DONE
        if j == m:
            if counter[FOUND] == len(bits):
                return FULL
            _emit(tree, bits, split, points, bounded, facets)
            backtrack(tree)
            continue
        if tree.fixed[j] >= 0:
            keep(tree, j, tree.fixed[j])
            continue
        counter[SIZE] = 0
        sign = _sign(tree.forms[j], tree.points[j], 1.0)
        if sign == 0:
            if not _both(tree, j):
                return ASKED
            _divide(tree, j, 0)
            continue
        bit = 1 if sign > 0 else 0
        counter[SIDE] = 1 - bit
        outcome = _beyond(tree, j, 1 - bit)
        if outcome == UNKNOWN:
            return ASKED
        if outcome == YES:
            _divide(tree, j, bit)
        else:
            keep(tree, j, bit)
        if counter[PROGRAMS] >= most:
            return PAUSED


@bare_kernel
def keep(tree, j, bit):
    """Neuron j has this bit on all of the node: it is no wall."""
    tree.bits[j] = bit
    tree.split[j] = tree.pending[j] = 0
    _copy(tree.points[j], tree.points[j + 1])
    tree.slot[j + 1] = tree.slot[j]
    tree.counter[LEVEL] = j + 1


@bare_kernel
def _divide(tree, j, bit):
    """Neuron j cuts the node: go on with the side of its point, come back for the other."""
    tree.bits[j] = bit
    tree.split[j] = tree.pending[j] = 1
    _orient(tree, j, bit)
    _copy(tree.points[j], tree.points[j + 1])
    tree.slot[j + 1] = tree.slot[j]
    tree.counter[LEVEL] = j + 1


@bare_kernel
def answer(tree, here, other, bit):
    """What the caller found: neuron j = counter[LEVEL] is `bit` at `here` and the opposite at `other`, both points."""
    j = tree.counter[LEVEL]
    _copy(here, tree.points[j])
    _copy(other, tree.others[j])
    tree.other_slot[j] = tree.slot[j]
    _divide(tree, j, bit)


@bare_kernel
def backtrack(tree):
    """Leave the node for the last other side that is still to be visited; LEVEL is -1 where there is none."""
    walls = len(tree.rows) - len(tree.bits)
    for j in range(tree.counter[LEVEL] - 1, -1, -1):
        if tree.pending[j]:
            bit = 1 - tree.bits[j]
            tree.bits[j] = bit
            tree.pending[j] = 0
            _orient(tree, j, bit)
            _copy(tree.others[j], tree.points[j + 1])
            tree.slot[j + 1] = tree.other_slot[j]
            tree.counter[LEVEL] = j + 1
            return
        tree.floor[walls + j] = np.inf
    tree.counter[LEVEL] = -1


@bare_kernel
def _emit(tree, bits, split, points, bounded, facets):
    k, m = tree.counter[FOUND], len(tree.bits)
    _copy(tree.bits, bits[k])
    _copy(tree.split, split[k])
    _copy(tree.points[m], points[k])
    if len(bounded) > 0:
        bounded[k] = _bounded(tree)
    if len(facets) > 0:
        for i in range(tree.counter[OWN], len(tree.rows)):
            facets[k, i] = _is_facet(tree, i) if tree.floor[i] < 0.0 else NO
    tree.counter[FOUND] = k + 1


@bare_kernel
def _bounded(tree):
    """Whether the node is bounded."""
    n = tree.points.shape[1]
    last = len(tree.states) - 1
    state, active = tree.states[last, : 2 * n + 2, :n], tree.active[last, :n]
    for t in range(n):
        state[2 * n + 1, t] = 0.0
    tree.floor[0] = np.inf
    outcome, _, size = separate(
        tree.directions, tree.floor, state, active, 0, tree.support[: n + 1], tree.slack, tree.scratch[:, :n]
    )
    answered = UNKNOWN
    if outcome == DEPENDENT and size == n + 1:
        rows, matrices, vectors = tree.rows[:, :n], tree.matrices[:, :n, :n], tree.vectors[:, :n]
        if positive_dependency(rows, tree.support[:size], matrices, vectors, tree.order[:n]):
            answered = YES
    elif outcome == SEPARATED:
        answered = NO
        for i in range(1, len(tree.rows)):
            if tree.floor[i] < 0.0 and _sign(tree.rows[i], state[2 * n + 1], 0.0) >= 0:
                answered = UNKNOWN
    tree.floor[0] = -1.0
    return answered


@bare_kernel
def _is_facet(tree, i):
    """Whether there is more of the node behind wall i: whether the wall carries a facet."""
    last = len(tree.points) - 1
    spare = len(tree.states) - 1
    y = tree.spare
    _flip(tree, i)
    answered = YES
    if not (_ray(tree, i, tree.points[last], y) and _inside(tree, y)):
        answered, _ = _program(tree, spare, spare, y)
    _flip(tree, i)
    return answered


@bare_kernel
def _flip(tree, i):
    for t in range(tree.rows.shape[1]):
        tree.rows[i, t] = -tree.rows[i, t]
        tree.columns[t, i] = -tree.columns[t, i]
        tree.whole[i, t] = -tree.whole[i, t]
    for t in range(tree.inner.shape[1]):
        tree.inner[i, t] = -tree.inner[i, t]


@bare_kernel
def _copy(source, target):
    for i in range(len(source)):
        target[i] = source[i]


@bare_kernel
def _orient(tree, j, bit):
    """Make neuron j a wall of the node: its form is negative for bit 0, positive for bit 1."""
    i = len(tree.rows) - len(tree.bits) + j
    sign = -1.0 if bit else 1.0
    row, form, unit = tree.rows[i], tree.forms[j], tree.units[j]
    for t in range(len(row)):
        row[t] = sign * form[t]
        tree.columns[t, i] = -sign * unit[t]
        tree.whole[i, t] = -tree.whole_forms[j, t] if bit else tree.whole_forms[j, t]
    for t in range(tree.inner.shape[1]):
        tree.inner[i, t] = sign * tree.inner_forms[j, t]
    for t in range(len(row) - 1):
        tree.directions[t, i] = -sign * tree.slopes[j, t]
    tree.floor[i] = -1.0


@bare_kernel
def _sign(row, x, one):
    """The sign of <a, x> + c one, for one = 0 or 1, proved; 0 where the floats do not tell.

    Each entry of the row is within 2 u |entry| + TINY of the exact one, so that the value is within
    (gamma_{n+2} + 2 u) (sum |a_t x_t| + |c|) + TINY (1 + sum |x_t|) of what is computed; rounded up.
    """
    n = len(x)
    value, size, extent = row[n] * one, abs(row[n]) * one, 1.0
    for t in range(n):
        product = row[t] * x[t]
        value += product
        size += abs(product)
        extent += abs(x[t])
    bound = (gamma(n + 3.0) + 3.0 * UNIT) * size + 2.0 * TINY * extent
    if value > bound:
        return 1
    return -1 if value < -bound else 0


@bare_kernel
def _inside(tree, x):
    """Whether x lies in the node, proved."""
    for t in range(len(x)):
        if not abs(x[t]) < np.inf:
            return False
    for i in range(1, len(tree.rows)):  # noqa: SIM110 -- numba compiles loops, not generators
        if tree.floor[i] < 0.0 and _sign(tree.rows[i], x, 1.0) >= 0:
            return False
    return True


@bare_kernel
def _beyond(tree, j, bit):
    """Whether the node has points at which neuron j has this bit, which it has not at the node's own point.

    YES: others[j] is such a point, and other_slot[j] tells which state the finder can start from there.
    """
    i = len(tree.rows) - len(tree.bits) + j
    x, y = tree.points[j], tree.others[j]
    _orient(tree, j, bit)
    tree.other_slot[j] = tree.slot[j]
    if _ray(tree, i, x, y) and _inside(tree, y):
        return YES
    new = min(j + 1, len(tree.states) - 2)
    outcome, state = _program(tree, tree.slot[j], new, y)
    tree.other_slot[j] = state
    tree.floor[i] = np.inf
    return outcome


@bare_kernel
def _both(tree, j):
    """Whether neuron j has both signs close to the node's point; these points, bit 0 first, are then put in place."""
    i, x = len(tree.rows) - len(tree.bits) + j, tree.points[j]
    for bit in range(2):
        _orient(tree, j, bit)
        y = tree.others[j] if bit else tree.spare
        _step(tree, i, x, y, 0.0, 1.0)
        if not _inside(tree, y):
            tree.floor[i] = np.inf
            return False
    _copy(tree.spare, x)
    tree.other_slot[j] = tree.slot[j]
    return True


@bare_kernel
def _ray(tree, i, x, y):
    """Shoot from x straight at wall i, on whose wrong side x is; y: halfway between crossing it and the next wall."""
    n = len(x)
    target = tree.rows[i]
    reach, speed = target[n], 0.0
    for t in range(n):
        reach += target[t] * x[t]
        speed += target[t] * target[t]
    crossing = reach / speed
    if not crossing > 0.0:
        return False
    return _step(tree, i, x, y, crossing, 3.0 * crossing)


@bare_kernel
def _step(tree, i, x, y, start, end):
    """Go from x straight through wall i, to the middle of the part from `start` to `end` inside the others."""
    n, target = len(x), tree.rows[i]
    for k in range(1, len(tree.rows)):
        if tree.floor[k] < 0.0 and k != i:
            row = tree.rows[k]
            height, climb = row[n], 0.0
            for t in range(n):
                height += row[t] * x[t]
                climb -= row[t] * target[t]
            if climb > 0.0 and -height < end * climb:
                end = -height / climb
                if not end > start:
                    return False
    length = 0.5 * (start + end)
    for t in range(n):
        y[t] = x[t] - length * target[t]
    return True


@bare_kernel
def _program(tree, old, new, y):
    """Whether the walls leave something, as far as it can be proved, and then a point y of it.

    The finder starts from state `old` and leaves its state in `new`; from nothing where they are the same.  Returns the
    answer and the state to start from later, `new` where there is a point.

    Where only k < n neurons of the layer before are active, the forms depend on their k values alone, and dependencies
    with few walls are the rule.  These are proved in the coordinates of the k values (and 1), `inner`.
    """
    counter = tree.counter
    counter[PROGRAMS] += 1
    n, state, active, count = len(y), tree.states[new], tree.active[new], tree.count[old]
    if old == new:
        count = 0
        for t in range(n + 1):
            state[2 * n + 3, t] = 0.0
    else:
        for r in range(state.shape[0]):
            _copy(tree.states[old, r], state[r])
        _copy(tree.active[old], active)
    outcome, count, size = separate(
        tree.columns, tree.floor, state, active, count, tree.support, tree.slack, tree.scratch
    )
    if outcome == SEPARATED:
        z = state[2 * n + 3]
        for t in range(n):
            y[t] = z[t] / z[n]
        if _inside(tree, y):
            tree.count[new] = count
            return YES, new
    if outcome == DEPENDENT:
        counter[SIZE] = size
        k = tree.inner.shape[1]
        if size == n + 2:
            if positive_dependency(tree.rows, tree.support, tree.matrices, tree.vectors, tree.order):
                return NO, old
        elif size == k + 1:
            matrices, vectors = tree.matrices[:, :k, :k], tree.vectors[:, :k]
            if positive_dependency(tree.inner, tree.support[:size], matrices, vectors, tree.order[:k]):
                return NO, old
        if integer_dependency(tree.whole, tree.support[:size], tree.table):
            return NO, old
    return UNKNOWN, old
