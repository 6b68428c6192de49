"""Proofs that patterns are frozen, against long passes in unrelated arithmetic and families that never freeze."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor, Verdict
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.freezing import freezing_depth, stays_frozen
from relutheory.deep_limit.row_signs import row_signs

symbolic = DeepFamily.from_symbolic


def patterns(family: DeepFamily, x: Any, depth: int) -> list[tuple[int, ...]]:
    """The bits of every layer, in plain Fractions."""
    value = [Fraction(v) for v in x]
    out = []
    for n in range(1, depth + 1):
        layer = family.layer(n)
        sums = [sum(w * v for w, v in zip(row, value, strict=True)) for row in layer.weight.fractions()]
        value = [max(s + b, Fraction(0)) for s, b in zip(sums, layer.bias.fractions(), strict=True)]
        out.append(tuple(int(v > 0) for v in value))
    return out


def agrees(family: DeepFamily, x: Any, depth: int) -> None:
    """Whether the freezing depth is proved, and is that of the patterns up to `depth`."""
    found = freezing_depth(family, x)
    assert found.verdict is Verdict.HOLDS and found.rigor is Rigor.EXACT and found.depth is not None, found.reason
    rows = patterns(family, x, max(depth, found.depth + 5))
    assert set(rows[found.depth - 1 :]) == {tuple(found.pattern.tolist())}
    assert found.depth == 1 or rows[found.depth - 2] != rows[found.depth - 1]
    last = len(rows)
    value = [Fraction(v) for v in x]
    for n in range(1, last + 1):
        value = family.layer(n).forward_exact(value)
        if n >= found.layers and found.enclosure:
            assert all(v in e for v, e in zip(value, found.enclosure, strict=True))


A = {"A": [[0, 1], [-2, 0]], "c": [1, -1]}


@pytest.mark.parametrize(
    ("W", "b", "constants", "x"),
    [
        ("I", "c/n**2", {"c": [-1]}, ["3/2"]),
        ("I", "c/n**2", {"c": [-1]}, ["164/100"]),
        ("I", "c/n**2", {"c": [-1]}, [2]),
        ("I", "c*(n - 20)/n**4", {"c": [1]}, [0]),
        ("I", "c*(7 - n)/n**4", {"c": [1]}, [0]),
        ("I + A/n**2", "c/n**2", A, ["0.3", "0.5"]),
        ("I + A/n**3", "c/n**2", A, ["0.3", "0.5"]),
        ("I + A/2**n", "c/n**2", A, ["3/10", "5"]),
        ("I + A/n**2", "c/2**n", A, ["3/10", "5"]),
        ("I + A*(2/3)**n", "c*(1/2)**n", A, ["3/10", "5"]),
        ("I + A/(n**2 + 1)", "c*(-1)**n/n**3", A, ["3", "5"]),
        ("I + A/n**2", "0", {"A": [[0, 0], [0, 0]]}, [1, -1]),
        ("I + A/n**2", "c/n**2", {"A": [[10**12]], "c": [0]}, ["1/1000000000000"]),
        ("I/2", "c", {"c": [1]}, [3]),  # far from the identity: signs alone
        ("I", "c/n", {"c": [1]}, [0]),  # and without a limit
        ("I - A/n", "-c", {"A": [[0, 1], [1, 0]], "c": [1, 2]}, [5, 1]),
    ],
)
def test_frozen_patterns_stay(W: str, b: str, constants: Any, x: Any) -> None:
    known = {name: value for name, value in constants.items() if name in W + b}
    width = len(x)
    agrees(symbolic(W, b, width=width, constants=known), x, 60)


def test_the_depth_may_be_late() -> None:
    family = symbolic("I", "c*(n - 300)/n**4", constants={"c": [1]}, width=1)
    found = freezing_depth(family, [0])
    assert found.verdict is Verdict.HOLDS and found.depth == 301 and found.pattern.tolist() == [1]
    assert freezing_depth(family, [0], max_depth=299).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("seed", range(8))
def test_random_rational_families(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 5))
    constants = {"A": rng.integers(-5, 6, (m, m)), "c": rng.integers(-5, 6, m)}
    first = rng.integers(-3, 4, (m, 2)), rng.integers(-3, 4, m)
    W, b = [("I + A/n**2", "c/n**2"), ("I + A/n**2", "c/n**3"), ("I + A/2**n", "c/2**n")][seed % 3]
    agrees(symbolic(W, b, constants=constants, first=first), rng.integers(-3, 4, 2).tolist(), 40)


def test_lists_are_frozen_after_their_end_and_random_layers_by_their_margin() -> None:
    agrees(DeepFamily.from_layers([([[1, 2], [3, -4]], None), ([[1, -1], ["1/2", 2]], [-1, 0])]), [1, 2], 9)
    agrees(DeepFamily.from_layers([([[0, 0]], [0])]), [1, 2], 9)
    agrees(DeepFamily.random(3, power=2, seed=0), [1, 2, 3], 200)


def never(n: int) -> Fraction:
    """1/n^2 and -2/n^2 in turn: from 0, x is > 0 at even n and 0 at odd n for ever."""
    return Fraction(1 if n % 2 == 0 else -2, n * n)


@pytest.mark.parametrize(
    "family",
    [
        symbolic("I", "c*(3*(-1)**n - 1)/n**2/2", constants={"c": [1]}, width=1),
        symbolic("0*I", "c*(-1)**n", constants={"c": [1]}, width=1),
        symbolic("I*(-1)**n", "c/n**2", constants={"c": [1]}, width=1),
        DeepFamily.from_callable(
            lambda n: ([[1]], [never(n)]), width=1, tails=lambda n, norm: (0, Fraction(2, n) if n else 4)
        ),
        DeepFamily.from_callable(lambda n: ([[1]], [never(n)]), width=1),
    ],
    ids=["alternating", "zero weights", "reflections", "declared", "unknown"],
)
def test_patterns_that_change_for_ever_are_never_called_frozen(family: DeepFamily) -> None:
    rows = patterns(family, [0], 60)
    assert len(set(rows[-10:])) == 2  # they do change
    found = freezing_depth(family, [0], max_depth=60)
    assert found.verdict is Verdict.UNDECIDED and found.depth is None and found.reason
    assert found.changed == max(n for n in range(2, 61) if rows[n - 1] != rows[n - 2])
    assert found.layers == 60
    for n in (8, 9, 30, 31):
        verdict = stays_frozen(family, n, ([0], [1]), rows[n - 1])
        assert verdict is Verdict.UNDECIDED


def test_widening_layers_are_undecided_and_soon() -> None:
    found = freezing_depth(DeepFamily.convolution("[1, 1/n**2]", input_dim=2), [1, 2])
    assert found.verdict is Verdict.UNDECIDED and "width" in found.reason and found.layers < 100


def test_the_box_decides() -> None:
    # coordinate 1 is 0; its pre-activation is (x_0 - 3)/n^2: at most 0 exactly where x_0 <= 3
    family = symbolic("I + A/n**2", "c/n**2", constants={"A": [[0, 0], [1, 0]], "c": [0, -3]})
    assert stays_frozen(family, 4, ([1, 0], [3, 9]), [1, 0]) is Verdict.HOLDS
    above = Fraction(3) + Fraction(1, 2**40)
    assert stays_frozen(family, 4, ([1, 0], [above, 9]), [1, 0]) is Verdict.UNDECIDED
    assert stays_frozen(family, 4, ([0, 0], [3, 9]), [1, 0]) is Verdict.HOLDS  # x_0 keeps its sign by W alone
    assert stays_frozen(family, 4, ([3, 1], [None, 9]), [1, 1]) is Verdict.HOLDS
    assert stays_frozen(family, 4, ([0, 0], [None, 9]), [1, 0]) is Verdict.UNDECIDED


def test_the_proof_of_rows_may_come_from_outside() -> None:
    family = DeepFamily.from_callable(
        lambda n: ([[1, 0], [0, 1]], [0, Fraction(-1, n * n)]), width=2, tails=lambda n, norm: (0, Fraction(2, n))
    )
    asked = []

    def row_proof(j: int, sign: int, lower: Any, upper: Any) -> bool:
        asked.append((j, sign, lower[1], upper[1]))
        return j == 1 and sign == -1

    assert freezing_depth(family, [9, "1/2"]).verdict is Verdict.UNDECIDED
    found = freezing_depth(family, [9, "1/2"], row_proof=row_proof)
    assert (found.verdict, found.depth, found.pattern.tolist()) == (Verdict.HOLDS, 1, [1, 0])
    assert asked[-1] == (1, -1, 0, 0)


@pytest.mark.parametrize("seed", range(6))
def test_signs_of_rows_hold_at_every_vertex_of_the_box(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = 3
    constants = {"A": rng.integers(-3, 4, (m, m)), "B": rng.integers(-3, 4, (m, m)), "c": rng.integers(-4, 5, m)}
    W = ["I + A/n**2 + B/n**3", "I + A/2**n + B/3**n", "I + A/n + (-1)**n*B/n**2"][seed % 3]
    family = symbolic(W, "c/n**2" if seed < 3 else "c/2**n", constants=constants)
    signs = row_signs(family)
    assert signs is not None
    proved = 0
    for n, j, sign in product((2, 9, 40), range(m), (-1, 1)):
        lower = [Fraction(int(v), 4) for v in rng.integers(0, 3, m)]
        upper = [low + Fraction(int(v), 4) for low, v in zip(lower, rng.integers(0, 3, m), strict=True)]
        if not signs.proves(n, j, sign, lower, upper):
            continue
        proved += 1
        for i in (*range(n + 1, n + 12), 100, 101):
            layer = family.layer(i)
            for x in product(*zip(lower, upper, strict=True)):
                value = sum(layer.weight[j, l] * x[l] for l in range(m) if l != j) + layer.bias[j]
                assert sign * value >= 0
    assert proved >= 2


def test_the_largest_scale_must_outweigh_the_others() -> None:
    family = symbolic(
        "I + A/2**n + B/3**n", "0", constants={"A": [[0, 1], [0, 0]], "B": [[0, -1000], [0, 0]]}
    )  # 2^-n - 1000 3^-n is < 0 up to n = 17
    signs = row_signs(family)
    assert signs is not None
    for n, expected in ((9, False), (16, False), (17, True), (40, True)):
        assert signs.proves(n, 0, 1, [Fraction(0)] * 2, [None, Fraction(1)]) is expected
        assert family.layer(n + 1).weight[0, 1] >= 0 or not expected
    assert not signs.proves(9, 0, -1, [Fraction(0)] * 2, [None, Fraction(1)])


def test_huge_and_tiny_inputs_and_signs_that_only_rationals_know() -> None:
    family = symbolic("I + A/n**2", "c/n**2", constants={"A": [[0, 1], [1, 0]], "c": [1, -1]})
    for scale in (Fraction(10) ** 300, Fraction(1, 10**300)):
        found = freezing_depth(family, [scale, scale])
        assert found.verdict is Verdict.HOLDS
    # 1/3 - 1/3 is 0: the bit 0 is right, and no ball shows it
    cancel = symbolic("I", "0", width=2, first=([["1/3", "-1/3"], [1, 0]], [0, 0]))
    found = freezing_depth(cancel, [1, 1])
    assert (found.verdict, found.depth, found.pattern.tolist()) == (Verdict.HOLDS, 1, [0, 1])


def test_out_of_time_is_undecided_with_what_was_passed() -> None:
    family = symbolic("I", "c*(n - 3000)/n**4", constants={"c": [1]}, width=1)
    found = freezing_depth(family, [0], time_limit=0)
    assert found.verdict is Verdict.UNDECIDED and found.layers == 1 and "time_limit" in found.reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": [1, 2]}, "x = "),
        ({"x": [float("nan")]}, "must be finite"),
        ({"x": 3}, "x = 3"),
        ({"max_depth": 0}, "max_depth = 0"),
        ({"max_depth": 1.5}, "max_depth = 1.5"),
        ({"time_limit": -1}, "time_limit = -1"),
        ({"family": 7}, "family = 7"),
        ({"family": DeepFamily}, "family = <class"),
        ({"row_proof": 0}, "row_proof = 0: must be a function"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    family = symbolic("I", "c/n**2", constants={"c": [1]}, width=1)
    with pytest.raises(InputError, match=message):
        freezing_depth(**{"family": family, "x": [1], **arguments})


@pytest.mark.parametrize(
    ("box", "bits", "message"),
    [
        (([0], [1]), [1, 0], "pattern = '2 bits'"),
        (([0, 1], [1]), [1], "x_enclosure = "),
        (3, [1], "x_enclosure = 3: must be a pair"),
        ((1, 2), [1], "x_enclosure = "),
        (([2], [1]), [1], "lower <= upper"),
        (([0], [-1]), [1], "upper >= 0"),
        (([0], [float("nan")]), [1], "must be finite"),
    ],
)
def test_bad_boxes(box: Any, bits: Any, message: str) -> None:
    family = symbolic("I", "c/n**2", constants={"c": [1]}, width=1)
    with pytest.raises(InputError, match=message):
        stays_frozen(family, 1, box, bits)


def test_a_verdict_is_no_bool() -> None:
    with pytest.raises(TypeError):
        bool(freezing_depth(symbolic("I", "0", width=1), [1]))


@pytest.mark.parametrize(
    ("n", "pattern", "rule"),
    [
        (4, "10", "pattern = '10': must be bits"),
        (4, np.zeros((2, 0)), "pattern = array.*: must be bits"),
        (4, [1, 2], r"pattern = \[1, 2\]: must be bits"),
        (4, [1], "pattern = '1 bits': must be one for each"),
        ("a", [1, 0], "n = 'a': must be an integer, at least 1"),
        (0, [1, 0], "n = 0: must be an integer, at least 1"),
    ],
)
def test_stays_frozen_refuses(n: Any, pattern: Any, rule: str) -> None:
    family = DeepFamily.from_symbolic("I + A/n**2", "c/n**2", constants={"A": [[1, 0], [0, 1]], "c": [1, 1]})
    with pytest.raises(InputError, match=rule):
        stays_frozen(family, n, ([1, 0], [2, 1]), pattern)
