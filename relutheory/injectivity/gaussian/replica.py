"""The least number of active rows of a Gaussian layer, by the replica method at three levels of symmetry breaking.

For m = alpha n rows, n -> infinity, e(alpha) is the limit of min over x of (number of active rows)/n; the layer is
injective where e > 1.  Replica symmetry gives a proved lower bound of e (it is Gordon's, see gau.gordon); one step of
symmetry breaking is a prediction of statistical physics; full breaking is in `breaking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, ctx

from relutheory.core.errors import reject
from relutheory.core.exact import rational
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.injectivity.gaussian.equations import density, upper_tail
from relutheory.injectivity.gaussian.finite import size
from relutheory.injectivity.gaussian.quadrature import gaussian_means, solve
from relutheory.injectivity.gaussian.roots import ball, enclose_root, rational_end, sign_at

AT_START = (3.0209, 0.71936)  # beta, q
STEP_START = (6.7157, 0.777231, 0.0533007, 3.286661)  # alpha, q, chi, c


@dataclass(frozen=True, kw_only=True)
class ReplicaSymmetric:
    """The replica-symmetric solution at zero temperature: chi and the energy e, both enclosed."""

    alpha: Fraction
    chi: Enclosure
    energy: Enclosure


@dataclass(frozen=True, kw_only=True)
class ReplicaPoint:
    """A solution by quadrature and Newton's method: alpha, other unknowns, the energy, and the places that agree."""

    alpha: arb
    unknowns: dict[str, arb]
    energy: arb
    places: int


