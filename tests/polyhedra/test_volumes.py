"""Volumes: they fill the domain, and agree with Qhull."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from relutheory import Box, InputError, Polyhedron, ReLULayer, ReLUNetwork
from relutheory.polyhedra import region_volumes
from relutheory.polyhedra.cones import cone_over
from relutheory.polyhedra.exact_tree import exact_regions
from relutheory.polyhedra.volumes import volume


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_volumes_fill_the_box(n: int) -> None:
    rng = np.random.default_rng(n)
    net = ReLUNetwork(
        [(rng.integers(-2, 3, (5, n)), rng.integers(-1, 2, 5)), (rng.standard_normal((2, 5)), [0.5, -0.5])],
        relu_output=True,
    )
    volumes = [v for _, v in region_volumes(net, Box(-1, "3/2", n=n))]
    assert len(volumes) > 1
    assert min(volumes) > 0
    assert sum(volumes) == Fraction(5, 2) ** n


@pytest.mark.parametrize("n", [2, 3, 4])
def test_volumes_agree_with_qhull(n: int) -> None:
    rng = np.random.default_rng(n)
    layer = ReLULayer(rng.standard_normal((5, n)), 0.3 * rng.standard_normal(5))
    for region in exact_regions([layer], Box(-1, 1, n=n)):
        hull = ConvexHull(np.array(region.cone.vertices(), dtype=float))
        assert float(volume(region.cone)) == pytest.approx(hull.volume, rel=1e-9)


def test_known_volumes() -> None:
    simplex = Polyhedron([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1]], [0, 0, 0, 1])
    octahedron = Polyhedron([[a, b, c] for a in (1, -1) for b in (1, -1) for c in (1, -1)], [1] * 8)
    assert volume(cone_over(simplex, 3)) == Fraction(1, 6)
    assert volume(cone_over(octahedron, 3)) == Fraction(4, 3)


def test_what_has_no_volume_is_refused() -> None:
    layer = ReLULayer([[1, 0]])
    for net, domain, message in [
        (layer, Box([0, 0], [1, float("inf")]), "must be bounded"),
        (layer, None, "must be a bounded Box or Polyhedron"),
        (ReLULayer([[1] * 5]), Box(0, 1, n=5), "must have at most 4 inputs"),
        (layer, Box([0, 0], [0, 1]), "must have a non-empty interior"),
    ]:
        with pytest.raises(InputError, match=message):
            list(region_volumes(net, domain))
