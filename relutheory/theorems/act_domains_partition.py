"""The activation domains of a ReLU network partition its input space."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np

from relutheory.networks import ReLULayer, ReLUNetwork
from relutheory.theorems.act_explicit_expression import DEAD, SHEAR, SWAP, Pattern
from relutheory.theorems.instances import NetworkAtPoint, at_point, describe, random_network_at_point
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Side = Callable[[Fraction], bool]
MAX_NEURONS = 8  # all patterns are tried


def positive(v: Fraction) -> bool:
    return v > 0


def negative(v: Fraction) -> bool:
    return v < 0


def not_positive(v: Fraction) -> bool:
    return v <= 0


def not_negative(v: Fraction) -> bool:
    return v >= 0


def lies_in(instance: NetworkAtPoint, pattern: Pattern, on: Side, off: Side) -> bool:
    """Whether x is in the domain of the pattern, layer by layer from the definition.

    The next layer sees J(Wx + b), the value that the pattern says, not ReLU(Wx + b).
    """
    x = list(instance.x)
    for layer, bits in zip(instance.network.layers, pattern, strict=True):
        values = layer.preactivation_exact(x)
        if not all(on(v) if bit else off(v) for v, bit in zip(values, bits, strict=True)):
            return False
        x = [bit * v for v, bit in zip(values, bits, strict=True)]
    return True


def patterns(network: ReLUNetwork) -> list[Pattern]:
    """All 0/1 patterns of a network."""
    layers = (map(list, product((0, 1), repeat=width)) for width in network.widths)
    return [list(pattern) for pattern in product(*layers)]


def partition(on: Side, off: Side, *, package: bool = False) -> Claim:
    """The claim that a point lies in one domain, with these conditions on active and inactive neurons.

    package : compare with `relutheory.activation` as well: its pattern, and membership in its domains.
    """

    def claim(instance: NetworkAtPoint) -> Evidence:
        tried = patterns(instance.network)
        found = [pattern for pattern in tried if lies_in(instance, pattern, on, off)]
        counterexample = describe(instance) | {"domains that contain x": found}
        holds = len(found) == 1
        if package:
            ours = package_patterns(instance)
            counterexample |= {"by the package": ours}
            holds = holds and ours == [found[0], *found]
        return compare(
            holds,
            f"in {len(found)} of {len(tried)} domains: {found}",
            "in exactly one domain",
            counterexample,
            len(found) - 1,
        )

    return claim


def package_patterns(instance: NetworkAtPoint) -> list[Pattern]:
    """The package's pattern of x, and then every pattern whose domain contains x by the package."""
    from relutheory.activation import activation_domain, activation_pattern

    network, x = instance.network, instance.x
    of_x = [bits.tolist() for bits in activation_pattern(network, x)]
    return [of_x, *(p for p in patterns(network) if activation_domain(network, p).contains(x))]


def random(rng: np.random.Generator) -> NetworkAtPoint:
    return random_network_at_point(rng, neurons=6)


THEOREM = Theorem(
    id="act.domains-partition",
    title="Activation domains partition the space",
    statement=(
        r"For diagonal 0/1 matrices $J_1, \ldots, J_L$ let $D(J_1, \ldots, J_L)$ be the set of $x$ for "
        r"which, in every layer $k$, the pre-activation $v = W_k x_{k-1} + b_k$ satisfies $v_j > 0$ where "
        r"$(J_k)_{jj} = 1$ and $v_j \leq 0$ where $(J_k)_{jj} = 0$, with $x_0 = x$ and $x_k = J_k(W_k "
        r"x_{k-1} + b_k)$. For fixed $L$ every $x \in \mathbb{R}^n$ lies in exactly one of these sets."
    ),
    cite=Cite(key="xuzhang2024", locator="locator unverified"),
    hypotheses={
        f"at most {MAX_NEURONS} neurons, so that all patterns can be tried": lambda i: (
            sum(i.network.widths) <= MAX_NEURONS
        )
    },
    claim=partition(positive, not_positive, package=True),
    tight=(
        Case(name="on the only hyperplane", instance=at_point(ReLUNetwork([ReLULayer([[1]])]), [0])),
        Case(name="where two hyperplanes meet", instance=at_point(ReLUNetwork([SHEAR, SWAP]), [1, -1])),
        Case(name="at a kink of the second layer", instance=at_point(ReLUNetwork([SWAP, SHEAR]), [0, "-1/2"])),
        Case(
            name="three lines through a point",
            instance=at_point(ReLUNetwork([ReLULayer([[1, 0], [0, 1], [1, 1]])]), [0, 0]),
        ),
    ),
    edge=(
        Case(name="a zero row", instance=at_point(ReLUNetwork([ReLULayer([[0]])]), [1])),
        Case(name="a zero row with bias", instance=at_point(ReLUNetwork([ReLULayer([[0]], ["1/3"])]), [1])),
        Case(name="duplicate rows", instance=at_point(ReLUNetwork([ReLULayer([[1], [1]], [-1, -1])]), [1])),
        Case(name="antiparallel rows", instance=at_point(ReLUNetwork([ReLULayer([[1], [-1]])]), [0])),
        Case(name="a dead layer", instance=at_point(ReLUNetwork([DEAD, SHEAR]), [1, 1])),
        Case(
            name="1e-300 from a hyperplane",
            instance=at_point(ReLUNetwork([ReLULayer([[1]], [-1])]), [1 + Fraction(1e-300)]),
        ),
        Case(name="far away", instance=at_point(ReLUNetwork([ReLULayer([[1e300, 1]])]), [Fraction(1e300), 1])),
    ),
    random=random,
    mutants=(
        Mutant(name=">= for >", change="v_j >= 0 on the active side", claim=partition(not_negative, not_positive)),
        Mutant(name="< for <=", change="v_j < 0 on the inactive side", claim=partition(positive, negative)),
    ),
    proof="domains_partition",
    provenance=(
        "The definition is from memory, its place in the paper is not verified. The statement was derived "
        "again (proofs_check/domains_partition.py) and is checked by trying every pattern."
    ),
    pictures=(Case(name="where two hyperplanes meet", instance=at_point(ReLUNetwork([SHEAR, SWAP]), [1, -1])),),
)
