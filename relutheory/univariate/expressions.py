"""Expressions of one variable in ball arithmetic: values and two derivatives on whole intervals, with proved errors.

A node takes a ball x and an order 0, 1 or 2 and returns as many derivatives of its expression, starting with the value,
each a ball that holds it for every point of x (`jets` says what stands for derivatives that do not exist).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from relutheory.core.errors import reject
from relutheory.univariate.jets import (
    RULES,
    UNKNOWN,
    Jet,
    Rule,
    add,
    exp,
    larger,
    log,
    multiply,
    power_times_log,
    smaller,
    to_power,
)

Node = Callable[[arb, int], Jet]


def jets_of(expression: Any, name: str = "expression") -> Node:
    """The node of a sympy expression in one symbol, or in none.

    Known are + - * / and powers, exp, log, sqrt, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, erf, Abs, sign,
    Max, Min, Heaviside, floor, ceiling, frac, Piecewise with inequalities, and the constants pi, E, EulerGamma.
    Roots and logarithms take what is negative in their argument by rounding alone for 0.
    Raises InputError for anything else.
    """
    import sympy

    if not isinstance(expression, sympy.Expr):
        reject(name, expression, "must be a sympy expression")
    symbols = expression.free_symbols
    if len(symbols) > 1:
        reject(name, expression, f"must have one symbol, and has {', '.join(sorted(map(str, symbols)))}")
    return _Reader(name).node(expression)


class _Reader:
    """Makes nodes, one for each different part of an expression."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.known: dict[Any, Node] = {}

    def node(self, e: Any) -> Node:
        if e not in self.known:
            made = self._made(e)
            self.known[e] = made if e.free_symbols or e.is_Rational else _constant(made)
        return self.known[e]

    def _made(self, e: Any) -> Node:
        import sympy

        if isinstance(e, sympy.Float):
            sign, mantissa, exponent, _ = e._mpf_
            value = (-1) ** sign * int(mantissa) * Fraction(2) ** int(exponent)
            return _number(fmpq(value.numerator, value.denominator))
        if e.is_Rational:
            return _number(fmpq(int(e.p), int(e.q)))
        if e.is_Symbol:
            return lambda x, order: [x, arb(1), arb(0)][: order + 1]
        constants = {sympy.pi: arb.pi, sympy.E: arb.const_e, sympy.EulerGamma: arb.const_euler}
        if e in constants:
            return lambda x, order: [constants[e]()]
        if isinstance(e, sympy.Piecewise):
            return _piecewise([(self.node(value), self._condition(given)) for value, given in e.args])
        if isinstance(e, sympy.Pow):
            return self._power(e)
        if isinstance(e, sympy.Mul):
            special = self._product_with_log(e)
            if special is not None:
                return special
        combine = {sympy.Add: add, sympy.Mul: multiply, sympy.Max: larger, sympy.Min: smaller}.get(e.func)
        if combine is not None:
            return functools.partial(_folded, combine, [self.node(part) for part in e.args])
        rule = RULES.get(e.func.__name__)
        if rule is None:
            reject(self.name, e, f"has a part {e.func.__name__} that is not known in ball arithmetic")
        return functools.partial(_chained, rule, self.node(e.args[0]))

    def _power(self, e: Any) -> Node:
        import sympy

        base, exponent = e.args
        if base == sympy.E:
            return functools.partial(_chained, exp, self.node(exponent))
        if exponent.is_Rational:
            power = fmpq(int(exponent.p), int(exponent.q))
            return functools.partial(_chained, functools.partial(to_power, power), self.node(base))
        # base^exponent = exp(exponent log(base))
        logarithm = functools.partial(_chained, log, self.node(base))
        product = functools.partial(_folded, multiply, [self.node(exponent), logarithm])
        return functools.partial(_chained, exp, product)

    def _product_with_log(self, e: Any) -> Node | None:
        """The node of a product with a factor u^p log(u), p > 0: its limit at 0 is 0, which no ball of log(u) tells."""
        import sympy

        for part in e.args:
            if not isinstance(part, sympy.log):
                continue
            u = part.args[0]
            for other in e.args:
                base, exponent = other.as_base_exp()
                sign = 1 if base == u else -1 if base == -u and exponent == 1 else 0
                if sign and exponent.is_Rational and exponent > 0:
                    power = fmpq(int(exponent.p), int(exponent.q))
                    node = functools.partial(_chained, functools.partial(power_times_log, power), self.node(u))
                    others = [self.node(a) for a in e.args if a is not part and a is not other]
                    return functools.partial(_folded, multiply, [node, _number(fmpq(sign)), *others])
        return None

    def _condition(self, given: Any) -> Callable[[arb], bool | None]:
        import sympy

        if given in (sympy.true, sympy.false):
            return lambda x: bool(given)
        if isinstance(given, (sympy.And, sympy.Or)):
            parts = [self._condition(part) for part in given.args]
            decides = isinstance(given, sympy.Or)  # one true part decides an "or", one false part an "and"
            return lambda x: _combined([part(x) for part in parts], decides)
        if isinstance(given, (sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge)):
            # lts < gts, or <=
            low, high = self.node(given.lts), self.node(given.gts)
            strict = isinstance(given, (sympy.Lt, sympy.Gt))
            return lambda x: _less(low(x, 0)[0], high(x, 0)[0], strict)
        reject(self.name, given, "is a condition that is not known: use <, <=, >, >=, And, Or")


def _less(low: arb, high: arb, strict: bool) -> bool | None:
    if low < high or (not strict and low <= high):
        return True
    return False if low > high or (strict and low >= high) else None


def _combined(parts: list[bool | None], decides: bool) -> bool | None:
    if decides in parts:
        return decides
    return None if None in parts else not decides


def _number(value: fmpq) -> Node:
    return lambda x, order: [arb(value), arb(0), arb(0)][: order + 1]


def _constant(node: Node) -> Node:
    """A node without the variable: its derivatives are 0, whatever the chain rule has to say."""
    return lambda x, order: [node(x, 0)[0], arb(0), arb(0)][: order + 1]


def _folded(combine: Callable[[Jet, Jet], Jet], parts: list[Node], x: arb, order: int) -> Jet:
    return functools.reduce(combine, (part(x, order) for part in parts))


def _piecewise(cases: list[tuple[Node, Callable[[arb], bool | None]]]) -> Node:
    def node(x: arb, order: int) -> Jet:
        possible: list[Jet] = []
        for value, condition in cases:
            known = condition(x)
            if known is not False:
                possible.append(value(x, order))
            if known:
                break
        else:  # no case is sure to hold
            possible.append([UNKNOWN] * (order + 1))
        if len(possible) == 1:
            return possible[0]
        # the cases need not meet: there may be a jump
        return [functools.reduce(arb.union, (jet[0] for jet in possible)), *[UNKNOWN] * order]

    return node


def _chained(rule: Rule, inner: Node, x: arb, order: int) -> Jet:
    u = inner(x, order)
    f = rule(u[0], order)
    if order == 0:
        return f
    out = [f[0], f[1] * u[1]]
    if order > 1:
        out.append(f[2] * u[1] * u[1] + f[1] * u[2])
    return out
