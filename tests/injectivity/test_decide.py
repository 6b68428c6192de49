"""decide_injectivity against brute force, theory and its own symmetries; witnesses and limits are checked exactly."""

from __future__ import annotations

import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from families import FAMILIES, INF, Case, boxed, chebyshev_layer, degenerate_layer, one_ulp
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_collision, dot, injective_by_flats

from relutheory.core.errors import InputError
from relutheory.core.residues import PRIMES
from relutheory.core.sets import Box, Polyhedron
from relutheory.core.verdict import Rigor
from relutheory.injectivity import InjectivityResult, Status, decide_injectivity
from relutheory.networks import ReLULayer

Layer = tuple[Any, Any]
ODD_NUMBERS = [1e-300, 1e300, 5e-324, 2.0**-1000, 2.0**500, 1.0]
ODD_RATIONALS = [Fraction(1, 3), Fraction(10) ** 400, Fraction(1, 10**400), Fraction(7, 5), Fraction(1)]


def decided(W: Any, b: Any = None, box: Any = None, **options: Any) -> bool:
    """Whether the layer is injective; the result is looked at from all sides."""
    domain = None if box is None else Box(*box)
    result = decide_injectivity(ReLULayer(W, b), domain=domain, **options)
    assert result.status is not Status.UNDECIDED
    assert result.rigor is Rigor.EXACT
    assert (result.witness is None) == result.proved
    assert result.refuted == (not result.proved)
    if result.witness is None:
        assert result.stats.closed == 1.0
    else:
        assert check_collision(W, b, result.witness.x, result.witness.y, box=box)
        assert domain is None or (domain.contains(result.witness.x) and domain.contains(result.witness.y))
    return result.proved


# against brute force and theory


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_family_is_decided_as_it_should_be(family: Callable[[], Iterator[Case]]) -> None:
    for case in family():
        expected = injective_by_flats(case.W, case.b) if case.expected is None else case.expected
        assert decided(case.W, case.b) == expected, case.name


def test_boxes_are_decided_as_they_should_be_and_flat_ones_are_refused() -> None:
    verdicts, flat = [], 0
    for case in boxed(count=160):
        lo, hi = case.box
        if any(low == high for low, high in zip(lo, hi, strict=True)):
            with pytest.raises(InputError, match=r"^domain = .*: must have a non-empty interior$"):
                decide_injectivity(ReLULayer(case.W, case.b), domain=Box(lo, hi))
            flat += 1
            continue
        expected = injective_by_flats(case.W, case.b, case.box) if case.expected is None else case.expected
        verdicts.append(decided(case.W, case.b, case.box))
        assert verdicts[-1] == expected, case.name
    assert flat > 10
    assert 20 < sum(verdicts) < len(verdicts) - 20


def small(rng: np.random.Generator) -> Layer:
    """n <= 4, m <= 12, a third of the rows copies, opposites or zeros; half of them biased."""
    W, b = degenerate_layer(rng, int(rng.integers(1, 5)), int(rng.integers(1, 13)))
    return W, (b if rng.random() < 0.5 else None)


def wide(rng: np.random.Generator) -> Layer:
    """So many rows in {-1, 0, 1}^n that a good part of the layers is injective."""
    n = int(rng.integers(2, 5))
    m = int(rng.integers(3 * n, 4 * n + 4))
    return rng.integers(-1, 2, (m, n)), (None if rng.random() < 0.5 else rng.integers(-1, 2, m))


def nearly_integer(rng: np.random.Generator) -> Layer:
    """`wide`, with a few entries off by one ulp, which for a zero entry is the least positive float."""
    W, b = wide(rng)
    W = W.astype(float)
    for _ in range(int(rng.integers(1, 6))):
        W = one_ulp(rng, W)
    if b is not None:
        i, b = rng.integers(len(b)), b.astype(float)
        b[i] = np.nextafter(b[i], rng.choice([-9, 9]))
    return W, b


