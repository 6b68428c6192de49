"""How many rows every repair has to append: lower bounds from the dimensions that the active rows miss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq_mat, fmpz_mat, nmod_mat

from relutheory.core.exact import integer_rows, nearest_float, primitive, to_fmpq
from relutheory.core.residues import primes
from relutheory.networks import ReLULayer

_LOOKS = 256  # points at which missing dimensions are counted

Vector = Sequence[Fraction]


def rank(vectors: Sequence[Vector]) -> int:
    """The dimension of the span."""
    return _rank([primitive(row) for row in vectors])


def _rank(rows: list[list[int]]) -> int:
    if not rows:
        return 0
    p = next(iter(primes()))
    if int(nmod_mat([[v % p for v in row] for row in rows], p).rank()) == min(len(rows), len(rows[0])):
        return min(len(rows), len(rows[0]))  # modulo a prime the rank is no larger
    return int(fmpz_mat(rows).rank())


def missing_at(layer: ReLULayer, z: Vector) -> int:
    """How many dimensions the rows active at z miss: so many appended rows have to be active there."""
    values = layer.preactivation_exact(z)
    return layer.n - rank([layer.weight.row(i) for i, v in enumerate(values) if v >= 0])


def missing_both_ways(layer: ReLULayer, walls: Sequence[Vector], start: Vector, late: Callable[[], bool]) -> int:
    """The most dimensions that the rows miss far out in two opposite directions together, among a few directions.

    walls : the normals a_j of the domain's half-spaces, whose common kernel L holds the lines in the domain.  start : a
    point whose part in L is one of the directions.  late : whether the one just looked at was the last.

    An injective layer is so on z + L for a z inside of the domain, and, there, without its biases.  At a direction in L
    off all hyperplanes, those of the appended rows too, each appended row that is not constant on L is active on one
    side only; one that is constant spans nothing in L.
    """
    lines = _lines(walls, layer.n)
    if not lines:
        return 0
    weights = fmpz_mat([row[:-1] for row in integer_rows(layer.weight, layer.bias)]) if layer.m else None
    integers = [] if weights is None else _integers(weights * fmpz_mat(lines).transpose())
    n, most = len(lines), 0
    for k in _promising(integers, _coordinates(lines, start)):
        z = fmpz_mat([[int(v * 2**30)] for v in k.tolist()])
        values = [int(v) for v in (fmpz_mat(integers) * z).entries()] if integers else []
        if all(v != 0 or not any(row) for v, row in zip(values, integers, strict=True)):
            here, there = ([row for v, row in zip(values, integers, strict=True) if s * v > 0] for s in (1, -1))
            most = max(most, 2 * n - _rank(here) - _rank(there))
        if late():
            break
    return most


def _integers(matrix: fmpz_mat) -> list[list[int]]:
    return [[int(v) for v in row] for row in matrix.tolist()]


def _lines(walls: Sequence[Vector], n: int) -> list[list[int]]:
    """An integer basis of the directions in which the domain goes on for ever both ways."""
    if not walls:
        return [[int(j == k) for j in range(n)] for k in range(n)]
    basis, nullity = fmpz_mat([primitive(a) for a in walls]).nullspace()
    return [primitive([Fraction(int(basis[j, k])) for j in range(n)]) for k in range(nullity)]


def _coordinates(lines: list[list[int]], z: Vector) -> list[Fraction]:
    """The coordinates, in this basis, of the orthogonal projection of z."""
    basis = fmpq_mat(fmpz_mat(lines))
    right = basis * fmpq_mat(len(z), 1, [to_fmpq(v) for v in z])
    return [Fraction(int(v.p), int(v.q)) for v in (basis * basis.transpose()).solve(right).entries()]


def _promising(integers: list[list[int]], start: Vector) -> np.ndarray:
    """Directions in which few rows are active on one of the two sides, half of them about `start`."""
    rng = np.random.default_rng(0)
    W = np.array([[nearest_float(Fraction(v, max(map(abs, row)) or 1)) for v in row] for row in integers])
    looks = rng.standard_normal((_LOOKS, len(start)))
    top = max(map(abs, start)) or Fraction(1)
    looks[: _LOOKS // 2] = 1e-4 * looks[: _LOOKS // 2] + [nearest_float(v / top) for v in start]
    counts = (looks @ W.T > 0).sum(axis=1) if len(W) else np.zeros(_LOOKS, dtype=int)
    return looks[np.argsort(np.minimum(counts, len(integers) - counts), kind="stable")[:32]]
