"""The preimage of one output under a layer: empty, one point or more, decided exactly.

x has ReLU(Wx + b) = y exactly when <w_i, x> = y_i - b_i for the rows with y_i > 0, <w_i, x> <= -b_i for the rows with
y_i = 0, and no y_i is negative: a polyhedron, which walls of a domain may cut further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq_mat, fmpz_mat

from relutheory.core.exact import integer_rows, primitive, to_fmpq
from relutheory.core.lp import solve_system
from relutheory.core.sets import Polyhedron
from relutheory.core.verdict import NotABool
from relutheory.injectivity.inverting.equations import Solved, solve_equations
from relutheory.injectivity.inverting.frame_bound import root_below
from relutheory.networks import ReLULayer

Row = list[int]


@dataclass(frozen=True, kw_only=True)
class OutOfRange(NotABool):
    """Why no x has ReLU(Wx + b) = y: a negative entry of y, or a combination of rows that contradicts itself.

    row : the index of a negative entry, or None.  neurons : m Fractions l_i, where l_i >= 0 unless y_i > 0; walls : one
    Fraction u_j >= 0 per half-space <a_j, x> <= c_j of the domain.  sum l_i w_i + sum u_j a_j = 0, and
    gap = sum l_i (b_i - y_i) - sum u_j c_j is positive, while every preimage would make it <= 0.
    """

    row: int | None = None
    neurons: tuple[Fraction, ...] = ()
    walls: tuple[Fraction, ...] = ()
    gap: Fraction = Fraction(0)

    def check(self, layer: ReLULayer, y: Sequence[Fraction], domain: Polyhedron | None = None) -> bool:
        """Whether the numbers prove that y is not in the range, decided anew from the definition.

        >>> from relutheory.injectivity.inverting.reconstruction import reconstruct
        >>> layer = ReLULayer([[1], [-1]])
        >>> reconstruct(layer, [1, 1]).proof.check(layer, [1, 1])
        True
        """
        if self.row is not None:
            return y[self.row] < 0
        halfspaces = [] if domain is None else domain.halfspaces()
        if min(self.walls, default=Fraction(0)) < 0 or len(self.walls) != len(halfspaces):
            return False
        if any(v < 0 and not target > 0 for v, target in zip(self.neurons, y, strict=True)):
            return False
        used = [(v, [*layer.weight.row(i), layer.bias[i] - y[i]]) for i, v in enumerate(self.neurons) if v]
        used += [(v, [*a, -c]) for v, (a, c) in zip(self.walls, halfspaces, strict=True) if v]
        if not used:
            return False
        rows = fmpq_mat([[to_fmpq(v) for v in row] for _, row in used])
        *sums, gap = (fmpq_mat([[to_fmpq(v) for v, _ in used]]) * rows).entries()
        return not any(sums) and gap == to_fmpq(self.gap) and self.gap > 0


@dataclass(frozen=True)
class Preimage:
    """x : a preimage or None; other : a second one; fixed : rows with one value on all preimages; or a proof."""

    x: list[Fraction] | None = None
    other: list[Fraction] | None = None
    fixed: tuple[int, ...] = ()
    proof: OutOfRange | None = None


def preimage(layer: ReLULayer, y: Sequence[Fraction], domain: Polyhedron | None = None) -> Preimage:
    """Decide what {x in the domain : ReLU(Wx + b) = y} is.  y : m Fractions."""
    negative = next((i for i, v in enumerate(y) if v < 0), None)
    if negative is not None:
        return Preimage(proof=OutOfRange(row=negative, neurons=(Fraction(0),) * layer.m, walls=_zeros(domain)))
    return _System(layer, y, domain).decided()


def _zeros(domain: Polyhedron | None) -> tuple[Fraction, ...]:
    return () if domain is None else (Fraction(0),) * len(domain.halfspaces())


class _System:
    """Equations <a, x> = c and inequalities <a, x> <= c as integer rows (a | c), with their place in the input.

    Places: neuron i is i, wall j is m + j.
    """

    def __init__(self, layer: ReLULayer, y: Sequence[Fraction], domain: Polyhedron | None) -> None:
        self.layer, self.y, self.domain, self.n = layer, y, domain, layer.n
        biased = integer_rows(layer.weight, layer.bias)
        rows = [[*row[:-1], -row[-1]] for row in biased]
        for i, v in enumerate(y):
            if v:
                rows[i] = primitive([*layer.weight.row(i), v - layer.bias[i]])
        rows += [primitive([*a, c]) for a, c in (() if domain is None else domain.halfspaces())]
        self.rows = rows
        self.equal = [i for i, v in enumerate(y) if v > 0]
        self.basis: list[int] = []  # of the equations
        self.weak = [i for i in range(len(rows)) if i >= layer.m or not y[i] > 0]

    def decided(self) -> Preimage:
        equations = list(self.equal)
        point: list[Fraction] | None = None
        while True:
            solved = solve_equations([self.rows[i] for i in equations], self.n)
            if solved.point is None:
                found = {equations[k]: v for k, v in solved.contradiction.items()}
                return self._outside(found if len(equations) == len(self.equal) else self._by_program())
            if len(equations) == len(self.equal):
                self.basis = [equations[k] for k in solved.independent]
            point, directions = solved.point, solved.directions
            reduced = self._reduced(point, directions)
            blocked = [i for i, (g, h) in reduced.items() if not any(g) and h < 0]
            if blocked:
                return self._outside(self._balanced({blocked[0]: Fraction(1)}))
            moving = [i for i, (g, _) in reduced.items() if any(g)]
            if not directions:
                return Preimage(x=point, fixed=self._fixed(directions))
            answer = solve_system([reduced[i] for i in moving], [], len(directions))
            if answer.point is not None:
                return self._many(point, directions, reduced, answer.point)
            weights = {i: v for i, v in zip(moving, answer.lam, strict=True) if v}
            if sum(v * reduced[i][1] for i, v in weights.items()) < 0:
                return self._outside(self._balanced(weights))
            # the combination is 0 <= 0: on the polyhedron each of these inequalities is an equation
            equations += weights

    def _reduced(self, point: list[Fraction], directions: list[Row]) -> dict[int, tuple[list[int], Fraction]]:
        """The inequalities in t, where x = point + sum t_k directions_k: <g, t> <= h."""
        if not self.weak:
            return {}
        matrix = fmpz_mat([self.rows[i][: self.n] for i in self.weak])
        *scaled, one = primitive([*point, Fraction(1)])
        values = (matrix * fmpz_mat([[v] for v in scaled])).entries()
        slopes = (matrix * fmpz_mat(directions).transpose()).tolist() if directions else [[] for _ in self.weak]
        return {
            i: ([int(v) for v in slope], self.rows[i][self.n] - Fraction(int(value), one))
            for i, value, slope in zip(self.weak, values, slopes, strict=True)
        }

    def _many(
        self,
        point: list[Fraction],
        directions: list[Row],
        reduced: dict[int, tuple[list[int], Fraction]],
        t: Sequence[Fraction],
    ) -> Preimage:
        """Two preimages: a point that is strictly inside, and one a step along the first direction from it."""
        x = [p + sum((v * d[k] for v, d in zip(t, directions, strict=True)), Fraction(0)) for k, p in enumerate(point)]
        room = [
            (h - sum((v * w for v, w in zip(g, t, strict=True)), Fraction(0))) / abs(g[0])
            for g, h in reduced.values()
            if g[0]
        ]
        step = min([*room, Fraction(1)])
        other = [p + step * d for p, d in zip(x, directions[0], strict=True)]
        return Preimage(x=x, other=other, fixed=self._fixed(directions))

    def _fixed(self, directions: list[Row]) -> tuple[int, ...]:
        """The neurons that do not change along the directions."""
        if not self.layer.m:
            return ()
        if not directions:
            return tuple(range(self.layer.m))
        rows = fmpz_mat([row[: self.n] for row in self.rows[: self.layer.m]])
        slopes = (rows * fmpz_mat(directions).transpose()).tolist()
        return tuple(i for i, slope in enumerate(slopes) if not any(slope))

    def _balanced(self, weights: dict[int, Fraction]) -> dict[int, Fraction]:
        """Inequalities whose combination is constant where the equations hold, with the equations that make it zero."""
        scaled = primitive([*weights.values(), Fraction(1)])
        used = fmpz_mat([self.rows[i][: self.n] for i in weights])
        rest = [-Fraction(int(v), scaled[-1]) for v in (fmpz_mat([scaled[:-1]]) * used).entries()]
        if not any(rest):
            return weights
        columns = [primitive([*(self.rows[i][k] for i in self.basis), rest[k]]) for k in range(self.n)]
        solved = solve_equations(columns, len(self.basis)) if self.basis else Solved()
        if solved.point is None:  # it takes inequalities that are equations on the polyhedron
            return self._by_program()
        return weights | {i: v for i, v in zip(self.basis, solved.point, strict=True) if v}

    def _by_program(self) -> dict[int, Fraction]:
        """The multipliers of one contradiction of the whole system, each equation taken as two inequalities."""
        system = [(row[: self.n], row[self.n]) for row in (self.rows[i] for i in self.weak)]
        signed = [[s * v for v in self.rows[i]] for i in self.equal for s in (1, -1)]
        twice = [(row[: self.n], row[self.n]) for row in signed]
        answer = solve_system([], [*system, *twice], self.n)
        weights = dict(zip(self.weak, answer.mu, strict=False))
        for k, i in enumerate(self.equal):
            forward, backward = answer.mu[len(self.weak) + 2 * k : len(self.weak) + 2 * k + 2]
            weights[i] = forward - backward
        return {i: v for i, v in weights.items() if v}

    def _outside(self, weights: dict[int, Fraction]) -> Preimage:
        """The proof, for multipliers of the integer rows; they are carried over to the rows as given."""
        m = self.layer.m
        halfspaces = [] if self.domain is None else self.domain.halfspaces()
        multipliers = [Fraction(0)] * len(self.rows)
        gap = Fraction(0)
        for i, v in weights.items():
            given = [*self.layer.weight.row(i), self.y[i] - self.layer.bias[i]] if i < m else _flat(halfspaces[i - m])
            multipliers[i] = v * next((Fraction(p) / q for p, q in zip(self.rows[i], given, strict=True) if q), 1)
            gap -= multipliers[i] * given[-1]
        if gap < 0:  # equations alone may come with either sign
            multipliers, gap = [-v for v in multipliers], -gap
        proof = OutOfRange(neurons=tuple(multipliers[:m]), walls=tuple(multipliers[m:]), gap=gap)
        if not proof.check(self.layer, self.y, self.domain):
            raise ArithmeticError("the contradiction is not one: please report this layer and output")
        return Preimage(proof=proof)


def _flat(halfspace: tuple[list[Fraction], Fraction]) -> list[Fraction]:
    return [*halfspace[0], halfspace[1]]


def distance_below(proof: OutOfRange, y: Sequence[Fraction]) -> Fraction:
    """A lower bound of the distance |y - f(x)| over all x, from a proof that y is not in the range.

    Let f(x) = y' with |y' - y| < d, and let d be at most the least y_i with l_i < 0.  Then y'_i > 0 there, so that the
    pre-activation is y'_i; elsewhere it is at most y'_i.  Hence 0 >= sum l_i (<w_i, x> + b_i - y'_i) + sum u_j(...)
    >= gap - <l, y' - y>, and d > gap / |l|.  A proof without neurons (an empty domain) bounds nothing: 0 is returned.
    A negative entry y_i alone is at the distance -y_i.
    """
    if proof.row is not None:
        return root_below(sum((v * v for v in y if v < 0), Fraction(0)))
    squares = sum((v * v for v in proof.neurons), Fraction(0))
    if not squares:
        return Fraction(0)
    ends = [target for v, target in zip(proof.neurons, y, strict=True) if v < 0]
    return min([*ends, root_below(proof.gap * proof.gap / squares)])
