"""Hoelder functions by bit extraction: exact distances, the ramps, the rate, and where floats give out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from relutheory.core.errors import InputError
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.constructions import lipschitz_network
from relutheory.univariate.cpwl import CPwL

X = sp.Symbol("x")
ZIGZAG = CPwL([0, "1/5", "1/2", "8/15", 1], [0, "1/5", "-1/10", "-2/15", "1/3"])


@pytest.mark.parametrize(("blocks", "steps"), [(1, 1), (1, 4), (2, 1), (2, 3), (3, 2), (4, 4)])
def test_the_distance_is_within_the_bound_everywhere(blocks: int, steps: int) -> None:
    made = lipschitz_network(ZIGZAG, 1, steps, blocks)
    assert made.error == Fraction(1, blocks * steps)
    assert made.function.sup_distance(ZIGZAG, 0, 1) <= made.error


@pytest.mark.parametrize(("blocks", "steps"), [(7, 3), (8, 8), (30, 10), (5, 40)])
def test_values_off_the_ramps_are_those_of_the_rounded_walk(blocks: int, steps: int) -> None:
    made, count = lipschitz_network(ZIGZAG, 1, steps, blocks), blocks * steps
    q = Fraction(1, count)
    rounded = [q * (ZIGZAG(Fraction(i, count)) // q) + q / 2 for i in range(count + 1)]
    for i in range(0, count, max(1, count // 40)):
        for part in (Fraction(0), Fraction(1, 3)):
            assert made(Fraction(i, count) + part * q) == (1 - part) * rounded[i] + part * rounded[i + 1]
    assert made(1) == rounded[-1]


def test_upon_the_ramps() -> None:
    made = lipschitz_network(ZIGZAG, 1, 6, 8)
    for i in range(1, 8):
        for e in range(6, 16):
            for s in (-1, -3, -5, 1):
                x = Fraction(i, 8) + Fraction(s, 3 * 2**e)
                assert abs(made(x) - ZIGZAG(x)) <= made.error


def test_width_and_depth() -> None:
    made = lipschitz_network(ZIGZAG, 1, 10, 35)
    # 7 layers find the block among 35 <= 2^6; 2 * 34 kinks, 7 in a layer; 10 digits, and two layers to end
    assert (made.width, made.depth) == (13, 7 + 10 + 10 + 2)
    assert made.parameters == 13 * 14 * 29 - 12**2 + 2


def test_the_rate_in_the_depth_is_two() -> None:
    made = [lipschitz_network(ZIGZAG, 1, m) for m in (8, 32, 128)]
    products = [network.error * network.depth**2 for network in made]
    assert max(products) < 3
    assert made[2].error < made[0].error / 200 and made[2].depth < 12 * made[0].depth


@pytest.mark.parametrize(
    ("f", "constant", "alpha"),
    [
        (sp.sqrt(X), 1, Fraction(1, 2)),
        (sp.sin(3 * X), 3, 1),
        (sp.Abs(X - sp.Rational(1, 3)) ** sp.Rational(1, 4), 1, Fraction(1, 4)),
        (sp.Max(X, 1 - X) / 7, Fraction(1, 7), 1),
    ],
)
def test_sympy_functions(f: sp.Expr, constant: Fraction, alpha: Fraction) -> None:
    made = lipschitz_network(f, constant, 6, alpha=alpha)
    h = 1 / (21 * 6)
    assert float(made.error) == pytest.approx(
        float(constant) * h ** float(alpha) * (0.5 + 2 ** -float(alpha)), rel=1e-5
    )
    for i in range(0, 101, 9):
        value = f.subs(X, sp.Rational(i, 100)).evalf(30)
        assert abs(sp.Rational(str(made(Fraction(i, 100)))) - value) <= sp.Rational(str(made.error))


def test_callables_of_fractions_and_enclosures() -> None:
    def enclosed(x: Fraction) -> Enclosure:
        return Enclosure(lo=x - Fraction(1, 10**9), hi=x + Fraction(1, 10**9), rigor=Rigor.ENCLOSED)

    exact, rough = lipschitz_network(lambda x: x, 1, 3, 3), lipschitz_network(enclosed, 1, 3, 3)
    assert exact.error < rough.error < exact.error + Fraction(3, 10**9)
    assert abs(rough("1/7") - Fraction(1, 7)) <= rough.error
    assert lipschitz_network(lambda x: float(x) / 2, 1, 3, 3)(0) == Fraction(1, 18)


def test_weights_grow_by_the_bits_of_the_steps_and_floats_give_out() -> None:
    x = np.arange(1, 60) / 60
    exact_values, bits, off = {}, {}, {}
    for m in (6, 14, 20, 48):
        made = lipschitz_network(ZIGZAG, 1, m, 6)
        bits[m] = made.weight_bits
        exact_values[m] = np.array([float(made(v)) for v in x.tolist()])
        off[m] = np.abs(made.network.forward(x[:, None])[:, 0] - exact_values[m]).max()
    assert max(off[6], off[14]) < 1e-6
    # 9^20 has 64 bits: float64 loses the digits, and errs by more than is proved for rationals
    assert min(off[20], off[48]) > 1 / (6 * 20)
    assert 1.4 * 28 < bits[48] - bits[20] < 2 * 28
    assert max(made.bits_per_layer) == made.weight_bits and len(made.bits_per_layer) == made.depth + 1


def test_a_constant_and_a_function_that_uses_its_constant_up() -> None:
    assert lipschitz_network(CPwL([0], [5]), 1, 2, 2)("1/3") - 5 <= Fraction(1, 4)
    steep = lipschitz_network(CPwL([0, 1], [0, "1000000"]), 10**6, 4, 4)
    assert steep.function.sup_distance(CPwL([0, 1], [0, "1000000"]), 0, 1) <= steep.error


@pytest.mark.parametrize("alpha", [Fraction(1, 1000), Fraction(1, 2**30)])
def test_a_small_exponent(alpha: Fraction) -> None:
    made = lipschitz_network(CPwL([0, 1], [0, 1]), 1, 2, 2, alpha=alpha)
    assert 1 < made.error < 1.51
    points = [Fraction(i, 4) for i in range(5)] + [Fraction(1, 2) - Fraction(1, 2**k) for k in (5, 9, 14, 70)]
    assert max(abs(made(x) - x) for x in points) <= made.error


def test_too_many_pieces_are_refused_at_once_and_single_values_are_not() -> None:
    made = lipschitz_network(ZIGZAG, 1, 40)
    with pytest.raises(InputError, match=r"neurons have about [\d.]+e\+\d+ kinks, .* single points") as caught:
        _ = made.function
    assert "\n" not in str(caught.value)
    assert abs(made("1/3") - ZIGZAG(Fraction(1, 3))) <= made.error
    # codes that do not change have nothing to run through
    assert lipschitz_network(CPwL.affine(0, 5), 1, 40, 3).function.range() == (5 + Fraction(1, 240),) * 2


@pytest.mark.parametrize(("blocks", "steps"), [(4, 2), (5, 3), (3, 4)])
def test_about_as_many_kinks_are_hidden_as_is_said(blocks: int, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from relutheory.univariate import from_network

    seen = []
    with_zeros = from_network._with_zeros
    monkeypatch.setattr(from_network, "_with_zeros", lambda x, v: (seen.append(len(x)), with_zeros(x, v))[1])
    made = lipschitz_network(ZIGZAG, 1, steps, blocks)
    assert made.function.pieces < max(seen)
    assert max(seen) / 4 < made.hidden_kinks < 4 * max(seen)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: lipschitz_network(ZIGZAG, "1/2", 4), "must bound f"),
        (lambda: lipschitz_network(ZIGZAG, 0, 4), "constant = 0"),
        (lambda: lipschitz_network(ZIGZAG, 1, 0), "steps = 0"),
        (lambda: lipschitz_network(ZIGZAG, 1, 10**4), "steps = 10000: makes 350000000 values"),
        (lambda: lipschitz_network(ZIGZAG, 1, 2, alpha=5e-324), "alpha = 5e-324"),
        (lambda: lipschitz_network(ZIGZAG, 1, np.array([1, 2])), "steps = .* must be an integer"),
        (lambda: lipschitz_network(ZIGZAG, 1, 2, alpha=2), "alpha = 2"),
        (lambda: lipschitz_network(lambda x: float("nan"), 1, 2), "must be a finite"),
        (lambda: lipschitz_network(lambda x: "one", 1, 2), "decimal|finite number"),
        (lambda: lipschitz_network(sp.log(X), 1, 2), "finite real number"),
        (lambda: lipschitz_network([1, 2], 1, 2), "must be a CPwL"),
    ],
)
def test_bad_input(call: object, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
