"""`relutheory show ID`: one statement, its hypotheses, its source, and how it is checked."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_command
from relutheory.cli.output import print_json

if TYPE_CHECKING:
    from relutheory.theorems import Theorem


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "show",
        run,
        does="show one statement of the catalogue",
        example="relutheory show inj.minimal-expansivity",
    )
    parser.add_argument("id", metavar="ID", help="as `relutheory list` prints it")


def run(args: argparse.Namespace) -> int:
    """Print the statement."""
    from relutheory.theorems import get

    data = _data(get(args.id))
    if args.json:
        print_json(data)
        return OK
    print(f"{data['id']}: {data['title']} ({data['status']})\n")
    print(textwrap.fill(data["statement"], 100, break_on_hyphens=False), "\n")
    lines = {
        "hypotheses": "; ".join(data["hypotheses"]) or "none",
        "source": data["source"],
        "verified": data["provenance"],
        "symbolic": data["proof"],
        "cases": f"{len(data['cases'])}: {'; '.join(data['cases'])}",
        "mutants": "; ".join(f"{m['name']} ({m['change']})" for m in data["mutants"]) or "none",
    }
    if data["corrected_by"]:
        lines["corrected by"] = data["corrected_by"]
    for name, text in lines.items():
        print(textwrap.fill(f"{name + ':':<14}{text}", 100, subsequent_indent=" " * 14, break_on_hyphens=False))
    return OK


def _data(theorem: Theorem) -> dict[str, Any]:
    from relutheory.theorems import reference

    return {
        "id": theorem.id,
        "room": theorem.room,
        "title": theorem.title,
        "status": theorem.status,
        "statement": theorem.statement,
        "hypotheses": list(theorem.hypotheses),
        "source": f"{reference(theorem.cite.key)} ({theorem.cite.locator})",
        "provenance": theorem.provenance,
        "proof": f"proofs_check/{theorem.proof}.py" if theorem.proof else f"none: {theorem.no_proof}",
        "corrected_by": theorem.corrected_by,
        "cases": [case.name for case in theorem.cases],
        "mutants": [{"name": mutant.name, "change": mutant.change} for mutant in theorem.mutants],
    }
