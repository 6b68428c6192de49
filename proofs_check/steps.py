"""Steps of a replayed proof, and the two kinds of algebra that decide them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp


@dataclass(frozen=True)
class Step:
    """One step: what it says, and whether the algebra bears it out."""

    text: str
    ok: bool


def equal(left: sp.Expr, right: sp.Expr | int) -> bool:
    """Whether two rational expressions are identical: their difference cancels to 0.

    >>> x = sp.Symbol("x")
    >>> equal((x + 1) ** 2, x**2 + 2 * x + 1), equal(x, x + 1)
    (True, False)
    """
    return bool(sp.cancel(sp.expand(left - right)) == 0)


def follows(conclusion: sp.Expr | int, combination: Iterable[tuple[sp.Expr | int, sp.Expr]]) -> bool:
    """Whether `conclusion` >= 0 because it is a sum of multipliers times facts.

    combination : pairs (multiplier, fact), where each fact is an expression known to be >= 0.  Every
    multiplier must be provably non-negative from the assumptions on its symbols, and the sum must be
    identically the conclusion.

    >>> a, b = sp.symbols("a b", real=True)
    >>> follows(a + 2 * b, [(1, a), (2, b)]), follows(a - b, [(1, a), (-1, b)])
    (True, False)
    """
    pairs = [(sp.sympify(multiplier), fact) for multiplier, fact in combination]
    signs = all(sp.factor(multiplier).is_nonnegative for multiplier, _ in pairs)
    return signs and equal(sum((multiplier * fact for multiplier, fact in pairs), sp.Integer(0)), conclusion)


def contradicts(combination: Iterable[tuple[sp.Expr | int, sp.Expr]]) -> bool:
    """Whether the facts are contradictory: a combination of them with multipliers >= 0 is identically -1."""
    return follows(sp.Integer(-1), combination)
