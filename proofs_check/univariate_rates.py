"""uni.rates: n linear pieces are no closer to a quadratic polynomial than |a| / (8 n^2), and depth is."""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, constant: int = 8) -> list[Step]:
    """The steps of the proof; constant : the bound is |a| / (constant n^2)."""
    return [*no_line(constant), *chords(constant), *depth()]


def no_line(constant: int) -> list[Step]:
    """The second difference that no line has."""
    a, b, c, h, u, s, r, x = sp.symbols("a b c h u s r x", real=True)
    d = a * x**2 + b * x + c - (s * x + r)
    second = d.subs(x, u) - 2 * d.subs(x, u + h / 2) + d.subs(x, u + h)
    E, e0, e1, e2 = sp.symbols("E e0 e1 e2", real=True)  # e: the differences at three points, |e| <= E
    n = sp.Symbol("n", positive=True)
    return [
        Step("f minus a line has the second difference a h^2 / 2 on length h", equal(second, a * h**2 / 2)),
        Step("it is at most 4 E", follows(4 * E - (e0 - 2 * e1 + e2), [(1, E - e0), (2, E + e1), (1, E - e2)])),
        Step("and at least -4 E", follows(4 * E + (e0 - 2 * e1 + e2), [(1, E + e0), (2, E - e1), (1, E + e2)])),
        Step("so E >= |a| h^2 / 8, with h >= 1/n for one piece", equal((1 / n) ** 2 / 8, 1 / (constant * n**2))),
    ]


def chords(constant: int) -> list[Step]:
    """Equispaced chords, moved by half of their error, attain it."""
    a, b, c, h, u, x = sp.symbols("a b c h u x", real=True)
    n = sp.Symbol("n", positive=True)
    f = a * x**2 + b * x + c
    chord = f.subs(x, u) + (f.subs(x, u + h) - f.subs(x, u)) / h * (x - u)
    bow = (x - u) * (u + h - x)
    return [
        Step("the chord is off by a (x - u)(u + h - x)", equal(chord - f, a * bow)),
        Step("of one sign, and at most |a| h^2 / 4 in size", equal(h**2 / 4 - bow, (x - u - h / 2) ** 2)),
        Step("moved by a h^2 / 8 it attains the bound", equal((a * h**2 / 8).subs(h, 1 / n), a / (constant * n**2))),
    ]


def depth() -> list[Step]:
    """The error of depth L against the number of parameters."""
    L = sp.Symbol("L", positive=True, integer=True)
    W = 3
    count = W * (W + 1) * L - (W - 1) ** 2 + 2
    exponent = (count + 2) / sp.Integer(6)
    return [
        Step("width 3 and depth L: 12 L - 2 parameters", equal(count, 12 * L - 2)),
        Step("4^-(L + 1) = 2^(-(P + 2)/6) / 4 with P = 12 L - 2", equal(-2 * (L + 1), -exponent - 2)),
    ]
