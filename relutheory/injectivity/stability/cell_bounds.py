"""Bounds over all cells of a layer within a time limit: the best one at once, or weaker ones first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from relutheory.injectivity.stability.cell_scan import sample, scan, worth_scanning
from relutheory.injectivity.stability.cell_tree import CellTree
from relutheory.injectivity.stability.cells import Cells

_SHARE = 0.4  # of the time for the best bound at once, before weaker ones are tried
_EASIER = (256, 64, 16, 4, 2)  # by how much weaker (eigenvalues), one after the other


@dataclass(frozen=True)
class Work:
    """What was proved about all cells (an eigenvalue as in `Cells`), whether that is the best there is, and how."""

    proved: Fraction
    complete: bool
    method: str
    nodes: int


def prove(cells: Cells, seed: int, deadline: float | None, report: Callable[[float, int], None] | None) -> Work:
    """Bound the eigenvalue over all cells."""
    sample(cells, seed, deadline)
    if worth_scanning(cells):
        complete, seen = scan(cells, deadline, report)
        if complete:
            assert cells.bound is not None
            return Work(cells.bound, True, "all cells", seen)
    assert cells.bound is not None
    trivial = Fraction(0) if cells.sign > 0 else cells.weights.eigenvalue(cells.live, -1).outer
    proved, nodes = trivial, 0
    attempts = [Fraction(1)]
    now = time.perf_counter()
    first = None
    if deadline is not None:
        first = now + _SHARE * (deadline - now)
        attempts += [Fraction(1, k) if cells.sign > 0 else 1 + Fraction(k, 100) for k in _EASIER] + [Fraction(1)]
    for k, factor in enumerate(attempts):
        if k and deadline is not None and time.perf_counter() > deadline:
            break
        tree = CellTree(cells, cells.bound * factor)
        closed = tree.run(first if k == 0 else deadline, report)
        nodes += tree.nodes
        if closed:
            proved = tree.bound if cells.sign * (tree.bound - proved) > 0 else proved
            if factor == 1:
                return Work(proved, True, "branch and bound", nodes)
    return Work(proved, False, "branch and bound", nodes)
