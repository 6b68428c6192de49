"""Counts, then lists the regions of one network, in a process of its own.

python region_ours.py NETWORK.npz prints one line of JSON: regions, seconds to count, to list (patterns), to list
with points in the regions, peak memory in MiB, engine.  Compiling is outside the clock; the best of three calls.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from relutheory import Box, ReLULayer, ReLUNetwork, count_regions, enumerate_regions

REPEATS = 3
ENOUGH = 5.0  # seconds: a call that takes longer is not repeated


def best(call: Callable[[], Any]) -> tuple[float, Any]:
    """The least seconds of a few calls, and the value."""
    least = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        value = call()
        least = min(least, time.perf_counter() - start)
        if least > ENOUGH:
            break
    return least, value


def listed(net: ReLUNetwork, domain: Box | None, points: bool) -> int:
    """How many regions are listed; the batches are let go one by one."""
    return sum(batch.count for batch in enumerate_regions(net, domain, points=points))


def main(path: str) -> dict[str, Any]:
    """What is printed."""
    with np.load(path) as file:
        layers = [ReLULayer(file[f"W{i}"], file[f"b{i}"]) for i in range(1, len(file.files) // 2 + 1)]
        box = bool(file["box"])
    net = ReLUNetwork(layers)
    n = net.input_dim
    domain = Box(-1, 1, n=n) if box else None
    rng = np.random.default_rng(1)
    small = ReLUNetwork(
        [ReLULayer(rng.standard_normal((n + 2, n)), rng.standard_normal(n + 2) * (len(layers) > 1)) for _ in range(1)]
    )
    deep = ReLUNetwork([*small.layers, ReLULayer(rng.standard_normal((3, n + 2)), rng.standard_normal(3))])
    for warm in (small, deep):
        for points in (False, True):
            listed(warm, domain, points)
        count_regions(warm, domain)
    counting, result = best(lambda: count_regions(net, domain))
    listing, number = best(lambda: listed(net, domain, False))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "regions": result.activation_regions,
        "listed": number,
        "engine": result.engine,
        "counting": counting,
        "listing": listing,
        "pointing": best(lambda: listed(net, domain, True))[0] if result.activation_regions < 10**6 else None,
        "peak": peak,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
