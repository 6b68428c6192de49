"""Exact volumes of bounded regions, in dimensions where that is quick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import factorial

import numpy as np
from flint import fmpq_mat

from relutheory.activation.patterns import Net, input_dim, layers_of
from relutheory.core.errors import reject
from relutheory.core.exact import rational, to_fmpq
from relutheory.core.sets import Polyhedron
from relutheory.polyhedra.cones import Cone, cone_over
from relutheory.polyhedra.exact_tree import exact_regions

_LARGEST = 4  # dimensions

Point = tuple[Fraction, ...]


def region_volumes(net: Net, domain: Polyhedron) -> Iterator[tuple[np.ndarray, Fraction]]:
    """The activation regions on a bounded domain with their volumes, exactly.

    net : ReLUNetwork or ReLULayer with n <= 4 inputs and N neurons.  domain : a bounded Box or Polyhedron with
    interior points.  Yields pairs (bits, volume): (N,) uint8 and a Fraction; the volumes add up to the domain's.
    Raises InputError for more inputs and an unbounded domain.

    >>> from relutheory import Box, ReLULayer
    >>> sorted(str(volume) for _, volume in region_volumes(ReLULayer([[1, 1]], [-1]), Box([0, 0], [1, 2])))
    ['1/2', '3/2']
    """
    n = input_dim(net)
    if n > _LARGEST:
        reject("net", net, f"must have at most {_LARGEST} inputs for volumes")
    if not isinstance(domain, Polyhedron) or domain.n != n:
        reject("domain", domain, f"must be a bounded Box or Polyhedron in R^{n}")
    whole = cone_over(domain, n)
    if not whole.bounded:
        reject("domain", domain, "must be bounded for volumes")
    layers = layers_of(net)
    if not layers:
        yield np.zeros(0, dtype=np.uint8), volume(whole)
    else:
        for region in exact_regions(layers, domain):
            yield np.array(region.bits, dtype=np.uint8), volume(region.cone)


def volume(cone: Cone) -> Fraction:
    """The volume of a bounded polyhedron with interior points."""
    vertices = cone.vertices()
    simplices = _triangulated(list(range(len(vertices))), cone.tight, cone.n)
    total = Fraction(0)
    for first, *others in simplices:
        edges = [to_fmpq(a - b) for k in others for a, b in zip(vertices[k], vertices[first], strict=True)]
        total += abs(rational(fmpq_mat(cone.n, cone.n, edges).det()))
    return total / factorial(cone.n)


def _triangulated(face: list[int], tight: Sequence[int], dim: int) -> list[list[int]]:
    """A face of dimension `dim`, given by its vertices, as simplices: its first vertex over the facets without it."""
    if dim == 0:
        return [face[:1]]
    apex = face[0]
    return [
        [apex, *simplex]
        for facet in _facets_of(face, tight)
        if apex not in facet
        for simplex in _triangulated(facet, tight, dim - 1)
    ]


def _facets_of(face: Sequence[int], tight: Sequence[int]) -> list[list[int]]:
    """The facets of a face, as vertices: the largest of its proper subsets cut out by one row."""
    common = -1
    for k in face:
        common &= tight[k]
    rows = 0
    for k in face:
        rows |= tight[k]
    cut = {
        frozenset(k for k in face if tight[k] >> r & 1) for r in range(rows.bit_length()) if rows & ~common & (1 << r)
    }
    return [sorted(facet) for facet in cut if not any(facet < other for other in cut)]
