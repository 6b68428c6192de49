"""What a pass along depth costs beside the bare chain of matrix products of the same layers.

python benchmarks/depth.py [--depth N] [--width M] [--batch K] [--repeat R]

Both sides take the same blocks of layers from the same function and run in one thread (the variables below; the script
starts itself again where they are not set); each time is processor time, the least of R runs, all taken in turn.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from relutheory._kernels._jit import kernel
from relutheory.activation.products import forward_along_depth, products_along_depth

ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "MKL", "OMP", "BLIS", "NUMBA")}
Blocks = Callable[[int, int], tuple[np.ndarray, np.ndarray]]


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


def least_times(runs: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Seconds of processor time of each, the least of `repeat` rounds."""
    best = dict.fromkeys(runs, np.inf)
    for _ in range(repeat):
        for name, run in runs.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - start)
    return best


def main() -> None:
    """Print the times and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depth", type=int, default=10**5)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):  # read when numpy was loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    m, k, depth = options.width, options.batch, options.depth
    blocks = cycled(m, max(1, (1 << 18) // m**2))
    points = np.random.default_rng(1).uniform(0, 1, (k, m))
    x = np.ascontiguousarray(points.T)
    for run in (bare_chain, compiled_chain):  # compiles, or loads what was compiled
        run(blocks, x, 2)
    for certify in (False, True):
        forward_along_depth(blocks, points, 2, certify=certify)
    products_along_depth(blocks, points, 2)
    print(f"depth {depth}, width {m}, batch {k}; one thread; least of {options.repeat}")
    runs: dict[str, Callable[[], object]] = {
        "bare chain, numpy": lambda: bare_chain(blocks, x, depth),
        "bare chain, compiled": lambda: compiled_chain(blocks, x, depth),
        "forward_along_depth": lambda: forward_along_depth(blocks, points, depth),
        "  certified": lambda: forward_along_depth(blocks, points, depth, certify=True),
    }
    report(least_times(runs, options.repeat), depth)
    part = max(20, depth // (20 * k))
    one = np.eye(m)
    print(f"affine maps of the domains, depth {part}: {k} products of width {m} per layer at most")
    runs = {"bare chains, compiled": lambda: [compiled_chain(blocks, one, part) for _ in range(k)]}
    for dead in (0.0, 0.5, 0.9):
        sparse = cycled(m, max(1, (1 << 18) // m**2), dead)
        found = products_along_depth(sparse, points, part)
        name = f"active {np.mean(found.points[0] > 0):.0%}, {len(set(found.groups[0].tolist()))} domains"
        runs[name] = lambda sparse=sparse: products_along_depth(sparse, points, part)  # type: ignore[misc]
    report(least_times(runs, options.repeat), part)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def report(times: dict[str, float], depth: int) -> None:
    """A line per run, with its ratio to the fastest bare chain."""
    base = min(seconds for name, seconds in times.items() if name.startswith("bare"))
    for name, seconds in times.items():
        print(f"  {name:<28} {seconds:8.3f} s   {1e6 * seconds / depth:9.2f} us/layer   ratio {seconds / base:.2f}")


if __name__ == "__main__":
    main()
