"""From counts to curves: intervals of probabilities, the ratio where a probability is 1/2, the limit of many inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_WINDOW = (0.05, 0.95)  # the part of a curve that the logistic fit looks at, and one point beyond on either side
_STEEPEST = 30.0  # logits beyond it leave float64 with nothing to tell from 0 or 1
_FIRST_N = 3  # smaller n say little about the limit


@dataclass(frozen=True, kw_only=True)
class HalfPoint:
    """Where the probability of being injective crosses 1/2, for one n; ratios c = m/n.

    logistic : the ratio where a logistic curve crosses, whose logit is a parabola (a line for fewer than 4 points),
    fitted to the steep part by maximum likelihood; None where the data do not determine one.  interval : its
    confidence interval, wider where the curve does not fit; None, as the ratio is, where it were wider than the data.
    goodness : the p-value of its deviance, small where it is the wrong curve (None: as many parameters as points).
    isotonic : where the best monotone curve crosses, linear between points; None outside the data.
    bracket : the largest ratio at which the probability is below 1/2, and the least at which it is above, both at once
    with the confidence of the level and without any model: it holds however the trials were distributed.  None
    stands for an end that the data do not settle.
    """

    n: int
    logistic: float | None
    interval: tuple[float, float] | None
    goodness: float | None
    isotonic: float | None
    bracket: tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Extrapolation:
    """A model of the half point for n -> infinity, fitted to the logistic ones with n >= 3 by least squares.

    model : "r + a/n", say.  value : r.  interval : of r if the model is true, which is not known.  coefficients : all.
    goodness : the p-value of chi^2; None where there are as many parameters as points.  points : how many n.
    """

    model: str
    value: float
    interval: tuple[float, float]
    coefficients: tuple[float, ...]
    goodness: float | None
    points: int


MODELS = {"r + a/n": (-1.0,), "r + a/n^(2/3)": (-2.0 / 3.0,), "r + a/n + b/n^2": (-1.0, -2.0)}


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact confidence interval of a binomial probability.

    >>> tuple(round(end, 4) for end in clopper_pearson(5, 10)), clopper_pearson(0, 0)
    ((0.1871, 0.8129), (0.0, 1.0))
    """
    from scipy.stats import beta

    tail = (1.0 - level) / 2.0
    lo = float(beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    hi = float(beta.isf(tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return lo, hi


def side_of_half(successes: int, trials: int, error: float) -> int:
    """-1 or 1 where the probability is shown to be below or above 1/2, else 0; wrong with probability <= error.

    The bound holds for all numbers of trials at once: they may depend on what was seen (Ville's inequality for the
    martingale of the likelihood, averaged over a Beta(1/2, 1/2) alternative, against that of 1/2).

    >>> side_of_half(2, 40, 0.01), side_of_half(15, 40, 0.01), side_of_half(40, 40, 0.01)
    (-1, 0, 1)
    """
    failures = trials - successes
    log_ratio = math.lgamma(successes + 0.5) + math.lgamma(failures + 0.5) - math.lgamma(trials + 1.0)
    log_ratio += trials * math.log(2.0) - math.log(math.pi)
    if log_ratio < -math.log(error):
        return 0
    return 1 if successes > failures else -1


def isotonic(successes: Sequence[int], trials: Sequence[int]) -> list[float]:
    """The nondecreasing probabilities with the largest likelihood (neighbours that violate the order are pooled).

    >>> isotonic([1, 4, 3, 9], [10, 10, 10, 10])
    [0.1, 0.35, 0.35, 0.9]
    """
    blocks: list[tuple[int, int, int]] = []
    for k, many in zip(successes, trials, strict=True):
        block = (k, many, 1)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    return [k / many if many else 0.5 for k, many, size in blocks for _ in range(size)]


def half_point(
    n: int, rows: Sequence[int], successes: Sequence[int], trials: Sequence[int], level: float = 0.95
) -> HalfPoint:
    """Where the curve of one n crosses 1/2; rows : the m, increasing; level : of the intervals."""
    seen = [i for i in range(len(rows)) if trials[i]]
    ratios = [rows[i] / n for i in seen]
    k, many = [successes[i] for i in seen], [trials[i] for i in seen]
    curve = isotonic(k, many)
    error = (1.0 - level) / max(len(rows), 1)
    sides = [side_of_half(a, b, error) for a, b in zip(k, many, strict=True)]
    below = max((r for r, side in zip(ratios, sides, strict=True) if side < 0), default=None)
    above = min((r for r, side in zip(ratios, sides, strict=True) if side > 0), default=None)
    fitted = _logistic(*_window(ratios, k, many, curve), level)
    logistic, interval, goodness = fitted if fitted is not None else (None, None, None)
    return HalfPoint(
        n=n,
        logistic=logistic,
        interval=interval,
        goodness=goodness,
        isotonic=_crossing(ratios, curve),
        bracket=(below, above),
    )


def _crossing(ratios: Sequence[float], curve: Sequence[float]) -> float | None:
    for i, p in enumerate(curve):
        if p == 0.5:
            j = max(j for j, q in enumerate(curve) if q == 0.5)
            return (ratios[i] + ratios[j]) / 2.0
        if p > 0.5:
            if i == 0:
                return None
            return ratios[i - 1] + (ratios[i] - ratios[i - 1]) * (0.5 - curve[i - 1]) / (p - curve[i - 1])
    return None


def _window(
    ratios: Sequence[float], k: Sequence[int], many: Sequence[int], curve: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steep = [i for i, p in enumerate(curve) if _WINDOW[0] <= p <= _WINDOW[1]]
    lo, hi = (max(steep[0] - 1, 0), min(steep[-1] + 2, len(curve))) if steep else (0, 0)
    return np.array(ratios[lo:hi], float), np.array(k[lo:hi], float), np.array(many[lo:hi], float)


def _determined(r: np.ndarray, k: np.ndarray, many: np.ndarray, degree: int) -> bool:
    """Whether the likelihood has a maximum: no polynomial of the degree separates layers of one kind from the others.

    One that does vanishes where both kinds were seen, is <= 0 where no layer was injective, >= 0 where all were, and is
    not 0 at all of the points: the larger its factor, the better the fit.
    """
    mixed = (k > 0) & (k < many)
    if mixed.sum() < degree:
        return False
    if mixed.sum() > degree:
        return True
    values = np.prod(r[:, None] - r[mixed], axis=1)
    signs = np.where(k == 0, -1.0, 1.0) * values
    return bool((signs[~mixed] > 0).any() and (signs[~mixed] < 0).any())


def _logistic(
    r: np.ndarray, k: np.ndarray, many: np.ndarray, level: float
) -> tuple[float, tuple[float, float], float | None] | None:
    """(half point, interval, goodness) of logit p = polynomial in r, by Newton's method; None where it fails."""
    from scipy.special import expit, xlogy
    from scipy.stats import chi2, norm

    degree = 2 if len(r) >= 4 else 1
    while degree and not _determined(r, k, many, degree):
        degree -= 1
    if not degree:
        return None
    middle, scale = float(r.mean()), float(r[-1] - r[0])
    design = ((r - middle) / scale)[:, None] ** np.arange(degree + 1)
    theta = np.zeros(degree + 1)
    for _ in range(100):
        p = expit(design @ theta)
        information = design.T @ (design * (many * p * (1.0 - p))[:, None])
        try:
            step = np.linalg.solve(information, design.T @ (k - many * p))
        except np.linalg.LinAlgError:
            return None
        theta = theta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    else:
        return None
    if np.abs(design @ theta).max() > _STEEPEST:
        return None
    roots = [float(x.real) for x in np.polynomial.Polynomial(theta).roots() if x.imag == 0.0]
    slopes = {x: sum(j * theta[j] * x ** (j - 1) for j in range(1, degree + 1)) for x in roots}
    inside = [x for x in roots if slopes[x] > 0.0 and design[0, 1] <= x <= design[-1, 1]]
    if not inside:
        return None
    x = inside[0]
    p = expit(design @ theta)
    deviance = 2.0 * float((xlogy(k, k / (many * p)) + xlogy(many - k, (many - k) / (many * (1.0 - p)))).sum())
    free = len(r) - degree - 1
    gradient = np.array([x**j for j in range(degree + 1)]) / slopes[x]
    variance = float(gradient @ np.linalg.solve(information, gradient)) * max(1.0, deviance / max(free, 1))
    reach = float(norm.isf((1.0 - level) / 2.0)) * math.sqrt(variance) * scale
    half = middle + scale * x
    if not reach <= scale:
        return None
    return half, (half - reach, half + reach), float(chi2.sf(deviance, free)) if free else None


def extrapolate(half: Sequence[HalfPoint], level: float = 0.95) -> list[Extrapolation]:
    """Every model of `MODELS` that has at least as many points as parameters."""
    from scipy.stats import chi2, norm

    z = float(norm.isf((1.0 - level) / 2.0))
    fits = [h for h in half if h.n >= _FIRST_N and h.logistic is not None and h.interval is not None]
    sizes = np.array([h.n for h in fits], float)
    values = np.array([h.logistic for h in fits], float)
    errors = np.array([(h.interval[1] - h.interval[0]) / (2.0 * z) for h in fits if h.interval is not None])
    found = []
    for model, powers in MODELS.items():
        if len(fits) < 1 + len(powers):
            continue
        design = np.column_stack([np.ones_like(sizes), *(sizes**power for power in powers)])
        covariance = np.linalg.inv(design.T @ (design / errors[:, None] ** 2))
        theta = covariance @ (design.T @ (values / errors**2))
        free = len(fits) - design.shape[1]
        misfit = float((((values - design @ theta) / errors) ** 2).sum())
        reach = z * math.sqrt(covariance[0, 0] * max(1.0, misfit / max(free, 1)))
        found.append(
            Extrapolation(
                model=model,
                value=float(theta[0]),
                interval=(float(theta[0] - reach), float(theta[0] + reach)),
                coefficients=tuple(float(v) for v in theta),
                goodness=float(chi2.sf(misfit, free)) if free else None,
                points=len(fits),
            )
        )
    return found
