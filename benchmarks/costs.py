"""What deciding costs beside the seconds of a warm call: starting, compiling, certifying, memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from cases import gaussian
from environments import Answer, ask_ours
from report import seconds

IMPORT = "import time; t = time.perf_counter(); import relutheory; print(time.perf_counter() - t)"


def import_seconds() -> str:
    """Median of five fresh processes."""
    times = []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True)
        if done.returncode:
            return f"skipped: {done.stderr.strip().splitlines()[-1]}"
        times.append(float(done.stdout))
    return seconds(statistics.median(times))


def whole_process(matrix: Path, limit: float, cache: str | None) -> str:
    """Wall time of a process that starts, imports, loads, decides once and ends."""
    start = time.perf_counter()
    answer = ask_ours("once", matrix, limit, cache)
    return said(answer, seconds(time.perf_counter() - start))


def said(answer: Answer, text: str) -> str:
    """`text`, or why there is none."""
    return text if answer.extra else f"skipped: {answer.problem or 'out of time'}"


def certifying(matrix: Path, limit: float) -> str:
    """Deciding, writing the certificate and checking it, side by side."""
    answer = ask_ours("certify", matrix, limit)
    if not answer.extra:
        return said(answer, "")
    deciding, writing, checking = (answer.extra[key] for key in ("seconds", "writing", "checking"))
    size = f"{answer.extra['bytes'] / 1e6:.2g} MB"
    verdict = "" if answer.extra["valid"] else ", **rejected**"
    return (
        f"decide {seconds(deciding)}; decide and write {seconds(writing)}, {size};"
        f" check {seconds(checking)}{verdict}, {checking / deciding:,.0f} times deciding"
    )


def memory(matrix: Path, limit: float) -> str:
    """Peak resident set of a process, before and after the decision."""
    answer = ask_ours("memory", matrix, limit)
    if not answer.extra:
        return said(answer, "")
    before, after, nodes = (answer.extra[key] for key in ("before", "after", "nodes"))
    return f"{before:.0f} MiB before, {after:.0f} MiB after {nodes or 0:,} nodes"


def cost_rows(quick: bool, limit: float) -> list[list[str]]:
    """The rows of the second table."""
    large = (48, 8) if quick else (70, 10)
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for size in ((48, 8), large):
            files[size] = Path(folder) / f"{size[0]}.npy"
            np.save(files[size], gaussian(*size))
        empty = str(Path(folder) / "cache")
        first = whole_process(files[48, 8], limit, empty)
        again = whole_process(files[48, 8], limit, empty)
        certified = [[f"certificate, Gaussian {m},{n}", certifying(file, limit)] for (m, n), file in files.items()]
        peak = memory(files[large], limit)
    return [
        ["`import relutheory`, median of five fresh processes", import_seconds()],
        ["whole process deciding Gaussian 48,8, nothing compiled yet", first],
        ["the same with compiled kernels on disk", again],
        *certified,
        [f"peak memory, Gaussian {large[0]},{large[1]}, no certificate asked for", peak],
    ]
