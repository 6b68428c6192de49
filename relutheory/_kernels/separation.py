"""Separate vectors from the origin, or find a positive dependency among them (floats: a finder, it proves nothing).

Find z with <h_i, z> >= 1 for all allowed i, by the dual active-set method for min |z|^2 (Goldfarb and Idnani): the
most violated constraint enters, constraints with a vanishing multiplier leave.  Where a violated h_j is a
combination of the active ones with no positive coefficient, h_j + sum |r_i| h_i = 0 is a positive dependency.
Adding constraints keeps the state valid, so that a child in a search tree starts from its parent's.
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import kernel

SEPARATED, DEPENDENT, STUCK = 0, 1, 2

_VIOLATED = -1e-9  # finder's tolerances on unit rows: wrong guesses cost time, never a wrong answer
_VANISHES = 1e-18
_NO_SIGN = 1e-12


@kernel
def separate(columns, allowed, state, active, count, support, slack, scratch):
    """Extend `state` to all allowed constraints.

    columns : (d, M) the vectors h_i as unit columns.  allowed : (M,) uint8.  state : (2 d + 2, d) float64: rows
    0..d-1 the orthonormal basis of the active vectors, d..2d-1 the triangular factor, then multipliers, then z.
    active : (d,) int64 indices.  count : number of active ones.  support : (d + 1,) int64, output.
    slack : (M,) and scratch : (3, d) float64 are overwritten.
    Returns (SEPARATED | DEPENDENT | STUCK, count, size of support).
    """
    d = columns.shape[0]
    for _ in range(50 * (d + 4)):
        j = _most_violated(columns, allowed, state, slack)
        if j < 0:
            return SEPARATED, count, 0
        outcome, count, size = _enter(columns, j, slack[j], state, active, count, support, scratch)
        if outcome != SEPARATED:
            return outcome, count, size
    return STUCK, count, 0


@kernel
def _most_violated(columns, allowed, state, slack):
    d, many = columns.shape
    for i in range(many):
        slack[i] = -1.0
    for t in range(d):
        x = state[2 * d + 1, t]
        for i in range(many):
            slack[i] += columns[t, i] * x
    worst = _VIOLATED
    j = -1
    for i in range(many):
        if slack[i] < worst and allowed[i] != 0:
            worst = slack[i]
            j = i
    return j


@kernel
def _enter(columns, j, slack, state, active, count, support, scratch):
    """Make constraint j hold with equality, dropping active constraints on the way."""
    d = columns.shape[0]
    own = 0.0
    for _ in range(4 * d + 8):
        norm = _split(columns, j, state, count, scratch)
        leaving, dual_length = -1, np.inf
        for k in range(count):
            r = scratch[1, k]
            if r > _NO_SIGN and state[2 * d, k] < dual_length * r:
                dual_length, leaving = state[2 * d, k] / r, k
        free = count < d and norm > _VANISHES
        if not free and leaving < 0:
            support[0] = j
            size = 1
            for k in range(count):
                if scratch[1, k] < -_NO_SIGN:
                    support[size] = active[k]
                    size += 1
            return DEPENDENT, count, size
        length = -slack / norm if free else np.inf
        enters = length <= dual_length
        if not enters:
            length = dual_length
        for k in range(count):
            state[2 * d, k] -= length * scratch[1, k]
        own += length
        if free:
            slack += length * norm
            for t in range(d):
                state[2 * d + 1, t] += length * scratch[2, t]
        if enters:
            scale = np.sqrt(norm)
            for k in range(count):
                state[d + k, count] = scratch[0, k]
            state[d + count, count] = scale
            for t in range(d):
                state[count, t] = scratch[2, t] / scale
            active[count] = j
            state[2 * d, count] = own
            return SEPARATED, count + 1, 0
        count = _drop(leaving, state, active, count)
    return STUCK, count, 0


@kernel
def _split(columns, j, state, count, scratch):
    """Split h_j along the active vectors: scratch[0] its coordinates in the basis, [1] in the vectors, [2] the rest."""
    d = columns.shape[0]
    for t in range(d):
        scratch[2, t] = columns[t, j]
    for k in range(count):
        scratch[0, k] = 0.0
    norm = 1.0
    while True:  # Gram-Schmidt, once more where most of the vector cancelled
        before = norm
        for k in range(count):
            x = 0.0
            for t in range(d):
                x += state[k, t] * scratch[2, t]
            for t in range(d):
                scratch[2, t] -= x * state[k, t]
            scratch[0, k] += x
        norm = 0.0
        for t in range(d):
            norm += scratch[2, t] * scratch[2, t]
        if norm > 0.01 * before or norm < _VANISHES:
            break
    for k in range(count - 1, -1, -1):
        x = scratch[0, k]
        for c in range(k + 1, count):
            x -= state[d + k, c] * scratch[1, c]
        scratch[1, k] = x / state[d + k, k]
    return norm


@kernel
def _drop(k, state, active, count):
    """Remove active constraint k; plane rotations restore the triangle."""
    d = state.shape[1]
    for c in range(k, count - 1):
        active[c] = active[c + 1]
        state[2 * d, c] = state[2 * d, c + 1]
        for row in range(c + 2):
            state[d + row, c] = state[d + row, c + 1]
    for c in range(k, count - 1):
        x, y = state[d + c, c], state[d + c + 1, c]
        length = np.hypot(x, y)
        cos, sin = x / length, y / length
        for i in range(c, count - 1):
            x, y = state[d + c, i], state[d + c + 1, i]
            state[d + c, i], state[d + c + 1, i] = cos * x + sin * y, cos * y - sin * x
        for t in range(d):
            x, y = state[c, t], state[c + 1, t]
            state[c, t], state[c + 1, t] = cos * x + sin * y, cos * y - sin * x
    return count - 1
