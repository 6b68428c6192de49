"""How far a piecewise linear function is from another, from a polynomial, from an expression."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from flint import arb, fmpq

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate import combining
from relutheory.univariate.combining import Graph
from relutheory.univariate.expressions import Jet
from relutheory.univariate.inputs import about, interval, whole
from relutheory.univariate.rationals import scalar
from relutheory.univariate.sup_search import Part, SupSearch, UnboundedError

if TYPE_CHECKING:
    from relutheory.univariate.measured import Measured

EVALUATIONS = 200_000  # of a function, at most, where nothing else is said
MOST_POWER = 1000  # p of a distance in L^p: the integral has p times the digits of the function
MOST_BITS = 4000


def graph_on(f: Graph, lo: Number, hi: Number) -> Graph:
    """The graph on [lo, hi], with both ends as points, constant beyond."""
    zero = scalar(0)
    return combining.between(f, *interval(lo, hi))._replace(left=zero, right=zero)


def sup_norm(f: Graph, lo: Number = 0, hi: Number = 1) -> Fraction:
    """The largest |f| on [lo, hi], exactly."""
    return graph_on(f, lo, hi).y.magnitudes().greatest()


def lp_norm_power(f: Graph, p: int, lo: Number = 0, hi: Number = 1) -> Fraction:
    """The integral of |f|^p over [lo, hi], exactly.

    p : integer from 1 to 1000.  On a piece of length h without change of sign, with |f| = a, b at its ends, the
    integral is h (a^p + a^(p-1) b + ... + b^p) / (p + 1).
    """
    p = whole("p", p, 1, MOST_POWER)
    graph = combining.with_zeros(graph_on(f, lo, hi))
    size = graph.y.magnitudes()
    low, high = size[:-1], size[1:]
    terms, power = low + high, low
    for _ in range(p - 1):  # from the terms of degree j to those of degree j + 1
        power = power * low
        terms = terms * high + power
    return ((graph.x[1:] - graph.x[:-1]) * terms).total() / (p + 1)


def searched(
    f: Measured,
    expression: Any,
    jet: Callable[[Any, int], Jet],
    lo: Number,
    hi: Number,
    bits: int,
    evaluations: int,
    spread: Callable[[fmpq], arb] | None = None,
) -> Enclosure:
    """The largest |f - F| on [lo, hi] by `SupSearch`, where F has these jets; expression : F, for messages."""
    whole("bits", bits, 1, MOST_BITS)
    graph = graph_on(f._graph, lo, hi)
    size = graph.y.magnitudes().greatest()
    try:
        low, high = SupSearch(jet, spread).run(parts(graph), bits, size or Fraction(1), evaluations)
    except UnboundedError as error:
        near = f"near x = {about(rational(error.where))}"
        reject("expression", expression, f"must be real and bounded on [lo, hi], and is not known to be {near}")
    return Enclosure.exact(low) if low == high else Enclosure(lo=low, hi=high, rigor=Rigor.ENCLOSED)


def parts(graph: Graph) -> list[Part]:
    """The pieces between the points of a graph."""
    x, y = graph.x.flint().tolist(), graph.y.flint().tolist()
    lines = zip(pairwise(x), y[:-1], graph.steps().flint().tolist(), strict=True)
    return [Part(low, high, low, value, slope) for (low, high), value, slope in lines]
