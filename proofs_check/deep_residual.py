"""deep.residual: one block moves its input little; then the products of deep.summable."""

from __future__ import annotations

import sympy as sp

from proofs_check.deep_summable import by_products, induction
from proofs_check.steps import Step, equal, follows


def check(*, lipschitz: bool = True) -> list[Step]:
    """The steps of the proof.  lipschitz : whether p and beta have the factor L."""
    return [*one_block(lipschitz), *(by_products(depth, reverse=False) for depth in (1, 2, 3, 4)), induction()]


def one_block(lipschitz: bool) -> list[Step]:
    """|V sigma(U x + a) + c| <= L |V| |U| r + L |V| |a| + |c|."""
    L, V, U, a, c, r = sp.symbols("L V U a c r", nonnegative=True)  # norms, and r = |x|
    inner, hidden, moved = sp.symbols("inner hidden moved", nonnegative=True)
    factor = L if lipschitz else 1
    p, beta = factor * V * U, factor * V * a + c
    facts = [
        (factor * V, U * r + a - inner),  # |U x + a| <= |U| r + |a|
        (V, L * inner - hidden),  # |sigma(v)| = |sigma(v) - sigma(0)| <= L |v|
        (1, V * hidden + c - moved),
    ]
    new, old = sp.symbols("new old", nonnegative=True)
    return [
        Step("x_k - x_{k-1} is what the block adds, moved <= p r + beta", follows(p * r + beta - moved, facts)),
        Step(
            "|x_k| <= (1 + p) |x_{k-1}| + beta",
            follows((1 + p) * old + beta - new, [(1, old + moved - new), (1, p * old + beta - moved)]),
        ),
        Step("nothing moves where V = 0 and c = 0", equal((p * r + beta).subs({V: 0, c: 0}), 0)),
    ]
