"""Workers end with the command, whether it is interrupted or killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.core.executors import process_pool

ROOT = Path(__file__).resolve().parents[2]
PROC = Path("/proc/self/stat")
needs_proc = pytest.mark.skipif(not PROC.exists(), reason="this system has no /proc to count processes with")


def members(session: int) -> int:
    """How many processes of a session run."""
    count = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, owner = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # it ended while we looked
            continue
        count += state != "Z" and int(owner) == session
    return count


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


@contextmanager
def killed_in_the_end(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens, nothing is waited for in vain."""
    try:
        yield
    finally:
        process.kill()


@needs_proc
@pytest.mark.parametrize(
    ("jobs", "end", "code"), [(1, signal.SIGINT, 130), (2, signal.SIGINT, 130), (2, signal.SIGKILL, -signal.SIGKILL)]
)
def test_nothing_is_left_running(tmp_path: Path, jobs: int, end: signal.Signals, code: int) -> None:
    path = tmp_path / "hard.npy"
    np.save(path, np.random.default_rng(0).standard_normal((160, 20)))
    command = [sys.executable, "-m", "relutheory", "injectivity", str(path), "--time-limit", "none"]
    process = subprocess.Popen(
        [*command, "--jobs", str(jobs)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background inherits "ignore"
    )
    with process, killed_in_the_end(process):
        assert process.stdout is not None
        while not process.stdout.readline().startswith("----"):  # the head of the table: the search begins
            assert process.poll() is None
        if jobs > 1:  # the command, a tracker, a server of processes, and the workers
            assert within(30, lambda: members(process.pid) >= 3 + jobs)
        time.sleep(0.5)
        process.send_signal(end)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert within(10, lambda: members(process.pid) == 0)
    if end is signal.SIGINT:
        assert err == "relutheory: interrupted\n"


def test_workers_work_and_one_job_needs_none() -> None:
    with process_pool(2) as executor:
        assert executor is not None
        assert list(executor.map(abs, [-1, 2])) == [1, 2]
    with process_pool(1) as executor:
        assert executor is None


def test_cancelled_work_is_forgotten_before_the_workers_end(monkeypatch: pytest.MonkeyPatch) -> None:
    # else the thread that looks after them fails, and the command waits for ever
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_type))
    terminate = BaseProcess.terminate

    def seen_to_end(worker: BaseProcess) -> None:
        terminate(worker)
        time.sleep(0.5)

    monkeypatch.setattr(BaseProcess, "terminate", seen_to_end)
    futures: list[Future[None]] = []

    def interrupted() -> None:
        with process_pool(2) as executor:
            assert executor is not None
            futures.extend(executor.submit(time.sleep, 100) for _ in range(20))
            assert within(30, lambda: sum(future.running() for future in futures) >= 3)
            time.sleep(0.5)  # now the pool's queue is full, and its thread waits
            for future in futures:
                future.cancel()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert within(10, lambda: all(future.done() for future in futures))
    assert failed == []


@pytest.mark.parametrize("jobs", [0, -1, 1.5, True, None, "2"])
def test_bad_numbers_of_jobs(jobs: object) -> None:
    with pytest.raises(InputError, match=r"jobs = .*: must be a positive integer"), process_pool(jobs):  # type: ignore[arg-type]
        pass
