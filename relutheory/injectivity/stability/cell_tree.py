"""Bounds over the cells of a layer by branch and bound: the kernel's tree, and the exact answers it asks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from relutheory._kernels import weighing as kernels
from relutheory.core.exact import nearest_float
from relutheory.core.lp import solve_system
from relutheory.injectivity.branching import has, mark, pool_is_full, with_larger_pool, with_more_levels
from relutheory.injectivity.stability.arrays import new_tree
from relutheory.injectivity.stability.cells import Cells
from relutheory.injectivity.stability.clock import OutOfTime, late
from relutheory.injectivity.stability.half_spaces import half_spaces, opposite_pairs
from relutheory.injectivity.stability.semidefinite import beyond
from relutheory.injectivity.witness import roundings

_LEAN = 5
_NEARLY = 2.0**-30  # relative distance to the bound at which exact arithmetic is asked
_FIRST, _SECONDS = 64, 0.1  # nodes before the first look at the clock, seconds between two looks
_WORK = 2e7  # nodes times n^3 before the first look, at most


class CellTree:
    """A tree that proves, for all cells, that no eigenvalue is beyond `target`, or finds cells where one is.

    target : an eigenvalue as in `Cells`; where cells beyond it are found, `cells.bound` takes its place.
    """

    def __init__(self, cells: Cells, target: Fraction) -> None:
        self.cells, self.target = cells, target
        self.problem = cells.problem
        self.groups = half_spaces(cells)
        self.pairs = opposite_pairs(self.groups)
        walls = list(range(self.problem.m, len(self.problem.rows))) + ([-1] if self.problem.affine else [])
        self.index = [group.rows[0] for group in self.groups] + walls
        self.g = len(self.groups)
        scaled, self.exponents = self.problem.scaled(self.index)
        rows = np.vstack([scaled[: self.g], -scaled[: self.g], scaled[self.g :]])
        self.tree = new_tree(rows, self.g, cells.weights.n)
        self._weigh()
        self.shown: Fraction | None = None
        self._set_bound()
        for k in range(2 * self.g, len(rows)):
            mark(self.tree.negative[0], k)
        for k in range(self.g, 2 * self.g):
            mark(self.tree.closure[0], k)
        for pair in self.pairs:
            self._remember(pair)

    @property
    def bound(self) -> Fraction:
        """What the tree proves when it closes: no eigenvalue is beyond this."""
        sign, best = self.cells.sign, self.cells.bound
        if best is None or sign * (self.target - best) < 0:
            return self.target
        return best

    @property
    def nodes(self) -> int:
        return int(self.tree.counter[kernels.NODES])

    def run(self, deadline: float | None, report: Callable[[float, int], None] | None = None) -> bool:
        """Work until the tree is closed (True) or the deadline of `time.perf_counter` is over (False).

        After False the tree is of no more use.
        """
        self.cells.deadline = deadline
        try:
            return self._run(deadline, report)
        except OutOfTime:
            return False

    def _run(self, deadline: float | None, report: Callable[[float, int], None] | None) -> bool:
        chunk = int(min(max(_WORK // self.cells.weights.n**3, 1), _FIRST))
        while True:
            started = time.perf_counter()
            code = kernels.weigh(self.tree, _LEAN, chunk)
            if code == kernels.CLOSED:
                if report is not None:
                    report(1.0, self.nodes)
                return True
            if code == kernels.DEEPER:
                self.tree = with_more_levels(self.tree, "matrix", "size_of")
            elif code != kernels.PAUSED:
                self._settle(code)
            if report is not None:
                report(float(self.tree.closed[0]), self.nodes)
            now = time.perf_counter()
            if late(deadline):
                return False
            if now - started > _SECONDS:
                chunk = max(chunk // 2, 1)
            elif code == kernels.PAUSED:
                chunk *= 2

    # floats for the kernel

    def _weigh(self) -> None:
        """The vectors of the groups, and the matrix that holds wherever one looks.

        Of two opposite rows one is marked everywhere: the smaller of the two matrices is counted beforehand, and only
        the excess of the larger one when it is marked.
        """
        cells, tree = self.cells, self.tree
        rows = cells.scaled[0]
        tree.terms[0] = len(rows) + 2 * self.g + 8
        for i, group in enumerate(self.groups):
            tree.vectors_of[i] = rows[group.rows[0]] * np.sqrt(nearest_float(group.square))
        for small, large in self.pairs:
            share = self.groups[small].size / self.groups[large].size
            vector = tree.vectors_of[small]
            tree.matrix[0] += np.outer(vector, vector)
            tree.size_of[0] += vector * vector
            tree.vectors_of[small] = 0.0
            tree.vectors_of[large] *= np.sqrt(nearest_float(1 - share))
        if cells.sign < 0:
            live = rows[cells.live]
            tree.matrix[0] -= live.T @ live
            tree.size_of[0] += (live * live).sum(axis=0)
        for i, weaker in enumerate(self.groups):
            for j, group in enumerate(self.groups):
                if i != j and weaker.direction == group.direction and weaker.offset <= group.offset:
                    tree.above[i, j] = True

    def _set_bound(self) -> None:
        """Hand the present bound to the kernel."""
        if self.shown == self.bound:
            return
        shift = self.cells.shift(self.bound)
        with np.errstate(all="ignore"):
            self.tree.size_of[:] += np.maximum(np.abs(shift) - np.abs(self.tree.bound), 0.0)
        self.tree.bound[:] = shift
        self.tree.near[:] = _NEARLY * np.abs(shift)
        self.shown = self.bound

    # what the kernel cannot decide

    def _settle(self, code: int) -> None:
        counter = self.tree.counter
        if code == kernels.NEAR:
            counter[kernels.SETTLED if self._holds() else kernels.PLAIN] |= 1
            return
        if code == kernels.POINT:
            for z in roundings(self.problem.n, self.tree.point, self.exponents):
                if self._leaf(z):
                    return
        if code == kernels.CIRCUIT:
            size = int(counter[kernels.SIZE])
            found = self._exact_circuit(self.tree.support[:size].tolist())
            if found is not None:
                self._remember(found)
                return
            if not counter[kernels.PLAIN] & 2:  # go on with a circuit of the pool, where there is one
                counter[kernels.PLAIN] |= 2
                return
        self._decide_exactly()

    def _chosen(self) -> set[int]:
        """The groups marked at the present node."""
        closure = self.tree.closure[int(self.tree.counter[kernels.DEPTH])]
        return {i for i in range(self.g) if has(closure, i)}

    def _holds(self) -> bool:
        """Whether the bound holds for all cells of the present node, by exact arithmetic."""
        chosen = self._chosen()
        counted = [k for i in chosen for k in self.groups[i].rows]
        for i, j in self.pairs:
            if i not in chosen and j not in chosen:
                counted += self.groups[i].rows
        cells = self.cells
        active = counted if cells.sign > 0 else sorted(set(cells.live) - set(counted))
        return beyond(cells.weights.gram(active), self.bound, cells.sign, cells.deadline)

    def _leaf(self, z: list[Fraction]) -> bool:
        """Whether only chosen groups are marked at z; then no cell of the node is better than the one there."""
        values, chosen = self.problem.values(z), self._chosen()
        if any(values[group.rows[0]] >= 0 for i, group in enumerate(self.groups) if i not in chosen):
            return False
        if not self._is_best(z):
            return False
        self.tree.counter[kernels.SETTLED] = 1
        return True

    def _is_best(self, z: list[Fraction]) -> bool:
        """Look at the cell at z, where there is one, so that the bound holds for the present node."""
        found = self.cells.consider(z)
        self._set_bound()
        return found

    def _vector(self, k: int) -> list[int]:
        """Row k of the kernel's arrangement in homogeneous integers."""
        if self.g <= k < 2 * self.g:
            return [-v for v in self._vector(k - self.g)]
        row = self.index[k if k < self.g else k - self.g]
        return self.problem.rows[row] if row >= 0 else [0] * self.problem.n + [-1]

    def _exact_circuit(self, support: list[int]) -> list[int] | None:
        """The support if the rows have, up to scaling, one dependency, and it is positive; None otherwise."""
        d = self.tree.rows.shape[1]
        basis, nullity = fmpz_mat([self._vector(k)[:d] for k in support]).transpose().nullspace()
        if nullity != 1:
            return None
        signs = [(int(basis[i, 0]) > 0) - (int(basis[i, 0]) < 0) for i in range(len(support))]
        if set(signs) >= {1, -1}:
            return None
        return [k for k, sign in zip(support, signs, strict=True) if sign]

    def _decide_exactly(self) -> None:
        """Exact linear programming at the present node: a leaf, or a circuit."""
        depth = int(self.tree.counter[kernels.DEPTH])
        usable = self.tree.negative[depth] | ~self.tree.closure[depth]
        real = len(self.tree.rows) - (1 if self.problem.affine else 0)
        rows = [k for k in range(real) if has(usable, k)]
        system = [(self._vector(k)[:-1], -self._vector(k)[-1]) for k in rows]
        answer = solve_system(system, [], self.problem.n)
        if answer.point is not None:
            if not self._leaf(list(answer.point)):
                raise ArithmeticError("a point inside is not inside: please report this layer")
            return
        circuit = [k for k, v in zip(rows, answer.lam, strict=True) if v]
        if sum(v * c for v, (_, c) in zip(answer.lam, system, strict=True)):
            circuit.append(len(self.tree.rows) - 1)  # the wall at infinity takes up what is left over
        self._remember(circuit)
        self.tree.counter[kernels.PLAIN] |= 2

    def _remember(self, support: Sequence[int]) -> None:
        """Put an exactly verified circuit into the pool, for good."""
        if pool_is_full(self.tree):
            self.tree = with_larger_pool(self.tree)
        kernels.remember(self.tree, np.array(support, dtype=np.int64), len(support), True)
