"""Linear algebra modulo a prime p < 2^25, in float64: exact, fast, and one-sided.

Residues are integers between -p and p held as floats: sums of three products stay below 2^52, so that float
arithmetic on them is exact.

Rationals whose denominators p does not divide reduce to residues, and a determinant that is non-zero modulo p is
non-zero.  So "independent modulo p" proves "independent over the rationals"; "dependent modulo p" proves nothing,
and nobody here uses it as a proof.
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import kernel

_ROUND = 1.5 * 2.0**52  # adding and subtracting it rounds a float below 2^51 to the nearest integer


@kernel
def reduce(x, p, inverse):
    """A number congruent to the integer x modulo p, of size (p + 1) / 2 at most; |x| < 3 p^2, inverse = fl(1/p).

    fl(x inverse) is off x/p by less than 3 p 2^-52 < 1/p, so the rest is off the range [-p/2, p/2] by less than one.
    It is below p: zero exactly where p divides x.  Branch-free, so that loops run as vector instructions.
    """
    return x - p * ((x * inverse + _ROUND) - _ROUND)


@kernel
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


@kernel
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


@kernel
def transversals_independent(residues, q, lists, sizes, p, work, pairs):
    """Whether every choice of one column from each of q lists is a basis of the q-dimensional space.

    residues : (>= q, k); lists : (>= q, L) column indices; sizes : (>= q,) their lengths; work : (>= q, >= q, >= q, L)
    scratch: work[s, k, :q - s] holds the vectors of list k modulo the s vectors chosen so far, one per column;
    pairs : (3, L^2) scratch.  The last three lists are compared by cross products, the others projected out in turn.
    """
    for k in range(q):
        for t in range(q):
            for i in range(sizes[k]):
                work[0, k, t, i] = residues[t, lists[k, i]]
    if q == 1:
        return not _some_zero(work[0, 0, 0], sizes[0])
    if q == 2:
        return _pairs_independent(work[0, 0], sizes[0], work[0, 1], sizes[1], p)
    position = np.zeros(q, np.int64)
    s = 0
    while s >= 0:
        if s == q - 3:
            if not _triples_independent(work, s, sizes, p, pairs):
                return False
            s -= 1
        elif position[s] == sizes[s]:
            position[s] = 0
            s -= 1
        else:
            if not _project(work, s, position[s], q, sizes, p):
                return False
            position[s] += 1
            s += 1
    return True


@kernel
def _some_zero(values, count):
    zeros = 0
    for i in range(count):
        zeros += values[i] == 0.0
    return zeros > 0


@kernel
def _pairs_independent(left, n_left, right, n_right, p):
    """Whether no vector of `left` is parallel, modulo p, to one of `right`: both in two coordinates."""
    inverse = 1.0 / p
    for i in range(n_left):
        for j in range(n_right):
            if reduce(left[0, i] * right[1, j] - left[1, i] * right[0, j], p, inverse) == 0.0:
                return False
    return True


@kernel
def _triples_independent(work, s, sizes, p, pairs):
    """Whether no vector of list s + 2 is, modulo p, in a plane of one of list s and one of list s + 1."""
    inverse = 1.0 / p
    many = 0
    for i in range(sizes[s]):
        a0, a1, a2 = work[s, s, 0, i], work[s, s, 1, i], work[s, s, 2, i]
        for j in range(sizes[s + 1]):
            b0, b1, b2 = work[s, s + 1, 0, j], work[s, s + 1, 1, j], work[s, s + 1, 2, j]
            pairs[0, many + j] = reduce(a1 * b2 - a2 * b1, p, inverse)
            pairs[1, many + j] = reduce(a2 * b0 - a0 * b2, p, inverse)
            pairs[2, many + j] = reduce(a0 * b1 - a1 * b0, p, inverse)
        many += sizes[s + 1]
    x, y, z = pairs[0], pairs[1], pairs[2]
    zeros = 0
    for k in range(sizes[s + 2]):
        c0, c1, c2 = work[s, s + 2, 0, k], work[s, s + 2, 1, k], work[s, s + 2, 2, k]
        for i in range(many):
            zeros += reduce(x[i] * c0 + y[i] * c1 + z[i] * c2, p, inverse) == 0.0
    return zeros == 0


@kernel
def _project(work, s, choice, q, sizes, p):
    """Project lists s+1..q-1 along work[s, s, :, choice], from q - s to q - s - 1 coordinates, into work[s + 1]."""
    dim = q - s
    t0 = 0
    while t0 < dim and work[s, s, t0, choice] == 0.0:
        t0 += 1
    if t0 == dim:
        return False
    inverse = 1.0 / p
    a = work[s, s, t0, choice]
    for k in range(s + 1, q):
        row = 0
        for t in range(dim):
            if t == t0:
                continue
            c = work[s, s, t, choice]
            for j in range(sizes[k]):
                x = work[s, k, t, j] * a - work[s, k, t0, j] * c
                work[s + 1, k, row, j] = reduce(x, p, inverse)
            row += 1
    return True
