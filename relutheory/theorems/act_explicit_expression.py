"""On an activation domain a ReLU network is one affine map, given by products of its matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq_mat

from relutheory.core.exact import rational, to_fmpq
from relutheory.networks import AffineMap, ReLULayer, ReLUNetwork
from relutheory.theorems.instances import (
    NetworkAtPoint,
    at_point,
    describe,
    identity,
    random_network_at_point,
    shown_point,
    texts,
)
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Pattern = list[list[int]]
Coefficients = tuple[fmpq_mat, fmpq_mat]


def pattern_by_running(network: ReLUNetwork, x: Sequence[Fraction]) -> Pattern:
    """The activation pattern of x, read off an exact run: 1 where the pre-activation is > 0."""
    pattern = []
    for layer in network.layers:
        values = layer.preactivation_exact(x)
        pattern.append([int(v > 0) for v in values])
        x = [max(v, Fraction(0)) for v in values]
    return pattern


def expression(
    network: ReLUNetwork, pattern: Pattern, *, reverse: bool = False, mask_bias: bool = True
) -> Coefficients:
    """The coefficients A, c of the explicit expression, each product formed as it is written.

    reverse : multiply in the opposite order.  mask_bias : whether b_i carries its activation matrix.
    """
    J = [_diagonal(bits) for bits in pattern]
    factors = [j * layer.weight.fmpq for j, layer in zip(J, network.layers, strict=True)]
    n, m = network.input_dim, network.widths[-1] if network.widths else network.input_dim
    A = _product(factors, n, reverse)
    c = fmpq_mat(m, 1)
    for i, layer in enumerate(network.layers):
        bias = J[i] * layer.bias.fmpq if mask_bias else layer.bias.fmpq
        c += _product(factors[i + 1 :], layer.m, reverse) * bias
    if network.readout is not None:
        weight = network.readout.weight.fmpq
        A, c = weight * A, weight * c + network.readout.bias.fmpq
    return A, c


def _diagonal(bits: Sequence[int]) -> fmpq_mat:
    return fmpq_mat([[bit * v for v in row] for bit, row in zip(bits, identity(len(bits)), strict=True)])


def _product(factors: Sequence[fmpq_mat], size: int, reverse: bool) -> fmpq_mat:
    """The product with later factors on the left (on the right where `reverse`); the empty one is I."""
    product = fmpq_mat(identity(size))
    for factor in factors:
        product = product * factor if reverse else factor * product
    return product


def by_package(network: ReLUNetwork, pattern: Pattern) -> Coefficients:
    """The coefficients from `relutheory.activation.affine_map`."""
    from relutheory.activation import affine_map

    found = affine_map(network, pattern)
    return found.weight.fmpq, found.bias.fmpq


def explicit(*routes: Callable[[ReLUNetwork, Pattern], Coefficients]) -> Claim:
    """The claim that the coefficients of each route, at the pattern of x, give the network's value at x."""

    def claim(instance: NetworkAtPoint) -> Evidence:
        network, x = instance.network, instance.x
        value = network.forward_exact(x)
        pattern = pattern_by_running(network, x)
        column = fmpq_mat(len(x), 1, [to_fmpq(v) for v in x])
        found = []
        for route in routes:
            A, c = route(network, pattern)
            found.append([rational(v) for v in (A * column + c).entries()])
        wrong = next((f for f in found if f != value), found[0])
        counterexample = describe(instance) | {
            "pattern": pattern,
            "network": texts(value),
            "expression": texts(wrong),
        }
        return compare(
            wrong == value,
            f"Ax + c = {shown_point(wrong)}",
            f"N(x) = {shown_point(value)}",
            counterexample,
            0,
        )

    return claim


def reversed_products(network: ReLUNetwork, pattern: Pattern) -> Coefficients:
    return expression(network, pattern, reverse=True)


def unmasked_bias(network: ReLUNetwork, pattern: Pattern) -> Coefficients:
    return expression(network, pattern, mask_bias=False)


