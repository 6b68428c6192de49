"""Full replica symmetry breaking on a grid of levels: the predicted energy, and the predicted threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.errors import reject
from relutheory.injectivity.gaussian.finite import size
from relutheory.injectivity.gaussian.levels import functional, next_chi, next_overlaps, sweep
from relutheory.injectivity.gaussian.replica import ratio

LEVELS, X_MAX, X_MIN = 30, 15.0, 1.0
_LARGEST = 50.0  # level: beyond, the grid is too coarse
_POINTS, _STEPS, _MEMORY = 1001, 150, 6
_COARSE = 16.0  # the largest level for which so few points are enough
_DAMPING = 0.5
_LEAST, _LONGEST = 1e-4, 1.5  # of differences of -ln(1 - q), of steps
_LOST = 1e-2  # a residual that says nothing of a solution


@dataclass(frozen=True, kw_only=True)
class FullRSB:
    """A stationary point with k levels.

    alpha : m/n.  energy : the functional.  counted : the energy by another formula, the share of fields beyond 1; both
    agree in the limit of many levels.  chi.  x, q : (k,) levels and overlaps.  residual : how much the last step
    changed the overlaps, ln chi and alpha.  steps : taken.
    """

    alpha: float
    energy: float
    counted: float
    chi: float
    x: np.ndarray
    q: np.ndarray
    residual: float
    steps: int


def level_grid(k: int, x_max: float, x_min: float = X_MIN, *, linear: bool = False) -> np.ndarray:
    """k levels from x_min to x_max, in geometric progression, or equally spaced where `linear`.

    >>> level_grid(3, 4.0).tolist(), level_grid(3, 4.0, linear=True).tolist()
    ([1.0, 2.0, 4.0], [1.0, 2.5, 4.0])
    """
    count = size("k", k, 1)
    for name, value in (("x_max", x_max), ("x_min", x_min)):
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= _LARGEST:
            reject(name, value, f"must be a number in (0, {_LARGEST:g}]")
    if count > 1 and not x_min < x_max:
        reject("x_max", x_max, f"must be greater than x_min = {x_min}")
    if count == 1:
        return np.array([float(x_max)])
    grid: np.ndarray = np.linspace(x_min, x_max, count) if linear else np.geomspace(x_min, x_max, count)
    return grid


def full_rsb(
    alpha: Any = None,
    *,
    k: int = LEVELS,
    x_max: float = X_MAX,
    x_min: float = X_MIN,
    linear: bool = False,
    levels: Sequence[float] | None = None,
    counting: bool = False,
    steps: int = _STEPS,
    tolerance: float = 1e-5,
) -> FullRSB:
    """The prediction with k levels of replica symmetry breaking, at zero temperature.

    alpha : m/n, a rational number > 2, or None: the alpha at which the energy is 1, the predicted threshold of
    injectivity.  k, x_max, x_min, linear : the levels, as in `level_grid`; or `levels` : themselves, increasing.
    counting : where alpha is None, whether the energy is that of the second formula (`FullRSB.counted`).  steps : at
    most so many.  tolerance : of the residual; the functional is off by its square.  Returns a `FullRSB` whose numbers
    are floats without proof; the levels are not optimised, and a threshold from the functional is therefore too large
    by about the square of their spacing.
    Raises InputError for bad input, ArithmeticError where the iteration breaks down or comes near no solution.

    Source: the equations of [maillard2023], read in the authors' code.

    >>> round(full_rsb(k=10, x_min=2.0).alpha, 4)
    6.6981
    """
    given = None if alpha is None else float(ratio("alpha", alpha, 2))
    x = level_grid(k, x_max, x_min, linear=linear) if levels is None else _increasing(levels)
    size("steps", steps, 1)
    return _Iteration(x, given, counting).run(steps, tolerance)


def _increasing(levels: Sequence[float]) -> np.ndarray:
    x = np.array(levels, dtype=np.float64)
    if x.ndim != 1 or not len(x) or not (x > 0).all() or not (np.diff(x) > 0).all() or not x[-1] <= _LARGEST:
        reject("levels", levels, f"must be increasing numbers in (0, {_LARGEST:g}]")
    return x


class _Iteration:
    """Damped fixed-point iteration of (-ln(1 - q), ln chi), sped up by Anderson's mixing of the last few steps.

    Levels with equal overlaps stay equal under the map, also where the solution has them apart; so they are kept apart
    by a little, from which they are seen to move on.
    """

    def __init__(self, x: np.ndarray, alpha: float | None, counting: bool) -> None:
        self.x, self.fixed, self.counting = x, alpha is not None, counting
        self.alpha = 6.7 if alpha is None else alpha
        self.points: list[np.ndarray] = []
        self.changes: list[np.ndarray] = []

    def run(self, steps: int, tolerance: float) -> FullRSB:
        k = len(self.x)
        start = np.linspace(0.65, 0.97, k) if k > 1 else np.array([0.75])
        z = np.append(-np.log(1 - start), math.log(0.01) - 2.2 * math.log(self.alpha / 10))
        safe, last, damping = z, np.zeros_like(z), _DAMPING
        best: FullRSB | None = None
        for number in range(1, steps + 1):
            try:
                change, result = self._step(z, number)
            except ArithmeticError:  # the last step led out of the domain: a shorter one, from where it started
                damping /= 2
                if best is None or damping < 1e-3:
                    raise
                self.points, self.changes, self.alpha = [], [], best.alpha
                z = safe + damping * last
                continue
            if best is None or result.residual <= best.residual:
                best = result
            elif result.residual > 100 * best.residual:
                self.points, self.changes = [], []
            if result.residual < tolerance:
                break
            safe, last = z, change
            z = self._mix(z, change, damping)
        if best is None or best.residual > _LOST:
            raise ArithmeticError(f"no solution for levels {self.x.tolist()} and alpha = {self.alpha}")
        return best

    def _step(self, z: np.ndarray, number: int) -> tuple[np.ndarray, FullRSB]:
        x, q, chi, before = self.x, -np.expm1(-z[:-1]), math.exp(z[-1]), self.alpha
        halvings = max(0, math.ceil(math.log2(x[-1] / _COARSE)))
        found = sweep(x, q, chi, (_POINTS - 1) * 2**halvings + 1)
        if not (math.isfinite(found.free) and np.isfinite(found.squares).all() and found.outer > 0):
            raise ArithmeticError(f"no solution for levels {x.tolist()} and alpha = {before}")
        energy = functional(x, q, chi, before, found.free)
        share = math.sqrt(2 * chi) * found.outer
        if not self.fixed:  # the functional is stationary in all but alpha, in which it is linear
            self.alpha = 1 / share if self.counting else before + (1 - energy) / -found.free
        overlaps = next_overlaps(x, q, chi, self.alpha, found)
        log_chi = math.log(next_chi(x, overlaps, self.alpha, found.inner))
        least = np.exp(-z[:-1] - _LONGEST)  # of 1 - q
        levels = _kept_apart(-np.log(np.maximum(1 - overlaps, least)))
        change = np.clip(np.append(levels, log_chi) - z, -_LONGEST, _LONGEST)
        result = FullRSB(
            alpha=self.alpha,
            energy=functional(x, q, chi, self.alpha, found.free),
            counted=self.alpha * share,
            chi=chi,
            x=x,
            q=q,
            residual=float(np.abs(change).max() + abs(self.alpha - before)),
            steps=number,
        )
        return change, result

    def _mix(self, z: np.ndarray, change: np.ndarray, damping: float) -> np.ndarray:
        """The next point: Anderson's, where it is admissible, else a damped step."""
        self.points = [*self.points, z][-_MEMORY:]
        self.changes = [*self.changes, change][-_MEMORY:]
        plain: np.ndarray = z + damping * change
        if len(self.changes) < _MEMORY:
            return plain
        moves = np.diff(self.points, axis=0).T + damping * np.diff(self.changes, axis=0).T
        weights = np.linalg.lstsq(np.diff(self.changes, axis=0).T, change, rcond=1e-10)[0]
        mixed: np.ndarray = plain - moves @ weights
        mixed[:-1] = _kept_apart(mixed[:-1])
        admissible = mixed[0] > 0 and np.abs(mixed - z).max() <= _LONGEST
        return mixed if admissible else plain


def _kept_apart(levels: np.ndarray) -> np.ndarray:
    """Numbers raised as little as needed for each to exceed the one before by `_LEAST`."""
    steps = _LEAST * np.arange(len(levels))
    apart: np.ndarray = np.maximum(np.maximum.accumulate(levels - steps), 1e-6) + steps
    return apart
