"""reg.zaslavsky: deletion and restriction, for cells, for bounded cells and for the closed forms.

Let A' be the hyperplanes without H, and A'' what they leave on H.  H cuts exactly those cells of A' in two that it
meets, one for every cell of A''; so r(A) = r(A') + r(A''), as r = (-1)^n chi(-1) does when chi(A) = chi(A') - chi(A'').
In general position A' and A'' are so too, with m - 1 hyperplanes each, in dimensions n and n - 1.  Otherwise A'' has
fewer, and the numbers r(A'') and r(A) are smaller.  A zero row is no hyperplane and a repeated one no further: m rows
then have fewer hyperplanes, and the bound grows with their number, but for n = 1 and b = 0, where it is 2.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal

m, t = sp.symbols("m t")
DIMENSIONS = range(1, 6)


def check(lost: int = 1) -> list[Step]:
    """The steps of the proof.  lost : by how much the dimension of H is smaller than n."""
    return [*cut(), *cells(lost), *polynomials(lost), *central()]


def binomial(top: sp.Expr, j: int) -> sp.Expr:
    """C(top, j) as a polynomial in `top`."""
    return sp.expand(sp.prod([top - i for i in range(j)]) / sp.factorial(j)) if j >= 0 else sp.Integer(0)


def bound(top: sp.Expr, n: int) -> sp.Expr:
    """The sum of C(top, j) over j <= n."""
    return sum((binomial(top, j) for j in range(n + 1)), sp.Integer(0))


def chi(top: sp.Expr, n: int) -> sp.Expr:
    """The characteristic polynomial of `top` hyperplanes of R^n in general position."""
    return sum(((-1) ** j * binomial(top, j) * t ** (n - j) for j in range(n + 1)), sp.Integer(0))


def cut() -> list[Step]:
    """A cell that H meets is cut in two: it has points on both sides; and what H leaves of it is one cell."""
    p, q = sp.symbols("p q", positive=True)
    u = sp.Symbol("u", positive=True)
    lam = u / (1 + u)
    return [
        Step("values -p < 0 and q > 0 at two points: value 0 between them", equal((q * -p + p * q) / (p + q), 0)),
        Step("the point lies strictly between them", bool((q / (p + q)).is_positive and (p / (p + q)).is_positive)),
        Step("positive at two points, positive between them", bool(sp.factor((1 - lam) * p + lam * q).is_positive)),
    ]


def cells(lost: int) -> list[Step]:
    """r(m, n) = r(m - 1, n) + r(m - 1, n - 1), from Pascal's rule."""
    pascal = [
        Step(
            f"C(m, {j}) = C(m-1, {j}) + C(m-1, {j - 1})",
            equal(binomial(m, j), binomial(m - 1, j) + binomial(m - 1, j - 1)),
        )
        for j in DIMENSIONS
    ]
    rule = [
        Step(f"r(m, {n}) = r(m-1, {n}) + r(m-1, {n - 1})", equal(bound(m, n), bound(m - 1, n) + bound(m - 1, n - lost)))
        for n in DIMENSIONS
    ]
    start = Step("no hyperplane leaves one cell", all(equal(bound(sp.Integer(0), n), 1) for n in DIMENSIONS))
    return [*pascal, *rule, start]


def polynomials(lost: int) -> list[Step]:
    """chi(m, n) = chi(m - 1, n) - chi(m - 1, n - 1), its values at -1 and 1, its start."""
    steps = []
    for n in DIMENSIONS:
        ours = chi(m, n)
        rule = chi(m - 1, n) - (chi(m - 1, n - lost) if n >= lost else 0)
        steps += [
            Step(f"chi(m, {n}) = chi(m-1, {n}) - chi(m-1, {n - 1})", equal(ours, rule)),
            Step(f"(-1)^{n} chi(-1) = r(m, {n})", equal((-1) ** n * ours.subs(t, -1), bound(m, n))),
            Step(f"(-1)^{n} chi(1) = C(m-1, {n})", equal((-1) ** n * ours.subs(t, 1), binomial(m - 1, n))),
            Step(f"chi(0, {n}) = t^{n}", equal(chi(sp.Integer(0), n), t**n)),
        ]
    return steps


def central() -> list[Step]:
    """Through the origin: chi is t - 1 times that of the others on a translate of the first hyperplane."""
    steps = []
    for n in DIMENSIONS:
        cone = sp.expand((t - 1) * chi(m - 1, n - 1))
        twice = 2 * bound(m - 1, n - 1)
        steps += [
            Step(f"b = 0, n = {n}: twice the sum of C(m-1, j) over j < n", equal((-1) ** n * cone.subs(t, -1), twice)),
            Step(f"b = 0, n = {n}: no bounded cell", equal(cone.subs(t, 1), 0)),
        ]
    return steps
