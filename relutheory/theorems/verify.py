"""The engine behind `relutheory verify`: every check of every theorem, one row each."""

from __future__ import annotations

import hashlib
import importlib
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.errors import check_limit, reject
from relutheory.theorems.catalogue import get, select
from relutheory.theorems.instances import describe
from relutheory.theorems.theorem import REFUTED, Case, Evidence, Mutant, Theorem

TRIALS = 40
SCALE = 10_000  # the bound on the failure rate is rounded up to a multiple of 1 / SCALE


@dataclass(frozen=True, kw_only=True)
class CaseOutcome:
    """One named case: which list it is from ("tight", "edge", "counterexample"), and what the check found."""

    kind: str
    name: str
    instance: dict[str, Any]
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class MutantOutcome:
    """A false neighbour: the first instance that refuted it, if any, after how many were tried."""

    name: str
    change: str
    tried: int
    refuted_by: str | None
    evidence: Evidence | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """What `verify` found out about one theorem.

    symbolic : "ok", "failed", or "none" with the reason in `symbolic_note` (the number of steps, where it is
    "ok").  cases : the named cases.  random_held, random_trials : of the random instances.  mutants : the
    false neighbours.  failures : one line each; empty when everything is as the catalogue says.  milliseconds
    : time taken.
    """

    id: str
    title: str
    status: str
    symbolic: str
    symbolic_note: str
    cases: tuple[CaseOutcome, ...]
    random_held: int
    random_trials: int
    mutants: tuple[MutantOutcome, ...]
    failures: tuple[str, ...]
    milliseconds: int

    @property
    def ok(self) -> bool:
        """Whether everything is as the catalogue says; a statement recorded as false must be refuted."""
        return not self.failures

    @property
    def mutants_refuted(self) -> int:
        """How many false neighbours were refuted."""
        return sum(mutant.refuted_by is not None for mutant in self.mutants)

    @property
    def rate_bound(self) -> int | None:
        """An upper bound, at 95 % confidence, for the rate at which random instances fail, in 1 / SCALE.

        None without trials or when one failed: the statement is then not holding at random instances.
        """
        if not self.random_trials or self.random_held < self.random_trials:
            return None
        return failure_rate_bound(self.random_trials)


def failure_rate_bound(trials: int) -> int:
    """The least k such that a failure rate above k / SCALE shows in `trials` trials with probability 95 %.

    That is (1 - k/SCALE)^trials <= 1/20, in integers.

    >>> failure_rate_bound(1), failure_rate_bound(100)
    (9500, 296)
    """
    low, high = 0, SCALE
    while low < high:
        middle = (low + high) // 2
        if 20 * (SCALE - middle) ** trials <= SCALE**trials:
            high = middle
        else:
            low = middle + 1
    return low


def verify(
    selection: Iterable[str] | None = None,
    *,
    trials: int = TRIALS,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Callable[[Row], None] | None = None,
) -> list[Row]:
    """Check theorems of the catalogue: symbolic steps, named cases, random instances, mutants.

    selection : ids and rooms, or None for all.  trials : random instances per theorem (and, at most, per
    mutant).  seed : a non-negative integer; the rows do not depend on the selection nor on the number of
    workers.  executor : any `concurrent.futures.Executor`, one task per theorem; None runs here.  progress :
    called with each row when it is ready.  Returns one `Row` per theorem, sorted by id.  Raises InputError
    for unknown names.

    >>> [(row.id, row.ok) for row in verify(["act.domains-partition"], trials=2)]
    [('act.domains-partition', True)]
    """
    if trials is None or seed is None:
        reject("trials" if trials is None else "seed", None, "must be a non-negative integer")
    check_limit("trials", trials, integer=True)
    check_limit("seed", seed, integer=True)
    ids = [theorem.id for theorem in select(selection)]
    rows = []
    for row in _finished(ids, int(trials), int(seed), executor):
        rows.append(row)
        if progress is not None:
            progress(row)
    return sorted(rows, key=lambda row: row.id)


def _finished(ids: list[str], trials: int, seed: int, executor: Executor | None) -> Iterator[Row]:
    """The rows as they become ready."""
    if executor is None:
        for id in ids:
            yield verify_one(id, trials, seed)
        return
    futures: list[Future[Row]] = [executor.submit(verify_one, id, trials, seed) for id in ids]
    for future in as_completed(futures):
        yield future.result()


def verify_one(id: str, trials: int, seed: int) -> Row:
    """The row of one theorem of the catalogue."""
    return verify_theorem(get(id), trials, seed)


