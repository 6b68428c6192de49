"""The cells of a simple hyperplane arrangement by its vertices, in float64 with a proven bound.

The arrangement: the zeros of M affine functions A_i(y) = a_i y + c_i on R^d.  F_k is the flat y_k = .. = y_(d-1) = 0;
S is a set of rows s_1 < .. < s_k, and its vertex v the point of F_k where A_S vanishes.

A node of the walk is such an S with a table of d + 1 columns of M numbers, made from the matrix (a | c) by column
operations: columns 0..k-1 are the values of a on vectors y_j of F_k with a_(s_i) y_j = 1 if i = j, else 0; columns
k..d-1 are those of a on vectors u with a_S u = 0, the k-th in F_(k+1); the last one holds the values of A at v.
The column k alone is what a further row s needs: q = A_s(v) / a_s u leads to the vertex v - q u of S + s.

The bound.  Columns are combined with float multipliers.  Take these as exact numbers: then every column is, up to
rounding, the column of values at an exactly defined vector z_j, and the error r_j of column j grows by the factors
1 + |f| only, not with the condition of anything.  The vectors z just miss the hyperplanes of S: a_S z_j = e_j for
j < k and A_S(z) = 0 for the last one hold up to r.  Let Z = (z_0 .. z_(k-1)), R = r_0 + .. + r_(k-1) < 1/2 and m_j
bound column j.  Then |a_S Z - I| <= R in the maximum norm of rows, hence a_S is non-singular on F_k, and
v = z - Z (a_S Z)^-1 A_S(z) is the vertex.  As |(a_S Z)^-1| <= 1 / (1 - R) <= 2, its value A_i(v) differs from the
table's by at most

    r + sum_j (m_j + r_j) 2 r  =  r (1 + 2 (m_0 + .. + m_(k-1) + R)),

and so for the columns k..d-1.  In the same way y_l = Z (a_S Z)^-1 e_l, where (a_S Z)^-1 e_l is e_l up to R / (1 - R),
so that column l < k is right up to r_l + 2 R (m_0 + .. + m_(k-1) + R).
"""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import fused_kernel
from relutheory._kernels.filters import TINY, UNIT, gamma
from relutheory._kernels.lanes import LANES, cut_signs, eliminate_column, put_word, steepest, summarise_rows, sure_signs

WORD = 64
_ABOVE = 1.0 + 2.0**-40  # bounds are sums of a few rounded products of positive numbers: rounded up by this


@fused_kernel
def _pivot(table, error, size, k, d, s, start, start_old, new_table, new_error, new_size):
    """The table of S + s from that of S with its k rows, in the rows from `start` (columns 0..k-1: `start_old`) on.

    Row s of the new table is exactly a row of the identity by fiat: the multiplier is off T_sj / T_sk by two
    roundings, so that the true value is below 2 u m_j.  The sizes m of columns 0..k-1 are bounds where `start_old`
    leaves out rows.
    """
    blocks = table.shape[1] // LANES
    column = table[k]
    inverse = 1.0 / column[s]
    slip = TINY if abs(inverse) > TINY else np.inf  # what underflow does to the multipliers, and to products with them
    for j in range(d + 1):
        if j != k:
            first = start_old if j < k else start
            factor = table[j, s] * inverse
            f = abs(factor)
            largest = eliminate_column(new_table[j], table[j], column, first * LANES, blocks - first, factor)
            new_table[j, s] = 0.0
            above = (size[j] + f * size[k]) * _ABOVE
            new_size[j] = largest if first == start else above
            new_error[j] = (error[j] + f * error[k] + 4.0 * UNIT * above) * _ABOVE + slip * (1.0 + size[k])
    for i in range(start * LANES, table.shape[1]):
        new_table[k, i] = column[i] * inverse
    new_table[k, s] = 1.0
    f = abs(inverse)
    new_size[k] = f * size[k] * _ABOVE
    new_error[k] = (f * error[k] + 2.0 * UNIT * new_size[k]) * _ABOVE + TINY


@fused_kernel
def _bounds_of(error, size, k):
    """R and m_0 + .. + m_(k-1)."""
    slack, spread = 0.0, 0.0
    for j in range(k):
        slack += error[j]
        spread += size[j]
    return slack, spread


