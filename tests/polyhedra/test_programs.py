"""Linear programs in floats: how little they leave to exact arithmetic, and what becomes of that."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest

from relutheory import Box, Polyhedron, ReLULayer
from relutheory.polyhedra import programs
from relutheory.polyhedra.exact_tree import exact_regions
from relutheory.polyhedra.space import space_regions


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the questions that the kernel asks, and the subtrees that are left to exact arithmetic."""
    asked = [0, 0]
    resolve = programs._Walk.resolve

    def counted(walk: programs._Walk) -> bool:
        answered = resolve(walk)
        asked[0] += 1
        asked[1] += not answered
        return answered

    monkeypatch.setattr(programs._Walk, "resolve", counted)
    return asked


def gaussian(*sizes: int) -> tuple[ReLULayer, ...]:
    rng = np.random.default_rng(0)
    return tuple(ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m)) for n, m in pairwise(sizes))


def count(layers: tuple[ReLULayer, ...], domain: Polyhedron | None = None) -> int:
    return sum(part.count for part in programs.program_regions(layers, domain, listed=False))


def test_generic_layers_are_decided_in_floats(questions: list[int]) -> None:
    layers = gaussian(6, 10)
    assert count(layers) == sum(part.count for part in space_regions(layers, listed=False))
    assert questions == [0, 0]


def test_forms_of_few_active_neurons_are_decided_in_floats(questions: list[int]) -> None:
    # the second layer sees as many dimensions as neurons are active: dependencies have few walls
    layers = gaussian(6, 8, 8)
    regions = count(layers)
    assert regions == sum(part.count for part in space_regions(layers, listed=False))
    assert questions[0] <= regions // 1000
    assert questions[1] == 0


def test_degenerate_integer_layers_are_decided_in_integers(questions: list[int]) -> None:
    rows = [list(v) for v in product((0, 1), repeat=4) if any(v)]
    assert count((ReLULayer(rows),)) == 370  # the resonance arrangement
    assert questions == [0, 0]


def test_what_floats_cannot_hold_is_decided_exactly(questions: list[int]) -> None:
    # a slab of width 1e-40 around x = 1/3: no float lies in it
    third, width = Fraction(1, 3), Fraction(1, 10**40)
    rows = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 1]]
    layer = ReLULayer(rows, [-third, -third - width, 0, 0])
    found = {
        tuple(bits.tolist()): part.point(i)
        for part in programs.program_regions((layer,))
        if part.count
        for i, bits in enumerate(part.bits(4))
    }
    assert set(found) == {region.bits for region in exact_regions((layer,))}
    inside = [x for bits, x in found.items() if bits[:2] == (1, 0)]
    assert len(inside) == 4
    assert all(third < x[0] < third + width for x in inside)
    assert questions[1] > 0


def test_a_domain_without_float_points() -> None:
    third, width = Fraction(1, 3), Fraction(1, 10**40)
    slab = Polyhedron([[1, 0, 0], [-1, 0, 0]], [third + width, -third])
    layer = ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [-third - width / 2, 0, 0])
    points = [part.point(0) for part in programs.program_regions((layer,), slab) if part.count]
    assert len(points) == 8
    assert all(third < x[0] < third + width for x in points)


def test_many_walls_and_inputs() -> None:
    # the identity on R^12 in a box: every orthant, and nothing else
    layer = ReLULayer(np.eye(12))
    assert count((layer,), Box(-1, 1, n=12)) == 2**12
    assert count((layer,), Box(0, 1, n=12)) == 1
    shifted = ReLULayer(np.vstack([np.eye(11), np.eye(11)]), [0] * 11 + [-1] * 11)
    assert count((shifted,), Box(-2, 2, n=11)) == 3**11
