"""How often random layers are injective: Monte Carlo in which every sample is an exact decision."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from relutheory.core.errors import check_executor, check_limit, reject
from relutheory.core.progress import Report
from relutheory.injectivity.gaussian.ensembles import Ensemble, find_ensemble
from relutheory.injectivity.gaussian.finite import rows_for
from relutheory.injectivity.gaussian.fits import Extrapolation, HalfPoint, clopper_pearson, extrapolate, half_point
from relutheory.injectivity.gaussian.rounds import Run, open_book

_RATIOS = tuple(k / 2 for k in range(4, 21))
_LARGEST = 10**8  # weights of one layer


@dataclass(frozen=True, kw_only=True)
class ThresholdPoint:
    """m x n layers: how many were drawn, how many were injective, and the Clopper-Pearson interval of the probability.

    The interval takes the number of trials as given; `HalfPoint.bracket` does not.
    """

    n: int
    m: int
    trials: int
    injective: int
    interval: tuple[float, float]

    @property
    def ratio(self) -> float:
        return self.m / self.n

    @property
    def fraction(self) -> float:
        """The share that was injective; nan where none was drawn."""
        return self.injective / self.trials if self.trials else math.nan


@dataclass(frozen=True, kw_only=True)
class ThresholdEstimate:
    """What `estimate_threshold` found.

    points : by n and m.  half : by n.  extrapolation : one `Extrapolation` for each model.  ground_states : for (n, m)
    how many layers had which least number of active rows, where asked for.  level : of all intervals.  complete :
    False where time ran out.  rounds : finished.  repaired : whether half a line was cut off the store.
    """

    points: tuple[ThresholdPoint, ...]
    half: tuple[HalfPoint, ...]
    extrapolation: tuple[Extrapolation, ...]
    ground_states: Mapping[tuple[int, int], Mapping[int, int]]
    ensemble: str
    seed: int
    level: float
    complete: bool
    rounds: int
    repaired: bool
    seconds: float

    @property
    def trials(self) -> int:
        """All layers decided."""
        return sum(point.trials for point in self.points)

    @property
    def spread(self) -> tuple[float, float] | None:
        """The least and the largest limit among the models: what the choice of the model is worth."""
        values = [fit.value for fit in self.extrapolation]
        return (min(values), max(values)) if values else None


def estimate_threshold(
    *,
    n: int | Iterable[int] = range(2, 8),
    ratios: Iterable[float] | None = None,
    trials: int = 1000,
    seed: int = 0,
    ensemble: str | Ensemble = "gaussian",
    executor: Executor | None = None,
    store: str | Path | None = None,
    progress: bool | Report = False,
    each_round: Callable[[ThresholdEstimate], object] | None = None,
    time_limit: float | None = None,
    ground_state: bool = False,
    level: float = 0.95,
) -> ThresholdEstimate:
    """Estimate the probability that random m x n layers x -> ReLU(Wx + b) are injective, and where it crosses 1/2.

    n : numbers of inputs, default 2 to 7.  ratios : numbers >= 1, default 2, 2.5, ..., 10; m is n times the ratio,
    rounded up.  trials : layers for each shape, on average: shapes where the curve is steep get more, all get some, in
    whole chunks.  seed : integer >= 0.  ensemble : a name or an Ensemble, see `find_ensemble`.  executor : any
    `concurrent.futures.Executor`, dask's `Client.get_executor()` among them.  store : a file that remembers finished
    chunks; a run that was stopped goes on from there, and one with more trials, other n or ratios uses what it can.
    progress : True for a bar on stderr, or a function of (share, layers).  each_round : is given the estimate after
    each round: first few layers everywhere, then ever more.  time_limit : seconds.  ground_state : also find the least
    number of active rows of each layer, which takes much longer; not for layers with biases.  level : of the intervals.

    Returns a `ThresholdEstimate`: the same numbers for any number of workers, stopped or not.  Raises InputError for
    bad arguments, and for a store of another ensemble or seed.

    Source: [puthawala2022], Figure 7, for the question.  Each layer is decided exactly (see `decide_injectivity`).

    >>> estimate = estimate_threshold(n=2, ratios=(2, 3, 4, 5), trials=400)
    >>> [point.m for point in estimate.points], estimate.points[0].injective, estimate.complete
    ([4, 6, 8, 10], 0, True)
    """
    started = time.perf_counter()
    shapes = _shapes(n, _RATIOS if ratios is None else ratios)
    for name, value, least in (("trials", trials, 1), ("seed", seed, 0)):
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            reject(name, value, f"must be an integer, at least {least}")
    law = find_ensemble(ensemble)
    if each_round is not None and not callable(each_round):
        reject("each_round", each_round, "must be a function or None")
    if not isinstance(level, Real) or not 0.0 < level < 1.0:
        reject("level", level, "must lie between 0 and 1")
    if ground_state not in (True, False):
        reject("ground_state", ground_state, "must be True or False")
    size, rows = next((size, rows[0]) for size, rows in shapes.items())
    if ground_state and law.draw(np.random.default_rng(0), 1, rows, size)[1] is not None:
        reject("ground_state", ground_state, "is for layers without biases only")
    check_executor(executor)
    if store is not None and not isinstance(store, (str, Path)):
        reject("store", store, "must be the path of a file or None")
    limit = check_limit("time_limit", time_limit)
    clock = None if limit is None else time.time() + limit
    book = None if store is None else open_book(Path(store), law.name, int(seed), ground_state)
    known = {} if book is None else dict(book.known)
    with _reporting(progress, trials * sum(map(len, shapes.values()))) as report:
        run = Run(law, int(seed), bool(ground_state), int(trials), shapes, known, book, executor, clock, report)
        for complete in run.rounds():
            estimate = _estimate(run, float(level), complete, time.perf_counter() - started)
            if each_round is not None:
                each_round(estimate)
    return estimate


def _shapes(n: Any, ratios: Any) -> dict[int, list[int]]:
    """The m of each n."""
    sizes = [n] if isinstance(n, Integral) else n
    if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Iterable):
        reject("n", n, "must be an integer or several")
    sizes = list(sizes)
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            reject("n", size, "must be an integer, at least 1")
    if isinstance(ratios, (str, bytes)) or not isinstance(ratios, Iterable):
        reject("ratios", ratios, "must be several numbers")
    wanted = list(ratios)
    for ratio in wanted:
        if not isinstance(ratio, Real) or isinstance(ratio, bool) or not 1.0 <= float(ratio) < math.inf:
            reject("ratios", ratio, "must be numbers >= 1: with fewer rows than inputs no layer is injective")
    for name, values in (("n", sizes), ("ratios", wanted)):
        if not values:
            reject(name, values, "must not be empty")
    if max(wanted) * max(sizes) ** 2 > _LARGEST:
        reject("ratios", max(wanted), f"must leave a layer with n = {max(sizes)} at most {_LARGEST} weights")
    return {int(n): sorted({rows_for(float(ratio), int(n)) for ratio in wanted}) for n in sorted(set(sizes))}


@contextmanager
def _reporting(progress: bool | Report, total: int) -> Iterator[Report | None]:
    if progress is False or progress is None:
        yield None
    elif callable(progress):
        yield progress
    elif progress is not True:
        reject("progress", progress, "must be True, False or a function")
    else:
        from tqdm import tqdm

        wait = 0.1 if sys.stderr.isatty() else 10.0
        with tqdm(total=total, desc="threshold", unit=" layers", mininterval=wait, file=sys.stderr) as bar:
            yield lambda share, layers: bar.update(min(layers, total) - bar.n) and None


def _estimate(run: Run, level: float, complete: bool, seconds: float) -> ThresholdEstimate:
    half = []
    for n, by_rows in run.counts.items():
        successes, trials = [c.injective for c in by_rows.values()], [c.trials for c in by_rows.values()]
        half.append(half_point(n, run.shapes[n], successes, trials, level))
    pairs = [(n, m, counts) for n, by_rows in run.counts.items() for m, counts in by_rows.items()]
    return ThresholdEstimate(
        points=tuple(
            ThresholdPoint(
                n=n,
                m=m,
                trials=counts.trials,
                injective=counts.injective,
                interval=clopper_pearson(counts.injective, counts.trials, level),
            )
            for n, m, counts in pairs
        ),
        half=tuple(half),
        extrapolation=tuple(extrapolate(half, level)),
        ground_states={(n, m): dict(sorted(c.least.items())) for n, m, c in pairs if run.ground_state},
        ensemble=run.ensemble.name,
        seed=run.seed,
        level=level,
        complete=complete,
        rounds=run.finished,
        repaired=run.book is not None and run.book.repaired,
        seconds=seconds,
    )
