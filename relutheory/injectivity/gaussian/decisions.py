"""Exact decisions about many layers of one shape, without bias: the kernel's where it settles them, else one by one."""

from __future__ import annotations

import numpy as np

from relutheory._kernels.decisions import COLLISION, INJECTIVE, count_many, decide_many
from relutheory.core.exact import odd_parts
from relutheory.core.residues import PRIMES
from relutheory.injectivity.decide import Status, decide_injectivity
from relutheory.injectivity.search import new_tree
from relutheory.networks import ReLULayer

_LEAN, _PACKED = 5, 5  # as for one decision
_BUDGET = 10**9  # nodes; a sample that is worth less is not worth drawing
_STATUS = {INJECTIVE: True, COLLISION: False}


def decide_layers(weights: np.ndarray, biases: np.ndarray | None = None) -> np.ndarray:
    """Which of the layers x -> ReLU(Wx + b) are injective, exactly: (k,) bool.

    weights : (k, m, n) float64.  biases : (k, m) float64, or None for none: these are decided faster.

    >>> decide_layers(np.array([[[1.0], [-1.0]], [[1.0], [2.0]]])).tolist()
    [True, False]
    """
    many, m, n = weights.shape
    answers = np.full(many, 255, np.uint8)
    if biases is None and many and m:
        rows, modulo = _scaled(weights)
        tree = new_tree(np.ones((m, n)), np.zeros((n, m)), PRIMES[0], _PACKED, n + 1)
        decide_many(tree, rows, modulo, _LEAN, _BUDGET, answers, np.zeros(many, np.int64))
    decided = answers == INJECTIVE
    for k in np.flatnonzero((answers != INJECTIVE) & (answers != COLLISION)):
        layer = ReLULayer(weights[k], None if biases is None else biases[k])
        decided[k] = decide_injectivity(layer).status is Status.INJECTIVE
    return decided


def _scaled(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows with largest entries about 1, and modulo the prime: each a positive multiple of the given row, exactly."""
    k, e = odd_parts(weights)
    size = np.abs(weights).max(axis=2, keepdims=True, initial=0.0)
    rows = np.ldexp(weights, -np.frexp(size)[1])
    p, lowest = PRIMES[0], int(e.min(initial=0))
    powers = np.array([pow(2, exponent, p) for exponent in range(lowest, int(e.max(initial=0)) + 1)], dtype=np.int64)
    modulo = np.mod(k, p) * powers[e - lowest] % p
    return rows, np.ascontiguousarray(modulo.transpose(0, 2, 1), dtype=np.float64)


def least_active(weights: np.ndarray) -> np.ndarray:
    """The least number of rows that are active in some open cell, layer by layer, exactly: (k,) int64.

    weights : (k, m, n) float64, layers without bias.  This is the halfspace depth of the origin among the rows.

    >>> least_active(np.array([[[1.0], [-1.0], [2.0]], [[1.0], [2.0], [3.0]]])).tolist()
    [1, 0]
    """
    many, m, n = weights.shape
    least = np.full(many, -1, np.int64)
    if many and m:
        rows, _ = _scaled(weights)
        tree = new_tree(np.ones((m, n)), np.zeros((n, m)), PRIMES[0], m, m + 2)
        count_many(tree, rows, _BUDGET, least, np.zeros(many, np.int64))
    return least
