"""Small layers decided twice, exactly, by routes that share nothing but linear feasibility.

`collision` works from the definition of ReLU alone; `faces` visits every face of the arrangement of the rows,
so that a condition "for every z" is tested at one point of each.  Both are exponential in the number of rows.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpz_mat

from relutheory.core.exact import integer_rows
from relutheory.core.lp import solve_system
from relutheory.networks import ReLULayer

Rows = tuple[tuple[int, ...], ...]  # one row (w | b) per neuron, each scaled by a positive number to integers
Point = tuple[Fraction, ...]


@dataclass(frozen=True, kw_only=True)
class Face:
    """A face of the arrangement {<w_i,z> + b_i = 0}: a point of it, and the sign of each row there."""

    point: Point
    signs: tuple[int, ...]

    def active(self, *, strict: bool) -> list[int]:
        """The rows with <w_i,z> + b_i >= 0, or > 0 where `strict`."""
        return [i for i, sign in enumerate(self.signs) if sign > 0 or (sign == 0 and not strict)]


def rows_of(layer: ReLULayer) -> Rows:
    """The rows (w | b) of a layer; positive scaling of a row changes neither its signs nor injectivity."""
    return tuple(tuple(row) for row in integer_rows(layer.weight, layer.bias))


def rank(vectors: Iterable[Sequence[int]]) -> int:
    """The exact rank of integer vectors.

    >>> rank([[1, 2], [2, 4]]), rank([])
    (1, 0)
    """
    given = [list(v) for v in vectors]
    return int(fmpz_mat(given).rank()) if given else 0


@functools.lru_cache(maxsize=4096)
def faces(rows: Rows, n: int) -> tuple[Face, ...]:
    """Every face of the arrangement of rows (w | b) in R^n, cut by one row after the other.

    Returns at least one face.  A row that vanishes identically has the sign 0 on all of them.

    >>> sorted(face.signs for face in faces(((1, 0), (-2, 0)), 1))
    [(-1, 1), (0, 0), (1, -1)]
    """
    found = [Face(point=(Fraction(0),) * n, signs=())]
    for k in range(len(rows)):
        found = [child for face in found for child in _children(rows[: k + 1], face, n)]
    return tuple(found)


def _children(rows: Rows, face: Face, n: int) -> list[Face]:
    """The pieces into which the last row cuts a face of the others."""
    here = _sign(rows[-1], face.point)
    children = [Face(point=face.point, signs=(*face.signs, here))]
    for sign in {-1, 0, 1} - {here}:
        signs = (*face.signs, sign)
        strict = [_below(row, s) for row, s in zip(rows, signs, strict=True) if s]
        weak = [_below(row, s) for row, t in zip(rows, signs, strict=True) if not t for s in (1, -1)]
        point = solve_system(strict, weak, n).point
        if point is not None:
            children.append(Face(point=point, signs=signs))
    return children


def _value(row: Sequence[int], x: Point) -> Fraction:
    return sum((a * v for a, v in zip(row[:-1], x, strict=True)), Fraction(row[-1]))


def _sign(row: Sequence[int], x: Point) -> int:
    value = _value(row, x)
    return (value > 0) - (value < 0)


def _below(row: Sequence[int], sign: int) -> tuple[list[int], int]:
    """The pair (a, c) for which <a,x> < c says that sign * (<w,x> + b) is positive."""
    return [-sign * a for a in row[:-1]], sign * row[-1]


def layer_faces(layer: ReLULayer) -> tuple[Face, ...]:
    """The faces of the arrangement of a layer's rows."""
    return faces(rows_of(layer), layer.n)


def layer_collision(layer: ReLULayer) -> tuple[Point, Point] | None:
    """Two different points with equal outputs, confirmed by an exact run; None when injective."""
    found = collision(rows_of(layer), layer.n)
    if found is not None and (found[0] == found[1] or layer.forward_exact(found[0]) != layer.forward_exact(found[1])):
        raise AssertionError(f"the points {found} do not collide")
    return found


@functools.lru_cache(maxsize=4096)
def collision(rows: Rows, n: int) -> tuple[Point, Point] | None:
    """Two different points with equal outputs of x -> ReLU(Wx + b), or None when the layer is injective.

    From the definition: ReLU(s) = ReLU(t) exactly when s = t >= 0 or both s <= 0 and t <= 0.  For each
    coordinate in which the points may differ, one linear system in (x, y) per choice of a case for every row.
    rows : (w | b).

    >>> collision(((1, 0), (-1, 0)), 1) is None
    True
    >>> collision(((1, 0),), 1)
    ((Fraction(0, 1),), (Fraction(-1, 1),))
    """
    for k in range(n):
        differ = ([int(j == n + k) - int(j == k) for j in range(2 * n)], 0)  # y_k < x_k
        found = _cases(rows, 0, [differ], [], [], n)
        if found is not None:
            return found[:n], found[n:]
    return None


def _cases(rows: Rows, i: int, strict: list, weak: list, equal: list[Sequence[int]], n: int) -> Point | None:
    """A point (x, y) of the system in which every row from i on falls into one of its two cases."""
    if rank(equal) == n:  # equal outputs on n independent rows: x = y
        return None
    answer = solve_system(strict, weak, 2 * n).point
    if answer is None or i == len(rows):
        return answer
    w, b, zero = list(rows[i][:-1]), rows[i][-1], [0] * n
    minus = [-a for a in w]
    same = [(w + minus, 0), (minus + w, 0), (minus + zero, b)]  # <w,x> = <w,y> and <w,x> + b >= 0
    both_off = [(w + zero, -b), (zero + w, -b)]
    for case, kept in ((same, [*equal, w]), (both_off, equal)):
        found = _cases(rows, i + 1, strict, weak + case, kept, n)
        if found is not None:
            return found
    return None
