"""Linear algebra modulo a prime p < 2^25, in float64: exact, fast, and one-sided.

Residues are integers between -p and p held as floats: sums of three products stay below 2^52, so that float
arithmetic on them is exact.

Rationals whose denominators p does not divide reduce to residues, and a determinant that is non-zero modulo p is
non-zero.  So "independent modulo p" proves "independent over the rationals"; "dependent modulo p" proves nothing,
and nobody here uses it as a proof.
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import fused_kernel

_ROUND = 1.5 * 2.0**52  # adding and subtracting it rounds a float below 2^51 to the nearest integer
_LANES = 16  # numbers that a compiled loop takes at a time; for fewer it goes one by one


@fused_kernel
def reduce(x, p, inverse):
    """A number congruent to the integer x modulo p, of size (p + 1) / 2 at most; |x| < 3 p^2, inverse = fl(1/p).

    fl(x inverse) is off x/p by less than 3 p 2^-52 < 1/p, so the rest is off the range [-p/2, p/2] by less than one.
    It is below p: zero exactly where p divides x.  Branch-free, so that loops run as vector instructions.
    """
    return x - p * ((x * inverse + _ROUND) - _ROUND)


@fused_kernel
def eliminate(residues, q, pivot, p, out):
    """Project the columns of residues[:q] along column `pivot`: out[:q-1] represents them modulo that vector.

    Each column is a vector with q coordinates.  Returns False, with `out` undefined, where the pivot column is zero.
    """
    t0 = 0
    while t0 < q and residues[t0, pivot] == 0.0:
        t0 += 1
    if t0 == q:
        return False
    inverse = 1.0 / p
    a = residues[t0, pivot]
    row = 0
    for t in range(q):
        if t == t0:
            continue
        c = residues[t, pivot]
        for i in range(residues.shape[1]):
            out[row, i] = reduce(residues[t, i] * a - residues[t0, i] * c, p, inverse)
        row += 1
    return True


@fused_kernel
def echelon(residues, pivots, p, order):
    """Eliminate in place with pivots among the first `pivots` columns of a (q, k) array; returns their number r.

    Rows r.. then represent all columns modulo the pivot columns.  order : (>= min(q, pivots),) int64, output: the
    pivot columns.  r is the rank of those columns modulo p, a lower bound of their rational rank.
    """
    q, k = residues.shape
    inverse = 1.0 / p
    found = 0
    for column in range(pivots):
        if found == q:
            break
        pivot = found
        while pivot < q and residues[pivot, column] == 0.0:
            pivot += 1
        if pivot == q:
            continue
        if pivot != found:
            for i in range(column, k):
                residues[found, i], residues[pivot, i] = residues[pivot, i], residues[found, i]
        a = residues[found, column]
        for t in range(found + 1, q):
            c = residues[t, column]
            if c != 0.0:
                for i in range(column, k):
                    residues[t, i] = reduce(residues[t, i] * a - residues[found, i] * c, p, inverse)
        order[found] = column
        found += 1
    return found


def transversal_scratch(lists: int, longest: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The last three arguments of `transversals_independent` for so many lists of at most so many columns."""
    work = np.zeros((lists, lists, _whole(lists * longest)))
    return work, np.zeros((3, _whole(longest * longest) + _LANES)), np.zeros((2, lists + 1), np.int64)


