"""Activation domains: the polyhedra on which a network has one activation pattern."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from relutheory.activation.maps import preactivation_maps
from relutheory.activation.patterns import Net, checked_pattern, input_dim
from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.core.lp import Row, solve_system


@dataclass(frozen=True)
class Inequality:
    """<a, x> + c > 0 where `strict` is set, <a, x> + c <= 0 otherwise: what one neuron's bit says of x.

    a : n Fractions; c : Fraction; layer, neuron : where it comes from, counted from 0.
    """

    a: tuple[Fraction, ...]
    c: Fraction
    strict: bool
    layer: int
    neuron: int

    @property
    def trivial(self) -> bool:
        """Whether a = 0: the pre-activation is the constant c where the earlier layers have the pattern."""
        return not any(self.a)

    def holds(self, x: Iterable[Fraction]) -> bool:
        """Whether x satisfies it, exactly."""
        value = sum((p * q for p, q in zip(self.a, x, strict=True)), self.c)
        return value > 0 if self.strict else value <= 0

    def row(self) -> Row:
        """The pair (g, h) of the same inequality as <g, x> < h or <g, x> <= h."""
        return (tuple(-v for v in self.a), self.c) if self.strict else (self.a, -self.c)

    def negation(self) -> Inequality:
        """The inequality that holds exactly where this one does not."""
        return Inequality(self.a, self.c, not self.strict, self.layer, self.neuron)


class ActivationDomain:
    """The set of inputs with one activation pattern: a polyhedron, neither open nor closed in general.

    Made by `activation_domain`.  n : dimension of the input space; pattern : one uint8 array per ReLU layer;
    inequalities : one `Inequality` per neuron, exact.  All answers are decided exactly.

    >>> from relutheory.networks.layers import ReLULayer
    >>> domain = activation_domain(ReLULayer([[1], [1]], [0, -1]), [1, 0])  # 0 < x <= 1
    >>> domain.contains([1]), domain.contains([0]), domain.has_interior(), domain.redundant()
    (True, False, True, (False, False))
    """

    def __init__(self, n: int, pattern: tuple[np.ndarray, ...], inequalities: Iterable[Inequality]) -> None:
        self.n = n
        self.pattern = pattern
        self.inequalities = tuple(inequalities)

    def contains(self, x: Iterable[Number]) -> bool:
        """Whether x lies in the domain.  x : n numbers.  Raises InputError where x is not such a point."""
        if isinstance(x, (str, bytes)) or not isinstance(x, Iterable):
            reject("x", x, f"must be a point with {self.n} coordinates")
        point = [rational(v, f"x[{i}]") for i, v in enumerate(x)]
        if len(point) != self.n:
            reject("x", f"point with {len(point)} coordinates", f"must have {self.n}")
        return all(inequality.holds(point) for inequality in self.inequalities)

    def point(self) -> tuple[Fraction, ...] | None:
        """A rational point of the domain (strict sides honoured), or None where it is empty."""
        return self._point

    @cached_property
    def _point(self) -> tuple[Fraction, ...] | None:
        return _point(self.inequalities, self.n)

    def is_empty(self) -> bool:
        """Whether no input has the pattern."""
        return self._point is None

    def interior_point(self) -> tuple[Fraction, ...] | None:
        """A rational point of the interior, or None where the interior is empty.

        A neuron whose pre-activation vanishes identically (a = 0, c = 0, bit 0) is no constraint.
        """
        return self._interior_point

    @cached_property
    def _interior_point(self) -> tuple[Fraction, ...] | None:
        trivial = [q for q in self.inequalities if q.trivial]
        proper = [q.row() for q in self.inequalities if not q.trivial]
        if not all(q.holds((Fraction(0),) * self.n) for q in trivial):
            return None
        return solve_system(proper, [], self.n).point

    def has_interior(self) -> bool:
        """Whether the domain contains a ball, that is, whether it is full-dimensional."""
        return self._interior_point is not None

    def redundant(self) -> tuple[bool, ...]:
        """For each inequality, whether leaving out this one alone does not change the domain.

        Of two equal inequalities both are redundant; leaving out both may change the domain.
        """
        return self._redundant

    @cached_property
    def _redundant(self) -> tuple[bool, ...]:
        flags = []
        for i, inequality in enumerate(self.inequalities):
            others = self.inequalities[:i] + self.inequalities[i + 1 :]
            flags.append(_point((*others, inequality.negation()), self.n) is None)
        return tuple(flags)

    def __repr__(self) -> str:
        bits = " ".join("".join(map(str, layer.tolist())) for layer in self.pattern)
        return f"ActivationDomain({bits or 'no neurons'} in R^{self.n})"


def _point(inequalities: Iterable[Inequality], n: int) -> tuple[Fraction, ...] | None:
    rows: tuple[list[Row], list[Row]] = ([], [])
    for inequality in inequalities:
        rows[0 if inequality.strict else 1].append(inequality.row())
    return solve_system(*rows, n).point


def activation_domain(net: Net, pattern: Any) -> ActivationDomain:
    """The domain of an activation pattern: the inputs at which the network has it.

    net : ReLUNetwork or ReLULayer.  pattern : one sequence of bits per ReLU layer (for a layer its bits
    alone).  Returns an `ActivationDomain`, possibly empty; the domains of all patterns partition the space.
    Raises InputError for a pattern that does not fit.  Source: Xu and Zhang, arXiv:2107.12530: bit 1 means
    pre-activation > 0, bit 0 means <= 0.

    >>> from relutheory.networks.layers import ReLULayer
    >>> domain = activation_domain(ReLULayer([[1], [-1]]), [0, 0])
    >>> domain.contains([0]), domain.point(), domain.has_interior()
    (True, (Fraction(0, 1),), False)
    """
    bits = checked_pattern(net, pattern)
    inequalities = []
    # the read-out has no bits: it is the map left over
    for layer, (active, (A, c)) in enumerate(zip(bits, preactivation_maps(net, bits), strict=False)):
        for neuron, (a, shift) in enumerate(zip(A.tolist(), c.entries(), strict=True)):
            form = tuple(rational(v) for v in a)
            inequalities.append(Inequality(form, rational(shift), bool(active[neuron]), layer, neuron))
    return ActivationDomain(input_dim(net), bits, inequalities)
