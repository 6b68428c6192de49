"""Exact arithmetic in 64-bit integers, as long as they stay short."""

from __future__ import annotations

from relutheory._kernels._jit import bare_kernel

SHORT = 1 << 20
_LIMIT = 1 << 31  # entries below this have products whose differences fit into 64 bits


@bare_kernel
def integer_dependency(rows, support, table):
    """Prove that a combination of the vectors rows[support], coefficients >= 0 and not all zero, vanishes.

    rows : (M, d) int64, entries below SHORT, a vector that is not known zero.  support : (s,) indices, s <= d + 1.
    table : (d, d + 1) int64, scratch.  False is no answer: more than one dependency, numbers that grow too long, a
    vector unknown.

    Fraction-free Gauss-Jordan elimination: after each step all entries are minors of the given matrix, so that the
    divisions leave no remainder, and the columns done so far are the pivot times those of the identity.
    """
    d, size = rows.shape[1], len(support)
    for k in range(size):
        known = False
        for t in range(d):
            table[t, k] = rows[support[k], t]
            known = known or table[t, k] != 0
        if not known:
            return False
    pivot, done, free = 1, 0, -1
    for c in range(size):
        p = done
        while p < d and table[p, c] == 0:
            p += 1
        if p == d:
            if free >= 0:
                return False
            free = c
            continue
        for k in range(size):
            table[done, k], table[p, k] = table[p, k], table[done, k]
        head = table[done, c]
        for i in range(d):
            factor = table[i, c]
            if i != done:
                for k in range(size):
                    value = (head * table[i, k] - factor * table[done, k]) // pivot
                    if not -_LIMIT < value < _LIMIT:
                        return False
                    table[i, k] = value
        pivot, done = head, done + 1
    if free < 0:
        return False
    # the coefficients: the pivot for the free column, -table[i, free] for the others
    for i in range(done):  # noqa: SIM110 -- numba compiles loops, not generators
        if (table[i, free] > 0) == (pivot > 0) and table[i, free] != 0:
            return False
    return True
