"""The expected Euler characteristic of the collapsing directions: exact, by three routes, and its threshold 8.3446."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import arb, fmpq_mat

from relutheory.networks import ReLULayer
from relutheory.theorems.brute import Face, layer_faces, rank
from relutheory.theorems.gaussian import (
    Ratio,
    Size,
    apart,
    around,
    at,
    general_layer,
    random_ratio,
    reorientations,
    sign_change,
)
from relutheory.theorems.inj_general_position import general
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

THRESHOLD = "8.344632960854"
Instance = Ratio | Size | ReLULayer
Expectation = Callable[[int, int], Fraction]


def kinematic(m: int, n: int) -> Fraction:
    """What the theorem says, from the generating polynomial."""
    return _volumes(m, n, n, 1)


def even_indices(m: int, n: int) -> Fraction:
    """The false claim with v_{m-n+2}, v_{m-n+4}, ..."""
    return _volumes(m, n, n, 2)


def n_active(m: int, n: int) -> Fraction:
    """The false claim for directions with at most n active rows."""
    return _volumes(m, min(n + 1, m), n, 1)


def _volumes(m: int, fewer: int, n: int, first: int) -> Fraction:
    # loads python-flint: only when a check runs
    from relutheory.injectivity.gaussian.euler import signed_intrinsic_volumes

    return 2 * sum(signed_intrinsic_volumes(m, fewer)[m - n + first :: 2], Fraction(0))


def exponent(c: arb) -> arb:
    """-ln 2 + h(v) + (1-v) ln(1+z) + v ln(1-z) - v ln z at v = 1/c and the saddle z."""
    v = 1 / c
    z = ((1 - 2 * v) - (1 - 8 * v + 8 * v * v).sqrt()) / (2 * (1 - v))
    h = -v * v.log() - (1 - v) * (1 - v).log()
    return h - arb(2).log() + (1 - v) * (1 + z).log() + v * (1 - z).log() - v * z.log()


def averaged(expectation: Expectation = kinematic, threshold: str = THRESHOLD) -> Claim:
    """The claim: the expectation is the mean over reorientations, and the sum over faces; its exponent has one root."""

    def claim(instance: Instance) -> Evidence:
        # loads python-flint: only when a check runs
        from relutheory.injectivity.gaussian.euler import euler_by_faces, expected_euler_characteristic
        from relutheory.injectivity.gaussian.roots import sign_at

        if isinstance(instance, Ratio):
            return sign_change(instance, threshold, {"exponent": sign_at(exponent, instance.c)}, growing=False)
        m, n = instance.m, instance.n
        found = {"faces": euler_by_faces(m, n), "single terms": expected_euler_characteristic(m, n)}
        if isinstance(instance, ReLULayer):
            found["reorientations"] = mean_characteristic(instance)
        value = expectation(m, n)
        return compare(
            set(found.values()) == {value},
            ", ".join(f"{name}: {v}" for name, v in found.items()),
            str(value),
            describe(instance) | {name: str(v) for name, v in found.items()} | {"claimed": str(value)},
            0,
        )

    return claim


def mean_characteristic(layer: ReLULayer) -> Fraction:
    """The mean over all signs of the Euler characteristic of {x on the sphere: fewer than n rows are > 0}.

    From the definition: the faces of the arrangement, found by brute force, each of which is an open cell of the sphere
    of one dimension less.
    """
    rows = layer.weight.fractions()
    faces = [(face, _dimension(face, rows, layer.n)) for face in layer_faces(layer)]
    total = 0
    for signs, _ in reorientations(layer):
        for face, dimension in faces:
            if dimension and sum(s * t > 0 for s, t in zip(signs, face.signs, strict=True)) < layer.n:
                total += (-1) ** (dimension - 1)
    return Fraction(total, 2**layer.m)


def _dimension(face: Face, rows: list, n: int) -> int:
    zero = [row for row, sign in zip(rows, face.signs, strict=True) if not sign]
    return n - (int(fmpq_mat(len(zero), n, [_fmpq(v) for row in zero for v in row]).rank()) if zero else rank([]))


def _fmpq(value: Fraction):  # type: ignore[no-untyped-def]
    from flint import fmpq

    return fmpq(value.numerator, value.denominator)


def random(rng: np.random.Generator) -> Instance:
    """A ratio, a size, or a small layer in general position."""
    kind = rng.random()
    if kind < 0.4:
        return random_ratio(rng, 7, 30)
    n = int(rng.integers(1, 4))
    if kind < 0.7:
        return Size(m=4 * n + int(rng.integers(0, 60)), n=4 * n)
    return general_layer(rng, n + int(rng.integers(0, 5 - n)), n)


def case(m: int, n: int) -> Case:
    return Case(name=f"m = {m}, n = {n}", instance=Size(m=m, n=n))


THEOREM = Theorem(
    id="gau.euler",
    title="The expected Euler characteristic of the collapsing directions",
    statement=(
        r"Let $1 \leq n \leq m$, and let $W \in \mathbb{R}^{m \times n}$ be Gaussian. The set of unit vectors $x$ with "
        r"$\langle w_i, x \rangle > 0$ for fewer than $n$ rows has the expected Euler characteristic $2 (v_{m-n+1} + "
        r"v_{m-n+3} + \cdots)$, where $\sum_k v_k s^k$ consists of the terms $t^0, \ldots, t^{n-1}$ of $((1 + s)/2 + t "
        r"(s - 1)/2)^m$. With $m/n \to c \geq 7$ its logarithm over $m$ tends to $-\ln 2 + h(v) + (1 - v) \ln(1 + z) + "
        r"v \ln(1 - z) - v \ln z$, with $v = 1/c$, $h$ the entropy in nats, and $z$ the lesser root of $(1 - v) z^2 - "
        r"(1 - 2v) z + v = 0$: positive for $c < 8.344632\ldots$, negative above. This is not the threshold of "
        r"injectivity, which is at most $7.65$."
    ),
    cite=Cite(key="maillard2023", locator="locator unverified; it quotes 8.34 from earlier work"),
    hypotheses={
        "c >= 7, and told from the threshold by 12 decimal places": lambda i: (
            not isinstance(i, Ratio) or (i.c >= 7 and apart(THRESHOLD)(i))
        ),
        "1 <= n <= m": lambda i: isinstance(i, Ratio) or 1 <= i.n <= i.m,
        "no bias, any n rows independent": lambda i: (
            not isinstance(i, ReLULayer) or (not any(i.bias.fractions()) and general(i))
        ),
    },
    claim=averaged(),
    tight=(
        *around(THRESHOLD),
        case(1, 1),
        case(9, 1),
        case(60, 7),
        Case(name="three rows on the line", instance=ReLULayer([[1], [2], [-3]])),
        Case(name="five rows in the plane", instance=ReLULayer([[1, 0], [1, 1], [0, 1], [-1, 2], [2, -1]])),
        Case(name="four rows in space", instance=ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])),
    ),
    edge=(
        at(7),
        at("8.3446"),
        at("8.3447"),
        at(10**6),
        case(5, 5),
        case(2, 2),
        case(150, 40),
        Case(name="one row on the line", instance=ReLULayer([[-2]])),
        Case(name="the identity in the plane", instance=ReLULayer([[1, 0], [0, 1]])),
    ),
    random=random,
    mutants=(
        Mutant(name="even indices", change="v_{m-n+2} + v_{m-n+4} + ...", claim=averaged(even_indices)),
        Mutant(name="n active rows", change="directions with n active rows are counted too", claim=averaged(n_active)),
        Mutant(
            name="8.342",
            change="the threshold is 8.342, extrapolated from exact values up to n = 100",
            claim=averaged(threshold="8.342"),
        ),
    ),
    proof="gaussian_euler",
    provenance=(
        "The value 8.34 was read in a summary of the source; polynomial and exponent were derived here "
        "(proofs_check/gaussian_euler.py). Small layers are averaged over all signs from the definition. That the "
        "exponent is the limit rests on the saddle point method, and on exact values up to n = 240 in the tests."
    ),
)
