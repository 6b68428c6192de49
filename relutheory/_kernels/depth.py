"""Passes through many layers: batches of points, their error bounds, and the affine maps of their domains.

A block of B consecutive layers of one shape comes as W : (B, m, n) and b : (B, m) (m = n where B > 1), the k points as
columns, x : (n, k); all C-contiguous float64.  The products are BLAS calls on one layer at a time; what is done beside
them is kept so small and simple that the compiler turns it into vector instructions.
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import bare_kernel, kernel

UNIT = 2.0**-53
FLOOR = 2.0**-1016  # these two are far above any error of underflow, and normal numbers: others are slow
LEAST = 2.0**-1020
FINE = -1


@kernel
def _multiply(a, b, out):
    """out = a b, by BLAS; a kernel of its own, for it takes seconds to compile."""
    np.dot(a, b, out)


@bare_kernel
def _activate(x, y, shift, changed, layer):
    """Overwrite y by ReLU(y + shift), a NaN kept.  Where p is positive in other coordinates than x, changed[p] = layer.

    Returns whether all sums are finite.
    """
    m, k = y.shape
    odd = 0
    for r in range(m):
        s, old, new, flips = shift[r], x[r], y[r], 0
        for p in range(k):
            v = new[p] + s
            odd += not abs(v) < np.inf
            z = 0.0 if v <= 0.0 else v
            flips += (z > 0.0) != (old[p] > 0.0)
            new[p] = z
        if flips:
            for p in range(k):
                if (new[p] > 0.0) != (old[p] > 0.0):
                    changed[p] = layer
    return odd == 0


@bare_kernel
def _is_finite(W, b):
    """Whether a layer has neither infinities nor NaN."""
    odd = np.int64(0)
    for r in range(len(W)):
        odd |= np.int64(not abs(b[r]) < np.inf)
        for j in range(W.shape[1]):
            odd |= np.int64(not abs(W[r, j]) < np.inf)
    return odd == 0


@bare_kernel
def _advance(x, y, W, b, changed, layer, scratch):
    """y = ReLU(y + b) where y = W x came in, with `changed` noted; False where the layer is not finite.

    A shorter pattern is continued by zeros.  scratch : (k,) int64.
    """
    m, n = W.shape
    if m == n and layer > 1:
        fine = _activate(x, y, b, changed, layer)
    else:
        fine = _activate(y, y, b, scratch, layer)
        for p in range(y.shape[1]):
            flip = layer == 1  # the input has no pattern
            for r in range(max(m, n)):
                flip |= (r < n and x[r, p] > 0.0) != (r < m and y[r, p] > 0.0)
            if flip:
                changed[p] = layer
    return fine or _is_finite(W, b)  # where the layer is finite, the points have left the range of float64


@kernel
def forward_block(W, b, x, layer, changed, wanted, kept):
    """Pass the points through a block; layer : the number of its first layer, counted from 1.

    Written to: changed (k,) int64, the last layer with another pattern than the one before (the first one counts);
    kept[wanted[i]] : (m, k), the points after the block's layer i, where wanted[i] >= 0.
    Returns the points after the block and the index of a layer with an infinity or NaN, or FINE.
    """
    depth, m, _ = W.shape
    k = x.shape[1]
    spare, scratch = np.empty((m, k)), np.empty(k, np.int64)
    for i in range(depth):
        y = spare
        _multiply(W[i], x, y)
        if not _advance(x, y, W[i], b[i], changed, layer + i, scratch):
            return x, i
        if wanted[i] >= 0:
            kept[wanted[i]] = y
        spare = np.empty_like(y) if i == 0 else x  # the first x belongs to the caller
        x = y
    return x, FINE


@bare_kernel
def _error_terms(W, x, e, grow, size, terms, floor):
    """size = |W|; terms = e + grow |x|, more where that may underflow; floor = 2^-1016 (n + 2 + sum (|x| + e))."""
    m, n = W.shape
    for r in range(m):
        for j in range(n):
            size[r, j] = abs(W[r, j])
    floor[:] = n + 2.0
    for j in range(n):
        for p in range(len(floor)):
            value, spread = abs(x[j, p]), e[j, p]
            both = value + spread
            terms[j, p] = spread + grow * value + (LEAST if both > 0.0 else 0.0)
            floor[p] += both
    for p in range(len(floor)):
        floor[p] *= FLOOR


@bare_kernel
def _bounds(y, s, shift, grow, floor, sure):
    """Overwrite s = |W| T by the error bounds of y + shift; sure : whether they prove the bits.  How many do not."""
    m, k = y.shape
    more, open_ = 1.0 + grow, np.int64(0)
    for r in range(m):
        v0 = shift[r]
        part = grow * abs(v0)
        for p in range(k):
            v = y[r, p] + v0
            bound = (s[r, p] + part) * more + floor[p]
            bound = bound if abs(v) < np.inf else np.inf  # after an overflow nothing is known
            known = (bound < np.inf) & ((v > bound) | (v <= -bound))
            sure[r, p] = known
            open_ += np.int64(not known)
            s[r, p] = 0.0 if known & (v <= 0.0) else bound
    return open_


@bare_kernel
def _prove_zeros(W, b, x, e, y, s, sure):
    """Prove the bits of sums of zeros, which are 0.  How many bits stay open."""
    m, k = y.shape
    open_ = 0
    for r in range(m):
        for p in range(k):
            if sure[r, p]:
                continue
            zero = b[r] == 0.0 and y[r, p] == 0.0
            j = 0
            while zero and j < len(x):
                zero = W[r, j] == 0.0 or (x[j, p] == 0.0 and e[j, p] == 0.0)
                j += 1
            if zero:
                sure[r, p], s[r, p] = True, 0.0
            else:
                open_ += 1
    return open_


@kernel
def certified_block(W, b, exact, x, e, layer, changed, through, wanted, kept, kept_error, kept_sure):
    """`forward_block` for points known as x +- e; the proof is in `relutheory.activation.products`.

    exact : whether W and b are the numbers meant, not these rounded.  Written to: through (k,) int64, the last layer
    up to which every bit is proved; kept, kept_error : (., m, k), and kept_sure, bool, the proved bits.  Returns x, e,
    and the index of a layer with an infinity or NaN, or FINE.
    """
    depth, m, n = W.shape
    k = x.shape[1]
    grow = 2.0 * (n + 8.0) * UNIT
    y, s, sure = np.empty((m, k)), np.empty((m, k)), np.empty((m, k), np.bool_)
    terms, size, floor, scratch = np.empty((n, k)), np.empty((m, n)), np.empty(k), np.empty(k, np.int64)
    for i in range(depth):
        _error_terms(W[i], x, e, grow, size, terms, floor)
        _multiply(W[i], x, y)
        _multiply(size, terms, s)
        open_ = _bounds(y, s, b[i], grow, floor, sure)
        if open_ and exact:
            open_ = _prove_zeros(W[i], b[i], x, e, y, s, sure)
        if not _advance(x, y, W[i], b[i], changed, layer + i, scratch):
            return x, e, i
        for p in range(k):
            if through[p] == layer + i - 1 and (open_ == 0 or sure[:, p].all()):
                through[p] = layer + i
        if wanted[i] >= 0:
            kept[wanted[i]], kept_error[wanted[i]], kept_sure[wanted[i]] = y, s, sure
        if i == 0:
            x, y, e, s = y, np.empty((m, k)), s, np.empty((m, k))
        else:
            x, y, e, s = y, x, s, e
    return x, e, FINE


@bare_kernel
def _split_groups(y, group, heads, following):
    """Split each group of points where their bits differ; group[p] is the least point of the group of p.

    Of a group's parts, the one with the least point keeps its number.  heads, following : (k,) scratch, the parts of
    each old group as linked lists.
    """
    m, k = y.shape
    heads[:] = -1
    for p in range(k):
        old = group[p]
        q = heads[old]
        while q >= 0:
            r = 0
            while r < m and (y[r, p] > 0.0) == (y[r, q] > 0.0):
                r += 1
            if r == m:
                break
            q = following[q]
        if q < 0:
            q = p
            following[p] = heads[old]
            heads[old] = p
        group[p] = q


@bare_kernel
def _active(point, everything, found):
    """The indices of the positive coordinates, or all of them, to `found`; how many."""
    count = 0
    for r in range(len(point)):
        if everything or point[r] > 0.0:
            found[count] = r
            count += 1
    return count


@kernel
def products_block(W, b, x, pairs, group, layer, changed, wanted, kept, kept_pairs, kept_group):
    """Pass the points through a block together with the affine maps of their domains.

    pairs : (k, n, d + 1); the map [M | c] of the points with group[p] = g, which have shared all their bits, has zeros
    in the rows of neurons that are not active; the other rows are pairs[g, 0], pairs[g, 1], ...  Only rows and columns
    of active neurons are multiplied.  Written to: group (k,) int64; changed as in `forward_block`; kept (., m, k),
    kept_pairs (., k, m, d + 1) with all rows, kept_group (., k).  Returns x, pairs, and the index of a layer with an
    infinity or NaN, or FINE.
    """
    depth, m, n = W.shape
    k, columns = x.shape[1], pairs.shape[2]
    weights = np.empty(m * n)
    rows, inner = np.empty(m, np.int64), np.empty(n, np.int64)
    heads, following, before = np.empty(k, np.int64), np.empty(k, np.int64), np.empty(k, np.int64)
    y, found = np.empty((m, k)), np.empty((k, m, columns))
    for i in range(depth):
        _multiply(W[i], x, y)
        if not _advance(x, y, W[i], b[i], changed, layer + i, before):
            return x, pairs, i
        before[:] = group
        _split_groups(y, group, heads, following)
        for p in range(k):
            if group[p] == p:
                a, h = _active(y[:, p], False, rows), _active(x[:, p], layer + i == 1, inner)
                new, old = found[p, :a], pairs[before[p], :h]
                if a == m and h == n:
                    _multiply(W[i], old, new)
                elif a > 0 and h > 0:
                    left = weights[: a * h].reshape(a, h)
                    _gather(W[i], rows[:a], inner[:h], left)
                    _multiply(left, old, new)
                else:
                    new[:] = 0.0
                for r in range(a):
                    new[r, columns - 1] += b[i, rows[r]]
        if wanted[i] >= 0:
            kept[wanted[i]], kept_group[wanted[i]] = y, group
            for p in range(k):
                if group[p] == p:
                    a = _active(y[:, p], False, rows)
                    kept_pairs[wanted[i], p] = 0.0
                    for r in range(a):
                        kept_pairs[wanted[i], p, rows[r]] = found[p, r]
        if i == 0:  # what came in belongs to the caller
            x, y, pairs, found = y, np.empty((m, k)), found, np.empty((k, m, columns))
        else:
            x, y, pairs, found = y, x, found, pairs
    return x, pairs, FINE


@bare_kernel
def _gather(W, rows, columns, out):
    """out[r, c] = W[rows[r], columns[c]]."""
    for r in range(len(rows)):
        row, target = W[rows[r]], out[r]
        for c in range(len(columns)):
            target[c] = row[columns[c]]
