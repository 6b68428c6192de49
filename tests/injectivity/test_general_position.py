"""General position against all minors; the alternating moment curve; the exit of the decision for few rows."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat, fmpz_mat
from oracle import injective_by_flats

from proofs_check.certificates import check_text
from relutheory._kernels.minors import dependent_subsets
from relutheory.core.errors import InputError
from relutheory.core.verdict import Verdict
from relutheory.injectivity import decide_injectivity
from relutheory.injectivity import general_position as module
from relutheory.injectivity.general_position import alternating_moment_layer, in_general_position
from relutheory.networks import ReLULayer


def rank(rows: Any) -> int:
    entries = [[Fraction(v) for v in row] for row in rows]
    return int(fmpq_mat([[fmpq(v.numerator, v.denominator) for v in row] for row in entries]).rank()) if entries else 0


def by_minors(W: Any, n: int) -> bool:
    size = min(len(W), n)
    return all(rank([W[i] for i in rows]) == size for rows in combinations(range(len(W)), size))


@pytest.mark.parametrize("seed", range(3))
def test_the_verdict_is_that_of_all_minors(seed: int) -> None:
    outcomes = []
    for k in range(120):
        rng = np.random.default_rng([seed, k])
        n, m, most = int(rng.integers(1, 6)), int(rng.integers(0, 10)), int(rng.choice([3, 30, 3000]))
        W = rng.integers(-most, most + 1, (m, n)).tolist()
        if m > n and rng.random() < 0.4:  # one subset of n rows, or fewer, is dependent
            rows = rng.choice(m, size=int(rng.integers(2, n + 1)) if n > 1 else 1, replace=False)
            factors = rng.integers(1, 4, len(rows))
            W[rows[0]] = [sum(int(f) * W[i][j] for f, i in zip(factors[1:], rows[1:], strict=True)) for j in range(n)]
        found = in_general_position(W if m else np.zeros((0, n)))
        expected = by_minors(W, n)
        assert found.proved == expected and found.refuted != expected
        if found.dependent is not None:
            assert len(set(found.dependent)) == len(found.dependent) <= n
            assert rank([W[i] for i in found.dependent]) < len(found.dependent)
        outcomes.append(expected)
    assert 20 < sum(outcomes) < 100


def test_one_ulp_and_one_third_decide() -> None:
    W = [[1.0, 2.0], [0.5, 1.0], [3.0, 1.0]]
    assert in_general_position(W).dependent == (0, 1)
    W[1][1] = float(np.nextafter(1.0, 2.0))
    assert in_general_position(W).proved
    assert in_general_position([["1/3", "1/7"], ["7/3", 1]]).refuted
    assert in_general_position([[1 / 3, 1 / 7], [7 / 3, 1]]).proved
    assert in_general_position([[1e300, 1e-300], [1e-300, 1e300], [1, 1]]).proved
    assert in_general_position([[1e300, 1e-300], [1e-300, 1e300], [1, 2**-1000], [2**1000, 1]]).dependent == (2, 3)


def test_edges() -> None:
    assert in_general_position(np.zeros((0, 3))).proved
    assert in_general_position([[0, 0, 0]]).refuted
    assert in_general_position([[0]]).refuted and in_general_position([[1], [-1], [1]]).proved
    assert in_general_position([[1], [0], [1]]).dependent == (1,)
    assert in_general_position([[1, 2, 3], [2, 4, 6]]).refuted
    assert in_general_position(np.eye(5)).proved
    assert in_general_position(np.vstack([np.eye(5), np.ones(5)])).proved
    assert in_general_position(np.vstack([np.eye(5), [1, 1, 1, 1, 0]])).refuted
    assert in_general_position(ReLULayer([[1, 0], [0, 1]], [5, 5])).proved


def test_few_more_rows_than_inputs_in_high_dimension() -> None:
    rng = np.random.default_rng(0)
    W = rng.integers(-9, 10, (83, 80)).tolist()
    assert in_general_position(W).proved
    factors = rng.integers(1, 3, 60).tolist()
    W[70] = [sum(f * W[i][j] for i, f in enumerate(factors)) for j in range(80)]
    found = in_general_position(W)
    assert found.refuted and found.dependent is not None
    assert rank([W[i] for i in found.dependent]) < len(found.dependent) <= 80


def test_subsets_that_only_a_prime_sees_are_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    W = rng.integers(-50, 51, (9, 3)).tolist()
    while not by_minors(W, 3):
        W = rng.integers(-50, 51, (9, 3)).tolist()
    monkeypatch.setattr(module, "primes", lambda: iter([5, 7, 11, 13, 33554393]))
    assert in_general_position(W).proved
    monkeypatch.setattr(module, "_SUSPECTS", 2)
    assert in_general_position(W).proved


def test_blocks_cover_all_subsets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 4)
    for k in range(60):
        rng = np.random.default_rng(k)
        n, m = int(rng.integers(2, 5)), int(rng.integers(4, 9))
        W = rng.integers(-4, 5, (m, n)).tolist()
        found = in_general_position(W)
        assert found.proved == by_minors(W, n)
        if found.dependent is not None:
            assert rank([W[i] for i in found.dependent]) < len(found.dependent)


def test_the_kernel_lists_exactly_the_dependent_subsets() -> None:
    rng = np.random.default_rng(2)
    p = 101
    for _ in range(40):
        q, k = int(rng.integers(2, 5)), int(rng.integers(2, 8))
        vectors = rng.integers(0, 3, (q, k)).astype(float)
        if k < q or not vectors.any(axis=0).all():
            continue
        found = np.empty((500, q), dtype=np.int64)
        many = dependent_subsets(vectors, float(p), np.empty((q, q, k)), np.empty(q, dtype=np.int64), found)
        covered = set()
        for row in found[:many]:
            chosen = {int(j) for j in row if j >= 0}
            covered |= {s for s in combinations(range(k), q) if chosen <= set(s)}
        dependent = set()
        for s in combinations(range(k), q):
            determinant = int(fmpz_mat(vectors[:, s].astype(int).tolist()).det())
            if determinant % p == 0:
                dependent.add(s)
        assert covered == dependent


def test_limits_and_bad_input() -> None:
    rng = np.random.default_rng(0)
    W = rng.standard_normal((70, 12))
    started = time.monotonic()
    found = in_general_position(W, time_limit=0.5)
    assert found.verdict is Verdict.UNDECIDED and time.monotonic() - started < 20
    assert not found.proved and not found.refuted
    with pytest.raises(TypeError, match="not a bool"):
        bool(found)
    for arguments, message in (
        (([[1, np.nan]],), r"^W\[0,1\] = nan: must be finite$"),
        ((np.zeros((3, 0)),), r"must have at least one column$"),
        (([1, 2],), r"must have 2 dimensions$"),
    ):
        with pytest.raises(InputError, match=message):
            in_general_position(*arguments)
    with pytest.raises(InputError, match=r"^time_limit = -1: "):
        in_general_position([[1]], time_limit=-1)
    for options, message in (
        ({"n": 0}, r"^n = 0: must be an integer, at least 1$"),
        ({"n": 2.5}, r"^n = 2.5: must be an integer, at least 1$"),
        ({"n": True}, r"^n = True: must be an integer, at least 1$"),
        ({"n": 2, "m": 0}, r"^m = 0: must be an integer, at least 1$"),
        ({"n": 10**400}, r"^n = .*: must be at most 250000$"),
        ({"n": 2, "m": 10**400}, r"^m = .*: must be at most 250000$"),
        ({"n": 10**4}, r"^m = 29999: must give at most 250000 entries, n = 10000 times m$"),
        ({"n": 2, "basis": "fourier"}, r"""^basis = 'fourier': must be "monomial" or "chebyshev"$"""),
    ):
        with pytest.raises(InputError, match=message):
            alternating_moment_layer(**options)


@pytest.mark.parametrize("basis", ["monomial", "chebyshev"])
@pytest.mark.parametrize("n", range(1, 8))
def test_the_curve_is_injective_from_3n_minus_1_rows_on_and_never_before(n: int, basis: str) -> None:
    layer = alternating_moment_layer(n, basis=basis)
    assert (layer.m, layer.n) == (3 * n - 1, n)
    assert in_general_position(layer).proved
    assert decide_injectivity(layer).proved
    assert decide_injectivity(alternating_moment_layer(n, 3 * n + 1, basis=basis)).proved
    short = alternating_moment_layer(n, 3 * n - 2, basis=basis)
    assert in_general_position(short).proved
    result = decide_injectivity(short)
    assert result.refuted and result.witness is not None and result.witness.x != result.witness.y
    assert short.forward_exact(result.witness.x) == short.forward_exact(result.witness.y)
    if n <= 3:
        W = layer.weight.fractions()
        assert injective_by_flats(W) and not injective_by_flats(short.weight.fractions())


def test_the_entries_of_the_curve() -> None:
    W = alternating_moment_layer(3, 5).weight.fractions()
    assert [[v * (-1) ** i for v in row] for i, row in enumerate(W)] == [[1, t, t * t] for t in (-2, -1, 0, 1, 2)]
    W = alternating_moment_layer(4, basis="chebyshev").weight.fractions()
    nodes = [row[1] * (-1) ** i for i, row in enumerate(W)]
    assert nodes == sorted(set(nodes)) and max(map(abs, nodes)) < 1
    for i, (row, t) in enumerate(zip(W, nodes, strict=True)):
        assert [v * (-1) ** i for v in row] == [1, t, 2 * t * t - 1, 4 * t**3 - 3 * t]
        assert abs(float(t) + np.cos((i + 0.5) * np.pi / len(W))) < 1e-3
    big = alternating_moment_layer(40)
    assert not big.weight.floats_exact and big.weight[0, 39] == (-(119 // 2)) ** 39


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("n", "m"), [(3, 7), (5, 11), (5, 13), (12, 34), (12, 27)])
def test_few_rows_in_general_position_are_refuted_by_counting(n: int, m: int, bias: bool) -> None:
    rng = np.random.default_rng([n, m])
    W, b = rng.standard_normal((m, n)), rng.standard_normal(m) if bias else None
    for scale in (np.ones(n), 10.0 ** rng.integers(-100, 101, n)):
        layer = ReLULayer(W * scale, b)
        result = decide_injectivity(layer)
        assert result.refuted and result.method == "general position" and result.stats.nodes == 0
        assert result.witness is not None
        assert layer.forward_exact(result.witness.x) == layer.forward_exact(result.witness.y)
        assert check_text(result.certificate.to_json()).valid


def test_rows_that_floats_take_for_dependent() -> None:
    layer = alternating_moment_layer(30, 88)
    result = decide_injectivity(layer, time_limit=60)
    assert result.refuted and result.method == "general position"
    assert result.witness is not None
    assert layer.forward_exact(result.witness.x) == layer.forward_exact(result.witness.y)


def test_layers_without_general_position_are_still_decided_right() -> None:
    outcomes = []
    for k in range(80):
        rng = np.random.default_rng([11, k])
        n = int(rng.integers(2, 4))
        m = int(rng.integers(2 * n + 1, 3 * n + 1))
        W = rng.integers(-1, 2, (m, n)).tolist()
        b = rng.integers(-1, 2, m).tolist() if k % 2 else None
        expected = injective_by_flats(W, b)
        assert decide_injectivity(ReLULayer(W, b)).proved == expected
        outcomes.append(expected)
    assert 5 < sum(outcomes) < 75
