"""Reading "sqrt(x) + x**2/3": a walk over Python's syntax tree that knows a short list of constructions, no other."""

from __future__ import annotations

import ast
import operator
from typing import Any, NoReturn

from flint import arb

from relutheory.core.errors import InputError, reject, shown
from relutheory.core.exact import rational
from relutheory.univariate.expressions import jets_of
from relutheory.univariate.jets import NotRealError

FUNCTIONS = {
    "sqrt": "sqrt",
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "atan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "abs": "Abs",
}
CONSTANTS = {"pi": "pi", "e": "E"}
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_LONGEST = 2_000  # characters
_LARGEST = 1_000  # exponent
_DIGITS = 4_000  # of a number: longer ones are not printed


def read_formula(text: str, name: str = "f") -> Any:
    """A formula in x as a sympy expression, with decimals read as the numbers that are written.

    text : made of x, numbers, pi, e, + - * / **, brackets, and sqrt, exp, log, sin, cos, tan, atan, sinh, cosh, tanh,
    abs.  name : of the argument, for messages.
    Raises InputError for anything else, with what was not understood.

    >>> read_formula("abs(x - 0.1) / 3")
    Abs(x - 1/10)/3
    >>> read_formula("__import__('os')")
    Traceback (most recent call last):
    relutheory.core.errors.InputError: f = "__import__('os')": must not contain "__import__('os')": ...
    """
    if not isinstance(text, str):
        reject(name, text, "must be a formula in x, as text")
    if len(text) > _LONGEST:
        reject(name, text, f"must have at most {_LONGEST} characters")
    return _Reader(name, text.strip().replace("^", "**")).read()


class _Reader:
    """One formula being read; `fail` names it."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text

    def fail(self, rule: str) -> NoReturn:
        reject(self.name, self.text, rule)

    def read(self) -> Any:
        try:
            return self.value(ast.parse(self.text, mode="eval").body)
        except InputError:
            raise
        except (SyntaxError, ValueError, MemoryError):
            self.fail("must be a formula in x such as sqrt(x) or sin(3*x)/2")
        except RecursionError:
            self.fail("must not be nested so deeply")

    def value(self, node: ast.expr) -> Any:
        """The expression of a node; a number among them is real, finite and not too long."""
        found = self.read_node(node)
        if found.is_Rational and not self.fits(found):
            self.fail(f"must not have numbers of over {_DIGITS} digits")
        if found.is_number and not self.may_be_real(found):
            self.fail(f"must be real and finite, and {shown(ast.unparse(node))} is not")
        return found

    def read_node(self, node: ast.expr) -> Any:
        import sympy

        if isinstance(node, ast.Constant):
            return self.number(node)
        if isinstance(node, ast.Name):
            if node.id == "x":
                return sympy.Symbol("x", real=True)
            if node.id not in CONSTANTS:
                self.fail(f"has the unknown name {node.id!r}; known are x, {', '.join([*CONSTANTS, *FUNCTIONS])}")
            return getattr(sympy, CONSTANTS[node.id])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self.value(node.operand)
            return -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self.combined(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
                self.fail(f"{node.func.id} must have one argument")
            return getattr(sympy, FUNCTIONS[node.func.id])(self.value(node.args[0]))
        self.fail(
            f"must not contain {shown(ast.unparse(node))}: only x, numbers, + - * / ** and {', '.join(FUNCTIONS)}"
        )

    def number(self, node: ast.Constant) -> Any:
        import sympy

        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            self.fail(f"must not contain {shown(node.value)}")
        written = (ast.get_source_segment(self.text, node) or "").replace("_", "")
        value = rational(node.value if isinstance(node.value, int) else written, self.name)
        return sympy.Rational(value.numerator, value.denominator)

    def combined(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Div) and right == 0:
            self.fail("must not divide by 0")
        if isinstance(node.op, ast.Pow):
            self.check_power(left, right)
        return _OPERATORS[type(node.op)](left, right)

    def check_power(self, base: Any, exponent: Any) -> None:
        """Refuse powers that would be long to write or to multiply out."""
        if exponent.is_number and not self.size(exponent) <= _LARGEST:
            self.fail(f"must not have exponents beyond {_LARGEST}")
        if base.is_Rational and exponent.is_Rational and not self.fits(base, abs(exponent)):
            self.fail(f"must not have numbers of over {_DIGITS} digits")

    def may_be_real(self, number: Any) -> bool:
        """False for what is no real number: by balls, since sympy would write out exp(exp(exp(20)))."""
        import sympy

        if number.has(sympy.I, sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            return False
        try:
            self.size(number)
        except NotRealError:
            return False
        return True

    def size(self, number: Any) -> arb:
        return abs(jets_of(number, self.name)(arb(0), 0)[0])

    @staticmethod
    def fits(number: Any, times: Any = 1) -> bool:
        """Whether a rational number has not too many digits, multiplied by itself so many times."""
        bits = max(int(number.p).bit_length(), int(number.q).bit_length())
        return bool(bits * times <= _DIGITS * 3.32)
