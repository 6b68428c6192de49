"""Decide the injectivity of the same layers with relutheory and with its peers, in one run; write RESULTS.md.

python benchmarks/injectivity.py [--quick] [--peers gurobi,highs,data-depth] [--limit SECONDS]
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
from cases import all_cases
from costs import cost_rows
from environments import HERE, PEERS, ask_ours, ask_peer
from report import Notes, decision_row, page


def peer_list(text: str) -> list[str]:
    """The peers named in `text`, separated by commas; an empty text names none."""
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"{name!r}: must be among {', '.join(PEERS)}")
    return names


def positive(text: str) -> float:
    """A positive, finite number of seconds."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: must be a positive number of seconds")
    return value


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small layers only; print the page, write nothing")
    parser.add_argument("--peers", type=peer_list, default=list(PEERS), help=f"default: {','.join(PEERS)}")
    parser.add_argument("--limit", type=positive, help="seconds per peer and layer (default: 60; with --quick: 20)")
    options = parser.parse_args()
    options.limit = options.limit or (20.0 if options.quick else 60.0)
    return options


def main() -> int:
    """Exit code 1 if relutheory gave a wrong answer."""
    options, notes, rows, wrong = arguments(), Notes(), [], False
    for case in all_cases():
        if options.quick and not case.quick:
            continue
        limits = {peer: max(options.limit, case.patience.get(peer, 0.0)) for peer in options.peers}
        with tempfile.TemporaryDirectory() as folder:
            matrix = Path(folder) / "W.npy"
            np.save(matrix, case.W)
            ours = ask_ours("decide", matrix, options.limit)
            peers = {peer: ask_peer(peer, matrix, limits[peer]) for peer in options.peers}
        rows.append(decision_row(case, ours, peers, limits, options.limit, notes))
        print(" | ".join(rows[-1]), flush=True)
        wrong |= None not in (ours.injective, case.injective) and ours.injective is not case.injective
    text = page(rows, cost_rows(options.quick, options.limit), options.peers, options.limit, notes)
    if options.quick:
        print("\n" + text)
    else:
        (HERE / "RESULTS.md").write_text(text)
    return int(wrong)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
