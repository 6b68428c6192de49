"""Sums of t^k g(psi^k): self-similar functions, among them nowhere differentiable ones, at exponential rates."""

from __future__ import annotations

from fractions import Fraction

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.networks.layers import ReLUNetwork
from relutheory.univariate.constructions.building import Builder
from relutheory.univariate.constructions.kinks import Kinks
from relutheory.univariate.constructions.result import BOUND, EXACT, Construction, checked_count
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.inputs import short

HAT = CPwL([0, Fraction(1, 2), 1], [0, 1, 0])
IDENTITY = CPwL([0, 1], [0, 1])
# the sum over k >= 1 of t^k H^k has these suprema: the Takagi function's is 2/3, that of x (1 - x) is 1/4
_SUPREMA = {Fraction(1, 2): Fraction(2, 3), Fraction(1, 4): Fraction(1, 4)}
_MOST_TERMS = 10**4  # powers of t get long
_NAMES = {Fraction(1, 2): "the Takagi function", Fraction(1, 4): "x (1 - x)"}


def takagi_network(
    terms: int, t: Number = Fraction(1, 2), g: CPwL | None = None, psi: CPwL | None = None
) -> Construction:
    """The first n terms of f = sum_{k >= 1} t^k g(psi^k) on [0, 1], psi^k the k-fold composition.

    With t = 1/2, g(x) = x and psi the hat function, f is the Takagi function, which is nowhere differentiable; with
    t = 1/4 it is x (1 - x).  The network has the kinks of psi and g in each layer, one layer per term and one more
    where g has kinks.

    terms : n >= 1.  t : |t| < 1.  g, psi : `CPwL`, None for x and for the hat function; psi maps [0, 1] to itself.
    Returns a `Construction`.  The error is exact in the two cases above: 2^-n 2/3 and 4^-n / 4; otherwise it is the
    bound max |g| |t|^(n + 1) / (1 - |t|).  Raises InputError for other arguments.

    Source: Daubechies, DeVore, Foucart, Hanin, Petrova (2022).

    >>> takagi = takagi_network(10)
    >>> takagi.width, takagi.depth, takagi.error, takagi("1/3")
    (3, 10, Fraction(1, 1536), Fraction(341, 512))
    """
    n = checked_count(terms, "terms", most=_MOST_TERMS)
    ratio = rational(t, "t")
    if abs(ratio) >= 1:
        reject("t", t, "must lie between -1 and 1: the series has to converge")
    inner, outer = Kinks.of(HAT if psi is None else psi, "psi"), Kinks.of(IDENTITY if g is None else g, "g")
    if inner.least < 0 or inner.most > 1:
        reject("psi", psi, "must map [0, 1] to [0, 1]")
    size = max(abs(outer.least), abs(outer.most))
    known = psi is None and g is None and ratio in _SUPREMA
    error = _SUPREMA[ratio] * ratio**n if known else size * abs(ratio) ** (n + 1) / (1 - abs(ratio))
    return Construction(
        network=_partial_sum(n, ratio, inner, outer, size),
        target=_NAMES[ratio] if known else f"the sum of ({short(ratio)})^k g(psi^k)",
        error=error,
        error_kind=EXACT if known or not error else BOUND,
    )


def _partial_sum(n: int, t: Fraction, inner: Kinks, outer: Kinks, size: Fraction) -> ReLUNetwork:
    """Layer k + 1 knows y = psi^k(x), adds t^k g(y), and gives psi(y) to the next."""
    builder = Builder()
    (y,) = builder.inputs
    collected = 0 * y
    kinks = sorted(set(inner.changes) | set(outer.changes))
    low = -size * abs(t) / (1 - abs(t))  # of all partial sums
    for k in range(n):
        neurons, (y, collected) = builder.relu([y - xi for xi in kinks], [(y, 0), (collected, low)])
        at = dict(zip(kinks, neurons, strict=True))
        if k and outer.changes:
            collected = collected + t**k * outer.form(y, at)
        y = inner.form(y, at)
        if not outer.changes:
            collected = collected + t ** (k + 1) * outer.form(y, {})
    if outer.changes:
        neurons, (y, collected) = builder.relu([y - xi for xi in outer.changes], [(y, 0), (collected, low)])
        collected = collected + t**n * outer.form(y, dict(zip(outer.changes, neurons, strict=True)))
    return builder.network(collected)
