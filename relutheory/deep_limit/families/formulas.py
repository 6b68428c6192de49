"""Families given by formulas in n."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NoReturn, TypeVar

import numpy as np
from flint import arb_mat, fmpq_mat

from relutheory.core.errors import InputError, reject, shown
from relutheory.deep_limit.families.expressions import (
    ZERO,
    Expression,
    Power,
    children,
)
from relutheory.deep_limit.families.norms import norm_upper
from relutheory.deep_limit.families.parsing import Reader, Value, Vector, constant_values
from relutheory.deep_limit.families.quotients import integer_zeros, quotient
from relutheory.deep_limit.families.rational_powers import Irrational, Undefined
from relutheory.deep_limit.families.rules import BIASES, WEIGHTS, RationalInN, Rule, Symbolic, Tail
from relutheory.deep_limit.families.separated import Separated, identity
from relutheory.deep_limit.families.values import exact_value
from relutheory.networks.layers import ReLULayer

T = TypeVar("T")


class FormulaRule(Rule):
    """W_n and b_n by formulas that hold for all n >= start; before it the first layer, given in numbers."""

    def __init__(self, W: Separated, b: Separated, first: ReLULayer | None, texts: tuple[str, str]) -> None:
        self.W, self.b, self.first, self.texts = W, b, first, texts
        self.start = 1 if first is None else 2
        for name, matrix, text in (("W", W, texts[0]), ("b", b, texts[1])):
            refuse_poles(name, matrix, text, self.start)

    def width(self, n: int) -> int:
        return self.W.shape[1] if n or self.first is None else self.first.n

    def exact(self, n: int) -> tuple[fmpq_mat, fmpq_mat]:
        if n < self.start and self.first is not None:
            return self.first.weight.fmpq, self.first.bias.fmpq
        return self._at(n, Separated.exact)

    def balls(self, n: int) -> tuple[arb_mat, arb_mat]:
        if n < self.start:
            return super().balls(n)
        return self._at(n, Separated.balls)

    def floats(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        if n < self.start and self.first is not None:
            return self.first.W, self.first.b
        W, b = self._at(n, Separated.floats)
        return W, b[:, 0]

    def _at(self, n: int, value: Callable[[Separated, int], T]) -> tuple[T, T]:
        """The value of both matrices, or an error that names the layer."""
        out = []
        for name, matrix, text in zip("Wb", (self.W, self.b), self.texts, strict=True):
            try:
                out.append(value(matrix, n))
            except Irrational:
                self._fail(name, text, "has entries that are not rational; ask for balls", n)
            except Undefined as error:
                self._fail(name, text, str(error), n)
        return out[0], out[1]

    @staticmethod
    def _fail(name: str, text: str, rule: str, n: int) -> NoReturn:
        raise InputError(f"{name} = {shown(text)}: {rule} (layer {n})")

    @cached_property
    def symbolic(self) -> Symbolic:  # type: ignore[override]
        import sympy

        n = sympy.Symbol("n", integer=True, positive=True)
        return Symbolic(self.W.sympy(n), self.b.sympy(n), n, self.start)

    @cached_property
    def rational_in_n(self) -> RationalInN | None:  # type: ignore[override]
        b, W = self.b.quotients(), self.W.quotients()
        return None if W is None or b is None else RationalInN(W, tuple(row[0] for row in b), self.start)

    @cached_property
    def perturbation(self) -> Separated:
        """P_n = W_n - I."""
        return self.W.plus(Separated.constant(-identity(*self.W.shape)))

    def _difference(self, n: int) -> arb_mat:
        """Enclosures of P_n, to which the identity does not bring its rounding errors."""
        try:
            return self.perturbation.balls(n)
        except Undefined as error:
            self._fail("W", self.texts[0], str(error), n)

    def tail(self, what: str, n: int, norm: str) -> Tail:
        if what == WEIGHTS:
            return self._sums[WEIGHTS].tail(max(n, 1), norm)
        if n or self.first is None:
            return self._sums[BIASES].tail(n, norm)
        rest = self._sums[BIASES].tail(1, norm)
        return Tail(
            status=rest.status,
            upper=(rest.upper + norm_upper(self.first.bias.fmpq, norm)).upper(),
            how=rest.how,
            reason=rest.reason,
        )

    @cached_property
    def _sums(self) -> dict[str, Any]:
        from relutheory.deep_limit.families.sums import MatrixSum

        return {
            WEIGHTS: MatrixSum(self.perturbation, self._difference),
            BIASES: MatrixSum(self.b, lambda i: self.balls(i)[1]),
        }


def refuse_poles(name: str, matrix: Separated, text: str, start: int) -> None:
    """Refuse a formula in which a polynomial in n is divided by one that vanishes at some layer."""
    for f, _ in matrix.terms:
        for base in _divisors(f):
            value = quotient(base)
            if value is None:
                continue
            if value[0] == 0:
                raise InputError(f"{name} = {shown(text)}: division by zero (layer {start})")
            zeros = integer_zeros(value[0], start)
            if zeros:
                raise InputError(f"{name} = {shown(text)}: division by zero (layer {zeros[0]})")
    try:
        for f, _ in matrix.terms:
            exact_value(f, start)
    except Irrational:
        pass
    except Undefined as error:
        raise InputError(f"{name} = {shown(text)}: {error} (layer {start})") from None


def _divisors(f: Expression) -> list[Expression]:
    """The expressions that a formula divides by."""
    found = [divisor for part in children(f) for divisor in _divisors(part)]
    if isinstance(f, Power):
        exponent = getattr(f.exponent, "value", None)
        if exponent is not None and exponent < 0:
            found.append(f.base)
    return found


def formula_rule(
    W: Any, b: Any, width: int | None, constants: Mapping[str, Any] | None, first: Any, *, residual: bool = False
) -> FormulaRule:
    """The rule of `DeepFamily.from_symbolic`, its arguments checked; with `residual`, W stands for W_n - I."""
    known = constant_values(constants)
    layer = _first_layer(first)
    size = width if width is not None else _size(known, layer)
    weight = _weight(read(W, "W", known, size), W, size)
    if weight.shape[0] != weight.shape[1]:
        reject("W", W, f"must be square, not of shape {weight.shape}")
    m = weight.shape[0]
    if residual:
        weight = weight.plus(Separated.constant(identity(m, m)))
    if width is not None and m != width:
        reject("W", W, f"must have {width} rows and columns, not {m}")
    bias = _bias(read(b, "b", known, m), m, b)
    if layer is not None and layer.m != m:
        reject("first", layer, f"must have {m} rows, the width of W (layer 1)")
    return FormulaRule(weight, bias, layer, (f"I + ({W})" if residual else str(W), "0" if b is None else str(b)))


def _first_layer(first: Any) -> ReLULayer | None:
    if first is None or isinstance(first, ReLULayer):
        return first
    if not isinstance(first, (tuple, list)) or len(first) != 2:
        reject("first", first, "must be a pair (W_1, b_1) or a ReLULayer")
    try:
        return ReLULayer(*first)
    except InputError as error:
        raise InputError(f"first: {error} (layer 1)") from None


def _size(known: Mapping[str, Value], first: ReLULayer | None) -> int | None:
    """The width that a first layer or the constants have, where none is given."""
    if first is not None:
        return first.m
    sizes = {v.shape[0] for v in known.values() if isinstance(v, Separated) and v.shape[0] == v.shape[1]}
    sizes = sizes or {v.column.shape[0] for v in known.values() if isinstance(v, Vector)}
    return sizes.pop() if len(sizes) == 1 else None


def read(given: Any, name: str, known: Mapping[str, Value], size: int | None) -> Value | None:
    """The value of a formula: a string, a number, a sympy object, or lists of those."""
    if given is None:
        return None
    reader = Reader(name, known, size)
    if isinstance(given, str):
        return reader.read(given)
    if type(given).__module__.startswith("sympy"):
        from relutheory.deep_limit.families.from_sympy import read_sympy

        return read_sympy(given, name, known)
    if isinstance(given, (list, tuple)):
        return reader.join([read(part, name, known, size) for part in given])
    return constant_values({name: given})[name]


def _weight(value: Value | None, given: Any, size: int | None) -> Separated:
    """The matrix of the weights; a scalar or a vector of one entry is one of width 1, and 0 one of any width."""
    if value is None:
        reject("W", None, "must be given")
    if isinstance(value, Expression):
        if size is not None and size > 1:
            if value != ZERO:
                reject("W", given, f"is a scalar, and the width is {size}: multiply it by I")
            return Separated.constant(fmpq_mat(size, size))
        return Separated.of_entries([[value]])
    return value.column if isinstance(value, Vector) else value


def _column(value: Value) -> Separated:
    if isinstance(value, Expression):
        return Separated.of_entries([[value]])
    return value.column if isinstance(value, Vector) else value


def _bias(value: Value | None, m: int, given: Any) -> Separated:
    if value is None or (isinstance(value, Expression) and value == ZERO):
        return Separated.constant(fmpq_mat(m, 1))
    matrix = _column(value)
    if matrix.shape != (m, 1):
        kind = "a scalar" if isinstance(value, Expression) else f"of shape {matrix.shape}"
        reject("b", given, f"must be a vector of {m} entries, not {kind}")
    return matrix
