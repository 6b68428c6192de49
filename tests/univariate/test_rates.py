"""Tables of errors against closed forms, and examples against their definitions in many digits."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from scipy.optimize import linprog

from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor
from relutheory.univariate.best_splines import best_spline
from relutheory.univariate.constructions import lipschitz_network, polynomial_network, square_network
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.examples import NAMED, named
from relutheory.univariate.fixed_width import parameter_count
from relutheory.univariate.hoelder import hoelder_constant
from relutheory.univariate.rates import (
    BITS,
    CHEBYSHEV,
    DEEP,
    EQUISPACED,
    FREE,
    METHODS,
    NARROW,
    RATIONAL,
    SHALLOW,
    as_enclosure,
    compare_rates,
    depth_for,
    shapes,
)
from relutheory.univariate.splines import spline_network
from relutheory.univariate.targets import as_target


def test_splines_of_a_square_are_enclosed():
    table = compare_rates("x**2", [20], methods=[FREE, EQUISPACED, SHALLOW])
    free, equispaced, shallow = table.rows
    assert free.parameters == 20 and free.proved
    assert free.error.lo >= Fraction(1, 800)  # no ten pieces are closer: 1 / (8 n^2)
    assert free.error.hi < Fraction(11, 8000)
    # the knots i/19 are rounded to float64
    assert float(equispaced.error.hi) == pytest.approx(1 / (4 * 19**2), rel=1e-12)
    assert shallow.parameters == 19 and shallow.error.lo >= Fraction(1, 8 * 6**2)


def test_what_is_float_is_marked():
    table = compare_rates("sqrt(x)", [15])
    rigor = {row.method: row.error.rigor for row in table.rows}
    assert rigor[CHEBYSHEV] is rigor[RATIONAL] is Rigor.SAMPLED
    assert all(rigor[name].proves for name in (FREE, EQUISPACED, SHALLOW, NARROW))
    assert DEEP not in rigor and BITS not in rigor  # the smallest by bit extraction has 1132 parameters
    lines = table.text().splitlines()
    assert any(line.startswith(CHEBYSHEV) and "~" in line for line in lines)
    assert not any(line.startswith(FREE) and "~" in line for line in lines)
    assert len(table.records()) == len(table.rows) == len(METHODS) - 2


def test_rows_keep_their_budget():
    for row in compare_rates("random-walk", [13, 41]).rows:
        assert row.parameters <= row.budget, row


def test_exponents():
    table = compare_rates("x**2", [16, 32, 64], methods=[FREE, EQUISPACED])
    assert table.exponent(FREE) == pytest.approx(-2, abs=0.1)
    assert table.exponent(EQUISPACED) == pytest.approx(-2, abs=0.1)


def test_takagi_is_met_exponentially_by_depth():
    deep = compare_rates("takagi", [100, 200], methods=[DEEP])
    assert [row.error.hi for row in deep.rows] == [Fraction(2, 3) / 2**8, Fraction(2, 3) / 2**16]
    assert deep.rows[0].parameters == parameter_count(3, 8)


def test_the_sawtooth_is_met_exactly():
    rows = compare_rates("sawtooth", [37, 200], methods=[DEEP, FREE]).rows
    assert [(row.method, row.budget, row.error.hi) for row in rows if row.error.hi == 0] == [
        (DEEP, 37, 0),
        (DEEP, 200, 0),
        (FREE, 200, 0),
    ]


def test_shapes_are_those_of_real_networks():
    for kinks, width, one_layer in shapes(300):
        knots = [Fraction(i, kinks + 1) for i in range(kinks + 2)]
        made = spline_network(CPwL(knots, [i % 2 for i in range(kinks + 2)]), width, one_layer=one_layer)
        assert made.parameters == parameter_count(width, depth_for(kinks, width, one_layer)) <= 300


@pytest.mark.parametrize("name", list(NAMED))
def test_examples_are_what_they_say(name):
    target = named(name)
    x = np.array([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.77, 1.0])
    y = target.floats(x)
    if target.stand_in is not None:
        off = np.abs(target.stand_in.evaluate(x) - y).max()
        assert off <= float(target.tail) + 1e-12
        assert name in ("sawtooth", "random-walk") or off > 0


def test_weierstrass_and_takagi_in_many_digits():
    with mpmath.workdps(40):
        x = mpmath.mpf("0.1")
        w = mpmath.nsum(lambda k: mpmath.cos(3 ** int(k) * mpmath.pi * x) / 2 ** int(k), [0, 90])
        at = Fraction(1, 10)
        takagi = sum((abs(at * 2**k - round(at * 2**k)) / Fraction(2) ** k for k in range(100)), Fraction(0))
    assert abs(named("weierstrass").stand_in(at) - Fraction(str(w))) <= named("weierstrass").tail
    assert abs(named("takagi").stand_in(at) - takagi) <= named("takagi").tail
    assert named("takagi").floats(np.array([0.1]))[0] == pytest.approx(float(takagi), abs=1e-6)


def test_the_walk_is_lipschitz():
    walk = named("random-walk").exact
    assert walk is not None and set(walk.slopes[1:-1]) == {1, -1}


def test_intervals_are_moved():
    target = as_target("x**3", -1, 3)
    assert target.floats(np.array([0.0, 0.5, 1.0])).tolist() == [-1.0, 1.0, 27.0]
    assert as_target(CPwL([0, 4], [0, 8]), 1, 3).stand_in("1/2") == 4
    assert as_target(([1, 2, 4], [0, 1, 0])).stand_in("1/3") == 1
    seen = as_target(np.sin).distance(CPwL([0], [0]))
    assert seen.rigor is Rigor.SAMPLED and float(seen.hi) == pytest.approx(np.sin(1))


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"f": "x", "budgets": []}, "must not be empty"),
        ({"f": "x", "budgets": [3]}, "budgets = 3: must be an integer from 4"),
        ({"f": "x", "budgets": [10], "methods": ["best"]}, "must be one of"),
        ({"f": "1/x", "budgets": [10]}, "must be finite"),
        ({"f": "x + y", "budgets": [10]}, "unknown name 'y'"),
        ({"f": "x", "budgets": [10], "lo": 1, "hi": 1}, "must be greater than lo"),
        ({"f": 3, "budgets": [10]}, "must be a formula"),
        ({"f": "sqrt(x - 1)", "budgets": [10]}, "must be finite"),
        ({"f": "takagi", "budgets": [10], "hi": 2}, "must be 0 and 1"),
        ({"f": ([0, 0], [1, 2]), "budgets": [10]}, "jump"),
    ],
)
def test_bad_input(arguments, rule):
    with pytest.raises(InputError, match=rule):
        compare_rates(**arguments)


def test_a_row_is_not_a_bool():
    with pytest.raises(TypeError):
        bool(compare_rates("x", [10], methods=[EQUISPACED]))


@pytest.mark.parametrize("steps", [2, 3, 6])
def test_bit_extraction_rows_are_those_of_real_networks(steps):
    f = CPwL([0, "1/3", "1/2", 1], [0, 1, "1/2", 2])  # slopes up to 3
    made = lipschitz_network(f, 3, steps)
    (row,) = compare_rates(f, [made.parameters], methods=[BITS]).rows
    assert row.parameters == made.parameters and f"depth {made.depth}," in row.detail
    assert made.error <= row.error.hi <= made.error * (1 + Fraction(1, 10**5)) and row.error.lo == 0
    (less,) = compare_rates(f, [made.parameters - 1], methods=[BITS]).rows or [None]
    assert less is None or less.parameters < made.parameters
    assert row.error.rigor is Rigor.ENCLOSED
    assert "depth 200" in compare_rates(f, [2000], methods=[BITS]).text()


@pytest.mark.parametrize("name", ["square-root", "two-sided-root", "takagi", "weierstrass", "random-walk", "sawtooth"])
def test_moduli_hold(name):
    target = named(name)
    M, alpha = map(float, hoelder_constant(target))
    rng = np.random.default_rng(1)
    x = rng.random(20_000)
    y = np.clip(x + rng.choice([-1, 1], x.size) * 2.0 ** rng.uniform(-30, 0, x.size), 0, 1)
    moved = np.abs(target.floats(x) - target.floats(y))
    assert (moved <= M * np.abs(x - y) ** alpha + 1e-12).all()


def test_slopes_of_expressions():
    M, alpha = hoelder_constant(as_target("sin(3*x)"))
    assert alpha == 1 and 3 <= M <= 3 * (1 + Fraction(1, 100))
    assert hoelder_constant(as_target("sqrt(x)")) is None and hoelder_constant(as_target(np.sin)) is None
    assert hoelder_constant(as_target("2")) == (0, 1)


def test_a_bound_is_not_called_exact():
    made = polynomial_network([0, -1, 0, 1], Fraction(1, 64))
    found = as_enclosure(made)
    true = CPwL.from_network(made.network).distance_to(sympy.Symbol("x") ** 3 - sympy.Symbol("x"))
    assert found.lo <= true.lo and true.hi <= found.hi
    assert found.rigor is Rigor.ENCLOSED and as_enclosure(square_network(3)).rigor is Rigor.EXACT


@pytest.mark.parametrize(
    ("f", "least"),
    [
        ("x**2", lambda n: Fraction(1, 8 * n**2)),
        ("sqrt(x)", lambda n: Fraction(1, 4 * n * (n + 1))),  # knots (i (i + 1) / (n (n + 1)))^2
    ],
)
@pytest.mark.parametrize("n", [1, 2, 9, pytest.param(150, marks=pytest.mark.slow)])
def test_the_best_splines_of_convex_functions_in_closed_form(f, least, n):
    best = best_spline(as_target(f), n)
    error = best.target.distance(best.spline)
    assert best.least_error <= least(n) <= error.hi
    assert error.hi <= best.least_error * (1 + Fraction(1, 10**5))


def test_one_row_says_how_close_others_are():
    (row,) = compare_rates("x**2", [20], methods=[FREE]).rows
    assert row.detail in [
        f"10 pieces; with 10 pieces none is closer than {least}" for least in ("0.00125", "0.00124999")
    ]


@pytest.mark.parametrize("f", ["sin(9*x)", "abs(x - 1/3)", "1 / (1 + 25*(2*x - 1)**2)", "random-walk"])
@pytest.mark.parametrize("n", [1, 4, pytest.param(11, marks=pytest.mark.slow)])
def test_no_spline_beats_the_lower_bound(f, n):
    best = best_spline(as_target(f), n)
    assert best.least_error <= best.target.distance(best.spline).hi
    # on few points a linear program knows the best function for given knots
    rng = np.random.default_rng(n)
    x = np.linspace(0, 1, 201)
    for _ in range(5):
        knots = np.sort(rng.random(n - 1))
        hats = np.column_stack([np.interp(x, [0, *knots, 1], row) for row in np.eye(n + 1)])
        one, y = np.ones((201, 1)), best.target.floats(x)
        A = np.vstack([np.hstack([hats, -one]), np.hstack([-hats, -one])])
        found = linprog([0] * (n + 1) + [1], A_ub=A, b_ub=np.concatenate([y, -y]), bounds=[(None, None)] * (n + 2))
        assert float(best.least_error) <= found.fun * 1.05 + 1e-3  # the 201 points do not see everything


def test_steps_and_poles_are_refused():
    x = sympy.Symbol("x")
    third = sympy.Rational(1, 3)
    step = sympy.Piecewise((x, x < third), (1 - x / 2, True))
    for f in (step, sympy.sign(x - third), sympy.floor(3 * x), "tan(3*x)", "1/(x - 0.3)", np.round):
        with pytest.raises(InputError, match=r"must be (continuous|finite)"):
            as_target(f)
    # steep, but continuous
    for f in ("abs(x - 1/3)**(1/10)", "tanh(1e20*(x - 0.3))", "sqrt(x)", "exp(-1e6*(x - 0.3337)**2)"):
        as_target(f)


def test_limits_that_floats_miss():
    target = as_target("x*log(x)")
    assert target.floats(np.array([0.0, 1.0])).tolist() == [0, 0] and target.enclosed(Fraction(0)) == (0, 0)


@pytest.mark.parametrize("f", ["1e400*x**2", "1e400*sqrt(x)"])
def test_numbers_beyond_floats_are_refused_in_one_line(f):
    with pytest.raises(InputError, match=r"^f = '1e400.*must have numbers within the range of float64$"):
        as_target(f)
