"""Large Gaussian layers: the threshold between collisions, from below, and the first moment, from above."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Real

import numpy as np

from relutheory._kernels.filters import TINY, gamma
from relutheory.core.errors import check_limit, reject
from relutheory.injectivity.descent import low_points
from relutheory.injectivity.gaussian.finite import expected_collapsing_cells, rows_for, size
from relutheory.injectivity.gaussian.fits import clopper_pearson

_RATIOS = tuple(4 + k / 4 for k in range(15))


@dataclass(frozen=True, kw_only=True)
class RatioBracket:
    """Two ends for the ratio m/n at which Gaussian layers with n inputs are injective with probability 1/2.

    lower : the largest ratio tried at which collisions show, with confidence `level`, that less than half of the
    layers are injective; None where even the first one failed.  upper : a ratio at which at least half of them are,
    proved: the expected number of cells with fewer than n active rows is at most 1/2.  tried : for each ratio how many
    of the `samples` layers were shown not to be injective (exactly; that none was found says nothing of the others).
    """

    n: int
    lower: float | None
    upper: float
    tried: dict[float, int]
    samples: int
    level: float
    complete: bool
    seconds: float


def collision_ratios(
    n: int,
    *,
    ratios: Iterable[float] | None = None,
    samples: int = 5,
    seed: int = 0,
    level: float = 0.95,
    time_limit: float | None = None,
) -> RatioBracket:
    """Bracket the threshold of Gaussian layers with n inputs, from below by points at which few rows are active.

    n : inputs, >= 2, hundreds are fine.  ratios : increasing, tried until one fails; default 4, 4.25, ....  samples :
    layers for each ratio, all of which must fall with level 0.95 and the default 5.  seed : of the layers, which grow
    with the ratio by further rows.  level : of the claim that `lower` is one; testing in order keeps it.  time_limit :
    seconds; `complete` is False where it ended the search.

    Returns a `RatioBracket`.  Raises InputError for bad arguments.

    >>> bracket = collision_ratios(20, ratios=[3, 4])
    >>> bracket.lower, bracket.tried, bracket.upper < 9
    (4.0, {3: 5, 4: 5}, True)
    """
    started = time.perf_counter()
    n = size("n", n, 2)
    samples = size("samples", samples, 1)
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        reject("seed", seed, "must be an integer, at least 0")
    if not isinstance(level, Real) or not 0.5 < level < 1.0:
        reject("level", level, "must lie between 1/2 and 1")
    wanted = list(_RATIOS if ratios is None else ratios)
    for before, ratio in zip([0.0, *wanted], wanted, strict=False):
        if not isinstance(ratio, Real) or not before < ratio <= 100.0 or ratio < 1.0:
            reject("ratios", ratio, "must be increasing numbers from 1 to 100")
    limit = check_limit("time_limit", time_limit)
    deadline = None if limit is None else started + limit
    lower, tried, complete = None, {}, True
    for ratio in wanted:
        m = rows_for(float(ratio), n)
        tried[ratio] = sum(_collides(_layer(n, m, int(seed), k), deadline) for k in range(samples))
        if deadline is not None and time.perf_counter() > deadline:
            complete = False
        # a one-sided bound: twice the error on each side of the interval
        if clopper_pearson(tried[ratio], samples, 2.0 * level - 1.0)[0] <= 0.5:
            break
        lower = m / n
    return RatioBracket(
        n=n,
        lower=lower,
        upper=first_moment_ratio(n),
        tried=tried,
        samples=samples,
        level=float(level),
        complete=complete,
        seconds=time.perf_counter() - started,
    )


def _layer(n: int, m: int, seed: int, k: int) -> np.ndarray:
    """The first m rows of the k-th layer."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n, k))).standard_normal((m, n))


def _collides(weights: np.ndarray, deadline: float | None) -> bool:
    """Whether a point with fewer than n active rows is found: exactly, for all other rows are proved negative there."""
    m, n = weights.shape
    units = weights / np.sqrt((weights * weights).sum(axis=1, keepdims=True))
    return any(most_active(weights, z) < n for z in low_points(units, m, n, deadline))


def most_active(weights: np.ndarray, z: np.ndarray) -> int:
    """The number of rows that are not proved to be negative at z, the floats taken for exact numbers.

    >>> most_active(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), np.array([1.0, 0.0]))
    2
    """
    bound = gamma(len(z) + 1.0) * (np.abs(weights) @ np.abs(z)) * (1.0 + 2.0**-20) + len(z) * TINY
    return int((~(weights @ z < -bound)).sum())


def first_moment_ratio(n: int) -> float:
    """A ratio m/n, about the least, at which the expected number of collapsing cells is at most 1/2.

    n : inputs, >= 1.  At least half of the Gaussian layers with m rows are injective, and so are those with more.

    >>> first_moment_ratio(1), round(first_moment_ratio(50), 2)
    (2.0, 8.74)
    """
    n = size("n", n, 1)
    low, high = n, 2 * n
    while expected_collapsing_cells(high, n) > Fraction(1, 2):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if expected_collapsing_cells(middle, n) > Fraction(1, 2):
            low = middle
        else:
            high = middle
    return high / n