def forced_and_more(rng: np.random.Generator) -> Layer:
    """[B; -DB] with k <= n rows in B, biased near the edge where a slab opens, and a few rows more."""
    n = int(rng.integers(2, 5))
    k = int(rng.integers(1, n + 1))
    B, M = rng.integers(-2, 3, (k, n)), rng.integers(-2, 3, (int(rng.integers(1, 8)), n))
    W, c = np.vstack([B, -B * rng.integers(1, 3, (k, 1)), M]), rng.integers(-2, 3, k)
    gaps = rng.integers(-1, 2, k) * (rng.random() < 0.3)
    return W, (None if rng.random() < 0.5 else np.concatenate([c, gaps - c, rng.integers(-2, 3, len(M))]))


def multiples_of_the_primes(rng: np.random.Generator) -> Layer:
    """Determinants that vanish, row by row and entry by entry, modulo the first primes that are tried."""
    W, b = wide(rng)
    factors = [PRIMES[0], PRIMES[1], PRIMES[0] * PRIMES[1], math.prod(PRIMES[:7]), 1, 1, 1, 1]
    W = W.astype(object) * np.array(factors, dtype=object)[rng.integers(0, len(factors), W.shape)]
    if rng.random() < 0.3:
        W = W + rng.integers(-1, 2, W.shape)
    return W, b


def odd_rows(rng: np.random.Generator) -> Layer:
    W, b = small(rng)
    return W * rng.choice(ODD_NUMBERS, (len(W), 1)), (None if b is None else b * rng.choice(ODD_NUMBERS))


def odd_entries(rng: np.random.Generator) -> Layer:
    """A third of the entries times 1e-300, 1e300, the least positive float."""
    W, b = wide(rng)
    factors = np.where(rng.random(W.shape) < 0.3, rng.choice(ODD_NUMBERS, W.shape), 1.0)
    return W * factors, (None if b is None else b * rng.choice(ODD_NUMBERS, len(b)))


def rationals(rng: np.random.Generator) -> Layer:
    """Thirds, and numbers far beyond the range of floats."""
    W, b = wide(rng)

    def scaled(v: int) -> Fraction:
        return int(v) * (ODD_RATIONALS[rng.integers(len(ODD_RATIONALS))] if rng.random() < 0.3 else Fraction(1))

    return [[scaled(v) for v in row] for row in W], (None if b is None else [scaled(v) for v in b])


GENERATORS = (
    small,
    wide,
    nearly_integer,
    forced_and_more,
    multiples_of_the_primes,
    odd_rows,
    odd_entries,
    rationals,
)


def compare_with_flats(generator: Callable[[np.random.Generator], Layer], count: int, seed: int) -> list[bool]:
    verdicts = []
    for k in range(count):
        W, b = generator(np.random.default_rng([seed, k]))
        verdicts.append(decided(W, b))
        assert verdicts[-1] == injective_by_flats(W, b), (generator.__name__, seed, k)
    return verdicts


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: generator.__name__)
def test_random_layers_agree_with_all_flats(generator: Callable[[np.random.Generator], Layer]) -> None:
    verdicts = compare_with_flats(generator, 70, 1)
    assert 4 < sum(verdicts) < 66


@pytest.mark.slow
@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: generator.__name__)
def test_random_layers_agree_with_all_flats_at_length(
    generator: Callable[[np.random.Generator], Layer],
) -> None:
    verdicts = compare_with_flats(generator, 6000, 2)
    assert 100 < sum(verdicts) < 5900


def random_box(rng: np.random.Generator, n: int) -> tuple[list[float], list[float]]:
    """A box with interior points: small, thin by an ulp, huge, or without an end on some sides."""
    lo = rng.choice([-INF, -1.0, 0.0, -2.0, 1.0, 1e-300, -1e300], n)
    start = np.maximum(lo, -2.0)
    hi = np.maximum(start + rng.choice([1.0, 0.5, 3.0, INF, 1e-300], n), np.nextafter(start, INF))
    return lo.tolist(), hi.tolist()


