"""The union bound over sets of n - 1 rows, from the probability to the ratio 10.5."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb

import numpy as np
from flint import arb

from relutheory.theorems.gaussian import Ratio, Size, apart, around, at, random_ratio, sign_change
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

ENTROPY, STIRLING = "10.320717388127", "10.536041674564"
Instance = Ratio | Size
Bound = Callable[[int, int], Fraction]


def union(m: int, n: int) -> Fraction:
    """What the theorem says."""
    # loads python-flint: only when a check runs
    from relutheory.injectivity.gaussian.finite import union_bound

    return union_bound(m, n)


def fewer_rows(m: int, n: int) -> Fraction:
    """The false claim that sets of n - 2 rows are enough."""
    from relutheory.injectivity.gaussian.finite import half_space_probability

    return comb(m, n - 2) * half_space_probability(m - n + 2, n) if n > 1 else Fraction(0)


def lower_dimension(m: int, n: int) -> Fraction:
    """The false claim with Wendel's probability in one dimension less."""
    from relutheory.injectivity.gaussian.finite import half_space_probability

    return comb(m, n - 1) * half_space_probability(m - n + 1, n - 1) if n > 1 else Fraction(0)


def entropy(c: arb) -> arb:
    """c h(1/c) + (c - 1)(h(1/(c - 1)) - ln 2), h the entropy in nats."""
    return c * _h(1 / c) + (c - 1) * (_h(1 / (c - 1)) - arb(2).log())


def stirling(c: arb) -> arb:
    """ln(e c) + ln(e (c - 1)) - (c - 1) ln 2."""
    e = arb(1).exp()
    return (e * c).log() + (e * (c - 1)).log() - (c - 1) * arb(2).log()


def _h(v: arb) -> arb:
    return -(v * v.log() + (1 - v) * (1 - v).log())


def bounded(bound: Bound = union, entropy_root: str = ENTROPY, stirling_root: str = STIRLING) -> Claim:
    """The claim: the probability is at most the bound, which has the exponent `entropy`, itself at most `stirling`."""

    def claim(instance: Instance) -> Evidence:
        # loads python-flint: only when a check runs
        from relutheory.injectivity.gaussian.finite import injective_probability
        from relutheory.injectivity.gaussian.roots import sign_at

        if isinstance(instance, Ratio):
            first = sign_change(instance, entropy_root, {"entropies": sign_at(entropy, instance.c)}, growing=False)
            second = sign_change(instance, stirling_root, {"(em/k)^k": sign_at(stirling, instance.c)}, growing=False)
            chosen = [e for e in (first, second) if e.refuted] or [e for e in (first, second) if e.slack == 0]
            return chosen[0] if chosen else second
        m, n = instance.m, instance.n
        value = bound(m, n)
        known = injective_probability(m, n)
        # for n >= 3 only a lower bound of the probability is known
        least = 1 - known.hi
        crude = _ball_bound(m, n)
        return compare(
            least <= value and bool(crude >= arb(value.numerator) / arb(value.denominator)),
            f"P(not injective) >= {least}",
            f"<= {value}, <= {crude.str(6, radius=False)}",
            instance.described() | {"P": str(least), "bound": str(value)},
            0 if least == value else 1,
        )

    return claim


def _ball_bound(m: int, n: int) -> arb:
    """n (e m/k)^k (e N/k)^k 2^(1-N) with N = m - n + 1: the bound with Stirling's binomials, k = n - 1."""
    k, rest = n - 1, m - n + 1
    if k == 0:
        return arb(2) ** (1 - rest)
    e = arb(1).exp()
    return n * (e * m / k) ** k * (e * rest / k) ** k * arb(2) ** (1 - rest)


def random(rng: np.random.Generator) -> Instance:
    """A ratio, or a size with n <= 2 or more."""
    if rng.random() < 0.5:
        return random_ratio(rng, 4, 40)
    n = int(rng.integers(1, 7))
    return Size(m=int(rng.integers(3 * n - 1, 20 * n)), n=n)


def case(m: int, n: int) -> Case:
    return Case(name=f"m = {m}, n = {n}", instance=Size(m=m, n=n))


THEOREM = Theorem(
    id="gau.union",
    title="The union bound over sets of rows",
    statement=(
        r"A Gaussian layer with $m \geq 3n - 1$ rows and no bias is not injective with probability at most $\binom{m}"
        r"{n-1} \, 2^{1-N} \sum_{j<n} \binom{N-1}{j}$, $N = m - n + 1$: one event for each set of $n - 1$ rows, that "
        r"all others lie in an open half-space. With $m/n \to c$ the bound tends to $0$ exponentially for $c > "
        r"10.320717\ldots$, the root of $c H_2(1/c) + (c - 1)(H_2(1/(c - 1)) - 1) = 0$; with $(em/k)^k$ for the "
        r"binomials for $c > 10.536041\ldots$, the root of $\ln(ec) + \ln(e(c - 1)) = (c - 1) \ln 2$."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified; the abstract states 10.5"),
    hypotheses={
        "c >= 4, and told from both roots by 12 decimal places": lambda i: (
            apart(ENTROPY)(i) and apart(STIRLING)(i) and (not isinstance(i, Ratio) or i.c >= 4)
        ),
        "m >= 3n - 1": lambda i: isinstance(i, Ratio) or i.m >= 3 * i.n - 1,
    },
    claim=bounded(),
    tight=(*around(ENTROPY), *around(STIRLING), case(2, 1), case(9, 1), case(300, 1)),
    edge=(
        at(4),
        at("10.3207"),
        at("10.536"),
        at("10.5361"),
        at(10**9),
        case(5, 2),
        case(40, 2),
        case(8, 3),
        case(500, 20),
    ),
    random=random,
    mutants=(
        Mutant(name="n - 2 rows", change="one event for each set of n - 2 rows", claim=bounded(fewer_rows)),
        Mutant(name="one dimension less", change="half-spaces of R^(n-1)", claim=bounded(lower_dimension)),
        Mutant(name="10.4", change="both roots are 10.4", claim=bounded(union, "10.4", "10.4")),
    ),
    proof="gaussian_union",
    provenance=(
        "The constant 10.5 is in the abstract of the source; the argument is from memory and was derived again. The "
        "probability is exact for n <= 2 (gau.n1, gau.n2) and bounded from below for larger n."
    ),
)
