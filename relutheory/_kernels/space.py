"""Cones with generators in float64, cut by the neurons of a network one after the other.

The generators are rays with proven error bounds (`rays`).  Where a sign is not proved, `walk` stops and
asks its caller.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from relutheory._kernels._jit import bare_kernel
from relutheory._kernels.bits import popcount
from relutheory._kernels.filters import TINY, gamma
from relutheory._kernels.rays import (
    ABOVE,
    ASK,
    WHOLE,
    Pool,
    Scratch,
    Table,
    copy_ray,
    cross,
    find_edges,
    find_signs,
    largest_entry,
    list_rows,
    make_row,
    sharpen,
)

DONE, PAUSED, UNDECIDED, FULL, NO_POINT = 0, 1, 2, 3, 4
NORMAL, FIXED, SAME = 0, 1, 2  # kinds of neurons of the first layer: see Net.kind
DEPTH, COUNT, SIGNS_KNOWN, WORK, RAYS_WANTED, EDGES_WANTED, POINT_KNOWN = range(7)  # State.registers

SMALLEST = 2.0**-900  # weights and biases below are given as this, with their signs
_UNDERFLOW = 2.0**-800  # bounds what such biases and products below 2^-1022 do to a form
_BUDGET = 4_000_000  # multiplications, roughly, after which `walk` pauses
_ONE = np.uint64(1)
_NONE = np.uint64(0)


class Net(NamedTuple):
    """What does not change.  The network has L layers of at most m neurons, N in all, and n inputs.

    weights : (L, m, m), biases : (L, m); those of layer 0 are not read.  inexact : (L,), bound of their relative error.
    widths, starts : (L,) and (L + 1,).  whole : (L,) bool, whether all up to this layer are integers.
    kind : (N,) NORMAL, FIXED to the bit `other`, or the SAME hyperplane as neuron `other` // 2, negated where odd.
    row_of : (N,) the row on whose tightness the neuron vanishes, or -1.  first : the row of neuron 0.
    """

    weights: np.ndarray
    biases: np.ndarray
    inexact: np.ndarray
    widths: np.ndarray
    starts: np.ndarray
    whole: np.ndarray
    kind: np.ndarray
    other: np.ndarray
    row_of: np.ndarray
    first: int


class State(NamedTuple):
    """What `walk` works on.

    forms : (L, m, d) and form_errors : (L, m, 2), not scaled.  bits : (N,), at present.  edges : (E, 2) pairs of rays.
    frames : (N + 2, 4) stack of cones: first ray, last ray + 1, next neuron, whether its last bit is still to be set.
    shared, every : (words,) and counts : (R,) are scratch.
    """

    table: Table
    pool: Pool
    forms: np.ndarray
    form_errors: np.ndarray
    bits: np.ndarray
    frames: np.ndarray
    edges: np.ndarray
    registers: np.ndarray
    shared: np.ndarray
    every: np.ndarray
    counts: np.ndarray
    scratch: Scratch


class Out(NamedTuple):
    """A batch: bits (k, N), points (k, n), bounded (k,), facets (k, N); listed and wanted: what to fill in."""

    bits: np.ndarray
    points: np.ndarray
    bounded: np.ndarray
    facets: np.ndarray
    listed: bool
    wanted: bool


@bare_kernel
def walk(net, state, out):
    """Go on with the depth-first walk until something has to be said: returns one of the codes above.

    PAUSED: the batch is full, or enough work is done.  UNDECIDED: signs of the top cone with value ASK are to be
    replaced.  FULL: the pool of rays or edges is too small for registers RAYS_WANTED, EDGES_WANTED.  NO_POINT: the
    point of the region at hand is to be written into out.points by the caller.
    """
    frames, bits, masks, registers = state.frames, state.bits, state.pool.masks, state.registers
    neurons = len(bits)
    registers[WORK] = 0
    while registers[DEPTH] > 0:
        if registers[WORK] > _BUDGET:
            return PAUSED
        top = registers[DEPTH] - 1
        start, end, j = frames[top, 0], frames[top, 1], frames[top, 2]
        if frames[top, 3]:
            bits[j - 1] = 1
            frames[top, 3] = 0
        if j == neurons:
            if registers[COUNT] == len(out.bounded):
                return PAUSED
            if out.listed and not _write(net, state, out, start, end):
                return NO_POINT
            registers[COUNT] += 1
            registers[DEPTH] -= 1
            registers[POINT_KNOWN] = 0
            continue
        if net.kind[j] == FIXED:
            bits[j] = net.other[j]
            frames[top, 2] = j + 1
            continue
        if net.kind[j] == SAME:
            bits[j] = bits[net.other[j] >> 1] ^ (net.other[j] & 1)
            frames[top, 2] = j + 1
            continue
        row = net.first + j
        if not registers[SIGNS_KNOWN]:
            layer = 0
            while net.starts[layer + 1] <= j:
                layer += 1
            if j == net.starts[layer] and layer > 0:
                _compose(net, state, layer)
            registers[WORK] += (end - start) * state.table.rows.shape[1]
            proved = find_signs(state.table, state.pool, row, start, end)
            if not proved and layer > 0:
                proved = _find_signs_by_structure(net, state, layer, j, start, end)
            if not proved and not sharpen(state.table, state.pool, state.scratch, row, start, end):
                registers[SIGNS_KNOWN] = 1
                return UNDECIDED
        above = below = 0
        for i in range(start, end):
            above += state.pool.signs[i] > 0
            below += state.pool.signs[i] < 0
        if above and below:
            registers[WORK] += above * below
            many = find_edges(state.pool, state.edges, state.shared, state.table.rows.shape[1] - 2, start, end)
            if many > len(state.edges) or end + 2 * (end - start + many) > len(state.pool.rays):
                registers[EDGES_WANTED] = many
                registers[RAYS_WANTED] = end + 2 * (end - start + many)
                registers[SIGNS_KNOWN] = 1
                return FULL
            _split(net, state, row, j, start, end, many)
        else:
            bits[j] = above > 0
            frames[top, 2] = j + 1
            if above or below:
                word, bit = row >> 6, _ONE << np.uint64(row & 63)
                for i in range(start, end):
                    if state.pool.signs[i] == 0:
                        masks[i, word] |= bit
        registers[SIGNS_KNOWN] = 0
    return DONE


@bare_kernel
def _compose(net, state, layer):
    """The forms of a layer where the layers before have the bits at hand, and their rows.

    The sum over k of w_k f_k has, besides the errors of the f_k, a rounding of gamma_{m+4} of the sum of sizes, which
    covers weights known up to a relative error of u; of weights of size 2^-900 only the sign is known, and that they
    are not larger, so that the whole term is an error; 2^-800 covers underflow and such biases.  Sums of integers that
    stay below 2^53 are exact.  An entry all of whose terms vanish is exactly the bias, or 0.
    """
    d = state.table.rows.shape[1]
    n = d - 1
    before, source = net.starts[layer - 1], state.forms[layer - 1]
    error = gamma(net.widths[layer - 1] + 4.0)
    for j in range(net.widths[layer]):
        target = state.forms[layer, j]
        for t in range(d):
            target[t] = 0.0
        size = size_t = 0.0  # of the terms, with the errors of the forms
        known = known_t = 0.0  # the errors alone
        for k in range(net.widths[layer - 1]):
            w = net.weights[layer, j, k]
            if w == 0.0 or not state.bits[before + k]:
                continue
            largest = 0.0
            for t in range(n):
                target[t] += w * source[k, t]
                largest = max(largest, abs(source[k, t]))
            target[n] += w * source[k, n]
            linear, constant = state.form_errors[layer - 1, k, 0], state.form_errors[layer - 1, k, 1]
            # not 0 where the terms are not: they may be too small for a float
            size += abs(w) * (largest + linear) + (TINY if largest + linear > 0.0 else 0.0)
            size_t += abs(w) * (abs(source[k, n]) + constant) + (TINY if abs(source[k, n]) + constant > 0.0 else 0.0)
            known += abs(w) * linear
            known_t += abs(w) * constant
            if abs(w) <= SMALLEST:
                known += SMALLEST * (largest + linear)
                known_t += SMALLEST * (abs(source[k, n]) + constant)
        bias = net.biases[layer, j]
        exact_bias = size_t == 0.0 and net.inexact[layer] == 0.0
        target[n] += bias
        size_t += abs(bias)
        linear = constant = 0.0
        if not (net.whole[layer] and known == 0.0 and size < WHOLE) and size != 0.0:
            linear = (known + error * size) * ABOVE + _UNDERFLOW
        if not (net.whole[layer] and known_t == 0.0 and size_t < WHOLE) and size_t != 0.0 and not exact_bias:
            constant = (known_t + error * size_t) * ABOVE + _UNDERFLOW
        state.form_errors[layer, j, 0] = linear
        state.form_errors[layer, j, 1] = constant
        make_row(state.table, net.first + net.starts[layer] + j, target, linear, constant, net.whole[layer])


@bare_kernel
def _find_signs_by_structure(net, state, layer, j, start, end):
    """The signs left open, where all active neurons that neuron j looks at vanish: the value is the bias times t."""
    local = j - net.starts[layer]
    before = net.starts[layer - 1]
    bias = net.biases[layer, local]
    proved = True
    for i in range(start, end):
        if state.pool.signs[i] != ASK:
            continue
        vanish = True
        for k in range(net.widths[layer - 1]):
            if state.bits[before + k] and net.weights[layer, local, k] != 0.0:
                row = net.row_of[before + k]
                if row < 0 or state.pool.masks[i, row >> 6] >> np.uint64(row & 63) & _ONE == _NONE:
                    vanish = False
                    break
        if not vanish:
            proved = False
        elif state.pool.masks[i, 0] & _ONE != _NONE or bias == 0.0:
            state.pool.signs[i] = 0
        else:
            state.pool.signs[i] = 1 if bias > 0.0 else -1
    return proved


@bare_kernel
def _split(net, state, row, j, start, end, many):
    """Replace the top cone by its part above the row, and push the part below."""
    frames, registers, masks, signs = state.frames, state.registers, state.pool.masks, state.pool.signs
    word, bit = row >> 6, _ONE << np.uint64(row & 63)
    at = end
    for e in range(many):
        u, w = state.edges[e, 0], state.edges[e, 1]
        for t in range(masks.shape[1]):
            masks[at, t] = masks[u, t] & masks[w, t]
        masks[at, word] |= bit
        cross(state.table, state.pool, state.scratch, net.first, state.bits, row, u, w, at)
        at += 1
    registers[WORK] += many * 2 * state.table.rows.shape[1] ** 3
    for i in range(start, end):
        if signs[i] >= 0:
            copy_ray(state.pool, i, at)
            if signs[i] == 0:
                masks[at, word] |= bit
            at += 1
    middle = at
    for i in range(end, end + many):
        copy_ray(state.pool, i, at)
        at += 1
    for i in range(start, end):
        if signs[i] <= 0:
            copy_ray(state.pool, i, at)
            if signs[i] == 0:
                masks[at, word] |= bit
            at += 1
    top = registers[DEPTH] - 1
    frames[top, 0], frames[top, 1], frames[top, 2], frames[top, 3] = end, middle, j + 1, 1
    frames[top + 1, 0], frames[top + 1, 1], frames[top + 1, 2], frames[top + 1, 3] = middle, at, j + 1, 0
    state.bits[j] = 0
    registers[DEPTH] += 1


@bare_kernel
def _write(net, state, out, start, end):
    """Write the region at hand into the batch; False where no interior point was proved to be one."""
    k = state.registers[COUNT]
    masks, rays = state.pool.masks, state.pool.rays
    n = rays.shape[1] - 1
    for j in range(len(state.bits)):
        out.bits[k, j] = state.bits[j]
    bounded = True
    for i in range(start, end):
        if masks[i, 0] & _ONE != _NONE:
            bounded = False
    out.bounded[k] = bounded
    if out.wanted:
        _write_facets(net, state, out.facets[k], start, end)
    if state.registers[POINT_KNOWN]:
        return True
    point = out.points[k]
    vertices = 0
    for t in range(n):
        point[t] = 0.0
    for i in range(start, end):
        if masks[i, 0] & _ONE == _NONE:
            vertices += 1
            for t in range(n):
                point[t] += rays[i, t] / rays[i, n]
    for t in range(n):
        point[t] /= vertices
    if not bounded:
        scale = max(1.0, largest_entry(point))
        for i in range(start, end):
            if masks[i, 0] & _ONE != _NONE:
                factor = scale / largest_entry(rays[i])
                for t in range(n):
                    point[t] += factor * rays[i, t]
    return _inside(net, state, point, start, end)


@bare_kernel
def _inside(net, state, point, start, end):
    """Prove that a point is in the interior: it is strictly inside all rows that are tight on some, not all, rays."""
    n = len(point)
    length = 0.0
    for t in range(n):
        length += abs(point[t])
    for word in range(state.pool.masks.shape[1]):
        some, every = _NONE, ~_NONE
        for i in range(start, end):
            some |= state.pool.masks[i, word]
            every &= state.pool.masks[i, word]
        rest = some & ~every
        while rest != _NONE:
            lowest = rest & (~rest + _ONE)
            row = (word << 6) + np.int64(popcount(lowest - _ONE))
            rest ^= lowest
            if row == 0:
                continue
            value = size = state.table.rows[row, n]
            size = abs(size)
            for t in range(n):
                product = state.table.rows[row, t] * point[t]
                value += product
                size += abs(product)
            bound = gamma(n + 3.0) * size + state.table.errors[row, 0] * length + state.table.errors[row, 1] + TINY
            if not (row < net.first or state.bits[row - net.first]):
                value = -value
            if not value > bound * ABOVE:
                return False
    return True


@bare_kernel
def _write_facets(net, state, facets, start, end):
    """Mark the neurons that carry facets.

    Facets are the proper faces that are maximal, and each is the set of rays tight on some row.  The rows tight on all
    rays of one row's face are those of the faces containing it: it is a facet where all of them have as many rays.
    """
    masks, counts, chosen, closure, every = (
        state.pool.masks,
        state.counts,
        state.scratch.chosen,
        state.shared,
        state.every,
    )
    words = masks.shape[1]
    for j in range(len(facets)):
        facets[j] = 0
    for t in range(words):
        closure[t], every[t] = _NONE, ~_NONE
        for i in range(start, end):
            closure[t] |= masks[i, t]
            every[t] &= masks[i, t]
    for t in range(words):
        closure[t] &= ~every[t]
    many = list_rows(closure, chosen)
    for k in range(many):
        counts[chosen[k]] = 0
        word, shift = chosen[k] >> 6, np.uint64(chosen[k] & 63)
        for i in range(start, end):
            counts[chosen[k]] += masks[i, word] >> shift & _ONE != _NONE
    for k in range(many):
        row = chosen[k]
        if row < net.first:
            continue
        word, shift = row >> 6, np.uint64(row & 63)
        for t in range(words):
            closure[t] = ~every[t]
        for i in range(start, end):
            if masks[i, word] >> shift & _ONE != _NONE:
                for t in range(words):
                    closure[t] &= masks[i, t]
        is_facet = True
        for i in range(many):
            other = chosen[i]
            if closure[other >> 6] >> np.uint64(other & 63) & _ONE != _NONE and (
                counts[other] > counts[row] or other < row
            ):
                is_facet = False
        facets[row - net.first] = is_facet
