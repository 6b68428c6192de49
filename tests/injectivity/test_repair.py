"""Repairs: closed forms on the line, exhaustive searches, and layers decided anew by brute force."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import oracle
import pytest
import sympy as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron
from relutheory.injectivity import decide_injectivity
from relutheory.injectivity.repair.covering import cheapest
from relutheory.injectivity.repair.gaps import Circuit, Gaps
from relutheory.injectivity.repair.repairing import Repair, Repaired, repair_injectivity
from relutheory.networks import ReLULayer
from relutheory.theorems.brute import layer_collision


def injective(layer: ReLULayer, box: Box | None = None) -> bool:
    ends = None if box is None else (box.lo, box.hi)
    rows = layer.weight.fractions() if layer.m else layer.W  # an empty list does not say n
    return oracle.injective_by_flats(rows, layer.bias.fractions(), ends)


def least_on_a_line(layer: ReLULayer, norm: str) -> Fraction | None:
    """n = 1: some row that is active to the right has to begin no later than one active to the left ends."""
    rows = [(w, b) for (w,), b in zip(layer.weight.fractions(), layer.bias.fractions(), strict=True)]
    costs = []
    for w, b in rows:
        for v, c in rows:
            if w > 0 > v:
                gap = max(-b / w + c / v, Fraction(0))
                costs.append(gap / (1 / w - 1 / v) if norm == "linf" else gap * min(w, -v))
    return min(costs, default=None)


@pytest.mark.parametrize("norm", ["linf", "l1"])
@pytest.mark.parametrize("seed", range(30))
def test_biases_on_a_line(seed: int, norm: str) -> None:
    rng = np.random.default_rng([90, seed])
    m = int(rng.integers(0, 6))
    layer = ReLULayer(rng.integers(-3, 4, size=(m, 1)), rng.integers(-4, 2, size=m))
    repair = repair_injectivity(layer, norm=norm)
    expected = least_on_a_line(layer, norm)
    if expected is None:
        assert repair.status is Repaired.IMPOSSIBLE
    else:
        assert (repair.size, repair.optimal) == (expected, True)
        assert injective(repair.layer)
        assert (repair.status is Repaired.UNCHANGED) == (expected == 0)


def repaired_by(layer: ReLULayer, t: tuple, box: Box) -> bool:
    return injective(ReLULayer(layer.weight, [b + v for b, v in zip(layer.bias.fractions(), t, strict=True)]), box)


@pytest.mark.parametrize("seed", range(6))
def test_no_increase_on_a_grid_is_smaller(seed: int) -> None:
    rng = np.random.default_rng([91, seed])
    m = 3 + seed % 2
    layer = ReLULayer(rng.integers(-2, 3, size=(m, 2)), rng.integers(-3, 1, size=m))
    box = Box(-1, 1, n=2)
    sizes = {}
    for norm in ("linf", "l1"):
        repair = repair_injectivity(layer, norm=norm, domain=box)
        if repair.status is Repaired.IMPOSSIBLE:
            assert np.linalg.matrix_rank(layer.W) < 2
            return
        assert repair.optimal and injective(repair.layer, box)
        assert repair.size == (max(repair.increase) if norm == "linf" else sum(repair.increase))
        sizes[norm] = repair.size
    steps = range(math.ceil(sizes["l1"]) + 1)
    grid = [t for t in product(steps, repeat=m) if sum(t) <= sizes["l1"] + 1]
    good = [t for t in grid if repaired_by(layer, t, box)]
    for t in good:
        assert sum(t) >= sizes["l1"] and max(t) >= sizes["linf"]
    s = math.ceil(sizes["linf"])
    assert repaired_by(layer, (s,) * m, box)
    just_below = sizes["linf"] * Fraction(999, 1000)
    assert sizes["linf"] == 0 or not repaired_by(layer, (just_below,) * m, box)


@pytest.mark.parametrize("seed", range(24))
def test_repairs_of_random_layers_are_decided_anew(seed: int) -> None:
    rng = np.random.default_rng([92, seed])
    n = 1 + seed % 3
    m = int(rng.integers(0, 2 * n + 2))
    layer = ReLULayer(rng.integers(-2, 3, size=(m, n)), rng.integers(-3, 2, size=m))
    box = Box([-1] * n, [2] * n) if seed % 2 else None
    linf = repair_injectivity(layer, domain=box)
    rows = repair_injectivity(layer, by="rows", domain=box)
    for repair in (linf, rows):
        if repair.layer is not None:
            assert injective(repair.layer, box) and repair.after.proved
            assert 0 <= repair.at_least <= repair.size
            assert (repair.size == 0) == injective(layer, box)
    assert rows.status in (Repaired.REPAIRED, Repaired.UNCHANGED)
    assert rows.layer.m == layer.m + rows.size == layer.m + len(rows.rows)
    assert rows.layer.weight.fractions()[: layer.m] == layer.weight.fractions()
    if box is None:
        possible = m > 0 and oracle.injective_by_flats(layer.weight.fractions())
    else:
        possible = np.linalg.matrix_rank(layer.W) == n
    assert (linf.status is not Repaired.IMPOSSIBLE) == possible
    if not possible:
        check_escape(layer, linf, box)


def check_escape(layer: ReLULayer, repair: Repair, box: Box | None) -> None:
    """Only rows orthogonal to u are active far out in the direction d, whatever the biases are."""
    d, u = repair.escape.d, repair.escape.u
    assert any(u)
    for row in layer.weight.fractions():
        across = sum(p * q for p, q in zip(row, u, strict=True))
        along = sum(p * q for p, q in zip(row, d, strict=True))
        assert across == 0 or along < 0
    if box is not None:
        assert all(sum(p * q for p, q in zip(a, d, strict=True)) <= 0 for a, _ in box.halfspaces())


def cheapest_by_corners(circuits: list[Circuit], m: int) -> Fraction:
    """The least sum of entries over the corners of {t >= 0 : sum l_i t_i >= need}, solved one by one."""
    rows = [([c.rows.get(i, Fraction(0)) for i in range(m)], c.need) for c in circuits]
    rows += [([Fraction(int(i == j)) for j in range(m)], Fraction(0)) for i in range(m)]
    sizes = []
    for chosen in combinations(rows, m):
        matrix = sp.Matrix([[sp.Rational(v.numerator, v.denominator) for v in row] for row, _ in chosen])
        if matrix.det() != 0:
            solved = matrix.LUsolve(sp.Matrix([sp.Rational(c.numerator, c.denominator) for _, c in chosen]))
            t = [Fraction(int(v.p), int(v.q)) for v in solved]
            if min(t) >= 0 and all(c.satisfied(t) for c in circuits):
                sizes.append(sum(t, Fraction(0)))
    return min(sizes)


@pytest.mark.parametrize("seed", range(24))
def test_linear_programs_are_exact_and_bounded_where_floats_fail(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng([97, seed])
    m = 2 + seed % 2
    scale = Fraction(10) ** int(rng.integers(-300, 300)) if seed % 3 == 0 else Fraction(1)
    circuits = []
    for _ in range(int(rng.integers(1, 5))):
        multipliers = {i: Fraction(int(v), 3) for i, v in enumerate(rng.integers(0, 4, size=m)) if v}
        if multipliers:
            circuits.append(Circuit(multipliers, scale * Fraction(int(rng.integers(-2, 9)), 7)))
    circuits.append(Circuit({0: Fraction(1)}, scale / 5))
    expected = cheapest_by_corners(circuits, m)
    plan = cheapest(circuits, m)
    assert plan.size == plan.at_least == expected == sum(plan.t)
    assert min(plan.t) >= 0 and all(c.satisfied(plan.t) for c in circuits)
    for broken, answer in (("_vertex", None), ("_floats", None)):
        monkeypatch.setattr(f"relutheory.injectivity.repair.covering.{broken}", lambda *_, answer=answer: answer)
        rough = cheapest(circuits, m)
        assert rough.at_least <= expected <= rough.size == sum(rough.t)
        assert all(c.satisfied(rough.t) for c in circuits)


def least_sum_by_integer_program(layer: ReLULayer, box: Box) -> float:
    """One binary variable per circuit, all sets of rows at once, solved in floats by HiGHS."""
    gaps = Gaps(layer, box)
    needs, choices = [], []
    for u in ([-w[1], w[0]] for w in gaps.integers if any(w)):  # n = 2: orthogonal to one row
        moving = [i for i, w in enumerate(gaps.integers) if w[0] * u[0] + w[1] * u[1]]
        found = list(gaps.circuits(moving))
        choices.append(range(len(needs), len(needs) + len(found)))
        needs += found
    m, large = layer.m, 100.0
    rows, low = [], []
    for k, circuit in enumerate(needs):
        row = np.zeros(m + len(needs))
        row[list(circuit.rows)] = [float(v / max(circuit.rows.values())) for v in circuit.rows.values()]
        row[m + k] = -large
        rows.append(row)
        low.append(float(circuit.need / max(circuit.rows.values())) - large)
    for chosen in choices:
        row = np.zeros(m + len(needs))
        row[[m + k for k in chosen]] = 1.0
        rows.append(row)
        low.append(1.0)
    binary = np.repeat([0, 1], [m, len(needs)])
    cost, ends = 1.0 - binary, Bounds(0, np.where(binary, 1.0, large))
    result = milp(cost, constraints=LinearConstraint(np.array(rows), low), integrality=binary, bounds=ends)
    return float(result.fun)


@pytest.mark.parametrize("seed", range(8))
def test_the_smallest_sum_agrees_with_an_integer_program(seed: int) -> None:
    rng = np.random.default_rng([98, seed])
    m = 3 + seed % 4
    layer = ReLULayer([[1, 0], [0, 1], *rng.integers(-2, 3, size=(m - 2, 2))], rng.integers(-3, 1, size=m))
    box = Box(-1, 2, n=2)
    repair = repair_injectivity(layer, norm="l1", domain=box)
    assert repair.optimal
    assert float(repair.size) == pytest.approx(least_sum_by_integer_program(layer, box), abs=1e-5)


def test_unbounded_domains() -> None:
    quarter = Box([0, 0], [math.inf, math.inf])
    layer = ReLULayer([[1, 0], [0, 1]], [-1, -2])
    repair = repair_injectivity(layer, domain=quarter)
    assert (repair.size, repair.optimal) == (2, True)
    assert repair_injectivity(layer, norm="l1", domain=quarter).size == 3
    assert repair_injectivity(ReLULayer([[1, 0], [0, -1]]), domain=quarter).status is Repaired.IMPOSSIBLE
    strip = Polyhedron([[0, 1], [0, -1]], [1, 1])  # a line is in it, its directions have no interior
    assert repair_injectivity(ReLULayer([[1, 0], [-1, 0], [0, 1]]), domain=strip).size == 1
    assert repair_injectivity(ReLULayer([[1, 0], [0, 1], [0, -1]]), domain=strip).status is Repaired.IMPOSSIBLE
    rows = repair_injectivity(ReLULayer([[1, 0], [0, 1], [0, -1]]), by="rows", domain=strip)
    assert (rows.size, rows.optimal) == (1, True)


def fewest_rows_on_a_line(layer: ReLULayer) -> int:
    """n = 1, no bias: a row to each side."""
    signs = {w > 0 for (w,) in layer.weight.fractions() if w}
    return 2 - len(signs)


def test_rows_on_a_line() -> None:
    for entries in product((-1, 0, 2), repeat=3):
        layer = ReLULayer([[v] for v in entries])
        repair = repair_injectivity(layer, by="rows")
        assert (repair.size, repair.optimal) == (fewest_rows_on_a_line(layer), True)


def test_one_row_is_found_or_excluded() -> None:
    # three rows in the plane: no fourth one but the missing opposite repairs [I; -I] short of one row
    short = ReLULayer([[1, 0], [0, 1], [-1, 0]])
    assert repair_injectivity(short, by="rows").size == 1
    # no single integer row within [-4, 4]^2 repairs these four
    layer = ReLULayer([[1, 0], [0, 1], [1, 1], [-2, 1]])
    repair = repair_injectivity(layer, by="rows")
    single = [v for v in product(range(-4, 5), repeat=2) if layer_collision(ReLULayer([*layer.W, v])) is None]
    assert (not single) == (repair.size > 1)
    assert repair.at_least <= 2 <= repair.size


@pytest.mark.parametrize("seed", range(6))
def test_no_fewer_small_rows_suffice(seed: int) -> None:
    rng = np.random.default_rng([93, seed])
    layer = ReLULayer(rng.integers(-2, 3, size=(3 + seed % 3, 2)))
    repair = repair_injectivity(layer, by="rows")
    candidates = list(product((-2, -1, 0, 1, 2), repeat=2))
    for k in range(int(repair.at_least)):
        for chosen in combinations(candidates, k):
            assert layer_collision(ReLULayer([*layer.W, *chosen] if k else layer.W)) is not None


def test_on_a_box_as_many_rows_as_dimensions_are_missing() -> None:
    box = Box(-1, 1, n=3)
    for rows, missing in (([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 3), ([[1, 0, 0], [-1, 0, 0], [0, 1, 0]], 2)):
        repair = repair_injectivity(ReLULayer(rows), by="rows", domain=box)
        assert (repair.size, repair.optimal) == (missing, True)
        assert injective(repair.layer, box)


def test_hopeless_layers_and_empty_ones() -> None:
    flat = ReLULayer([[1, 2], [-1, -2], [2, 4]])
    for box in (None, Box(-1, 1, n=2)):
        assert repair_injectivity(flat, domain=box).status is Repaired.IMPOSSIBLE
    empty = ReLULayer(np.zeros((0, 2)))
    assert repair_injectivity(empty).status is Repaired.IMPOSSIBLE
    repair = repair_injectivity(empty, by="rows")
    assert (repair.size, repair.optimal) == (4, True)
    assert repair_injectivity(empty, by="rows", domain=Box(0, 1, n=2)).size == 2


def test_extreme_scales_change_nothing_but_the_scale() -> None:
    W = np.array([[1.0, 0], [0, 1], [-1, -1], [1, -1], [-1, 1], [-1, 0], [0, -1]])
    b = np.array([-1.0, -1, -1, 0, -2, -3, 0])
    for norm in ("linf", "l1"):
        one = repair_injectivity(ReLULayer(W, b), norm=norm)
        for scale in (2.0**990, 2.0**-990):
            other = repair_injectivity(ReLULayer(W * scale, b * scale), norm=norm)
            assert other.size == one.size * Fraction(scale) and other.optimal


def test_float_layers_are_rounded_upwards() -> None:
    layer = ReLULayer([[3], [-7], [0]], [-1, -2, 0])
    repair = repair_injectivity(layer)
    assert not repair.layer.bias.floats_exact
    rounded = repair.float_layer()
    assert all(p >= q for p, q in zip(rounded.bias.fractions(), repair.layer.bias.fractions(), strict=True))
    assert max(abs(rounded.b - repair.layer.b)) < 1e-15 and injective(rounded)
    assert repair.increase[2] == 0
    assert repair_injectivity(ReLULayer([["1/3"], ["-1/3"]], [-1, 0])).float_layer().weight.floats_exact


def test_larger_layers() -> None:
    rng = np.random.default_rng(94)
    layer = ReLULayer(rng.standard_normal((24, 5)), rng.standard_normal(24) - 1)
    box = Box(-1, 1, n=5)
    repair = repair_injectivity(layer, domain=box)
    assert repair.optimal and decide_injectivity(repair.layer, domain=box).proved
    below = ReLULayer(layer.weight, [b + repair.size * Fraction(999, 1000) for b in layer.bias.fractions()])
    assert decide_injectivity(below, domain=box).refuted
    rows = repair_injectivity(layer, by="rows")
    assert decide_injectivity(rows.layer).proved and rows.at_least >= 1


def test_out_of_time_nothing_is_invented() -> None:
    rng = np.random.default_rng(95)
    layer = ReLULayer(rng.standard_normal((60, 12)), rng.standard_normal(60) - 2)
    repair = repair_injectivity(layer, domain=Box(-1, 1, n=12), time_limit=0)
    assert repair.status is Repaired.UNDECIDED and repair.layer is None and repair.size is None
    assert not repair.optimal and repair.float_layer() is None and repair.rigor.value == "sampled"


@pytest.mark.parametrize("box", [None, Box(-1, 1, n=12)])
@pytest.mark.parametrize("given", [0, 7, 60])
def test_out_of_time_there_still_are_rows_that_repair(given: int, box: Box | None) -> None:
    rng = np.random.default_rng(95)
    layer = ReLULayer(rng.standard_normal((given, 12)), rng.standard_normal(given) - 2)
    repair = repair_injectivity(layer, by="rows", domain=box, time_limit=0)
    assert repair.status is Repaired.REPAIRED and repair.rigor.value == "exact"
    assert repair.at_least <= repair.size == len(repair.rows) <= 24 - min(given, 12)
    assert repair.after.proved and decide_injectivity(repair.layer, domain=box).proved


def test_an_undecided_layer_gets_rows_and_no_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    from relutheory.injectivity.decide import Status
    from relutheory.injectivity.repair import repairing

    layer = ReLULayer([[1, 0], [2, 0], [-1, 0]])
    before = replace(decide_injectivity(layer), status=Status.UNDECIDED, witness=None)
    monkeypatch.setattr(repairing, "decide_injectivity", lambda *_, **__: before)
    repair = repair_injectivity(layer, by="rows", time_limit=0)
    assert (repair.size, repair.at_least, repair.optimal) == (3, 0, False) and injective(repair.layer)
    assert "an upper bound; at least 0" in repair.text


def test_a_line_that_no_row_sees_takes_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    # (0, 1) is a direction of the half-plane x1 >= 0 on both sides: one row is active on one of them only
    half = Polyhedron([[-1, 0]], [0])

    def searched(*_: object) -> None:
        raise AssertionError("one row was tried")

    monkeypatch.setattr("relutheory.injectivity.repair.more_rows._single", searched)
    repair = repair_injectivity(ReLULayer([[1, 0]]), by="rows", domain=half)
    assert (repair.size, repair.optimal) == (2, True)
    assert {tuple(w) for w, _ in repair.rows} == {(0, 1), (0, -1)}
    # on a wedge times a line, one row to each side of the line is missing but not both
    wedge = Polyhedron([[-1, 1, 0], [-1, -1, 0]], [0, 0])
    repair = repair_injectivity(ReLULayer([[1, 0, 0]]), by="rows", domain=wedge)
    assert repair.at_least == 2 and decide_injectivity(repair.layer, domain=wedge).proved


def test_one_row_of_few_digits_suffices_beside_a_line() -> None:
    strip = Polyhedron([[0, 1], [0, -1]], [1, 1])
    repair = repair_injectivity(ReLULayer([[1, 0], [0, 1], [0, -1]]), by="rows", domain=strip)
    assert (repair.size, repair.at_least) == (1, 1)


def test_rows_of_extreme_layers_stay_short() -> None:
    large, tiny = Fraction(10) ** 300, Fraction(1, 10**300)
    layer = ReLULayer([[-2, 1], [2 * tiny, -1], [-6, -2], [3 * large, large]], [-0.473, 0.789, -1.196, 0.498])
    repair = repair_injectivity(layer, by="rows")
    assert repair.status is Repaired.REPAIRED and repair.at_least <= repair.size <= 2
    assert injective(repair.layer)


def test_what_is_not_optimal_is_called_an_upper_bound() -> None:
    rng = np.random.default_rng(96)
    layer = ReLULayer(rng.standard_normal((20, 4)), rng.standard_normal(20) - 2)
    repair = repair_injectivity(layer, norm="l1", domain=Box(-1, 1, n=4), time_limit=1)
    assert repair.status is Repaired.REPAIRED
    assert 0 < repair.at_least <= repair.size
    assert repair.optimal or "an upper bound; at least" in repair.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layer": None}, "layer = None: must be a ReLULayer"),
        ({"by": "luck"}, """by = 'luck': must be "bias" or "rows\""""),
        ({"norm": []}, 'norm = []: must be "linf" or "l1"'),
        ({"by": ["rows"]}, """by = ['rows']: must be "bias" or "rows\""""),
        ({"norm": 2}, 'norm = 2: must be "linf" or "l1"'),
        ({"domain": (0, 1)}, "domain = (0, 1): must be a Box, a Polyhedron or None"),
        ({"domain": Box(0, 1, n=2)}, "must lie in the layer's input space"),
        ({"domain": Box([0], [0])}, "must have a non-empty interior"),
        ({"time_limit": -1}, "time_limit = -1: must be a non-negative number or None"),
    ],
)
def test_bad_arguments(arguments: dict, words: str) -> None:
    given = {"layer": ReLULayer([[1]])} | arguments
    with pytest.raises(InputError) as error:
        repair_injectivity(given.pop("layer"), **given)
    assert words in str(error.value)
