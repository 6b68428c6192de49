"""Formulas in n as quotients of polynomials, or as sums of terms c n^p r^n (log n)^k.

The entries of a matrix family are sums of few functions of n with rational factors: what a function is, is asked of
computer algebra once (the caches), and put together from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flint import fmpq, fmpq_poly

from relutheory.deep_limit.balls import constant_sign
from relutheory.deep_limit.families.quotients import add_quotients, reduced

DEGREE = 200  # of polynomials and of r^(k n) that are worked with


@dataclass(frozen=True)
class Ratio:
    """num(n) / den(n) with rational coefficients, den not zero."""

    num: fmpq_poly
    den: fmpq_poly

    @property
    def decay(self) -> int:
        """The p with f(n) ~ c n^-p (large where f vanishes)."""
        return 10**9 if self.num.degree() < 0 else self.den.degree() - self.num.degree()

    def leading(self) -> fmpq:
        """The c with f(n) ~ c n^-p."""
        return self.num.leading_coefficient() / self.den.leading_coefficient()


@dataclass(frozen=True)
class Term:
    """c n^p r^n (log n)^k, with c a sympy number != 0."""

    c: Any
    p: Fraction
    r: Fraction
    k: int

    @property
    def growth(self) -> tuple[Fraction, Fraction, int]:
        """Terms of larger growth dominate."""
        return (abs(self.r), self.p, self.k)

    def vanishes(self) -> bool:
        """Whether the term tends to 0."""
        return self.growth < (Fraction(1), Fraction(0), 0)

    def summable(self) -> bool:
        """Whether the sum of the absolute values is finite."""
        return self.growth < (Fraction(1), Fraction(-1), -1)


def polynomial(expression: Any, n: Any) -> fmpq_poly | None:
    """A polynomial in n with rational coefficients, or None."""
    import sympy

    try:
        poly = sympy.Poly(expression, n, domain="QQ")
    except (sympy.PolynomialError, sympy.CoercionFailed, ValueError):
        return None
    return fmpq_poly([fmpq(int(c.numerator), int(c.denominator)) for c in reversed(poly.rep.to_list())])


def summands(expression: Any) -> list[tuple[Any, Any]]:
    """The expression as a sum of rational numbers times functions of n, of which the entries of a matrix share few."""
    import sympy

    return [part.as_coeff_Mul(rational=True) for part in sympy.Add.make_args(expression)]


def ratio(expression: Any, n: Any) -> Ratio | None:
    """`expression` as a quotient of polynomials in n in lowest terms, or None where it is none."""
    value = fmpq_poly([0]), fmpq_poly([1])
    for c, function in summands(expression):
        one = _one_ratio(function, n)
        if one is None:
            return None
        value = add_quotients(value, (one.num * fmpq(int(c.p), int(c.q)), one.den))
    return Ratio(*value)


@lru_cache(maxsize=4096)
def _one_ratio(expression: Any, n: Any) -> Ratio | None:
    import sympy

    if expression.has(sympy.Float) or largest_power(expression) > DEGREE or not expression.is_rational_function(n):
        return None
    num, den = sympy.fraction(sympy.cancel(sympy.together(expression)))
    p, q = polynomial(num, n), polynomial(den, n)
    return None if p is None or q is None else Ratio(*reduced(p, q))


def largest_power(expression: Any, *, sums: bool = False) -> int:
    """The largest exponent of a power (`sums`: of a sum) in the expression: what expanding it would take."""
    import sympy

    found = [e for e in expression.atoms(sympy.Pow) if e.exp.is_Rational and (e.base.is_Add or not sums)]
    return max((int(sympy.ceiling(abs(e.exp))) for e in found), default=0)


def terms(expression: Any, n: Any) -> list[Term] | None:
    """`expression` as terms c n^p r^n (log n)^k with different (p, r, k), or None where it is no such sum."""
    import sympy

    found: dict[tuple[Fraction, Fraction, int], Any] = {}
    for factor, function in summands(expression):
        parts = _one_terms(function, n)
        if parts is None:
            return None
        for one in parts:
            key = (one.p, one.r, one.k)
            found[key] = found.get(key, sympy.Integer(0)) + factor * one.c
    out = []
    for (p, r, k), c in found.items():
        c = c if c.is_Rational else sympy.simplify(c)
        if c != 0:
            if not constant_sign(c):
                return None
            out.append(Term(c, p, r, k))
    return out


@lru_cache(maxsize=4096)
def _one_terms(expression: Any, n: Any) -> tuple[Term, ...] | None:
    import sympy

    if largest_power(expression, sums=True) > DEGREE:
        return None
    parts = [_term(part, n) for part in sympy.Add.make_args(sympy.expand(expression, power_base=True))]
    known = tuple(part for part in parts if part is not None)
    return known if len(known) == len(parts) else None


def _term(part: Any, n: Any) -> Term | None:
    import sympy

    c, p, r, k = sympy.Integer(1), Fraction(0), Fraction(1), 0
    for factor in sympy.Mul.make_args(part):
        base, exponent = factor.as_base_exp()
        if not factor.has(n):
            c *= factor
        elif base == n and exponent.is_Rational:
            p += Fraction(int(exponent.p), int(exponent.q))
        elif base == sympy.log(n) and exponent.is_Integer:
            k += int(exponent)
        elif base.is_Rational and base != 0 and exponent.is_polynomial(n) and sympy.degree(exponent, n) == 1:
            slope, shift = exponent.coeff(n, 1), exponent.coeff(n, 0)
            if not slope.is_Integer or abs(slope) > DEGREE or not abs(shift) <= DEGREE:
                return None
            r *= Fraction(int(base.p), int(base.q)) ** int(slope)
            c *= base**shift
        else:
            return None
    return Term(c, p, r, k) if c.is_real else None
