"""Gaussian means by the trapezoidal rule and systems of equations by Newton's method, to as many digits as asked.

Ball arithmetic keeps track of rounding; the error of the quadrature and of the iteration are not proved.  The rule
converges exponentially for functions that are analytic near the real line; two step sizes show how far.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flint import arb, ctx

System = Callable[[Sequence[arb], float], Sequence[arb]]  # residuals at a point, by quadrature with this step


def gaussian_means(functions: Callable[[arb], Sequence[arb]], step: float) -> list[arb]:
    """The means of several functions of one standard Gaussian variable, by the trapezoidal rule with this step.

    functions : the values of all of them at a point, evaluated at the current precision.

    >>> [round(float(mean), 12) for mean in gaussian_means(lambda x: [x * x, x.cos()], 0.25)]
    [1.0, 0.606530659713]
    """
    apart = arb(step)
    last = int((2 * ctx.prec * 0.7) ** 0.5 / step) + 1  # exp(-x^2/2) < 2^-prec beyond
    scale = apart / (2 * arb.pi()).sqrt()
    totals: list[arb] | None = None
    for j in range(-last, last + 1):
        x = apart * j
        weight = (-x * x / 2).exp() * scale
        terms = [weight * value for value in functions(x)]
        totals = terms if totals is None else [a + b for a, b in zip(totals, terms, strict=True)]
    return totals or []


def solve(system: System, start: Sequence[float], digits: int) -> tuple[list[arb], int]:
    """The solution of a system of equations near `start`, by two quadratures.

    system : residuals (as many as unknowns) at a point, given the step of the quadrature.  digits : wanted.  Returns
    the solution with the finer step, and the number of decimal places to which the two agree (at most `digits` + 5).
    Raises ArithmeticError where Newton's method does not converge.

    >>> found, places = solve(lambda v, step: [v[0] * v[0] - 2], [1.4], 20)
    >>> found[0].str(20, radius=False), places >= 20
    ('1.4142135623730950488', True)
    """
    with ctx.workprec(96 + 4 * digits):
        coarse = 2.1 / (digits + 9)
        first = _newton(system, [arb(v) for v in start], coarse, digits)
        second = _newton(system, first, 0.77 * coarse, digits)
        apart = max(float(abs(a - b).mid()) for a, b in zip(first, second, strict=True))
        places = digits + 5
        while places > 0 and apart > 10.0**-places / 4:
            places -= 1
        return second, places


def _newton(system: System, start: Sequence[arb], step: float, digits: int) -> list[arb]:
    """Newton's method; derivatives are kept for as long as each change is much smaller than the one before."""
    import numpy as np

    point, here = list(start), system(start, step)
    jacobian = _jacobian(system, point, here, step)
    before = np.inf
    for _ in range(60):
        change = np.linalg.solve(jacobian, [float(v.mid()) for v in here])
        size = float(np.abs(change).max())
        if not np.isfinite(size):
            break
        point = [(v - arb(float(c))).mid() for v, c in zip(point, change, strict=True)]
        if size < 10.0 ** -(digits + 6):
            return point
        here = system(point, step)
        if size > before / 20:
            jacobian = _jacobian(system, point, here, step)
        before = size
    raise ArithmeticError(f"Newton's method does not converge from {[float(v) for v in start]}")


def _jacobian(system: System, point: Sequence[arb], here: Sequence[arb], step: float) -> Any:
    """The matrix of derivatives by differences, as floats."""
    import numpy as np

    small = arb(2) ** -40
    columns = []
    for j in range(len(point)):
        there = system([v + small if i == j else v for i, v in enumerate(point)], step)
        columns.append([float(((b - a) / small).mid()) for a, b in zip(here, there, strict=True)])
    return np.array(columns).T