@fused_kernel
def transversals_independent(residues, q, lists, sizes, p, work, pairs, ends):
    """Whether every choice of one column from each of q lists is a basis of the q-dimensional space.

    residues : (>= q, k); lists : (>= q, L) column indices; sizes : (>= q,) their lengths; the others are scratch.
    The last three lists are compared by cross products, the others projected out in turn: work[s, :q - s] holds the
    vectors modulo the s chosen so far, the last list first, so that those still needed are the columns up to an end.
    Loops go over whole groups of columns: what lies behind the end is computed too, and never looked at.
    """
    end, position = ends[0], ends[1]
    total = 0
    for k in range(q - 1, -1, -1):
        position[q - 1 - k] = end[q - 1 - k] = total
        for i in range(sizes[k]):
            for t in range(q):
                work[0, t, total] = residues[t, lists[k, i]]
            total += 1
    end[q] = total
    if q == 1:
        return not _some_zero(work[0, 0], total)
    if q == 2:
        return _pairs_independent(work[0], end[1], total, p)
    left = q  # lists not projected out
    while left <= q:
        vectors = work[q - left]
        if left == 3:
            if not _triples_independent(vectors, end, p, pairs):
                return False
            left += 1
        elif position[left - 1] == end[left]:
            position[left - 1] = end[left - 1]
            left += 1
        else:
            if not _project(vectors, left, position[left - 1], end[left - 1], p, work[q - left + 1]):
                return False
            position[left - 1] += 1
            left -= 1
    return True


@fused_kernel
def _whole(n):
    """n rounded up to whole groups of lanes."""
    return (n + _LANES - 1) // _LANES * _LANES


@fused_kernel
def _some_zero(values, count):
    zeros = 0
    for i in range(count):
        zeros += values[i] == 0.0
    return zeros > 0


@fused_kernel
def _pairs_independent(vectors, middle, end, p):
    """Whether none of the first `middle` columns, in two coordinates, is parallel, modulo p, to one of the others."""
    inverse = 1.0 / p
    for i in range(middle):
        for j in range(middle, end):
            if reduce(vectors[0, i] * vectors[1, j] - vectors[1, i] * vectors[0, j], p, inverse) == 0.0:
                return False
    return True


@fused_kernel
def _triples_independent(vectors, end, p, pairs):
    """Whether no vector of the first list is, modulo p, in a plane of one of the second and one of the third."""
    inverse = 1.0 / p
    x, y, z = pairs[0], pairs[1], pairs[2]
    second0, second1, second2 = vectors[0, end[1] :], vectors[1, end[1] :], vectors[2, end[1] :]
    # unsigned: numba takes other offsets for possibly negative, and such loops do not run as vector instructions
    step = np.uint64(end[2] - end[1])
    wide = (step + np.uint64(3)) & ~np.uint64(3)
    many = np.uint64(0)
    for i in range(end[2], end[3]):
        a0, a1, a2 = vectors[0, i], vectors[1, i], vectors[2, i]
        for j in range(wide):  # what is written too far is overwritten by the next vector's products, or not read
            b0, b1, b2 = second0[j], second1[j], second2[j]
            x[many + j] = reduce(a1 * b2 - a2 * b1, p, inverse)
            y[many + j] = reduce(a2 * b0 - a0 * b2, p, inverse)
            z[many + j] = reduce(a0 * b1 - a1 * b0, p, inverse)
        many += step
    while many % np.uint64(_LANES) != 0:
        x[many], y[many], z[many] = x[0], y[0], z[0]
        many += np.uint64(1)
    zeros = 0
    for k in range(end[1]):
        c0, c1, c2 = vectors[0, k], vectors[1, k], vectors[2, k]
        for i in range(many):
            zeros += reduce(x[i] * c0 + y[i] * c1 + z[i] * c2, p, inverse) == 0.0
    return zeros == 0


@fused_kernel
def _project(vectors, dim, choice, end, p, out):
    """Project the first `end` columns along column `choice`, from `dim` coordinates to one less."""
    t0 = 0
    while t0 < dim and vectors[t0, choice] == 0.0:
        t0 += 1
    if t0 == dim:
        return False
    inverse = 1.0 / p
    pivot, a = vectors[t0], vectors[t0, choice]
    many = _whole(end)
    row = 0
    for t in range(dim):
        if t == t0:
            continue
        source, target, c = vectors[t], out[row], vectors[t, choice]
        for j in range(many):
            target[j] = reduce(source[j] * a - pivot[j] * c, p, inverse)
        row += 1
    return True
