"""Layer and instance normalisation lose the mean and, without an epsilon, the scale: collisions, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq_mat

from relutheory.core.errors import reject
from relutheory.core.exact import Number, primitive, rational, to_fmpq
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.injectivity.witness import Collision
from relutheory.networks import ReLULayer


def layer_norm_collision(layer: ReLULayer, eps: Any = 0) -> Collision | None:
    """Two inputs whose pre-activations v = Wx + b have equal (v - mean(v)) / sqrt(var(v) + eps).

    layer : m x n; the identity matrix asks about the normalisation itself, on R^n.  eps : a number >= 0.  The two
    inputs collide whatever scale and shift per neuron and which activation follow.

    v and v + c 1 have equal normalisations, and so have v and 2 v + c 1 where eps = 0; y is x + u with Wu = c 1, or
    2 x + d with Wd = b + c 1.  Returns a `Collision`, or None where W and b admit neither: then nothing is said.
    Raises InputError for bad arguments, and where eps = 0 and the normalisation is 0/0 everywhere.

    >>> from relutheory.networks import ReLULayer
    >>> pair = layer_norm_collision(ReLULayer([[1, 0], [0, 1]]), eps=1)
    >>> pair.x, pair.y
    ((Fraction(0, 1), Fraction(0, 1)), (Fraction(1, 1), Fraction(1, 1)))
    """
    small = _checked(layer, eps)
    n = layer.n
    points = [[Fraction(int(j == k)) for j in range(n)] for k in [-1, *range(n)]]
    points += [[-v for v in point] for point in points[1:]]
    if small == 0:
        points = [x for x in points if len(set(layer.preactivation_exact(x))) > 1]
        if not points:
            reject("eps", 0, "must be positive where all pre-activations are equal at every input")
    rows = [primitive([*layer.weight.row(i), Fraction(-1)]) for i in range(layer.m)]
    shift = orthogonal_vector(rows, n + 1)
    if shift is not None:
        return Collision(tuple(points[0]), tuple(v + u for v, u in zip(points[0], shift[:-1], strict=True)))
    if small:
        return None
    d = _solution(layer)
    if d is None:
        return None
    x = next(x for x in points if any(v + u for v, u in zip(x, d, strict=True)))
    return Collision(tuple(x), tuple(2 * v + u for v, u in zip(x, d, strict=True)))


def layer_norm_signature(layer: ReLULayer, x: Iterable[Number], eps: Any = 0) -> list[Fraction]:
    """The normalised pre-activations t at x as the rationals t |t|: equal exactly when the normalisations are.

    layer, eps : as in `layer_norm_collision`; x : n numbers.  Raises InputError where the normalisation is 0/0.

    >>> from relutheory.networks import ReLULayer
    >>> layer_norm_signature(ReLULayer([[1, 0], [0, 1]]), [3, 1], eps=3)
    [Fraction(1, 4), Fraction(-1, 4)]
    """
    small = _checked(layer, eps)
    values = layer.preactivation_exact(x)
    mean = sum(values, Fraction(0)) / len(values)
    spread = sum(((v - mean) ** 2 for v in values), Fraction(0)) / len(values) + small
    if spread == 0:
        reject("x", "point with equal pre-activations", "must have different ones where eps is 0")
    return [(v - mean) * abs(v - mean) / spread for v in values]


def instance_norm_collision(channels: int, size: int, eps: Any = 0) -> Collision:
    """Two inputs of `channels` times `size` numbers that are equal once each channel is normalised by itself.

    channels, size : positive integers, size >= 2 where eps = 0.  eps : a number >= 0.  Returns a `Collision`.

    >>> pair = instance_norm_collision(2, 2, eps=1)
    >>> [int(b - a) for a, b in zip(pair.x, pair.y)]
    [1, 1, 0, 0]
    """
    for name, value in (("channels", channels), ("size", size)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            reject(name, value, "must be a positive integer")
    if size == 1 and rational(eps, "eps") == 0:
        reject("size", size, "must be at least 2 where eps is 0: one number has no spread")
    identity = ReLULayer([[int(i == j) for j in range(size)] for i in range(size)])
    _checked(identity, eps)
    x = tuple(Fraction(j) for _ in range(channels) for j in range(size))
    return Collision(x, tuple(v + (i < size) for i, v in enumerate(x)))


def _solution(layer: ReLULayer) -> Sequence[Fraction] | None:
    """d with Wd = b + c 1 for some c, where [W | -1] has independent columns; None where there is none."""
    table = [[*layer.weight.row(i), Fraction(-1), layer.bias[i]] for i in range(layer.m)]
    reduced, rank = fmpq_mat([[to_fmpq(v) for v in row] for row in table]).rref()
    if rank > layer.n + 1:
        return None
    return [rational(reduced[i, layer.n + 1]) for i in range(layer.n)]


def _checked(layer: Any, eps: Any) -> Fraction:
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if layer.m == 0:
        reject("layer", layer, "must have neurons")
    small = rational(eps, "eps")
    if small < 0:
        reject("eps", str(small), "must not be negative")
    return small
