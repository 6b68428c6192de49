"""Networks that may approximate a function: each with its size and its error, built only if it is chosen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from relutheory.core.errors import reject
from relutheory.core.verdict import Enclosure
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.best_splines import best_spline
from relutheory.univariate.constructions.result import Construction
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.deadlines import Deadline
from relutheory.univariate.decimals import described
from relutheory.univariate.families import as_enclosure, family_for
from relutheory.univariate.fixed_width import parameter_count
from relutheory.univariate.free_knots import spline_within
from relutheory.univariate.inputs import short
from relutheory.univariate.rates import DEEP
from relutheory.univariate.sizes import WIDTHS, depth_for, inner_kinks, shapes
from relutheory.univariate.splines import TWO_LAYERS_FROM, spline_network
from relutheory.univariate.targets import Target

EXACT = "the function itself"
SPLINE = "free-knot spline"
_MOST_PIECES = 20_000
_LEAST_SPLINE = Fraction(1, 2**44)  # error of splines that are found in floats
_TRIES = 6
_HOPELESS = 4
_HUGE = Fraction(10) ** 300  # goals above are met by a constant
_SHARES = (64, 8, 1)  # of the budget: what splines take is seen on small ones
_FEW_PIECES = 100


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A network that could be built: construction, size, error (`Enclosure`), and what speaks for it; make() does."""

    construction: str
    parameters: int
    error: Enclosure
    why: str
    make: Callable[[], ReLUNetwork]

    def __repr__(self) -> str:
        return (
            f"Candidate({self.construction}: {self.parameters} parameters, error {described(self.error)}; {self.why})"
        )


def for_parameters(target: Target, budget: int, width: int | None, deadline: Deadline) -> list[Candidate]:
    """The candidates with at most so many parameters, the closest first.  Raises InputError where there is none."""
    found = _exact(target, width)
    family = family_for(target)
    made = None if family is None else family.of_size(budget, deadline)
    if made is not None and _fits(made, width):
        found.append(made_for_f(made))
    found += _splines(target, budget, width, deadline)
    found = [c for c in found if c.parameters <= budget]
    if not found:
        least = parameter_count(width or 2, 1)
        reject("parameters", budget, f"must be at least {least}, what the smallest network has")
    return _one_of_each(sorted(found, key=lambda c: (c.error.hi, c.parameters)))


