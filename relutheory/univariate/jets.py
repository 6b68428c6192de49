"""Rules for values and two derivatives in ball arithmetic: sums, products, and the functions of expressions.

A jet holds a value and as many derivatives as were asked for, each a ball.  Where a derivative does not exist
everywhere, as that of |u| at 0, the first one is a ball that holds all slopes of the function between points of the
argument, and the second is not finite.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from flint import arb, fmpq, fmpz

Jet = list[arb]
Rule = Callable[[arb, int], Jet]  # of a function: of the ball of its argument, and the order of the jet
Node = Callable[[arb, int], Jet]  # of an expression: of the ball of the variable, and the order
UNKNOWN = arb("nan")


class NotRealError(Exception):
    """The expression has no real value at any point of the ball."""


def add(u: Jet, v: Jet) -> Jet:
    """u + v."""
    return [a + b for a, b in zip(u, v, strict=True)]


def multiply(u: Jet, v: Jet) -> Jet:
    """u v."""
    out = [u[0] * v[0]]
    if len(u) > 1:
        out.append(u[1] * v[0] + u[0] * v[1])
    if len(u) > 2:
        out.append(u[2] * v[0] + 2 * u[1] * v[1] + u[0] * v[2])
    return out


def chained(rule: Rule, inner: Node, x: arb, order: int) -> Jet:
    """f(u) for the rule of f and the node of u."""
    u = inner(x, order)
    f = rule(u[0], order)
    if order == 0:
        return f
    out = [f[0], f[1] * u[1]]
    if order > 1:
        out.append(f[2] * u[1] * u[1] + f[1] * u[2])
    return out


def folded(combine: Callable[[Jet, Jet], Jet], parts: list[Node], x: arb, order: int) -> Jet:
    """The nodes combined, as by `add` to their sum."""
    return functools.reduce(combine, (part(x, order) for part in parts))


def larger(u: Jet, v: Jet) -> Jet:
    """max(u, v)."""
    if u[0] >= v[0]:
        return u
    if u[0] <= v[0]:
        return v
    return [u[0].max(v[0]), *(a.union(b) for a, b in zip(u[1:2], v[1:2], strict=True)), UNKNOWN][: len(u)]


def smaller(u: Jet, v: Jet) -> Jet:
    """min(u, v)."""
    return [-a for a in larger([-a for a in u], [-b for b in v])]


def _from_zero(u: arb) -> arb:
    """The ball without what is negative.  Raises NotRealError where nothing is left."""
    if u < 0:
        raise NotRealError
    return u if u > 0 else arb(0).union(u.upper())


def to_power(power: fmpq, u: arb, order: int) -> Jet:
    """u^p and the derivatives p u^(p-1) and p (p-1) u^(p-2)."""
    out, factor = [], fmpq(1)
    for _ in range(order + 1):
        out.append(arb(factor) * _one_power(u, power) if factor else arb(0))
        factor *= power
        power -= 1
    return out


def _one_power(u: arb, power: fmpq) -> arb:
    if power.q == 1:
        n = int(power.p)
        if n >= 0 and n % 2 == 0 and not (u > 0 or u < 0):
            return arb(0).union(u.abs_upper() ** n) if n else arb(1)
        return u**n if n >= 0 or u > 0 or u < 0 else UNKNOWN
    if u < 0:
        raise NotRealError
    if u > 0:
        return u ** arb(power)
    return arb(0).union(_from_zero(u).upper() ** arb(power)) if power > 0 and u.upper() > 0 else _at_zero(u, power)


def _at_zero(u: arb, power: fmpq) -> arb:
    return arb(0) if power > 0 and u.is_zero() else UNKNOWN


def exp(u: arb, order: int) -> Jet:
    """exp(u)."""
    return [u.exp()] * (order + 1)


def log(u: arb, order: int) -> Jet:
    """log(u)."""
    if u < 0:
        raise NotRealError
    if not u > 0:
        return [UNKNOWN] * (order + 1)
    return [u.log(), 1 / u, -1 / (u * u)][: order + 1]


def _sin(u: arb, order: int) -> Jet:
    s, c = u.sin_cos()
    return [s, c, -s][: order + 1]


def _cos(u: arb, order: int) -> Jet:
    s, c = u.sin_cos()
    return [c, -s, -c][: order + 1]


def _tan(u: arb, order: int) -> Jet:
    t = u.tan()
    return [t, 1 + t * t, 2 * t * (1 + t * t)][: order + 1]


def _sinh(u: arb, order: int) -> Jet:
    s, c = u.sinh_cosh()
    return [s, c, s][: order + 1]


def _cosh(u: arb, order: int) -> Jet:
    s, c = u.sinh_cosh()
    return [c, s, c][: order + 1]


def _tanh(u: arb, order: int) -> Jet:
    t = u.tanh()
    return [t, 1 - t * t, -2 * t * (1 - t * t)][: order + 1]


def _atan(u: arb, order: int) -> Jet:
    d = 1 / (1 + u * u)
    return [u.atan(), d, -2 * u * d * d][: order + 1]


def _asin(u: arb, order: int) -> Jet:
    if u > 1 or u < -1:
        raise NotRealError
    if not u.is_finite():
        return [UNKNOWN] * (order + 1)
    # increasing, so that the ends give the values; what lies beyond -1 and 1 by rounding alone is taken for these
    low, high = (arb(-1) if end <= -1 else arb(1) if end >= 1 else end for end in (u.lower(), u.upper()))
    rest = 1 - u * u
    d = 1 / rest.sqrt() if rest > 0 else UNKNOWN
    return [low.asin().union(high.asin()), d, u * d * d * d][: order + 1]


def _acos(u: arb, order: int) -> Jet:
    value, *others = _asin(u, order)
    return [arb.pi() / 2 - value, *(-d for d in others)]


def _erf(u: arb, order: int) -> Jet:
    d = 2 * (-u * u).exp() / arb.const_sqrt_pi()
    return [u.erf(), d, -2 * u * d][: order + 1]


def _abs(u: arb, order: int) -> Jet:
    if u >= 0 or u <= 0:
        return [abs(u), arb(1 if u >= 0 else -1), arb(0)][: order + 1]
    return [arb(0).union(u.abs_upper()), arb(0, 1), UNKNOWN][: order + 1]


def _steps(value: Callable[[arb], arb | None], every: Callable[[arb], arb]) -> Rule:
    """The rule of a function with jumps: `value` where it is constant on the ball, `every` holds all its values."""

    def rule(u: arb, order: int) -> Jet:
        known = value(u)
        if known is None:
            return [every(u), *[UNKNOWN] * order]
        return [known, arb(0), arb(0)][: order + 1]

    return rule


def _floor_value(u: arb) -> arb | None:
    known: fmpz | None = u.floor().unique_fmpz()
    return None if known is None else arb(known)


def _frac(u: arb, order: int) -> Jet:
    known = _floor_value(u)
    if known is None:
        return [arb(0.5, 0.5), *[UNKNOWN] * order]
    return [u - known, arb(1), arb(0)][: order + 1]


def _ceiling(u: arb, order: int) -> Jet:
    return [-d for d in RULES["floor"](-u, order)]


RULES: dict[str, Rule] = {
    "exp": exp,
    "log": log,
    "sin": _sin,
    "cos": _cos,
    "tan": _tan,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "asin": _asin,
    "acos": _acos,
    "atan": _atan,
    "erf": _erf,
    "Abs": _abs,
    "sign": _steps(
        lambda u: arb(1) if u > 0 else arb(-1) if u < 0 else u if u.is_zero() else None, lambda u: arb(0, 1)
    ),
    # at 0 anything from 0 to 1
    "Heaviside": _steps(lambda u: arb(1) if u > 0 else arb(0) if u < 0 else None, lambda u: arb(0.5, 0.5)),
    "floor": _steps(_floor_value, arb.floor),
    "ceiling": _ceiling,
    "frac": _frac,
}
