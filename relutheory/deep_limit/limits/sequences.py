"""Sequences f(1), f(2), ... given by a formula in n: their eventual sign and their limit.

A formula is a rational function of n, or a sum of terms c n^p r^n (log n)^k with c real, p and r rational numbers, k an
integer.  Each answer is a proof or None; nothing here asks a computer algebra system whether a series converges.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from flint import fmpq, fmpq_poly

from relutheory.deep_limit.balls import constant_sign
from relutheory.deep_limit.limits.shapes import DEGREE, largest_power, ratio, summands, terms

FARTHEST = 1 << 40  # beyond which the eventual sign of a rational function is not looked for


def shifted_sign(p: fmpq_poly, start: fmpq | int) -> int | None:
    """The sign (or 0) that p has at every real n >= start, or None where the shifted coefficients do not show it."""
    if p.degree() < 0:
        return 0
    coefficients = p(fmpq_poly([start, 1])).coeffs()
    sign = 1 if p.leading_coefficient() > 0 else -1
    same = all(sign * c >= 0 for c in coefficients) and sign * coefficients[0] > 0
    return sign if same else None


def eventual_sign(expression: Any, n: Any, start: int = 1) -> tuple[int, int] | None:
    """(sign, N): f(i) > 0 (1), f(i) < 0 (-1) or f(i) = 0 (0) at every i >= N, where N >= start; or None.

    >>> import sympy
    >>> n = sympy.Symbol("n")
    >>> eventual_sign((n - 5) / n**2, n)
    (1, 8)
    """
    f = ratio(expression, n)
    if f is not None:
        if f.num.degree() < 0:
            return 0, start
        at = max(start, 1)
        while at <= FARTHEST:
            top, bottom = shifted_sign(f.num, at), shifted_sign(f.den, at)
            if top is not None and bottom is not None:
                return top * bottom, at
            at *= 2
        return None
    sign = _sign_by_shape(expression, n)
    return None if sign is None else (sign, max(start, 2))


def _sign_by_shape(expression: Any, n: Any) -> int | None:
    """The sign at every n >= 2 of sums and products of positive things, or None where the shape does not show it."""
    import sympy

    if expression == n or isinstance(expression, sympy.exp):
        return 1
    if not expression.has(n):
        return 0 if expression == 0 else constant_sign(expression) or None
    if isinstance(expression, sympy.log):
        return 1 if _sign_by_shape(sympy.expand(expression.args[0] - 1), n) == 1 or expression.args[0] == n else None
    if expression.is_Pow:
        base = _sign_by_shape(expression.base, n)
        even = expression.exp.is_Integer and expression.exp % 2 == 0
        return 1 if base == 1 or (base == -1 and even) else None
    signs = [_sign_by_shape(part, n) for part in expression.args]
    if expression.is_Mul:
        return None if None in signs else math.prod(s for s in signs if s is not None)
    if expression.is_Add:
        return signs[0] if len(set(signs)) == 1 else None
    return None


def limit_of(expression: Any, n: Any) -> Any:
    """The limit as a sympy number, or None where none is proved to exist."""
    import sympy

    limits = [(c, _one_limit(function, n)) for c, function in summands(expression)]
    if all(limit is not None for _, limit in limits):
        value = sympy.Add(*(c * limit for c, limit in limits))
        return value if value.is_Rational else sympy.simplify(value)
    return _limit_of_all(expression, n)


@lru_cache(maxsize=4096)
def _one_limit(function: Any, n: Any) -> Any:
    return _limit_of_all(function, n)


def _limit_of_all(expression: Any, n: Any) -> Any:
    import sympy

    f = ratio(expression, n)
    if f is not None:
        if f.decay < 0:
            return None
        c = f.leading() if f.decay == 0 else fmpq(0)
        return sympy.Rational(int(c.p), int(c.q))
    parts = terms(expression, n)
    if parts is None:
        return _alternating_limit(expression, n)
    out = sympy.Integer(0)
    for t in parts:
        if t.growth == (1, 0, 0) and t.r == 1:
            out += t.c
        elif not t.vanishes():
            return None
    return out


def _alternating_limit(expression: Any, n: Any) -> Any:
    """Limit of h(n) + (-1)^n g(n) where g tends to 0."""
    import sympy

    if not any(power.base == -1 for power in expression.atoms(sympy.Pow)):
        return None
    split = alternating_parts(expression, n)
    if split is None or split[0] == 0:
        return None
    g, h = (limit_of(part, n) for part in split)
    return h if g == 0 else None


def alternating_parts(expression: Any, n: Any) -> tuple[Any, Any] | None:
    """(g, h) with f(n) = (-1)^n g(n) + h(n), both without a power of a negative number to the n, or None."""
    import sympy

    if largest_power(expression) > DEGREE:
        return None
    s = sympy.Symbol("s")

    def turn(base: Any, exponent: Any) -> Any:
        return s ** exponent.coeff(n, 1) * sympy.Integer(-1) ** exponent.coeff(n, 0)

    def linear(exponent: Any) -> bool:
        return bool(exponent.is_polynomial(n) and sympy.degree(exponent, n) == 1 and exponent.coeff(n, 1).is_Integer)

    swapped = expression.replace(
        lambda e: e.is_Pow and e.base == -1 and e.exp.has(n) and linear(e.exp), lambda e: turn(e.base, e.exp)
    )
    one, other = (sympy.together(swapped.subs(s, v)) for v in (1, -1))
    g, h = sympy.cancel((one - other) / 2), sympy.cancel((one + other) / 2)
    if any(part.has(sympy.zoo, sympy.nan, sympy.I) for part in (g, h)):
        return None
    return sympy.expand(g) if ratio(g, n) is None else g, sympy.expand(h) if ratio(h, n) is None else h
