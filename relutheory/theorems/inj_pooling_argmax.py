"""That the rows which attain the maxima span everywhere is not enough for max pooling: |x|."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from relutheory.core.exact import primitive
from relutheory.theorems.brute import Face, faces, rank
from relutheory.theorems.inj_pooling import ABSOLUTE_VALUE, Pooled, pooled_collision
from relutheory.theorems.instances import describe, shown_point, texts
from relutheory.theorems.theorem import REFUTED, Case, Cite, Evidence, Theorem, compare


def failing_point(case: Pooled) -> Face | None:
    """A face on which the rows that attain the maximum of their group, and are >= 0, do not span; or None."""
    forms = [case.form(i) for i in range(case.m)]
    differences = [
        [p - q for p, q in zip(forms[i], forms[j], strict=True)]
        for group in case.groups
        for i in group
        for j in group
        if i < j
    ]
    every = tuple(tuple(primitive(form)) for form in [*forms, *differences])
    for face in faces(every, case.n):
        values = [sum((a * v for a, v in zip(f[:-1], face.point, strict=True)), f[-1]) for f in forms]
        best = [i for group in case.groups for i in group if values[i] == max(values[j] for j in group)]
        if rank(primitive(forms[i][:-1]) for i in best if values[i] >= Fraction(0)) < case.n:
            return face
    return None


def argmax_rows(case: Pooled) -> Evidence:
    """The false claim that f is injective if these rows span everywhere."""
    face, points = failing_point(case), pooled_collision(case)
    measured = "injective" if points is None else f"{shown_point(points[0])} and {shown_point(points[1])} collide"
    expected = f"argmax rows span{' everywhere' if face is None else f' not at {shown_point(face.point)}'}"
    counterexample = describe(case) | {"groups": case.groups}
    if points is not None:
        counterexample |= {"collision": [texts(p) for p in points]}
    return compare(face is not None or points is None, measured, expected, counterexample)


def random(rng: np.random.Generator) -> Pooled:
    """Rows [B; -DB], of which the first pair is pooled, and further rows."""
    n = int(rng.integers(1, 3))
    B = rng.integers(-2, 3, size=(n, n)) + 3 * np.eye(n, dtype=int)
    W = np.concatenate([B, -rng.integers(1, 3, size=(n, 1)) * B, rng.integers(-2, 3, size=(int(rng.integers(2)), n))])
    return Pooled(W, [0] * len(W), [[0, n]], "max")


THEOREM = Theorem(
    id="inj.pooling-argmax",
    title="Max pooling judged by the rows that attain the maxima",
    statement=(
        r"FALSE: maximum pooling over groups after $x \mapsto \mathrm{ReLU}(Wx + b)$ is injective if, at every $z$, "
        r"the rows that attain the maximum of their group and are $\geq 0$ span $\mathbb{R}^n$. For $n = 1$ and the "
        r"group $\{x, -x\}$ the row that attains the maximum spans everywhere, and the pooled layer is $|x|$: the "
        r"output does not tell which row it was."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    status=REFUTED,
    corrected_by="inj.pooling",
    hypotheses={},
    claim=argmax_rows,
    counterexamples=(
        ABSOLUTE_VALUE,
        Case(name="|x| with unequal slopes", instance=Pooled([[1], [-3]], [0, 0], [[0, 1]], "max")),
        Case(
            name="|x_1| and both signs of x_2",
            instance=Pooled([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4, [[0, 1]], "max"),
        ),
        Case(name="with bias", instance=Pooled([[1], [-1]], [-1, 2], [[0, 1]], "max")),
    ),
    random=random,
    proof="pooling",
    provenance=(
        "The statement is remembered as the natural analogue of the layer criterion, not read; its counterexamples are "
        "decided from the definition."
    ),
)
