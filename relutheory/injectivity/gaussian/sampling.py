"""Chunks of random layers that any process can decide, and the plan that says which chunks are wanted next."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from relutheory.core.errors import reject
from relutheory.injectivity.gaussian.decisions import OutOfTime, TooManyCells, decide_layers, least_active
from relutheory.injectivity.gaussian.ensembles import Ensemble

_FIRST = 50  # layers in a point's first two chunks; each next one has twice as many, up to about a second's work
_MOST = {6: 800, 7: 400, 8: 100, 9: 25, 10: 6}
_NUMBERS = 2_000_000  # in the weights of a chunk, at most


@dataclass
class Counts:
    """What is known of one shape: layers, how many were injective, and how often each least number of active rows."""

    trials: int = 0
    injective: int = 0
    least: dict[int, int] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        self.trials += other.trials
        self.injective += other.injective
        for number, times in other.least.items():
            self.least[number] = self.least.get(number, 0) + times


def chunk_size(m: int, n: int, index: int, ground_state: bool) -> int:
    """The number of layers in a chunk; it depends on nothing else, so that all runs share the same chunks.

    >>> [chunk_size(40, 6, index, False) for index in range(6)], chunk_size(80, 12, 0, False)
    ([50, 50, 100, 200, 400, 800], 1)
    """
    hard = n + 1 if ground_state and n >= 5 else n
    most = _MOST.get(hard, 1600 if hard < 6 else 1)
    return max(1, min(most, _FIRST * 2 ** min(max(index - 1, 0), 8), _NUMBERS // (m * n)))


def run_chunk(
    ensemble: Ensemble, seed: int, m: int, n: int, index: int, ground_state: bool, clock: float | None
) -> Counts | None:
    """Draw and decide one chunk; None where the time, a deadline of `time.time`, ran out.

    The layers depend on ensemble, seed, m, n and index alone.  Raises InputError for a bad sampler, and where the least
    numbers of active rows cannot be found.
    """
    left = None if clock is None else clock - time.time()
    if left is not None and left <= 0:
        return None
    size = chunk_size(m, n, index, ground_state)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n, m, index)))
    weights, biases = ensemble.draw(rng, size, m, n)
    deadline = None if left is None else time.perf_counter() + left
    try:
        injective = decide_layers(weights, biases, deadline=deadline)
        least = least_active(weights, deadline=deadline) if ground_state else np.zeros(0, np.int64)
    except OutOfTime:
        return None
    except TooManyCells:
        reject(
            "ground_state", True, f"is too much for {m} x {n} layers of {ensemble.name}: many rows in special position"
        )
    numbers, times = np.unique(least, return_counts=True)
    return Counts(size, int(injective.sum()), dict(zip(numbers.tolist(), times.tolist(), strict=True)))


def next_chunks(
    known: Mapping[int, Counts], done: Mapping[int, int], n: int, target: int, ground_state: bool
) -> list[tuple[int, int]]:
    """Chunks (m, index) that bring all shapes of one n to `target` layers, more of them where the curve is steep.

    known : counts by m.  done : chunks by m.  The plan looks at nothing else, and so is the same for all workers.  Each
    shape ought to have a share of the layers in proportion to p (1 - p), the variance of one decision.
    """
    extra = target - sum(counts.trials for counts in known.values())
    chances = {m: (counts.injective + 0.5) / (counts.trials + 1.0) for m, counts in known.items()}
    variances = {m: p * (1.0 - p) for m, p in chances.items()}
    total = sum(variances.values())
    lacks = {m: max(target * v / total - known[m].trials, 0.0) for m, v in variances.items()}
    lacking = sum(lacks.values())
    order = sorted(known, key=lambda m: (-lacks[m], m))
    shares = {m: max(extra, 0) * lacks[m] / max(lacking, 1e-300) for m in order}
    chosen: list[tuple[int, int]] = []
    left, index = float(max(extra, 0)), dict(done)
    for leftovers in (False, True):  # what nobody's share was enough for goes to those that lack most
        for m in order:
            share = left if leftovers else shares[m]
            while lacks[m] and min(share, left) >= 0.5 * (size := chunk_size(m, n, index[m], ground_state)):
                chosen.append((m, index[m]))
                share, left, index[m] = share - size, left - size, index[m] + 1
    return chosen
