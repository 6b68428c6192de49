"""Exact decisions about many layers of one shape: the kernel's where it settles them, else one by one."""

from __future__ import annotations

import time

import numpy as np
from flint import fmpz_mat

from relutheory._kernels.decisions import COLLISION, INJECTIVE, OPEN, count_many, decide_many
from relutheory._kernels.filters import TINY, gamma
from relutheory.core.errors import reject
from relutheory.core.exact import RationalArray, integer_rows
from relutheory.core.residues import PRIMES, residues_of_floats
from relutheory.injectivity.decide import Status, decide_injectivity
from relutheory.injectivity.search import new_tree
from relutheory.networks import ReLULayer
from relutheory.polyhedra.bounds import zaslavsky_central
from relutheory.polyhedra.regions import enumerate_regions

_LEAN, _PACKED = 7, 5  # much as for one decision
_BLOCK = 100  # layers prepared at a time, so that their numbers stay in the processor's cache
_INPUTS = 12  # with more, a descent comes before the tree, and the tree's arrays are large
_NODES, _HURRIED = 10**5, 2 * 10**4  # in the kernel, which cannot be interrupted; larger trees are searched outside
_COUNTED, _DISJOINT = 10**6, 48  # nodes, and circuits in a packing, where active rows are counted
_CELLS, _FEW = 10**8, 10**7  # cells that are worth looking through, and rather than many nodes


class OutOfTime(Exception):
    """The deadline passed before the last layer was settled."""


class TooManyCells(Exception):
    """Rows in special position, and more cells than can be looked through."""


def decide_layers(
    weights: np.ndarray, biases: np.ndarray | None = None, *, deadline: float | None = None
) -> np.ndarray:
    """Which of the layers x -> ReLU(Wx + b) are injective, exactly: (k,) bool.

    weights : (k, m, n) finite float64.  biases : (k, m), or None for none.  deadline : of `time.perf_counter`; beyond
    it OutOfTime is raised (by no more than some seconds beyond).  Raises InputError for other arrays.

    >>> decide_layers(np.array([[[1.0], [-1.0]], [[1.0], [2.0]]])).tolist()
    [True, False]
    """
    weights = _floats("weights", weights, "must be (k, m, n) finite float64 numbers, n at least 1")
    many, m, n = weights.shape
    if biases is not None:
        biases = _floats("biases", biases, f"must be ({many}, {m}) finite float64 numbers", (many, m))
    answers, points = np.full(many, 255, np.uint8), np.full((many, n + (biases is not None)), np.nan)
    if m and n <= _INPUTS:
        budget = _NODES if deadline is None else _HURRIED
        tree = None
        for start in range(0, many, _BLOCK):
            part = slice(start, start + _BLOCK)
            rows, exact = _scaled(weights[part], None if biases is None else biases[part])
            modulo = np.zeros((len(rows), n, rows.shape[1]))
            modulo[:, :, :m] = residues_of_floats(weights[part], PRIMES[0]).transpose(0, 2, 1)
            if tree is None:
                tree = new_tree(np.ones(rows.shape[1:]), np.zeros(modulo.shape[1:]), PRIMES[0], _PACKED, n + 1)
            nodes = np.zeros(len(rows), np.int64)
            decide_many(tree, rows, modulo, m, _LEAN, budget, answers[part], points[part], nodes)
            answers[part][~exact] = 255
    decided = answers == INJECTIVE
    for k in np.flatnonzero((answers != INJECTIVE) & (answers != COLLISION)):
        one = slice(k, k + 1)
        rows = _scaled(weights[one], None if biases is None else biases[one])[0][0]
        if answers[k] == OPEN and _misses_a_dimension(rows, m, n, points[k]):
            continue
        layer = ReLULayer(weights[k], None if biases is None else biases[k])
        left = None if deadline is None else max(deadline - time.perf_counter(), 0.0)
        status = decide_injectivity(layer, time_limit=left).status
        if status is Status.UNDECIDED:
            raise OutOfTime
        decided[k] = status is Status.INJECTIVE
    return decided


