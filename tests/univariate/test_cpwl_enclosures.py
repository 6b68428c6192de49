"""Enclosures of distances whose truth is known: near ties, singular places, what cannot be bounded."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest
import sympy

from relutheory.core.errors import InputError
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.polynomial_distances import sup_distance_to_polynomial

X = sympy.Symbol("x")
ZERO = CPwL.affine(0)
LEFT, RIGHT = sympy.sqrt(2) / 4, sympy.sqrt(3) / 2  # where the peaks are: irrational, so that no point hits them


@pytest.mark.parametrize("bits", [53, 100])
@pytest.mark.parametrize("apart", [56, 64, 90])
def test_the_higher_of_two_peaks_that_are_one_float(bits, apart):
    more = sympy.Rational(1, 2**apart)
    for smooth in (1, 2):
        for left, right in ((0, more), (more, 0)):
            peaks = (1 + left - sympy.Abs(X - LEFT) ** smooth, 1 + right - sympy.Abs(X - RIGHT) ** smooth)
            for f in (ZERO, CPwL([0, "1/4", "3/4", 1], np.zeros(4))):
                found = f.distance_to(sympy.Max(*peaks), bits=bits)
                assert found.lo <= 1 + F(1, 2**apart) <= found.hi
                assert found.width <= found.lo / 2**bits


def test_many_bits_at_a_kink():
    found = ZERO.distance_to(1 - sympy.Abs(X - LEFT), bits=300)
    assert 1 in found and 0 < found.width <= F(1, 2**300)
    assert ZERO.distance_to(sympy.sqrt(X), bits=300).width <= F(1, 2**300)


def test_few_evaluations_bound_all_the_same():
    f = CPwL([F(i, 20) for i in range(21)], [0] * 21)
    for evaluations in (1, 30, 100, 1000):
        found = f.distance_to(1 - (X - LEFT) ** 2 * (1 + X), bits=80, evaluations=evaluations)
        assert 1 in found and found.rigor is Rigor.ENCLOSED


def test_powers_are_not_multiplied_out():
    assert 1 in ZERO.distance_to(X ** (10**9))
    assert 1 in ZERO.distance_to((X / 2 + sympy.Rational(1, 2)) ** (10**5))
    low = ZERO.distance_to(((1 + X) ** 40 - X**40) * 0 + (X + 1) ** 2)
    assert low == Enclosure.exact(F(4))


def test_what_cannot_be_bounded_is_refused_at_once():
    third = sympy.Rational(1, 3)
    for bad in (
        sympy.Piecewise((X, third > X)),  # nothing at all on two thirds of the interval
        sympy.exp(sympy.exp(sympy.exp(100 * X))),  # a number of more digits than there are atoms
        1 / (X - third) ** 2,
        sympy.tan(2 * X),
        (1 + 1 / X) * sympy.log(1 + 1 / X),
        sympy.asin(X * sympy.sin(1 / X)),  # bounded, but with an argument of which nothing is known
    ):
        with pytest.raises(InputError, match=r"must be real and bounded .* near x = "):
            ZERO.distance_to(bad)
    with pytest.raises(InputError, match=r"near x = 1\.0*e\+400"):
        CPwL.affine(1).distance_to(1 / (X - 10**400), 10**400, 2 * 10**400)


def test_numbers_too_small_to_write_out():
    found = ZERO.distance_to(sympy.exp(-sympy.exp(30 + X)))
    assert found.lo >= 0 and 0 < found.hi < F(1, 2**1000)


def test_what_is_not_proved_proves_nothing():
    seen = Enclosure(lo=F(0), hi=F(1), rigor=Rigor.SAMPLED)
    with pytest.raises(InputError, match="must have proved ends"):
        ZERO.distance_to(lambda x: seen, modulus=1)
    with pytest.raises(InputError, match="must have proved ends"):
        ZERO.distance_to(lambda x: x, modulus=lambda r: seen)
    with pytest.raises(InputError, match=r"modulus\(r\) = -0\.5: must not be negative"):
        ZERO.distance_to(lambda x: x, modulus=lambda r: -r)


def test_budgets_are_checked():
    for bits in (0, 10**9, 1.5, True):
        with pytest.raises(InputError, match="bits"):
            ZERO.distance_to(sympy.sqrt(X), bits=bits)
        with pytest.raises(InputError, match="bits"):
            sup_distance_to_polynomial(ZERO, [0, 0, 0, 1], bits=bits)
    with pytest.raises(InputError, match="p = 1000000"):
        ZERO.lp_distance_power(CPwL.affine(1), 10**6)
    # the integral of x^1000
    assert ZERO.lp_distance_power(CPwL.affine(1), 1000) == F(1, 1001)
