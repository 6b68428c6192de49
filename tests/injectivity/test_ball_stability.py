"""Lipschitz constants on a ball: against all regions that meet it, optima found by other means, and intervals."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from families import degenerate_layer
from scipy.optimize import minimize

from proofs_check.certificates import check_text
from relutheory.core.certificate import digest
from relutheory.core.errors import InputError
from relutheory.core.sets import Ball, Box
from relutheory.injectivity import decide_injectivity
from relutheory.injectivity.stability.cells import Cells
from relutheory.injectivity.stability.constants import lower_lipschitz, upper_lipschitz
from relutheory.injectivity.stability.result import LipschitzResult
from relutheory.injectivity.stability.singular import Weights
from relutheory.networks import ReLULayer
from relutheory.polyhedra.regions import enumerate_regions


def regions_in(layer: ReLULayer, center: np.ndarray, radius: float) -> list[tuple[float, np.ndarray]]:
    """(distance of its closure from the center, active rows) of every region of the layer, by a float solver."""
    found = []
    for batch in enumerate_regions(layer):
        for bits, point in zip(batch.bits(layer.m) != 0, batch.points, strict=True):
            signs = np.where(bits, 1.0, -1.0)
            A, b = signs[:, None] * layer.W, signs * layer.b
            constraint = {"type": "ineq", "fun": lambda x, A=A, b=b: A @ x + b, "jac": lambda x, A=A: A}
            start = np.array([float(v) for v in point])
            answer = minimize(
                lambda x: float((x - center) @ (x - center)),
                start,
                jac=lambda x: 2 * (x - center),
                constraints=[constraint],
                method="SLSQP",
                options={"maxiter": 300, "ftol": 1e-14},
            )
            found.append((float(np.sqrt(answer.fun)), bits))
    return found


def singular_values(layer: ReLULayer, active: np.ndarray) -> tuple[float, float]:
    values = np.linalg.svd(layer.W[active], compute_uv=False)
    return (values[layer.n - 1] if len(values) == layer.n else 0.0), values.max(initial=0.0)


def ratios(layer: ReLULayer, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    change = np.maximum(x @ layer.W.T + layer.b, 0.0) - np.maximum(y @ layer.W.T + layer.b, 0.0)
    apart = np.linalg.norm(x - y, axis=-1)
    return np.where(apart > 1e-9, np.linalg.norm(change, axis=-1) / np.maximum(apart, 1e-9), np.inf)


def in_ball(points: np.ndarray, center: np.ndarray, radius: float) -> np.ndarray:
    """The points, pulled onto the ball."""
    steps = points - center
    return center + steps * np.minimum(1.0, radius / np.linalg.norm(steps, axis=-1, keepdims=True))


def brute_force(layer: ReLULayer, center: np.ndarray, radius: float, rng: np.random.Generator) -> tuple[float, float]:
    """The least and the largest ratio found by sampling, the least one improved by a simplex method."""
    n = layer.n

    def value(p: np.ndarray) -> float:
        return float(ratios(layer, in_ball(p[:n], center, radius), in_ball(p[n:], center, radius)))

    x = in_ball(center + radius * rng.uniform(-1, 1, (10_000, n)), center, radius)
    y = in_ball(center + radius * rng.uniform(-1, 1, (10_000, n)), center, radius)
    y[::2] = in_ball(x[::2] + 0.1 * radius * rng.standard_normal((5_000, n)), center, radius)
    values = ratios(layer, x, y)
    starts = [np.concatenate([x[k], y[k]]) for k in np.argsort(values)[[0, 5]]]
    ends = [minimize(value, start, method="Nelder-Mead", options={"maxfev": 2000}).fun for start in starts]
    return min(values.min(), *ends), values[np.isfinite(values)].max()


def check_witness(layer: ReLULayer, result: LipschitzResult, end: Fraction, ball: Ball) -> None:
    """The pair lies in the ball and has the ratio, by exact arithmetic done here; so does the cell's point."""
    pair, cell = result.witness, result.cell
    assert pair is not None and pair.x != pair.y and cell is not None
    outputs = []
    for point in (pair.x, pair.y):
        assert sum((a - c) ** 2 for a, c in zip(point, ball.center, strict=True)) <= ball.radius**2
        rows = zip(layer.weight.fractions(), layer.bias.fractions(), strict=True)
        outputs.append([max(sum(a * v for a, v in zip(w, point, strict=True)) + c, Fraction(0)) for w, c in rows])
    above = sum((p - q) ** 2 for p, q in zip(*outputs, strict=True))
    assert above == end * sum((p - q) ** 2 for p, q in zip(pair.x, pair.y, strict=True))
    assert sum((a - c) ** 2 for a, c in zip(cell.point, ball.center, strict=True)) < ball.radius**2
    values = layer.preactivation_exact(cell.point)
    live = [i for i in range(layer.m) if any(layer.weight.row(i))]
    assert list(cell.active) == [i for i in live if values[i] > 0] and all(values[i] for i in live)


