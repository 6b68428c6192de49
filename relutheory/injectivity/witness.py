"""Collisions: two different points with the same output, from a point whose active rows do not span."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from relutheory.core.exact import allow_digits, primitive
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.injectivity.problem import Problem


@dataclass(frozen=True)
class Collision:
    """x != y with ReLU(Wx + b) = ReLU(Wy + b), exactly; the layer is constant on the segment between them.

    x, y : tuples of n Fractions.

    >>> from relutheory.injectivity import decide_injectivity
    >>> from relutheory.networks import ReLULayer
    >>> layer = ReLULayer([[1]])
    >>> collision = decide_injectivity(layer).witness
    >>> collision.x != collision.y, layer.forward_exact(collision.x) == layer.forward_exact(collision.y)
    (True, True)
    """

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        allow_digits(*self.x, *self.y)

    def __setstate__(self, state: dict[str, tuple[Fraction, ...]]) -> None:
        # unpickling skips __init__, and the limit on digits belongs to the process
        self.__dict__.update(state)
        allow_digits(*self.x, *self.y)


def collision_at(problem: Problem, z: Sequence[Fraction]) -> Collision | None:
    """A collision around z, or None where the rows active at z span the space or z is not inside the domain.

    z : n Fractions.  With u orthogonal to all active rows, z + s u and z - s u have the same output as long as no
    inactive row becomes active.
    """
    values = problem.values(list(z))
    neurons, walls = values[: problem.m], values[problem.m :]
    if any(v >= 0 for v in walls):
        return None
    active = [problem.rows[i][:-1] for i, v in enumerate(neurons) if v >= 0]
    u = orthogonal_vector(active, problem.n)
    if u is None:
        return None
    scale = primitive([*z, Fraction(1)])[-1]
    step = _step(problem, values, scale, u)
    # over one denominator, so that each coordinate is reduced once (u may have 30000 bits); without biases and walls
    # every positive multiple of a collision is one, and integers do
    denominator = scale * step.denominator if problem.affine else 1
    across = scale * step.numerator
    centre = [v.numerator * (scale // v.denominator) * step.denominator for v in z]
    return Collision(
        x=tuple(Fraction(c + across * d, denominator) for c, d in zip(centre, u, strict=True)),
        y=tuple(Fraction(c - across * d, denominator) for c, d in zip(centre, u, strict=True)),
    )


def _step(problem: Problem, values: list[int], scale: int, u: list[int]) -> Fraction:
    """A power of two s such that at z + s u and z - s u every row negative at z is still not positive.

    values : the rows at z, times `scale`.
    """
    exponent: int | None = None
    slopes = (problem.matrix * fmpz_mat([[v] for v in [*u, 0]])).entries()
    for value, slope in zip(values, slopes, strict=True):
        if value < 0 and slope != 0:
            # 2^room <= -value / (scale |slope|), for 2^(k-1) <= an integer of k bits < 2^k
            room = (-value).bit_length() - 1 - (scale * abs(int(slope))).bit_length()
            exponent = room if exponent is None else min(exponent, room)
    if exponent is None:
        return Fraction(1)
    return Fraction(2) ** exponent


def roundings(n: int, point: np.ndarray, exponents: Sequence[int]) -> Iterator[list[Fraction]]:
    """Rational points of R^n near a float point, the shortest numbers first.

    point : (n,) or, homogeneous, (n + 1,), in the scaled variables of `Problem.scaled`; exponents : of the scaling.
    """
    affine = len(point) > n
    tail = float(point[-1]) if affine else 1.0
    with np.errstate(all="ignore"):
        scaled = point[:n] / tail
    largest = float(np.max(np.abs(scaled), initial=0.0))
    if not (tail > 0.0 and np.isfinite(largest)):
        return
    top = int(np.frexp(largest)[1])
    shift = exponents[n] if affine else 0
    for bits in (1, 2, 4, 8, 16, 32, 53, 106):
        unit = Fraction(2) ** (top - bits)
        yield [
            round(Fraction(float(v)) / unit) * unit * Fraction(2) ** (shift - e)
            for v, e in zip(scaled, exponents, strict=False)
        ]
