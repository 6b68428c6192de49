"""The networks of the region benchmark, each with its number of regions where mathematics or other codes give it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise, product
from math import comb

import numpy as np

Pairs = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class RegionCase:
    """ReLU layers (W, b), a box [-1, 1]^n or the whole space, and how many activation regions there are."""

    name: str
    layers: Pairs
    box: bool
    regions: int | None
    peer: bool = False  # small enough for the peer


def gaussian(*sizes: int, bias: bool = True) -> Pairs:
    """Standard normal weights, then biases, layer after layer, from seed 0; sizes : inputs, then widths."""
    rng = np.random.default_rng(0)
    return [(rng.standard_normal((m, n)), rng.standard_normal(m) if bias else np.zeros(m)) for n, m in pairwise(sizes)]


def central(rows: list[list[int]]) -> Pairs:
    """One layer of integer rows without bias."""
    return [(np.array(rows, dtype=float), np.zeros(len(rows)))]


def tents(depth: int) -> Pairs:
    """The tent map iterated: 2^depth linear pieces on [0, 1], 3 more activation regions outside and at the joints."""
    first = (np.array([[2.0], [4.0]]), np.array([0.0, -2.0]))
    later = (np.array([[2.0, -2.0], [4.0, -4.0]]), np.array([0.0, -2.0]))
    return [first, *[later] * (depth - 1)]


def cells(m: int, n: int) -> int:
    """Cells of m hyperplanes in general position in R^n."""
    return sum(comb(m, i) for i in range(n + 1))


def braid(n: int) -> Pairs:
    """x_i = x_j for all pairs: n! cells."""
    rows = []
    for i, j in combinations(range(n), 2):
        row = [0] * n
        row[i], row[j] = 1, -1
        rows.append(row)
    return central(rows)


def all_region_cases() -> list[RegionCase]:
    """Every case.  Sources of the counts: Zaslavsky's formula, known sequences, at least two other codes."""
    resonance = [list(row) for row in product((0, 1), repeat=5) if any(row)]
    threshold = [[1, *row] for row in product((0, 1), repeat=4)]
    grid = (np.repeat(np.eye(4), 9, axis=0), np.tile(np.arange(9.0), 4))
    return [
        RegionCase("40 rows in R^6, b = 0", gaussian(6, 40, bias=False), False, 2 * cells(39, 5)),
        RegionCase("50 rows in R^6, b = 0", gaussian(6, 50, bias=False), False, 2 * cells(49, 5)),
        RegionCase("32 rows in R^8, b = 0", gaussian(8, 32, bias=False), False, 2 * cells(31, 7)),
        RegionCase("30 rows in R^4", gaussian(4, 30), False, cells(30, 4)),
        RegionCase("40 rows in R^6", gaussian(6, 40), False, cells(40, 6)),
        RegionCase("resonance arrangement in R^5", central(resonance), False, 11292),
        RegionCase("threshold functions of 4 variables", central(threshold), False, 1882),
        RegionCase("braid arrangement in R^7", braid(7), False, 5040),
        RegionCase("grid in R^4, 9 parallel planes each way", [grid], False, 10**4),
        RegionCase("1, 64, 64, 64", gaussian(1, 64, 64, 64), False, None),
        RegionCase("tent map, 20 times", tents(20), False, None),
        RegionCase("2, 10, 10, 10 in the box", gaussian(2, 10, 10, 10), True, 115),
        RegionCase("2, 64, 64, 64 in the box", gaussian(2, 64, 64, 64), True, 5572),
        RegionCase("2, 256, 256, 256 in the box", gaussian(2, 256, 256, 256), True, 93023),
        RegionCase("2, 10, 10, 10", gaussian(2, 10, 10, 10), False, 382, peer=True),
        RegionCase("2, 32, 32", gaussian(2, 32, 32), False, 1984, peer=True),
        RegionCase("2, 64, 64, 64", gaussian(2, 64, 64, 64), False, 15663),
        RegionCase("3, 16, 16", gaussian(3, 16, 16), False, 4309, peer=True),
        RegionCase("3, 16, 16 in the box", gaussian(3, 16, 16), True, 676),
        RegionCase("4, 12, 12", gaussian(4, 12, 12), False, 14289),
        RegionCase("4, 12, 12 in the box", gaussian(4, 12, 12), True, 1595),
        RegionCase("6, 12, 12", gaussian(6, 12, 12), False, None),
        RegionCase("7, 10, 10", gaussian(7, 10, 10), False, None),
        RegionCase("8, 16 in the box", gaussian(8, 16), True, None),
        RegionCase("12, 12, 12 in the box", gaussian(12, 12, 12), True, None),
    ]
