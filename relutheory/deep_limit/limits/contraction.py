"""Families that become contractions: whatever the input, they tend to the fixed point of the limit layer.

Let W_n -> W, b_n -> b, and let a norm be given in which J W has norm at most rho < 1 for every 0/1 diagonal J: the
maximum norm with weights v > 0 where |W| v <= rho v, the Euclidean norm where ||W||_2 <= rho, or any norm that
`common_norm` proves.  ReLU(s) - ReLU(t) = D (s - t) with D a mean of such J, so x -> ReLU(W x + b) is a contraction
with one fixed point x*.  From some n on the layers contract with a rho' < 1 in the same norm, and

    ||x_n - x*|| <= rho' ||x_{n-1} - x*|| + C (||W_n - W|| ||x*|| + ||b_n - b||)

tends to 0 for every input.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from flint import arb, arb_mat, fmpq, fmpq_mat

from relutheory.core.exact import rational
from relutheory.core.verdict import Verdict
from relutheory.deep_limit.balls import constant_ball, enclosure, to_arb, working_precision
from relutheory.deep_limit.limits.frozen import formulas
from relutheory.deep_limit.limits.outcome import DeepLimit, Problem, converges
from relutheory.deep_limit.limits.sequences import limit_of

_WIDEST = 8  # up to which all 2^m activation choices are looked at, and convex programs are tried
_BITS = 160


@dataclass(frozen=True)
class LimitLayer:
    """The limits W, b of a family as sympy numbers, row by row."""

    W: list[list[Any]]
    b: list[Any]

    @property
    def m(self) -> int:
        """The width."""
        return len(self.b)

    def balls(self) -> tuple[arb_mat, arb_mat]:
        """W and b in balls, at the precision that is set."""
        W = arb_mat(self.m, self.m, [constant_ball(v) for row in self.W for v in row])
        return W, arb_mat(self.m, 1, [constant_ball(v) for v in self.b])

    def rationals(self) -> tuple[fmpq_mat, fmpq_mat] | None:
        """W and b in rationals, or None where an entry is not."""
        entries = [v for row in self.W for v in row] + self.b
        if not all(v.is_Rational for v in entries):
            return None
        values = [fmpq(int(v.p), int(v.q)) for v in entries]
        return fmpq_mat(self.m, self.m, values[: self.m**2]), fmpq_mat(self.m, 1, values[self.m**2 :])


@dataclass(frozen=True)
class Contraction:
    """A norm in which every J W has norm at most rho < 1.

    v : weights of the norm max |x_i| / v_i, or None.  Q : the matrix of the norm sqrt(x^T Q x), or None; where both
    are None the norm is the Euclidean one.
    """

    rho: Fraction
    v: tuple[Fraction, ...] | None = None
    Q: fmpq_mat | None = None

    @property
    def words(self) -> str:
        """The name of the norm."""
        if self.v is not None:
            return "a weighted maximum norm"
        return "the Euclidean norm" if self.Q is None else "a quadratic norm"


def entry_limits(family: Any, deadline: float = math.inf) -> list[list[Any]] | None:
    """The limits of the entries of each row of W_n, then of b_n there; None for one that is not proved to exist.

    None in place of all where there are no formulas, or where time.monotonic() passes the deadline.
    """
    if family.length is not None or family.symbolic is None:
        return None
    W, b, n = formulas(family)
    rows = []
    for i in range(W.shape[0]):
        if time.monotonic() > deadline:
            return None
        rows.append([limit_of(v, n) for v in (*W.row(i), b[i])])
    return rows


def layer_of(limits: list[list[Any]] | None) -> LimitLayer | None:
    """The layer with these limits, or None where one is missing."""
    if limits is None or any(v is None for row in limits for v in row):
        return None
    return LimitLayer([row[:-1] for row in limits], [row[-1] for row in limits])


def limit_layer(family: Any, deadline: float = math.inf) -> LimitLayer | None:
    """The limits of W_n and b_n where they are proved to exist (before the deadline), else None."""
    return layer_of(entry_limits(family, deadline))


def contraction(layer: LimitLayer) -> Contraction | None:
    """A norm in which the limit layer is proved to contract, or None where none was found."""
    with working_precision(_BITS):
        W, _ = layer.balls()
        floats = np.array([[float(v.mid()) for v in row] for row in W.tolist()]).reshape(layer.m, layer.m)
        if not np.isfinite(floats).all():
            return None
        found = _weighted(W, floats) or _euclidean(W, floats)
    return found or _by_programs(layer, floats)


def _weighted(W: arb_mat, floats: np.ndarray) -> Contraction | None:
    """v = (I - |W|)^-1 (1, ..., 1) is positive exactly where the spectral radius of |W| is less than 1."""
    try:
        v = np.linalg.solve(np.eye(len(floats)) - np.abs(floats), np.ones(len(floats)))
    except np.linalg.LinAlgError:
        return None
    if not (np.isfinite(v).all() and (v > 0).all()):
        return None
    weights = [Fraction(float(w)) for w in v / v.max()]
    factor = Fraction(0)
    for row, own in zip(W.tolist(), weights, strict=True):
        size = sum((abs(a) * to_arb(w) for a, w in zip(row, weights, strict=True)), arb(0)) / to_arb(own)
        if not size < 1:
            return None
        factor = max(factor, enclosure(size).hi)
    return Contraction(factor, v=tuple(weights))


def _euclidean(W: arb_mat, floats: np.ndarray) -> Contraction | None:
    """||W||_2^2 <= max(U^T W^T W U) / min(U^T U), ends of Gershgorin discs, U an approximate eigenbasis of W^T W."""
    try:
        U = arb_mat(np.linalg.eigh(floats.T @ floats)[1].tolist())
    except np.linalg.LinAlgError:
        return None
    WU = W * U
    high = max((above for _, above in _discs(WU.transpose() * WU)), key=float)
    low = min((below for below, _ in _discs(U.transpose() * U)), key=float)
    if not low > 0:
        return None
    factor = (high / low).abs_upper().sqrt().upper()
    return Contraction(enclosure(factor).hi) if factor < 1 else None


def _discs(S: arb_mat) -> list[tuple[arb, arb]]:
    """The ends (below, above) of the Gershgorin discs of a symmetric matrix."""
    out = []
    for i, row in enumerate(S.tolist()):
        rest = sum((a.abs_upper() for j, a in enumerate(row) if j != i), arb(0))
        out.append(((row[i] - rest).lower(), (row[i] + rest).upper()))
    return out


def _by_programs(layer: LimitLayer, floats: np.ndarray) -> Contraction | None:
    """A quadratic norm by convex programming, where no choice of activations rules one out."""
    exact = layer.rationals()
    if exact is None or layer.m > _WIDEST:
        return None
    choices = (np.array(bits)[:, None] * floats for bits in product((0, 1), repeat=layer.m))
    if any(np.abs(np.linalg.eigvals(JW)).max() > 1 - 1e-9 for JW in choices):
        return None
    from relutheory.deep_limit.products.joint import common_norm

    found = common_norm([[[rational(v) for v in row] for row in exact[0].tolist()]])
    if found.contractive is not Verdict.HOLDS:
        return None
    if found.Q is not None:
        return Contraction(found.rho, Q=fmpq_mat([[fmpq(*v.as_integer_ratio()) for v in row] for row in found.Q]))
    assert found.weights is not None
    if found.norm == "weighted-inf":
        return Contraction(found.rho, v=found.weights)
    if found.norm == "diagonal":
        m = layer.m
        entries = [
            fmpq(*found.weights[i].as_integer_ratio()) if i == j else fmpq(0) for i in range(m) for j in range(m)
        ]
        return Contraction(found.rho, Q=fmpq_mat(m, m, entries))
    return None  # weighted-1: then the spectral radius of |W| is below 1, and `_weighted` has found it


def by_contraction(problem: Problem) -> DeepLimit | None:
    """The limit by the fixed point of the limit layer, or None where the hypotheses are not proved."""
    layer = limit_layer(problem.family, problem.deadline)
    proof = None if layer is None else contraction(layer)
    if layer is None or proof is None:
        return None
    from relutheory.deep_limit.limits.fixed_point import fixed_point

    bits = problem.bits + 64
    return converges(
        problem,
        fixed_point(layer, proof, bits),
        depth=0,
        theorem="deep.contraction",
        method="fixed point",
        reason=f"the layers tend to a contraction in {proof.words} (factor at most {float(proof.rho):.6g})",
        bits=bits,
    )
