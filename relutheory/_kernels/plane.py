"""Depth-first search of the activation regions in the plane: polygons cut by the lines of the neurons.

Vectors of three numbers stand for lines and points: (a, b, c) is the form a x + b y + c, (X, Y, w) the point
(X/w, Y/w) where w > 0, the direction (X, Y) where w = 0.  A polygon is kept by its edges, counterclockwise, each a form
that is positive inside; vertex i lies between edge i - 1 and edge i and is the cross product of their forms, so w > 0.
A neuron cuts the polygon iff its form takes both signs at the vertices.

Error bounds.  u = 2^-53.  In every entry a computed form differs from the exact one by at most e, a computed vertex by
at most d; the largest entries of the computed ones are at most g and s.  Then (fused or not, in any order)

* vertex p x q:   d <= 2 (e_p g_q + g_p e_q + e_p e_q) + 2 gamma_2 g_p g_q,
* form at vertex: error <= 3 (e s + g d + e d) + 3 gamma_3 g s,
* next layer, from rows W and bias b:  e' <= R (e + gamma (g + e)) + gamma B, where R bounds the sums of |W_ij| over a
  row, B the |b_i|, and gamma = gamma_{m+2}, or more where W and b are rounded themselves,

and 2^-1000 more for products that underflow.  Where all numbers are integers below 2^53, there is no error at all.
A sign is certain where the value exceeds its bound.  Where one is not, the search stops and asks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from relutheory._kernels._jit import fused_kernel
from relutheory._kernels.filters import TINY, UNIT

_ABOVE = 1.0 + 2.0**-10  # the bounds are themselves sums of a few rounded terms: rounded up by this
_LARGEST = 2.0**53  # integers up to here are floats
DONE, PAUSED, FULL, GROW, ASK, POINT = range(6)  # why the search came back
_BLOCK = 32  # entries that are compared at once
X, Y, W, D, S, A, B, C, E, G, LABEL, COLUMNS = range(
    12
)  # columns of a polygon: vertex, its d and s, edge, its e and g, label


class Net(NamedTuple):
    """The layers as arrays.

    widths, starts : of the neurons of each layer.  weights, offsets : the transposed weights, layer after layer, and
    where each begins.  biases : of all neurons.  row_sizes, bias_sizes, rounding : R, B and gamma of each layer.
    infinite : edges with labels up to this one lie at infinity.  whole : all weights and biases are integers.
    """

    widths: np.ndarray
    starts: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    biases: np.ndarray
    row_sizes: np.ndarray
    bias_sizes: np.ndarray
    rounding: np.ndarray
    infinite: int
    whole: bool


class Stack(NamedTuple):
    """The polygons that are still to be cut, one per row.

    layer : whose neurons cut it.  neurons : how many of them are undecided, -1 for all; `undecided` names them.
    bits : packed, of all neurons that are decided.  size : number of vertices.  polygons : (corners, COLUMNS), row i is
    vertex i with its d and s, and the edge that begins there with its e and g and its label: a neuron, counted through
    all layers, or negative for walls.  maps : (3, m) the forms of the next layer, as far as this layer is decided.
    """

    layer: np.ndarray
    neurons: np.ndarray
    undecided: np.ndarray
    bits: np.ndarray
    size: np.ndarray
    polygons: np.ndarray
    maps: np.ndarray


class Work(NamedTuple):
    """Forms of each layer on the polygon at hand with their e and g, and scratch.

    state : [top of the stack, whether `signs` holds answers, work left].  signs : (m, vertices) of the undecided
    neurons; 2 where the answer is asked for.
    """

    state: np.ndarray
    forms: np.ndarray
    errors: np.ndarray
    sizes: np.ndarray
    signs: np.ndarray
    kinds: np.ndarray
    ranges: np.ndarray
    bounds: np.ndarray
    cut: np.ndarray
    active: np.ndarray
    polygon: np.ndarray


class Output(NamedTuple):
    """Rows for the regions found; `counts` is [regions, vertices].  `listed`, `facets`, `polygons`: what is wanted."""

    counts: np.ndarray
    patterns: np.ndarray
    points: np.ndarray
    bounded: np.ndarray
    carriers: np.ndarray
    corners: np.ndarray
    owners: np.ndarray
    ends: np.ndarray
    listed: bool
    facets: bool
    polygons: bool


@fused_kernel
def search(net, stack, work, out):
    """Go on with the search until it is done or has a reason to come back, which is returned.

    ASK : entries 2 of `work.signs` are to be replaced by the signs of the undecided neurons of the top polygon.
    POINT : the point of the last region is not known to be inside; its polygon is the row above the top.
    """
    # functions get the arrays they need: a whole tuple would be copied at every call
    last = len(net.widths) - 1
    state, kinds, cut, bounds = work.state, work.kinds, work.cut, work.bounds
    infinite, whole = net.infinite, net.whole
    while state[0] >= 0:
        f = state[0]
        l = stack.layer[f]
        size = stack.size[f]
        if f + 2 > len(stack.layer) or size + 2 > stack.polygons.shape[1]:
            return GROW
        if (out.listed or out.polygons) and out.counts[0] == len(out.ends):
            return FULL
        if out.polygons and out.counts[1] + size > len(out.owners):
            return FULL
        if state[2] <= 0:
            return PAUSED

        # which neurons cut the polygon, and the bits of the others
        polygon, forms, undecided = stack.polygons[f], work.forms[l], stack.undecided[f]
        everything = stack.neurons[f] < 0
        neurons = net.widths[l] if everything else stack.neurons[f]
        state[2] -= 100 + neurons * size
        e, g = work.errors[l], work.sizes[l]
        certain = state[1] == 0 and _find_bounds(polygon, size, e, g, infinite, whole, bounds)
        if certain and everything:
            certain = _classify_all(polygon, size, forms, neurons, bounds, work.ranges, kinds)
        elif certain:
            certain = _classify(polygon, size, forms, undecided, neurons, bounds, kinds)
        if not (certain and _find_cut(polygon, size, forms, undecided, neurons, everything, bounds, kinds, cut)):
            if state[1] == 0 and _find_signs(polygon, size, forms, undecided, neurons, everything, bounds, work.signs):
                return ASK
            _classify_signs(work.signs, neurons, size, kinds, cut)
        state[1] = 0
        start = net.starts[l]
        left = active = 0
        for k in range(neurons):  # without branches: they would be mispredicted half of the time
            j = k if everything else undecided[k]
            undecided[left] = j
            work.active[active] = j
            left += kinds[k] >> 1
            active += kinds[k] & 1
        _set_bits(stack.bits[f], start, work.active, active)
        stack.neurons[f] = left
        if l < last and active:
            state[2] -= active * net.widths[l + 1]
            m, weights = net.widths[l + 1], net.weights[net.offsets[l + 1] :]
            _add_active(stack.maps[f], forms, work.active, active, weights, m)

        if left:  # cut it by the first: the positive part goes on top
            j = undecided[0]
            source, above = work.polygon, f + 1
            _copy_polygon(polygon, source, size)
            stack.size[f] = _half(source, polygon, cut, size, forms, j, -1.0, e, start + j, whole)
            stack.size[above] = _half(source, stack.polygons[above], cut, size, forms, j, 1.0, e, start + j, whole)
            _pass_on(undecided, stack.undecided[above], left - 1)
            stack.neurons[f] = stack.neurons[above] = left - 1
            stack.layer[above] = l
            _copy_bits(stack.bits[f], stack.bits[above])
            _set_bit(stack.bits[above], start + j)
            if l < last:
                m, weights = net.widths[l + 1], net.weights[net.offsets[l + 1] :]
                _copy_maps(stack.maps[f], stack.maps[above], m)
                _add_one(stack.maps[above], forms, j, weights, m)
            state[0] = above
        elif l < last:  # all neurons of the layer are decided
            m = net.widths[l + 1]
            _copy_maps(stack.maps[f], work.forms[l + 1], m)
            work.sizes[l + 1] = size_next = _largest(work.forms[l + 1], work.ranges[0], m)
            work.errors[l + 1] = _next_error(net, e, g, size_next, l + 1)
            stack.layer[f] = l + 1
            stack.neurons[f] = -1
            if l + 1 < last:
                start_maps(net.biases, net.starts, net.widths, l + 2, stack.maps[f])
        else:
            state[0] = f - 1
            row = out.counts[0]
            out.counts[0] = row + 1
            if out.listed or out.polygons:
                _copy_bits(stack.bits[f], out.patterns[row])
            if out.facets:
                _find_carriers(polygon, size, out.carriers[row])
            if out.polygons:
                _write_polygon(polygon, size, out.corners, out.owners, out.counts)
                out.ends[row] = out.counts[1]
            if out.listed:
                out.bounded[row] = _is_bounded(polygon, size, infinite)
                _find_middle(polygon, size, infinite, out.points[row])
                if not _is_inside(polygon, size, infinite, out.points[row]):
                    return POINT
    return DONE


@fused_kernel
def _value(polygon, i, forms, j):
    """The form of neuron j at vertex i."""
    return forms[0, j] * polygon[i, X] + forms[1, j] * polygon[i, Y] + forms[2, j] * polygon[i, W]


@fused_kernel
def _at_infinity(polygon, size, i, infinite):
    """Whether vertex i is at infinity: one of its edges is."""
    return polygon[i, LABEL] <= infinite or polygon[i - 1 if i else size - 1, LABEL] <= infinite


@fused_kernel
def _find_bounds(polygon, size, e, g, infinite, whole, bounds):
    """What the values at each vertex must exceed for their signs to be certain; False where one is not finite.

    A bound 0 says that the value is exact.  At infinity it never is: terms of lower order decide where it is zero.
    """
    certain = True
    for i in range(size):
        d, s = polygon[i, D], polygon[i, S]
        bound = (3.0 * (e * s + g * d + e * d) + 9.0 * UNIT * _ABOVE * (g * s)) * _ABOVE + TINY
        if not 4.0 * (g * s) < np.inf:  # a value may overflow, and would then seem certain
            bound = np.inf
        exact = whole and e == 0.0 and d == 0.0 and 3.0 * (g * s) <= _LARGEST
        bounds[i] = 0.0 if exact and not _at_infinity(polygon, size, i, infinite) else bound
        certain &= bound < np.inf
    return certain


@fused_kernel
def _classify(polygon, size, forms, undecided, neurons, bounds, kinds):
    """Set `kinds` to 0 or 1, the bit, or 2 where the neuron cuts the polygon; False where a sign is uncertain."""
    for k in range(neurons):
        j = undecided[k]
        above = below = False
        for i in range(size):
            v = _value(polygon, i, forms, j)
            if not abs(v) > bounds[i]:
                return False
            above |= v > 0.0
            below |= v < 0.0
        kinds[k] = (2 if below else 1) if above else 0
    return True


@fused_kernel
def _classify_all(polygon, size, forms, m, bounds, ranges, kinds):
    """The same for all neurons of the layer, in vector operations: finite bounds make all values finite."""
    a, b, c = forms[0, :m], forms[1, :m], forms[2, :m]
    high, low, near = ranges[0, :m], ranges[1, :m], ranges[2, :m]
    kinds = kinds[:m]
    for j in range(m):
        high[j] = -np.inf
        low[j] = near[j] = np.inf
    for k in range(0, size, 2):  # two vertices at a time, the last one twice where they are odd
        i = min(k + 1, size - 1)
        x, y, w, bound = polygon[k, X], polygon[k, Y], polygon[k, W], bounds[k]
        p, q, r, limit = polygon[i, X], polygon[i, Y], polygon[i, W], bounds[i]
        for j in range(m):
            v = a[j] * x + b[j] * y + c[j] * w
            u = a[j] * p + b[j] * q + c[j] * r
            more, less = (v, u) if v > u else (u, v)
            high[j] = more if more > high[j] else high[j]
            low[j] = less if less < low[j] else low[j]
            excess, other = abs(v) - bound, abs(u) - limit
            excess = excess if excess < other else other
            near[j] = excess if excess < near[j] else near[j]
    certain = True
    for j in range(m):
        above = high[j] > 0.0
        kinds[j] = above * (1 + (low[j] < 0.0))
        certain &= near[j] > 0.0
    return certain


@fused_kernel
def _find_cut(polygon, size, forms, undecided, neurons, everything, bounds, kinds, cut):
    """Set `cut` to the signs at the vertices of the first neuron that cuts the polygon; False where one is uncertain.

    The value may be rounded otherwise here than where the neuron was found, and is compared with its bound again.
    """
    k = 0
    while k < neurons and kinds[k] != 2:
        k += 1
    if k < neurons:
        j = k if everything else undecided[k]
        for i in range(size):
            v = _value(polygon, i, forms, j)
            if not abs(v) > bounds[i]:
                return False
            cut[i] = 1 if v > 0.0 else -1
    return True


@fused_kernel
def _find_signs(polygon, size, forms, undecided, neurons, everything, bounds, signs):
    """Set `signs` as far as the floats know them; True where one is missing."""
    missing = False
    for i in range(size):
        bound = bounds[i]
        known = bound < np.inf
        for k in range(neurons):
            v = _value(polygon, i, forms, k if everything else undecided[k])
            if known and v > bound:
                signs[k, i] = 1
            elif known and v < -bound:
                signs[k, i] = -1
            elif bound == 0.0:
                signs[k, i] = 0
            else:
                signs[k, i] = 2
                missing = True
    return missing


@fused_kernel
def _classify_signs(signs, neurons, size, kinds, cut):
    """Set `kinds` and `cut` as above, from the signs."""
    for k in range(neurons - 1, -1, -1):
        above = below = False
        for i in range(size):
            above |= signs[k, i] > 0
            below |= signs[k, i] < 0
        kinds[k] = (2 if below else 1) if above else 0
        if kinds[k] == 2:
            for i in range(size):
                cut[i] = signs[k, i]


@fused_kernel
def _set_bit(bits, k):
    bits[k >> 3] |= np.uint8(1 << (k & 7))


@fused_kernel
def _set_bits(bits, start, numbers, count):
    for k in range(count):
        _set_bit(bits, start + numbers[k])


@fused_kernel
def _copy_bits(source, target):
    for k in range(len(source)):
        target[k] = source[k]


@fused_kernel
def _pass_on(undecided, above, count):
    """All but the first undecided neuron remain, for both parts."""
    for k in range(count):
        undecided[k] = undecided[k + 1]
        above[k] = undecided[k]


@fused_kernel
def _add_active(maps, forms, active, count, weights, m):
    """Add active neurons to the forms of the next layer, eight at a time; the m weights of neuron j begin at m j."""
    k = 0
    while k + 8 <= count:
        for t in range(3):
            _add_eight(maps[t, :m], forms[t], active[k : k + 8], weights, m)
        k += 8
    while k < count:
        _add_one(maps, forms, active[k], weights, m)
        k += 1


@fused_kernel
def _add_eight(x, forms, j, weights, m):
    a0, a1, a2, a3 = forms[j[0]], forms[j[1]], forms[j[2]], forms[j[3]]
    a4, a5, a6, a7 = forms[j[4]], forms[j[5]], forms[j[6]], forms[j[7]]
    w0, w1 = weights[m * j[0] : m * j[0] + m], weights[m * j[1] : m * j[1] + m]
    w2, w3 = weights[m * j[2] : m * j[2] + m], weights[m * j[3] : m * j[3] + m]
    w4, w5 = weights[m * j[4] : m * j[4] + m], weights[m * j[5] : m * j[5] + m]
    w6, w7 = weights[m * j[6] : m * j[6] + m], weights[m * j[7] : m * j[7] + m]
    for i in range(m):
        low = x[i] + a0 * w0[i] + a1 * w1[i] + a2 * w2[i] + a3 * w3[i]
        x[i] = low + a4 * w4[i] + a5 * w5[i] + a6 * w6[i] + a7 * w7[i]


@fused_kernel
def _add_one(maps, forms, j, weights, m):
    x, y, z = maps[0, :m], maps[1, :m], maps[2, :m]
    a, b, c = forms[0, j], forms[1, j], forms[2, j]
    row = weights[m * j : m * j + m]
    for i in range(m):
        x[i] += a * row[i]
        y[i] += b * row[i]
        z[i] += c * row[i]


@fused_kernel
def _copy_maps(source, target, m):
    for t in range(3):
        old, new = source[t, :m], target[t, :m]
        for i in range(m):
            new[i] = old[i]


@fused_kernel
def start_maps(biases, starts, widths, l, maps):
    """Set the forms of layer l to its biases: what they are before any active neuron is added."""
    m = widths[l]
    bias = biases[starts[l] : starts[l] + m]
    x, y, z = maps[0, :m], maps[1, :m], maps[2, :m]
    for i in range(m):
        x[i] = 0.0
        y[i] = 0.0
        z[i] = bias[i]


@fused_kernel
def _next_error(net, e, g, size, l):
    """The bound e' for the forms of layer l, which are at most `size`, from e and g of the layer before it."""
    rows, shift, gamma = net.row_sizes[l], net.bias_sizes[l], net.rounding[l]
    if not size < np.inf:
        return np.inf
    if net.whole and e == 0.0 and (rows * g + shift) * _ABOVE <= _LARGEST:
        return 0.0
    return (rows * e + gamma * (rows * (g + e)) + gamma * shift) * _ABOVE + TINY


