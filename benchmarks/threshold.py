"""How many random layers are decided per second, and what an executor costs; write RESULTS-threshold.md.

python benchmarks/threshold.py [--quick]
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pages import Page

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


ABOUT = """\
Random layers x -> ReLU(Wx), each decided exactly, on one core: processor time, the best of three. "Injective" is the
share of them that were. Goals are those the project set itself. No peer is beside: see RESULTS.md for what single
decisions cost elsewhere."""


def main() -> None:
    """Print tables, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, no large layers, nothing written")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    weights = np.random.default_rng(1).standard_normal((5, 12, 3))
    decide_layers(weights), decide_layers(weights, weights[:, :, 0]), least_active(weights)  # compiles
    page = Page("Random layers: exact decisions per second", "python benchmarks/threshold.py", ABOUT)
    decisions(page, share)
    counts(page, share)
    ensembles(page, share)
    executor(page, share)
    if not options.quick:
        brackets(page)
        page.write("RESULTS-threshold.md")


def rate(work: Callable[[], object], layers: int) -> float:
    """Layers per second of processor time, the best of three."""
    best = math.inf
    for _ in range(3):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return layers / best


def decisions(page: Page, share: int) -> None:
    page.table("m, n", "layers", "injective", "decisions per second", "goal")
    for m, n, many, goal in SHAPES:
        weights = np.random.default_rng(0).standard_normal((max(many // share, 4), m, n))
        answers: list[np.ndarray] = []
        speed = rate(lambda w=weights, a=answers: a.append(decide_layers(w)), len(weights))
        page.row(f"{m}, {n}", len(weights), f"{answers[0].mean():.3f}", f"{speed:.0f}", goal or "-")


def counts(page: Page, share: int) -> None:
    page.table("m, n", "least numbers of active rows per second")
    for m, n, many in COUNTED:
        weights = np.random.default_rng(0).standard_normal((max(many // share, 4), m, n))
        page.row(f"{m}, {n}", f"{rate(lambda w=weights: least_active(w), len(weights)):.1f}")


def ensembles(page: Page, share: int) -> None:
    page.table("ensemble, m = 20, n = 4", "injective", "decisions per second")
    for name in ENSEMBLES:
        weights, biases = find_ensemble(name).draw(np.random.default_rng(0), 2000 // share, 20, 4)
        answers: list[np.ndarray] = []
        speed = rate(lambda w=weights, b=biases, a=answers: a.append(decide_layers(w, b)), len(weights))
        page.row(name, f"{answers[0].mean():.3f}", f"{speed:.0f}")


def executor(page: Page, share: int) -> None:
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
    page.add(f"\nWhat a chunk of {found.trials} decisions (m = 33, n = 6, {chunk:.3f} s) costs beside:")
    page.table("what", "time", "of the chunk")
    for name, extra in (("the way to a worker process and back", way), ("a line of the store", line)):
        page.row(name, f"{1e3 * extra:.2f} ms", f"{100 * extra / chunk:.2f} %")


def brackets(page: Page) -> None:
    page.add("\nLarge layers: the ratio up to which collisions show that most layers are not injective, and the ratio")
    page.add("from which the first moment proves that at least half are.")
    page.table("n", "collisions up to", "first moment from", "seconds")
    for n, ratios in ((50, (5.5, 5.75, 6, 6.25)), (100, (5.5, 5.75, 6, 6.25)), (300, (5, 5.25, 5.5, 5.75, 6))):
        found = collision_ratios(n, ratios=ratios)
        page.row(n, found.lower, f"{found.upper:.3f}", f"{found.seconds:.1f}")


if __name__ == "__main__":
    main()
