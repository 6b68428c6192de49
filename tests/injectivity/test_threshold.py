"""Monte Carlo of the threshold: against closed forms, and itself with other seeds, workers, files, after kills."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import asdict
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest

from relutheory.core.errors import InputError
from relutheory.core.executors import process_pool
from relutheory.injectivity.gaussian.brackets import collision_ratios, first_moment_ratio, most_active
from relutheory.injectivity.gaussian.ensembles import Ensemble, find_ensemble
from relutheory.injectivity.gaussian.finite import expected_collapsing_cells, injective_probability
from relutheory.injectivity.gaussian.fits import HalfPoint, clopper_pearson, extrapolate, half_point, isotonic
from relutheory.injectivity.gaussian.fits import side_of_half as side
from relutheory.injectivity.gaussian.montecarlo import ThresholdEstimate, estimate_threshold
from relutheory.injectivity.gaussian.sampling import chunk_size

SMALL: dict[str, Any] = {"n": (2, 3), "ratios": (3, 4, 5), "trials": 600}


def numbers(estimate: ThresholdEstimate) -> dict[str, Any]:
    """All but the clock and the state of the file."""
    return {name: value for name, value in asdict(estimate).items() if name not in ("seconds", "repaired")}


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return numbers(estimate_threshold(**SMALL))


# what is estimated


def test_one_input_and_the_plane_have_known_probabilities() -> None:
    estimate = estimate_threshold(n=(1, 2), ratios=(2, 3, 4, 5, 6, 8), trials=2000)
    for point in estimate.points:
        known = injective_probability(point.m, point.n)
        assert binomtest(point.injective, point.trials, float(known.lo)).pvalue > 1e-4
        if point.n == 1:
            assert known.lo == 1 - Fraction(1, 2 ** (point.m - 1))
    lower, upper = estimate.half[1].bracket
    assert lower is not None and upper is not None
    assert injective_probability(int(2 * lower), 2).hi < Fraction(1, 2) < injective_probability(int(2 * upper), 2).lo


def test_the_first_moment_is_never_violated() -> None:
    estimate = estimate_threshold(n=(2, 3, 4, 5), ratios=(4, 5, 6, 7, 8), trials=400)
    for point in estimate.points:
        least = 1 - float(expected_collapsing_cells(point.m, point.n))
        assert clopper_pearson(point.injective, point.trials, 1 - 1e-5)[1] >= least
    assert any(expected_collapsing_cells(point.m, point.n) < Fraction(1, 10) for point in estimate.points)


def test_two_seeds_differ_and_agree_within_their_intervals() -> None:
    first, second = (estimate_threshold(**SMALL, seed=seed, level=0.9999) for seed in (0, 1))
    assert [p.injective for p in first.points] != [p.injective for p in second.points]
    for one, other in zip(first.points, second.points, strict=True):
        assert max(one.interval[0], other.interval[0]) <= min(one.interval[1], other.interval[1])


def test_ground_states_are_those_of_the_layers_counted_as_injective() -> None:
    estimate = estimate_threshold(**SMALL, ground_state=True)
    for point in estimate.points:
        least = estimate.ground_states[point.n, point.m]
        assert sum(least.values()) == point.trials and max(least) <= point.m // 2
        assert sum(times for number, times in least.items() if number >= point.n) == point.injective
    short = [p for p in estimate.points if 0 < p.injective < p.trials]
    wrong = [sum(t for k, t in estimate.ground_states[p.n, p.m].items() if k > p.n) for p in short]
    assert short and all(count < p.injective for count, p in zip(wrong, short, strict=True))


def test_a_decision_that_wants_one_row_more_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from relutheory.injectivity.gaussian import sampling

    monkeypatch.setattr(
        sampling,
        "decide_layers",
        lambda weights, biases, deadline=None: sampling.least_active(weights) > weights.shape[2],
    )
    estimate = estimate_threshold(n=(1, 2), ratios=(4, 5), trials=1000)
    values = [float(injective_probability(point.m, point.n).lo) for point in estimate.points]
    pvalues = [
        binomtest(point.injective, point.trials, p).pvalue for point, p in zip(estimate.points, values, strict=True)
    ]
    assert max(pvalues) < 1e-6


def test_trials_go_where_the_curve_is_steep() -> None:
    estimate = estimate_threshold(n=3, ratios=(2, 3, 4, 5, 6, 8, 10), trials=1000)
    trials = {point.ratio: point.trials for point in estimate.points}
    assert min(trials[4], trials[5]) > 10 * max(trials[2], trials[10]) > 0
    assert abs(estimate.trials - 7000) < 1000


# the same numbers everywhere


class Backwards(Executor):
    """Runs everything when it is asked for results, the last first."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_the_numbers_do_not_depend_on_the_workers(plain: dict[str, Any]) -> None:
    with ThreadPoolExecutor(3) as threads:
        assert numbers(estimate_threshold(**SMALL, executor=threads)) == plain
    assert numbers(estimate_threshold(**SMALL, executor=Backwards())) == plain
    assert numbers(estimate_threshold(**SMALL, seed=1)) != plain


