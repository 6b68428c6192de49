"""Expressions in the layer index n, kept as they were written.

An expression is a tree.  It is not simplified across a division, so that (n - 7)/(n - 7) stays undefined at n = 7.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from relutheory.deep_limit.families.rational_powers import Irrational, rational_power


class Expression:
    """A real function of n = 1, 2, ...; the nodes below are its kinds."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Constant(Expression):
    """A rational number."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Index(Expression):
    """The layer index n itself."""


@dataclass(frozen=True, slots=True)
class Sum(Expression):
    """The sum of `terms`."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Product(Expression):
    """The product of `factors`; a rational factor stands first."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Power(Expression):
    """`base` to the power `exponent`."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True, slots=True)
class Exponential(Expression):
    """e to the power `argument`."""

    argument: Expression


@dataclass(frozen=True, slots=True)
class Logarithm(Expression):
    """The natural logarithm of `argument`."""

    argument: Expression


ZERO, ONE, N = Constant(Fraction(0)), Constant(Fraction(1)), Index()


def add(terms: Iterable[Expression]) -> Expression:
    """The sum, with like terms c * core collected."""
    collected: dict[Expression, Fraction] = {}
    for term in terms:
        for part in term.terms if isinstance(term, Sum) else (term,):
            c, core = split(part)
            collected[core] = collected.get(core, Fraction(0)) + c
    # a core that cancels stays as 0 * core where it could be undefined
    parts = [scale(c, core) for core, c in collected.items() if c or not total(core)]
    if not parts:
        return ZERO
    return parts[0] if len(parts) == 1 else Sum(tuple(parts))


def multiply(factors: Iterable[Expression]) -> Expression:
    """The product, with numbers and powers of n collected."""
    number, others = Fraction(1), []
    powers: dict[Expression, Fraction] = {}  # of n and of positive numbers
    for factor in factors:
        for part in factor.factors if isinstance(factor, Product) else (factor,):
            if isinstance(part, Constant):
                number *= part.value
            elif isinstance(part, Index):
                powers[N] = powers.get(N, Fraction(0)) + 1
            elif isinstance(part, Power) and _plain(part.base) and isinstance(part.exponent, Constant):
                powers[part.base] = powers.get(part.base, Fraction(0)) + part.exponent.value
            else:
                others.append(part)
    for base, exponent in powers.items():
        value = raise_to(base, Constant(exponent))
        if isinstance(value, Constant):
            number *= value.value
        else:
            others.insert(0, value)
    if number == 0 and all(total(part) for part in others):
        return ZERO
    if number != 1 or not others:
        others.insert(0, Constant(number))
    return others[0] if len(others) == 1 else Product(tuple(others))


def _plain(base: Expression) -> bool:
    """Whether this is n or a positive number, of which powers of powers multiply."""
    return isinstance(base, Index) or (isinstance(base, Constant) and base.value > 0)


def scale(c: Fraction, core: Expression) -> Expression:
    """c times an expression."""
    return multiply([Constant(c), core])


def raise_to(base: Expression, exponent: Expression) -> Expression:
    """base ** exponent.  Raises Undefined where a constant has no such power."""
    if isinstance(exponent, Constant):
        if isinstance(base, Constant):
            try:
                return Constant(rational_power(base.value, exponent.value))
            except Irrational:
                return Power(base, exponent)
        if exponent.value == 1:
            return base
        if exponent.value == 0 and total(base):
            return ONE
        if isinstance(base, Power) and _plain(base.base) and isinstance(base.exponent, Constant):
            return raise_to(base.base, Constant(base.exponent.value * exponent.value))
    return Power(base, exponent)


def split(term: Expression) -> tuple[Fraction, Expression]:
    """(c, core) with term = c * core and c rational."""
    if isinstance(term, Constant):
        return term.value, ONE
    if isinstance(term, Product) and isinstance(term.factors[0], Constant):
        rest = term.factors[1:]
        return term.factors[0].value, rest[0] if len(rest) == 1 else Product(rest)
    return Fraction(1), term


def total(expression: Expression) -> bool:
    """Whether the expression certainly has a value at every n >= 1."""
    if isinstance(expression, (Constant, Index)):
        return True
    if isinstance(expression, (Sum, Product)):
        parts = expression.terms if isinstance(expression, Sum) else expression.factors
        return all(map(total, parts))
    if isinstance(expression, Exponential):
        return total(expression.argument)
    if isinstance(expression, Logarithm):
        return expression.argument == N
    if isinstance(expression, Power):
        base, exponent = expression.base, expression.exponent
        if base == N or (isinstance(base, Constant) and base.value > 0):
            return total(exponent)
        whole = isinstance(exponent, Constant) and exponent.value.denominator == 1 and exponent.value >= 0
        return whole and total(base)
    return False


def has_index(expression: Expression) -> bool:
    """Whether n occurs."""
    if isinstance(expression, Index):
        return True
    return any(map(has_index, children(expression)))


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that this one is made of."""
    if isinstance(expression, Sum):
        return expression.terms
    if isinstance(expression, Product):
        return expression.factors
    if isinstance(expression, Power):
        return expression.base, expression.exponent
    if isinstance(expression, (Exponential, Logarithm)):
        return (expression.argument,)
    return ()
