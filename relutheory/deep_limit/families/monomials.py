"""The scales n^-p r^n (log n)^k: how they compare, from where on they decrease, and bounds of their sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, fmpz

from relutheory.core.exact import to_fmpq


def _written(value: Fraction) -> str:
    """The number, or its size where it is long."""
    bits = value.numerator.bit_length(), value.denominator.bit_length()
    return str(value) if max(bits) <= 200 else f"{'-' if value < 0 else ''}2^{bits[0] - bits[1]}"


@dataclass(frozen=True)
class Base:
    """The number R^(1/d) e^a > 0 with R, a rational and d >= 1 as small as can be: two are equal only if all three are.

    (Where R^(1/d) e^a = S^(1/c) e^b with a != b, a power of e with a rational exponent other than 0 would be
    algebraic, which Hermite and Lindemann exclude.)
    """

    R: Fraction = Fraction(1)
    d: int = 1
    a: Fraction = Fraction(0)

    @classmethod
    def power(cls, R: Fraction, q: Fraction, a: Fraction = Fraction(0)) -> Base:
        """R^q e^a for rational R > 0 and rational q."""
        value, d = R**q.numerator, q.denominator
        for prime in _primes(d):
            while d % prime == 0 and (root := _exact_root(value, prime)) is not None:
                value, d = root, d // prime
        return cls(value, d, a) if value != 1 else cls(Fraction(1), 1, a)

    def times(self, other: Base, power: int = 1) -> Base:
        """The product with a whole power of another base."""
        d = math.lcm(self.d, other.d)
        value = self.R ** (d // self.d) * other.R ** (power * (d // other.d))
        return Base.power(value, Fraction(1, d), self.a + power * other.a)

    def to_the(self, q: Fraction) -> Base:
        """A rational power."""
        return Base.power(self.R, q / self.d, self.a * q)

    @property
    def is_one(self) -> bool:
        return self.R == 1 and self.a == 0

    def log(self) -> arb:
        """The logarithm, enclosed at the precision of flint's context; 0 only for the number 1."""
        return arb(to_fmpq(self.R)).log() / self.d + arb(to_fmpq(self.a))

    def sign(self) -> int:
        """The sign of the logarithm; 0 for the number 1.  Raises ArithmeticError where the precision does not tell."""
        if self.is_one:
            return 0
        if self.a == 0:
            return 1 if self.R > 1 else -1
        value = self.log()
        if value > 0:
            return 1
        if value < 0:
            return -1
        raise ArithmeticError("the base is too close to 1")


def _primes(d: int) -> list[int]:
    return [p for p in range(2, d + 1) if d % p == 0 and all(p % q for q in range(2, p))] if d <= 10**4 else []


def _exact_root(value: Fraction, p: int) -> Fraction | None:
    top, bottom = fmpz(value.numerator).root(p), fmpz(value.denominator).root(p)
    root = Fraction(int(top), int(bottom))
    return root if root**p == value else None


