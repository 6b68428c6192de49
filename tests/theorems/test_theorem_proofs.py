"""The replayed proofs: all steps hold, and a perturbed identity is caught."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest
import sympy as sp

import proofs_check
from proofs_check import (
    bias,
    deep_necessary,
    deep_products,
    domains_partition,
    explicit_expression,
    hanin_rolnick,
    inverse_lipschitz,
    layer_criterion,
    minimal_expansivity,
    montufar,
    zaslavsky,
)
from proofs_check.steps import contradicts, equal, follows

NAMES = [found.name for found in pkgutil.iter_modules(proofs_check.__path__)]
MODULES = [
    importlib.import_module(f"proofs_check.{name}") for name in NAMES if name != "steps" and "certificates" not in name
]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_all_steps_hold(module: ModuleType) -> None:
    steps = module.check()
    assert [step.text for step in steps if step.ok is not True] == []
    assert len(steps) >= 7


PERTURBED = {
    "z at an end of the segment": lambda: layer_criterion.check(0),
    "z at the other end": lambda: layer_criterion.check(1),
    "z beyond the segment": lambda: layer_criterion.check(2),
    "a gap between the kinks": lambda: bias.check(second_bias=sp.Rational(1, 2)),
    "2n rows in the half-space argument": lambda: minimal_expansivity.check(most_rows="2*n"),
    "2 eps made eps": lambda: deep_necessary.check(constant=1),
    "a dead coordinate": lambda: deep_necessary.check(live=False),
    "bias not masked, along depth": lambda: deep_products.check(mask_bias=False),
    "a negative entry of D": lambda: minimal_expansivity.check(d=sp.Symbol("d", negative=True)),
    "products reversed": lambda: explicit_expression.check(reverse=True),
    ">= on the active side": lambda: domains_partition.check(tie=1),
    "neurons too heavy, folded once": lambda: montufar.pieces(3),
    "neurons too heavy, folded twice": lambda: montufar.twice(3),
    "a hyperplane of dimension n - 2": lambda: zaslavsky.cells(2),
    "the constant 3/4": lambda: inverse_lipschitz.check(constant=sp.Rational(9, 16)),
    "a weight too heavy": lambda: inverse_lipschitz.check(weight="3*t", constant=sp.Rational(3, 4)),
    "biases twice as dense": lambda: hanin_rolnick.check(density=2),
}


@pytest.mark.parametrize("name", PERTURBED)
def test_a_perturbed_identity_fails(name: str) -> None:
    steps = PERTURBED[name]()
    assert any(not step.ok for step in steps)
    assert any(step.ok for step in steps)


def test_the_algebra_does_not_accept_near_misses() -> None:
    a, b = sp.symbols("a b", real=True)
    assert not equal(a * b, b * a + sp.Rational(1, 10**30))
    assert not follows(a + b, [(1, a)])
    assert not follows(-a, [(-1, a)])
    assert not follows(a * b, [(b, a)]), "b may be negative"
    assert contradicts([(1, a), (1, -a - 1)])
    assert not contradicts([(1, a), (1, -a)])


def test_the_proofs_import_nothing_that_found_the_results() -> None:
    allowed = {"__future__", "sympy", "proofs_check", "itertools", "collections", "dataclasses", "fractions", "math"}
    for module in (*MODULES, importlib.import_module("proofs_check.steps")):
        lines = Path(str(module.__file__)).read_text(encoding="utf-8").splitlines()
        imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import", "from"))}
        assert imported <= allowed
