"""When the products of activation and weight matrices converge, so does the network; and when the converse holds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat

from relutheory.core.exact import rational, to_fmpq
from relutheory.networks import ReLULayer
from relutheory.theorems.deep_necessary import Trajectories, independent, through
from relutheory.theorems.depth import distance, eye, matrix_norm, random_fractions, short, vector_norm
from relutheory.theorems.instances import texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Rows = list[list[Fraction]]
Pattern = tuple[tuple[int, ...], ...]


def realised(instance: Trajectories) -> list[Pattern]:
    """The activation pattern of every input, layer by layer: 1 where the pre-activation is positive."""
    patterns = []
    for x in instance.inputs:
        point, bits = list(x), []
        for layer in instance.layers:
            values = layer.preactivation_exact(point)
            bits.append(tuple(int(v > 0) for v in values))
            point = [max(v, Fraction(0)) for v in values]
        patterns.append(tuple(bits))
    return patterns


def coefficients(
    layers: Sequence[ReLULayer], pattern: Pattern, *, reverse: bool = False, mask_bias: bool = True
) -> tuple[fmpq_mat, fmpq_mat]:
    """J_n W_n ... J_1 W_1 and sum_i (J_n W_n ... J_{i+1} W_{i+1}) J_i b_i, each product formed as it is written.

    reverse : later layers on the right.  mask_bias : whether b_i carries J_i.
    """
    J = [fmpq_mat([[bit * int(i == j) for j in range(len(bits))] for i, bit in enumerate(bits)]) for bits in pattern]
    factors = [j * layer.weight.fmpq for j, layer in zip(J, layers, strict=True)]

    def product(first: int, start: fmpq_mat) -> fmpq_mat:
        for factor in factors[first:][::-1] if reverse else factors[first:]:
            start = factor * start
        return start

    n = layers[0].n
    M = product(0, fmpq_mat([[int(i == j) for j in range(n)] for i in range(n)]))
    c = fmpq_mat(layers[-1].m, 1)
    for i, layer in enumerate(layers):
        c += product(i + 1, J[i] * layer.bias.fmpq if mask_bias else layer.bias.fmpq)
    return M, c


def rows(matrix: fmpq_mat) -> Rows:
    return [[rational(v) for v in row] for row in matrix.tolist()]


def convergence(*, share: Fraction = Fraction(1), reverse: bool = False, mask_bias: bool = True) -> Claim:
    """The claim that the increments of a network are those of its coefficients, from both sides.

    For all n < N of equal width: |x_N - x_n| <= |M_N - M_n| |x| + |c_N - c_n| along the pattern of x; and where d + 1
    affinely independent inputs share the pattern, their increments bound those of the coefficients.
    share : the factor of both bounds.
    """

    def claim(instance: Trajectories) -> Evidence:
        points, patterns = instance.points(), realised(instance)
        last, slack, depth = points[-1], 1, len(instance.layers)
        measured, expected, wrong = "nothing to compare", "nothing to compare", None
        for n in range(1, depth):
            if instance.layers[n - 1].m != instance.layers[-1].m:
                continue
            changes = {}
            for pattern in dict.fromkeys(patterns):
                short_, long_ = (
                    coefficients(instance.layers[:k], pattern[:k], reverse=reverse, mask_bias=mask_bias)
                    for k in (n, depth)
                )
                changes[pattern] = rows(long_[0] - short_[0]), rows(long_[1] - short_[1])
            for k, x in enumerate(instance.inputs):
                dM, dc = changes[patterns[k]]
                moved = distance(last[k], points[n - 1][k], "inf")
                allowed = matrix_norm(dM, "inf") * vector_norm(x, "inf") + matrix_norm(dc, "inf")
                measured = f"|x_{depth} - x_{n}| = {short(moved)}"
                expected = f"at most {short(share * allowed)}, from the coefficients"
                slack = 0 if moved == allowed else slack
                exact = [sum((a * v for a, v in zip(row, x, strict=True)), c[0]) for row, c in zip(dM, dc, strict=True)]
                true = [u - v for u, v in zip(last[k], points[n - 1][k], strict=True)]
                if moved > share * allowed or exact != true:
                    wrong = {"n": n, "input": texts(x), "increment": texts(true), "by coefficients": texts(exact)}
                    break
            wrong = wrong or back(instance, points, patterns, n, changes, share)
            if wrong:
                break
        return compare(wrong is None, measured, expected, instance.described() | (wrong or {}), slack)

    return claim


def back(
    instance: Trajectories,
    points: Sequence[Rows],
    patterns: Sequence[Pattern],
    n: int,
    changes: dict[Pattern, tuple[Rows, Rows]],
    share: Fraction,
) -> dict[str, Any] | None:
    """Where d + 1 inputs in general position share a pattern: their increments give the coefficients' exactly."""
    inputs = [list(x) for x in instance.inputs]
    for pattern, (dM, dc) in changes.items():
        chosen = independent(inputs, [k for k, p in enumerate(patterns) if p == pattern], len(inputs[0]) + 1)
        if len(chosen) <= len(inputs[0]):
            continue
        X = fmpq_mat([[*map(to_fmpq, inputs[k]), 1] for k in chosen])
        moves = [[u - v for u, v in zip(points[-1][k], points[n - 1][k], strict=True)] for k in chosen]
        solved = rows((X.inv() * fmpq_mat([[to_fmpq(v) for v in row] for row in moves])).transpose())
        true = [[*row, c[0]] for row, c in zip(dM, dc, strict=True)]
        bound = share * matrix_norm(rows(X.inv()), "inf") * max(vector_norm(row, "inf") for row in moves)
        if solved != true or max(vector_norm(row, "inf") for row in true) > bound:
            return {"n": n, "inputs": [texts(inputs[k]) for k in chosen], "coefficients": [texts(row) for row in true]}
    return None


