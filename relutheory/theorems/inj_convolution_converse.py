"""A padded convolution layer may be injective although no window layer is: the false converse, with counterexamples."""

from __future__ import annotations

import numpy as np

from relutheory.theorems.inj_convolution import LATE, Convolution, covers, is_injective, random_case
from relutheory.theorems.instances import describe, texts
from relutheory.theorems.theorem import REFUTED, Case, Cite, Evidence, Theorem, compare


def converse(case: Convolution) -> Evidence:
    """The false claim that the window layer of an injective layer is injective."""
    window, layer = is_injective(case.window_layer()), is_injective(case)
    counterexample = describe(case) | {
        "kernels": texts(case.kernels),
        "window": list(case.window),
        "size": list(case.size),
        "padding": case.padding,
    }
    measured = f"the layer is {'' if layer else 'not '}injective"
    expected = f"the window layer is {'' if window else 'not '}injective"
    return compare(window or not layer, measured, expected, counterexample)


def random(rng: np.random.Generator) -> Convolution:
    """Often a kernel and its negative, padded."""
    if rng.random() < 0.5:
        while True:
            case = random_case(rng)
            if covers(case):
                return case
    k = int(rng.integers(2, 4))
    kernel = rng.integers(-2, 3, size=(1, k))
    padding = str(rng.choice(["same", "full", "circular"]))
    return Convolution(np.concatenate([kernel, -kernel]), int(rng.integers(k, k + 3)), padding, k)


THEOREM = Theorem(
    id="inj.convolution-converse",
    title="The converse of the domain decomposition",
    statement=(
        r"FALSE: if the convolution layer is injective on $\mathbb{R}^{cN}$ for some $N \geq P$, then "
        r"$x \mapsto \mathrm{ReLU}(Z_P x)$ is injective. With padding full, same or circular, the kernels $(1, 2)$ and "
        r"$(-1, -2)$ make a layer that is injective for every $N$, while $Z_P$ has too few rows "
        r"for every $P$. With padding valid, $Z_2$ may fail while $Z_3$ holds."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    status=REFUTED,
    corrected_by="inj.convolution",
    hypotheses={"the window covers the input": covers},
    claim=converse,
    counterexamples=(
        Case(name="full padding, N = 2", instance=Convolution([[1, 2], [-1, -2]], 2, "full", 2)),
        Case(name="full padding, N = P = 5", instance=Convolution([[1, 2], [-1, -2]], 5, "full", 5)),
        Case(name="same padding", instance=Convolution([[1, 2], [-1, -2]], 3, "same", 2)),
        Case(name="circular", instance=Convolution([[1, 2], [-1, -2]], 3, "circular", 3)),
        Case(name="valid: Z_2 fails, Z_3 holds", instance=Convolution(LATE, 3, "valid", 2)),
    ),
    random=random,
    proof="convolution",
    provenance=(
        "The paper is remembered to state the test as sufficient only. The counterexamples were found by exact search "
        "and are decided exactly."
    ),
)
