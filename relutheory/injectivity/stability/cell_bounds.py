"""Bounds over all cells of a layer within a time limit: the best one at once, or weaker ones first."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from relutheory.injectivity.stability.cell_scan import sample, scan, worth_scanning
from relutheory.injectivity.stability.cell_tree import CellTree
from relutheory.injectivity.stability.cells import Cell, Cells
from relutheory.injectivity.stability.clock import OutOfTime, late

_SHARE = 0.4  # of the time for the best bound at once, before weaker ones are tried
_EASIER = (256, 64, 16, 4, 2)  # by how much weaker (eigenvalues), one after the other


@dataclass(frozen=True)
class Work:
    """What was proved about all cells (an eigenvalue as in `Cells`), whether that is the best there is, and how."""

    proved: Fraction
    complete: bool
    method: str
    nodes: int


def prove(
    cells: Cells,
    seed: int,
    deadline: float | None,
    report: Callable[[float, int], None] | None,
    known: Cell | None = None,
) -> Work:
    """Bound the eigenvalue over all cells; at the least, glance at one of them.

    known : a cell to begin with, in place of random ones.
    """
    cells.deadline = deadline
    if known is None:
        sample(cells, seed, deadline)
    elif not late(deadline):
        with suppress(OutOfTime):
            cells.look(known.active, known.point)
    proved, nodes = Fraction(0) if cells.sign > 0 else cells.quick(tuple(cells.live)).outer, 0
    if cells.bound is None or late(deadline):
        return Work(proved, False, "branch and bound", nodes)
    if worth_scanning(cells):
        with suppress(OutOfTime):
            complete, seen = scan(cells, deadline, report)
            if complete:
                return Work(cells.bound, True, "all cells", seen)
    attempts = [Fraction(1)]
    now = time.perf_counter()
    first = None
    if deadline is not None:
        first = now + _SHARE * (deadline - now)
        attempts += [Fraction(1, k) if cells.sign > 0 else 1 + Fraction(k, 100) for k in _EASIER] + [Fraction(1)]
    for k, factor in enumerate(attempts):
        if late(deadline):
            break
        tree = CellTree(cells, cells.bound * factor)
        closed = tree.run(first if k == 0 else deadline, report)
        nodes += tree.nodes
        if closed:
            proved = tree.bound if cells.sign * (tree.bound - proved) > 0 else proved
            if factor == 1:
                return Work(proved, True, "branch and bound", nodes)
    return Work(proved, False, "branch and bound", nodes)
