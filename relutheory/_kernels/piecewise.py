"""Piecewise linear functions in float64 at many points: a table of buckets in the place of a binary search."""

from __future__ import annotations

import math

import numpy as np

from relutheory._kernels._jit import bare_kernel

ONE = np.uint64(1)
BLOCK = 32
FEW = np.uint64(8)


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
def piece_of(p, x, low, scale, start):
    """The number of breakpoints that are at most p, found in its bucket.

    Indices are unsigned: signed ones are looked at for a minus sign each time, which makes this four times slower.
    """
    b = np.uint64(bucket(p, low, scale, len(start) - 2))
    k = np.uint64(start[b])
    k += np.uint64(x[k] <= p)  # no branch to guess: where buckets are many one step is enough mostly
    if x[k] <= p:
        k = piece_between(x, p, k, np.uint64(start[b + ONE]))
    return k


@bare_kernel
def evaluate(points, x, pieces, low, scale, start, out):
    """The values at points in any order; whether all are finite.

    x : (k + 2,) the breakpoints, infinity and NaN.  pieces : (k + 2, 3) anchor, value and slope of the piece before
    x[i]; the last row is for a point at infinity.
    start : (B + 2,) from `fill_buckets`.  out : (n,) output.
    Points in order lie in few pieces, a block of them: then each of these pieces is evaluated at the whole block, in
    loops without branches, which compile to vector instructions.
    """
    finite = 0
    for begin in range(0, len(points), BLOCK):
        block, values = points[begin : begin + BLOCK], out[begin : begin + BLOCK]
        first = piece_of(block[0], x, low, scale, start)
        last = piece_of(block[len(block) - 1], x, low, scale, start)
        within = 0
        if first <= last < first + FEW:
            left, right = x[first - ONE] if first > 0 else -math.inf, x[last]
            for i in range(len(block)):
                within += (left <= block[i]) & (block[i] < right)
        if within == len(block):
            anchor, value, slope = pieces[first, 0], pieces[first, 1], pieces[first, 2]
            for i in range(len(block)):
                values[i] = value + slope * (block[i] - anchor)
            for k in range(first + ONE, last + ONE):
                anchor, value, slope = pieces[k, 0], pieces[k, 1], pieces[k, 2]
                for i in range(len(block)):
                    if block[i] >= anchor:
                        values[i] = value + slope * (block[i] - anchor)
        else:
            for i in range(len(block)):
                k = piece_of(block[i], x, low, scale, start)
                values[i] = pieces[k, 1] + pieces[k, 2] * (block[i] - pieces[k, 0])
        for i in range(len(block)):
            finite += abs(values[i]) < math.inf
    return finite == len(points)
