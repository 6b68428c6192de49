"""Expressions that are quotients of polynomials in n, with rational coefficients."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

from flint import fmpq, fmpq_poly

from relutheory.core.exact import to_fmpq
from relutheory.deep_limit.families.expressions import (
    ONE,
    Constant,
    Expression,
    Index,
    N,
    Power,
    Product,
    Sum,
    add,
    children,
    multiply,
    raise_to,
)

_DEGREE = 256  # of a power that is written out
Quotient = tuple[fmpq_poly, fmpq_poly]  # numerator and denominator without common factor, the latter monic


def quotient(expression: Expression) -> Quotient | None:
    """The expression as a quotient of polynomials in n, or None where it is no such quotient, or of a high degree.

    >>> quotient(multiply([N, raise_to(add([N, ONE]), Constant(Fraction(-1)))]))
    (x, x + 1)
    """
    if isinstance(expression, Constant):
        return fmpq_poly([to_fmpq(expression.value)]), fmpq_poly([1])
    if isinstance(expression, Index):
        return fmpq_poly([0, 1]), fmpq_poly([1])
    if isinstance(expression, (Sum, Product)):
        parts = [quotient(part) for part in children(expression)]
        if any(part is None for part in parts):
            return None
        combine = add_quotients if isinstance(expression, Sum) else multiply_quotients
        return reduce(combine, parts)  # type: ignore[arg-type]
    if isinstance(expression, Power) and isinstance(expression.exponent, Constant):
        k = expression.exponent.value
        base = quotient(expression.base)
        if base is None or k.denominator != 1 or abs(k) * max(part.degree() for part in base) > _DEGREE:
            return None
        top, bottom = base if k >= 0 else (base[1], base[0])
        return None if bottom == 0 else reduced(top ** abs(int(k)), bottom ** abs(int(k)))
    return None


def reduced(top: fmpq_poly, bottom: fmpq_poly) -> Quotient:
    """The same quotient without common factor, with a monic denominator."""
    common = top.gcd(bottom)
    top, bottom = (top // common, bottom // common) if common.degree() > 0 else (top, bottom)
    lead = bottom.leading_coefficient()
    return top / lead, bottom / lead


def add_quotients(a: Quotient, b: Quotient) -> Quotient:
    """a + b."""
    if a[1] == b[1]:
        return reduced(a[0] + b[0], a[1])
    return reduced(a[0] * b[1] + b[0] * a[1], a[1] * b[1])


def multiply_quotients(a: Quotient, b: Quotient) -> Quotient:
    """a b."""
    return reduced(a[0] * b[0], a[1] * b[1])


def from_quotient(value: Quotient) -> Expression:
    """The expression of a quotient of polynomials."""
    top, bottom = (
        add(
            multiply([Constant(Fraction(int(c.p), int(c.q))), raise_to(N, Constant(Fraction(i)))])
            for i, c in enumerate(poly.coeffs())
            if c != 0
        )
        for poly in value
    )
    return top if bottom == ONE else multiply([top, raise_to(bottom, Constant(Fraction(-1)))])


def integer_zeros(poly: fmpq_poly, least: int) -> list[int]:
    """The integers n >= least at which a polynomial that is not zero vanishes."""
    found = []
    for factor, _ in poly.numer().factor()[1]:
        if factor.degree() == 1:
            value = fmpq(-factor[0], factor[1])
            if value.q == 1 and int(value.p) >= least:
                found.append(int(value.p))
    return sorted(found)