@dataclass(frozen=True)
class Monomial:
    """The function n^-p base^n (log n)^k of n >= 2, positive."""

    base: Base = Base()
    p: Fraction = Fraction(0)
    k: Fraction = Fraction(0)

    def times(self, other: Monomial, power: int = 1) -> Monomial:
        """The product with a whole power of another monomial."""
        return Monomial(self.base.times(other.base, power), self.p + power * other.p, self.k + power * other.k)

    def to_the(self, q: Fraction) -> Monomial:
        """A rational power."""
        return Monomial(self.base.to_the(q), self.p * q, self.k * q)

    @property
    def is_one(self) -> bool:
        return self == Monomial()

    def __str__(self) -> str:
        parts = [f"n^{_written(-self.p)}"] if self.p else []
        if not self.base.is_one:
            root = "" if self.base.d == 1 else f"^(1/{self.base.d})"
            value = [f"{_written(self.base.R)}{root}"] if self.base.R != 1 else []
            value += [f"e^{_written(self.base.a)}"] if self.base.a else []
            parts.append(f"({' '.join(value)})^n")
        parts += [f"(log n)^{self.k}"] if self.k else []
        return " ".join(parts) or "1"

    def direction(self) -> int:
        """-1 where it tends to 0 as n grows, 1 where to infinity, 0 for the constant 1."""
        for sign in (self.base.sign(), -_sign(self.p), _sign(self.k)):
            if sign:
                return sign
        return 0

    def at(self, n: int) -> arb:
        """The value at n >= 2 (n >= 1 where k = 0), enclosed."""
        value = arb(1)
        if not self.base.is_one:
            value *= arb(to_fmpq(self.base.R)) ** fmpz(n) if self.base.d == 1 else (self.base.log() * n).exp()
            if self.base.d == 1 and self.base.a:
                value *= (arb(to_fmpq(self.base.a)) * n).exp()
        if self.p:
            value *= arb(n) ** (fmpz(-self.p.numerator) if self.p.denominator == 1 else -arb(to_fmpq(self.p)))
        if self.k:
            value *= arb(n).log() ** arb(to_fmpq(self.k))
        return value

    def falls_from(self, n: int) -> bool:
        """Whether it is proved not to increase on [n, infinity), n >= 2.

        The derivative of its logarithm has the sign of -p + x log(base) + k / log x; the last two terms are largest at
        x = n where their coefficient is on the right side of 0, and at most 0 or growing without bound otherwise.
        """
        rate = self.base.log() if not self.base.is_one else arb(0)
        if rate > 0 or not (rate <= 0):
            return False
        value = -arb(to_fmpq(self.p)) + rate * n
        if self.k > 0:
            value += arb(to_fmpq(self.k)) / arb(n).log()
        return bool(value <= 0)

    def sum_from(self, first: int, step: int) -> arb | None:
        """An upper bound of the sum over n = first, first + step, ..., for first >= 2; None where none was found.

        Raises OverflowError where the sum is infinite.
        """
        direction = self.base.sign()
        if direction > 0 or (direction == 0 and (self.p < 1 or (self.p == 1 and self.k >= -1))):
            raise OverflowError("the sum is infinite")
        return self._power_log_sum(first, step) if direction == 0 else self._geometric_sum(first, step)

    def _power_log_sum(self, first: int, step: int) -> arb | None:
        """Base 1: a zeta function, or the first term and an integral of a decreasing function."""
        p, k = arb(to_fmpq(self.p)), arb(to_fmpq(self.k))
        if self.k == 0 and self.p < 64:
            value = p.zeta(arb(first) / step) / arb(step) ** p
            if value.is_finite() and value.rel_accuracy_bits() > 16:
                return value
        if not self.falls_from(first):
            return None
        log = arb(first).log()
        if self.p == 1:
            integral = log ** (k + 1) / -(k + 1)
        elif self.k == 0:
            integral = arb(first) ** (1 - p) / (p - 1)
        else:
            integral = ((p - 1) * log).gamma_upper(k + 1) / (p - 1) ** (k + 1)
        return _finite(self.at(first) + integral / step)

    def _geometric_sum(self, first: int, step: int) -> arb | None:
        """Base below 1: by the largest quotient of two terms, or by an integral, whichever is less."""
        quotient = (self.base.log() * step).exp()
        if self.p < 0:
            quotient *= (1 + arb(step) / first) ** -arb(to_fmpq(self.p))
        if self.k > 0:
            quotient *= (arb(first + step).log() / arb(first).log()) ** arb(to_fmpq(self.k))
        bounds = []
        if quotient < 1:
            bounds.append(_finite(self.at(first) / (1 - quotient)))
        if self.p or self.k:
            bounds.append(self._gamma_sum(first, step))
        found = [bound for bound in bounds if bound is not None]
        return min(found, key=lambda bound: bound.upper()) if found else None  # type: ignore[arg-type,return-value]

    def _gamma_sum(self, first: int, step: int) -> arb | None:
        """The largest term and an integral: x^-p e^(-cx) rises at most once and then falls.

        (log x)^k is at most (log first)^k where k < 0; where k > 0, at most (log first)^k (x / first)^(k/2), because
        log x / x^(1/2) falls from e^2 on.
        """
        if self.k > 0 and first < 8:
            return None
        p, c = arb(to_fmpq(self.p)), -self.base.log()
        factor = arb(first).log() ** arb(to_fmpq(self.k)) if self.k else arb(1)
        if self.k > 0:
            half = arb(to_fmpq(self.k)) / 2
            p, factor = p - half, factor / arb(first) ** half
        integral = c ** (p - 1) * (c * first).gamma_upper(1 - p)
        top = (-p / c).max(arb(first))
        largest = top ** (-p) * (-c * top).exp()
        return _finite(factor * (integral / step + largest))


def _finite(value: arb) -> arb | None:
    return value if value.is_finite() else None


def _sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)
