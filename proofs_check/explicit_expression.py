"""act.explicit-expression: the induction step for matrices, the whole formula for small depths and widths.

On the domain ReLU(v) = J v, so N_{k+1} = J_{k+1}(W_{k+1} N_k + b_{k+1}).
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from proofs_check.steps import Step, equal


def check(*, reverse: bool = False) -> list[Step]:
    """The steps of the proof.  reverse : write the products of the formula with later layers on the right."""
    return [
        *relu_is_projection(),
        induction_step(),
        *(formula_in_symbols(depth, reverse=reverse) for depth in (1, 2, 3, 4)),
        *(formula_in_entries(width, reverse=reverse) for width in (1, 2)),
    ]


def relu_is_projection() -> list[Step]:
    """ReLU(v) = J v where J has a 1 exactly for v > 0."""
    p, q = sp.Symbol("p", positive=True), sp.Symbol("q", nonnegative=True)
    return [
        Step("v = p > 0: ReLU(v) = 1 v", equal(sp.Max(p, 0), p)),
        Step("v = -q <= 0: ReLU(v) = 0 v", equal(sp.Max(-q, 0), 0)),
    ]


def induction_step() -> Step:
    """From N_k = A x + c to N_{k+1}, for matrices of any size."""
    m, l, n = sp.symbols("m l n", integer=True, positive=True)
    J, W, b = sp.MatrixSymbol("J", m, m), sp.MatrixSymbol("W", m, l), sp.MatrixSymbol("b", m, 1)
    A, c, x = sp.MatrixSymbol("A", l, n), sp.MatrixSymbol("c", l, 1), sp.MatrixSymbol("x", n, 1)
    step = J * (W * (A * x + c) + b)
    written = (J * W * A) * x + (J * W * c + J * b)
    return Step("J(W(Ax + c) + b) = (JWA)x + (JWc + Jb)", sp.expand(step) == sp.expand(written))


def formula(J: Sequence, W: Sequence, b: Sequence, x, *, reverse: bool):  # type: ignore[no-untyped-def]
    """(J_L W_L ... J_1 W_1) x + sum_i (J_L W_L ... J_{i+1} W_{i+1}) J_i b_i, for matrices or symbols."""

    def product(first: int, vector):  # type: ignore[no-untyped-def]
        factors = [J[k] * W[k] for k in range(first, len(W))]
        for factor in reversed(factors) if reverse else factors:
            vector = factor * vector
        return vector

    total = product(0, x)
    for i in range(len(W)):
        total = total + product(i + 1, J[i] * b[i])
    return total


def recursion(J: Sequence, W: Sequence, b: Sequence, x):  # type: ignore[no-untyped-def]
    """N_L(x) by running the layers one after the other."""
    for j, w, c in zip(J, W, b, strict=True):
        x = j * (w * x + c)
    return x


def formula_in_symbols(depth: int, *, reverse: bool = False) -> Step:
    """The formula for one depth, with non-commuting symbols for all matrices and vectors."""
    J, W, b = (sp.symbols(f"{letter}1:{depth + 1}", commutative=False) for letter in "JWb")
    x = sp.Symbol("x", commutative=False)
    difference = sp.expand(formula(J, W, b, x, reverse=reverse) - recursion(J, W, b, x))
    return Step(f"the formula is the recursion, depth {depth}", difference == 0)


def formula_in_entries(width: int, *, reverse: bool = False) -> Step:
    """The formula for depth 2 and one width, with commuting symbols for every entry."""

    def entries(letter: str, columns: int) -> sp.Matrix:
        return sp.Matrix(width, columns, sp.symbols(f"{letter}1:{width * columns + 1}"))

    J = [sp.diag(*sp.symbols(f"j{layer}_1:{width + 1}")) for layer in (1, 2)]
    W, b = [entries(f"w{layer}_", width) for layer in (1, 2)], [entries(f"b{layer}_", 1) for layer in (1, 2)]
    x = entries("x", 1)
    difference = formula(J, W, b, x, reverse=reverse) - recursion(J, W, b, x)
    return Step(
        f"the formula is the recursion entry by entry, depth 2, width {width}",
        all(equal(v, 0) for v in difference),
    )
