"""The constants of a formula in n: which there are, of which kind, and those that are given or drawn."""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from relutheory.core.errors import InputError, shown

MATRIX, VECTOR, NUMBER = "matrix", "vector", "number"
_KNOWN = {"n", "I", "sqrt", "exp", "log"}
_OVER = 8  # drawn numbers are k/8
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:/\d+)?")
_MOST = 10_000  # characters of a formula, and of an array


def kinds(family: str, bias: str) -> dict[str, str]:
    """The names in the two formulas, sorted, and what each must be.

    A name in a power, a divisor, a function or a list is a number; elsewhere a capital letter is a matrix, and a small
    one a number in W_n and a vector in b_n.  Raises InputError for what is no formula.

    >>> kinds("I + A*r**n", "c*r**n")
    {'A': 'matrix', 'c': 'vector', 'r': 'number'}
    """
    found: dict[str, str] = {}
    for option, text, small in (("--family", family, NUMBER), ("--bias", bias, VECTOR)):
        for name, number in _names(_tree(option, text)):
            kind = NUMBER if number else MATRIX if name[0].isupper() else small
            found[name] = NUMBER if NUMBER in (kind, found.get(name)) else kind  # a number is one everywhere
    return dict(sorted(found.items()))


def _tree(option: str, text: str) -> ast.expr:
    try:
        if len(text) > _MOST:
            raise InputError(f"{option}: must have at most {_MOST} characters")
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{option} = {shown(text)}: must be a formula in n such as I + A/n**2") from None


def _names(node: ast.AST, number: bool = False) -> Iterator[tuple[str, bool]]:
    """Each name in a formula, and whether its place makes it a number."""
    if isinstance(node, ast.Name):
        if node.id not in _KNOWN:
            yield node.id, number
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        fixed = isinstance(node.right, ast.Constant)  # A**2 is a power of a matrix too
        yield from _names(node.left, number or not fixed)
        yield from _names(node.right, True)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield from _names(node.left, number)
        yield from _names(node.right, True)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from _names(argument, True)
    elif isinstance(node, (ast.List, ast.Tuple)):
        for entry in node.elts:
            yield from _names(entry, number or not isinstance(entry, (ast.List, ast.Tuple)))
    else:
        for child in ast.iter_child_nodes(node):
            yield from _names(child, number)


def drawn(name: str, kind: str, width: int, seed: int) -> Any:
    """The matrix or vector of this name, an object array of numbers k/8 from -1 to 1.

    It depends on the name, the kind, the shape and the seed only.  Raises InputError for a number: it is not drawn, for
    it may be an n that is misspelt.
    """
    import numpy as np

    if kind == NUMBER:
        raise InputError(f"{name}: stands for a number, which is not drawn (the layer is n); give --constant {name}=2")
    rng = np.random.default_rng([seed, *name.encode()])
    return _eighths(rng.integers(-_OVER, _OVER + 1, size=width if kind == VECTOR else (width, width)))


def drawn_first(width: int, inputs: int, seed: int) -> Any:
    """A matrix W_1, (width, inputs), of numbers k/8 from 0 to 1, so that positive inputs survive the first layer."""
    import numpy as np

    return _eighths(np.random.default_rng([seed, *b"W_1"]).integers(0, _OVER + 1, size=(width, inputs)))


def _eighths(integers: Any) -> Any:
    import numpy as np

    every = np.array([Fraction(k, _OVER) for k in range(-_OVER, _OVER + 1)], dtype=object)
    return every[integers + _OVER]


def given_constant(text: str) -> tuple[str, Any]:
    """The type of the argument NAME=VALUE, the value a number, an array or a .npy file.

    >>> given_constant("r=1/3"), given_constant("A=[[1, 0.5]]")
    (('r', Fraction(1, 3)), ('A', [[Fraction(1, 1), Fraction(1, 2)]]))
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier() or name.strip() in _KNOWN:
        rule = f"must be NAME=VALUE with a name that is not one of {', '.join(sorted(_KNOWN))}"
        raise argparse.ArgumentTypeError(f"{shown(text)}: {rule}")
    return name.strip(), given_array(value)


def given_array(text: str) -> Any:
    """The type of a number, an array such as [[1, 1/2], [0, -3]], or the name of a .npy file.

    >>> given_array("[1, -1/2]")
    [Fraction(1, 1), Fraction(-1, 2)]
    """
    if text.strip().endswith(".npy"):
        return _read(text.strip())
    try:
        if len(text) > 100 * _MOST:
            raise ValueError
        quoted = _NUMBER.sub(lambda found: f'"{found[0]}"', text.strip())
        value = _exact(json.loads(quoted))
    except (ValueError, RecursionError, ZeroDivisionError):
        rule = "must be a number, an array such as [[1, 1/2], [0, -3]], or the name of a .npy file"
        raise argparse.ArgumentTypeError(f"{shown(text)}: {rule}") from None
    return value


def _exact(value: Any) -> Any:
    from relutheory.core.exact import rational

    if isinstance(value, list):
        return [_exact(entry) for entry in value]
    if not isinstance(value, str):
        raise ValueError
    return rational(value)


def _read(path: str) -> Any:
    """The array of a .npy file, as it is."""
    import numpy as np

    try:
        with Path(path).open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise argparse.ArgumentTypeError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise argparse.ArgumentTypeError(f"{path}: numpy cannot read it: {shown(str(error))}") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise argparse.ArgumentTypeError(f"{path}: must be an array of numbers")
    return array if array.ndim else array.item()


def written(value: Any) -> Any:
    """A constant as JSON-able data: rationals as "p/q".

    >>> written([Fraction(1, 2)]), written(Fraction(2))
    (['1/2'], '2')
    """
    from relutheory.core.exact import rational

    if isinstance(value, (list, tuple)) or (hasattr(value, "ndim") and value.ndim):
        return [written(entry) for entry in value]
    return str(rational(value))
