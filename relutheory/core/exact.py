"""Numbers as they were given: one exact view and one float64 view of the same rationals."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from numbers import Rational
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpz

from relutheory.core.errors import InputError, reject

_EXPONENT_DIGITS = 5  # of a decimal string: longer ones stand for numbers that fill the memory
Number = Any  # int, float, Fraction, "p/q", numpy scalar, fmpz or fmpq


def rational(value: Number, name: str = "value") -> Fraction:
    """The rational number that `value` is: floats are read as the binary fractions they are.

    value : int, float (finite), Fraction, string "p/q" or decimal string, numpy scalar, flint fmpz or fmpq.
    Raises InputError for NaN, infinities, booleans and anything else.

    >>> rational("1/3"), rational(0.5), rational(2)
    (Fraction(1, 3), Fraction(1, 2), Fraction(2, 1))
    """
    if isinstance(value, np.generic) or is_scalar_array(value):
        value = value.item()
    if isinstance(value, bool):
        reject(name, value, "must be a number, not a boolean")
    if isinstance(value, float):
        if not math.isfinite(value):
            reject(name, value, "must be finite")
        return Fraction(value)
    if isinstance(value, (int, Rational)):
        return Fraction(value)
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, fmpz):
        return Fraction(int(value))
    if isinstance(value, str):
        exponent = re.search(r"[eE][+-]?0*(\d+)", value)
        if exponent is not None and len(exponent[1]) > _EXPONENT_DIGITS:
            reject(name, value, f"must have an exponent of at most {_EXPONENT_DIGITS} digits")
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            reject(name, value, 'must be a rational like "p/q" or a decimal')
    reject(name, value, "must be an int, a float, a Fraction or a string p/q")


def is_scalar_array(value: Any) -> bool:
    """Whether this is a number in the form of an array without dimensions."""
    return isinstance(value, np.ndarray) and value.ndim == 0


def allow_digits(*numbers: Fraction | int) -> None:
    """Make str() of these numbers, and reading them back, work.

    Python refuses integers of over 4300 digits until told otherwise; the orthogonal vector of a layer of width 500
    needs 10000, and a number that cannot be printed or read is of no use as a witness.
    """
    bits = max((max(v.numerator.bit_length(), v.denominator.bit_length()) for v in numbers), default=0)
    digits = int(bits * 0.30103) + 2
    limit = sys.get_int_max_str_digits()
    if limit and digits > limit:
        sys.set_int_max_str_digits(digits)


def to_fmpq(value: Fraction) -> fmpq:
    """The same rational as a flint number."""
    return fmpq(value.numerator, value.denominator)


def nearest_float(value: Fraction) -> float:
    """The float64 nearest to `value`; beyond its range, an infinity of the right sign.

    >>> nearest_float(Fraction(10) ** 400)
    inf
    """
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _array_of(values: Any, name: str, ndim: int) -> np.ndarray:
    """`values` as a numpy array of `ndim` dimensions: float64, int64 or object, entries unchanged."""
    if isinstance(values, fmpq_mat):
        values = values.tolist()
    if hasattr(values, "detach"):  # a torch tensor, without importing torch
        values = values.detach().cpu().numpy()
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        array = values.astype(np.float64)  # float16 and float32 are exact in float64
        if values.dtype.itemsize > 8 and not np.array_equal(array.astype(values.dtype), values):
            reject(name, values.dtype.name, "must fit float64; give longer numbers as Fractions")
    elif isinstance(values, np.ndarray) and values.dtype.kind in "iuO":
        array = values
    elif isinstance(values, np.ndarray):
        reject(name, values.dtype.name, "must be an array of numbers")
    else:
        array = _object_array(values, name)
    if array.ndim != ndim:
        reject(name, f"array of shape {array.shape}", f"must have {ndim} dimension{'s' if ndim > 1 else ''}")
    return array


def _object_array(values: Any, name: str) -> np.ndarray:
    """Nested sequences as an object array; ragged ones are refused."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable) or is_scalar_array(values):
        reject(name, values, "must be an array or nested sequences of numbers")
    rows = list(values)
    lengths = {len(row) if isinstance(row, (Sequence, np.ndarray)) and not isinstance(row, str) else -1 for row in rows}
    if len(lengths) > 1:
        raise InputError(f"{name}: rows must all have the same length")
    return np.array(rows, dtype=object)


