"""What an expression is worth at some n: exactly, in balls, or in sympy with n as a symbol."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from typing import Any

from flint import arb, fmpz

from relutheory.core.exact import to_fmpq
from relutheory.deep_limit.families.expressions import (
    Constant,
    Exponential,
    Expression,
    Index,
    Logarithm,
    Power,
    Product,
    Sum,
    children,
)
from relutheory.deep_limit.families.rational_powers import Irrational, Undefined, rational_power


def exact_value(expression: Expression, n: int) -> Fraction:
    """The rational value at n.  Raises Irrational or Undefined where there is none."""
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Index):
        return Fraction(n)
    if isinstance(expression, Sum):
        return sum((exact_value(term, n) for term in expression.terms), Fraction(0))
    if isinstance(expression, Product):
        return reduce(lambda value, part: value * exact_value(part, n), expression.factors, Fraction(1))
    if isinstance(expression, Power):
        return rational_power(exact_value(expression.base, n), exact_value(expression.exponent, n))
    if isinstance(expression, Exponential):
        if exact_value(expression.argument, n) == 0:
            return Fraction(1)
        raise Irrational
    assert isinstance(expression, Logarithm)
    value = exact_value(expression.argument, n)
    if value <= 0:
        raise Undefined("the logarithm of a number <= 0")
    if value == 1:
        return Fraction(0)
    raise Irrational


def ball(expression: Expression, n: int) -> arb:
    """An enclosure of the value at n, at the precision of flint's context; not finite where none was found."""
    if isinstance(expression, Constant):
        return arb(to_fmpq(expression.value))
    if isinstance(expression, Index):
        return arb(n)
    if isinstance(expression, Sum):
        return sum((ball(term, n) for term in expression.terms), arb(0))
    if isinstance(expression, Product):
        return reduce(lambda value, part: value * ball(part, n), expression.factors, arb(1))
    if isinstance(expression, Exponential):
        return ball(expression.argument, n).exp()
    if isinstance(expression, Logarithm):
        return ball(expression.argument, n).log()
    assert isinstance(expression, Power)
    base = ball(expression.base, n)
    try:
        exponent = exact_value(expression.exponent, n)
    except Irrational:
        return base ** ball(expression.exponent, n)
    if exponent.denominator == 1:
        return base ** fmpz(exponent.numerator)
    if exponent == Fraction(1, 2):
        return base.sqrt()
    return base ** arb(to_fmpq(exponent))


def to_sympy(expression: Expression, n: Any) -> Any:
    """The same expression in sympy, with `n` as the symbol."""
    import sympy

    if isinstance(expression, Constant):
        return sympy.Rational(expression.value.numerator, expression.value.denominator)
    if isinstance(expression, Index):
        return n
    parts = [to_sympy(part, n) for part in children(expression)]
    if isinstance(expression, Sum):
        return sympy.Add(*parts)
    if isinstance(expression, Product):
        return sympy.Mul(*parts)
    if isinstance(expression, Power):
        return sympy.Pow(*parts)
    return sympy.exp(parts[0]) if isinstance(expression, Exponential) else sympy.log(parts[0])
