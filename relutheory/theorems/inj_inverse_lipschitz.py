"""How much a ReLU layer can shrink distances: m0 / sqrt(2) <= kappa <= m0, and 1 / sqrt(2) cannot be improved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from relutheory.core.exact import integer_rows, primitive
from relutheory.core.sets import Box
from relutheory.core.verdict import Rigor, Verdict
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import Face, faces
from relutheory.theorems.instances import describe, identity, paired, random_layer, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem

if TYPE_CHECKING:
    from relutheory.injectivity.stability.singular import Eigenvalue, Weights

_GRID = (Fraction(-2), Fraction(-1, 3), Fraction(0), Fraction(1), Fraction(5, 2))


@dataclass(frozen=True, kw_only=True)
class OnBox:
    """A layer on a box."""

    layer: ReLULayer
    box: Box

    def described(self) -> dict[str, Any]:
        """As JSON-able data."""
        ends = [texts(side) for side in (self.box.lo, self.box.hi)]
        return describe(self.layer) | {"box": ends}


Instance = ReLULayer | OnBox
Listing = Callable[[Instance], Iterable[list[int]]]


def split(instance: Instance) -> tuple[ReLULayer, Box | None]:
    """The layer and its domain."""
    return (instance.layer, instance.box) if isinstance(instance, OnBox) else (instance, None)


def all_faces(instance: Instance, *, bias: bool = True) -> Iterator[tuple[ReLULayer, Face]]:
    """The faces of the arrangement in the interior of the domain, with the signs of the rows alone.

    bias : False for the arrangement of the rows without their biases.
    """
    layer, box = split(instance)
    shifted = layer if bias else ReLULayer(layer.weight)
    rows = [tuple(row) for row in integer_rows(shifted.weight, shifted.bias)]
    walls = [] if box is None else [tuple(primitive([*a, -c])) for a, c in box.halfspaces()]
    for face in faces((*rows, *walls), layer.n):
        if all(sign < 0 for sign in face.signs[layer.m :]):
            yield layer, Face(point=face.point, signs=face.signs[: layer.m])


def open_cells(instance: Instance, *, bias: bool = True) -> list[list[int]]:
    """The active rows of each open cell that meets the interior of the domain."""
    out = []
    for layer, face in all_faces(instance, bias=bias):
        live = [any(row) for row in layer.weight.fractions()]
        if all(sign or not some for sign, some in zip(face.signs, live, strict=True)):
            out.append(face.active(strict=True))
    return out


def without_bias(instance: Instance) -> list[list[int]]:
    """The active rows of the cells of the arrangement without biases."""
    return open_cells(instance, bias=False)


def strict_faces(instance: Instance) -> list[list[int]]:
    """The rows that are > 0, at every point, on hyperplanes as well."""
    return [face.active(strict=True) for _, face in all_faces(instance)]


def fullest_cells(instance: Instance) -> list[list[int]]:
    """The active rows of the cells on which the most rows are active."""
    cells = open_cells(instance)
    most = max(map(len, cells))
    return [cell for cell in cells if len(cell) == most]


def bounded_by(square: Fraction = Fraction(1, 2), cells: Listing = open_cells) -> Claim:
    """The claim that square m0^2 <= kappa^2 <= m0^2, m0^2 the least eigenvalue over the sets of rows listed.

    Refuted by a pair of points that are too close, or by a proved lower bound of kappa above m0.  The cells are listed
    here by brute force, and the package's m0 must agree.
    """

    def claim(instance: Instance) -> Evidence:
        from relutheory.injectivity.stability.constants import lower_lipschitz
        from relutheory.injectivity.stability.singular import Weights

        layer, box = split(instance)
        weights = Weights(layer.weight)
        sets = list(cells(instance))
        found = [weights.eigenvalue(active, 1) for active in sets]
        low, high = (min(values) * weights.square for values in _ends(found))
        result = lower_lipschitz(layer, box, starts=1)
        assert result.witness is not None
        pairs = [(result.witness.x, result.witness.y, result.witness.ratio_squared), *grid_pairs(layer, box)]
        x, y, ratio = min(pairs, key=lambda pair: pair[2])
        broken = []
        if not some_at_most(weights, sets, ratio / square):
            broken.append(f"|f(x) - f(y)|^2 = {ratio} |x - y|^2 at x = {shown_point(x)}, y = {shown_point(y)}")
        if result.squared.lo > high:
            broken.append(f"kappa^2 >= {result.squared.lo}")
        listed = result.singular_squared.lo <= high and low <= result.singular_squared.hi
        if cells is open_cells and not listed:
            broken.append("the search and the list of all cells differ in m0")
        attained = low == high and ratio == square * low
        exact = low == high and result.squared.lo == result.squared.hi
        data = describe(instance) | {"x": texts(x), "y": texts(y), "ratio squared": str(ratio), "broken": broken}
        return Evidence(
            verdict=Verdict.VIOLATED if broken else Verdict.HOLDS,
            rigor=Rigor.EXACT if exact or broken else Rigor.ENCLOSED,
            measured=f"kappa^2 in [{float(result.squared.lo):.6g}, {float(ratio):.6g}]",
            expected="; ".join(broken) or f"between {square} m0^2 and m0^2, m0^2 ~ {float(high):.6g}",
            slack=0 if attained else 1,
            counterexample=data if broken else None,
        )

    return claim


def _ends(found: list[Eigenvalue]) -> tuple[list[Fraction], list[Fraction]]:
    return [value.outer for value in found], [value.inner for value in found]


def some_at_most(weights: Weights, sets: Iterable[list[int]], value: Fraction) -> bool:
    """Whether the Gram matrix of some set has an eigenvalue <= value, exactly: it is not definite when shifted."""
    from relutheory.injectivity.stability.semidefinite import semidefinite, shifted

    for active in sets:
        matrix = shifted(weights.gram(active), value / weights.square, 1)
        if not semidefinite(matrix) or matrix.det() == 0:
            return True
    return False


def grid_pairs(layer: ReLULayer, box: Box | None) -> Iterator[tuple[tuple, tuple, Fraction]]:
    """Pairs of points of a small grid in the domain, with their exact ratios squared."""
    points = [p for p in product(_GRID, repeat=layer.n) if box is None or box.contains(p)][:16]
    outputs = [layer.forward_exact(p) for p in points]
    for i, j in combinations(range(len(points)), 2):
        yield points[i], points[j], _square(outputs[i], outputs[j]) / _square(points[i], points[j])


def _square(a: Iterable[Fraction], b: Iterable[Fraction]) -> Fraction:
    return sum(((p - q) ** 2 for p, q in zip(a, b, strict=True)), Fraction(0))


def random(rng: np.random.Generator) -> Instance:
    """A small integer layer, with a bias or without; one in three on a box."""
    layer = random_layer(rng, n_max=2, m_max=4, bias=rng.random() < 0.5)
    if rng.random() < 2 / 3:
        return layer
    low = rng.integers(-3, 1, size=layer.n)
    return OnBox(layer=layer, box=Box(low.tolist(), (low + rng.integers(1, 4, size=layer.n)).tolist()))


def layer(W: list, b: list | None = None) -> ReLULayer:
    return ReLULayer(W, b)


THEOREM = Theorem(
    id="inj.inverse-lipschitz",
    title="Stability of the inverse: the constant is 1 over the root of 2",
    statement=(
        r"Let $f(x) = \mathrm{ReLU}(Wx + b)$ on a convex set $K$ with interior points, let $\kappa$ be the infimum of "
        r"$|f(x) - f(y)| / |x - y|$ over $x \neq y$ in $K$, and let $m_0$ be the least $n$-th singular value (0 for "
        r"fewer than $n$ rows) of the active rows of $W$ over the open cells that meet the interior of $K$. Then $m_0 "
        r"/ \sqrt{2} \leq \kappa \leq m_0$, and the constant $1 / \sqrt{2}$ is the best for all layers: $W = [I; -I]$ "
        r"has $m_0 = 1$ and $\kappa = 1 / \sqrt{2}$. So $\kappa \geq m_0 / 2$, and $\kappa \geq m_0 / \sqrt{2m}$ for "
        r"$m \geq 1$."
    ),
    cite=Cite(key="freeman2025", locator="locator unverified"),
    hypotheses={},
    claim=bounded_by(),
    tight=(
        Case(name="[1; -1]", instance=layer([[1], [-1]])),
        Case(name="[I; -I] in the plane", instance=paired(identity(2), [1, 1])),
        Case(name="[I; -I], n = 3", instance=paired(identity(3), [1, 1, 1])),
        Case(name="[1/3; -1/3] with a kink elsewhere", instance=layer([["1/3"], ["-1/3"]], ["1/6", "-1/6"])),
        Case(name="[I; -I], one axis shorter", instance=paired([[3, 0], [0, 1]], [1, 1])),
        Case(name="[1; -1] on a box around 0", instance=OnBox(layer=layer([[1], [-1]]), box=Box([-1], [3]))),
    ),
    edge=(
        Case(name="no neurons", instance=ReLULayer(np.zeros((0, 1)))),
        Case(name="not injective", instance=layer([[1]])),
        Case(name="a gap between the kinks", instance=layer([[1], [-1]], [-2, 1])),
        Case(name="[1; -2]: kappa^2 = 4/5", instance=layer([[1], [-2]])),
        Case(name="the kinks apart", instance=layer([[1], [-1]], [-1, 2])),
        Case(name="a zero row with bias", instance=layer([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]], [7, 0, 0, 0, 0])),
        Case(name="parallel rows", instance=layer([[1, 0], [2, 0], [0, 1], [-1, 0], [-3, 0], [0, -1], [0, -1]])),
        Case(name="five rows, none antiparallel", instance=layer([[4, 0], [1, 4], [-3, 2], [-3, -2], [1, -4]])),
        Case(name="scales 1e300 and 1e-300", instance=paired([[1e300, 0], [0, 1e-300]], [1, 1])),
        Case(
            name="a box inside one cell",
            instance=OnBox(layer=layer([[1, 0], [0, 1], [-1, 0], [0, -1]]), box=Box([1, 1], [2, 3])),
        ),
        Case(name="injective on a box only", instance=OnBox(layer=layer([[1], [-1]], [-2, 1]), box=Box([2], [9]))),
    ),
    random=random,
    mutants=(
        Mutant(
            name="3/4 for 1/sqrt(2)",
            change="the constant is sharpened to 0.75",
            claim=bounded_by(Fraction(9, 16)),
        ),
        Mutant(name="kappa = m0", change="the constant is sharpened to 1", claim=bounded_by(Fraction(1))),
        Mutant(
            name="> for >= on hyperplanes",
            change="m0 over all points, rows that vanish there not counted",
            claim=bounded_by(cells=strict_faces),
        ),
        Mutant(
            name="fewer cells",
            change="m0 over the cells with the most active rows only",
            claim=bounded_by(cells=fullest_cells),
        ),
        Mutant(name="bias ignored", change="m0 over the cells without biases", claim=bounded_by(cells=without_bias)),
    ),
    proof="inverse_lipschitz",
    provenance=(
        "kappa between m0/2 and m0 was read in a summary of the source; m0/sqrt(2m) is remembered from Puthawala et "
        "al. (2022). The constant 1/sqrt(2) was derived here (proofs_check/inverse_lipschitz.py). The cells are listed "
        "by brute force; a pair of points with exact coordinates bounds kappa from above."
    ),
    pictures=(Case(name="[I; -I]: attained", instance=paired(identity(2), [1, 1])),),
)
