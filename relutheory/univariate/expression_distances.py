"""How far a piecewise linear function is from an expression, or from a function with a modulus of continuity."""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational, to_fmpq
from relutheory.core.verdict import Enclosure
from relutheory.univariate.distances import EVALUATIONS, MOST_BITS, searched
from relutheory.univariate.expressions import jets_of
from relutheory.univariate.inputs import whole
from relutheory.univariate.jets import Jet
from relutheory.univariate.measured import Measured
from relutheory.univariate.polynomial_distances import as_polynomial, sup_distance_to_polynomial


def distance_to(
    f: Measured,
    expression: Any,
    lo: Number = 0,
    hi: Number = 1,
    *,
    bits: int = 53,
    modulus: Any = None,
    evaluations: int = EVALUATIONS,
) -> Enclosure:
    """The largest |f - expression| on [lo, hi], with both ends proved.

    f : CPwL.  expression : a sympy expression in one symbol (`expressions.jets_of` lists what may stand in it), a
    CPwL, or a function that takes a Fraction and returns a number, taken for exact, or a proved Enclosure or flint arb.
    modulus : for such a function how far it can go within a distance: a number C for C |x - y|, a pair (C, a) for
    C |x - y|^a with 0 < a <= 1, or a function of a Fraction that returns a number or Enclosure, not negative.
    bits : from 1 to 4000; the ends differ by at most 2^-bits of the lower one, or are below 4^-bits of the size of f.
    evaluations : of the expression, besides two to five on each piece of f; when they are used up the ends that are
    proved by then are returned, further apart.  Next to a jump they come no closer than 2^-27 of its height.
    Returns an Enclosure, EXACT for a CPwL and for a polynomial of degree at most 2.
    Raises InputError where the expression is not known to be bounded on [lo, hi], or is found not to be real somewhere;
    the distance is that over all points where it is real.

    >>> import sympy
    >>> from relutheory.univariate.cpwl import CPwL
    >>> x = sympy.Symbol("x")
    >>> distance_to(CPwL([0, "1/4", 1], [0, "1/2", 1]), sympy.sqrt(x)).width < Fraction(1, 2**55)
    True
    >>> distance_to(CPwL([0, 1], [0, 1]), lambda x: x * x, modulus=2, bits=8).lo
    Fraction(1, 4)
    """
    whole("bits", bits, 1, MOST_BITS)
    whole("evaluations", evaluations, 1)
    if isinstance(expression, Measured):
        return Enclosure.exact(f.sup_distance(expression, lo, hi))
    if callable(expression) and not hasattr(expression, "free_symbols"):
        if modulus is None:
            reject("modulus", None, "must be given for a function: its values at points alone bound nothing")
        return searched(f, expression, _function_jet(expression), lo, hi, bits, evaluations, _spread(modulus))
    coefficients = as_polynomial(expression)
    if coefficients is not None and len(coefficients) <= 3:
        return sup_distance_to_polynomial(f, coefficients, lo, hi)
    return searched(f, expression, jets_of(expression), lo, hi, bits, evaluations)


def _ball(value: Any, name: str) -> arb:
    if isinstance(value, arb):
        return value
    if not isinstance(value, Enclosure):
        return arb(to_fmpq(rational(value, name)))
    if not value.rigor.proves:
        reject(name, value, "must have proved ends: what is built on others is not proved")
    return arb(to_fmpq(value.lo)).union(arb(to_fmpq(value.hi)))


def _function_jet(function: Callable[[Fraction], Any]) -> Callable[[Any, int], Jet]:
    def jet(x: fmpq, order: int) -> Jet:
        return [_ball(function(rational(x)), "expression(x)")]

    return jet


def _spread(modulus: Any) -> Callable[[fmpq], arb]:
    """How far a function goes within a distance, as a function of the distance."""
    if callable(modulus):
        return functools.partial(_spread_of, modulus)
    constant, exponent = modulus if isinstance(modulus, (tuple, list)) and len(modulus) == 2 else (modulus, 1)
    C, a = rational(constant, "modulus"), rational(exponent, "modulus[1]")
    if C < 0:
        reject("modulus", constant, "must not be negative")
    if not 0 < a <= 1:
        reject("modulus[1]", exponent, "must be an exponent in (0, 1]")
    return lambda r: arb(to_fmpq(C)) * arb(r) ** arb(to_fmpq(a))


def _spread_of(modulus: Callable[[Fraction], Any], r: fmpq) -> arb:
    far = _ball(modulus(rational(r)), "modulus(r)")
    if far < 0:
        reject("modulus(r)", float(far), "must not be negative")
    return far
