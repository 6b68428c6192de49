"""Layers on balls: decisions against brute force over hyperplanes and faces, certificates, budgets, bad input."""

from __future__ import annotations

import itertools
import json
import math
import pickle
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from oracle import Row, dot, exact, gordan, normals, primitive

from proofs_check.certificates import check_text
from relutheory.core.errors import InputError
from relutheory.core.sets import Ball, Box
from relutheory.injectivity import InjectivityResult, decide_injectivity
from relutheory.networks import ReLULayer


def least_distance_squared(rows: Sequence[Row], center: Sequence[Fraction]) -> Fraction:
    """The squared distance of a point from {x : <w, x> + b <= 0 for all rows}, which must not be empty.

    Brute force: a nearest point is the projection to the intersection of some of the hyperplanes.
    """
    n, best = len(center), None
    for size in range(n + 1):
        for face in itertools.combinations(rows, size):
            point = list(center)
            if size:
                A = fmpq_mat(size, n, [v for row in face for v in row[:-1]])
                gram = A * A.transpose()
                if gram.det() == 0:
                    continue
                right = [-row[-1] - dot(row, center) for row in face]
                weights = gram.solve(
                    fmpq_mat(size, 1, [fmpq(v.numerator, v.denominator) for v in map(Fraction, right)])
                )
                moves = (A.transpose() * weights).entries()
                point = [c + Fraction(int(v.p), int(v.q)) for c, v in zip(center, moves, strict=True)]
            if all(dot(row, point) + row[-1] <= 0 for row in rows):
                squared = sum(((p - c) ** 2 for p, c in zip(point, center, strict=True)), Fraction(0))
                best = squared if best is None else min(best, squared)
    assert best is not None
    return best


def critical_radius_squared(W: Any, b: Any, center: Sequence[Any]) -> Fraction | None:
    """The largest r^2 such that the layer is injective on the ball; None where it is injective on all balls.

    For each hyperplane u^perp spanned by rows: how far is the open set where all other rows are negative?
    """
    n = len(W[0])
    rows = [primitive([*map(exact, w), exact(v)]) for w, v in zip(W, b, strict=True)]
    rows = [row for row in rows if any(row[:-1])]
    best = None
    for u in normals(rows, n):
        outside = [row for row in rows if dot(row, u)]
        if gordan([*outside, [0] * n + [-1]])[0] is not None:
            squared = least_distance_squared(outside, [exact(c) for c in center])
            best = squared if best is None else min(best, squared)
    return best


def decided(W: Any, b: Any, center: Any, radius: Any, **options: Any) -> InjectivityResult:
    """The decision on a ball; its witness run, its certificate checked."""
    layer, ball = ReLULayer(W, b), Ball(center, radius)
    result = decide_injectivity(layer, domain=ball, **options)
    assert result.proved or result.refuted
    assert result.ball is ball and result.outer is not None
    assert result.method == ("outer polytope" if result.proved else "inner collision")
    if result.witness is not None:
        x, y = result.witness.x, result.witness.y
        assert x != y and ball.contains(x) and ball.contains(y)
        assert layer.forward_exact(x) == layer.forward_exact(y)
    else:
        for a, c in result.outer.halfspaces():  # the ball is in the polytope, and the layer injective there
            gap = c - sum(p * q for p, q in zip(a, ball.center, strict=True))
            assert gap > 0 and gap**2 >= ball.radius**2 * sum(p * p for p in a)
        assert decide_injectivity(layer, domain=result.outer).proved
    report = check_text(result.certificate.to_json())
    assert report.valid, report.text
    assert "a ball in R^" in report.text and ("not injective" in report.text) == result.refuted
    return result


def below(square: Fraction, part: Fraction) -> Fraction:
    """A rational a little below, or above for part < 0, the root of a positive rational."""
    unit = 10**60 * square.denominator
    return Fraction(math.isqrt(int(square * unit * unit)), unit) * (1 - part)


@pytest.mark.parametrize("seed", range(4))
def test_small_layers_are_decided_right_on_both_sides_of_the_critical_radius(seed: int) -> None:
    on_both = always = never = 0
    for k in range(40):
        rng = np.random.default_rng([seed, k])
        n, m = int(rng.integers(1, 4)), int(rng.integers(1, 8))
        W, b = rng.integers(-2, 3, (m, n)), rng.integers(-2, 4, m)
        for i in range(m):
            if rng.random() < 0.3:
                W[i] = int(rng.choice([1, -1, -2])) * W[rng.integers(m)]
        center = [Fraction(int(v), 2) for v in rng.integers(-2, 3, n)]
        critical = critical_radius_squared(W, b, center)
        if critical is None:
            assert decided(W, b, center, 10**6).proved
            always += 1
        elif critical == 0:
            assert decided(W, b, center, Fraction(1, 10**9)).refuted
            never += 1
        else:
            for part in (Fraction(1, 3), Fraction(1, 10**6), Fraction(1, 10**30)):
                assert decided(W, b, center, below(critical, part)).proved
                assert decided(W, b, center, below(critical, -part)).refuted
            on_both += 1
    assert min(on_both, always, never) >= 3


