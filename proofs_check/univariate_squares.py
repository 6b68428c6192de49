"""uni.hat-powers and uni.square: the hat doubles distances, and x - x^2 minus a quarter of it is a smaller copy."""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, weight: str = "1/4", slope: int = 2) -> list[Step]:
    """The steps of the proof.  weight : of the first term of the series.  slope : of the hat function."""
    return [*doubles(slope), *layers(), *telescopes(sp.Rational(weight)), *error(), *products()]


def doubles(slope: int) -> list[Step]:
    """Where y is twice the distance d of z from the integers, H(y) is twice that of 2z."""
    d = sp.Symbol("d", nonnegative=True)
    y = 2 * d
    rise, fall = slope * y, 2 - slope * y
    more = sp.Symbol("more", nonnegative=True)
    return [
        Step("k = 1: H(x) = 2x, twice the distance of x <= 1/2 from 0", equal(slope * d, 2 * d)),
        Step("d <= 1/4: 2z is at the distance 2d from an integer", equal(rise, 2 * (2 * d))),
        Step("1/4 <= d <= 1/2: at the distance 1 - 2d", equal(fall, 2 * (1 - 2 * d))),
        Step("both agree at d = 1/4", equal((rise - fall).subs(d, sp.Rational(1, 4)), 0)),
        Step("1 - 2d >= 0 for d = 1/2 - more", follows(1 - 2 * (sp.Rational(1, 2) - more), [(2, more)])),
        Step("i / 2^k has 2^(k - 1) i / 2^k = i / 2: the value is 0 for even i, 1 for odd i", _ends_of_teeth()),
    ]


def _ends_of_teeth() -> bool:
    half = sp.Rational(1, 2)
    return all(2 * abs(half * i - sp.floor(half * i + half)) == i % 2 for i in range(9))


def _middles() -> bool:
    quarters = [sp.Rational(2 * i + 1, 4) for i in range(8)]  # 2^(L - 1) times the odd multiples
    return all(2 * abs(v - sp.floor(v + sp.Rational(1, 2))) == sp.Rational(1, 2) for v in quarters)


def layers() -> list[Step]:
    """2^q neurons with the kinks i / 2^q give q compositions: slopes +-2^q by turns."""
    steps = []
    for q in (1, 2, 3, 4):
        n = 2**q
        values = []
        for k in range(n + 1):
            x = sp.Rational(k, n)
            bends = sum((-1) ** i * 2 * n * sp.Max(x - sp.Rational(i, n), 0) for i in range(1, n))
            values.append(n * x + bends)
        steps.append(Step(f"q = {q}: 0 and 1 by turns at i / {n}", values == [i % 2 for i in range(n + 1)]))
    return steps


def telescopes(weight: sp.Rational) -> list[Step]:
    """x - x^2 - H(x) / 4 = (y - y^2) / 4 with y = H(x), on both halves."""
    x, y = sp.symbols("x y", real=True)
    q = sp.Symbol("q", positive=True)  # 4^-L
    steps = []
    for name, hat in (("x <= 1/2", 2 * x), ("x >= 1/2", 2 - 2 * x)):
        steps.append(
            Step(
                f"x - x^2 - H(x) / 4 = (H(x) - H(x)^2) / 4, {name}", equal(x - x**2 - weight * hat, (hat - hat**2) / 4)
            )
        )
    for name, hat in (("y <= 1/2", 2 * y), ("y >= 1/2", 2 - 2 * y)):
        rest = q * (y - y**2) - weight * q * hat
        steps.append(Step(f"one term more, {name}", equal(rest, q / 4 * (hat - hat**2))))
    return steps


def error() -> list[Step]:
    """0 <= y - y^2 <= 1/4 for 0 <= y <= 1."""
    over = sp.Symbol("over", nonnegative=True)
    half = sp.Rational(1, 2)
    L = sp.Symbol("L", integer=True, positive=True)
    v = sp.Symbol("v", real=True)
    return [
        Step("y - y^2 = y (1 - y) >= 0, where 1 - y = over", follows((1 - over) - (1 - over) ** 2, [(over, 1 - over)])),
        Step("1/4 - (y - y^2) = (y - 1/2)^2", follows(sp.Rational(1, 4) - (v - v**2), [(1, (v - half) ** 2)])),
        Step("attained at y = 1/2", equal((v - v**2).subs(v, half), sp.Rational(1, 4))),
        Step("the odd multiples of 2^-(L + 1) have H^L = 1/2: half way up a tooth", _middles()),
        Step("4^-L / 4 = 4^-(L + 1)", sp.simplify(4 ** (-L) / 4 - 4 ** (-(L + 1))) == 0),
    ]


def products() -> list[Step]:
    """Errors e, f of both squares lie in [0, eps]."""
    x, z = sp.symbols("x z", real=True)
    eps, e, f = sp.symbols("eps e f", nonnegative=True)
    p, q = sp.symbols("p q", nonnegative=True)  # 1 - x and 1 - z
    return [
        Step("((x + z) / 2)^2 - ((x - z) / 2)^2 = x z", equal(((x + z) / 2) ** 2 - ((x - z) / 2) ** 2, x * z)),
        Step(
            "(x + z) / 2 <= 1 for x, z <= 1",
            follows(1 - (1 - p + 1 - q) / 2, [(sp.Rational(1, 2), p), (sp.Rational(1, 2), q)]),
        ),
        Step("e - f <= eps", follows(eps - (e - f), [(1, eps - e), (1, f)])),
        Step("e - f >= -eps", follows(eps + (e - f), [(1, eps - f), (1, e)])),
        Step("z = 0: both squares are those of |x| / 2, and cancel", equal(((x + 0) / 2) ** 2 - ((x - 0) / 2) ** 2, 0)),
    ]
