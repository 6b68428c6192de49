"""Rows of `verify` as text for a terminal and as data for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relutheory.theorems.theorem import REFUTED, Evidence
from relutheory.theorems.verify import SCALE, Row

HEADER = ("theorem", "symbolic", "exact cases", "random (95 % confidence)", "mutants refuted", "time", "")


def cells(row: Row) -> tuple[str, ...]:
    """One row of the table."""
    return (
        row.id,
        row.symbolic,
        str(len(row.cases)),
        random_text(row),
        f"{row.mutants_refuted}/{len(row.mutants)}" if row.mutants else "-",
        f"{row.milliseconds / 1000:.1f} s",
        outcome(row),
    )


def outcome(row: Row) -> str:
    """What the row says in a word or two."""
    if not row.ok:
        return "FAILED"
    return "refuted, as recorded" if row.status == REFUTED else "holds"


def random_text(row: Row) -> str:
    """The random instances: how many held, and the bound on the rate of failures."""
    if not row.random_trials:
        return "-"
    counted = f"{row.random_held}/{row.random_trials}"
    if row.status == REFUTED:
        return f"{row.random_trials - row.random_held}/{row.random_trials} refute"
    return counted if row.rate_bound is None else f"{counted}, fail < {100 * row.rate_bound / SCALE:.2f} %"


def table(rows: Sequence[Row]) -> str:
    """The rows as an aligned table with a summary line; failures follow the row they belong to.

    >>> print(table([]))
    0 statements: 0 as the catalogue says, 0 failed; 0 of 0 mutants refuted
    """
    lines = []
    if rows:
        grid = [HEADER, *(cells(row) for row in rows)]
        widths = [max(len(line[k]) for line in grid) for k in range(len(HEADER))]
        texts = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in grid]
        lines += [texts[0], "-" * max(map(len, texts))]
        for text, row in zip(texts[1:], rows, strict=True):
            lines += [text, *(f"    {failure}" for failure in row.failures)]
    return "\n".join([*lines, summary(rows)])


def summary(rows: Sequence[Row]) -> str:
    """One line about all rows."""
    good = sum(row.ok for row in rows)
    refuted, mutants = sum(row.mutants_refuted for row in rows), sum(len(row.mutants) for row in rows)
    return (
        f"{len(rows)} statement{'' if len(rows) == 1 else 's'}: {good} as the catalogue says, "
        f"{len(rows) - good} failed; {refuted} of {mutants} mutants refuted"
    )


def as_data(row: Row) -> dict[str, Any]:
    """A row as JSON-able data: integers, and rationals as strings "p/q"."""
    return {
        "id": row.id,
        "title": row.title,
        "status": row.status,
        "ok": row.ok,
        "outcome": outcome(row),
        "symbolic": row.symbolic,
        "symbolic_note": row.symbolic_note,
        "cases": [
            {"kind": c.kind, "name": c.name, "instance": c.instance, "evidence": evidence_data(c.evidence)}
            for c in row.cases
        ],
        "random": {
            "held": row.random_held,
            "trials": row.random_trials,
            "confidence": "19/20",
            "failure_rate_below": None if row.rate_bound is None else f"{row.rate_bound}/{SCALE}",
        },
        "mutants": [
            {
                "name": m.name,
                "change": m.change,
                "tried": m.tried,
                "refuted_by": m.refuted_by,
                "evidence": None if m.evidence is None else evidence_data(m.evidence),
            }
            for m in row.mutants
        ],
        "failures": list(row.failures),
        "milliseconds": row.milliseconds,
    }


def evidence_data(evidence: Evidence) -> dict[str, Any]:
    """Evidence as JSON-able data."""
    return {
        "verdict": evidence.verdict.value,
        "rigor": evidence.rigor.value,
        "measured": evidence.measured,
        "expected": evidence.expected,
        "slack": evidence.slack,
        "counterexample": evidence.counterexample,
        "hypotheses_not_met": list(evidence.failed),
    }
