"""The replayed proofs about functions of one variable: perturbed ones are caught."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proofs_check import (
    univariate_calculus,
    univariate_hoelder,
    univariate_rates,
    univariate_refinable,
    univariate_riesz,
    univariate_splines,
    univariate_squares,
    univariate_takagi,
)
from proofs_check.steps import Step

PERTURBED: dict[str, Callable[[], list[Step]]] = {
    "hats two principal knots apart": lambda: univariate_splines.check(spacing=2),
    "q = floor(W / 6)": lambda: univariate_splines.check(channels=0),
    "33 parameters for each breakpoint": lambda: univariate_splines.bound(33),
    "W^2 + 4 W": lambda: univariate_splines.bound(constant=0),
    "no constant in the collation channel": lambda: univariate_calculus.check(shift=0),
    "the greater one by the difference with the wrong sign": lambda: univariate_calculus.check(order=-1),
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
    assert {step.ok for step in perturbed()} == {True, False}
