"""Polytope bias estimation: how negative the bias of an injective layer may be on a ball."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

from relutheory.core.exact import Number, RationalArray, integer_rows, rational
from relutheory.core.lp import solve_system
from relutheory.core.roots import root
from relutheory.core.verdict import Verdict
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import rank
from relutheory.theorems.instances import texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

STEP = Fraction(1, 1000)  # a bound is attained where a bias worse by this part of radius * |w| loses information


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameOnBall:
    """Rows W and the radius of a ball around 0."""

    weight: RationalArray
    radius: Fraction

    def described(self) -> dict[str, Any]:
        """The numbers of both."""
        return {"W": [texts(row) for row in self.weight.fractions()], "radius": str(self.radius)}


def frame(W: Any, radius: Number = 1) -> FrameOnBall:
    """The rows of W, shape (m, n), on the ball of this radius."""
    return FrameOnBall(weight=RationalArray(W, "W", ndim=2), radius=rational(radius))


def surrounds(case: FrameOnBall) -> bool:
    """Whether 0 is in the interior of the convex hull of the rows: no u != 0 has <w_i, u> <= 0 for all of them."""
    n = case.weight.shape[1]
    rows = [(row, 0) for row in integer_rows(case.weight)]
    signs = (([sign * int(j == k) for j in range(n)], 0) for k in range(n) for sign in (1, -1))
    return all(solve_system([half], rows, n).point is None for half in signs)


def facets(points: Sequence[Sequence[Fraction]]) -> list[set[int]]:
    """The facets of the hull of points around 0: n points at a time, and all the others on one side."""
    n = len(points[0])
    matrix = fmpq_mat([[fmpq(v.numerator, v.denominator) for v in p] for p in points])
    found: list[set[int]] = []
    for chosen in combinations(range(len(points)), n):
        square = fmpq_mat([[matrix[i, k] for k in range(n)] for i in chosen])
        if square.det() != 0:
            heights = (matrix * square.solve(fmpq_mat(n, 1, [1] * n))).entries()
            tight = {i for i, v in enumerate(heights) if v == 1}
            if max(heights) <= 1 and tight not in found:
                found.append(tight)
    return found


def projection_squared(cone: Sequence[Sequence[int]], v: Sequence[int]) -> Fraction:
    """The squared length of the projection of v to the cone: the face on which the optimality conditions hold."""
    for size in range(len(v) + 1):
        for face in combinations(cone, size):
            if rank(face) < size:
                continue
            point, weights = [Fraction(0)] * len(v), [Fraction(0)]
            if size:
                rows = fmpz_mat([list(w) for w in face])
                solved = fmpq_mat(rows * rows.transpose()).solve(fmpq_mat(rows * fmpz_mat([[a] for a in v])))
                weights = [Fraction(int(w.p), int(w.q)) for w in solved.entries()]
                point = [
                    sum((w * r[k] for w, r in zip(weights, face, strict=True)), Fraction(0)) for k in range(len(v))
                ]
            rest = [a - b for a, b in zip(v, point, strict=True)]
            if min(weights) >= 0 and all(sum(a * b for a, b in zip(w, rest, strict=True)) <= 0 for w in cone):
                return sum((b * b for b in point), Fraction(0))
    raise AssertionError("every point has a projection")


def bounds_squared(case: FrameOnBall, factors: Sequence[Fraction]) -> list[Fraction | None]:
    """The squares of the bounds, from their definition: every facet, every face of its cone."""
    rows = case.weight.fractions()
    used = [i for i, row in enumerate(rows) if any(row)]
    points = [[factors[i] * v for v in rows[i]] for i in used]
    cones = [{used[k] for k in facet} for facet in facets(points)]
    integers = integer_rows(case.weight)
    squares: list[Fraction | None] = []
    for i, row in enumerate(rows):
        lengths = [
            projection_squared([integers[j] for j in sorted(cone)], [-v for v in integers[i]])
            for cone in cones
            if i in cone
        ]
        scale = next((v / w for v, w in zip(row, integers[i], strict=True) if w), Fraction(0))
        squares.append(max(lengths) * (scale * case.radius) ** 2 if lengths else None)
    return squares


Bias = Callable[[FrameOnBall, int, Fraction], Fraction]  # the bias -alpha of row i, given the square of the bound


def right(case: FrameOnBall, i: int, square: Fraction) -> Fraction:
    return root(square).hi


def radius_divided(case: FrameOnBall, i: int, square: Fraction) -> Fraction:
    """The false bound with the radius in the denominator."""
    return root(square).hi / case.radius**2


def length_divided(case: FrameOnBall, i: int, square: Fraction) -> Fraction:
    """The false bound with the length of the row in the denominator."""
    length = sum((v * v for v in case.weight.row(i)), Fraction(0))
    return root(square).hi / length if length else Fraction(0)


def no_bias(case: FrameOnBall, i: int, square: Fraction) -> Fraction:
    """The false claim that the bound is 0: that products in a facet are never negative."""
    return Fraction(0)


def ball_bias(bias: Bias = right) -> Claim:
    """The claim that the layer with these biases is injective on the ball; and that the package's bounds are right."""

    def claim(case: FrameOnBall) -> Evidence:
        # loads compiled kernels: only when a check runs
        from relutheory.core.sets import Ball
        from relutheory.injectivity import decide_injectivity
        from relutheory.injectivity.domains.bias_bounds import maximal_bias

        found = maximal_bias(case.weight.fractions(), case.radius)
        squares = bounds_squared(case, found.factors)
        if squares != list(found.squared):
            raise AssertionError(f"the bounds of {case.described()} are not those of the definition: {found.squared}")
        biases = [bias(case, i, s) if s is not None else Fraction(0) for i, s in enumerate(squares)]
        ball = Ball(0, case.radius, n=case.weight.shape[1])
        result = decide_injectivity(ReLULayer(case.weight, biases), domain=ball)
        if not (result.proved or result.refuted):
            return Evidence(verdict=Verdict.UNDECIDED, measured=result.status.value)
        counterexample = case.described() | {"b": texts(biases)}
        if result.witness is not None:
            counterexample |= {"collision": [texts(result.witness.x), texts(result.witness.y)]}
        steps = [
            STEP * case.radius * root(sum((v * v for v in row), Fraction(0))).lo for row in case.weight.fractions()
        ]
        worse = ReLULayer(case.weight, [b - s for b, s in zip(biases, steps, strict=True)])
        attained = decide_injectivity(worse, domain=ball).refuted
        shown = ", ".join("any" if s is None else f"-sqrt({s})" for s in squares)
        return compare(result.proved, result.status.value, f"alpha = ({shown})", counterexample, 0 if attained else 1)

    return claim


