"""Windows of a convolution: how many rows they hold, which sizes they cover, and when none can ever suffice.

The window layer Z_P of kernels of size O with stride s has the translates of the kernels that fit in a window of size
P = O + s K: T = K + 1 along each axis.  A convolution layer is a sequence of rows at distance s that acts on the input
continued by zeros or periodically; any T consecutive ones are Z_P on a stretch of the continued input.  So if Z_P is
injective, the outputs determine the continued input wherever windows reach, and that is wherever rows reach: two
neighbouring windows leave no gap, for Z_P has no zero column unless T = 1, when windows are rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import count, product
from typing import Any

from flint import fmpq_poly

from relutheory.core.errors import reject
from relutheory.core.exact import RationalArray, primitive, to_fmpq
from relutheory.networks.convolution import MOST_ENTRIES, Axis, positive_integers

_GROWTH = 4  # without a limit, windows grow to this many times the kernels' size,
_LARGEST = 2 * 10**6  # and to matrices of this many entries


def directions(kernels: RationalArray) -> int:
    """The number of different directions of non-zero kernels: positive multiples of one kernel count once.

    >>> directions(RationalArray([[[1, 2]], [[2, 4]], [[-1, -2]], [[0, 0]]], ndim=3))
    2
    """
    q, *shape = kernels.shape
    found = set()
    for o in range(q):
        entries = [kernels[(o, *index)] for index in product(*map(range, shape))]
        if any(entries):
            found.add(tuple(primitive(entries)))
    return len(found)


def enough_rows(many: int, channels: int, window: Sequence[int], counts: Sequence[int]) -> bool:
    """Whether an injective window layer may have so few rows: floor(many / 2) prod T >= c prod P.

    many : the number of directions of kernels; window : P, counts : T.  Take x = a lam^t for a vector a of R^c and a
    lam > 0 of which no kernel's value <k(lam), a> is zero.  A kernel then has one sign at all positions, and the other
    one for -x; so for one of the two at most half of the kernels are active, anywhere.

    >>> enough_rows(3, 1, [10], [9]), enough_rows(4, 1, [2], [1]), enough_rows(4, 1, [3], [1])
    (False, True, False)
    """
    return many // 2 * math.prod(counts) >= channels * math.prod(window)


def ever_enough(many: int, channels: int, widths: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether `enough_rows` holds for some window.

    T / P = (K + 1) / (O + s K) grows with K towards 1 / s where O > s, is 1 / s where O = s, and is largest for K = 0
    where O < s.  With stride 1 and kernels longer than 1: whether there are at least 2 c + 2 directions.

    >>> ever_enough(3, 1, [2], [1]), ever_enough(4, 1, [2], [1]), ever_enough(2, 1, [1], [1])
    (False, True, True)
    """
    pairs = list(zip(widths, strides, strict=True))
    most = Fraction(many // 2, math.prod(min(k, s) for k, s in pairs))
    return most > channels or (most == channels and all(k <= s for k, s in pairs))


def common_root(kernels: RationalArray) -> bool:
    """Whether kernels of one channel and one axis, as polynomials, have a common root, in 0 and infinity included.

    Then no window layer is injective: with a root r, the real or imaginary part of x_t = r^t is in the kernel of each;
    at 0 or infinity, all kernels begin or end with a zero, and the first or last input of a window meets none.

    >>> common_root(RationalArray([[[1, -3, 2]], [[1, 0, -1]]], ndim=3)), common_root(RationalArray([[[1, 2]]], ndim=3))
    (True, True)
    >>> common_root(RationalArray([[[1, 2]], [[2, 1]]], ndim=3))
    False
    """
    q, _, k = kernels.shape
    rows = [[kernels[o, 0, j] for j in range(k)] for o in range(q)]
    if not any(row[0] for row in rows) or not any(row[-1] for row in rows):
        return True
    divisor = fmpq_poly(0)
    for row in rows:
        divisor = divisor.gcd(fmpq_poly([to_fmpq(v) for v in row]))
    return int(divisor.degree()) > 0


def touched(axis: Axis) -> bool:
    """Whether every input of an axis meets a kernel; one that does not is lost.

    >>> touched(Axis(5, 2, 1, "valid")), touched(Axis(5, 2, 2, "valid"))
    (True, False)
    """
    if axis.count * axis.width < axis.size:
        return False
    if axis.stride <= axis.width:  # kernels abut or overlap: together they meet an interval
        end = axis.stride * (axis.count - 1) - axis.left + axis.width
        around = axis.padding == "circular" and end + axis.left >= axis.size
        return around or end >= axis.size
    met: set[int] = set()
    for j in range(axis.width):
        met.update(axis.inputs(j)[1].tolist())
    return len(met) == axis.size


def covered(axis: Axis, positions: int) -> bool:
    """Whether an injective window with `positions` of a kernel on this axis settles the axis: see the module's text.

    >>> [covered(Axis(n, 2, 1, "valid"), 2) for n in (2, 3)], [covered(Axis(n, 2, 1, "same"), 2) for n in (1, 2)]
    ([False, True], [False, True])
    """
    return axis.count >= positions and touched(axis)


def windows(shape: tuple[int, ...], strides: Sequence[int], window: Any, max_window: Any) -> list[tuple[int, ...]]:
    """The windows to look at, at least one; see `decide_convolution`.  Raises InputError for bad ones."""
    q, c, *widths = shape

    def entries(size: Sequence[int]) -> int:
        counts = [(p - k) // s + 1 for p, k, s in zip(size, widths, strides, strict=True)]
        return q * math.prod(counts) * c * math.prod(size)

    if window is not None:
        if max_window is not None:
            reject("max_window", max_window, "must be None where a window is given")
        sizes = positive_integers(window, "window", len(widths))
        if any(p < k or (p - k) % s for p, k, s in zip(sizes, widths, strides, strict=True)):
            text = "the kernels' size" if max(strides) == 1 else "the kernels' size plus multiples of the stride"
            reject("window", window, f"must be at least {tuple(widths)}, {text}")
        if entries(sizes) > MOST_ENTRIES:
            reject("window", window, f"must give a dense matrix of at most {MOST_ENTRIES} entries")
        return [sizes]
    most = [_GROWTH * k for k in widths]
    if max_window is not None:
        most = list(positive_integers(max_window, "max_window", len(widths)))
        if any(p < k for p, k in zip(most, widths, strict=True)):
            reject("max_window", max_window, f"must be at least the kernels' {tuple(widths)}")
        if entries(most) > MOST_ENTRIES:
            reject("max_window", max_window, f"must give a dense matrix of at most {MOST_ENTRIES} entries")
    steps = min((p - k) // s for p, k, s in zip(most, widths, strides, strict=True))
    every = [tuple(k + s * step for k, s in zip(widths, strides, strict=True)) for step in range(steps + 1)]
    few = every if max_window is not None else [size for size in every if entries(size) <= _LARGEST]
    return few or every[:1]


def obstruction_of(kernels: RationalArray, many: int, strides: tuple[int, ...]) -> str:
    """Why no window layer of these kernels is injective, whatever its size; "" where nothing speaks against it."""
    _, c, *widths = kernels.shape
    if not ever_enough(many, c, widths, strides):
        least = next(q for q in count(many + 1) if ever_enough(q, c, widths, strides))
        return f"fewer than {least} directions of kernels"
    if c == len(widths) == 1 and common_root(kernels):
        return "the kernels have a common root"
    return ""
