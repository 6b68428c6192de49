"""How many random layers are decided per second, and what an executor costs.

python benchmarks/threshold.py [--quick]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from relutheory.core.executors import process_pool
from relutheory.injectivity.gaussian.brackets import collision_ratios
from relutheory.injectivity.gaussian.decisions import decide_layers, least_active
from relutheory.injectivity.gaussian.ensembles import find_ensemble
from relutheory.injectivity.gaussian.rounds import open_book
from relutheory.injectivity.gaussian.sampling import run_chunk

# (m, n, layers, goal per second on one idle core)
SHAPES = [(19, 4, 20000, None), (42, 6, 5000, 5000), (33, 6, 3000, None), (56, 8, 600, 300), (70, 10, 40, 10)]
COUNTED = [(19, 4, 4000), (42, 6, 300), (56, 8, 20)]
ENSEMBLES = ("gaussian", "sphere", "orthogonal", "paired:0.3", "sparse:0.5", "rademacher", "biased:1")


def main() -> None:
    """Print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, no large layers")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    weights = np.random.default_rng(1).standard_normal((5, 12, 3))
    decide_layers(weights), decide_layers(weights, weights[:, :, 0]), least_active(weights)  # compiles
    decisions(share)
    counts(share)
    ensembles(share)
    executor(share)
    if not options.quick:
        brackets()


def rate(work: Callable[[], object], layers: int) -> float:
    """Layers per second of processor time."""
    started = time.process_time()
    work()
    return layers / (time.process_time() - started)


def decisions(share: int) -> None:
    print("| m, n | layers | injective | per second | goal |\n| --- | --- | --- | --- | --- |")
    for m, n, many, goal in SHAPES:
        weights = np.random.default_rng(0).standard_normal((max(many // share, 4), m, n))
        answers: list[np.ndarray] = []
        speed = rate(lambda w=weights, a=answers: a.append(decide_layers(w)), len(weights))
        print(f"| {m}, {n} | {len(weights)} | {answers[0].mean():.3f} | {speed:.0f} | {goal or '-'} |", flush=True)


def counts(share: int) -> None:
    print("\n| m, n | least numbers of active rows per second |\n| --- | --- |")
    for m, n, many in COUNTED:
        weights = np.random.default_rng(0).standard_normal((max(many // share, 4), m, n))
        print(f"| {m}, {n} | {rate(lambda w=weights: least_active(w), len(weights)):.1f} |", flush=True)


def ensembles(share: int) -> None:
    print("\n| ensemble, m = 20, n = 4 | injective | per second |\n| --- | --- | --- |")
    for name in ENSEMBLES:
        weights, biases = find_ensemble(name).draw(np.random.default_rng(0), 2000 // share, 20, 4)
        answers: list[np.ndarray] = []
        speed = rate(lambda w=weights, b=biases, a=answers: a.append(decide_layers(w, b)), len(weights))
        print(f"| {name} | {answers[0].mean():.3f} | {speed:.0f} |", flush=True)


def executor(share: int) -> None:
    """What a chunk costs beside its decisions: the way to a worker process and back, and a line of a file."""
    law, index = find_ensemble("gaussian"), 5  # a chunk of 800 layers
    started = time.perf_counter()
    found = run_chunk(law, 0, 33, 6, index, False, None)
    chunk = time.perf_counter() - started
    assert found is not None
    with process_pool(2) as pool:
        assert pool is not None
        hurried = (law, 0, 33, 6, index, False, 0.0)  # a deadline that has passed: nothing is decided
        for future in [pool.submit(run_chunk, *hurried) for _ in range(20)]:
            future.result()  # starts the workers
        started, times = time.perf_counter(), 1000 // share
        for _ in range(times):
            pool.submit(run_chunk, *hurried).result()
        way = (time.perf_counter() - started) / times
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder) / "runs.jsonl", "gaussian", 0, False)
        started = time.perf_counter()
        for k in range(times):
            book.note({"n": 6, "m": 33, "chunk": k, "trials": found.trials, "injective": found.injective})
        line = (time.perf_counter() - started) / times
    print(f"\na chunk of {found.trials} decisions, m = 33, n = 6: {chunk:.3f} s")
    for name, extra in (("through a process pool", way), ("into a file", line)):
        print(f"{name}: {1e3 * extra:.2f} ms, {100 * extra / chunk:.2f} % of it")


def brackets() -> None:
    print("\n| n | collisions up to | first moment from | seconds |\n| --- | --- | --- | --- |")
    for n, ratios in ((50, (5.5, 5.75, 6, 6.25)), (100, (5.5, 5.75, 6, 6.25)), (300, (5, 5.25, 5.5, 5.75, 6))):
        found = collision_ratios(n, ratios=ratios)
        print(f"| {n} | {found.lower} | {found.upper:.3f} | {found.seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
