"""inj.general-position: counting at a point orthogonal to n - 1 rows, and sign changes on the moment curve.

Necessity: let z be orthogonal to n - 1 rows and to no other one; p of the others are positive at z and q at -z, with
p + q = m - n + 1.  Tilted, z and -z make the n - 1 rows negative and change no other sign, so p >= n and q >= n.
Sufficiency: for a polynomial f of degree < n the sequence (-1)^i f(t_i) falls into at most n blocks on which f has one
sign; on a block of L rows the signs alternate, so at least (L - 1)/2 rows of it are active.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, contradicts, equal, follows


def check(most_rows: str = "3*n - 2", alternating: bool = True) -> list[Step]:
    """The steps of the proof.  most_rows : the bound 3n - 2.  alternating : whether the rows change signs."""
    return [
        *too_few_rows(sp.sympify(most_rows)),
        *tilting(),
        *vandermonde(),
        *sign_changes(alternating),
        *enough_rows(),
    ]


def too_few_rows(bound: sp.Expr) -> list[Step]:
    """p >= n, q >= n, p + q = m - n + 1 and m <= 3n - 2 cannot all hold."""
    n, m, p, q = sp.symbols("n m p q", real=True)
    facts = [(1, p - n), (1, q - n), (1, m - n + 1 - p - q), (1, bound.subs(sp.Symbol("n"), n) - m)]
    return [Step("(p - n) + (q - n) + (m - n + 1 - p - q) + (3n - 2 - m) = -1", contradicts(facts))]


def tilting() -> list[Step]:
    """z + eps v with <w, v> = -1 on the n - 1 rows: they become negative, other signs stay for small eps."""
    p = sp.Symbol("p", positive=True)
    c, h = sp.symbols("c h", nonnegative=True)
    eps = p / ((1 + c) * (1 + h))
    return [
        Step("a row with <w, z> = 0 gets the value -eps < 0", bool((-eps).is_negative)),
        Step("a row of value p > 0 keeps p - eps c > 0", bool(sp.factor(p - eps * c).is_positive)),
    ]


def vandermonde() -> list[Step]:
    """Any n rows of the curve are independent: their determinant is a product of differences, up to sign."""
    steps = []
    for n in (2, 3, 4):
        t = sp.symbols(f"t1:{n + 1}")
        matrix = sp.Matrix(n, n, lambda i, k, t=t: t[i] ** k)
        product = sp.prod(t[j] - t[i] for i in range(n) for j in range(i + 1, n))
        steps.append(Step(f"the determinant of {n} rows is the product of the t_j - t_i", equal(matrix.det(), product)))
    return steps


def sign_changes(alternating: bool) -> list[Step]:
    """f of degree < n changes its sign at most n - 1 times, here for n = 2; within a block the signs alternate."""
    a, b, s = sp.symbols("a b s", real=True)
    g, h = sp.symbols("g h", positive=True)
    p, q = sp.symbols("p q", positive=True)
    sign = -1 if alternating else 1
    f = [a + b * s, a + b * (s + g), a + b * (s + g + h)]
    between = h / (g + h) * f[0] + g / (g + h) * f[2]
    return [
        Step("n = 2: f(t_2) is a mean of f(t_1) and f(t_3), so + - + and - + - do not occur", equal(f[1], between)),
        Step("the weights of the mean are positive", bool((h / (g + h)).is_positive and (g / (g + h)).is_positive)),
        Step(
            "f(t_i) = p > 0, f(t_i+1) = q > 0: the rows have values of opposite signs", bool((p * sign * q).is_negative)
        ),
        Step("f(t_i) = -p < 0, f(t_i+1) = -q < 0: the same", bool((-p * sign * -q).is_negative)),
    ]


def enough_rows() -> list[Step]:
    """Of m rows in n blocks at least (m - n)/2 are active; with m >= 3n - 1 that is more than n - 1."""
    n, m, active, first, second = sp.symbols("n m a L1 L2", real=True)
    facts = [(1, active - (m - n) / 2), (sp.Rational(1, 2), m - 3 * n + 1)]
    return [
        Step(
            "two blocks: (L_1 - 1)/2 + (L_2 - 1)/2 = (m - 2)/2",
            equal((first - 1) / 2 + (second - 1) / 2, (first + second - 2) / 2),
        ),
        Step(
            "active - (n - 1/2) = (active - (m - n)/2) + (m - 3n + 1)/2 >= 0, so n rows are active",
            follows(active - n + sp.Rational(1, 2), facts),
        ),
    ]
