"""The finder: its points separate and its dependencies nearly vanish, whichever way it is started."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from relutheory._kernels.separation import DEPENDENT, SEPARATED, STUCK, separate


class Finder:
    """A state of the dual active-set method, extended step by step."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.columns = np.ascontiguousarray((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T)
        d, many = self.columns.shape
        self.state, self.active, self.count = np.zeros((2 * d + 2, d)), np.zeros(d, np.int64), 0
        self.support, self.slack, self.scratch = np.zeros(d + 1, np.int64), np.zeros(many), np.zeros((3, d))

    def extend(self, allowed: np.ndarray) -> tuple[int, list[int]]:
        outcome, self.count, size = separate(
            self.columns,
            np.where(allowed, -1.0, np.inf),
            self.state,
            self.active,
            self.count,
            self.support,
            self.slack,
            self.scratch,
        )
        return outcome, self.support[:size].tolist()

    @property
    def z(self) -> np.ndarray:
        return self.state[-1]

    def residual(self, support: list[int]) -> float:
        """How far the best positive combination of the supporting vectors, with sum 1, is from zero."""
        vectors = self.columns[:, support]
        d, k = vectors.shape
        identity = np.eye(d)
        best = linprog(
            [0.0] * k + [1.0] * (2 * d),
            A_eq=np.block([[vectors, identity, -identity], [np.ones((1, k)), np.zeros((1, 2 * d))]]),
            b_eq=[0.0] * d + [1.0],
        )
        assert best.status == 0
        return float(best.fun)


def vectors_of(rng: np.random.Generator, kind: int) -> np.ndarray:
    d = int(rng.integers(1, 7))
    many = int(rng.integers(1, 3 * d + 3))
    vectors = rng.integers(-2, 3, (many, d)).astype(float) if kind % 2 else rng.standard_normal((many, d))
    if kind % 3 == 0:
        vectors[:, 0] = np.abs(vectors[:, 0]) + 0.1  # a half-space: separable
    vectors[~vectors.any(axis=1), 0] = 1.0
    return vectors


def separable(columns: np.ndarray, allowed: np.ndarray) -> bool:
    d = len(columns)
    chosen = columns[:, allowed].T
    answer = linprog(np.zeros(d), A_ub=-chosen, b_ub=-np.ones(len(chosen)), bounds=(None, None))
    assert answer.status in (0, 2)
    return answer.status == 0


def check(finder: Finder, allowed: np.ndarray, outcome: int, support: list[int]) -> None:
    if outcome == SEPARATED:
        margins = finder.z @ finder.columns[:, allowed]
        assert margins.min(initial=1.0) > 1 - 1e-7
    else:
        assert outcome == DEPENDENT
        assert len(set(support)) == len(support) <= len(finder.z) + 1
        assert all(allowed[i] for i in support)
        assert finder.residual(support) < 1e-7


@pytest.mark.parametrize("kind", range(6))
def test_outcomes_are_what_they_say_and_agree_with_a_linear_program(kind: int) -> None:
    seen = set()
    for k in range(40):
        rng = np.random.default_rng([kind, k])
        vectors = vectors_of(rng, kind)
        allowed = rng.random(len(vectors)) < 0.9
        finder = Finder(vectors)
        outcome, support = finder.extend(allowed)
        assert outcome != STUCK
        check(finder, allowed, outcome, support)
        if allowed.any():
            assert (outcome == SEPARATED) == separable(finder.columns, allowed)
        seen.add(outcome)
    assert seen == ({SEPARATED} if kind % 3 == 0 else {SEPARATED, DEPENDENT})


def test_extending_a_state_gives_the_same_point_as_starting_afresh() -> None:
    compared = 0
    for k in range(80):
        rng = np.random.default_rng([9, k])
        vectors = vectors_of(rng, k % 2 * 3)
        first = rng.random(len(vectors)) < 0.4
        warm, cold = Finder(vectors), Finder(vectors)
        outcome, support = warm.extend(first)
        check(warm, first, outcome, support)
        if outcome != SEPARATED:
            continue
        every = np.ones(len(vectors), dtype=bool)
        answers = [finder.extend(every) for finder in (warm, cold)]
        for finder, (outcome, support) in zip((warm, cold), answers, strict=True):
            check(finder, every, outcome, support)
        assert answers[0][0] == answers[1][0]
        if answers[0][0] == SEPARATED:  # the point of least length is unique
            np.testing.assert_allclose(warm.z, cold.z, atol=1e-6, rtol=1e-6)
            compared += 1
    assert compared > 20


def test_nothing_to_separate() -> None:
    finder = Finder(np.eye(3))
    assert finder.extend(np.zeros(3, dtype=bool)) == (SEPARATED, [])
    assert not finder.z.any()


def test_an_antiparallel_pair_is_a_dependency_and_an_ulp_is_below_its_tolerance() -> None:
    above = np.nextafter(1.0, 2.0)
    for other in ([-1.0, -1.0], [-1.0, -above]):
        finder = Finder(np.array([[1.0, 1.0], other]))
        outcome, support = finder.extend(np.ones(2, dtype=bool))
        assert outcome == DEPENDENT
        assert sorted(support) == [0, 1]
