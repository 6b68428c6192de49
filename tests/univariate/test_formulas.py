"""Formulas that would be long to work out, and those that are no real number."""

from __future__ import annotations

import pytest
import sympy

from relutheory.core.errors import InputError
from relutheory.univariate.formulas import read_formula

REFUSED = {
    "((2**1000)**1000)**1000": "must not have numbers of over",
    "1e99999": "must not have numbers of over",
    "10**900*10**900*10**900*10**900*10**900": "must not have numbers of over",
    "x**exp(exp(exp(1000)))": "must not have exponents",
    "x**(1000+sin(1)**2+cos(1)**2-1)": "must not have exponents",  # 1000, but nobody can tell
    "x**1000**1000": "must not have exponents",
    "x**(0*log(0))": r"must be real and finite, and 'log\(0\)' is not",
    "0**-1": "must be real and finite",
    "tan(pi/2)": "must be real and finite",
    "x + sqrt(-2)": r"must be real and finite, and 'sqrt\(-2\)' is not",
    "x/(1 - 1)": "must not divide by 0",
    "x*(-8)**(1/3)": "must be real and finite",
    "x*log(1 - pi)": "must be real and finite",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_in_one_line(text):
    with pytest.raises(InputError, match=REFUSED[text]) as caught:
        read_formula(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_numbers_up_to_the_limits():
    x = sympy.Symbol("x", real=True)
    assert read_formula("10**1000*10**1000") == 10**2000
    assert read_formula("x**1000 + 1e300") == x**1000 + 10**300
    assert read_formula("x**(pi - 1/3)") == x ** (sympy.pi - sympy.Rational(1, 3))
    assert read_formula("exp(exp(exp(1000)))/2") == sympy.exp(sympy.exp(sympy.exp(1000))) / 2


def test_numbers_that_nobody_could_write_out():
    # asking sympy whether such a number is real fills the memory, or fails, as chance has it
    for text in ("exp(exp(exp(20)))/2", "exp(exp(exp(1000)))/2 + exp(exp(exp(1000)))", "sin(exp(exp(exp(20))))"):
        assert read_formula(text).is_number
