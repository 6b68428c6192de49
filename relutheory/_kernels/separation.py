"""Separate vectors from the origin, or find a positive dependency among them (floats: a finder, it proves nothing).

Find z with <h_i, z> >= 1 for all allowed i, by the dual active-set method for min |z|^2 (Goldfarb and Idnani): the
most violated constraint enters, constraints with a vanishing multiplier leave.  Where a violated h_j is a
combination of the active ones with no positive coefficient, h_j + sum |r_i| h_i = 0 is a positive dependency.
Adding constraints keeps the state valid, so that a child in a search tree starts from its parent's.
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import fused_kernel

SEPARATED, DEPENDENT, STUCK = 0, 1, 2

# the finder's tolerances on unit rows: wrong guesses cost time, never a wrong answer
_VIOLATED = np.float64(-1e-9).view(np.uint64)  # its bits: read as integers, negative floats ascend with their size
_VANISHES = 1e-18
_NO_SIGN = 1e-12


@fused_kernel
def separate(columns, floor, state, active, count, support, slack, scratch):
    """Extend `state` to all allowed constraints.

    columns : (d, M) the vectors h_i as unit columns.  floor : (M,) float64, -1 for the allowed ones, inf for others.
    state : (2 d + 2, d) float64: row k < d the k-th vector of an orthonormal basis of the active vectors, row d + k
    the coordinates of the k-th active vector in it (the basis vectors up to k), then multipliers, then z.
    active : (d,) int64 indices.  count : number of active ones.  support : (d + 1,) int64, output.
    slack : (M,) and scratch : (3, d) float64 are overwritten.
    Returns (SEPARATED | DEPENDENT | STUCK, count, size of support).
    """
    d = columns.shape[0]
    z = state[2 * d + 1]
    for _ in range(50 * (d + 4)):
        j = _most_violated(columns, floor, z, slack)
        if j < 0:
            return SEPARATED, count, 0
        outcome, count, size = _enter(columns, j, slack[j], state, active, count, support, scratch)
        if outcome != SEPARATED:
            return outcome, count, size
    return STUCK, count, 0


@fused_kernel
def _most_violated(columns, floor, z, slack):
    """The constraint with the most negative slack, -1 where none is below the tolerance."""
    d, many = columns.shape
    for i in range(many):
        slack[i] = floor[i]
    for t in range(d):
        column, x = columns[t], z[t]
        for i in range(many):
            slack[i] += column[i] * x
    bits = slack.view(np.uint64)
    worst = np.uint64(0)
    for i in range(many):
        if bits[i] > worst:
            worst = bits[i]
    if worst <= _VIOLATED:
        return -1
    j = 0
    while bits[j] != worst:
        j += 1
    return j


@fused_kernel
def _enter(columns, j, slack, state, active, count, support, scratch):
    """Make constraint j hold with equality, dropping active constraints on the way."""
    d = columns.shape[0]
    basis, factor, multipliers, z = state[:d], state[d : 2 * d], state[2 * d], state[2 * d + 1]
    along, weights, rest = scratch[0], scratch[1], scratch[2]
    own = 0.0
    for _ in range(4 * d + 8):
        for t in range(d):
            rest[t] = columns[t, j]
        norm = _split(basis, factor, count, along, weights, rest)
        leaving, dual_length = -1, np.inf
        for k in range(count):
            r = weights[k]
            if r > _NO_SIGN and multipliers[k] < dual_length * r:
                dual_length, leaving = multipliers[k] / r, k
        free = count < d and norm > _VANISHES
        if not free and leaving < 0:
            support[0] = j
            size = 1
            for k in range(count):
                if weights[k] < -_NO_SIGN:
                    support[size] = active[k]
                    size += 1
            return DEPENDENT, count, size
        length = -slack / norm if free else np.inf
        enters = length <= dual_length
        if not enters:
            if leaving < 0:  # something overflowed
                return STUCK, count, 0
            length = dual_length
        for k in range(count):
            multipliers[k] -= length * weights[k]
        own += length
        if free:
            slack += length * norm
            for t in range(d):
                z[t] += length * rest[t]
        if enters:
            scale = np.sqrt(norm)
            new, column = basis[count], factor[count]
            for k in range(count):
                column[k] = along[k]
            column[count] = scale
            inverse = 1.0 / scale
            for t in range(d):
                new[t] = rest[t] * inverse
            active[count] = j
            multipliers[count] = own
            return SEPARATED, count + 1, 0
        count = _drop(leaving, basis, factor, multipliers, active, count)
    return STUCK, count, 0


@fused_kernel
def _split(basis, factor, count, along, weights, rest):
    """Split the vector `rest` along the active ones: its coordinates in the basis, in the active vectors, the rest."""
    d = len(rest)
    for k in range(count):
        along[k] = 0.0
    norm = 1.0
    while True:  # Gram-Schmidt, once more where most of the vector cancelled
        before = norm
        for k in range(count):
            q = basis[k]
            x = 0.0
            for t in range(d):
                x += q[t] * rest[t]
            for t in range(d):
                rest[t] -= x * q[t]
            along[k] += x
        norm = 0.0
        for t in range(d):
            norm += rest[t] * rest[t]
        if norm > 0.01 * before or norm < _VANISHES:
            break
    for k in range(count):
        weights[k] = along[k]
    for c in range(count - 1, -1, -1):
        column = factor[c]
        x = weights[c] / column[c]
        weights[c] = x
        for k in range(c):
            weights[k] -= x * column[k]
    return norm


@fused_kernel
def _drop(k, basis, factor, multipliers, active, count):
    """Remove active constraint k; plane rotations restore the triangle."""
    d = basis.shape[1]
    for c in range(k, count - 1):
        active[c] = active[c + 1]
        multipliers[c] = multipliers[c + 1]
        for row in range(c + 2):
            factor[c, row] = factor[c + 1, row]
    for c in range(k, count - 1):
        x, y = factor[c, c], factor[c, c + 1]
        length = np.sqrt(x * x + y * y)
        cos, sin = x / length, y / length
        for i in range(c, count - 1):
            x, y = factor[i, c], factor[i, c + 1]
            factor[i, c], factor[i, c + 1] = cos * x + sin * y, cos * y - sin * x
        one, two = basis[c], basis[c + 1]
        for t in range(d):
            x, y = one[t], two[t]
            one[t], two[t] = cos * x + sin * y, cos * y - sin * x
    return count - 1
