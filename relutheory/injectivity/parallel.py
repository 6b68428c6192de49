"""One search, cut into subtrees that any `concurrent.futures.Executor` can work on."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from dataclasses import dataclass

from relutheory.core.progress import Report
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.search import Budget, Outcome, Search

_SLICE = 20_000  # nodes after which an unfinished part is cut into its children: no worker is held for long


@dataclass(frozen=True)
class _Part:
    """A subtree: the rows taken on the way to it, the rows negative there, its share of the whole tree."""

    taken: tuple[int, ...] = ()
    negative: tuple[int, ...] = ()
    share: float = 1.0


def search_split(
    problem: Problem, prime: int, budget: Budget, executor: Executor, report: Report | None = None
) -> Outcome:
    """Search the tree in parts, in rounds; the outcome is the same for any number of workers, unless time runs out.

    First every part is a single node, until there are enough for many workers.
    """
    parts, nodes, circuits, closed = [_Part()], 0, 0, 0.0
    while parts:
        size = _SLICE if len(parts) >= 64 else 1
        if budget.nodes is not None:
            size = min(size, (budget.nodes - nodes) // len(parts))
        if size <= 0 or (budget.deadline is not None and time.perf_counter() > budget.deadline):
            return Outcome(False, None, nodes, circuits, closed)
        unfinished: list[_Part] = []
        futures = [executor.submit(_work, problem, prime, part, size, _clock(budget)) for part in parts]
        try:
            for part, future in zip(parts, futures, strict=True):
                outcome, children = future.result()
                nodes, circuits = nodes + outcome.nodes, circuits + outcome.circuits
                if outcome.collision is not None:
                    return Outcome(False, outcome.collision, nodes, circuits, closed)
                closed += part.share if outcome.closed else 0.0
                unfinished += children
                if report is not None:
                    report(closed, nodes)
        finally:
            for future in futures:
                future.cancel()
        parts = unfinished
    return Outcome(True, None, nodes, circuits, 1.0)


def _clock(budget: Budget) -> float | None:
    """The deadline as wall-clock time, which other processes share."""
    return None if budget.deadline is None else time.time() + budget.deadline - time.perf_counter()


def _work(problem: Problem, prime: int, part: _Part, size: int, deadline: float | None) -> tuple[Outcome, list[_Part]]:
    """Search one part for `size` nodes, in whatever process the executor runs it; its children where it is not done."""
    clock = None if deadline is None else time.perf_counter() + deadline - time.time()
    search = Search(problem, prime, part.taken, part.negative)
    outcome = search.run(Budget(clock, size))
    if outcome.closed or outcome.collision is not None:
        return outcome, []
    if outcome.nodes == 0:
        return outcome, [part]  # the time was over before the first node
    rows = search.branch_rows()
    return outcome, [
        _Part((*part.taken, row), part.negative + tuple(rows[:k]), part.share / len(rows)) for k, row in enumerate(rows)
    ]
