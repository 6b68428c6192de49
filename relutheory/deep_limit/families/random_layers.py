"""Families of random layers whose norms decay as declared, reproducible layer by layer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq, fmpq_mat, fmpz

from relutheory.core.errors import reject
from relutheory.core.exact import rational, to_fmpq
from relutheory.deep_limit.families.monomials import Monomial
from relutheory.deep_limit.families.rules import WEIGHTS, Rule, Tail
from relutheory.deep_limit.families.separated import identity

_BITS = 20  # of a random entry before it is scaled
_MANTISSA = 24  # bits of the scale: an entry of P_n has at most 45 and is a float64 unless it underflows


class Decay:
    """The bound of layer n: scale * n^-power, or scale * ratio^n."""

    def __init__(self, scale: Fraction, power: Fraction | None, ratio: Fraction | None) -> None:
        self.scale, self.power, self.ratio = scale, power, ratio

    def ball(self, n: int) -> arb:
        """The bound at n, enclosed."""
        if self.ratio is not None:
            return arb(to_fmpq(self.scale)) * arb(to_fmpq(self.ratio)) ** fmpz(n)
        assert self.power is not None
        return arb(to_fmpq(self.scale)) * arb(n) ** (-arb(to_fmpq(self.power)))

    def tail(self, after: int, rows: int) -> Tail:
        """The sum over i > after of norms that are at most the bounds and at least the bounds / (2 rows)."""
        if self.scale == 0:
            return Tail.finite(arb(0), "finite", "every term is zero")
        if self.ratio is not None:
            q = arb(to_fmpq(self.ratio))
            return Tail.finite(self.ball(after + 1) / (1 - q), "geometric", f"norms at most {self} by construction")
        assert self.power is not None
        if self.power > 1:
            total = Monomial(p=self.power).sum_from(after + 1, 1)
            assert total is not None  # n^-p falls
            return Tail.finite(arb(to_fmpq(self.scale)) * total, "integral", f"norms at most {self} by construction")
        return Tail.infinite("integral", f"norms at least ({self}) / {2 * rows} by construction")

    def __str__(self) -> str:
        front = "" if self.scale == 1 else f"{self.scale} "
        return f"{front}({self.ratio})^n" if self.ratio is not None else f"{front}n^-{self.power}"


class RandomRule(Rule):
    """W_n = I + P_n and b_n with independent random entries, scaled to the declared norms.

    The entries of layer n come from SeedSequence(seed, spawn_key=(n,)): whole numbers from -2^20 to 2^20, uniform.
    P_n is scaled so that the larger of |P_n|_1 and |P_n|_inf is at most the bound, and at least half of it; so
    |P_n|_2 <= (|P_n|_1 |P_n|_inf)^(1/2) is at most the bound too, and no norm is less than the bound / (2 m).
    b_n is scaled in the same way by |b_n|_1, the largest of its three norms.
    """

    def __init__(self, width: int, inputs: int, weights: Decay, biases: Decay, seed: int) -> None:
        self.m, self.inputs, self.weights, self.biases, self.seed = width, inputs, weights, biases, seed

    def width(self, n: int) -> int:
        return self.m if n else self.inputs

    def _drawn(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Whole numbers for W_n (or P_n) and b_n."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(n,)))
        columns = self.inputs if n == 1 else self.m
        most = 1 << _BITS
        W = rng.integers(-most, most, size=(self.m, columns), endpoint=True)
        b = rng.integers(-most, most, size=self.m, endpoint=True)
        for entries in (W, b):  # never all zero, so that the norms stay above half of the bound
            if not entries.any():
                entries.flat[0] = most
        return W, b

    def _scaled(self, n: int) -> tuple[np.ndarray, tuple[int, int], np.ndarray, tuple[int, int]]:
        """The whole numbers of the layer, each with (mantissa, exponent) of its scale."""
        W, b = self._drawn(n)
        size = np.abs(W)
        largest = max(int(size.sum(axis=0).max()), int(size.sum(axis=1).max()))
        scale = (1, -_BITS) if n == 1 else _below(self.weights, n, largest)
        return W, scale, b, _below(self.biases, n, int(np.abs(b).sum()))

    def exact(self, n: int) -> tuple[fmpq_mat, fmpq_mat]:
        W, weight_scale, b, bias_scale = self._scaled(n)
        P = _exact(W, weight_scale)
        return (P if n == 1 else P + identity(self.m, self.m)), _exact(b[:, None], bias_scale)

    def floats(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        W, (s, e), b, (t, f) = self._scaled(n)
        P = np.ldexp((W * s).astype(np.float64), max(e, -4000))
        if n > 1:
            P.flat[:: self.m + 1] += 1.0  # one rounding: the float64 nearest to 1 + p
        return P, np.ldexp((b * t).astype(np.float64), max(f, -4000))

    def tail(self, what: str, n: int, norm: str) -> Tail:
        if what == WEIGHTS:
            return self.weights.tail(max(n, 1), self.m)
        return self.biases.tail(n, self.m)


def _below(decay: Decay, n: int, largest: int) -> tuple[int, int]:
    """(s, e) with s 2^e * largest at most the bound of layer n, and at least half of it; s has 24 bits at most."""
    with ctx.workprec(64):
        bound = (decay.ball(n) / largest).lower()
    if bound == 0:
        return 0, 0
    mantissa, exponent = (int(v) for v in bound.man_exp())
    shift = mantissa.bit_length() - _MANTISSA
    return (mantissa >> shift, exponent + shift) if shift > 0 else (mantissa, exponent)


def _exact(whole: np.ndarray, scale: tuple[int, int]) -> fmpq_mat:
    s, e = scale
    unit = fmpq(s) * (fmpq(fmpz(2) ** e) if e >= 0 else fmpq(1, fmpz(2) ** -e))
    rows, columns = whole.shape
    return fmpq_mat(rows, columns, whole.ravel().tolist()) * unit


def decay(scale: Any, power: Any, ratio: Any, prefix: str) -> Decay:
    """The declared decay, its arguments checked; `prefix` stands before their names in messages."""
    factor = rational(scale, f"{prefix}scale")
    if factor < 0:
        reject(f"{prefix}scale", scale, "must be a number >= 0")
    if (power is None) == (ratio is None):
        reject(f"{prefix}power", power, f"must be given, or else {prefix}ratio, and not both")
    if ratio is not None:
        q = rational(ratio, f"{prefix}ratio")
        if not 0 < q < 1:
            reject(f"{prefix}ratio", ratio, "must be between 0 and 1")
        return Decay(factor, None, q)
    p = rational(power, f"{prefix}power")
    if p <= 0:
        reject(f"{prefix}power", power, "must be positive")
    return Decay(factor, p, None)
