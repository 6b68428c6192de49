"""The fixed point of a contracting ReLU layer, enclosed.

Any y shows where it is: ||x* - y|| <= ||ReLU(W y + b) - y|| / (1 - rho) in the norm in which the layer contracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import arb, arb_mat, fmpq, fmpq_mat

from relutheory.core.exact import rational
from relutheory.core.verdict import Enclosure
from relutheory.deep_limit.balls import column, enclosure, relu, to_arb, working_precision
from relutheory.deep_limit.limits.contraction import Contraction, LimitLayer

_ROUNDS = 2000  # float64 iterations towards the fixed point
_EXACT_WIDTH = 24  # up to which the fixed point is solved for in rationals
_MOST_STEPS = 10_000  # of iteration in balls


def fixed_point(layer: LimitLayer, proof: Contraction, bits: int) -> list[Enclosure]:
    """Enclosures of the fixed point of the limit layer; exact where the entries are rational and few.

    bits : of the balls; the enclosures are about as narrow as these and rho allow.
    """
    guess = _float_fixed_point(layer)
    exact = layer.rationals()
    if exact is not None and layer.m <= _EXACT_WIDTH:
        found = _exact_fixed_point(*exact, guess)
        if found is not None:
            return [Enclosure.exact(v) for v in found]
    with working_precision(bits):
        W, b = layer.balls()
        y = _refined(W, b, guess)
        radii = _radii(_step(W, b, y), proof)
        return [enclosure(v + arb(0, r)) for v, r in zip(y, radii, strict=True)]


def _float_fixed_point(layer: LimitLayer) -> np.ndarray:
    with working_precision(64):
        W, b = (np.array([float(v.mid()) for v in M.entries()]) for M in layer.balls())
    W = W.reshape(layer.m, layer.m)
    y = np.maximum(b, 0.0)
    with np.errstate(all="ignore"):
        for _ in range(_ROUNDS):
            after = np.maximum(W @ y + b, 0.0)
            if np.array_equal(after, y):
                break
            y = after
    return y if np.isfinite(y).all() else np.zeros(layer.m)


def _patterns(y: np.ndarray) -> list[list[bool]]:
    """Bits to try: the positive coordinates, and those clearly so."""
    scale = float(np.max(y, initial=0.0))
    return [list(map(bool, y > 0)), list(map(bool, y > 1e-9 * scale))]


def _exact_fixed_point(W: fmpq_mat, b: fmpq_mat, y: np.ndarray) -> list[Fraction] | None:
    m = len(y)
    for bits in _patterns(y):
        rows = [[fmpq(int(i == j)) - (W[i, j] if bits[i] else 0) for j in range(m)] for i in range(m)]
        try:
            x = fmpq_mat(rows).solve(fmpq_mat(m, 1, [b[i, 0] if bits[i] else fmpq(0) for i in range(m)]))
        except ZeroDivisionError:
            continue
        after = [max(v, fmpq(0)) for v in (W * x + b).entries()]
        if after == list(x.entries()):
            return [rational(v) for v in after]
    return None


def _refined(W: arb_mat, b: arb_mat, guess: np.ndarray) -> list[arb]:
    """An exact point near the fixed point: solved for on the pattern of the float64 one, or else iterated to."""
    m = len(guess)
    y = [arb(float(v)) for v in guess]
    for bits in _patterns(guess):
        entries = [arb(int(i == j)) - (W[i, j] if bits[i] else arb(0)) for i in range(m) for j in range(m)]
        try:
            x = arb_mat(m, m, entries).solve(arb_mat(m, 1, [b[i, 0] if bits[i] else arb(0) for i in range(m)]))
        except ZeroDivisionError:
            continue
        candidate = [relu(v.mid()) for v in x.entries()]
        if _size(_step(W, b, candidate)) < _size(_step(W, b, y)):
            y = candidate
    size = _size(_step(W, b, y))
    for _ in range(_MOST_STEPS):  # a pattern that floats cannot see: plain iteration, as long as it helps
        after = [relu(v).mid() for v in (W * column(y) + b).entries()]
        left = _size(_step(W, b, after))
        if not left < size:
            break
        y, size = after, left
    return y


def _size(step: Sequence[arb]) -> arb:
    return max((s.abs_upper() for s in step), default=arb(0))


def _step(W: arb_mat, b: arb_mat, y: Sequence[arb]) -> list[arb]:
    """ReLU(W y + b) - y."""
    return [relu(v) - u for v, u in zip((W * column(y) + b).entries(), y, strict=True)]


def _radii(step: Sequence[arb], proof: Contraction) -> list[arb]:
    """Bounds of |x* - y|, entry by entry, from ||step|| / (1 - rho) in the norm of the proof."""
    room = to_arb(1 - proof.rho)
    if proof.v is not None:
        weights = [to_arb(w) for w in proof.v]
        size = max((s / w).abs_upper() for s, w in zip(step, weights, strict=True)) / room
        return [(size * w).abs_upper() for w in weights]
    if proof.Q is None:
        size = sum((s * s for s in step), arb(0)).abs_upper().sqrt() / room
        return [size.abs_upper()] * len(step)
    s, inverse = column(step), proof.Q.inv()
    size = (s.transpose() * arb_mat(proof.Q) * s)[0, 0].abs_upper().sqrt() / room
    # |x_i| = |<e_i, x>| <= sqrt((Q^-1)_ii) sqrt(x^T Q x)
    return [(size * to_arb(inverse[i, i]).sqrt()).abs_upper() for i in range(len(step))]
