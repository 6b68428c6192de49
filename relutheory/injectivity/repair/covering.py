"""The cheapest increase of biases that meets given inequalities: a linear program with an exact answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relutheory.core.exact import nearest_float, primitive
from relutheory.core.lp import solve_system
from relutheory.injectivity.inverting.equations import solve_equations
from relutheory.injectivity.repair.gaps import Circuit

_ZERO = 1e-11  # a part of the largest value that is taken for zero: a guess, checked exactly


@dataclass(frozen=True)
class Plan:
    """t >= 0 that meets the inequalities, the sum of its entries, and a lower bound for every such t."""

    t: list[Fraction]
    size: Fraction
    at_least: Fraction


def cheapest(circuits: Sequence[Circuit], m: int) -> Plan:
    """min sum t subject to t >= 0 and sum l_i t_i >= need for every circuit, l >= 0.

    Floats find a vertex; it is computed anew, with its multipliers, in rationals.  Where that fails, the float solution
    is enlarged until it meets all inequalities, and the multipliers are diminished until they are feasible: by weak
    duality their value is a lower bound.

    >>> cheapest([Circuit({0: Fraction(1), 1: Fraction(2)}, Fraction(3))], 2)
    Plan(t=[Fraction(0, 1), Fraction(3, 2)], size=Fraction(3, 2), at_least=Fraction(3, 2))
    """
    kept = [c for c in circuits if c.need > 0]
    zero = [Fraction(0)] * m
    if not kept:
        return Plan(zero, Fraction(0), Fraction(0))
    if len(kept) == 1:
        i = max(kept[0].rows, key=lambda i: kept[0].rows[i])
        size = kept[0].need / kept[0].rows[i]
        return Plan([size if j == i else Fraction(0) for j in range(m)], size, size)
    scale = max(c.need / max(c.rows.values()) for c in kept)  # t / scale is about 1
    floats = _floats(kept, m, scale)
    if floats is None:
        return _by_parts(kept, m)
    t, y, slack = floats
    exact = _vertex(kept, m, t, slack)
    if exact is not None:
        return exact
    guess = [Fraction(v) * scale for v in np.maximum(t, 0.0).tolist()]
    return _repaired(kept, guess, [Fraction(v) for v in np.maximum(y, 0.0).tolist()])


def _floats(kept: list[Circuit], m: int, scale: Fraction) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Solution, multipliers and slacks in floats, rows divided by their largest multiplier and t by `scale`."""
    from scipy.optimize import linprog

    matrix, needs = np.zeros((len(kept), m)), np.zeros(len(kept))
    for k, circuit in enumerate(kept):
        largest = max(circuit.rows.values())
        for i, v in circuit.rows.items():
            matrix[k, i] = nearest_float(v / largest)
        needs[k] = nearest_float(circuit.need / largest / scale)
    result = linprog(np.ones(m), A_ub=-matrix, b_ub=-needs, bounds=(0, None), method="highs")
    if result.status != 0:
        return None
    return result.x, -result.ineqlin.marginals, result.slack


def _vertex(kept: list[Circuit], m: int, t: np.ndarray, slack: np.ndarray) -> Plan | None:
    """The vertex at which the floats seem to be, if it is feasible and has multipliers: then it is optimal.

    Multipliers y >= 0 of the tight inequalities, sum_k y_k l_ki <= 1 with equality where t_i > 0, make the sum of t
    equal to sum_k y_k need_k, which bounds every other increase.
    """
    limit = _ZERO * t.max(initial=1.0)
    raised = np.flatnonzero(t > limit).tolist()
    tight = np.flatnonzero(slack < limit).tolist()
    rows = [primitive([*(kept[k].rows.get(i, Fraction(0)) for i in raised), kept[k].need]) for k in tight]
    solved = solve_equations(rows, len(raised))
    if solved.point is None or not raised:
        return None
    full = [Fraction(0)] * m
    for i, v in zip(raised, solved.point, strict=True):
        full[i] = v
    if min(full) < 0 or not all(c.satisfied(full) for c in kept):
        return None
    loads = {i: [kept[k].rows.get(i, Fraction(0)) for k in tight] for i in range(m)}
    weak = [(row, Fraction(1)) for row in loads.values() if any(row)]
    weak += [([-v for v in loads[i]], Fraction(-1)) for i in raised]
    weak += [([-Fraction(int(j == k)) for j in range(len(tight))], Fraction(0)) for k in range(len(tight))]
    if not solve_system([], weak, len(tight)).feasible:
        return None
    size = sum(full, Fraction(0))
    return Plan(full, size, size)


def _load(kept: list[Circuit], dual: dict[int, Fraction]) -> Fraction:
    """max_i sum_k y_k l_ki: multipliers y >= 0 are feasible where this is at most 1."""
    sums: dict[int, Fraction] = {}
    for k, v in dual.items():
        for i, weight in kept[k].rows.items():
            sums[i] = sums.get(i, Fraction(0)) + v * weight
    return max(sums.values(), default=Fraction(0))


def _repaired(kept: list[Circuit], t: list[Fraction], y: list[Fraction]) -> Plan:
    """A feasible increase and a proved lower bound near a float solution."""
    dual = {k: v / max(c.rows.values()) for k, (v, c) in enumerate(zip(y, kept, strict=True)) if v}
    for circuit in kept:
        value = sum((v * t[i] for i, v in circuit.rows.items()), Fraction(0))
        if value < circuit.need:
            i = max(circuit.rows, key=lambda i: circuit.rows[i])
            t[i] += (circuit.need - value) / circuit.rows[i]
    load = max(_load(kept, dual), Fraction(1))
    bound = sum((v * kept[k].need for k, v in dual.items()), Fraction(0)) / load
    return Plan(t, sum(t, Fraction(0)), max(bound, _alone(kept)))


def _by_parts(kept: list[Circuit], m: int) -> Plan:
    """Each inequality met by its best entry: what is left where no float solver answers."""
    return _repaired(kept, [Fraction(0)] * m, [Fraction(0)] * len(kept))


def _alone(kept: list[Circuit]) -> Fraction:
    return max(c.need / max(c.rows.values()) for c in kept)
