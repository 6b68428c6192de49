"""What exact piecewise linear functions cost: evaluation beside numpy.interp, and the function of a deep network.

python benchmarks/univariate.py [--points N] [--depth L] [--repeat R]

Each time is processor time of one thread, the least of R runs; evaluation and numpy.interp take turns on the same
points and breakpoints.  The tables of the first evaluation, and compilation, come before the clock starts.  Printed
only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from relutheory import ReLUNetwork
from relutheory.univariate.cpwl import CPwL

SIZES = (10, 100, 1000, 10_000, 100_000)


def least_times(runs: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Seconds of processor time of each, the least of `repeat` rounds."""
    best = dict.fromkeys(runs, np.inf)
    for _ in range(repeat):
        for name, run in runs.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - start)
    return best


def breakpoints(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Breakpoints in [0, 1]: equispaced, random, and crowded at 0."""
    for k in SIZES:
        yield "equispaced", np.arange(k) / (k - 1)
        yield "random", np.unique(rng.random(k))
        yield "crowded", np.unique(rng.random(k) ** 6)


def tents(depth: int) -> ReLUNetwork:
    """The network of the sawtooth with 2^(depth - 1) teeth."""
    later = ([[2, -4], [2, -4]], [0, "-1/2"])
    return ReLUNetwork([([[1], [1]], [0, "-1/2"]), *[later] * (depth - 1), ([[2, -4]], [0])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10**6)
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=9)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    points = rng.random(given.points)
    orders = {"random": points, "sorted": np.sort(points)}
    print(f"{given.points} points; ms, numpy.interp / relutheory")
    for kind, x in breakpoints(rng):
        y = rng.standard_normal(len(x))
        f = CPwL(x, y)
        row = []
        for order, p in orders.items():
            assert np.allclose(f.evaluate(p), np.interp(p, x, y), rtol=1e-9, atol=1e-9)
            runs = {"interp": partial(np.interp, p, x, y), "ours": partial(f.evaluate, p)}
            best = least_times(runs, given.repeat)
            ratio = best["interp"] / best["ours"]
            row.append(f"{order} {best['interp'] * 1e3:7.2f} /{best['ours'] * 1e3:6.2f} = {ratio:5.1f}")
        print(f"{len(x):7d} {kind:10s}  {'   '.join(row)}")
    net = tents(given.depth)
    CPwL.from_network(tents(3), exact=False)
    best = least_times(
        {"exact": lambda: CPwL.from_network(net), "float": lambda: CPwL.from_network(net, exact=False)},
        min(3, given.repeat),
    )
    print(f"network of {2 ** (given.depth - 1)} teeth: exact {best['exact']:.2f} s, float {best['float']:.2f} s")


if __name__ == "__main__":
    main()
