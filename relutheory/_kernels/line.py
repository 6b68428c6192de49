"""Piecewise linear functions of one variable, cut at their zeros: values at points, each with an error bound.

The points are the ends of pieces, in order; at infinity a point is a direction, -1 or +1, and its values are slopes.
A value v with bound e stands for a number in [v - e, v + e], and e = 0 says that v is that number.  Between two
neighbouring points all functions are linear, so that values at the points say everything.

u = 2^-53.  Bounds are sums of few positive terms; the factor `_ABOVE` covers what their own rounding loses.

Underflow.  Weights are 0 or in [2^-200, 2^200] in size, which the caller sees to, and values of known signs are 0 or in
[SMALL, LARGE], else `signs` says so.  A value that goes on to the next layer is exact and 0, or at least SMALL, or has
a bound of at least TINY (`_mix`).  So a product lost to underflow, up to 2^-1074, comes with a term of at least 2^-600
in the bound of the sum, and is covered by that bound's factor `_ABOVE`.  Overflow makes bounds infinite or NaN, and
those decide nothing.
"""

from __future__ import annotations

import math

import numpy as np

from relutheory._kernels._jit import bare_kernel, fused_kernel
from relutheory._kernels.filters import UNIT, gamma

SMALL, LARGE = 2.0**-250, 2.0**250
TINY = 2.0**-400
_ABOVE = 1.0 + 2.0**-10
_SPLIT = 2.0**27 + 1.0
UNKNOWN = 2  # in the place of a sign


@fused_kernel
def affine(H, EH, t, Wt, b, growth, V, E, active):
    """Write W H[p] + t[p] b to V[p] and a bound of its error to E[p], for each of the P points.

    H, EH : (P, n) values and bounds; t : (P,), 0 at infinity, else 1; Wt : (n, m) transposed weights, b : (m,);
    growth : gamma(n + 4), see `relutheory._kernels.filters`.  active : (n + 1,) int64 scratch.

    Proof.  With exact weights w', b' and values h', where |w - w'| <= u |w| if floats do not hold the weights,
    |V - (w' h' + b')| <= gamma_(n+1) (|w||h| + |b|) + u (|w||h| + |b|) + (1 + u) |w| EH, in any order of summation,
    fused or not.  E is growth (|w||h| + |b|) + |w| EH; the factor `_ABOVE` is for the last u and for its own sums.
    """
    P, n = H.shape
    m = len(b)
    for p in range(P):
        v, e = V[p], E[p]
        for i in range(m):
            v[i] = t[p] * b[i]
            e[i] = t[p] * (growth * abs(b[i]))
        count = 0
        for j in range(n):
            active[count] = j
            count += H[p, j] != 0.0 or EH[p, j] != 0.0
        k = 0
        while k + 4 <= count:  # four at a time: fewer loads and stores of the sums
            j0, j1, j2, j3 = active[k], active[k + 1], active[k + 2], active[k + 3]
            h0, h1, h2, h3 = H[p, j0], H[p, j1], H[p, j2], H[p, j3]
            g0, g1 = EH[p, j0] + growth * abs(h0), EH[p, j1] + growth * abs(h1)
            g2, g3 = EH[p, j2] + growth * abs(h2), EH[p, j3] + growth * abs(h3)
            w0, w1, w2, w3 = Wt[j0], Wt[j1], Wt[j2], Wt[j3]
            for i in range(m):
                v[i] = v[i] + h0 * w0[i] + h1 * w1[i] + h2 * w2[i] + h3 * w3[i]
                e[i] = e[i] + g0 * abs(w0[i]) + g1 * abs(w1[i]) + g2 * abs(w2[i]) + g3 * abs(w3[i])
            k += 4
        while k < count:
            j = active[k]
            h = H[p, j]
            g = EH[p, j] + growth * abs(h)
            w = Wt[j]
            for i in range(m):
                v[i] += h * w[i]
                e[i] += g * abs(w[i])
            k += 1
        for i in range(m):
            e[i] *= _ABOVE


