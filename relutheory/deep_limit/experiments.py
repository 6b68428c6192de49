"""What happens along depth, measured in float64: trajectories beside proved bounds, and two initialisations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.activation.products import forward_along_depth, products_along_depth
from relutheory.core.errors import check_limit, reject
from relutheory.core.verdict import Rigor, Verdict

_NORMS = ("1", "2", "inf")
_ORDERS = {"1": 1, "2": 2, "inf": np.inf}
_MARGIN = 1 + 2.0**-40  # covers the rounding of the few operations on the bound; that of x_n itself stays


@dataclass(frozen=True)
class Trajectory:
    """The states x_n of one input at some depths, made by `trajectory`.

    depths : k depths n, increasing.  points : k arrays, x_n, (m_n,).  increments : (k,), the largest entry of
    |x_n - x_{n-1}|, shorter vectors continued by zeros (n = 1: NaN where there are not as many inputs as neurons).
    bounds : (k,), a bound of the largest entry of |x_m - x_n| over all m > n, from the proved sums of what is still to
    come and the float state; infinite where those sums are not proved finite.  rigor : FLOAT.
    """

    depths: np.ndarray
    points: tuple[np.ndarray, ...]
    increments: np.ndarray
    bounds: np.ndarray
    rigor: Rigor = Rigor.FLOAT


def spaced_depths(last: int, count: int = 60) -> list[int]:
    """At most `count` depths from 1 to `last`, each about the same factor after the one before.

    >>> spaced_depths(100, 5)
    [1, 3, 10, 32, 100]
    """
    for name, value in (("last", last), ("count", count)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            reject(name, value, "must be a positive integer")
    return sorted({round(v) for v in np.geomspace(1, last, count).tolist()} | {last})


def trajectory(family: Any, x: Any, depths: Iterable[int]) -> Trajectory:
    """The states of x at these depths, how far each layer moves them, and bounds of how far the rest can.

    family : DeepFamily.  x : (d,) finite numbers.  depths : integers >= 1.  Returns a `Trajectory` (Rigor.FLOAT).
    Raises InputError for an input or depths that do not fit.
    Source: the bound is that of deep.summable, with exponentials.

    >>> from relutheory.deep_limit.families.family import DeepFamily
    >>> found = trajectory(DeepFamily.from_symbolic("1 + 1/2**n", first=([[1]], [0])), [1.0], [1, 2, 3])
    >>> found.increments.tolist(), round(float(found.bounds[1]), 3)
    ([0.0, 0.25, 0.15625], 0.355)
    """
    wanted = _depths(depths)
    start = np.asarray(x, dtype=np.float64)
    near = sorted({n - 1 for n in wanted if n > 1} | set(wanted))
    found = forward_along_depth(family, start, wanted[-1], every=near)
    states = dict(zip(found.depths, found.points, strict=True))
    if len(start) == family.width(1):
        states[0] = start
    moved = [_moved(states[n], states[n - 1]) if n - 1 in states else math.nan for n in wanted]
    bounds = [remaining(family, n, states[n]) for n in wanted]
    points = tuple(states[n] for n in wanted)
    return Trajectory(np.array(wanted), points, np.array(moved), np.array(bounds))


def remaining(family: Any, n: int, x_n: np.ndarray) -> float:
    """A bound of the largest entry of |x_m - x_n| over all m > n >= 1, as in `Trajectory`.

    family : DeepFamily.  n : depth.  x_n : (m_n,) float64.  Infinite where the sums are not proved finite.
    """
    best = math.inf
    for norm in _NORMS:
        weights, biases = family.tail_weights(n, norm), family.tail_bias(n, norm)
        if weights.status is Verdict.HOLDS and biases.status is Verdict.HOLDS:
            s, t = weights.upper_float, biases.upper_float
            size = float(np.linalg.norm(x_n, _ORDERS[norm]))
            if not math.isfinite(size):
                continue
            try:
                best = min(best, _MARGIN * (math.expm1(s) * size + math.exp(s) * t))
            except OverflowError:  # exp(s) is beyond float64: this norm gives nothing
                continue
    return best


def _depths(depths: Iterable[int]) -> list[int]:
    found = sorted(set(depths))
    if not found or not all(isinstance(n, (int, np.integer)) and n >= 1 for n in found):
        reject("depths", depths, "must be integers >= 1")
    return [int(n) for n in found]


def _moved(x: np.ndarray, y: np.ndarray) -> float:
    length = max(len(x), len(y))
    with np.errstate(invalid="ignore"):  # beyond float64 states are infinite, and their distance is not a number
        return float(np.abs(np.pad(x, (0, length - len(x))) - np.pad(y, (0, length - len(y)))).max())


@dataclass(frozen=True)
class Initialisation:
    """Sizes along depth of a random network at its start, made by `initialisation`.

    depths : k depths.  outputs : (k,), log10 of |x_n| / |x_0|.  gradients : (k,), log10 of the root mean square of the
    gradients of the neurons of layer n, that is of |dx_n / dx_0|_F / sqrt(m).  Minus infinity is 0.  rigor : FLOAT.
    """

    depths: np.ndarray
    outputs: np.ndarray
    gradients: np.ndarray
    rigor: Rigor = Rigor.FLOAT


def initialisation(
    width: int, depths: Iterable[int], *, power: float | None = None, scale: float = 1.0, seed: int = 0
) -> Initialisation:
    """How outputs and gradients of a random network without biases grow or vanish with depth.

    width : m.  depths : integers >= 1.  power : None draws W_n = G sqrt(2/m) (He initialisation); a number p draws
    W_n = I + scale G / (sqrt(m) n^p); G has independent standard normal entries.  seed : of G and of the input, a
    vector of positive entries.  Returns an `Initialisation` (Rigor.FLOAT).  Raises InputError.

    >>> found = initialisation(8, [1, 100], power=2.0)
    >>> bool(abs(found.outputs[1] - found.outputs[0]) < 1)
    True
    """
    wanted = _depths(depths)
    if isinstance(width, bool) or not isinstance(width, int) or width < 1:
        reject("width", width, "must be a positive integer")
    check_limit("seed", seed, integer=True)
    if power is not None and not (math.isfinite(power) and power >= 0):
        reject("power", power, "must be a number >= 0 or None")
    rng = np.random.default_rng(seed)
    x = np.abs(rng.standard_normal(width))

    def layers(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        G = rng.standard_normal((count, width, width))
        if power is None:
            W = G * math.sqrt(2 / width)
        else:
            sizes = scale / (math.sqrt(width) * np.arange(first, first + count, dtype=np.float64) ** power)
            W = np.eye(width) + G * sizes[:, None, None]
        return W, np.zeros((count, width))

    found = products_along_depth(layers, x, wanted[-1], every=wanted)
    outputs = [_log_norm(point) - _log_norm(x) for point in found.points]
    gradients = [_log_norm(M) - math.log10(width) / 2 for M in found.matrices]
    return Initialisation(np.array(wanted), np.array(outputs), np.array(gradients))


def _log_norm(values: np.ndarray) -> float:
    """log10 of the Euclidean norm, also where its square is beyond float64."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0:
        return -math.inf
    return math.log10(largest) + math.log10(float(np.linalg.norm(values / largest)))


