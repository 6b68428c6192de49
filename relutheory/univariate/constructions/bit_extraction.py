"""Lipschitz and Hoelder functions at the rate (depth)^(-2 alpha): increments are stored as digits of few long weights.

On a grid of K blocks of m steps the values of f are rounded to multiples of q, where q bounds the change in one step:
then each step is -1, 0 or 1, and the m steps of a block are the digits in base 3 of one integer.  The network finds
the block of x, looks up its integer and its first value, takes the digits off one after the other, and adds the steps
up to x.  The number of the block is a step function, which a network has up to steep ramps; on the ramps the outcome
means nothing.  So it is clipped to the interval [g - E, g + E], where g interpolates at the ends of the blocks and E
grows from 0 there: this changes nothing beside the ramps, and leaves no error upon them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.networks.layers import ReLUNetwork
from relutheory.univariate.constructions.building import Builder, Form, digit, step
from relutheory.univariate.constructions.hats import HALF, sawtooth, sawtooth_neurons
from relutheory.univariate.constructions.result import BOUND, Construction, checked_count
from relutheory.univariate.constructions.sampling import power_upper, sampled
from relutheory.univariate.inputs import short

_LEAST_ALPHA = Fraction(1, 2**30)  # of less, next to nothing is left of the rate, and ramps become very narrow
_MOST_POINTS = 10**6  # of the grid
_PER_LAYER = 7  # neurons of the look-up in a layer: as many as make it as wide as the rest


def lipschitz_network(
    f: Any, constant: Number, steps: int, blocks: int | None = None, *, alpha: Number = 1, bits: int | None = None
) -> Construction:
    """A network of width 13 for f with |f(x) - f(y)| <= M |x - y|^alpha on [0, 1].

    f : CPwL; sympy expression; or callable that takes Fractions and returns numbers (floats are taken for the values
    themselves) or `Enclosure`s.  constant : M > 0.  steps : m >= 1 of a block.  blocks : K >= 1; None for (7 m) / 2,
    which makes look-up and digits equally deep.  alpha : from 2^-30 to 1.  bits : to which values that are not rational
    are enclosed; None for enough.

    Returns a `Construction` with depth about log2 K + 2K / 7 + m and a proved bound of the error, with h = 1 / (K m)
    about M h^alpha (1/2 + 2^-alpha).  Its digits take weights of about 1.6 m bits, its read-out has those of M h^alpha
    besides.  Digits are taken off by sums with terms near 9^m: float64 loses them from m = 17 on,
    `network.forward_exact` does not.  On a ramp the digits run through up to 5^m strings, of which the clipping hides
    most: `function` lists the pieces for small m only, and says so where there are too many.  M is checked between
    neighbouring points of the grid only: where f moves by more elsewhere, the bound does not hold.
    Raises InputError for other arguments, for over 10^6 points K m, and where f moves by more than M h^alpha in a step.

    Source: Yarotsky (2018), for the rate and the idea; the construction is this package's own.

    >>> from relutheory.univariate.cpwl import CPwL
    >>> f = CPwL([0, "1/3", "1/2", 1], [0, "1/3", "1/6", "2/3"])
    >>> network = lipschitz_network(f, 1, steps=4, blocks=8)
    >>> network.width, network.depth, network.error
    (13, 12, Fraction(1, 32))
    >>> network.function.sup_distance(f, 0, 1) <= network.error
    True
    """
    m = checked_count(steps, "steps")
    K = (7 * m + 1) // 2 if blocks is None else checked_count(blocks, "blocks")
    M, exponent = rational(constant, "constant"), rational(alpha, "alpha")
    if M <= 0:
        reject("constant", constant, "must be positive")
    if not _LEAST_ALPHA <= exponent <= 1:
        reject("alpha", alpha, f"must be from {float(_LEAST_ALPHA)} to 1")
    if K * m > _MOST_POINTS:
        reject("steps", steps, f"makes {K * m} values of f with {K} blocks, and must make at most {_MOST_POINTS}")
    step_size = M * power_upper(Fraction(1, K * m), exponent)
    allowed = step_size / 2**20 if bits is None else Fraction(1, 2 ** checked_count(bits, "bits"))
    values, error = sampled(f, K * m, allowed)
    q = step_size + 2 * error
    levels = [v // q for v in values]
    for i in range(K * m):
        if abs(levels[i + 1] - levels[i]) > 1:
            reject("constant", constant, f"must bound f: it moves by more on [{i}/{K * m}, {i + 1}/{K * m}]")
    codes = [_code(levels[i * m : (i + 1) * m + 1]) for i in range(K)]
    narrow = _ramp(exponent, q / step_size)
    return Construction(
        network=_network(levels[::m], codes, m, q, narrow),
        target=f"a function with |f(x) - f(y)| <= {short(M)} |x - y|^{short(exponent)}",
        error=q / 2 + error + step_size * power_upper(HALF, exponent),
        error_kind=BOUND,
        hidden_kinks=_hidden_kinks(codes, m),
    )


def _hidden_kinks(codes: Sequence[int], m: int) -> Fraction:
    """About how many kinks the neurons have on all ramps: four for every string of digits that is run through.

    On a ramp the number goes from one code to the next.  What is left of it after the first digit goes up with it, and
    down by as much wherever that digit jumps, two times in three: so its way is 5/3 as long for every further digit.
    """
    return 4 * sum(abs(after - before) for before, after in pairwise(codes)) * Fraction(5, 3) ** (m - 1)


def _ramp(alpha: Fraction, growth: Fraction) -> Fraction:
    """s = 2^-r with 4 s q + (2 s)^alpha M h^alpha <= 2^-alpha M h^alpha, q = growth * M h^alpha.

    On a ramp, at most s h from the end of a block, the clipped value is off by twice E <= 2 s q from the interpolant
    of the rounded values, and that one by (2 s)^alpha M h^alpha more than by rounding: together no more than elsewhere.
    """
    s = Fraction(1, 16)
    half = 1 / power_upper(Fraction(2), alpha)
    while 4 * s * growth + power_upper(2 * s, alpha) > half:
        s /= 4
    return s


def _network(starts: Sequence[int], codes: Sequence[int], m: int, q: Fraction, narrow: Fraction) -> ReLUNetwork:
    """The network, in units of q until the end.  starts : the first levels of the blocks, and the last one of all."""
    builder, K = Builder(), len(codes)
    (x,) = builder.inputs
    y, block, envelope = _locate(builder, x, K, m, narrow)
    y, envelope, code, above, g = _look_up(builder, (y, block, envelope), codes, starts, m)
    above, envelope, g = _walk(builder, (y, envelope, code, above, g), K, m, starts[0])
    (inside, beyond), (envelope, g) = builder.relu(
        [above + envelope, above - envelope], [(envelope, 0), (g, starts[0] - m * K)]
    )
    return builder.network(q * (g - envelope + inside - beyond + HALF))


def _code(levels: Sequence[int]) -> int:
    """The steps of a block, plus 1, as digits in base 3; the first step leads."""
    code = 0
    for now, then in pairwise(levels):
        code = 3 * code + then - now + 1
    return code


def _locate(builder: Builder, x: Form, K: int, m: int, narrow: Fraction) -> tuple[Form, Form, Form]:
    """y in [0, 1] and the block's number i, K x = i + y; and E, 2 m times the distance of K x from the integers."""
    count = (K - 1).bit_length()
    y = x * Fraction(K, 2**count)
    block, tooth = 0 * y, y
    ramp = narrow / 2 ** (count + (m - 1).bit_length())  # in y; it doubles with every digit
    for k in range(count + 1):
        jump = step(y, HALF, ramp * 2**k) if k < count else []
        neurons, (y, block) = builder.relu([*sawtooth_neurons(tooth), *jump], [(y, 0), (block, 0)])
        tooth = sawtooth(neurons[:2])
        if jump:
            bit = (neurons[2] - neurons[3]) * (1 / (ramp * 2**k))
            y, block = 2 * y - bit, 2 * block + bit
    return y, block, m * tooth


