"""Normalised and pooled layers: against the definition, case by case, and against closed forms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import oracle
import pytest

from proofs_check import layer_norm, normalisation, pooling
from relutheory.core.errors import InputError
from relutheory.core.lp import solve_system
from relutheory.core.verdict import Rigor
from relutheory.injectivity import Status, decide_injectivity
from relutheory.injectivity.structured.layer_norm import (
    instance_norm_collision,
    layer_norm_collision,
    layer_norm_signature,
)
from relutheory.injectivity.structured.normalisation import (
    decide_batch_norm,
    decide_weight_norm,
    fold_batch_norm,
    normalised_layer,
)
from relutheory.injectivity.structured.pooling import PooledLayer, decide_pooling
from relutheory.networks import ReLULayer
from relutheory.theorems import get
from relutheory.theorems.brute import layer_collision
from relutheory.theorems.inj_pooling import pooled_collision
from relutheory.theorems.verify import verify_theorem

LINE = [[1], [-1]]


def random_layer(rng: np.random.Generator, n_max: int = 3) -> ReLULayer:
    n = int(rng.integers(1, n_max + 1))
    W = rng.integers(-2, 3, size=(2 * n + int(rng.integers(0, 3)), n))
    W[n : 2 * n] = -W[:n] * rng.integers(1, 4, size=(n, 1))
    return ReLULayer(W, rng.integers(-1, 3, size=len(W)))


def test_positive_scaling_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    answers = set()
    for _ in range(40):
        layer = random_layer(rng)
        scale = [Fraction(int(a), int(b)) for a, b in rng.integers(1, 99, size=(layer.m, 2))]
        scaled = normalised_layer(layer, scale)
        assert scaled.preactivation_exact([7] * layer.n) == [
            s * v for s, v in zip(scale, layer.preactivation_exact([7] * layer.n), strict=True)
        ]
        injective = oracle.injective_by_cells(layer.weight.fractions(), layer.bias.fractions())
        assert decide_injectivity(scaled).proved == injective
        # one number for all rows only scales x
        assert decide_injectivity(normalised_layer(layer, 1e-300, scale_bias=False)).proved == injective
        answers.add(injective)
    assert answers == {True, False}


def test_scaling_rows_and_not_their_biases_can_break_injectivity() -> None:
    layer = ReLULayer(LINE, [-1, 2])  # x > 1 and x < 2
    assert decide_injectivity(layer).proved
    assert decide_injectivity(normalised_layer(layer, [Fraction(1, 3), 1])).proved
    assert decide_injectivity(normalised_layer(layer, ["1/3", 1], scale_bias=False)).status is Status.NOT_INJECTIVE


@pytest.mark.parametrize(
    ("scale", "text"),
    [
        (0, "scale = '0': must be positive"),
        ([1, -1], r"scale\[1\] = '-1': must be positive"),
        ([1], "scale = .*one entry per row, 2"),
        (math.nan, "scale = nan: must be finite"),
        ("a", "scale = 'a'"),
    ],
)
def test_bad_scales_are_one_line(scale: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        normalised_layer(ReLULayer(LINE), scale)


def test_numbers_without_dimensions_are_numbers() -> None:
    layer = ReLULayer([[2], [-4]], [2, 8])
    assert normalised_layer(layer, np.array(0.5)) == normalised_layer(layer, 0.5)
    assert decide_weight_norm(layer, np.array(2.0)).status is decide_weight_norm(layer, 2).status
    with pytest.raises(InputError, match=r"gamma"):
        decide_batch_norm(layer, np.array(2.0), [0, 0], [0, 0], [1, 1])


@pytest.mark.parametrize("m", [0, 2])
def test_what_is_no_executor_is_refused(m: int) -> None:
    numbers = [1] * m
    for decide in (
        lambda: decide_batch_norm(ReLULayer(np.ones((m, 1))), numbers, numbers, numbers, numbers, executor="x"),
        lambda: decide_weight_norm(ReLULayer(np.ones((m, 1))), executor="x"),
    ):
        with pytest.raises(InputError, match=r"executor = 'x': must be a concurrent.futures.Executor or None"):
            decide()


def test_batch_norm_with_rational_roots_is_the_folded_layer() -> None:
    rng = np.random.default_rng(1)
    answers = set()
    for _ in range(60):
        layer = random_layer(rng)
        gamma, beta, mean = (rng.integers(-2, 3, size=layer.m) for _ in range(3))
        if rng.random() < 0.7:
            gamma = np.abs(gamma) + 1
        deviation = rng.integers(1, 4, size=layer.m)
        result = decide_batch_norm(layer, gamma, beta, mean, deviation**2 - 0.5, eps="1/2")
        # the definition, row by row, with gamma's sign left in the row
        scale = [Fraction(int(g), int(s)) for g, s in zip(gamma, deviation, strict=True)]
        W = [[f * v for v in layer.weight.row(i)] for i, f in enumerate(scale)]
        b = [
            f * (c - int(mu)) + int(shift)
            for f, c, mu, shift in zip(scale, layer.bias.fractions(), mean, beta, strict=True)
        ]
        injective = oracle.injective_by_cells(W, b)
        assert result.proved == injective and result.refuted == (not injective)
        if result.witness is not None:
            assert oracle.check_collision(W, b, result.witness.x, result.witness.y)
        answers.add(injective)
    assert answers == {True, False}


def test_batch_norm_on_a_line_is_a_comparison_of_square_roots() -> None:
    # rows x + sqrt(2 a) and -x - sqrt(3 b), up to scaling: injective iff sqrt(2 a) >= sqrt(3 b)
    for a, b in [(3, 2), (30001, 20000), (29999, 20000), (3 * 10**40 + 1, 2 * 10**40), (3 * 10**40 - 1, 2 * 10**40)]:
        result = decide_batch_norm(ReLULayer(LINE), [1, 5], [1, -5], [0, 0], [2 * a, 3 * b], eps=0)
        assert result.status is (Status.INJECTIVE if 2 * a >= 3 * b else Status.NOT_INJECTIVE)
        assert result.rigor is Rigor.EXACT
        if result.witness is not None:
            low, high = sorted(v for (v,) in (result.witness.x, result.witness.y))
            assert low < high and -low >= 0 and low**2 <= 3 * b and high**2 >= 0 and -high > 0 and high**2 >= 2 * a


def test_more_bits_are_taken_where_they_are_needed() -> None:
    big = 10**100  # sqrt(big + 1) - sqrt(big) is about 1e-50, relatively 1e-100
    result = decide_batch_norm(ReLULayer(LINE), [1, 1], [1, -1], [0, 0], [big * 2 + 1, big * 2], eps=0)
    assert result.proved and result.bits > 64
    result = decide_batch_norm(ReLULayer(LINE), [1, 1], [1, -1], [0, 0], [big * 2, big * 2 + 1], eps=0)
    assert result.refuted and result.bits > 64


def test_signs_and_zeros_of_gamma() -> None:
    def status(gamma: list, beta: list) -> str:
        return decide_batch_norm(ReLULayer([*LINE, [2]]), gamma, beta, [0] * 3, [1] * 3, eps=0).status.value

    assert status([1, 1, 1], [0, 0, 0]) == "injective"
    assert status([-1, -1, 0], [0, 0, 9]) == "injective", "both rows turn round"
    assert status([1, -1, 1], [0, 0, 0]) == "not-injective", "no row points left"
    assert status([1, -1, -1], [0, 0, 0]) == "injective", "the third one does"
    assert status([0, 1, 0], [5, 0, 5]) == "not-injective", "constant neurons"
    assert decide_batch_norm(ReLULayer(np.zeros((0, 2))), [], [], [], []).refuted


def test_folding_encloses_the_biases() -> None:
    rng = np.random.default_rng(2)
    layer = ReLULayer(rng.standard_normal((5, 3)), rng.standard_normal(5))
    gamma, beta, mean, var = (rng.standard_normal(5) for _ in range(4))
    lower, upper = fold_batch_norm(layer, gamma, beta, mean, var**2, eps=1e-5)
    x = rng.standard_normal(3)
    deviation = np.sqrt(var**2 + 1e-5)
    want = (gamma * (layer.preactivation(x) - mean) / deviation + beta) * deviation / np.abs(gamma)
    assert np.allclose(lower.preactivation(x), want, rtol=1e-12, atol=1e-12)
    for low, high, shift in zip(lower.bias.fractions(), upper.bias.fractions(), beta, strict=True):
        assert 0 < high - low <= Fraction(1, 2**50) and shift != 0
    # the square of (bias - rational part) |gamma| / beta is var + eps, between the squares of the ends
    for i in range(5):
        part = (1 if gamma[i] > 0 else -1) * (layer.bias[i] - Fraction(mean[i]))
        ends = sorted(abs((b - part) * Fraction(gamma[i]) / Fraction(beta[i])) for b in (lower.bias[i], upper.bias[i]))
        assert ends[0] ** 2 < Fraction(float(var[i] ** 2)) + Fraction(1e-5) < ends[1] ** 2


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"gamma": [1]}, "gamma = .*one entry per row, 2"),
        ({"var": [1, -1]}, r"var\[1\] = '-1': must not be negative"),
        ({"var": [1, 0], "eps": 0}, "eps = '0': must make var . eps positive"),
        ({"mean": [0, math.nan]}, r"mean\[1\] = nan"),
        ({"beta": 1}, "beta = 1"),
        ({"eps": math.inf}, "eps = inf"),
        ({"time_limit": -1}, "time_limit = -1"),
    ],
)
def test_bad_batch_norm_is_one_line(changes: dict, text: str) -> None:
    arguments = {"gamma": [1, 1], "beta": [0, 0], "mean": [0, 0], "var": [1, 1], "eps": 1} | changes
    with pytest.raises(InputError, match=text):
        decide_batch_norm(ReLULayer(LINE), **arguments)


def test_weight_norm_keeps_biases() -> None:
    rng = np.random.default_rng(3)
    pythagorean = [[3, 4], [-3, -4], [5, -12], [-10, 24], [8, 6]]
    for _ in range(30):
        W = np.array(pythagorean) * rng.integers(1, 4, size=(5, 1))
        b = rng.integers(-2, 3, size=5)
        gain = rng.integers(-2, 4, size=5)
        norms = [math.isqrt(int(row @ row)) for row in W]
        rows = [[Fraction(int(g) * int(v), s) for v in row] for g, row, s in zip(gain, W, norms, strict=True)]
        assert decide_weight_norm(ReLULayer(W, b), gain).proved == oracle.injective_by_cells(rows, b.tolist())
    assert decide_weight_norm(ReLULayer([[1, 1], [-1, -1], [1, 0], [-1, 0]])).proved
    # kinks of (x + y)/sqrt(2) - 1 >= 0 and 3/2 - (x + y) >= 0: sqrt(2) <= 3/2
    rows = [[1, 1], [-1, -1], [1, 0], [-1, 0]]
    assert decide_weight_norm(ReLULayer(rows, [-1, "3/2", 0, 0]), [1, 1, 1, 1]).proved
    tie = decide_weight_norm(ReLULayer(rows, [-1, "1", 0, 0]))
    assert tie.proved and tie.rigor is Rigor.EXACT, "both kinks at sqrt(2)"
    assert decide_weight_norm(ReLULayer([[1, 1], [-2, -2], [1, 0], [-1, 0]], [-1, 1, 0, 0])).proved
    # both kinks at 1 - sqrt(2); with a third row at 5 no shift of x takes all rational parts away: not told
    tie = decide_batch_norm(ReLULayer(LINE), [1, 1], [1, -1], [1, -1], [2, 2], eps=0)
    assert tie.proved
    undecided = decide_batch_norm(ReLULayer([*LINE, [1]]), [1] * 3, [1, -1, 0], [1, -1, 5], [2] * 3, eps=0)
    assert undecided.status is Status.UNDECIDED and undecided.bits == 512
    assert decide_weight_norm(ReLULayer(rows, [-1, "9/10", 0, 0])).refuted
    with pytest.raises(InputError, match=r"layer.W\[1\]"):
        decide_weight_norm(ReLULayer([[1], [0]]))


def test_out_of_budget_is_undecided() -> None:
    rng = np.random.default_rng(4)
    layer = ReLULayer(rng.standard_normal((40, 7)))
    result = decide_batch_norm(layer, np.ones(40), np.ones(40), np.zeros(40), np.ones(40), node_limit=1)
    assert result.status is Status.UNDECIDED and result.rigor is Rigor.SAMPLED and result.witness is None


@pytest.mark.parametrize("eps", [0, 1, 1e-5])
def test_layer_norm_collides(eps: float) -> None:
    rng = np.random.default_rng(5)
    for n in (2, 3, 6):
        layers = [ReLULayer(np.eye(n)), ReLULayer(np.ones((n, n))[:1].repeat(3, 0) + np.eye(3, n))]
        layers += [ReLULayer(rng.integers(-3, 4, size=(2 * n, n)), np.arange(2 * n)) for _ in range(5)]
        for layer in layers[:1] if eps else layers:
            pair = layer_norm_collision(layer, eps)
            if pair is None:
                continue
            assert pair.x != pair.y
            assert layer_norm_signature(layer, pair.x, eps) == layer_norm_signature(layer, pair.y, eps)
            values = [layer.preactivation(np.array(point, dtype=float)) for point in (pair.x, pair.y)]
            one, two = ((v - v.mean()) / np.sqrt(v.var() + eps) for v in values)
            assert np.allclose(one, two)
        assert layer_norm_collision(layers[0], eps) is not None
        # without bias and epsilon scale is lost, whatever the layer
        assert layer_norm_collision(ReLULayer(rng.integers(-3, 4, size=(3 * n, n))), 0) is not None


def test_layer_norm_with_epsilon_after_a_layer_may_keep_everything() -> None:
    layer = ReLULayer(LINE)  # t = x / sqrt(x^2 + eps) grows with x
    assert layer_norm_collision(layer, 1) is None
    signatures = [layer_norm_signature(layer, [x], 1)[0] for x in range(-5, 6)]
    assert signatures == sorted(set(signatures))
    assert layer_norm_collision(layer, 0) is not None
    # with a bias outside of the range and of the ones, neither symmetry is left
    assert layer_norm_collision(ReLULayer([[1], [2], [4]], [1, -1, 0]), 0) is None
    affine = ReLULayer([[1], [-1]], [3, 1])  # Wd = b + c 1 at d = 1, c = -2
    pair = layer_norm_collision(affine, 0)
    assert pair is not None and layer_norm_signature(affine, pair.x) == layer_norm_signature(affine, pair.y)


def test_layer_norm_of_equal_numbers_is_refused_without_epsilon() -> None:
    with pytest.raises(InputError, match="eps = 0: must be positive"):
        layer_norm_collision(ReLULayer([[1, 2]]), 0)
    assert layer_norm_collision(ReLULayer([[1, 2]]), 1) is not None
    with pytest.raises(InputError, match="x = "):
        layer_norm_signature(ReLULayer([[1], [1]]), [3])
    with pytest.raises(InputError, match="eps = '-1'"):
        layer_norm_collision(ReLULayer([[1], [2]]), -1)


def test_instance_norm_loses_each_channels_mean() -> None:
    pair = instance_norm_collision(3, 4)
    x, y = (np.array(point, dtype=float).reshape(3, 4) for point in (pair.x, pair.y))
    assert not np.array_equal(x, y)
    one, two = ((v - v.mean(1, keepdims=True)) / v.std(1, keepdims=True) for v in (x, y))
    assert np.allclose(one, two)
    with pytest.raises(InputError, match="size = 1"):
        instance_norm_collision(2, 1)
    assert instance_norm_collision(2, 1, eps=1).x != instance_norm_collision(2, 1, eps=1).y


def collides_by_cases(pooled: PooledLayer) -> bool:
    """Whether two points have equal outputs: for each point and group, which row is the largest (or which are active).

    From the definition of max and of ReLU alone; no arrangement, no cells.
    """
    n, layer = pooled.layer.n, pooled.layer
    rows = [[*layer.weight.row(i), layer.bias[i]] for i in range(layer.m)]
    zero = [Fraction(0)] * (n + 1)

    def choices(group: tuple[int, ...]) -> list[tuple[list[Fraction], list[list[Fraction]]]]:
        """(output, forms that must be >= 0) for each case of one group at one point."""
        forms = [rows[i] for i in group]
        if pooled.kind == "max":
            return [
                (best, [minus(best, other) for other in [*forms, zero] if other is not best]) for best in [*forms, zero]
            ]
        found = []
        for active in product((False, True), repeat=len(forms)):
            total = [sum((f[j] for f, on in zip(forms, active, strict=True) if on), Fraction(0)) for j in range(n + 1)]
            signs = [f if on else minus(zero, f) for f, on in zip(forms, active, strict=True)]
            found.append((total, signs))
        return found

    def minus(a: Sequence[Fraction], b: Sequence[Fraction]) -> list[Fraction]:
        return [p - q for p, q in zip(a, b, strict=True)]

    def extend(k: int, weak: list, strict: list) -> bool:
        if not solve_system(strict, weak, 2 * n).feasible:
            return False
        if k == len(pooled.groups):
            return True
        for (f, at_x), (g, at_y) in product(choices(pooled.groups[k]), repeat=2):
            more = [([-v for v in form[:-1]] + [0] * n, form[-1]) for form in at_x]
            more += [([0] * n + [-v for v in form[:-1]], form[-1]) for form in at_y]
            ahead = [*f[:-1], *(-v for v in g[:-1])]
            more += [(ahead, g[-1] - f[-1]), ([-v for v in ahead], f[-1] - g[-1])]
            if extend(k + 1, weak + more, strict):
                return True
        return False

    return any(extend(0, [], [([int(j == k) - int(j == n + k) for j in range(2 * n)], 0)]) for k in range(n))


@pytest.mark.parametrize("kind", ["max", "average"])
def test_pooling_is_decided_as_by_definition(kind: str) -> None:
    rng = np.random.default_rng([6, kind == "max"])
    methods: dict[tuple[str, bool], int] = {}
    for trial in range(40):
        n = 1 + trial % 2
        size = int(rng.integers(1, 3))
        m = int(rng.integers(4, 6)) + (n - 1)
        W = rng.integers(-2, 3, size=(m, n))
        if rng.random() < 0.6:
            W[-2 * n :] = np.concatenate([np.eye(n, dtype=int), -np.eye(n, dtype=int)])
        b = rng.integers(-2, 3, size=m) * int(rng.integers(0, 2))
        groups = [[0, 1]] if size == 1 else [[0, m - 1], [1, 2]]
        layer = ReLULayer(W, b)
        result = decide_pooling(layer, groups, kind)
        assert result.status is not Status.UNDECIDED
        assert result.refuted == collides_by_cases(result.pooled), (W.tolist(), b.tolist(), groups)
        if result.refuted:
            assert result.witness is not None and result.witness.x != result.witness.y
            assert result.pooled.forward_exact(result.witness.x) == result.pooled.forward_exact(result.witness.y)
        methods[result.method, result.proved] = methods.get((result.method, result.proved), 0) + 1
    assert {("pairs of cells", True), ("rows outside of the other groups", True)} <= set(methods)


def test_parallel_groups_act_like_their_first_active_row() -> None:
    # t - 3 and 2 t - 2 are first active at t = 1; a constant neuron 4 hides 2 t - 2 in "max" up to t = 3
    layer = ReLULayer([[1], [2], [0], [-1]], [-3, -2, 4, 2])
    assert decide_pooling(layer, [[0, 1]]).proved
    assert decide_pooling(layer, [[0, 1, 2]], "average").proved
    hidden = decide_pooling(layer, [[0, 1, 2]], "max")
    assert hidden.refuted and hidden.method == "parallel groups"
    assert hidden.witness is not None
    assert all(2 <= v <= 3 for v in (*hidden.witness.x, *hidden.witness.y))
    assert decide_pooling(ReLULayer([[1], [2], [0], [-1]], [-3, -2, 4, 3]), [[0, 1, 2]], "max").proved
    for kind in ("max", "average", "lp"):
        for proved, bias in ((True, 1), (False, "1/2")):
            result = decide_pooling(ReLULayer([[1], [2], [-1]], [-3, -2, bias]), [[0, 1]], kind, p=3)
            assert result.proved == proved == (not collides_by_cases(PooledLayer(result.pooled.layer, [[0, 1]])))


@pytest.mark.parametrize("kind", ["max", "average", "lp"])
def test_absolute_value_is_not_injective(kind: str) -> None:
    result = decide_pooling(ReLULayer(LINE), [[0, 1]], kind)
    assert result.refuted and result.rigor is Rigor.EXACT
    assert result.witness is not None and [-v for v in result.witness.x] == list(result.witness.y)
    assert result.pooled.forward([[3.0], [-3.0]]).tolist() in ([[3.0], [3.0]], [[1.5], [1.5]])


def test_pooling_of_more_dimensions_and_budgets() -> None:
    eye = np.eye(3, dtype=int)
    layer = ReLULayer(np.concatenate([eye, -eye, [[1, 1, 1], [1, -1, 0]]]))
    assert decide_pooling(layer, [[6, 7]]).method == "rows outside of the other groups"
    assert decide_pooling(layer, [[6, 7]], "lp").proved
    # two pooled pairs whose averages still tell everything: the un-pooled rows alone do not
    mixed = ReLULayer([[1, 0], [1, 1], [-1, 0], [0, 1], [0, -1]])
    kept = decide_pooling(mixed, [[0, 1]], "average")
    assert kept.method == "pairs of cells"
    assert kept.refuted == collides_by_cases(kept.pooled)
    limited = decide_pooling(mixed, [[0, 1]], "average", pair_limit=0)
    assert limited.status in (Status.UNDECIDED, Status.NOT_INJECTIVE)
    assert decide_pooling(mixed, [[0, 1]], "lp").status is Status.UNDECIDED
    assert decide_pooling(mixed, [[0, 1]], "lp", p=1).status is kept.status, "a sum is an average"


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ([[0, 2]], r"groups\[0\] = \[0, 2\]: must hold numbers of rows, 0 to 1"),
        ([[0], [0, 1]], r"groups\[1\] = .*must not repeat row 0"),
        ([[]], r"groups\[0\] = \[\]: must not be empty"),
        ([[0.5]], "must hold numbers of rows"),
        ([["0"]], "must hold numbers of rows"),
        (3, "groups = 3: must be lists"),
        (np.array(0.0), "groups = .*: must be lists"),
        ([np.array(0.5)], "must hold numbers of rows"),
        ([0], None),
    ],
)
def test_bad_groups_are_one_line(groups: Any, text: str | None) -> None:
    if text is None:
        assert PooledLayer(ReLULayer(LINE), groups).groups == ((0,), (1,))
        return
    with pytest.raises(InputError, match=text):
        decide_pooling(ReLULayer(LINE), groups)


def test_bad_pooling_is_one_line() -> None:
    for arguments, text in [
        ({"kind": "min"}, "kind = 'min': must be one of max, average, lp"),
        ({"kind": "lp", "p": 0}, "p = 0: must be a positive integer"),
        ({"pair_limit": -1}, "pair_limit = -1"),
        ({"kind": ["max"]}, r"kind = \['max'\]: must be one of"),
        ({"executor": "x"}, "executor = 'x': must be a concurrent.futures.Executor or None"),
    ]:
        with pytest.raises(InputError, match=text):
            decide_pooling(ReLULayer(LINE), [[0, 1]], **arguments)
    with pytest.raises(InputError, match="layer = "):
        PooledLayer([[1]], [])  # type: ignore[arg-type]


PERTURBED = {
    "a negative factor": lambda: normalisation.check(sign=-1),
    "the shift kept": lambda: normalisation.check(kept=True),
    "a negative scale": lambda: layer_norm.check(-2),
    "a falling row": lambda: pooling.check(slope=-1),
}


@pytest.mark.parametrize("module", [normalisation, layer_norm, pooling])
def test_all_steps_of_the_proofs_hold(module: Any) -> None:
    steps = module.check()
    assert [step.text for step in steps if step.ok is not True] == [] and len(steps) >= 5


@pytest.mark.parametrize("name", PERTURBED)
def test_a_perturbed_identity_fails(name: str) -> None:
    steps = PERTURBED[name]()
    assert any(not step.ok for step in steps) and any(step.ok for step in steps)


@pytest.mark.parametrize("name", ["inj.normalisation", "inj.layer-norm", "inj.pooling", "inj.pooling-argmax"])
def test_the_catalogue_entries_are_as_recorded(name: str) -> None:
    row = verify_theorem(get(name), trials=12, seed=2024)
    assert row.failures == ()


def test_the_catalogues_counterexamples_are_the_packages() -> None:
    """Two routes: the catalogue decides from the definitions, the package by cells and decisions of layers."""
    for theorem in (get("inj.pooling"), get("inj.pooling-argmax")):
        for case in theorem.cases:
            pooled = case.instance
            layer = ReLULayer(pooled.weight, pooled.bias)
            assert decide_pooling(layer, pooled.groups, pooled.kind).proved == (pooled_collision(pooled) is None)
    for case in get("inj.normalisation").cases:
        given = case.instance
        result = decide_batch_norm(given.given, given.gamma, given.beta, given.mean, [s**2 for s in given.sigma], eps=0)
        assert result.proved == (layer_collision(given) is None)
