"""The smallest increase of biases that makes a layer injective.

Raising biases never hurts: rows that were active stay active.  So the best change is an increase, and where t repairs
a layer, every larger t does.  In the largest-entry norm the best t is thus one number s for all rows, and s is the
largest gap of all (see `gaps`).  In the sum norm every set R of rows asks for one of its circuits; which, is searched.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count

from relutheory.core.sets import Polyhedron
from relutheory.injectivity.constructions import with_bias
from relutheory.injectivity.decide import InjectivityResult, decide_injectivity
from relutheory.injectivity.repair.covering import cheapest
from relutheory.injectivity.repair.gaps import Circuit, Escape, Gaps
from relutheory.networks import ReLULayer

_SETS = 20_000  # sets of rows and walls looked at for the circuits of one R; beyond, a point of the gap is used


@dataclass
class Raise:
    """A repair by bias so far: increase and decision of the repaired layer, or None; a lower bound; an escape."""

    t: list[Fraction] | None = None
    result: InjectivityResult | None = None
    at_least: Fraction = Fraction(0)
    escape: Escape | None = None


@dataclass
class Task:
    """What both searches need: the layer, its gaps, and the clock (a deadline of `time.perf_counter`)."""

    layer: ReLULayer
    domain: Polyhedron | None
    deadline: float | None = None
    gaps: Gaps = field(init=False)

    def __post_init__(self) -> None:
        self.gaps = Gaps(self.layer, self.domain)

    def decide(self, t: Sequence[Fraction]) -> InjectivityResult:
        """The decision of the layer with biases raised by t."""
        layer = with_bias(self.layer, list(t)) if any(t) else self.layer
        left = None if self.deadline is None else max(self.deadline - time.perf_counter(), 0.0)
        return decide_injectivity(layer, domain=self.domain, time_limit=left)

    @property
    def late(self) -> bool:
        return self.deadline is not None and time.perf_counter() > self.deadline


def raise_evenly(task: Task, before: InjectivityResult) -> Raise:
    """The smallest largest entry: s grows to the gap of one failing set of rows after the other.

    Each set comes once, for its gap is <= s afterwards; when none is left, s is the gap of the last one, and no smaller
    increase repairs that.  At the end entries that are not needed are lowered.
    """
    m = task.layer.m
    flat = [i for i, row in enumerate(task.gaps.integers) if any(row)]
    found, result, s = Raise(), before, Fraction(0)
    while result.witness is not None:
        t = _level(m, flat, s)
        rows, u = task.gaps.moving(result.witness, t)
        gap = task.gaps.largest(rows)
        if isinstance(gap, list):
            return Raise(at_least=s, escape=Escape(tuple(gap), tuple(u)))
        circuit, _ = gap
        s = found.at_least = circuit.need / sum(circuit.rows.values())
        if task.late:
            return found
        result = task.decide(_level(m, flat, s))
    if result.proved:
        found.t, found.result = lowered(task, _level(m, flat, s), result)
    return found


def _level(m: int, flat: list[int], s: Fraction) -> list[Fraction]:
    t = [Fraction(0)] * m
    for i in flat:
        t[i] = s
    return t


def lowered(task: Task, t: list[Fraction], result: InjectivityResult) -> tuple[list[Fraction], InjectivityResult]:
    """t with as many entries as possible set to zero, one after the other, the layer staying injective.

    Half of the entries at a time, then a quarter, and so on, so that few decisions are made where most can go.
    """
    pending = [[i for i, v in enumerate(t) if v]]
    while pending and not task.late:
        part = pending.pop()
        if not part:
            continue
        tried = [Fraction(0) if i in part else v for i, v in enumerate(t)]
        answer = task.decide(tried)
        if answer.proved:
            t, result = tried, answer
        elif len(part) > 1:
            pending += [part[: len(part) // 2], part[len(part) // 2 :]]
    return t, result


@dataclass(order=True)
class _Node:
    """Inequalities chosen so far, and the cheapest increase that meets them."""

    bound: Fraction
    number: int
    chosen: tuple[Circuit, ...] = field(compare=False)
    t: list[Fraction] | None = field(compare=False, default=None)
    size: Fraction = field(compare=False, default=Fraction(0))


def raise_few(task: Task, before: InjectivityResult) -> Raise:
    """The smallest sum of entries, by branch and bound over the circuits of failing sets of rows.

    A node is a choice of circuits; its linear program bounds all increases that satisfy them.  Where its solution does
    not repair the layer, some R fails, and the children add one circuit of R each: every repair satisfies one of them.
    """
    found = raise_evenly(task, before)
    if found.t is None:
        return found  # a sum of entries >= 0 is at least the largest: that bound stays
    largest = found.at_least
    seen: dict[tuple[int, ...], list[Circuit]] = {}
    _dive(task, before, found, seen)
    best = sum(found.t, Fraction(0))
    numbers = count()
    heap = [_Node(Fraction(0), next(numbers), ())]
    closed = best  # the least bound of nodes that need no further search
    while heap and not task.late:
        node = heapq.heappop(heap)
        if node.bound >= best:
            break
        if node.t is None:
            plan = cheapest(node.chosen, task.layer.m)
            node.t, node.size, node.bound = plan.t, plan.size, max(node.bound, plan.at_least)
            if heap and node.bound > heap[0].bound:
                heapq.heappush(heap, node)
                continue
        children = _violated(seen, node.t)
        if children is None:
            result = task.decide(node.t)
            if result.proved:
                closed = min(closed, node.bound)
                if node.size < best:
                    found.t, found.result, best = node.t, result, node.size
                continue
            if result.witness is None:
                heapq.heappush(heap, node)
                break
            children = _children(task, result, node.t, seen)
        for circuit in children:
            bound = max(node.bound, circuit.need / max(circuit.rows.values()))
            if bound < best:
                heapq.heappush(heap, _Node(bound, next(numbers), (*node.chosen, circuit)))
    found.at_least = max(largest, min([best, closed, *(node.bound for node in heap)]))
    return found


def _dive(task: Task, before: InjectivityResult, found: Raise, seen: dict[tuple[int, ...], list[Circuit]]) -> None:
    """A good increase to begin with: each failing set of rows takes the circuit that costs least at the moment."""
    assert found.t is not None
    most = sum(found.t, Fraction(0))
    result, t, chosen = before, [Fraction(0)] * task.layer.m, list[Circuit]()
    while result.witness is not None and not task.late:
        circuit = min(_children(task, result, t, seen, all_of_them=False), key=lambda c: _price(c, t))
        chosen.append(circuit)
        t = cheapest(chosen, task.layer.m).t
        if sum(t, Fraction(0)) >= most:
            return
        result = task.decide(t)
    if result.proved:
        found.t, found.result = lowered(task, t, result)


def _price(circuit: Circuit, t: Sequence[Fraction]) -> Fraction:
    """How much one entry of t has to grow to satisfy the circuit."""
    met = sum((v * t[i] for i, v in circuit.rows.items()), Fraction(0))
    return (circuit.need - met) / max(circuit.rows.values())


def _violated(seen: dict[tuple[int, ...], list[Circuit]], t: list[Fraction]) -> list[Circuit] | None:
    """The circuits of a set of rows met before, if none of them is satisfied."""
    return next((circuits for circuits in seen.values() if not any(c.satisfied(t) for c in circuits)), None)


def _children(
    task: Task,
    result: InjectivityResult,
    t: list[Fraction],
    seen: dict[tuple[int, ...], list[Circuit]],
    *,
    all_of_them: bool = True,
) -> list[Circuit]:
    """Inequalities of which one has to hold for R, the rows that fail at the collision.

    all_of_them : False where it is enough that one of them repairs R.
    """
    assert result.witness is not None
    rows, _ = task.gaps.moving(result.witness, t)
    if rows not in seen and task.gaps.count(rows) <= _SETS:
        seen[rows] = list(task.gaps.circuits(rows))
    if rows in seen:
        return seen[rows]
    deepest = Gaps(with_bias(task.layer, t), task.domain).largest(rows)
    assert not isinstance(deepest, list), "an escape was found before"
    circuit, z = deepest
    if not all_of_them:
        met = sum((v * t[i] for i, v in circuit.rows.items()), Fraction(0))
        return [Circuit(circuit.rows, circuit.need + met)]
    # too many circuits: at the deepest point, where all rows of R are negative, one of them has to become active
    return [Circuit({i: Fraction(1)}, -task.gaps.value(i, z)) for i in rows]


Search = Callable[[Task, InjectivityResult], Raise]
SEARCHES: dict[str, Search] = {"linf": raise_evenly, "l1": raise_few}
