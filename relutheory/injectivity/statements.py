"""Numbers, layers and domains as certificates write them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from relutheory.core.exact import allow_digits
from relutheory.core.sets import Ball
from relutheory.injectivity.problem import Problem
from relutheory.networks import ReLULayer


def texts(values: Iterable[Fraction | int]) -> list[str]:
    """The numbers as "p" or "p/q".

    >>> texts([Fraction(1, 3), 2])
    ['1/3', '2']
    """
    numbers = list(values)
    allow_digits(*numbers)
    return [str(v) for v in numbers]


def layer_statement(layer: ReLULayer) -> dict[str, Any]:
    """The layer in a certificate's statement.

    >>> layer_statement(ReLULayer([["1/3", 1]], [2]))
    {'n': 2, 'W': [['1/3', '1']], 'b': ['2']}
    """
    weight = [texts(row) for row in layer.weight.fractions()]
    return {"n": layer.n, "W": weight, "b": texts(layer.bias.fractions())}


def walls_statement(problem: Problem) -> dict[str, Any]:
    """The half-spaces of the problem's polyhedron."""
    return {"A": [texts(a) for a, _ in problem.walls], "b": texts(c for _, c in problem.walls)}


def domain_statement(problem: Problem, ball: Ball | None) -> dict[str, Any] | None:
    """The domain in a certificate's statement: the ball where there is one, else the problem's polyhedron, or None."""
    if ball is not None:
        return {"center": texts(ball.center), "radius": str(ball.radius)}
    if problem.domain is not None:
        return {**walls_statement(problem), "inside": texts(problem.inside)}
    return None
