"""The brute-force oracle: its two routes agree, and it reproduces what is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, combinations_with_replacement, product
from typing import Any

import numpy as np
import pytest
from families import (
    FAMILIES,
    Case,
    all_cases,
    alternating_minors_agree,
    boxed,
    chebyshev_layer,
    degenerate_layer,
    small_integers,
)
from flint import fmpz_mat
from oracle import (
    check_collision,
    dot,
    exact,
    find_collision,
    gordan,
    injective_by_cells,
    injective_by_flats,
    injective_by_pairs,
    lines,
    primitive,
    problem,
    rank,
)

SEED = 20


def random_layers(count: int, rows_per_n: int = 3) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Degenerate integer layers, n = 1..3, at most rows_per_n n + 2 rows."""
    for k in range(count):
        rng = np.random.default_rng([SEED, k])
        n = int(rng.integers(1, 4))
        yield degenerate_layer(rng, n, int(rng.integers(1, rows_per_n * n + 3)))


def flats_to_try(case: Case) -> int:
    """How many subsets of rows the flats route looks at, at most."""
    p = problem(case.W, case.b)
    forced, others = lines(p.rows)
    if rank(forced + others) < p.n:
        return 1
    return math.comb(len(others), max(p.n - 1 - rank(forced), 0))


@pytest.mark.parametrize("with_bias", [False, True])
def test_two_routes_agree_on_integer_layers(with_bias: bool) -> None:
    verdicts: list[bool] = []
    for case in small_integers(seed=SEED, count=150):
        b = np.random.default_rng(len(verdicts)).integers(-2, 3, len(case.W)) if with_bias else None
        verdicts.append(injective_by_flats(case.W, b))
        assert verdicts[-1] == injective_by_cells(case.W, b), (case, b)
    assert 20 < sum(verdicts) < 130


def test_two_routes_agree_on_boxes() -> None:
    verdicts: list[bool] = []
    for case in boxed():
        verdicts.append(injective_by_flats(case.W, case.b, case.box))
        assert verdicts[-1] == injective_by_cells(case.W, case.b, case.box), case
        assert case.expected in (None, verdicts[-1]), case
    assert 20 < sum(verdicts) < len(verdicts) - 20


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_expected_verdicts_of_the_families(family: Callable[[], Iterator[Case]]) -> None:
    for case in family():
        by_pairs = injective_by_pairs(case.W, case.b)
        if flats_to_try(case) > 3000:  # too many: here the verdict comes from theory alone
            assert case.expected is not None and by_pairs in (None, case.expected), case.name
            assert case.name.startswith(("moment-", "narrow-", "positive-")), case.name
            continue
        verdict = injective_by_flats(case.W, case.b)
        assert case.expected in (None, verdict), case.name
        assert by_pairs in (None, verdict), case.name
        if len(case.W) <= 9 and len(case.W[0]) <= 4:
            assert injective_by_cells(case.W, case.b) == verdict, case.name


def test_names_of_cases_are_unique() -> None:
    names = [case.name for case in all_cases()] + [case.name for case in boxed()]
    assert len(set(names)) == len(names)


def test_all_small_layers_with_four_rows_in_the_plane() -> None:
    """Of the 20475 multisets of 4 rows in {-2..2}^2 exactly 166 are injective, all of the form [B; -DB]."""

    @cache  # the verdict depends on the set of directions only
    def by_flats(directions: tuple[tuple[int, ...], ...]) -> bool:
        verdict = injective_by_flats(directions)
        assert verdict == injective_by_pairs(directions)
        return verdict

    vectors = sorted(tuple(primitive(w)) for w in product(range(-2, 3), repeat=2))
    verdicts = [by_flats(tuple(sorted(set(rows)))) for rows in combinations_with_replacement(vectors, 4)]
    assert (sum(verdicts), len(verdicts)) == (166, 20475)


@pytest.mark.parametrize("m", range(1, 8))
def test_on_the_line_two_sign_patterns_in_all_fail(m: int) -> None:
    """n = 1, no bias: P(not injective) = 2^(1 - m) for symmetric rows."""
    verdicts = [injective_by_flats([[s] for s in signs]) for signs in product((-3, 2), repeat=m)]
    assert verdicts.count(False) == 2


def test_on_the_line_with_bias_as_an_interval() -> None:
    """n = 1: not injective iff max over w < 0 of -b/w is below min over w > 0 of -b/w."""
    for k in range(300):
        rng = np.random.default_rng([SEED, 1, k])
        w, b = rng.integers(-2, 3, rng.integers(1, 6)), rng.integers(-2, 3, 6)
        zeros = [(int(v), Fraction(-int(c), int(v))) for v, c in zip(w, b, strict=False) if v]
        low = max((t for v, t in zeros if v < 0), default=-math.inf)
        high = min((t for v, t in zeros if v > 0), default=math.inf)
        assert injective_by_flats(w[:, None], b[: len(w)]) == (low >= high)