def test_worker_processes_give_the_same_numbers(plain: dict[str, Any]) -> None:
    with process_pool(2) as pool:
        assert numbers(estimate_threshold(**SMALL, executor=pool)) == plain


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_numbers(plain: dict[str, Any], tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="dask's distributed is not installed")
    store = tmp_path / "store.jsonl"
    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        before = client.run(os.getpid)
        killed = []

        def kill(share: float, layers: int) -> None:
            if share > 0.3 and not killed:
                killed.append(next(iter(before.values())))
                os.kill(killed[0], signal.SIGKILL)

        estimate = estimate_threshold(**SMALL, executor=client.get_executor(), progress=kill, store=store)
        assert len(killed) == 1
        assert numbers(estimate) == plain
        assert killed[0] not in client.run(os.getpid).values()
    assert numbers(estimate_threshold(**SMALL, store=store)) == plain


# the file


def test_a_stopped_run_goes_on_from_its_file(plain: dict[str, Any], tmp_path: Path) -> None:
    store = tmp_path / "store.jsonl"

    def stop(share: float, layers: int) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        estimate_threshold(**SMALL, store=store, progress=stop)
    kept = store.read_text()
    assert 2 < len(kept.splitlines()) < 30
    store.write_text(kept + '{"n": 2, "m": 6, "ch')  # as a kill leaves it
    again = estimate_threshold(**SMALL, store=store)
    assert again.repaired and numbers(again) == plain
    assert store.read_text().startswith(kept)
    whole = store.read_text()
    known = estimate_threshold(**SMALL, store=str(store))
    assert not known.repaired and numbers(known) == plain and store.read_text() == whole
    more = estimate_threshold(**{**SMALL, "trials": 900}, store=store)
    assert numbers(more) == numbers(estimate_threshold(**{**SMALL, "trials": 900}))
    assert store.read_text().startswith(whole) and more.trials > known.trials


def test_a_file_of_other_parameters_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "store.jsonl"
    estimate_threshold(n=2, ratios=[3], trials=50, store=store)
    whole = store.read_text()
    for other in ({"seed": 1}, {"ensemble": "sphere"}, {"ground_state": True}):
        with pytest.raises(InputError, match=r"store = .*: is about another ensemble or seed"):
            estimate_threshold(n=2, ratios=[3], trials=50, store=store, **other)
        assert store.read_text() == whole
    for line in ('{"n": 2, "m": 6, "chunk": 1, "trials": 7, "injective": 3}', '{"n": 2}', "x", "[" * 99999):
        store.write_text(whole + line + "\n")
        with pytest.raises(InputError, match=r"store = .*: has a line that is not"):
            estimate_threshold(n=2, ratios=[3], trials=50, store=store)


def test_out_of_time_is_said() -> None:
    estimate = estimate_threshold(**SMALL, time_limit=0)
    assert not estimate.complete and estimate.trials == 0 and math.isnan(estimate.points[0].fraction)
    assert estimate.points[0].interval == (0.0, 1.0) and estimate.half[0].bracket == (None, None)
    assert estimate.extrapolation == () and estimate.spread is None
    hard = estimate_threshold(n=15, ratios=[6.7], trials=50, time_limit=0.5)
    assert not hard.complete and hard.seconds < 60


