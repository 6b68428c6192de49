"""`relutheory approximate F`: a ReLU network close to a function of one variable, with its error proved."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_command, count, domain_ends, seconds
from relutheory.cli.output import checked_target, print_json
from relutheory.core.errors import InputError

if TYPE_CHECKING:
    from relutheory.univariate.approximate import Approximation
    from relutheory.univariate.rates import RateTable

_ABOUT = """\
F is a formula in x made of numbers, pi, e, + - * / **, sqrt, exp, log, sin, cos, tan, atan, sinh, cosh, tanh and
abs; or the name of an example: square-root, two-sided-root, runge, takagi, weierstrass, sawtooth, random-walk.
The error printed is the largest distance from F on the whole interval; both its ends are proved. A file holds
float64 weights, so that with --save the weights are rounded first, and the error is that of the network saved."""
_PICTURES = (".pdf", ".png", ".svg")
_EXAMPLE = 'relutheory approximate "sqrt(x)" --parameters 200 --plot out.pdf --save net.npz'


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "approximate",
        run,
        does="make a ReLU network close to a function of one variable, and prove how close",
        about=_ABOUT,
        example=_EXAMPLE,
    )
    parser.add_argument("function", metavar="F", help='a formula such as "sqrt(x)", or the name of an example')
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--parameters", type=count(4), metavar="N", help="the closest network with at most N of them")
    goal.add_argument("--error", metavar="E", help="the smallest network within E, a number such as 1/1000 or 1e-6")
    parser.add_argument(
        "--domain", type=domain_ends, default=(0, 1), metavar="box:lo,hi", help="the interval (default box:0,1)"
    )
    parser.add_argument("--width", type=count(4), metavar="W", help="of the hidden layers (default: several are tried)")
    parser.add_argument(
        "--compare", action="store_true", help="also the errors of other methods with as many parameters"
    )
    parser.add_argument(
        "--budgets",
        type=_budgets,
        metavar="N,N,...",
        help="the numbers of parameters of the comparison (default: that of the network)",
    )
    parser.add_argument(
        "--time-limit",
        type=seconds,
        default=60.0,
        metavar="S",
        help='seconds, or "none" (default 60); then the best network so far is given, and the comparison ends',
    )
    parser.add_argument("--plot", metavar="OUT", help="draw function, network and error: .pdf, .png or .svg")
    parser.add_argument("--plot-rates", metavar="OUT", help="draw the comparison, error against number of parameters")
    parser.add_argument("--save", metavar="NET.npz", help="write the network with float64 weights")


def run(args: argparse.Namespace) -> int:
    """Approximate, then draw and save."""
    from relutheory.univariate.approximate import approximate
    from relutheory.univariate.rates import MOST_PARAMETERS, compare_rates

    picture, file = _target(args.plot, _PICTURES, "--plot"), _target(args.save, (".npz",), "--save")
    rates = _target(args.plot_rates, _PICTURES, "--plot-rates")
    lo, hi = args.domain
    if isinstance(lo, float) or isinstance(hi, float):
        raise InputError(f"--domain = box:{lo},{hi}: must be bounded")
    found = approximate(
        args.function,
        error=args.error,
        parameters=args.parameters,
        lo=lo,
        hi=hi,
        width=args.width,
        float_weights=file is not None,
        time_limit=args.time_limit,
    )
    table = None
    if args.compare or args.budgets or rates is not None:
        budgets = args.budgets or [min(max(found.parameters, 4), MOST_PARAMETERS)]
        table = compare_rates(args.function, budgets, lo=lo, hi=hi, time_limit=args.time_limit)
    if file is not None:
        _save(found, file)
    if picture is not None:
        _draw("approximation_figure", found, picture)
    if rates is not None:
        _draw("rates_figure", table, rates)
    if args.json:
        print_json(_data(found, table, args))
    else:
        print("\n".join(_lines(found, table, args)))
    return OK


def _target(path: str | None, endings: tuple[str, ...], option: str) -> Path | None:
    if path is None:
        return None
    if Path(path).suffix not in endings:
        raise InputError(f"{option} = {path}: must end in {', '.join(endings)}")
    return checked_target(path)


def _save(found: Approximation, target: Path) -> None:
    import numpy as np

    maps = [*found.network.layers, found.network.readout]
    arrays = {f"{name}{i}": getattr(one, name) for i, one in enumerate(maps, start=1) for name in ("W", "b")}
    part = target.with_name(f".{target.name}.part.npz")
    try:
        np.savez(part, **arrays)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _budgets(text: str) -> list[int]:
    return [count(4)(part) for part in text.split(",")]


def _draw(figure: str, shown: Approximation | RateTable | None, target: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from relutheory.plotting import univariate
    from relutheory.plotting.style import paper_style

    part = target.with_name(f".{target.name}.part{target.suffix}")
    with paper_style():
        try:
            getattr(univariate, figure)(shown).savefig(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _data(found: Approximation, table: RateTable | None, args: argparse.Namespace) -> dict[str, Any]:
    from relutheory.core.exact import allow_digits
    from relutheory.univariate.decimals import float_above

    allow_digits(found.error.lo, found.error.hi)
    return {
        "function": args.function,
        "domain": "box:{},{}".format(*args.domain),
        "construction": found.construction,
        "reason": found.reason,
        "width": found.width,
        "depth": found.depth,
        "parameters": found.parameters,
        "error": [str(found.error.lo), str(found.error.hi)],
        "error_upper": float_above(found.error.hi),
        "rigor": found.error.rigor.value,
        "complete": found.complete,
        "plot": args.plot,
        "plot_rates": args.plot_rates,
        "saved": args.save,
        "compared": None if table is None else table.records(),
        "notes": [] if table is None else list(table.notes),
    }


def _lines(found: Approximation, table: RateTable | None, args: argparse.Namespace) -> list[str]:
    from relutheory.univariate.decimals import described

    lo, hi = args.domain
    lines = [
        f"{args.function} on [{lo}, {hi}]",
        "",
        f"network: width {found.width}, depth {found.depth}, {found.parameters} parameters",
        f"largest error: {described(found.error)}",
        f"construction: {found.construction} ({found.reason})",
    ]
    if args.save is not None:
        lines.append(f"network in {args.save}: float64 weights; the error is that of this network")
    if args.plot is not None:
        lines.append(f"picture in {args.plot}")
    if args.plot_rates is not None:
        lines.append(f"picture of the comparison in {args.plot_rates}")
    return lines if table is None else [*lines, "", table.text()]
