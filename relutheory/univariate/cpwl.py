"""Continuous piecewise linear functions of one variable, with exact rational breakpoints and values."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.univariate import combining
from relutheory.univariate.combining import Graph
from relutheory.univariate.rationals import Rationals, scalar


class CPwL:
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
        x, y = _vector(breakpoints, "breakpoints"), _vector(values, "values")
        if len(x) == 0:
            reject("breakpoints", breakpoints, "must be at least one")
        if len(x) != len(y):
            reject("values", f"{len(y)} values", f"must be one for each breakpoint, {len(x)}")
        _check_increasing(x, y)
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
        return cls([0], [offset], left_slope=slope, right_slope=slope)

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

        ends = _interval(lo, hi)
        return cls._of((exact_graph if exact else float_graph)(net, *ends))

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

    def __call__(self, x: Number) -> Fraction:
        """The value at a number, exactly; floats are read as the binary fractions they are."""
        return combining.values_at(self._graph, scalar(x)).at(0)

    def values_at(self, points: Any) -> tuple[Fraction, ...]:
        """The values at a sequence of numbers, exactly.

        >>> CPwL([0, 1], [0, 3]).values_at(["1/3", 2])
        (Fraction(1, 1), Fraction(3, 1))
        """
        return combining.values_at(self._graph, _vector(points, "points")).fractions()

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
        low, high = _interval(lo, hi)
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

    def monotone_pieces(self, lo: Number = 0, hi: Number = 1) -> tuple[tuple[Fraction, Fraction, int], ...]:
        """The largest intervals of [lo, hi] with one sign of slope, as (start, end, sign), from left to right.

        >>> [(str(a), str(b), sign) for a, b, sign in CPwL([0, "1/2", 1], [0, 1, 0]).monotone_pieces()]
        [('0', '1/2', 1), ('1/2', '1', -1)]
        """
        graph = combining.between(self._graph, *_interval(lo, hi))
        signs = (graph.y[1:] - graph.y[:-1]).signs()
        turns = np.flatnonzero(signs[1:] != signs[:-1]) + 1
        ends = [graph.x.at(i) for i in (0, *turns.tolist(), len(graph.x) - 1)]
        return tuple(zip(ends[:-1], ends[1:], signs[[0, *turns]].tolist(), strict=True))

    def range(self, lo: Number = 0, hi: Number = 1) -> tuple[Fraction, Fraction]:
        """The least and the greatest value on [lo, hi].

        >>> CPwL([0, 1], [3, 5]).range(0, "1/2")
        (Fraction(3, 1), Fraction(4, 1))
        """
        values = combining.between(self._graph, *_interval(lo, hi)).y
        return values.least(), values.greatest()

    def sup_distance(self, other: CPwL, lo: Number = 0, hi: Number = 1) -> Fraction:
        """The largest |self - other| on [lo, hi], exactly.

        >>> CPwL([0, "1/2", 1], [0, 1, 0]).sup_distance(CPwL.affine(0))
        Fraction(1, 1)
        """
        from relutheory.univariate.distances import sup_norm

        return sup_norm(self - _function(other, "other"), lo, hi)

    def lp_distance_power(self, other: CPwL, p: int, lo: Number = 0, hi: Number = 1) -> Fraction:
        """The integral of |self - other|^p over [lo, hi], exactly: the p-th power of the distance in L^p.

        p : integer >= 1.

        >>> CPwL([0, "1/2", 1], [0, 1, 0]).lp_distance_power(CPwL.affine(0), 2)
        Fraction(1, 3)
        """
        from relutheory.univariate.distances import lp_norm_power

        return lp_norm_power(self - _function(other, "other"), p, lo, hi)

    def distance_to(self, expression: Any, lo: Number = 0, hi: Number = 1, **options: Any) -> Any:
        """The largest |self - expression| on [lo, hi], as an Enclosure with both ends proved.

        expression : a sympy expression in one symbol, a polynomial or a callable with its modulus of continuity; the
        options and all else: `relutheory.univariate.expression_distances.distance_to`.

        >>> import sympy
        >>> near = CPwL([0, 1], [0, 1]).distance_to(sympy.sqrt(sympy.Symbol("x")), bits=20)
        >>> Fraction(1, 4) in near
        True
        """
        from relutheory.univariate.expression_distances import distance_to

        return distance_to(self, expression, lo, hi, **options)

    def integral(self, lo: Number = 0, hi: Number = 1) -> Fraction:
        """The integral over [lo, hi].

        >>> CPwL([0, "1/2", 1], [0, 1, 0]).integral()
        Fraction(1, 2)
        """
        graph = combining.between(self._graph, *_interval(lo, hi))
        return ((graph.x[1:] - graph.x[:-1]) * (graph.y[1:] + graph.y[:-1])).total() / 2

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
        first, last = float(self._graph.x.at(0)), float(self._graph.x.at(count - 1))
        where = f"at {first:.6g}" if count == 1 else f"from {first:.6g} to {last:.6g}"
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


def total(functions: Iterable[CPwL]) -> CPwL:
    """The sum of functions, added by halves: n functions of k breakpoints take n k log n steps.

    >>> total([CPwL.affine(1), CPwL.affine(2), CPwL.affine(3)])(1)
    Fraction(6, 1)
    """
    terms = [_function(f, f"functions[{i}]") for i, f in enumerate(functions)]
    if not terms:
        return CPwL.affine(0)
    while len(terms) > 1:
        pairs = [a + b for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + terms[2 * len(pairs) :]
    return terms[0]


def _vector(values: Any, name: str) -> Rationals:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        reject(name, values, "must be a sequence of numbers")
    return Rationals.of(values if isinstance(values, np.ndarray) else list(values), name)


def _check_increasing(x: Rationals, y: Rationals) -> None:
    steps = (x[1:] - x[:-1]).signs()
    if steps.min(initial=1) > 0:
        return
    i = int(np.argmax(steps <= 0))
    name, point = f"breakpoints[{i + 1}]", str(x.at(i + 1))
    if steps[i] < 0:
        reject(name, point, f"must be greater than breakpoints[{i}] = {x.at(i)}: they must increase")
    if y.at(i) == y.at(i + 1):
        reject(name, point, f"must not repeat breakpoints[{i}]")
    jump = f"the values {y.at(i)} and {y.at(i + 1)} there are a jump, and the function must be continuous"
    reject(name, point, f"must not repeat breakpoints[{i}]: {jump}")


def _interval(lo: Number, hi: Number) -> tuple[Fraction, Fraction]:
    low, high = rational(lo, "lo"), rational(hi, "hi")
    if not low < high:
        reject("hi", hi, f"must be greater than lo = {low}")
    return low, high


def _function(f: Any, name: str) -> CPwL:
    if not isinstance(f, CPwL):
        reject(name, f, "must be a CPwL function")
    return f
