"""Formulas given as sympy objects, read node by node."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from relutheory.core.errors import InputError, reject
from relutheory.deep_limit.families.expressions import (
    Constant,
    Exponential,
    Expression,
    Index,
    Logarithm,
    add,
    multiply,
    raise_to,
)
from relutheory.deep_limit.families.rational_powers import Undefined
from relutheory.deep_limit.families.separated import Separated


def read_sympy(given: Any, name: str, known: Mapping[str, Any]) -> Any:
    """The value of a sympy number, expression or explicit matrix in the symbol n and named scalar constants.

    name : of the argument, for messages.  Raises InputError where it is of another kind.
    """
    import sympy

    if isinstance(given, sympy.MatrixBase):
        if 0 in given.shape:
            reject(name, given, "must not be empty")
        rows, columns = given.shape
        entries = [[_scalar(given[i, j], name, known) for j in range(columns)] for i in range(rows)]
        return Separated.of_entries(entries)
    if not isinstance(given, sympy.Expr) or isinstance(given, sympy.MatrixExpr):
        reject(name, given, "must be a sympy expression or an explicit sympy matrix")
    return _scalar(given, name, known)


def _scalar(e: Any, name: str, known: Mapping[str, Any]) -> Expression:
    import sympy

    try:
        if isinstance(e, sympy.Float):
            sign, mantissa, exponent, _ = e._mpf_
            return Constant((-1) ** sign * int(mantissa) * Fraction(2) ** int(exponent))
        if e.is_Rational:
            return Constant(Fraction(int(e.p), int(e.q)))
        if e.is_Symbol:
            if e.name == "n":
                return Index()
            if isinstance(known.get(e.name), Expression):
                return known[e.name]
            reject(name, e, "is a symbol that is neither n nor a scalar constant that was given")
        if e is sympy.E:
            return Exponential(Constant(Fraction(1)))
        if isinstance(e, sympy.exp):
            return Exponential(_scalar(e.args[0], name, known))
        if isinstance(e, sympy.log) and len(e.args) == 1:
            return Logarithm(_scalar(e.args[0], name, known))
        if e.is_Add or e.is_Mul or e.is_Pow:
            parts = [_scalar(part, name, known) for part in e.args]
            return add(parts) if e.is_Add else multiply(parts) if e.is_Mul else raise_to(*parts)
    except Undefined as error:
        raise InputError(f"{name}: {error} (every layer)") from None
    reject(name, e, "must be made of n, rational numbers, + - * / **, sqrt, exp and log")
