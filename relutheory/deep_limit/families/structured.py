"""Families with structure: convolutions by masks that widen every layer, and residual blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb_mat, fmpq_mat

from relutheory.core.errors import InputError, reject, shown
from relutheory.core.exact import RationalArray
from relutheory.deep_limit.families.expressions import (
    ZERO,
    Constant,
    Expression,
    N,
    add,
    multiply,
    raise_to,
    scale,
)
from relutheory.deep_limit.families.formulas import read, refuse_poles
from relutheory.deep_limit.families.listed import CallableRule, ListRule
from relutheory.deep_limit.families.parsing import Vector, constant_values
from relutheory.deep_limit.families.rational_powers import Irrational, Undefined
from relutheory.deep_limit.families.rules import WEIGHTS, Rule, Tail
from relutheory.deep_limit.families.separated import Separated
from relutheory.networks.layers import ReLULayer

_MOST_ENTRIES = 2 * 10**7  # of a matrix that is written out


def toeplitz(mask: fmpq_mat | arb_mat, inputs: int) -> Any:
    """The (inputs + s, inputs) matrix with entry (i + j, i) equal to w_j, of a mask w_0, ..., w_s given as a column.

    >>> toeplitz(fmpq_mat(2, 1, [1, 5]), 2).tolist()
    [[1, 0], [5, 1], [0, 5]]
    """
    rows = inputs + mask.nrows() - 1
    if rows * inputs > _MOST_ENTRIES:
        reject("n", f"layer of shape {rows} x {inputs}", f"must have at most {_MOST_ENTRIES} entries")
    matrix: Any = type(mask)(rows, inputs)
    for j in range(mask.nrows()):
        w = mask[j, 0]
        for i in range(inputs):
            matrix[i + j, i] = w
    return matrix


class ConvolutionRule(Rule):
    """Masks w^(n) by a formula, W_n their Toeplitz matrices, and the same bias for every coordinate of a layer."""

    def __init__(self, mask: Separated, bias: Expression, inputs: int, texts: tuple[str, str]) -> None:
        self.mask, self.bias, self.inputs, self.texts = mask, bias, inputs, texts
        self.growth = mask.shape[0] - 1
        self.bias_column = Separated.of_entries([[bias]])
        for name, matrix, text in zip(("masks", "biases"), (mask, self.bias_column), texts, strict=True):
            refuse_poles(name, matrix, text, 1)
        self._sums: dict[tuple[str, str], Any] = {}

    def width(self, n: int) -> int:
        return self.inputs + self.growth * n

    def exact(self, n: int) -> tuple[fmpq_mat, fmpq_mat]:
        mask, bias = self._at(n, self.mask, 0, Separated.exact), self._at(n, self.bias_column, 1, Separated.exact)
        return toeplitz(mask, self.width(n - 1)), fmpq_mat(self.width(n), 1, [bias[0, 0]] * self.width(n))

    def balls(self, n: int) -> tuple[arb_mat, arb_mat]:
        mask, bias = self._at(n, self.mask, 0, Separated.balls), self._at(n, self.bias_column, 1, Separated.balls)
        return toeplitz(mask, self.width(n - 1)), arb_mat(self.width(n), 1, [bias[0, 0]] * self.width(n))

    def floats(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        mask, bias = self._at(n, self.mask, 0, Separated.floats), self._at(n, self.bias_column, 1, Separated.floats)
        columns = self.width(n - 1)
        W = np.zeros((self.width(n), columns))
        for j, w in enumerate(mask[:, 0]):
            W[np.arange(columns) + j, np.arange(columns)] = w
        return W, np.full(self.width(n), bias[0, 0])

    def _at(self, n: int, matrix: Separated, place: int, value: Callable[[Separated, int], Any]) -> Any:
        try:
            return value(matrix, n)
        except Irrational:
            rule = "has entries that are not rational; ask for balls"
        except Undefined as error:
            rule = str(error)
        raise InputError(f"{('masks', 'biases')[place]} = {shown(self.texts[place])}: {rule} (layer {n})")

    def tail(self, what: str, n: int, norm: str) -> Tail:
        """|T(w)|_p <= |w|_1 in all three norms, with equality for p = 1: the sums of |w^(i) - delta|_1 decide."""
        from relutheory.deep_limit.families.sums import MatrixSum

        if what == WEIGHTS:
            norm, n = "1", max(n, 1)
        key = (what, norm)
        if key not in self._sums:
            matrix = self._difference() if what == WEIGHTS else Separated.of_entries([[self._bias_norm(norm)]])
            place = int(what != WEIGHTS)
            self._sums[key] = MatrixSum(matrix, lambda i: self._at(i, matrix, place, Separated.balls))
        tail: Tail = self._sums[key].tail(n, norm)
        return tail

    def _difference(self) -> Separated:
        """w - delta as a column."""
        delta = fmpq_mat(self.mask.shape[0], 1)
        delta[0, 0] = -1
        return self.mask.plus(Separated.constant(delta))

    def _bias_norm(self, norm: str) -> Expression:
        """The norm of the bias of layer n, up to its sign."""
        if norm == "inf":
            return self.bias
        entries = add([Constant(Fraction(self.inputs)), scale(Fraction(self.growth), N)])
        exponent = Fraction(1) if norm == "1" else Fraction(1, 2)
        return multiply([self.bias, raise_to(entries, Constant(exponent))])


def formula_masks(masks: Any, biases: Any, inputs: int, constants: Mapping[str, Any] | None) -> ConvolutionRule:
    """The rule of `DeepFamily.convolution` for masks given by a formula."""
    known = constant_values(constants)
    mask = read(masks, "masks", known, None)
    if isinstance(mask, Expression):
        mask = Vector(Separated.of_entries([[mask]]))
    if not isinstance(mask, Vector):
        reject("masks", masks, "must be a vector of formulas, (w_0, ..., w_s)")
    bias = read(biases, "biases", known, None)
    if bias is not None and not isinstance(bias, Expression):
        reject("biases", biases, "must be a scalar formula: the widths grow, so it is the same for all coordinates")
    texts = (str(masks), "0" if biases is None else str(biases))
    return ConvolutionRule(mask.column, ZERO if bias is None else bias, inputs, texts)


def convolution_rule(masks: Any, biases: Any, inputs: int, constants: Mapping[str, Any] | None, tails: Any) -> Rule:
    """The rule of `DeepFamily.convolution`, whatever the masks are given by."""
    if callable(masks):
        if biases is not None and not callable(biases):
            reject("biases", biases, "must be a function of n too, or None")
        growth = mask_layer(masks(1), None, inputs, 1).m - inputs

        def layer(n: int) -> ReLULayer:
            return mask_layer(masks(n), None if biases is None else biases(n), inputs + growth * (n - 1), n)

        return CallableRule(layer, lambda n: inputs + growth * n, inputs, tails)
    if tails is not None:
        reject("tails", tails, "must be left out where the masks are no function")
    if isinstance(masks, (list, tuple, np.ndarray)) and len(masks) and not _is_formula(masks[0]):
        return ListRule(mask_layers(masks, biases, inputs))
    return formula_masks(masks, biases, inputs, constants)


def _is_formula(entry: Any) -> bool:
    return not isinstance(entry, (list, tuple, np.ndarray))


def mask_layers(masks: Iterable[Any], biases: Any, inputs: int) -> Iterator[ReLULayer]:
    """The layers of a list of masks, each a vector, and a list of biases: numbers, vectors or None."""
    vectors = list(masks)
    offsets = [None] * len(vectors) if biases is None else list(biases)
    if len(offsets) != len(vectors):
        reject("biases", f"{len(offsets)} biases", f"must be as many as the masks, {len(vectors)}")
    for n, (mask, offset) in enumerate(zip(vectors, offsets, strict=True), 1):
        layer = mask_layer(mask, offset, inputs, n)
        inputs = layer.m
        yield layer


def mask_layer(mask: Any, offset: Any, inputs: int, n: int) -> ReLULayer:
    """Layer n with this mask and bias (a vector, one number for all coordinates, or None)."""
    try:
        w = RationalArray(mask, "masks", ndim=1)
        if w.shape == (0,):
            reject("masks", mask, "must not be empty")
        matrix = toeplitz(w.fmpq, inputs)
        if offset is not None and (isinstance(offset, str) or np.ndim(offset) == 0):
            offset = [offset] * matrix.nrows()
        return ReLULayer(matrix, offset)
    except InputError as error:
        raise InputError(f"{error} (layer {n})") from None


def block_layers(U: Any, a: Any, V: Any, n: int) -> tuple[ReLULayer, ReLULayer]:
    """The residual block x -> ReLU(x + V ReLU(U x + a)) for x >= 0, as two ReLU layers.

    U : (k, m), a : (k,) or None, V : (m, k) numbers.  The first layer, of width m + k, keeps x = ReLU(x) beside
    ReLU(U x + a); the second adds.  Raises InputError that names block n.

    >>> first, second = block_layers([["1/2"]], [1], [[-1]], 1)
    >>> second.forward_exact(first.forward_exact([4]))
    [Fraction(1, 1)]
    """
    try:
        up, down = RationalArray(U, "U", ndim=2), RationalArray(V, "V", ndim=2)
        k, m = up.shape
        if down.shape != (m, k):
            reject("V", f"array of shape {down.shape}", f"must have shape {(m, k)}")
        offset = RationalArray(np.zeros(k) if a is None else a, "a", ndim=1)
        if offset.shape != (k,):
            reject("a", f"array of length {offset.shape[0]}", f"must have one entry per row of U, {k}")
    except InputError as error:
        raise InputError(f"{error} (block {n})") from None
    eye = [[Fraction(i == j) for j in range(m)] for i in range(m)]
    first = ReLULayer([*eye, *up.fractions()], [Fraction(0)] * m + offset.fractions())
    second = ReLULayer([[*row, *more] for row, more in zip(eye, down.fractions(), strict=True)])
    return first, second
