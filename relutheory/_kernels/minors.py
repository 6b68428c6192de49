"""Which subsets of vectors are dependent modulo a prime: all of them, by sharing eliminations."""

from __future__ import annotations

from relutheory._kernels._jit import fused_kernel
from relutheory._kernels.modular import reduce


@fused_kernel
def dependent_subsets(vectors, p, work, chosen, found):
    """Subsets of the columns of a (q, k) array, q >= 2, that make q columns dependent modulo p; returns their number.

    vectors : residues in float64, as in `modular`.  work : (q, q, k) float64 and chosen : (q,) int64, scratch.
    found : (most, q) int64, output: the columns of each subset in order, then -1.  Stops when `found` is full.

    The first columns of a subset are projected out one after the other; what is left are vectors in the plane, and
    pairs of parallel ones.  A column that vanishes on the way ends its subset early, with fewer than q columns.
    """
    q, k = vectors.shape
    inverse = 1.0 / p
    for t in range(q):
        for j in range(k):
            work[0, t, j] = vectors[t, j]
    many, level = 0, 0
    chosen[0] = -1
    while level >= 0 and many < found.shape[0]:
        left, current = q - level, work[level]
        if left == 2:
            many = _parallel_pairs(current, chosen, level, p, found, many)
            level -= 1
            continue
        c = chosen[level] + 1
        chosen[level] = c
        if c > k - left:
            level -= 1
            continue
        t0 = 0
        while t0 < left and current[t0, c] == 0.0:
            t0 += 1
        if t0 == left:
            for s in range(q):
                found[many, s] = chosen[s] if s <= level else -1
            many += 1
            continue
        target, a, row = work[level + 1], current[t0, c], 0
        for t in range(left):
            if t != t0:
                b = current[t, c]
                for j in range(c + 1, k):
                    target[row, j] = reduce(current[t, j] * a - current[t0, j] * b, p, inverse)
                row += 1
        level += 1
        chosen[level] = c
    return many


@fused_kernel
def _parallel_pairs(plane, chosen, level, p, found, many):
    """Record the pairs of parallel columns behind the last chosen one."""
    inverse = 1.0 / p
    k = plane.shape[1]
    for i in range(chosen[level] + 1, k):
        x, y, zeros = plane[0, i], plane[1, i], 0
        for j in range(i + 1, k):
            zeros += reduce(x * plane[1, j] - y * plane[0, j], p, inverse) == 0.0
        if zeros > 0:
            for j in range(i + 1, k):
                if many < found.shape[0] and reduce(x * plane[1, j] - y * plane[0, j], p, inverse) == 0.0:
                    for s in range(level):
                        found[many, s] = chosen[s]
                    found[many, level] = i
                    found[many, level + 1] = j
                    many += 1
    return many
