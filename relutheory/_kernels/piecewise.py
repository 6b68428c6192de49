"""Piecewise linear functions in float64 at many points: a table of buckets in the place of a binary search."""

from __future__ import annotations

import math

import numpy as np

from relutheory._kernels._jit import bare_kernel

ONE = np.uint64(1)
BLOCK = 64


@bare_kernel
def fill_buckets(x, low, scale, start):
    """start[b] = the number of breakpoints in buckets before b; the bucket of a point is int((x - low) scale).

    x : (k,) increasing.  start : (B + 2,) int32 output.  Rounding is monotone, so that points in a lower bucket are
    smaller, whatever the rounding does.
    """
    B = len(start) - 2
    i = 0
    for b in range(B + 1):
        while i < len(x) and bucket(x[i], low, scale, B) < b:
            i += 1
        start[b] = i
    start[B + 1] = len(x)


@bare_kernel
def bucket(x, low, scale, B):
    """The bucket of a point, from 0 to B; 0 for NaN, of which no comparison is true."""
    t = (x - low) * scale
    t = t if t > 0.0 else 0.0
    return int(t if t < B else float(B))


@bare_kernel
def piece_between(x, p, lo, hi):
    """The number of breakpoints that are at most p, known to lie between lo and hi."""
    while lo < hi:
        middle = (lo + hi) >> ONE
        if x[middle] <= p:
            lo = middle + ONE
        else:
            hi = middle
    return lo


@bare_kernel
def evaluate(points, x, pieces, low, scale, start, out):
    """The values at points in any order.

    x : (k + 2,) the breakpoints, infinity and NaN.  pieces : (k + 2, 3) anchor, value and slope of the piece before
    x[i]; the last row is for a point at infinity.
    start : (B + 2,) from `fill_buckets`.  out : (n,) output.
    Indices are unsigned: signed ones are looked at for a minus sign each time, which makes this four times slower.
    """
    B = len(start) - 2
    for i in range(len(points)):
        p = points[i]
        b = np.uint64(bucket(p, low, scale, B))
        k = np.uint64(start[b])
        k += np.uint64(x[k] <= p)  # no branch to guess: where buckets are many one step is enough mostly
        if x[k] <= p:
            k = piece_between(x, p, k, np.uint64(start[b + ONE]))
        out[i] = pieces[k, 1] + pieces[k, 2] * (p - pieces[k, 0])


@bare_kernel
def evaluate_in_order(points, x, pieces, low, scale, start, out):
    """The same, faster for points most of which lie in the piece of the one before, or in the next.

    Points are taken by blocks: a block within one piece has a loop without branches, which compiles to vector
    instructions.
    """
    B = len(start) - 2
    last = np.uint64(len(x) - 2)
    k = np.uint64(0)
    left, right = -math.inf, x[0]
    anchor, value, slope = pieces[0, 0], pieces[0, 1], pieces[0, 2]
    for begin in range(0, len(points), BLOCK):
        block, values = points[begin : begin + BLOCK], out[begin : begin + BLOCK]
        within = 0
        if left <= block[0] and block[len(block) - 1] < right:
            for i in range(len(block)):
                within += (left <= block[i]) & (block[i] < right)
        if within == len(block):
            for i in range(len(block)):
                values[i] = value + slope * (block[i] - anchor)
            continue
        for i in range(len(block)):
            p = block[i]
            if not (left <= p < right):
                k += ONE
                if not (right <= p < x[min(k, last)]):
                    b = np.uint64(bucket(p, low, scale, B))
                    k = piece_between(x, p, np.uint64(start[b]), np.uint64(start[b + ONE]))
                right = x[k]
                left = x[k - ONE] if k > 0 else -math.inf
                anchor, value, slope = pieces[k, 0], pieces[k, 1], pieces[k, 2]
            values[i] = value + slope * (p - anchor)


@bare_kernel
def all_finite(values):
    """Whether none is infinite or NaN: counted, in one pass over memory."""
    finite = 0
    for i in range(len(values)):
        finite += abs(values[i]) < math.inf
    return finite == len(values)
