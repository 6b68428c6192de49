"""Domains, balls and general position in the catalogue: perturbed proofs fail, brute force of the checks is right."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
import sympy as sp

from proofs_check import ball_bias, domains, general_position
from proofs_check.steps import Step
from relutheory.core.sets import Box, Polyhedron
from relutheory.core.verdict import Verdict
from relutheory.networks import ReLULayer
from relutheory.theorems import get
from relutheory.theorems.inj_ball_bias import facets, frame, projection_squared, surrounds
from relutheory.theorems.inj_domains import LayerOn, at, collision_on, failing, on
from relutheory.theorems.inj_general_position import curve, general, on_curve

PERTURBED: dict[str, Callable[[], list[Step]]] = {
    "K = {0, -2}": lambda: domains.check(second=-2),
    "3n - 1 rows in the counting argument": lambda: general_position.check(most_rows="3*n - 1"),
    "signs that do not alternate": lambda: general_position.check(alternating=False),
    "alpha = -1/4, as a public script has it": lambda: ball_bias.check(alpha=sp.Rational(-1, 4)),
}


@pytest.mark.parametrize("name", PERTURBED)
def test_a_perturbed_proof_fails(name: str) -> None:
    steps = PERTURBED[name]()
    assert any(not step.ok for step in steps)
    assert any(step.ok for step in steps)


def test_the_criterion_looks_inside_the_polyhedron_only() -> None:
    case = on([[1]], None, Box([0], [5]))
    assert failing(case) is None and collision_on(case) is None
    face = failing(case, everywhere=True)
    assert face is not None and face.point[0] < 0
    case = on([[1]], None, Polyhedron([[-1]], [1]))
    points = collision_on(case)
    assert points is not None and all(-1 <= v <= 0 for (v,) in points) and points[0] != points[1]


def test_a_layer_on_a_set_without_interior_is_not_judged() -> None:
    evidence = get("inj.domains").check(on([[1, 0], [0, 1]], None, Box([0, 0], [1, 0])))
    assert evidence.verdict is Verdict.NOT_APPLICABLE and evidence.failed == ("a convex K has interior points",)


def test_instances_describe_themselves() -> None:
    assert at([[1]], [2], [0], ["1/3"]).described() == {"W": [["1"]], "b": ["2"], "points": [["0"], ["1/3"]]}
    described = LayerOn(layer=ReLULayer([[1]]), domain=Box([0], [1])).described()
    assert described == {"W": [["1"]], "b": ["0"], "A": [["1"], ["-1"]], "c": ["1", "0"]}
    assert frame([[1], [-1]], "1/2").described() == {"W": [["1"], ["-1"]], "radius": "1/2"}


def test_brute_force_facets_and_projections() -> None:
    square = [[Fraction(a), Fraction(b)] for a in (1, -1) for b in (1, -1)]
    assert sorted(map(sorted, facets(square))) == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert projection_squared([[1, 0], [0, 1]], [3, 4]) == 25
    assert projection_squared([[1, 0], [0, 1]], [3, -4]) == 9
    assert projection_squared([[1, 0], [0, 1]], [-3, -4]) == 0
    assert projection_squared([[1, 1], [1, 0]], [0, 1]) == Fraction(1, 2)
    assert surrounds(frame([[1, 0], [0, 1], [-1, -1]]))
    assert not surrounds(frame([[1, 0], [0, 1], [-1, 0]])) and not surrounds(frame([[1, 0], [-1, 0]]))


def test_the_curve_is_recognised() -> None:
    assert on_curve(curve(3, 8)) and on_curve(curve(1, 2)) and on_curve(curve(2, 3, [-5, 0, 2]))
    assert not on_curve(curve(3, 8, alternating=False)) and not on_curve(curve(2, 3, [0, -5, 2]))
    assert general(curve(3, 6)) and not general(curve(2, 3, [1, 1, 2]))
