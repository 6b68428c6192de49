"""Families of networks for one function: sizes and errors against formulas, values against many digits."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from relutheory.univariate.deadlines import Deadline
from relutheory.univariate.families import as_enclosure, family_for
from relutheory.univariate.rates import DEEP, FREE, compare_rates
from relutheory.univariate.series import quadratic_depth
from relutheory.univariate.targets import as_target


def test_the_largest_network_within_a_budget():
    square, takagi = family_for(as_target("x**2")), family_for(as_target("takagi"))
    for budget in [*range(4, 60), 200, 333, 1000]:
        depth = (budget + 2) // 12  # n(3, L) = 12 L - 2
        for family, error in ((square, Fraction(1, 4 ** (depth + 1))), (takagi, Fraction(2, 3) / 2**depth)):
            made = family.of_size(budget, Deadline())
            if depth == 0:
                assert made is None
            else:
                assert made.parameters == 12 * depth - 2 and made.error == error


def test_the_smallest_network_within_an_error():
    family = family_for(as_target("3*x**2 - x"))
    for goal in (Fraction(7), Fraction(3, 16), Fraction(3, 17), Fraction(1, 10**40)):
        made = family.so_close(goal, Deadline())
        assert made.error <= goal and (made.depth == 1 or 4 * made.error > goal)
    for ratio in [*map(Fraction, range(1, 70)), Fraction(4**9) + Fraction(1, 9)]:
        depth = quadratic_depth(ratio, Fraction(1))
        assert 4 ** (depth + 1) >= ratio and (depth == 1 or 4**depth < ratio)
    takagi = family_for(as_target("takagi"))
    assert takagi.so_close(Fraction(2, 3 * 2**9), Deadline()).depth == 9
    assert takagi.so_close(Fraction(2, 3 * 2**9) - Fraction(1, 10**9), Deadline()).depth == 10


@pytest.mark.parametrize(
    ("f", "value"),
    [
        ("x**3 - 2*x + 1/7", lambda x: x**3 - 2 * x + mpmath.mpf(1) / 7),
        ("1e300*x**3", lambda x: mpmath.mpf(10) ** 300 * x**3),
        ("1e-300*x**4", lambda x: x**4 / mpmath.mpf(10) ** 300),
        ("exp(x)", mpmath.exp),
        ("pi*x**2", lambda x: mpmath.pi * x**2),
        ("sin(3*x)", lambda x: mpmath.sin(3 * x)),
        ("x**14", lambda x: x**14),
    ],
)
def test_networks_are_as_close_as_they_say(f, value):
    made = family_for(as_target(f)).of_size(2000, Deadline())
    bound = as_enclosure(made).hi
    assert made.parameters <= 2000 and as_enclosure(made).rigor.proves
    with mpmath.workdps(60):
        size = max(abs(value(mpmath.mpf(i) / 16)) for i in range(17))
        for i in range(17):
            x = Fraction(3 * i, 50)
            found = made(x)
            off = mpmath.mpf(found.numerator) / found.denominator - value(mpmath.mpf(x.numerator) / x.denominator)
            assert abs(off) <= mpmath.mpf(bound.numerator) / bound.denominator + size * mpmath.mpf(10) ** -50
    assert bound <= Fraction(float(size)) / 2


@pytest.mark.parametrize("f", ["x", "2", "abs(x - 1/3)", "sqrt(x)", "random-walk", "weierstrass", np.cos])
def test_functions_without_a_family(f):
    assert family_for(as_target(f)) is None


@pytest.mark.parametrize(
    ("f", "by_hand"),
    [
        ("exp(sin(9*x))", lambda x: mpmath.exp(mpmath.sin(9 * x))),
        ("exp(exp(20*x)/1e8)", lambda x: mpmath.exp(mpmath.exp(20 * x) / 10**8)),
    ],
)
def test_values_around_the_interval_that_cannot_be_written_are_passed_by(f, by_hand):
    # 2^(10^9), on the larger ellipses, would fill the memory; on the smaller ones all is well
    made = family_for(as_target(f)).member(3)
    with mpmath.workdps(40):
        for k in range(33):
            value = made(Fraction(k, 32))
            distance = abs(mpmath.mpf(value.numerator) / value.denominator - by_hand(mpmath.mpf(k) / 32))
            assert distance <= mpmath.mpf(made.error.numerator) / made.error.denominator


def test_no_time_is_one_network():
    deadline = Deadline(0)
    made = family_for(as_target("x**2")).of_size(10**4, deadline)
    assert made.depth == 1 and deadline.missed


def test_the_row_of_the_table():
    table = compare_rates("x**2", [10, 25, 100, 200], methods=[DEEP, FREE])
    rows = table.of(DEEP)
    assert [row.error.hi for row in rows] == [Fraction(1, 4 ** (depth + 1)) for depth in (1, 2, 8, 16)]
    assert [row.parameters for row in rows] == [10, 22, 94, 190]
    # depth wins from some size on: no 100 pieces come closer than 1 / (8 100^2)
    assert rows[-1].error.hi < Fraction(1, 10**4) * table.of(FREE)[-1].error.lo
    (one,) = compare_rates("exp(x)", [1000], methods=[DEEP]).rows
    assert one.proved and one.parameters <= 1000 and one.upper < 1e-2
