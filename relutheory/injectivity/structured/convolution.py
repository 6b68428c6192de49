"""Injectivity of convolution layers for all input sizes at once, by domain decomposition."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from relutheory.core.certificate import Certificate
from relutheory.core.errors import InputError, check_executor, check_limit, reject
from relutheory.core.exact import RationalArray
from relutheory.core.verdict import NotABool, Rigor
from relutheory.injectivity.decide import InjectivityResult, Status, decide_injectivity
from relutheory.injectivity.structured.domain_decomposition import (
    covered,
    directions,
    enough_rows,
    obstruction_of,
    touched,
    windows,
)
from relutheory.networks.convolution import (
    PADDINGS,
    Axis,
    checked_axes,
    checked_kernels,
    checked_sizes,
    checked_strides,
    conv_layer,
)


@dataclass(frozen=True, eq=False)
class WindowTrial(NotABool):
    """One window: its size P, the m x n window layer Z_P, and whether that layer is injective.

    decision : None where counting rows was enough.
    """

    window: tuple[int, ...]
    m: int
    n: int
    status: Status
    decision: InjectivityResult | None = field(repr=False)

    @property
    def method(self) -> str:
        """How the window layer was decided."""
        return "too few rows" if self.decision is None else self.decision.method

    @property
    def seconds(self) -> float:
        """How long that took."""
        return 0.0 if self.decision is None else self.decision.stats.seconds


@dataclass(frozen=True, eq=False)
class ConvolutionResult(NotABool):
    """What windows say about a convolution layer for all input sizes; made by `decide_convolution`.

    status : INJECTIVE where some window layer is, and then the layer is injective for every padding and each input
    that `status_for` says; else UNDECIDED.  window : the first injective window, or None.  trials : the windows looked
    at.  obstruction : why no window layer whatever is injective, where that is proved; else "".  direct : the decision
    of the dense layer of one size, where asked for.

    >>> result = decide_convolution([[1, 2], [2, 1], [-1, -2], [-2, -1]])
    >>> result.status.value, result.window, result.certificate.claim
    ('injective', (2,), 'injective')
    """

    status: Status
    window: tuple[int, ...] | None
    trials: tuple[WindowTrial, ...]
    obstruction: str
    direct: InjectivityResult | None
    kernels: RationalArray = field(repr=False)
    stride: tuple[int, ...]

    @property
    def proved(self) -> bool:
        """Whether the layer is proved to be injective for all inputs that a window covers."""
        return self.status is Status.INJECTIVE

    @property
    def rigor(self) -> Rigor:
        """EXACT where a window layer is injective; else SAMPLED: nothing is proved for all sizes."""
        return Rigor.EXACT if self.proved else Rigor.SAMPLED

    @property
    def certificate(self) -> Certificate:
        """The proof that the window layer is injective.  Raises InputError where no window was found."""
        for trial in self.trials:
            if trial.decision is not None and trial.status is Status.INJECTIVE:
                return trial.decision.certificate
        raise InputError("certificate: no injective window was found, nothing is proved for all sizes")

    def status_for(self, input_shape: Any, padding: str = "valid") -> Status:
        """What the windows say about the layer on inputs of one shape, (c, N) or (c, N1, N2).

        INJECTIVE where the injective window covers the input; NOT_INJECTIVE where an input meets no kernel, and, with
        padding "valid", where a window layer of at least this size is not injective; else UNDECIDED.

        >>> result = decide_convolution([[1, 2], [2, 1], [-1, -2], [-2, -1]])
        >>> [result.status_for(n, "full").value for n in (1, 9)]
        ['injective', 'injective']
        """
        axes = self._axes(input_shape, padding)
        if not all(map(touched, axes)):
            return Status.NOT_INJECTIVE
        if self.window is not None and all(map(covered, axes, self._counts(self.window))):
            return Status.INJECTIVE
        if padding == "valid" and (self.obstruction or any(self._fails(axes, trial) for trial in self.trials)):
            return Status.NOT_INJECTIVE
        return Status.UNDECIDED

    def least_size(self, padding: str = "valid") -> tuple[int, ...] | None:
        """The least input size, per axis, from which on all inputs that meet kernels are covered; None if unknown.

        >>> result = decide_convolution([[1, 2], [2, 1], [-1, -2], [-2, -1]])
        >>> result.least_size("valid"), result.least_size("same")
        ((2,), (1,))
        """
        if self.window is None:
            return None
        widths = self.kernels.shape[2:]
        sizes = []
        for width, stride, positions in zip(widths, self.stride, self._counts(self.window), strict=True):
            start = width if padding == "valid" else 1
            sizes.append(next(n for n in count(start) if Axis(n, width, stride, padding).count >= positions))
        return tuple(sizes)

    def _axes(self, input_shape: Any, padding: str) -> tuple[Axis, ...]:
        c, *widths = self.kernels.shape[1:]
        return checked_axes(widths, checked_sizes(input_shape, c, len(widths)), padding, self.stride)

    def _counts(self, window: Sequence[int]) -> list[int]:
        """The positions of a kernel in a window, per axis."""
        return [
            Axis(p, k, s, "valid").count for p, k, s in zip(window, self.kernels.shape[2:], self.stride, strict=True)
        ]

    def _fails(self, axes: Sequence[Axis], trial: WindowTrial) -> bool:
        """Whether a "valid" input, as a window, would make a window injective that is not: then its layer is not."""
        if trial.status is not Status.NOT_INJECTIVE:
            return False
        within = self._axes((self.kernels.shape[1], *trial.window), "valid")
        return all(covered(inside, axis.count) for inside, axis in zip(within, axes, strict=True))


def decide_convolution(
    kernels: Any,
    *,
    stride: int | Sequence[int] = 1,
    bias: Any = None,
    window: int | Sequence[int] | None = None,
    max_window: int | Sequence[int] | None = None,
    input_shape: Any = None,
    padding: str = "valid",
    time_limit: float | None = None,
    node_limit: int | None = None,
    executor: Executor | None = None,
) -> ConvolutionResult:
    """Look for a window that shows a convolution layer to be injective for all larger inputs, exactly.

    kernels, stride, bias : as in `conv_layer`.  window : look at this size only, an integer or one per axis: the
    kernels' size plus a multiple of the stride.  max_window : let windows grow up to it, all axes by one stride at a
    time; the default is four times the kernels' size, less where matrices become large.  input_shape, padding : also
    decide the dense layer of one input (c, N) or (c, N1, N2) directly.  time_limit : seconds for the windows, of which
    each may take half of what is left, and as many for the direct decision; node_limit : nodes of the search tree of
    each decision.  executor : shares the subtrees of each.

    If the layer of all translates of the kernels that fit in a window is injective, then the layer is injective for
    every padding and every input of at least the window's size, with strides where each input meets a kernel.  With
    padding it holds from smaller sizes on: see `ConvolutionResult.least_size`.  The converse is false unless padding
    is "valid": a window that fails says nothing about padded layers.  Returns a `ConvolutionResult`.  Raises InputError
    for bad arguments.

    Source: puthawala2022, domain decomposition (locator unverified); strides, smaller sizes and the obstructions are
    derived in the module `domain_decomposition`.

    >>> result = decide_convolution([[1, -1], [-1, 1]], input_shape=5, padding="full")
    >>> result.status.value, result.obstruction
    ('undecided', 'fewer than 4 directions of kernels')
    >>> result.direct.status.value
    'injective'
    """
    array = checked_kernels(kernels)
    _, c, *widths = array.shape
    strides = checked_strides(stride, len(widths))
    sizes = windows(array.shape, strides, window, max_window)
    if not isinstance(padding, str) or padding not in PADDINGS:
        reject("padding", padding, f"must be one of {', '.join(PADDINGS)}")
    limit = check_limit("time_limit", time_limit)
    check_limit("node_limit", node_limit, integer=True)
    check_executor(executor)
    dense = None if input_shape is None else conv_layer(array, input_shape, padding, strides, bias)
    conv_layer(array, (c, *widths), "valid", strides, bias)  # checks the bias
    deadline = None if limit is None else time.perf_counter() + limit
    many = directions(array)
    obstruction = obstruction_of(array, many, strides)
    trials: list[WindowTrial] = []
    for size in sizes:
        left = None if deadline is None else deadline - time.perf_counter()
        if left is not None and left < 0 and trials:
            break
        share = None if left is None else max(left, 0.0) / (1 if size == sizes[-1] else 2)
        trials.append(_trial(array, many, size, strides, bias, share, node_limit, executor))
        if trials[-1].status is Status.INJECTIVE or obstruction:
            break
    found = next((trial.window for trial in trials if trial.status is Status.INJECTIVE), None)
    assert not (obstruction and found), "an obstruction is proved"
    direct = None
    if dense is not None:
        direct = decide_injectivity(dense, time_limit=time_limit, node_limit=node_limit, executor=executor)
    status = Status.UNDECIDED if found is None else Status.INJECTIVE
    return ConvolutionResult(status, found, tuple(trials), obstruction, direct, array, strides)


def _trial(
    kernels: RationalArray,
    many: int,
    size: tuple[int, ...],
    strides: tuple[int, ...],
    bias: Any,
    seconds: float | None,
    node_limit: int | None,
    executor: Executor | None,
) -> WindowTrial:
    """Decide one window."""
    q, c, *widths = kernels.shape
    counts = [Axis(p, k, s, "valid").count for p, k, s in zip(size, widths, strides, strict=True)]
    m, n = q * math.prod(counts), c * math.prod(size)
    if not enough_rows(many, c, size, counts):
        return WindowTrial(size, m, n, Status.NOT_INJECTIVE, None)
    layer = conv_layer(kernels, (c, *size), "valid", strides, bias)
    result = decide_injectivity(layer, time_limit=seconds, node_limit=node_limit, executor=executor)
    return WindowTrial(size, m, n, result.status, result)
