"""How far a piecewise linear function is from a polynomial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpq_poly

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational, to_fmpq
from relutheory.core.verdict import Enclosure
from relutheory.univariate.distances import EVALUATIONS, MOST_BITS, MOST_POWER, graph_on, parts, searched
from relutheory.univariate.inputs import sequence, whole
from relutheory.univariate.jets import Jet
from relutheory.univariate.measured import Measured
from relutheory.univariate.merging import objects
from relutheory.univariate.rationals import Rationals, scalar


def sup_distance_to_polynomial(
    f: Measured, coefficients: Sequence[Number], lo: Number = 0, hi: Number = 1, *, bits: int = 53
) -> Enclosure:
    """The largest |f - q| on [lo, hi] for a polynomial q; exact where q has degree at most 2.

    f : CPwL.  coefficients : numbers, q = c_0 + c_1 x + ...  bits : for a higher degree, the ends differ by at most
    2^-bits of the lower one.  Returns an Enclosure.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> sup_distance_to_polynomial(CPwL([0, 1], [0, 1]), [0, 0, 1]).lo
    Fraction(1, 4)
    """
    c, bits = _coefficients(coefficients), whole("bits", bits, 1, MOST_BITS)
    if len(c) > 3:
        return searched(f, c, _polynomial_jet(c), lo, hi, bits, EVALUATIONS)
    graph = graph_on(f._graph, lo, hi)
    largest = (_values(c, graph.x) - graph.y).magnitudes().greatest()
    if len(c) == 3 and c[2]:
        # q' is the slope of the piece at one point
        slopes = graph.steps()
        turns = (slopes - scalar(c[1])) * scalar(1 / (2 * c[2]))
        inside = ((turns - graph.x[:-1]).signs() > 0) & ((turns - graph.x[1:]).signs() < 0)
        if inside.any():
            turns = turns[inside]
            lines = graph.y[:-1][inside] + slopes[inside] * (turns - graph.x[:-1][inside])
            largest = max(largest, (_values(c, turns) - lines).magnitudes().greatest())
    return Enclosure.exact(largest)


def lp_distance_power_to_polynomial(
    f: Measured, coefficients: Sequence[Number], p: int, lo: Number = 0, hi: Number = 1
) -> Fraction:
    """The integral of |f - q|^p over [lo, hi] for a polynomial q and even p, exactly.

    f : CPwL.  coefficients : numbers, q = c_0 + c_1 x + ...  p : even integer from 2 to 1000.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> lp_distance_power_to_polynomial(CPwL([0, 1], [0, 1]), [0, 0, 1], 2)
    Fraction(1, 30)
    """
    if whole("p", p, 2, MOST_POWER) % 2:
        reject("p", p, "must be even: for others |f - q|^p is no polynomial on the pieces")
    q = fmpq_poly([to_fmpq(c) for c in _coefficients(coefficients)])
    integrals = []
    for part in parts(graph_on(f._graph, lo, hi)):
        power = ((q - fmpq_poly([part.value - part.slope * part.point, part.slope])) ** int(p)).integral()
        integrals.append(power(part.high) - power(part.low))
    return Rationals(objects(integrals)).total()


def _values(c: list[Fraction], x: Rationals) -> Rationals:
    """The polynomial at points."""
    value = Rationals(np.zeros(len(x), np.int64))
    for coefficient in reversed(c):
        value = value * x + scalar(coefficient)
    return value


def _polynomial_jet(c: list[Fraction]) -> Callable[[arb, int], Jet]:
    derivatives = [[to_fmpq(v) for v in reversed(c)]]
    for _ in range(2):
        ahead = derivatives[-1]
        degree = len(ahead) - 1
        derivatives.append([v * (degree - i) for i, v in enumerate(ahead[:-1])])

    def jet(x: arb, order: int) -> Jet:
        out = []
        for row in derivatives[: order + 1]:
            value = arb(0)
            for v in row:
                value = value * x + v
            out.append(value)
        return out

    return jet


def _coefficients(given: Any) -> list[Fraction]:
    c = [rational(v, f"coefficients[{i}]") for i, v in enumerate(sequence(given, "coefficients"))]
    while c and not c[-1]:
        c.pop()
    return c or [Fraction(0)]


def as_polynomial(expression: Any, most: int = 100) -> list[Fraction] | None:
    """The coefficients of a sympy polynomial with rational coefficients, None for other expressions.

    most : None too for what may have a higher degree once it is multiplied out.
    """
    import sympy

    if not isinstance(expression, sympy.Expr):
        return None
    symbols = expression.free_symbols
    if len(symbols) > 1 or not expression.is_polynomial(*symbols) or _degree(expression) > most:
        return None
    symbol = symbols.pop() if symbols else sympy.Symbol("x")
    poly = sympy.Poly(expression, symbol)
    if not all(c.is_Rational for c in poly.all_coeffs()):
        return None
    return [Fraction(int(c.p), int(c.q)) for c in reversed(poly.all_coeffs())]


def _degree(e: Any) -> int:
    """An upper bound of the degree of a polynomial."""
    if not e.free_symbols:
        return 0
    if e.is_Pow:
        return _degree(e.base) * int(e.exp)
    parts = [_degree(part) for part in e.args] or [1]
    return sum(parts) if e.is_Mul else max(parts)
