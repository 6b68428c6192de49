"""Functions to approximate on [0, 1]: how they are evaluated, and how distances from them are proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from relutheory.core.errors import reject
from relutheory.core.exact import rational, to_fmpq
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.continuity import check_continuous
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.expressions import jets_of
from relutheory.univariate.grids import Floats, finite_values, measuring_grid, seen_error
from relutheory.univariate.jets import NotRealError

_KINKS = 20_000  # breakpoints of a given function that grids contain
BITS = 20  # to which errors are enclosed
_MOST_EVALUATIONS = 200_000
_EVALUATIONS, _PER_PIECE = 5_000, 100  # of an expression, at most, to enclose an error
_PRECISION = 200  # bits of balls
_LEAST = arb(2) ** -2000  # values closer to 0 are not told from it
_HOLES = 100  # points at most that floats cannot evaluate and balls can, as x log(x) at 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """A function f on [0, 1] that is to be approximated.

    name : in words.  floats : its values for (k,) float64 arrays.  How distances from it are proved: expression, a
    sympy expression in one symbol; or stand_in, a `CPwL` that is at most `tail` from f (0: it is f); neither: errors
    are seen on a grid and not proved.  kinks : (j,) points that grids contain.  deep : n -> the n-th network of a
    construction made for f.  hoelder : (M, alpha), |f(x) - f(y)| <= M |x - y|^alpha, where it is known.
    lo, hi : the interval of the user, of which [0, 1] is the image.
    """

    name: str
    floats: Floats
    expression: Any = None
    stand_in: CPwL | None = None
    tail: Fraction = Fraction(0)
    kinks: Any = ()
    deep: Callable[[int], Any] | None = None
    hoelder: tuple[Fraction, Fraction] | None = None
    lo: Fraction = Fraction(0)
    hi: Fraction = Fraction(1)

    @property
    def exact(self) -> CPwL | None:
        """The function itself where it is piecewise linear."""
        return self.stand_in if self.tail == 0 else None

    def distance(self, g: CPwL, bits: int = BITS) -> Enclosure:
        """sup |f - g| on [0, 1]; both ends proved, but where nothing is known of f: then SAMPLED, with lo = hi."""
        if self.stand_in is not None:
            middle = self.stand_in.sup_distance(g)
            if self.tail == 0:
                return Enclosure.exact(middle)
            low = max(middle - self.tail, Fraction(0))
            return Enclosure(lo=low, hi=middle + self.tail, rigor=Rigor.ENCLOSED)
        if self.expression is not None:
            most = min(_EVALUATIONS + _PER_PIECE * g.pieces, _MOST_EVALUATIONS)
            found: Enclosure = g.distance_to(self.expression, 0, 1, bits=bits, evaluations=most)
            return found
        corners = [float(x) for x in g.breakpoints] if g.pieces < _KINKS else []
        seen = Fraction(seen_error(self.floats, g.evaluate, measuring_grid([x for x in corners if 0 <= x <= 1])))
        return Enclosure(lo=seen, hi=seen, rigor=Rigor.SAMPLED)

    def enclosed(self, x: Fraction) -> tuple[Fraction, Fraction] | None:
        """A lower and an upper bound of f(x), proved; None where nothing is known of f but floats, or not there."""
        if self.stand_in is not None:
            value = self.stand_in(x)
            return value - self.tail, value + self.tail
        if self.expression is None:
            return None
        from relutheory.univariate.constructions.sampling import lower, upper

        with ctx.workprec(_PRECISION):
            ball = self._ball(to_fmpq(x))
            if abs(ball) < _LEAST and not ball.is_zero():  # exp(-10^9), for one: no rational here has so many digits
                ball = arb(0, _LEAST)
            return (lower(ball), upper(ball)) if ball.is_finite() else None

    @cached_property
    def _ball(self) -> Callable[[fmpq], arb]:
        return ball_at_points(self.expression)

    def on(self, lo: Any, hi: Any) -> Target:
        """The same function, noted to come from the interval [lo, hi]."""
        return replace(self, lo=rational(lo), hi=rational(hi))


def as_target(f: Any, lo: Any = 0, hi: Any = 1) -> Target:
    """What the user gives, as a function on [0, 1]: x = lo + (hi - lo) t.

    f : a formula in x as text (see `formulas`), the name of one of `NAMED`, a sympy expression in one symbol, a `CPwL`,
    a pair (x, y) of samples (the piecewise linear function through them; lo and hi are their ends), a function of
    float arrays, or a `Target`.  Raises InputError for anything else, for lo >= hi, and where f is not finite.

    >>> as_target("x**2", -1, 1).floats(np.array([0.0, 0.5])).tolist()
    [1.0, 0.0]
    """
    if isinstance(f, Target):
        return f
    low, high = rational(lo, "lo"), rational(hi, "hi")
    if not low < high:
        reject("hi", hi, f"must be greater than lo = {low}")
    if isinstance(f, str):
        from relutheory.univariate.examples import NAMED, named

        if f in NAMED:
            if (low, high) != (0, 1):
                reject("lo, hi", f"{low}, {high}", f"must be 0 and 1 for {f}")
            return named(f)
        from relutheory.univariate.formulas import read_formula

        target = _of_expression(read_formula(f), f, low, high)
    elif isinstance(f, CPwL):
        target = of_piecewise_linear(f, "a piecewise linear function", low, high)
    elif isinstance(f, tuple) and len(f) == 2:
        samples = CPwL(*f)
        low, high = samples.breakpoints[0], samples.breakpoints[-1]
        if len(samples.breakpoints) < 2:
            reject("f", "one sample", "must be at least two")
        target = of_piecewise_linear(samples, f"the interpolant of {len(samples.breakpoints)} samples", low, high)
    elif hasattr(f, "free_symbols"):
        target = _of_expression(f, str(f), low, high)
    elif callable(f):
        target = _of_callable(f, low, high)
    else:
        reject("f", f, "must be a formula, a sympy expression, a CPwL, a pair of samples or a function of arrays")
    grid = measuring_grid(target.kinks)
    finite_values(target.floats, grid)
    if target.stand_in is None:
        ball = None if target.expression is None else ball_at_points(target.expression)
        check_continuous(target.name, target.floats, grid, ball)
    return target.on(low, high)


def of_piecewise_linear(f: CPwL, name: str, lo: Fraction = Fraction(0), hi: Fraction = Fraction(1)) -> Target:
    """A piecewise linear function on [lo, hi] as a target on [0, 1]."""
    moved = (f if (lo, hi) == (0, 1) else f.compose(CPwL([0, 1], [lo, hi]))).restricted(0, 1)
    kinks = np.array([float(x) for x in moved.breakpoints]) if moved.pieces < _KINKS else ()
    return Target(name=name, floats=moved.evaluate, stand_in=moved.simplified(), kinks=kinks)


def _of_expression(expression: Any, name: str, lo: Fraction, hi: Fraction) -> Target:
    import sympy

    if not isinstance(expression, sympy.Expr):
        reject("f", expression, "must be a real sympy expression")
    symbols = sorted(expression.free_symbols, key=str)
    if len(symbols) > 1:
        reject("f", name, f"must have one variable, not {', '.join(map(str, symbols))}")
    t = sympy.Symbol("x", real=True)
    low, length = sympy.Rational(lo.numerator, lo.denominator), hi - lo
    inner = low + sympy.Rational(length.numerator, length.denominator) * t
    moved = expression.subs(symbols[0], inner) if symbols else expression
    if moved.has(sympy.zoo, sympy.nan, sympy.oo) or moved.is_real is False:
        reject("f", name, f"must be real and finite on [{lo}, {hi}]")
    jets_of(moved, "f")  # parts that are not known show at once
    floats = _float_function(moved, t, name)
    line = _line(moved, t)
    if line is not None:
        return Target(name=name, floats=floats, stand_in=line)
    return Target(name=name, floats=floats, expression=moved)


def _line(expression: Any, symbol: Any) -> CPwL | None:
    """A polynomial of degree 1 or 0 with rational coefficients as the piecewise linear function that it is."""
    import sympy

    if not expression.is_polynomial(symbol):
        return None
    polynomial = sympy.Poly(expression, symbol)
    ends = [polynomial.eval(x) for x in (0, 1)]
    if polynomial.degree() > 1 or not all(value.is_Rational for value in ends):
        return None
    return CPwL([0, 1], [Fraction(int(value.p), int(value.q)) for value in ends])


def ball_at_points(expression: Any) -> Callable[[fmpq], arb]:
    """The values of an expression in one symbol at rationals, as balls."""
    jets = jets_of(expression)
    return lambda x: jets(arb(x), 0)[0]


def _float_function(expression: Any, symbol: Any, name: str) -> Floats:
    import sympy

    compiled, ball = sympy.lambdify(symbol, expression, modules=["scipy", "numpy"]), ball_at_points(expression)

    def floats(x: np.ndarray) -> np.ndarray:
        try:
            with np.errstate(all="ignore"):
                y = np.asarray(compiled(x))
        except OverflowError:
            reject("f", name, "must have numbers within the range of float64")
        y = (np.where(y.imag == 0, y.real, np.nan) if np.iscomplexobj(y) else y.astype(np.float64)) + np.zeros_like(x)
        holes = np.flatnonzero(~np.isfinite(y))
        if 0 < len(holes) <= _HOLES:
            known = np.array([_float_at(ball, point) for point in x[holes]])
            y[holes] = np.where(np.isfinite(known), known, y[holes])
        return y

    return floats


def _float_at(ball: Callable[[fmpq], arb], x: float) -> float:
    try:
        return float(ball(to_fmpq(Fraction(x))))
    except NotRealError:
        return float("nan")


def _of_callable(f: Floats, lo: Fraction, hi: Fraction) -> Target:
    start, length = float(lo), float(hi - lo)

    def floats(t: np.ndarray) -> np.ndarray:
        return finite_values(f, start + length * t)

    return Target(name=getattr(f, "__name__", "a function"), floats=floats)
