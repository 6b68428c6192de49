"""Reading "I + A/n**2": a walk over Python's syntax tree that knows a short list of constructions, and no other."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np
from flint import fmpq_mat

from relutheory.core.errors import InputError, reject, shown
from relutheory.core.exact import RationalArray, is_scalar_array, rational
from relutheory.deep_limit.families.expressions import (
    Constant,
    Exponential,
    Expression,
    Index,
    Logarithm,
    add,
    has_index,
    multiply,
    raise_to,
)
from relutheory.deep_limit.families.rational_powers import Irrational, Undefined
from relutheory.deep_limit.families.separated import Separated, identity
from relutheory.deep_limit.families.values import exact_value

_LONGEST = 10_000  # characters
_FUNCTIONS = ("sqrt", "exp", "log")
_RESERVED = ("n", "I", *_FUNCTIONS)


@dataclass(frozen=True)
class Vector:
    """A column of m entries; its matrix is m x 1."""

    column: Separated


Value = Expression | Separated | Vector


class Reader:
    """Reads one argument of a family.

    name : of the argument, for messages.  constants : exact constants by name, from `constant_values`.
    size : the size of I, or None where I may not occur.
    """

    def __init__(self, name: str, constants: Mapping[str, Value], size: int | None) -> None:
        self.name, self.constants, self.size, self.text = name, constants, size, ""

    def read(self, text: str) -> Value:
        """The value of a formula.  Raises InputError with the rule that it breaks."""
        self.text = text
        if len(text) > _LONGEST:
            reject(self.name, text, f"must have at most {_LONGEST} characters")
        try:
            tree = ast.parse(text.strip(), mode="eval")
            return self._value(tree.body)
        except (SyntaxError, ValueError, MemoryError) as error:
            if isinstance(error, InputError):
                raise
            self._fail("must be a formula in n such as I + A/n**2")
        except RecursionError:
            self._fail("must not be nested so deeply")
        except Undefined as error:
            self._fail(f"{error} (every layer)")

    def _fail(self, rule: str) -> NoReturn:
        reject(self.name, self.text, rule)

    def _value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self._value(node.operand)
            return self._times(Constant(Fraction(-1)), value) if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp):
            return self._binary(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self.join([self._value(part) for part in node.elts])
        self._fail(f"must not contain {shown(ast.unparse(node))}: numbers, names, + - * / **, sqrt, exp, log and lists")

    def _number(self, node: ast.Constant) -> Value:
        source = ast.get_source_segment(self.text.strip(), node) or ""
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            self._fail(f"must not contain {shown(node.value)}")
        if isinstance(node.value, int):
            return Constant(Fraction(node.value))
        return Constant(rational(source.replace("_", ""), self.name))  # a decimal is the number that is written

    def _named(self, name: str) -> Value:
        if name == "n":
            return Index()
        if name == "I":
            if self.size is None:
                self._fail("contains I, so the width must be given")
            return Separated.constant(identity(self.size, self.size))
        if name not in self.constants:
            known = ", ".join(["n", *(["I"] if self.size else []), *self.constants])
            self._fail(f"has the unknown name {name!r}; known here: {known}")
        return self.constants[name]

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self._value(node.left), self._value(node.right)
        if isinstance(node.op, ast.Add):
            return self._plus(left, right)
        if isinstance(node.op, ast.Sub):
            return self._plus(left, self._times(Constant(Fraction(-1)), right))
        if isinstance(node.op, (ast.Mult, ast.MatMult)):
            return self._times(left, right)
        if isinstance(node.op, ast.Div):
            if not isinstance(right, Expression):
                self._fail("must not divide by a matrix or a vector")
            return self._times(left, raise_to(right, Constant(Fraction(-1))))
        if isinstance(node.op, ast.Pow):
            return self._to_the(left, right)
        self._fail("must use + - * / ** only")

    def _plus(self, left: Value, right: Value) -> Value:
        if isinstance(left, Expression) and isinstance(right, Expression):
            return add([left, right])
        a, b = _matrix(left), _matrix(right)
        if a is None or b is None or type(left) is not type(right):
            self._fail(f"must not add {_kind(left)} and {_kind(right)}")
        if a.shape != b.shape:
            self._fail(f"must not add {_kind(left)} and {_kind(right)}: their shapes differ")
        return _like(left, a.plus(b))

    def _times(self, left: Value, right: Value) -> Value:
        if isinstance(left, Expression) and isinstance(right, Expression):
            return multiply([left, right])
        if isinstance(left, Expression):
            return _like(right, _matrix(right).times(left))  # type: ignore[union-attr]
        if isinstance(right, Expression):
            return _like(left, _matrix(left).times(right))  # type: ignore[union-attr]
        a, b = _matrix(left), _matrix(right)
        if isinstance(left, Vector) or a is None or b is None or a.shape[1] != b.shape[0]:
            self._fail(f"must not multiply {_kind(left)} by {_kind(right)}")
        return _like(right, a.matmul(b))

    def _to_the(self, base: Value, exponent: Value) -> Value:
        if not isinstance(exponent, Expression):
            self._fail(f"must not have {_kind(exponent)} as an exponent")
        if isinstance(base, Expression):
            return raise_to(base, exponent)
        power = exponent.value if isinstance(exponent, Constant) else None
        if power is None or power.denominator != 1 or not 0 <= power <= 64 or isinstance(base, Vector):
            self._fail(f"must raise {_kind(base)} to a whole number from 0 to 64 only")
        if base.shape[0] != base.shape[1]:
            self._fail(f"must not raise {_kind(base)} to a power: it is not square")
        value = Separated.constant(identity(*base.shape))
        for _ in range(int(power)):
            value = value.matmul(base)
        return value

    def _call(self, node: ast.Call) -> Value:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS or len(node.args) != 1 or node.keywords:
            self._fail(f"must not contain {shown(ast.unparse(node))}: functions are sqrt(.), exp(.) and log(.)")
        argument = self._value(node.args[0])
        if not isinstance(argument, Expression):
            self._fail(f"must not take {name} of {_kind(argument)}")
        if name == "sqrt":
            return raise_to(argument, Constant(Fraction(1, 2)))
        value: Expression = Exponential(argument) if name == "exp" else Logarithm(argument)
        if has_index(value):
            return value
        try:
            return Constant(exact_value(value, 1))
        except Irrational:
            return value

    def join(self, parts: list[Any]) -> Value:
        """The vector or the matrix of a list of scalars, or of a list of such lists."""
        if not parts:
            self._fail("must not contain an empty list")
        if all(isinstance(part, Expression) for part in parts):
            return Vector(Separated.of_entries([[part] for part in parts]))
        shapes = {part.column.shape if isinstance(part, Vector) else None for part in parts}
        if None in shapes or len(shapes) > 1:
            self._fail("must have rows of scalars, all of one length, in a list of lists")
        return Separated.of_entries([[part.column.entry(j, 0) for j in range(part.column.shape[0])] for part in parts])


def _matrix(value: Value) -> Separated | None:
    if isinstance(value, Vector):
        return value.column
    return value if isinstance(value, Separated) else None


def _like(model: Value, matrix: Separated) -> Value:
    return Vector(matrix) if isinstance(model, Vector) else matrix


def _kind(value: Value) -> str:
    """The value in words, for messages."""
    if isinstance(value, Vector):
        return f"a vector of {value.column.shape[0]} entries"
    if isinstance(value, Separated):
        return f"a {value.shape[0]} x {value.shape[1]} matrix"
    return "a scalar"


def constant_values(constants: Mapping[str, Any] | None) -> dict[str, Value]:
    """Named exact constants: numbers, vectors (one dimension) and matrices (two).  Raises InputError.

    >>> sorted(constant_values({"r": "1/2", "A": [[0, 1], [1, 0]]}))
    ['A', 'r']
    """
    if constants is None:
        return {}
    if not isinstance(constants, Mapping):
        reject("constants", constants, "must be a mapping of names to numbers, vectors and matrices")
    values: dict[str, Value] = {}
    for name, given in constants.items():
        if not isinstance(name, str) or not name.isidentifier() or name in _RESERVED:
            reject("constants", name, f"must be named by letters and digits, not one of {', '.join(_RESERVED)}")
        values[name] = _constant(given, name)
    return values


def _constant(given: Any, name: str) -> Value:
    if isinstance(given, fmpq_mat):
        return Separated.constant(given)
    if isinstance(given, RationalArray):
        given = given.fractions()
    if hasattr(given, "detach"):  # a torch tensor, without importing torch
        given = given.detach().cpu().numpy()
    if isinstance(given, str) or is_scalar_array(given) or not isinstance(given, (list, tuple, np.ndarray)):
        return Constant(rational(given, name))
    if isinstance(given, np.ndarray):
        nested = given.ndim
    else:
        nested = 1 + (len(given) > 0 and isinstance(given[0], (list, tuple, np.ndarray)))
    if nested not in (1, 2):
        reject(name, f"array with {nested} dimensions", "must have one or two dimensions")
    array = RationalArray(given, name, ndim=nested)
    if 0 in array.shape:
        reject(name, f"array of shape {array.shape}", "must not be empty")
    matrix = array.fmpq
    return Separated.constant(matrix) if nested == 2 else Vector(Separated.constant(matrix))