def compare_on_boxes(count: int, seed: int) -> list[bool]:
    verdicts = []
    for k in range(count):
        rng = np.random.default_rng([seed, 3, k])
        W, b = GENERATORS[k % len(GENERATORS)](rng) if k % 2 else small(rng)
        box = random_box(rng, len(W[0]))
        verdicts.append(decided(W, b, box))
        assert verdicts[-1] == injective_by_flats(W, b, box), (seed, k)
    return verdicts


def test_random_boxes_agree_with_all_flats() -> None:
    assert 30 < sum(compare_on_boxes(160, 1)) < 130


@pytest.mark.slow
def test_random_boxes_agree_with_all_flats_at_length() -> None:
    assert 1000 < sum(compare_on_boxes(5000, 2)) < 4000


# particular layers


def test_determinants_that_vanish_modulo_some_of_the_primes_do_not_matter() -> None:
    for count in range(8):
        p = math.prod(PRIMES[:count])
        lines = [[1, 0], [-1, 0], [1, p], [-1, -p]]
        assert decided(lines)
        assert not decided(lines[:3])
        assert not decided([[p, 0], [-p, 0], [0, p], [p, -p]])
        triangles = [[1, 0], [1, p], [-1, p], [-1, -2 * p], [2, -p]]
        assert decided(triangles) == injective_by_flats(triangles)


def test_determinants_that_vanish_modulo_all_the_primes_do_not_matter() -> None:
    p = math.prod(PRIMES)
    assert decided([[1, 0], [-1, 0], [1, p], [-1, -p]])


def test_rows_that_are_hidden_in_the_hash_of_directions() -> None:
    """Directions are hashed modulo 2^61 - 1: entries that are multiples of it must not be taken for zeros."""
    p = 2**61 - 1
    assert decided([[p, 1], [-p, -1], [p, 2], [-p, -2]])
    assert not decided([[p, 1], [-p, -2], [p, 2], [-p, -3]])
    assert not decided([[p, 1], [-p, 1], [p, -1], [-p, -p]])
    assert decided([[1, p], [-1, -p], [p, 1], [-p, -1]])


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300, Fraction(1, 3), Fraction(10) ** 400])
def test_one_ulp_opens_or_closes_a_slab(scale: Any) -> None:
    for n in (1, 2, 5, 30):
        W = [[scale * int(i == j) for j in range(n)] for i in range(n)]
        W += [[-v for v in row] for row in W]
        bias = 1.0 + 2.0**-52
        assert decided(W, [-1.0] * n + [1.0] * n)
        assert decided(W, [-1.0] * n + [bias] * n)
        assert not decided(W, [-bias] + [-1.0] * (n - 1) + [1.0] * n)


def test_a_slab_that_the_domain_hides() -> None:
    W, b = [[1], [-1]], [-1, -1]
    assert not decided(W, b)
    assert not decided(W, b, ([-1], [1]))
    assert decided(W, b, ([1], [2]))
    assert not decided(W, b, ([np.nextafter(1.0, 0.0)], [2]))
    assert decided(W, b, ([-INF], [-1]))


def test_large_pairs_and_one_ulp() -> None:
    rng = np.random.default_rng(3)
    B = rng.standard_normal((50, 50))
    W = np.vstack([B, -(2.0 ** rng.integers(-3, 4, (50, 1))) * B])[rng.permutation(100)]
    assert decided(W)
    assert not decided(one_ulp(rng, W))


def test_rank_deficient_by_a_column_that_is_nearly_a_combination() -> None:
    rng = np.random.default_rng(4)
    W = rng.integers(-9, 10, (60, 4)).astype(float)
    W[:, 3] = W[:, :3].sum(axis=1)
    assert not decided(W)
    assert not decided(W, rng.integers(-9, 10, 60), ([-1.0] * 4, [1e-300] * 4))


