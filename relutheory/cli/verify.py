"""`relutheory verify`: check the catalogue, or a part of it."""

from __future__ import annotations

import argparse
from typing import Any

from relutheory.cli.arguments import FAILED, OK, add_command, count, on_terminal
from relutheory.cli.kernels import load_kernels, small_decision
from relutheory.cli.output import checked_target, write_text

_TRIALS = 40


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "verify",
        run,
        does="check statements of the catalogue",
        about="Each statement is replayed symbolically and checked exactly on named and random instances;\n"
        "its false neighbours (mutants) must be refuted by the same check. Exit code 1 if anything fails.",
        example="relutheory verify inj act.explicit-expression --trials 200 --report report.html",
    )
    parser.add_argument("names", metavar="ID|room", nargs="*", help="statements or rooms; default: all")
    parser.add_argument("--jobs", type=count(1), default=1, metavar="N", help="worker processes (default 1)")
    parser.add_argument("--seed", type=count(0), default=0, metavar="N", help="of the random instances (default 0)")
    parser.add_argument(
        "--trials",
        type=count(0),
        default=_TRIALS,
        metavar="N",
        help=f"random instances each (default {_TRIALS})",
    )
    parser.add_argument("--report", metavar="FILE.html", help="write a self-contained page with every number")


def run(args: argparse.Namespace) -> int:
    """Check, print a row per statement."""
    from relutheory.core.executors import process_pool
    from relutheory.theorems import verify
    from relutheory.theorems.catalogue import select
    from relutheory.theorems.report import html_report, json_report
    from relutheory.theorems.table import table

    target = None if args.report is None else checked_target(args.report)
    ids = [theorem.id for theorem in select(args.names or None)]
    load_kernels(small_decision)
    with process_pool(min(args.jobs, len(ids))) as executor, _bar(len(ids)) as bar:
        rows = verify(ids, trials=args.trials, seed=args.seed, executor=executor, progress=lambda _: bar.update())
    if target is not None:
        write_text(target, html_report(rows, seed=args.seed))
    if args.json:
        print(json_report(rows, seed=args.seed), end="")
    else:
        print(table(rows))
        print(f"{args.trials} random instances per statement, seed {args.seed}")
        if target is not None:
            print(f"report: {args.report}")
    return OK if all(row.ok for row in rows) else FAILED


def _bar(total: int) -> Any:
    """A bar on stderr that goes away when the work is done."""
    from tqdm import tqdm

    return tqdm(total=total, desc="verify", unit=" statements", leave=False, disable=not on_terminal())
