"""Refinable functions by the cascade: B-splines, Daubechies' functions and others, at the cascade's rate.

The network reads the binary digits of x and keeps them in one integer, the last one on top; then it takes them off
again and applies the cascade's matrices from the last digit to the first, which no product of numbers is needed for.
Digits jump, and ramps replace the jumps: right beside dyadic points the outcome means nothing.  Three copies at
x - eta, x, x + eta meet a ramp at most once, and the middle one of three values, two of them right, is right up to what
the cascade changes within eta.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from relutheory.univariate.constructions.building import Builder, Form, digit, median, step
from relutheory.univariate.constructions.cascade import Cascade, Matrix, cascade_of
from relutheory.univariate.constructions.hats import HALF
from relutheory.univariate.constructions.result import BOUND, Construction, checked_count


def refinable_network(coefficients: Sequence[Any], n: int, *, bits: int | None = None) -> Construction:
    """phi = sum_j c_j phi(2x - j) on [0, N], with the integral 1, by n steps of the cascade.

    coefficients : c_0, ..., c_N, numbers or real sympy numbers; those of even index add up to 1, those of odd index
    too.  n : at least 1.  bits : to which coefficients that are irrational are rounded; None for enough.

    Returns a `Construction` on [0, N] of width 6N + 9 and depth about 2n, with a proved bound of its distance from phi.
    The cascade begins with the linear interpolant of phi at the integers, so that its n-th iterate interpolates phi at
    i / 2^n.  Raises InputError where the cascade is not seen to converge, and for other arguments.

    Source: Daubechies, DeVore, Dym, Faigenbaum-Golovin, Kovalsky, Lin, Park, Petrova, Sober (2023), for the statement;
    the network is this package's own.

    >>> spline = refinable_network(b_spline_coefficients(3), 6)
    >>> spline.width, spline.depth, spline.domain[1], abs(spline("3/2") - Fraction(3, 4)) < spline.error
    (27, 20, Fraction(3, 1), True)
    """
    steps = checked_count(n, "n", most=10**4)
    precision = steps + 64 if bits is None else checked_count(bits, "bits", 8)
    cascade = cascade_of(coefficients, precision)
    digits = cascade.N.bit_length()  # of the integer part: x / 2^digits < 1, with room beyond
    near = cascade.error(steps)
    # of V^n psi: the slope is at most 2 size 2^n
    slope = cascade.size * 2 ** (steps + 1 + digits)
    shift = Fraction(1, 2 ** (steps + digits + 3))
    goal = near / 2**20 if near else Fraction(1, 2 ** (3 * steps + 20))
    while slope * shift > goal:
        shift /= 2
    builder = Builder()
    (x,) = builder.inputs
    ends = _copies(builder, cascade, x * Fraction(1, 2**digits), steps, digits, shift)
    low = -2 * cascade.size
    _, (a, b, c) = builder.relu([], [(end, low) for end in ends])  # what went wrong stays above `low`
    return Construction(
        network=builder.network(median(builder, a, b, c, low)),
        target=f"the refinable function of {len(cascade.coefficients)} coefficients",
        error=near + slope * shift + cascade.rounding_error(),
        error_kind=BOUND,
        domain=(Fraction(0), Fraction(cascade.N)),
    )


def b_spline_coefficients(order: int) -> tuple[Fraction, ...]:
    """Those of the B-spline with knots 0, ..., N = order: binomials over 2^(N - 1).

    >>> [str(c) for c in b_spline_coefficients(2)]
    ['1/2', '1', '1/2']
    """
    from math import comb

    N = checked_count(order, "order", least=2, most=39)
    return tuple(Fraction(comb(N, j), 2 ** (N - 1)) for j in range(N + 1))


def daubechies4_coefficients() -> tuple[Any, ...]:
    """(1 + sqrt 3) / 4, (3 + sqrt 3) / 4, (3 - sqrt 3) / 4, (1 - sqrt 3) / 4, as sympy numbers.

    >>> daubechies4_coefficients()[0]
    1/4 + sqrt(3)/4
    """
    import sympy

    r = sympy.sqrt(3)
    return tuple(sympy.expand(v / 4) for v in (1 + r, 3 + r, 3 - r, 1 - r))


def _copies(builder: Builder, cascade: Cascade, u: Form, n: int, digits: int, shift: Fraction) -> list[Form]:
    """V^n psi at 2^digits (u - shift), 2^digits u, 2^digits (u + shift), except on ramps."""
    total = n + digits
    places, codes = [u - shift, u, u + shift], [0 * u] * 3
    for k in range(total):
        ramp = shift * 2**k
        jumps = [neuron for y in places for neuron in step(y, HALF, ramp)]
        found, kept = builder.relu(jumps, [(form, 0) for form in (*places, *codes)])
        bits = _differences(found, 1 / ramp)
        places = [2 * y - b for y, b in zip(kept[:3], bits, strict=True)]
        codes = [code + 2**k * b for code, b in zip(kept[3:], bits, strict=True)]
    h, size = cascade.start, cascade.size
    vectors = [[(h[i + 1] - h[i]) * y + h[i] for i in range(cascade.N)] for y in places]
    bits, codes, vectors = _first_bits(builder, codes, vectors, total - 1, size)
    for k in reversed(range(total)):
        pairs = (cascade.matrix(0), cascade.matrix(1)) if k >= digits else _halving(len(vectors[0]))
        bits, codes, vectors = _apply(builder, pairs, (bits, codes, vectors), k - 1, size)
    return [vector[0] for vector in vectors]


def _halving(length: int) -> tuple[Matrix, Matrix]:
    """w -> (w_0, w_2, ...) and w -> (w_1, w_3, ...): the choice by the last digit of the index."""
    rows = range((length + 1) // 2)
    even, odd = ([[Fraction(int(j == 2 * i + b)) for j in range(length)] for i in rows] for b in (0, 1))
    return even, odd


def _apply(
    builder: Builder,
    pair: tuple[Matrix, Matrix],
    state: tuple[list[Form], list[Form], list[list[Form]]],
    following: int,
    size: Fraction,
) -> tuple[list[Form], list[Form], list[list[Form]]]:
    """T_b w = T_0 w + b z with z = (T_1 - T_0) w, |z| <= M: b (z + M) = ReLU(z + M - 2M (1 - b)); and the next bits."""
    bits, codes, vectors = state
    zero, one = pair
    change = [[q - p for p, q in zip(*rows, strict=True)] for rows in zip(zero, one, strict=True)]
    M = _whole(size * max(sum(map(abs, row)) for row in change))
    chosen = [[z + 2 * M * b - M for z in _product(change, w)] for b, w in zip(bits, vectors, strict=True)]
    kept = [[v - M * b for v in _product(zero, w)] for b, w in zip(bits, vectors, strict=True)]
    low = -_whole(size * max(sum(map(abs, row)) for row in zero) + M)
    jumps = [neuron for code in codes for neuron in digit(code, 2**following)] if following >= 0 else []
    rows, N = len(zero), len(zero) * 3
    neurons, carried = builder.relu(
        [*(v for w in chosen for v in w), *jumps],
        [*((v, low) for w in kept for v in w), *((code, 0) for code in codes if following >= 0)],
    )
    vectors = [[neurons[rows * i + j] + carried[rows * i + j] for j in range(rows)] for i in range(3)]
    if following < 0:
        return [], [], vectors
    bits = _differences(neurons[N:], Fraction(2))
    return bits, [code - 2**following * b for code, b in zip(carried[N:], bits, strict=True)], vectors


def _first_bits(
    builder: Builder, codes: list[Form], vectors: list[list[Form]], k: int, size: Fraction
) -> tuple[list[Form], list[Form], list[list[Form]]]:
    """The digits on top of the codes, what is below them, and the vectors unchanged."""
    jumps = [neuron for code in codes for neuron in digit(code, 2**k)]
    N = len(vectors[0])
    neurons, carried = builder.relu(jumps, [*((c, 0) for c in codes), *((v, -size) for w in vectors for v in w)])
    bits = _differences(neurons, Fraction(2))
    kept = [carried[3 + N * i : 3 + N * (i + 1)] for i in range(3)]
    return bits, [code - 2**k * b for code, b in zip(carried[:3], bits, strict=True)], kept


def _whole(value: Fraction) -> Fraction:
    """The least integer >= value."""
    return Fraction(-(-value // 1))


def _differences(neurons: list[Form], factor: Fraction) -> list[Form]:
    return [(a - b) * factor for a, b in zip(neurons[::2], neurons[1::2], strict=True)]


def _product(A: Matrix, w: list[Form]) -> list[Form]:
    out = []
    for row in A:
        total = 0 * w[0]
        for factor, form in zip(row, w, strict=True):
            if factor:
                total = total + factor * form
        out.append(total)
    return out
