"""Injectivity of a ReLU layer followed by pooling: max, average or l^p over groups of neurons."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from relutheory.core.certificate import Certificate
from relutheory.core.errors import check_executor, check_limit, reject
from relutheory.core.exact import Number, is_scalar_array
from relutheory.core.verdict import NotABool, Rigor
from relutheory.injectivity.decide import InjectivityResult, Status, decide_injectivity
from relutheory.injectivity.structured.pooled_trees import Tree, search_pairs
from relutheory.injectivity.structured.representatives import layer_row, representatives, rows_layer
from relutheory.injectivity.structured.small_points import small_collision
from relutheory.injectivity.witness import Collision
from relutheory.networks import ReLULayer

KINDS = ("max", "average", "lp")


@dataclass(frozen=True, init=False, eq=False)
class PooledLayer:
    """The map x -> pool(ReLU(Wx + b)): one number for each group of neurons, the other neurons as they are.

    layer : m x n.  groups : disjoint non-empty lists of numbers of rows, 0 to m - 1; a neuron in none is a group by
    itself.  kind : "max", "average" or "lp".  p : a positive integer, for "lp": the p-th root of the sum of the p-th
    powers.  Raises InputError for bad arguments.

    >>> pooled = PooledLayer(ReLULayer([[1], [-1]]), [[0, 1]])
    >>> pooled.forward_exact([3]), pooled.forward_exact([-3])
    ([Fraction(3, 1)], [Fraction(3, 1)])
    """

    layer: ReLULayer
    groups: tuple[tuple[int, ...], ...]
    kind: str
    p: int

    def __init__(self, layer: ReLULayer, groups: Iterable[Iterable[int]], kind: str = "max", p: int = 2) -> None:
        if not isinstance(layer, ReLULayer):
            reject("layer", layer, "must be a ReLULayer")
        if not isinstance(kind, str) or kind not in KINDS:
            reject("kind", kind, f"must be one of {', '.join(KINDS)}")
        if isinstance(p, bool) or not isinstance(p, int) or p < 1:
            reject("p", p, "must be a positive integer")
        object.__setattr__(self, "layer", layer)
        object.__setattr__(self, "groups", _checked_groups(groups, layer.m))
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "p", p)

    def forward(self, x: Any) -> np.ndarray:
        """The pooled layer in float64.  x : (n,) or (k, n) finite numbers; returns (groups,) or (k, groups)."""
        y = self.layer.forward(x)
        values = [y[..., list(group)] for group in self.groups]
        if self.kind == "max":
            return np.stack([group.max(axis=-1) for group in values], axis=-1)
        if self.kind == "average":
            return np.stack([group.mean(axis=-1) for group in values], axis=-1)
        return np.stack([np.linalg.norm(group, self.p, axis=-1) for group in values], axis=-1)

    def forward_exact(self, x: Iterable[Number]) -> list[Fraction]:
        """The pooled layer in rationals; for "lp" the p-th powers of its outputs.  x : n numbers."""
        y = self.layer.forward_exact(x)
        values = [[y[i] for i in group] for group in self.groups]
        if self.kind == "max":
            return [max(group) for group in values]
        if self.kind == "average":
            return [sum(group, Fraction(0)) / len(group) for group in values]
        return [sum((v**self.p for v in group), Fraction(0)) for group in values]


@dataclass(frozen=True, eq=False)
class PoolingResult(NotABool):
    """Whether a pooled layer is injective; made by `decide_pooling`.

    status, rigor, witness : as in `InjectivityResult`.  method : how it was decided.  pairs : the nodes of the trees
    over pairs of cells; trees : these, where they prove that it is.  decision : the decision of a layer on which the
    answer rests, or None.  certificate : made on request; it saves to a file that `relutheory check` verifies on its
    own.

    >>> result = decide_pooling(ReLULayer([[1], [2], [-1]]), [[0, 1]])
    >>> result.method, result.certificate.claim
    ('parallel groups', 'pooling-injective')
    """

    status: Status
    method: str
    witness: Collision | None
    pairs: int
    seconds: float
    pooled: PooledLayer = field(repr=False)
    decision: InjectivityResult | None = field(repr=False)
    trees: tuple[Tree, ...] = field(default=(), repr=False)

    @property
    def rigor(self) -> Rigor:
        """EXACT where decided; else SAMPLED: nothing is proved."""
        return Rigor.SAMPLED if self.status is Status.UNDECIDED else Rigor.EXACT

    @property
    def proved(self) -> bool:
        """Whether the pooled layer is proved to be injective."""
        return self.status is Status.INJECTIVE

    @property
    def refuted(self) -> bool:
        """Whether the pooled layer is proved not to be injective."""
        return self.status is Status.NOT_INJECTIVE

    @cached_property
    def certificate(self) -> Certificate:
        """The proof as a `Certificate`.  Raises InputError where nothing was decided."""
        from relutheory.injectivity.structured.pooled_certificates import certify

        return certify(self)


def decide_pooling(
    layer: ReLULayer,
    groups: Iterable[Iterable[int]],
    kind: str = "max",
    *,
    p: int = 2,
    time_limit: float | None = None,
    node_limit: int | None = None,
    pair_limit: int | None = 100_000,
    executor: Executor | None = None,
) -> PoolingResult:
    """Decide whether x -> pool(ReLU(Wx + b)) is injective on R^n, exactly.

    layer, groups, kind, p : as in `PooledLayer`.  time_limit : seconds; node_limit : nodes of each search tree;
    pair_limit : nodes of the trees over pairs of cells; beyond them UNDECIDED.  executor : shares the subtrees of
    decisions of layers.

    In this order: groups whose weights point in one direction act like their first row to become active, so if all do,
    the layer of these rows decides; if these rows and single neurons alone are injective, all is; if the layer before
    pooling is not injective, nothing is; a few small points are tried; and last, "max" and "average" being affine on
    cells, trees over pairs of cells are searched for points with equal outputs.  "lp" with p > 1 and other groups than
    these may stay UNDECIDED.  Returns a `PoolingResult`.  Raises InputError for bad arguments.

    Source: puthawala2022 for the question; that every argmax row spans is not enough (|x|), see the catalogue's
    inj.pooling and inj.pooling-argmax.

    >>> decide_pooling(ReLULayer([[1], [-1]]), [[0, 1]]).witness
    Collision(x=(Fraction(-1, 1),), y=(Fraction(1, 1),))
    >>> decide_pooling(ReLULayer([[2, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]), [[0, 1]]).status.value
    'injective'
    """
    started = time.perf_counter()
    pooled = PooledLayer(layer, groups, kind, p)
    limit = check_limit("time_limit", time_limit)
    check_limit("node_limit", node_limit, integer=True)
    check_executor(executor)
    most = check_limit("pair_limit", pair_limit, integer=True)
    deadline = None if limit is None else started + limit

    def decided(rows: list[list[Fraction]]) -> InjectivityResult:
        left = None if deadline is None else max(deadline - time.perf_counter(), 0.0)
        return decide_injectivity(rows_layer(rows, layer.n), time_limit=left, node_limit=node_limit, executor=executor)

    def result(
        status: Status,
        method: str,
        witness: Collision | None = None,
        decision: InjectivityResult | None = None,
        pairs: int = 0,
        trees: tuple[Tree, ...] = (),
    ) -> PoolingResult:
        seconds = time.perf_counter() - started
        return PoolingResult(status, method, witness, pairs, seconds, pooled, decision, trees)

    single, mixed = representatives(pooled)
    safe = decided(single)
    if not mixed:
        return result(safe.status, "parallel groups", safe.witness, safe)
    if safe.proved:
        return result(Status.INJECTIVE, "rows outside of the other groups", None, safe)
    before = decided([layer_row(layer, i) for i in range(layer.m)])
    if before.refuted:
        return result(Status.NOT_INJECTIVE, "layer before pooling", before.witness, before)
    found = small_collision(pooled)
    if found is not None:
        return result(Status.NOT_INJECTIVE, "small points", found)
    if kind == "lp" and p > 1:
        return result(Status.UNDECIDED, "small points")
    outcome = search_pairs(pooled, deadline, most)
    status = Status.INJECTIVE if outcome.complete else Status.UNDECIDED
    if outcome.collision is not None:
        status = Status.NOT_INJECTIVE
    return result(status, "pairs of cells", outcome.collision, None, outcome.pairs, outcome.trees)


def _several(values: Any) -> bool:
    return isinstance(values, Iterable) and not isinstance(values, (str, bytes)) and not is_scalar_array(values)


def _checked_groups(groups: Any, m: int) -> tuple[tuple[int, ...], ...]:
    """The groups, and one for each row in none, in the order of their first rows."""
    if not _several(groups):
        reject("groups", groups, "must be lists of numbers of rows")
    found, used = [], set()
    for k, group in enumerate(groups):
        members = list(group) if _several(group) else [group]
        if not members:
            reject(f"groups[{k}]", members, "must not be empty")
        for i in members:
            if isinstance(i, bool) or not isinstance(i, (int, np.integer)) or not 0 <= i < m:
                reject(f"groups[{k}]", group, f"must hold numbers of rows, 0 to {m - 1}")
            if int(i) in used:
                reject(f"groups[{k}]", group, f"must not repeat row {i}")
            used.add(int(i))
        found.append(tuple(map(int, members)))
    return tuple(sorted(found + [(i,) for i in range(m) if i not in used]))
