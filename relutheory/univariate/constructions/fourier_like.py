"""The piecewise linear cosines C_k and sines S_k, and sums of them, at fixed width."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.univariate.constructions.building import Builder, Form
from relutheory.univariate.constructions.hats import hat_chain, made, sawtooth, sawtooth_neurons
from relutheory.univariate.constructions.result import Construction, checked_count

_LARGEST = 10**30


def fourier_like(k: int) -> tuple[Construction, Construction]:
    """C_k and S_k on [0, 1]: C(x) = |4 {x} - 2| - 1, S(x) = C(x - 1/4), C_k(x) = C(kx), S_k(x) = S(kx).

    C_k(x) = 1 - 2 H^(m + 1)(k x / 2^m) with m = ceil(log2 k), where H^(m + 1) is the (m + 1)-fold composition of the
    hat function; S_k likewise from (k x + 3/4) / 2^m with m = ceil(log2(k + 1)).

    k : from 1 on.  Returns two `Construction`s of width 2 and depth m + 1, without error.  Raises InputError for other
    k.

    Source: Daubechies, DeVore, Foucart, Hanin, Petrova (2022).

    >>> C, S = fourier_like(5)
    >>> C.depth, C(0), C("1/10"), S(0), S("1/20")
    (4, Fraction(1, 1), Fraction(-1, 1), Fraction(0, 1), Fraction(1, 1))
    """
    frequency = checked_count(k, "k", most=_LARGEST)
    found = []
    for name, shift in (("C", Fraction(0)), ("S", Fraction(3, 4))):
        builder = Builder()
        (x,) = builder.inputs
        y, depth = _argument(x, frequency, shift)
        found.append(made(builder, 1 - 2 * hat_chain(builder, y, depth), f"{name}_{frequency}"))
    return found[0], found[1]


def fourier_like_sum(
    cosines: Mapping[int, Number], sines: Mapping[int, Number] | None = None, constant: Number = 0
) -> Construction:
    """constant + sum of a_k C_k + sum of b_k S_k on [0, 1], at width 4: a source, a collation and two neurons.

    cosines, sines : the coefficients by k >= 1.  Returns a `Construction` without error, whose depth is the sum of the
    depths in `fourier_like` over the coefficients that are not 0.  Raises InputError for other keys and coefficients.

    >>> wave = fourier_like_sum({1: 1, 3: "1/9"}, {2: -1})
    >>> wave.width, wave.depth, wave("1/8")
    (4, 7, Fraction(-5, 9))
    """
    waves = (("cosines", cosines, Fraction(0)), ("sines", {} if sines is None else sines, Fraction(3, 4)))
    for name, given, _ in waves:
        if not isinstance(given, Mapping):
            reject(name, given, "must be a mapping from k to the coefficient")
    parts = [(k, v, shift) for _, given, shift in waves for k, v in given.items()]
    terms = [(checked_count(k, "k", most=_LARGEST), rational(v, f"coefficient of {k}"), shift) for k, v, shift in parts]
    builder = Builder()
    (x,) = builder.inputs
    collected = 0 * x + rational(constant, "constant")
    low = rational(constant) - sum((abs(v) for _, v, _ in terms), Fraction(0))
    for k, v, shift in terms:
        if not v:
            continue
        y, depth = _argument(x, k, shift)
        for _ in range(depth):
            neurons, (x, collected) = builder.relu(sawtooth_neurons(y), [(x, 0), (collected, low)])
            y = sawtooth(neurons)
        collected = collected + v * (1 - 2 * y)
    return made(builder, collected, "a sum of C_k and S_k")


def _argument(x: Form, k: int, shift: Fraction) -> tuple[Form, int]:
    """(k x + shift) / 2^m in [0, 1], and m + 1; 2^m >= k + shift with m least."""
    most = k if shift == 0 else k + 1
    m = (most - 1).bit_length()
    return (k * x + shift) * Fraction(1, 2**m), m + 1
