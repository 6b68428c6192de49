"""Branch and bound over circuits: the kernel's tree, and the exact answers it asks for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import fmpz_mat

from relutheory._kernels import circuits as kernels
from relutheory._kernels.circuits import Tree
from relutheory._kernels.modular import echelon, transversal_scratch
from relutheory.core.lp import solve_system
from relutheory.core.progress import Report
from relutheory.core.residues import residues
from relutheory.injectivity.branching import (
    branching_arrays,
    has,
    mark,
    pool_is_full,
    with_larger_log,
    with_larger_pool,
    with_more_levels,
)
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.witness import Collision, collision_at, roundings

_LEAN = 5  # circuits with at most so many rows to branch on are taken without looking for a better one
_PACKED = 5  # packings of more circuits cost more to verify than their subtree
_LEVELS = 12  # that a tree has room for at first
_FIRST = 64  # nodes before the first look at the clock
_SECONDS = 0.1  # between two looks at the clock, about


class BadPrime(Exception):
    """A determinant that is not zero vanished modulo the prime: start again with another."""


@dataclass
class Budget:
    """What a search may spend: seconds on the clock (a deadline of `time.perf_counter`) and nodes."""

    deadline: float | None = None
    nodes: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How a search ended: closed, with a collision, or out of budget (neither)."""

    closed: bool
    collision: Collision | None
    nodes: int
    circuits: int
    share: float  # of the tree that is closed