@fused_kernel
def _largest(forms, scratch, m):
    """The largest |entry| of the forms; infinity where one is not a number."""
    width = min(m, _BLOCK)
    best = scratch[:width]
    for i in range(width):
        best[i] = 0.0
    for t in range(3):
        start = 0
        while start < m:
            begin = min(start, m - width)
            block = forms[t, begin : begin + width]
            for i in range(width):
                v = abs(block[i])
                best[i] = best[i] if v <= best[i] else (v if v < np.inf else np.inf)
            start += width
    size = 0.0
    for i in range(width):
        size = max(size, best[i])
    return size


@fused_kernel
def _copy_polygon(source, target, size):
    for i in range(size):
        for t in range(COLUMNS):
            target[i, t] = source[i, t]


@fused_kernel
def _half(source, target, cut, size, forms, j, side, e, label, whole):
    """Set `target` to the part of the polygon where neuron j has the sign `side`; returns its size."""
    first = 0
    while not (cut[first] == side and cut[first - 1 if first else size - 1] != side):
        first += 1
    before = first - 1 if first else size - 1
    for t in range(COLUMNS):
        target[0, t] = source[before, t]
    count, i = 1, first
    while cut[i] == side:
        for t in range(COLUMNS):
            target[count, t] = source[i, t]
        count += 1
        i = i + 1 if i + 1 < size else 0
    for t in range(5):
        target[count, t] = source[i, t]
    a, b, c = side * forms[0, j], side * forms[1, j], side * forms[2, j]
    target[count, A], target[count, B], target[count, C] = a, b, c
    target[count, E], target[count, G], target[count, LABEL] = e, max(abs(a), abs(b), abs(c)), label
    if cut[before] != 0:  # else the vertex is on the line already
        _meet(target, count, 0, whole)
    if cut[i] != 0:
        _meet(target, count - 1, count, whole)
    return count + 1


