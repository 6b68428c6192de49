"""From an expression in n to its scales for all n >= N.

1/f, roots, exp and log are reduced to functions near 1 by taking out the largest scale of f.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

from flint import arb, fmpq

from relutheory.core.exact import to_fmpq
from relutheory.deep_limit.families.asymptotics import (
    Asymptotic,
    Coefficient,
    NoExpansion,
    bounded,
    collected,
    constant,
    span,
)
from relutheory.deep_limit.families.expressions import (
    Constant,
    Exponential,
    Expression,
    Logarithm,
    Power,
    Product,
    Sum,
    children,
    has_index,
)
from relutheory.deep_limit.families.monomials import Base, Monomial
from relutheory.deep_limit.families.near_one import of_unit
from relutheory.deep_limit.families.quotients import Quotient, quotient
from relutheory.deep_limit.families.rational_powers import Irrational
from relutheory.deep_limit.families.values import ball, exact_value


def alternates(expression: Expression) -> bool:
    """Whether a negative number is raised to a power that depends on n."""
    if isinstance(expression, Power) and isinstance(expression.base, Constant):
        return has_index(expression.exponent) and (expression.base.value < 0 or alternates(expression.exponent))
    return any(map(alternates, children(expression)))


def expand(expression: Expression, N: int, parity: int | None = None) -> Asymptotic:
    """The expression for all n >= N, N >= 8; with a parity 0 or 1, for those n of that parity.

    Raises NoExpansion where no rule applies, or none for so small an N.
    """
    value = quotient(expression)
    if value is not None:
        return _quotient(value, N)
    if not has_index(expression):
        try:
            return constant(to_fmpq(exact_value(expression, N)), N)
        except Irrational:
            return constant(bounded(ball(expression, N)), N)
    if isinstance(expression, (Sum, Product)):
        parts = [expand(part, N, parity) for part in children(expression)]
        return reduce(Asymptotic.plus if isinstance(expression, Sum) else Asymptotic.times, parts)
    if isinstance(expression, Exponential):
        return exponential(expand(expression.argument, N, parity))
    if isinstance(expression, Logarithm):
        return logarithm(expand(expression.argument, N, parity))
    assert isinstance(expression, Power)
    if isinstance(expression.exponent, Constant):
        return power(expand(expression.base, N, parity), expression.exponent.value)
    if isinstance(expression.base, Constant) and expression.base.value != 0:
        return _of_constant(expression.base.value, expression.exponent, N, parity)
    return exponential(expand(expression.exponent, N, parity).times(logarithm(expand(expression.base, N, parity))))


def _quotient(value: Quotient, N: int) -> Asymptotic:
    """A quotient of polynomials in n."""
    top, bottom = (
        collected([(Monomial(p=Fraction(-i)), c) for i, c in enumerate(poly.coeffs())], N)
        if poly.degree() > 0
        else constant(poly[0], N)
        for poly in value
    )
    return top if value[1] == 1 else top.times(power(bottom, Fraction(-1)))


def _of_constant(r: Fraction, exponent: Expression, N: int, parity: int | None) -> Asymptotic:
    """r ** exponent for a rational r other than 0."""
    value = quotient(exponent)
    if r < 0:
        whole = value is not None and value[1] == 1 and all(c.q == 1 for c in value[0].coeffs())
        if parity is None or not whole:
            raise NoExpansion(
                "a negative number to the power of something that is not a polynomial with whole coefficients"
            )
        assert value is not None
        sign = 1 if int(value[0](fmpq(parity)).p) % 2 == 0 else -1
        return _of_constant(-r, exponent, N, parity).scaled(fmpq(sign))
    if r == 1:
        return constant(fmpq(1), N)
    if value is not None and value[1] == 1 and value[0].degree() <= 1:
        slope, offset = _fraction(value[0][1]), _fraction(value[0][0])
        return collected([(Monomial(Base.power(r, slope)), _constant_power(to_fmpq(r), offset))], N)
    return exponential(expand(exponent, N, parity).scaled(arb(to_fmpq(r)).log()))


def power(f: Asymptotic, q: Fraction) -> Asymptotic:
    """f ** q for a rational q; f must be seen not to vanish where q < 0, and to be positive where q is no integer."""
    if q.denominator == 1 and 0 <= q <= 16:
        return reduce(Asymptotic.times, [f] * int(q), constant(fmpq(1), f.N))
    scale, c, rest = _unit(f)
    front = collected([(scale.to_the(q), _constant_power(c, q))], f.N)
    return front.times(of_unit(rest, "power", q))


def logarithm(f: Asymptotic) -> Asymptotic:
    """log f, f being seen to be positive."""
    scale, c, rest = _unit(f)
    if not c > 0 or scale.k != 0:
        raise NoExpansion("the logarithm of a logarithm, or of something not seen to be positive")
    terms: list[tuple[Monomial, Coefficient]] = [(Monomial(k=Fraction(1)), to_fmpq(-scale.p))]
    if not scale.base.is_one:
        rate = to_fmpq(scale.base.a) if scale.base.R == 1 else scale.base.log()
        terms.append((Monomial(p=Fraction(-1)), rate))
    if c != 1 or isinstance(c, arb):
        terms.append((Monomial(), arb(c).log()))
    return collected(terms, f.N).plus(of_unit(rest, "log", Fraction(0)))


def exponential(f: Asymptotic) -> Asymptotic:
    """e ** f; where f tends to -infinity in a way that is no scale, an upper bound (a coefficient in [0, 1])."""
    base, p, factor, small = Base(), Fraction(0), constant(fmpq(1), f.N), []
    large = []
    for scale, c in f.terms.items():
        if scale.is_one:
            factor = factor.scaled(arb(c).exp())
        elif scale.direction() < 0:
            small.append((scale, c))
        elif scale == Monomial(p=Fraction(-1)) and isinstance(c, fmpq):
            base = base.times(Base(a=_fraction(c)))
        elif scale == Monomial(k=Fraction(1)) and isinstance(c, fmpq):
            p -= _fraction(c)
        else:
            large.append((scale, c))
    value = factor.times(collected([(Monomial(base, p), fmpq(1))], f.N))
    if large:
        value = value.times(_vanishing(collected(large, f.N)))
    return value.times(of_unit(collected(small, f.N), "exp", Fraction(0)))


def _vanishing(f: Asymptotic) -> Asymptotic:
    """An upper bound of e ** f by a scale: f <= -a n, or f <= -a log n, for all n >= N."""
    for unit in (Monomial(p=Fraction(-1)), Monomial(k=Fraction(1))):
        highest = arb(0)
        for scale, c in f.terms.items():
            quotient_ = scale.times(unit, -1)
            inverse = Monomial().times(quotient_, -1)
            if c < 0 and inverse.falls_from(f.N):
                highest += arb(c) * quotient_.at(f.N)  # grows in size: most at N
            elif quotient_.falls_from(f.N):
                highest += arb(c) * span(quotient_, f.N)
            else:
                break
        else:
            a = _below(-highest)
            if a > 0:
                scale = Monomial(base=Base(a=-a)) if unit.p else Monomial(p=a)
                return collected([(scale, arb(0.5, 0.5))], f.N)
    raise NoExpansion("an exponential that is not seen to vanish")


def _below(value: arb) -> Fraction:
    """A short rational that is not more than any number of the ball (0 where that is not positive)."""
    low = value.lower()
    if not low > 0:
        return Fraction(0)
    mantissa, exponent = (int(v) for v in low.man_exp())
    shift = max(0, mantissa.bit_length() - 24)
    return Fraction(mantissa >> shift) * Fraction(2) ** (exponent + shift)


def _unit(f: Asymptotic) -> tuple[Monomial, Coefficient, Asymptotic]:
    """(scale, c, u) with f = c scale (1 + u), u small."""
    scale, c = f.leading()
    if isinstance(c, arb) and c.contains(0):
        raise NoExpansion("a leading coefficient that is not separated from zero")
    others = [(m.times(scale, -1), d / c) for m, d in f.terms.items() if m != scale]
    return scale, c, collected(others, f.N)


def _constant_power(c: Coefficient, q: Fraction) -> Coefficient:
    """c ** q, a rational number where it is seen to be one."""
    if isinstance(c, fmpq):
        try:
            return to_fmpq(exact_value(Power(Constant(_fraction(c)), Constant(q)), 1))
        except Irrational:
            c = arb(c)
        except ArithmeticError as error:
            raise NoExpansion(str(error)) from None
    if q.denominator == 1:
        return bounded(arb(c) ** arb(q.numerator))
    if not c > 0:
        raise NoExpansion("a root of something not seen to be positive")
    return bounded((c.log() * arb(to_fmpq(q))).exp())


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))
