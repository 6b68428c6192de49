"""Folding affine maps: the folded network is the same function, without rounding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.networks.chain import Chain


def test_random_chains_equal_their_steps_one_by_one():
    for case in range(60):
        rng = np.random.default_rng([3, case])
        width = n = int(rng.integers(1, 4))
        chain, x = Chain(n), [Fraction(int(v), 3) for v in rng.integers(-9, 10, n)]
        value = x
        for _ in range(rng.integers(1, 8)):
            step = rng.integers(3)
            if step == 0:
                m = int(rng.integers(1, 4))
                W = rng.choice([0.1, -0.3, 1.0, 0.0, -2.5], (m, width))
                chain.linear(W)
                value = [sum((Fraction(w) * v for w, v in zip(row, value, strict=True)), Fraction(0)) for row in W]
                width = m
            elif step == 1:
                c = rng.choice([0.1, 0.0, -0.7], width)
                chain.shift(c)
                value = [v + Fraction(t) for v, t in zip(value, c, strict=True)]
            else:
                chain.relu()
                value = [max(v, Fraction(0)) for v in value]
        assert chain.network().forward_exact(x) == value


def test_trivial_steps_leave_the_given_floats():
    W = np.array([[0.1, 0.2], [0.3, 0.4]])
    chain = Chain(2)
    chain.shift(np.zeros(2))
    chain.linear(W)
    chain.shift(np.array([-0.0, 0.0]))
    chain.relu()
    chain.relu()
    net = chain.network()
    assert len(net.layers) == 1 and net.readout is None
    assert net.layers[0].weight.floats_exact and (net.layers[0].W == W).all()


def test_a_shift_too_small_for_floats_is_not_dropped():
    chain = Chain(1)
    chain.shift([Fraction(1, 10**400)])
    assert chain.network().forward_exact([0]) == [Fraction(1, 10**400)]


def test_relu_alone_and_nothing_at_all():
    chain = Chain(2)
    assert chain.network().forward_exact([-1, 2]) == [-1, 2]
    chain.relu()
    assert chain.network().forward_exact([-1, 2]) == [0, 2]


def test_steps_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="must have 2 columns"):
        Chain(2).linear(np.eye(3))
    with pytest.raises(InputError, match="must have 2 entries"):
        Chain(2).shift([1, 2, 3])