@bare_kernel
def clear_exact(H, EH, t, growth, weight_unit, bias_unit, E):
    """Set E[p] = 0 where `affine` did not round, for weights that are floats.

    weight_unit, bias_unit : e such that all weights (biases) are multiples of 2^e.  The others as for `affine`.

    Proof.  For exact H[p] one has E[p] >= growth (|W||H[p]| + t |b|).  Let 2^k be above that sum.  If H[p] consists of
    multiples of 2^(k - 53 - weight_unit) and b of multiples of 2^(k - 53), then all partial sums are multiples of
    2^(k - 53) below 2^k in size, hence floats.
    """
    P, n = H.shape
    m = E.shape[1]
    for p in range(P):
        exact = True
        for j in range(n):
            exact &= EH[p, j] == 0.0
        if not exact:
            continue
        size = 0.0
        for i in range(m):
            size = max(size, E[p, i])
        if size == 0.0:
            continue
        size = size / growth * _ABOVE
        if not size < LARGE:
            continue
        k = math.frexp(size)[1]
        if k < -500 or (t[p] != 0.0 and bias_unit < k - 53):
            continue
        scale = math.ldexp(1.0, 53 + weight_unit - k)
        for j in range(n):
            x = H[p, j] * scale
            exact &= x == math.floor(x)
        if exact:
            for i in range(m):
                E[p, i] = 0.0


@bare_kernel
def signs(V, E, S):
    """Write the signs of V +- E to S, UNKNOWN where they are open; returns how many are, -1 for values out of range."""
    P, m = V.shape
    unknown = 0
    wild = 0
    for p in range(P):
        for i in range(m):
            v, e = V[p, i], E[p, i]
            size = abs(v)
            known = size > e or (size == 0.0 and e == 0.0)
            S[p, i] = (np.int8(v > 0.0) - np.int8(v < 0.0)) if known else np.int8(UNKNOWN)
            unknown += not known
            wild += known and (size > LARGE or (size < SMALL and size != 0.0))
    return -1 if wild else unknown


@bare_kernel
def count_cuts(S, start):
    """Write to start[1:] the running numbers of sign changes, piece by piece; returns their total."""
    P, m = S.shape
    total = 0
    start[0] = 0
    for p in range(P - 1):
        found = 0
        for i in range(m):
            found += S[p, i] * S[p + 1, i] == -1
        total += found
        start[p + 1] = total
    return total


@bare_kernel
def order_cuts(S, V, E, same, start, cut, tie, undecided, ratio):
    """The functions that change sign on each piece, in the order of their zeros from left to right.

    same : (m,) int64, equal for functions that are multiples of each other.  Written to: cut, (start[-1],) indices of
    functions; tie, bool, set where a zero is that of the function before it; undecided, (P - 1,) bool, pieces where
    floats do not tell.  ratio : (m,) scratch.

    Between points with values v and w of opposite signs the zero lies the further right, the larger r = |v| / |w|, at
    infinity too.  Two ratios are ordered where the intervals [(|v| - e) / (|w| + f), (|v| + e) / (|w| - f)] are
    disjoint, widened by 8 u for 3 roundings each; between exact values products decide.
    """
    P, m = S.shape
    for p in range(P - 1):
        first, end = start[p], start[p + 1]
        if end == first:
            continue
        k = 0
        for i in range(m):
            if S[p, i] * S[p + 1, i] == -1:
                ratio[k] = abs(V[p, i]) / abs(V[p + 1, i])
                cut[first + k] = i
                k += 1
        _sort(ratio[:k], cut[first:end])
        tie[first] = False
        undecided[p] = False
        for k in range(first + 1, end):
            order = _compared(V[p], E[p], V[p + 1], E[p + 1], cut[k - 1], cut[k], same)
            tie[k] = order == 0
            if order == UNKNOWN:
                undecided[p] = True


@bare_kernel
def _sort(keys, values):
    """Sort both by the keys (Shell's method, gaps 1, 4, 13, ...)."""
    n = len(keys)
    gap = 1
    while gap < n // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, n):
            key, value = keys[k], values[k]
            at = k
            while at >= gap and keys[at - gap] > key:
                keys[at], values[at] = keys[at - gap], values[at - gap]
                at -= gap
            keys[at], values[at] = key, value
        gap //= 3


