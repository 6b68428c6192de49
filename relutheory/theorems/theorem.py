"""What a theorem is: a statement, a check that can fail, and the false neighbours that the check refutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relutheory.core.verdict import NotABool, Rigor, Verdict

UNVERIFIED = "locator unverified"
PROVED, REFUTED = "theorem", "refuted as printed"


@dataclass(frozen=True, kw_only=True)
class Cite:
    """Where a statement comes from: a key of refs.bib, and the place there or "locator unverified"."""

    key: str
    locator: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """An instance with a short name."""

    name: str
    instance: Any


@dataclass(frozen=True, kw_only=True)
class Evidence(NotABool):
    """What a check found on one instance.

    verdict : HOLDS, VIOLATED, UNDECIDED or NOT_APPLICABLE.  rigor : how it is known.  measured, expected :
    the two sides that were compared, as text.  slack : 0 where the statement holds with nothing to spare
    (None: no such notion).  counterexample : exact and JSON-able, given exactly when the verdict is VIOLATED.
    failed : hypotheses not met.
    """

    verdict: Verdict
    rigor: Rigor = Rigor.EXACT
    measured: str = ""
    expected: str = ""
    slack: int | None = None
    counterexample: dict[str, Any] | None = None
    failed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.VIOLATED) != (self.counterexample is not None):
            raise ValueError("a counterexample comes with the verdict VIOLATED, and only with it")

    @property
    def proved(self) -> bool:
        return self.verdict is Verdict.HOLDS and self.rigor.proves

    @property
    def refuted(self) -> bool:
        return self.verdict is Verdict.VIOLATED and self.rigor.proves


def compare(
    holds: bool, measured: str, expected: str, counterexample: dict[str, Any], slack: int | None = None
) -> Evidence:
    """The exact evidence for a comparison whose outcome is `holds`."""
    return Evidence(
        verdict=Verdict.HOLDS if holds else Verdict.VIOLATED,
        measured=measured,
        expected=expected,
        slack=slack,
        counterexample=None if holds else counterexample,
    )


Claim = Callable[[Any], Evidence]
Hypotheses = Mapping[str, Callable[[Any], bool]]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A false neighbour of a theorem: the same check with one thing changed.

    name : short.  change : what was changed, in words.  claim : the changed check.  drops : hypotheses of the
    theorem that the mutant does without.  needs : hypotheses without which the changed statement makes no
    sense.
    """

    name: str
    change: str
    claim: Claim
    drops: tuple[str, ...] = ()
    needs: Hypotheses = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Theorem:
    """One statement of the catalogue.

    id : "room.name".  statement : prose with LaTeX between dollar signs, in the project's notation.
    hypotheses : named predicates on an instance.  claim : the check, given an instance that meets them.
    tight, edge : cases where the statement holds with nothing to spare, and the smallest and degenerate ones.
    counterexamples : for a statement that is false as printed, the cases that refute it; `corrected_by` is
    then the id of the true statement.  random : generator of instances that meet the hypotheses.  mutants :
    false neighbours, refuted by the same check.  proof : module of proofs_check that replays the algebra, or
    None with the reason in `no_proof`.  provenance : how the statement was verified.  pictures : planar
    layers or networks that are drawn.
    """

    id: str
    title: str
    statement: str
    cite: Cite
    hypotheses: Hypotheses
    claim: Claim
    random: Callable[[np.random.Generator], Any]
    tight: tuple[Case, ...] = ()
    edge: tuple[Case, ...] = ()
    counterexamples: tuple[Case, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    proof: str | None = None
    no_proof: str = ""
    provenance: str
    status: str = PROVED
    corrected_by: str | None = None
    pictures: tuple[Case, ...] = ()

    @property
    def room(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".")[0]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every named case."""
        return self.tight + self.edge + self.counterexamples

    def check(self, instance: Any) -> Evidence:
        """Check the statement on one instance; NOT_APPLICABLE, with their names, where hypotheses fail."""
        return _checked(self.hypotheses, self.claim, instance)

    def check_mutant(self, mutant: Mutant, instance: Any) -> Evidence:
        """Check a false neighbour on one instance."""
        kept = {name: test for name, test in self.hypotheses.items() if name not in mutant.drops}
        return _checked({**kept, **mutant.needs}, mutant.claim, instance)


def _checked(hypotheses: Hypotheses, claim: Claim, instance: Any) -> Evidence:
    failed = tuple(name for name, test in hypotheses.items() if not test(instance))
    if failed:
        return Evidence(verdict=Verdict.NOT_APPLICABLE, failed=failed)
    try:
        return claim(instance)
    except Exception as error:
        error.add_note(f"while checking {instance!r}")
        raise
