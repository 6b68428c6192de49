"""Lower bounds of the lower Lipschitz constant: from all cells, from rows that never switch, from opposite pairs."""

from __future__ import annotations

from fractions import Fraction

from relutheory.core.lp import solve_system
from relutheory.core.sets import Ball
from relutheory.injectivity.stability.cells import Cells
from relutheory.injectivity.stability.clock import OutOfTime, late
from relutheory.injectivity.stability.half_spaces import harmonic_gram
from relutheory.injectivity.stability.result import Evidence
from relutheory.injectivity.stability.singular import extreme_eigenvalue


def lower_evidence(cells: Cells, proved: Fraction, deadline: float | None, ball: Ball | None = None) -> Evidence:
    """The best lower bound of kappa squared.  proved : an eigenvalue as in `Cells`, that of no cell is less."""
    least = proved * cells.weights.square
    always_least, always = _from_constant_rows(cells, deadline)
    by_cells, by_pairs = (least + always_least) / 2, _from_pairs(cells, deadline)
    return Evidence(
        layer=cells.layer,
        domain=cells.domain,
        ball=ball,
        sign=1,
        bound=max(by_cells, by_pairs),
        cells=least,
        always=always,
        always_least=always_least,
        by_pairs=by_pairs > by_cells,
    )


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


def _from_constant_rows(cells: Cells, deadline: float | None) -> tuple[Fraction, tuple[int, ...]]:
    """A lower bound of the sum of <w_i, u>^2 over the rows active on all of the domain, for unit vectors u; the rows.

    Half of it adds to m0^2 / 2: between x and y these rows count in full, and only the others are weighed by
    2 min(t, 1 - t) along the way, whose integral is 1/2.  So with one cell kappa is m0.  Some of these rows would do
    as well, so that a deadline may come between.
    """
    problem = cells.problem
    if problem.domain is None or late(deadline):
        return Fraction(0), ()
    values = problem.values(problem.inside)
    active = []
    for i in cells.live:
        if late(deadline):
            break
        row = problem.rows[i]
        if values[i] >= 0 and solve_system([*problem.walls, (row[:-1], -row[-1])], [], problem.n).point is None:
            active.append(i)
    if len(active) < problem.n:
        return Fraction(0), ()
    try:
        return cells.weights.eigenvalue(active, 1, deadline).outer * cells.weights.square, tuple(active)
    except OutOfTime:
        return Fraction(0), ()
