"""Error against number of parameters: networks beside the best classical methods, in one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.best_splines import BestSpline, best_spline
from relutheory.univariate.competitors import chebyshev_polynomial, equispaced_spline, rational_function
from relutheory.univariate.deadlines import Deadline
from relutheory.univariate.decimals import rounded_down
from relutheory.univariate.families import Family, as_enclosure, family_for
from relutheory.univariate.fixed_width import parameter_count
from relutheory.univariate.grids import check_count, measuring_grid, seen_error
from relutheory.univariate.hoelder import BIT_WIDTH, bit_extraction_error, bit_extraction_size, hoelder_constant
from relutheory.univariate.rate_table import RateRow, RateTable
from relutheory.univariate.sizes import depth_for, inner_kinks, shapes
from relutheory.univariate.targets import Target, as_target

SHALLOW = "network, one hidden layer"
NARROW = "network, width 4"
DEEP = "network made for f"
BITS = "network, bit extraction"
FREE = "free-knot spline"
EQUISPACED = "equispaced spline"
CHEBYSHEV = "Chebyshev polynomial"
RATIONAL = "rational, AAA"

BITS_NOTE = "bit extraction: for all functions as steep; zeros counted, it passes splines only beyond depth 200 or so"
_NARROW = 4  # 10 parameters per kink, the fewest of all fixed widths
_SUPPORTS = 60  # of AAA: beyond it the time grows and the error does not fall
MOST_PARAMETERS = 10**5
_BITS_LEAST = 1132  # parameters of the smallest network by bit extraction


def compare_rates(
    f: Any,
    budgets: Sequence[int] = (25, 50, 100, 200, 400),
    *,
    lo: Any = 0,
    hi: Any = 1,
    methods: Iterable[str] | None = None,
    time_limit: float | None = 60.0,
) -> RateTable:
    """The error of networks and of the best classical methods, for given numbers of parameters.

    f, lo, hi : as in `targets.as_target`: a formula such as "sqrt(x)", a name of `examples.NAMED`, a sympy expression,
    a `CPwL`, a pair of samples, or a function of float arrays.  budgets : numbers of parameters, integers >= 4.
    methods : names among `METHODS`, None for all.  time_limit : seconds, None for no limit; rows that are not begun by
    then are missing.  Where a method has no rows the table's `notes` say why.

    What counts as a parameter: all weights and biases of a network, zeros included; knots and values of a spline;
    coefficients of a polynomial; 2 m - 1 for a rational function of type (m - 1, m - 1).
    Splines and networks are measured exactly or enclosed, where f is more than a callable; polynomials and rational
    functions, which are floats, on a grid.  Raises InputError for other arguments.
    Source: daubechies2022, which compares such rates.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> table = compare_rates(CPwL([0, "1/2", 1], [0, 1, 0]), [10], methods=[SHALLOW, EQUISPACED])
    >>> [(row.method, row.parameters, round(row.upper, 4)) for row in table.rows]
    [('network, one hidden layer', 7, 0.0), ('equispaced spline', 10, 0.1111)]
    """
    deadline = Deadline(time_limit)
    target = as_target(f, lo, hi)
    if isinstance(budgets, (str, bytes)) or not isinstance(budgets, Iterable):
        reject("budgets", budgets, "must be a sequence of integers")
    counts = [check_count("budgets", budget, 4, MOST_PARAMETERS) for budget in budgets]
    if not counts:
        reject("budgets", [], "must not be empty")
    if methods is not None and (isinstance(methods, str) or not isinstance(methods, Iterable)):
        reject("methods", methods, "must be a sequence of names, or None")
    given = list(METHODS if methods is None else methods)
    for method in given:
        if not isinstance(method, str) or method not in METHODS:
            reject("methods", method, f"must be one of {', '.join(METHODS)}")
    if not given:
        reject("methods", given, "must not be empty")
    wanted = list(dict.fromkeys(given))
    work = _Work(target, deadline)
    rows: list[RateRow] = []
    notes: list[str] = []
    # one budget after the other: when time is up, the rows of the smaller ones are complete
    for budget in sorted(set(counts)):
        for method in wanted:
            if rows and not deadline.allows():
                continue
            found = METHODS[method](target, budget, work)
            if isinstance(found, RateRow):
                rows.append(found)
            else:
                notes.append(f"{method}: {found}")
    rows.sort(key=lambda row: (wanted.index(row.method), counts.index(row.budget)))
    if any(row.method == BITS for row in rows):
        notes.append(BITS_NOTE)
    if deadline.missed:
        notes.append(f"{deadline.note}; rows are missing")
    return RateTable(target=target.name, rows=tuple(rows), notes=tuple(dict.fromkeys(notes)))


class _Work:
    """What the rows of one target share: its best free-knot splines, each found once, and its family of networks."""

    def __init__(self, target: Target, deadline: Deadline) -> None:
        self.target, self.deadline = target, deadline
        self.best = lru_cache(maxsize=None)(self._best)
        self.error = lru_cache(maxsize=None)(self._error)

    def _best(self, pieces: int) -> BestSpline:
        return best_spline(self.target, pieces)

    def _error(self, pieces: int) -> Enclosure:
        return self.target.distance(self.best(pieces).spline)

    @cached_property
    def family(self) -> Family | None:
        return family_for(self.target)


def _shallow(target: Target, budget: int, work: _Work) -> RateRow:
    width = (budget - 1) // 3  # n(W, 1) = 3 W + 1
    kinks = inner_kinks(work.best(width).spline)
    used = max(kinks, 0) + 1
    return _row(SHALLOW, budget, parameter_count(used, 1), work.error(width), f"width {used}, {kinks} kinks")


def _narrow(target: Target, budget: int, work: _Work) -> RateRow | str:
    candidates = shapes(budget, [_NARROW])
    if not candidates:
        return f"the smallest has {parameter_count(_NARROW, 1)} parameters"
    kinks, width, one_layer = candidates[0]
    used = inner_kinks(work.best(kinks + 1).spline)
    depth = depth_for(used, width, one_layer)
    detail = f"width {width}, depth {depth}, {used} kinks"
    return _row(NARROW, budget, parameter_count(width, depth), work.error(kinks + 1), detail)


def _deep(target: Target, budget: int, work: _Work) -> RateRow | str:
    if work.family is None:
        return "none is known for this function"
    made = work.family.of_size(budget, work.deadline)
    if made is None:
        least = work.family.member(1)
        return "none" if least is None else f"the smallest has {least.parameters} parameters"
    return _row(DEEP, budget, made.parameters, as_enclosure(made), f"width {made.width}, depth {made.depth}")


def _bits(target: Target, budget: int, work: _Work) -> RateRow | str:
    size = bit_extraction_size(budget)
    if size is None:
        return f"the smallest has {_BITS_LEAST} parameters"
    known = hoelder_constant(target)
    if known is None:
        return "needs a bound of how steep f is, and none is known"
    if not known[0]:
        return "f is constant"
    (m, K, depth), (constant, alpha) = size, known
    bound = Enclosure(lo=Fraction(0), hi=bit_extraction_error(constant, alpha, m, K), rigor=Rigor.ENCLOSED)
    detail = f"width {BIT_WIDTH}, depth {depth}, for all f with |f(x) - f(y)| <= {float(constant):.4g} |x - y|^{alpha}"
    return _row(BITS, budget, parameter_count(BIT_WIDTH, depth), bound, detail)


def _free(target: Target, budget: int, work: _Work) -> RateRow:
    pieces = max(budget // 2, 1)
    best = work.best(pieces)
    used = inner_kinks(best.spline) + 1
    least = best.least_error
    known = "" if not least else f"; with {pieces} pieces none is closer than {rounded_down(least, 6):g}"
    return _row(FREE, budget, 2 * used, work.error(pieces), f"{used} pieces{known}")


def _equispaced(target: Target, budget: int, work: _Work) -> RateRow:
    error = target.distance(equispaced_spline(target.floats, budget - 1))
    return _row(EQUISPACED, budget, budget, error, f"{budget - 1} pieces")


def _chebyshev(target: Target, budget: int, work: _Work) -> RateRow:
    polynomial = chebyshev_polynomial(target.floats, budget - 1)
    return _row(CHEBYSHEV, budget, budget, _seen(target, polynomial), f"degree {budget - 1}")


def _rational(target: Target, budget: int, work: _Work) -> RateRow | str:
    supports = (budget + 1) // 2
    if supports > _SUPPORTS:
        return f"AAA is run up to {2 * _SUPPORTS - 1} parameters; beyond, its error does not fall"
    error = _seen(target, rational_function(target.floats, supports))
    return _row(RATIONAL, budget, 2 * supports - 1, error, f"type ({supports - 1}, {supports - 1})")


def _seen(target: Target, approximation: Any) -> Enclosure | None:
    error = seen_error(target.floats, approximation, measuring_grid(target.kinks))
    if not math.isfinite(error):
        return None
    return Enclosure(lo=Fraction(error), hi=Fraction(error), rigor=Rigor.SAMPLED)


def _row(method: str, budget: int, parameters: int, error: Enclosure | None, detail: str) -> RateRow:
    return RateRow(method=method, budget=budget, parameters=parameters, error=error, detail=detail)


METHODS: dict[str, Callable[[Target, int, _Work], RateRow | str]] = {
    SHALLOW: _shallow,
    NARROW: _narrow,
    DEEP: _deep,
    BITS: _bits,
    FREE: _free,
    EQUISPACED: _equispaced,
    CHEBYSHEV: _chebyshev,
    RATIONAL: _rational,
}
