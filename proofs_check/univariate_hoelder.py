"""uni.hoelder: rounded values as digits, the chord of a Hoelder function, the clipping, and the size.

In units of q, the bound of the change in one step of length h; a block has m steps.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, base: int = 3, ramp: str = "1/16", lookup: int = 7) -> list[Step]:
    """The steps of the proof.

    base : of the digits.  ramp : s, the length of the ramps in steps.  lookup : kinks that a layer looks up.
    """
    return [*rounding(), *chord(), *digits(base), *walk(), *clipping(), *ramps(sp.Rational(ramp)), *size(lookup)]


def rounding() -> list[Step]:
    """Values (i + s) q and (j + t) q, 0 <= s, t < 1, that differ by d q, |d| <= 1."""
    i, s, t, d = sp.symbols("i s t d", real=True)
    j = i + s + d - t
    half = sp.Rational(1, 2)
    return [
        Step("j - i < 2", follows(2 - (j - i), [(1, 1 - d), (1, 1 - s), (1, t)])),
        Step("i - j < 2: the integers differ by 1 at most", follows(2 - (i - j), [(1, 1 + d), (1, 1 - t), (1, s)])),
        Step("i + 1/2 is at most 1/2 below", follows(half - ((i + s) - (i + half)), [(1, 1 - s)])),
        Step("and at most 1/2 above", follows(half + ((i + s) - (i + half)), [(1, s)])),
    ]


def chord() -> list[Step]:
    """f and its chord differ by (1 - t) (t h)^alpha M + t ((1 - t) h)^alpha M at most, 0 <= t <= 1.

    u^alpha lies below its tangent at c = 2 t (1 - t), which is at most 1/2.
    """
    t, c, slope = sp.symbols("t c slope", real=True)
    half = sp.Rational(1, 2)
    mean = (1 - t) * t + t * (1 - t)
    tangents = (1 - t) * slope * (t - c) + t * slope * ((1 - t) - c)
    return [
        Step("the mean of t and 1 - t with the weights 1 - t and t is c", equal(mean, 2 * t * (1 - t))),
        Step("so that the tangent's slope drops out", equal(tangents.subs(c, 2 * t * (1 - t)), 0)),
        Step("1/2 - 2 t (1 - t) = 2 (t - 1/2)^2 >= 0", equal(half - 2 * t * (1 - t), 2 * (t - half) ** 2)),
        Step("t = s - u <= s: 2 t (1 - t) <= 2 s", _near_the_end()),
    ]


def _near_the_end() -> bool:
    t, more = sp.symbols("t more", nonnegative=True)
    return follows(2 * (t + more) - 2 * t * (1 - t), [(2, more), (2, t**2)])


def digits(base: int) -> list[Step]:
    """A code of r digits 0, 1, 2 is less than 3^r; its first digit counts the thresholds 3^(r - 1) and 2 3^(r - 1)."""
    rest = sp.Symbol("rest", nonnegative=True)
    quarter = sp.Rational(1, 4)
    steps = [
        Step(f"{r} digits: at most {base**r} - 1", sum(2 * base**k for k in range(r)) == base**r - 1)
        for r in (1, 2, 3, 8)
    ]
    top = base**2
    counted = all((code >= top) + (code >= 2 * top) == code // top for code in range(3 * top))
    return [
        *steps,
        Step("the first digit, for all codes of 3 digits", counted),
        Step(
            "code = top + rest: 2 ReLU(rest + 3/4) - 2 ReLU(rest + 1/4) = 1",
            equal(2 * sp.Max(rest + 3 * quarter, 0) - 2 * sp.Max(rest + quarter, 0), 1),
        ),
        Step(
            "code = top - 1 - rest: 0",
            equal(sp.Max(-rest - quarter, 0) - sp.Max(-rest - 3 * quarter, 0), 0),
        ),
    ]


def walk() -> list[Step]:
    """How far x is into a step, c in [0, 1], times its digit minus 1, which is the sum of two bits minus 1."""
    c, rest = sp.symbols("c rest", nonnegative=True)  # rest = 1 - c
    steps = []
    for first, second in ((0, 0), (1, 0), (1, 1)):
        neurons = [sp.Max(c, 0) if bit else sp.Max(-rest, 0) for bit in (first, second)]
        steps.append(
            Step(
                f"bits {first} and {second}: {first + second - 1} c", equal(sum(neurons) - c, (first + second - 1) * c)
            )
        )
    return steps


def clipping() -> list[Step]:
    """v clipped to [g - E, g + E]; and the walk G lies there, D steps from the end of a block, E = 2 D."""
    g, level, G, D = sp.symbols("g level G D", real=True)
    E, u, more = sp.symbols("E u more", nonnegative=True)

    def clipped(v: sp.Expr, E: sp.Expr) -> sp.Expr:
        return g - E + sp.Max(sp.expand(v - g + E), 0) - sp.Max(sp.expand(v - g - E), 0)

    facts = [(1, D - (G - level)), (1, D + (g - level))]
    others = [(1, D + (G - level)), (1, D - (g - level))]
    return [
        Step("below: g - E", equal(clipped(g - E - u, E), g - E)),
        Step("above: g + E", equal(clipped(g + E + u, E), g + E)),
        Step("between, 2 E = u + more: v", equal(clipped(g - (u + more) / 2 + u, (u + more) / 2), g + (u - more) / 2)),
        Step("G - g <= 2 D, as both move by 1 in a step at most", follows(2 * D - (G - g), facts)),
        Step("g - G <= 2 D", follows(2 * D + (G - g), others)),
    ]


def ramps(s: sp.Rational) -> list[Step]:
    """Within s steps of the end of a block the clipped value is 2 E <= 4 s off the walk; for alpha = 1, q = M h."""
    v, G, g = sp.symbols("v G g", real=True)
    E = sp.Symbol("E", nonnegative=True)
    room = sp.Rational(1, 2) - (4 * s + 2 * s)
    return [
        Step("|v - G| <= 2 E", follows(2 * E - (v - G), [(1, E - (v - g)), (1, E + (G - g))])),
        Step("1/2 + 4 s + 2 s <= 1/2 + 1/2", bool(room >= 0)),
    ]


def size(lookup: int) -> list[Step]:
    """L = log + 1 + ceil(2 (K - 1) / 7) + m + 2 with K <= (7 m + 1) / 2, and log <= m + 2 as K <= 4 m <= 4 2^m."""
    m, over = sp.symbols("m over", nonnegative=True)  # over = m - 1
    K = (7 * m + 1) / 2
    return [
        Step("2 (K - 1) / 7 <= m", follows(m - 2 * (K - 1) / lookup, [(sp.Rational(1, 7), sp.Integer(1))])),
        Step("K <= 4 m", follows((4 * m - K).subs(m, 1 + over), [(sp.Rational(1, 2), over)])),
        Step("m <= 2^m: twice as much for one more", follows(2 * (1 + over) - (2 + over), [(1, over)])),
        Step("(m + 2) + 1 + m + m + 2 = 3 m + 5", equal((m + 2) + 1 + m + m + 2, 3 * m + 5)),
        Step("3 m + 5 <= 8 m", follows((8 * m - (3 * m + 5)).subs(m, 1 + over), [(5, over)])),
        Step("K m >= 7 m^2 / 2 >= 7 L^2 / 128", equal(sp.Rational(7, 2) * (m / 8) ** 2, 7 * m**2 / 128)),
    ]
