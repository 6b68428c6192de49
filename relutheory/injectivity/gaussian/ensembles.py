"""Random layers behind one interface: every ensemble draws float64 numbers, and the decisions are about those.

In all of them the first m rows of a larger layer are distributed like a layer with m rows, or can be coupled so: adding
a row never destroys injectivity, so that the probability of being injective is monotone in m.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.errors import reject

Sample = tuple[np.ndarray, np.ndarray | None]
Sampler = Callable[[np.random.Generator, int, int, int], Sample]


@dataclass(frozen=True)
class Ensemble:
    """A distribution of m x n layers for every m and n.

    name : says it all, parameters included: a file of results is known by it.  sampler : a function of (rng, k, m, n)
    that returns weights (k, m, n) float64 and biases (k, m) float64, or None for layers without bias.  It must be
    picklable (a function of a module, say) where worker processes share the work.

    >>> weights, biases = find_ensemble("sphere").draw(np.random.default_rng(0), 2, 5, 3)
    >>> weights.shape, biases, np.allclose((weights**2).sum(axis=2), 1)
    ((2, 5, 3), None, True)
    """

    name: str
    sampler: Sampler

    def draw(self, rng: np.random.Generator, k: int, m: int, n: int) -> Sample:
        """k layers: weights (k, m, n) and biases (k, m) or None.  Raises InputError where the sampler draws others."""
        drawn = self.sampler(rng, k, m, n)
        if not isinstance(drawn, tuple) or len(drawn) != 2:
            reject("ensemble", self.name, "must draw a pair: weights, and biases or None")
        weights, biases = drawn
        if weights is None:
            reject("ensemble", self.name, "must draw weights")
        for array, shape in ((weights, (k, m, n)), (biases, (k, m))):
            if array is not None and (
                getattr(array, "shape", None) != shape or array.dtype != np.float64 or not np.isfinite(array).all()
            ):
                reject("ensemble", self.name, f"must draw finite float64 numbers, here of shape {shape}")
        return weights, biases


def find_ensemble(name: str | Ensemble) -> Ensemble:
    """The ensemble of a name: "gaussian", "sphere", "rademacher", "orthogonal", or one with a parameter.

    name : "sparse:q" has Gaussian entries, each kept with probability q in (0, 1].  "paired:f" consists of pairs b and
    -d b, d > 0, for a fraction f in [0, 1] of its rows, and of Gaussian rows.  "biased:mu" has Gaussian rows with
    biases N(mu, 1) (their scale is of no account: on all of R^n it can be moved into x).  "orthogonal" stacks random
    orthogonal n x n matrices, the last one cut.  An Ensemble is returned as it is; it must not have one of these names.
    Raises InputError for anything else.

    >>> find_ensemble("sparse:0.30").name, find_ensemble("rademacher").name
    ('sparse:0.3', 'rademacher')
    """
    if isinstance(name, Ensemble):
        if name.name.partition(":")[0] in {*_PLAIN, *_WITH_PARAMETER} and find_ensemble(name.name) != name:
            reject("ensemble", name.name, "is the name of a built-in ensemble: give yours another")
        return name
    if not isinstance(name, str):
        reject("ensemble", name, "must be a name or an Ensemble")
    kind, given, text = name.partition(":")
    if kind in _PLAIN and not given:
        return Ensemble(kind, _PLAIN[kind])
    if kind not in _WITH_PARAMETER:
        reject("ensemble", name, f"must be one of {', '.join(ensemble_names())}")
    sampler, lo, hi, rule = _WITH_PARAMETER[kind]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not lo <= value <= hi or (kind == "sparse" and value == 0.0):
        reject("ensemble", name, rule)
    return Ensemble(f"{kind}:{value:.12g}", sampler(float(f"{value:.12g}")))


def ensemble_names() -> list[str]:
    """The names that `find_ensemble` knows, parameters as letters.

    >>> ensemble_names()
    ['gaussian', 'sphere', 'rademacher', 'orthogonal', 'sparse:q', 'paired:f', 'biased:mu']
    """
    return [*_PLAIN, "sparse:q", "paired:f", "biased:mu"]


def _gaussian(rng: np.random.Generator, k: int, m: int, n: int) -> Sample:
    return rng.standard_normal((k, m, n)), None


def _sphere(rng: np.random.Generator, k: int, m: int, n: int) -> Sample:
    weights = rng.standard_normal((k, m, n))
    return weights / np.sqrt((weights * weights).sum(axis=2, keepdims=True)), None


def _rademacher(rng: np.random.Generator, k: int, m: int, n: int) -> Sample:
    return 2.0 * rng.integers(0, 2, (k, m, n)) - 1.0, None


def _orthogonal(rng: np.random.Generator, k: int, m: int, n: int) -> Sample:
    blocks = -(-m // n)
    q, r = np.linalg.qr(rng.standard_normal((k, blocks, n, n)))
    q = q * np.where(np.diagonal(r, axis1=2, axis2=3) < 0.0, -1.0, 1.0)[:, :, None, :]  # uniform on the group
    return np.ascontiguousarray(q.reshape(k, blocks * n, n)[:, :m]), None


@dataclass(frozen=True)
class _Sparse:
    q: float

    def __call__(self, rng: np.random.Generator, k: int, m: int, n: int) -> Sample:
        weights = rng.standard_normal((k, m, n))
        return np.where(rng.random((k, m, n)) < self.q, weights, 0.0), None


@dataclass(frozen=True)
class _Paired:
    f: float

    def __call__(self, rng: np.random.Generator, k: int, m: int, n: int) -> Sample:
        pairs = min(int(self.f * m / 2.0 + 2.0**-30), m // 2)
        weights = rng.standard_normal((k, m, n))
        # powers of two: the products are exact, and -d b is on the line of b
        scale = np.ldexp(1.0, rng.integers(-2, 3, (k, pairs, 1)))
        weights[:, pairs : 2 * pairs] = -scale * weights[:, :pairs]
        return weights, None


@dataclass(frozen=True)
class _Biased:
    mu: float

    def __call__(self, rng: np.random.Generator, k: int, m: int, n: int) -> Sample:
        return rng.standard_normal((k, m, n)), self.mu + rng.standard_normal((k, m))


_PLAIN: dict[str, Sampler] = {
    "gaussian": _gaussian,
    "sphere": _sphere,
    "rademacher": _rademacher,
    "orthogonal": _orthogonal,
}
_WITH_PARAMETER: dict[str, tuple[Any, float, float, str]] = {
    "sparse": (_Sparse, 0.0, 1.0, "must be sparse:q with a density 0 < q <= 1"),
    "paired": (_Paired, 0.0, 1.0, "must be paired:f with a fraction 0 <= f <= 1"),
    "biased": (_Biased, -1e6, 1e6, "must be biased:mu with a mean of size at most 1000000"),
}
