"""How far a function goes within a distance, and how close networks by bit extraction come for that alone."""

from __future__ import annotations

from fractions import Fraction

from relutheory.core.errors import InputError
from relutheory.univariate.constructions.sampling import power_upper
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.fixed_width import parameter_count
from relutheory.univariate.targets import Target

BIT_WIDTH = 13  # of the networks by bit extraction
_LOOK_UP = 7  # its neurons in a layer
_BITS = 8  # to which a largest slope is enclosed
_VALUES = Fraction(1, 2**20)  # of a step: how well values are known


def hoelder_constant(target: Target) -> tuple[Fraction, Fraction] | None:
    """(M, alpha) with |f(x) - f(y)| <= M |x - y|^alpha on [0, 1], proved; None where none is known.

    What the target says; or else alpha = 1 and M the largest slope, of a piecewise linear function exactly.  Nothing is
    known where the expression has cases: they need not meet, and slopes do not show a jump.

    >>> from relutheory.univariate.targets import as_target
    >>> hoelder_constant(as_target(CPwL([0, "1/4", 1], [0, 1, 0])))
    (Fraction(4, 1), Fraction(1, 1))
    """
    import sympy

    if target.hoelder is not None:
        return target.hoelder
    if target.exact is not None:
        pieces = target.exact.restricted(0, 1)
        return max((abs(slope) for slope in pieces.slopes), default=Fraction(0)), Fraction(1)
    if target.expression is None or target.expression.has(sympy.Piecewise):
        return None
    (symbol,) = target.expression.free_symbols or (None,)
    if symbol is None:
        return Fraction(0), Fraction(1)
    try:
        largest = CPwL([0], [0]).distance_to(target.expression.diff(symbol), 0, 1, bits=_BITS, evaluations=10_000)
    except InputError:
        return None  # the slope is not bounded, or not known to be
    return largest.hi, Fraction(1)


def bit_extraction_size(budget: int) -> tuple[int, int, int] | None:
    """(m, K, depth) of the largest network by bit extraction with at most so many parameters; None where there is none.

    m : steps of a block.  K : blocks, (7 m + 1) // 2, so that look-up and digits are equally deep.

    >>> bit_extraction_size(2000)
    (2, 7, 10)
    """
    best, m = None, 1
    while True:
        K = (7 * m + 1) // 2
        depth = (K - 1).bit_length() + 1 - (-2 * (K - 1) // _LOOK_UP) + m + 2
        if parameter_count(BIT_WIDTH, depth) > budget:
            return best
        best, m = (m, K, depth), m + 1


def bit_extraction_error(constant: Fraction, alpha: Fraction, steps: int, blocks: int) -> Fraction:
    """The bound that `lipschitz_network` proves, where values of f are known to 2^-20 of a step M / (K m)^alpha.

    >>> bit_extraction_error(Fraction(1), Fraction(1), 4, 8) < Fraction(1, 32) * (1 + Fraction(1, 10**5))
    True
    """
    step = constant * power_upper(Fraction(1, steps * blocks), alpha)
    return step * (Fraction(1, 2) + 2 * _VALUES + power_upper(Fraction(1, 2), alpha))
