"""The cells of the hyperplanes of one layer: their number, and the most there can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import rank, rows_of
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare


def most_cells(m: int, n: int, *, central: bool) -> int:
    """The bound of the theorem; `central`: for hyperplanes through the origin."""
    from relutheory.polyhedra.bounds import zaslavsky, zaslavsky_central  # loads compiled kernels

    return zaslavsky_central(m, n) if central else zaslavsky(m, n)


def is_central(layer: ReLULayer) -> bool:
    return not any(layer.bias.fractions())


def has_full_rank(layer: ReLULayer) -> bool:
    return rank(row[:-1] for row in rows_of(layer)) == layer.n


def is_simple(layer: ReLULayer, *, zero_rows: bool = False, repeated: bool = False) -> bool:
    """All w_i are non-zero, the hyperplanes are distinct, and any k <= n of them meet in a flat of dimension n - k.

    zero_rows, repeated : allow zero rows, or several rows with one hyperplane; these are then left out.
    """
    rows = _with_hyperplane(layer)
    different = _different(rows)
    return (
        (zero_rows or len(rows) == layer.m)
        and (repeated or len(different) == len(rows))
        and all(_flat(some, layer.n) == layer.n - k for k in range(layer.n + 1) for some in combinations(different, k))
    )


def have_common_point(layer: ReLULayer) -> bool:
    """Whether some n + 1 of the different hyperplanes have a common point."""
    different = _different(_with_hyperplane(layer))
    return any(_flat(some, layer.n) is not None for some in combinations(different, layer.n + 1))


def _with_hyperplane(layer: ReLULayer) -> list[Sequence[int]]:
    """The rows (w_i | b_i) with w_i != 0."""
    return [row for row in rows_of(layer) if any(row[:-1])]


def _different(rows: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """One row for each hyperplane; rows have the same one where they are multiples of each other."""
    return [row for i, row in enumerate(rows) if all(rank([row, other]) == 2 for other in rows[:i])]


def _flat(rows: Sequence[Sequence[int]], n: int) -> int | None:
    """The dimension of the flat in which hyperplanes (w | b) of R^n meet; None where they do not."""
    r = rank(row[:-1] for row in rows)
    return n - r if rank(rows) == r else None


def counts(
    *,
    short: int = 0,
    always: bool = False,
    by_rank: bool = True,
    mixed: bool = False,
    simple: Callable[[ReLULayer], bool] = is_simple,
) -> Claim:
    """The claim about the cells of a layer, which are counted one by one.

    short : summands left out of the bound.  always : claim that the bound is attained by every layer.  by_rank : claim
    that there are bounded cells only where W has rank n.  mixed : claim the bound for b = 0 whatever b is.  simple :
    the condition on the hyperplanes under which the bound is attained.
    """

    def claim(layer: ReLULayer) -> Evidence:
        from relutheory.polyhedra.arrangement import characteristic_polynomial
        from relutheory.polyhedra.exact_tree import exact_regions

        bounded = [region.bounded for region in exact_regions([layer])]
        polynomial = characteristic_polynomial(layer.weight, layer.bias)
        sign = (-1) ** layer.n
        predicted = sign * sum((-1) ** k * v for k, v in enumerate(polynomial))
        inner = sign * sum(polynomial) if has_full_rank(layer) or not by_rank else 0
        bound = most_cells(layer.m, layer.n - short, central=False)
        attained = always or (simple(layer) and not have_common_point(layer))
        clauses = [(bound, attained)]
        if layer.m and (mixed or is_central(layer)):
            bound = most_cells(layer.m, layer.n - short, central=True)
            some_hyperplane = bool(_with_hyperplane(layer))
            clauses.append((bound, always or (simple(layer) if layer.n >= 2 else some_hyperplane)))
        holds = (len(bounded), sum(bounded)) == (predicted, inner) and all(
            len(bounded) == most if equal else len(bounded) < most for most, equal in clauses
        )
        measured = f"{len(bounded)} cells, {sum(bounded)} of them bounded"
        limits = " and ".join(f"{'as many as' if equal else 'fewer than'} {most}" for most, equal in clauses)
        counterexample = describe(layer) | {
            "cells": len(bounded),
            "bounded": sum(bounded),
            "polynomial": [str(v) for v in polynomial],
            "bound": bound,
        }
        expected = f"{predicted} and {inner}, {limits}"
        return compare(holds, measured, expected, counterexample, bound - len(bounded) if holds else None)

    return claim


def random(rng: np.random.Generator) -> ReLULayer:
    """A small integer layer; zero, parallel and repeated rows occur, and one in three has no bias."""
    n = int(rng.integers(1, 4))
    m = int(rng.integers(0, 7))
    W = rng.integers(-2, 3, size=(m, n))
    return ReLULayer(W, rng.integers(-2, 3, size=m) if rng.integers(3) else None)


def moment_curve(m: int, n: int) -> ReLULayer:
    """The hyperplanes of all polynomials t^n - x_n t^(n-1) - ... - x_1 that vanish at t, for t = 1, ..., m."""
    return ReLULayer([[t**k for k in range(n)] for t in range(1, m + 1)], [-(t**n) for t in range(1, m + 1)])


def through_origin(layer: ReLULayer) -> ReLULayer:
    return ReLULayer(layer.weight)


THEOREM = Theorem(
    id="reg.zaslavsky",
    title="The cells of a layer, and the most there can be",
    statement=(
        r"Let $W \in \mathbb{R}^{m \times n}$ and let $\chi$ be the characteristic polynomial of the set of "
        r"hyperplanes $\langle w_i, x\rangle + b_i = 0$ with $w_i \neq 0$. They cut $\mathbb{R}^n$ into "
        r"$(-1)^n \chi(-1)$ cells, which are the activation regions of the layer; if $W$ has rank $n$, then "
        r"$(-1)^n \chi(1)$ of them are bounded, else none is. Call the layer simple if all $w_i \neq 0$, the $m$ "
        r"hyperplanes are distinct, and any $k \leq n$ of them meet in a flat of dimension $n - k$. There are at "
        r"most $\sum_{j=0}^{n} \binom{m}{j}$ cells, as many exactly if the layer is simple and no $n + 1$ of the "
        r"hyperplanes have a common point. If $b = 0$ and $m \geq 1$, there are at most $2 \sum_{j=0}^{n-1} "
        r"\binom{m-1}{j}$, as many exactly if the layer is simple, for $n \geq 2$; if some $w_i \neq 0$, for "
        r"$n = 1$."
    ),
    cite=Cite(key="zaslavsky1975", locator="Theorems A and C; locator unverified"),
    hypotheses={},
    claim=counts(),
    tight=(
        Case(name="no hyperplane", instance=ReLULayer(np.zeros((0, 2)))),
        Case(name="one point of the line", instance=ReLULayer([[1]], [-1])),
        Case(name="six points of the line", instance=moment_curve(6, 1)),
        Case(name="six lines in general position", instance=moment_curve(6, 2)),
        Case(name="seven planes in general position", instance=moment_curve(7, 3)),
        Case(name="six hyperplanes of R^4 in general position", instance=moment_curve(6, 4)),
        Case(name="fewer hyperplanes than dimensions", instance=moment_curve(2, 4)),
        Case(name="six lines through the origin", instance=through_origin(moment_curve(6, 2))),
        Case(name="six planes through the origin", instance=through_origin(moment_curve(6, 3))),
        Case(name="lines that almost coincide", instance=ReLULayer([[1, 0], [1, 2**-40], [1, 2**-39]], [0, 1, 0])),
    ),
    edge=(
        Case(name="one zero row", instance=ReLULayer([[0]], [1])),
        Case(name="zero rows and the origin of the line", instance=ReLULayer([[0], [2], [-1]])),
        Case(name="zero rows among others", instance=ReLULayer([[0, 0], [1, 0], [0, 0]], [0, 1, -1])),
        Case(name="two lines and a zero row", instance=ReLULayer([[1, 0], [0, 1], [0, 0]], [0, 1, 1])),
        Case(name="two lines, one of them twice", instance=ReLULayer([[1, 0], [0, 1], [-2, 0]], [1, 0, -2])),
        Case(name="two parallel lines", instance=ReLULayer([[1, 0], [1, 0]], [0, 1])),
        Case(name="rows, 2 x rows, -rows", instance=ReLULayer([[1, 0], [0, 1], [2, 0], [0, 2], [-1, 0], [0, -1]])),
        Case(
            name="three lines through a point off the origin", instance=ReLULayer([[1, 0], [0, 1], [1, 1]], [1, 1, 2])
        ),
        Case(name="a grid", instance=ReLULayer([[1, 0]] * 3 + [[0, 1]] * 3, [0, 1, 2, 0, 1, 2])),
        Case(name="rank below n", instance=ReLULayer([[1, 1, 0], [1, 2, 0], [2, 3, 0]], [0, 0, 1])),
        Case(name="braid arrangement in R^3", instance=ReLULayer([[1, -1, 0], [0, 1, -1], [1, 0, -1]])),
        Case(name="points 1e-300 and 1e300", instance=ReLULayer([[1], [1], [1e-300]], [-1e-300, 1e-300, 1])),
    ),
    random=random,
    mutants=(
        Mutant(name="one term short", change="the binomial sum without its last term", claim=counts(short=1)),
        Mutant(name="always attained", change="equality for every layer", claim=counts(always=True)),
        Mutant(
            name="bounded cells without rank",
            change="(-1)^n chi(1) cells are bounded, whatever the rank of W",
            claim=counts(by_rank=False),
        ),
        Mutant(
            name="central bound for every b",
            change="the bound for b = 0, whatever b is",
            claim=counts(mixed=True),
        ),
        Mutant(
            name="zero rows allowed",
            change="layers with zero rows can be simple, though m counts these rows",
            claim=counts(simple=partial(is_simple, zero_rows=True)),
        ),
        Mutant(
            name="repeated rows allowed",
            change="layers with a hyperplane of several rows can be simple, though m counts these rows",
            claim=counts(simple=partial(is_simple, repeated=True)),
        ),
    ),
    proof="zaslavsky",
    provenance=(
        "The statement is from memory, its numbering is not verified. The counting arguments were derived again "
        "(proofs_check/zaslavsky.py); the cells are counted one by one, in exact arithmetic, by a program that does "
        "not use the polynomial."
    ),
)
