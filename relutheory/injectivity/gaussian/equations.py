"""The equations whose roots bound the expansivity at which Gaussian layers become injective, for balls.

Each has one root in its bracket; proofs_check/gaussian_*.py replay why.  c is the ratio m/n throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from relutheory.core.verdict import Enclosure
from relutheory.injectivity.gaussian.roots import Function, enclose_image, enclose_root


def upper_tail(t: arb) -> arb:
    """P(g > t) for a standard Gaussian g.

    >>> upper_tail(arb(0))
    0.500000000000000
    """
    return (t / arb(2).sqrt()).erfc() / 2


def density(t: arb) -> arb:
    """The density of a standard Gaussian at t.

    >>> (density(arb(0)) ** 2 * 2 * arb.pi()).contains(1)
    True
    """
    return (-t * t / 2).exp() / (2 * arb.pi()).sqrt()


def xlogx(x: arb) -> arb:
    """x ln x for x > 0."""
    return x * x.log()


def adversarial(c: arb) -> arb:
    """The limit of (active rows at x = -sum w_i)/n, less 1: c P(g < -1/sqrt(c)) - 1.  Increasing."""
    return c * upper_tail(1 / c.sqrt()) - 1


def stirling(c: arb) -> arb:
    """(1/n) ln of the union bound with (e m/k)^k for its binomials: decreasing for c >= 4."""
    return 2 + c.log() + (c - 1).log() - (c - 1) * arb(2).log()


def entropy(c: arb) -> arb:
    """(1/n) ln of the union bound, c h(1/c) + (c - 1) (h(1/(c - 1)) - ln 2), simplified: decreasing for c >= 4."""
    return xlogx(c) - xlogx(c - 2) - (c - 1) * arb(2).log()


def first_moment(c: arb) -> arb:
    """(1/m) ln of the expected number of collapsing cells, 2 h(1/c) - ln 2: decreasing for c >= 2."""
    return 2 * (c.log() - xlogx(c - 1) / c) - arb(2).log()


def gordon(t: arb) -> arb:
    """2 P(g < t) - 3/2 - t density(t), with c = 1/P(g > t): its derivative is (1 + t^2) density(t) > 0."""
    return arb(1) / 2 - 2 * upper_tail(t) - t * density(t)


def ratio_of_tail(t: arb) -> arb:
    """c = 1/P(g > t), increasing."""
    return 1 / upper_tail(t)


def mesh(u: arb) -> arb:
    """max over 0 <= t < 1 of t (c - 2)/4 - ln((1 + (1 - t)^(-1/2))/2), less c h(1/c), at c = `ratio_of_mesh`(u).

    The maximum is at t = 1 - 1/u^2.  As a function of c it is convex, negative at c = 2 and grows without bound.
    """
    c = ratio_of_mesh(u)
    return u * (u - 1) / 2 - ((1 + u) / 2).log() - xlogx(c) + xlogx(c - 1)


def ratio_of_mesh(u: arb) -> arb:
    """c = 2 + 2 u^3/(1 + u), increasing."""
    return 2 + 2 * u**3 / (1 + u)


def euler(c: arb) -> arb:
    """(1/m) ln of the expected Euler characteristic, for c >= 4 + 2 sqrt(2): decreasing.

    With v = 1/c: -ln 2 + h(v) + (1 - v) ln(1 + z) + v ln(1 - z) - v ln z, z the lesser root of (1 - v) z^2 -
    (1 - 2 v) z + v = 0.
    """
    v = 1 / c
    discriminant = 1 - 8 * v * (1 - v)
    z = 2 * v / ((1 - 2 * v) + discriminant.sqrt())
    h = -xlogx(v) - xlogx(1 - v)
    return h - arb(2).log() + (1 - v) * (1 + z).log() + v * (1 - z).log() - v * z.log()


@dataclass(frozen=True, kw_only=True)
class Equation:
    """function(s) = 0, with one root s between lo and hi, and the ratio c = ratio(s), increasing in s."""

    function: Function
    lo: int
    hi: int
    ratio: Callable[[arb], arb] | None = None

    def root(self, width: Fraction) -> Enclosure:
        """The ratio at the root, enclosed within `width`."""
        if self.ratio is None:
            return enclose_root(self.function, self.lo, self.hi, width)
        narrow = width
        while True:
            narrow /= 16
            found = enclose_root(self.function, self.lo, self.hi, narrow)
            image = enclose_image(self.ratio, found, 64 + 2 * narrow.denominator.bit_length())
            if image.width <= width:
                return image


EQUATIONS = {
    "lower": Equation(function=adversarial, lo=1, hi=10),
    "union-stirling": Equation(function=stirling, lo=4, hi=20),
    "union-entropy": Equation(function=entropy, lo=4, hi=20),
    "first-moment": Equation(function=first_moment, lo=2, hi=20),
    "gordon": Equation(function=gordon, lo=0, hi=4, ratio=ratio_of_tail),
    "gordon-mesh": Equation(function=mesh, lo=1, hi=10, ratio=ratio_of_mesh),
    "euler": Equation(function=euler, lo=7, hi=20),
}