@bare_kernel
def _compared(v, e, w, f, i, j, same):
    """-1 where the zero of function i is left of that of j, 0 where they coincide, else UNKNOWN."""
    if same[i] == same[j]:
        return 0
    vi, vj, wi, wj = abs(v[i]), abs(v[j]), abs(w[i]), abs(w[j])
    if e[i] == 0.0 and e[j] == 0.0 and f[i] == 0.0 and f[j] == 0.0:
        x, y = vi * wj, vj * wi
        if x != y:
            return -1 if x < y else UNKNOWN
        x, y = _product_error(vi, wj, x), _product_error(vj, wi, y)
        if x != y:
            return -1 if x < y else UNKNOWN
        return 0
    highest = (vi + e[i]) / (wi - f[i]) * (1.0 + 8.0 * UNIT)
    lowest = (vj - e[j]) / (wj + f[j]) * (1.0 - 8.0 * UNIT)
    return -1 if wi > f[i] and highest < lowest else UNKNOWN


@bare_kernel
def _product_error(a, b, product):
    """a b - product, exactly, where product = fl(a b) (Dekker, with Veltkamp's splitting)."""
    c = _SPLIT * a
    a1 = c - (c - a)
    a2 = a - a1
    c = _SPLIT * b
    b1 = c - (c - b)
    b2 = b - b1
    return a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2)


@bare_kernel
def _sum_is_exact(a, b, total):
    """Whether a + b = total, where total = fl(a + b) (Knuth)."""
    c = total - a
    return (a - (total - c)) + (b - c) == 0.0


@bare_kernel
def _weight(v, e, w, f, finite):
    """The zero between two points: (c, 1 - c, bound, exact) with c the coefficient of the second one.

    Values v +- e and w +- f of opposite signs, at points p and q.  The zero is p + c (q - p) with c = v / (v - w) or,
    where q is at infinity, p + c q with c = |v| / |w|.  With the exact v' = v + a and w' = w + b one has c' - c =
    (v b - w a) / ((v - w) (v' - w')) or, at infinity, |c' - c| = |w a - v b| / |w w'|.  The float c adds at most 3 u c.
    """
    x, y = abs(v), abs(w)
    if finite:
        d = x + y
        c = x / d
        rest = y / d
        left = d - (e + f) * _ABOVE
        exact = e == 0.0 and f == 0.0 and _sum_is_exact(x, y, d) and _quotient_is_exact(x, d, c)
    else:
        c = x / y
        rest = 1.0
        left = y - f * _ABOVE
        exact = e == 0.0 and f == 0.0 and _quotient_is_exact(x, y, c)
    # where little is left, rounding may have made most of it
    bound = 0.0
    if not exact:
        if left > 2.0**-20 * (d if finite else y):
            bound = ((e * rest + f * c) / left + 4.0 * UNIT * c) * _ABOVE
        else:
            bound = np.inf
    return c, rest, bound, exact


@bare_kernel
def _quotient_is_exact(x, y, c):
    product = c * y
    return product == x and _product_error(c, y, product) == 0.0


@bare_kernel
def _mix(v, e, w, f, c, rest, bound, finite):
    """The value at the zero of a function with values v +- e at p and w +- f at q, and its bound; see `_weight`.

    For the exact v', w', c' and the exact quotient c of the floats, v' + c' (w' - v') - (v + c (w - v)) =
    (1 - c) (v' - v) + c (w' - w) + (c' - c) (w' - v'); three roundings add at most 4 u (|v| + |w|).  At infinity the
    factors are 1, c and w' instead, and the roundings add 4 u (|v| + c |w|).
    """
    if finite:
        d = w - v
        x = v + c * d
        rounding = abs(v) + abs(w)
        spread = abs(d) + e + f
    else:
        d = w
        x = v + c * w
        rounding = abs(v) + c * abs(w)
        spread = abs(w) + f
    if d == 0.0 and e == 0.0 and f == 0.0:
        return v, 0.0
    return x, (e * rest + f * c + spread * bound + 4.0 * UNIT * rounding) * _ABOVE + TINY


