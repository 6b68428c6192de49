"""Families that repeat (W_n and b_n depend on (-1)^n at most) and inputs that die: decided by exact recursion.

A state that comes back after p layers of the same kinds repeats for ever: the limit is that state for p = 1 (and where
the states between are equal), else there is none.  A state 0 with biases <= 0 ever after stays 0, whatever the W_n.
"""

from __future__ import annotations

from typing import Any

from flint import fmpq

from relutheory.core.exact import rational
from relutheory.core.verdict import Enclosure
from relutheory.deep_limit.limits.enclosing import Pass
from relutheory.deep_limit.limits.frozen import formulas
from relutheory.deep_limit.limits.outcome import DeepLimit, LimitStatus, Problem, converges, no_limit
from relutheory.deep_limit.limits.sequences import alternating_parts, eventual_sign

_LAYERS = 2000  # of exact recursion
_BITS = 4000  # of the rationals in it
_ENTRIES = 500_000  # of weights in it


def period_of(family: Any) -> int | None:
    """1 where the layers n >= 2 are all equal, 2 where they depend on (-1)^n alone, else None."""
    if family.length is not None or family.symbolic is None:
        return None
    W, b, n = formulas(family)
    entries = [*W, *b]
    if not any(e.has(n) for e in entries):
        return 1
    for e in entries:
        parts = alternating_parts(e, n) if e.has(n) else None
        if e.has(n) and (parts is None or any(part.has(n) for part in parts)):
            return None
    return 2


def biases_nonpositive_from(family: Any) -> int | None:
    """An N with b_i <= 0 for all i >= N, or None."""
    if family.length is not None or family.symbolic is None:
        return None
    _, b, n = formulas(family)
    start = 1
    for entry in b:
        sign = eventual_sign(entry, n)
        if sign is None or sign[0] > 0:
            return None
        start = max(start, sign[1])
    return start


def by_orbit(problem: Problem) -> DeepLimit | None:
    """Convergence or divergence by an exact recursion that repeats, or None."""
    period, quiet = period_of(problem.family), biases_nonpositive_from(problem.family)
    if period is None and quiet is None:
        return None
    walk = Pass(problem.family, problem.x, 64, exact_bits=_BITS, exact_entries=_ENTRIES)
    seen: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
    states: list[tuple[fmpq, ...]] = []
    for depth in range(1, min(problem.max_depth, _LAYERS) + 1):
        if problem.out_of_time:
            return None
        walk.advance()
        if walk.exact is None:
            return None
        state = tuple(walk.exact.entries())
        if quiet is not None and depth + 1 >= quiet and not any(state):
            return _rests(problem, state, depth, "x_n = 0 and no later bias is positive, so x stays 0")
        if period is None:
            continue
        key = (depth % period, tuple((int(v.p), int(v.q)) for v in state))
        states.append(state)
        if key in seen:
            cycle = states[seen[key] : depth]
            if all(s == state for s in cycle):
                return _rests(problem, state, depth, "x_n is a fixed point of every later layer")
            return no_limit(
                problem,
                LimitStatus.DIVERGES,
                depth=depth,
                method="orbit",
                reason=f"x_{depth} = x_{seen[key]} exactly, and the layers repeat: the outputs cycle for ever",
            )
        seen[key] = depth
    return None


def _rests(problem: Problem, state: tuple[fmpq, ...], depth: int, reason: str) -> DeepLimit:
    ends = [Enclosure.exact(rational(v)) for v in state]
    return converges(problem, ends, depth=depth, theorem="", method="orbit", reason=reason)
