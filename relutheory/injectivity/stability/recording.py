"""The tree over the cells once more, with a log: for a bound that is known to hold."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from relutheory._kernels import weighing as kernels
from relutheory.injectivity.branching import with_larger_log
from relutheory.injectivity.stability.cell_tree import CellTree
from relutheory.injectivity.stability.cells import Cells


class RecordedTree(CellTree):
    """A `CellTree` that keeps a log of its nodes and of their circuits; all nodes are closed by the bound given.

    >>> from relutheory.networks import ReLULayer
    >>> tree = RecordedTree(Cells(ReLULayer([[2], [-1]]), None, 1), Fraction(1))
    >>> tree.run(None), tree.log
    (True, [-1])
    """

    def __init__(self, cells: Cells, target: Fraction) -> None:
        super().__init__(cells, target)
        self._record()

    @property
    def log(self) -> list[int]:
        """The closed tree in preorder: for each node the name of its circuit, or -1 where its matrix closes it."""
        return self.tree.log[: int(self.tree.counter[kernels.LOG])].tolist()

    def circuit(self, name: int) -> list[tuple[int, int]]:
        """The rows of a circuit, in the order in which the tree branches on them: (number, 1), or -1 for its opposite.

        Rows are numbered as in `Problem.rows`; -1 is the wall at infinity.
        """
        size, *support = self.tree.archive[name].tolist()
        return [self._row(k) for k in support[:size]]

    def _row(self, k: int) -> tuple[int, int]:
        if self.g <= k < 2 * self.g:
            return self.index[k - self.g], -1
        return self.index[k if k < self.g else k - self.g], 1

    def _settle(self, code: int) -> None:
        if code == kernels.LOG_FULL:
            self.tree = with_larger_log(self.tree)
        else:
            super()._settle(code)

    def _is_best(self, z: list[Fraction]) -> bool:
        return self._holds()  # nothing to look for: no cell is beyond the bound

    def _remember(self, support: Sequence[int]) -> None:
        self._record()  # the first circuits come before the tree is ready
        if self.tree.counter[kernels.FOUND] >= len(self.tree.archive):
            self.tree = with_larger_log(self.tree)
        super()._remember(support)

    def _record(self) -> None:
        if not self.tree.counter[kernels.LOGGING]:
            self.tree.counter[kernels.LOGGING] = 1
            self.tree = with_larger_log(self.tree)
