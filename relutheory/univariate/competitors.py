"""What networks compete with: best free-knot splines, equispaced splines, Chebyshev polynomials, rational functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.free_knots import FreeKnotSpline, free_knot_spline, spline_within
from relutheory.univariate.grids import Floats, check_count, finite_values, measuring_grid, seen_error

__all__ = [
    "FreeKnotSpline",
    "chebyshev_polynomial",
    "equispaced_spline",
    "free_knot_spline",
    "rational_function",
    "spline_within",
]

_ROUNDING = 1e-13  # part of the largest value, at which an error is one of rounding


def equispaced_spline(f: Floats, pieces: int) -> CPwL:
    """The piecewise linear interpolant of f at pieces + 1 equispaced points of [0, 1]; pieces + 1 parameters.

    >>> equispaced_spline(lambda x: x**2, 2)("1/4")
    Fraction(1, 8)
    """
    check_count("pieces", pieces, 1)
    x = np.arange(pieces + 1) / pieces
    return CPwL(x, finite_values(f, x))


def chebyshev_polynomial(f: Floats, degree: int) -> Any:
    """The polynomial that interpolates f at the degree + 1 Chebyshev points of [0, 1]: degree + 1 parameters.

    Its error is at most 2 + (2/pi) log(degree + 1) times that of the best polynomial.
    Returns a callable `numpy.polynomial.Chebyshev`.

    >>> round(float(chebyshev_polynomial(lambda x: x**3, 3)(0.5)), 12)
    0.125
    """
    from scipy.fft import dct

    check_count("degree", degree, 0)
    n = degree + 1
    y = finite_values(f, (1 + np.cos(np.pi * (np.arange(n) + 0.5) / n)) / 2)
    coefficients = dct(y / n)  # no matrix of n^2 numbers
    coefficients[0] /= 2
    return np.polynomial.Chebyshev(coefficients, domain=[0, 1])


def rational_function(f: Floats, supports: int) -> Any:
    """The rational function of type (supports - 1, supports - 1) that the AAA algorithm finds on [0, 1].

    f : as above.  supports : >= 1 support points; the function has 2 supports - 1 free parameters.
    Returns a callable `scipy.interpolate.AAA`.  Poles inside [0, 1] may occur: they show as a large error.
    Source: nakatsukasa2018.

    >>> r = rational_function(lambda x: 1 / (1 + x), 3)
    >>> bool(abs(r(0.3) - 1 / 1.3) < 1e-11)
    True
    """
    import warnings

    from scipy.interpolate import AAA

    check_count("supports", supports, 1)
    found: list[tuple[float, Any]] = []
    # points close together cancel digits, and where f is singular there is no other way: both are tried
    for x in (_cosine_grid(), _clustered_grid()):
        y = finite_values(f, x)
        if found and found[0][0] <= _ROUNDING * float(np.abs(y).max()):
            break
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a tolerance not reached: what is asked for is the number of parameters
            made = AAA(x, y, max_terms=supports, rtol=1e-15, clean_up=False)
        found.append((seen_error(f, made), made))
    return min(found, key=lambda pair: pair[0])[1]


def _cosine_grid() -> np.ndarray:
    """Points of [0, 1], denser at the ends."""
    return np.asarray((1 - np.cos(np.pi * np.arange(801) / 800)) / 2)


def _clustered_grid() -> np.ndarray:
    """Equispaced points, and all of the measuring grid near the ends."""
    grid = measuring_grid()
    return np.union1d(np.linspace(0, 1, 401), grid[(grid < 1 / 400) | (grid > 1 - 1 / 400)])
