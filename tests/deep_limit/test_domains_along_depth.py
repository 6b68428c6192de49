"""Activation domains along depth against counts of each network by itself, exact breakpoints, and areas."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from relutheory.activation import activation_pattern
from relutheory.core.errors import InputError
from relutheory.core.sets import Box
from relutheory.core.verdict import Rigor
from relutheory.deep_limit.domains_along_depth import domains_along_depth, first_layers, polygons_along_depth
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.polyhedra.regions import count_regions


def family(seed: int, n: int = 2, m: int = 3) -> DeepFamily:
    rng = np.random.default_rng(seed)
    return DeepFamily.from_symbolic(
        "I + A/n**2",
        "c/n**2",
        constants={"A": rng.integers(-9, 10, (m, m)), "c": rng.integers(-9, 10, m)},
        first=(rng.integers(-9, 10, (m, n)), rng.integers(-5, 6, m)),
    )


def growing() -> DeepFamily:
    """Widths 2, 3, 3, 1, then the identity."""
    rng = np.random.default_rng(3)
    shapes = [(2, 2), (3, 2), (3, 3), (1, 3)]
    return DeepFamily.from_layers([(rng.integers(-3, 4, s), rng.integers(-2, 3, s[0])) for s in shapes])


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_each_network_by_itself(seed: int, n: int) -> None:
    box = Box(-1, 1, n=n)
    found = domains_along_depth(family(seed, n), 6, box)
    assert found.complete == found.depth == 6 and found.rigor is Rigor.EXACT and found.at_least is None
    for k in range(1, 7):
        assert found.counts[k - 1] == count_regions(first_layers(family(seed, n), k), box).activation_regions


@pytest.mark.parametrize("make", [growing, lambda: family(0), lambda: family(5)])
def test_the_tree_of_domains(make: Any) -> None:
    box = Box([-2, -2], [2, 2])
    found = domains_along_depth(make(), 6, box)
    rng = np.random.default_rng(0)
    net = first_layers(make(), 6)
    points = rng.uniform(-2, 2, (3000, 2))
    seen = activation_pattern(net, points)
    for k in range(1, 7):
        index = [found.ancestors(k, j) for j in range(1, k + 1)]
        rows = {
            tuple(int(v) for j in range(k) for v in found.patterns[j][index[j][i]]) for i in range(found.counts[k - 1])
        }
        assert len(rows) == found.counts[k - 1]
        assert {tuple(row) for row in np.hstack(seen[:k]).tolist()} <= rows  # no sampled pattern is missing
    for k in range(1, 6):
        children = np.bincount(found.parents[k], minlength=found.counts[k - 1])
        assert (children >= 1).all() and found.split[k - 1] == (children > 1).sum()
    widest = max(net.widths)
    for k in range(2, 7):
        old, new = (np.pad(p, ((0, 0), (0, widest - p.shape[1]))) for p in found.patterns[k - 2 : k])
        assert found.changed[k - 1] == sum(any(a != b) for a, b in zip(old[found.parents[k - 1]], new, strict=True))
    assert found.changed[0] == found.counts[0]


def test_on_a_line_the_domains_are_the_intervals_between_breakpoints() -> None:
    layers = [([[1], [-1]], [0, 0]), ([[2, 2], [1, -1]], [-1, 0])]  # |x|, then bits of 2|x| - 1 and x
    found = domains_along_depth(DeepFamily.from_layers(layers), 5, Box([-1], [1]))
    assert found.counts == (2, 4, 4, 4, 4) and found.split == (2, 0, 0, 0)
    assert found.frozen_from == 2 and found.patterns_frozen_from == 2
    alone = domains_along_depth(DeepFamily.from_layers(layers), 5, Box([0], [Fraction(1, 2)]))
    assert alone.counts == (1, 1, 1, 1, 1) and alone.frozen_from == 1 and alone.patterns_frozen_from == 2


def test_freezing_is_said_of_the_layers_looked_at_only() -> None:
    late = DeepFamily.from_layers([([[1]], [9]), ([[1]], None), ([[1]], None), ([[1]], [-9])])
    assert domains_along_depth(late, 3, Box([-1], [1])).frozen_from == 1
    found = domains_along_depth(late, 7, Box([-1], [1]))
    assert found.counts == (1, 1, 1, 2, 2, 2, 2) and found.frozen_from == 4 and found.split == (0, 0, 1, 0, 0, 0)
    assert found.changed == (1, 0, 0, 1, 0, 0, 0) and found.patterns_frozen_from == 4


def test_dead_layers_and_zero_families() -> None:
    dead = DeepFamily.from_layers([([[0, 0]], [-1]), ([[1]], [0])])
    found = domains_along_depth(dead, 3)
    assert found.counts == (1, 1, 1) and [p.tolist() for p in found.patterns] == [[[0]]] * 3
    zero = DeepFamily.from_symbolic("0*I", "0", width=2)
    assert domains_along_depth(zero, 4, Box([-1, -1], [1, 1])).counts == (1, 1, 1, 1)


def test_out_of_budget_the_complete_depths_are_exact() -> None:
    box = Box([-1, -1], [1, 1])
    whole = domains_along_depth(family(1, m=5), 6, box)
    for limit in sorted(set(whole.counts)):
        part = domains_along_depth(family(1, m=5), 6, box, limit=limit)
        assert part.complete == sum(count <= limit for count in whole.counts)
        assert part.counts == whole.counts[: part.complete] and part.split == whole.split[: max(part.complete - 1, 0)]
        if part.complete < 6:
            assert part.at_least is not None and part.at_least[0] == part.complete + 1
            assert limit < part.at_least[1] <= whole.counts[part.complete]
    none = domains_along_depth(family(1), 6, box, time_limit=0)
    assert none.complete == 0 and none.counts == () and none.frozen_from is None and none.patterns_frozen_from is None


def test_polygons_tile_the_box_and_carry_their_layers() -> None:
    box, depths = Box([-1, -1], [1, 1]), [1, 2, 3, 6]
    counts = domains_along_depth(family(2), 6, box).counts
    for found, k in zip(polygons_along_depth(family(2), depths, box), depths, strict=True):
        assert found.depth == k and found.count == counts[k - 1] == len(found.polygons())
        areas = []
        net = first_layers(family(2), k)
        for polygon, bits in zip(found.polygons(), found.bits, strict=True):
            x, y = polygon.T
            areas.append(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)
            assert np.array_equal(np.hstack(activation_pattern(net, polygon.mean(axis=0))), bits)
        assert min(areas) > 0 and sum(areas) == pytest.approx(4, abs=1e-12)
        assert set(found.layers.tolist()) <= set(range(k + 1)) and 0 in found.layers
        for polygon, layers in zip(found.polygons(), np.split(found.layers, found.offsets[1:-1]), strict=True):
            for a, b, layer in zip(polygon, np.roll(polygon, -1, axis=0), layers, strict=True):
                middle = (a + b) / 2
                on_box = np.isclose(np.abs(middle), 1).any()
                value = middle
                for n in range(layer):
                    sums = net.layers[n].preactivation(value)
                    value = np.maximum(sums, 0)
                assert on_box if layer == 0 else np.abs(sums).min() < 1e-9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 0}, "depth = 0"),
        ({"depth": True}, "depth = True"),
        ({"limit": -1}, "limit = -1"),
        ({"time_limit": "x"}, "time_limit = 'x'"),
        ({"domain": 3}, "domain = 3"),
        ({"domain": Box([0], [1])}, "domain"),
        ({"domain": Box([0, 0], [0, 1])}, "domain"),
        ({"family": None}, "family = None: must be a DeepFamily"),
        ({"family": DeepFamily}, "family = <class"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        domains_along_depth(**{"family": family(0), "depth": 2, **arguments})


def test_bad_polygons_and_ancestors() -> None:
    with pytest.raises(InputError, match="family = "):
        next(polygons_along_depth(family(0, n=3), [1], Box([0, 0], [1, 1])))
    with pytest.raises(InputError, match="domain = "):
        next(polygons_along_depth(family(0), [1], Box([0], [1])))
    with pytest.raises(InputError, match="bounded"):
        next(polygons_along_depth(family(0), [1], Box([0, 0], [1, float("inf")])))
    with pytest.raises(InputError, match="depths = 0"):
        next(polygons_along_depth(family(0), [0], Box([0, 0], [1, 1])))
    with pytest.raises(InputError, match="depths = 1"):
        next(polygons_along_depth(family(0), 1, Box([0, 0], [1, 1])))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="family = None"):
        next(polygons_along_depth(None, [1], Box([0, 0], [1, 1])))
    with pytest.raises(InputError, match="j, k"):
        domains_along_depth(family(0), 2, Box([0, 0], [1, 1])).ancestors(2, 0)
    irrational = DeepFamily.from_symbolic("I + A/n**(1/2)", "0", constants={"A": [[1, 0], [0, 1]]})
    with pytest.raises(InputError, match="layer 2"):
        domains_along_depth(irrational, 2)