# symmetries


def unimodular(draw: st.DrawFn, n: int) -> np.ndarray:
    """A product of integer shears, permutations and reflections."""
    U = np.eye(n, dtype=int)[draw(st.permutations(range(n)))]
    for _ in range(draw(st.integers(0, 4)) if n > 1 else 0):
        i, j = draw(st.permutations(range(n)))[:2]
        U[i] += draw(st.integers(-3, 3)) * U[j]
    return U * np.array(draw(st.lists(st.sampled_from([-1, 1]), min_size=n, max_size=n)))[:, None]


@st.composite
def layers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 4))
    rows = st.lists(st.integers(-2, 2), min_size=n + 1, max_size=n + 1)
    table = np.array(draw(st.lists(rows, min_size=2 * n, max_size=4 * n + 2)))
    W, b = table[:, :n], table[:, n] * draw(st.sampled_from([0, 1]))
    pairs = draw(st.integers(0, n))
    W[n : n + pairs] = -W[:pairs]
    return W, b


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.data(), layers())
def test_a_change_of_variables_changes_nothing(data: st.DataObject, layer: tuple[np.ndarray, np.ndarray]) -> None:
    W, b = layer
    m, n = W.shape
    verdict = decided(W, b)
    assert verdict == injective_by_flats(W, b)
    order = data.draw(st.permutations(range(m)))
    factors = data.draw(st.lists(st.fractions("1/9", 9), min_size=m, max_size=m))
    columns = data.draw(st.lists(st.sampled_from([1, 2**70, Fraction(1, 3)]), min_size=n, max_size=n))
    shift = np.array(data.draw(st.lists(st.fractions(-3, 3, max_denominator=4), min_size=n, max_size=n)))
    U = unimodular(data.draw, n)
    moved = (W @ U) * np.array(columns, dtype=object) * np.array(factors, dtype=object)[:, None]
    bias = (b + W @ shift) * np.array(factors, dtype=object)
    assert decided(moved[order], bias[order]) == verdict


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.data(), layers())
def test_further_rows_never_hurt_and_smaller_domains_never_hurt(
    data: st.DataObject, layer: tuple[np.ndarray, np.ndarray]
) -> None:
    W, b = layer
    m, n = W.shape
    verdict = decided(W, b)
    if verdict:
        row = data.draw(st.lists(st.integers(-3, 3), min_size=n + 1, max_size=n + 1))
        assert decided(np.vstack([W, row[:n]]), np.append(b, row[n]))
        assert decided(W, b, ([-2] * n, [data.draw(st.sampled_from([-1, 0, 7, INF]))] * n))
    else:
        keep = sorted(data.draw(st.sets(st.integers(0, m - 1), min_size=1)))
        assert not decided(W[keep], b[keep])


# limits, executors, progress

HARD = chebyshev_layer(7, 20)  # injective, a tree of a few thousand nodes
NOT = chebyshev_layer(9, 25)


def run(W: Any = HARD, **options: Any) -> InjectivityResult:
    return decide_injectivity(ReLULayer(W), **options)


def test_node_limits_leave_it_undecided_with_a_growing_share() -> None:
    full = run()
    assert full.status is Status.INJECTIVE
    shares = []
    for limit in (0, 1, 5, 50, 300, 1000, full.stats.nodes - 1):
        result = run(node_limit=limit)
        assert result.status is Status.UNDECIDED
        assert result.rigor is Rigor.SAMPLED
        assert not result.proved and not result.refuted and result.witness is None
        assert result.stats.nodes == limit
        shares.append(result.stats.closed)
    assert shares == sorted(shares)
    assert shares[0] == 0.0 < shares[-1] < 1.0
    assert run(node_limit=full.stats.nodes).status is Status.INJECTIVE