def test_rounds_refine() -> None:
    seen: list[ThresholdEstimate] = []
    last = estimate_threshold(**SMALL, each_round=seen.append)
    assert seen[-1] is last
    assert [e.rounds for e in seen] == list(range(1, len(seen) + 1))
    for one, more in pairwise(seen):
        assert one.complete and all(a.trials <= b.trials for a, b in zip(one.points, more.points, strict=True))
    assert seen[0].trials == 6 * chunk_size(9, 3, 0, False) < seen[-1].trials


def test_two_runs_may_write_the_same_pieces(tmp_path: Path) -> None:
    store = tmp_path / "store.jsonl"
    estimate = estimate_threshold(n=2, ratios=[3], trials=50, store=store)
    title, *lines = store.read_text().splitlines(keepends=True)
    store.write_text("".join([title, *lines, *lines]))
    assert numbers(estimate_threshold(n=2, ratios=[3], trials=50, store=store)) == numbers(estimate)
    other = lines[0].replace(f'"injective": {estimate.points[0].injective}', '"injective": 50')
    assert other != lines[0]
    store.write_text("".join([title, *lines, other]))
    with pytest.raises(InputError, match="has a line that is not"):
        estimate_threshold(n=2, ratios=[3], trials=50, store=store)


LEAST = ["[]", '{"0": -1, "1": 51}', '{"0": 49.5, "1": 0.5}', '{"99": 50}', '{"-3": 50}', "{}", "3"]


@pytest.mark.parametrize("least", LEAST)
def test_impossible_counts_in_a_file_are_refused(least: str, tmp_path: Path) -> None:
    store = tmp_path / "store.jsonl"
    estimate_threshold(n=2, ratios=[3], trials=50, store=store, ground_state=True)
    title = store.read_text().splitlines(keepends=True)[0]
    store.write_text(f'{title}{{"n": 2, "m": 6, "chunk": 0, "trials": 50, "injective": 3, "least": {least}}}\n')
    with pytest.raises(InputError, match="has a line that is not"):
        estimate_threshold(n=2, ratios=[3], trials=50, store=store, ground_state=True)


def with_biases(rng: np.random.Generator, k: int, m: int, n: int) -> Any:
    return rng.standard_normal((k, m, n)), rng.standard_normal((k, m))


def all_ones(rng: np.random.Generator, k: int, m: int, n: int) -> Any:
    return np.ones((k, m, n)), None


def test_an_ensemble_is_known_by_what_it_draws() -> None:
    for name, sampler, rule in (
        ("mine", with_biases, "ground_state = True: is for layers without biases"),
        ("gaussian", all_ones, "ensemble = 'gaussian': is the name of a built-in ensemble"),
        ("sparse:0.5", all_ones, "ensemble = 'sparse:0.5': is the name of a built-in"),
        ("weights only", lambda rng, k, m, n: np.ones((k, m, n)), "must draw a pair"),
    ):
        with pytest.raises(InputError, match=rule):
            estimate_threshold(n=2, ratios=[3], trials=50, ensemble=Ensemble(name, sampler), ground_state=True)
    law = Ensemble("biased-free", all_ones)
    assert estimate_threshold(n=2, ratios=[3], trials=50, ensemble=law, ground_state=True).ground_states == {
        (2, 6): {0: 50}
    }
    assert find_ensemble(find_ensemble("sparse:0.5")).name == "sparse:0.5"


def test_counting_active_rows_keeps_the_time_limit() -> None:
    hard: dict[str, Any] = {"trials": 1, "ensemble": "rademacher", "ground_state": True}
    estimate = estimate_threshold(n=7, ratios=[6], time_limit=1, **hard)
    assert not estimate.complete and estimate.seconds < 20
    with pytest.raises(InputError, match=r"ground_state = True: is too much for 84 x 14 layers of rademacher"):
        estimate_threshold(n=14, ratios=[6], **hard)


# fits


# (n, m, injective, layers): one probability between 0 and 1, so that any steep curve through it fits
UNDETERMINED = [
    (8, [12, 44, 60], [0, 23, 50], [50, 50, 50]),
    (7, [4, 6, 21, 26, 30, 32, 46, 48], [0, 0, 0, 0, 28, 200, 50, 1600], [50, 100, 50, 100, 200, 200, 50, 1600]),
    (5, [20, 34, 38], [0, 25, 50], [50, 50, 50]),
    (5, [20, 34], [0, 50], [50, 50]),
]


