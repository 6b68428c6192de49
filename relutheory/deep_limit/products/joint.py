"""Products J_L W_L ... J_1 W_1 over all activation choices at once: the largest norm, and norms common to all.

For other rooms of this package:

* `largest_product(layers, norm) -> LargestProduct`: the maximum over all 0/1 diagonal matrices, for few and narrow
  layers.
* `common_norm(matrices, kind=None) -> CommonNorm`: one norm in which every J W is at most `.rho`, for any depth.  With
  `.contractive is Verdict.HOLDS` (rho < 1), `.norm_of(P)` bounds J P in the same norm for every J and `.factor("inf")`
  is a C with norm(J P) <= C |P|_inf; so W_n = W + P_n is contractive as soon as norm_of(P_n) < 1 - rho.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq_mat

from relutheory.core.errors import check_limit, reject
from relutheory.core.exact import RationalArray, rational
from relutheory.core.roots import root
from relutheory.core.verdict import Enclosure, NotABool, Rigor
from relutheory.deep_limit.families.layer_sequence import check_norm
from relutheory.deep_limit.products.common_norms import CommonNorm, common_norm
from relutheory.deep_limit.products.largest_rows import largest_rows
from relutheory.deep_limit.products.largest_spectral import largest_norm

__all__ = ["CommonNorm", "LargestProduct", "common_norm", "largest_product"]

Bits = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LargestProduct(NotABool):
    """The largest norm of J_L W_L ... J_1 W_1 over all 0/1 diagonal matrices J_1, ..., J_L.

    norm : "1", "2" or "inf".  value : an `Enclosure` of the maximum; exact for the norms 1 and inf of a finished
    search.  patterns : the diagonals of J_1, ..., J_L of a product whose norm is at least value.lo.  finished : False
    where the time ran out, and the enclosure is what was known by then.
    """

    norm: str
    value: Enclosure
    patterns: tuple[Bits, ...]
    finished: bool

    _hint = "it is a number between two bounds, .value"


def largest_product(layers: Iterable[Any], norm: str = "inf", *, time_limit: float | None = 60.0) -> LargestProduct:
    """The largest norm of J_L W_L ... J_1 W_1 over all choices of 0/1 diagonal matrices, by branch and bound.

    layers : W_1, ..., W_L, each (m_k, m_{k-1}) exact numbers or a `ReLULayer` (its weight is used).  norm : the induced
    norm "1", "2" or "inf".  time_limit : seconds, or None; what is known by then is returned as bounds that hold.
    The effort grows like 2^(m_1 + ... + m_{L-1}) at worst.  Returns a `LargestProduct`.  Raises InputError for an
    unknown norm, no layers, NaN, and layers that do not fit.

    >>> found = largest_product([[[1, 1], [-1, -1]], [[1, 1]]])
    >>> found.value.lo, found.patterns
    (Fraction(2, 1), ((1, 0), (1,)))
    """
    check_norm(norm)
    limit = check_limit("time_limit", time_limit)
    weights = chain(layers)
    deadline = math.inf if limit is None else time.monotonic() + limit
    if norm == "2":
        spectral = largest_norm([W.fmpq for W in weights], deadline)
        low, high = root(rational(spectral.lower)), root(rational(spectral.upper))
        rigor = Rigor.EXACT if low.lo == high.hi else Rigor.ENCLOSED
        value = Enclosure(lo=low.lo, hi=high.hi, rigor=rigor)
        bits, finished = spectral.bits, spectral.finished
    else:
        value, bits = _by_rows([W.fmpq for W in weights], norm, deadline)
        finished = value.lo == value.hi
    last = (1,) * weights[-1].shape[0]
    return LargestProduct(norm=norm, value=value, patterns=(*bits, last), finished=finished)


def chain(layers: Iterable[Any]) -> list[RationalArray]:
    """The weights of the layers as exact arrays; InputError where they do not fit."""
    if isinstance(layers, (str, bytes)) or not isinstance(layers, Iterable):
        reject("layers", layers, "must be a list of matrices or of ReLULayer objects")
    weights: list[RationalArray] = []
    for i, layer in enumerate(layers):
        given = getattr(layer, "weight", layer)
        W = given if isinstance(given, RationalArray) else RationalArray(given, f"layers[{i}]", ndim=2)
        if 0 in W.shape:
            reject(f"layers[{i}]", f"array of shape {W.shape}", "must have at least one row and one column")
        if weights and W.shape[1] != weights[-1].shape[0]:
            reject(f"layers[{i}]", f"array of shape {W.shape}", f"must have {weights[-1].shape[0]} columns")
        weights.append(W)
    if not weights:
        reject("layers", [], "must not be empty")
    return weights


def _by_rows(weights: list[fmpq_mat], norm: str, deadline: float) -> tuple[Enclosure, tuple[Bits, ...]]:
    """The norm inf by rows; the norm 1 is the norm inf of the transposed product, layers in reverse order."""
    if norm == "1":
        weights = [W.transpose() for W in reversed(weights)]
    scaled, unit = [], Fraction(1)
    for W in weights:
        integers, denominator = W.numer_denom()
        scaled.append([[int(v) for v in row] for row in integers.tolist()])
        unit /= int(denominator)
    rows = largest_rows(scaled, deadline)
    best = max(rows, key=lambda row: row.lower)
    lower, upper = best.lower * unit, max(row.upper for row in rows) * unit
    rigor = Rigor.EXACT if lower == upper else Rigor.ENCLOSED
    bits = best.bits if norm == "1" else best.bits[::-1]
    return Enclosure(lo=lower, hi=upper, rigor=rigor), bits
