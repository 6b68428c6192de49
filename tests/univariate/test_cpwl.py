"""Piecewise linear functions against their definition: the points to the left and right, and the line between."""

from __future__ import annotations

import itertools
import math
import pickle
from fractions import Fraction as F

import numpy as np
import pytest

from relutheory._kernels import piecewise
from relutheory.core.errors import InputError
from relutheory.univariate.cpwl import CPwL, maximum, minimum
from relutheory.univariate.rationals import Rationals, joined, union

# scales of the numbers: halves, thirds and sevenths; at the edge of 64 bits; far beyond
SCALES = (2, 21, 2**31 - 1, 2**61 - 1, 10**40)
HAT = CPwL([0, F(1, 2), 1], [0, 1, 0])


def reference(f: CPwL, x: F) -> F:
    """The value by definition."""
    points = list(zip(f.breakpoints, f.values, strict=True))
    if x <= points[0][0]:
        return points[0][1] + f.left_slope * (x - points[0][0])
    for (a, u), (b, v) in itertools.pairwise(points):
        if a <= x <= b:
            return u + (v - u) * (x - a) / (b - a)
    return points[-1][1] + f.right_slope * (x - points[-1][0])


def random_function(rng: np.random.Generator, scale: int) -> CPwL:
    """Up to seven breakpoints, some of them close together."""
    size = int(rng.integers(1, 8))
    base = [F(int(v), 4) for v in rng.integers(-8, 9, size)]
    points = sorted({b + F(int(rng.integers(0, 3)), scale) for b in base})
    values = [F(int(v), 3) + F(int(rng.integers(-1, 2)), scale) for v in rng.integers(-6, 7, len(points))]
    if rng.random() < 0.5:  # with stretches where the function is constant, some of them 0
        values = [values[i - i % 2] if rng.random() < 0.5 else F(0) for i in range(len(values))]
    slopes = [F(int(v), 2) for v in rng.integers(-2, 3, 2)]
    return CPwL(points, values, left_slope=slopes[0], right_slope=slopes[1])


def places(*functions: CPwL) -> list[F]:
    """All breakpoints, a point in every piece between, and points far out."""
    points = sorted({x for f in functions for x in f.breakpoints})
    middles = [a + (b - a) * F(3, 7) for a, b in itertools.pairwise(points)]
    return [points[0] - 100, points[0] - F(1, 3), *points, *middles, points[-1] + F(1, 3), points[-1] + 100]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("seed", range(4))
def test_operations_are_those_of_the_values(scale, seed):
    rng = np.random.default_rng([scale % 10**9, seed])
    f, g = random_function(rng, scale), random_function(rng, scale)
    found = {
        "sum": (f + g, lambda x: reference(f, x) + reference(g, x)),
        "difference": (f - g, lambda x: reference(f, x) - reference(g, x)),
        "multiple": (f * F(-3, scale), lambda x: F(-3, scale) * reference(f, x)),
        "shifted": (1 - f / 7, lambda x: 1 - reference(f, x) / 7),
        "maximum": (maximum(f, g), lambda x: max(reference(f, x), reference(g, x))),
        "minimum": (minimum(f, g), lambda x: min(reference(f, x), reference(g, x))),
        "positive": (f.positive_part(), lambda x: max(reference(f, x), F(0))),
        "composed": (f.compose(g), lambda x: reference(f, reference(g, x))),
        "simplified": (f.simplified(), lambda x: reference(f, x)),
        "sum of many": (sum([f, g, f]), lambda x: 2 * reference(f, x) + reference(g, x)),
    }
    for name, (made, expected) in found.items():
        assert all(a < b for a, b in zip(made.breakpoints, made.breakpoints[1:], strict=False)), name
        for x in places(f, g, made):
            assert reference(made, x) == expected(x), name
            assert made(x) == expected(x), name
        kept = made.simplified()
        assert all(a != b for a, b in zip(kept.slopes, kept.slopes[1:], strict=False)) or len(kept.breakpoints) == 1
        assert kept == made
    assert f.values_at(places(f, g)) == tuple(reference(f, x) for x in places(f, g))


