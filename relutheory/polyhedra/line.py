"""Networks of one input: their activation regions are the pieces between breakpoints, in linear time of their number.

Layer by layer, the pieces so far are known by the values of all neurons at their ends; a neuron cuts a piece where its
values there have opposite signs, and all values at the cut are interpolated.  Every value is a float with an error
bound, 0 where no rounding took place (`relutheory._kernels.line`).  A sign that the bounds leave open is taken from
forms in twice the precision, or from exact forms, and what lies beyond the floats' range goes to the exact tree.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory._kernels import line as kernels
from relutheory._kernels.filters import gamma
from relutheory.activation.patterns import layers_of
from relutheory.core.errors import reject
from relutheory.core.exact import RationalArray, nearest_float, odd_parts, rational, to_fmpq
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.polyhedra.batch import RegionBatch, pack
from relutheory.polyhedra.cones import cone_over
from relutheory.polyhedra.exact_tree import exact_regions

_WIDEST = 2.0**200  # weights are 0 or between the inverse of this and this, else the exact tree does it all
_VALUES = 2**16  # numbers in an array of the layers' work: what a cache holds
_MOST = 2**25  # breakpoints in one answer: more would fill the memory
_END = -1  # in the place of a layer: the point is the domain's low (0) or high (1) end, or lies at infinity


def line_regions(
    layers: tuple[ReLULayer, ...],
    domain: Polyhedron | None = None,
    *,
    listed: bool = True,
    facets: bool = False,
    batch: int = 65536,
) -> Iterator[RegionBatch]:
    """The activation regions of layers with one input, from left to right, in batches of at most `batch`."""
    search = _Search(layers, domain)
    for count, pieces in search.run(batch, listed=listed):
        if pieces is None:
            yield RegionBatch(count)
        else:
            for start in range(0, count, batch):
                yield _batch(search, pieces.part(start, start + batch), facets)


class Breakpoints:
    """The ends of the activation regions of a network of one input, in increasing order; made by `breakpoints`.

    floats, error : (k,) float64, each breakpoint lies within `error` of its float; 0 says that it is the float, and
    infinity that no float is near.  `len` is k.  Piece i lies left of breakpoint i, piece k right of all.
    """

    def __init__(self, forms: _Forms, floats: np.ndarray, error: np.ndarray, made: np.ndarray, patterns: np.ndarray):
        self.floats = floats
        self.error = error
        self._forms = forms
        self._made = made
        self._patterns = patterns  # of the k + 1 pieces

    def __len__(self) -> int:
        return len(self.floats)

    def exact(self, i: int) -> Fraction:
        """Breakpoint i."""
        i = range(len(self))[i]
        return rational(self._forms.zero(self._made[i], self._bits(i)))

    def piece(self, i: int) -> tuple[list[Fraction], list[Fraction]]:
        """The slopes and offsets of the network's outputs on piece i, each x -> slope x + offset there."""
        i = range(len(self) + 1)[i]
        slope, offset = zip(*self._forms.output(self._bits(i)), strict=True)
        return [rational(v) for v in slope], [rational(v) for v in offset]

    def _bits(self, i: int) -> np.ndarray:
        return np.unpackbits(self._patterns[i], count=self._forms.neurons, bitorder="little")