def test_no_time_leaves_it_undecided_unless_the_answer_is_at_hand() -> None:
    result = run(time_limit=0)
    assert result.status is Status.UNDECIDED
    assert 0 <= result.stats.closed < 1
    assert run(np.vstack([np.eye(3), -np.eye(3)]), time_limit=0, node_limit=0).status is Status.INJECTIVE
    assert run(np.eye(3), time_limit=0, node_limit=0).status is Status.NOT_INJECTIVE


def test_the_same_question_gets_the_same_answer_with_the_same_tree() -> None:
    for W in (HARD, NOT, np.random.default_rng(0).standard_normal((18, 4))):
        first, second = run(W), run(W)
        assert (first.status, first.witness, first.prime) == (second.status, second.witness, second.prime)
        assert (first.stats.nodes, first.stats.circuits) == (second.stats.nodes, second.stats.circuits)


def outcomes(executor: Executor) -> list[tuple[Any, ...]]:
    biased = np.random.default_rng(8).standard_normal((24, 4))
    cases: list[tuple[Any, Any, Any]] = [
        (HARD, None, None),
        (NOT, None, None),
        (biased, np.full(24, 0.2), None),
        (biased, np.full(24, -0.2), Box([-1.0] * 4, [INF] * 4)),
        (np.vstack([np.eye(3), -np.eye(3)]), None, None),
    ]
    found = []
    for W, b, domain in cases:
        result = decide_injectivity(ReLULayer(W, b), domain=domain, executor=executor)
        assert result.status is decide_injectivity(ReLULayer(W, b), domain=domain).status
        if result.witness is not None:
            assert check_collision(W, b, result.witness.x, result.witness.y)
        found.append((result.status.value, result.witness, result.stats.nodes, result.stats.closed))
    return found


def test_verdict_witness_and_nodes_are_the_same_for_any_executor() -> None:
    forkserver = multiprocessing.get_context("forkserver")
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(3) as three:
        expected = outcomes(one)
        assert outcomes(three) == expected
    for workers in (1, 2):
        with ProcessPoolExecutor(workers, mp_context=forkserver) as pool:
            assert outcomes(pool) == expected
    assert {status for status, *_ in expected} == {"injective", "not-injective"}


def test_limits_hold_with_an_executor_too() -> None:
    with ThreadPoolExecutor(2) as pool:
        for options in ({"node_limit": 0}, {"node_limit": 100}, {"time_limit": 0}):
            result = run(executor=pool, **options)
            assert result.status is Status.UNDECIDED
            assert 0 <= result.stats.closed < 1


def test_a_prime_that_fails_in_the_middle_of_a_search_is_replaced() -> None:
    """Most entries of the last column are multiples of the first prime: of full rank modulo it, many triples not."""
    replaced = []
    with ThreadPoolExecutor(2) as pool:
        for k in range(25):
            rng = np.random.default_rng([5, k])
            W = rng.integers(-2, 3, (int(rng.integers(9, 14)), 3))
            W[:, 2] *= np.where(rng.random(len(W)) < 0.8, PRIMES[0], 1)
            alone, shared = run(W), run(W, executor=pool)
            assert alone.proved == shared.proved == injective_by_flats(W)
            for result in (alone, shared):
                if result.method == "branch and bound" and result.prime != PRIMES[0]:
                    replaced.append(result.status.value)
    assert min(replaced.count("injective"), replaced.count("not-injective")) > 3


def test_progress_is_reported_and_grows() -> None:
    seen: list[tuple[float, int]] = []
    run(progress=lambda share, nodes: seen.append((share, nodes)))
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert all(0 <= share <= 1 for share, _ in seen)
    with ThreadPoolExecutor(2) as pool:
        seen.clear()
        run(progress=lambda share, nodes: seen.append((share, nodes)), executor=pool)
    assert len(seen) > 2
    assert seen == sorted(seen)


