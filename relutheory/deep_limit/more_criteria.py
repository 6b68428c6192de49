"""The criteria that speak of all activation choices, and of what convergence forces."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from relutheory.core.exact import rational
from relutheory.core.verdict import Rigor, Verdict
from relutheory.deep_limit.balls import constant_sign
from relutheory.deep_limit.evidence import CriterionRow, Evidence, decay_seen, exactly, made_row, undecided
from relutheory.deep_limit.limits.bias_sums import Sum
from relutheory.deep_limit.limits.contraction import Contraction, LimitLayer
from relutheory.deep_limit.limits.orbits import period_of
from relutheory.deep_limit.limits.reflected import bias_kinds

_WIDEST = 8  # up to which products of one matrix are searched for a large one
_SECONDS = 5.0


def keeps_a_vector(layer: LimitLayer) -> bool:
    """Whether 1 or -1 is an eigenvalue of the limit W, decided where it is rational."""
    exact = layer.rationals()
    if exact is None:
        return False
    unit = fmpq_mat(layer.m, layer.m, [fmpq(int(i == j)) for i in range(layer.m) for j in range(layer.m)])
    return bool((exact[0] - unit).det() == 0 or (exact[0] + unit).det() == 0)


def products(
    family: Any,
    weights: Evidence,
    biases: Evidence,
    layer: LimitLayer | None,
    proof: Contraction | None,
    deadline: float,
) -> CriterionRow:
    """deep.products: both limits for every choice of activations."""
    if weights.proved:
        first = Evidence(verdict=Verdict.HOLDS, rigor=weights.rigor, text="sum |W_n - E_n| is finite")
        second = _sums_with_summable_weights(family, biases)
    elif layer is not None and proof is not None:
        text = f"the products tend to 0: factor at most {float(proof.rho):.6g} in {proof.words} in the limit"
        first, second = exactly(Verdict.HOLDS, text), _sums_with_decaying_products(layer)
    else:
        grows = _growing_product(family, layer, deadline)
        first = undecided(_drawn_products(family, deadline)) if grows is None else grows
        second = undecided("not looked at")
    return made_row(
        "deep.products",
        "Products of the activation and weight matrices, for all choices of activations",
        {
            "J_n W_n ... J_1 W_1 converges for all 0/1 diagonal matrices J_i": first,
            "sum_i (J_n W_n ... J_{i+1} W_{i+1}) J_i b_i converges for all J_i": second,
        },
        "N_n converges at every input",
    )


def _sums_with_summable_weights(family: Any, biases: Evidence) -> Evidence:
    if biases.proved:
        return Evidence(verdict=Verdict.HOLDS, rigor=biases.rigor, text="sum |b_n| is finite too")
    kinds = bias_kinds(family) or []
    if Sum.PLUS in kinds or Sum.MINUS in kinds:
        # a bounded s_n = W_n s_{n-1} + b_n would differ from the partial sums of b_n by a convergent series
        return exactly(Verdict.VIOLATED, "for J_i = I the sums are unbounded, since those of b_n are")
    return undecided("sum |b_n| is not proved finite")


def _sums_with_decaying_products(layer: LimitLayer) -> Evidence:
    if all(v == 0 for v in layer.b):
        return exactly(Verdict.HOLDS, "b_n tends to 0 and the products decay")
    text = "b_n does not tend to 0: where J_i is 0 and I in turn (no input need do that) the sums do not converge"
    return exactly(Verdict.VIOLATED, text)


def _growing_product(family: Any, layer: LimitLayer | None, deadline: float) -> Evidence | None:
    """Of equal layers: a product of some J W with an eigenvalue beyond 1, repeated, has no limit."""
    exact = None if layer is None or layer.m > _WIDEST else layer.rationals()
    if exact is None or period_of(family) != 1 or family.symbolic.start != 1:
        return None
    from relutheory.deep_limit.products.joint import common_norm

    W = [[rational(v) for v in row] for row in exact[0].tolist()]
    left = min(_SECONDS, max(0.0, deadline - time.monotonic()))
    found = common_norm([W], "weighted-inf", time_limit=left)
    if found.lower <= 1:
        return None
    text = f"a product of {len(found.factors)} matrices J W has an eigenvalue of modulus > 1: repeated, it has no limit"
    return exactly(Verdict.VIOLATED, text)


def _drawn_products(family: Any, deadline: float) -> str:
    """Norms of a product of layers for activations drawn at random: in float64, no proof."""
    rng = np.random.default_rng(0)
    M = np.eye(family.width(1))
    sizes = []
    with np.errstate(all="ignore"):
        for n in range(2, 201):
            if time.monotonic() > deadline:
                return f"time_limit was reached at layer {n} of a product with activations drawn at random"
            W, _ = family.floats(n)
            M = rng.integers(0, 2, W.shape[0])[:, None] * (W @ M)
            if n in (100, 200):
                sizes.append(float(np.abs(M).sum(axis=1).max(initial=0.0)))
    return f"norm {sizes[0]:.3g} after 100 and {sizes[1]:.3g} after 200 layers with activations drawn at random"


def necessary(family: Any, limits: list[list[Any]] | None) -> CriterionRow:
    """deep.necessary, row by row: a row of W_n that does not tend to that of I, or a bias not to 0, costs something.

    limits : what `entry_limits` gives.
    """
    title = "What convergence forces, row by row (the corrected converse)"
    fine = "the necessary condition is met; by itself it proves no convergence"
    name = "W_n tends to I and b_n to 0"
    if family.length is not None:
        after = exactly(Verdict.HOLDS, "after the last layer W_n = I and b_n = 0")
        return made_row("deep.necessary", title, {name: after}, fine)
    if family.symbolic is None:
        seen = undecided(f"there is no formula; {decay_seen(family, 'weights')}, {decay_seen(family, 'biases')}")
        return made_row("deep.necessary", title, {name: seen}, fine)
    if limits is None:
        return made_row("deep.necessary", title, {name: undecided("time_limit was reached")}, fine)
    m = len(limits)
    rows = [_row_limit(row, j) for j, row in enumerate(limits)]
    named = {f"row {j + 1} of W_n tends to that of I, b_n,{j + 1} to 0": e for j, e in enumerate(rows)}
    row = made_row("deep.necessary", title, named, fine)
    failing = [str(j + 1) for j, e in enumerate(rows) if e.verdict is Verdict.VIOLATED]
    if not failing:
        return row
    which = f"coordinate {failing[0]}" if len(failing) == 1 else f"any of the coordinates {', '.join(failing)}"
    forced = f"there are no {m + 1} inputs at which N_n converges to affinely independent limits with {which} positive"
    return replace(row, concludes=forced)


def _row_limit(limits: list[Any], j: int) -> Evidence:
    wanted = [int(k == j) for k in range(len(limits) - 1)] + [0]
    pairs = [(v, w) for v, w in zip(limits, wanted, strict=True) if v != w]
    wrong = [v for v, w in pairs if v is not None and constant_sign(v - w)]
    if wrong:
        return exactly(Verdict.VIOLATED, f"an entry tends to {wrong[0]}")
    if pairs:  # a number such as log(6) - log(2) - log(3) may be 0 without showing it
        return Evidence(verdict=Verdict.UNDECIDED, rigor=Rigor.SAMPLED, text="an entry has no limit that is proved")
    return exactly(Verdict.HOLDS, "the limits of the entries are known")
