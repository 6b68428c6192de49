"""Floating-point filters: tests in float64 whose answer, when they give one, is proved.

Notation: u = 2^-53, gamma_k = k u / (1 - k u).  A float dot product of length k satisfies
|fl(x.y) - x.y| <= gamma_k |x|.|y| (+ k 2^-1074 where products underflow), in any order of summation.
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import bare_kernel

UNIT = 2.0**-53
TINY = 2.0**-1000  # bounds every absolute error here that is due to underflow, for rows of size about one
_ABOVE = 1.0 + 2.0**-10  # the bounds below are themselves sums of < 2^40 positive rounded terms: rounded up by this


@bare_kernel
def gamma(k):
    """gamma_k = k u / (1 - k u), rounded up."""
    return k * UNIT / (1.0 - k * UNIT) * _ABOVE


def dependency_scratch(d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The last three arguments of `positive_dependency` for vectors with d coordinates."""
    return np.zeros((2, d, d)), np.zeros((5, d)), np.zeros(d, np.int64)


@bare_kernel
def positive_dependency(rows, support, matrices, vectors, order):
    """Prove that the vectors rows[support] have a dependency with all coefficients positive; False is no answer.

    rows : (M, d) float64, each entry within 2 u |entry| + 2^-1000 of the exact one, largest entries about 1.
    support : (d + 1,) indices.  The others are scratch.

    Proof.  Let M be the matrix whose columns are the first d vectors, c minus the last one, R any matrix, l any
    vector.  If beta = |I - R M|_inf < 1, then R and M are non-singular and the solution x of M x = c satisfies
    |x - l|_inf <= |R (c - M l)|_inf / (1 - beta), for x - l = (R M)^-1 R (c - M l).  Both norms are bounded from
    floats: a computed entry of I - R M is off by at most gamma_{d+2} (I + |R||M|), one of c - M l by
    gamma_{d+2} (|c| + |M||l|); the error of the data adds (2 u |M| + 2^-1000) times |R| or |l|.  If every l_k exceeds
    the bound, x > 0, and (x, 1) is the dependency.
    """
    d = rows.shape[1]
    if len(support) != d + 1:
        return False
    matrix, inverse = matrices[0], matrices[1]
    target, solution, residual = vectors[0], vectors[1], vectors[2]
    for t in range(d):
        for k in range(d):
            matrix[t, k] = inverse[t, k] = rows[support[k], t]
        target[t] = -rows[support[d], t]
    if not invert(inverse, order):
        return False
    error = gamma(d + 2.0) + 2.0 * UNIT
    beta = _distance_to_identity(inverse, matrix, error, vectors[3], vectors[4]) * _ABOVE
    if not beta < 0.5:  # also where it is NaN: every test here is passed by numbers only
        return False
    for k in range(d):
        solution[k] = 0.0
        for t in range(d):
            solution[k] += inverse[k, t] * target[t]
    for t in range(d):
        x, y, z = target[t], abs(target[t]), 1.0
        for k in range(d):
            product = matrix[t, k] * solution[k]
            x -= product
            y += abs(product)
            z += abs(solution[k])
        residual[t] = abs(x) + error * y + TINY * z
    radius = 0.0
    for k in range(d):
        bound = 0.0
        for t in range(d):
            bound += abs(inverse[k, t]) * residual[t]
        if not bound < np.inf:
            return False
        radius = max(radius, bound)
    radius *= _ABOVE / (1.0 - beta)
    for k in range(d):  # noqa: SIM110 -- numba compiles loops, not generators
        if not solution[k] > radius:
            return False
    return True


@bare_kernel
def _distance_to_identity(inverse, matrix, error, value, size):
    """A bound of |I - R M|_inf, up to the rounding of its own sum; one row's where that is not below 1/2."""
    d = len(matrix)
    largest = 0.0
    for k in range(d):
        for t in range(d):
            value[t] = size[t] = 0.0
        absolute = 0.0
        for i in range(d):
            r = inverse[k, i]
            absolute += abs(r)
            for t in range(d):
                product = r * matrix[i, t]
                value[t] += product
                size[t] += abs(product)
        value[k] -= 1.0
        size[k] += 1.0
        total = d * TINY * absolute
        for t in range(d):
            total += abs(value[t]) + error * size[t]
        if not total <= largest:  # a NaN, from an overflow, must not be passed over
            largest = total
        if not total < 0.5:
            return total
    return largest


@bare_kernel
def invert(a, order):
    """Overwrite a by an approximation of its inverse, Gauss-Jordan with partial pivoting; False where singular."""
    d = a.shape[0]
    for c in range(d):
        p = c
        for i in range(c + 1, d):
            if abs(a[i, c]) > abs(a[p, c]):
                p = i
        order[c] = p
        if not abs(a[p, c]) > 0.0:
            return False
        if p != c:
            for j in range(d):
                a[c, j], a[p, j] = a[p, j], a[c, j]
        scale = 1.0 / a[c, c]
        a[c, c] = 1.0
        for j in range(d):
            a[c, j] *= scale
        for i in range(d):
            if i != c:
                x = a[i, c]
                a[i, c] = 0.0
                for j in range(d):
                    a[i, j] -= x * a[c, j]
    for c in range(d - 1, -1, -1):
        p = order[c]
        if p != c:
            for i in range(d):
                a[i, c], a[i, p] = a[i, p], a[i, c]
    return True
