"""Networks made for one function, of growing size and falling error: polynomials, analytic functions, Takagi's."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np

from relutheory.core.errors import InputError
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.constructions.result import EXACT, Construction
from relutheory.univariate.deadlines import Deadline
from relutheory.univariate.series import polynomial_coefficients, quadratic_depth, quadratic_network
from relutheory.univariate.targets import Target

_MOST = 2**14  # members of a family that are tried
_MOST_OF_SIZE = 400  # where only the size counts: their errors are far below what floats tell from 0


class Family:
    """Networks n = 1, 2, ... for one function.

    make : n -> the n-th one, None from where there are none.  within_error : a goal -> a network that is so close,
    made for this goal; without it, the first of the networks is taken that is.
    """

    def __init__(
        self,
        make: Callable[[int], Construction | None],
        within_error: Callable[[Fraction], Construction | None] | None = None,
    ) -> None:
        self._make = make
        self._within_error = within_error
        self.member = lru_cache(maxsize=None)(self._member)

    def _member(self, n: int) -> Construction | None:
        return _made(lambda: self._make(n))

    def of_size(self, budget: int, deadline: Deadline) -> Construction | None:
        """The last network with at most so many parameters, None where there is none."""
        n = self._last(lambda made: made.parameters <= budget, _MOST_OF_SIZE, deadline)
        return self.member(n) if n else None

    def so_close(self, goal: Fraction, deadline: Deadline) -> Construction | None:
        """The first network whose proved error is at most the goal, None where none is found."""
        within = self._within_error
        if within is not None:
            made = _made(lambda: within(goal))
        else:
            made = self.member(self._last(lambda made: as_enclosure(made).hi > goal, _MOST, deadline) + 1)
        return made if made is not None and as_enclosure(made).hi <= goal else None

    def _last(self, holds: Callable[[Construction], bool], most: int, deadline: Deadline) -> int:
        """The last n <= most for which a condition holds that holds up to some n; 0 where it does not for n = 1."""

        def fits(n: int) -> bool:
            if n > most or (n > 1 and not deadline.allows()):
                return False
            made = self.member(n)
            return made is not None and holds(made)

        low, high = 0, 1
        while low < most and fits(high):
            low, high = high, min(2 * high, most + 1)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low


def family_for(target: Target) -> Family | None:
    """The networks made for a target: its own, or those for polynomials of degree 2 to 12 and analytic functions.

    >>> from relutheory.univariate.targets import as_target
    >>> exponential = family_for(as_target("exp(x)"))
    >>> made = exponential.of_size(500, Deadline())
    >>> made.parameters <= 500, made.error < Fraction(1, 10), family_for(as_target("abs(x)")) is None
    (True, True, True)
    """
    if target.deep is not None:
        return Family(target.deep)
    if target.expression is None:
        return None
    coefficients = polynomial_coefficients(target)
    if coefficients is None:
        return _analytic(target)
    if len(coefficients) < 3:
        return None  # a line is a spline
    if len(coefficients) == 3:
        c, b, a = coefficients
        return Family(
            lambda depth: quadratic_network(a, b, c, depth),
            lambda goal: quadratic_network(a, b, c, quadratic_depth(a, goal)),
        )
    from relutheory.univariate.constructions.polynomials import polynomial_network

    size = _power_above(sum(map(abs, coefficients), Fraction(0)))
    return Family(
        lambda n: polynomial_network(coefficients, size / 2**n), lambda goal: polynomial_network(coefficients, goal)
    )


def _analytic(target: Target) -> Family | None:
    """The networks by Chebyshev polynomials, None for functions that are not known to be analytic near [0, 1]."""
    from relutheory.univariate.constructions.polynomials import analytic_network

    f = target.expression
    largest = Fraction(float(np.abs(target.floats(np.linspace(0, 1, 101))).max()))
    if not largest:
        return None
    size = _power_above(largest)
    family = Family(lambda n: analytic_network(f, size / 2**n), lambda goal: analytic_network(f, goal))
    return family if family.member(1) is not None else None


def _power_above(value: Fraction) -> Fraction:
    """A power of 2 that is above a positive number, at most 4 times."""
    return Fraction(2) ** (value.numerator.bit_length() - value.denominator.bit_length() + 1)


def _made(make: Callable[[], Construction | None]) -> Construction | None:
    """What a construction gives, None where it refuses: for its depth, or for what it does not know of f."""
    try:
        return make()
    except InputError:
        return None


def as_enclosure(made: Construction) -> Enclosure:
    """The error of a construction; of one with a bound, both ends: 0 and the bound."""
    if isinstance(made.error, Enclosure):
        return made.error
    if made.error_kind == EXACT:
        return Enclosure.exact(made.error)
    return Enclosure(lo=Fraction(0), hi=made.error, rigor=Rigor.ENCLOSED)
