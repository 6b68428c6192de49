"""Domains: they partition the space; emptiness, interior, redundancy against brute force."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from relutheory.activation import ActivationDomain, activation_domain, activation_pattern
from relutheory.activation.domains import Inequality
from relutheory.core.errors import InputError
from relutheory.networks.layers import ReLULayer, ReLUNetwork

NETS = {
    "generic": ReLUNetwork(
        [([[1, 2], [-1, 1], [2, -1]], [0, 1, -1]), ([[1, -1, 1], [-2, 1, 0]], [-1, 1])], relu_output=True
    ),
    "one input": ReLUNetwork([([[1], [-1], [2]], [0, 0, -1]), ([[1, -1, 0]], [0])], relu_output=True),
    "zero rows": ReLUNetwork(
        [([[0, 0], [0, 0], [1, 0]], [0, 1, 0]), ([[1, 0, 0], [0, 1, -1]], None)], relu_output=True
    ),
    "duplicates": ReLUNetwork([([[1, 1], [1, 1], [-2, -2]], [1, 1, -2])], relu_output=True),
    "dead layer": ReLUNetwork([([[0, 0], [0, 0]], [-1, -1]), ([[1, 1], [2, 3]], [0, 1])], relu_output=True),
    "scales": ReLUNetwork([([[1e300, -1e300], [1e-300, 0]], [0, -1e-300]), ([[1, 1]], [-1])], relu_output=True),
}


def all_domains(net: ReLUNetwork) -> list[ActivationDomain]:
    choices = [list(product((0, 1), repeat=m)) for m in net.widths]
    return [activation_domain(net, pattern) for pattern in product(*choices)]


def grid(n: int) -> list[tuple[Fraction, ...]]:
    """Points on many hyperplanes of the nets above, and off them."""
    return list(product([Fraction(k, 6) for k in range(-12, 13, 2 if n > 1 else 1)], repeat=n))


def covered(net: ReLUNetwork, domains: list[ActivationDomain]) -> set[int]:
    """The numbers of domains in which the points of the grid lie."""
    return {sum(d.contains(x) for d in domains) for x in grid(net.input_dim)}


@pytest.mark.parametrize("name", NETS)
def test_domains_partition_the_space(name: str) -> None:
    net = NETS[name]
    domains = all_domains(net)
    assert covered(net, domains) == {1}
    for x in grid(net.input_dim)[::5]:
        assert activation_domain(net, activation_pattern(net, x)).contains(x)


def value(q: Inequality, x: Any) -> Fraction:
    return sum((u * v for u, v in zip(q.a, x, strict=True)), q.c)


class NonStrict(Inequality):
    """The mutant: >= on the active side."""

    def holds(self, x: Any) -> bool:
        return value(self, x) >= 0 if self.strict else value(self, x) <= 0


def test_with_a_non_strict_active_side_they_overlap() -> None:
    net = NETS["generic"]
    mutants = [
        ActivationDomain(d.n, d.pattern, [NonStrict(q.a, q.c, q.strict, q.layer, q.neuron) for q in d.inequalities])
        for d in all_domains(net)
    ]
    assert covered(net, mutants) > {1}


@pytest.mark.parametrize("name", NETS)
def test_points_lie_where_they_should_and_empty_domains_have_none(name: str) -> None:
    net = NETS[name]
    hit = {str(activation_pattern(net, x)) for x in grid(net.input_dim)}
    kinds = set()
    for domain in all_domains(net):
        point, inner = domain.point(), domain.interior_point()
        kinds.add((domain.is_empty(), domain.has_interior()))
        assert domain.is_empty() == (point is None) and domain.has_interior() == (inner is not None)
        if str(domain.pattern) in hit:
            assert not domain.is_empty()
        for x in (point, inner):
            if x is not None:
                assert domain.contains(x)
                assert str(activation_pattern(net, x)) == str(domain.pattern)
        if inner is not None:  # off every hyperplane: a small ball around it belongs to the domain
            assert all(q.trivial or value(q, inner) != 0 for q in domain.inequalities)
    assert (False, True) in kinds and (True, False) in kinds


def test_flat_domains_have_points_but_no_interior() -> None:
    layer = ReLULayer([[1, 0], [-1, 0]])
    flat = activation_domain(layer, [0, 0])
    point = flat.point()
    assert point is not None and point[0] == 0
    assert not flat.is_empty() and not flat.has_interior()
    assert activation_domain(layer, [1, 1]).is_empty()


def test_a_neuron_that_vanishes_identically_is_no_constraint() -> None:
    net = NETS["dead layer"]  # the second layer's first neuron is 0 everywhere, its second 1
    domain = activation_domain(net, [[0, 0], [0, 1]])
    assert domain.has_interior() and domain.contains([5, -7])
    assert domain.redundant() == (True,) * 4
    for wrong in ([[0, 0], [1, 1]], [[0, 0], [0, 0]], [[1, 0], [0, 1]]):
        assert activation_domain(net, wrong).is_empty()
        assert not activation_domain(net, wrong).has_interior()


def test_redundancy_of_known_shapes() -> None:
    # 0 < x < 2, 0 < y < 2; x + y < 5 and x + y < 4 (touches the corner) are redundant, x + y < 3 is not
    layer = ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1], [-1, -1], [-1, -1], [-1, -1]], [0, 0, 2, 2, 5, 4, 3])
    assert activation_domain(layer, [1] * 7).redundant() == (False,) * 4 + (True, True, False)
    # x <= 0 twice: each alone can go
    assert activation_domain(ReLULayer([[1], [2]]), [0, 0]).redundant() == (True, True)
    # x > 0 makes x >= 0 redundant, not the other way round: {-x <= 0, x > 0}
    assert activation_domain(ReLULayer([[-1], [1]]), [0, 1]).redundant() == (True, False)
    # of an empty domain only what makes it empty is needed
    empty = activation_domain(ReLULayer([[1], [-1], [1]], [-1, -1, 5]), [1, 1, 1])
    assert empty.redundant() == (False, False, True)


@pytest.mark.parametrize("seed", range(4))
def test_redundancy_by_sampling_what_is_left(seed: int) -> None:
    rng = random.Random(seed)
    layer = ReLULayer(
        [[rng.randint(-2, 2) for _ in range(2)] for _ in range(6)], [rng.randint(-1, 2) for _ in range(6)]
    )
    domain = activation_domain(layer, activation_pattern(layer, [Fraction(rng.randint(-3, 3), 2) for _ in range(2)]))
    points = list(product([Fraction(k, 4) for k in range(-40, 41)], repeat=2))
    for i, flag in enumerate(domain.redundant()):
        others = [q for k, q in enumerate(domain.inequalities) if k != i]
        gained = any(all(q.holds(x) for q in others) and not domain.inequalities[i].holds(x) for x in points)
        assert gained != flag


def test_a_layer_with_no_neurons_is_everywhere() -> None:
    domain = activation_domain(ReLULayer(np.zeros((0, 2))), [])
    assert domain.contains([1, 2]) and domain.has_interior() and domain.redundant() == ()
    assert repr(activation_domain(NETS["one input"], [[1, 0, 1], [1]])) == "ActivationDomain(101 1 in R^1)"


@pytest.mark.parametrize("x", [[1], [1, 2, 3], [1, float("nan")], "ab", 3])
def test_wrong_points_are_refused(x: Any) -> None:
    with pytest.raises(InputError):
        activation_domain(NETS["generic"], [[1, 1, 1], [1, 1]]).contains(x)
