"""A network on a line, a plane or any flat: the same network in fewer inputs, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, overload

import numpy as np

from relutheory.activation.patterns import Net, as_points, input_dim
from relutheory.core.errors import reject
from relutheory.core.exact import RationalArray
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
    given = as_points(points, input_dim(net), batch=True)
    rows = given.fractions()
    if len(rows) < 2:
        reject("points", f"{len(rows)} points", "must be at least two")
    origin, *others = rows
    steps = RationalArray([[a - b for a, b in zip(p, origin, strict=True)] for p in others], "points", ndim=2)
    if steps.fmpq.rank() < len(others):
        reject(
            "points", f"{len(rows)} points", f"must be affinely independent, to span a flat of dimension {len(others)}"
        )
    directions, base = steps.fmpq.transpose(), RationalArray(origin, "points", ndim=1).fmpq
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
    return np.array(weight.tolist(), dtype=object).reshape(weight.nrows(), weight.ncols()), bias.entries()


def restrict_domain(domain: Polyhedron, points: Any) -> Polyhedron:
    """The part of a domain on the flat through k + 1 points, in the coordinates t of `restrict`, exactly.

    domain : a Box or Polyhedron in R^n.  points : (k + 1, n) numbers.

    >>> from relutheory import Box
    >>> restrict_domain(Box([0, 0], [1, 1]), [[0, 0], [1, 1]]).contains(["1/2"])
    True
    """
    rows = as_points(points, domain.n, batch=True).fractions()
    origin, steps = rows[0], [[a - b for a, b in zip(p, rows[0], strict=True)] for p in rows[1:]]
    walls = [([_dot(a, step) for step in steps], c - _dot(a, origin)) for a, c in domain.halfspaces()]
    A = np.array([a for a, _ in walls], dtype=object).reshape(len(walls), len(steps))
    return Polyhedron(A, [c for _, c in walls])


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0))