@bare_kernel
def _mix_exactly(v, e, w, f, c, rest, finite):
    """`_mix` for an exact c: the bound is 0 where nothing was rounded."""
    if e == 0.0 and f == 0.0:
        d = w - v if finite else w
        if d == 0.0:
            return v, 0.0
        y = c * d
        x = v + y
        if (
            (not finite or _sum_is_exact(w, -v, d))
            and abs(y) > 2.0**-900
            and _product_error(c, d, y) == 0.0
            and _sum_is_exact(v, y, x)
            and (x == 0.0 or abs(x) >= SMALL)
        ):
            return x, 0.0
    return _mix(v, e, w, f, c, rest, 0.0, finite)


@bare_kernel
def place(S, V, E, place_in, made_in, before, start, cut, tie, layer, H, EH, place_out, made_out, bits, now):
    """The points after the cuts: the ReLU of the functions at them, and the bits of the pieces between them.

    S, V, E : (P, m) signs (none open), values, bounds.  place_in : (P, 3) x, its bound, and 0 at infinity, else 1.
    made_in : (P, 2) layer and function whose zero the point is.  before : (P - 1, n) bits of the functions before.
    start, cut, tie : as from `order_cuts`.  layer : the number to write to made_out.  now : (m,) int8 scratch.  Written
    to, with Q points instead of P: H, EH : (Q, m); place_out : (Q, 3); made_out : (Q, 2); bits : (Q - 1, n + m).

    Signs at a new point need no test: those of the functions not cut there are the ones on either side.
    """
    P, m = S.shape
    q = 0
    for p in range(P):
        for i in range(m):
            positive = S[p, i] > 0
            H[q, i] = V[p, i] if positive else 0.0
            EH[q, i] = E[p, i] if positive else 0.0
        for i in range(3):
            place_out[q, i] = place_in[p, i]
        for i in range(2):
            made_out[q, i] = made_in[p, i]
        q += 1
        if p == P - 1:
            break
        for i in range(m):
            now[i] = S[p, i] if S[p, i] != 0 else S[p + 1, i]
        _write_bits(before, p, now, bits, q - 1)
        k = start[p]
        while k < start[p + 1]:
            first = cut[k]
            end = k + 1
            while end < start[p + 1] and tie[end]:
                first = min(first, cut[end])
                end += 1
            for i in range(k, end):
                now[cut[i]] = 0
            _new_point(V, E, place_in, p, cut[k], now, H, EH, place_out, q)
            made_out[q, 0], made_out[q, 1] = layer, first
            q += 1
            for i in range(k, end):
                now[cut[i]] = S[p + 1, cut[i]]
            _write_bits(before, p, now, bits, q - 1)
            k = end


@bare_kernel
def _write_bits(before, p, now, bits, q):
    n = before.shape[1]
    for i in range(n):
        bits[q, i] = before[p, i]
    for i in range(len(now)):
        bits[q, n + i] = now[i] > 0


@bare_kernel
def _new_point(V, E, place_in, p, zero, sign, H, EH, place_out, q):
    """Point q, where function `zero` vanishes between points p and p + 1; sign : (m,) signs there."""
    a, b = (p, p + 1) if place_in[p, 2] != 0.0 else (p + 1, p)  # a is not at infinity
    finite = place_in[b, 2] != 0.0
    c, rest, bound, exact = _weight(V[a, zero], E[a, zero], V[b, zero], E[b, zero], finite)
    x, e, y, f = place_in[a, 0], place_in[a, 1], place_in[b, 0], place_in[b, 1]
    if exact:
        place_out[q, 0], place_out[q, 1] = _mix_exactly(x, e, y, f, c, rest, finite)
    else:
        place_out[q, 0], place_out[q, 1] = _mix(x, e, y, f, c, rest, bound, finite)
    place_out[q, 2] = 1.0
    for i in range(len(sign)):
        if sign[i] > 0:
            if exact:
                x, e = _mix_exactly(V[a, i], E[a, i], V[b, i], E[b, i], c, rest, finite)
            else:
                x, e = _mix(V[a, i], E[a, i], V[b, i], E[b, i], c, rest, bound, finite)
            H[q, i], EH[q, i] = max(x, 0.0), e
        else:
            H[q, i] = EH[q, i] = 0.0


# The same functions in twice the precision: pairs (h, l) for h + l, where one number with a bound leaves a sign open.
# Sums and products of floats are exact as pairs, but for underflow, which _LOST bounds; what remains is the rounding of
# the small parts, bounded by gamma of their number times the sum T of their sizes.

