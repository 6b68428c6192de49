"""Lipschitz constants: enclosures against all cells by SVD, closed forms, and optima found by other means."""

from __future__ import annotations

import math
import time
import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from families import degenerate_layer
from scipy.optimize import minimize

from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron
from relutheory.core.verdict import Rigor
from relutheory.injectivity import decide_injectivity
from relutheory.injectivity.stability.cell_scan import scan
from relutheory.injectivity.stability.cells import Cells
from relutheory.injectivity.stability.clock import OutOfTime
from relutheory.injectivity.stability.constants import lipschitz_bounds, lower_lipschitz, upper_lipschitz
from relutheory.injectivity.stability.result import LipschitzResult
from relutheory.injectivity.stability.singular import Weights
from relutheory.networks import ReLULayer
from relutheory.polyhedra.regions import enumerate_regions

RNG = np.random.default_rng(0)


def cell_values(layer: ReLULayer, domain: Any = None) -> tuple[float, float]:
    """The least n-th and the largest singular value over all cells, by numpy."""
    least, largest = np.inf, 0.0
    for batch in enumerate_regions(layer, domain, points=False):
        for bits in batch.bits(layer.m):
            values = np.linalg.svd(layer.W[bits != 0], compute_uv=False)
            least = min(least, values[layer.n - 1] if len(values) == layer.n else 0.0)
            largest = max(largest, values.max(initial=0.0))
    return float(least), float(largest)


def ratio(layer: ReLULayer, p: np.ndarray) -> np.ndarray:
    """|f(x) - f(y)| / |x - y| for pairs p = (..., 2n)."""
    x, y = np.split(p, 2, axis=-1)
    outputs = [np.maximum(z @ layer.W.T + layer.b, 0.0) for z in (x, y)]
    apart = np.linalg.norm(x - y, axis=-1)
    different = np.linalg.norm(outputs[0] - outputs[1], axis=-1)
    return np.where(apart > 1e-9, different / np.maximum(apart, 1e-9), np.inf)


def brute_force(layer: ReLULayer, low: float, high: float, rng: np.random.Generator) -> float:
    """The least ratio that dense sampling of a box, then a simplex method that uses no derivative, finds."""
    size = 2 * layer.n
    points = rng.uniform(low, high, (10_000, size))
    points[::2, layer.n :] = np.clip(points[::2, : layer.n] + 0.1 * rng.standard_normal((5_000, layer.n)), low, high)
    values = ratio(layer, points)
    order = np.argsort(values)
    bounds = [(low, high)] * size
    starts = points[order[[0, 5]]]
    ends = [minimize(lambda p: float(ratio(layer, p)), s, method="Nelder-Mead", bounds=bounds) for s in starts]
    return min(values.min(), *(end.fun for end in ends))


def check_witness(layer: ReLULayer, result: LipschitzResult, end: Fraction, domain: Any = None) -> None:
    """The witness is what the end says, computed here from the exact weights."""
    pair = result.witness
    assert pair is not None
    outputs = []
    for point in (pair.x, pair.y):
        assert domain is None or domain.contains(point)
        rows = zip(layer.weight.fractions(), layer.bias.fractions(), strict=True)
        outputs.append([max(sum(a * v for a, v in zip(w, point, strict=True)) + c, Fraction(0)) for w, c in rows])
    above = sum((p - q) ** 2 for p, q in zip(*outputs, strict=True))
    assert above == end * sum((p - q) ** 2 for p, q in zip(pair.x, pair.y, strict=True))
    assert pair.x != pair.y


def check_cell(layer: ReLULayer, result: LipschitzResult, domain: Any = None) -> None:
    """The cell's point is inside a cell, with the active rows that are listed."""
    cell = result.cell
    assert cell is not None
    values = layer.preactivation_exact(cell.point)
    live = [i for i in range(layer.m) if any(layer.weight.row(i))]
    assert all(values[i] != 0 for i in live)
    assert list(cell.active) == [i for i in live if values[i] > 0]
    if domain is not None:
        assert all(sum(a * v for a, v in zip(w, cell.point, strict=True)) < c for w, c in domain.halfspaces())


