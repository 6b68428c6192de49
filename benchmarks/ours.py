"""What the benchmark asks of relutheory, each task in a process of its own.

python ours.py TASK MATRIX.npy LIMIT prints one line of JSON.  Tasks: decide (warm, median), once (one call,
for the time of the whole process), certify (deciding, writing and checking a certificate), memory (peak).
"""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np

from relutheory import ReLULayer, decide_injectivity

REPEATS = 5
SLOW = 10.0  # seconds: a call that takes longer is not repeated
ANSWERS = {"injective": True, "not-injective": False}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that `call` takes, and its value."""
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


def warm(call: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds of `call` after a first call that compiles; one call only where that is slow already."""
    seconds, value = timed(call)
    if seconds > SLOW:
        return seconds, value
    return statistics.median(timed(call)[0] for _ in range(REPEATS)), value


def decide(W: np.ndarray, limit: float) -> dict[str, Any]:
    """Deciding with proof, from the array to the verdict."""
    seconds, result = warm(lambda: decide_injectivity(ReLULayer(W), time_limit=limit))
    return {"seconds": seconds, **described(result)}


def once(W: np.ndarray, limit: float) -> dict[str, Any]:
    """A single call in this process."""
    seconds, result = timed(lambda: decide_injectivity(ReLULayer(W), time_limit=limit))
    return {"seconds": seconds, **described(result)}


def described(result: Any) -> dict[str, Any]:
    """The verdict, how surely it is known, and the size of the search."""
    stats = result.stats if isinstance(result.stats, dict) else vars(result.stats)
    return {
        "injective": ANSWERS.get(result.status.value),
        "rigor": result.rigor.value,
        "nodes": stats.get("nodes"),
    }


def certify(W: np.ndarray, limit: float) -> dict[str, Any]:
    """Seconds of deciding, of deciding and writing the certificate, and of the check of that file."""
    deciding, _ = warm(lambda: decide_injectivity(ReLULayer(W), time_limit=limit))
    (command,) = entry_points(group="console_scripts", name="relutheory")
    main = command.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"

        def write() -> None:
            decide_injectivity(ReLULayer(W), time_limit=limit).certificate.save(path)

        writing, _ = warm(write)
        with contextlib.redirect_stdout(sys.stderr):  # what the command says must not mix with our line
            checking, code = warm(lambda: main(["check", str(path)]))
        return {
            "seconds": deciding,
            "writing": writing,
            "checking": checking,
            "valid": not code,
            "bytes": path.stat().st_size,
        }


def memory(W: np.ndarray, limit: float) -> dict[str, Any]:
    """Peak resident set in MiB after a small decision, which loads everything, and after this one."""
    decide_injectivity(ReLULayer(np.random.default_rng(1).standard_normal((12, 2))))
    before = peak()
    result = decide_injectivity(ReLULayer(W), time_limit=limit)
    return {"before": before, "after": peak(), **described(result)}


def peak() -> float:
    """The largest resident set of this process so far, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    tasks = {"decide": decide, "once": once, "certify": certify, "memory": memory}
    task, file, limit = sys.argv[1:]
    print(json.dumps(tasks[task](np.load(file), float(limit))))
