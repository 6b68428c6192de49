"""Cones with generators in float64, cut by the neurons of a network one after the other.

Every sign that is used here is proved: a ray is known up to an error bound, a form too, and a sign is taken only where
the value exceeds what these and the rounding may amount to (notation and basic bounds: `filters`).  Where it does not,
`walk` stops and asks its caller.

* A form (row) is (a | c), its value on a ray (x | t) is <a, x> + c t.  Errors of a row: one bound for the entries of a,
  one for c.  Entries below 2^-400 of the largest are taken for 0 and go to the error, so that no product underflows.
* A ray has one error bound for its coordinates; error 0 marks a ray of integers below 2^53, known exactly.  The last
  coordinate of a ray that is tight on row 0, t >= 0, is 0 exactly, whatever the error.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from relutheory._kernels._jit import bare_kernel
from relutheory._kernels.bits import popcount
from relutheory._kernels.filters import TINY, UNIT, gamma, invert

DONE, PAUSED, UNDECIDED, FULL, NO_POINT = 0, 1, 2, 3, 4
ASK = 2  # the sign that was not proved
NORMAL, FIXED, SAME = 0, 1, 2  # kinds of neurons of the first layer: see Net.kind
DEPTH, COUNT, SIGNS_KNOWN, WORK, RAYS_WANTED, EDGES_WANTED, POINT_KNOWN = range(7)  # State.registers

_WHOLE = 2.0**53
_SMALL = 2.0**-400
_GOOD = 2.0**-36  # the error of a ray below which it is not computed anew before a sign needs it
SMALLEST = 2.0**-900  # weights and biases below are given as this, with their signs
_UNDERFLOW = 2.0**-800  # bounds what such biases and products below 2^-1022 do to a form
_ABOVE = 1.0 + 2.0**-10  # rounds up bounds that are sums of positive rounded terms
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


class Table(NamedTuple):
    """Rows (R, d) with d = n + 1, their errors (R, 2), and whether they are integers known exactly, (R,)."""

    rows: np.ndarray
    errors: np.ndarray
    integral: np.ndarray


class Pool(NamedTuple):
    """Rays (P, d), their errors (P,), the rows that are tight on them as words of bits (P, words), signs (P,)."""

    rays: np.ndarray
    errors: np.ndarray
    masks: np.ndarray
    signs: np.ndarray


class Scratch(NamedTuple):
    """matrix, inverse : (d, d); vectors : (3, d); order : (d,); chosen : (R,); candidates : (R, d)."""

    matrix: np.ndarray
    inverse: np.ndarray
    vectors: np.ndarray
    order: np.ndarray
    chosen: np.ndarray
    candidates: np.ndarray


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
            proved = _find_signs(state.table, state.pool, row, start, end)
            if not proved and layer > 0:
                proved = _find_signs_by_structure(net, state, layer, j, start, end)
            if not proved and not _sharpen(state.table, state.pool, state.scratch, row, start, end):
                registers[SIGNS_KNOWN] = 1
                return UNDECIDED
        above = below = 0
        for i in range(start, end):
            above += state.pool.signs[i] > 0
            below += state.pool.signs[i] < 0
        if above and below:
            registers[WORK] += above * below
            many = _find_edges(state.pool, state.edges, state.shared, state.table.rows.shape[1] - 2, start, end)
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
        if not (net.whole[layer] and known == 0.0 and size < _WHOLE) and size != 0.0:
            linear = (known + error * size) * _ABOVE + _UNDERFLOW
        if not (net.whole[layer] and known_t == 0.0 and size_t < _WHOLE) and size_t != 0.0 and not exact_bias:
            constant = (known_t + error * size_t) * _ABOVE + _UNDERFLOW
        state.form_errors[layer, j, 0] = linear
        state.form_errors[layer, j, 1] = constant
        _make_row(state.table, net.first + net.starts[layer] + j, target, linear, constant, net.whole[layer])


@bare_kernel
def _make_row(table, row, form, linear, constant, whole):
    """Write a form as a row: integers without common divisor, or floats of size about one."""
    d = len(form)
    out = table.rows[row]
    largest = 0.0
    for t in range(d):
        largest = max(largest, abs(form[t]))
    table.errors[row, 0], table.errors[row, 1] = linear, constant
    table.integral[row] = whole and linear == 0.0 and constant == 0.0 and largest < _WHOLE
    if table.integral[row]:
        for t in range(d):
            out[t] = form[t]
        _make_primitive(out)
        return
    if not 2.0**-900 < largest < 2.0**900:
        for t in range(d):
            out[t] = form[t] if largest == 0.0 else 0.0
        if largest != 0.0:
            table.errors[row, 0] = table.errors[row, 1] = np.inf
        return
    scale = math.ldexp(1.0, -math.frexp(largest)[1])
    table.errors[row, 0] *= scale
    table.errors[row, 1] *= scale
    for t in range(d):
        x = form[t] * scale
        if form[t] != 0.0 and abs(x) < _SMALL:
            x = 0.0
            table.errors[row, 0 if t < d - 1 else 1] += _SMALL
        out[t] = x


@bare_kernel
def _make_primitive(vector):
    """Divide integers below 2^53 by their greatest common divisor."""
    divisor = np.int64(0)
    for t in range(len(vector)):
        divisor = _gcd(divisor, np.int64(abs(vector[t])))
        if divisor == 1:
            return
    if divisor > 1:
        for t in range(len(vector)):
            vector[t] /= divisor


@bare_kernel
def _gcd(a, b):
    while b:
        a, b = b, a % b
    return a


@bare_kernel
def _side(row, form, linear, constant, integral, ray, error, far):
    """The sign of a row on a ray; ASK where it is not proved.

    form : the sum of the sizes of the row's entries but the last; linear, constant : its errors; integral : whether its
    entries are integers known exactly; error : that of the ray; far : whether the ray is at infinity.
    The value with the exact numbers differs from the float by what the errors make, and gamma_{d+1} of the size of its
    terms for the rounding; integers that stay below 2^53 are summed exactly.
    """
    d = len(row)
    n = d - 1
    value = size = length = 0.0
    for t in range(n):
        product = row[t] * ray[t]
        value += product
        size += abs(product)
        length += abs(ray[t])
    if not far:
        product = row[n] * ray[n]
        value += product
        size += abs(product)
    if integral and error == 0.0 and size < _WHOLE:
        bound = 0.0
    else:
        bound = error * form + linear * (length + n * error) + gamma(d + 1.0) * size
        if not far:
            bound += error * abs(row[n]) + constant * (abs(ray[n]) + error)
        bound *= _ABOVE
    if value > bound:
        return 1
    if value < -bound:
        return -1
    return 0 if bound == 0.0 else ASK


@bare_kernel
def _form_size(row):
    """The sum of the sizes of the entries but the last."""
    total = 0.0
    for t in range(len(row) - 1):
        total += abs(row[t])
    return total


@bare_kernel
def _find_signs(table, pool, row, start, end):
    """The signs of a row on the rays of a cone; False where one is not proved."""
    form, linear, constant = table.rows[row], table.errors[row, 0], table.errors[row, 1]
    size, integral = _form_size(form), table.integral[row]
    proved = True
    for i in range(start, end):
        far = pool.masks[i, 0] & _ONE != _NONE
        sign = _side(form, size, linear, constant, integral, pool.rays[i], pool.errors[i], far)
        pool.signs[i] = sign
        if sign == ASK:
            proved = False
    return proved


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
def _find_edges(pool, edges, shared, least, start, end):
    """List the edges between rays above and below in `edges`, as far as they fit; returns their number.

    Two rays span an edge where no third one is tight on all the rows they share.  Fewer than `least` = d - 2 shared
    rows exclude it; as many suffice where one of the two is tight on d - 1 rows only, for these are independent.
    """
    masks, signs = pool.masks, pool.signs
    words = masks.shape[1]
    many = 0
    for u in range(start, end):
        if signs[u] <= 0:
            continue
        simple_u = _ones(masks[u]) == least + 1
        for w in range(start, end):
            if signs[w] >= 0:
                continue
            rows = 0
            for t in range(words):
                shared[t] = masks[u, t] & masks[w, t]
                rows += np.int64(popcount(shared[t]))
            if rows < least:
                continue
            if not simple_u and _ones(masks[w]) != least + 1 and not _is_edge(masks, shared, u, w, start, end):
                continue
            if many < len(edges):
                edges[many, 0], edges[many, 1] = u, w
            many += 1
    return many


@bare_kernel
def _ones(mask):
    total = 0
    for t in range(len(mask)):
        total += np.int64(popcount(mask[t]))
    return total


@bare_kernel
def _is_edge(masks, shared, u, w, start, end):
    """Whether u and w are the only rays tight on all the shared rows."""
    for k in range(start, end):
        if k in (u, w):
            continue
        outside = _NONE
        for t in range(len(shared)):
            outside |= shared[t] & ~masks[k, t]
        if outside == _NONE:
            return False
    return True


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
        _cross(state.table, state.pool, state.scratch, net.first, state.bits, row, u, w, at)
        at += 1
    registers[WORK] += many * 2 * state.table.rows.shape[1] ** 3
    for i in range(start, end):
        if signs[i] >= 0:
            _copy_ray(state.pool, i, at)
            if signs[i] == 0:
                masks[at, word] |= bit
            at += 1
    middle = at
    for i in range(end, end + many):
        _copy_ray(state.pool, i, at)
        at += 1
    for i in range(start, end):
        if signs[i] <= 0:
            _copy_ray(state.pool, i, at)
            if signs[i] == 0:
                masks[at, word] |= bit
            at += 1
    top = registers[DEPTH] - 1
    frames[top, 0], frames[top, 1], frames[top, 2], frames[top, 3] = end, middle, j + 1, 1
    frames[top + 1, 0], frames[top + 1, 1], frames[top + 1, 2], frames[top + 1, 3] = middle, at, j + 1, 0
    state.bits[j] = 0
    registers[DEPTH] += 1


@bare_kernel
def _copy_ray(pool, source, target):
    for t in range(pool.rays.shape[1]):
        pool.rays[target, t] = pool.rays[source, t]
    for t in range(pool.masks.shape[1]):
        pool.masks[target, t] = pool.masks[source, t]
    pool.errors[target] = pool.errors[source]


@bare_kernel
def _dot(x, y):
    total = 0.0
    for t in range(len(x)):
        total += x[t] * y[t]
    return total


@bare_kernel
def _size(x):
    largest = 0.0
    for t in range(len(x)):
        largest = max(largest, abs(x[t]))
    return largest


@bare_kernel
def _cross(table, pool, scratch, first, bits, row, u, w, at):
    """The ray where a row vanishes on the edge from u, above, to w, below; its mask is known already.

    In integers where these fit.  Else from its tight rows, unless the interpolation is good enough: with values a and
    -b known up to A and B, the ray is lambda w + (1 - lambda) u for lambda = a / (a + b), which is off by at most
    max(A, B) / (a + b - A - B).
    """
    form, ray_u, ray_w, ray = table.rows[row], pool.rays[u], pool.rays[w], pool.rays[at]
    d = len(form)
    a, b = abs(_dot(form, ray_u)), abs(_dot(form, ray_w))
    u_size, w_size = _size(ray_u), _size(ray_w)
    if table.integral[row] and pool.errors[u] == 0.0 and pool.errors[w] == 0.0:
        largest = _size(form) * d
        if largest * u_size < _WHOLE and largest * w_size < _WHOLE:
            divisor = float(_gcd(np.int64(a), np.int64(b)))
            a /= divisor
            b /= divisor
            if a * w_size < _WHOLE / 2 and b * u_size < _WHOLE / 2:
                for t in range(d):
                    ray[t] = a * ray_w[t] + b * ray_u[t]
                _make_primitive(ray)
                pool.errors[at] = 0.0
                return
    lost = not a + b > 0.0
    if lost:
        a = b = 1.0  # any point: the ray will be found from its rows, or by the caller of `walk`
    part_w, part_u = a / (a + b), b / (a + b)
    distance = 0.0
    for t in range(d):
        ray[t] = part_w * ray_w[t] + part_u * ray_u[t]
        distance = max(distance, abs(ray_w[t] - ray_u[t]))
    largest = _size(ray)
    if not 2.0**-100 < largest < np.inf:
        pool.errors[at] = np.inf
        return
    for t in range(d):
        ray[t] /= largest
        if abs(ray[t]) < _SMALL:
            ray[t] = 0.0
    off = max(_value_error(table, pool, row, u), _value_error(table, pool, row, w))
    error = off / (a + b - 2.0 * off) * distance + 8.0 * UNIT * max(u_size, w_size)
    error = ((error + max(pool.errors[u], pool.errors[w])) / largest + 2.0 * UNIT) * _ABOVE
    known = not lost and 2.0 * off < a + b and error < 0.5  # as one coordinate is +-1, the orientation is right
    pool.errors[at] = error if known else np.inf
    if known and error < _GOOD:
        return
    error = _certify(table, pool, scratch, at)
    if error < pool.errors[at] and (known or _orient(table, pool, first, bits, u, w, at, error)):
        pool.errors[at] = error


@bare_kernel
def _value_error(table, pool, row, i):
    """A bound of the error of the value of a row on a ray: that of `_side`."""
    form, ray, error = table.rows[row], pool.rays[i], pool.errors[i]
    d = len(form)
    n = d - 1
    size = length = 0.0
    for t in range(d):
        size += abs(form[t] * ray[t])
        length += abs(ray[t])
    bound = error * (_form_size(form) + abs(form[n])) + table.errors[row, 0] * (length + n * error)
    return (bound + gamma(d + 1.0) * size + table.errors[row, 1] * (abs(ray[n]) + error)) * _ABOVE


@bare_kernel
def _sharpen(table, pool, scratch, row, start, end):
    """Compute the rays anew whose signs are not proved, and try again; False where one is still not proved."""
    proved = True
    for i in range(start, end):
        if pool.signs[i] != ASK:
            continue
        if 0.0 < pool.errors[i] < 0.5:
            pool.errors[i] = min(pool.errors[i], _certify(table, pool, scratch, i))
            _find_signs(table, pool, row, i, i + 1)
        if pool.signs[i] == ASK:
            proved = False
    return proved


@bare_kernel
def _certify(table, pool, scratch, at):
    """Compute a ray anew from its tight rows; returns its error, or inf and leaves it where that is not less than now.

    Let M have d - 1 of the tight rows and last the unit form of the coordinate k in which the ray is largest, and c be
    the last unit vector.  M times the ray with this coordinate +-1 is +-c.  With any R, beta = |I - R M|_inf < 1 shows
    that M is invertible, and then |g - h|_inf <= |R (c - M h)|_inf / (1 - beta) for M g = c and any h (compare
    `filters.positive_dependency`).  Coordinate k keeps its sign.
    """
    ray, matrix, inverse, chosen = pool.rays[at], scratch.matrix, scratch.inverse, scratch.chosen
    d = len(ray)
    n = d - 1
    many = _list_rows(pool.masks[at], chosen)
    if many < n or (many > n and not _choose(table.rows, scratch, many, n)):
        return np.inf
    pivot = 0
    for t in range(d):
        if abs(ray[t]) > abs(ray[pivot]):
            pivot = t
    for k in range(n):
        for t in range(d):
            matrix[k, t] = inverse[k, t] = table.rows[chosen[k], t]
    for t in range(d):
        matrix[n, t] = inverse[n, t] = 0.0
    matrix[n, pivot] = inverse[n, pivot] = 1.0
    if not invert(inverse, scratch.order):
        return np.inf
    factor = gamma(d + 3.0)
    beta = 0.0
    value, size, found = scratch.vectors[0], scratch.vectors[1], scratch.vectors[2]
    for i in range(d):
        for t in range(d):
            value[t] = size[t] = 0.0
        total = d * TINY
        for k in range(d):
            r = inverse[i, k]
            for t in range(d):
                product = r * matrix[k, t]
                value[t] += product
                size[t] += abs(product)
            if k < n:
                total += abs(r) * (n * table.errors[chosen[k], 0] + table.errors[chosen[k], 1])
        value[i] -= 1.0
        size[i] += 1.0
        for t in range(d):
            total += abs(value[t]) + factor * size[t]
        if not total * _ABOVE < 0.5:
            return np.inf
        beta = max(beta, total * _ABOVE)
    sign = 1.0 if ray[pivot] > 0.0 else -1.0
    for t in range(d):
        found[t] = sign * inverse[t, n]
        if abs(found[t]) < _SMALL:
            found[t] = 0.0
    found[pivot] = sign
    if pool.masks[at, 0] & _ONE != _NONE:
        found[n] = 0.0
    length = 0.0
    for t in range(n):
        length += abs(found[t])
    residual = value
    exact = True
    for k in range(n):
        x = y = 0.0
        for t in range(d):
            product = matrix[k, t] * found[t]
            x += product
            y += abs(product)
        residual[k] = abs(x) + factor * y
        residual[k] += table.errors[chosen[k], 0] * length + table.errors[chosen[k], 1] * abs(found[n])
        if residual[k] != 0.0:
            exact = False
    error = 0.0
    for i in range(d):
        total = 0.0
        for k in range(n):
            total += abs(inverse[i, k]) * residual[k]
        if not total < np.inf:
            return np.inf
        error = max(error, total)
    # without any residual all but one coordinate are 0: a ray of integers
    error = 0.0 if exact else error * _ABOVE / (1.0 - beta) + TINY
    if not error < pool.errors[at]:
        return np.inf
    for t in range(d):
        ray[t] = found[t]
    return error


@bare_kernel
def _list_rows(mask, rows):
    """The numbers of the set bits; returns how many."""
    many = 0
    for word in range(len(mask)):
        rest = mask[word]
        while rest != _NONE:
            lowest = rest & (~rest + _ONE)
            rows[many] = (word << 6) + np.int64(popcount(lowest - _ONE))
            many += 1
            rest ^= lowest
    return many


@bare_kernel
def _choose(rows, scratch, many, n):
    """Move n rows that look independent to the front of `chosen`: Gram-Schmidt, the longest remainder first."""
    work, chosen = scratch.candidates, scratch.chosen
    d = work.shape[1]
    for k in range(many):
        scale = 1.0 / max(_size(rows[chosen[k]]), TINY)
        for t in range(d):
            work[k, t] = rows[chosen[k], t] * scale
    for k in range(n):
        best, length = k, -1.0
        for i in range(k, many):
            square = _dot(work[i], work[i])
            if square > length:
                best, length = i, square
        if not length > 1e-28:
            return False
        chosen[k], chosen[best] = chosen[best], chosen[k]
        for t in range(d):
            work[k, t], work[best, t] = work[best, t], work[k, t]
        for i in range(k + 1, many):
            x = _dot(work[i], work[k]) / length
            for t in range(d):
                work[i, t] -= x * work[k, t]
    return True


@bare_kernel
def _orient(table, pool, first, bits, u, w, at, error):
    """Turn a ray to the side where the cone is; False where no row proves which."""
    masks, ray = pool.masks, pool.rays[at]
    far = masks[at, 0] & _ONE != _NONE
    for word in range(masks.shape[1]):
        rest = masks[u, word] ^ masks[w, word]
        while rest != _NONE:
            lowest = rest & (~rest + _ONE)
            row = (word << 6) + np.int64(popcount(lowest - _ONE))
            rest ^= lowest
            if masks[at, word] & lowest != _NONE:
                continue
            form = table.rows[row]
            side = _side(form, _form_size(form), table.errors[row, 0], table.errors[row, 1], False, ray, error, far)
            if side in (1, -1):
                if (row < first or bits[row - first]) != (side > 0):
                    for t in range(len(ray)):
                        ray[t] = -ray[t]
                return True
    return False


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
        scale = max(1.0, _size(point))
        for i in range(start, end):
            if masks[i, 0] & _ONE != _NONE:
                factor = scale / _size(rays[i])
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
            if not value > bound * _ABOVE:
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
    many = _list_rows(closure, chosen)
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
