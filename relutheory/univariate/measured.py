"""What can be read off a piecewise linear function, and what is measured of it on an interval."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import Number
from relutheory.univariate import combining
from relutheory.univariate.combining import Graph
from relutheory.univariate.inputs import interval
from relutheory.univariate.rationals import scalar


class Measured:
    """The points and measures of a `CPwL`: the latter on [lo, hi], where lo >= hi is an InputError."""

    _graph: Graph

    @property
    def pieces(self) -> int:
        """The number of linear pieces, the two outer ones included: one more than the breakpoints."""
        return len(self._graph.x) + 1

    @cached_property
    def breakpoints(self) -> tuple[Fraction, ...]:
        """The breakpoints, in increasing order."""
        return self._graph.x.fractions()

    @cached_property
    def values(self) -> tuple[Fraction, ...]:
        """The values at the breakpoints."""
        return self._graph.y.fractions()

    @cached_property
    def slopes(self) -> tuple[Fraction, ...]:
        """The slopes of the pieces from left to right, the two outer ones included."""
        return self._graph.slopes.fractions()

    @property
    def left_slope(self) -> Fraction:
        """The slope before the first breakpoint."""
        return self._graph.left.at(0)

    @property
    def right_slope(self) -> Fraction:
        """The slope after the last breakpoint."""
        return self._graph.right.at(0)

    def range(self, lo: Number = 0, hi: Number = 1) -> tuple[Fraction, Fraction]:
        """The least and the greatest value on [lo, hi].

        >>> from relutheory.univariate.cpwl import CPwL
        >>> CPwL([0, 1], [3, 5]).range(0, "1/2")
        (Fraction(3, 1), Fraction(4, 1))
        """
        values = combining.between(self._graph, *interval(lo, hi)).y
        return values.least(), values.greatest()

    def monotone_pieces(self, lo: Number = 0, hi: Number = 1) -> tuple[tuple[Fraction, Fraction, int], ...]:
        """The largest intervals of [lo, hi] with one sign of slope, as (start, end, sign), from left to right.

        >>> from relutheory.univariate.cpwl import CPwL
        >>> [(str(a), str(b), sign) for a, b, sign in CPwL([0, "1/2", 1], [0, 1, 0]).monotone_pieces()]
        [('0', '1/2', 1), ('1/2', '1', -1)]
        """
        graph = combining.between(self._graph, *interval(lo, hi))
        signs = (graph.y[1:] - graph.y[:-1]).signs()
        turns = np.flatnonzero(signs[1:] != signs[:-1]) + 1
        ends = [graph.x.at(i) for i in (0, *turns.tolist(), len(graph.x) - 1)]
        return tuple(zip(ends[:-1], ends[1:], signs[[0, *turns]].tolist(), strict=True))

    def integral(self, lo: Number = 0, hi: Number = 1) -> Fraction:
        """The integral over [lo, hi].

        >>> from relutheory.univariate.cpwl import CPwL
        >>> CPwL([0, "1/2", 1], [0, 1, 0]).integral()
        Fraction(1, 2)
        """
        graph = combining.between(self._graph, *interval(lo, hi))
        return ((graph.x[1:] - graph.x[:-1]) * (graph.y[1:] + graph.y[:-1])).total() / 2

    def sup_distance(self, other: Measured, lo: Number = 0, hi: Number = 1) -> Fraction:
        """The largest |self - other| on [lo, hi], exactly; other : CPwL.

        >>> from relutheory.univariate.cpwl import CPwL
        >>> CPwL([0, "1/2", 1], [0, 1, 0]).sup_distance(CPwL.affine(0))
        Fraction(1, 1)
        """
        from relutheory.univariate.distances import sup_norm

        return sup_norm(self._minus(other), lo, hi)

    def lp_distance_power(self, other: Measured, p: int, lo: Number = 0, hi: Number = 1) -> Fraction:
        """The integral of |self - other|^p over [lo, hi], exactly: the p-th power of the distance in L^p.

        other : CPwL.  p : integer from 1 to 1000.

        >>> from relutheory.univariate.cpwl import CPwL
        >>> CPwL([0, "1/2", 1], [0, 1, 0]).lp_distance_power(CPwL.affine(0), 2)
        Fraction(1, 3)
        """
        from relutheory.univariate.distances import lp_norm_power

        return lp_norm_power(self._minus(other), p, lo, hi)

    def distance_to(self, expression: Any, lo: Number = 0, hi: Number = 1, **options: Any) -> Any:
        """The largest |self - expression| on [lo, hi], as an Enclosure with both ends proved.

        expression : a sympy expression in one symbol, a CPwL, or a callable with its modulus of continuity; the
        options and all else: `relutheory.univariate.expression_distances.distance_to`.

        >>> import sympy
        >>> from relutheory.univariate.cpwl import CPwL
        >>> near = CPwL([0, 1], [0, 1]).distance_to(sympy.sqrt(sympy.Symbol("x")), bits=20)
        >>> Fraction(1, 4) in near
        True
        """
        from relutheory.univariate.expression_distances import distance_to

        return distance_to(self, expression, lo, hi, **options)

    def _minus(self, other: Any) -> Graph:
        if not isinstance(other, Measured):
            reject("other", other, "must be a CPwL function")
        return combining.added(self._graph, combining.scaled(other._graph, scalar(-1)))
