"""A bias-free ReLU layer is injective exactly when it has a directed spanning set at every point."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import Face, layer_collision, layer_faces, rank, rows_of
from relutheory.theorems.instances import describe, identity, paired, random_layer, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare


def spans(layer: ReLULayer, active: Iterable[int]) -> bool:
    """Whether these rows of the layer span the input space."""
    rows = rows_of(layer)
    return rank(rows[i][:-1] for i in active) == layer.n


def failing_face(layer: ReLULayer, *, strict: bool = False, origin: bool = True) -> Face | None:
    """A face of the arrangement where the active rows do not span, or None.

    strict : count a row as active where it is > 0 instead of >= 0.  origin : whether to look at z = 0 too.
    """
    for face in layer_faces(layer):
        if (origin or any(face.point)) and not spans(layer, face.active(strict=strict)):
            return face
    return None


def slack(layer: ReLULayer) -> int:
    """How many active rows more than n there are at the point with the fewest."""
    return min(len(face.active(strict=False)) for face in layer_faces(layer)) - layer.n


def criterion(*, strict: bool = False, origin: bool = True) -> Claim:
    """The claim "injective iff the active rows span at every z", for any layer; see `failing_face`."""

    def claim(layer: ReLULayer) -> Evidence:
        face, points = failing_face(layer, strict=strict, origin=origin), layer_collision(layer)
        measured = "the active rows span at every z"
        counterexample = describe(layer)
        if face is not None:
            measured = f"the active rows do not span at z = {shown_point(face.point)}"
            counterexample |= {"z": texts(face.point), "active": face.active(strict=strict)}
        if points is not None:
            counterexample |= {"collision": [texts(p) for p in points]}
        expected = "injective" if points is None else "not injective: " + " and ".join(map(shown_point, points))
        spare = slack(layer) if points is None else None
        return compare((face is None) == (points is None), measured, expected, counterexample, spare)

    return claim


def count_criterion(layer: ReLULayer) -> Evidence:
    """The false claim "injective iff at least n non-zero rows are active at every z"."""
    nonzero = {i for i, row in enumerate(rows_of(layer)) if any(row[:-1])}
    fewest = min(len(nonzero.intersection(face.active(strict=False))) for face in layer_faces(layer))
    points = layer_collision(layer)
    counterexample = describe(layer) | ({} if points is None else {"collision": [texts(p) for p in points]})
    measured = f"at least {fewest} active non-zero rows everywhere"
    expected = "injective" if points is None else "not injective"
    return compare((fewest >= layer.n) == (points is None), measured, expected, counterexample)


def random(rng: np.random.Generator) -> ReLULayer:
    return random_layer(rng, n_max=3, m_max=6)


THEOREM = Theorem(
    id="inj.layer-criterion",
    title="Layer injectivity is a directed spanning set at every point",
    statement=(
        r"Let $W \in \mathbb{R}^{m \times n}$ have the rows $w_1, \ldots, w_m$. The layer "
        r"$x \mapsto \mathrm{ReLU}(Wx)$ is injective on $\mathbb{R}^n$ if and only if, for every "
        r"$z \in \mathbb{R}^n$, the rows $w_i$ with $\langle w_i, z\rangle \geq 0$ span $\mathbb{R}^n$."
    ),
    cite=Cite(key="puthawala2022", locator="Theorem 2 (numbering taken from a work that cites it)"),
    hypotheses={"the layer has no bias": lambda layer: not any(layer.bias.fractions())},
    claim=criterion(),
    tight=(
        Case(name="[1; -1]", instance=ReLULayer([[1], [-1]])),
        Case(name="[I; -I] in the plane", instance=paired(identity(2), [1, 1])),
        Case(name="[B; -DB] with scales 1e300 and 1e-300", instance=paired([[1e300, 0], [1, 1e-300]], [2, 3])),
    ),
    edge=(
        Case(name="[B; -DB] and a zero row", instance=paired([[1, 0], [1, 2]], [1, 3], [[0, 0]])),
        Case(name="no neurons", instance=ReLULayer(np.zeros((0, 1)))),
        Case(name="one zero row", instance=ReLULayer([[0]])),
        Case(name="one row", instance=ReLULayer([[1]])),
        Case(name="the same row twice", instance=ReLULayer([[1], [1]])),
        Case(name="[I; -I] short of one row", instance=ReLULayer([[1, 0], [0, 1], [-1, 0]])),
        Case(name="two lines, each row three times", instance=ReLULayer([[1, 0]] * 3 + [[-1, 0]] * 3)),
        Case(name="antiparallel up to 1 ulp", instance=ReLULayer([[1, 0], [0, 1], [-1, 2**-53], [0, -1]])),
        Case(
            name="five rows in general position",
            instance=ReLULayer([[4, 0], [1, 4], [-3, 2], [-3, -2], [1, -4]]),
        ),
        Case(name="four rows, none antiparallel", instance=ReLULayer([[1, 0], [0, 1], [-1, 1], [-1, -2]])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="> for >=",
            change="only rows with <w_i, z> > 0 count as active",
            claim=criterion(strict=True),
        ),
        Mutant(
            name="> for >= off the origin",
            change="only rows with <w_i, z> > 0 count as active, and z = 0 is left out",
            claim=criterion(strict=True, origin=False),
        ),
        Mutant(
            name="count for span",
            change="at least n active non-zero rows, spanning or not",
            claim=count_criterion,
        ),
    ),
    proof="layer_criterion",
    provenance=(
        "The mathematics was derived again (proofs_check/layer_criterion.py) and is checked here from the "
        "definition of injectivity. The numbering was confirmed by a third-party citation, not read in the "
        "paper."
    ),
    pictures=(
        Case(name="[I; -I]: injective", instance=paired(identity(2), [1, 1])),
        Case(name="[I; -I] short of one row: not", instance=ReLULayer([[1, 0], [0, 1], [-1, 0]])),
    ),
)
