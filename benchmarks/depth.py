"""What a pass along depth costs beside the bare chain of matrix products of the same layers; write RESULTS-depth.md.

python benchmarks/depth.py [--quick]
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from functools import partial

import numpy as np
from pages import Page
from report import seconds
from timing import least_times, one_thread

from relutheory._kernels._jit import kernel
from relutheory.activation.products import forward_along_depth, products_along_depth

Blocks = Callable[[int, int], tuple[np.ndarray, np.ndarray]]
DEPTH, WIDTH, BATCH, REPEAT = 10**5, 64, 64, 5
STORED = (1 << 18) // WIDTH**2  # layers of a block of 2 MiB

ABOUT = """\
Layers W = I + P of width {m}, a batch of {k} points. Both sides take the same blocks of layers from the same function;
processor time of one thread, the least of {repeat}, all in turn. The bare chain multiplies the matrices and does
nothing else: no biases, no ReLU. The goal is a ratio of 1.3 at the greater depth."""


def cycled(m: int, stored: int, dead: float = 0.0) -> Blocks:
    """Layers W = I + P, |P| about 1/stored: `stored` of them again and again, so that making them costs nothing.

    dead : the share of neurons that biases far below 0 keep from being active.
    """
    rng = np.random.default_rng(0)
    W = np.eye(m) + rng.standard_normal((stored, m, m)) / (m * stored)
    b = rng.standard_normal((stored, m)) / stored
    b[:, : int(dead * m)] = -1e6

    def blocks(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        start = (first - 1) % stored
        return W[start : start + count], b[start : start + count]

    return blocks


def bare_chain(blocks: Blocks, x: np.ndarray, depth: int) -> np.ndarray:
    """The products W_n ... W_1 x alone, by numpy."""
    done, y = 0, np.empty_like(x)
    x = x.copy()
    while done < depth:
        W, _ = blocks(done + 1, depth - done)
        for layer in W:
            np.dot(layer, x, out=y)
            x, y = y, x
        done += len(W)
    return x


@kernel
def _chain(W, x, y):  # type: ignore[no-untyped-def]
    for i in range(len(W)):
        np.dot(W[i], x, y)
        x, y = y, x
    return x, y


def compiled_chain(blocks: Blocks, x: np.ndarray, depth: int) -> np.ndarray:
    """The same products from compiled code: no interpreter between two calls of BLAS."""
    done, y = 0, np.empty_like(x)
    x = x.copy()
    while done < depth:
        W, _ = blocks(done + 1, depth - done)
        x, y = _chain(W, x, y)
        done += len(W)
    return x


def main() -> None:
    """Print tables, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a hundredth of the depth; not written")
    options = parser.parse_args()
    one_thread()
    depth = DEPTH // (100 if options.quick else 1)
    blocks = cycled(WIDTH, STORED)
    points = np.random.default_rng(1).uniform(0, 1, (BATCH, WIDTH))
    x = np.ascontiguousarray(points.T)
    for run in (bare_chain, compiled_chain):  # compiles, or loads what was compiled
        run(blocks, x, 2)
    for certify in (False, True):
        forward_along_depth(blocks, points, 2, certify=certify)
    products_along_depth(blocks, points, 2)
    page = Page("Passes along depth", "python benchmarks/depth.py", ABOUT.format(m=WIDTH, k=BATCH, repeat=REPEAT))
    for layers in (depth // 20, depth):
        runs: dict[str, Callable[[], object]] = {
            "bare chain, numpy": partial(bare_chain, blocks, x, layers),
            "bare chain, compiled": partial(compiled_chain, blocks, x, layers),
            "forward_along_depth": partial(forward_along_depth, blocks, points, layers),
            "the same, certified": partial(forward_along_depth, blocks, points, layers, certify=True),
        }
        table(page, f"{layers:,} layers", runs, layers)
    page.add(f"\nPeak memory up to here: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB.")
    part = max(20, depth // (20 * BATCH))
    page.add(f"\nAffine maps of the domains: up to {BATCH} products of width {WIDTH} in each layer.")
    runs = {"bare chains, compiled": lambda: [compiled_chain(blocks, np.eye(WIDTH), part) for _ in range(BATCH)]}
    for dead in (0.0, 0.5, 0.9):
        sparse = cycled(WIDTH, STORED, dead)
        found = products_along_depth(sparse, points, part)
        name = f"{np.mean(found.points[0] > 0):.0%} of the neurons active, {len(set(found.groups[0].tolist()))} domains"
        runs[name] = partial(products_along_depth, sparse, points, part)
    table(page, f"{part:,} layers", runs, part)
    if not options.quick:
        page.write("RESULTS-depth.md")


def table(page: Page, title: str, runs: dict[str, Callable[[], object]], depth: int) -> None:
    """A row per run, with its ratio to the fastest bare chain."""
    times = least_times(runs, REPEAT)
    base = min(took for name, took in times.items() if name.startswith("bare"))
    page.table(title, "time", "µs per layer", "ratio")
    for name, took in times.items():
        page.row(name, seconds(took), f"{1e6 * took / depth:.2f}", f"{took / base:.2f}")


if __name__ == "__main__":
    main()
