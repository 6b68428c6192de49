"""A network on a line, a plane or any flat: the same network in fewer inputs, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, overload

import numpy as np
from flint import fmpq_mat

from relutheory.activation.patterns import Net, as_points, input_dim, layers_of
from relutheory.core.errors import reject
from relutheory.core.exact import to_fmpq
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork


@overload
def restrict(net: ReLULayer, points: Any) -> ReLULayer: ...
@overload
def restrict(net: ReLUNetwork, points: Any) -> ReLUNetwork: ...
def restrict(net: Net, points: Any) -> Net:
    """The network on the flat through k + 1 points, as a network with k inputs, exactly.

    net : ReLUNetwork or ReLULayer with n inputs.  points : (k + 1, n) numbers, k >= 1, affinely independent.  The
    inputs of the result are coordinates t on the flat: t stands for p_0 + t_1 (p_1 - p_0) + ... + t_k (p_k - p_0).
    Raises InputError for shapes that do not fit and points that span less.

    >>> line = restrict(ReLULayer([[1, 2], [3, 4]], [5, 6]), [[0, 0], [1, -1]])
    >>> line.W.ravel().tolist(), line.b.tolist()
    ([-1.0, -1.0], [5.0, 6.0])
    """
    layers_of(net)  # refuses what is no network
    rows = as_points(points, input_dim(net), batch=True).fractions()
    if len(rows) < 2:
        reject("points", f"{len(rows)} points", "must be at least two")
    directions, base = _flat(rows)
    if directions.rank() < len(rows) - 1:
        reject("points", f"{len(rows)} points", f"must be affinely independent, to span {len(rows) - 1} dimensions")
    if isinstance(net, ReLULayer):
        return ReLULayer(*_composed(net, directions, base))
    if not net.layers:
        return ReLUNetwork([], readout=AffineMap(*_composed(net.readout, directions, base)))
    first, *later = net.layers
    layers = [ReLULayer(*_composed(first, directions, base)), *later]
    return ReLUNetwork(layers) if net.readout is None else ReLUNetwork(layers, readout=net.readout)


def _composed(first: Any, directions: Any, base: Any) -> tuple[np.ndarray, list[Any]]:
    """Weight and bias of the affine map after x = base + directions t."""
    weight = first.weight.fmpq * directions
    bias = first.weight.fmpq * base + first.bias.fmpq
    return _array(weight), bias.entries()


def restrict_domain(domain: Polyhedron, points: Any) -> Polyhedron:
    """The part of a domain on the flat through k + 1 points, in the coordinates t of `restrict`, exactly.

    domain : a Box or Polyhedron in R^n.  points : (k + 1, n) numbers.

    >>> from relutheory import Box
    >>> restrict_domain(Box([0, 0], [1, 1]), [[0, 0], [1, 1]]).contains(["1/2"])
    True
    """
    directions, base = _flat(as_points(points, domain.n, batch=True).fractions())
    A = domain.A.fmpq * directions
    return Polyhedron(_array(A), (domain.b.fmpq - domain.A.fmpq * base).entries())


def _flat(rows: list[list[Fraction]]) -> tuple[fmpq_mat, fmpq_mat]:
    """The directions of the flat through the points, as columns, and its origin, as a column."""
    origin, *others = rows
    columns = [to_fmpq(p[i] - v) for i, v in enumerate(origin) for p in others]
    return fmpq_mat(len(origin), len(others), columns), fmpq_mat(len(origin), 1, [to_fmpq(v) for v in origin])


def _array(matrix: fmpq_mat) -> np.ndarray:
    return np.array(matrix.tolist(), dtype=object).reshape(matrix.nrows(), matrix.ncols())