@pytest.mark.parametrize("scale", SCALES)
def test_restriction_range_integral_and_monotone_pieces(scale):
    for seed in range(4):
        rng = np.random.default_rng([1, scale % 10**9, seed])
        f = random_function(rng, scale)
        lo, hi = F(-5, 3), F(7, 5) + F(1, scale)
        inside = sorted({lo, hi, *(x for x in f.breakpoints if lo < x < hi)})
        values = [reference(f, x) for x in inside]
        assert f.range(lo, hi) == (min(values), max(values))
        areas = [(b - a) * (reference(f, a) + reference(f, b)) / 2 for a, b in itertools.pairwise(inside)]
        assert f.integral(lo, hi) == sum(areas)
        part = f.restricted(lo, hi)
        assert (part.breakpoints[0], part.breakpoints[-1]) == (lo, hi)
        assert part(lo - 5) == values[0] and part(hi + 5) == values[-1]
        assert all(part(x) == reference(f, x) for x in places(f) if lo <= x <= hi)
        stretches = f.monotone_pieces(lo, hi)
        assert [s[0] for s in stretches[1:]] == [s[1] for s in stretches[:-1]]
        assert (stretches[0][0], stretches[-1][1]) == (lo, hi)
        for start, end, sign in stretches:
            steps = [reference(f, b) - reference(f, a) for a, b in itertools.pairwise(inside) if start <= a < end]
            assert all((d > 0) - (d < 0) == sign for d in steps)
            if sign:
                back = f.inverse(start, end)
                for x in (start, end, (start + end) / 2, *(x for x in inside if start <= x <= end)):
                    assert back(reference(f, x)) == x


def test_inverse_on_the_line():
    f = CPwL([0, 1], [5, 2], left_slope="-1/2", right_slope=-4)
    back = f.inverse()
    for x in (F(-10), F(0), F(1, 3), F(1), F(30)):
        assert back(f(x)) == x
    assert f.compose(back) == CPwL.affine(1)
    assert CPwL.affine(3, 1).inverse() == CPwL.affine(F(1, 3), F(-1, 3))


def test_powers_of_the_hat():
    # the published shape of the k-th power: 2^(k-1) teeth, k / 2^k to the values 0 and 1 in turn
    power = HAT
    for _ in range(11):
        power = HAT.compose(power)
    assert power.breakpoints == tuple(F(k, 2**12) for k in range(2**12 + 1))
    assert power.values == tuple(F(k % 2) for k in range(2**12 + 1))
    # composition is associative, and the order of 9 + 3 or 3 + 9 does not matter
    third = HAT.compose(HAT).compose(HAT)
    ninth = third.compose(third).compose(third)
    assert third.compose(ninth) == power == ninth.compose(third)


def test_composition_of_many_pieces_with_unrelated_denominators():
    rng = np.random.default_rng(3)
    k = 3000
    x = np.unique(rng.random(k))
    f, g = CPwL(x, rng.standard_normal(len(x))), CPwL(x, x * x)  # g increases: as many points as in both together
    made = f.compose(g)
    assert len(made.breakpoints) <= len(f.breakpoints) + len(g.breakpoints)
    for i in rng.integers(0, len(made.breakpoints) - 1, 20).tolist():
        for t in (F(0), F(1, 3)):
            x = made.breakpoints[i] * (1 - t) + made.breakpoints[i + 1] * t
            assert made(x) == reference(f, reference(g, x))