GENERIC = [(5, 1), (7, 2), (12, 2), (130, 2), (11, 3), (20, 3), (24, 4), (18, 5)]


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize(("m", "n"), GENERIC)
def test_the_least_and_largest_singular_value_are_those_of_all_cells(m: int, n: int, biased: bool) -> None:
    rng = np.random.default_rng([m, n])
    layer = ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m) + 0.5 if biased else None)
    least, largest = cell_values(layer)
    lower, upper = lower_lipschitz(layer, starts=0), upper_lipschitz(layer)
    assert lower.complete and upper.complete
    assert float(lower.m0.lo) == pytest.approx(least, rel=1e-9) == pytest.approx(float(lower.m0.hi), rel=1e-9)
    assert upper.lower == pytest.approx(largest, rel=1e-9) == pytest.approx(upper.upper, rel=1e-9)
    check_cell(layer, lower)
    check_cell(layer, upper)
    check_witness(layer, lower, lower.squared.hi)
    check_witness(layer, upper, upper.squared.lo)


@pytest.mark.parametrize("k", range(30))
def test_degenerate_layers_on_all_of_space_and_on_boxes(k: int) -> None:
    rng = np.random.default_rng([1, k])
    n = int(rng.integers(1, 4))
    W, b = degenerate_layer(rng, n, int(rng.integers(0, 11)))
    if k % 2:
        W = np.vstack([W, np.eye(n, dtype=int), -np.eye(n, dtype=int)])
        b = np.append(b, np.zeros(2 * n, dtype=int))
    layer = ReLULayer(W, b if k % 3 else None)
    low = rng.integers(-3, 1, n)
    domain = Box(low.tolist(), (low + 2).tolist()) if k % 4 == 1 else None
    least, largest = cell_values(layer, domain)
    lower, upper = lower_lipschitz(layer, domain, starts=2), upper_lipschitz(layer, domain)
    injective = decide_injectivity(layer, domain=domain).proved
    assert (lower.squared.lo > 0) == (lower.squared.hi > 0) == injective
    assert lower.rigor is Rigor.EXACT if not injective else lower.complete
    assert float(lower.m0.lo) == pytest.approx(least, rel=1e-9, abs=1e-12)
    assert upper.upper == pytest.approx(largest, rel=1e-9)
    check_witness(layer, lower, lower.squared.hi, domain)
    check_witness(layer, upper, upper.squared.lo, domain)
    check_cell(layer, upper, domain)


@pytest.mark.parametrize("k", range(10))
def test_a_brute_force_optimum_lies_in_the_enclosure(k: int) -> None:
    rng = np.random.default_rng([2, k])
    n = 1 + k % 3
    m = int(rng.integers(2 * n + 1, 4 * n + 3))
    W = rng.standard_normal((m, n)) if k % 2 else rng.integers(-2, 3, (m, n)).astype(float)
    W = np.vstack([W, np.eye(n), -np.eye(n) * rng.uniform(0.5, 2.0, (n, 1))]) if k % 5 else W
    layer = ReLULayer(W, rng.standard_normal(len(W)) * 0.3 if k % 3 == 0 else None)
    domain = Box(-2, 2, n=n)
    result, best = lower_lipschitz(layer, domain), brute_force(layer, -2.0, 2.0, rng)
    assert result.lower <= best * (1 + 1e-9)
    assert result.upper <= best * (1 + 1e-6) + 1e-7  # our pair is as close as theirs
    assert upper_lipschitz(layer, domain).upper >= ratio(layer, rng.uniform(-2, 2, (5000, 2 * n))).clip(
        max=1e9
    ).max() * (1 - 1e-9)
    check_witness(layer, result, result.squared.hi, domain)


def test_one_input_without_bias_has_a_closed_form() -> None:
    """With P = sum of w^2 over w > 0 and N over w < 0: kappa^2 = P N / (P + N), for x > 0 > y with x : -y = N : P."""
    for k in range(12):
        rng = np.random.default_rng([3, k])
        w = rng.integers(-4, 5, int(rng.integers(1, 7)))
        P, N = (Fraction(int(sum(v * v for v in w if s * v > 0))) for s in (1, -1))
        closed = P * N / (P + N) if P + N else Fraction(0)
        result = lower_lipschitz(ReLULayer(w[:, None]))
        assert result.squared.lo <= closed <= result.squared.hi
        assert float(result.squared.hi) == pytest.approx(float(closed), rel=1e-9)
        assert result.singular_squared.lo == result.singular_squared.hi == min(P, N)
        assert upper_lipschitz(ReLULayer(w[:, None])).squared.hi == max(P, N)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_the_identity_and_its_negative_are_exact(n: int) -> None:
    layer = ReLULayer(np.vstack([np.eye(n), -np.eye(n)]))
    result = lower_lipschitz(layer)
    assert (result.squared.lo, result.squared.hi, result.rigor) == (Fraction(1, 2), Fraction(1, 2), Rigor.EXACT)
    assert result.m0.lo == result.m0.hi == 1
    assert result.lower < math.sqrt(0.5) * (1 + 1e-15) and Fraction(result.lower) ** 2 <= Fraction(1, 2)
    assert Fraction(result.upper) ** 2 >= Fraction(1, 2)
    assert upper_lipschitz(layer).squared.hi == 1
    bounds = lipschitz_bounds(layer)
    assert (bounds.half, bounds.sharp) == (0.5, result.lower)
    assert bounds.printed == pytest.approx(1 / math.sqrt(4 * n), rel=1e-15)
    assert bounds.printed <= bounds.half < bounds.sharp


