"""Injectivity on a convex set is a question about its interior; on any set, strictly active rows are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from relutheory.core.exact import Number, integer_rows, rational
from relutheory.core.lp import solve_system
from relutheory.core.sets import Box, Polyhedron
from relutheory.core.verdict import Verdict
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import Face, Point, _cases, faces, rank, rows_of
from relutheory.theorems.instances import describe, identity, random_layer, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

INF = float("inf")


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerOn:
    """A layer and a set K: a polyhedron, or finitely many points."""

    layer: ReLULayer
    domain: Polyhedron | tuple[Point, ...]

    def described(self) -> dict[str, Any]:
        """The numbers of both."""
        if isinstance(self.domain, Polyhedron):
            walls = self.domain.halfspaces()
            domain: dict[str, Any] = {"A": [texts(a) for a, _ in walls], "c": texts(c for _, c in walls)}
        else:
            domain = {"points": [texts(p) for p in self.domain]}
        return describe(self.layer) | domain


def on(W: Sequence[Sequence[Number]], b: Sequence[Number] | None, domain: Polyhedron) -> LayerOn:
    """The layer of W and b on a polyhedron."""
    return LayerOn(layer=ReLULayer(W, b), domain=domain)


def at(W: Sequence[Sequence[Number]], b: Sequence[Number] | None, *points: Sequence[Number]) -> LayerOn:
    """The layer of W and b on finitely many points."""
    return LayerOn(layer=ReLULayer(W, b), domain=tuple(tuple(rational(v) for v in point) for point in points))


def inner_faces(case: LayerOn, *, everywhere: bool = False) -> list[Face]:
    """The faces of the arrangement of the neurons inside the polyhedron; with signs of the neurons alone.

    everywhere : in all of the space instead.
    """
    assert isinstance(case.domain, Polyhedron)
    neurons = rows_of(case.layer)
    walls = () if everywhere else tuple(map(tuple, integer_rows(case.domain.A, case.domain.b)))
    walls = tuple((*wall[:-1], -wall[-1]) for wall in walls)
    found = faces(neurons + walls, case.layer.n)
    inside = [face for face in found if all(sign < 0 for sign in face.signs[len(neurons) :])]
    return [Face(point=face.point, signs=face.signs[: len(neurons)]) for face in inside]


def failing(case: LayerOn, *, strict: bool = False, everywhere: bool = False) -> Face | None:
    """A face where the active rows do not span, or None."""
    rows = rows_of(case.layer)
    for face in inner_faces(case, everywhere=everywhere):
        if rank(rows[i][:-1] for i in face.active(strict=strict)) < case.layer.n:
            return face
    return None


def collision_on(case: LayerOn) -> tuple[Point, Point] | None:
    """Two different points of the polyhedron with equal outputs, from the definition of ReLU, or None."""
    assert isinstance(case.domain, Polyhedron)
    n, zero = case.layer.n, [Fraction(0)] * case.layer.n
    walls = [(row, c) for a, c in case.domain.halfspaces() for row in ([*a, *zero], [*zero, *a])]
    for k in range(n):
        differ = ([int(j == n + k) - int(j == k) for j in range(2 * n)], 0)  # y_k < x_k
        found = _cases(rows_of(case.layer), 0, [differ], walls, [], n)
        if found is not None:
            x, y = found[:n], found[n:]
            if case.layer.forward_exact(x) != case.layer.forward_exact(y):
                raise AssertionError(f"the points {found} do not collide")
            return x, y
    return None


def on_convex_set(case: LayerOn, *, strict: bool = False, everywhere: bool = False) -> Evidence:
    """The criterion, the definition and the package's decision on a polyhedron, compared."""
    # loads compiled kernels: only when a check runs
    from relutheory.injectivity import decide_injectivity

    face, points = failing(case, strict=strict, everywhere=everywhere), collision_on(case)
    truths = {face is None, points is None}
    if interior(case):
        assert isinstance(case.domain, Polyhedron)
        result = decide_injectivity(case.layer, domain=case.domain)
        if not (result.proved or result.refuted):
            return Evidence(verdict=Verdict.UNDECIDED, measured=result.status.value)
        if result.proved != (points is None):
            raise AssertionError(f"the decision of {describe(case)} disagrees with the definition")
    counterexample = describe(case)
    measured = "the active rows span at every z"
    if face is not None:
        measured = f"the active rows do not span at z = {shown_point(face.point)}"
        counterexample |= {"z": texts(face.point), "active": face.active(strict=strict)}
    if points is not None:
        counterexample |= {"collision": [texts(p) for p in points]}
    expected = "injective" if points is None else "not injective: " + " and ".join(map(shown_point, points))
    spare = None
    if points is None:
        counts = [len(f.active(strict=False)) for f in inner_faces(case)]
        spare = min(counts, default=case.layer.n) - case.layer.n
    return compare(len(truths) == 1, measured, expected, counterexample, spare)


