"""The statements about infinite depth: perturbed proofs fail, families are as said, and other routes agree."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from math import prod

import mpmath
import numpy as np
import pytest
import sympy as sp

from proofs_check import (
    deep_contraction,
    deep_families,
    deep_growing_width,
    deep_lindley,
    deep_residual,
    deep_summable,
)
from relutheory.networks import ReLULayer
from relutheory.theorems import get
from relutheory.theorems.deep_contraction import contracting, fixed_points
from relutheory.theorems.deep_growing_width import growing, passes, toeplitz
from relutheory.theorems.deep_identity_limit import claim
from relutheory.theorems.deep_lindley import by_layers, line, maximum
from relutheory.theorems.depth import deep, matrix_norm, perturbation, spread, states
from relutheory.theorems.depth_families import (
    alternating,
    confirm,
    harmonic,
    rising,
    sawtooth,
    shrinking,
    summable,
)

PERTURBED = {
    "order of the product reversed": lambda: deep_summable.check(reverse=True),
    "an activation that is not idempotent": lambda: deep_summable.check(slope=sp.Rational(1, 2)),
    "the absolute value is not monotone": lambda: deep_summable.check(slope=-2),
    "k = n left out": lambda: deep_lindley.check(last=False),
    "net change": lambda: deep_lindley.check(net=True),
    "one power more": lambda: deep_contraction.check(early=1),
    "the unit mask shifted": lambda: deep_growing_width.check(unit=1),
    "zeros in front": lambda: deep_growing_width.check(front=True),
    "without L": lambda: deep_residual.check(lipschitz=False),
    "biases 1/n^2": lambda: deep_families.check(harmonic=2),
}


@pytest.mark.parametrize("name", PERTURBED)
def test_a_perturbed_proof_fails(name: str) -> None:
    steps = PERTURBED[name]()
    assert any(not step.ok for step in steps) and any(step.ok for step in steps)


def test_the_norms_are_the_largest_images_of_unit_vectors() -> None:
    rng = np.random.default_rng(0)
    for m, n in ((1, 1), (2, 3), (3, 2)):
        M = [[Fraction(int(v), 3) for v in row] for row in rng.integers(-5, 6, size=(m, n))]
        corners = [[(-1) ** (k >> j & 1) for j in range(n)] for k in range(2**n)]
        images = [max(abs(sum(a * s for a, s in zip(row, corner, strict=True))) for row in M) for corner in corners]
        assert matrix_norm(M, "inf") == max(images)
        assert matrix_norm(M, "1") == max(sum(abs(row[j]) for row in M) for j in range(n))
    assert matrix_norm([], "1") == 0


def test_the_bound_contains_the_limit_of_a_product_in_closed_form() -> None:
    """W_n = 1 + 1/n^2 for n >= 2 from x_1 = 1: the limit is sinh(pi) / (2 pi)."""
    layers = [([[1]], [0]), *(([[1 + Fraction(1, n**2)]], [0]) for n in range(2, 200))]
    x = states(deep(layers, [1]))
    with mpmath.workdps(60):
        limit = mpmath.sinh(mpmath.pi) / (2 * mpmath.pi)
        for n in (5, 50, 198):
            rest = mpmath.exp(mpmath.zeta(2, n + 1)) - 1  # the sum of 1/k^2 over k > n
            moved = limit - mpmath.mpf(x[n - 1][0].numerator) / x[n - 1][0].denominator
            assert 0 < moved < rest * limit
            assert moved > rest * limit / 2  # half of the bound is not enough


def test_the_bound_is_the_travel_of_the_scalar_recursion() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        p, beta = ([Fraction(int(v), 4) for v in rng.integers(0, 5, size=4)] for _ in "pb")
        u = start = Fraction(int(rng.integers(0, 4)), 3)
        for a, b in zip(p, beta, strict=True):
            u = u * (1 + a) + b
        assert spread(start, p, beta) == u - start


@pytest.mark.parametrize(
    "family",
    [alternating([1, -2], [0, 1]), harmonic("1/2", [1]), rising(1, [2]), sawtooth(), shrinking([3])],
    ids=lambda f: f.family,
)
def test_what_is_said_of_a_family_is_checked(family) -> None:
    confirm(family)
    wrong = [{"mass": family.mass * 4}]
    if family.rate is None:
        wrong += [{"jump": family.jump * 3}, {"jump": Fraction(0)}, {"rate": lambda n, x: Fraction(100)}]
    else:
        wrong += [{"rate": lambda n, x: family.rate(n, x) / 4}, {"rate": None}]
    for change in wrong:
        with pytest.raises(AssertionError):
            confirm(dataclasses.replace(family, **change))


def test_closed_forms_of_families() -> None:
    assert shrinking([5]).states(9)[8] == [1]
    assert rising(1, [2]).states(9)[8] == [10]
    assert harmonic(1, [1]).states(20)[19][0] == sum(Fraction(1, n) for n in range(1, 21))
    tooth = [x[0] for x in sawtooth().states(13)]
    assert tooth == [Fraction(v) for v in ("0", "1", "0", "1/2", "1", "1/2", "0", "1/3", "2/3", "1", "2/3", "1/3", "0")]
    scalar = summable([["1/2"]], [0], [1]).states(9)[8][0]
    assert scalar == prod(1 + Fraction(1, 2 * n**2) for n in range(2, 10))


def test_harmonic_biases_go_above_any_height() -> None:
    evidence = claim(harmonic(1, [1]))
    assert evidence.refuted and evidence.counterexample is not None
    first = evidence.counterexample["first depth with a state above"]
    for height, n in first.items():
        sums = [sum(Fraction(1, k) for k in range(1, last + 1)) for last in (n - 1, n)]
        assert sums[0] <= int(height) < sums[1]
    assert len(first) == 3


def test_fixed_points_are_where_the_iteration_goes() -> None:
    rng = np.random.default_rng(2)
    for _ in range(10):
        m = int(rng.integers(1, 4))
        W, b = rng.integers(-1, 2, size=(m, m)) / 4, rng.integers(-3, 4, size=m) * 1.0
        (point,) = fixed_points(contracting([(W, b)], (W, b), [0] * m))
        x = np.zeros(m)
        for _ in range(200):
            x = np.maximum(W @ x + b, 0)
        assert np.allclose(x, [float(v) for v in point], atol=1e-12)


def test_toeplitz_layers_are_convolutions() -> None:
    instance = growing([1, 2, 3], [[1, "1/2"], [2, -1, 1]], [[0, 1, 0, 0], [0] * 6])
    x = np.array([1.0, 2.0, 3.0])
    for w, b, state in zip(instance.masks, instance.biases, passes(instance)[0][1:], strict=True):
        x = np.maximum(np.convolve([float(v) for v in w], x) + [float(v) for v in b], 0)
        assert x.tolist() == [float(v) for v in state]
    P = perturbation(ReLULayer(toeplitz((Fraction(1), Fraction(0)), 2)))
    assert P == [[0, 0], [0, 0], [0, 0]]


def test_summable_weights_and_biases_that_sum_up_conditionally() -> None:
    """W_n = 1 + 1/n^2 and b_n = (-1)^n / n for n >= 1 from 2: a long float run stays within the bound."""
    x, path = 2.0, [2.0]
    for n in range(1, 20001):
        x = max(x * (1 + 1 / n**2) + (-1) ** n / n, 0.0)
        path.append(x)
    for n in (10, 100, 1000):
        growing = float(mpmath.exp(mpmath.zeta(2, n + 1)))
        omega = 1 / (n + 1)
        assert abs(path[-1] - path[n]) <= (path[n] + omega) * growing - path[n] + 1e-9
    instance = line(2, *(Fraction((-1) ** n, n) for n in range(1, 30)), P=[Fraction(1, n**2) for n in range(1, 30)])
    assert abs(float(by_layers(instance)[0][29][0]) - path[29]) < 1e-12


def test_lindley_by_hand() -> None:
    assert maximum(Fraction(1), [Fraction(-2), Fraction(-1)]) == 1
    assert maximum(Fraction(5), [Fraction(-2)]) == 3


def test_the_refuted_statements_name_what_is_true() -> None:
    assert get("deep.identity-limit").corrected_by == get("deep.summable-necessary").corrected_by == "deep.summable"
    assert get("deep.converse").corrected_by == "deep.necessary"
