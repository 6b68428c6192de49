"""Convolution layers: the dense matrix against its definition, windows against the decisions of dense layers."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import oracle
import pytest
from scipy.signal import correlate

from proofs_check import convolution
from proofs_check.certificates import check_file
from relutheory.core.errors import InputError
from relutheory.core.exact import RationalArray
from relutheory.core.verdict import Rigor
from relutheory.injectivity import Status, decide_injectivity
from relutheory.injectivity.structured.convolution import decide_convolution
from relutheory.injectivity.structured.domain_decomposition import (
    common_root,
    directions,
    enough_rows,
    ever_enough,
    touched,
)
from relutheory.networks.convolution import Axis, conv_layer
from relutheory.theorems import get
from relutheory.theorems.verify import verify_theorem

PAIRS = [[1, 2], [2, 1], [-1, -2], [-2, -1]]  # two coprime kernels and their negatives


def by_definition(kernels: Any, x: Any, padding: str, stride: list[int]) -> list[Fraction]:
    """The pre-activations, number by number: pad the input, then slide.  x : (c, N1, N2), kernels (q, c, k1, k2)."""
    q, c, *widths = np.shape(kernels)
    sizes = np.shape(x)[1:]
    total = {"valid": 0, "full": 2, "same": 1, "circular": 1}[padding]
    left = [total * (k - 1) // 2 for k in widths]  # torch: the right side of "same" gets one more

    def padded(i: int, place: tuple[int, ...]) -> Fraction:
        inside = [p - a for p, a in zip(place, left, strict=True)]
        if padding == "circular":
            inside = [p % n for p, n in zip(inside, sizes, strict=True)]
        return (
            Fraction(x[i][inside[0]][inside[1]])
            if all(0 <= p < n for p, n in zip(inside, sizes, strict=True))
            else Fraction(0)
        )

    lengths = [n + total * (k - 1) for n, k in zip(sizes, widths, strict=True)]
    starts = [range(0, length - k + 1, s) for length, k, s in zip(lengths, widths, stride, strict=True)]
    return [
        sum(
            Fraction(kernels[o][i][j1][j2]) * padded(i, (t1 + j1, t2 + j2))
            for i, j1, j2 in product(range(c), range(widths[0]), range(widths[1]))
        )
        for o, t1, t2 in product(range(q), *starts)
    ]


@pytest.mark.parametrize("padding", ["valid", "same", "full", "circular"])
@pytest.mark.parametrize("widths", [(1, 1), (2, 3), (3, 2), (1, 4)])
def test_the_dense_layer_is_the_definition(padding: str, widths: tuple[int, int]) -> None:
    rng = np.random.default_rng([1, *widths])
    for stride in ([1, 1], [2, 1], [3, 2]):
        kernels = rng.integers(-5, 6, size=(2, 2, *widths))
        x = rng.integers(-5, 6, size=(2, 5, 4))
        layer = conv_layer(kernels, (2, 5, 4), padding, stride)
        assert layer.preactivation_exact(x.ravel().tolist()) == by_definition(kernels, x, padding, stride)


@pytest.mark.parametrize("padding", ["valid", "same", "full"])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_one_dimension_is_scipy_correlate(padding: str, k: int) -> None:
    rng = np.random.default_rng([2, k])
    kernels, x = rng.integers(-9, 10, size=(3, 2, k)), rng.integers(-9, 10, size=(2, 7))
    want = np.array([sum(correlate(x[i], kernel[i], "full") for i in range(2)) for kernel in kernels])
    # of scipy's full output, "same" takes the part that torch takes, which is not scipy's own for an even kernel
    start = {"valid": k - 1, "same": k - 1 - (k - 1) // 2, "full": 0}[padding]
    size = {"valid": 7 - k + 1, "same": 7, "full": 7 + k - 1}[padding]
    layer = conv_layer(kernels, (2, 7), padding)
    assert np.array_equal(layer.preactivation(x.ravel()), want[:, start : start + size].ravel())


def test_entries_are_exact_and_biases_go_with_kernels() -> None:
    layer = conv_layer([["1/3", 1e300], [1e-300, Fraction(2, 7)]], 3, bias=["1/9", -4])
    assert not layer.weight.floats_exact
    assert layer.weight.row(1) == [0, Fraction(1, 3), Fraction(1e300)]
    assert layer.weight.row(2) == [Fraction(1e-300), Fraction(2, 7), 0]
    assert layer.bias.fractions() == [Fraction(1, 9)] * 2 + [Fraction(-4)] * 2
    # wrapped twice, the sums 0.1 + 0.2 are those of rationals and not of floats
    wrapped = conv_layer([[0.1, 0.0, 0.2]], 2, "circular").weight.row(0)
    assert sorted(wrapped) == [0, Fraction(0.1) + Fraction(0.2)]


def test_shapes_that_may_be_left_out() -> None:
    layer = conv_layer([[1, 2, 3]], 5)
    assert layer == conv_layer([[[1, 2, 3]]], (1, 5)) == conv_layer(np.array([[1.0, 2, 3]]), [5])
    flat = conv_layer([[[[1, 2]]]], (3, 4), stride=[2, 1])
    assert flat == conv_layer([[[[1, 2]]]], (1, 3, 4), stride=(2, 1)) and (flat.m, flat.n) == (6, 12)
    assert conv_layer(np.zeros((0, 1, 2)), 4).m == 0
    assert conv_layer([[1, 2, 3]], 1, "same").W.tolist() == [[2.0]]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([[1, 2]], 1), r"input_shape = \(1,\): must be at least the kernels' \(2,\) where padding is 'valid'"),
        (([[1, 2]], 3, "valid", 0), "stride = .*positive"),
        (([[1, 2]], 3, "valid", [1, 1]), "stride = .*one number or 1"),
        (([[1, 2]], 3, "valid", True), "stride = "),
        (([[1, float("nan")]], 3), r"kernels\[0,0,1\] = nan: must be finite"),
        ((np.ones((1, 2, 2)), (1, 5)), "input_shape = .*2 channels"),
        ((np.ones((1, 2, 2)), 5), "input_shape = 5: must be the channels and 1 size"),
        (([[1, 2], [3]], 4), "kernels"),
        (([[1]], 3, "reflect"), "padding = 'reflect': must be one of valid, same, full, circular"),
        (([1, 2], 3), r"kernels = .*must have the shape"),
        ((np.ones((1, 1, 0)), 3), "kernels = .*must have a channel and entries"),
        (([[1]], "3"), "input_shape = '3'"),
        (([[1]], -3), "input_shape = "),
        (([[1]], 10**9), "input_shape = 1000000000: must give a dense matrix of at most"),
        (([[1]], 3, "valid", 1, [1, 2]), "bias = .*one entry per kernel, 1"),
    ],
)
def test_bad_layers_are_one_line(arguments: tuple, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        conv_layer(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"window": 1}, r"window = 1: must be at least \(2,\), the kernels' size"),
        ({"window": 3, "stride": 2}, "plus multiples of the stride"),
        ({"window": 3, "max_window": 4}, "max_window = 4: must be None where a window is given"),
        ({"max_window": 1}, "max_window = 1: must be at least"),
        ({"max_window": 2.5}, "max_window = 2.5: must be a positive integer"),
        ({"time_limit": -1}, "time_limit = -1"),
        ({"bias": [1]}, "bias"),
        ({"input_shape": 1}, "input_shape"),
        ({"input_shape": 4, "padding": "no"}, "padding = 'no'"),
        ({"padding": "no"}, "padding = 'no'"),
        ({"window": 10**6}, "window = 1000000: must give a dense matrix of at most"),
        ({"max_window": [10**6]}, "max_window = .*must give a dense matrix of at most"),
    ],
)
def test_bad_decisions_are_one_line(arguments: dict, text: str) -> None:
    with pytest.raises(InputError, match=text):
        decide_convolution(PAIRS, **arguments)


def dense_is_injective(kernels: Any, size: Any, padding: str, stride: Any = 1, bias: Any = None) -> bool:
    layer = conv_layer(kernels, size, padding, stride, bias)
    result = decide_injectivity(layer)
    if layer.n <= 3:
        assert oracle.injective_by_cells(layer.weight.fractions(), layer.bias.fractions()) == result.proved
    return result.proved


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_windows_agree_with_dense_layers_of_all_sizes_and_paddings(stride: int) -> None:
    rng = np.random.default_rng([3, stride])
    seen = {status: 0 for status in Status}
    for _ in range(25):
        k, r = int(rng.integers(1, 4)), int(rng.integers(2, 4))
        half = rng.integers(-2, 3, size=(r, k))
        kernels = np.concatenate([half, -half * rng.integers(1, 3, size=(r, 1))])
        kernels[0, 0] += rng.integers(0, 2)
        bias = rng.integers(-1, 2, size=2 * r) if rng.random() < 0.3 else None
        result = decide_convolution(kernels, stride=stride, bias=bias, max_window=k + 2 * stride)
        for padding, size in product(("valid", "same", "full", "circular"), range(1, k + 2 * stride + 3)):
            if padding == "valid" and size < k:
                continue
            status = result.status_for(size, padding)
            seen[status] += 1
            if status is not Status.UNDECIDED:
                injective = dense_is_injective(kernels, size, padding, stride, bias)
                assert injective == (status is Status.INJECTIVE), (kernels.tolist(), stride, bias, padding, size)
    assert min(seen.values()) > 10, "all three answers were seen"


def test_an_injective_window_stays_one_when_it_grows() -> None:
    rng = np.random.default_rng(4)
    first = []
    for _ in range(60):
        kernels = rng.integers(-2, 3, size=(int(rng.integers(4, 6)), 2))
        proved = [decide_convolution(kernels, window=p).proved for p in (2, 3, 4)]
        assert proved == sorted(proved)
        first.append(proved.index(True) if any(proved) else None)
        grown = decide_convolution(kernels, max_window=4)
        assert grown.window == (None if first[-1] is None else (first[-1] + 2,))
    assert {0, 1, None} <= set(first), "some hold at once, some only at the second window, some not at all"


def test_channels_and_two_dimensions() -> None:
    # the identity of a 2-channel pixel and its negative: windows of one pixel
    eye = np.eye(2, dtype=int).reshape(2, 2, 1, 1)
    result = decide_convolution(np.concatenate([eye, -3 * eye]), input_shape=(2, 2, 3), padding="same")
    assert (result.window, result.proved, result.rigor) == ((1, 1), True, Rigor.EXACT)
    assert result.direct is not None and result.direct.proved
    # 2 x 2 kernels: the four unit kernels and their negatives
    units = np.eye(4, dtype=int).reshape(4, 1, 2, 2)
    result = decide_convolution(np.concatenate([units, -units]))
    assert result.window == (2, 2) and result.least_size("same") == (1, 1)
    for shape, padding in product([(2, 2), (3, 2)], ["valid", "same", "full", "circular"]):
        assert result.status_for(shape, padding) is Status.INJECTIVE
        assert dense_is_injective(np.concatenate([units, -units]), shape, padding)
    # only one of the two channels is seen
    blind = decide_convolution(np.array([[[1], [0]], [[-1], [0]]] * 3), max_window=4)
    assert not blind.proved


def test_counting_says_when_no_window_can_ever_do() -> None:
    assert [ever_enough(q, 1, [2], [1]) for q in (2, 3, 4, 5)] == [False, False, True, True]
    assert [ever_enough(q, 3, [3, 3], [1, 1]) for q in (7, 8)] == [False, True]
    assert ever_enough(6, 3, [1, 1], [1, 1]) and not ever_enough(5, 3, [1, 1], [1, 1])
    assert enough_rows(4, 1, [2], [1]) and not enough_rows(4, 1, [4], [1])
    # three kernels in general position pass a count of rows, 3 (P - 1) >= 2 P, and are never injective
    three = decide_convolution([[1, 3], [2, -5], [-4, 1]], max_window=20)
    assert three.obstruction == "fewer than 4 directions of kernels" and not three.proved
    assert not any(dense_is_injective([[1, 3], [2, -5], [-4, 1]], n, "valid") for n in (3, 4, 5, 6))
    assert [three.status_for(n) for n in (2, 30)] == [Status.NOT_INJECTIVE] * 2
    assert three.status_for(3, "full") is Status.UNDECIDED


def test_a_common_root_is_seen() -> None:
    def shared(rows: list) -> bool:
        return common_root(RationalArray([[row] for row in rows], ndim=3))

    assert not shared([[1, 0, 1], [2, 1, 2]])
    assert shared([[1, 0, 1], [3, 0, 3]]), "the roots i and -i"
    assert shared([[0, 1], [0, 5]]) and shared([[1, 0], [3, 0]]), "roots 0 and infinity"
    assert shared([["1/2", "-1/4"], [6, -3]]) and not shared([[1, 0], [0, 1]])
    kernels = [[1, -1, 0], [0, 1, -1], [-1, 1, 0], [0, -1, 1], [1, 0, -1], [-2, 0, 2]]  # all sums are zero
    result = decide_convolution(kernels, max_window=9)
    assert result.obstruction == "the kernels have a common root"
    assert not any(dense_is_injective(kernels, n, "valid") for n in (3, 4, 5, 8))


def test_directions_count_positive_multiples_once() -> None:
    assert directions(RationalArray([[[1, 2]], [["1/2", 1]], [[-1, -2]], [[0, 0]], [[2, 1]]], ndim=3)) == 3


def test_the_converse_is_false() -> None:
    for padding, size in product(("full", "same", "circular"), (2, 3, 5)):
        result = decide_convolution([[1, 2], [-1, -2]], input_shape=size, padding=padding)
        assert not result.proved and result.obstruction
        assert result.direct is not None and result.direct.proved
        assert result.status_for(size, padding) is Status.UNDECIDED


def test_inputs_that_meet_no_kernel_are_lost() -> None:
    result = decide_convolution([[1, 2], [2, 1], [-1, -2], [-2, -1]], stride=2)
    assert result.window == (2,)
    assert [result.status_for(n).value for n in (4, 5)] == ["injective", "not-injective"]
    assert not dense_is_injective(PAIRS, 5, "valid", 2)
    beyond = decide_convolution([[1], [-1]], stride=2, window=3)  # number 1 of 3 meets no kernel
    assert beyond.trials[0].status is Status.NOT_INJECTIVE and beyond.status_for(1) is Status.UNDECIDED
    assert dense_is_injective([[1], [-1]], 1, "valid", 2)
    gaps = decide_convolution([[1], [-1]], stride=2)
    assert gaps.window == (1,) and [gaps.status_for(n) for n in (1, 2)] == [Status.INJECTIVE, Status.NOT_INJECTIVE]


def test_arrays_without_dimensions_are_numbers() -> None:
    number = np.array(3)
    assert conv_layer([[1, 2]], np.array(7), stride=number) == conv_layer([[1, 2]], 7, stride=3)
    assert decide_convolution([[1, 2], [2, 1]], window=number).trials[0].window == (3,)
    for arguments in ({"input_shape": np.array(3.0)}, {"input_shape": 9, "stride": np.array(3.0)}):
        with pytest.raises(InputError, match=r"= 3\.0: must be"):
            conv_layer([[1, 2]], **arguments)
    for arguments in ({"window": np.array(3.0)}, {"max_window": np.array(3.0)}, {"stride": np.array(3.0)}):
        with pytest.raises(InputError, match=r"= 3\.0: must be"):
            decide_convolution([[1, 2]], **arguments)


@pytest.mark.parametrize("large", [10**400, np.uint64(2**63)])
def test_sizes_out_of_reach_are_refused(large: Any) -> None:
    for arguments in ({"stride": large}, {"input_shape": large}):
        with pytest.raises(InputError, match="must be at most"):
            conv_layer([[1, 2]], **({"input_shape": 5} | arguments))
    for name in ("stride", "window", "max_window", "input_shape"):
        with pytest.raises(InputError, match="must be at most"):
            decide_convolution([[1, 2]], **{name: large})


def test_an_input_is_touched_where_an_entry_of_some_kernel_lies_on_it() -> None:
    for padding in ("valid", "same", "full", "circular"):
        for size, width, stride in product(range(1, 9), range(1, 5), range(1, 7)):
            axis = Axis(size, width, stride, padding)
            if padding != "valid" or width <= size:
                met = {int(i) for j in range(width) for i in axis.inputs(j)[1]}
                assert touched(axis) == (met == set(range(size))), axis


def test_large_sizes_and_strides_within_reach_are_answered() -> None:
    result = decide_convolution([[1, 2], [2, 1], [-1, -2], [-2, -1]])
    assert result.status_for(2**60).value == "injective"
    assert conv_layer([[1, 2]], 3, "same", stride=2**60).W.tolist() == [[1, 2, 0]]


def test_trials_and_executors() -> None:
    result = decide_convolution([[1, -1], [-1, 1]])
    assert result.trials[0].decision is None, "no layer was decided that could have complained"
    with pytest.raises(TypeError, match="a WindowTrial is not a bool"):
        bool(result.trials[0])
    with pytest.raises(InputError, match=r"executor = 'x': must be a concurrent.futures.Executor or None"):
        decide_convolution([[1, -1], [-1, 1]], executor="x")
    with pytest.raises(InputError, match="padding = "):
        conv_layer([[1, 2]], 5, ["valid"])


def test_certificates_and_budgets(tmp_path: Any) -> None:
    result = decide_convolution(PAIRS)
    result.certificate.save(tmp_path / "window.json")
    assert check_file(tmp_path / "window.json").valid
    with pytest.raises(InputError, match="no injective window"):
        _ = decide_convolution([[1, 2]]).certificate
    rng = np.random.default_rng(5)
    hard = decide_convolution(rng.integers(-99, 100, size=(18, 2, 4)), max_window=9, node_limit=3)
    assert hard.status is Status.UNDECIDED and hard.rigor is Rigor.SAMPLED
    assert hard.trials[-1].window == (9,) and hard.trials[-1].status is Status.UNDECIDED
    assert hard.status_for((2, 30), "full") is Status.UNDECIDED
    stopped = decide_convolution(rng.integers(-99, 100, size=(18, 2, 4)), time_limit=0, input_shape=(2, 12))
    assert stopped.direct is not None and stopped.direct.status is not Status.INJECTIVE
    with pytest.raises(TypeError):
        bool(result)


PERTURBED: dict[str, dict[str, Any]] = {
    "one direction more": {"directions": "2*c + 2"},
    "a window too long": {"length": "O + s*T"},
    "other kernels": {"factor": 3},
}


def test_all_steps_of_the_proof_hold() -> None:
    steps = convolution.check()
    assert [step.text for step in steps if step.ok is not True] == [] and len(steps) >= 5


@pytest.mark.parametrize("name", PERTURBED)
def test_a_perturbed_identity_fails(name: str) -> None:
    steps = convolution.check(**PERTURBED[name])
    assert any(not step.ok for step in steps) and any(step.ok for step in steps)


@pytest.mark.parametrize("name", ["inj.convolution", "inj.convolution-converse"])
def test_the_catalogue_entries_are_as_recorded(name: str) -> None:
    assert verify_theorem(get(name), trials=12, seed=2024).failures == ()
