"""Exact feasibility, compared with Fourier-Motzkin elimination and checked in plain Fractions."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from relutheory.core import lp
from relutheory.core.errors import InputError
from relutheory.core.lp import SystemAnswer, solve_system

Rows = list[tuple[list[Any], Any]]


@pytest.fixture(params=["exact", "floats first", "default"])
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test on each of the two routes, whatever the size of its systems, and as shipped."""
    if request.param != "default":
        monkeypatch.setattr(lp, "_EXACT_SIZE", 10**9 if request.param == "exact" else 0)


def dot(a: list[Fraction], x: list[Fraction] | tuple[Fraction, ...]) -> Fraction:
    return sum((Fraction(p) * q for p, q in zip(a, x, strict=True)), Fraction(0))


def proves(strict: Rows, weak: Rows, n: int, answer: SystemAnswer) -> bool:
    """Whether the answer is right, by its definition."""
    if answer.point is not None:
        x = answer.point
        assert len(x) == n
        return all(dot(a, x) < c for a, c in strict) and all(dot(a, x) <= c for a, c in weak)
    assert (len(answer.lam), len(answer.mu)) == (len(strict), len(weak))
    both = [*zip(answer.lam, strict, strict=True), *zip(answer.mu, weak, strict=True)]
    columns = [sum(u * a[k] for u, (a, _) in both) for k in range(n)]
    total = sum(u * c for u, (_, c) in both)
    nonnegative = all(u >= 0 for u, _ in both)
    return nonnegative and not any(columns) and (total < 0 or (total == 0 and sum(answer.lam) > 0))


def eliminated(strict: Rows, weak: Rows, n: int) -> bool:
    """Whether the system has a solution, by Fourier-Motzkin elimination."""
    rows: set[Any] = {(*map(Fraction, a), Fraction(c), True) for a, c in strict}
    rows |= {(*map(Fraction, a), Fraction(c), False) for a, c in weak}
    for k in range(n):
        upper, lower = [r for r in rows if r[k] > 0], [r for r in rows if r[k] < 0]
        rows = {r for r in rows if r[k] == 0}
        for p in upper:
            for q in lower:
                mixed = [u / p[k] - v / q[k] for u, v in zip(p[:-1], q[:-1], strict=True)]
                rows.add((*mixed, p[-1] or q[-1]))
    return all(r[-2] > 0 or (r[-2] == 0 and not r[-1]) for r in rows)


def integers(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(-2, 2))


def floats(rng: random.Random) -> Fraction:
    return Fraction(rng.gauss(0, 1))


def drawn(rng: random.Random, m: int, n: int, number: Callable[[random.Random], Fraction]) -> Rows:
    return [([number(rng) for _ in range(n)], number(rng) * rng.choice([0, 1])) for _ in range(m)]


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("number", [integers, floats])
def test_the_answer_is_right_and_elimination_agrees(number: Callable[[random.Random], Fraction]) -> None:
    rng = random.Random(3)
    outcomes = set()
    for _ in range(60):
        n, m = rng.randint(1, 3), rng.randint(0, 5)
        rows = drawn(rng, m, n, number)
        cut = rng.randint(0, m)
        answer = solve_system(rows[:cut], rows[cut:], n)
        assert proves(rows[:cut], rows[cut:], n, answer)
        assert answer.feasible == eliminated(rows[:cut], rows[cut:], n)
        outcomes.add(answer.feasible)
    assert outcomes == {True, False}


@pytest.mark.usefixtures("route")
def test_equal_sides_are_told_from_strict_ones() -> None:
    line: Rows = [([1, 1], 2), ([-1, -1], -2)]
    assert solve_system([], line, 2).feasible
    for cut in (1, 2):
        answer = solve_system(line[:cut], line[cut:], 2)
        assert not answer.feasible
        assert proves(line[:cut], line[cut:], 2, answer)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize(
    ("strict", "weak", "feasible"),
    [
        ([], [], True),
        ([([0], 1)], [], True),
        ([([0], 0)], [], False),
        ([], [([0], 0)], True),
        ([], [([0], -1)], False),
        ([([0], 0)], [([1], 5)], False),
        ([([1], 0)], [([0], 0)], True),
        ([([1], 0), ([1], 0)], [([-1], 0)], False),
    ],
)
def test_zero_rows_and_empty_systems(strict: Rows, weak: Rows, feasible: bool) -> None:
    answer = solve_system(strict, weak, 1)
    assert answer.feasible == feasible
    assert proves(strict, weak, 1, answer)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("scale", [Fraction(1e300), Fraction(1e-300), Fraction(5e-324), Fraction(1)])