def same_width(instance: NetworkAtPoint) -> bool:
    """Whether all layers have as many neurons as the network has inputs."""
    return set(instance.network.widths) <= {instance.network.input_dim}


def random(rng: np.random.Generator) -> NetworkAtPoint:
    return random_network_at_point(rng, neurons=12)


SHEAR, SWAP = ReLULayer([[1, 1], [0, 1]], [0, 1]), ReLULayer([[0, 2], [1, 0]], [1, 0])
KINK = ReLULayer([[1, -2], [-1, 1]], [-1, 1])
DEAD = ReLULayer([[-1, -1], [-1, 0]], [-1, -1])

THEOREM = Theorem(
    id="act.explicit-expression",
    title="The explicit expression of a ReLU network",
    statement=(
        r"Let $N_k(x) = \mathrm{ReLU}(W_k N_{k-1}(x) + b_k)$ and $N_0(x) = x$. On the activation domain of "
        r"the diagonal 0/1 matrices $J_1, \ldots, J_L$, $N_L(x) = (J_L W_L \cdots J_1 W_1)\,x + "
        r"\sum_{i=1}^{L} (J_L W_L \cdots J_{i+1} W_{i+1})\,J_i b_i$, with later layers on the left and the "
        r"empty product equal to $I$."
    ),
    cite=Cite(key="xuzhang2024", locator="locator unverified"),
    hypotheses={"x has as many coordinates as the network has inputs": lambda i: len(i.x) == i.network.input_dim},
    claim=explicit(expression, by_package),
    tight=(
        Case(
            name="on the hyperplane of the first neuron",
            instance=at_point(ReLUNetwork([SHEAR, SWAP]), [-1, 1]),
        ),
        Case(name="where two hyperplanes meet", instance=at_point(ReLUNetwork([SHEAR, SWAP]), [1, -1])),
        Case(name="at a kink of the second layer", instance=at_point(ReLUNetwork([SWAP, SHEAR]), [0, "-1/2"])),
        Case(name="all neurons active", instance=at_point(ReLUNetwork([SHEAR, SWAP, SHEAR]), [1, 1])),
    ),
    edge=(
        Case(name="one layer, one neuron", instance=at_point(ReLUNetwork([ReLULayer([[2]], [-1])]), ["1/2"])),
        Case(name="a dead layer", instance=at_point(ReLUNetwork([DEAD, SHEAR]), [1, 1])),
        Case(name="a dead layer in the middle", instance=at_point(ReLUNetwork([SHEAR, DEAD, SWAP]), [1, 1])),
        Case(
            name="with a read-out",
            instance=at_point(ReLUNetwork([SHEAR, SWAP], readout=AffineMap([[1, -1]], ["1/3"])), ["1/7", 2]),
        ),
        Case(
            name="a layer of zeros",
            instance=at_point(ReLUNetwork([ReLULayer([[0, 0]], [0]), ReLULayer([[5]])]), [3, 4]),
        ),
        Case(
            name="1e300 and 1e-300",
            instance=at_point(ReLUNetwork([ReLULayer([[1e300]], [1]), ReLULayer([[1e-300]], [-1])]), [1]),
        ),
    ),
    random=random,
    mutants=(
        Mutant(
            name="products reversed",
            change="later layers on the right",
            claim=explicit(reversed_products),
            needs={"all layers have the same width": same_width},
        ),
        Mutant(name="bias not masked", change="b_i in place of J_i b_i", claim=explicit(unmasked_bias)),
    ),
    proof="explicit_expression",
    provenance=(
        "The statement is from memory, its place in the paper is not verified. The induction was derived "
        "again (proofs_check/explicit_expression.py) and the expression is compared with exact runs of "
        "networks."
    ),
    pictures=(
        Case(name="two layers", instance=at_point(ReLUNetwork([SHEAR, SWAP]), [-1, 1])),
        Case(name="three layers", instance=at_point(ReLUNetwork([SWAP, SHEAR, KINK]), [1, 1])),
    ),
)
