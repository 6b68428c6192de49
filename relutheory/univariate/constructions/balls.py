"""Values of sympy expressions as complex balls, for real points and for regions where a function is analytic."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import acb, arb, ctx, fmpq

from relutheory.core.errors import reject
from relutheory.core.exact import to_fmpq
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.constructions.sampling import lower, upper

BallFunction = Callable[[acb, bool], acb]
_MOST_BITS = 2**15
_ENTIRE = ("exp", "sin", "cos", "sinh", "cosh", "tan", "tanh", "erf")
_CUT = ("log", "sqrt")
_IMAGINARY, _REAL = ("atan", "asinh"), ("atanh", "asin", "acos")  # cut beyond -1 and 1 on this axis


def ball_function(f: Any) -> BallFunction:
    """The function (z, analytic) -> f(z) of a sympy expression in at most one symbol.

    With analytic=True the value is not finite where the ball z meets a pole or a cut of one of the parts of f: finite
    values mean that f is analytic on the ball.  Raises InputError for parts that are not known.
    """
    import sympy

    try:
        expression = sympy.sympify(f, strict=True)  # strings would be run as Python
    except sympy.SympifyError:
        expression = None
    if not isinstance(expression, sympy.Expr) or len(expression.free_symbols) > 1:
        reject("f", f, "must be a sympy expression in one variable")
    _value(expression, acb(fmpq(1, 3)), False)  # parts that are not known show at once
    return lambda z, analytic: _value(expression, z, analytic)


def _value(e: Any, z: acb, analytic: bool) -> acb:
    if e.is_Symbol:
        return z
    if e.is_Rational:
        return acb(fmpq(int(e.p), int(e.q)))
    if e.is_Float:
        import sympy

        exact = sympy.Rational(e)  # the binary fraction that it is
        return acb(fmpq(int(exact.p), int(exact.q)))
    name = type(e).__name__
    if name in ("Pi", "Exp1"):
        return acb(arb.pi()) if name == "Pi" else acb(1).exp()
    if name == "Pow":
        return _power(e, z, analytic)
    values = [_value(part, z, analytic) for part in e.args]
    if e.is_Add:
        return sum(values[1:], values[0])
    if e.is_Mul:
        product = values[0]
        for v in values[1:]:
            product = product * v
        return product
    if name in _ENTIRE:
        return getattr(values[0], name)()
    if name in _CUT:
        return getattr(values[0], name)(analytic=analytic)
    if name in _IMAGINARY or name in _REAL:
        along, across = (values[0].imag, values[0].real) if name in _IMAGINARY else (values[0].real, values[0].imag)
        if not analytic or abs(along) < 1 or not across.contains(0):
            return getattr(values[0], name)()
    if name == "Abs" and not analytic:
        return acb(abs(values[0]))
    if name in ("Max", "Min") and not analytic:
        best = values[0].real
        for v in values[1:]:
            best = best.max(v.real) if name == "Max" else best.min(v.real)
        return acb(best)
    if name in (*_IMAGINARY, *_REAL, "Abs", "Max", "Min"):
        return acb("nan")
    reject("f", e, "has parts other than + - * /, powers, exp, log, trigonometric functions, Abs, Max and Min")


def _power(e: Any, z: acb, analytic: bool) -> acb:
    base, exponent = _value(e.base, z, analytic), e.exp
    if exponent.is_Integer:
        return base ** int(exponent)
    if exponent.is_Rational and int(exponent.q) == 2:
        return base.sqrt(analytic=analytic) ** int(exponent.p)
    if base == 0 and exponent.is_positive and not analytic:
        return acb(0)
    if exponent.is_Rational and exponent.is_positive and not analytic and base.imag.is_zero():
        if base.real >= 0:
            return acb(base.real ** arb(fmpq(int(exponent.p), int(exponent.q))))
        if base.real.contains(0) and not base.real < 0:
            # x^p between 0 and the power of the largest number of the ball
            most = base.real.upper() ** arb(fmpq(int(exponent.p), int(exponent.q)))
            return acb((most / 2).union(arb(0)).union(most))
    return (_value(exponent, z, analytic) * base.log(analytic=analytic)).exp()


def enclosed(function: BallFunction, x: Fraction, error: Fraction) -> Enclosure:
    """f(x) to within `error`.  Raises InputError where the value is no real number, or cannot be had so closely."""
    bits = 64
    while bits <= _MOST_BITS:
        with ctx.workprec(bits):
            value = function(acb(to_fmpq(x)), False)
            if value.is_finite() and value.imag.contains(0):
                lo, hi = lower(value.real), upper(value.real)
                if hi - lo <= 2 * error:
                    return Enclosure(lo=lo, hi=hi, rigor=Rigor.ENCLOSED)
        bits *= 2
    reject("f", f"value at {x}", "must be a finite real number")
