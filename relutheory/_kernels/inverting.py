"""Inputs of a layer from many outputs: least squares on the rows that are surely active, with proved bounds.

For an output y with |y - ReLU(Wx + b)| <= noise the rows S with y_i > noise are active at x.  Let G = W_S^T W_S and X
any matrix (here the inverse of G's Cholesky factor, as computed), Z = X W_S^T, and e >= |Z Z^T - I|.  If e < 1 then X
is invertible, G >= (1 - e) X^-1 X^-T, and the smallest singular value of W_S is at least sqrt(1 - e) / |X|_F.  With
r = W_S x' + b_S - y_S for the estimate x':

* |x - x'| <= (noise + |r|) / sigma, since W_S (x - x') = (y_S + error - b_S) - W_S x';
* |W_S d + r| >= |r| - |P r| for every d, P the projection on the range of W_S, and |P r| <= |Z r| / sqrt(1 - e).  If
  that is more than the noise, no x has an output within the noise.

Rounding: a computed sum of k products is off by at most (k + 3) 2^-53 (1 + small) times the sum of their magnitudes
plus k 2^-1074; magnitudes are bounded through Frobenius norms.  Computed norms are made upper bounds by the factor _UP,
which covers sums of up to 10^9 terms, and _TINY, which covers underflow.  An overflow ends in NaN or an infinity, and
every comparison below then fails.

Arrays here hold X and Z transposed: their inner loops run along rows and become vector instructions.
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import bare_kernel, kernel

RECOVERED, SHORT, OUTSIDE = 0, 1, 2  # the states of a sample

_U = 2.0**-53
_UP = 1.0 + 1e-6
_TINY = 1e-290
_MOST = 0.5  # of e


@bare_kernel
def factor(W, rows, count, gram, X, Z):  # type: ignore[no-untyped-def]
    """Fill X (n, n) and Z (count, n), transposed, for these rows of W.

    gram : (n, n) scratch.  Returns (|X|_F, |Z - XW^T|_F, e) as upper bounds; e is infinite where the rows do not span,
    or nearly not.
    """
    n = W.shape[1]
    _gram(W, rows, count, gram)
    if not _inverse_factor(gram, X):
        return np.inf, np.inf, np.inf
    size, weight, spread = 0.0, 0.0, 0.0
    for c in range(n):
        for a in range(c, n):
            size += X[c, a] * X[c, a]
    for s in range(count):
        i = rows[s]
        for a in range(n):
            Z[s, a] = 0.0
        for c in range(n):
            v = W[i, c]
            weight += v * v
            if v != 0.0:
                for a in range(c, n):
                    Z[s, a] += X[c, a] * v
        for a in range(n):
            spread += Z[s, a] * Z[s, a]
    size = np.sqrt(size + _TINY) * _UP
    weight = np.sqrt(weight + _TINY) * _UP
    spread = np.sqrt(spread + _TINY) * _UP
    off = (n + 4.0) * _U * size * weight * _UP + _TINY
    for a in range(n):
        for c in range(a + 1):
            gram[a, c] = 0.0
        gram[a, a] = -1.0
    for s in range(count):
        for a in range(n):
            v = Z[s, a]
            for c in range(a + 1):
                gram[a, c] += v * Z[s, c]
    e = 0.0
    for a in range(n):
        for c in range(a):
            e += 2.0 * gram[a, c] * gram[a, c]
        e += gram[a, a] * gram[a, a]
    e = np.sqrt(e + _TINY) * _UP
    # the -1 counts among the magnitudes: sqrt(n) in norm
    e += ((count + 5.0) * _U * (spread * spread + np.sqrt(n)) + 2.0 * spread * off + off * off) * _UP + _TINY
    return size, off, e


@bare_kernel
def _gram(W, rows, count, gram):  # type: ignore[no-untyped-def]
    """The Gram matrix of the rows, on and below the diagonal."""
    n = W.shape[1]
    for a in range(n):
        for c in range(a + 1):
            gram[a, c] = 0.0
    for s in range(count):
        i = rows[s]
        for a in range(n):
            v = W[i, a]
            if v != 0.0:
                for c in range(a + 1):
                    gram[a, c] += v * W[i, c]


@bare_kernel
def _inverse_factor(gram, X):  # type: ignore[no-untyped-def]
    """The transposed inverse of the Cholesky factor, which overwrites gram; False where a pivot is not positive."""
    n = len(gram)
    for a in range(n):
        for c in range(a + 1):
            total = gram[a, c]
            for k in range(c):
                total -= gram[a, k] * gram[c, k]
            if a == c:
                if not total > 0.0:
                    return False
                gram[a, a] = np.sqrt(total)
            else:
                gram[a, c] = total / gram[c, c]
    for c in range(n):
        for a in range(c):
            X[c, a] = 0.0
        X[c, c] = 1.0 / gram[c, c]
        for a in range(c + 1, n):
            total = 0.0
            for k in range(c, a):
                total -= gram[a, k] * X[c, k]
            X[c, a] = total / gram[a, a]
    return True


@kernel
def invert(W, b, Y, noise, order, x, error, residual, state):  # type: ignore[no-untyped-def]
    """The samples Y, (k, m), in this order, in which equal sets S should be neighbours.

    noise : (k,).  Written to: x (k, n), error (k,), residual (k,) as upper bounds, state (k,) int8.  Samples that are
    SHORT keep x NaN, error infinite and residual NaN; so do those OUTSIDE without a finite bound.
    """
    m, n = W.shape
    rows = np.empty(m, np.int64)
    before = np.empty(m, np.int64)
    known = -1
    gram, X, Z = np.empty((n, n)), np.empty((n, n)), np.empty((m, n))
    r, t = np.empty(m), np.empty(n)
    size, off, e = np.inf, np.inf, np.inf
    for p in order:
        count = 0
        for i in range(m):
            if Y[p, i] > noise[p]:
                rows[count] = i
                count += 1
            elif Y[p, i] < -noise[p]:
                state[p] = OUTSIDE
        same = count == known
        if same:
            for s in range(count):
                if rows[s] != before[s]:
                    same = False
                    break
        if not same:
            known = count
            before[:count] = rows[:count]
            size, off, e = np.inf, np.inf, np.inf
            if count >= n:
                size, off, e = factor(W, rows, count, gram, X, Z)
        if not e < _MOST:
            if state[p] != OUTSIDE:
                state[p] = SHORT
            continue
        _fit(W, b, Y[p], rows, count, X, Z, r, t, x[p])
        if _bounds(
            W, b, Y[p], noise[p], rows, count, (size, off, e), Z, r, t, x[p], error[p : p + 1], residual[p : p + 1]
        ):
            state[p] = OUTSIDE
        if not (error[p] < np.inf and residual[p] < np.inf):
            if state[p] != OUTSIDE:
                state[p] = SHORT
            error[p] = np.inf
            residual[p] = np.nan
            for a in range(n):
                x[p, a] = np.nan


@bare_kernel
def _fit(W, b, y, rows, count, X, Z, r, t, x):  # type: ignore[no-untyped-def]
    """The least squares solution x of the rows, by two rounds of which the second refines the first."""
    n = len(x)
    for a in range(n):
        x[a] = 0.0
    for _ in range(2):
        for a in range(n):
            t[a] = 0.0
        for s in range(count):
            i = rows[s]
            total = b[i] - y[i]
            for a in range(n):
                total += W[i, a] * x[a]
            for a in range(n):
                t[a] += Z[s, a] * total
        for a in range(n):
            total = 0.0
            for c in range(a, n):
                total += X[a, c] * t[c]
            x[a] -= total


@bare_kernel
def _bounds(W, b, y, noise, rows, count, norms, Z, r, t, x, error, residual):  # type: ignore[no-untyped-def]
    """Write the bounds of one sample; returns whether no input has an output within the noise."""
    n = len(x)
    size, off, e = norms
    # `length` of the residual r on S, `blur` of its rounding, `whole` of all rows
    length, blur, whole = 0.0, 0.0, 0.0
    s = 0
    for i in range(len(y)):
        total = b[i]
        magnitude = abs(b[i])
        for a in range(n):
            v = W[i, a] * x[a]
            total += v
            magnitude += abs(v)
        magnitude += abs(y[i])
        bound = (n + 5.0) * _U * magnitude * _UP + _TINY
        if s < count and rows[s] == i:
            r[s] = total - y[i]
            length += r[s] * r[s]
            blur += bound * bound
            s += 1
        gap = abs(max(total, 0.0) - y[i]) + bound
        whole += gap * gap
    length = np.sqrt(length + _TINY)
    blur = np.sqrt(blur + _TINY) * _UP
    sigma = np.sqrt(1.0 - e) / size / _UP
    residual[0] = np.sqrt(whole + _TINY) * _UP
    error[0] = (noise + length * _UP + blur) / sigma * _UP
    spread, projected = 0.0, 0.0
    for a in range(n):
        t[a] = 0.0
    for s in range(count):
        for a in range(n):
            t[a] += Z[s, a] * r[s]
            spread += Z[s, a] * Z[s, a]
    for a in range(n):
        projected += t[a] * t[a]
    spread = np.sqrt(spread + _TINY) * _UP
    projected = np.sqrt(projected + _TINY) * _UP
    projected += ((count + 4.0) * _U * spread * length + off * length + (spread + off) * blur) * _UP
    return length / _UP - blur - projected / np.sqrt(1.0 - e) * _UP > noise * _UP