@pytest.mark.parametrize("n", [2, 6, 20])
def test_pairs_have_a_closed_form(n: int) -> None:
    """[B; -DB]: m0^2 is the least eigenvalue of B' min(1, D^2) B, kappa^2 that of B' D^2 / (1 + D^2) B."""
    rng = np.random.default_rng([4, n])
    B, D = rng.standard_normal((n, n)), 2.0 ** rng.integers(-3, 4, n)
    result = lower_lipschitz(ReLULayer(np.vstack([B, -D[:, None] * B])[rng.permutation(2 * n)]))
    m0, kappa = (np.linalg.svd(np.sqrt(d)[:, None] * B)[1][-1] for d in (np.minimum(1, D**2), D**2 / (1 + D**2)))
    assert (float(result.m0.lo), float(result.m0.hi)) == pytest.approx((m0, m0), rel=1e-8)
    assert (result.lower, result.upper) == pytest.approx((kappa, kappa), rel=1e-8)
    assert result.lower <= result.upper


@pytest.mark.parametrize("k", [3, 5, 6, 9, 16])
def test_regular_fans_have_a_closed_form(k: int) -> None:
    """Of k rows at equal angles, the active ones are consecutive: r of them have r/2 - |sin(r a) / sin(a)| / 2."""
    angles = 2 * np.pi * np.arange(k) / k
    layer = ReLULayer(np.column_stack([np.cos(angles), np.sin(angles)]), np.full(k, 1e-9))
    r = (k - 1) // 2 if k % 2 else k // 2
    value = r / 2 - abs(math.sin(2 * np.pi * r / k) / math.sin(2 * np.pi / k)) / 2
    result = lower_lipschitz(layer, Box(-1, 1, n=2))
    assert float(result.m0.hi) == pytest.approx(math.sqrt(max(value, 0.0)), rel=1e-6, abs=1e-6)


def test_two_routes_over_the_cells_agree() -> None:
    layer = ReLULayer(RNG.integers(-3, 4, (22, 4)), RNG.integers(-2, 5, 22))
    for sign, result in ((1, lower_lipschitz(layer, starts=0)), (-1, upper_lipschitz(layer))):
        cells = Cells(layer, None, sign)
        assert scan(cells, None)[0]
        assert cells.best is not None and cells.bound is not None
        ends = sorted(v * cells.weights.square for v in (cells.best.inner, cells.bound))
        assert result.singular_squared.lo <= ends[1] and ends[0] <= result.singular_squared.hi


def test_few_nodes_of_many_cells() -> None:
    layer = ReLULayer(np.random.default_rng(5).standard_normal((40, 8)))  # 45 million cells
    result = lower_lipschitz(layer, starts=1)
    assert result.nodes < 2_000_000
    assert result.squared.hi == 0 or result.complete


def test_scales_and_fractions() -> None:
    for scale in (1e-300, 1e300):
        layer = ReLULayer([[scale, 0], [0, 1], [-scale, 0], [0, -1]])
        square = min(Fraction(scale) ** 2, Fraction(1))
        result = lower_lipschitz(layer)
        assert result.singular_squared.lo <= square <= result.singular_squared.hi
        assert result.squared.lo <= square / 2 <= result.squared.hi
        assert float(result.singular_squared.lo / square) == pytest.approx(1, rel=1e-9)
        assert upper_lipschitz(layer).squared.hi >= max(Fraction(scale) ** 2, Fraction(1))
    thirds = lower_lipschitz(ReLULayer([["1/3", 0], [0, "1/7"], ["-1/3", 0], [0, "-1/7"], [0, 5]]))
    assert thirds.singular_squared.lo == thirds.singular_squared.hi == Fraction(1, 49)


