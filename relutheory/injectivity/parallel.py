"""One search, cut into subtrees that any `concurrent.futures.Executor` can work on."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from dataclasses import dataclass

from relutheory.core.progress import Report
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.search import Budget, Outcome, Search

_PARTS = 64  # open subtrees at which the cutting stops: enough for many workers, whatever their number


@dataclass(frozen=True)
class _Node:
    taken: tuple[int, ...] = ()
    negative: tuple[int, ...] = ()
    weight: float = 1.0


def search_split(
    problem: Problem,
    prime: int,
    budget: Budget,
    executor: Executor,
    report: Report | None = None,
) -> Outcome:
    """Search the tree in parts; the outcome does not depend on the number of workers (except where time runs out)."""
    nodes, circuits, share = 0, 0, 0.0
    open_nodes = [_Node()]
    while open_nodes and len(open_nodes) < _PARTS:
        children: list[_Node] = []
        for node in open_nodes:
            outcome, found = _expand(problem, prime, node)
            nodes, circuits = nodes + outcome.nodes, circuits + outcome.circuits
            share += node.weight if outcome.closed else 0.0
            if outcome.collision is not None:
                return Outcome(False, outcome.collision, nodes, circuits, share)
            children += found
        open_nodes = children
    deadline = None if budget.deadline is None else time.time() + budget.deadline - time.perf_counter()
    limit = None if budget.nodes is None else max(budget.nodes - nodes, 0) // max(len(open_nodes), 1)
    futures = [executor.submit(_work, problem, prime, node, deadline, limit) for node in open_nodes]
    complete = True
    try:
        for node, future in zip(open_nodes, futures, strict=True):
            outcome = future.result()
            nodes, circuits = nodes + outcome.nodes, circuits + outcome.circuits
            share += node.weight * outcome.share
            complete = complete and outcome.closed
            if report is not None:
                report(share, nodes)
            if outcome.collision is not None:
                return Outcome(False, outcome.collision, nodes, circuits, share)
    finally:
        for future in futures:
            future.cancel()
    return Outcome(complete, None, nodes, circuits, 1.0 if complete else share)


def _expand(problem: Problem, prime: int, node: _Node) -> tuple[Outcome, list[_Node]]:
    """Work on one node alone: its outcome, and its children where it branches."""
    search = Search(problem, prime, node.taken, node.negative)
    outcome = search.run(Budget(nodes=1))
    rows = [] if outcome.closed or outcome.collision is not None else search.branch_rows()
    children = [
        _Node((*node.taken, row), node.negative + tuple(rows[:k]), node.weight / len(rows))
        for k, row in enumerate(rows)
    ]
    return outcome, children


def _work(problem: Problem, prime: int, node: _Node, deadline: float | None, nodes: int | None) -> Outcome:
    """One part, in whatever process the executor runs it; the deadline is wall-clock time."""
    clock = None if deadline is None else time.perf_counter() + deadline - time.time()
    return Search(problem, prime, node.taken, node.negative).run(Budget(clock, nodes))