def _splines(target: Target, budget: int, width: int | None, deadline: Deadline) -> list[Candidate]:
    """The best splines for the budget; for a large one small ones first, of which it is seen what a large one takes."""
    found: list[Candidate] = []
    took: dict[bool, float] = {}  # seconds per kink, of one hidden layer and of a fixed width
    for share in _SHARES:
        for kinks, one_width, one_layer in _forms(budget // share, width):
            pieces = min(kinks + 1, _MOST_PIECES)
            if share > 1 and pieces < _FEW_PIECES:
                continue
            if found and not deadline.allows(took.get(one_width == 0, 0.0) * pieces):
                return found
            started = time.perf_counter()
            best = best_spline(target, pieces)
            error = target.distance(best.spline)
            found.append(_spline(best.spline, error, SPLINE, one_width, one_layer))
            took[one_width == 0] = (time.perf_counter() - started) / pieces
    return found


def for_error(target: Target, goal: Fraction, width: int | None, deadline: Deadline) -> list[Candidate]:
    """The candidates with at most this error, the smallest first.  Raises InputError where there is none."""
    found = _exact(target, width)
    family = family_for(target)
    made = None if family is None else family.so_close(goal, deadline)
    if made is not None and _fits(made, width):
        found.append(made_for_f(made))
    # splines with as many kinks as a network found has parameters are larger than it
    most = min((c.parameters for c in found), default=_MOST_PIECES)
    spline = _spline_for_error(target, goal, most, deadline)
    if spline is not None:
        widths = WIDTHS if width is None else (width,)
        options = [*([(0, True)] if width is None else []), *((W, True) for W in widths)]
        options += [(W, False) for W in widths if W >= TWO_LAYERS_FROM]
        found.append(min((_spline(*spline, SPLINE, W, one) for W, one in options), key=lambda c: c.parameters))
    found = [c for c in found if c.error.hi <= goal]
    if not found:
        late = f" ({deadline.note})" if deadline.missed else ""
        rule = f"is not reached by splines found in floats, nor are there exact constructions for f{late}"
        reject("error", short(goal), rule)
    return _one_of_each(sorted(found, key=lambda c: (c.parameters, c.error.hi)))


def _one_of_each(found: list[Candidate]) -> list[Candidate]:
    """The first candidate of each construction."""
    first: dict[str, Candidate] = {}
    for candidate in found:
        first.setdefault(candidate.construction, candidate)
    return list(first.values())


def _forms(budget: int, width: int | None) -> list[tuple[int, int, bool]]:
    """The sizes of spline networks to try, (kinks, width, one_layer); width 0 stands for one hidden layer."""
    if width is not None:
        return shapes(budget, [width])[:1]
    return [((budget - 1) // 3 - 1, 0, True), *shapes(budget)[:1]]


def _spline(f: CPwL, error: Enclosure, name: str, width: int, one_layer: bool) -> Candidate:
    kinks = inner_kinks(f)
    if width == 0:
        size, shape = parameter_count(kinks + 1, 1), "one hidden layer: 3 parameters per kink"
        make: Callable[[], ReLUNetwork] = lambda: one_hidden_layer(f)  # noqa: E731
    else:
        size = parameter_count(width, depth_for(kinks, width, one_layer))
        shape = f"width {width}"
        make = lambda: spline_network(f, width, one_layer=one_layer).network  # noqa: E731
    why = f"{kinks} kink{'s' * (kinks != 1)}, {shape}"
    return Candidate(construction=name, parameters=size, error=error, why=why, make=make)


def one_hidden_layer(f: CPwL) -> ReLUNetwork:
    """The network with one hidden layer that is f on [0, 1]: a neuron for x, and one for each kink.

    >>> one_hidden_layer(CPwL([0, "1/2", 1], [1, 0, 1])).forward_exact(["3/4"])
    [Fraction(1, 2)]
    """
    part = f.restricted(0, 1)
    points = [x for x in part.simplified().breakpoints if 0 < x < 1]
    ends = [Fraction(0), *points, Fraction(1)]
    values = part.values_at(ends)
    slopes = [(values[i + 1] - values[i]) / (ends[i + 1] - ends[i]) for i in range(len(ends) - 1)]
    changes = [slopes[0], *(b - a for a, b in pairwise(slopes))]
    layer = ReLULayer([[1]] * len(changes), [0, *(-x for x in points)])
    return ReLUNetwork([layer], readout=AffineMap([changes], [values[0]]))


def _exact(target: Target, width: int | None) -> list[Candidate]:
    f = target.exact
    if f is None:
        return []
    options = [(0, True)] if width is None else [(width, True), *([(width, False)] if width >= TWO_LAYERS_FROM else [])]
    every = [_spline(f, Enclosure.exact(0), EXACT, W, one_layer) for W, one_layer in options]
    return [min(every, key=lambda c: c.parameters)]


def _fits(made: Construction, width: int | None) -> bool:
    return width is None or made.width <= width


def made_for_f(made: Construction) -> Candidate:
    """A `Construction` as a candidate."""
    why = f"{made.target}: width {made.width}, depth {made.depth}"
    error = as_enclosure(made)
    return Candidate(construction=DEEP, parameters=made.parameters, error=error, why=why, make=lambda: made.network)


def _spline_for_error(target: Target, goal: Fraction, most: int, deadline: Deadline) -> tuple[CPwL, Enclosure] | None:
    """A spline with few pieces and its proved error, at most the goal; None where none is found."""
    if goal < _LEAST_SPLINE:
        return None
    radius = float(min(goal, _HUGE)) * 0.98
    for attempt in range(_TRIES):
        if attempt and not deadline.allows():
            return None
        found = spline_within(target.floats, radius, knots=target.kinks, most=min(most, _MOST_PIECES))
        if found is None:
            return None
        error = target.distance(found.spline)
        if error.hi <= goal:
            return found.spline, error
        if error.hi > _HOPELESS * goal:
            return None  # f has a peak between the points of the grid, or its error is not enclosed sharply
        radius *= min(float(goal / error.hi), 1.0) * 0.99
    return None
