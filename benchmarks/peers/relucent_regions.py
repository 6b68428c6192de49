"""relucent: all activation regions of a network on the whole space, by local search from region to region.

python relucent_regions.py NETWORK.npz prints one line of JSON.  Its default settings verify each region.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import relucent
from relucent.model.model import LinearLayer, ReLULayer, ReLUNetwork


def main(path: str) -> dict[str, float]:
    """Seconds for the search alone."""
    with np.load(path) as file:
        layers = [
            layer
            for i in range(1, len(file.files) // 2 + 1)
            for layer in (LinearLayer(file[f"W{i}"], file[f"b{i}"]), ReLULayer())
        ]
    regions = relucent.Complex(ReLUNetwork(layers))
    start = time.perf_counter()
    regions.bfs(verbose=0)
    return {"regions": len(regions), "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
