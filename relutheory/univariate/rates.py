"""Error against number of parameters: networks beside the best classical methods, in one table."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.best_splines import BestSpline, best_spline
from relutheory.univariate.competitors import chebyshev_polynomial, equispaced_spline, rational_function
from relutheory.univariate.constructions.result import EXACT, Construction
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
_LARGEST = 10**5


def compare_rates(
    f: Any,
    budgets: Sequence[int] = (25, 50, 100, 200, 400),
    *,
    lo: Any = 0,
    hi: Any = 1,
    methods: Iterable[str] | None = None,
) -> RateTable:
    """The error of networks and of the best classical methods, for given numbers of parameters.

    f, lo, hi : as in `targets.as_target`: a formula such as "sqrt(x)", a name of `examples.NAMED`, a sympy expression,
    a `CPwL`, a pair of samples, or a function of float arrays.  budgets : numbers of parameters, integers >= 4.
    methods : names among `METHODS`, None for all.

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
    target = as_target(f, lo, hi)
    counts = [check_count("budgets", budget, 4, _LARGEST) for budget in budgets]
    if not counts:
        reject("budgets", budgets, "must not be empty")
    wanted = list(METHODS) if methods is None else list(methods)
    for method in wanted:
        if method not in METHODS:
            reject("methods", method, f"must be one of {', '.join(METHODS)}")
    splines = _Splines(target)
    made = [METHODS[method](target, budget, splines) for method in wanted for budget in counts]
    rows = tuple(row for row in made if row is not None)
    notes = (BITS_NOTE,) if any(row.method == BITS for row in rows) else ()
    return RateTable(target=target.name, rows=rows, notes=notes)


class _Splines:
    """The best free-knot splines of one target, each found once."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.best = lru_cache(maxsize=None)(self._best)
        self.error = lru_cache(maxsize=None)(self._error)

    def _best(self, pieces: int) -> BestSpline:
        return best_spline(self.target, pieces)

    def _error(self, pieces: int) -> Enclosure:
        return self.target.distance(self.best(pieces).spline)


def _shallow(target: Target, budget: int, splines: _Splines) -> RateRow:
    width = (budget - 1) // 3  # n(W, 1) = 3 W + 1
    kinks = inner_kinks(splines.best(width).spline)
    used = max(kinks, 0) + 1
    return _row(SHALLOW, budget, parameter_count(used, 1), splines.error(width), f"width {used}, {kinks} kinks")


def _narrow(target: Target, budget: int, splines: _Splines) -> RateRow | None:
    candidates = shapes(budget, [_NARROW])
    if not candidates:
        return None
    kinks, width, one_layer = candidates[0]
    used = inner_kinks(splines.best(kinks + 1).spline)
    depth = depth_for(used, width, one_layer)
    detail = f"width {width}, depth {depth}, {used} kinks"
    return _row(NARROW, budget, parameter_count(width, depth), splines.error(kinks + 1), detail)


def _deep(target: Target, budget: int, splines: _Splines) -> RateRow | None:
    made = deepest(target, budget)
    if made is None:
        return None
    detail = f"width {made.width}, depth {made.depth}"
    return _row(DEEP, budget, made.parameters, as_enclosure(made), detail)


def deepest(target: Target, budget: int) -> Any:
    """The last network of the construction made for f that has at most so many parameters, or None."""
    best, n = None, 1
    while target.deep is not None:
        made = target.deep(n)
        if made is None or made.parameters > budget:
            break
        best, n = made, n + 1
    return best


def as_enclosure(made: Construction) -> Enclosure:
    """The error of a construction; of one with a bound, both ends: 0 and the bound."""
    if isinstance(made.error, Enclosure):
        return made.error
    if made.error_kind == EXACT:
        return Enclosure.exact(made.error)
    return Enclosure(lo=Fraction(0), hi=made.error, rigor=Rigor.ENCLOSED)


def _bits(target: Target, budget: int, splines: _Splines) -> RateRow | None:
    size = bit_extraction_size(budget)
    known = hoelder_constant(target) if size is not None else None
    if size is None or known is None or not known[0]:
        return None
    (m, K, depth), (constant, alpha) = size, known
    bound = Enclosure(lo=Fraction(0), hi=bit_extraction_error(constant, alpha, m, K), rigor=Rigor.ENCLOSED)
    detail = f"width {BIT_WIDTH}, depth {depth}, for all f with |f(x) - f(y)| <= {float(constant):.4g} |x - y|^{alpha}"
    return _row(BITS, budget, parameter_count(BIT_WIDTH, depth), bound, detail)


def _free(target: Target, budget: int, splines: _Splines) -> RateRow:
    pieces = max(budget // 2, 1)
    best = splines.best(pieces)
    used = inner_kinks(best.spline) + 1
    least = best.least_error
    known = "" if not least else f"; with {pieces} pieces none is closer than {_rounded_down(least)}"
    return _row(FREE, budget, 2 * used, splines.error(pieces), f"{used} pieces{known}")


def _rounded_down(value: Fraction) -> str:
    """Six digits that are below the value.

    >>> _rounded_down(Fraction(2, 3))
    '0.666666'
    """
    context = decimal.Context(prec=6, rounding=decimal.ROUND_FLOOR, Emin=decimal.MIN_EMIN)
    quotient = context.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator))
    return f"{quotient.normalize(context):g}"


def _equispaced(target: Target, budget: int, splines: _Splines) -> RateRow:
    error = target.distance(equispaced_spline(target.floats, budget - 1))
    return _row(EQUISPACED, budget, budget, error, f"{budget - 1} pieces")


def _chebyshev(target: Target, budget: int, splines: _Splines) -> RateRow:
    polynomial = chebyshev_polynomial(target.floats, budget - 1)
    return _row(CHEBYSHEV, budget, budget, _seen(target, polynomial), f"degree {budget - 1}")


def _rational(target: Target, budget: int, splines: _Splines) -> RateRow | None:
    supports = (budget + 1) // 2
    if supports > _SUPPORTS:
        return None
    error = _seen(target, rational_function(target.floats, supports))
    return _row(RATIONAL, budget, 2 * supports - 1, error, f"type ({supports - 1}, {supports - 1})")


def _seen(target: Target, approximation: Any) -> Enclosure | None:
    error = seen_error(target.floats, approximation, measuring_grid(target.kinks))
    if not math.isfinite(error):
        return None
    return Enclosure(lo=Fraction(error), hi=Fraction(error), rigor=Rigor.SAMPLED)


def _row(method: str, budget: int, parameters: int, error: Enclosure | None, detail: str) -> RateRow:
    return RateRow(method=method, budget=budget, parameters=parameters, error=error, detail=detail)


METHODS: dict[str, Callable[[Target, int, _Splines], RateRow | None]] = {
    SHALLOW: _shallow,
    NARROW: _narrow,
    DEEP: _deep,
    BITS: _bits,
    FREE: _free,
    EQUISPACED: _equispaced,
    CHEBYSHEV: _chebyshev,
    RATIONAL: _rational,
}