def ratio(name: str, value: Any, above: int) -> Fraction:
    """A rational number > `above`; anything else is an InputError.

    >>> ratio("alpha", "5/2", 2)
    Fraction(5, 2)
    """
    try:
        number = rational(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        reject(name, value, "must be a rational number")
    if number <= above:
        reject(name, value, f"must be greater than {above}")
    return number


def susceptibility_gap(s: arb) -> arb:
    """erf(s)/2 - s exp(-s^2)/sqrt(pi): increasing from 0 to 1/2, with derivative 2 s^2 exp(-s^2)/sqrt(pi)."""
    return s.erf() / 2 - s * (-s * s).exp() / arb.pi().sqrt()


def replica_symmetric(alpha: Any, *, digits: int = 15) -> ReplicaSymmetric:
    """chi and the energy e of the replica-symmetric solution at zero temperature.

    alpha : m/n, a rational number > 2 (below there is no finite solution and e = 0).  digits : decimal places, >= 1.
    Returns enclosures: alpha (erf(s)/2 - s exp(-s^2)/sqrt(pi)) = 1, chi = s^2, e = alpha erfc(s)/2.
    Raises InputError for another alpha.

    Source: [maillard2023], whose authors' code has the equations.

    >>> found = replica_symmetric(8)
    >>> round(float(found.chi.lo), 6), round(float(found.energy.lo), 6)
    (0.606266, 1.083324)
    """
    alpha = ratio("alpha", alpha, 2)
    digits = size("digits", digits, 1)

    def gap(s: arb) -> arb:
        return ball(alpha) * susceptibility_gap(s) - 1

    top = Fraction(1)
    while sign_at(gap, top) < 0:
        top *= 2
    width = Fraction(1, 10 ** (digits + 1)) / (8 * (top + 1) * max(alpha, Fraction(1)))
    s = enclose_root(gap, Fraction(0), top, width)
    with ctx.workprec(128 + 4 * width.denominator.bit_length()):
        low, high = (ball(alpha) * ball(end).erfc() / 2 for end in (s.hi, s.lo))
        energy = Enclosure(lo=rational_end(low.lower()), hi=rational_end(high.upper()), rigor=Rigor.ENCLOSED)
    chi = Enclosure(lo=s.lo**2, hi=s.hi**2, rigor=Rigor.ENCLOSED)
    return ReplicaSymmetric(alpha=alpha, chi=chi, energy=energy)


def almeida_thouless(digits: int = 12) -> ReplicaPoint:
    """Where the replica-symmetric solution with energy 1 becomes unstable: alpha, and beta and q.

    digits : wanted decimal places.  With a = 1 - exp(-beta), x = q/(1-q), y = sqrt(x) g, D = 1 - a H(-y), H(y) =
    P(g' > y): alpha exp(-beta) E[H/D] = 1, q sqrt(x) = -alpha E[a g H'/D], 1/alpha = E[(a H''/D + (a H'/D)^2)^2].

    Source: [maillard2023].

    >>> almeida_thouless(8).alpha.str(9, radius=False)
    '5.32376690'
    """
    size("digits", digits, 1)

    def means(point: Sequence[arb], step: float) -> list[arb]:
        beta, q = point
        a, root = 1 - (-beta).exp(), (q / (1 - q)).sqrt()

        def functions(g: arb) -> list[arb]:
            y = -root * g
            tail, slope = upper_tail(y), -density(y)
            d = 1 - a * tail
            first = a * slope / d
            return [tail / d, first * g, (first * first - a * y * slope / d) ** 2]

        return gaussian_means(functions, step)

    def alpha_of(point: Sequence[arb], energy: arb) -> arb:
        return point[0].exp() / energy

    def system(point: Sequence[arb], step: float) -> list[arb]:
        energy, overlap, instability = means(point, step)
        alpha, q = alpha_of(point, energy), point[1]
        return [q * (q / (1 - q)).sqrt() + alpha * overlap, 1 / alpha - instability]

    point, places = solve(system, AT_START, digits)
    with ctx.workprec(96 + 4 * digits):
        share = means(point, 1.8 / (digits + 9))[0]
        alpha = alpha_of(point, share)
    unknowns = {"beta": point[0], "q": point[1]}
    return ReplicaPoint(alpha=alpha, unknowns=unknowns, energy=alpha * share / point[0].exp(), places=places - 1)


def one_step_means(q: arb, chi: arb, c: arb, step: float) -> list[arb]:
    """E f0, E f0'^2, E[M/S] and E[C/S] for the potential f = -min(1, max(h, 0)^2) under one level of Gaussian noise.

    h = sqrt(q/(2 chi)) g; S, M, C are the means of exp(c f), of h^2 exp(c f) on [0, 1] and of exp(c f) on h > 1 after
    Gaussian noise of variance (1 - q)/(2 chi); f0 = ln(S)/c.
    """
    variance = (1 - q) / (2 * chi)
    sigma, spread = variance.sqrt(), (q / (2 * chi)).sqrt()
    narrow = variance / (1 + 2 * c * variance)
    s = narrow.sqrt()

    def functions(g: arb) -> list[arb]:
        h = spread * g
        mean = h * narrow / variance
        low, high = -mean / s, (1 - mean) / s
        scale = (-c * h * h / (1 + 2 * c * variance)).exp() * s / sigma
        mass = upper_tail(low) - upper_tail(high)
        below, above = density(low), density(high)
        first = mean * mass + s * (below - above)
        second = (mean * mean + narrow) * mass + s * mean * (below - above) - s * above
        over = (-c).exp() * upper_tail((1 - h) / sigma)
        total = upper_tail(h / sigma) + scale * mass + over
        return [total.log() / c, (2 * scale * first / total) ** 2, scale * second / total, over / total]

    return gaussian_means(functions, step)


def one_step(digits: int = 12, *, alpha: Any = None, near: Sequence[float] = STEP_START[1:]) -> ReplicaPoint:
    """One step of replica symmetry breaking at zero temperature: where e = 1, or at a given alpha.

    digits : wanted decimal places.  alpha : m/n > 2, or None for the threshold at which the energy is 1.  near : q,
    chi, c to start from.  Returns alpha and q, chi, c, energy: a stationary point in (q, chi, c) of -q/(2 (chi +
    c (1-q))) - ln((chi + c (1-q))/chi)/(2 c) - alpha E f0, whose value there is the energy.  Raises InputError for
    another alpha, ArithmeticError where Newton's method does not arrive.

    Source: [maillard2023].

    >>> one_step(7).alpha.str(8, radius=False)
    '6.7156968'
    """
    size("digits", digits, 1)
    given = None if alpha is None else ratio("alpha", alpha, 2)

    def equations(point: Sequence[arb], a: arb, step: float) -> tuple[list[arb], arb]:
        q, chi, c = point
        free, slope, inner, outer = one_step_means(q, chi, c, step)
        total = chi + c * (1 - q)
        first, last = a * slope / (2 * chi), 2 * a * inner / chi  # - kappa_0, - kappa_1
        wide = (q / first).sqrt()
        narrow = 1 / (1 / wide + c * (last - first))
        value = -q / (2 * total) - (total / chi).log() / (2 * c) - a * free
        balance = chi * (q / total**2 + (1 - q) / (chi * total)) - 2 * a * inner
        return [q - 1 + (wide - narrow) / c, balance, value - a * outer], a * outer

    def system(point: Sequence[arb], step: float) -> list[arb]:
        if given is not None:
            return equations(point, ball(given), step)[0]
        residuals, energy = equations(point[1:], point[0], step)
        return [*residuals, energy - 1]

    free = given is None
    point, places = solve(system, [STEP_START[0], *near] if free else near, digits)
    with ctx.workprec(96 + 4 * digits):
        a, rest = (point[0], point[1:]) if given is None else (ball(given), point)
        energy = equations(rest, a, 1.8 / (digits + 9))[1]
    return ReplicaPoint(alpha=a, unknowns=dict(zip(("q", "chi", "c"), rest, strict=True)), energy=energy, places=places)
