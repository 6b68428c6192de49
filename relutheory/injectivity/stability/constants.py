"""How stable a layer is both ways: enclosures of its lower and upper Lipschitz constants."""

from __future__ import annotations

import time
from fractions import Fraction

from relutheory.core.errors import check_limit, reject
from relutheory.core.progress import Report, reporter
from relutheory.core.sets import Ball, Polyhedron
from relutheory.core.verdict import Enclosure
from relutheory.injectivity.decide import Status, decide_injectivity
from relutheory.injectivity.stability.ball_pairs import BallDescent, pair_in_cell_and_ball
from relutheory.injectivity.stability.balls import cell_in_ball, look_at_cells
from relutheory.injectivity.stability.cells import Cells
from relutheory.injectivity.stability.lower_bounds import lower_evidence
from relutheory.injectivity.stability.pairs import Descent, Pair, pair_in_cell
from relutheory.injectivity.stability.result import Evidence, LipschitzBounds, LipschitzResult, bounds_from, enclosure
from relutheory.networks import ReLULayer

_CELLS_SHARE = 0.8  # of the time for the cells; the rest is for pairs


def lower_lipschitz(
    layer: ReLULayer,
    domain: Polyhedron | Ball | None = None,
    *,
    time_limit: float | None = None,
    starts: int = 24,
    seed: int = 0,
    progress: bool | Report = False,
) -> LipschitzResult:
    """Enclose kappa, the infimum of |f(x) - f(y)| / |x - y| over x != y, where f(x) = ReLU(Wx + b).

    layer : any m x n weights and biases.  domain : a Box or Polyhedron with interior points, or a Ball, to which x and
    y belong; None is all of R^n.  time_limit : seconds; beyond them the bounds are wider, and `complete` is False.
    starts : of the descents that look for close pairs; seed : of their random choices.  progress : True for a bar on
    stderr, or a function of (closed share, nodes).

    Returns a `LipschitzResult`.  With m0 the least n-th singular value of the active rows over the open cells, m0 /
    sqrt(2) <= kappa <= m0 (opposite rows, and rows active on all of the domain, may give a better lower end).  Without
    a time limit, both ends are zero exactly where the layer is not injective.  On a ball the lower end is that of a
    polytope around it, which comes closer until its worst cell meets the ball (if not, `complete` is False); the pair
    lies in the ball.  Raises InputError for bad arguments.

    Source: Puthawala et al. 2022 and Freeman and Haider 2025 with the smaller constants 1 / sqrt(2m) and 1 / 2; the
    catalogue has a proof of 1 / sqrt(2), inj.inverse-lipschitz.

    >>> result = lower_lipschitz(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]]))
    >>> result.squared.lo, result.squared.hi, result.m0.lo, result.rigor.value
    (Fraction(1, 2), Fraction(1, 2), Fraction(1, 1), 'exact')
    >>> result.certificate.claim, result.certificate.statement["bound"]
    ('lower-lipschitz', '1/2')
    >>> lower_lipschitz(ReLULayer([[1], [-1]]), Ball([2], 1)).squared.lo
    Fraction(1, 1)
    """
    started = time.perf_counter()
    limit = _checked(layer, domain, time_limit, starts, seed, progress)
    deadline = None if limit is None else started + limit
    decided = decide_injectivity(layer, domain=domain, time_limit=None if limit is None else limit / 4)
    ball = domain if isinstance(domain, Ball) else None
    if decided.status is Status.NOT_INJECTIVE and decided.witness is not None:
        zero, pair = Enclosure.exact(0), decided.witness
        middle = [(a + b) / 2 for a, b in zip(pair.x, pair.y, strict=True)]
        cells = Cells(layer, decided.problem.domain, 1)
        return LipschitzResult(
            squared=zero,
            singular_squared=zero,
            cell=cells.cell_at(middle) if ball is None else cell_in_ball(cells, ball, middle),
            witness=Pair.of(layer, pair.x, pair.y),
            complete=True,
            method="not injective",
            nodes=decided.stats.nodes,
            seconds=time.perf_counter() - started,
            bounds=bounds_from(zero, layer.m),
            evidence=Evidence(layer=layer, domain=cells.domain, ball=ball, sign=1, bound=Fraction(0)),
        )
    with reporter(progress, "cells") as report:
        looked = look_at_cells(layer, domain, 1, seed, _earlier(deadline, started), report, decided.outer)
    work, inside = looked.work, looked.inside
    best, cell, square = inside.best, inside.cell, inside.weights.square
    assert best is not None and cell is not None
    m0 = enclosure(work.proved * square, best.inner * square)
    evidence = lower_evidence(looked.cells, work.proved, deadline, ball)
    descent = Descent(inside, best.vector, seed) if ball is None else BallDescent(inside, best.vector, seed, ball)
    pairs = [_first_pair(inside, ball), *descent.run(starts, deadline)]
    closest = min(pairs, key=lambda pair: pair.ratio_squared)
    kappa = enclosure(evidence.bound, closest.ratio_squared)
    m0 = enclosure(max(m0.lo, kappa.lo), min(m0.hi, 2 * kappa.hi))  # where cells are left, pairs may know more
    return LipschitzResult(
        squared=kappa,
        singular_squared=m0,
        cell=cell,
        witness=closest,
        complete=work.complete,
        method=work.method,
        nodes=work.nodes,
        seconds=time.perf_counter() - started,
        bounds=bounds_from(m0, layer.m),
        evidence=evidence,
    )


