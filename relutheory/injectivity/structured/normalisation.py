"""Normalised layers: what scaling, weight normalisation and batch normalisation do to injectivity.

Injectivity depends on the signs of the rows alone, so a row and its bias may be divided by a positive number, also an
irrational one.  A normalised layer then has rational weights and biases p + q sqrt(r), see `irrational_biases`.
"""

from __future__ import annotations

from concurrent.futures import Executor
from fractions import Fraction
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.exact import RationalArray, is_scalar_array, rational
from relutheory.injectivity.structured.irrational_biases import (
    BracketResult,
    RootRow,
    bracket,
    decide_between,
    rational_layer,
)
from relutheory.networks import ReLULayer


def normalised_layer(layer: ReLULayer, scale: Any, *, scale_bias: bool = True) -> ReLULayer:
    """The layer with its rows multiplied by positive numbers: injective exactly when the given one is.

    layer : m x n.  scale : one positive number, or m of them.  scale_bias : multiply the bias with its row.  Where it
    is kept instead, as weight and spectral normalisation do, one number for all rows still changes nothing (x is scaled
    instead), but m numbers can make or break injectivity of a layer with bias.  Returns a `ReLULayer`.  Raises
    InputError for a scale that is not positive.

    >>> normalised_layer(ReLULayer([[2], [-4]], [2, 8]), ["1/2", "1/4"]).b.tolist()
    [1.0, 2.0]
    """
    _check_layer(layer)
    single = _is_single(scale)
    factors = [rational(scale, "scale")] * layer.m if single else _per_row(scale, "scale", layer.m)
    for i, factor in enumerate(factors):
        if factor <= 0:
            reject("scale" if single else f"scale[{i}]", str(factor), "must be positive")
    rows = [[f * v for v in layer.weight.row(i)] for i, f in enumerate(factors)]
    bias = [f * b if scale_bias else b for f, b in zip(factors, layer.bias.fractions(), strict=True)]
    return rational_layer(rows, bias, layer.n)


def decide_batch_norm(
    layer: ReLULayer,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    eps: Any = 1e-5,
    *,
    time_limit: float | None = None,
    node_limit: int | None = None,
    executor: Executor | None = None,
) -> BracketResult:
    """Decide whether x -> ReLU(gamma (v - mean) / sqrt(var + eps) + beta), v = Wx + b, is injective: batch norm at use.

    layer : W and b, m x n.  gamma, beta, mean, var : m numbers each.  eps : a number with var + eps > 0 (a
    float is the binary fraction it is).  time_limit : seconds in all; node_limit : nodes of each search tree; executor
    : shares their subtrees.

    Row i is sign(gamma_i) w_i with the bias sign(gamma_i) (b_i - mean_i) + beta_i sqrt(var_i + eps) / |gamma_i|; with
    gamma_i = 0 it is constant.  Returns a `BracketResult`; UNDECIDED where the budget ends, or where enclosures of the
    square roots to 512 bits do not tell on which side of a tie the biases lie.  Raises InputError for bad arguments.

    >>> layer = ReLULayer([[1], [-1]])
    >>> decide_batch_norm(layer, [2, 3], [1, 1], [0, 0], [1, 1]).status.value  # kinks at -1/2 sqrt(..) and 1/3 sqrt(..)
    'injective'
    >>> decide_batch_norm(layer, [2, -3], [1, 1], [0, 0], [1, 1]).status.value  # both rows to the right
    'not-injective'
    """
    rows = _batch_norm_rows(layer, gamma, beta, mean, var, eps)
    return decide_between(rows, layer.n, time_limit, node_limit, executor)


def fold_batch_norm(
    layer: ReLULayer, gamma: Any, beta: Any, mean: Any, var: Any, eps: Any = 1e-5, *, bits: int = 64
) -> tuple[ReLULayer, ReLULayer]:
    """Two layers with rational biases that enclose a layer followed by batch norm, rows up to positive scaling.

    The arguments are those of `decide_batch_norm`.  bits : of the square roots.  Returns the layers with the biases
    below and above; they are equal where each var_i + eps is the square of a rational or beta_i = 0.

    >>> lower, upper = fold_batch_norm(ReLULayer([[5]]), ["1/2"], [1], [0], [4], eps=0)
    >>> lower == upper, lower.b.tolist()
    (True, [4.0])
    """
    if isinstance(bits, bool) or not isinstance(bits, int) or bits < 1:
        reject("bits", bits, "must be a positive integer")
    return bracket(_batch_norm_rows(layer, gamma, beta, mean, var, eps), layer.n, bits)


def decide_weight_norm(
    layer: ReLULayer,
    gain: Any = 1,
    *,
    time_limit: float | None = None,
    node_limit: int | None = None,
    executor: Executor | None = None,
) -> BracketResult:
    """Decide whether x -> ReLU(gain_i <w_i, x> / |w_i| + b_i) is injective: rows normalised, biases kept.

    layer : W and b, m x n, no row of W zero.  gain : one number, or m of them.  The other arguments and the result are
    those of `decide_batch_norm`: row i is sign(gain_i) w_i with the bias b_i |w_i| / |gain_i|.

    >>> decide_weight_norm(ReLULayer([[3, 4], [-3, -4], [1, 1], [-1, -1]], [1, 0, 2, -1])).status.value
    'injective'
    """
    _check_layer(layer)
    single = _is_single(gain)
    gains = [rational(gain, "gain")] * layer.m if single else _per_row(gain, "gain", layer.m)
    rows = []
    for i, (g, b) in enumerate(zip(gains, layer.bias.fractions(), strict=True)):
        w = layer.weight.row(i)
        square = sum((v * v for v in w), Fraction(0))
        if square == 0:
            reject(f"layer.W[{i}]", "zero row", "must not be zero: it cannot be normalised")
        sign = (g > 0) - (g < 0)
        rows.append(RootRow([sign * v for v in w], Fraction(0), b / abs(g), square) if g else RootRow([g] * layer.n, b))
    return decide_between(rows, layer.n, time_limit, node_limit, executor)


def _batch_norm_rows(layer: ReLULayer, gamma: Any, beta: Any, mean: Any, var: Any, eps: Any) -> list[RootRow]:
    _check_layer(layer)
    names = {"gamma": gamma, "beta": beta, "mean": mean, "var": var}
    parameters = [_per_row(values, name, layer.m) for name, values in names.items()]
    small = rational(eps, "eps")
    rows = []
    for i, (g, shift, centre, spread) in enumerate(zip(*parameters, strict=True)):
        if spread < 0:
            reject(f"var[{i}]", str(spread), "must not be negative")
        if spread + small <= 0:
            reject("eps", str(small), f"must make var + eps positive, also for var[{i}]")
        sign = (g > 0) - (g < 0)
        offset = sign * (layer.bias[i] - centre)
        row = RootRow([sign * v for v in layer.weight.row(i)], offset, shift / abs(g), spread + small) if g else None
        rows.append(row or RootRow([Fraction(0)] * layer.n, shift))
    return rows


def _is_single(value: Any) -> bool:
    return isinstance(value, (str, bytes)) or is_scalar_array(value) or not hasattr(value, "__len__")


def _per_row(values: Any, name: str, m: int) -> list[Fraction]:
    array = RationalArray(values, name, ndim=1)
    if array.shape != (m,):
        reject(name, f"array of length {array.shape[0]}", f"must have one entry per row, {m}")
    return list(array.fractions())


def _check_layer(layer: Any) -> None:
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
