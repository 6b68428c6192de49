"""Functions on which methods are compared: smooth, singular, rough and oscillating ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.targets import Target, as_target, of_piecewise_linear

_TEETH = 6  # compositions of the hat: 32 teeth
_STEPS = 1024  # of the random walk
_TERMS = 13  # of the Takagi series that stand for it: 2/3 2^-13 is missing
_WAVES = 8  # of Weierstrass's series: 2^-8 is missing
_GRID = 14  # binary digits of the points between which Weierstrass's function is interpolated


def named(name: str) -> Target:
    """One of the functions of `NAMED`, on [0, 1].

    >>> named("runge").floats(np.array([0.5])).tolist()
    [1.0]
    """
    if name not in NAMED:
        reject("name", name, f"must be one of {', '.join(NAMED)}")
    return NAMED[name]()


def _square_root() -> Target:
    return replace(as_target("sqrt(x)"), hoelder=(Fraction(1), Fraction(1, 2)))


def _two_sided_root() -> Target:
    # the difference of two roots is at most the root of the difference, and 17/12 is above the root of 2
    return replace(as_target("sqrt(abs(2*x - 1))"), hoelder=(Fraction(17, 12), Fraction(1, 2)))


def _runge() -> Target:
    return as_target("1 / (1 + 25*(2*x - 1)**2)")


def _sawtooth() -> Target:
    from relutheory.univariate.constructions import hat_power

    count = 2**_TEETH
    teeth = CPwL([Fraction(i, count) for i in range(count + 1)], [i % 2 for i in range(count + 1)])
    return replace(
        of_piecewise_linear(teeth, f"a sawtooth of {count // 2} teeth"),
        deep=lambda n: hat_power(_TEETH) if n == 1 else None,
    )


def _takagi() -> Target:
    from relutheory.univariate.constructions import takagi_network

    known = takagi_network(_TERMS)
    return Target(
        name="the Takagi function",
        floats=_takagi_floats,
        stand_in=known.function,
        tail=Fraction(2, 3) / 2**_TERMS,
        kinks=np.arange(2**10 + 1) / 2**10,
        deep=takagi_network,
        # within h it goes by at most the sum of min(h, 2^-k), which is (s + 1) 2^-s for h = 2^-s and, times h^(-3/4),
        # largest between two such h at one of them: at s = 5, with 2.523
        hoelder=(Fraction(64, 25), Fraction(3, 4)),
    )


def _takagi_floats(x: np.ndarray) -> np.ndarray:
    y, total = np.asarray(x, dtype=np.float64), np.zeros(np.shape(x))
    for k in range(1, 54):
        y = 1 - np.abs(2 * y - 1)
        total = total + y * 2.0**-k
    return total


def random_walk(steps: int = _STEPS, seed: int = 0) -> CPwL:
    """A path on [0, 1] with slopes +1 and -1, each equally likely, on equal steps: Lipschitz with constant 1."""
    signs = np.random.default_rng(seed).integers(0, 2, size=steps) * 2 - 1
    heights = np.concatenate([[0], np.cumsum(signs)])
    return CPwL([Fraction(i, steps) for i in range(steps + 1)], [Fraction(int(h), steps) for h in heights])


def _random_walk() -> Target:
    return of_piecewise_linear(random_walk(), f"a Lipschitz random walk of {_STEPS} steps")


def _weierstrass() -> Target:
    """sum_{k >= 0} 2^-k cos(3^k pi x); the stand-in interpolates its first terms, from cosines that Arb encloses.

    Missing: the terms k > K, at most 2^-K together; of the interpolation, h^2 / 8 times the largest second derivative,
    at most sum_{k <= K} 2^-k 9^k pi^2, h = 2^-14; and of the rounded cosines, 2^-39 for each.
    """
    table = _cosines(_GRID)
    places, period = np.arange(2**_GRID + 1), len(table)
    values = sum((table[places * 3**k % period] << (_WAVES - k) for k in range(_WAVES + 1)), np.zeros(1, np.int64))
    unit = Fraction(1, 2 ** (40 + _WAVES))
    curvature = sum(Fraction(9**k, 2**k) for k in range(_WAVES + 1)) * 10  # pi^2 < 10
    tail = Fraction(1, 2**_WAVES) + curvature / 8 / 4**_GRID + Fraction(1, 2**38)
    stand_in = CPwL(places / 2**_GRID, values.astype(np.float64)) * unit
    # a term goes by min(2^(1-k), 2^-k 3^k pi h) <= (2 pi h)^(1/2) (3^(1/2) / 2)^k: together at most 18.72 h^(1/2)
    steep = Fraction(19), Fraction(1, 2)
    return Target(
        name="a Weierstrass function", floats=_weierstrass_floats, stand_in=stand_in, tail=tail, hoelder=steep
    )


def _cosines(digits: int) -> np.ndarray:
    """2^40 cos(pi j / 2^digits) for j < 2^(digits + 1), as integers off by less than 2."""
    from flint import arb, fmpq

    quarter = 2**digits // 2
    first = [_rounded(arb(fmpq(j, 2**digits)).cos_pi()) for j in range(quarter + 1)]
    half = first + [-v for v in first[-2::-1]]
    return np.array(half + half[-2:0:-1], dtype=np.int64)


def _rounded(ball: Any) -> int:
    """The integer nearest to 2^40 times the middle of a ball with radius below 2^-45."""
    if not ball.rad() < 2.0**-45:
        raise ArithmeticError("a cosine is not enclosed sharply enough")
    mantissa, exponent = ball.mid().man_exp()
    return round(Fraction(int(mantissa)) * Fraction(2) ** (int(exponent) + 40))


def _weierstrass_floats(x: np.ndarray) -> np.ndarray:
    terms = (2.0**-k * np.cos(np.pi * (3**k * np.asarray(x, dtype=np.float64))) for k in range(24))
    total: np.ndarray = np.sum(list(terms), axis=0)
    return total


NAMED: dict[str, Callable[[], Target]] = {
    "square-root": _square_root,
    "two-sided-root": _two_sided_root,
    "runge": _runge,
    "takagi": _takagi,
    "weierstrass": _weierstrass,
    "sawtooth": _sawtooth,
    "random-walk": _random_walk,
}