def _scaled(weights: np.ndarray, biases: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Positive multiples of the rows with largest entries about 1, (k, M, d), and in which layers they are exact.

    With biases the rows are (w | b), and the last one is the wall at infinity, (0, ..., 0 | -1).
    """
    given = weights if biases is None else np.concatenate([weights, biases[:, :, None]], axis=2)
    exponents = np.frexp(np.abs(given).max(axis=2, keepdims=True, initial=0.0))[1]
    rows = np.ldexp(given, -exponents)
    exact = (np.ldexp(rows, exponents) == given).all(axis=(1, 2))  # nothing was lost to underflow
    if biases is not None:
        wall = np.zeros((len(rows), 1, rows.shape[2]))
        wall[:, :, -1] = -1.0
        rows = np.concatenate([rows, wall], axis=1)
    return rows, exact


def _misses_a_dimension(rows: np.ndarray, m: int, n: int, z: np.ndarray) -> bool:
    """Whether all rows but some that do not span R^n are proved negative at z, and the walls too."""
    if not np.isfinite(z).all():
        return False
    bound = gamma(len(z) + 1.0) * (np.abs(rows) @ np.abs(z)) * (1.0 + 2.0**-40) + len(z) * TINY
    active = np.flatnonzero(~(rows @ z < -bound))
    if (active >= m).any():
        return False
    return len(active) < n or fmpz_mat(integer_rows(RationalArray(rows[active, :n], ndim=2))).rank() < n


def least_active(weights: np.ndarray, *, deadline: float | None = None) -> np.ndarray:
    """The least number of rows that are active in some open cell, layer by layer, exactly: (k,) int64.

    weights : (k, m, n) finite float64, layers without bias.  deadline : of `time.perf_counter`.  This is the halfspace
    depth of the origin among the rows; rows that are 0 are active nowhere.  Raises InputError for other arrays,
    OutOfTime beyond the deadline, TooManyCells where rows are in special position and the cells are too many to be
    looked through.

    >>> least_active(np.array([[[1.0], [-1.0], [2.0]], [[1.0], [2.0], [3.0]]])).tolist()
    [1, 0]
    """
    weights = _floats("weights", weights, "must be (k, m, n) finite float64 numbers, n at least 1")
    many, m, n = weights.shape
    least = np.full(many, -1, np.int64)
    if many and m:
        rows, exact = _scaled(weights)
        tree = new_tree(np.ones((m, n)), np.zeros((0, m)), PRIMES[0], min(m, _DISJOINT), m + 2)  # no residues
        budget = _COUNTED // 100 if zaslavsky_central(m, n) <= _FEW else _COUNTED
        nodes = np.zeros(many, np.int64)
        step = many if deadline is None else 1  # the kernel cannot be interrupted
        for k in range(0, many, step):
            _keep(deadline)
            count_many(tree, rows[k : k + step], budget, least[k : k + step], nodes[k : k + step])
        least[~exact] = -1
    for row in np.flatnonzero(least < 0):
        least[row] = _least_over_cells(weights[row], deadline)
    return least


def _least_over_cells(weights: np.ndarray, deadline: float | None) -> int:
    m, n = weights.shape
    if zaslavsky_central(m, n) > _CELLS:
        raise TooManyCells
    least = m
    for batch in enumerate_regions(ReLULayer(weights)):
        _keep(deadline)
        least = min(least, int(batch.bits(m).sum(axis=1).min(initial=m)))
    return least


def _keep(deadline: float | None) -> None:
    if deadline is not None and time.perf_counter() > deadline:
        raise OutOfTime


def _floats(name: str, values: np.ndarray, rule: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """The array if it has the shape (three dimensions where none is given) and holds finite float64 numbers."""
    good = isinstance(values, np.ndarray) and values.dtype == np.float64
    if not good or not (values.ndim == 3 and values.shape[2] if shape is None else values.shape == shape):
        reject(name, getattr(values, "shape", values), rule)
    if not np.isfinite(values).all():
        reject(name, values[~np.isfinite(values)][0], rule)
    return values