def errors_against_bounds(family: Any, x: Any, depths: Sequence[int], limit: Sequence[Any]) -> list[dict[str, Any]]:
    """The distances of exact states from a limit that is enclosed, beside the bound of deep.summable.

    family : DeepFamily with rational layers.  x : its input, exact numbers.  depths : integers >= 1.  limit : one
    `Enclosure` per coordinate, as in `DeepLimit.enclosure`.  Returns a dict per depth: "depth"; "error", the largest
    entry of |lim - x_n| from both sides as a pair of floats (rounded outwards by one place); "bound".
    """
    from relutheory.core.exact import rational

    wanted, rows = _depths(depths), []
    state: Any = [rational(v, "x") for v in x]
    for n in range(1, wanted[-1] + 1):
        state = family.layer(n).forward_exact(state)
        if n not in wanted:
            continue
        low = max(max(e.lo - v, v - e.hi, 0) for e, v in zip(limit, state, strict=True))
        high = max(max(e.hi - v, v - e.lo) for e, v in zip(limit, state, strict=True))
        ends = math.nextafter(float(low), 0.0), math.nextafter(float(high), math.inf)
        bound = remaining(family, n, np.array([float(v) for v in state]))
        rows.append({"depth": n, "error": ends, "bound": bound})
    return rows