def verify_theorem(theorem: Theorem, trials: int, seed: int) -> Row:
    """The row of a theorem, in the catalogue or not."""
    start = time.monotonic()
    failures: list[str] = []
    symbolic, note = _symbolic(theorem, failures)
    cases = tuple(_cases(theorem, failures))
    held = _random(theorem, trials, seed, failures)
    mutants = tuple(_hunted(theorem, mutant, trials, seed, failures) for mutant in theorem.mutants)
    return Row(
        id=theorem.id,
        title=theorem.title,
        status=theorem.status,
        symbolic=symbolic,
        symbolic_note=note,
        cases=cases,
        random_held=held,
        random_trials=trials,
        mutants=mutants,
        failures=tuple(failures),
        milliseconds=round(1000 * (time.monotonic() - start)),
    )


def _symbolic(theorem: Theorem, failures: list[str]) -> tuple[str, str]:
    """Replay the algebra: the outcome, and the number of steps or the reason there is none."""
    if theorem.proof is None:
        return "none", theorem.no_proof
    steps = importlib.import_module(f"proofs_check.{theorem.proof}").check()
    wrong = [step.text for step in steps if not step.ok]
    failures.extend(f"symbolic step fails: {text}" for text in wrong)
    if not steps:
        failures.append(f"proofs_check.{theorem.proof} has no steps")
    return ("failed" if wrong or not steps else "ok"), f"{len(steps) - len(wrong)} of {len(steps)} steps"


def _cases(theorem: Theorem, failures: list[str]) -> Iterator[CaseOutcome]:
    """Check the named cases: tight ones are attained, counterexamples refute, the others hold."""
    lists = {"tight": theorem.tight, "edge": theorem.edge, "counterexample": theorem.counterexamples}
    for kind, case in ((kind, case) for kind, cases in lists.items() for case in cases):
        evidence = theorem.check(case.instance)
        outcome = CaseOutcome(kind=kind, name=case.name, instance=describe(case.instance), evidence=evidence)
        wanted = evidence.refuted if kind == "counterexample" else evidence.proved
        if not wanted:
            what = "does not refute the statement" if kind == "counterexample" else "does not hold"
            failures.append(f"{kind} case {case.name!r} {what}: {_account(outcome.instance, evidence)}")
        elif kind == "tight" and evidence.slack != 0:
            failures.append(f"tight case {case.name!r} has slack {evidence.slack}: {outcome.instance}")
        yield outcome


def _random(theorem: Theorem, trials: int, seed: int, failures: list[str]) -> int:
    """How many random instances hold; one that does not is a failure, unless recorded as false."""
    held = 0
    for trial in range(trials):
        instance = theorem.random(_generator(theorem, seed, trial))
        evidence = theorem.check(instance)
        held += evidence.proved
        if not evidence.proved and (theorem.status != REFUTED or not evidence.refuted):
            failures.append(f"random instance {trial} does not hold: {_account(describe(instance), evidence)}")
    return held


def _hunted(theorem: Theorem, mutant: Mutant, trials: int, seed: int, failures: list[str]) -> MutantOutcome:
    """Look for an instance that refutes a mutant: the named cases first, then random ones."""
    tried = 0
    for case in _instances(theorem, trials, seed):
        tried += 1
        evidence = theorem.check_mutant(mutant, case.instance)
        if evidence.refuted:
            return MutantOutcome(
                name=mutant.name, change=mutant.change, tried=tried, refuted_by=case.name, evidence=evidence
            )
    failures.append(f"mutant {mutant.name!r} ({mutant.change}) was not refuted by {tried} instances")
    return MutantOutcome(name=mutant.name, change=mutant.change, tried=tried, refuted_by=None, evidence=None)


def _instances(theorem: Theorem, trials: int, seed: int) -> Iterator[Case]:
    yield from theorem.cases
    for trial in range(trials):
        yield Case(name=f"random instance {trial}", instance=theorem.random(_generator(theorem, seed, trial)))


def _generator(theorem: Theorem, seed: int, trial: int) -> np.random.Generator:
    """The generator of one trial: the same whatever else is verified, and by how many workers."""
    key = int.from_bytes(hashlib.sha256(theorem.id.encode()).digest()[:4], "big")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key, trial)))


def _account(instance: dict[str, Any], evidence: Evidence) -> str:
    """What a failing check found, exactly."""
    if evidence.failed:
        return f"hypotheses not met: {', '.join(evidence.failed)}; {instance}"
    found = f"{evidence.verdict.value}; {evidence.measured} against {evidence.expected}"
    return f"{found}; {evidence.counterexample or instance}"
