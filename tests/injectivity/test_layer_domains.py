"""Layers on polyhedra: the decision against two brute-force routes that share nothing with it but flint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from oracle import Row, dot, exact, gordan, normals, primitive, rank

from proofs_check.certificates import check_text
from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron
from relutheory.injectivity import InjectivityResult, decide_injectivity
from relutheory.networks import ReLULayer

INF = math.inf


def rows_and_walls(W: Any, b: Any, A: Any, c: Any) -> tuple[list[Row], list[Row], int]:
    """Rows (w, b) with w != 0, and walls (a, -c), negative inside; the first wall says 1 > 0."""
    n = len(W[0]) if len(W) else len(A[0])
    rows = [primitive([*map(exact, w), exact(v)]) for w, v in zip(W, b, strict=True)]
    return [r for r in rows if any(r[:-1])], [[0] * n + [-1], *open_walls(A, c)], n


def open_walls(A: Any, c: Any) -> list[Row]:
    """(a, -c) for the half-spaces; 0 <= 0 is true, its interior is everything."""
    walls = [primitive([*map(exact, a), -exact(v)]) for a, v in zip(A, c, strict=True)]
    return [wall for wall in walls if any(wall)]


def injective_by_cells(W: Any, b: Any, A: Any, c: Any) -> bool:
    """Whether the rows that are not negative span on every open cell inside the polyhedron: all sign patterns."""
    rows, walls, n = rows_and_walls(W, b, A, c)

    def spans(i: int, cell: list[Row], active: list[Row]) -> bool:
        if rank(active) == n:
            return True
        if i == len(rows):
            return False
        sides = ((rows[i], active), ([-v for v in rows[i]], [*active, rows[i][:-1]]))
        return all(spans(i + 1, [*cell, s], on) for s, on in sides if gordan([*cell, s])[0] is not None)

    return spans(0, walls, [])


def injective_by_flats(W: Any, b: Any, A: Any, c: Any) -> bool:
    """Whether for no hyperplane u^perp spanned by rows all the other rows are negative at a point inside."""
    rows, walls, n = rows_and_walls(W, b, A, c)
    return all(gordan([r for r in rows if dot(r, u)] + walls)[0] is None for u in normals(rows, n))


def inside(A: Any, c: Any) -> bool:
    """Whether the polyhedron has interior points."""
    return gordan([[0] * len(A[0]) + [-1], *open_walls(A, c)])[0] is not None


def decided(W: Any, b: Any, A: Any, c: Any, **options: Any) -> InjectivityResult:
    """The decision, its witness run and its certificate checked by the stand-alone checker."""
    layer, domain = ReLULayer(W, b), Polyhedron(A, c)
    result = decide_injectivity(layer, domain=domain, **options)
    assert result.proved or result.refuted
    if result.witness is not None:
        x, y = result.witness.x, result.witness.y
        assert x != y and domain.contains(x) and domain.contains(y)
        assert layer.forward_exact(x) == layer.forward_exact(y)
    report = check_text(result.certificate.to_json())
    assert report.valid, report.text
    assert ("not injective" in report.text) == result.refuted
    return result


def random_question(rng: np.random.Generator) -> tuple[Any, Any, Any, Any]:
    """Integer layers with copies, opposites and zero rows; walls on hyperplanes of neurons, or repeated."""
    n, m = int(rng.integers(1, 4)), int(rng.integers(1, 8))
    W, b = rng.integers(-2, 3, (m, n)), rng.integers(-2, 3, m)
    for i in range(m):
        if rng.random() < 0.3:
            k, factor = rng.integers(m), int(rng.choice([1, -1, -2, 0]))
            W[i], b[i] = factor * W[k], factor * b[k] + int(rng.choice([0, 0, 1, -1]))
    k = int(rng.integers(0, 6))
    A, c = rng.integers(-2, 3, (k, n)), rng.integers(-1, 5, k)
    for j in range(k):
        if rng.random() < 0.4:
            i, sign = rng.integers(m), int(rng.choice([1, -1]))
            A[j], c[j] = sign * W[i], -sign * b[i]
        elif rng.random() < 0.2:
            i = rng.integers(k)
            A[j], c[j] = 2 * A[i], 2 * c[i]
    return W, b, A, c


@pytest.mark.parametrize("seed", range(4))
def test_small_layers_on_small_polyhedra_agree_with_both_brute_force_routes(seed: int) -> None:
    outcomes = []
    for k in range(60):
        W, b, A, c = random_question(np.random.default_rng([seed, k]))
        if len(A) and not inside(A, c):
            with pytest.raises(InputError, match=r"^domain = .*: must have a non-empty interior$"):
                decide_injectivity(ReLULayer(W, b), domain=Polyhedron(A, c))
            continue
        expected = injective_by_cells(W, b, A, c)
        assert expected == injective_by_flats(W, b, A, c)
        assert decided(W, b, A, c).proved == expected, (W, b, A, c)
        outcomes.append(expected)
    assert 10 <= sum(outcomes) <= len(outcomes) - 10


@pytest.mark.parametrize("seed", range(3))
def test_generic_layers_on_tight_polyhedra(seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    outcomes = []
    for _ in range(12):
        n, m = int(rng.integers(2, 4)), int(rng.integers(5, 9))
        W, b, A = rng.standard_normal((m, n)), 0.5 * rng.standard_normal(m), rng.standard_normal((n + 2, n))
        c = rng.uniform(0.1, 1.5, n + 2)
        expected = injective_by_cells(W, b, A, c)
        assert decided(W, b, A, c).proved == expected
        outcomes.append(expected)
    assert len(set(outcomes)) == 2


def thin(A: Sequence[Sequence[Any]], c: Sequence[Any], w: Sequence[Any], at: Any, width: Any) -> tuple[Any, Any]:
    """The polyhedron cut to at < <w, x> < at + width."""
    return [*A, list(w), [-v for v in w]], [*c, Fraction(at) + Fraction(width), -Fraction(at)]


@pytest.mark.parametrize("width", [1, Fraction(1, 10**9), Fraction(1, 10**40), Fraction(1, 10**300)])
def test_thin_domains(width: Any) -> None:
    # (1, -1) with biases (-2, 1) leaves the gap 1 < x < 2
    W, b = [[1], [-1]], [-2, 1]
    for at, expected in ((Fraction(3, 2), False), (2, True), (1 - Fraction(width), True), (1, False)):
        A, c = thin([], [], [1], at, width)
        assert decided(W, b, A, c).proved == expected == injective_by_cells(W, b, A, c)
    # in the plane, a thin strip along the hyperplane of a neuron, on either side of it
    W, b = [[1, 1], [1, 0], [0, 1], [-1, -1]], [0, 5, 5, -width]
    for at, expected in ((0, True), (-Fraction(width), True), (-2 * Fraction(width), True)):
        A, c = thin([[1, 0], [-1, 0]], [1, 1], [1, 1], at, width)
        assert decided(W, b, A, c).proved == expected == injective_by_cells(W, b, A, c)


@pytest.mark.parametrize("far", [10**12, -(10**12), 10**30, 2**1000])
def test_domains_far_from_the_origin(far: int) -> None:
    rng = np.random.default_rng(abs(far) % 1000)
    outcomes = []
    for _ in range(10):
        n, m = int(rng.integers(1, 4)), int(rng.integers(2, 7))
        W, b = rng.integers(-3, 4, (m, n)).tolist(), rng.integers(-3, 4, m).tolist()
        shift = [far * (k + 1) for k in range(n)]
        moved = [v - dot(w, shift) for w, v in zip(W, b, strict=True)]
        lo, hi = [-1 + s for s in shift], [1 + s for s in shift]
        A = [[int(j == k) * s for j in range(n)] for s in (1, -1) for k in range(n)]
        near, here = [1] * (2 * n), [*hi, *(-v for v in lo)]
        expected = injective_by_cells(W, b, A, near)
        assert decided(W, moved, A, here).proved == expected
        assert decide_injectivity(ReLULayer(W, moved), domain=Box(lo, hi)).proved == expected
        outcomes.append(expected)
    assert len(set(outcomes)) == 2


def test_unbounded_domains() -> None:
    identity = [[1, 0], [0, 1]]
    quadrant = ([[-1, 0], [0, -1]], [0, 0])
    assert decided(identity, [0, 0], *quadrant).proved
    assert decided(identity, [0, 0], [[-1, 0]], [0]).refuted
    assert decided(identity, [0, -1], *quadrant).refuted
    assert decided(identity, [0, -1], [[-1, 0], [0, -1]], [0, -1]).proved
    strip = ([[1, 0], [-1, 0]], [1, 1])
    assert decided([[1, 0], [0, 1], [0, -1]], [1, 0, 0], *strip).proved
    assert decided([[1, 0], [0, 1], [0, -1]], [Fraction(999, 1000), 0, 0], *strip).refuted
    wedge = ([[-1, 0], [1, -1]], [0, 0])
    assert decided([[1, 0], [-1, 1]], [0, 0], *wedge).proved
    assert decided([[1, 0], [-1, 1]], [0, 0], [[-1, 0], [1, -1 - Fraction(1, 10**30)]], [0, 0]).refuted


def test_a_larger_layer_on_the_positive_orthant() -> None:
    rng = np.random.default_rng(5)
    n = 12
    W = np.vstack([np.eye(n), rng.standard_normal((10, n))])
    A, c = -np.eye(n), np.zeros(n)
    assert decided(W, None, A, c).proved
    W[3, 3] = -1.0  # x_3 is now seen by the random rows alone, and not where they are negative
    assert decided(W, None, A, c).refuted


def test_halfspaces_that_repeat_or_say_nothing() -> None:
    W, b = [[1], [-1]], [-2, 1]
    for A, c in (
        ([[1], [2], [1]], [1, 2, 5]),
        ([[1], [0]], [1, 3]),
        ([[10**300], [Fraction(1, 10**300)]], [10**300, 7]),
    ):
        assert decided(W, b, A, c).proved
    assert decided(W, b, [[0]], [1]).refuted
    assert decided([[1], [-1]], [-1, 2], np.zeros((0, 1)), []).proved


def test_extreme_entries_in_layer_and_domain() -> None:
    W, b = [[1e300, 0.0], [0.0, 1e-300], [-1e-300, 0.0], [0.0, -1e300]], [0.0, 0.0, 0.0, 0.0]
    assert decided(W, b, [[1, 0]], [1e-300]).proved
    W[3][1] = 1e300
    assert decided(W, b, [[0, -1]], [0]).proved
    assert decided(W, b, [[0, -1e-300]], [5e-324]).refuted
    assert decided(W, b, [[0, 1], [0, -1]], [1e-300, 0]).proved


def test_budgets_on_domains() -> None:
    rng = np.random.default_rng(3)
    layer, box = ReLULayer(rng.standard_normal((60, 9)), 0.3 * rng.standard_normal(60)), Box(-2, 2, n=9)
    stopped = decide_injectivity(layer, domain=box, node_limit=3)
    assert stopped.status.value == "undecided" and stopped.stats.nodes <= 3 and stopped.witness is None
    assert decide_injectivity(layer, domain=box).status.value != "undecided"