def on_points(case: LayerOn, *, strict: bool = True) -> Evidence:
    """The implication "active rows span at each point => outputs differ" for finitely many points."""
    assert not isinstance(case.domain, Polyhedron)
    layer, rows = case.layer, rows_of(case.layer)
    active = [
        [i for i, v in enumerate(layer.preactivation_exact(x)) if v > 0 or (v == 0 and not strict)] for x in case.domain
    ]
    spans = all(rank(rows[i][:-1] for i in a) == layer.n for a in active)
    outputs = [tuple(layer.forward_exact(x)) for x in case.domain]
    pairs = [(p, q) for k, p in enumerate(case.domain) for q in case.domain[:k] if p != q]
    equal = next(
        ((p, q) for p, q in pairs if outputs[case.domain.index(p)] == outputs[case.domain.index(q)]),
        None,
    )
    counterexample = describe(case) | ({} if equal is None else {"collision": [texts(p) for p in equal]})
    return compare(
        not spans or equal is None,
        f"active rows {'span at every point' if spans else 'fail to span somewhere'}",
        "all outputs differ" if equal is None else " and ".join(map(shown_point, equal)) + " collide",
        counterexample,
        min((len(a) for a in active), default=layer.n) - layer.n if spans else None,
    )


def criterion(*, strict: bool = False, everywhere: bool = False, points_strict: bool = True) -> Claim:
    """The claim of the theorem, or with `>` for `>=`, all of R^n for int K, or `>=` for `>` on point sets."""

    def claim(case: LayerOn) -> Evidence:
        if isinstance(case.domain, Polyhedron):
            return on_convex_set(case, strict=strict, everywhere=everywhere)
        return on_points(case, strict=points_strict)

    return claim


def interior(case: LayerOn) -> bool:
    """Whether K has interior points, or is a set of points (for which nothing is asked)."""
    if not isinstance(case.domain, Polyhedron):
        return True
    return solve_system(case.domain.halfspaces(), [], case.layer.n).point is not None


def flattened(case: LayerOn) -> Evidence:
    """The false claim for sets without interior: K pressed into a hyperplane x_1 = const through a point of it."""
    if not isinstance(case.domain, Polyhedron):
        return on_points(case)
    walls = case.domain.halfspaces()
    point = solve_system(walls, [], case.layer.n).point
    assert point is not None
    wall = [Fraction(int(k == 0)) for k in range(case.layer.n)]
    both = [(wall, point[0]), ([-v for v in wall], -point[0])]
    thin = Polyhedron([a for a, _ in [*walls, *both]], [c for _, c in [*walls, *both]])
    return on_convex_set(LayerOn(layer=case.layer, domain=thin))


def random(rng: np.random.Generator) -> LayerOn:
    """A small biased layer on a small box, a wedge or a few points."""
    layer = random_layer(rng, n_max=2, m_max=4, bias=True)
    kind = int(rng.integers(3))
    if kind == 0:
        points = rng.integers(-2, 3, size=(3, layer.n))
        return LayerOn(layer=layer, domain=tuple(tuple(Fraction(int(v)) for v in p) for p in points))
    if kind == 1:
        lo = rng.integers(-3, 2, size=layer.n)
        hi = [INF if rng.random() < 0.3 else float(v) for v in lo + rng.integers(1, 4, size=layer.n)]
        return LayerOn(layer=layer, domain=Box(lo.tolist(), hi))
    while True:
        A, c = rng.integers(-2, 3, size=(2, layer.n)), rng.integers(-1, 4, size=2)
        case = LayerOn(layer=layer, domain=Polyhedron(A, c))
        if interior(case):
            return case


