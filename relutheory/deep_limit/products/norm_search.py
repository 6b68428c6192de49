"""Floats that find a norm common to all J W: weights by linear programs, quadratic forms by semidefinite programs.

Nothing here is trusted: what is found is rounded and measured exactly elsewhere.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

_SPREAD = 1e9  # largest ratio of two weights that is looked for
_LP_STEPS, _SDP_STEPS = 40, 24
_LP_WIDTH, _SDP_WIDTH = 1e-8, 1e-5  # relative width at which the bisection for rho stops
Attempt = Callable[[float], np.ndarray | None]


def weights(matrices: np.ndarray, deadline: float) -> Iterator[np.ndarray]:
    """Vectors v > 0 with smaller and smaller max_i (|W| v)_i / v_i over the matrices.

    matrices : (s, m, m) floats.  deadline : time.monotonic() after which no further program is started.
    """
    from scipy.optimize import linprog

    sizes = np.abs(matrices)
    m = sizes.shape[1]

    def rho(v: np.ndarray) -> float:
        return float((sizes @ v / v).max())

    starts = [np.ones(m), *(_perron(size) for size in sizes), _perron(sizes.max(axis=0))]
    best = min(starts, key=rho)
    yield best
    stacked = sizes.reshape(-1, m)

    def attempt(target: float) -> np.ndarray | None:
        rows = stacked - target * np.tile(np.eye(m), (len(sizes), 1))
        answer = linprog(np.ones(m), A_ub=rows, b_ub=np.zeros(len(rows)), bounds=(1, _SPREAD), method="highs")
        return answer.x if answer.status == 0 else None

    low = max((_radius(size) for size in sizes), default=0.0)
    yield from _bisected(attempt, rho, low, rho(best), _LP_STEPS, _LP_WIDTH, deadline)


def _bisected(
    attempt: Attempt, rho: Callable[[np.ndarray], float], low: float, high: float, steps: int, width: float, end: float
) -> Iterator[np.ndarray]:
    """What `attempt` finds for smaller and smaller targets between low and high."""
    for _ in range(steps):
        if high - low <= width * high or time.monotonic() > end:
            return
        target = (low + high) / 2
        found = attempt(target)
        if found is None:
            low = target
            continue
        reached = rho(found)
        if reached < high:
            high = reached
            yield found
        else:
            low = target  # the solver's tolerance is larger than what is left to gain


def _perron(size: np.ndarray) -> np.ndarray:
    """A positive vector near the eigenvector of the largest eigenvalue of a matrix with entries >= 0."""
    values, vectors = np.linalg.eig(size + 1e-9)
    v = np.abs(vectors[:, np.argmax(values.real)].real)
    return np.maximum(v / v.max(), 1 / _SPREAD)


def _radius(matrix: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def masks(m: int) -> list[np.ndarray]:
    """The diagonals of all 0/1 matrices other than 0, as float vectors; the identity first."""
    return [np.array(bits, dtype=float) for bits in product((1, 0), repeat=m) if any(bits)]


def quadratic_rho(matrices: np.ndarray, Q: np.ndarray, diagonal: bool) -> float:
    """The least rho with (J W)^T Q (J W) <= rho^2 Q for all J, in floats; infinite where Q is not definite."""
    from scipy.linalg import LinAlgError, eigh

    forms = [Q] if diagonal else [Q * np.outer(J, J) for J in masks(len(Q))]
    try:
        largest = max(float(eigh(W.T @ F @ W, Q, eigvals_only=True)[-1]) for W in matrices for F in forms)
    except (LinAlgError, ValueError):
        return np.inf
    return float(np.sqrt(max(largest, 0.0)))


def forms(matrices: np.ndarray, low: float, deadline: float, *, diagonal: bool) -> Iterator[np.ndarray]:
    """Definite matrices Q with smaller and smaller rho, (J W)^T Q (J W) <= rho^2 Q for all matrices W and all J.

    diagonal : Q diagonal; then J = I is enough, because J Q J <= Q.  low : a lower bound for rho.
    """

    def rho(Q: np.ndarray) -> float:
        return quadratic_rho(matrices, Q, diagonal)

    m = matrices.shape[1]
    starts = [np.eye(m)]
    for W in (*np.abs(matrices), np.abs(matrices).max(axis=0)):
        starts.append(np.diag(_perron(W.T) / _perron(W)))
    best = min(starts, key=rho)
    if not diagonal:
        best = list(forms(matrices, low, deadline, diagonal=True))[-1]
    yield best
    high = rho(best)
    if high - low > _SDP_WIDTH * high:
        yield from _bisected(_program(matrices, diagonal, deadline), rho, low, high, _SDP_STEPS, _SDP_WIDTH, deadline)


def _program(matrices: np.ndarray, diagonal: bool, deadline: float) -> Attempt:
    """For a target: the form with rho^2 Q - (J W)^T Q (J W) >= t I and Q <= I with the largest t, if t > 0."""
    import cvxpy as cp

    m = matrices.shape[1]
    t, square = cp.Variable(), cp.Parameter(nonneg=True)
    Q: Any
    if diagonal:
        q = cp.Variable(m)
        Q, bound, steps = cp.diag(q), [q <= 1], list(matrices)
    else:
        Q = cp.Variable((m, m), symmetric=True)
        bound, steps = [Q << np.eye(m)], [J[:, None] * W for W in matrices for J in masks(m)]
    kept = [square * Q - A.T @ Q @ A for A in steps]
    problem = cp.Problem(cp.Maximize(t), [*bound, *((F + F.T) / 2 - t * np.eye(m) >> 0 for F in kept), t <= 1])

    def attempt(target: float) -> np.ndarray | None:
        square.value = target**2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of inaccurate solutions: what is found is measured exactly later
            for solver, limit in ((cp.CLARABEL, "time_limit"), (cp.SCS, "time_limit_secs")):
                left = deadline - time.monotonic()
                try:
                    problem.solve(solver=solver, **({} if math.isinf(left) else {limit: max(left, 0.1)}))
                except cp.error.SolverError:
                    continue
                break
        if t.value is None or not np.isfinite(t.value) or t.value <= 1e-12 or Q.value is None:
            return None
        value = np.asarray(Q.value.todense() if hasattr(Q.value, "todense") else Q.value)
        return (value + value.T) / 2

    return attempt
