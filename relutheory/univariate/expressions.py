"""Expressions of one variable in ball arithmetic: values and two derivatives on whole intervals, with proved errors.

A node takes a ball x and an order 0, 1 or 2 and returns as many derivatives of its expression, starting with the value,
each a ball that holds it for every point of x (`jets` says what stands for derivatives that do not exist).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flint import arb, fmpq

from relutheory.core.errors import reject
from relutheory.univariate.jets import (
    RULES,
    UNKNOWN,
    Jet,
    Node,
    add,
    chained,
    exp,
    folded,
    larger,
    smaller,
    to_power,
)
from relutheory.univariate.vanishing import product_node

_LONGEST = 10**7  # exponent of a Float


def jets_of(expression: Any, name: str = "expression") -> Node:
    """The node of a sympy expression in one symbol, or in none.

    Known are + - * / and powers, exp, log, sqrt, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, erf, Abs, sign,
    Max, Min, Heaviside, floor, ceiling, frac, Piecewise with inequalities, and the constants pi, E, EulerGamma.
    Floats are the rational numbers that they are.  Roots and logarithms take what is negative in their argument by
    rounding alone for 0.  Limits are known of u^p log(u)^k with p > 0, of u^v with v > 0 or u = v, and at poles of
    products at rational points where smooth factors are 0, as in sin(x)/x.
    Raises InputError for anything else.
    """
    import sympy

    if not isinstance(expression, sympy.Expr):
        reject(name, expression, "must be a sympy expression")
    symbols = expression.free_symbols
    if len(symbols) > 1:
        reject(name, expression, f"must have one symbol, and has {', '.join(sorted(map(str, symbols)))}")
    return _Reader(name, next(iter(symbols), None)).node(_without_floats(expression, name))


def _without_floats(e: Any, name: str) -> Any:
    """The expression with each Float as the rational number that it is: x**0.5 is a root."""
    import sympy

    numbers = e.atoms(sympy.Float)
    for number in numbers:
        exponent = int(number._mpf_[2])
        if abs(exponent) > _LONGEST:
            reject(name, f"a number times 2^{exponent}", f"must not have exponents beyond {_LONGEST}")
    return e.xreplace({number: sympy.Rational(number) for number in numbers})


class _Reader:
    """Makes nodes, one for each different part of an expression in a symbol, or in none."""

    def __init__(self, name: str, symbol: Any) -> None:
        self.name, self.symbol = name, symbol
        self.known: dict[Any, Node] = {}

    def node(self, e: Any) -> Node:
        if e not in self.known:
            made = self._made(e)
            self.known[e] = made if e.free_symbols or e.is_Rational else _constant(made)
        return self.known[e]

    def _made(self, e: Any) -> Node:
        import sympy

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
            return product_node(e.args, self.symbol if e.free_symbols else None, self.node)
        combine = {sympy.Add: add, sympy.Max: larger, sympy.Min: smaller}.get(e.func)
        if combine is not None:
            return functools.partial(folded, combine, [self.node(part) for part in e.args])
        return self._function(e)

    def _function(self, e: Any) -> Node:
        import sympy

        name = e.func.__name__
        # sympy.Function("exp") has the name, and may be any function
        if name not in RULES or e.func is not getattr(sympy, name):
            reject(self.name, e, f"has a part {name} that is not known in ball arithmetic")
        if isinstance(e, sympy.Heaviside):
            if not (e.args[1].is_Rational and 0 <= e.args[1] <= 1):
                reject(self.name, e, "has a Heaviside whose value at 0 is not a rational number from 0 to 1")
        elif len(e.args) != 1:
            reject(self.name, e, f"has a part {name} with {len(e.args)} arguments, and one is known")
        return functools.partial(chained, RULES[name], self.node(e.args[0]))

    def _power(self, e: Any) -> Node:
        import sympy

        base, exponent = e.args
        if base == sympy.E:
            return functools.partial(chained, exp, self.node(exponent))
        if exponent.is_Rational:
            power = fmpq(int(exponent.p), int(exponent.q))
            return functools.partial(chained, functools.partial(to_power, power), self.node(base))
        # base^exponent = exp(exponent log(base))
        parts = [*sympy.Mul.make_args(exponent), sympy.log(base, evaluate=False)]
        product = product_node(parts, self.symbol if e.free_symbols else None, self.node)
        return functools.partial(_any_power, self.node(base), self.node(exponent), product)

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


def _any_power(base: Node, exponent: Node, product: Node, x: arb, order: int) -> Jet:
    """u^v by v log(u); where u comes down to 0 and v > 0, the values from 0 to the largest."""
    jet = chained(exp, product, x, order)
    if jet[0].is_finite():
        return jet
    u, v = base(x, 0)[0], exponent(x, 0)[0]
    if u > 0 or not v > 0 or not u.is_finite():
        return [UNKNOWN] * (order + 1)
    top = u.upper()
    return [arb(0).union(top**v) if top > 0 else arb(0), *[UNKNOWN] * order]


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