@fused_kernel
def _bound_at(error, size, k, d, slack, spread, q, inverse, total):
    """The error bound of the values at the vertex of S + s; infinite where there is none.

    q, inverse, total : T_sd / T_sk, 1 / |T_sk| and the sum of |T_sj|, j < k.  The table of S + s need not be made for
    this: with exact multipliers f_j = T_sj / T_sk its columns have errors r_j + |f_j| r_k and sizes m_j + |f_j| m_k,
    and column k is divided by T_sk.
    """
    growth = (total + 1.0) * inverse
    slack += error[k] * growth
    if not slack < 0.5:
        return np.inf
    moved = abs(q) * error[k] + 4.0 * UNIT * (size[d] + abs(q) * size[k])
    return (error[d] + moved + TINY) * (1.0 + 2.0 * (spread + size[k] * growth + slack)) * _ABOVE


def scratch(m: int, d: int, located: bool) -> tuple[np.ndarray, ...]:
    """Working arrays of `list_cells` and `prove_simple`: tables, errors, sizes, chosen, state, then the rest.

    located : whether points are wanted.  The caller fills tables[0, :, : m - 1], errors[0] and sizes[0].
    """
    levels = max(d, 1)
    words = -(-m // WORD)
    blocks = -(-(m - 1) // LANES)
    rows = (blocks + (-(-d // LANES) if located else 0)) * LANES
    tables = np.zeros((levels, d + 1, rows))
    tables[0, d, m - 1 : blocks * LANES] = 1.0  # rows without a function: the constant one
    if located:  # and the coordinates
        tables[0, :d, blocks * LANES : blocks * LANES + d] = np.eye(d)
    return (
        tables,
        np.zeros((levels, d + 1)),
        np.zeros((levels, d + 1)),
        np.zeros(d + 1, np.int64),
        np.array([0, 1, *[0] * (d + 1)], np.int64),
        np.zeros((2, LANES)),
        np.zeros((4, rows)),
        np.zeros((words, levels), np.uint64),
        np.zeros((words + 1, max(LANES, words)), np.uint64),
    )


@fused_kernel
def list_cells(
    tables,
    errors,
    sizes,
    chosen,
    state,
    sums,
    work,
    marks,
    edges,
    m,
    affine,
    patterns,
    bounded,
    points,
    vertices,
    doubtful,
):
    """The cells of M = m - 1 functions and of their mirror images, by vertices; pauses where an output is full.

    Each cell is followed by its mirror image, with all bits changed; except that, where `affine`, of the cells of
    vertices of d rows only that one is written on which the coordinate y_(d-1) times the last function is positive.
    The cells of the empty S, which has no vertex, are left to the caller.

    patterns : bytes, output: (m + 7) // 8 for each of batch cells, and eight more; bit m - 1 stands for a last
    function, positive on R^d.  bounded : (batch,) bool, output: the cells that come alone.
    points : (batch, d + 1) float64, output, or empty: points (y, 1) of the cells, and multiples of such for the mirror
    images, as floats find them.  vertices : (batch, d), output where there are points: the rows of the cell's vertex,
    then -1.  doubtful : (most, d + 2) int64, output: index of the cell, k, and the k rows of a vertex whose signs no
    bound proves; what is written for it is not to be used.  The rest is from `scratch`.  batch must be at least 2 m,
    most at least m.  Returns (cells, doubtful vertices, done).

    The cell of S + s, k + 1 rows.  y_k is u's direction away from F_k, where the values are those of v.  The cell is
    that one at the vertex v - q u on which y_k grows in size: along the edge on which a row of S + s grows by one and
    the others keep zero, y_k changes by -T_sj / T_sk for s_j, by 1 / T_sk for s itself, and y_k = -q = -T_sd / T_sk at
    the vertex.  So row s_j has the sign of T_sj T_sd, and row s that of -T_sd.
    """
    d = tables.shape[1] - 1
    last = m - 1
    words = marks.shape[0]
    located = len(points) > 0
    row_bytes = (m + 7) // 8
    mirrors = edges[words]
    blocks = (last + LANES - 1) // LANES
    following = state[2:]  # per level the next row to go down with
    total, nearest = sums[0], sums[1]
    whole, end = ~np.uint64(0), np.uint64(1) << np.uint64(last % WORD)
    cells, doubts = 0, 0
    k = state[0]
    while True:
        if state[1]:  # the node is new: the cells of its S + s
            if cells + 2 * last > len(bounded) or doubts + last > len(doubtful):
                state[0] = k
                return cells, doubts, False
            state[1] = 0
            table, error, size = tables[k], errors[k], sizes[k]
            slopes, values = table[k], table[d]
            single = affine and k == d - 1
            slack, spread = _bounds_of(error, size, k)
            growth = (1.0 + 2.0 * (spread + slack)) * _ABOVE
            far_u, far_v, far_edge = error[k] * growth, error[d] * growth, 2.0 * slack * growth
            base = -1
            for s in range(following[k], last):
                if s // LANES != base:
                    base = s // LANES
                    for w in range(words):
                        summarise_rows(table, k, base * LANES, marks[w], total, nearest, edges[w])
                u, value = slopes[s], values[s]
                row = s - base * LANES
                inverse = 1.0 / u
                q = value * inverse
                bound = _bound_at(error, size, k, d, slack, spread, q, abs(inverse), total[row])
                proved = abs(u) > far_u and abs(value) > far_v and nearest[row] > far_edge
                negative = value < 0.0
                flip = single and (negative == (u < 0.0))
                for w in range(words):
                    first = w * (WORD // LANES)
                    span = min(blocks - first, WORD // LANES)
                    positive, small = cut_signs(values, slopes, first * LANES, span, q, bound)
                    members = np.uint64(0)
                    for j in range(k):
                        members |= marks[w, j]
                    bits = edges[w, row]
                    if negative:
                        bits ^= members
                    if s // WORD == w:
                        bit = np.uint64(1) << np.uint64(s % WORD)
                        members |= bit
                        if negative:
                            bits |= bit
                    word = (positive & ~members) | bits
                    change = whole
                    if w == words - 1:
                        change = end | (end - np.uint64(1))
                        word = (word & (end - np.uint64(1))) | end
                        small &= end - np.uint64(1)
                    proved = proved and small == members
                    put_word(patterns, cells * row_bytes + 8 * w, word ^ change if flip else word)
                    if not single:
                        mirrors[w] = word ^ change
                if not single:
                    for w in range(words):
                        put_word(patterns, (cells + 1) * row_bytes + 8 * w, mirrors[w])
                if not proved:
                    _note(doubtful[doubts], cells, chosen, k, s)
                    doubts += 1
                if located:
                    _locate(tables, k, s, q, inverse, total[row], blocks, affine, work, points[cells : cells + 2])
                    for j in range(d):
                        vertex = chosen[j] if j < k else s if j == k else -1
                        vertices[cells, j] = vertices[cells + 1, j] = vertex
                bounded[cells] = single
                if not single:
                    bounded[cells + 1] = False
                cells += 1 if single else 2
        s = following[k]
        if k < d - 1 and s < last - 1:
            following[k] += 1
            following[k + 1] = s + 1
            chosen[k] = s
            for w in range(words):
                marks[w, k] = np.uint64(1) << np.uint64(s % WORD) if s // WORD == w else np.uint64(0)
            old = s // LANES if k == d - 2 and not located else 0
            _pivot(tables[k], errors[k], sizes[k], k, d, s, 0, old, tables[k + 1], errors[k + 1], sizes[k + 1])
            k += 1
            state[1] = 1
        elif k == 0:
            return cells, doubts, True
        else:
            k -= 1


@fused_kernel
def _locate(tables, k, s, q, inverse, total, blocks, affine, work, out):
    """Find a point (y, 1) in the cell of S + s, in floats without proof, and a negative multiple of one in its mirror.

    From the vertex half of the way, or some way, along the sum of the edges.  Where the cell is cut by the hyperplane
    y_(d-1) = 0, and that is no region's interior (`affine`), half of the way off it to both sides.
    """
    d = tables.shape[1] - 1
    table = tables[k]
    every = tables.shape[2] // LANES
    zero, values, slopes, place = work[0], work[1], work[2], work[3]
    sign = -1.0 if table[d, s] < 0.0 else 1.0
    eliminate_column(values, table[d], table[k], 0, every, q)
    eliminate_column(slopes, zero, table[k], 0, every, sign * (1.0 + total) * inverse)
    for j in range(k):
        eliminate_column(slopes, slopes, table[j], 0, every, -sign if table[j, s] > 0.0 else sign)
    values[s] = 0.0
    steep, _ = steepest(values, slopes, 0, blocks)
    eliminate_column(place, values, slopes, 0, every, -1.0 / (1.0 + 2.0 * steep))
    for j in range(d):
        out[0, j] = place[blocks * LANES + j]
        out[1, j] = -out[0, j]
    if affine and k < d - 1:
        low, high = steepest(place, tables[0, d - 1], 0, blocks)
        out[0, d - 1] = out[1, d - 1] = 1.0 / (1.0 + 2.0 * max(low, high))
    out[0, d], out[1, d] = 1.0, -1.0


@fused_kernel
def carry_back(homogeneous, back, centre, affine, columns, points):
    """From points (y, 1), or multiples, to inputs of the layer: points[:, columns] = back (y, 1) + centre.

    homogeneous : (k, d + 1).  back : (d + 1, d + 1).  Where `affine`, the last coordinate of the image is divided by
    instead, and dropped.  points : (k, n), output.
    """
    for i in range(len(homogeneous)):
        scale = 1.0
        if affine:
            scale = 0.0
            for j in range(back.shape[1]):
                scale += back[len(columns), j] * homogeneous[i, j]
            scale = 1.0 / scale
        for c in range(len(columns)):
            value = 0.0
            for j in range(back.shape[1]):
                value += back[c, j] * homogeneous[i, j]
            points[i, columns[c]] = value * scale + centre[c]


@fused_kernel
def surely_inside(points, weight, patterns, m, error, inside):
    """Where the pre-activations of m neurons at points surely have the signs of the patterns, and none is zero.

    points : (k, n).  weight : (n + 1, rows), the columns of W and then b; each entry within error |entry| + TINY of the
    exact one.  patterns : (k, bytes), of m bits.  inside : (k,) bool, output.

    A sum of n products and one more term, in floats, is off by at most gamma_(n+1) times the sum of the sizes, and by
    2^-1074 for each product that underflows.
    """
    n = points.shape[1]
    relative = (gamma(n + 2.0) + error) * _ABOVE
    for i in range(len(points)):
        point = points[i]
        reach = 1.0
        for j in range(n):
            reach += abs(point[j])
        absolute = (n + 2.0) * TINY * reach
        sure = reach < np.inf
        for byte in range(patterns.shape[1]):
            positive, negative = sure_signs(weight, point, byte * LANES, relative, absolute)
            neurons = (np.uint64(1) << np.uint64(min(LANES, m - byte * LANES))) - np.uint64(1)
            bits = np.uint64(patterns[i, byte])
            sure = sure and (positive & neurons) == bits and (negative & neurons) == bits ^ neurons
        inside[i] = sure


@fused_kernel
def _note(entry, index, chosen, k, s):
    """Write an entry of `doubtful`: the vertex of S + s."""
    entry[0], entry[1] = index, k + 1
    for j in range(k):
        entry[2 + j] = chosen[j]
    entry[2 + k] = s


@fused_kernel
def prove_simple(tables, errors, sizes, chosen, state, sums, work, marks, edges, m, nodes, doubtful):
    """Whether the values at all vertices are non-zero: at those of S + s, the values of the rows after s.

    That is enough, as k + 2 rows have a common zero in F_(k+1) at the vertex of any k + 1 of them or at none; and the
    rows of S + s are independent on F_(k+1) wherever the bound is finite.  Pauses after so many nodes, or where
    `doubtful` is full.  doubtful : as for `list_cells`, entry 0 unused.  Returns (doubtful vertices, done).
    """
    d = tables.shape[1] - 1
    last = m - 1
    blocks = (last + LANES - 1) // LANES
    following = state[2:]
    total, nearest = sums[0], sums[1]
    whole = ~np.uint64(0)
    doubts = 0
    k = state[0]
    while True:
        if state[1]:
            if nodes == 0 or doubts + last > len(doubtful):
                state[0] = k
                return doubts, False
            nodes -= 1
            state[1] = 0
            table, error, size = tables[k], errors[k], sizes[k]
            slopes, values = table[k], table[d]
            slack, spread = _bounds_of(error, size, k)
            base = -1
            for s in range(following[k], last):
                if s // LANES != base:
                    base = s // LANES
                    summarise_rows(table, k, base * LANES, marks[0], total, nearest, edges[0])
                inverse = 1.0 / slopes[s]
                q = values[s] * inverse
                bound = _bound_at(error, size, k, d, slack, spread, q, abs(inverse), total[s - base * LANES])
                proved = bound < np.inf
                for first in range((s + 1) // LANES, blocks, WORD // LANES):
                    span = min(blocks - first, WORD // LANES)
                    _, small = cut_signs(values, slopes, first * LANES, span, q, bound)
                    if first * LANES <= s:
                        small &= whole << np.uint64(s + 1 - first * LANES)
                    if last < (first + span) * LANES:
                        small &= (np.uint64(1) << np.uint64(last - first * LANES)) - np.uint64(1)
                    proved = proved and small == np.uint64(0)
                if not proved:
                    _note(doubtful[doubts], 0, chosen, k, s)
                    doubts += 1
        s = following[k]
        if k < d - 1 and s < last - 1:
            following[k] += 1
            following[k + 1] = s + 1
            chosen[k] = s
            start = s // LANES
            _pivot(tables[k], errors[k], sizes[k], k, d, s, start, start, tables[k + 1], errors[k + 1], sizes[k + 1])
            k += 1
            state[1] = 1
        elif k == 0:
            return doubts, True
        else:
            k -= 1
