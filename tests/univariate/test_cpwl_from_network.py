"""The function of a network against the network itself, in rationals, and against the regions found in another way."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

import numpy as np
import pytest

from relutheory import Box, ReLULayer, ReLUNetwork
from relutheory.core.errors import InputError
from relutheory.polyhedra.line import breakpoints
from relutheory.univariate import from_network
from relutheory.univariate.cpwl import CPwL


def tents(depth: int) -> ReLUNetwork:
    """The depth-fold composition of 2 ReLU(x) - 4 ReLU(x - 1/2), the hat on [0, 1]."""
    later = ([[2, -4], [2, -4]], [0, "-1/2"])
    return ReLUNetwork([([[1], [1]], [0, "-1/2"]), *[later] * (depth - 1), ([[2, -4]], [0])])


def check(net: ReLUNetwork | ReLULayer, lo: F, hi: F) -> CPwL:
    """The function, after it was compared at the ends, the kinks and in every piece."""
    f = CPwL.from_network(net, lo, hi)
    value = net.forward_exact
    x = f.breakpoints
    assert (x[0], x[-1]) == (lo, hi)
    inside = [a + (b - a) * t for a, b in pairwise(x) for t in (F(2, 5), F(2, 3))]
    for p in (*x, *inside):
        assert f(p) == value([p])[0]
    assert f(lo - 1) == value([lo])[0] and f(hi + 1) == value([hi])[0]
    # every breakpoint inside is a kink: none too many
    assert all(a != b for a, b in pairwise(f.slopes[1:-1]))
    return f


def numbers(rng: np.random.Generator, kind: str, *shape: int) -> np.ndarray:
    if kind == "floats":
        return rng.standard_normal(shape)
    if kind == "integers":  # parallel, repeated and dead neurons
        return rng.integers(-2, 3, shape).astype(float)
    if kind == "eighths":
        return rng.integers(-9, 10, shape) / 8
    if kind == "sizes":  # from tiny to huge
        return rng.standard_normal(shape) * 10.0 ** rng.integers(-40, 40, shape)
    out = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        out[index] = F(int(rng.integers(-9, 10)), int(rng.integers(1, 10)))
    return out


@pytest.mark.parametrize("kind", ["floats", "integers", "eighths", "sizes", "fractions"])
@pytest.mark.parametrize("seed", range(6))
def test_random_networks(kind, seed):
    rng = np.random.default_rng([len(kind), seed])
    widths = [1, *rng.integers(1, 6, rng.integers(0, 5)).tolist(), 1]
    net = ReLUNetwork([(numbers(rng, kind, m, n), numbers(rng, kind, m)) for n, m in pairwise(widths)])
    f = check(net, F(-3), F(7, 3))
    # the activation regions, found with floats and forms: every kink is an end of one
    if net.layers:
        ends = breakpoints(net, Box([-3], [F(7, 3)]))
        assert set(f.breakpoints[1:-1]) <= {ends.exact(i) for i in range(len(ends))}


def test_layers_and_networks_without_read_out():
    check(ReLULayer([[3]], [-1]), F(-1), F(1))
    check(ReLUNetwork([([[1], [-2]], [0, 1]), ([[1, -1]], ["1/7"])], relu_output=True), F(-2), F(2))
    check(ReLUNetwork([([["1/3"]], [5])]), F(0), F(1))
    check(ReLUNetwork([([[0]], [0]), ([[0]], [5])]), F(0), F(1))


def test_tents():
    for depth in (1, 2, 3, 8):
        f = check(tents(depth), F(0), F(1))
        assert f.breakpoints == tuple(F(k, 2**depth) for k in range(2**depth + 1))
        assert f.values == tuple(F(k % 2) for k in range(2**depth + 1))
    assert CPwL.from_network(tents(8), exact=False) == f


def test_a_million_teeth():
    f = CPwL.from_network(tents(20))
    assert f.pieces == 2**20 + 2
    assert f("1/3") == F(2, 3) and f(F(12345, 2**20)) == 1 and f(F(12344, 2**20)) == 0
    assert f.integral() == F(1, 2)


def test_dead_pieces_are_forgotten():
    # the first layers make many kinks, the next sees the function below its threshold but for one tooth
    net = ReLUNetwork([([[1], [1]], [0, "-1/2"]), *[([[2, -4], [2, -4]], [0, "-1/2"])] * 11, ([[-1, 0]], [0])])
    layers = [*((layer.W, layer.b) for layer in net.layers), ([[2, -4]], [-3]), ([[1]], [0])]
    assert CPwL.from_network(ReLUNetwork(layers)).breakpoints == (0, 1)


def test_deep_networks():
    # ReLU(x - 1/1000) again and again: a kink that moves by a thousandth at each of 300 layers
    net = ReLUNetwork([*[([[1]], ["-1/1000"])] * 300, ([[1]], [0])])
    assert CPwL.from_network(net).breakpoints == (0, F(3, 10), 1)
    folded = ReLUNetwork([([[1], [-1]], [0, 0]), *[([[1, 1], [-1, -1]], ["-1/50", "1/50"])] * 30, ([[1, 1]], [0])])
    check(folded, F(-1), F(1))


def test_the_float_route_is_near():
    rng = np.random.default_rng(4)
    for kind in ("floats", "eighths", "fractions"):
        net = ReLUNetwork([(numbers(rng, kind, m, n), numbers(rng, kind, m)) for n, m in pairwise([1, 5, 4, 5, 1])])
        exact, near = CPwL.from_network(net, -2, 2), CPwL.from_network(net, -2, 2, exact=False)
        size = 1 + max(abs(v) for v in exact.values) + max(abs(s) for s in exact.slopes)
        assert exact.sup_distance(near, -2, 2) <= size / 10**13
        assert all(float(v) == v for v in near.breakpoints + near.values)
    assert CPwL.from_network(ReLUNetwork([([[2]], [1])]), exact=False) == CPwL([0, 1], [1, 3])


def test_too_many_pieces_are_refused(monkeypatch):
    monkeypatch.setattr(from_network, "_MOST", 2**11)
    monkeypatch.setattr(from_network, "_MOST_WIDE", 2**8)
    # 2^10 + 1 points are as many as 2^11 values of two neurons are not
    assert CPwL.from_network(tents(9)).pieces == 2**9 + 2
    with pytest.raises(InputError, match="must have at most 1024 pieces with 2 neurons"):
        CPwL.from_network(tents(100))
    assert CPwL.from_network(tents(100), 0, F(1, 2**94)).pieces == 2**6 + 2
    # numbers beyond 64 bits take more room
    with pytest.raises(InputError, match="must have at most 128 pieces with 2 neurons"):
        CPwL.from_network(tents(12), F(1, 3**50), 1)


def test_ends_beyond_floats():
    assert CPwL.from_network(tents(2), -(10**400), 10**400)(F(1, 4)) == 1
    for ends in ((0, 10**400), (-(10**400), 0), (10**400, 10**401)):
        with pytest.raises(InputError, match=r"(lo|hi) = 'about -?1\.0*e\+40.': must be within the range of float64"):
            CPwL.from_network(tents(2), *ends, exact=False)


def test_input_is_checked():
    two = ReLUNetwork([([[1, 1]], [0])])
    for call in (
        lambda: CPwL.from_network("net"),
        lambda: CPwL.from_network(two),
        lambda: CPwL.from_network(ReLUNetwork([([[1], [1]], [0, 0])])),
        lambda: CPwL.from_network(tents(1), 1, 0),
        lambda: CPwL.from_network(tents(1), 0, float("inf")),
        lambda: CPwL.from_network(tents(1), 1, F(1) + F(1, 10**30), exact=False),
        lambda: CPwL.from_network(ReLUNetwork([([[1e200]], [0]), ([[1e200]], [0])]), exact=False),
    ):
        with pytest.raises(InputError):
            call()
