"""Brute-force decisions of injectivity for x -> ReLU(Wx + b), exact and written apart from the package.

On a convex set K the layer is injective iff at every z in the interior of K (relative to its affine hull)
the rows with <w_i, z> + b_i >= 0 span.  So it fails iff for some u != 0 all rows with <w_i, u> != 0
are strictly negative at one common z.  Nothing here imports relutheory: its verdicts are compared with these.

Arguments, everywhere: W is m rows of n numbers, b is m numbers or None (zero), box is None (all of R^n) or a
pair (lo, hi) of n numbers each, where None or an infinity means no bound.  Numbers: int, float, numpy,
Fraction, "p/q".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from flint import fmpz_mat

Row = list[int]  # integers; in a layer the last one is the bias


def exact(value: Any) -> Fraction:
    """The rational that `value` is; a float is the binary fraction it stores."""
    return Fraction(value.item() if hasattr(value, "item") else value)


def primitive(row: Iterable[Fraction | int]) -> Row:
    """`row` times the positive rational that makes it integer with greatest common divisor 1."""
    row = list(row)
    scale = math.lcm(*(v.denominator for v in row))
    integers = [v.numerator * (scale // v.denominator) for v in row]
    divisor = math.gcd(*integers) or 1
    return [v // divisor for v in integers]


def dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """The scalar product over the length of `b`, so that a row may bring its bias along."""
    return sum(p * q for p, q in zip(a, b, strict=False))


def rank(rows: Sequence[Sequence[int]]) -> int:
    """Rank of integer rows."""
    return fmpz_mat([list(row) for row in rows]).rank() if rows else 0


@dataclass(frozen=True)
class Problem:
    """A layer on a box, as integer rows over the coordinates that the box leaves free.

    rows : (w_i, b_i) with w_i != 0, each scaled by a positive number.
    walls : rows that are strictly negative at (z, 1) iff z is inside the box; the first says 1 > 0.
    free : indices of the free coordinates.
    fixed : the values of the others.
    """

    rows: list[Row]
    walls: list[Row]
    free: list[int]
    fixed: dict[int, Fraction]

    @property
    def n(self) -> int:
        """Number of free coordinates."""
        return len(self.free)


def problem(W: Any, b: Any = None, box: Any = None) -> Problem:
    """Read the arguments."""
    n = W.shape[1] if hasattr(W, "shape") else len(W[0])
    lo, hi = ([_end(v) for v in side] for side in box or ([None] * n, [None] * n))
    fixed = {j: end for j, end in enumerate(lo) if end is not None and end == hi[j]}
    free = [j for j in range(n) if j not in fixed]
    rows = []
    for w, c in zip(W, [0] * len(W) if b is None else b, strict=True):
        values = [exact(v) for v in w]
        inside = sum(values[j] * end for j, end in fixed.items())
        rows.append(primitive([values[j] for j in free] + [exact(c) + inside]))
    walls = [[0] * len(free) + [-1]]
    for sign, side in ((-1, lo), (1, hi)):
        for k, j in enumerate(free):
            end = side[j]
            if end is not None:
                walls.append(primitive([sign * int(i == k) for i in range(len(free))] + [-sign * end]))
    return Problem([r for r in rows if any(r[:-1])], walls, free, fixed)


def _end(value: Any) -> Fraction | None:
    return None if value is None or (isinstance(value, float) and math.isinf(value)) else exact(value)


def gordan(rows: Sequence[Row]) -> tuple[list[int] | None, set[int]]:
    """Either v with <row, v> < 0 for every row, or the indices of rows that have 0 in their convex hull.

    Phase one of the simplex method for lambda >= 0, sum lambda_i row_i = 0, sum lambda_i = 1, on integers
    over one common denominator (Edmonds), with Bland's rule.  Each answer is verified before it is returned.
    """
    m, size = len(rows), len(rows[0])
    k = size + 1
    body = [[row[i] for row in rows] for i in range(size)] + [[1] * m]
    table = [line + [int(i == j) for j in range(k)] + [int(i == size)] for i, line in enumerate(body)]
    # minimise the sum of the k artificial variables, the first basis; they never come back
    table.append([-sum(line[j] for line in body) for j in range(m)] + [0] * k + [-1])
    basis, scale = [m + i for i in range(k)], 1
    while table[k][-1] != 0:
        column = next((j for j in range(m) if table[k][j] < 0), None)
        if column is None:
            v = [scale - table[k][m + i] for i in range(size)]
            assert all(dot(row, v) < 0 for row in rows)
            return v, set()
        leave = min((Fraction(t[-1], t[column]), basis[i], i) for i, t in enumerate(table[:k]) if t[column] > 0)[2]
        line, pivot = table[leave], table[leave][column]
        for i, t in enumerate(table):
            if i != leave:
                factor = t[column]
                table[i] = [(p * pivot - factor * q) // scale for p, q in zip(t, line, strict=True)]
        basis[leave], scale = column, pivot
    weights = {j: table[i][-1] for i, j in enumerate(basis) if j < m and table[i][-1]}
    assert weights and min(weights.values()) > 0
    assert not any(sum(c * rows[j][i] for j, c in weights.items()) for i in range(size))
    return None, set(weights)


def lines(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """One primitive w for each line of R^n that rows lie on: first the two-sided lines, then the others.

    Two-sided: no z makes all rows on the line strictly negative, so each u in question is orthogonal to it.
    """
    groups: dict[tuple[int, ...], list[Row]] = {}
    for row in rows:
        w = primitive(row[:-1])
        groups.setdefault(max(tuple(w), tuple(-v for v in w)), []).append(row)
    sides: tuple[list[Row], list[Row]] = ([], [])
    for line, group in groups.items():
        j = next(i for i, v in enumerate(line) if v)
        # with s = z_j on the line, the rows are negative for s < every `upper` and s > every `lower`
        upper = [Fraction(-row[-1], row[j]) for row in group if row[j] > 0]
        lower = [Fraction(-row[-1], row[j]) for row in group if row[j] < 0]
        two_sided = bool(upper and lower) and max(lower) >= min(upper)
        sides[0 if two_sided else 1].append(list(line))
    return sides


def normals(rows: Sequence[Row], n: int) -> Iterable[Row]:
    """u for each hyperplane u^perp that is worth trying: spanned by rows, and through all two-sided lines.

    Fewer rows on the hyperplane only make it harder that all others are negative, so it may be taken maximal.
    If the rows do not span R^n, any u orthogonal to all of them will do.
    """
    forced, others = lines(rows)
    if rank(forced + others) < n:
        yield _kernel(forced + others, n)[0]
        return
    seen = set()
    for chosen in combinations(others, max(n - 1 - rank(forced), 0)) if rank(forced) < n else ():
        kernel = _kernel([*forced, *chosen], n)
        if len(kernel) == 1 and tuple(kernel[0]) not in seen:
            seen.add(tuple(kernel[0]))
            yield kernel[0]


def _kernel(rows: Sequence[Row], n: int) -> list[Row]:
    """A basis of the vectors orthogonal to `rows`, each primitive with its first non-zero entry positive."""
    matrix, dimension = fmpz_mat(len(rows), n, [v for row in rows for v in row]).nullspace()
    basis = [primitive([Fraction(int(matrix[i, j])) for i in range(n)]) for j in range(dimension)]
    return [max(u, [-v for v in u]) for u in basis]


def find_collision(W: Any, b: Any = None, box: Any = None) -> tuple[list[Fraction], list[Fraction]] | None:
    """Two points of the box with the same output, or None where there are none: all hyperplanes are tried."""
    p = problem(W, b, box)
    if p.n == 0:
        return None
    refuted: list[set[int]] = []  # sets of rows that are never negative together
    for u in normals(p.rows, p.n):
        outside = [i for i, row in enumerate(p.rows) if dot(row, u)]
        if any(known.issubset(outside) for known in refuted):
            continue
        v, core = gordan([p.rows[i] for i in outside] + p.walls)
        if v is None:
            refuted.append({outside[i] for i in core if i < len(outside)})
            continue
        z = [Fraction(c, v[-1]) for c in v[:-1]]
        moving = [row for row in [p.rows[i] for i in outside] + p.walls if dot(row, u)]
        step = min([-(dot(row, z) + row[-1]) / abs(dot(row, u)) for row in moving], default=Fraction(1))
        return _point(p, z, u, step), _point(p, z, u, -step)
    return None


def _point(p: Problem, z: Sequence[Fraction], u: Row, step: Fraction) -> list[Fraction]:
    """z + step u, with the fixed coordinates filled in."""
    moved = {j: c + step * d for j, c, d in zip(p.free, z, u, strict=True)} | p.fixed
    return [moved[j] for j in sorted(moved)]


def injective_by_flats(W: Any, b: Any = None, box: Any = None) -> bool:
    """Route 1: try every hyperplane spanned by rows.  A "no" is backed by a collision, checked exactly."""
    collision = find_collision(W, b, box)
    assert collision is None or check_collision(W, b, *collision, box=box)
    return collision is None


def injective_by_cells(W: Any, b: Any = None, box: Any = None) -> bool:
    """Route 2: the active rows span on every open cell of the arrangement of hyperplanes <w_i, z> + b_i = 0.

    Open cells are enough: next to any z there is one where no further row is active.
    """
    p = problem(W, b, box)

    def spans(i: int, cell: list[Row], active: list[Row]) -> bool:
        if rank(active) == p.n:
            return True  # and on every cell inside this one
        if i == len(p.rows):
            return False
        row = p.rows[i]
        sides = ((row, active), ([-v for v in row], [*active, row[:-1]]))
        return all(spans(i + 1, [*cell, s], on) for s, on in sides if gordan([*cell, s])[0] is not None)

    return p.n == 0 or spans(0, p.walls, [])


def injective_by_pairs(W: Any, b: Any = None) -> bool | None:
    """Any size, on R^n: yes if two-sided lines span; no if they do not and m <= 2n; None otherwise.

    With m <= 2n rows an injective layer is [B; -DB] with no slab between the two rows of a pair.
    """
    p = problem(W, b)
    if rank(lines(p.rows)[0]) == p.n:
        return True
    return False if len(p.rows) <= 2 * p.n else None


def check_collision(W: Any, b: Any, x: Iterable[Any], y: Iterable[Any], box: Any = None) -> bool:
    """Whether x != y lie in the box and have the same output, exactly.

    x, y : n numbers each, anything that Fraction(str(v)) reads.
    """
    points = [[Fraction(str(v)) for v in point] for point in (x, y)]
    if box is not None:
        for low, high, *values in zip(*([_end(v) for v in side] for side in box), *points, strict=True):
            if any((low is not None and v < low) or (high is not None and v > high) for v in values):
                return False
    bias = [0] * len(W) if b is None else b
    outputs = [_forward(W, bias, point) for point in points]
    return points[0] != points[1] and outputs[0] == outputs[1]


def _forward(W: Any, b: Any, x: Sequence[Fraction]) -> list[Fraction]:
    """ReLU(Wx + b)."""
    pairs = [([exact(v) for v in w], exact(c)) for w, c in zip(W, b, strict=True)]
    if any(len(w) != len(x) for w, _ in pairs):
        raise ValueError(f"a point with {len(x)} coordinates does not fit the rows of W")
    return [max(dot(w, x) + c, Fraction(0)) for w, c in pairs]
