"""A convolution layer is injective on all large inputs if its layer on one window is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from relutheory.core.exact import primitive, rational
from relutheory.networks import ReLULayer
from relutheory.networks.convolution import conv_layer
from relutheory.theorems.brute import layer_collision, rank, rows_of
from relutheory.theorems.instances import describe, texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

SMALL = 8  # up to this many rows, in dimension <= 3, injectivity is decided from its definition as well


class Convolution(ReLULayer):
    """A convolution layer on one input, and a window.

    kernels : nested lists (q, c, k, ...).  size, window : tuples, one number per axis.  stride : one for all axes.
    """

    kernels: list[Any]
    size: tuple[int, ...]
    window: tuple[int, ...]
    padding: str
    stride: int

    def __init__(self, kernels: Any, size: Any, padding: str, window: Any, stride: int = 1) -> None:
        array = np.array(kernels, dtype=object)
        array = array[:, None, :] if array.ndim == 2 else array
        sizes, windows = ((v,) if isinstance(v, int) else tuple(v) for v in (size, window))
        layer = conv_layer(array, (array.shape[1], *sizes), padding, stride)
        super().__init__(layer.weight, layer.bias)
        values = {"kernels": array.tolist(), "size": sizes, "window": windows, "padding": padding, "stride": stride}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def channels(self) -> int:
        return len(self.kernels[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of the kernels."""
        return np.shape(self.kernels)[2:]

    def window_layer(self, steps: int = 0) -> ReLULayer:
        """The layer of the translates that fit in the window, or in one larger by some strides."""
        sizes = [p + steps * self.stride for p in self.window]
        return conv_layer(self.kernels, (self.channels, *sizes), "valid", self.stride)

    @property
    def positions(self) -> tuple[int, ...]:
        """The positions of a kernel in the window, per axis."""
        return tuple((p - k) // self.stride + 1 for p, k in zip(self.window, self.shape, strict=True))


def is_injective(layer: ReLULayer) -> bool:
    """The package's decision; for small layers the definition has to agree."""
    # loads compiled kernels: only when a check runs
    from relutheory.injectivity import decide_injectivity

    result = decide_injectivity(layer)
    if layer.m <= SMALL and layer.n <= 3 and (layer_collision(layer) is None) != result.proved:
        raise AssertionError(f"the decision of {describe(layer)} disagrees with the definition")
    if not (result.proved or result.refuted):
        raise AssertionError(f"{describe(layer)} is undecided")
    return result.proved


def long_enough(case: Convolution) -> bool:
    """Whether a kernel has as many positions on the input as in the window, along each axis."""
    axes = zip(case.size, case.shape, case.positions, strict=True)
    return all(conv_layer(np.ones((1, k)), size, case.padding, case.stride).m >= needed for size, k, needed in axes)


def meets_all(case: Convolution) -> bool:
    """Whether every input meets a kernel: the convolution with kernels of ones has no zero column."""
    ones = conv_layer(np.ones((1, 1, *case.shape), dtype=int), (1, *case.size), case.padding, case.stride)
    return bool(ones.W.any(axis=0).all())


def covers(case: Convolution) -> bool:
    """What the theorem asks of the input."""
    return long_enough(case) and meets_all(case)


def kernel_directions(case: Convolution) -> int:
    """The number of directions of non-zero kernels."""
    flat = [[rational(v) for v in np.ravel(np.array(kernel, dtype=object))] for kernel in case.kernels]
    return len({tuple(primitive(kernel)) for kernel in flat if any(kernel)})


def spare_rows(case: Convolution) -> int:
    """floor(q' / 2) times the positions in the window, less the numbers in the window."""
    inputs = case.channels * math.prod(case.window)
    return kernel_directions(case) // 2 * math.prod(case.positions) - inputs


def decomposition(
    covered: Callable[[Convolution], bool] = covers,
    holds: Callable[[ReLULayer], bool] = is_injective,
    least: int = 0,
    gaps: bool = False,
) -> Claim:
    """The claim that a window that `holds` settles inputs that are `covered`, and has `least` spare rows or more.

    gaps : claim that the next window holds too, also where the stride is larger than the kernels.
    """

    def claim(case: Convolution) -> Evidence:
        window = holds(case.window_layer())
        broken = []
        if window and covered(case) and not is_injective(case):
            broken.append("the window layer is injective and the layer is not")
        grows = gaps or case.stride <= min(case.shape)
        if window and grows and not is_injective(case.window_layer(1)):
            broken.append("the window layer is injective and the next larger one is not")
        if window and spare_rows(case) < least:
            broken.append(f"the window layer is injective with {spare_rows(case)} spare rows")
        measured = f"window {'holds' if window else 'fails'}, input {'' if covered(case) else 'not '}covered"
        counterexample = describe(case) | {
            "kernels": texts(case.kernels),
            "window": list(case.window),
            "size": list(case.size),
            "padding": case.padding,
            "stride": case.stride,
            "broken": broken,
        }
        expected = "; ".join(broken) or "nothing broken"
        return compare(not broken, measured, expected, counterexample, spare_rows(case) if window else None)

    return claim


def full_rank(layer: ReLULayer) -> bool:
    """Whether the rows span the input space."""
    return rank(row[:-1] for row in rows_of(layer)) == layer.n


def random(rng: np.random.Generator) -> Convolution:
    """Kernels of which some form [B; -DB], one entry changed now and then; three quarters have an injective window."""
    wanted = rng.random() < 0.75
    while True:
        case = random_case(rng)
        if not wanted or is_injective(case.window_layer()):
            return case


def random_case(rng: np.random.Generator) -> Convolution:
    """The same, windows that are not injective among them."""
    c, k, stride = int(rng.integers(1, 3)), int(rng.integers(1, 4)), int(rng.integers(1, 3))
    half = rng.integers(-2, 3, size=(c + int(rng.integers(0, 3)), c, k))
    kernels = np.concatenate([half, -half * rng.integers(1, 3, size=(len(half), 1, 1))])
    if rng.random() < 0.3:
        kernels[0, 0, 0] += 1
    padding = str(rng.choice(["valid", "same", "full", "circular"]))
    window = k + stride * int(rng.integers(0, 2))
    size = int(rng.integers(k if padding == "valid" else 1, window + stride + 2))
    return Convolution(kernels, size, padding, window, stride)


def negated(kernels: Sequence[Any]) -> list[Any]:
    """The kernels and their negatives."""
    array = np.array(kernels)
    return [*array.tolist(), *(-array).tolist()]


COPRIME = negated([[1, 2], [2, 1]])
LATE = [[1, 1], [-1, -1], [1, 0], [0, -1]]  # injective at window 3, not at window 2
SQUARES = np.concatenate([np.eye(4, dtype=int), -np.eye(4, dtype=int)]).reshape(8, 1, 2, 2)

THEOREM = Theorem(
    id="inj.convolution",
    title="Convolution layers by domain decomposition",
    statement=(
        r"Let $q$ kernels of size $O$ on $c$ channels act with stride $s$, and let the rows of $Z_P$ be their "
        r"translates in a window of size $P = O + s(T - 1)$, as vectors of $\mathbb{R}^{cP}$ (in several dimensions, "
        r"all along each axis, with the products of the $T$ and of the $P$ below). If $x \mapsto \mathrm{ReLU}(Z_P x)$ "
        r"is injective, then the convolution layer with padding valid, same, full or circular is injective on every "
        r"input on which a kernel has at least $T$ positions and each number meets a kernel; with stride 1 on all "
        r"inputs of size $N \geq P$. Then $Z_{P+s}$ is injective too if $s \leq O$, and of the $q'$ directions of "
        r"non-zero kernels there are so many that $\lfloor q'/2 \rfloor\, T \geq cP$; with stride 1 and $O > 1$ at "
        r"least $2c + 2$."
    ),
    cite=Cite(key="puthawala2022", locator="locator unverified"),
    hypotheses={},
    claim=decomposition(),
    tight=(
        Case(name="two coprime kernels and their negatives", instance=Convolution(COPRIME, 4, "valid", 2)),
        Case(name="one pixel and its negative", instance=Convolution([[3], [-1]], 5, "circular", 1)),
        Case(name="two channels", instance=Convolution(negated([[[1], [1]], [[0], [2]]]), 3, "full", 1)),
        Case(name="in the plane", instance=Convolution(SQUARES, (2, 3), "same", (2, 2))),
        Case(name="stride 2", instance=Convolution(COPRIME, 4, "valid", 2, 2)),
    ),
    edge=(
        Case(name="injective from the second window on", instance=Convolution(LATE, 4, "same", 3)),
        Case(name="a padded input shorter than the window", instance=Convolution(LATE, 2, "same", 3)),
        Case(name="one number, full padding", instance=Convolution(LATE, 1, "full", 3)),
        Case(name="an input that no kernel meets", instance=Convolution(COPRIME, 3, "valid", 2, 2)),
        Case(name="an input shorter than the window", instance=Convolution(LATE, 2, "valid", 3)),
        Case(name="stride larger than the kernels", instance=Convolution([[1], [-1]], 1, "same", 1, 2)),
        Case(name="a window that fails, of full rank", instance=Convolution(LATE, 2, "valid", 2)),
        Case(name="kernels repeated", instance=Convolution([*COPRIME, *COPRIME, [0, 0]], 3, "full", 2)),
    ),
    random=random,
    mutants=(
        Mutant(
            name="full rank suffices",
            change="the rows of the window layer only have to span",
            claim=decomposition(holds=full_rank),
        ),
        Mutant(
            name="shorter inputs",
            change="a kernel may have fewer positions on the input than in the window",
            claim=decomposition(meets_all),
        ),
        Mutant(
            name="inputs that meet no kernel",
            change="with strides, numbers of the input may be skipped",
            claim=decomposition(long_enough),
        ),
        Mutant(
            name="windows grow whatever the stride",
            change="Z_{P+s} is injective also where s > O",
            claim=decomposition(gaps=True),
        ),
        Mutant(
            name="one more row",
            change="floor(q'/2) T > cP instead of >=",
            claim=decomposition(least=1),
        ),
    ),
    proof="convolution",
    provenance=(
        "The statement for stride 1 and N >= P is from memory, its place in the paper is not verified. Strides, padded "
        "inputs shorter than the window, and the count with floor(q'/2), which is sharper than a count of rows for an "
        "odd number of kernels, were derived for this catalogue (proofs_check/convolution.py)."
    ),
)