def test_a_polyhedron_may_be_kinder_than_space() -> None:
    layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    assert lower_lipschitz(layer).squared.hi == 0
    corner = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    result = lower_lipschitz(layer, corner)
    assert result.squared.lo == result.squared.hi == 1  # one cell
    assert result.singular_squared.lo == 1
    check_witness(layer, result, Fraction(1), corner)


def test_where_no_row_switches_the_constant_is_m0() -> None:
    for rows, biases in ([np.eye(3), [0, 0, 0]], [[[1, 1], [1, -1]], [3, 3]]):
        result = lower_lipschitz(ReLULayer(rows, biases), Box(0, 1, n=len(rows[0])))
        assert result.squared.lo == result.squared.hi == result.singular_squared.lo > 0


@pytest.mark.parametrize("seed", range(6))
def test_rows_active_on_all_of_the_domain_raise_the_lower_end(seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    weights = rng.integers(-3, 4, (6, 2))
    layer = ReLULayer(np.vstack([np.eye(2), weights]), [2, 2, *rng.integers(-2, 2, 6)])
    result = lower_lipschitz(layer, Box(-1, 1, n=2))
    assert result.bounds is not None
    assert result.lower >= math.sqrt((float(result.m0.lo) ** 2 + 1) / 2) - 1e-9 > result.bounds.sharp
    assert result.lower <= brute_force(layer, -1, 1, rng) * (1 + 1e-9)  # the search is in floats


def test_out_of_time_the_bounds_hold_and_are_wider() -> None:
    layer = ReLULayer(np.random.default_rng(6).standard_normal((90, 9)))
    result = lower_lipschitz(layer, time_limit=0.5, starts=2)
    assert not result.complete
    assert 0 <= result.lower <= result.upper
    check_cell(layer, result)
    check_witness(layer, result, result.squared.hi)
    upper = upper_lipschitz(layer, time_limit=0.0)
    assert upper.lower <= upper.upper <= np.linalg.norm(layer.W, 2) * (1 + 1e-9)


TIMED = ReLULayer(
    np.vstack([np.eye(4), -np.eye(4), np.random.default_rng(9).integers(-3, 4, (6, 4))]), [0] * 8 + [1] * 6
)


@pytest.mark.parametrize("domain", [None, Box(-2, 2, n=4)])
def test_without_time_nothing_long_is_begun(domain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = lower_lipschitz(TIMED, domain), upper_lipschitz(TIMED, domain)

    def begun(*_: Any) -> None:
        raise AssertionError

    for owner, name in ((Weights, "eigenvalue"), (Cells, "estimates")):
        monkeypatch.setattr(owner, name, begun)
    late = lower_lipschitz(TIMED, domain, time_limit=0), upper_lipschitz(TIMED, domain, time_limit=0)
    for result, known in zip(late, exact, strict=True):
        assert not result.complete
        assert result.squared.lo <= known.squared.lo and known.squared.hi <= result.squared.hi
        assert result.singular_squared.lo <= known.singular_squared.lo
        assert known.singular_squared.hi <= result.singular_squared.hi
        check_cell(TIMED, result, domain)
    check_witness(TIMED, late[0], late[0].squared.hi, domain)
    check_witness(TIMED, late[1], late[1].squared.lo, domain)


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233])
def test_whenever_time_runs_out_the_enclosure_holds(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = lower_lipschitz(TIMED, starts=2), upper_lipschitz(TIMED)
    now = iter(range(10**9))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(now)))  # a second passes with each look at the clock
    late = lower_lipschitz(TIMED, time_limit=4 * limit, starts=2), upper_lipschitz(TIMED, time_limit=limit)
    monkeypatch.undo()
    for result, known in zip(late, exact, strict=True):
        assert result.squared.lo <= known.squared.hi and known.squared.lo <= result.squared.hi
        assert result.singular_squared.lo <= known.singular_squared.hi
        assert known.singular_squared.lo <= result.singular_squared.hi
        assert (result.squared.lo == 0) <= (not result.complete)
    check_witness(TIMED, late[0], late[0].squared.hi)
    check_witness(TIMED, late[1], late[1].squared.lo)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("scales", [[0, 0, 0], [-300, 0, 300], [0, -9, 5]])