class Search:
    """The tree below one node: the rows `taken` are active, the rows `negative` are negative.

    Rows are numbered as in `Problem.rows`; -1 stands for the wall at infinity of an affine arrangement.
    packed : how many circuits a packing has at most.
    """

    def __init__(
        self,
        problem: Problem,
        p: int,
        taken: Sequence[int] = (),
        negative: Sequence[int] = (),
        packed: int = _PACKED,
    ) -> None:
        self.problem = problem
        candidates = problem.candidates()
        walls = list(range(problem.m, len(problem.rows))) + ([-1] if problem.affine else [])
        self.index = candidates + walls
        local = {row: k for k, row in enumerate(self.index)}
        base = [line.forward for line in problem.forced] + list(taken)
        values = residues(problem.layer.weight, p)
        spanned = set(base).union(*(line.rows for line in problem.forced))
        others = [row for row in candidates if row not in spanned]
        work = np.ascontiguousarray(values[:, base + others])
        order = np.empty(min(work.shape), dtype=np.int64)
        rank = echelon(work, len(base), p, order)
        self.base = [base[k] for k in order[:rank]]
        self.missing = problem.n - rank
        self.rest = np.zeros((self.missing, len(self.index)))
        self.rest[:, [local[row] for row in others]] = work[rank:, len(base) :]
        self.closure = np.flatnonzero(~self.rest[:, : len(candidates)].any(axis=0)).tolist()
        self.negative = [local[row] for row in [*walls, *negative]]
        self.p, self.packed = p, packed

    @cached_property
    def tree(self) -> Tree:
        """The kernel's arrays, made when the search begins."""
        rows, self.exponents = self.problem.scaled(self.index)
        tree = new_tree(rows, self.rest, self.p, self.packed, min(self.missing + 1, _LEVELS))
        for k in self.negative:
            mark(tree.negative[0], k)
        for k in self.closure:
            mark(tree.closure[0], k)
        return tree

    @property
    def rank_is_full(self) -> bool:
        """Whether the neurons span the space, modulo the prime."""
        return _rank(self.rest, self.p) == self.missing

    def free_rows(self) -> list[int]:
        """The neurons outside the span of the rows taken."""
        spanned = set(self.closure)
        return [row for k, row in enumerate(self.index) if 0 <= row < self.problem.m and k not in spanned]

    def branch_rows(self) -> list[int]:
        """The rows on which the root branches, in order."""
        return [self.index[k] for k in self.tree.branch[0, : self.tree.degree[0]].tolist()]

    def run(self, budget: Budget, report: Report | None = None) -> Outcome:
        """Search until the tree is closed, a collision is found or the budget is spent."""
        if self.missing == 0:
            return Outcome(closed=True, collision=None, nodes=0, circuits=0, share=1.0)
        nodes = self.tree.counter[kernels.NODES :]  # a view of the kernel's counter
        chunk = _FIRST
        while True:
            left = chunk if budget.nodes is None else min(chunk, budget.nodes - int(nodes[0]))
            if left <= 0:
                return self._outcome(False, None)
            started = time.perf_counter()
            code = kernels.run(self.tree, _LEAN, left)
            if code == kernels.CLOSED:
                return self._outcome(True, None)
            late = budget.deadline is not None and time.perf_counter() > budget.deadline
            if late and code in (kernels.CIRCUIT, kernels.HELP):  # exact arithmetic may take long
                return self._outcome(False, None)
            collision = self._answer(code)
            if collision is not None:
                return self._outcome(False, collision)
            if report is not None:
                report(self.share, int(nodes[0]))
            now = time.perf_counter()
            if budget.deadline is not None and now > budget.deadline:
                return self._outcome(False, None)
            if now - started > _SECONDS:
                chunk = max(chunk // 2, 1)
            elif code == kernels.PAUSED:
                chunk *= 2

    def _answer(self, code: int) -> Collision | None:
        """Do what the kernel stopped for."""
        if code == kernels.LOG_FULL:
            self.tree = with_larger_log(self.tree)
        elif code == kernels.DEEPER:
            self.tree = with_more_levels(self.tree, "residues")
        elif code != kernels.PAUSED:
            return self._settle(code)
        return None

    @property
    def share(self) -> float:
        """The part of the tree that is closed, children of a node counted alike."""
        return float(self.tree.closed[0])

    def _outcome(self, closed: bool, collision: Collision | None) -> Outcome:
        counter = self.tree.counter
        return Outcome(
            closed=closed,
            collision=collision,
            nodes=int(counter[kernels.NODES]),
            circuits=int(counter[kernels.FOUND]),
            share=1.0 if closed else self.share,
        )

    # what the kernel cannot decide

    def _settle(self, code: int) -> Collision | None:
        if code == kernels.POINT:
            for z in roundings(self.problem.n, self.tree.point, self.exponents):
                if self._separates(z):
                    return self._collision(z)
        if code == kernels.CIRCUIT:
            size = int(self.tree.counter[kernels.SIZE])
            found = self._exact_circuit(self.tree.support[:size].tolist())
            if found is not None:
                self._remember(found)
                return None
        answer = self._decide_exactly()
        if isinstance(answer, Collision):
            return answer
        if answer is not None:
            self._remember(answer)
        self.tree.counter[kernels.PLAIN] = 1  # at this node, go on with the circuits there are
        return None

    def _usable(self) -> list[int]:
        """Local numbers of the rows (not the wall at infinity) of N, or outside the closure and not forbidden."""
        depth = int(self.tree.counter[kernels.DEPTH])
        usable = self.tree.negative[depth] | ~(self.tree.closure[depth] | self.tree.forbidden)
        return [k for k, row in enumerate(self.index) if row >= 0 and has(usable, k)]

    def _separates(self, z: list[Fraction]) -> bool:
        """Whether the walls and all rows outside the closure are negative at z, exactly."""
        values = self.problem.values(z)
        closure = self.tree.closure[int(self.tree.counter[kernels.DEPTH])]
        free = [row for k, row in enumerate(self.index) if row >= self.problem.m or not has(closure, k)]
        return all(values[row] < 0 for row in free if row >= 0)

    def _collision(self, z: list[Fraction]) -> Collision:
        collision = collision_at(self.problem, z)
        if collision is None:
            raise BadPrime
        return collision

    def _vector(self, k: int) -> list[int]:
        """Row k of the kernel's arrangement in homogeneous integers."""
        row = self.index[k]
        return self.problem.rows[row] if row >= 0 else [0] * self.problem.n + [-1]

    def _exact_circuit(self, support: list[int]) -> list[int] | None:
        """The support if the rows have, up to scaling, one dependency, and it is positive; None otherwise."""
        d = self.tree.rows.shape[1]
        columns = fmpz_mat([self._vector(k)[:d] for k in support]).transpose()
        basis, nullity = columns.nullspace()
        if nullity != 1:
            return None
        signs = [(int(basis[i, 0]) > 0) - (int(basis[i, 0]) < 0) for i in range(len(support))]
        if set(signs) >= {1, -1}:
            return None
        return [k for k, sign in zip(support, signs, strict=True) if sign]

    def _decide_exactly(self) -> Collision | list[int] | None:
        """Exact linear programming at the current node: a collision, a circuit, or None (no packing to be had)."""
        rows = self._usable()
        system = [(self._vector(k)[:-1], -self._vector(k)[-1]) for k in rows]
        answer = solve_system(system, [], self.problem.n)
        if answer.point is not None:
            return None if self.tree.forbidden.any() else self._collision(list(answer.point))
        circuit = [k for k, v in zip(rows, answer.lam, strict=True) if v]
        if sum(v * c for v, (_, c) in zip(answer.lam, system, strict=True)):
            circuit.append(len(self.index) - 1)  # the wall at infinity takes up what is left over
        return circuit

    def _remember(self, support: Sequence[int]) -> None:
        """Put an exactly verified circuit into the pool, for good."""
        counter = self.tree.counter
        if pool_is_full(self.tree):
            self.tree = with_larger_pool(self.tree)
        if counter[kernels.LOGGING] and counter[kernels.FOUND] + 1 >= len(self.tree.archive):
            self.tree = with_larger_log(self.tree)
        kernels.remember(self.tree, np.array(support, dtype=np.int64), len(support), True)

    # the record of the closed tree

    def record(self) -> None:
        """Keep a log of the tree from here on (memory grows with the nodes)."""
        self.tree.counter[kernels.LOGGING] = 1
        self.tree = with_larger_log(self.tree)

    def circuit_rows(self, name: int) -> list[int]:
        """The rows of a recorded circuit, in the order in which the tree branches on them."""
        size, *rows = self.tree.archive[name].tolist()
        return [self.index[k] for k in rows[:size]]

    @property
    def log(self) -> list[int]:
        """The closed tree in preorder: per node the number of closing circuits (0: a branch on one), then names."""
        return self.tree.log[: int(self.tree.counter[kernels.LOG])].tolist()


def _rank(columns: np.ndarray, p: int) -> int:
    work = np.array(columns, order="C")
    return int(echelon(work, work.shape[1], p, np.empty(min(work.shape), dtype=np.int64)))


def new_tree(rows: np.ndarray, rest: np.ndarray, p: int, packed: int, levels: int) -> Tree:
    """The kernel's arrays for a tree that has not begun.

    rows : (M, d) float64.  rest : (q, M) float64, the rows modulo p and modulo those taken.  packed : circuits in a
    packing, at most.  levels : that there is room for.
    """
    d = rows.shape[1]
    work, pairs, ends = transversal_scratch(packed, d + 1)
    tree = Tree(
        **branching_arrays(rows, levels, packed),
        prime=np.array([p], dtype=np.float64),
        residues=np.zeros((levels, *rest.shape)),
        lengths=np.zeros(packed, np.int64),
        work=work,
        pairs=pairs,
        ends=ends,
        chosen=np.zeros(packed, np.int64),
        log=np.zeros(0, np.int64),
    )
    tree.residues[0] = rest
    return tree
