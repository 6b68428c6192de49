"""Hypotheses of a theorem on a family, each with its verdict and the reason, and the row they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.verdict import NotABool, Rigor, Verdict

_LOOKED_AT = (64, 65, 1024, 1025)  # layers that are looked at where nothing can be proved


@dataclass(frozen=True, kw_only=True)
class Evidence(NotABool):
    """A hypothesis on a family: its verdict, how that is known, and why."""

    verdict: Verdict
    rigor: Rigor
    text: str

    @property
    def proved(self) -> bool:
        """Whether the hypothesis is proved to hold."""
        return self.verdict is Verdict.HOLDS and self.rigor.proves


def exactly(verdict: Verdict, text: str) -> Evidence:
    """A hypothesis that is decided."""
    return Evidence(verdict=verdict, rigor=Rigor.EXACT, text=text)


def undecided(text: str) -> Evidence:
    """A hypothesis that is open; what the text says was seen, not proved."""
    return Evidence(verdict=Verdict.UNDECIDED, rigor=Rigor.SAMPLED, text=text)


@dataclass(frozen=True, kw_only=True)
class CriterionRow(NotABool):
    """One theorem on one family.

    theorem : catalogue id; title.  hypotheses : name -> `Evidence`.  verdict : HOLDS where every hypothesis is proved
    (then `concludes` is true of the family), VIOLATED where one is proved false (then the theorem says nothing, unless
    `concludes` does), UNDECIDED, or NOT_APPLICABLE where the theorem is about other families.  rigor : of the verdict.
    """

    theorem: str
    title: str
    hypotheses: Mapping[str, Evidence]
    verdict: Verdict
    rigor: Rigor
    concludes: str


def combined(evidence: Mapping[str, Evidence]) -> tuple[Verdict, Rigor]:
    """The verdict of all hypotheses together: one that is proved false, or all proved true, or open."""
    false = [e for e in evidence.values() if e.verdict is Verdict.VIOLATED and e.rigor.proves]
    if false:
        return Verdict.VIOLATED, max(e.rigor for e in false)
    if all(e.proved for e in evidence.values()):
        return Verdict.HOLDS, min((e.rigor for e in evidence.values()), default=Rigor.EXACT)
    return Verdict.UNDECIDED, min(e.rigor for e in evidence.values())


def made_row(theorem: str, title: str, evidence: Mapping[str, Evidence], concludes: str) -> CriterionRow:
    verdict, rigor = combined(evidence)
    said = concludes if verdict is Verdict.HOLDS else ""
    return CriterionRow(
        theorem=theorem, title=title, hypotheses=dict(evidence), verdict=verdict, rigor=rigor, concludes=said
    )


def elsewhere(theorem: str, title: str, name: str, text: str, rigor: Rigor = Rigor.EXACT) -> CriterionRow:
    """A theorem about other families; rigor : how it is known that this is none of them."""
    return CriterionRow(
        theorem=theorem,
        title=title,
        hypotheses={name: Evidence(verdict=Verdict.VIOLATED, rigor=rigor, text=text)},
        verdict=Verdict.NOT_APPLICABLE,
        rigor=rigor,
        concludes="",
    )


def decay_seen(family: Any, what: str) -> str:
    """What the norms of some layers look like: in float64, no proof."""
    sizes = []
    for n in _LOOKED_AT:
        W, b = family.floats(n)
        P = W - np.eye(*W.shape)
        sizes.append(float(np.abs(P if what == "weights" else b).sum(axis=-1).max(initial=0.0)))
    early, late = max(sizes[:2]), max(sizes[2:])
    name = "|P_n|" if what == "weights" else "|b_n|"
    if not 0 < late < early:
        return f"{name} is {early:.3g} near n = 64 and {late:.3g} near n = 1024"
    power = np.log(early / late) / np.log(1024 / 64)
    return f"{name} falls from n = 64 to n = 1024 like n^-{power:.3g}"