def checked(result: LipschitzResult) -> dict[str, Any]:
    """The certificate, which the checker accepts."""
    data = json.loads(json.dumps(result.certificate.body()))
    assert check_text(json.dumps(data)).text.startswith("VALID")
    return data


@pytest.mark.parametrize("k", range(8))
def test_the_singular_values_are_those_of_the_regions_that_meet_the_ball(k: int) -> None:
    rng = np.random.default_rng([1, k])
    n = 2 + k % 2
    layer = ReLULayer(rng.standard_normal((11 - 3 * (n == 3), n)), rng.standard_normal(11 - 3 * (n == 3)))
    layer = ReLULayer(np.vstack([layer.W, np.eye(n), -np.eye(n)]), np.append(layer.b, rng.random(2 * n)))
    center, radius = rng.integers(-8, 9, n) / 8, float(2.0 ** rng.integers(-2, 2))
    regions = regions_in(layer, center, radius)
    assert all(abs(distance - radius) > 1e-4 * radius for distance, _ in regions)  # the solver can tell
    inside = [singular_values(layer, active) for distance, active in regions if distance < radius]
    ball = Ball(center.tolist(), radius)
    lower, upper = lower_lipschitz(layer, ball, starts=2), upper_lipschitz(layer, ball)
    assert lower.complete and upper.complete
    least, largest = min(v for v, _ in inside), max(v for _, v in inside)
    assert (float(lower.m0.lo), float(lower.m0.hi)) == pytest.approx((least, least), rel=1e-9, abs=1e-12)
    assert (upper.lower, upper.upper) == pytest.approx((largest, largest), rel=1e-9)
    check_witness(layer, lower, lower.squared.hi, ball)
    check_witness(layer, upper, upper.squared.lo, ball)
    for result in (lower, upper):
        assert result.ball is ball and result.outer is not None
        assert all(
            sum(a * c for a, c in zip(w, ball.center, strict=True)) <= end for w, end in result.outer.halfspaces()
        )


@pytest.mark.parametrize("k", range(8))
def test_a_brute_force_optimum_lies_in_the_enclosure(k: int) -> None:
    rng = np.random.default_rng([2, k])
    n = 1 + k % 3
    W = np.vstack([rng.standard_normal((2 * n + 2, n)), np.eye(n), -rng.uniform(0.5, 2.0, (n, 1)) * np.eye(n)])
    layer = ReLULayer(W, rng.standard_normal(len(W)) * 0.3 + 0.2)
    center, radius = rng.integers(-2, 3, n) / 2, 0.25 * 2.0 ** (k % 4)
    ball = Ball(center.tolist(), radius)
    least, largest = brute_force(layer, center, radius, rng)
    lower, upper = lower_lipschitz(layer, ball), upper_lipschitz(layer, ball)
    assert lower.lower <= least * (1 + 1e-9)
    assert lower.upper <= least * (1 + 1e-6) + 1e-7
    assert largest <= upper.upper * (1 + 1e-9)
    check_witness(layer, lower, lower.squared.hi, ball)
    checked(upper)
    if lower.squared.lo:
        assert Fraction(checked(lower)["bound"]) == lower.squared.lo


@pytest.mark.parametrize("k", range(10))
def test_a_ball_in_one_dimension_is_an_interval(k: int) -> None:
    rng = np.random.default_rng([3, k])
    layer = ReLULayer(rng.integers(-3, 4, (6, 1)), rng.integers(-3, 4, 6))
    center, radius = Fraction(int(rng.integers(-4, 5)), 2), Fraction(int(rng.integers(1, 9)), 3)
    ball, box = Ball([center], radius), Box([center - radius], [center + radius])
    for constant in (lower_lipschitz, upper_lipschitz):
        first, second = constant(layer, ball), constant(layer, box)
        assert first.singular_squared == second.singular_squared
        assert first.squared.lo <= second.squared.hi and second.squared.lo <= first.squared.hi
        assert (first.squared.hi == 0) == (second.squared.hi == 0)


@pytest.mark.parametrize("k", range(16))
def test_degenerate_layers(k: int) -> None:
    rng = np.random.default_rng([4, k])
    n = int(rng.integers(1, 4))
    W, b = degenerate_layer(rng, n, int(rng.integers(1, 9)))
    if k % 2:
        W, b = np.vstack([W, np.eye(n, dtype=int), -np.eye(n, dtype=int)]), np.append(b, np.zeros(2 * n, dtype=int))
    layer, ball = ReLULayer(W, b), Ball(rng.integers(-1, 2, n).tolist(), int(rng.integers(1, 3)))
    lower, upper = lower_lipschitz(layer, ball, starts=2), upper_lipschitz(layer, ball)
    injective = decide_injectivity(layer, domain=ball).proved
    assert lower.complete and upper.complete
    assert (lower.squared.lo > 0) == (lower.squared.hi > 0) == injective
    check_witness(layer, lower, lower.squared.hi, ball)
    check_witness(layer, upper, upper.squared.lo, ball)
    for result in [upper, lower] if injective else [upper]:
        checked(result)