def breakpoints(net: ReLUNetwork | ReLULayer, domain: Polyhedron | None = None) -> Breakpoints:
    """All breakpoints between the activation regions of a network of one input, those in the domain's interior.

    net : ReLUNetwork or ReLULayer with one input; domain : an interval as a Polyhedron or Box, None for the whole line.
    Raises InputError where the network has more inputs, where the domain has no interior, or for over 2^25 breakpoints.

    >>> tent = ReLULayer([[1], [1]], [0, "-1/3"])
    >>> points = breakpoints(tent)
    >>> [str(points.exact(i)) for i in range(len(points))], [str(v) for v in points.piece(2)[1]]
    (['0', '1/3'], ['0', '-1/3'])
    """
    layers = layers_of(net)
    readout = net.readout if isinstance(net, ReLUNetwork) else None
    inputs = net.input_dim if isinstance(net, ReLUNetwork) else net.n
    if inputs != 1:
        reject("net", net, "must have one input")
    if domain is not None and (not isinstance(domain, Polyhedron) or domain.n != 1):
        reject("domain", domain, "must be a Box or Polyhedron in R^1, or None")
    if not layers:  # an affine map
        cone_over(domain, 1)
        none = np.zeros(0)
        return Breakpoints(_Forms((), readout), none, none, np.zeros((0, 2), np.int64), np.zeros((1, 0), np.uint8))
    search = _Search(layers, domain, readout)
    # of each part the ends of the pieces on their right; the last one is the domain's
    parts, count = [], 0
    for _, part in search.run():
        if part is not None:
            parts.append((part.place[1:, :2], part.made[1:], pack(part.bits, search.forms.neurons)))
            count += len(part.bits)
        if count > _MOST + 1:  # pieces, one more than there are breakpoints
            reject("net", net, f"has more than {_MOST} breakpoints there: ask about a shorter interval")
    place, made, patterns = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    points = Breakpoints(search.forms, place[:-1, 0].copy(), place[:-1, 1].copy(), made[:-1], patterns)
    for i in np.flatnonzero(~np.isfinite(points.error)).tolist():
        points.floats[i], points.error[i] = _float(points.exact(i))
    return points


@dataclass(frozen=True)
class _Pieces:
    """P - 1 neighbouring pieces, and the P points that are their ends.

    place : (P, 3), the float x, a bound of its error, and 1; at infinity -1 or 1, 0 and 0.  made : (P, 2) the layer and
    the neuron that vanishes at the point.  bits : (P - 1, neurons of the first layers).  H, EH : (P, width) the values
    of the last of these layers at the points (at infinity: slopes) and their bounds.
    """

    place: np.ndarray
    made: np.ndarray
    bits: np.ndarray
    H: np.ndarray
    EH: np.ndarray

    def part(self, start: int, end: int) -> _Pieces:
        """Pieces start, ..., end - 1."""
        points = slice(start, end + 1)
        return _Pieces(self.place[points], self.made[points], self.bits[start:end], self.H[points], self.EH[points])


@dataclass(frozen=True)
class _Cuts:
    """What layer k does to pieces: the signs S of its neurons at the points, their values V +- E, and the cuts.

    The neurons cut[start[p]], ..., cut[start[p + 1] - 1] vanish inside piece p, from left to right; tie[c] says that
    cut[c] vanishes where cut[c - 1] does.
    """

    S: np.ndarray
    V: np.ndarray
    E: np.ndarray
    start: np.ndarray
    cut: np.ndarray
    tie: np.ndarray

    @property
    def points(self) -> int:
        """The number of points that are added."""
        return len(self.tie) - int(np.count_nonzero(self.tie))


