"""Below 3.4 rows per input a Gaussian layer collapses near x = -(w_1 + ... + w_m)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from flint import arb

from relutheory.networks import ReLULayer
from relutheory.theorems.gaussian import Ratio, apart, around, at, random_ratio, sign_change
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

THRESHOLD = "3.402816221495"
Instance = Ratio | ReLULayer


def excess(c: arb) -> arb:
    """c Phi(-1/sqrt(c)) - 1."""
    return c * (1 / (2 * c).sqrt()).erfc() / 2 - 1


def excess_without_root(c: arb) -> arb:
    """c Phi(-1/c) - 1: the false claim that the mean of a row, -n, is compared with its variance, m n."""
    return c * (1 / (arb(2).sqrt() * c)).erfc() / 2 - 1


def collapses(function: Callable[[arb], arb] = excess, threshold: str = THRESHOLD, most: int = -1) -> Claim:
    """The claim, with at most n + `most` active rows at the point."""

    def claim(instance: Instance) -> Evidence:
        # loads compiled kernels: only when a check runs
        from relutheory.injectivity import decide_injectivity
        from relutheory.injectivity.gaussian.roots import sign_at

        if isinstance(instance, Ratio):
            signs = {"c Phi(-1/sqrt(c)) - 1": sign_at(function, instance.c)}
            return sign_change(instance, threshold, signs, growing=True)
        rows = instance.weight.fractions()
        x = [-sum(row[j] for row in rows) for j in range(instance.n)]
        count = sum(sum(w * v for w, v in zip(row, x, strict=True)) >= 0 for row in rows)
        status = decide_injectivity(instance).status.value
        few = count <= instance.n + most
        return compare(
            not few or status == "not-injective",
            f"{count} active rows at x, {status}",
            "not injective" if few else f"nothing, as n = {instance.n}",
            describe(instance) | {"active": count, "decided": status},
            0 if few and count == instance.n - 1 else 1,
        )

    return claim


def random(rng: np.random.Generator) -> Instance:
    """A ratio, or a small integer layer with about Gaussian entries."""
    if rng.random() < 0.5:
        return random_ratio(rng, 1, 12)
    n = int(rng.integers(1, 5))
    m = n + int(rng.integers(0, 4 * n + 1))
    return ReLULayer(np.rint(3 * rng.standard_normal((m, n))))


THEOREM = Theorem(
    id="gau.lower",
    title="Gaussian layers with fewer than 3.40 rows per input are not injective",
    statement=(
        r"Let $x = -(w_1 + \cdots + w_m)$. If fewer than $n$ rows have $\langle w_i, x \rangle \geq 0$, the layer $x "
        r"\mapsto \mathrm{ReLU}(Wx)$ is not injective. For Gaussian rows and $m/n \to c$ the number of these rows over "
        r"$n$ tends to $c \, \Phi(-1/\sqrt{c})$ in probability, which increases with $c$ and is $1$ at $c_- = "
        r"3.402816\ldots$: for $c < c_-$ the probability of injectivity tends to $0$."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified; the abstract states 3.4"),
    hypotheses={
        "c is positive, and told from c_- by 12 decimal places": apart(THRESHOLD),
        "the layer has no bias": lambda i: isinstance(i, Ratio) or not any(i.bias.fractions()),
    },
    claim=collapses(),
    tight=(
        *around(THRESHOLD),
        Case(name="n - 1 rows active: one row", instance=ReLULayer([[1]])),
        Case(name="n - 1 rows active in the plane", instance=ReLULayer([[1, 0], [0, 1], [-3, 2]])),
    ),
    edge=(
        at("1/1000000"),
        at(1),
        at("3.4028162"),
        at("3.4028163"),
        at(10**12),
        Case(name="exactly n rows active, injective", instance=ReLULayer([[2], [-1]])),
        Case(name="x = 0: all rows active", instance=ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])),
        Case(name="no neurons", instance=ReLULayer(np.zeros((0, 2)))),
    ),
    random=random,
    mutants=(
        Mutant(
            name="n rows are too few",
            change="at most n active rows, instead of fewer than n",
            claim=collapses(most=0),
        ),
        Mutant(name="3.5", change="the threshold is 3.5", claim=collapses(threshold="3.5")),
        Mutant(
            name="variance for standard deviation",
            change="Phi(-1/c) for Phi(-1/sqrt(c))",
            claim=collapses(excess_without_root),
        ),
    ),
    proof="gaussian_lower",
    provenance=(
        "The constant 3.4 is in the abstract of the source; the argument is from memory and was derived again "
        "(proofs_check/gaussian_lower.py). Signs are proved in ball arithmetic; layers are decided exactly."
    ),
)
