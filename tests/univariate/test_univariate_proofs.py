"""The replayed proofs about constructions: all steps hold, and perturbed ones are caught."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from proofs_check import (
    univariate_hoelder,
    univariate_rates,
    univariate_refinable,
    univariate_riesz,
    univariate_squares,
    univariate_takagi,
)
from proofs_check.steps import Step

MODULES = (
    univariate_hoelder,
    univariate_rates,
    univariate_refinable,
    univariate_riesz,
    univariate_squares,
    univariate_takagi,
)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_all_steps_hold(module: ModuleType) -> None:
    steps = module.check()
    assert [step.text for step in steps if step.ok is not True] == []
    assert len(steps) >= 9


PERTURBED: dict[str, Callable[[], list[Step]]] = {
    "the first term with the weight 1/5": lambda: univariate_squares.check(weight="1/5"),
    "a hat of slope 3": lambda: univariate_squares.check(slope=3),
    "pairs of terms at most 2/5": lambda: univariate_takagi.check(pair="2/5"),
    "t = 1/3": lambda: univariate_takagi.check(ratio="1/3"),
    "waves of norm 1/2": lambda: univariate_riesz.check(norm="1/2"),
    "the prime 2 in the Euler product": lambda: univariate_riesz.check(primes_from=2),
    "the digit subtracted": lambda: univariate_refinable.check(digit=-1),
    "digits in base 2": lambda: univariate_hoelder.check(base=2),
    "ramps of an eighth of a step": lambda: univariate_hoelder.check(ramp="1/8"),
    "six kinks in a layer of the look-up": lambda: univariate_hoelder.check(lookup=6),
    "|a| / (7 n^2)": lambda: univariate_rates.check(constant=7),
    "odd coefficients that add up to 2": lambda: univariate_refinable.check(odd_sum=2),
}


@pytest.mark.parametrize("perturbed", PERTURBED.values(), ids=PERTURBED)
def test_a_perturbed_proof_fails(perturbed: Callable[[], list[Step]]) -> None:
    assert any(step.ok is not True for step in perturbed())


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_nothing_that_found_the_results_is_imported(module: ModuleType) -> None:
    lines = Path(str(module.__file__)).read_text(encoding="utf-8").splitlines()
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import", "from"))}
    assert imported <= {"__future__", "collections", "itertools", "proofs_check", "sympy"}