def test_equality_is_that_of_functions():
    assert CPwL([0, 1, 2], [0, 1, 2], left_slope=1) == CPwL([2], [2], left_slope=1)
    assert CPwL([5], [7]) == CPwL.affine(0, 7)
    assert CPwL([0], [0]) != CPwL([0], [0], right_slope=F(1, 10**30))
    assert HAT != "hat"
    assert np.float64(0.5) * HAT + np.int64(1) == HAT / 2 + 1 == np.int64(1) + sum([HAT, HAT]) / 4
    with pytest.raises(TypeError):
        hash(HAT)


def test_floats_are_the_fractions_they_are():
    f = CPwL([0.1, 0.3], [5e-324, 1e308])
    assert f.breakpoints == (F(0.1), F(0.3)) and f.values == (F(5e-324), F(1e308))
    assert f((F(0.1) + F(0.3)) / 2) == (F(5e-324) + F(1e308)) / 2
    assert f("1e-2000") == F(5e-324)
    assert pickle.loads(pickle.dumps(f)) == f


def test_evaluate_against_the_exact_values():
    rng = np.random.default_rng(5)
    for k in (1, 2, 5, 100):
        for power in (1, 9):  # evenly spread, and clustered at 0
            x = np.unique(rng.random(k) ** power)
            f = CPwL(x, rng.standard_normal(len(x)), left_slope=2, right_slope=-3)
            points = np.concatenate([rng.random(60) ** power, x, np.nextafter(x, 2), [-5.0, 7.0]])
            slope = max(abs(float(s)) for s in f.slopes)
            exactly = dict(zip(points.tolist(), f.values_at(points), strict=True))
            for order in (points, np.sort(points), np.sort(points)[::-1]):
                found = f.evaluate(order)
                for p, value in zip(order.tolist(), found.tolist(), strict=True):
                    exact = exactly[p]
                    # a rounding each of the point, the slope and the two operations
                    size = abs(float(exact)) + slope * abs(p) + 1
                    assert abs(value - float(exact)) <= 8 * 2.0**-53 * size


def test_evaluate_does_not_depend_on_the_other_points():
    rng = np.random.default_rng(8)
    for k in (1, 5, 300):
        x = np.unique(rng.random(k))
        f = CPwL(x, rng.standard_normal(len(x)), left_slope=1, right_slope=1)
        points = np.sort(rng.random(1000) * 1.2 - 0.1)
        nearly = points.copy()
        nearly[5::32] = rng.random(len(nearly[5::32]))  # in order but for one point of each block
        for p in (points, points[::-1], nearly, rng.permutation(points), x):
            assert f.evaluate(p).tolist() == [f.evaluate(v).item() for v in p]


def test_kernels_against_their_python():
    rng = np.random.default_rng(9)
    for k in (1, 3, 40):
        x = np.unique(rng.random(k) ** 5)
        table = CPwL(x, rng.standard_normal(len(x)))._table
        points = np.concatenate([rng.random(200) ** 5, x, [-1.0, 2.0, np.inf, -np.inf, np.nan]])
        for order in (points, np.sort(points), np.sort(points)[:-9], np.sort(points)[::-1]):
            found, expected = np.empty_like(order), np.empty_like(order)
            all_finite = piecewise.evaluate(order, *table, found)
            with np.errstate(all="ignore"):
                getattr(piecewise.evaluate, "py_func", piecewise.evaluate)(order, *table, expected)
            assert np.array_equal(found, expected, equal_nan=True)
            assert all_finite == bool(np.isfinite(found).all())
        start = np.empty_like(table.start)
        getattr(piecewise.fill_buckets, "py_func", piecewise.fill_buckets)(x, table.low, table.scale, start)
        assert np.array_equal(start, table.start)


def test_evaluate_agrees_with_interp():
    rng = np.random.default_rng(6)
    x, y = np.sort(rng.random(1000)), rng.standard_normal(1000)
    points = rng.random((40, 50)) * 1.2 - 0.1
    assert np.allclose(CPwL(x, y).evaluate(points), np.interp(points, x, y), rtol=1e-9, atol=1e-12)
    assert CPwL(x, y).evaluate(0.5).shape == () and CPwL(x, y).evaluate([]).shape == (0,)


