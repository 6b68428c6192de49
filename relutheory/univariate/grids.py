"""Functions of float arrays on grids of [0, 1]: their values, checked, and the largest difference seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from relutheory.core.errors import InputError, reject

Floats = Callable[[np.ndarray], np.ndarray]

_SEEN = 4001  # equispaced points of the grid on which errors of float competitors are measured
_MOST = 10**5


def measuring_grid(knots: Any = ()) -> np.ndarray:
    """Points of [0, 1], equispaced ones, ones that accumulate at the ends, and the given ones."""
    near_ends = 10.0 ** -np.linspace(3, 14, 200)
    given = np.asarray(knots, dtype=np.float64)
    return np.unique(np.concatenate([np.linspace(0, 1, _SEEN), near_ends, 1 - near_ends, given]))


def seen_error(f: Floats, g: Floats, grid: np.ndarray | None = None) -> float:
    """The largest |f - g| on a grid, in floats: below the true one, and not proved.

    >>> seen_error(lambda x: x, lambda x: 0 * x)
    1.0
    """
    x = measuring_grid() if grid is None else grid
    with np.errstate(all="ignore"):
        error = np.abs(finite_values(f, x) - np.asarray(g(x), dtype=np.float64)).max()
    return float(error) if np.isfinite(error) else float("inf")


def finite_values(f: Floats, x: np.ndarray) -> np.ndarray:
    """The values of f at x as float64.  Raises InputError where f is no function of arrays or not finite."""
    with np.errstate(all="ignore"):
        try:
            values = np.asarray(f(x))
            if np.iscomplexobj(values) and values.imag.any():
                raise TypeError("complex values")
            y = values.real.astype(np.float64)
        except InputError:
            raise
        except (TypeError, ValueError, ArithmeticError) as error:
            reject("f", f, f"must map float arrays to real ones of the same shape ({error})")
    if y.shape == ():
        y = np.full(x.shape, float(y))
    if y.shape != x.shape:
        reject("f", f"values of shape {y.shape}", f"must be as many as the points, {x.shape}")
    bad = ~np.isfinite(y)
    if bad.any():
        reject("f", f"f({float(x[bad][0]):g}) = {float(y[bad][0])}", "must be finite on [0, 1]")
    return y


def check_count(name: str, value: Any, least: int, most: int = _MOST) -> int:
    """An integer from `least` to `most`; anything else is an `InputError`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= most:
        reject(name, value, f"must be an integer from {least} to {most}")
    return int(value)
