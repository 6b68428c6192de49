"""Error against number of parameters: networks beside the best classical methods, in one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.verdict import Enclosure, NotABool, Rigor
from relutheory.univariate.competitors import (
    FreeKnotSpline,
    chebyshev_polynomial,
    check_count,
    equispaced_spline,
    free_knot_spline,
    measuring_grid,
    rational_function,
    seen_error,
)
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.fixed_width import parameter_count
from relutheory.univariate.splines import TWO_LAYERS_FROM, spline_depth
from relutheory.univariate.targets import Target, as_target

SHALLOW = "network, one hidden layer"
NARROW = "network, width 4"
DEEP = "network made for f"
FREE = "free-knot spline"
EQUISPACED = "equispaced spline"
CHEBYSHEV = "Chebyshev polynomial"
RATIONAL = "rational, AAA"

_NARROW = 4  # 10 parameters per kink, the fewest of all fixed widths
WIDTHS = (4, 5, 8, 14, 20)  # of the spline networks that are tried
_SUPPORTS = 60  # of AAA: beyond it the time grows and the error does not fall
_LARGEST = 10**5


@dataclass(frozen=True, kw_only=True)
class RateRow(NotABool):
    """One method with at most `budget` parameters.

    method : its name.  parameters : used.  error : sup |f - approximation| on [0, 1], an `Enclosure`; its rigor is
    EXACT or ENCLOSED where both ends are proved, SAMPLED where it is the largest error seen on a grid in floats (a
    lower bound but for rounding; lo = hi), and an error that is not finite is None.  detail : in words.
    """

    method: str
    budget: int
    parameters: int
    error: Enclosure | None
    detail: str
    _hint = "look at its error"

    @property
    def proved(self) -> bool:
        """Whether both ends of the error are proved."""
        return self.error is not None and self.error.rigor.proves

    @property
    def upper(self) -> float:
        """The upper end of the error as a float."""
        return math.inf if self.error is None else float(self.error.hi)


@dataclass(frozen=True, kw_only=True)
class RateTable(NotABool):
    """What `compare_rates` found: `rows`, and f in words, `target`."""

    target: str
    rows: tuple[RateRow, ...]
    _hint = "look at its rows"

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that gave rows, in the order of the table."""
        return tuple(dict.fromkeys(row.method for row in self.rows))

    def of(self, method: str) -> list[RateRow]:
        """The rows of one method."""
        return [row for row in self.rows if row.method == method]

    def exponent(self, method: str) -> float | None:
        """The least-squares slope of log(error) against log(parameters): -2 says that the error falls as n^-2.

        None where there are fewer than two different numbers of parameters with a positive finite error.
        """
        points = {row.parameters: row.upper for row in self.of(method) if 0 < row.upper < math.inf}
        if len(points) < 2:
            return None
        x, y = np.log(list(points.keys())), np.log(list(points.values()))
        return float(np.polyfit(x, y, 1)[0])

    def text(self) -> str:
        """The table as aligned text: a line per method, a column per budget; ~ marks errors that are not proved."""
        budgets = list(dict.fromkeys(row.budget for row in self.rows))
        cells = {(row.method, row.budget): _cell(row) for row in self.rows}
        first = max(len(method) for method in (*self.methods, "parameters"))
        lines = [f"{'parameters':<{first}}" + "".join(f"{budget:>11}" for budget in budgets) + f"{'exponent':>11}"]
        for method in self.methods:
            slope = self.exponent(method)
            shown = "".join(f"{cells.get((method, budget), '-'):>11}" for budget in budgets)
            lines.append(f"{method:<{first}}{shown}{'-' if slope is None else f'{slope:.2f}':>11}")
        return "\n".join([*lines, "", "upper ends of proved enclosures; ~ seen on a grid in floats, not proved"])

    def records(self) -> list[dict[str, Any]]:
        """The rows as JSON-able data."""
        return [
            {
                "method": row.method,
                "budget": row.budget,
                "parameters": row.parameters,
                "error": None if row.error is None else [float(row.error.lo), float(row.error.hi)],
                "rigor": None if row.error is None else row.error.rigor.value,
                "detail": row.detail,
            }
            for row in self.rows
        ]


