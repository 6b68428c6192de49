"""What theory says of the expansivity at which Gaussian layers become injective: one line per bound or prediction."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from relutheory.core.errors import reject
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.injectivity.gaussian.equations import EQUATIONS
from relutheory.injectivity.gaussian.finite import size
from relutheory.injectivity.gaussian.roots import rational_end

MOST_DIGITS = 1000
_QUADRATURE_DIGITS = 30  # more are not worth the time
LOWER, UPPER, HEURISTIC, PREDICTION = "lower bound", "upper bound", "heuristic", "prediction"

# name: (kind, what happens at this ratio c = m/n)
MEANINGS = {
    "general-position": (LOWER, "with m < 3n - 1 rows in general position no layer is injective"),
    "lower": (LOWER, "below, fewer than n rows are active at x = -(w_1 + ... + w_m)"),
    "at": (HEURISTIC, "above, the replica-symmetric solution with energy 1 is unstable (de Almeida and Thouless)"),
    "frsb": (PREDICTION, "full replica symmetry breaking: the threshold that statistical physics predicts"),
    "1rsb": (PREDICTION, "one step of replica symmetry breaking, an upper estimate of frsb"),
    "gordon": (UPPER, "Gordon's inequality; the replica-symmetric prediction is the same number"),
    "euler": (HEURISTIC, "the expected Euler characteristic of the collapsing directions changes from growth to decay"),
    "first-moment": (UPPER, "above, the expected number of cells with fewer than n active rows tends to 0"),
    "union-entropy": (UPPER, "above, the union bound over sets of n - 1 rows tends to 0"),
    "union-stirling": (UPPER, "the same with (e m/k)^k for the binomials"),
    "gordon-mesh": (UPPER, "a union bound over subspaces, each with Gordon's inequality"),
}
NAMES = tuple(MEANINGS)


@dataclass(frozen=True, kw_only=True)
class ThresholdLine:
    """A ratio c = m/n that matters for Gaussian layers.

    name.  kind : "lower bound" (below it layers are injective with probability -> 0), "upper bound" (above it, -> 1),
    "heuristic" or "prediction".  meaning : one sentence.  interval : an Enclosure; its rigor is EXACT or ENCLOSED where
    the number is proved to lie there, and FLOAT where it is estimated.  digits : decimal places of `decimal`, which is
    within one unit of its last place.
    """

    name: str
    kind: str
    meaning: str
    interval: Enclosure
    digits: int

    @property
    def rigor(self) -> Rigor:
        return self.interval.rigor

    @property
    def decimal(self) -> str:
        """The number rounded to `digits` decimal places."""
        scaled = round((self.interval.lo + self.interval.hi) / 2 * 10**self.digits)
        whole, rest = divmod(scaled, 10**self.digits)
        return f"{whole}.{rest:0{self.digits}d}" if self.digits else str(whole)

    def __float__(self) -> float:
        return float((self.interval.lo + self.interval.hi) / 2)


def threshold_line(name: str, *, digits: int = 12) -> ThresholdLine:
    """One line of the theory of Gaussian layers, to as many decimal places as asked.

    name : one of `NAMES`.  digits : 1 to 1000 decimal places; "at" and "1rsb" come with at most 30, "frsb" with at
    most 5, as far as two quadratures, or two grids, agree.  Returns a `ThresholdLine`.  Raises InputError for another
    name or number of digits.

    Source: [puthawala2022] for lower and union-stirling, [maillard2023] for gordon, gordon-mesh, at, 1rsb, frsb and
    the value 8.34 of euler.

    >>> threshold_line("gordon", digits=30).decimal
    '7.647694935435279816928787024723'
    >>> threshold_line("lower").rigor, threshold_line("at", digits=6).rigor, threshold_line("at", digits=6).decimal
    (<Rigor.ENCLOSED: 'enclosed'>, <Rigor.FLOAT: 'float'>, '5.323767')
    """
    if name not in MEANINGS:
        reject("name", name, f"must be one of {', '.join(NAMES)}")
    if size("digits", digits, 1) > MOST_DIGITS:
        reject("digits", digits, f"must be at most {MOST_DIGITS}")
    kind, meaning = MEANINGS[name]
    interval, places = _interval(name, int(digits))
    return ThresholdLine(name=name, kind=kind, meaning=meaning, interval=interval, digits=places)


def theory_lines(*, digits: int = 12) -> dict[str, ThresholdLine]:
    """Every line by its name, in increasing order; digits : as for `threshold_line`.

    >>> [name for name, line in theory_lines(digits=5).items() if line.kind == "upper bound"]
    ['gordon', 'first-moment', 'union-entropy', 'union-stirling', 'gordon-mesh']
    """
    lines = [threshold_line(name, digits=digits) for name in NAMES]
    return {line.name: line for line in sorted(lines, key=float)}


def theory_table(digits: int = 12) -> dict[str, dict[str, Any]]:
    """The lines as JSON-able data, by name.

    digits : as for `threshold_line`.  Each entry has value (a float), decimal (text with all digits), digits, interval
    (two floats, rounded outwards), rigor, kind and meaning.  Raises InputError for bad digits.

    >>> theory_table(6)["first-moment"]["decimal"], theory_table(6)["first-moment"]["rigor"]
    ('9.088607', 'enclosed')
    """
    return {name: _entry(line) for name, line in theory_lines(digits=digits).items()}


def _entry(line: ThresholdLine) -> dict[str, Any]:
    low, high = float(line.interval.lo), float(line.interval.hi)
    if low > line.interval.lo:
        low = math.nextafter(low, -math.inf)
    if high < line.interval.hi:
        high = math.nextafter(high, math.inf)
    return {
        "value": float(line),
        "decimal": line.decimal,
        "digits": line.digits,
        "interval": [low, high],
        "rigor": line.rigor.value,
        "kind": line.kind,
        "meaning": line.meaning,
    }


def _interval(name: str, digits: int) -> tuple[Enclosure, int]:
    """The interval of a line, and the decimal places that it bears."""
    if name == "general-position":
        return Enclosure.exact(3), digits
    if name in EQUATIONS:
        return EQUATIONS[name].root(Fraction(1, 10 ** (digits + 3))), digits
    if name == "frsb":
        return _full_breaking(digits)
    # loads numpy
    from relutheory.injectivity.gaussian.replica import almeida_thouless, one_step

    wanted = min(digits, _QUADRATURE_DIGITS)
    found = almeida_thouless(wanted) if name == "at" else one_step(wanted)
    places = min(wanted, found.places)
    return _around(found.alpha, Fraction(1, 4 * 10**places)), places


def _around(value: arb, radius: Fraction) -> Enclosure:
    middle = rational_end(value.mid())
    return Enclosure(lo=middle - radius, hi=middle + radius, rigor=Rigor.FLOAT)


def _full_breaking(digits: int) -> tuple[Enclosure, int]:
    """The interval of two grids of levels, and the places that it bears."""
    low, high = _two_grids()
    places = min(digits, 5)
    while places > 1 and high - low > Fraction(1, 10**places):
        places -= 1
    return Enclosure(lo=low, hi=high, rigor=Rigor.FLOAT), places


@functools.cache
def _two_grids() -> tuple[Fraction, Fraction]:
    """Below and above the threshold, by the model that what is left is at most twice the difference of two grids.

    The functional is a supremum, so that every grid gives a threshold that is too large, up to the tolerance of its
    iteration; the difference between the grids is mostly due to x_max, and falls at least like its third power.
    """
    from relutheory.injectivity.gaussian.breaking import full_rsb

    coarse, fine = full_rsb(k=26, x_max=22.0, x_min=2.1), full_rsb(k=36, x_max=30.0, x_min=2.1)
    apart = Fraction(abs(coarse.alpha - fine.alpha))
    return Fraction(fine.alpha) - 2 * apart, Fraction(fine.alpha) + apart / 2
