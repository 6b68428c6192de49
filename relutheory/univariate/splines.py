"""Free-knot splines by networks of fixed width, exactly: two layers for every q (W - 2) knots.

For W >= 8 let q = floor((W - 2) / 6).  The knots are cut into blocks of N = q (W - 2), and padded to full blocks.  In a
block every q-th knot is a principal one, xi_1 < ... < xi_{W-2}.  The function minus a linear one is a sum of hats that
rise from one knot to the next principal knot xi_j, and fall to 0 at the knot after xi_j: one hat for each knot from
which it rises.  Hats of the same sign with starts 3q apart or a multiple of it do not disturb each other: their sum is
the positive part of one function with kinks at principal knots only.  So the first layer of a block has the nodes
(x - xi_j)_+, the second at most 6q <= W - 2 such positive parts, and the collation channel adds these up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from relutheory.core.errors import reject
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.fixed_width import FixedWidthNetwork, checked_integer, checked_size
from relutheory.univariate.special import SpecialLayer, SpecialNetwork

_ZERO = Fraction(0)
LEAST_WIDTH = 4  # two channels, and two nodes to compute with
TWO_LAYERS_FROM = 8  # the least width at which six classes of hats fit a layer


def spline_depth(n: int, W: int) -> int:
    """The depth with which a network of width W realises every function with n >= 1 breakpoints in (0, 1).

    2 ceil(n / N) with N = q (W - 2) and q = floor((W - 2) / 6) for W >= 8, ceil(n / (W - 2)) for 4 <= W <= 7; that of
    n = 1 for n = 0.  Raises InputError for n < 0 and W < 4.  Source: daubechies2022.

    >>> spline_depth(12, 8), spline_depth(13, 8), spline_depth(5, 4)
    (4, 6, 3)
    """
    n, W = checked_integer("n", n, 0), checked_integer("width", W, LEAST_WIDTH)
    if W < TWO_LAYERS_FROM:
        return -(-max(n, 1) // (W - 2))
    return 2 * -(-max(n, 1) // ((W - 2) // 6 * (W - 2)))


def spline_network(cpwl: CPwL, width: int = 8, *, one_layer: bool = False) -> FixedWidthNetwork:
    """A network of the given width that is equal to a piecewise linear function on [0, 1], exactly.

    cpwl : CPwL; what it is beyond [0, 1] does not matter, and breakpoints without a kink do not count.  width : W >= 4.
    one_layer : take one layer for every W - 2 knots also where W >= 8, as for narrower networks; shallower for W <= 13.
    Returns a FixedWidthNetwork of depth `spline_depth(n, width)`, ceil(max(n, 1) / (W - 2)) with one_layer, where n is
    the number of kinks in (0, 1).
    Raises InputError for another kind of function, for W < 4, and for widths that fill the memory.
    Source: daubechies2022.

    >>> f = CPwL([0, "1/3", "2/3", 1], [0, 1, -1, 5])
    >>> net = spline_network(f, 8)
    >>> net, net.function == f
    (FixedWidthNetwork(width=8, depth=2), True)
    """
    return special_spline_network(cpwl, width, one_layer=one_layer).to_network()


def special_spline_network(cpwl: CPwL, width: int = 8, *, one_layer: bool = False) -> SpecialNetwork:
    """The same as `spline_network`, as a special network: with its source and collation channels.

    >>> special_spline_network(CPwL([0, 1], [2, 3]), 4)
    SpecialNetwork(width=4, depth=1)
    """
    if not isinstance(cpwl, CPwL):
        reject("cpwl", cpwl, "must be a CPwL function")
    W = checked_integer("width", width, LEAST_WIDTH)
    checked_size("width", width, W, 1 if one_layer or W < TWO_LAYERS_FROM else 2)
    if one_layer or W < TWO_LAYERS_FROM:
        return _one_layer_each(Knots.of(cpwl, W - 2), W - 2)
    q = (W - 2) // 6
    knots = Knots.of(cpwl, q * (W - 2))
    blocks = [hat_block(knots, start, q, W - 2) for start in range(0, len(knots.x) - 2, q * (W - 2))]
    return from_blocks(blocks, knots, W - 2)


def shallow_network(cpwl: CPwL, width: int | None = None) -> FixedWidthNetwork:
    """A network with one hidden layer that is equal to a piecewise linear function on [0, 1], exactly.

    cpwl : CPwL.  width : at least the number of kinks in (0, 1) plus 1, which is also the default: a neuron for each
    kink, and one for the slope at 0; further neurons are 0.  A layer of W neurons has at most W kinks.
    Raises InputError for another kind of function and for a smaller width.  Source: daubechies2022.

    >>> shallow_network(CPwL([0, "1/3", "2/3", 1], [0, 1, -1, 5]))
    FixedWidthNetwork(width=3, depth=1)
    """
    if not isinstance(cpwl, CPwL):
        reject("cpwl", cpwl, "must be a CPwL function")
    f = cpwl.simplified().restricted(0, 1)
    x, slopes = f.breakpoints[:-1], f.slopes[1:-1]
    W = len(x) if width is None else checked_integer("width", width, len(x))
    checked_size("width", W, W, 1)
    spare = [_ZERO] * (W - len(x))
    layer = ReLULayer([[1]] * len(x) + [[0]] * len(spare), [*(-p for p in x), *spare])
    weights = [slopes[0], *(after - before for before, after in pairwise(slopes)), *spare]
    return FixedWidthNetwork(ReLUNetwork([layer], readout=AffineMap([weights], [f.values[0]])))


@dataclass(frozen=True)
class Knots:
    """A piecewise linear function minus the linear one through its ends: x_0 = 0 < x_1 < ... < 1, and the values there.

    x : the knots, 0 and 1 included.  y : the values, 0 at both ends.  slope, offset : the linear function taken away.
    """

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]
    slope: Fraction
    offset: Fraction

    @classmethod
    def of(cls, cpwl: CPwL, multiple: int) -> Knots:
        """The kinks in (0, 1), padded to a positive multiple of this number."""
        inner = [x for x in cpwl.simplified().breakpoints if 0 < x < 1]
        x = [_ZERO, *inner, Fraction(1)]
        count = max(len(inner), 1)
        x = padded(x, -(-count // multiple) * multiple - len(inner))
        values = cpwl.values_at(x)
        offset, slope = values[0], values[-1] - values[0]
        return cls(tuple(x), tuple(v - slope * p - offset for p, v in zip(x, values, strict=True)), slope, offset)


def padded(x: list[Fraction], more: int) -> list[Fraction]:
    """`more` further knots in the longest gap, strictly inside it: multiples of a power of 1/2 of its length."""
    if more == 0:
        return x
    gap = max(range(len(x) - 1), key=lambda i: x[i + 1] - x[i])
    step = (x[gap + 1] - x[gap]) / 2 ** more.bit_length()
    return [*x[: gap + 1], *(x[gap] + k * step for k in range(1, more + 1)), *x[gap + 1 :]]


def _one_layer_each(knots: Knots, size: int) -> SpecialNetwork:
    """The nodes (x - x_k)_+, size of them in a layer, with the changes of slope as weights."""
    slopes = [(b - a) / (q - p) for (p, a), (q, b) in pairwise(zip(knots.x, knots.y, strict=True))]
    changes = [after - before for before, after in pairwise(slopes)]
    layers: list[SpecialLayer] = []
    collect: Sequence[Fraction] = ()
    for start in range(0, len(changes), size):
        inner = knots.x[1 + start : 1 + start + size]
        layers.append(SpecialLayer([Fraction(1)] * size, [-p for p in inner], collect=collect))
        collect = changes[start : start + size]
    return SpecialNetwork(layers, collect, knots.slope + slopes[0], knots.offset)


@dataclass(frozen=True)
class Hat:
    """A hat of a block: at principal knot number j (from 1), zero outside (left, right), with this height != 0.

    place : the number in the block of the knot from which it rises, from 0.
    """

    place: int
    j: int
    left: Fraction
    right: Fraction
    height: Fraction


@dataclass(frozen=True)
class Block:
    """The two layers of a block: the principal knots, and the classes of hats, each (sign, sum of its hats)."""

    principal: tuple[Fraction, ...]
    classes: tuple[tuple[int, Clipped], ...]


@dataclass(frozen=True)
class Clipped:
    """The function slope x + constant + sum of changes[j] (x - xi_j)_+ whose positive part is a sum of hats."""

    slope: Fraction
    constant: Fraction
    changes: tuple[Fraction, ...]


def hats(knots: Knots, start: int, q: int, count: int) -> list[Hat]:
    """The hats that rise from the knots start, ..., start + q count - 1, without those of height 0.

    All hats that end by x_{m+1}, m = start + j q, add up to the function before x_m, and fall to 0 after it.
    """
    x, y = knots.x, knots.y
    found = []
    for j in range(1, count + 1):
        peak = start + j * q
        before = _ZERO
        for k in range(peak - q, peak):
            # the hats at the principal knot before have fallen to 0 where the first piece ends
            low = _ZERO if k == peak - q else y[k]
            slope = (y[k + 1] - low) / (x[k + 1] - x[k])
            if slope != before:
                height = (slope - before) * (x[peak] - x[k])
                found.append(Hat(k - start, j, x[k], x[peak + 1], height))
            before = slope
    return found


def hat_block(knots: Knots, start: int, q: int, count: int, *, spacing: int = 3, signed: bool = True) -> Block:
    """The block of q count knots after knot number `start`.

    spacing : hats of a class are `spacing` principal knots apart, or a multiple.  signed : hats of different sign are
    in different classes.  The construction needs 3 and True; other values are there to show it.
    """
    principal = tuple(knots.x[start + j * q] for j in range(1, count + 1))
    classes: dict[tuple[int, int], list[Hat]] = {}
    for hat in hats(knots, start, q, count):
        sign = -1 if signed and hat.height < 0 else 1
        classes.setdefault((hat.place % (spacing * q), sign), []).append(hat)
    return Block(principal, tuple((sign, clipped(members, principal, sign)) for (_, sign), members in classes.items()))


def clipped(members: Sequence[Hat], principal: Sequence[Fraction], sign: int) -> Clipped:
    """The function with kinks at principal knots that is a hat near each peak, and not positive elsewhere."""
    first_slope = last_slope = _ZERO
    points: dict[int, Fraction] = {}  # values at some principal knots, by number; linear between them
    for hat in members:
        top, height = principal[hat.j - 1], sign * hat.height
        rise, fall = height / (top - hat.left), -height / (hat.right - top)
        if hat.j > 1:
            points[hat.j - 1] = height + rise * (principal[hat.j - 2] - top)
        else:
            first_slope = rise
        points[hat.j] = height
        if hat.j < len(principal):
            points[hat.j + 1] = height + fall * (principal[hat.j] - top)
        else:
            last_slope = fall
    places = sorted(points)
    ends = [(principal[j - 1], points[j]) for j in places]
    slopes = [first_slope, *((b - a) / (q - p) for (p, a), (q, b) in pairwise(ends)), last_slope]
    changes = [_ZERO] * len(principal)
    for j, (before, after) in zip(places, pairwise(slopes), strict=True):
        changes[j - 1] = after - before
    x, value = ends[0]
    return Clipped(first_slope, value - first_slope * x, tuple(changes))


def from_blocks(blocks: Sequence[Block], knots: Knots, size: int) -> SpecialNetwork:
    """The special network with two layers per block, of `size` computing nodes or as many as there are classes."""
    size = max(size, *(len(block.classes) for block in blocks))
    nothing = (_ZERO,) * size
    layers: list[SpecialLayer] = []
    collect: tuple[Fraction, ...] = ()
    for block in blocks:
        spare = (_ZERO,) * (size - len(block.principal))
        first = [Fraction(1)] * len(block.principal) + list(spare)
        layers.append(SpecialLayer(first, [*(-p for p in block.principal), *spare], collect=collect))
        rest = size - len(block.classes)
        rows = [(*function.changes, *spare) for _, function in block.classes] + [nothing] * rest
        source = [function.slope for _, function in block.classes] + [_ZERO] * rest
        bias = [function.constant for _, function in block.classes] + [_ZERO] * rest
        layers.append(SpecialLayer(source, bias, rows))
        collect = (*(Fraction(sign) for sign, _ in block.classes), *(_ZERO,) * rest)
    return SpecialNetwork(layers, collect, knots.slope, knots.offset)
