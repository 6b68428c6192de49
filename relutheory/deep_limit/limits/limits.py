"""lim N_n(x) with a guarantee: an enclosure of the limit, a proof that there is none, or which hypothesis fails."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from numbers import Integral
from typing import Any

from relutheory.core.errors import check_limit, reject
from relutheory.core.exact import Number, rational
from relutheory.core.verdict import Enclosure
from relutheory.deep_limit.balls import enclosure, working_precision, writable
from relutheory.deep_limit.families.layer_sequence import check_family
from relutheory.deep_limit.limits.approach import approach
from relutheory.deep_limit.limits.contraction import by_contraction
from relutheory.deep_limit.limits.divergence import by_bias_to_infinity, by_monotonicity, failed_sums
from relutheory.deep_limit.limits.enclosing import Pass, exact_input, later_box, tail_radius
from relutheory.deep_limit.limits.local_contraction import by_local_contraction
from relutheory.deep_limit.limits.orbits import by_orbit
from relutheory.deep_limit.limits.outcome import DeepLimit, LimitStatus, Problem, converges, no_limit
from relutheory.deep_limit.limits.reflected import reflected_bounds
from relutheory.deep_limit.limits.sup_bounds import SupBound, sup_bound

__all__ = ["DeepLimit", "LimitStatus", "SupBound", "deep_limit", "sup_bound"]

_EXACT_BITS = 20_000  # of the rationals in the pass of a finite family


def deep_limit(
    family: Any,
    x: Any,
    tol: Number = 1e-9,
    *,
    max_depth: int = 100_000,
    time_limit: float | None = 60.0,
) -> DeepLimit:
    """The limit of x_n = ReLU(W_n x_{n-1} + b_n) as n grows, enclosed, or a proof that there is none.

    family : DeepFamily.  x : `family.input_dim` exact numbers, the input.  tol : positive number; the enclosures sought
    are at most that wide.  max_depth : layers; time_limit : seconds or None.
    Returns a `DeepLimit`.  Its status is about lim N_n(x) at this x: "converges" and "diverges" are proved,
    "not-applicable" names the hypotheses that fail, "undecided" says what is open.  Out of budget the enclosure is
    wider than tol (`reached` is False) and still right.
    Raises InputError for arguments out of range and for layers that are not what they must be.
    Source: Xu and Zhang, arXiv:2107.12530 (summable W_n - I and b_n); the bounds are proved in `enclosing`,
    `expansion`, `contraction` and `reflected`.

    >>> from relutheory.deep_limit.families.family import DeepFamily
    >>> family = DeepFamily.from_symbolic("I + A/n**2", "c", constants={"A": [[1]], "c": [0]}, width=1)
    >>> limit = deep_limit(family, [1], 1e-12)
    >>> limit.status.value, limit.method, round(float(limit.upper[0]), 8)  # sinh(pi) / pi
    ('converges', 'gauge', 3.67607791)
    """
    problem = _checked(family, x, tol, max_depth, time_limit)
    if family.length is not None:
        return _finite(problem)
    if tail_is_finite(family):
        return approach(problem, _plain(family), "deep.summable")
    later = reflected_bounds(family)
    if later is not None:
        return approach(problem, later, "deep.reflected")
    for rule in (by_bias_to_infinity, by_contraction, by_orbit, by_local_contraction, by_monotonicity):
        answer = rule(problem)
        if answer is not None:
            return answer
        if problem.out_of_time:
            late = "time_limit was reached before every criterion was tried"
            return no_limit(problem, LimitStatus.UNDECIDED, reason=late)
    status, failed = failed_sums(family)
    return no_limit(
        problem,
        status,
        failed=failed,
        reason="no criterion applies: " + "; ".join(failed or ["nothing is known about the sums of this family"]),
    )


def _checked(family: Any, x: Any, tol: Number, max_depth: int, time_limit: float | None) -> Problem:
    check_family(family)
    width = rational(tol, "tol")
    if width <= 0:
        reject("tol", tol, "must be positive")
    if isinstance(max_depth, bool) or not isinstance(max_depth, Integral) or max_depth < 1:
        reject("max_depth", max_depth, "must be a positive integer")
    seconds = check_limit("time_limit", time_limit)
    deadline = math.inf if seconds is None else time.monotonic() + seconds
    return Problem(family, exact_input(family, x), width, int(max_depth), deadline)


def tail_is_finite(family: Any) -> bool:
    """Whether sum ||P_i|| and sum ||b_i|| are proved finite in one norm."""
    from relutheory.core.verdict import Verdict
    from relutheory.deep_limit.balls import NORMS

    return any(
        family.tail_weights(1, norm).status is Verdict.HOLDS and family.tail_bias(1, norm).status is Verdict.HOLDS
        for norm in NORMS
    )


def _plain(family: Any) -> Any:
    """The bound by the sums that are left, for `approach`."""

    def later(n: int, point: Any) -> Any:
        found = tail_radius(family, n, point)
        if found is None:
            return None
        box = later_box(point, [found[0]] * len(point))
        return box, box

    return later


def _finite(problem: Problem) -> DeepLimit:
    """A finite family: the value after the last layer, in rationals, or in balls where those grow too long."""
    bits = problem.bits
    while True:
        with working_precision(bits):
            walk = Pass(problem.family, problem.x, bits, exact_bits=_EXACT_BITS, exact_entries=math.inf)
            while walk.depth < problem.family.length:
                if walk.depth and problem.out_of_time:
                    reason = f"time_limit was reached at layer {walk.depth} of {problem.family.length}"
                    return _not_finished(problem, walk.depth, reason)
                walk.advance()
            values = walk.fractions()
            ends = [Enclosure.exact(v) for v in values] if values is not None else []
            if values is None:
                balls = walk.point()
                if not all(map(writable, balls)):
                    return _not_finished(problem, walk.depth, "the numbers are too large to be written")
                ends = [enclosure(v) for v in balls]
        width = max((e.width for e in ends), default=Fraction(0))
        if width <= problem.tol or bits > 1 << 15:
            return converges(
                problem, ends, depth=walk.depth, theorem="", method="exact", reason="the family is finite", bits=bits
            )
        bits *= 2


def _not_finished(problem: Problem, depth: int, reason: str) -> DeepLimit:
    from dataclasses import replace

    found = no_limit(problem, LimitStatus.CONVERGES, reason=reason, depth=depth, method="exact")
    return replace(found, width=problem.family.width(problem.family.length))
