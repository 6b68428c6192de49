"""Theory of Gaussian layers: lines, finite counts and replica solutions, each against an unrelated route."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy import integrate, stats

from proofs_check import (
    gaussian_euler,
    gaussian_first_moment,
    gaussian_gordon,
    gaussian_line,
    gaussian_lower,
    gaussian_mesh,
    gaussian_planar,
    gaussian_union,
)
from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor
from relutheory.injectivity import decide_injectivity
from relutheory.injectivity.gaussian import (
    expected_collapsing_cells,
    expected_euler_characteristic,
    full_rsb,
    injective_probability,
    theory_lines,
    theory_table,
    threshold_line,
)
from relutheory.injectivity.gaussian.euler import euler_by_faces, signed_intrinsic_volumes
from relutheory.injectivity.gaussian.finite import half_space_probability, planar_depth_probability, union_bound
from relutheory.injectivity.gaussian.levels import functional, stencil, sweep
from relutheory.injectivity.gaussian.replica import almeida_thouless, one_step, replica_symmetric
from relutheory.injectivity.gaussian.roots import enclose_root
from relutheory.networks import ReLULayer
from relutheory.polyhedra import enumerate_regions

PROVED = ("lower", "union-stirling", "union-entropy", "first-moment", "gordon", "gordon-mesh", "euler")
QUOTED = {  # published or remembered numbers, cut off or rounded as they were
    "lower": "3.402816",
    "union-stirling": "10.536042",
    "union-entropy": "10.320717",
    "first-moment": "9.088607",
    "gordon": "7.6476949",
    "gordon-mesh": "23.539583",
    "at": "5.3237669",
    "1rsb": "6.715697",
    "frsb": "6.698",
}


# the lines -----------------------------------------------------------------------------------------------------------


def binary_entropy(v):
    return -(v * mpmath.log(v, 2) + (1 - v) * mpmath.log(1 - v, 2))


def mesh_gap(c):
    """c/2 - 1 less the inner minimum, found numerically."""

    def inner(t):
        return (2 / t) * (c * mpmath.log(2) * binary_entropy(1 / c) + mpmath.log((1 + 1 / mpmath.sqrt(1 - t)) / 2))

    return c / 2 - 1 - inner(mpmath.findroot(lambda t: mpmath.diff(inner, t), (0.92, 0.93), tol=1e-20))


OTHER_FORMS = {
    "lower": lambda c: c * mpmath.ncdf(-1 / mpmath.sqrt(c)) - 1,
    "union-stirling": lambda c: mpmath.log(mpmath.e**2 * c * (c - 1)) - (c - 1) * mpmath.log(2),
    "union-entropy": lambda c: c * binary_entropy(1 / c) + (c - 1) * (binary_entropy(1 / (c - 1)) - 1),
    "first-moment": lambda c: 2 * binary_entropy(1 / c) - 1,
    "gordon-mesh": mesh_gap,
}


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_lines_solve_the_equations_as_they_are_stated(name):
    with mpmath.workdps(30):
        root = mpmath.findroot(OTHER_FORMS[name], mpmath.mpf(QUOTED[name]))
        line = threshold_line(name, digits=20)
        assert abs(mpmath.mpf(line.decimal) - root) < mpmath.mpf(10) ** -19


def test_gordon_is_the_replica_symmetric_threshold():
    with mpmath.workdps(30):
        s = mpmath.findroot(lambda s: mpmath.erfc(s) - 0.5 + s * mpmath.exp(-(s**2)) / mpmath.sqrt(mpmath.pi), 0.8)
        assert abs(2 / mpmath.erfc(s) - mpmath.mpf(threshold_line("gordon", digits=25).decimal)) < 1e-24
        solution = replica_symmetric(threshold_line("gordon", digits=25).decimal, digits=20)
        assert abs(solution.energy.lo - 1) < 1e-19 and float(solution.chi.lo) == pytest.approx(float(s**2))


def test_the_euler_line_is_where_exact_integers_change_from_growth_to_decay():
    threshold = float(threshold_line("euler"))
    for c, sign in ((Fraction(33, 4), 1), (Fraction(17, 2), -1)):
        logs = [_log(expected_euler_characteristic(int(c * n), n)) for n in (60, 120, 240)]
        slopes = [(logs[1] - logs[0]) / 60, (logs[2] - logs[1]) / 120]
        limit = 2 * slopes[1] - slopes[0]  # the slopes have an error of order 1/n
        assert sign * limit > 0 and sign * (threshold - c) > 0
        derivative = limit / (threshold - float(c))  # both sides give the slope at the threshold
        assert derivative == pytest.approx(0.38, abs=0.02)


def _log(value: Fraction) -> float:
    return math.log(value.numerator) - math.log(value.denominator)


@pytest.mark.parametrize("name", QUOTED)
def test_lines_have_the_quoted_digits(name):
    places = len(QUOTED[name].split(".")[1])
    line = threshold_line(name, digits=8)
    assert abs(Fraction(line.decimal) - Fraction(QUOTED[name])) <= Fraction(2, 10**places)


@pytest.mark.parametrize("name", PROVED)
def test_proved_lines_have_any_number_of_digits(name):
    short, long = threshold_line(name, digits=5), threshold_line(name, digits=300)
    assert long.rigor is Rigor.ENCLOSED and long.digits == 300 and len(long.decimal.split(".")[1]) == 300
    assert long.interval.width <= Fraction(1, 10**303)
    assert short.interval.lo <= long.interval.lo and long.interval.hi <= short.interval.hi
    assert abs(Fraction(long.decimal) - long.interval.lo) <= Fraction(1, 10**300)


def test_estimates_do_not_claim_to_be_proved_nor_more_digits_than_they_have():
    for name, most in (("at", 30), ("1rsb", 30), ("frsb", 5)):
        line = threshold_line(name, digits=40)
        assert line.rigor is Rigor.FLOAT and not line.rigor.proves and line.digits <= most
    assert threshold_line("frsb", digits=40).digits >= 5


def test_lines_come_in_order_with_bounds_on_their_sides():
    lines = theory_lines(digits=6)
    assert list(lines) == sorted(lines, key=lambda name: float(lines[name]))
    assert set(lines) >= {*PROVED, "at", "1rsb", "frsb"}
    predicted = float(lines["frsb"])
    assert all(float(line) < predicted for line in lines.values() if line.kind == "lower bound")
    assert all(float(line) > predicted for line in lines.values() if line.kind == "upper bound")
    with pytest.raises(TypeError, match="not a bool"):
        bool(lines["gordon"].interval)


def test_the_table_is_json_and_its_intervals_contain_the_values():
    table = theory_table(8)
    assert json.loads(json.dumps(table)) == table
    for name, entry in table.items():
        low, high = entry["interval"]
        interval = threshold_line(name, digits=8).interval
        assert low <= interval.lo and interval.hi <= high and low <= entry["value"] <= high
        assert abs(float(entry["decimal"]) - entry["value"]) <= 10.0 ** -entry["digits"]
        assert entry["rigor"] in {"exact", "enclosed", "float"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: threshold_line("Gordon"), "name = 'Gordon': must be one of"),
        (lambda: threshold_line("gordon", digits=0), "digits = 0: must be an integer, at least 1"),
        (lambda: threshold_line("gordon", digits=10**6), "digits = 1000000: must be at most 1000"),
        (lambda: theory_table(2.5), "digits = 2.5: must be an integer"),
        (lambda: expected_collapsing_cells(-1, 2), "m = -1: must be an integer, at least 0"),
        (lambda: expected_collapsing_cells(4, 0), "n = 0: must be an integer, at least 1"),
        (lambda: expected_euler_characteristic(2, 3), "m = 2: must be an integer, at least 3"),
        (lambda: injective_probability(True, 1), "m = True: must be an integer"),
        (lambda: full_rsb(2), "alpha = 2: must be greater than 2"),
        (lambda: full_rsb("x"), "alpha = 'x': must be a rational number"),
        (lambda: full_rsb(k=0), "k = 0: must be an integer, at least 1"),
        (lambda: full_rsb(x_max=0.5), "x_max = 0.5: must be greater than x_min = 1.0"),
        (lambda: full_rsb(x_max=math.inf), r"x_max = inf: must be a number in \(0, 50\]"),
        (lambda: full_rsb(levels=[2, 1]), r"levels = \[2, 1\]: must be increasing"),
        (lambda: replica_symmetric(math.nan), "alpha = nan: must be a rational number"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_root_needs_a_change_of_sign():
    with pytest.raises(ArithmeticError, match="no change of sign"):
        enclose_root(lambda x: x * x + 1, 0, 1, Fraction(1, 10))
    with pytest.raises(ArithmeticError, match="not seen"):
        enclose_root(lambda x: x * 0, 0, 1, Fraction(1, 10))


# finite sizes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("m", "n"), [(4, 2), (6, 2), (6, 3), (7, 3), (6, 4)])
def test_the_expected_number_of_collapsing_cells_is_the_mean_over_all_signs(m, n):
    layer = ReLULayer(np.rint(100 * np.random.default_rng([m, n]).standard_normal((m, n))))
    patterns = np.concatenate([batch.bits(m) for batch in enumerate_regions(layer)]).astype(int)
    total = sum(int(((patterns ^ np.array(flip)).sum(axis=1) < n).sum()) for flip in product((0, 1), repeat=m))
    assert Fraction(total, 2**m) == expected_collapsing_cells(m, n)


@pytest.mark.parametrize("m", range(1, 12))
def test_the_planar_law_is_that_of_all_sign_sequences(m):
    least = []
    for steps in product((1, -1), repeat=m):
        walk = np.cumsum((steps.count(-1), *steps))[:-1]
        least.append(min(*walk, *(m - walk)))
    for r in range(m + 1):
        assert planar_depth_probability(m, r) == Fraction(sum(count <= r for count in least), 2**m)


def test_random_directions_and_decisions_agree_with_the_planar_law():
    rng = np.random.default_rng(5)
    m, samples = 7, 400
    injective = sum(
        decide_injectivity(ReLULayer(rng.standard_normal((m, 2)))).status.value == "injective" for _ in range(samples)
    )
    expected = injective_probability(m, 2)
    assert expected.rigor is Rigor.EXACT and expected.lo == 1 - Fraction(m * (m - 2), 2 ** (m - 1))
    assert stats.binomtest(injective, samples, float(expected.lo)).pvalue > 1e-3
    # counting more than n active rows where n are enough is a different law
    assert stats.binomtest(injective, samples, float(1 - planar_depth_probability(m, 2))).pvalue < 1e-9


def test_in_three_dimensions_decisions_stay_between_the_bounds():
    rng = np.random.default_rng(6)
    for m, samples in ((9, 200), (18, 200)):
        injective = sum(
            decide_injectivity(ReLULayer(rng.standard_normal((m, 3)))).status.value == "injective"
            for _ in range(samples)
        )
        interval = stats.binomtest(injective, samples).proportion_ci(0.999)
        known = injective_probability(m, 3)
        assert interval.high >= known.lo and interval.low <= known.hi


def test_probabilities_at_the_edge():
    assert injective_probability(0, 1).hi == injective_probability(1, 1).hi == injective_probability(7, 3).hi == 0
    assert injective_probability(2, 1).lo == Fraction(1, 2)
    assert [injective_probability(m, 2).lo for m in (3, 4, 5)] == [0, 0, Fraction(1, 16)]
    assert 0 < injective_probability(3000, 300).lo < injective_probability(3000, 300).hi < 1
    assert expected_collapsing_cells(0, 3) == 1 and half_space_probability(0, 2) == 1
    for n in range(1, 6):
        for m in range(3 * n - 1, 12 * n):
            assert half_space_probability(m, n) <= expected_collapsing_cells(m, n) <= union_bound(m, n)


def test_the_euler_characteristic_by_three_routes():
    for n in range(1, 7):
        for m in range(n, 16):
            single, faces = expected_euler_characteristic(m, n), euler_by_faces(m, n)
            assert single == faces == 2 * sum(signed_intrinsic_volumes(m, n)[m - n + 1 :: 2])
    assert expected_euler_characteristic(9, 1) == half_space_probability(9, 1)


def test_rows_active_at_the_adversarial_point():
    rng = np.random.default_rng(7)
    for c in (2.5, 5.0):
        n = 400
        W = rng.standard_normal((int(c * n), n))
        share = np.mean(W @ -W.sum(axis=0) >= 0) * c
        assert share == pytest.approx(c * stats.norm.cdf(-1 / math.sqrt(c)), abs=0.2)
        assert (share < 1) == (c < float(threshold_line("lower")))


# replica solutions ---------------------------------------------------------------------------------------------------


def gaussian_mean(function, points=()):
    """E function(g) by adaptive quadrature."""
    density = lambda g: function(g) * math.exp(-g * g / 2) / math.sqrt(2 * math.pi)  # noqa: E731
    return integrate.quad(density, -12, 12, points=[0.0, *points], epsabs=1e-10, epsrel=1e-10, limit=300)[0]


def test_the_unstable_point_solves_its_equations():
    found = almeida_thouless(10)
    alpha, beta, q = float(found.alpha), float(found.unknowns["beta"]), float(found.unknowns["q"])

    def free(b, overlap):
        a, x = 1 - math.exp(-b), overlap / (1 - overlap)
        mean = gaussian_mean(lambda g: math.log(1 - a * stats.norm.sf(-math.sqrt(x) * g)))
        return (x + math.log(1 - overlap)) / 2 + alpha * mean

    step = 1e-4
    assert (free(beta, q + step) - free(beta, q - step)) / (2 * step) == pytest.approx(0, abs=1e-6)
    assert (free(beta + step, q) - free(beta - step, q)) / (2 * step) == pytest.approx(-1, abs=1e-6)
    # instability: the second derivative of ln(1 - a H(-y)) along the field, squared and averaged
    a, x = 1 - math.exp(-beta), q / (1 - q)
    log = lambda y: math.log(1 - a * stats.norm.sf(y))  # noqa: E731
    second = lambda g: (log(y := math.sqrt(x) * g + 1e-3) - 2 * log(y - 1e-3) + log(y - 2e-3)) / 1e-6  # noqa: E731
    assert alpha * gaussian_mean(lambda g: second(g) ** 2) == pytest.approx(1, abs=1e-3)


def test_one_step_is_stationary_by_its_definition():
    found = one_step(10)
    alpha, (q, chi, c) = float(found.alpha), (float(found.unknowns[key]) for key in ("q", "chi", "c"))

    def value(q, chi, c):
        fields = np.arange(-8, 8.01, 0.125)  # the trapezoidal rule

        def inner(xi):
            s = math.sqrt(1 - q)
            kinks = [(edge - math.sqrt(q) * xi) / s for edge in (0.0, math.sqrt(2 * chi))]
            energy = lambda g: math.exp(-c * min(1, max(math.sqrt(q) * xi + s * g, 0) ** 2 / (2 * chi)))  # noqa: E731
            return math.log(gaussian_mean(energy, [k for k in kinks if abs(k) < 12]))

        mean = sum(0.125 * stats.norm.pdf(xi) * inner(xi) for xi in fields)
        total = chi + c * (1 - q)
        return -q / (2 * total) - math.log(total / chi) / (2 * c) - alpha / c * mean

    assert value(q, chi, c) == pytest.approx(1, abs=1e-8)
    for i, size in enumerate((1e-3, 1e-4, 1e-2)):
        ends = []
        for sign in (1, -1):
            point = [q, chi, c]
            point[i] += sign * size
            ends.append(value(*point))
        assert (ends[0] - ends[1]) / (2 * size) == pytest.approx(0, abs=2e-3 * max(1, 1e-3 / size))
    assert found.energy.str(9, radius=False) == "1.00000000"


def test_one_level_is_one_step():
    c = float(one_step(10).unknowns["c"])
    found = full_rsb(levels=[c], tolerance=1e-11)
    assert found.alpha == pytest.approx(float(one_step(10).alpha), abs=1e-9)
    assert found.counted == pytest.approx(1, abs=1e-8)
    assert all(full_rsb(levels=[other]).alpha > found.alpha for other in (c - 0.3, c + 0.3))


def test_a_level_near_zero_is_replica_symmetric():
    found = full_rsb(levels=[1e-5])
    assert found.alpha == pytest.approx(float(threshold_line("gordon")), abs=1e-4)
    assert found.chi == pytest.approx(float(replica_symmetric(Fraction(found.alpha)).chi.lo), abs=1e-4)


def test_what_is_no_solution_is_not_returned():
    with pytest.raises(ArithmeticError, match="solution"):
        full_rsb(levels=[50])
    with pytest.raises(ArithmeticError, match="solution"):
        full_rsb(1000, k=5)


def test_the_replica_symmetric_energy_is_a_stationary_value():
    alpha = 5.0
    chi = float(replica_symmetric(5).chi.lo)

    def value(u):
        return -1 / (2 * u) + alpha * gaussian_mean(lambda g: min(1, max(g, 0) ** 2 / (2 * u)), [math.sqrt(2 * u)])

    assert value(chi) == pytest.approx(float(replica_symmetric(5).energy.lo), abs=1e-10)
    assert (value(chi + 1e-4) - value(chi - 1e-4)) / 2e-4 == pytest.approx(0, abs=1e-7)


def test_two_levels_by_their_definition():
    x, q, chi = np.array([2.5, 6.0]), np.array([0.7, 0.93]), 0.03
    grid = np.arange(-40, 40, 0.004)

    def smoothed(values, sigma):
        z = np.arange(-math.ceil(9 * sigma / 0.004), math.ceil(9 * sigma / 0.004) + 1) * 0.004
        weights = np.exp(-(z**2) / (2 * sigma**2))
        padded = np.pad(values, len(z) // 2, mode="edge")
        return np.convolve(padded, weights / weights.sum(), mode="valid")

    f = -np.minimum(1, np.maximum(grid, 0) ** 2)
    for level, variance in ((6.0, 0.07 / 0.06), (2.5, 0.23 / 0.06)):
        f = np.log(smoothed(np.exp(level * f), math.sqrt(variance))) / level
    density = np.exp(-(grid**2) * 0.06 / (2 * 0.7)) * math.sqrt(0.06 / (2 * math.pi * 0.7))
    assert sweep(x, q, chi, 1001).free == pytest.approx(0.004 * float(density @ f), abs=1e-6)
    assert sweep(x, q, chi, 1001).free == pytest.approx(sweep(x, q, chi, 3001).free, abs=1e-11)


def test_the_solution_is_a_stationary_point_of_the_functional():
    found = full_rsb(6, k=3, x_min=2.0, x_max=12.0)

    def value(q, chi):
        return functional(found.x, q, chi, 6.0, sweep(found.x, q, chi, 2001).free)

    assert value(found.q, found.chi) == pytest.approx(found.energy, abs=1e-9)
    for i in range(3):
        step = 1e-3 * (1 - found.q[i]) * np.eye(3)[i]
        change = value(found.q + step, found.chi) - value(found.q - step, found.chi)
        assert abs(change) < 1e-8
    assert abs(value(found.q, 1.001 * found.chi) - value(found.q, 0.999 * found.chi)) < 1e-8


def test_more_levels_come_down_to_the_published_interval():
    thresholds = [full_rsb(k=k, x_min=2.0).alpha for k in (3, 5, 9)]
    assert thresholds == sorted(thresholds, reverse=True)
    line = threshold_line("frsb")
    assert thresholds[-1] - 1e-4 < line.interval.lo < line.interval.hi < thresholds[-1]
    assert line.interval.lo > 6.697929 and line.interval.hi < 6.698131  # 200 levels, by the authors
    thirty = full_rsb(k=30, x_min=0.01, linear=True, counting=True)
    assert thirty.alpha == pytest.approx(6.698, abs=5e-4) and thirty.counted == pytest.approx(1)


def test_symmetry_breaking_raises_the_energy():
    for alpha in ("2.5", "4", "8"):
        symmetric, one, many = replica_symmetric(alpha).energy, full_rsb(alpha, levels=[4.0]), full_rsb(alpha, k=8)
        assert float(symmetric.hi) < one.energy < many.energy
        assert many.counted == pytest.approx(many.energy, abs=2e-3)
        assert (np.diff(many.q) >= 0).all() and many.q[0] > 0 and many.q[-1] < 1


@pytest.mark.parametrize("steps", [0.02, 0.4, 1.2, 1.6, 7.0])
def test_stencils_have_the_moments_of_a_gaussian(steps):
    weights = stencil(steps)
    places = np.arange(len(weights))
    for power, moment in ((0, 1), (2, steps**2), (4, 3 * steps**4)):
        total = 2 * float((weights * places**power).sum()) - (float(weights[0]) if power == 0 else 0.0)
        assert total == pytest.approx(moment, rel=1e-8)


# the algebra ---------------------------------------------------------------------------------------------------------

PERTURBED = {
    "even indices": lambda: gaussian_euler.check(0),
    "n active rows": lambda: gaussian_first_moment.check(1),
    "codimension 2n": lambda: gaussian_gordon.check(2),
    "two active rows on the line": lambda: gaussian_line.check(2),
    "twice as many rows": lambda: gaussian_lower.check("2*c*n"),
    "u^2 for u^3": lambda: gaussian_mesh.check(sp.Integer(2)),
    "one rotation more": lambda: gaussian_planar.check(1),
    "three signs": lambda: gaussian_union.check(3),
}


@pytest.mark.parametrize("name", PERTURBED)
def test_a_perturbed_identity_fails(name):
    assert any(not step.ok for step in PERTURBED[name]())