def test_evaluate_beyond_the_range_of_floats():
    steep = CPwL([0, F(1, 10**300)], [0, 10**20])
    assert steep.evaluate([1e-301, 1.0]).tolist() == [float(F(1e-301) * 10**320), 1e20]
    far = CPwL([-(10**400), 10**400], [-(10**400), 10**400])
    assert far.evaluate([3.0, -7.5]).tolist() == [3.0, -7.5]
    high = CPwL([0, 1], [0, 10**400])
    assert high.evaluate([0.0, 1.0]).tolist() == [0.0, math.inf]
    close = CPwL([0, F(1, 10**30), F(2, 10**30), 1], [0, 1, 0, 0])
    assert close.evaluate([0.0, 1e-30, 0.5]).tolist() == pytest.approx([0.0, 1.0, 0.0], abs=1e-15)
    same = CPwL([1, 1 + F(1, 10**30), 2], [0, 1, 1])  # two breakpoints that are one float
    assert same.evaluate([0.5, 1.5]).tolist() == [0.0, 1.0]


def test_input_is_checked():
    with pytest.raises(InputError, match=r"breakpoints\[2\] = '1/2': must be greater than breakpoints\[1\] = 1"):
        CPwL([0, 1, F(1, 2)], [0, 0, 0])
    with pytest.raises(InputError, match=r"breakpoints\[1\] = '0': must not repeat breakpoints\[0\]$"):
        CPwL([0, 0], [1, 1])
    with pytest.raises(InputError, match="the values 1 and 2 there are a jump"):
        CPwL([0, 0], [1, 2])
    for bad in ([], ["x"], [math.nan], [True], 3, "12"):
        with pytest.raises(InputError, match="breakpoints"):
            CPwL(bad, [0])
    with pytest.raises(InputError, match="must be one for each"):
        CPwL([0], [1, 2])
    with pytest.raises(InputError, match="left_slope"):
        CPwL([0], [1], left_slope=math.inf)
    for call in (
        lambda: HAT.compose(3),
        lambda: HAT * HAT,
        lambda: HAT / 0,
        lambda: HAT(math.nan),
        lambda: HAT.evaluate([math.inf]),
        lambda: HAT.evaluate([math.nan]),
        lambda: HAT.evaluate(["a"]),
        lambda: HAT.restricted(1, 1),
        lambda: HAT.inverse(),
        lambda: HAT.inverse(0, 1),
        lambda: HAT.inverse(0),
        lambda: maximum(HAT, 0),
        lambda: HAT.values_at(3),
    ):
        with pytest.raises(InputError):
            call()


