"""A count cut into parts that any executor can share and a file can remember."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from relutheory.core.book import Book
from relutheory.core.certificate import digest
from relutheory.core.exact import primitive
from relutheory.core.progress import Report
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.cones import cone_over
from relutheory.polyhedra.engines import MOST, batches

_PARTS = 64  # enough for many workers, and few enough that none is all overhead

Wall = tuple[tuple[Fraction, ...], Fraction]  # (a, c): <a, x> <= c
# what a part came to: regions found, whether that is all of them, the engine
Found = tuple[int, bool, str]
# a part's number, and what `_count_part` is called with
Work = tuple[int, tuple[tuple[ReLULayer, ...], Sequence[Wall], str | None, float | None, float | None]]


def count_in_parts(
    layers: Sequence[ReLULayer],
    domain: Polyhedron | None,
    engine: str | None,
    limit: float | None,
    deadline: float | None,
    executor: Executor | None,
    store: str | Path | None,
    report: Report | None,
) -> tuple[str, int, bool]:
    """(engine, regions found, whether that is all of them).

    deadline : a time of `time.perf_counter`.  The parts and their counts do not depend on the executor.
    """
    parts = split_domain(layers, domain)
    book = None if store is None else _open_book(Path(store), layers, domain, engine, len(parts))
    counts: dict[int, Found] = {} if book is None else dict(book.known)
    left = [k for k in range(len(parts)) if k not in counts]
    clock = None if deadline is None else time.time() + deadline - time.perf_counter()
    work: list[Work] = [(k, (tuple(layers), parts[k], engine, limit, clock)) for k in left]
    for k, found in _in_process(work) if executor is None else _shared(work, executor):
        counts[k] = found
        if book is not None and found[1]:
            book.note({"part": k, "regions": found[0], "engine": found[2]})
        total = sum(count for count, _, _ in counts.values())
        if report is not None:
            report(len(counts) / len(parts), total)
        over = limit is not None and total > limit
        if (over or (clock is not None and time.time() > clock)) and len(counts) < len(parts):
            break
    complete = len(counts) == len(parts) and all(done for _, done, _ in counts.values())
    names = dict.fromkeys(name for _, (_, _, name) in sorted(counts.items()))
    return ", ".join(names) or "none", sum(count for count, _, _ in counts.values()), complete


def split_domain(layers: Sequence[ReLULayer], domain: Polyhedron | None) -> list[list[Wall]]:
    """The domain cut by neurons of the first layer into polyhedra without common interior points: their walls."""
    walls: list[Wall] = [] if domain is None else [(tuple(a), c) for a, c in domain.halfspaces()]
    n = layers[0].n
    if n > MOST:
        return [walls]
    parts = [(walls, cone_over(domain, n))]
    for i in range(layers[0].m):
        if len(parts) >= _PARTS:
            break
        a, c = tuple(layers[0].weight.row(i)), layers[0].bias[i]
        below, above = (a, -c), (tuple(-v for v in a), c)
        form, halves = primitive([*a, c]), []
        for given, cone in parts:
            if cone.side(form) is None:
                low, high = cone.split(form, len(walls) + 1 + i)
                halves += [([*given, below], low), ([*given, above], high)]
            else:
                halves.append((given, cone))
        parts = halves
    return [given for given, _ in parts]


def _polyhedron(walls: Sequence[Wall], n: int) -> Polyhedron | None:
    if not walls:
        return None
    return Polyhedron(np.array([a for a, _ in walls], dtype=object).reshape(len(walls), n), [c for _, c in walls])


def _count_part(
    layers: tuple[ReLULayer, ...], walls: Sequence[Wall], engine: str | None, limit: float | None, clock: float | None
) -> Found:
    """Count one part, in whatever process the executor runs it.  clock : a deadline of `time.time`."""
    found, name = 0, "none"
    domain = _polyhedron(walls, layers[0].n)
    for name, batch in batches(layers, domain, engine, listed=False):
        found += batch.count
        if (limit is not None and found > limit) or (clock is not None and time.time() > clock):
            return found, False, name
    return found, True, name


def _in_process(work: Sequence[Work]) -> Iterator[tuple[int, Found]]:
    for k, arguments in work:
        yield k, _count_part(*arguments)


def _shared(work: Sequence[Work], executor: Executor) -> Iterator[tuple[int, Found]]:
    futures: dict[Future[Found], int] = {executor.submit(_count_part, *arguments): k for k, arguments in work}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()


def _open_book(
    path: Path, layers: Sequence[ReLULayer], domain: Polyhedron | None, engine: str | None, parts: int
) -> Book[Found]:
    """The file of finished parts."""

    def read(line: dict[str, Any]) -> tuple[int, Found] | None:
        k, regions, name = line["part"], line["regions"], line["engine"]
        right = type(k) is int and 0 <= k < parts and type(regions) is int and regions >= 1 and isinstance(name, str)
        return (k, (regions, True, name)) if right else None

    title = {"regions of": digest(_statement(layers, domain, engine)), "parts": parts}
    return Book(path, title, read, other="is about another network, domain or engine")


def _statement(layers: Sequence[ReLULayer], domain: Polyhedron | None, engine: str | None) -> dict[str, object]:
    return {
        "layers": [
            {
                "W": [[str(v) for v in row] for row in layer.weight.fractions()],
                "b": [str(layer.bias[i]) for i in range(layer.m)],
            }
            for layer in layers
        ],
        "domain": None if domain is None else [[*map(str, a), str(c)] for a, c in domain.halfspaces()],
        "engine": engine,
    }