_LOST = 2.0**-1000


@bare_kernel
def extend_forms(weights, biases, widths, offsets, bits, first, last, forms):
    """The forms a x + c of the neurons of layers first, ..., last, from those of the layers before.

    weights : the weight matrices, row after row, one after the other, layer l from offsets[l] on; biases : (N,);
    widths : the input's and the layers'; bits : (N,), those before the last layer are read.  forms : (N, 6), written
    to: a and its small part, c and its small part, bounds of the errors of a and c.
    """
    start = 0
    for l in range(first):
        start += widths[l + 1]
    for l in range(first, last + 1):
        n, m = widths[l], widths[l + 1]
        for i in range(m):
            at = offsets[l] + i * n
            b = biases[start + i]
            if l == 0:
                forms[i, 0], forms[i, 2] = weights[at], b
                forms[i, 1] = forms[i, 3] = forms[i, 4] = forms[i, 5] = 0.0
                continue
            for part in range(2):
                total, small, size, carried = b if part == 1 else 0.0, 0.0, 0.0, 0.0
                for j in range(n):
                    q = start - n + j
                    w = weights[at + j]
                    if bits[q] and w != 0.0:
                        high, low = forms[q, 2 * part], w * forms[q, 2 * part + 1]
                        x = w * high
                        x_error = _product_error(w, high, x)
                        total, lost = _two_sum(total, x)
                        small += (lost + x_error) + low
                        size += abs(lost) + abs(x_error) + abs(low)
                        carried += abs(w) * forms[q, 4 + part]
                forms[start + i, 2 * part], forms[start + i, 2 * part + 1] = _two_sum(total, small)
                forms[start + i, 4 + part] = (gamma(n + 8.0) * size + carried) * _ABOVE + _LOST
        start += m


@bare_kernel
def _two_sum(a, b):
    """fl(a + b) and its error, exactly (Knuth)."""
    x = a + b
    c = x - a
    return x, (a - (x - c)) + (b - c)


@bare_kernel
def _value(form, x, y):
    """a (x + y) + c as a float, and a bound of what it is off where y and the form's small parts are small."""
    a, a_low, c, c_low = form[0], form[1], form[2], form[3]
    product = a * x
    error = _product_error(a, x, product)
    total, lost = _two_sum(product, c)
    one, two = a * y, a_low * x
    value = total + ((((lost + error) + one) + two) + c_low)
    size = abs(lost) + abs(error) + abs(one) + abs(two) + abs(c_low)
    bound = gamma(8.0) * size + abs(a_low * y) + (abs(x) + abs(y)) * form[4] + form[5]
    return value, (bound + UNIT * abs(value)) * _ABOVE + _LOST


@bare_kernel
def form_zero(form, out):
    """Where the form vanishes: out[0] + out[1], off by at most out[2].

    Proof.  a' z' + c' = 0 gives |z - z'| = |a' z + c'| / |a'|, and `_value` bounds the numerator.
    """
    x = -form[2] / form[0]
    value, _ = _value(form, x, 0.0)
    y = -value / form[0]
    value, bound = _value(form, x, y)
    slope = abs(form[0]) - (abs(form[1]) + form[4]) * _ABOVE
    out[0], out[1] = x, y
    out[2] = (abs(value) + bound) / slope * (_ABOVE * _ABOVE) + _LOST if slope > 2.0**-20 * abs(form[0]) else np.inf


@bare_kernel
def sharpen(forms, point, finite, V, E):
    """Replace V[i] and E[i] by the value of form i at the point, and its bound, where that is smaller.

    forms : (m, 6); point : x, its small part and a bound of its error; at infinity the direction, 0, 0.
    """
    for i in range(len(V)):
        form = forms[i]
        if finite:
            value, bound = _value(form, point[0], point[1])
            bound = (bound + (abs(form[0]) + abs(form[1]) + form[4]) * point[2]) * _ABOVE
        else:
            value, bound = form[0] * point[0], (abs(form[1]) + form[4]) * _ABOVE
        if bound < E[i] and abs(value) >= SMALL:
            V[i], E[i] = value, bound