class _Search:
    """Depth first through the layers, with as many pieces at a time as make good work for the kernels."""

    def __init__(self, layers: Sequence[ReLULayer], domain: Polyhedron | None, readout: AffineMap | None = None):
        self.layers = tuple(layers)
        self.low, self.high = _interval(domain)
        self.forms = _Forms(self.layers, readout, (self.low, self.high))
        self.fast = all(_fits(layer.weight) and _fits(layer.bias) for layer in self.layers)
        self.steps = [_Step(layer) for layer in self.layers] if self.fast else []
        twice = self.fast and all(step.exact for step in self.steps)
        self.twice = _Twice(self.layers, (self.low, self.high)) if twice else None
        self.most = max(64, _VALUES // max(layer.m + layer.n for layer in self.layers))

    def run(self, batch: int = 65536, *, listed: bool = True) -> Iterator[tuple[int, _Pieces | None]]:
        """All pieces from left to right, in parts, each with its size; the sizes alone where not `listed`."""
        size = most = max(1, min(self.most, batch))
        stack = [(0, self._start())]
        while stack:
            k, pieces = stack.pop()
            if k == len(self.layers):
                yield len(pieces.bits), pieces
                continue
            if len(pieces.bits) > size:
                stack.append((k, pieces.part(size, len(pieces.bits))))
                pieces = pieces.part(0, size)
            cuts, exact = self._cuts(k, pieces)
            # exact arithmetic is slow: what takes it comes in small parts
            size = max(1, size // 2) if exact > 16 else min(2 * size, most) if exact == 0 else size
            if cuts is None:
                for p in range(len(pieces.bits)):
                    found = self._exactly(pieces.part(p, p + 1))
                    yield len(found.bits), found if listed else None
            elif k == len(self.layers) - 1 and not listed:
                yield len(pieces.bits) + cuts.points, None
            else:
                stack.append((k + 1, _placed(k, pieces, cuts)))

    def _start(self) -> _Pieces:
        """The domain, cut at the zero of a neuron where it is a line, so that every piece has an end."""
        none = np.zeros(0, np.uint8)
        ends = [(-1, 0) if self.low is None else (self.low, 1), (1, 0) if self.high is None else (self.high, 1)]
        made = np.array([[_END, 0], [_END, 1]])
        sloped = [j for j, (a, _) in enumerate(self.forms.of(0, none)) if a]
        if self.low is None and self.high is None and sloped:
            made = np.insert(made, 1, [0, sloped[0]], axis=0)
            ends.insert(1, (rational(self.forms.zero(made[1], none)), 1))
        place = np.array([(*_float(Fraction(x)), t) for x, t in ends])
        return _Pieces(place, made, np.zeros((len(made) - 1, 0), np.uint8), place[:, :1].copy(), place[:, 1:2].copy())

    def _cuts(self, k: int, pieces: _Pieces) -> tuple[_Cuts | None, int]:
        """The cuts that layer k makes, None where numbers leave the floats' range; how often it took exact forms."""
        if not self.fast or not _in_range(k, pieces.place):
            return None, 0
        V, E = self.steps[k].values(pieces)
        S = np.empty(V.shape, np.int8)
        exact = 0
        unknown = kernels.signs(V, E, S)
        if unknown > 0 and self.twice is not None:
            rows = np.flatnonzero((S == kernels.UNKNOWN).any(axis=1)).tolist()
            exact += len(rows) // 16  # which are so much faster
            for p in rows:
                self.twice.sharpen(k, pieces, p, V[p], E[p])
            unknown = kernels.signs(V, E, S)
        if unknown > 0:
            rows = np.flatnonzero((S == kernels.UNKNOWN).any(axis=1)).tolist()
            exact += len(rows)
            for p in rows:
                # the others are known as well as floats can, where they were looked at in twice the precision
                columns = np.flatnonzero(S[p] == kernels.UNKNOWN) if self.twice is not None else np.arange(len(S[p]))
                V[p, columns], E[p, columns] = self._values_exactly(k, pieces, p, columns)
            unknown = kernels.signs(V, E, S)
        if unknown:
            return None, exact
        start = np.empty(len(S), np.int64)
        total = kernels.count_cuts(S, start)
        cut, tie, undecided = np.empty(total, np.int64), np.empty(total, np.bool_), np.zeros(len(S) - 1, np.bool_)
        kernels.order_cuts(S, V, E, self.steps[k].same, start, cut, tie, undecided, np.empty(len(self.steps[k].b)))
        for p in np.flatnonzero(undecided).tolist():
            here = slice(start[p], start[p + 1])
            order = self.twice.order(k, pieces, p, cut[here]) if self.twice is not None else None
            if order is not None:
                cut[here], tie[here] = order, False
            else:
                cut[here], tie[here] = self._order_exactly(k, pieces, p, cut[here])
                exact += 1
        return _Cuts(S, V, E, start, cut, tie), exact

    def _values_exactly(self, k: int, pieces: _Pieces, p: int, neurons: np.ndarray) -> tuple[list[float], list[float]]:
        """The floats nearest to values of layer k at point p, and their bounds; writes those of x too."""
        forms = self.forms.of(k, pieces.bits[min(p, len(pieces.bits) - 1)])
        t = int(pieces.place[p, 2])
        x = self._x(pieces, p) if t else fmpq(int(pieces.place[p, 0]))
        if t:
            pieces.place[p, :2] = _float(rational(x))
        found = [_float(rational(forms[j][0] * x + forms[j][1] * t)) for j in neurons.tolist()]
        return [v for v, _ in found], [e for _, e in found]

    def _order_exactly(self, k: int, pieces: _Pieces, p: int, cut: np.ndarray) -> tuple[list[int], list[bool]]:
        """The neurons `cut` in the order of their zeros, and whether each vanishes where the one before does."""
        forms = self.forms.of(k, pieces.bits[p])
        zeros = sorted((-forms[j][1] / forms[j][0], j) for j in cut.tolist())
        return [j for _, j in zeros], [False, *(x == y for (x, _), (y, _) in pairwise(zeros))]

    def _x(self, pieces: _Pieces, p: int) -> fmpq:
        """Point p, which is not at infinity."""
        return self.forms.zero(pieces.made[p], pieces.bits[min(p, len(pieces.bits) - 1)])

    def _exactly(self, piece: _Pieces) -> _Pieces:
        """All pieces of one piece, from the exact tree."""
        ends = [rational(self._x(piece, p)) if piece.place[p, 2] else None for p in (0, 1)]
        rows = [(sign, sign * end) for sign, end in zip((-1, 1), ends, strict=True) if end is not None]
        domain = Polyhedron([[a] for a, _ in rows], [c for _, c in rows]) if rows else None
        regions = sorted(exact_regions(self.layers, domain), key=lambda region: region.interior_point())
        place, made = [piece.place[0]], [piece.made[0]]
        starts = self.forms.starts
        for left, right in pairwise(regions):
            neuron = next(i for i, (a, b) in enumerate(zip(left.bits, right.bits, strict=True)) if a != b)
            layer = int(np.searchsorted(starts, neuron, side="right")) - 1
            place.append(np.array([*_float(max(left.cone.vertices())[0]), 1.0]))
            made.append(np.array([layer, neuron - starts[layer]]))
        bits = np.array([region.bits for region in regions], dtype=np.uint8)
        none = np.zeros((len(place) + 1, 0))
        return _Pieces(np.array([*place, piece.place[1]]), np.array([*made, piece.made[1]]), bits, none, none)


class _Step:
    """A layer as the kernels take it."""

    def __init__(self, layer: ReLULayer) -> None:
        self.Wt = np.array(layer.W.T, order="C")
        self.b = layer.b.copy()
        self.exact = layer.weight.floats_exact and layer.bias.floats_exact
        self.growth = gamma(layer.n + 4.0)
        self.units = _unit(layer.W), _unit(layer.b)
        self.same = _multiples(layer)
        self.active = np.empty(layer.n + 1, np.int64)

    def values(self, pieces: _Pieces) -> tuple[np.ndarray, np.ndarray]:
        """The pre-activations at the points and their error bounds."""
        t = pieces.place[:, 2]
        V, E = (np.empty((len(t), len(self.b))) for _ in range(2))
        kernels.affine(pieces.H, pieces.EH, t, self.Wt, self.b, self.growth, V, E, self.active)
        if self.exact:
            kernels.clear_exact(pieces.H, pieces.EH, t, self.growth, *self.units, E)
        return V, E


class _Twice:
    """The forms of the neurons in twice the precision of floats, for points whose signs one number leaves open."""

    def __init__(self, layers: Sequence[ReLULayer], ends: tuple[Fraction | None, Fraction | None]) -> None:
        self.weights = np.concatenate([layer.W.ravel() for layer in layers])
        self.biases = np.concatenate([layer.b for layer in layers])
        self.widths = np.array([layers[0].n, *(layer.m for layer in layers)])
        self.offsets = np.cumsum([0, *(layer.W.size for layer in layers)])
        self.starts = np.cumsum([0, *self.widths[1:]])
        self.ends = [
            np.array(_pair(end) if end is not None else (sign, 0.0, 0.0))
            for sign, end in zip((-1, 1), ends, strict=True)
        ]
        self.forms = np.zeros((len(self.biases), 6))
        self.known = 0  # layers whose forms are there, for the bits:
        self.bits = np.zeros(len(self.biases), np.uint8)

    def sharpen(self, k: int, pieces: _Pieces, p: int, V: np.ndarray, E: np.ndarray) -> None:
        """Overwrite the values V of layer k at point p, and their bounds E, by better ones; those of x too."""
        self._extend(k, pieces.bits[min(p, len(pieces.bits) - 1)])
        forms = self.forms[self.starts[k] : self.starts[k + 1]]
        kernels.sharpen(forms, self.locate(pieces, p), bool(pieces.place[p, 2]), V, E)

    def locate(self, pieces: _Pieces, p: int) -> np.ndarray:
        """Point p as x + y within e; overwrites the float x of the pieces where this is better."""
        layer, neuron = pieces.made[p].tolist()
        if layer == _END:
            return self.ends[neuron]
        self._extend(layer, pieces.bits[min(p, len(pieces.bits) - 1)])
        point = np.empty(3)
        kernels.form_zero(self.forms[self.starts[layer] + neuron], point)
        error = (abs(point[1]) + point[2]) * (1.0 + 2.0**-10)
        if error < math.inf and not error >= pieces.place[p, 1]:  # which may be NaN
            pieces.place[p, :2] = point[0], error
        return point

    def order(self, k: int, pieces: _Pieces, p: int, cut: np.ndarray) -> list[int] | None:
        """The neurons `cut` of layer k in the order of their zeros on piece p, None where this does not tell."""
        self._extend(k, pieces.bits[p])
        point = np.empty(3)
        zeros = []
        for j in cut.tolist():
            kernels.form_zero(self.forms[self.starts[k] + j], point)
            if not np.isfinite(point).all():
                return None
            x, y, e = (Fraction(v) for v in point.tolist())
            zeros.append((x + y, e, j))
        zeros.sort()
        known = all(x + e < y - f for (x, e, _), (y, f, _) in pairwise(zeros))
        return [j for _, _, j in zeros] if known else None

    def _extend(self, k: int, bits: np.ndarray) -> None:
        """Make the forms of layer k those for the bits of the layers before it."""
        bits = bits[: self.starts[k]]
        changed = np.flatnonzero(self.bits[: len(bits)] != bits)
        if len(changed):
            self.known = min(self.known, int(np.searchsorted(self.starts, changed[0], side="right")))
            self.bits[: len(bits)] = bits
        if self.known <= k:
            known = self.weights, self.biases, self.widths, self.offsets
            kernels.extend_forms(*known, self.bits, self.known, k, self.forms)
            self.known = k + 1


def _pair(value: Fraction) -> tuple[float, float, float]:
    """(x, y, e) with x + y within e of the value."""
    x = nearest_float(value)
    if math.isinf(x):
        return x, 0.0, math.inf
    y = nearest_float(value - Fraction(x))
    rest = abs(value - Fraction(x) - Fraction(y))
    return x, y, nearest_float(rest * 2) + kernels.TINY if rest else 0.0


class _Forms:
    """The exact forms a x + c of the neurons, where the layers before them have given bits."""

    def __init__(
        self,
        layers: Sequence[ReLULayer],
        readout: AffineMap | None = None,
        ends: tuple[Fraction | None, Fraction | None] = (None, None),
    ) -> None:
        self.maps = (*layers, readout) if readout is not None else tuple(layers)
        self.starts = [0, *accumulate(layer.m for layer in layers)]
        self.neurons = self.starts[-1]
        self.ends = ends
        self.known: list[tuple[bytes, list[tuple[fmpq, fmpq]]]] = []  # per layer: bits before it, its forms

    def of(self, k: int, bits: np.ndarray) -> list[tuple[fmpq, fmpq]]:
        """The pairs (a, c) of layer k, or of the read-out; bits : of all layers before, at least."""
        for j, this in enumerate(self.maps[: k + 1]):
            key = bits[: self.starts[j]].tobytes()
            if j < len(self.known) and self.known[j][0] == key:
                continue
            if j == 0:
                slopes, offsets = this.weight.fmpq.entries(), this.bias.fmpq.entries()
            else:
                values = self._after(j - 1, bits)
                product = this.weight.fmpq * fmpq_mat(len(values), 2, [v for pair in values for v in pair])
                slopes, offsets = product.entries()[::2], product.entries()[1::2]
                offsets = [v + c for v, c in zip(offsets, this.bias.fmpq.entries(), strict=True)]
            self.known[j:] = [(key, list(zip(slopes, offsets, strict=True)))]
        return self.known[k][1]

    def _after(self, k: int, bits: np.ndarray) -> list[tuple[fmpq, fmpq]]:
        """The forms of layer k after its ReLU, where those before it are known."""
        active = bits[self.starts[k] : self.starts[k + 1]].tolist()
        return [form if bit else (fmpq(0), fmpq(0)) for form, bit in zip(self.known[k][1], active, strict=True)]

    def output(self, bits: np.ndarray) -> list[tuple[fmpq, fmpq]]:
        """The forms of the network's outputs."""
        k = len(self.maps) - 1
        forms = self.of(k, bits)
        return forms if isinstance(self.maps[k], AffineMap) else self._after(k, bits)

    def zero(self, made: np.ndarray, bits: np.ndarray) -> fmpq:
        """The point, not at infinity, where neuron made[1] of layer made[0] vanishes."""
        k, neuron = made.tolist()
        if k == _END:
            end = self.ends[neuron]
            assert end is not None
            return to_fmpq(end)
        a, c = self.of(k, bits)[neuron]
        return -c / a


def _placed(k: int, pieces: _Pieces, cuts: _Cuts) -> _Pieces:
    """The pieces after the cuts."""
    P, m = cuts.S.shape
    Q = P + cuts.points
    place, made = np.empty((Q, 3)), np.empty((Q, 2), np.int64)
    H, EH = np.empty((Q, m)), np.empty((Q, m))
    bits = np.empty((Q - 1, pieces.bits.shape[1] + m), np.uint8)
    known = (cuts.S, cuts.V, cuts.E, pieces.place, pieces.made, pieces.bits, cuts.start, cuts.cut, cuts.tie)
    kernels.place(*known, k, H, EH, place, made, bits, np.empty(m, np.int8))
    return _Pieces(place, made, bits, H, EH)


def _batch(search: _Search, pieces: _Pieces, facets: bool) -> RegionBatch:
    forms = search.forms
    points, inside = _middles(pieces.place)
    if search.twice is not None and not inside.all():
        for p in np.flatnonzero(~inside).tolist():
            search.twice.locate(pieces, p)
            search.twice.locate(pieces, p + 1)
        points, inside = _middles(pieces.place)
    exact: dict[int, tuple[Fraction, ...]] = {}
    for p in np.flatnonzero(~inside).tolist():
        low, high = (_end(forms, pieces, p, q) for q in (p, p + 1))
        if low is None or high is None:
            middle = low + 1 if low is not None else high - 1 if high is not None else Fraction(0)
        else:
            middle = (low + high) / 2
        points[p] = nearest_float(middle)
        if not math.isfinite(points[p]) or not _between(low, Fraction(points[p]), high):
            points[p] = math.nan
            exact[p] = (middle,)
    finite = pieces.place[:, 2] != 0.0
    return RegionBatch(
        len(pieces.bits),
        pack(pieces.bits, forms.neurons),
        points[:, None],
        finite[:-1] & finite[1:],
        _facets(forms, pieces) if facets else None,
        exact or None,
    )


def _end(forms: _Forms, pieces: _Pieces, p: int, q: int) -> Fraction | None:
    """Point q, an end of piece p; None at infinity."""
    if pieces.place[q, 2] == 0.0:
        return None
    return rational(forms.zero(pieces.made[q], pieces.bits[p]))


def _between(low: Fraction | None, x: Fraction, high: Fraction | None) -> bool:
    return (low is None or low < x) and (high is None or x < high)


def _middles(place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) floats, and which of them are proved to lie inside their pieces.

    For floats fl(x - y) is exact or off by a factor in [1 - u, 1 + u], so that fl(x - y) > (1 + 8 u) e gives x - y > e.
    """
    x, e, t = place.T
    low, high = x[:-1], x[1:]
    from_low, to_high = t[:-1] != 0.0, t[1:] != 0.0
    with np.errstate(all="ignore"):
        step = np.maximum(1.0, abs(np.where(from_low, low, high)))
        middle = np.where(
            from_low, np.where(to_high, low / 2 + high / 2, low + step), np.where(to_high, high - step, 0.0)
        )
        margin = e * (1.0 + 8.0 * kernels.UNIT)
        inside = (~from_low | (middle - low > margin[:-1])) & (~to_high | (high - middle > margin[1:]))
    return middle, inside & np.isfinite(middle)


def _facets(forms: _Forms, pieces: _Pieces) -> np.ndarray:
    """The neurons that vanish at the ends, as patterns."""
    layer, neuron = pieces.made.T
    index = np.where(layer == _END, forms.neurons, np.array([*forms.starts[:-1], 0])[layer] + neuron)
    marked = np.zeros((len(pieces.bits), forms.neurons + 1), np.uint8)  # the last column is for the domain's ends
    rows = np.arange(len(marked))
    marked[rows, index[:-1]] = marked[rows, index[1:]] = 1
    return pack(np.ascontiguousarray(marked[:, :-1]), forms.neurons)


def _interval(domain: Polyhedron | None) -> tuple[Fraction | None, Fraction | None]:
    """The ends of the domain, None for infinity.  Raises InputError where it has no interior."""
    cone = cone_over(domain, 1)
    if cone.lines:
        return None, None
    ends = [Fraction(x, t) for x, t in cone.rays if t]
    far = [x for x, t in cone.rays if t == 0]
    return None if min(far, default=0) < 0 else min(ends), None if max(far, default=0) > 0 else max(ends)


def _float(value: Fraction) -> tuple[float, float]:
    """The nearest float and a bound of its error, infinite beyond the range."""
    x = nearest_float(value)
    if math.isinf(x):
        return x, math.inf
    return x, 0.0 if Fraction(x) == value else abs(x) * kernels.UNIT + 2.0**-1074


def _in_range(k: int, place: np.ndarray) -> bool:
    """Whether the points are such as the kernels take: of moderate size, not both ends of a line.

    For layer 0 they are values too, and must not be tiny.
    """
    x, e, t = place.T
    size = abs(x)  # its bound is of no account
    tiny = k == 0 and bool(((size < kernels.SMALL) & ((x != 0.0) | (e != 0.0))).any())
    return bool(t.any() and (size <= kernels.LARGE).all()) and not tiny


def _fits(numbers: RationalArray) -> bool:
    """Whether the numbers are 0 or of moderate size."""
    size = abs(numbers.floats)
    if not numbers.floats_exact and np.count_nonzero(size) != np.count_nonzero(
        np.array(numbers.fractions(), dtype=object)
    ):
        return False
    return bool(((size == 0.0) | ((size >= 1.0 / _WIDEST) & (size <= _WIDEST))).all())


def _unit(floats: np.ndarray) -> int:
    """The largest e such that all entries are multiples of 2^e, at most 300."""
    odd, exponent = odd_parts(floats)
    return int(np.where(odd == 0, 300, exponent).min(initial=300))


def _multiples(layer: ReLULayer) -> np.ndarray:
    """A number for every neuron, the same only for neurons whose rows (w | b) are multiples of each other.

    Rows are compared exactly where their rounded quotients by the first entry agree, which those of multiples do where
    floats hold them.
    """
    floats = np.column_stack([layer.W, layer.b])
    pivots = np.take_along_axis(floats, (floats != 0.0).argmax(axis=1)[:, None], axis=1)
    pivots[pivots == 0.0] = 1.0
    quotients = floats / pivots + 0.0  # + 0.0: one zero only
    # divided by a power of 2, without rounding; most multiples are seen here already
    scaled = floats / np.copysign(2.0 ** np.frexp(pivots)[1], pivots) + 0.0
    exact = layer.weight.floats_exact and layer.bias.floats_exact
    known: dict[bytes, int] = {}
    lines: dict[bytes, dict[tuple[Fraction, ...], int]] = {}
    rough = [row.tobytes() for row in quotients]
    several = Counter(rough)
    same = np.arange(layer.m)
    for i, key in enumerate(rough):
        if several[key] > 1:
            first = known.setdefault(scaled[i].tobytes(), i) if exact else i
            if first == i:
                row = [*layer.weight.row(i), layer.bias[i]]
                pivot = next((v for v in row if v), Fraction(1))
                first = lines.setdefault(key, {}).setdefault(tuple(v / pivot for v in row), i)
            same[i] = same[first]
    return same
