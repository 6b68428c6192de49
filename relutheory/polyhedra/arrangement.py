"""The hyperplanes <w_i, x> + b_i = 0 of one layer: characteristic polynomial, cells and faces, exactly.

The polynomial is that of the set of hyperplanes: a zero row is none, rows with the same hyperplane are one.  It comes
from deletion and restriction, chi(A) = chi(A without H) - chi(A on H), applied to the hyperplanes one after the other:

    chi(H_1, ..., H_m) = t^n - sum over i of chi(H_1, ..., H_(i-1) on H_i).

No cell is visited, so that the counts are a second route to what the engines enumerate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from math import comb, gcd
from typing import Any

import numpy as np
from flint import fmpz_mat

from relutheory.core.exact import integer_rows
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.bounds import zaslavsky, zaslavsky_central

Form = tuple[int, ...]  # (a | c), the hyperplane <a, x> + c = 0: coprime integers, the first non-zero one positive
Polynomial = tuple[int, ...]  # entry k is the coefficient of t^k
Memo = dict[frozenset[Form], Polynomial]
REMEMBERED = 1 << 14  # arrangements whose polynomials are kept
FEW = 100  # general position is tried where m <= FEW d: it takes m / d times as many steps, each much faster
PRIME = 2**31 - 1
PAIRS = 1000  # up to so many rows, all pairs of them are compared at once


def characteristic_polynomial(W: Any, b: Any = None) -> Polynomial:
    """The characteristic polynomial of the arrangement of a layer.

    W : (m, n) numbers.  b : (m,) numbers, or None for zeros.  Returns n + 1 integers, entry k the coefficient of t^k.
    Raises InputError as `ReLULayer` does.  Source: Zaslavsky (1975); Stanley, An introduction to hyperplane
    arrangements.

    >>> characteristic_polynomial([[1, 0], [0, 1], [1, 1]])
    (2, -3, 1)
    """
    forms, n = _hyperplanes(W, b)
    forms, rank = _essential(forms, n)
    return (0,) * (n - rank) + _characteristic(forms, rank, {})


def count_cells(W: Any, b: Any = None) -> int:
    """The number of cells (full-dimensional faces) of the arrangement of a layer: (-1)^n chi(-1).

    W : (m, n) numbers.  b : (m,) numbers, or None for zeros.  Raises InputError as `ReLULayer` does.  Source:
    Zaslavsky (1975), Theorem A.

    >>> count_cells([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    7
    """
    return _cells(characteristic_polynomial(W, b))


def count_bounded_cells(W: Any, b: Any = None) -> int:
    """The number of bounded cells of the arrangement of a layer: (-1)^n chi(1), or 0 where the rank of W is below n.

    W : (m, n) numbers.  b : (m,) numbers, or None for zeros.  Raises InputError as `ReLULayer` does.  Source:
    Zaslavsky (1975), Theorem C.

    >>> count_bounded_cells([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    1
    """
    forms, n = _hyperplanes(W, b)
    forms, rank = _essential(forms, n)
    return abs(sum(_characteristic(forms, rank, {}))) if rank == n else 0


def face_counts(W: Any, b: Any = None) -> tuple[int, ...]:
    """The number of faces of each dimension of the arrangement of a layer.

    W : (m, n) numbers.  b : (m,) numbers, or None for zeros.  Returns n + 1 integers, entry k the number of faces of
    dimension k: the cells that the arrangement cuts its k-dimensional flats into.  Raises InputError as `ReLULayer`
    does.  Source: Zaslavsky (1975).

    >>> face_counts([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    (3, 9, 7)
    """
    forms, n = _hyperplanes(W, b)
    forms, rank = _essential(forms, n)
    return (0,) * (n - rank) + (_simple_faces(forms, rank) or _faces(forms, rank))


def in_general_position(W: Any, b: Any = None) -> bool:
    """Whether the hyperplanes of a layer are in general position.

    W : (m, n) numbers.  b : (m,) numbers, or None for zeros.  Returns whether any k <= n of the m hyperplanes meet in a
    flat of dimension n - k and no n + 1 of them meet; where b = 0, whether any n of the rows of W (all of them where m
    < n) are linearly independent.  A zero row makes it False, and so does a repeated one, unless n = 1 and b = 0.  For
    n >= 2 it is True exactly where the layer has zaslavsky(m, n) cells, or zaslavsky_central(m, n) where b = 0.
    Raises InputError as `ReLULayer` does.

    >>> in_general_position([[1, 0], [0, 1], [1, 1]]), in_general_position([[1, 0], [0, 1], [1, 1]], [0, 1, 1])
    (True, False)
    """
    layer = ReLULayer(W, b)
    return _general([tuple(row) for row in integer_rows(layer.weight, layer.bias)], layer.n)


def _hyperplanes(W: Any, b: Any) -> tuple[list[Form], int]:
    """The different hyperplanes of a layer, sorted, and the dimension of the space."""
    layer = ReLULayer(W, b)
    return _different(integer_rows(layer.weight, layer.bias)), layer.n


def _form(values: Sequence[int]) -> Form | None:
    """The hyperplane of these coefficients (a | c); None where a = 0."""
    lead = next((v for v in values[:-1] if v), 0)
    if not lead:
        return None
    divisor = gcd(*values) if lead > 0 else -gcd(*values)
    return tuple(values) if divisor == 1 else tuple([v // divisor for v in values])


def _different(rows: Iterable[Sequence[int]]) -> list[Form]:
    return sorted({form for row in rows if (form := _form(row)) is not None})


def _essential(forms: list[Form], n: int) -> tuple[list[Form], int]:
    """The same arrangement modulo its lines, in R^rank.

    The rows of a matrix are combinations of its reduced echelon basis, with their entries in the pivot columns as
    coordinates: these columns are kept.
    """
    if not forms:
        return [], 0
    echelon, _, rank = fmpz_mat([list(form[:-1]) for form in forms]).rref()
    pivots = [next(j for j in range(n) if echelon[i, j]) for i in range(int(rank))]
    return _different([[*(form[j] for j in pivots), form[-1]] for form in forms]), int(rank)


def _restricted(forms: Iterable[Form], wall: Form) -> frozenset[Form]:
    """The hyperplanes that others leave on the hyperplane `wall`.

    Of the coordinates the first in which `wall` is not constant is eliminated.  So the coordinates left on a flat are
    those off the leading positions of its equations, however it was reached, and equal arrangements look equal.
    """
    on = _elimination(wall)
    left = {on(form) for form in forms}
    left.discard(None)
    return frozenset(left)  # type: ignore[arg-type]


def _elimination(wall: Form) -> Callable[[Form], Form | None]:
    """The map from a hyperplane to what it leaves on `wall`; None where they are parallel."""
    p = next(j for j, v in enumerate(wall) if v)
    w, rest = wall[p], wall[p + 1 :]

    def on(form: Form) -> Form | None:
        v = form[p]
        tail = (
            [w * x - v * y for x, y in zip(form[p + 1 :], rest, strict=True)] if v else [w * x for x in form[p + 1 :]]
        )
        return _form([w * x for x in form[:p]] + tail)

    return on


def _characteristic(forms: Sequence[Form], d: int, memo: Memo) -> Polynomial:
    """chi of different hyperplanes in R^d of rank d, by Whitney's theorem where they are in general position."""
    if forms and not any(form[-1] for form in forms):
        affine = _characteristic(_section(forms), d - 1, memo)
        return tuple(low - high for low, high in zip((0, *affine), (*affine, 0), strict=True))  # times t - 1
    if len(forms) <= FEW * d and _general(forms, d):
        return tuple((-1) ** (d - k) * comb(len(forms), d - k) for k in range(d + 1))
    return _polynomial(frozenset(forms), d, memo)


def _section(forms: Sequence[Form]) -> list[Form]:
    """Hyperplanes through the origin, cut by the translate h(x) = 1 of the first of them, h."""
    h = forms[0][:-1]
    p = next(j for j, v in enumerate(h) if v)
    others = [j for j in range(len(h)) if j != p]
    return _different([[*(form[j] * h[p] - form[p] * h[j] for j in others), form[p]] for form in forms[1:]])


def _polynomial(forms: frozenset[Form], d: int, memo: Memo) -> Polynomial:
    """chi of different hyperplanes in R^d, d >= 0, by deletion and restriction."""
    if not forms:
        return (*(0,) * d, 1)
    if d == 1:
        return (-len(forms), 1)
    if forms in memo:
        return memo[forms]
    coefficients = [0] * d + [1]
    ordered = sorted(forms)
    for i, wall in enumerate(ordered):
        for k, v in enumerate(_polynomial(_restricted(ordered[:i], wall), d - 1, memo)):
            coefficients[k] -= v
    result = tuple(coefficients)
    if len(memo) < REMEMBERED:
        memo[forms] = result
    return result


def _cells(polynomial: Polynomial) -> int:
    """|chi(-1)|."""
    return sum(map(abs, polynomial))  # the signs of the coefficients alternate


def _simple_faces(forms: Sequence[Form], d: int) -> tuple[int, ...] | None:
    """The numbers of faces of different hyperplanes of rank d in general position; None where they are not."""
    m = len(forms)
    if m > FEW * d or not _general(forms, d):
        return None
    if m > d and not any(form[-1] for form in forms):
        return (1, *(comb(m, d - k) * zaslavsky_central(m - d + k, k) for k in range(1, d + 1)))
    return tuple(comb(m, d - k) * zaslavsky(m - d + k, k) for k in range(d + 1))


def _faces(forms: Sequence[Form], d: int) -> tuple[int, ...]:
    """The numbers of faces, from the flats of each dimension.

    A flat is known by the bits of the hyperplanes through it.  With it comes what the other hyperplanes leave on it,
    each with the bits of all that leave the same.
    """
    memo: Memo = {}
    counts = []
    level: dict[int, dict[Form, int]] = {0: {form: 1 << i for i, form in enumerate(forms)}}
    for k in range(d, -1, -1):
        counts.append(sum(_cells(_polynomial(frozenset(on), k, memo)) for on in level.values()))
        below: dict[int, dict[Form, int]] = {}
        for flat, on in level.items():
            for wall, through in on.items():
                if flat | through not in below:
                    below[flat | through] = _merged(on, wall)
        level = below
    return tuple(reversed(counts))


def _merged(on: dict[Form, int], wall: Form) -> dict[Form, int]:
    """The hyperplanes on one of them, each with the bits of those that coincide there."""
    on_wall = _elimination(wall)
    found: dict[Form, int] = {}
    for form, bits in on.items():
        if form != wall and (left := on_wall(form)) is not None:
            found[left] = found.get(left, 0) | bits
    return found


def _general(rows: Sequence[Form], d: int) -> bool:
    """General position of hyperplanes (a | c) in R^d, as in `in_general_position`.

    Together with the hyperplane at infinity, (0 | 1), any d + 1 affine ones are then independent as linear forms.
    """
    if not any(row[-1] for row in rows):
        return _independent([row[:-1] for row in rows], d)
    return _independent([*rows, (0,) * d + (1,)], d + 1)


def _independent(rows: Sequence[Form], size: int) -> bool:
    """Whether any `size` of the rows, of `size` entries each, are independent; all of them where there are fewer."""
    if len(rows) <= size:
        return _rank(rows) == len(rows)
    residues = np.array([[v % PRIME for v in row] for row in rows], dtype=np.int64)
    for chosen, others in _dependent(residues, tuple(range(len(rows)))):
        # dependent modulo the prime; over the integers the exact rank decides, for all that were not looked at
        some = [rows[i] for i in chosen]
        for rest in combinations(others, size - len(chosen)):
            if _rank([*some, *(rows[i] for i in rest)]) < size:
                return False
    return True


def _dependent(matrix: np.ndarray, labels: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Rows of a (k, r) matrix that are dependent modulo PRIME, with the rows that may fill them up to r rows.

    Every dependent choice of r rows is found: it starts with rows that are named, the others being among those that
    may fill them up.  Rows that are independent modulo a prime are independent.
    """
    k, r = matrix.shape
    if r == 1 or (r == 2 and k <= PAIRS):
        zero = matrix[:, 0] == 0
        if r == 2:
            a, c = matrix[:, 0], matrix[:, 1]
            zero = np.triu((a[:, None] * c - c[:, None] * a) % PRIME == 0, 1)
        for found in np.argwhere(zero).tolist():
            yield tuple(labels[i] for i in found), ()
        return
    for i in range(k - r + 1):
        row = matrix[i]
        if not row.any():
            yield (labels[i],), labels[i + 1 :]
            continue
        p = int(np.flatnonzero(row)[0])
        later = matrix[i + 1 :]
        if p:
            order = [p, *(j for j in range(r) if j != p)]
            later, row = later[:, order], row[order]
        rest = later[:, 1:] * row[0] - later[:, :1] * row[1:]
        rest %= PRIME
        for chosen, others in _dependent(rest, labels[i + 1 :]):
            yield (labels[i], *chosen), others


def _rank(rows: Sequence[Sequence[int]]) -> int:
    return int(fmpz_mat([list(row) for row in rows]).rank()) if rows else 0
