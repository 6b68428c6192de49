"""Points, activation patterns and affine maps along the depth of very deep ReLU networks, in float64.

Only one block of layers is in memory at a time.  Everything here is `Rigor.FLOAT`, the patterns too: the exact passes
are in `relutheory.activation.exact_passes`.  With `certify=True` a pass also carries a proved error bound:

Error bound.  Let u = 2^-53, t = 2^-1074 and gamma_k = ku / (1 - ku).  Layer by layer let x^ be the float point,
|x - x^| <= e (componentwise; e = 0 for an input in floats), w^ and b^ the float weights, |w - w^| <= 2u |w^| + t and
alike for b (equal where the layer is given in floats), n the number of columns.  The float p^ of p = <w, x> + b has

    |p - p^| <= (gamma_{n+1} + 2u) (|w^||x^| + |b^|) + (1 + 2u) |w^| e + t (2n + 2 + sum_j (|x^_j| + e_j)):

first the rounding of a sum of n products and b^ in any order, with or without fused operations (Higham, Accuracy and
Stability of Numerical Algorithms, section 3.1; matrices must be multiplied in the conventional way, as by any BLAS),
and the rounding of the weights; then the input, for <w, x> - <w^, x^> = <w - w^, x> + <w^, x - x^>; then underflow.
The pass computes T = e + g |x^|, plus 2^-1020 where that is not zero, with g = 2(n + 8)u, then S = |w^| T and the bound
s = (S + g |b^|)(1 + g) + 2^-1016 (n + 2 + sum_j (|x^_j| + e_j)).  It is large enough for n < 2^40: the computed S is at
least 1 - gamma_{n+3} times the exact one, but for underflow, gamma_{n+1} + 2u <= (n + 4)u <= g / 2, and
(1 + g)(1 - gamma_{n+6}) >= 1 + 2u; what underflows in T is less than the 2^-1020 there, and in S less than n t.
ReLU does not expand distances, so s is the e of the next layer.  Bit 1 is proved where p^ > s, bit 0 where p^ <= -s
(the value is then exactly 0 and e = 0), whatever is known of earlier bits.  Where the layer is given in floats, a sum
of zeros only is 0, and its bit is proved too.  Values beyond the range of float64 prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.activation.layer_blocks import Block, LayerSource, chosen_depths
from relutheory.activation.patterns import as_points
from relutheory.core.errors import InputError, reject
from relutheory.core.verdict import Rigor

_U = 2.0**-53


@dataclass(frozen=True)
class DepthState:
    """Where a pass stopped, to go on from there.

    depth : the number of layers passed.  x : (m, k) float64, the k points as columns.  single : whether one point was
    given.  changed : (k,) int64, see `DepthPass`.  error, through : of a certified pass, else None.  pairs, group : of
    products, else None: pairs[group[p]] are the rows of [M | c] of active neurons.
    """

    depth: int
    x: np.ndarray
    single: bool
    changed: np.ndarray
    error: np.ndarray | None = None
    through: np.ndarray | None = None
    pairs: np.ndarray | None = None
    group: np.ndarray | None = None


@dataclass(frozen=True)
class DepthPass:
    """Points along depth, made by `forward_along_depth`; with one point (m,) in place of (k, m).

    depths : where something was kept.  points : for each depth the (k, m) float64 points x_n.  changed : (k,) int64,
    the last layer up to state.depth whose (float) pattern is not that of the layer before; shorter patterns are
    continued by zeros, and the first layer counts as a change.  state : to go on from.

    Of a certified pass, else None: errors : (k, m) at each depth, |x_n - exact x_n| is at most that.  sure : (k, m)
    bool at each depth, whether the bit is proved.  sure_through : (k,) int64, the last layer such that all bits of all
    layers up to it are proved.
    """

    depths: tuple[int, ...]
    points: tuple[np.ndarray, ...]
    changed: np.ndarray
    state: DepthState
    errors: tuple[np.ndarray, ...] | None = None
    sure: tuple[np.ndarray, ...] | None = None
    sure_through: np.ndarray | None = None
    rigor: Rigor = Rigor.FLOAT

    @property
    def patterns(self) -> tuple[np.ndarray, ...]:
        """The activation patterns at the depths kept, uint8 of the shapes of `points`; as sure as `sure` says."""
        return tuple((x > 0).astype(np.uint8) for x in self.points)


@dataclass(frozen=True)
class DepthProducts:
    """Affine maps of activation domains along depth, made by `products_along_depth`.

    depths, points, state : as in `DepthPass`.  matrices : (k, m, d) at each depth, the products J_n W_n ... J_1 W_1;
    shifts : (k, m), so that x_n = M x + c on the domain of the point.  groups : (k,) at each depth, the points that
    have shared their domain so far have the same number.  For one point without the k.
    """

    depths: tuple[int, ...]
    points: tuple[np.ndarray, ...]
    matrices: tuple[np.ndarray, ...]
    shifts: tuple[np.ndarray, ...]
    groups: tuple[np.ndarray, ...]
    state: DepthState
    rigor: Rigor = Rigor.FLOAT


def forward_along_depth(
    layers: Any, x: Any, depth: int | None = None, *, every: Any = None, certify: bool = False
) -> DepthPass:
    """The points x_n = ReLU(W_n x_{n-1} + b_n) for n up to `depth`, in float64.

    layers : a family, a list, or a function that makes blocks, see `LayerSource`.  x : (d,) or (k, d) finite numbers,
    or the `state` of an earlier pass of the same kind to go on from.  depth : None is the last layer of a list.
    every : keep x_n at every so many layers and at the last one; a list of depths keeps these; None only the last.
    certify : carry a proved error bound along, which tells which bits are right (about four times the work).

    Returns a `DepthPass`.  Values beyond the range of float64 become infinities or NaN.  Raises InputError for bad
    arguments, shapes that do not fit and weights that are not finite, with the number of the layer.

    >>> found = forward_along_depth([([[1, -1], [1, 1]], None)] * 3, [3, 1], every=1)
    >>> [v.tolist() for v in found.points], found.changed.tolist()
    ([[2.0, 4.0], [0.0, 6.0], [0.0, 6.0]], 2)
    """
    from relutheory._kernels.depth import certified_block, forward_block

    source = LayerSource(layers)
    state = _start(source, x, certify)
    last = source.check_depth(depth, state.depth)
    wanted = chosen_depths(every, state.depth, last)
    x_n, e_n, k = state.x, state.error, state.x.shape[1]
    changed = state.changed.copy()
    through = None if state.through is None else state.through.copy()
    kept: list[list[np.ndarray]] = [[], [], []]
    for block, places in _placed(source.blocks(state.depth, last, len(x_n)), wanted):
        shape = (int(places.max(initial=-1)) + 1, block.W.shape[1], k)
        new = [np.empty(shape)]
        if through is None:
            x_n, bad = forward_block(block.W, block.b, x_n, block.first, changed, places, *new)
        else:
            new += [np.empty(shape), np.empty(shape, np.bool_)]
            x_n, e_n, bad = certified_block(
                block.W, block.b, block.exact, x_n, e_n, block.first, changed, through, places, *new
            )
        _check_finite(block, bad)
        for store, arrays in zip(kept, new, strict=False):
            store += [_as_given(a.T, state.single) for a in arrays]
    end = DepthState(last, x_n, state.single, changed, e_n, through)
    points, errors, sure = map(tuple, kept)
    if through is None:
        return DepthPass(wanted, points, _as_given(changed, state.single), end)
    moved, proved = _as_given(changed, state.single), _as_given(through, state.single)
    return DepthPass(wanted, points, moved, end, errors, sure, proved)


def products_along_depth(layers: Any, x: Any, depth: int | None = None, *, every: Any = None) -> DepthProducts:
    """The affine maps x -> M_n x + c_n of the activation domains that points are in along depth, in float64.

    Arguments as in `forward_along_depth`.  On the domain of a point M_n = J_n W_n ... J_1 W_1 and
    c_n = sum_i (J_n W_n ... J_{i+1} W_{i+1}) J_i b_i (Xu and Zhang, arXiv:2107.12530).  Rows and columns of neurons
    that are not active are left out of each product, and points that have shared their domain so far share it, so that
    the cost falls with activity.  Memory: k m (d + 1) numbers for each depth kept.

    Returns a `DepthProducts`.  Raises InputError as `forward_along_depth`.

    >>> found = products_along_depth([([[1, -1], [1, 1]], [0, 1])] * 2, [[3, 1], [1, 3]])
    >>> found.matrices[0].tolist(), found.shifts[0].tolist()
    ([[[0.0, 0.0], [2.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]]], [[0.0, 2.0], [0.0, 2.0]])
    """
    from relutheory._kernels.depth import products_block

    source = LayerSource(layers)
    state = _start(source, x, None)
    last = source.check_depth(depth, state.depth)
    wanted = chosen_depths(every, state.depth, last)
    x_n, pairs, k = state.x, state.pairs, state.x.shape[1]
    assert pairs is not None and state.group is not None
    group, changed = state.group.copy(), state.changed.copy()
    points, matrices, shifts, groups = [], [], [], []
    for block, places in _placed(source.blocks(state.depth, last, len(x_n)), wanted):
        count, m = int(places.max(initial=-1)) + 1, block.W.shape[1]
        new = np.empty((count, m, k)), np.empty((count, k, m, pairs.shape[2])), np.empty((count, k), np.int64)
        x_n, pairs, bad = products_block(block.W, block.b, x_n, pairs, group, block.first, changed, places, *new)
        _check_finite(block, bad)
        for kept, kept_pairs, kept_group in zip(*new, strict=True):
            own = kept_pairs[kept_group]
            points.append(_as_given(kept.T, state.single))
            matrices.append(_as_given(own[:, :, :-1], state.single))
            shifts.append(_as_given(own[:, :, -1], state.single))
            groups.append(_as_given(kept_group, state.single))
    end = DepthState(last, x_n, state.single, changed, pairs=pairs, group=group)
    return DepthProducts(wanted, tuple(points), tuple(matrices), tuple(shifts), tuple(groups), end)


def _start(source: LayerSource, x: Any, certify: bool | None) -> DepthState:
    """The state before the first layer, or the one given.  certify : None is a pass with products."""
    if isinstance(x, DepthState):
        if (x.pairs is not None) is not (certify is None) or (x.through is not None) is not bool(certify):
            reject("x", "state of a pass of another kind", "must be the state of a pass with the same options")
        return x
    d = source.inputs_of(x)
    given = as_points(x, d)
    floats = np.array(np.atleast_2d(given.floats).T, order="C")
    if not np.isfinite(floats).all():
        reject("x", "a number beyond the range of float64", "must be within it; the exact pass takes any")
    k, single = floats.shape[1], len(given.shape) == 1
    unchanged = np.zeros(k, np.int64)
    if certify is None:
        identity = np.hstack([np.eye(d), np.zeros((d, 1))])[None].repeat(k, axis=0)
        return DepthState(0, floats, single, unchanged, pairs=identity, group=np.zeros(k, np.int64))
    if not certify:
        return DepthState(0, floats, single, unchanged)
    error = np.zeros_like(floats) if given.floats_exact else 2 * _U * np.abs(floats) + 2.0**-1073
    return DepthState(0, floats, single, unchanged, error, np.zeros(k, np.int64))


def _placed(blocks: Iterator[Block], wanted: Sequence[int]) -> Iterator[tuple[Block, np.ndarray]]:
    """Each block with the place of each of its layers among the block's layers that are kept, or -1."""
    numbers = np.array(wanted, dtype=np.int64)
    for block in blocks:
        inside = numbers[(numbers >= block.first) & (numbers < block.first + len(block.W))] - block.first
        places = np.full(len(block.W), -1)
        places[inside] = np.arange(len(inside))
        yield block, places


def _check_finite(block: Block, bad: int) -> None:
    """Refuse the layer of this index in a block; a negative one is none."""
    if bad >= 0:
        for name, array in (("W", block.W[bad]), ("b", block.b[bad])):
            for value in array[~np.isfinite(array)][:1]:
                raise InputError(f"{name} = {float(value)}: must be finite (layer {block.first + bad})")


def _as_given(batch: np.ndarray, single: bool) -> np.ndarray:
    """A copy of a batch, or of its one row where one point was given."""
    return np.array(batch[0] if single else batch)
