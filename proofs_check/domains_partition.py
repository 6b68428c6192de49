"""act.domains-partition: indicator functions.

For a pre-activation v let s = [v > 0] and r = [v <= 0].  The indicator of the domain of a pattern J is the
product of s over its ones and r over its zeros; a point lies in exactly one domain when these products sum to
1.
"""

from __future__ import annotations

from itertools import product

import sympy as sp

from proofs_check.steps import Step, equal


def check(tie: int = 0) -> list[Step]:
    """The steps of the proof.  tie : [v on the active side] at v = 0; 1 when that side is v >= 0."""
    return [
        *one_neuron(tie),
        *(one_layer(width) for width in (1, 2, 3, 4)),
        disjoint(3),
        two_layers(2, 2),
    ]


def one_neuron(tie: int) -> list[Step]:
    """[v on the active side] + [v <= 0] = 1 for v > 0, v = 0 and v < 0."""
    sides = {"v > 0": (1, 0), "v = 0": (tie, 1), "v < 0": (0, 1)}
    return [Step(f"active + inactive = 1 where {where}", on + off == 1) for where, (on, off) in sides.items()]


def one_layer(width: int) -> Step:
    """With r = 1 - s, the products over all patterns sum to 1."""
    total = sum(_indicator(sp.symbols(f"s1:{width + 1}"), bits) for bits in product((0, 1), repeat=width))
    return Step(f"the indicators of the domains of {width} neurons sum to 1", equal(total, 1))


def disjoint(width: int) -> Step:
    """Two different patterns have indicators whose product vanishes for s in {0, 1}, that is s^2 = s."""
    s = sp.symbols(f"s1:{width + 1}")
    ideal = sp.groebner([v**2 - v for v in s], *s)
    pairs = product(product((0, 1), repeat=width), repeat=2)
    vanish = all(ideal.contains(sp.expand(_indicator(s, J) * _indicator(s, K))) for J, K in pairs if J != K)
    return Step(f"the domains of two patterns of {width} neurons do not meet", vanish)


def two_layers(first: int, second: int) -> Step:
    """The second layer's s depends on the first layer's pattern; the indicators still sum to 1."""
    s = sp.symbols(f"s1:{first + 1}")
    total = sp.Integer(0)
    for J in product((0, 1), repeat=first):
        name = "".join(map(str, J))
        later = sp.symbols(f"t{name}_1:{second + 1}")
        total += _indicator(s, J) * sum(_indicator(later, K) for K in product((0, 1), repeat=second))
    return Step(f"the indicators of the domains of {first} + {second} neurons sum to 1", equal(total, 1))


def _indicator(s: tuple[sp.Symbol, ...], bits: tuple[int, ...]) -> sp.Expr:
    """The product of s over the ones and of 1 - s over the zeros."""
    return sp.prod([v if bit else 1 - v for v, bit in zip(s, bits, strict=True)])