@pytest.mark.parametrize("case", UNDETERMINED, ids=str)
def test_data_that_determine_no_curve_are_given_none(case: Any) -> None:
    found = half_point(*case)
    assert (found.logistic, found.interval, found.goodness) == (None, None, None) and found.isotonic is not None


def test_no_data_make_the_fit_fail() -> None:
    for gaps in ((1, 1), (1, 3), (10, 1), (1, 10)):
        rows = [10, 10 + gaps[0], 10 + sum(gaps)]
        for k in product((0, 1, 20, 49, 50), repeat=3):
            found = half_point(5, rows, k, [50] * 3)
            if found.interval is None:
                assert found.logistic is None
                continue
            low, high = found.interval
            assert found.logistic is not None and low < found.logistic < high
            assert high - low <= 2 * (rows[-1] - rows[0]) / 5 and math.isfinite(found.goodness or 0.0)


def test_isotonic_is_the_best_monotone_curve() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        k, many = rng.integers(0, 11, 6).tolist(), [10] * 6
        curve = isotonic(k, many)
        assert all(a <= b for a, b in pairwise(curve))
        fractions = [a / 10 for a in k]
        # least squares over all monotone curves: the max-min formula
        best = [max(min(np.mean(fractions[i : j + 1]) for j in range(t, 6)) for i in range(t + 1)) for t in range(6)]
        assert curve == pytest.approx(best)


def test_the_half_point_of_a_known_curve() -> None:
    rng = np.random.default_rng(0)
    rows = list(range(8, 33, 2))
    hits = covered = 0
    for _ in range(60):
        trials = [400] * len(rows)
        successes = [int(rng.binomial(400, 1 / (1 + math.exp(-(m / 4 - 5.1) / 0.4)))) for m in rows]
        half = half_point(4, rows, successes, trials)
        assert half.logistic is not None and half.interval is not None and half.isotonic is not None
        assert abs(half.isotonic - 5.1) < 0.3
        hits += half.interval[0] <= 5.1 <= half.interval[1]
        low, high = half.bracket
        covered += low is not None and high is not None and low <= 5.1 <= high
    assert hits >= 52 and covered >= 57


def test_no_logistic_without_data_that_determine_one() -> None:
    assert half_point(2, [4, 6], [0, 50], [50, 50]).logistic is None
    assert half_point(2, [4, 6], [0, 50], [50, 50]).bracket == (2.0, 3.0)
    assert half_point(2, [4], [25], [50]) == HalfPoint(
        n=2, logistic=None, interval=None, goodness=None, isotonic=2.0, bracket=(None, None)
    )


def test_the_bracket_holds_however_the_trials_are_stopped() -> None:
    """A fair coin, thrown until it seems unfair: the side is settled wrongly no more often than promised."""
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(300):
        heads = np.cumsum(rng.integers(0, 2, 1000))
        wrong += any(side(int(k), i + 1, 0.05) != 0 for i, k in enumerate(heads))
    assert wrong <= 25
    assert side(60, 100, 0.05) == 0 and side(75, 100, 0.05) == 1 and side(25, 100, 0.05) == -1


def test_clopper_pearson_by_its_definition() -> None:
    lo, hi = clopper_pearson(7, 20, 0.9)
    ends = binomtest(7, 20).proportion_ci(0.9, "exact")
    assert (lo, hi) == pytest.approx((ends.low, ends.high))
    assert clopper_pearson(20, 20)[1] == 1.0 and clopper_pearson(0, 20)[0] == 0.0


