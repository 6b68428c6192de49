"""Deciding whether a ReLU layer is injective."""

from __future__ import annotations

import enum
import time
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property

from relutheory.core.certificate import Certificate
from relutheory.core.errors import check_executor, check_limit, reject
from relutheory.core.progress import Report, reporter
from relutheory.core.residues import primes
from relutheory.core.sets import Ball, Polyhedron
from relutheory.core.verdict import NotABool, Rigor
from relutheory.injectivity.descent import descend
from relutheory.injectivity.exits import general_position_collision, half_space_collision
from relutheory.injectivity.parallel import search_split
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.search import BadPrime, Budget, Outcome, Search
from relutheory.injectivity.witness import Collision, collision_at
from relutheory.networks import ReLULayer

_LARGE = 13  # dimensions from which a descent is tried before the tree


class Status(NotABool, enum.Enum):
    """The answer to "is this layer injective?": compare it with `is`.

    >>> Status("not-injective") is Status.NOT_INJECTIVE
    True
    """

    INJECTIVE = "injective"
    NOT_INJECTIVE = "not-injective"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Stats:
    """What a decision took: nodes and circuits of the search tree, the share of it that is closed, seconds."""

    nodes: int = 0
    circuits: int = 0
    closed: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class InjectivityResult(NotABool):
    """A decision: `status`, how it is known (`rigor`), by which `method`, `stats`, and a `witness` of a collision.

    Made by `decide_injectivity`.  witness : a `Collision` where the layer is not injective, else None.
    On a ball: `ball` is the ball, `outer` the last polytope around it that was asked; injective there, where proved.
    certificate : made on request; it saves to a file that `relutheory check` verifies on its own.

    >>> result = decide_injectivity(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]]))
    >>> result.proved, result.rigor.value, result.method, result.certificate.claim
    (True, 'exact', 'forced lines', 'injective')
    """

    status: Status
    method: str
    stats: Stats
    witness: Collision | None
    problem: Problem = field(repr=False)
    prime: int = field(repr=False)

    @property
    def rigor(self) -> Rigor:
        """EXACT for a decided layer: the verdict is about the numbers given.  Else SAMPLED: nothing is proved."""
        return Rigor.SAMPLED if self.status is Status.UNDECIDED else Rigor.EXACT

    @property
    def proved(self) -> bool:
        """Whether the layer is proved to be injective."""
        return self.status is Status.INJECTIVE

    @property
    def refuted(self) -> bool:
        """Whether the layer is proved not to be injective."""
        return self.status is Status.NOT_INJECTIVE

    @property
    def ball(self) -> Ball | None:
        """The ball that the decision is about; None for all other domains."""
        return self.problem.ball

    @property
    def outer(self) -> Polyhedron | None:
        """The last polytope around the ball: if `proved`, the layer is injective on all of it."""
        return None if self.problem.ball is None else self.problem.domain

    @cached_property
    def certificate(self) -> Certificate:
        """The proof as a `Certificate`; for an injective layer the search is run again to record its tree.

        Raises InputError where nothing was decided.
        """
        from relutheory.injectivity.proof import certify

        return certify(self)


def decide_injectivity(
    layer: ReLULayer,
    *,
    domain: Polyhedron | Ball | None = None,
    time_limit: float | None = None,
    node_limit: int | None = None,
    executor: Executor | None = None,
    progress: bool | Report = False,
) -> InjectivityResult:
    """Decide whether x -> ReLU(Wx + b) is injective, exactly.

    layer : any m x n weights and biases.  domain : a Box or Polyhedron with interior points, or a Ball;
    None is all of R^n.
    time_limit : seconds; node_limit : nodes of the search tree; beyond them the status is UNDECIDED and
    `stats.closed` tells which share of the tree is closed.  executor : a `concurrent.futures.Executor` that shares
    the subtrees; verdict and node count are the same for any number of workers.  progress : True for a bar on
    stderr, or a function of (closed share, nodes).

    Returns an `InjectivityResult`.  Raises InputError for bad arguments.

    Source: the layer is injective iff at every point the rows with <w_i, z> + b_i >= 0 span R^n (puthawala2022,
    Theorem 2 for b = 0; the affine form and the restriction to the interior of a convex domain follow from the same
    midpoint argument).

    >>> decide_injectivity(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])).status.value
    'injective'
    >>> result = decide_injectivity(ReLULayer([[1, 0], [0, 1], [-1, -1]]))
    >>> result.status.value, result.witness.x != result.witness.y
    ('not-injective', True)
    """
    started = time.perf_counter()
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if domain is not None and not isinstance(domain, (Polyhedron, Ball)):
        reject("domain", domain, "must be a Box, a Polyhedron, a Ball or None")
    if domain is not None and domain.n != layer.n:
        reject("domain", domain, f"must lie in the layer's input space, R^{layer.n}")
    check_executor(executor)
    limit = check_limit("time_limit", time_limit)
    nodes = check_limit("node_limit", node_limit, integer=True)
    if isinstance(domain, Ball):
        from relutheory.injectivity.domains.balls import decide_on_ball

        return decide_on_ball(
            layer,
            domain,
            time_limit=limit,
            node_limit=None if nodes is None else int(nodes),
            executor=executor,
            progress=progress,
        )
    budget = Budget(None if limit is None else started + limit, None if nodes is None else int(nodes))
    problem = Problem(layer, domain)
    with reporter(progress) as report:
        method, outcome, prime = _decide(problem, budget, executor, report)
    if outcome.closed:
        status = Status.INJECTIVE
    else:
        status = Status.UNDECIDED if outcome.collision is None else Status.NOT_INJECTIVE
    stats = Stats(outcome.nodes, outcome.circuits, outcome.share, time.perf_counter() - started)
    return InjectivityResult(status, method, stats, outcome.collision, problem, prime)


def _decide(
    problem: Problem, budget: Budget, executor: Executor | None, report: Report | None
) -> tuple[str, Outcome, int]:
    for prime in primes():  # only finitely many divide one of the layer's determinants
        try:
            return (*_decide_modulo(problem, prime, budget, executor, report), prime)
        except BadPrime:
            if budget.deadline is not None and time.perf_counter() > budget.deadline:
                break
    return "branch and bound", Outcome(False, None, 0, 0, 0.0), prime


def _decide_modulo(
    problem: Problem, prime: int, budget: Budget, executor: Executor | None, report: Report | None
) -> tuple[str, Outcome]:
    search = Search(problem, prime)
    if search.missing == 0:
        return "forced lines", search.run(budget)
    collision = half_space_collision(problem, search.free_rows(), search.missing)
    if collision is not None:
        return "half-space", Outcome(False, collision, 0, 0, 0.0)
    if not search.rank_is_full:
        collision = collision_at(problem, problem.inside)
        if collision is None:
            raise BadPrime
        return "rank", Outcome(False, collision, 0, 0, 0.0)
    if search.missing >= _LARGE:
        collision = descend(problem, search.free_rows(), search.missing, budget.deadline)
        if collision is not None:
            return "descent", Outcome(False, collision, 0, 0, 0.0)
    collision = general_position_collision(problem, search.free_rows(), search.missing, budget.deadline)
    if collision is not None:
        return "general position", Outcome(False, collision, 0, 0, 0.0)
    if executor is not None:
        return "branch and bound", search_split(problem, prime, budget, executor, report)
    return "branch and bound", search.run(budget, report)
