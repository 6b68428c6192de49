"""Chebyshev interpolants of analytic functions with a proved error, from bounds on Bernstein ellipses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import acb, arb, ctx, fmpq

from relutheory.core.errors import reject
from relutheory.core.exact import to_fmpq
from relutheory.univariate.constructions.balls import BallFunction, ball_function
from relutheory.univariate.constructions.sampling import lower, upper

_RADII = tuple(Fraction(v) for v in ("1.02", "1.05", "1.1", "1.2", "1.4", "1.7", "2", "2.5", "3", "4", "6", "10", "20"))
_DEEPEST = 9  # halvings of a box
_MOST_BOXES = 4000
_HIGHEST = 2000  # degree
_LARGEST = arb(2) ** 10_000  # of values: exp(exp(9 x)) has some around [0, 1] that would fill any memory


def interpolant(f: Any, error: Fraction) -> tuple[list[Fraction], Fraction]:
    """a_0, ..., a_n with |f - sum a_j T_j(2x - 1)| <= e on [0, 1]; and e, at most `error`."""
    function = ball_function(f)
    ellipse = _best_ellipse(function, error / 2)
    if ellipse is None:
        reject("f", f, "must be analytic on [0, 1] and known to be so around it, at a degree within reach")
    degree, truncation = ellipse
    coefficients, rounding = _coefficients(function, degree, error / 2)
    return coefficients, truncation + rounding


def _best_ellipse(function: BallFunction, error: Fraction) -> tuple[int, Fraction] | None:
    """The least degree with 4 M r^-n / (r - 1) <= error over the ellipses tried, and that bound."""
    best = None
    for r in _RADII:
        M = bound_on_ellipse(function, r)
        if M is None:  # nor on any larger one
            break
        degree, bound = 1, 4 * M / (r * (r - 1))
        while bound > error and degree <= _HIGHEST:
            degree, bound = degree + 1, bound / r
        if degree <= _HIGHEST and (best is None or degree < best[0]):
            best = degree, bound
    return best


def bound_on_ellipse(function: BallFunction, r: Fraction) -> Fraction | None:
    """A bound of |f| on the filled ellipse {1/2 + (z + 1/z) / 4, |z| <= r}, where f is analytic; None: not seen."""
    wide, high = (r + 1 / r) / 4, (r - 1 / r) / 4
    boxes, worst, looked = [(-wide, wide, -high, high, 0)], Fraction(0), 0
    with ctx.workprec(64):
        while boxes:
            left, right, low, top, depth = boxes.pop()
            looked += 1
            value = function(_box(left + Fraction(1, 2), right + Fraction(1, 2), low, top), True)
            if value.abs_lower() > _LARGEST:
                return None
            if depth >= 3 and value.abs_upper() < _LARGEST:
                worst = max(worst, upper(abs(value)))
                continue
            if depth >= _DEEPEST or looked > _MOST_BOXES:
                return None
            middle, centre = (left + right) / 2, (low + top) / 2
            for a, b in ((left, middle), (middle, right)):
                for c, d in ((low, centre), (centre, top)):
                    if _meets(a, b, c, d, wide, high):
                        boxes.append((a, b, c, d, depth + 1))
    return _short(worst)


def _box(left: Fraction, right: Fraction, low: Fraction, top: Fraction) -> acb:
    real = arb(to_fmpq(left)).union(arb(to_fmpq(right)))
    return acb(real, arb(to_fmpq(low)).union(arb(to_fmpq(top))))


def _meets(a: Fraction, b: Fraction, c: Fraction, d: Fraction, wide: Fraction, high: Fraction) -> bool:
    """Whether the box meets the ellipse: its point nearest to the centre lies within."""
    x, y = max(a, min(b, Fraction(0))), max(c, min(d, Fraction(0)))
    return (x / wide) ** 2 + (y / high) ** 2 <= 1


def _short(value: Fraction) -> Fraction:
    """A number >= value with a small denominator."""
    return Fraction(-(-value.numerator * 2**20 // value.denominator), 2**20)


def _coefficients(function: BallFunction, n: int, error: Fraction) -> tuple[list[Fraction], Fraction]:
    """Rounded coefficients of the interpolant at cos(j pi / n), j = 0, ..., n; and a bound of what rounding changes."""
    bits = 64
    while True:
        with ctx.workprec(bits):
            cosines = [(arb.pi() * arb(fmpq(j, n))).cos() for j in range(2 * n)]
            points = [(1 + cosines[j]) / 2 for j in range(n + 1)]
            values = [function(acb(x), False).real for x in points]
            balls = []
            for k in range(n + 1):
                total = sum(
                    (values[j] * cosines[j * k % (2 * n)] * (1 if 0 < j < n else fmpq(1, 2)) for j in range(n + 1)),
                    arb(0),
                )
                balls.append(total * fmpq(2 if 0 < k < n else 1, n))
            if all(ball.is_finite() for ball in balls):
                ends = [(lower(ball), upper(ball)) for ball in balls]
                unit = _unit(error / (4 * (n + 1)))
                rounded = [round((lo + hi) / 2 / unit) * unit for lo, hi in ends]
                off = sum((max(hi - v, v - lo) for v, (lo, hi) in zip(rounded, ends, strict=True)), Fraction(0))
                if off <= error:
                    return rounded, off
        bits *= 2
        if bits > 2**14:
            reject("f", "values on [0, 1]", "must be finite and real")


def _unit(size: Fraction) -> Fraction:
    """A power of 2, at most `size`."""
    unit = Fraction(1)
    while unit > size:
        unit /= 2
    return unit