GAP = ([[1], [-1]], [-2, 1])  # both rows are negative on the open interval (1, 2)
TWO_POINTS = Case(name="K = {0, -1}, W = (1, -1), b = (0, -1)", instance=at([[1], [-1]], [0, -1], [0], [-1]))
PROVENANCE = (
    "Derived again (proofs_check/domains.py) and checked from the definition of injectivity; the locator in the "
    "paper is not verified."
)

THEOREM = Theorem(
    id="inj.domains",
    title="Layers on convex sets: the interior decides",
    statement=(
        r"Let $K \subset \mathbb{R}^n$ be convex with interior points. The layer $x \mapsto \mathrm{ReLU}(Wx "
        r"+ b)$ is injective on $K$ if and only if, for every $z$ in the interior of $K$, the rows $w_i$ with "
        r"$\langle w_i, z\rangle + b_i \geq 0$ span $\mathbb{R}^n$. On any set $K$, convex or not, it is injective "
        r"if, for every $x \in K$, the rows with $\langle w_i, x\rangle + b_i > 0$ span $\mathbb{R}^n$."
    ),
    cite=Cite(key="haider2023", locator="locator unverified"),
    hypotheses={"a convex K has interior points": interior},
    claim=criterion(),
    tight=(
        Case(name="the identity on [0, oo)", instance=on([[1]], None, Box([0], [INF]))),
        Case(name="the identity on the quadrant", instance=on(identity(2), None, Box(0, INF, n=2))),
        Case(name="up to the wall of a gap", instance=on(*GAP, Box([-5], [1]))),
        Case(name="from the other wall of the gap on", instance=on(*GAP, Polyhedron([[-1]], [-2]))),
        Case(name="one point, strictly active", instance=at([[1]], [1], [0])),
        Case(
            name="[I; -I] on all of the plane",
            instance=on([[1, 0], [0, 1], [-1, 0], [0, -1]], None, Box(-INF, INF, n=2)),
        ),
        Case(name="far from the origin", instance=on([[1]], [-(10**12)], Box([10**12], [10**12 + 1]))),
    ),
    edge=(
        Case(name="a little into the gap", instance=on(*GAP, Box([-5], [1 + Fraction(1, 10**30)]))),
        Case(name="a thin domain in the gap", instance=on(*GAP, Box(["3/2"], [Fraction(3, 2) + Fraction(1, 10**30)]))),
        Case(name="a wall on a neuron's hyperplane", instance=on([[1, 1], [1, 0]], None, Polyhedron([[-1, -1]], [0]))),
        Case(name="a half-space given twice", instance=on([[1]], None, Polyhedron([[-1], [-2]], [0, 0]))),
        Case(name="no half-spaces", instance=on([[1], [-1]], [-1, 2], Polyhedron(np.zeros((0, 1)), []))),
        Case(name="no neurons", instance=LayerOn(layer=ReLULayer(np.zeros((0, 1))), domain=Box([0], [1]))),
        Case(name="a zero row", instance=on([[0], [1]], [5, 1], Box([0], [1]))),
        Case(name="a wedge", instance=on([[1, 0], [0, 1], [-1, 1]], None, Polyhedron([[-1, 0], [1, -1]], [0, 0]))),
        TWO_POINTS,
        Case(name="the quadrant, one row dead", instance=on([[1, 0], [0, -1]], None, Box(0, INF, n=2))),
    ),
    random=random,
    mutants=(
        Mutant(
            name="> for >=", change="only rows with <w_i, z> + b_i > 0 count as active", claim=criterion(strict=True)
        ),
        Mutant(
            name="all of R^n", change="every z in R^n instead of the interior of K", claim=criterion(everywhere=True)
        ),
        Mutant(
            name="K without interior",
            change="K lies in a hyperplane",
            claim=flattened,
        ),
        Mutant(
            name=">= on any set",
            change="rows with <w_i, x> + b_i >= 0 count on sets that are not convex",
            claim=criterion(points_strict=False),
        ),
    ),
    proof="domains",
    provenance=PROVENANCE,
    pictures=(Case(name="the identity: injective on the quadrant only", instance=ReLULayer(identity(2))),),
)