def test_the_models_find_what_was_put_in() -> None:
    def made(curve: Callable[[int], float], sizes: range) -> list[HalfPoint]:
        return [
            HalfPoint(
                n=n,
                logistic=curve(n),
                interval=(curve(n) - 0.01 * n, curve(n) + 0.01 * n),
                goodness=None,
                isotonic=None,
                bracket=(None, None),
            )
            for n in sizes
        ]

    fits = {fit.model: fit for fit in extrapolate(made(lambda n: 6.7 - 4 / n, range(2, 9)))}
    assert fits["r + a/n"].coefficients == pytest.approx((6.7, -4.0))
    assert fits["r + a/n + b/n^2"].coefficients == pytest.approx((6.7, -4.0, 0.0), abs=1e-6)
    assert fits["r + a/n"].points == 6 and fits["r + a/n^(2/3)"].value > 6.7
    fits = {fit.model: fit for fit in extrapolate(made(lambda n: 6.7 - 5 * n ** (-2 / 3), range(3, 9)))}
    assert fits["r + a/n^(2/3)"].value == pytest.approx(6.7) and fits["r + a/n"].value < 6.7
    # weighted least squares by another route: the one parameter left when a is profiled out
    points = made(lambda n: 6.0 + math.sin(n) / 10, range(3, 8))
    best = minimize_scalar(
        lambda r: min(sum(((h.logistic - r - a / h.n) / h.n) ** 2 for h in points) for a in np.linspace(-3, 3, 3001)),
        bounds=(5, 7),
        method="bounded",
    ).x
    assert extrapolate(points)[0].value == pytest.approx(best, abs=2e-3)
    assert extrapolate(points[:1]) == [] and len(extrapolate(points[:2])) == 2


# large layers


def test_collisions_are_shown_exactly() -> None:
    bracket = collision_ratios(40, ratios=[3, 5, 9])
    assert bracket.lower in (3.0, 5.0) and bracket.tried[3] == 5 and bracket.complete
    assert max(bracket.tried) == 9 or bracket.lower == 3.0
    assert bracket.lower is not None and bracket.lower < bracket.upper == first_moment_ratio(40)
    weights = np.random.default_rng(0).standard_normal((30, 5))
    z = np.random.default_rng(1).standard_normal(5)
    exact = [sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(w, z, strict=True)) >= 0 for w in weights]
    assert most_active(weights, z) == sum(exact)
    assert not collision_ratios(40, ratios=[3], time_limit=0).complete


def test_from_the_first_moment_on_at_least_half_are_injective() -> None:
    for n in (1, 2, 5, 30):
        m = round(first_moment_ratio(n) * n)
        assert expected_collapsing_cells(m, n) <= Fraction(1, 2) < expected_collapsing_cells(m - 1, n)
        if n <= 2:
            assert injective_probability(m, n).lo >= Fraction(1, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratios": [0.5]}, r"ratios = 0\.5: must be numbers >= 1"),
        ({"ratios": []}, r"ratios = \[\]: must not be empty"),
        ({"ratios": "2:3"}, r"ratios = '2:3': must be several numbers"),
        ({"ratios": [math.inf]}, r"ratios = inf: must be numbers >= 1"),
        ({"trials": 0}, r"trials = 0: must be an integer, at least 1"),
        ({"trials": 2.5}, r"trials = 2\.5: must be"),
        ({"seed": -1}, r"seed = -1: must be"),
        ({"n": 0}, r"n = 0: must be an integer, at least 1"),
        ({"n": []}, r"n = \[\]: must not be empty"),
        ({"n": "23"}, r"n = '23': must be an integer or several"),
        ({"ensemble": "cauchy"}, r"ensemble = 'cauchy': must be one of gaussian"),
        ({"executor": 3}, r"executor = 3: must be"),
        ({"store": 3}, r"store = 3: must be"),
        ({"progress": 3}, r"progress = 3: must be"),
        ({"time_limit": -1}, r"time_limit = -1: must be"),
        ({"level": 1}, r"level = 1: must lie between"),
        ({"ground_state": 2}, r"ground_state = 2: must be"),
        ({"ground_state": True, "ensemble": "biased:0"}, r"ground_state = True: is for layers without biases"),
    ],
)
def test_bad_input_is_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}") as caught:
        estimate_threshold(**{"n": 2, "ratios": [3], "trials": 50, **options})
    assert "\n" not in str(caught.value)


def test_bad_brackets() -> None:
    for options in ({"n": 1}, {"ratios": [5, 4]}, {"ratios": [0.5]}, {"samples": 0}, {"seed": -1}, {"level": 0.4}):
        with pytest.raises(InputError, match=r"^\w+ = .*: must"):
            collision_ratios(**{"n": 10, **options})
