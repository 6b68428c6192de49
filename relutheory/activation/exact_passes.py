"""Points, activation patterns and affine maps along depth in rational arithmetic, for short depths.

The numbers grow by a few dozen bits with every layer: hundreds of layers of small width, or a few of large width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.activation.layer_blocks import LayerSource, chosen_depths
from relutheory.activation.patterns import _bits, as_points
from relutheory.core.errors import reject
from relutheory.core.exact import rational
from relutheory.core.verdict import Rigor
from relutheory.networks.layers import AffineMap


@dataclass(frozen=True)
class ExactPass:
    """Points along depth, exactly; made by `exact_forward_along_depth`.

    depths : where points were kept.  points : at each of them the k points, tuples of m Fractions; for one point the
    tuple itself.  patterns : for *every* layer 1, 2, ... the (k, m) uint8 bits, (m,) for one point.
    """

    depths: tuple[int, ...]
    points: tuple[Any, ...]
    patterns: tuple[np.ndarray, ...]
    rigor: Rigor = Rigor.EXACT

    @property
    def changed(self) -> np.ndarray:
        """For each point the last layer whose pattern is not that of the layer before, shorter ones taken with zeros.

        The first layer counts as a change.  (k,) int64, or () for one point.
        """
        last = np.ones(self.patterns[0].shape[:-1], dtype=np.int64) if self.patterns else np.zeros((), np.int64)
        for layer, (before, after) in enumerate(zip(self.patterns, self.patterns[1:], strict=False), 2):
            m = max(before.shape[-1], after.shape[-1])
            shapes = [[(0, 0)] * (p.ndim - 1) + [(0, m - p.shape[-1])] for p in (before, after)]
            old, new = (np.pad(p, shape) for p, shape in zip((before, after), shapes, strict=True))
            last = np.where((old != new).any(axis=-1), layer, last)
        return last


def exact_forward_along_depth(layers: Any, x: Any, depth: int | None = None, *, every: Any = None) -> ExactPass:
    """The points x_n = ReLU(W_n x_{n-1} + b_n) for n up to `depth`, and their patterns, exactly.

    layers, depth, every : as in `relutheory.activation.products.forward_along_depth`.  x : (d,) or (k, d) exact
    numbers.  Returns an `ExactPass`.  Raises InputError, with the number of the layer where it is about one.

    >>> found = exact_forward_along_depth([([[1, -1], [1, 1]], ["1/3", 0])] * 2, [1, 1])
    >>> found.points, [bits.tolist() for bits in found.patterns]
    (((Fraction(0, 1), Fraction(7, 3)),), [[1, 1], [0, 1]])
    """
    source = LayerSource(layers)
    last = source.check_depth(depth)
    wanted = set(chosen_depths(every, 0, last))
    given = as_points(x, source.inputs_of(x))
    single = len(given.shape) == 1
    value = given.fmpq if single else given.fmpq.transpose()
    points, patterns = [], []
    for number in range(1, last + 1):
        value = _activated(source, number, value)
        columns = [[rational(v) for v in column] for column in value.transpose().tolist()]
        bits = np.array([v > 0 for point in columns for v in point], dtype=np.uint8)
        bits = bits.reshape(value.ncols(), value.nrows())
        patterns.append(bits[0] if single else bits)
        if number in wanted:
            kept = tuple(map(tuple, columns))
            points.append(kept[0] if single else kept)
    return ExactPass(tuple(sorted(wanted)), tuple(points), tuple(patterns))


def _activated(source: LayerSource, number: int, value: fmpq_mat) -> fmpq_mat:
    """ReLU(W x + b) for the columns x of `value`."""
    layer = source.layer(number)
    if layer.n != value.nrows():
        rule = f"must have {value.nrows()} columns (layer {number})"
        reject("W", f"array of shape {layer.weight.shape}", rule)
    zero, shift = fmpq(0), layer.bias.fmpq.entries()
    rows = (layer.weight.fmpq * value).tolist()
    return fmpq_mat(layer.m, value.ncols(), [max(v + b, zero) for row, b in zip(rows, shift, strict=True) for v in row])


def exact_products_along_depth(
    layers: Any, x: Any = None, depth: int | None = None, *, patterns: Any = None, every: Any = None
) -> tuple[AffineMap, ...]:
    """The exact affine maps x -> M_n x + c_n of the domains that a point is in, or of given patterns, along depth.

    layers, depth, every : as in `exact_forward_along_depth`.  x : (d,) exact numbers; or patterns : a sequence of bits
    for each layer up to `depth`, whose domains may be empty.  M_n = J_n W_n ... J_1 W_1 and c_n is the sum of
    (J_n W_n ... J_{i+1} W_{i+1}) J_i b_i; only rows and columns of active neurons are multiplied.
    Returns an `AffineMap` for each depth kept.  Raises InputError as that function, and where not exactly one of x and
    patterns is given.
    Source: Xu and Zhang, arXiv:2107.12530.

    >>> layer = ([["1/2", 1], [0, 3]], [1, 0])
    >>> [a.weight.fractions()[0] for a in exact_products_along_depth([layer] * 2, patterns=[[1, 0], [1, 1]], every=1)]
    [[Fraction(1, 2), Fraction(1, 1)], [Fraction(1, 4), Fraction(1, 2)]]
    """
    if (x is None) is (patterns is None):
        reject("patterns", patterns, "must be given, or else x, and not both")
    listed = isinstance(patterns, (Sequence, np.ndarray)) and not isinstance(patterns, (str, bytes))
    if patterns is not None and not listed:
        reject("patterns", patterns, "must be a sequence of bits for each layer")
    source = LayerSource(layers)
    if patterns is not None and depth is None:
        depth = len(patterns)
    last = source.check_depth(depth)
    if patterns is None:
        found = exact_forward_along_depth(layers, x, last)
        if found.patterns and found.patterns[0].ndim > 1:
            reject("x", "more than one point", "must be one point")
        patterns = found.patterns
    elif len(patterns) < last:
        reject("patterns", f"{len(patterns)} patterns", f"must be one for each of the {last} layers")
    wanted = set(chosen_depths(every, 0, last))
    return tuple(a for number, a in enumerate(_maps(source, patterns, last), 1) if number in wanted)


def _maps(source: LayerSource, patterns: Any, last: int) -> Iterator[AffineMap]:
    """M_n and c_n for n = 1, 2, ..., as [M | c] of which only the rows of active neurons are kept."""
    pairs = inner = None
    for number in range(1, last + 1):
        layer = source.layer(number)
        active = np.flatnonzero(_bits(patterns[number - 1], f"patterns[{number - 1}]", layer.m)).tolist()
        weight, shift = layer.weight.fmpq.tolist(), layer.bias.fmpq.entries()
        if pairs is None:
            inner = list(range(layer.n))
            pairs = fmpq_mat(layer.n, layer.n + 1, [fmpq(i == j) for i in inner for j in range(layer.n + 1)])
            d = layer.n
        assert inner is not None
        left = fmpq_mat(len(active), len(inner), [weight[i][j] for i in active for j in inner])
        rows = (left * pairs).tolist() if inner else [[fmpq(0)] * (d + 1) for _ in active]
        rows = [[*row[:-1], row[-1] + shift[i]] for i, row in zip(active, rows, strict=True)]
        pairs, inner = fmpq_mat(len(active), d + 1, [v for row in rows for v in row]), active
        full = np.full((layer.m, d + 1), Fraction(0), dtype=object)
        for i, row in zip(active, rows, strict=True):
            full[i] = [rational(v) for v in row]
        yield AffineMap(full[:, :-1], full[:, -1].tolist())