def upper_lipschitz(
    layer: ReLULayer,
    domain: Polyhedron | Ball | None = None,
    *,
    time_limit: float | None = None,
    seed: int = 0,
    progress: bool | Report = False,
) -> LipschitzResult:
    """Enclose the supremum of |f(x) - f(y)| / |x - y| over x != y, where f(x) = ReLU(Wx + b).

    Arguments as in `lower_lipschitz`.  Returns a `LipschitzResult`: on a convex domain the constant is the largest
    singular value of the active rows over the open cells that meet its interior (on a ball, the upper end is that of a
    polytope around it).  Raises InputError for bad arguments.

    Source: f is the integral of its derivative along a segment, which bounds the ratio by the largest derivative; and
    inside a cell f is linear.

    >>> upper_lipschitz(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1], [2, 0]])).squared
    Enclosure(lo=Fraction(5, 1), hi=Fraction(5, 1), rigor=<Rigor.EXACT: 'exact'>)
    """
    started = time.perf_counter()
    limit = _checked(layer, domain, time_limit, 1, seed, progress)
    ball = domain if isinstance(domain, Ball) else None
    with reporter(progress, "cells") as report:
        looked = look_at_cells(layer, domain, -1, seed, None if limit is None else started + limit, report)
    work, cells = looked.work, looked.cells
    pair = _first_pair(looked.inside, ball)
    squared = enclosure(pair.ratio_squared, max(work.proved * cells.weights.square, pair.ratio_squared))
    return LipschitzResult(
        squared=squared,
        singular_squared=squared,
        cell=looked.inside.cell,
        witness=pair,
        complete=work.complete,
        method=work.method,
        nodes=work.nodes,
        seconds=time.perf_counter() - started,
        bounds=None,
        evidence=Evidence(layer=layer, domain=cells.domain, ball=ball, sign=-1, bound=squared.hi, cells=squared.hi),
    )


def lipschitz_bounds(
    layer: ReLULayer, domain: Polyhedron | Ball | None = None, *, time_limit: float | None = None
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


def _checked(
    layer: ReLULayer,
    domain: Polyhedron | Ball | None,
    time_limit: float | None,
    starts: int,
    seed: int,
    progress: bool | Report | None,
) -> float | None:
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if domain is not None and not isinstance(domain, (Polyhedron, Ball)):
        reject("domain", domain, "must be a Box, a Polyhedron, a Ball or None")
    if domain is not None and domain.n != layer.n:
        reject("domain", domain, f"must lie in the layer's input space, R^{layer.n}")
    for name, value in (("starts", starts), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            reject(name, value, "must be a non-negative integer")
    if progress is not None and not isinstance(progress, bool) and not callable(progress):
        reject("progress", progress, "must be True, False or a function")
    return check_limit("time_limit", time_limit)


def _first_pair(cells: Cells, ball: Ball | None) -> Pair:
    """The pair in the best cell."""
    assert cells.best is not None and cells.cell is not None
    if ball is None:
        return pair_in_cell(cells, cells.cell, cells.best.vector)
    return pair_in_cell_and_ball(cells, cells.cell, cells.best.vector, ball)


def _earlier(deadline: float | None, started: float) -> float | None:
    """When to stop looking at cells, so that some time is left for pairs."""
    return None if deadline is None else started + _CELLS_SHARE * (deadline - started)
