"""Products where a factor vanishes at a point at which another has a pole: sin(x)/x, (1 - cos(x))/x^2, x/log(1 + x).

A smooth f with f = f' = ... = f^(n-1) = 0 at a is (x - a)^n g(x), and by Taylor's theorem, with the remainder as an
integral, g^(j)(x) = j!/(n+j)! times a mean of f^(n+j) between a and x.  The powers of x - a are added up.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from flint import arb, ctx, fmpq

from relutheory.univariate.factors import Factor, to_rational, zero_of
from relutheory.univariate.jets import UNKNOWN, Jet, Node, NotRealError, chained, folded, multiply, to_power
from relutheory.univariate.log_products import inside_of, paired

_MOST = 8  # order of a zero
_LONGEST = 500  # operations in a factor of which derivatives are formed
_NEAR = 1  # further away there are only the factors
_BITS = 100_000  # at most, that are added against cancellation
_SMOOTH = ["exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "erf"]


def product_node(parts: list[Any], symbol: Any, node: Callable[[Any], Node]) -> Node:
    """The node of a product of sympy expressions in a symbol, or in none.

    node : makes the node of an expression.
    """
    if symbol is None:
        return functools.partial(folded, multiply, [node(part) for part in parts])
    factors = [Factor.of(part) for part in parts]
    plain, left = paired(factors, node)
    points = {zero for factor in left if (zero := _zero_inside(factor, symbol)) is not None}
    near = [(a, *known) for a in points if (known := _near_point(factors, symbol, a, node)) is not None]
    return functools.partial(_sharpest, plain, near) if near else plain


def _zero_inside(factor: Factor, symbol: Any) -> fmpq | None:
    """The point where a linear function is 0 that is the base of a factor, or has its logarithm there."""
    inside = inside_of(factor)
    return zero_of(factor.base if inside is None else inside[1], symbol)


def _near_point(factors: list[Factor], symbol: Any, a: fmpq, node: Callable[[Any], Node]) -> tuple[int, Node] | None:
    """The product near a, with the powers of symbol - a added up, and the highest that a factor has.

    None where a pole is left, or none was there, or nothing is known.
    """
    import sympy

    logs = [f for f in factors if (inside := inside_of(f)) is not None and zero_of(inside[1], symbol) == a]
    parts: list[Node] = []
    zeros: list[tuple[int, Factor, Any]] = []
    total, most, side = sympy.Integer(0), 0, 0
    for factor in factors:
        if factor in logs:
            continue
        n, derivative = _order_of_zero(factor.base, symbol, a)
        if n == 0:
            parts.append(node(factor.whole))
            continue
        if not factor.power.is_Integer:
            # real on one side of a only, and that is known if n is odd
            sign = _sign(node(derivative), a) if n % 2 else 0
            if not sign or side == -sign:
                return None
            side = sign
        total, most = total + n * factor.power, max(most, n)
        zeros.append((n, factor, derivative))
    poles = any(factor.power < 0 for _, factor, _ in zeros)
    if total < 0 or not (logs or poles) or (logs and total == 0):
        return None
    side = side or 1
    for n, factor, derivative in zeros:
        rest = functools.partial(_without_zero, n, side**n, a, node(factor.base), node(derivative))
        rule = functools.partial(_power, to_rational(factor.power))
        parts += [functools.partial(chained, rule, rest), node(factor.content)]
    distance = side * (symbol - sympy.Rational(int(a.p), int(a.q)))
    parts.append(paired([Factor.of(distance**total), *logs], node)[0])
    return most, functools.partial(folded, multiply, parts)


def _order_of_zero(base: Any, symbol: Any, a: fmpq) -> tuple[int, Any]:
    """How many of f, f', f'', ... are 0 at a, and the next of them; (0, f) where f is not made of smooth functions."""
    import sympy

    smooth = tuple(getattr(sympy, name) for name in _SMOOTH)
    parts = base.atoms(sympy.Function, sympy.Piecewise, sympy.Max, sympy.Min)
    if not all(isinstance(part, smooth) for part in parts) or base.count_ops() > _LONGEST:
        return 0, base
    point, derivative = sympy.Rational(int(a.p), int(a.q)), base
    for n in range(_MOST + 1):
        if derivative.subs(symbol, point) != 0:
            return n, derivative
        derivative = derivative.diff(symbol)
    return 0, base


def _sign(f: Node, a: fmpq) -> int:
    """The sign of f(a), 0 where it is not known."""
    try:
        value = f(arb(a), 0)[0]
    except NotRealError:
        return 0
    return 1 if value > 0 else -1 if value < 0 else 0


def _without_zero(n: int, sign: int, a: fmpq, f: Node, derivative: Node, x: arb, order: int) -> Jet:
    """f(x) / (x - a)^n times the sign, and its derivatives."""
    between = x.union(arb(a))
    # f' that is known all the way rules out jumps, whatever became of them in a derivative that was simplified
    if not f(between, 1)[1].is_finite():
        return [UNKNOWN] * (order + 1)
    ahead = derivative(between, order)
    return [d * sign * fmpq(math.factorial(j), math.factorial(n + j)) for j, d in enumerate(ahead)]


def _power(power: fmpq, u: arb, order: int) -> Jet:
    """u^p; for a p that is not whole where u > 0: then the product is real on one side of a, the one that was found."""
    return to_power(power, u, order) if power.q == 1 or u > 0 else [UNKNOWN] * (order + 1)


def _sharpest(plain: Node, near: list[tuple[fmpq, int, Node]], x: arb, order: int) -> Jet:
    """The smallest ball for each derivative: of the plain product, or of what it is near one of the points.

    near : points, each with what `_near_point` found there.
    """
    close = [(a, n, known) for a, n, known in near if not abs(x - a) > _NEAR]
    # by cancellation n bits are lost for each bit that x and a have in common
    lost = max((-n * _magnitude(x - a) for a, n, _ in close if not x.contains(a)), default=0)
    with ctx.workprec(ctx.prec + min(max(lost, 0), _BITS)):
        jets = [plain(x, order)]
    for _, _, known in close:
        try:
            jets.append(known(x, order))
        except NotRealError:  # plain would have raised it, if there were no real value
            continue
    return [min(balls, key=_radius) for balls in zip(*jets, strict=True)]


def _radius(ball: arb) -> arb:
    return ball.rad() if ball.is_finite() else arb("inf")


def _magnitude(distance: arb) -> int:
    mantissa, exponent = distance.abs_lower().man_exp()
    return int(mantissa).bit_length() + int(exponent)
