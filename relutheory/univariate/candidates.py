"""Networks that may approximate a function: each with its size and its error, built only if it is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.verdict import Enclosure
from relutheory.networks.layers import AffineMap, ReLULayer, ReLUNetwork
from relutheory.univariate.best_splines import best_spline
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.fixed_width import parameter_count
from relutheory.univariate.free_knots import spline_within
from relutheory.univariate.rates import DEEP, as_enclosure, deepest
from relutheory.univariate.series import series_for_error, series_for_parameters
from relutheory.univariate.sizes import WIDTHS, depth_for, inner_kinks, shapes
from relutheory.univariate.splines import spline_network
from relutheory.univariate.targets import Target

EXACT = "the function itself"
SPLINE = "free-knot spline"
_MOST_PIECES = 20_000
_LEAST_SPLINE = Fraction(1, 2**44)  # error of splines that are found in floats
_TRIES = 6
_HOPELESS = 4


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A network that could be built: construction, size, error (`Enclosure`), and what speaks for it; make() does."""

    construction: str
    parameters: int
    error: Enclosure
    why: str
    make: Callable[[], ReLUNetwork] = field(repr=False)


def for_parameters(target: Target, budget: int, width: int | None) -> list[Candidate]:
    """The candidates with at most so many parameters, the closest first.  Raises InputError where there is none."""
    found = [*_exact(target, width), *_deep_for_parameters(target, budget, width)]
    found += [made_for_f(made) for made in series_for_parameters(target, budget) if _fits(made, width)]
    for kinks, one_width, one_layer in _forms(budget, width):
        best = best_spline(target, min(kinks + 1, _MOST_PIECES))
        found.append(_spline(target, best.spline, SPLINE, one_width, one_layer))
    found = [c for c in found if c.parameters <= budget]
    if not found:
        least = parameter_count(width or 2, 1)
        reject("parameters", budget, f"must be at least {least}, what the smallest network has")
    return sorted(found, key=lambda c: (c.error.hi, c.parameters))


def for_error(target: Target, goal: Fraction, width: int | None) -> list[Candidate]:
    """The candidates with at most this error, the smallest first.  Raises InputError where there is none."""
    found = [*_exact(target, width), *_deep_for_error(target, goal, width)]
    found += [made_for_f(made) for made in series_for_error(target, goal) if _fits(made, width)]
    # splines with as many kinks as a network found has parameters are larger than it
    spline = _spline_for_error(target, goal, min((c.parameters for c in found), default=_MOST_PIECES))
    if spline is not None:
        options = [(0, True)] if width is None else []
        options += [(W, True) for W in (WIDTHS if width is None else (width,))]
        options += [(W, False) for W in (WIDTHS if width is None else (width,)) if W >= 8]
        every = [_spline(target, spline, SPLINE, W, one_layer) for W, one_layer in options]
        # one with one hidden layer and one of fixed width
        found += every[:1] if width is None else []
        found.append(min(every[1:] if width is None else every, key=lambda c: c.parameters))
    found = [c for c in found if c.error.hi <= goal]
    if not found:
        rule = "is not reached by splines found in floats, nor are there exact constructions for f"
        reject("error", float(goal), rule)
    return sorted(found, key=lambda c: c.parameters)


def _forms(budget: int, width: int | None) -> list[tuple[int, int, bool]]:
    """The sizes of spline networks to try, (kinks, width, one_layer); width 0 stands for one hidden layer."""
    if width is not None:
        return shapes(budget, [width])[:1]
    return [((budget - 1) // 3 - 1, 0, True), *shapes(budget)[:1]]


def _spline(
    target: Target, f: CPwL, name: str, width: int, one_layer: bool, error: Enclosure | None = None
) -> Candidate:
    kinks = inner_kinks(f)
    if width == 0:
        size, shape = parameter_count(kinks + 1, 1), "one hidden layer: 3 parameters per kink"
        make: Callable[[], ReLUNetwork] = lambda: one_hidden_layer(f)  # noqa: E731
    else:
        size = parameter_count(width, depth_for(kinks, width, one_layer))
        shape = f"width {width}"
        make = lambda: spline_network(f, width, one_layer=one_layer).network  # noqa: E731
    known = target.distance(f) if error is None else error
    return Candidate(construction=name, parameters=size, error=known, why=f"{kinks} kinks, {shape}", make=make)


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
    options = [(0, True)] if width is None else [(width, True), *([(width, False)] if width >= 8 else [])]
    every = [_spline(target, f, EXACT, W, one_layer, Enclosure.exact(0)) for W, one_layer in options]
    return [min(every, key=lambda c: c.parameters)]


def _fits(made: Any, width: int | None) -> bool:
    return width is None or made.width <= width


def made_for_f(made: Any) -> Candidate:
    """A `Construction` as a candidate."""
    why = f"{made.target}: width {made.width}, depth {made.depth}"
    error = as_enclosure(made)
    return Candidate(construction=DEEP, parameters=made.parameters, error=error, why=why, make=lambda: made.network)


def _deep_for_parameters(target: Target, budget: int, width: int | None) -> list[Candidate]:
    made = deepest(target, budget)
    return [] if made is None or not _fits(made, width) else [made_for_f(made)]


def _deep_for_error(target: Target, goal: Fraction, width: int | None) -> list[Candidate]:
    n = 1
    while target.deep is not None:
        made = target.deep(n)
        if made is None:
            break
        if as_enclosure(made).hi <= goal:
            return [made_for_f(made)] if _fits(made, width) else []
        n += 1
    return []


def _spline_for_error(target: Target, goal: Fraction, most: int) -> CPwL | None:
    """A spline with few pieces whose proved error is at most the goal; None where none is found."""
    if goal < _LEAST_SPLINE:
        return None
    radius = float(goal) * 0.98
    for _ in range(_TRIES):
        found = spline_within(target.floats, radius, knots=target.kinks, most=min(most, _MOST_PIECES))
        if found is None:
            return None
        error = target.distance(found.spline)
        if error.hi <= goal:
            return found.spline
        if error.hi > _HOPELESS * goal:
            return None  # f has a peak between the points of the grid, or its error is not enclosed sharply
        radius *= min(float(goal / error.hi), 1.0) * 0.99
    return None
