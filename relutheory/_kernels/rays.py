"""Rays and forms in float64, each with a bound of its error, and the signs that these prove.

A sign is taken only where the value of a form on a ray exceeds what both errors and the rounding may amount to
(notation and basic bounds: `filters`).

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

ASK = 2  # the sign that was not proved

WHOLE = 2.0**53  # integers below it are floats
ABOVE = 1.0 + 2.0**-10  # rounds up bounds that are sums of positive rounded terms
_SMALL = 2.0**-400
_GOOD = 2.0**-36  # the error of a ray below which it is not computed anew before a sign needs it
_ONE = np.uint64(1)
_NONE = np.uint64(0)


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


@bare_kernel
def make_row(table, row, form, linear, constant, whole):
    """Write a form as a row: integers without common divisor, or floats of size about one."""
    d = len(form)
    out = table.rows[row]
    largest = 0.0
    for t in range(d):
        largest = max(largest, abs(form[t]))
    table.errors[row, 0], table.errors[row, 1] = linear, constant
    table.integral[row] = whole and linear == 0.0 and constant == 0.0 and largest < WHOLE
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
def proved_sign(row, form, linear, constant, integral, ray, error, far):
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
    if integral and error == 0.0 and size < WHOLE:
        bound = 0.0
    else:
        bound = error * form + linear * (length + n * error) + gamma(d + 1.0) * size
        if not far:
            bound += error * abs(row[n]) + constant * (abs(ray[n]) + error)
        bound *= ABOVE
    if value > bound:
        return 1
    if value < -bound:
        return -1
    return 0 if bound == 0.0 else ASK


@bare_kernel
def form_size(row):
    """The sum of the sizes of the entries but the last."""
    total = 0.0
    for t in range(len(row) - 1):
        total += abs(row[t])
    return total


@bare_kernel
def find_signs(table, pool, row, start, end):
    """The signs of a row on the rays of a cone; False where one is not proved."""
    form, linear, constant = table.rows[row], table.errors[row, 0], table.errors[row, 1]
    size, integral = form_size(form), table.integral[row]
    proved = True
    for i in range(start, end):
        far = pool.masks[i, 0] & _ONE != _NONE
        sign = proved_sign(form, size, linear, constant, integral, pool.rays[i], pool.errors[i], far)
        pool.signs[i] = sign
        if sign == ASK:
            proved = False
    return proved


@bare_kernel
def find_edges(pool, edges, shared, least, start, end):
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
def copy_ray(pool, source, target):
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
def largest_entry(x):
    largest = 0.0
    for t in range(len(x)):
        largest = max(largest, abs(x[t]))
    return largest


@bare_kernel
def cross(table, pool, scratch, first, bits, row, u, w, at):
    """The ray where a row vanishes on the edge from u, above, to w, below; its mask is known already.

    In integers where these fit.  Else from its tight rows, unless the interpolation is good enough: with values a and
    -b known up to A and B, the ray is lambda w + (1 - lambda) u for lambda = a / (a + b), which is off by at most
    max(A, B) / (a + b - A - B).
    """
    form, ray_u, ray_w, ray = table.rows[row], pool.rays[u], pool.rays[w], pool.rays[at]
    d = len(form)
    a, b = abs(_dot(form, ray_u)), abs(_dot(form, ray_w))
    u_size, w_size = largest_entry(ray_u), largest_entry(ray_w)
    if table.integral[row] and pool.errors[u] == 0.0 and pool.errors[w] == 0.0:
        largest = largest_entry(form) * d
        if largest * u_size < WHOLE and largest * w_size < WHOLE:
            divisor = float(_gcd(np.int64(a), np.int64(b)))
            a /= divisor
            b /= divisor
            if a * w_size < WHOLE / 2 and b * u_size < WHOLE / 2:
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
    largest = largest_entry(ray)
    if not 2.0**-100 < largest < np.inf:
        pool.errors[at] = np.inf
        return
    for t in range(d):
        ray[t] /= largest
        if abs(ray[t]) < _SMALL:
            ray[t] = 0.0
    off = max(_value_error(table, pool, row, u), _value_error(table, pool, row, w))
    error = off / (a + b - 2.0 * off) * distance + 8.0 * UNIT * max(u_size, w_size)
    error = ((error + max(pool.errors[u], pool.errors[w])) / largest + 2.0 * UNIT) * ABOVE
    known = not lost and 2.0 * off < a + b and error < 0.5  # as one coordinate is +-1, the orientation is right
    pool.errors[at] = error if known else np.inf
    if known and error < _GOOD:
        return
    error = certify(table, pool, scratch, at)
    if error < pool.errors[at] and (known or _orient(table, pool, first, bits, u, w, at, error)):
        pool.errors[at] = error


@bare_kernel
def _value_error(table, pool, row, i):
    """A bound of the error of the value of a row on a ray: that of `side`."""
    form, ray, error = table.rows[row], pool.rays[i], pool.errors[i]
    d = len(form)
    n = d - 1
    size = length = 0.0
    for t in range(d):
        size += abs(form[t] * ray[t])
        length += abs(ray[t])
    bound = error * (form_size(form) + abs(form[n])) + table.errors[row, 0] * (length + n * error)
    return (bound + gamma(d + 1.0) * size + table.errors[row, 1] * (abs(ray[n]) + error)) * ABOVE


@bare_kernel
def sharpen(table, pool, scratch, row, start, end):
    """Compute the rays anew whose signs are not proved, and try again; False where one is still not proved."""
    proved = True
    for i in range(start, end):
        if pool.signs[i] != ASK:
            continue
        if 0.0 < pool.errors[i] < 0.5:
            pool.errors[i] = min(pool.errors[i], certify(table, pool, scratch, i))
            find_signs(table, pool, row, i, i + 1)
        if pool.signs[i] == ASK:
            proved = False
    return proved


@bare_kernel
def certify(table, pool, scratch, at):
    """Compute a ray anew from its tight rows; returns its error, or inf and leaves it where that is not less than now.

    Let M have d - 1 of the tight rows and last the unit form of the coordinate k in which the ray is largest, and c be
    the last unit vector.  M times the ray with this coordinate +-1 is +-c.  With any R, beta = |I - R M|_inf < 1 shows
    that M is invertible, and then |g - h|_inf <= |R (c - M h)|_inf / (1 - beta) for M g = c and any h (compare
    `filters.positive_dependency`).  Coordinate k keeps its sign.
    """
    ray, matrix, inverse, chosen = pool.rays[at], scratch.matrix, scratch.inverse, scratch.chosen
    d = len(ray)
    n = d - 1
    many = list_rows(pool.masks[at], chosen)
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
        if not total * ABOVE < 0.5:
            return np.inf
        beta = max(beta, total * ABOVE)
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
    error = 0.0 if exact else error * ABOVE / (1.0 - beta) + TINY
    if not error < pool.errors[at]:
        return np.inf
    for t in range(d):
        ray[t] = found[t]
    return error


@bare_kernel
def list_rows(mask, rows):
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
        scale = 1.0 / max(largest_entry(rows[chosen[k]]), TINY)
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
            side = proved_sign(
                form, form_size(form), table.errors[row, 0], table.errors[row, 1], False, ray, error, far
            )
            if side in (1, -1):
                if (row < first or bits[row - first]) != (side > 0):
                    for t in range(len(ray)):
                        ray[t] = -ray[t]
                return True
    return False
