"""Pooled outputs at a few small points, two of which may be equal."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np

from relutheory.injectivity.witness import Collision

if TYPE_CHECKING:
    from relutheory.injectivity.structured.pooling import PooledLayer

_GRID = 700  # small points at which outputs are compared
_POWERS = 64  # larger powers of exact numbers are not computed for these


def small_collision(pooled: PooledLayer) -> Collision | None:
    """Two small integer points with equal outputs, if some of the first few hundred have."""
    seen: dict[Any, tuple[Fraction, ...]] = {}
    for x in islice(_small_points(pooled.layer.n), _GRID):
        other = seen.setdefault(_outputs(pooled, x), x)
        if other != x:
            return Collision(other, x)
    return None


def _outputs(pooled: PooledLayer, x: tuple[Fraction, ...]) -> Any:
    """The outputs at x; for a large power, all that they depend on."""
    if pooled.kind == "lp" and pooled.p > _POWERS:
        y = pooled.layer.forward_exact(x)
        return tuple(tuple(sorted(y[i] for i in group)) for group in pooled.groups)
    return tuple(pooled.forward_exact(x))


def _small_points(n: int) -> Iterator[tuple[Fraction, ...]]:
    """All points with entries -2..2 in few dimensions; some of them, and their negatives, in many."""
    if 5**n <= _GRID:
        yield from (tuple(map(Fraction, x)) for x in product(range(-2, 3), repeat=n))
        return
    rng = np.random.default_rng(0)
    while True:
        x = rng.integers(-2, 3, n).tolist()
        yield tuple(map(Fraction, x))
        yield tuple(-Fraction(v) for v in x)
