"""How stable a layer is both ways: enclosures of its lower and upper Lipschitz constants."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction

from relutheory.core.errors import check_limit, reject
from relutheory.core.lp import solve_system
from relutheory.core.progress import Report, reporter
from relutheory.core.roots import root
from relutheory.core.sets import Polyhedron
from relutheory.core.verdict import EnclosedFloat, Enclosure, NotABool, Rigor
from relutheory.injectivity.decide import Status, decide_injectivity
from relutheory.injectivity.stability.cell_bounds import prove
from relutheory.injectivity.stability.cells import Cell, Cells
from relutheory.injectivity.stability.clock import OutOfTime, late
from relutheory.injectivity.stability.half_spaces import harmonic_gram
from relutheory.injectivity.stability.pairs import Descent, Pair, pair_in_cell
from relutheory.injectivity.stability.singular import extreme_eigenvalue, outward
from relutheory.networks import ReLULayer

_CELLS_SHARE = 0.8  # of the time for the cells; the rest is for pairs


@dataclass(frozen=True, kw_only=True)
class LipschitzBounds:
    """Three lower bounds for the lower Lipschitz constant that follow from m0 alone, rounded down.

    printed : m0 / sqrt(2 m) (Puthawala et al. 2022); half : m0 / 2 (Freeman and Haider 2025); sharp : m0 / sqrt(2).
    """

    printed: float
    half: float
    sharp: float


@dataclass(frozen=True, kw_only=True)
class LipschitzResult(NotABool):
    """A Lipschitz constant between two bounds; made by `lower_lipschitz` and `upper_lipschitz`.

    squared : an `Enclosure` of the square of the constant, rational ends.  cell : the open cell of least (largest)
    singular value found.  witness : a `Pair` of exact points whose ratio squared is the upper (lower) end of
    `squared`.  singular_squared : an `Enclosure` of the square of that singular value over all cells.  complete :
    whether all cells are accounted for; else the bounds hold all the same, and are wider.  method : "not injective",
    "all cells" or "branch and bound"; nodes : of the search tree, or cells looked at; seconds : taken.
    bounds : of the lower constant, else None.
    """

    squared: Enclosure
    singular_squared: Enclosure
    cell: Cell | None
    witness: Pair | None
    complete: bool
    method: str
    nodes: int
    seconds: float
    bounds: LipschitzBounds | None

    _hint = "compare .lower or .upper"

    @property
    def lower(self) -> float:
        """A lower bound of the constant: a float, rounded down."""
        return outward(root(self.squared.lo).lo, up=False)

    @property
    def upper(self) -> float:
        """An upper bound of the constant: a float, rounded up."""
        return outward(root(self.squared.hi).hi, up=True)

    @property
    def m0(self) -> EnclosedFloat:
        """The least n-th singular value (for the upper constant: the largest first one) of the cells' active rows.

        A float to calculate with; `m0.lo` and `m0.hi` are proved.
        """
        return EnclosedFloat(_roots(self.singular_squared))

    @property
    def rigor(self) -> Rigor:
        """EXACT where both ends agree, else ENCLOSED: both are proved."""
        return self.squared.rigor


def lower_lipschitz(
    layer: ReLULayer,
    domain: Polyhedron | None = None,
    *,
    time_limit: float | None = None,
    starts: int = 24,
    seed: int = 0,
    progress: bool | Report = False,
) -> LipschitzResult:
    """Enclose kappa, the infimum of |f(x) - f(y)| / |x - y| over x != y, where f(x) = ReLU(Wx + b).

    layer : any m x n weights and biases.  domain : a Box or Polyhedron with interior points, to which x and y belong;
    None is all of R^n.  time_limit : seconds; beyond them the bounds are wider, and `complete` is False.  starts : of
    the descents that look for close pairs; seed : of their random choices.  progress : True for a bar on stderr, or a
    function of (closed share, nodes).

    Returns a `LipschitzResult`.  With m0 the least n-th singular value of the active rows over the open cells, m0 /
    sqrt(2) <= kappa <= m0 (opposite rows, and rows active on all of the domain, may give a better lower end).  Without
    a time limit, both ends are zero exactly where the layer is not injective.  Raises InputError for bad arguments.

    Source: Puthawala et al. 2022 and Freeman and Haider 2025 with the smaller constants 1 / sqrt(2m) and 1 / 2; the
    catalogue has a proof of 1 / sqrt(2), inj.inverse-lipschitz.

    >>> result = lower_lipschitz(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]]))
    >>> result.squared.lo, result.squared.hi, result.m0.lo, result.rigor.value
    (Fraction(1, 2), Fraction(1, 2), Fraction(1, 1), 'exact')
    """
    started = time.perf_counter()
    limit = _checked(layer, domain, time_limit, starts, seed, progress)
    deadline = None if limit is None else started + limit
    decided = decide_injectivity(layer, domain=domain, time_limit=None if limit is None else limit / 4)
    cells = Cells(layer, domain, 1)
    if decided.status is Status.NOT_INJECTIVE and decided.witness is not None:
        zero, pair = Enclosure.exact(0), decided.witness
        middle = [(a + b) / 2 for a, b in zip(pair.x, pair.y, strict=True)]
        return LipschitzResult(
            squared=zero,
            singular_squared=zero,
            cell=cells.cell_at(middle),
            witness=Pair.of(layer, pair.x, pair.y),
            complete=True,
            method="not injective",
            nodes=decided.stats.nodes,
            seconds=time.perf_counter() - started,
            bounds=_bounds(zero, layer.m),
        )
    with reporter(progress, "cells") as report:
        work = prove(cells, seed, _earlier(deadline, started), report)
    best, cell, square = cells.best, cells.cell, cells.weights.square
    assert best is not None and cell is not None
    m0 = _enclosure(work.proved * square, best.inner * square)
    constant = (m0.lo + _from_constant_rows(cells, deadline)) / 2
    proved = max(constant, _from_pairs(cells, deadline))
    pairs = [pair_in_cell(cells, cell, best.vector), *Descent(cells, best.vector, seed).run(starts, deadline)]
    closest = min(pairs, key=lambda pair: pair.ratio_squared)
    kappa = _enclosure(proved, closest.ratio_squared)
    m0 = _enclosure(max(m0.lo, kappa.lo), min(m0.hi, 2 * kappa.hi))  # where cells are left, pairs may know more
    return LipschitzResult(
        squared=kappa,
        singular_squared=m0,
        cell=cell,
        witness=closest,
        complete=work.complete,
        method=work.method,
        nodes=work.nodes,
        seconds=time.perf_counter() - started,
        bounds=_bounds(m0, layer.m),
    )


def upper_lipschitz(
    layer: ReLULayer,
    domain: Polyhedron | None = None,
    *,
    time_limit: float | None = None,
    seed: int = 0,
    progress: bool | Report = False,
) -> LipschitzResult:
    """Enclose the supremum of |f(x) - f(y)| / |x - y| over x != y, where f(x) = ReLU(Wx + b).

    Arguments as in `lower_lipschitz`.  Returns a `LipschitzResult`: on a convex domain the constant is the largest
    singular value of the active rows over the open cells that meet its interior.  Raises InputError for bad
    arguments.

    Source: f is the integral of its derivative along a segment, which bounds the ratio by the largest derivative; and
    inside a cell f is linear.

    >>> upper_lipschitz(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1], [2, 0]])).squared
    Enclosure(lo=Fraction(5, 1), hi=Fraction(5, 1), rigor=<Rigor.EXACT: 'exact'>)
    """
    started = time.perf_counter()
    limit = _checked(layer, domain, time_limit, 1, seed, progress)
    cells = Cells(layer, domain, -1)
    with reporter(progress, "cells") as report:
        work = prove(cells, seed, None if limit is None else started + limit, report)
    best, cell, square = cells.best, cells.cell, cells.weights.square
    assert best is not None and cell is not None
    pair = pair_in_cell(cells, cell, best.vector)
    squared = _enclosure(pair.ratio_squared, max(work.proved * square, pair.ratio_squared))
    return LipschitzResult(
        squared=squared,
        singular_squared=squared,
        cell=cell,
        witness=pair,
        complete=work.complete,
        method=work.method,
        nodes=work.nodes,
        seconds=time.perf_counter() - started,
        bounds=None,
    )


def lipschitz_bounds(
    layer: ReLULayer, domain: Polyhedron | None = None, *, time_limit: float | None = None
) -> LipschitzBounds:
    """The three lower bounds of the lower Lipschitz constant that follow from m0: a `LipschitzBounds`.

    Arguments as in `lower_lipschitz`, of whose result this is the field `bounds`.  Raises InputError for bad
    arguments.

    >>> lipschitz_bounds(ReLULayer([[1], [-1]]))
    LipschitzBounds(printed=0.5, half=0.5, sharp=0.7071067811865475)
    """
    bounds = lower_lipschitz(layer, domain, time_limit=time_limit, starts=0).bounds
    assert bounds is not None
    return bounds


def _from_pairs(cells: Cells, deadline: float | None) -> Fraction:
    """A lower bound of kappa squared from opposite rows alone: attained where the layer is [B; -DB]."""
    if late(deadline):
        return Fraction(0)
    matrix, unit = harmonic_gram(cells)
    unit *= cells.weights.square
    try:
        return extreme_eigenvalue(matrix, 1, unit, deadline).outer * unit
    except OutOfTime:
        return Fraction(0)


def _checked(
    layer: ReLULayer,
    domain: Polyhedron | None,
    time_limit: float | None,
    starts: int,
    seed: int,
    progress: bool | Report | None,
) -> float | None:
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if domain is not None and not isinstance(domain, Polyhedron):
        reject("domain", domain, "must be a Box, a Polyhedron or None")
    for name, value in (("starts", starts), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            reject(name, value, "must be a non-negative integer")
    if progress is not None and not isinstance(progress, bool) and not callable(progress):
        reject("progress", progress, "must be True, False or a function")
    return check_limit("time_limit", time_limit)


def _from_constant_rows(cells: Cells, deadline: float | None) -> Fraction:
    """A lower bound of the sum of <w_i, u>^2 over the rows active on all of the domain, for unit vectors u.

    Half of it adds to m0^2 / 2: between x and y these rows count in full, and only the others are weighed by
    2 min(t, 1 - t) along the way, whose integral is 1/2.  So with one cell kappa is m0.  Some of these rows would do
    as well, so that a deadline may come between.
    """
    problem = cells.problem
    if problem.domain is None or late(deadline):
        return Fraction(0)
    values = problem.values(problem.inside)
    active = []
    for i in cells.live:
        if late(deadline):
            break
        row = problem.rows[i]
        if values[i] >= 0 and solve_system([*problem.walls, (row[:-1], -row[-1])], [], problem.n).point is None:
            active.append(i)
    if len(active) < problem.n:
        return Fraction(0)
    try:
        return cells.weights.eigenvalue(active, 1, deadline).outer * cells.weights.square
    except OutOfTime:
        return Fraction(0)


def _earlier(deadline: float | None, started: float) -> float | None:
    """When to stop looking at cells, so that some time is left for pairs."""
    return None if deadline is None else started + _CELLS_SHARE * (deadline - started)


def _enclosure(lo: Fraction, hi: Fraction) -> Enclosure:
    return Enclosure(lo=lo, hi=hi, rigor=Rigor.EXACT if lo == hi else Rigor.ENCLOSED)


def _roots(square: Enclosure) -> Enclosure:
    low, high = root(square.lo).lo, root(square.hi).hi
    return Enclosure(lo=low, hi=high, rigor=Rigor.EXACT if low == high else Rigor.ENCLOSED)


def _bounds(m0_squared: Enclosure, m: int) -> LipschitzBounds:
    printed, half, sharp = (outward(root(m0_squared.lo / k).lo, up=False) for k in (2 * max(m, 1), 4, 2))
    return LipschitzBounds(printed=printed, half=half, sharp=sharp)
