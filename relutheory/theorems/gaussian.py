"""Instances for statements on Gaussian layers: ratios c = m/n, sizes (m, n), and all reorientations of a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import layer_faces
from relutheory.theorems.theorem import Case, Evidence, compare

DIGITS = 12
UNIT = Fraction(1, 10**DIGITS)


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A ratio c of rows to inputs."""

    c: Fraction

    def described(self) -> dict[str, Any]:
        return {"c": str(self.c)}


@dataclass(frozen=True, kw_only=True)
class Size:
    """m rows and n inputs."""

    m: int
    n: int

    def described(self) -> dict[str, Any]:
        return {"m": self.m, "n": self.n}


def at(c: Any) -> Case:
    """The case of the ratio c."""
    return Case(name=f"c = {c}", instance=Ratio(c=Fraction(c)))


def around(decimal: str) -> tuple[Case, ...]:
    """The two ends of the interval of a decimal that is cut off after 12 places."""
    low = Fraction(decimal)
    names = (f"c = {decimal}", f"c = {decimal} and one unit in the last place")
    return tuple(Case(name=name, instance=Ratio(c=c)) for name, c in zip(names, (low, low + UNIT), strict=True))


def apart(decimal: str) -> Callable[[Any], bool]:
    """The hypothesis that a ratio is not between a decimal cut off after 12 places and the next one."""
    low = Fraction(decimal)
    return lambda instance: not isinstance(instance, Ratio) or not low < instance.c < low + UNIT


def sign_change(instance: Ratio, decimal: str, signs: dict[str, int], growing: bool) -> Evidence:
    """Evidence that all `signs`, found at the ratio, are those of c - threshold (of its opposite unless `growing`)."""
    low = Fraction(decimal)
    predicted = (1 if instance.c > low else -1) * (1 if growing else -1)
    found = ", ".join(f"{name} {'> 0' if sign > 0 else '< 0'}" for name, sign in signs.items())
    return compare(
        set(signs.values()) == {predicted},
        found,
        f"{'> 0' if predicted > 0 else '< 0'} at c {'>' if instance.c > low else '<='} {decimal}",
        instance.described() | {"signs": signs, "threshold": decimal},
        0 if abs(instance.c - low) <= UNIT else 1,
    )


def random_ratio(rng: np.random.Generator, low: float, high: float) -> Ratio:
    """A ratio between low and high, in thousandths."""
    return Ratio(c=Fraction(int(rng.integers(round(1000 * low), round(1000 * high))), 1000))


def open_cells(layer: ReLULayer) -> list[tuple[int, ...]]:
    """The sign vectors of the cells of a layer without zero rows and bias, by brute force."""
    return [face.signs for face in layer_faces(layer) if all(face.signs)]


def reorientations(layer: ReLULayer) -> Iterator[tuple[tuple[int, ...], ReLULayer]]:
    """Every choice of signs, and the layer with the rows multiplied by them."""
    rows = layer.weight.fractions()
    for signs in product((1, -1), repeat=layer.m):
        changed = [[s * v for v in row] for s, row in zip(signs, rows, strict=True)]
        yield signs, ReLULayer(changed if changed else np.zeros((0, layer.n)))


def active_counts(cells: list[tuple[int, ...]], signs: tuple[int, ...]) -> list[int]:
    """The number of active rows in each cell, after multiplying the rows by signs."""
    return [sum(s * t > 0 for s, t in zip(signs, cell, strict=True)) for cell in cells]


def injective_reorientations(layer: ReLULayer) -> int:
    """How many reorientations are injective, by the package's decision of each."""
    # loads compiled kernels: only when a check runs
    from relutheory.injectivity import decide_injectivity

    return sum(decide_injectivity(changed).proved for _, changed in reorientations(layer))


def general_layer(rng: np.random.Generator, m: int, n: int) -> ReLULayer:
    """m small integer rows, of which any n are independent."""
    from relutheory.theorems.inj_general_position import general

    while True:
        layer = ReLULayer(rng.integers(-9, 10, size=(m, n)))
        if general(layer):
            return layer
