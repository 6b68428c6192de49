"""Enclosures of distances whose truth is known: near ties, singular places, what cannot be bounded."""

from __future__ import annotations

import itertools
from fractions import Fraction as F

import mpmath
import numpy as np
import pytest
import sympy
from flint import fmpq

from relutheory.core.errors import InputError
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.expressions import jets_of
from relutheory.univariate.polynomial_distances import sup_distance_to_polynomial
from relutheory.univariate.sup_search import Part, SupSearch

X = sympy.Symbol("x")
ZERO, LINE = CPwL.affine(0), CPwL.affine(1)
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


def test_heavisides_are_taken_at_their_word_or_not_at_all():
    half = sympy.Rational(1, 2)
    for value in (7, -1, X, sympy.nan, sympy.Float(1.5)):
        with pytest.raises(InputError, match="value at 0 is not a rational number from 0 to 1"):
            ZERO.distance_to(sympy.Heaviside(X - half, value))
    for value in (0, half, 1, sympy.Float(0.25)):
        assert 1 in ZERO.distance_to(sympy.Heaviside(X - half, value))


def test_functions_are_known_by_class_and_by_their_arguments():
    for name in ("exp", "log", "Abs", "Heaviside", "erf"):
        with pytest.raises(InputError, match=f"has a part {name} that is not known"):
            ZERO.distance_to(sympy.Function(name)(X))
    with pytest.raises(InputError, match="has a part log with 2 arguments"):
        ZERO.distance_to(sympy.log(X + 1, 2, evaluate=False))
    assert 1 in ZERO.distance_to(sympy.log(X + 1, 2))


def test_floats_are_the_numbers_that_they_are():
    assert ZERO.distance_to(X**0.5) == ZERO.distance_to(sympy.sqrt(X))
    assert F(1, 4) in LINE.distance_to(X**0.5)
    assert ZERO.distance_to(2.0 * X * sympy.log(2.0 * X)) == ZERO.distance_to(2 * X * sympy.log(2 * X))
    tenth = sympy.Float("0.1", 60)
    _, mantissa, exponent, _ = tenth._mpf_
    exact = int(mantissa) * F(2) ** int(exponent)
    assert abs(exact - F(1, 10)) < F(1, 10**50) and exact != F(1, 10)
    assert exact in ZERO.distance_to(tenth * X, bits=300) and F(1, 10) not in ZERO.distance_to(tenth * X, bits=300)
    assert ZERO.distance_to(X * 5e-324).hi == F(5e-324) and ZERO.distance_to(X * 1e300).lo == F(1e300)
    with pytest.raises(InputError, match="must not have exponents beyond"):
        ZERO.distance_to(X + sympy.Float(2) ** (10**12))


def test_waves_far_from_zero():
    start = 10**300
    found = ZERO.distance_to(sympy.sin(X), start, start + 1)
    with mpmath.workdps(400):
        peak = mpmath.ceil(mpmath.mpf(start) / mpmath.pi - mpmath.mpf(1) / 2) * mpmath.pi + mpmath.pi / 2 - start
        ends = max(abs(mpmath.sin(start)), abs(mpmath.sin(start + 1)))
        assert 0 < peak < 1
        assert ends < 1
    assert 1 in found and found.width <= F(1, 2**53)
    shorter = ZERO.distance_to(sympy.sin(X), start + F(9, 10), start + 1)
    with mpmath.workdps(400):
        assert peak < mpmath.mpf(9) / 10
        value = abs(mpmath.sin(start + mpmath.mpf(9) / 10))
        assert abs(value - mpmath.mpf(shorter.lo.numerator) / shorter.lo.denominator) < mpmath.mpf(2) ** -50


def search(expression, parts, bits=53, evaluations=100_000):
    """The enclosure, and how often the expression was evaluated."""
    node, calls = jets_of(expression), []

    def counted(x, order):
        calls.append(order)
        return node(x, order)

    bounds = SupSearch(counted).run(parts, bits, F(1), evaluations)
    return Enclosure(lo=bounds[0], hi=bounds[1], rigor=Rigor.ENCLOSED), len(calls)


def parts_of(f: CPwL):
    """The pieces of a function with f(0) = 0 on [0, 1]."""
    for (a, b), (u, v) in zip(itertools.pairwise(f.breakpoints), itertools.pairwise(f.values), strict=True):
        slope = (v - u) / (b - a)
        yield Part(*(fmpq(q.numerator, q.denominator) for q in (a, b, a, u, slope)))


def test_many_ties_at_jumps_are_not_all_looked_at():
    # the first terms of Takagi's function, written with floor; the same function with its kinks, exactly
    terms = 6
    half = sympy.Rational(1, 2)
    takagi = sum(sympy.Abs(2**k * X - sympy.floor(2**k * X + half)) / 2**k for k in range(terms))
    hat, power, exact = CPwL([0, F(1, 2), 1], [0, F(1, 2), 0]), LINE, CPwL.affine(0)
    teeth = CPwL([0, F(1, 2), 1], [0, 1, 0])
    for k in range(terms):
        exact = exact + hat.compose(power) / 2**k
        power = teeth.compose(power)
    found, calls = search(takagi, parts_of(CPwL([0, 1], [0, 0])))
    assert max(exact.values) in found
    assert found.width <= found.lo / 2**27
    assert calls < 5_000


def test_evaluations_are_counted():
    # no bound of 3000 bits is near with 500 evaluations
    wave, one = sympy.Max(sympy.sin(50 * X), 1 - sympy.Abs(X - LEFT)), CPwL([0, 1], [0, 0])
    for many in (one, CPwL([F(i, 300) for i in range(301)], np.zeros(301))):
        found, calls = search(wave, parts_of(many), bits=1000, evaluations=500)
        assert calls <= 500 + 5 * many.pieces + 12
        assert 1 in found


def test_smooth_pieces_are_seen_at_once():
    # chords of 1/(1 + x), at points that make their errors about the same
    pieces = 400
    x = [F(int(i), 2 * pieces - i) for i in range(pieces + 1)]
    f = CPwL(x, [-q / (1 + q) for q in x])
    found, calls = search(1 / (1 + X) - 1, parts_of(f), bits=20)
    middles = [(a + b) / 2 for a, b in itertools.pairwise(x)]
    assert max(abs(f(q) + q / (1 + q)) for q in middles) <= found.hi
    assert found.width <= found.lo / 2**20
    assert calls <= 2 * pieces
