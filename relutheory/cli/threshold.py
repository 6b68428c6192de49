"""`relutheory threshold`: how often random layers are injective, and what theory says of it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_command, count, on_terminal, seconds
from relutheory.cli.kernels import load_kernels
from relutheory.cli.output import checked_target, print_json, tree_progress
from relutheory.core.errors import InputError, shown

if TYPE_CHECKING:
    from relutheory.injectivity.gaussian.montecarlo import ThresholdEstimate

_ABOUT = """\
Random m x n layers x -> ReLU(Wx + b) are drawn and each is decided exactly. For every n and m/n: the share that is
injective, with its confidence interval; for every n: where it crosses 1/2; over all n: models of the limit of many
inputs. Trials go where the curves are steep, in rounds; --plot is written anew after each of them.
Ensembles: gaussian, sphere, rademacher, orthogonal, sparse:q, paired:f, biased:mu. --theory prints bounds and
predictions for Gaussian layers, and draws none."""
_PICTURES = (".pdf", ".png", ".svg")
_LINE_SECONDS = 10.0  # between two lines of progress
_MOST = 1000  # ratios, or numbers of inputs
_ROW = "{:>4}  {:>5}  {:>7}  {:>8}  {:>9}  {:>9}  {:<16}"
_HALF = "{:>4}  {:>9}  {:<18}  {:>8}  {:>9}  {:<16}"


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "threshold",
        run,
        does="measure how often random layers are injective, by exact decisions",
        about=_ABOUT,
        example="relutheory threshold --n 2:8 --ratio 2:10 --trials 2000 --jobs 2 --store gauss.jsonl --plot out.pdf",
    )
    parser.add_argument("--n", type=_sizes, default=[*range(2, 8)], metavar="LO:HI", help="inputs (default 2:7)")
    parser.add_argument(
        "--ratio", type=_ratios, default=None, metavar="LO:HI[:STEP]", help="rows per input (default 2:10:0.5)"
    )
    parser.add_argument("--trials", type=count(1), default=1000, metavar="N", help="layers a shape, on average (1000)")
    parser.add_argument("--seed", type=count(0), default=0, metavar="N", help="of the random layers (default 0)")
    parser.add_argument("--ensemble", default="gaussian", metavar="NAME", help="their distribution (default gaussian)")
    parser.add_argument("--ground-state", action="store_true", help="also find the least number of active rows")
    parser.add_argument("--jobs", type=count(1), default=1, metavar="N", help="worker processes (default 1)")
    parser.add_argument("--time-limit", type=seconds, metavar="S", help='seconds, or "none" (default)')
    parser.add_argument("--store", metavar="FILE", help="note finished work there, and go on from it next time")
    parser.add_argument("--plot", metavar="OUT", help="draw the curves: .pdf, .png or .svg")
    parser.add_argument("--theory", action="store_true", help="print the lines of the theory instead of sampling")


def run(args: argparse.Namespace) -> int:
    """Sample, print, draw; or print the theory."""
    if args.theory:
        return _print_theory(args)
    from relutheory.core.executors import process_pool
    from relutheory.injectivity.gaussian.ensembles import find_ensemble
    from relutheory.injectivity.gaussian.montecarlo import estimate_threshold

    target = _picture(args.plot)
    ensemble = find_ensemble(args.ensemble)
    load_kernels(_small_estimate)
    lines = _drawn_lines() if target is not None and ensemble.name == "gaussian" else {}
    unwritten: list[OSError] = []

    def each_round(estimate: ThresholdEstimate) -> None:
        if estimate.rounds <= 1 and estimate.repaired:
            print(f"relutheory: {args.store}: half a line of a stopped run was cut off", file=sys.stderr)
        if target is not None and not unwritten:
            try:
                _draw(estimate, lines, target)
            except OSError as error:
                unwritten.append(error)  # the decisions go on: they are worth more than the picture

    with process_pool(args.jobs) as executor, _progress() as progress:
        estimate = estimate_threshold(
            n=args.n,
            ratios=args.ratio,
            trials=args.trials,
            seed=args.seed,
            ensemble=ensemble,
            executor=executor,
            store=args.store,
            progress=progress,
            each_round=each_round,
            time_limit=args.time_limit,
            ground_state=args.ground_state,
        )
    if args.json:
        print_json(_data(estimate))
    else:
        print("\n".join(_lines(estimate)))
    if unwritten:
        raise InputError(f"--plot = {target}: cannot be written: {unwritten[0].strerror}")
    if target is not None and not args.json:
        print(f"picture in {target}")
    return OK


@contextmanager
def _progress() -> Iterator[Callable[[float, int], None] | bool]:
    """A bar on a terminal, plain lines elsewhere, on stderr."""
    if on_terminal():
        with tree_progress("threshold", True, unit="layers") as advance:
            yield advance
        return
    last = time.monotonic()

    def write(share: float, layers: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_SECONDS:
            last = time.monotonic()
            print(f"threshold: {100 * share:.0f}%, {layers} layers", file=sys.stderr, flush=True)

    yield write


def _range(text: str, name: str) -> list[Fraction]:
    try:
        return [Fraction(part) for part in text.split(":")]
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{shown(text)}: must be {name} with numbers") from None


def _sizes(text: str) -> list[int]:
    """The numbers of inputs of "LO:HI" or "N".

    >>> _sizes("2:4"), _sizes("7")
    ([2, 3, 4], [7])
    """
    ends = _range(text, "LO:HI")
    lo, hi = ends[0], ends[-1]
    if len(ends) > 2 or lo.denominator != 1 or hi.denominator != 1 or not 1 <= lo <= hi:
        raise argparse.ArgumentTypeError(f"{shown(text)}: must be LO:HI or N with integers 1 <= LO <= HI")
    if hi - lo >= _MOST:
        raise argparse.ArgumentTypeError(f"{shown(text)}: must be at most {_MOST} numbers of inputs")
    return list(range(int(lo), int(hi) + 1))


def _ratios(text: str) -> list[float]:
    """The ratios of "LO:HI[:STEP]" or "R", ends included.

    >>> _ratios("2:3"), _ratios("2:3:0.25")[1]
    ([2.0, 2.5, 3.0], 2.25)
    """
    ends = _range(text, "LO:HI[:STEP]")
    lo, hi = ends[0], ends[min(len(ends) - 1, 1)]
    step = ends[2] if len(ends) == 3 else Fraction(1, 2)
    if len(ends) > 3 or not 1 <= lo <= hi or step <= 0:
        raise argparse.ArgumentTypeError(
            f"{shown(text)}: must be LO:HI[:STEP] or R with 1 <= LO <= HI: with fewer rows than inputs no layer is "
            "injective"
        )
    if (hi - lo) / step >= _MOST:
        raise argparse.ArgumentTypeError(f"{shown(text)}: must have at most {_MOST} ratios")
    return [float(lo + k * step) for k in range(int((hi - lo) / step) + 1)]


def _picture(path: str | None) -> Path | None:
    if path is None:
        return None
    if Path(path).suffix not in _PICTURES:
        raise InputError(f"--plot = {path}: must end in {', '.join(_PICTURES)}")
    return checked_target(path)


def _small_estimate() -> None:
    """Use the kernels once."""
    from relutheory.injectivity.gaussian.montecarlo import estimate_threshold

    estimate_threshold(n=3, ratios=[4], trials=1, ground_state=True)


def _drawn_lines() -> dict[str, tuple[float, str]]:
    """The lines of the theory that the picture shows."""
    from relutheory.injectivity.gaussian.lines import threshold_line

    names = ("lower", "frsb", "gordon", "first-moment", "union-entropy")
    lines = [threshold_line(name, digits=5) for name in names]
    return {line.name: (float(line), line.kind) for line in lines}


def _draw(estimate: ThresholdEstimate, lines: dict[str, tuple[float, str]], target: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from relutheory.plotting.style import paper_style
    from relutheory.plotting.threshold import threshold_figure

    with paper_style():
        part = target.with_name(f".{target.name}.{os.getpid()}{target.suffix}")
        try:
            threshold_figure(estimate, lines).savefig(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _print_theory(args: argparse.Namespace) -> int:
    from relutheory.injectivity.gaussian import theory_table

    table = theory_table()
    if args.json:
        print_json(table)
        return OK
    row = "{:<16}  {:>16}  {:<11}  {:<8}  {}"
    print(row.format("name", "m/n", "kind", "rigor", "meaning"))
    for name, line in table.items():
        print(row.format(name, line["decimal"], line["kind"], line["rigor"], line["meaning"]))
    return OK


def _data(estimate: ThresholdEstimate) -> dict[str, Any]:
    return {
        "ensemble": estimate.ensemble,
        "seed": estimate.seed,
        "level": estimate.level,
        "complete": estimate.complete,
        "rounds": estimate.rounds,
        "repaired": estimate.repaired,
        "seconds": round(estimate.seconds, 6),
        "points": [
            {
                "n": point.n,
                "m": point.m,
                "trials": point.trials,
                "injective": point.injective,
                "interval": list(point.interval),
            }
            for point in estimate.points
        ],
        "half": [
            {
                "n": half.n,
                "logistic": half.logistic,
                "interval": None if half.interval is None else list(half.interval),
                "goodness": half.goodness,
                "isotonic": half.isotonic,
                "bracket": list(half.bracket),
            }
            for half in estimate.half
        ],
        "extrapolation": [
            {
                "model": fit.model,
                "value": fit.value,
                "interval": list(fit.interval),
                "coefficients": list(fit.coefficients),
                "goodness": fit.goodness,
                "points": fit.points,
            }
            for fit in estimate.extrapolation
        ],
        "spread": None if estimate.spread is None else list(estimate.spread),
        "ground_states": [
            {"n": n, "m": m, "least": {str(number): times for number, times in least.items()}}
            for (n, m), least in estimate.ground_states.items()
        ],
    }


def _lines(estimate: ThresholdEstimate) -> list[str]:
    lines = [
        f"{estimate.ensemble} layers, seed {estimate.seed}: {estimate.trials:,} decided, each exactly; "
        f"intervals: {100 * estimate.level:g} %",
        "",
        _ROW.format("n", "m", "m/n", "layers", "injective", "share", "interval"),
    ]
    for point in estimate.points:
        share = f"{point.fraction:.4f}" if point.trials else "-"
        interval = "[{:.4f}, {:.4f}]".format(*point.interval)
        lines.append(
            _ROW.format(point.n, point.m, f"{point.ratio:.3f}", point.trials, point.injective, share, interval)
        )
    if estimate.ground_states:
        lines += ["", "least number of active rows: how many layers have which"]
        for (n, m), least in estimate.ground_states.items():
            lines.append(f"  n = {n}, m = {m}: " + ", ".join(f"{number}: {times}" for number, times in least.items()))
    lines += ["", "where half are injective (m/n): logistic fit; monotone fit; bracket, which no model is needed for"]
    lines.append(_HALF.format("n", "logistic", "interval", "goodness", "monotone", "bracket"))
    for half in estimate.half:
        interval = "-" if half.interval is None else "[{:.3f}, {:.3f}]".format(*half.interval)
        ends = [_number(end) for end in half.bracket]
        goodness = "-" if half.goodness is None else f"{half.goodness:.1g}"
        lines.append(
            _HALF.format(
                half.n, _number(half.logistic), interval, goodness, _number(half.isotonic), f"[{ends[0]}, {ends[1]}]"
            )
        )
    lines += _limit_lines(estimate)
    known = "complete" if estimate.complete else "incomplete: the time limit was reached; what is counted is exact"
    return [*lines, f"{known}; {estimate.seconds:.1f} s"]


def _limit_lines(estimate: ThresholdEstimate) -> list[str]:
    if estimate.spread is None:
        return [""]
    lines = ["", "limit of many inputs, if the model is true:"]
    for fit in estimate.extrapolation:
        goodness = "" if fit.goodness is None else f", goodness {fit.goodness:.1g}"
        lines.append(
            f"  {fit.model:<16} r = {fit.value:.2f}, interval [{fit.interval[0]:.2f}, {fit.interval[1]:.2f}]"
            f"{goodness}, {fit.points} points"
        )
    if len(estimate.extrapolation) > 1:
        lines.append(
            "  the models' limits lie between {:.1f} and {:.1f}: no more is known from here".format(*estimate.spread)
        )
    return [*lines, ""]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
