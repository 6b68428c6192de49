"""Vectors of rationals: 64-bit numerators over one denominator where these fit, flint's rationals where they do not.

A sawtooth of 2^20 teeth lives in the first form and costs what arrays of integers cost; breakpoints with unrelated
denominators, as those of a trained network, live in the second.  Every operation checks sizes first and changes to the
second form where the first could overflow, so that results are exact in both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.core.exact import Number, nearest_float, rational, to_fmpq
from relutheory.univariate import merging, numerators
from relutheory.univariate.merging import objects
from relutheory.univariate.numerators import ROOM, largest


class Rationals:
    """A frozen vector of rationals, num / den entry by entry.

    num : (k,) int64 array; or object array of flint rationals, with den = 1.  den : positive int.  Make one with `of`.
    Operations are entry by entry; a vector of length 1 goes with every length.

    >>> a = Rationals.of([1, "1/2", 0.25])
    >>> (a * a + a).fractions()
    (Fraction(2, 1), Fraction(3, 4), Fraction(5, 16))
    """

    def __init__(self, num: np.ndarray, den: int = 1) -> None:
        self.num = num
        self.den = den

    @classmethod
    def of(cls, values: Any, name: str = "values") -> Rationals:
        """The numbers of an array or sequence, exactly.  Raises InputError for what is no finite number."""
        if isinstance(values, np.ndarray) and values.dtype.kind == "i" and values.ndim == 1:
            return cls(values.astype(np.int64)) if largest(values) < ROOM else cls._wide(map(fmpq, values.tolist()))
        floats = isinstance(values, np.ndarray) and values.dtype == np.float64 and values.ndim == 1
        if floats and np.isfinite(values).all():
            return cls._of_floats(values)
        return cls.of_fractions([rational(v, f"{name}[{i}]") for i, v in enumerate(values)])

    @classmethod
    def of_fractions(cls, values: list[Fraction]) -> Rationals:
        """The same for Fractions."""
        narrow = numerators.of_fractions(values)
        return cls(*narrow) if narrow is not None else cls._wide(map(to_fmpq, values))

    @classmethod
    def _of_floats(cls, values: np.ndarray) -> Rationals:
        narrow = numerators.of_floats(values)
        return cls(*narrow) if narrow is not None else cls._wide(fmpq(*v.as_integer_ratio()) for v in values.tolist())

    @classmethod
    def _wide(cls, values: Iterable[fmpq]) -> Rationals:
        return cls(objects(list(values)))

    @property
    def wide(self) -> bool:
        """Whether the entries are flint rationals."""
        return self.num.dtype == object

    def __len__(self) -> int:
        return len(self.num)

    def __getitem__(self, index: Any) -> Rationals:
        """The entries of a slice, a mask or an array of indices."""
        return Rationals(self.num[index], self.den)

    def at(self, i: int) -> Fraction:
        """Entry i."""
        v = self.num[i]
        return Fraction(int(v.p), int(v.q)) if self.wide else Fraction(int(v), self.den)

    def fractions(self) -> tuple[Fraction, ...]:
        """All entries."""
        if self.wide:
            return tuple(Fraction(int(v.p), int(v.q)) for v in self.num.tolist())
        return tuple(Fraction(v, self.den) for v in self.num.tolist())

    def floats(self) -> np.ndarray:
        """(k,) float64, each the nearest to its entry; infinities beyond the range."""
        if self.wide:
            return np.array([nearest_float(v) for v in self.fractions()], dtype=np.float64)
        return numerators.floats(self.num, self.den)

    @cached_property
    def _largest(self) -> int:
        return largest(self.num)

    def reduced(self) -> Rationals:
        """The same numbers over the least denominator."""
        return self if self.wide or self.den == 1 else Rationals(*numerators.reduced(self.num, self.den))

    def flint(self) -> np.ndarray:
        """The entries as flint rationals, in an object array."""
        if self.wide:
            return self.num
        den, entries = self.den, self.num.reshape(-1).tolist()
        return objects([fmpq(v, den) for v in entries]).reshape(self.num.shape)

    def __add__(self, other: Rationals) -> Rationals:
        (a, b), den = aligned(self, other)
        return Rationals(a + b, den)

    def __sub__(self, other: Rationals) -> Rationals:
        (a, b), den = aligned(self, other)
        return Rationals(a - b, den)

    def __neg__(self) -> Rationals:
        return Rationals(-self.num, self.den)

    def __mul__(self, other: Rationals) -> Rationals:
        if not self.wide and not other.wide:
            for again in (False, True):
                a, b = (self.reduced(), other.reduced()) if again else (self, other)
                if a._largest * b._largest < ROOM:
                    return Rationals(a.num * b.num, a.den * b.den)
        return Rationals(self.flint() * other.flint())

    def __truediv__(self, other: Rationals) -> Rationals:
        """Quotients, where no entry of `other` is 0."""
        wide = self.wide or other.wide
        narrow = None if wide else numerators.quotients((self.num, self.den), (other.num, other.den))
        return Rationals(self.flint() / other.flint()) if narrow is None else Rationals(*narrow)

    def times_matrix(self, weight: Rationals, flint: fmpq_mat) -> Rationals:
        """The rows v of this (k, n) array as W v, (k, m).  weight : W, (m, n).  flint : the same as a matrix."""
        if not self.wide and not weight.wide:
            sums = int(np.abs(weight.num).sum(axis=1, dtype=np.float64).max(initial=0.0) * (1 + 2.0**-40)) + 1
            for again in (False, True):
                values = self.reduced() if again else self
                if values._largest * sums < ROOM:
                    return Rationals(values.num @ weight.num.T, values.den * weight.den)
        k, n = self.num.shape
        product = fmpq_mat(k, n, self.flint().reshape(-1).tolist()) * flint.transpose()
        return Rationals(objects(product.entries()).reshape(k, len(weight)))

    def reshaped(self, shape: tuple[int, ...]) -> Rationals:
        """The same entries in another shape."""
        return Rationals(self.num.reshape(shape), self.den)

    def order(self) -> np.ndarray:
        """The indices of the entries in increasing order."""
        if not self.wide:
            return np.argsort(self.num, kind="stable")
        entries = self.num.tolist()
        return np.array(sorted(range(len(entries)), key=entries.__getitem__), dtype=np.int64)

    def signs(self) -> np.ndarray:
        """(k,) int8: -1, 0 or 1."""
        if self.wide:
            # comparing the integers with one another takes a fraction of comparing rationals with 0
            heads = [v.p for v in self.num.ravel().tolist()]
            return np.array([(p > 0) - (p < 0) for p in heads], np.int8).reshape(self.num.shape)
        return (self.num > 0).astype(np.int8) - (self.num < 0).astype(np.int8)

    def below(self, points: Rationals, *, strictly: bool = False) -> np.ndarray:
        """(j,) how many of these numbers, which increase, are <= each point; < where `strictly`."""
        if len(points) == 1 and not self.wide:  # without a look at all entries
            units = points.at(0) * self.den
            whole = min(max(math.ceil(units) if strictly else math.floor(units), -ROOM * 2), ROOM * 2 - 1)
            return np.searchsorted(self.num, np.array([whole]), side="left" if strictly else "right")
        (a, b), _ = aligned(self, points)
        return merging.ranks(a, b, strictly=strictly)

    def with_zeros(self, where: np.ndarray) -> Rationals:
        """The same with 0 where the mask says so."""
        num = self.num.copy()
        num[where] = fmpq(0) if self.wide else 0
        return Rationals(num, self.den)

    def magnitudes(self) -> Rationals:
        """The absolute values."""
        return Rationals(np.where(self.num < 0, -self.num, self.num), self.den)

    def least(self) -> Fraction:
        """The least entry."""
        return Rationals._wide([min(self.num.tolist())]).at(0) if self.wide else Fraction(int(self.num.min()), self.den)

    def greatest(self) -> Fraction:
        """The greatest entry."""
        return -(-self).least()

    def total(self) -> Fraction:
        """The sum of all entries, by halves: denominators grow as late as they can."""
        if not self.wide:
            return Fraction(sum(self.num.tolist()), self.den)
        terms = self.num
        while len(terms) > 1:
            half = len(terms) // 2
            terms = np.concatenate([terms[:half] + terms[half : 2 * half], terms[2 * half :]])
        return Rationals(terms).at(0) if len(terms) else Fraction(0)


def aligned(*vectors: Rationals) -> tuple[list[np.ndarray], int]:
    """The numerators of vectors over a common denominator, and the denominator; flint rationals and 1 if need be."""
    if not any(v.wide for v in vectors):
        for again in (False, True):
            given = [v.reduced() for v in vectors] if again else vectors
            den = math.lcm(*(v.den for v in given))
            factors = [den // v.den for v in given]
            if all(v._largest * factor < ROOM for v, factor in zip(given, factors, strict=True)):
                pairs = zip(given, factors, strict=True)
                # a factor beyond 64 bits goes with zeros only
                return [v.num if f == 1 or not v._largest else v.num * f for v, f in pairs], den
    return [v.flint() for v in vectors], 1


def joined(*vectors: Rationals) -> Rationals:
    """The vectors one after the other."""
    parts, den = aligned(*vectors)
    return Rationals(np.concatenate(parts), den)


def placed(size: int, *parts: tuple[np.ndarray, Rationals]) -> Rationals:
    """The vector of `size` entries that has those of each part at the places given with it."""
    numbers, den = aligned(*(vector for _, vector in parts))
    num = np.empty((size, *numbers[0].shape[1:]), dtype=numbers[0].dtype)
    for (places, _), entries in zip(parts, numbers, strict=True):
        num[places] = entries
    return Rationals(num, den)


def union(first: Rationals, second: Rationals) -> Rationals:
    """The entries of two increasing vectors in increasing order, each once."""
    (a, b), den = aligned(first, second)
    return Rationals(merging.union(a, b), den)


def scalar(value: Number) -> Rationals:
    """One number as a vector of length 1."""
    return Rationals.of_fractions([rational(value)])