class RationalArray:
    """A frozen vector or matrix of rationals, with a float64 view of the same numbers.

    Give float64, int, Fraction or "p/q" entries; nested lists or arrays.  `shape` is a tuple, `floats` a read-only
    float64 array (each entry the float nearest to the rational), `floats_exact` says whether the two views are equal
    entry by entry, `fmpq` is the flint matrix (a vector is one column).

    >>> a = RationalArray([["1/3", 0.5], [2, 0]], "W", ndim=2)
    >>> a.shape, a[0, 0], a.floats[0, 1], a.floats_exact
    ((2, 2), Fraction(1, 3), np.float64(0.5), False)
    """

    def __init__(self, values: Any, name: str = "array", *, ndim: int) -> None:
        array = _array_of(values, name, ndim)
        self.name = name
        self.shape: tuple[int, ...] = array.shape
        if array.dtype.kind == "f":
            bad = np.argwhere(~np.isfinite(array))
            if len(bad):
                where = ",".join(map(str, bad[0].tolist()))
                reject(f"{name}[{where}]", float(array[tuple(bad[0])]), "must be finite")
            self.floats = np.array(array, order="C")
            self.floats_exact = True
            self._given: np.ndarray | None = None
        else:
            given = np.empty(array.shape, dtype=object)
            for index in np.ndindex(*array.shape):
                given[index] = rational(array[index], f"{name}[{','.join(map(str, index))}]")
            floats = [nearest_float(v) for v in given.flat]
            self.floats = np.array(floats, dtype=np.float64).reshape(array.shape)
            self.floats_exact = all(math.isfinite(f) and v == f for f, v in zip(floats, given.flat, strict=True))
            self._given = None if self.floats_exact else given
        self.floats.setflags(write=False)

    def __getitem__(self, index: Any) -> Fraction:
        value = (self.floats if self._given is None else self._given)[index]
        return rational(value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RationalArray) or self.shape != other.shape:
            return False
        if self.floats_exact and other.floats_exact:
            return bool(np.array_equal(self.floats, other.floats))
        return bool(self.fractions() == other.fractions())

    __hash__ = None  # type: ignore[assignment]  # equal arrays may be large: hashing them would surprise

    def __getstate__(self) -> dict[str, Any]:
        # flint matrices cannot be pickled; they are made again where they are needed
        return {name: value for name, value in self.__dict__.items() if name != "fmpq"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.floats.setflags(write=False)

    def fractions(self) -> list[Any]:
        """The entries as (nested) lists of Fractions."""
        if self._given is not None:
            return self._given.tolist()
        if self.floats.ndim == 1:
            return [Fraction(v) for v in self.floats.tolist()]
        return [[Fraction(v) for v in row] for row in self.floats.tolist()]

    def row(self, i: int) -> list[Fraction]:
        """Row i of a matrix."""
        source = self.floats if self._given is None else self._given
        return [Fraction(v) for v in source[i].tolist()]

    @cached_property
    def fmpq(self) -> fmpq_mat:
        rows, columns = self.shape if len(self.shape) == 2 else (self.shape[0], 1)
        source = (self.floats if self._given is None else self._given).ravel().tolist()
        return fmpq_mat(rows, columns, [fmpq(*v.as_integer_ratio()) for v in source])


def integer_rows(*blocks: RationalArray) -> list[list[int]]:
    """The rows of [block_1 | block_2 | ...], each multiplied by a positive number that makes it integer.

    A vector counts as one column.  Directions and signs are those of the given rows; a zero row stays zero.

    >>> integer_rows(RationalArray([[0.5, 2], [0, 0]], ndim=2))
    [[1, 4], [0, 0]]
    """
    if all(block.floats_exact for block in blocks):
        return _dyadic_rows(np.column_stack([block.floats for block in blocks]))
    out = []
    for i in range(blocks[0].shape[0]):
        row: list[Fraction] = []
        for block in blocks:
            row += block.row(i) if len(block.shape) == 2 else [block[i]]
        out.append(primitive(row))
    return out


def odd_parts(floats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each float as k * 2^e with k an odd integer (or 0 with e = 0): (int64 array k, int64 array e).

    >>> odd_parts(np.array([0.75, 4.0, 0.0]))
    (array([3, 1, 0]), array([-2,  2,  0]))
    """
    mantissa, exponent = np.frexp(floats)
    k = (mantissa * 2.0**53).astype(np.int64)
    lowest = np.where(k == 0, 1, k & -k)
    shift = np.frexp(lowest.astype(np.float64))[1].astype(np.int64) - 1
    return k >> shift, np.where(k == 0, 0, exponent.astype(np.int64) - 53 + shift)


def _dyadic_rows(floats: np.ndarray) -> list[list[int]]:
    k, e = odd_parts(floats)
    if floats.size == 0:
        return [[] for _ in floats]
    e = e - np.where(k == 0, np.iinfo(np.int64).max, e).min(axis=1, keepdims=True, initial=np.iinfo(np.int64).max)
    e[k == 0] = 0
    return [[a << s for a, s in zip(*row, strict=True)] for row in zip(k.tolist(), e.tolist(), strict=True)]


def primitive(row: Sequence[Fraction | int]) -> list[int]:
    """`row` times the positive rational that makes it integer with greatest common divisor 1.

    >>> primitive([Fraction(1, 2), Fraction(-3, 4)])
    [2, -3]
    """
    denominator = math.lcm(*(v.denominator for v in row)) if row else 1
    integers = [v.numerator * (denominator // v.denominator) for v in row]
    divisor = math.gcd(*integers) if integers else 0
    return [v // divisor for v in integers] if divisor > 1 else integers
