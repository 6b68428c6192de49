"""The open cells of a layer and their extreme singular values: the cell found so far, and what is proved of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import fmpz_mat

from relutheory._kernels.weighing import prove_many
from relutheory.core.exact import allow_digits, nearest_float, primitive
from relutheory.core.scaling import mantissas
from relutheory.core.sets import Polyhedron
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.stability.clock import OutOfTime, late
from relutheory.injectivity.stability.singular import Eigenvalue, Weights, rounded_vector
from relutheory.injectivity.witness import roundings
from relutheory.networks import ReLULayer

_NOTHING = -(10**9)  # the exponent of a column of zeros
_TRIES = 20  # steps in a row that free no row
_LARGEST = 1e300
_ENTRIES = 1 << 21  # float matrix entries held at once
_WORK = 1e8  # matrices times n^3 between two looks at the clock
_QUICK_BITS = (40, 34, 28, 22, 16, 8, 4, 2, 1)  # how close a bound floats try to prove


@dataclass(frozen=True)
class Cell:
    """An open cell of a layer's arrangement: the rows active on it (numbered from 0), and a point inside.

    Rows of zeros are never listed.
    """

    active: tuple[int, ...]
    point: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        allow_digits(*self.point)


class Cells:
    """The cells of a layer that meet the interior of a domain, ranked by an eigenvalue of the active rows' Gram matrix.

    sign : 1 for the least eigenvalue, and the cell where it is least; -1 for the largest, and where it is largest.
    Eigenvalues are those of the integer rows (`Weights`).  A row is *marked* at a point where it is active (sign 1) or
    inactive (sign -1): more marked rows never make a cell better.  `problem` is the layer whose active rows are
    the marked ones.
    """

    def __init__(self, layer: ReLULayer, domain: Polyhedron | None, sign: int) -> None:
        self.layer, self.domain, self.sign = layer, domain, sign
        self.problem = Problem(layer if sign > 0 else _opposite(layer), domain)
        self.weights = Weights(layer.weight)
        self.live = [i for i, row in enumerate(self.weights.rows) if any(row)]
        self.best: Eigenvalue | None = None
        self.cell: Cell | None = None
        self.bound: Fraction | None = None  # no cell that was looked at has an eigenvalue beyond it
        self.deadline: float | None = None  # of `time.perf_counter`, for exact eigenvalues
        self.known: dict[tuple[int, ...], Eigenvalue] = {}

    def active(self, marked: set[int]) -> tuple[int, ...]:
        """The active rows of a cell with these marked rows."""
        return tuple(i for i in self.live if (i in marked) == (self.sign > 0))

    def consider(self, z: Sequence[Fraction]) -> bool:
        """Look at a cell next to z; False where z is not inside the domain.  Raises `OutOfTime` as `look` does."""
        cell = self.cell_at(z)
        if cell is None:
            return False
        self.look(cell.active, cell.point)
        return True

    def cell_at(self, z: Sequence[Fraction]) -> Cell | None:
        """A cell next to z; None where z is not inside the domain."""
        inside = self._moved(list(z))
        if inside is None:
            return None
        point, values = inside
        return Cell(self.active({i for i in self.live if values[i] > 0}), tuple(point))

    def look(self, active: tuple[int, ...], point: tuple[Fraction, ...] | None) -> None:
        """Look at the cell with these active rows; point : in it, or None where it is to be found later.

        Out of time it is only glanced at, and `OutOfTime` is raised.
        """
        found = self.known.get(active)
        if found is None:
            try:
                found = self.weights.eigenvalue(active, self.sign, self.deadline)
            except OutOfTime:
                self.glance(active, point)
                raise
            self.known[active] = found
        self._keep(found, active, point)
        if self.bound is None or self.sign * (found.outer - self.bound) < 0:
            self.bound = found.outer

    def glance(self, active: tuple[int, ...], point: tuple[Fraction, ...] | None) -> None:
        """Rank the cell by its `quick` eigenvalue: quickly, and nothing is proved of it."""
        self._keep(self.quick(active), active, point)

    def _keep(self, found: Eigenvalue, active: tuple[int, ...], point: tuple[Fraction, ...] | None) -> None:
        """Remember the cell where it is the best so far."""
        if self.best is None or self.sign * (found.inner - self.best.inner) < 0:
            self.best, self.cell = found, Cell(active, point or ())

    def _moved(self, z: list[Fraction]) -> tuple[list[Fraction], list[int]] | None:
        """A point near z where no live row vanishes, and the values there, up to a factor.

        Steps in random directions, each so short that no row changes its sign, until no row vanishes.
        """
        values = self.problem.values(z)
        rng = np.random.default_rng(0)
        failed = 0
        while failed < _TRIES:
            if any(v >= 0 for v in values[self.problem.m :]):
                return None
            vanishing = [i for i in self.live if values[i] == 0]
            if not vanishing:
                return z, values
            step = rng.integers(-99, 100, self.problem.n).tolist()
            slopes = self.slopes(step)
            if any(slopes[i] for i in vanishing):
                size = Fraction(2) ** self.room(z, values, slopes)
                z = [a + size * v for a, v in zip(z, step, strict=True)]
                values, failed = self.problem.values(z), 0
            else:
                failed += 1
        return None

    def slopes(self, direction: Sequence[int]) -> list[int]:
        """<w_i, direction> for all rows of the problem."""
        return [int(v) for v in (self.problem.matrix * fmpz_mat([[v] for v in [*direction, 0]])).entries()]

    def room(self, z: Sequence[Fraction], values: Sequence[int], slopes: Sequence[int]) -> int:
        """An exponent e <= 0 such that no row changes its sign, or starts to vanish, on 2^e of the way along slopes.

        values : `Problem.values` of z.  Rows that vanish at z have no say.
        """
        scale = primitive([*z, Fraction(1)])[-1]  # the factor of the values
        # 2^(k - 1) <= |value| and scale |slope| < 2^l for numbers of k and l bits
        room = [v.bit_length() - 1 - (scale * s).bit_length() for v, s in zip(values, slopes, strict=True) if v and s]
        return min(0, *room) if room else 0

    # floats

    @cached_property
    def scaled(self) -> tuple[np.ndarray, list[int]]:
        """The integer rows, columns scaled by powers of two, (m, n) float64 within u of exact, and the exponents."""
        m, e = mantissas(self.weights.rows, self.weights.n)
        top = np.where(m == 0, _NOTHING, e).max(axis=0, initial=_NOTHING)
        top[top == _NOTHING] = 0
        return np.ldexp(m, np.where(m == 0, 0, e - top).clip(-5000, 0).astype(np.int32)), top.tolist()

    def shift(self, bound: Fraction) -> np.ndarray:
        """-sign times the bound on the eigenvalue, in scaled columns, rounded towards what is harder to prove."""
        out = []
        for e in self.scaled[1]:
            value = nearest_float(bound * Fraction(4) ** -e)
            value = min(value, _LARGEST) if self.sign < 0 else value
            out.append(-self.sign * max(value * (1 + self.sign * 2.0**-50) + self.sign * 5e-324, 0.0))
        return np.array(out)

    @cached_property
    def plain(self) -> np.ndarray:
        """The integer rows over one power of two, (m, n) float64: to find, not to prove."""
        scaled, exponents = self.scaled
        return np.ldexp(scaled, np.array(exponents, dtype=np.int64).clip(-5000, 10**6) - max(exponents))

    def estimates(self, active: np.ndarray, deadline: float | None = None) -> np.ndarray:
        """sign times the eigenvalue for each set of active rows, by floats.  active : (k, m) bool.

        Those after the deadline are infinite.
        """
        m, n = self.plain.shape
        found = np.full(len(active), np.inf)
        outers = None
        if m * n * n <= _ENTRIES:
            outers = (self.plain[:, :, None] * self.plain[:, None, :]).reshape(m, n * n)
        size = int(max(min(_ENTRIES // n**2, _WORK // n**3), 1))
        for start in range(0, len(active), size):
            if late(deadline):
                break
            part = active[start : start + size]
            if outers is not None:
                matrices = (part.astype(np.float64) @ outers).reshape(-1, n, n)
            else:
                matrices = np.stack([rows.T @ rows for rows in (self.plain[chosen] for chosen in part)])
            values = np.linalg.eigvalsh(matrices)
            found[start : start + size] = values[:, 0] if self.sign > 0 else -values[:, -1]
        return found

    def quick(self, active: tuple[int, ...]) -> Eigenvalue:
        """The eigenvalue of a cell, enclosed by what floats can prove: wider than `Weights.eigenvalue`, but quickly."""
        n = self.weights.n
        rows = self.plain[list(active)]
        vectors = np.linalg.eigh(rows.T @ rows)[1]
        vector = vectors[:, 0 if self.sign > 0 else -1]
        whole = rounded_vector(vector) if np.isfinite(vector).all() else [1] * n
        inner = self.weights.quotient(active, whole)
        for bits in _QUICK_BITS:
            value = inner * (1 - self.sign * Fraction(1, 2**bits))
            if self._proved_by_floats(active, value):
                return Eigenvalue(inner, value, tuple(whole))
        trace = sum(v * v for i in active for v in self.weights.rows[i])
        return Eigenvalue(inner, Fraction(0 if self.sign > 0 else trace), tuple(whole))

    def _proved_by_floats(self, active: tuple[int, ...], bound: Fraction) -> bool:
        """Whether floats prove that the cell's eigenvalue is not beyond the bound."""
        rows = self.scaled[0][list(active)]
        shift, proved, n = self.shift(bound), np.zeros(1, dtype=bool), self.weights.n
        matrix, size = self.sign * (rows.T @ rows), (rows * rows).sum(axis=0) + np.abs(shift)
        prove_many(matrix[None], size[None], shift, float(len(rows) + 8), np.zeros((n, n)), proved)
        return bool(proved[0])

    def rounded(self, point: np.ndarray, exponents: Sequence[int]) -> None:
        """Look at the cells of a float point (in scaled variables) and its roundings, until one is inside.

        Raises `OutOfTime` as `look` does.
        """
        for z in roundings(self.problem.n, point, exponents):
            if self.consider(z):
                return


def _opposite(layer: ReLULayer) -> ReLULayer:
    """The layer of -W and -b."""
    if layer.weight.floats_exact and layer.bias.floats_exact:
        return ReLULayer(-layer.W, -layer.b)
    weight = np.array(layer.weight.fractions(), dtype=object).reshape(layer.m, layer.n)
    return ReLULayer(-weight, [-v for v in layer.bias.fractions()])
