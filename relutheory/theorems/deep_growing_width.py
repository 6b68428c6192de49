"""Layers that make the state longer: convergence where they tend to appending zeros, convolutions among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_poly

from relutheory.core.exact import rational, to_fmpq
from relutheory.networks import ReLULayer
from relutheory.theorems.deep_summable import summable
from relutheory.theorems.depth import (
    NORMS,
    Deep,
    deep,
    distance,
    matrix_norm,
    perturbation,
    random_fractions,
    short,
    spread,
    vector_norm,
)
from relutheory.theorems.instances import texts
from relutheory.theorems.theorem import Case, Cite, Claim, Evidence, Mutant, Theorem, compare

Mask = tuple[Fraction, ...]
EMBEDDING = [[1], [0], [0]]


@dataclass(frozen=True, kw_only=True)
class Growing:
    """A first state x_1, and the masks and biases of the layers after it, each longer than the state before it."""

    first: tuple[Fraction, ...]
    masks: tuple[Mask, ...]
    biases: tuple[tuple[Fraction, ...], ...]

    def described(self) -> dict[str, Any]:
        """The instance as JSON-able data."""
        return {
            "x_1": texts(self.first),
            "masks": [texts(w) for w in self.masks],
            "b": [texts(b) for b in self.biases],
        }


def growing(
    first: Sequence[Any], masks: Sequence[Sequence[Any]], biases: Sequence[Sequence[Any]] | None = None
) -> Growing:
    """The instance; biases None for zeros.  The first state is taken through ReLU."""
    exact = tuple(tuple(Fraction(v) for v in w) for w in masks)
    length, zeros = len(first), []
    for w in exact:
        length += len(w) - 1
        zeros.append([0] * length)
    given = zeros if biases is None else biases
    return Growing(
        first=tuple(max(Fraction(v), Fraction(0)) for v in first),
        masks=exact,
        biases=tuple(tuple(Fraction(v) for v in b) for b in given),
    )


def toeplitz(w: Mask, m: int) -> list[list[Fraction]]:
    """The (m + s, m) matrix with entry w_{i - j} in row i, column j."""
    s = len(w) - 1
    return [[w[i - j] if 0 <= i - j <= s else Fraction(0) for j in range(m)] for i in range(m + s)]


def passes(instance: Growing) -> tuple[list[list[Fraction]], list[ReLULayer]]:
    """x_1, x_2, ..., by multiplying polynomials, and the layers, which must give the same."""
    states, layers = [list(instance.first)], []
    for w, b in zip(instance.masks, instance.biases, strict=True):
        x = states[-1]
        factors = [fmpq_poly([to_fmpq(v) for v in values]) for values in (w, x)]
        full = [rational(v) for v in (factors[0] * factors[1]).coeffs()]
        full += [Fraction(0)] * (len(x) + len(w) - 1 - len(full))
        states.append([max(v + c, Fraction(0)) for v, c in zip(full, b, strict=True)])
        layers.append(ReLULayer(toeplitz(w, len(x)), b))
        if layers[-1].forward_exact(x) != states[-1]:
            raise AssertionError("the Toeplitz matrix is not the convolution")
    return states, layers


def from_unit(w: Mask, unit: int = 0) -> Fraction:
    """|w - delta|_1 for the unit mask with its 1 at place `unit`."""
    return vector_norm((v - int(k == unit) for k, v in enumerate((*w, Fraction(0), Fraction(0)))), "1")


def largest_entry(w: Mask) -> Fraction:
    return vector_norm((v - int(k == 0) for k, v in enumerate(w)), "inf")


def at_the_end(x: Sequence[Fraction], y: Sequence[Fraction], norm: str) -> Fraction:
    """The distance where the shorter vector is continued by zeros in front."""
    return distance([*x][::-1], [*y][::-1], norm)


def by_masks(
    size: Callable[[Mask], Fraction] = from_unit, apart: Callable[..., Fraction] = distance, *, share: int = 1
) -> Claim:
    """The claim of the bound, for masks divided by `share` and with `size` of the mask in place of |P_k|.

    The sum of a mask must be >= |P_k|, too.  General layers are checked with |P_k| itself.
    """

    def claim(instance: Growing | Deep) -> Evidence:
        if isinstance(instance, Deep):
            return summable()(instance)
        states, layers = passes(instance)
        slack, deepest = 1, len(states) - 1
        p = [size(w) for w in instance.masks]
        for norm in NORMS:
            beta = [vector_norm(b, norm) for b in instance.biases]
            for n in range(deepest):
                if size is from_unit and matrix_norm(perturbation(layers[n]), norm) > p[n]:
                    raise AssertionError("an induced norm exceeds the sum of the mask")
                for N in range(n + 1, deepest + 1):
                    moved = apart(states[N], states[n], norm)
                    allowed = spread(vector_norm(states[n], norm), p[n:N], beta[n:N]) / share
                    if moved > allowed:
                        data = instance.described() | {"n": n + 1, "N": N + 1, "norm": norm}
                        measured = f"|x_{N + 1} - x_{n + 1}| = {short(moved)} in the norm {norm}"
                        return compare(False, measured, f"at most {short(allowed)}", data)
                    if (n, N) == (0, deepest) and moved == allowed:
                        slack = 0
        moved = distance(states[-1], states[0], "1")
        return compare(True, f"|x_{deepest + 1} - x_1|_1 = {short(moved)}", "within the bound", {}, slack)

    return claim


def shifted(w: Mask) -> Fraction:
    return from_unit(w, 1)


def random(rng: np.random.Generator) -> Growing | Deep:
    """Masks delta + a_n / n^2 of length 1 to 3; or layers E_n + A_n / n^2 that are 0 to 2 rows longer each."""
    if rng.random() < 1 / 3:
        return random_layers(rng)
    m, depth = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    first, masks, biases, length = random_fractions(rng, m, most=3), [], [], m
    for n in range(2, depth + 2):
        w = random_fractions(rng, int(rng.integers(1, 4)), over=n**2)
        w[0] += 1
        length += len(w) - 1
        masks.append(w)
        biases.append(random_fractions(rng, length, most=int(rng.integers(0, 3)), over=n**2))
    return growing(first, masks, biases)


def random_layers(rng: np.random.Generator) -> Deep:
    """A first layer, and layers E_n + A_n / n^2, c_n / n^2 of growing width."""
    m, d = int(rng.integers(1, 3)), int(rng.integers(1, 3))
    layers = [(random_fractions(rng, (m, d)), random_fractions(rng, m))]
    for n in range(2, int(rng.integers(2, 5)) + 1):
        longer = m + int(rng.integers(0, 3))
        W = random_fractions(rng, (longer, m), over=n**2)
        for i in range(m):
            W[i, i] += 1
        layers.append((W, random_fractions(rng, longer, over=n**2)))
        m = longer
    return deep(layers, random_fractions(rng, d, most=3))


THEOREM = Theorem(
    id="deep.growing-width",
    title="Layers of growing width converge, convolutions among them",
    statement=(
        r"Let $x_n = \mathrm{ReLU}(W_n x_{n-1} + b_n)$ with $W_n = E_n + P_n$ for $n \geq 2$, where $E_n$ appends "
        r"zeros: $W_n$ has at least as many rows as columns, $E_n$ ones on its diagonal. Continue shorter vectors by "
        r"zeros. With $p_k = |P_k|$ and $\beta_k = |b_k|$ the bound of deep.summable holds in the norms $1$, $2$ and "
        r"$\infty$: $|x_N - x_n| \leq (\prod_{k=n+1}^{N} (1 + p_k) - 1)\,|x_n| + \sum_{k=n+1}^{N} \beta_k "
        r"\prod_{j=k+1}^{N} (1 + p_j)$. So $\sum p_k < \infty$ and $\sum \beta_k < \infty$ make $x_n$ converge. For "
        r"a convolution, $(W_n)_{ij} = w^{(n)}_{i-j}$ with a mask $w^{(n)} = (w_0, \ldots, w_s)$ and $s$ more rows "
        r"than columns, $|P_n| \leq |w^{(n)} - \delta_0|_1$, where $\delta_0 = (1, 0, \ldots, 0)$."
    ),
    cite=Cite(key="xuzhang2022cnn", locator="locator unverified; the abstract states convergence with growing widths"),
    hypotheses={"no layer has fewer rows than columns, and each bias has its length": lambda i: _lengths_fit(i)},
    claim=by_masks(),
    tight=(
        Case(name="positive masks", instance=growing([1, 2], [["5/4", "1/4"], ["10/9", "1/9", "1/9"]])),
        Case(name="positive masks and biases", instance=growing([1], [[1, "1/4"], [1, "1/9"]], [[1, 1], [1, 0, 1]])),
        Case(name="masks of length 1", instance=growing([1, 1], [["3/2"], ["5/4"]])),
        Case(name="1e300 and 1e-300", instance=growing([1e300], [[1, 1e-300], [2]])),
        Case(
            name="rows of any kind",
            instance=deep([([[1], [1]], [0, 0]), ([["5/4", "1/4"], ["1/4", "5/4"], ["1/2", "1/2"]], [0, 0, 0])], [1]),
        ),
    ),
    edge=(
        Case(name="one layer only", instance=growing([1, 2, 3], [])),
        Case(name="unit masks", instance=growing([1, 2], [[1, 0, 0], [1, 0]])),
        Case(name="a mask longer than the state", instance=growing([1], [[1, "1/2", "1/3", "-1/4", "1/5"]])),
        Case(name="a dead state", instance=growing([-1, -2], [[2, 3], [1, 1]])),
        Case(name="shifts", instance=growing([1, 2], [[0, 1], [0, 1]])),
        Case(name="zero mask", instance=growing([1, 2], [[0, 0]])),
        Case(name="the embedding of one neuron in three", instance=deep([([[1]], [0]), (EMBEDDING, [0, 0, 0])], [2])),
        Case(name="negative parts that are cut off", instance=growing([1, 2], [[1, -1], [1, "-1/2"]])),
    ),
    random=random,
    mutants=(
        Mutant(name="masks near a shift", change="p_k = |w - delta_1|_1", claim=by_masks(shifted)),
        Mutant(
            name="largest entry", change="p_k = max |w - delta_0| in place of the sum", claim=by_masks(largest_entry)
        ),
        Mutant(name="zeros in front", change="shorter vectors continued in front", claim=by_masks(apart=at_the_end)),
        Mutant(name="half of the bound", change="half of the right-hand side", claim=by_masks(share=2)),
    ),
    proof="deep_growing_width",
    provenance=(
        "The abstract of the source announces sufficient conditions for convolutions of growing width; the statement "
        "is derived here as for deep.summable (proofs_check/deep_growing_width.py). States are computed as products "
        "of polynomials and as exact layers."
    ),
)


def _lengths_fit(instance: Growing | Deep) -> bool:
    if isinstance(instance, Deep):
        return all(layer.m >= layer.n for layer in instance.layers[1:])
    length = len(instance.first)
    for w, b in zip(instance.masks, instance.biases, strict=True):
        length += len(w) - 1
        if len(b) != length:
            return False
    return True
