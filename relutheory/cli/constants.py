"""The constants of a formula in n: which there are, of which kind, given on the command line or drawn from a seed."""

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

MATRIX, VECTOR, SCALAR, BASE, EXPONENT = "matrix", "vector", "scalar", "base of a power", "exponent"
_KNOWN = {"n", "I", "sqrt", "exp", "log"}
_OVER = 8  # drawn numbers are k/8
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:/\d+)?")
_MOST = 10_000  # characters of a formula, and of an array


def kinds(family: str, bias: str) -> dict[str, str]:
    """The names in the two formulas, sorted, and what each must be.

    A name in a power, a divisor or a function is a number, elsewhere a capital letter makes a matrix, and a small one a
    number in W_n and a vector in b_n.  Raises InputError for what is no formula.

    >>> kinds("I + A*r**n", "c*r**n")
    {'A': 'matrix', 'c': 'vector', 'r': 'base of a power'}
    """
    found: dict[str, str] = {}
    for option, text, small in (("--family", family, SCALAR), ("--bias", bias, VECTOR)):
        for name, place in _names(_tree(option, text)):
            kind = place or (MATRIX if name[0].isupper() else small)
            if found.get(name, kind) != kind:
                # a number in W_n is one in b_n too; a stricter place decides
                kind = max(kind, found[name], key=(VECTOR, MATRIX, SCALAR, BASE, EXPONENT).index)
            found[name] = kind
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


def _names(node: ast.AST, place: str = "") -> Iterator[tuple[str, str]]:
    """Each name in a formula with the place that makes it a number, or "" where none does."""
    if isinstance(node, ast.Name):
        if node.id not in _KNOWN:
            yield node.id, place
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        fixed = isinstance(node.right, ast.Constant)  # A**2 is a power of a matrix too
        yield from _names(node.left, place if fixed else place or BASE)
        yield from _names(node.right, EXPONENT)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield from _names(node.left, place)
        yield from _names(node.right, place or SCALAR)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from _names(argument, place or SCALAR)
    elif isinstance(node, (ast.List, ast.Tuple)):
        for entry in node.elts:
            yield from _names(entry, place if isinstance(entry, (ast.List, ast.Tuple)) else place or SCALAR)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _names(child, place)


def drawn(name: str, kind: str, width: int, seed: int) -> Any:
    """The constant of this name: numbers k/8 from -1 to 1 (a scalar is not 0, a base lies between 0 and 1).

    It depends on the name, the kind, the shape and the seed only.  Returns a Fraction, or an object array of Fractions.
    """
    import numpy as np

    rng = np.random.default_rng([seed, *name.encode()])
    if kind == BASE:
        return Fraction(int(rng.integers(1, _OVER)), _OVER)
    if kind == SCALAR:
        return Fraction(int(rng.integers(1, _OVER + 1)) * int(rng.choice([-1, 1])), _OVER)
    if kind == EXPONENT:
        raise InputError(f"--constant: {name} is an exponent, which is not drawn; give it, as in --constant {name}=2")
    return _eighths(rng.integers(-_OVER, _OVER + 1, size=width if kind == VECTOR else (width, width)))


def drawn_first(width: int, inputs: int, seed: int) -> Any:
    """A matrix W_1, (width, inputs), of numbers k/8 from 0 to 1, so that positive inputs survive the first layer."""
    import numpy as np

    return _eighths(np.random.default_rng([seed, *b"W_1"]).integers(0, _OVER + 1, size=(width, inputs)))


def _eighths(integers: Any) -> Any:
    import numpy as np

    return np.vectorize(lambda k: Fraction(int(k), _OVER), otypes=[object])(integers)


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