def test_an_interrupt_goes_through_and_leaves_nothing_behind() -> None:
    def interrupt(share: float, nodes: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(progress=interrupt)
    threads = threading.active_count()
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            run(progress=interrupt, executor=pool)
        started = time.perf_counter()
        assert pool.submit(int, "7").result(timeout=60) == 7  # what was waiting has been cancelled
        assert time.perf_counter() - started < 30
    assert threading.active_count() == threads
    assert run().status is Status.INJECTIVE


# results and bad input


def test_a_result_is_not_a_bool() -> None:
    result = run(np.eye(2))
    for thing in (result, result.status):
        with pytest.raises(TypeError, match="not a bool"):
            bool(thing)


def test_the_layer_is_constant_on_the_segment_between_the_points_of_a_witness() -> None:
    witness = run(NOT).witness
    assert witness is not None
    for t in (Fraction(1, 3), Fraction(1, 10**9)):
        between = [(1 - t) * v + t * w for v, w in zip(witness.x, witness.y, strict=True)]
        assert check_collision(NOT, None, witness.x, between)


def test_a_witness_survives_printing() -> None:
    W = [[Fraction(1, 10**400), 10**400], [1, -1], [0, -1]]
    witness = run(W).witness
    assert witness is not None
    assert [Fraction(str(v)) for v in witness.x] == list(witness.x)
    assert all(dot(row, witness.x) <= 0 or dot(row, witness.x) == dot(row, witness.y) for row in W)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_limit": -1}, "time_limit = -1: must be a non-negative number or None"),
        ({"time_limit": math.nan}, "time_limit = nan: must be a non-negative number or None"),
        ({"time_limit": "1"}, "time_limit = '1': must be a non-negative number or None"),
        ({"node_limit": 1.5}, "node_limit = 1.5: must be a non-negative integer or None"),
        ({"node_limit": True}, "node_limit = True: must be a non-negative number or None"),
        ({"node_limit": INF}, "node_limit = inf: must be a non-negative integer or None"),
        ({"domain": [0, 1]}, "domain = [0, 1]: must be a Box, a Polyhedron, a Ball or None"),
        ({"domain": Box(0, 1, n=3)}, "domain = Box in R^3: must lie in the layer's input space, R^2"),
        ({"domain": Box([0, 1], [1, 1])}, "domain = Box in R^2: must have a non-empty interior"),
        (
            {"domain": Polyhedron([[0, 0], [1, 0]], [-1, 5])},
            "domain = Polyhedron(2 half-spaces in R^2): must have a non-empty interior",
        ),
        ({"progress": "yes"}, "progress = 'yes': must be True, False or a function"),
    ],
)
def test_bad_arguments_get_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        run(np.eye(2), **options)
    assert str(error.value) == message


def test_something_else_than_a_layer_gets_one_line() -> None:
    with pytest.raises(InputError, match=r"^layer = \[\[1\], \[-1\]\]: must be a ReLULayer$"):
        decide_injectivity([[1], [-1]])  # type: ignore[arg-type]


def test_something_that_is_no_executor_gets_one_line() -> None:
    with pytest.raises(InputError, match=r"executor = 4: must be a concurrent\.futures\.Executor or None"):
        decide_injectivity(ReLULayer([[1]]), executor=4)  # type: ignore[arg-type]


def test_where_all_rows_can_be_negative_the_collision_is_a_simple_one() -> None:
    layer = ReLULayer(np.random.default_rng(0).standard_normal((64, 48)))
    result = decide_injectivity(layer)
    assert (result.status, result.method) == (Status.NOT_INJECTIVE, "half-space")
    assert max(v.numerator.bit_length() + v.denominator.bit_length() for v in result.witness.x) < 64


@pytest.mark.parametrize(("m", "n"), [(75, 15), (150, 30)])
def test_the_descent_meets_collisions_of_large_layers(m: int, n: int) -> None:
    result = decide_injectivity(ReLULayer(np.random.default_rng(0).standard_normal((m, n))), time_limit=60)
    assert (result.status, result.method) == (Status.NOT_INJECTIVE, "descent")
