"""The affine map that a network is on an activation domain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from flint import fmpq_mat

from relutheory.activation.patterns import (
    Net,
    activation_pattern,
    as_points,
    checked_pattern,
    input_dim,
    layers_of,
)
from relutheory.networks.layers import AffineMap, ReLULayer

_ENTRIES = 1 << 22  # float64 entries of the maps worked on at a time: bounds the memory of a batch


def affine_map(net: Net, pattern: Any) -> AffineMap:
    """The exact affine map x -> Ax + c that the network is on the domain of a pattern.

    net : ReLUNetwork or ReLULayer.  pattern : one sequence of bits per ReLU layer (for a layer its bits
    alone).  Returns an `AffineMap` with exact `weight` and `bias` and float64 views `W` and `b`; the
    read-out is included where there is one.  The domain may be empty.  Raises InputError for a pattern that
    does not fit.
    Source: Xu and Zhang, arXiv:2107.12530: with J_i the activation matrices, A = J_L W_L ... J_1 W_1 and
    c = sum_i (J_L W_L ... J_{i+1} W_{i+1}) J_i b_i.

    >>> affine_map(ReLULayer([[1, 2], [3, 4]], [5, 6]), [0, 1]).forward_exact([1, 1])
    [Fraction(0, 1), Fraction(13, 1)]
    """
    bits = checked_pattern(net, pattern)
    *_, (A, c) = preactivation_maps(net, bits)
    if _readout(net) is None:
        A, c = _masked(A, bits[-1]), _masked(c, bits[-1])
    weight = np.array(A.tolist(), dtype=object).reshape(A.nrows(), A.ncols())
    return AffineMap(weight, c.entries())


def preactivation_maps(net: Net, bits: Sequence[np.ndarray]) -> Iterator[tuple[fmpq_mat, fmpq_mat]]:
    """The exact affine maps (A, c) of the input that give each layer's pre-activations, then the read-out.

    bits : a checked pattern, one array per layer.  A : (m, n), c : (m, 1) rational matrices.
    """
    first, *later = _maps(net)
    A, c = first.weight.fmpq, first.bias.fmpq
    yield A, c
    for following, active in zip(later, bits, strict=False):  # the last layer's bits act on what comes after
        A = following.weight.fmpq * _masked(A, active)
        c = following.weight.fmpq * _masked(c, active) + following.bias.fmpq
        yield A, c


def _readout(net: Net) -> AffineMap | None:
    return None if isinstance(net, ReLULayer) else net.readout


def _maps(net: Net) -> list[ReLULayer | AffineMap]:
    """The layers, and the read-out where there is one."""
    readout = _readout(net)
    return [*layers_of(net)] if readout is None else [*layers_of(net), readout]


def _masked(matrix: fmpq_mat, bits: np.ndarray) -> fmpq_mat:
    """J times the matrix, J the diagonal of the bits."""
    rows, columns = matrix.nrows(), matrix.ncols()
    kept = [v if bit else 0 for bit, row in zip(bits, matrix.tolist(), strict=True) for v in row]
    return fmpq_mat(rows, columns, kept)


def affine_maps(net: Net, points: Any) -> tuple[np.ndarray, np.ndarray]:
    """The affine maps of the network at many points, in float64 (Rigor.FLOAT).

    net : ReLUNetwork or ReLULayer.  points : (k, n) finite numbers.  Returns (A, c), float64 arrays of shape
    (k, out, n) and (k, out), with N(x) = A[i] x + c[i] on the activation domain of point i.  The patterns are
    decided exactly; only the products are rounded.  Raises InputError for NaN, infinities and wrong shapes.

    >>> A, c = affine_maps(ReLULayer([[1.0], [-1.0]], [0.0, 2.0]), [[1.0], [3.0]])
    >>> A.tolist(), c.tolist()
    ([[[1.0], [-1.0]], [[1.0], [0.0]]], [[0.0, 2.0], [0.0, 0.0]])
    """
    n, maps = input_dim(net), _maps(net)
    given = as_points(points, n, batch=True)
    k = given.shape[0]
    A, c = np.empty((k, maps[-1].m, n)), np.empty((k, maps[-1].m))
    bits = [activation_pattern(net, given)] if isinstance(net, ReLULayer) else [*activation_pattern(net, given)]
    if _readout(net) is not None:
        bits.append(np.ones((k, maps[-1].m), dtype=np.uint8))
    chunk = max(1, _ENTRIES // (n * max(1, *(layer.m for layer in maps))))
    for start in range(0, k, chunk):
        part = slice(start, start + chunk)
        A[part], c[part] = _float_maps(maps, [b[part] for b in bits])
    return A, c


def _float_maps(maps: Sequence[ReLULayer | AffineMap], bits: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The products in float64 for the points whose patterns are given, (k, m) for each map."""
    from relutheory._kernels.activation import masked_product

    A = np.where(bits[0][:, :, None] == 1, maps[0].W, 0.0)
    c = np.where(bits[0] == 1, maps[0].b, 0.0)
    for layer, (before, active) in zip(maps[1:], pairwise(bits), strict=True):
        A, c = masked_product(layer.W, layer.b, before, active, A, c)
    return A, c
