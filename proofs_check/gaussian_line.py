"""gau.n1: on the line a layer is injective if and only if it has a positive and a negative weight."""

from __future__ import annotations

from itertools import product

import sympy as sp

from proofs_check.steps import Step, equal


def check(inputs: int = 1) -> list[Step]:
    """The steps of the proof.  inputs : 1; the number of active rows that each cell needs."""
    steps = []
    for m in range(1, 8):
        bad = sum(min(s.count(1), s.count(-1)) < inputs for s in product((1, -1), repeat=m))
        steps.append(Step(f"m = {m}: 2 of the 2^m sign vectors leave a half-line without active rows", bad == 2))
    m = sp.Symbol("m", positive=True, integer=True)
    steps.append(Step("2/2^m = 2^(1-m)", equal(2 / 2**m, 2 ** (1 - m))))
    return steps