def random(rng: np.random.Generator) -> FrameOnBall:
    """Small integer rows around 0 and a radius."""
    while True:
        n = int(rng.integers(1, 4))
        case = frame(rng.integers(-3, 4, size=(int(rng.integers(n + 1, 7)), n)), Fraction(int(rng.integers(1, 7)), 2))
        if surrounds(case):
            return case


def mercedes(radius: int) -> FrameOnBall:
    """The frame of three unit vectors at 120 degrees, its entries rounded to floats."""
    return frame([[0.0, 1.0], [-(3**0.5) / 2, -0.5], [3**0.5 / 2, -0.5]], radius)


THEOREM = Theorem(
    id="inj.ball-bias",
    title="Polytope bias estimation on a ball",
    statement=(
        r"Let $r > 0$, let $0$ be in the interior of the convex hull of the rows $w_i$ of $W$, let $F$ run over the "
        r"facets of the convex hull of points $s_i w_i$ with any $s_i > 0$, and let $C_F$ be the cone of the rows of "
        r"$F$. Put $\alpha_i = \min_{F \ni i} \min \{\langle w_i, x\rangle : x \in C_F, |x| \leq r\}$. Then $x \mapsto "
        r"\mathrm{ReLU}(Wx - a)$ is injective on the ball of radius $r$ around $0$ for every $a \leq \alpha$. The "
        r"minima are $-r$ times the length of the projection of $-w_i$ to $C_F$; a row in no facet may have any bias."
    ),
    cite=Cite(key="haider2023", locator="locator unverified"),
    hypotheses={"0 is in the interior of the convex hull of the rows": surrounds},
    claim=ball_bias(),
    tight=(
        Case(name="(1, -1)", instance=frame([[1], [-1]])),
        Case(name="[I; -I] in the plane", instance=frame([[1, 0], [0, 1], [-1, 0], [0, -1]], 3)),
        Case(name="Mercedes-Benz frame, r = 2: alpha about -1", instance=mercedes(2)),
        Case(name="[I; -I] with unequal lengths", instance=frame([[5, 0], [0, "1/3"], [-7, 0], [0, -2]], 10)),
        Case(name="a regular simplex in space", instance=frame([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], 1)),
    ),
    edge=(
        Case(name="three rows in the plane", instance=frame([[1, 0], [0, 1], [-1, -1]])),
        Case(
            name="the cube: facets with four corners",
            instance=frame([[a, b, c] for a in (1, -1) for b in (1, -1) for c in (1, -1)]),
        ),
        Case(
            name="a row twice, a row of another length, a zero row",
            instance=frame([[1, 0], [1, 0], [2, 0], [0, 1], [-1, -2], [0, 0]]),
        ),
        Case(name="a tiny and a huge row", instance=frame([[1e-300, 0], [0, 1e300], [-1, -1]], "1/7")),
        Case(name="a radius of 10^12", instance=frame([[1, 2], [-2, 1], [0, -1]], 10**12)),
    ),
    random=random,
    mutants=(
        Mutant(
            name="divided by the radius",
            change="r in the denominator instead of a factor",
            claim=ball_bias(radius_divided),
        ),
        Mutant(
            name="divided by the length",
            change="|w_i| in the denominator instead of a factor",
            claim=ball_bias(length_divided),
        ),
        Mutant(
            name="alpha = 0", change="angles between the rows of a facet are never obtuse", claim=ball_bias(no_bias)
        ),
    ),
    proof="ball_bias",
    provenance=(
        "The estimate is from a summary of the paper and derived again (proofs_check/ball_bias.py), with lengths of "
        "rows and radius in their places; its bounds are computed here from the definition, and the layers decided."
    ),
    pictures=(
        Case(name="b = (1, 1, 1): injective for |x| <= 2", instance=ReLULayer(mercedes(2).weight, [1, 1, 1])),
        Case(name="b = (1/2, 1/2, 1/2): only for |x| <= 1", instance=ReLULayer(mercedes(2).weight, ["1/2"] * 3)),
    ),
)