@fused_kernel
def _meet(polygon, before, k, whole):
    """Set vertex k to the point where the edge `before` meets edge k."""
    p0, p1, p2, e, g = (
        polygon[before, A],
        polygon[before, B],
        polygon[before, C],
        polygon[before, E],
        polygon[before, G],
    )
    q0, q1, q2, h, s = polygon[k, A], polygon[k, B], polygon[k, C], polygon[k, E], polygon[k, G]
    x, y, w = p1 * q2 - p2 * q1, p2 * q0 - p0 * q2, p0 * q1 - p1 * q0
    polygon[k, X], polygon[k, Y], polygon[k, W] = x, y, w
    if whole and e == 0.0 and h == 0.0 and 2.0 * (g * s) <= _LARGEST:
        polygon[k, D] = 0.0
    else:
        polygon[k, D] = (2.0 * (e * s + g * h + e * h) + 4.0 * UNIT * _ABOVE * (g * s)) * _ABOVE + TINY
    polygon[k, S] = max(abs(x), abs(y), abs(w))  # a NaN may be lost here: then g s is infinite, and so is d


@fused_kernel
def _is_bounded(polygon, size, infinite):
    bounded = True
    for i in range(size):
        bounded &= polygon[i, LABEL] > infinite
    return bounded


@fused_kernel
def _find_carriers(polygon, size, carriers):
    """The neurons on whose lines the edges lie, as bits."""
    for k in range(len(carriers)):
        carriers[k] = 0
    for i in range(size):
        label = np.int64(polygon[i, LABEL])
        if label >= 0:
            _set_bit(carriers, label)


