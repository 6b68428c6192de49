"""Equal layers that contract only near their fixed point: convergence by a pattern that is proved to stay.

Let x* = ReLU(W x* + b) with no pre-activation equal to 0, J its active coordinates, and let W_JJ have norm at most
rho < 1 in a norm of R^J.  Where the other coordinates of x_n are 0 and ||(x_n - x*)_J|| <= r, with
|W_iJ z| < |(W x* + b)_i| for all rows i and all ||z|| <= r, layer n + 1 has the pattern of x*, and
(x_{n+1} - x*)_J = W_JJ (x_n - x*)_J is shorter by the factor rho, and so on: x_n tends to x*.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb, arb_mat, fmpq, fmpq_mat

from relutheory.core.exact import nearest_float, rational
from relutheory.core.verdict import Enclosure
from relutheory.deep_limit.balls import column, to_arb, working_precision
from relutheory.deep_limit.families.nearest import nearest_floats
from relutheory.deep_limit.limits.contraction import Contraction, LimitLayer, contraction, limit_layer
from relutheory.deep_limit.limits.enclosing import Pass
from relutheory.deep_limit.limits.orbits import period_of
from relutheory.deep_limit.limits.outcome import DeepLimit, Problem, converges

_WIDEST = 24
_ROUNDS = 5000
_BITS = 256


def by_local_contraction(problem: Problem) -> DeepLimit | None:
    """The limit of equal layers at an input that comes near an attracting fixed point, or None."""
    if period_of(problem.family) != 1:
        return None
    layer = limit_layer(problem.family, problem.deadline)
    exact = None if layer is None or layer.m > _WIDEST else layer.rationals()
    if layer is None or exact is None:
        return None
    W, b = exact
    star = _fixed_point_reached(problem, W, b)
    if star is None:
        return None
    margins = (W * star + b).entries()
    on = [i for i, v in enumerate(margins) if v > 0]
    if any(v == 0 for v in margins):
        return None
    proof = contraction(LimitLayer([[layer.W[i][j] for j in on] for i in on], [layer.b[i] for i in on])) if on else None
    if on and proof is None:
        return None
    depth = _near(problem, W, star, margins, on, proof)
    if depth is None:
        return None
    return converges(
        problem,
        [Enclosure.exact(rational(v)) for v in star.entries()],
        depth=depth,
        theorem="",
        method="fixed point",
        reason=f"from depth {depth} on the pattern is that of a fixed point, near which the layer contracts",
        pattern=[i in on for i in range(layer.m)],
    )


def _fixed_point_reached(problem: Problem, W: fmpq_mat, b: fmpq_mat) -> fmpq_mat | None:
    """The exact fixed point whose pattern a float64 pass ends in, or None."""
    m = W.nrows()
    A, c = nearest_floats(W), nearest_floats(b)[:, 0]
    first, shift = problem.family.floats(1)
    with np.errstate(all="ignore"):
        x = np.maximum(first @ [nearest_float(v) for v in problem.x] + shift, 0.0)
        for _ in range(_ROUNDS):
            before, x = x, np.maximum(A @ x + c, 0.0)
        if not np.abs(x - before).max() <= 1e-9 * (1 + np.abs(x).max()):
            return None
    bits = [bool(v) for v in A @ x + c > 0]
    rows = [[fmpq(int(i == j)) - (W[i, j] if bits[i] else fmpq(0)) for j in range(m)] for i in range(m)]
    try:
        star = fmpq_mat(rows).solve(fmpq_mat(m, 1, [b[i, 0] if bits[i] else fmpq(0) for i in range(m)]))
    except ZeroDivisionError:
        return None
    after = [max(v, fmpq(0)) for v in (W * star + b).entries()]
    return star if after == list(star.entries()) else None


def _near(
    problem: Problem,
    W: fmpq_mat,
    star: fmpq_mat,
    margins: Sequence[fmpq],
    on: Sequence[int],
    proof: Contraction | None,
) -> int | None:
    """The first depth at which x_n is in the neighbourhood of the fixed point, or None within the budget."""
    with working_precision(_BITS):
        walk = Pass(problem.family, problem.x, _BITS)
        centre = [to_arb(v) for v in star.entries()]
        while walk.depth < min(problem.max_depth, _ROUNDS) and not problem.out_of_time:
            walk.advance()
            point = walk.point()
            # a ball that merely contains 0 is no proof that the coordinate is 0
            if not all(point[i].is_zero() for i in range(len(point)) if i not in on):
                continue
            if proof is None or _stays(W, margins, on, proof, [point[j] - centre[j] for j in on]):
                return walk.depth
    return None


def _stays(W: fmpq_mat, margins: Sequence[fmpq], on: Sequence[int], proof: Contraction, z: Sequence[arb]) -> bool:
    """Whether |W_iJ y| < |margin_i| for all rows i and all y at most as long as z."""
    if proof.v is not None:
        weights = [to_arb(w) for w in proof.v]
        r = max((s / w).abs_upper() for s, w in zip(z, weights, strict=True))
        pairs = list(zip(on, weights, strict=True))
        sizes = [sum((abs(to_arb(W[i, j])) * w for j, w in pairs), arb(0)) for i in range(W.nrows())]
    else:
        k = len(on)
        Q = fmpq_mat(k, k, [fmpq(int(i == j)) for i in range(k) for j in range(k)]) if proof.Q is None else proof.Q
        s, inverse = column(list(z)), Q.inv()
        r = (s.transpose() * arb_mat(Q) * s)[0, 0].abs_upper().sqrt()
        rows = [fmpq_mat(1, k, [W[i, j] for j in on]) for i in range(W.nrows())]
        sizes = [to_arb((row * inverse * row.transpose())[0, 0]).sqrt() for row in rows]
    return all(bool(size * r < abs(to_arb(margin))) for size, margin in zip(sizes, margins, strict=True))
