"""Worker processes that share the work of one command, and that end with it whatever happens."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from relutheory.core.errors import reject


@contextmanager
def process_pool(jobs: int) -> Iterator[Executor | None]:
    """An executor with `jobs` worker processes, or None for 1 job: the work is then done in this process.

    jobs : a positive integer.  Workers start without a copy of this process (forkserver), so that threads and
    compiled code here do not disturb them.  When the block is left by an exception, an interrupt included,
    they are stopped at once.  Raises InputError for any other `jobs`.

    >>> with process_pool(1) as executor:
    ...     print(executor)
    None
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        reject("jobs", jobs, "must be a positive integer")
    if jobs == 1:
        yield None
        return
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("forkserver"), initializer=_start_worker)
    try:
        yield pool
    except BaseException:
        # first: work that was cancelled and not yet forgotten when a worker ends makes the pool's thread fail
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it: a killed parent cannot stop its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(2)
