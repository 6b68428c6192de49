"""The catalogue, theorem by theorem: tight cases, edge cases, random instances, mutants, sources."""

from __future__ import annotations

import functools
import importlib
import json

import pytest

from relutheory.theorems import Mutant, Row, Theorem, bibliography, catalogue
from relutheory.theorems.mathsvg import typeset
from relutheory.theorems.theorem import PROVED, REFUTED
from relutheory.theorems.verify import verify_theorem

THEOREMS = list(catalogue().values())
every_theorem = pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.id)
MUTANTS = [(t, m) for t in THEOREMS for m in t.mutants]


@functools.cache
def row_of(id: str) -> Row:
    return verify_theorem(catalogue()[id], trials=12, seed=2024)


@every_theorem
def test_the_statement_is_as_recorded(theorem: Theorem) -> None:
    assert row_of(theorem.id).failures == ()


@every_theorem
def test_tight_cases_are_attained(theorem: Theorem) -> None:
    cases = [case for case in row_of(theorem.id).cases if case.kind == "tight"]
    assert [case.evidence.slack for case in cases] == [0] * len(theorem.tight)
    assert theorem.tight or theorem.status == REFUTED


@every_theorem
def test_edge_cases_are_proved_and_counterexamples_refute(theorem: Theorem) -> None:
    for case in row_of(theorem.id).cases:
        assert case.evidence.refuted if case.kind == "counterexample" else case.evidence.proved, case.name
    assert bool(theorem.counterexamples) == (theorem.status == REFUTED)


@every_theorem
def test_random_instances_are_proved_and_none_is_skipped(theorem: Theorem) -> None:
    row = row_of(theorem.id)
    assert row.random_trials == 12
    assert row.random_held == 12 if theorem.status == PROVED else row.random_held < 12


@pytest.mark.parametrize(("theorem", "mutant"), MUTANTS, ids=[f"{t.id}: {m.name}" for t, m in MUTANTS])
def test_mutants_are_refuted_with_an_exact_counterexample(theorem: Theorem, mutant: Mutant) -> None:
    (found,) = [m for m in row_of(theorem.id).mutants if m.name == mutant.name]
    assert found.refuted_by is not None
    assert found.evidence is not None and found.evidence.refuted
    assert found.evidence.counterexample == json.loads(json.dumps(found.evidence.counterexample))


@every_theorem
def test_a_true_statement_has_mutants_and_a_false_one_names_the_correction(theorem: Theorem) -> None:
    assert bool(theorem.mutants) == (theorem.status == PROVED)
    assert (theorem.corrected_by in catalogue()) == (theorem.status == REFUTED)


@every_theorem
def test_sources_proofs_and_names_exist(theorem: Theorem) -> None:
    assert theorem.cite.key in bibliography()
    assert theorem.cite.locator
    assert theorem.provenance
    if theorem.proof is None:
        assert theorem.no_proof
    else:
        assert importlib.import_module(f"proofs_check.{theorem.proof}").check()
    module = theorem.id.replace(".", "_", 1).replace("-", "_")
    assert importlib.import_module(f"relutheory.theorems.{module}").THEOREM is theorem


@every_theorem
def test_names_of_cases_and_mutants_are_unique(theorem: Theorem) -> None:
    for named in (theorem.cases, theorem.mutants):
        names = [entry.name for entry in named]
        assert len(names) == len(set(names))


@every_theorem
def test_the_statement_is_typeset(theorem: Theorem) -> None:
    assert typeset(theorem.statement).count("<svg") == theorem.statement.count("$") // 2
