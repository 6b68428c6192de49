"""`relutheory figures`: draw the papers' figures again."""

from __future__ import annotations

import argparse
from typing import Any

from relutheory.cli.arguments import OK, add_command
from relutheory.cli.output import print_json


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "figures",
        run,
        does="draw figures of the papers: CSV, PDF, PNG, and a manifest",
        example="relutheory figures layer_wedges --out figures",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="modules of paper_figs; default: all")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for the files; made if absent")


def run(args: argparse.Namespace) -> int:
    """Draw, and say where."""
    import matplotlib

    matplotlib.use("agg")  # files only; no window is ever needed
    from relutheory.plotting.figures import make_figures

    made = make_figures(args.names or None, args.out)
    if args.json:
        print_json([{"name": f.name, "caption": f.caption, "files": [str(path) for path in f.paths]} for f in made])
    else:
        for figure in made:
            print(f"{figure.name}: {', '.join(str(path) for path in figure.paths)}")
    return OK
