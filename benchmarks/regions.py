"""Count the regions of the same networks with relutheory and with relucent, in one run; write RESULTS-regions.md.

python benchmarks/regions.py [--quick] [--no-peer] [--limit SECONDS]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from environments import HERE, Answer, interpreter, run_script
from growth import growth_rows, write_growth
from region_cases import RegionCase, all_region_cases
from report import machine, seconds, table

HEADER = [
    "network",
    "regions",
    "engine",
    "counted",
    "regions/s",
    "patterns listed",
    "regions/s",
    "with points",
    "peak memory",
    "relucent",
    "ratio",
]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small networks only; print the page, write nothing")
    parser.add_argument("--no-peer", action="store_true", help="relutheory alone")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for the peer and a network (default 120)")
    return parser.parse_args()


def saved(case: RegionCase, folder: str) -> Path:
    """The network as a file that both sides read."""
    path = Path(folder) / "network.npz"
    arrays = {
        f"{name}{i}": array for i, pair in enumerate(case.layers, 1) for name, array in zip("Wb", pair, strict=True)
    }
    np.savez(path, box=case.box, **arrays)
    return path


def ask(case: RegionCase, options: argparse.Namespace) -> tuple[Answer, Answer | None]:
    """Our answer and the peer's."""
    with tempfile.TemporaryDirectory() as folder:
        path = saved(case, folder)
        ours = run_script([sys.executable, str(HERE / "region_ours.py"), str(path)], 600.0)
        if not case.peer or options.no_peer:
            return ours, None
        python = interpreter("relucent")
        if isinstance(python, str):
            return ours, Answer(None, 0.0, python, {})
        return ours, run_script([str(python), str(HERE / "peers" / "relucent_regions.py"), str(path)], options.limit)


def row(case: RegionCase, ours: Answer, peer: Answer | None, limit: float) -> tuple[list[str], bool]:
    """The line of the table, and whether a number is wrong."""
    if ours.problem is not None or not ours.extra:
        return [case.name, ours.problem or "out of time", *[""] * 9], True
    said = ours.extra
    number = said["regions"]
    wrong = said["listed"] != number or case.regions not in (None, number)
    shown = f"{number:,}" + ("" if case.regions is None else " **WRONG**" if wrong else "")
    theirs, ratio = "-", "-"
    if peer is not None and peer.problem is not None:
        theirs = peer.problem
    elif peer is not None and peer.extra:
        right = "" if peer.extra["regions"] == number else f" **WRONG**: {peer.extra['regions']:,}"
        theirs, ratio = seconds(peer.seconds) + right, f"{peer.seconds / said['counting']:,.0f}"
    elif peer is not None:
        theirs, ratio = f"> {limit:.0f} s", f"> {limit / said['counting']:,.0f}"
    pointing = "-" if said["pointing"] is None else seconds(said["pointing"])
    return [
        case.name,
        shown,
        said["engine"],
        seconds(said["counting"]),
        f"{number / said['counting']:,.0f}",
        seconds(said["listing"]),
        f"{number / said['listing']:,.0f}",
        pointing,
        f"{said['peak']:.0f} MiB",
        theirs,
        ratio,
    ], wrong


def main() -> int:
    """Exit code 1 if a number is wrong."""
    options, rows, wrong = arguments(), [], False
    for case in all_region_cases():
        if options.quick and (case.regions or 10**9) > 20_000:
            continue
        line, bad = row(case, *ask(case, options), options.limit)
        wrong |= bad
        rows.append(line)
        print(" | ".join(line), flush=True)
    growth = growth_rows(options.quick)
    text = page(rows, options.limit)
    if options.quick:
        print("\n" + text)
    else:
        write_growth(growth)
        (HERE / "RESULTS-regions.md").write_text(text)
    return int(wrong)


def page(rows: list[list[str]], limit: float) -> str:
    """The whole page."""
    return f"""# Activation regions: relutheory beside relucent

Written by `python benchmarks/regions.py`: one run, {machine()}, relucent 1.0.0 (with gurobipy 13.0.3).

Compare ratios, not seconds. relutheory: one thread, exact, the best of three warm calls; "counted" makes no patterns,
"patterns listed" packs the bits of every region, "with points" adds a point in each region and whether it is bounded.
Peak memory is that of the whole process after counting and listing. relucent: one call, default settings, all
cores, at most {limit:.0f} s. Networks: standard normal weights and biases from seed 0 (inputs, then widths), "in the
box" means [-1, 1]^n. Numbers of regions are compared with Zaslavsky's formula, known sequences, or two other codes.

{table(HEADER, rows)}

How the time per region grows with depth, width and the number of inputs:

![seconds per region against depth, width, inputs](growth.png)

The numbers are in [growth.csv](growth.csv). A call takes about a millisecond before the first region, which is what
shows where there are few of them.
"""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
