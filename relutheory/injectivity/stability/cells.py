"""The open cells of a layer and their extreme singular values: the cell found so far, and what is proved of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from relutheory.core.exact import allow_digits, nearest_float
from relutheory.core.scaling import mantissas
from relutheory.core.sets import Polyhedron
from relutheory.injectivity.problem import Problem
from relutheory.injectivity.stability.singular import Eigenvalue, Weights
from relutheory.injectivity.witness import roundings
from relutheory.networks import ReLULayer

_NOTHING = -(10**9)  # the exponent of a column of zeros
_TRIES = 20
_LARGEST = 1e300


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
        self.bound: Fraction | None = None  # no cell looked at has an eigenvalue beyond it
        self._known: dict[tuple[int, ...], Eigenvalue] = {}

    def active(self, marked: set[int]) -> tuple[int, ...]:
        """The active rows of a cell with these marked rows."""
        return tuple(i for i in self.live if (i in marked) == (self.sign > 0))

    def consider(self, z: Sequence[Fraction]) -> bool:
        """Look at a cell next to z; False where z is not inside the domain."""
        inside = self._moved(list(z))
        if inside is None:
            return False
        point, values = inside
        self.look(self.active({i for i in self.live if values[i] > 0}), tuple(point))
        return True

    def look(self, active: tuple[int, ...], point: tuple[Fraction, ...] | None) -> None:
        """Look at the cell with these active rows; point : in it, or None where it is to be found later."""
        found = self._known.get(active)
        if found is None:
            found = self._known[active] = self.weights.eigenvalue(active, self.sign)
        if self.best is None or self.sign * (found.inner - self.best.inner) < 0:
            self.best, self.cell = found, Cell(active, point or ())
        if self.bound is None or self.sign * (found.outer - self.bound) < 0:
            self.bound = found.outer

    def _moved(self, z: list[Fraction]) -> tuple[list[Fraction], list[int]] | None:
        """A point near z where no live row vanishes, and the values there, up to a factor."""
        values = self.problem.values(z)
        rng = np.random.default_rng(0)
        for _ in range(_TRIES):
            if any(v >= 0 for v in values[self.problem.m :]):
                return None
            if all(values[i] for i in self.live):
                return z, values
            step = [Fraction(int(v)) for v in rng.integers(-99, 100, self.problem.n)]
            moved = self._step(z, values, step)
            if moved is not None:
                z, values = moved, self.problem.values(moved)
        return None

    def _step(self, z: list[Fraction], values: list[int], step: list[Fraction]) -> list[Fraction] | None:
        """z + s step, s > 0 so small that no row changes its sign; None where a row goes on vanishing."""
        rows = self.problem.rows
        slopes = [sum((a * v for a, v in zip(row[:-1], step, strict=True)), Fraction(0)) for row in rows]
        if any(values[i] == 0 and slopes[i] == 0 for i in self.live):
            return None
        exact = [sum((a * v for a, v in zip(row[:-1], z, strict=True)), Fraction(row[-1])) for row in rows]
        limits = [abs(v / s) for v, s in zip(exact, slopes, strict=True) if v and s]
        size = min(limits, default=Fraction(2)) / 2
        power = Fraction(2) ** (size.numerator.bit_length() - size.denominator.bit_length() - 1)
        return [a + power * v for a, v in zip(z, step, strict=True)]

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

    def estimates(self, active: np.ndarray) -> np.ndarray:
        """sign times the eigenvalue for each set of active rows, by floats.  active : (k, m) bool."""
        n = self.weights.n
        outers = (self.plain[:, :, None] * self.plain[:, None, :]).reshape(len(self.plain), n * n)
        values = np.linalg.eigvalsh((active.astype(np.float64) @ outers).reshape(-1, n, n))
        return values[:, 0] if self.sign > 0 else -values[:, -1]

    def rounded(self, point: np.ndarray, exponents: Sequence[int]) -> None:
        """Look at the cells of a float point (in scaled variables) and its roundings, until one is inside."""
        for z in roundings(self.problem.n, point, exponents):
            if self.consider(z):
                return


def _opposite(layer: ReLULayer) -> ReLULayer:
    """The layer of -W and -b."""
    if layer.weight.floats_exact and layer.bias.floats_exact:
        return ReLULayer(-layer.W, -layer.b)
    weight = np.array(layer.weight.fractions(), dtype=object).reshape(layer.m, layer.n)
    return ReLULayer(-weight, [-v for v in layer.bias.fractions()])