def test_a_gap_that_touches_the_ball_does_not_count() -> None:
    # ReLU(x - 1), ReLU(-x - 1), ...: nothing is active for |x| < 1 in the first coordinate
    W, b = [[1, 0], [-1, 0], [0, 1], [0, -1]], [-1, 2, 0, 0]
    assert decided(W, b, [0, 0], 10**9).proved
    b = [-5, -3, 0, 0]  # the gap -3 < x_1 < 5
    assert decided(W, b, [8, 0], 3).proved
    assert decided(W, b, [8, 0], 3 + Fraction(1, 10**40)).refuted
    assert decided(W, b, [-7, 1], 4).proved
    assert decided(W, b, [-7, 1], np.nextafter(4.0, 5.0)).refuted
    # a corner of a gap at the rational distance 5
    W, b = [[1, 0], [0, 1], [-1, 0], [0, -1]], [3, 4, 10, 10]
    assert decided(W, b, [0, 0], 10**6).proved
    W, b = [[1, 0], [0, 1]], [3, 4]
    assert decided(W, b, [0, 0], 3).proved
    assert decided(W, b, [0, 0], 3 + Fraction(1, 10**30)).refuted
    W, b = [[1, 1], [1, 0], [0, 1]], [2, 2, 2]
    assert decided(W, b, [0, 0], 2).proved
    assert decided(W, b, [0, 0], Fraction(2000001, 1000000)).refuted


def test_balls_without_bias_are_like_the_space_where_they_contain_the_origin() -> None:
    rng = np.random.default_rng(4)
    for n, m in ((2, 5), (3, 9), (4, 14), (5, 22)):
        for _ in range(3):
            W = rng.standard_normal((m, n))
            expected = decide_injectivity(ReLULayer(W)).proved
            assert decided(W, None, [0] * n, 1e-9).proved == expected
            assert decided(W, None, [0.25] * n, 1e3).proved == expected


def test_far_from_the_origin_and_at_extreme_scales() -> None:
    W, b = [[1, 0], [0, 1]], [0, 0]
    far = 10**12
    assert decided(W, b, [far, far], far).proved
    assert decided(W, b, [far, far], far + Fraction(1, 10**20)).refuted
    assert decided(W, b, [1e300, 1e300], 1e300).proved
    assert decided(W, b, [1e-300, 1e-300], 1e-300).proved
    assert decided(W, b, [1e-300, 1e-300], np.nextafter(1e-300, 1)).refuted
    assert decided([[1e300, 0], [0, 1e-300]], [1e300, 1e-300], [0, 0], 1).proved
    assert decided([[1e300, 0], [0, 1e-300]], [1e300, 1e-300], [0, 0], 1 + 2**-52).refuted


@pytest.mark.parametrize(("n", "m"), [(4, 16), (6, 26), (8, 36)])
def test_the_verdict_changes_once_with_the_radius(n: int, m: int) -> None:
    rng = np.random.default_rng([n, m])
    W, b = rng.standard_normal((m, n)), 0.3 + 0.1 * rng.standard_normal(m)
    low, high = 0.0, 2.0**20

    def injective(radius: float) -> bool:
        return decide_injectivity(ReLULayer(W, b), domain=Ball(0, radius, n=n)).proved

    if injective(high):
        b = b - 0.6
    for _ in range(14):
        middle = (low + high) / 2 if low else high / 8
        if injective(middle):
            low = middle
        else:
            high = middle
    collision = decide_injectivity(ReLULayer(W, b), domain=Ball(0, high, n=n)).witness
    assert collision is not None
    farthest = max(sum(v * v for v in p) for p in (collision.x, collision.y))
    assert Fraction(low) ** 2 <= farthest <= Fraction(high) ** 2


def test_degenerate_layers() -> None:
    assert decided(np.zeros((0, 2)), None, [0, 0], 1).refuted
    assert decided(np.zeros((3, 1)), [1, 2, 3], [0], 1).refuted
    assert decided([[1, 2, 3]], [5], [0, 0, 0], 1).refuted
    assert decided([[5]], [5], [0], 1).proved
    assert decided([[5], [0], [5]], [4, 9, 4], [0], 1).refuted
    assert decided([[1, 1], [2, 2], [3, 3]], [9, 9, 9], [0, 0], 1).refuted
    assert decided([["1/3", 0], [0, "1/7"]], ["1/3", "1/7"], [0, 0], 1).proved
    assert decided([["1/3", 0], [0, "1/7"]], ["1/3", "1/8"], [0, 0], 1).refuted


