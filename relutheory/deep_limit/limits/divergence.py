"""Proofs that lim N_n(x) does not exist, or that it does because x_n is monotone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import arb

from relutheory.core.verdict import Enclosure, Rigor, Verdict
from relutheory.deep_limit.balls import enclosure, working_precision
from relutheory.deep_limit.limits.bias_sums import Sum, sum_kind
from relutheory.deep_limit.limits.enclosing import Pass
from relutheory.deep_limit.limits.frozen import formulas
from relutheory.deep_limit.limits.outcome import DeepLimit, LimitStatus, Problem, converges, no_limit
from relutheory.deep_limit.limits.reflected import bias_kinds, weights_summable
from relutheory.deep_limit.limits.sequences import eventual_sign

_DEEPEST = 1000  # a sign that holds only from a later layer on is not used
_BITS = 256


def by_bias_to_infinity(problem: Problem) -> DeepLimit | None:
    """No limit: sum ||P_i|| is finite and the sums of one coordinate of the biases tend to +infinity."""
    kinds = bias_kinds(problem.family)
    if kinds is None or not weights_summable(problem.family):
        return None
    if Sum.PLUS in kinds:
        what = f"coordinate {kinds.index(Sum.PLUS) + 1}"
    else:
        _, b, n = formulas(problem.family)
        positive = _common_sign(problem, list(b), n)
        infinite = problem.family.tail_bias(1, "inf").status is Verdict.VIOLATED
        if positive is None or positive[0] != 1 or not infinite:
            return None
        what = "a coordinate"
    return no_limit(
        problem,
        LimitStatus.DIVERGES,
        theorem="deep.reflected",
        method="bias sums",
        reason=f"sum |P_n| is finite and the sums of {what} of b_n tend to +infinity: x_n is unbounded",
    )


def _common_sign(problem: Problem, entries: Sequence[Any], n: Any) -> tuple[int, int] | None:
    """(sign, N): all entries are >= 0 (1), <= 0 (-1) or 0 (0) for all i >= N, or None, also for want of time."""
    start, signs = 1, set()
    for entry in entries:
        found = None if problem.out_of_time else eventual_sign(entry, n)
        if found is None:
            return None
        start = max(start, found[1])
        if found[0]:
            signs.add(found[0])
        if len(signs) > 1:
            return None
    return (signs.pop() if signs else 0), start


def by_monotonicity(problem: Problem) -> DeepLimit | None:
    """P_n, b_n >= 0 entry by entry: x_n rises, to infinity where a sum along it diverges.  Both <= 0: x_n falls."""
    family = problem.family
    if family.length is not None or family.symbolic is None:
        return None
    import sympy

    W, b, n = formulas(family)
    m = W.shape[0]
    if m != W.shape[1]:
        return None
    P = W - sympy.eye(m)
    found = _common_sign(problem, [*P, *b], n)
    if found is None or found[1] > min(_DEEPEST, problem.max_depth + 1):
        return None
    sign, start = found
    point = _pass(problem, max(start - 1, 1))
    if point is None:
        return None
    depth = max(start - 1, 1)
    if sign <= 0:
        ends = [Enclosure(lo=e.lo * 0, hi=e.hi, rigor=Rigor.ENCLOSED) for e in map(enclosure, point)]
        reason = "W_n <= I and b_n <= 0 entry by entry: x_n falls and stays >= 0; no narrower enclosure is known"
        return converges(problem, ends, depth=depth, theorem="", method="monotone", reason=reason)
    for j in range(m):
        what = _rises_for_ever(P, b, n, point, j)
        if what:
            reason = f"W_n >= I and b_n >= 0 entry by entry from layer {start} on, and {what}: x_n tends to infinity"
            return no_limit(problem, LimitStatus.DIVERGES, depth=depth, method="monotone", reason=reason)
    return None


def _rises_for_ever(P: Any, b: Any, n: Any, point: Sequence[arb], j: int) -> str:
    """Why coordinate j >= its value plus a divergent sum of terms >= 0; "" where that is not proved."""
    if sum_kind(b[j], n) is Sum.PLUS:
        return f"the sum of coordinate {j + 1} of b_n diverges"
    for k in range(len(point)):
        if point[k] > 0 and sum_kind(P[j, k], n) is Sum.PLUS:
            return f"the sum of entry ({j + 1}, {k + 1}) of W_n - I diverges where x_{k + 1} > 0"
    return ""


def _pass(problem: Problem, depth: int) -> list[arb] | None:
    with working_precision(_BITS):
        walk = Pass(problem.family, problem.x, _BITS)
        while walk.depth < depth:
            if problem.out_of_time:
                return None
            walk.advance()
        point = walk.point()
    return point if all(v.is_finite() for v in point) else None


def failed_sums(family: Any) -> tuple[LimitStatus, list[str]]:
    """What of "sum ||P_n|| and sum ||b_n|| are finite" fails (NOT_APPLICABLE) or is open (UNDECIDED), as sentences."""
    failed, open_ones = [], []
    for name, tail in (("|W_n - I|", family.tail_weights(1, "inf")), ("|b_n|", family.tail_bias(1, "inf"))):
        if tail.status is Verdict.VIOLATED:
            failed.append(f"sum {name} diverges")
        elif tail.status is not Verdict.HOLDS:
            open_ones.append(f"sum {name} is not decided" + (f" ({tail.reason})" if tail.reason else ""))
    if failed:
        return LimitStatus.NOT_APPLICABLE, failed + open_ones
    return LimitStatus.UNDECIDED, open_ones
