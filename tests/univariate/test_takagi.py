"""Self-similar series: against sums by hand and published values."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.univariate.constructions import takagi_network
from relutheory.univariate.cpwl import CPwL

# Takagi's function at rational points: 2/3 is the maximum; the others by the periods of their binary digits
TAKAGI = {"0": "0", "1/2": "1/2", "1/3": "2/3", "1/4": "1/2", "1/5": "8/15", "1/7": "22/49", "3/8": "5/8"}


def nearest(x: Fraction) -> Fraction:
    return abs(x - round(x))


@pytest.mark.parametrize("x", TAKAGI)
def test_takagi_at_rational_points(x: str) -> None:
    for n in (1, 5, 60):
        made = takagi_network(n)
        off = Fraction(TAKAGI[x]) - made(x)
        assert 0 <= off <= made.error == Fraction(2, 3) / 2**n


def test_partial_sums_are_sums_of_distances() -> None:
    made = takagi_network(9)
    for i in range(0, 1000, 13):
        x = Fraction(i, 999)
        assert made(x) == sum(nearest(2**k * x) / 2**k for k in range(9))


def test_t_of_one_quarter_is_a_parabola() -> None:
    made = takagi_network(6, "1/4")
    x = Fraction(1, 2) + Fraction(1, 128)
    assert x * (1 - x) - made(x) == made.error == Fraction(1, 4**7)


def by_hand(n: int, t: Fraction, g: CPwL, psi: CPwL, x: Fraction) -> Fraction:
    total = Fraction(0)
    for k in range(1, n + 1):
        x = psi(x)
        total += t**k * g(x)
    return total


SKEW = CPwL([0, "1/3", "3/4", 1], [1, 0, 1, "1/5"])
WAVE = CPwL([0, "1/5", "2/5", "4/5", 1], [-1, 2, 0, 3, -2])


@pytest.mark.parametrize("t", ["3/4", "-2/3", "0", "1/100"])
@pytest.mark.parametrize(("g", "psi"), [(None, SKEW), (WAVE, None), (WAVE, SKEW), (WAVE, CPwL([0], ["1/5"]))])
def test_other_functions(t: str, g: CPwL | None, psi: CPwL | None) -> None:
    n, ratio = 5, Fraction(t)
    made = takagi_network(n, t, g, psi)
    hat, line = CPwL([0, "1/2", 1], [0, 1, 0]), CPwL([0, 1], [0, 1])
    for i in range(0, 61, 7):
        x = Fraction(i, 60)
        assert made(x) == by_hand(n, ratio, g or line, psi or hat, x)
        assert abs(by_hand(12, ratio, g or line, psi or hat, x) - made(x)) <= made.error
    assert made.depth == (n + 1 if g is WAVE else n)
    assert made.error_kind == ("exact" if ratio == 0 else "upper bound")


def test_what_lies_outside_the_unit_interval_does_not_count() -> None:
    beyond = CPwL([-2, 0, 1, 5], [9, 0, 1, -7])
    assert takagi_network(3, "1/3", beyond)("2/7") == takagi_network(3, "1/3")("2/7")


def test_float_and_exact_agree() -> None:
    made = takagi_network(30)
    x = np.linspace(0, 1, 101)
    assert np.allclose(made.network.forward(x[:, None])[:, 0], [float(made(v)) for v in x.tolist()], atol=1e-7)


@pytest.mark.parametrize(
    "call",
    [
        lambda: takagi_network(0),
        lambda: takagi_network(10**5),
        lambda: takagi_network(np.array([1, 2])),  # type: ignore[arg-type]
        lambda: takagi_network(2, 1),
        lambda: takagi_network(2, -1.5),
        lambda: takagi_network(2, psi=CPwL([0, 1], [0, "3/2"])),
        lambda: takagi_network(2, g=abs),
    ],
)
def test_bad_input(call: object) -> None:
    with pytest.raises(InputError) as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
