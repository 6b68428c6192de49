"""Rounds of chunks, in this process or in others, with a file that remembers what is finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relutheory.core.book import Book
from relutheory.core.progress import Report
from relutheory.injectivity.gaussian.ensembles import Ensemble
from relutheory.injectivity.gaussian.sampling import Counts, chunk_size, next_chunks, run_chunk

_GROWTH = 2  # each round makes the number of layers so many times as large
Chunk = tuple[int, int, int]  # n, m, index


def open_book(path: Path, ensemble: str, seed: int, ground_state: bool) -> Book[Counts]:
    """The file of finished chunks.  Raises InputError where it is about something else."""

    def read(line: dict[str, Any]) -> tuple[Chunk, Counts] | None:
        numbers = [line[name] for name in ("n", "m", "chunk", "trials", "injective")]
        least = {int(key): times for key, times in line["least"].items()} if ground_state else {}
        if any(type(value) is not int or value < 0 for value in [*numbers, *least, *least.values()]):
            return None
        n, m, index, trials, injective = numbers
        if not 1 <= n <= m or trials != chunk_size(m, n, index, ground_state) or injective > trials:
            return None
        if ground_state and (sum(least.values()) != trials or max(least) > m):
            return None
        return (n, m, index), Counts(trials, injective, least)

    title = {"injective layers": ensemble, "seed": seed, "ground states": ground_state}
    return Book(path, title, read, other="is about another ensemble or seed, or with or without ground states")


@dataclass
class Run:
    """The state of one estimate: chunks known from a store or this run, and those that the rounds so far ask for."""

    ensemble: Ensemble
    seed: int
    ground_state: bool
    trials: int
    shapes: dict[int, list[int]]
    known: dict[Chunk, Counts]
    book: Book[Counts] | None
    executor: Executor | None
    clock: float | None
    report: Report | None

    def __post_init__(self) -> None:
        self.counts = {n: {m: Counts() for m in rows} for n, rows in self.shapes.items()}
        self.done = {n: dict.fromkeys(rows, 0) for n, rows in self.shapes.items()}
        self.finished = 0  # rounds

    def rounds(self) -> Iterator[bool]:
        """Work round by round; after each one, whether all is there that was asked for so far.

        A round's plan depends on the counts of the rounds before and on nothing else.
        """
        wanted = [(n, m, 0) for n, rows in self.shapes.items() for m in rows]
        while True:
            complete = self._work(wanted)
            self.finished += complete
            wanted = self._plan() if complete else []
            yield complete
            if not wanted:
                return

    def _plan(self) -> list[Chunk]:
        chunks: list[Chunk] = []
        for n, counts in self.counts.items():
            target, most = self._layers(n), self.trials * len(counts)
            found: list[tuple[int, int]] = []
            while not found and target < most:  # less than a chunk may be wanted
                target = min(target * _GROWTH, most)
                found = next_chunks(counts, self.done[n], n, target, self.ground_state)
            chunks += [(n, *chunk) for chunk in found]
        return chunks

    def _layers(self, n: int) -> int:
        return sum(counts.trials for counts in self.counts[n].values())

    def _work(self, wanted: Sequence[Chunk]) -> bool:
        """Bring the wanted chunks into the counts; False where the time ran out before."""
        missing = [chunk for chunk in wanted if chunk not in self.known]
        layers = sum(map(self._layers, self.shapes)) + sum(self.known[c].trials for c in wanted if c in self.known)
        for chunk, counts in self._results(missing):
            if counts is None:
                continue
            self.known[chunk] = counts
            layers += counts.trials
            if self.book is not None:
                n, m, index = chunk
                line = {"n": n, "m": m, "chunk": index, "trials": counts.trials, "injective": counts.injective}
                self.book.note({**line, "least": counts.least} if self.ground_state else line)
            if self.report is not None:
                self.report(min(layers / (self.trials * sum(map(len, self.shapes.values()))), 1.0), layers)
        for chunk in wanted:
            if chunk in self.known:
                n, m, _ = chunk
                self.counts[n][m].add(self.known[chunk])
                self.done[n][m] += 1
        return all(chunk in self.known for chunk in wanted)

    def _results(self, chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, Counts | None]]:
        fixed = self.ground_state, self.clock
        if self.executor is None:
            for n, m, index in chunks:
                yield (n, m, index), run_chunk(self.ensemble, self.seed, m, n, index, *fixed)
            return
        futures: dict[Future[Counts | None], Chunk] = {
            self.executor.submit(run_chunk, self.ensemble, self.seed, m, n, index, *fixed): (n, m, index)
            for n, m, index in sorted(chunks, reverse=True)  # the hardest first, so that none is waited for in the end
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            for future in futures:
                future.cancel()
