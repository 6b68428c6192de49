"""Deciding layers with biases p + q sqrt(r): between two layers with rational biases.

Rows that are active stay so when biases grow: a layer that is injective stays injective, and a collision of the layer
with the larger biases is one of the layer with the smaller biases (the rows that move along it are negative for both).
So one decision with rational biases below, and one with biases above, prove an answer about the irrational ones, unless
the two disagree.  With enough bits they do so only where the layer is injective by a tie.  A tie is decided where all
biases are, after a shift of x, rational multiples of one root: then x may be measured in that root.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq_mat

from relutheory.core.certificate import Certificate
from relutheory.core.errors import InputError, check_executor, check_limit
from relutheory.core.exact import rational, to_fmpq
from relutheory.core.verdict import NotABool, Rigor
from relutheory.injectivity.decide import InjectivityResult, Status, decide_injectivity
from relutheory.injectivity.statements import texts
from relutheory.injectivity.witness import Collision
from relutheory.networks import ReLULayer

_BITS = (64, 128, 256, 512)  # to which square roots are enclosed, until the two sides agree


@dataclass(frozen=True, eq=False)
class BracketResult(NotABool):
    """A decision about a layer whose biases lie between those of two rational layers.

    Made by `decide_batch_norm` and `decide_weight_norm`.  status : INJECTIVE where `lower` is, NOT_INJECTIVE where
    `upper` is not, else UNDECIDED.  lower, upper : the decisions of the layers with the smaller and with the larger
    biases; one and the same where the biases are rational; upper is None where it was not needed; of a tie, lower is
    the decision of the layer with inputs shifted and measured in the root.  bits : to which square roots were enclosed.
    rows : the layer.  certificate : made on request; it saves to a file that `relutheory check` verifies on its own.

    >>> from relutheory.injectivity.structured.normalisation import decide_batch_norm
    >>> layer = ReLULayer([[1], [-1]], [0, 1])
    >>> result = decide_batch_norm(layer, [1, 1], [0, 0], mean=[0, 0], var=[2, 3], eps=0)
    >>> result.status.value, result.rigor.value, result.certificate.claim
    ('injective', 'exact', 'injective-with-roots')
    """

    status: Status
    lower: InjectivityResult = field(repr=False)
    upper: InjectivityResult | None = field(repr=False)
    bits: int
    rows: tuple[RootRow, ...] = field(repr=False)

    @property
    def proved(self) -> bool:
        """Whether the layer is proved to be injective."""
        return self.status is Status.INJECTIVE

    @property
    def refuted(self) -> bool:
        """Whether the layer is proved not to be injective."""
        return self.status is Status.NOT_INJECTIVE

    @property
    def rigor(self) -> Rigor:
        """EXACT for a decided layer, also where its biases are irrational; else SAMPLED: nothing is proved."""
        return Rigor.SAMPLED if self.status is Status.UNDECIDED else Rigor.EXACT

    @property
    def witness(self) -> Collision | None:
        """Two rational points that collide in the layer itself, where it is not injective."""
        return self.upper.witness if self.refuted and self.upper is not None else None

    @cached_property
    def certificate(self) -> Certificate:
        """The proof as a `Certificate` about the rows, which are those of the normalised layer up to positive factors.

        Raises InputError where nothing was decided.
        """
        statement: dict[str, Any] = {"layer": None, "domain": None, "rows": self._stated()}
        if self.witness is not None:
            pair = {"x": texts(self.witness.x), "y": texts(self.witness.y)}
            return Certificate("not-injective-with-roots", statement, pair)
        if not self.proved:
            raise InputError("certificate: the layer is undecided, nothing is proved")
        proof: dict[str, Any] = {"by": "smaller biases", "layer": self.lower.certificate.body()}
        measured = None if self.upper is None else in_one_root(self.rows, self.lower.problem.n)
        if measured is not None:
            proof |= {"by": "one root", "shift": texts(measured.shift), "root": str(measured.root)}
        return Certificate("injective-with-roots", statement, proof)

    def _stated(self) -> dict[str, Any]:
        parts = {name: texts(getattr(row, name) for row in self.rows) for name in "pqr"}
        return {"n": self.lower.problem.n, "W": [texts(row.w) for row in self.rows], **parts}


@dataclass(frozen=True)
class RootRow:
    """A row w, and a bias p + q sqrt(r)."""

    w: list[Fraction]
    p: Fraction
    q: Fraction = Fraction(0)
    r: Fraction = Fraction(0)

    def ends(self, bits: int) -> tuple[Fraction, Fraction]:
        """Rationals below and above the bias."""
        low, high = _root(self.r, bits)
        return self.p + min(self.q * low, self.q * high), self.p + max(self.q * low, self.q * high)


def decide_between(
    rows: list[RootRow], n: int, time_limit: float | None, node_limit: int | None, executor: Executor | None
) -> BracketResult:
    """Decide the two sides, with more and more bits until they agree."""
    check_executor(executor)
    limit = check_limit("time_limit", time_limit)
    deadline = None if limit is None else time.perf_counter() + limit

    def decided(layer: ReLULayer) -> InjectivityResult:
        left = None if deadline is None else max(deadline - time.perf_counter(), 0.0)
        return decide_injectivity(layer, time_limit=left, node_limit=node_limit, executor=executor)

    for bits in _BITS:
        lower, upper = bracket(rows, n, bits)
        below = decided(lower)
        if below.proved:
            return BracketResult(Status.INJECTIVE, below, None, bits, tuple(rows))
        above = below if lower == upper else decided(upper)
        if above.refuted:
            return BracketResult(Status.NOT_INJECTIVE, below, above, bits, tuple(rows))
        if not (below.refuted and above.proved):
            break  # out of budget
        measured = in_one_root(rows, n)
        if measured is not None:
            tie = decided(measured.layer)
            if tie.proved:
                return BracketResult(Status.INJECTIVE, tie, above, bits, tuple(rows))
    return BracketResult(Status.UNDECIDED, below, above, bits, tuple(rows))


@dataclass(frozen=True)
class Measured:
    """A rational layer of y, with x = shift + sqrt(root) y."""

    layer: ReLULayer
    shift: list[Fraction]
    root: Fraction


def in_one_root(rows: Sequence[RootRow], n: int) -> Measured | None:
    """A rational layer that is injective exactly when that of the rows is, where one root sqrt(d) is in all of them.

    x = a + sqrt(d) y with Wa = -p leaves sqrt(d) (<w, y> + q sqrt(r / d)) of a row, and that has to be rational.
    """
    moving = [row for row in rows if any(row.w)]
    table = fmpq_mat([[*map(to_fmpq, row.w), to_fmpq(row.p)] for row in moving]).rref()[0].tolist()
    shift = [Fraction(0)] * n
    for line in table:
        pivot = next((k for k, v in enumerate(line[:-1]) if v), None)
        if pivot is not None:
            shift[pivot] = -rational(line[-1])
        elif line[-1]:
            return None  # p is not in the range of W
    d = next(row.r for row in moving if row.q)
    ratios = [_root(row.r / d, 1) if row.q else (Fraction(0), Fraction(0)) for row in moving]
    if any(low != high for low, high in ratios):
        return None
    offsets = [row.q * low for row, (low, _) in zip(moving, ratios, strict=True)]
    return Measured(rational_layer([row.w for row in moving], offsets, n), shift, d)


def bracket(rows: list[RootRow], n: int, bits: int) -> tuple[ReLULayer, ReLULayer]:
    """The layers with the biases below and above."""
    ends = [row.ends(bits) for row in rows]
    weight = [row.w for row in rows]
    return rational_layer(weight, [low for low, _ in ends], n), rational_layer(weight, [high for _, high in ends], n)


def _root(value: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Rationals below and above sqrt(value), 2^-bits apart relatively; equal where the root is rational."""
    p, q = value.numerator, value.denominator
    if math.isqrt(p) ** 2 == p and math.isqrt(q) ** 2 == q:
        root = Fraction(math.isqrt(p), math.isqrt(q))
        return root, root
    shift = max(bits + 1 - (p * q).bit_length() // 2, 0)
    floor = math.isqrt(p * q << 2 * shift)
    return Fraction(floor, q << shift), Fraction(floor + 1, q << shift)


def rational_layer(rows: Sequence[Sequence[Fraction]], bias: Sequence[Fraction], n: int) -> ReLULayer:
    """The layer with these rows, also where there are none."""
    return ReLULayer(rows, bias) if rows else ReLULayer(np.zeros((0, n)))