def test_numbers_of_any_size_are_named_in_one_line():
    huge, tiny = F(10) ** 6000, F(1, 10**6000)
    assert repr(CPwL([-huge, tiny], [0, 1])) == "CPwL(2 breakpoints from -1.00000e+6000 to 1.00000e-6000)"
    assert repr(CPwL(["1/3", 7], [0, 1])) == "CPwL(2 breakpoints from 0.333333 to 7)"
    for call in (
        lambda: CPwL([huge, 0], [0, 1]),
        lambda: CPwL([huge, huge], [0, 1]),
        lambda: CPwL([tiny, tiny], [huge, 1]),
        lambda: CPwL([1e300, -1e300], [0, 1]),
        lambda: HAT.restricted(huge, 0),
        lambda: HAT.compose(huge),
        lambda: HAT / CPwL([huge], [huge]),
        lambda: CPwL.from_network(CPwL([huge], [huge])),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


def test_only_sequences_have_an_order():
    for bad in (np.array(3.0), {2, 1}, {0: 1, 1: 2}, {0: 1}.keys(), b"12", None):
        with pytest.raises(InputError, match=r"breakpoints = .*: must be a sequence of numbers"):
            CPwL(bad, [0, 1])
        with pytest.raises(InputError, match=r"points = .*: must be a sequence of numbers"):
            HAT.values_at(bad)
    assert CPwL(range(3), (v for v in (1, 2, 5)))(F(3, 2)) == F(7, 2)
    with pytest.raises(InputError, match="slope"):
        CPwL.affine("a")
    with pytest.raises(InputError, match="offset"):
        CPwL.affine(1, math.nan)


def test_a_composition_that_would_fill_the_memory_is_refused():
    many = CPwL(np.arange(2**16), np.arange(2**16) % 2)
    with pytest.raises(InputError, match="must make at most"):
        CPwL(np.arange(1, 2**16) / 2**16, np.zeros(2**16 - 1)).compose(many)


def test_vectors_change_form_at_the_edge_of_64_bits():
    rng = np.random.default_rng(8)
    for bits in (20, 30, 31, 40, 60, 61, 62, 63, 200):
        numbers = [F(int(rng.integers(-9, 10)) * 2**bits + int(rng.integers(-3, 4)), int(d)) for d in (1, 3, 7, 2**20)]
        others = [F(int(rng.integers(1, 10)), 2 ** int(bits // 2)) * s for s in (1, -1, 5, -2)]
        a, b = Rationals.of(numbers), Rationals.of(others)
        assert (a + b).fractions() == tuple(x + y for x, y in zip(numbers, others, strict=True))
        assert (a - b).fractions() == tuple(x - y for x, y in zip(numbers, others, strict=True))
        assert (a * b).fractions() == tuple(x * y for x, y in zip(numbers, others, strict=True))
        assert (a / b).fractions() == tuple(x / y for x, y in zip(numbers, others, strict=True))
        assert (a * b * b / b / b).fractions() == tuple(numbers)
        assert a.total() == sum(numbers) and a.greatest() == max(numbers) and a.least() == min(numbers)
        assert a.signs().tolist() == [(x > 0) - (x < 0) for x in numbers]
        assert joined(a, b).fractions() == (*numbers, *others)
        assert a.floats().tolist() == [x.numerator / x.denominator for x in numbers]
        ordered = Rationals.of(sorted(numbers))
        assert ordered.below(a).tolist() == [sum(x <= y for x in numbers) for y in numbers]
        assert ordered.below(a, strictly=True).tolist() == [sum(x < y for x in numbers) for y in numbers]


def test_ranks_are_counts():
    rng = np.random.default_rng(10)
    for _ in range(30):
        base = sorted({F(int(v), 3) for v in rng.integers(-9, 10, int(rng.integers(1, 12)))})
        points = [F(int(v), int(d)) for v, d in zip(rng.integers(-30, 31, 14), rng.integers(1, 10, 14), strict=True)]
        for size in (1, F(10) ** 30, F(1, 10**30)):  # in 64 bits, and as flint's rationals
            a, b = [v * size for v in base], [v * size for v in (*points, *base)]
            numbers, sought = Rationals.of(a), Rationals.of(b)
            assert numbers.below(sought).tolist() == [sum(x <= y for x in a) for y in b]
            assert numbers.below(sought, strictly=True).tolist() == [sum(x < y for x in a) for y in b]
            assert union(numbers, Rationals.of(sorted(set(b)))).fractions() == tuple(sorted({*a, *b}))


def test_vectors_of_arrays():
    for array in (
        np.array([0.5, -0.75, 3.0]),
        np.array([1e300, 1e-300]),
        np.array([2.0**61, 2.0**62, 2.0**63]),
        np.array([2.0**-1074, 0.0]),
        np.array([0.1, 1e18]),
        np.zeros(3),
        np.array([2**62, -(2**63)], dtype=np.int64),
        np.array([1, 2, 3], dtype=np.int8),
        np.array([2**64 - 1], dtype=np.uint64),
        np.array([0.1, 0.2], dtype=np.float32),
    ):
        assert Rationals.of(array).fractions() == tuple(F(v) for v in array.tolist())