def test_certificates_of_balls_cannot_be_bent() -> None:
    W, b = [[0.0, 1.0], [-0.75, -0.5], [0.75, -0.5]], [1.0, 1.0, 1.0]
    radius = Fraction(3, 2)
    good = json.loads(decided(W, b, [0, 0], radius).certificate.to_json())
    assert set(good["domain"]) == {"center", "radius"}

    def verdict(**changes: Any) -> str:
        from relutheory.core.certificate import digest

        data = json.loads(json.dumps(good))
        for path, value in changes.items():
            *keys, last = path.split("__")
            place = data
            for key in keys:
                place = place[key]
            place[last] = value
        data["digest"] = digest({"layer": data["layer"], "domain": data["domain"]})
        return check_text(json.dumps(data)).text

    assert verdict().startswith("VALID")
    assert "does not contain the ball" in verdict(domain__radius="1000")
    assert "does not contain the ball" in verdict(domain__center=["1/100", "0"])
    assert "not positive" in verdict(domain__radius="0")
    assert "not positive" in verdict(domain__radius="-1")
    assert "INVALID" in verdict(domain__inside=["0", "0"])
    assert "not inside" in verdict(domain__center=["50", "0"])
    assert "INVALID" in verdict(proof__outer={"A": [], "b": []})
    bad = decided(W, [0.5] * 3, [0, 0], radius)
    data = json.loads(bad.certificate.to_json())
    x, y = ([Fraction(v) for v in data["proof"][name]] for name in ("x", "y"))
    data["proof"]["x"] = [str(10**6 * a - (10**6 - 1) * c) for a, c in zip(x, y, strict=True)]
    assert "INVALID" in check_text(json.dumps(data)).text
    assert "INVALID" in check_text(json.dumps({**data, "claim": "injective"})).text


def test_a_collision_outside_the_ball_is_not_a_proof() -> None:
    layer = ReLULayer([[1]], [0])
    result = decide_injectivity(layer, domain=Ball([1], "5/4"))
    data = json.loads(result.certificate.to_json())
    data["proof"].update(x=["-1"], y=["-1/8"])
    assert check_text(json.dumps(data)).text == "INVALID: a point lies outside the domain (wall 1)"
    data["proof"]["outer"] = {"A": [], "b": []}
    assert check_text(json.dumps(data)).text == "INVALID: a point lies outside the ball"


def test_budgets_and_workers() -> None:
    rng = np.random.default_rng(0)
    W, b = rng.standard_normal((44, 8)), 0.2 + 0.1 * rng.standard_normal(44)
    ball = Ball(0, 2, n=8)
    full = decide_injectivity(ReLULayer(W, b), domain=ball)
    assert full.status.value != "undecided"
    for limits in ({"node_limit": 0}, {"time_limit": 0.0}):
        stopped = decide_injectivity(ReLULayer(W, b), domain=ball, **limits)
        assert stopped.status.value == "undecided" and stopped.witness is None and not stopped.rigor.proves
        assert stopped.outer is not None and stopped.ball is ball
        with pytest.raises(InputError, match="undecided"):
            _ = stopped.certificate
    with ThreadPoolExecutor(2) as executor:
        assert decide_injectivity(ReLULayer(W, b), domain=ball, executor=executor).status is full.status
    copy = pickle.loads(pickle.dumps(full))
    assert copy.status is full.status and copy.ball.radius == 2
    assert decide_injectivity(ReLULayer(W, b), domain=Box(-2, 2, n=8)).ball is None


def test_bad_balls() -> None:
    with pytest.raises(InputError, match=r"^domain = Ball in R\^3: must lie in the layer's input space, R\^2$"):
        decide_injectivity(ReLULayer(np.eye(2)), domain=Ball(0, 1, n=3))
    with pytest.raises(InputError, match=r"^domain = 1: must be a Box, a Polyhedron, a Ball or None$"):
        decide_injectivity(ReLULayer(np.eye(2)), domain=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "m", "radius"), [(14, 60, 3), (20, 90, 5)])
def test_collisions_in_large_dimension(n: int, m: int, radius: int) -> None:
    rng = np.random.default_rng([n, m])
    W, b = rng.standard_normal((m, n)) / math.sqrt(n), 0.2 + 0.1 * rng.standard_normal(m)
    assert decided(W, b, [0] * n, radius).refuted
    assert decided(W, b, [0] * n, 0.01).proved


def test_large_layers_end_in_time() -> None:
    rng = np.random.default_rng(1)
    W, b = rng.standard_normal((200, 40)) / math.sqrt(40), 0.2 + 0.1 * rng.standard_normal(200)
    result = decide_injectivity(ReLULayer(W, b), domain=Ball(0, 2, n=40), time_limit=0.5)
    assert result.stats.seconds < 60
    assert result.status.value == "undecided" or result.refuted
