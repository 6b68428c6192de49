"""Continuous piecewise linear functions of one variable, with exact rational breakpoints and values."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.univariate import combining
from relutheory.univariate.combining import Graph
from relutheory.univariate.inputs import about, check_increasing, interval, vector
from relutheory.univariate.measured import Measured
from relutheory.univariate.rationals import scalar


class CPwL(Measured):
    """The continuous function with given values at given breakpoints, linear between them; frozen.

    breakpoints : (k,) numbers, k >= 1, strictly increasing.  values : (k,) numbers.  left_slope, right_slope : the
    slopes before the first and after the last breakpoint; 0, the default, is a constant.  All are read as the rationals
    they are (floats as binary fractions).
    Raises InputError for NaN and infinities, for breakpoints that do not increase, and for repeated ones: two values at
    one point are a jump, which no continuous function has.

    f(x) is exact; `evaluate` takes arrays of floats.  Sums, multiples, `compose`, `maximum`, `minimum` and
    `positive_part` keep all breakpoints of their parts; `simplified` drops those without a kink.  f == g compares the
    functions, not their breakpoints.  A function has no hash.

    >>> hat = CPwL([0, "1/2", 1], [0, 1, 0])
    >>> hat("1/3"), hat(7), (2 * hat - 1)("1/4")
    (Fraction(2, 3), Fraction(0, 1), Fraction(0, 1))
    >>> hat.compose(hat).breakpoints
    (Fraction(0, 1), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(1, 1))
    """

    __array_ufunc__ = None  # numpy's numbers leave sums and multiples to this class

    def __init__(self, breakpoints: Any, values: Any, *, left_slope: Number = 0, right_slope: Number = 0) -> None:
        x, y = vector(breakpoints, "breakpoints"), vector(values, "values")
        if len(x) == 0:
            reject("breakpoints", breakpoints, "must be at least one")
        if len(x) != len(y):
            reject("values", f"{len(y)} values", f"must be one for each breakpoint, {len(x)}")
        check_increasing(x, y)
        left, right = rational(left_slope, "left_slope"), rational(right_slope, "right_slope")
        self._graph = Graph(x, y, scalar(left), scalar(right))

    @classmethod
    def _of(cls, graph: Graph) -> CPwL:
        """The function of a graph that is known to be one."""
        made = cls.__new__(cls)
        made._graph = graph
        return made

    @classmethod
    def affine(cls, slope: Number, offset: Number = 0) -> CPwL:
        """The function x -> slope x + offset.

        >>> CPwL.affine(2, -1)("1/4")
        Fraction(-1, 2)
        """
        steep = scalar(rational(slope, "slope"))
        return cls._of(Graph(scalar(0), scalar(rational(offset, "offset")), steep, steep))

    @classmethod
    def from_network(cls, net: Any, lo: Number = 0, hi: Number = 1, *, exact: bool = True) -> CPwL:
        """The function that a network of one input and one output realises on [lo, hi], constant beyond.

        net : ReLUNetwork (with a read-out, or ending in a ReLU layer of one neuron) or ReLULayer.  lo, hi : numbers,
        lo < hi.  exact : with False, breakpoints and values are the float64 numbers nearest to what float arithmetic
        finds: much faster for weights of many digits, and not proved.
        Each layer takes time linear in its neurons' products and in the pieces on which all neurons so far are linear.
        Raises InputError for other networks and for lo >= hi.

        >>> from relutheory import ReLUNetwork
        >>> CPwL.from_network(ReLUNetwork([([[1], [1]], [0, "-1/2"]), ([[2, -4]], [0])])).breakpoints
        (Fraction(0, 1), Fraction(1, 2), Fraction(1, 1))
        """
        from relutheory.univariate.from_network import exact_graph, float_graph

        ends = interval(lo, hi)
        return cls._of((exact_graph if exact else float_graph)(net, *ends))

    def __call__(self, x: Number) -> Fraction:
        """The value at a number, exactly; floats are read as the binary fractions they are."""
        return combining.values_at(self._graph, scalar(x)).at(0)

    def values_at(self, points: Any) -> tuple[Fraction, ...]:
        """The values at a sequence of numbers, exactly.

        >>> CPwL([0, 1], [0, 3]).values_at(["1/3", 2])
        (Fraction(1, 1), Fraction(3, 1))
        """
        return combining.values_at(self._graph, vector(points, "points")).fractions()

    def evaluate(self, points: Any) -> np.ndarray:
        """The values in float64.

        points : array of finite numbers, of any shape.  Returns float64 of that shape.  Each value is that of the
        piece at its point, computed from the rounded breakpoint, value and slope of the piece: the value of a point
        that is off by a few roundings, rounded itself.  Values beyond float64's range are infinite.

        >>> CPwL([0, "1/2", 1], [0, 1, 0]).evaluate([[0.25, 0.5], [0.9, 3.0]]).round(3).tolist()
        [[0.5, 1.0], [0.2, 0.0]]
        """
        from relutheory.univariate.evaluation import evaluate

        return evaluate(self, points)

    @cached_property
    def _table(self) -> Any:
        from relutheory.univariate.evaluation import table

        return table(self)

    def simplified(self) -> CPwL:
        """The same function without the breakpoints that have no kink; a line keeps one, at 0.

        >>> CPwL([0, 1, 2], [0, 1, 2], left_slope=1).simplified().breakpoints
        (Fraction(2, 1),)
        """
        return CPwL._of(combining.simplified(self._graph))

    def restricted(self, lo: Number, hi: Number) -> CPwL:
        """The function on [lo, hi], with both ends as breakpoints, and constant beyond.

        >>> CPwL.affine(1).restricted(0, 1)(5)
        Fraction(1, 1)
        """
        low, high = interval(lo, hi)
        zero = scalar(0)
        return CPwL._of(combining.between(self._graph, low, high)._replace(left=zero, right=zero))

    def compose(self, inner: CPwL) -> CPwL:
        """The function x -> self(inner(x)); time linear in the pieces of both and of the result.

        >>> half = CPwL([0, 1], [0, "1/2"])
        >>> CPwL([0, "1/4"], [0, 1]).compose(half).breakpoints
        (Fraction(0, 1), Fraction(1, 2), Fraction(1, 1))
        """
        return CPwL._of(combining.composed(self._graph, _function(inner, "inner")._graph))

    def positive_part(self) -> CPwL:
        """The function max(self, 0).

        >>> CPwL.affine(1, -2).positive_part()(1)
        Fraction(0, 1)
        """
        return CPwL._of(combining.positive_part(self._graph))

    def inverse(self, lo: Number | None = None, hi: Number | None = None) -> CPwL:
        """The inverse of the function on [lo, hi], where it must be strictly monotone; constant beyond its range.

        lo, hi : numbers, lo < hi; without them the whole line, with the inverse slopes beyond the outer breakpoints
        (constant there where the function is).  Raises InputError where the function is not strictly monotone between
        lo and hi, without them between the outer breakpoints or with an outer slope of the other sign.  The parts
        where it is: `monotone_pieces`.

        >>> CPwL([0, "1/2", 1], [0, 1, 0]).inverse("1/2", 1)("1/2")
        Fraction(3, 4)
        """
        if (lo is None) != (hi is None):
            reject("hi" if hi is None else "lo", None, "must be given where the other end is")
        part = self if lo is None or hi is None else self.restricted(lo, hi)
        return CPwL._of(combining.inverse(part._graph))

    def __neg__(self) -> CPwL:
        return CPwL._of(combining.scaled(self._graph, scalar(-1)))

    def __add__(self, other: CPwL | Number) -> CPwL:
        if not isinstance(other, CPwL):
            return CPwL._of(self._graph._replace(y=self._graph.y + scalar(other)))
        return CPwL._of(combining.added(self._graph, other._graph))

    __radd__ = __add__

    def __sub__(self, other: CPwL | Number) -> CPwL:
        return self + (-other if isinstance(other, CPwL) else -rational(other))

    def __rsub__(self, other: Number) -> CPwL:
        return -self + other

    def __mul__(self, factor: Number) -> CPwL:
        if isinstance(factor, CPwL):
            reject("factor", factor, "must be a number: the product of two such functions is not piecewise linear")
        return CPwL._of(combining.scaled(self._graph, scalar(factor)))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Number) -> CPwL:
        value = rational(divisor, "divisor")
        if not value:
            reject("divisor", divisor, "must not be 0")
        return self * (1 / value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CPwL):
            return NotImplemented
        mine, theirs = combining.simplified(self._graph), combining.simplified(other._graph)
        if len(mine.x) != len(theirs.x):
            return False
        return not any((a - b).signs().any() for a, b in zip(mine, theirs, strict=True))

    __hash__ = None  # type: ignore[assignment]  # equal functions may have different breakpoints

    def __repr__(self) -> str:
        count = len(self._graph.x)
        first, last = about(self._graph.x.at(0)), about(self._graph.x.at(count - 1))
        where = f"at {first}" if count == 1 else f"from {first} to {last}"
        return f"CPwL({count} breakpoint{'s' if count > 1 else ''} {where})"


def maximum(f: CPwL, g: CPwL) -> CPwL:
    """The larger of two functions at each point.

    >>> maximum(CPwL.affine(1), CPwL.affine(-1)) == CPwL([0], [0], left_slope=-1, right_slope=1)
    True
    """
    return _function(g, "g") + (_function(f, "f") - g).positive_part()


def minimum(f: CPwL, g: CPwL) -> CPwL:
    """The smaller of two functions at each point.

    >>> minimum(CPwL.affine(1), CPwL.affine(-1))(3)
    Fraction(-3, 1)
    """
    return _function(f, "f") - (f - _function(g, "g")).positive_part()


def _function(f: Any, name: str) -> CPwL:
    if not isinstance(f, CPwL):
        reject(name, f, "must be a CPwL function")
    return f
