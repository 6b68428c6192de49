"""Products c u^p log(d |u|^m)^k with p > 0: they tend to 0 with u, which no ball of the logarithm tells."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flint import arb, fmpq

from relutheory.univariate.factors import Factor, to_rational
from relutheory.univariate.jets import UNKNOWN, Jet, Node, NotRealError, chained, folded, log, multiply, to_power


def power_times_log(power: fmpq, k: int, odd: bool | None, u: arb, order: int) -> Jet:
    """u^p log(u)^k for p > 0 and k = 1, 2, ..., which is 0 at 0.

    odd : None where u >= 0; else u^p log(|u|)^k for a whole p, odd or even.
    """
    if not u.is_finite():
        return [UNKNOWN] * (order + 1)
    if u > 0:
        power_of_log = chained(functools.partial(to_power, fmpq(k)), log, u, order)
        return multiply(to_power(power, u, order), power_of_log)
    if odd is None and u < 0:
        raise NotRealError
    if odd is not None and u < 0:
        mirrored = power_times_log(power, k, None, -u, order)
        return [-d if odd != (j == 1) else d for j, d in enumerate(mirrored)]
    values = _from_zero(power, k, u.upper())
    if odd is not None:
        left = _from_zero(power, k, (-u).upper())
        values = values.union(-left if odd else left)
    return [values, *[UNKNOWN] * order]


def _from_zero(power: fmpq, k: int, top: arb) -> arb:
    """The values of u^p log(u)^k for 0 <= u <= top: monotone up to the turn at exp(-k/p), and from there to 1."""
    if not top > 0:
        return arb(0)
    p = arb(power)
    values = arb(0).union(top**p * top.log() ** k)
    return values if top < (-k / p).exp() else values.union((-k / (p * arb.const_e())) ** k)


def limit_at_zero(power: Factor, logarithm: Factor, node: Callable[[Any], Node]) -> Node | None:
    """The node of the product of two factors, where they are c b^p and log(d |b|^m)^k; None where they are not.

    node : makes the node of an expression.
    """
    import sympy

    inside = inside_of(logarithm)
    if inside is None or power.power <= 0:
        return None
    scale, u, m, absolute = inside
    b, p, k = power.base, power.power, logarithm.power
    if absolute and b == sympy.Abs(u):
        absolute = False
    elif b == -u and m.is_Integer:
        scale *= (-1) ** m
    elif b != u:
        return None
    sign = -1 if scale.is_negative else 1
    # log(-x) is real where x < 0, and all is in terms of -x then; log(-x^2) and log(-sqrt(x)) are real nowhere
    if sign < 0 and (absolute or not (m.is_Integer and m % 2 and p.is_Integer)):
        return None
    # with t = s b, where d = s^m:  c b^p (m log|t|)^k = c m^k s^-p t^p log|t|^k
    s = sign * (sign * scale) ** (1 / m)
    constant = node(power.content * m**k / s**p)
    odd = bool(p % 2) if absolute and p.is_Integer else None
    rule = functools.partial(power_times_log, to_rational(p), int(k), odd)
    return functools.partial(folded, multiply, [constant, functools.partial(chained, rule, node(s * b))])


def inside_of(factor: Factor) -> tuple[Any, Any, Any, bool] | None:
    """d, b, m of a factor log(d b^m)^k, k = 1, 2, ..., and whether b stands for |b|; None for others."""
    import sympy

    logarithm, k = factor.base, factor.power
    if not isinstance(logarithm, sympy.log) or not logarithm.free_symbols or not (k.is_Integer and k > 0):
        return None
    inside = Factor.of(logarithm.args[0])
    if isinstance(inside.base, sympy.Abs):
        part, m = Factor.of(inside.base.args[0]), inside.power
        return inside.content * abs(part.content) ** m, part.base, m * part.power, True
    even = inside.power.is_Integer and inside.power % 2 == 0  # then b^m = |b|^m
    return inside.content, inside.base, inside.power, bool(even)


def paired(factors: list[Factor], node: Callable[[Any], Node]) -> tuple[Node, list[Factor]]:
    """The node of a product, with powers and logarithms of the same taken together, and the factors that are left."""
    left, parts = list(factors), []
    for logarithm in factors:
        for power in left:
            limit = limit_at_zero(power, logarithm, node)
            if limit is not None and logarithm in left:
                left.remove(power)
                left.remove(logarithm)
                parts.append(limit)
                break
    return functools.partial(folded, multiply, [*parts, *(node(factor.whole) for factor in left)]), left