def _look_up(
    builder: Builder, channels: tuple[Form, Form, Form], codes: Sequence[int], starts: Sequence[int], m: int
) -> tuple[Form, Form, Form, Form, Form]:
    """y, E, the block's code, its first level minus g, and g, which interpolates first levels at the blocks' ends."""
    y, block, envelope = channels
    K = len(codes)
    place = block + y
    code_slopes = [*(b - a for a, b in pairwise(codes)), 0]
    slopes = [b - a for a, b in pairwise(starts)]
    code = block * code_slopes[0] + codes[0]
    above, g = (block - place) * slopes[0], place * slopes[0] + starts[0]
    jobs = [(j, kind) for j in range(1, K) for kind in ("block", "place")]
    for begin in range(0, len(jobs), _PER_LAYER):
        now = jobs[begin : begin + _PER_LAYER]
        neurons, (y, block, envelope, code, above, g) = builder.relu(
            [(block if kind == "block" else block + y) - j for j, kind in now],
            [
                (y, 0),
                (block, 0),
                (envelope, 0),
                (code, codes[0] - 3**m * K),
                (above, -2 * m * K),
                (g, starts[0] - m * K),
            ],
        )
        for (j, kind), neuron in zip(now, neurons, strict=True):
            bend = (slopes[j] - slopes[j - 1]) * neuron
            if kind == "block":
                code = code + (code_slopes[j] - code_slopes[j - 1]) * neuron
                above = above + bend
            else:
                above, g = above - bend, g + bend
    return y, envelope, code, above, g


def _walk(
    builder: Builder, channels: tuple[Form, Form, Form, Form, Form], K: int, m: int, start: int
) -> tuple[Form, Form, Form]:
    """The interpolant of the levels minus g; E; and g.

    Layer j takes digit j off the code, as a sum of two bits, and has c, how far x is into step j; the layer after it
    adds (bit + bit - 1) c = ReLU(c + bit - 1) + ReLU(c + bit - 1) - c.
    """
    y, envelope, code, above, g = channels
    pending: list[Form] = []
    for j in range(m + 1):
        last = j == m
        top = 3 ** (m - 1 - j) if not last else 1
        digits = [] if last else [*digit(code, top), *digit(code, 2 * top)]
        into = [] if last else [m * y - j, m * y - (j + 1)]
        carry = [(envelope, 0), (above, -3 * m * K), (g, start - m * K), *([] if last else [(y, 0), (code, 0)])]
        neurons, (envelope, above, g, *rest) = builder.relu([*digits, *into, *pending], carry)
        if pending:
            above = above + neurons[-1] + neurons[-2]
        if not last:
            y, code = rest
            bits = [2 * (neurons[0] - neurons[1]), 2 * (neurons[2] - neurons[3])]
            c = neurons[4] - neurons[5]
            code = code - top * (bits[0] + bits[1])
            above = above - c
            pending = [c + bits[0] - 1, c + bits[1] - 1]
    return above, envelope, g
