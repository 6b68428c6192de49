"""A ReLU layer followed by pooling: when the rows that are left are enough, and when that is all there is to say."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from relutheory.core.exact import primitive
from relutheory.core.lp import solve_system
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import Point, layer_collision
from relutheory.theorems.inj_layer_criterion import slack
from relutheory.theorems.instances import describe, shown_point, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Form = list[Fraction]  # (w | b)
Choice = tuple[Form, list[Form]]  # an output of one group at one point, and the forms that are then >= 0


class Pooled(ReLULayer):
    """A ReLU layer whose outputs are pooled; a neuron in no group is one by itself.

    groups : disjoint lists of rows.  kind : "max" or "average".
    """

    groups: list[list[int]]
    kind: str

    def __init__(self, W: Any, b: Any, groups: Iterable[Sequence[int]], kind: str) -> None:
        super().__init__(W, b)
        given = [list(group) for group in groups]
        used = {i for group in given for i in group}
        object.__setattr__(self, "groups", given + [[i] for i in range(self.m) if i not in used])
        object.__setattr__(self, "kind", kind)

    def form(self, i: int) -> Form:
        return [*self.weight.row(i), self.bias[i]]

    def outputs(self, x: Sequence[Fraction]) -> list[Fraction]:
        """The pooled outputs at x."""
        y = self.forward_exact(x)
        values = [[y[i] for i in group] for group in self.groups]
        return [max(v) if self.kind == "max" else sum(v, Fraction(0)) / len(v) for v in values]


def pooled_collision(case: Pooled) -> tuple[Point, Point] | None:
    """Two points with equal outputs, or None where there are none, from the definitions of max, average and ReLU.

    For two points and each group: which row is the largest (or which rows are active) at the one and at the other;
    one linear system in (x, y) for each choice.
    """
    forms = tuple(tuple(case.form(i)) for i in range(case.m))
    return _collision(forms, tuple(map(tuple, case.groups)), case.kind)


@functools.lru_cache(maxsize=4096)
def _collision(forms: tuple[Point, ...], groups: tuple[tuple[int, ...], ...], kind: str) -> tuple[Point, Point] | None:
    case = Pooled([form[:-1] for form in forms], [form[-1] for form in forms], groups, kind)
    n = case.n
    for k in range(n):
        differ = ([int(j == k) - int(j == n + k) for j in range(2 * n)], 0)  # x_k < y_k
        found = _choose(case, 0, [], [differ])
        if found is not None:
            x, y = found[:n], found[n:]
            if x == y or case.outputs(x) != case.outputs(y):
                raise AssertionError(f"the points {x} and {y} do not collide")
            return x, y
    return None


def _choose(case: Pooled, k: int, weak: list, strict: list) -> Point | None:
    """A point (x, y) of the system in which every group from k on is in one of its cases."""
    n = case.n
    answer = solve_system(strict, weak, 2 * n).point
    if answer is None or k == len(case.groups):
        return answer
    for (f, at_x), (g, at_y) in product(_choices(case, case.groups[k]), repeat=2):
        none = [Fraction(0)] * n
        more = [([-v for v in form[:-1]] + none, form[-1]) for form in at_x]
        more += [(none + [-v for v in form[:-1]], form[-1]) for form in at_y]
        ahead = [*f[:-1], *(-v for v in g[:-1])]
        more += [(ahead, g[-1] - f[-1]), ([-v for v in ahead], f[-1] - g[-1])]
        found = _choose(case, k + 1, weak + more, strict)
        if found is not None:
            return found
    return None


def _choices(case: Pooled, group: Sequence[int]) -> list[Choice]:
    """The cases of one group at one point."""
    zero = [Fraction(0)] * (case.n + 1)
    forms = [case.form(i) for i in group]
    if case.kind == "max":
        every = [*forms, zero]
        return [(best, [_minus(best, f) for j, f in enumerate(every) if j != i]) for i, best in enumerate(every)]
    found = []
    for active in product((False, True), repeat=len(forms)):
        signed = [f if on else _minus(zero, f) for f, on in zip(forms, active, strict=True)]
        on_rows = [f for f, on in zip(forms, active, strict=True) if on]
        found.append(([sum(column, Fraction(0)) for column in zip(zero, *on_rows, strict=True)], signed))
    return found


def _minus(a: Form, b: Form) -> Form:
    return [p - q for p, q in zip(a, b, strict=True)]


def representative(case: Pooled, group: Sequence[int], *, still: bool = True, last: bool = False) -> Form | None:
    """Of a group of rows in one direction the first one to become active; None where directions differ.

    Its weight is the direction as a primitive vector.  In "max" it has to exceed the constant neurons of the group.
    False variants: still=False forgets these, last=True takes the row that becomes active last.
    """
    rows = [case.form(i) for i in group]
    moving = [row for row in rows if any(row[:-1])]
    directions = {tuple(primitive(row[:-1])) for row in moving}
    if len(directions) != 1:
        return None if moving else [Fraction(0)] * (case.n + 1)
    floor = max([Fraction(0), *(row[-1] for row in rows if not any(row[:-1]))]) if case.kind == "max" and still else 0
    (direction,) = directions
    k = next(k for k, v in enumerate(direction) if v)
    offsets = [(row[-1] - floor) * direction[k] / row[k] for row in moving]
    return [*map(Fraction, direction), min(offsets) if last else max(offsets)]


def left(case: Pooled, **variant: bool) -> tuple[ReLULayer, bool]:
    """The layer of the representatives, and whether each group has one."""
    rows = [representative(case, group, **variant) for group in case.groups]
    kept = [row for row in rows if row is not None]
    if not kept:
        return ReLULayer(np.zeros((0, case.n))), False
    return ReLULayer([row[:-1] for row in kept], [row[-1] for row in kept]), len(kept) == len(rows)


def of_two_lines(case: Pooled) -> tuple[ReLULayer, bool]:
    """The false variant in which the first row of a group stands for all, whatever their directions."""
    kept = [case.form(group[0]) for group in case.groups]
    return ReLULayer([row[:-1] for row in kept], [row[-1] for row in kept]), False


def enough(rows: Callable[[Pooled], tuple[ReLULayer, bool]]) -> Claim:
    """The claim that the layer of these rows decides where each group has one, and is enough in any case."""

    def claim(case: Pooled) -> Evidence:
        layer, complete = rows(case)
        points = pooled_collision(case)
        predicted = layer_collision(layer) is None
        broken = []
        if predicted and points is not None:
            broken.append("the rows left are injective and the pooled layer is not")
        if complete and not predicted and points is None:
            broken.append("each group has a row, these are not injective, and the pooled layer is")
        if points is None and layer_collision(case) is not None:
            broken.append("the pooled layer is injective and the layer is not")
        counterexample = describe(case) | {"groups": case.groups, "pooling": case.kind, "broken": broken}
        measured = "injective"
        if points is not None:
            measured = f"{shown_point(points[0])} and {shown_point(points[1])} collide"
            counterexample |= {"collision": [texts(p) for p in points]}
        expected = (
            f"rows left {'' if predicted else 'not '}injective, {'one' if complete else 'not one'} for each group"
        )
        return compare(not broken, measured, expected, counterexample, slack(layer) if predicted else None)

    return claim


def random(rng: np.random.Generator) -> Pooled:
    """Few rows, [I; -I] or parallel groups often among them."""
    n = int(rng.integers(1, 3))
    W = rng.integers(-2, 3, size=(int(rng.integers(2 * n, 5)) + (n == 1), n))
    if rng.random() < 0.6:
        W[-2 * n :] = np.concatenate([np.eye(n, dtype=int), -np.eye(n, dtype=int)])
    if rng.random() < 0.6:
        W[0] = int(rng.integers(0, 3)) * W[1]
    b = rng.integers(-2, 3, size=len(W)) * int(rng.integers(2))
    return Pooled(W, b, [[0, 1]], str(rng.choice(["max", "average"])))


ABSOLUTE_VALUE = Case(name="|x|", instance=Pooled([[1], [-1]], [0, 0], [[0, 1]], "max"))

THEOREM = Theorem(
    id="inj.pooling",
    title="Pooling: the rows that are left",
    statement=(
        r"Let $f$ be $x \mapsto \mathrm{ReLU}(Wx + b)$ followed by maximum, average or $\ell^p$ pooling over disjoint "
        r"groups of neurons, a single neuron being a group. In a group whose weights are $s_i d$, $s_i \geq 0$, for "
        r"one vector $d$, take the row that is the first to become active along $d$ (with maximum pooling, to exceed "
        r"the constant neurons, $s_i = 0$, of the group). If the ReLU layer of the rows taken is injective, so is $f$; "
        r"if each group has such a $d$, then $f$ is injective only then. If $f$ is injective, so is the layer."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={},
    claim=enough(left),
    tight=(
        Case(name="x and 2x pooled", instance=Pooled([[1], [2], [-1]], [0, 0, 0], [[0, 1]], "max")),
        Case(
            name="the average of x - 3 and 2x - 2", instance=Pooled([[1], [2], [-1]], [-3, -2, 1], [[0, 1]], "average")
        ),
        Case(
            name="a constant neuron hides x up to 4",
            instance=Pooled([[1], [0], [-1]], [0, 4, 4], [[0, 1]], "max"),
        ),
        Case(
            name="[I; -I] beside a pair that is pooled",
            instance=Pooled([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [1, -2]], [0] * 6, [[4, 5]], "max"),
        ),
    ),
    edge=(
        ABSOLUTE_VALUE,
        Case(name="half of |x|", instance=Pooled([[1], [-1]], [0, 0], [[0, 1]], "average")),
        Case(name="the constant neuron hides more", instance=Pooled([[1], [0], [-1]], [0, 4, 3], [[0, 1]], "max")),
        Case(name="constant neurons alone", instance=Pooled([[0], [0]], [1, -1], [[0, 1]], "max")),
        Case(name="first rows far apart", instance=Pooled([[1], [2], [-1]], [-3, -2, "1/2"], [[0, 1]], "max")),
        Case(name="nothing pooled", instance=Pooled([[1], [-1]], [-1, 2], [], "average")),
        Case(
            name="injective, though the rows left are not",
            instance=Pooled([[1, 0], [1, 1], [-1, 0], [0, 1], [0, -1]], [0] * 5, [[0, 1]], "average"),
        ),
        Case(name="x and -2x pooled, and x", instance=Pooled([[1], [-2], [1]], [0] * 3, [[0, 1]], "average")),
    ),
    random=random,
    mutants=(
        Mutant(
            name="pooling loses nothing",
            change="the layer before pooling decides",
            claim=enough(lambda case: (case, True)),
        ),
        Mutant(
            name="orientation does not matter",
            change="any first row stands for its group",
            claim=enough(of_two_lines),
        ),
        Mutant(
            name="constant neurons do not matter",
            change="with maximum pooling the largest constant is not taken off",
            claim=enough(lambda case: left(case, still=False)),
        ),
        Mutant(
            name="the last row to become active",
            change="of parallel rows the one that is active last is taken",
            claim=enough(lambda case: left(case, last=True)),
        ),
        Mutant(
            name="only if, for all groups",
            change="the rows left decide also where a group has rows of different directions",
            claim=enough(lambda case: (left(case)[0], True)),
        ),
    ),
    proof="pooling",
    provenance=(
        "Reconstructed: the paper's condition on pooling is remembered only as one on the rows that attain the "
        "maximum, which does not suffice (inj.pooling-argmax). Checked from the definitions for maximum and average; "
        "for l^p by the algebra in proofs_check/pooling.py."
    ),
)