def test_fewer_than_2n_rows_never_suffice_and_2n_only_in_pairs() -> None:
    injective = 0
    for W, b in random_layers(300):
        n = W.shape[1]
        assert not injective_by_flats(W[: 2 * n - 1], b[: 2 * n - 1])
        if len(W) >= 2 * n:
            W[n : 2 * n] = -W[:n][::-1]
            verdict = injective_by_flats(W[: 2 * n], b[: 2 * n])
            assert verdict == injective_by_pairs(W[: 2 * n], b[: 2 * n])
            injective += verdict
    assert injective > 20


def test_bias_lemma_fails_as_printed() -> None:
    W, b = [[1], [-1]], [-1, 2]
    assert injective_by_flats(W, b) and injective_by_cells(W, b)
    assert not injective_by_flats(restricted(W, b))


def restricted(W: Any, b: Any) -> np.ndarray:
    """W with the rows of negative bias replaced by zero."""
    return np.where(np.asarray(b)[:, None] >= 0, W, 0)


def test_bias_lemma_corrected() -> None:
    """Restricted => biased => bias-free, neither reversed; with b <= 0 the first is an equivalence."""
    gaps = [0, 0]
    for W, b in random_layers(200, rows_per_n=4):
        with_bias, without = injective_by_flats(W, b), injective_by_flats(W)
        lemma = injective_by_flats(restricted(W, b))
        assert (lemma <= with_bias) and (with_bias <= without), (W, b)
        gaps[0] += with_bias > lemma
        gaps[1] += without > with_bias
        negative = np.minimum(b, 0)
        assert injective_by_flats(W, negative) == injective_by_flats(restricted(W, negative)), (W, negative)
    assert min(gaps) > 5


def test_criterion_at_points() -> None:
    """The active rows span at every point tried when injective, and not at the middle of a collision."""
    for W, b in random_layers(100, rows_per_n=4):
        n = W.shape[1]
        collision = find_collision(W, b)
        if collision is None:
            grid = product([Fraction(v, 2) for v in range(-7, 8)], repeat=n)
            points = list(grid)[:: 1 + 4 * (n == 3)]
        else:
            points = [tuple((p + q) / 2 for p, q in zip(*collision, strict=True))]
        for z in points:
            active = [w.tolist() for w, c in zip(W, b, strict=True) if dot(w.tolist(), z) + int(c) >= 0]
            assert (rank(active) == n) == (collision is None), (W, b, z)


def test_general_position_needs_three_rows_per_dimension() -> None:
    """n = 9 in float64: next to a zero of 8 rows 9 others are active if m = 26; if m = 25, too few."""
    for m in (26, 25):
        rows = [primitive([exact(v) for v in w]) for w in chebyshev_layer(9, m)]
        rng = np.random.default_rng([SEED, m])
        for _ in range(30):
            flat = sorted(rng.choice(m, 8, replace=False).tolist())
            kernel, dimension = fmpz_mat([rows[i] for i in flat]).nullspace()
            z = [int(kernel[j, 0]) for j in range(9)]
            zero, positive, negative = ([row for row in rows if np.sign(dot(row, z)) == s] for s in (0, 1, -1))
            assert dimension == 1 and zero == [rows[i] for i in flat]
            few, many = sorted((positive, negative), key=len)
            if m == 26:
                assert len(few) == 9
            else:  # all rows but these few are negative together: the layer is constant across them
                assert len(few) < 9 and gordan(zero + many)[0] is not None


def test_minors_of_the_moment_curve() -> None:
    """The few minors that are looked at decide the sign of all."""
    verdicts = []
    for k in range(60):
        rng = np.random.default_rng([SEED, 2, k])
        t = np.sort(rng.choice(np.arange(-4, 5), 6, replace=k % 4 == 0))
        W = np.stack([t**0, t, t**2], axis=1) * np.where(np.arange(6) % 2, -1, 1)[:, None]
        if k % 3 == 0:
            W[rng.integers(6), rng.integers(3)] += rng.integers(-2, 3)
        P = W * np.where(np.arange(6) % 2, -1, 1)[:, None]
        signs = {np.sign(int(fmpz_mat(P[list(rows)].tolist()).det())) for rows in combinations(range(6), 3)}
        verdicts.append(len(signs) == 1 and 0 not in signs)
        assert alternating_minors_agree(W) == verdicts[-1]
    assert 10 < sum(verdicts) < 50


def test_gordan_gives_one_of_the_two_certificates() -> None:
    assert gordan([[1, 0], [0, 1]])[0] is not None
    assert gordan([[1, 2], [5, 5], [-2, -4]]) == (None, {0, 2})
    assert gordan([[0, 0]]) == (None, {0})
    assert gordan([[10**300, 1], [-(10**300), 1], [0, 1]])[0] is not None


def test_collisions_are_checked_exactly() -> None:
    W, b = [["1/3"], [0.1]], None
    assert check_collision(W, b, ["-1/3"], [Fraction(-7)])
    assert not check_collision(W, b, [-1], ["-1"])  # the same point
    assert not check_collision(W, b, [-1], ["1e-300"])  # different outputs
    assert not check_collision(W, b, [-1], [-2], box=([-1.5], [None]))
    assert check_collision(W, b, [-1], [-2], box=([-2], [math.inf]))
    with pytest.raises(ValueError):
        check_collision(W, b, [-1, 0], [-2, 0])