def any_points(instance: Trajectories) -> Evidence:
    """The false claim that coefficients rest wherever all inputs with that pattern rest, in general position or not."""
    points, patterns = instance.points(), realised(instance)
    depth = len(instance.layers)
    for n in range(1, depth):
        for pattern in dict.fromkeys(patterns):
            sharing = [k for k, p in enumerate(patterns) if p == pattern]
            if any(points[-1][k] != points[n - 1][k] for k in sharing):
                continue
            before, after = (coefficients(instance.layers[:k], pattern[:k]) for k in (n, depth))
            if before != after:
                M_n, M_N = ([texts(row) for row in rows(M)] for M, _ in (before, after))
                data = {"n": n, "pattern": [list(bits) for bits in pattern], "M_n": M_n, "M_N": M_N}
                return compare(False, "the coefficients move", "they rest", instance.described() | data)
    return compare(True, "the coefficients rest where the values do", "they rest", {})


def every_sequence(instance: Trajectories) -> Evidence:
    """The false claim that W_n ... W_1, the products for J_i = I, rest where the network does."""
    points, depth = instance.points(), len(instance.layers)
    for n in range(1, depth):
        if points[-1] != points[n - 1]:
            continue
        ones = tuple((1,) * layer.m for layer in instance.layers)
        before, after = (coefficients(instance.layers[:k], ones[:k])[0] for k in (n, depth))
        if before != after:
            shorter, longer = ([texts(row) for row in rows(W)] for W in (before, after))
            data = {"n": n, "W_n ... W_1": shorter, "W_N ... W_1": longer}
            return compare(False, "the products for J = I move", "they rest", instance.described() | data)
    return compare(True, "the products rest where the values do", "they rest", {})


def is_square(instance: Trajectories) -> bool:
    return all(layer.m == layer.n for layer in instance.layers[1:])


def random(rng: np.random.Generator) -> Trajectories:
    """Layers I + A_n / n^2 or small integers, and groups of inputs close to each other, so that patterns are shared."""
    m, d, depth = int(rng.integers(1, 4)), int(rng.integers(1, 3)), int(rng.integers(2, 5))
    near = rng.random() < 0.6
    layers = [ReLULayer(random_fractions(rng, (m, d)), random_fractions(rng, m))]
    for n in range(2, depth + 1):
        W = eye(m) + random_fractions(rng, (m, m), over=n**2) if near else random_fractions(rng, (m, m))
        layers.append(ReLULayer(W, random_fractions(rng, m, over=n**2)))
    center = random_fractions(rng, d, most=3, over=2)
    return through(layers, *(center + random_fractions(rng, (d + 2, d), over=100)).tolist())


