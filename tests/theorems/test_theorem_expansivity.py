"""Recognising [B; -DB], exhaustively in the plane, and from the definition of injectivity."""

from __future__ import annotations

from itertools import combinations_with_replacement, permutations, product
from types import SimpleNamespace

import numpy as np
import pytest

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import layer_collision
from relutheory.theorems.inj_minimal_expansivity import (
    THEOREM,
    applies,
    contains_pairs,
    directions,
    large,
    lines,
    predicted_by_lines,
    predicted_by_rank,
    predicted_one_row_short,
    random,
    without_row,
)


def planar(entries: range, count: int) -> list[ReLULayer]:
    """All multisets of rows with these entries."""
    rows = list(product(entries, repeat=2))
    return [ReLULayer(np.array(chosen)) for chosen in combinations_with_replacement(rows, count)]


def is_paired_by_permutation(layer: ReLULayer) -> bool:
    """Whether some order of four rows is [B; -DB], tried one by one."""
    for a, b, c, d in permutations(layer.weight.fractions()):
        opposite = all(p[0] * q[1] == p[1] * q[0] and p[0] * q[0] + p[1] * q[1] < 0 for p, q in ((a, c), (b, d)))
        if opposite and a[0] * b[1] != a[1] * b[0]:
            return True
    return False


def test_four_rows_in_the_plane_exhaustively() -> None:
    layers = planar(range(-1, 2), 4)
    injective = [layer_collision(layer) is None for layer in layers]
    assert injective == [contains_pairs(layer) for layer in layers]
    assert injective == [is_paired_by_permutation(layer) for layer in layers]
    assert sum(injective) == 6  # two of the four lines of {-1, 0, 1}^2


def test_the_count_of_paired_layers_with_entries_up_to_two() -> None:
    # 166 of 20475: counted from the definition when the statement was first checked, by another program
    layers = planar(range(-2, 3), 4)
    assert (len(layers), sum(map(contains_pairs, layers))) == (20475, 166)


def test_three_rows_in_the_plane_are_never_injective() -> None:
    for layer in planar(range(-1, 2), 3):
        assert layer_collision(layer) is not None
        assert not contains_pairs(layer)


@pytest.mark.parametrize("seed", range(30))
def test_random_instances_satisfy_the_hypotheses(seed: int) -> None:
    layer = random(np.random.default_rng([31, seed]))
    assert applies(layer)
    assert contains_pairs(layer) == (layer_collision(layer) is None)


def test_scales_and_orientation_of_rows() -> None:
    layer = ReLULayer([[2, 4], ["-1/3", "-2/3"], [1e300, 0], [1e-300, 0], [0, 0]])
    assert sorted(set(directions(layer))) == [(-1, -2), (1, 0), (1, 2)]
    assert lines(layer, both_ways=True) == [(1, 2)]
    assert lines(layer, both_ways=False) == [(1, 0), (1, 2)]


def test_the_false_claims_differ_from_the_theorem() -> None:
    short = ReLULayer([[1, 0], [0, 1], [-1, 0]])
    crossed = ReLULayer([[1, 0], [0, 1], [-1, 0], [0, 1]])
    assert (contains_pairs(short), predicted_one_row_short(short)) == (False, True)
    assert (contains_pairs(crossed), predicted_by_lines(crossed), predicted_by_rank(crossed)) == (
        False,
        True,
        True,
    )


@pytest.mark.parametrize("n", [8, 20])
def test_large_cases_are_what_their_names_say(n: int) -> None:
    layer = large(n, {8: 0, 20: 1}[n])
    assert (layer.m, layer.n) == (2 * n, n)
    assert contains_pairs(layer)
    assert not contains_pairs(without_row(layer, 3))


@pytest.mark.parametrize(
    ("status", "witness"),
    [("injective", None), ("not-injective", ([0, 0], [0, 0])), ("not-injective", ([1, 0], ["1/2", 0]))],
)
def test_a_wrong_decision_or_witness_is_caught(
    monkeypatch: pytest.MonkeyPatch, status: str, witness: tuple[list, list] | None
) -> None:
    pair = witness and SimpleNamespace(x=witness[0], y=witness[1])
    result = SimpleNamespace(status=SimpleNamespace(value=status), witness=pair)
    monkeypatch.setattr("relutheory.injectivity.decide_injectivity", lambda layer: result, raising=False)
    evidence = THEOREM.check(ReLULayer([[1, 0], [0, 1], [-1, 0]]))
    assert evidence.refuted
    assert evidence.counterexample is not None
    assert evidence.counterexample["W"] == [["1", "0"], ["0", "1"], ["-1", "0"]]


def test_an_undecided_layer_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = SimpleNamespace(status=SimpleNamespace(value="undecided"))
    monkeypatch.setattr("relutheory.injectivity.decide_injectivity", lambda layer: result, raising=False)
    evidence = THEOREM.check(ReLULayer([[1]]))
    assert (evidence.proved, evidence.refuted, evidence.measured) == (False, False, "undecided")
