"""k levels of replica symmetry breaking at given overlaps: the functional, and the map whose fixed point is stationary.

Levels x_0 < ... < x_{k-1} carry overlaps q_0 <= ... <= q_{k-1} <= q_k = 1; f_k(h) = -min(1, max(h, 0)^2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

_REACH = 8.3  # standard deviations of a Gaussian that are kept
_FINE = 1.5  # steps: a narrower Gaussian is replaced by a stencil with the same moments
_STENCIL = 6


@dataclass(frozen=True, kw_only=True)
class Levels:
    """What one pass over the levels gives: means under P_i, the measure of the local field at level i.

    free : the mean of f_0 over the field, E f_0.  squares : (k + 1,) integrals of P_i f_i'^2 (4 h^2 on [0, 1] for
    i = k).  inner, outer : integrals of P_k h^2 over [0, 1] and of P_k over h > 1.
    """

    free: float
    squares: np.ndarray
    inner: float
    outer: float


def last_level(h: np.ndarray, sigma: float, x: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Means over h + sigma g of exp(x f), f' exp(x f), h^2 exp(x f) on [0, 1], exp(x f) on h > 1; in closed form.

    h : (N,).  sigma : > 0.  x : > 0.  Returns four arrays (N,).

    >>> [v.round(6).tolist() for v in last_level(np.array([0.0]), 1e-9, 2.0)]
    [[1.0], [-0.0], [0.0], [0.0]]
    """
    from scipy.special import ndtr

    spread = 1 + 2 * x * sigma * sigma
    mean, s = h / spread, sigma / math.sqrt(spread)
    low, high = -mean / s, (1 - mean) / s
    mass = np.where(mean < 0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    below, above = _density(low), _density(high)
    scale = np.exp(-x * h * h / spread) / math.sqrt(spread)
    first = scale * (mean * mass + s * (below - above))
    second = scale * ((mean * mean + s * s) * mass + s * mean * (below - above) - s * above)
    over = math.exp(-x) * ndtr((h - 1) / sigma)
    return ndtr(-h / sigma) + scale * mass + over, -2 * first, second, over


def _density(t: np.ndarray) -> np.ndarray:
    density: np.ndarray = np.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    return density


def stencil(steps: float) -> np.ndarray:
    """The weights, from the middle, of a Gaussian whose standard deviation is this many steps of the grid.

    >>> w = stencil(0.5)
    >>> round(2 * float((w[1:] * np.arange(1, len(w)) ** 2).sum()), 12)
    0.25
    """
    if steps > _FINE:
        weights = np.exp(-0.5 * (np.arange(math.ceil(_REACH * steps) + 1) / steps) ** 2)
        whole: np.ndarray = weights / (2 * weights.sum() - weights[0])
        return whole
    places = np.arange(1, _STENCIL + 1, dtype=np.float64)
    powers = np.arange(1, _STENCIL + 1)
    moments = [math.prod(range(1, 2 * p, 2)) * steps ** (2 * p) for p in powers]
    sides = np.linalg.solve(2 * places ** (2 * powers[:, None]), moments)
    return np.append(1 - 2 * sides.sum(), sides)


def sweep(x: np.ndarray, q: np.ndarray, chi: float, points: int) -> Levels:
    """One pass down and up.  x, q : (k,) float64.  chi : > 0.  points : of the grid, odd."""
    from relutheory._kernels.full_rsb import downwards, upwards

    k, reach = len(x), 2 + 8.5 / math.sqrt(2 * chi)
    h = np.linspace(-reach, reach, points)
    step = float(h[1] - h[0])
    sigma = np.sqrt(np.diff(np.append(q, 1.0)) / (2 * chi))
    stencils = [stencil(s / step) for s in sigma[:-1]]
    radii = np.array([len(w) - 1 for w in stencils], dtype=np.int64)
    weights = np.zeros((k, 1 + max(radii, default=0)))
    for row, w in zip(weights, stencils, strict=False):
        row[: len(w)] = w
    f, slope = np.empty((k, points)), np.empty((k, points))
    total, first, inner, outer = last_level(h, float(sigma[-1]), float(x[-1]))
    f[-1], slope[-1] = np.log(total) / x[-1], first / total
    padded, scratch = np.empty(points + 2 * weights.shape[1]), np.empty((2, points))
    downwards(x, f, slope, weights, radii, padded, scratch)
    p = np.exp(-chi * h * h / q[0]) / math.sqrt(2 * math.pi * q[0])
    free = step * math.sqrt(2 * chi) * float(p @ f[0])
    squares = np.empty(k + 1)
    upwards(x, f, slope, weights, radii, padded, scratch, p, squares[:k])
    within, beyond = step * float(scratch[0] @ inner), step * float(scratch[0] @ outer)
    squares[:k] *= step
    squares[k] = 4 * within
    return Levels(free=free, squares=squares, inner=within, outer=beyond)


def remainders(x: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(k + 1,): the sums over j >= i of (q_j - q_{j-1}) x_{j-1}, for i = 1, ..., k + 1."""
    terms = np.diff(np.append(q, 1.0)) * x
    return np.append(np.cumsum(terms[::-1])[::-1], 0.0)


def functional(x: np.ndarray, q: np.ndarray, chi: float, alpha: float, free: float) -> float:
    """The energy of a trial solution: its supremum over x, q at the stationary chi is the prediction.

    -(q_0/(chi + S_1) + sum_i ln((chi + S_i)/(chi + S_{i+1}))/x_{i-1})/2 - alpha E f_0, S_i : `remainders`.
    """
    s = chi + remainders(x, q)
    return float(-(q[0] / s[0] + (np.log(s[:-1] / s[1:]) / x).sum()) / 2 - alpha * free)


def next_overlaps(x: np.ndarray, q: np.ndarray, chi: float, alpha: float, found: Levels) -> np.ndarray:
    """The overlaps that the stationarity in q gives for these means; they need not increase."""
    kappa = -alpha / math.sqrt(2 * chi) * found.squares
    steps = np.concatenate([[math.sqrt(-kappa[0] / q[0])], -x * np.diff(kappa)])
    sums = np.cumsum(steps)
    if not (sums > 0).all():
        raise ArithmeticError("the means are those of no solution")
    lam = 1 / sums
    inverse = 1 / x
    tail = np.append(np.cumsum((np.diff(inverse) * lam[1:-1])[::-1])[::-1], 0.0)
    new: np.ndarray = 1 - lam[:-1] * inverse + lam[-1] * inverse[-1] - tail
    return new


def next_chi(x: np.ndarray, q: np.ndarray, alpha: float, inner: float) -> float:
    """The chi that the stationarity in chi gives for these means; ArithmeticError where there is none."""
    from scipy.optimize import brentq

    rest, steps = remainders(x, q), np.diff(np.append(q, 1.0))

    def balance(log_chi: float) -> float:
        chi = math.exp(log_chi)
        s = chi + rest
        return math.sqrt(chi) * float(q[0] / s[0] ** 2 + (steps / (s[:-1] * s[1:])).sum()) - 2**1.5 * alpha * inner

    if not balance(-25.0) > 0 > balance(25.0):
        raise ArithmeticError("the means are those of no solution")
    root: Any = brentq(balance, -25.0, 25.0, xtol=1e-14)
    return math.exp(root)
