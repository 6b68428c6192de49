"""The rows of a layer by half-space: parallel rows with one hyperplane count as one, opposite rows as a pair."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from relutheory.core.exact import nearest_float, primitive
from relutheory.injectivity.stability.cells import Cells


@dataclass(frozen=True)
class Group:
    """The rows of one half-space: `rows` are positive multiples of each other, bias included, the largest first.

    direction : of the weights, primitive integers.  offset : the bias, in units of the direction's first entry not 0.
    square : the squared size of all rows together, in units of the first.  size : the same in units of the direction.
    """

    rows: tuple[int, ...]
    direction: tuple[int, ...]
    offset: Fraction
    square: Fraction
    size: Fraction


def half_spaces(cells: Cells) -> list[Group]:
    """The live rows of the problem, grouped; sizes are those of the integer rows (`Weights`)."""
    found: dict[tuple[int, ...], list[int]] = {}
    for i in cells.live:
        found.setdefault(tuple(primitive(cells.problem.rows[i])), []).append(i)
    out = []
    for key, members in found.items():
        direction = tuple(primitive(key[:-1]))
        p = next(k for k, v in enumerate(key) if v)
        entries = {i: abs(cells.weights.rows[i][p]) for i in members}
        members.sort(key=lambda i: -entries[i])
        total = sum(v * v for v in entries.values())
        square = Fraction(total, entries[members[0]] ** 2)
        offset = Fraction(key[-1] * abs(direction[p]), abs(key[p]))
        out.append(Group(tuple(members), direction, offset, square, Fraction(total, direction[p] ** 2)))
    return out


def opposite_pairs(groups: list[Group]) -> list[tuple[int, int]]:
    """Groups on one line of which one is marked everywhere, the smaller one first.

    Of each direction the one with the largest offset counts; no gap is left between the two.
    """
    strongest: dict[tuple[int, ...], int] = {}
    for i, group in enumerate(groups):
        j = strongest.get(group.direction)
        if j is None or group.offset > groups[j].offset:
            strongest[group.direction] = i
    out = []
    for direction, i in strongest.items():
        j = strongest.get(tuple(-v for v in direction))
        if j is not None and i < j and groups[i].offset + groups[j].offset >= 0:
            out.append((i, j) if groups[i].size <= groups[j].size else (j, i))
    return out


def harmonic_gram(cells: Cells) -> tuple[fmpz_mat, Fraction]:
    """A matrix H, and the number it is to be multiplied by, with |f(x) - f(y)|^2 >= <x - y, H (x - y)> everywhere.

    H is the sum of p q / (p + q) d d^T over the opposite pairs, of sizes p and q on the direction d.  Let s = |<d, x -
    y>|.  The one row grows by a part a of the way and the other by a part c, in units of the direction, with a + c >= s
    since no gap is left; and p a^2 + q c^2 >= p q / (p + q) s^2.
    """
    n = cells.weights.n
    groups = half_spaces(cells)
    terms = []
    for i, j in opposite_pairs(groups):
        p, q = groups[i].size, groups[j].size
        terms.append((p * q / (p + q), groups[i].direction))
    if not terms:
        return fmpz_mat(n, n), Fraction(1)
    common = math.lcm(*(value.denominator for value, _ in terms))
    directions = fmpz_mat([direction for _, direction in terms])
    weighted = fmpz_mat([[int(value * common) * v for v in direction] for value, direction in terms])
    return directions.transpose() * weighted, Fraction(1, common)


def harmonic_pair(cells: Cells) -> tuple[np.ndarray, np.ndarray] | None:
    """Points at which the bound by `harmonic_gram` would be attained, were there only opposite pairs; float64."""
    groups = half_spaces(cells)
    pairs = opposite_pairs(groups)
    if len(pairs) < cells.weights.n:
        return None
    scale = max(max(map(abs, groups[i].direction)) for i, _ in pairs)
    directions = np.array([[nearest_float(Fraction(v, scale)) for v in groups[i].direction] for i, _ in pairs])
    shares = np.array([nearest_float(groups[j].size / (groups[i].size + groups[j].size)) for i, j in pairs])
    most = max(groups[i].size for i, _ in pairs)
    sizes = shares * np.array([nearest_float(groups[i].size / most) for i, _ in pairs])
    step = np.linalg.eigh((directions.T * sizes) @ directions)[1][:, 0]
    along = directions @ step  # x lies on the side of the row that grows towards it, y on the other one's
    x = np.linalg.lstsq(directions, np.where(along > 0, shares, 1.0 - shares) * along, rcond=None)[0]
    return x, x - step
