"""inj.layer-norm: the mean is lost, the scale without an epsilon too, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from proofs_check.steps import Step, equal


def check(scale: sp.Expr | int | None = None) -> list[Step]:
    """The steps of the proof, with three coordinates.  scale : the a of a v + c 1, by default positive."""
    a = sp.Symbol("a", positive=True) if scale is None else sp.sympify(scale)
    v = sp.symbols("v0:3", real=True)
    c = sp.Symbol("c", real=True)
    eps = sp.Symbol("epsilon", positive=True)
    u = [a * t + c for t in v]
    d, e = _centred(v), _centred(u)
    spread, wide = _variance(v), _variance(u)
    var, other = sp.symbols("var other", positive=True)
    share = var / (var + eps)
    return [
        Step(
            "u = a v + c 1 has the centred vector a (v - mean)", all(equal(p, a * q) for p, q in zip(e, d, strict=True))
        ),
        Step("and the variance a^2 var(v)", equal(wide, a**2 * spread)),
        Step("sqrt(a^2) = a, as a > 0: the normalisations are equal", equal(sp.sqrt(a**2), a)),
        Step(
            "eps > 0, a = 1: the shift alone is lost",
            equal(_variance([t + c for t in v]) + eps, spread + eps),
        ),
        Step(
            "conversely for eps = 0 equal normalisations are u - mean = a (v - mean), a = sigma(u) / sigma(v)",
            equal(sp.sqrt(other) / sp.sqrt(var) * sp.sqrt(var), sp.sqrt(other)),
        ),
        Step(
            "for eps > 0 the sum of squares n var / (var + eps) grows with var",
            bool(sp.factor(sp.diff(share, var)).is_positive),
        ),
        Step(
            "so it gives var, and the normalisation gives v - mean",
            equal(sp.solve(sp.Eq(sp.Symbol("y"), share), var)[0], sp.Symbol("y") * eps / (1 - sp.Symbol("y"))),
        ),
    ]


def _centred(v: Iterable[sp.Expr]) -> list[sp.Expr]:
    numbers = list(v)
    mean = sum(numbers, sp.Integer(0)) / len(numbers)
    return [t - mean for t in numbers]


def _variance(v: Iterable[sp.Expr]) -> sp.Expr:
    centred = _centred(v)
    return sum((t**2 for t in centred), sp.Integer(0)) / len(centred)