@fused_kernel
def _find_middle(polygon, size, infinite, point):
    """The mean of the vertices, moved by about as much along the directions of those at infinity."""
    x = y = 0.0
    finite = 0
    for i in range(size):
        if not _at_infinity(polygon, size, i, infinite):
            scale = 1.0 / polygon[i, W]
            x += polygon[i, X] * scale
            y += polygon[i, Y] * scale
            finite += 1
    if finite:
        x /= finite
        y /= finite
    if finite < size:
        far = 1.0 + abs(x) + abs(y)
        for i in range(size):
            if _at_infinity(polygon, size, i, infinite):
                scale = far / polygon[i, S]
                x += polygon[i, X] * scale
                y += polygon[i, Y] * scale
    point[0] = x
    point[1] = y


@fused_kernel
def _is_inside(polygon, size, infinite, point):
    """Whether a point is certainly in the interior, where every edge's form is positive; else it is set to NaN."""
    x, y = point[0], point[1]
    s = max(1.0, abs(x), abs(y))
    for i in range(size):
        if polygon[i, LABEL] > infinite:
            v = polygon[i, A] * x + polygon[i, B] * y + polygon[i, C]
            e, g = polygon[i, E], polygon[i, G]
            bound = (3.0 * e * s + 9.0 * UNIT * _ABOVE * (g * s)) * _ABOVE + TINY
            if not (v > bound and bound < np.inf and 4.0 * (g * s) < np.inf):
                point[0] = point[1] = np.nan
                return False
    return True


@fused_kernel
def _write_polygon(polygon, size, corners, owners, counts):
    end = counts[1]
    for i in range(size):
        scale = 1.0 / polygon[i, W]
        corners[end, 0] = polygon[i, X] * scale
        corners[end, 1] = polygon[i, Y] * scale
        owners[end] = np.int32(polygon[i, LABEL])
        end += 1
    counts[1] = end
