"""The input of a layer from its output: exact where the output is exact, with an error bound where it is noisy."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from relutheory.core.errors import InputError, check_limit, reject
from relutheory.core.exact import Number, RationalArray, allow_digits, rational
from relutheory.core.lp import solve_system
from relutheory.core.sets import Polyhedron
from relutheory.core.verdict import Enclosure, NotABool, Rigor
from relutheory.injectivity.inverting.estimating import distance_above, distance_by_frame, error_by_frame, estimate
from relutheory.injectivity.inverting.preimage import OutOfRange, distance_below, preimage
from relutheory.networks import ReLULayer


class Found(NotABool, enum.Enum):
    """What an output says about the input: compare it with `is`.

    UNIQUE: one input has this output.  MANY: more than one has.  OUTSIDE: none has (or, with `noise`, none comes so
    near).  ESTIMATED: an output with noise, an estimate of the input.

    >>> Found("unique") is Found.UNIQUE
    True
    """

    UNIQUE = "unique"
    MANY = "many"
    OUTSIDE = "not-in-range"
    ESTIMATED = "estimated"


@dataclass(frozen=True, kw_only=True, eq=False)
class Reconstruction(NotABool):
    """What `reconstruct` found: `status`, and the input x as far as the output determines it.

    x : n Fractions; the input (UNIQUE), one of the inputs (MANY), an estimate (ESTIMATED), or None (OUTSIDE).
    other : a second input with the same output (MANY), else None.
    estimate : n Fractions; x, or where there is none the least squares estimate (None where float64 overflows).
    error : an upper bound of |x' - estimate|_2 over all inputs x' with |ReLU(Wx' + b) - y|_2 <= noise; 0 for UNIQUE;
    None where nothing is proved.
    distance : an `Enclosure` of the Euclidean distance between y and the outputs of the domain, or None where nothing
    is known.
    fixed : the rows whose pre-activation is the same for all inputs with this output.
    proof : an `OutOfRange` that shows that y is not in the range, or None.

    >>> result = reconstruct(ReLULayer([[1], [-1]]), [0, 3])
    >>> result.status.value, result.x, result.rigor.value
    ('unique', (Fraction(-3, 1),), 'exact')
    """

    status: Found
    x: tuple[Fraction, ...] | None = None
    other: tuple[Fraction, ...] | None = None
    estimate: tuple[Fraction, ...] | None = None
    error: Fraction | None = None
    distance: Enclosure | None = None
    fixed: tuple[int, ...] = ()
    proof: OutOfRange | None = None

    def __post_init__(self) -> None:
        allow_digits(*(self.x or ()), *(self.other or ()), *(self.estimate or ()))

    @property
    def rigor(self) -> Rigor:
        """EXACT for a decided output, ENCLOSED for an estimate with an error bound, FLOAT for one without."""
        if self.status is not Found.ESTIMATED:
            return Rigor.EXACT
        return Rigor.FLOAT if self.error is None else Rigor.ENCLOSED


def reconstruct(
    layer: ReLULayer,
    y: Iterable[Number],
    *,
    noise: Number | None = None,
    domain: Polyhedron | None = None,
    lower_lipschitz: Number | None = None,
    time_limit: float | None = 10.0,
) -> Reconstruction:
    """The input x of a layer from its output y = ReLU(Wx + b).

    layer : m x n weights and m biases.  y : m numbers.  noise : None where y is exact (a float is the binary fraction
    it is); else a bound on |y - ReLU(Wx + b)|_2, and x is estimated by least squares.  domain : a Box or
    Polyhedron (taken closed) in which x is known to lie; None is all of R^n.  lower_lipschitz : a proved lower bound
    of inf |f(x) - f(x')| / |x - x'| on the domain, which bounds the error where the rows that are surely active do
    not span; computed where it is needed and None, in at most time_limit seconds (None: no limit).

    Returns a `Reconstruction`.  For exact y it says whether there is one x, more, or none, each with its proof, decided
    in rational arithmetic; an output of float64 arithmetic is rounded and hence mostly a little outside the range:
    `estimate` is then the answer, and `distance` says how far outside.  Raises InputError for bad arguments.

    Source: rows with y_i > 0 are equations, the others inequalities (puthawala2022 inverts layers in this way); the
    error bound is |e| / sigma_n of the surely active rows, sharpened by the residual.

    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    >>> reconstruct(layer, ["1/3", 2, 0]).x
    (Fraction(1, 3), Fraction(2, 1))
    >>> reconstruct(layer, [0, 0, 0]).status.value, reconstruct(layer, [0, 0, 1]).status.value
    ('unique', 'many')
    >>> result = reconstruct(layer, [1, 1, 1])
    >>> result.status.value, result.proof.neurons, result.proof.gap
    ('not-in-range', (Fraction(-1, 1), Fraction(-1, 1), Fraction(-1, 1)), Fraction(3, 1))
    >>> result = reconstruct(layer, [0.9, 2.1, 0.05], noise=0.25)
    >>> [float(v) for v in result.x], round(float(result.error), 6)
    ([0.9, 2.1], 0.25)
    """
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if domain is not None and not isinstance(domain, Polyhedron):
        reject("domain", domain, "must be a Box, a Polyhedron or None")
    if domain is not None and domain.n != layer.n:
        reject("domain", domain, f"must lie in the layer's input space, R^{layer.n}")
    output = _output(y, layer.m)
    level = None if noise is None else _at_least_zero("noise", noise)
    limit = check_limit("time_limit", time_limit)
    kappa = None if lower_lipschitz is None else _at_least_zero("lower_lipschitz", lower_lipschitz)
    if level is not None:
        return _noisy(layer, output, level, domain, kappa, limit)
    return _exact(layer, output, domain)


def _output(y: Any, m: int) -> list[Fraction]:
    values: list[Fraction] = RationalArray(y, "y", ndim=1).fractions()
    if len(values) != m:
        reject("y", f"array of length {len(values)}", f"must have one entry per row of W, {m}")
    return values


def _at_least_zero(name: str, value: Number) -> Fraction:
    number = rational(value, name)
    if number < 0:
        reject(name, value, "must be a non-negative number or None")
    return number


def _exact(layer: ReLULayer, y: list[Fraction], domain: Polyhedron | None) -> Reconstruction:
    found = preimage(layer, y, domain)
    if found.x is None:
        guess = _estimate(layer, y, [i for i, v in enumerate(y) if v > 0], domain)
        return Reconstruction(
            status=Found.OUTSIDE,
            estimate=None if guess is None else tuple(guess),
            distance=_distance(layer, y, guess, found.proof),
            proof=found.proof,
        )
    x = tuple(found.x)
    many = found.other is not None
    return Reconstruction(
        status=Found.MANY if many else Found.UNIQUE,
        x=x,
        other=None if found.other is None else tuple(found.other),
        estimate=x,
        error=None if many else Fraction(0),
        distance=Enclosure.exact(0),
        fixed=found.fixed,
    )


def _estimate(layer: ReLULayer, y: list[Fraction], rows: list[int], domain: Polyhedron | None) -> list[Fraction] | None:
    """The estimate, drawn into the domain where it is outside; None where there is none."""
    x = estimate(layer, y, rows)
    if x is None or domain is None or domain.contains(x):
        return x
    inside = solve_system([], domain.halfspaces(), layer.n).point
    if inside is None:
        return None
    share = Fraction(1)
    for a, c in domain.halfspaces():
        slope = sum((w * (p - q) for w, p, q in zip(a, x, inside, strict=True)), Fraction(0))
        if slope > 0:
            share = min(share, (c - sum((w * q for w, q in zip(a, inside, strict=True)), Fraction(0))) / slope)
    return [q + share * (p - q) for p, q in zip(x, inside, strict=True)]


def _distance(
    layer: ReLULayer, y: list[Fraction], x: Sequence[Fraction] | None, proof: OutOfRange | None
) -> Enclosure | None:
    if x is None:
        return None
    away = distance_above(layer, y, x)
    least = Fraction(0)
    if proof is not None:
        least = max(distance_below(proof, y), distance_by_frame(layer, y, x, away))
    return Enclosure(lo=least, hi=away, rigor=Rigor.ENCLOSED)


def _noisy(
    layer: ReLULayer,
    y: list[Fraction],
    noise: Fraction,
    domain: Polyhedron | None,
    kappa: Fraction | None,
    limit: float | None,
) -> Reconstruction:
    x = _estimate(layer, y, [i for i, v in enumerate(y) if v > noise], domain)
    if x is None:
        return Reconstruction(status=Found.ESTIMATED)
    error, possible = error_by_frame(layer, y, x, noise)
    away = distance_above(layer, y, x)
    proof = preimage(layer, y, domain).proof if away > noise else None
    distance = _distance(layer, y, x, proof)
    if not possible or (distance is not None and distance.lo > noise):
        return Reconstruction(status=Found.OUTSIDE, estimate=tuple(x), distance=distance, proof=proof)
    slope = kappa if kappa is not None or error is not None else _computed(layer, domain, limit)
    if slope:  # |f(x) - f(x')| <= |f(x) - y| + |y - f(x')|
        bound = (away + noise) / slope
        error = bound if error is None else min(error, bound)
    return Reconstruction(status=Found.ESTIMATED, x=tuple(x), estimate=tuple(x), error=error, distance=distance)


def _computed(layer: ReLULayer, domain: Polyhedron | None, limit: float | None) -> Fraction | None:
    """The layer's own lower Lipschitz bound; None on a domain without interior points."""
    from relutheory.injectivity.stability.constants import lower_lipschitz

    try:
        return Fraction(lower_lipschitz(layer, domain, time_limit=limit).lower)
    except InputError:
        return None
