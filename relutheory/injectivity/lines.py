"""Grouping the rows of a layer by the lines they lie on, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.exact import RationalArray


@dataclass(frozen=True)
class Line:
    """The rows on one line through the origin: the row most often active in each of the two directions."""

    forward: int
    backward: int | None = None

    @property
    def rows(self) -> list[int]:
        return [self.forward] if self.backward is None else [self.forward, self.backward]


def group_lines(weight: RationalArray, rows: list[list[int]]) -> list[Line]:
    """One `Line` for each line that carries a non-zero row of the weight.

    rows : integer multiples of (w_i | b_i).  Of rows in one direction the one with the largest b/|w| is kept: it is
    active wherever the others are.
    """
    lines: dict[Any, list[list[int]]] = {}  # a hash that rows of one line share: lists of rows on one line
    for i, key in enumerate(_hashes(weight)):
        if key is not None:
            candidates = lines.setdefault(key, [])
            line = next((line for line in candidates if _parallel(rows[line[0]], rows[i])), None)
            if line is None:
                candidates.append([i])
            else:
                line.append(i)
    return [_line(members, rows) for group in lines.values() for members in group]


def _hashes(weight: RationalArray) -> list[Any]:
    """A hash of each row's line: its quotients by its first non-zero entry; None for a zero row.

    A rounded quotient depends on the exact quotient alone, so rows of one line share it (also where it overflows).
    """
    if not weight.floats_exact:
        keys = []
        for row in weight.fractions():
            pivot = next((v for v in row if v), None)
            keys.append(None if pivot is None else tuple(v / pivot for v in row))
        return keys
    floats = weight.floats
    nonzero = floats != 0.0
    first = nonzero.argmax(axis=1) if floats.shape[1] else np.zeros(len(floats), dtype=int)
    pivots = np.take_along_axis(floats, first[:, None], axis=1)
    with np.errstate(all="ignore"):
        quotients = floats / np.where(pivots == 0.0, 1.0, pivots) + 0.0  # + 0.0: one zero only
    return [q.tobytes() if some else None for q, some in zip(quotients, nonzero.any(axis=1).tolist(), strict=True)]


def _pivot(row: list[int]) -> int:
    return next(k for k, v in enumerate(row) if v)


def _parallel(row: list[int], other: list[int]) -> bool:
    """Whether two non-zero rows, bias aside, lie on one line."""
    p = _pivot(row)
    a, b = row[p], other[p]
    return all(a * y == b * x for x, y in zip(row[:-1], other[:-1], strict=True))


def _line(members: list[int], rows: list[list[int]]) -> Line:
    sides: dict[bool, int] = {}
    for i in members:
        positive = rows[i][_pivot(rows[i])] > 0
        best = sides.get(positive)
        if best is None or _more_active(rows[i], rows[best]):
            sides[positive] = i
    return Line(*sides.values())


def _more_active(row: list[int], other: list[int]) -> bool:
    """Whether b/|w| is larger for `row`: rows in the same direction."""
    p = _pivot(row)
    return row[-1] * abs(other[p]) > other[-1] * abs(row[p])


def no_gap(row: list[int], other: list[int]) -> bool:
    """Whether two opposite rows leave no slab between them on which both are negative."""
    p = _pivot(row)
    return row[-1] * abs(other[p]) + other[-1] * abs(row[p]) >= 0
