"""Exact decision of max and sum pooling, by trees over pairs of points that are certificates as well.

A pooled output is a sum of maxima of affine functions.  A node holds the pairs x, y with x_k > y_k for which some of
the largest functions are known: cells that are alike as far as these.  A linear program gives such a pair.  If all
outputs are equal, it is a collision.  Else some output differs, say it is smaller at x.  Is it known as an affine
function at x, then that is at least any sum that is a lower bound of the output at y: the one that fails is added.  If
not, the node branches on what is the largest at x.  The nodes without a pair are leaves, with the multipliers of the
linear program.  All pairs of single cells are never listed: a node is split only where a pair speaks against it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from relutheory.core.exact import primitive
from relutheory.core.lp import Row, SystemAnswer, solve_system
from relutheory.injectivity.statements import texts
from relutheory.injectivity.structured.representatives import Form, layer_row
from relutheory.injectivity.witness import Collision

if TYPE_CHECKING:
    from relutheory.injectivity.structured.pooling import PooledLayer

Point = tuple[Fraction, ...]
Tree = list[dict[str, Any]]


@dataclass(frozen=True)
class PairsOutcome:
    """Whether all pairs are dealt with, by the `trees` of a proof; a collision if there is one; how many nodes."""

    complete: bool
    collision: Collision | None
    pairs: int
    trees: tuple[Tree, ...] = ()


@dataclass
class _Node:
    """Pairs of points: `largest` functions of (point, unit), and the inequalities that these give, with their names."""

    largest: dict[tuple[str, int], int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    names: list[list[Any]] = field(default_factory=list)


def search_pairs(pooled: PooledLayer, deadline: float | None, pair_limit: float | None) -> PairsOutcome:
    """Look for two points with equal outputs, or prove by a tree for each coordinate that there are none.

    pooled : "max", "average", or "lp" with p = 1.  deadline : on the clock of time.perf_counter.  pair_limit : nodes.
    The trees are in the words of proofs_check/structure_certificates.py, in preorder.

    >>> from relutheory.injectivity.structured.pooling import PooledLayer
    >>> from relutheory.networks import ReLULayer
    >>> outcome = search_pairs(PooledLayer(ReLULayer([[1], [-2], [-1]]), [[0, 1]]), None, None)
    >>> outcome.complete, [sorted(node) for node in outcome.trees[0]][-1]
    (True, ['choices', 'differ', 'outputs'])
    >>> search_pairs(PooledLayer(ReLULayer([[1], [-1]]), [[0, 1]]), None, None).complete
    False
    """
    finder = _Finder(pooled, deadline, pair_limit)
    trees = []
    for k in range(pooled.layer.n):
        tree = finder.tree(k)
        if tree is None:
            return PairsOutcome(False, finder.collision, finder.nodes)
        trees.append(tree)
    return PairsOutcome(True, None, finder.nodes, tuple(trees))


class _Finder:
    """Units: lists of functions, the first of them 0; an output is the sum of the maxima of its group's units."""

    def __init__(self, pooled: PooledLayer, deadline: float | None, limit: float | None) -> None:
        self.n, self.nodes = pooled.layer.n, 0
        self.deadline, self.limit = deadline, limit
        self.collision: Collision | None = None
        zero = [Fraction(0)] * (self.n + 1)
        self.units: list[list[Form]] = []
        self.units_of: list[list[int]] = []
        for group in pooled.groups:
            parts = [list(group)] if pooled.kind == "max" else [[i] for i in group]
            self.units_of.append(list(range(len(self.units), len(self.units) + len(parts))))
            self.units += [[zero, *(layer_row(pooled.layer, i) for i in part)] for part in parts]

    def tree(self, k: int) -> Tree | None:
        """The proof that no two points with equal outputs have x_k > y_k; None where there are, or the budget ends."""
        tree: Tree = []
        waiting = [_Node()]
        while waiting:
            node = waiting.pop()
            if self.limit is not None and self.nodes >= self.limit:
                return None
            self.nodes += 1
            found = self._explored(k, node)
            if found is None:
                return None
            if isinstance(found, SystemAnswer):
                tree.append(_leaf(node, found))
                continue
            tree.append({"branch": list(found)})
            waiting += [self._child(node, found, i) for i in reversed(range(len(self.units[found[1]])))]
        return tree

    def _explored(self, k: int, node: _Node) -> SystemAnswer | tuple[str, int] | None:
        """The contradiction of a leaf; or the point and the unit to branch on; None at a collision or out of time."""
        differ = ([int(j == self.n + k) - int(j == k) for j in range(2 * self.n)], 0)
        while self.deadline is None or time.perf_counter() <= self.deadline:
            answer = solve_system([differ], node.rows, 2 * self.n)
            if answer.point is None:
                return answer
            x, y = answer.point[: self.n], answer.point[self.n :]
            added = len(node.rows)
            branch = self._step(node, {"x": x, "y": y})
            if branch is not None:
                return branch
            if len(node.rows) == added:
                self.collision = Collision(x, y)
                return None
        return None

    def _step(self, node: _Node, points: dict[str, Point]) -> tuple[str, int] | None:
        """Add the inequalities between outputs that fail at the two points, if any; else the branch to take, if any."""
        at_points = {at: self._maxima(point) for at, point in points.items()}
        best: tuple[int, Fraction, str, int] | None = None
        before = len(node.rows)
        for g, units in enumerate(self.units_of):
            outputs = {at: sum((values[u][0] for u in units), Fraction(0)) for at, values in at_points.items()}
            if outputs["x"] == outputs["y"]:
                continue
            at, other = ("x", "y") if outputs["x"] < outputs["y"] else ("y", "x")
            open_units = [u for u in units if (at, u) not in node.largest]
            if not open_units:
                chosen = [at_points[other][u][1] for u in units]
                known = self._sum([self.units[u][node.largest[at, u]] for u in units])
                bound = self._sum([self.units[u][i] for u, i in zip(units, chosen, strict=True)])
                self._add(node, {at: known, other: [-v for v in bound]}, [at, g, chosen])
                continue
            rank = (len(open_units), -abs(outputs["x"] - outputs["y"]), at, open_units[0])
            best = rank if best is None else min(best, rank)
        if len(node.rows) > before:
            return None
        return None if best is None else (best[2], best[3])

    def _maxima(self, point: Point) -> list[tuple[Fraction, int]]:
        """The largest value of each unit, and the function that attains it."""
        values = []
        for unit in self.units:
            at = [sum((a * v for a, v in zip(form[:-1], point, strict=True)), form[-1]) for form in unit]
            values.append(max((value, -i) for i, value in enumerate(at)))
        return [(value, -i) for value, i in values]

    def _child(self, node: _Node, branch: tuple[str, int], largest: int) -> _Node:
        at, unit = branch
        child = _Node(node.largest | {branch: largest}, list(node.rows), list(node.names))
        for i, form in enumerate(self.units[unit]):
            if i != largest:
                ahead = [a - b for a, b in zip(self.units[unit][largest], form, strict=True)]
                self._add(child, {at: ahead}, [at, unit, i])
        return child

    def _add(self, node: _Node, forms: dict[str, Form], name: list[Any]) -> None:
        """The inequality that the forms, at the points they belong to, have a sum >= 0."""
        none = [Fraction(0)] * (self.n + 1)
        x, y = forms.get("x", none), forms.get("y", none)
        node.rows.append(([-v for v in (*x[:-1], *y[:-1])], x[-1] + y[-1]))
        node.names.append(name)

    def _sum(self, forms: Sequence[Form]) -> Form:
        return [sum(column, Fraction(0)) for column in zip(*forms, strict=True)]


def _leaf(node: _Node, answer: SystemAnswer) -> dict[str, Any]:
    """The multipliers of a contradiction; inequalities between outputs are those that name a list of functions."""
    differ, *others = texts(primitive([*answer.lam, *answer.mu]))
    used = [[v, *name] for v, name in zip(others, node.names, strict=True) if v != "0"]
    return {
        "differ": differ,
        "choices": [row for row in used if isinstance(row[-1], int)],
        "outputs": [row for row in used if isinstance(row[-1], list)],
    }