def test_closed_forms() -> None:
    eyes = ReLULayer(np.vstack([np.eye(3), -np.eye(3)]))
    for center, square in ((0, Fraction(1, 2)), (2, Fraction(1)), (1, Fraction(1))):  # the last one touches the kinks
        result = lower_lipschitz(eyes, Ball(center, 1, n=3))
        assert result.squared.lo == result.squared.hi == square
        assert Fraction(checked(result)["bound"]) == square
    # x, y >= 0 and x + y <= 1 are seen; the third row is active on x + y < 1, beyond which the ball of radius 1/2 ends
    corner = ReLULayer([[1, 0], [0, 1], [-1, -1]], [2, 2, 1])
    assert lower_lipschitz(corner, Ball(0, "1/2", n=2)).singular_squared.lo == 1  # [I; (1, 1)] has 1 and 3
    assert upper_lipschitz(corner, Ball(0, "1/2", n=2)).squared.lo == 3
    assert upper_lipschitz(corner, Ball(3, 1, n=2)).squared.hi == 1
    assert upper_lipschitz(corner, Ball(Fraction(1, 2), 1, n=2)).squared.hi == 3  # the row is active in a part of it


@pytest.mark.parametrize("radius", ["1e-300", 1e300, Fraction(1, 3)])
def test_radii_of_all_sizes(radius: Any) -> None:
    layer = ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1], [3, 1]], [0, 0, 0, 0, 1])
    ball = Ball([0, 0], radius)
    lower, upper = lower_lipschitz(layer, ball, starts=2), upper_lipschitz(layer, ball)
    check_witness(layer, lower, lower.squared.hi, ball)
    check_witness(layer, upper, upper.squared.lo, ball)
    assert lower.complete and lower.squared.lo >= Fraction(1, 2)
    checked(lower)
    checked(upper)


TIMED = ReLULayer(np.random.default_rng(9).standard_normal((30, 4)), np.ones(30))


def test_out_of_time_the_bounds_hold_and_are_wider(monkeypatch: pytest.MonkeyPatch) -> None:
    ball = Ball(0, 1, n=4)
    known = lower_lipschitz(TIMED, ball), upper_lipschitz(TIMED, ball)
    assert known[0].complete and known[1].complete
    for limit in (0.02, 0.1, 0.0):
        if limit == 0.0:
            for owner, name in ((Weights, "eigenvalue"), (Cells, "estimates")):
                monkeypatch.setattr(owner, name, lambda *_: pytest.fail("begun without time"))
        late = lower_lipschitz(TIMED, ball, time_limit=limit), upper_lipschitz(TIMED, ball, time_limit=limit)
        for result, exact in zip(late, known, strict=True):
            assert result.singular_squared.lo <= exact.singular_squared.hi
            assert exact.singular_squared.lo <= result.singular_squared.hi
            assert result.squared.lo <= exact.squared.hi and exact.squared.lo <= result.squared.hi
        check_witness(TIMED, late[0], late[0].squared.hi, ball)
        check_witness(TIMED, late[1], late[1].squared.lo, ball)


def test_a_certificate_on_a_ball_needs_its_polytope() -> None:
    ball = Ball(0, 1, n=4)
    data = checked(lower_lipschitz(TIMED, ball, starts=0))
    assert data["domain"] == {"center": ["0"] * 4, "radius": "1"} and data["proof"]["outer"]["A"]

    def said(other: dict[str, Any]) -> str:
        statement = {name: other[name] for name in ("layer", "domain", "bound")}
        return check_text(json.dumps(other | {"digest": digest(statement)})).text

    cut = copy.deepcopy(data)
    cut["proof"]["outer"]["b"][0] = "1/2"
    assert "does not contain the ball" in said(cut)
    larger = copy.deepcopy(data)
    larger["domain"]["radius"] = "2"
    assert "does not contain the ball" in said(larger)
    smaller = copy.deepcopy(data)
    smaller["domain"]["radius"] = "1/2"
    assert said(smaller).startswith("VALID")  # what holds on the ball holds on a part of it
    without = copy.deepcopy(data)
    del without["proof"]["outer"]["A"][0], without["proof"]["outer"]["b"][0]
    assert said(without).startswith("INVALID")


def test_a_collision_outside_the_ball_does_not_count() -> None:
    layer = ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]], [0, 0, -1, 0])  # 0 > x > -1 is not seen
    far, near = (lower_lipschitz(layer, Ball([x, 0], 1)) for x in (2, "1/2"))
    assert far.squared.lo == Fraction(1, 2)
    assert near.squared.hi == 0 and near.method == "not injective"
    check_witness(layer, near, Fraction(0), Ball(["1/2", 0], 1))


@pytest.mark.parametrize("domain", [Ball([0], 1), Ball([0, 0, 0], 1)])
def test_a_ball_in_another_space_is_refused(domain: Ball) -> None:
    for constant in (lower_lipschitz, upper_lipschitz):
        with pytest.raises(InputError, match=r"^domain = Ball in R\^\d: must lie in the layer's input space, R\^2$"):
            constant(ReLULayer([[1, 0], [0, 1]]), domain)