def test_any_scale(scale: Fraction) -> None:
    rng = random.Random(5)
    for _ in range(20):
        rows = [([v * scale for v in a], c * scale) for a, c in drawn(rng, 6, 2, integers)]
        mixed = [([v / scale for v in a], c) for a, c in rows[3:]]
        for strict, weak in ((rows[:3], rows[3:]), (rows[:3], mixed)):
            answer = solve_system(strict, weak, 2)
            assert proves(strict, weak, 2, answer)
            assert answer.feasible == eliminated(strict, weak, 2)


@pytest.mark.usefixtures("route")
def test_a_margin_of_one_part_in_ten_to_the_thirty() -> None:
    margin = Fraction(1, 10**30)
    narrow: Rows = [([1, 0], margin), ([-1, 0], 0), ([0, 1], margin), ([-1, -1], -margin)]
    assert solve_system(narrow, [], 2).feasible
    shut: Rows = [*narrow[:3], ([-1, -1], -2 * margin)]
    answer = solve_system(shut, [], 2)
    assert not answer.feasible
    assert proves(shut, [], 2, answer)


def cone(rng: random.Random, m: int, n: int, tilt: int) -> Rows:
    """Rows within rounding of a hyperplane: <a, x> = -tilt * 1e-16 |x|^2 up to the rounding to float64."""
    x = [rng.gauss(0, 1) for _ in range(n)]
    rows = []
    for _ in range(m):
        a = [rng.gauss(0, 1) for _ in range(n)]
        t = sum(p * q for p, q in zip(a, x, strict=True)) / sum(q * q for q in x) + tilt * 1e-16
        rows.append(([Fraction(p - t * q) for p, q in zip(a, x, strict=True)], Fraction(0)))
    return rows


@pytest.mark.parametrize(("m", "n"), [(30, 5), (60, 10), (100, 12)])
@pytest.mark.parametrize("tilt", [-1, 0, 1, 10])
def test_nearly_flat_cones(m: int, n: int, tilt: int) -> None:
    rows = cone(random.Random(tilt), m, n, tilt)
    answer = solve_system(rows, [], n)
    assert proves(rows, [], n, answer)


@pytest.mark.parametrize("number", [integers, floats])
def test_implicit_equalities(number: Callable[[random.Random], Fraction]) -> None:
    rng = random.Random(8)
    n = 8
    x = [Fraction(rng.randint(-5, 5)) for _ in range(n)]
    pairs = [[number(rng) for _ in range(n)] for _ in range(3)]
    weak = [row for a in pairs for row in ((a, dot(a, x)), ([-v for v in a], -dot(a, x)))]
    others = [[number(rng) for _ in range(n)] for _ in range(40)]
    strict = [(a, dot(a, x) + Fraction(1, 7)) for a in others]
    answer = solve_system(strict, weak, n)
    assert answer.feasible
    assert proves(strict, weak, n, answer)
    total = [-sum(column) for column in zip(*pairs, strict=True)]
    blocked = [*strict, (total, dot(total, x))]  # minus the sum of equalities, asked to be strictly off
    answer = solve_system(blocked, weak, n)
    assert not answer.feasible
    assert proves(blocked, weak, n, answer)


@pytest.mark.parametrize("seed", range(3))
def test_bland_alone_ends_on_degenerate_systems(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule that makes the method end, from the first exchange on."""
    monkeypatch.setattr(lp, "_patience", lambda rows, n: 0)
    rng = random.Random(seed)
    for _ in range(20):
        n = rng.randint(2, 4)
        rows = [(a, Fraction(0)) for a, _ in drawn(rng, 12, n, integers)]
        answer = solve_system(rows[:4], rows[4:], n)
        assert proves(rows[:4], rows[4:], n, answer)


def test_the_verification_refuses_what_proves_nothing() -> None:
    one, zero = Fraction(1), Fraction(0)
    weak = lp._System([[1, 0], [-1, 0]], [False, False], 1)
    strict = lp._System([[1, 0], [-1, 0]], [True, False], 1)
    assert strict.refuted_by([one, one]) and not weak.refuted_by([one, one])  # x = 0 solves the weak one
    assert not strict.refuted_by([one, 2 * one])
    assert not strict.refuted_by([-one, -one])
    assert not strict.refuted_by([zero, zero])
    assert weak.solved_by([zero]) and not strict.solved_by([zero]) and not weak.solved_by([one])


def test_wrong_rows_are_refused() -> None:
    with pytest.raises(InputError, match="must have 2 coefficients"):
        solve_system([([1], 0)], [], 2)
    with pytest.raises(InputError, match="n = 0"):
        solve_system([], [], 0)
