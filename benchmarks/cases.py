"""The matrices of the benchmark, each with its right answer where mathematics gives it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Case:
    """A matrix W : (m, n), float64, and whether x -> ReLU(Wx) is injective (None: not known beforehand)."""

    name: str
    W: np.ndarray
    injective: bool | None
    quick: bool = True
    patience: dict[str, float] = field(default_factory=dict)  # seconds that a peer gets here at least


def gaussian(m: int, n: int) -> np.ndarray:
    """The standard normal (m, n) matrix of seed 0."""
    return np.random.default_rng(0).standard_normal((m, n))


def paired(n: int) -> np.ndarray:
    """[B; -DB]: B square and Gaussian, D a positive diagonal of powers of two, so that DB is exact."""
    rng = np.random.default_rng(n)
    B = rng.standard_normal((n, n))
    D = 2.0 ** rng.integers(-3, 4, size=(n, 1))
    return np.vstack([B, -D * B])


def one_ulp_off(W: np.ndarray) -> np.ndarray:
    """`W` with its last entry moved to the next float64."""
    moved = W.copy()
    moved[-1, -1] = np.nextafter(moved[-1, -1], np.inf)
    return moved


def moment_curve(n: int) -> np.ndarray:
    """The alternating moment curve with 3n - 1 unit rows: Chebyshev polynomials and nodes, in float64."""
    m = 3 * n - 1
    nodes = np.sort(np.cos(np.pi * (np.arange(m) + 0.5) / m))
    rows = np.polynomial.chebyshev.chebvander(nodes, n - 1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows * np.where(np.arange(m) % 2, -1.0, 1.0)[:, None]


def all_cases() -> list[Case]:
    """Every case, small ones first in each family.

    The right answers: Gaussian layers up to (70, 10) were decided by two independent codes.  A layer of 2n
    rows is injective exactly when it is [B; -DB].  The moment curve is injective, and rounding to float64
    changes the sign of none of its 3,124,550 maximal minors, which decide (doubtful signs taken exactly).
    """
    sizes = [(20, 3), (24, 4), (40, 5), (60, 6), (48, 8), (70, 10), (84, 12)]
    patience = {(48, 8): {"data-depth": 150.0}, (70, 10): {"gurobi": 300.0}}  # known to be enough
    cases = [
        Case(f"Gaussian {m},{n}", gaussian(m, n), None if n == 12 else True, n <= 8, patience.get((m, n), {}))
        for m, n in sizes
    ]
    cases.append(Case("moment curve 26,9", moment_curve(9), True))
    for n in (10, 50, 100, 500):
        W = paired(n)
        cases.append(Case(f"[B; -DB] n = {n}", W, True, quick=n <= 50))
        cases.append(Case(f"[B; -DB] n = {n}, 1 ulp off", one_ulp_off(W), False, quick=n <= 50))
    return cases
