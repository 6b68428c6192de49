"""The search on subtrees and polyhedra against brute force, and what must not depend on how it is run."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from families import chebyshev_layer, degenerate_layer
from oracle import Problem as Arrangement
from oracle import dot, gordan, normals, primitive, problem

from relutheory.core.residues import PRIMES
from relutheory.core.sets import Polyhedron
from relutheory.injectivity import Status, branching, decide_injectivity
from relutheory.injectivity import search as module
from relutheory.injectivity.parallel import search_split
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.search import Budget, Search
from relutheory.networks import ReLULayer


def injective_inside(arrangement: Arrangement, walls: list[list[int]]) -> bool:
    """Brute force: no hyperplane has all the rows outside it negative at a point where the walls are negative."""
    rows, n = arrangement.rows, arrangement.n
    for u in normals(rows, n):
        outside = [row for row in rows if dot(row, u)]
        if gordan([*outside, *arrangement.walls, *walls])[0] is not None:
            return False
    return True


def layer_of(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    W, b = degenerate_layer(rng, n, int(rng.integers(1, 4 * n + 1)))
    return W, b * int(rng.integers(0, 2))


def test_polyhedra_agree_with_all_flats() -> None:
    verdicts = []
    for k in range(150):
        rng = np.random.default_rng([1, k])
        n = int(rng.integers(1, 4))
        W, b = layer_of(rng, n)
        A, inside = rng.integers(-2, 3, (int(rng.integers(0, n + 3)), n)), rng.integers(-3, 4, n)
        c = A @ inside + rng.choice([1, 2, 5], len(A)) * 3.0 ** -rng.integers(0, 3, len(A))
        c[~A.any(axis=1)] = 0.0  # 0 <= 0 says nothing
        polyhedron = Polyhedron(A, c)
        walls = [primitive([*map(Fraction, a.tolist()), Fraction(-v)]) for a, v in zip(A, c, strict=True) if a.any()]
        result = decide_injectivity(ReLULayer(W, b), domain=polyhedron)
        assert result.proved == injective_inside(problem(W, b), walls), k
        assert result.status is not Status.UNDECIDED
        if result.witness is not None:
            assert polyhedron.contains(result.witness.x) and polyhedron.contains(result.witness.y)
            layer = ReLULayer(W, b)
            assert layer.forward_exact(result.witness.x) == layer.forward_exact(result.witness.y)
        verdicts.append(result.proved)
    assert 20 < sum(verdicts) < 130


def test_subtrees_agree_with_all_flats() -> None:
    """Rows taken as active count at every point, like a pair w, -w; rows taken as negative are walls."""
    closed, partial = [], 0
    for k in range(200):
        rng = np.random.default_rng([2, k])
        n = int(rng.integers(2, 5))
        W, b = layer_of(rng, n)
        searched = Problem(ReLULayer(W, b))
        candidates = searched.candidates()
        order = rng.permutation(candidates).tolist()
        taken, negative = order[: int(rng.integers(0, 3))], order[3 : 3 + int(rng.integers(0, 3))]
        search = Search(searched, PRIMES[0], taken, negative)
        if not search.rank_is_full:
            continue
        rows = [*W.tolist(), *(W[taken].tolist()), *((-W[taken]).tolist())]
        bias = [*b.tolist(), *(b[taken].tolist()), *((-b[taken]).tolist())]
        walls = [[*W[i].tolist(), int(b[i])] for i in negative]
        outcome = search.run(Budget())
        assert outcome.closed == injective_inside(problem(rows, bias), walls), k
        assert outcome.closed == (outcome.collision is None)
        closed.append(outcome.closed)
        partial += bool(taken and negative)
    assert 20 < sum(closed) < len(closed) - 20
    assert partial > 20


def trees(prime: int = PRIMES[0], **options: Any) -> list[tuple[bool, int]]:
    """Closed, nodes for a handful of layers: generic, with a bias, with many degenerate circuits."""
    rng = np.random.default_rng(3)
    layers = [
        (chebyshev_layer(6, 17), None),
        (chebyshev_layer(7, 19), None),
        (rng.standard_normal((40, 6)), np.full(40, 0.1)),
        (rng.integers(-1, 2, (44, 6)), None),
        (rng.integers(-1, 2, (40, 5)), rng.integers(-1, 2, 40)),
    ]
    found = []
    for W, b in layers:
        outcome = Search(Problem(ReLULayer(W, b)), prime, **options).run(Budget())
        found.append((outcome.closed, outcome.nodes))
    return found


def test_a_small_pool_short_packings_and_other_primes_change_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = [closed for closed, _ in trees()]
    assert set(expected) == {True, False}
    for where, name, value in (
        (branching, "POOL", 2),
        (branching, "POOL", 7),
        (module, "_LEAN", 0),
        (module, "_LEAN", 100),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, name, value)
            assert [closed for closed, _ in trees()] == expected, (name, value)
    for options in ({"packed": 1}, {"packed": 2}, {"packed": 4}, {"prime": PRIMES[5]}):
        assert [closed for closed, _ in trees(**options)] == expected, options


def test_nodes_do_not_depend_on_how_often_the_search_stops() -> None:
    W = np.random.default_rng(3).integers(-1, 2, (44, 6))
    for layer in (ReLULayer(chebyshev_layer(6, 17)), ReLULayer(W)):
        expected = Search(Problem(layer), PRIMES[0]).run(Budget())
        stopped = Search(Problem(layer), PRIMES[0])
        for limit in range(expected.nodes):
            outcome = stopped.run(Budget(nodes=limit))
            assert not outcome.closed and outcome.nodes == limit
        assert stopped.run(Budget()) == expected
        assert expected.closed


def test_recording_a_tree_does_not_change_it() -> None:
    searched = Problem(ReLULayer(chebyshev_layer(6, 17)))
    plain, recorded = Search(searched, PRIMES[0]), Search(searched, PRIMES[0])
    recorded.record()
    first, second = plain.run(Budget()), recorded.run(Budget())
    assert first == second
    assert first.closed
    log, nodes = recorded.log, 0
    while log:
        circuits = log[0]
        names, log = log[1 : 1 + max(circuits, 1)], log[1 + max(circuits, 1) :]
        for name in names:
            rows = [searched.rows[i] for i in recorded.circuit_rows(name)]
            assert gordan(rows)[0] is None  # a positive dependency: no point makes all of them negative
        nodes += 1
    assert nodes == first.nodes


def test_the_weights_of_the_parts_add_up() -> None:
    from concurrent.futures import ThreadPoolExecutor

    searched = Problem(ReLULayer(chebyshev_layer(6, 17)))
    shares: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        outcome = search_split(searched, PRIMES[0], Budget(), pool, lambda share, _: shares.append(share))
    assert outcome.closed
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_an_exact_circuit_is_one_positive_dependency() -> None:
    search = Search(Problem(ReLULayer([[1, 0], [0, 1], [1, 1], [-1, -1]])), PRIMES[0])
    assert search.index == [0, 1, 2, 3]
    assert search._exact_circuit([0, 1, 3]) == [0, 1, 3]
    assert search._exact_circuit([2, 0, 3]) == [2, 3]  # what has no part in the dependency is left out
    assert search._exact_circuit([0, 1, 2]) is None  # signs differ
    assert search._exact_circuit([0, 1]) is None
    assert search._exact_circuit([0, 1, 2, 3]) is None  # more than one dependency
