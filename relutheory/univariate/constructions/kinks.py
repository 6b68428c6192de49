"""A piecewise linear function on [0, 1] as one layer sees it: its start, its first slope, and its kinks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from relutheory.core.errors import reject
from relutheory.univariate.constructions.building import Form
from relutheory.univariate.cpwl import CPwL


@dataclass(frozen=True)
class Kinks:
    """start + slope * y + sum of changes[xi] * ReLU(y - xi) on [0, 1], 0 < xi < 1; `least`, `most` are its bounds."""

    start: Fraction
    slope: Fraction
    changes: dict[Fraction, Fraction]
    least: Fraction
    most: Fraction

    @classmethod
    def of(cls, f: Any, name: str) -> Kinks:
        """Those of a `CPwL`; anything else is an `InputError`."""
        if not isinstance(f, CPwL):
            reject(name, f, "must be a CPwL")
        zero, one = Fraction(0), Fraction(1)
        points = [zero, *(x for x in f.breakpoints if zero < x < one), one]
        values = [f(x) for x in points]
        slopes = [(w - v) / (y - x) for (x, y), (v, w) in zip(pairwise(points), pairwise(values), strict=True)]
        changes = {x: after - before for x, (before, after) in zip(points[1:], pairwise(slopes), strict=False)}
        used = {x: change for x, change in changes.items() if change}
        return cls(values[0], slopes[0], used, min(values), max(values))

    def form(self, y: Form, neurons: dict[Fraction, Form]) -> Form:
        """The value at y, from the neurons ReLU(y - xi)."""
        total = self.slope * y + self.start
        for xi, change in self.changes.items():
            total = total + change * neurons[xi]
        return total
