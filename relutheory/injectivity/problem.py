"""The decision of injectivity as a combinatorial problem: which rows matter, which are forced, which are walls."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpz_mat

from relutheory.core.errors import reject
from relutheory.core.exact import integer_rows, primitive
from relutheory.core.lp import solve_system
from relutheory.core.scaling import balanced, mantissas
from relutheory.core.sets import Ball, Polyhedron
from relutheory.injectivity.lines import Line, group_lines, no_gap
from relutheory.networks import ReLULayer


@dataclass(eq=False)
class Problem:
    """A layer, a domain, and what the search needs of them.

    The rows are those of (W | b), then of the domain's (a | -c), all scaled to integers by positive factors: row i is
    *active* at z where <w_i, z> + b_i >= 0; the walls of the domain are negative in its interior.
    """

    layer: ReLULayer
    domain: Polyhedron | None = None
    ball: Ball | None = None  # in `domain`, where the question is about a ball
    lines: list[Line] = field(init=False)

    def __post_init__(self) -> None:
        if self.domain is not None and self.domain.n != self.layer.n:
            reject("domain", self.domain, f"must lie in the layer's input space, R^{self.layer.n}")
        self.inside = self._interior_point()
        self.lines = group_lines(self.layer.weight, self.rows)

    def __getstate__(self) -> dict[str, Any]:
        # flint matrices cannot be pickled; `matrix` is made again where it is needed
        return {name: value for name, value in self.__dict__.items() if name != "matrix"}

    @property
    def m(self) -> int:
        return self.layer.m

    @property
    def n(self) -> int:
        return self.layer.n

    @cached_property
    def rows(self) -> list[list[int]]:
        """(w_i | b_i) for the neurons, then (a_j | -c_j) for the walls of the domain; integers."""
        rows = integer_rows(self.layer.weight, self.layer.bias)
        return rows + [primitive([*a, -c]) for a, c in self.walls]

    @cached_property
    def walls(self) -> list[tuple[list[Fraction], Fraction]]:
        """The half-spaces <a, x> <= c of the domain that are not the whole space."""
        return [] if self.domain is None else [(a, c) for a, c in self.domain.halfspaces() if any(a)]

    @cached_property
    def affine(self) -> bool:
        """Whether a bias or a wall makes the arrangement affine; otherwise points may be scaled."""
        return len(self.rows) > self.m or any(row[-1] for row in self.rows)

    @cached_property
    def matrix(self) -> fmpz_mat:
        return fmpz_mat(self.rows) if self.rows else fmpz_mat(0, self.n + 1)

    def values(self, z: list[Fraction]) -> list[int]:
        """The values of all rows at z, times one positive number: exact signs."""
        *scaled, one = primitive([*z, Fraction(1)])
        column = fmpz_mat([[v] for v in [*scaled, one]])
        return [int(v) for v in (self.matrix * column).entries()]

    def candidates(self) -> list[int]:
        """The neurons that the search needs: one per line and direction."""
        return sorted(i for line in self.lines for i in line.rows)

    @cached_property
    def forced(self) -> list[Line]:
        """Lines on which some neuron is active wherever one looks."""
        pairs = (line for line in self.lines if len(line.rows) == 2)
        return [line for line in pairs if no_gap(*(self.rows[i] for i in line.rows))]

    def _interior_point(self) -> list[Fraction]:
        if self.domain is None:
            return [Fraction(0)] * self.n
        empty = next((c for a, c in self.domain.halfspaces() if not any(a) and c < 0), None)
        answer = solve_system(self.walls, [], self.n)
        if answer.point is None or empty is not None:
            reject("domain", self.domain, "must have a non-empty interior")
        return list(answer.point)

    def scaled(self, rows: list[int]) -> tuple[np.ndarray, list[int]]:
        """The given rows for the float kernels, the constant column only where the arrangement is affine.

        Returns (k, d) float64, rows and columns scaled by powers of two towards entries about 1, each entry within
        2^-52 of itself, relatively, plus 2^-1000, of the exact one; and exponents e: column j stands for the
        variable z_j 2^e_j.  Row -1 is the wall at infinity of an affine arrangement, (0, ..., 0 | -1).
        """
        d = self.n + 1 if self.affine else self.n
        m, e = np.zeros((len(rows), d)), np.zeros((len(rows), d), dtype=np.int64)
        given = [k for k, i in enumerate(rows) if 0 <= i < self.m and self._floats is not None]
        if self._floats is not None:
            m[given], e[given] = np.frexp(self._floats[[rows[k] for k in given], :d])
        others = sorted(set(range(len(rows))) - set(given))
        infinite = [0] * self.n + [-1]
        m[others], e[others] = mantissas([(self.rows[rows[k]] if rows[k] >= 0 else infinite)[:d] for k in others], d)
        return balanced(m, e)

    @cached_property
    def _floats(self) -> np.ndarray | None:
        """(W | b) where float64 holds it exactly."""
        exact = self.layer.weight.floats_exact and self.layer.bias.floats_exact
        return np.column_stack([self.layer.W, self.layer.b]) if exact else None