def _cell(row: RateRow) -> str:
    return f"{'' if row.proved else '~'}{row.upper:.2e}" if row.upper else "0"


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
    rows = [METHODS[method](target, budget, splines) for method in wanted for budget in counts]
    return RateTable(target=target.name, rows=tuple(row for row in rows if row is not None))


class _Splines:
    """The best free-knot splines of one target, each found once."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.best = lru_cache(maxsize=None)(self._best)
        self.error = lru_cache(maxsize=None)(self._error)

    def _best(self, pieces: int) -> CPwL:
        exact = self.target.exact
        if exact is not None and inner_kinks(exact) < pieces:
            return exact
        found: FreeKnotSpline = free_knot_spline(self.target.floats, pieces, knots=self.target.kinks)
        return found.spline

    def _error(self, pieces: int) -> Enclosure:
        return self.target.distance(self.best(pieces))


def inner_kinks(f: CPwL) -> int:
    """The number of kinks in (0, 1)."""
    return sum(0 < x < 1 for x in f.simplified().breakpoints)


def _shallow(target: Target, budget: int, splines: _Splines) -> RateRow:
    width = (budget - 1) // 3  # n(W, 1) = 3 W + 1
    kinks = inner_kinks(splines.best(width))
    used = max(kinks, 0) + 1
    return _row(SHALLOW, budget, parameter_count(used, 1), splines.error(width), f"width {used}, {kinks} kinks")


def shapes(budget: int, widths: Iterable[int] = WIDTHS) -> list[tuple[int, int, bool]]:
    """For each width, the most kinks that a spline network with so many parameters has: (kinks, width, one_layer).

    Both forms are tried, with one layer for each W - 2 knots, and with two for each q (W - 2); sorted, best first.

    >>> shapes(100, [4, 8])
    [(12, 8, True), (10, 4, True), (6, 8, False)]
    """
    found = []
    for W in widths:
        depth = (budget + (W - 1) ** 2 - 2) // (W * (W + 1))
        if depth >= 1:
            found.append((depth * (W - 2), W, True))
        if W >= TWO_LAYERS_FROM and depth >= 2:
            found.append((depth // 2 * ((W - 2) // 6 * (W - 2)), W, False))
    return sorted(found, key=lambda shape: (-shape[0], shape[1], not shape[2]))


def depth_for(kinks: int, width: int, one_layer: bool) -> int:
    """The depth of a spline network of this width and form for so many kinks."""
    return -(-max(kinks, 1) // (width - 2)) if one_layer else spline_depth(kinks, width)


def _narrow(target: Target, budget: int, splines: _Splines) -> RateRow | None:
    candidates = shapes(budget, [_NARROW])
    if not candidates:
        return None
    kinks, width, one_layer = candidates[0]
    used = inner_kinks(splines.best(kinks + 1))
    depth = depth_for(used, width, one_layer)
    detail = f"width {width}, depth {depth}, {used} kinks"
    return _row(NARROW, budget, parameter_count(width, depth), splines.error(kinks + 1), detail)


def _deep(target: Target, budget: int, splines: _Splines) -> RateRow | None:
    made = deepest(target, budget)
    if made is None:
        return None
    detail = f"width {made.width}, depth {made.depth}"
    return _row(DEEP, budget, made.parameters, as_enclosure(made.error), detail)


def deepest(target: Target, budget: int) -> Any:
    """The last network of the construction made for f that has at most so many parameters, or None."""
    best, n = None, 1
    while target.deep is not None:
        made = target.deep(n)
        if made is None or made.parameters > budget:
            break
        best, n = made, n + 1
    return best


def as_enclosure(error: Fraction | Enclosure) -> Enclosure:
    """The error of a construction."""
    return error if isinstance(error, Enclosure) else Enclosure.exact(error)


def _free(target: Target, budget: int, splines: _Splines) -> RateRow:
    pieces = max(budget // 2, 1)
    used = inner_kinks(splines.best(pieces)) + 1
    return _row(FREE, budget, 2 * used, splines.error(pieces), f"{used} pieces")


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
    FREE: _free,
    EQUISPACED: _equispaced,
    CHEBYSHEV: _chebyshev,
    RATIONAL: _rational,
}