def test_quick_eigenvalues_enclose_and_exact_ones_stop(sign: int, scales: list[int]) -> None:
    cells = Cells(ReLULayer(np.random.default_rng(10).standard_normal((9, 3)) * 10.0 ** np.array(scales)), None, sign)
    rows = tuple(range(7))
    exact, quick = cells.weights.eigenvalue(rows, sign), cells.quick(rows)
    assert sign * quick.outer <= sign * exact.inner and sign * exact.outer <= sign * quick.inner
    if not any(scales):
        assert float(quick.outer / quick.inner) == pytest.approx(1.0, abs=1e-9)
    cells.deadline = 0.0
    with pytest.raises(OutOfTime):
        cells.look(rows, None)
    assert cells.bound is None and cells.best is not None
    assert sign * exact.outer <= sign * cells.best.inner


def test_estimates_are_those_of_the_active_rows_in_little_memory() -> None:
    for m, n in ((30, 5), (700, 150)):
        layer = ReLULayer(np.random.default_rng(11).integers(-9, 10, (m, n)))
        cells = Cells(layer, None, 1)
        active = np.random.default_rng(12).random((12, m)) < 0.5
        active[:, :n] = True
        tracemalloc.start()
        found = cells.estimates(active)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 50e6
        known = np.array([np.linalg.eigvalsh(layer.W[k].T @ layer.W[k])[0] for k in active])
        unit = np.abs(cells.plain).max() / np.abs(layer.W).max()
        assert found / unit**2 == pytest.approx(known, rel=1e-6)


def test_points_leave_all_hyperplanes_though_each_step_leaves_only_some(monkeypatch: pytest.MonkeyPatch) -> None:
    class Partial:
        """Steps along one axis after the other, and idle ones."""

        def __init__(self) -> None:
            self.count = 0

        def integers(self, low: int, high: int, size: int) -> np.ndarray:
            self.count += 1
            step = np.zeros(size, dtype=np.int64)
            step[self.count // 2 % size] = 7 * (self.count % 2)
            return step

    cells = Cells(ReLULayer(np.vstack([np.eye(60), -np.eye(60)])), None, 1)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: Partial())
    cell = cells.cell_at([Fraction(0)] * 60)
    assert cell is not None and len(cell.active) == 60 and all(cell.point)


def test_results_are_no_bools_and_repeat() -> None:
    layer = ReLULayer(np.random.default_rng(7).standard_normal((9, 2)), np.ones(9))
    first, second = (lower_lipschitz(layer, seed=3) for _ in range(2))
    assert first.squared == second.squared and first.cell == second.cell
    with pytest.raises(TypeError, match=r"compare \.lower or \.upper$"):
        bool(first)


def test_progress_is_reported() -> None:
    seen: list[tuple[float, int]] = []
    lower_lipschitz(
        ReLULayer(np.random.default_rng(8).standard_normal((30, 5))), progress=lambda a, b: seen.append((a, b))
    )
    assert seen and seen[-1][0] == pytest.approx(1.0)


LAYER = ReLULayer([[1], [-1]])
BAD: list[tuple[str, dict[str, Any]]] = [
    ("layer = ", {"layer": [[1]]}),
    ("domain = ", {"domain": 3}),
    ("domain = ", {"domain": Box([0, 0], [1, 1])}),
    ("domain = ", {"domain": Polyhedron([[1], [-1]], [0, 0])}),
    ("time_limit = ", {"time_limit": -1}),
    ("seed = ", {"seed": -1}),
    ("seed = ", {"seed": True}),
    ("starts = ", {"starts": 1.5}),
    ("progress = ", {"progress": 7}),
]


@pytest.mark.parametrize(("start", "arguments"), BAD)
def test_bad_input_is_one_line(start: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        lower_lipschitz(**{"layer": LAYER, **arguments})
    assert str(error.value).startswith(start) and "\n" not in str(error.value)
    if "starts" not in arguments:
        with pytest.raises(InputError):
            upper_lipschitz(**{"layer": LAYER, **arguments})


def test_bad_progress_is_refused_where_none_is_made() -> None:
    with pytest.raises(InputError, match=r"^progress = 7: must be True, False or a function$"):
        lower_lipschitz(ReLULayer([[1]]), progress=7)  # type: ignore[arg-type]  # not injective: nothing to report


def test_hundreds_of_copies_count_as_often_as_they_occur() -> None:
    rows = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    layer = ReLULayer(np.repeat(rows, [300, 200, 100, 400], axis=0))
    result = lower_lipschitz(layer, starts=4)
    assert (result.singular_squared.lo, result.singular_squared.hi) == (100, 100)
    assert float(result.squared.lo) == pytest.approx(75, rel=1e-9)  # the axis with p = 300, q = 100: p q / (p + q)
    assert upper_lipschitz(layer).squared.hi == 400
