"""Convolutions that widen and residual blocks: the layers, their references and their tails."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq_mat

from relutheory.core.errors import InputError
from relutheory.core.verdict import Verdict
from relutheory.deep_limit.families.family import DeepFamily


def exact_pass(family: DeepFamily, x: list[Fraction], depth: int) -> list[Fraction]:
    for n in range(1, depth + 1):
        x = family.layer(n).forward_exact(x)
    return x


def polynomial_product(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    out = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, u in enumerate(a):
        for j, v in enumerate(b):
            out[i + j] += u * v
    return out


def test_a_convolution_is_the_product_of_polynomials() -> None:
    family = DeepFamily.convolution("[1 + 1/n**2, 1/n**3, 2/n**4]", "1/n", input_dim=3)
    x = [Fraction(1), Fraction(2), Fraction(1, 3)]
    expected = x
    for n in range(1, 6):
        mask = [1 + Fraction(1, n**2), Fraction(1, n**3), Fraction(2, n**4)]
        expected = [v + Fraction(1, n) for v in polynomial_product(mask, expected)]
    assert exact_pass(family, x, 5) == expected
    assert [family.width(n) for n in range(4)] == [3, 5, 7, 9] and family.length is None


def test_convolutions_in_balls_and_floats_are_those_in_rationals() -> None:
    family = DeepFamily.convolution("[a, 1/n]", "(1/3)**n", input_dim=2, constants={"a": "1/7"})
    layer, (W, b), (floats, offsets) = family.layer(4), family.balls(4, 80), family.floats(4)
    assert W.contains(layer.weight.fmpq) and b.contains(layer.bias.fmpq)
    assert np.array_equal(floats, layer.W) and np.array_equal(offsets, layer.b)
    irrational = DeepFamily.convolution("[exp(-n), 1/sqrt(n)]", input_dim=2)
    with pytest.raises(InputError, match=r"masks = .*not rational.*\(layer 2\)"):
        irrational.layer(2)
    assert irrational.floats(4)[0][1, 0] == 0.5


@pytest.mark.parametrize("norm", ["1", "2", "inf"])
def test_tails_of_convolutions_are_those_of_the_masks(norm: str) -> None:
    family = DeepFamily.convolution("[1 - 2/n**2, 3/n**2]", "1/n**3", input_dim=2)
    found = family.tail_weights(50, norm)
    assert abs(found.upper / (5 * arb(2).zeta(arb(51))) - 1) < 1e-6
    true = {
        "inf": arb(3).zeta(arb(51)),
        "1": arb(2).zeta(arb(51)) + 2 * arb(3).zeta(arb(51)),  # n + 2 entries 1/n^3
        "2": None,
    }[norm]
    bias = family.tail_bias(50, norm)
    if true is not None:
        assert 1 - 1e-12 < bias.upper / true < 1.01
    else:
        terms = sum((i + 2) ** 0.5 / i**3 for i in range(51, 200_000))
        assert terms <= float(bias.upper) <= terms * 1.01 + 1e-7


def test_the_norm_of_a_toeplitz_matrix_is_at_most_the_sum_of_the_mask() -> None:
    family = DeepFamily.convolution([[1, -2, "1/2"], [3, 4]], [None, [1, 2, 3, 4, 5, 6]], input_dim=3)
    assert (family.length, family.width(1), family.width(2), family.width(3)) == (2, 5, 6, 6)
    assert family.layer(2).b.tolist() == [1, 2, 3, 4, 5, 6] and family.layer(9).W.tolist() == np.eye(6).tolist()
    for norm in ("1", "2", "inf"):
        assert family.tail_weights(1, norm).upper <= 6  # |(3, 4) - (1, 0)|_1
    assert family.tail_weights(1, "1").upper == 6 and family.tail_weights(2, "1").upper == 0


def test_masks_by_a_function() -> None:
    family = DeepFamily.convolution(
        lambda n: [1, Fraction(1, n**2)],
        lambda n: Fraction(1, 2**n),
        input_dim=1,
        tails=lambda n, norm: (Fraction(1, n), None),
    )
    assert family.layer(3).W.tolist() == np.array([[1, 0, 0], [1 / 9, 1, 0], [0, 1 / 9, 1], [0, 0, 1 / 9]]).tolist()
    assert family.layer(2).b.tolist() == [0.25] * 3
    assert family.tail_weights(4).upper == arb(0.25) and family.tail_bias(4).status is Verdict.UNDECIDED
    changing = DeepFamily.convolution(lambda n: [1] * (1 + n), input_dim=1)
    with pytest.raises(InputError, match=r"layer 2"):
        changing.layer(2)


def test_masks_of_one_entry_and_tails_that_diverge() -> None:
    scalar = DeepFamily.convolution("1 + 1/n**2", input_dim=2)
    assert scalar.width(9) == 2 and scalar.layer(2).W.tolist() == [[1.25, 0], [0, 1.25]]
    assert DeepFamily.convolution("[1, 1/n]", input_dim=2).tail_weights(3).status is Verdict.VIOLATED
    assert DeepFamily.convolution([0.5, 0.5], input_dim=2).tail_weights(3).status is Verdict.VIOLATED
    wide = DeepFamily.convolution("[1, 1/n**3]", "1/n**2", input_dim=2)
    assert wide.tail_bias(3, "inf").status is Verdict.HOLDS
    assert wide.tail_bias(3, "1").status is Verdict.VIOLATED  # n + 2 entries of size 1/n^2


@pytest.mark.parametrize(
    ("masks", "biases", "says"),
    [
        ("[[1, 2]]", None, "masks = .*must be a vector of formulas"),
        ("[1, 1/(n - 4)]", None, r"masks = .*division by zero \(layer 4\)"),
        ("[1, t]", None, "unknown name 't'"),
        ("I", None, "the width must be given"),
        ("[1, 2]", "[1, 2]", "biases = .*must be a scalar formula"),
        ([[1, 2], []], None, r"masks = .*\(layer 2\)"),
        ([[1, 2], [1, float("nan")]], None, r"masks\[1\] = nan: must be finite \(layer 2\)"),
        ([[1, 2]], [1, 2], "must be as many as the masks, 1"),
        ([[1, 2]], [[1, 2]], r"\(layer 1\)"),
        (lambda n: [1], 3, "biases = 3: must be a function"),
        ([], None, "empty list"),
    ],
)
def test_bad_masks_are_refused(masks: object, biases: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        DeepFamily.convolution(masks, biases, input_dim=2)


def test_a_residual_family_is_the_identity_and_its_perturbation() -> None:
    constants = {"A": [[0, 1], [1, 0]], "c": [1, 2]}
    plain = DeepFamily.from_symbolic("I + A/n**2", "c/n", constants=constants)
    residual = DeepFamily.residual("A/n**2", "c/n", constants=constants)
    for n in (1, 5):
        assert plain.layer(n) == residual.layer(n)
    assert residual.tail_weights(7).upper == plain.tail_weights(7).upper


def test_residual_blocks_are_exactly_their_two_layers() -> None:
    rng = np.random.default_rng(0)
    m, k = 3, 4
    blocks = [
        (rng.integers(-9, 10, (k, m)) / 8, rng.integers(-9, 10, k) / 8, rng.integers(-9, 10, (m, k)) / 8)
        for _ in range(4)
    ]
    family = DeepFamily.residual_blocks(blocks)
    assert (family.length, [family.width(n) for n in range(5)]) == (8, [3, 7, 3, 7, 3])
    for _ in range(20):
        x = [Fraction(int(v), 16) for v in rng.integers(0, 100, m)]
        found = exact_pass(family, x, 8)
        for U, a, V in blocks:  # the block by its definition
            hidden = [
                max(sum(Fraction(U[i, j]) * x[j] for j in range(m)) + Fraction(a[i]), Fraction(0)) for i in range(k)
            ]
            x = [max(x[i] + sum(Fraction(V[i, j]) * hidden[j] for j in range(k)), Fraction(0)) for i in range(m)]
        assert found == x
    assert family.tail_weights(1).status is Verdict.UNDECIDED and family.tail_weights(8).upper == 0


def test_residual_blocks_after_a_first_layer_take_any_input() -> None:
    family = DeepFamily.residual_blocks([([[1, -1]], None, [[1], [1]])], first=([[1], [-1]], [0, 0]))
    assert family.input_dim == 1
    assert exact_pass(family, [Fraction(3)], 3) == [6, 3] and exact_pass(family, [Fraction(-3)], 3) == [0, 3]


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ([([[1]], [0])], r"blocks\[0\] = .*must be a triple"),
        ([([[1]], [0], [[1]]), ([[1, 2]], [0], [[1]])], r"V = .*\(2, 1\) \(block 2\)"),
        ([([[1]], [0, 1], [[1]])], r"a = .*\(block 1\)"),
        ([([[float("nan")]], [0], [[1]])], r"U\[0,0\] = nan: must be finite \(block 1\)"),
        ([([[1]], [0], [[1]]), ([[1, 2]], [0], [[1], [2]])], r"must have 1 columns.*\(layer 3\)"),
        (5, "blocks = 5"),
        ([], "must not be empty"),
    ],
)
def test_bad_blocks_are_refused(blocks: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        DeepFamily.residual_blocks(blocks)  # type: ignore[arg-type]


def test_the_reference_of_a_widening_layer_appends_zeros() -> None:
    family = DeepFamily.from_layers([([[1]], None), ([[1], [0]], None), ([[1, 0], [0, 1], [0, 0]], None)])
    assert family.tail_weights(1, "1").upper == 0 == family.tail_weights(1, "2").upper
    assert family.layer(3).weight.fmpq == fmpq_mat(3, 2, [1, 0, 0, 1, 0, 0])
