"""approximate: the networks are run, and their errors seen on grids are never above what is proved."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy

from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor
from relutheory.univariate.approximate import approximate
from relutheory.univariate.candidates import EXACT, one_hidden_layer
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.formulas import read_formula
from relutheory.univariate.rates import DEEP
from relutheory.univariate.series import quadratic_network

WANTED = {
    "sqrt(x)": np.sqrt,
    "exp(-x**2)": lambda x: np.exp(-(x**2)),
    "abs(x - 1/3)": lambda x: abs(x - 1 / 3),
    "sin(5*x)": lambda x: np.sin(5 * x),
    "x**3 - x": lambda x: x**3 - x,
}


@pytest.mark.parametrize("f", list(WANTED))
@pytest.mark.parametrize("goal", [{"parameters": 60}, {"error": "1/200"}, {"parameters": 90, "width": 6}])
def test_the_error_is_what_is_seen(f, goal):
    result = approximate(f, **goal)
    x = np.linspace(0, 1, 2001)
    seen = np.abs(result.network.forward(x[:, None])[:, 0] - WANTED[f](x)).max()
    assert result.error.rigor.proves
    assert seen <= float(result.error.hi) * (1 + 1e-9) + 1e-12
    assert seen >= float(result.error.lo) * 0.8 - 1e-12
    assert result.parameters <= goal.get("parameters", 10**9)
    assert result.error.hi <= Fraction(goal.get("error", 10**9))
    assert "width" not in goal or result.width <= 6
    assert result.parameters == result.considered[0].parameters and result.reason


def test_another_interval():
    result = approximate("sin(x)", parameters=61, lo=-2, hi="7/2")
    x = np.linspace(-2, 3.5, 1001)
    seen = np.abs(result.network.forward(x[:, None])[:, 0] - np.sin(x)).max()
    assert 0.8 * float(result.error.lo) <= seen <= float(result.error.hi) * (1 + 1e-9)


def test_polynomials_of_degree_two_are_exact_in_the_middle():
    made = quadratic_network(3, -1, "1/7", 4)
    f = lambda x: 3 * x**2 - x + Fraction(1, 7)  # noqa: E731
    assert all(made(Fraction(i, 16)) == f(Fraction(i, 16)) for i in range(17))
    assert {abs(made(Fraction(i, 32)) - f(Fraction(i, 32))) for i in range(1, 32, 2)} == {made.error}
    result = approximate("2*x**2 - x", error="1e-30")
    assert result.construction == DEEP and result.error.hi <= Fraction("1e-30")
    assert abs(result.network.forward_exact(["1/3"])[0] + Fraction(1, 9)) <= result.error.hi


def test_piecewise_linear_functions_are_met():
    f = CPwL([0, "1/10", "1/5", 1], [0, 1, -1, 2])
    for width in (None, 4, 8):
        result = approximate(f, error="1e-100", width=width)
        assert result.construction == EXACT and result.error.hi == 0
        assert result.function == f.restricted(0, 1)
    assert CPwL.from_network(one_hidden_layer(f)) == f


@pytest.mark.parametrize("f", ["x", "2", "1e300*x - 1/7", "(x + 1)**2 - x**2"])
def test_formulas_that_are_lines_are_met(f):
    result = approximate(f, error="1e-300")
    assert result.construction == EXACT and result.error.hi == 0 and result.parameters == 4
    (value,) = result.network.forward_exact(["1/3"])
    assert value == {"x": Fraction(1, 3), "2": 2, "1e300*x - 1/7": Fraction(10**300, 3) - Fraction(1, 7)}.get(
        f, Fraction(5, 3)
    )


def test_steps_with_slope_zero_are_no_lines():
    x = sympy.Symbol("x")
    with pytest.raises(InputError, match="must be continuous"):
        approximate(sympy.Piecewise((0, x < sympy.Rational(1, 3)), (1, True)), parameters=9)


def test_of_equal_sizes_the_closer_one_is_first():
    result = approximate("exp(x)", error="1e400")
    assert result.parameters == 4 and result.error.hi < 1


def test_samples_and_callables():
    samples = approximate(([0, 1, 3, 4], [0.5, 2.0, -1.0, 0.25]), error="1/1000")
    assert samples.network.forward_exact([3]) == [-1] and samples.error.hi == 0
    seen = approximate(np.cos, parameters=40)
    assert seen.error.rigor is Rigor.SAMPLED and seen.error.hi < Fraction(1, 500)


def test_float_weights_are_measured_again():
    exact = approximate("sqrt(x)", parameters=100)
    rounded = approximate("sqrt(x)", parameters=100, float_weights=True)
    assert all(layer.weight.floats_exact and layer.bias.floats_exact for layer in rounded.network.layers)
    assert rounded.network.readout.weight.floats_exact and rounded.error.rigor.proves
    assert float(rounded.error.hi) == pytest.approx(float(exact.error.hi), rel=1e-6)
    assert rounded.error.hi != exact.error.hi


def test_analytic_functions_beyond_float64():
    x = sympy.Symbol("x", real=True)
    result = approximate(sympy.exp(x), error="1e-18")
    assert result.construction == DEEP and result.error.hi <= Fraction("1e-18")
    value = Fraction(str(sympy.exp(sympy.Rational(1, 3)).evalf(40)))
    assert abs(result.network.forward_exact(["1/3"])[0] - value) <= result.error.hi + Fraction("1e-38")


def test_formulas():
    x = sympy.Symbol("x", real=True)
    assert read_formula("2*sin(pi*x)^2 - 0.1") == 2 * sympy.sin(sympy.pi * x) ** 2 - sympy.Rational(1, 10)
    assert read_formula("-(x - e)/3 + 1e-3") == -(x - sympy.E) / 3 + sympy.Rational(1, 1000)


@pytest.mark.parametrize(
    "text",
    [
        "x.real",
        "__import__('os').system('true')",
        "[x]",
        "x if x else 1",
        "lambda: x",
        "open('a')",
        "sin(x, x)",
        "sin(*x)",
        "y",
        "x x",
        "",
        "1j*x",
        "True",
        "x**99999999",
        "x/0",
        "'x'",
        "x" * 3000,
        "(" * 300 + "x" + ")" * 300,
        "9**9**9**9",
    ],
)
def test_formulas_that_are_refused(text):
    with pytest.raises(InputError, match=r"^f = "):
        read_formula(text)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({}, "must be given, or parameters"),
        ({"error": 1, "parameters": 50}, "must be given, or parameters"),
        ({"error": 0}, "must be positive"),
        ({"error": float("nan")}, "must be finite"),
        ({"parameters": 3}, "must be an integer from 4"),
        ({"parameters": 50, "width": 3}, "width = 3: must be an integer from 4"),
        ({"parameters": 10, "width": 8}, "must be at least 25"),
        ({"error": "1e-15", "float_weights": True}, "the rational route"),
        ({"parameters": 50, "lo": 1, "hi": 0}, "must be greater than lo"),
    ],
)
def test_bad_input(arguments, rule):
    with pytest.raises(InputError, match=rule):
        approximate("sqrt(x)", **arguments)


def test_a_goal_out_of_reach_is_an_error():
    with pytest.raises(InputError, match="is not reached"):
        approximate("sqrt(x)", error="1e-20")


def test_a_bound_is_reported_as_a_bound():
    result = approximate("x**3 - x", error="1/50000")
    assert result.considered[0].construction == DEEP or any(c.construction == DEEP for c in result.considered)
    made = next(c for c in result.considered if c.construction == DEEP)
    x = np.linspace(0, 1, 5001)
    seen = np.abs(made.make().forward(x[:, None])[:, 0] - (x**3 - x)).max()
    assert float(made.error.lo) <= seen + 1e-9 and made.error.rigor is Rigor.ENCLOSED


def test_a_function_that_no_ball_encloses_sharply_is_given_up():
    x = sympy.Symbol("x")
    saw = sum(sympy.Abs(2**k * x - sympy.floor(2**k * x + sympy.Rational(1, 2))) / 2**k for k in range(2))
    with pytest.raises(InputError, match="is not reached"):
        approximate(saw, error="1/1000")
