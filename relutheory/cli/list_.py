"""`relutheory list`: the catalogue."""

from __future__ import annotations

import argparse
from typing import Any

from relutheory.cli.arguments import OK, add_command
from relutheory.cli.output import print_json


def add(commands: Any) -> None:
    """Add the sub-command."""
    add_command(commands, "list", run, does="list the statements of the catalogue", example="relutheory list")


def run(args: argparse.Namespace) -> int:
    """One line per statement."""
    from relutheory.theorems import catalogue

    theorems = catalogue().values()
    if args.json:
        print_json([{"id": t.id, "room": t.room, "title": t.title, "status": t.status} for t in theorems])
        return OK
    widths = [max(len(t.id) for t in theorems), max(len(t.status) for t in theorems)]
    for t in theorems:
        print(f"{t.id:<{widths[0]}}  {t.status:<{widths[1]}}  {t.title}")
    return OK
