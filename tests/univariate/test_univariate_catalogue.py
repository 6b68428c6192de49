"""The catalogue's checks of constructions: they see a network that is not as stated, and fail where they should."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from relutheory.core.verdict import Verdict
from relutheory.networks import AffineMap, ReLULayer, ReLUNetwork
from relutheory.theorems import catalogue
from relutheory.theorems.parts import few_pieces
from relutheory.theorems.uni_calculus import random_network
from relutheory.theorems.uni_hoelder import is_hoelder, rough
from relutheory.theorems.uni_riesz import grid, inner_products, riesz
from relutheory.theorems.verify import verify_theorem
from relutheory.univariate import constructions, series
from relutheory.univariate.cpwl import CPwL


def parts_of(net: ReLUNetwork) -> tuple[list[Any], list[Any], list[Fraction]]:
    layers = [([list(row) for row in layer.weight.fractions()], list(layer.bias.fractions())) for layer in net.layers]
    assert net.readout is not None
    return layers, [list(row) for row in net.readout.weight.fractions()], list(net.readout.bias.fractions())


def rebuilt(layers: list[Any], row: list[Any], shift: list[Fraction]) -> ReLUNetwork:
    return ReLUNetwork([ReLULayer(W, b) for W, b in layers], readout=AffineMap(row, shift))


def wider(made: Any, by: int = 3) -> Any:
    """Three more neurons that are 0 in each layer."""
    layers, row, shift = parts_of(made.network)
    for i, (W, b) in enumerate(layers):
        extended = [line + [0] * (by if i else 0) for line in W]
        layers[i] = (extended + [[0] * len(extended[0])] * by, b + [0] * by)
    return dataclasses.replace(made, network=rebuilt(layers, [line + [0] * by for line in row], shift))


def deeper(made: Any) -> Any:
    """A last layer that changes nothing."""
    layers, row, shift = parts_of(made.network)
    width = len(layers[-1][1])
    layers.append(([[int(i == j) for j in range(width)] for i in range(width)], [0] * width))
    return dataclasses.replace(made, network=rebuilt(layers, row, shift))


def shifted(made: Any) -> Any:
    """Off by three times its error, or by 10^-9."""
    layers, row, shift = parts_of(made.network)
    return dataclasses.replace(made, network=rebuilt(layers, row, [shift[0] + max(3 * made.error, Fraction(1, 10**9))]))


def half_the_error(made: Any) -> Any:
    return dataclasses.replace(made, error=made.error / 2)


BREAKS: dict[str, Callable[[Any], Any]] = {
    "wider": wider,
    "deeper": deeper,
    "shifted": shifted,
    "half the error": half_the_error,
}
BUILT = {
    "uni.hat-powers": (constructions, "hat_power"),
    "uni.hoelder": (constructions, "lipschitz_network"),
    "uni.rates": (series, "quadratic_network"),
    "uni.refinable": (constructions, "refinable_network"),
    "uni.square": (constructions, "square_network"),
    "uni.square, products": (constructions, "product_network"),
    "uni.takagi": (constructions, "takagi_network"),
}
CASES = {"uni.rates": "depth 1", "uni.refinable": "the quadratic B-spline", "uni.square, products": "a kink"}
CASES |= {"uni.hoelder": "2 blocks of 2 steps"}
EXACT = ("uni.hat-powers", "half the error")  # its error is 0


@pytest.mark.parametrize(("name", "broken"), [pair for pair in product(BUILT, BREAKS) if pair != EXACT])
def test_another_network_is_seen(name: str, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, function = BUILT[name]
    theorem = catalogue()[name.split(",")[0]]
    (case,) = [c for c in theorem.cases if c.name == CASES.get(name, theorem.cases[0].name)]
    assert theorem.check(case.instance).proved
    build = getattr(module, function)
    monkeypatch.setattr(module, function, lambda *args, **options: BREAKS[broken](build(*args, **options)))
    evidence = theorem.check(case.instance)
    assert evidence.refuted and evidence.counterexample is not None
    if broken in ("wider", "deeper"):
        assert evidence.counterexample["wrong"][0] in ("width and depth", "parameters and pieces")


WRONG = {
    "uni.hat-powers: half the height": {"the formula"},
    "uni.hat-powers: 2^k teeth": {"the formula"},
    "uni.hat-powers: 2^(k - 1) pieces": {"the pieces"},
    "uni.free-knot: q = floor(W / 6)": {"width and depth"},
    "uni.free-knot: hats closer together": {"the function"},
    "uni.free-knot: both signs in a class": {"the function"},
    "uni.hoelder: values without rounding": {"the bound"},
    "uni.hoelder: rounding only": {"the bound"},
    "uni.hoelder: four times the rate": {"the bound"},
    "uni.hoelder: in floats": {"the bound"},
    "uni.parameter-count: 34 n": {"the bound"},
    "uni.parameter-count: no biases": {"the formula"},
    "uni.rates: interpolation": {"the bound"},
    "uni.rates: depth 4^-(L + 2)": {"the error of depth L"},
    "uni.refinable: the last digit first": {"the matrices"},
    "uni.refinable: the transposes": {"a sum of 1", "its rate"},
    "uni.refinable: a level more": {"phi at i / 2^n"},
    "uni.square: 4^-(L + 2)": {"the error of squares", "the largest error of squares"},
    "uni.square: weights 2^-k": {"the series"},
    "uni.square: products as good as squares": {"the error of products"},
    "uni.takagi: one power more": {"the bound"},
    "uni.takagi: 2^-n / 2": {"Takagi's function"},
}


@pytest.mark.parametrize("id", sorted({name.split(":")[0] for name in WRONG}))
def test_mutants_fail_where_they_differ(id: str) -> None:
    for mutant in verify_theorem(catalogue()[id], trials=0, seed=0).mutants:
        if f"{id}: {mutant.name}" in WRONG:
            assert mutant.evidence is not None and mutant.evidence.counterexample is not None
            assert set(mutant.evidence.counterexample["wrong"]) == WRONG[f"{id}: {mutant.name}"]


def test_a_depth_less_is_refuted_by_the_number_of_pieces() -> None:
    for id in ("uni.free-knot", "uni.hat-powers"):
        (mutant,) = [m for m in verify_theorem(catalogue()[id], trials=0, seed=0).mutants if "less" in m.name]
        assert mutant.evidence is not None and mutant.evidence.counterexample is not None
        assert mutant.evidence.counterexample["pieces"] > mutant.evidence.counterexample["at most"]


def test_networks_have_no_more_pieces_than_their_class() -> None:
    rng = np.random.default_rng(5)
    attained = 0
    for _ in range(60):
        W, L = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        net = random_network(rng, W, L)
        f = CPwL.from_network(net, 0, 1).simplified()
        pieces = 1 + sum(0 < x < 1 for x in f.breakpoints)
        evidence = few_pieces(pieces, W, L, {})
        assert evidence.proved
        attained += evidence.slack == 0
    assert attained


def test_any_entry_of_a_tensor_product_may_be_wrong() -> None:
    instance = grid((3, 3), (5, 2))
    assert riesz()(instance).proved

    def one_wrong(k: int, l: int) -> tuple[Fraction, Fraction]:
        cosines, sines = inner_products(k, l)
        return (cosines / 2 if {k, l} == {9, 15} else cosines), sines

    assert riesz(products=one_wrong)(instance).refuted


def test_powers_of_numbers_that_are_not_prime_are_not_applicable() -> None:
    assert catalogue()["uni.riesz"].check(grid((6, 2), (15, 2))).verdict is Verdict.NOT_APPLICABLE


def test_breakpoints_decide_the_hoelder_condition() -> None:
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(60):
        x = [0, *sorted(rng.choice(np.arange(1, 12), size=3, replace=False).tolist()), 12]
        y = rng.integers(-3, 4, size=5).tolist()
        f = rough([Fraction(v, 12) for v in x], y, 1, 1, M=int(rng.integers(3, 20)), alpha=Fraction(1, 2))
        places = [Fraction(i, 48) for i in range(49)]
        values = [f.cpwl(p) for p in places]
        on_grid = all(
            (values[i] - values[j]) ** 2 <= f.M**2 * (places[i] - places[j]) for i in range(49) for j in range(i)
        )
        assert is_hoelder(f) == on_grid  # all breakpoints are on the grid
        seen.add(on_grid)
    assert seen == {True, False}
