"""The gauge in 1/n against exact rational arithmetic, and what happens where it is wrong."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb

import mpmath
import pytest
from flint import arb, arb_mat, fmpq, fmpq_mat

from relutheory.deep_limit.balls import exact_end, working_precision
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.limits.expansion import Gauge, gauge, limit_by_gauge, numerator, recursion, remainder
from relutheory.deep_limit.limits.frozen import frozen_pattern, increment_sign, rational_family
from relutheory.deep_limit.limits.limits import deep_limit

SQUARES = DeepFamily.from_symbolic("I + A/n**2", constants={"A": [[1]]}, width=1)  # the limit is sinh(pi)/pi
COUPLED = DeepFamily.from_symbolic(
    "I + A/n**2 + B/(n*(2*n+1)*(n+3))",
    "c/(n+1)**2",
    constants={"A": [["1/2", -1], [2, "1/3"]], "B": [[1, 0], [-1, 1]], "c": [3, "-1/5"]},
)
BITS = 500


def made(family: DeepFamily, order: int) -> Gauge:
    rational = rational_family(family)
    assert rational is not None
    rec = recursion(rational, [True] * rational.m)
    assert rec is not None
    with working_precision(BITS):
        return gauge(rec, order)


def exact(matrix: arb_mat) -> fmpq_mat:
    """The middle of a matrix of balls."""
    values = [exact_end(v.mid()) for v in matrix.entries()]
    return fmpq_mat(matrix.nrows(), matrix.ncols(), [fmpq(v.numerator, v.denominator) for v in values])


def polynomial_at(Q: list[arb_mat], z: fmpq) -> fmpq_mat:
    total = exact(Q[-1])
    for coefficient in reversed(Q[:-1]):
        total = total * z + exact(coefficient)
    return total


def step(family: DeepFamily, k: int) -> fmpq_mat:
    """I + Pi(k) from the layer itself."""
    layer = family.layer(k)
    m = layer.m
    rows = [[*layer.weight.fmpq.tolist()[i], layer.bias.fmpq[i, 0]] for i in range(m)]
    return fmpq_mat([*rows, [fmpq(0)] * m + [fmpq(1)]])


def remainder_at(family: DeepFamily, made: Gauge, k: int) -> fmpq_mat:
    """R(1/k) by its definition, in rationals."""
    return polynomial_at(made.Q, fmpq(1, k)) * step(family, k) - polynomial_at(made.Q, fmpq(1, k - 1))


def size(matrix: fmpq_mat) -> Fraction:
    return max(abs(Fraction(int(v.p), int(v.q))) for v in matrix.entries())


@pytest.mark.parametrize("order", [1, 3, 6])
@pytest.mark.parametrize("k", [2, 5, 40])
def test_the_numerator_is_that_of_the_definition(order: int, k: int) -> None:
    found = made(COUPLED, order)
    z = fmpq(1, k)
    E = sum((e * z**j for j, e in enumerate(found.rec.E)), fmpq(0))
    rest = fmpq_mat(3, 3)  # T(1/k): what the first L terms of (1 - z)^-i leave
    for i, Q in enumerate(found.Q):
        terms = sum((fmpq(comb(i + l - 1, l)) * z**l for l in range(found.L)), fmpq(0)) if i else fmpq(1)
        rest = rest + exact(Q) * (z**i * ((1 - z) ** -i - terms))
    expected = (remainder_at(COUPLED, found, k) + rest) * E
    with working_precision(BITS):
        value = arb_mat(found.rec.size, found.rec.size)
        for coefficient in reversed(found.N):
            value = value * (arb(1) / k) + coefficient
        assert all(ball.contains(v) for ball, v in zip(value.entries(), expected.entries(), strict=True))
        assert max(float(v.rad()) for v in value.entries()) < 1e-100


@pytest.mark.parametrize("order", [1, 2, 5, 8])
def test_the_remainder_has_the_order_claimed_and_no_more(order: int) -> None:
    found = made(COUPLED, order)
    sizes = [size(remainder_at(COUPLED, found, k)) * Fraction(k) ** (order + 2) for k in (10**6, 10**7)]
    assert sizes[0] > 0
    assert abs(sizes[1] / sizes[0] - 1) < Fraction(1, 1000)


def test_the_bound_of_the_remainder_is_one() -> None:
    """The sum of |R(1/k)| v over 5000 exact terms stays below it, and is not far below."""
    found = made(SQUARES, 3)
    n, largest = 30, 4
    with working_precision(BITS):
        bound = remainder(found, n, [arb(largest), arb(1)])
    assert bound is not None
    total = sum(size(remainder_at(SQUARES, found, k)) for k in range(n + 1, n + 1000)) * largest
    assert Fraction(total) <= exact_end(bound[0]) <= 2 * total


def sinh_limit() -> arb:
    return arb.pi().sinh() / arb.pi()


def product_to(n: int) -> arb:
    x = arb(1)
    for k in range(1, n + 1):
        x *= 1 + arb(1) / k**2
    return x


@pytest.mark.parametrize("order", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("n", [40, 200])
def test_enclosures_hold_the_limit_and_are_not_much_wider_than_need_be(order: int, n: int) -> None:
    with working_precision(BITS):
        x = product_to(n)
        values = limit_by_gauge(made(SQUARES, order), n, [x], [arb(4)])
        assert values is not None
        assert values[0].contains(sinh_limit())
        off = abs(values[0].mid() - sinh_limit())
        assert values[0].rad() < 10 * off


def test_one_order_more_than_there_is_would_be_false() -> None:
    """Dropping the first coefficient that is not 0, z^(K+2): K + 1 claimed where K is true.  The enclosure misses."""
    with working_precision(BITS):
        for order in (4, 8):
            found = made(SQUARES, order)
            lowest = next(l for l, matrix in enumerate(found.N) if max(float(abs(v)) for v in matrix.entries()) > 1e-50)
            assert lowest == order + 2
            cut = [arb_mat(2, 2) if l == lowest else matrix for l, matrix in enumerate(found.N)]
            values = limit_by_gauge(replace(found, N=cut), 200, [product_to(200)], [arb(4)])
            assert values is not None
            assert not values[0].overlaps(sinh_limit())


def test_a_wrong_coefficient_widens_the_enclosure_and_does_not_falsify_it() -> None:
    with working_precision(BITS):
        good = made(SQUARES, 6)
        wrong = [Q * arb(fmpq(1001, 1000)).mid() if i == 1 else Q for i, Q in enumerate(good.Q)]
        wrong = [arb_mat(2, 2, [v.mid() for v in Q.entries()]) for Q in wrong]
        x = product_to(100)
        checked = limit_by_gauge(Gauge(good.rec, wrong, numerator(good.rec, wrong, good.L), good.L), 100, [x], [arb(4)])
        unchecked = limit_by_gauge(Gauge(good.rec, wrong, good.N, good.L), 100, [x], [arb(4)])
        right = limit_by_gauge(good, 100, [x], [arb(4)])
        assert checked is not None and unchecked is not None and right is not None
        assert checked[0].contains(sinh_limit())
        assert checked[0].rad() > 1000 * right[0].rad()
        assert not unchecked[0].overlaps(sinh_limit())


def test_no_gauge_for_entries_of_order_one_over_n() -> None:
    rational = rational_family(DeepFamily.from_symbolic("I + A/n", constants={"A": [[1]]}, width=1))
    assert rational is not None
    assert recursion(rational, [True]) is None


def test_too_shallow_for_a_bound() -> None:
    """The denominator n^2 - 150 n + 6000 is far from n^2 at n = 10."""
    family = DeepFamily.from_symbolic("I + I/(n**2 - 150*n + 6000)", constants={}, width=1)
    with working_precision(BITS):
        found = made(family, 4)
        assert limit_by_gauge(found, 10, [arb(1)], [arb(2)]) is None
        assert limit_by_gauge(found, 4000, [arb(1)], [arb(2)]) is not None
    reference = float(mpmath.nsum(lambda n: mpmath.log1p(1 / (n**2 - 150 * n + 6000)), [1, 5000])) + 1 / 5000
    found_limit = deep_limit(family, [1], "1e-20")
    assert found_limit.reached
    assert float(found_limit.lower[0]) == pytest.approx(float(mpmath.exp(reference)), rel=1e-5)


def pattern_of(family: DeepFamily, x: list, depth: int) -> list[tuple[bool, ...]]:
    """The bits of x_1, ..., x_depth, exactly."""
    point, bits = x, []
    for n in range(1, depth + 1):
        point = family.layer(n).forward_exact(point)
        bits.append(tuple(v > 0 for v in point))
    return bits


def test_patterns_called_frozen_do_not_change() -> None:
    for seed in range(12):
        values = [((seed * 7 + 3 * i) % 11 - 5) for i in range(12)]
        A = [[f"{v}/4" for v in values[3 * i : 3 * i + 3]] for i in range(3)]
        family = DeepFamily.from_symbolic("I + A/n**2", "c/n**2", constants={"A": A, "c": values[9:]})
        found = deep_limit(family, [1, Fraction(1, 2), 2], "1e-8")
        if found.pattern is None:
            continue
        bits = pattern_of(family, [1, Fraction(1, 2), 2], found.depth + 60)
        assert set(bits[found.depth :]) == {found.pattern}


def test_a_neuron_that_wakes_late_is_not_called_inactive() -> None:
    family = DeepFamily.from_symbolic("I", "(n - 50)/n**4", constants={}, width=1)
    rational = rational_family(family)
    assert rational is not None
    zero, box = [arb(0)], [arb(0).union(arb(1))]
    assert frozen_pattern(rational, 10, zero, box) is None
    assert increment_sign(rational.P[0], rational.b[0], [arb(0)], 10) is None
    assert increment_sign(rational.P[0], rational.b[0], [arb(0)], 51) == 1
    found = deep_limit(family, [0], "1e-15")
    reference = sum(Fraction(n - 50, n**4) for n in range(51, 4000)) + Fraction(1, 2 * 4000**2)
    assert found.pattern == (True,)
    assert float(found.lower[0]) == pytest.approx(float(reference), abs=1e-8)


def test_a_neuron_that_dies_late_is_not_called_active() -> None:
    """x_n = 1/600 - sum 1/n^2 from layer 100 on: positive for long, then 0 for ever."""
    family = DeepFamily.from_symbolic("I", "-c/n**2", constants={"c": [1]}, width=1, first=([[1]], [0]))
    start = sum(Fraction(1, n * n) for n in range(2, 400))
    found = deep_limit(family, [start], "1e-30")
    assert found.pattern == (False,)
    assert found.upper[0] == 0 and found.depth >= 400
    survives = deep_limit(family, [start + Fraction(1, 100)], "1e-30")
    assert survives.pattern == (True,)
    reference = mpmath.mpf(start.numerator) / start.denominator + mpmath.mpf(1) / 100 - (mpmath.zeta(2) - 1)
    assert float(survives.lower[0]) == pytest.approx(float(reference), rel=1e-9)


def test_a_neuron_that_tends_to_zero_from_above_is_active_for_ever() -> None:
    """A box that touches 0 does not matter where the own weight is positive and the rest of the row adds."""
    family = DeepFamily.from_symbolic(
        "[[1 - 1/n**2, 0], [1/n**2, 1]]", "[1/n**3, 0]", constants={}, width=2, first=([[1, 0], [0, 1]], [0, 0])
    )
    rational = rational_family(family)
    assert rational is not None
    wide = [arb(0).union(arb(5))] * 2
    assert frozen_pattern(rational, 3, [arb(1), arb(1)], wide) == [True, True]
    assert frozen_pattern(rational, 3, [arb(0), arb(1)], wide) is None  # it may wake: its bias is positive
    assert increment_sign(rational.P[0], rational.b[0], wide, 3) is None