FOLD = [[1, 0], [-1, 0], [-1, 1], [1, 1]], [0, 0, 1, 1]
SPREAD = [[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 2, -1]], [0, 0, 0]
SPREAD_MORE = [[1, 0, 0], [0, 1, 0], [3, -2, 0]], [0, 0, 0]
ONE = [[1]], [0]

THEOREM = Theorem(
    id="deep.products",
    title="Products that converge make the network converge",
    statement=(
        r"Let $x_n = \mathrm{ReLU}(W_n x_{n-1} + b_n)$, $x_0 = x$, and let $J_i$ be the activation matrices of $x$, "
        r"$M_n = J_n W_n \cdots J_1 W_1$, $c_n = \sum_{i \leq n} (J_n W_n \cdots J_{i+1} W_{i+1}) J_i b_i$. Then $|x_N "
        r"- x_n| \leq |M_N - M_n|\,|x| + |c_N - c_n|$, so $x_n$ converges where $M_n$ and $c_n$ do; in particular at "
        r"every $x$, if they converge for every sequence of 0/1 diagonal matrices. Only the sequences of some $x$ are "
        r"needed. Conversely, where $d + 1$ affinely independent inputs share their matrices, $X$ with the rows $(x, "
        r"1)$: the entries of $(M_N - M_n, c_N - c_n)$ are at most $|X^{-1}|_\infty \max |x_N - x_n|_\infty$; so on a "
        r"limit domain with interior, convergence at its points and of $M_n$, $c_n$ are the same."
    ),
    cite=Cite(key="xuzhang2024", locator="locator unverified; the converse and its caveat are ours"),
    hypotheses={"layers of equal width end the network": lambda i: i.layers[-1].m == i.layers[-1].n},
    claim=convergence(),
    tight=(
        Case(name="width 1, all positive", instance=through([ONE, ([["5/4"]], ["1/4"]), ([["10/9"]], [0])], [1], [2])),
        Case(name="biases alone", instance=through([ONE, ([[1]], ["1/4"]), ([[1]], ["1/9"])], [1], [3])),
        Case(name="1e300", instance=through([ONE, ([[1e300]], [1e-300])], [1], [2])),
    ),
    edge=(
        Case(name="one layer", instance=through([ONE], [1], [2])),
        Case(name="dies at once", instance=through([ONE, ([[-1]], [0]), ([[-1]], [0])], [1], [2])),
        Case(name="half of x, plus 1", instance=through([ONE, ([["1/2"]], [1]), ([["1/2"]], [1])], [0], [2], [-1])),
        Case(name="the domain is a line", instance=through([FOLD, SPREAD, SPREAD_MORE], [0, 0], [0, 1], [0, 3])),
        Case(name="on and beside it", instance=through([FOLD, SPREAD, SPREAD_MORE], [0, 1], ["1/9", 1], ["1/8", 1])),
        Case(
            name="matrices that do not commute",
            instance=through(
                [([[1, 0], [0, 1]], [0, 0]), ([[1, 1], [0, 1]], [0, 1]), ([[1, 0], [1, 1]], [1, 0])],
                [1, 1],
                [2, 1],
                [1, 2],
            ),
        ),
        Case(name="one input", instance=through([([[1, 2], [0, -1]], [0, 1]), ([[0, 1], [1, 0]], [0, 0])], [1, 1])),
    ),
    random=random,
    mutants=(
        Mutant(
            name="products reversed",
            change="later layers on the right",
            claim=convergence(reverse=True),
            needs={
                "all layers have the same width": lambda i: is_square(i) and i.layers[0].m == i.layers[0].n,
            },
        ),
        Mutant(name="bias not masked", change="b_i in place of J_i b_i", claim=convergence(mask_bias=False)),
        Mutant(name="half of the bound", change="both bounds halved", claim=convergence(share=Fraction(1, 2))),
        Mutant(
            name="a domain without interior",
            change="the converse for any inputs that share their matrices",
            claim=any_points,
        ),
        Mutant(
            name="every sequence is needed",
            change="where the network converges, the products converge for all J_i",
            claim=every_sequence,
        ),
    ),
    proof="deep_products",
    provenance=(
        "Remembered from the paper, its place there is not verified; that unrealised sequences do not matter and that "
        "the converse needs interior was found here. Derived in proofs_check/deep_products.py; the coefficients are "
        "formed as written and compared with exact runs."
    ),
)
