"""Looking for jumps and poles: two points next to each other between which a function moves far."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx

from relutheory.core.errors import reject
from relutheory.core.exact import to_fmpq
from relutheory.univariate.grids import Floats, finite_values
from relutheory.univariate.jets import NotRealError

_TRIED = 4  # steps of the grid that are looked into
_FAR = 1 / 64  # of the range of values, for functions that balls can follow further
_FAR_SEEN = 1 / 4  # for those that are floats only
_ROUNDING = 1e-14  # part of the largest value, which floats of a continuous function may move by
_SMALLEST = 5e-324  # positive float
_FURTHER = 300  # bisections with balls
_PRECISION = 1000


def check_continuous(name: str, f: Floats, grid: np.ndarray, ball: Callable[[Any], arb] | None) -> None:
    """Raises InputError where f moves far between two neighbouring floats, and, if balls are given, 2^-300 of that.

    A continuous network cannot be close to a function with a jump, and a pole is as far between neighbours.  So is a
    continuous function that is too steep to be told from a jump, as x^(1/1000) at 0: it is refused, too.
    name : of f.  grid : increasing floats, where it starts.  ball : f at rationals (fmpq), as a ball; None.

    >>> check_continuous("f", np.floor, np.array([0, 0.5, 1.5]), None)
    Traceback (most recent call last):
    relutheory.core.errors.InputError: f = 'f': must be continuous as far as floats tell, and moves by 1 between ...
    """
    y = finite_values(f, grid)
    share = _FAR_SEEN if ball is None else _FAR
    far = max(float(y.max() * share - y.min() * share), float(np.abs(y).max() * _ROUNDING), _SMALLEST)
    with np.errstate(over="ignore"):
        moves = np.abs(np.diff(y))
    for i in np.argsort(moves)[: -_TRIED - 1 : -1]:
        with np.errstate(over="ignore"):
            a, b, move = _narrowed(f, float(grid[i]), float(grid[i + 1]), far)
        if move > far and (ball is None or _jumps(ball, a, b, far)):
            where = f"moves by {move:.3g} between neighbours at x = {b:.6g} of [0, 1]"
            reject("f", name, f"must be continuous as far as floats tell, and {where}")


def _narrowed(f: Floats, a: float, b: float, far: float) -> tuple[float, float, float]:
    """Neighbouring floats between a and b, always in the half where f moves more, and how far it moves there."""
    left, right = finite_values(f, np.array([a, b]))
    while abs(right - left) > far and a < (a + b) / 2 < b:
        middle = (a + b) / 2
        value = finite_values(f, np.array([middle]))[0]
        if abs(value - left) >= abs(right - value):
            b, right = middle, value
        else:
            a, left = middle, value
    return a, b, float(abs(right - left))


def _jumps(ball: Callable[[Any], arb], low: float, high: float, far: float) -> bool:
    """Whether f moves by more than `far` within 2^-300 of the distance, which rationals reach where floats end."""
    # f in floats may have rounded the place of a jump: a step more to each side
    a, b = Fraction(max(np.nextafter(low, -1), 0.0)), Fraction(min(np.nextafter(high, 2), 1.0))
    with ctx.workprec(_PRECISION):
        try:
            left, right = ball(to_fmpq(a)), ball(to_fmpq(b))
            for _ in range(_FURTHER):
                if not (right - left).abs_upper() > far:
                    return False
                middle = (a + b) / 2
                value = ball(to_fmpq(middle))
                if (value - left).abs_lower() >= (right - value).abs_lower():
                    b, right = middle, value
                else:
                    a, left = middle, value
        except NotRealError:
            return True
        return bool((right - left).abs_lower() > far)
