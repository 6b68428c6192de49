"""Families of layers: their numbers, exact and in floats, and bad input named with its layer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from flint import arb, arb_mat, fmpq_mat

from relutheory.core.errors import InputError
from relutheory.core.exact import nearest_float
from relutheory.core.verdict import Verdict
from relutheory.deep_limit.criteria import check_convergence
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.freezing import freezing_depth
from relutheory.deep_limit.limits.limits import deep_limit
from relutheory.networks.layers import ReLULayer

A = [[1, 2], [3, -4]]
COMMAND = {"A": A, "c": ["1/3", -1]}


def fractions(layer: ReLULayer) -> tuple[list[list[Fraction]], list[Fraction]]:
    return layer.weight.fractions(), layer.bias.fractions()


def test_a_formula_gives_the_layers_it_says() -> None:
    family = DeepFamily.from_symbolic("I + A/n**2", "c/n**2", constants=COMMAND)
    assert (family.input_dim, family.width(0), family.width(9), family.length) == (2, 2, 2, None)
    for n in (1, 2, 10, 10**5):
        W, b = fractions(family.layer(n))
        assert [[(i == j) + Fraction(A[i][j], n**2) for j in range(2)] for i in range(2)] == W
        assert b == [Fraction(1, 3 * n**2), Fraction(-1, n**2)]


def test_floats_are_the_nearest_to_the_exact_numbers() -> None:
    rng = np.random.default_rng(3)
    constants = {
        "A": rng.standard_normal((5, 5)),
        "B": [[f"{i - j}/7" for j in range(5)] for i in range(5)],
        "c": [1] * 5,
    }
    for W in ("I + A/n**2 + B/n", "I + A*(-1/3)**n", "(A + B)*n**40", "A*10**(-300)/n**9", "A*10**300*n**9"):
        family = DeepFamily.from_symbolic(W, "c/3**n", constants=constants)
        for n in (1, 3, 700):
            layer, (floats, offsets) = family.layer(n), family.floats(n)
            assert np.array_equal(floats, layer.W) and np.array_equal(offsets, layer.b)
            exact = [[nearest_float(v) for v in row] for row in layer.weight.fractions()]
            assert floats.tolist() == exact


def test_balls_hold_the_exact_layer_and_shrink() -> None:
    family = DeepFamily.from_symbolic("I + A/n**3", "c*(1/7)**n", constants=COMMAND)
    layer = family.layer(3)
    for bits in (20, 60, 300):
        W, b = family.balls(3, bits)
        assert W.contains(layer.weight.fmpq) and b.contains(layer.bias.fmpq)
        assert all(v.rad() < arb(2) ** (4 - bits) for v in W.entries())


def test_irrational_entries_have_balls_and_floats_but_no_exact_layer() -> None:
    family = DeepFamily.from_symbolic("I + A*(-1)**n/sqrt(n)", "exp(-n)*c", constants=COMMAND)
    with pytest.raises(
        InputError, match=r"W = 'I \+ A.*': has entries that are not rational; ask for balls \(layer 3\)"
    ):
        family.layer(3)
    W, b = family.balls(2, 100)
    assert abs(W[0, 1] - 2 / arb(2).sqrt()).contains(0) and abs(b[1, 0] + arb(-2).exp()).contains(0)
    floats, offsets = family.floats(2)
    assert floats[0, 1] == np.sqrt(2) and offsets[1] == -np.exp(-2.0)
    assert family.rational_in_n is None


def test_the_first_layer_may_have_another_number_of_inputs() -> None:
    family = DeepFamily.from_symbolic("I + I/n", "c/(n*log(n))", constants={"c": [0, 0]}, first=([[1], [2]], [3, 4]))
    assert family.input_dim == 1 and family.layer(1).W.tolist() == [[1], [2]] and family.width(0) == 1
    assert family.balls(1)[1][1, 0] == 4 and family.floats(1)[1].tolist() == [3, 4]
    assert family.symbolic.start == 2
    with pytest.raises(InputError, match=r"first.*must have 2 rows"):
        DeepFamily.from_symbolic("I", width=2, first=([[1, 2, 3]], [0]))
    with pytest.raises(InputError, match=r"first: W\[0,0\] = nan.*layer 1"):
        DeepFamily.from_symbolic("I", width=1, first=([[float("nan")]], [0]))


def test_sympy_and_lists_are_read_like_strings() -> None:
    n = sympy.Symbol("n")
    given = [
        DeepFamily.from_symbolic("[[1 + 1/n**2, 0], [2**-n, 1/2]]", "[1/n, 0]"),
        DeepFamily.from_symbolic(
            sympy.Matrix([[1 + 1 / n**2, 0], [2**-n, sympy.Rational(1, 2)]]), sympy.Matrix([1 / n, 0])
        ),
        DeepFamily.from_symbolic([["1 + 1/n**2", 0], [2**-n, "1/2"]], ["1/n", 0.0]),
    ]
    for k in (1, 4):
        assert given[0].layer(k) == given[1].layer(k) == given[2].layer(k)
    scalar = DeepFamily.from_symbolic(sympy.exp(-n) + sympy.log(n) * sympy.E, sympy.Float(0.5))
    assert scalar.balls(1)[1][0, 0] == 0.5 and (scalar.balls(1)[0][0, 0] - arb(-1).exp()).contains(0)
    for bad in (
        sympy.Symbol("t"),
        sympy.sin(n),
        sympy.I,
        sympy.zoo,
        sympy.Integral(n, n),
        sympy.eye(2) @ sympy.MatrixSymbol("X", 2, 2),
    ):
        with pytest.raises(InputError):
            DeepFamily.from_symbolic(bad)


def test_the_symbolic_matrices_have_the_constants_put_in() -> None:
    family = DeepFamily.from_symbolic("I + A/n**2", "c*(1/2)**n", constants=COMMAND)
    W, b, n, start = family.symbolic
    assert start == 1 and W[1, 0] == 3 / n**2 and sympy.simplify(b[0] - 2**-n / 3) == 0
    assert W.subs(n, 5)[1, 1] == sympy.Rational(21, 25)


def test_quotients_of_polynomials_in_n() -> None:
    family = DeepFamily.from_symbolic("I + A/(n**2 + n)", "c*(n - 1)/(n**2 - 1)", constants=COMMAND, first=(A, [0, 0]))
    found = family.rational_in_n
    assert found is not None and found.start == 2
    for k in (2, 9):
        for i in range(2):
            top, bottom = found.b[i]
            assert top(k) / bottom(k) == family.layer(k).bias.fmpq[i, 0]
            for j in range(2):
                top, bottom = found.W[i][j]
                assert top(k) / bottom(k) == family.layer(k).weight.fmpq[i, j]
    assert found.b[0][1].degree() == 1  # n - 1 is cancelled
    assert DeepFamily.from_symbolic("1/2**n").rational_in_n is None


@pytest.mark.parametrize(
    ("W", "b", "more", "says"),
    [
        ("1/(n - 7)", None, {}, r"W = '1/\(n - 7\)': division by zero \(layer 7\)"),
        ("1", "n/(n**2 - 5*n + 6)", {}, r"b = .*division by zero \(layer 2\)"),
        ("(n - 3)/(n - 3)", None, {}, r"division by zero \(layer 3\)"),
        ("1/(n*log(n))", None, {}, r"division by zero \(layer 1\)"),
        ("sqrt(n - 2)", None, {}, r"a root of a negative number \(layer 1\)"),
        ("t + 1", None, {}, "unknown name 't'"),
        ("[[1, 0]]", None, {}, r"must be square, not of shape \(1, 2\)"),
        ("[1, 2]", None, {}, "must be square"),
        ("I", None, {}, "the width must be given"),
        ("A", None, {"constants": {"A": A}, "width": 3}, "must have 3 rows and columns, not 2"),
        ("I + A", None, {"constants": {"A": A}, "width": 3}, "shapes differ"),
        ("I", "1/n", {"width": 2}, "must be a vector of 2 entries, not a scalar"),
        ("I", "[1, 2, 3]", {"width": 2}, "must be a vector of 2 entries"),
        ("I", "I", {"width": 2}, "must be a vector of 2 entries"),
        (None, None, {}, "W = None: must be given"),
        ("1", None, {"width": 0}, "width = 0: must be a whole number from 1"),
        ("1", None, {"width": True}, "width = True"),
        ("1", None, {"first": 3}, "first = 3: must be a pair"),
        (float("nan"), None, {}, "W = nan: must be finite"),
        ([[1, float("inf")], [0, 1]], None, {}, "W = inf: must be finite"),
    ],
)
def test_bad_formulas_are_refused_with_the_layer(W: object, b: object, more: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        DeepFamily.from_symbolic(W, b, **more)  # type: ignore[arg-type]


def test_a_zero_that_is_not_seen_beforehand_is_named_when_it_is_met() -> None:
    family = DeepFamily.from_symbolic("1 + 1/(sqrt(n) - 3)", "0")
    assert family.layer(16).W.tolist() == [[2.0]]
    for call in (family.layer, family.balls, family.floats):
        with pytest.raises(InputError, match=r"division by zero \(layer 9\)"):
            call(9)
    summable = DeepFamily.from_symbolic("1 + 1/(sqrt(n) - 3)**4", "1/(sqrt(n) - 3)**4")
    for tail in (summable.tail_weights, summable.tail_bias):
        assert tail(9).status is Verdict.HOLDS
        with pytest.raises(InputError, match=r"division by zero \(layer 9\)"):
            tail(8)


def test_a_finite_list_is_followed_by_the_identity() -> None:
    family = DeepFamily.from_layers([ReLULayer([[1, 2], [0, "1/3"]]), ([[1, 0], [0, 1], [5, 6]], [0, 1, 2])])
    assert (family.length, family.input_dim, family.width(1), family.width(2), family.width(50)) == (2, 2, 2, 3, 3)
    assert family.layer(2).weight.fractions()[2] == [5, 6]
    assert family.layer(3) == ReLULayer(np.eye(3)) and family.floats(9)[0].tolist() == np.eye(3).tolist()
    assert family.balls(4)[0].contains(fmpq_mat(3, 3, [1, 0, 0, 0, 1, 0, 0, 0, 1]))
    assert family.tail_weights(1, "inf").upper == 11 and family.tail_weights(1, "1").upper == 6  # the row (5, 6)
    assert family.tail_bias(0, "1").upper == 3 and family.tail_bias(2, "1").upper == 0
    assert family.tail_weights(2, "2").status is Verdict.HOLDS


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([], "layers = .*must not be empty"),
        ([([[1]], [0]), ([[1, 2]], [0])], r"must have 1 columns.*\(layer 2\)"),
        ([([[1]], [0]), ([[float("nan")]], [0])], r"W\[0,0\] = nan: must be finite \(layer 2\)"),
        ([([[1]], [0, 1])], r"b = .*one entry per row of W, 1 \(layer 1\)"),
        ([([[1]], [0]), 5], r"not int \(layer 2\)"),
        ([(np.zeros((0, 2)), None)], r"at least one row \(layer 1\)"),
        (3, "layers = 3: must be a list"),
        (ReLULayer([[1]]), "layers = .*must be a list"),
    ],
)
def test_bad_lists_are_refused_with_the_layer(layers: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        DeepFamily.from_layers(layers)  # type: ignore[arg-type]


def test_narrowing_layers_leave_the_tail_undecided_until_they_are_past() -> None:
    family = DeepFamily.from_layers([([[1], [1]], None), ([[1, 1]], None), ([["3/2"]], None)])
    assert family.tail_weights(1).status is Verdict.UNDECIDED and "layer 2" in family.tail_weights(1).reason
    assert family.tail_weights(2).upper == arb(0.5) and family.tail_bias(0).upper == 0


def test_layers_by_a_function() -> None:
    family = DeepFamily.from_callable(lambda n: ([[1 + 2.0**-n] * 2] * 2, [0, n]), width=2)
    assert family.layer(3).W.tolist() == [[1.125, 1.125]] * 2 and family.floats(2)[1].tolist() == [0, 2]
    assert family.tail_weights(1).status is Verdict.UNDECIDED and not family.tail_weights(1).upper.is_finite()
    widening = DeepFamily.from_callable(lambda n: (np.eye(n + 1, n), None), width=lambda n: n + 1)
    assert [widening.width(n) for n in range(4)] == [1, 2, 3, 4] and widening.layer(5).m == 6


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (lambda n: ([[1.0]], [float("nan") if n == 4 else 0]), r"b\[0\] = nan: must be finite \(layer 4\)"),
        (lambda n: (np.eye(1 + (n == 4)), None), r"must have shape \(1, 1\) \(layer 4\)"),
        (lambda n: "W", r"not str \(layer 4\)"),
    ],
)
def test_functions_that_give_bad_layers(layer: object, says: str) -> None:
    family = DeepFamily.from_callable(layer, width=1, input_dim=1)  # type: ignore[arg-type]
    for call in (family.layer, family.balls, family.floats):
        with pytest.raises(InputError, match=says):
            call(4)


@pytest.mark.parametrize("bad", [5, 64])
@pytest.mark.parametrize("tails", [None, lambda n, norm: (0, 0)])
def test_bad_layers_of_a_function_are_named_before_any_answer(bad: int, tails: Any) -> None:
    families = (
        DeepFamily.from_callable(lambda n: ([[1 if n != bad else float("nan")]], None), width=1, tails=tails),
        DeepFamily.from_callable(lambda n: (np.eye(1, 1 + (n == bad)), None), width=1, tails=tails),
        DeepFamily.convolution(lambda n: [1, 0 if n != bad else np.inf], input_dim=1, tails=tails),
    )
    for family in families:
        for call in (lambda f: deep_limit(f, [1]), check_convergence, lambda f: freezing_depth(f, [1])):
            with pytest.raises(InputError, match=rf"\(layer {bad}\)"):
                call(family)


def test_wide_layers_of_a_function_are_not_all_looked_at() -> None:
    seen = []

    def layer(n: int) -> tuple[np.ndarray, None]:
        seen.append(n)
        return np.eye(3000), None

    DeepFamily.from_callable(layer, width=3000, input_dim=3000).rule.check_first()
    assert 2 <= len(seen) <= 4


def test_declared_tails_are_believed_unless_the_next_layer_contradicts_them() -> None:
    def layer(n: int) -> tuple[list[list[float]], list[float]]:
        return [[1 + 2.0**-n]], [0.0]

    good = DeepFamily.from_callable(layer, width=1, tails=lambda n, norm: (2.0**-n, None))
    assert good.tail_weights(5).how == "declared" and good.tail_weights(5).upper == arb(2.0**-5)
    assert good.tail_bias(5).status is Verdict.UNDECIDED
    small = DeepFamily.from_callable(layer, width=1, tails=lambda n, norm: (Fraction(1, 2 ** (n + 2)), 0))
    with pytest.raises(InputError, match=r"norm of the weights of the next layer \(layer 6\)"):
        small.tail_weights(5)
    for wrong in (3, (1, 2, 3), (-1, 0), ("x", 0), (float("nan"), 0)):
        family = DeepFamily.from_callable(layer, width=1, tails=lambda n, norm, wrong=wrong: wrong)  # type: ignore[misc]
        with pytest.raises(InputError, match="tails"):
            family.tail_weights(1)


def test_random_layers_keep_their_declared_norms_exactly() -> None:
    for family, bound in (
        (DeepFamily.random(4, power=2, seed=7), lambda n: Fraction(1, n**2)),
        (DeepFamily.random(3, ratio="1/3", seed=0, scale="1/2"), lambda n: Fraction(1, 2 * 3**n)),
        (DeepFamily.random(1, power=1, seed=5), lambda n: Fraction(1, n)),
    ):
        for n in (2, 3, 50, 400):
            layer = family.layer(n)
            m = layer.m
            W, b = fractions(layer)
            P = [[W[i][j] - (i == j) for j in range(m)] for i in range(m)]
            rows = max(sum(abs(v) for v in row) for row in P)
            columns = max(sum(abs(row[j]) for row in P) for j in range(m))
            assert bound(n) / 2 <= max(rows, columns) <= bound(n)
            assert bound(n) / 2 <= sum(map(abs, b)) <= bound(n)
            floats, offsets = family.floats(n)
            assert np.array_equal(floats, layer.W) and np.array_equal(offsets, layer.b)


def test_random_layers_depend_on_the_seed_and_the_layer_only() -> None:
    one, same = (DeepFamily.random(3, power="3/2", seed=11, input_dim=2) for _ in range(2))
    other = DeepFamily.random(3, power="3/2", seed=12, input_dim=2)
    late = one.layer(40)
    assert [one.layer(n) == same.layer(n) for n in (40, 1, 2)] == [True] * 3 and same.layer(40) == late
    assert one.layer(2) != other.layer(2) and one.layer(1).weight.shape == (3, 2)
    assert np.abs(one.layer(1).W).max() <= 1
    generator = np.random.default_rng(np.random.SeedSequence(11, spawn_key=(1,)))
    whole = generator.integers(-(2**20), 2**20, size=(3, 2), endpoint=True)
    assert np.array_equal(one.layer(1).W, whole / 2**20)


def test_tails_of_random_families() -> None:
    family = DeepFamily.random(3, power=2, seed=0, bias_ratio="1/2", bias_scale=4)
    assert (
        abs(family.tail_weights(10, "2").upper - (arb.pi() ** 2 / 6 - sum(arb(1) / k**2 for k in range(1, 11)))) < 1e-12
    )
    assert abs(family.tail_bias(3).upper - arb(0.5)) < 1e-15
    assert DeepFamily.random(3, power=1, seed=0).tail_weights(5).status is Verdict.VIOLATED
    assert DeepFamily.random(3, power="0.5", seed=0).tail_bias(5).status is Verdict.VIOLATED
    assert DeepFamily.random(3, power=1, seed=0, scale=0).tail_weights(5).upper == 0
    assert DeepFamily.random(2, ratio=0.5, seed=0).layer(10**5).weight.fractions()[0][0] != 1  # nothing underflows


@pytest.mark.parametrize(
    "arguments",
    [
        {"power": 2, "seed": -1},
        {"power": 2, "seed": 1.5},
        {"power": 2, "ratio": 0.5, "seed": 0},
        {"seed": 0},
        {"power": 0, "seed": 0},
        {"ratio": 1, "seed": 0},
        {"ratio": -0.5, "seed": 0},
        {"power": 2, "scale": -1, "seed": 0},
        {"power": float("nan"), "seed": 0},
        {"power": 2, "bias_power": 1, "bias_ratio": 0.5, "seed": 0},
        {"power": 2, "seed": 0, "input_dim": 0},
    ],
)
def test_bad_arguments_of_random_families(arguments: dict[str, object]) -> None:
    with pytest.raises(InputError):
        DeepFamily.random(2, **arguments)  # type: ignore[arg-type]


def test_bad_questions_are_refused() -> None:
    family = DeepFamily.from_symbolic("1 + 1/n**2")
    for ask in (
        lambda: family.layer(0),
        lambda: family.layer(1.5),  # type: ignore[arg-type]
        lambda: family.width(-1),
        lambda: family.balls(1, 0),
        lambda: family.tail_weights(-1),
        lambda: family.tail_weights(1, "3"),
        lambda: family.tail_bias(True),
    ):
        with pytest.raises(InputError):
            ask()
    with pytest.raises(TypeError, match="not a bool"):
        bool(family.tail_weights(1))


def test_large_depth_and_huge_entries() -> None:
    family = DeepFamily.from_symbolic("I + A/n**200", "c*10**300", constants=COMMAND)
    assert family.layer(10**5).weight.fractions()[0][1] == Fraction(2, 10**1000)
    assert family.floats(10**5)[0].tolist() == [[1, 0], [0, 1]]
    assert isinstance(family.balls(10**5)[0], arb_mat)
    assert family.floats(1)[1].tolist() == [nearest_float(Fraction(10**300, 3)), -1e300]


def test_floats_of_terms_far_beyond_their_range() -> None:
    family = DeepFamily.from_symbolic("I + A*(1/3)**n", "c*3**n", constants=COMMAND)
    W, b = family.floats(10**5)
    assert W.tolist() == [[1, 0], [0, 1]] and b.tolist() == [np.inf, -np.inf]
    layer, (W, b) = family.layer(660), family.floats(660)  # 3^-660 is a subnormal float64
    assert np.array_equal(W, layer.W) and np.array_equal(b, layer.b) and 0 < W[0, 1] < 1e-307
    half_way = DeepFamily.from_symbolic("[[1 + 2**-n, 1 + 3*2**-n], [0, 2**-1022/2**n]]")
    assert np.array_equal(half_way.floats(53)[0], half_way.layer(53).W)
    assert np.array_equal(half_way.floats(52)[0], half_way.layer(52).W)


def test_zero_weights_and_scalar_weights() -> None:
    family = DeepFamily.from_symbolic("0", "c", constants={"c": [1, 2]})
    assert family.layer(3).W.tolist() == [[0, 0], [0, 0]] and family.tail_weights(3).status is Verdict.VIOLATED
    with pytest.raises(InputError, match="W = '1/2': is a scalar, and the width is 2"):
        DeepFamily.from_symbolic("1/2", "c", constants={"c": [1, 2]})
    with pytest.raises(InputError, match=r"ask for balls \(layer 100000\)"):
        DeepFamily.from_symbolic("A*r**n", constants={"A": np.eye(64), "r": 0.9}).layer(10**5)
