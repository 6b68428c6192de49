"""The statements about inverting and repairing: their proofs step by step, and their parts by other routes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from proofs_check import raised_bias, reconstruction, smallest_raise
from relutheory.injectivity.inverting.reconstruction import Found, reconstruct
from relutheory.injectivity.repair.repairing import repair_injectivity
from relutheory.networks import ReLULayer
from relutheory.theorems import inj_noisy_reconstruction as noisy
from relutheory.theorems import inj_reconstruction as inverting
from relutheory.theorems import inj_smallest_raise as raising

PERTURBED = {
    "biases that may be lowered": lambda: raised_bias.check(sp.Symbol("t", real=True)),
    "active from half the noise on": lambda: reconstruction.check(sp.Rational(1, 2)),
    "raised by less than the level": lambda: smallest_raise.check(sp.Rational(-1, 1000)),
}


@pytest.mark.parametrize("name", PERTURBED)
def test_a_perturbed_identity_fails(name: str) -> None:
    steps = PERTURBED[name]()
    assert any(not step.ok for step in steps) and any(step.ok for step in steps)


@pytest.mark.parametrize("seed", range(25))
def test_second_preimages_agree_with_the_reconstruction(seed: int) -> None:
    instance = inverting.random(np.random.default_rng([110, seed]))
    result = reconstruct(instance.layer, instance.layer.forward_exact(instance.x))
    other = inverting.other_preimage(instance.layer, instance.x)
    assert result.status is (Found.UNIQUE if other is None else Found.MANY)
    assert (inverting.direction(instance) is None) == (other is None)


@pytest.mark.parametrize("seed", range(15))
def test_the_smallest_raise_agrees_with_the_repair(seed: int) -> None:
    layer = raising.random(np.random.default_rng([111, seed]))
    repair = repair_injectivity(layer)
    assert repair.size == repair.at_least == raising.smallest(layer)


def test_a_layer_that_no_bias_repairs_has_a_set_without_dependencies() -> None:
    with pytest.raises(ValueError, match="empty"):
        raising.smallest(ReLULayer([[1, 0], [0, 1], [-1, 0]], [-1, -1, -1]))


@pytest.mark.parametrize("seed", range(15))
def test_the_error_bound_agrees_with_the_package(seed: int) -> None:
    instance = noisy.random(np.random.default_rng([112, seed]))
    result = reconstruct(instance.layer, instance.y, noise=instance.noise, lower_lipschitz=0)
    assert result.status is Found.ESTIMATED
    off = noisy.square([p - q for p, q in zip(result.x, instance.x, strict=True)])
    assert off <= result.error**2
    fitted = noisy.least_squares(instance.layer, instance.y, noisy.sure(instance))
    assert noisy.square([p - q for p, q in zip(result.x, fitted, strict=True)]) < Fraction(1, 10**20)


def test_positive_definite_matrices_are_recognised() -> None:
    layer = ReLULayer([[3, 0], [0, 1]])
    assert noisy.positive_definite(noisy.gram_minus(layer, [0, 1], Fraction(1) - Fraction(1, 10**9)))
    assert not noisy.positive_definite(noisy.gram_minus(layer, [0, 1], Fraction(1)))
    assert not noisy.positive_definite(noisy.gram_minus(layer, [0, 1], Fraction(10)))
