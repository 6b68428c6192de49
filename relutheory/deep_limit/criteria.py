"""Which theorems about convergence apply to a family: their hypotheses, decided where they can be."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from relutheory.core.errors import check_limit
from relutheory.core.verdict import Rigor, Verdict
from relutheory.deep_limit.balls import NORMS
from relutheory.deep_limit.evidence import CriterionRow, Evidence, decay_seen, elsewhere, exactly, made_row, undecided
from relutheory.deep_limit.families.layer_sequence import check_family
from relutheory.deep_limit.limits.bias_sums import Sum
from relutheory.deep_limit.limits.contraction import (
    Contraction,
    LimitLayer,
    contraction,
    entry_limits,
    layer_of,
)
from relutheory.deep_limit.limits.frozen import formulas
from relutheory.deep_limit.limits.reflected import bias_kinds, settles
from relutheory.deep_limit.more_criteria import keeps_a_vector, necessary, products

__all__ = ["CriterionRow", "Evidence", "check_convergence"]

_WIDTHS_AT = (2, 3, 10, 100)  # depths at which the width is compared with that of layer 1


def check_convergence(family: Any, *, time_limit: float | None = 60.0) -> tuple[CriterionRow, ...]:
    """A row for each theorem about the convergence of deep ReLU networks: do its hypotheses hold for this family?

    family : DeepFamily.  time_limit : seconds, or None; what is not decided by then is left open and says so (wide
    families need some seconds more to end what was begun).
    Returns `CriterionRow` objects, for deep.summable, deep.growing-width, deep.lindley, deep.reflected,
    deep.contraction, deep.products and deep.necessary.  Hypotheses are decided from the formulas (limits of entries,
    sums) or from the proved tails of the family; where that is not possible the layers 64, 65, 1024 and 1025 are looked
    at in float64, and the evidence is marked so (Rigor.SAMPLED: no verdict rests on it).
    Raises InputError for a bad time limit, and where `family` is no family or a layer is not what it must be.
    Source: Xu and Zhang, arXiv:2107.12530, and the papers after it, as the catalogue states them.

    >>> from relutheory.deep_limit.families.family import DeepFamily
    >>> family = DeepFamily.from_symbolic("I/2", "c", constants={"c": [1, 1]}, width=2)
    >>> [(row.theorem, row.verdict.value) for row in check_convergence(family)][:5:4]
    [('deep.summable', 'violated'), ('deep.contraction', 'holds')]
    """
    check_family(family)
    seconds = check_limit("time_limit", time_limit)
    deadline = math.inf if seconds is None else time.monotonic() + seconds
    weights, biases = _sum_evidence(family, "weights"), _sum_evidence(family, "biases")
    limits = entry_limits(family, deadline)
    layer = layer_of(limits)
    proof = None if layer is None or time.monotonic() > deadline else contraction(layer)
    return (
        _summable(family, weights, biases),
        _growing_width(family, weights, biases),
        _lindley(family, biases),
        _reflected(family, weights, biases),
        _contraction(layer, proof, deadline),
        products(family, weights, biases, layer, proof, deadline),
        necessary(family, limits),
    )


def _sum_evidence(family: Any, what: str) -> Evidence:
    """Whether sum ||P_n|| or sum ||b_n|| is finite in one of the norms."""
    ask: Callable[[int, str], Any] = family.tail_weights if what == "weights" else family.tail_bias
    tails = {norm: ask(1, norm) for norm in NORMS}
    for norm, tail in tails.items():
        if tail.status is Verdict.HOLDS:
            text = f"at most {float(tail.upper):.6g} after layer 1 in the norm {norm} ({tail.how})"
            return Evidence(verdict=Verdict.HOLDS, rigor=Rigor.ENCLOSED, text=text)
    if all(tail.status is Verdict.VIOLATED for tail in tails.values()):
        return exactly(Verdict.VIOLATED, tails["inf"].reason or "the sum diverges")
    reason = next((t.reason for t in tails.values() if t.reason), "no rule applies")
    return undecided(f"{reason}; {decay_seen(family, what)}")


def _named(weights: Evidence, biases: Evidence, reference: str) -> dict[str, Evidence]:
    return {f"sum |W_n - {reference}| is finite": weights, "sum |b_n| is finite": biases}


def _grows(family: Any) -> bool:
    """Whether a later layer is seen to have another width than the first; all layers of a list are looked at."""
    depths = _WIDTHS_AT if family.length is None else range(2, family.length + 1)
    return any(family.width(n) != family.width(1) for n in depths)


def _summable(family: Any, weights: Evidence, biases: Evidence) -> CriterionRow:
    named = _named(weights, biases, "E_n" if _grows(family) else "I")
    concludes = "N_n converges at every input, uniformly on bounded sets"
    return made_row("deep.summable", "Summable weights and biases", named, concludes)


def _growing_width(family: Any, weights: Evidence, biases: Evidence) -> CriterionRow:
    title = "Summable distance to the embedding, growing widths"
    if not _grows(family):
        known = family.length is not None or family.symbolic is not None
        text = "the width is the same at every depth" if known else "the width is the same at some depths"
        rigor = Rigor.EXACT if known else Rigor.SAMPLED
        return elsewhere("deep.growing-width", title, "the widths grow", text, rigor)
    concludes = "N_n, extended by zeros, converges at every input, uniformly on bounded sets"
    return made_row("deep.growing-width", title, _named(weights, biases, "E_n"), concludes)


_SUMS_SETTLE = "the sums of each coordinate of b_n converge, or b_n <= 0 there in the end"


def _lindley(family: Any, biases: Evidence) -> CriterionRow:
    title = "Layers that only shift, biases with sums that converge or fall"
    if family.symbolic is None:
        shifts = undecided("there is no formula for W_n")
    else:
        W, _, _ = formulas(family)
        only = all(W[j, k] == int(j == k) for j in range(W.shape[0]) for k in range(W.shape[1]))
        shifts = exactly(Verdict.HOLDS if only else Verdict.VIOLATED, "by its formula")
    named = {"W_n = I": shifts, _SUMS_SETTLE: _bias_sums(family, biases)}
    return _unbounded("deep.lindley", title, named, family, shifts.proved)


def _reflected(family: Any, weights: Evidence, biases: Evidence) -> CriterionRow:
    title = "Summable weights, biases with sums that converge or fall"
    named = {"sum |W_n - I| is finite": weights, _SUMS_SETTLE: _bias_sums(family, biases)}
    return _unbounded("deep.reflected", title, named, family, weights.proved)


def _unbounded(theorem: str, title: str, named: dict[str, Evidence], family: Any, first: bool) -> CriterionRow:
    """The row, which concludes divergence where the first hypothesis holds and the sums tend to +infinity."""
    row = made_row(theorem, title, named, "N_n converges at every input")
    if first and Sum.PLUS in (bias_kinds(family) or []):
        return replace(row, concludes="N_n(x) is unbounded, so it diverges, at every input")
    return row


def _bias_sums(family: Any, biases: Evidence) -> Evidence:
    kinds = bias_kinds(family)
    if kinds is None:
        return biases if biases.proved else undecided("there is no formula for b_n")
    said = "; ".join(f"coordinate {j + 1} {kind.value}" for j, kind in enumerate(kinds))
    if Sum.PLUS in kinds:
        return exactly(Verdict.VIOLATED, said)
    _, b, n = formulas(family)
    fine = all(settles(kind, entry, n) for kind, entry in zip(kinds, b, strict=True))
    return exactly(Verdict.HOLDS, said) if fine or biases.proved else undecided(said)


def _contraction(layer: LimitLayer | None, proof: Contraction | None, deadline: float) -> CriterionRow:
    late = "; time_limit was reached" if time.monotonic() > deadline else ""
    if layer is None:
        has_limit = undecided("no limit is proved" + late)
    else:
        has_limit = exactly(Verdict.HOLDS, "the limits of the entries are known")
    if proof is not None:
        contracts = exactly(Verdict.HOLDS, f"factor at most {float(proof.rho):.6g} in {proof.words}")
    elif layer is not None and not late and keeps_a_vector(layer):
        text = "1 or -1 is an eigenvalue of the limit of W_n, so no norm makes every J W smaller than 1"
        contracts = exactly(Verdict.VIOLATED, text)
    else:
        contracts = undecided("no contracting norm was found" + late)
    return made_row(
        "deep.contraction",
        "Layers that tend to a contraction",
        {"W_n and b_n converge": has_limit, "every J W contracts in one norm, W the limit of W_n": contracts},
        "N_n converges at every input to the fixed point of the limit layer, which is the same for all inputs",
    )
